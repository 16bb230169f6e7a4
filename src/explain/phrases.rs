//! The phrases that give a place in a text away, found in one pass over all of them.
//!
//! Phrases are compared *squeezed*: letters and digits alone, in lower case. Hard wraps inside words, quotes,
//! escapes, Markdown and box drawing thus cannot hide a phrase; what surrounds a hit is checked afterwards.

use crate::cause::catalogue::{self, Entry, Template};
use crate::iam::PolicyType;
use std::cell::Cell;
use std::sync::OnceLock;

/// What a phrase stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum PhraseKind {
    /// A template of the catalogue.
    Template(&'static Entry, &'static Template),
    /// `not authorized to perform`.
    NotAuthorized,
    /// `explicit deny in`.
    ExplicitDeny,
    /// `no <policy type>`: the beginning of `no … policy allows the … action`.
    NoPolicyAllows(Option<PolicyType>),
    /// `explicitly denies`, behind the policy type.
    ExplicitlyDenies,
    /// `on resource`.
    OnResource,
    /// `arn:aws`.
    Arn,
    /// `An error occurred`, as boto3 and the AWS CLI begin.
    ErrorOccurred,
    /// `operation error`, as the Go SDK begins.
    OperationError,
    /// `eventName`, as CloudTrail names the operation.
    EventName,
    /// A word that belongs to an error code.
    Code,
    /// `request id` in any spelling.
    RequestId,
    /// A provider's name and the beginning of its models' names.
    Model,
    /// `model id` in any spelling.
    ModelKey,
    /// `region`.
    Region,
    /// `bedrock-runtime` or another endpoint's first label.
    Host,
    /// `API Error`, behind which Claude Code names the model.
    ClientError,
    /// `authorization-details` or `authorization id`.
    AuthorizationId,
}

/// A phrase found in the squeezed text.
#[derive(Clone, Copy, Debug)]
pub(super) struct PhraseMatch {
    /// What the phrase stands for.
    pub(super) kind: PhraseKind,
    /// Where it begins in the squeezed text.
    pub(super) start: usize,
    /// Where it ends there.
    pub(super) end: usize,
}

const GRAMMAR: &[(&str, PhraseKind)] = &[
    ("not authorized to perform", PhraseKind::NotAuthorized),
    ("explicit deny", PhraseKind::ExplicitDeny),
    ("explicitly denies", PhraseKind::ExplicitlyDenies),
    ("no identity-based polic", PhraseKind::NoPolicyAllows(Some(PolicyType::IdentityPolicy))),
    ("no resource-based polic", PhraseKind::NoPolicyAllows(Some(PolicyType::ResourcePolicy))),
    ("no permissions boundar", PhraseKind::NoPolicyAllows(Some(PolicyType::PermissionsBoundary))),
    ("no session polic", PhraseKind::NoPolicyAllows(Some(PolicyType::SessionPolicy))),
    ("no sessions polic", PhraseKind::NoPolicyAllows(Some(PolicyType::SessionPolicy))),
    ("no service control polic", PhraseKind::NoPolicyAllows(Some(PolicyType::ServiceControlPolicy))),
    ("no resource control polic", PhraseKind::NoPolicyAllows(Some(PolicyType::ResourceControlPolicy))),
    ("no VPC endpoint polic", PhraseKind::NoPolicyAllows(Some(PolicyType::VpcEndpointPolicy))),
    ("no role trust polic", PhraseKind::NoPolicyAllows(None)),
    ("on resource", PhraseKind::OnResource),
    ("arn:aws", PhraseKind::Arn),
    ("an error occurred", PhraseKind::ErrorOccurred),
    ("operation error", PhraseKind::OperationError),
    ("eventName", PhraseKind::EventName),
    ("exception", PhraseKind::Code),
    ("AccessDenied", PhraseKind::Code),
    ("access_denied", PhraseKind::Code),
    ("ExpiredToken", PhraseKind::Code),
    ("RequestExpired", PhraseKind::Code),
    ("InvalidClientTokenId", PhraseKind::Code),
    ("SignatureDoesNotMatch", PhraseKind::Code),
    ("IncompleteSignature", PhraseKind::Code),
    ("InvalidSignature", PhraseKind::Code),
    ("NotAuthorized", PhraseKind::Code),
    ("UnauthorizedOperation", PhraseKind::Code),
    ("OptInRequired", PhraseKind::Code),
    ("FTUFormNotFilled", PhraseKind::Code),
    ("MPAgreementBeingCreated", PhraseKind::Code),
    ("ValidationError", PhraseKind::Code),
    ("Throttling", PhraseKind::Code),
    ("ServiceUnavailable", PhraseKind::Code),
    ("InternalServerError", PhraseKind::Code),
    ("InternalFailure", PhraseKind::Code),
    ("invalid_api_key", PhraseKind::Code),
    ("model_not_found", PhraseKind::Code),
    ("NoCredentialsError", PhraseKind::Code),
    ("request id", PhraseKind::RequestId),
    ("model id", PhraseKind::ModelKey),
    ("anthropic.claude", PhraseKind::Model),
    ("amazon.nova", PhraseKind::Model),
    ("amazon.titan", PhraseKind::Model),
    ("amazon.rerank", PhraseKind::Model),
    ("meta.llama", PhraseKind::Model),
    ("mistral.m", PhraseKind::Model),
    ("mistral.p", PhraseKind::Model),
    ("cohere.c", PhraseKind::Model),
    ("cohere.embed", PhraseKind::Model),
    ("cohere.rerank", PhraseKind::Model),
    ("deepseek.", PhraseKind::Model),
    ("ai21.jamba", PhraseKind::Model),
    ("ai21.j2", PhraseKind::Model),
    ("stability.s", PhraseKind::Model),
    ("openai.gpt", PhraseKind::Model),
    ("qwen.qwen", PhraseKind::Model),
    ("writer.palmyra", PhraseKind::Model),
    ("luma.ray", PhraseKind::Model),
    ("twelvelabs.", PhraseKind::Model),
    ("moonshot", PhraseKind::Model),
    ("minimax.", PhraseKind::Model),
    ("nvidia.", PhraseKind::Model),
    ("google.gemma", PhraseKind::Model),
    ("zai.glm", PhraseKind::Model),
    ("region", PhraseKind::Region),
    ("bedrock-runtime", PhraseKind::Host),
    ("bedrock-mantle.", PhraseKind::Host),
    ("bedrock-agent", PhraseKind::Host),
    ("bedrock-agent-runtime", PhraseKind::Host),
    ("bedrock-agentcore", PhraseKind::Host),
    ("bedrock-agentcore-control", PhraseKind::Host),
    ("API Error", PhraseKind::ClientError),
    ("authorization-details", PhraseKind::AuthorizationId),
    ("authorization id", PhraseKind::AuthorizationId),
];

/// How many letters of a phrase are its beginning; none is shorter.
const BEGINNING: usize = 6;
/// How many bits a beginning is hashed to.
const TABLE_BITS: u32 = 13;

/// A phrase, squeezed.
struct Phrase {
    letters: Vec<u8>,
    kind: PhraseKind,
    /// The next phrase whose beginning has the same hash, counted from one; zero ends the chain.
    next: u16,
}

/// Every phrase, found by its beginning.
///
/// A table of beginnings costs a few microseconds to build, which an automaton of the same phrases does not do
/// for less than a millisecond: more than all the rest of the process's start.
pub(super) struct Phrases {
    phrases: Vec<Phrase>,
    /// By the hash of a beginning: the first phrase of a chain, counted from one.
    table: Vec<u16>,
}

impl Phrases {
    /// Returns the process's phrases, built at the first use.
    pub(super) fn get() -> &'static Self {
        static PHRASES: OnceLock<Phrases> = OnceLock::new();
        PHRASES.get_or_init(Self::build)
    }

    fn build() -> Self {
        let mut phrases: Vec<Phrase> = Vec::with_capacity(320);
        let mut push = |phrase: &str, kind| phrases.push(Phrase { letters: squeezed(phrase), kind, next: 0 });
        for (phrase, kind) in GRAMMAR {
            push(phrase, *kind);
        }
        for entry in catalogue::entries() {
            for template in entry.templates {
                for phrase in template.phrases {
                    push(phrase, PhraseKind::Template(entry, template));
                }
            }
        }
        // Shorter ones first: each becomes the head of its chain, so that longer ones are tried before.
        phrases.sort_by_key(|phrase| phrase.letters.len());
        let mut table = vec![0u16; 1 << TABLE_BITS];
        for (number, phrase) in (1u16..).zip(&mut phrases) {
            let head = phrase.letters.first_chunk().and_then(|first| table.get_mut(slot(first)));
            if let Some(head) = head {
                phrase.next = std::mem::replace(head, number);
            }
        }
        Self { phrases, table }
    }

    /// Puts every hit in a squeezed text behind `hits`, by its beginning; a longer one first.
    fn find(&self, text: &[u8], hits: &mut Vec<PhraseMatch>) {
        for (start, window) in text.windows(BEGINNING).enumerate() {
            let Some(first) = window.first_chunk() else { break };
            let mut number = self.table.get(slot(first)).copied().unwrap_or(0);
            while let Some(phrase) = usize::from(number).checked_sub(1).and_then(|at| self.phrases.get(at)) {
                let end = start + phrase.letters.len();
                // Many phrases have one beginning; their last letters part most of them without a comparison.
                if text.get(end - 1) == phrase.letters.last() && text.get(start..end) == Some(&phrase.letters) {
                    hits.push(PhraseMatch { kind: phrase.kind, start, end });
                }
                number = phrase.next;
            }
        }
    }
}

/// Returns a beginning's place in the table.
fn slot(beginning: &[u8; BEGINNING]) -> usize {
    let [a, b, c, d, e, f] = *beginning;
    let number = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
    // The upper bits of the product depend on every letter.
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - TABLE_BITS)) as usize
}

fn squeezed(phrase: &str) -> Vec<u8> {
    phrase.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect()
}

/// How many bytes of the text are squeezed at a time.
const BLOCK: usize = 32;

/// A text that was looked through: squeezed, with every hit.
///
/// Its buffers are the largest that a text takes, and those of a short text are too large for the allocator's fast path:
/// a thread hands them on from one text to the next.
#[derive(Debug, Default)]
pub(super) struct Scan(Buffers);

#[derive(Debug, Default)]
struct Buffers {
    squeezed: Squeezed,
    hits: Vec<PhraseMatch>,
}

thread_local! {
    static SPARE: Cell<Buffers> = Cell::default();
}

/// The longest text whose buffers are handed on, in letters.
const HANDED_ON: usize = 64 * 1024;

impl Scan {
    /// Looks through a text of less than 4 GiB.
    pub(super) fn of(text: &str) -> Self {
        let mut buffers = SPARE.take();
        buffers.squeezed.fill(text);
        buffers.hits.clear();
        Phrases::get().find(&buffers.squeezed.bytes, &mut buffers.hits);
        Self(buffers)
    }

    /// The letters and digits.
    pub(super) fn squeezed(&self) -> &Squeezed {
        &self.0.squeezed
    }

    /// The hits, by their beginnings; a longer one first.
    pub(super) fn hits(&self) -> &[PhraseMatch] {
        &self.0.hits
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        if self.0.squeezed.bytes.capacity() <= HANDED_ON {
            // A thread that ends has no use for them.
            let _ = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.0)));
        }
    }
}

/// A text's letters and digits in lower case, and where each stands in it.
#[derive(Debug, Default)]
pub(super) struct Squeezed {
    /// The letters and digits.
    pub(super) bytes: Vec<u8>,
    positions: Vec<u32>,
}

impl Squeezed {
    /// Takes the letters and digits of a text of less than 4 GiB in place of those that it holds.
    fn fill(&mut self, text: &str) {
        let text = text.as_bytes();
        let Self { bytes, positions } = self;
        bytes.clear();
        bytes.reserve(text.len());
        positions.clear();
        positions.reserve(text.len());
        let (mut letters, mut places) = ([0; BLOCK], [0; BLOCK]);
        let mut position = 0u32;
        for block in text.chunks(BLOCK) {
            let mut count = 0;
            for byte in block {
                // Written always and counted if it is a letter or digit: no branch to mispredict.
                if let (Some(letter), Some(place)) = (letters.get_mut(count), places.get_mut(count)) {
                    *letter = byte.to_ascii_lowercase();
                    *place = position;
                }
                position = position.wrapping_add(1);
                count += usize::from(byte.is_ascii_alphanumeric());
            }
            bytes.extend_from_slice(letters.get(..count).unwrap_or_default());
            positions.extend_from_slice(places.get(..count).unwrap_or_default());
        }
    }

    /// Returns where the letter at an index stands in the text; zero behind the last.
    pub(super) fn position(&self, index: usize) -> usize {
        self.positions.get(index).map_or(0, |position| *position as usize)
    }

    /// Returns the end in the text of a stretch that ends before `index`.
    pub(super) fn end_position(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |last| self.position(last) + 1)
    }

    /// Returns the first index whose letter stands at `position` or behind it.
    pub(super) fn index_at(&self, position: usize) -> usize {
        self.positions.partition_point(|at| (*at as usize) < position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_from_one_text_to_the_other() {
        let text = "Üser: \"arn:aws\"… ".repeat(20);
        let mut squeezed = Squeezed::default();
        squeezed.fill("what was there before");
        squeezed.fill(&text);
        let kept: Vec<(usize, u8)> =
            text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_alphanumeric()).collect();
        assert_eq!(squeezed.bytes.len(), kept.len());
        for (index, (position, byte)) in kept.iter().enumerate() {
            assert_eq!(squeezed.bytes[index], byte.to_ascii_lowercase());
            assert_eq!(squeezed.position(index), *position);
            assert_eq!(squeezed.index_at(*position), index);
            assert_eq!(squeezed.end_position(index + 1), position + 1);
        }
        assert_eq!(squeezed.index_at(text.len()), kept.len());
    }

    #[test]
    fn every_phrase_is_found_by_its_beginning() {
        let phrases = Phrases::get();
        for phrase in &phrases.phrases {
            assert!(phrase.letters.len() >= BEGINNING, "{:?}", phrase.kind);
            let mut text = b"xx".to_vec();
            text.extend(&phrase.letters);
            let mut hits = Vec::new();
            phrases.find(&text, &mut hits);
            assert!(hits.iter().any(|hit| hit.start == 2 && hit.end == text.len()), "{:?}", phrase.kind);
            assert!(hits.is_sorted_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end))));
        }
    }
}
