//! What an event is: a denial, another error, a grant, a session with a policy, or nothing of these.
//!
//! A denial is told by code *and* message: gates of model access answer with codes that speak of no access, and
//! throttling and validation are not denials (`explain` has the texts). What a message says is worked out once for as
//! long as it repeats.

use super::denials::Credential;
use super::event::{Event, Text};
use super::item::{Denial, Grant, Item, Served, Session, Subject, Wanted};
use super::query::NO_DENIALS;
use super::time;
use crate::bedrock::Operation;
use crate::cause::{Cause, Family};
use crate::explain::{ExplainedError, explain, explain_bytes, is_action_of_bedrock};
use crate::iam::{Arn, Principal};
use std::collections::HashMap;
use std::sync::Arc;

/// How many messages are remembered with what they say.
const REMEMBERED: usize = 4096;

/// The longest message that is read, in bytes; CloudTrail keeps 1 kB (AWS CloudTrail User Guide, "errorMessage").
const LONGEST_MESSAGE: usize = 16 * 1024;

/// The longest name or id that is kept, in characters.
const LONGEST_NAME: usize = 2048;

/// The longest user agent that is kept, in characters.
const LONGEST_AGENT: usize = 200;

/// Calls that give the account access to models.
const MODEL_GRANTS: [&str; 5] = [
    "PutUseCaseForModelAccess",
    "CreateFoundationModelAgreement",
    "PutFoundationModelEntitlement",
    "Subscribe",
    "AcceptAgreementRequest",
];

/// Calls that may give a role a permission.
const ROLE_GRANTS: [&str; 4] =
    ["AttachRolePolicy", "PutRolePolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"];

/// Calls that may give a user a permission.
const USER_GRANTS: [&str; 4] =
    ["AttachUserPolicy", "PutUserPolicy", "PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary"];

/// Calls that may give somebody a permission, and do not say whom: what takes a service control policy away does.
const OTHER_GRANTS: [&str; 7] = [
    "AttachGroupPolicy",
    "PutGroupPolicy",
    "CreatePolicyVersion",
    "SetDefaultPolicyVersion",
    "AttachPolicy",
    "DetachPolicy",
    "UpdatePolicy",
];

/// Judges events.
#[derive(Debug, Default)]
pub(super) struct Judge {
    known: HashMap<String, Arc<ExplainedError>>,
    key: String,
    /// Calls that were served are wanted, and nothing else.
    pub(super) wants_served: bool,
    /// Refusals by other services are wanted as well.
    of_any_service: bool,
}

impl Judge {
    pub(super) fn new(wanted: &Wanted) -> Self {
        let wants_served = matches!(wanted, Wanted::Served(_));
        Self { wants_served, of_any_service: *wanted == Wanted::Errors, ..Self::default() }
    }

    /// Returns what an event is; none where it is nothing that matters here.
    pub(super) fn item(&mut self, event: &Event<'_>) -> Option<Item> {
        if self.wants_served {
            return served(event).map(|served| Item::Served(Box::new(served)));
        }
        if !event.has_error() && !event.is_refused_by_gateway() {
            return session(event)
                .map(|session| Item::Session(Box::new(session)))
                .or_else(|| grant(event).map(|grant| Item::Grant(Box::new(grant))));
        }
        if !event.concerns_bedrock() {
            return None;
        }
        let gateways = !event.has_error();
        let message = match gateways {
            true => event.response_elements.body.error.message.get(),
            false => event.error_message.get(),
        };
        let session = event.user_identity.arn.get();
        let error = self.read(event.error_code.get(), message.unwrap_or_default(), session, gateways);
        let code = event.error_code.get();
        let error = if gateways && error.cause == Cause::Unrecognized {
            let cause = match event.response_elements.status_code.get() {
                Some("401") => Cause::CredentialsInvalid,
                _ => Cause::Unrecognized,
            };
            named(cause, &error)
        } else if code == Some("VpceAccessDenied") && error.cause != Cause::VpcEndpointPolicy {
            named(Cause::VpcEndpointPolicy, &error)
        } else {
            error
        };
        let is_denial = gateways || is_denial(code, error.cause);
        // The copy says less than the record of the call itself.
        if event.event_type.get() == Some("AwsServiceEvent") {
            return Some(Item::Copy);
        }
        Some(match is_denial {
            true => Item::Denial(Box::new(denial(event, error))),
            false => Item::Other(error.cause),
        })
    }

    /// Reads an error, or remembers what it says; `session` may stand in its message, and varies where nothing else does.
    fn read(
        &mut self,
        code: Option<&str>,
        message: &str,
        session: Option<&str>,
        gateways: bool,
    ) -> Arc<ExplainedError> {
        let message = message.get(..message.floor_char_boundary(LONGEST_MESSAGE)).unwrap_or(message);
        let key = &mut self.key;
        key.clear();
        key.push_str(code.unwrap_or_default());
        key.push(if gateways { '\u{1}' } else { '\0' });
        match session.filter(|session| session.len() > 20).and_then(|session| message.split_once(session)) {
            Some((before, behind)) => {
                key.push_str(before);
                key.push('\0');
                key.push_str(behind);
            }
            None => key.push_str(message),
        }
        if let Some(known) = self.known.get(key.as_str()) {
            return Arc::clone(known);
        }
        // The code stands in front, as clients print it: phrases that need it see it.
        let whole = match code {
            Some(code) => format!("{code}: {message}"),
            None => message.to_owned(),
        };
        let error = Arc::new(explain(&whole).error);
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(key.clone(), Arc::clone(&error));
        error
    }

    /// Reads a line of a log.
    pub(super) fn text(&mut self, text: &[u8], at: Option<i64>) -> FoundInText {
        let explanation = explain_bytes(text);
        let errors: Vec<ExplainedError> = std::iter::once(explanation.error).chain(explanation.others).collect();
        let is_bare = |error: &ExplainedError| error.cause == Cause::Unrecognized;
        let is_bare_code = errors.iter().all(is_bare) && errors.iter().any(|error| error.error_code.is_some());
        let items: Vec<Item> = errors
            .into_iter()
            .filter(|error| !is_bare(error) || error.error_code.as_deref().is_some_and(is_access_code))
            .filter(|error| self.of_any_service || is_of_bedrock(error, text))
            .map(|error| match is_denial(error.error_code.as_deref(), error.cause) {
                true => Item::Denial(Box::new(denial_of_text(error, at))),
                false => Item::Other(error.cause),
            })
            .collect();
        FoundInText { items, is_bare_code }
    }
}

/// What a line of a log holds.
#[derive(Debug)]
pub(super) struct FoundInText {
    pub(super) items: Vec<Item>,
    /// There is a code and no sentence.
    pub(super) is_bare_code: bool,
}

/// Returns `true` if an error of a log may be one of a call to Bedrock: a log holds those of other services and libraries as well.
fn is_of_bedrock(error: &ExplainedError, text: &[u8]) -> bool {
    let names_another = error.action.as_deref().is_some_and(|action| !is_action_of_bedrock(action));
    let says_nothing = error.cause == Cause::Unrecognized
        || (error.cause == Cause::IdentityPolicyMissingAllow && error.action.is_none() && error.principal.is_none());
    let is_known = error.operation.as_deref().is_some_and(|name| Operation::from_api_name(name).is_some());
    !(names_another || says_nothing) || is_known || memchr::memmem::find(text, b"edrock").is_some()
}

/// Returns `true` if the call was refused: the code says it, or the text is that of a gate.
fn is_denial(code: Option<&str>, cause: Cause) -> bool {
    if code.is_some_and(|code| NO_DENIALS.contains(&code)) {
        return false;
    }
    match cause.family() {
        Family::IamPermission | Family::ModelAccess | Family::Credentials => true,
        // Bedrock answers some requests that it does not like as if they were denied: the caller is told so.
        _ => code.is_some_and(is_access_code),
    }
}

/// Returns `true` if a code speaks of access.
fn is_access_code(code: &str) -> bool {
    // With the name of a service or package in front, and in the spellings of several clients.
    let code = code.rsplit(['.', '#', ':']).next().unwrap_or(code);
    ACCESS_CODES.iter().any(|known| known.eq_ignore_ascii_case(code))
}

/// Codes that speak of access: IAM's, those of gateways and OpenAI-compatible endpoints, and HTTP's.
const ACCESS_CODES: [&str; 17] = [
    "AccessDenied",
    "AccessDeniedException",
    "access_denied",
    "VpceAccessDenied",
    "UnauthorizedOperation",
    "NotAuthorized",
    "NotAuthorizedException",
    "Unauthorized",
    "UnauthorizedException",
    "Forbidden",
    "ForbiddenException",
    "permission_denied",
    "authentication_error",
    "OptInRequired",
    "SubscriptionRequiredException",
    "401",
    "403",
];

/// Gives an error that says less than its code another cause.
fn named(cause: Cause, error: &Arc<ExplainedError>) -> Arc<ExplainedError> {
    let unknown = cause == Cause::Unrecognized;
    Arc::new(ExplainedError {
        cause,
        family: cause.family(),
        documented_cause: (!unknown).then(|| cause.family().documented_cause()),
        alternatives: Vec::new(),
        ..ExplainedError::clone(error)
    })
}

fn denial(event: &Event<'_>, error: Arc<ExplainedError>) -> Denial {
    let identity = &event.user_identity;
    let who = Who::of(event, error.principal.as_deref());
    let operation = event.event_name.get().and_then(word);
    let credential = match (event.bears_api_key(), identity.access_key_id.get()) {
        (true, _) => Some(Credential::Bearer),
        (false, Some(_)) => Some(Credential::Sigv4),
        (false, None) => None,
    };
    let model = event.request_parameters.model_id.get().and_then(model);
    Denial {
        at: event.event_time.get().and_then(time::parse),
        account: account(event, who.principal.as_deref()),
        principal: who.principal,
        session: who.session,
        action: error.action.clone().or_else(|| operation.as_deref().map(|api| action(event.event_source.get(), api))),
        resource: error.resource.clone(),
        model: model.or_else(|| error.model.clone()),
        operation,
        region: event.aws_region.get().map(name).or_else(|| error.region.clone()),
        vpc_endpoint: event.vpc_endpoint_id.get().map(name),
        credential,
        error_code: event.error_code.get().and_then(word),
        user_agent: event.user_agent.get().map(agent),
        request_id: event.request_id.get().map(name),
        event_id: event.event_id.get().map(name),
        key: identity.access_key_id.get().map(fingerprint),
        error,
    }
}

fn denial_of_text(error: ExplainedError, at: Option<i64>) -> Denial {
    let who = error.principal.as_deref().map(Who::named).unwrap_or_default();
    let operation = error.operation.clone();
    let mapped = || operation.as_deref().and_then(Operation::from_api_name).map(|known| known.iam_action().to_owned());
    Denial {
        at,
        account: who.principal.as_deref().and_then(account_in),
        principal: who.principal,
        session: who.session,
        action: error.action.clone().or_else(mapped),
        resource: error.resource.clone(),
        model: error.model.clone(),
        operation: operation.clone(),
        region: error.region.clone(),
        vpc_endpoint: None,
        credential: None,
        error_code: error.error_code.clone(),
        user_agent: None,
        request_id: error.request_id.clone(),
        event_id: None,
        key: None,
        error: Arc::new(error),
    }
}

/// The IAM user or role behind a call, and the name of its session.
#[derive(Debug, Default)]
pub(super) struct Who {
    pub(super) principal: Option<String>,
    pub(super) session: Option<String>,
}

impl Who {
    /// Reads the identity of an event; `text` is whom its message names.
    fn of(event: &Event<'_>, text: Option<&str>) -> Self {
        let identity = &event.user_identity;
        let named = identity.arn.get().or(text).map(Self::named).unwrap_or_default();
        // The issuer of a role's session has the role's path, which the session's ARN lacks.
        let issuer = identity.session_context.session_issuer.arn.get().filter(|arn| arn.starts_with("arn:"));
        Self { principal: issuer.map(name).or(named.principal), session: named.session }
    }

    /// Reads an ARN; a session's leads to its role.
    fn named(arn: &str) -> Self {
        let Ok(parsed) = arn.parse::<Arn>() else { return Self::default() };
        let principal = Principal::new(parsed);
        match (principal.role_name(), principal.session_name()) {
            (Some(role), Some(session)) => {
                let Arn { partition, account, .. } = &principal.arn;
                let resource = format!("role/{role}");
                Self {
                    principal: Some(Arn::new(partition, "iam", "", account, &resource).to_string()),
                    session: Some(name(session)),
                }
            }
            _ => Self { principal: Some(name(arn)), session: None },
        }
    }
}

/// Returns the IAM action of an API call.
fn action(source: Option<&str>, api: &str) -> String {
    let service = source.and_then(|source| source.split('.').next()).unwrap_or("bedrock");
    match Operation::from_api_name(api) {
        Some(known) if service == "bedrock" => known.iam_action().to_owned(),
        _ => format!("{service}:{api}"),
    }
}

/// Returns the account that was called in.
fn account(event: &Event<'_>, principal: Option<&str>) -> Option<String> {
    let given = [&event.recipient_account_id, &event.user_identity.account_id];
    let mut given = given.into_iter().filter_map(Text::get).filter(|account| is_account(account)).map(str::to_owned);
    given.next().or_else(|| principal.and_then(account_in))
}

fn account_in(arn: &str) -> Option<String> {
    arn.split(':').nth(4).filter(|account| is_account(account)).map(str::to_owned)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn grant(event: &Event<'_>) -> Option<Grant> {
    let api = event.event_name.get()?;
    let parameters = &event.request_parameters;
    let subject = if MODEL_GRANTS.contains(&api) {
        Subject::Model(parameters.model_id.get().map(name))
    } else if ROLE_GRANTS.contains(&api) {
        Subject::Role(name(parameters.role_name.get()?))
    } else if USER_GRANTS.contains(&api) {
        Subject::User(name(parameters.user_name.get()?))
    } else if OTHER_GRANTS.contains(&api) {
        Subject::Anybody
    } else {
        return None;
    };
    let at = event.event_time.get().and_then(time::parse)?;
    Some(Grant { at, event: api.to_owned(), account: account(event, None), subject })
}

fn session(event: &Event<'_>) -> Option<Session> {
    let api = event.event_name.get()?;
    let parameters = &event.request_parameters;
    let (policy, policy_arns) = (parameters.policy.get(), parameters.policy_arns.list());
    if policy.is_none() && policy_arns.is_empty() {
        return None;
    }
    let (role, name) = match api {
        "AssumeRole" | "AssumeRoleWithWebIdentity" | "AssumeRoleWithSAML" => {
            // The answer has the session's own ARN; what was asked for has nearly the same.
            let answered = event.response_elements.assumed_role_user.arn.get();
            let of_answer = answered.and_then(|arn| arn.split_once("assumed-role/")?.1.split_once('/'));
            let of_request = parameters.role_arn.get().and_then(|arn| arn.rsplit('/').next());
            of_answer.or_else(|| of_request.zip(parameters.role_session_name.get()))?
        }
        "GetFederationToken" => ("", parameters.name.get()?),
        _ => return None,
    };
    Some(Session {
        at: event.event_time.get().and_then(time::parse),
        from: api.to_owned(),
        role: self::name(role),
        name: self::name(name),
        key: event.response_elements.credentials.access_key_id.get().map(fingerprint),
        policy: policy.unwrap_or_default().to_owned(),
        policy_arns,
    })
}

/// Reads a call that was served.
fn served(event: &Event<'_>) -> Option<Served> {
    let service = event.event_source.get().and_then(|source| source.split('.').next());
    let is_bedrock = service.is_some_and(|service| service.starts_with("bedrock"));
    let is_refused = event.has_error() || event.is_refused_by_gateway();
    if is_refused || !is_bedrock || event.event_type.get() == Some("AwsServiceEvent") {
        return None;
    }
    let who = Who::of(event, None);
    Some(Served {
        account: account(event, who.principal.as_deref()),
        principal: who.principal,
        service: service.map(name)?,
        operation: name(event.event_name.get()?),
        model: event.request_parameters.model_id.get().and_then(model),
        resources: event.request_parameters.resources(),
        region: event.aws_region.get().map(name),
        bears_api_key: event.bears_api_key(),
    })
}

/// Keeps a name or id, as long as such things are.
///
/// What looks like a key is taken out where it would be shown, in `groups`: that is seldom, and this is often.
fn name(text: &str) -> String {
    kept(text, LONGEST_NAME)
}

/// Keeps the name of a call or an error, and no text that stands in its place.
fn word(text: &str) -> Option<String> {
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:#-".contains(&byte));
    let is_name = text.bytes().any(|byte| byte.is_ascii_alphabetic()) || text.len() == 3;
    (is_word && is_name && text.parse::<std::net::IpAddr>().is_err()).then(|| name(text))
}

/// Keeps what names a model: an id or an ARN, and no text that stands in its place.
fn model(text: &str) -> Option<String> {
    let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/._-+@*".contains(&byte));
    is_name.then(|| name(text))
}

/// Keeps the products that a program names itself by (RFC 9110, section 10.1.5), and no address.
fn agent(text: &str) -> String {
    let is_product = |word: &&str| {
        let word = word.trim_matches(['(', ')', '[', ']', ';', ',']);
        let is_token = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~/:,=".contains(&byte));
        let is_address = word
            .split(['/', '#', '=', ','])
            .any(|part| part.parse::<std::net::IpAddr>().is_ok() || part.parse::<std::net::SocketAddr>().is_ok());
        is_token && !is_address
    };
    let words: Vec<&str> = text.split_ascii_whitespace().filter(is_product).collect();
    kept(&words.join(" "), LONGEST_AGENT)
}

fn kept(text: &str, longest: usize) -> String {
    text.get(..text.floor_char_boundary(longest)).unwrap_or_default().to_owned()
}

/// Returns the hash of a key's id: enough to tell keys apart, and not the id.
fn fingerprint(key: &str) -> u64 {
    super::hash::fnv(key.as_bytes())
}
