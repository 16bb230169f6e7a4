//! The diagnosis as JSON, `bedrock-access/diagnosis/1`: the contract that other people's scripts rely on.
//!
//! What was not read is `null`, never left out.

use super::{not_checked, remarks, statements, steps, wording};
use crate::cause::{Cause, DocumentedCause, Family};
use crate::diagnose::{
    Change, ChangeKind, DecidedBy, Diagnosis, Finding, Gate, JudgedBy, NearMiss, NotChecked, Requirement, RuledOut,
    Trust,
};
use crate::escape::escape_json;
use crate::evidence::{Call, FoundBy, Outcome, ServiceError};
use crate::explain::Alternative;
use crate::iam::{Decision, PolicyType};
use crate::policy::{MatchedCondition, Miss};
use serde::Serialize;
use serde_json::Value;

const SCHEMA: &str = "bedrock-access/diagnosis/1";

/// Writes a diagnosis as one JSON document, indented and ended with a line feed.
#[must_use]
pub fn json(diagnosis: &Diagnosis) -> String {
    let document = Document::of(diagnosis);
    // Strings, numbers and lists alone: serialization has no case to fail in.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    escape_json(text)
}

#[derive(Serialize)]
pub(super) struct Document<'d> {
    schema: &'static str,
    tool: Tool,
    pub(super) id: Option<&'d Value>,
    verdict: &'static str,
    certainty: Option<&'static str>,
    documented_cause: Option<DocumentedCause>,
    likely_cause: Option<DocumentedCause>,
    headline: String,
    sandbox: Option<&'d str>,
    observed_at: &'d str,
    request: Request<'d>,
    caller: Caller<'d>,
    principal: Principal<'d>,
    requirements: Vec<RequirementJson<'d>>,
    trust: Vec<TrustJson<'d>>,
    model_access: ModelAccess<'d>,
    gates: Vec<GateJson>,
    invocation: Invocation<'d>,
    findings: Vec<FindingJson<'d>>,
    ruled_out: Vec<RuledOutJson>,
    not_checked: Vec<NotCheckedJson>,
    contradictions: Vec<String>,
    advice: Vec<String>,
    warnings: Vec<String>,
    observations: Vec<ObservationJson<'d>>,
}

/// The program that wrote a document of this program's own form.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// This program.
pub(crate) const TOOL: Tool = Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

#[derive(Serialize)]
struct GateJson {
    name: &'static str,
    state: &'static str,
    certainty: Option<&'static str>,
    basis: Vec<String>,
}

#[derive(Serialize)]
struct Request<'d> {
    model: Option<String>,
    operation: &'static str,
    region: &'d str,
    partition: &'static str,
    resources: Vec<String>,
    service_role: Option<String>,
}

#[derive(Serialize)]
struct Caller<'d> {
    arn: Option<String>,
    account: Option<&'d str>,
    principal_arn: Option<String>,
    kind: Option<&'static str>,
    credential_source: Option<&'d str>,
    expires_at: Option<&'d str>,
}

#[derive(Serialize)]
struct Principal<'d> {
    arn: Option<String>,
    kind: Option<&'static str>,
    chosen_by: &'d str,
    found_by: Option<FoundBy>,
}

#[derive(Serialize)]
struct RequirementJson<'d> {
    whose: &'static str,
    action: &'d str,
    resource: &'d str,
    requested_region: Option<&'d str>,
    hard: bool,
    decision: Decision,
    policy_type: Option<PolicyType>,
    judged_by: Option<&'static str>,
    decided_by: Vec<DecidedByJson<'d>>,
    near_misses: Vec<NearMissJson<'d>>,
    missing_context: &'d [String],
    unread: Option<String>,
}

#[derive(Serialize)]
struct TrustJson<'d> {
    role: String,
    service: &'static str,
    principal: &'static str,
    action: &'static str,
    decision: Decision,
    trusts: &'d [String],
    unread: Option<String>,
}

#[derive(Serialize)]
struct DecidedByJson<'d> {
    policy_type: PolicyType,
    policy: Option<&'d str>,
    statement: Option<usize>,
    sid: Option<&'d str>,
    line: Option<u32>,
    column: Option<u32>,
    quote: Option<&'d str>,
    conditions: &'d [MatchedCondition],
}

#[derive(Serialize)]
struct NearMissJson<'d> {
    statement: DecidedByJson<'d>,
    says: String,
    misses: &'d [Miss],
}

#[derive(Serialize)]
struct ModelAccess<'d> {
    model: Option<&'d str>,
    listed: Option<bool>,
    lifecycle: Option<&'d str>,
    agreement: Option<&'d str>,
    authorization: Option<&'d str>,
    entitlement: Option<&'d str>,
    region: Option<&'d str>,
    use_case_form: Option<&'static str>,
}

#[derive(Serialize)]
struct Invocation<'d> {
    kind: &'static str,
    outcome: &'static str,
    error: Option<&'d ServiceError>,
    failure: Option<String>,
}

#[derive(Serialize)]
struct FindingJson<'d> {
    cause: Cause,
    family: Family,
    certainty: &'static str,
    likely: bool,
    decision: Option<Decision>,
    summary: String,
    action: Option<&'d str>,
    resource: Option<&'d str>,
    resources: &'d [String],
    basis: Vec<String>,
    remedy: RemedyJson<'d>,
    alternatives: &'d [Alternative],
}

#[derive(Serialize)]
struct RemedyJson<'d> {
    who: &'static str,
    steps: Vec<String>,
    notes: Vec<String>,
    commands: &'d [String],
    console: Option<&'d str>,
    policy: Option<&'d Value>,
    takes_effect: &'static str,
    verified: Option<&'static str>,
    changes: Vec<ChangeJson<'d>>,
}

#[derive(Serialize)]
struct ChangeJson<'d> {
    change: &'static str,
    policy_type: Option<PolicyType>,
    policy: Option<&'d str>,
    attached_to: Option<&'d str>,
    statements: Vec<StatementJson<'d>>,
    document: Option<Value>,
    value: Option<String>,
}

#[derive(Serialize)]
struct StatementJson<'d> {
    statement: Option<usize>,
    sid: Option<&'d str>,
    line: Option<u32>,
    column: Option<u32>,
}

#[derive(Serialize)]
struct RuledOutJson {
    cause: Cause,
    why: String,
}

#[derive(Serialize)]
struct NotCheckedJson {
    what: String,
    why: String,
}

#[derive(Serialize)]
struct ObservationJson<'d> {
    api: &'d str,
    outcome: Outcome,
    started_ms: u64,
    duration_ms: u64,
    shared: bool,
    request_id: Option<&'d str>,
    error: Option<&'d ServiceError>,
}

impl<'d> Document<'d> {
    pub(super) fn of(diagnosis: &'d Diagnosis) -> Self {
        let access = &diagnosis.model_access;
        Self {
            schema: SCHEMA,
            tool: TOOL,
            id: None,
            verdict: diagnosis.verdict.as_str(),
            certainty: diagnosis.certainty.map(crate::diagnose::Certainty::as_str),
            documented_cause: diagnosis.documented_cause,
            likely_cause: diagnosis.likely_cause,
            headline: wording::headline(diagnosis),
            sandbox: diagnosis.sandbox.as_deref(),
            observed_at: &diagnosis.observed_at,
            request: Request {
                model: diagnosis.request.model.as_ref().map(ToString::to_string),
                operation: diagnosis.request.operation.as_str(),
                region: diagnosis.request.region.as_str(),
                partition: diagnosis.request.region.partition().as_str(),
                resources: diagnosis.request.resources.iter().map(ToString::to_string).collect(),
                service_role: diagnosis.request.service_role.as_ref().map(ToString::to_string),
            },
            caller: Caller {
                arn: diagnosis.caller.arn.as_ref().map(ToString::to_string),
                account: diagnosis.caller.account.as_deref(),
                principal_arn: diagnosis.caller.principal_arn.as_ref().map(ToString::to_string),
                kind: diagnosis.caller.kind.map(crate::iam::PrincipalKind::as_str),
                credential_source: diagnosis.caller.credential_source.as_deref(),
                expires_at: diagnosis.caller.expires_at.as_deref(),
            },
            principal: Principal {
                arn: diagnosis.principal.arn.as_ref().map(ToString::to_string),
                kind: diagnosis.principal.kind.map(crate::iam::PrincipalKind::as_str),
                chosen_by: diagnosis.principal.chosen_by.as_str(),
                found_by: diagnosis.principal.found_by,
            },
            requirements: diagnosis.requirements.iter().map(requirement).collect(),
            trust: diagnosis.trust.iter().map(trust).collect(),
            model_access: ModelAccess {
                model: access.model.as_deref(),
                listed: access.listed,
                lifecycle: access.lifecycle.as_deref(),
                agreement: access.agreement.as_deref(),
                authorization: access.authorization.as_deref(),
                entitlement: access.entitlement.as_deref(),
                region: access.region.as_deref(),
                use_case_form: access.use_case_form.map(|found| if found { "submitted" } else { "missing" }),
            },
            gates: diagnosis.gates.iter().map(gate).collect(),
            invocation: Invocation {
                kind: diagnosis.invocation.kind.as_str(),
                outcome: diagnosis.invocation.outcome.as_str(),
                error: diagnosis.invocation.error.as_ref(),
                failure: diagnosis.invocation.failure.as_ref().map(not_checked::unseen),
            },
            findings: diagnosis.findings.iter().map(|finding| finding_json(finding, diagnosis)).collect(),
            ruled_out: diagnosis
                .ruled_out
                .iter()
                .map(|RuledOut { cause, why }| RuledOutJson { cause: *cause, why: not_checked::excluded(why) })
                .collect(),
            not_checked: diagnosis
                .not_checked
                .iter()
                .map(|NotChecked { what, why }| NotCheckedJson {
                    what: not_checked::what(what),
                    why: not_checked::why(why),
                })
                .collect(),
            contradictions: diagnosis.contradictions.iter().map(remarks::contradiction).collect(),
            advice: diagnosis.advice.iter().map(remarks::advice).collect(),
            warnings: diagnosis.warnings.iter().map(remarks::warning).collect(),
            observations: diagnosis
                .calls
                .iter()
                .map(|Call { api, outcome, started_ms, duration_ms, shared, request_id, error }| ObservationJson {
                    api,
                    outcome: *outcome,
                    started_ms: *started_ms,
                    duration_ms: *duration_ms,
                    shared: *shared,
                    request_id: request_id.as_deref(),
                    error: error.as_ref(),
                })
                .collect(),
        }
    }
}

fn gate(gate: &Gate) -> GateJson {
    GateJson {
        name: gate.name.as_str(),
        state: gate.state.as_str(),
        certainty: gate.certainty.map(crate::diagnose::Certainty::as_str),
        basis: gate.basis.iter().map(wording::basis).collect(),
    }
}

fn requirement(requirement: &Requirement) -> RequirementJson<'_> {
    RequirementJson {
        whose: requirement.whose.as_str(),
        action: &requirement.request.action,
        resource: &requirement.request.resource,
        requested_region: requirement.request.requested_region(),
        hard: requirement.is_hard,
        decision: requirement.decision,
        policy_type: requirement.policy_type,
        judged_by: match requirement.judged_by {
            JudgedBy::Nothing => None,
            JudgedBy::Simulator => Some("simulator"),
            JudgedBy::Policies => Some("policies"),
            JudgedBy::Both => Some("simulator-and-policies"),
            JudgedBy::Aws => Some("aws"),
        },
        decided_by: requirement.decided_by.iter().map(decided_by).collect(),
        near_misses: requirement.near_misses.iter().map(near_miss).collect(),
        missing_context: &requirement.missing_context,
        unread: requirement.unread.as_ref().map(not_checked::why),
    }
}

fn trust(trust: &Trust) -> TrustJson<'_> {
    TrustJson {
        role: trust.role.to_string(),
        service: trust.service.as_str(),
        principal: trust.service.principal(),
        action: trust.action,
        decision: trust.decision,
        trusts: &trust.trusts,
        unread: trust.unread.as_ref().map(not_checked::why),
    }
}

fn decided_by(statement: &DecidedBy) -> DecidedByJson<'_> {
    DecidedByJson {
        policy_type: statement.policy_type,
        policy: statement.policy.as_deref(),
        statement: statement.statement,
        sid: statement.sid.as_deref(),
        line: statement.line,
        column: statement.column,
        quote: statement.quote.as_deref(),
        conditions: &statement.conditions,
    }
}

fn near_miss(near: &NearMiss) -> NearMissJson<'_> {
    NearMissJson { statement: decided_by(&near.statement), says: statements::near_miss(near), misses: &near.misses }
}

fn finding_json<'d>(finding: &'d Finding, diagnosis: &Diagnosis) -> FindingJson<'d> {
    FindingJson {
        cause: finding.cause,
        family: finding.cause.family(),
        certainty: finding.certainty.as_str(),
        likely: finding.is_likely,
        decision: finding.decision,
        summary: wording::summary(finding, diagnosis),
        action: finding.action.as_deref(),
        resource: finding.resources.first().map(String::as_str),
        resources: &finding.resources,
        basis: finding.basis.iter().map(wording::basis).collect(),
        remedy: RemedyJson {
            who: wording::who(finding),
            steps: wording::steps(finding),
            notes: finding.remedy.notes.iter().map(steps::note).collect(),
            commands: &finding.remedy.commands,
            console: finding.remedy.console.as_deref(),
            policy: finding.remedy.policy.as_ref(),
            takes_effect: wording::takes_effect(finding),
            verified: finding.remedy.verified.map(crate::diagnose::Verified::as_str),
            changes: finding.remedy.changes.iter().map(change).collect(),
        },
        alternatives: &finding.alternatives,
    }
}

fn statement(statement: &DecidedBy) -> StatementJson<'_> {
    StatementJson {
        statement: statement.statement,
        sid: statement.sid.as_deref(),
        line: statement.line,
        column: statement.column,
    }
}

fn change(change: &Change) -> ChangeJson<'_> {
    ChangeJson {
        change: change.kind.as_str(),
        policy_type: change.policy_type,
        policy: change.policy.as_deref(),
        attached_to: change.attached_to.as_deref(),
        statements: change.statements.iter().map(statement).collect(),
        document: match &change.kind {
            ChangeKind::ExemptUnread { keys, .. } => Some(Value::Object(keys.clone())),
            kind => kind.document().cloned(),
        },
        value: change.kind.value(),
    }
}
