//! What AWS publishes about Bedrock's actions, resource types and condition keys.
//!
//! The data is the Service Authorization Reference for `bedrock` and `bedrock-mantle`, carried with its source and
//! date in `authorization.json`; it is never fetched. Looks names up without regard to case, as IAM compares them.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The published data of every service that is carried.
static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
    // A test parses the same text; an empty table could only make the linter say less.
    serde_json::from_str(include_str!("authorization.json")).unwrap_or_default()
});

#[derive(Debug, Default, Deserialize)]
struct Published {
    source: String,
    services: BTreeMap<String, ServiceAuthorization>,
}

/// What is published about one service prefix.
#[derive(Debug, Deserialize)]
pub struct ServiceAuthorization {
    actions: BTreeMap<String, PublishedAction>,
    resource_types: BTreeMap<String, PublishedResourceType>,
    condition_keys: BTreeMap<String, PublishedKey>,
}

/// An action as published.
#[derive(Debug, Deserialize)]
pub struct PublishedAction {
    /// `Read`, `Write`, `List`, `Tagging` or `Permissions management`.
    pub access_level: String,
    /// The resource types that the action is authorized on; none where `Resource` must be `*`.
    resource_types: Vec<NamedType>,
    /// The condition keys that the action supports, beside the global ones and those of its resource types.
    pub condition_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct NamedType {
    name: String,
}

/// A resource type as published.
#[derive(Debug, Deserialize)]
pub struct PublishedResourceType {
    /// The form of its ARN, such as `arn:${Partition}:bedrock:${Region}::foundation-model/${ResourceId}`.
    pub arn: String,
    /// The condition keys that its resources carry, such as tags.
    pub condition_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct PublishedKey {}

impl PublishedAction {
    /// Walks over the names of the resource types.
    pub fn resource_types(&self) -> impl Iterator<Item = &str> {
        self.resource_types.iter().map(|named| named.name.as_str())
    }
}

impl ServiceAuthorization {
    /// Returns what is published about a service prefix such as `bedrock`; `None` for others than those carried.
    #[must_use]
    pub fn of(prefix: &str) -> Option<&'static Self> {
        find(&PUBLISHED.services, prefix).map(|(_, service)| service)
    }

    /// Returns where the data comes from, and of when it is.
    #[must_use]
    pub fn source() -> &'static str {
        &PUBLISHED.source
    }

    /// Returns an action's published name and what is said of it.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<(&str, &PublishedAction)> {
        find(&self.actions, name)
    }

    /// Walks over the actions, in alphabetical order.
    pub fn actions(&self) -> impl Iterator<Item = (&str, &PublishedAction)> {
        self.actions.iter().map(|(name, action)| (name.as_str(), action))
    }

    /// Returns a resource type's published name and what is said of it.
    #[must_use]
    pub fn resource_type(&self, name: &str) -> Option<(&str, &PublishedResourceType)> {
        find(&self.resource_types, name)
    }

    /// Walks over the resource types, in alphabetical order of their names.
    pub fn resource_types(&self) -> impl Iterator<Item = (&str, &PublishedResourceType)> {
        self.resource_types.iter().map(|(name, published)| (name.as_str(), published))
    }

    /// Walks over the names of the service's condition keys.
    pub fn condition_keys(&self) -> impl Iterator<Item = &str> {
        self.condition_keys.keys().map(String::as_str)
    }
}

fn find<'m, V>(map: &'m BTreeMap<String, V>, name: &str) -> Option<(&'m str, &'m V)> {
    map.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(known, value)| (known.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_data_parses_and_is_whole() {
        let published: Published = serde_json::from_str(include_str!("authorization.json")).unwrap();
        assert!(published.source.contains("Service Authorization Reference"), "{}", published.source);
        let bedrock = ServiceAuthorization::of("bedrock").unwrap();
        assert_eq!(bedrock.actions().count(), 269);
        assert_eq!(ServiceAuthorization::of("bedrock-mantle").unwrap().actions().count(), 38);
        assert!(ServiceAuthorization::of("bedrock-runtime").is_none());
        for (name, action) in bedrock.actions() {
            for resource_type in action.resource_types() {
                assert!(bedrock.resource_type(resource_type).is_some(), "{name}: {resource_type}");
            }
        }
    }

    #[test]
    fn invoking_has_the_resource_types_and_keys_that_aws_publishes() {
        let bedrock = ServiceAuthorization::of("BEDROCK").unwrap();
        let (name, invoke) = bedrock.action("invokemodel").unwrap();
        assert_eq!((name, invoke.resource_types().count()), ("InvokeModel", 12));
        assert!(invoke.condition_keys.iter().any(|key| key == "bedrock:InferenceProfileArn"));
        assert_eq!(bedrock.action("InvokeModelWithResponseStream").unwrap().1.resource_types().count(), 10);
        assert_eq!(bedrock.action("ListFoundationModels").unwrap().1.resource_types().count(), 0);
        assert!(bedrock.action("Converse").is_none());
        assert!(bedrock.resource_type("foundation-model").unwrap().1.condition_keys.is_empty());
    }
}
