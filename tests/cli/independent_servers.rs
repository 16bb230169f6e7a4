//! The doctor against servers that nobody here wrote, through `AWS_ENDPOINT_URL`.
//!
//! `ministack` enforces IAM on Bedrock, and is wrong in places where AWS is not: it authorizes Converse as
//! `bedrock:Converse`, its simulator finds no policies of a role with a path, and its refusals lack the resource.
//! `moto` has neither a policy simulator that works nor foundation models. The doctor must cope with both, and say
//! what contradicts what.

use crate::support::files;
use crate::support::program::{Answer, Doctor};
use crate::support::python::interpreter;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MODEL: &str = "amazon.nova-lite-v1:0";

/// A server process on a port of its own; ended when dropped.
struct Server {
    child: Child,
    endpoint: String,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(
        module: &str,
        arguments: impl Fn(u16) -> Vec<String>,
        environment: impl Fn(u16) -> Vec<(&'static str, String)>,
    ) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(interpreter(&[module]))
            .args(["-m", module])
            .args(arguments(port))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder.path())
            .envs(environment(port))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { child, endpoint: format!("http://127.0.0.1:{port}"), folder };
        let patience = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(server.child.try_wait().unwrap().is_none(), "{module} ended");
            assert!(Instant::now() < patience, "{module} does not listen");
            std::thread::sleep(Duration::from_millis(100)); // sleep(…) until the server listens
        }
        server
    }

    /// Runs a Python script as the account's administrator.
    fn script(&self, name: &str) -> Value {
        let script = files::path("tests/foreign").join(name);
        let output = Command::new(interpreter(&["boto3"]))
            .arg(script)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .envs([
                ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
                ("AWS_REGION", "us-east-1"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
            ])
            .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("PYTHONWARNINGS", "ignore")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn doctor(&self, keys: &Value, arguments: &[&str]) -> Answer {
        let text = |name: &str| keys[name].as_str().unwrap_or_default().to_owned();
        let (id, secret, token) = (text("id"), text("secret"), text("token"));
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", &id),
            ("AWS_SECRET_ACCESS_KEY", &secret),
        ];
        if !token.is_empty() {
            variables.push(("AWS_SESSION_TOKEN", &token));
        }
        let fixed = ["--model", MODEL, "--format", "json", "--timeout", "30"];
        Doctor::new([&fixed, arguments].concat()).environment(variables).run()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ministack() -> Server {
    let environment = |port: u16| {
        vec![("AUTH", "true".to_owned()), ("BIND_HOST", "127.0.0.1".to_owned()), ("GATEWAY_PORT", port.to_string())]
    };
    Server::start("ministack", |_| Vec::new(), environment)
}

#[test]
#[cfg_attr(
    not(test_python),
    ignore = "needs Python with tests/foreign/requirements.txt: set BEDROCK_ACCESS_TEST_PYTHON"
)]
fn a_live_call_settles_what_ministack_allows_and_refuses() {
    let server = ministack();
    let keys = server.script("principals.py");
    for (who, status) in [
        ("user-with", 0),
        ("user-without", 1),
        ("role-with", 0),
        ("role-with-path", 0),
        ("role-without", 1),
        ("session-policy", 1),
    ] {
        for live in ["--probe", "--invoke"] {
            let answer = server.doctor(&keys[who], &["--operation", "invoke-model", live]);
            if status == 0 && live == "--probe" {
                // ministack's models answer any body, and a 200 to a body that no model accepts proves nothing.
                assert_ne!(answer.status, 0, "{who}: {}", answer.stdout);
                let failure = answer.json()["invocation"]["failure"].to_string();
                assert!(failure.contains("tokens were billed"), "{who}: {failure}");
                continue;
            }
            let report = answer.json();
            assert_eq!(answer.status, status, "{who} {live}: {}", answer.stdout);
            assert_eq!(report["verdict"], if status == 0 { "allowed" } else { "denied" }, "{who} {live}");
            if status == 1 {
                assert_eq!(report["findings"][0]["cause"], "identity-policy-missing-allow", "{who} {live}");
                assert_eq!(report["findings"][0]["certainty"], "reported", "{who} {live}");
                assert_eq!(report["documented_cause"], "iam-permission", "{who} {live}");
            }
        }
    }

    // The role's ARN comes back with its path, and the simulator, which finds no policy there, is contradicted.
    let pathed = server.doctor(&keys["role-with-path"], &["--operation", "invoke-model", "--invoke"]).json();
    assert_eq!(pathed["caller"]["principal_arn"], "arn:aws:iam::000000000000:role/apps/chat/pathed");
    let contradictions = pathed["contradictions"].to_string();
    assert!(contradictions.contains("the policy simulator says implicitDeny"), "{contradictions}");

    // ministack words a session policy's refusal as a missing allow; the simulator's allow tells otherwise.
    let session = server.doctor(&keys["session-policy"], &["--probe"]).json();
    let alternatives = session["findings"][0]["alternatives"].to_string();
    assert!(alternatives.contains("session-policy"), "{alternatives}");
    assert_eq!(session["requirements"][0]["decision"], "allowed");
    assert!(session["contradictions"].to_string().contains("allows every requirement, and the test call was refused"));

    // Converse is authorized as an action that AWS does not have.
    let converse = server.doctor(&keys["user-with"], &["--operation", "converse", "--invoke"]);
    assert_eq!(converse.status, 1, "{}", converse.stdout);
    let contradictions = converse.json()["contradictions"].to_string();
    assert!(contradictions.contains("authorized the call as bedrock:Converse"), "{contradictions}");

    // Keys that it does not know.
    let unknown = json!({"id": "AKIAIOSFODNN7EXAMPLE", "secret": "not-a-secret", "token": ""});
    let answer = server.doctor(&unknown, &[]);
    assert_ne!(answer.status, 0, "{}", answer.stdout);
}

#[test]
#[cfg_attr(
    not(test_python),
    ignore = "needs Python with tests/foreign/requirements.txt: set BEDROCK_ACCESS_TEST_PYTHON"
)]
fn without_simulator_and_models_moto_leaves_it_undetermined() {
    let server = Server::start(
        "moto.server",
        |port| vec!["-H".to_owned(), "127.0.0.1".to_owned(), "-p".to_owned(), port.to_string()],
        |_| Vec::new(),
    );
    let keys = server.script("principals.py");
    for who in ["user-with", "role-with-path"] {
        let answer = server.doctor(&keys[who], &[]);
        let report = answer.json();
        assert_eq!(answer.status, 3, "{who}: {}{}", answer.stdout, answer.stderr);
        assert_eq!((&report["verdict"], &report["documented_cause"]), (&json!("undetermined"), &Value::Null), "{who}");
        assert_eq!(report["findings"], json!([]), "{who}");
        let unread: Vec<&str> = report["requirements"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|requirement| requirement["unread"].as_str())
            .collect();
        assert!(!unread.is_empty() && unread.iter().all(|why| !why.is_empty()), "{who}: {unread:?}");
        assert!(!report["not_checked"].as_array().unwrap().is_empty(), "{who}");
    }
}
