//! Statements: those that decided a requirement and those that nearly did, with their place and their words.
//!
//! The policy simulator names a policy and a position; the text that was read adds index, `Sid` and the words. A
//! position is matched by overlap: AWS documents none of its details.

use crate::evidence::MatchedStatement;
use crate::iam::PolicyType;
use crate::policy::{Document, MatchedCondition, Miss, Statement};
use serde_json::Value;

/// The longest quotation, in lines.
const LONGEST_QUOTE: usize = 24;

/// A statement that decided a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedBy {
    /// The type of its policy.
    pub policy_type: PolicyType,
    /// What the policy is attached as, in the simulator's words: `role`, `aws-managed`, …
    pub source: Option<String>,
    /// The user, group or role that holds the policy.
    pub holder: Option<String>,
    /// The policy's name, or its ARN where it is a managed one.
    pub policy: Option<String>,
    /// The statement's index in the policy.
    pub statement: Option<usize>,
    /// The statement's `Sid`.
    pub sid: Option<String>,
    /// Where it begins, 1-based line.
    pub line: Option<u32>,
    /// Where it begins, 1-based column.
    pub column: Option<u32>,
    /// Its words, where the policy was read.
    pub quote: Option<String>,
    /// Its conditions, with what the request carries for each.
    pub conditions: Vec<MatchedCondition>,
}

/// An allow that is there and misses the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// The statement.
    pub statement: DecidedBy,
    /// Everything in which it differs from the request.
    pub misses: Vec<Miss>,
}

impl DecidedBy {
    /// Takes what the simulator says of a statement.
    pub(super) fn simulated(statement: &MatchedStatement) -> Self {
        Self {
            policy_type: type_of_source(statement),
            source: statement.source.clone(),
            holder: None,
            policy: statement.policy.clone(),
            statement: None,
            sid: None,
            line: statement.line,
            column: statement.column,
            quote: None,
            conditions: Vec::new(),
        }
    }

    /// Returns the policy's name: the end of its ARN where it is a managed one.
    #[must_use]
    pub fn policy_name(&self) -> Option<&str> {
        let policy = self.policy.as_deref()?;
        Some(if policy.starts_with("arn:") { policy.rsplit('/').next().unwrap_or(policy) } else { policy })
    }

    /// Returns what tells the statement from others of its policy.
    pub(super) fn place(&self) -> (Option<usize>, Option<u32>, Option<u32>) {
        (self.statement, self.line, self.column)
    }

    /// Returns `true` if AWS made the policy.
    #[must_use]
    pub fn is_aws_managed(&self) -> bool {
        self.source.as_deref() == Some("aws-managed")
    }

    /// Returns `true` if AWS attached the policy because an access key leaked.
    #[must_use]
    pub fn is_quarantine(&self) -> bool {
        self.policy_name().is_some_and(|name| name.starts_with("AWSCompromisedKeyQuarantine"))
    }
}

/// Returns the type of the policy that the simulator's `SourcePolicyType` stands for.
pub(super) fn type_of_source(statement: &MatchedStatement) -> PolicyType {
    match statement.source.as_deref() {
        Some(source) if source.eq_ignore_ascii_case("resource") => PolicyType::ResourcePolicy,
        _ => PolicyType::IdentityPolicy,
    }
}

/// Finds the statement of a document that a position of the simulator's means: the one that overlaps most, or the
/// only one there is.
pub(super) fn at_position<'d>(document: &'d Document, text: &str, matched: &MatchedStatement) -> Option<&'d Statement> {
    let statements = document.statements();
    if let [only] = statements {
        return Some(only);
    }
    let start = (matched.line? as usize, matched.column.unwrap_or(1) as usize);
    let end = matched.end.map_or(start, |(line, column)| (line as usize, column as usize));
    let overlap = |statement: &&Statement| {
        let (from, to) = ((statement.line(), statement.column()), end_of(statement, text));
        let (from, to) = (from.max(start), to.min(end));
        // Whole lines weigh more than columns, and a lone point inside still counts.
        (to >= from).then(|| ((to.0 - from.0) * 10_000 + to.1.saturating_sub(from.1) + 1).max(1))
    };
    statements.iter().filter(|statement| overlap(statement).is_some()).max_by_key(|statement| overlap(statement))
}

/// Returns line and column behind a statement's closing brace, counted from 1.
fn end_of(statement: &Statement, text: &str) -> (usize, usize) {
    let before = text.get(..statement.span().end).unwrap_or(text);
    let last_line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, last_line.chars().count() + 1)
}

/// Quotes a statement: as it stands, less its indentation, or laid out where it is one line.
pub(super) fn quote(statement: &Statement, text: &str) -> Option<String> {
    let words = text.get(statement.span())?;
    let laid_out;
    let words = if words.contains('\n') {
        words
    } else {
        laid_out = serde_json::from_str::<Value>(words).map(|value| format!("{value:#}")).ok()?;
        &laid_out
    };
    // The first line begins at the brace; the others stand as far in as its closing one.
    let indent = words.lines().last().map_or(0, |last| last.len() - last.trim_start().len());
    let less = |line: &str| {
        let white = line.len() - line.trim_start().len();
        line.get(white.min(indent)..).unwrap_or(line).trim_end().to_owned()
    };
    let mut lines: Vec<String> = words.lines().map(less).collect();
    if lines.len() > LONGEST_QUOTE {
        lines.truncate(LONGEST_QUOTE - 1);
        lines.push("…".to_owned());
    }
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "First", "Effect": "Allow", "Action": "s3:*", "Resource": "*"
    },
    {"Sid": "Second", "Effect": "Deny", "Action": "bedrock:*", "Resource": "*"},
    {"Sid": "Third", "Effect": "Deny", "Action": "sts:*", "Resource": "*"}
  ]
}"#;

    fn matched(line: u32, column: u32, end: Option<(u32, u32)>) -> MatchedStatement {
        MatchedStatement { policy: None, source: None, line: Some(line), column: Some(column), end }
    }

    #[test]
    fn a_position_means_the_statement_that_overlaps_most() {
        let document = Document::parse(TEXT).unwrap();
        for (line, column, end, expected) in [
            (4, 5, Some((6, 6)), Some("First")),
            (7, 5, Some((7, 81)), Some("Second")),
            // Off by one in either direction.
            (7, 4, Some((7, 80)), Some("Second")),
            (7, 6, Some((8, 6)), Some("Second")),
            (6, 6, Some((7, 81)), Some("Second")),
            (7, 20, None, Some("Second")),
            (1, 1, None, None),
        ] {
            let found = at_position(&document, TEXT, &matched(line, column, end));
            assert_eq!(found.and_then(Statement::sid), expected, "{line}:{column} {end:?}");
        }
    }

    #[test]
    fn a_quotation_is_the_statement_without_its_indentation() {
        let document = Document::parse(TEXT).unwrap();
        let quoted: Vec<String> =
            document.statements().iter().map(|statement| quote(statement, TEXT).unwrap()).collect();
        assert_eq!(
            quoted.first().unwrap(),
            "{\n  \"Sid\": \"First\", \"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"\n}"
        );
        let one_line = serde_json::from_str::<Value>(TEXT).unwrap().to_string();
        let document = Document::parse(&one_line).unwrap();
        let quoted = quote(document.statements().get(1).unwrap(), &one_line).unwrap();
        assert!(quoted.starts_with("{\n  \"Sid\": \"Second\",\n"), "{quoted}");
    }
}
