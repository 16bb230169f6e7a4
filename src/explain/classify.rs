//! The errors of a text with what stands around each: found, told apart, and ranked.
//!
//! Takes the plain text and gives the classified, the most telling first. An error that the text holds twice is
//! read once; each error's surroundings are bounded, so that no fact strays to another.

use super::facts::Facts;
use super::grammar::{window, window_before};
use super::mention::{Mention, View};
use super::phrases::{PhraseKind, Scan};
use crate::cause::catalogue::Note;
use crate::cause::{Cause, Family};
use std::collections::HashSet;

/// How far apart two sentences of one message stand, in bytes.
const SENTENCE: usize = 40;

/// How near a more telling text must stand to one that wraps others, in bytes.
const WRAPPER_REACH: usize = 800;

/// A mention with what stands around it.
#[derive(Clone, Debug)]
pub(super) struct Classified {
    /// The error.
    pub(super) mention: Mention,
    /// What the text holds of it.
    pub(super) facts: Facts,
    /// Whether the text quotes it from elsewhere, such as the documentation, and not as what happened.
    cited: bool,
}

impl Classified {
    /// How much a reading tells, the most telling first: what is only cited comes last.
    fn rank(&self) -> (bool, u8, usize) {
        let weight = match (self.mention.cause.family(), self.mention.note) {
            (Family::Unknown, _) => 5,
            (Family::IamPermission | Family::ModelAccess | Family::Credentials, Note::Plain) => 0,
            (Family::IamPermission | Family::ModelAccess | Family::Credentials, _) => 2,
            (Family::Request, _) => 1,
            (Family::Capacity, Note::Plain) if self.mention.cause == Cause::QuotaExceeded => 1,
            (Family::Capacity, _) => 3,
            (Family::Network, _) => 4,
        };
        let action = self.facts.action.as_deref().unwrap_or("bedrock:");
        // A refusal by another service comes behind Bedrock's.
        let is_foreign = !is_action_of_bedrock(action);
        (self.cited, weight.max(u8::from(is_foreign)), self.mention.start)
    }
}

/// Returns `true` if an action is one of Amazon Bedrock's, or of AWS Marketplace, through which its models are sold.
pub(crate) fn is_action_of_bedrock(action: &str) -> bool {
    action.starts_with("bedrock") || action.starts_with("aws-marketplace:")
}

/// Reads every error of a plain text, the most telling first.
pub(super) fn read(text: &str) -> Vec<Classified> {
    let scan = Scan::of(text);
    let view = View { text, squeezed: scan.squeezed(), hits: scan.hits() };
    let mut mentions = view.mentions();
    mentions.retain(|mention| !is_of_another_provider(mention, text));
    let is_table = drop_tables(&mut mentions, text);
    if mentions.iter().any(|mention| !is_fallback(mention)) {
        drop_fallbacks(&mut mentions);
        view.add_headed_codes(&mut mentions);
        drop_wrappers(&mut mentions, text);
    } else if mentions.is_empty() && !is_table {
        mentions = view.code_mentions();
    }
    let bounds = bounds(&mentions, &view);
    let mut classified: Vec<Classified> = Vec::with_capacity(mentions.len());
    let mut seen = HashSet::new();
    let count = mentions.len();
    let introduces: Vec<bool> =
        mentions.iter().enumerate().map(|(at, _)| introduces_refusal(&mentions, at, text)).collect();
    for ((mut mention, (from, to)), introduces) in mentions.into_iter().zip(bounds).zip(introduces) {
        let facts = view.facts(&mut mention, from, to);
        let same = classified.iter_mut().rev().take(8).find(|other| is_same(other, &mention, &facts));
        if let Some(other) = same {
            if other.mention.truncated && !mention.truncated {
                // Keep the whole one, and what stood around the part.
                let around = std::mem::take(&mut other.facts);
                other.facts = facts;
                other.facts.complete_from(around);
                other.mention = Mention { start: other.mention.start, ..mention };
            } else {
                other.facts.complete_from(facts);
            }
            continue;
        }
        // A text with one error, as most are, needs no memory of others.
        if count < 2 || seen.insert(key_of(&mention, &facts)) {
            let cited = introduces || count > 1 && is_cited(&mention, text);
            classified.push(Classified { mention, facts, cited });
        }
    }
    classified.sort_by_key(Classified::rank);
    classified
}

fn is_fallback(mention: &Mention) -> bool {
    matches!(mention.note, Note::Fallback | Note::Status)
}

/// Drops the codes of a table or list that names several, one a line, and returns `true` if it did: it documents errors,
/// none of which happened.
fn drop_tables(mentions: &mut Vec<Mention>, text: &str) -> bool {
    const FEWEST: usize = 3;
    let is_row = |mention: &Mention| {
        let line = text.get(..mention.start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
        let begins_line = line.trim_matches(['|', '`', ' ', '*', '-']).is_empty();
        (is_fallback(mention) || mention.template.ends_with("-code")) && begins_line
    };
    let rows: Vec<Cause> = mentions.iter().filter(|mention| is_row(mention)).map(|mention| mention.cause).collect();
    let is_table = rows.len() >= FEWEST && rows.iter().any(|cause| Some(cause) != rows.first());
    if is_table {
        mentions.retain(|mention| !is_row(mention));
    }
    is_table
}

/// Drops the bare codes of a text that also holds sentences.
///
/// A code stays where the sentences only wrap something and the code says what: Rust's SDK prints a failed dispatch
/// around `ExpiredToken`.
fn drop_fallbacks(mentions: &mut Vec<Mention>) {
    let only_wrappers = mentions.iter().all(|mention| {
        is_fallback(mention) || mention.note == Note::Wrapper && mention.cause == Cause::NetworkUnreachable
    });
    mentions.retain(|mention| !is_fallback(mention) || only_wrappers && mention.cause.family() == Family::Credentials);
}

/// Templates whose words other services and providers write as well: they count as Bedrock's unless the text around them
/// names another.
const COMMON: [&str; 9] = [
    "request-error-type",
    "model-not-found",
    "service-unavailable",
    "unavailable-code",
    "throttled",
    "throttled-code",
    "network",
    "network-code",
    "feature-not-enabled",
];

/// Returns `true` if the text around an error names another provider than AWS, or the endpoint of another service.
fn is_of_another_provider(mention: &Mention, text: &str) -> bool {
    const OTHERS: [&str; 18] = [
        "platform.openai.com",
        "api.openai.com",
        "openai.azure.com",
        "api.anthropic.com",
        "console.anthropic.com",
        "platform.claude.com",
        "openrouter",
        "googleapis.com",
        "x-api-key",
        "Anthropic API",
        "AnthropicException",
        "VertexAI",
        "Vertex_ai",
        "vertex_ai",
        "GeminiException",
        "OpenAIException",
        "AzureException",
        "AzureOpenAI",
    ];
    const OWN: [&str; 5] = ["bedrock", "Bedrock", "amazonaws", "api.aws", "AWS_"];
    let is_common = COMMON.contains(&mention.template);
    if mention.cause != Cause::ApiKeyRejected && !is_common {
        return false;
    }
    let (before, after) = (window_before(text, mention.start, 400), window(text, mention.end, 600));
    let holds = |words: &[&str]| words.iter().any(|word| before.contains(word) || after.contains(word));
    if mention.cause == Cause::NetworkUnreachable {
        return is_of_another_host(before, after);
    }
    holds(&OTHERS) && !holds(&OWN)
}

/// Returns `true` if the text around a lost connection names hosts, and none of them is one that a call to Bedrock needs:
/// its endpoints, and those from which credentials come.
fn is_of_another_host(before: &str, after: &str) -> bool {
    const ENDINGS: [&str; 12] =
        [".com", ".cn", ".net", ".org", ".io", ".ai", ".aws", ".dev", ".app", ".cloud", ".local", ".internal"];
    const NEEDED: [&str; 8] = ["bedrock", "sts", "iam", "sso", "oidc", "signin", "metadata", "marketplace"];
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let words = before.split(|c| !is_part(c)).chain(after.split(|c| !is_part(c)));
    let is_host = |word: &&str| {
        word.matches('.').count() > 1
            && ENDINGS.iter().any(|ending| word.ends_with(ending))
            && !word.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    let mut hosts = words.map(|word| word.trim_matches('.')).filter(is_host).peekable();
    hosts.peek().is_some() && hosts.all(|host| !NEEDED.iter().any(|needed| host.contains(needed)))
}

/// Returns `true` if a sentence about credentials only stands in front of IAM's refusal of the same answer.
fn introduces_refusal(mentions: &[Mention], at: usize, text: &str) -> bool {
    let (Some(mention), Some(next)) = (mentions.get(at), mentions.get(at + 1)) else { return false };
    let between = text.get(mention.end..next.start).unwrap_or("\n");
    mention.cause.family() == Family::Credentials
        && next.action.is_some()
        && between.len() < SENTENCE
        && !between.contains('\n')
}

/// Returns `true` if the words in front of an error say that it is quoted from elsewhere or was expected.
fn is_cited(mention: &Mention, text: &str) -> bool {
    let before = window_before(text, mention.start, 120);
    let paragraph = before.rsplit("\n\n").next().unwrap_or_default();
    let line = paragraph.lines().last().unwrap_or_default().to_ascii_lowercase();
    [
        "according to",
        "the docs",
        "documentation",
        "i expected",
        "would expect",
        "should get",
        "used to get",
        "example of",
    ]
    .into_iter()
    .any(|words| line.contains(words))
}

/// What tells one error from another of the same text.
fn key_of(mention: &Mention, facts: &Facts) -> (Cause, [Option<String>; 6]) {
    (mention.cause, facts.identity().map(|fact| fact.map(str::to_owned)))
}

/// Returns `true` if two classified are of one error that the text holds twice.
fn is_same(other: &Classified, mention: &Mention, facts: &Facts) -> bool {
    // The one that broke off says less than the whole one, and says it in part.
    let (cut, whole) = if mention.truncated { (facts, &other.facts) } else { (&other.facts, facts) };
    if mention.truncated != other.mention.truncated {
        let begins = |part: &Option<String>, whole: &Option<String>| match (part, whole) {
            (Some(part), Some(whole)) => whole.starts_with(part.as_str()),
            (part, _) => part.is_none(),
        };
        return begins(&cut.principal, &whole.principal)
            && begins(&cut.action, &whole.action)
            && begins(&cut.resource, &whole.resource);
    }
    let same_cause = other.mention.cause == mention.cause
        || (facts.action.is_some()
            && facts.action == other.facts.action
            && facts.resource == other.facts.resource
            && mention.template == "iam-no-clause");
    same_cause && other.facts.agrees_with(facts)
}

/// Drops the texts that only wrap a more telling one close by.
///
/// What says no more than that a service's role was refused gives way to any other text; what says that a client
/// was throttled, lost the network and the like gives way to a refusal.
fn drop_wrappers(mentions: &mut Vec<Mention>, text: &str) {
    let is_outer = |mention: &Mention| mention.note == Note::Wrapper && mention.cause == Cause::ServiceRolePermission;
    drop_near(mentions, text, is_outer);
    drop_near(mentions, text, |mention| mention.note == Note::Wrapper);
}

fn drop_near(mentions: &mut Vec<Mention>, text: &str, gives_way: impl Fn(&Mention) -> bool) {
    let telling: Vec<(usize, usize)> =
        mentions.iter().filter(|mention| !gives_way(mention)).map(|mention| (mention.start, mention.end)).collect();
    let is_near = |mention: &Mention| {
        let next = telling.partition_point(|(start, _)| *start < mention.start);
        let after = telling.get(next).filter(|(start, _)| {
            *start < mention.end + WRAPPER_REACH && !text.get(mention.end..*start).is_some_and(begins_another_message)
        });
        let before = next.checked_sub(1).and_then(|at| telling.get(at)).filter(|(_, end)| {
            let between = text.get(*end..mention.start).unwrap_or_default();
            // Behind it only in the same line or sentence: later lines are other errors.
            between.len() < WRAPPER_REACH / 2 && (!between.contains('\n') || between.len() < SENTENCE)
        });
        after.is_some() || before.is_some()
    };
    mentions.retain(|mention| !gives_way(mention) || !is_near(mention));
}

/// Returns `true` if a message ends in a stretch of text and another begins: a blank line, a new record of a log.
fn begins_another_message(between: &str) -> bool {
    let is_record = |line: &str| {
        let line = line.trim_start_matches(['[', ' ']);
        let is_date = line.get(..4).is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit()))
            && line.get(4..5) == Some("-");
        is_date
            || ["attempt ", "Attempt ", "ERROR", "WARN", "INFO", "retry ", "Retry "]
                .into_iter()
                .any(|word| line.starts_with(word))
    };
    between.contains("\n\n") || between.lines().skip(1).any(is_record)
}

/// Parts the text among its mentions: each gets the stretch that belongs to it alone.
fn bounds(mentions: &[Mention], view: &View<'_>) -> Vec<(usize, usize)> {
    let mut cuts = vec![0];
    for pair in mentions.windows(2) {
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
        .filter(|hit| matches!(hit.kind, PhraseKind::ErrorOccurred | PhraseKind::Code))
        .map(|hit| view.span(hit).0)
        .fold(None, |best: Option<usize>, at| Some(best.map_or(at, |best| best.max(at))));
    let boto = view
        .hits_between(end, start)
        .filter(|hit| matches!(hit.kind, PhraseKind::ErrorOccurred))
        .map(|hit| view.span(hit).0)
        .last();
    boto.or(lead).unwrap_or_else(|| view.text.ceil_char_boundary(end + (start - end) / 2))
}
