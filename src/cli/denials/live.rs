//! `--live`: asks CloudTrail's event history, Region by Region at the same time, and can go on where it was interrupted.
//!
//! After every page the state is saved where that was asked for: what was found so far, and how far back each Region was
//! read. An event that lies on the border of two runs is counted once.

use super::DenialsArgs;
use crate::answer::denials::{LIMITS, Page, Progress, first_page, next_page, take_page, words};
use crate::bedrock::Region;
use crate::cli::account::configured_region;
use crate::cli::exit::Failure;
use crate::cli::runtime::block_on;
use crate::cli::{interrupt, output};
use crate::evidence::Observation;
use crate::observe::{Account, GivenCredentials, Lookup, Observer, PAGE};
use crate::trail::{Collector, Denials, Source};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far a run came.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    schema: String,
    /// The moment up to which this run asks, in seconds since 1970.
    to: i64,
    regions: BTreeMap<String, Progress>,
    /// What was found.
    denials: Denials,
}

const SCHEMA: &str = "bedrock-access/lookup/1";

/// Asks every Region.
pub(super) fn read(args: &DenialsArgs) -> Result<Denials, Failure> {
    block_on(ask(args))
}

async fn ask(args: &DenialsArgs) -> Result<Denials, Failure> {
    let timeout = Duration::from_secs(args.timeout);
    let mut regions: Vec<Region> = args.region.clone();
    if regions.is_empty() {
        regions.push(configured_region(args.profile.as_deref(), timeout).await?);
    }
    regions.sort();
    regions.dedup();
    let now = seconds(SystemTime::now());
    let since = i64::try_from(args.since.as_secs()).unwrap_or(i64::MAX);
    let earlier = args.resume.as_deref().map(load).transpose()?.flatten();
    let (mut progress, to, mut collector) = plan(earlier, &regions, now, since);
    let account = Account::Aws { profile: args.profile.clone(), given: GivenCredentials::default() };
    let probe = Observer::new(account, timeout);
    let pages = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&pages);
    let resumable = args.resume.is_some();
    interrupt::on_interrupt_say(move || {
        let count = told.load(Ordering::Relaxed);
        let hint = if resumable { "the same command goes on from there" } else { "with `--resume FILE` it can go on" };
        format!("{count} pages of events had been read; {hint}")
    });
    // A page at a time for every Region, each at its own pace.
    let mut under_way = FuturesUnordered::new();
    for region in &regions {
        let state = progress.get(region.as_str()).cloned().unwrap_or_default();
        if !state.done {
            under_way.push(first_page(&probe, region.clone(), state));
        }
    }
    let mut waiting: FuturesUnordered<_> = FuturesUnordered::new();
    loop {
        let answer = tokio::select! {
            Some(answer) = under_way.next() => answer,
            Some(answer) = waiting.next() => answer,
            else => break,
        };
        let following = answer.next();
        let Page { region, history, lookup, mut state, answer, .. } = answer;
        let name = format!("live:{region}");
        let mut source = state.source.take().unwrap_or_else(|| Source::new(&name));
        let mut next = None;
        match answer {
            Observation::Seen(page) => {
                let count = pages.fetch_add(1, Ordering::Relaxed);
                take_page(&page, &mut state, &mut source, &mut collector);
                match following {
                    Ok(token) => next = token,
                    Err(error) => {
                        source.complete = false;
                        source.error = Some(error.to_owned());
                    }
                }
                if count < regions.len() as u64 && next.is_some() {
                    estimate(&region, &lookup, &state);
                }
                state.done = next.is_none() && source.error.is_none();
            }
            unseen => {
                source.complete = false;
                source.error = Some(words(&unseen));
            }
        }
        state.source = Some(source);
        progress.insert(region.to_string(), state.clone());
        if let Some(path) = &args.resume {
            save(path, to, &progress, &collector)?;
        }
        if let (Some(token), Some(history)) = (next, history) {
            waiting.push(next_page(history, region, lookup, state, token));
        }
    }
    for state in progress.into_values() {
        if let Some(source) = state.source {
            collector.end_source(source);
        }
    }
    LIMITS.iter().for_each(|limit| collector.limit(limit));
    Ok(collector.finish())
}

/// Works out what is left to ask: all of it, the rest of an interrupted run, or what is new since one that ended.
fn plan(
    earlier: Option<State>,
    regions: &[Region],
    now: i64,
    since: i64,
) -> (BTreeMap<String, Progress>, i64, Collector) {
    let fresh = |from: i64| Progress::between(from, now);
    let Some(state) = earlier else {
        let progress = regions.iter().map(|region| (region.to_string(), fresh(now - since))).collect();
        return (progress, now, Collector::default());
    };
    let is_over = state.regions.values().all(|region| region.done);
    let mut progress = state.regions;
    for region in regions {
        let known = progress.entry(region.to_string()).or_insert_with(|| fresh(now - since));
        if is_over && known.done {
            // What came in since, and was recorded before.
            known.to = state.to;
            known.go_on(now);
        }
        if let Some(source) = &mut known.source {
            source.complete = true;
            source.error = None;
        }
    }
    (progress, if is_over { now } else { state.to }, Collector::resume(state.denials))
}

/// Says how long it will take, by the time that the first page covers.
fn estimate(region: &Region, lookup: &Lookup, state: &Progress) {
    let covered = (lookup.until - state.until).max(1);
    let all = (lookup.until - lookup.from).max(1);
    let pages = all / covered + 1;
    let minutes = pages / 120;
    let time = match minutes {
        0 => "less than a minute".to_owned(),
        1 => "about a minute".to_owned(),
        minutes => format!("about {minutes} minutes"),
    };
    let events = pages.saturating_mul(i64::try_from(PAGE).unwrap_or(50));
    output::note(&format!(
        "{region}: some {events} events are expected, at two pages a second: {time}; `--print-query athena` selects faster"
    ));
}

fn load(path: &Path) -> Result<Option<State>, Failure> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| Failure::input(format!("`{}` cannot be read: {error}", path.display())))?,
    };
    let state: State = serde_json::from_str(&text).map_err(|error| {
        Failure::input(format!("`{}` is not what an earlier run saved: {error}", path.display()))
            .hint("`--resume` takes a file of its own, which the first run makes")
    })?;
    if state.schema != SCHEMA {
        return Err(Failure::input(format!("`{}` has the schema `{}`, not `{SCHEMA}`", path.display(), state.schema)));
    }
    Ok(Some(state))
}

fn save(path: &Path, to: i64, progress: &BTreeMap<String, Progress>, collector: &Collector) -> Result<(), Failure> {
    let state = State { schema: SCHEMA.to_owned(), to, regions: progress.clone(), denials: collector.so_far() };
    // Strings, numbers and lists alone: serialization has no case to fail in.
    output::write_file(path, &serde_json::to_string(&state).unwrap_or_default())
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
