//! `models`: the table of a world of many models, what it costs in calls, and that it agrees with the doctor.

use crate::support::many::{MODELS, PROFILES, embedded, many_models, model};
use crate::support::program::{Answer, run, schema};
use crate::support::sweep::has_its_turn;
use serde_json::{Value, json};
use std::fs;

/// Runs `models` in a world; its output is JSON, checked against the schema, unless something else is asked for.
fn models(world: &Value, arguments: &[&str]) -> Answer {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), world.to_string()).unwrap();
    let answer = run(&[&["models", "--sandbox", file.path().to_str().unwrap()], arguments].concat());
    if arguments.contains(&"json") {
        let schema = schema("models-1");
        let report = answer.json();
        let errors: Vec<String> = schema.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    answer
}

impl Answer {
    /// Returns the cell of a row in a column.
    fn cell(&self, id: &str, column: usize) -> Value {
        let report = self.json();
        let row = report["models"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone();
        row["cells"][column].clone()
    }
}

fn simulations(answer: &Answer) -> u64 {
    answer.json()["calls"]["iam:SimulatePrincipalPolicy"].as_u64().unwrap()
}

#[test]
fn a_world_of_many_models_costs_few_calls() {
    let world = many_models(&[]);
    let answer = models(&world, &["--format", "json"]);
    let report = answer.json();
    let rows = report["models"].as_array().unwrap();
    assert_eq!(rows.len(), MODELS + PROFILES, "{}", answer.stderr);
    assert!(simulations(&answer) <= 15, "{}", report["calls"]);
    assert_eq!(report["calls"]["bedrock:GetFoundationModelAvailability"], MODELS);
    assert_eq!(report["calls"]["bedrock:ListFoundationModels"], 1);
    let cells = || rows.iter().map(|row| &row["cells"][0]);
    assert!(
        cells()
            .filter(|cell| cell["verdict"] == "allowed")
            .all(|cell| cell["certainty"] == "inferred" || cell["direct"] != "allowed")
    );
    assert_eq!(answer.cell(&model(7), 0)["cause"], "model-access-not-granted");
    let missing_agreement = answer.cell(&model(9), 0);
    assert_eq!((&missing_agreement["verdict"], answer.status), (&json!("undetermined"), 3));
    // Offered through its profile alone.
    let through = answer.cell(&model(6), 0);
    assert_eq!((&through["direct"], &through["verdict"]), (&json!("denied"), &json!("allowed")));
    assert_eq!(through["through"], json!([format!("us.{}", model(6))]));
}

#[test]
fn the_table_shows_regions_side_by_side() {
    let deny = json!({"Effect": "Deny", "Action": "bedrock:InvokeModel", "Resource": "arn:aws:bedrock:*::foundation-model/meta.*"});
    let answer = models(&many_models(&[deny]), &["--region", "us-west-2", "--region", "us-east-1"]);
    insta::assert_snapshot!("models-two-regions", answer.stdout);
    let one = models(&many_models(&[]), &["--provider", "anthropic"]);
    insta::assert_snapshot!("models-one-region", one.stdout);
}

#[test]
fn every_format_is_a_table_or_says_why_it_is_none() {
    let deny = json!({"Effect": "Deny", "Action": "bedrock:InvokeModel", "Resource": "arn:aws:bedrock:*::foundation-model/meta.*"});
    let two = many_models(&[deny]);
    let two = |format| models(&two, &["--region", "us-west-2", "--region", "us-east-1", "--format", format]);
    let one = many_models(&[]);
    let one = |format| models(&one, &["--provider", "anthropic", "--format", format]);
    let without_style = |page: String| page[page.find("</style>").unwrap()..].to_owned();
    insta::assert_snapshot!("models-two-regions.html", without_style(two("html").stdout));
    insta::assert_snapshot!("models-one-region.html", without_style(one("html").stdout));
    insta::assert_snapshot!("models-two-regions.markdown", two("markdown").stdout);
    insta::assert_snapshot!("models-one-region.markdown", one("markdown").stdout);
    let rows = two("json").json()["models"].as_array().unwrap().len();
    assert_eq!(two("html").stdout.matches("<tr class=\"row").count(), rows);
    assert_eq!(two("markdown").stdout.lines().filter(|line| line.starts_with("| `")).count(), rows);
    let refused = one("junit");
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("nothing in it passes or fails") && refused.stderr.contains("--targets"));
}

#[test]
fn every_cell_is_what_the_doctor_says_of_it() {
    let worlds = [
        "healthy",
        "scp-region-deny",
        "global-profile",
        "profile-leg-missing",
        "permissions-boundary",
        "marketplace",
        "no-simulator",
        "legacy-model",
    ];
    for (_, world) in worlds.into_iter().enumerate().filter(|(at, _)| has_its_turn(*at, 2)) {
        let facts = embedded(world);
        for exact in [&["--format", "json"][..], &["--format", "json", "--exact"]] {
            let answer = models(&facts, exact);
            let report = answer.json();
            for row in report["models"].as_array().unwrap() {
                let id = row["id"].as_str().unwrap();
                let alone = run(&[
                    "doctor",
                    "--sandbox",
                    world,
                    "--model",
                    id,
                    "--operation",
                    "invoke-model",
                    "--format",
                    "json",
                    "--region",
                    report["regions"][0].as_str().unwrap(),
                ]);
                let doctor = alone.json();
                // The world may ask for a test call, which outranks everything that is read.
                if doctor["invocation"]["kind"] != "none" {
                    continue;
                }
                let cell = &row["cells"][0];
                assert_eq!(cell["direct"], doctor["verdict"], "{world} {id} {exact:?}");
                // The doctor goes on to try what mends the first cause, and may find another behind it.
                let causes: Vec<&Value> =
                    doctor["findings"].as_array().unwrap().iter().map(|finding| &finding["cause"]).collect();
                assert!(cell["cause"].is_null() == causes.is_empty(), "{world} {id} {exact:?}");
                assert!(cell["cause"].is_null() || causes.contains(&&cell["cause"]), "{world} {id}: {causes:?}");
                if exact.len() > 2 && doctor["certainty"] == "simulated" {
                    assert_eq!(cell["certainty"], "simulated", "{world} {id}");
                }
            }
        }
    }
}

#[test]
fn a_requirement_is_asked_alone_where_a_policy_looks_at_the_profile() {
    let only_direct = json!({
        "Effect": "Deny", "Action": "bedrock:InvokeModel", "Resource": "arn:aws:bedrock:*::foundation-model/*",
        "Condition": {"ArnLike": {"bedrock:InferenceProfileArn": "arn:aws:bedrock:*:*:inference-profile/global.*"}},
    });
    let world = many_models(&[only_direct]);
    let answer = models(&world, &["--format", "json"]);
    let report = answer.json();
    for row in report["models"].as_array().unwrap().iter().filter(|row| row["kind"] == "inference-profile") {
        let denied = row["id"].as_str().unwrap().starts_with("global.");
        let cell = &row["cells"][0];
        let decision = if denied { "explicitDeny" } else { "allowed" };
        assert_eq!(cell["iam"], decision, "{row}");
    }
    assert!(simulations(&answer) > 40);
}

#[test]
fn filters_choose_by_provider_and_modality() {
    let world = many_models(&[]);
    let ids = |arguments: &[&str]| -> Vec<String> {
        let answer = models(&world, &[&["--format", "json"], arguments].concat());
        let report = answer.json();
        report["models"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert!(ids(&["--provider", "meta"]).iter().all(|id| id.contains("meta.")));
    let embedding = ids(&["--modality", "embedding"]);
    assert_eq!(embedding.iter().filter(|id| !id.starts_with("us.") && !id.starts_with("global.")).count(), MODELS / 10);
    assert!(ids(&["--provider", "nobody"]).is_empty());
}

#[test]
fn a_filter_that_fits_nothing_says_what_there_is() {
    let world = many_models(&[]);
    for (arguments, said) in [
        (&["--provider", "antropic"][..], "has the provider `antropic`; the providers are "),
        (&["--modality", "imge"], "has the modality `imge`; the providers are "),
        (&["--provider", "meta", "--modality", "imge"], "has the provider `meta` and the modality `imge`; "),
    ] {
        let answer = models(&world, arguments);
        assert!(answer.stderr.contains(said), "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.contains("anthropic") && answer.stderr.contains("EMBEDDING"), "{}", answer.stderr);
    }
    for arguments in [&["--provider", "meta"][..], &[]] {
        let answer = models(&world, arguments);
        assert!(!answer.stderr.contains("no model that is listed"), "{arguments:?}: {}", answer.stderr);
    }
}

#[test]
fn what_cannot_be_simulated_is_unknown_and_never_allowed() {
    let answer = models(&embedded("no-simulator"), &["--format", "json"]);
    assert_eq!(answer.status, 3);
    let report = answer.json();
    assert!(report["models"].as_array().unwrap().iter().all(|row| row["cells"][0]["verdict"] != "allowed"));
    assert_eq!(report["complete"], false);
    // Refused once for all, and not again for each.
    assert!(simulations(&answer) <= 6, "{}", report["calls"]);
}
