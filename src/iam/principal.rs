//! Principals: who calls, read from the ARN that STS or IAM prints.
//!
//! The forms are those of the IAM User Guide, "GetCallerIdentity" and "IAM identifiers". What an ARN cannot
//! tell (a Lambda function's session is named like the function) is told by hints from outside.

use super::Arn;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of principal an ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrincipalKind {
    /// The account's root user: `arn:aws:iam::ACCOUNT:root`.
    Root,
    /// An IAM user: `arn:aws:iam::ACCOUNT:user/PATH/NAME`.
    IamUser,
    /// An IAM role: `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
    IamRole,
    /// A role's session: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    AssumedRole,
    /// A session of a permission set of IAM Identity Center: `…:assumed-role/AWSReservedSSO_…/USER`.
    IdentityCenter,
    /// The role of an EC2 instance: the session is the instance's id.
    Ec2Instance,
    /// The execution role of a Lambda function.
    LambdaFunction,
    /// The task role of an ECS task: the session is the task's id.
    EcsTask,
    /// A role through EKS Pod Identity: the session starts with `eks-`.
    EksPod,
    /// A service-linked role: `…:assumed-role/AWSServiceRoleFor…/…`.
    ServiceLinkedRole,
    /// A session of `GetFederationToken`: `arn:aws:sts::ACCOUNT:federated-user/NAME`.
    FederatedUser,
    /// None of the forms above.
    Other,
}

/// Returns `true` if an ARN is that of a session that LiteLLM makes by `AssumeRoleWithWebIdentity`, where it attaches a session
/// policy of its own.
///
/// The name is the one that LiteLLM's source gives (`base_aws_llm.py`, versions up to November 2026) where none is configured.
#[must_use]
pub fn is_session_of_litellm(arn: &str) -> bool {
    arn.contains(":assumed-role/") && arn.ends_with("/litellm-session")
}

impl PrincipalKind {
    /// Returns the kebab-case name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::IamUser => "iam-user",
            Self::IamRole => "iam-role",
            Self::AssumedRole => "assumed-role",
            Self::IdentityCenter => "identity-center",
            Self::Ec2Instance => "ec2-instance",
            Self::LambdaFunction => "lambda-function",
            Self::EcsTask => "ecs-task",
            Self::EksPod => "eks-pod",
            Self::ServiceLinkedRole => "service-linked-role",
            Self::FederatedUser => "federated-user",
            Self::Other => "other",
        }
    }

    /// Returns `true` if the principal is the session of a role, which a session policy may restrict further.
    #[must_use]
    pub fn is_role_session(self) -> bool {
        matches!(
            self,
            Self::AssumedRole
                | Self::IdentityCenter
                | Self::Ec2Instance
                | Self::LambdaFunction
                | Self::EcsTask
                | Self::EksPod
                | Self::ServiceLinkedRole
        )
    }
}

impl fmt::Display for PrincipalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A principal: its ARN as printed by AWS, and the kind that the ARN shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The ARN as STS or IAM prints it.
    pub arn: Arn,
    /// The kind, kept beside the ARN so that a redacted ARN still tells it.
    pub kind: PrincipalKind,
}

impl Principal {
    /// Reads the kind from an ARN.
    ///
    /// ```
    /// # use bedrock_access::iam::{Principal, PrincipalKind};
    /// let caller = Principal::new("arn:aws:sts::111122223333:assumed-role/app/i-0abcdef0123456789".parse()?);
    /// assert_eq!(caller.kind, PrincipalKind::Ec2Instance);
    /// # Ok::<(), bedrock_access::iam::ArnError>(())
    /// ```
    #[must_use]
    pub fn new(arn: Arn) -> Self {
        let kind = kind_of(&arn);
        Self { arn, kind }
    }

    /// Makes the session of a role a Lambda function's, where the session bears the function's name.
    #[must_use]
    pub fn with_lambda_function(mut self, function: Option<&str>) -> Self {
        if self.kind == PrincipalKind::AssumedRole && function.is_some() && self.session_name() == function {
            self.kind = PrincipalKind::LambdaFunction;
        }
        self
    }

    /// Returns the name of the role that a session or role ARN names, without its path.
    #[must_use]
    pub fn role_name(&self) -> Option<&str> {
        match self.arn.resource_type() {
            "assumed-role" => self.arn.resource_id().split('/').next(),
            "role" => Some(self.arn.resource_name()),
            _ => None,
        }
    }

    /// Returns the name of the IAM user that the ARN names, without its path.
    #[must_use]
    pub fn user_name(&self) -> Option<&str> {
        (self.kind == PrincipalKind::IamUser).then(|| self.arn.resource_name())
    }

    /// Returns `true` if an ARN names the same user or role: sessions of one role are one entity, whatever their names
    /// and whether the ARN has the role's path.
    #[must_use]
    pub fn is_same_entity(&self, other: &Arn) -> bool {
        let other = Self::new(other.clone());
        let (ours, theirs) = (&self.arn, &other.arn);
        if (&ours.partition, &ours.account) != (&theirs.partition, &theirs.account) {
            return false;
        }
        match (self.role_name(), other.role_name()) {
            (Some(ours), Some(theirs)) => ours == theirs,
            (None, None) => self.user_name().is_some_and(|user| other.user_name() == Some(user)) || ours == theirs,
            _ => false,
        }
    }

    /// Returns the name of a role's session.
    #[must_use]
    pub fn session_name(&self) -> Option<&str> {
        if self.arn.resource_type() != "assumed-role" {
            return None;
        }
        self.arn.resource_id().split_once('/').map(|(_, session)| session)
    }
}

fn kind_of(arn: &Arn) -> PrincipalKind {
    match (arn.service.as_str(), arn.resource_type()) {
        ("iam", "root") => PrincipalKind::Root,
        ("iam", "user") => PrincipalKind::IamUser,
        ("iam", "role") => PrincipalKind::IamRole,
        ("sts", "federated-user") => PrincipalKind::FederatedUser,
        ("sts", "assumed-role") => {
            let (role, session) = arn.resource_id().split_once('/').unwrap_or((arn.resource_id(), ""));
            session_kind(role, session)
        }
        _ => PrincipalKind::Other,
    }
}

fn session_kind(role: &str, session: &str) -> PrincipalKind {
    let is_hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    if role.starts_with("AWSReservedSSO_") {
        PrincipalKind::IdentityCenter
    } else if role.starts_with("AWSServiceRoleFor") {
        PrincipalKind::ServiceLinkedRole
    } else if session.strip_prefix("i-").is_some_and(|id| matches!(id.len(), 8 | 17) && is_hex(id)) {
        PrincipalKind::Ec2Instance
    } else if session.starts_with("eks-") {
        PrincipalKind::EksPod
    } else if session.len() == 32 && is_hex(session) {
        PrincipalKind::EcsTask
    } else {
        PrincipalKind::AssumedRole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(arn: &str) -> Principal {
        Principal::new(arn.parse().unwrap())
    }

    #[test]
    fn every_form_has_its_kind() {
        for (arn, kind) in [
            ("arn:aws:iam::111122223333:root", PrincipalKind::Root),
            ("arn:aws:iam::111122223333:user/team/ana", PrincipalKind::IamUser),
            ("arn:aws:iam::111122223333:user/BedrockAPIKey-ab12", PrincipalKind::IamUser),
            ("arn:aws:iam::111122223333:role/apps/chat", PrincipalKind::IamRole),
            ("arn:aws:sts::111122223333:assumed-role/chat/session", PrincipalKind::AssumedRole),
            (
                "arn:aws-us-gov:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ana@example.com",
                PrincipalKind::IdentityCenter,
            ),
            ("arn:aws:sts::111122223333:assumed-role/web/i-0abcdef0123456789", PrincipalKind::Ec2Instance),
            ("arn:aws:sts::111122223333:assumed-role/web/i-am-not-an-instance", PrincipalKind::AssumedRole),
            ("arn:aws:sts::111122223333:assumed-role/task/0123456789abcdef0123456789abcdef", PrincipalKind::EcsTask),
            ("arn:aws:sts::111122223333:assumed-role/pod/eks-cluster-pod-1", PrincipalKind::EksPod),
            (
                "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonBedrock/x",
                PrincipalKind::ServiceLinkedRole,
            ),
            ("arn:aws:sts::111122223333:federated-user/ana", PrincipalKind::FederatedUser),
            ("arn:aws:s3:::bucket", PrincipalKind::Other),
        ] {
            assert_eq!(principal(arn).kind, kind, "{arn}");
        }
    }

    #[test]
    fn a_lambda_session_is_told_by_the_functions_name() {
        let session = principal("arn:aws:sts::111122223333:assumed-role/exec/my-function");
        assert_eq!(session.clone().with_lambda_function(Some("other")).kind, PrincipalKind::AssumedRole);
        assert_eq!(session.with_lambda_function(Some("my-function")).kind, PrincipalKind::LambdaFunction);
    }

    #[test]
    fn sessions_of_one_role_are_one_entity() {
        let caller = principal("arn:aws:sts::111122223333:assumed-role/chat-api/one");
        for (other, same) in [
            ("arn:aws:sts::111122223333:assumed-role/chat-api/two", true),
            ("arn:aws:iam::111122223333:role/apps/chat-api", true),
            ("arn:aws:iam::444455556666:role/apps/chat-api", false),
            ("arn:aws:iam::111122223333:role/apps/chat", false),
            ("arn:aws:iam::111122223333:user/chat-api", false),
            ("arn:aws:iam::111122223333:root", false),
        ] {
            assert_eq!(caller.is_same_entity(&other.parse().unwrap()), same, "{other}");
        }
        let user = principal("arn:aws:iam::111122223333:user/platform/ana");
        assert!(user.is_same_entity(&"arn:aws:iam::111122223333:user/ana".parse().unwrap()));
        assert!(principal("arn:aws:iam::1:root").is_same_entity(&"arn:aws:iam::1:root".parse().unwrap()));
    }

    #[test]
    fn names_come_without_their_paths() {
        assert_eq!(principal("arn:aws:iam::1:role/a/b/chat").role_name(), Some("chat"));
        assert_eq!(principal("arn:aws:sts::1:assumed-role/chat/s").role_name(), Some("chat"));
        assert_eq!(principal("arn:aws:sts::1:assumed-role/chat/s").session_name(), Some("s"));
        assert_eq!(principal("arn:aws:iam::1:user/a/ana").user_name(), Some("ana"));
        assert_eq!(principal("arn:aws:iam::1:root").user_name(), None);
    }
}
