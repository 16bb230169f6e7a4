//! Recognizes a file by its content: evidence, targets, a policy, a plan, a log.
//!
//! Takes the first part of a file, gzipped or not. What is not recognized is text, which may hold an error message.

use super::input::unzipped;
use crate::clients::{self, Client};
use serde_json::Value;

/// How much of a gzipped head is unpacked, in bytes.
const UNPACKED: u64 = 4 << 20;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Empty,
    /// What `--save-evidence` wrote.
    Evidence,
    /// Another document of this program.
    Report,
    /// Targets, as JSON lines or YAML.
    Targets,
    /// A sandbox world.
    World,
    /// An IAM policy.
    Policy,
    /// A Terraform plan or a CloudFormation template.
    Plan,
    /// CloudTrail events.
    CloudTrail,
    /// A HAR file of a browser.
    Har,
    /// An AWS config or credentials file.
    AwsConfig,
    /// A `.env` file.
    Variables,
    /// The configuration of an AI client.
    Client(Client),
    /// Anything else: an error message, a log.
    Text,
}

/// Recognizes a file by its first part.
pub(super) fn recognize(head: &[u8]) -> Content {
    let unpacked;
    let head = if head.starts_with(&[0x1f, 0x8b]) {
        // The end of the head is cut off in the middle of the compressed data.
        unpacked = unzipped(head, UNPACKED).unwrap_or_default();
        if unpacked.is_empty() { return Content::Text } else { &unpacked[..] }
    } else {
        head
    };
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() {
        return Content::Empty;
    }
    if let Some(client) = clients::recognize(text) {
        return Content::Client(client);
    }
    if text.starts_with('{') || text.starts_with('[') && !text.starts_with("[profile") && !text.starts_with("[default]")
    {
        return json(text);
    }
    by_lines(text)
}

fn json(text: &str) -> Content {
    let first_line = text.lines().next().unwrap_or_default();
    if let Ok(Value::Object(line)) = serde_json::from_str::<Value>(first_line) {
        return object(|key| line.get(key).map(|value| value.as_str().unwrap_or_default().to_owned()));
    }
    // A large document is cut off: its keys are looked for in what there is.
    let of_key = |key: &str| {
        let quoted = format!("\"{key}\"");
        let (_, rest) = text.split_once(&quoted)?;
        let value = rest.trim_start().strip_prefix(':')?.trim_start();
        Some(value.strip_prefix('"').and_then(|value| value.split('"').next()).unwrap_or_default().to_owned())
    };
    object(of_key)
}

fn object(value: impl Fn(&str) -> Option<String>) -> Content {
    let has = |key: &str| value(key).is_some();
    let schema = value("schema").unwrap_or_default();
    if schema.starts_with("bedrock-access/evidence/") {
        Content::Evidence
    } else if schema.starts_with("bedrock-access/") {
        Content::Report
    } else if has("log") && has("entries") {
        Content::Har
    } else if has("eventVersion") || has("Records") || has("CloudTrailEvent") {
        Content::CloudTrail
    } else if has("planned_values")
        || has("resource_changes")
        || has("AWSTemplateFormatVersion")
        || has("terraform_version")
    {
        Content::Plan
    } else if has("principals") && has("models") {
        Content::World
    } else if has("Statement") {
        Content::Policy
    } else if (has("model") || has("operation")) && !has("message") && !has("error") {
        Content::Targets
    } else {
        Content::Text
    }
}

fn by_lines(text: &str) -> Content {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.next().unwrap_or_default();
    let keys = ["model:", "operation:", "id:"];
    let is_entry = |line: &str| keys.iter().any(|key| line.trim_start_matches(['-', ' ']).starts_with(key));
    let variable = |line: &str| {
        let line = line.strip_prefix("export ").unwrap_or(line);
        line.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
    };
    if first.starts_with("[default]") || first.starts_with("[profile ") || first.starts_with("[sso-session ") {
        Content::AwsConfig
    } else if first.starts_with('-') && is_entry(first) {
        Content::Targets
    } else if first.starts_with("AWSTemplateFormatVersion") || first.starts_with("Transform: AWS::") {
        Content::Plan
    } else if variable(first) && lines.all(variable) {
        Content::Variables
    } else {
        Content::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const KINDS: [(&str, Content); 24] = [
        ("", Content::Empty),
        ("  \n", Content::Empty),
        ("{\n  \"schema\": \"bedrock-access/evidence/1\",\n", Content::Evidence),
        ("{\"schema\":\"bedrock-access/diagnosis/1\"}\n", Content::Report),
        ("{\"id\": 1, \"model\": \"amazon.nova-lite-v1:0\"}\n{\"id\": 2}\n", Content::Targets),
        ("# targets\n- id: chat\n  model: amazon.nova-lite-v1:0\n", Content::Targets),
        ("{\"Version\": \"2012-10-17\", \"Statement\": []}", Content::Policy),
        ("{\n \"Version\": \"2012-10-17\",\n \"Statement\": [", Content::Policy),
        ("{\"format_version\": \"1.2\", \"terraform_version\": \"1.9\", \"planned_values\": {}}", Content::Plan),
        ("AWSTemplateFormatVersion: '2010-09-09'\nResources:\n", Content::Plan),
        ("{\"Records\": [{\"eventVersion\": \"1.08\"}]}", Content::CloudTrail),
        ("{\"log\": {\"version\": \"1.2\"}, \"entries\": []}", Content::Har),
        ("{\"account\": \"111122223333\", \"principals\": [], \"models\": []}", Content::World),
        ("[default]\nregion = us-west-2\n", Content::AwsConfig),
        ("[profile dev]\nregion = us-west-2\n", Content::AwsConfig),
        ("AWS_REGION=us-west-2\nexport MODEL_ID=amazon.nova-lite-v1:0\n", Content::Variables),
        ("An error occurred (AccessDeniedException) when calling\n", Content::Text),
        ("{\"message\": \"User is not authorized\", \"model\": \"x\"}", Content::Text),
        ("Traceback (most recent call last):\n  File \"app.py\"\nA=1\n", Content::Text),
        ("[{\"level\": \"error\"}]", Content::Text),
        ("{\"env\": {\"CLAUDE_CODE_USE_BEDROCK\": \"1\"}}", Content::Client(Client::ClaudeCode)),
        ("# proxy\nmodel_list:\n- model_name: chat\n", Content::Client(Client::LiteLlm)),
        ("model_provider = \"amazon-bedrock\"\n", Content::Client(Client::Codex)),
        ("// mine\n{\"language_models\": {\"bedrock\": {}},}", Content::Client(Client::Zed)),
    ];

    #[test]
    fn files_are_known_by_their_content_zipped_or_not() {
        for (text, content) in KINDS {
            assert_eq!(recognize(text.as_bytes()), content, "{text}");
            let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            zipped.write_all(text.as_bytes()).unwrap();
            let zipped = zipped.finish().unwrap();
            let expected = if text.is_empty() { Content::Text } else { content };
            assert_eq!(recognize(&zipped), expected, "{text}");
        }
    }
}
