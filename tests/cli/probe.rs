//! Broken credentials and networks: each a clear cause, in time.
//!
//! Servers here are sockets of this process on loopback: one that refuses, one that never answers, one that answers
//! like a proxy.

use crate::support::program::{Answer, Doctor};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

const MODEL: &str = "us.amazon.nova-lite-v1:0";
const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "canary-secret-access-key")];

/// The deadline that these tests give.
const TIMEOUT: Duration = Duration::from_secs(4);

/// How much longer the program may take: to start and to print, unoptimized on a busy machine. Less than another
/// TIMEOUT, which is what a second wait for a silent endpoint would cost.
const GRACE: Duration = Duration::from_secs(2);

fn doctor(arguments: &[&str]) -> Doctor {
    Doctor::new([&["--model", MODEL, "--format", "json"], arguments].concat())
}

fn causes(answer: &Answer) -> Vec<String> {
    let report = answer.json();
    report["findings"].as_array().unwrap().iter().map(|finding| finding["cause"].as_str().unwrap().to_owned()).collect()
}

/// Listens, and treats every connection as `serve` says, until the test ends.
fn server(serve: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    endpoint
}

#[test]
fn without_credentials_that_is_the_cause() {
    let answer = doctor(&["--region", "us-west-2"]).run();
    assert_eq!((answer.status, causes(&answer)), (1, vec!["credentials-missing".to_owned()]));
    assert_eq!(answer.json()["documented_cause"], "neither");
}

#[test]
fn without_a_region_the_ways_to_give_one_are_named() {
    let answer = doctor(&[]).environment(KEYS).run();
    assert_eq!(answer.status, 2);
    for way in ["--region", "AWS_REGION", "config file"] {
        assert!(answer.stderr.contains(way), "{}", answer.stderr);
    }
}

#[test]
fn the_region_of_environment_and_profile_counts() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config");
    fs::write(&config, "[profile dev]\nregion = eu-central-1\n").unwrap();
    let config = config.to_str().unwrap();
    let refused = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let of = |doctor: Doctor| doctor.run().json()["request"]["region"].clone();
    assert_eq!(of(doctor(&[]).environment(KEYS).environment([("AWS_REGION", "us-east-2"), refused])), "us-east-2");
    let with_profile = doctor(&["--profile", "dev"]).environment(KEYS);
    assert_eq!(of(with_profile.environment([("AWS_CONFIG_FILE", config), refused])), "eu-central-1");
    let arn = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
    let by_arn = Doctor::new(["--model", arn, "--format", "json"])
        .environment(KEYS)
        .environment([("AWS_REGION", "us-east-2"), refused]);
    assert_eq!(of(by_arn), "us-west-2");
}

#[test]
fn a_refused_connection_is_the_network() {
    let answer = doctor(&["--region", "us-west-2"])
        .environment(KEYS)
        .environment([("AWS_ENDPOINT_URL", "http://127.0.0.1:1")])
        .run();
    assert_eq!((answer.status, causes(&answer)), (1, vec!["network-unreachable".to_owned()]));
}

#[test]
fn a_region_that_does_not_exist_is_the_network_and_the_hint_asks() {
    let answer = doctor(&["--region", "us-nowhere-9", "--timeout", "8"]).environment(KEYS).run();
    assert_eq!((answer.status, causes(&answer)), (1, vec!["network-unreachable".to_owned()]), "{}", answer.stdout);
    assert!(answer.stdout.contains("is `us-nowhere-9` the right Region?"), "{}", answer.stdout);
}

#[test]
fn an_endpoint_that_never_answers_costs_its_time_once() {
    let endpoint = server(|mut stream| {
        std::thread::spawn(move || {
            let mut sink = Vec::new();
            let _ = stream.read_to_end(&mut sink);
        });
    });
    let started = Instant::now();
    let answer = doctor(&["--region", "us-west-2", "--timeout", "4", "--probe"])
        .environment(KEYS)
        .environment([("AWS_ENDPOINT_URL", endpoint.as_str())])
        .run();
    let took = started.elapsed();
    assert_eq!((answer.status, causes(&answer)), (1, vec!["network-unreachable".to_owned()]), "{}", answer.stdout);
    assert!(took < TIMEOUT + GRACE, "{took:?}");
}

#[test]
fn what_answers_like_a_proxy_is_not_aws() {
    let endpoint = server(|mut stream| {
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        let page = "<html>please log in</html>";
        let _ = write!(
            stream,
            "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
            page.len()
        );
    });
    let answer = doctor(&["--region", "us-west-2", "--probe"])
        .environment(KEYS)
        .environment([("AWS_ENDPOINT_URL", endpoint.as_str())])
        .run();
    assert_eq!((answer.status, causes(&answer)), (1, vec!["network-unreachable".to_owned()]), "{}", answer.stdout);
    assert!(answer.stdout.contains("HTTP status 403 with text/html"), "{}", answer.stdout);
}

#[test]
fn a_credential_process_that_hangs_ends_in_time_and_leaves_no_child() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config");
    let marker = format!("{}", 86_400 + std::process::id());
    fs::write(&config, format!("[profile slow]\nregion = us-west-2\ncredential_process = sleep {marker}\n")).unwrap();
    let started = Instant::now();
    let answer = doctor(&["--profile", "slow", "--timeout", "4"])
        .environment([("AWS_CONFIG_FILE", config.to_str().unwrap()), ("PATH", "/usr/bin:/bin")])
        .run();
    assert!(started.elapsed() < TIMEOUT + GRACE, "{:?}", started.elapsed());
    assert_eq!((answer.status, causes(&answer)), (1, vec!["credentials-missing".to_owned()]), "{}", answer.stdout);
    assert!(answer.stdout.contains("did not answer in time"), "{}", answer.stdout);
    let left: Vec<String> = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok())
        .filter(|command| command.contains(&format!("sleep\0{marker}")) || command.contains(&format!("sleep {marker}")))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn broken_credentials_are_named_by_their_kind() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config");
    fs::write(
        &config,
        "[profile rubbish]\nregion = us-west-2\ncredential_process = echo rubbish\n\
         [profile failing]\nregion = us-west-2\ncredential_process = false\n",
    )
    .unwrap();
    for (profile, cause) in
        [("rubbish", "credentials-missing"), ("failing", "credentials-missing"), ("absent", "credentials-missing")]
    {
        let answer = doctor(&["--profile", profile, "--region", "us-west-2"])
            .environment([("AWS_CONFIG_FILE", config.to_str().unwrap()), ("PATH", "/usr/bin:/bin")])
            .run();
        assert_eq!((answer.status, causes(&answer)), (1, vec![cause.to_owned()]), "{profile}: {}", answer.stdout);
        assert!(!answer.json()["findings"][0]["basis"][0].as_str().unwrap().is_empty());
    }
}

#[test]
fn the_secret_is_in_no_output() {
    for arguments in [vec!["--region", "us-west-2"], vec!["--region", "us-west-2", "-v", "--format", "text"]] {
        let answer = Doctor::new([&["--model", MODEL][..], &arguments].concat())
            .environment(KEYS)
            .environment([("AWS_SESSION_TOKEN", "canary-session-token"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")])
            .run();
        for canary in ["canary-secret-access-key", "canary-session-token", "AKIAIOSFODNN7EXAMPLE"] {
            assert!(!answer.stdout.contains(canary) && !answer.stderr.contains(canary), "{canary}");
        }
    }
}

/// A healthy account whose parts a test replaces, reached through the environment like AWS.
struct Account {
    sandbox: bedrock_access::sandbox::Sandbox,
    keys: (String, String, String),
}

impl Account {
    fn healthy() -> Self {
        let world = bedrock_access::sandbox::World::embedded("healthy").unwrap();
        let (id, secret, token) = world.caller_credentials();
        let keys = (id.to_owned(), secret.to_owned(), token.unwrap().to_owned());
        let sandbox = bedrock_access::sandbox::Sandbox::start(world, Duration::ZERO, 0).unwrap();
        Self { sandbox, keys }
    }

    /// Asks about the amazon model, with one service's endpoint replaced.
    fn ask(&self, replaced: &str, endpoint: &str, arguments: &[&str]) -> Answer {
        let fixed = ["--model", "amazon.nova-lite-v1:0", "--region", "us-west-2", "--format", "json"];
        Doctor::new([&fixed, arguments].concat())
            .environment([
                ("AWS_ENDPOINT_URL", self.sandbox.endpoint().as_str()),
                ("AWS_ACCESS_KEY_ID", &self.keys.0),
                ("AWS_SECRET_ACCESS_KEY", &self.keys.1),
                ("AWS_SESSION_TOKEN", &self.keys.2),
                (replaced, endpoint),
            ])
            .run()
    }
}

/// Answers every request with what `body` makes of the request's form.
fn answering(kind: &'static str, body: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> String {
    let body = std::sync::Arc::new(body);
    server(move |mut stream| {
        let body = body.clone();
        std::thread::spawn(move || {
            let mut request = Vec::new();
            let mut buffer = [0; 8192];
            let form = loop {
                let Ok(read) = stream.read(&mut buffer) else { return };
                if read == 0 {
                    return;
                }
                request.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, form)) = text.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
                    .and_then(|length| length.trim().parse::<usize>().ok())
                    .unwrap_or(0);
                if form.len() >= length {
                    break form.to_owned();
                }
            };
            let (status, page) = body(&form);
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
                page.len()
            );
        });
    })
}

#[test]
fn what_answers_with_status_200_is_not_yet_a_model() {
    let account = Account::healthy();
    for page in ["<html>please log in</html>", "", "welcome"] {
        let portal = answering("text/html", move |_| (200, page.to_owned()));
        for operation in ["invoke-model", "invoke-model-with-response-stream", "converse", "converse-stream"] {
            for live in ["--probe", "--invoke"] {
                let answer =
                    account.ask("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &portal, &["--operation", operation, live]);
                assert_eq!(answer.status, 3, "{page:?} {operation} {live}: {}", answer.stdout);
            }
        }
    }
}

#[test]
fn an_empty_list_of_models_is_no_list_and_an_empty_form_no_form() {
    let account = Account::healthy();
    for page in ["{}", ""] {
        let empty = answering("application/json", move |_| (200, page.to_owned()));
        let answer = account.ask("AWS_ENDPOINT_URL_BEDROCK", &empty, &[]);
        let report = answer.json();
        assert_eq!((answer.status, report["findings"].to_string().as_str()), (3, "[]"), "{page:?}: {}", answer.stdout);
        assert!(report["model_access"]["authorization"].is_null(), "{page:?}");
        let anthropic = ["--model", "anthropic.claude-sonnet-4-5-20250929-v1:0"];
        let form = Doctor::new([&anthropic[..], &["--region", "us-west-2", "--format", "json"]].concat())
            .environment([
                ("AWS_ENDPOINT_URL", empty.as_str()),
                ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "x"),
            ])
            .run();
        assert!(form.json()["model_access"]["use_case_form"].is_null(), "{page:?}");
    }
}

/// Builds an answer of `SimulatePrincipalPolicy`.
fn simulated(results: &str, rest: &str) -> String {
    format!(
        "<SimulatePrincipalPolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><SimulatePrincipalPolicyResult>\
         <EvaluationResults>{results}</EvaluationResults>{rest}</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    )
}

/// Builds one result for the action: its top-level name and decision, and those of single resources.
fn result(name: &str, decision: &str, resources: &[(&str, &str)], more: &str) -> String {
    let specific: String = resources
        .iter()
        .map(|(name, decision)| {
            format!("<member><EvalResourceName>{name}</EvalResourceName><EvalResourceDecision>{decision}</EvalResourceDecision></member>")
        })
        .collect();
    format!(
        "<member><EvalActionName>bedrock:InvokeModel</EvalActionName><EvalResourceName>{name}</EvalResourceName>\
         <EvalDecision>{decision}</EvalDecision><ResourceSpecificResults>{specific}</ResourceSpecificResults>{more}</member>"
    )
}

#[test]
fn the_simulators_answer_counts_only_where_it_is_whole_and_of_one_mind() {
    let account = Account::healthy();
    let model = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
    let other = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-pro-v1:0";
    let last = "<IsTruncated>false</IsTruncated>";
    let allowed = result(model, "allowed", &[(model, "allowed")], "");
    let organization = "<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>";
    type Pages = Box<dyn Fn(&str) -> String + Send + Sync>;
    let fixed = |page: String| -> Pages { Box::new(move |_| page.clone()) };
    let second = |first: String, second: String| -> Pages {
        Box::new(move |form| {
            if form.contains("Marker=") {
                simulated(&second, "<IsTruncated>false</IsTruncated>")
            } else {
                simulated(&first, "<IsTruncated>true</IsTruncated><Marker>m</Marker>")
            }
        })
    };
    let cases: Vec<(&str, Pages, i32)> = vec![
        ("allowed", fixed(simulated(&allowed, last)), 0),
        (
            "a template at the top, and the resource of its own below",
            fixed(simulated(
                &result("arn:aws:bedrock:*::foundation-model/*", "allowed", &[(model, "allowed")], ""),
                last,
            )),
            0,
        ),
        ("`*` for the one resource that was asked about", fixed(simulated(&result("*", "allowed", &[], ""), last)), 0),
        (
            "a template at the top, and nothing below",
            fixed(simulated(&result("arn:aws:bedrock:*::foundation-model/*", "allowed", &[], ""), last)),
            3,
        ),
        (
            "the second page denies",
            second(allowed.clone(), result(model, "explicitDeny", &[(model, "explicitDeny")], "")),
            1,
        ),
        ("the second page holds the answer", second(String::new(), allowed.clone()), 0),
        (
            "two members, one denied",
            fixed(simulated(&result(model, "implicitDeny", &[(model, "allowed"), (model, "implicitDeny")], ""), last)),
            1,
        ),
        ("pages without end", fixed(simulated(&allowed, "<IsTruncated>true</IsTruncated><Marker>m</Marker>")), 3),
        ("more pages and no way there", fixed(simulated(&allowed, "<IsTruncated>true</IsTruncated>")), 3),
        ("another resource", fixed(simulated(&result(other, "allowed", &[], ""), last)), 3),
        (
            "another resource in particular",
            fixed(simulated(&result("*", "allowed", &[(other, "allowed")], ""), last)),
            3,
        ),
        ("of two minds", fixed(simulated(&result(model, "explicitDeny", &[(model, "allowed")], ""), last)), 3),
        (
            "allowed, and not by the organization",
            fixed(simulated(&result(model, "allowed", &[(model, "allowed")], organization), last)),
            3,
        ),
        ("a word that nobody knows", fixed(simulated(&result(model, "perhaps", &[(model, "perhaps")], ""), last)), 3),
        ("nothing", fixed(simulated("", last)), 3),
    ];
    for (what, pages, status) in cases {
        let iam = answering("text/xml", move |form| {
            if form.contains("Action=SimulatePrincipalPolicy") {
                (200, pages(form))
            } else {
                (
                    403,
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
                        .to_owned(),
                )
            }
        });
        let answer = account.ask("AWS_ENDPOINT_URL_IAM", &iam, &[]);
        assert_eq!(answer.status, status, "{what}: {}", answer.stdout);
    }
}

#[test]
fn a_simulator_that_keeps_throttling_is_said_to_do_that() {
    let account = Account::healthy();
    let iam = answering("text/xml", |_| {
        (
            400,
            "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
                .to_owned(),
        )
    });
    let started = Instant::now();
    let answer = account.ask("AWS_ENDPOINT_URL_IAM", &iam, &["--timeout", "4"]);
    assert!(started.elapsed() < TIMEOUT + GRACE, "{:?}", started.elapsed());
    assert_eq!(answer.status, 3, "{}", answer.stdout);
    assert!(
        answer.json()["requirements"][0]["unread"].as_str().unwrap().contains("Rate exceeded"),
        "{}",
        answer.stdout
    );
}

#[test]
fn what_a_server_writes_cannot_steer_the_terminal() {
    let account = Account::healthy();
    let hostile = answering("application/json", |_| {
        (
            403,
            "{\"__type\":\"AccessDeniedException\",\"message\":\"\\u001b[2J\\u0007 \\u202egnp.exe\\nALLOWED: fine\"}"
                .to_owned(),
        )
    });
    let fixed = ["--model", "amazon.nova-lite-v1:0", "--region", "us-west-2", "-v", "--probe"];
    let answer = Doctor::new(fixed)
        .environment([
            ("AWS_ENDPOINT_URL", account.sandbox.endpoint().as_str()),
            ("AWS_ACCESS_KEY_ID", &account.keys.0),
            ("AWS_SECRET_ACCESS_KEY", &account.keys.1),
            ("AWS_SESSION_TOKEN", &account.keys.2),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &hostile),
        ])
        .run();
    assert!(answer.stdout.contains("\\u{1b}[2J"), "{}", answer.stdout);
    assert!(!answer.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']));
    assert!(!answer.stdout.lines().any(|line| line.starts_with("ALLOWED")), "{}", answer.stdout);
}

#[test]
fn keys_that_cannot_be_keys_are_said_to_be_that() {
    for (id, secret) in
        [("AKIAIOSFODNN7EXAMPLE\r", "x"), ("AKIAIOSFODNN7EXAMPLE", "x y"), ("AKIA IOSFODNN7EXAMPLE", "x")]
    {
        let answer = doctor(&["--region", "us-west-2"])
            .environment([("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)])
            .run();
        assert_eq!((answer.status, causes(&answer)), (1, vec!["credentials-invalid".to_owned()]), "{}", answer.stdout);
    }
}

#[test]
fn an_endpoint_is_named_without_its_password_and_a_process_without_its_output() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config");
    fs::write(&config, "[profile p]\nregion = us-west-2\ncredential_process = echo canary-output >&2; false\n")
        .unwrap();
    let endpoint = doctor(&["--region", "us-west-2"])
        .environment(KEYS)
        .environment([("AWS_ENDPOINT_URL", "http://user:canary-password@127.0.0.1:1/?token=canary-token")])
        .run();
    let process = doctor(&["--profile", "p"])
        .environment([("AWS_CONFIG_FILE", config.to_str().unwrap()), ("PATH", "/usr/bin:/bin")])
        .run();
    for answer in [endpoint, process] {
        assert_eq!(answer.status, 1);
        assert!(!answer.stdout.contains("canary") && !answer.stderr.contains("canary"), "{}", answer.stdout);
    }
}

#[test]
#[cfg(unix)]
fn a_config_file_that_never_comes_ends_in_time() {
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("config");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let started = Instant::now();
    let answer = doctor(&["--region", "us-west-2", "--timeout", "4"])
        .environment([("AWS_CONFIG_FILE", pipe.to_str().unwrap())])
        .run();
    assert!(started.elapsed() < TIMEOUT + GRACE, "{:?}", started.elapsed());
    assert_eq!((answer.status, causes(&answer)), (1, vec!["credentials-missing".to_owned()]), "{}", answer.stdout);
}
