//! `list_callable_models`: which models a principal can call, Region by Region. Invokes no model.

use super::fields;
use crate::answer::{Served, account_of, configured_region, context_keys, load_world, surveyed};
use crate::bedrock::{Operation, Region};
use crate::evidence::{Survey, SurveyRequest};
use crate::matrix::matrix;
use crate::mcp::arguments::Arguments;
use crate::mcp::context::Context;
use crate::mcp::error::ToolError;
use crate::mcp::tool::{Answer, Reach, Tool, structure};
use crate::observe::{Observer, Traffic};
use crate::redact::Redactor;
use crate::report;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How many calls to AWS are made at the same time, at most.
const CONCURRENCY: usize = 8;

/// The most Regions of one answer.
const MOST_REGIONS: usize = 8;

/// The longest deadline in seconds, and the usual one.
const LONGEST: u64 = 180;
const USUAL: u64 = 60;

pub(super) const LIST_CALLABLE_MODELS: Tool = Tool {
    name: "list_callable_models",
    title: "List callable models",
    description: "Lists the models and inference profiles that a principal can call in some Regions, and the cause where it \
cannot. Reads what each Region offers and the account's access, and simulates IAM. Invokes no model; needs AWS credentials. \
Narrow it with `provider` where you can.",
    reach: Reach::Reads,
    arguments,
    required: &[],
    answer: "models-1",
    time_limit: Duration::from_secs(LONGEST + 15),
    run,
};

fn arguments() -> Value {
    json!({
        "regions": {
            "type": "array", "items": {"type": "string"}, "maxItems": MOST_REGIONS,
            "description": "The source Regions [default: the one of the environment or the profile].",
            "examples": [["us-west-2", "us-east-1"]]
        },
        "principal": fields::principal("Another IAM user or role than the caller, by its ARN."),
        "provider": {
            "type": "string",
            "description": "Only models of this provider.",
            "examples": ["anthropic"]
        },
        "modality": {
            "type": "string",
            "description": "Only models with this input or output modality.",
            "examples": ["image", "embedding"]
        },
        "streaming": {
            "type": "boolean",
            "description": "Whether the models are to be called with a stream of answers [default: false].",
            "examples": [true]
        },
        "context": fields::context(),
        "timeout_seconds": {
            "type": "integer", "minimum": 1, "maximum": LONGEST,
            "description": "The deadline in seconds [default: 60].",
            "examples": [120]
        }
    })
}

fn run(context: &Context, arguments: &Arguments) -> Result<Answer, ToolError> {
    let timeout = Duration::from_secs(arguments.number("timeout_seconds", USUAL, LONGEST)?);
    let mut regions: Vec<Region> = Vec::new();
    for region in arguments.list("regions")? {
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    if regions.len() > MOST_REGIONS {
        return Err(ToolError::argument("regions", format!("at most {MOST_REGIONS} Regions are asked at once")));
    }
    let streaming = arguments.flag("streaming")?;
    let request = SurveyRequest {
        operation: if streaming { Operation::InvokeModelWithResponseStream } else { Operation::InvokeModel },
        regions,
        principal: arguments.parsed("principal")?,
        provider: arguments.text("provider")?.map(str::to_owned),
        modality: arguments.text("modality")?.map(str::to_owned),
        context: context_keys(&arguments.context("context")?),
    };
    let mut survey = context.block_on(ask(context, request, timeout))?;
    if context.settings.redact {
        survey = Redactor::default().survey(&survey).map_err(|error| {
            ToolError::general(format!("the observations cannot be redacted without breaking them: {error}"))
        })?;
    }
    let matrix = matrix(&survey);
    let own = vec![
        format!("complete: {}", if matrix.is_complete() { "yes" } else { "no, some cells are unknown" }),
        format!("models and profiles: {}", matrix.rows.len()),
    ];
    Ok(Answer {
        own,
        report: report::models_text(&matrix, report::COLUMNS).plain(),
        notes: survey.took_nothing().map(|there| report::nothing_taken(&survey.request, &there)).into_iter().collect(),
        structure: structure(&report::models_json(&matrix))?,
    })
}

async fn ask(context: &Context, mut request: SurveyRequest, timeout: Duration) -> Result<Survey, ToolError> {
    let world = context.settings.world.as_deref().map(load_world).transpose()?;
    let profile = context.settings.profile.as_deref();
    if request.regions.is_empty() {
        request.regions.push(match &world {
            Some(world) => world.request.region.clone(),
            None => configured_region(profile, timeout)
                .await
                .map_err(|failure| ToolError::from(failure).about("regions"))?,
        });
    }
    let served = world.map(Served::start).transpose()?;
    let traffic = Arc::new(Traffic::of_many(CONCURRENCY));
    let observer = Observer::with_traffic(traffic, account_of(served.as_ref(), profile), timeout);
    context.watch(observer.traffic());
    Ok(surveyed(&observer, request, false).await)
}
