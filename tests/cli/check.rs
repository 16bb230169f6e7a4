//! `check` as people run it: formats, exit statuses, folders, baselines, and files that are something else.

mod worlds;

use crate::support::files;
use crate::support::program::{Answer, bedrock_access, run_with_input, schema};
use serde_json::Value;
use std::fs;

const FOLDER: &str = "tests/fixtures/iac";

fn check(arguments: &[&str]) -> Answer {
    bedrock_access(["check"].iter().chain(arguments)).current_dir(files::path(FOLDER)).output().unwrap().into()
}

#[test]
fn the_exit_status_says_whether_there_is_something_to_fix() {
    assert_eq!(check(&["other-region.broken.yaml", "--region", "us-east-1"]).status, 1);
    let open = check(&["other-region.broken.yaml"]);
    assert_eq!(open.status, 0, "the Region is assumed, and the policy names another");
    assert!(open.stdout.contains("`--region` and `--account` tell"), "{}", open.stdout);
    assert_eq!(check(&["other-region.fixed.yaml"]).status, 0);
    assert_eq!(check(&["other-region.fixed.yaml", "--deny", "unknown"]).status, 3, "the Region is assumed");
    assert_eq!(
        check(&["other-region.fixed.yaml", "--deny", "unknown", "--region", "us-east-1", "--account", "111122223333"])
            .status,
        0
    );
    assert_eq!(check(&["missing.yaml"]).status, 4);
    assert_eq!(check(&["README.md"]).status, 4);
    assert_eq!(check(&[]).status, 2);
    assert_eq!(check(&["--account", "1", "other-region.fixed.yaml"]).status, 2);
}

#[test]
fn every_format_names_the_code_the_resource_and_the_change() {
    for format in ["text", "json", "sarif", "markdown", "junit"] {
        let answer = check(&["profile-without-models.broken.yaml", "--region", "eu-west-1", "--format", format]);
        assert_eq!(answer.status, 1, "{format}: {}", answer.stderr);
        assert!(answer.stdout.contains("arn:aws:bedrock:::foundation-model/"), "{format}: {}", answer.stdout);
        if format != "junit" {
            assert!(answer.stdout.contains("call-denied"), "{format}: {}", answer.stdout);
        }
    }
}

#[test]
fn json_is_as_the_schema_says_for_every_fixture() {
    let validator = schema("check-1");
    for entry in fs::read_dir(files::path(FOLDER)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name == "README.md" {
            continue;
        }
        let answer = check(&[&name, "--format", "json"]);
        let document: Value = serde_json::from_str(&answer.stdout).unwrap();
        let wrong: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        assert_eq!(document["verdict"] == "findings", answer.status == 1, "{name}");
    }
}

#[test]
fn sarif_points_at_the_line_of_the_template() {
    let answer = check(&["action-that-does-not-exist.broken.yaml", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&answer.stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let text = files::read(&format!("{FOLDER}/action-that-does-not-exist.broken.yaml"));
    let line = 1 + text.lines().position(|line| line.contains("- Effect: Allow")).unwrap();
    let lint = results.iter().find(|result| result["ruleId"] == "unknown-action").unwrap();
    assert_eq!(lint["locations"][0]["physicalLocation"]["region"]["startLine"], line);
}

#[test]
fn a_change_is_written_in_the_language_of_the_file() {
    let change = |file: &str| {
        let answer = check(&[file, "--region", "us-east-1", "--format", "json"]);
        let document: Value = serde_json::from_str(&answer.stdout).unwrap();
        let findings = document["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["code"] == "call-denied").unwrap()["change"].clone()
    };
    let hcl = change("tf-modules.broken.json");
    assert_eq!(hcl["language"], "hcl");
    assert!(hcl["text"].as_str().unwrap().starts_with("  statement {"), "{hcl}");
    let yaml = change("other-region.broken.yaml");
    assert_eq!(yaml["language"], "yaml");
    assert!(yaml["text"].as_str().unwrap().starts_with("- Effect: Allow"), "{yaml}");
    // What only the deployment makes is referred to, and not spelled.
    for (file, reference) in [
        ("application-profile.broken.yaml", "    - !GetAtt Profile.InferenceProfileArn\n"),
        ("flow-prompt.broken.yaml", "    - !GetAtt Version.Arn\n"),
        ("guardrail-passed.broken.yaml", "    - !GetAtt Guardrail.GuardrailArn\n"),
        ("tf-agent-guardrail.broken.json", "resources = [aws_bedrock_guardrail.names.guardrail_arn]\n"),
    ] {
        let text = change(file)["text"].clone();
        assert!(text.as_str().unwrap().contains(reference), "{file}: {text}");
    }
}

/// A limit that somebody set is no policy of the role's to widen: what it lacks is shown, and marked as unsafe.
#[test]
fn what_a_limit_lacks_is_shown_as_its_owners_to_decide() {
    for (file, kind) in
        [("boundary.broken.yaml", "permissions boundary"), ("tf-vpc-endpoint.broken.json", "vpc endpoint policy")]
    {
        let answer = check(&[file, "--region", if file.starts_with("tf") { "eu-west-1" } else { "us-east-1" }]);
        let asks = format!("what the {kind} `");
        assert!(answer.stdout.contains(&asks) && answer.stdout.contains("ask who set this limit first"), "{file}");
        let answer = check(&[file, "--format", "json"]);
        let document: Value = serde_json::from_str(&answer.stdout).unwrap();
        let finding = document["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "call-denied");
        assert_eq!(finding.unwrap()["change"]["safe"], false, "{file}");
    }
    // What is denied explicitly is denied on purpose: the statement is named, and nothing is offered against it.
    let answer = check(&["denied-on-purpose.broken.yaml", "--format", "json"]);
    let document: Value = serde_json::from_str(&answer.stdout).unwrap();
    let finding = document["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "call-denied");
    let finding = finding.unwrap();
    assert!(finding["message"].as_str().unwrap().starts_with("statement 2 of `"), "{finding}");
    assert_eq!(finding["change"], Value::Null);
}

#[test]
fn a_baseline_hides_what_was_there_before() {
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("baseline.json");
    let written = check(&[
        "other-region.broken.yaml",
        "--region",
        "us-east-1",
        "--format",
        "json",
        "--output",
        baseline.to_str().unwrap(),
    ]);
    assert_eq!(written.status, 1);
    let baseline = baseline.to_str().unwrap();
    assert_eq!(check(&["other-region.broken.yaml", "--region", "us-east-1", "--baseline", baseline]).status, 0);
    assert_eq!(check(&["model-by-stage.broken.yaml", "--baseline", baseline]).status, 1, "another file's are new");
    assert_eq!(check(&["other-region.broken.yaml", "--baseline", "README.md"]).status, 4);
}

#[test]
fn a_folder_of_the_cdk_is_read_with_its_nested_stacks() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("cdk.out");
    fs::create_dir_all(out.join("asset.1234")).unwrap();
    fs::write(out.join("asset.1234/data.json"), "{ not json").unwrap();
    fs::write(out.join("manifest.json"), r#"{"version": "48.0.0", "artifacts": {}}"#).unwrap();
    let parent = r#"{"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {
        "TemplateURL": "AppNested1.nested.template.json", "Parameters": {"Model": "amazon.nova-pro-v1:0"}}}},
        "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/x/version"}}}"#;
    fs::write(out.join("App.template.json"), parent).unwrap();
    let nested = r#"{"Parameters": {"Model": {"Type": "String"}}, "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}},
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p", "Roles": [{"Ref": "Role"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "bedrock:InvokeModel",
                "Resource": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":bedrock:", {"Ref": "AWS::Region"}, "::foundation-model/amazon.nova-lite-v1:0"]]}}]}}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Environment": {"Variables": {"MODEL": {"Ref": "Model"}}}}}}}"#;
    fs::write(out.join("AppNested1.nested.template.json"), nested).unwrap();
    let answer = check(&[out.to_str().unwrap(), "--format", "json", "--region", "us-east-1"]);
    assert_eq!(answer.status, 1, "{}{}", answer.stdout, answer.stderr);
    let document: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(document["inputs"].as_array().unwrap().len(), 2, "{document:#}");
    assert_eq!(document["roles"][0]["calls"][0]["model"], "amazon.nova-pro-v1:0");
    assert_eq!(document["findings"][0]["change"]["language"], "json");
}

#[test]
fn what_is_not_json_says_what_to_type() {
    let answer = bedrock_access(["check", "-"]);
    let output: Answer = run_with_input(answer, b"resource \"aws_iam_role\" \"app\" {\n}\n").into();
    assert_eq!(output.status, 4);
    assert!(output.stderr.contains("terraform show -json plan.out > plan.json"), "{}", output.stderr);
}

#[test]
fn text_from_a_file_steers_no_terminal_and_closes_no_markup() {
    let template = "Resources:\n  \"R\\e[2J`x``![i](https://evil.example)\":\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: \"sts:AssumeRole\"}]}\n      Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: \"bedrock:Converse\", Resource: \"*\"}]}}]\n";
    for format in ["text", "json", "sarif", "markdown", "junit"] {
        let command = bedrock_access(["check", "-", "--format", format]);
        let output: Answer = run_with_input(command, template.as_bytes()).into();
        assert!(!output.stdout.contains('\u{1b}'), "{format}");
        if format == "markdown" {
            assert!(output.stdout.contains("```` R") || !output.stdout.contains("\n!["), "{}", output.stdout);
        }
    }
}
