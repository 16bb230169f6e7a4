//! A world of many models, made of a healthy one: 120 models and 40 profiles, with a few that are not like the others.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The models of [`many_models`].
pub const MODELS: usize = 120;

/// Its profiles.
pub const PROFILES: usize = 40;

const PROVIDERS: [&str; 6] = ["amazon", "meta", "mistral", "cohere", "anthropic", "deepseek"];

/// Reads an embedded world.
pub fn embedded(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/sandbox/worlds/{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The id of the nth model.
pub fn model(n: usize) -> String {
    format!("{}.model-{n:03}-v1:0", PROVIDERS[n % PROVIDERS.len()])
}

/// Makes the world: every third model has a profile; the policy allows all of Bedrock but what `statements` add.
pub fn many_models(statements: &[Value]) -> Value {
    let mut world = embedded("healthy");
    world["name"] = json!("many-models");
    let gate = |agreement: &str, authorization: &str| {
        json!({
            "lifecycle": {"status": "ACTIVE"}, "agreement": {"status": agreement}, "authorization": authorization,
            "entitlement": "AVAILABLE", "region": "AVAILABLE",
        })
    };
    let models: Vec<Value> = (0..MODELS)
        .map(|n| {
            let gate = match n {
                7 => gate("AVAILABLE", "NOT_AUTHORIZED"),
                9 => gate("NOT_AVAILABLE", "AUTHORIZED"),
                _ => gate("AVAILABLE", "AUTHORIZED"),
            };
            let profile_only = n % 3 == 0 && n % 2 == 0;
            let mut regions = json!({"us-west-2": gate, "us-east-1": gate, "us-east-2": gate});
            if n == 11 {
                regions.as_object_mut().unwrap().remove("us-east-1");
            }
            if n == 13 {
                regions["us-west-2"]["lifecycle"]["status"] = json!("LEGACY");
            }
            json!({
                "id": model(n), "name": format!("Model {n}"), "provider": PROVIDERS[n % PROVIDERS.len()],
                "output_modalities": [if n % 10 == 0 { "EMBEDDING" } else { "TEXT" }],
                "inference_types": [if profile_only { "INFERENCE_PROFILE" } else { "ON_DEMAND" }],
                "regions": regions,
            })
        })
        .collect();
    world["models"] = json!(models);
    let profiles: Vec<Value> = (0..MODELS)
        .filter(|n| n % 3 == 0)
        .flat_map(|n| {
            ["us-west-2", "us-east-1"].map(|source| {
                let model = model(n);
                let reach =
                    if n % 4 == 0 { vec!["us-west-2", ""] } else { vec!["us-east-1", "us-east-2", "us-west-2"] };
                let prefix = if n % 4 == 0 { "global" } else { "us" };
                let models: Vec<String> =
                    reach.iter().map(|region| format!("arn:aws:bedrock:{region}::foundation-model/{model}")).collect();
                json!({"id": format!("{prefix}.{model}"), "region": source, "models": models})
            })
        })
        .collect();
    world["profiles"] = json!(profiles);
    world["request"] = json!({"model": model(1), "operation": "invoke-model", "region": "us-west-2", "live": null});
    let allow = json!({"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"});
    let support = json!({"Effect": "Allow", "Action": ["iam:GetRole", "iam:SimulatePrincipalPolicy", "aws-marketplace:*"], "Resource": "*"});
    let statements: Vec<Value> = [allow, support].into_iter().chain(statements.iter().cloned()).collect();
    let role = world["principals"].as_array_mut().unwrap().iter_mut().find(|role| role["access_key"].is_string());
    let role = role.unwrap();
    role["policies"] = json!([{"name": "everything", "document": {"Version": "2012-10-17", "Statement": statements}}]);
    role["managed_policies"] = json!([]);
    world
}
