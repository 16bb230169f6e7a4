//! Errors of which a text holds the code and no sentence that is known.
//!
//! Such a code names its cause seldom; where it does not, the alternatives say what the missing sentence would
//! tell.

use super::MAX_OTHERS;
use super::anchors::Anchor;
use super::facts::Code;
use super::site::{Site, View};
use crate::cause::Cause;
use crate::cause::catalogue::{Otherwise, TextCertainty};
use std::collections::HashSet;

/// How far behind a code the sentence that belongs to it may begin, in bytes.
const HEAD_REACH: usize = 300;

impl View<'_> {
    /// Adds the errors that boto3 heads with code and operation, and whose sentence is not known.
    pub(super) fn add_headed_codes(&self, sites: &mut Vec<Site>) {
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
    pub(super) fn code_sites(&self) -> Vec<Site> {
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

    /// Makes a site of a code that stands without a sentence that is known.
    fn code_site(code: Code) -> Site {
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
