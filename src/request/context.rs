//! Which condition keys a call to Bedrock carries, and which it certainly lacks.
//!
//! Takes what is known of the caller; completes a requirement's context with what follows from that, and says of any
//! other key whether the call can carry it (IAM User Guide, "AWS global condition context keys"; Service Authorization
//! Reference, "Condition keys for Amazon Bedrock"). A key that is neither is unknown, and never guessed.

use crate::iam::{Arn, ContextKeys};

/// Keys that a principal's call to Bedrock lacks unless its requirement has them: those of a guardrail, profile, router
/// or API key that is not used, of a call that a service makes, and of tags that are given to something new.
const ABSENT_UNLESS_GIVEN: [&str; 13] = [
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:PrincipalServiceName",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:TagKeys",
    "bedrock:BearerTokenType",
    "bedrock:GuardrailIdentifier",
    "bedrock:InferenceProfileArn",
    "bedrock:ModelArn",
    "bedrock:ProjectArn",
    "bedrock:PromptRouterArn",
];

/// What is known of who makes a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct KnownCaller<'c> {
    /// The account.
    pub account: Option<&'c str>,
    /// The ARN of the IAM user or role, with its path; a session's own ARN does not tell it.
    pub entity: Option<&'c Arn>,
    /// Whether it is an IAM user; `None` where that is not known.
    pub is_user: Option<bool>,
    /// Whether every tag that the call carries of its principal is in the requirement's context.
    pub has_all_tags: bool,
}

impl KnownCaller<'_> {
    /// Adds what every call of this caller carries; what the context has already stays.
    pub fn complete(&self, context: &mut ContextKeys) {
        let via_service = context.get("aws:CalledVia").is_some();
        let mut known = vec![
            ("aws:SecureTransport", "true".to_owned()),
            ("aws:ViaAWSService", via_service.to_string()),
            ("aws:PrincipalIsAWSService", "false".to_owned()),
        ];
        known.extend(self.account.map(|account| ("aws:PrincipalAccount", account.to_owned())));
        known.extend(self.entity.map(|arn| ("aws:PrincipalArn", arn.to_string())));
        if let Some(is_user) = self.is_user {
            known.push(("aws:PrincipalType", if is_user { "User" } else { "AssumedRole" }.to_owned()));
        }
        if let (Some(true), Some(user)) = (self.is_user, self.entity) {
            known.push(("aws:username", user.resource_id().rsplit('/').next().unwrap_or_default().to_owned()));
        }
        for (key, value) in known {
            if context.get(key).is_none() {
                context.set(key, value);
            }
        }
    }

    /// Returns `true` if a call on the resource certainly lacks a key that its context does not have.
    #[must_use]
    pub fn certainly_lacks(&self, key: &str, resource: &str) -> bool {
        let starts = |prefix: &str| key.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        // Neither foundation models nor system-defined profiles can be tagged.
        let is_untaggable = resource.contains(":foundation-model/") || resource.contains(":inference-profile/");
        ABSENT_UNLESS_GIVEN.iter().any(|known| known.eq_ignore_ascii_case(key))
            || starts("aws:RequestTag/")
            || (starts("aws:ResourceTag/") && is_untaggable)
            || (starts("aws:PrincipalTag/") && self.has_all_tags)
            || (key.eq_ignore_ascii_case("aws:username") && self.is_user == Some(false))
    }

    /// Returns the keys of which it is not known what the call carries, each once.
    #[must_use]
    pub fn unknown<'k>(
        &self,
        keys: impl Iterator<Item = &'k str>,
        context: &ContextKeys,
        resource: &str,
    ) -> Vec<String> {
        let mut unknown: Vec<String> = Vec::new();
        for key in keys {
            let is_known = context.get(key).is_some() || self.certainly_lacks(key, resource);
            if !is_known && !unknown.iter().any(|other| other.eq_ignore_ascii_case(key)) {
                unknown.push(key.to_owned());
            }
        }
        unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";

    #[test]
    fn a_call_carries_what_follows_from_its_caller() {
        let user: Arn = "arn:aws:iam::111122223333:user/apps/ana".parse().unwrap();
        let caller =
            KnownCaller { account: Some("111122223333"), entity: Some(&user), is_user: Some(true), has_all_tags: true };
        let mut context = ContextKeys::new().with("aws:SecureTransport", "false");
        caller.complete(&mut context);
        let single = |key: &str| context.get(key).and_then(|value| value.as_single().map(str::to_owned));
        assert_eq!(single("aws:username").as_deref(), Some("ana"));
        assert_eq!(single("aws:PrincipalType").as_deref(), Some("User"));
        assert_eq!(single("aws:ViaAWSService").as_deref(), Some("false"));
        assert_eq!(single("aws:SecureTransport").as_deref(), Some("false"), "what was given stays");
        let mut via = ContextKeys::new().with("aws:CalledVia", vec!["bedrock.amazonaws.com".to_owned()]);
        caller.complete(&mut via);
        assert_eq!(via.get("aws:ViaAWSService").and_then(|value| value.as_single()), Some("true"));
    }

    #[test]
    fn what_is_neither_carried_nor_lacking_is_unknown() {
        let session = KnownCaller { is_user: Some(false), ..KnownCaller::default() };
        let keys = ["aws:SourceVpce", "AWS:sourcevpce", "aws:CalledVia", "aws:RequestTag/x", "aws:PrincipalTag/team"];
        let unknown = session.unknown(keys.into_iter(), &ContextKeys::new(), MODEL);
        assert_eq!(unknown, ["aws:SourceVpce", "aws:PrincipalTag/team"]);
        assert!(session.certainly_lacks("aws:ResourceTag/team", MODEL));
        assert!(!session.certainly_lacks("aws:ResourceTag/team", "arn:aws:bedrock:us-west-2:111122223333:agent/a"));
    }
}
