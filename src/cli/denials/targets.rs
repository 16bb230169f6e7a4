//! Groups as targets: what `doctor --targets` asks about each.

use crate::bedrock::{ModelReference, Operation, Region};
use crate::iam::Arn;
use crate::trail::{Denials, Group};
use serde_json::{Map, Value};

/// Writes a line for each group that the doctor can ask about.
pub(super) fn lines(denials: &Denials) -> String {
    denials.groups.iter().filter_map(|group| target(group).ok()).map(|target| format!("{target}\n")).collect()
}

/// Makes the target of a group.
///
/// # Errors
/// Returns why the doctor cannot ask about it.
pub(super) fn target(group: &Group) -> Result<Value, &'static str> {
    let mut target = Map::new();
    target.insert("id".to_owned(), group.id.clone().into());
    let model = group.model.as_deref().or_else(|| group.resource.as_deref().filter(|resource| is_model(resource)));
    let operation = group.operation.as_deref().and_then(Operation::from_api_name);
    match model {
        Some(model) if model.parse::<ModelReference>().is_ok() => {
            target.insert("model".to_owned(), model.into());
        }
        Some(_) => return Err("the model's name is not one that can be asked about"),
        None if operation.is_none() => return Err("neither the model nor an operation that is known was recorded"),
        None => {}
    }
    match operation {
        // What else the call named is not recorded.
        Some(operation) if !operation.requires().is_empty() => {
            return Err("what else the call named is not recorded");
        }
        Some(operation) => {
            target.insert("operation".to_owned(), operation.as_str().into());
        }
        None => {}
    }
    if let Some(region) = group.region.as_deref().filter(|region| region.parse::<Region>().is_ok()) {
        target.insert("region".to_owned(), region.into());
    }
    let principal =
        group.principal.as_deref().filter(|principal| principal.parse::<Arn>().is_ok_and(|arn| arn.service == "iam"));
    if let Some(principal) = principal {
        target.insert("principal".to_owned(), principal.into());
    }
    Ok(Value::Object(target))
}

fn is_model(resource: &str) -> bool {
    resource.parse::<ModelReference>().is_ok()
}
