//! Requests about which policies are asked: actions on resources that they can be authorized on, in many contexts.

use super::mistakes::Random;
use bedrock_access::iam::{ContextKeys, ContextValue, RequestContext};

pub const MODELS: [&str; 4] = [
    "amazon.nova-lite-v1:0",
    "amazon.nova-pro-v1:0",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
];
const REGIONS: [&str; 6] = ["us-east-1", "us-east-2", "us-west-2", "eu-west-3", "us-gov-west-1", ""];
const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];

/// Keys that conditions are about, with values that meet them and values that do not.
const KEYS: [(&str, &[&str]); 8] = [
    ("aws:SourceVpce", &["vpce-1", "vpce-2"]),
    ("aws:MultiFactorAuthPresent", &["true", "false"]),
    ("aws:SourceIp", &["203.0.113.7", "198.51.100.7"]),
    ("aws:PrincipalTag/team", &["search", "other"]),
    ("aws:PrincipalArn", &["arn:aws:iam::111122223333:role/chat", "arn:aws:iam::111122223333:role/batch"]),
    ("aws:PrincipalOrgID", &["o-1", "o-2"]),
    (
        "bedrock:GuardrailIdentifier",
        &[
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/gr1",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/gr1:2",
            "arn:aws:bedrock:us-east-1:444455556666:guardrail/gr9",
        ],
    ),
    ("bedrock:ServiceTier", &["default", "flex"]),
];

/// Returns the profiles that requests can go through: ARN, model behind, Regions in which that is authorized.
fn profiles() -> Vec<(String, &'static str, Vec<&'static str>)> {
    let mut all = Vec::new();
    for account in ACCOUNTS {
        for model in MODELS {
            let us = vec!["us-east-1", "us-east-2", "us-west-2"];
            all.push((format!("arn:aws:bedrock:us-east-1:{account}:inference-profile/us.{model}"), model, us));
            let global = vec!["us-east-1", ""];
            all.push((format!("arn:aws:bedrock:us-east-1:{account}:inference-profile/global.{model}"), model, global));
        }
        for id in ["abcdefghijkl", "mnopqrstuvwx"] {
            let arn = format!("arn:aws:bedrock:us-east-1:{account}:application-inference-profile/{id}");
            all.push((arn, MODELS[0], vec!["us-east-1", "us-west-2"]));
        }
    }
    all
}

/// Returns a context in which every key has its first value, but for a few.
fn context(random: &mut Random) -> ContextKeys {
    let mut keys = ContextKeys::new();
    let (spoiled, absent) = (random.below(KEYS.len() * 2), random.below(KEYS.len() * 2));
    let none = random.below(12) == 0;
    for (at, (key, values)) in KEYS.iter().enumerate() {
        if at == absent || none {
            continue;
        }
        let value = if at == spoiled { values[1 + random.below(values.len() - 1)] } else { values[0] };
        keys.set(key, ContextValue::from(value));
    }
    keys
}

fn region_of(resource: &str) -> String {
    let region = resource.split(':').nth(3).unwrap_or("us-east-1");
    if region.is_empty() && resource.contains(":bedrock:") { "unspecified".to_owned() } else { region.to_owned() }
}

/// Returns the requests for one policy: every action on every resource that fits, each in some contexts.
pub fn for_policies(random: &mut Random) -> Vec<RequestContext> {
    let mut all = Vec::new();
    let mut add = |action: &str, resource: &str, key: Option<(&str, &str)>, random: &mut Random| {
        for times in 0..2 {
            let mut keys = if times == 0 { met() } else { context(random) };
            keys.set("aws:RequestedRegion", region_of(resource));
            if let Some((key, value)) = key {
                keys.set(key, value);
            }
            all.push(RequestContext { action: action.to_owned(), resource: resource.to_owned(), context: keys });
        }
    };
    let profiles = profiles();
    for action in ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"] {
        for model in MODELS {
            for region in REGIONS.iter().filter(|region| !region.is_empty()) {
                let partition = if region.starts_with("us-gov") { "aws-us-gov" } else { "aws" };
                add(action, &format!("arn:{partition}:bedrock:{region}::foundation-model/{model}"), None, random);
            }
        }
        for (arn, model, regions) in &profiles {
            if random.below(2) == 0 && arn.contains("444455556666") {
                continue;
            }
            add(action, arn, None, random);
            for region in regions {
                let model = format!("arn:aws:bedrock:{region}::foundation-model/{model}");
                add(action, &model, Some(("bedrock:InferenceProfileArn", arn)), random);
            }
        }
    }
    for account in ACCOUNTS {
        let own = |resource: &str| format!("arn:aws:bedrock:us-east-1:{account}:{resource}");
        for guardrail in ["guardrail/gr1", "guardrail/gr9"] {
            add("bedrock:ApplyGuardrail", &own(guardrail), None, random);
            add("bedrock:DeleteGuardrail", &own(guardrail), None, random);
        }
        for alias in ["agent-alias/AGENT1/ALIAS1", "agent-alias/AGENT2/ALIAS1"] {
            add("bedrock:InvokeAgent", &own(alias), None, random);
        }
        add("bedrock:DeleteAgent", &own("agent/AGENT1"), None, random);
        for base in ["knowledge-base/KB1", "knowledge-base/KB2"] {
            add("bedrock:Retrieve", &own(base), None, random);
            add("bedrock:DeleteKnowledgeBase", &own(base), None, random);
        }
        for service in ["bedrock.amazonaws.com", "lambda.amazonaws.com"] {
            let role = format!("arn:aws:iam::{account}:role/service-role/agents");
            add("iam:PassRole", &role, Some(("iam:PassedToService", service)), random);
        }
        let project = format!("arn:aws:bedrock-mantle:us-east-1:{account}:project/default");
        add("bedrock-mantle:CreateInference", &project, None, random);
    }
    for action in [
        "bedrock:ListFoundationModels",
        "bedrock:ListInferenceProfiles",
        "bedrock:GetFoundationModelAvailability",
        "bedrock:RetrieveAndGenerate",
        "bedrock:CreateAgent",
        "s3:ListAllMyBuckets",
    ] {
        add(action, "*", None, random);
    }
    for token in ["LONG_TERM", "SHORT_TERM"] {
        add("bedrock:CallWithBearerToken", "*", Some(("bedrock:BearerTokenType", token)), random);
    }
    all
}

/// Returns the context in which every condition is met.
fn met() -> ContextKeys {
    let mut keys = ContextKeys::new();
    for (key, values) in KEYS {
        keys.set(key, values[0]);
    }
    keys
}
