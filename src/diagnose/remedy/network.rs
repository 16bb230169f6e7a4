//! Remedies for a connection that is made and broken off: TLS between here and AWS.

use crate::cause::Cause;
use crate::cause::catalogue;
use crate::evidence::Evidence;

/// What the TLS library says, with what to do about it; the first that fits counts.
const SAID: [(&[&str], &[&str]); 4] = [
    (
        &["certificate expired", "certificate not valid yet"],
        &[
            "the certificate that the endpoint showed is not valid at this machine's time: set the clock right, or have the \
           proxy or firewall that shows it renew it",
        ],
    ),
    (
        &["not valid for name"],
        &["the endpoint showed a certificate of another name: check the endpoint that is configured, what its name \
           resolves to, and the proxy on the way"],
    ),
    (
        &["certificate"],
        &[
            "the certificate that the endpoint showed is not trusted here: where a proxy or firewall reads TLS on the way, \
             add its root certificate to the system's trust store, or name a file that holds it in `SSL_CERT_FILE` (the \
             file of `AWS_CA_BUNDLE` will do)",
            "without root certificates none is trusted: a slim image of a container needs the package `ca-certificates`",
        ],
    ),
    (
        &["corrupt message", "handshake", "fatal alert", "peer is incompatible"],
        &["what answers there does not speak TLS, or breaks it off: check scheme and port of the endpoint that is \
           configured, and the proxy or firewall on the way"],
    ),
];

/// Says what to do where TLS failed, in front of what the catalogue says of the network; nothing where it did not.
pub(super) fn steps(evidence: &Evidence) -> Vec<String> {
    let failures = [
        evidence.caller.failure(),
        evidence.listing.failure(),
        evidence.availability.failure(),
        evidence.profile.failure(),
        evidence.invocation.failure(),
    ];
    let is_said = |word: &&str| failures.iter().flatten().any(|failure| failure.detail.contains(word));
    let Some((_, first)) = SAID.iter().find(|(words, _)| words.iter().any(is_said)) else {
        return Vec::new();
    };
    first.iter().chain(catalogue::entry(Cause::NetworkUnreachable).steps).map(|step| (*step).to_owned()).collect()
}
