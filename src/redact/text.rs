//! Free texts: error messages, reasons, values. Word by word, what is not known to be harmless is replaced.

use super::structured::{self, Structured};
use super::{Redactor, known};
use std::net::IpAddr;

/// Where words end: quotes, brackets and lists, as people and programs set them.
fn separates(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'`()[]{}<>,;=|\\".contains(c) || !c.is_ascii() && !c.is_alphanumeric()
}

/// What joins the parts of a word.
const JOINTS: [char; 13] = ['/', ':', '@', '#', '&', '?', '%', '+', '*', '$', '~', '!', '^'];

impl Redactor {
    /// Redacts a text whose plain words are plain language.
    pub(super) fn text(&mut self, text: &str) -> String {
        self.words(text, false)
    }

    /// Redacts a value that somebody chose: plain words identify there too.
    pub(super) fn chosen(&mut self, text: &str) -> String {
        self.words(text, true)
    }

    /// Redacts a tag's value: a number or a date in it is a cost centre or a birthday.
    pub(super) fn tag_value(&mut self, text: &str) -> String {
        let own = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) || known::is_moment(text);
        if own { self.aliases.of("tag-value", text) } else { self.chosen(text) }
    }

    /// Redacts the value of a key that holds a time: a policy may compare it with anything.
    pub(super) fn time(&mut self, text: &str) -> String {
        // Twelve digits may be an account; no moment of our millennia has as many seconds.
        let is_seconds = !text.is_empty() && text.len() < 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_seconds || known::is_moment(text) { text.to_owned() } else { self.chosen(text) }
    }

    /// Redacts a condition key: the key of a tag is somebody's choice.
    pub(super) fn condition_key(&mut self, key: &str) -> String {
        match key.split_once('/') {
            Some((name, tag)) => format!("{}/{}", self.text(name), self.aliases.of("tag", tag)),
            None => self.text(key),
        }
    }

    /// Redacts a text: first what its form gives away, then word by word what is left.
    fn words(&mut self, text: &str, chosen: bool) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut from = 0;
        for (range, structured) in structured::find(text) {
            let before = text.get(from..range.start).unwrap_or_default();
            // An ARN is read as a whole.
            let word = before.rfind(separates).map_or(before, |at| before.get(at..).unwrap_or_default());
            if word.contains("arn:") {
                continue;
            }
            self.push_words(&mut redacted, before, chosen);
            redacted.push_str(&self.structured(structured));
            from = range.end;
        }
        self.push_words(&mut redacted, text.get(from..).unwrap_or_default(), chosen);
        redacted
    }

    fn structured(&mut self, structured: Structured) -> String {
        match structured {
            Structured::Address(address, false) => self.aliases.address(address).to_string(),
            Structured::Address(address, true) => self.aliases.address(address).to_string().replace('.', "-"),
            Structured::Hardware(address) => self.aliases.of("hardware-address", &address),
            Structured::Account(account) => self.aliases.of("account", &account),
        }
    }

    fn push_words(&mut self, redacted: &mut String, text: &str, chosen: bool) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let end = rest.find(separates).unwrap_or(rest.len());
            let word = rest.get(..end).unwrap_or_default();
            if word.is_empty() {
                redacted.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            } else {
                let core = word.trim_end_matches(['.', ':', '!', '?']);
                redacted.push_str(&self.word(core, chosen));
                redacted.push_str(word.get(core.len()..).unwrap_or_default());
                rest = rest.get(end..).unwrap_or_default();
            }
        }
    }

    fn word(&mut self, word: &str, chosen: bool) -> String {
        if word.is_empty() {
            return String::new();
        }
        if let Some(at) = word.find("arn:") {
            let (before, arn) = word.split_at(at);
            return format!("{}{}", self.word(before, chosen), self.arn(arn));
        }
        if let Some(alias) = self.aliases.spoken(word) {
            return alias.to_owned();
        }
        if self.readable.contains(word) || known::is_fixed_value(word) || known::is_model(word) {
            return word.to_owned();
        }
        if let Some(key) = word.strip_prefix("s3://") {
            return format!("s3://{}", self.in_bucket(key));
        }
        if let Some(alias) = self.id(word) {
            return alias;
        }
        let holds_host = word.split(JOINTS).any(known::is_host);
        if !chosen && known::is_plain(word) && !holds_host {
            return word.to_owned();
        }
        if known::is_host(word) {
            return self.host(word);
        }
        match word.find(JOINTS) {
            Some(at) => {
                let (before, joint) = word.split_at(at);
                let (joint, after) = joint.split_at(1);
                if joint == "/" && known::is_bucket_host(before) {
                    return format!("{}/{}", self.host(before), self.in_bucket(after));
                }
                format!("{}{joint}{}", self.word(before, chosen), self.word(after, chosen))
            }
            None => self.aliases.of("name", word),
        }
    }

    /// Replaces what its form tells to be an id of AWS, an address or a person's.
    fn id(&mut self, word: &str) -> Option<String> {
        let lower = |text: &str, least: usize| {
            text.len() >= least && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(self.aliases.of("account", word));
        }
        if let Some((before, after)) = word.split_once('@')
            && !before.is_empty()
            && known::is_host(after)
        {
            return Some(self.aliases.of("email", word));
        }
        if let Ok(address) = word.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Some(self.aliases.address(address).to_string());
        }
        if let Some((address, port)) = word.rsplit_once([':', '/'])
            && let Ok(address) = address.parse::<IpAddr>()
            && port.len() <= 5
            && port.bytes().all(|byte| byte.is_ascii_digit())
        {
            let joint = word.get(word.len() - port.len() - 1..word.len() - port.len()).unwrap_or_default();
            return Some(format!("{}{joint}{port}", self.aliases.address(address)));
        }
        if is_uuid(word) {
            return Some(self.aliases.of("request", word));
        }
        for (beginning, least, kind) in [
            ("o-", 10, "organization"),
            ("r-", 4, "root"),
            ("p-", 8, "policy"),
            ("vpce-", 8, "vpc-endpoint"),
            ("vpc-", 8, "vpc"),
            ("subnet-", 8, "subnet"),
            ("sg-", 8, "security-group"),
            ("eni-", 8, "interface"),
        ] {
            let id = word.strip_prefix(beginning);
            if id.is_some_and(|id| {
                lower(id, least) && id.bytes().any(|byte| byte.is_ascii_digit()) || beginning == "o-" && id.len() > 9
            }) {
                return Some(self.aliases.of(kind, word));
            }
        }
        if let Some((root, unit)) = word.strip_prefix("ou-").and_then(|id| id.split_once('-'))
            && lower(root, 4)
            && lower(unit, 8)
        {
            return Some(self.aliases.of("organizational-unit", word));
        }
        let (beginning, rest) = word.split_at_checked(4)?;
        let is_id = rest.len() >= 12 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        match beginning {
            "AKIA" | "ASIA" | "ABIA" | "ACCA" if is_id => Some(self.aliases.of("access-key", word)),
            "AROA" | "AIDA" | "AGPA" | "AIPA" | "ANPA" | "ANVA" | "APKA" | "ASCA" if is_id => {
                Some(self.aliases.of("unique-id", word))
            }
            _ => None,
        }
    }

    /// Keeps AWS's names of the Internet but for what is the customer's in them.
    fn host(&mut self, host: &str) -> String {
        if !known::is_of_aws(host) {
            return self.aliases.of("host", host);
        }
        let labels: Vec<&str> = host.split('.').collect();
        // In front of these a customer's bucket, directory or API has its name, dots included.
        let own = labels.iter().position(|label| known::is_named_by_customers(label)).unwrap_or(0);
        let customer = labels.get(..own).unwrap_or_default();
        let region_first = customer.len() == 1 && customer.iter().all(|label| known::is_region(label));
        let mut shown = Vec::new();
        if !customer.is_empty() && !region_first {
            let kind = if labels.get(own).is_some_and(|label| label.starts_with("s3")) { "bucket" } else { "host" };
            shown.push(self.aliases.of(kind, &customer.join(".")));
        } else {
            shown.extend(customer.iter().map(|label| (*label).to_owned()));
        }
        for label in labels.get(own..).unwrap_or_default() {
            let aws = known::is_plain(label) || known::is_region(label) || self.readable.contains(*label);
            shown.push(if aws { (*label).to_owned() } else { self.aliases.of("host", label) });
        }
        shown.join(".")
    }
}

fn is_uuid(word: &str) -> bool {
    let parts: Vec<usize> = word.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
