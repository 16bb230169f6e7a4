//! Whole processes, measured from outside: their time, and the memory that they came to.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The program of the same profile.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_bedrock-access");

/// Runs a process to its end without looking at what it writes.
pub fn run(mut command: Command) -> Duration {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    command.status().expect("the program runs");
    started.elapsed()
}

/// The largest resident size of a living process so far, in MiB.
pub fn peak(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

pub fn median(times: &mut [f64]) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
