//! Colour and width of the terminal: the one file that knows `colored` and asks how wide the terminal is.
//!
//! Colour is never the only carrier of meaning, and is off for a pipe, a file and `NO_COLOR`.

use crate::report::{COLUMNS, Role, Styled};
use clap::ValueEnum;
use colored::{Colorize, control};
use std::io::IsTerminal;

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Returns how wide standard output is, in columns; a pipe and a file have a width of their own.
pub(super) fn columns(to_file: bool) -> usize {
    if to_file || !std::io::stdout().is_terminal() {
        return COLUMNS;
    }
    terminal_size::terminal_size().map_or(COLUMNS, |(width, _)| usize::from(width.0))
}

/// Returns the text, painted where that is wanted.
pub(super) fn paint(text: &Styled, when: When, to_file: bool) -> String {
    let wanted = match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            !to_file
                && std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    if !wanted {
        return text.plain();
    }
    control::set_override(true);
    let painted = text.painted(|role, part| match role {
        Role::Plain => part.to_owned(),
        Role::Heading => part.bold().to_string(),
        Role::Allowed => part.green().bold().to_string(),
        Role::Denied => part.red().bold().to_string(),
        Role::Unknown => part.yellow().bold().to_string(),
        Role::Hint => part.dimmed().to_string(),
        Role::Code => part.cyan().to_string(),
    });
    control::unset_override();
    painted
}
