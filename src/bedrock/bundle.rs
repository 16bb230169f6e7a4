//! Bundles: the operations that an onboarding is about, under one name.

use super::Operation;
use std::fmt;
use std::str::FromStr;

/// A named set of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bundle {
    /// Calls to a model whose answer comes at once.
    Invoke,
    /// Calls to a model whose answer comes as a stream.
    Streaming,
    /// Making an agent and calling it.
    Agents,
    /// Asking a knowledge base, with and without a model's answer.
    KnowledgeBase,
    /// Making a custom model, and the throughput that it is called with.
    FineTuning,
    /// Batch inference.
    Batch,
    /// Buying throughput for a model.
    ProvisionedThroughput,
    /// Looking at models and at the account's access to them, and calling none.
    ReadOnlyAudit,
}

impl Bundle {
    /// Every bundle.
    pub const ALL: [Self; 8] = [
        Self::Invoke,
        Self::Streaming,
        Self::Agents,
        Self::KnowledgeBase,
        Self::FineTuning,
        Self::Batch,
        Self::ProvisionedThroughput,
        Self::ReadOnlyAudit,
    ];

    /// Returns the command line's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Streaming => "streaming",
            Self::Agents => "agents",
            Self::KnowledgeBase => "knowledge-base",
            Self::FineTuning => "fine-tuning",
            Self::Batch => "batch",
            Self::ProvisionedThroughput => "provisioned-throughput",
            Self::ReadOnlyAudit => "read-only-audit",
        }
    }

    /// Returns the operations, in the order in which they are used.
    #[must_use]
    pub fn operations(self) -> &'static [Operation] {
        match self {
            Self::Invoke => &[Operation::InvokeModel, Operation::Converse],
            Self::Streaming => &[Operation::InvokeModelWithResponseStream, Operation::ConverseStream],
            Self::Agents => &[Operation::CreateAgent, Operation::InvokeAgent],
            Self::KnowledgeBase => &[Operation::Retrieve, Operation::RetrieveAndGenerate],
            Self::FineTuning => &[Operation::CreateModelCustomizationJob, Operation::CreateProvisionedModelThroughput],
            Self::Batch => &[Operation::CreateModelInvocationJob],
            Self::ProvisionedThroughput => &[Operation::CreateProvisionedModelThroughput],
            Self::ReadOnlyAudit => &[
                Operation::ListFoundationModels,
                Operation::ListInferenceProfiles,
                Operation::GetFoundationModelAvailability,
            ],
        }
    }
}

impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Bundle {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|bundle| bundle.as_str() == name)
            .ok_or_else(|| format!("`{name}` is not a bundle; known are {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}
