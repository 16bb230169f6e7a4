//! The table: every operation, how the command line calls it, and every authorization that it needs.
//!
//! Each authorization names the page that it rests on. `SAR` is the Service Authorization Reference, "Actions,
//! resources, and condition keys for Amazon Bedrock"; other pages are of the Bedrock User Guide unless they say
//! otherwise. Reading a profile or model beforehand (`Get…`) helps an application and is no part of the call.

use super::Operation;
use super::need::{Given, Kind, ModelForms, ModelRule, Need, On, When, Whose};

/// One operation.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) operation: Operation,
    /// The command line's name.
    pub(super) name: &'static str,
    /// The name of the API call as error texts and CloudTrail have it, or the path where there is none.
    pub(super) api: &'static str,
    /// Whether the answer comes as a stream.
    pub(super) streams: bool,
    /// Whether a test call of it exists that starts nothing and costs nothing.
    pub(super) tested: bool,
    pub(super) model: ModelRule,
    /// The kinds of resource that must be named.
    pub(super) requires: &'static [Kind],
    /// The kinds of resource that may be named.
    pub(super) takes: &'static [Kind],
    /// Whether a service role is given.
    pub(super) service_role: Given,
    /// The type of the Bedrock resource on whose behalf the service role is assumed, as `aws:SourceArn` has it.
    pub(super) acts_for: Option<&'static str>,
    pub(super) needs: &'static [Need],
}

const SAR: &str = "Service Authorization Reference, Amazon Bedrock";
const PREREQUISITES: &str = "Prerequisites for running model inference";
const GUARDRAILS: &str = "Set up permissions to use guardrails";
const BATCH: &str = "Required permissions for batch inference";
const BATCH_ROLE: &str = "Create a custom service role for batch inference";
const CUSTOMIZATION_ROLE: &str = "Create a service role for model customization";
const CUSTOMIZATION_KEY: &str = "Encryption of custom models";
const AGENT_ROLE: &str = "Create a service role for Amazon Bedrock Agents";
const KNOWLEDGE_BASE_ROLE: &str = "Create a service role for Amazon Bedrock Knowledge Bases";
const KNOWLEDGE_BASE: &str = "Prerequisites for knowledge bases";
const PASS_ROLE: &str = "IAM User Guide, Grant a user permissions to pass a role to an AWS service";
const MARKETPLACE: &str = "AWS managed policy AmazonBedrockFullAccess";
const ASYNC: &str = "Amazon Bedrock API Reference, StartAsyncInvoke";
const OPENAI: &str = "Bedrock endpoints and projects";
const API_KEY: &str = "Permissions for Amazon Bedrock API keys";

const INVOKE: &str = "bedrock:InvokeModel";
const STREAM: &str = "bedrock:InvokeModelWithResponseStream";

const fn caller(action: &'static str, on: On, source: &'static str) -> Need {
    Need { action, whose: Whose::Caller, on, when: When::Always, key: None, source }
}

const fn role(action: &'static str, on: On, source: &'static str) -> Need {
    Need { action, whose: Whose::ServiceRole, on, when: When::Always, key: None, source }
}

impl Need {
    const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    const fn with(self, key: &'static str, value: &'static str) -> Self {
        Self { key: Some((key, value)), ..self }
    }
}

const PROMPT: Need = caller("bedrock:RenderPrompt", On::Prompt, PREREQUISITES);
const GUARDRAIL: Need = caller("bedrock:ApplyGuardrail", On::Given(Kind::Guardrail), GUARDRAILS);
const SYSTEM_TOOL: Need =
    caller("bedrock:InvokeTool", On::SystemTool, SAR).when(When::If("where a system tool is used"));
const BEARER: Need =
    caller("bedrock:CallWithBearerToken", On::Everything, API_KEY).when(When::If("with a Bedrock API key"));
/// A new resource that is tagged when it is made asks for that too.
const fn tags(made: &'static str) -> Need {
    caller("bedrock:TagResource", On::Made(made), SAR).when(When::If("where tags are given"))
}
/// Bedrock passes the role on to itself.
const PASS: Need =
    caller("iam:PassRole", On::ServiceRole, PASS_ROLE).with("iam:PassedToService", "bedrock.amazonaws.com");

/// What a call to a model needs whose answer comes at once.
const INVOKING: &[Need] = &[
    caller(INVOKE, On::Model, SAR),
    caller("sagemaker:InvokeEndpoint", On::Endpoint, MARKETPLACE).with("aws:CalledViaLast", "bedrock.amazonaws.com"),
    PROMPT,
    GUARDRAIL,
    SYSTEM_TOOL,
    BEARER,
];

/// What a call to a model needs whose answer comes as a stream.
const STREAMING: &[Need] = &[
    caller(STREAM, On::Model, SAR),
    caller("sagemaker:InvokeEndpointWithResponseStream", On::Endpoint, MARKETPLACE)
        .with("aws:CalledViaLast", "bedrock.amazonaws.com"),
    PROMPT,
    GUARDRAIL,
    SYSTEM_TOOL,
    BEARER,
];

/// What an agent's role needs to call its model.
const AGENT: [Need; 4] = [
    role(INVOKE, On::Model, AGENT_ROLE),
    role(STREAM, On::Model, AGENT_ROLE).when(When::ThroughProfile),
    role("bedrock:GetInferenceProfile", On::Profile, AGENT_ROLE).when(When::ThroughProfile),
    role("bedrock:GetFoundationModel", On::ModelsBehind, AGENT_ROLE).when(When::ThroughProfile),
];

/// What the role of a knowledge base needs of the store that its vectors are in. The model that embeds a question is named by the
/// knowledge base alone.
const VECTOR_STORE: [Need; 4] = [
    role("aoss:APIAccessAll", On::VectorStore, KNOWLEDGE_BASE_ROLE)
        .when(When::If("where the vectors are in OpenSearch Serverless, whose data access policy counts too")),
    role("s3vectors:QueryVectors", On::VectorStore, KNOWLEDGE_BASE_ROLE)
        .when(When::If("where the vectors are in S3 Vectors")),
    role("s3vectors:GetVectors", On::VectorStore, KNOWLEDGE_BASE_ROLE)
        .when(When::If("where the vectors are in S3 Vectors")),
    role("rds-data:ExecuteStatement", On::VectorStore, KNOWLEDGE_BASE_ROLE)
        .when(When::If("where the vectors are in Aurora, with the secret of its user")),
];

const INVOCABLE: ModelRule =
    ModelRule { given: Given::Always, forms: ModelForms::Invocable, answers: true, gated: true };
const OPENAI_MODEL: ModelRule =
    ModelRule { given: Given::Always, forms: ModelForms::NoApplicationProfile, answers: true, gated: true };
const NO_MODEL: ModelRule =
    ModelRule { given: Given::Never, forms: ModelForms::Invocable, answers: false, gated: false };
const BASE: ModelRule =
    ModelRule { given: Given::UnlessCustom, forms: ModelForms::Foundation, answers: false, gated: true };
const AGENTS_MODEL: ModelRule =
    ModelRule { given: Given::Maybe, forms: ModelForms::FoundationOrProfile, answers: true, gated: true };

/// What nearly every operation that calls a model has in common.
const CALL: Row = Row {
    operation: Operation::InvokeModel,
    name: "invoke-model",
    api: "InvokeModel",
    streams: false,
    tested: true,
    model: INVOCABLE,
    requires: &[],
    takes: &[Kind::Guardrail, Kind::ModelBehind],
    service_role: Given::Never,
    acts_for: None,
    needs: INVOKING,
};

/// What nearly every operation of the control plane has in common.
const CONTROL: Row = Row { tested: false, model: NO_MODEL, takes: &[], ..CALL };

pub(super) static TABLE: [Row; 21] = [
    CALL,
    Row {
        operation: Operation::InvokeModelWithResponseStream,
        name: "invoke-model-with-response-stream",
        api: "InvokeModelWithResponseStream",
        streams: true,
        needs: STREAMING,
        ..CALL
    },
    // Converse has no action of its own.
    Row { operation: Operation::Converse, name: "converse", api: "Converse", ..CALL },
    Row {
        operation: Operation::ConverseStream,
        name: "converse-stream",
        api: "ConverseStream",
        streams: true,
        needs: STREAMING,
        ..CALL
    },
    // Neither has the bidirectional stream, which takes no API key either.
    Row {
        operation: Operation::InvokeModelWithBidirectionalStream,
        name: "invoke-model-with-bidirectional-stream",
        api: "InvokeModelWithBidirectionalStream",
        streams: true,
        tested: false,
        takes: &[],
        needs: &[caller(INVOKE, On::Model, SAR)],
        ..CALL
    },
    Row {
        operation: Operation::StartAsyncInvoke,
        name: "start-async-invoke",
        api: "StartAsyncInvoke",
        tested: false,
        takes: &[Kind::S3],
        needs: &[
            caller(INVOKE, On::Model, SAR),
            caller(INVOKE, On::Made("async-invoke"), SAR),
            // Bedrock writes the result with the caller's permissions.
            caller("s3:PutObject", On::OutputObjects, ASYNC),
            tags("async-invoke"),
            BEARER,
        ],
        ..CALL
    },
    Row {
        operation: Operation::CountTokens,
        name: "count-tokens",
        api: "CountTokens",
        tested: false,
        // It processes no token, and whether the account's access to the model counts is not documented.
        model: ModelRule { given: Given::Always, forms: ModelForms::Foundation, answers: false, gated: false },
        takes: &[],
        needs: &[caller("bedrock:CountTokens", On::Model, SAR), BEARER],
        ..CALL
    },
    Row {
        operation: Operation::ApplyGuardrail,
        name: "apply-guardrail",
        api: "ApplyGuardrail",
        requires: &[Kind::Guardrail],
        needs: &[GUARDRAIL, BEARER],
        ..CONTROL
    },
    Row {
        operation: Operation::ListFoundationModels,
        name: "list-foundation-models",
        api: "ListFoundationModels",
        needs: &[caller("bedrock:ListFoundationModels", On::Everything, SAR), BEARER],
        ..CONTROL
    },
    Row {
        operation: Operation::ListInferenceProfiles,
        name: "list-inference-profiles",
        api: "ListInferenceProfiles",
        needs: &[caller("bedrock:ListInferenceProfiles", On::Everything, SAR), BEARER],
        ..CONTROL
    },
    Row {
        operation: Operation::GetFoundationModelAvailability,
        name: "get-foundation-model-availability",
        api: "GetFoundationModelAvailability",
        needs: &[caller("bedrock:GetFoundationModelAvailability", On::Everything, SAR), BEARER],
        ..CONTROL
    },
    Row {
        operation: Operation::CreateModelInvocationJob,
        name: "create-model-invocation-job",
        api: "CreateModelInvocationJob",
        model: ModelRule {
            given: Given::UnlessCustom,
            forms: ModelForms::FoundationOrProfile,
            answers: false,
            gated: true,
        },
        requires: &[Kind::S3],
        takes: &[Kind::CustomModel, Kind::KmsKey],
        service_role: Given::Always,
        acts_for: Some("model-invocation-job"),
        needs: &[
            caller("bedrock:CreateModelInvocationJob", On::BaseModel, BATCH),
            caller("bedrock:CreateModelInvocationJob", On::Made("model-invocation-job"), BATCH),
            PASS,
            tags("model-invocation-job"),
            role(INVOKE, On::Model, BATCH_ROLE),
            role("s3:ListBucket", On::InputBucket, BATCH_ROLE),
            role("s3:GetObject", On::InputObjects, BATCH_ROLE),
            role("s3:ListBucket", On::OutputBucket, BATCH_ROLE),
            role("s3:PutObject", On::OutputObjects, BATCH_ROLE),
            role("kms:Decrypt", On::Given(Kind::KmsKey), BATCH_ROLE).with("kms:ViaService", "s3.REGION.amazonaws.com"),
            role("kms:GenerateDataKey", On::Given(Kind::KmsKey), BATCH_ROLE)
                .with("kms:ViaService", "s3.REGION.amazonaws.com"),
        ],
        ..CONTROL
    },
    Row {
        operation: Operation::CreateModelCustomizationJob,
        name: "create-model-customization-job",
        api: "CreateModelCustomizationJob",
        model: BASE,
        requires: &[Kind::S3],
        takes: &[Kind::CustomModel, Kind::KmsKey],
        service_role: Given::Always,
        acts_for: Some("model-customization-job"),
        needs: &[
            caller("bedrock:CreateModelCustomizationJob", On::BaseModel, SAR),
            caller("bedrock:CreateModelCustomizationJob", On::Made("custom-model"), SAR),
            PASS,
            tags("custom-model"),
            caller("kms:CreateGrant", On::Given(Kind::KmsKey), CUSTOMIZATION_KEY)
                .with("kms:ViaService", "bedrock.REGION.amazonaws.com"),
            caller("kms:DescribeKey", On::Given(Kind::KmsKey), CUSTOMIZATION_KEY)
                .with("kms:ViaService", "bedrock.REGION.amazonaws.com"),
            caller("kms:GenerateDataKey", On::Given(Kind::KmsKey), CUSTOMIZATION_KEY)
                .with("kms:ViaService", "bedrock.REGION.amazonaws.com"),
            role("s3:ListBucket", On::InputBucket, CUSTOMIZATION_ROLE),
            role("s3:GetObject", On::InputObjects, CUSTOMIZATION_ROLE),
            role("s3:ListBucket", On::OutputBucket, CUSTOMIZATION_ROLE),
            role("s3:PutObject", On::OutputObjects, CUSTOMIZATION_ROLE),
        ],
        ..CONTROL
    },
    Row {
        operation: Operation::CreateProvisionedModelThroughput,
        name: "create-provisioned-model-throughput",
        api: "CreateProvisionedModelThroughput",
        model: BASE,
        takes: &[Kind::CustomModel],
        needs: &[caller("bedrock:CreateProvisionedModelThroughput", On::BaseModel, SAR), tags("provisioned-model")],
        ..CONTROL
    },
    Row {
        operation: Operation::InvokeAgent,
        name: "invoke-agent",
        api: "InvokeAgent",
        streams: true,
        model: AGENTS_MODEL,
        requires: &[Kind::AgentAlias],
        service_role: Given::Maybe,
        acts_for: Some("agent"),
        needs: &[
            caller("bedrock:InvokeAgent", On::Given(Kind::AgentAlias), SAR),
            AGENT[0],
            AGENT[1],
            AGENT[2],
            AGENT[3],
        ],
        ..CONTROL
    },
    Row {
        operation: Operation::CreateAgent,
        name: "create-agent",
        api: "CreateAgent",
        model: AGENTS_MODEL,
        service_role: Given::Always,
        acts_for: Some("agent"),
        needs: &[
            caller("bedrock:CreateAgent", On::Everything, SAR),
            PASS,
            tags("agent"),
            AGENT[0],
            AGENT[1],
            AGENT[2],
            AGENT[3],
        ],
        ..CONTROL
    },
    Row {
        operation: Operation::Retrieve,
        name: "retrieve",
        api: "Retrieve",
        model: ModelRule { given: Given::Maybe, forms: ModelForms::Foundation, answers: true, gated: true },
        requires: &[Kind::KnowledgeBase],
        takes: &[Kind::S3, Kind::KmsKey],
        service_role: Given::Maybe,
        acts_for: Some("knowledge-base"),
        needs: &[
            caller("bedrock:Retrieve", On::Given(Kind::KnowledgeBase), SAR),
            role(INVOKE, On::Model, KNOWLEDGE_BASE_ROLE),
            role("s3:ListBucket", On::InputBucket, KNOWLEDGE_BASE_ROLE),
            role("s3:GetObject", On::InputObjects, KNOWLEDGE_BASE_ROLE),
            role("kms:Decrypt", On::Given(Kind::KmsKey), KNOWLEDGE_BASE_ROLE),
            VECTOR_STORE[0],
            VECTOR_STORE[1],
            VECTOR_STORE[2],
            VECTOR_STORE[3],
        ],
        ..CONTROL
    },
    Row {
        operation: Operation::RetrieveAndGenerate,
        name: "retrieve-and-generate",
        api: "RetrieveAndGenerate",
        model: INVOCABLE,
        requires: &[Kind::KnowledgeBase],
        takes: &[Kind::Guardrail],
        service_role: Given::Maybe,
        acts_for: Some("knowledge-base"),
        needs: &[
            caller("bedrock:RetrieveAndGenerate", On::Everything, SAR),
            caller("bedrock:Retrieve", On::Given(Kind::KnowledgeBase), KNOWLEDGE_BASE),
            caller(INVOKE, On::Model, KNOWLEDGE_BASE),
            GUARDRAIL,
            VECTOR_STORE[0],
            VECTOR_STORE[1],
            VECTOR_STORE[2],
            VECTOR_STORE[3],
        ],
        ..CONTROL
    },
    Row {
        operation: Operation::ChatCompletions,
        name: "chat-completions",
        api: "POST /openai/v1/chat/completions",
        tested: false,
        model: OPENAI_MODEL,
        takes: &[Kind::Guardrail],
        needs: &[
            caller(INVOKE, On::Model, OPENAI),
            GUARDRAIL,
            caller(STREAM, On::Model, OPENAI).when(When::If("where the answer is streamed, instead of InvokeModel")),
            BEARER,
        ],
        ..CALL
    },
    Row {
        operation: Operation::Responses,
        name: "responses",
        api: "POST /openai/v1/responses",
        tested: false,
        model: OPENAI_MODEL,
        takes: &[Kind::Project, Kind::Guardrail],
        needs: &[
            caller(INVOKE, On::Model, OPENAI),
            caller(INVOKE, On::Project(Kind::Project), OPENAI),
            GUARDRAIL,
            caller(STREAM, On::Model, OPENAI).when(When::If("where the answer is streamed, instead of InvokeModel")),
            BEARER,
        ],
        ..CALL
    },
    Row {
        operation: Operation::MantleInference,
        name: "mantle-inference",
        api: "POST https://bedrock-mantle.REGION.api.aws/v1/…",
        // The endpoint has models of its own, and no read API of Bedrock tells of access to them.
        model: ModelRule { given: Given::Maybe, forms: ModelForms::Foundation, answers: false, gated: false },
        takes: &[Kind::MantleProject],
        needs: &[
            caller("bedrock-mantle:CreateInference", On::Project(Kind::MantleProject), OPENAI)
                .with("bedrock-mantle:Model", "MODEL"),
            caller("bedrock-mantle:CallWithBearerToken", On::Everything, API_KEY)
                .when(When::If("with a Bedrock API key")),
        ],
        ..CONTROL
    },
];
