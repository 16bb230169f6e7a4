//! What stands around an error: error code, operation, request id, model, Region, authorization id.
//!
//! Takes a mention and the stretch of text that belongs to it alone, so that one error's facts never mix with
//! another's. One extractor per kind of phrase; each fact states which of its sources wins.

use super::error_codes::Code;
use super::facts::{Facts, model_of, region_of};
use super::grammar;
use super::mention::{Mention, View, is_bedrock, is_principal};
use super::phrases::PhraseKind;
use crate::bedrock::ModelReference;
use percent_encoding::percent_decode_str;

/// The most ARNs and model ids that are read around one mention.
const MAX_ARNS: usize = 16;

/// An extractor: reads what stands at a phrase, whose start and end it gets.
type Extractor<'a> = fn(&mut Surroundings<'a>, usize, usize);

/// The facts of one mention while they are gathered.
struct Surroundings<'a> {
    view: &'a View<'a>,
    mention: &'a mut Mention,
    /// The stretch that the refusal's own grammar has read, if it is one of IAM's.
    refused: Option<(usize, usize)>,
    facts: Facts,
    /// The code and its rank, the lowest wins: boto3's head, near in front, in front, behind.
    code: Option<(u8, Code)>,
    /// Models and where each stands; the nearest wins, and what a key or path names counts as nearest.
    models: Vec<(usize, String)>,
    /// The Region and its rank, the lowest wins: the endpoint's name, a key called `region`, the console's address.
    region: Option<(u8, String)>,
    arns: usize,
    arn_end: usize,
}

/// Returns the extractor of a kind of phrase.
fn extractor<'a>(kind: PhraseKind) -> Option<Extractor<'a>> {
    Some(match kind {
        PhraseKind::Code => Surroundings::read_code,
        PhraseKind::ErrorOccurred => Surroundings::read_boto_head,
        PhraseKind::OperationError => Surroundings::read_go_operation,
        PhraseKind::EventName => Surroundings::read_event_name,
        PhraseKind::RequestId => Surroundings::read_request_id,
        PhraseKind::AuthorizationId => Surroundings::read_authorization_id,
        PhraseKind::Arn => Surroundings::read_arn,
        PhraseKind::Model => Surroundings::read_model,
        PhraseKind::ModelKey => Surroundings::read_model_key,
        PhraseKind::Region => Surroundings::read_region,
        PhraseKind::Host => Surroundings::read_host,
        PhraseKind::ClientError => Surroundings::read_client_error,
        _ => return None,
    })
}

impl Surroundings<'_> {
    /// Returns `true` if the refusal's own grammar has read what stands at a place.
    fn is_read(&self, start: usize) -> bool {
        self.refused.is_some_and(|(from, to)| (from..to).contains(&start))
    }

    fn read_code(&mut self, start: usize, end: usize) {
        let Some(found) = self.view.read_code(start, end) else { return };
        let mention = &*self.mention;
        let rank = if found.start > mention.start {
            if found.start >= mention.end && !self.belongs_behind(&found) {
                return;
            }
            3
        } else if mention.start - found.end.min(mention.start) <= 120 {
            1
        } else {
            2
        };
        // Of two in front, the nearer one.
        if self.code.as_ref().is_none_or(|(best, _)| rank < *best || (rank == *best && rank < 3)) {
            self.code = Some((rank, found));
        }
    }

    /// Returns `true` if a code behind the mention is its own: on the same line, or the value of a key.
    fn belongs_behind(&self, code: &Code) -> bool {
        let between = self.view.text.get(self.mention.end..code.start).unwrap_or_default();
        if !between.contains('\n') {
            return true;
        }
        let near = grammar::window_before(between, between.len(), 80);
        let heads_a_message = grammar::window(self.view.text, code.end, 2).starts_with(": ");
        let key = near.to_ascii_lowercase();
        !heads_a_message
            && ["code", "name", "type", "error", "exception", "status"].into_iter().any(|word| key.contains(word))
    }

    fn read_boto_head(&mut self, start: usize, end: usize) {
        let Some((found, operation)) = self.view.read_boto(end) else { return };
        self.mention.start = self.mention.start.min(start);
        self.facts.operation = Some(operation);
        self.code = Some((0, found));
    }

    /// Reads ` Bedrock Runtime: Converse,` as the Go SDK writes it.
    fn read_go_operation(&mut self, _: usize, end: usize) {
        let rest = grammar::window(self.view.text, end, 100);
        if let Some((service, behind)) = rest.split_once(':')
            && service.len() <= 40
            && self.facts.operation.is_none()
        {
            self.facts.operation = operation_at(behind.trim_start());
        }
    }

    fn read_event_name(&mut self, _: usize, end: usize) {
        if self.facts.operation.is_none() {
            self.facts.operation = operation_at(grammar::window(self.view.text, self.view.skip_key(end), 80));
        }
    }

    fn read_request_id(&mut self, _: usize, end: usize) {
        if self.facts.request_id.is_none() {
            self.facts.request_id = grammar::read_request_id(self.view.text, self.view.skip_key(end));
        }
    }

    fn read_authorization_id(&mut self, start: usize, end: usize) {
        if self.facts.authorization_id.is_some() {
            return;
        }
        let Some((id, end)) = self.view.read_authorization_id(end) else { return };
        self.facts.authorization_id = Some(id);
        self.mention.end = self.mention.end.max(end);
        self.facts.authorization_region = self.view.console_region(start);
        if self.region.is_none() {
            self.region = self.facts.authorization_region.clone().map(|name| (4, name));
        }
    }

    fn read_arn(&mut self, start: usize, _: usize) {
        if self.arns >= MAX_ARNS || start < self.arn_end || self.is_read(start) {
            return;
        }
        let Some((arn, end)) = grammar::read_arn(self.view.text, start) else { return };
        self.arns += 1;
        self.arn_end = end;
        if self.refused.is_none() {
            self.view.place_arn(&mut self.facts, &arn, start);
        }
        if is_bedrock(&arn) && model_of(&arn).is_some() {
            self.models.push((start, arn));
        }
    }

    fn read_model(&mut self, start: usize, _: usize) {
        if start < self.arn_end || self.models.len() >= MAX_ARNS || self.is_read(start) {
            return;
        }
        if let Some((model, start)) = grammar::read_model(self.view.text, start)
            && !self.view.is_example(start)
        {
            self.models.push((start, model));
        }
    }

    fn read_model_key(&mut self, _: usize, end: usize) {
        if let Some(model) = self.view.read_model_key(end) {
            // What a key names is nearer than what merely stands around.
            self.models.insert(0, (self.mention.start, model));
        }
    }

    fn read_region(&mut self, start: usize, end: usize) {
        if !self.is_read(start)
            && let Some(name) = grammar::read_region(self.view.text, self.view.skip_key(end))
            && self.region.as_ref().is_none_or(|(rank, _)| *rank > 1)
        {
            self.region = Some((1, name));
        }
    }

    /// Reads ` (MODEL):` as Claude Code writes it.
    fn read_client_error(&mut self, _: usize, end: usize) {
        let named = grammar::window(self.view.text, end, 120).strip_prefix(" (").and_then(|rest| rest.split_once(')'));
        let is_model = |name: &str| {
            name.contains('-') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-_/".contains(&byte))
        };
        if let Some((name, _)) = named.filter(|(name, _)| is_model(name)) {
            self.models.insert(0, (self.mention.start, name.to_owned()));
        }
    }

    fn read_host(&mut self, _: usize, end: usize) {
        if let Some(name) = grammar::read_region(self.view.text, end + 1)
            && self.region.as_ref().is_none_or(|(rank, _)| *rank > 0)
        {
            self.region = Some((0, name));
        }
        if let Some((model, operation)) = self.view.read_path(end) {
            self.models.insert(0, (self.mention.start, model));
            self.facts.operation = self.facts.operation.take().or(operation);
        }
    }

    /// Chooses among what was found.
    fn settle(self) -> Facts {
        let Self { view, mention, mut facts, code, models, region, .. } = self;
        if let Some((_, code)) = code {
            let between = view.text.get(code.end..mention.start).unwrap_or_default();
            if code.end <= mention.start && between.len() <= 60 && !between.contains("\n\n") {
                mention.start = mention.start.min(code.start);
            }
            facts.error_code = Some(code.name);
        }
        facts.model = view.choose_model(mention, &facts, models);
        facts.region = region.map(|(_, name)| name).or_else(|| region_of(&facts));
        facts
    }
}

/// Reads the name of an API operation.
fn operation_at(text: &str) -> Option<String> {
    let operation: String = text.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
    operation.starts_with(|c: char| c.is_ascii_uppercase()).then_some(operation)
}

impl View<'_> {
    /// Reads what stands around a mention between `from` and `to`; moves its bounds over what belongs to it.
    pub(super) fn facts(&self, mention: &mut Mention, from: usize, to: usize) -> Facts {
        let refused = mention.action.is_some().then_some((mention.start, mention.end));
        let facts = Facts {
            principal: mention.principal.take(),
            action: mention.action.take(),
            resource: mention.resource.take(),
            policy_arn: mention.policy_arn.take(),
            ..Facts::default()
        };
        let mut around = Surroundings {
            view: self,
            mention,
            refused,
            facts,
            code: None,
            models: Vec::new(),
            region: None,
            arns: 0,
            arn_end: 0,
        };
        for found in self.hits_between(from, to) {
            if let Some(read) = extractor(found.kind) {
                let (start, end) = self.span(found);
                read(&mut around, start, end);
            }
        }
        around.settle()
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

    /// Returns `true` if what stands at a place is named as an example only.
    fn is_example(&self, position: usize) -> bool {
        let before = grammar::window_before(self.text, position, 24);
        let before = before.trim_end_matches([' ', '\n', '"', '\'', ':', ',', '(']);
        ["such as", "e.g.", "for example", "like", "switching to"].into_iter().any(|word| before.ends_with(word))
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
        let model = percent_decode_str(model).decode_utf8_lossy().into_owned();
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
