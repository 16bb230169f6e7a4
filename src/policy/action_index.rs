//! Which statements of a document can be about an action, found without looking at each of them.
//!
//! Built once when a document is parsed. What two equal hashes suggest is compared before it is believed, so a collision
//! costs time and never changes an answer.

use super::fold_hash::fold_hash;
use super::query::Query;
use super::statement::Statement;

/// The most statements that a document may have to be indexed: one bit for each.
const MOST: usize = u64::BITS as usize;

/// The statements of a document by their actions; each set has one bit for each statement.
#[derive(Clone, Debug, Default)]
pub(crate) struct ActionIndex {
    /// Statements about every action.
    all: u64,
    /// Statements that have to be compared: with `NotAction`, or with a wildcard in the service.
    open: u64,
    /// Statements about every action of a service.
    services: Box<[Entry]>,
    /// Statements with a wildcard in the name, by the hash of the service.
    names: Box<[(u64, u64)]>,
    /// Statements about one action.
    actions: Box<[Entry]>,
}

/// A service or an action without wildcards, and the statements that name it.
#[derive(Clone, Debug)]
struct Entry {
    hash: u64,
    text: Box<str>,
    statements: u64,
}

impl Entry {
    /// Adds a statement to the entry of a text.
    fn add(entries: &mut Vec<Self>, text: &str, statement: u64) {
        let hash = fold_hash(text);
        match entries.iter_mut().find(|entry| entry.hash == hash && entry.text.eq_ignore_ascii_case(text)) {
            Some(entry) => entry.statements |= statement,
            None => entries.push(Self { hash, text: text.into(), statements: statement }),
        }
    }

    /// Returns the statements that name a text.
    #[inline]
    fn find(entries: &[Self], hash: u64, text: &str) -> u64 {
        let is_text = |known: &str| known == text || known.eq_ignore_ascii_case(text);
        let found = entries.iter().find(|entry| entry.hash == hash && is_text(&entry.text));
        found.map_or(0, |entry| entry.statements)
    }
}

/// The statements of a document that can be about an action.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidates {
    /// Those that are about it.
    pub certain: u64,
    /// Those that have to be compared.
    pub possible: u64,
}

impl ActionIndex {
    /// Indexes the statements of a document; `None` if they are too many.
    pub fn new(statements: &[Statement]) -> Option<Self> {
        if statements.len() > MOST {
            return None;
        }
        let (mut all, mut open) = (0, 0);
        let (mut services, mut names, mut actions) = (Vec::new(), Vec::<(u64, u64)>::new(), Vec::new());
        for (place, statement) in statements.iter().enumerate() {
            let bit = 1_u64 << place;
            if statement.actions.negated {
                open |= bit;
                continue;
            }
            for pattern in &statement.actions.patterns {
                match pattern.literals() {
                    _ if pattern.is_everything() => all |= bit,
                    // Outside ASCII, letters that are equal without regard to case may differ in length.
                    (Some(service), _) if !service.is_ascii() => open |= bit,
                    (Some(_), Some(name)) if !name.is_ascii() => open |= bit,
                    (None, _) => open |= bit,
                    (Some(service), None) if pattern.is_whole_service() => Entry::add(&mut services, service, bit),
                    (Some(service), None) => {
                        let hash = fold_hash(service);
                        match names.iter_mut().find(|(known, _)| *known == hash) {
                            Some((_, bits)) => *bits |= bit,
                            None => names.push((hash, bit)),
                        }
                    }
                    (Some(_), Some(_)) => Entry::add(&mut actions, &pattern.source, bit),
                }
            }
        }
        Some(Self { all, open, services: services.into(), names: names.into(), actions: actions.into() })
    }

    /// Returns the statements that are about the action of a request, or can be.
    #[inline]
    pub fn candidates(&self, query: &Query<'_>) -> Candidates {
        let certain = self.all
            | Entry::find(&self.actions, query.action_hash, query.action)
            | Entry::find(&self.services, query.service_hash, query.service);
        let names = self.names.iter().filter(|(hash, _)| *hash == query.service_hash);
        let possible = names.fold(self.open, |bits, (_, more)| bits | more);
        Candidates { certain, possible: possible & !certain }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Document, Question};
    use super::*;
    use crate::iam::{ContextKeys, RequestContext};

    proptest::proptest! {
        #[test]
        fn every_statement_about_an_action_is_a_candidate(
            actions in proptest::collection::vec("(\\*|[sS]:[aAbB?*]{1,2}|[st?*]{1,2}:[ab*]{0,2})", 1..6),
            negated in proptest::collection::vec(proptest::bool::ANY, 6),
            service in "[sStT]{1,2}", name in "[aAbB]{0,2}",
        ) {
            let statements: Vec<String> = actions.iter().zip(&negated).map(|(action, negated)| {
                let element = if *negated { "NotAction" } else { "Action" };
                format!(r#"{{"Effect": "Allow", "{element}": "{action}", "Resource": "*"}}"#)
            }).collect();
            let document = Document::parse(&format!(r#"{{"Statement": [{}]}}"#, statements.join(","))).unwrap();
            let action = format!("{service}:{name}");
            let request = RequestContext { action, resource: "*".to_owned(), context: ContextKeys::new() };
            let question = Question::new("arn:aws:iam::111122223333:user/ana", &request);
            let query = Query::new(&question);
            let index = ActionIndex::new(document.statements()).unwrap();
            let Candidates { certain, possible } = index.candidates(&query);
            for (place, statement) in document.statements().iter().enumerate() {
                let matches = statement.action_matches(&query);
                let bit = 1 << place;
                proptest::prop_assert!(matches || certain & bit == 0, "{place} of {actions:?}");
                proptest::prop_assert!(!matches || (certain | possible) & bit != 0, "{place} of {actions:?}");
            }
        }
    }
}
