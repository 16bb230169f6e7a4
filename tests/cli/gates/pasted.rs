//! `--error`: a pasted text becomes the request, and is held against what is read now.

use super::{ask_changed, unchecked, written};
use crate::support::program::{Answer, Doctor};
use serde_json::{Value, json};

/// A denial as Bedrock words it, of the worlds' role unless another one is named.
fn denial(who: &str, clause: &str) -> String {
    format!(
        "botocore.errorfactory.AccessDeniedException: An error occurred (AccessDeniedException) when calling the Converse operation: User: {who} is not authorized to perform: bedrock:InvokeModel on resource: {PROFILE} {clause}"
    )
}

const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const PROFILE: &str =
    "arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// A model to which the profile routes, in another Region than the call's.
const BEHIND_IT: &str = "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/chat-api/another-session";
const MISSING: &str = "because no identity-based policy allows the bedrock:InvokeModel action";

/// Asks the doctor of a world about a pasted error, without the test call that some worlds ask for.
fn pasted(world: &str, text: &str, arguments: &[&str]) -> Answer {
    let file = written(text);
    let untried = |facts: &mut Value| {
        facts["request"].as_object_mut().unwrap().remove("live");
    };
    ask_changed(world, untried, &[&["--error", file.path().to_str().unwrap()], arguments].concat())
}

#[test]
fn a_pasted_error_becomes_the_request() {
    let answer = pasted("iam-missing", &denial(SESSION, MISSING), &[]);
    let report = answer.json();
    assert_eq!(answer.status, 1, "{}{}", answer.stdout, answer.stderr);
    assert_eq!(report["request"]["model"], "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    assert_eq!(
        (&report["request"]["operation"], &report["request"]["region"]),
        (&json!("converse"), &json!("us-west-2"))
    );
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["cause"], &finding["certainty"]),
        (&json!("identity-policy-missing-allow"), &json!("reported"))
    );
    // Another session of the caller's own role is the caller.
    assert_eq!(report["principal"]["chosen_by"], "caller");
    assert_eq!(report["warnings"], json!([]));
}

#[test]
fn the_error_of_somebody_else_is_diagnosed_for_them_and_said_first() {
    let ana = "arn:aws:iam::111122223333:user/platform/ana";
    let text = denial(ana, MISSING);
    let answer = pasted("healthy", &text, &["--probe"]);
    let report = answer.json();
    assert_eq!((&report["principal"]["chosen_by"], &report["principal"]["arn"]), (&json!("error"), &json!(ana)));
    let warning = report["warnings"][0].as_str().unwrap();
    assert!(warning.contains(ana) && warning.contains("chat-api-7d9f"), "{warning}");
    assert_eq!(report["invocation"]["outcome"], "not-made");
    assert!(unchecked(&report).contains(&"the test call"));
    // The administrator may do everything, so what the text says no longer holds, or never did.
    assert_eq!(answer.status, 3, "{}", answer.stdout);
    let shown = Doctor::new(["--sandbox", "healthy", "--error", written(&text).path().to_str().unwrap()]).run().stdout;
    // Behind the answer and the call, on the line that says whom it is about.
    let words: Vec<&str> = shown.lines().skip(5).take(3).flat_map(str::split_whitespace).collect();
    assert!(words.join(" ").starts_with("As user ana in account 111122223333"), "{shown}");
    assert!(words.join(" ").contains("the given error is of"), "{shown}");
    let elsewhere = denial("arn:aws:iam::444455556666:role/other", MISSING);
    let report = pasted("healthy", &elsewhere, &[]).json();
    assert_eq!(report["principal"]["arn"], "arn:aws:iam::444455556666:role/other");
    assert_eq!(report["verdict"], "denied", "nothing that was read speaks of that account");
}

#[test]
fn what_holds_no_longer_is_a_contradiction_and_no_denial() {
    for (world, text) in [
        ("healthy", denial(SESSION, MISSING)),
        ("healthy", "ResourceNotFoundException: Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model.".to_owned()),
    ] {
        let answer = pasted(world, &text, &[]);
        let report = answer.json();
        assert_eq!((answer.status, &report["verdict"]), (3, &json!("undetermined")), "{}", answer.stdout);
        assert!(report["contradictions"].to_string().contains("may have been fixed since"), "{report:#}");
        assert_eq!(report["findings"], json!([]));
        let settled = pasted(world, &text, &["--probe"]);
        assert_eq!(settled.status, 0, "{}", settled.stdout);
        assert!(settled.json()["contradictions"].to_string().contains("authorized now"));
    }
}

#[test]
fn what_no_simulation_sees_stands_as_the_text_says() {
    let text = denial(SESSION, "because no session policy allows the bedrock:InvokeModel action");
    let answer = pasted("healthy", &text, &[]);
    let report = answer.json();
    assert_eq!((answer.status, &report["findings"][0]["cause"]), (1, &json!("session-policy")), "{}", answer.stdout);
    assert_eq!(report["findings"][0]["certainty"], "reported");
    let hold = "ValidationException: Access to Anthropic models is not allowed from unsupported countries, regions, or territories.";
    assert_eq!(pasted("healthy", hold, &[]).json()["findings"][0]["cause"], "unsupported-geography");
    let throttled = pasted("healthy", "ThrottlingException: Too many requests, please wait before trying again.", &[]);
    assert_eq!(throttled.status, 0, "{}", throttled.stdout);
    assert!(throttled.json()["advice"].to_string().contains("passing limit"));
    let unknown = pasted("healthy", "it does not work", &[]);
    assert_eq!(unknown.status, 3, "{}", unknown.stdout);
}

#[test]
fn what_the_text_leaves_ambiguous_is_settled_by_what_is_read() {
    let text = "AccessDeniedException: You don't have access to the model with the specified model ID.";
    let said = bedrock_access::explain::explain(text).error;
    assert!(!said.alternatives.is_empty(), "the text alone does not settle it");
    let report = pasted("model-access-missing", text, &[]).json();
    assert_eq!(report["findings"][0]["cause"], "model-access-not-granted");
    assert_eq!(report["findings"][0]["alternatives"], json!([]));
}

/// A pasted text, the world that it is asked in, and the cause that comes first with its certainty. Where the evidence
/// says which of the causes that a text fits is right, that one comes first and the report says so; where it excludes
/// the text's own, the text is a contradiction and what was found stands.
#[test]
fn the_evidence_switches_to_the_right_one_of_the_causes_that_a_text_fits() {
    let no_access = "AccessDeniedException: You don't have access to the model with the specified model ID.".to_owned();
    let form = "ResourceNotFoundException: Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model.".to_owned();
    let unresolved =
        "ResourceNotFoundException: Could not resolve the foundation model from the provided model identifier."
            .to_owned();
    let agents = "AccessDeniedException: Access denied when calling Bedrock. Check your request permissions and retry the request.".to_owned();
    let behind = |clause: &str| denial(SESSION, clause).replace(PROFILE, BEHIND_IT);
    // Settled: the text fits the cause, and the evidence shows it.
    for (text, world, cause) in [
        (&no_access, "model-access-missing", "model-access-not-granted"),
        (&no_access, "use-case-form", "use-case-form-missing"),
        (&no_access, "marketplace", "marketplace-permission"),
        (&form, "marketplace", "marketplace-permission"),
        (&unresolved, "model-access-missing", "model-access-not-granted"),
        (&agents, "agent-role", "service-role-permission"),
        (&agents, "model-access-missing", "model-access-not-granted"),
        (&denial(SESSION, ""), "iam-missing", "identity-policy-missing-allow"),
        (&denial(SESSION, ""), "iam-explicit-deny", "identity-policy-explicit-deny"),
        (&denial(SESSION, ""), "permissions-boundary", "permissions-boundary"),
        (&behind(""), "scp-region-deny", "service-control-policy"),
        (&behind(MISSING), "scp-region-deny", "service-control-policy"),
        (&behind(""), "profile-leg-missing", "identity-policy-missing-allow"),
    ] {
        let report = pasted(world, text, &["--model", MODEL, "--region", "us-west-2"]).json();
        let first = &report["findings"][0];
        assert_eq!((&first["cause"], &first["certainty"]), (&json!(cause), &json!("reported")), "{world}: {text}");
        assert_eq!(first["alternatives"], json!([]), "{world}: {text}");
        let said = bedrock_access::explain::explain(text).error.cause.code();
        let switched = first["basis"].to_string().contains(&format!("and also fits {cause}"));
        assert_eq!(switched, said != cause, "{world}: {text}: {}", first["basis"]);
        assert_eq!(report["contradictions"], json!([]), "{world}: {text}");
    }
    // Excluded: what was found stands, and no less sure than without the text.
    for (text, world, first) in [
        (&no_access, "iam-missing", json!("identity-policy-missing-allow")),
        (&denial(SESSION, MISSING), "iam-explicit-deny", json!("identity-policy-explicit-deny")),
        (&denial(SESSION, MISSING), "permissions-boundary", json!("permissions-boundary")),
        // The text tells of the profile, and what the SCP denies is one of the models behind it.
        (&denial(SESSION, ""), "scp-region-deny", json!("service-control-policy")),
        (&denial(SESSION, ""), "use-case-form", json!("use-case-form-missing")),
        (&unresolved, "healthy", Value::Null),
        (&behind(MISSING), "healthy", Value::Null),
    ] {
        let report = pasted(world, text, &["--model", MODEL, "--region", "us-west-2"]).json();
        assert_eq!(report["findings"][0]["cause"], first, "{world}: {text}");
        assert_ne!(report["findings"][0]["certainty"], "reported", "{world}: {text}");
        assert!(report["contradictions"].to_string().contains("what is read now excludes it"), "{world}: {text}");
    }
}

#[test]
fn a_model_behind_a_profile_in_a_pasted_error_is_not_taken_for_a_call_by_its_bare_id() {
    let text = denial(SESSION, MISSING).replace(PROFILE, BEHIND_IT);
    let report = pasted("healthy", &text, &[]).json();
    assert_eq!((&report["verdict"], &report["findings"]), (&json!("undetermined"), &json!([])), "{report:#}");
    assert!(unchecked(&report).contains(&"the inference profile that the refused call went through"));
    let report = pasted("iam-missing", &text, &[]).json();
    let causes: Vec<&Value> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["cause"]).collect();
    assert_eq!(causes, ["identity-policy-missing-allow"]);
}

#[test]
fn a_pasted_error_is_held_against_what_was_typed() {
    let file = written(&denial(SESSION, MISSING));
    let path = file.path().to_str().unwrap();
    for (arguments, said) in [
        (vec!["--model", "amazon.nova-lite-v1:0"], "`--model` names"),
        (vec!["--principal", "arn:aws:iam::111122223333:role/other"], "`--principal` names"),
    ] {
        let answer = Doctor::new([&["--sandbox", "healthy", "--error", path], &arguments[..]].concat()).run();
        assert_eq!(answer.status, 2, "{}", answer.stdout);
        assert!(answer.stderr.contains(said), "{}", answer.stderr);
    }
    let modelless = written("AccessDeniedException: Your account is not authorized to invoke this API operation.");
    let answer = Doctor::new(["--error", modelless.path().to_str().unwrap(), "--region", "us-west-2"]).run();
    assert_eq!(answer.status, 2);
    assert!(answer.stderr.contains("--model"), "{}", answer.stderr);
    assert_eq!(Doctor::new(["--sandbox", "--error", "/nonexistent"]).run().status, 4);
}

#[test]
fn a_pasted_errors_secrets_go_no_further() {
    let text = format!(
        "{} AKIAIOSFODNN7EXAMPLE aws_secret_access_key=wJalrXUtnFEMIK7MDENGbPxRfiCYCANARYKEY",
        denial(SESSION, MISSING)
    );
    for format in ["json", "text"] {
        let file = written(&text);
        let answer =
            Doctor::new(["--sandbox", "--error", file.path().to_str().unwrap(), "--format", format, "-v"]).run();
        assert!(!answer.stdout.contains("CANARY") && !answer.stdout.contains("AKIAIOSFODNN7"), "{}", answer.stdout);
    }
}

#[test]
fn what_is_only_likely_settles_no_ambiguous_sentence() {
    let refused =
        |text: &str| format!("An error occurred (ValidationException) when calling the Converse operation: {text}");
    // The account is on hold; that its fields say no more of the model's access is no reason to accept a licence.
    let report = pasted("account-hold", &refused("Operation not allowed"), &[]).json();
    assert_eq!(report["findings"][0]["cause"], "account-restricted", "{report:#}");
    assert!(!report["findings"][0]["remedy"].to_string().contains("create-foundation-model-agreement"), "{report:#}");
    // A model that a program hides has no wrong id, and is offered in the Region.
    let hidden = pasted("trusted-access-program", &refused("The provided model identifier is invalid."), &[]).json();
    let causes: Vec<&str> =
        hidden["findings"].as_array().unwrap().iter().filter_map(|one| one["cause"].as_str()).collect();
    assert_eq!(causes, ["model-access-not-granted"], "{hidden:#}");
}
