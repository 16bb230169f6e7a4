//! What stands around an error: error code, operation, request id, model, Region, authorization id.
//!
//! Takes a mention and the stretch of text that belongs to it alone, so that one error's facts never mix with
//! another's. Gives what the text holds, and nothing that it does not.

use super::grammar;
use super::mention::{Mention, View, is_bedrock, is_principal};
use super::phrases::PhraseKind;
use crate::bedrock::ModelReference;

/// The most ARNs that are read around one mention.
const MAX_ARNS: usize = 16;

/// What a text says of one refused call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// AWS's error code, such as `AccessDeniedException`.
    pub error_code: Option<String>,
    /// The API operation, as the text has it, such as `Converse`.
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
    /// The Region that keeps it, as the console's address names it.
    pub authorization_region: Option<String>,
}

impl Facts {
    /// Takes over what another reading of the same error holds beyond this one.
    pub(super) fn complete_from(&mut self, other: Self) {
        let take = |mine: &mut Option<String>, theirs: Option<String>| {
            if mine.is_none() {
                *mine = theirs;
            }
        };
        take(&mut self.error_code, other.error_code);
        take(&mut self.operation, other.operation);
        take(&mut self.principal, other.principal);
        take(&mut self.action, other.action);
        take(&mut self.resource, other.resource);
        take(&mut self.policy_arn, other.policy_arn);
        take(&mut self.model, other.model);
        take(&mut self.region, other.region);
        take(&mut self.request_id, other.request_id);
        take(&mut self.authorization_id, other.authorization_id);
        take(&mut self.authorization_region, other.authorization_region);
    }

    /// Tells whether two classified can be of the same error: no fact contradicts.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let agree = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
        agree(&self.principal, &other.principal)
            && agree(&self.action, &other.action)
            && agree(&self.resource, &other.resource)
            && agree(&self.policy_arn, &other.policy_arn)
            && agree(&self.model, &other.model)
            && agree(&self.operation, &other.operation)
    }
}

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

impl View<'_> {
    /// Reads what stands around a mention between `from` and `to`; moves the mention's bounds over what belongs to it.
    pub(super) fn facts(&self, mention: &mut Mention, from: usize, to: usize) -> Facts {
        let (refused, is_refusal) = ((mention.start, mention.end), mention.action.is_some());
        let mut facts = Facts {
            principal: mention.principal.take(),
            action: mention.action.take(),
            resource: mention.resource.take(),
            policy_arn: mention.policy_arn.take(),
            ..Facts::default()
        };
        let mut code: Option<(u8, Code)> = None;
        let mut models: Vec<(usize, String)> = Vec::new();
        let mut region: Option<(u8, String)> = None;
        let mut arns = 0;
        let mut arn_end = 0;
        for hit in self.hits_between(from, to) {
            let (start, end) = self.span(hit);
            // What the refusal's own grammar has read needs no second reading.
            let is_read = is_refusal && start >= refused.0 && start < refused.1;
            match hit.kind {
                PhraseKind::Arn | PhraseKind::Model | PhraseKind::Region if is_read => {}
                PhraseKind::Code => {
                    if let Some(found) = self.read_code(start, end) {
                        // Before the mention and near it, then before, then behind.
                        let rank = match found.start {
                            at if at <= mention.start && mention.start - found.end.min(mention.start) <= 120 => 1,
                            at if at <= mention.start => 2,
                            _ => 3,
                        };
                        let nearer = rank == 1 || rank == 2;
                        if code.as_ref().is_none_or(|(best, _)| rank < *best || (rank == *best && nearer)) {
                            code = Some((rank, found));
                        }
                    }
                }
                PhraseKind::ErrorOccurred => {
                    if let Some((found, operation)) = self.read_boto(end) {
                        if start <= mention.start {
                            mention.start = start.min(mention.start);
                        }
                        facts.operation = Some(operation);
                        code = Some((0, found));
                    }
                }
                PhraseKind::OperationError if facts.operation.is_none() => {
                    facts.operation = self.read_go_operation(end)
                }
                PhraseKind::EventName if facts.operation.is_none() => facts.operation = self.read_event_name(end),
                PhraseKind::RequestId if facts.request_id.is_none() => {
                    facts.request_id = grammar::read_request_id(self.text, self.skip_key(end));
                }
                PhraseKind::AuthorizationId if facts.authorization_id.is_none() => {
                    if let Some((id, end)) = self.read_authorization_id(end) {
                        facts.authorization_id = Some(id);
                        mention.end = mention.end.max(end);
                        facts.authorization_region = self.console_region(start);
                        if region.is_none() {
                            region = facts.authorization_region.clone().map(|name| (4, name));
                        }
                    }
                }
                PhraseKind::Arn if arns < MAX_ARNS && start >= arn_end => {
                    if let Some((arn, end)) = grammar::read_arn(self.text, start) {
                        arns += 1;
                        arn_end = end;
                        if !is_refusal {
                            self.place_arn(&mut facts, &arn, start);
                        }
                        if is_bedrock(&arn) && model_of(&arn).is_some() {
                            models.push((start, arn));
                        }
                    }
                }
                PhraseKind::Model if start >= arn_end && models.len() < MAX_ARNS => {
                    if let Some((model, start)) = grammar::read_model(self.text, start)
                        && !self.is_example(start)
                    {
                        models.push((start, model));
                    }
                }
                PhraseKind::ModelKey => {
                    if let Some(model) = self.read_model_key(end) {
                        // What a key names is nearer than what merely stands around.
                        models.insert(0, (mention.start, model));
                    }
                }
                PhraseKind::Region => {
                    if let Some(name) = grammar::read_region(self.text, self.skip_key(end))
                        && region.as_ref().is_none_or(|(rank, _)| *rank > 1)
                    {
                        region = Some((1, name));
                    }
                }
                PhraseKind::Host => {
                    if let Some(name) = grammar::read_region(self.text, end + 1)
                        && region.as_ref().is_none_or(|(rank, _)| *rank > 0)
                    {
                        region = Some((0, name));
                    }
                    if let Some((model, operation)) = self.read_path(end) {
                        models.insert(0, (mention.start, model));
                        if facts.operation.is_none() {
                            facts.operation = operation;
                        }
                    }
                }
                _ => {}
            }
        }
        if let Some((_, code)) = code {
            let between = self.text.get(code.end..mention.start).unwrap_or_default();
            if code.end <= mention.start && between.len() <= 60 && !between.contains("\n\n") {
                mention.start = mention.start.min(code.start);
            }
            facts.error_code = Some(code.name);
        }
        facts.model = self.choose_model(mention, &facts, models);
        facts.region = region.map(|(_, name)| name).or_else(|| region_of(&facts));
        facts
    }

    /// Gives an ARN in the text its part, where the words around it say so.
    fn place_arn(&self, facts: &mut Facts, arn: &str, start: usize) {
        if is_principal(arn) && facts.principal.is_none() {
            let before = grammar::window_before(self.text, start, 60).to_ascii_lowercase();
            let named = ["role arn", "base role", "principal", "\"arn\"", "useridentity", "user", "identity", "caller"]
                .into_iter()
                .any(|word| before.contains(word));
            if named {
                facts.principal = Some(arn.to_owned());
            }
        } else if facts.resource.is_none() && is_bedrock(arn) && model_of(arn).is_some() {
            let before = grammar::window_before(self.text, start, 40).to_ascii_lowercase();
            if ["model", "resource", "profile"].into_iter().any(|word| before.contains(word)) {
                facts.resource = Some(arn.to_owned());
            }
        }
    }

    fn choose_model(&self, mention: &Mention, facts: &Facts, models: Vec<(usize, String)>) -> Option<String> {
        let from_resource = facts.resource.as_deref().and_then(model_of).map(str::to_owned);
        // A refused destination model was called through a profile that stands elsewhere in the text.
        let nearest = models
            .into_iter()
            .filter(|(_, model)| Some(model.as_str()) != facts.resource.as_deref())
            .min_by_key(|(at, _)| at.abs_diff(mention.start))
            .map(|(_, model)| model_of(&model).map_or(model.clone(), str::to_owned));
        match (from_resource, nearest) {
            (Some(resource), Some(named)) if named.ends_with(&format!(".{resource}")) => Some(named),
            (Some(resource), _) => Some(resource),
            (None, named) => named,
        }
    }

    /// Reads the error code around a word that belongs to one.
    pub(super) fn read_code(&self, start: usize, end: usize) -> Option<Code> {
        let (start, end) = grammar::identifier(self.text, start, end);
        let name = self.text.get(start..end)?;
        (is_code(name) && !self.is_foreign(name, start)).then(|| Code { name: name.to_owned(), start, end })
    }

    /// Tells whether the path in front of a class's name is another library's than AWS's.
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
        let operation: String =
            behind.get(calling..)?.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        let code = Code { name: name.to_owned(), start: end + open + 1, end: end + close };
        (!operation.is_empty()).then_some((code, operation))
    }

    /// Reads ` Bedrock Runtime: Converse,` as the Go SDK writes it.
    fn read_go_operation(&self, end: usize) -> Option<String> {
        let rest = grammar::window(self.text, end, 100);
        let (service, behind) = rest.split_once(':')?;
        if service.len() > 40 {
            return None;
        }
        let operation: String = behind.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        operation.starts_with(|c: char| c.is_ascii_uppercase()).then_some(operation)
    }

    fn read_event_name(&self, end: usize) -> Option<String> {
        let operation: String = grammar::window(self.text, self.skip_key(end), 80)
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric())
            .collect();
        operation.starts_with(|c: char| c.is_ascii_uppercase()).then_some(operation)
    }

    /// Skips from a key's end to its value.
    fn skip_key(&self, end: usize) -> usize {
        let rest = grammar::window(self.text, end, 40);
        let separators = [':', ' ', '"', '\'', '=', '>', '<', ',', '(', '[', '*', '\n'];
        let mut value = rest.trim_start_matches(separators);
        // How Swift and Rust print a value that may be missing.
        for wrapper in ["Optional(", "Some("] {
            if let Some(inner) = value.strip_prefix(wrapper) {
                value = inner.trim_start_matches(separators);
            }
        }
        end + (rest.len() - value.len())
    }

    /// Tells whether what stands at a place is named as an example only.
    fn is_example(&self, position: usize) -> bool {
        let before = grammar::window_before(self.text, position, 24);
        let before = before.trim_end_matches([' ', '\n', '"', '\'', ':', ',', '(']);
        ["such as", "e.g.", "for example", "like"].into_iter().any(|word| before.ends_with(word))
    }

    fn read_model_key(&self, end: usize) -> Option<String> {
        let at = self.skip_key(end);
        if let Some((arn, _)) = grammar::read_arn(self.text, at) {
            return is_bedrock(&arn).then_some(arn);
        }
        let (model, start) = grammar::read_model(self.text, at)?;
        (start == at && !self.is_example(at) && model.parse::<ModelReference>().is_ok()).then_some(model)
    }

    /// Reads `.REGION.amazonaws.com/model/MODEL/OPERATION` behind an endpoint's first label.
    fn read_path(&self, end: usize) -> Option<(String, Option<String>)> {
        let rest = grammar::window(self.text, end, 400);
        let url = rest.split(['"', ' ', '\'', '\n', ')', '`']).next()?;
        let (_, path) = url.split_once("/model/")?;
        let (model, operation) = path.split_once('/').unwrap_or((path, ""));
        let model = decode_percent(model);
        let operation = match operation.trim_end_matches([',', '.', ':']) {
            "invoke" => Some("InvokeModel"),
            "invoke-with-response-stream" => Some("InvokeModelWithResponseStream"),
            "converse" => Some("Converse"),
            "converse-stream" => Some("ConverseStream"),
            "count-tokens" => Some("CountTokens"),
            _ => None,
        };
        model.parse::<ModelReference>().is_ok().then(|| (model, operation.map(str::to_owned)))
    }

    fn read_authorization_id(&self, end: usize) -> Option<(String, usize)> {
        let rest = grammar::window(self.text, end, 300);
        let skipped = rest.len() - rest.trim_start_matches(['/', ':', ' ', '"', '\'', '\n', '=']).len();
        let id: String = rest.get(skipped..)?.chars().take_while(char::is_ascii_alphanumeric).collect();
        let end = end + skipped + id.len();
        ((16..=256).contains(&id.len())).then_some((id, end))
    }

    /// Reads the Region from the console's address in front of `#/authorization-details/`.
    fn console_region(&self, start: usize) -> Option<String> {
        let before = grammar::window_before(self.text, start, 30);
        let (_, name) = before.rsplit_once("region=")?;
        grammar::read_region(name, 0)
    }
}

/// Returns the model or profile that the ARN of one names; for others whose call names them by ARN, the ARN.
pub(super) fn model_of(arn: &str) -> Option<&str> {
    let is_whole = |text: &str| !text.is_empty() && !text.contains(['*', '<', '{', '…']) && !text.ends_with('.');
    // An ARN whose beginning was left out still ends in its resource.
    let Some(resource) = arn.strip_prefix("arn:").and_then(|parts| parts.splitn(5, ':').nth(4)) else {
        let (before, id) = arn.rsplit_once('/')?;
        let is_named = before.ends_with("foundation-model") || before.ends_with("inference-profile");
        return (is_named && is_whole(id)).then_some(id);
    };
    // The Region or account may be masked; the id must not be.
    let named = |kind| resource.strip_prefix(kind).filter(|id| is_whole(id));
    named("foundation-model/")
        .or_else(|| named("inference-profile/"))
        .or_else(|| (is_whole(arn) && arn.parse::<ModelReference>().is_ok()).then_some(arn))
}

fn region_of(facts: &Facts) -> Option<String> {
    let region = facts.resource.as_deref()?.split(':').nth(3)?;
    grammar::read_region(region, 0)
}

fn decode_percent(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits: Vec<u8> = bytes.by_ref().take(2).collect();
        let code = str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(code.unwrap_or(b'%'));
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Codes that do not end in `Exception`.
const CODES: [&str; 24] = [
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
