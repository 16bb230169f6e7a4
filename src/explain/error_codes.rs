//! Errors of which a text holds the code and no sentence that is known.
//!
//! Such a code names its cause seldom; where it does not, the alternatives say what the missing sentence would
//! tell.

use super::MAX_OTHERS;
use super::facts::Code;
use super::mention::{Mention, View};
use super::phrases::PhraseKind;
use crate::cause::Cause;
use crate::cause::catalogue::{Otherwise, TextCertainty};
use std::collections::HashSet;

/// How far behind a code the sentence that belongs to it may begin, in bytes.
const HEAD_REACH: usize = 300;

impl View<'_> {
    /// Adds the errors that boto3 heads with code and operation, and whose sentence is not known.
    pub(super) fn add_headed_codes(&self, mentions: &mut Vec<Mention>) {
        let mut unknown = Vec::new();
        for hit in self.hits.iter().filter(|hit| matches!(hit.kind, PhraseKind::ErrorOccurred)) {
            let (start, end) = self.span(hit);
            let Some((code, _)) = self.read_boto(end) else { continue };
            let next = mentions.partition_point(|mention| mention.end <= start);
            let is_known = mentions.get(next).is_some_and(|mention| mention.start < code.end + HEAD_REACH);
            if !is_known {
                let mention = Self::code_mention(code);
                if mention.cause != Cause::Unrecognized {
                    unknown.push(mention);
                }
            }
        }
        if !unknown.is_empty() {
            mentions.extend(unknown);
            mentions.sort_by_key(|mention| mention.start);
        }
    }

    /// Reads the errors of a text that holds codes and no sentence that is known.
    pub(super) fn code_mentions(&self) -> Vec<Mention> {
        let mut mentions: Vec<Mention> = Vec::new();
        for hit in self.hits {
            let (start, end) = self.span(hit);
            let code = match hit.kind {
                PhraseKind::Code => self.read_code(start, end),
                PhraseKind::ErrorOccurred => self.read_boto(end).map(|(code, _)| code),
                _ => None,
            };
            let Some(code) = code else { continue };
            if mentions.last().is_some_and(|mention| code.start < mention.end) {
                continue;
            }
            let mention = Self::code_mention(code);
            mentions.push(mention);
            if mentions.len() > MAX_OTHERS {
                break;
            }
        }
        // Codes without sentences repeat; one of a kind is enough, and a telling one hides the rest.
        let telling = mentions.iter().any(|mention| mention.cause != Cause::Unrecognized);
        let mut causes = HashSet::new();
        mentions.retain(|mention| (!telling || mention.cause != Cause::Unrecognized) && causes.insert(mention.cause));
        mentions
    }

    /// Makes a mention of a code that stands without a sentence that is known.
    fn code_mention(code: Code) -> Mention {
        let mut mention = Mention::new(Cause::Unrecognized, code.start, code.end);
        mention.template = "code";
        mention.certainty = TextCertainty::Ambiguous;
        match code.name.to_ascii_lowercase().as_str() {
            "validationexception" | "validationerror" => {
                mention.cause = Cause::InvalidRequest;
                mention.certainty = TextCertainty::Likely;
            }
            "accessdenied" | "accessdeniedexception" | "access_denied" | "accessdeniederror" => {
                mention.otherwise = BARE_ACCESS_DENIED;
            }
            "resourcenotfoundexception" => mention.otherwise = BARE_NOT_FOUND,
            _ => {}
        }
        mention
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
