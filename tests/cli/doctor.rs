//! The doctor against every embedded world, through the real program.
//!
//! The table is the contract's. No answer may hang on a world's name: copies under other names and ids answer the
//! same, mended worlds are allowed, and merged worlds show what both show.

mod browser;
mod docs;
mod report;
mod text;

use crate::support::files;
use crate::support::program::{Answer, Doctor, bedrock_access, schema};
use crate::support::saved::{self, FORMATS, answer, evidence, report};
use crate::support::sweep;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// World, first cause, documented cause, exit status.
const TABLE: &[(&str, Option<&str>, Option<&str>, i32)] = &[
    ("healthy", None, Some("none"), 0),
    ("iam-missing", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("iam-explicit-deny", Some("identity-policy-explicit-deny"), Some("iam-permission"), 1),
    ("permissions-boundary", Some("permissions-boundary"), Some("iam-permission"), 1),
    ("scp-region-deny", Some("service-control-policy"), Some("iam-permission"), 1),
    ("global-profile", Some("service-control-policy"), Some("iam-permission"), 1),
    ("profile-leg-missing", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("session-policy", Some("session-policy"), Some("iam-permission"), 1),
    ("vpc-endpoint", Some("vpc-endpoint-policy"), Some("iam-permission"), 1),
    ("read-only", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("wrong-action-name", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("model-access-missing", Some("model-access-not-granted"), Some("model-access"), 1),
    ("use-case-form", Some("use-case-form-missing"), Some("model-access"), 1),
    ("marketplace", Some("marketplace-permission"), Some("model-access"), 1),
    ("legacy-model", Some("legacy-model"), Some("model-access"), 1),
    ("both", Some("identity-policy-missing-allow"), Some("both"), 1),
    ("no-simulator", None, None, 3),
    ("no-simulator-denied", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("on-demand-unsupported", Some("inference-profile-required"), Some("neither"), 1),
    ("expired-credentials", Some("credentials-expired"), Some("neither"), 1),
    ("throttled", None, Some("none"), 0),
    ("two-denying-policies", Some("identity-policy-explicit-deny"), Some("iam-permission"), 1),
    ("scp-behind-missing-allow", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("deny-on-condition", Some("identity-policy-explicit-deny"), Some("iam-permission"), 1),
    ("quarantined-key", Some("identity-policy-explicit-deny"), Some("iam-permission"), 1),
    ("application-profile", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("read-not-simulate", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("simulate-not-read", Some("identity-policy-explicit-deny"), Some("iam-permission"), 1),
    ("enforced-guardrail", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("api-key-other-user", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("api-key-expired", Some("api-key-rejected"), Some("neither"), 1),
    ("data-retention", Some("data-retention-mode"), Some("model-access"), 1),
    ("agent-role", Some("service-role-permission"), Some("iam-permission"), 1),
    ("knowledge-base", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("batch-service-role", Some("service-role-permission"), Some("iam-permission"), 1),
    ("lambda-trusts-bedrock", Some("resource-policy"), Some("iam-permission"), 1),
    ("mantle-prefix", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("authorization-details", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("scp-denies-reading", None, None, 3),
    ("retention-below-minimum", Some("data-retention-mode"), Some("model-access"), 1),
    ("named-project", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("batch-bucket-policy", Some("resource-policy"), Some("iam-permission"), 1),
    ("trusted-access-program", Some("model-access-not-granted"), Some("model-access"), 1),
    ("default-project", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("account-hold", Some("account-restricted"), Some("model-access"), 1),
    ("works-not-authorized", None, Some("none"), 0),
    ("first-calls", Some("use-case-form-missing"), None, 3),
    ("sales-gate", Some("sales-access-required"), Some("model-access"), 1),
    ("retention-other-region", Some("data-retention-mode"), Some("model-access"), 1),
    ("litellm-session", Some("session-policy"), Some("iam-permission"), 1),
    ("user-agent-deny", Some("identity-policy-explicit-deny"), Some("iam-permission"), 1),
    ("api-key-other-region", Some("api-key-rejected"), Some("neither"), 1),
    ("mantle-api-key", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("cross-account-guardrail", Some("resource-policy"), Some("iam-permission"), 1),
    ("guardrail-required", Some("identity-policy-explicit-deny"), Some("iam-permission"), 1),
    ("mfa-required", Some("identity-policy-explicit-deny"), Some("iam-permission"), 1),
    ("revoked-session", Some("identity-policy-explicit-deny"), Some("iam-permission"), 1),
    ("principal-tag", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("permission-set", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("payment-instrument", Some("payment-instrument"), Some("model-access"), 1),
    ("boundary-and-scp", Some("service-control-policy"), Some("iam-permission"), 1),
    ("streaming-action", Some("identity-policy-missing-allow"), Some("iam-permission"), 1),
    ("source-ip-deny", Some("identity-policy-explicit-deny"), Some("iam-permission"), 1),
];

fn text_of(world: &str) -> String {
    let path = files::path(&format!("src/sandbox/worlds/{world}.json"));
    fs::read_to_string(path).unwrap()
}

fn world(name: &str) -> Value {
    serde_json::from_str(&text_of(name)).unwrap()
}

fn mends() -> Value {
    let path = files::path("tests/fixtures/worlds/mends.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn patch(facts: &mut Value, operations: &Value) {
    let operations: json_patch::Patch = serde_json::from_value(operations.clone()).unwrap();
    json_patch::patch(facts, &operations).unwrap();
}

/// Asks the doctor about a world that is not embedded.
fn ask(facts: &Value) -> Answer {
    ask_text(&facts.to_string())
}

fn ask_text(facts: &str) -> Answer {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), facts).unwrap();
    Doctor::new(["--sandbox", file.path().to_str().unwrap(), "--format", "json"]).run()
}

#[test]
fn every_world_answers_as_the_table_says() {
    for (name, cause, documented, status) in TABLE.iter().copied() {
        let answer = answer(name, &["--format", "json"]);
        assert_eq!(answer.status, status, "{name}: {}", answer.stderr);
        let report = answer.json();
        assert_eq!(report["findings"][0]["cause"], json!(cause), "{name}");
        assert_eq!(report["documented_cause"], json!(documented), "{name}");
        assert_eq!(report["sandbox"], name);
        assert_eq!(answer.stderr, "", "{name}");
    }
    let mut names: Vec<&str> = bedrock_access::sandbox::World::names().collect();
    let mut listed: Vec<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    listed.sort_unstable();
    assert_eq!(names, listed);
}

#[test]
fn both_documented_causes_are_shown_at_once() {
    let report = Doctor::new(["--sandbox", "both", "--format", "json"]).run().json();
    let causes: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|f| f["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["identity-policy-missing-allow", "model-access-not-granted"]);
}

#[test]
fn no_answer_hangs_on_a_name() {
    let renamed = |text: &str| {
        text.replace("111122223333", "123456789012")
            .replace("apps/chat-api", "svc/ledger")
            .replace("chat-api", "ledger")
            .replace("claude-sonnet-4-5-20250929-v1:0", "claude-renamed-v9:0")
            .replace("claude-sonnet-4-5-20250929-v1-0", "claude-renamed-v9-0")
            .replace("us-west-2", "ap-south-1")
    };
    for name in sweep::worlds("copies", 2) {
        let (_, cause, documented, status) = *TABLE.iter().find(|row| row.0 == name).unwrap();
        let facts = renamed(&text_of(name)).replace(&format!("\"name\": \"{name}\""), "\"name\": \"a-copy\"");
        let answer = ask_text(&facts);
        assert_eq!(answer.status, status, "{name}: {}", answer.stderr);
        let copy = answer.stdout.clone();
        assert_eq!(answer.json()["findings"][0]["cause"], json!(cause), "{name}");
        assert_eq!(answer.json()["documented_cause"], json!(documented), "{name}");
        let original = renamed(&saved::answer(name, &["--format", "json"]).stdout);
        let anonymous = |text: &str, name: &str| {
            text.replace(&format!("`{name}`"), "`…`")
                .replace(&format!("--sandbox {name} "), "--sandbox … ")
                .replace(&format!("\"sandbox\": \"{name}\""), "\"sandbox\": \"…\"")
        };
        let copy = strip_request_ids(&anonymous(&copy, "a-copy"));
        let original = strip_request_ids(&anonymous(&original, name));
        let differing = copy.lines().zip(original.lines()).find(|(a, b)| a != b);
        assert!(differing.is_none() && copy.lines().count() == original.lines().count(), "{name}: {differing:?}");
    }
}

/// Request ids and authorization ids follow from the request's bytes, and so differ between a world and its copy.
fn strip_request_ids(report: &str) -> String {
    let lines = report.lines().filter(|line| !line.contains("\"request_id\""));
    lines.map(without_authorization_ids).collect::<Vec<_>>().join("\n")
}

fn without_authorization_ids(line: &str) -> String {
    let is_id = |word: &str| word.len() == 24 && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let words = line.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    words
        .map(|word| match word.strip_suffix(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word) {
            bare if is_id(bare) => word.replace(bare, "ID"),
            _ => word.to_owned(),
        })
        .collect()
}

#[test]
fn with_its_one_wrong_fact_mended_a_world_is_allowed() {
    let mends = mends();
    for (name, cause, ..) in TABLE.iter().copied() {
        let Some(operations) = mends.get(name) else {
            assert!(cause.is_none(), "{name} has a cause and no mend");
            continue;
        };
        let mut facts = world(name);
        patch(&mut facts, operations);
        let answer = ask(&facts);
        assert_eq!(answer.status, 0, "{name}: {}", answer.stdout);
        assert_eq!(answer.json()["documented_cause"], "none", "{name}");
    }
}

#[test]
fn merged_worlds_show_what_both_show() {
    let healthy = world("healthy");
    let difference = |name: &str| {
        let mut facts = world(name);
        for same in ["name", "description"] {
            facts[same] = healthy[same].clone();
        }
        serde_json::to_value(json_patch::diff(&healthy, &facts)).unwrap()
    };
    let iam = ["iam-missing", "iam-explicit-deny", "permissions-boundary", "scp-region-deny", "profile-leg-missing"];
    let access = ["model-access-missing", "use-case-form", "legacy-model", "marketplace"];
    for one in iam {
        for other in access {
            let mut facts = world(one);
            patch(&mut facts, &difference(other));
            let answer = ask(&facts);
            let report = answer.json();
            let causes: Vec<&str> = report["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|finding| finding["cause"].as_str().unwrap())
                .collect();
            for name in [one, other] {
                let (_, cause, ..) = TABLE.iter().find(|(known, ..)| *known == name).unwrap();
                assert!(causes.contains(&cause.unwrap()), "{one} + {other}: {causes:?}");
            }
            assert_eq!((answer.status, &report["documented_cause"]), (1, &json!("both")), "{one} + {other}");
        }
    }
}

#[test]
fn a_policy_behind_another_is_named_at_once() {
    let healthy = world("healthy");
    let mut denied = world("scp-region-deny");
    for same in ["name", "description"] {
        denied[same] = healthy[same].clone();
    }
    let mut facts = world("iam-missing");
    patch(&mut facts, &serde_json::to_value(json_patch::diff(&healthy, &denied)).unwrap());
    let report = ask(&facts).json();
    let causes: Vec<&Value> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["cause"]).collect();
    assert!(causes.contains(&&json!("identity-policy-missing-allow")), "{causes:?}");
    assert!(causes.contains(&&json!("service-control-policy")), "{causes:?}");
}

#[test]
fn every_policy_remedy_was_tried_in_simulation() {
    for (name, verified) in [
        ("iam-missing", json!("allowed")),
        ("read-only", json!("allowed")),
        ("wrong-action-name", json!("allowed")),
        ("profile-leg-missing", json!("allowed")),
        ("iam-explicit-deny", json!("allowed-without")),
        ("permissions-boundary", json!("allowed-without")),
        ("scp-region-deny", json!("allowed-without")),
        ("global-profile", json!("allowed-without")),
        ("session-policy", Value::Null),
        ("model-access-missing", Value::Null),
    ] {
        let report = Doctor::new(["--sandbox", name, "--format", "json"]).run().json();
        assert_eq!(report["findings"][0]["remedy"]["verified"], verified, "{name}");
        let simulated = report["observations"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|call| call["api"] == "iam:SimulatePrincipalPolicy")
            .count();
        assert!(simulated <= 14, "{name}: {simulated} simulator calls");
    }
}

#[test]
fn nothing_of_the_users_environment_reaches_a_sandbox() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config");
    fs::write(&config, "[profile broken\nregion = \u{0}\ncredential_process = sleep 60\n").unwrap();
    let path = config.to_str().unwrap();
    let hostile = [
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
        ("AWS_SESSION_TOKEN", "not-a-token"),
        ("AWS_PROFILE", "broken"),
        ("AWS_REGION", "us-nowhere-1"),
        ("AWS_DEFAULT_REGION", "us-nowhere-1"),
        ("AWS_CONFIG_FILE", path),
        ("AWS_SHARED_CREDENTIALS_FILE", path),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_BEDROCK", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_IAM", "http://127.0.0.1:1"),
        ("AWS_BEARER_TOKEN_BEDROCK", "not-a-key"),
        ("AWS_LAMBDA_FUNCTION_NAME", "chat-api-7d9f"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_CA_BUNDLE", "/dev/null"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("AWS_RETRY_MODE", "nonsense"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/dev/null"),
        ("AWS_ROLE_ARN", "arn:aws:iam::444455556666:role/other"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1/"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
        ("ALL_PROXY", "http://127.0.0.1:1"),
        ("http_proxy", "http://127.0.0.1:1"),
        ("https_proxy", "http://127.0.0.1:1"),
        ("all_proxy", "http://127.0.0.1:1"),
    ];
    for name in ["healthy", "iam-missing", "session-policy", "throttled"] {
        for format in ["json", "text"] {
            let doctor = || Doctor::new(["--sandbox", name, "--format", format]);
            let clean = doctor().run();
            let disturbed = doctor().environment(hostile).run();
            assert_eq!(clean.stdout, disturbed.stdout, "{name}");
            assert_eq!(clean.status, disturbed.status, "{name}");
        }
    }
}

#[test]
fn the_program_alone_in_another_folder_answers_the_same() {
    let elsewhere = tempfile::tempdir().unwrap();
    let here = Doctor::new(["--sandbox"]).run();
    let mut there = Doctor::new(["--sandbox"]);
    there.0.current_dir(elsewhere.path());
    let there = there.run();
    assert_eq!((here.stdout, here.status), (there.stdout, there.status));
}

#[test]
fn the_first_line_alone_is_the_quiet_answer() {
    for (name, _, _, status) in TABLE.iter().copied() {
        let answer = answer(name, &[]);
        let first = answer.stdout.lines().next().unwrap();
        assert!(first.contains(" (sandbox): "), "{first}");
        let quiet = saved::answer(name, &["-q"]);
        assert_eq!((quiet.stdout.as_str(), quiet.status), (format!("{first}\n").as_str(), status), "{name}");
    }
}

#[test]
fn the_exit_status_is_the_same_in_every_format() {
    for (name, .., status) in TABLE.iter().copied() {
        assert_eq!(answer(name, &["-q"]).status, status, "{name}");
    }
    for (name, .., status) in [TABLE[0], TABLE[1], TABLE[16]] {
        for format in FORMATS {
            assert_eq!(answer(name, &["--format", format]).status, status, "{name} as {format}");
        }
    }
}

#[test]
fn every_format_shows_every_finding() {
    for name in sweep::worlds("every format", 2) {
        let evidence = evidence(name);
        let document: Value = serde_json::from_str(&report(&evidence, "json")).unwrap();
        let findings = document["findings"].as_array().unwrap();
        for format in FORMATS {
            let shown = report(&evidence, format);
            for finding in findings {
                let cause = finding["cause"].as_str().unwrap();
                assert!(shown.contains(cause), "{name} as {format} without {cause}");
            }
            let headings = match format {
                // What one change fixes is told once there.
                "text" => continue,
                "json" => shown.matches("\"takes_effect\"").count(),
                "markdown" => {
                    shown.lines().filter(|line| line.starts_with("### Fix") || line.starts_with("### Likely: ")).count()
                }
                "html" => shown.matches("<section class=\"cause\"").count(),
                "junit" => shown.matches("classname=\"cause\"").count(),
                other => panic!("count the findings of {other}"),
            };
            assert_eq!(headings, findings.len(), "{name} as {format}");
        }
    }
}

#[test]
fn whole_reports() {
    for (name, ..) in TABLE.iter().copied() {
        insta::assert_snapshot!(format!("{name}.txt"), answer(name, &[]).stdout);
        let report = answer(name, &["--format", "json"]).stdout;
        let shown = if LAID_OUT.contains(&name) { report } else { without_observations(&report) };
        insta::assert_snapshot!(format!("{name}.json"), shown);
    }
}

/// Leaves out the record of the calls, a third of the bytes: `every_call_is_shown_with_its_request_id` reads it in every
/// world.
fn without_observations(report: &str) -> String {
    let start = report.find("\n  \"observations\": [").unwrap();
    let end = start + report[start..].find("\n  ]").unwrap();
    format!("{}\n  \"observations\": [{}", &report[..start], &report[end + "\n  ".len()..])
}

/// Worlds whose reports differ in kind: both causes with documents and a trial, a service control policy and what is
/// behind it, roles of Bedrock's, a call without any finding, and credentials that end the diagnosis.
const LAID_OUT: [&str; 5] = ["both", "scp-behind-missing-allow", "agent-role", "healthy", "expired-credentials"];

/// The other formats lay out the same words; `every_format_shows_every_finding` holds them in every world.
#[test]
fn whole_pages_and_suites() {
    for name in LAID_OUT {
        assert!(TABLE.iter().any(|row| row.0 == name), "{name}");
        for (format, ending) in [("markdown", "md"), ("junit", "xml"), ("html", "html")] {
            // The page of a call with two roles is longer than the four others together, and has nothing that they lack.
            if (name, format) == ("agent-role", "html") {
                continue;
            }
            let report = report(&evidence(name), format);
            let head = report.find("<style>").map_or(0, |_| report.find("</style>").unwrap());
            insta::assert_snapshot!(format!("{name}.{ending}"), &report[head..]);
        }
    }
}

/// A diff of snapshots that are too large is read by nobody.
#[test]
fn the_snapshots_of_all_tests_stay_small() {
    fn size_of(folder: &Path) -> u64 {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        entries
            .map(|entry| {
                if entry.path().is_dir() {
                    size_of(&entry.path())
                } else if entry.path().extension().is_some_and(|it| it == "snap") {
                    entry.metadata().unwrap().len()
                } else {
                    0
                }
            })
            .sum()
    }
    let size = size_of(&files::path("tests"));
    assert!((100_000..1_500_000).contains(&size), "{size} bytes");
}

#[test]
fn every_report_keeps_to_its_schema() {
    let schema = schema("diagnosis-1");
    for (name, ..) in TABLE.iter().copied() {
        let report = answer(name, &["--format", "json"]).json();
        let errors: Vec<String> =
            schema.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
    let mut missing = Doctor::new(["--sandbox", "healthy", "--format", "json"]).run().json();
    missing.as_object_mut().unwrap().remove("verdict");
    assert!(!schema.is_valid(&missing), "a report without its verdict keeps to no schema");
}

#[test]
fn a_healthy_account_gets_one_line_and_what_was_checked() {
    let answer = Doctor::new(["--sandbox", "healthy"]).run();
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(lines[0], "ALLOWED (sandbox): predicted, not tried");
    assert!(lines.len() <= 20, "{}", answer.stdout);
    assert!(!answer.stdout.contains("\nFix"), "{}", answer.stdout);
    let verbose = Doctor::new(["--sandbox", "healthy", "-v"]).run();
    let headings = ["Checks", "Ruled out", "Not checked", "Calls"];
    let shown: Vec<&str> = verbose.stdout.lines().filter(|line| headings.contains(line)).collect();
    assert_eq!(shown, headings);
}

#[test]
fn every_call_is_shown_with_its_request_id() {
    for name in sweep::worlds("request ids", 3) {
        let answer = Doctor::new(["--sandbox", name, "-v"]).run();
        let report = saved::answer(name, &["--format", "json"]).json();
        let mut answered = 0;
        // A line feed may stand between the words.
        let text = answer.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for call in report["observations"].as_array().unwrap() {
            let (api, outcome) = (call["api"].as_str().unwrap(), call["outcome"].as_str().unwrap());
            let id = call["request_id"].as_str();
            assert_eq!(id.is_some(), ["seen", "refused"].contains(&outcome), "{name}: {call}");
            let Some(id) = id else { continue };
            answered += 1;
            assert!(text.contains(&format!("{api} {outcome} in 0 ms, request {id}")), "{name}: {call}\n{text}");
        }
        assert!(answered > 0, "{name}");
    }
}

#[test]
fn what_was_mistyped_is_guessed() {
    for (arguments, guess) in [
        (vec!["doctro"], "'doctor'"),
        (vec!["policy", "simulat"], "'simulate'"),
        (vec!["sandbox", "serv"], "'serve'"),
        (vec!["doctor", "--modle", "x"], "'--model'"),
        (vec!["doctor", "--sandbox", "heathy"], "`healthy`"),
        (vec!["sandbox", "show", "scp-region"], "`scp-region-deny`"),
        (vec!["models", "--sandbox", "markteplace"], "`marketplace`"),
        (vec!["causes", "service-control"], "'service-control-policy'"),
        (vec!["doctor", "--sandbox", "--operation", "convers"], "'converse'"),
        (vec!["doctor", "--sandbox", "--for", "knowledge-bases"], "'knowledge-base'"),
        (vec!["doctor", "--sandbox", "--format", "markdwon"], "'markdown'"),
        (vec!["completions", "bahs"], "'bash'"),
    ] {
        let output = bedrock_access(&arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(guess), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_mistyped_model_is_compared_with_what_the_region_lists() {
    let sonnet = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    for (typed, first, meant) in [
        ("anthropic.claude-sonet-4-5-20250929-v1:0", "invalid-model-id", sonnet),
        ("us.anthropic.claude-sonet-4-5-20250929-v1:0", "invalid-model-id", &format!("us.{sonnet}")),
        ("us.anthropic.claude-sonnet-4-5", "invalid-model-id", &format!("us.{sonnet}")),
        ("antropic.claude-sonnet-4-5-20250929-v1:0", "invalid-model-id", sonnet),
        ("amazon.nova-light-v1:0", "region-unavailable", "amazon.nova-lite-v1:0"),
    ] {
        let answer = Doctor::new(["--sandbox", "healthy", "--model", typed, "--format", "json"]).run();
        let report = answer.json();
        let finding = &report["findings"][0];
        assert_eq!((answer.status, finding["cause"].as_str().unwrap()), (1, first), "{typed}");
        let step = finding["remedy"]["steps"][0].as_str().unwrap();
        assert!(step.starts_with(&format!("call `{meant}` if that is what was meant")), "{typed}: {step}");
        assert_eq!(finding["remedy"]["changes"][0]["value"], meant, "{typed}");
    }
    let answer = Doctor::new(["--sandbox", "healthy", "--model", "cohere.command-r-v1:0", "--format", "json"]).run();
    assert!(!answer.stdout.contains("if that is what was meant"), "{}", answer.stdout);
}

#[test]
fn the_first_line_tells_the_documented_cause_from_what_stands_before_it() {
    let mistyped = ["--sandbox", "--model", "amazon.nova-lite-v1"];
    let line = |more: &[&str]| {
        let answer = Doctor::new([&mistyped, more].concat()).run();
        answer.stdout.lines().next().unwrap().to_owned()
    };
    // An id that nothing lists is the only finding: nothing is said about permissions for a model that does not exist.
    assert_eq!(line(&["-q"]), "DENIED (sandbox): no such model: amazon.nova-lite-v1");
    let markdown = Doctor::new([&mistyped[..], &["--format", "markdown"]].concat()).run().stdout;
    assert!(markdown.contains("neither of AWS's 2 documented ones"), "{markdown}");
    let both = Doctor::new(["--sandbox", "both", "-q"]).run().stdout;
    assert_eq!(both, "DENIED (sandbox): 2 problems: IAM permission, model access (likely)\n");
}

#[test]
fn colour_says_nothing_that_words_do_not() {
    let plain = Doctor::new(["--sandbox"]).run().stdout;
    let painted = Doctor::new(["--sandbox", "--color", "always"]).run().stdout;
    assert!(painted.contains('\u{1b}'));
    let mut stripped = String::new();
    let mut rest = painted.as_str();
    while let Some(at) = rest.find("\u{1b}[") {
        stripped.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[rest.find('m').unwrap() + 1..];
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
    assert_eq!(Doctor::new(["--sandbox"]).environment([("NO_COLOR", "1")]).run().stdout, plain);
}

#[test]
fn what_was_typed_outranks_what_the_world_asks() {
    let report = Doctor::new([
        "--sandbox",
        "healthy",
        "--model",
        "amazon.nova-lite-v1:0",
        "--operation",
        "converse-stream",
        "--probe",
        "--format",
        "json",
    ])
    .run()
    .json();
    assert_eq!(report["request"]["model"], "amazon.nova-lite-v1:0");
    assert_eq!(report["requirements"][0]["action"], "bedrock:InvokeModelWithResponseStream");
    assert_eq!(report["invocation"]["outcome"], "body-rejected");
    assert_eq!((&report["verdict"], &report["certainty"]), (&json!("allowed"), &json!("reported")));
}

#[test]
fn an_invocation_is_answered_by_the_model() {
    for operation in ["invoke-model", "invoke-model-with-response-stream", "converse", "converse-stream"] {
        let answer =
            Doctor::new(["--sandbox", "healthy", "--operation", operation, "--invoke", "--format", "json"]).run();
        assert_eq!(answer.json()["invocation"]["outcome"], "succeeded", "{operation}: {}", answer.stdout);
        assert_eq!(answer.status, 0);
    }
}

#[test]
fn wrong_usage_names_the_input_and_the_remedy() {
    for (arguments, said) in [
        (vec!["--model", "amazon.nova light"], "a model id holds no ` `"),
        (
            vec!["--model", "arn:aws:bedrock:us-east-1:111122223333:custom-model/x.y/abcdefghijkl"],
            "is not a resource that can be invoked",
        ),
        (vec!["--model", "arn:aws:bedrock"], "an ARN has six parts"),
        (vec!["--sandbox", "--region", "Frankfurt"], "`Frankfurt` is not a Region's name"),
        (vec!["--sandbox", "--operation", "chat"], "invalid value 'chat'"),
        (vec!["--sandbox", "--probe", "--invoke"], "cannot be used with"),
        (vec!["--sandbox", "--context", "novalue"], "expected KEY=VALUE"),
        (vec!["--sandbox", "--timeout", "0"], "expected a duration such as `10s`"),
        (vec!["--sandbox", "--principal", "arn:chat-api"], "an ARN has six parts"),
        (
            vec!["--sandbox", "--probe", "--principal", "arn:aws:iam::111122223333:role/apps/chat-api"],
            "a test call is made by the caller",
        ),
        (
            vec![
                "--sandbox",
                "--model",
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
                "--region",
                "us-west-2",
            ],
            "names the Region `us-east-1`",
        ),
        (
            vec!["--sandbox", "--model", "arn:aws-us-gov:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0"],
            "partition",
        ),
        (
            vec!["--sandbox", "--model", "luma.ray-v2:0", "--operation", "invoke-model", "--invoke"],
            "the native request body of `luma.ray-v2:0` is not known",
        ),
        (vec![], "which model?"),
    ] {
        let answer = Doctor::new(arguments.clone()).run();
        assert_eq!(answer.status, 2, "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.contains(said), "{arguments:?}: {}", answer.stderr);
        assert_eq!(answer.stdout, "");
    }
}

#[test]
fn files_that_cannot_be_read_or_written_end_with_their_own_status() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.json");
    fs::write(&damaged, "{\"name\": \"x\"").unwrap();
    for arguments in [
        vec!["--sandbox", damaged.to_str().unwrap()],
        vec!["--sandbox", folder.path().to_str().unwrap()],
        vec!["--sandbox", "--output", "/nonexistent/report.txt"],
        vec!["--sandbox", "--output", "/dev/full"],
    ] {
        let answer = Doctor::new(arguments.clone()).run();
        assert_eq!(answer.status, 4, "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.starts_with("error: "), "{}", answer.stderr);
    }
    let report = folder.path().join("report.json");
    let answer = Doctor::new(["--sandbox", "--format", "json", "--output", report.to_str().unwrap()]).run();
    assert_eq!((answer.status, answer.stdout.as_str()), (1, ""));
    assert_eq!(fs::read_to_string(report).unwrap(), Doctor::new(["--sandbox", "--format", "json"]).run().stdout);
}

#[test]
fn a_closed_pipe_keeps_the_answers_status() {
    let mut child = Doctor::new(["--sandbox"]).0.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn waiting_ends_as_soon_as_the_call_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.json");
    fs::write(&file, text_of("iam-missing")).unwrap();
    let mut doctor = Doctor::new(["--sandbox", file.to_str().unwrap(), "--wait", "1", "-q"]);
    let mut child = doctor.0.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.starts_with("waiting: still denied [identity-policy-missing-allow]; a fix takes effect"), "{said}");
    // Somebody attaches the policy in the meantime.
    fs::write(&file, text_of("healthy")).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("ALLOWED"));
    assert!(started.elapsed() < Duration::from_secs(45), "it ended before the minute did");
}

#[test]
fn waiting_comes_to_an_end_with_what_was_seen_last() {
    let answer = Doctor::new(["--sandbox", "iam-missing", "--wait", "0.02"]).run();
    assert_eq!(answer.status, 1);
    assert!(answer.stdout.starts_with("DENIED"));
    assert!(answer.stderr.lines().all(|line| line.starts_with("waiting: ")) && answer.stderr.lines().count() >= 1);
    for minutes in ["0", "-1", "NaN", "inf", "1441", "soon"] {
        assert_eq!(Doctor::new(["--sandbox", &format!("--wait={minutes}")]).run().status, 2, "{minutes}");
    }
}

#[test]
fn an_arn_that_nobody_has_is_said_to_be_one() {
    for arn in ["arn:aws:iam::111122223333:role/apps/chat-apo", "arn:aws:iam::111122223333:user/nobody"] {
        let answer = Doctor::new(["--sandbox", "healthy", "--principal", arn]).run();
        assert_eq!(answer.status, 3, "{}", answer.stdout);
        let first = answer.stdout.lines().next().unwrap();
        assert!(first.ends_with("cannot tell: there is no such user or role"), "{first}");
        assert!(answer.stdout.contains("`--principal` takes the name"), "{}", answer.stdout);
    }
    let known = ["--sandbox", "healthy", "--principal", "arn:aws:iam::111122223333:role/apps/chat-api"];
    assert!(!Doctor::new(known).run().stdout.contains("no such user"));
}
