//! What no simulation sees, through the real program: guardrails, given policies, endpoints, data retention.

mod pasted;

use crate::support::program::{Answer, Doctor};
use serde_json::{Value, json};
use std::fs;

/// Asks the doctor about an embedded world, with further arguments.
fn ask(world: &str, arguments: &[&str]) -> Answer {
    Doctor::new([&["--sandbox", world, "--format", "json"], arguments].concat()).run()
}

/// Asks the doctor about an embedded world with changed facts.
fn ask_changed(world: &str, change: impl Fn(&mut Value), arguments: &[&str]) -> Answer {
    let mut facts: Value = serde_json::from_str(bedrock_access::sandbox::World::embedded_text(world).unwrap()).unwrap();
    change(&mut facts);
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), facts.to_string()).unwrap();
    ask(file.path().to_str().unwrap(), arguments)
}

fn written(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), text).unwrap();
    file
}

fn unchecked(report: &Value) -> Vec<&str> {
    report["not_checked"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap()).collect()
}

fn applied(report: &Value) -> Vec<&str> {
    let requirements = report["requirements"].as_array().unwrap().iter();
    requirements
        .filter(|requirement| requirement["action"] == "bedrock:ApplyGuardrail")
        .map(|requirement| requirement["resource"].as_str().unwrap())
        .collect()
}

#[test]
fn a_guardrail_is_enforced_on_the_models_that_it_names_and_nowhere_else() {
    let model = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    for (included, excluded, status) in [
        (json!([]), json!([]), 1),
        (json!([model]), json!([]), 1),
        (json!([]), json!([model]), 0),
        (json!(["x.y"]), json!([]), 0),
    ] {
        let change = |facts: &mut Value| {
            facts["guardrails"][0]["included_models"] = included.clone();
            facts["guardrails"][0]["excluded_models"] = excluded.clone();
        };
        for live in [&[][..], &["--probe"]] {
            let answer = ask_changed("enforced-guardrail", change, live);
            assert_eq!(answer.status, status, "{included} {excluded} {live:?}: {}", answer.stdout);
            assert_eq!(applied(&answer.json()).len(), usize::try_from(status).unwrap());
        }
    }
}

#[test]
fn guardrails_that_could_not_be_listed_leave_the_verdict_open() {
    let change = |facts: &mut Value| {
        facts["principals"][0]["policies"][0]["document"]["Statement"][1]["Action"]
            .as_array_mut()
            .unwrap()
            .retain(|action| action != "bedrock:ListEnforcedGuardrailsConfiguration");
    };
    let answer = ask_changed("healthy", change, &[]);
    assert_eq!(answer.status, 3, "{}", answer.stdout);
    assert!(unchecked(&answer.json()).contains(&"enforced guardrails"));
    let settled = ask_changed("healthy", change, &["--probe"]);
    assert_eq!(settled.status, 0, "{}", settled.stdout);
    assert!(!unchecked(&settled.json()).contains(&"enforced guardrails"));
}

#[test]
fn a_named_guardrail_is_asked_for_and_passed_on() {
    let report = ask("enforced-guardrail", &["--guardrail", "gr4example7mask:1", "--probe"]).json();
    assert_eq!(applied(&report), ["arn:aws:bedrock:us-west-2:111122223333:guardrail/gr4example7mask"]);
    assert_eq!(report["findings"][0]["action"], "bedrock:ApplyGuardrail");
    assert_eq!(report["findings"][0]["certainty"], "reported");
    let commands = report["findings"][0]["remedy"]["commands"].to_string();
    assert!(commands.contains("--guardrail gr4example7mask:1"), "{commands}");
    let unknown = ask("healthy", &["--guardrail", "nosuchguardrail", "--probe"]).json();
    assert!(unknown["invocation"]["error"]["message"].as_str().unwrap().contains("guardrail identifier"));
    assert_eq!(Doctor::new(["--sandbox", "--guardrail", "Not A Guardrail"]).run().status, 2);
}

#[test]
fn a_given_policy_decides_where_no_simulation_looks() {
    let nothing =
        written(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#);
    let everything =
        written(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#);
    let hanging = written(
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "chat"}}}]}"#,
    );
    let denying = written(
        "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"},\n  {\"Sid\": \"NoModels\", \"Effect\": \"Deny\", \"Action\": \"bedrock:Invoke*\", \"Resource\": \"*\"}]}",
    );
    let path = |file: &tempfile::NamedTempFile| file.path().to_str().unwrap().to_owned();
    for (option, cause, what) in [
        ("--session-policy", "session-policy", "the session policy"),
        ("--vpc-endpoint-policy", "vpc-endpoint-policy", "the VPC endpoint policy"),
    ] {
        let allowed = ask("healthy", &[option, &path(&everything)]);
        assert_eq!(allowed.status, 0, "{}", allowed.stdout);
        assert!(!unchecked(&allowed.json()).contains(&what));

        let answer = ask("healthy", &[option, &path(&nothing)]);
        let report = answer.json();
        let finding = &report["findings"][0];
        assert_eq!((answer.status, &finding["cause"]), (1, &json!(cause)), "{}", answer.stdout);
        assert_eq!(finding["certainty"], "inferred");
        assert_eq!(finding["remedy"]["changes"][0]["policy_type"], cause);

        let report = ask("healthy", &[option, &path(&denying)]).json();
        let decided = &report["requirements"][0]["decided_by"][0];
        assert_eq!((&decided["sid"], &decided["statement"]), (&json!("NoModels"), &json!(1)), "{report:#}");
        assert_eq!((&decided["line"], &decided["column"]), (&json!(2), &json!(3)));

        let open = ask("healthy", &[option, &path(&hanging)]);
        assert_eq!(open.status, 3, "{}", open.stdout);
        assert!(open.stdout.contains("aws:PrincipalTag/team"));
        let settled = ask("healthy", &[option, &path(&hanging), "--context", "aws:PrincipalTag/team=chat"]);
        assert_eq!(settled.status, 0, "{}", settled.stdout);
    }
    // Two refusals at once are both named.
    let report = ask("iam-missing", &["--session-policy", &path(&nothing)]).json();
    let causes: Vec<&Value> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["cause"]).collect();
    assert_eq!(causes, [&json!("identity-policy-missing-allow"), &json!("session-policy")]);
    let broken = written("{\"Statement\": 1}");
    assert_eq!(ask("healthy", &["--session-policy", &path(&broken)]).status, 4);
}

#[test]
fn an_endpoint_policy_is_spoken_of_where_calls_pass_one() {
    let through = ask_changed("vpc-endpoint", |facts| facts["request"]["live"] = Value::Null, &[]).json();
    let line = through["not_checked"].as_array().unwrap().iter().find(|line| line["what"] == "the VPC endpoint policy");
    let why = line.unwrap()["why"].as_str().unwrap().to_owned();
    assert!(why.contains("10.0.0.10") && why.contains("--vpc-endpoint-policy"), "{why}");
    assert!(!unchecked(&ask("healthy", &[]).json()).contains(&"the VPC endpoint policy"));
    let role = "arn:aws:iam::111122223333:role/apps/chat-api";
    let of_another = ask("healthy", &["--principal", role]).json();
    assert!(unchecked(&of_another).contains(&"the VPC endpoint policy"));
}

#[test]
fn an_endpoint_override_shows_by_its_name() {
    let host = "vpce-0123456789abcdef0-ab12cd34.bedrock-runtime.us-west-2.vpce.amazonaws.com";
    let url = format!("https://{host}");
    let answer = Doctor::new(["--model", "amazon.nova-lite-v1:0", "--format", "json", "--timeout", "4"])
        .environment([
            ("AWS_REGION", "us-west-2"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &url),
        ])
        .run();
    let report = answer.json();
    let line = report["not_checked"].as_array().unwrap().iter().find(|line| line["what"] == "the VPC endpoint policy");
    assert!(line.unwrap()["why"].as_str().unwrap().contains(host), "{}", answer.stdout);
}

#[test]
fn the_live_answer_decides_of_data_retention_where_nothing_is_documented() {
    let change = |facts: &mut Value| {
        *facts = serde_json::from_str(&facts.to_string().replace("claude-fable-5", "claude-other-7")).unwrap();
    };
    let unasked = ask_changed("data-retention", change, &[]).json();
    assert_eq!(unasked["verdict"], "allowed", "no API says it, and the prediction says that it is one");
    let probed = ask_changed("data-retention", change, &["--probe"]).json();
    assert_eq!(probed["findings"][0]["cause"], "data-retention-mode");
    assert_eq!(probed["findings"][0]["certainty"], "reported");
    let asked =
        probed["observations"].as_array().unwrap().iter().any(|call| call["api"] == "bedrock:GetAccountDataRetention");
    assert!(asked, "the mode is read once it matters");
}

#[test]
fn a_profile_over_a_model_that_its_region_lacks_is_left_open() {
    let lacks = |facts: &mut Value| facts["models"][0]["regions"]["us-west-2"]["region"] = json!("NOT_AVAILABLE");
    let answer = ask_changed("healthy", lacks, &[]);
    assert_eq!(answer.status, 3, "{}", answer.stdout);
    assert!(unchecked(&answer.json()).contains(&"whether the profile reaches the model from this Region"));
    // By its own id the model is plainly not there, and a test call settles the profile.
    let direct = ask_changed("healthy", lacks, &["--model", "anthropic.claude-sonnet-4-5-20250929-v1:0"]);
    assert_eq!(direct.json()["findings"][0]["cause"], "region-unavailable", "{}", direct.stdout);
    assert_eq!(ask_changed("healthy", lacks, &["--probe"]).status, 1);
}

#[test]
fn the_principal_behind_an_api_key_is_diagnosed() {
    let answer = ask("api-key-other-user", &[]);
    let report = answer.json();
    let user = "arn:aws:iam::111122223333:user/BedrockAPIKey-ab12";
    assert_eq!((&report["principal"]["chosen_by"], &report["principal"]["arn"]), (&json!("api-key"), &json!(user)));
    assert!(report["caller"]["arn"].as_str().unwrap().contains("assumed-role/chat-api"));
    let warning = report["warnings"][0].as_str().unwrap();
    assert!(warning.contains(user) && warning.contains("AWS_BEARER_TOKEN_BEDROCK"), "{warning}");
    let requirements = report["requirements"].as_array().unwrap();
    let bearer =
        requirements.iter().find(|requirement| requirement["action"] == "bedrock:CallWithBearerToken").unwrap();
    assert_eq!((&bearer["resource"], &bearer["decision"]), (&json!("*"), &json!("allowed")));
    let live = ask("api-key-other-user", &["--probe"]).json();
    assert!(live["invocation"]["error"]["message"].as_str().unwrap().contains(user), "{live:#}");
    // Without the permission to call with a key, that is what is missing.
    let change = |facts: &mut Value| {
        let user = facts["principals"].as_array_mut().unwrap().iter_mut().find(|facts| facts["arn"] == user).unwrap();
        let actions = &mut user["policies"][0]["document"]["Statement"][0]["Action"];
        actions.as_array_mut().unwrap().retain(|action| action != "bedrock:CallWithBearerToken");
        actions.as_array_mut().unwrap().push(json!("bedrock:InvokeModel"));
    };
    let report = ask_changed("api-key-other-user", change, &[]).json();
    assert_eq!(report["findings"][0]["action"], "bedrock:CallWithBearerToken", "{report:#}");
}

#[test]
fn a_key_that_is_over_damaged_or_of_another_region_is_rejected() {
    let report = ask("api-key-expired", &[]).json();
    assert_eq!(report["findings"][0]["cause"], "api-key-rejected");
    assert!(report["findings"][0]["basis"].to_string().contains("2025-11-20T18:00:00Z"), "{report:#}");
    let in_time = |facts: &mut Value| facts["api_keys"][0]["expires"] = Value::Null;
    let elsewhere =
        ask_changed("api-key-expired", in_time, &["--region", "us-east-1", "--model", "amazon.nova-lite-v1:0"]);
    assert!(
        elsewhere.json()["findings"][0]["basis"].to_string().contains("holds in us-west-2 alone"),
        "{}",
        elsewhere.stdout
    );
    let damaged = ask_changed("healthy", |facts| facts["bearer_token"] = json!("ABSKcanary-that-is-no-key"), &[]);
    assert_eq!(damaged.json()["findings"][0]["cause"], "api-key-rejected", "{}", damaged.stdout);
    assert!(!damaged.stdout.contains("canary"), "{}", damaged.stdout);
}

#[test]
fn an_empty_variable_is_no_key_and_is_spoken_of() {
    for value in ["", " ", "\n"] {
        let answer = Doctor::new(["--model", "amazon.nova-lite-v1:0", "--format", "json", "--timeout", "4"])
            .environment([
                ("AWS_REGION", "us-west-2"),
                ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
                ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
                ("AWS_BEARER_TOKEN_BEDROCK", value),
            ])
            .run();
        let report = answer.json();
        assert_eq!(report["principal"]["chosen_by"], "caller", "{value:?}");
        assert!(report["advice"].to_string().contains("AWS_BEARER_TOKEN_BEDROCK"), "{value:?}: {}", answer.stdout);
    }
}

#[test]
fn what_to_do_rests_on_what_was_seen_of_the_account() {
    let steps = |answer: &Answer| -> Vec<String> {
        let report = answer.json();
        let steps = report["findings"][0]["remedy"]["steps"].as_array().unwrap().clone();
        steps.iter().map(|step| step.as_str().unwrap().to_owned()).collect()
    };
    let model = |facts: &mut Value, id: &str, fields: &Value| {
        let models = facts["models"].as_array_mut().unwrap();
        let model = models.iter_mut().find(|model| model["id"] == id).unwrap();
        for (field, value) in fields.as_object().unwrap() {
            model["regions"]["us-west-2"][field] = value.clone();
        }
    };
    let claude = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    let made = steps(&ask("model-access-missing", &[]));
    assert!(made[0].contains("model catalog") && made[0].contains("anew"), "{made:?}");
    // Who asked, where and for what was seen.
    assert!(!made.iter().any(|step| step.contains("with which identity")), "{made:?}");
    let unmade = ask_changed(
        "model-access-missing",
        |facts| model(facts, claude, &json!({"agreement": {"status": "NOT_AVAILABLE"}})),
        &[],
    );
    let unmade = steps(&unmade);
    assert!(unmade[0].contains("invoke the model once") && unmade[0].contains("licence"), "{unmade:?}");
    let mistral = "mistral.mistral-large-2407-v1:0";
    let unsold = ask_changed(
        "healthy",
        |facts| model(facts, mistral, &json!({"authorization": "NOT_AUTHORIZED"})),
        &["--model", mistral],
    );
    let unsold = steps(&unsold);
    assert!(!unsold.iter().any(|step| step.contains("agreement")), "it is not sold: {unsold:?}");

    let retention = steps(&ask("data-retention", &[]));
    assert!(retention[0].contains("`aws_review`") && retention[0].contains("`default`"), "{retention:?}");
}
