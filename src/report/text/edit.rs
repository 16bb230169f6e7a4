//! A change of a few lines of a policy, with the lines around it and their numbers.

use super::page::Page;
use crate::diagnose::Edit;
use crate::report::foreign::on_one_line;
use crate::report::sentence::cut;
use crate::report::styled::Role;

/// The lines shown before and after the change.
const AROUND: usize = 2;

/// Writes the change.
pub(super) fn write(page: &mut Page, edit: &Edit) {
    let name = edit.policy_name();
    let holder = edit.holder.as_deref().map(|holder| format!("{}, ", holder.replacen('/', " ", 1)));
    let sid = edit.sid.as_ref().map(|sid| format!(", statement `{sid}`")).unwrap_or_default();
    page.wrapped(Role::Plain, "  ", "  ", &format!("{}policy `{name}`{sid}:", holder.unwrap_or_default()));
    page.blank();
    let lines: Vec<&str> = edit.before.lines().collect();
    let width = (edit.line + edit.removed.len() + AROUND).to_string().len();
    let first = edit.line.saturating_sub(AROUND + 1);
    let next = edit.line - 1 + edit.removed.len();
    let around = lines.iter().copied().skip(first).take(next + AROUND - first);
    let shown = around.chain(edit.added.iter().map(String::as_str)).filter(|line| !line.trim().is_empty());
    let indent_of = |line: &str| line.chars().take_while(|c| c.is_whitespace()).count();
    let indent = shown.map(indent_of).min().unwrap_or_default();
    let room = page.columns.saturating_sub(width + 6);
    let mut show = |number: Option<usize>, sign: &str, role: Role, text: &str, whole: bool| {
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        // What is there to copy is whole; what stands around it only shows the place.
        let text = on_one_line(&text.chars().skip(indent.min(indent_of(text))).collect::<String>());
        let text = if whole { text } else { cut(&text, room) };
        page.out.line(role, format!("  {number:>width$} {sign} {text}").trim_end().to_owned());
    };
    for (at, line) in lines.iter().enumerate().take(edit.line - 1).skip(first) {
        show(Some(at + 1), "|", Role::Hint, line, false);
    }
    for (at, line) in edit.removed.iter().enumerate() {
        show(Some(edit.line + at), "-", Role::Denied, line, true);
    }
    for line in &edit.added {
        show(None, "+", Role::Code, line, true);
    }
    for (at, line) in lines.iter().enumerate().skip(next).take(AROUND) {
        show(Some(at + 1), "|", Role::Hint, line, false);
    }
}
