//! Secrets in tables: CSV, tabs, semicolons and Markdown, where a column's name stands once, in the first row.
//!
//! Takes the whole text, line by line, and returns the cells below a heading that names a secret.

use super::names::{Strength, strength};
use super::random::Shape;
use std::ops::Range;

/// The most rows that are read below one heading.
const ROWS: usize = 1000;

/// Returns the cells of secret columns.
pub(super) fn columns(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut heading: Option<Heading> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let from = start;
        start += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        if let Some(mut table) = heading.take() {
            let cells = cells(line, table.delimiter);
            if cells.len() == table.columns && table.rows < ROWS {
                let secret = table.secret.iter().filter_map(|(column, kind)| Some((cells.get(*column)?, kind)));
                found.extend(
                    secret
                        .filter(|(cell, kind)| is_secret(line, cell, **kind))
                        .map(|(cell, _)| from + cell.start..from + cell.end),
                );
                table.rows += 1;
                heading = Some(table);
                continue;
            }
        }
        heading = Heading::new(line);
    }
    found
}

struct Heading {
    delimiter: char,
    columns: usize,
    secret: Vec<(usize, Strength)>,
    rows: usize,
}

impl Heading {
    fn new(line: &str) -> Option<Self> {
        // Headings are short; anything longer is a log line.
        if line.len() > 400 || !line.is_char_boundary(line.len()) {
            return None;
        }
        let delimiter = [',', '\t', ';', '|'].into_iter().max_by_key(|delimiter| line.matches(*delimiter).count())?;
        let cells = cells(line, delimiter);
        let names: Vec<Vec<u8>> = cells
            .iter()
            .map(|cell| line.get(cell.clone()).unwrap_or_default())
            .map(|name| name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect())
            .collect();
        let secret: Vec<(usize, Strength)> = names
            .iter()
            .enumerate()
            .filter(|(_, name)| name.len() <= 32)
            .filter_map(|(column, name)| Some((column, strength(name).filter(|kind| *kind != Strength::Scheme)?)))
            .collect();
        let is_heading = cells.len() > 1 && !secret.is_empty() && !line.contains(['=', '{', '(']);
        is_heading.then_some(Self { delimiter, columns: cells.len(), secret, rows: 0 })
    }
}

/// Splits a line into cells, without the quotes and blanks around each.
fn cells(line: &str, delimiter: char) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let mut quoted = false;
    let mut start = 0;
    let mut push = |from: usize, to: usize| {
        let cell = line.get(from..to).unwrap_or_default();
        let lead = cell.len() - cell.trim_start_matches([' ', '"', '\'', '`', '\u{feff}']).len();
        let length = cell.trim_matches([' ', '"', '\'', '`', '\u{feff}']).len();
        cells.push(from + lead..from + lead + length);
    };
    for (at, c) in line.char_indices() {
        if c == '"' {
            quoted = !quoted;
        } else if c == delimiter && !quoted {
            push(start, at);
            start = at + c.len_utf8();
        }
    }
    push(start, line.len());
    cells
}

fn is_secret(line: &str, cell: &Range<usize>, kind: Strength) -> bool {
    let value = line.get(cell.clone()).unwrap_or_default().as_bytes();
    let shape = Shape::new(value);
    let dashes = value.iter().all(|byte| matches!(byte, b'-' | b':' | b'*' | b'.' | b' '));
    match kind {
        _ if dashes || shape.uniform || value.contains(&b' ') => false,
        Strength::Password => value.len() >= 4 && !super::names::is_plain_word(value),
        Strength::Strong => value.len() >= 8 && shape.is_token(),
        _ => value.len() >= 16 && shape.is_token() && !value.starts_with(b"arn:"),
    }
}
