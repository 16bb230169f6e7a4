//! A client that nobody here wrote: the protocol's own Python SDK.

use crate::support::files;
use crate::support::mcp::{own_words, report};
use crate::support::program::PROGRAM;
use crate::support::python::interpreter;
use serde_json::{Value, json};
use std::process::Command;

#[test]
#[cfg_attr(
    not(test_python),
    ignore = "needs Python with tests/foreign/requirements.txt: set BEDROCK_ACCESS_TEST_PYTHON"
)]
fn the_python_sdk_uses_every_tool_resource_and_prompt() {
    let calls: Vec<Value> =
        super::calls().into_iter().map(|(name, _, arguments)| json!({"name": name, "arguments": arguments})).collect();
    let output = Command::new(interpreter(&["mcp"]))
        .arg(files::path("tests/foreign/agent.py"))
        .args([PROGRAM, "mcp", "--sandbox", "iam-missing"])
        .env("BEDROCK_ACCESS_TEST_CALLS", json!(calls).to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["server"], "bedrock-access");
    assert_eq!(seen["tools"].as_array().map(Vec::len), Some(calls.len()));
    for (call, result) in calls.iter().zip(seen["results"].as_array().unwrap()) {
        // The SDK itself has held the structure to the tool's output schema.
        assert_eq!(result["isError"], false, "{call}: {result}");
        assert!(result["structuredContent"].is_object() && !report(result).is_empty(), "{call}");
    }
    let diagnosis = &seen["results"][1];
    assert_eq!(diagnosis["structuredContent"]["findings"][0]["cause"], "identity-policy-missing-allow");
    assert!(own_words(diagnosis).contains("cause: identity-policy-missing-allow"));
    assert!(seen["resources"].as_u64().is_some_and(|read| read > 40), "{}", seen["resources"]);
    assert_eq!(seen["prompts"], 2);
    assert!(seen["progress"].as_u64().is_some_and(|told| told >= 2), "{}", seen["progress"]);
}
