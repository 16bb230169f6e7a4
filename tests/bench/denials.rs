//! Measures how fast denials are found in trails and logs, on one core and from memory, and how much memory that takes.
//!
//! Needs the library alone: `cargo bench --no-default-features --bench denials`; `-- full` reads four times as much.
//! Where `rg` is installed, the same bytes are searched by `rg -F` in the same run.

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

#[path = "table.rs"]
mod table;

use bedrock_access::trail::{Collector, Denials, Wanted, read};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{Read, Write as _};
use std::process::{Command, Stdio};
use std::time::Instant;
use table::{growth, row};

const MIB: usize = 1 << 20;

/// A call that was served, with the length that such events have, and one that was refused.
const SERVED: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLE001:task","arn":"arn:aws:sts::111122223333:assumed-role/chat/task","accountId":"111122223333","accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLEEXAMPLE001","arn":"arn:aws:iam::111122223333:role/apps/chat","accountId":"111122223333","userName":"chat"},"attributes":{"creationDate":"2026-07-08T10:00:00Z","mfaAuthenticated":"false"}}},"eventTime":"2026-07-08T10:20:30Z","eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel","awsRegion":"us-west-2","sourceIPAddress":"192.0.2.10","userAgent":"Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.13.1 md/pyimpl#CPython cfg/retry-mode#standard Botocore/1.40.1","requestParameters":{"modelId":"us.anthropic.claude-sonnet-4-5-20250929-v1:0"},"responseElements":null,"additionalEventData":{"inputTokens":12,"outputTokens":3,"inferenceRegion":"us-west-2"},"requestID":"00000000-0000-4000-8000-NUMBER______","eventID":"00000000-0000-4000-9000-NUMBER______","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"bedrock-runtime.us-west-2.amazonaws.com"}}"#;

const ERROR: &str = r#""errorCode":"AccessDenied","errorMessage":"User: arn:aws:sts::111122223333:assumed-role/chat/task is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0 because no identity-based policy allows the bedrock:InvokeModel action","requestParameters""#;

fn main() {
    let is_full = std::env::args().any(|argument| argument == "full");
    let size = if is_full { 1024 * MIB } else { 256 * MIB };
    table::open("denials");
    let lines = trail(size, 50, "", "\n", "");
    let rate = measure("JSON lines, one in fifty a denial", 1000.0.., &lines);
    beside_search(&lines, rate);
    let records = trail(size, 50, "{\"Records\":[", ",", "]}");
    measure("one line of `{\"Records\":[…]}`, one in fifty a denial", 500.0.., &records);
    drop(records);
    measure("JSON lines, every one a denial", 150.0.., &trail(size / 4, 1, "", "\n", ""));
    measure("a log, one error in 20,000 lines", 500.0.., &log(size));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(lines.get(..lines.len().min(128 * MIB)).unwrap_or_default()).expect("memory");
    let packed = encoder.finish().expect("memory");
    let started = Instant::now();
    let mut unpacked = 0;
    let mut decoder = flate2::read::MultiGzDecoder::new(packed.as_slice());
    let mut buffer = vec![0; 256 * 1024];
    while let Some(count) = decoder.read(&mut buffer).ok().filter(|count| *count > 0) {
        unpacked += count;
    }
    let alone = unpacked as f64 / 1e6 / started.elapsed().as_secs_f64();
    let started = Instant::now();
    let denials = denials_of(packed.as_slice());
    assert!(denials.denials > 0);
    let together = unpacked as f64 / 1e6 / started.elapsed().as_secs_f64();
    row("the same lines, compressed, beside the inflater alone", 0.75.., together / alone, "times");
    row("the same in bytes unpacked", .., together, "MB/s");
    drop(lines);
    let before = peak();
    let sizes = [size / 16, size / 4, size];
    let points = sizes.map(|size| {
        let started = Instant::now();
        let denials = denials_of(Endless {
            left: size,
            record: SERVED.replace("\"requestParameters\"", ERROR).into_bytes(),
            at: 0,
        });
        assert!(denials.denials > 0);
        (size as f64 / MIB as f64, started.elapsed().as_secs_f64())
    });
    growth("one source of denials", "MiB", "s", &points);
    row("memory that the largest source adds to the peak", ..=64.0, peak() - before, "MiB");
}

fn trail(size: usize, every: usize, begin: &str, between: &str, end: &str) -> Vec<u8> {
    let refused = SERVED.replace("\"requestParameters\"", ERROR);
    let mut bytes = Vec::with_capacity(size + 4096);
    bytes.extend_from_slice(begin.as_bytes());
    let mut number = 0;
    while bytes.len() < size {
        if number > 0 {
            bytes.extend_from_slice(between.as_bytes());
        }
        let record = if number % every == 0 { &refused } else { SERVED };
        bytes.extend_from_slice(record.replace("NUMBER______", &format!("{number:012}")).as_bytes());
        number += 1;
    }
    bytes.extend_from_slice(end.as_bytes());
    bytes
}

fn log(size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 4096);
    let mut number = 0;
    while bytes.len() < size {
        let second = number % 60;
        let line = match number % 20_000 {
            7 => format!(
                "2026-07-08T10:20:{second:02}Z ERROR worker-3 An error occurred (AccessDeniedException) when calling the InvokeModel operation: You don't have access to the model with the specified model ID.\n"
            ),
            _ => format!(
                "2026-07-08T10:20:{second:02}Z INFO worker-{} request {number} answered in {} ms with 1423 output tokens\n",
                number % 7,
                number % 911
            ),
        };
        bytes.extend_from_slice(line.as_bytes());
        number += 1;
    }
    bytes
}

fn denials_of(source: impl Read + Send) -> Denials {
    let mut collector = Collector::default();
    let source = read("bench", source, &Wanted::Denials, &mut |entry| {
        collector.add("bench", entry);
        true
    });
    collector.end_source(source);
    collector.finish()
}

/// Reads the bytes three times, and returns the best rate in MB/s.
fn measure(what: &str, wanted: impl std::ops::RangeBounds<f64>, bytes: &[u8]) -> f64 {
    let best = (0..3)
        .map(|_| {
            let started = Instant::now();
            let denials = denials_of(bytes);
            assert!(denials.denials > 0 && denials.is_whole(), "{:?}", denials.sources);
            started.elapsed().as_secs_f64()
        })
        .fold(f64::MAX, f64::min);
    let rate = bytes.len() as f64 / 1e6 / best;
    row(what, wanted, rate, "MB/s");
    rate
}

/// Searches the same bytes with `rg`, where it is installed.
fn beside_search(bytes: &[u8], rate: f64) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("trail");
    fs::write(&file, bytes).expect("a file");
    let search = || {
        let started = Instant::now();
        let mut rg = Command::new("rg");
        rg.args(["-F", "-c", "-j1", "--no-mmap", "\"errorCode\":\"AccessDenied\""]).arg(&file).stdout(Stdio::null());
        rg.status().ok().filter(std::process::ExitStatus::success).map(|_| started.elapsed().as_secs_f64())
    };
    let best = (0..3).filter_map(|_| search()).fold(f64::MAX, f64::min);
    if best < f64::MAX {
        let searched = bytes.len() as f64 / 1e6 / best;
        row("`rg -F` over the same lines", .., searched, "MB/s");
        row("denials beside `rg -F`", .., rate / searched, "times");
    }
}

/// One record again and again, so that nothing but the reader takes memory.
struct Endless {
    left: usize,
    record: Vec<u8>,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == 0 && self.left < self.record.len() {
            return Ok(0);
        }
        let count = match self.record.get(self.at..) {
            Some(rest) if !rest.is_empty() => (&rest[..]).read(buffer)?,
            _ => {
                self.left -= self.record.len();
                self.at = 0;
                return b"\n".as_slice().read(buffer);
            }
        };
        self.at += count;
        Ok(count)
    }
}

/// The largest resident size of this process so far, in MiB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
