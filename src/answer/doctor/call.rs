//! One call to diagnose, as it was typed, as a target describes it, or as a tool was asked.

use crate::bedrock::{GuardrailReference, ModelReference, Operation, Region};
use crate::iam::{Arn, AssumingService};
use crate::request::LiveCall;
use std::fmt;
use std::str::FromStr;

/// A call whose missing parts come from an error text, a world or the environment.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub model: Option<ModelReference>,
    pub operation: Option<Operation>,
    pub region: Option<Region>,
    /// The other resources that the call names.
    pub resources: Vec<Arn>,
    pub service_role: Option<Arn>,
    pub service: Option<AssumingService>,
    pub principal: Option<Principal>,
    pub guardrail: Option<GuardrailReference>,
    pub context: Vec<(String, String)>,
    /// The profile of the AWS config files whose credentials are used.
    pub profile: Option<String>,
    pub live: LiveCall,
}

/// An IAM user or role, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// By its ARN.
    Arn(Arn),
    /// By its name, in the caller's account.
    Name(String),
}

impl Principal {
    /// Returns the ARN, if it is one.
    pub fn arn(&self) -> Option<&Arn> {
        match self {
            Self::Arn(arn) => Some(arn),
            Self::Name(_) => None,
        }
    }
}

impl FromStr for Principal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("arn:") {
            return text.parse().map(Self::Arn).map_err(|error: crate::iam::ArnError| error.to_string());
        }
        // IAM User Guide, "IAM and AWS STS quotas, name requirements, and character limits".
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        let name = text.rsplit('/').next().unwrap_or_default();
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_part) {
            return Err(
                "expected the ARN of a user or role, such as `arn:aws:iam::111122223333:role/chat-api`, or its name"
                    .to_owned(),
            );
        }
        Ok(Self::Name(name.to_owned()))
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arn(arn) => arn.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}
