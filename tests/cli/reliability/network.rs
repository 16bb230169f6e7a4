//! No other host: whatever the program is asked, it resolves and contacts the endpoints that are configured, and nothing
//! else.
//!
//! A library that is loaded in front of the system's writes down every name that is looked up and every address that is
//! connected or sent to; the C compiler that builds the cryptography builds it too.

#![cfg(target_os = "linux")]

use crate::support::account::Account;
use crate::support::program::bedrock_access;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const RECORDER: &str = r#"
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void note(const char *what, const char *where, int port) {
    FILE *record = fopen(getenv("RECORD"), "a");
    if (record) { fprintf(record, "%s %s %d\n", what, where, port); fclose(record); }
}

static void note_address(const struct sockaddr *address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address && address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        note("address", text, ntohs(v4->sin_port));
    } else if (address && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)address;
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        note("address", text, ntohs(v6->sin6_port));
    } else if (address) {
        note("family", "other", address->sa_family);
    }
}

int connect(int socket, const struct sockaddr *address, socklen_t length) {
    note_address(address);
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    return real(socket, address, length);
}

ssize_t sendto(int socket, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t length) {
    note_address(to);
    ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "sendto");
    return real(socket, bytes, count, flags, to, length);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    note("name", name ? name : "", 0);
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, found);
}
"#;

/// Builds the recorder, and returns its path.
fn recorder(folder: &Path) -> String {
    let (source, library) = (folder.join("recorder.c"), folder.join("recorder.so"));
    fs::write(&source, RECORDER).unwrap();
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library.to_str().unwrap().to_owned()
}

#[test]
fn nothing_but_the_configured_endpoints_is_contacted() {
    let folder = tempfile::tempdir().unwrap();
    let library = recorder(folder.path());
    let account = Account::named("healthy");
    let targets = folder.path().join("targets.jsonl");
    fs::write(&targets, "{\"id\": 1, \"model\": \"us.amazon.nova-lite-v1:0\", \"region\": \"us-west-2\"}\n").unwrap();
    let asked: Vec<&str> = account.request.iter().map(String::as_str).collect();
    let doctor = |more: &[&'static str]| [&["doctor", "--timeout", "60"][..], &asked, more].concat();
    let other = "arn:aws:iam::111122223333:role/apps/other";
    let runs: [(Vec<&str>, bool); 13] = [
        (doctor(&[]), true),
        (doctor(&["--probe"]), true),
        (doctor(&["--invoke"]), true),
        (doctor(&["-vvv", "--format", "html"]), true),
        (doctor(&["--principal", other]), true),
        (doctor(&["--assume-role", other]), true),
        (vec!["doctor", "--targets", targets.to_str().unwrap()], true),
        (vec!["models", "--region", "us-west-2"], true),
        (vec!["doctor", "--sandbox", "both"], true),
        (vec!["causes"], false),
        (vec!["actions"], false),
        (vec!["explain", "/dev/null"], false),
        (vec!["run", "--", "true"], false),
    ];
    for (arguments, asks) in runs {
        let record = folder.path().join("record");
        fs::write(&record, "").unwrap();
        let output = bedrock_access(&arguments)
            .envs(account.environment.iter().map(|(name, value)| (name, value)))
            .env_remove("HTTPS_PROXY")
            .envs([("HOME", "/nonexistent"), ("PATH", "/usr/bin:/bin"), ("LD_PRELOAD", &library)])
            .env("RECORD", &record)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.code().is_some_and(|code| code <= 3), "{arguments:?}: {output:?}");
        let record = fs::read_to_string(&record).unwrap();
        let contacted: BTreeSet<&str> = record.lines().collect();
        let endpoint = account.sandbox.endpoint();
        let port = endpoint.rsplit_once(':').unwrap().1;
        let own = format!("address 127.0.0.1 {port}");
        let embedded = arguments.contains(&"--sandbox");
        for what in &contacted {
            let is_own = if embedded { what.starts_with("address 127.0.0.1 ") } else { *what == own };
            assert!(is_own || *what == "name 127.0.0.1 0", "{arguments:?}: {contacted:?}");
        }
        assert_eq!(!contacted.is_empty(), asks, "{arguments:?}: {contacted:?}");
    }
}
