//! Redaction: no name gets through in any format, and the answer stays what it is.
//!
//! The canary tests plant a word that nobody says into every string of a case, and then look for it.

use crate::support::program::{Answer, Doctor};
use crate::support::saved::{FORMATS, evidence, report};
use crate::support::sweep::{self, has_its_turn, is_whole};
use bedrock_access::diagnose::diagnose;
use bedrock_access::evidence::Evidence;
use bedrock_access::redact::redact;
use bedrock_access::report::{Detail, text};
use bedrock_access::sandbox::World;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// A word that no text of AWS or of this program holds.
const CANARY: &str = "qzxvkw";

#[test]
fn the_answer_stays_what_it_is_in_every_world() {
    for world in World::names() {
        let evidence = evidence(world);
        let redacted = redact(&evidence).unwrap();
        assert_eq!(diagnose(&redacted).outcome(), diagnose(&evidence).outcome(), "{world}");
        assert_eq!(redact(&redacted).unwrap(), redacted, "{world}: redacting twice is redacting once");
        let text = redacted.to_json();
        for gone in ["111122223333", "444455556666", "chat-api", "apps/", "7d9f", "o-exampleorgid", "vpce-0a1b"] {
            assert!(!text.contains(gone), "{world}: {gone}\n{text}");
        }
        let causes = |evidence: &Evidence| {
            diagnose(evidence)
                .findings
                .iter()
                .map(|finding| {
                    (finding.cause, finding.certainty, finding.remedy.verified, finding.remedy.changes.len())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(causes(&redacted), causes(&evidence), "{world}");
    }
}

#[test]
fn the_report_of_redacted_evidence_is_the_redacted_report_of_the_evidence() {
    let folder = tempfile::tempdir().unwrap();
    for (at, world) in sweep::worlds("redacted reports", 2).enumerate() {
        let file = folder.path().join(world);
        fs::write(&file, evidence(world).to_json()).unwrap();
        let redacted = redact(&evidence(world)).unwrap();
        for (_, format) in FORMATS.into_iter().enumerate().filter(|(turn, _)| has_its_turn(turn + at, 2)) {
            let answer = Doctor::new(["--evidence", file.to_str().unwrap(), "--redact", "--format", format]).run();
            assert_eq!((answer.stdout, answer.stderr.as_str()), (report(&redacted, format), ""), "{world} as {format}");
        }
        let saved = folder.path().join(format!("{world}.redacted"));
        let arguments = ["--sandbox", world, "-q", "--redact", "--save-evidence", saved.to_str().unwrap()];
        assert_eq!(Doctor::new(arguments).run().stderr, "");
        assert_eq!(fs::read_to_string(&saved).unwrap(), redacted.to_json(), "{world}");
    }
}

#[test]
fn what_everybody_may_know_stays_readable() {
    let report = Doctor::new(["--sandbox", "scp-region-deny", "--redact", "-v"]).run().stdout;
    for stays in [
        "DENIED (sandbox): blocked by an organization policy (SCP)",
        "(world `scp-region-deny`)",
        "service-control-policy",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "us-east-2",
        "bedrock:InvokeModel",
        "account-1",
        "role-1",
        "session-1",
        "STS accepted the credentials",
    ] {
        assert!(report.contains(stays), "{stays}\n{report}");
    }
    let report = Doctor::new(["--sandbox", "vpc-endpoint", "--redact", "-v"]).run().stdout;
    assert!(report.contains("because no VPC endpoint policy allows the bedrock:InvokeModel action"), "{report}");
}

/// Walks over every string of a document, and gives each to `look` with its way.
fn walk(value: &Value, way: &mut Vec<String>, look: &mut dyn FnMut(&[String], &str)) {
    match value {
        Value::String(text) => look(way, text),
        Value::Array(list) => {
            for (at, item) in list.iter().enumerate() {
                way.push(at.to_string());
                walk(item, way, look);
                way.pop();
            }
        }
        Value::Object(object) => {
            for (key, item) in object {
                way.push(key.clone());
                walk(item, way, look);
                way.pop();
            }
        }
        _ => {}
    }
}

fn at<'v>(value: &'v mut Value, way: &[String]) -> &'v mut Value {
    way.iter().fold(value, |value, step| match value {
        Value::Array(list) => &mut list[step.parse::<usize>().unwrap()],
        other => &mut other[step.as_str()],
    })
}

/// What stays readable by purpose: the model, the Region, the action, the condition's key, and what AWS lists.
fn is_readable(way: &[String], text: &str) -> bool {
    let last = way.last().unwrap().as_str();
    let is_model =
        text.contains("foundation-model/") || text.contains("inference-profile/") || text.contains(".anthropic.");
    matches!(last, "schema" | "sandbox")
        || way[0] == "request" && matches!(last, "model" | "region")
        || way[0] == "listing" && (way.iter().any(|step| step == "ids" || step == "callable") || last == "id")
        || way[0] == "profile" && is_model
        || way[0] == "profiles" && last == "id" && text.contains('.')
        || is_model
}

/// Plants the canary in the ways in which a name may stand in a text.
fn planted(text: &str) -> Vec<String> {
    let mut planted =
        vec![format!("{text} {CANARY}"), format!("{text}{CANARY}"), format!("{CANARY}-{text}"), CANARY.to_owned()];
    if text.contains('/') {
        planted.push(text.replacen('/', &format!("/{CANARY}/"), 1));
    }
    for (at, _) in text.match_indices([' ', ':', '/', '"', '-', '.']) {
        planted.push(format!("{}{CANARY}{}", &text[..at], &text[at..]));
        planted.push(format!("{} {CANARY}{}", &text[..at], &text[at..]));
    }
    planted
}

#[test]
fn a_canary_in_any_string_of_a_case_is_never_heard_again() {
    let mut heard = Vec::new();
    let (mut planted_in_all, mut turn) = (0, 0);
    // The worlds have most of their strings in common; each is planted in once for each field.
    let mut done = BTreeSet::new();
    for world in sweep::worlds("canaries in strings", 3) {
        let evidence: Value = serde_json::from_str(&evidence(world).to_json()).unwrap();
        let mut strings = Vec::new();
        walk(&evidence, &mut Vec::new(), &mut |way, text| strings.push((way.to_vec(), text.to_owned())));
        for (way, text) in strings.iter().filter(|(way, text)| !is_readable(way, text)) {
            let field: Vec<&str> =
                way.iter().map(String::as_str).filter(|step| step.parse::<usize>().is_err()).collect();
            if !done.insert((field.join("."), text.clone())) {
                continue;
            }
            turn += 1;
            let ways = planted(text).into_iter().take(24).enumerate();
            for (_, canary) in ways.filter(|(way, _)| has_its_turn(way + turn, 8)) {
                let mut case = evidence.clone();
                *at(&mut case, way) = Value::String(canary.clone());
                // Where the type takes no such word, no such word can be in it.
                let Ok(case) = Evidence::from_json(&case.to_string()) else { continue };
                planted_in_all += 1;
                let Ok(redacted) = redact(&case) else { continue };
                let text = redacted.to_json();
                if text.contains(CANARY) {
                    let line = text.lines().find(|line| line.contains(CANARY)).unwrap();
                    heard.push(format!("{world} {}: {canary} → {}", way.join("."), line.trim()));
                }
            }
        }
    }
    let least = if is_whole() { 1_000 } else { 500 };
    assert!(planted_in_all > least, "{planted_in_all}");
    assert!(heard.is_empty(), "{} of {planted_in_all}: {:#?}", heard.len(), &heard[..heard.len().min(20)]);
}

/// Plants the canary in every string of a case that takes it, all at once, in one of the ways of [`planted`].
///
/// Which fields take it is learned once for all worlds.
fn planted_everywhere(evidence: &Value, way: usize, takes: &mut BTreeMap<(String, usize), bool>) -> Value {
    let mut strings = Vec::new();
    walk(evidence, &mut Vec::new(), &mut |way, text| strings.push((way.to_vec(), text.to_owned())));
    let mut case = evidence.clone();
    for (place, text) in strings.iter().filter(|(place, text)| !is_readable(place, text)) {
        let canary = match way {
            0 => format!("{text} {CANARY}"),
            1 => format!("{CANARY}-{text}"),
            2 => format!("{text}{CANARY}"),
            _ => CANARY.to_owned(),
        };
        let steps: Vec<&str> = place.iter().map(String::as_str).filter(|step| step.parse::<usize>().is_err()).collect();
        let kind = if text.starts_with("arn:") { "arn" } else { "" };
        let takes = takes.entry((format!("{}{kind}", steps.join(".")), way)).or_insert_with(|| {
            let mut alone = evidence.clone();
            *at(&mut alone, place) = Value::String(canary.clone());
            Evidence::from_json(&alone.to_string()).is_ok()
        });
        if *takes {
            *at(&mut case, place) = Value::String(canary);
        }
    }
    case
}

#[test]
fn canaries_in_all_fields_at_once_are_heard_in_no_format() {
    let mut takes = BTreeMap::new();
    let mut heard_open = BTreeMap::new();
    let mut redacted_cases = 0;
    for (at, world) in World::names().enumerate() {
        let evidence: Value = serde_json::from_str(&evidence(world).to_json()).unwrap();
        for way in (0..4).filter(|way| has_its_turn(way + at, 2)) {
            let case = planted_everywhere(&evidence, way, &mut takes);
            let Ok(case) = Evidence::from_json(&case.to_string()) else { continue };
            let Ok(redacted) = redact(&case) else { continue };
            redacted_cases += 1;
            let verbose = |evidence: &Evidence| text(&diagnose(evidence), &Detail::Verbose.into()).plain();
            for format in FORMATS {
                *heard_open.entry(format).or_insert(0) += usize::from(report(&case, format).contains(CANARY));
                let shown = report(&redacted, format);
                assert_eq!(heard(&shown), None, "{world} as {format}, way {way}");
            }
            assert!(!verbose(&redacted).contains(CANARY) && verbose(&case).contains(CANARY), "{world}, way {way}");
        }
    }
    let worlds = World::names().count();
    // Nearly every way of those that are tried.
    let least = if is_whole() { 3 * worlds } else { worlds + worlds / 2 };
    assert!(redacted_cases > least, "{redacted_cases} of {worlds} worlds");
    assert!(heard_open.values().all(|heard| *heard > least), "without redaction they sing: {heard_open:?}");
}

/// Returns a world whose customer says the canary wherever customers choose names.
fn world_of_canaries(world: &str) -> String {
    World::embedded_text(world)
        .unwrap()
        .replace("apps/chat-api", &format!("{CANARY}path/{CANARY}-role"))
        .replace("chat-api", &format!("{CANARY}-role"))
        .replace("o-exampleorgid", &format!("o-{CANARY}0123"))
        .replace("bedrock-invoke", &format!("{CANARY}-policy"))
        .replace("\"Sid\": \"", &format!("\"Sid\": \"{CANARY}"))
        .replace("vpce-0a1b2c3d4e5f60718", &format!("vpce-{CANARY}0718"))
        .replace("AWSReservedSSO_Developers", &format!("AWSReservedSSO_{CANARY}"))
        .replace("p-regions1", &format!("p-{CANARY}12"))
}

fn heard(text: &str) -> Option<&str> {
    text.lines().find(|line| line.to_ascii_lowercase().contains(CANARY))
}

#[test]
fn a_world_of_canaries_gives_none_away_in_any_format() {
    let folder = tempfile::tempdir().unwrap();
    let mut sang = 0;
    let chosen: Vec<&str> = sweep::worlds("worlds of canaries", 3).collect();
    for world in chosen.iter().copied() {
        let file = folder.path().join(format!("{world}.json"));
        fs::write(&file, world_of_canaries(world)).unwrap();
        let file = file.to_str().unwrap();
        let open = Doctor::new(["--sandbox", file, "-v"]).run();
        assert_ne!(open.status, 4, "{world}: {}", open.stderr);
        sang += usize::from(open.stdout.contains(CANARY));
        let case = folder.path().join(format!("{world}.case"));
        let closed =
            Doctor::new(["--sandbox", file, "-v", "--redact", "--save-evidence", case.to_str().unwrap()]).run();
        assert_eq!(closed.status, open.status, "{world}: {}", closed.stderr);
        let evidence = fs::read_to_string(case).unwrap();
        let redacted = Evidence::from_json(&evidence).unwrap();
        for format in FORMATS {
            let shown = report(&redacted, format);
            for (what, text) in [
                ("report", &shown),
                ("verbose report", &closed.stdout),
                ("evidence", &evidence),
                ("stderr", &closed.stderr),
            ] {
                assert_eq!(heard(text), None, "{world} as {format}, {what}");
            }
        }
    }
    // Where STS names nobody, there is no name.
    assert!(sang + 2 > chosen.len(), "without redaction the canary is heard: {sang}");
}

/// Runs a command in a world of canaries, open and closed, and tells whether the canary sings where it is open.
fn sings_open_only(world: &str, run: &dyn Fn(&[&str]) -> Answer, format: &str) -> bool {
    let open = run(&["--format", format]);
    let closed = run(&["--format", format, "--redact"]);
    assert_eq!(closed.status, open.status, "{world} as {format}: {}", closed.stderr);
    assert_ne!(closed.stdout, "", "{world} as {format}");
    for (what, text) in [("report", &closed.stdout), ("stderr", &closed.stderr)] {
        assert_eq!(heard(text), None, "{world} as {format}, {what}");
    }
    heard(&open.stdout).is_some()
}

#[test]
fn worlds_of_canaries_give_none_away_where_many_calls_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("targets.jsonl");
    let lines = [
        r#"{"id": 1, "model": "us.amazon.nova-lite-v1:0"}"#.to_owned(),
        r#"{"id": 2, "model": "amazon.nova-lite-v1:0", "expect": "denied"}"#.to_owned(),
        // What is wrong with a line is said in its words.
        format!(r#"{{"id": 3, "model": "amazon.nova-lite-v1:0", "principal": "arn:aws:iam::1:role/{CANARY}"}}"#),
        format!(r#"{{"id": 4, "model": "amazon.nova-lite-v1:0", "{CANARY}": 1}}"#),
    ];
    fs::write(&targets, lines.join("\n")).unwrap();
    let targets = targets.to_str().unwrap();
    let mut sang = [0; 3];
    let chosen: Vec<&str> = sweep::worlds("many calls", 4).collect();
    for (at, world) in chosen.iter().copied().enumerate() {
        let file = folder.path().join(format!("{world}.json"));
        fs::write(&file, world_of_canaries(world)).unwrap();
        let file = file.to_str().unwrap();
        // Every format in a fifth of the worlds: what is shown was redacted before any format is thought of.
        let format = FORMATS[at % FORMATS.len()];
        let doctor = |more: &[&str]| Doctor::new([&["--sandbox", file], more].concat()).run();
        let bundle =
            |more: &[&str]| doctor(&[&["--for", "streaming", "--model", "amazon.nova-lite-v1:0"], more].concat());
        let lines = |more: &[&str]| doctor(&[&["--targets", targets], more].concat());
        let models = |more: &[&str]| Doctor::models([&["--sandbox", file], more].concat()).run();
        sang[0] += usize::from(sings_open_only(world, &bundle, format));
        sang[1] += usize::from(sings_open_only(world, &lines, format));
        // A table of models is no test.
        let format = if format == "junit" { "json" } else { format };
        sang[2] += usize::from(sings_open_only(world, &models, format));
    }
    let worlds = chosen.len();
    assert_eq!(sang[1], worlds, "bad lines sing everywhere");
    assert!(sang.iter().all(|sang| sang * 2 > worlds), "without redaction the canary is heard: {sang:?} of {worlds}");
}

#[test]
fn what_is_wrong_with_a_line_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("targets.jsonl");
    let lines = [
        r#"{"id": 1"#,
        "[]",
        r#"{"id": 3}"#,
        r#"{"id": 4, "model": ""}"#,
        r#"{"id": 5, "model": "amazon.nova-lite-v1:0", "model": "amazon.nova-lite-v1:0"}"#,
        r#"{"id": 6, "model": "amazon.nova-lite-v1:0", "operation": 7}"#,
        r#"{"id": 7, "operation": "chat-completion"}"#,
    ];
    fs::write(&targets, lines.join("\n")).unwrap();
    let arguments = ["--sandbox", "healthy", "--targets", targets.to_str().unwrap(), "--redact"];
    let answer = Doctor::new(arguments).run().stdout;
    assert!(answer.contains("EOF while parsing an object"), "{answer}");
    let named: Vec<&str> = answer.lines().filter(|line| line.contains("name-")).collect();
    // What was typed is not known to be harmless.
    assert!(
        matches!(named.as_slice(), [only] if only.contains("unknown variant `name-1`, expected one of `invoke-model`")),
        "{named:#?}"
    );
}

#[test]
fn one_role_has_one_alias_in_all_answers() {
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("targets.jsonl");
    let line = |id: usize, role: &str| {
        let principal = format!("arn:aws:iam::111122223333:role/apps/{role}");
        serde_json::json!({ "id": id, "model": "amazon.nova-lite-v1:0", "principal": principal }).to_string()
    };
    let roles = ["chat-api", "ledger", "reports", "chat-api", "ledger", "reports"];
    let lines: Vec<String> = roles.iter().enumerate().map(|(id, role)| line(id, role)).collect();
    fs::write(&targets, lines.join("\n")).unwrap();
    let arguments = ["--sandbox", "healthy", "--targets", targets.to_str().unwrap(), "--redact", "--format", "json"];
    let answers = Doctor::new(arguments).run().stdout;
    let mut aliases: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for answer in answers.lines() {
        let answer: Value = serde_json::from_str(answer).unwrap();
        let role = roles[usize::try_from(answer["id"].as_u64().unwrap()).unwrap()];
        let alias = answer["principal"]["arn"].as_str().unwrap().to_owned();
        aliases.entry(role.to_owned()).or_default().insert(alias);
    }
    let each: BTreeSet<&BTreeSet<String>> = aliases.values().collect();
    assert!(aliases.len() == 3 && each.len() == 3 && each.iter().all(|aliases| aliases.len() == 1), "{aliases:#?}");
}

#[test]
fn the_table_of_models_stays_what_it_is_in_every_world() {
    for world in sweep::worlds("redacted tables", 3) {
        let cells = |more: &[&str]| {
            let answer = Doctor::models([&["--sandbox", world, "--format", "json"], more].concat()).run();
            let mut report = answer.json();
            // What is left is what cannot name anybody: verdicts, causes, access.
            for row in report["models"].as_array_mut().unwrap() {
                let is_of_aws = row["id"].as_str().unwrap().contains('.');
                if !is_of_aws {
                    row["id"] = Value::Null;
                }
                for cell in row["cells"].as_array_mut().unwrap() {
                    cell["unsettled"]["why"] = Value::Null;
                    // What is not settled stays, but for the resource that it is about.
                    if let Some((what, _)) =
                        cell["unsettled"]["what"].as_str().and_then(|what| what.split_once(" on arn:"))
                    {
                        cell["unsettled"]["what"] = Value::from(what);
                    }
                    let through = cell["through"].as_array_mut().unwrap();
                    through.retain(|id| id.as_str().unwrap().contains('.'));
                }
            }
            (answer.status, report["models"].clone(), report["complete"].clone(), report["regions"].clone())
        };
        assert_eq!(cells(&["--redact"]), cells(&[]), "{world}");
    }
}
