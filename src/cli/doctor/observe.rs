//! Gathers the evidence: from AWS, or from the embedded account for as long as the diagnosis lasts.

use super::args::DoctorArgs;
use super::request::{request, requests, warn};
use crate::bedrock::Bundle;
use crate::cli::account::{Served, account_of};
use crate::cli::exit::Failure;
use crate::cli::interrupt;
use crate::cli::progress::with_progress;
use crate::cli::sandbox::load_world;
use crate::diagnose::open_questions;
use crate::evidence::Evidence;
use crate::observe::Observer;
use crate::request::Request;
use futures_util::future::join_all;
use std::time::{Duration, Instant};

/// Rounds of questions; two are usual, and every answer closes its question.
const MAX_ROUNDS: usize = 8;

pub(super) async fn observe(args: &DoctorArgs) -> Result<Evidence, Failure> {
    let started = Instant::now();
    let timeout = Duration::from_secs(args.timeout);
    let world = args.sandbox.as_deref().map(load_world).transpose()?;
    let request = request(args, world.as_ref(), timeout).await?;
    // The embedded account lives as long as the diagnosis.
    let served = world.map(Served::start).transpose()?;
    if served.is_none() {
        warn(&request);
    }
    let account = account_of(served.as_ref(), args.profile.as_deref());
    // Looking for the Region counts.
    let left = timeout.saturating_sub(started.elapsed());
    let probe = Observer::new(account, left).assuming(args.role_to_assume());
    interrupt::tells_of(probe.traffic());
    Ok(with_progress("asking AWS", settle(&probe, request)).await)
}

/// Gathers evidence for every operation of a bundle, over one connection.
pub(super) async fn observe_all(args: &DoctorArgs, bundle: Bundle) -> Result<Vec<Evidence>, Failure> {
    let started = Instant::now();
    let timeout = Duration::from_secs(args.timeout);
    let world = args.sandbox.as_deref().map(load_world).transpose()?;
    let requests = requests(args, bundle, world.as_ref(), timeout).await?;
    let served = world.map(Served::start).transpose()?;
    if served.is_none() {
        requests.iter().take(1).for_each(warn);
    }
    let account = account_of(served.as_ref(), args.profile.as_deref());
    let left = timeout.saturating_sub(started.elapsed());
    let probe = Observer::new(account, left).assuming(args.role_to_assume());
    interrupt::tells_of(probe.traffic());
    let all = join_all(requests.into_iter().map(|request| settle(&probe, request)));
    Ok(with_progress("asking AWS", all).await)
}

/// Gathers evidence until no question is open.
pub(super) async fn settle(probe: &Observer, request: Request) -> Evidence {
    let (mut evidence, session) = Box::pin(probe.gather(request)).await;
    for _ in 0..MAX_ROUNDS {
        let questions = open_questions(&evidence);
        if questions.is_empty() {
            break;
        }
        Box::pin(session.ask(&mut evidence, questions)).await;
    }
    evidence
}
