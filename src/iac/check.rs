//! What a deployment would allow: for every role its calls, who may assume it, who may pass it, and mistakes in policies.
//!
//! Takes facts, gives typed results with a change for each finding where one was tried and helps. Knows no format and
//! words nothing but findings' parts that name what was found.

use super::decide::{Judge, Judged, unknown_parts};
use super::facts::{Facts, NamedGuardrail, NamedModel, PolicySource, Profile, Role, Unknown, Workload};
use super::node::{Node, Place, is_partly_unknown, readable};
use super::settings::Settings;
use crate::bedrock::{InferenceProfile, ModelReference, Operation, ProfileKind, Region, system_profile};
use crate::iam::{Arn, AssumingService, ContextKeys, Decision, PolicyType, RequestContext};
use crate::policy::edit::with_added;
use crate::policy::{Severity, StatementRef, least_privilege, lint};
use crate::request::Request;
use serde_json::{Value as Json, json};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The deployment does not work as declared.
    Error,
    /// It may not.
    Warning,
    /// Worth knowing.
    Note,
}

/// What kind of finding it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A role may not make a call that the file implies.
    CallDenied,
    /// The service that runs with a role may not assume it.
    TrustDenied,
    /// A mistake in a policy; the lint's own code.
    Lint(&'static str),
}

impl Code {
    /// Returns the kebab-case code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallDenied => "call-denied",
            Self::TrustDenied => "trust-denied",
            Self::Lint(code) => code,
        }
    }
}

/// A change that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// `true` if it grants what the call needs and nothing else, or loses nothing.
    pub safe: bool,
    /// The policy statements to add or to put in the old ones' place.
    pub policy: Json,
    /// The policy that they belong to.
    pub target: ChangeTarget,
    /// What the statements name that only the deployment makes, and how the file's language refers to it.
    pub references: Vec<Reference>,
}

/// An ARN in a change that stands for an attribute of a resource of the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The ARN as the change has it.
    pub arn: String,
    /// The resource's address.
    pub address: String,
    /// The attribute that holds its ARN.
    pub attribute: &'static str,
}

/// Which policy a change is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeTarget {
    /// The role's permissions, or the policy that the finding is about.
    IdentityPolicy,
    /// The role's trust policy.
    TrustPolicy,
    /// A policy that limits the role: its kind, and the address at which the file declares it.
    Limit(PolicyType, String),
}

/// Something to fix.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind it is.
    pub code: Code,
    /// How bad it is.
    pub level: Level,
    /// The resource's address.
    pub address: String,
    /// The file.
    pub file: String,
    /// Where in the file.
    pub place: Place,
    /// What is wrong.
    pub problem: Problem,
    /// What fixes it, where that was tried.
    pub change: Option<Change>,
}

/// What is wrong, for the report to word.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// A role may not make a call.
    Call {
        /// The role's address.
        role: String,
        /// The model.
        model: String,
        /// Who names the model.
        named_by: String,
        /// The requirements that are denied.
        denied: Vec<DeniedRequirement>,
    },
    /// A service may not assume a role.
    Trust {
        /// The service.
        service: String,
        /// What runs with the role.
        workload: String,
    },
    /// The lint's message.
    Lint(String),
}

/// A requirement that is denied.
#[derive(Clone, Debug, PartialEq)]
pub struct DeniedRequirement {
    /// The action.
    pub action: String,
    /// The resource, with `${…}` for what only the deployment makes.
    pub resource: String,
    /// The kind of policy that denies it, by a statement or for want of one.
    pub policy_type: Option<PolicyType>,
    /// The statement that denies it explicitly.
    pub denied_by: Option<StatementRef>,
}

/// A requirement and its decision.
#[derive(Clone, Debug)]
pub struct CheckedRequirement {
    /// The action.
    pub action: String,
    /// The resource, with `${…}` for what only the deployment makes.
    pub resource: String,
    /// The Region in which it is evaluated.
    pub requested_region: Option<String>,
    /// The decision.
    pub decision: Decision,
    /// The statements that decided.
    pub decided_by: Vec<StatementRef>,
}

/// A call that a role makes.
#[derive(Clone, Debug)]
pub struct CheckedCall {
    /// The model, with `${…}` for what only the deployment makes.
    pub model: String,
    /// The operation.
    pub operation: Operation,
    /// The Region.
    pub region: Option<String>,
    /// Who names the model.
    pub named_by: String,
    /// The verdict.
    pub verdict: Decision,
    /// Every requirement.
    pub requirements: Vec<CheckedRequirement>,
}

/// A role and what it may do.
#[derive(Clone, Debug)]
pub struct CheckedRole {
    /// Its address.
    pub address: String,
    /// Its name, where the file gives it one.
    pub name: Option<String>,
    /// The services that run with it.
    pub services: Vec<String>,
    /// Its calls.
    pub calls: Vec<CheckedCall>,
    /// Whether each service may assume it.
    pub trust: Vec<(String, Decision)>,
    /// Whether each role that deploys may pass it.
    pub pass_role: Vec<(String, Decision)>,
}

/// What the check of one file gives.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The roles that something runs with.
    pub roles: Vec<CheckedRole>,
    /// What to fix.
    pub findings: Vec<Finding>,
    /// What is not known before the deployment.
    pub unknown: Vec<Unknown>,
}

/// Checks the facts of one file; `models` are called by everything that runs.
pub(crate) fn check(facts: &Facts, file: &str, settings: &Settings, models: &[ModelReference]) -> Checked {
    let mut checker = Checker { facts, file, settings, checked: Checked::default() };
    checker.checked.unknown.clone_from(&facts.unknown);
    for document in &facts.documents {
        checker.lint(document);
    }
    for role in &facts.roles {
        checker.role(role, models);
    }
    for workload in &facts.workloads {
        if !facts.roles.iter().any(|role| role.is_named(&workload.role)) && !workload.models.is_empty() {
            let what = format!("the role `{}`, which these files do not declare", readable(&workload.role));
            checker.unknown(&workload.address, what);
        }
    }
    let mut checked = checker.checked;
    checked.findings.sort_by(|a, b| (a.level, a.place.line, &a.address).cmp(&(b.level, b.place.line, &b.address)));
    checked.findings.dedup_by(|a, b| a.code == b.code && a.address == b.address && a.problem == b.problem);
    checked
}

struct Checker<'c> {
    facts: &'c Facts,
    file: &'c str,
    settings: &'c Settings,
    checked: Checked,
}

impl Checker<'_> {
    fn unknown(&mut self, address: &str, what: String) {
        let unknown = Unknown { address: address.to_owned(), what };
        if !self.checked.unknown.contains(&unknown) {
            self.checked.unknown.push(unknown);
        }
    }

    fn finding(&mut self, code: Code, level: Level, at: (&str, Place), problem: Problem, change: Option<Change>) {
        let (address, place) = at;
        let file = self.file.to_owned();
        let change = change.map(|mut change| {
            change.references = self.references(&change.policy, address);
            change
        });
        self.checked.findings.push(Finding { code, level, address: address.to_owned(), file, place, problem, change });
    }

    /// Lists what a change names that the file makes; another module's resources have no name where the change stands.
    fn references(&self, policy: &Json, address: &str) -> Vec<Reference> {
        let text = policy.to_string();
        let module = |address: &str| address.split_once("aws_").map(|(module, _)| module.to_owned());
        let own = module(address);
        let made = self.facts.made.iter().filter(|made| module(&made.address) == own);
        made.filter(|made| text.contains(&format!("\"{}\"", made.arn)))
            .map(|made| Reference { arn: made.arn.clone(), address: made.address.clone(), attribute: made.attribute })
            .collect()
    }

    /// Returns a resource as people read it.
    fn shown(&self, resource: &str) -> String {
        let made = self.facts.made.iter().find(|made| made.arn == resource);
        made.map_or_else(|| readable(resource), |made| made.shown.clone())
    }

    /// Lints a document: places are those of its statements in the file.
    fn lint(&mut self, source: &PolicySource) {
        let Some(document) = &source.document else { return };
        let text = format!("{:#}", document.to_json());
        if !text.contains("bedrock") {
            return;
        }
        let lines: Vec<&str> = text.lines().collect();
        let statements = document.get("Statement").map(Node::items).unwrap_or_default();
        for found in lint(&text) {
            // What is flagged may be right once the deployment has filled it in.
            let flagged = lines.get(found.line.saturating_sub(1)..found.end_line.min(lines.len())).unwrap_or_default();
            if flagged.iter().any(|line| is_partly_unknown(line)) {
                continue;
            }
            let place = found.statement.and_then(|index| statements.get(index)).map_or(source.place, |node| node.place);
            let level = match found.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
                Severity::Note => Level::Note,
            };
            // A correction may be of several statements.
            let change = found.corrected.map(|corrected| Change {
                safe: true,
                policy: json!({
                    "Version": "2012-10-17",
                    "Statement": if corrected.is_array() { corrected } else { json!([corrected]) },
                }),
                target: ChangeTarget::IdentityPolicy,
                references: Vec::new(),
            });
            let problem = Problem::Lint(found.message);
            self.finding(Code::Lint(found.code.as_str()), level, (&source.address, place), problem, change);
        }
    }

    fn role(&mut self, role: &Role, models: &[ModelReference]) {
        let workloads: Vec<&Workload> =
            self.facts.workloads.iter().filter(|workload| role.is_named(&workload.role)).collect();
        if workloads.is_empty() {
            return;
        }
        let mut services: Vec<String> = workloads.iter().map(|workload| workload.service.to_owned()).collect();
        services.sort_unstable();
        services.dedup();
        let mut calls: Vec<CheckedCall> = Vec::new();
        for workload in &workloads {
            let given = models.iter().filter(|_| workload.service != "bedrock.amazonaws.com").map(|model| NamedModel {
                model: model.clone(),
                shown: model.to_string(),
                operation: Operation::InvokeModel,
                named_by: "--model".to_owned(),
            });
            let given: Vec<NamedModel> = given.collect();
            for named in workload.models.iter().chain(&given) {
                let call = self.call(role, workload, named);
                let same = |known: &CheckedCall| known.model == call.model && known.named_by == call.named_by;
                if !calls.iter().any(same) {
                    calls.push(call);
                }
            }
        }
        let trust = services.iter().map(|service| (service.clone(), self.trust(role, service, &workloads))).collect();
        let pass_role = self.pass_role(role, &services);
        self.checked.roles.push(CheckedRole {
            address: role.address.clone(),
            name: (!is_partly_unknown(&role.name)).then(|| role.name.clone()),
            services,
            calls,
            trust,
            pass_role,
        });
    }

    fn call(&mut self, role: &Role, workload: &Workload, named: &NamedModel) -> CheckedCall {
        let region = named.model.region().map(str::to_owned).or_else(|| self.settings.region.clone());
        let parsed = region.as_deref().and_then(|region| region.parse::<Region>().ok());
        let model = named.shown.clone();
        let mut call = CheckedCall {
            model: model.clone(),
            operation: named.operation,
            region: region.clone(),
            named_by: named.named_by.clone(),
            verdict: Decision::Undetermined,
            requirements: Vec::new(),
        };
        let Some(parsed) = parsed else {
            self.unknown(&named.named_by, "the Region of the call".to_owned());
            return call;
        };
        let (mut requirements, unlisted) = self.requirements(role, named, &parsed);
        require_guardrails(&mut requirements, &workload.guardrails, &parsed);
        for what in unlisted {
            self.unknown(&named.named_by, what);
            call.requirements.push(CheckedRequirement {
                action: "bedrock:InvokeModel".to_owned(),
                resource: "*".to_owned(),
                requested_region: None,
                decision: Decision::Undetermined,
                decided_by: Vec::new(),
            });
        }
        let endpoints: Vec<&PolicySource> =
            if workload.in_vpc { self.facts.vpc_endpoint.iter().collect() } else { Vec::new() };
        let judge = Judge::new(role, &endpoints, &[]);
        let organization: Vec<&PolicySource> = self.facts.service_control.iter().collect();
        let restricted = (!organization.is_empty()).then(|| Judge::new(role, &endpoints, &organization));
        let mut denied = Vec::new();
        for requirement in &requirements {
            let mut judged = judge.decide(requirement);
            // Whether an organization's policy of the same file applies to this account, the file does not tell.
            if let Some(restricted) = &restricted
                && judged.decision == Decision::Allowed
                && restricted.decide(requirement).decision != Decision::Allowed
            {
                judged.decision = Decision::Undetermined;
                judged.depends_on.push("whether the service control policy applies to this account".to_owned());
            }
            self.depends(role, &judged);
            if matches!(judged.decision, Decision::ExplicitDeny | Decision::ImplicitDeny) {
                denied.push((requirement.clone(), judged.clone()));
            }
            call.requirements.push(CheckedRequirement {
                action: requirement.action.clone(),
                resource: self.shown(&requirement.resource),
                requested_region: requirement.requested_region().map(str::to_owned),
                decision: judged.decision,
                decided_by: judged.decided_by,
            });
        }
        call.verdict = verdict(call.requirements.iter().map(|requirement| requirement.decision));
        if !denied.is_empty() {
            let change = grant(&judge, &denied).or_else(|| lift(role, &endpoints, &denied));
            let denied = denied
                .iter()
                .map(|(requirement, judged)| DeniedRequirement {
                    action: requirement.action.clone(),
                    resource: self.shown(&requirement.resource),
                    policy_type: judged.policy_type,
                    denied_by: (judged.decision == Decision::ExplicitDeny)
                        .then(|| judged.decided_by.first().cloned())
                        .flatten(),
                })
                .collect();
            let problem = Problem::Call { role: role.address.clone(), model, named_by: named.named_by.clone(), denied };
            self.finding(Code::CallDenied, Level::Error, (&role.address, role.place), problem, change);
        }
        call
    }

    /// Lists what the role must be allowed; prompts of the file are followed to the models that they name.
    fn requirements(&self, role: &Role, named: &NamedModel, region: &Region) -> (Vec<RequestContext>, Vec<String>) {
        let target = named.model.to_string();
        let prompt = self.facts.prompts.iter().find(|prompt| prompt.arn == target && !prompt.models.is_empty());
        let Some(prompt) = prompt else { return self.of_model(role, named, &named.model, region) };
        // To render the prompt is the first; which model it names, is known here.
        let (mut list, _) = self.of_model(role, named, &named.model, region);
        let mut unlisted = Vec::new();
        for model in &prompt.models {
            // A prompt that names a prompt is not followed: Bedrock takes none there, and it could name itself.
            let (of_model, more) = self.of_model(role, named, model, region);
            for requirement in of_model {
                if !list.contains(&requirement) {
                    list.push(requirement);
                }
            }
            unlisted.extend(more);
        }
        (list, unlisted)
    }

    /// Lists what the role must be allowed to call a model; application profiles of the file are followed to what they copy.
    fn of_model(
        &self,
        role: &Role,
        named: &NamedModel,
        model: &ModelReference,
        region: &Region,
    ) -> (Vec<RequestContext>, Vec<String>) {
        let account = self.settings.account.as_deref();
        let target = model.to_string();
        let profile = match self.facts.profiles.iter().find(|profile| profile.arn == target) {
            Some(own) => application_profile(own, region),
            None => system_profile(&target, region.as_str(), account.unwrap_or_default()),
        };
        let service_role = named.operation == Operation::CreateAgent;
        let mut request = Request::new(Some(model.clone()), named.operation, region.clone());
        if service_role {
            request.service_role = role.arn.parse().ok();
        }
        let requirements = request.requirements(profile.as_ref(), account);
        let list = if service_role { requirements.service_role } else { requirements.requirements };
        (list, requirements.unlisted)
    }

    fn depends(&mut self, role: &Role, judged: &Judged) {
        for what in &judged.depends_on {
            self.unknown(&role.address, readable(what));
        }
        if judged.decision == Decision::Undetermined && judged.depends_on.is_empty() {
            let parts = role.identity.iter().filter_map(|source| source.document.as_ref()).flat_map(unknown_parts);
            let parts: Vec<String> = parts.collect();
            for part in parts {
                self.unknown(&role.address, format!("`{part}` in a policy"));
            }
        }
    }

    fn trust(&mut self, role: &Role, service: &str, workloads: &[&Workload]) -> Decision {
        let Some(trust) = &role.trust else { return Decision::Undetermined };
        let mut context = ContextKeys::new();
        if let Some(account) = &self.settings.account {
            context.set("aws:SourceAccount", account.as_str());
        }
        let request = |action: &str| RequestContext {
            action: action.to_owned(),
            resource: role.arn.clone(),
            context: context.clone(),
        };
        let judged = Judge::of_trust(trust, service).decide(&request("sts:AssumeRole"));
        self.depends(role, &judged);
        if matches!(judged.decision, Decision::ExplicitDeny | Decision::ImplicitDeny) {
            let workload = workloads.iter().find(|workload| workload.service == service);
            let workload = workload.map(|workload| workload.address.clone()).unwrap_or_default();
            let statement = AssumingService::ALL.into_iter().find(|known| known.principal() == service).map_or_else(
                || json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}),
                |known| known.trust_statement(self.settings.account.as_deref(), &[]),
            );
            let change = (judged.decision == Decision::ImplicitDeny).then(|| Change {
                safe: true,
                policy: json!({"Version": "2012-10-17", "Statement": [without_empty_source(statement)]}),
                target: ChangeTarget::TrustPolicy,
                references: Vec::new(),
            });
            let problem = Problem::Trust { service: service.to_owned(), workload };
            self.finding(Code::TrustDenied, Level::Error, (&role.address, trust.place), problem, change);
        }
        judged.decision
    }

    /// Asks whether roles that pass roles at all may pass this one.
    fn pass_role(&mut self, role: &Role, services: &[String]) -> Vec<(String, Decision)> {
        let mut answers = Vec::new();
        for deployer in &self.facts.roles {
            let passes = deployer.identity.iter().filter_map(|source| source.document.as_ref());
            if deployer.address == role.address
                || !passes.clone().any(|document| document.to_json().to_string().contains("iam:PassRole"))
            {
                continue;
            }
            let judge = Judge::new(deployer, &[], &[]);
            let decisions: Vec<(&String, Decision)> = services
                .iter()
                .map(|service| {
                    let context = ContextKeys::new().with("iam:PassedToService", service.as_str());
                    let request =
                        RequestContext { action: "iam:PassRole".to_owned(), resource: role.arn.clone(), context };
                    (service, judge.decide(&request).decision)
                })
                .collect();
            answers.push((deployer.address.clone(), verdict(decisions.iter().map(|(_, decision)| *decision))));
        }
        answers
    }
}

/// The worst of several decisions.
fn verdict(decisions: impl Iterator<Item = Decision>) -> Decision {
    let rank = |decision: &Decision| match decision {
        Decision::ExplicitDeny => 0,
        Decision::ImplicitDeny => 1,
        Decision::Undetermined => 2,
        Decision::Allowed => 3,
    };
    decisions.min_by_key(rank).unwrap_or(Decision::Undetermined)
}

/// Writes the least policy for what is denied, where adding it lets every requirement through.
fn grant(judge: &Judge, denied: &[(RequestContext, Judged)]) -> Option<Change> {
    let by_identity = |judged: &Judged| {
        judged.decision == Decision::ImplicitDeny && judged.policy_type == Some(PolicyType::IdentityPolicy)
    };
    // A condition that is not met is to be met, and no statement without it goes round it.
    if !denied.iter().all(|(_, judged)| by_identity(judged) && !judged.misses_a_condition) {
        return None;
    }
    let requests: Vec<RequestContext> = denied.iter().map(|(requirement, _)| requirement.clone()).collect();
    let policy = least_privilege(&requests);
    let with = judge.with(&policy)?;
    let works = requests.iter().all(|request| with.decide(request).decision == Decision::Allowed);
    works.then_some(Change { safe: true, policy, target: ChangeTarget::IdentityPolicy, references: Vec::new() })
}

/// Writes what a limit of the role lacks, where it alone denies for want of an allow and adding that lets every requirement
/// through. Somebody set the limit, so that the change is never a safe one.
fn lift(role: &Role, endpoints: &[&PolicySource], denied: &[(RequestContext, Judged)]) -> Option<Change> {
    let policy_type = denied.first()?.1.policy_type?;
    let by_it = |judged: &Judged| judged.decision == Decision::ImplicitDeny && judged.policy_type == Some(policy_type);
    if !denied.iter().all(|(_, judged)| by_it(judged)) {
        return None;
    }
    let requests: Vec<RequestContext> = denied.iter().map(|(requirement, _)| requirement.clone()).collect();
    let mut policy = least_privilege(&requests);
    let (limit, judge) = match policy_type {
        PolicyType::PermissionsBoundary => {
            let boundary = role.boundary.as_ref()?;
            let lifted = Role { boundary: Some(with_statements(boundary, &policy)?), ..role.clone() };
            (boundary, Judge::new(&lifted, endpoints, &[]))
        }
        PolicyType::VpcEndpointPolicy => {
            let endpoint = *endpoints.first()?;
            for statement in policy.get_mut("Statement").and_then(Json::as_array_mut)?.iter_mut() {
                statement["Principal"] = json!("*");
                if !is_partly_unknown(&role.arn) {
                    statement["Condition"] = json!({"ArnEquals": {"aws:PrincipalArn": role.arn}});
                }
            }
            let lifted = with_statements(endpoint, &policy)?;
            (endpoint, Judge::new(role, &[&lifted], &[]))
        }
        _ => return None,
    };
    let works = requests.iter().all(|request| judge.decide(request).decision == Decision::Allowed);
    let target = ChangeTarget::Limit(policy_type, limit.address.clone());
    works.then_some(Change { safe: false, policy, target, references: Vec::new() })
}

/// Returns a policy with the statements of another.
fn with_statements(source: &PolicySource, more: &Json) -> Option<PolicySource> {
    let document = source.document.as_ref()?;
    let extended = with_added(&document.to_json(), more.get("Statement")?.as_array()?);
    Some(PolicySource { document: Some(Node::from_json(extended, source.place)), ..source.clone() })
}

/// Adds the permission to apply each guardrail, and its key to the calls that carry one
/// (Bedrock User Guide, "Set up permissions to use Amazon Bedrock Guardrails").
fn require_guardrails(requirements: &mut Vec<RequestContext>, guardrails: &[NamedGuardrail], region: &Region) {
    for guardrail in guardrails {
        if let Some(value) = &guardrail.passed_as {
            for requirement in &mut *requirements {
                requirement.context.set("bedrock:GuardrailIdentifier", value.clone());
            }
        }
        requirements.push(RequestContext {
            action: "bedrock:ApplyGuardrail".to_owned(),
            resource: guardrail.arn.clone(),
            context: ContextKeys::new().with("aws:RequestedRegion", region.as_str()),
        });
    }
}

/// Follows an application inference profile of the file to the models that it may reach.
fn application_profile(own: &Profile, region: &Region) -> Option<InferenceProfile> {
    let arn: Arn = own.arn.parse().ok()?;
    let source: ModelReference = own.source.parse().ok()?;
    let models = if source.is_profile() {
        system_profile(&own.source, region.as_str(), &arn.account)?.models
    } else {
        vec![own.source.parse().ok()?]
    };
    Some(InferenceProfile { id: arn.resource_id().to_owned(), arn, kind: ProfileKind::Application, models })
}

/// Leaves out a condition on the source that nothing is known of.
fn without_empty_source(mut statement: Json) -> Json {
    if let Some(condition) = statement.get_mut("Condition").and_then(Json::as_object_mut) {
        condition.retain(|_, keys| keys.get("aws:SourceArn") != Some(&json!([])));
        if condition.is_empty()
            && let Some(members) = statement.as_object_mut()
        {
            members.remove("Condition");
        }
    }
    statement
}
