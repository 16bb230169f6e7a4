//! Policies as somebody means them, and the mistakes that people make when they write them down.

use super::probes::MODELS;
use serde_json::{Map, Value, json};

/// A generator of numbers that a seed repeats (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1))
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap() % bound
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

const ACCOUNT: &str = "111122223333";
const BOTH: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

fn model_in(region: &str, model: &str) -> String {
    format!("arn:aws:bedrock:{region}::foundation-model/{model}")
}

fn own(resource: &str) -> String {
    format!("arn:aws:bedrock:us-east-1:{ACCOUNT}:{resource}")
}

fn invoking(random: &mut Random) -> Value {
    match random.below(5) {
        0 => json!("bedrock:InvokeModel"),
        1 => json!("bedrock:InvokeModel*"),
        _ => json!(BOTH),
    }
}

/// The Regions in which the models of a profile are authorized when it is called in us-east-1.
fn regions_of(profile: &str) -> Vec<&'static str> {
    match profile {
        _ if profile.starts_with("global.") => vec!["us-east-1", ""],
        "us.anthropic.claude-3-haiku-20240307-v1:0" => vec!["us-east-1", "us-west-2"],
        _ => vec!["us-east-1", "us-east-2", "us-west-2"],
    }
}

/// Makes a policy that a person could mean, without mistakes.
pub fn intent(random: &mut Random) -> Value {
    let mut statements: Vec<Value> = Vec::new();
    for _ in 0..=random.below(3) {
        statements.extend(allow(random));
    }
    if random.below(2) == 0 {
        statements.push(deny(random));
    }
    for (at, statement) in statements.iter_mut().enumerate() {
        if random.below(3) > 0 {
            let members = statement.as_object_mut().unwrap();
            members.shift_insert(0, "Sid".to_owned(), json!(format!("Part{at}")));
        }
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn allow(random: &mut Random) -> Vec<Value> {
    let model = random.pick(&MODELS);
    let statement = |action: Value, resource: Value| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let mut statements = match random.below(14) {
        0 | 1 => vec![statement(invoking(random), json!(model_in("us-east-1", model)))],
        2 => {
            let regions = ["us-east-1", "eu-west-3"];
            let list: Vec<String> = regions.iter().map(|region| model_in(region, model)).collect();
            vec![statement(invoking(random), json!(list))]
        }
        3 => vec![statement(invoking(random), json!(model_in("*", "anthropic.claude-*")))],
        4..=7 => profile(random, model),
        8 => {
            let arn = own("application-inference-profile/abcdefghijkl");
            // What is behind the profile is a fact, whoever writes the policy.
            let model = MODELS[0];
            let mut models =
                statement(json!(BOTH), json!([model_in("us-east-1", model), model_in("us-west-2", model)]));
            models["Condition"] = json!({"StringEquals": {"bedrock:InferenceProfileArn": arn}});
            vec![statement(json!(BOTH), json!(arn)), models]
        }
        9 => vec![statement(json!("bedrock:ApplyGuardrail"), json!(own("guardrail/gr1")))],
        10 => vec![statement(json!(["bedrock:ListFoundationModels", "bedrock:ListInferenceProfiles"]), json!("*"))],
        11 => vec![
            statement(json!("bedrock:InvokeAgent"), json!(own("agent-alias/AGENT1/*"))),
            statement(json!("bedrock:Retrieve"), json!(own("knowledge-base/KB1"))),
        ],
        12 => {
            let role = json!(format!("arn:aws:iam::{ACCOUNT}:role/service-role/agents"));
            let mut pass = statement(json!("iam:PassRole"), role);
            pass["Condition"] = json!({"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}});
            vec![pass]
        }
        _ => {
            let mut key = statement(json!("bedrock:CallWithBearerToken"), json!("*"));
            key["Condition"] = json!({"StringEquals": {"bedrock:BearerTokenType": "SHORT_TERM"}});
            let project = json!(format!("arn:aws:bedrock-mantle:us-east-1:{ACCOUNT}:project/default"));
            vec![key, statement(json!("bedrock-mantle:CreateInference"), project)]
        }
    };
    if random.below(3) == 0 {
        let (operator, key, value) = random.pick(&[
            ("StringEquals", "aws:SourceVpce", "vpce-1"),
            ("Bool", "aws:MultiFactorAuthPresent", "true"),
            ("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
            ("StringEquals", "aws:PrincipalTag/team", "search"),
            ("StringLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/ch*"),
            ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/ch*"),
        ]);
        for statement in &mut statements {
            statement["Condition"][operator][key] = json!(value);
        }
    }
    statements
}

/// A profile and the models behind it, in the forms that AWS documents.
fn profile(random: &mut Random, model: &str) -> Vec<Value> {
    let geography = random.pick(&["us", "us", "global"]);
    let id = format!("{geography}.{model}");
    let arn = own(&format!("inference-profile/{id}"));
    let models: Vec<String> = regions_of(&id).iter().map(|region| model_in(region, model)).collect();
    let action = invoking(random);
    if random.below(3) == 0 {
        let all: Vec<&String> = std::iter::once(&arn).chain(&models).collect();
        return vec![json!({"Effect": "Allow", "Action": action, "Resource": all})];
    }
    let operator = random.pick(&["StringEquals", "ArnEquals", "StringLike"]);
    vec![
        json!({"Effect": "Allow", "Action": action.clone(), "Resource": arn}),
        json!({"Effect": "Allow", "Action": action, "Resource": models,
               "Condition": {operator: {"bedrock:InferenceProfileArn": arn}}}),
    ]
}

fn deny(random: &mut Random) -> Value {
    let guardrail = own("guardrail/gr1");
    let (action, resource, condition) = match random.below(8) {
        0 => (json!(BOTH), json!(model_in("*", random.pick(&MODELS))), None),
        1 => (
            json!(BOTH),
            json!("arn:aws:bedrock:*::foundation-model/*"),
            Some(json!({"StringNotEquals": {"bedrock:GuardrailIdentifier": guardrail}})),
        ),
        2 => (json!("bedrock:*"), json!("*"), Some(json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}))),
        3 => (
            json!("bedrock:*"),
            json!("*"),
            Some(
                json!({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "us-east-2", "us-west-2", "unspecified"]}}),
            ),
        ),
        4 => (json!("*"), json!("*"), Some(json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))),
        5 => (
            json!("bedrock:CallWithBearerToken"),
            json!("*"),
            Some(json!({"StringEquals": {"bedrock:BearerTokenType": "LONG_TERM"}})),
        ),
        6 => (json!(BOTH), json!("*"), Some(json!({"StringEquals": {"aws:PrincipalTag/team": "other"}}))),
        _ => (json!(BOTH), json!(own("inference-profile/global.*")), None),
    };
    let mut statement = json!({"Effect": "Deny", "Action": action, "Resource": resource});
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}

/// A mistake: it changes a policy and returns `true`, or returns `false` where it cannot be made.
type Mistake = fn(&mut Value, &mut Random) -> bool;

pub const MISTAKES: &[(&str, Mistake)] = &[
    ("the name of the API call", |policy, random| {
        actions(policy, random, |action| match action {
            "bedrock:InvokeModel" => Some("bedrock:Converse".into()),
            "bedrock:InvokeModelWithResponseStream" => Some("bedrock:ConverseStream".into()),
            "bedrock:InvokeModel*" => Some("bedrock:Converse*".into()),
            _ => None,
        })
    }),
    ("the endpoint as prefix", |policy, random| {
        actions(policy, random, |action| {
            let endpoint = match action {
                "bedrock:InvokeAgent" | "bedrock:Retrieve" => "bedrock-agent-runtime",
                _ => "bedrock-runtime",
            };
            action.strip_prefix("bedrock:").map(|name| format!("{endpoint}:{name}"))
        })
    }),
    ("a slip in an action", |policy, random| {
        actions(policy, random, |action| {
            let name = action.strip_prefix("bedrock:").filter(|name| name.len() > 8 && !name.contains('*'))?;
            let mut letters: Vec<char> = name.chars().collect();
            letters.swap(6, 7);
            Some(format!("bedrock:{}", letters.into_iter().collect::<String>()))
        })
    }),
    ("an account in a model's ARN", |policy, random| {
        resources(policy, random, |arn| Some(arn.replace("::foundation-model/", ":111122223333:foundation-model/")))
    }),
    ("no account in a profile's ARN", |policy, random| {
        resources(policy, random, |arn| arn.contains("inference-profile/").then(|| arn.replace(":111122223333:", "::")))
    }),
    ("a profile as a model", |policy, random| {
        resources(policy, random, |arn| {
            arn.contains(":inference-profile/")
                .then(|| arn.replace(":111122223333:inference-profile/", "::foundation-model/"))
        })
    }),
    ("no version", |policy, random| resources(policy, random, |arn| arn.strip_suffix("-v1:0").map(str::to_owned))),
    ("half a version", |policy, random| resources(policy, random, |arn| arn.strip_suffix(":0").map(str::to_owned))),
    ("no provider", |policy, random| {
        resources(policy, random, |arn| {
            let (front, id) = arn.split_once(":foundation-model/")?;
            let (_, name) = id.split_once('.').filter(|(provider, _)| ["amazon", "anthropic"].contains(provider))?;
            Some(format!("{front}:foundation-model/{name}"))
        })
    }),
    ("the models forgotten", |policy, random| {
        let at = statements(policy).iter().position(|statement| {
            statement["Effect"] == "Allow" && statement["Condition"].to_string().contains("InferenceProfileArn")
        });
        at.is_some_and(|at| {
            statements(policy).len() > 1 && random.below(1) == 0 && {
                statements(policy).remove(at);
                true
            }
        })
    }),
    ("a Region forgotten", |policy, random| {
        let random = random.below(8);
        let lists = statements(policy).iter_mut().filter(|statement| statement["Effect"] == "Allow");
        let mut lists = lists.filter_map(|statement| statement["Resource"].as_array_mut());
        lists.find(|list| list.len() > 1).is_some_and(|list| {
            let at = random % list.len();
            let is_model = list[at].as_str().is_some_and(|arn| arn.contains(":foundation-model/"));
            if is_model {
                list.remove(at);
            }
            is_model
        })
    }),
    ("the profile under its own condition", |policy, _| {
        let all = statements(policy);
        let with_key = |statement: &Value| statement["Condition"].to_string().contains("bedrock:InferenceProfileArn");
        let Some(models) = all.iter().position(|one| one["Effect"] == "Allow" && with_key(one)) else { return false };
        if models == 0 {
            return false;
        }
        let profile = all.remove(models - 1)["Resource"].clone();
        let Some(list) = all[models - 1]["Resource"].as_array_mut().filter(|_| profile.is_string()) else {
            return false;
        };
        list.insert(0, profile);
        true
    }),
    ("a key with the wrong prefix", |policy, random| {
        keys(policy, random, |key| match key {
            "bedrock:InferenceProfileArn" => Some("aws:InferenceProfileArn".into()),
            "bedrock:GuardrailIdentifier" => Some("aws:GuardrailIdentifier".into()),
            "aws:SourceVpce" => Some("bedrock:SourceVpce".into()),
            _ => None,
        })
    }),
    ("a slip in a key", |policy, random| {
        keys(policy, random, |key| match key {
            "aws:PrincipalTag/team" => Some("aws:PrincipalTags/team".into()),
            "aws:SourceVpce" => Some("aws:SourceVpcee".into()),
            "aws:SourceIp" => Some("aws:SourceIpp".into()),
            "aws:MultiFactorAuthPresent" => Some("aws:MultifactorAuthPresence".into()),
            "bedrock:BearerTokenType" => Some("bedrock:BearerTokenTypes".into()),
            _ => None,
        })
    }),
    ("listing on ARNs", |policy, random| {
        let all = statements(policy);
        let is_model =
            |one: &Value| one["Effect"] == "Allow" && one["Resource"].to_string().contains("foundation-model/");
        let Some(model) = all.iter().position(is_model) else { return false };
        let Some(list) = all.iter().position(|one| one["Action"].to_string().contains("bedrock:ListFoundationModels"))
        else {
            return false;
        };
        let _ = random;
        let Some(actions) = all[model]["Action"].as_array_mut() else { return false };
        actions.push(json!("bedrock:ListFoundationModels"));
        all.remove(list);
        true
    }),
    ("`unspecified` forgotten", |policy, _| {
        statements(policy).iter_mut().any(|statement| {
            let regions = &mut statement["Condition"]["StringNotEquals"]["aws:RequestedRegion"];
            let is_there = regions.as_array_mut().is_some_and(|regions| regions.pop().is_some());
            if !is_there {
                tidy(statement);
            }
            is_there
        })
    }),
    ("a colon too many", |policy, random| {
        resources(policy, random, |arn| {
            arn.contains("::foundation-model").then(|| arn.replace("::foundation-model", ":::foundation-model"))
        })
    }),
    ("a colon too few", |policy, random| {
        resources(policy, random, |arn| {
            arn.contains("::foundation-model").then(|| arn.replace("::foundation-model", ":foundation-model"))
        })
    }),
    ("a wrong type", |policy, random| {
        let wrong = random.pick(&["foundational-model/", "model/", "foundation-models/", "foundation_model/"]);
        let right = random.below(2) == 0;
        if right {
            resources(policy, random, |arn| {
                arn.contains("foundation-model/").then(|| arn.replace("foundation-model/", wrong))
            })
        } else {
            resources(policy, random, |arn| {
                arn.contains("inference-profile/").then(|| arn.replace("inference-profile/", "inference-profiles/"))
            })
        }
    }),
    ("a Region without a hyphen", |policy, random| {
        resources(policy, random, |arn| arn.contains("us-east-1").then(|| arn.replace("us-east-1", "us-east1")))
    }),
    ("another partition", |policy, random| {
        resources(policy, random, |arn| arn.contains(":us-").then(|| arn.replace("arn:aws:", "arn:aws-us-gov:")))
    }),
    ("the endpoint in an ARN", |policy, random| {
        resources(policy, random, |arn| {
            arn.contains(":bedrock:").then(|| arn.replace(":bedrock:", ":bedrock-runtime:"))
        })
    }),
    ("a guardrail's version in its ARN", |policy, random| {
        resources(policy, random, |arn| arn.contains(":guardrail/").then(|| format!("{arn}:1")))
    }),
    ("an agent for its alias", |policy, random| {
        resources(policy, random, |arn| {
            arn.contains(":agent-alias/").then(|| arn.replace("agent-alias/AGENT1/*", "agent/AGENT1"))
        })
    }),
    ("a model's id as the resource", |policy, random| {
        resources(policy, random, |arn| {
            arn.split_once("::foundation-model/").filter(|(_, id)| !id.contains('*')).map(|(_, id)| id.to_owned())
        })
    }),
    ("an id for an ARN in a condition", |policy, random| {
        values(policy, random, |key, value| match key {
            "bedrock:GuardrailIdentifier" => value.rsplit('/').next().map(str::to_owned),
            "bedrock:InferenceProfileArn" => value.rsplit('/').next().map(str::to_owned),
            _ => None,
        })
    }),
    ("a wildcard under StringEquals", |policy, _| {
        statements(policy).iter_mut().any(|statement| {
            let Some(conditions) = statement["Condition"].as_object_mut() else {
                tidy(statement);
                return false;
            };
            let has = conditions.get("StringLike").is_some_and(|block| block.to_string().contains('*'));
            if has && !conditions.contains_key("StringEquals") {
                let block = conditions.shift_remove("StringLike").unwrap();
                conditions.insert("StringEquals".to_owned(), block);
                return true;
            }
            false
        })
    }),
    ("a value in the wrong case", |policy, random| {
        values(policy, random, |key, value| match (key, value) {
            ("bedrock:BearerTokenType", "SHORT_TERM") => Some("short-term".into()),
            ("bedrock:BearerTokenType", "LONG_TERM") => Some("long_term".into()),
            _ => None,
        })
    }),
    ("a role passed to an endpoint", |policy, random| {
        values(policy, random, |key, _| {
            (key == "iam:PassedToService").then(|| "bedrock-agent.amazonaws.com".to_owned())
        })
    }),
    ("a Sid twice", |policy, _| {
        let all = statements(policy);
        if all.len() < 2 {
            return false;
        }
        for statement in all.iter_mut().take(2) {
            statement["Sid"] = json!("Same");
        }
        true
    }),
    ("a Sid with a hyphen", |policy, random| {
        let all = statements(policy);
        let at = random.below(all.len());
        all[at]["Sid"] = json!("allow-it");
        true
    }),
];

/// Removes the `null`s that indexing leaves behind.
fn tidy(statement: &mut Value) {
    if let Some(members) = statement.as_object_mut() {
        members.retain(|_, value| !value.is_null());
        if let Some(conditions) = members.get_mut("Condition").and_then(Value::as_object_mut) {
            for (_, block) in conditions.iter_mut() {
                if let Some(block) = block.as_object_mut() {
                    block.retain(|_, value| !value.is_null());
                }
            }
            conditions.retain(|_, block| block.as_object().is_some_and(|block| !block.is_empty()));
        }
        if members.get("Condition").and_then(Value::as_object).is_some_and(Map::is_empty) {
            members.shift_remove("Condition");
        }
    }
}

fn statements(policy: &mut Value) -> &mut Vec<Value> {
    policy["Statement"].as_array_mut().unwrap()
}

/// Changes one string of `Action` or `Resource`, or all of one statement's.
fn strings(policy: &mut Value, random: &mut Random, element: &str, change: impl Fn(&str) -> Option<String>) -> bool {
    let all = statements(policy);
    let changed = |value: &Value| {
        let text = value.as_str().unwrap();
        change(text).filter(|new| new != text)
    };
    let mut places: Vec<(usize, Option<usize>)> = Vec::new();
    for (at, statement) in all.iter().enumerate() {
        match &statement[element] {
            Value::Array(values) => {
                places.extend(
                    (0..values.len()).filter(|place| changed(&values[*place]).is_some()).map(|place| (at, Some(place))),
                );
            }
            one => places.extend(changed(one).map(|_| (at, None))),
        }
    }
    if places.is_empty() {
        return false;
    }
    let (at, place) = random.pick(&places);
    match (place, &mut all[at][element]) {
        (Some(place), Value::Array(values)) if random.below(2) == 0 => {
            let new = changed(&values[place]).unwrap();
            values[place] = new.into();
        }
        (Some(_), Value::Array(values)) => {
            for value in values {
                if let Some(new) = changed(value) {
                    *value = new.into();
                }
            }
        }
        (_, one) => {
            let new = changed(one).unwrap();
            *one = new.into();
        }
    }
    true
}

fn actions(policy: &mut Value, random: &mut Random, change: impl Fn(&str) -> Option<String>) -> bool {
    strings(policy, random, "Action", change)
}

fn resources(policy: &mut Value, random: &mut Random, change: impl Fn(&str) -> Option<String>) -> bool {
    strings(policy, random, "Resource", change)
}

/// Renames one key of a condition.
fn keys(policy: &mut Value, random: &mut Random, change: impl Fn(&str) -> Option<String>) -> bool {
    let start = random.below(8);
    let all = statements(policy);
    let count = all.len();
    for offset in 0..count {
        let statement = &mut all[(start + offset) % count];
        let Some(conditions) = statement.get_mut("Condition").and_then(Value::as_object_mut) else { continue };
        for (_, block) in conditions.iter_mut() {
            let block = block.as_object_mut().unwrap();
            let found = block.keys().find_map(|key| Some((key.clone(), change(key)?)));
            if let Some((old, new)) = found {
                let value = block.shift_remove(&old).unwrap();
                block.insert(new, value);
                return true;
            }
        }
    }
    false
}

/// Changes one value of a condition.
fn values(policy: &mut Value, random: &mut Random, change: impl Fn(&str, &str) -> Option<String>) -> bool {
    let start = random.below(8);
    let all = statements(policy);
    let count = all.len();
    for offset in 0..count {
        let statement = &mut all[(start + offset) % count];
        let Some(conditions) = statement.get_mut("Condition").and_then(Value::as_object_mut) else { continue };
        for block in conditions.values_mut().filter_map(Value::as_object_mut) {
            for (key, value) in block.iter_mut() {
                if let Some(new) = value.as_str().and_then(|value| change(key, value)) {
                    *value = new.into();
                    return true;
                }
            }
        }
    }
    false
}
