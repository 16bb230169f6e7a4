//! The reading of policies against the embedded account: what it costs, and that every place it names is the world's.

use crate::support::saved::answer;
use bedrock_access::policy::Document;
use bedrock_access::sandbox::World;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

fn report(arguments: &[&str]) -> Value {
    let (world, arguments) = arguments.split_first().unwrap();
    answer(world, &[&["--format", "json"], arguments].concat()).json()
}

/// Counts the calls of a report whose API is one of these; none counts all.
fn calls(report: &Value, apis: &[&str]) -> usize {
    let made = report["observations"].as_array().unwrap().iter().filter(|call| call["outcome"] != "skipped");
    made.filter(|call| apis.is_empty() || apis.contains(&call["api"].as_str().unwrap())).count()
}

const READS: [&str; 7] = [
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRolePolicy",
    "iam:GetUserPolicy",
];

#[test]
fn a_healthy_foundation_model_takes_ten_calls_at_most() {
    let report = report(&["healthy", "--model", "amazon.nova-lite-v1:0"]);
    assert_eq!(report["verdict"], "allowed");
    let made = calls(&report, &[]);
    assert!(made <= 10, "{made}: {}", report["observations"]);
}

#[test]
fn no_world_takes_more_calls_than_its_budget() {
    for name in World::names() {
        let report = report(&[name]);
        let simulated = calls(&report, &["iam:SimulatePrincipalPolicy"]);
        // Where a service role is judged as well, each of the two has a budget of its own.
        let judged = 1 + usize::from(!report["request"]["service_role"].is_null());
        assert!(simulated <= 14 * judged, "{name}: {simulated} simulator calls");
        let text = World::embedded_text(name).unwrap();
        let facts: Facts<'_> = serde_json::from_str(text).unwrap();
        let principal = facts.caller();
        if !principal.arn.contains(":role/") {
            continue;
        }
        let attached =
            principal.policies.len() + principal.managed_policies.len() + usize::from(principal.boundary.is_some());
        let read = calls(&report, &READS);
        assert!(read <= 3 + 2 * attached, "{name}: {read} reads of {attached} policies");
    }
}

#[test]
fn an_aws_managed_policy_of_a_known_version_is_not_read_again() {
    let report = report(&["read-only"]);
    assert_eq!(calls(&report, &["iam:GetPolicy", "iam:GetPolicyVersion"]), 0);
    assert_eq!(report["findings"][0]["cause"], "identity-policy-missing-allow");
}

#[test]
fn who_may_not_read_is_refused_three_times_and_not_asked_further() {
    let report = report(&["no-simulator"]);
    assert_eq!(calls(&report, &READS), 3);
}

#[derive(Deserialize)]
struct Facts<'t> {
    caller: String,
    #[serde(borrow)]
    principals: Vec<Holder<'t>>,
    #[serde(borrow, default)]
    groups: Vec<Holder<'t>>,
}

#[derive(Deserialize)]
struct Holder<'t> {
    arn: String,
    #[serde(borrow, default)]
    policies: Vec<Attached<'t>>,
    #[serde(borrow, default)]
    managed_policies: Vec<&'t RawValue>,
    #[serde(borrow, default)]
    boundary: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct Attached<'t> {
    #[serde(alias = "arn")]
    name: String,
    #[serde(borrow)]
    document: &'t RawValue,
}

impl<'t> Facts<'t> {
    fn caller(&self) -> &Holder<'t> {
        self.principals.iter().find(|principal| principal.arn == self.caller).unwrap()
    }

    /// Returns the text of a policy of a principal, its boundary or the groups, by name or ARN.
    fn text(&self, principal: &str, policy: &str) -> Option<&'t str> {
        let holders = self.groups.iter().chain(self.principals.iter().filter(|holder| holder.arn == principal));
        let mut inline = holders.clone().flat_map(|holder| &holder.policies);
        if let Some(found) = inline.find(|known| known.name == policy) {
            return Some(found.document.get());
        }
        let managed = holders.flat_map(|holder| holder.managed_policies.iter().copied().chain(holder.boundary));
        let mut attached = managed.filter_map(|raw| serde_json::from_str::<Attached<'t>>(raw.get()).ok());
        attached.find(|known| known.name == policy).map(|known| known.document.get())
    }

    /// The same by the name alone, as the simulator tells a managed policy.
    fn by_simple_name(&self, principal: &str, policy: &str) -> Option<&'t str> {
        let own = self.principals.iter().find(|holder| holder.arn == principal)?;
        let mut managed =
            own.managed_policies.iter().filter_map(|raw| serde_json::from_str::<Attached<'t>>(raw.get()).ok());
        let simple = policy.rsplit('/').next();
        let managed = managed.find(|known| known.name.rsplit('/').next() == simple);
        managed.map(|known| known.document.get()).or_else(|| self.text(principal, policy))
    }
}

#[test]
fn every_statement_is_named_as_the_world_has_it() {
    let mut named = 0;
    for name in World::names() {
        let report = report(&[name]);
        let facts: Facts<'_> = serde_json::from_str(World::embedded_text(name).unwrap()).unwrap();
        let requirements = report["requirements"].as_array().unwrap();
        let decided = requirements.iter().flat_map(|requirement| requirement["decided_by"].as_array().unwrap());
        let missed = requirements
            .iter()
            .flat_map(|requirement| requirement["near_misses"].as_array().unwrap())
            .map(|near| &near["statement"]);
        for statement in decided.chain(missed) {
            let policy = statement["policy"].as_str().unwrap();
            let Some(text) = facts.text(report["principal"]["arn"].as_str().unwrap(), policy) else { continue };
            let Some(index) = statement["statement"].as_u64() else { continue };
            let document = Document::parse(text).unwrap();
            let known = document.statements().get(usize::try_from(index).unwrap()).unwrap();
            assert_eq!(statement["sid"].as_str(), known.sid(), "{name}");
            let at = |field: &str| usize::try_from(statement[field].as_u64().unwrap()).unwrap();
            let line = text.lines().nth(at("line") - 1).unwrap();
            assert_eq!(line.chars().nth(at("column") - 1), Some('{'), "{name}: {statement}");
            assert_eq!((at("line"), at("column")), (known.line(), known.column()), "{name}");
            let quote = statement["quote"].as_str().unwrap();
            let telling = known.sid().map_or_else(|| "\"Effect\"".to_owned(), |sid| format!("\"{sid}\""));
            assert!(quote.contains(&telling), "{name}: {statement}");
            named += 1;
        }
    }
    assert!(named > 40, "{named}");
}

/// A refusal by a statement names it, whoever could read how much: policy, `Sid` where the text was read, and place.
#[test]
fn what_denies_explicitly_is_named_with_its_place() {
    let mut named = Vec::new();
    for name in World::names() {
        let report = report(&[name]);
        let facts: Facts<'_> = serde_json::from_str(World::embedded_text(name).unwrap()).unwrap();
        let requirements = report["requirements"].as_array().unwrap();
        let denied = requirements.iter().filter(|requirement| {
            let can_be_seen =
                ["identity-policy", "permissions-boundary"].map(Value::from).contains(&requirement["policy_type"]);
            requirement["whose"] == "caller" && requirement["decision"] == "explicitDeny" && can_be_seen
        });
        for statement in denied.flat_map(|requirement| requirement["decided_by"].as_array().unwrap().as_slice()) {
            let policy = statement["policy"].as_str().unwrap();
            let place = |field: &str| statement[field].as_u64().unwrap();
            let principal = report["principal"]["arn"].as_str().unwrap();
            if let Some(text) = facts.by_simple_name(principal, policy) {
                let document = Document::parse(text).unwrap();
                let mut denying =
                    document.statements().iter().map(|known| (known.line() as u64, known.column() as u64));
                assert!(denying.any(|known| known == (place("line"), place("column"))), "{name}: {statement}");
            }
            let called = (name, policy.rsplit('/').next().unwrap().to_owned());
            if !named.contains(&called) {
                named.push(called);
            }
        }
    }
    let named: Vec<(&str, &str)> = named.iter().map(|(name, policy)| (*name, policy.as_str())).collect();
    assert_eq!(
        named,
        [
            ("iam-explicit-deny", "DenyBedrockAccess"),
            ("two-denying-policies", "storage-and-freeze"),
            ("two-denying-policies", "DenyBedrockAccess"),
            ("deny-on-condition", "home-regions"),
            ("quarantined-key", "AWSCompromisedKeyQuarantineV3"),
            ("simulate-not-read", "DenyBedrockAccess"),
            ("guardrail-required", "guardrail"),
        ]
    );
}
