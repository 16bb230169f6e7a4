//! `find_denials`: denied calls in CloudTrail events and logs; asks CloudTrail itself only where that is asked for.

use super::fields;
use crate::answer::denials::{Parcel, for_each, judge, recent, redact};
use crate::answer::{Served, account_of, configured_region, load_world};
use crate::bedrock::Region;
use crate::mcp::arguments::Arguments;
use crate::mcp::context::Context;
use crate::mcp::error::ToolError;
use crate::mcp::source;
use crate::mcp::tool::{Answer, Reach, Tool, structure};
use crate::observe::Observer;
use crate::report;
use crate::trail::{Collector, Denials, Wanted};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long CloudTrail is asked at most, and how long one of its pages may take.
const ASKING: Duration = Duration::from_secs(90);
const PAGE: Duration = Duration::from_secs(10);

/// How far back the event history goes, in hours, and what is usual.
const OLDEST: u64 = 90 * 24;
const USUAL: u64 = 24;

pub(super) const FIND_DENIALS: Tool = Tool {
    name: "find_denials",
    title: "Find denied calls",
    description: "Finds denied calls to Amazon Bedrock in files: CloudTrail events in every form and plain logs, compressed \
or not, grouped by cause, principal, action and resource. With `live` it asks CloudTrail's event history in place of files \
(`cloudtrail:LookupEvents`), and only then. Prompts and source addresses are not kept.",
    reach: Reach::Reads,
    arguments,
    required: &[],
    answer: "denials-1",
    time_limit: Duration::from_secs(120),
    run,
};

fn arguments() -> Value {
    json!({
        "paths": fields::paths(
            "Paths of files, or of folders of them.",
            &json!([["events.json"], ["AWSLogs/111122223333/CloudTrail/us-east-1/2026/11"]])
        ),
        "live": {
            "type": "boolean",
            "description": "Ask CloudTrail in place of files [default: false].",
            "examples": [false]
        },
        "since_hours": {
            "type": "integer", "minimum": 1, "maximum": OLDEST,
            "description": "How far back to ask with `live` [default: 24].",
            "examples": [6]
        },
        "regions": {
            "type": "array", "items": {"type": "string"},
            "description": "The Regions to ask with `live` [default: the one of the environment or the profile].",
            "examples": [["us-east-1"]]
        }
    })
}

fn run(context: &Context, arguments: &Arguments) -> Result<Answer, ToolError> {
    let paths = arguments.texts("paths")?;
    let regions: Vec<Region> = arguments.list("regions")?;
    let hours = arguments.number("since_hours", USUAL, OLDEST)?;
    let mut denials = match (arguments.flag("live")?, paths.as_slice()) {
        (true, []) => context.block_on(ask(context, regions, hours))?,
        (true, _) => return Err(ToolError::argument("live", "give either `paths` or `live`")),
        (false, []) => {
            return Err(ToolError::argument("paths", "no file is named")
                .hint("name files or folders, or set `live` to ask CloudTrail"));
        }
        (false, paths) => read(context, paths)?,
    };
    judge(&mut denials);
    if context.settings.redact {
        denials = redact(&denials)?;
    }
    let mut causes: BTreeMap<&str, u64> = BTreeMap::new();
    for group in &denials.groups {
        *causes.entry(group.cause.code()).or_default() += group.count;
    }
    let mut own = vec![
        format!("denials: {} in {} events, in {} groups", denials.denials, denials.events, denials.groups.len()),
        format!("every source read whole: {}", if denials.is_whole() { "yes" } else { "no" }),
    ];
    own.extend(causes.into_iter().map(|(cause, count)| format!("cause: {cause} ({count})")));
    Ok(Answer {
        own,
        report: report::denials_text(&denials, false).plain().replace(" (-v shows them)", ""),
        notes: Vec::new(),
        structure: structure(&report::denials_json(&denials))?,
    })
}

fn read(context: &Context, paths: &[&str]) -> Result<Denials, ToolError> {
    let paths: Vec<PathBuf> =
        paths.iter().map(|path| source::existing("paths", path)).collect::<Result<_, ToolError>>()?;
    let mut collector = Collector::default();
    for_each(&paths, &Wanted::Denials, context.stop.flag(), |name, parcel| match parcel {
        Parcel::Entries(entries) => entries.into_iter().for_each(|entry| collector.add(name, entry)),
        Parcel::End(source) => collector.end_source(*source),
    })
    .map_err(|failure| ToolError::from(failure).about("paths"))?;
    context.check()?;
    Ok(collector.finish())
}

async fn ask(context: &Context, mut regions: Vec<Region>, hours: u64) -> Result<Denials, ToolError> {
    let until = Instant::now() + ASKING;
    let world = context.settings.world.as_deref().map(load_world).transpose()?;
    let profile = context.settings.profile.as_deref();
    if regions.is_empty() {
        regions.push(match &world {
            Some(world) => world.request.region.clone(),
            None => {
                configured_region(profile, PAGE).await.map_err(|failure| ToolError::from(failure).about("regions"))?
            }
        });
    }
    regions.sort();
    regions.dedup();
    let served = world.map(Served::start).transpose()?;
    let observer = Observer::new(account_of(served.as_ref(), profile), PAGE);
    context.watch(observer.traffic());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
    Ok(recent(&observer, &regions, seconds(now.saturating_sub(hours * 3600)), seconds(now), until).await)
}
