//! Denials without the names that tell whose they are: one map of aliases for all of them.

use crate::answer::Failure;
use crate::redact::Redactor;
use crate::trail::Denials;

/// Replaces accounts, principals, sessions, policies, files and ids; causes, models, Regions and counts stay.
///
/// # Errors
///
/// When what is left does not hold together.
pub fn redact(denials: &Denials) -> Result<Denials, Failure> {
    let damaged = |error: serde_json::Error| {
        Failure::input(format!("the denials do not hold together without their names: {error}"))
    };
    let value = serde_json::to_value(denials).map_err(damaged)?;
    let regions = denials.groups.iter().flat_map(|group| [&group.region, &group.resource_region]).flatten().cloned();
    let models =
        denials.groups.iter().filter_map(|group| group.model.clone()).filter(|model| !model.starts_with("arn:"));
    let codes = denials.groups.iter().flat_map(|group| group.error_codes.iter().chain(&group.operation).cloned());
    let readable = regions.chain(models).chain(codes).collect();
    let mut redacted: Denials =
        serde_json::from_value(Redactor::default().document_of_trail(&value, readable)).map_err(damaged)?;
    redacted.redacted = true;
    for (group, whole) in redacted.groups.iter_mut().zip(&denials.groups) {
        // An id is made of names; that of the aliases tells as much.
        group.id = group.id_of_fields();
        group.summary.clone_from(&crate::cause::catalogue::entry(whole.cause).title.to_owned());
    }
    Ok(redacted)
}
