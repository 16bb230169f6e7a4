//! A proposed policy by itself: what it allows, and what it does not. It allows what was refused, and nothing else, be it
//! allowed otherwise or not.

use super::account::diagnosed;
use super::applier::{apply, changes, find, requested};
use crate::support::http::Client;
use bedrock_access::iam::{ContextKeys, Decision, RequestContext};
use bedrock_access::policy::{Document, Policies, Policy, Question, decide};
use bedrock_access::sandbox::World;
use serde_json::{Value, json};

/// Checks every policy that a report proposes for an account; returns how many requests were held against them.
pub fn check(name: &str, text: &str, report: &Value) -> usize {
    let all = changes(report);
    // What is needed to meet a condition stands beside the policies that are there, and is not enough alone.
    if all.iter().any(|change| change["change"] == "meet-condition") {
        return 0;
    }
    let mended = apply(text, &all, report);
    let after = diagnosed(&mended);
    let proposed = all.iter().filter(|change| {
        let policy_type = change["policy_type"].as_str().unwrap_or_default();
        change["change"] == "add-statement" && !["resource-policy", "service-control-policy"].contains(&policy_type)
    });
    let mut held = 0;
    for change in proposed {
        held += by_the_engine(name, change, &after, report);
        // Where the account allowed a part of the call before, the policy alone is not enough for it.
        if change["policy_type"] == "identity-policy" && is_whole(change, &after) {
            by_the_account(name, &mended, change, &after);
        }
    }
    held
}

/// Returns `true` if a policy names everything that its holder needs.
fn is_whole(change: &Value, after: &Value) -> bool {
    let holds = |values: &Value, value: &str| {
        values == value || values.as_array().is_some_and(|values| values.iter().any(|known| known == value))
    };
    let statements = change["document"]["Statement"].as_array().unwrap();
    requirements_of_holder(change, after).iter().all(|needed| {
        let mut naming = statements.iter().filter(|one| holds(&one["Action"], &needed.action));
        naming.any(|one| holds(&one["Resource"], &needed.resource))
    })
}

/// The requirements of whoever a policy is for.
fn requirements_of_holder(change: &Value, after: &Value) -> Vec<RequestContext> {
    let service_role = after["request"]["service_role"].as_str().unwrap_or_default().rsplit('/').next().unwrap();
    let holder = change["attached_to"].as_str().unwrap_or_default();
    let whose = if holder == format!("role/{service_role}") { "service-role" } else { "caller" };
    let requirements = after["requirements"].as_array().unwrap().iter();
    let own = requirements.filter(|requirement| requirement["whose"] == whose);
    own.map(|requirement| requested(requirement, after)).collect()
}

/// Returns `true` if a report says that a requirement is allowed as things are.
fn was_allowed(request: &RequestContext, report: &Value) -> bool {
    let before = report["requirements"].as_array().unwrap().iter();
    let mut same = before.filter(|known| known["action"] == *request.action && known["resource"] == *request.resource);
    same.next().is_some_and(|known| known["decision"] == "allowed")
}

/// The engine: every requirement of whoever the policy is for that was not allowed is, and nothing beside them.
fn by_the_engine(name: &str, change: &Value, after: &Value, report: &Value) -> usize {
    let requirements = requirements_of_holder(change, after);
    assert!(!requirements.is_empty(), "{name}");
    let allows = |request: &RequestContext| {
        let document = Policy::unnamed(Document::parse(&change["document"].to_string()).unwrap());
        let mut policies = Policies { identity: vec![document], ..Policies::default() };
        if change["policy_type"] == "vpc-endpoint-policy" {
            policies.vpc_endpoint = policies.identity.pop();
            let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
            policies.identity.push(Policy::unnamed(Document::parse(everything).unwrap()));
        }
        let caller = after["caller"]["arn"].as_str().unwrap();
        decide(&Question::new(caller, request), &policies).decision == Decision::Allowed
    };
    let mut held = 0;
    // Neither a session's policy nor an endpoint's is simulated.
    let is_simulated = !["session-policy", "vpc-endpoint-policy"].contains(&change["policy_type"].as_str().unwrap());
    for requirement in &requirements {
        if is_simulated && was_allowed(requirement, report) {
            assert!(!allows(requirement), "{name} repeats {requirement:?} in {:#}", change["document"]);
            continue;
        }
        assert!(allows(requirement), "{name} lacks {requirement:?} in {:#}", change["document"]);
        for other in beside(requirement).into_iter().filter(|other| !requirements.contains(other)) {
            assert!(!allows(&other), "{name} allows {other:?} as well: {:#}", change["document"]);
            held += 1;
        }
    }
    held
}

/// Requests that differ from a requirement in one thing: another model, Region, account or action, or not through the profile.
fn beside(requirement: &RequestContext) -> Vec<RequestContext> {
    let RequestContext { action, resource, context } = requirement;
    let on = |resource: String, context: ContextKeys| RequestContext { action: action.clone(), resource, context };
    let mut others = vec![RequestContext { action: format!("{action}Other"), ..requirement.clone() }];
    if resource == "*" {
        return others;
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let with = |at: usize, value: &str| {
        let mut parts = parts.clone();
        parts[at] = value;
        parts.join(":")
    };
    if parts[2].starts_with("bedrock") {
        others.push(on(format!("{resource}x"), context.clone()));
        let elsewhere = context.clone().with("aws:RequestedRegion", "eu-south-2");
        others.push(on(with(3, "eu-south-2"), elsewhere));
        if !parts[4].is_empty() {
            others.push(on(with(4, "444455556666"), context.clone()));
        }
    } else {
        // Of a bucket there is one in the world, whatever Region and account it is in.
        others.push(on(with(5, &format!("x{}", parts[5])), context.clone()));
    }
    if context.get("bedrock:InferenceProfileArn").is_some() {
        others.push(on(resource.clone(), context.without("bedrock:InferenceProfileArn")));
    }
    others
}

/// The account: with this policy alone its holder makes the call, and calls no other model and no other Region.
fn by_the_account(name: &str, mended: &str, change: &Value, after: &Value) {
    let mut facts: Value = serde_json::from_str(mended).unwrap();
    let holder = find(&mut facts, change["attached_to"].as_str().unwrap());
    holder["policies"] = json!([{"name": "alone", "document": change["document"]}]);
    for lists in ["managed_policies", "groups"] {
        holder[lists] = json!([]);
    }
    let region = after["request"]["region"].as_str().unwrap();
    let asked = after["model_access"]["model"].as_str().unwrap_or_default().to_owned();
    let models = facts["models"].as_array().unwrap();
    let ids = models.iter().map(|model| model["id"].as_str().unwrap().to_owned());
    let others: Vec<String> = ids.filter(|id| *id != asked).collect();
    assert!(!others.is_empty(), "{name}");
    let is_the_callers = {
        let of_key = after["principal"]["arn"].as_str().unwrap();
        of_key.rsplit('/').next() == change["attached_to"].as_str().unwrap().rsplit('/').next()
    };
    let mut client = Client::new(World::parse(&facts.to_string()).unwrap());
    let answer = client.own_request();
    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    if !is_the_callers {
        return;
    }
    for other in others {
        let answer = client.converse(&other);
        assert_eq!(answer.status, 403, "{name}: {other} in {region}: {}", answer.text());
    }
    // An API key is for calls to the world's own Region.
    if client.bearer.is_none() {
        client.region = "us-east-1".to_owned();
        assert_ne!(client.converse(&asked).status, 200, "{name}");
    }
}
