//! IAM, for reading: users, roles, groups, and the policies attached to them.
//!
//! Shapes follow the IAM API Reference; documents go out percent-encoded (RFC 3986), as IAM sends them.

use crate::iam::{Arn, ContextKeys};
use crate::policy;
use crate::sandbox::call::{CREATED, Call};
use crate::sandbox::ids;
use crate::sandbox::page::Page;
use crate::sandbox::refusal::{Refusal, required};
use crate::sandbox::wire::Reply;
use crate::sandbox::world::{AttachedPolicy, Group, ManagedPolicy, PrincipalFacts, World};
use crate::sandbox::xml::Xml;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 3986 leaves unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Answers a call that reads.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.operation.name {
        "iam:GetRole" => get_role(call),
        "iam:GetUser" => get_user(call),
        "iam:GetPolicy" => get_policy(call),
        "iam:GetPolicyVersion" => get_policy_version(call),
        "iam:ListPolicyVersions" => list_policy_versions(call),
        "iam:ListGroupsForUser" => list_groups(call),
        "iam:GetRolePolicy" | "iam:GetUserPolicy" | "iam:GetGroupPolicy" => get_inline(call),
        "iam:ListRolePolicies" | "iam:ListUserPolicies" | "iam:ListGroupPolicies" => list_inline(call),
        _ => list_attached(call),
    }
}

/// A user, role or group.
#[derive(Clone, Copy)]
pub(super) enum Entity<'a> {
    Principal(&'a PrincipalFacts),
    Group(&'a Group),
}

impl<'a> Entity<'a> {
    /// Returns the ARN.
    pub(super) fn arn(self) -> &'a Arn {
        match self {
            Self::Principal(facts) => &facts.arn,
            Self::Group(group) => &group.arn,
        }
    }

    /// Returns the name without its path.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Principal(facts) => facts.name(),
            Self::Group(group) => group.name(),
        }
    }

    /// Returns the path, with a slash at both ends.
    pub(super) fn path(self) -> &'a str {
        match self {
            Self::Principal(facts) => facts.path(),
            Self::Group(group) => group.path(),
        }
    }

    fn policies(self) -> &'a [AttachedPolicy] {
        match self {
            Self::Principal(facts) => &facts.policies,
            Self::Group(group) => &group.policies,
        }
    }

    fn managed_policies(self) -> &'a [ManagedPolicy] {
        match self {
            Self::Principal(facts) => &facts.managed_policies,
            Self::Group(group) => &group.managed_policies,
        }
    }
}

/// Authorizes the call on the entity that it names, and finds it.
///
/// IAM authorizes first: a caller without the permission learns nothing about what there is.
pub(super) fn entity<'a>(call: &Call<'a>, kind: &str, keys: &ContextKeys) -> Result<Entity<'a>, Refusal> {
    let parameter = match kind {
        "role" => "RoleName",
        "user" => "UserName",
        _ => "GroupName",
    };
    let world: &'a World = call.world();
    let name = match call.operation.form.get(parameter) {
        // GetUser without a name is about the caller.
        None if call.operation.name == "iam:GetUser" && !call.caller.facts.is_role() => call.caller.facts.name(),
        _ => required(&call.operation.form, parameter)?,
    };
    let account = &call.caller.facts.arn.account;
    let principal = || {
        let matches = |facts: &&PrincipalFacts| {
            facts.is_role() == (kind == "role") && facts.name() == name && facts.arn.account == *account
        };
        world.principals.iter().find(matches).map(Entity::Principal)
    };
    let found = match kind {
        "group" => {
            world.groups.iter().find(|group| group.name() == name && group.arn.account == *account).map(Entity::Group)
        }
        _ => principal(),
    };
    let arn = match found {
        Some(entity) => entity.arn().to_string(),
        None => Arn::new(world.partition(), "iam", "", account, &format!("{kind}/{name}")).to_string(),
    };
    call.require(call.operation.name, &arn, Some(&format!("{kind} {name}")), keys)?;
    found.ok_or_else(|| Refusal::no_such_entity(format!("The {kind} with name {name} cannot be found.")))
}

/// Returns the kind of entity that an operation is about, which its name tells.
pub(super) fn kind_of(operation: &str) -> &'static str {
    if operation.contains("Role") {
        "role"
    } else if operation.contains("User") {
        "user"
    } else {
        "group"
    }
}

fn get_role(call: &Call<'_>) -> Result<Reply, Refusal> {
    let Entity::Principal(role) = entity(call, "role", &ContextKeys::new())? else {
        return Err(Refusal::internal(call.service));
    };
    Ok(call.query_reply(|xml| {
        xml.element("Role", |xml| {
            xml.leaf("Path", role.path())
                .leaf("RoleName", role.name())
                .leaf("RoleId", &role.unique_id())
                .leaf("Arn", &role.arn.to_string())
                .leaf("CreateDate", CREATED);
            if let Some(trust) = &role.trust {
                xml.leaf("AssumeRolePolicyDocument", &encode(trust.as_str()));
            }
            xml.leaf("MaxSessionDuration", "3600");
            write_boundary(xml, role);
            write_tags(xml, role);
        });
    }))
}

fn get_user(call: &Call<'_>) -> Result<Reply, Refusal> {
    let Entity::Principal(user) = entity(call, "user", &ContextKeys::new())? else {
        return Err(Refusal::internal(call.service));
    };
    Ok(call.query_reply(|xml| {
        xml.element("User", |xml| {
            xml.leaf("Path", user.path())
                .leaf("UserName", user.name())
                .leaf("UserId", &user.unique_id())
                .leaf("Arn", &user.arn.to_string())
                .leaf("CreateDate", CREATED);
            write_boundary(xml, user);
            write_tags(xml, user);
        });
    }))
}

fn write_boundary(xml: &mut Xml, facts: &PrincipalFacts) {
    if let Some(boundary) = &facts.boundary {
        xml.element("PermissionsBoundary", |xml| {
            xml.leaf("PermissionsBoundaryType", "PermissionsBoundaryPolicy")
                .leaf("PermissionsBoundaryArn", &boundary.arn(&facts.arn.partition));
        });
    }
}

fn write_tags(xml: &mut Xml, facts: &PrincipalFacts) {
    if !facts.tags.is_empty() {
        xml.list("Tags", &facts.tags, |xml, (key, value)| {
            xml.leaf("Key", key).leaf("Value", value);
        });
    }
}

fn list_groups(call: &Call<'_>) -> Result<Reply, Refusal> {
    let Entity::Principal(user) = entity(call, "user", &ContextKeys::new())? else {
        return Err(Refusal::internal(call.service));
    };
    let groups = call.world().groups.iter().filter(|group| user.groups.iter().any(|name| name == group.name()));
    Ok(call.query_reply(|xml| {
        xml.list("Groups", groups, |xml, group| {
            xml.leaf("Path", group.path())
                .leaf("GroupName", group.name())
                .leaf("GroupId", &ids::unique_id("AGPA", &group.arn.to_string()))
                .leaf("Arn", &group.arn.to_string())
                .leaf("CreateDate", CREATED);
        })
        .leaf("IsTruncated", "false");
    }))
}

fn list_inline(call: &Call<'_>) -> Result<Reply, Refusal> {
    let policies = entity(call, kind_of(call.operation.name), &ContextKeys::new())?.policies();
    let page = Page::from_form(&call.operation.form, policies.len())?;
    Ok(call.query_reply(|xml| {
        let names = policies.iter().map(|policy| policy.name.as_str());
        xml.texts("PolicyNames", names.skip(page.start).take(page.length));
        page.write_end(xml);
    }))
}

fn get_inline(call: &Call<'_>) -> Result<Reply, Refusal> {
    let kind = kind_of(call.operation.name);
    let policies = entity(call, kind, &ContextKeys::new())?.policies();
    let name = required(&call.operation.form, "PolicyName")?;
    let policy = policies
        .iter()
        .find(|policy| policy.name == name)
        .ok_or_else(|| Refusal::no_such_entity(format!("The {kind} policy with name {name} cannot be found.")))?;
    Ok(call.query_reply(|xml| {
        for parameter in ["RoleName", "UserName", "GroupName"] {
            xml.optional(parameter, call.operation.form.get(parameter));
        }
        xml.leaf("PolicyName", &policy.name).leaf("PolicyDocument", &encode(policy.document.as_str()));
    }))
}

fn list_attached(call: &Call<'_>) -> Result<Reply, Refusal> {
    let policies = entity(call, kind_of(call.operation.name), &ContextKeys::new())?.managed_policies();
    let partition = call.world().partition();
    let page = Page::from_form(&call.operation.form, policies.len())?;
    Ok(call.query_reply(|xml| {
        xml.list("AttachedPolicies", policies.iter().skip(page.start).take(page.length), |xml, policy| {
            xml.leaf("PolicyName", policy.name()).leaf("PolicyArn", &policy.arn(partition));
        });
        page.write_end(xml);
    }))
}

/// A managed policy: its ARN, the number of its default version, and its versions.
struct Managed {
    arn: String,
    default: String,
    /// Ids and texts.
    versions: Vec<(String, String)>,
}

/// Authorizes the call on the managed policy that it names, and finds the policy.
fn managed_policy(call: &Call<'_>) -> Result<Managed, Refusal> {
    let arn = required(&call.operation.form, "PolicyArn")?;
    call.require(call.operation.name, arn, Some(&format!("policy {arn}")), &ContextKeys::new())?;
    let missing = || Refusal::no_such_entity(format!("Policy {arn} was not found."));
    if arn.contains(":iam::aws:policy/") {
        let policy = policy::ManagedPolicy::find(arn).ok_or_else(missing)?;
        let (default, text) = (policy.version.clone(), format!("{:#}", policy.json));
        return Ok(Managed { arn: arn.to_owned(), default: default.clone(), versions: vec![(default, text)] });
    }
    let known = call.world().policy_versions(arn).ok_or_else(missing)?;
    let id = |number: u32| format!("v{number}");
    let versions = known.versions.iter().map(|version| (id(version.number), version.document.as_str().to_owned()));
    Ok(Managed { arn: arn.to_owned(), default: id(known.default), versions: versions.collect() })
}

fn get_policy(call: &Call<'_>) -> Result<Reply, Refusal> {
    let Managed { arn, default, .. } = managed_policy(call)?;
    let name = arn.rsplit('/').next().unwrap_or_default();
    let id = ids::unique_id("ANPA", &arn);
    Ok(call.query_reply(|xml| {
        xml.element("Policy", |xml| {
            xml.leaf("PolicyName", name)
                .leaf("PolicyId", &id)
                .leaf("Arn", &arn)
                .leaf("Path", "/")
                .leaf("DefaultVersionId", &default)
                .leaf("IsAttachable", "true")
                .leaf("CreateDate", CREATED)
                .leaf("UpdateDate", CREATED);
        });
    }))
}

fn get_policy_version(call: &Call<'_>) -> Result<Reply, Refusal> {
    let policy = managed_policy(call)?;
    let wanted = required(&call.operation.form, "VersionId")?;
    let (id, text) = policy.versions.iter().find(|(id, _)| id == wanted).ok_or_else(|| {
        Refusal::no_such_entity(format!("Policy {} version {wanted} does not exist or is not attachable.", policy.arn))
    })?;
    Ok(call.query_reply(|xml| {
        xml.element("PolicyVersion", |xml| {
            xml.leaf("Document", &encode(text));
            write_version(xml, id, &policy.default);
        });
    }))
}

fn list_policy_versions(call: &Call<'_>) -> Result<Reply, Refusal> {
    let policy = managed_policy(call)?;
    let page = Page::from_form(&call.operation.form, policy.versions.len())?;
    Ok(call.query_reply(|xml| {
        let newest_first = policy.versions.iter().rev().skip(page.start).take(page.length);
        xml.list("Versions", newest_first, |xml, (id, _)| write_version(xml, id, &policy.default));
        page.write_end(xml);
    }))
}

fn write_version(xml: &mut Xml, id: &str, default: &str) {
    xml.leaf("VersionId", id)
        .leaf("IsDefaultVersion", if id == default { "true" } else { "false" })
        .leaf("CreateDate", CREATED);
}

fn encode(document: &str) -> String {
    utf8_percent_encode(document, ENCODED).to_string()
}
