//! Guardrails: what `--guardrail` may hold, and those that an account enforces on everybody's calls.
//!
//! A call that passes a guardrail needs `bedrock:ApplyGuardrail` on it (Bedrock User Guide, "Set up permissions to use
//! Amazon Bedrock Guardrails"). Only the form of a reference is checked, not its existence.

use super::Region;
use crate::iam::Arn;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The version that a guardrail has without a number.
pub const DRAFT: &str = "DRAFT";

/// The longest guardrail identifier that the API takes, in characters (API Reference, "InvokeModel").
const MAX_LENGTH: usize = 2048;

/// A guardrail as a call names it: its id or ARN, and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GuardrailReference {
    name: Name,
    version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Id(String),
    Arn(Arn),
}

/// A text that names no guardrail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardrailError(String);

impl fmt::Display for GuardrailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GuardrailError {}

impl GuardrailReference {
    /// Returns the id or ARN as `guardrailIdentifier` takes it, without the version.
    #[must_use]
    pub fn identifier(&self) -> String {
        match &self.name {
            Name::Id(id) => id.clone(),
            Name::Arn(arn) => arn.to_string(),
        }
    }

    /// Returns the version as `guardrailVersion` takes it: a number, or `DRAFT`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(DRAFT)
    }

    /// Returns the guardrail's ARN; an id belongs to the account and Region of the call.
    #[must_use]
    pub fn arn(&self, region: &Region, account: Option<&str>) -> Option<Arn> {
        match &self.name {
            Name::Arn(arn) => Some(arn.clone()),
            Name::Id(id) => Some(Arn::new(
                region.partition().as_str(),
                "bedrock",
                region.as_str(),
                account?,
                &format!("guardrail/{id}"),
            )),
        }
    }

    /// Returns what `bedrock:GuardrailIdentifier` holds for a guardrail's ARN: the ARN alone is the draft
    /// (Service Authorization Reference, "Condition keys for Amazon Bedrock").
    #[must_use]
    pub fn condition_value(&self, arn: &Arn) -> String {
        match self.version() {
            DRAFT => arn.to_string(),
            version => format!("{arn}:{version}"),
        }
    }
}

/// Splits the version off a guardrail's id or ARN, where one is behind it.
pub(crate) fn without_version(text: &str) -> (&str, Option<&str>) {
    // The ARN itself has five colons; one behind them begins the version.
    let colon = if text.starts_with("arn:") { text.match_indices(':').nth(5) } else { text.match_indices(':').next() };
    match colon {
        Some((at, _)) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

impl FromStr for GuardrailReference {
    type Err = GuardrailError;

    fn from_str(text: &str) -> Result<Self, GuardrailError> {
        let wrong = |why: &str| Err(GuardrailError(format!("`{}` {why}", text.escape_debug())));
        if text.is_empty() || text.chars().count() > MAX_LENGTH {
            return wrong("is not a guardrail's id or ARN");
        }
        let (name, version) = without_version(text);
        let is_number = |version: &str| {
            !version.starts_with('0') && (1..=8).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_digit())
        };
        if version.is_some_and(|version| version != DRAFT && !is_number(version)) {
            return wrong("has a version that is neither a number nor `DRAFT`");
        }
        let version = version.filter(|version| *version != DRAFT).map(str::to_owned);
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !name.starts_with("arn:") {
            return if is_id(name) {
                Ok(Self { name: Name::Id(name.to_owned()), version })
            } else {
                wrong("is not a guardrail's id, which has lower-case letters and digits alone")
            };
        }
        match name.parse::<Arn>() {
            Ok(arn) if arn.service == "bedrock" && arn.resource_type() == "guardrail" && is_id(arn.resource_id()) => {
                Ok(Self { name: Name::Arn(arn), version })
            }
            Ok(_) => wrong("is not the ARN of a guardrail"),
            Err(error) => wrong(&format!("is no ARN: {error}")),
        }
    }
}

impl fmt::Display for GuardrailReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.identifier())?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, ":{version}"))
    }
}

impl TryFrom<String> for GuardrailReference {
    type Error = GuardrailError;

    fn try_from(text: String) -> Result<Self, GuardrailError> {
        text.parse()
    }
}

impl From<GuardrailReference> for String {
    fn from(reference: GuardrailReference) -> Self {
        reference.to_string()
    }
}

/// A guardrail that the account, or its organization, enforces on calls in a Region
/// (API Reference, "ListEnforcedGuardrailsConfiguration").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcedGuardrail {
    /// The guardrail, which may belong to another account.
    pub arn: Arn,
    /// The models that it is enforced on; none for all.
    #[serde(default)]
    pub included: Vec<String>,
    /// The models that it is not enforced on.
    #[serde(default)]
    pub excluded: Vec<String>,
}

impl EnforcedGuardrail {
    /// Returns `true` if the guardrail is enforced on calls to a foundation model, named by its id.
    ///
    /// The lists hold ids, or ARNs that end in them; `ALL` stands for every model.
    #[must_use]
    pub fn is_enforced_on(&self, model: &str) -> bool {
        let names = |listed: &String| listed == "ALL" || listed == model || listed.ends_with(&format!("/{model}"));
        (self.included.is_empty() || self.included.iter().any(names)) && !self.excluded.iter().any(names)
    }

    /// Returns `true` if the guardrail is enforced whichever the model is.
    #[must_use]
    pub fn is_enforced_on_all(&self) -> bool {
        self.excluded.is_empty() && (self.included.is_empty() || self.included.iter().any(|listed| listed == "ALL"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_ids_or_arns_with_a_version_or_without() {
        let arn = "arn:aws:bedrock:us-west-2:111122223333:guardrail/abc123def456";
        let region: Region = "us-west-2".parse().unwrap();
        for (text, identifier, version, value) in [
            ("abc123def456", "abc123def456", "DRAFT", arn.to_owned()),
            ("abc123def456:DRAFT", "abc123def456", "DRAFT", arn.to_owned()),
            ("abc123def456:3", "abc123def456", "3", format!("{arn}:3")),
            (arn, arn, "DRAFT", arn.to_owned()),
            (&format!("{arn}:12"), arn, "12", format!("{arn}:12")),
        ] {
            let reference: GuardrailReference = text.parse().unwrap();
            assert_eq!((reference.identifier().as_str(), reference.version()), (identifier, version), "{text}");
            let full = reference.arn(&region, Some("111122223333")).unwrap();
            assert_eq!(reference.condition_value(&full), value, "{text}");
            assert_eq!(reference.to_string().parse::<GuardrailReference>().unwrap(), reference);
        }
        assert_eq!("abc123".parse::<GuardrailReference>().unwrap().arn(&region, None), None);
    }

    #[test]
    fn what_is_no_guardrail_is_refused() {
        for text in [
            "",
            "My-Guardrail",
            "abc:0",
            "abc:latest",
            "abc:1:2",
            "arn:aws:bedrock:us-west-2:111122223333:inference-profile/x",
            "arn:aws:bedrock",
            "arn:aws:bedrock:us-west-2:111122223333:guardrail/",
        ] {
            assert!(text.parse::<GuardrailReference>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_enforced_guardrail_holds_for_the_models_that_it_names() {
        let of = |included: &[&str], excluded: &[&str]| EnforcedGuardrail {
            arn: "arn:aws:bedrock:us-west-2:111122223333:guardrail/abc".parse().unwrap(),
            included: included.iter().map(|id| (*id).to_owned()).collect(),
            excluded: excluded.iter().map(|id| (*id).to_owned()).collect(),
        };
        let nova = "amazon.nova-lite-v1:0";
        let nova_arn = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
        for (guardrail, on_nova, on_all) in [
            (of(&[], &[]), true, true),
            (of(&["ALL"], &[]), true, true),
            (of(&[nova], &[]), true, false),
            (of(&[nova_arn], &[]), true, false),
            (of(&["amazon.nova-pro-v1:0"], &[]), false, false),
            (of(&["ALL"], &[nova]), false, false),
            (of(&[], &["amazon.nova-pro-v1:0"]), true, false),
        ] {
            assert_eq!((guardrail.is_enforced_on(nova), guardrail.is_enforced_on_all()), (on_nova, on_all));
        }
    }
}
