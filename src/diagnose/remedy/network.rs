//! Remedies for a connection that is made and broken off: TLS between here and AWS.

use crate::cause::Cause;
use crate::cause::catalogue;
use crate::diagnose::change::{Step, TlsFault};
use crate::evidence::Evidence;

/// What the TLS library says, with what is wrong then; the first that fits counts.
const SAID: [(&[&str], &[TlsFault]); 4] = [
    (&["certificate expired", "certificate not valid yet"], &[TlsFault::Clock]),
    (&["not valid for name"], &[TlsFault::Name]),
    (&["certificate"], &[TlsFault::Trust, TlsFault::NoRoots]),
    (&["corrupt message", "handshake", "fatal alert", "peer is incompatible"], &[TlsFault::Handshake]),
];

/// Returns what to do where TLS failed, in front of what the catalogue says of the network; nothing where it did not.
pub(super) fn steps(evidence: &Evidence) -> Vec<Step> {
    let failures = [
        evidence.caller.failure(),
        evidence.listing.failure(),
        evidence.availability.failure(),
        evidence.profile.failure(),
        evidence.invocation.failure(),
    ];
    let is_said = |word: &&str| failures.iter().flatten().any(|failure| failure.detail.contains(word));
    let Some((_, faults)) = SAID.iter().find(|(words, _)| words.iter().any(is_said)) else {
        return Vec::new();
    };
    let general = catalogue::entry(Cause::NetworkUnreachable).steps.iter().map(|step| Step::Catalogue(step));
    faults.iter().map(|fault| Step::Tls(*fault)).chain(general).collect()
}
