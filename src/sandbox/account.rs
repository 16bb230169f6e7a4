//! The running account: a world's facts, what calls have changed, and the way of a call through them.
//!
//! A call is recognized, authenticated, met by the world's faults, and handed to its operation, which authorizes
//! it. Nothing here knows a socket.

use super::authorize::Layers;
use super::caller::Caller;
use super::fault::FaultKind;
use super::protocol::{Operation, Reply, Service, WireRequest};
use super::refusal::{Denial, Refusal};
use super::signature::{self, Signature};
use super::toolbox::{self, Records};
use super::world::{AgreementStatus, DataRetention, Gate, Model, PrincipalFacts, World};
use super::xml::Xml;
use super::{agents, control_plane, directory, fingerprint, jobs, runtime, simulator, sts};
use crate::iam::{Arn, ContextKeys, Decision, RequestContext};
use crate::policy::{Document, ParseError, Policies, Policy, Question, decide};
use axum::http::Method;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;

/// What a request counts as that names no operation.
const UNKNOWN: &str = "unknown";

/// The operations that are carried on in a role of their own.
const AGENTS: [&str; 4] =
    ["bedrock:CreateAgent", "bedrock:InvokeAgent", "bedrock:Retrieve", "bedrock:RetrieveAndGenerate"];

/// A running account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) world: World,
    /// The policies of each principal, in the order of the world.
    pub(super) layers: Vec<Arc<BothLayers>>,
    state: Mutex<State>,
    /// How refused calls were evaluated.
    records: Mutex<Records>,
}

/// A caller's policies, without and with the policy of the endpoint that its runtime calls pass.
#[derive(Debug)]
pub(super) struct BothLayers {
    pub(super) direct: Layers,
    pub(super) through_endpoint: Layers,
}

impl BothLayers {
    fn new(world: &World, direct: Layers) -> Result<Self, ParseError> {
        let through_endpoint = direct.clone().through_endpoint(world)?;
        Ok(Self { direct, through_endpoint })
    }
}

/// A session that `AssumeRole` has made.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) role: Arn,
    pub(super) name: String,
    pub(super) token: String,
    pub(super) expires: OffsetDateTime,
    pub(super) layers: Arc<BothLayers>,
}

/// The credentials of a session that was made.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) access_key: String,
    pub(super) token: String,
    pub(super) expires: OffsetDateTime,
}

/// What calls have changed.
#[derive(Debug, Default)]
struct State {
    /// The sessions made, by their access key.
    sessions: BTreeMap<String, Session>,
    /// How many calls each fault has met.
    fault_calls: Vec<u32>,
    /// The models that a first invocation has subscribed to.
    subscribed: BTreeSet<String>,
    /// How often each request was seen, by its hash.
    seen: BTreeMap<u64, u64>,
    /// How often each operation was called.
    calls: BTreeMap<&'static str, u64>,
}

/// A request of a caller, with the policies that have a say in it.
struct Asked<'a> {
    request: RequestContext,
    layers: &'a Layers,
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
        let layers = |facts: &PrincipalFacts| Ok(Arc::new(BothLayers::new(&world, Layers::of(&world, facts)?)?));
        let layers = world.principals.iter().map(layers).collect::<Result<_, _>>()?;
        let state = State { fault_calls: vec![0; world.faults.len()], ..State::default() };
        Ok(Self { world, layers, state: Mutex::new(state), records: Mutex::default() })
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
            Err((service, refusal)) => {
                self.count(UNKNOWN);
                refusal.reply(service, &request_id)
            }
        };
        reply.header("x-amzn-requestid", request_id)
    }

    /// Returns how often each operation was called; what named no operation counts as `unknown`.
    pub(super) fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.state().calls.clone()
    }

    fn count(&self, operation: &'static str) {
        let mut state = self.state();
        let calls = state.calls.entry(operation).or_default();
        *calls = calls.saturating_add(1);
    }

    fn serve(&self, signature: Signature, request: &WireRequest, request_id: &str) -> Result<Reply, Refusal> {
        let service = signature.service;
        let operation = Operation::of(service, request)
            .inspect(|operation| self.count(operation.name))
            .inspect_err(|_| self.count(UNKNOWN))?;
        let caller = self.authenticate(signature, request)?;
        let call = Call { account: self, caller, service, operation, request, request_id };
        match self.fault(&call) {
            Some(fault) => {
                let answer = || call.answer().unwrap_or_else(|refusal| refusal.reply(service, request_id));
                Ok(fault.answer(&call, answer))
            }
            None => call.answer(),
        }
    }

    /// Makes a session of a role; the layers are the role's, with the session policies in them.
    pub(super) fn begin_session(
        &self,
        role: &PrincipalFacts,
        name: &str,
        layers: Layers,
        expires: OffsetDateTime,
    ) -> Result<Credentials, ParseError> {
        let layers = Arc::new(BothLayers::new(&self.world, layers)?);
        let mut state = self.state();
        let id = fingerprint::unique_id("", &format!("{}/{name}/{}", role.arn, state.sessions.len()));
        let access_key = format!("ASIA{}EXAMPLE", id.get(..9).unwrap_or_default());
        let token = format!("sandbox-session-token-of-{access_key}");
        let session = Session { role: role.arn.clone(), name: name.to_owned(), token: token.clone(), expires, layers };
        state.sessions.insert(access_key.clone(), session);
        Ok(Credentials { access_key, token, expires })
    }

    /// Returns the session that was made with an access key.
    pub(super) fn session(&self, access_key: &str) -> Option<Session> {
        self.state().sessions.get(access_key).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how refused calls were evaluated.
    pub(super) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds the fault that meets a call, and counts the call for every fault of its operation.
    fn fault(&self, call: &Call<'_>) -> Option<FaultKind> {
        let mut state = self.state();
        let mut met = None;
        for (fault, calls) in self.world.faults.iter().zip(&mut state.fault_calls) {
            if fault.concerns(call.operation.name) {
                met = met.or_else(|| fault.meets(*calls, call.request_id));
                *calls = calls.saturating_add(1);
            }
        }
        met
    }

    /// Asks whether a caller may do an action; the keys of the call itself come on top of the caller's.
    pub(super) fn authorize(
        &self,
        caller: &Caller<'_>,
        action: &str,
        resource: &str,
        keys: &ContextKeys,
    ) -> Result<(), Denial> {
        let Asked { request, layers } = self.asked(caller, action, resource, keys);
        layers.authorize(&caller.arn(), &request)
    }

    fn asked<'c>(&self, caller: &'c Caller<'_>, action: &str, resource: &str, keys: &ContextKeys) -> Asked<'c> {
        let mut context = caller.context(&self.world);
        for (key, value) in keys.iter() {
            context.set(key, value.clone());
        }
        // Only calls to the runtime pass the world's endpoint, and they carry its id.
        let passes_endpoint = keys.get("aws:SourceVpce").is_some();
        let layers = if passes_endpoint { &caller.layers.through_endpoint } else { &caller.layers.direct };
        let request = RequestContext { action: action.to_owned(), resource: resource.to_owned(), context };
        Asked { request, layers }
    }

    /// Asks whether a caller may assume a role: its own policies and the role's trust policy have a say.
    pub(super) fn may_assume(&self, caller: &Caller<'_>, role: &PrincipalFacts, keys: &ContextKeys) -> bool {
        let mut layers = caller.layers.direct.clone();
        let trust = role.trust.as_ref().map(|trust| layers.given("trust", trust.as_str()));
        layers.policies.resource = Some(trust.into_iter().flatten().collect());
        let mut context = caller.context(&self.world);
        for (key, value) in keys.iter() {
            context.set(key, value.clone());
        }
        let (action, resource) = ("sts:AssumeRole".to_owned(), role.arn.to_string());
        layers.authorize(&caller.arn(), &RequestContext { action, resource, context }).is_ok()
    }

    /// Makes a service the caller in a role's name, for the source that it names; none where the role's trust policy does
    /// not let it, or there is no such role.
    pub(super) fn assume_for(
        &self,
        role: &Arn,
        service: &str,
        source: &Arn,
        session: &str,
        region: &str,
    ) -> Option<Caller<'_>> {
        let mut principals = self.world.principals.iter().zip(&self.layers);
        let (facts, layers) = principals.find(|(facts, _)| facts.arn == *role && facts.is_role())?;
        let trust = Policy::new("trust", Document::parse(facts.trust.as_ref()?.as_str()).ok()?);
        let policies = Policies { resource: Some(vec![trust]), ..Policies::default() };
        let context = ContextKeys::new()
            .with("aws:SourceAccount", source.account.as_str())
            .with("aws:SourceArn", source.to_string())
            .with("aws:RequestedRegion", region);
        let request = RequestContext { action: "sts:AssumeRole".to_owned(), resource: role.to_string(), context };
        let allowed = decide(&Question::new(service, &request), &policies).decision == Decision::Allowed;
        allowed.then(|| Caller {
            facts,
            session_name: Some(session.to_owned()),
            layers: Arc::clone(layers),
            region: region.to_owned(),
        })
    }

    /// Returns the policies of a user or role, with its facts.
    pub(super) fn principal(&self, arn: &Arn) -> Option<(&PrincipalFacts, &Layers)> {
        let mut principals = self.world.principals.iter().zip(&self.layers);
        principals.find(|(facts, _)| facts.arn == *arn).map(|(facts, layers)| (facts, &layers.direct))
    }

    /// Returns the status of the account's agreement for a model.
    pub(super) fn agreement(&self, model: &Model, gate: &Gate) -> AgreementStatus {
        let state = self.state();
        if state.subscribed.contains(&model.id) { AgreementStatus::Available } else { gate.agreement.status }
    }

    /// Returns the account's data-retention mode in a Region.
    pub(super) fn data_retention(&self, region: &str) -> DataRetention {
        let mut modes = self.world.data_retention.iter();
        modes.find(|(here, _)| here.as_str() == region).map(|(_, mode)| *mode).unwrap_or_default()
    }

    /// Notes that a first invocation has subscribed the account to a model.
    pub(super) fn subscribe(&self, model: &Model) {
        let mut state = self.state();
        state.subscribed.insert(model.id.clone());
    }

    /// Makes a request id of what was asked and how often it was, so that reports of equal runs are equal.
    fn request_id(&self, request: &WireRequest) -> String {
        let parts = [request.method.as_str(), &request.path, &request.query];
        let [method, path, query] = parts.map(str::as_bytes);
        let hash = fingerprint::of(&[method, path, query, &request.body]);
        let mut state = self.state();
        let count = state.seen.entry(hash).or_default();
        *count += 1;
        fingerprint::request_id(hash, *count)
    }
}

impl Call<'_> {
    /// Hands the call to its operation.
    fn answer(&self) -> Result<Reply, Refusal> {
        match self.service {
            Service::Sts => sts::answer(self),
            Service::Iam if self.operation.name == "iam:SimulatePrincipalPolicy" => simulator::answer(self),
            Service::Iam => directory::answer(self),
            Service::Toolbox => toolbox::answer(self),
            Service::Bedrock if self.request.path.starts_with("/model/") => runtime::answer(self),
            Service::Bedrock if AGENTS.contains(&self.operation.name) => agents::answer(self),
            Service::Bedrock if self.request.method != Method::GET => jobs::answer(self),
            Service::Bedrock => control_plane::answer(self),
        }
    }

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
        let Asked { request, layers } = self.account.asked(&self.caller, action, resource, keys);
        layers.authorize(&self.caller.arn(), &request).map_err(|denial| {
            let refusal = Refusal::denied(self.service, &self.caller.arn(), action, worded, &denial);
            match toolbox::record(self, layers, &request) {
                Some(record) => refusal.recorded(&record),
                None => refusal,
            }
        })
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
