//! The phrases that give a place in a text away, found in one pass over all of them.
//!
//! Phrases are compared *squeezed*: letters and digits alone, in lower case. Hard wraps inside words, quotes,
//! escapes, Markdown and box drawing thus cannot hide a phrase; what surrounds a hit is checked afterwards.

use crate::cause::catalogue::{self, Entry, Template};
use crate::iam::PolicyType;
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use std::sync::OnceLock;

/// What a phrase stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
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
    /// `authorization-details` or `authorization id`.
    AuthorizationId,
}

/// A phrase found in the squeezed text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// What the phrase stands for.
    pub(super) anchor: Anchor,
    /// Where it begins in the squeezed text.
    pub(super) start: usize,
    /// Where it ends there.
    pub(super) end: usize,
}

const GRAMMAR: &[(&str, Anchor)] = &[
    ("not authorized to perform", Anchor::NotAuthorized),
    ("explicit deny", Anchor::ExplicitDeny),
    ("explicitly denies", Anchor::ExplicitlyDenies),
    ("no identity-based polic", Anchor::NoPolicyAllows(Some(PolicyType::IdentityPolicy))),
    ("no resource-based polic", Anchor::NoPolicyAllows(Some(PolicyType::ResourcePolicy))),
    ("no permissions boundar", Anchor::NoPolicyAllows(Some(PolicyType::PermissionsBoundary))),
    ("no session polic", Anchor::NoPolicyAllows(Some(PolicyType::SessionPolicy))),
    ("no sessions polic", Anchor::NoPolicyAllows(Some(PolicyType::SessionPolicy))),
    ("no service control polic", Anchor::NoPolicyAllows(Some(PolicyType::ServiceControlPolicy))),
    ("no resource control polic", Anchor::NoPolicyAllows(Some(PolicyType::ResourceControlPolicy))),
    ("no VPC endpoint polic", Anchor::NoPolicyAllows(Some(PolicyType::VpcEndpointPolicy))),
    ("no role trust polic", Anchor::NoPolicyAllows(None)),
    ("on resource", Anchor::OnResource),
    ("arn:aws", Anchor::Arn),
    ("an error occurred", Anchor::ErrorOccurred),
    ("operation error", Anchor::OperationError),
    ("eventName", Anchor::EventName),
    ("exception", Anchor::Code),
    ("AccessDenied", Anchor::Code),
    ("access_denied", Anchor::Code),
    ("ExpiredToken", Anchor::Code),
    ("RequestExpired", Anchor::Code),
    ("InvalidClientTokenId", Anchor::Code),
    ("SignatureDoesNotMatch", Anchor::Code),
    ("IncompleteSignature", Anchor::Code),
    ("InvalidSignature", Anchor::Code),
    ("NotAuthorized", Anchor::Code),
    ("UnauthorizedOperation", Anchor::Code),
    ("OptInRequired", Anchor::Code),
    ("FTUFormNotFilled", Anchor::Code),
    ("MPAgreementBeingCreated", Anchor::Code),
    ("ValidationError", Anchor::Code),
    ("Throttling", Anchor::Code),
    ("ServiceUnavailable", Anchor::Code),
    ("InternalServerError", Anchor::Code),
    ("InternalFailure", Anchor::Code),
    ("invalid_api_key", Anchor::Code),
    ("NoCredentialsError", Anchor::Code),
    ("request id", Anchor::RequestId),
    ("model id", Anchor::ModelKey),
    ("anthropic.claude", Anchor::Model),
    ("amazon.nova", Anchor::Model),
    ("amazon.titan", Anchor::Model),
    ("amazon.rerank", Anchor::Model),
    ("meta.llama", Anchor::Model),
    ("mistral.m", Anchor::Model),
    ("mistral.p", Anchor::Model),
    ("cohere.c", Anchor::Model),
    ("cohere.embed", Anchor::Model),
    ("cohere.rerank", Anchor::Model),
    ("deepseek.", Anchor::Model),
    ("ai21.j", Anchor::Model),
    ("stability.s", Anchor::Model),
    ("openai.gpt", Anchor::Model),
    ("qwen.qwen", Anchor::Model),
    ("writer.palmyra", Anchor::Model),
    ("luma.ray", Anchor::Model),
    ("twelvelabs.", Anchor::Model),
    ("moonshot", Anchor::Model),
    ("minimax.", Anchor::Model),
    ("nvidia.", Anchor::Model),
    ("google.gemma", Anchor::Model),
    ("zai.glm", Anchor::Model),
    ("region", Anchor::Region),
    ("bedrock-runtime", Anchor::Host),
    ("bedrock-mantle.", Anchor::Host),
    ("bedrock-agent", Anchor::Host),
    ("authorization-details", Anchor::AuthorizationId),
    ("authorization id", Anchor::AuthorizationId),
];

/// The searcher and what each of its patterns stands for.
pub(super) struct Anchors {
    searcher: Option<AhoCorasick>,
    meanings: Vec<Anchor>,
}

impl Anchors {
    /// Returns the process's anchors, built at the first use.
    pub(super) fn get() -> &'static Self {
        static ANCHORS: OnceLock<Anchors> = OnceLock::new();
        ANCHORS.get_or_init(Self::build)
    }

    fn build() -> Self {
        let mut patterns = Vec::new();
        let mut meanings = Vec::new();
        for (phrase, anchor) in GRAMMAR {
            patterns.push(squeezed(phrase));
            meanings.push(*anchor);
        }
        for entry in catalogue::entries() {
            for template in entry.templates {
                for phrase in template.phrases {
                    patterns.push(squeezed(phrase));
                    meanings.push(Anchor::Template(entry, template));
                }
            }
        }
        // The kind is fixed: leaving the choice to the builder could cost more start-up time than it saves.
        let searcher = AhoCorasickBuilder::new()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .prefilter(false)
            .build(patterns)
            .ok();
        Self { searcher, meanings }
    }

    /// Returns every hit in a squeezed text, by its beginning; a longer one first.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Hit> {
        let Some(searcher) = &self.searcher else {
            return Vec::new();
        };
        let mut hits: Vec<Hit> = searcher
            .find_overlapping_iter(text)
            .filter_map(|found| {
                let anchor = self.meanings.get(found.pattern().as_usize()).copied()?;
                Some(Hit { anchor, start: found.start(), end: found.end() })
            })
            .collect();
        hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
        hits
    }
}

fn squeezed(phrase: &str) -> Vec<u8> {
    phrase.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect()
}

/// A text's letters and digits in lower case, and where each stands in it.
#[derive(Debug)]
pub(super) struct Squeezed {
    /// The letters and digits.
    pub(super) bytes: Vec<u8>,
    positions: Vec<u32>,
}

impl Squeezed {
    /// Squeezes a text of less than 4 GiB.
    pub(super) fn of(text: &str) -> Self {
        let mut bytes = Vec::with_capacity(text.len());
        let mut positions = Vec::with_capacity(text.len());
        for (position, byte) in (0u32..).zip(text.bytes()) {
            if byte.is_ascii_alphanumeric() {
                bytes.push(byte.to_ascii_lowercase());
                positions.push(position);
            }
        }
        Self { bytes, positions }
    }

    /// Returns where the letter at an index stands in the text.
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
