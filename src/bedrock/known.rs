//! What AWS's pages list of models, Regions and the routes of system-defined inference profiles, as dated data.
//!
//! The data is in `known.json` with its sources and is never fetched. An id that is not in it can be newer than the data:
//! nothing is wrong with it. A geographic profile's Regions never change (Bedrock User Guide, "Supported Regions and
//! models for inference profiles"), so that an old entry stays right.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    // A test parses the same text; empty data could only make the program know less.
    serde_json::from_str(include_str!("known.json")).unwrap_or_default()
});

#[derive(Debug, Default, Deserialize)]
struct Known {
    source: String,
    models: Vec<String>,
    regions: Vec<String>,
    profiles: BTreeMap<String, Vec<Route>>,
}

/// Where calls from some Regions may run.
#[derive(Debug, Deserialize)]
struct Route {
    from: Vec<String>,
    to: Vec<String>,
}

/// Returns the ids of the foundation models that are known, in alphabetical order.
pub fn known_models() -> impl Iterator<Item = &'static str> {
    KNOWN.models.iter().map(String::as_str)
}

/// Returns the Regions in which Bedrock is known to be, in alphabetical order.
pub fn known_regions() -> impl Iterator<Item = &'static str> {
    KNOWN.regions.iter().map(String::as_str)
}

/// Returns `true` if a system-defined profile is known.
pub(super) fn is_known_profile(id: &str) -> bool {
    KNOWN.profiles.contains_key(id)
}

/// Returns the Regions to which a geographic profile may route a call from a Region; `None` if that is not known.
///
/// ```
/// use bedrock_access::bedrock::destinations;
/// assert_eq!(destinations("us.amazon.nova-micro-v1:0", "us-east-1").unwrap(), ["us-east-1", "us-east-2", "us-west-2"]);
/// assert_eq!(destinations("us.amazon.nova-micro-v1:0", "eu-west-1"), None);
/// ```
#[must_use]
pub fn destinations(profile: &str, source: &str) -> Option<Vec<&'static str>> {
    let route = KNOWN.profiles.get(profile)?.iter().find(|route| route.from.iter().any(|region| region == source))?;
    Some(route.to.iter().map(String::as_str).collect())
}

/// Returns the page that the routes of profiles are from, with its date.
#[must_use]
pub fn source_of_destinations() -> &'static str {
    &KNOWN.source
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::{ModelReference, Region};

    #[test]
    fn the_data_parses_and_is_consistent() {
        let known: Known = serde_json::from_str(include_str!("known.json")).unwrap();
        assert!(known.source.contains("Bedrock User Guide") && known.source.contains("2025"), "{}", known.source);
        assert!(known.models.len() > 100 && known.profiles.len() > 80);
        assert!(known.models.is_sorted() && known.regions.is_sorted());
        for region in &known.regions {
            assert!(region.parse::<Region>().is_ok(), "{region}");
        }
        for model in &known.models {
            assert!(matches!(model.parse(), Ok(ModelReference::FoundationModel(_))), "{model}");
        }
        for (profile, routes) in &known.profiles {
            assert!(matches!(profile.parse(), Ok(ModelReference::InferenceProfile(_))), "{profile}");
            let (_, model) = profile.split_once('.').unwrap();
            assert!(known.models.iter().any(|known| known == model), "{model}");
            let mut sources: Vec<&String> = Vec::new();
            for route in routes {
                assert!(!route.to.is_empty() && route.to.len() <= 11);
                for region in route.from.iter().chain(&route.to) {
                    assert!(known.regions.contains(region), "{profile}: {region}");
                }
                sources.extend(&route.from);
            }
            let count = sources.len();
            sources.sort_unstable();
            sources.dedup();
            assert_eq!(sources.len(), count, "{profile} has two routes from one Region");
        }
    }

    #[test]
    fn some_routes_depend_on_the_source() {
        let haiku = "us.anthropic.claude-3-haiku-20240307-v1:0";
        assert_eq!(destinations(haiku, "us-east-2").unwrap(), ["us-east-1", "us-east-2", "us-west-2"]);
        assert_eq!(destinations(haiku, "us-west-2").unwrap(), ["us-east-1", "us-west-2"]);
        assert_eq!(destinations("us.amazon.nova-99-v1:0", "us-east-1"), None);
    }
}
