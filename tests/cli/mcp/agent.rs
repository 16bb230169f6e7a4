//! A program that follows `skills/bedrock-access/SKILL.md` to the letter, without a model: from a pasted error to the fix.

use crate::remedies::account::is_allowed;
use crate::remedies::applier::{apply, changes};
use crate::support::account::at_once;
use crate::support::files;
use crate::support::mcp::Client;
use crate::support::program::Doctor;
use bedrock_access::sandbox::World;
use serde_json::{Value, json};

/// What a client of AWS prints where a call of the world is refused; nothing where it is served.
fn pasted(world: &str) -> Option<String> {
    let report = Doctor::new(["--sandbox", world, "--probe", "--format", "json"]).run();
    let report: Value = serde_json::from_str(&report.stdout).ok()?;
    let error = &report["invocation"]["error"];
    let (code, message) = (error["code"].as_str()?, error["message"].as_str()?);
    (report["invocation"]["outcome"] == "refused")
        .then(|| format!("Traceback (most recent call last):\n  File \"app.py\", line 7\nbotocore.errorfactory.{code}: An error occurred ({code}) when calling the InvokeModel operation: {message}\n"))
}

/// The plan of SKILL.md. Returns the last report, and the tools that were used.
fn follow_the_skill(world: &str, error: &str) -> (Value, Vec<&'static str>) {
    let asked = World::embedded(world).unwrap().request;
    let mut client = Client::new(&["--sandbox", world, "--allow-test-calls"]);
    // 1. The text alone.
    let mut used = vec!["explain_error"];
    let explained = client.call("explain_error", json!({"text": error}));
    assert_eq!(explained["isError"], false, "{world}: {explained}");
    // 2. The account, read-only, with the model and Region of the failing code.
    used.push("diagnose_call");
    let mut arguments = json!({"error": error, "region": asked.region.to_string()});
    if let Some(model) = &asked.model {
        arguments["model"] = json!(model.to_string());
    }
    let mut report = client.call("diagnose_call", arguments.clone())["structuredContent"].clone();
    // 3. A test call, where the verdict is open; the user agrees.
    if report["verdict"] == "undetermined" {
        used.push("test_call");
        arguments["test_call"] = json!("probe");
        report = client.call("diagnose_call", arguments)["structuredContent"].clone();
    }
    assert!(client.end().1.is_empty(), "{world}");
    (report, used)
}

#[test]
fn the_skill_leads_from_the_error_to_the_fix_in_twenty_worlds() {
    let skill = files::read("skills/bedrock-access/SKILL.md");
    let worlds: Vec<&str> = World::names().collect();
    let ends = at_once(2, &worlds, |world| {
        let error = pasted(world)?;
        let (report, used) = follow_the_skill(world, &error);
        for word in used {
            assert!(skill.contains(word), "the skill names `{word}`");
        }
        assert_eq!(report["verdict"], "denied", "{world}: {}", report["headline"]);
        let first = &report["findings"][0];
        assert!(first["remedy"]["who"].is_string(), "{world}: {first}");
        let all = changes(&report);
        let is_a_choice = |change: &Value| {
            change["value"].is_null() && ["use-model", "use-region"].iter().any(|kind| change["change"] == *kind)
        };
        if all.is_empty() || all.iter().any(is_a_choice) {
            // AWS alone opens it, or somebody has to choose: the steps say so.
            assert!(!first["remedy"]["steps"].as_array().unwrap().is_empty(), "{world}: {first}");
            return Some((*world, false));
        }
        // After the fix the call is allowed.
        let fixed = apply(World::embedded_text(world).unwrap(), &all, &report);
        Some((*world, is_allowed(&fixed)))
    });
    let reached: Vec<(&str, bool)> = ends.into_iter().flatten().collect();
    let fixed = reached.iter().filter(|(_, fixed)| *fixed).count();
    assert!(fixed >= 20, "{fixed} of {}: {reached:?}", reached.len());
}

#[test]
fn the_skill_is_short_and_true() {
    let skill = files::read("skills/bedrock-access/SKILL.md");
    // About four characters are a token.
    assert!(skill.len() / 4 < 5_000, "{} characters", skill.len());
    let mut client = Client::new(&["--sandbox"]);
    let tools = client.ask("tools/list", json!({}))["result"]["tools"].clone();
    let reference = files::read("skills/bedrock-access/references/mcp.md");
    let page = files::read("docs/agents.md");
    for tool in tools.as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        assert!(page.contains(&format!("`{name}`")), "docs/agents.md tells of `{name}`");
        assert!(reference.contains(&format!("`{name}`")), "the skill's reference tells of `{name}`");
        for argument in tool["inputSchema"]["properties"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{argument}`")), "docs/agents.md tells of `{argument}` of `{name}`");
        }
    }
    let manifest: Value = serde_json::from_str(&files::read(".claude-plugin/marketplace.json")).unwrap();
    for plugin in manifest["plugins"].as_array().unwrap() {
        for folder in plugin["skills"].as_array().unwrap() {
            assert!(files::path(folder.as_str().unwrap()).join("SKILL.md").is_file(), "{folder}");
        }
    }
}
