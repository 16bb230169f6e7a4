//! `--wait`: asks again until the call is allowed or the time is over, ever more patiently.
//!
//! Access that was just given takes seconds (IAM) to minutes (an agreement, a form): each line on standard error says
//! what is waited for and how long that may take.

use crate::cause::catalogue;
use crate::cli::exit::Failure;
use crate::cli::output;
use crate::diagnose::{Diagnosis, Verdict, diagnose};
use crate::evidence::Evidence;
use std::thread;
use std::time::{Duration, Instant};

/// The first pause; that of a short wait is a tenth of it.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause between two rounds.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Gathers evidence again and again, and returns the first that shows the call allowed, or else the last.
pub(super) fn until_allowed(minutes: f64, gather: impl Fn() -> Result<Evidence, Failure>) -> Result<Evidence, Failure> {
    let time = Duration::from_secs_f64(minutes * 60.0);
    let started = Instant::now();
    let mut pause = FIRST_PAUSE.min(time / 10);
    loop {
        let evidence = gather()?;
        let left = time.saturating_sub(started.elapsed());
        let diagnosis = diagnose(&evidence);
        if diagnosis.verdict == Verdict::Allowed || left.is_zero() {
            return Ok(evidence);
        }
        // The last round is at the end of the time, not before it.
        let rest = pause.min(left);
        output::note(&format!(
            "{}; asking again in {}, for {} more",
            waiting_for(&diagnosis),
            words(rest),
            words(left)
        ));
        thread::sleep(rest);
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

fn waiting_for(diagnosis: &Diagnosis) -> String {
    match diagnosis.findings.first() {
        Some(first) => {
            let takes = catalogue::entry(first.cause).takes_effect;
            format!("waiting: still denied [{}]; a fix is in force {takes}", first.cause)
        }
        None => "waiting: what can be seen does not settle it yet".to_owned(),
    }
}

fn words(time: Duration) -> String {
    match time.as_secs() {
        0 => "a moment".to_owned(),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}
