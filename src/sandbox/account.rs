//! The running account: a world's facts, what calls have changed, and the way of a call through them.
//!
//! A call is recognized, authenticated, met by the world's faults, and handed to its operation, which authorizes
//! it. Nothing here knows a socket.

use super::authorize::Layers;
use super::protocol::{Operation, Reply, Service, WireRequest};
use super::refusal::{Denial, Refusal};
use super::signature::{self, Signature};
use super::world::{AgreementStatus, FaultKind, Gate, Model, PrincipalFacts, SESSION_TOKEN, World};
use super::xml::Xml;
use super::{control_plane, directory, fingerprint, runtime, simulator, sts};
use crate::iam::{Arn, ContextKeys, RequestContext};
use crate::policy::ParseError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A running account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) world: World,
    /// The policies of each principal, in the order of the world: for control planes, and for the runtime.
    layers: Vec<(Layers, Layers)>,
    state: Mutex<State>,
}

/// What calls have changed.
#[derive(Debug, Default)]
struct State {
    /// How many calls each fault has met.
    fault_calls: Vec<u32>,
    /// The models that a first invocation has subscribed to.
    subscribed: BTreeSet<String>,
    /// How often each request was seen, by its hash.
    seen: BTreeMap<u64, u64>,
}

/// Who calls: a user, or the session of a role.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    pub(super) facts: &'a PrincipalFacts,
    layers: &'a (Layers, Layers),
    /// The Region that the call was signed for.
    pub(super) region: String,
}

/// A call on its way.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) account: &'a Account,
    pub(super) caller: Caller<'a>,
    pub(super) service: Service,
    pub(super) operation: Operation,
    pub(super) request: &'a WireRequest,
    pub(super) request_id: &'a str,
}

impl Account {
    /// Opens an account on the facts of a world.
    ///
    /// Fails where a policy document cannot be parsed, which a parsed world excludes.
    pub(super) fn new(world: World) -> Result<Self, ParseError> {
        let layers = |facts: &PrincipalFacts| {
            let layers = Layers::of(&world, facts)?;
            let through = layers.clone().through_endpoint(&world)?;
            Ok((layers, through))
        };
        let layers = world.principals.iter().map(layers).collect::<Result<_, _>>()?;
        let state = State { fault_calls: vec![0; world.faults.len()], ..State::default() };
        Ok(Self { world, layers, state: Mutex::new(state) })
    }

    /// Answers a request.
    pub(super) fn answer(&self, request: &WireRequest) -> Reply {
        let request_id = self.request_id(request);
        let reply = match signature::read(request) {
            Ok(signature) => {
                let service = signature.service;
                self.serve(signature, request, &request_id)
                    .unwrap_or_else(|refusal| refusal.reply(service, &request_id))
            }
            Err((service, refusal)) => refusal.reply(service, &request_id),
        };
        reply.header("x-amzn-requestid", request_id)
    }

    fn serve(&self, signature: Signature, request: &WireRequest, request_id: &str) -> Result<Reply, Refusal> {
        let service = signature.service;
        let operation = Operation::of(service, request)?;
        let caller = self.authenticate(signature, request)?;
        self.meet_faults(service, operation.name)?;
        let call = Call { account: self, caller, service, operation, request, request_id };
        match service {
            Service::Sts => sts::answer(&call),
            Service::Iam if call.operation.name == "iam:SimulatePrincipalPolicy" => simulator::answer(&call),
            Service::Iam => directory::answer(&call),
            Service::Bedrock if request.path.starts_with("/model/") => runtime::answer(&call),
            Service::Bedrock => control_plane::answer(&call),
        }
    }

    fn authenticate(&self, signature: Signature, request: &WireRequest) -> Result<Caller<'_>, Refusal> {
        let service = signature.service;
        let invalid = || Refusal::invalid_token(service);
        let mut principals = self.world.principals.iter().zip(&self.layers);
        let (facts, layers) = principals
            .find(|(facts, _)| facts.access_key.as_ref() == Some(&signature.access_key))
            .ok_or_else(invalid)?;
        let token = request.header("x-amz-security-token");
        if token != facts.is_role().then_some(SESSION_TOKEN) {
            return Err(invalid());
        }
        if facts.session_expires.is_some_and(|end| end <= OffsetDateTime::now_utc()) {
            return Err(Refusal::expired_token(service));
        }
        Ok(Caller { facts, layers, region: signature.region })
    }

    fn meet_faults(&self, service: Service, operation: &str) -> Result<(), Refusal> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (fault, calls) in self.world.faults.iter().zip(&mut state.fault_calls) {
            if fault.operation != operation || fault.calls.is_some_and(|limit| *calls >= limit) {
                continue;
            }
            *calls = calls.saturating_add(1);
            return Err(match fault.kind {
                FaultKind::Throttling => Refusal::throttled(service),
                FaultKind::InternalError => Refusal::internal(service),
            });
        }
        Ok(())
    }

    /// Asks whether a caller may do an action; the keys of the call itself come on top of the caller's.
    pub(super) fn authorize(
        &self,
        caller: &Caller<'_>,
        action: &str,
        resource: &str,
        keys: &ContextKeys,
    ) -> Result<(), Denial> {
        let mut context = caller.context(&self.world);
        for (key, value) in keys.iter() {
            context.set(key, value.clone());
        }
        // Only calls to the runtime pass the world's endpoint, and they carry its id.
        let (direct, through_endpoint) = caller.layers;
        let layers = if keys.get("aws:SourceVpce").is_some() { through_endpoint } else { direct };
        let request = RequestContext { action: action.to_owned(), resource: resource.to_owned(), context };
        layers.authorize(&caller.arn(), &request)
    }

    /// Returns the policies of a user or role, with its facts.
    pub(super) fn principal(&self, arn: &Arn) -> Option<(&PrincipalFacts, &Layers)> {
        let mut principals = self.world.principals.iter().zip(&self.layers);
        principals.find(|(facts, _)| facts.arn == *arn).map(|(facts, (layers, _))| (facts, layers))
    }

    /// Returns the status of the account's agreement for a model.
    pub(super) fn agreement(&self, model: &Model, gate: &Gate) -> AgreementStatus {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.subscribed.contains(&model.id) { AgreementStatus::Available } else { gate.agreement.status }
    }

    /// Notes that a first invocation has subscribed the account to a model.
    pub(super) fn subscribe(&self, model: &Model) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.subscribed.insert(model.id.clone());
    }

    /// Makes a request id of what was asked and how often it was, so that reports of equal runs are equal.
    fn request_id(&self, request: &WireRequest) -> String {
        let parts = [request.method.as_str(), &request.path, &request.query];
        let [method, path, query] = parts.map(str::as_bytes);
        let hash = fingerprint::of(&[method, path, query, &request.body]);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let count = state.seen.entry(hash).or_default();
        *count += 1;
        fingerprint::request_id(hash, *count)
    }
}

impl Caller<'_> {
    /// Returns the ARN as STS prints it and denials name it.
    pub(super) fn arn(&self) -> String {
        let arn = &self.facts.arn;
        match &self.facts.session_name {
            Some(session) => {
                format!("arn:{}:sts::{}:assumed-role/{}/{session}", arn.partition, arn.account, self.facts.name())
            }
            None => arn.to_string(),
        }
    }

    /// Returns the unique id as STS prints it.
    pub(super) fn user_id(&self) -> String {
        let id = self.facts.unique_id();
        match &self.facts.session_name {
            Some(session) => format!("{id}:{session}"),
            None => id,
        }
    }

    /// Returns the condition keys that every call of this caller carries.
    fn context(&self, world: &World) -> ContextKeys {
        let now = OffsetDateTime::now_utc();
        let mut context = principal_context(world, self.facts)
            .with("aws:userid", self.user_id())
            .with("aws:PrincipalArn", self.facts.arn.to_string())
            .with("aws:RequestedRegion", self.region.as_str())
            .with("aws:SecureTransport", "true")
            .with("aws:ViaAWSService", "false")
            .with("aws:EpochTime", now.unix_timestamp().to_string());
        for (key, value) in &self.facts.tags {
            context.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
        }
        if let Ok(now) = now.format(&Rfc3339) {
            context.set("aws:CurrentTime", now.as_str());
            if self.facts.is_role() {
                context.set("aws:TokenIssueTime", now);
            }
        }
        if self.facts.is_role() {
            context.set("aws:MultiFactorAuthPresent", "false");
        }
        context
    }
}

/// Returns the condition keys that IAM fills in for a principal, whether it calls or is simulated
/// (IAM API Reference, "SimulatePrincipalPolicy").
pub(super) fn principal_context(world: &World, facts: &PrincipalFacts) -> ContextKeys {
    let mut context = ContextKeys::new()
        .with("aws:PrincipalAccount", world.account.as_str())
        .with("aws:PrincipalType", if facts.is_role() { "AssumedRole" } else { "User" })
        .with("aws:userid", facts.unique_id());
    if !facts.is_role() {
        context.set("aws:username", facts.name());
    }
    if let Some(organization) = &world.organization {
        context.set("aws:PrincipalOrgID", organization.id.as_str());
        context.set("aws:PrincipalOrgMasterAccountId", organization.management_account.as_str());
        context.set("aws:PrincipalOrgPaths", organization.paths.clone());
    }
    context
}

impl Call<'_> {
    /// Refuses the call unless the caller may do an action on a resource.
    ///
    /// `worded` is how the service names the resource in its refusal; it is left out for `*`.
    pub(super) fn require(
        &self,
        action: &str,
        resource: &str,
        worded: Option<&str>,
        keys: &ContextKeys,
    ) -> Result<(), Refusal> {
        self.account
            .authorize(&self.caller, action, resource, keys)
            .map_err(|denial| Refusal::denied(self.service, &self.caller.arn(), action, worded, &denial))
    }

    /// Answers in the `query` protocol.
    pub(super) fn query_reply(&self, content: impl FnOnce(&mut Xml)) -> Reply {
        let action = self.operation.name.split(':').nth(1).unwrap_or_default();
        let body = Xml::document(&format!("{action}Response"), self.service.namespace(), |xml| {
            xml.element(&format!("{action}Result"), content).element("ResponseMetadata", |xml| {
                xml.leaf("RequestId", self.request_id);
            });
        });
        Reply::new(200, "text/xml", body.into_bytes())
    }
}
