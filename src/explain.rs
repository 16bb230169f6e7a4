//! Explains the text of an error, offline: which cause, whose, of what, and what to do.
//!
//! Takes any text that people paste: tracebacks, JSON bodies, log lines, CloudTrail events, wrapped and
//! decorated in whatever way. Gives what the text itself holds and never more; where AWS's words do not settle
//! the cause, the alternatives stand beside it. Pure: no AWS, no clock, no I/O. Linear in the text's length.

mod anchors;
mod facts;
mod plain;
mod secrets;
mod site;
mod token;
mod words;

pub use crate::cause::catalogue::TextCertainty;
pub use facts::Facts;
pub use words::{shown, to_text};

use crate::cause::{Cause, DocumentedCause, Family, catalogue};
use anchors::{Anchor, Anchors, Squeezed};
use catalogue::{Note, Otherwise};
use plain::Plain;
use serde::Serialize;
use site::{Site, View};
use std::borrow::Cow;
use std::collections::HashSet;

/// The longest text that is read, in bytes; what follows is ignored.
pub const MAX_TEXT: usize = 64 * 1024 * 1024;

/// The most further errors that one explanation lists.
const MAX_OTHERS: usize = 1000;

/// How far behind a code the sentence that belongs to it may begin, in bytes.
const HEAD_REACH: usize = 300;

/// How far apart two sentences of one message stand, in bytes.
const SENTENCE: usize = 40;

/// How near a more telling text must stand to one that wraps others, in bytes.
const WRAPPER_REACH: usize = 800;

/// What a text says, as `bedrock-access/explanation/1` has it.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The name and version of the format.
    pub schema: &'static str,
    /// The id that the text came with, in batches.
    pub id: serde_json::Value,
    /// What is explained.
    #[serde(flatten)]
    pub error: ExplainedError,
    /// The further errors of the same text, the most telling first.
    pub others: Vec<ExplainedError>,
}

/// One error of a text.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedError {
    /// The cause.
    pub cause: Cause,
    /// Its family.
    pub family: Family,
    /// Which of the two documented causes it is; `null` where nothing is recognized.
    pub documented_cause: Option<DocumentedCause>,
    /// AWS's error code.
    pub error_code: Option<String>,
    /// The API operation, as the text has it.
    pub operation: Option<String>,
    /// The ARN of the refused principal.
    pub principal: Option<String>,
    /// The refused IAM action.
    pub action: Option<String>,
    /// The refused resource.
    pub resource: Option<String>,
    /// The ARN of the policy that denies explicitly.
    pub policy_arn: Option<String>,
    /// The model's or inference profile's id or ARN.
    pub model: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
    /// The id under which IAM keeps the full evaluation.
    pub authorization_id: Option<String>,
    /// Where the error stands in the text, in bytes: its beginning and its end.
    pub span: [usize; 2],
    /// What it means, in one or two sentences.
    pub summary: String,
    /// What to do next, for somebody who has only this text.
    pub next: Vec<Cow<'static, str>>,
    /// What the text may mean instead, most probable first.
    pub alternatives: Vec<Alternative>,
    /// How far the text settles the cause.
    #[serde(skip)]
    pub certainty: TextCertainty,
    /// The name of the catalogue's template that the text is an instance of; empty where only a code was read.
    #[serde(skip)]
    pub template: &'static str,
}

/// Another cause that a text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The other cause.
    pub cause: Cause,
    /// What tells it apart from the first.
    pub tell: &'static str,
}

/// What an error answer means whose code, status and message are known.
#[derive(Clone, Debug)]
pub struct Classification {
    /// The cause.
    pub cause: Cause,
    /// How far the text settles it.
    pub certainty: TextCertainty,
    /// What it may mean instead.
    pub alternatives: Vec<Alternative>,
    /// Whether the model refused the request's body, which shows that the call had been authorized.
    pub body_rejected: bool,
    /// The name of the catalogue's template; empty where only the code or status spoke.
    pub template: &'static str,
    /// What the message holds.
    pub facts: Facts,
}

/// Explains a text.
///
/// ```
/// # use bedrock_access::{cause::Cause, explain::explain};
/// let explanation = explain("An error occurred (ValidationException) when calling the Converse operation: Operation not allowed");
/// assert_eq!(explanation.error.cause, Cause::AccountRestricted);
/// assert_eq!(explanation.error.operation.as_deref(), Some("Converse"));
/// ```
#[must_use]
pub fn explain(text: &str) -> Explanation {
    explain_bytes(text.as_bytes())
}

/// Explains a text that may not be valid UTF-8; spans are in bytes of what was given.
#[must_use]
pub fn explain_bytes(text: &[u8]) -> Explanation {
    let text = text.get(..MAX_TEXT).unwrap_or(text);
    let plain = Plain::of(text);
    let mut found = read(&plain.text).into_iter().map(|reading| reading.explain(&plain));
    let error = found.next().unwrap_or_else(|| words::unrecognized(text.len()));
    let others = found.take(MAX_OTHERS).collect();
    Explanation { schema: "bedrock-access/explanation/1", id: serde_json::Value::Null, error, others }
}

/// Classifies an answer of AWS whose error code, HTTP status and message are known.
///
/// The code is AWS's (`AccessDeniedException`), without the address that `x-amzn-errortype` carries behind it.
#[must_use]
pub fn classify(code: Option<&str>, status: Option<u16>, message: &str) -> Classification {
    let message = message.get(..message.floor_char_boundary(MAX_TEXT)).unwrap_or(message);
    // The code in front, as clients print it: phrases that need it see it, and a bare code is read.
    let whole = match code {
        Some(code) => format!("{code}: {message}"),
        None => message.to_owned(),
    };
    let plain = Plain::of(whole.as_bytes());
    let Some(mut reading) = read(&plain.text).into_iter().next() else {
        let cause = match status {
            Some(429) => Cause::Throttled,
            Some(500..) => Cause::ServiceUnavailable,
            _ => Cause::Unrecognized,
        };
        let facts = Facts { error_code: code.map(str::to_owned), ..Facts::default() };
        let certainty = if cause == Cause::Unrecognized { TextCertainty::Ambiguous } else { TextCertainty::Likely };
        return Classification {
            cause,
            certainty,
            alternatives: Vec::new(),
            body_rejected: false,
            template: "",
            facts,
        };
    };
    if let Some(code) = code {
        reading.facts.error_code = Some(code.to_owned());
    }
    Classification {
        cause: reading.site.cause,
        certainty: reading.site.certainty,
        alternatives: alternatives(reading.site.otherwise),
        body_rejected: matches!(reading.site.note, Note::BodyRejected | Note::BodyDetail),
        template: reading.site.template,
        facts: reading.facts,
    }
}

fn alternatives(otherwise: &'static [Otherwise]) -> Vec<Alternative> {
    otherwise.iter().map(|other| Alternative { cause: other.cause, tell: other.tell }).collect()
}

/// A site with what stands around it.
#[derive(Clone, Debug)]
struct Reading {
    site: Site,
    facts: Facts,
}

impl Reading {
    fn explain(self, plain: &Plain) -> ExplainedError {
        let Self { site, facts } = self;
        let facts = secrets::without(facts);
        let summary = words::summary(&site, &facts);
        let next = words::next(&site, &facts);
        let Facts {
            error_code,
            operation,
            principal,
            action,
            resource,
            policy_arn,
            model,
            region,
            request_id,
            authorization_id,
        } = facts;
        let family = site.cause.family();
        ExplainedError {
            cause: site.cause,
            family,
            documented_cause: (site.cause != Cause::Unrecognized).then(|| family.documented_cause()),
            error_code,
            operation,
            principal,
            action,
            resource,
            policy_arn,
            model,
            region,
            request_id,
            authorization_id,
            span: [plain.origin(site.start), plain.origin(site.end)],
            summary,
            next,
            alternatives: alternatives(site.otherwise),
            certainty: site.certainty,
            template: site.template,
        }
    }

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
fn read(text: &str) -> Vec<Reading> {
    let squeezed = Squeezed::of(text);
    let hits = Anchors::get().find(&squeezed.bytes);
    let view = View { text, squeezed: &squeezed, hits: &hits };
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

impl View<'_> {
    /// Adds the errors that boto3 heads with code and operation, and whose sentence is not known.
    fn add_headed_codes(&self, sites: &mut Vec<Site>) {
        let mut unknown = Vec::new();
        for hit in self.hits.iter().filter(|hit| matches!(hit.anchor, Anchor::ErrorOccurred)) {
            let (start, end) = self.span(hit);
            let Some((code, _)) = self.read_boto(end) else { continue };
            let next = sites.partition_point(|site| site.end <= start);
            let is_known = sites.get(next).is_some_and(|site| site.start < code.end + HEAD_REACH);
            if !is_known {
                let site = Self::code_site(code);
                if site.cause != Cause::Unrecognized {
                    unknown.push(site);
                }
            }
        }
        if !unknown.is_empty() {
            sites.extend(unknown);
            sites.sort_by_key(|site| site.start);
        }
    }

    /// Reads the errors of a text that holds codes and no sentence that is known.
    fn code_sites(&self) -> Vec<Site> {
        let mut sites: Vec<Site> = Vec::new();
        for hit in self.hits {
            let (start, end) = self.span(hit);
            let code = match hit.anchor {
                Anchor::Code => self.read_code(start, end),
                Anchor::ErrorOccurred => self.read_boto(end).map(|(code, _)| code),
                _ => None,
            };
            let Some(code) = code else { continue };
            if sites.last().is_some_and(|site| code.start < site.end) {
                continue;
            }
            let site = Self::code_site(code);
            sites.push(site);
            if sites.len() > MAX_OTHERS {
                break;
            }
        }
        // Codes without sentences repeat; one of a kind is enough, and a telling one hides the rest.
        let telling = sites.iter().any(|site| site.cause != Cause::Unrecognized);
        let mut causes = HashSet::new();
        sites.retain(|site| (!telling || site.cause != Cause::Unrecognized) && causes.insert(site.cause));
        sites
    }
}

impl View<'_> {
    /// Makes a site of a code that stands without a sentence that is known.
    fn code_site(code: facts::Code) -> Site {
        let mut site = Site::new(Cause::Unrecognized, code.start, code.end);
        site.template = "code";
        site.certainty = TextCertainty::Ambiguous;
        match code.name.to_ascii_lowercase().as_str() {
            "validationexception" | "validationerror" => {
                site.cause = Cause::InvalidRequest;
                site.certainty = TextCertainty::Likely;
            }
            "accessdenied" | "accessdeniedexception" | "access_denied" | "accessdeniederror" => {
                site.otherwise = BARE_ACCESS_DENIED;
            }
            "resourcenotfoundexception" => site.otherwise = BARE_NOT_FOUND,
            _ => {}
        }
        site
    }
}

const BARE_ACCESS_DENIED: &[Otherwise] = &[
    Otherwise {
        cause: Cause::IdentityPolicyMissingAllow,
        tell: "the sentence behind the code says `is not authorized to perform`",
    },
    Otherwise {
        cause: Cause::ModelAccessNotGranted,
        tell: "the sentence behind the code speaks of access to the model, and of no action",
    },
];

const BARE_NOT_FOUND: &[Otherwise] = &[
    Otherwise { cause: Cause::UseCaseFormMissing, tell: "the sentence behind the code speaks of use case details" },
    Otherwise { cause: Cause::LegacyModel, tell: "the sentence behind the code says Legacy or end of its life" },
    Otherwise { cause: Cause::InvalidModelId, tell: "the sentence behind the code speaks of the model identifier" },
];
