//! `--wait`: checks again until the call is allowed or the time is over, at growing intervals.
//!
//! Access that was just granted takes seconds (IAM) to minutes (an agreement, a form): each line on standard error says
//! what is missing and how long that may take.

use crate::cause::catalogue;
use crate::cli::exit::Failure;
use crate::cli::output;
use crate::diagnose::{Diagnosis, Verdict, diagnose};
use crate::evidence::Evidence;
use std::time::{Duration, Instant};

/// The first pause; that of a short wait is a tenth of it.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause between two rounds.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether each round writes a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notes {
    Shown,
    Hidden,
}

/// Gathers evidence again and again, and returns the first that shows the call allowed, or else the last.
///
/// `gather` is given the number of the round, from 0: what earlier rounds have read must not be used again.
pub(super) async fn until_allowed(
    time: Duration,
    gather: impl AsyncFn(u32) -> Result<Evidence, Failure>,
    notes: Notes,
) -> Result<Evidence, Failure> {
    let started = Instant::now();
    let mut pause = FIRST_PAUSE.min(time / 10);
    let mut round = 0;
    loop {
        let evidence = gather(round).await?;
        let left = time.saturating_sub(started.elapsed());
        let diagnosis = diagnose(&evidence);
        if diagnosis.verdict == Verdict::Allowed || left.is_zero() {
            return Ok(evidence);
        }
        // The last round is at the end of the time, not before it.
        let rest = pause.min(left);
        if notes == Notes::Shown {
            output::note(&format!("{}; next check in {} ({} left)", waiting_for(&diagnosis), words(rest), words(left)));
        }
        tokio::time::sleep(rest).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        round += 1;
    }
}

fn waiting_for(diagnosis: &Diagnosis) -> String {
    match diagnosis.findings.first() {
        Some(first) => {
            let takes = catalogue::entry(first.cause).takes_effect;
            format!("waiting: still denied [{}]; a fix takes effect {takes}", first.cause)
        }
        None => "waiting: cannot tell yet".to_owned(),
    }
}

fn words(time: Duration) -> String {
    match time.as_secs() {
        0 => "a moment".to_owned(),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}
