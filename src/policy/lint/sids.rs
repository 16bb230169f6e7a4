//! Mistakes in `Sid`: names that IAM refuses to store.

use super::correction::Correction;
use super::view::View;
use super::{LintCode, Raw};
use std::collections::HashSet;

/// Looks for names that stand twice, or hold characters that IAM does not accept.
pub(super) fn check(all: &[View<'_>], found: &mut Vec<Raw>) {
    let taken: HashSet<&str> = all.iter().filter_map(|view| view.statement.sid()).collect();
    let mut seen: HashSet<&str> = HashSet::new();
    for view in all {
        let (Some(sid), Some(word)) = (view.statement.sid(), view.sid) else { continue };
        let is_new = seen.insert(sid);
        // Policies on resources follow the rules of the service that stores them.
        if sid.is_empty() || view.statement.principals.is_some() {
            continue;
        }
        let (code, message) = if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            (LintCode::InvalidSid, format!("the Sid `{sid}` has characters other than letters and digits"))
        } else if !is_new {
            (LintCode::DuplicateSid, format!("the Sid `{sid}` stands twice in the policy"))
        } else {
            continue;
        };
        let plain: String = sid.chars().filter(char::is_ascii_alphanumeric).collect();
        let free = std::iter::once(plain.clone())
            .chain((2..).map(|number| format!("{plain}{number}")))
            .find(|name| !name.is_empty() && !taken.contains(name.as_str()));
        let mut finding = view.finding(code, word, message);
        finding.advice = Some("give every statement a name of its own, of letters and digits".to_owned());
        finding.correction = free.and_then(|free| {
            let mut statement = view.value();
            statement.as_object_mut()?.insert("Sid".to_owned(), free.into());
            Some(Correction::safe(statement))
        });
        found.push(finding);
    }
}
