//! The policies of a user or role: what is attached, and what each policy says.
//!
//! The lists need no more than a name, so they are asked for at the same time as the entity itself; the texts are
//! asked for by name, by whoever knows which of them matter. Every list is followed to its end, throttling slows
//! down, and each piece that cannot be read is recorded as such.

use super::account::Clients;
use super::api::Api;
use super::call::{Caller as Calls, unreadable};
use super::service_role::trust;
use crate::evidence::{
    Call, Entity, Holder, HolderKind, IdentityPolicies, Observation, PolicyContent, PolicyQuestion, PolicyRef,
};
use crate::iam::Arn;
use aws_sdk_iam::types::{AttachedPermissionsBoundary, Tag};
use futures_util::future::join_all;
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;

/// Reads under way at once.
const AT_ONCE: usize = 4;

/// What IAM says of a user or role, and the ARN under which it knows it.
pub(super) struct Look {
    pub(super) arn: Option<Arn>,
    pub(super) policies: IdentityPolicies,
    pub(super) calls: Vec<Call>,
}

/// Looks at a role and what is attached to it.
pub(super) async fn of_role(clients: &Clients, calls: &Calls, name: &str) -> Look {
    let (endpoint, about) = (clients.endpoint("iam"), [name]);
    let get = || clients.iam.get_role().role_name(name).send();
    let ((role, call), (holder, lists)) = tokio::join!(
        calls.patient(Api::GetRole, &endpoint, &about, get),
        holder(clients, calls, HolderKind::Role, name),
    );
    let mut arn = None;
    let entity = role.and_then(|output| match output.role() {
        Some(role) => {
            arn = role.arn().parse().ok();
            let entity = entity(role.permissions_boundary(), role.tags());
            Observation::Seen(Entity { trust: trust(role), ..entity })
        }
        None => unreadable(&endpoint, "the answer holds no role"),
    });
    let groups = Observation::Seen(Vec::new());
    let policies = IdentityPolicies { entity, holders: vec![holder], groups, texts: Vec::new() };
    Look { arn, policies, calls: [vec![call], lists].concat() }
}

/// Looks at a user, its groups, and what is attached to them.
pub(super) async fn of_user(clients: &Clients, calls: &Calls, name: &str) -> Look {
    let (endpoint, about) = (clients.endpoint("iam"), [name]);
    let get = || clients.iam.get_user().user_name(name).send();
    let ((user, call), (own, lists), (groups, holders, group_calls)) = tokio::join!(
        calls.patient(Api::GetUser, &endpoint, &about, get),
        holder(clients, calls, HolderKind::User, name),
        groups(clients, calls, name),
    );
    let entity = user.and_then(|output| match output.user() {
        Some(user) => Observation::Seen(entity(user.permissions_boundary(), user.tags())),
        None => unreadable(&endpoint, "the answer holds no user"),
    });
    let policies = IdentityPolicies { entity, holders: [vec![own], holders].concat(), groups, texts: Vec::new() };
    Look { arn: None, policies, calls: [vec![call], lists, group_calls].concat() }
}

fn entity(boundary: Option<&AttachedPermissionsBoundary>, tags: &[Tag]) -> Entity {
    Entity {
        boundary: boundary.and_then(|boundary| boundary.permissions_boundary_arn()).map(str::to_owned),
        tags: tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect(),
        trust: None,
    }
}

/// Lists a user's groups, and what is attached to each.
async fn groups(clients: &Clients, calls: &Calls, user: &str) -> (Observation<Vec<String>>, Vec<Holder>, Vec<Call>) {
    let list = || async {
        let mut pages = clients.iam.list_groups_for_user().user_name(user).into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(group) = pages.try_next().await? {
            names.push(group.group_name().to_owned());
        }
        Ok(names)
    };
    let (names, call) = calls.patient(Api::ListGroupsForUser, &clients.endpoint("iam"), &[user], list).await;
    let names = names.and_then(|names| Observation::Seen((*names).clone()));
    let permits = Semaphore::new(AT_ONCE);
    let looks = join_all(names.seen().into_iter().flatten().map(async |name| {
        // The semaphore is never closed; without a permit the calls would only be less patient.
        let _permit = permits.acquire().await;
        holder(clients, calls, HolderKind::Group, name).await
    }))
    .await;
    let (holders, lists): (Vec<Holder>, Vec<Vec<Call>>) = looks.into_iter().unzip();
    (names, holders, [vec![call], lists.concat()].concat())
}

/// Lists what is attached to a user, group or role.
async fn holder(clients: &Clients, calls: &Calls, kind: HolderKind, name: &str) -> (Holder, Vec<Call>) {
    let ((managed, managed_call), (inline, inline_call)) =
        tokio::join!(managed(clients, calls, kind, name), inline(clients, calls, kind, name));
    (Holder { kind, name: name.to_owned(), managed, inline }, vec![managed_call, inline_call])
}

/// Follows one of IAM's lists to its end, and takes something of each item.
macro_rules! list {
    ($clients:ident, $calls:ident, $name:ident, $api:expr, $request:expr, $take:expr) => {{
        let list = || async {
            let mut items = $request.into_paginator().items().send();
            let mut taken: Vec<String> = Vec::new();
            while let Some(item) = items.try_next().await? {
                taken.extend($take(item));
            }
            Ok(taken)
        };
        let (taken, call) = $calls.patient($api, &$clients.endpoint("iam"), &[$name], list).await;
        (taken.and_then(|taken| Observation::Seen((*taken).clone())), call)
    }};
}

async fn managed(clients: &Clients, calls: &Calls, kind: HolderKind, name: &str) -> (Observation<Vec<String>>, Call) {
    let arn = |policy: aws_sdk_iam::types::AttachedPolicy| policy.policy_arn;
    let iam = &clients.iam;
    match kind {
        HolderKind::Role => {
            list!(
                clients,
                calls,
                name,
                Api::ListAttachedRolePolicies,
                iam.list_attached_role_policies().role_name(name),
                arn
            )
        }
        HolderKind::User => {
            list!(
                clients,
                calls,
                name,
                Api::ListAttachedUserPolicies,
                iam.list_attached_user_policies().user_name(name),
                arn
            )
        }
        HolderKind::Group => list!(
            clients,
            calls,
            name,
            Api::ListAttachedGroupPolicies,
            iam.list_attached_group_policies().group_name(name),
            arn
        ),
    }
}

async fn inline(clients: &Clients, calls: &Calls, kind: HolderKind, name: &str) -> (Observation<Vec<String>>, Call) {
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
    calls: &Calls,
    questions: &[PolicyQuestion],
) -> Vec<(Observation<PolicyContent>, Vec<Call>)> {
    let permits = Semaphore::new(AT_ONCE);
    join_all(questions.iter().map(async |PolicyQuestion { policy, known_version }| {
        let _permit = permits.acquire().await;
        match policy {
            PolicyRef::Managed(arn) => read_managed(clients, calls, arn, known_version.as_deref()).await,
            PolicyRef::Inline { holder, entity, policy } => {
                let (content, call) = read_inline(clients, calls, *holder, entity, policy).await;
                (content, vec![call])
            }
        }
    }))
    .await
}

/// Reads the default version of a managed policy, unless that is the one whose text is known.
async fn read_managed(
    clients: &Clients,
    calls: &Calls,
    arn: &str,
    known_version: Option<&str>,
) -> (Observation<PolicyContent>, Vec<Call>) {
    let endpoint = clients.endpoint("iam");
    let get = || clients.iam.get_policy().policy_arn(arn).send();
    let (policy, first) = calls.patient(Api::GetPolicy, &endpoint, &[arn], get).await;
    let version = policy.and_then(|output| {
        match output.policy().and_then(|policy| policy.default_version_id()).map(str::to_owned) {
            Some(version) => Observation::Seen(version),
            None => unreadable(&endpoint, "the answer names no default version"),
        }
    });
    let version = match version {
        Observation::Seen(version) if known_version == Some(&*version) => {
            return (Observation::Seen(PolicyContent { version: Some(version), document: None }), vec![first]);
        }
        Observation::Seen(version) => version,
        unseen => {
            let content = unseen.and_then(|_| Observation::default());
            return (content, vec![first]);
        }
    };
    let get = || clients.iam.get_policy_version().policy_arn(arn).version_id(&version).send();
    let (text, second) = calls.patient(Api::GetPolicyVersion, &endpoint, &[arn, &version], get).await;
    let content = text.and_then(|output| {
        let document = output.policy_version().and_then(|version| version.document());
        content(Some(version.clone()), document, &endpoint)
    });
    (content, vec![first, second])
}

async fn read_inline(
    clients: &Clients,
    calls: &Calls,
    holder: HolderKind,
    entity: &str,
    policy: &str,
) -> (Observation<PolicyContent>, Call) {
    let endpoint = clients.endpoint("iam");
    let iam = &clients.iam;
    let (document, call) = match holder {
        HolderKind::Role => {
            let get = || iam.get_role_policy().role_name(entity).policy_name(policy).send();
            let (answer, call) = calls.patient(Api::GetRolePolicy, &endpoint, &[entity, policy], get).await;
            (answer.and_then(|output| Observation::Seen(output.policy_document().to_owned())), call)
        }
        HolderKind::User => {
            let get = || iam.get_user_policy().user_name(entity).policy_name(policy).send();
            let (answer, call) = calls.patient(Api::GetUserPolicy, &endpoint, &[entity, policy], get).await;
            (answer.and_then(|output| Observation::Seen(output.policy_document().to_owned())), call)
        }
        HolderKind::Group => {
            let get = || iam.get_group_policy().group_name(entity).policy_name(policy).send();
            let (answer, call) = calls.patient(Api::GetGroupPolicy, &endpoint, &[entity, policy], get).await;
            (answer.and_then(|output| Observation::Seen(output.policy_document().to_owned())), call)
        }
    };
    (document.and_then(|document| content(None, Some(&document), &endpoint)), call)
}

/// Decodes a document, which IAM sends percent-encoded (IAM API Reference, "GetRolePolicy").
fn content(version: Option<String>, document: Option<&str>, endpoint: &str) -> Observation<PolicyContent> {
    match document.map(|document| percent_decode_str(document).decode_utf8()) {
        Some(Ok(text)) => Observation::Seen(PolicyContent { version, document: Some(text.into_owned()) }),
        Some(Err(_)) => unreadable(endpoint, "the policy's text is not UTF-8"),
        None => unreadable(endpoint, "the answer holds no policy document"),
    }
}
