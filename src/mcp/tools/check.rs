//! `check_plan`: Terraform plans and templates before their deployment. Makes no call.

use super::fields;
use crate::answer::account_id;
use crate::answer::check::Files;
use crate::bedrock::{ModelReference, Region};
use crate::iac::Settings as Deployment;
use crate::mcp::arguments::Arguments;
use crate::mcp::context::Context;
use crate::mcp::error::ToolError;
use crate::mcp::source;
use crate::mcp::tool::{Answer, Reach, Tool, structure, without_names};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) const CHECK_PLAN: Tool = Tool {
    name: "check_plan",
    title: "Check a plan or template",
    description: "Checks Terraform plans in JSON (`terraform show -json`), CloudFormation and SAM templates, cdk.out folders and \
policies before the deployment: for every role, may it call the models that the file names, may the service assume it, and \
are there mistakes in its policies? Makes no call. Give `paths`, or `content` with the text itself.",
    reach: Reach::Nothing,
    arguments,
    required: &[],
    answer: "check-1",
    time_limit: Duration::from_secs(120),
    run,
};

fn arguments() -> Value {
    json!({
        "paths": fields::paths("Paths of files, or of folders that hold them.", &json!([["plan.json"], ["cdk.out"]])),
        "content": {
            "type": "string",
            "description": "The text of one plan, template or policy, in place of `paths`.",
            "examples": ["AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n"]
        },
        "models": {
            "type": "array", "items": {"type": "string"},
            "description": "Models or inference profiles that everything with a role calls, where the file does not name them.",
            "examples": [["us.amazon.nova-lite-v1:0"]]
        },
        "region": {
            "type": "string",
            "description": "The Region of the deployment [default: that of the provider or the template].",
            "examples": ["eu-west-1"]
        },
        "account": fields::account(),
        "parameters": {
            "type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]},
            "description": "The values of a template's parameters.",
            "examples": [{"Stage": "prod"}]
        }
    })
}

fn run(context: &Context, arguments: &Arguments) -> Result<Answer, ToolError> {
    let models: Vec<ModelReference> = arguments.list("models")?;
    let deployment = Deployment {
        parameters: arguments.pairs("parameters")?.into_iter().collect::<BTreeMap<_, _>>(),
        region: arguments.parsed::<Region>("region")?.map(|region| region.as_str().to_owned()),
        account: arguments.read("account", account_id)?,
    };
    let mut files = Files::new(&deployment, &models);
    let paths = arguments.texts("paths")?;
    match (arguments.text("content")?, paths.as_slice()) {
        (Some(content), []) => {
            files.add_text("content", content).map_err(|failure| ToolError::from(failure).about("content"))?
        }
        (None, [_, ..]) => {
            for path in &paths {
                context.check()?;
                source::existing("paths", path)?;
                files.add(path).map_err(|failure| ToolError::from(failure).about("paths"))?;
            }
        }
        (Some(_), _) => return Err(ToolError::argument("content", "give either `paths` or `content`")),
        (None, []) => return Err(ToolError::argument("paths", "nothing is named that is to be checked")),
    }
    let (report, notes) = files.finish();
    let structure = structure(&report.json(false))?;
    let count = |pointer: &str| structure.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len);
    let mut own = vec![
        format!("verdict: {}", if report.has_findings(false) { "findings" } else { "clean" }),
        format!("findings: {}", count("/findings")),
        format!("roles: {}", count("/roles")),
        format!("known only after the deployment: {}", count("/unknown")),
    ];
    own.extend(codes(&structure));
    let mut answer = Answer { own, report: report.text().plain(), notes, structure };
    if context.settings.redact {
        let readable = models.iter().map(ToString::to_string);
        without_names(&mut answer, CHECK_PLAN.answer, readable.chain(deployment.region.clone()));
    }
    Ok(answer)
}

/// Returns a line for each code with the number of its findings; codes are this program's.
fn codes(structure: &Value) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let findings = structure.get("findings").and_then(Value::as_array);
    for code in findings.into_iter().flatten().filter_map(|finding| finding.get("code").and_then(Value::as_str)) {
        *counts.entry(code).or_default() += 1;
    }
    counts.into_iter().map(|(code, count)| format!("finding: {code} ({count})")).collect()
}
