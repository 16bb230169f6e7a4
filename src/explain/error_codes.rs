//! Error codes: which words are codes, and the errors of which a text holds only the code.
//!
//! Such a code names its cause seldom; where it does not, the alternatives say what the missing sentence would
//! tell.

use super::MAX_OTHERS;
use super::grammar;
use super::mention::{Mention, View};
use super::phrases::PhraseKind;
use crate::cause::Cause;
use crate::cause::catalogue::{Otherwise, TextCertainty};
use std::collections::HashSet;

/// An error code in the text.
#[derive(Clone, Debug)]
pub(super) struct Code {
    /// The code as the text has it.
    pub(super) name: String,
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

/// How far behind a code the sentence that belongs to it may begin, in bytes.
const HEAD_REACH: usize = 300;

impl View<'_> {
    /// Reads the error code around a word that belongs to one.
    pub(super) fn read_code(&self, start: usize, end: usize) -> Option<Code> {
        let (start, end) = grammar::identifier(self.text, start, end);
        let name = self.text.get(start..end)?;
        (is_code(name) && !self.is_foreign(name, start)).then(|| Code { name: name.to_owned(), start, end })
    }

    /// Returns `true` if the path in front of a class's name is another library's than AWS's.
    fn is_foreign(&self, name: &str, start: usize) -> bool {
        let before = grammar::window_before(self.text, start, 80);
        if before.ends_with('/') {
            return true;
        }
        let length = before.bytes().rev().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'.').count();
        let path = before.get(before.len() - length..).unwrap_or_default();
        if !path.ends_with('.') {
            return false;
        }
        let holds =
            |word: &str| path.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
        let is_own = ["amazon", "aws", "botocore", "bedrock", "types", "client"].into_iter().any(holds);
        holds("litellm") || !(is_own || AWS_CODES.contains(&name))
    }

    /// Reads ` (CODE) when calling the OPERATION operation`.
    pub(super) fn read_boto(&self, end: usize) -> Option<(Code, String)> {
        let rest = grammar::window(self.text, end, 200);
        let open = rest.find('(').filter(|open| *open <= 3)?;
        let close = rest.find(')')?;
        let name = rest.get(open + 1..close)?.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
            return None;
        }
        let behind = rest.get(close + 1..)?;
        let calling = behind.find("calling the").filter(|at| *at <= 8).map(|at| at + "calling the".len())?;
        let named = behind.get(calling..)?.trim_start();
        // A name that was wrapped hard goes on in the next line.
        let whole = named.find(" operation").filter(|end| *end <= 80).and_then(|end| named.get(..end));
        let joined = whole.map(|name| name.replace('\n', ""));
        let joined = joined.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric()));
        let operation: String =
            joined.unwrap_or_else(|| named.chars().take_while(|c| c.is_ascii_alphanumeric()).collect());
        let code = Code { name: name.to_owned(), start: end + open + 1, end: end + close };
        (!operation.is_empty()).then_some((code, operation))
    }

    /// Adds the errors that boto3 heads with code and operation, and whose sentence is not known.
    pub(super) fn add_headed_codes(&self, mentions: &mut Vec<Mention>) {
        let mut unknown = Vec::new();
        for hit in self.hits.iter().filter(|hit| matches!(hit.kind, PhraseKind::ErrorOccurred)) {
            let (start, end) = self.span(hit);
            let Some((code, _)) = self.read_boto(end) else { continue };
            let next = mentions.partition_point(|mention| mention.end <= start);
            let is_known = mentions.get(next).is_some_and(|mention| mention.start < code.end + HEAD_REACH);
            if !is_known {
                let mention = self.code_mention(code);
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
            let mention = self.code_mention(code);
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
    fn code_mention(&self, code: Code) -> Mention {
        let behind = grammar::window(self.text, code.end, HEAD_REACH);
        let speaks_of_access =
            ["not authorized", "denied", "access to"].into_iter().any(|words| behind.contains(words));
        let mut mention = Mention::new(Cause::Unrecognized, code.start, code.end);
        mention.template = "code";
        mention.certainty = TextCertainty::Ambiguous;
        match code.name.to_ascii_lowercase().as_str() {
            "validationexception" | "validationerror" if !speaks_of_access => {
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

/// Codes that do not end in `Exception`.
const CODES: [&str; 27] = [
    "AccessDenied",
    "access_denied",
    "AccessDeniedError",
    "ExpiredToken",
    "RequestExpired",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidSignature",
    "NotAuthorized",
    "UnauthorizedOperation",
    "OptInRequired",
    "FTUFormNotFilled",
    "MPAgreementBeingCreated",
    "ValidationError",
    "Throttling",
    "ThrottlingError",
    "ServiceUnavailable",
    "InternalServerError",
    "InternalFailure",
    "invalid_api_key",
    "NoCredentialsError",
    "ExpiredTokenError",
    "NotAuthorizedError",
    // Codes in the shape of OpenAI's errors.
    "validation_error",
    "model_not_found",
    "VpceAccessDenied",
];

/// Codes of Bedrock's own, which wrappers keep the names of.
const AWS_CODES: [&str; 14] = [
    "AccessDeniedException",
    "ConflictException",
    "ExpiredTokenException",
    "InternalServerException",
    "InvalidSignatureException",
    "ModelErrorException",
    "ModelNotReadyException",
    "ModelTimeoutException",
    "ResourceNotFoundException",
    "ServiceQuotaExceededException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "UnrecognizedClientException",
    "ValidationException",
];

/// Names that end in `Exception` and come from clients, not from AWS.
const FOREIGN: [&str; 17] = [
    "generalserviceexception",
    "bedrockexception",
    "bedrockruntimeexception",
    "modelthrottledexception",
    "runtimeexception",
    "serviceexception",
    "sdkexception",
    "sdkclientexception",
    "awsserviceexception",
    "apiexception",
    "httpexception",
    "executionexception",
    "completionexception",
    "ioexception",
    "bedrockserviceexception",
    "unhandledexception",
    "exception",
];

fn is_code(name: &str) -> bool {
    if !name.ends_with("Exception") {
        return CODES.contains(&name);
    }
    name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !FOREIGN.iter().any(|foreign| foreign.eq_ignore_ascii_case(name))
}
