//! Gathers the evidence of one call: from AWS, or from an embedded account for as long as the diagnosis takes.

use super::args::DoctorArgs;
use super::request::{request, warn};
use super::wait;
use crate::answer::doctor::{Inputs, gather_all, resolved};
use crate::cli::account::{Served, account_of, configured_region};
use crate::cli::exit::Failure;
use crate::cli::interrupt;
use crate::cli::progress::with_progress;
use crate::cli::sandbox::load_world;
use crate::evidence::Evidence;
use crate::observe::Observer;
use std::time::Instant;

/// Gathers the evidence of the call that the command line describes, again and again with `--wait`.
pub(super) async fn observe(args: &DoctorArgs, inputs: &Inputs) -> Result<Evidence, Failure> {
    let started = Instant::now();
    let timeout = args.timeout;
    let world = args.account.sandbox.as_deref().map(load_world).transpose()?;
    let profile = args.account.profile.as_deref();
    let configured = async || configured_region(profile, timeout).await;
    let asked = request(&args.call(), inputs, world.as_ref(), configured).await?;
    let role = args.account.role_to_assume()?;
    // The embedded account exists as long as the diagnosis.
    let served = world.map(Served::start).transpose()?;
    if served.is_none() {
        warn([&asked.request]);
    }
    // The search for the Region counts.
    let left = timeout.saturating_sub(started.elapsed());
    let observer = Observer::new(account_of(served.as_ref(), profile), left).assuming(role);
    interrupt::report_progress_of(observer.traffic());
    let request = resolved(&observer, asked).await?;
    let gather = async |round: u32| {
        if let Some(world) = args.account.sandbox.as_deref().filter(|_| round > 0) {
            // A world's file may have been changed meanwhile, as an account is.
            let served = Served::start(load_world(world)?)?;
            let observer =
                Observer::new(account_of(Some(&served), None), left).assuming(args.account.role_to_assume()?);
            return Ok(with_progress("asking AWS", gather_all(&observer, request.clone())).await);
        }
        if round > 0 {
            observer.forget_answers();
        }
        Ok(with_progress("asking AWS", gather_all(&observer, request.clone())).await)
    };
    match args.wait {
        Some(time) => wait::until_allowed(time, gather, wait::Notes::Shown).await,
        None => gather(0).await,
    }
}
