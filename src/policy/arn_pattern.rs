//! ARN patterns: six parts, each matched on its own.
//!
//! A wildcard stays inside its part, save that one in the last part runs over `/` and `:`. A pattern with fewer
//! than six parts has `*` for the rest, and a bare `*` matches everything, the `*` of an action without resource
//! types included. Variables are replaced behind the fifth colon only
//! (IAM User Guide, "IAM JSON policy elements: Resource", "IAM policy elements: Variables and tags").

use super::pattern::{LetterCase, Pattern};
use super::query::Query;
use super::value_pattern::{self, Comparison, ValuePattern, Wildcards};

/// The names of an ARN's parts, for messages.
pub(crate) const PARTS: [&str; 6] = ["prefix", "partition", "service", "region", "account", "resource"];

/// A compiled ARN pattern, and the text it was compiled from.
#[derive(Clone, Debug)]
pub(crate) struct ArnPattern {
    pub source: Box<str>,
    /// Whether the first part matches `arn`.
    matches_arns: bool,
    parts: Option<Box<([Pattern; 5], ValuePattern)>>,
}

impl ArnPattern {
    /// Compiles a pattern; `variables` tells whether the policy's version has them.
    pub fn new(source: &str, variables: bool) -> Self {
        let parts = (!source.is_empty() && source.bytes().any(|byte| byte != b'*')).then(|| {
            let mut parts = split(source, variables).into_iter();
            let mut part = || parts.next().unwrap_or("*");
            let head = [(); 5].map(|()| Pattern::new(part(), LetterCase::Sensitive));
            Box::new((head, ValuePattern::new(part(), Wildcards::Honoured, LetterCase::Sensitive, variables)))
        });
        let matches_arns =
            parts.as_ref().is_none_or(|pattern| pattern.0.first().is_some_and(|prefix| prefix.matches("arn")));
        Self { source: source.into(), matches_arns, parts }
    }

    /// Returns `true` if the pattern is a bare `*`.
    pub fn is_everything(&self) -> bool {
        self.parts.is_none() && !self.source.is_empty()
    }

    /// Compares with an ARN of the request that was cut into its parts before.
    pub fn compare(&self, text: &str, parts: Option<&[&str; 6]>, query: &Query<'_>) -> Comparison {
        let Some(pattern) = &self.parts else {
            // Nothing but stars; an empty pattern matches nothing.
            return self.is_everything().into();
        };
        let Some([_, partition, service, region, account, last]) = parts else {
            return (*self.source == *text).into();
        };
        if !self.matches_arns {
            // What matches no ARN at all is no pattern of ARNs.
            return Comparison::Malformed;
        }
        let ([_, of_partition, of_service, of_region, of_account], resource) = &**pattern;
        // The parts that tell patterns apart are compared first; resources differ in length already.
        let mut compared = resource.compare(last, query);
        if compared == Comparison::Different {
            return compared;
        }
        for (pattern, part) in
            [(of_region, region), (of_account, account), (of_service, service), (of_partition, partition)]
        {
            match value_pattern::compare(pattern, part, query) {
                Comparison::Same => {}
                Comparison::Unknown if compared == Comparison::Same => compared = Comparison::Unknown,
                Comparison::Unknown => {}
                _ => return Comparison::Different,
            }
        }
        compared
    }

    /// Names the first part in which an ARN differs from the pattern.
    pub fn first_difference(&self, parts: &[&str; 6], query: &Query<'_>) -> Option<&'static str> {
        let (head, resource) = &**self.parts.as_ref()?;
        let [front @ .., last] = parts;
        let differs = head.iter().zip(front).position(|(pattern, part)| !pattern.matches(part));
        match differs {
            Some(index) => PARTS.get(index).copied(),
            None => (resource.compare(last, query) != Comparison::Same).then_some("resource"),
        }
    }

    /// Returns how many of an ARN's parts match, to find the pattern that came closest.
    pub fn closeness(&self, parts: &[&str; 6], query: &Query<'_>) -> usize {
        let Some(pattern) = &self.parts else { return PARTS.len() };
        let (head, resource) = &**pattern;
        let [front @ .., last] = parts;
        head.iter().zip(front).filter(|(pattern, part)| pattern.matches(part)).count()
            + usize::from(resource.compare(last, query) == Comparison::Same)
    }

    /// Returns the resource part, whose variables hang on the request.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|pattern| pattern.1.variables())
    }
}

/// Cuts a pattern at its first five colons, those inside `${…}` not counted.
fn split(source: &str, variables: bool) -> Vec<&str> {
    let mut parts = Vec::with_capacity(6);
    let (mut start, mut inside) = (0, false);
    let bytes = source.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'$' if variables && bytes.get(at + 1) == Some(&b'{') => inside = true,
            b'}' => inside = false,
            b':' if !inside && parts.len() < 5 => {
                parts.push(source.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(source.get(start..).unwrap_or_default());
    parts
}
