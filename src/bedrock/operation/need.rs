//! What one authorization of an operation is made of: whose permission, for which action, on what, and when.
//!
//! Plain words for the rows of the table; what a request makes of them is [`crate::request`]'s.

use crate::bedrock::ServiceAuthorization;
use crate::iam::Arn;

/// One authorization that an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The IAM action.
    pub action: &'static str,
    /// Whose permission it is.
    pub whose: Whose,
    /// What it is asked on.
    pub on: On,
    /// When it is asked.
    pub when: When,
    /// A condition key that this authorization carries beside the common ones; `REGION` stands for the call's Region,
    /// `MODEL` for its model.
    pub key: Option<(&'static str, &'static str)>,
    /// The page that says so.
    pub source: &'static str,
}

impl Need {
    /// Returns the IAM resource types that the authorization can be asked on; none where `Resource` must be `*`.
    ///
    /// For the services whose authorization data is carried, only those that the action supports.
    #[must_use]
    pub fn resource_types(&self) -> Vec<&'static str> {
        let mut types = self.on.resource_types();
        let (prefix, name) = self.action.split_once(':').unwrap_or(("", self.action));
        if let Some((_, published)) = ServiceAuthorization::of(prefix).and_then(|service| service.action(name)) {
            types.retain(|known| published.resource_types().any(|supported| supported == *known));
        }
        types
    }
}

/// Whose permission an authorization asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Whose {
    /// The principal that makes the call.
    #[default]
    Caller,
    /// The role that Bedrock assumes to carry the work out.
    ServiceRole,
}

impl Whose {
    /// Returns the kebab-case name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::ServiceRole => "service-role",
        }
    }
}

/// What an authorization is asked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Everything that a call to the model touches: with an inference profile, the profile and every model behind it.
    Model,
    /// The one model that a job or a purchase names: the foundation model in the Region, or a custom model.
    BaseModel,
    /// The inference profile, where the model is one.
    Profile,
    /// Every foundation model behind the inference profile, where the model is one.
    ModelsBehind,
    /// The prompt, where the model is one.
    Prompt,
    /// The SageMaker endpoint, where the model is one.
    Endpoint,
    /// Every resource of a kind that the request names.
    Given(Kind),
    /// The project that the request names, or else `project/default` of a service.
    Project(Kind),
    /// A resource that the call makes, whose id nobody knows yet: its type.
    Made(&'static str),
    /// The bucket of the data that is read.
    InputBucket,
    /// The objects that are read.
    InputObjects,
    /// The bucket that results are written to.
    OutputBucket,
    /// The objects that are written.
    OutputObjects,
    /// What a knowledge base keeps its vectors in.
    VectorStore,
    /// The service role itself.
    ServiceRole,
    /// A tool of Bedrock's own that the model uses.
    SystemTool,
    /// `*`: the action has no resource type.
    Everything,
}

impl On {
    /// Names in words what it is.
    #[must_use]
    pub fn words(self) -> String {
        let words = match self {
            Self::Model => "the model; with an inference profile, the profile and every model behind it",
            Self::BaseModel => "the foundation model in the Region, or the custom model",
            Self::Profile => "the inference profile",
            Self::ModelsBehind => "every model behind the inference profile",
            Self::Prompt => "the prompt",
            Self::Endpoint => "the SageMaker endpoint",
            Self::Given(kind) => return format!("the {}", kind.words()),
            Self::Project(_) => "the project, `project/default` unless another is named",
            Self::Made(kind) => return format!("the new {kind}, whose id nobody knows yet (`{kind}/*`)"),
            Self::InputBucket => "the bucket that is read",
            Self::InputObjects => "the objects that are read",
            Self::OutputBucket => "the bucket that is written to",
            Self::OutputObjects => "the objects that are written",
            Self::VectorStore => "the vector store",
            Self::ServiceRole => "the service role",
            Self::SystemTool => "the system tool",
            Self::Everything => "`*`: the action has no resource type",
        };
        words.to_owned()
    }

    /// Returns the IAM resource types that it can come to, as the Service Authorization Reference names them.
    fn resource_types(self) -> Vec<&'static str> {
        let types: &[&str] = match self {
            Self::Made(kind) => return vec![kind],
            Self::Model => &[
                "application-inference-profile",
                "bedrock-marketplace-model-endpoint",
                "custom-model-deployment",
                "default-prompt-router",
                "foundation-model",
                "imported-model",
                "inference-profile",
                "prompt-router",
                "provisioned-model",
            ],
            Self::BaseModel => &["custom-model", "foundation-model"],
            Self::Profile => &["application-inference-profile", "inference-profile"],
            Self::ModelsBehind => &["foundation-model"],
            Self::Prompt => &["prompt", "prompt-version"],
            Self::Endpoint => &["endpoint"],
            Self::Given(kind) | Self::Project(kind) => kind.resource_types(),
            Self::InputBucket | Self::OutputBucket => &["bucket"],
            Self::InputObjects | Self::OutputObjects => &["object"],
            Self::ServiceRole => &["role"],
            Self::SystemTool => &["system-tool"],
            Self::Everything | Self::VectorStore => &[],
        };
        types.to_vec()
    }
}

/// When an authorization is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In every call that has what it is asked on.
    Always,
    /// Where the model is called through an inference profile.
    ThroughProfile,
    /// In calls that do something which a request here does not tell; said, and not simulated.
    If(&'static str),
}

impl When {
    /// Says in words when it is asked; nothing where that is always.
    #[must_use]
    pub fn words(self) -> Option<&'static str> {
        match self {
            Self::Always => None,
            Self::ThroughProfile => Some("through an inference profile"),
            Self::If(what) => Some(what),
        }
    }
}

/// A kind of resource that a request can name beside its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An alias of an agent.
    AgentAlias,
    /// A knowledge base.
    KnowledgeBase,
    /// A guardrail, or a guardrail profile of another Region.
    Guardrail,
    /// A project of the runtime's OpenAI-compatible path.
    Project,
    /// A project of the `bedrock-mantle` endpoint.
    MantleProject,
    /// A custom model.
    CustomModel,
    /// A foundation model behind a prompt or a prompt router.
    ModelBehind,
    /// A bucket, prefix or object of Amazon S3.
    S3,
    /// A KMS key.
    KmsKey,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::AgentAlias,
        Self::KnowledgeBase,
        Self::Guardrail,
        Self::Project,
        Self::MantleProject,
        Self::CustomModel,
        Self::ModelBehind,
        Self::S3,
        Self::KmsKey,
    ];

    /// Tells the kind of a resource by its ARN.
    #[must_use]
    pub fn of(arn: &Arn) -> Option<Self> {
        let owned = !arn.account.is_empty() && !arn.region.is_empty() && !arn.resource_id().is_empty();
        match (arn.service.as_str(), arn.resource_type()) {
            ("s3", _) => Some(Self::S3),
            ("bedrock", "foundation-model") if !arn.resource_id().is_empty() => Some(Self::ModelBehind),
            _ if !owned => None,
            ("bedrock", "agent-alias") => Some(Self::AgentAlias),
            ("bedrock", "knowledge-base") => Some(Self::KnowledgeBase),
            ("bedrock", "guardrail" | "guardrail-profile") => Some(Self::Guardrail),
            ("bedrock", "project") => Some(Self::Project),
            ("bedrock-mantle", "project") => Some(Self::MantleProject),
            ("bedrock", "custom-model") => Some(Self::CustomModel),
            ("kms", "key") => Some(Self::KmsKey),
            _ => None,
        }
    }

    /// Names the kind in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AgentAlias => "agent alias",
            Self::KnowledgeBase => "knowledge base",
            Self::Guardrail => "guardrail",
            Self::Project => "project",
            Self::MantleProject => "project of the `bedrock-mantle` endpoint",
            Self::CustomModel => "custom model",
            Self::ModelBehind => "foundation model behind the prompt or router",
            Self::S3 => "S3 bucket, prefix or object",
            Self::KmsKey => "KMS key",
        }
    }

    /// Returns the form of its ARN.
    #[must_use]
    pub fn form(self) -> &'static str {
        match self {
            Self::AgentAlias => "arn:aws:bedrock:REGION:ACCOUNT:agent-alias/AGENT/ALIAS",
            Self::KnowledgeBase => "arn:aws:bedrock:REGION:ACCOUNT:knowledge-base/ID",
            Self::Guardrail => "arn:aws:bedrock:REGION:ACCOUNT:guardrail/ID",
            Self::Project => "arn:aws:bedrock:REGION:ACCOUNT:project/ID",
            Self::MantleProject => "arn:aws:bedrock-mantle:REGION:ACCOUNT:project/ID",
            Self::CustomModel => "arn:aws:bedrock:REGION:ACCOUNT:custom-model/BASE/ID",
            Self::ModelBehind => "arn:aws:bedrock:REGION::foundation-model/ID",
            Self::S3 => "arn:aws:s3:::BUCKET/PREFIX/",
            Self::KmsKey => "arn:aws:kms:REGION:ACCOUNT:key/ID",
        }
    }

    /// Returns the IAM resource types of the kind.
    fn resource_types(self) -> &'static [&'static str] {
        match self {
            Self::AgentAlias => &["agent-alias"],
            Self::KnowledgeBase => &["knowledge-base"],
            Self::Guardrail => &["guardrail", "guardrail-profile"],
            Self::Project | Self::MantleProject => &["project"],
            Self::CustomModel => &["custom-model"],
            Self::ModelBehind => &["foundation-model"],
            Self::S3 => &["bucket", "object"],
            Self::KmsKey => &["key"],
        }
    }
}

/// Whether an operation takes a model, and in which forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelRule {
    /// Whether one is given.
    pub given: Given,
    /// What may name it.
    pub forms: ModelForms,
    /// Whether the model answers within this call, so that it has to be callable as it is named.
    pub answers: bool,
    /// Whether the account's access to the model, as Bedrock's read APIs tell it, decides on the call too.
    pub gated: bool,
}

/// Whether something is given with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The operation has no use for it.
    Never,
    /// It may be.
    Maybe,
    /// It must be.
    Always,
    /// It must be, unless a custom model is named as a resource.
    UnlessCustom,
}

/// What may name the model of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelForms {
    /// Anything that can be invoked.
    Invocable,
    /// The same without application inference profiles, which the OpenAI-compatible path rejects.
    NoApplicationProfile,
    /// A foundation model or a system-defined inference profile.
    FoundationOrProfile,
    /// A foundation model alone.
    Foundation,
}
