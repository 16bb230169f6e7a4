//! `simulate_policy`, `lint_policy` and `generate_policy`: policies offline.

use super::fields;
use crate::answer::policy::{Generated, NamedCall, WantedPolicy, evaluated, generated};
use crate::answer::{account_id, context_keys, operation_named};
use crate::bedrock::Operation;
use crate::iam::Arn;
use crate::mcp::arguments::Arguments;
use crate::mcp::context::Context;
use crate::mcp::error::{ToolError, in_words_of_tools};
use crate::mcp::source;
use crate::mcp::tool::{Answer, Reach, Tool, structure, without_names};
use crate::policy::{Policies, Severity, lint};
use crate::report::{self, LintReport, PolicyPart, Simulation};
use serde_json::{Value, json};
use std::time::Duration;

const TIME_LIMIT: Duration = Duration::from_secs(60);

pub(super) const SIMULATE_POLICY: Tool = Tool {
    name: "simulate_policy",
    title: "Simulate a call against policies",
    description: "Evaluates one Bedrock call against policies that are given: every authorization that the call needs, with \
the statement that decides it. Offline: makes no call. A condition key that the policies read and that was not given is \
unknown, and leaves the decision undetermined where it matters; state it in `context` or in `absent`.",
    reach: Reach::Nothing,
    arguments: simulate_arguments,
    required: &["policies"],
    answer: "simulation-1",
    time_limit: TIME_LIMIT,
    run: simulate,
};

pub(super) const LINT_POLICY: Tool = Tool {
    name: "lint_policy",
    title: "Find mistakes in a policy",
    description: "Finds mistakes in an IAM policy for Bedrock: actions that do not exist, ARNs of the wrong form, a profile \
without the models behind it, conditions that never match. Each finding has advice, and a corrected statement where an edit \
is right. Makes no call.",
    reach: Reach::Nothing,
    arguments: lint_arguments,
    required: &["policy"],
    answer: "policy-lint-1",
    time_limit: TIME_LIMIT,
    run: lint_policy,
};

pub(super) const GENERATE_POLICY: Tool = Tool {
    name: "generate_policy",
    title: "Write the narrow policy",
    description: "Writes the least-privilege policy that allows a Bedrock call and nothing else: the profile and every model \
behind it, with the conditions that keep it narrow. Use it in place of `bedrock:*` or a wildcard. Makes no call, and changes \
nothing.",
    reach: Reach::Nothing,
    arguments: generate_arguments,
    required: &[],
    answer: "generated-policy-1",
    time_limit: TIME_LIMIT,
    run: generate,
};

/// The arguments that name a call.
fn call_arguments() -> Value {
    json!({
        "model": fields::model(),
        "region": {
            "type": "string",
            "description": "The Region whose endpoint is called [default: that of the ARN].",
            "examples": ["us-east-1"]
        },
        "account": fields::account(),
        "resources": fields::resources(),
        "service_role": fields::service_role(),
        "destination_regions": {
            "type": "array", "items": {"type": "string"},
            "description": "The Regions to which the inference profile may route [default: those that AWS documents].",
            "examples": [["us-east-1", "us-east-2", "us-west-2"]]
        },
        "underlying_model": {
            "type": "string",
            "description": "The foundation model behind an application inference profile, whose ARN does not tell.",
            "examples": ["amazon.nova-lite-v1:0"]
        }
    })
}

fn with(mut properties: Value, more: Value) -> Value {
    if let (Value::Object(all), Value::Object(more)) = (&mut properties, more) {
        all.extend(more);
    }
    properties
}

fn simulate_arguments() -> Value {
    let policies = json!({
        "policies": fields::policies("The identity policies of the caller."),
        "permissions_boundary": fields::policy("The permissions boundary."),
        "service_control_policies": {
            "type": "array", "items": {"type": "array", "items": {"anyOf": [{"type": "object"}, {"type": "string"}]}},
            "description": "The service control policies: levels of the organization, root first, each a list of policies.",
            "examples": [[["root.json"], ["account.json"]]]
        },
        "resource_control_policies": {
            "type": "array", "items": {"type": "array", "items": {"anyOf": [{"type": "object"}, {"type": "string"}]}},
            "description": "The resource control policies, in the same way.",
            "examples": [[["root.json"]]]
        },
        "session_policies": fields::policies("The session policies."),
        "vpc_endpoint_policy": fields::policy("The policy of the VPC endpoint that the call passes."),
        "resource_policies": fields::policies("The policies of the resource.")
    });
    let rest = json!({
        "operation": fields::operation(),
        "principal": fields::principal("The caller [default: a role of the account]."),
        "context": fields::context(),
        "absent": {
            "type": "array", "items": {"type": "string"},
            "description": "Condition keys that the call does not carry.",
            "examples": [["aws:SourceVpce"]]
        }
    });
    with(with(policies, call_arguments()), rest)
}

/// Reads the arguments that name a call.
fn named_call(arguments: &Arguments) -> Result<NamedCall, ToolError> {
    Ok(NamedCall {
        model: arguments.parsed("model")?,
        resource: arguments.list("resources")?,
        service_role: arguments.parsed("service_role")?,
        project: None,
        region: arguments.parsed("region")?,
        account: arguments.read("account", account_id)?,
        destination_region: arguments.list("destination_regions")?,
        underlying_model: arguments.text("underlying_model")?.map(str::to_owned),
    })
}

fn operation(argument: &str, name: &str) -> Result<Operation, ToolError> {
    operation_named(name).ok_or_else(|| {
        ToolError::argument(argument, format!("there is no operation `{name}`"))
            .hint("the resource bedrock-access://operations lists all")
    })
}

fn readable(call: &NamedCall) -> Vec<String> {
    let models = call.model.iter().map(ToString::to_string).filter(|model| !model.starts_with("arn:"));
    let regions = call.region.iter().chain(&call.destination_region).map(ToString::to_string);
    models.chain(call.underlying_model.clone()).chain(regions).collect()
}

fn simulate(context: &Context, arguments: &Arguments) -> Result<Answer, ToolError> {
    let one = |name: &str| arguments.value(name).map(|value| source::policy(name, value)).transpose();
    let some = |name: &str| source::policies(arguments, name).map(|list| (!list.is_empty()).then_some(list));
    let policies = Policies {
        identity: source::policies(arguments, "policies")?,
        permissions_boundary: one("permissions_boundary")?,
        service_control: source::levels(arguments, "service_control_policies")?,
        resource_control: source::levels(arguments, "resource_control_policies")?,
        session: some("session_policies")?,
        vpc_endpoint: one("vpc_endpoint_policy")?,
        resource: some("resource_policies")?,
    };
    let operation = match arguments.text("operation")? {
        Some(name) => operation("operation", name)?,
        None => Operation::InvokeModel,
    };
    let principal: Option<Arn> = arguments.parsed("principal")?;
    let absent: Vec<String> = arguments.texts("absent")?.into_iter().map(str::to_owned).collect();
    let named = named_call(arguments)?;
    let call = named.expand(operation, context_keys(&arguments.context("context")?))?;
    let notes = call.routes.iter().map(|routes| in_words_of_tools(&format!("note: {routes}"))).collect();
    let requirements = evaluated(&call, &policies, principal.as_ref(), &absent);
    let denied = requirements.iter().filter(|(_, evaluation)| evaluation.decision.is_denied()).count();
    let all = requirements.len();
    let simulation = Simulation::new(&call.request, requirements, call.unlisted);
    let structure = structure(&simulation.json())?;
    let decision = structure.get("decision").and_then(Value::as_str).unwrap_or("undetermined");
    let own = vec![format!("decision: {decision}"), format!("authorizations: {all}, of which {denied} are denied")];
    let mut answer = Answer { own, report: simulation.text().plain(), notes, structure };
    if context.settings.redact {
        without_names(&mut answer, SIMULATE_POLICY.answer, readable(&named));
    }
    Ok(answer)
}

fn lint_arguments() -> Value {
    json!({"policy": fields::policy("The policy.")})
}

fn lint_policy(context: &Context, arguments: &Arguments) -> Result<Answer, ToolError> {
    let given = arguments.value("policy").unwrap_or(&Value::Null);
    let source = source::policy_text("policy", given)?;
    let mut report = LintReport::default();
    report.add(&source.name, lint(&source.text));
    let structure = structure(&report.json())?;
    let findings = structure.pointer("/files/0/findings").and_then(Value::as_array);
    let codes = findings.into_iter().flatten().filter_map(|finding| finding.get("code").and_then(Value::as_str));
    let verdict = if report.has(Severity::Warning) { "findings" } else { "clean" };
    let mut own = vec![format!("verdict: {verdict}"), format!("findings: {}", findings.map_or(0, Vec::len))];
    own.extend(codes.map(|code| format!("finding: {code}")));
    let mut answer = Answer { own, report: report.text().plain(), notes: Vec::new(), structure };
    if context.settings.redact {
        without_names(&mut answer, LINT_POLICY.answer, Vec::new());
    }
    Ok(answer)
}

fn generate_arguments() -> Value {
    let more = json!({
        "operations": {
            "type": "array", "items": {"type": "string"},
            "description": "The API operations [default: InvokeModel and InvokeModelWithResponseStream].",
            "examples": [["Converse"], ["CreateAgent"]]
        },
        "of": {
            "enum": ["caller", "service-role", "trust"],
            "description": "Whose policy: the caller's, the service role's, or the trust policy of the service role [default: caller].",
            "examples": ["caller"]
        },
        "any_destination": {
            "type": "boolean",
            "description": "Allow the model in every Region, for calls through the profile only [default: false].",
            "examples": [true]
        },
        "guardrail": {
            "type": "string",
            "description": "The guardrail that the call applies, by its id or ARN.",
            "examples": ["gr1234567890"]
        },
        "first_use": {
            "type": "boolean",
            "description": "Also allow what the account's first call to a third-party model needs [default: false].",
            "examples": [true]
        },
        "api_key": {
            "type": "boolean",
            "description": "Allow calls with a Bedrock API key [default: false].",
            "examples": [true]
        }
    });
    with(call_arguments(), more)
}

fn generate(context: &Context, arguments: &Arguments) -> Result<Answer, ToolError> {
    let call = named_call(arguments)?;
    let kept = readable(&call);
    let wanted = WantedPolicy {
        call,
        operations: arguments
            .texts("operations")?
            .into_iter()
            .map(|name| operation("operations", name))
            .collect::<Result<_, _>>()?,
        of: match arguments.text("of")? {
            None | Some("caller") => PolicyPart::Caller,
            Some("service-role") => PolicyPart::ServiceRole,
            Some("trust") => PolicyPart::Trust,
            Some(_) => return Err(ToolError::argument("of", "expected `caller`, `service-role` or `trust`")),
        },
        any_destination: arguments.flag("any_destination")?,
        guardrail: arguments.text("guardrail")?.map(str::to_owned),
        first_use: arguments.flag("first_use")?,
        api_key: arguments.flag("api_key")?,
    };
    let Generated { policy, part, notes } = generated(&wanted)?;
    let notes: Vec<String> = notes.iter().map(|note| in_words_of_tools(note)).collect();
    let of = match part {
        PolicyPart::Caller => "caller",
        PolicyPart::ServiceRole => "service-role",
        PolicyPart::Trust => "trust",
    };
    let statements = policy.get("Statement").and_then(Value::as_array).map_or(0, Vec::len);
    let own = vec![format!("policy of: {of}"), format!("statements: {statements}")];
    let report = format!("{policy:#}");
    let structure = json!({
        "schema": "bedrock-access/generated-policy/1",
        "tool": report::TOOL,
        "of": of,
        "policy": policy,
        "notes": notes,
    });
    let mut answer = Answer { own, report, notes, structure };
    if context.settings.redact {
        without_names(&mut answer, GENERATE_POLICY.answer, kept);
    }
    Ok(answer)
}
