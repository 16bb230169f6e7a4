//! Authorization cases: a request, the policies that have a say in it, and what is expected to come out.
//!
//! The form is that of `policy simulate --cases` and `policy test`. Reads text, and policies in other files
//! through a function that the caller hands in; opens nothing itself.

use super::json::{self, JsonError, Member, Node, Value};
use super::position::{Position, Positions};
use super::{Document, Evaluation, Note, ParseError, Policies, Policy, Question, StatementRef};
use crate::iam::{ContextKeys, ContextValue, Decision, PolicyType, RequestContext};
use serde::Serialize;

/// One authorization case.
#[derive(Clone, Debug)]
pub struct AuthorizationCase {
    /// What the answer is marked with: any JSON value, `null` where none was given.
    pub id: serde_json::Value,
    /// The caller's ARN.
    pub principal: String,
    /// Action, resource and the whole context.
    pub request: RequestContext,
    /// The condition keys that are not known.
    pub unknown: Vec<String>,
    /// The policies.
    pub policies: Policies,
    /// What should come out.
    pub expect: Option<Expectation>,
}

/// What a case should come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The decision.
    pub decision: Decision,
    /// The type of policy that refuses; `None` is not compared with a denial.
    pub policy_type: Option<PolicyType>,
}

impl Expectation {
    /// Returns `true` if an evaluation is as expected.
    #[must_use]
    pub fn is_met(&self, evaluation: &Evaluation) -> bool {
        self.decision == evaluation.decision
            && self.policy_type.is_none_or(|expected| Some(expected) == evaluation.policy_type)
    }
}

/// Why a text holds no case.
#[derive(Clone, Debug)]
pub struct CaseError {
    /// The case's `id`, where it could be read.
    pub id: serde_json::Value,
    /// What is wrong, and where.
    pub error: ParseError,
}

/// The answer to a case, as one line of output.
#[derive(Debug, Serialize)]
pub struct CaseAnswer<'a> {
    id: &'a serde_json::Value,
    decision: Decision,
    policy_type: Option<PolicyType>,
    decided_by: &'a [StatementRef],
    #[serde(skip_serializing_if = "<[Note]>::is_empty")]
    notes: &'a [Note],
}

/// Gives the policy that a case names by a path, or says why it cannot.
pub type LoadPolicy<'l> = &'l mut dyn FnMut(&str) -> Result<Policy, String>;

impl AuthorizationCase {
    /// Reads the case on one line of a file; positions are those of the file.
    ///
    /// # Errors
    /// Says at which column the line is no JSON or no case. A policy given by a path is an error.
    pub fn parse_line(text: &str, line: usize) -> Result<Self, CaseError> {
        let mut cases = Self::parse_all(text, line, &mut |_| Err("a policy is an object here".to_owned()))?;
        match (cases.pop(), cases.is_empty()) {
            (Some(case), true) => Ok(case),
            _ => Err(CaseError {
                id: serde_json::Value::Null,
                error: ParseError { line, column: 1, message: "expected one case, found a list".to_owned() },
            }),
        }
    }

    /// Reads a case, or a list of cases, from a text that starts on this line (counted from 1) of a file.
    ///
    /// # Errors
    /// Says where the text is no JSON or no case, or why a policy could not be loaded.
    pub fn parse_all(text: &str, line: usize, load: LoadPolicy<'_>) -> Result<Vec<Self>, CaseError> {
        let mut positions = Positions::new(text, Position { line, column: 1 });
        let mut failed = |id: serde_json::Value, JsonError { offset, message }: JsonError| {
            let Position { line, column } = positions.at(offset);
            CaseError { id, error: ParseError { line, column, message } }
        };
        let root = json::read(text).map_err(|wrong| failed(serde_json::Value::Null, wrong))?;
        let mut cases = Vec::new();
        for node in root.one_or_many() {
            let mut reader = Reader { positions: Positions::new(text, Position { line, column: 1 }), load };
            match reader.case(node) {
                Ok(case) => cases.push(case),
                Err(wrong) => return Err(failed(id_of(node), wrong)),
            }
        }
        Ok(cases)
    }

    /// Returns the question that the case asks.
    #[must_use]
    pub fn question(&self) -> Question<'_> {
        Question { principal: &self.principal, request: &self.request, unknown: &self.unknown }
    }

    /// Puts the evaluation into the form of the output.
    #[must_use]
    pub fn answer<'a>(&'a self, evaluation: &'a Evaluation) -> CaseAnswer<'a> {
        CaseAnswer {
            id: &self.id,
            decision: evaluation.decision,
            policy_type: evaluation.policy_type,
            decided_by: &evaluation.decided_by,
            notes: &evaluation.notes,
        }
    }
}

fn id_of(node: &Node<'_>) -> serde_json::Value {
    let id = node.members().and_then(|members| members.iter().find(|member| member.key == "id"));
    id.map_or(serde_json::Value::Null, |member| plain(&member.node))
}

/// Turns a tree into a value without positions.
pub(super) fn plain(node: &Node<'_>) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| (*text).into()),
        Value::String(text) => text.as_ref().into(),
        Value::Array(nodes) => nodes.iter().map(plain).collect(),
        Value::Object(members) => members.iter().map(|member| (member.key.to_string(), plain(&member.node))).collect(),
    }
}

struct Reader<'t, 'l> {
    positions: Positions<'t>,
    load: LoadPolicy<'l>,
}

fn at(offset: usize, message: impl Into<String>) -> JsonError {
    JsonError { offset, message: message.into() }
}

fn expected(node: &Node<'_>, what: &str) -> JsonError {
    at(node.start, format!("expected {what}, found {}", node.kind()))
}

fn text(node: &Node<'_>, what: &str) -> Result<String, JsonError> {
    node.as_str().map(str::to_owned).ok_or_else(|| expected(node, what))
}

fn is_null(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Null)
}

fn list<'n, 't>(node: &'n Node<'t>, what: &str) -> Result<&'n [Node<'t>], JsonError> {
    match &node.value {
        Value::Array(nodes) => Ok(nodes),
        _ => Err(expected(node, what)),
    }
}

fn unknown_field(member: &Member<'_>, known: &str) -> JsonError {
    let key: String = member.key.chars().flat_map(char::escape_debug).take(80).collect();
    at(member.start, format!("`{key}` is not known here; expected {known}"))
}

/// Says what to write for a field that people expect and a case does not have.
fn guessed_field(member: &Member<'_>) -> Option<JsonError> {
    let instead = match member.key.as_ref() {
        "model" | "model_id" | "modelId" => {
            "write what is authorized as `resource`, such as `arn:aws:bedrock:us-east-1::foundation-model/ID`"
        }
        "region" => "write the Region in `resource`, and as `aws:RequestedRegion` under `context`",
        "operation" => "write the IAM action as `action`: `bedrock-access actions` lists them",
        "account" | "role" | "user" => "write the caller's ARN as `principal`",
        "expected" | "decision" => "write the decision as `expect`",
        _ => return None,
    };
    Some(at(member.start, format!("a case has no `{}`: {instead}", member.key)))
}

impl Reader<'_, '_> {
    fn case(&mut self, node: &Node<'_>) -> Result<AuthorizationCase, JsonError> {
        let members = node.members().ok_or_else(|| expected(node, "a case (an object)"))?;
        let (mut principal, mut action, mut resource, mut policies) = (None, None, None, None);
        let (mut case_id, mut alone) = (serde_json::Value::Null, Vec::new());
        let (mut context, mut unknown, mut expect) = (ContextKeys::new(), Vec::new(), None);
        for member in members {
            let value = &member.node;
            match member.key.as_ref() {
                "id" => case_id = plain(value),
                "description" => drop(text(value, "a string")?),
                "principal" => principal = Some(text(value, "the caller's ARN")?),
                "action" => action = Some(text(value, "an action such as `bedrock:InvokeModel`")?),
                "resource" => resource = Some(text(value, "an ARN or `*`")?),
                "context" if is_null(value) => {}
                "context" => context = context_keys(value)?,
                "unknown" if is_null(value) => {}
                "unknown" => {
                    let keys = list(value, "a list of condition keys")?;
                    unknown = keys.iter().map(|key| text(key, "a condition key")).collect::<Result<_, _>>()?;
                }
                "policies" => policies = Some(self.policies(value)?),
                // One identity policy is the commonest case.
                "policy" => alone = self.one_or_many(value)?,
                "expect" if is_null(value) => {}
                "expect" => expect = Some(expectation(value)?),
                _ => {
                    let known = "`id`, `description`, `principal`, `action`, `resource`, `context`, `unknown`, `policy`, `policies` or `expect`";
                    return Err(guessed_field(member).unwrap_or_else(|| unknown_field(member, known)));
                }
            }
        }
        let missing = |what: &str| at(node.start, format!("the case has no `{what}`"));
        if !alone.is_empty() {
            policies.get_or_insert_with(Policies::default).identity.append(&mut alone);
        }
        Ok(AuthorizationCase {
            id: case_id,
            principal: principal.ok_or_else(|| missing("principal"))?,
            request: RequestContext {
                action: action.ok_or_else(|| missing("action"))?,
                resource: resource.ok_or_else(|| missing("resource"))?,
                context,
            },
            unknown,
            policies: policies.ok_or_else(|| missing("policies"))?,
            expect,
        })
    }

    fn policies(&mut self, node: &Node<'_>) -> Result<Policies, JsonError> {
        let mut policies = Policies::default();
        for member in node.members().ok_or_else(|| expected(node, "an object with a key for each policy type"))? {
            let value = &member.node;
            if is_null(value) {
                continue;
            }
            match member.key.as_ref() {
                "identity" => policies.identity = self.list_of_policies(value)?,
                "permissions_boundary" => policies.permissions_boundary = Some(self.policy(value)?),
                "service_control" => policies.service_control = self.levels(value)?,
                "resource_control" => policies.resource_control = self.levels(value)?,
                "session" => policies.session = Some(self.one_or_many(value)?),
                "vpc_endpoint" => policies.vpc_endpoint = Some(self.policy(value)?),
                "resource" => policies.resource = Some(self.one_or_many(value)?),
                _ => {
                    let known = "`identity`, `permissions_boundary`, `service_control`, `resource_control`, `session`, `vpc_endpoint` or `resource`";
                    return Err(unknown_field(member, known));
                }
            }
        }
        Ok(policies)
    }

    fn policy(&mut self, node: &Node<'_>) -> Result<Policy, JsonError> {
        match node.as_str() {
            Some(path) => (self.load)(path).map_err(|message| at(node.start, message)),
            None => Document::from_node(node, &mut self.positions).map(Policy::unnamed),
        }
    }

    fn one_or_many(&mut self, node: &Node<'_>) -> Result<Vec<Policy>, JsonError> {
        node.one_or_many().iter().map(|node| self.policy(node)).collect()
    }

    fn list_of_policies(&mut self, node: &Node<'_>) -> Result<Vec<Policy>, JsonError> {
        list(node, "a list of policies")?.iter().map(|node| self.policy(node)).collect()
    }

    fn levels(&mut self, node: &Node<'_>) -> Result<Vec<Vec<Policy>>, JsonError> {
        let levels = list(node, "a list of levels, each a list of policies, root first")?;
        levels.iter().map(|level| self.list_of_policies(level)).collect()
    }
}

fn context_keys(node: &Node<'_>) -> Result<ContextKeys, JsonError> {
    let members = node.members().ok_or_else(|| expected(node, "an object of condition keys"))?;
    let pair = |Member { key, node, .. }: &Member<'_>| {
        let value = match &node.value {
            Value::Array(nodes) => ContextValue::Multiple(nodes.iter().map(single).collect::<Result<_, _>>()?),
            _ => ContextValue::Single(single(node)?),
        };
        Ok((key.to_string(), value))
    };
    let pairs = members.iter().map(pair).collect::<Result<_, _>>()?;
    ContextKeys::try_from_pairs(pairs).map_err(|twice| {
        let second = members.iter().rev().find(|member| member.key == twice.0.as_str());
        let start = second.map_or(node.start, |member| member.start);
        at(start, format!("{twice}, in different case"))
    })
}

fn single(node: &Node<'_>) -> Result<String, JsonError> {
    match &node.value {
        Value::String(text) => Ok(text.to_string()),
        Value::Number(text) => Ok((*text).to_owned()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(expected(node, "a string, a number, a boolean, or a list of these")),
    }
}

/// Reads a decision by its name.
fn decision_named(node: &Node<'_>) -> Result<Decision, JsonError> {
    let known = "`allowed`, `explicitDeny`, `implicitDeny` or `undetermined`";
    let name = text(node, known)?;
    let all = [Decision::Allowed, Decision::ExplicitDeny, Decision::ImplicitDeny, Decision::Undetermined];
    let found = all.into_iter().find(|decision| decision.as_str() == name);
    found.ok_or_else(|| at(node.start, format!("expected {known}")))
}

fn expectation(node: &Node<'_>) -> Result<Expectation, JsonError> {
    if node.as_str().is_some() {
        return Ok(Expectation { decision: decision_named(node)?, policy_type: None });
    }
    let (mut decision, mut policy_type) = (None, None);
    for member in node.members().ok_or_else(|| expected(node, "an object with `decision`"))? {
        let value = &member.node;
        match member.key.as_ref() {
            "decision" => decision = Some(decision_named(value)?),
            "policy_type" if is_null(value) => {}
            "policy_type" => {
                let name = text(value, "a policy type")?;
                let found = PolicyType::ALL.into_iter().find(|policy_type| policy_type.as_str() == name);
                let known = PolicyType::ALL.map(PolicyType::as_str).join("`, `");
                policy_type = Some(found.ok_or_else(|| at(value.start, format!("expected one of `{known}`")))?);
            }
            _ => return Err(unknown_field(member, "`decision` or `policy_type`")),
        }
    }
    let decision = decision.ok_or_else(|| at(node.start, "the expectation has no `decision`"))?;
    Ok(Expectation { decision, policy_type })
}
