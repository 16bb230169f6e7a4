//! Which condition keys a call to Bedrock carries, and which it certainly lacks.
//!
//! Takes what is known of the caller; completes a requirement's context with what follows from that, and says of any
//! other key whether the call can carry it (IAM User Guide, "AWS global condition context keys"; Service Authorization
//! Reference, "Condition keys for Amazon Bedrock"). A key that is neither is unknown, and never guessed.

use crate::iam::{Arn, ContextKeys, RequestContext};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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
    /// When the call is made, RFC 3339 in UTC.
    pub at: Option<&'c str>,
}

/// Returns `true` for the keys that hold the tags of the resource, whatever the case (IAM User Guide, "AWS global condition context
/// keys").
pub(crate) fn is_tag_of_resource(key: &str) -> bool {
    begins_with(key, "aws:ResourceTag/")
}

fn begins_with(key: &str, prefix: &str) -> bool {
    key.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

impl KnownCaller<'_> {
    /// Adds what every call of this caller carries; what the context has already stays.
    pub fn complete(&self, context: &mut ContextKeys) {
        self.complete_for_simulator(context);
        let mut known: Vec<(&str, String)> = Vec::new();
        known.extend(self.account.map(|account| ("aws:PrincipalAccount", account.to_owned())));
        if let Some(is_user) = self.is_user {
            known.push(("aws:PrincipalType", if is_user { "User" } else { "AssumedRole" }.to_owned()));
        }
        if let (Some(true), Some(user)) = (self.is_user, self.entity) {
            known.push(("aws:username", user.resource_id().rsplit('/').next().unwrap_or_default().to_owned()));
        }
        add(context, known);
    }

    /// Adds what every call of this caller carries and the policy simulator does not fill in by itself (IAM API Reference,
    /// "SimulatePrincipalPolicy"); what the context has already stays.
    pub fn complete_for_simulator(&self, context: &mut ContextKeys) {
        let via_service = context.get("aws:CalledVia").is_some();
        let mut known = vec![
            ("aws:SecureTransport", "true".to_owned()),
            ("aws:ViaAWSService", via_service.to_string()),
            ("aws:PrincipalIsAWSService", "false".to_owned()),
        ];
        known.extend(self.entity.map(|arn| ("aws:PrincipalArn", arn.to_string())));
        if let Some(at) = self.at.and_then(|at| OffsetDateTime::parse(at, &Rfc3339).ok()) {
            known.extend(at.format(&Rfc3339).ok().map(|at| ("aws:CurrentTime", at)));
            known.push(("aws:EpochTime", at.unix_timestamp().to_string()));
        }
        add(context, known);
    }

    /// Returns `true` if a call on the resource certainly lacks a key that its context does not have.
    #[must_use]
    pub fn certainly_lacks(&self, key: &str, action: &str, resource: &str) -> bool {
        // A service's own keys are carried by calls of that service alone.
        let service = |name: &str| name.split_once(':').map(|(service, _)| service.to_ascii_lowercase());
        let is_of_other_service = service(key).is_some_and(|of| of != "aws" && Some(&of) != service(action).as_ref());
        // Neither foundation models nor system-defined profiles can be tagged.
        let is_untaggable = resource.contains(":foundation-model/") || resource.contains(":inference-profile/");
        is_of_other_service
            || ABSENT_UNLESS_GIVEN.iter().any(|known| known.eq_ignore_ascii_case(key))
            || begins_with(key, "aws:RequestTag/")
            || (is_tag_of_resource(key) && is_untaggable)
            || (begins_with(key, "aws:PrincipalTag/") && self.has_all_tags)
            || (key.eq_ignore_ascii_case("aws:username") && self.is_user == Some(false))
    }

    /// Returns the keys of which it is not known what the call carries, each once.
    #[must_use]
    pub fn unknown<'k>(&self, keys: impl Iterator<Item = &'k str>, request: &RequestContext) -> Vec<String> {
        let mut unknown: Vec<String> = Vec::new();
        for key in keys {
            let is_known =
                request.context.get(key).is_some() || self.certainly_lacks(key, &request.action, &request.resource);
            if !is_known && !unknown.iter().any(|other| other.eq_ignore_ascii_case(key)) {
                unknown.push(key.to_owned());
            }
        }
        unknown
    }
}

fn add(context: &mut ContextKeys, known: Vec<(&str, String)>) {
    for (key, value) in known {
        if context.get(key).is_none() {
            context.set(key, value);
        }
    }
}

/// Keys that evidence of version 0.1.0 did not hand to the simulator.
pub const ADDED_FOR_SIMULATOR: [&str; 5] =
    ["aws:SecureTransport", "aws:ViaAWSService", "aws:PrincipalIsAWSService", "aws:CurrentTime", "aws:EpochTime"];

/// The type of a condition key's values, as the policy simulator wants it named (IAM API Reference, "ContextEntry").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextKeyType {
    /// `true` or `false`.
    Boolean,
    /// A time.
    Date,
    /// An address or a range of them.
    Ip,
    /// A number.
    Numeric,
    /// Any other text, an ARN among them.
    String,
}

impl ContextKeyType {
    /// Returns the type of a key (IAM User Guide, "AWS global condition context keys").
    #[must_use]
    pub fn for_key(key: &str) -> Self {
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(key));
        if is(&[
            "aws:MultiFactorAuthPresent",
            "aws:PrincipalIsAWSService",
            "aws:SecureTransport",
            "aws:ViaAWSService",
            "aws:ViaAWSMCPService",
        ]) {
            Self::Boolean
        } else if is(&["aws:CurrentTime", "aws:TokenIssueTime"]) {
            Self::Date
        } else if is(&["aws:SourceIp", "aws:VpcSourceIp"]) {
            Self::Ip
        } else if is(&["aws:EpochTime", "aws:MultiFactorAuthAge"]) {
            Self::Numeric
        } else {
            Self::String
        }
    }

    /// Returns the API's word for one value of the type, or for several.
    #[must_use]
    pub fn as_str(self, is_list: bool) -> &'static str {
        match (self, is_list) {
            (Self::Boolean, false) => "boolean",
            (Self::Boolean, true) => "booleanList",
            (Self::Date, false) => "date",
            (Self::Date, true) => "dateList",
            (Self::Ip, false) => "ip",
            (Self::Ip, true) => "ipList",
            (Self::Numeric, false) => "numeric",
            (Self::Numeric, true) => "numericList",
            (Self::String, false) => "string",
            (Self::String, true) => "stringList",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";

    #[test]
    fn a_call_carries_what_follows_from_its_caller() {
        let user: Arn = "arn:aws:iam::111122223333:user/apps/ana".parse().unwrap();
        let caller = KnownCaller {
            account: Some("111122223333"),
            entity: Some(&user),
            is_user: Some(true),
            has_all_tags: true,
            at: Some("2026-11-22T12:00:00Z"),
        };
        let mut context = ContextKeys::new().with("aws:SecureTransport", "false");
        caller.complete(&mut context);
        let single = |key: &str| context.get(key).and_then(|value| value.as_single().map(str::to_owned));
        assert_eq!(single("aws:username").as_deref(), Some("ana"));
        assert_eq!(single("aws:PrincipalType").as_deref(), Some("User"));
        assert_eq!(single("aws:ViaAWSService").as_deref(), Some("false"));
        assert_eq!(single("aws:CurrentTime").as_deref(), Some("2026-11-22T12:00:00Z"));
        assert_eq!(single("aws:EpochTime").as_deref(), Some("1795348800"));
        assert_eq!(single("aws:SecureTransport").as_deref(), Some("false"), "what was given stays");
        let mut via = ContextKeys::new().with("aws:CalledVia", vec!["bedrock.amazonaws.com".to_owned()]);
        caller.complete(&mut via);
        assert_eq!(via.get("aws:ViaAWSService").and_then(|value| value.as_single()), Some("true"));
    }

    #[test]
    fn what_is_neither_carried_nor_lacking_is_unknown() {
        let session = KnownCaller { is_user: Some(false), ..KnownCaller::default() };
        let request = |resource: &str| RequestContext {
            action: "bedrock:InvokeModel".to_owned(),
            resource: resource.to_owned(),
            context: ContextKeys::new(),
        };
        let keys = [
            "iam:PassedToService",
            "aws:SourceVpce",
            "AWS:sourcevpce",
            "aws:CalledVia",
            "aws:RequestTag/x",
            "aws:PrincipalTag/team",
        ];
        let unknown = session.unknown(keys.into_iter(), &request(MODEL));
        assert_eq!(unknown, ["aws:SourceVpce", "aws:PrincipalTag/team"]);
        assert!(session.certainly_lacks("aws:ResourceTag/team", "bedrock:InvokeModel", MODEL));
        let agent = "arn:aws:bedrock:us-west-2:111122223333:agent/a";
        assert!(!session.certainly_lacks("aws:ResourceTag/team", "bedrock:InvokeAgent", agent));
    }
}
