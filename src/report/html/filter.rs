//! Filters of a table that need no script: a choice hides the rows that lack its class.
//!
//! Radio buttons take the keyboard and are told by screen readers as they are; the style sheet does the rest.

use crate::report::foreign::on_one_line;

/// One row of choices, of which one holds.
pub(super) struct Filter {
    /// What is chosen.
    pub(super) name: &'static str,
    /// The letter that its classes begin with; each filter of a page has its own.
    pub(super) key: char,
    /// The choices beside "any", with how many rows each leaves.
    pub(super) choices: Vec<Choice>,
}

/// Something that can be chosen.
pub(super) struct Choice {
    /// What it is called.
    pub(super) label: String,
    /// How many rows it leaves.
    pub(super) count: usize,
}

impl Filter {
    /// Makes a filter of what each row is under it, in the order in which `known` names it and then as it is met;
    /// a row may be several things. What no row is cannot be chosen.
    pub(super) fn new<'r>(
        name: &'static str,
        key: char,
        known: &[&str],
        rows: impl Iterator<Item = Vec<&'r str>>,
    ) -> Self {
        let mut choices: Vec<Choice> =
            known.iter().map(|label| Choice { label: (*label).to_owned(), count: 0 }).collect();
        for row in rows {
            let mut met: Vec<&str> = Vec::new();
            for label in row {
                if met.contains(&label) {
                    continue;
                }
                met.push(label);
                match choices.iter_mut().find(|choice| choice.label == label) {
                    Some(choice) => choice.count += 1,
                    None => choices.push(Choice { label: label.to_owned(), count: 1 }),
                }
            }
        }
        choices.retain(|choice| choice.count > 0);
        Self { name, key, choices }
    }

    /// Returns `true` if there is anything to choose.
    pub(super) fn chooses(&self) -> bool {
        self.choices.len() > 1
    }

    /// Returns the classes of a row that is these things, each with a space before it.
    pub(super) fn classes(&self, row: &[&str]) -> String {
        let chosen = self.choices.iter().enumerate().filter(|(_, choice)| row.contains(&choice.label.as_str()));
        chosen.map(|(at, _)| format!(" {}-{}", self.key, at + 1)).collect()
    }

    /// Returns the rules that make it work.
    pub(super) fn rules(&self) -> String {
        let rule = |at: usize| {
            let class = format!("{}-{at}", self.key);
            format!("main:has(#{class}:checked) tbody tr:not(.{class}) {{ display: none; }}\n")
        };
        (1..=self.choices.len()).map(rule).collect()
    }
}

impl Choice {
    /// Returns the label with the number of rows.
    pub(super) fn words(&self) -> String {
        format!("{} ({})", on_one_line(&self.label), self.count)
    }
}
