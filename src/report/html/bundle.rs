//! `bundle_html`: a table of the operations of a bundle, and below it the report of each.

use super::body::body;
use super::{Frame, class_of, sign_of};
use crate::bedrock::Bundle;
use crate::diagnose::Diagnosis;
use crate::report::bundle::{bundle_headline, bundle_verdict, gist};
use crate::report::foreign::{Span, spans};
use askama::Template;

#[derive(Template)]
#[template(path = "bundle.html", config = "src/report/html/askama.toml")]
struct Page {
    frame: Frame,
    operations: Vec<OperationView>,
}

struct OperationView {
    /// What the names of its parts begin with.
    at: String,
    name: &'static str,
    verdict: &'static str,
    class: &'static str,
    sign: &'static str,
    gist: Vec<Span>,
    body: String,
}

/// Lays the diagnoses of a bundle's operations out as one HTML page.
#[must_use]
pub fn bundle_html(bundle: Bundle, diagnoses: &[Diagnosis]) -> String {
    let first = diagnoses.first();
    let facts = [
        ("principal", first.and_then(|first| Some(format!("`{}`", first.principal.arn.as_ref()?)))),
        ("Region", first.map(|first| format!("`{}`", first.request.region))),
        ("observed", first.map(|first| first.observed_at.clone())),
    ];
    let sandbox = first.and_then(|first| first.sandbox.as_deref());
    let frame = Frame::new(Some(bundle_verdict(diagnoses)), sandbox, &bundle_headline(bundle, diagnoses), facts);
    let operations = diagnoses.iter().map(|diagnosis| {
        let name = diagnosis.request.operation.as_str();
        let at = format!("{name}-");
        OperationView {
            body: body(diagnosis, &at, 3),
            at,
            name,
            verdict: diagnosis.verdict.as_str(),
            class: class_of(diagnosis.verdict),
            sign: sign_of(diagnosis.verdict),
            gist: spans(&gist(diagnosis)),
        }
    });
    // The template writes to a string, which cannot fail.
    Page { frame, operations: operations.collect() }.render().unwrap_or_default()
}
