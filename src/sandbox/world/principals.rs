//! IAM users, roles and groups of a world, with the policies attached to them.

use crate::iam::Arn;
use crate::policy;
use crate::sandbox::ids;
use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A policy document, kept as the file has it: positions in it are those of the world file's own text.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::sandbox) struct PolicyText(Box<RawValue>);

impl PolicyText {
    /// Reads a policy document; `None` where it is not JSON or not a policy.
    pub(in crate::sandbox) fn parse(text: &str) -> Option<Self> {
        policy::Document::parse(text).ok()?;
        RawValue::from_string(text.to_owned()).ok().map(Self)
    }

    /// Returns the document's JSON.
    pub(in crate::sandbox) fn as_str(&self) -> &str {
        self.0.get()
    }
}

/// An IAM user or role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a principal (an object)")]
pub(in crate::sandbox) struct PrincipalFacts {
    /// The ARN, with its path.
    pub(in crate::sandbox) arn: Arn,
    /// The unique id, such as `AROA…`.
    #[serde(default)]
    pub(in crate::sandbox) id: Option<String>,
    /// The access key id that requests are signed with: the user's own, or that of the role's session.
    #[serde(default)]
    pub(in crate::sandbox) access_key: Option<String>,
    /// The name of the role's session.
    #[serde(default)]
    pub(in crate::sandbox) session_name: Option<String>,
    /// When the role's session ends; without it, never.
    #[serde(default, deserialize_with = "timestamp")]
    pub(in crate::sandbox) session_expires: Option<OffsetDateTime>,
    /// When the role's session was made; without it, when it is asked.
    #[serde(default, deserialize_with = "timestamp")]
    pub(in crate::sandbox) session_issued: Option<OffsetDateTime>,
    /// Condition keys that the principal's calls carry, such as `aws:SourceIp`.
    #[serde(default)]
    pub(in crate::sandbox) context: BTreeMap<String, String>,
    /// The policy that was handed over when the session was made.
    #[serde(default)]
    pub(in crate::sandbox) session_policy: Option<PolicyText>,
    /// Inline policies.
    #[serde(default)]
    pub(in crate::sandbox) policies: Vec<AttachedPolicy>,
    /// Managed policies: names of AWS managed policies, or customer managed ones.
    #[serde(default)]
    pub(in crate::sandbox) managed_policies: Vec<ManagedPolicy>,
    /// The permissions boundary.
    #[serde(default)]
    pub(in crate::sandbox) boundary: Option<ManagedPolicy>,
    /// The names of the user's groups.
    #[serde(default)]
    pub(in crate::sandbox) groups: Vec<String>,
    /// The role's trust policy.
    #[serde(default)]
    pub(in crate::sandbox) trust: Option<PolicyText>,
    /// Tags.
    #[serde(default)]
    pub(in crate::sandbox) tags: BTreeMap<String, String>,
}

impl PrincipalFacts {
    /// Returns `true` if it is a role; else it is a user.
    pub(in crate::sandbox) fn is_role(&self) -> bool {
        self.arn.resource_type() == "role"
    }

    /// Returns the name without its path.
    pub(in crate::sandbox) fn name(&self) -> &str {
        self.arn.resource.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the path, with a slash at both ends.
    pub(in crate::sandbox) fn path(&self) -> &str {
        path_of(&self.arn)
    }

    /// Returns the unique id: the one given, or one made of the ARN.
    pub(in crate::sandbox) fn unique_id(&self) -> String {
        let prefix = if self.is_role() { "AROA" } else { "AIDA" };
        self.id.clone().unwrap_or_else(|| ids::unique_id(prefix, &self.arn.to_string()))
    }
}

/// Returns the path in an IAM ARN, with a slash at both ends.
fn path_of(arn: &Arn) -> &str {
    let from_type = arn.resource_type().len();
    let to_name = arn.resource.rfind('/').map_or(from_type, |slash| slash + 1);
    arn.resource.get(from_type..to_name).unwrap_or("/")
}

/// Returns `true` if a text may name the session of a role (STS API Reference, "AssumeRole").
pub(in crate::sandbox) fn is_session_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (2..=64).contains(&name.len()) && name.bytes().all(fits)
}

/// An IAM group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a group (an object)")]
pub(in crate::sandbox) struct Group {
    /// The ARN, with its path.
    pub(in crate::sandbox) arn: Arn,
    /// Inline policies.
    #[serde(default)]
    pub(in crate::sandbox) policies: Vec<AttachedPolicy>,
    /// Managed policies.
    #[serde(default)]
    pub(in crate::sandbox) managed_policies: Vec<ManagedPolicy>,
}

impl Group {
    /// Returns the name without its path.
    pub(in crate::sandbox) fn name(&self) -> &str {
        self.arn.resource.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the path, with a slash at both ends.
    pub(in crate::sandbox) fn path(&self) -> &str {
        path_of(&self.arn)
    }
}

/// An inline policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a policy (an object)")]
pub(in crate::sandbox) struct AttachedPolicy {
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) document: PolicyText,
}

/// A managed policy: AWS's by name, the customer's with its text.
#[derive(Clone, Debug)]
pub(in crate::sandbox) enum ManagedPolicy {
    Aws(String),
    Customer { arn: Arn, document: PolicyText },
}

impl ManagedPolicy {
    /// Returns the policy's name.
    pub(in crate::sandbox) fn name(&self) -> &str {
        match self {
            Self::Aws(name) => name,
            Self::Customer { arn, .. } => arn.resource.rsplit('/').next().unwrap_or_default(),
        }
    }

    /// Returns the policy's ARN in a partition.
    pub(in crate::sandbox) fn arn(&self, partition: &str) -> String {
        match self {
            Self::Aws(name) => format!("arn:{partition}:iam::aws:policy/{name}"),
            Self::Customer { arn, .. } => arn.to_string(),
        }
    }
}

impl ManagedPolicy {
    /// Returns the document's text, where the policy is known.
    pub(in crate::sandbox) fn text(&self) -> Option<String> {
        match self {
            Self::Aws(name) => policy::ManagedPolicy::find(name).map(|policy| format!("{:#}", policy.json)),
            Self::Customer { document, .. } => Some(document.as_str().to_owned()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a policy (an object)")]
struct CustomerManaged {
    arn: Arn,
    document: PolicyText,
}

impl<'de> Deserialize<'de> for ManagedPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not an untagged enum: those buffer the value, and the document's text would be lost.
        struct ManagedVisitor;

        impl<'de> de::Visitor<'de> for ManagedVisitor {
            type Value = ManagedPolicy;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the name of an AWS managed policy, or an object with `arn` and `document`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<ManagedPolicy, E> {
                Ok(ManagedPolicy::Aws(name.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<ManagedPolicy, A::Error> {
                let CustomerManaged { arn, document } =
                    CustomerManaged::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(ManagedPolicy::Customer { arn, document })
            }
        }

        deserializer.deserialize_any(ManagedVisitor)
    }
}

/// Reads a timestamp such as `2026-03-02T09:00:00Z`, or null.
pub(super) fn timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| {
        OffsetDateTime::parse(&text, &Rfc3339)
            .map_err(|_| de::Error::custom(format!("`{text}` is not a timestamp such as `2026-03-02T09:00:00Z`")))
    })
    .transpose()
}
