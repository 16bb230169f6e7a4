//! Removes credentials from text before it is kept or shown anywhere.
//!
//! Takes any text: an answer of AWS, a pasted error, a file, a process's output. Returns it with every access key,
//! secret key, token, signature, canonical request, signed URL, password and private key replaced by `[redacted]`.
//! Secrets are found by structure: by the form of well-known tokens, by the name in front of a value in whatever
//! notation, by their place next to an access key, and by how random they look. Pure, and linear in the length of the text.
//! ARNs, model ids, request ids, account ids, authorization ids and hashes are not secrets and stay as they are.
//! Never call it on a policy document that is evaluated afterwards: a condition's value may look like a secret.

mod form;
mod glue;
mod names;
mod near;
mod random;
mod scan;
mod table;

use std::borrow::Cow;
use std::ops::Range;

/// What replaces a secret.
pub const REDACTED: &str = "[redacted]";

/// Returns the text with each secret replaced by [`REDACTED`].
///
/// Borrows the text if it holds no secret.
///
/// ```
/// # use bedrock_access::secrets::without_secrets;
/// let text = r#"{"SecretAccessKey":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY","Expiration":"2026-11-28"}"#;
/// assert_eq!(without_secrets(text), r#"{"SecretAccessKey":"[redacted]","Expiration":"2026-11-28"}"#);
/// ```
#[must_use]
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    let spans = spans(text);
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for Range { start, end } in spans {
        kept.push_str(text.get(from..start).unwrap_or_default());
        kept.push_str(REDACTED);
        from = end;
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(kept)
}

/// Returns `true` if the text holds a secret.
#[must_use]
pub fn holds_secret(text: &str) -> bool {
    !spans(text).is_empty()
}

/// Returns where the secrets are, in order and without overlap, on boundaries of characters.
fn spans(text: &str) -> Vec<Range<usize>> {
    let mut found = scan::scan(text);
    found.extend(table::columns(text));
    found.sort_by_key(|span| (span.start, span.end));
    let mut spans: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for span in found {
        let start = text.floor_char_boundary(span.start);
        let end = text.ceil_char_boundary(span.end);
        match spans.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => spans.push(start..end),
        }
    }
    spans.retain(|span| text.get(span.clone()) != Some(REDACTED));
    spans
}
