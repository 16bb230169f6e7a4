//! Worlds: their form, their answers, and what copying, mending and merging them does.

use super::{HEALTHY, apply, asked, mends, patched, value};
use crate::support::http::Client;
use crate::support::program::schema;
use bedrock_access::sandbox::{Live, World};
use serde_json::{Value, json};

#[test]
fn every_world_follows_the_schema_and_bears_its_name() {
    let validator = schema("world-1");
    for name in World::names() {
        let facts = value(name);
        let errors: Vec<String> =
            validator.iter_errors(&facts).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        let world = World::embedded(name).unwrap();
        assert_eq!(world.name, name);
        assert!(!world.description.is_empty() && !world.description.ends_with('.'), "{name}");
    }
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let validator = schema("world-1");
    for patch in [
        json!([{"op": "add", "path": "/verdict", "value": "denied"}]),
        json!([{"op": "add", "path": "/principals/0/cause", "value": "x"}]),
        json!([{"op": "replace", "path": "/account", "value": "1234"}]),
        json!([{"op": "remove", "path": "/caller"}]),
        json!([{"op": "replace", "path": "/profiles/0/models", "value": []}]),
        json!([{"op": "replace", "path": "/models/0/regions/us-west-2/authorization", "value": "MAYBE"}]),
        json!([{"op": "add", "path": "/faults/-", "value": {"operation": "sts:GetCallerIdentity", "kind": "gremlins"}}]),
    ] {
        let mut facts: Value = serde_json::from_str(HEALTHY).unwrap();
        apply(&mut facts, &patch);
        assert!(!validator.is_valid(&facts), "schema takes {patch}");
        assert!(World::parse(&facts.to_string()).is_err(), "parser takes {patch}");
    }
}

#[test]
fn a_world_states_facts_and_no_findings() {
    fn walk(value: &Value, visit: &mut dyn FnMut(&str)) {
        match value {
            Value::String(text) => visit(text),
            Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
            Value::Object(fields) => fields.iter().for_each(|(key, item)| {
                visit(key);
                walk(item, visit);
            }),
            _ => {}
        }
    }
    for name in World::names() {
        let mut facts = value(name);
        // A world may be called after what is the case in it.
        facts.as_object_mut().unwrap().remove("name");
        walk(&facts, &mut |text| {
            for cause in bedrock_access::cause::Cause::ALL {
                assert_ne!(text, cause.code(), "{name}");
            }
            for word in ["cause", "verdict", "remedy", "finding", "expect", "expected", "answer"] {
                assert_ne!(text, word, "{name}");
            }
        });
    }
}

#[test]
fn a_live_call_is_wanted_only_where_nothing_else_can_tell() {
    let live: Vec<&str> =
        World::names().filter(|name| World::embedded(name).unwrap().request.live == Some(Live::Probe)).collect();
    assert_eq!(
        live,
        [
            "session-policy",
            "vpc-endpoint",
            "model-access-missing",
            "use-case-form",
            "no-simulator-denied",
            "read-not-simulate",
            "authorization-details",
            "sales-gate",
            "retention-below-minimum",
            "retention-other-region",
            "trusted-access-program",
            "default-project",
            "account-hold",
            "works-not-authorized",
            "litellm-session",
            "user-agent-deny",
            "api-key-other-region",
            "cross-account-guardrail",
            "mfa-required",
            "revoked-session",
            "boundary-and-scp",
            "source-ip-deny",
        ]
    );
}

#[test]
fn the_live_answer_of_every_world() {
    let all: Vec<String> = World::names().map(|name| format!("## {name}\n{}", asked(&Client::named(name)))).collect();
    insta::assert_snapshot!("live_answers", all.join("\n"));
}

#[test]
fn a_mended_world_is_healthy() {
    let mends = mends();
    for name in World::names() {
        let client = match mends.get(name) {
            Some(patch) => Client::new(patched(name, patch)),
            None => Client::named(name),
        };
        let answer = client.own_request();
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let denied = Client::named(name).own_request().status != 200;
        // What the simulator alone stumbles over is invisible to a live call, and so is what a job does later, or who may
        // assume the role that has been assumed.
        let unseen = [
            "healthy",
            "no-simulator",
            "throttled",
            "batch-service-role",
            "lambda-trusts-bedrock",
            "scp-denies-reading",
            "works-not-authorized",
            "first-calls",
            "batch-bucket-policy",
        ];
        let is_unseen = unseen.contains(&name);
        assert_eq!(denied, !is_unseen, "{name}");
    }
}

#[test]
fn no_answer_hangs_on_a_name() {
    let renamed = |text: &str| {
        text.replace("111122223333", "123456789012")
            .replace("apps/chat-api", "svc/other-role")
            .replace("chat-api", "other-role")
            .replace("claude-sonnet-4-5-20250929-v1:0", "claude-renamed-v9:0")
            .replace("us-west-2", "ap-south-1")
    };
    for name in World::names() {
        let named = format!("\"name\": \"{name}\"");
        let copy = renamed(World::embedded_text(name).unwrap()).replace(&named, "\"name\": \"a-copy\"");
        let client = Client::new(World::parse(&copy).unwrap_or_else(|error| panic!("{name}: {error}")));
        assert_eq!(asked(&client), renamed(&asked(&Client::named(name))), "{name}");
    }
}

#[test]
fn two_worlds_merge_by_their_differences() {
    let healthy = value("healthy");
    let difference = |name: &str| {
        let mut facts = value(name);
        for same in ["name", "description"] {
            facts[same] = healthy[same].clone();
        }
        json_patch::diff(&healthy, &facts)
    };
    let of = |name: &str| {
        let client = Client::named(name);
        client.converse(&client.model)
    };
    // IAM speaks before the account's standing, whichever of the two was there first.
    for (iam, standing) in [
        ("iam-missing", "model-access-missing"),
        ("permissions-boundary", "use-case-form"),
        ("scp-region-deny", "legacy-model"),
        ("profile-leg-missing", "marketplace"),
        ("session-policy", "model-access-missing"),
        ("vpc-endpoint", "use-case-form"),
        ("wrong-action-name", "marketplace"),
        ("iam-explicit-deny", "model-access-missing"),
    ] {
        let mut facts = value(iam);
        json_patch::patch(&mut facts, &difference(standing)).unwrap();
        let client = Client::new(World::parse(&facts.to_string()).unwrap());
        assert_eq!(client.converse(&client.model).message(), of(iam).message(), "{iam} + {standing}");
        let mut mended = facts.clone();
        apply(&mut mended, &mends()[iam]);
        let client = Client::new(World::parse(&mended.to_string()).unwrap());
        assert_eq!(client.converse(&client.model).message(), of(standing).message(), "{standing} + {iam}");
    }
}

#[test]
fn what_is_no_world_is_refused_with_its_place() {
    let mut log = String::new();
    let mut note = |what: &str, text: &str| {
        let error = World::parse(text).expect_err(what);
        log.push_str(&format!("{what}: {error}\n"));
    };
    let edited = |pointer: &str, with: Value| {
        let mut facts: Value = serde_json::from_str(HEALTHY).unwrap();
        *facts.pointer_mut(pointer).unwrap() = with;
        facts.to_string()
    };
    note("empty", "");
    note("white space", " \n");
    note("not JSON", "hello");
    note("binary", "\u{0}\u{1}\u{2}");
    note("truncated", &HEALTHY[..2000]);
    note("a list", "[]");
    note("too deep", &"[".repeat(100_000));
    note("unknown field", &HEALTHY.replacen("\"account\"", "\"acount\"", 1));
    note("unknown field inside", &HEALTHY.replacen("\"access_key\"", "\"accesskey\"", 1));
    note("nothing but a name", r#"{"name": "x"}"#);
    note("twice", &HEALTHY.replacen("\"faults\": []", "\"faults\": [], \"faults\": []", 1));
    note("account", &edited("/account", json!("12345")));
    note("no ARN", &edited("/principals/0/arn", json!("chat-api")));
    note("ARN of a session", &edited("/principals/0/arn", json!("arn:aws:sts::111122223333:assumed-role/chat-api/x")));
    note("caller of another account", &edited("/caller", json!("arn:aws:iam::444455556666:user/platform/olu")));
    note("caller unknown", &edited("/caller", json!("arn:aws:iam::111122223333:role/nobody")));
    note("caller without key", &edited("/principals/0/access_key", Value::Null));
    note("role without session", &edited("/principals/0/session_name", Value::Null));
    note("key no key", &edited("/principals/0/access_key", json!("'; rm -rf ~ #")));
    note("session no session", &edited("/principals/0/session_name", json!("a/b")));
    note("terminal escapes", &edited("/account", json!("\u{1b}]0;owned\u{7}\u{202e}1")));
    note("group unknown", &edited("/principals/1/groups", json!(["nobodies"])));
    note("one key for two", &edited("/principals/1/access_key", json!("AKIACHATAPI01EXAMPLE")));
    note("managed policy unknown", &edited("/principals/0/managed_policies", json!(["AmazonBedrockEverything"])));
    note("managed policy of no kind", &edited("/principals/0/managed_policies", json!([7])));
    note(
        "policy malformed",
        &edited("/principals/0/policies/1/document", json!({"Statement": [{"Effect": "Permit"}]})),
    );
    note("policy a text", &edited("/principals/0/policies/1/document", json!("allow everything")));
    note("time", &edited("/principals/0/session_expires", json!("tomorrow")));
    note("operation", &edited("/request/operation", json!("chat")));
    note("model", &edited("/request/model", json!("a b")));
    note("region", &edited("/request/region", json!("Frankfurt")));
    note("live", &edited("/request/live", json!("always")));
    note("fault", &edited("/faults", json!([{"operation": "s3:GetObject", "kind": "throttling"}])));
    note("profile without models", &edited("/profiles/0/models", json!([])));
    note(
        "profile over a profile",
        &edited("/profiles/0/models", json!(["arn:aws:bedrock:us-west-2:111122223333:inference-profile/x"])),
    );
    insta::assert_snapshot!("bad_worlds", log);
}

#[test]
fn a_world_survives_being_printed_and_read_again() {
    for name in World::names() {
        let compact = value(name).to_string();
        assert_eq!(asked(&Client::new(World::parse(&compact).unwrap())), asked(&Client::named(name)), "{name}");
    }
}

#[test]
fn the_documentation_names_every_world_and_every_operation() {
    let page = include_str!("../../../docs/sandbox.md");
    let rows: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name).collect();
    for name in World::names() {
        assert_eq!(rows.iter().filter(|row| **row == name).count(), 1, "{name}");
    }
    let answer = Client::named("healthy").get("/guardrails").message();
    let served = answer.split_once("it serves ").unwrap().1.split(", ");
    let of_iam = Client::named("healthy").query("iam", &[("Action", "CreateRole")]).message();
    let of_iam = of_iam.split_once("the sandbox serves ").unwrap().1.split(", ");
    for operation in served.chain(of_iam) {
        assert!(page.contains(operation), "{operation}");
    }
    let schema: Value = serde_json::from_str(include_str!("../../../docs/schema/world-1.json")).unwrap();
    for field in schema["properties"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{field}`")), "{field}");
    }
}
