//! Amazon Resource Names: parsed once, printed as they were.
//!
//! The grammar is `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`, where Region and account may be empty
//! and the resource keeps its own colons and slashes (IAM User Guide, "IAM identifiers").

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An Amazon Resource Name, split at its first five colons.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arn {
    /// `aws`, `aws-us-gov`, `aws-eusc`, …
    pub partition: String,
    /// `bedrock`, `iam`, `sts`, …
    pub service: String,
    /// The Region's name; empty for global resources and for the Region-less models of global profiles.
    pub region: String,
    /// The account id; empty for resources that AWS owns, such as foundation models.
    pub account: String,
    /// Everything after the fifth colon.
    pub resource: String,
}

/// Why a text is not an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArnError {
    /// It does not start with `arn:`.
    Prefix,
    /// It has fewer than the six parts of an ARN.
    Parts,
    /// The partition is not `aws` or `aws-…`.
    Partition,
    /// The service part is empty.
    Service,
    /// The resource part is empty.
    Resource,
    /// It holds white space or a control character.
    Character,
}

impl fmt::Display for ArnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "an ARN starts with `arn:`",
            Self::Parts => "an ARN has six parts: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE",
            Self::Partition => "the partition (second part) is `aws` or starts with `aws-`",
            Self::Service => "the service (third part) is empty",
            Self::Resource => "the resource (sixth part) is empty",
            Self::Character => "an ARN holds no white space and no control character",
        })
    }
}

impl std::error::Error for ArnError {}

impl Arn {
    /// Builds an ARN from its parts.
    #[must_use]
    pub fn new(partition: &str, service: &str, region: &str, account: &str, resource: &str) -> Self {
        Self {
            partition: partition.to_owned(),
            service: service.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource: resource.to_owned(),
        }
    }

    /// Returns the resource type: what stands before the first `/` or `:` of the resource part.
    ///
    /// ```
    /// # use bedrock_access::iam::Arn;
    /// let arn: Arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".parse()?;
    /// assert_eq!(arn.resource_type(), "foundation-model");
    /// assert_eq!(arn.resource_id(), "amazon.nova-lite-v1:0");
    /// # Ok::<(), bedrock_access::iam::ArnError>(())
    /// ```
    #[must_use]
    pub fn resource_type(&self) -> &str {
        self.split_resource().0
    }

    /// Returns the resource id: what stands behind the first `/` or `:` of the resource part.
    ///
    /// A resource without separator (such as an SQS queue's name) has itself as type and an empty id.
    #[must_use]
    pub fn resource_id(&self) -> &str {
        self.split_resource().1
    }

    /// Returns the name of the resource: what stands behind the last `/` of the resource part, or all of it.
    ///
    /// ```
    /// # use bedrock_access::iam::Arn;
    /// let arn: Arn = "arn:aws:iam::111122223333:role/apps/chat".parse()?;
    /// assert_eq!(arn.resource_name(), "chat");
    /// # Ok::<(), bedrock_access::iam::ArnError>(())
    /// ```
    #[must_use]
    pub fn resource_name(&self) -> &str {
        name_of(&self.resource)
    }

    /// Returns `true` if the ARN is that of an AWS managed policy, such as `arn:aws:iam::aws:policy/ReadOnlyAccess`.
    #[must_use]
    pub fn is_aws_managed_policy(&self) -> bool {
        self.service == "iam" && self.account == "aws" && self.resource_type() == "policy"
    }

    fn split_resource(&self) -> (&str, &str) {
        self.resource.split_once(['/', ':']).unwrap_or((&self.resource, ""))
    }
}

/// Returns the name in a name or an ARN: what stands behind the last `/`, or all of the text.
pub(crate) fn name_of(name_or_arn: &str) -> &str {
    name_or_arn.rsplit_once('/').map_or(name_or_arn, |(_, name)| name)
}

/// Returns the name of the AWS managed policy that an ARN of any partition names; `None` for everything else.
pub(crate) fn aws_managed_policy_name(arn: &str) -> Option<&str> {
    let (partition, path) = arn.strip_prefix("arn:")?.split_once(":iam::aws:policy/")?;
    (!partition.contains(':')).then(|| name_of(path))
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        if !text.starts_with("arn:") {
            return Err(ArnError::Prefix);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(ArnError::Character);
        }
        let mut parts = text.splitn(6, ':').skip(1);
        let mut part = || parts.next().ok_or(ArnError::Parts);
        let (partition, service, region, account, resource) = (part()?, part()?, part()?, part()?, part()?);
        if partition != "aws" && !partition.starts_with("aws-") {
            return Err(ArnError::Partition);
        }
        if service.is_empty() {
            return Err(ArnError::Service);
        }
        if resource.is_empty() {
            return Err(ArnError::Resource);
        }
        Ok(Self::new(partition, service, region, account, resource))
    }
}

impl TryFrom<String> for Arn {
    type Error = ArnError;

    fn try_from(text: String) -> Result<Self, ArnError> {
        text.parse()
    }
}

impl From<Arn> for String {
    fn from(arn: Arn) -> Self {
        arn.to_string()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_resources_own_colons_and_slashes() {
        let text = "arn:aws:bedrock:eu-central-1:111122223333:prompt/PROMPT12345:7";
        let arn: Arn = text.parse().unwrap();
        assert_eq!((arn.resource_type(), arn.resource_id()), ("prompt", "PROMPT12345:7"));
        assert_eq!(arn.to_string(), text);
    }

    #[test]
    fn reads_the_region_less_model_of_a_global_profile() {
        let arn: Arn = "arn:aws:bedrock:::foundation-model/anthropic.claude-opus-4-6-v1".parse().unwrap();
        assert_eq!((arn.region.as_str(), arn.account.as_str()), ("", ""));
    }

    #[test]
    fn a_policy_of_aws_is_told_from_an_accounts_own() {
        for (text, name) in [
            ("arn:aws:iam::aws:policy/AmazonBedrockFullAccess", Some("AmazonBedrockFullAccess")),
            ("arn:aws-us-gov:iam::aws:policy/job-function/ViewOnlyAccess", Some("ViewOnlyAccess")),
            ("arn:aws:iam::111122223333:policy/AmazonBedrockFullAccess", None),
            ("arn:aws:s3:::bucket/arn:aws:iam::aws:policy/x", None),
        ] {
            assert_eq!(aws_managed_policy_name(text), name, "{text}");
            assert_eq!(text.parse::<Arn>().unwrap().is_aws_managed_policy(), name.is_some(), "{text}");
        }
        assert_eq!(name_of("mine"), "mine");
    }

    #[test]
    fn names_what_is_wrong() {
        for (text, error) in [
            ("", ArnError::Prefix),
            ("anthropic.claude", ArnError::Prefix),
            ("arn:aws:bedrock:us-east-1", ArnError::Parts),
            ("arn:gcp:bedrock:us-east-1::foundation-model/m", ArnError::Partition),
            ("arn:aws::us-east-1::foundation-model/m", ArnError::Service),
            ("arn:aws:bedrock:us-east-1::", ArnError::Resource),
            ("arn:aws:bedrock:us-east-1::foundation model/m", ArnError::Character),
            ("arn:aws:bedrock:us-east-1::m\u{7}", ArnError::Character),
        ] {
            assert_eq!(text.parse::<Arn>(), Err(error), "{text:?}");
        }
    }
}
