//! The catalogue of mistakes: a code, how bad it is, and why.

use serde::Serialize;
use std::fmt;

/// How bad a mistake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It does not do what it says: something is never allowed, or never denied.
    Error,
    /// It does something else as well, or stops working for some calls.
    Warning,
    /// It works, and could be better.
    Note,
}

impl Severity {
    /// Returns the name that JSON and SARIF use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $severity:ident, $page:literal, $why:literal;)*) => {
        /// The mistakes that the linter knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum LintCode { $($(#[$doc])* $name,)* }

        impl LintCode {
            /// Every code, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the kebab-case code.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Returns how bad the mistake is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// Returns why it is a mistake.
            #[must_use]
            pub fn why(self) -> &'static str {
                match self { $(Self::$name => $why,)* }
            }

            /// Returns the documentation page on which it stands.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Self::$name => $page,)* }
            }
        }
    };
}

codes! {
    /// An action name that Bedrock does not have.
    UnknownAction = "unknown-action", Error,
        "Service Authorization Reference, Actions, resources, and condition keys for Amazon Bedrock",
        "IAM accepts any action name, and one that does not exist matches no call";
    /// A service prefix that does not exist.
    WrongPrefix = "wrong-prefix", Error,
        "Service Authorization Reference, Actions, resources, and condition keys for Amazon Bedrock",
        "the names of Bedrock's endpoints are not service prefixes: nearly all its actions have the prefix `bedrock`";
    /// An account id in the ARN of a foundation model.
    AccountInModelArn = "account-in-model-arn", Error,
        "Service Authorization Reference, Resource types defined by Amazon Bedrock",
        "foundation models belong to AWS: the account part of their ARN is empty, and an id there matches none";
    /// No account in the ARN of something that an account owns.
    NoAccountInProfileArn = "no-account-in-profile-arn", Error,
        "Service Authorization Reference, Resource types defined by Amazon Bedrock",
        "inference profiles have the caller's account in their ARN, even those that AWS defines";
    /// An inference profile's id as if it were a model's.
    ProfileUnderFoundationModel = "profile-under-foundation-model", Error,
        "Bedrock User Guide, Prerequisites for inference profiles",
        "an inference profile is a resource type of its own, and no foundation model has its id";
    /// A model id without its version.
    MissingVersionSuffix = "missing-version-suffix", Error,
        "Bedrock User Guide, Supported foundation models",
        "the version suffix is part of the model id, and an ARN without it matches no model";
    /// A profile without the models behind it.
    ProfileWithoutModels = "profile-without-models", Error,
        "Bedrock User Guide, Geographic cross-Region inference and Global cross-Region inference",
        "a call through a profile is authorized on the profile and on the model in every destination Region";
    /// `InvokeModel` without its streaming sibling.
    StreamingForgotten = "streaming-forgotten", Note,
        "Bedrock User Guide, Prerequisites for running model inference",
        "ConverseStream and InvokeModelWithResponseStream need an action of their own";
    /// A condition on the profile's ARN where the profile itself is authorized.
    ProfileConditionOnProfile = "profile-condition-on-profile", Error,
        "Bedrock User Guide, Prerequisites for inference profiles",
        "bedrock:InferenceProfileArn is present where a model is authorized through a profile, and absent where the profile itself is";
    /// A condition key that does not exist, or that no action of the statement carries.
    UnknownConditionKey = "unknown-condition-key", Error,
        "IAM User Guide, AWS global condition context keys",
        "IAM accepts any condition key, and one that no request carries makes the condition a constant";
    /// A condition on the tags of something that has none.
    TagConditionUntaggable = "tag-condition-untaggable", Error,
        "Service Authorization Reference, Resource types defined by Amazon Bedrock",
        "foundation models and AWS's inference profiles carry no tags, so that a condition on them never holds";
    /// An ARN for an action that has no resource types.
    ResourceMustBeStar = "resource-must-be-star", Error,
        "Service Authorization Reference, Actions, resources, and condition keys for Amazon Bedrock",
        "an action without resource types is authorized on `*`, which no ARN matches";
    /// A deny that also hits what it exempts, because a key is absent there.
    DenyHitsAbsentKey = "deny-hits-absent-key", Warning,
        "IAM User Guide, IAM JSON policy elements: Condition operators",
        "a negated operator also holds where the key is absent, and some authorizations never carry the key";
    /// A deny by Region that global profiles cannot pass.
    RegionDenyWithoutUnspecified = "region-deny-without-unspecified", Warning,
        "Bedrock User Guide, Global cross-Region inference",
        "global inference profiles are authorized with aws:RequestedRegion `unspecified`, which this denies";
    /// More resources than are needed.
    ResourceTooWide = "resource-too-wide", Note,
        "Bedrock User Guide, Identity-based policy examples for Amazon Bedrock",
        "invoking supports resource-level permissions: `*` is every model, at every price, that the account ever gets";
    /// A grant that does nothing any more.
    UnusedGrant = "unused-grant", Note,
        "AWS Security Blog, Simplified Amazon Bedrock model access",
        "the action still exists, and grants nothing since model access is enabled by default";
    /// A trust policy that trusts a service other than the one that uses the role.
    WrongTrustedService = "wrong-trusted-service", Warning,
        "Bedrock User Guide, Create a service role for Amazon Bedrock Agents",
        "a role is assumed by the service that runs the code: bedrock.amazonaws.com for agents, knowledge bases and jobs";
    /// A text that is not a policy.
    MalformedPolicy = "malformed-policy", Error,
        "IAM User Guide, Grammar of the IAM JSON policy language",
        "IAM refuses to store it";
    /// A resource that is not an ARN, or an ARN with too few or too many colons.
    MalformedArn = "malformed-arn", Error,
        "IAM User Guide, IAM JSON policy elements: Resource",
        "IAM refuses what is not an ARN, and an ARN whose parts are in the wrong place matches nothing";
    /// A resource type that Bedrock does not have.
    UnknownResourceType = "unknown-resource-type", Error,
        "Service Authorization Reference, Resource types defined by Amazon Bedrock",
        "an ARN with a type that does not exist matches nothing";
    /// A name in an ARN that cannot be a Region's.
    UnknownRegion = "unknown-region", Error,
        "AWS General Reference, Amazon Bedrock endpoints and quotas",
        "an ARN with a Region that does not exist matches nothing";
    /// An ARN with a Region of another partition.
    WrongPartition = "wrong-partition", Error,
        "IAM User Guide, Amazon Resource Names (ARNs)",
        "a Region belongs to one partition, and an ARN with another matches nothing";
    /// A model id without its provider.
    InvalidModelId = "invalid-model-id", Error,
        "Bedrock User Guide, Supported foundation models",
        "the provider is part of the model id, and an ARN without it matches no model";
    /// A resource on which none of the statement's actions is authorized.
    ActionResourceMismatch = "action-resource-mismatch", Error,
        "Service Authorization Reference, Actions, resources, and condition keys for Amazon Bedrock",
        "each action is authorized on certain resource types, and an ARN of another type matches none of its requests";
    /// A guardrail's version in `Resource`.
    GuardrailVersionInArn = "guardrail-version-in-arn", Error,
        "Service Authorization Reference, Resource types defined by Amazon Bedrock",
        "a guardrail's version is part of bedrock:GuardrailIdentifier, and not of the resource that is authorized";
    /// An id as the value of a condition key that holds ARNs.
    KeyValueNotAnArn = "key-value-not-an-arn", Error,
        "Service Authorization Reference, Condition keys for Amazon Bedrock",
        "the key holds a whole ARN, so that an id alone is never equal to it";
    /// A value that a condition key never has.
    UnknownKeyValue = "unknown-key-value", Error,
        "Service Authorization Reference, Condition keys for Amazon Bedrock",
        "the values of the key are fixed words, compared letter by letter";
    /// A wildcard under an operator that has none.
    WildcardInStringEquals = "wildcard-in-string-equals", Error,
        "IAM User Guide, IAM JSON policy elements: Condition operators",
        "only StringLike, ArnLike and ArnEquals know wildcards";
    /// An allow by Region that leaves out where an allowed profile routes.
    RegionAllowMissesDestinations = "region-allow-misses-destinations", Warning,
        "Bedrock User Guide, Geographic cross-Region inference and Global cross-Region inference",
        "a model is authorized with the Region in which it would run, and with `unspecified` for a global profile; one refusal fails the call";
    /// Policy variables in a policy whose version has none.
    VariablesWithoutVersion = "variables-without-version", Error,
        "IAM User Guide, IAM policy elements: Variables and tags",
        "variables need `Version` 2012-10-17; without it IAM compares `${…}` as text";
    /// A deny of a model's profile that leaves the model open.
    DenyLeavesModelOpen = "deny-leaves-model-open", Note,
        "Bedrock User Guide, Prerequisites for inference profiles",
        "a profile is one of several ways to a model";
    /// A `Sid` with characters that IAM does not accept.
    InvalidSid = "invalid-sid", Error,
        "IAM User Guide, IAM JSON policy elements: Sid",
        "IAM refuses to store it: a Sid has only letters and digits";
    /// A `Sid` that stands twice in a policy.
    DuplicateSid = "duplicate-sid", Error,
        "IAM User Guide, IAM JSON policy elements: Sid",
        "IAM refuses to store it: every Sid of a policy is unique";
    /// A service that roles cannot be passed to.
    WrongPassedService = "wrong-passed-service", Error,
        "IAM User Guide, Grant a user permissions to pass a role to an AWS service",
        "iam:PassedToService holds a service principal, and the names of endpoints are not service principals";
    /// A role that Bedrock may assume on behalf of any resource.
    TrustWithoutSource = "trust-without-source", Note,
        "IAM User Guide, The confused deputy problem",
        "without a condition on the source, a resource of another account could use the role";
}

impl LintCode {
    /// Returns `true` for mistakes in `Sid`, which change no decision.
    pub(super) fn is_about_sids(self) -> bool {
        matches!(self, Self::DuplicateSid | Self::InvalidSid)
    }

    /// Returns `true` for mistakes in the ARNs of `Resource`.
    pub(super) fn is_about_arns(self) -> bool {
        matches!(
            self,
            Self::AccountInModelArn
                | Self::InvalidModelId
                | Self::MalformedArn
                | Self::MissingVersionSuffix
                | Self::NoAccountInProfileArn
                | Self::ProfileUnderFoundationModel
                | Self::UnknownRegion
                | Self::UnknownResourceType
                | Self::WrongPartition
                | Self::WrongPrefix
        )
    }
}

impl fmt::Display for LintCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
