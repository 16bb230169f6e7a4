//! Reports of users that are public: each is made anew with the sandbox, and the answer is what its thread found out, or would
//! have settled it at once.

use crate::clients::{HAIKU, SONNET, Shell, verdicts, world};
use crate::support::many::embedded;
use crate::support::program::{Answer, Doctor, bedrock_access};
use serde_json::{Value, json};
use std::fs;

const PROFILE: &str = "arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/a1b2c3d4e5f6";

/// Runs the doctor on a client's configuration in an account.
fn configured(world: &Value, settings: &Value, arguments: &[&str]) -> Answer {
    let folder = tempfile::tempdir().unwrap();
    let (account, file) = (folder.path().join("world.json"), folder.path().join("settings.json"));
    fs::write(&account, world.to_string()).unwrap();
    fs::write(&file, settings.to_string()).unwrap();
    let paths = ["--sandbox", account.to_str().unwrap(), "--config", file.to_str().unwrap()];
    Doctor::new([&paths[..], arguments].concat()).run()
}

/// The diagnosis of one of the calls that a client makes.
fn call(answer: &Answer, id: &str) -> Value {
    let mut lines = answer.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.find(|line| line["id"] == id).unwrap_or_else(|| panic!("no `{id}`: {}{}", answer.stdout, answer.stderr))
}

fn causes(diagnosis: &Value) -> Vec<&str> {
    diagnosis["findings"].as_array().unwrap().iter().map(|finding| finding["cause"].as_str().unwrap()).collect()
}

/// Explains a pasted text.
fn explained(text: &str) -> Value {
    let answer: Answer = bedrock_access(["explain", text, "--format", "json"]).output().unwrap().into();
    answer.json()
}

fn claude_code(environment: &Value) -> Value {
    let mut settings = json!({"env": {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "us-west-2"}});
    settings["env"].as_object_mut().unwrap().extend(environment.as_object().unwrap().clone());
    settings
}

/// Lets the account have the model with the small name no more.
fn without_haiku(world: &mut Value) {
    let models = world["models"].as_array_mut().unwrap();
    let haiku = models.iter_mut().find(|model| model["id"].as_str().unwrap().contains("haiku")).unwrap();
    for region in haiku["regions"].as_object_mut().unwrap().values_mut() {
        region["agreement"] = json!({"status": "NOT_AVAILABLE"});
        region["authorization"] = json!("NOT_AUTHORIZED");
    }
}

fn allow(world: &mut Value, name: &str, actions: &Value, resources: &Value) {
    world["principals"][0]["policies"].as_array_mut().unwrap().push(json!({"name": name, "document": {
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}],
    }}));
}

/// anthropics/claude-code#93: the same profile and model work in the AWS CLI, and the client gets 403. The model of the
/// background work was not granted.
#[test]
fn the_cli_works_and_the_client_calls_a_second_model() {
    let mut world = world();
    allow(&mut world, "all", &json!("bedrock:Invoke*"), &json!("*"));
    without_haiku(&mut world);
    let settings = claude_code(&json!({"ANTHROPIC_MODEL": SONNET, "ANTHROPIC_DEFAULT_HAIKU_MODEL": HAIKU}));
    let answer = configured(&world, &settings, &["--format", "json"]);
    assert_eq!(call(&answer, "main")["verdict"], "allowed");
    let background = call(&answer, "background");
    assert_eq!((&background["verdict"], &background["documented_cause"]), (&json!("denied"), &json!("model-access")));
    let text = explained("API Error: 403 You don't have access to the model with the specified model ID.");
    assert_eq!(text["cause"], "model-access-not-granted");
}

/// anthropics/claude-code#541 and #6191: an application inference profile is configured, and a call to a system-defined profile
/// is refused, which the role is not to use.
#[test]
fn an_application_profile_is_configured_and_another_profile_is_refused() {
    let mut world = world();
    let application = embedded("application-profile");
    let profiles = application["profiles"].as_array().unwrap();
    let own = profiles.iter().find(|profile| profile["type"] == "APPLICATION").unwrap();
    world["profiles"].as_array_mut().unwrap().push(own.clone());
    allow(&mut world, "own-profile", &json!("bedrock:InvokeModel*"), &json!(PROFILE));
    let models = json!("arn:aws:bedrock:*::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0");
    allow(&mut world, "models", &json!("bedrock:InvokeModel*"), &models);
    let settings = claude_code(&json!({"ANTHROPIC_MODEL": PROFILE, "ANTHROPIC_DEFAULT_HAIKU_MODEL": HAIKU}));
    let answer = configured(&world, &settings, &["--format", "json"]);
    assert_eq!(call(&answer, "main")["verdict"], "allowed");
    let background = call(&answer, "background");
    assert_eq!(causes(&background), ["identity-policy-missing-allow"]);
    assert_eq!(background["request"]["model"], HAIKU);
    // From the text alone: which model was refused, and that it is the session's policy.
    let refusal = format!(
        "API Error: 403 {{\"Message\":\"User: arn:aws:sts::111122223333:assumed-role/chat-api/dev is not authorized to \
         perform: bedrock:InvokeModelWithResponseStream on resource: \
         arn:aws:bedrock:us-west-2:111122223333:inference-profile/{HAIKU} because no session policy allows the \
         bedrock:InvokeModelWithResponseStream action\"}}"
    );
    let text = explained(&refusal);
    assert_eq!((&text["cause"], &text["model"]), (&json!("session-policy"), &json!(HAIKU)));
}

/// anthropics/claude-code#561: the Region is one that the organization approves, and the refusal names another: the profile
/// routes there.
#[test]
fn the_profile_routes_to_a_region_that_the_organization_denies() {
    let settings = claude_code(&json!({"ANTHROPIC_MODEL": SONNET}));
    let answer = configured(&embedded("scp-region-deny"), &settings, &["--format", "json"]);
    let main = call(&answer, "main");
    assert_eq!(causes(&main), ["service-control-policy"]);
    let refused = main["findings"][0]["resources"].to_string();
    assert!(refused.contains(":us-east-2:") && !refused.contains(":us-west-2:"), "{refused}");
}

/// anthropics/claude-code#27241: the background model is configured, or defaulted, as a bare id, which this account can call
/// through a profile only; where the organization denies it, the text says so, and waiting does not help.
#[test]
fn the_background_model_lacks_its_prefix() {
    let bare = HAIKU.strip_prefix("us.").unwrap();
    let mut world = world();
    allow(&mut world, "all", &json!("bedrock:Invoke*"), &json!("*"));
    let settings = claude_code(&json!({"ANTHROPIC_MODEL": SONNET, "ANTHROPIC_DEFAULT_HAIKU_MODEL": bare}));
    let answer = configured(&world, &settings, &["--format", "json"]);
    assert_eq!(call(&answer, "main")["verdict"], "allowed");
    let background = call(&answer, "background");
    assert_eq!(causes(&background), ["inference-profile-required"]);
    assert!(background["findings"][0]["remedy"].to_string().contains(HAIKU), "{background:#}");
    let refusal = format!(
        "[ERROR] API error (attempt 1/11): 403 403 {{\"Message\":\"User: arn:aws:iam::111122223333:user/dev is not authorized \
         to perform: bedrock:InvokeModelWithResponseStream on resource: arn:aws:bedrock:::foundation-model/{bare} with an \
         explicit deny in a service control policy\"}}"
    );
    assert_eq!(explained(&refusal)["cause"], "service-control-policy");
    let pasted: Answer = bedrock_access(["explain", &refusal]).output().unwrap().into();
    assert!(pasted.stdout.replace('\n', " ").contains("mark of a `global.` inference profile"), "{}", pasted.stdout);
}

/// anthropics/claude-code-action#377: one model is configured and allowed, and the refusal is about another, which the client uses
/// for its background work.
#[test]
fn the_refused_model_is_not_the_configured_one() {
    let folder = tempfile::tempdir().unwrap();
    let account = folder.path().join("world.json");
    fs::write(&account, world().to_string()).unwrap();
    let account = account.to_str().unwrap();
    let refusal = format!(
        "API Error: 403 User: arn:aws:sts::111122223333:assumed-role/chat-api/GitHubActions is not authorized to perform: \
         bedrock:InvokeModelWithResponseStream on resource: \
         arn:aws:bedrock:us-west-2:111122223333:inference-profile/{HAIKU} because no identity-based policy allows the \
         bedrock:InvokeModelWithResponseStream action"
    );
    let report = Doctor::new(["--sandbox", account, "--error", &refusal, "--format", "json"]).run().json();
    assert_eq!((&report["request"]["model"], causes(&report)), (&json!(HAIKU), vec!["identity-policy-missing-allow"]));
    let configured =
        Doctor::new(["--sandbox", account, "--model", SONNET, "--stream", "--format", "json"]).run().json();
    assert_eq!(configured["verdict"], "allowed", "{configured:#}");
}

/// BerriAI/litellm#33094 and #37336: the role allows everything, and LiteLLM's own session policy does not.
#[test]
fn litellms_sessions_are_capped_by_litellm() {
    for (action, resource) in [
        ("bedrock-mantle:CreateInference", "arn:aws:bedrock-mantle:us-east-1:111122223333:project/default"),
        (
            "bedrock:CountTokens",
            "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
    ] {
        let text = format!(
            "litellm.APIConnectionError: BedrockException - {{\"error\":{{\"code\":\"access_denied\",\"message\":\"User: \
             arn:aws:sts::111122223333:assumed-role/chat-api/litellm-session is not authorized to perform: {action} on \
             resource: {resource} because no session policy allows the {action} action\",\"param\":null}}}}"
        );
        let explanation = explained(&text);
        assert_eq!((&explanation["cause"], &explanation["action"]), (&json!("session-policy"), &json!(action)));
        let pasted: Answer = bedrock_access(["explain", &text]).output().unwrap().into();
        let said = pasted.stdout.replace("\n  ", " ");
        assert!(said.contains("- LiteLLM made this session and attached a policy of its own"), "{said}");
    }
    // In the account: the refused guardrail is in what the session's policy has to allow.
    let answer = Doctor::new(["--sandbox", "litellm-session", "--format", "json"]).run();
    let report = answer.json();
    assert_eq!(causes(&report), ["session-policy"]);
    let remedy = report["findings"][0]["remedy"].to_string();
    assert!(remedy.contains("bedrock:ApplyGuardrail") && remedy.contains("guardrail/gr4example7mask"), "{remedy}");
    assert!(remedy.contains("LiteLLM made this session"), "{remedy}");
    assert_eq!(report["contradictions"], json!([]));
}

/// zed-industries/zed#53960: the editor's named profile is refused while the shell's identity works.
#[test]
fn the_editors_profile_is_another_identity_than_the_shells() {
    let shell = Shell::start(&world());
    let settings = json!({
        "agent": {"default_model": {"provider": "amazon-bedrock", "model": "claude-haiku-4-5"}},
        "language_models": {"bedrock": {"authentication_method": "named_profile", "region": "us-west-2", "profile": "dev"}},
    });
    let file = shell.file("settings.json", &settings.to_string());
    let own = shell.doctor(&["--model", HAIKU, "--region", "us-west-2", "--timeout", "60"]);
    assert_eq!(own.status, 0, "{}{}", own.stdout, own.stderr);
    let answer = shell.doctor(&["--config", &file, "--format", "json", "--timeout", "60"]);
    let (verdict, arn) = &verdicts(&answer)["main"];
    assert_eq!((verdict.as_str(), arn.as_str()), ("denied", "arn:aws:iam::111122223333:role/apps/chat-api"));
    let said = shell.doctor(&["--config", &file, "--timeout", "60"]).stdout.replace("\n  ", " ");
    assert!(said.lines().next().unwrap().contains("profile `dev` of its settings"), "{said}");
}

/// posit-dev/positron#11755: the text names the role of the machine, and not the profile that was set; listing the models is
/// what it lacks.
#[test]
fn the_text_names_who_really_called() {
    let text = explained(
        "Failed to add language model Amazon Bedrock: Amazon Bedrock error:\nUser: \
         arn:aws:sts::111122223333:assumed-role/machine-role/i-0abc1234def567890 is not authorized to perform: \
         bedrock:ListFoundationModels because no identity-based policy allows the bedrock:ListFoundationModels action",
    );
    assert_eq!(text["cause"], "identity-policy-missing-allow");
    assert_eq!(text["action"], "bedrock:ListFoundationModels");
    assert_eq!(text["principal"], "arn:aws:sts::111122223333:assumed-role/machine-role/i-0abc1234def567890");
}

/// ai4s-research/open-science#53: a valid API key in a program that calls another Region than the key's.
#[test]
fn the_key_is_of_another_region_than_the_call() {
    let text = "403 {\"Message\":\"Authentication failed: Please make sure your API Key is valid.\"}";
    assert_eq!(explained(text)["cause"], "api-key-rejected");
    let report = Doctor::new(["--sandbox", "api-key-other-region", "--format", "json"]).run().json();
    assert_eq!(causes(&report), ["api-key-rejected"]);
    assert!(report["findings"][0].to_string().contains("Region"), "{report:#}");
}
