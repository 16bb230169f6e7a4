//! The diagnosis: every rule over the case, the findings ranked, the verdict, and then the remedies.

use super::case::{Case, form_submitted};
use super::diagnosis::{CallerSummary, Diagnosis, Gate, ModelAccess, PrincipalSummary, RequestSummary};
use super::document::{PolicyDocument, is_concerned};
use super::evaluate::{Judged, Requirements};
use super::finding::{self, Basis, EvaluatedBy, Finding};
use super::found::Found;
use super::remark::Advice;
use super::requirement::Trust;
use super::rules::{
    credentials, model_access, pasted_error, permissions, recorded_authorization, test_call, trust_policy,
};
use super::{not_checked, remedy, verdict};
use crate::bedrock::Whose;
use crate::cause::{Cause, Family};
use crate::evidence::{Availability, BedrockApiKey, Evidence, Listing};
use crate::explain::Alternative;
use crate::iam::{Arn, PolicyType};

/// Returns why the call is refused, or that it is allowed, or what would settle it.
#[must_use]
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    let case = Case::new(evidence);
    let judged = Judged::new(&case);
    let mut diagnosis = conclude(&case, &judged);
    remedy::add_to(&mut diagnosis.findings, &case, &judged);
    diagnosis.documents = documents(&case, &diagnosis.findings);
    let Diagnosis { findings, requirements, documents, principal, .. } = &mut diagnosis;
    remedy::add_smallest(findings, requirements, documents, principal.arn.as_ref());
    diagnosis
}

/// Diagnoses without remedies: for many calls, of which only the verdict is shown.
pub(crate) fn without_remedies(evidence: &Evidence) -> Diagnosis {
    let case = Case::new(evidence);
    let judged = Judged::new(&case);
    conclude(&case, &judged)
}

/// Runs every rule, ranks what they found, and decides.
fn conclude(case: &Case<'_>, judged: &Judged) -> Diagnosis {
    let evidence = case.evidence;
    let trusts = trust_policy::read(case);
    let mut found = first_pass(case, judged, &trusts);
    let mut requirements = judged.all();
    let past = second_pass(case, judged, &found, &trusts.seen);
    // What a given error leaves open comes first.
    found.not_checked.splice(..0, past.not_checked);
    found.findings.extend(past.findings);
    keep_wrong_id_alone(&mut found.findings);
    keep_wrong_role_alone(&mut found.findings);
    found.advice.extend(past.advice);
    let findings = finding::rank(finding::merge(found.findings));
    if let Some(evaluated) = recorded_authorization::of_test_call(case) {
        evaluated.override_with_record(&mut requirements.requirements);
    }

    if case.test_call.is_authorized() {
        found.gates.iter_mut().for_each(Gate::pass);
    }
    let mut ruling = verdict::decide(case, &requirements, &found.not_checked, findings);
    let not_checked = not_checked::list(case, &requirements, &found.not_checked, ruling.verdict);
    let account_seen = evidence.caller.seen();
    found.advice.extend(advice(evidence));
    found.advice.extend(judged.caller.advice.iter().cloned());
    let ruled_out = verdict::ruled_out(case, &requirements, &found.gates, &trusts.seen, &ruling.findings);
    let is_left = |alternative: &Alternative| ruled_out.iter().all(|out| out.cause != alternative.cause);
    for finding in &mut ruling.findings {
        // What a text may mean as well is settled by what was read.
        finding.alternatives.retain(is_left);
    }
    let contradictions =
        [past.contradictions, test_call::contradictions(case, &requirements), requirements.contradictions()];
    Diagnosis {
        documented_cause: ruling.documented_cause(),
        likely_cause: ruling.likely_cause(),
        ruled_out,
        contradictions: contradictions.concat(),
        verdict: ruling.verdict,
        certainty: ruling.certainty,
        documents: Vec::new(),
        findings: ruling.findings,
        sandbox: evidence.sandbox.clone(),
        observed_at: evidence.observed_at.clone(),
        request: RequestSummary {
            model: evidence.request.model.clone(),
            operation: evidence.request.operation,
            region: evidence.request.region.clone(),
            resources: evidence.request.resources.clone(),
            service_role: evidence.request.service_role.clone(),
        },
        caller: CallerSummary {
            arn: account_seen.map(|caller| caller.principal.arn.clone()),
            account: account_seen.map(|caller| caller.account.clone()),
            principal_arn: evidence.is_about_the_caller().then(|| requirements.principal.clone()).flatten(),
            kind: account_seen.map(|caller| caller.principal.kind),
            credential_source: evidence.credentials.seen().map(|credentials| credentials.source.clone()),
            expires_at: evidence.credentials.seen().and_then(|credentials| credentials.expires_at.clone()),
        },
        principal: principal_summary(evidence, requirements.principal.clone()),
        requirements: requirements.requirements,
        trust: trusts.seen,
        model_access: model_access_of(evidence),
        gates: found.gates,
        invocation: case.test_call.invocation.clone(),
        not_checked,
        advice: found.advice,
        warnings: credentials::warnings(evidence),
        calls: evidence.calls.clone(),
        again: remedy::check_again(evidence),
    }
}

/// Runs the rules that look at the evidence alone.
fn first_pass(case: &Case<'_>, judged: &Judged, trusts: &trust_policy::Trusts) -> Found {
    let mut found = Found { findings: credentials::findings(case), ..Found::default() };
    found.findings.extend(test_call::finding(case, &judged.caller));
    found.findings.extend(recorded_authorization::of_test_call(case).iter().flat_map(|record| record.findings()));
    found.findings.extend(permissions::findings(&judged.caller));
    found.findings.extend(permissions::of_service_role(&judged.service_role));
    found.findings.extend(trusts.findings.iter().cloned());
    found.extend(model_access::find(case));
    found.not_checked.extend(trusts.not_checked.iter().cloned());
    found
}

/// Compares a given error with what the first pass found.
fn second_pass(case: &Case<'_>, judged: &Judged, first: &Found, trust: &[Trust]) -> Found {
    if case.pasted.is_none() {
        return Found::default();
    }
    let excluded = verdict::ruled_out(case, &judged.caller, &first.gates, trust, &first.findings);
    let mut past = pasted_error::compare(case, &judged.caller, &first.findings, &excluded);
    if !past.findings.is_empty() {
        let record = recorded_authorization::of_given_error(case);
        past.findings.splice(..0, record.iter().flat_map(|record| record.findings()));
    }
    past
}

/// Drops what follows from an id that nothing lists: whether IAM allows calling it, and whether the account has access to
/// it, are not questions. What AWS itself answered stays.
fn keep_wrong_id_alone(findings: &mut Vec<Finding>) {
    let is_of_id = |finding: &Finding| {
        finding.basis.iter().any(|basis| {
            matches!(basis, Basis::NotListed { .. } | Basis::Refused { api: "bedrock:GetInferenceProfile", .. })
        })
    };
    if !findings.iter().any(is_of_id) {
        return;
    }
    let is_answered = |finding: &Finding| {
        finding.basis.iter().any(|basis| {
            matches!(
                basis,
                Basis::TestCall(_) | Basis::GivenError(_) | Basis::Evaluated { by: EvaluatedBy::Aws { .. }, .. }
            )
        })
    };
    findings.retain(|finding| {
        let is_about_model = matches!(finding.cause.family(), Family::IamPermission | Family::ModelAccess);
        is_of_id(finding) || is_answered(finding) || !is_about_model || finding.whose == Whose::ServiceRole
    });
}

/// Drops that a role may not be passed which cannot be passed: no permission changes that.
fn keep_wrong_role_alone(findings: &mut Vec<Finding>) {
    let is_of_role = |finding: &Finding| {
        let first = finding.basis.first();
        matches!(first, Some(Basis::WrongServiceRole(_) | Basis::Refused { api: "iam:GetRole", .. }))
    };
    if findings.iter().any(is_of_role) {
        let is_pass_role = |finding: &Finding| finding.action.as_deref() == Some("iam:PassRole");
        let is_allow = |finding: &Finding| finding.cause == Cause::IdentityPolicyMissingAllow;
        findings.retain(|finding| is_of_role(finding) || !is_pass_role(finding) || !is_allow(finding));
    }
}

/// What is no cause and may become one.
fn advice(evidence: &Evidence) -> Vec<Advice> {
    let is_empty = evidence.credentials.seen().is_some_and(|seen| seen.api_key == Some(BedrockApiKey::Empty));
    is_empty.then_some(Advice::EmptyApiKey).into_iter().chain(read_in_account(evidence)).collect()
}

/// Returns how the same is asked in the account of a principal that is not the caller's.
fn read_in_account(evidence: &Evidence) -> Option<Advice> {
    if !evidence.is_about_another_account() {
        return None;
    }
    let account = evidence.subject().account()?.to_owned();
    let role = Arn::new(evidence.request.region.partition().as_str(), "iam", "", &account, "role/ROLE");
    Some(Advice::ReadInAccount { command: remedy::check_as(evidence, &role), account })
}

/// Returns the documents that findings quote or change, each once.
fn documents(case: &Case<'_>, findings: &[Finding]) -> Vec<PolicyDocument> {
    let mut documents = case.attached.as_ref().map(|attached| attached.documents()).unwrap_or_default();
    documents.extend(case.unsimulated.iter().map(|policy| PolicyDocument {
        policy_type: policy.policy_type,
        policy: policy.name.clone(),
        holder: None,
        text: policy.text.to_owned(),
    }));
    documents.extend(trust_policies(case.evidence));
    documents.retain(|document| is_concerned(document, findings));
    documents
}

/// Returns the role trust policies that were read: that of the principal itself, and the service role's.
fn trust_policies(evidence: &Evidence) -> Vec<PolicyDocument> {
    let own = evidence.principal.seen().and_then(|source| source.candidates.first());
    let own_trust = evidence.policies.entity.seen().and_then(|entity| entity.trust.as_ref());
    let service_role = evidence.service_role.seen();
    let roles = [own.zip(own_trust), service_role.and_then(|role| Some((&role.arn, role.trust.as_ref()?)))];
    let document = |(role, text): (&Arn, &String)| PolicyDocument {
        policy_type: PolicyType::ResourcePolicy,
        policy: role.to_string(),
        holder: None,
        text: text.clone(),
    };
    roles.into_iter().flatten().map(document).collect()
}

impl Judged {
    /// Returns the requirements of the caller, and behind them those of the service role.
    fn all(&self) -> Requirements {
        let mut all = self.caller.clone();
        all.requirements.extend(self.service_role.requirements.iter().cloned());
        all
    }
}

fn principal_summary(evidence: &Evidence, simulated: Option<Arn>) -> PrincipalSummary {
    let subject = evidence.subject();
    PrincipalSummary {
        kind: subject.principal.as_ref().map(|principal| principal.kind),
        arn: simulated.or_else(|| subject.principal.map(|principal| principal.arn)),
        chosen_by: subject.chosen_by,
        found_by: evidence.principal.seen().map(|source| source.found_by),
    }
}

fn model_access_of(evidence: &Evidence) -> ModelAccess {
    let listing: Option<&Listing> = evidence.listing.seen();
    let listed = listing.and_then(|listing| listing.model.as_ref());
    let availability: Option<&Availability> = evidence.availability.seen();
    let field = |pick: fn(&Availability) -> &Option<String>| availability.and_then(|fields| pick(fields).clone());
    ModelAccess {
        model: evidence.base_model().map(str::to_owned),
        listed: listing.map(|listing| listing.model.is_some()),
        lifecycle: listed.and_then(|model| model.lifecycle.clone()),
        agreement: field(|fields| &fields.agreement),
        authorization: field(|fields| &fields.authorization),
        entitlement: field(|fields| &fields.entitlement),
        region: field(|fields| &fields.region),
        use_case_form: form_submitted(&evidence.use_case_form),
    }
}
