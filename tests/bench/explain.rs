//! Measures `explain`: the start of the whole process, the throughput of `--batch`, its memory, its linearity.
//!
//! Takes the release binary and real texts, repeated; prints a table and asserts nothing. Needs `taskset` for the
//! figures by number of processors. `cargo bench --bench explain [-- MEGABYTES]`; 1024 shows a gigabyte.

#[path = "../explain/hostile.rs"]
mod hostile;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bedrock-access");
const MESSAGES: &str = include_str!("../fixtures/messages/messages.jsonl");

fn main() {
    // `cargo bench` hands over `--bench`, and whatever follows `--`.
    let megabytes = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(256);
    let directory = tempfile::tempdir().expect("a temporary directory");
    start(directory.path());
    let lines = lines();
    for processors in [1, 2] {
        let busy = processor_time();
        let best = (0..5).map(|_| batch(&lines, 64, processors).0).fold(Duration::MAX, Duration::min);
        let busy = (processor_time() - busy) / 5.0;
        let rate = |seconds: f64| 64.0 * 1.048_576 / seconds;
        println!(
            "--batch, {processors} processor(s): {:.0} MB/s, {:.0} MB a second of processor time",
            rate(best.as_secs_f64()),
            rate(busy)
        );
    }
    for size in [megabytes / 16, megabytes] {
        let (time, peak) = batch(&lines, size.max(1), 2);
        println!("--batch, {size} MiB: {:.1} s, peak memory {:.1} MiB", time.as_secs_f64(), peak as f64 / 1024.0);
    }
    hostile(directory.path());
    made_to_cost();
}

/// Eight times the length beside the time it takes: 8 is linear, 64 would be quadratic.
fn made_to_cost() {
    let time = |unit: &str, length: usize| {
        let text = unit.repeat(length / unit.len());
        let runs = (0..5).map(|_| {
            let started = Instant::now();
            std::hint::black_box(bedrock_access::explain::explain(&text));
            started.elapsed()
        });
        runs.fold(Duration::MAX, Duration::min).as_secs_f64()
    };
    let worst = hostile::UNITS
        .iter()
        .map(|unit| (time(unit, 320_000) / time(unit, 40_000), *unit))
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    if let Some((ratio, unit)) = worst {
        println!(
            "{} texts made to cost: at most {ratio:.1} times for 8 times the length ({unit:?})",
            hostile::UNITS.len()
        );
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

/// The whole process on a text of 1 kB, beside a program that prints one line.
fn start(directory: &Path) {
    let texts = MESSAGES.lines().map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).expect("a message");
        message["text"].as_str().expect("a text").to_owned()
    });
    let text = texts.min_by_key(|text| text.len().abs_diff(1000)).expect("a text");
    println!("start: the text has {} bytes", text.len());
    let file = directory.join("text");
    fs::write(&file, text).expect("a file");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/one_line.rs");
    let one_line = directory.join("one_line");
    let compiled = Command::new("rustc").arg("-O").arg("-o").arg(&one_line).arg(source).status();
    assert!(compiled.is_ok_and(|status| status.success()), "rustc cannot compile one_line.rs");
    let smallest = || Command::new(&one_line);
    let explain = || {
        let mut command = Command::new(PROGRAM);
        command.arg("explain").arg(&file);
        command
    };
    // In turns, so that both see the same machine.
    let (mut base, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..300 {
        base.push(run(smallest()));
        ours.push(run(explain()));
    }
    for (name, at) in [("median", 0.5), ("fastest tenth", 0.1)] {
        let (base, ours) = (quantile(&mut base, at), quantile(&mut ours, at));
        println!(
            "start, {name}: explain {:.2} ms, one line {:.2} ms, {:.2} times",
            ours.as_secs_f64() * 1e3,
            base.as_secs_f64() * 1e3,
            ours.as_secs_f64() / base.as_secs_f64()
        );
    }
}

fn run(mut command: Command) -> Duration {
    command.stdout(Stdio::null());
    let started = Instant::now();
    command.status().expect("the program runs");
    started.elapsed()
}

fn quantile(times: &mut [Duration], at: f64) -> Duration {
    times.sort_unstable();
    times[(times.len() as f64 * at) as usize]
}

/// Sends so many MiB through `--batch`; gives the time and the peak memory in KiB.
fn batch(lines: &[u8], megabytes: usize, processors: usize) -> (Duration, u64) {
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
            let mut buffer = vec![0; 1 << 20];
            while output.read(&mut buffer).is_ok_and(|count| count > 0) {}
        });
        let mut left = megabytes << 20;
        while left > 0 {
            let piece = &lines[..lines.len().min(left)];
            input.write_all(piece).expect("the program reads");
            left -= piece.len();
        }
        let peak = peak_memory(&child);
        drop(input);
        peak
    });
    child.wait().expect("the program ends");
    (started.elapsed(), peak)
}

fn peak_memory(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Texts made to cost more than their length: the time of 1 MiB beside that of 10.
fn hostile(directory: &Path) {
    let long = |unit: &str| unit.repeat((10 << 20) / unit.len());
    let mut seed = 1u64;
    let random: Vec<u8> = (0..10 << 20)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 56) as u8
        })
        .collect();
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("random bytes", random),
        ("one line", long("x").into_bytes()),
        ("nested JSON", long("{\"a\":[").into_bytes()),
        ("backslashes", long("\\").into_bytes()),
        ("line breaks", long("\n").into_bytes()),
        ("half ARNs", long("arn:aws:").into_bytes()),
        ("half refusals", long("User: is not authorized to perform: ").into_bytes()),
        (
            "the program itself",
            fs::read(PathBuf::from(PROGRAM)).expect("the program").into_iter().take(10 << 20).collect(),
        ),
    ];
    for (name, text) in texts {
        let mut times = Vec::new();
        for length in [text.len() / 10, text.len()] {
            let file = directory.join("hostile");
            fs::write(&file, &text[..length]).expect("a file");
            let mut command = Command::new(PROGRAM);
            command.arg("explain").arg(&file);
            times.push(run(command).as_secs_f64());
        }
        println!("{name}: 1 MiB {:.0} ms, 10 MiB {:.0} ms", times[0] * 1e3, times[1] * 1e3);
    }
}
