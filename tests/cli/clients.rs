//! `doctor --config`: what a client can call, and as whom; the client's identity and the shell's are different people.

use crate::support::many::embedded;
use crate::support::program::{Answer, Doctor, PROGRAM, bedrock_access, schema};
use crate::support::saved::FORMATS;
use bedrock_access::sandbox::{Sandbox, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

pub const SONNET: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
pub const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// The role of the settings may call the main model, and not the background one; the shell's user may do everything.
pub fn world() -> Value {
    let text = embedded("healthy").to_string();
    let mut world: Value = serde_json::from_str(&text).unwrap();
    world["name"] = json!("client");
    let haiku = |value: &Value| -> Value {
        let text = value.to_string().replace("claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001");
        serde_json::from_str(&text.replace("Claude Sonnet 4.5", "Claude Haiku 4.5")).unwrap()
    };
    let model = haiku(&world["models"][0]);
    world["models"].as_array_mut().unwrap().push(model);
    let profile = haiku(&world["profiles"][0]);
    world["profiles"].as_array_mut().unwrap().push(profile);
    let policies = world["principals"][0]["policies"].as_array_mut().unwrap();
    policies.push(json!({
        "name": "mantle",
        "document": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "bedrock-mantle:CreateInference", "Resource": "*",
            "Condition": {"StringEquals": {"bedrock-mantle:Model": "openai.gpt-5.6-sol"}},
        }]},
    }));
    world
}

/// A client, its file, and the ids of a call that works and of one that does not.
type Case = (&'static str, &'static str, String, &'static str, &'static str);

/// `identity` puts the settings' identity into each: the profile `dev`, or the role's keys.
fn cases() -> Vec<Case> {
    let dev = "dev";
    vec![
        (
            "claude-code",
            "settings.json",
            json!({
                "model": SONNET,
                "env": {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_PROFILE": dev, "AWS_REGION": "us-west-2",
                        "ANTHROPIC_DEFAULT_HAIKU_MODEL": HAIKU},
            })
            .to_string(),
            "main",
            "background",
        ),
        (
            "codex",
            "config.toml",
            "model = \"openai.gpt-5.6-sol\"\nreview_model = \"openai.gpt-5.4\"\nmodel_provider = \"amazon-bedrock\"\n\
             [model_providers.amazon-bedrock.aws]\nregion = \"us-west-2\"\nprofile = \"dev\"\n"
                .to_owned(),
            "main",
            "model/review",
        ),
        (
            "continue",
            "config.yaml",
            format!(
                "schema: v1\nmodels:\n  - name: Main\n    provider: bedrock\n    model: {SONNET}\n    env: {{region: us-west-2, profile: dev}}\n\
                 \x20 - name: Tab\n    provider: bedrock\n    model: {HAIKU}\n    env: {{region: us-west-2, profile: dev}}\n    roles: [autocomplete]\n"
            ),
            "main",
            "autocomplete/Tab",
        ),
        (
            "litellm",
            "config.yaml",
            format!(
                "model_list:\n- model_name: chat\n  litellm_params: {{model: bedrock/{SONNET}, aws_profile_name: dev, aws_region_name: us-west-2}}\n\
                 - model_name: small\n  litellm_params: {{model: bedrock/{HAIKU}, aws_profile_name: dev, aws_region_name: us-west-2}}\n\
                 router_settings:\n  fallbacks: [{{chat: [small]}}]\n"
            ),
            "model/chat converse",
            "fallback/small converse-stream",
        ),
        (
            "opencode",
            "opencode.json",
            json!({
                "$schema": "https://opencode.ai/config.json",
                "model": "amazon-bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
                "small_model": "amazon-bedrock/anthropic.claude-haiku-4-5-20251001-v1:0",
                "provider": {"amazon-bedrock": {"options": {"region": "us-west-2", "profile": dev}}},
            })
            .to_string(),
            "main",
            "background",
        ),
        (
            "spring-ai",
            "application.properties",
            format!(
                "spring.ai.model.chat=bedrock-converse\nspring.ai.model.embedding=bedrock-cohere\n\
                 spring.ai.bedrock.aws.region=us-west-2\nspring.ai.bedrock.aws.access-key=AKIACHATAPI01EXAMPLE\n\
                 spring.ai.bedrock.aws.secret-key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n\
                 spring.ai.bedrock.aws.session-token=SESSION\n\
                 spring.ai.bedrock.converse.chat.options.model={SONNET}\n"
            ),
            "main converse-stream",
            "embeddings/cohere",
        ),
        (
            "zed",
            "settings.json",
            json!({
                "agent": {"default_model": {"provider": "amazon-bedrock", "model": "claude-sonnet-4-5"}},
                "language_models": {"bedrock": {"authentication_method": "named_profile", "region": "us-west-2", "profile": dev}},
            })
            .to_string(),
            "main",
            "background",
        ),
    ]
}

pub fn verdicts(answer: &Answer) -> BTreeMap<String, (String, String)> {
    let lines = answer.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines.map(|line| (word(&line["id"]), (word(&line["verdict"]), word(&line["principal"]["arn"])))).collect()
}

#[test]
fn the_main_model_works_and_the_background_model_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let world_file = folder.path().join("world.json");
    fs::write(&world_file, world().to_string()).unwrap();
    for (client, name, text, works, refused) in cases() {
        let file = folder.path().join(name);
        fs::write(&file, &text).unwrap();
        let sandbox = ["--sandbox", world_file.to_str().unwrap(), "--config", file.to_str().unwrap()];
        let answer = Doctor::new([&sandbox[..], &["--format", "json"]].concat()).run();
        assert_eq!(answer.status, 1, "{client}: {}{}", answer.stdout, answer.stderr);
        let verdicts = verdicts(&answer);
        assert_eq!(verdicts.get(works).map(|(verdict, _)| verdict.as_str()), Some("allowed"), "{client}: {verdicts:?}");
        assert_eq!(
            verdicts.get(refused).map(|(verdict, _)| verdict.as_str()),
            Some("denied"),
            "{client}: {verdicts:?}"
        );
        let said = answer.stderr.replace("\n  ", " ");
        assert!(said.contains("in the sandbox, the caller of the world `client`"), "{said}");
        // Named, it is read without a look at its content.
        let named = Doctor::new([&sandbox[..], &["--client", client]].concat()).run();
        assert_eq!(named.status, 1, "{client}: {}", named.stderr);
        assert!(named.stdout.contains(&format!("\nallowed       {works}  ")), "{client}: {}", named.stdout);
        assert!(named.stdout.contains(&format!("\ndenied        {refused}  ")), "{client}: {}", named.stdout);
    }
}

/// A shell with the keys of a user who may do everything, and a home whose profile `dev` has those of the role.
pub struct Shell {
    _sandbox: Sandbox,
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
    token: String,
}

impl Shell {
    pub fn start(world: &Value) -> Self {
        let world: World = World::parse(&world.to_string()).unwrap();
        let (_, secret, _) = world.caller_credentials();
        let secret = secret.to_owned();
        let (role, token) = world.credentials_of("chat-api").unwrap();
        let (role, token) = (role.to_owned(), token.unwrap_or_default().to_owned());
        let (user, _) = world.credentials_of("ana").unwrap();
        let user = user.to_owned();
        let sandbox = Sandbox::start(world, Duration::ZERO, 0).unwrap();
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".aws")).unwrap();
        let credentials = format!(
            "[dev]\naws_access_key_id = {role}\naws_secret_access_key = {secret}\naws_session_token = {token}\n"
        );
        fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
        let variables = [
            ("AWS_ACCESS_KEY_ID", user),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_ENDPOINT_URL", sandbox.endpoint()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("HOME", home.path().display().to_string()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Self { _sandbox: sandbox, home, variables, token }
    }

    pub fn doctor(&self, arguments: &[&str]) -> Answer {
        let mut doctor = Doctor::new(arguments);
        doctor.0.envs(self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        doctor.run()
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        fs::write(&path, text.replace("SESSION", &self.token)).unwrap();
        path.display().to_string()
    }
}

#[test]
fn the_identity_of_the_settings_makes_the_calls_and_not_the_shells() {
    let shell = Shell::start(&world());
    // The shell's user may call the background model.
    let own = shell.doctor(&["--model", HAIKU, "--region", "us-west-2", "--timeout", "60"]);
    assert_eq!(own.status, 0, "{}{}", own.stdout, own.stderr);
    for (client, name, text, works, refused) in cases() {
        let file = shell.file(name, &text);
        let answer = shell.doctor(&["--config", &file, "--format", "json", "--timeout", "60"]);
        let verdicts = verdicts(&answer);
        let role = "arn:aws:iam::111122223333:role/apps/chat-api";
        let (verdict, arn) = &verdicts[works];
        assert_eq!((verdict.as_str(), arn.as_str()), ("allowed", role), "{client}: {verdicts:?}");
        let (verdict, arn) = &verdicts[refused];
        assert_eq!((verdict.as_str(), arn.as_str()), ("denied", role), "{client}: {verdicts:?}");
        let said = shell.doctor(&["--config", &file, "--timeout", "60"]).stdout.replace("\n  ", " ");
        let first = said.lines().next().unwrap();
        let keys = if client == "spring-ai" { "access keys of its settings" } else { "profile `dev` of its settings" };
        assert!(
            first.contains(keys) && first.contains("Region `us-west-2` of its settings, not `us-east-1`"),
            "{first}"
        );
    }
    // Without a profile in the settings, it is the shell's.
    let settings = json!({"model": HAIKU, "env": {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "us-west-2"}});
    let file = shell.file("plain.json", &settings.to_string());
    let answer = shell.doctor(&["--config", &file, "--format", "json", "--timeout", "60"]);
    assert_eq!(
        verdicts(&answer)["main"],
        ("allowed".to_owned(), "arn:aws:iam::111122223333:user/platform/ana".to_owned())
    );
}

#[test]
fn a_client_finds_its_own_files() {
    let shell = Shell::start(&world());
    let project = shell.home.path().join("project/.claude");
    fs::create_dir_all(&project).unwrap();
    let user = shell.home.path().join(".claude");
    fs::create_dir_all(&user).unwrap();
    let on = json!({"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "us-west-2", "ANTHROPIC_MODEL": HAIKU, "AWS_PROFILE": "dev"});
    fs::write(user.join("settings.json"), json!({"env": on}).to_string()).unwrap();
    fs::write(project.join("settings.local.json"), json!({"env": {"ANTHROPIC_MODEL": SONNET}}).to_string()).unwrap();
    let mut doctor = Doctor::new(["--client", "claude-code", "--format", "json", "--timeout", "60"]);
    doctor.0.envs(shell.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    doctor.0.current_dir(shell.home.path().join("project"));
    let answer = doctor.run();
    assert_eq!(answer.status, 0, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stdout.contains(SONNET) && !answer.stdout.contains(HAIKU));
    assert!(answer.stderr.replace("\n  ", " ").contains(".claude/settings.local.json`, `"), "{}", answer.stderr);
}

#[test]
fn litellms_role_is_diagnosed_with_the_policy_that_it_attaches() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = world();
    // What the role may do with Mantle models, LiteLLM's policy allows as well; a batch job it does not.
    world["principals"][0]["policies"].as_array_mut().unwrap().push(json!({
        "name": "all", "document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    }));
    let world_file = folder.path().join("world.json");
    fs::write(&world_file, world.to_string()).unwrap();
    let file = folder.path().join("config.yaml");
    let config = format!(
        "model_list:\n- model_name: chat\n  litellm_params:\n    model: bedrock/{SONNET}\n    aws_region_name: us-west-2\n    \
         aws_role_name: arn:aws:iam::111122223333:role/apps/chat-api\n    aws_session_name: s\n    \
         aws_web_identity_token: oidc/file/token\n  model_info: {{mode: MODE}}\n"
    );
    for (mode, lacks) in [("chat", false), ("rerank", true)] {
        fs::write(&file, config.replace("MODE", mode)).unwrap();
        let evidence = ["--sandbox", world_file.to_str().unwrap(), "--config", file.to_str().unwrap()];
        let answer = Doctor::new(evidence).run();
        let said = answer.stdout.replace("\n  ", " ");
        assert_eq!(said.contains("it lacks bedrock:Rerank"), lacks, "{said}");
        assert!(said.contains("attaches a session policy of its own"), "{said}");
        assert!(said.contains("as arn:aws:iam::111122223333:role/apps/chat-api"), "{said}");
        assert_eq!(answer.status, 0, "{said}");
    }
}

/// Parts of the secrets that are planted in configurations.
const CANARIES: [&str; 6] =
    ["AKIACANARY", "canarySECRET", "canarySESSION", "canaryEXTERNAL", "Q2FuYXJ5", "canaryPASSWORD"];

#[test]
fn no_secret_of_a_configuration_is_in_any_output() {
    let shell = Shell::start(&world());
    let (id, secret, session) =
        ("AKIACANARYACCESSKEY0", "canarySECRET/0123456789abcdefghijklmnopqrs", "canarySESSION0123456789abcdefghijkl");
    let token = "bedrock-api-key-Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5";
    let url = "https://user:canaryPASSWORD@127.0.0.1:1/";
    let files = [
        (
            "settings.json",
            json!({"model": SONNET, "awsCredentialExport": format!("echo {secret}"), "env": {
                "CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "us-west-2", "AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret,
                "AWS_SESSION_TOKEN": session, "AWS_BEARER_TOKEN_BEDROCK": token, "ANTHROPIC_BEDROCK_BASE_URL": url}})
            .to_string(),
        ),
        (
            "config.yaml",
            format!(
                "model_list:\n- model_name: {id}\n  litellm_params: {{model: bedrock/{SONNET}, aws_region_name: us-west-2, aws_access_key_id: {id}, \
                 aws_secret_access_key: '{secret}', aws_session_token: {session}}}\n- model_name: b\n  litellm_params: {{model: bedrock/{SONNET}, \
                 aws_region_name: us-west-2, api_key: {token}, api_base: '{url}'}}\n- model_name: c\n  litellm_params: {{model: bedrock/{SONNET}, \
                 aws_region_name: us-west-2, aws_role_name: 'arn:aws:iam::111122223333:role/x', aws_external_id: canaryEXTERNAL}}\n\
                 general_settings: {{master_key: sk-{secret}}}\n"
            ),
        ),
        (
            "opencode.json",
            json!({"model": format!("amazon-bedrock/{SONNET}"), "$schema": "https://opencode.ai/config.json", "provider": {"amazon-bedrock": {
                "options": {"region": "us-west-2", "accessKeyId": id, "secretAccessKey": secret, "sessionToken": session, "apiKey": token, "endpoint": url}}}})
            .to_string(),
        ),
        (
            "application.properties",
            format!(
                "spring.ai.bedrock.converse.chat.options.model={SONNET}\nspring.ai.bedrock.aws.region=us-west-2\n\
                 spring.ai.bedrock.aws.access-key={id}\nspring.ai.bedrock.aws.secret-key={secret}\nspring.ai.bedrock.aws.session-token={session}\n"
            ),
        ),
    ];
    for (name, text) in files {
        let file = shell.file(name, &text);
        for format in FORMATS {
            for more in [&["--redact"][..], &["--probe"]] {
                let answer =
                    shell.doctor(&[&["--config", &file, "--format", format, "--timeout", "20"], more].concat());
                assert!((0..=3).contains(&answer.status), "{name} {format}: {}", answer.stderr);
                for output in [&answer.stdout, &answer.stderr] {
                    for canary in CANARIES {
                        assert!(!output.contains(canary), "{name} {format} {more:?} lets `{canary}` out: {output}");
                    }
                }
            }
        }
        // Nor if the file is damaged.
        for cut in [text.len() / 3, text.len() / 2, text.len() - 3] {
            let file = shell.file("damaged", &text[..cut]);
            for client in ["claude-code", "litellm", "opencode", "spring-ai", "zed", "codex", "continue"] {
                let answer = shell.doctor(&["--config", &file, "--client", client, "--sandbox", "healthy"]);
                for output in [&answer.stdout, &answer.stderr] {
                    assert!(CANARIES.iter().all(|canary| !output.contains(canary)), "{client} {name}: {output}");
                }
            }
        }
    }
}

const REFUSAL: &str = "An error occurred (AccessDeniedException) when calling the InvokeModel operation: User: \
    arn:aws:sts::111122223333:assumed-role/chat-api/s is not authorized to perform: bedrock:InvokeModel on resource: \
    arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0 because no identity-based policy allows the \
    bedrock:InvokeModel action";

/// Runs `run` with options around a command, in the environment of a world.
fn run_in(world: &str, options: &[&str], script: &str) -> Answer {
    let words = [&["sandbox", "run", world, "--", PROGRAM, "run"], options, &["--", "sh", "-c", script]].concat();
    let mut command = bedrock_access(words);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.output().unwrap().into()
}

#[cfg(unix)]
#[test]
fn a_command_that_fails_is_diagnosed_at_once_in_its_environment() {
    let to_stderr = format!("echo out; echo '{REFUSAL}' >&2; exit 7");
    let answer = run_in("iam-missing", &["--doctor"], &to_stderr);
    assert_eq!((answer.status, answer.stdout.as_str()), (7, "out\n"), "{}", answer.stderr);
    assert!(answer.stderr.contains("bedrock-access diagnoses the error above"), "{}", answer.stderr);
    assert!(answer.stderr.contains("DENIED"), "{}", answer.stderr);
    assert!(answer.stderr.contains("identity-policy-missing-allow"), "{}", answer.stderr);
    // Standard output is looked at where that is asked for, and passed through.
    let to_stdout = format!("echo '{REFUSAL}'; exit 7");
    let answer = run_in("iam-missing", &["--doctor"], &to_stdout);
    assert_eq!((answer.status, answer.stdout.trim_end()), (7, REFUSAL));
    assert!(answer.stderr.contains("`run --stdout`") && !answer.stderr.contains("DENIED"), "{}", answer.stderr);
    for (options, said) in [(&["--doctor", "--stdout"][..], "DENIED"), (&["--stdout"], "bedrock-access explains")] {
        let answer = run_in("iam-missing", options, &to_stdout);
        assert_eq!((answer.status, answer.stdout.trim_end()), (7, REFUSAL));
        assert!(answer.stderr.contains(said), "{}", answer.stderr);
    }
    // An error that does not say which model was called is explained.
    let vague = "echo \"botocore.errorfactory.AccessDeniedException: You don't have access to the model with the specified model ID.\" >&2; exit 1";
    let answer = run_in("iam-missing", &["--doctor"], vague);
    assert!(
        answer.stderr.contains("bedrock-access explains") && answer.stderr.contains("names no model"),
        "{}",
        answer.stderr
    );
    // A command that works is not diagnosed.
    let answer = run_in("iam-missing", &["--doctor"], &format!("echo '{REFUSAL}' >&2"));
    assert!(answer.status == 0 && !answer.stderr.contains("DENIED"), "{}", answer.stderr);
}

#[test]
fn a_file_that_is_no_configuration_is_refused_without_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let large = vec![b' '; 3 << 20];
    for (bytes, said) in [
        (&b""[..], "is empty"),
        (b"\xff\xfe\xfd", "is not UTF-8 text"),
        (
            b"{\"env\": {\"AWS_SECRET_ACCESS_KEY\": \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"",
            "is not valid JSON: line 1",
        ),
        (b"[]", "is not a configuration of Claude Code"),
        (b"{}", "is not configured to call Bedrock"),
        (&large, "is too large"),
    ] {
        let file = write("settings.json", bytes);
        let answer = Doctor::new(["--config", &file, "--client", "claude-code"]).run();
        assert_eq!(answer.status, 4, "{}", answer.stderr);
        assert!(answer.stderr.contains(said) && !answer.stderr.contains("EXAMPLEKEY"), "{said}: {}", answer.stderr);
    }
    let folder_answer = Doctor::new(["--config", folder.path().to_str().unwrap()]).run();
    assert_eq!(folder_answer.status, 4, "{}", folder_answer.stderr);
    assert!(Path::new(PROGRAM).exists());
}

/// A log with two kinds of refusal among other lines.
fn log() -> String {
    let other = REFUSAL.replace("amazon.nova-lite-v1:0", "amazon.nova-pro-v1:0");
    let mut log = String::new();
    for line in 1..=3000 {
        let text = match line {
            _ if line % 100 == 7 => REFUSAL,
            1500 | 2900 => other.as_str(),
            _ => "2026-11-30T10:00:00Z INFO request served",
        };
        log.push_str(&format!("{text}\n"));
    }
    log
}

#[test]
fn a_log_is_explained_by_its_kinds_of_errors_with_their_lines() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.log");
    fs::write(&file, log()).unwrap();
    let answer: Answer = bedrock_access(["explain", "--log", file.to_str().unwrap()]).output().unwrap().into();
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    assert!(answer.stdout.contains("of 2 kinds"), "{}", answer.stdout);
    assert!(
        answer.stdout.contains("1. identity-policy-missing-allow (30 times, lines 7 to 2907)"),
        "{}",
        answer.stdout
    );
    assert!(
        answer.stdout.contains("2. identity-policy-missing-allow (2 times, lines 1500 to 2900)"),
        "{}",
        answer.stdout
    );
    // The doctor takes the last one, and says which.
    let file = file.to_str().unwrap();
    let doctor = Doctor::new(["--error", file, "--sandbox", "iam-missing", "--format", "json"]).run();
    assert!(doctor.stderr.contains("the last one that names a model is diagnosed: line 2907"), "{}", doctor.stderr);
    assert_eq!(doctor.json()["request"]["model"], "amazon.nova-lite-v1:0");
    let nothing = folder.path().join("nothing.log");
    fs::write(&nothing, "INFO request served\n".repeat(100)).unwrap();
    let answer: Answer = bedrock_access(["explain", "--log", nothing.to_str().unwrap()]).output().unwrap().into();
    assert_eq!(answer.status, 3, "{}", answer.stdout);
}

#[test]
fn a_log_of_any_length_needs_no_option() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("long.log"), folder.path().join("long.log.gz"));
    // Longer than one error can be, with the last refusal far from the end.
    let long =
        format!("{}{}{}", log(), "2026-11-30T10:00:00Z INFO request served\n".repeat(50_000), "x".repeat(3 << 20));
    fs::write(&plain, &long).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    encoder.write_all(long.as_bytes()).unwrap();
    encoder.finish().unwrap();
    for file in [&plain, &packed] {
        let file = file.to_str().unwrap();
        let answer: Answer = bedrock_access(["explain", file]).output().unwrap().into();
        assert_eq!(answer.status, 0, "{}", answer.stderr);
        assert!(answer.stderr.contains("it is read as a log"), "{}", answer.stderr);
        assert!(answer.stdout.contains("(30 times, lines 7 to 2907)"), "{}", answer.stdout);
        let doctor = Doctor::new(["--error", file, "--sandbox", "iam-missing", "--format", "json"]).run();
        assert!(doctor.stderr.contains("the last one that names a model is diagnosed: line 2907"), "{}", doctor.stderr);
        assert_eq!(doctor.json()["request"]["model"], "amazon.nova-lite-v1:0");
        let given = doctor.json()["findings"].to_string();
        assert!(!given.contains("request served"), "{given}");
    }
    // Through a pipe, which can be read once.
    let mut piped = bedrock_access(["explain"]);
    let mut child = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(long.as_bytes()));
    let answer: Answer = child.wait_with_output().unwrap().into();
    writer.join().unwrap().unwrap();
    assert!(answer.stdout.contains("(30 times, lines 7 to 2907)"), "{}", answer.stdout);
    // A refusal in a line of any length, one in a document that is one line, and a log without one.
    let path = |name: &str| folder.path().join(name);
    fs::write(path("long-line.log"), format!("{} {REFUSAL} {}\n", "y ".repeat(1 << 20), "z ".repeat(1 << 20))).unwrap();
    let doctor =
        Doctor::new(["--error", path("long-line.log").to_str().unwrap(), "--sandbox", "iam-missing", "--json"]).run();
    assert_eq!(doctor.json()["request"]["model"], "amazon.nova-lite-v1:0", "{}", doctor.stderr);
    let event = json!({"eventVersion": "1.11", "eventSource": "bedrock.amazonaws.com", "eventName": "InvokeModel",
        "eventTime": "2026-07-08T10:20:30Z", "errorCode": "AccessDenied", "errorMessage": REFUSAL});
    fs::write(path("trail.json"), json!({"Records": vec![event; 3000]}).to_string()).unwrap();
    fs::write(path("nothing.log"), "INFO request served\n".repeat(100_000)).unwrap();
    for (file, said) in [("trail.json", "too long to hold one error"), ("nothing.log", "holds no refusal")] {
        let doctor = Doctor::new(["--error", path(file).to_str().unwrap(), "--sandbox"]).run();
        assert_eq!(doctor.status, 4, "{}{}", doctor.stdout, doctor.stderr);
        assert!(doctor.stderr.contains(said), "{}", doctor.stderr);
    }
}

/// A redacted explanation names nobody, in every form, and says the same about the cause.
#[test]
fn an_explanation_may_leave_out_whose_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    let one = file("acme-payments.txt", REFUSAL);
    let names = ["111122223333", "chat-api", "acme"];
    for arguments in [
        &["explain", "--redact", &one][..],
        &["explain", "--redact", "--log", &one],
        &["explain", "--redact", &one, &one],
    ] {
        for format in ["text", "json"] {
            let answer: Answer = bedrock_access(arguments).args(["--format", format]).output().unwrap().into();
            assert_eq!(answer.status, 0, "{}", answer.stderr);
            for name in names {
                assert!(!answer.stdout.contains(name), "{arguments:?}: {name}: {}", answer.stdout);
            }
            for kept in
                ["identity-policy-missing-allow", "us-west-2", "foundation-model/amazon.nova-lite-v1:0", "role-1"]
            {
                assert!(answer.stdout.contains(kept), "{arguments:?}: {kept}: {}", answer.stdout);
            }
        }
    }
}

/// The groups of a log as JSON, of one file or several.
#[test]
fn the_groups_of_a_log_have_a_schema() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.log");
    let line =
        format!("{REFUSAL}\nINFO fine\nThrottlingException: Too many requests, please wait before trying again.\n");
    fs::write(&log, line.repeat(3)).unwrap();
    let log = log.to_str().unwrap();
    let schema = schema("log-1");
    for (files, ids) in [(&[log][..], vec![Value::Null]), (&[log, log], vec![json!(log); 2])] {
        let answer: Answer =
            bedrock_access(["explain", "--log", "--format", "json"]).args(files).output().unwrap().into();
        let lines: Vec<Value> = answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.iter().map(|line| line["id"].clone()).collect::<Vec<_>>(), ids);
        for line in lines {
            let errors: Vec<String> = schema.iter_errors(&line).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}: {line}");
            let group = &line["groups"][0];
            assert_eq!((&line["refusals"], &group["count"]), (&json!(3), &json!(3)));
            assert_eq!((&group["first_line"], &group["last_line"]), (&json!(1), &json!(7)));
            assert_eq!(line["others"], json!([{"cause": "throttled", "count": 3}]));
        }
    }
}

/// One line of 40 MB is read in constant memory, and the error in its middle is found.
#[cfg(target_os = "linux")]
#[test]
fn a_line_of_any_length_takes_no_memory() {
    let mut command = bedrock_access(["explain", "--format", "json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let peak = || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let filler = "nothing to see here; ".repeat(50_000);
    input.write_all(filler.as_bytes()).unwrap();
    let before = peak();
    for piece in 0..40 {
        input.write_all(filler.as_bytes()).unwrap();
        if piece == 20 {
            input.write_all(REFUSAL.as_bytes()).unwrap();
        }
    }
    let grown = peak() - before;
    drop(input);
    let answer: Answer = child.wait_with_output().unwrap().into();
    assert_eq!(answer.json()["groups"][0]["cause"], "identity-policy-missing-allow");
    assert!(grown < 32 * 1024, "{grown} KiB");
}
