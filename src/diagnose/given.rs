//! Policies that the user gives because no API shows them: the session policy and the VPC endpoint policy.
//!
//! The policy simulator evaluates neither (IAM User Guide, "IAM policy testing with the IAM policy simulator"), so the
//! engine does. What it finds can only refuse: each of the two restricts, and neither grants.

use super::requirements::{JudgedBy, Requirement};
use super::statement::{self, DecidedBy};
use crate::bedrock::Whose;
use crate::evidence::Evidence;
use crate::iam::{Arn, Decision, PolicyType, RequestContext};
use crate::policy::{Document, Evaluation, Policies, Policy, Question, StatementRef, evaluate};
use crate::request::GivenPolicy;

/// What stands in for everything else: the given policy alone is to be judged.
const EVERYTHING: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// Keys that a call carries only where a requirement's context holds them.
const KNOWN_ABSENT: [&str; 8] = [
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "bedrock:BearerTokenType",
    "bedrock:GuardrailIdentifier",
    "bedrock:InferenceProfileArn",
    "bedrock:PromptRouterArn",
    "aws:SourceAccount",
];

/// Judges every requirement by the given policies, and returns what refuses or cannot be told beside the first decision.
///
/// A requirement that is not refused otherwise takes over the decision; of one that is, the further refusal is returned, so
/// that both are mended at once.
pub(super) fn judge(
    evidence: &Evidence,
    principal: Option<&Arn>,
    requirements: &mut [Requirement],
) -> Vec<Requirement> {
    let given = &evidence.request.policies;
    let mut further = Vec::new();
    for (policy_type, policy) in
        [(PolicyType::SessionPolicy, &given.session), (PolicyType::VpcEndpointPolicy, &given.vpc_endpoint)]
    {
        let Some(policy) = policy else { continue };
        let layer = match Layer::new(policy_type, policy) {
            Ok(layer) => layer,
            Err(why) => {
                requirements.iter_mut().for_each(|requirement| leave_open(requirement, &why));
                continue;
            }
        };
        for requirement in requirements.iter_mut() {
            let judged = layer.judge(evidence, principal, &requirement.request);
            match judged.decision {
                Decision::Allowed => {}
                Decision::Undetermined => leave_open(requirement, judged.unread.as_deref().unwrap_or_default()),
                _ if requirement.decision.is_denied() => further.push(judged),
                _ => *requirement = judged,
            }
        }
    }
    further
}

/// A requirement that is allowed otherwise is not, as long as a given policy leaves it open.
fn leave_open(requirement: &mut Requirement, why: &str) {
    if requirement.decision == Decision::Allowed {
        requirement.decision = Decision::Undetermined;
        requirement.decided_by.clear();
        requirement.unread = Some(why.to_owned());
    }
}

struct Layer<'p> {
    policy_type: PolicyType,
    policy: &'p GivenPolicy,
    policies: Policies,
    /// The condition keys that the policy looks at.
    keys: Vec<String>,
}

impl<'p> Layer<'p> {
    fn new(policy_type: PolicyType, policy: &'p GivenPolicy) -> Result<Self, String> {
        let document = Document::parse(&policy.document)
            .map_err(|error| format!("the given {policy_type} `{}` is not a policy: {error}", policy.name))?;
        let everything = Document::parse(EVERYTHING).map_err(|error| error.to_string())?;
        let keys = document.statements().iter().flat_map(|statement| statement.keys()).map(str::to_owned).collect();
        let mut policies = Policies { identity: vec![Policy::unnamed(everything)], ..Policies::default() };
        let given = Policy::new(policy.name.clone(), document);
        match policy_type {
            PolicyType::SessionPolicy => policies.session = Some(vec![given]),
            _ => policies.vpc_endpoint = Some(given),
        }
        Ok(Self { policy_type, policy, policies, keys })
    }

    fn judge(&self, evidence: &Evidence, principal: Option<&Arn>, requirement: &RequestContext) -> Requirement {
        let mut request = requirement.clone();
        let caller = evidence.caller.seen().map(|caller| &caller.principal.arn);
        let who = principal.or(caller).map(ToString::to_string).unwrap_or_default();
        if let Some(account) = evidence.account()
            && request.context.get("aws:PrincipalAccount").is_none()
        {
            request.context.set("aws:PrincipalAccount", account.as_str());
        }
        let is_known = |key: &String| {
            request.context.get(key).is_some() || KNOWN_ABSENT.iter().any(|known| known.eq_ignore_ascii_case(key))
        };
        let unknown: Vec<String> = self.keys.iter().filter(|key| !is_known(key)).cloned().collect();
        let evaluation = evaluate(&Question { principal: &who, request: &request, unknown: &unknown }, &self.policies);
        self.requirement(evidence, requirement, &evaluation)
    }

    fn requirement(&self, evidence: &Evidence, requirement: &RequestContext, evaluation: &Evaluation) -> Requirement {
        let mut decision = evaluation.decision;
        let mut unread = None;
        // Whether an endpoint's policy is asked about the models of other Regions is documented nowhere.
        let elsewhere = requirement.requested_region() != Some(evidence.request.region.as_str());
        if self.policy_type == PolicyType::VpcEndpointPolicy && elsewhere && decision != Decision::Allowed {
            decision = Decision::Undetermined;
            unread = Some(
                "the VPC endpoint policy does not allow it, and whether it is asked about other Regions than its own is documented nowhere"
                    .to_owned(),
            );
        } else if decision == Decision::Undetermined {
            unread = Some(format!(
                "the given {} `{}` hangs on {}; `--context` gives them",
                self.policy_type,
                self.policy.name,
                evaluation.unknown_keys.join(", ")
            ));
        }
        Requirement {
            whose: Whose::Caller,
            request: requirement.clone(),
            decision,
            policy_type: decision.is_denied().then_some(self.policy_type),
            judged_by: JudgedBy::Policies,
            decided_by: evaluation.decided_by.iter().filter_map(|statement| self.decided_by(statement)).collect(),
            near_misses: Vec::new(),
            missing_context: Vec::new(),
            unread,
            contradiction: None,
        }
    }

    fn decided_by(&self, statement: &StatementRef) -> Option<DecidedBy> {
        (statement.policy_type == self.policy_type).then(|| DecidedBy {
            policy_type: self.policy_type,
            source: None,
            holder: None,
            policy: statement.policy.clone(),
            statement: Some(statement.statement),
            sid: statement.sid.clone(),
            line: u32::try_from(statement.line).ok(),
            column: u32::try_from(statement.column).ok(),
            quote: self.quote(statement.statement),
            conditions: Vec::new(),
        })
    }

    fn quote(&self, index: usize) -> Option<String> {
        let document = match self.policy_type {
            PolicyType::SessionPolicy => self.policies.session.as_ref()?.first()?,
            _ => self.policies.vpc_endpoint.as_ref()?,
        };
        let found = document.document.statements().iter().find(|statement| statement.index() == index)?;
        statement::quote(found, &self.policy.document)
    }
}
