//! The table of operations for people and for programs: what each is authorized as, on what, and whose permission.

use super::styled::{Role, Styled};
use crate::bedrock::{Bundle, Given, Kind, Need, Operation, ServiceAuthorization, Whose};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    source: &'static str,
    operations: Vec<OperationJson>,
    bundles: Vec<BundleJson>,
}

#[derive(Serialize)]
struct OperationJson {
    operation: &'static str,
    api: &'static str,
    model: &'static str,
    streams: bool,
    test_call: bool,
    service_role: &'static str,
    resources: Vec<ResourceJson>,
    authorizations: Vec<AuthorizationJson>,
}

#[derive(Serialize)]
struct ResourceJson {
    kind: &'static str,
    form: &'static str,
    required: bool,
}

#[derive(Serialize)]
struct AuthorizationJson {
    action: &'static str,
    whose: &'static str,
    on: String,
    resource_types: Vec<&'static str>,
    when: Option<&'static str>,
    condition_keys: BTreeMap<&'static str, &'static str>,
    source: &'static str,
}

#[derive(Serialize)]
struct BundleJson {
    bundle: &'static str,
    operations: Vec<&'static str>,
}

/// Writes operations as one JSON document, `bedrock-access/actions/1`.
#[must_use]
pub fn actions_json(operations: &[Operation]) -> String {
    let document = Document {
        schema: "bedrock-access/actions/1",
        source: ServiceAuthorization::source(),
        operations: operations.iter().map(|operation| operation_json(*operation)).collect(),
        bundles: Bundle::ALL
            .into_iter()
            .map(|bundle| BundleJson {
                bundle: bundle.as_str(),
                operations: bundle.operations().iter().map(|operation| operation.as_str()).collect(),
            })
            .collect(),
    };
    // Strings, booleans and lists alone: serialization has no case to fail in.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn operation_json(operation: Operation) -> OperationJson {
    OperationJson {
        operation: operation.as_str(),
        api: operation.api_name(),
        model: given(operation.model().given),
        streams: operation.streams(),
        test_call: operation.has_test_call(),
        service_role: given(operation.service_role()),
        resources: kinds(operation)
            .map(|(kind, required)| ResourceJson { kind: kind.words(), form: kind.form(), required })
            .collect(),
        authorizations: operation
            .needs()
            .iter()
            .map(|need| AuthorizationJson {
                action: need.action,
                whose: need.whose.as_str(),
                on: need.on.words(),
                resource_types: need.resource_types(),
                when: need.when.words(),
                condition_keys: need.key.into_iter().collect(),
                source: need.source,
            })
            .collect(),
    }
}

fn kinds(operation: Operation) -> impl Iterator<Item = (Kind, bool)> {
    Kind::ALL
        .into_iter()
        .filter(move |kind| operation.takes(*kind))
        .map(move |kind| (kind, operation.requires().contains(&kind)))
}

fn given(given: Given) -> &'static str {
    match given {
        Given::Never => "never",
        Given::Maybe => "optional",
        Given::Always => "required",
        Given::UnlessCustom => "required-unless-custom-model",
    }
}

/// Lays operations out as text.
#[must_use]
pub fn actions_text(operations: &[Operation]) -> Styled {
    let mut out = Styled::default();
    for (index, operation) in operations.iter().enumerate() {
        if index > 0 {
            out.end_line();
        }
        out.push(Role::Heading, operation.as_str());
        out.line(Role::Hint, format!("  {}", operation.api_name()));
        for need in operation.needs() {
            authorization(&mut out, need);
        }
        for (kind, required) in kinds(*operation) {
            let may = if required { "needs" } else { "takes" };
            out.line(Role::Hint, format!("    {may} --resource {}", kind.form()));
        }
        match operation.service_role() {
            Given::Never => {}
            Given::Maybe => out.line(Role::Hint, "    takes --service-role ARN"),
            Given::Always | Given::UnlessCustom => out.line(Role::Hint, "    needs --service-role ARN"),
        }
    }
    out
}

fn authorization(out: &mut Styled, need: &Need) {
    let whose = match need.whose {
        Whose::Caller => "caller",
        Whose::ServiceRole => "service role",
    };
    out.push(Role::Plain, format!("  {whose:<12}  "));
    out.push(Role::Code, need.action);
    out.push(Role::Plain, format!("  on {}", need.on.words()));
    if let Some((key, value)) = need.key {
        out.push(Role::Plain, format!(", with {key} = {value}"));
    }
    match need.when.words() {
        Some(when) => out.line(Role::Hint, format!(" ({when})")),
        None => out.end_line(),
    }
}
