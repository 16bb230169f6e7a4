//! What is no cause and worth knowing: contradictions, advice, warnings. Facts that `report` words.

use super::unread::{Excluded, ScpExemption};
use crate::cause::Cause;
use crate::iam::{Arn, Decision};
use serde_json::Value;

/// Two sources that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// The policy simulator and the policies that were read.
    SimulatorAndPolicies {
        /// What the simulator says.
        simulated: Decision,
        /// The action.
        action: String,
        /// The resource.
        resource: String,
        /// What the policies say.
        read: Decision,
        /// How many more resources it is likewise for.
        more: usize,
    },
    /// The policy simulator attributes a refusal to a service control policy, and the principal is exempt.
    SimulatorAndExemption {
        /// What the simulator says.
        simulated: Decision,
        /// The action.
        action: String,
        /// The resource.
        resource: String,
        /// Why the principal is exempt.
        exemption: ScpExemption,
        /// How many more resources it is likewise for.
        more: usize,
    },
    /// The simulator denies a requirement, and the test call was authorized.
    TestCallAuthorized {
        /// What the simulator says.
        simulated: Decision,
        /// The action.
        action: String,
        /// The resource.
        resource: String,
    },
    /// The simulator allows every requirement, and the test call was refused by IAM.
    TestCallRefused,
    /// The endpoint authorized the test call as an action that the operation does not need.
    OtherAction {
        /// The action in the refusal.
        action: String,
        /// The action that the operation needs.
        needed: Option<String>,
    },
    /// The given error names a cause, and the test call is authorized now.
    ErrorAndAuthorized(Cause),
    /// The given error names a cause, and the test call is refused with another now.
    ErrorAndRefused {
        /// The cause that the text names.
        said: Cause,
        /// The cause of the test call's refusal.
        now: Cause,
    },
    /// The given error names a cause that what is read now excludes.
    ErrorAndExcluded {
        /// The cause that the text names.
        said: Cause,
        /// Why it is excluded.
        because: Excluded,
    },
}

/// Something that is no cause and worth knowing.
#[derive(Clone, Debug, PartialEq)]
pub enum Advice {
    /// The account enforces a guardrail on the model.
    GuardrailEnforced(Arn),
    /// AWS lists the model as one that does not stream.
    DoesNotStream(String),
    /// The model is LEGACY and reaches its end of life then.
    LegacyUntil(String),
    /// The model is LEGACY.
    Legacy,
    /// Statements allow more than the call needs, and this policy is enough.
    WideStatements {
        /// Each statement, by its `Sid` or its number from 1, and its policy's name.
        statements: Vec<(StatementName, String)>,
        /// The policy that is enough.
        enough: Value,
    },
    /// The variable for a Bedrock API key is set and empty.
    EmptyApiKey,
    /// What only the principal's account knows is read there.
    ReadInAccount {
        /// The account.
        account: String,
        /// The line that asks there.
        command: String,
    },
    /// The given error does not name a principal.
    ErrorNamesNobody,
    /// The given error reports a passing limit.
    ErrorIsPassing(Cause),
    /// The given error is about the request's body.
    ErrorIsAboutBody,
}

/// How a statement is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementName {
    /// By its `Sid`.
    Sid(String),
    /// By its number, counted from 1.
    Number(usize),
}

/// Whose permissions are diagnosed, where they are not the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The given error is of another principal.
    ErrorOfAnother {
        /// The principal that it names.
        principal: Option<Arn>,
        /// The present caller.
        caller: Option<Arn>,
    },
    /// The Bedrock API key stands for somebody else than the caller.
    ApiKeyOfAnother {
        /// Whom it stands for.
        holder: KeyHolder,
        /// The present caller.
        caller: Option<Arn>,
    },
}

/// Whom a Bedrock API key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyHolder {
    /// A principal that is known.
    Known(Arn),
    /// The holder of the access key that the API key was made with.
    AccessKey(String),
    /// Somebody who is not known.
    Unknown,
}
