//! The commands `sandbox list`, `show` and `serve`, as processes.

use super::HEALTHY;
use crate::support::http::Client;
use crate::support::program;
use bedrock_access::sandbox::World;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

fn bedrock_access(arguments: &[&str]) -> Output {
    program::bedrock_access(["sandbox"].iter().chain(arguments)).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn list_names_every_world_in_a_line() {
    let output = bedrock_access(&["list"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("list", stdout(&output));
    let names: Vec<&str> = stdout(&output).lines().map(|line| line.split_once(' ').unwrap().0).collect();
    assert_eq!(names, World::names().collect::<Vec<_>>());
}

#[test]
fn show_prints_a_file_that_can_be_given_back() {
    let shown = bedrock_access(&["show", "both"]);
    assert_eq!((shown.status.code(), stdout(&shown)), (Some(0), World::embedded_text("both").unwrap()));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mine.json");
    std::fs::write(&file, &shown.stdout).unwrap();
    let again = bedrock_access(&["show", file.to_str().unwrap()]);
    assert_eq!((again.status.code(), again.stdout), (Some(0), shown.stdout));
}

#[test]
fn what_cannot_be_read_is_said_with_a_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str, bytes: &[u8]| {
        let file = directory.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let (binary, truncated) = (path("binary", b"\x7fELF\xff\xfe"), path("truncated.json", &HEALTHY.as_bytes()[..500]));
    let folder = directory.path().to_str().unwrap().to_owned();
    let mut log = String::new();
    for (what, name, status) in [
        ("a name misspelt", "iam-mising", 2),
        ("a name unlike any", "atlantis", 2),
        ("no file", "./no/such/file.json", 4),
        ("a folder", &folder, 4),
        ("a binary file", &binary, 4),
        ("a truncated file", &truncated, 4),
    ] {
        let output = bedrock_access(&["show", name]);
        assert_eq!((output.status.code(), stdout(&output)), (Some(status), ""), "{what}: {}", stderr(&output));
        log.push_str(&format!("{what}:\n{}", stderr(&output).replace(&folder, "FOLDER")));
    }
    insta::assert_snapshot!("unreadable", log);
}

#[test]
fn a_port_that_is_taken_is_said() {
    let client = Client::named("healthy");
    let port = client.sandbox.endpoint().rsplit(':').next().unwrap().to_owned();
    let output = bedrock_access(&["serve", "healthy", "--port", &port]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(4), ""));
    assert!(stderr(&output).contains(&format!("port {port} of 127.0.0.1 cannot be had")), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint: `--port 0` takes any free one"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn serve_runs_until_a_signal_and_ends_with_its_number() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let mut child = Command::new(program::PROGRAM)
            .args(["sandbox", "serve"])
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = || lines.next().unwrap().unwrap();
        let endpoint = next();
        let address = endpoint.strip_prefix("export AWS_ENDPOINT_URL='http://").unwrap().trim_end_matches('\'');
        assert!(std::net::TcpStream::connect(address).is_ok());
        let printed: Vec<String> = (0..7).map(|_| next()).collect();
        insta::assert_snapshot!("environment", printed.join("\n"));
        let id = child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(status));
    }
}
