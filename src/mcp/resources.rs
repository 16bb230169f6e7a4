//! What a client can read: the causes, the table of operations, and the JSON schemas. All of it is this program's own data.

use super::schemas;
use crate::bedrock::Operation;
use crate::cause::{Cause, catalogue};
use crate::report;
use rmcp::model::{ErrorData, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::json;

/// What every address begins with.
const SCHEME: &str = "bedrock-access://";

/// How wide a page is, in columns.
const COLUMNS: usize = 100;

/// Lists every resource.
pub(super) fn list() -> Vec<Resource> {
    let mut resources = vec![
        Resource::new(format!("{SCHEME}causes"), "causes")
            .with_title("The causes")
            .with_description("Every cause of a refused call by its code and family")
            .with_mime_type("text/plain"),
        Resource::new(format!("{SCHEME}operations"), "operations")
            .with_title("The table of operations")
            .with_description("Every operation of Amazon Bedrock with the IAM actions that it is authorized as")
            .with_mime_type("application/json"),
    ];
    resources.extend(Cause::ALL.iter().map(|cause| {
        Resource::new(format!("{SCHEME}causes/{}", cause.code()), cause.code())
            .with_title(catalogue::entry(*cause).title)
            .with_description("What the cause means, who can fix it, and how")
            .with_mime_type("text/plain")
    }));
    resources.extend(schemas::SCHEMAS.iter().map(|name| {
        Resource::new(format!("{SCHEME}schema/{name}"), *name)
            .with_title(format!("JSON schema {name}"))
            .with_mime_type("application/schema+json")
    }));
    resources
}

/// Lists the forms of addresses.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(format!("{SCHEME}causes/{{code}}"), "cause")
            .with_description("A cause by its code, such as `service-control-policy`")
            .with_mime_type("text/plain"),
        ResourceTemplate::new(format!("{SCHEME}schema/{{name}}"), "schema")
            .with_description("A JSON schema by its name, such as `diagnosis-1`")
            .with_mime_type("application/schema+json"),
    ]
}

/// Reads a resource.
pub(super) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let (text, kind) = match uri.strip_prefix(SCHEME).unwrap_or_default().split_once('/') {
        None if uri.strip_prefix(SCHEME) == Some("causes") => (report::causes_text(), "text/plain"),
        None if uri.strip_prefix(SCHEME) == Some("operations") => {
            (report::actions_json(Operation::ALL.as_slice()), "application/json")
        }
        Some(("causes", code)) => {
            let cause: Cause = code.parse().map_err(|_| nothing_at())?;
            (report::cause_text(catalogue::entry(cause), COLUMNS), "text/plain")
        }
        Some(("schema", name)) => (schemas::text(name).ok_or_else(nothing_at)?.to_owned(), "application/schema+json"),
        _ => return Err(nothing_at()),
    };
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(kind)]))
}

fn nothing_at() -> ErrorData {
    ErrorData::resource_not_found("there is no resource at this address", Some(json!({"list": "resources/list"})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_can_be_read() {
        assert!(list().len() > 40);
        for resource in list() {
            let read = read(&resource.uri).unwrap();
            assert_eq!(read.contents.len(), 1, "{}", resource.uri);
        }
        for uri in ["", "bedrock-access://", "bedrock-access://causes/", "bedrock-access://schema/../x", "file:///x"] {
            assert!(read(uri).is_err(), "{uri}");
        }
    }
}
