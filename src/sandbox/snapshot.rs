//! Snapshots: a world's facts at one moment, with the policies parsed and ready to evaluate.
//!
//! A call sees one snapshot from its beginning to its end. Writes make a new one; nothing here changes.

use super::caller::Caller;
use super::effective_policies::{EffectivePolicies, RoutedPolicies};
use super::refusal::Denial;
use super::world::{PolicyText, PrincipalFacts, World};
use crate::iam::{Arn, ContextKeys, Decision, RequestContext};
use crate::policy::{Document, ParseError, Policies, Policy, Question, decide};
use std::sync::Arc;

/// The facts of an account at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) world: World,
    /// How many writes came before.
    pub(super) version: u64,
    /// The policies of each principal, in the order of the world.
    policies: Vec<Arc<RoutedPolicies>>,
}

/// A request that is evaluated, with the policies that apply to it.
pub(super) struct Authorizing<'a> {
    pub(super) request: RequestContext,
    pub(super) policies: &'a EffectivePolicies,
}

impl Snapshot {
    /// Parses the policies of a world.
    ///
    /// Fails where a policy document cannot be parsed, which a parsed world excludes.
    pub(super) fn new(world: World, version: u64) -> Result<Self, ParseError> {
        let routed = |facts: &PrincipalFacts| {
            let direct = EffectivePolicies::for_principal(&world, facts)?;
            Ok(Arc::new(RoutedPolicies::new(&world, direct)?))
        };
        let policies = world.principals.iter().map(routed).collect::<Result<_, _>>()?;
        Ok(Self { world, version, policies })
    }

    /// Walks over the principals, each with its policies.
    pub(super) fn principals(&self) -> impl Iterator<Item = (&PrincipalFacts, &Arc<RoutedPolicies>)> {
        self.world.principals.iter().zip(&self.policies)
    }

    /// Returns the facts of a user or role, with its policies.
    pub(super) fn principal(&self, arn: &Arn) -> Option<(&PrincipalFacts, &EffectivePolicies)> {
        self.principals().find(|(facts, _)| facts.arn == *arn).map(|(facts, routed)| (facts, &routed.direct))
    }

    /// Makes a principal the caller, in the session that the world states for it.
    pub(super) fn caller<'a>(
        facts: &'a PrincipalFacts,
        policies: &Arc<RoutedPolicies>,
        region: &str,
        user_agent: Option<&str>,
    ) -> Caller<'a> {
        Caller {
            facts,
            session_name: facts.session_name.clone(),
            policies: Arc::clone(policies),
            region: region.to_owned(),
            user_agent: user_agent.map(str::to_owned),
        }
    }

    /// Collects the policies of a session that `AssumeRole` makes: the role's, restricted by the session policies.
    pub(super) fn session_policies(&self, role: &Arn, texts: &[String]) -> Option<Result<RoutedPolicies, ParseError>> {
        let (_, effective) = self.principal(role)?;
        let mut effective = effective.clone();
        effective.policies.session = None;
        for (index, text) in texts.iter().enumerate() {
            match effective.given(&format!("session/{index}"), text) {
                Ok(policy) => effective.policies.session.get_or_insert_default().push(policy),
                Err(error) => return Some(Err(error)),
            }
        }
        Some(RoutedPolicies::new(&self.world, effective))
    }

    /// Evaluates whether a caller may do an action; the keys of the call itself are added to the caller's.
    pub(super) fn authorize(
        &self,
        caller: &Caller<'_>,
        action: &str,
        resource: &str,
        keys: &ContextKeys,
    ) -> Result<(), Denial> {
        let Authorizing { request, policies } = self.authorizing(caller, action, resource, keys);
        policies.authorize(&caller.arn(), &request)
    }

    /// Evaluates whether a caller may do an action on a resource that has a policy of its own, or none.
    ///
    /// `policy` is `None` where nothing is known of the resource: then its policy does not matter.
    pub(super) fn authorize_on(
        &self,
        caller: &Caller<'_>,
        action: &str,
        resource: &str,
        keys: &ContextKeys,
        policy: Option<Option<&PolicyText>>,
    ) -> Result<(), Denial> {
        let Authorizing { request, policies } = self.authorizing(caller, action, resource, keys);
        let Some(policy) = policy else { return policies.authorize(&caller.arn(), &request) };
        let mut effective = policies.clone();
        let parsed = policy.map(|text| effective.given("resource", text.as_str()));
        effective.policies.resource = Some(parsed.into_iter().flatten().collect());
        effective.authorize(&caller.arn(), &request)
    }

    /// Collects what the evaluation of an action takes.
    pub(super) fn authorizing<'c>(
        &self,
        caller: &'c Caller<'_>,
        action: &str,
        resource: &str,
        keys: &ContextKeys,
    ) -> Authorizing<'c> {
        let mut context = caller.context(&self.world);
        for (key, value) in keys.iter() {
            context.set(key, value.clone());
        }
        // Only calls to the runtime pass the world's endpoint, and they carry its id.
        let passes_endpoint = keys.get("aws:SourceVpce").is_some();
        let policies = if passes_endpoint { &caller.policies.through_endpoint } else { &caller.policies.direct };
        let request = RequestContext { action: action.to_owned(), resource: resource.to_owned(), context };
        Authorizing { request, policies }
    }

    /// Returns `true` if a caller may assume a role: its own policies and the role's trust policy decide.
    pub(super) fn may_assume(&self, caller: &Caller<'_>, role: &PrincipalFacts, keys: &ContextKeys) -> bool {
        let mut effective = caller.policies.direct.clone();
        let trust = role.trust.as_ref().map(|trust| effective.given("trust", trust.as_str()));
        effective.policies.resource = Some(trust.into_iter().flatten().collect());
        let mut context = caller.context(&self.world);
        for (key, value) in keys.iter() {
            context.set(key, value.clone());
        }
        let (action, resource) = ("sts:AssumeRole".to_owned(), role.arn.to_string());
        effective.authorize(&caller.arn(), &RequestContext { action, resource, context }).is_ok()
    }

    /// Makes a service the caller in a role's name, for the source that it names; none where there is no such role or
    /// its trust policy does not allow it.
    pub(super) fn assume_for(
        &self,
        role: &Arn,
        service: &str,
        source: &Arn,
        session: &str,
        region: &str,
    ) -> Option<Caller<'_>> {
        let (facts, routed) = self.principals().find(|(facts, _)| facts.arn == *role && facts.is_role())?;
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
            policies: Arc::clone(routed),
            region: region.to_owned(),
            user_agent: None,
        })
    }
}
