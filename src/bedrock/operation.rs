//! The operations that can be diagnosed, and what each one needs of IAM.
//!
//! INVARIANT: the table is the only place that knows which IAM actions an API call is authorized as, on which
//! resources, and whose permissions count. `bedrock-access actions` prints it.

mod need;
mod table;

pub use need::{Given, Kind, ModelForms, ModelRule, Need, On, When, Whose};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use table::{Row, TABLE};

/// An API operation of Bedrock, by its command-line name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// `InvokeModel`.
    #[default]
    InvokeModel,
    /// `InvokeModelWithResponseStream`.
    InvokeModelWithResponseStream,
    /// `Converse`, authorized as `bedrock:InvokeModel`.
    Converse,
    /// `ConverseStream`, authorized as `bedrock:InvokeModelWithResponseStream`.
    ConverseStream,
    /// `InvokeModelWithBidirectionalStream`, authorized as `bedrock:InvokeModel`.
    InvokeModelWithBidirectionalStream,
    /// `StartAsyncInvoke`, authorized as `bedrock:InvokeModel`.
    StartAsyncInvoke,
    /// `CountTokens`.
    CountTokens,
    /// `ApplyGuardrail`.
    ApplyGuardrail,
    /// `ListFoundationModels`.
    ListFoundationModels,
    /// `ListInferenceProfiles`.
    ListInferenceProfiles,
    /// `GetFoundationModelAvailability`.
    GetFoundationModelAvailability,
    /// `CreateModelInvocationJob`: batch inference.
    CreateModelInvocationJob,
    /// `CreateModelCustomizationJob`: fine-tuning, distillation and the like.
    CreateModelCustomizationJob,
    /// `CreateProvisionedModelThroughput`.
    CreateProvisionedModelThroughput,
    /// `InvokeAgent`.
    InvokeAgent,
    /// `CreateAgent`.
    CreateAgent,
    /// `Retrieve` from a knowledge base.
    Retrieve,
    /// `RetrieveAndGenerate` with a knowledge base and a model.
    RetrieveAndGenerate,
    /// Chat Completions on the runtime's OpenAI-compatible path.
    ChatCompletions,
    /// Responses on the runtime's OpenAI-compatible path.
    Responses,
    /// Inference on the `bedrock-mantle` endpoint, which has an IAM prefix of its own.
    MantleInference,
}

impl Operation {
    /// Every operation, in the order of the table.
    pub const ALL: [Self; 21] = [
        Self::InvokeModel,
        Self::InvokeModelWithResponseStream,
        Self::Converse,
        Self::ConverseStream,
        Self::InvokeModelWithBidirectionalStream,
        Self::StartAsyncInvoke,
        Self::CountTokens,
        Self::ApplyGuardrail,
        Self::ListFoundationModels,
        Self::ListInferenceProfiles,
        Self::GetFoundationModelAvailability,
        Self::CreateModelInvocationJob,
        Self::CreateModelCustomizationJob,
        Self::CreateProvisionedModelThroughput,
        Self::InvokeAgent,
        Self::CreateAgent,
        Self::Retrieve,
        Self::RetrieveAndGenerate,
        Self::ChatCompletions,
        Self::Responses,
        Self::MantleInference,
    ];

    fn row(self) -> &'static Row {
        let [first, ..] = &TABLE;
        TABLE.iter().find(|row| row.operation == self).unwrap_or(first)
    }

    /// Returns the command-line name, such as `invoke-model`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Returns the name of the API call, such as `InvokeModel`, as error texts and CloudTrail have it; for an
    /// OpenAI-compatible path, which has none, the path.
    #[must_use]
    pub fn api_name(self) -> &'static str {
        self.row().api
    }

    /// Returns the IAM action that the call itself is authorized as, the first of its needs.
    #[must_use]
    pub fn iam_action(self) -> &'static str {
        self.needs().first().map_or("", |need| need.action)
    }

    /// Returns `true` if the answer comes as a stream.
    #[must_use]
    pub fn streams(self) -> bool {
        self.row().streams
    }

    /// Returns `true` if a test call of it exists: one that starts nothing, makes nothing and processes no token.
    #[must_use]
    pub fn has_test_call(self) -> bool {
        self.row().tested
    }

    /// Returns whether the operation takes a model, and in which forms.
    #[must_use]
    pub fn model(self) -> ModelRule {
        self.row().model
    }

    /// Returns the kinds of resource that a request has to name.
    #[must_use]
    pub fn requires(self) -> &'static [Kind] {
        self.row().requires
    }

    /// Returns `true` if a request may name a resource of the kind.
    #[must_use]
    pub fn takes(self, kind: Kind) -> bool {
        self.row().requires.contains(&kind) || self.row().takes.contains(&kind)
    }

    /// Returns whether a service role is given.
    #[must_use]
    pub fn service_role(self) -> Given {
        self.row().service_role
    }

    /// Returns the type of the Bedrock resource on whose behalf the service role is assumed.
    #[must_use]
    pub fn acts_for(self) -> Option<&'static str> {
        self.row().acts_for
    }

    /// Returns every authorization that the operation needs.
    #[must_use]
    pub fn needs(self) -> &'static [Need] {
        self.row().needs
    }

    /// Finds the operation whose own action an IAM action is, such as `bedrock-mantle:CreateInference`, without regard to case.
    #[must_use]
    pub fn from_action(action: &str) -> Option<Self> {
        let is_own = |operation: &Self| operation.iam_action().eq_ignore_ascii_case(action);
        let by_name = action.strip_prefix("bedrock:").and_then(Self::from_api_name);
        by_name.or_else(|| Self::ALL.into_iter().find(is_own))
    }

    /// Returns `true` if some operation needs an IAM action.
    #[must_use]
    pub fn is_needed(action: &str) -> bool {
        Self::ALL.iter().any(|operation| operation.needs().iter().any(|need| need.action.eq_ignore_ascii_case(action)))
    }

    /// Finds the operation of an API call's name, without regard to case.
    #[must_use]
    pub fn from_api_name(api: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.api.eq_ignore_ascii_case(api)).map(|row| row.operation)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.operation).ok_or_else(|| {
            let names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
            format!("`{name}` is not an operation; known are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_own_row() {
        for (operation, row) in Operation::ALL.into_iter().zip(&TABLE) {
            assert_eq!(row.operation, operation);
            assert_eq!(operation.row().operation, operation);
            assert_eq!(operation.as_str().parse::<Operation>(), Ok(operation));
            assert_eq!(Operation::from_api_name(operation.api_name()), Some(operation));
            assert_eq!(serde_json::to_value(operation).unwrap(), operation.as_str());
        }
        assert_eq!(TABLE.len(), Operation::ALL.len());
    }

    #[test]
    fn converse_has_no_action_of_its_own() {
        assert_eq!(Operation::Converse.iam_action(), "bedrock:InvokeModel");
        assert_eq!(Operation::ConverseStream.iam_action(), "bedrock:InvokeModelWithResponseStream");
    }

    #[test]
    fn what_must_be_named_may_be_named_and_is_needed() {
        for operation in Operation::ALL {
            for kind in operation.requires() {
                assert!(operation.takes(*kind), "{operation}: {kind:?}");
            }
            let asks_for_a_role = operation.needs().iter().any(|need| need.whose == Whose::ServiceRole);
            assert_eq!(asks_for_a_role, operation.service_role() != Given::Never, "{operation}");
            assert_eq!(asks_for_a_role, operation.acts_for().is_some(), "{operation}");
        }
    }
}
