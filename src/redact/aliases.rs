//! The aliases of one case: the same thing always has the same, and no alias tells what it stands for.

use super::known;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What was replaced, by kind and value, with the number that it was given.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    given: BTreeMap<String, BTreeMap<String, usize>>,
    /// The alias of a value that is told apart from plain language, for free texts.
    spoken: BTreeMap<String, String>,
}

impl Aliases {
    /// Returns the alias of a value.
    pub(super) fn of(&mut self, kind: &str, value: &str) -> String {
        let alias = format!("{kind}-{}", self.number(kind, value));
        self.speak(value, &alias);
        alias
    }

    /// Returns the alias of a name, with what AWS itself put into it.
    pub(super) fn name(&mut self, kind: &str, name: &str) -> String {
        let alias = if let Some(set) = name.strip_prefix("AWSReservedSSO_") {
            let (set, tail) = set.rsplit_once('_').unwrap_or((set, ""));
            let tail = if tail.is_empty() { 0 } else { self.number("permission-set-id", tail) };
            format!("AWSReservedSSO_{}_{tail:016x}", self.of("permission-set", set))
        } else if name.starts_with("AWSServiceRoleFor") && known::is_plain(name) {
            return name.to_owned();
        } else if let Some(user) = name.strip_prefix("BedrockAPIKey-") {
            format!("BedrockAPIKey-{}", self.number("api-key-user", user))
        } else if let ("session", Some(instance)) = (kind, known::instance_id(name)) {
            format!("i-{:017x}", self.number("instance", instance))
        } else if let ("session", Some(pod)) = (kind, name.strip_prefix("eks-")) {
            format!("eks-{}", self.of("pod", pod))
        } else if kind == "session" && name.len() == 32 && name.chars().all(|c| c.is_ascii_hexdigit()) {
            format!("{:032x}", self.number("task", name))
        } else if kind == "authorization" {
            // It keeps the form of an id, so that the refusal that carries it still leads to its record.
            format!("{:024}", self.number(kind, name))
        } else {
            return self.of(kind, name);
        };
        self.speak(name, &alias);
        alias
    }

    /// Returns the alias of a name that may hold wildcards: it matches what the name matches, as far as that is known.
    pub(super) fn pattern(&mut self, kind: &str, pattern: &str) -> String {
        if !is_pattern(pattern) {
            return self.name(kind, pattern);
        }
        let core = pattern.trim_matches('*');
        if core.is_empty() {
            return pattern.to_owned();
        }
        let known: Vec<String> = self
            .given
            .get(kind)
            .into_iter()
            .flatten()
            .map(|(value, _)| value)
            // A pattern that was met before is no name that it could stand for.
            .filter(|value| !is_pattern(value) && known::matches(pattern, value))
            .cloned()
            .collect();
        match known.as_slice() {
            [] => format!("{}*", self.of(kind, pattern)),
            [only] => {
                // A wildcard in front stands for a path that is not known.
                let front = if pattern.starts_with('*') { "*" } else { "" };
                format!("{front}{}", self.name(kind, only))
            }
            _ => format!("{kind}-*"),
        }
    }

    /// Returns an address of the same sort that belongs to nobody (RFC 5737, RFC 3849).
    pub(super) fn address(&mut self, address: IpAddr) -> IpAddr {
        let text = address.to_string();
        let low = |number: usize| u8::try_from(number % 256).unwrap_or_default();
        match address {
            _ if address.is_loopback() || address.is_unspecified() => address,
            IpAddr::V4(v4) if v4.is_link_local() => address,
            IpAddr::V4(v4) if v4.is_private() => {
                let number = self.number("private-address", &text);
                IpAddr::from([10, 0, low(number / 256), low(number)])
            }
            // The addresses of carriers count as private too.
            IpAddr::V4(v4) if matches!(v4.octets(), [100, 64..=127, ..]) => {
                IpAddr::from([100, 64, 0, low(self.number("carrier-address", &text))])
            }
            IpAddr::V4(_) => IpAddr::from([192, 0, 2, low(self.number("address", &text))]),
            IpAddr::V6(v6) => {
                let number = u16::try_from(self.number("address-v6", &text)).unwrap_or(u16::MAX);
                let head = match v6.segments() {
                    [first, ..] if first & 0xfe00 == 0xfc00 => 0xfd00,
                    [first, ..] if first & 0xffc0 == 0xfe80 => 0xfe80,
                    _ => return IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, number]),
                };
                IpAddr::from([head, 0, 0, 0, 0, 0, 0, number])
            }
        }
    }

    /// Returns the alias of a value that was met, where it cannot be taken for plain language.
    pub(super) fn spoken(&self, value: &str) -> Option<&str> {
        self.spoken.get(value).map(String::as_str)
    }

    /// Returns what each alias stands for.
    pub(super) fn map(&self) -> BTreeMap<String, String> {
        let numbered = self.given.iter().flat_map(|(kind, values)| {
            values.iter().map(move |(value, number)| (format!("{kind}-{number}"), value.clone()))
        });
        // An alias in a form of its own is spoken of, and its number is not.
        numbered.chain(self.spoken.iter().map(|(value, alias)| (alias.clone(), value.clone()))).collect()
    }

    /// Returns the value's number among its kind, counted from 1.
    pub(super) fn number(&mut self, kind: &str, value: &str) -> usize {
        let kind = self.given.entry(kind.to_owned()).or_default();
        let next = kind.len() + 1;
        *kind.entry(value.to_owned()).or_insert(next)
    }

    pub(super) fn speak(&mut self, value: &str, alias: &str) {
        // A role that is called `access` must not turn every "access denied" into itself.
        if value.len() > 2 && !known::is_word(value) && !is_pattern(value) {
            self.spoken.entry(value.to_owned()).or_insert_with(|| alias.to_owned());
        }
    }
}

/// Returns `true` if a name holds a wildcard or a variable of IAM.
fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '$'])
}
