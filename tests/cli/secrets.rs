//! No secret comes out: canaries in every place that the program takes secrets from, looked for in all that it prints.

use crate::support::program::{Doctor, PROGRAM, bedrock_access, run_with_input};
use crate::support::saved::FORMATS;
use bedrock_access::sandbox::{Sandbox, World};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Parts of every secret that is planted, long enough to be nothing else.
const CANARIES: [&str; 6] =
    ["canarySECRETkey", "canarySESSIONtoken", "canaryAPIkey", "canaryPASSWORD", "canaryOUTPUT", "Signature="];

/// Turned up as far as any library listens.
const LOUD: [(&str, &str); 4] =
    [("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full"), ("AWS_LOG", "trace"), ("SMITHY_LOG", "trace")];

const SECRETS: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "AKIACANARYACCESSKEY0"),
    ("AWS_SECRET_ACCESS_KEY", "canarySECRETkey/0123456789abcdefghijklmnop"),
    ("AWS_SESSION_TOKEN", "canarySESSIONtoken0123456789"),
    ("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-canaryAPIkey0123456789"),
];

fn check(what: &str, outputs: &[&str]) {
    for output in outputs {
        for canary in CANARIES {
            assert!(!output.contains(canary), "{what} lets `{canary}` out: {output}");
        }
        assert!(!output.contains("AKIACANARYACCESSKEY0"), "{what}: {output}");
    }
}

/// Returns the endpoints that answer as AWS, refuse, or are not there.
fn endpoints() -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::start(World::embedded("healthy").unwrap(), Duration::ZERO, 0).unwrap();
    let there = sandbox.endpoint();
    let with_password = there.replace("http://", "http://user:canaryPASSWORD@");
    (sandbox, vec![there, with_password, "http://user:canaryPASSWORD@127.0.0.1:1/?token=canaryPASSWORD".to_owned()])
}

#[test]
fn no_secret_of_the_environment_is_in_any_output() {
    let (_sandbox, endpoints) = endpoints();
    let folder = tempfile::tempdir().unwrap();
    for endpoint in &endpoints {
        for format in FORMATS {
            for (number, more) in [vec![], vec!["--probe"], vec!["-vvv"], vec!["-vvv", "--probe"]].iter().enumerate() {
                let report = folder.path().join(format!("report-{number}"));
                let arguments = [
                    "--model",
                    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                    "--region",
                    "us-west-2",
                    "--timeout",
                    "4",
                ];
                let mut typed = [&arguments[..], &["--format", format], more].concat();
                let evidence = folder.path().join("evidence.json");
                typed.extend(["--save-evidence", evidence.to_str().unwrap(), "--force"]);
                if number > 1 {
                    typed.push("--redact");
                }
                let to_file = number % 2 == 1;
                if to_file {
                    typed.extend(["--output", report.to_str().unwrap()]);
                }
                let answer = Doctor::new(typed)
                    .environment(LOUD)
                    .environment(SECRETS)
                    .environment([("AWS_ENDPOINT_URL", endpoint.as_str())])
                    .run();
                let written = if to_file { fs::read_to_string(&report).unwrap() } else { String::new() };
                let saved = fs::read_to_string(&evidence).unwrap();
                let outputs = [answer.stdout.as_str(), &answer.stderr, &written, &saved];
                check(&format!("{endpoint} {format} {more:?}"), &outputs);
                assert!((0..=3).contains(&answer.status), "{}", answer.stderr);
                if format == "json" && !to_file {
                    assert!(answer.json()["findings"].is_array());
                }
            }
        }
    }
}

#[test]
fn no_secret_of_the_environment_is_in_an_answer_about_many() {
    let (_sandbox, endpoints) = endpoints();
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("targets.jsonl");
    fs::write(&targets, "{\"model\": \"us.amazon.nova-lite-v1:0\", \"region\": \"us-west-2\"}\n").unwrap();
    let doctor = ["doctor", "--timeout", "4", "--region", "us-west-2"];
    let about_targets = [&doctor[..], &["--targets", targets.to_str().unwrap()]].concat();
    let bundle = [&doctor[..], &["--model", "us.amazon.nova-lite-v1:0", "--for", "invoke"]].concat();
    let models = vec!["models", "--region", "us-west-2", "--timeout", "4"];
    for endpoint in &endpoints {
        for (arguments, formats) in [
            (&about_targets, &["text", "json", "junit"][..]),
            (&bundle, &["text", "json", "markdown", "junit"]),
            (&models, &["text", "json"]),
        ] {
            for format in formats {
                let output = bedrock_access(arguments)
                    .args(["--format", format])
                    .envs(LOUD)
                    .envs(SECRETS)
                    .env("AWS_ENDPOINT_URL", endpoint)
                    .output()
                    .unwrap();
                let (stdout, stderr) =
                    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
                assert!(!stdout.is_empty(), "{arguments:?}: {stderr}");
                check(&format!("{endpoint} {arguments:?} {format}"), &[&stdout, &stderr]);
            }
        }
    }
}

/// A core dump is a copy of the memory, keys and all.
#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_core() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::os::unix::process::ExitStatusExt as _;

    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = "doctor --model us.amazon.nova-lite-v1:0 --region us-west-2 --timeout 60";
    let script = format!("ulimit -c unlimited 2>/dev/null; exec {} {asked}", PROGRAM);
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .envs(SECRETS)
        .envs([("HOME", "/nonexistent"), ("AWS_ENDPOINT_URL", &endpoint)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _connection = listener.accept().unwrap();
    kill_process(Pid::from_child(&child), Signal::ABORT).unwrap();
    let ended = child.wait().unwrap();
    assert_eq!(ended.signal(), Some(Signal::ABORT.as_raw()), "{ended}");
    assert!(!ended.core_dumped(), "{ended}");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn no_secret_of_a_file_or_process_is_in_any_output() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "aws_access_key_id = AKIACANARYACCESSKEY0\naws_secret_access_key = canarySECRETkey0123456789\n\
                  aws_session_token = canarySESSIONtoken\n";
    let config = format!(
        "[default]\n{secret}[profile process]\ncredential_process = sh -c 'echo canaryOUTPUT; echo canaryOUTPUT >&2'\n\
         [profile fails]\ncredential_process = sh -c 'echo canaryOUTPUT >&2; exit 3'\n\
         [profile argument]\ncredential_process = /nonexistent/helper --password canaryPASSWORD\n\
         [profile broken]\n{secret}role_arn = canarySESSIONtoken\nsource_profile = default\n"
    );
    let path = folder.path().join("config");
    fs::write(&path, config).unwrap();
    for profile in ["default", "process", "fails", "argument", "broken", "absent"] {
        for format in FORMATS {
            let arguments = ["--model", "us.amazon.nova-lite-v1:0", "--region", "us-west-2", "--timeout", "4", "-vvv"];
            let answer = Doctor::new([&arguments[..], &["--profile", profile, "--format", format]].concat())
                .environment(LOUD)
                .environment([
                    ("AWS_CONFIG_FILE", path.to_str().unwrap()),
                    ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
                    ("PATH", "/usr/bin:/bin"),
                ])
                .run();
            check(&format!("{profile} {format}"), &[&answer.stdout, &answer.stderr]);
        }
    }
}

#[test]
fn no_secret_of_a_pasted_text_is_in_an_explanation() {
    let text = "aws configure: AWS_SECRET_ACCESS_KEY=canarySECRETkey/0123456789abcdefghijklmnop\n\
                Authorization: AWS4-HMAC-SHA256 Credential=AKIACANARYACCESSKEY0/20260302/us-west-2/bedrock/aws4_request, \
                SignedHeaders=host, Signature=canarySECRETkeyfe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024\n\
                X-Amz-Security-Token: canarySESSIONtoken0123456789\nAuthorization: Bearer bedrock-api-key-canaryAPIkey0123456789\n\
                botocore.errorfactory.AccessDeniedException: An error occurred (AccessDeniedException) when calling the \
                InvokeModel operation: You don't have access to the model with the specified model ID.\n";
    for format in ["text", "json"] {
        let mut command = bedrock_access(["explain", "-", "--format", format]);
        command.envs(LOUD);
        let output = run_with_input(command, text.as_bytes());
        let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(stdout.contains("model-access-not-granted"), "{stdout}");
        check(format, &[&stdout, &stderr]);
    }
}
