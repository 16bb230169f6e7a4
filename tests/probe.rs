//! Broken credentials and networks: each a clear cause, in time.
//!
//! Servers here are sockets of this process on loopback: one that refuses, one that never answers, one that answers
//! like a proxy.

mod doctor {
    pub mod run;
}

use doctor::run::{Answer, Doctor};
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
