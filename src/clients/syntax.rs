//! The formats that configurations are written in: JSON with comments, YAML, TOML and Java's properties.
//!
//! Takes a text of any origin and returns a JSON value, or an error with the line, and never a part of the text: it may be
//! a key. Bounded in size, depth and number of values.

use super::configuration::ConfigError;
use crate::yaml::{self, Fault, Limits, Tree};
use granit_parser::{ScalarStyle, Tag};
use serde_json::{Map, Value};

/// The largest configuration, in bytes.
pub(super) const LARGEST: usize = 1 << 20;

/// How deep a configuration may be nested.
const DEEPEST: usize = 100;

/// How deep its YAML may be nested, how many values it may hold once its aliases are expanded, in as many documents as it has.
const YAML: Limits = Limits { depth: DEEPEST, values: 200_000, documents: usize::MAX };

/// Reads JSON with comments and trailing commas, as editors write it.
pub(super) fn json(text: &str) -> Result<Value, ConfigError> {
    let plain = without_comments(text);
    serde_json::from_str(&plain).map_err(|error| ConfigError::Syntax { format: "JSON", line: error.line().max(1) })
}

/// Replaces comments and commas before a closing bracket by spaces, so that lines stay where they are.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('\u{feff}').chars().peekable();
    // Where the last comma is in the output, while only white space and comments have followed.
    let mut comma: Option<usize> = None;
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                comma = None;
                out.push(c);
                let mut escaped = false;
                for c in rest.by_ref() {
                    out.push(c);
                    match c {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            '/' if rest.peek() == Some(&'*') => {
                rest.next();
                let mut star = false;
                for c in rest.by_ref() {
                    if c == '\n' {
                        out.push('\n');
                    }
                    if star && c == '/' {
                        break;
                    }
                    star = c == '*';
                }
                out.push(' ');
            }
            ',' => {
                comma = Some(out.len());
                out.push(c);
            }
            ']' | '}' => {
                if let Some(at) = comma.take() {
                    out.replace_range(at..=at, " ");
                }
                out.push(c);
            }
            c if c.is_whitespace() => out.push(c),
            c => {
                comma = None;
                out.push(c);
            }
        }
    }
    out
}

/// Reads TOML.
pub(super) fn toml(text: &str) -> Result<Value, ConfigError> {
    // The parser descends into brackets, braces and dotted keys without a limit of its own.
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for line in text.lines() {
        let dots = line.bytes().filter(|byte| *byte == b'.').count();
        deepest = deepest.max(dots / 4);
        for byte in line.bytes() {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
    }
    if deepest > DEEPEST {
        return Err(ConfigError::TooDeep);
    }
    let text = text.trim_start_matches('\u{feff}');
    basic_toml::from_str(text).map_err(|error| {
        let line = error.line_col().map_or(1, |(line, _)| line + 1);
        ConfigError::Syntax { format: "TOML", line }
    })
}

/// Reads Java's properties, of which `#---` begins a further document (Spring Boot, "Working With Multi-Document Files"):
/// `a.b = c` becomes `{"a": {"b": "c"}}`; what is no pair is skipped.
pub(super) fn properties(text: &str) -> Vec<Value> {
    let mut documents = vec![Map::new()];
    let mut whole = String::new();
    for line in text.lines().map(str::trim) {
        if matches!(line, "#---" | "!---") {
            documents.push(Map::new());
            continue;
        }
        if whole.is_empty() && line.starts_with(['#', '!']) {
            continue;
        }
        whole.push_str(line);
        if whole.ends_with('\\') {
            // It goes on in the next line.
            whole.pop();
            continue;
        }
        let line = std::mem::take(&mut whole);
        let Some(at) = line.find(['=', ':']) else { continue };
        let (name, value) = line.split_at(at);
        let value = value.get(1..).unwrap_or_default().trim();
        let parts: Vec<&str> = name.trim().split('.').collect();
        if parts.len() > DEEPEST {
            continue;
        }
        if let Some(root) = documents.last_mut() {
            insert(root, &parts, value);
        }
    }
    documents.into_iter().map(Value::Object).collect()
}

fn insert(map: &mut Map<String, Value>, parts: &[&str], value: &str) {
    match parts {
        [] => {}
        [last] => {
            map.insert((*last).to_owned(), Value::String(value.to_owned()));
        }
        [first, rest @ ..] => {
            let inner = map.entry((*first).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// Reads every document of a YAML text.
pub(super) fn yaml(text: &str) -> Result<Vec<Value>, ConfigError> {
    yaml::read(text, YAML).map_err(|(fault, (line, _))| match fault {
        Fault::TooDeep => ConfigError::TooDeep,
        Fault::TooMany => ConfigError::TooLarge,
        _ => ConfigError::Syntax { format: "YAML", line },
    })
}

impl Tree for Value {
    type Members = Map<String, Self>;

    fn scalar(text: &str, style: ScalarStyle, _: Option<&Tag>, _: yaml::Place) -> Self {
        scalar(text, style)
    }

    fn list(items: Vec<Self>, _: Option<&Tag>, _: yaml::Place) -> Self {
        Self::Array(items)
    }

    fn map(members: Self::Members, _: Option<&Tag>, _: yaml::Place) -> Self {
        Self::Object(members)
    }

    fn insert(members: &mut Self::Members, key: String, value: Self) -> Result<(), Fault> {
        if key != "<<" {
            members.insert(key, value);
            return Ok(());
        }
        // `<<: *base`: what is written beside it comes first.
        let merged = match value {
            Self::Array(items) => items,
            other => vec![other],
        };
        for item in merged {
            if let Self::Object(more) = item {
                for (key, value) in more {
                    members.entry(key).or_insert(value);
                }
            }
        }
        Ok(())
    }

    fn into_key(self) -> Option<String> {
        match self {
            Self::String(text) => Some(text),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(flag) => Some(flag.to_string()),
            Self::Null => Some(String::new()),
            _ => None,
        }
    }

    fn size(&self) -> usize {
        size(self)
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// Reads a scalar by YAML's core schema, as far as configurations need it.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_may_have_comments_and_trailing_commas() {
        let text = "\u{feff}// one\n{ \"a\": \"x // y, ]\", /* two\n */ \"b\": [1, 2, // three\n ], }";
        assert_eq!(json(text), Ok(json!({"a": "x // y, ]", "b": [1, 2]})));
        assert_eq!(json("{\n\"a\": [1,,]}"), Err(ConfigError::Syntax { format: "JSON", line: 2 }));
        assert!(json(&"[".repeat(100_000)).is_err());
        assert!(json("{\"a\": /* no end").is_err());
    }

    #[test]
    fn yaml_expands_aliases_within_bounds() {
        let text = "base: &b {region: us-west-2, profile: dev}\nuse:\n  <<: *b\n  profile: prod\n---\nx: 1\n";
        let read = yaml(text).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0]["use"], json!({"region": "us-west-2", "profile": "prod"}));
        let deep = |depth: usize| yaml(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(deep(DEEPEST - 1).is_ok() && deep(DEEPEST + 1) == Err(ConfigError::TooDeep));
        // The parser has a bound of its own.
        assert!(yaml(&"[".repeat(10_000)).is_err());
        let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (one, next) in ('a'..'i').zip('b'..'j') {
            let alias = format!("*{one}");
            bomb.push_str(&format!("{next}: &{next} [{}]\n", [alias.as_str(); 10].join(",")));
        }
        assert_eq!(yaml(&bomb), Err(ConfigError::TooLarge));
        assert!(matches!(yaml("a: [b\nc: d"), Err(ConfigError::Syntax { format: "YAML", .. })));
    }

    #[test]
    fn toml_is_not_descended_without_end() {
        assert_eq!(toml("[a.b]\nc = \"d\"\n"), Ok(json!({"a": {"b": {"c": "d"}}})));
        assert_eq!(toml(&format!("a = {}", "[".repeat(100_000))), Err(ConfigError::TooDeep));
        assert_eq!(toml(&format!("a{} = 1", ".a".repeat(100_000))), Err(ConfigError::TooDeep));
        assert_eq!(toml("a = 1\nb = ]"), Err(ConfigError::Syntax { format: "TOML", line: 2 }));
    }

    #[test]
    fn properties_become_a_tree() {
        let text = "# x\nspring.ai.bedrock.aws.region=us-east-1\nspring.ai.bedrock.aws.access-key : a=b\nnothing\n";
        let expected = json!({"spring": {"ai": {"bedrock": {"aws": {"region": "us-east-1", "access-key": "a=b"}}}}});
        assert_eq!(properties(text), [expected]);
        assert_eq!(properties("a=b\\\n  c\n#---\na=d\n"), [json!({"a": "bc"}), json!({"a": "d"})]);
    }
}
