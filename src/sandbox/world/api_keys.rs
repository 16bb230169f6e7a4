//! Bedrock API keys of a world, and how one looks that the world does not spell out.
//!
//! A key is made of its facts as AWS makes it (Bedrock User Guide, "API keys"), so that a world copied under other
//! names and ids has the keys that belong to it. Secrets and signatures in it are the same everywhere and open nothing.

use super::PrincipalFacts;
use super::principals::timestamp;
use crate::bedrock::Region;
use crate::iam::Arn;
use aws_smithy_types::base64;
use serde::Deserialize;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// When a short-term key was made of which the world does not say it: on the morning of the sandbox's day.
const MORNING: &str = "2026-11-22T06:00:00Z";

/// How long a short-term key holds at most.
const LONGEST: Duration = Duration::hours(12);

/// A Bedrock API key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an API key (an object)")]
pub(in crate::sandbox) struct ApiKey {
    /// The key itself, which starts with `ABSK` (long-term) or `bedrock-api-key-` (short-term); made of the other
    /// facts where it is not given.
    #[serde(default)]
    pub(in crate::sandbox) key: String,
    /// The ARN of the principal that a call with the key acts as.
    pub(in crate::sandbox) principal: Arn,
    /// When it ends; without it, never.
    #[serde(default, deserialize_with = "timestamp")]
    pub(in crate::sandbox) expires: Option<OffsetDateTime>,
    /// The only Region that takes a short-term key; a long-term key has none.
    #[serde(default)]
    pub(in crate::sandbox) region: Option<Region>,
}

impl ApiKey {
    /// Returns `true` if the key was made of a session's credentials.
    pub(in crate::sandbox) fn is_short_term(&self) -> bool {
        self.key.starts_with("bedrock-api-key-")
    }

    /// Makes the key of its facts, where the world does not spell it out.
    pub(super) fn complete(&mut self, principals: &[PrincipalFacts]) {
        if !self.key.is_empty() {
            return;
        }
        let Some(owner) = principals.iter().find(|facts| facts.arn == self.principal) else { return };
        self.key = match &self.region {
            None => {
                let whose = format!("{}-at-{}", owner.name(), owner.arn.account);
                format!("ABSK{}", base64::encode(format!("{whose}:sandbox-api-key-that-opens-nothing")))
            }
            Some(region) => format!("bedrock-api-key-{}", base64::encode(self.presigned(owner, region))),
        };
    }

    /// Writes the presigned request that a short-term key is.
    fn presigned(&self, owner: &PrincipalFacts, region: &Region) -> String {
        let issued = self.expires.and_then(|expires| (expires - LONGEST).format(&Rfc3339).ok());
        // The same moment as signatures write it: `20261122T060000Z`.
        let date: String = issued.as_deref().unwrap_or(MORNING).chars().filter(|c| !matches!(c, '-' | ':')).collect();
        let day = date.split('T').next().unwrap_or_default();
        let access_key = owner.access_key.as_deref().unwrap_or_default();
        format!(
            "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential={access_key}%2F{day}%2F{region}%2Fbedrock%2Faws4_request&X-Amz-Date={date}\
             &X-Amz-Expires={}&X-Amz-SignedHeaders=host&X-Amz-Signature=sandbox-signature-that-opens-nothing&Version=1",
            LONGEST.whole_seconds()
        )
    }
}
