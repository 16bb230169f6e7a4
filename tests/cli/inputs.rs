//! Inputs and outputs: each input is read once and before any output is opened, and nothing is lost or left behind.

use crate::support::program::{Answer, bedrock_access, run_with_input};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;

fn doctor(arguments: &[&str], folder: &Path) -> Command {
    let mut command = bedrock_access(["doctor"]);
    command.args(arguments).current_dir(folder);
    command
}

fn ask(arguments: &[&str], folder: &Path) -> Answer {
    doctor(arguments, folder).output().unwrap().into()
}

#[test]
fn standard_input_has_one_reader() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["--error", "-", "--session-policy", "-"][..],
        &["--session-policy", "-", "--vpc-endpoint-policy", "-"],
        &["--targets", "-", "--session-policy", "-"],
    ] {
        let answer = ask(&[arguments, &["--sandbox", "healthy"]].concat(), folder.path());
        assert_eq!(answer.status, 2, "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.contains("standard input can be read once"), "{}", answer.stderr);
    }
}

#[test]
fn a_policy_of_standard_input_counts_in_every_round_and_for_every_target() {
    let folder = tempfile::tempdir().unwrap();
    let waiting =
        doctor(&["--sandbox", "iam-missing", "--session-policy", "-", "--wait", "2s", "--json"], folder.path());
    let answer: Answer = run_with_input(waiting, POLICY.as_bytes()).into();
    assert_eq!(answer.status, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("next check in"), "{}", answer.stderr);
    let line = |id: u8| format!("{{\"id\": {id}, \"model\": \"{CLAUDE}\", \"operation\": \"converse\"}}\n");
    fs::write(folder.path().join("t.jsonl"), [line(1), line(2), line(3)].concat()).unwrap();
    let many =
        doctor(&["--sandbox", "healthy", "--targets", "t.jsonl", "--session-policy", "-", "--json"], folder.path());
    let answer: Answer = run_with_input(many, POLICY.as_bytes()).into();
    assert_eq!((answer.status, answer.stdout.lines().count()), (0, 3), "{}{}", answer.stdout, answer.stderr);
    assert!(!answer.stdout.contains("bedrock-access/error/1"), "{}", answer.stdout);
}

#[test]
fn nothing_is_emptied_before_it_is_known_to_be_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let target = format!("{{\"id\": 1, \"model\": \"{CLAUDE}\"}}\n");
    fs::write(path("t.jsonl"), &target).unwrap();
    fs::write(path("old.jsonl"), "precious\n").unwrap();
    fs::write(path("binary"), [1, 2, 3, 4]).unwrap();
    for (arguments, kept, content, status) in [
        (&["--targets", "t.jsonl", "--output", "t.jsonl"][..], "t.jsonl", target.as_bytes(), 2),
        (&["--targets", "t.jsonl", "--output", "./t.jsonl"], "t.jsonl", target.as_bytes(), 2),
        (&["--targets", "nope.jsonl", "--output", "old.jsonl"], "old.jsonl", b"precious\n", 4),
        (
            &["--targets", "t.jsonl", "--skip-done", "binary", "--output", "binary", "--json"],
            "binary",
            &[1, 2, 3, 4],
            4,
        ),
        (&["--error", "old.jsonl", "--model", CLAUDE, "--output", "old.jsonl"], "old.jsonl", b"precious\n", 2),
    ] {
        let answer = ask(&[arguments, &["--sandbox", "healthy"]].concat(), folder.path());
        assert_eq!(answer.status, status, "{arguments:?}: {}", answer.stderr);
        assert_eq!(fs::read(path(kept)).unwrap(), content, "{arguments:?}");
    }
    #[cfg(unix)]
    for device in ["/dev/null", "/dev/zero", "/dev/full"] {
        for option in ["--output", "--save-evidence"] {
            let force: &[&str] = if option == "--output" { &[] } else { &["--force"] };
            let answer = ask(&[&["--sandbox", "healthy", option, device], force].concat(), folder.path());
            assert_eq!(answer.status, 4, "{option} {device}: {}", answer.stderr);
            assert!(!fs::metadata(device).unwrap().is_file());
        }
    }
}

#[test]
fn a_target_says_everything_once_and_is_what_it_claims() {
    let folder = tempfile::tempdir().unwrap();
    for (line, said) in [
        (r#"{"id": 1, "model": "amazon.nova-lite-v1:0", "expect": "denied", "expect": "allowed"}"#, "stands twice"),
        (r#"{"id": 1, "model": "anthropic.$(id>pwned)"}"#, "a model id"),
        (
            r#"{"id": 1, "model": "arn:aws:bedrock:us-west-2:111122223333:prompt/ABCDEFGHIJ", "resources": ["arn:aws:bedrock:us-west-2::foundation-model/anthropic.x$(id>pwned)"]}"#,
            "characters",
        ),
        (r#"{"id": 1, "model": "amazon.nova-lite-v1:0", "principal": "arn:aws:iam::1$(id):role/x"}"#, "account"),
    ] {
        fs::write(folder.path().join("t.jsonl"), line).unwrap();
        let answer = ask(&["--sandbox", "healthy", "--targets", "t.jsonl", "--json"], folder.path());
        assert_eq!(answer.status, 4, "{line}: {}", answer.stdout);
        assert!(answer.stdout.contains(said), "{line}: {}", answer.stdout);
    }
}

#[test]
fn an_evidence_file_is_what_it_claims() {
    let folder = tempfile::tempdir().unwrap();
    let saved = ask(&["--sandbox", "scp-region-deny", "--save-evidence", "e.json", "-q"], folder.path());
    assert_eq!(saved.status, 1);
    let evidence = fs::read_to_string(folder.path().join("e.json")).unwrap();
    for (old, new) in [
        ("111122223333", "1$(id>pwned)"),
        ("::foundation-model/anthropic", "::foundation-model/$(id>pwned).anthropic"),
        ("2026-11-22T12:00:00Z", "\\u001b[2J"),
    ] {
        assert!(evidence.contains(old), "{old}");
        fs::write(folder.path().join("bad.json"), evidence.replace(old, new)).unwrap();
        let answer = ask(&["--evidence", "bad.json", "--format", "junit"], folder.path());
        assert_eq!(answer.status, 4, "{new}: {}", answer.stdout);
        assert!(answer.stderr.contains("is not an evidence file"), "{}", answer.stderr);
    }
}

#[test]
fn an_unusual_environment_is_a_failure_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "not-a-secret")];
    // Nothing leaves the machine.
    let closed = [("HTTPS_PROXY", "http://127.0.0.1:1")];
    for (name, value) in [
        ("AWS_ENDPOINT_URL", ""),
        ("AWS_ENDPOINT_URL_STS", ""),
        ("AWS_ENDPOINT_URL_IAM", " "),
        ("AWS_ENDPOINT_URL_BEDROCK", ""),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", ""),
        ("AWS_ENDPOINT_URL", "not a url"),
        ("AWS_ENDPOINT_URL", "http://"),
        ("AWS_ENDPOINT_URL", "::::"),
        ("AWS_MAX_ATTEMPTS", "many"),
        ("AWS_RETRY_MODE", "hard"),
        ("AWS_USE_FIPS_ENDPOINT", "perhaps"),
        ("AWS_CA_BUNDLE", "/nonexistent"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "user:hidden-part@["),
    ] {
        let mut command = doctor(&[CLAUDE, "--region", "us-west-2", "--probe", "--timeout", "3"], folder.path());
        let answer: Answer = command.envs(keys).envs(closed).env(name, value).output().unwrap().into();
        assert!((0..=4).contains(&answer.status), "{name}={value}: {} {}", answer.status, answer.stderr);
        assert!(!answer.stderr.contains("panicked") && !answer.stderr.contains("internal error"), "{}", answer.stderr);
    }
    // Without keys the container's endpoint is asked.
    for uri in ["user:hidden-part@127.0.0.1:1", "http://user:hidden-part@127.0.0.1:1/x", "http://[", ""] {
        let mut command = doctor(&[CLAUDE, "--region", "us-west-2", "--timeout", "3"], folder.path());
        let answer: Answer = command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri).output().unwrap().into();
        assert!((0..=4).contains(&answer.status), "{uri}: {} {}", answer.status, answer.stderr);
        let all = format!("{}{}", answer.stdout, answer.stderr);
        assert!(!all.contains("panicked") && !all.contains("internal error"), "{uri}: {all}");
        assert!(!all.contains("hidden-part"), "{uri}: {all}");
    }
}

#[cfg(unix)]
#[test]
fn a_token_file_that_nobody_writes_to_does_not_hold_the_deadline_up() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("token");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let started = Instant::now();
    let answer: Answer = doctor(&[CLAUDE, "--region", "us-west-2", "--timeout", "2"], folder.path())
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", &pipe)
        .env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/x")
        .output()
        .unwrap()
        .into();
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(answer.status, 1, "{}", answer.stdout);
    let device = doctor(&[CLAUDE, "--region", "us-west-2", "--timeout", "2"], folder.path())
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", "/dev/zero")
        .env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/x")
        .output()
        .unwrap();
    assert_eq!(device.status.code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_credential_process_that_prints_for_ever_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::write(&config, "[default]\ncredential_process = sh -c 'cat /dev/zero'\n").unwrap();
    let answer: Answer = doctor(&[CLAUDE, "--region", "us-west-2", "--timeout", "20"], folder.path())
        .env("AWS_CONFIG_FILE", &config)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap()
        .into();
    assert_eq!(answer.status, 1, "{}", answer.stderr);
    assert!(answer.stdout.contains("has no end"), "{}", answer.stdout);
}

#[cfg(unix)]
#[test]
fn run_ends_when_its_command_has_ended() {
    let started = Instant::now();
    let script = "(while :; do echo x >&2; sleep 0.01; done) & echo $! >pid; exit 5";
    let folder = tempfile::tempdir().unwrap();
    let mut command = bedrock_access(["run", "sh", "-c", script]);
    command.current_dir(folder.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let status = child.wait().unwrap();
    let pid = fs::read_to_string(folder.path().join("pid")).unwrap();
    let _ = Command::new("kill").arg(pid.trim()).status();
    assert_eq!(status.code(), Some(5));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn an_external_id_can_stay_out_of_the_list_of_processes() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("id"), "the-id\n").unwrap();
    fs::write(folder.path().join("bad"), "").unwrap();
    let assume = ["--assume-role", "arn:aws:iam::111122223333:role/x", "--sandbox", "healthy"];
    let answer = ask(&[&assume[..], &["--external-id-file", "id"]].concat(), folder.path());
    assert!(answer.status != 2 && answer.status != 4, "{}", answer.stderr);
    let answer = ask(&[&assume[..], &["--external-id-file", "bad"]].concat(), folder.path());
    assert_eq!(answer.status, 4, "{}", answer.stderr);
}

#[test]
fn nothing_foreign_is_a_command_of_the_ci_system() {
    let folder = tempfile::tempdir().unwrap();
    let text = "line\n::error::owned\n##[error]owned\n##vso[task.complete result=Failed]\nsection_start:1:x\n\
                AccessDeniedException: You don't have access to the model with the specified model ID.";
    fs::write(folder.path().join("e.txt"), text).unwrap();
    for (variable, arguments) in [
        ("GITHUB_ACTIONS", &["doctor", "--error", "e.txt", "--sandbox", "healthy", "--model", CLAUDE][..]),
        ("TF_BUILD", &["explain", "e.txt"]),
        ("GITLAB_CI", &["doctor", "--error", "e.txt", "--sandbox", "healthy", "--model", CLAUDE, "--json"]),
        ("CI", &["doctor", "::error::owned x"]),
        ("CI", &["##[error]x"]),
    ] {
        let mut command = bedrock_access(arguments.iter().copied());
        let answer: Answer = command.current_dir(folder.path()).env(variable, "true").output().unwrap().into();
        for line in answer.stdout.lines().chain(answer.stderr.lines()) {
            // The program's own annotation is the one command that there may be.
            let own = ["::error title=bedrock-access::", "::warning title=bedrock-access::"];
            let rest = own.iter().find_map(|own| line.strip_prefix(own)).unwrap_or(line);
            assert!(!rest.trim_start().starts_with("::"), "{arguments:?}: {line}");
            assert!(own.iter().all(|own| !rest.contains(own)), "{arguments:?}: {line}");
            for command in ["##[", "##vso[", "section_start:"] {
                assert!(!line.contains(command), "{arguments:?}: {line}");
            }
        }
    }
}
