//! `Principal` and `NotPrincipal`: whom a resource-based policy names, and how directly.
//!
//! How a principal is named decides what limits the grant (IAM User Guide, "Policy evaluation for requests
//! within a single account"): its own ARN is a grant to itself, a role's ARN one to the role behind a session,
//! an account one that the account has to hand on.

use super::query::{Query, RequestPrincipal, RequestPrincipalKind, parts};
use super::three_valued::Ternary;
use crate::iam::name_of;

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
        let name = || name_of(resource).into();
        match (service, resource.split('/').next()) {
            ("iam", Some("root")) => Self::Account(account.into()),
            ("iam", Some("role")) => Self::Role { arn: text.into(), account: account.into(), name: name() },
            ("iam", Some("user")) => Self::User { arn: text.into(), account: account.into(), name: name() },
            _ => Self::Exactly(text.into()),
        }
    }

    fn grant(&self, caller: &RequestPrincipal<'_>) -> Option<Grant> {
        let holds = match self {
            Self::Everyone => return Some(Grant::Everyone),
            Self::Account(account) => return (**account == *caller.account).then_some(Grant::Account),
            Self::Role { arn, account, name } => match caller.kind {
                RequestPrincipalKind::RoleSession { role } => **name == *role && **account == *caller.account,
                _ => **arn == *caller.text,
            },
            Self::User { arn, account, name } => match caller.kind {
                RequestPrincipalKind::FederatedUser { name: of } => **name == *of && **account == *caller.account,
                _ => return (**arn == *caller.text).then_some(Grant::Itself),
            },
            Self::Exactly(arn) | Self::Service(arn) => return (**arn == *caller.text).then_some(Grant::Itself),
            Self::Elsewhere => false,
        };
        holds.then_some(Grant::Owner)
    }
}

/// Whether the list of a denying `NotPrincipal` spares the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spared {
    /// It lists the caller and everything that the caller belongs to.
    Yes,
    /// It does not list the caller.
    No,
    /// It lists the caller or its role, and not its account.
    AccountNotListed,
    /// It lists the caller's account and role, and not the session.
    SessionNotListed,
    /// The caller has a permissions boundary, and so is denied whatever the list says.
    NeverWithBoundary,
}

impl From<Spared> for Ternary {
    fn from(spared: Spared) -> Self {
        match spared {
            Spared::Yes => Self::Yes,
            Spared::SessionNotListed => Self::Maybe,
            Spared::No | Spared::AccountNotListed | Spared::NeverWithBoundary => Self::No,
        }
    }
}

impl Principals {
    /// Returns how directly the statement names the caller, or `None` if it does not.
    ///
    /// An allowing `NotPrincipal`, which AWS no longer accepts, names everybody whom `Principal` with the same list does
    /// not name.
    pub fn grant(&self, caller: &RequestPrincipal<'_>) -> Option<Grant> {
        let strongest = self.named.iter().filter_map(|named| named.grant(caller)).max();
        match (self.negated, strongest) {
            (false, grant) => grant,
            (true, None) => Some(Grant::Everyone),
            (true, Some(_)) => None,
        }
    }

    /// Returns whether a denying `NotPrincipal` with this list spares the caller.
    ///
    /// AWS checks the account first, then the user or role, then the session, so that each has to be listed: a list of
    /// a user and the account's root denies the account's other users (IAM User Guide, "AWS JSON policy elements:
    /// NotPrincipal"). Whether the session has to be listed in addition to its role depends on the service.
    pub fn spared(&self, query: &Query<'_>) -> Spared {
        use RequestPrincipalKind::{FederatedUser, Other, Role, RoleSession, Root, User};
        let caller = &query.caller;
        if query.has_boundary && matches!(caller.kind, User | Role | RoleSession { .. } | FederatedUser { .. }) {
            return Spared::NeverWithBoundary;
        }
        let (mut account, mut owner, mut itself) = (false, false, false);
        for named in &self.named {
            match named.grant(caller) {
                Some(Grant::Everyone) => return Spared::Yes,
                Some(Grant::Account) => account = true,
                Some(Grant::Owner) => owner = true,
                Some(Grant::Itself) => itself = true,
                None => {}
            }
        }
        let has_account = account || caller.account.is_empty();
        match caller.kind {
            Root if account => Spared::Yes,
            Root => Spared::No,
            _ if !owner && !itself => Spared::No,
            _ if !has_account => Spared::AccountNotListed,
            User | Other | FederatedUser { .. } if itself => Spared::Yes,
            RoleSession { .. } if owner && itself => Spared::Yes,
            Role | RoleSession { .. } | FederatedUser { .. } if owner => Spared::SessionNotListed,
            _ => Spared::No,
        }
    }
}
