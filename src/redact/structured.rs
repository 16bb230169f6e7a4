//! What its form gives away wherever it stands: addresses, and account ids as the console writes them.
//!
//! Takes a text and finds IPv4, IPv6 and hardware addresses and account ids in groups, whatever surrounds them: the port
//! behind, a path, a range, a scheme, a header's name. Names and words are the business of `text`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// Something that its form gives away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Structured {
    /// An address of the Internet, and whether dashes join its parts, as in EC2's host names.
    Address(IpAddr, bool),
    /// The address of an interface's hardware.
    Hardware(String),
    /// An account's id, without what groups its digits.
    Account(String),
}

/// Finds what is structured in a text, in order and without overlap.
pub(super) fn find(text: &str) -> Vec<(Range<usize>, Structured)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes.get(at).copied().unwrap_or(0);
        let before = at.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
        if !(byte.is_ascii_hexdigit() || byte == b':') || before.is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let (reading, length) = ipv4(rest, before)
            .or_else(|| account(rest))
            .or_else(|| hardware(rest))
            .or_else(|| ipv6(rest))
            .map_or((None, 1), |(structured, length)| (Some(structured), length));
        if let Some(structured) = reading {
            found.push((at..at + length, structured));
        }
        at += length;
    }
    found
}

/// Returns how many digits a text begins with, up to one more than `most`.
fn digits(text: &[u8], most: usize) -> usize {
    text.iter().take(most + 1).take_while(|byte| byte.is_ascii_digit()).count()
}

/// Reads groups of digits that one of `joints` joins; returns the digits of each, the joint, and the length.
fn groups(text: &[u8], count: usize, most: usize, joints: &[u8]) -> Option<(Vec<String>, u8, usize)> {
    let mut groups: Vec<String> = Vec::with_capacity(count);
    let mut at = 0;
    let mut joint = 0;
    loop {
        let rest = text.get(at..)?;
        let length = digits(rest, most);
        if length == 0 || length > most {
            return None;
        }
        groups.push(String::from_utf8_lossy(rest.get(..length)?).into_owned());
        at += length;
        if groups.len() == count {
            break;
        }
        let here = *text.get(at)?;
        if !joints.contains(&here) || joint != 0 && here != joint {
            return None;
        }
        joint = here;
        at += 1;
    }
    let behind = text.get(at).copied().unwrap_or(b' ');
    let goes_on = behind.is_ascii_alphanumeric() || behind == joint && text.get(at + 1).is_some_and(u8::is_ascii_digit);
    (!goes_on).then_some((groups, joint, at))
}

fn ipv4(text: &[u8], before: u8) -> Option<(Structured, usize)> {
    // A range joins two addresses by a dash, and a dash joins the parts of EC2's names.
    let (parts, joint, length) = groups(text, 4, 3, b".-")?;
    if joint == b'-' && before != b'-' {
        return None;
    }
    let mut octets = [0; 4];
    for (octet, part) in octets.iter_mut().zip(&parts) {
        *octet = part.parse().ok()?;
    }
    Some((Structured::Address(IpAddr::V4(Ipv4Addr::from(octets)), joint == b'-'), length))
}

fn account(text: &[u8]) -> Option<(Structured, usize)> {
    let of = |count, most| {
        let (parts, _, length) = groups(text, count, most, b"- ,._")?;
        parts.iter().all(|part| part.len() == most).then(|| (Structured::Account(parts.concat()), length))
    };
    of(3, 4).or_else(|| of(4, 3))
}

fn hardware(text: &[u8]) -> Option<(Structured, usize)> {
    let address = text.get(..17)?;
    let joint = *address.get(2)?;
    let formed = address.iter().enumerate().all(|(at, byte)| match at % 3 {
        2 => *byte == joint && matches!(joint, b':' | b'-'),
        _ => byte.is_ascii_hexdigit(),
    });
    let goes_on = text.get(17).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == joint);
    let value = String::from_utf8_lossy(address).to_ascii_lowercase().replace('-', ":");
    (formed && !goes_on).then_some((Structured::Hardware(value), 17))
}

fn ipv6(text: &[u8]) -> Option<(Structured, usize)> {
    let length =
        text.iter().take(45).take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')).count();
    let mut run = str::from_utf8(text.get(..length)?).ok()?;
    // A header's name in hexadecimal letters may stand in front, a port or a full stop behind.
    while !run.is_empty() {
        if run.matches(':').count() >= 2
            && let Ok(address) = run.parse::<Ipv6Addr>()
            && run.bytes().any(|byte| byte.is_ascii_digit())
        {
            let goes_on = text.get(run.len()).is_some_and(u8::is_ascii_alphanumeric);
            return (!goes_on).then_some((Structured::Address(IpAddr::V6(address), false), run.len()));
        }
        run = run.strip_suffix([':', '.'])?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let found: Vec<String> = find(text)
            .into_iter()
            .map(|(range, structured)| match structured {
                Structured::Address(address, _) => format!("{}={address}", text.get(range).unwrap_or_default()),
                Structured::Hardware(address) => address,
                Structured::Account(account) => account,
            })
            .collect();
        found.join(" ")
    }

    #[test]
    fn addresses_are_found_in_every_surrounding() {
        for text in [
            "http://10.20.30.40:3128",
            "https://10.20.30.40:443/model/invoke",
            "10.20.30.40:8443/model",
            "x-real-ip:10.20.30.40",
            "host:10.20.30.40:443",
            "[10.20.30.40]",
            "from=10.20.30.40;",
        ] {
            assert_eq!(shown(text), "10.20.30.40=10.20.30.40", "{text}");
        }
        assert_eq!(shown("read tcp 10.20.30.40:51234->52.94.1.2:443"), "10.20.30.40=10.20.30.40 52.94.1.2=52.94.1.2");
        assert_eq!(shown("10.20.30.40-10.20.30.99"), "10.20.30.40=10.20.30.40 10.20.30.99=10.20.30.99");
        assert_eq!(shown("ip-10-20-30-40.ec2.internal"), "10-20-30-40=10.20.30.40");
        for text in ["[2001:db8::7]:443", "dial tcp 2001:db8::7: refused", "https://[2001:db8::7]/x", "2001:db8::7/64"]
        {
            assert_eq!(shown(text), "2001:db8::7=2001:db8::7", "{text}");
        }
        assert_eq!(shown("link 00:11:22:AA:44:55"), "00:11:22:aa:44:55");
    }

    #[test]
    fn accounts_are_found_as_the_console_writes_them() {
        for text in ["1111-2222-3333", "1111 2222 3333", "(111,122,223,333)", "id=1111.2222.3333", "1111_2222_3333!"] {
            assert_eq!(shown(text), "111122223333", "{text}");
        }
    }

    #[test]
    fn dates_versions_times_and_arns_are_none() {
        for text in [
            "2026-11-28T10:00:00Z",
            "12:34:56",
            "Botocore/1.34.162",
            "arn:aws:bedrock:us-east-1::foundation-model/x",
            "arn:aws:iam::111122223333:role/x",
            "std::fmt::Debug",
            "crate::a",
            "20241022-v2:0",
            "1,234,567",
        ] {
            assert_eq!(shown(text), "", "{text}");
        }
    }
}
