//! The grammars of what a refusal names: ARNs, actions, ids.
//!
//! Each reads at a place of the plain text and returns the value and where it ends. They know where a hard wrap
//! broke a value, and never cut one at a punctuation mark that belongs to it. Every one is bounded in length.

use crate::bedrock::Region;

/// The longest ARN that is read, in bytes (IAM's own limit for most is 2048 characters).
const MAX_ARN: usize = 2200;
/// How far behind a line break the grammar looks to tell a hard wrap from the end of a value, in bytes.
const LOOK_AHEAD: usize = 400;

/// Words that follow a value in IAM's grammar or in prose, and so never continue one.
const CLAUSE_WORDS: [&str; 21] = [
    "because", "with", "is", "on", "in", "and", "or", "as", "go", "if", "to", "for", "at", "by", "action", "context",
    "this", "the", "check", "please", "your",
];

/// Returns the text from `position` on; empty if it is no boundary.
pub(super) fn tail(text: &str, position: usize) -> &str {
    text.get(position..).unwrap_or_default()
}

/// Returns at most `length` bytes of the text from `position` on.
pub(super) fn window(text: &str, position: usize, length: usize) -> &str {
    let end = text.floor_char_boundary(position.saturating_add(length));
    text.get(position..end).unwrap_or_default()
}

/// Returns at most `length` bytes of the text before `position`.
pub(super) fn window_before(text: &str, position: usize, length: usize) -> &str {
    let start = text.ceil_char_boundary(position.saturating_sub(length));
    text.get(start..position).unwrap_or_default()
}

/// Skips separators between a keyword and its value: colons, quotes, white space.
pub(super) fn skip_separators(text: &str, position: usize) -> usize {
    let rest = window(text, position, 64);
    let skipped = rest.len() - rest.trim_start_matches([':', ' ', '\n', '"', '\'', '=']).len();
    position + skipped
}

/// Returns `true` if an ARN begins at `position`, broken by hard wraps or not.
pub(super) fn begins_arn(text: &str, position: usize) -> bool {
    let beginning = window(text, position, 16).chars().filter(|c| *c != '\n').take(7);
    beginning.map(|c| c.to_ascii_lowercase()).eq("arn:aws".chars())
}

/// Reads an ARN that begins at `position`.
pub(super) fn read_arn(text: &str, position: usize) -> Option<(String, usize)> {
    if !begins_arn(text, position) {
        return None;
    }
    let mut value = String::new();
    let mut at = position;
    while value.len() < MAX_ARN {
        let Some(character) = tail(text, at).chars().next() else {
            break;
        };
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' => value.push(character),
            ':' | '/' | '.' | '-' | '_' | '*' | '+' | '=' | '@' | '%' | '#' | '~' | '?' | '$' | '!' | '…' | '█'
            | '■' | '●' | '•' | '×' => {
                value.push(character);
            }
            '<' | '{' | '[' => match placeholder(text, at) {
                Some(placeholder) => {
                    value.push_str(placeholder);
                    at += placeholder.len();
                    continue;
                }
                None => break,
            },
            '\n' if continues_arn(&value, text, at + 1) => {}
            _ => break,
        }
        at += character.len_utf8();
    }
    let kept = trim_end(&value);
    let dropped = value.len() - kept.len();
    let is_arn = kept.matches(':').count() >= 3;
    is_arn.then(|| (kept.to_owned(), at - dropped))
}

/// Drops the punctuation behind a value; an ellipsis stays where it stands for a part of the value.
fn trim_end(value: &str) -> &str {
    let bare = value.trim_end_matches(['.', '…', ':', '!', '?', '=', '~', '#']);
    let dropped = value.get(bare.len()..).unwrap_or_default();
    let elided = (dropped.starts_with("...") || dropped.starts_with('…')) && bare.ends_with(['/', '-', ':', '_']);
    if elided { value } else { bare }
}

/// Reads a placeholder such as `<account id>`, `{id}`, `[ACCOUNT]` or `{{ account }}`.
fn placeholder(text: &str, position: usize) -> Option<&str> {
    let window = window(text, position, 60);
    let (open, close) = match window.chars().next()? {
        '<' => ('<', '>'),
        '[' => ('[', ']'),
        _ => ('{', '}'),
    };
    let doubled = usize::from(window.chars().nth(1) == Some(open));
    let end = window.find(close)? + doubled;
    let inner = window.get(1 + doubled..end - doubled)?;
    let sound = inner.contains(|c: char| c.is_alphanumeric() || matches!(c, '*' | '.' | '_' | '-' | '…'))
        && !inner.contains(['"', '\'', '\n', '<', '{', '[', ',']);
    let closed = doubled == 0 || window.get(end..=end) == Some(close.encode_utf8(&mut [0; 4]));
    (sound && closed).then(|| window.get(..=end)).flatten()
}

/// Returns `true` if an ARN has all its parts.
fn is_complete(value: &str) -> bool {
    let mut parts = value.splitn(6, ':').skip(2);
    let service = parts.next().unwrap_or_default();
    let Some(resource) = parts.nth(2) else {
        return false;
    };
    match service {
        "bedrock" | "bedrock-mantle" | "bedrock-agentcore" | "sts" => {
            resource.split_once('/').is_some_and(|(_, id)| !id.is_empty())
        }
        "iam" => resource == "root" || resource.split_once('/').is_some_and(|(_, id)| !id.is_empty()),
        _ => !resource.is_empty(),
    }
}

/// Returns `true` if the ARN read so far was broken by a hard wrap and continues at `position`.
fn continues_arn(value: &str, text: &str, position: usize) -> bool {
    let ahead = window(text, position, LOOK_AHEAD);
    let word = first_word(ahead);
    if word.is_empty() || ahead.starts_with('\n') || is_clause_word(word) || starts_anew(word) {
        return false;
    }
    if !is_complete(value) || value.ends_with([':', '/', '-', '_']) || word.starts_with([':', '/', '_', '-']) {
        return true;
    }
    let mut rest = ahead.get(word.len()..).unwrap_or_default();
    let mut last = word;
    for _ in 0..3 {
        let closed = rest.starts_with(['"', '\'']) && is_id_like(last);
        let behind = rest.trim_start_matches([' ', '\n']);
        let ends_text = behind.is_empty() && last.contains(':') && is_id_like(last);
        if closed || ends_text || starts_clause(behind) {
            return true;
        }
        // A value over three lines and more.
        if !rest.starts_with('\n') || !is_id_like(last) {
            return false;
        }
        last = first_word(behind);
        rest = behind.get(last.len()..).unwrap_or_default();
    }
    false
}

fn first_word(text: &str) -> &str {
    let end = text.find([' ', '\n', '"', '\'', ',', ';', ')', '}', ']']).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn is_clause_word(word: &str) -> bool {
    let bare = word.trim_end_matches(['.', ':', ',']);
    CLAUSE_WORDS.iter().any(|clause| clause.eq_ignore_ascii_case(bare))
}

/// Returns `true` if a word begins something else.
fn starts_anew(word: &str) -> bool {
    let starts = |prefix: &str| word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    !word.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '_' | '-' | '*' | '<' | '$'))
        || !word.contains(|c: char| c.is_ascii_alphanumeric() || c == '*')
        || ["arn:", "http:", "https:", "user:"].into_iter().any(starts)
}

/// Returns `true` if a word is none of prose: it holds a digit, a separator or a capital inside.
fn is_id_like(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit() || matches!(c, ':' | '/' | '_' | '-'))
        || word.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
}

/// Returns `true` if a text goes on with what follows a value in IAM's grammar.
fn starts_clause(text: &str) -> bool {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).take(18).collect();
    ["because", "withanexplicit", "isnotauthorized", "onresource", "allows", "explicitly", "action"]
        .into_iter()
        .any(|clause| squeezed.starts_with(clause))
}

/// Reads an IAM action such as `bedrock:InvokeModel` that begins at `position`.
pub(super) fn read_action(text: &str, position: usize) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut at = position;
    for character in window(text, position, 160).chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '*' => value.push(character),
            ':' if !value.contains(':') => value.push(':'),
            '\n' if continues_action(&value, text, at + 1) => {}
            _ => break,
        }
        at += character.len_utf8();
    }
    let kept = value.trim_end_matches(['-', '_']);
    let end = at - (value.len() - kept.len());
    let (service, name) = kept.split_once(':')?;
    let is_service = service.starts_with(|c: char| c.is_ascii_lowercase())
        && service.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '*');
    (is_service && is_name).then(|| (kept.to_owned(), end))
}

fn continues_action(value: &str, text: &str, position: usize) -> bool {
    let ahead = window(text, position, LOOK_AHEAD);
    let word = first_word(ahead);
    if word.is_empty() || ahead.starts_with('\n') || is_clause_word(word) || starts_anew(word) {
        return false;
    }
    if value.is_empty() {
        return false;
    }
    if !value.contains(':') || value.ends_with(':') {
        return word.contains(':') || value.ends_with(':');
    }
    let behind = ahead.get(word.len()..).unwrap_or_default();
    let closed = behind.starts_with(['"', '\'']) && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    closed || starts_clause(behind.trim_start_matches([' ', '\n']))
}

/// Reads an action that ends at `position`, as before `on resource`.
pub(super) fn read_action_before(text: &str, position: usize) -> Option<(String, usize)> {
    let before = window_before(text, position, 160);
    let trimmed = before.trim_end_matches([' ', '\n', '"', '\'', '…', '.', '*']);
    let start = trimmed
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '*' | '_')))
        .map_or(0, |at| at + trimmed.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let start = position - before.len() + start;
    read_action(text, start).map(|(action, _)| (action, start))
}

/// Returns the identifier around `start..end`: letters, digits and underscores.
pub(super) fn identifier(text: &str, start: usize, end: usize) -> (usize, usize) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = window_before(text, start, 100);
    let from = start - before.chars().rev().take_while(|c| is_part(*c)).map(char::len_utf8).sum::<usize>();
    let after = window(text, end, 100);
    let to = end + after.chars().take_while(|c| is_part(*c)).map(char::len_utf8).sum::<usize>();
    (from, to)
}

/// Reads a model id or profile id around a place inside it; gives it and where it begins.
///
/// Every id on Bedrock is in lower case, which tells it from the end of a sentence.
pub(super) fn read_model(text: &str, inside: usize) -> Option<(String, usize)> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | ':' | '_');
    let before = window_before(text, inside, 80);
    let mut start = inside - before.chars().rev().take_while(|c| is_part(*c)).map(char::len_utf8).sum::<usize>();
    let mut value: String = window(text, start, 200).chars().take_while(|c| is_part(*c)).collect();
    let end = start + value.len();
    // A hard wrap inside the id: the rest stands at the start of the next line.
    if tail(text, end).starts_with('\n') {
        let ahead = window(text, end + 1, LOOK_AHEAD);
        let word = first_word(ahead);
        let behind = ahead.get(word.len()..).unwrap_or_default();
        let continues = value.ends_with(['-', ':', '.'])
            || word.starts_with([':', '-', '.'])
            || (behind.starts_with(['"', '\'']) && is_id_like(word));
        if continues && !word.is_empty() && word.chars().all(is_part) {
            value.push_str(word);
        }
    }
    let lead = value.len() - value.trim_start_matches([':', '.', '-', '_']).len();
    start += lead;
    let value = value.get(lead..)?.trim_end_matches([':', '.', '-', '_']);
    let (provider, name) = value.split_once('.')?;
    let sound = !provider.is_empty() && !provider.contains(':') && name.len() > 2 && !value.contains("amazonaws.com");
    sound.then(|| (value.to_owned(), start))
}

/// Reads a Region's name that begins at `position`.
pub(super) fn read_region(text: &str, position: usize) -> Option<String> {
    let word: String =
        window(text, position, 24).chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    word.parse::<Region>().is_ok().then_some(word)
}

/// Reads a request id that begins at `position`: a UUID, or the 16 letters that some services use.
pub(super) fn read_request_id(text: &str, position: usize) -> Option<String> {
    let word: String =
        window(text, position, 80).chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_uuid = word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && word.split('-').all(is_hex);
    // The OpenAI-compatible endpoints write their own.
    let is_named = |prefix: &str| window(text, position, 80).starts_with(prefix);
    if is_named("req_") {
        let id: String = window(text, position + 4, 80)
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            .collect();
        return (id.len() >= 16).then(|| format!("req_{id}"));
    }
    let is_short = word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (is_uuid || is_short).then_some(word)
}
