//! The catalogue of causes in words: as a list, as one page, and as the page of the documentation.
//!
//! Takes the catalogue's entries and lays them out. Never decides anything.

use super::paragraph::paragraph;
use crate::cause::{DocumentedCause, Family, catalogue};
use catalogue::{Entry, Template, TextCertainty};
use std::fmt::Write as _;

/// Lists the causes, one per line, family by family.
#[must_use]
pub fn causes_text() -> String {
    let mut list = String::new();
    let mut family = None;
    for entry in catalogue::entries() {
        if family != Some(entry.cause.family()) {
            let blank = if family.is_some() { "\n" } else { "" };
            family = Some(entry.cause.family());
            let _ = writeln!(list, "{blank}{} ({})", entry.cause.family(), documented(entry.cause.family()));
        }
        let _ = writeln!(list, "  {:<30}{}", entry.cause.code(), entry.title);
    }
    list
}

/// Returns one entry as a page of text, for a terminal of so many columns.
#[must_use]
pub fn cause_text(entry: &Entry, columns: usize) -> String {
    let mut page = String::new();
    let family = entry.cause.family();
    let _ = writeln!(page, "{}: {}\n", entry.cause, entry.title);
    let _ = writeln!(page, "Family: {family} ({})\n", documented(family));
    paragraph(&mut page, "", entry.meaning, columns);
    let _ = writeln!(page, "\nWho can fix it: {}", entry.who);
    for (number, step) in entry.steps.iter().enumerate() {
        paragraph(&mut page, &format!("{}. ", number + 1), step, columns);
    }
    if !entry.commands.is_empty() {
        page.push_str("\nCommands\n");
        for command in entry.commands {
            let _ = writeln!(page, "  {command}");
        }
    }
    page.push('\n');
    paragraph(&mut page, "Verify: ", entry.verify, columns);
    paragraph(&mut page, "Takes effect: ", entry.takes_effect, columns);
    if !entry.templates.is_empty() {
        page.push_str("\nTexts\n");
        for template in entry.templates {
            paragraph(&mut page, "- ", template.words, columns);
            paragraph(&mut page, "  ", certainty(template), columns);
            for other in template.otherwise {
                paragraph(&mut page, "  or ", &format!("{}: {}", other.cause, other.tell), columns);
            }
        }
    }
    let _ = writeln!(page, "\n{}\n{}", entry.documentation.title, entry.documentation.url);
    page
}

/// Returns the whole catalogue as the Markdown of `docs/causes.md`.
#[must_use]
pub fn causes_markdown() -> String {
    let mut page = String::from(
        "# The causes\n\nGenerated from the catalogue in `src/cause/`; a test holds this page to it. \
         `bedrock-access causes CODE` shows one as a page.\n",
    );
    let mut family = None;
    for entry in catalogue::entries() {
        if family != Some(entry.cause.family()) {
            family = Some(entry.cause.family());
            let _ = writeln!(page, "\n## {}\n\n{}.", entry.cause.family(), documented(entry.cause.family()));
        }
        let _ = writeln!(page, "\n### {}\n\n**{}.** {}\n", entry.cause, entry.title, entry.meaning);
        let _ = writeln!(page, "Who can fix it: {}.\n", entry.who);
        for (number, step) in entry.steps.iter().enumerate() {
            let _ = writeln!(page, "{}. {step}", number + 1);
        }
        if !entry.commands.is_empty() {
            let _ = writeln!(page, "\n```text\n{}\n```", entry.commands.join("\n"));
        }
        let _ = writeln!(page, "\nVerify: {}. Takes effect: {}.", entry.verify, entry.takes_effect);
        if !entry.templates.is_empty() {
            page.push_str("\nTexts:\n\n");
            for template in entry.templates {
                let _ = writeln!(page, "- `{}` ({})", template.words.replace('`', "'"), certainty(template));
                for other in template.otherwise {
                    let _ = writeln!(page, "  - or `{}`: {}", other.cause, other.tell);
                }
            }
        }
        let _ = writeln!(page, "\n[{}]({})", entry.documentation.title, entry.documentation.url);
    }
    page
}

fn certainty(template: &Template) -> &'static str {
    match template.certainty {
        TextCertainty::Certain => "the text names the cause",
        TextCertainty::Likely => "the usual cause of this text",
        TextCertainty::Ambiguous => "the text does not settle the cause",
    }
}

fn documented(family: Family) -> &'static str {
    match family.documented_cause() {
        DocumentedCause::IamPermission => "documented cause 1, the IAM permission is missing",
        DocumentedCause::ModelAccess => "documented cause 2, access to the model has not been granted",
        _ => "neither of the two documented causes",
    }
}
