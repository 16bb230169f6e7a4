//! Role trust policies: may the service that runs the workload assume the role at all?
//!
//! A role has two halves: who may assume it, and what it may do then. The simulator looks at the second alone; the
//! first is the role trust policy, IAM's resource-based policy of a role, which is read with `iam:GetRole` and
//! evaluated here by the crate's engine, so that what it finds is `inferred`.

use crate::cause::Cause;
use crate::diagnose::case::Case;
use crate::diagnose::finding::{Basis, Certainty, Finding, WrongServiceRole};
use crate::diagnose::requirement::Trust;
use crate::diagnose::unread::{NotChecked, Unchecked, Why};
use crate::evidence::{Evidence, Observation};
use crate::iam::{Arn, AssumingService, ContextKeys, Decision, PolicyType, RequestContext};
use crate::policy::edit::statements;
use crate::policy::{Document, Policies, Policy, Question, decide_open};
use serde_json::{Value, json};

/// What the trust policies say.
#[derive(Debug, Default)]
pub(in crate::diagnose) struct Trusts {
    pub(in crate::diagnose) seen: Vec<Trust>,
    pub(in crate::diagnose) findings: Vec<Finding>,
    pub(in crate::diagnose) not_checked: Vec<NotChecked>,
}

/// Reads every trust policy that the call depends on: the service role's, and the workload's own role's where a service
/// is named that assumes it.
pub(in crate::diagnose) fn read(case: &Case<'_>) -> Trusts {
    let mut trusts = Trusts::default();
    trusts.service_role(case.evidence);
    trusts.workload(case.evidence);
    trusts
}

/// Returns why Bedrock cannot be given the role: a role is passed within its account ("Cross-account pass role is not
/// allowed", Bedrock's answer), and under its own ARN.
fn wrong_service_role(evidence: &Evidence, role: &Arn) -> Option<WrongServiceRole> {
    let account = evidence.account().filter(|account| *account != role.account);
    if let Some(account) = account {
        return Some(WrongServiceRole::OfAnotherAccount { role: role.clone(), account });
    }
    let found = evidence.service_role.seen().map(|seen| &seen.arn).filter(|found| *found != role)?;
    Some(WrongServiceRole::OtherPath { named: role.clone(), found: found.clone() })
}

impl Trusts {
    fn service_role(&mut self, evidence: &Evidence) {
        let request = &evidence.request;
        let (Some(role), Some(source)) = (&request.service_role, request.operation.acts_for()) else { return };
        if let Observation::Refused(error) = &evidence.service_role
            && error.is_no_such_entity()
        {
            let basis = Basis::Refused { api: "iam:GetRole", error: error.clone() };
            self.findings.push(Finding {
                action: Some("iam:PassRole".to_owned()),
                resources: vec![role.to_string()],
                ..Finding::new(Cause::ServiceRolePermission, Certainty::Inferred, basis)
            });
            return;
        }
        if let Some(wrong) = wrong_service_role(evidence, role) {
            self.findings.push(Finding {
                action: Some("iam:PassRole".to_owned()),
                resources: vec![role.to_string()],
                ..Finding::new(Cause::ServiceRolePermission, Certainty::Inferred, Basis::WrongServiceRole(wrong))
            });
            return;
        }
        let document = match &evidence.service_role {
            Observation::Seen(seen) => seen.trust.clone().ok_or(Why::TrustNotShown),
            unseen => Err(unseen.why_unseen().into()),
        };
        self.judge(evidence, role, AssumingService::Bedrock, (&sources_of(evidence, source), None), document);
    }

    fn workload(&mut self, evidence: &Evidence) {
        let Some(service) = evidence.request.service else { return };
        let Some(source) = evidence.principal.seen() else {
            let why = evidence.principal.why_unseen();
            self.not_checked.push(NotChecked::new(Unchecked::RoleIsAssumed(service), why));
            return;
        };
        let Some(role) = source.candidates.first().filter(|arn| arn.resource_type() == "role") else {
            self.not_checked.push(NotChecked::new(Unchecked::PrincipalIsAssumed(service), Why::NotARole));
            return;
        };
        let document = match &evidence.policies.entity {
            Observation::Seen(entity) => entity.trust.clone().ok_or(Why::TrustNotShown),
            unseen => Err(unseen.why_unseen().into()),
        };
        let kinds: &[&str] = match service {
            AssumingService::Bedrock => &["agent", "knowledge-base", "model-invocation-job", "model-customization-job"],
            _ => &[],
        };
        let mut sources: Vec<String> = kinds.iter().flat_map(|kind| sources_of(evidence, kind)).collect();
        let region = &evidence.request.region;
        let (partition, account) = (region.partition().as_str(), evidence.account().unwrap_or_default());
        if let (true, Some(prefix)) = (sources.is_empty(), service.source_service()) {
            sources.push(format!("arn:{partition}:{prefix}:{region}:{account}:*"));
        }
        // Bedrock has more kinds of resources than these, and what it is that calls, and from where, nobody said.
        let others = (!kinds.is_empty()).then(|| format!("arn:{partition}:bedrock:*:{account}:*"));
        self.judge(evidence, role, service, (&sources, others), document);
    }

    /// Judges one role for one service; `sources` are the ARNs on whose behalf it may be assumed, and `others` what further
    /// ones would be like.
    fn judge(
        &mut self,
        evidence: &Evidence,
        role: &Arn,
        service: AssumingService,
        (sources, others): (&[String], Option<String>),
        document: Result<String, Why>,
    ) {
        let what = Unchecked::Trust { service, role: role.clone() };
        let mut trust = Trust {
            role: role.clone(),
            service,
            action: "sts:AssumeRole",
            decision: Decision::Undetermined,
            unread: None,
            trusts: Vec::new(),
            sources: sources.to_vec(),
            document: None,
        };
        let read = match document {
            Ok(text) => match Document::parse(&text) {
                Ok(parsed) => Ok((text, parsed)),
                Err(error) => Err(Why::TrustUnparsable(error.to_string())),
            },
            Err(why) => Err(why),
        };
        let (text, parsed) = match read {
            Ok(read) => read,
            Err(why) => {
                trust.unread = Some(why.clone());
                self.not_checked.push(NotChecked::new(what, why));
                self.seen.push(trust);
                return;
            }
        };
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        trust.trusts = trusted_services(&value);
        trust.decision = Decision::Allowed;
        trust.document = Some(text);
        let sources: Vec<String> = sources.iter().cloned().chain(others).collect();
        for action in service.actions() {
            let decided = assume(evidence, role, service, action, &sources, &parsed);
            if decided != Ok(Decision::Allowed) {
                trust.action = action;
                match decided {
                    Ok(decision) => trust.decision = decision,
                    Err(keys) => {
                        trust.decision = Decision::Undetermined;
                        trust.unread = Some(Why::TrustDependsOn(keys));
                    }
                }
                break;
            }
        }
        match (&trust.unread, trust.decision) {
            (Some(why), _) => self.not_checked.push(NotChecked::new(what, why.clone())),
            (None, decision) if decision.is_denied() => self.findings.push(finding(&trust)),
            _ => {}
        }
        self.seen.push(trust);
    }
}

/// Returns the ARNs of Bedrock resources of a kind for which a role is assumed.
fn sources_of(evidence: &Evidence, kind: &str) -> Vec<String> {
    vec![evidence.request.acting_for(kind, &evidence.account().unwrap_or_default()).to_string()]
}

/// Evaluates a trust policy for a service; an error names the unknown keys that it depends on.
///
/// One of the sources has to be let in: a role is for agents or for jobs.
fn assume(
    evidence: &Evidence,
    role: &Arn,
    service: AssumingService,
    action: &str,
    sources: &[String],
    document: &Document,
) -> Result<Decision, Vec<String>> {
    let policies = Policies {
        resource: Some(vec![Policy::new("the role trust policy", document.clone())]),
        ..Policies::default()
    };
    let ask = |source: Option<&String>| {
        let mut context = ContextKeys::new()
            .with("aws:RequestedRegion", evidence.request.region.as_str())
            .with("aws:PrincipalIsAWSService", "true")
            .with("aws:PrincipalServiceName", service.principal());
        if service.source_service().is_some()
            && let Some(account) = evidence.account()
        {
            context.set("aws:SourceAccount", account);
        }
        if let Some(source) = source {
            context.set("aws:SourceArn", source.as_str());
        }
        // A service hands over no external id; whatever else the policy looks at, only the service knows.
        let unknown: Vec<String> = document
            .condition_keys()
            .into_iter()
            .filter(|key| context.get(key).is_none() && !key.eq_ignore_ascii_case("sts:ExternalId"))
            .map(str::to_owned)
            .collect();
        let request = RequestContext { action: action.to_owned(), resource: role.to_string(), context };
        let question = Question { principal: service.principal(), request: &request, unknown: &unknown };
        decide_open(&question, &policies)
    };
    let sources: Vec<Option<&String>> =
        if sources.is_empty() { vec![None] } else { sources.iter().map(Some).collect() };
    let mut refusal = Ok(Decision::ImplicitDeny);
    for source in sources {
        // The id of what is still to be made is not known, and stands as a star.
        let evaluation = ask(source);
        match evaluation.decision {
            Decision::Allowed => return Ok(Decision::Allowed),
            Decision::Undetermined if evaluation.unknown_keys.is_empty() => {
                refusal = Err(vec!["aws:SourceArn".to_owned()]);
            }
            Decision::Undetermined => {
                refusal = Err(evaluation.unknown_keys);
            }
            denied if refusal.is_ok() => refusal = Ok(denied),
            _ => {}
        }
    }
    refusal
}

/// Lists the services that a trust policy's allowing statements name.
fn trusted_services(document: &Value) -> Vec<String> {
    let mut services: Vec<String> = Vec::new();
    for statement in statements(document).iter().filter(|statement| statement.get("Effect") == Some(&json!("Allow"))) {
        let named = match statement.get("Principal").and_then(|principal| principal.get("Service")) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        services.extend(named.into_iter().filter(|name| !services.contains(name)).collect::<Vec<_>>());
    }
    services
}

fn finding(trust: &Trust) -> Finding {
    Finding {
        decision: Some(trust.decision),
        policy_type: Some(PolicyType::ResourcePolicy),
        action: Some(trust.action.to_owned()),
        resources: vec![trust.role.to_string()],
        ..Finding::new(Cause::ResourcePolicy, Certainty::Inferred, Basis::Trust(trust.clone()))
    }
}
