//! Secrets that their own form gives away: access keys, session tokens, API keys and tokens of well-known services.
//!
//! Takes a place in a text and returns where the secret that begins there ends. The forms are those that the
//! services publish for scanners of secrets.

use super::random::{Shape, escaped, is_base64};

/// A kind of token: how it begins, and how many characters follow at least.
struct Form {
    beginning: &'static [u8],
    least: usize,
}

impl Form {
    /// Returns `true` if a text begins so. Two bytes tell most forms apart, and are compared first.
    fn is_at(&self, text: &[u8]) -> bool {
        match (text, self.beginning) {
            ([first, second, ..], [known_first, known_second, ..]) => {
                first == known_first && second == known_second && text.starts_with(self.beginning)
            }
            _ => false,
        }
    }
}

const fn form(beginning: &'static [u8], least: usize) -> Form {
    Form { beginning, least }
}

/// Tokens of AWS. A session token of STS begins with the first bytes of its version, in base64.
const AWS: [Form; 8] = [
    form(b"ABSK", 16),
    form(b"bedrock-api-key-", 16),
    form(b"IQoJ", 16),
    form(b"FwoG", 16),
    form(b"FQoG", 16),
    form(b"AQoD", 16),
    form(b"AQoE", 16),
    form(b"Aoae", 40),
];

/// Tokens of others that stand next to Bedrock's in the environment of a program.
const OTHERS: [Form; 47] = [
    form(b"eyJ", 16),
    form(b"sk-", 16),
    form(b"sk_live_", 16),
    form(b"sk_test_", 16),
    form(b"rk_live_", 16),
    form(b"rk_test_", 16),
    form(b"whsec_", 16),
    form(b"ghp_", 20),
    form(b"gho_", 20),
    form(b"ghu_", 20),
    form(b"ghs_", 20),
    form(b"ghr_", 20),
    form(b"github_pat_", 20),
    form(b"glpat-", 16),
    form(b"gldt-", 16),
    form(b"glrt-", 16),
    form(b"xoxa-", 10),
    form(b"xoxb-", 10),
    form(b"xoxe-", 10),
    form(b"xoxe.", 10),
    form(b"xoxo-", 10),
    form(b"xoxp-", 10),
    form(b"xoxr-", 10),
    form(b"xoxs-", 10),
    form(b"xapp-", 10),
    form(b"AIza", 30),
    form(b"ya29.", 16),
    form(b"GOCSPX-", 16),
    form(b"npm_", 30),
    form(b"pypi-", 50),
    form(b"hf_", 24),
    form(b"api_org_", 24),
    form(b"SG.", 30),
    form(b"shpat_", 24),
    form(b"shpss_", 24),
    form(b"dop_v1_", 30),
    form(b"dckr_pat_", 16),
    form(b"hvs.", 20),
    form(b"gsk_", 20),
    form(b"pplx-", 20),
    form(b"xai-", 30),
    form(b"nvapi-", 20),
    form(b"lsv2_", 20),
    form(b"tvly-", 16),
    form(b"r8_", 30),
    form(b"dapi", 32),
    form(b"AGE-SECRET-KEY-1", 30),
];

/// The bytes with which a form begins: at most places none does.
#[expect(clippy::indexing_slicing, reason = "evaluated when it is compiled, where a wrong index is an error")]
const FIRST: [bool; 256] = {
    let mut first = [false; 256];
    let mut at = 0;
    while at < AWS.len() {
        first[AWS[at].beginning[0] as usize] = true;
        at += 1;
    }
    at = 0;
    while at < OTHERS.len() {
        first[OTHERS[at].beginning[0] as usize] = true;
        at += 1;
    }
    first
};

/// Returns where an access key's id ends that begins at `at`.
///
/// IAM User Guide, "Unique identifiers": access keys begin with AKIA, ASIA, ABIA or ACCA.
pub(super) fn access_key_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let (beginning, body) = rest.split_at_checked(4)?;
    if !matches!(beginning, b"AKIA" | b"ASIA" | b"ABIA" | b"ACCA") {
        return None;
    }
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let length = body.iter().take_while(|byte| is_part(byte)).count();
    (length >= 12).then_some(at + 4 + length)
}

/// Returns where the token ends that begins at `at` and is told by its form.
pub(super) fn token_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let may_begin = rest.first().and_then(|byte| FIRST.get(usize::from(*byte))).is_some_and(|first| *first);
    if !may_begin || !begins(text, at) {
        return None;
    }
    let form = AWS.iter().chain(&OTHERS).find(|form| form.is_at(rest))?;
    let start = at + form.beginning.len();
    let mut end = start;
    loop {
        match text.get(end) {
            Some(byte) if is_base64(*byte) || matches!(byte, b'.' | b'=' | b'~') => end += 1,
            Some(_) => match text.get(end..).and_then(escaped) {
                Some(length) => end += length,
                None => break,
            },
            None => break,
        }
    }
    // The full stop of a sentence, and an ellipsis, belong to the text.
    while end > start && text.get(end - 1).is_some_and(|byte| matches!(byte, b'.' | b'-')) {
        end -= 1;
    }
    let body = text.get(start..end)?;
    let shape = Shape::new(body);
    // A word of prose or a name in lower case goes on without a digit; a short token has one.
    let sound = shape.length >= form.least && (shape.is_token() || shape.length >= 60 && !shape.uniform);
    sound.then_some(end)
}

/// Returns `true` if a token may begin at a place: nothing of a word stands in front but an escape such as `\n` or `%22`.
fn begins(text: &[u8], at: usize) -> bool {
    let back = |steps: usize| at.checked_sub(steps).and_then(|at| text.get(at)).copied();
    let Some(before) = back(1) else { return true };
    if !before.is_ascii_alphanumeric() && before != b'_' {
        return true;
    }
    match back(2) {
        Some(b'\\') => matches!(before, b'n' | b'r' | b't'),
        Some(first) if first.is_ascii_hexdigit() && before.is_ascii_hexdigit() => {
            back(3) == Some(b'%')
                || back(5) == Some(b'u') && back(6) == Some(b'\\')
                || back(3) == Some(b'x') && back(4) == Some(b'\\')
        }
        _ => false,
    }
}

/// Returns the body of a private key in PEM whose first line begins at `at`.
pub(super) fn private_key(text: &[u8], at: usize) -> Option<(usize, usize)> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let rest = text.get(at..)?;
    let header = rest.get(..80.min(rest.len()))?;
    let label = header.strip_prefix(BEGIN)?;
    let key = find(label, b"PRIVATE KEY")?;
    let dashes = label.get(key..).and_then(|rest| find(rest, b"-----"))?;
    let start = at + BEGIN.len() + key + dashes + 5;
    let body = text.get(start..)?;
    // Without an end the text was cut, and all that is left is the key.
    let length = find(body, b"-----END").unwrap_or(body.len());
    Some((start, start + length))
}

/// Returns where a sequence of bytes begins.
pub(super) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
