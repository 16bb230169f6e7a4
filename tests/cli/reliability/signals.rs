//! Interruption and company: Ctrl-C and SIGTERM end the program within a second wherever it is, and many of it run at once.

use crate::support::account::{Account, at_once};
use crate::support::program::{Doctor, PROGRAM};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the program may take to end.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How long something is waited for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const SIGNALS: [(Signal, i32); 2] = [(Signal::INT, 130), (Signal::TERM, 143)];

const ASKED: [&str; 6] = ["--model", "us.amazon.nova-lite-v1:0", "--region", "us-west-2", "--timeout", "300"];

const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "canary-secret")];

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn start(doctor: Doctor) -> Child {
    let Doctor(mut command) = doctor;
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Sends the signal, and returns what the program then says on standard output and standard error.
fn interrupt(mut child: Child, (signal, status): (Signal, i32), mut stderr: impl std::io::Read) -> (String, String) {
    let sent = Instant::now();
    kill_process(Pid::from_child(&child), signal).unwrap();
    let ended = child.wait().unwrap();
    assert!(sent.elapsed() < AT_ONCE, "{signal:?}: {:?}", sent.elapsed());
    assert_eq!(ended.code(), Some(status), "{signal:?}: {ended}");
    let (mut said, mut told) = (String::new(), String::new());
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut said).unwrap();
    }
    stderr.read_to_string(&mut told).unwrap();
    assert!(!told.contains("panicked") && !told.contains("canary"), "{told}");
    (said, told)
}

fn stderr_of(child: &mut Child) -> ChildStderr {
    child.stderr.take().unwrap()
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

/// Returns `true` if a process runs: it is there, and is not only waited for.
#[cfg(target_os = "linux")]
fn runs(process: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    status.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

#[test]
fn an_interruption_while_aws_hangs_says_what_it_had_and_writes_nothing() {
    for signal in SIGNALS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let (report, evidence) = (folder.path().join("report.html"), folder.path().join("evidence.json"));
        let files = ["--output", report.to_str().unwrap(), "--save-evidence", evidence.to_str().unwrap()];
        let mut child = start(
            Doctor::new([&ASKED[..], &["--format", "html"], &files].concat())
                .environment(KEYS)
                .environment([("AWS_ENDPOINT_URL", endpoint.as_str())]),
        );
        let _connection = listener.accept().unwrap();
        let stderr = stderr_of(&mut child);
        let (said, told) = interrupt(child, signal, stderr);
        assert_eq!(said, "");
        assert!(told.contains("interrupted: 0 calls had been answered, and "), "{told}");
        assert!(told.contains("sts:GetCallerIdentity") && told.ends_with("); there is no report\n"), "{told}");
        assert!(is_empty(folder.path()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interruption_ends_a_credential_process_that_hangs() {
    for signal in SIGNALS {
        let folder = tempfile::tempdir().unwrap();
        let (config, id) = (folder.path().join("config"), folder.path().join("id"));
        let process = format!("sh -c 'echo $$ > {}.new; mv {0}.new {0}; sleep 300'", id.display());
        fs::write(&config, format!("[default]\ncredential_process = {process}\n")).unwrap();
        let mut child = start(
            Doctor::new(ASKED).environment([("PATH", "/usr/bin:/bin"), ("AWS_CONFIG_FILE", config.to_str().unwrap())]),
        );
        until("the credential process starts", || id.exists());
        let id = fs::read_to_string(&id).unwrap();
        assert!(runs(id.trim()));
        let stderr = stderr_of(&mut child);
        let (_, told) = interrupt(child, signal, stderr);
        assert_eq!(told, "interrupted: no call was made; there is no report\n");
        until("the credential process ends", || !runs(id.trim()));
    }
}

#[test]
fn an_interruption_ends_the_wait() {
    for signal in SIGNALS {
        let mut child = start(Doctor::new(["--sandbox", "iam-missing", "--wait", "30"]));
        let mut stderr = BufReader::new(stderr_of(&mut child));
        let mut first = String::new();
        stderr.read_line(&mut first).unwrap();
        assert!(first.starts_with("waiting: still denied"), "{first}");
        let (said, told) = interrupt(child, signal, stderr);
        assert_eq!(said, "");
        assert!(told.starts_with("interrupted: ") && told.contains("calls had been answered"), "{told}");
    }
}

#[test]
fn an_interruption_among_targets_leaves_whole_lines() {
    for signal in SIGNALS {
        let Doctor(mut command) = Doctor::new(["--sandbox", "iam-missing", "--targets", "-", "--format", "json"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut targets = child.stdin.take().unwrap();
        let target = |id: u8| format!("{{\"id\": {id}, \"model\": \"us.amazon.nova-lite-v1:0\"}}\n");
        targets.write_all([1, 2, 3].map(target).concat().as_bytes()).unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        for _ in 0..3 {
            let mut line = String::new();
            answers.read_line(&mut line).unwrap();
            assert!(serde_json::from_str::<Value>(&line).unwrap()["verdict"].is_string(), "{line}");
        }
        child.stdout = Some(answers.into_inner());
        let stderr = stderr_of(&mut child);
        let (said, told) = interrupt(child, signal, stderr);
        assert_eq!((said.as_str(), told.as_str()), ("", "interrupted: 3 targets had been answered\n"));
        drop(targets);
    }
}

/// Returns the end of a pipe that is full already, and the end that nobody reads from.
fn full_pipe() -> (std::io::PipeWriter, std::io::PipeReader) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    while writer.write(&[b' '; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    (writer, reader)
}

#[test]
fn an_interruption_ends_a_report_that_nobody_reads() {
    for signal in SIGNALS {
        let (writer, _reader) = full_pipe();
        let Doctor(mut command) = Doctor::new(["--sandbox", "iam-missing"]);
        let mut child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        // It waits for the account, or for a reader: either is ended.
        std::thread::sleep(Duration::from_secs(1));
        assert!(child.try_wait().unwrap().is_none());
        let stderr = stderr_of(&mut child);
        interrupt(child, signal, stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_the_command_of_run() {
    for signal in SIGNALS {
        let folder = tempfile::tempdir().unwrap();
        let id = folder.path().join("id");
        let script = format!("echo $$ > {0}.new; mv {0}.new {0}; exec sleep 300", id.display());
        let mut child = Command::new(PROGRAM)
            .args(["run", "--", "sh", "-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        until("the command starts", || id.exists());
        let id = fs::read_to_string(&id).unwrap();
        let stderr = stderr_of(&mut child);
        interrupt(child, signal, stderr);
        assert!(!runs(id.trim()));
    }
}

#[test]
fn fifty_at_once_say_what_one_says() {
    let account = Account::named("both");
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("report.json");
    let expected = account.doctor(&["--quiet", "--timeout", "120"]).run();
    assert_eq!(expected.status, 1, "{}", expected.stderr);
    let numbers: Vec<usize> = (0..50).collect();
    at_once(50, &numbers, |number| {
        let evidence = folder.path().join(format!("evidence-{number}.json"));
        let files = ["--save-evidence", evidence.to_str().unwrap()];
        let quiet = account.doctor(&[&["--quiet", "--timeout", "120"][..], &files].concat()).run();
        assert_eq!((quiet.status, &quiet.stdout), (1, &expected.stdout), "{}", quiet.stderr);
        // All of them write one report over another, and each is whole.
        let output =
            ["--evidence", evidence.to_str().unwrap(), "--format", "json", "--output", shared.to_str().unwrap()];
        let saved = Doctor::new(output).run();
        assert_eq!(saved.status, 1, "{}", saved.stderr);
        let report: Value = serde_json::from_str(&fs::read_to_string(&shared).unwrap()).unwrap();
        assert_eq!(report["verdict"], "denied");
    });
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 51);
}
