//! Groups denials, and remembers what may explain them: grants, and the policies of sessions.
//!
//! Takes what readers hand on, in the order of the sources, so that the same input gives the same groups however many
//! readers there are. Memory is bounded whatever comes: what is not kept is counted.

use super::denials::{
    Alternative, Credential, Denials, Example, GrantedBefore, Group, OverTime, SCHEMA, SessionPolicy, Source,
    SourcesMore, Stretch, Tool, Unreadable,
};
use super::hash;
use super::item::{Denial, Entry, Grant, Item, Session, Subject};
use super::time;
use crate::cause::{Cause, Family};
use crate::iam::{Arn, PolicyType};
use crate::secrets;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The most groups that are kept.
const MOST_GROUPS: usize = 10_000;

/// The most sources that are listed, and as many again that could not be read whole.
const MOST_SOURCES: usize = 500;

/// The most names that a list of a group holds.
const MOST_NAMES: usize = 20;

/// The most request ids that a group holds.
const MOST_IDS: usize = 5;

/// How many letters and digits an id of a call has at least.
const SHORTEST_ID: usize = 6;

/// How many distinct names are told apart, over all groups.
const MOST_DISTINCT: usize = 400_000;

/// How many calls are remembered so that a copy of one is known: twice as many, the older half being forgotten at once.
const REMEMBERED_CALLS: usize = 200_000;

/// The most grants that are remembered.
const MOST_GRANTS: usize = 20_000;

/// The most sessions with a policy that are remembered.
const MOST_SESSIONS: usize = 20_000;

/// The largest amount of policies that are remembered, in bytes.
const MOST_POLICIES: usize = 4 << 20;

/// How long a grant may take until it counts, in seconds.
///
/// IAM is eventually consistent, mostly within seconds; access to a model may take up to 15 minutes (Bedrock User Guide,
/// "Access Amazon Bedrock foundation models").
const PROPAGATION: i64 = 15 * 60;

/// The stretches of time in which denials are counted, in seconds, and how many of one size there may be.
const STRETCHES: [i64; 6] = [60, 300, 3600, 21_600, 86_400, 604_800];
const MOST_STRETCHES: usize = 1500;

/// Collects what readers hand on.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    sources: Vec<Source>,
    sources_more: Option<SourcesMore>,
    groups: HashMap<u64, State>,
    groups_more: u64,
    denials: u64,
    others: BTreeMap<String, u64>,
    unreadable: Vec<Unreadable>,
    unreadable_more: u64,
    calls: Calls,
    grants: Vec<Grant>,
    sessions: HashMap<u64, Vec<KeptSession>>,
    session_count: usize,
    policies: HashMap<u64, Arc<str>>,
    policy_bytes: usize,
    distinct: usize,
    /// Denials by stretch, and which size of `STRETCHES` they have.
    times: BTreeMap<i64, u64>,
    size: usize,
    span: Span,
    limits: Vec<String>,
    events_before: u64,
}

/// The first and the last moment of something.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    first: Option<i64>,
    last: Option<i64>,
}

impl Span {
    fn include(&mut self, at: Option<i64>) {
        let Some(at) = at else { return };
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }
}

/// A group while it grows.
#[derive(Clone, Debug)]
struct State {
    group: Group,
    /// Its place among the groups, by their first denial.
    place: usize,
    span: Span,
    /// The sessions that are listed, with the hash of their key.
    keys: Vec<(String, Option<u64>)>,
    seen: HashSet<u64>,
}

#[derive(Clone, Debug)]
struct KeptSession {
    at: Option<i64>,
    from: String,
    key: Option<u64>,
    policy: Arc<str>,
    policy_arns: Vec<String>,
}

/// The calls that were counted, by the hashes of their ids.
#[derive(Clone, Debug, Default)]
struct Calls {
    older: HashSet<u64>,
    newer: HashSet<u64>,
}

impl Calls {
    /// Remembers a call, and returns `true` if it is new.
    fn is_new(&mut self, call: u64) -> bool {
        if self.older.contains(&call) || !self.newer.insert(call) {
            return false;
        }
        if self.newer.len() >= REMEMBERED_CALLS {
            self.older = std::mem::take(&mut self.newer);
        }
        true
    }
}

impl Collector {
    /// Goes on from what an earlier run came to.
    #[must_use]
    pub fn resume(earlier: Denials) -> Self {
        let mut collector = Self {
            denials: earlier.denials,
            groups_more: earlier.groups_more,
            others: earlier.others,
            unreadable: earlier.unreadable,
            unreadable_more: earlier.unreadable_more,
            events_before: earlier.events,
            size: STRETCHES.iter().position(|size| *size as u64 == earlier.over_time.seconds).unwrap_or_default(),
            ..Self::default()
        };
        let moment = |text: &Option<String>| text.as_deref().and_then(time::parse);
        collector.span = Span { first: moment(&earlier.first), last: moment(&earlier.last) };
        for Stretch { from, denials } in &earlier.over_time.counts {
            if let Some(from) = time::parse(from) {
                *collector.times.entry(from).or_default() += denials;
            }
        }
        for (place, group) in earlier.groups.into_iter().enumerate() {
            let span = Span { first: moment(&group.first), last: moment(&group.last) };
            let keys = group.sessions.iter().map(|session| (session.clone(), None)).collect();
            let names = group.sessions.iter().map(|name| ("session", name));
            let names = names.chain(group.user_agents.iter().map(|name| ("agent", name)));
            let seen = names.map(|(kind, name)| distinct(kind, name)).collect();
            for id in &group.request_ids {
                collector.calls.is_new(hash::fnv(id.as_bytes()));
            }
            if let Ok(id) = u64::from_str_radix(&group.id, 16) {
                collector.groups.insert(id, State { group, place, span, keys, seen });
            }
        }
        collector
    }

    /// Takes something that a source holds.
    pub fn add(&mut self, source: &str, entry: Entry) {
        match entry.item {
            Item::Denial(denial) => self.denial(source, entry.line, *denial),
            Item::Other(cause) => *self.others.entry(cause.code().to_owned()).or_default() += 1,
            Item::Copy => self.copy(),
            Item::Grant(grant) => {
                if self.grants.len() >= MOST_GRANTS {
                    // The oldest may matter least.
                    self.grants.sort_by_key(|grant| grant.at);
                    self.grants.drain(..MOST_GRANTS / 2);
                }
                self.grants.push(*grant);
            }
            Item::Session(session) => self.session(*session),
            Item::Served(_) => {}
            Item::Unreadable(error) => {
                if self.unreadable.len() < MOST_NAMES {
                    let error = without_secrets(&error);
                    self.unreadable.push(Unreadable { source: source.to_owned(), line: entry.line, error });
                } else {
                    self.unreadable_more += 1;
                }
            }
        }
    }

    /// Notes that a source was read to where it could be.
    pub fn end_source(&mut self, source: Source) {
        let listed = self.sources.len();
        // Of very many those are listed that something is to be said of.
        if listed < MOST_SOURCES || (!source.is_whole() && listed < 2 * MOST_SOURCES) {
            self.sources.push(source);
            return;
        }
        let more = self.sources_more.get_or_insert_default();
        more.count += 1;
        more.bytes += source.bytes;
        more.events += source.events;
        more.not_whole += u64::from(!source.is_whole());
    }

    /// Notes what a source cannot hold.
    pub fn limit(&mut self, sentence: &str) {
        if !self.limits.iter().any(|known| known == sentence) {
            self.limits.push(sentence.to_owned());
        }
    }

    fn copy(&mut self) {
        *self.others.entry("copies".to_owned()).or_default() += 1;
    }

    fn session(&mut self, session: Session) {
        let id = hash::fnv(session.policy.as_bytes());
        let policy = match self.policies.get(&id) {
            Some(known) => Arc::clone(known),
            None if self.policy_bytes + session.policy.len() > MOST_POLICIES => return,
            None => {
                self.policy_bytes += session.policy.len();
                let policy: Arc<str> = session.policy.into();
                self.policies.insert(id, Arc::clone(&policy));
                policy
            }
        };
        if self.session_count >= MOST_SESSIONS {
            return;
        }
        self.session_count += 1;
        let policy_arns = session.policy_arns;
        let kept = KeptSession { at: session.at, from: session.from, key: session.key, policy, policy_arns };
        self.sessions.entry(session_id(&session.role, &session.name)).or_default().push(kept);
    }

    fn denial(&mut self, source: &str, line: u64, denial: Denial) {
        let ids = [&denial.request_id, &denial.event_id];
        // Exporters write a sign where there is none.
        let is_id = |id: &&str| {
            id.bytes().filter(u8::is_ascii_alphanumeric).count() >= SHORTEST_ID
                && id.bytes().any(|byte| byte.is_ascii_digit())
        };
        if let Some(id) = ids.into_iter().filter_map(|id| id.as_deref()).find(is_id)
            && !self.calls.is_new(hash::fnv(id.as_bytes()))
        {
            return self.copy();
        }
        self.denials += 1;
        self.span.include(denial.at);
        if let Some(at) = denial.at {
            self.count_at(at);
        }
        let id = id_of(&denial);
        if !self.groups.contains_key(&id) && self.groups.len() >= MOST_GROUPS {
            self.groups_more += 1;
            return;
        }
        let place = self.groups.len();
        let state = self.groups.entry(id).or_insert_with(|| State::new(id, place, source, line, &denial));
        state.include(denial, &mut self.distinct);
    }

    fn count_at(&mut self, at: i64) {
        let size = STRETCHES.get(self.size).copied().unwrap_or(604_800);
        *self.times.entry(at.div_euclid(size) * size).or_default() += 1;
        if self.times.len() > MOST_STRETCHES && self.size + 1 < STRETCHES.len() {
            self.size += 1;
            let size = STRETCHES.get(self.size).copied().unwrap_or(604_800);
            for (from, count) in std::mem::take(&mut self.times) {
                *self.times.entry(from.div_euclid(size) * size).or_default() += count;
            }
        }
    }

    /// Returns what all came to so far, without the sources: [`Collector::resume`] goes on from it.
    #[must_use]
    pub fn so_far(&self) -> Denials {
        self.clone().finish()
    }

    /// Ends, and returns what all came to.
    #[must_use]
    pub fn finish(mut self) -> Denials {
        self.grants.sort_by_key(|grant| grant.at);
        let mut states: Vec<State> = std::mem::take(&mut self.groups).into_values().collect();
        states.sort_by_key(|state| (Reverse(state.group.count), state.place));
        let groups = states.into_iter().map(|state| self.finished(state)).collect();
        Denials {
            schema: SCHEMA.to_owned(),
            tool: Tool::default(),
            events: self.events_before
                + self.sources.iter().map(|source| source.events).sum::<u64>()
                + self.sources_more.map_or(0, |more| more.events),
            denials: self.denials,
            first: self.span.first.map(time::format),
            last: self.span.last.map(time::format),
            sources: self.sources,
            sources_more: self.sources_more,
            others: self.others,
            groups,
            groups_more: self.groups_more,
            unreadable: self.unreadable,
            unreadable_more: self.unreadable_more,
            over_time: OverTime {
                seconds: STRETCHES.get(self.size).map_or(0, |size| *size as u64),
                counts: self
                    .times
                    .iter()
                    .map(|(from, denials)| Stretch { from: time::format(*from), denials: *denials })
                    .collect(),
            },
            limits: self.limits,
            redacted: false,
        }
    }

    fn finished(&self, state: State) -> Group {
        let granted_before = self.granted_before(&state).or(state.group.granted_before.clone());
        let session_policy = self.session_policy(&state).or(state.group.session_policy.clone());
        Group {
            first: state.span.first.map(time::format),
            last: state.span.last.map(time::format),
            granted_before,
            session_policy,
            ..state.group
        }
    }

    /// Finds the last grant within the time that one may take, before the last denial.
    ///
    /// Denials that go on for longer show that the grant was not what they lacked.
    fn granted_before(&self, state: &State) -> Option<GrantedBefore> {
        let last = state.span.last?;
        let group = &state.group;
        let concerns = |grant: &&Grant| {
            let same_account = match (&grant.account, &group.account) {
                (Some(grant), Some(group)) => grant == group,
                _ => true,
            };
            let named = |kind: &str, name: &str| {
                let principal = group.principal.as_deref().and_then(|arn| arn.parse::<Arn>().ok());
                principal.is_some_and(|arn| {
                    arn.resource_type() == kind && arn.resource_id().rsplit('/').next() == Some(name)
                })
            };
            let family = group.family;
            same_account
                && match &grant.subject {
                    Subject::Model(model) => {
                        let same = match (model.as_deref(), group.model.as_deref()) {
                            (Some(granted), Some(asked)) => {
                                asked.contains(granted.split(':').next().unwrap_or(granted))
                            }
                            _ => true,
                        };
                        family == Family::ModelAccess && same
                    }
                    Subject::Role(role) => family == Family::IamPermission && named("role", role),
                    Subject::User(user) => family == Family::IamPermission && named("user", user),
                    Subject::Anybody => family == Family::IamPermission,
                }
        };
        let in_time = |grant: &&Grant| grant.at <= last && last - grant.at <= PROPAGATION;
        let grant = self.grants.iter().rev().filter(in_time).find(concerns)?;
        Some(GrantedBefore { event: grant.event.clone(), at: time::format(grant.at) })
    }

    /// Finds the policy that one of a group's sessions was made with.
    fn session_policy(&self, state: &State) -> Option<SessionPolicy> {
        let principal: Arn = state.group.principal.as_deref()?.parse().ok()?;
        let id = principal.resource_id();
        let (role, federated) = match principal.resource_type() {
            "role" => (id.rsplit('/').next()?, None),
            "federated-user" => ("", Some(id)),
            _ => return None,
        };
        let named = state.keys.iter().map(|(name, key)| (name.as_str(), *key));
        let known = named.chain(federated.map(|name| (name, None))).find_map(|(name, key)| {
            let sessions = self.sessions.get(&session_id(role, name))?;
            let fits = |session: &&KeptSession| {
                let same_key = match (key, session.key) {
                    (Some(denied), Some(given)) => denied == given,
                    _ => true,
                };
                same_key && session.at.zip(state.span.last).is_none_or(|(made, denied)| made <= denied)
            };
            sessions.iter().filter(fits).max_by_key(|session| session.at)
        })?;
        // One that is no JSON says as little as one that was not given.
        let document: Value = serde_json::from_str(&known.policy).unwrap_or_default();
        let policy_arns: Vec<String> = known.policy_arns.iter().map(|arn| without_secrets(arn)).collect();
        let is_something = !document.is_null() || !policy_arns.is_empty();
        is_something.then(|| SessionPolicy { from: known.from.clone(), document, policy_arns, explains: None })
    }
}

impl State {
    fn new(id: u64, place: usize, source: &str, line: u64, denial: &Denial) -> Self {
        let clean = |text: &Option<String>| text.as_deref().map(without_secrets);
        let error = &denial.error;
        let resource_region = denial.resource.as_deref().and_then(|resource| resource.parse::<Arn>().ok());
        let resource_region = resource_region.map(|arn| arn.region).filter(|region| !region.is_empty());
        let entry = crate::cause::catalogue::entry(error.cause);
        let group = Group {
            id: format!("{id:016x}"),
            new: None,
            cause: error.cause,
            family: error.family,
            documented_cause: error.documented_cause,
            count: 0,
            first: None,
            last: None,
            principal: clean(&denial.principal),
            sessions: Vec::new(),
            sessions_more: 0,
            account: denial.account.clone(),
            action: clean(&denial.action),
            resource: clean(&denial.resource),
            model: clean(&denial.model),
            operation: clean(&denial.operation),
            region: clean(&denial.region),
            resource_region,
            policy_type: policy_type(error.cause),
            policy_arn: error.policy_arn.clone(),
            vpc_endpoint: clean(&denial.vpc_endpoint),
            credential: denial.credential,
            error_codes: Vec::new(),
            user_agents: Vec::new(),
            user_agents_more: 0,
            request_ids: Vec::new(),
            example: Example { source: source.to_owned(), line, event_id: clean(&denial.event_id) },
            summary: format!("{}.", entry.title),
            next: entry.steps.iter().map(|step| (*step).to_owned()).collect(),
            alternatives: error
                .alternatives
                .iter()
                .map(|other| Alternative { cause: other.cause, tell: other.tell.to_owned() })
                .collect(),
            granted_before: None,
            session_policy: None,
            now: None,
        };
        Self { group, place, span: Span::default(), keys: Vec::new(), seen: HashSet::new() }
    }

    fn include(&mut self, denial: Denial, distinct_names: &mut usize) {
        self.group.count += 1;
        self.span.include(denial.at);
        if let Some(session) = &denial.session {
            let new = self.meet("session", session, distinct_names);
            if new && self.group.sessions.len() < MOST_NAMES {
                let session = without_secrets(session);
                self.keys.push((session.clone(), denial.key));
                self.group.sessions.push(session);
            } else if new {
                self.group.sessions_more += 1;
            } else if let Some((_, key)) = self.keys.iter_mut().find(|(known, _)| known == session) {
                // A session of the same name may have been made anew.
                *key = denial.key.or(*key);
            }
        }
        if let Some(agent) = &denial.user_agent {
            let new = self.meet("agent", agent, distinct_names);
            if new && self.group.user_agents.len() < MOST_NAMES {
                self.group.user_agents.push(without_secrets(agent));
            } else if new {
                self.group.user_agents_more += 1;
            }
        }
        if let Some(code) = denial.error_code.filter(|code| !self.group.error_codes.contains(code))
            && self.group.error_codes.len() < MOST_IDS
        {
            self.group.error_codes.push(without_secrets(&code));
        }
        if let Some(id) = denial.request_id.filter(|_| self.group.request_ids.len() < MOST_IDS) {
            self.group.request_ids.push(without_secrets(&id));
        }
    }

    /// Returns `true` if a name is new, as far as names are told apart.
    fn meet(&mut self, kind: &str, name: &str, distinct_names: &mut usize) -> bool {
        let id = distinct(kind, name);
        if *distinct_names >= MOST_DISTINCT {
            return false;
        }
        let new = self.seen.insert(id);
        *distinct_names += usize::from(new);
        new
    }
}

fn without_secrets(text: &str) -> String {
    secrets::without_secrets(text).into_owned()
}

fn distinct(kind: &str, name: &str) -> u64 {
    hash::fnv(kind.as_bytes()) ^ hash::fnv(name.as_bytes())
}

fn session_id(role: &str, name: &str) -> u64 {
    hash::id(&[Some(role), Some(name)])
}

fn id_of(denial: &Denial) -> u64 {
    group_id(
        denial.error.cause,
        [&denial.principal, &denial.action, &denial.resource, &denial.model, &denial.region],
        denial.credential,
    )
}

/// Returns the id of a group: the same for the same principal, action, resource, cause, model, Region and credential.
fn group_id(cause: Cause, names: [&Option<String>; 5], credential: Option<Credential>) -> u64 {
    let [principal, action, resource, model, region] = names.map(Option::as_deref);
    hash::id(&[Some(cause.code()), principal, action, resource, model, region, credential.map(Credential::as_str)])
}

impl Group {
    /// Returns the id that a group with these fields has.
    #[must_use]
    pub fn id_of_fields(&self) -> String {
        let names = [&self.principal, &self.action, &self.resource, &self.model, &self.region];
        format!("{:016x}", group_id(self.cause, names, self.credential))
    }
}

/// Returns the type of policy that a cause blames.
fn policy_type(cause: Cause) -> Option<PolicyType> {
    Some(match cause {
        Cause::IdentityPolicyMissingAllow | Cause::IdentityPolicyExplicitDeny => PolicyType::IdentityPolicy,
        Cause::PermissionsBoundary => PolicyType::PermissionsBoundary,
        Cause::SessionPolicy => PolicyType::SessionPolicy,
        Cause::ServiceControlPolicy => PolicyType::ServiceControlPolicy,
        Cause::ResourceControlPolicy => PolicyType::ResourceControlPolicy,
        Cause::VpcEndpointPolicy => PolicyType::VpcEndpointPolicy,
        Cause::ResourcePolicy => PolicyType::ResourcePolicy,
        _ => return None,
    })
}
