//! Every command that the help, the README and the documents show is run, with the files that it names.
//!
//! The commands ask a served account in which everything is allowed. What a page leaves open (`MODEL`, `REGION`) is filled
//! in here; a placeholder that is not known is an error, so that no command is left out.

use crate::support::account::{Account, at_once};
use crate::support::files;
use crate::support::many::embedded;
use crate::support::program::{PROGRAM, bedrock_access, run, run_with_input};
use bedrock_access::sandbox::World;
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// What an error text of a command that is run, pasted or read is.
const ERROR: &str = "An error occurred (AccessDeniedException) when calling the InvokeModel operation: User: \
                     arn:aws:iam::111122223333:user/ana is not authorized to perform: bedrock:InvokeModel on resource: \
                     arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0 because no identity-based policy \
                     allows the bedrock:InvokeModel action";

/// The settings of a client, and those of a proxy.
const SETTINGS: &str = r#"{"env": {"CLAUDE_CODE_USE_BEDROCK": "1", "ANTHROPIC_MODEL": "us.amazon.nova-lite-v1:0"}}"#;
const PROXY: &str = "model_list:\n- model_name: chat\n  litellm_params: {model: bedrock/us.amazon.nova-lite-v1:0}\n";

const PLACEHOLDERS: [(&str, &str); 8] = [
    ("CODE", "service-control-policy"),
    ("COMMAND", "true"),
    ("FILE", "case.json"),
    ("MODEL", "us.amazon.nova-lite-v1:0"),
    ("NAME", "healthy"),
    ("OPERATION", "converse"),
    ("REGION", "us-west-2"),
    ("ROLE_ARN", "arn:aws:iam::111122223333:role/apps/chat-api"),
];

/// Programs that fetch a release of this one, and none is published: the pages say so where they show them.
const INSTALLERS: [&str; 3] = ["cargo", "npx", "uvx"];

/// A command and the page that shows it.
struct Shown {
    page: String,
    command: String,
}

/// Returns the names of the commands below a command, as its help lists them.
fn below(command: &[&str]) -> Vec<String> {
    let help = run(&[command, &["--help"]].concat()).stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
}

/// Returns every command of the program, the program itself first.
fn all_commands() -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut at = 0;
    while let Some(command) = all.get(at).cloned() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        all.extend(below(&words).into_iter().map(|name| [command.clone(), vec![name]].concat()));
        at += 1;
    }
    all
}

/// Joins lines that end in a backslash, and takes the lines that run the program.
fn commands_of(block: &str) -> Vec<String> {
    let joined = block.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.trim().trim_start_matches("$ "));
    lines.filter(|line| line.split(' ').any(|word| word == "bedrock-access")).map(str::to_owned).collect()
}

/// Puts lines together that the help wraps: what begins like a command and is none, and an option below a command.
fn unwrapped(examples: &str) -> String {
    let mut text = String::new();
    for line in examples.lines().take_while(|line| line.starts_with(' ') || line.is_empty()) {
        let begins = line.starts_with("  ") && !line.starts_with("   ");
        let is_command = line.split(' ').any(|word| word == "bedrock-access") || line.starts_with("  man ");
        let continues = begins && !is_command || line.trim_start().starts_with("--");
        if continues && text.ends_with('\\') {
            text.pop();
        }
        text.push_str(if continues { " " } else { "\n" });
        text.push_str(if continues { line.trim_start() } else { line });
    }
    text + "\n"
}

/// Returns the commands in the examples of every help.
fn shown_by_help() -> Vec<Shown> {
    let mut shown = Vec::new();
    for command in all_commands() {
        let page = format!("{} --help", command.join(" "));
        let words: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let help = run(&words).stdout;
        let Some((_, examples)) = help.split_once("Examples:\n") else { continue };
        let found = commands_of(&unwrapped(examples));
        assert!(!found.is_empty(), "{page}: no command among the examples");
        // A line of prose that explains a command may name the program; a command does not end in a full stop.
        let found = found.into_iter().filter(|line| !line.ends_with('.') && !line.starts_with('#'));
        shown.extend(found.map(|command| Shown { page: page.clone(), command }));
    }
    shown
}

/// Returns the commands in the fenced blocks and the code spans of a page of Markdown.
fn shown_by_page(name: &str) -> Vec<Shown> {
    let text = files::read(name);
    let (mut commands, mut prose, mut block) = (Vec::new(), String::new(), None::<(bool, String)>);
    for line in text.lines() {
        match (&mut block, line.trim().strip_prefix("```")) {
            (None, Some(language)) => {
                block = Some((["sh", "console"].contains(&language), String::new()));
            }
            (None, None) => prose.push_str(&format!("{line}\n")),
            (Some((is_shell, inside)), Some(_)) => {
                if *is_shell {
                    let lines = commands_of(inside).into_iter();
                    commands.extend(lines.filter(|line| !line.starts_with('#')));
                }
                block = None;
            }
            (Some((_, inside)), None) => inside.push_str(&format!("{line}\n")),
        }
    }
    let spans = prose.split('`').skip(1).step_by(2).filter(|span| span.starts_with("bedrock-access "));
    commands.extend(spans.map(|span| span.replace('\n', " ")));
    commands.into_iter().map(|command| Shown { page: name.to_owned(), command }).collect()
}

/// Fills in what a page leaves open, and refuses what it does not know.
fn filled_in(shown: &Shown) -> String {
    let words = shown.command.split(' ').map(|word| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let is_open = bare.len() > 3
            && bare.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            && !word.starts_with(['$', '"', '\'']);
        match PLACEHOLDERS.iter().find(|(name, _)| *name == bare) {
            Some((name, value)) if is_open => word.replace(name, value),
            _ => {
                assert!(!is_open, "{}: `{}`: fill in `{bare}`", shown.page, shown.command);
                word.to_owned()
            }
        }
    });
    let command = words.collect::<Vec<_>>().join(" ");
    // A fixed port may be somebody else's.
    let mut words: Vec<&str> = command.split(' ').collect();
    if let Some(at) = words.iter().position(|word| *word == "--port") {
        words[at + 1] = "0";
    }
    words.join(" ")
}

/// What the program itself wrote before, and reads again.
struct Saved {
    case: String,
    denials: String,
}

impl Saved {
    fn new() -> Self {
        let read = run_with_input(bedrock_access(["denials", "-", "--format", "json"]), events("batch").as_bytes());
        let denials = String::from_utf8(read.stdout).unwrap();
        assert!(denials.contains("\"denials\": 1"), "{denials}");
        Self { case: crate::support::saved::evidence("healthy").to_json(), denials }
    }
}

/// Returns a file of a trail with a call that a role was refused and one that was served.
fn events(role: &str) -> String {
    let session = format!("arn:aws:sts::111122223333:assumed-role/{role}/task");
    let model = "amazon.nova-lite-v1:0";
    let role = format!("arn:aws:iam::111122223333:role/apps/{role}");
    let event = |number: u8| {
        json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole", "arn": session, "accountId": "111122223333",
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role, "accountId": "111122223333"}}
            },
            "eventTime": format!("2026-11-08T10:00:0{number}Z"),
            "eventSource": "bedrock.amazonaws.com", "eventName": "InvokeModel", "awsRegion": "us-east-1",
            "requestParameters": {"modelId": model}, "responseElements": null,
            "requestID": format!("00000000-0000-4000-8000-00000000000{number}"),
            "eventID": format!("00000000-0000-4000-9000-00000000000{number}"),
            "eventType": "AwsApiCall", "recipientAccountId": "111122223333", "eventCategory": "Management"
        })
    };
    let mut refused = event(1);
    refused["errorCode"] = "AccessDenied".into();
    refused["errorMessage"] = format!(
        "User: {session} is not authorized to perform: bedrock:InvokeModel on resource: \
         arn:aws:bedrock:us-east-1::foundation-model/{model} because no identity-based policy allows the \
         bedrock:InvokeModel action"
    )
    .into();
    json!({"Records": [refused, event(2)]}).to_string()
}

/// Returns the manifest of an app of the CDK with one stack.
fn manifest_of_cdk() -> String {
    let stack = json!({
        "type": "aws:cloudformation:stack", "environment": "aws://111122223333/us-east-1",
        "properties": {"templateFile": "Chat.template.json"}
    });
    json!({"version": "48.0.0", "artifacts": {"Chat": stack}}).to_string()
}

/// Returns the template of a function that calls a model.
fn template_of_cdk() -> String {
    let statement = |key: &str, value: &str, action: &str| {
        let mut statement = json!({"Effect": "Allow", "Action": action});
        statement[key] = if key == "Principal" { json!({"Service": value}) } else { value.into() };
        json!({"Version": "2012-10-17", "Statement": [statement]})
    };
    json!({"Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": statement("Principal", "lambda.amazonaws.com", "sts:AssumeRole"),
            "Policies": [{"PolicyName": "bedrock", "PolicyDocument": statement("Resource", "*", "bedrock:InvokeModel")}]
        }},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {
            "Handler": "index.handler", "Runtime": "python3.12", "Code": {"ZipFile": "pass"},
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Environment": {"Variables": {"MODEL_ID": "us.amazon.nova-lite-v1:0"}}
        }}
    }})
    .to_string()
}

/// Puts the files that the commands read into a folder, and the programs that they run into `bin`.
fn prepare(folder: &Path, saved: &Saved, command: &str) {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*"}
    ]})
    .to_string();
    let day = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11";
    let home =
        ["home/.local/share/bash-completion/completions", "home/.config/fish/completions", "home/.claude", "proxy"];
    for inner in ["bin", "policies", "infrastructure", "cdk.out", day].into_iter().chain(home) {
        fs::create_dir_all(folder.join(inner)).unwrap();
    }
    let template = include_str!("../fixtures/iac/model-by-stage.fixed.yaml");
    for (name, text) in [
        (&*format!("{day}/events.json"), &*events("chat-api")),
        ("infrastructure/template.yaml", template),
        ("infrastructure/plan.json", include_str!("../fixtures/iac/tf-modules.fixed.json")),
        ("cdk.out/manifest.json", &manifest_of_cdk()),
        ("cdk.out/Chat.template.json", &template_of_cdk()),
        ("home/.claude/settings.json", SETTINGS),
        ("settings.json", SETTINGS),
        ("proxy/config.yaml", PROXY),
        ("config.yaml", PROXY),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    for name in ["role.json", "app.json", "root.json", "account.json", "policy.json", "policies/one.json"] {
        fs::write(folder.join(name), &policy).unwrap();
    }
    let target = "{\"id\": \"chat\", \"model\": \"us.amazon.nova-lite-v1:0\", \"region\": \"us-west-2\"}\n";
    let decision = include_str!("../fixtures/policy/decisions.jsonl").lines().next().unwrap();
    for (name, text) in [
        ("case.json", saved.case.as_str()),
        ("error.txt", ERROR),
        ("app.log", ERROR),
        ("m.json", "[]"),
        ("errors.jsonl", &json!({"id": 1, "text": ERROR}).to_string()),
        ("targets.jsonl", target),
        ("answers.jsonl", ""),
        ("cases.jsonl", decision),
        ("suite.json", include_str!("../fixtures/policy/suite.json")),
        ("suite.yaml", include_str!("../fixtures/policy/suite.yaml")),
        ("events.json", &events("chat-api")),
        ("today.json", &events("chat-api")),
        ("yesterday.json", &saved.denials),
        ("denials.json", &saved.denials),
        ("template.yaml", template),
        ("plan.json", include_str!("../fixtures/iac/tf-modules.fixed.json")),
        ("access.yaml", include_str!("../../docs/ci/access.yaml")),
        ("mine.json", World::embedded_text("healthy").unwrap()),
        ("world.json", World::embedded_text("healthy").unwrap()),
    ] {
        if written(command).iter().any(|file| file == name) {
            continue;
        }
        fs::write(folder.join(name), text).unwrap();
    }
    let refused = format!("echo '{ERROR}' >&2\nexit");
    // In a world, every variable leads to it, and none elsewhere any more.
    let in_world = "[ -n \"$AWS_ENDPOINT_URL\" ] && [ -z \"$AWS_ENDPOINT_URL_STS\" ] && [ -n \"$AWS_ACCESS_KEY_ID\" ]";
    for (name, script) in [
        ("python", format!("{refused} 1")),
        ("aws", if command.contains("sandbox run") { in_world.to_owned() } else { format!("{refused} 254") }),
        ("pbpaste", format!("echo '{ERROR}'")),
        ("terraform", format!("cat {}", files::path("tests/fixtures/iac/tf-modules.fixed.json").display())),
    ] {
        let program = folder.join("bin").join(name);
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Returns the files that a command says it writes.
fn written(command: &str) -> Vec<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let options = words.windows(2).filter(|pair| ["--output", "--save-evidence", ">"].contains(&pair[0]));
    options.map(|pair| pair[1].to_owned()).filter(|path| !path.contains(['$', '~', '"'])).collect()
}

/// Runs a command as a shell would, and says what is wrong with it.
fn wrong(shown: &Shown, account: &Account, saved: &Saved) -> Option<String> {
    let command = filled_in(shown);
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), saved, &command);
    let program = Path::new(PROGRAM).parent().unwrap();
    let path = format!("{}:{}:/usr/bin:/bin", program.display(), folder.path().join("bin").display());
    let home = folder.path().join("home");
    // `fpath` is a list of zsh's, which bash knows how to hold.
    let script = format!("set -o pipefail; fpath=(\"$HOME\" \"$HOME\"); {command}");
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &script])
        .env_clear()
        .envs(account.environment.iter().map(|(name, value)| (name, value)))
        .envs([("PATH", path.as_str()), ("AWS_REGION", "us-west-2"), ("AWS_EC2_METADATA_DISABLED", "true")])
        .env("HOME", &home)
        .env("PROFILE", home.join("profile"))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if command.contains("sandbox serve") {
        // It serves until it is stopped: the first line says that it does.
        let mut served = Command::new("bash");
        served.args(["-c", &format!("exec {command}")]).env_clear().env("PATH", &path);
        let mut child = served.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        return (!first.starts_with("export ")).then(|| format!("{}: `{command}`: {first:?}", shown.page));
    }
    let output = shell.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let is_run = command.contains("bedrock-access run --");
    let is_fine = match output.status.code() {
        // `run` ends as what it ran.
        Some(status) if is_run => [0, 1, 254].contains(&status),
        Some(status) => [0, 1, 3].contains(&status),
        None => false,
    };
    let absent: Vec<String> = written(&command).into_iter().filter(|name| !folder.path().join(name).exists()).collect();
    let is_fine = is_fine && absent.is_empty() && !stderr.contains("command not found");
    (!is_fine).then(|| format!("{}: `{command}`: {} {absent:?} {stderr}", shown.page, output.status))
}

#[test]
fn every_command_that_is_shown_runs() {
    let commands: Vec<Vec<String>> = all_commands();
    let names: Vec<String> = commands.iter().skip(1).map(|command| command.join(" ")).collect();
    let mut shown = shown_by_help();
    let of_help = shown.len();
    assert!(of_help > 25, "{of_help} commands in the help");
    let pages =
        fs::read_dir(files::path("docs")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // The page of the command line is the help, word for word.
    let pages = pages.filter(|name| name.ends_with(".md") && name != "cli.md").map(|name| format!("docs/{name}"));
    let pages: Vec<String> = pages.chain(["README.md".to_owned()]).collect();
    shown.extend(pages.iter().flat_map(|page| shown_by_page(page)));
    assert!(shown.len() > of_help + 40, "{} commands in the pages", shown.len() - of_help);
    // A command's name alone speaks of it; whether it exists is all there is to ask.
    shown.retain(|shown| !names.iter().any(|name| shown.command == format!("bedrock-access {name}")));

    let mut world = embedded("healthy");
    for principal in world["principals"].as_array_mut().unwrap() {
        let everything =
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        principal["policies"] = json!([{"name": "everything", "document": everything}]);
    }
    let account = Account::serve(World::parse(&world.to_string()).unwrap());
    let saved = Saved::new();
    let (fetched, shown): (Vec<Shown>, Vec<Shown>) = shown.into_iter().partition(|shown| {
        let program = shown.command.split(' ').next().unwrap_or_default();
        shown.page == "docs/install.md" && INSTALLERS.contains(&program)
    });
    for program in INSTALLERS {
        assert!(fetched.iter().any(|shown| shown.command.starts_with(program)), "{program} is shown nowhere");
    }
    let install = files::read("docs/install.md");
    let (today, later) = install.split_once("## After the first release").unwrap();
    for shown in &fetched {
        let line = shown.command.split('#').next().unwrap().trim();
        assert!(later.contains(line) && !today.contains(line), "{line}");
    }
    let found = at_once(4, &shown, |shown| wrong(shown, &account, &saved));
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_command_that_is_wrong_is_found() {
    let account = Account::named("healthy");
    let saved = Saved::new();
    for command in [
        "bedrock-access doctor --sandbox --modle x",
        "bedrock-access policy simulate --identity-policy role.json --model amazon.nova-lite-v1:0 --region us-west-2",
        "bedrock-access explain absent.txt",
        "bedrock-acces explain error.txt",
    ] {
        let shown = Shown { page: "made up".to_owned(), command: command.to_owned() };
        assert!(wrong(&shown, &account, &saved).is_some(), "{command}");
    }
    assert_eq!(commands_of("bedrock-access doctor \\\n    --sandbox\n"), ["bedrock-access doctor      --sandbox"]);
}
