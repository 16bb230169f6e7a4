//! The account's state: the current snapshot of its facts, and what calls have changed.
//!
//! Takes a world and keeps what calls leave behind: sessions, subscriptions, counters and writes. Knows no operation.

use super::effective_policies::RoutedPolicies;
use super::ids;
use super::refusal::Refusal;
use super::snapshot::Snapshot;
use super::wire::WireRequest;
use super::world::World;
use crate::iam::Arn;
use crate::policy::ParseError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use time::OffsetDateTime;

/// A running account.
#[derive(Debug)]
pub(super) struct Account {
    snapshot: RwLock<Arc<Snapshot>>,
    state: Mutex<State>,
}

/// A session that `AssumeRole` has made.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) role: Arn,
    pub(super) name: String,
    pub(super) token: String,
    pub(super) expires: OffsetDateTime,
    /// The texts of its session policies.
    restrictions: Vec<String>,
    /// Its policies, as of a version of the account's facts.
    policies: Arc<RoutedPolicies>,
    version: u64,
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
    /// How often each request was seen, by its hash.
    seen: BTreeMap<u64, u64>,
    /// How many calls to models have come as far as form and agreement.
    model_calls: u32,
    /// How often each operation was called.
    calls: BTreeMap<&'static str, u64>,
}

impl Account {
    /// Opens an account on the facts of a world.
    ///
    /// Fails where a policy document cannot be parsed, which a parsed world excludes.
    pub(super) fn new(world: World) -> Result<Self, ParseError> {
        let snapshot = RwLock::new(Arc::new(Snapshot::new(world, 0)?));
        Ok(Self { snapshot, state: Mutex::default() })
    }

    /// Returns the facts as they are now.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the account's facts; what is refused changes nothing.
    ///
    /// Calls under way keep the facts that they began with.
    pub(super) fn write<T>(&self, change: impl FnOnce(&mut World) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut current = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        let mut world = current.world.clone();
        let value = change(&mut world)?;
        let next = Snapshot::new(world, current.version + 1).map_err(|_| Refusal::malformed_policy())?;
        *current = Arc::new(next);
        Ok(value)
    }

    /// Returns how often each operation was called.
    pub(super) fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.state().calls.clone()
    }

    /// Counts a call to a model that has come as far as form and agreement, and returns how many came before.
    pub(super) fn count_model_call(&self) -> u32 {
        let mut state = self.state();
        let before = state.model_calls;
        state.model_calls = before.saturating_add(1);
        before
    }

    /// Counts a call of an operation.
    pub(super) fn count(&self, operation: &'static str) {
        let mut state = self.state();
        let calls = state.calls.entry(operation).or_default();
        *calls = calls.saturating_add(1);
    }

    /// Makes a session of a role with session policies; none where the world has no such role.
    pub(super) fn begin_session(
        &self,
        snapshot: &Snapshot,
        role: &Arn,
        name: &str,
        restrictions: Vec<String>,
        expires: OffsetDateTime,
    ) -> Option<Result<Credentials, ParseError>> {
        let policies = match snapshot.session_policies(role, &restrictions)? {
            Ok(policies) => Arc::new(policies),
            Err(error) => return Some(Err(error)),
        };
        let mut state = self.state();
        let id = ids::unique_id("", &format!("{role}/{name}/{}", state.sessions.len()));
        let access_key = format!("ASIA{}EXAMPLE", id.get(..9).unwrap_or_default());
        let token = format!("sandbox-session-token-of-{access_key}");
        let session = Session {
            role: role.clone(),
            name: name.to_owned(),
            token: token.clone(),
            expires,
            restrictions,
            policies,
            version: snapshot.version,
        };
        state.sessions.insert(access_key.clone(), session);
        Some(Ok(Credentials { access_key, token, expires }))
    }

    /// Returns the session that was made with an access key, with its policies as a snapshot has them.
    pub(super) fn session(&self, access_key: &str, snapshot: &Snapshot) -> Option<(Session, Arc<RoutedPolicies>)> {
        let session = self.state().sessions.get(access_key).cloned()?;
        if session.version == snapshot.version {
            let policies = Arc::clone(&session.policies);
            return Some((session, policies));
        }
        let policies = Arc::new(snapshot.session_policies(&session.role, &session.restrictions)?.ok()?);
        if let Some(known) = self.state().sessions.get_mut(access_key) {
            known.policies = Arc::clone(&policies);
            known.version = snapshot.version;
        }
        Some((session, policies))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a request id from a request and how often it was seen, so that reports of equal runs are equal.
    pub(super) fn request_id(&self, request: &WireRequest) -> String {
        let parts = [request.method.as_str(), &request.path, &request.query];
        let [method, path, query] = parts.map(str::as_bytes);
        let hash = ids::of(&[method, path, query, &request.body]);
        let mut state = self.state();
        let count = state.seen.entry(hash).or_default();
        *count += 1;
        ids::request_id(hash, *count)
    }
}
