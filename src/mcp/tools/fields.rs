//! Arguments that several tools take, with their descriptions and examples.

use serde_json::{Value, json};

pub(super) fn paths(description: &str, examples: &Value) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": description, "examples": examples})
}

pub(super) fn model() -> Value {
    json!({
        "type": "string",
        "description": "The model id, inference profile id, or ARN of what is invoked, exactly as the failing code names it.",
        "examples": ["us.amazon.nova-lite-v1:0", "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0"]
    })
}

pub(super) fn region() -> Value {
    json!({
        "type": "string",
        "description": "The Region whose endpoint is called. Left out, it comes from the ARN, the error, the environment or the profile.",
        "examples": ["us-west-2"]
    })
}

pub(super) fn operation() -> Value {
    json!({
        "type": "string",
        "description": "The API operation or IAM action [default: InvokeModel].",
        "examples": ["Converse", "bedrock:InvokeModelWithResponseStream", "retrieve-and-generate"]
    })
}

pub(super) fn resources() -> Value {
    json!({
        "type": "array", "items": {"type": "string"},
        "description": "Other resources that the call names, by ARN: agent alias, knowledge base, guardrail, project, bucket, key.",
        "examples": [["arn:aws:bedrock:us-west-2:111122223333:knowledge-base/KB12345678"]]
    })
}

pub(super) fn service_role() -> Value {
    json!({
        "type": "string",
        "description": "The ARN of the role that Bedrock assumes to carry out the operation.",
        "examples": ["arn:aws:iam::111122223333:role/service-role/agents"]
    })
}

pub(super) fn principal(description: &str) -> Value {
    json!({
        "type": "string",
        "description": description,
        "examples": ["arn:aws:iam::111122223333:role/apps/chat-api"]
    })
}

pub(super) fn context() -> Value {
    json!({
        "type": "object",
        "additionalProperties": {"anyOf": [{"type": ["string", "number", "boolean"]}, {"type": "array"}]},
        "description": "Condition keys that the call carries, in addition to the usual ones; a list has several values.",
        "examples": [{"aws:SourceVpce": "vpce-0a1b2c3d4e5f6a7b8"}]
    })
}

pub(super) fn account() -> Value {
    json!({
        "type": "string", "pattern": "^[0-9]{12}$",
        "description": "The account of the caller, which the ARN of an inference profile holds.",
        "examples": ["111122223333"]
    })
}

/// One policy: a document, or where it is.
pub(super) fn policy(description: &str) -> Value {
    json!({
        "anyOf": [{"type": "object"}, {"type": "string"}],
        "description": format!("{description} The document as an object or as its text, or the path of a file with it."),
        "examples": [{"Version": "2012-10-17", "Statement": []}, "policies/session.json"]
    })
}

/// Several policies.
pub(super) fn policies(description: &str) -> Value {
    json!({
        "type": "array", "items": {"anyOf": [{"type": "object"}, {"type": "string"}]},
        "description": format!("{description} Each is a document, its text, the path of a file, or the name of an AWS managed policy."),
        "examples": [["AmazonBedrockReadOnly"], [{"Version": "2012-10-17", "Statement": []}]]
    })
}
