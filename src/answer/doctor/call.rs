//! One call to diagnose, as it was typed, as a target describes it, or as a tool was asked.

use crate::bedrock::{GuardrailReference, ModelReference, Operation, ProjectReference, Region};
use crate::clients::{AccessKeys, Identity, Keys, Secret, Token};
use crate::iam::{Arn, AssumingService};
use crate::observe::{GivenApiKey, GivenCredentials, RoleToAssume};
use crate::request::{GivenPolicy, LiveCall};
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
    pub project: Option<ProjectReference>,
    pub context: Vec<(String, String)>,
    /// Whose credentials are used.
    pub caller: Caller,
    /// The policy of the session that makes the call, if the caller is known to attach one.
    pub session_policy: Option<GivenPolicy>,
    pub live: LiveCall,
}

/// The credentials that a call is checked with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Caller {
    /// A profile of the AWS config files.
    pub profile: Option<String>,
    /// Access keys of a client's settings.
    keys: Option<AccessKeys>,
    /// The Bedrock API key.
    token: Token,
    /// A role that is assumed with these, and the external id.
    role: Option<(Arn, Option<Secret>)>,
}

impl Caller {
    /// Takes the credentials of a profile, or those of the environment.
    #[must_use]
    pub fn of_profile(profile: Option<String>) -> Self {
        Self { profile, ..Self::default() }
    }

    /// Takes the credentials of a client, but for a role that only the client can assume.
    #[must_use]
    pub fn of_client(identity: &Identity) -> Self {
        let (profile, keys) = match &identity.keys {
            Keys::Shell => (None, None),
            Keys::Profile(name) | Keys::ProfileOrDefault(name) => (Some(name.clone()), None),
            Keys::Given(keys) => (None, Some(keys.clone())),
        };
        let role = identity.role.as_ref().filter(|role| !role.by_web_identity);
        Self {
            profile,
            keys,
            token: identity.token.clone(),
            role: role.map(|role| (role.arn.clone(), role.external_id.clone())),
        }
    }

    /// Returns the same without what has no meaning in a sandbox, where the world names the caller.
    #[must_use]
    pub fn in_sandbox(self) -> Self {
        Self { role: self.role, ..Self::default() }
    }

    /// Returns the credentials that are neither in the environment nor in the AWS config files.
    #[must_use]
    pub fn given(&self) -> GivenCredentials {
        let exposed = |secret: &Secret| secret.expose().to_owned();
        GivenCredentials {
            keys: self
                .keys
                .as_ref()
                .map(|keys| (exposed(&keys.id), exposed(&keys.secret), keys.session_token.as_ref().map(exposed))),
            api_key: match &self.token {
                Token::Shell => GivenApiKey::Environment,
                Token::Nothing => GivenApiKey::Nothing,
                Token::Given(key) => GivenApiKey::Key(exposed(key)),
            },
        }
    }

    /// Returns the role to assume.
    #[must_use]
    pub fn role(&self) -> Option<RoleToAssume> {
        let (arn, external_id) = self.role.clone()?;
        Some(RoleToAssume { arn, external_id: external_id.map(|id| id.expose().to_owned()) })
    }
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
