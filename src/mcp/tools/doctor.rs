//! `diagnose_call`: why a call is refused, with the evidence of the account. A test call needs the server's switch, too.

use super::fields;
use crate::answer::doctor::{Call, Caller, Inputs, Pasted, gather_all, request, resolved, warnings};
use crate::answer::{Served, account_of, configured_region, load_world, operation_named};
use crate::diagnose::{Diagnosis, diagnose};
use crate::evidence::Evidence;
use crate::iam::AssumingService;
use crate::mcp::arguments::Arguments;
use crate::mcp::context::Context;
use crate::mcp::error::ToolError;
use crate::mcp::source;
use crate::mcp::tool::{Answer, Reach, Tool, structure};
use crate::observe::Observer;
use crate::policy::Document;
use crate::redact::Redactor;
use crate::report::{self, Layout};
use crate::request::{GivenPolicies, GivenPolicy, LiveCall};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The longest deadline of one diagnosis, in seconds, and the usual one.
const LONGEST: u64 = 120;
const USUAL: u64 = 10;

pub(super) const DIAGNOSE_CALL: Tool = Tool {
    name: "diagnose_call",
    title: "Diagnose a call",
    description: "Finds out why a call to an Amazon Bedrock model is refused, with evidence from the account: identifies the \
caller, simulates IAM for every resource that the call needs, and checks the account's access to the model. Answers with a \
verdict (allowed, denied, undetermined), the cause, who has to act, and a fix that was tried in simulation. Reads only; \
needs AWS credentials. Give `model` or `error`, better both.",
    reach: Reach::ReadsAndTests,
    arguments,
    required: &[],
    answer: "diagnosis-1",
    time_limit: Duration::from_secs(LONGEST + 75),
    run,
};

fn arguments() -> Value {
    json!({
        "model": fields::model(),
        "error": {
            "type": "string",
            "description": "The whole error text that the call got: model, Region, operation and principal are read from it.",
            "examples": ["User: arn:aws:iam::111122223333:user/ana is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0 because no identity-based policy allows the bedrock:InvokeModel action"]
        },
        "operation": fields::operation(),
        "region": fields::region(),
        "principal": fields::principal("Diagnose another IAM user or role than the caller, by its ARN or by its name in the caller's account."),
        "resources": fields::resources(),
        "service_role": fields::service_role(),
        "service": {
            "enum": ["lambda", "ec2", "ecs", "eks-pod-identity", "bedrock", "sagemaker"],
            "description": "The service that the role runs in: the role's trust policy is checked as well.",
            "examples": ["lambda"]
        },
        "project": {
            "type": "string",
            "description": "The project that the call names on bedrock-runtime, by its id or ARN.",
            "examples": ["proj_abcdefghijkl234567mn"]
        },
        "guardrail": {
            "type": "string",
            "description": "The guardrail that the call names: its id or ARN, and perhaps `:VERSION` behind it.",
            "examples": ["gr1234567890:DRAFT"]
        },
        "context": fields::context(),
        "session_policy": fields::policy("The session policy that was passed to AssumeRole, which no API returns."),
        "vpc_endpoint_policy": fields::policy("The policy of the VPC endpoint in use, which the simulator does not evaluate."),
        "test_call": {
            "enum": ["none", "probe", "invoke"],
            "description": "`probe` makes one call with a body that no model accepts: authorized like a real one, no token is processed; on a third-party model that the account never used it may accept the licence. `invoke` calls the model with one output token, which is billed. Both need a server that was started with --allow-test-calls, and the user's consent.",
            "examples": ["none"]
        },
        "timeout_seconds": {
            "type": "integer", "minimum": 1, "maximum": LONGEST,
            "description": "The deadline of the diagnosis in seconds [default: 10].",
            "examples": [30]
        }
    })
}

/// Reads a policy that no API returns.
fn given_policy(arguments: &Arguments, name: &str) -> Result<Option<GivenPolicy>, ToolError> {
    let Some(value) = arguments.value(name) else { return Ok(None) };
    let source = source::policy_text(name, value)?;
    Document::parse(&source.text).map_err(|error| {
        ToolError::argument(name, format!("`{}` is not a policy: {error}", source.name))
            .hint("the tool `lint_policy` shows the place")
    })?;
    Ok(Some(GivenPolicy { name: source.name, document: source.text }))
}

/// Returns the test call that was asked for, where the server allows it.
fn test_call(context: &Context, arguments: &Arguments) -> Result<LiveCall, ToolError> {
    let wanted = match arguments.text("test_call")? {
        None | Some("none") => return Ok(LiveCall::None),
        Some("probe") => LiveCall::Probe,
        Some("invoke") => LiveCall::Invoke,
        Some(_) => return Err(ToolError::argument("test_call", "expected `none`, `probe` or `invoke`")),
    };
    match context.settings.allow_test_calls {
        true => Ok(wanted),
        false => Err(ToolError::argument("test_call", "this server makes no test calls").hint(
            "the person who set the server up can allow them: `bedrock-access mcp --allow-test-calls`; without one, leave \
             the argument out",
        )),
    }
}

fn run(context: &Context, arguments: &Arguments) -> Result<Answer, ToolError> {
    let settings = &context.settings;
    let live = test_call(context, arguments)?;
    let operation = arguments.read("operation", |name| {
        operation_named(name)
            .ok_or_else(|| format!("there is no operation `{name}`; `required_permissions` knows them"))
    })?;
    let call = Call {
        model: arguments.parsed("model")?,
        operation,
        region: arguments.parsed("region")?,
        resources: arguments.list("resources")?,
        service_role: arguments.parsed("service_role")?,
        service: arguments.parsed::<AssumingService>("service")?,
        principal: arguments.parsed("principal")?,
        guardrail: arguments.parsed("guardrail")?,
        project: arguments.parsed("project")?,
        context: arguments.context("context")?,
        caller: Caller::of_profile(settings.profile.clone()),
        session_policy: None,
        live,
    };
    let pasted = arguments.text("error")?.map(|text| Pasted::from_text(text, "error")).transpose();
    let inputs = Inputs {
        pasted: pasted.map_err(|failure| ToolError::from(failure).about("error"))?.unwrap_or_default(),
        policies: GivenPolicies {
            session: given_policy(arguments, "session_policy")?,
            vpc_endpoint: given_policy(arguments, "vpc_endpoint_policy")?,
        },
    };
    if call.model.is_none() && inputs.pasted.error.is_none() && operation.is_none() && settings.world.is_none() {
        return Err(ToolError::argument("model", "nothing says which call to diagnose")
            .hint("give `model` and `region`, or the `error` that the call got; `list_callable_models` lists models"));
    }
    let timeout = Duration::from_secs(arguments.number("timeout_seconds", USUAL, LONGEST)?);
    let (evidence, mut notes) = context.block_on(observe(context, &call, &inputs, timeout))?;
    let evidence = match settings.redact {
        true => Redactor::default().evidence(&evidence).map_err(|error| {
            ToolError::general(format!("the evidence cannot be redacted without breaking it: {error}"))
        })?,
        false => evidence,
    };
    if settings.redact {
        notes.clear();
    }
    answer(&diagnose(&evidence), settings.profile.clone().filter(|_| !settings.redact), notes)
}

/// Gathers the evidence from AWS, or from a world of this one call.
async fn observe(
    context: &Context,
    call: &Call,
    inputs: &Inputs,
    timeout: Duration,
) -> Result<(Evidence, Vec<String>), ToolError> {
    let started = Instant::now();
    let world = context.settings.world.as_deref().map(load_world).transpose()?;
    let profile = call.caller.profile.as_deref();
    let configured = async || configured_region(profile, timeout).await;
    let mut asked = request(call, inputs, world.as_ref(), configured).await?;
    // A world's own request may ask for a test call, which needs both switches as any other does.
    asked.request.live = call.live;
    let served = world.map(Served::start).transpose()?;
    let mut notes = std::mem::take(&mut asked.notes);
    if served.is_none() {
        notes.extend(warnings([&asked.request]).into_iter().map(str::to_owned));
    }
    let left = timeout.saturating_sub(started.elapsed());
    let observer = Observer::new(account_of(served.as_ref(), profile), left);
    context.watch(observer.traffic());
    let request = resolved(&observer, asked).await?;
    Ok((gather_all(&observer, request).await, notes))
}

fn answer(diagnosis: &Diagnosis, profile: Option<String>, notes: Vec<String>) -> Result<Answer, ToolError> {
    let structure = structure(&report::json(diagnosis))?;
    // What the structure says in codes, the text says in the same.
    let code = |pointer: &str| structure.pointer(pointer).and_then(Value::as_str);
    let mut own = vec![format!("verdict: {}", diagnosis.verdict.as_str())];
    for finding in &diagnosis.findings {
        own.push(format!("cause: {}{}", finding.cause, if finding.is_likely { " (likely)" } else { "" }));
    }
    for (name, pointer) in [
        ("documented cause", "/documented_cause"),
        ("likely documented cause", "/likely_cause"),
        ("certainty", "/certainty"),
        ("test call", "/invocation/outcome"),
    ] {
        if let Some(code) = code(pointer) {
            own.push(format!("{name}: {code}"));
        }
    }
    if structure.pointer("/sandbox").is_some_and(Value::is_string) {
        own.push("a simulated account answered, not AWS".to_owned());
    }
    let layout = Layout { profile, ..Layout::default() };
    Ok(Answer { own, report: report::text(diagnosis, &layout).plain(), notes, structure })
}
