//! Which records are worth parsing: those that hold one of a few byte strings.
//!
//! Found by vector instructions at the speed of memory. What is passed over cannot be a denial, a grant or a session
//! with a policy; what is found may be none of these, and is looked at more closely.

use aho_corasick::packed::{Config, Searcher};
use aho_corasick::{AhoCorasick, MatchKind, Span};
use memchr::memmem;

/// What records hold that matter here, chosen so that their first bytes are rare in others.
///
/// Error codes and messages in any spelling; gateways, which answer without an error code; the calls of `judge` that
/// grant; a session's policy; and data that is encoded, in which nothing can be found.
const IN_RECORDS: [&str; 20] = [
    "rror",
    "agentcore",
    "FoundationModel",
    "UseCaseFor",
    "Subscribe",
    "AcceptAgreement",
    "ePolic",
    "rPolic",
    "pPolic",
    "hPolic",
    "sBoundary",
    "yVersion",
    "\"policy",
    "\"data\"",
    "\"Data\"",
    "\"H4sI",
    "\"eyJ",
    "\"eyA",
    "\"ewo",
    "\"W3s",
];

/// What lines of logs hold that say that a call was refused, or failed in a way that is counted.
const IN_TEXTS: [&str; 47] = [
    "xception",
    "An error occurred",
    "ccessDenied",
    "ccess denied",
    "ccess Denied",
    "CCESS_DENIED",
    "ccess_denied",
    "ccess to the",
    "uthorized",
    "ot allowed",
    "orbidden",
    "explicit deny",
    "identity-based",
    "ValidationError",
    "hrottl",
    "oo many",
    "xpiredToken",
    "InvalidClientToken",
    "ignature",
    "security token",
    "redentials",
    "use case details",
    "egacy",
    "end of its life",
    "arketplace",
    "INVALID_PAYMENT",
    "PI key",
    "PI Key",
    "pi key",
    "earer",
    "not supported",
    "verif",
    "estrict",
    "retention",
    "eventName",
    "eventname",
    "QuotaExceeded",
    "UnauthorizedOperation",
    "token has expired",
    "oken is expired",
    "SSO session",
    "redential should be",
    "being denied",
    "explicitly den",
    "-based policy",
    "for this account",
    "access_key'",
];

/// Finds records that matter.
#[derive(Debug)]
pub(super) struct Needles {
    packed: Option<Searcher>,
    /// Where the processor lacks the instructions.
    automaton: AhoCorasick,
}

impl Needles {
    pub(super) fn of_records() -> Option<Self> {
        Self::new(&IN_RECORDS)
    }

    pub(super) fn of_texts() -> Option<Self> {
        Self::new(&IN_TEXTS)
    }

    /// Looks for the ARN or the name of a principal, and for data that is encoded.
    pub(super) fn of(principal: &str) -> Option<Self> {
        let encoded = IN_RECORDS.iter().filter(|needle| needle.starts_with('"')).copied();
        Self::new(&std::iter::once(principal).chain(encoded).collect::<Vec<_>>())
    }

    fn new(needles: &[&str]) -> Option<Self> {
        let packed = Config::new().builder().extend(needles).build();
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(needles).ok()?;
        Some(Self { packed, automaton })
    }

    /// Finds the first needle at or behind a position.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        if from >= bytes.len() {
            return None;
        }
        let span = Span::from(from..bytes.len());
        match &self.packed {
            Some(packed) => packed.find_in(bytes, span).map(|found| found.start()),
            None => self.automaton.find(aho_corasick::Input::new(bytes).span(span)).map(|found| found.start()),
        }
    }
}

/// Returns `true` if a record that holds a needle can matter: an error must be one of Bedrock.
///
/// Records of other services fail too, and often; they are not parsed.
pub(super) fn is_wanted(record: &[u8]) -> bool {
    let holds = |needle: &str| memmem::find(record, needle.as_bytes()).is_some();
    // Something that is not an event of CloudTrail is read as a text.
    if holds("edrock") || !(holds("ventSource") || holds("ventsource") || holds("event_source")) {
        return true;
    }
    // Grants are calls to IAM and AWS Marketplace, and sessions are made by STS, none of which names Bedrock.
    !(holds("rrorCode") || holds("rrorcode"))
}
