//! Clients that nobody here wrote, against a served world: boto3 and the AWS CLI.

use crate::support::files;
use crate::support::program::bedrock_access;
use crate::support::python::interpreter;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

const MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const PROFILE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// The program serving a world, and the environment that it printed for other clients.
struct Served {
    child: Child,
    environment: Vec<(String, String)>,
    home: tempfile::TempDir,
}

impl Served {
    fn world(name: &str) -> Self {
        let mut child = bedrock_access(["sandbox", "serve", name]).stdout(Stdio::piped()).spawn().unwrap();
        let mut environment = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let Some(assignment) = line.strip_prefix("export ") else { break };
            let (name, value) = assignment.split_once('=').unwrap();
            environment.push((name.to_owned(), value.trim_matches('\'').to_owned()));
        }
        Self { child, environment, home: tempfile::tempdir().unwrap() }
    }

    /// Runs the interpreter with the printed environment and nothing else of AWS.
    fn python(&self, arguments: &[&str]) -> Output {
        Command::new(interpreter(&["boto3", "awscli"]))
            .args(arguments)
            .env_clear()
            .envs(std::env::vars().filter(|(name, _)| ["PATH", "SYSTEMROOT", "LD_LIBRARY_PATH"].contains(&&**name)))
            .env("HOME", self.home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_PAGER", "")
            .env("PYTHONWARNINGS", "ignore")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap()
    }

    fn boto3(&self) -> Value {
        let script = files::path("tests/foreign/account.py");
        let output = self.python(&[script.to_str().unwrap(), "chat-api", MODEL, PROFILE]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[cfg_attr(
    not(test_python),
    ignore = "needs Python with tests/foreign/requirements.txt: set BEDROCK_ACCESS_TEST_PYTHON"
)]
fn boto3_understands_a_healthy_account() {
    insta::assert_json_snapshot!("boto3_healthy", Served::world("healthy").boto3());
}

#[test]
#[cfg_attr(
    not(test_python),
    ignore = "needs Python with tests/foreign/requirements.txt: set BEDROCK_ACCESS_TEST_PYTHON"
)]
fn boto3_gets_the_refusals_of_aws() {
    let answers = Served::world("iam-missing").boto3();
    let converse = &answers["runtime.converse"];
    assert_eq!(
        converse["message"],
        format!(
            "User: arn:aws:sts::111122223333:assumed-role/chat-api/chat-api-7d9f is not authorized to perform: \
             bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2:111122223333:inference-profile/{PROFILE} \
             because no identity-based policy allows the bedrock:InvokeModel action"
        )
    );
    // The modelled exception, not the general one.
    assert_eq!(
        (&converse["exception"], &converse["code"]),
        (&"AccessDeniedException".into(), &"AccessDeniedException".into())
    );
    assert_eq!(converse["status"], 403);
    for (world, call, exception) in [
        ("model-access-missing", "runtime.invoke_model", "AccessDeniedException"),
        ("use-case-form", "runtime.converse", "ResourceNotFoundException"),
        ("use-case-form", "bedrock.get_use_case_for_model_access", "ResourceNotFoundException"),
        ("legacy-model", "runtime.converse_stream", "ResourceNotFoundException"),
        ("no-simulator", "iam.simulate_principal_policy", "ClientError"),
        ("expired-credentials", "sts.get_caller_identity", "ClientError"),
        ("expired-credentials", "runtime.converse", "ClientError"),
        ("iam-missing", "iam.get_role_policy", "NoSuchEntityException"),
    ] {
        let answer = &Served::world(world).boto3()[call];
        assert_eq!(answer["exception"], exception, "{world} {call}: {answer}");
    }
}

#[test]
#[cfg_attr(
    not(test_python),
    ignore = "needs Python with tests/foreign/requirements.txt: set BEDROCK_ACCESS_TEST_PYTHON"
)]
fn the_aws_cli_understands_it_too() {
    let served = Served::world("healthy");
    let aws = |arguments: &[&str]| {
        let output = served.python(&[&["-m", "awscli"], arguments].concat());
        let text = if output.status.success() { output.stdout } else { output.stderr };
        String::from_utf8(text).unwrap().trim().to_owned()
    };
    let identity = aws(&["sts", "get-caller-identity", "--query", "Arn", "--output", "text"]);
    assert_eq!(identity, "arn:aws:sts::111122223333:assumed-role/chat-api/chat-api-7d9f");
    let simulated = aws(&[
        "iam",
        "simulate-principal-policy",
        "--policy-source-arn",
        "arn:aws:iam::111122223333:role/apps/chat-api",
        "--action-names",
        "bedrock:InvokeModel",
        "--resource-arns",
        &format!("arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"),
        "--context-entries",
        "ContextKeyName=aws:RequestedRegion,ContextKeyValues=us-east-1,ContextKeyType=string",
        "--query",
        "EvaluationResults[].ResourceSpecificResults[].EvalResourceDecision",
        "--output",
        "text",
    ]);
    assert_eq!(simulated, "allowed");
    let converse = |model: &str| {
        aws(&[
            "bedrock-runtime",
            "converse",
            "--model-id",
            model,
            "--messages",
            r#"[{"role": "user", "content": [{"text": "hi"}]}]"#,
            "--inference-config",
            "maxTokens=1",
            "--query",
            "output.message.content[0].text",
            "--output",
            "text",
        ])
    };
    assert_eq!(converse(PROFILE), "This");
    assert!(
        converse("us.amazon.nova-lite-v1:0")
            .contains("(AccessDeniedException) when calling the Converse operation: User: arn:aws:sts::111122223333:")
    );
}
