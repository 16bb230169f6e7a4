//! Evidence files, through the real program: what one machine saved, another reports without a call; and redaction.

mod redaction;

use crate::support::files::root;
use crate::support::program::{Doctor, schema};
use crate::support::saved::{FORMATS, evidence, report};
use crate::support::sweep;
use bedrock_access::sandbox::World;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::process::Stdio;

/// Returns what the program saves of a world.
fn saved(world: &str) -> String {
    evidence(world).to_json()
}

#[test]
fn a_saved_case_gives_the_same_report_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let plain = ["healthy", "both", "no-simulator"];
    let others = sweep::worlds("saved cases", 3).filter(|world| !plain.contains(world));
    for world in plain.into_iter().chain(others) {
        let file = folder.path().join(world);
        let file = file.to_str().unwrap();
        let first = Doctor::new(["--sandbox", world, "-v", "--save-evidence", file]).run();
        // What would disturb a call disturbs nothing here.
        let elsewhere =
            [("AWS_PROFILE", "none"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("TZ", "Pacific/Auckland")];
        let replay = Doctor::new(["--evidence", file, "-v"]).environment(elsewhere).run();
        assert_eq!(
            (&replay.stdout, replay.status, replay.stderr.as_str()),
            (&first.stdout, first.status, ""),
            "{world}"
        );
        for format in FORMATS {
            let replay = Doctor::new(["--evidence", file, "--format", format]).run();
            assert_eq!(replay.status, first.status, "{world} as {format}");
            assert_eq!(replay.stdout, report(&evidence(world), format), "{world} as {format}");
        }
        // The wiring of the formats is the same in every world.
        if plain.contains(&world) {
            for format in FORMATS {
                let first = Doctor::new(["--sandbox", world, "--format", format]).run();
                assert_eq!(first.stdout, report(&evidence(world), format), "{world} as {format}");
            }
        }
        let again = folder.path().join(format!("{world}.again"));
        Doctor::new(["--evidence", file, "--save-evidence", again.to_str().unwrap()]).run();
        assert_eq!(fs::read_to_string(again).unwrap(), fs::read_to_string(file).unwrap(), "{world}");
    }
}

#[test]
fn every_saved_case_keeps_to_the_schema() {
    let schema = schema("evidence-1");
    for world in World::names() {
        let evidence: Value = serde_json::from_str(&saved(world)).unwrap();
        let errors: Vec<String> =
            schema.iter_errors(&evidence).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{world}: {errors:#?}");
    }
    let mut damaged: Value = serde_json::from_str(&saved("healthy")).unwrap();
    damaged["caller"] = serde_json::json!({"refused": {}, "seen": {}});
    assert!(!schema.is_valid(&damaged));
}

#[test]
fn a_file_of_an_earlier_version_is_still_read() {
    let folder = root().join("tests/fixtures/evidence");
    for (file, cause, status) in [
        ("0.1.0-session-policy.json", "session-policy", 1),
        ("0.1.0-profile-leg-missing.json", "identity-policy-missing-allow", 1),
    ] {
        let file = folder.join(file);
        let answer = Doctor::new(["--evidence", file.to_str().unwrap(), "--format", "json"]).run();
        assert_eq!(answer.status, status, "{}", answer.stderr);
        assert_eq!(answer.json()["findings"][0]["cause"], cause);
    }
}

#[test]
fn evidence_comes_through_standard_input_too() {
    let evidence = saved("iam-missing");
    let mut doctor = Doctor::new(["--evidence", "-", "--format", "json"]);
    doctor.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = doctor.0.spawn().unwrap();
    child.stdin.take().unwrap().write_all(evidence.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"][0]["cause"], "identity-policy-missing-allow");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it_and_nothing_is_overwritten_unasked() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.json");
    let path = file.to_str().unwrap();
    let save = |more: &[&str]| Doctor::new([&["--sandbox", "-q", "--save-evidence", path], more].concat()).run();
    assert_eq!(save(&[]).status, 1);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    fs::write(&file, "mine").unwrap();
    let refused = save(&[]);
    assert_eq!((refused.status, refused.stdout.as_str()), (4, ""), "before anything is asked");
    assert!(refused.stderr.contains("exists already") && refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(save(&["--force"]).status, 1);
    assert!(fs::read_to_string(&file).unwrap().starts_with('{'));

    let link = folder.path().join("link.json");
    std::os::unix::fs::symlink("/nonexistent/target", &link).unwrap();
    assert_eq!(Doctor::new(["--sandbox", "--save-evidence", link.to_str().unwrap()]).run().status, 4);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn what_cannot_be_read_or_written_is_named_with_its_place_and_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = saved("healthy");
    let short = &good[..good.len() / 2];
    let cases = [
        (file("short", short.as_bytes()), "EOF while parsing"),
        (
            file("field", good.replace("\"caller\": {\n    \"seen\"", "\"caller\": {\n    \"sen\"").as_bytes()),
            "at `caller",
        ),
        (file("other", br#"{"schema": "bedrock-access/diagnosis/1"}"#), "its schema is `bedrock-access/diagnosis/1`"),
        (file("newer", br#"{"schema": "bedrock-access/evidence/7"}"#), "number 7"),
        (file("utf16", b"\xff\xfe{\0}\0"), "not UTF-8"),
        (folder.path().to_str().unwrap().to_owned(), "is a directory"),
        ("/nonexistent/case.json".to_owned(), "cannot be read"),
    ];
    for (path, said) in cases {
        let answer = Doctor::new(["--evidence", &path]).run();
        assert_eq!((answer.status, answer.stdout.as_str()), (4, ""), "{path}");
        assert!(answer.stderr.starts_with("error: ") && answer.stderr.contains(said), "{said}: {}", answer.stderr);
    }
    for path in ["/nonexistent/case.json", folder.path().to_str().unwrap()] {
        let answer = Doctor::new(["--sandbox", "--save-evidence", path]).run();
        assert_eq!((answer.status, answer.stdout.as_str()), (4, ""), "{path}");
    }
}

#[test]
fn no_option_for_a_call_goes_together_with_evidence() {
    for option in ["--model", "--operation", "--region", "--profile", "--principal", "--context", "--timeout"] {
        let value = match option {
            "--timeout" => "7",
            "--operation" => "converse",
            "--principal" => "arn:aws:iam::111122223333:role/chat-api",
            "--context" => "aws:SourceVpce=vpce-1",
            _ => "us-west-2",
        };
        let answer = Doctor::new(["--evidence", "x.json", option, value]).run();
        assert!(answer.stderr.contains("cannot be used with"), "{option}: {}", answer.stderr);
        assert_eq!(answer.status, 2, "{option}");
    }
    for option in ["--probe", "--invoke", "--sandbox"] {
        let answer = Doctor::new(["--evidence", "x.json", option]).run();
        assert_eq!(answer.status, 2, "{option}");
        assert!(answer.stderr.contains("cannot be used with"), "{}", answer.stderr);
    }
}
