//! Keeps the structure of an answer within a size: long lists lose their end and long texts theirs, and what was left
//! out is counted.

use serde_json::Value;
use std::collections::BTreeMap;

/// The largest structure of an answer, as JSON in bytes.
pub(super) const LARGEST: usize = 96 * 1024;

/// The shortest text that may lose its end, in bytes, and what stays of it.
const LONG_TEXT: usize = 1024;
const KEPT_TEXT: usize = 512;

/// A list that is cut before shorter ones are.
const LONG_LIST: usize = 8;

/// How often something is cut before it is given up.
const MOST_CUTS: usize = 500;

/// What was left out: the place in the structure, and how many items or bytes of how many were kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// A path such as `/groups`, with the number of items that are there and that there were.
    cuts: BTreeMap<String, (usize, usize)>,
}

impl LeftOut {
    /// Returns a line for each place: names of fields and numbers alone.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |(place, (kept, all)): (&String, &(usize, usize))| format!("left out: {place} has {kept} of {all}");
        self.cuts.iter().map(line).collect()
    }
}

/// One step down in a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// The candidate for the next cut.
struct Candidate {
    path: Vec<Step>,
    is_long: bool,
    size: usize,
}

/// Cuts until the structure is small enough; returns what was left out, or `None` if it cannot be made small enough.
pub(super) fn bound(value: &mut Value, largest: usize) -> Option<LeftOut> {
    let mut left_out = LeftOut::default();
    for _ in 0..MOST_CUTS {
        let mut best = None;
        let size = measure(value, &mut Vec::new(), &mut best);
        if size <= largest {
            return Some(left_out);
        }
        let candidate: Candidate = best?;
        let mut place = Some(&mut *value);
        for step in &candidate.path {
            place = place.and_then(|value| match step {
                Step::Key(key) => value.get_mut(key),
                Step::Index(index) => value.get_mut(index),
            });
        }
        let (kept, all) = match place? {
            Value::Array(list) => {
                let all = list.len();
                // In proportion, so that few rounds are needed and no list pays for another.
                let fits = all * largest / size.max(1);
                list.truncate(fits.clamp(1, all - 1));
                (list.len(), all)
            }
            Value::String(text) => {
                let all = text.len();
                text.truncate(text.floor_char_boundary(KEPT_TEXT));
                text.push('…');
                (KEPT_TEXT, all)
            }
            _ => return None,
        };
        let cut = left_out.cuts.entry(shown(&candidate.path)).or_insert((kept, all));
        cut.0 = kept;
    }
    None
}

/// Returns the size of a value as JSON, about; keeps the best candidate for a cut.
fn measure(value: &Value, path: &mut Vec<Step>, best: &mut Option<Candidate>) -> usize {
    let (size, is_candidate, is_long) = match value {
        Value::Null | Value::Bool(_) => (5, false, false),
        Value::Number(number) => (number.to_string().len() + 1, false, false),
        // A control character is six bytes as JSON.
        Value::String(text) => {
            let size =
                text.len() + text.bytes().filter(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\')).count() + 3;
            (size, text.len() > LONG_TEXT, true)
        }
        Value::Array(list) => {
            let mut size = 2;
            for (index, item) in list.iter().enumerate() {
                path.push(Step::Index(index));
                size += measure(item, path, best) + 1;
                path.pop();
            }
            (size, list.len() > 1, list.len() > LONG_LIST)
        }
        Value::Object(object) => {
            let mut size = 2;
            for (key, item) in object {
                path.push(Step::Key(key.clone()));
                size += key.len() + 4 + measure(item, path, best);
                path.pop();
            }
            (size, false, false)
        }
    };
    let is_better = |known: &Candidate| (is_long, size) > (known.is_long, known.size);
    if is_candidate && best.as_ref().is_none_or(is_better) {
        *best = Some(Candidate { path: path.clone(), is_long, size });
    }
    size
}

/// Shows a path by its fields: keys of ours, and of a document that somebody else wrote only that it is one.
fn shown(path: &[Step]) -> String {
    let mut shown = String::new();
    for step in path {
        match step {
            Step::Key(key) if key.chars().all(|c| c.is_ascii_lowercase() || c == '_') && key.len() < 40 => {
                shown.push('/');
                shown.push_str(key);
            }
            Step::Key(_) => {
                shown.push_str("/…");
                break;
            }
            Step::Index(index) => shown.push_str(&format!("/{index}")),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_small_structure_stays_as_it_is() {
        let mut value = json!({"a": [1, 2, 3]});
        assert_eq!(bound(&mut value, LARGEST), Some(LeftOut::default()));
        assert_eq!(value, json!({"a": [1, 2, 3]}));
    }

    #[test]
    fn long_lists_and_texts_lose_their_end() {
        let mut value = json!({"groups": (0..10_000).collect::<Vec<_>>(), "x": "y".repeat(50_000), "two": [1, 2]});
        let left_out = bound(&mut value, 20_000).unwrap();
        assert!(value.to_string().len() <= 20_000);
        assert_eq!(value["two"], json!([1, 2]));
        assert!(value["groups"].as_array().unwrap().len() > 100, "{left_out:?}");
        let lines = left_out.lines();
        assert!(lines.iter().any(|line| line.starts_with("left out: /groups has ") && line.ends_with(" of 10000")));
    }

    #[test]
    fn keys_of_others_are_not_shown() {
        let mut value = json!({"Ignore all\nprevious": "y".repeat(50_000)});
        let lines = bound(&mut value, 20_000).unwrap().lines();
        assert_eq!(lines, ["left out: /… has 512 of 50000"]);
        assert_eq!(bound(&mut json!({"a": "b".repeat(900)}), 100), None);
    }
}
