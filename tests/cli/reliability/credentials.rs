//! Trouble with credentials: each a clear cause with what to do, in time, whatever the files and services hold.
//!
//! The snapshot holds what is said of each case; the files and servers are made here, and nothing leaves loopback.

use crate::support::account::at_once;
use crate::support::program::Doctor;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

/// The deadline that the doctor is given, in seconds: half of it lets the SDK finish asking a service that is not there.
const TIMEOUT: u64 = 10;

/// How much later it may end, to start and print unoptimized on a busy machine.
const GRACE: Duration = Duration::from_secs(1);

/// A case: its name, the config file, the credentials file, variables, arguments. `FOLDER`, `SILENT`, `RUBBISH` and
/// `CLOSED` stand for the folder of the files and for servers that never answer, answer rubbish, or are not there.
struct Case {
    name: &'static str,
    config: &'static str,
    credentials: &'static str,
    variables: &'static [(&'static str, &'static str)],
    arguments: &'static [&'static str],
}

const EMPTY: Case = Case { name: "", config: "", credentials: "", variables: &[], arguments: &[] };

const KEY: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
const SECRET: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "canary-secret");
const SSO: &str = "[profile p]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = Chat\n\
                   [sso-session s]\nsso_region = us-west-2\nsso_start_url = https://example.awsapps.com/start\n";

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { name: "no credentials anywhere", ..EMPTY },
    Case { name: "a config file that is none", config: "[profile p\nregion us-west-2\n===\n", ..EMPTY },
    Case { name: "a config file of bytes", config: "\u{0}\u{1}\u{2}binary\u{0}", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a credentials file that is none", credentials: "aws_access_key_id = AKIA\n", ..EMPTY },
    Case { name: "a credentials file without the secret", credentials: "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", ..EMPTY },
    Case { name: "a profile that is not there", config: "[profile other]\nregion = us-west-2\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a profile of the environment that is not there", variables: &[("AWS_PROFILE", "p")], ..EMPTY },
    Case { name: "a profile without credentials", config: "[profile p]\nregion = us-west-2\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a profile that leads to itself", config: "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = q\n[profile q]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = p\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a role without a source", config: "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/r\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a source profile that is not there", config: "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = q\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a process that hangs", config: "[profile p]\ncredential_process = sleep 60\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a process that prints rubbish", config: "[profile p]\ncredential_process = echo canary-output\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a process that prints without an end", config: "[profile p]\ncredential_process = yes canary-output\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a process that fails", config: "[profile p]\ncredential_process = sh -c 'echo canary-output >&2; exit 1'\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a process that is not there", config: "[profile p]\ncredential_process = /nonexistent/helper\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a process of another version", config: "[profile p]\ncredential_process = echo '{\"Version\": 2}'\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "a process whose credentials have expired", config: "[profile p]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"AKIAIOSFODNN7EXAMPLE\", \"SecretAccessKey\": \"canary-secret\", \"SessionToken\": \"canary-token\", \"Expiration\": \"2020-01-01T00:00:00Z\"}'\n", arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "single sign-on without a login", config: SSO, arguments: &["--profile", "p"], ..EMPTY },
    Case { name: "single sign-on whose login has expired", config: SSO, arguments: &["--profile", "p"], variables: &[("EXPIRED_LOGIN", "")], ..EMPTY },
    Case { name: "a metadata service that is not there", variables: &[("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://CLOSED")], ..EMPTY },
    Case { name: "a metadata service that does not answer", variables: &[("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://SILENT")], ..EMPTY },
    Case { name: "a metadata service that answers rubbish", variables: &[("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://RUBBISH")], ..EMPTY },
    Case { name: "a container's service that is not there", variables: &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://CLOSED/role")], ..EMPTY },
    Case { name: "a container's service that does not answer", variables: &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://SILENT/role")], ..EMPTY },
    Case { name: "a container's service that answers rubbish", variables: &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://RUBBISH/role")], ..EMPTY },
    Case { name: "a web identity without its token", variables: &[("AWS_WEB_IDENTITY_TOKEN_FILE", "FOLDER/absent"), ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/r")], ..EMPTY },
    Case { name: "a web identity that STS cannot be asked for", variables: &[("AWS_WEB_IDENTITY_TOKEN_FILE", "FOLDER/config"), ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/r"), ("AWS_ENDPOINT_URL_STS", "http://CLOSED")], ..EMPTY },
    Case { name: "a key with white space", variables: &[("AWS_ACCESS_KEY_ID", "AKIA IOSFODNN7EXAMPLE"), SECRET], ..EMPTY },
    Case { name: "a secret that ends with a line", variables: &[KEY, ("AWS_SECRET_ACCESS_KEY", "canary-secret\n")], ..EMPTY },
    Case { name: "an empty secret", variables: &[KEY, ("AWS_SECRET_ACCESS_KEY", "")], ..EMPTY },
    Case { name: "an empty key", variables: &[("AWS_ACCESS_KEY_ID", ""), SECRET], ..EMPTY },
    Case { name: "a token with white space", variables: &[KEY, SECRET, ("AWS_SESSION_TOKEN", "canary token")], ..EMPTY },
    Case { name: "a Region that does not exist", variables: &[KEY, SECRET], arguments: &["--region", "us-nowhere-9"], ..EMPTY },
    Case { name: "a Region with white space", variables: &[KEY, SECRET, ("AWS_REGION", "us-west-2 ")], arguments: &["NO REGION"], ..EMPTY },
    Case { name: "an endpoint that is no URL", variables: &[KEY, SECRET, ("AWS_ENDPOINT_URL", "not a url")], ..EMPTY },
    Case { name: "an endpoint that is not there", variables: &[KEY, SECRET, ("AWS_ENDPOINT_URL", "http://CLOSED")], ..EMPTY },
    Case { name: "an endpoint without the TLS that it is called with", variables: &[KEY, SECRET, ("AWS_ENDPOINT_URL", "https://RUBBISH")], ..EMPTY },
    Case { name: "a proxy that is not there", variables: &[KEY, SECRET, ("HTTPS_PROXY", "http://CLOSED")], ..EMPTY },
    Case { name: "a proxy that does not answer", variables: &[KEY, SECRET, ("HTTPS_PROXY", "http://SILENT")], ..EMPTY },
    Case { name: "a proxy that is no URL", variables: &[KEY, SECRET, ("HTTPS_PROXY", "::::"), ("AWS_ENDPOINT_URL", "https://CLOSED")], ..EMPTY },
    Case { name: "an empty API key", variables: &[("AWS_BEARER_TOKEN_BEDROCK", "")], ..EMPTY },
    Case { name: "an API key of white space", variables: &[("AWS_BEARER_TOKEN_BEDROCK", "  "), ("AWS_ENDPOINT_URL", "http://CLOSED")], ..EMPTY },
    Case { name: "an API key that ends with a line", variables: &[("AWS_BEARER_TOKEN_BEDROCK", "canary-api-key\n"), ("AWS_ENDPOINT_URL", "http://CLOSED")], ..EMPTY },
    Case { name: "settings that are none", variables: &[KEY, SECRET, ("AWS_MAX_ATTEMPTS", "many"), ("AWS_RETRY_MODE", "never"), ("AWS_USE_FIPS_ENDPOINT", "perhaps"), ("AWS_ENDPOINT_URL", "http://CLOSED")], ..EMPTY },
];

/// Listens, and treats every connection as `serve` says, until the test ends.
fn server(serve: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    address
}

fn silent() -> String {
    server(|mut stream| {
        std::thread::spawn(move || {
            let _ = stream.read_to_end(&mut Vec::new());
        });
    })
}

fn rubbish() -> String {
    server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\nconnection: close\r\n\r\ncanary-output");
    })
}

/// Puts the token of a login that has expired where the SDK looks for it.
fn log_in_long_ago(home: &Path) {
    let cache = home.join(".aws/sso/cache");
    fs::create_dir_all(&cache).unwrap();
    // The file's name is the SHA-1 of the session's name, `s`.
    let token = r#"{"accessToken": "canary-token", "expiresAt": "2020-01-01T00:00:00Z", "region": "us-west-2", "startUrl": "https://example.awsapps.com/start"}"#;
    fs::write(cache.join("a0f1490a20d0211c997b44bc357e1972deab8ae3.json"), token).unwrap();
}

fn run(case: &Case, servers: &[(&str, String)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config"), case.config).unwrap();
    fs::write(folder.path().join("credentials"), case.credentials).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let filled = |text: &str| {
        let text = text.replace("FOLDER", folder.path().to_str().unwrap());
        servers.iter().fold(text, |text, (name, address)| text.replace(name, address))
    };
    let timeout = TIMEOUT.to_string();
    let mut arguments = vec!["--model", "us.amazon.nova-lite-v1:0", "--format", "json", "--timeout", &timeout];
    if !case.arguments.contains(&"NO REGION") {
        if !case.arguments.contains(&"--region") {
            arguments.extend(["--region", "us-west-2"]);
        }
        arguments.extend(case.arguments);
    }
    let variables: Vec<(&str, String)> = case.variables.iter().map(|(name, value)| (*name, filled(value))).collect();
    if variables.iter().any(|(name, _)| *name == "EXPIRED_LOGIN") {
        log_in_long_ago(folder.path());
    }
    let nowhere = format!("http://{}", servers.iter().find(|(name, _)| *name == "CLOSED").unwrap().1);
    let doctor = Doctor::new(arguments)
        .environment([
            ("PATH", "/usr/bin:/bin"),
            ("HOME", folder.path().to_str().unwrap()),
            ("AWS_CONFIG_FILE", path("config").as_str()),
            ("AWS_SHARED_CREDENTIALS_FILE", path("credentials").as_str()),
            // What would leave the machine meets a proxy that is not there.
            ("HTTPS_PROXY", nowhere.as_str()),
        ])
        .environment(variables.iter().map(|(name, value)| (*name, value.as_str())));
    let started = Instant::now();
    let answer = doctor.run();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(TIMEOUT) + GRACE, "{}: {took:?}", case.name);
    assert!(!answer.stderr.contains("panicked"), "{}: {}", case.name, answer.stderr);
    for output in [&answer.stdout, &answer.stderr] {
        assert!(!output.contains("canary"), "{}: {output}", case.name);
    }
    let mut told = format!("{}\n  exit status {}\n", case.name, answer.status);
    match serde_json::from_str::<Value>(&answer.stdout) {
        Ok(report) => {
            assert_ne!(report["verdict"], "allowed", "{}", case.name);
            for finding in report["findings"].as_array().unwrap() {
                let _ = writeln!(told, "  {}", finding["cause"].as_str().unwrap());
                for basis in finding["basis"].as_array().unwrap() {
                    // How long it was waited hangs on the machine.
                    let basis = basis.as_str().unwrap().split("waited ").next().unwrap();
                    let _ = writeln!(told, "  because {basis}");
                }
                let steps = finding["remedy"]["steps"].as_array().unwrap();
                assert!(!steps.is_empty(), "{}", case.name);
                let _ = writeln!(told, "  do {}", steps[0].as_str().unwrap());
            }
        }
        Err(_) => {
            assert!(answer.stderr.starts_with("error: ") && answer.stderr.contains("hint: "), "{}", answer.stderr);
            told.push_str(&answer.stderr);
        }
    }
    let shown = told.replace(folder.path().to_str().unwrap(), "FOLDER");
    servers.iter().fold(shown, |text, (name, address)| text.replace(address, name))
}

#[test]
fn trouble_with_credentials_is_said_clearly_and_in_time() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let servers = [("SILENT", silent()), ("RUBBISH", rubbish()), ("CLOSED", closed)];
    let told = at_once(6, CASES, |case| run(case, &servers));
    insta::assert_snapshot!(told.join("\n"));
}
