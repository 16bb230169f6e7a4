//! The question put to policies, prepared once so that a statement is compared and not parsed.

use super::fold_hash::fold_hash;
use super::{Policies, Question};
use crate::iam::{ContextKeys, ContextValue};
use std::collections::HashMap;

/// What is known of a condition key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'q> {
    /// The request does not carry the key.
    Absent,
    Value(&'q ContextValue),
    /// Whether the request carries it, and what, is not known.
    Unknown,
}

/// A question with everything taken apart that statements compare.
#[derive(Debug)]
pub(crate) struct Query<'q> {
    pub action: &'q str,
    /// The action's service, before its first colon.
    pub service: &'q str,
    /// The action's name, behind its first colon.
    pub name: &'q str,
    /// The hashes of service and action, for the index of a document.
    pub service_hash: u64,
    pub action_hash: u64,
    pub resource: &'q str,
    /// The resource's six parts, where it is an ARN.
    pub parts: Option<[&'q str; 6]>,
    pub caller: RequestPrincipal<'q>,
    /// Whether the caller has a permissions boundary.
    pub has_boundary: bool,
    /// Whether a `*` in the request stands for any text, instead of for itself.
    pub is_open: bool,
    context: &'q ContextKeys,
    unknown: &'q [String],
    /// The keys in lower case, where there are too many to look through one by one.
    index: Option<HashMap<String, Known<'q>>>,
}

/// Who asks, read from the ARN as the caller has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestPrincipal<'q> {
    /// The ARN, or a service's name.
    pub text: &'q str,
    /// The account; empty for services and for anonymous callers.
    pub account: &'q str,
    pub kind: RequestPrincipalKind<'q>,
}

/// The kinds of caller that `Principal` elements treat differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestPrincipalKind<'q> {
    Root,
    User,
    /// A role's ARN in place of a session's: evaluated as a session of that role without a name.
    Role,
    /// A session, with its role's name (the path is not in the ARN).
    RoleSession {
        role: &'q str,
    },
    /// A session of `GetFederationToken`, with the name of the user that made it.
    FederatedUser {
        name: &'q str,
    },
    /// An AWS service, such as `lambda.amazonaws.com`, or none of the above.
    Other,
}

impl<'q> Query<'q> {
    pub fn new(question: &Question<'q>) -> Self {
        let request = question.request;
        let (service, name) = split_at(&request.action, b':').unwrap_or(("", &request.action));
        Self {
            action: &request.action,
            service,
            name,
            service_hash: fold_hash(service),
            action_hash: fold_hash(&request.action),
            resource: &request.resource,
            parts: parts(&request.resource),
            caller: RequestPrincipal::new(question.principal),
            has_boundary: false,
            is_open: false,
            context: &request.context,
            unknown: question.unknown,
            index: index(&request.context, question.unknown),
        }
    }

    /// Takes over what the policies say about the caller.
    pub fn with(self, policies: &Policies) -> Self {
        Self { has_boundary: policies.permissions_boundary.is_some(), ..self }
    }

    /// Lets a `*` in the request stand for any text.
    pub fn open(self) -> Self {
        Self { is_open: true, ..self }
    }

    /// Returns `true` if a text of the request stands for more than itself.
    pub fn is_placeholder(&self, text: &str) -> bool {
        self.is_open && text.contains('*')
    }

    /// Looks a condition key up, without regard to case.
    pub fn key(&self, key: &str) -> Known<'q> {
        if let Some(index) = &self.index {
            return index.get(&key.to_ascii_lowercase()).copied().unwrap_or(Known::Absent);
        }
        if self.unknown.iter().any(|unknown| unknown.eq_ignore_ascii_case(key)) {
            return Known::Unknown;
        }
        self.context.get(key).map_or(Known::Absent, Known::Value)
    }

    /// Returns the account that the resource belongs to: a resource without account, such as a foundation
    /// model, and one that AWS owns belong to the caller's.
    pub fn resource_account(&self) -> &'q str {
        match self.parts {
            Some([_, _, _, _, account, _]) if !account.is_empty() && account != "aws" => account,
            _ => self.caller.account,
        }
    }
}

impl<'q> RequestPrincipal<'q> {
    fn new(text: &'q str) -> Self {
        let Some([_, _, service, _, account, resource]) = parts(text) else {
            return Self { text, account: "", kind: RequestPrincipalKind::Other };
        };
        let (resource_type, id) = split_at(resource, b'/').unwrap_or((resource, ""));
        let kind = match (service, resource_type) {
            ("iam", "root") => RequestPrincipalKind::Root,
            ("iam", "user") => RequestPrincipalKind::User,
            ("iam", "role") => RequestPrincipalKind::Role,
            ("sts", "assumed-role") => {
                RequestPrincipalKind::RoleSession { role: split_at(id, b'/').map_or(id, |(role, _)| role) }
            }
            ("sts", "federated-user") => RequestPrincipalKind::FederatedUser { name: id },
            _ => RequestPrincipalKind::Other,
        };
        Self { text, account, kind }
    }

    /// Returns `true` if the caller is a service-linked role, which neither SCPs nor RCPs restrict
    /// (AWS Organizations User Guide, "Service control policies").
    pub fn is_service_linked_role(&self) -> bool {
        match self.kind {
            RequestPrincipalKind::Role => self.text.contains(":role/aws-service-role/"),
            RequestPrincipalKind::RoleSession { role } => role.starts_with("AWSServiceRoleFor"),
            _ => false,
        }
    }
}

/// Indexes the keys where there are many, so that the cost does not grow with keys times conditions.
fn index<'q>(context: &'q ContextKeys, unknown: &[String]) -> Option<HashMap<String, Known<'q>>> {
    const FEW: usize = 40;
    if context.iter().nth(FEW).is_none() && unknown.len() <= FEW {
        return None;
    }
    let known = context.iter().map(|(key, value)| (key.to_ascii_lowercase(), Known::Value(value)));
    // The unknown ones come last, and win.
    Some(known.chain(unknown.iter().map(|key| (key.to_ascii_lowercase(), Known::Unknown))).collect())
}

/// Splits a text at the first of these ASCII characters.
///
/// The texts are short, and a plain walk is quicker than a search that prepares itself.
#[inline]
fn split_at(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == separator)?;
    let (before, behind) = text.split_at_checked(at)?;
    Some((before, behind.get(1..)?))
}

/// Cuts an ARN into its six parts; the last keeps its colons.
pub(crate) fn parts(arn: &str) -> Option<[&str; 6]> {
    let mut rest = arn.strip_prefix("arn:")?;
    let mut next = || {
        let (part, behind) = split_at(rest, b':')?;
        rest = behind;
        Some(part)
    };
    let head = [next()?, next()?, next()?, next()?];
    let [partition, service, region, account] = head;
    Some(["arn", partition, service, region, account, rest])
}
