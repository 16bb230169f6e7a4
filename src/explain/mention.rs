//! The errors in a text: where each stands, which cause it names, and what its own grammar says.
//!
//! Takes the plain text and the hits of the phrases; gives mentions in the order of the text. What stands around
//! a mention (error code, request id, …) is read by `facts`, within bounds that no other mention shares.

use super::grammar;
use super::phrases::{PhraseKind, PhraseMatch, Squeezed};
use crate::cause::Cause;
use crate::cause::catalogue::{Note, Otherwise, Template, TextCertainty};
use crate::cause::iam_permission::HIDDEN_BEHIND_MISSING_ALLOW;
use crate::iam::{Decision, PolicyType};
use memchr::memmem;

/// How far behind an action a clause may stand, in bytes of plain text.
const CLAUSE_REACH: usize = 3000;
/// How far before `is not authorized` the word `User:` may stand.
const USER_REACH: usize = 2300;

/// One error in a text.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    /// Where it begins in the plain text.
    pub(super) start: usize,
    /// Where it ends there.
    pub(super) end: usize,
    /// The cause that it names.
    pub(super) cause: Cause,
    /// How far it settles the cause.
    pub(super) certainty: TextCertainty,
    /// What it may mean instead.
    pub(super) otherwise: &'static [Otherwise],
    /// The template's name.
    pub(super) template: &'static str,
    /// What else the template says.
    pub(super) note: Note,
    /// The principal that IAM's grammar names.
    pub(super) principal: Option<String>,
    /// The action.
    pub(super) action: Option<String>,
    /// The resource.
    pub(super) resource: Option<String>,
    /// The policy that denies explicitly.
    pub(super) policy_arn: Option<String>,
    /// Whether a policy denies explicitly or none allows, where IAM's grammar says so.
    pub(super) decision: Option<Decision>,
    /// Whether the text breaks off inside the refusal, so that its last value may be a part only.
    pub(super) truncated: bool,
}

/// What a clause of IAM's grammar says.
#[derive(Clone, Copy, Debug)]
struct Clause {
    policy: Option<PolicyType>,
    explicit: bool,
    /// The role trust policy, which is a resource policy.
    trust: bool,
    start: usize,
    end: usize,
}

/// A text as the finder sees it.
pub(super) struct View<'a> {
    /// The plain text.
    pub(super) text: &'a str,
    /// Its letters and digits.
    pub(super) squeezed: &'a Squeezed,
    /// The hits, by their beginning.
    pub(super) hits: &'a [PhraseMatch],
}

impl View<'_> {
    /// Returns where a hit begins and ends in the plain text.
    pub(super) fn span(&self, hit: &PhraseMatch) -> (usize, usize) {
        (self.squeezed.position(hit.start), self.squeezed.end_position(hit.end))
    }

    /// Returns the hits that begin in a stretch of the plain text.
    pub(super) fn hits_between(&self, from: usize, to: usize) -> impl Iterator<Item = &PhraseMatch> {
        let from = self.squeezed.index_at(from);
        let to = self.squeezed.index_at(to);
        let first = self.hits.partition_point(|hit| hit.start < from);
        self.hits.get(first..).unwrap_or_default().iter().take_while(move |hit| hit.start < to)
    }

    fn squeezed_from(&self, index: usize) -> &[u8] {
        self.squeezed.bytes.get(index..).unwrap_or_default()
    }

    /// Returns `true` if the plain text has no letter or digit right before a place.
    fn begins_word(&self, position: usize) -> bool {
        !grammar::window_before(self.text, position, 4).ends_with(|c: char| c.is_ascii_alphanumeric())
    }

    fn ends_word(&self, position: usize) -> bool {
        !grammar::window(self.text, position, 4).starts_with(|c: char| c.is_ascii_alphanumeric())
    }

    /// Finds every error of the text.
    pub(super) fn mentions(&self) -> Vec<Mention> {
        let mut mentions: Vec<Mention> = Vec::new();
        let mut clause_from = 0;
        for (index, hit) in self.hits.iter().enumerate() {
            let floor = mentions.last().map_or(0, |mention| mention.end);
            let (start, end) = self.span(hit);
            match hit.kind {
                PhraseKind::Template(entry, template) => {
                    if start < floor && mentions.last().is_some_and(|mention| mention.template != "code") {
                        // Inside of what has been read, unless it says more than what wraps it.
                        continue;
                    }
                    if !self.begins_word(start)
                        || (template.note != Note::Fallback && hit.end - hit.start < 16 && !self.ends_word(end))
                    {
                        continue;
                    }
                    // `Credentials: ProviderError` is not the class of that name.
                    if template.note == Note::Fallback
                        && self.text.get(start..end).is_some_and(|code| code.contains(':'))
                    {
                        continue;
                    }
                    if template.note == Note::Status && !self.stands_at_endpoint(start, end) {
                        continue;
                    }
                    if template.note == Note::BodyDetail && !self.stands_in_validation(start) {
                        continue;
                    }
                    let mut mention = Mention::from_template(entry.cause, template, start, end);
                    if template.name == "kb-storage" && !self.says_who_was_refused(start, end) {
                        mention.cause = Cause::InvalidRequest;
                        mention.otherwise = &[];
                    }
                    if template.note == Note::NamesAction {
                        let Some((action, end)) = self.action_behind(end) else { continue };
                        (mention.action, mention.end) = (Some(action), end);
                        mention.decision = Some(Decision::ImplicitDeny);
                    }
                    mentions.push(mention);
                }
                PhraseKind::NotAuthorized if start >= floor => {
                    if self.squeezed_from(hit.end).starts_with(b"therequiredawsmarketplace") {
                        continue;
                    }
                    if let Some((mention, clause_end)) = self.read_refusal(index, hit, floor) {
                        clause_from = clause_end.max(clause_from);
                        mentions.push(mention);
                    }
                }
                PhraseKind::ExplicitDeny | PhraseKind::NoPolicyAllows(_) | PhraseKind::ExplicitlyDenies
                    if start >= floor && start >= clause_from =>
                {
                    if let Some(clause) = self.read_clause(hit) {
                        let mut mention = self.mention_from_bare_clause(&clause, floor);
                        if matches!(hit.kind, PhraseKind::ExplicitlyDenies)
                            && mention.cause == Cause::ServiceControlPolicy
                        {
                            mention.template = "scp-console";
                        }
                        clause_from = mention.end;
                        mentions.push(mention);
                    }
                }
                PhraseKind::OnResource if start >= floor => {
                    if let Some((mention, clause_end)) = self.read_bare_resource(index, hit, floor) {
                        clause_from = clause_end.max(clause_from);
                        mentions.push(mention);
                    }
                }
                _ => {}
            }
        }
        mentions
    }

    /// Returns `true` if an endpoint of Bedrock is named around a place.
    fn stands_at_endpoint(&self, start: usize, end: usize) -> bool {
        [grammar::window_before(self.text, start, 400), grammar::window(self.text, end, 400)]
            .into_iter()
            .any(|around| around.contains("bedrock"))
    }

    /// Returns `true` if what stands behind a knowledge base's rejected storage says that its role was refused there, or if
    /// nothing does.
    fn says_who_was_refused(&self, start: usize, end: usize) -> bool {
        let whole = self.text.get(start..end).unwrap_or_default();
        let behind = grammar::window(self.text, end, 400);
        let sentence = behind.trim_start_matches(['.', ' ', '\n', '…']);
        sentence.trim().is_empty()
            || !sentence.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            || ["Bad Authorization", "401", "403", "Forbidden", "security_exception", "ccess"]
                .into_iter()
                .any(|word| sentence.contains(word) || whole.contains(word))
    }

    /// Returns `true` if the text near a place speaks of validation, so that a common phrase may be taken for it.
    fn stands_in_validation(&self, position: usize) -> bool {
        let before = grammar::window_before(self.text, position, 400);
        ["ValidationException", "validation_error", "Validation error", "ValidationError", "400", "BedrockException"]
            .into_iter()
            .any(|word| before.contains(word))
    }

    /// Reads `User: … is not authorized to perform: … on resource: … <clause>`.
    fn read_refusal(&self, index: usize, hit: &PhraseMatch, floor: usize) -> Option<(Mention, usize)> {
        let (start, end) = self.span(hit);
        let (principal, begin) = self.read_principal(start, floor);
        let action_at = skip_to_value(self.text, end);
        let action = grammar::read_action(self.text, action_at);
        let after = action.as_ref().map_or(end, |(_, end)| *end);
        let resource = self.read_resource(index + 1, after);
        let after = resource.as_ref().map_or(after, |(_, end)| *end);
        let clause = self.find_clause(index + 1, after);
        if action.is_none() && principal.is_none() && clause.is_none() {
            // "You are not authorized to perform this operation": IAM's, and nothing more can be said.
            let mut mention = Mention::new(Cause::IdentityPolicyMissingAllow, start, end);
            mention.certainty = TextCertainty::Ambiguous;
            mention.otherwise = HIDDEN_BEHIND_MISSING_ALLOW;
            mention.note = Note::Wrapper;
            return Some((mention, 0));
        }
        let mut mention = self.mention_from_clause(clause.as_ref(), begin, after);
        mention.principal = principal;
        mention.action = action.map(|(action, _)| action);
        mention.resource = resource.and_then(|(resource, _)| resource);
        if mention.action.as_deref().is_some_and(|action| action.starts_with("aws-marketplace:")) {
            mention.cause = Cause::MarketplacePermission;
            mention.certainty = TextCertainty::Certain;
            mention.otherwise = &[];
            mention.template = "marketplace-user";
        }
        match mention.action.as_deref() {
            // Only the role's trust policy decides about these: the caller has no identity yet.
            Some("sts:AssumeRoleWithWebIdentity" | "sts:AssumeRoleWithSAML") => {
                mention.cause = Cause::ResourcePolicy;
                mention.certainty = if clause.is_some() { TextCertainty::Certain } else { TextCertainty::Likely };
                mention.otherwise = if clause.is_some() { &[] } else { OTHER_WEB_IDENTITY };
                mention.template = "trust-web-identity";
            }
            Some("sts:AssumeRole") if clause.is_none() => mention.otherwise = UNNAMED_TRUST,
            _ => {}
        }
        mention.truncated = clause.is_none() && self.breaks_off(after);
        let clause_end = mention.end;
        Some((mention, clause_end))
    }

    /// Reads the IAM action that stands within a few words behind a place, in the same sentence.
    fn action_behind(&self, end: usize) -> Option<(String, usize)> {
        // The last word of the phrase may be the action's service.
        let from = end.saturating_sub("bedrock".len());
        let reach = grammar::window(self.text, end, 90);
        let sentence = reach.find(['.', '!']).map_or(reach.len(), |at| at + 1);
        let until = end + reach.find("\n\n").unwrap_or(sentence).min(sentence);
        let stretch = self.text.get(from..until)?;
        stretch.match_indices(':').find_map(|(colon, _)| {
            let before = stretch.get(..colon)?;
            let length = before
                .bytes()
                .rev()
                .take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
                .count();
            let start = from + colon - length;
            (length > 0).then(|| grammar::read_action(self.text, start)).flatten()
        })
    }

    /// Returns `true` if a wrapper cut the text at a place: `…`, `...`, `(truncated...)`, `[truncated]`.
    fn breaks_off(&self, position: usize) -> bool {
        let rest = grammar::window(self.text, position, 16).trim_start();
        ["…", "...", "(truncated", "[truncated", "<truncated"].into_iter().any(|mark| rest.starts_with(mark))
    }

    /// Reads `<action> on resource: <arn>` where nothing says "not authorized", next to an AccessDenied.
    fn read_bare_resource(&self, index: usize, hit: &PhraseMatch, floor: usize) -> Option<(Mention, usize)> {
        let (start, end) = self.span(hit);
        let (action, action_start) = grammar::read_action_before(self.text, start)?;
        let before = grammar::window_before(self.text, start, 300.min(start.saturating_sub(floor)));
        let denied = ["AccessDenied", "access_denied", "Access denied", "accessDenied", "denied"];
        if !denied.into_iter().any(|word| before.contains(word)) {
            return None;
        }
        let resource = self.read_resource(index, start);
        let after = resource.as_ref().map_or(end, |(_, end)| *end);
        let clause = self.find_clause(index + 1, after);
        let mut mention = self.mention_from_clause(clause.as_ref(), action_start, after);
        mention.action = Some(action);
        mention.resource = resource.and_then(|(resource, _)| resource);
        let clause_end = mention.end;
        Some((mention, clause_end))
    }

    /// Reads the principal before `not authorized`; gives it and where the refusal begins.
    fn read_principal(&self, start: usize, floor: usize) -> (Option<String>, usize) {
        let before = grammar::window_before(self.text, start, USER_REACH.min(start.saturating_sub(floor)));
        let offset = start - before.len();
        let subject = before.trim_end_matches([' ', '\n']);
        let subject = subject.strip_suffix("is").map_or(subject, |rest| rest.trim_end_matches([' ', '\n']));
        if let Some((user, named)) = self.find_user(offset, start) {
            let named = self.text.get(named..offset + subject.len()).unwrap_or_default();
            let named = named.trim_matches([' ', '\n', '"', '\'', '*', ':']);
            // Nothing but the principal stands here, so every break inside it is a hard wrap.
            let mut joined = named.replace('\n', "");
            // A stray space, as where a name was masked by hand.
            if joined.contains("/ ") || joined.contains(": ") {
                joined = joined.replace("/ ", "/").replace(": ", ":");
            }
            let principal = grammar::read_arn(&joined, 0).map(|(arn, _)| arn);
            return (principal, user);
        }
        let near = grammar::window_before(subject, subject.len(), 300);
        if let Some(at) = near.rfind("arn:aws") {
            let position = subject.len() - near.len() + at;
            if let Some((arn, end)) = grammar::read_arn(subject, position)
                && end + 4 >= subject.len()
                && is_principal(&arn)
            {
                return (Some(arn), offset + position);
            }
        }
        let is_user = subject.ends_with("User") || subject.ends_with("User ...") || subject.ends_with("User …");
        let begin = if is_user { subject.rfind("User").unwrap_or(subject.len()) } else { before.len() };
        (None, offset + begin)
    }

    /// Finds the last `User:` of a stretch of the text; gives where it begins and ends.
    fn find_user(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        let first = self.squeezed.index_at(from);
        let last = self.squeezed.index_at(to);
        let letters = self.squeezed.bytes.get(first..last)?;
        let ends_in_colon = |at: usize| {
            let end = self.squeezed.end_position(first + at + 4);
            grammar::window(self.text, end, 4).trim_start_matches(['\n', '*']).starts_with(':')
        };
        let found = (0..letters.len().saturating_sub(3))
            .rev()
            .find(|at| letters.get(*at..at + 4) == Some(b"user") && ends_in_colon(*at))?;
        Some((self.squeezed.position(first + found), self.squeezed.end_position(first + found + 4)))
    }

    /// Reads the resource behind an action; `None` inside where it is a mere placeholder.
    fn read_resource(&self, from: usize, after: usize) -> Option<(Option<String>, usize)> {
        let index = self.squeezed.index_at(after);
        let next = self.hits.get(from..).unwrap_or_default().iter().take(64);
        let on = next
            .skip_while(|hit| hit.start < index)
            .take_while(|hit| hit.start < index + 40)
            .find(|hit| matches!(hit.kind, PhraseKind::OnResource));
        let position = match on {
            Some(on) => {
                let end = self.span(on).1;
                let rest = grammar::window(self.text, end, 3);
                // `On resource(s):`
                let plural = ["(s)", "s"].into_iter().find(|plural| rest.starts_with(plural)).map_or(0, str::len);
                end + plural
            }
            None if self.squeezed_from(index).starts_with(b"onarnaws") => self.squeezed.position(index) + 2,
            None => return None,
        };
        let at = skip_to_value(self.text, position);
        Some(self.read_resource_value(at))
    }

    fn read_resource_value(&self, at: usize) -> (Option<String>, usize) {
        let rest = grammar::window(self.text, at, 200);
        if grammar::begins_arn(self.text, at) {
            return match grammar::read_arn(self.text, at) {
                Some((arn, end)) => (Some(arn), end),
                None => (None, at),
            };
        }
        if rest.starts_with('*') {
            return (Some("*".to_owned()), at + 1);
        }
        let word: String = rest
            .chars()
            .take_while(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | ',' | ';' | ')' | '}' | '\\'))
            .collect();
        if word.starts_with('.') || word.starts_with('…') {
            // An ARN whose beginning was left out.
            let kept = word.trim_end_matches(['.', '…']);
            let tail = kept.rsplit('/').next().unwrap_or_default();
            let named = kept.contains('/') && tail.contains(|c: char| c.is_ascii_alphanumeric());
            return (named.then(|| kept.to_owned()), at + word.len());
        }
        if word.starts_with('<') || word.is_empty() {
            return (None, at);
        }
        // IAM names its own resources in two words: `role NAME`, `user NAME`, `policy path/NAME`.
        if ["role", "user", "group", "policy"].contains(&word.as_str()) {
            let name: String = rest
                .get(word.len()..)
                .unwrap_or_default()
                .trim_start()
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '@' | '+' | '=' | ','))
                .collect();
            let kept = name.trim_end_matches('.');
            return (Some(format!("{word} {kept}")), at + word.len() + 1 + kept.len());
        }
        let kept = word.trim_end_matches(['.', ':']);
        let named = kept.contains(['/', ':', '-']) && kept.is_ascii();
        (named.then(|| kept.to_owned()), at + if named { kept.len() } else { 0 })
    }

    /// Finds the clause that belongs to an action which ends at `after`.
    fn find_clause(&self, from: usize, after: usize) -> Option<Clause> {
        let index = self.squeezed.index_at(after);
        for hit in self.hits.get(from..).unwrap_or_default() {
            if hit.start > index + CLAUSE_REACH {
                break;
            }
            match hit.kind {
                PhraseKind::NotAuthorized => break,
                PhraseKind::Template(..) if hit.start > index => break,
                PhraseKind::ExplicitDeny | PhraseKind::NoPolicyAllows(_) | PhraseKind::ExplicitlyDenies
                    if hit.start >= index =>
                {
                    let clause = self.read_clause(hit)?;
                    let between = self.text.get(after..clause.start).unwrap_or_default();
                    let near = between.len() <= 160 && !between.contains("\n\n") && !between.contains('}');
                    return near.then_some(clause);
                }
                _ => {}
            }
        }
        None
    }

    fn read_clause(&self, hit: &PhraseMatch) -> Option<Clause> {
        let (start, mut end) = self.span(hit);
        let mut index = hit.end;
        let (policy, explicit, trust) = match hit.kind {
            PhraseKind::NoPolicyAllows(policy) => (policy, false, policy.is_none()),
            PhraseKind::ExplicitDeny => {
                let rest = self.squeezed_from(hit.end);
                let named = rest.strip_prefix(b"in").and_then(|rest| {
                    [&b""[..], b"an", b"a", b"the"].iter().find_map(|article| {
                        let rest = rest.strip_prefix(*article)?;
                        POLICY_WORDS
                            .iter()
                            .find(|(word, ..)| rest.starts_with(word))
                            .map(|found| (found, article.len()))
                    })
                });
                match named {
                    Some(((word, policy, trust), article)) => {
                        index = hit.end + 2 + article + word.len();
                        (*policy, true, *trust)
                    }
                    // Older texts, and cut ones, do not say in which policy.
                    None => (None, true, false),
                }
            }
            PhraseKind::ExplicitlyDenies => {
                let before = self.squeezed.bytes.get(hit.start.saturating_sub(40)..hit.start).unwrap_or_default();
                let (_, policy, trust) = POLICY_WORDS.iter().find(|(word, ..)| {
                    memmem::rfind(before, word).is_some_and(|at| before.len() - at - word.len() <= 14)
                })?;
                (*policy, true, *trust)
            }
            _ => return None,
        };
        // The rest of the words: `policy`, `boundary`, and for an implicit one `allows the <action> action`.
        let rest = self.squeezed_from(index);
        for word in [&b"policy"[..], b"boundary", b"boundaries", b"policies", b"basedpolicy", b"dpolicy"] {
            if rest.starts_with(word) {
                index += word.len();
                break;
            }
        }
        end = end.max(self.squeezed.end_position(index));
        Some(Clause { policy, explicit, trust, start, end })
    }

    /// Makes the mention of a refusal from its clause.
    fn mention_from_clause(&self, clause: Option<&Clause>, begin: usize, after: usize) -> Mention {
        let Some(clause) = clause else {
            let mut mention = Mention::new(Cause::IdentityPolicyMissingAllow, begin, after);
            mention.template = "iam-no-clause";
            mention.decision = Some(Decision::ImplicitDeny);
            mention.otherwise = HIDDEN_BEHIND_MISSING_ALLOW;
            mention.certainty = TextCertainty::Likely;
            return mention;
        };
        let mut mention = Mention::new(Cause::IdentityPolicyMissingAllow, begin, clause.end);
        let (cause, template) = match (clause.policy, clause.explicit) {
            (Some(PolicyType::IdentityPolicy), true) => (Cause::IdentityPolicyExplicitDeny, "identity-explicit"),
            (Some(PolicyType::IdentityPolicy), false) => (Cause::IdentityPolicyMissingAllow, "identity-implicit"),
            (Some(PolicyType::ResourcePolicy), true) => (Cause::ResourcePolicy, "resource-explicit"),
            (Some(PolicyType::ResourcePolicy), false) => (Cause::ResourcePolicy, "resource-implicit"),
            (Some(PolicyType::PermissionsBoundary), true) => (Cause::PermissionsBoundary, "boundary-explicit"),
            (Some(PolicyType::PermissionsBoundary), false) => (Cause::PermissionsBoundary, "boundary-implicit"),
            (Some(PolicyType::SessionPolicy), true) => (Cause::SessionPolicy, "session-explicit"),
            (Some(PolicyType::SessionPolicy), false) => (Cause::SessionPolicy, "session-implicit"),
            (Some(PolicyType::ServiceControlPolicy), true) => (Cause::ServiceControlPolicy, "scp-explicit"),
            (Some(PolicyType::ServiceControlPolicy), false) => (Cause::ServiceControlPolicy, "scp-implicit"),
            (Some(PolicyType::ResourceControlPolicy), _) => (Cause::ResourceControlPolicy, "rcp-explicit"),
            (Some(PolicyType::VpcEndpointPolicy), true) => (Cause::VpcEndpointPolicy, "vpce-explicit"),
            (Some(PolicyType::VpcEndpointPolicy), false) => (Cause::VpcEndpointPolicy, "vpce-implicit"),
            (None, _) if clause.trust => (Cause::ResourcePolicy, "trust-implicit"),
            (None, _) => (Cause::IdentityPolicyExplicitDeny, "explicit-unnamed"),
        };
        mention.cause = cause;
        mention.template = template;
        mention.decision = Some(if clause.explicit { Decision::ExplicitDeny } else { Decision::ImplicitDeny });
        match template {
            "identity-implicit" => {
                mention.certainty = TextCertainty::Likely;
                mention.otherwise = HIDDEN_BEHIND_MISSING_ALLOW;
            }
            "explicit-unnamed" => {
                mention.certainty = TextCertainty::Ambiguous;
                mention.otherwise = UNNAMED_DENY;
            }
            _ => {}
        }
        if clause.explicit {
            let at = grammar::skip_separators(self.text, clause.end);
            if let Some((arn, end)) = grammar::read_arn(self.text, at) {
                mention.policy_arn = Some(arn);
                mention.end = end;
            }
        } else {
            mention.end = self.end_of_allows(clause.end);
        }
        mention
    }

    /// Returns where `allows the <action> action` ends, if it stands there.
    fn end_of_allows(&self, after: usize) -> usize {
        match self.read_allowed_action(after) {
            Some((_, end)) => {
                let index = self.squeezed.index_at(end);
                if self.squeezed_from(index).starts_with(b"action") {
                    self.squeezed.end_position(index + 6)
                } else {
                    end
                }
            }
            None => after,
        }
    }

    /// Reads the action in `allows the <action> action`.
    fn read_allowed_action(&self, after: usize) -> Option<(String, usize)> {
        let index = self.squeezed.index_at(after);
        let rest = self.squeezed_from(index);
        // The kind of an implicit clause ends inside `policy` or `boundary`.
        let skipped =
            [&b"yallowsthe"[..], b"allowsthe", b"iesallowthe"].iter().find(|word| rest.starts_with(word))?.len();
        grammar::read_action(self.text, skip_to_value(self.text, self.squeezed.end_position(index + skipped)))
    }

    /// Makes a mention of a clause that stands without the refusal it belonged to: cut texts, the console's panel.
    fn mention_from_bare_clause(&self, clause: &Clause, floor: usize) -> Mention {
        let mut mention = self.mention_from_clause(Some(clause), clause.start, clause.end);
        if !clause.explicit {
            mention.action = self.read_allowed_action(clause.end).map(|(action, _)| action);
        }
        let reach = floor.max(clause.start.saturating_sub(1200));
        let mut begin = clause.start;
        for hit in self.hits_between(reach, clause.start) {
            let (start, end) = self.span(hit);
            match hit.kind {
                PhraseKind::Arn => {
                    let Some((arn, _)) = grammar::read_arn(self.text, start) else { continue };
                    if is_principal(&arn) && mention.principal.is_none() {
                        mention.principal = Some(arn);
                    } else if is_bedrock(&arn) && mention.resource.is_none() {
                        mention.resource = Some(arn);
                    } else {
                        continue;
                    }
                    begin = begin.min(start);
                }
                PhraseKind::OnResource if mention.resource.is_none() => {
                    let plural = if grammar::window(self.text, end, 3).starts_with("(s)") { 3 } else { 0 };
                    let (resource, _) = self.read_resource_value(skip_to_value(self.text, end + plural));
                    mention.resource = resource;
                }
                _ => {}
            }
        }
        if mention.action.is_none() {
            mention.action = self.action_in(reach, clause.start);
        }
        mention.start = begin;
        mention
    }

    /// Finds the last IAM action of a Bedrock service in a stretch of the text.
    fn action_in(&self, from: usize, to: usize) -> Option<String> {
        let stretch = self.text.get(self.text.ceil_char_boundary(from)..to)?;
        let mut found = None;
        for (at, _) in stretch.match_indices("bedrock") {
            if stretch.get(..at).is_some_and(|before| before.ends_with([':', '-', '.', '/'])) {
                continue;
            }
            if let Some((action, _)) = grammar::read_action(stretch, at) {
                found = Some(action);
            }
        }
        found
    }
}

const OTHER_WEB_IDENTITY: &[Otherwise] = &[Otherwise {
    cause: Cause::CredentialsInvalid,
    tell: "if the trust policy names this service account or repository, the token is that of another, or the role's ARN is \
           that of another role: look at the service account's annotation and at AWS_ROLE_ARN",
}];

const UNNAMED_TRUST: &[Otherwise] = &[Otherwise {
    cause: Cause::ResourcePolicy,
    tell: "if a policy of the caller allows sts:AssumeRole on the role, the role's trust policy does not name the caller",
}];

/// The words of a clause, squeezed, and the policy type they name.
const POLICY_WORDS: [(&[u8], Option<PolicyType>, bool); 11] = [
    (b"identitybased", Some(PolicyType::IdentityPolicy), false),
    (b"identity", Some(PolicyType::IdentityPolicy), false),
    (b"resourcecontrol", Some(PolicyType::ResourceControlPolicy), false),
    (b"resourcebased", Some(PolicyType::ResourcePolicy), false),
    (b"resourcepolicy", Some(PolicyType::ResourcePolicy), false),
    (b"servicecontrol", Some(PolicyType::ServiceControlPolicy), false),
    (b"permissions", Some(PolicyType::PermissionsBoundary), false),
    (b"permission", Some(PolicyType::PermissionsBoundary), false),
    (b"session", Some(PolicyType::SessionPolicy), false),
    (b"vpcendpoint", Some(PolicyType::VpcEndpointPolicy), false),
    (b"roletrust", None, true),
];

const UNNAMED_DENY: &[Otherwise] = &[Otherwise {
    cause: Cause::ServiceControlPolicy,
    tell: "the text does not say in which policy: look for Deny statements in the identity's own policies first, then ask the \
           organization's administrator",
}];

impl Mention {
    /// A mention without facts.
    pub(super) fn new(cause: Cause, start: usize, end: usize) -> Self {
        Self {
            start,
            end,
            cause,
            certainty: TextCertainty::Certain,
            otherwise: &[],
            template: "",
            note: Note::Plain,
            principal: None,
            action: None,
            resource: None,
            policy_arn: None,
            decision: None,
            truncated: false,
        }
    }

    fn from_template(cause: Cause, template: &'static Template, start: usize, end: usize) -> Self {
        Self {
            certainty: template.certainty,
            otherwise: template.otherwise,
            template: template.name,
            note: template.note,
            ..Self::new(cause, start, end)
        }
    }
}

/// Returns `true` if an ARN names somebody who can be refused.
pub(super) fn is_principal(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(2);
    let service = parts.next();
    let resource = parts.nth(2).unwrap_or_default();
    match service {
        Some("sts") => resource.starts_with("assumed-role/") || resource.starts_with("federated-user/"),
        Some("iam") => resource.starts_with("user/") || resource.starts_with("role/") || resource == "root",
        _ => false,
    }
}

/// Returns `true` if an ARN names a resource of a Bedrock service.
pub(super) fn is_bedrock(arn: &str) -> bool {
    arn.split(':').nth(2).is_some_and(|service| service.starts_with("bedrock"))
}

/// Skips what stands between a keyword and its value.
fn skip_to_value(text: &str, position: usize) -> usize {
    let at = grammar::skip_separators(text, position);
    let rest = grammar::window(text, at, 8);
    at + (rest.len() - rest.trim_start_matches(['(', '[']).len())
}
