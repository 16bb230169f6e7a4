//! Positions in policy documents, where names in them have become shorter or longer.
//!
//! The simulator says where a statement begins and ends. Lines stay what they are; a document of one line has nothing
//! but columns. Braces, brackets, colons and commas are the same before and after: they are counted.

use crate::evidence::{Evidence, Observation, PolicyRef};

/// Moves the positions of matched statements to where their statements stand in the redacted documents.
pub(super) fn follow(before: &Evidence, after: &mut Evidence) {
    let documents: Vec<(String, String, String)> = before
        .policies
        .texts
        .iter()
        .zip(&after.policies.texts)
        .filter_map(|(before, after)| {
            let name = match &before.policy {
                PolicyRef::Managed(arn) => last_part(arn).to_owned(),
                PolicyRef::Inline { policy, .. } => policy.clone(),
            };
            Some((name, before.content.seen()?.document.clone()?, after.content.seen()?.document.clone()?))
        })
        .collect();
    for (before, after) in before.answers.iter().zip(&mut after.answers) {
        let (Observation::Seen(before), Observation::Seen(after)) = (&before.simulation, &mut after.simulation) else {
            continue;
        };
        for (before, after) in before.matched.iter().zip(&mut after.matched) {
            let policy = before.policy.as_deref().map(last_part);
            let Some((_, old, new)) = documents.iter().find(|(name, ..)| Some(name.as_str()) == policy) else {
                continue;
            };
            if let (Some(line), Some(column)) = (before.line, before.column) {
                let (line, column) = moved(old, new, (line, column), false);
                (after.line, after.column) = (Some(line), Some(column));
            }
            after.end = before.end.map(|end| moved(old, new, end, true));
        }
    }
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Moves a position: that of a mark, or that behind one.
fn moved(old: &str, new: &str, position: (u32, u32), behind: bool) -> (u32, u32) {
    let passed = marks(old).take_while(|(_, at)| *at < position).count();
    let mut marks = marks(new);
    match marks.nth(if behind { passed.saturating_sub(1) } else { passed }) {
        Some((_, (line, column))) => (line, if behind { column + 1 } else { column }),
        None => position,
    }
}

/// Walks over the marks of a JSON text outside its strings, with line and column counted from 1.
fn marks(text: &str) -> impl Iterator<Item = (char, (u32, u32))> {
    let (mut line, mut column, mut inside, mut escaped) = (1, 0, false, false);
    text.chars().filter_map(move |c| {
        column += 1;
        let place = (line, column);
        if c == '\n' {
            (line, column) = (line + 1, 0);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            '{' | '}' | '[' | ']' | ':' | ',' if !inside => return Some((c, place)),
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_follows_its_statement() {
        let old = r#"{"Statement":[{"Sid":"A\"{","Action":"a"},{"Sid":"LongName","Action":"b"}]}"#;
        let new = r#"{"Statement":[{"Sid":"Sid1","Action":"a"},{"Sid":"Sid2","Action":"b"}]}"#;
        let start = |text: &str, part: &str| u32::try_from(text.find(part).unwrap() + 1).unwrap();
        let (old_start, new_start) = (start(old, "{\"Sid\":\"Long"), start(new, "{\"Sid\":\"Sid2"));
        assert_eq!(moved(old, new, (1, old_start), false), (1, new_start));
        let (old_end, new_end) = (old.len() as u32 - 1, new.len() as u32 - 1);
        assert_eq!(moved(old, new, (1, old_end), true), (1, new_end));
        let lines = old.replace(",{", ",\n  {");
        assert_eq!(moved(&lines, &new.replace(",{", ",\n  {"), (2, 3), false), (2, 3));
    }
}
