//! The catalogue of mistakes: a code, how bad it is, and why.

use serde::Serialize;
use std::fmt;

/// How bad a mistake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It does not do what it says: something is never allowed, or never denied.
    Error,
    /// It does something else beside, or stops working under some calls.
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
        "every Bedrock endpoint authorizes under the prefix `bedrock`; the names of endpoints are no prefixes";
    /// An account id in the ARN of a foundation model.
    AccountInModelArn = "account-in-model-arn", Error,
        "Service Authorization Reference, Resource types defined by Amazon Bedrock",
        "foundation models belong to AWS: the account part of their ARN is empty, and an id there matches none";
    /// No account in the ARN of something that an account owns.
    NoAccountInProfileArn = "no-account-in-profile-arn", Error,
        "Service Authorization Reference, Resource types defined by Amazon Bedrock",
        "inference profiles, also those that AWS defines, have the caller's account in their ARN";
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
    /// A condition key that does not exist.
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
    /// A deny that hits calls which lack the key.
    DenyHitsAbsentKey = "deny-hits-absent-key", Warning,
        "IAM User Guide, IAM JSON policy elements: Condition operators",
        "a negated operator also holds where the key is absent, so that the deny hits calls which never carry it";
    /// A deny by Region that forgets global profiles.
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
    /// A trust policy that trusts another service than the one that uses the role.
    WrongTrustedService = "wrong-trusted-service", Warning,
        "Bedrock User Guide, Create a service role for Amazon Bedrock Agents",
        "a role is assumed by the service that runs the code: bedrock.amazonaws.com for agents and batch jobs only";
    /// No policy at all.
    MalformedPolicy = "malformed-policy", Error,
        "IAM User Guide, Grammar of the IAM JSON policy language",
        "IAM refuses to store it";
}

impl fmt::Display for LintCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
