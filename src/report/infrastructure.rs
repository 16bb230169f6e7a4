//! A policy as infrastructure code: Terraform and CloudFormation.
//!
//! Takes the documents that this crate writes itself: statements with lists of actions and resources, and conditions.

use serde_json::Value;
use std::fmt::Write as _;

/// Renders a policy document as Terraform: a data source with the statements, and a policy made of it.
#[must_use]
pub fn terraform(policy: &Value) -> String {
    let mut text = "data \"aws_iam_policy_document\" \"bedrock\" {\n".to_owned();
    for (index, statement) in statements(policy).iter().enumerate() {
        let gap = if index > 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}  statement {{");
        let _ = writeln!(
            text,
            "    effect    = {}",
            hcl(statement.get("Effect").and_then(Value::as_str).unwrap_or("Allow"))
        );
        for (name, element) in [("actions  ", "Action"), ("resources", "Resource")] {
            let values: Vec<String> = strings(statement.get(element)).map(hcl).collect();
            let _ = match values.as_slice() {
                [only] => writeln!(text, "    {name} = [{only}]"),
                many => writeln!(text, "    {name} = [\n      {},\n    ]", many.join(",\n      ")),
            };
        }
        for (operator, key, values) in conditions(statement) {
            let values: Vec<String> = strings(Some(values)).map(hcl).collect();
            let _ = write!(
                text,
                "\n    condition {{\n      test     = {}\n      variable = {}\n      values   = [{}]\n    }}\n",
                hcl(operator),
                hcl(key),
                values.join(", ")
            );
        }
        text.push_str("  }\n");
    }
    text.push_str(
        "}\n\nresource \"aws_iam_policy\" \"bedrock\" {\n  name   = \"bedrock-access\"\n  policy = \
         data.aws_iam_policy_document.bedrock.json\n}\n",
    );
    text
}

/// Renders a policy document as a CloudFormation template in YAML.
#[must_use]
pub fn cloudformation(policy: &Value) -> String {
    let mut text = "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: Allows calling Amazon Bedrock models\n\
                    Resources:\n  BedrockAccess:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      \
                    Description: Allows calling Amazon Bedrock models\n      PolicyDocument:\n"
        .to_owned();
    let version = policy.get("Version").and_then(Value::as_str).unwrap_or("2012-10-17");
    let _ = writeln!(text, "        Version: {}\n        Statement:", quoted(version));
    for statement in statements(policy) {
        let effect = statement.get("Effect").and_then(Value::as_str).unwrap_or("Allow");
        let _ = writeln!(text, "          - Effect: {effect}");
        for element in ["Action", "Resource"] {
            let _ = writeln!(text, "            {element}:");
            for value in strings(statement.get(element)) {
                let _ = writeln!(text, "              - {}", quoted(value));
            }
        }
        let mut last = None;
        for (operator, key, values) in conditions(statement) {
            if last.is_none() {
                text.push_str("            Condition:\n");
            }
            if last != Some(operator) {
                let _ = writeln!(text, "              {operator}:");
                last = Some(operator);
            }
            let values: Vec<String> = strings(Some(values)).map(quoted).collect();
            let _ = writeln!(text, "                {}: [{}]", quoted(key), values.join(", "));
        }
    }
    text.push_str("Outputs:\n  PolicyArn:\n    Value: !Ref BedrockAccess\n");
    text
}

fn statements(policy: &Value) -> &[Value] {
    policy.get("Statement").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let (one, many) = match value {
        Some(Value::Array(values)) => (None, values.as_slice()),
        other => (other, &[][..]),
    };
    one.into_iter().chain(many).filter_map(Value::as_str)
}

fn conditions(statement: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
    operators.flat_map(|(operator, keys)| {
        keys.as_object().into_iter().flatten().map(move |(key, values)| (operator.as_str(), key.as_str(), values))
    })
}

/// Quotes a text for Terraform, in which `${` and `%{` begin a template.
fn hcl(text: &str) -> String {
    quoted(text).replace("${", "$${").replace("%{", "%%{")
}

/// Quotes a text as JSON and YAML have it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
