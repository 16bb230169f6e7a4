//! `Principal` and `NotPrincipal`: whom a resource-based policy names, and how directly.
//!
//! How a principal is named decides what limits the grant (IAM User Guide, "Policy evaluation for requests
//! within a single account"): its own ARN is a grant to itself, a role's ARN one to the role behind a session,
//! an account one that the account has to hand on.

use super::request::{Caller, CallerKind, parts};

/// A principal that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// `*`.
    Everyone,
    /// An account, by its id or by its root user's ARN.
    Account(Box<str>),
    /// A role, by account and name; its path is not in the ARN of a session.
    Role { arn: Box<str>, account: Box<str>, name: Box<str> },
    /// A user; also whom its federated sessions belong to.
    User { arn: Box<str>, account: Box<str>, name: Box<str> },
    /// A session, or anything else with an ARN of its own.
    Exactly(Box<str>),
    /// An AWS service.
    Service(Box<str>),
    /// An identity provider or a canonical user: no caller that is asked about here.
    Elsewhere,
}

/// How directly a statement names the caller, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// Through its account.
    Account,
    /// Through the role or user that the session belongs to.
    Owner,
    /// As one of everybody.
    Everyone,
    /// By its own ARN.
    Itself,
}

/// The `Principal` or `NotPrincipal` of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Principals {
    pub negated: bool,
    pub named: Box<[Named]>,
}

impl Named {
    /// Reads a value under `"AWS"`.
    pub fn aws(text: &str) -> Self {
        if text == "*" {
            return Self::Everyone;
        }
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Account(text.into());
        }
        let Some([_, _, service, _, account, resource]) = parts(text) else {
            return Self::Exactly(text.into());
        };
        let name = || resource.rsplit('/').next().unwrap_or(resource).into();
        match (service, resource.split('/').next()) {
            ("iam", Some("root")) => Self::Account(account.into()),
            ("iam", Some("role")) => Self::Role { arn: text.into(), account: account.into(), name: name() },
            ("iam", Some("user")) => Self::User { arn: text.into(), account: account.into(), name: name() },
            _ => Self::Exactly(text.into()),
        }
    }

    fn grant(&self, caller: &Caller<'_>) -> Option<Grant> {
        let holds = match self {
            Self::Everyone => return Some(Grant::Everyone),
            Self::Account(account) => return (**account == *caller.account).then_some(Grant::Account),
            Self::Role { arn, account, name } => match caller.kind {
                CallerKind::RoleSession { role } => **name == *role && **account == *caller.account,
                _ => **arn == *caller.text,
            },
            Self::User { arn, account, name } => match caller.kind {
                CallerKind::FederatedUser { name: of } => **name == *of && **account == *caller.account,
                _ => return (**arn == *caller.text).then_some(Grant::Itself),
            },
            Self::Exactly(arn) | Self::Service(arn) => return (**arn == *caller.text).then_some(Grant::Itself),
            Self::Elsewhere => false,
        };
        holds.then_some(Grant::Owner)
    }
}

impl Principals {
    /// Tells how directly the statement names the caller, or that it does not.
    ///
    /// `NotPrincipal` takes everybody whom `Principal` with the same list would not.
    pub fn grant(&self, caller: &Caller<'_>) -> Option<Grant> {
        let strongest = self.named.iter().filter_map(|named| named.grant(caller)).max();
        match (self.negated, strongest) {
            (false, grant) => grant,
            (true, None) => Some(Grant::Everyone),
            (true, Some(_)) => None,
        }
    }
}
