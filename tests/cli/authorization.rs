//! AWS's own evaluation of refused calls, through the real program: what it proves, and what it does not cost.

use crate::support::program::{Answer, Doctor};
use bedrock_access::evidence::Evidence;
use bedrock_access::sandbox::{Sandbox, World};
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};

const WORLD: &str = "authorization-details";
const LOOK_UP: &str = "iam:GetRequestAuthorizationDetails";

/// A world that is served to the program, with the environment that leads to it.
struct Account {
    sandbox: Sandbox,
    environment: Vec<(&'static str, String)>,
}

impl Account {
    fn new(change: impl Fn(&mut Value)) -> Self {
        let mut facts: Value = serde_json::from_str(World::embedded_text(WORLD).unwrap()).unwrap();
        change(&mut facts);
        let world = World::parse(&facts.to_string()).unwrap();
        let (id, secret, token) = world.caller_credentials();
        let mut environment = vec![
            ("AWS_ACCESS_KEY_ID", id.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
            ("AWS_SESSION_TOKEN", token.unwrap().to_owned()),
        ];
        let sandbox = Sandbox::start(world, Duration::ZERO, 0).unwrap();
        environment.push(("AWS_ENDPOINT_URL", sandbox.endpoint()));
        Self { sandbox, environment }
    }

    fn ask(&self, arguments: &[&str]) -> Answer {
        let fixed = ["--region", "us-west-2", "--format", "json"];
        Doctor::new([&fixed[..], arguments].concat())
            .environment(self.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .run()
    }

    fn probe(&self, more: &[&str]) -> Answer {
        let model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        self.ask(&[&["--model", model, "--operation", "converse", "--probe"], more].concat())
    }

    fn look_ups(&self) -> u64 {
        self.sandbox.calls().get(LOOK_UP).copied().unwrap_or_default()
    }
}

fn findings(report: &Value) -> Vec<(&str, &str)> {
    let all = report["findings"].as_array().unwrap().iter();
    all.map(|finding| (finding["cause"].as_str().unwrap(), finding["certainty"].as_str().unwrap())).collect()
}

fn unchecked<'r>(report: &'r Value, what: &str) -> Option<&'r str> {
    let lines = report["not_checked"].as_array().unwrap();
    lines.iter().find(|line| line["what"] == what).map(|line| line["why"].as_str().unwrap())
}

/// Refuses by a statement of a customer's managed policy, and by the boundary as well.
fn two_that_refuse(facts: &mut Value) {
    let statement = |effect: &str, action: &str| {
        json!({"Version": "2012-10-17", "Statement":
            [{"Sid": "StopInvoking", "Effect": effect, "Action": action, "Resource": "*"}]})
    };
    let role = &mut facts["principals"][0];
    role["managed_policies"] = json!([{"arn": "arn:aws:iam::111122223333:policy/guards/no-models",
        "document": statement("Deny", "bedrock:Invoke*")}]);
    role["boundary"] = json!({"arn": "arn:aws:iam::111122223333:policy/guards/limits",
        "document": statement("Allow", "iam:*")});
    // The boundary lets the doctor read.
    role["boundary"]["document"]["Statement"][0]["Action"] = json!(["iam:*", "bedrock:Get*", "bedrock:List*"]);
}

#[test]
fn the_evaluation_of_the_test_call_is_found_though_not_at_first() {
    let account = Account::new(|_| ());
    let answer = account.probe(&[]);
    let report = answer.json();
    assert_eq!(answer.status, 1);
    assert_eq!(report["certainty"], "verified");
    assert_eq!(findings(&report), [("identity-policy-missing-allow", "verified")]);
    assert_eq!(report["findings"][0]["alternatives"], json!([]), "what else the text may mean is settled");
    let requirement = &report["requirements"][0];
    assert_eq!(
        (&requirement["decision"], &requirement["policy_type"], &requirement["judged_by"]),
        (&json!("implicitDeny"), &json!("identity-policy"), &json!("aws"))
    );
    assert_eq!(
        report["requirements"][1]["decision"], "undetermined",
        "a requirement that AWS did not come to stays open"
    );
    // Three records: of the test call, of the first simulation and of the first other read; each is found at the second look.
    assert_eq!(account.look_ups(), 6);
    let told = report["observations"].as_array().unwrap().iter().filter(|call| call["api"] == LOOK_UP);
    assert!(told.clone().all(|call| call["outcome"] == "seen") && told.count() == 3);
}

#[test]
fn every_policy_that_refuses_is_named_with_its_statement() {
    let report = Account::new(two_that_refuse).probe(&[]).json();
    let verified = "verified";
    assert_eq!(
        findings(&report),
        [("identity-policy-explicit-deny", verified), ("permissions-boundary", verified)],
        "the refusal names one of them"
    );
    let requirement = &report["requirements"][0];
    assert_eq!(requirement["policy_type"], "identity-policy");
    let decided = &requirement["decided_by"][0];
    assert_eq!(
        (&decided["policy_type"], &decided["policy"], &decided["sid"]),
        (
            &json!("identity-policy"),
            &json!("arn:aws:iam::111122223333:policy/guards/no-models"),
            &json!("StopInvoking")
        )
    );
    let change = &report["findings"][0]["remedy"]["changes"][0];
    assert_eq!(change["change"], "remove-statement");
    assert_eq!(change["policy"], "arn:aws:iam::111122223333:policy/guards/no-models");
    assert_eq!(change["statements"][0]["sid"], "StopInvoking");
}

#[test]
fn without_the_permission_the_refusal_stands_as_reported() {
    let account = Account::new(|facts| {
        let statements = facts["principals"][0]["policies"][0]["document"]["Statement"].as_array_mut().unwrap();
        statements.retain(|statement| statement["Action"] != LOOK_UP);
    });
    let report = account.probe(&[]).json();
    assert_eq!(findings(&report), [("identity-policy-missing-allow", "reported")]);
    let why = unchecked(&report, "AWS's own evaluation of the test call").unwrap();
    assert!(why.contains("is not authorized to perform: iam:GetRequestAuthorizationDetails"), "{why}");
    assert_eq!(account.look_ups(), 3, "who is refused is refused again");
}

#[test]
fn where_no_refusal_carries_an_id_nothing_is_asked() {
    let account = Account::new(|facts| facts["authorization_ids"] = json!([]));
    let report = account.probe(&[]).json();
    assert_eq!(findings(&report), [("identity-policy-missing-allow", "reported")]);
    assert_eq!(account.look_ups(), 0);
    assert_eq!(unchecked(&report, "AWS's own evaluation of the test call"), None);
}

#[test]
fn a_record_that_does_not_come_keeps_nobody_waiting_beyond_the_deadline() {
    let account = Account::new(|_| ());
    let text = "User: arn:aws:sts::111122223333:assumed-role/chat-api/chat-api-7d9f is not authorized to perform: \
                bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0 \
                because no identity-based policy allows the bedrock:InvokeModel action. Go to \
                https://us-west-2.console.aws.amazon.com/iam/home?region=us-west-2#/authorization-details/\
                ejsk06qtimkkubln9lbjmt1h for complete details, or call the GetRequestAuthorizationDetails API with the \
                following authorization id: ejsk06qtimkkubln9lbjmt1h";
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let started = Instant::now();
    let answer = account.ask(&["--error", file.path().to_str().unwrap(), "--timeout", "3"]);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let report = answer.json();
    assert_eq!(findings(&report), [("identity-policy-missing-allow", "reported")]);
    let why = unchecked(&report, "AWS's own evaluation of the given error").unwrap();
    assert!(why.starts_with("ResourceNotFoundException") && why.contains("some seconds after"), "{why}");
    assert!(account.look_ups() > 4, "{}", account.look_ups());
}

#[test]
fn a_given_error_is_looked_up_too() {
    let account = Account::new(two_that_refuse);
    let refusal = account.probe(&[]).json()["invocation"]["error"]["message"].as_str().unwrap().to_owned();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &refusal).unwrap();
    let report = account.ask(&["--error", file.path().to_str().unwrap()]).json();
    assert_eq!(
        findings(&report),
        [("identity-policy-explicit-deny", "verified"), ("permissions-boundary", "verified")]
    );
    assert_eq!(report["invocation"]["outcome"], "not-made");
    assert_eq!(report["requirements"][0]["judged_by"], Value::Null, "what was evaluated then is no requirement of now");
}

#[test]
fn a_refused_read_says_by_which_policy() {
    let answer = Doctor::new(["--sandbox", "scp-denies-reading", "--format", "json"]).run();
    assert_eq!(
        unchecked(&answer.json(), "iam:SimulatePrincipalPolicy and iam:GetRole"),
        Some(
            "AWS's own evaluation of the refusal says explicitDeny by service-control-policy, `p-noreads1`, statement \
             `DenyReadingPolicies`"
        )
    );
}

/// Returns what the program saves of the world, with its first record changed.
fn recorded(change: impl Fn(&mut Value)) -> Answer {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.json");
    let path = file.to_str().unwrap();
    Doctor::new(["--sandbox", WORLD, "-q", "--save-evidence", path]).run();
    let mut evidence: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    change(&mut evidence);
    let evidence = Evidence::from_json(&evidence.to_string()).unwrap();
    let again = folder.path().join("again.json");
    fs::write(&again, evidence.to_json()).unwrap();
    assert_eq!(Evidence::from_json(&evidence.to_json()).unwrap(), evidence);
    Doctor::new(["--evidence", again.to_str().unwrap(), "--format", "json"]).run()
}

#[test]
fn what_aws_does_not_tell_is_not_guessed() {
    let of = |change: &dyn Fn(&mut Value)| {
        let report = recorded(|evidence| change(&mut evidence["authorizations"][0]["details"]["seen"])).json();
        let requirement = &report["requirements"][0];
        (
            report["certainty"].as_str().unwrap().to_owned(),
            requirement["judged_by"].clone(),
            requirement["policy_type"].clone(),
        )
    };
    let (verified, reported) = ("verified".to_owned(), "reported".to_owned());
    let identity = json!("identity-policy");
    assert_eq!(of(&|_| ()), (verified.clone(), json!("aws"), identity.clone()));
    // Answers of before checks were told: a deny by its matched policies, an implicit one by nothing.
    let no_checks = |details: &mut Value| details["evaluations"][0]["checks"] = json!([]);
    assert_eq!(of(&no_checks), (reported.clone(), json!("aws"), Value::Null));
    let explicit = |details: &mut Value| {
        no_checks(details);
        let policy = details["policies"].as_array().unwrap().iter().find(|policy| policy["policy_type"] == identity);
        let uri = policy.unwrap()["uri"].clone();
        details["evaluations"][0]["decision"] = json!("explicitDeny");
        details["evaluations"][0]["matched"] = json!([{"uri": uri, "statements": [{"sid": "Stop", "denies": true}]}]);
    };
    assert_eq!(of(&explicit), (verified, json!("aws"), identity));
    // A word that is not known, and an allow of what was refused, prove nothing about the call.
    for word in ["undetermined", "allowed"] {
        let (certainty, ..) = of(&|details: &mut Value| details["evaluations"][0]["decision"] = json!(word));
        assert_eq!(certainty, reported, "{word}");
    }
}

#[test]
fn a_file_of_before_there_were_records_is_still_read() {
    let answer = recorded(|evidence| {
        evidence.as_object_mut().unwrap().remove("authorizations").unwrap();
    });
    assert_eq!((answer.status, &answer.json()["certainty"]), (1, &json!("reported")));
}
