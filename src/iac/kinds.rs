//! Which resource types run something with a role, and where each names its role and its models.
//!
//! One row per type, for Terraform's AWS provider and for CloudFormation; the paths are those of their reference pages.

use crate::bedrock::Operation;

/// The languages that a file can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Terraform,
    CloudFormation,
}

/// A path in each language; empty where the language has none.
#[derive(Debug)]
pub(crate) struct Path {
    pub terraform: &'static str,
    pub cloudformation: &'static str,
}

impl Path {
    pub fn of(&self, language: Language) -> &'static str {
        match language {
            Language::Terraform => self.terraform,
            Language::CloudFormation => self.cloudformation,
        }
    }
}

const fn path(terraform: &'static str, cloudformation: &'static str) -> Path {
    Path { terraform, cloudformation }
}

/// A type of resource that runs with a role.
#[derive(Debug)]
pub(crate) struct Kind {
    pub kind: Path,
    /// The service that assumes the role.
    pub service: &'static str,
    /// Where the role is named, by ARN or name.
    pub role: Path,
    /// Where a model, or a prompt that names one, is named.
    pub models: &'static [Path],
    /// Where a guardrail is named that the service applies with the role.
    pub guardrails: &'static [Path],
    /// Where values are that may be models or guardrails: environment variables.
    pub values: &'static [Path],
    /// What is there where the calls leave through a VPC.
    pub vpc: Path,
    /// The call that the models are for.
    pub operation: Operation,
}

const LAMBDA: &str = "lambda.amazonaws.com";
const BEDROCK: &str = "bedrock.amazonaws.com";
const AGENT_CORE: &str = "bedrock-agentcore.amazonaws.com";
const SAGEMAKER: &str = "sagemaker.amazonaws.com";

/// Every type.
pub(crate) const KINDS: [Kind; 14] = [
    Kind {
        kind: path("aws_lambda_function", "AWS::Lambda::Function"),
        service: LAMBDA,
        role: path("role", "Role"),
        models: &[],
        guardrails: &[],
        values: &[path("environment.variables.*", "Environment.Variables.*")],
        vpc: path("vpc_config.subnet_ids", "VpcConfig.SubnetIds"),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_ecs_task_definition", "AWS::ECS::TaskDefinition"),
        service: "ecs-tasks.amazonaws.com",
        role: path("task_role_arn", "TaskRoleArn"),
        models: &[],
        guardrails: &[],
        values: &[path(
            "container_definitions.environment.@name:value",
            "ContainerDefinitions.Environment.@Name:Value",
        )],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_bedrockagent_agent", "AWS::Bedrock::Agent"),
        service: BEDROCK,
        role: path("agent_resource_role_arn", "AgentResourceRoleArn"),
        models: &[path("foundation_model", "FoundationModel")],
        guardrails: &[path(
            "guardrail_configuration.guardrail_identifier",
            "GuardrailConfiguration.GuardrailIdentifier",
        )],
        values: &[],
        vpc: path("", ""),
        operation: Operation::CreateAgent,
    },
    Kind {
        kind: path("aws_bedrockagent_knowledge_base", "AWS::Bedrock::KnowledgeBase"),
        service: BEDROCK,
        role: path("role_arn", "RoleArn"),
        models: &[path(
            "knowledge_base_configuration.vector_knowledge_base_configuration.embedding_model_arn",
            "KnowledgeBaseConfiguration.VectorKnowledgeBaseConfiguration.EmbeddingModelArn",
        )],
        guardrails: &[],
        values: &[],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_bedrockagent_flow", "AWS::Bedrock::Flow"),
        service: BEDROCK,
        role: path("execution_role_arn", "ExecutionRoleArn"),
        models: &[
            path("definition.**.model_id", "Definition.**.ModelId"),
            path("definition.**.prompt_arn", "Definition.**.PromptArn"),
        ],
        guardrails: &[path(
            "definition.**.guardrail_configuration.guardrail_identifier",
            "Definition.**.GuardrailConfiguration.GuardrailIdentifier",
        )],
        values: &[],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_bedrockagentcore_agent_runtime", "AWS::BedrockAgentCore::Runtime"),
        service: AGENT_CORE,
        role: path("role_arn", "RoleArn"),
        models: &[],
        guardrails: &[],
        values: &[path("environment_variables.*", "EnvironmentVariables.*")],
        vpc: path(
            "network_configuration.network_mode_config.subnets",
            "NetworkConfiguration.NetworkModeConfig.Subnets",
        ),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_bedrockagentcore_gateway", "AWS::BedrockAgentCore::Gateway"),
        service: AGENT_CORE,
        role: path("role_arn", "RoleArn"),
        models: &[],
        guardrails: &[],
        values: &[],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_sagemaker_domain", "AWS::SageMaker::Domain"),
        service: SAGEMAKER,
        role: path("default_user_settings.execution_role", "DefaultUserSettings.ExecutionRole"),
        models: &[],
        guardrails: &[],
        values: &[],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_sagemaker_notebook_instance", "AWS::SageMaker::NotebookInstance"),
        service: SAGEMAKER,
        role: path("role_arn", "RoleArn"),
        models: &[],
        guardrails: &[],
        values: &[],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_sagemaker_model", "AWS::SageMaker::Model"),
        service: SAGEMAKER,
        role: path("execution_role_arn", "ExecutionRoleArn"),
        models: &[],
        guardrails: &[],
        values: &[path("primary_container.environment.*", "PrimaryContainer.Environment.*")],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_sfn_state_machine", "AWS::StepFunctions::StateMachine"),
        service: "states.amazonaws.com",
        role: path("role_arn", "RoleArn"),
        models: &[path("definition.**.ModelId", "Definition.**.ModelId"), path("", "DefinitionString.**.ModelId")],
        guardrails: &[
            path("definition.**.GuardrailIdentifier", "Definition.**.GuardrailIdentifier"),
            path("", "DefinitionString.**.GuardrailIdentifier"),
        ],
        values: &[],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_bedrock_custom_model", "AWS::Bedrock::ModelCustomizationJob"),
        service: BEDROCK,
        role: path("role_arn", "RoleArn"),
        models: &[],
        guardrails: &[],
        values: &[],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_bedrock_model_invocation_job", "AWS::Bedrock::ModelInvocationJob"),
        service: BEDROCK,
        role: path("role_arn", "RoleArn"),
        models: &[path("model_id", "ModelId")],
        guardrails: &[],
        values: &[],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
    Kind {
        kind: path("aws_instance", "AWS::EC2::Instance"),
        service: "ec2.amazonaws.com",
        role: path("iam_instance_profile", "IamInstanceProfile"),
        models: &[],
        guardrails: &[],
        values: &[],
        vpc: path("", ""),
        operation: Operation::InvokeModel,
    },
];
