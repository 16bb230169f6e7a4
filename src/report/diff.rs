//! The proposed changes of policies, line by line, against the documents as they are.
//!
//! Both sides are laid out alike before they are compared, so that a line that differs is one that changes.

use super::outline;
use crate::diagnose::{ChangeKind, Diagnosis, Finding};
use crate::escape::escape_json;
use serde_json::Value;

/// How many unchanged lines are shown beside a changed one.
const CONTEXT: usize = 3;

/// The most comparisons of lines; beyond it the whole of the one side is replaced by the whole of the other.
const MOST_COMPARED: usize = 4_000_000;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// It stays.
    Kept,
    /// It is new.
    Added,
    /// It goes.
    Removed,
    /// Unchanged lines stand here that are not shown.
    Skipped,
}

impl Side {
    /// Returns the sign that a line begins with.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Kept => " ",
            Self::Added => "+",
            Self::Removed => "-",
            Self::Skipped => "@",
        }
    }
}

/// One line of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What becomes of it.
    pub(super) side: Side,
    /// The line.
    pub(super) text: String,
}

/// The change of one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PolicyChange {
    /// The policy in a few words, its name between back-quotes.
    pub(super) title: String,
    /// Whether there was no such policy before.
    pub(super) is_new: bool,
    /// Its lines, unchanged ones near a change among them.
    pub(super) lines: Vec<Line>,
}

/// Returns the changes of policies that mend a finding, as far as their texts are known.
pub(super) fn of(diagnosis: &Diagnosis, number: usize, finding: &Finding) -> Vec<PolicyChange> {
    let mut changes = Vec::new();
    for change in &finding.remedy.changes {
        let edited = diagnosis.documents.iter().find_map(|document| Some((document, document.after(change)?)));
        if let Some((document, after)) = edited {
            let Ok(before) = serde_json::from_str::<Value>(&document.text) else { continue };
            let name = document.policy.rsplit('/').next().unwrap_or(&document.policy);
            let lines = shortened(&compared(&laid_out(&before), &laid_out(&after)));
            changes.push(PolicyChange {
                title: format!("the {} `{name}`", document.policy_type),
                is_new: false,
                lines,
            });
        } else if let ChangeKind::AddStatement { statements: document } = &change.kind
            && !outline::is_told(diagnosis, number, finding)
        {
            let lines = compared(&[], &laid_out(document));
            let title = match (change.policy.as_deref(), change.policy_type) {
                (Some(policy), _) => format!("`{}`, a new policy", policy.rsplit('/').next().unwrap_or(policy)),
                (None, Some(policy_type)) => format!("what the {policy_type} has to allow"),
                (None, None) => "a new policy".to_owned(),
            };
            changes.push(PolicyChange { title, is_new: true, lines });
        }
    }
    changes
}

/// Lays a document out in lines; nothing has none.
fn laid_out(document: &Value) -> Vec<String> {
    match document {
        Value::Null => Vec::new(),
        some => escape_json(format!("{some:#}")).lines().map(str::to_owned).collect(),
    }
}

/// Compares two texts by the longest row of lines that they have in common.
fn compared(before: &[String], after: &[String]) -> Vec<Line> {
    let line = |side: Side, text: &String| Line { side, text: text.clone() };
    let head = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let (before_rest, after_rest) = (before.get(head..).unwrap_or_default(), after.get(head..).unwrap_or_default());
    let tail = before_rest.iter().rev().zip(after_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let old = before_rest.get(..before_rest.len() - tail).unwrap_or_default();
    let new = after_rest.get(..after_rest.len() - tail).unwrap_or_default();

    let mut lines: Vec<Line> = before.iter().take(head).map(|text| line(Side::Kept, text)).collect();
    let width = new.len() + 1;
    // What is at (i, j): how many lines `old[i..]` and `new[j..]` have in common.
    let mut common = vec![0_u32; if old.len() * new.len() > MOST_COMPARED { 0 } else { (old.len() + 1) * width }];
    let at = |common: &[u32], i: usize, j: usize| common.get(i * width + j).copied().unwrap_or_default();
    if !common.is_empty() {
        for (i, one) in old.iter().enumerate().rev() {
            for (j, other) in new.iter().enumerate().rev() {
                let longest = if one == other {
                    at(&common, i + 1, j + 1) + 1
                } else {
                    at(&common, i + 1, j).max(at(&common, i, j + 1))
                };
                if let Some(cell) = common.get_mut(i * width + j) {
                    *cell = longest;
                }
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    loop {
        match (old.get(i), new.get(j)) {
            (None, None) => break,
            (Some(one), Some(other)) if one == other => {
                lines.push(line(Side::Kept, one));
                (i, j) = (i + 1, j + 1);
            }
            (Some(one), other) if other.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                lines.push(line(Side::Removed, one));
                i += 1;
            }
            (_, Some(other)) => {
                lines.push(line(Side::Added, other));
                j += 1;
            }
            (Some(_), None) => break,
        }
    }
    lines.extend(before_rest.iter().skip(old.len()).map(|text| line(Side::Kept, text)));
    lines
}

/// Leaves unchanged lines out that stand far from a changed one, and says how many.
fn shortened(lines: &[Line]) -> Vec<Line> {
    let changed: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| line.side != Side::Kept).map(|(at, _)| at).collect();
    let is_near = |at: usize| changed.iter().any(|changed| changed.abs_diff(at) <= CONTEXT);
    let mut shown: Vec<Line> = Vec::new();
    let mut skipped = 0;
    for (at, line) in lines.iter().enumerate() {
        if is_near(at) {
            shown.extend(skip(std::mem::take(&mut skipped)));
            shown.push(line.clone());
        } else {
            skipped += 1;
        }
    }
    shown.extend(skip(skipped));
    shown
}

fn skip(lines: usize) -> Option<Line> {
    let text = match lines {
        0 => return None,
        1 => "1 unchanged line".to_owned(),
        many => format!("{many} unchanged lines"),
    };
    Some(Line { side: Side::Skipped, text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    fn drawn(lines: &[Line]) -> String {
        lines.iter().map(|line| format!("{}{}", line.side.sign(), line.text)).collect()
    }

    #[test]
    fn what_is_common_stays() {
        for (before, after, drawing) in [
            ("", "ab", "+a+b"),
            ("ab", "", "-a-b"),
            ("abc", "abc", " a b c"),
            ("abcd", "axcd", " a-b+x c d"),
            ("abab", "ab", " a b-a-b"),
        ] {
            assert_eq!(drawn(&compared(&lines(before), &lines(after))), drawing);
        }
        let changed = compared(&lines("abcdefghijk"), &lines("abcdeXghijk"));
        assert_eq!(drawn(&shortened(&changed)), "@2 unchanged lines c d e-f+X g h i@2 unchanged lines");
    }

    proptest! {
        #[test]
        fn each_side_is_found_again(before in "[abc]{0,12}", after in "[abc]{0,12}") {
            let changed = compared(&lines(&before), &lines(&after));
            let side = |gone: Side| -> String {
                changed.iter().filter(|line| line.side != gone).map(|line| line.text.as_str()).collect()
            };
            prop_assert_eq!(side(Side::Added), before);
            prop_assert_eq!(side(Side::Removed), after);
        }
    }
}
