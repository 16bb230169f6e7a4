//! Measures `explain`: the throughput of `--batch` by processors, its memory, and what texts made to cost cost.
//!
//! Real texts, repeated, go through the whole program. Needs `taskset` for the figures by number of processors.
//! `cargo bench --bench explain`; `-- full` sends a gigabyte.

#[path = "../support/costly.rs"]
mod hostile;
#[path = "process.rs"]
mod process;
#[path = "table.rs"]
mod table;

use process::{PROGRAM, median, ms, peak, run};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;
use table::{growth, row};

const MESSAGES: &str = include_str!("../fixtures/messages/messages.jsonl");
const MIB: usize = 1 << 20;

fn main() {
    let is_full = std::env::args().any(|argument| argument == "full");
    let lines = lines();
    table::open("explain");
    let rates = [1, 2].map(|processors| {
        // Who feeds the program and takes its answers leaves it the one processor, where there is another.
        keep_to(if processors == 1 { "1" } else { "0,1" });
        let busy = processor_time();
        let best = (0..5).map(|_| batch(&lines, 64, processors).seconds).fold(f64::MAX, f64::min);
        let busy = (processor_time() - busy) / 5.0;
        let rate = |seconds: f64| (64 * MIB) as f64 / 1e6 / seconds;
        let least = if processors == 1 { 40.0 } else { f64::NEG_INFINITY };
        row(&format!("`--batch` on {processors} processor(s)"), least.., rate(best), "MB/s");
        row("the same by its own processor time", .., rate(busy), "MB/s");
        rate(best)
    });
    row("`--batch` on two processors beside one", 1.8.., rates[1] / rates[0], "times");
    let largest = if is_full { 1024 } else { 256 };
    let sizes = [largest / 16, largest / 4, largest];
    let runs = sizes.map(|size| (size, batch(&lines, size, 2)));
    for (size, batch) in &runs {
        row(&format!("peak memory of `--batch`, {size} MiB of input"), .., batch.peak, "MiB");
    }
    let [(_, few), .., (_, many)] = &runs;
    row("peak memory at 16 times the input", ..=1.2, many.peak / few.peak, "times");
    growth("`--batch` on two processors", "MiB of input", "s", &runs.map(|(size, batch)| (size as f64, batch.seconds)));
    let directory = tempfile::tempdir().expect("a temporary directory");
    hostile(directory.path());
    made_to_cost();
}

/// Eight times the length beside the time it takes: 8 is linear, 64 would be quadratic.
fn made_to_cost() {
    let time = |unit: &str, length: usize| {
        let text = unit.repeat(length / unit.len());
        let runs = (0..15).map(|_| {
            let started = Instant::now();
            std::hint::black_box(bedrock_access::explain::explain(&text));
            started.elapsed().as_secs_f64()
        });
        runs.fold(f64::MAX, f64::min)
    };
    let worst = hostile::UNITS
        .iter()
        .map(|unit| (time(unit, 320_000) / time(unit, 40_000), *unit))
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    if let Some((ratio, unit)) = worst {
        let what = format!(
            "{} texts made to cost, at 8 times the length; the worst repeats `{}`",
            hostile::UNITS.len(),
            unit.escape_debug()
        );
        row(&what, ..=12.0, ratio, "times");
    }
}

/// Real texts as lines of a batch, as few fields as a user would send.
fn lines() -> Vec<u8> {
    let mut lines = Vec::new();
    for message in MESSAGES.lines() {
        let message: serde_json::Value = serde_json::from_str(message).expect("a message");
        let line = serde_json::json!({"id": message["id"], "text": message["text"]});
        lines.extend(serde_json::to_vec(&line).expect("a line"));
        lines.push(b'\n');
    }
    lines
}

/// The processor time of the children that have ended, in seconds: what a busy machine does not distort.
fn processor_time() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // `cutime` and `cstime` of proc(5), in ticks of 10 ms.
    let ticks: f64 = [13, 14].iter().filter_map(|field| fields.get(*field)?.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// Moves this process to some of the processors; a machine that has them not leaves it where it is.
fn keep_to(processors: &str) {
    let this = std::process::id().to_string();
    let moved = Command::new("taskset").args(["-a", "-c", "-p", processors, &this]).stdout(Stdio::null()).status();
    moved.expect("taskset runs");
}

struct Batch {
    seconds: f64,
    /// MiB.
    peak: f64,
}

/// Sends so many MiB through `--batch`.
fn batch(lines: &[u8], mebibytes: usize, processors: usize) -> Batch {
    let started = Instant::now();
    let mut child = Command::new("taskset")
        .args(["-c", if processors == 1 { "0" } else { "0,1" }, PROGRAM, "explain", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("taskset runs");
    let mut input = child.stdin.take().expect("standard input");
    let mut output = child.stdout.take().expect("standard output");
    let peak = thread::scope(|scope| {
        scope.spawn(move || {
            let mut buffer = vec![0; MIB];
            while output.read(&mut buffer).is_ok_and(|count| count > 0) {}
        });
        let mut left = mebibytes * MIB;
        while left > 0 {
            let piece = &lines[..lines.len().min(left)];
            input.write_all(piece).expect("the program reads");
            left -= piece.len();
        }
        let peak = peak(child.id());
        drop(input);
        peak
    });
    child.wait().expect("the program ends");
    Batch { seconds: started.elapsed().as_secs_f64(), peak: peak.expect("the program waits for the end of its input") }
}

/// Texts made to cost more than their length, at three lengths.
fn hostile(directory: &Path) {
    let long = |unit: &str| unit.repeat(10 * MIB / unit.len());
    let mut seed = 1u64;
    let random: Vec<u8> = (0..10 * MIB)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 56) as u8
        })
        .collect();
    let program = fs::read(PROGRAM).expect("the program");
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("random bytes", random),
        ("one line of one letter", long("x").into_bytes()),
        ("nested JSON", long("{\"a\":[").into_bytes()),
        ("backslashes", long("\\").into_bytes()),
        ("line breaks", long("\n").into_bytes()),
        ("beginnings of ARNs", long("arn:aws:").into_bytes()),
        ("beginnings of refusals", long("User: is not authorized to perform: ").into_bytes()),
        ("the program's own binary", program.into_iter().take(10 * MIB).collect()),
    ];
    let file = directory.join("hostile");
    for (name, text) in texts {
        let points = [text.len() / 10, text.len() / 3, text.len()].map(|length| {
            fs::write(&file, &text[..length]).expect("a file");
            let mut runs: Vec<f64> = (0..5)
                .map(|_| {
                    let mut command = Command::new(PROGRAM);
                    command.arg("explain").arg(&file);
                    ms(run(command))
                })
                .collect();
            (length as f64 / MIB as f64, median(&mut runs))
        });
        growth(&format!("one `explain` of {name}"), "MiB of text", "ms", &points);
    }
}
