//! What stands next to an access key's id: the secret key and the session token that belong to it.
//!
//! Takes the place behind an id and follows the values that are listed there, as `Session('AKIA…', '…', '…')`, the
//! console's CSV and `AKIA… => …` list them.

use super::glue::{self, Tie};
use super::random::{Shape, is_base64, run};
use std::ops::Range;

/// The shortest value that is a key or token by its place alone.
const SHORTEST: usize = 16;

/// Returns the values that follow an access key's id in one list.
pub(super) fn listed(text: &[u8], id_end: usize) -> Vec<Range<usize>> {
    let mut listed = Vec::new();
    let mut end = id_end;
    while listed.len() < 3 {
        let Some(value) = glue::value_behind(text, end) else { break };
        let (run_end, length) = run(text, value.start, |byte| is_base64(byte) || matches!(byte, b'=' | b'.'));
        let body = text.get(value.start..run_end).unwrap_or_default();
        let shape = Shape::new(body);
        let quoted = value.quote.is_some_and(|quote| {
            let closing = text.get(run_end..).unwrap_or_default().iter().find(|byte| **byte != b'\\');
            closing == Some(&quote)
        });
        let is_key = length == 40 || shape.is_random() && length >= 28;
        let tied = value.tie > Tie::Space || is_key;
        let sound =
            length >= SHORTEST && shape.is_token() && !shape.is_hex() && !body.starts_with(b"arn") && !is_uuid(body);
        if !(tied && sound && (quoted || is_key)) {
            break;
        }
        listed.push(value.start..run_end);
        end = run_end;
    }
    listed
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36 && value.split(|byte| *byte == b'-').map(<[u8]>::len).eq([8, 4, 4, 4, 12])
}
