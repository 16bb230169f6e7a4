//! The smallest change: some lines of the statement that nearly allowed, in place of a policy of its own.
//!
//! Takes findings whose policy was tried in simulation, and the documents that were read. A statement is changed only
//! where it misses every refused requirement by its resource alone, and stands as one element a line; the changed document
//! is evaluated, and counts only where it allows them all. Nobody can change what AWS manages.

use super::command;
use crate::bedrock::Whose;
use crate::cause::Cause;
use crate::diagnose::change::{ChangeKind, Edit, Verified};
use crate::diagnose::document::PolicyDocument;
use crate::diagnose::finding::Finding;
use crate::diagnose::requirement::Requirement;
use crate::diagnose::statement::DecidedBy;
use crate::iam::{Arn, Decision};
use crate::policy::{Document, Miss, Policies, Policy, Question, decide};

/// Gives each finding the smallest change that does what its policy does, where there is one.
pub(in crate::diagnose) fn add_to(
    findings: &mut [Finding],
    requirements: &[Requirement],
    documents: &[PolicyDocument],
    principal: Option<&Arn>,
) {
    let Some(principal) = principal else { return };
    for finding in findings.iter_mut().filter(|finding| is_tried_allow(finding)) {
        let refused: Vec<&Requirement> = requirements
            .iter()
            .filter(|requirement| {
                requirement.whose == Whose::Caller
                    && requirement.is_hard
                    && matches!(requirement.decision, Decision::ImplicitDeny | Decision::ExplicitDeny)
            })
            .collect();
        let Some(first) = refused.first() else { continue };
        finding.remedy.edit =
            first.near_misses.iter().find_map(|near| edit(&near.statement, &refused, documents, principal));
    }
}

/// Returns `true` if a finding lacks an allow, and a policy that gives it was simulated and is enough.
fn is_tried_allow(finding: &Finding) -> bool {
    let adds =
        matches!(finding.remedy.changes.as_slice(), [only] if matches!(only.kind, ChangeKind::AddStatement { .. }));
    finding.cause == Cause::IdentityPolicyMissingAllow
        && finding.whose == Whose::Caller
        && adds
        && finding.remedy.verified == Some(Verified::Allowed)
}

/// Changes a statement so that it allows every refused requirement.
fn edit(
    statement: &DecidedBy,
    refused: &[&Requirement],
    documents: &[PolicyDocument],
    principal: &Arn,
) -> Option<Edit> {
    let misses: Option<Vec<(&str, &str)>> =
        refused.iter().map(|requirement| missed_resource(statement, requirement)).collect();
    let misses = misses?;
    let (pattern, _) = *misses.first()?;
    let document = documents.iter().find(|document| document.holds(statement))?;
    if statement.is_aws_managed() || document.policy.contains(":iam::aws:policy/") {
        return None;
    }
    let parsed = Document::parse(&document.text).ok()?;
    let span = parsed.statements().get(statement.statement?)?.span();
    if document.text.get(span.clone())?.contains("\"NotResource\"") {
        return None;
    }
    let resources: Vec<&str> = misses.iter().map(|(_, asked)| *asked).collect();
    let (line, removed, added) = changed_lines(&document.text, span, pattern, &resources)?;
    let mut lines: Vec<String> = document.text.split('\n').map(str::to_owned).collect();
    lines.splice(line - 1..line - 1 + removed.len(), added.iter().cloned());
    let after = lines.join("\n");
    if !allows(&after, refused, principal) {
        return None;
    }
    let holder = statement.holder.as_deref().or(document.holder.as_deref());
    let holder = holder.map(|holder| match command::named(principal) {
        own if own.rsplit('/').next() == Some(holder) => own,
        _ => format!("group/{holder}"),
    });
    let replace = command::replace(holder.as_deref().and_then(|holder| holder.split_once('/')), &document.policy)?;
    Some(Edit {
        policy: document.policy.clone(),
        holder: holder.filter(|_| !document.policy.starts_with("arn:")),
        sid: statement.sid.clone(),
        line,
        removed,
        added,
        before: document.text.clone(),
        after,
        commands: vec![replace],
    })
}

/// Returns the pattern that came closest to a requirement's resource, and the resource, where the statement misses the
/// requirement by that alone.
fn missed_resource<'r>(statement: &DecidedBy, requirement: &'r Requirement) -> Option<(&'r str, &'r str)> {
    let is_same = |other: &DecidedBy| {
        other.place() == statement.place() && other.policy == statement.policy && other.holder == statement.holder
    };
    let near = requirement.near_misses.iter().find(|near| is_same(&near.statement))?;
    match near.misses.as_slice() {
        [Miss::Resource { asked, pattern, .. }] => Some((pattern, asked)),
        _ => None,
    }
}

/// Returns the number of the first line that changes, the lines that go and those that come.
fn changed_lines(
    text: &str,
    statement: std::ops::Range<usize>,
    pattern: &str,
    resources: &[&str],
) -> Option<(usize, Vec<String>, Vec<String>)> {
    let quoted = |value: &str| serde_json::to_string(value).unwrap_or_default();
    let mut start = 0;
    for (number, line) in text.split('\n').enumerate() {
        let here = start;
        start += line.len() + 1;
        if here < statement.start || here >= statement.end {
            continue;
        }
        let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        let (bare, comma) = match line.trim().strip_suffix(',') {
            Some(bare) => (bare, ","),
            None => (line.trim(), ""),
        };
        if bare == quoted(pattern) {
            let added = resources.iter().map(|resource| format!("{indent}{},", quoted(resource))).collect();
            // Behind an element with a comma, or before the last, which has none.
            return Some((if comma.is_empty() { number + 1 } else { number + 2 }, Vec::new(), added));
        }
        if bare.strip_prefix("\"Resource\":").map(str::trim) == Some(quoted(pattern).as_str()) {
            let all: Vec<String> = std::iter::once(pattern).chain(resources.iter().copied()).map(quoted).collect();
            let added = format!("{indent}\"Resource\": [{}]{comma}", all.join(", "));
            return Some((number + 1, vec![line.to_owned()], vec![added]));
        }
    }
    None
}

/// Returns `true` if a policy, alone, allows every requirement.
fn allows(text: &str, refused: &[&Requirement], principal: &Arn) -> bool {
    let Ok(document) = Document::parse(text) else { return false };
    let policies = Policies { identity: vec![Policy::unnamed(document)], ..Policies::default() };
    let principal = principal.to_string();
    refused.iter().all(|requirement| {
        decide(&Question::new(&principal, &requirement.request), &policies).decision == Decision::Allowed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"Statement\": [{\n    \"Resource\": [\n      \"a:1\",\n      \"a:2\"\n    ]\n  }, {\n    \"Resource\": \"b:1\",\n    \"Effect\": \"Allow\"\n  }]\n}";

    fn changed(pattern: &str) -> Option<serde_json::Value> {
        let (line, removed, added) = changed_lines(TEXT, 0..TEXT.len(), pattern, &["new:1"])?;
        let mut lines: Vec<&str> = TEXT.split('\n').collect();
        assert!(removed.iter().eq(lines[line - 1..line - 1 + removed.len()].iter()));
        lines.splice(line - 1..line - 1 + removed.len(), added.iter().map(String::as_str));
        let text = lines.join("\n");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        Some(value["Statement"].clone())
    }

    #[test]
    fn an_element_is_added_wherever_the_nearest_one_stands() {
        let whole = |first: &[&str], second: serde_json::Value| {
            Some(serde_json::json!([{"Resource": first}, {"Effect": "Allow", "Resource": second}]))
        };
        assert_eq!(changed("a:1"), whole(&["a:1", "new:1", "a:2"], "b:1".into()));
        assert_eq!(changed("a:2"), whole(&["a:1", "new:1", "a:2"], "b:1".into()));
        assert_eq!(changed("b:1"), whole(&["a:1", "a:2"], serde_json::json!(["b:1", "new:1"])));
        assert_eq!(changed("c:1"), None);
    }

    #[test]
    fn another_statement_stays_as_it_is() {
        let second = TEXT.find("}, {").unwrap();
        assert_eq!(changed_lines(TEXT, second..TEXT.len(), "a:1", &["new:1"]), None);
    }
}
