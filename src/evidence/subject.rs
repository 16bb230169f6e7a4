//! Whose permissions are diagnosed, and who chose that: the caller's own, unless something outranks it.

use super::{BedrockApiKey, Caller, Credentials, Evidence};
use crate::iam::{Arn, Principal};
use crate::request::Request;
use serde::{Deserialize, Serialize};

/// What the choice of the principal rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChosenBy {
    /// The credentials that make the calls.
    Caller,
    /// The user named it.
    Option,
    /// A given error names it.
    Error,
    /// A Bedrock API key stands for it, which outranks the credentials that STS sees.
    ApiKey,
}

impl ChosenBy {
    /// Returns the word that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Option => "option",
            Self::Error => "error",
            Self::ApiKey => "api-key",
        }
    }
}

/// The principal under diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Who chose it.
    pub chosen_by: ChosenBy,
    /// The principal, where it is known.
    pub principal: Option<Principal>,
    /// Whether it is the one whose credentials make the calls of this program to STS and IAM.
    pub is_caller: bool,
}

impl Subject {
    /// Finds whose permissions count for a request.
    ///
    /// What the user named comes first. A principal that a given error names counts where Bedrock would not see it
    /// anyway; else an API key decides where the operation takes one, and else the caller.
    #[must_use]
    pub fn of(request: &Request, credentials: Option<&Credentials>, caller: Option<&Caller>) -> Self {
        let given = |chosen_by: ChosenBy, arn: &Arn| Self {
            chosen_by,
            principal: Some(Principal::new(arn.clone())),
            is_caller: false,
        };
        if let Some(arn) = &request.principal {
            return given(ChosenBy::Option, arn);
        }
        let present = Self::present(request, credentials, caller);
        match request.error.as_ref().and_then(|error| error.principal.as_ref()) {
            Some(arn) if !present.principal.as_ref().is_some_and(|seen| seen.is_same_entity(arn)) => {
                given(ChosenBy::Error, arn)
            }
            _ => present,
        }
    }

    /// Finds whom Bedrock sees in the calls of this program.
    fn present(request: &Request, credentials: Option<&Credentials>, caller: Option<&Caller>) -> Self {
        let of_caller =
            |chosen_by| Self { chosen_by, principal: caller.map(|caller| caller.principal.clone()), is_caller: true };
        let key = credentials.and_then(|credentials| credentials.api_key.as_ref());
        match key.filter(|_| request.takes_api_key()) {
            None | Some(BedrockApiKey::Empty) => of_caller(ChosenBy::Caller),
            Some(BedrockApiKey::ShortTerm { is_callers: true, .. }) => of_caller(ChosenBy::ApiKey),
            Some(BedrockApiKey::LongTerm { user, account }) => {
                let partition = request.region.partition();
                let arn = Arn::new(partition.as_str(), "iam", "", account, &format!("user/{user}"));
                let is_caller = caller.is_some_and(|caller| caller.principal.is_same_entity(&arn));
                Self { chosen_by: ChosenBy::ApiKey, principal: Some(Principal::new(arn)), is_caller }
            }
            Some(BedrockApiKey::ShortTerm { .. } | BedrockApiKey::Unreadable { .. }) => {
                Self { chosen_by: ChosenBy::ApiKey, principal: None, is_caller: false }
            }
        }
    }

    /// Returns the account that the principal belongs to, where that is known.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.principal.as_ref().map(|principal| principal.arn.account.as_str()).filter(|account| !account.is_empty())
    }
}

impl Evidence {
    /// Returns whose permissions are diagnosed.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject::of(&self.request, self.credentials.seen(), self.caller.seen())
    }

    /// Returns the Bedrock API key that the calls to Bedrock bear, where they bear one.
    #[must_use]
    pub fn api_key(&self) -> Option<&BedrockApiKey> {
        let key = self.credentials.seen()?.api_key.as_ref()?;
        (*key != BedrockApiKey::Empty && self.request.takes_api_key()).then_some(key)
    }
}
