//! The remedies, applied: what a report says has to change, changed in the world, and the same question asked again.
//!
//! One applier, which knows no world's name and nothing but the report and the world's facts, makes every change of
//! every finding. Then the doctor says allowed, and so does the account itself when it is called.

mod doctor {
    #[expect(dead_code, reason = "the doctor's own tests use more of it")]
    pub mod run;
}

use bedrock_access::iam::{ContextKeys, Decision, RequestContext};
use bedrock_access::policy::{Document, Policies, Policy, Question, decide};
use bedrock_access::sandbox::World;
use doctor::run::{Answer, Doctor};
use serde_json::{Value, json};
use std::fs;

/// The families whose remedy is not a change of the account: to wait, or to mend a network.
const NOT_OF_THE_ACCOUNT: [&str; 2] = ["capacity", "network"];

/// Condition operators that let the values they name through a denying statement.
const LETS_THROUGH: [&str; 4] = ["StringNotEquals", "StringNotLike", "ArnNotEquals", "ArnNotLike"];

#[test]
fn every_remedy_makes_its_world_work() {
    for name in World::names() {
        mended(name, World::embedded_text(name).unwrap());
    }
}

#[test]
fn so_does_every_remedy_of_a_copy_under_other_names() {
    for name in World::names() {
        let copy = World::embedded_text(name)
            .unwrap()
            .replace("111122223333", "123456789012")
            .replace("apps/chat-api", "svc/eu/ledger")
            .replace("chat-api", "ledger")
            .replace("claude-sonnet-4-5-20250929-v1:0", "claude-renamed-v9:0")
            .replace("us-west-2", "ap-south-1");
        mended(&format!("a copy of {name}"), &copy.replace(&format!("\"name\": \"{name}\""), "\"name\": \"a-copy\""));
    }
}

/// Asks about a world, makes the changes that the report names, and asks again.
fn mended(name: &str, facts: &str) {
    let before = ask(facts, &[]);
    let report = before.json();
    let findings = report["findings"].as_array().unwrap();
    let family = findings.first().and_then(|finding| finding["family"].as_str());
    if family.is_none_or(|family| NOT_OF_THE_ACCOUNT.contains(&family)) {
        return;
    }
    assert_eq!(before.status, 1, "{name}");
    let mut world: Value = serde_json::from_str(facts).unwrap();
    let applier = Applier { report: &report };
    for change in findings.iter().flat_map(|finding| finding["remedy"]["changes"].as_array().unwrap()) {
        applier.apply(&mut world, change);
    }
    let world = world.to_string();
    assert_ne!(world, serde_json::from_str::<Value>(facts).unwrap().to_string(), "{name}: nothing changed");
    let after = ask(&world, &[]);
    assert_eq!(after.status, 0, "{name}: {}", after.stdout);
    assert_eq!(after.json()["verdict"], "allowed", "{name}");
    let live = ask(&world, &["--probe"]);
    let told = live.json();
    assert_eq!((live.status, &told["certainty"]), (0, &json!("reported")), "{name}: {}", live.stdout);
    assert_eq!(told["invocation"]["outcome"], "body-rejected", "{name}");
    for finding in findings {
        alone(name, &report, finding);
    }
}

fn ask(facts: &str, more: &[&str]) -> Answer {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), facts).unwrap();
    Doctor::new([&["--sandbox", file.path().to_str().unwrap(), "--format", "json"], more].concat()).run()
}

/// A remedy's policy by itself allows every leg of the call, and nothing for another model, Region or account.
fn alone(name: &str, report: &Value, finding: &Value) {
    let policy = &finding["remedy"]["policy"];
    let is_about_the_call = report["requirements"]
        .as_array()
        .unwrap()
        .iter()
        .any(|requirement| requirement["action"] == finding["action"] || finding["action"].is_null());
    if policy.is_null() || !is_about_the_call || finding["family"] != "iam-permission" {
        return;
    }
    let identity = vec![Policy::unnamed(Document::from_value(policy).unwrap())];
    let policies = Policies { identity, ..Policies::default() };
    let principal = report["principal"]["arn"].as_str().unwrap();
    let allows =
        |request: &RequestContext| decide(&Question::new(principal, request), &policies).decision == Decision::Allowed;
    let legs = legs(report);
    assert!(!legs.is_empty(), "{name}");
    for leg in &legs {
        assert!(allows(leg), "{name}: {leg:?}");
        let account = report["caller"]["account"].as_str().unwrap();
        let others = [
            leg.resource.replace("-v", "-another-v").replace("inference-profile/", "inference-profile/x"),
            in_another_region(&leg.resource),
            leg.resource.replace(account, "999988887777"),
        ];
        for resource in others {
            let other = RequestContext { resource, ..leg.clone() };
            let is_a_leg = legs.iter().any(|known| known.resource == other.resource);
            assert!(is_a_leg || !allows(&other), "{name}: {other:?}");
        }
    }
}

fn in_another_region(arn: &str) -> String {
    let mut parts: Vec<&str> = arn.splitn(6, ':').collect();
    parts[3] = "sa-east-1";
    parts.join(":")
}

/// The legs of a report, with the profile that the models are reached through.
fn legs(report: &Value) -> Vec<RequestContext> {
    let requirements = report["requirements"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let profile =
        requirements.iter().map(|leg| text(&leg["resource"])).find(|resource| resource.contains("inference-profile/"));
    let leg = |leg: &Value| {
        let resource = text(&leg["resource"]);
        let mut context = ContextKeys::new().with("aws:RequestedRegion", text(&leg["requested_region"]));
        if let Some(profile) = profile.as_ref().filter(|_| resource.contains("foundation-model/")) {
            context.set("bedrock:InferenceProfileArn", profile.as_str());
        }
        RequestContext { action: text(&leg["action"]), resource, context }
    };
    requirements.iter().map(leg).collect()
}

/// Makes the changes of a report in a world.
struct Applier<'r> {
    report: &'r Value,
}

impl Applier<'_> {
    fn apply(&self, world: &mut Value, change: &Value) {
        let kind = change["change"].as_str().unwrap();
        let policy_type = change["policy_type"].as_str().unwrap_or_default();
        match (kind, policy_type) {
            ("add-statement", "identity-policy") => {
                let policy = json!({"name": "applied", "document": change["document"]});
                self.principal(world)["policies"].as_array_mut().unwrap().push(policy);
            }
            ("add-statement", _) => extend(self.document(world, policy_type), &change["document"]),
            ("remove-statement" | "exempt", "identity-policy") => self.replace(world, change),
            ("remove-statement", _) => {
                let document = self.document(world, policy_type);
                match &change["document"] {
                    Value::Null => statements(document).retain(|statement| statement["Effect"] != "Deny"),
                    left => *document = left.clone(),
                }
            }
            ("exempt", "service-control-policy") => exempt(world, change),
            ("submit-use-case-form", _) => {
                world["forms"][text(change)] = json!({
                    "companyName": "Example Corp", "companyWebsite": "https://www.example.com", "intendedUsers": "0",
                    "industryOption": "Software", "useCases": "An assistant for our own staff",
                });
            }
            ("accept-agreement", _) => {
                let models = world["models"].as_array_mut().unwrap();
                let model = models.iter_mut().find(|model| model["id"] == change["value"]).unwrap();
                for region in model["regions"].as_object_mut().unwrap().values_mut() {
                    region["agreement"] = json!({"status": "AVAILABLE"});
                    region["authorization"] = json!("AUTHORIZED");
                    region["entitlement"] = json!("AVAILABLE");
                }
            }
            ("use-model", _) => world["request"]["model"] = json!(text(change)),
            ("use-region", _) => world["request"]["region"] = json!(text(change)),
            ("renew-credentials", _) => {
                let caller = world["caller"].clone();
                let principals = world["principals"].as_array_mut().unwrap();
                let caller = principals.iter_mut().find(|principal| principal["arn"] == caller).unwrap();
                caller["session_expires"] = Value::Null;
            }
            other => panic!("no applier knows {other:?}: {change}"),
        }
    }

    /// The principal that the report is about; where its path could not be read, the only one of its name.
    fn principal<'w>(&self, world: &'w mut Value) -> &'w mut Value {
        let arn = self.report["principal"]["arn"].as_str().unwrap();
        let short = |arn: &str| {
            let (kind, name) = arn.rsplit_once(':').unwrap().1.split_once('/').unwrap();
            (kind.to_owned(), name.rsplit('/').next().unwrap().to_owned())
        };
        let principals = world["principals"].as_array_mut().unwrap();
        let same = |principal: &&mut Value| short(principal["arn"].as_str().unwrap()) == short(arn);
        principals.iter_mut().find(same).unwrap_or_else(|| panic!("no principal {arn}"))
    }

    /// The document of a type of which there is one.
    fn document<'w>(&self, world: &'w mut Value, policy_type: &str) -> &'w mut Value {
        match policy_type {
            "permissions-boundary" => &mut self.principal(world)["boundary"]["document"],
            "session-policy" => &mut self.principal(world)["session_policy"],
            "vpc-endpoint-policy" => &mut world["vpc_endpoint_policy"]["document"],
            other => panic!("a world has no single {other}"),
        }
    }

    /// Puts a policy's new document in its place, or takes the policy away.
    fn replace(&self, world: &mut Value, change: &Value) {
        let holder = match change["attached_to"].as_str().and_then(|holder| holder.strip_prefix("group/")) {
            Some(group) => {
                let groups = world["groups"].as_array_mut().unwrap();
                let ending = format!("/{group}");
                groups.iter_mut().find(|known| known["arn"].as_str().unwrap().ends_with(&ending)).unwrap()
            }
            None => self.principal(world),
        };
        let policy = change["policy"].as_str().unwrap();
        let name = policy.rsplit('/').next().unwrap();
        let is_meant = |known: &Value| {
            let known = known.as_str().or(known["name"].as_str()).or(known["arn"].as_str()).unwrap();
            known == policy || known == name || known.ends_with(&format!("/{name}"))
        };
        let mut found = 0;
        for list in ["policies", "managed_policies"] {
            for known in holder[list].as_array_mut().unwrap().iter_mut().filter(|known| is_meant(known)) {
                found += 1;
                if !change["document"].is_null() {
                    known["document"] = change["document"].clone();
                }
            }
            if change["document"].is_null() {
                holder[list].as_array_mut().unwrap().retain(|known| !is_meant(known));
            }
        }
        assert_eq!(found, 1, "{change}");
    }
}

fn text(change: &Value) -> &str {
    change["value"].as_str().unwrap_or_else(|| panic!("nothing is named: {change}"))
}

fn statements(document: &mut Value) -> &mut Vec<Value> {
    document["Statement"].as_array_mut().unwrap()
}

fn extend(document: &mut Value, with: &Value) {
    statements(document).extend(with["Statement"].as_array().unwrap().iter().cloned());
}

/// Lets what a change names through the denying statements of the organization: by a condition that they have, else by
/// one on the principal.
fn exempt(world: &mut Value, change: &Value) {
    let values = change["document"].as_object().unwrap();
    let mut widened = 0;
    for by_condition in [true, false] {
        let levels = world["organization"]["levels"].as_array_mut().unwrap();
        let policies = levels.iter_mut().flat_map(|level| level.as_array_mut().unwrap());
        let meant = policies.filter(|policy| change["policy"].is_null() || policy["arn"] == change["policy"]);
        for statement in meant.flat_map(|policy| statements(&mut policy["document"])) {
            if statement["Effect"] != "Deny" || widened > 0 && !by_condition {
                continue;
            }
            if !by_condition {
                statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"] = values["aws:PrincipalArn"].clone();
                continue;
            }
            let Some(conditions) = statement["Condition"].as_object_mut() else { continue };
            for (_, keys) in conditions.iter_mut().filter(|(name, _)| LETS_THROUGH.contains(&name.as_str())) {
                for (key, expected) in keys.as_object_mut().unwrap() {
                    let Some(more) = values.get(key).and_then(Value::as_array) else { continue };
                    let mut known = expected.as_array().cloned().unwrap_or_else(|| vec![expected.clone()]);
                    known.extend(more.iter().cloned());
                    *expected = Value::Array(known);
                    widened += 1;
                }
            }
        }
    }
}
