//! The policies of a user or role: which are attached, and the text of each.
//!
//! The lists need only a name, so they are read at the same time as the entity itself; the texts are read by name, when
//! it is known which of them matter. Every list is followed to its end, throttled calls are repeated, and each piece that
//! cannot be read is recorded as such.

use super::account::Clients;
use super::api::Api;
use super::call_runner::{CallRunner, unreadable};
use super::service_role::trust;
use crate::evidence::{
    Entity, Holder, HolderKind, IdentityPolicies, Observation, PolicyContent, PolicyQuestion, PolicyRef,
};
use crate::iam::Arn;
use aws_sdk_iam::types::{AttachedPermissionsBoundary, Tag};
use futures_util::future::join_all;
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;

/// Reads under way at once.
const AT_ONCE: usize = 4;

/// The most entries of one list that are kept, over all pages; IAM's quotas are far below.
const MOST_ENTRIES: usize = 1_000;

/// What IAM returns about a user or role, and its ARN.
pub(super) struct Attached {
    pub(super) arn: Option<Arn>,
    pub(super) policies: IdentityPolicies,
}

/// Reads a role and what is attached to it.
pub(super) async fn of_role(clients: &Clients, calls: &CallRunner, name: &str) -> Attached {
    let endpoint = clients.endpoint("iam");
    let get = || clients.iam.get_role().role_name(name).send();
    let role = calls.to(Api::GetRole, &endpoint).shared(&[name]).retried();
    let (role, holder) = tokio::join!(role.ask(get), holder(clients, calls, HolderKind::Role, name));
    let mut arn = None;
    let entity = role.and_then(|output| match output.role().filter(|role| role.role_name() == name) {
        Some(role) => {
            arn = role.arn().parse().ok();
            let entity = entity(role.permissions_boundary(), role.tags());
            Observation::Seen(Entity { trust: trust(role), ..entity })
        }
        None => unreadable(&endpoint, "the answer does not hold the role"),
    });
    let groups = Observation::Seen(Vec::new());
    let policies = IdentityPolicies { entity, holders: vec![holder], groups, texts: Vec::new() };
    Attached { arn, policies }
}

/// Reads a user, its groups, and what is attached to them.
pub(super) async fn of_user(clients: &Clients, calls: &CallRunner, name: &str) -> Attached {
    let endpoint = clients.endpoint("iam");
    let get = || clients.iam.get_user().user_name(name).send();
    let user = calls.to(Api::GetUser, &endpoint).shared(&[name]).retried();
    let (user, own, (groups, holders)) =
        tokio::join!(user.ask(get), holder(clients, calls, HolderKind::User, name), groups(clients, calls, name));
    let entity = user.and_then(|output| match output.user().filter(|user| user.user_name() == name) {
        Some(user) => Observation::Seen(entity(user.permissions_boundary(), user.tags())),
        None => unreadable(&endpoint, "the answer does not hold the user"),
    });
    let policies = IdentityPolicies { entity, holders: [vec![own], holders].concat(), groups, texts: Vec::new() };
    Attached { arn: None, policies }
}

fn entity(boundary: Option<&AttachedPermissionsBoundary>, tags: &[Tag]) -> Entity {
    Entity {
        boundary: boundary.and_then(|boundary| boundary.permissions_boundary_arn()).map(str::to_owned),
        tags: tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect(),
        trust: None,
    }
}

/// Lists a user's groups, and what is attached to each.
async fn groups(clients: &Clients, calls: &CallRunner, user: &str) -> (Observation<Vec<String>>, Vec<Holder>) {
    let list = || async {
        let mut pages = clients.iam.list_groups_for_user().user_name(user).into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(group) = pages.try_next().await? {
            names.push(group.group_name().to_owned());
            if names.len() > MOST_ENTRIES {
                break;
            }
        }
        Ok(names)
    };
    let endpoint = clients.endpoint("iam");
    let names = calls.to(Api::ListGroupsForUser, &endpoint).shared(&[user]).retried().ask(list).await;
    let names = names.and_then(|names| bounded(&names, &endpoint));
    let permits = Semaphore::new(AT_ONCE);
    let looks = names.seen().into_iter().flatten().map(|name| (name, calls.branch()));
    let holders = join_all(looks.map(async |(name, calls)| {
        // The semaphore is never closed; without a permit the calls would only be less polite.
        let _permit = permits.acquire().await;
        holder(clients, &calls, HolderKind::Group, name).await
    }))
    .await;
    (names, holders)
}

fn bounded(entries: &[String], endpoint: &str) -> Observation<Vec<String>> {
    if entries.len() > MOST_ENTRIES {
        return unreadable(endpoint, "the list is longer than IAM's quotas allow");
    }
    Observation::Seen(entries.to_vec())
}

/// Lists what is attached to a user, group or role.
async fn holder(clients: &Clients, calls: &CallRunner, kind: HolderKind, name: &str) -> Holder {
    let (managed, inline) = tokio::join!(managed(clients, calls, kind, name), inline(clients, calls, kind, name));
    Holder { kind, name: name.to_owned(), managed, inline }
}

/// Follows one of IAM's lists to its end, and takes something of each item.
macro_rules! list {
    ($clients:ident, $calls:ident, $name:ident, $api:expr, $request:expr, $take:expr) => {{
        let list = || async {
            let mut items = $request.into_paginator().items().send();
            let mut taken: Vec<String> = Vec::new();
            while let Some(item) = items.try_next().await? {
                taken.extend($take(item));
                if taken.len() > MOST_ENTRIES {
                    break;
                }
            }
            Ok(taken)
        };
        let endpoint = $clients.endpoint("iam");
        let taken = $calls.to($api, &endpoint).shared(&[$name]).retried().ask(list).await;
        taken.and_then(|taken| bounded(&taken, &endpoint))
    }};
}

async fn managed(clients: &Clients, calls: &CallRunner, kind: HolderKind, name: &str) -> Observation<Vec<String>> {
    let arn = |policy: aws_sdk_iam::types::AttachedPolicy| policy.policy_arn;
    let iam = &clients.iam;
    match kind {
        HolderKind::Role => {
            let request = || iam.list_attached_role_policies().role_name(name);
            list!(clients, calls, name, Api::ListAttachedRolePolicies, request(), arn)
        }
        HolderKind::User => {
            let request = || iam.list_attached_user_policies().user_name(name);
            list!(clients, calls, name, Api::ListAttachedUserPolicies, request(), arn)
        }
        HolderKind::Group => {
            let request = || iam.list_attached_group_policies().group_name(name);
            list!(clients, calls, name, Api::ListAttachedGroupPolicies, request(), arn)
        }
    }
}

async fn inline(clients: &Clients, calls: &CallRunner, kind: HolderKind, name: &str) -> Observation<Vec<String>> {
    let iam = &clients.iam;
    match kind {
        HolderKind::Role => {
            list!(clients, calls, name, Api::ListRolePolicies, iam.list_role_policies().role_name(name), Some)
        }
        HolderKind::User => {
            list!(clients, calls, name, Api::ListUserPolicies, iam.list_user_policies().user_name(name), Some)
        }
        HolderKind::Group => {
            list!(clients, calls, name, Api::ListGroupPolicies, iam.list_group_policies().group_name(name), Some)
        }
    }
}

/// Reads policies, in the order of the questions.
pub(super) async fn read_all(
    clients: &Clients,
    calls: &CallRunner,
    questions: &[PolicyQuestion],
) -> Vec<Observation<PolicyContent>> {
    let permits = Semaphore::new(AT_ONCE);
    let questions = questions.iter().map(|question| (question, calls.branch()));
    join_all(questions.map(async |(PolicyQuestion { policy, known_version }, calls)| {
        let _permit = permits.acquire().await;
        match policy {
            PolicyRef::Managed(arn) => read_managed(clients, &calls, arn, known_version.as_deref()).await,
            PolicyRef::Inline { holder, entity, policy } => read_inline(clients, &calls, *holder, entity, policy).await,
        }
    }))
    .await
}

/// Reads the default version of a managed policy, unless its text is already known.
async fn read_managed(
    clients: &Clients,
    calls: &CallRunner,
    arn: &str,
    known_version: Option<&str>,
) -> Observation<PolicyContent> {
    let endpoint = clients.endpoint("iam");
    let get = || clients.iam.get_policy().policy_arn(arn).send();
    let policy = calls.to(Api::GetPolicy, &endpoint).shared(&[arn]).retried().ask(get).await;
    let version = policy.and_then(|output| {
        match output.policy().and_then(|policy| policy.default_version_id()).map(str::to_owned) {
            Some(version) => Observation::Seen(version),
            None => unreadable(&endpoint, "the answer names no default version"),
        }
    });
    let version = match version {
        Observation::Seen(version) if known_version == Some(&*version) => {
            return Observation::Seen(PolicyContent { version: Some(version), document: None });
        }
        Observation::Seen(version) => version,
        unseen => return unseen.and_then(|_| Observation::default()),
    };
    let get = || clients.iam.get_policy_version().policy_arn(arn).version_id(&version).send();
    let call = calls.to(Api::GetPolicyVersion, &endpoint).shared(&[arn, &version]).retried();
    call.ask(get).await.and_then(|output| {
        let document = output.policy_version().and_then(|version| version.document());
        content(Some(version.clone()), document, &endpoint)
    })
}

async fn read_inline(
    clients: &Clients,
    calls: &CallRunner,
    holder: HolderKind,
    entity: &str,
    policy: &str,
) -> Observation<PolicyContent> {
    let endpoint = clients.endpoint("iam");
    let iam = &clients.iam;
    let about = [entity, policy];
    let document = match holder {
        HolderKind::Role => {
            let get = || iam.get_role_policy().role_name(entity).policy_name(policy).send();
            let answer = calls.to(Api::GetRolePolicy, &endpoint).shared(&about).retried().ask(get).await;
            answer.and_then(|output| Observation::Seen(output.policy_document().to_owned()))
        }
        HolderKind::User => {
            let get = || iam.get_user_policy().user_name(entity).policy_name(policy).send();
            let answer = calls.to(Api::GetUserPolicy, &endpoint).shared(&about).retried().ask(get).await;
            answer.and_then(|output| Observation::Seen(output.policy_document().to_owned()))
        }
        HolderKind::Group => {
            let get = || iam.get_group_policy().group_name(entity).policy_name(policy).send();
            let answer = calls.to(Api::GetGroupPolicy, &endpoint).shared(&about).retried().ask(get).await;
            answer.and_then(|output| Observation::Seen(output.policy_document().to_owned()))
        }
    };
    document.and_then(|document| content(None, Some(&document), &endpoint))
}

/// Decodes a document, which IAM sends percent-encoded (IAM API Reference, "GetRolePolicy").
fn content(version: Option<String>, document: Option<&str>, endpoint: &str) -> Observation<PolicyContent> {
    match document.map(|document| percent_decode_str(document).decode_utf8()) {
        Some(Ok(text)) => Observation::Seen(PolicyContent { version, document: Some(text.into_owned()) }),
        Some(Err(_)) => unreadable(endpoint, "the policy's text is not UTF-8"),
        None => unreadable(endpoint, "the answer holds no policy document"),
    }
}
