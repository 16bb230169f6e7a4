//! Configurations of AI clients: what they call and as whom, spoiled files, and secrets that come out nowhere.

use crate::support::files;
use bedrock_access::clients::{Client, ConfigError, Configuration, Keys, Remark, Token, Variables, read, recognize};
use bedrock_access::report::{client_preface, config_error};
use serde_json::Value;
use std::collections::BTreeMap;

/// The fixtures, in the order of the clients' names.
const FIXTURES: [(&str, Client); 9] = [
    ("claude-code.json", Client::ClaudeCode),
    ("codex.toml", Client::Codex),
    ("continue.json", Client::Continue),
    ("continue.yaml", Client::Continue),
    ("litellm.yaml", Client::LiteLlm),
    ("opencode.jsonc", Client::OpenCode),
    ("spring-ai.properties", Client::SpringAi),
    ("spring-ai.yml", Client::SpringAi),
    ("zed.json", Client::Zed),
];

fn fixture(name: &str) -> String {
    files::read(&format!("tests/fixtures/clients/{name}"))
}

fn read_with(client: Client, text: &[u8], variables: &[(&str, &str)]) -> Result<Configuration, (usize, ConfigError)> {
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let look_up = |name: &str| variables.get(name).cloned();
    read(client, &[text], Variables::new(&look_up))
}

/// Each call in one line.
fn calls(config: &Configuration) -> Vec<String> {
    let keys = |keys: &Keys| match keys {
        Keys::Shell => "shell".to_owned(),
        Keys::Profile(name) => format!("profile {name}"),
        Keys::ProfileOrDefault(name) => format!("profile {name} or default"),
        Keys::Given(_) => "keys".to_owned(),
    };
    let line = |call: &bedrock_access::clients::ClientCall| {
        let model = call.model.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let region = call.region.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let token = match call.identity.token {
            Token::Shell => "",
            Token::Nothing => ", no token",
            Token::Given(_) => ", token",
        };
        let role = call.identity.role.as_ref().map_or_else(String::new, |role| {
            let policy = if role.session_policy.is_some() { " with its own policy" } else { "" };
            format!(", {}{policy}", role.arn)
        });
        let keys = keys(&call.identity.keys);
        format!("{} {} {model} {region} {keys}{token}{role}", call.purpose.id(), call.operation)
    };
    config.calls.iter().map(line).collect()
}

fn preface(config: &Configuration) -> String {
    client_preface(config, &["settings".to_owned()], None, 100).plain()
}

const SONNET: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

#[test]
fn every_fixture_is_recognized_by_its_content() {
    for (name, client) in FIXTURES {
        assert_eq!(recognize(&fixture(name)), Some(client), "{name}");
    }
    for text in
        ["", "{}", "[]", "{\"model\": \"amazon.nova-lite-v1:0\"}", "- model: x\n", "An error occurred", "[default]\n"]
    {
        assert_eq!(recognize(text), None, "{text}");
    }
}

#[test]
fn each_client_calls_what_its_documentation_says() {
    let stream = "invoke-model-with-response-stream";
    let rerank = "arn:aws:bedrock:us-west-2::foundation-model/amazon.rerank-v1:0";
    let app = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/abcdefghijkl";
    let chat_role = "no token, arn:aws:iam::111122223333:role/apps/chat-api with its own policy";
    let expected: [(&str, Vec<String>); 9] = [
        (
            "claude-code.json",
            vec![
                format!("main {stream} {SONNET} us-west-2 profile dev"),
                format!("background {stream} {HAIKU} us-west-2 profile dev"),
                format!("agents {stream} {HAIKU} us-west-2 profile dev"),
                format!("model/opus {stream} us.anthropic.claude-opus-4-5-20251101-v1:0 us-west-2 profile dev"),
                "list-profiles list-inference-profiles - us-west-2 profile dev".to_owned(),
            ],
        ),
        (
            "codex.toml",
            vec![
                "main mantle-inference openai.gpt-5.6-sol us-west-2 profile dev".to_owned(),
                "model/review mantle-inference openai.gpt-5.4 us-west-2 profile dev".to_owned(),
            ],
        ),
        (
            "continue.json",
            vec![
                format!("main converse-stream {SONNET} us-east-1 profile dev, no token"),
                "embeddings/codebase invoke-model amazon.titan-embed-text-v2:0 us-west-2 profile bedrock or default, no token"
                    .to_owned(),
                "rerank/codebase invoke-model amazon.rerank-v1:0 us-west-2 profile bedrock or default, no token".to_owned(),
            ],
        ),
        (
            "continue.yaml",
            vec![
                format!("main converse-stream {SONNET} us-west-2 profile dev, no token"),
                format!("autocomplete/Haiku converse-stream {HAIKU} us-west-2 profile dev, no token"),
                "embeddings/Vectors invoke-model amazon.titan-embed-text-v2:0 us-west-2 keys, no token".to_owned(),
            ],
        ),
        (
            "litellm.yaml",
            vec![
                format!("model/chat converse {SONNET} us-west-2 shell, {chat_role}"),
                format!("model/chat converse-stream {SONNET} us-west-2 shell, {chat_role}"),
                format!("fallback/small converse {HAIKU} us-west-2 profile dev"),
                format!("fallback/small converse-stream {HAIKU} us-west-2 profile dev"),
                "model/keyed invoke-model anthropic.claude-3-haiku-20240307-v1:0 eu-central-1 keys".to_owned(),
                format!("model/keyed {stream} anthropic.claude-3-haiku-20240307-v1:0 eu-central-1 keys"),
                format!("model/by-role converse {app} eu-west-1 shell, no token, arn:aws:iam::111122223333:role/gateway"),
                format!("model/by-role converse-stream {app} eu-west-1 shell, no token, arn:aws:iam::111122223333:role/gateway"),
                "embeddings/vectors invoke-model cohere.embed-multilingual-v3 us-east-1 profile shared".to_owned(),
                format!("rerank/order invoke-model {rerank} us-west-2 shell, {chat_role}"),
            ],
        ),
        (
            "opencode.jsonc",
            vec![
                format!("main converse-stream {SONNET} us-west-2 profile dev"),
                format!("background converse-stream {HAIKU} us-west-2 profile dev"),
                "agent/review converse-stream us.amazon.nova-pro-v1:0 us-west-2 profile dev".to_owned(),
            ],
        ),
        (
            "spring-ai.properties",
            vec![
                "main converse amazon.nova-lite-v1:0 us-east-1 profile dev".to_owned(),
                "main converse-stream amazon.nova-lite-v1:0 us-east-1 profile dev".to_owned(),
            ],
        ),
        (
            "spring-ai.yml",
            vec![
                format!("main converse {SONNET} us-west-2 keys"),
                format!("main converse-stream {SONNET} us-west-2 keys"),
                "embeddings/cohere invoke-model cohere.embed-multilingual-v3 us-west-2 keys".to_owned(),
            ],
        ),
        (
            "zed.json",
            vec![
                format!("main converse-stream {SONNET} us-west-2 profile dev, no token"),
                format!("background converse-stream {HAIKU} us-west-2 profile dev, no token"),
                "model/inline-assistant converse-stream us.amazon.nova-lite-v1:0 us-west-2 profile dev, no token".to_owned(),
            ],
        ),
    ];
    for ((name, client), (of, lines)) in FIXTURES.into_iter().zip(expected) {
        assert_eq!(name, of);
        let variables = [("LITELLM_REGION", "eu-central-1"), ("LITELLM_TOKEN", "token")];
        let config =
            read_with(client, fixture(name).as_bytes(), &variables).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(calls(&config), lines, "{name}");
    }
}

#[test]
fn what_differs_from_the_shell_is_the_first_line() {
    let shell = [("AWS_PROFILE", "prod"), ("AWS_REGION", "us-east-1")];
    for (name, client) in FIXTURES {
        let config = read_with(client, fixture(name).as_bytes(), &shell).unwrap();
        let said = preface(&config).replace("\n  ", " ");
        let first = said.lines().next().unwrap();
        let own = match name {
            "spring-ai.yml" => "access keys of its settings, not `prod` of AWS_PROFILE",
            "litellm.yaml" => "it assumes `arn:aws:iam::111122223333:role/apps/chat-api`",
            _ => "profile `dev` of its settings, not `prod` of AWS_PROFILE",
        };
        assert!(first.contains("does not call as this shell does") && first.contains(own), "{name}: {first}");
        let region = "Region `us-west-2` of its settings, not `us-east-1` of AWS_REGION";
        assert!(name == "spring-ai.properties" || first.contains(region), "{name}: {first}");
    }
    // Nothing differs.
    let same = [("AWS_PROFILE", "dev"), ("AWS_REGION", "us-west-2"), ("CLAUDE_CODE_USE_BEDROCK", "1")];
    let config = read_with(Client::ClaudeCode, b"{\"model\": \"us.amazon.nova-lite-v1:0\"}", &same).unwrap();
    assert!(preface(&config).starts_with("Claude Code (`settings`) uses the credentials and the Region of this shell"));
}

#[test]
fn a_token_outranks_a_profile_where_the_client_reads_it() {
    let shell = [("AWS_BEARER_TOKEN_BEDROCK", "ABSKQ2FuYXJ5Q2FuYXJ5Q2FuYXJ5")];
    for (name, client) in FIXTURES {
        let config = read_with(client, fixture(name).as_bytes(), &shell).unwrap();
        let said = preface(&config).replace("\n  ", " ");
        let outranks =
            said.contains("the profile `dev` has no effect on them") || said.contains("access keys have no effect");
        let reads_it = !matches!(client, Client::Continue | Client::Zed);
        assert_eq!(outranks, reads_it, "{name}: {said}");
        assert!(!said.contains("ABSK"), "{said}");
        if client == Client::Zed {
            assert!(
                said.contains("Zed does not read AWS_BEARER_TOKEN_BEDROCK; it reads ZED_BEDROCK_BEARER_TOKEN"),
                "{said}"
            );
        }
    }
    let settings =
        br#"{"env": {"CLAUDE_CODE_USE_BEDROCK": 1, "AWS_BEARER_TOKEN_BEDROCK": "ABSKQ2FuYXJ5Q2FuYXJ5Q2FuYXJ5"}}"#;
    let config = read_with(Client::ClaudeCode, settings, &[("AWS_PROFILE", "prod")]).unwrap();
    assert!(matches!(config.calls[0].identity.token, Token::Given(_)));
    assert!(preface(&config).contains("the Bedrock API key of its settings"), "{}", preface(&config));
}

#[test]
fn litellms_own_session_policy_is_carried_with_what_it_lacks() {
    let token = [("LITELLM_TOKEN", "token")];
    let config = read_with(Client::LiteLlm, fixture("litellm.yaml").as_bytes(), &token).unwrap();
    let policy = config.calls[0].identity.role.as_ref().unwrap().session_policy.unwrap();
    let document = bedrock_access::policy::Document::parse(policy).unwrap();
    assert_eq!(document.statements().len(), 3);
    for action in ["bedrock:InvokeModelWithResponseStream", "bedrock:CountTokens", "bedrock-mantle:CreateInference"] {
        assert!(policy.contains(action), "{action}");
    }
    assert!(!policy.contains("bedrock:Rerank"));
    let said = preface(&config).replace("\n  ", " ");
    assert!(said.contains("attaches a session policy of its own"), "{said}");
    assert!(said.contains("it lacks bedrock:Rerank, which this configuration needs"), "{said}");
    // A variable that is not set here may be set where LiteLLM runs.
    let unset = read_with(Client::LiteLlm, fixture("litellm.yaml").as_bytes(), &[]).unwrap();
    assert!(
        preface(&unset)
            .replace("\n  ", " ")
            .contains("takes a value from `LITELLM_TOKEN`, which is not set in this shell")
    );
    assert!(preface(&unset).replace("\n  ", " ").contains("it lacks bedrock:Rerank"), "{}", preface(&unset));
    // A role without a web identity token is assumed without a policy.
    let by_role = config.calls.iter().find(|call| call.purpose.id() == "model/by-role").unwrap();
    assert_eq!(by_role.identity.role.as_ref().unwrap().session_policy, None);
}

#[test]
fn claude_codes_names_and_background_follow_the_settings() {
    let on = ("CLAUDE_CODE_USE_BEDROCK", "1");
    let read = |text: &str, variables: &[(&str, &str)]| {
        read_with(Client::ClaudeCode, text.as_bytes(), &[variables, &[on]].concat()).unwrap()
    };
    // The variable outranks the setting, and the settings' variable outranks the shell's.
    let config = read(
        r#"{"model": "a.b", "env": {"ANTHROPIC_MODEL": "us.amazon.nova-pro-v1:0"}}"#,
        &[("ANTHROPIC_MODEL", "c.d")],
    );
    assert!(calls(&config)[0].contains("us.amazon.nova-pro-v1:0"));
    assert!(config.remarks.contains(&Remark::BackgroundIsMain));
    // A name is what the settings pin for it, and nothing is made up if they pin nothing.
    let config = read(r#"{"model": "opus"}"#, &[]);
    assert!(!calls(&config).iter().any(|call| call.starts_with("main")), "{:?}", calls(&config));
    assert!(
        config
            .remarks
            .iter()
            .any(|remark| matches!(remark, Remark::NotPinned { name: Some(name), .. } if name == "opus"))
    );
    let config = read(r#"{"model": "opus"}"#, &[("ANTHROPIC_DEFAULT_OPUS_MODEL", "us.anthropic.claude-opus-4-8")]);
    assert!(calls(&config)[0].starts_with("main invoke-model-with-response-stream us.anthropic.claude-opus-4-8"));
    // The Region of the small model counts only with a small model.
    let region = ("ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION", "eu-west-1");
    let config = read(r#"{"model": "a.b"}"#, &[region]);
    assert!(!calls(&config).iter().any(|call| call.contains("eu-west-1")));
    let config = read(r#"{"model": "a.b"}"#, &[region, ("ANTHROPIC_SMALL_FAST_MODEL", "c.d")]);
    assert!(calls(&config)[1].starts_with("background") && calls(&config)[1].contains("c.d eu-west-1"));
    let off = read_with(Client::ClaudeCode, b"{\"model\": \"a.b\"}", &[]);
    assert_eq!(off, Err((0, ConfigError::NoBedrock(Client::ClaudeCode))));
}

#[test]
fn spoiled_files_are_errors_and_never_more() {
    let look_up = |_: &str| None;
    let variables = Variables::new(&look_up);
    for (name, client) in FIXTURES {
        let text = fixture(name);
        // Cut off anywhere.
        for end in 0..text.len() {
            let cut = &text.as_bytes()[..end];
            let _ = read(client, &[cut], variables);
            let _ = recognize(&String::from_utf8_lossy(cut));
        }
        // Bytes replaced, also by ones that are no text.
        for (at, byte) in (0..text.len()).step_by(7).flat_map(|at| [0xff, b'{', b'"', b'\n', 0].map(|byte| (at, byte)))
        {
            let mut spoiled = text.clone().into_bytes();
            spoiled[at] = byte;
            let _ = read(client, &[&spoiled], variables);
        }
        for (input, expected) in [
            (&b""[..], ConfigError::Empty),
            (b" \n\t", ConfigError::Empty),
            (b"\xff\xfe{\x00}\x00", ConfigError::NotText),
            (b"a\0b", ConfigError::NotText),
            (&[b'a'; 2 << 20], ConfigError::TooLarge),
        ] {
            assert_eq!(read(client, &[input], variables).unwrap_err(), (0, expected), "{name}");
        }
        for input in ["[]", "1", "null", "\"text\"", "[[[[", "{{{{", ": : :", "- - -"] {
            let _ = read(client, &[input.as_bytes()], variables);
        }
        assert!(read(client, &["[".repeat(500_000).as_bytes()], variables).is_err());
        assert!(read(client, &["{\"a\":".repeat(100_000).as_bytes()], variables).is_err());
    }
}

/// Returns every variation of a tree in which one leaf, or one name, is something else.
fn variations(value: &Value, with: &Value) -> Vec<Value> {
    match value {
        Value::Object(members) => {
            let mut all = vec![with.clone()];
            for (key, member) in members {
                for varied in variations(member, with) {
                    let mut copy = members.clone();
                    copy.insert(key.clone(), varied);
                    all.push(Value::Object(copy));
                }
                if let Value::String(name) = with {
                    let mut copy = members.clone();
                    copy.remove(key);
                    copy.insert(name.clone(), member.clone());
                    all.push(Value::Object(copy));
                }
            }
            all
        }
        Value::Array(items) => {
            let mut all = vec![with.clone()];
            for (at, item) in items.iter().enumerate() {
                for varied in variations(item, with) {
                    let mut copy = items.clone();
                    copy[at] = varied;
                    all.push(Value::Array(copy));
                }
            }
            all
        }
        _ => vec![with.clone()],
    }
}

/// Returns a fixture as a tree: JSON is YAML, and TOML is read by the test itself as far as the fixture needs it.
fn tree(name: &str) -> Value {
    let text = fixture(name);
    if name.ends_with(".toml") {
        return serde_json::json!({
            "model": "openai.gpt-5.6-sol", "review_model": "openai.gpt-5.4", "model_provider": "amazon-bedrock",
            "profile": "work", "profiles": {"work": {"model": "openai.gpt-5.5"}},
            "model_providers": {"amazon-bedrock": {"base_url": "https://example.com", "aws": {"region": "us-west-2", "profile": "dev"}}},
        });
    }
    if name.ends_with(".properties") {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        return pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    }
    let plain: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    plain_tree(&plain)
}

/// Reads the fixtures' YAML and JSON through the reader of the room itself, which gives no tree: by hand.
fn plain_tree(text: &str) -> Value {
    if text.trim_start().starts_with('{') {
        let mut plain = text.to_owned();
        for closing in ["}", "]"] {
            while let Some(at) = comma_before(&plain, closing) {
                plain.remove(at);
            }
        }
        return serde_json::from_str(&plain).unwrap();
    }
    yaml_tree(text)
}

fn comma_before(text: &str, closing: &str) -> Option<usize> {
    text.match_indices(',').map(|(at, _)| at).find(|at| text[at + 1..].trim_start().starts_with(closing))
}

fn yaml_tree(text: &str) -> Value {
    // Enough of YAML for the fixtures: block maps and lists, and flow collections that are almost JSON.
    fn block(lines: &[(usize, &str)]) -> Value {
        let Some((indent, first)) = lines.first().copied() else { return Value::Null };
        let starts: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].0 == indent).collect();
        let ends = starts.iter().skip(1).copied().chain([lines.len()]);
        let parts = starts.iter().copied().zip(ends).map(|(from, to)| &lines[from..to]);
        if first.starts_with("- ") {
            return parts
                .map(|part| {
                    let mut inner = part.to_vec();
                    inner[0] = (indent + 2, &part[0].1[2..]);
                    block(&inner)
                })
                .collect();
        }
        let member = |part: &[(usize, &str)]| {
            let (key, rest) = part[0].1.split_once(':').unwrap();
            let rest = rest.trim();
            let value = if rest.is_empty() { block(&part[1..]) } else { flow(rest) };
            (key.to_owned(), value)
        };
        parts.map(member).collect()
    }
    fn flow(text: &str) -> Value {
        if text.starts_with('[') {
            let inside = text.trim_matches(['[', ']']);
            return inside.split(',').map(|item| Value::from(item.trim())).collect();
        }
        Value::from(text)
    }
    let lines: Vec<(usize, &str)> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .map(|line| (line.len() - line.trim_start().len(), line.trim()))
        .collect();
    block(&lines)
}

fn written(client: Client, value: &Value) -> String {
    if client != Client::Codex {
        // JSON is read by every other client, as JSON or as YAML.
        return value.to_string();
    }
    fn toml(value: &Value, path: &str, out: &mut String) {
        let Some(members) = value.as_object() else { return };
        for (key, value) in members.iter().filter(|(_, value)| !value.is_object()) {
            out.push_str(&format!("{} = {value}\n", Value::from(key.as_str())));
        }
        for (key, value) in members.iter().filter(|(_, value)| value.is_object()) {
            let path = if path.is_empty() { format!("{key:?}") } else { format!("{path}.{key:?}") };
            out.push_str(&format!("[{path}]\n"));
            toml(value, &path, out);
        }
    }
    let mut out = String::new();
    toml(value, "", &mut out);
    out
}

#[test]
fn values_of_other_types_are_errors_and_never_more() {
    for (name, client) in FIXTURES {
        let tree = tree(name);
        let mut tried = 0;
        for with in [
            Value::Null,
            Value::from(true),
            Value::from(7),
            serde_json::json!([]),
            serde_json::json!({"a": {}}),
            Value::from(""),
        ] {
            for varied in variations(&tree, &with) {
                let _ = read_with(client, written(client, &varied).as_bytes(), &[("CLAUDE_CODE_USE_BEDROCK", "1")]);
                tried += 1;
            }
        }
        assert!(tried > 20, "{name}: {tried}");
    }
}

#[test]
fn a_secret_in_any_place_comes_out_nowhere() {
    let canaries = [
        "AKIACANARYACCESSKEY0",
        "ABSKQ2FuYXJ5Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5",
        "bedrock-api-key-Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.Y2FuYXJ5Y2FuYXJ5",
    ];
    for (name, client) in FIXTURES {
        let tree = tree(name);
        let plain = read_with(client, written(client, &tree).as_bytes(), &[]);
        assert!(plain.is_ok(), "{name}: {plain:?}");
        for canary in canaries {
            for varied in variations(&tree, &Value::from(canary)) {
                let text = written(client, &varied);
                let _ = recognize(&text);
                let outputs = match read_with(client, text.as_bytes(), &[("CLAUDE_CODE_USE_BEDROCK", "1")]) {
                    Ok(config) => {
                        let ids: Vec<String> = config.calls.iter().map(|call| call.purpose.id()).collect();
                        vec![preface(&config), format!("{config:?}"), ids.join(" "), calls(&config).join("\n")]
                    }
                    Err((_, error)) => {
                        let (message, hint) = config_error(Some(client), "settings", &error);
                        vec![format!("{error:?}"), message, hint.unwrap_or_default()]
                    }
                };
                for output in outputs {
                    assert!(!output.contains(canary), "{name} lets it out of {text}\n{output}");
                }
            }
        }
    }
}

#[test]
fn every_client_has_its_page_its_places_and_its_part_of_the_documentation() {
    let page = files::read("docs/clients.md");
    for client in Client::ALL {
        assert_eq!(client.as_str().parse(), Ok(client));
        assert!(page.contains(client.name()) && page.contains(client.page()), "{client}");
        assert!(page.contains(&format!("--client {client}")), "{client}");
        for place in client.places() {
            assert!(page.contains(&format!("`{place}`")), "docs/clients.md names `{place}` of {client}");
        }
    }
    assert!(FIXTURES.iter().all(|(name, _)| files::read("tests/fixtures/clients/README.md").contains(name)));
}

#[test]
fn of_springs_documents_those_of_active_profiles_count() {
    let text = "spring.ai.bedrock.aws.region: us-west-2\nspring.ai.bedrock.converse.chat.options.model: amazon.nova-lite-v1:0\n\
                ---\nspring.config.activate.on-profile: WHEN\nspring.ai.bedrock.aws.region: eu-west-1\n";
    let region = |when: &str, active: &str| {
        let variables = [("SPRING_PROFILES_ACTIVE", active)];
        let variables = if active.is_empty() { &[][..] } else { &variables[..] };
        let config = read_with(Client::SpringAi, text.replace("WHEN", when).as_bytes(), variables).unwrap();
        let is_left_out =
            config.remarks.iter().any(|remark| matches!(remark, Remark::OtherSpringProfiles { count: 1 }));
        let regions: Vec<String> = config.calls.iter().map(|call| call.region.as_ref().unwrap().to_string()).collect();
        assert!(regions.iter().all(|one| *one == regions[0]));
        assert_eq!(is_left_out, regions[0] == "us-west-2", "{when} {active}");
        regions[0].clone()
    };
    for (when, active, expected) in [
        ("prod", "", "us-west-2"),
        ("prod", "dev", "us-west-2"),
        ("prod", "dev,prod", "eu-west-1"),
        ("\"!dev\"", "", "eu-west-1"),
        ("\"!dev\"", "dev", "us-west-2"),
        ("\"prod | staging\"", "staging", "eu-west-1"),
        ("\"prod & eu\"", "prod", "us-west-2"),
        ("\"prod & eu\"", "prod, eu", "eu-west-1"),
    ] {
        assert_eq!(region(when, active), expected, "{when} with {active:?}");
    }
}

/// Reads one configuration with variables, and with files beside it.
fn read_beside(client: Client, text: &str, variables: &[(&str, &str)], files: &[(&str, &str)]) -> Configuration {
    let look_up = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let file = |place: usize, name: &str| {
        assert_eq!(place, 0);
        files.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_bytes().to_vec())
    };
    read(client, &[text.as_bytes()], Variables::new(&look_up).with_files(&file)).unwrap()
}

fn said(config: &Configuration) -> String {
    preface(config).replace("\n  ", " ")
}

#[test]
fn litellm_includes_files_and_takes_any_value_from_a_variable() {
    let main = "include: [models.yaml, more.yaml]\nrouter_settings:\n  num_retries: 2\nmodel_list:\n- model_name: first\n  \
                litellm_params: {model: os.environ/CHAT_MODEL, aws_region_name: us-west-2}\n";
    let models = "model_list:\n- model_name: second\n  litellm_params: {model: bedrock/amazon.nova-pro-v1:0, api_base: \
                  'https://bedrock-runtime.eu-west-1.amazonaws.com', aws_region_name: us-west-2}\n\
                  router_settings:\n  fallbacks: [{first: [second]}]\n";
    assert_eq!(recognize(main), Some(Client::LiteLlm));
    assert_eq!(recognize("include: [models.yaml]\ngeneral_settings: {}\n"), Some(Client::LiteLlm));
    let model = ("CHAT_MODEL", "bedrock/us.amazon.nova-lite-v1:0");
    let config = read_beside(Client::LiteLlm, main, &[model], &[("models.yaml", models)]);
    let lines = calls(&config);
    assert!(lines[0].starts_with("model/first converse us.amazon.nova-lite-v1:0 us-west-2"), "{lines:?}");
    assert!(lines[2].starts_with("fallback/second converse amazon.nova-pro-v1:0 us-west-2"), "{lines:?}");
    assert!(said(&config).contains("takes a value from the file `more.yaml`"), "{}", said(&config));
    assert!(said(&config).contains("`api_base` sends the calls to the endpoint of `eu-west-1`"), "{}", said(&config));
    // What is not known is said, and never guessed.
    let config = read_beside(Client::LiteLlm, main, &[], &[]);
    assert!(config.calls.is_empty(), "{:?}", calls(&config));
    assert!(said(&config).contains("which model is called for `first` is not known"), "{}", said(&config));
    let keyed = "model_list:\n- model_name: a\n  litellm_params: {model: bedrock/amazon.nova-lite-v1:0, aws_region_name: us-west-2, \
                 aws_access_key_id: os.environ/KEY_ID, aws_secret_access_key: os.environ/KEY}\n";
    let config = read_beside(Client::LiteLlm, keyed, &[], &[]);
    assert!(said(&config).contains("`KEY_ID`, which is not set in this shell: who makes the calls is not known"));
}

#[test]
fn an_endpoint_is_remarked_unless_it_is_bedrocks_own() {
    let config = |url: &str| {
        let text = format!(
            "{{\"model\": \"a.b\", \"env\": {{\"AWS_REGION\": \"us-west-2\", \"ANTHROPIC_BEDROCK_BASE_URL\": \"{url}\"}}}}"
        );
        said(&read_beside(Client::ClaudeCode, &text, &[("CLAUDE_CODE_USE_BEDROCK", "1")], &[]))
    };
    for (url, part) in [
        ("https://gateway.example.com/bedrock", "to another endpoint"),
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "to the endpoint of `us-east-1`"),
        ("https://vpce-0a1-x.bedrock-runtime.us-west-2.vpce.amazonaws.com", "through a VPC endpoint"),
        ("https://bedrock-runtime.us-west-2.amazonaws.com@example.com", "to another endpoint"),
        ("https://bedrock-runtime.us-west-2.amazonaws.com.example.com", "to another endpoint"),
    ] {
        assert!(config(url).contains(part), "{url}: {}", config(url));
    }
    for url in
        ["https://bedrock-runtime.us-west-2.amazonaws.com", "https://bedrock-runtime-fips.us-west-2.amazonaws.com:443/"]
    {
        assert!(!config(url).contains("ANTHROPIC_BEDROCK_BASE_URL"), "{url}: {}", config(url));
    }
}

#[test]
fn opencode_takes_values_from_variables_and_files() {
    let text = r#"{"model": "amazon-bedrock/{env:CHAT}", "small_model": "amazon-bedrock/{file:small}",
        "mcp": {"other": {"key": "{env:UNRELATED}"}},
        "provider": {"amazon-bedrock": {"options": {"region": "{env:WHERE}", "apiKey": "{file:~/.secrets/bedrock}"}}}}"#;
    let chat = ("CHAT", "us.amazon.nova-lite-v1:0");
    let files = [("small", "us.amazon.nova-micro-v1:0\n"), ("~/.secrets/bedrock", "ABSKQ2FuYXJ5Q2FuYXJ5Q2FuYXJ5\n")];
    let config = read_beside(Client::OpenCode, text, &[chat, ("WHERE", "eu-west-1")], &files);
    assert_eq!(
        calls(&config),
        [
            "main converse-stream us.amazon.nova-lite-v1:0 eu-west-1 shell, token",
            "background converse-stream us.amazon.nova-micro-v1:0 eu-west-1 shell, token",
        ]
    );
    assert!(!format!("{config:?}{}", said(&config)).contains("ABSK") && !said(&config).contains("UNRELATED"));
    // Nothing of a file that is no name is shown, whatever the configuration makes of it.
    let passwords = [("small", "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1\n")];
    let config = read_beside(Client::OpenCode, text, &[], &passwords);
    let words = said(&config);
    assert!(!words.contains("root:"), "{words}");
    assert!(
        words.contains("`CHAT`, which is not set in this shell: which model is called for the main model is not known")
    );
    assert!(words.contains("from the file `small`, which is not there or holds no such value"), "{words}");
    assert!(words.contains("from the file `~/.secrets/bedrock`") && words.contains("who makes the calls is not known"));
}

#[test]
fn springs_properties_have_documents_profiles_and_placeholders() {
    let text = "where=eu-west-1\nspring.ai.bedrock.aws.region=${REGION:${where}}\n\
                spring.ai.bedrock.converse.chat.options.model=\\\n  ${size:us.amazon.nova}-lite-v1:0\n\
                spring.config.import=optional:file:.env[.properties]\n#---\n\
                spring.config.activate.on-profile=prod\nspring.ai.bedrock.aws.region=eu-central-1\n";
    let first = |variables: &[(&str, &str)], files: &[(&str, &str)]| {
        let config = read_beside(Client::SpringAi, text, variables, files);
        (calls(&config)[0].clone(), said(&config))
    };
    let lite = |region: &str| format!("main converse us.amazon.nova-lite-v1:0 {region} shell");
    assert_eq!(first(&[], &[]).0, lite("eu-west-1"));
    assert!(first(&[], &[]).1.contains("what `spring.config.import` names is not read here"));
    assert_eq!(first(&[("REGION", "us-west-2")], &[]).0, lite("us-west-2"));
    assert_eq!(first(&[("SPRING_AI_BEDROCK_AWS_REGION", "ca-central-1")], &[]).0, lite("ca-central-1"));
    let prod = ("SPRING_PROFILES_ACTIVE", "prod");
    assert_eq!(first(&[prod], &[]).0, lite("eu-central-1"));
    let file = (
        "application-prod.yml",
        "spring: {ai: {bedrock: {aws: {region: ap-south-1, access-key: AKIAIOSFODNN7EXAMPLE, secretKey: x}}}}",
    );
    assert_eq!(first(&[prod], &[file]).0, lite("ap-south-1").replace("shell", "keys"));
    // A name that leads out of the folder is no profile.
    assert_eq!(first(&[("SPRING_PROFILES_ACTIVE", "../../prod")], &[file]).0, lite("eu-west-1"));
    let open = "spring.ai.bedrock.converse.chat.options.model=${CHAT}\nspring.ai.bedrock.aws.region=${a}\na=${a}\n";
    let config = read_beside(Client::SpringAi, open, &[], &[]);
    assert!(said(&config).contains("`CHAT`, which is not set in this shell: which model"), "{}", said(&config));
}

#[test]
fn claude_codes_overrides_variables_and_commands() {
    let text = r#"{"model": "claude-opus-4-6[1m]", "awsAuthRefresh": "touch refreshed", "awsCredentialExport": "touch exported",
        "modelOverrides": {"claude-opus-4-6": "arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/a1b2c3d4e5f6"},
        "env": {"CLAUDE_CODE_USE_BEDROCK": "1", "ANTHROPIC_DEFAULT_FABLE_MODEL": "us.anthropic.claude-fable-5",
                "ANTHROPIC_CUSTOM_MODEL_OPTION": "us.amazon.nova-pro-v1:0"}}"#;
    let config = read_beside(Client::ClaudeCode, text, &[("AWS_REGION", "us-west-2")], &[]);
    let lines = calls(&config);
    assert!(lines[0].contains("application-inference-profile/a1b2c3d4e5f6"), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with("model/fable"))
            && lines.iter().any(|line| line.starts_with("model/custom"))
    );
    for part in ["the command of `awsCredentialExport` makes its credentials", "the command of `awsAuthRefresh` renews"]
    {
        assert!(said(&config).contains(part), "{}", said(&config));
    }
    assert!(!said(&config).contains("touch"), "{}", said(&config));
}

#[test]
fn what_differs_between_versions_is_said_of_the_version_that_is_known() {
    let of = |client: Client, text: &str, version: &str| {
        let mut config = read_beside(client, text, &[("CLAUDE_CODE_USE_BEDROCK", "1")], &[]);
        config.version = Some(version.parse().unwrap());
        said(&config)
    };
    let opus = r#"{"model": "opus", "env": {"CLAUDE_CODE_SUBAGENT_MODEL": "us.amazon.nova-lite-v1:0"}}"#;
    for (version, part) in [
        ("2.1.200", "has other default models than 2.1.207"),
        ("2.1.250", "2.1.250 has the default models of 2.1.219"),
        ("2.1.250", "is the model of every sub-agent"),
        ("v2.1.251", "is only a default"),
        ("2.2", "2.2 has the default models of 2.1.280"),
    ] {
        let said = of(Client::ClaudeCode, opus, version);
        assert!(said.contains(part), "{version}: {said}");
    }
    let codex = fixture("codex.toml");
    assert!(of(Client::Codex, &codex, "0.127.9").contains("0.127.9 has no provider for Bedrock"));
    assert!(of(Client::Codex, &codex, "0.128.0-alpha.1").contains("0.128.0 has a provider for Bedrock"));
    for wrong in ["", "latest", "2..1", "1.x"] {
        assert!(wrong.parse::<bedrock_access::clients::Version>().is_err(), "{wrong}");
    }
}
