//! What people type and hand over first: each row works, or says what to type instead.

use crate::support::program::{Answer, Doctor, bedrock_access, run_with_input};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::Write as _;
use std::path::Path;

const REFUSAL: &str = "An error occurred (AccessDeniedException) when calling the InvokeModel operation: User: \
    arn:aws:sts::111122223333:assumed-role/chat-api/s is not authorized to perform: bedrock:InvokeModel on resource: \
    arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0 because no identity-based policy allows the \
    bedrock:InvokeModel action";

/// Where an answer is looked for.
enum Said {
    Out(&'static str),
    Err(&'static str),
}

use Said::{Err, Out};

/// The arguments, the standard input if there is one, the exit status, and a part of the answer.
type Row = (&'static [&'static str], Option<&'static str>, i32, Said);

const NOVA: &str = "us.amazon.nova-lite-v1:0";
const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const ARN: &str = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";

const ROWS: &[Row] = &[
    // Nothing, or something handed over.
    (&[], None, 2, Err("bedrock-access doctor --sandbox")),
    (&[], Some(REFUSAL), 0, Out("identity-policy-missing-allow")),
    (&["-"], Some(REFUSAL), 0, Out("identity-policy-missing-allow")),
    (&[REFUSAL], None, 0, Out("identity-policy-missing-allow")),
    (&["explain", REFUSAL], None, 0, Out("identity-policy-missing-allow")),
    (&["explain", "error.txt"], None, 0, Out("identity-policy-missing-allow")),
    (&["explain", "error.txt.gz"], None, 0, Out("identity-policy-missing-allow")),
    (&["explain", "nope.txt"], None, 4, Err("nope.txt")),
    (&["something that nobody knows"], None, 3, Out("unrecognized")),
    // What is no error message says what it is, and which command takes it.
    (&["explain", "policy.json"], None, 3, Err("bedrock-access policy lint policy.json")),
    (&["explain", "plan.json"], None, 3, Err("bedrock-access check plan.json")),
    (&["explain", "template.yaml", "--format", "json"], None, 3, Err("bedrock-access check template.yaml")),
    (&["explain", "world.json"], None, 3, Err("bedrock-access doctor --sandbox world.json")),
    (&["explain", "targets.yaml"], None, 3, Err("bedrock-access doctor --targets targets.yaml")),
    (&["explain", "variables.env"], None, 3, Err("a file of environment variables")),
    (&["explain", "settings.json"], None, 3, Err("bedrock-access doctor --config settings.json")),
    (&["explain", "packed.xz"], None, 4, Err("xz -dc FILE")),
    (&["doctor", "packed.xz", "--sandbox", "healthy"], None, 4, Err("xz -dc FILE")),
    (&["explain", "program"], None, 3, Err("`program` is no text")),
    // Files by their content.
    (&["error.txt", "--sandbox", "healthy"], None, 3, Err("taken as `--error error.txt`")),
    (&["doctor", "error.txt", "--sandbox", "healthy"], None, 3, Err("taken as `--error error.txt`")),
    (&["doctor", "error.txt.gz", "--sandbox", "healthy"], None, 3, Err("taken as `--error error.txt.gz`")),
    (&["doctor", "case.json"], None, 1, Err("taken as `--evidence case.json`")),
    (&["case.json"], None, 1, Err("taken as `--evidence case.json`")),
    (&["doctor", "--error", "case.json"], None, 1, Err("taken as `--evidence case.json`")),
    (&["doctor", "targets.jsonl", "--sandbox", "healthy"], None, 0, Err("taken as `--targets targets.jsonl`")),
    (&["doctor", "targets.yaml", "--sandbox", "healthy"], None, 0, Err("taken as `--targets targets.yaml`")),
    (&["doctor", "world.json"], None, 1, Err("taken as `--sandbox world.json`")),
    (&["doctor", "policy.json"], None, 2, Err("bedrock-access policy lint policy.json")),
    (&["doctor", "--error", "policy.json"], None, 2, Err("bedrock-access policy lint policy.json")),
    (&["doctor", "plan.json"], None, 2, Err("bedrock-access check plan.json")),
    (&["doctor", "template.yaml"], None, 2, Err("bedrock-access check template.yaml")),
    (&["doctor", "report.json"], None, 2, Err("--save-evidence")),
    (&["doctor", "aws-config"], None, 2, Err("--profile NAME")),
    (&["doctor", "variables.env"], None, 2, Err("environment variables")),
    (&["doctor", "empty.txt"], None, 4, Err("is empty")),
    (&["doctor", "session.har", "--sandbox", "healthy"], None, 3, Err("taken as `--error session.har`")),
    (&["explain", "base64.har"], None, 0, Out("identity-policy-missing-allow")),
    (&["doctor", "base64.har", "--sandbox", "healthy"], None, 3, Out("amazon.nova-lite-v1:0")),
    (&["doctor", "nope.json"], None, 4, Err("`nope.json` does not exist")),
    (&["doctor", "./nope"], None, 4, Err("`./nope` does not exist")),
    (&["doctor", "logs/app.log"], None, 4, Err("`logs/app.log` does not exist")),
    // Texts and models.
    (&["doctor", REFUSAL, "--sandbox", "healthy"], None, 3, Out("UNDETERMINED")),
    (&["doctor", "--error", REFUSAL, "--sandbox", "healthy"], None, 3, Out("UNDETERMINED")),
    (&["doctor", "--error", "-", "--sandbox", "healthy"], Some(REFUSAL), 3, Out("UNDETERMINED")),
    (&["doctor", "-", "--sandbox", "healthy"], Some(REFUSAL), 3, Out("UNDETERMINED")),
    (
        &["doctor", "You don't have access to the model.", "--sandbox", "healthy", "--model", CLAUDE],
        None,
        3,
        Out("UNDETERMINED"),
    ),
    (&["doctor", "You don't have access to the model.", "--region", "us-west-2"], None, 2, Err("with `--model`")),
    (&["doctor", "error.txt", "--model", CLAUDE, "--sandbox", "healthy"], None, 2, Err("`--model` names")),
    (&["doctor", "case.json", "--model", CLAUDE], None, 2, Err("leave `--model` out")),
    (&["doctor", CLAUDE, "--sandbox", "healthy"], None, 0, Out(CLAUDE)),
    (&["doctor", "-m", CLAUDE, "--sandbox", "healthy"], None, 0, Out(CLAUDE)),
    (&["doctor", "--model-id", CLAUDE, "--sandbox", "healthy"], None, 0, Out(CLAUDE)),
    (&["--model", CLAUDE, "--sandbox", "healthy"], None, 0, Out(CLAUDE)),
    (&["doctor", ARN, "--sandbox", "iam-missing"], None, 1, Out("DENIED")),
    (
        &["doctor", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "--sandbox", "healthy"],
        None,
        0,
        Err("is the model `us."),
    ),
    (
        &["doctor", "bedrock/converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "--sandbox", "healthy"],
        None,
        0,
        Out(CLAUDE),
    ),
    (&["doctor", "what?", "--sandbox"], None, 2, Err("neither an existing file nor a model")),
    (&["doctor", CLAUDE, "--model", NOVA], None, 2, Err("is no error message")),
    (&[NOVA], None, 2, Err("bedrock-access doctor us.amazon.nova-lite-v1:0")),
    // Names as people write them: one fit is taken and said, several are listed, none is made up.
    (&["doctor", "Nova Lite", "--sandbox", "healthy"], None, 0, Err("taken for the model `amazon.nova-lite-v1:0`")),
    (&["doctor", "--model", "Amazon Nova Lite", "--sandbox", "healthy"], None, 0, Out("amazon.nova-lite-v1:0")),
    (&["doctor", "-m", "us.sonnet-4.5", "--sandbox", "healthy"], None, 0, Out(CLAUDE)),
    (
        &["doctor", "bedrock_converse:us.amazon.nova-lite-v1:0", "--sandbox", "healthy"],
        None,
        1,
        Err("is the model `us."),
    ),
    (&["doctor", "--model", "Claude 3.5 Sonnet"], None, 2, Err("several models have this name")),
    (&["doctor", "claude-3.5-sonnet"], None, 2, Err("anthropic.claude-3-5-sonnet-20241022-v2:0")),
    (&["doctor", "--model", "Claude Sonnet 99"], None, 2, Err("a model id holds no ` `")),
    (&["Claude Sonnet 4.5"], None, 2, Err("bedrock-access doctor 'Claude Sonnet 4.5'")),
    (&["nova-lite"], None, 2, Err("bedrock-access doctor nova-lite")),
    // A name that no provider stands before is no model of Bedrock in any Region.
    (&["doctor", "sonnet-9.9", "--sandbox", "healthy"], None, 1, Out("invalid-model-id")),
    (&["doctor", "gemini-2.5-pro", "--sandbox", "healthy"], None, 1, Out("invalid-model-id")),
    (&["doctor", "claude-sonet-4.5", "--sandbox", "healthy"], None, 1, Out("invalid-model-id")),
    (&["doctor", "anthropic.claude-3-opus-20240229-v1:0", "--sandbox", "healthy"], None, 1, Out("region-unavailable")),
    // The configuration of a client.
    (&["doctor", "settings.json", "--sandbox", "healthy"], None, 0, Err("taken as `--config settings.json`")),
    (&["doctor", "--error", "settings.json", "--sandbox", "healthy"], None, 0, Out("allowed       main")),
    (&["doctor", "--config", "settings.json", "--sandbox", "healthy"], None, 0, Out("Claude Code (`settings.json`)")),
    (&["doctor", "--config", "aws-config"], None, 2, Err("--profile NAME")),
    (&["doctor", "--config", "error.txt"], None, 4, Err("--client NAME")),
    (&["doctor", "--config", "nope.json"], None, 4, Err("cannot be read: no such file")),
    (&["doctor", "--config", "settings.json", "--model", CLAUDE], None, 2, Err("cannot be used with")),
    (
        &["doctor", "--client", "litellm", "--config", "settings.json"],
        None,
        4,
        Err("LiteLLM is not configured to call Bedrock"),
    ),
    (&["doctor", "--client", "zed"], None, 4, Err("~/.config/zed/settings.json")),
    (&["doctor", "--client", "cursor"], None, 2, Err("claude-code")),
    (&["doctor"], None, 2, Err("which model?")),
    // Options by the names that come to mind.
    (&["doctor", "-m", CLAUDE, "-r", "us-west-2", "--sandbox", "healthy"], None, 0, Out("us-west-2")),
    (&["doctor", CLAUDE, "--operation", "Converse", "--sandbox", "healthy"], None, 0, Out("ALLOWED")),
    (&["doctor", CLAUDE, "--operation", "bedrock:InvokeModel", "--sandbox", "healthy"], None, 0, Out("ALLOWED")),
    (&["doctor", CLAUDE, "--operation", "invoke_model", "--sandbox", "healthy"], None, 0, Out("ALLOWED")),
    (&["doctor", CLAUDE, "--operation", "convers"], None, 2, Err("converse")),
    (
        &["doctor", CLAUDE, "--stream", "--json", "--sandbox", "healthy"],
        None,
        0,
        Out("invoke-model-with-response-stream"),
    ),
    (&["doctor", CLAUDE, "--json", "--sandbox", "healthy"], None, 0, Out("\"schema\": \"bedrock-access/diagnosis/1\"")),
    (&["doctor", CLAUDE, "--no-color", "--sandbox", "healthy"], None, 0, Out("ALLOWED")),
    (&["doctor", CLAUDE, "--role", "chat-api", "--sandbox", "healthy"], None, 0, Out("chat-api")),
    (
        &["doctor", CLAUDE, "--principal", "no-such-role", "--sandbox", "healthy"],
        None,
        2,
        Err("there is no user or role `no-such-role`"),
    ),
    (&["doctor", CLAUDE, "--timeout", "5s", "--sandbox", "healthy"], None, 0, Out("ALLOWED")),
    (&["doctor", CLAUDE, "--timeout", "5x"], None, 2, Err("`10s`")),
    (&["doctor", CLAUDE, "--wait", "1s", "--sandbox", "healthy"], None, 0, Out("ALLOWED")),
    (&["doctor", CLAUDE, "--region", "us-west-2,us-east-1", "--sandbox", "healthy"], None, 1, Out("us-east-1")),
    (&["doctor", CLAUDE, "--regions", "us-west-2", "--sandbox", "healthy"], None, 0, Out("ALLOWED")),
    (&["doctor", CLAUDE, "--output", "report.html", "--sandbox", "healthy"], None, 0, Out("")),
    // Commands by other names.
    (&["why", CLAUDE, "--sandbox", "healthy"], None, 0, Out("ALLOWED")),
    (&["diagnose", CLAUDE, "--sandbox", "healthy"], None, 0, Out("ALLOWED")),
    (&["version"], None, 0, Out("bedrock-access ")),
    (&["whoami", "--sandbox", "healthy"], None, 0, Out("arn:aws:sts::111122223333:assumed-role/")),
    (&["docter"], None, 2, Err("doctor")),
    (&["run", "sh", "-c", "exit 7"], None, 7, Out("")),
    (&["run", "--", "sh", "-c", "exit 7"], None, 7, Out("")),
    (&["run", "no-such-program"], None, 127, Err("was not found")),
];

fn handed_over(folder: &Path) {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("error.txt", REFUSAL);
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(REFUSAL.as_bytes()).unwrap();
    std::fs::write(folder.join("error.txt.gz"), zipped.finish().unwrap()).unwrap();
    write("targets.jsonl", &format!("{{\"id\": \"a\", \"model\": \"{CLAUDE}\"}}\n"));
    write("targets.yaml", &format!("# who\n- id: a\n  model: {CLAUDE}\n"));
    write("policy.json", "{\"Version\": \"2012-10-17\", \"Statement\": []}");
    write("plan.json", "{\"format_version\": \"1.2\", \"terraform_version\": \"1.9.0\", \"planned_values\": {}}");
    write("template.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n");
    write("report.json", "{\"schema\": \"bedrock-access/diagnosis/1\", \"verdict\": \"denied\"}");
    write("aws-config", "[profile dev]\nregion = us-west-2\n");
    write("variables.env", "AWS_REGION=us-west-2\nMODEL_ID=amazon.nova-lite-v1:0\n");
    write("empty.txt", "");
    std::fs::write(folder.join("packed.xz"), b"\xfd7zXZ\0\0\x04").unwrap();
    std::fs::write(folder.join("program"), b"\x7fELF\x02\x01\x01\0\0").unwrap();
    let env = serde_json::json!({"CLAUDE_CODE_USE_BEDROCK": "1", "ANTHROPIC_MODEL": CLAUDE});
    write("settings.json", &serde_json::json!({"env": env}).to_string());
    let har = serde_json::json!({"log": {"version": "1.2", "entries": [{"response": {"content": {"text": REFUSAL}}}]}});
    write("session.har", &har.to_string());
    let body = STANDARD.encode(serde_json::json!({"message": REFUSAL}).to_string());
    let content = serde_json::json!({"text": body, "encoding": "base64"});
    let har = serde_json::json!({"log": {"version": "1.2", "entries": [{"response": {"content": content}}]}});
    write("base64.har", &har.to_string());
    let world = bedrock_access(["sandbox", "show", "iam-missing"]).output().unwrap();
    std::fs::write(folder.join("world.json"), world.stdout).unwrap();
    let saved = bedrock_access(["doctor", "--sandbox", "iam-missing", "--save-evidence", "case.json", "-q"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert_eq!(saved.status.code(), Some(1));
}

#[test]
fn what_people_type_works_or_says_what_to_type() {
    assert!(ROWS.len() >= 60, "{}", ROWS.len());
    let folder = tempfile::tempdir().unwrap();
    handed_over(folder.path());
    let mut wrong = Vec::new();
    for (arguments, input, status, said) in ROWS {
        let mut command = bedrock_access(*arguments);
        command.current_dir(folder.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let answer: Answer = match input {
            Some(input) => run_with_input(command, input.as_bytes()).into(),
            None => command.output().unwrap().into(),
        };
        let (place, part) = match said {
            Out(part) => (&answer.stdout, part),
            Err(part) => (&answer.stderr, part),
        };
        if answer.status != *status || !place.contains(part) {
            let short = |text: &str| text.chars().take(300).collect::<String>();
            wrong.push(format!(
                "{arguments:?}: status {} for {status}, without {part:?}\n  out: {}\n  err: {}",
                answer.status,
                short(&answer.stdout),
                short(&answer.stderr)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.starts_with("<!"), "{page}");
}

#[test]
fn standard_input_may_be_compressed_or_in_utf_16() {
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(REFUSAL.as_bytes()).unwrap();
    let wide = std::iter::once(0xfeff).chain(REFUSAL.encode_utf16()).flat_map(u16::to_le_bytes);
    for stored in [zipped.finish().unwrap(), wide.collect()] {
        for arguments in [&["explain"][..], &["explain", "-"], &["explain", "--log"], &[]] {
            let answer: Answer = run_with_input(bedrock_access(arguments), &stored).into();
            assert_eq!(answer.status, 0, "{arguments:?}: {}", answer.stderr);
            assert!(answer.stdout.contains("identity-policy-missing-allow"), "{arguments:?}: {}", answer.stdout);
        }
        let asked = bedrock_access(["doctor", "--error", "-", "--sandbox", "healthy"]);
        let answer: Answer = run_with_input(asked, &stored).into();
        assert_eq!(answer.status, 3, "{}", answer.stderr);
    }
}

#[test]
fn a_span_is_in_bytes_of_what_was_given() {
    let explained = |stored: &[u8]| {
        let answer: Answer = run_with_input(bedrock_access(["explain", "--format", "json"]), stored).into();
        let span = answer.json()["span"].clone();
        (span[0].as_u64().unwrap() as usize, span[1].as_u64().unwrap() as usize)
    };
    let (start, end) = explained(REFUSAL.as_bytes());
    let marked = [b"\xef\xbb\xbf", REFUSAL.as_bytes()].concat();
    assert_eq!(explained(&marked), (start + 3, end + 3));
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(REFUSAL.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(explained(&wide), (2 + 2 * start, 2 + 2 * end));
}

#[test]
fn the_short_help_fits_a_screen_and_suggests_no_call() {
    let help: Answer = bedrock_access(["doctor", "-h"]).output().unwrap().into();
    assert_eq!(help.status, 0);
    let lines = help.stdout.lines().count();
    assert!(lines <= 40, "{lines} lines:\n{}", help.stdout);
    for heading in ["The call:", "AWS account:", "Report:", "Many calls:"] {
        assert!(help.stdout.contains(heading), "{heading}");
    }
    // A misspelt option never leads to one that makes a call.
    for option in ["--prob", "--invok", "--pro"] {
        let answer: Answer = bedrock_access(["doctor", CLAUDE, option]).output().unwrap().into();
        assert_eq!(answer.status, 2, "{option}");
    }
    let answer: Answer = bedrock_access(["doctor", CLAUDE, "--rol", "x"]).output().unwrap().into();
    assert!(!answer.stderr.contains("--probe"), "{}", answer.stderr);
}

#[test]
fn the_region_in_a_clients_name_of_a_model_is_the_calls() {
    let named = "bedrock/eu-west-1/amazon.nova-lite-v1:0";
    let report = Doctor::new(["--sandbox", "healthy", named, "--format", "json"]).run().json();
    assert_eq!(report["request"]["region"], "eu-west-1");
    let typed = Doctor::new(["--sandbox", "healthy", "--model", named]).run();
    assert_eq!(typed.status, 2, "{}", typed.stdout);
    assert!(typed.stderr.contains("--region eu-west-1"), "{}", typed.stderr);
}

#[test]
fn an_error_is_asked_about_as_the_operation_that_it_names_or_not_at_all() {
    let refused = |action: &str, resource: &str| {
        format!(
            "User: arn:aws:sts::111122223333:assumed-role/chat-api/x is not authorized to perform: {action} on resource: \
             {resource} because no session policy allows the {action} action"
        )
    };
    let project = "arn:aws:bedrock-mantle:us-west-2:111122223333:project/default";
    let mantle = refused("bedrock-mantle:CreateInference", project);
    let report = Doctor::new(["--sandbox", "iam-missing", &mantle, "--format", "json"]).run().json();
    assert_eq!(report["request"]["operation"], "mantle-inference");
    let rerank = Doctor::new(["--sandbox", "iam-missing", &refused("bedrock:Rerank", "*")]).run();
    assert_eq!(rerank.status, 2, "{}", rerank.stdout);
    assert!(rerank.stderr.contains("`bedrock:Rerank`, which no operation needs"), "{}", rerank.stderr);
    let operation =
        Doctor::new(["--sandbox", "healthy", "--operation", "bedrock-mantle:CreateInference", "--format", "json"]);
    assert_eq!(operation.run().json()["request"]["operation"], "mantle-inference");
}
