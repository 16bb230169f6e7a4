//! Measures the start: the whole process of `--version`, `--help` and `explain`, beside a program that prints a line.
//!
//! All take turns, so that each sees the same machine. The memory is read while the process waits at its first write,
//! into a pipe that is full: nothing but writing is left to do then. `cargo bench --bench start`; a Python environment
//! with `aws-why` (`tests/bench/requirements.txt`), named by `BEDROCK_ACCESS_BENCH_PYTHON`, is measured beside.

#![allow(
    clippy::exit,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a benchmark stops where it is wrong"
)]

#[path = "process.rs"]
mod process;
#[path = "skip.rs"]
mod skip;
#[path = "table.rs"]
mod table;
#[path = "text.rs"]
mod text;

use process::{PROGRAM, median, ms, peak, run};
use skip::skip;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use table::{growth, row};
use text::error_text;

const ROUNDS: usize = 300;

/// What a pipe holds on Linux unless told otherwise (pipe(7)).
const PIPE: usize = 64 * 1024;

/// How long the program that prints one line takes on the machine for which 5 ms are asked, in milliseconds.
const LINE_THERE: f64 = 1.4;

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let one_line = compile_one_line(directory.path());
    let text = error_text();
    let file = directory.path().join("text");
    fs::write(&file, &text).expect("a file");
    let size = text.len();
    let explain = format!("`explain` of {size} bytes");
    let ours: [(&str, &[&str]); 3] =
        [("`--version`", &["--version"]), ("`--help`", &["--help"]), (&explain, &["explain", path(&file)])];
    let aws_why = aws_why();

    let mut commands: Vec<Box<dyn Fn() -> Command>> = vec![Box::new(move || Command::new(&one_line))];
    for (_, arguments) in ours {
        commands.push(Box::new(move || with(PROGRAM, arguments)));
    }
    if let Some(program) = &aws_why {
        let arguments = ["explain", path(&file)];
        commands.push(Box::new(move || with(program, &arguments)));
    }
    let mut times = vec![Vec::new(); commands.len()];
    for _ in 0..ROUNDS {
        for (command, times) in commands.iter().zip(&mut times) {
            times.push(ms(run(command())));
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();

    table::open("start");
    row("a Rust program that prints one line, median of the whole process", .., medians[0], "ms");
    for ((what, arguments), time) in ours.iter().zip(&medians[1..]) {
        let beside = time / medians[0];
        row(what, .., *time, "ms");
        row(&format!("{what}, beside that program"), ..=3.5, beside, "times");
        row(&format!("{what}, where that program takes 1.4 ms"), ..=5.0, beside * LINE_THERE, "ms");
        row(&format!("{what}, peak memory"), ..=12.0, held(with(PROGRAM, arguments)), "MB");
    }
    match medians.get(4) {
        Some(aws_why) => {
            row("`aws-why explain` 0.5.0 of the same text", .., *aws_why, "ms");
            row(&format!("{explain}, beside `aws-why explain`"), ..=0.5, medians[3] / aws_why, "times");
        }
        None => skip("BEDROCK_ACCESS_BENCH_PYTHON names no Python beside which there is `aws-why` 0.5.0"),
    }
    let points = [1, 16, 256].map(|times| {
        fs::write(&file, text.repeat(times)).expect("a file");
        let mut runs: Vec<f64> = (0..ROUNDS / 10).map(|_| ms(run(with(PROGRAM, &["explain", path(&file)])))).collect();
        ((size * times) as f64 / 1000.0, median(&mut runs))
    });
    growth("`explain`", "kB of text", "ms", &points);
}

fn compile_one_line(directory: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/one_line.rs");
    let one_line = directory.join("one_line");
    let compiled = Command::new("rustc").arg("-O").arg("-o").arg(&one_line).arg(source).status();
    assert!(compiled.is_ok_and(|status| status.success()), "rustc cannot compile one_line.rs");
    one_line
}

/// The peer's program, which the Python package brings beside the interpreter.
fn aws_why() -> Option<String> {
    let python = PathBuf::from(std::env::var_os("BEDROCK_ACCESS_BENCH_PYTHON")?);
    let program = python.with_file_name("aws-why");
    let version = Command::new(&program).arg("--version").output().ok()?;
    (version.stdout == b"aws-why 0.5.0\n").then(|| program.display().to_string())
}

fn with(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn path(file: &Path) -> &str {
    file.to_str().expect("a path in UTF-8")
}

/// The peak memory of a process at its first write, in MB.
fn held(mut command: Command) -> f64 {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(&[b'\n'; PIPE]).expect("an empty pipe has room");
    let mut child = command.stdin(Stdio::null()).stdout(writer).spawn().expect("the program runs");
    // More than enough to come to the write.
    std::thread::sleep(Duration::from_millis(200));
    let memory = peak(child.id()).expect("the program waits to be read");
    drop(reader);
    let _ = child.wait();
    memory * 1.048_576
}
