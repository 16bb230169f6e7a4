//! The errors of a text with what stands around each: found, told apart, and ranked.
//!
//! Takes the plain text and gives the readings, the most telling first. An error that the text holds twice is
//! read once; each error's surroundings are bounded, so that no fact strays to another.

use super::anchors::{Anchor, Scan};
use super::facts::Facts;
use super::site::{Site, View};
use crate::cause::catalogue::Note;
use crate::cause::{Cause, Family};
use std::collections::HashSet;

/// How far apart two sentences of one message stand, in bytes.
const SENTENCE: usize = 40;

/// How near a more telling text must stand to one that wraps others, in bytes.
const WRAPPER_REACH: usize = 800;

/// A site with what stands around it.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// The error.
    pub(super) site: Site,
    /// What the text holds of it.
    pub(super) facts: Facts,
}

impl Reading {
    /// How much a reading tells, the most telling first.
    fn rank(&self) -> (u8, usize) {
        let weight = match (self.site.cause.family(), self.site.note) {
            (Family::Unknown, _) => 5,
            (Family::IamPermission | Family::ModelAccess | Family::Credentials, Note::Plain) => 0,
            (Family::IamPermission | Family::ModelAccess | Family::Credentials, _) => 2,
            (Family::Request, _) => 1,
            (Family::Capacity, Note::Plain) => 1,
            (Family::Capacity, _) => 3,
            (Family::Network, _) => 4,
        };
        (weight, self.site.start)
    }
}

/// Reads every error of a plain text, the most telling first.
pub(super) fn read(text: &str) -> Vec<Reading> {
    let scan = Scan::of(text);
    let view = View { text, squeezed: scan.squeezed(), hits: scan.hits() };
    let mut sites = view.sites();
    let is_fallback = |site: &Site| site.note == Note::Fallback;
    if sites.iter().any(|site| !is_fallback(site)) {
        sites.retain(|site| !is_fallback(site));
        view.add_headed_codes(&mut sites);
        drop_wrappers(&mut sites, text);
    } else if sites.is_empty() {
        sites = view.code_sites();
    }
    let bounds = bounds(&sites, &view);
    let mut readings: Vec<Reading> = Vec::with_capacity(sites.len());
    let mut seen = HashSet::new();
    let count = sites.len();
    for (mut site, (from, to)) in sites.into_iter().zip(bounds) {
        let facts = view.facts(&mut site, from, to);
        let same = readings.iter_mut().rev().take(8).find(|other| is_same(other, &site, &facts));
        if let Some(other) = same {
            if other.site.cut && !site.cut {
                // Keep the whole one, and what stood around the part.
                let around = std::mem::take(&mut other.facts);
                other.facts = facts;
                other.facts.complete_from(around);
                other.site = Site { start: other.site.start, ..site };
            } else {
                other.facts.complete_from(facts);
            }
            continue;
        }
        // A text with one error, as most are, needs no memory of others.
        if count < 2 || seen.insert(key_of(&site, &facts)) {
            readings.push(Reading { site, facts });
        }
    }
    readings.sort_by_key(Reading::rank);
    readings
}

/// What tells one error from another of the same text.
fn key_of(site: &Site, facts: &Facts) -> (Cause, [Option<String>; 6]) {
    let Facts { principal, action, resource, policy_arn, model, operation, .. } = facts.clone();
    (site.cause, [principal, action, resource, policy_arn, model, operation])
}

/// Tells whether two readings are of one error that the text holds twice.
fn is_same(other: &Reading, site: &Site, facts: &Facts) -> bool {
    // The one that broke off says less than the whole one, and says it in part.
    let (cut, whole) = if site.cut { (facts, &other.facts) } else { (&other.facts, facts) };
    if site.cut != other.site.cut {
        let begins = |part: &Option<String>, whole: &Option<String>| match (part, whole) {
            (Some(part), Some(whole)) => whole.starts_with(part.as_str()),
            (part, _) => part.is_none(),
        };
        return begins(&cut.principal, &whole.principal)
            && begins(&cut.action, &whole.action)
            && begins(&cut.resource, &whole.resource);
    }
    let same_cause = other.site.cause == site.cause
        || (facts.action.is_some()
            && facts.action == other.facts.action
            && facts.resource == other.facts.resource
            && site.template == "iam-no-clause");
    same_cause && other.facts.agrees_with(facts)
}

/// Drops the texts that only wrap a more telling one close by.
///
/// What says no more than that a service's role was refused gives way to any other text; what says that a client
/// was throttled, lost the network and the like gives way to a refusal.
fn drop_wrappers(sites: &mut Vec<Site>, text: &str) {
    let is_outer = |site: &Site| site.note == Note::Wrapper && site.cause == Cause::ServiceRolePermission;
    drop_near(sites, text, is_outer);
    drop_near(sites, text, |site| site.note == Note::Wrapper);
}

fn drop_near(sites: &mut Vec<Site>, text: &str, gives_way: impl Fn(&Site) -> bool) {
    let telling: Vec<(usize, usize)> =
        sites.iter().filter(|site| !gives_way(site)).map(|site| (site.start, site.end)).collect();
    let is_near = |site: &Site| {
        let next = telling.partition_point(|(start, _)| *start < site.start);
        let after = telling.get(next).filter(|(start, _)| {
            *start < site.end + WRAPPER_REACH
                && !text.get(site.end..*start).is_some_and(|between| between.contains("\n\n"))
        });
        let before = next.checked_sub(1).and_then(|at| telling.get(at)).filter(|(_, end)| {
            let between = text.get(*end..site.start).unwrap_or_default();
            // Behind it only in the same line or sentence: later lines are other errors.
            between.len() < WRAPPER_REACH / 2 && (!between.contains('\n') || between.len() < SENTENCE)
        });
        after.is_some() || before.is_some()
    };
    sites.retain(|site| !gives_way(site) || !is_near(site));
}

/// Parts the text among its sites: each gets the stretch that belongs to it alone.
fn bounds(sites: &[Site], view: &View<'_>) -> Vec<(usize, usize)> {
    let mut cuts = vec![0];
    for pair in sites.windows(2) {
        if let [before, after] = pair {
            cuts.push(cut_between(before.end, after.start, view));
        }
    }
    cuts.push(view.text.len());
    cuts.windows(2).map(|pair| (pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0))).collect()
}

/// Chooses where one error's surroundings end and the next one's begin.
fn cut_between(end: usize, start: usize, view: &View<'_>) -> usize {
    if end >= start {
        return start;
    }
    let gap = view.text.get(end..start).unwrap_or_default();
    // Two records of JSON: the first one's object ends somewhere in between.
    let (mut depth, mut lowest, mut cut) = (0i64, 0i64, None);
    for (at, byte) in gap.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth < lowest {
                    lowest = depth;
                    cut = Some(end + at + 1);
                }
            }
            _ => {}
        }
    }
    if let Some(cut) = cut {
        return cut;
    }
    if let Some(blank) = gap.rfind("\n\n") {
        return end + blank;
    }
    if let Some(line) = gap.rfind('\n') {
        // The line before may hold the code whose message this is.
        let above = gap.get(..line).unwrap_or_default();
        let lead_in = above.trim_end().ends_with([':', '-', '{', '(', '>']);
        return match above.rfind('\n') {
            Some(previous) if lead_in => end + previous,
            _ => end + line,
        };
    }
    let lead = view
        .hits_between(end, start)
        .filter(|hit| matches!(hit.anchor, Anchor::ErrorOccurred | Anchor::Code))
        .map(|hit| view.span(hit).0)
        .fold(None, |best: Option<usize>, at| Some(best.map_or(at, |best| best.max(at))));
    let boto = view
        .hits_between(end, start)
        .filter(|hit| matches!(hit.anchor, Anchor::ErrorOccurred))
        .map(|hit| view.span(hit).0)
        .last();
    boto.or(lead).unwrap_or_else(|| view.text.ceil_char_boundary(end + (start - end) / 2))
}
