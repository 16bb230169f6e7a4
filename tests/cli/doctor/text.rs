//! The text report: the answer in the first line, the cause in words, and lines to paste that do what they say.

use crate::support::files;
use crate::support::program::Doctor;
use crate::support::saved::evidence;
use bedrock_access::cause::Cause;
use bedrock_access::diagnose::{Diagnosis, Verdict, diagnose};
use bedrock_access::report::{Detail, Layout, text};
use bedrock_access::sandbox::World;
use serde_json::Value;
use std::fs;

/// What the first line says of a cause that is alone, and what it calls it beside others.
fn words(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::IdentityPolicyMissingAllow => ("IAM permission missing", "IAM permission"),
        Cause::IdentityPolicyExplicitDeny => ("denied by an IAM policy", "IAM deny"),
        Cause::PermissionsBoundary => ("blocked by the permissions boundary", "boundary"),
        Cause::SessionPolicy => ("blocked by the session policy", "session policy"),
        Cause::ServiceControlPolicy => ("blocked by an organization policy (SCP)", "SCP"),
        Cause::ResourceControlPolicy => ("blocked by an organization policy (RCP)", "RCP"),
        Cause::VpcEndpointPolicy => ("blocked by the VPC endpoint policy", "VPC endpoint"),
        Cause::ResourcePolicy => ("blocked by the resource's own policy", "its own policy"),
        Cause::ServiceRolePermission => ("the service role lacks a permission", "service role"),
        Cause::ModelAccessNotGranted => ("the account has no access to this model", "model access"),
        Cause::UseCaseFormMissing => ("Anthropic's use case form is missing", "use case form"),
        Cause::MarketplacePermission => ("no Marketplace agreement for this model", "Marketplace"),
        Cause::PaymentInstrument => ("no payment method that Marketplace accepts", "payment"),
        Cause::SalesAccessRequired => ("AWS Sales must grant access to this model", "AWS Sales"),
        Cause::AccountRestricted => ("AWS has blocked this account from Bedrock", "account hold"),
        Cause::DataRetentionMode => ("the account's data retention does not fit", "data retention"),
        Cause::LegacyModel => ("this model version is retired", "retired model"),
        Cause::RegionUnavailable => ("the model is not offered in ", "Region"),
        Cause::CredentialsExpired => ("your AWS login has expired", "credentials"),
        Cause::ApiKeyRejected => ("the Bedrock API key was rejected", "API key"),
        Cause::InferenceProfileRequired => ("call it through an inference profile", "profile needed"),
        Cause::InvalidModelId => ("no such model: ", "model ID"),
        other => panic!("no world has shown {other} yet: say here what its first line says"),
    }
}

/// Worlds in which the cause has a first line of its own.
const OF_THEIR_OWN: [(&str, &str); 3] = [
    ("batch-bucket-policy", "blocked by the bucket's own policy"),
    ("lambda-trusts-bedrock", "the service may not assume the role"),
    ("quarantined-key", "AWS quarantined a leaked access key"),
];

fn at(diagnosis: &Diagnosis, columns: usize) -> String {
    text(diagnosis, &Layout { columns, ..Layout::default() }).plain()
}

/// Returns the lines that are there to read, without those to paste.
fn read(shown: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut ends_with, mut is_continued) = (None, false);
    for line in shown.lines() {
        let bare = line.trim_start();
        let is_command =
            is_continued || ["aws ", "bedrock-access doctor ", "unset "].iter().any(|it| bare.starts_with(it));
        let is_of_a_change = line.trim_start_matches([' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        if let Some(end) = &ends_with {
            if line == end {
                ends_with = None;
            }
        } else if let Some(end) = line.strip_prefix("cat > ").and_then(|line| line.split('\'').nth(1)) {
            ends_with = Some(end.to_owned());
        } else if line == "{" {
            ends_with = Some("}".to_owned());
        } else if is_command {
            is_continued = line.ends_with('\\');
        } else if !["| ", "+ ", "- "].iter().any(|sign| is_of_a_change.starts_with(sign)) {
            lines.push(line);
        }
    }
    assert!(ends_with.is_none() && !is_continued, "{shown}");
    lines
}

#[test]
fn nothing_to_paste_ends_a_quarantine() {
    let answer = Doctor::new(["--sandbox", "quarantined-key", "-v"]).run().stdout;
    assert!(answer.contains("aws iam update-access-key --user-name chat-api"), "{answer}");
    assert!(!answer.contains("detach-user-policy"), "{answer}");
}

#[test]
fn the_answer_stands_in_the_first_lines_of_every_world() {
    for name in World::names() {
        let diagnosis = diagnose(&evidence(name));
        let shown = at(&diagnosis, 80);
        let first = shown.lines().next().unwrap();
        assert!(first.chars().count() <= 80, "{name}: {first}");
        let lines = read(&shown);
        assert!(lines.len() <= 40, "{name} has {} lines\n{shown}", lines.len());
        if diagnosis.verdict != Verdict::Denied {
            let said = if diagnosis.verdict == Verdict::Allowed {
                "ALLOWED (sandbox): "
            } else {
                "UNDETERMINED (sandbox): cannot tell"
            };
            assert!(first.starts_with(said), "{name}: {first}");
            continue;
        }
        let said = first.strip_prefix("DENIED (sandbox): ").unwrap_or_else(|| panic!("{name}: {first}"));
        let mut problems: Vec<&str> = Vec::new();
        for finding in &diagnosis.findings {
            let (_, short) = words(finding.cause);
            if !problems.contains(&short) {
                problems.push(short);
            }
        }
        let own = OF_THEIR_OWN.iter().find(|(world, _)| *world == name).map(|(_, said)| *said);
        if let Some(own) = own {
            assert_eq!(said, own, "{name}");
        } else if let [_] = problems.as_slice() {
            let (sentence, _) = words(diagnosis.findings[0].cause);
            assert!(said.starts_with(sentence) && said.chars().count() <= 45, "{name}: {first}");
        } else {
            assert!(said.starts_with(&format!("{} problems: ", problems.len())), "{name}: {first}");
            assert!(problems.iter().all(|problem| said.contains(problem)), "{name}: {first}");
        }
        let head: Vec<&str> = shown.lines().take(5).flat_map(str::split_whitespace).collect();
        let head = head.join(" ");
        let families: Vec<&str> = diagnosis.findings.iter().map(|finding| finding.cause.family().as_str()).collect();
        for (family, in_words) in [
            ("iam-permission", "the identity lacks the IAM permission"),
            ("model-access", "access to the model has not been granted"),
        ] {
            assert_eq!(head.contains(in_words), families.contains(&family), "{name}: {head}");
        }
        let is_documented = families.iter().any(|family| ["iam-permission", "model-access"].contains(family));
        assert_eq!(head.contains("neither of AWS's 2 documented ones"), !is_documented, "{name}: {head}");
        assert!(head.contains(diagnosis.findings[0].cause.code()), "{name}: {head}");
    }
}

#[test]
fn every_report_says_what_whom_and_with_what() {
    for name in World::names() {
        let diagnosis = diagnose(&evidence(name));
        let shown = at(&diagnosis, 80);
        let labels = |label: &str| shown.lines().filter(|line| line.starts_with(&format!("  {label:<8} "))).count();
        assert_eq!((labels("Call"), labels("As")), (1, 1), "{name}\n{shown}");
        assert!(
            shown.contains(&format!("world\u{20}`{name}`")) || shown.contains(&format!("\n           `{name}`")),
            "{shown}"
        );
        let last = shown.lines().last().unwrap();
        assert_eq!(last, format!("bedrock-access {}, 2026-11-22 12:00 UTC", env!("CARGO_PKG_VERSION")), "{name}");
        assert_eq!(labels("Because"), usize::from(diagnosis.verdict == Verdict::Denied), "{name}\n{shown}");
        assert_eq!(shown.contains("\nFix"), diagnosis.verdict == Verdict::Denied, "{name}\n{shown}");
        assert!(shown.lines().all(|line| !line.ends_with(' ')), "{name}\n{shown}");
    }
}

/// A line is longer than the terminal only for a word that cannot be broken, or because it is there to copy.
#[test]
fn text_keeps_to_the_width_of_the_terminal() {
    for name in World::names() {
        let diagnosis = diagnose(&evidence(name));
        for columns in [60, 80, 120] {
            let shown = at(&diagnosis, columns);
            for line in read(&shown).into_iter().skip(1) {
                let words = line.split_whitespace().filter(|word| *word != "Console:");
                assert!(line.chars().count() <= columns || words.count() <= 1, "{name} at {columns}: {line}");
            }
        }
        // Whatever a terminal says of itself, a line can be read.
        assert_eq!(at(&diagnosis, 0), at(&diagnosis, 60), "{name}");
        assert_eq!(at(&diagnosis, 5000), at(&diagnosis, 120), "{name}");
    }
}

#[test]
fn what_is_there_to_paste_is_what_the_remedy_says() {
    let mut pasted = 0;
    for name in World::names() {
        let diagnosis = diagnose(&evidence(name));
        for columns in [60, 120] {
            let shown = at(&diagnosis, columns).replace("\\\n", "");
            let lines: Vec<Vec<String>> = shown.lines().filter_map(|line| shlex::split(line.trim())).collect();
            for finding in
                diagnosis.findings.iter().filter(|finding| !finding.is_likely && finding.remedy.edit.is_none())
            {
                for command in &finding.remedy.commands {
                    assert!(lines.contains(&shlex::split(command).unwrap()), "{name}: {command}\n{shown}");
                    pasted += 1;
                }
            }
        }
        for file in at(&diagnosis, 80).split("cat > ").skip(1) {
            let (name_of_file, rest) = file.split_once(" <<'EOF'\n").unwrap();
            let (document, rest) = rest.split_once("\nEOF\n").unwrap();
            let document: Value = serde_json::from_str(document).unwrap();
            assert!(document["Statement"].is_array() || document["Statement"].is_object(), "{name}");
            assert!(rest.contains(&format!("file://{name_of_file}")), "{name}: nothing reads {name_of_file}");
        }
    }
    assert!(pasted > 100, "{pasted}");
}

#[test]
fn lines_to_paste_name_the_profile() {
    let mut evidence = evidence("iam-missing");
    evidence.sandbox = None;
    let layout = Layout { profile: Some("stage".to_owned()), ..Layout::default() };
    let shown = text(&diagnose(&evidence), &layout).plain();
    assert!(shown.starts_with("DENIED: IAM permission missing\n"), "{shown}");
    assert!(shown.contains("\naws --profile stage iam put-role-policy "), "{shown}");
    assert!(shown.contains("\n  bedrock-access doctor --profile stage "), "{shown}");
}

/// Worlds whose texts differ in kind: what a terminal of another width makes of them.
const LAID_OUT: [&str; 8] = [
    "iam-missing",
    "profile-leg-missing",
    "scp-region-deny",
    "both",
    "no-simulator",
    "healthy",
    "expired-credentials",
    "boundary-and-scp",
];

#[test]
fn whole_texts_of_other_widths() {
    for name in LAID_OUT {
        let diagnosis = diagnose(&evidence(name));
        for columns in [60, 120] {
            insta::assert_snapshot!(format!("{name}.{columns}.txt"), at(&diagnosis, columns));
        }
    }
    let verbose = text(&diagnose(&evidence("profile-leg-missing")), &Detail::Verbose.into()).plain();
    insta::assert_snapshot!("profile-leg-missing.verbose.txt", verbose);
}

/// Asks about a world with one policy of its principal changed.
fn with_policy(world: &str, name: &str, document: &str) -> i32 {
    let mut facts: Value = serde_json::from_str(&files::read(&format!("src/sandbox/worlds/{world}.json"))).unwrap();
    let policies = facts["principals"][0]["policies"].as_array_mut().unwrap();
    policies.retain(|policy| policy["name"] != name);
    policies.push(serde_json::json!({"name": name, "document": serde_json::from_str::<Value>(document).unwrap()}));
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), facts.to_string()).unwrap();
    Doctor::new(["--sandbox", file.path().to_str().unwrap(), "-q"]).run().status
}

#[test]
fn the_smallest_change_is_shown_where_a_statement_nearly_allowed() {
    let diagnosis = diagnose(&evidence("profile-leg-missing"));
    let shown = at(&diagnosis, 80);
    let asked = "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0";
    let added: Vec<&str> = shown.lines().filter_map(|line| line.trim_start().strip_prefix("+ ")).collect();
    assert_eq!(added.len(), 1, "{shown}");
    assert_eq!(added[0].trim(), format!("\"{asked}\","), "{shown}");
    assert!(!shown.contains("cat > "), "a line in place of a policy of its own\n{shown}");
    // Where nothing is near, the policy is whole.
    assert!(at(&diagnose(&evidence("iam-missing")), 80).contains("\ncat > policy.json <<'EOF'\n"));
}

#[test]
fn the_files_of_a_fix_make_the_call_allowed() {
    for (world, file, policy) in
        [("profile-leg-missing", "bedrock-invoke.json", "bedrock-invoke"), ("iam-missing", "policy.json", "added")]
    {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("fix");
        let save = || Doctor::new(["--sandbox", world, "--save-fix", place.to_str().unwrap()]);
        let answer = save().run();
        assert_eq!(answer.status, 1, "{}", answer.stderr);
        assert!(answer.stderr.contains(file), "{}", answer.stderr);
        let document = fs::read_to_string(place.join(file)).unwrap();
        assert_eq!(with_policy(world, policy, &document), 0, "{world}: {document}");
        let request = fs::read_to_string(place.join("request.txt")).unwrap();
        for part in [
            "role chat-api",
            "111122223333",
            "bedrock:InvokeModel",
            "put-role-policy",
            "bedrock-access doctor",
            &document,
        ] {
            assert!(request.contains(part.trim_end()), "{world} without {part}\n{request}");
        }
        // What is there stays, unless it is to be replaced.
        let again = save().run();
        assert_eq!(again.status, 4, "{}", again.stderr);
        let mut forced = save();
        forced.0.arg("--force");
        assert_eq!(forced.run().status, 1);
    }
}

#[test]
fn there_is_no_fix_to_save_where_nothing_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("fix");
    let answer = Doctor::new(["--sandbox", "healthy", "--save-fix", place.to_str().unwrap()]).run();
    assert_eq!(answer.status, 0);
    assert!(answer.stderr.contains("no fix to save") && !place.exists(), "{}", answer.stderr);
}
