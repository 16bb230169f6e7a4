//! What settles an answer that is open or predicted: the cheapest first, each with what it costs.

use super::known;
use super::page::Page;
use crate::diagnose::{Advice, Diagnosis};
use crate::evidence::{ChosenBy, Outcome};
use crate::report::outline;
use crate::report::styled::Role;

/// Says how to find out.
pub(super) fn write(page: &mut Page, diagnosis: &Diagnosis) {
    page.heading("To find out:");
    let elsewhere = diagnosis.advice.iter().find_map(|advice| match advice {
        Advice::ReadInAccount { account, command } => Some((account, command)),
        _ => None,
    });
    if let Some((account, command)) = elsewhere {
        step(page, 1, &format!("Ask in account {account}, with a role there that may read IAM and simulate (free):"));
        page.command("     ", command);
    } else if known::can_probe(diagnosis) {
        step(
            page,
            1,
            "Make a test call. Its body is invalid on purpose: it is authorized like a real call, and no token is processed (free):",
        );
        page.command("     ", &with_probe(diagnosis));
    } else {
        step(page, 1, &format!("{}.", capital(&outline::settle(diagnosis))));
    }
    let refused = refused(diagnosis);
    if !refused.is_empty() && diagnosis.principal.chosen_by != ChosenBy::ApiKey {
        step(
            page,
            2,
            &format!(
                "Or allow the caller {}, and ask again (free; docs/security.md has a policy with every read).",
                refused.join(", ")
            ),
        );
    }
}

fn step(page: &mut Page, number: usize, text: &str) {
    page.wrapped(Role::Plain, &format!("  {number}. "), "     ", text);
}

/// Says how a prediction is tried.
pub(super) fn prove(page: &mut Page, diagnosis: &Diagnosis) {
    if known::can_probe(diagnosis) {
        page.heading("To settle it, make a test call with an invalid body (free):");
        page.command("", &with_probe(diagnosis));
    }
}

fn with_probe(diagnosis: &Diagnosis) -> String {
    format!("{} --probe", diagnosis.again)
}

/// Returns the actions that no policy allows the caller, in the order in which they were asked. Those that a policy denies
/// explicitly are left out: to allow them would be of no use.
fn refused(diagnosis: &Diagnosis) -> Vec<&str> {
    let mut apis: Vec<&str> = Vec::new();
    for call in diagnosis.calls.iter().filter(|call| call.outcome == Outcome::Refused) {
        let lacks_allow = call.error.as_ref().is_some_and(|error| {
            let is_denied = error.code.as_deref().is_some_and(|code| code.contains("AccessDenied"));
            is_denied && !error.message.as_deref().is_some_and(|text| text.contains("with an explicit deny in "))
        });
        if lacks_allow && !apis.contains(&call.api.as_str()) && !call.api.starts_with("bedrock-runtime") {
            apis.push(&call.api);
        }
    }
    apis.truncate(4);
    apis
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}
