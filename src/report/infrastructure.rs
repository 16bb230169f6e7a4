//! A policy as infrastructure code: Terraform and CloudFormation.
//!
//! Takes the documents that this crate writes itself: statements with lists of actions and of resources or services,
//! and conditions.

use serde_json::Value;
use std::fmt::Write as _;

/// Which policy of an operation it is; their names differ, so that all of them stand in one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyPart {
    /// What the caller is allowed.
    Caller,
    /// What the role that Bedrock assumes is allowed.
    ServiceRole,
    /// Who may assume that role.
    Trust,
}

impl PolicyPart {
    /// Returns the name in Terraform, the logical name in CloudFormation, and what is said of it there.
    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Caller => ("bedrock", "BedrockAccess", "Allows calling Amazon Bedrock models"),
            Self::ServiceRole => {
                ("bedrock_service_role", "BedrockServiceRoleAccess", "Allows what Amazon Bedrock does with its role")
            }
            Self::Trust => ("bedrock_trust", "BedrockServiceRole", "Lets Amazon Bedrock assume the role"),
        }
    }
}

/// Renders a policy document as Terraform: a data source with the statements, and a policy, or for a trust policy a
/// role, made of it.
#[must_use]
pub fn terraform(policy: &Value, part: PolicyPart) -> String {
    let (name, ..) = part.names();
    let mut text = format!("data \"aws_iam_policy_document\" \"{name}\" {{\n");
    write_hcl(&mut text, policy);
    let resource = match part {
        PolicyPart::Caller => "\"aws_iam_policy\" \"bedrock\" {\n  name   = \"bedrock-access\"\n  policy",
        PolicyPart::ServiceRole => {
            "\"aws_iam_policy\" \"bedrock_service_role\" {\n  name   = \"bedrock-access-service-role\"\n  policy"
        }
        PolicyPart::Trust => {
            "\"aws_iam_role\" \"bedrock_service_role\" {\n  name               = \
             \"bedrock-access-service-role\"\n  assume_role_policy"
        }
    };
    let _ = write!(text, "}}\n\nresource {resource} = data.aws_iam_policy_document.{name}.json\n}}\n");
    text
}

/// Renders a policy document as a CloudFormation template in YAML.
#[must_use]
pub fn cloudformation(policy: &Value, part: PolicyPart) -> String {
    let (_, name, what) = part.names();
    let (kind, document, output) = match part {
        PolicyPart::Caller | PolicyPart::ServiceRole => {
            ("AWS::IAM::ManagedPolicy", "PolicyDocument", format!("PolicyArn:\n    Value: !Ref {name}\n"))
        }
        PolicyPart::Trust => {
            ("AWS::IAM::Role", "AssumeRolePolicyDocument", format!("RoleArn:\n    Value: !GetAtt {name}.Arn\n"))
        }
    };
    let mut text = format!(
        "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: {what}\nResources:\n  {name}:\n    Type: {kind}\n    \
         Properties:\n      Description: {what}\n      {document}:\n"
    );
    let version = policy.get("Version").and_then(Value::as_str).unwrap_or("2012-10-17");
    let _ = writeln!(text, "        Version: {}\n        Statement:", quoted(version));
    write_yaml(&mut text, policy, "          ");
    let _ = write!(text, "Outputs:\n  {output}");
    text
}

/// Renders the statements of a policy as blocks of a data source `aws_iam_policy_document`.
#[must_use]
pub fn hcl_statements(policy: &Value) -> String {
    let mut text = String::new();
    write_hcl(&mut text, policy);
    text
}

/// Renders the statements of a policy as items of a template's `Statement` in YAML.
#[must_use]
pub fn yaml_statements(policy: &Value) -> String {
    let mut text = String::new();
    write_yaml(&mut text, policy, "");
    text
}

fn write_hcl(text: &mut String, policy: &Value) {
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
                [] => Ok(()),
                [only] => writeln!(text, "    {name} = [{only}]"),
                many => writeln!(text, "    {name} = [\n      {},\n    ]", many.join(",\n      ")),
            };
        }
        let services: Vec<String> = strings(trusted(statement)).map(hcl).collect();
        if !services.is_empty() {
            let _ = write!(
                text,
                "\n    principals {{\n      type        = \"Service\"\n      identifiers = [{}]\n    }}\n",
                services.join(", ")
            );
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
}

fn write_yaml(text: &mut String, policy: &Value, indent: &str) {
    for statement in statements(policy) {
        let effect = statement.get("Effect").and_then(Value::as_str).unwrap_or("Allow");
        let _ = writeln!(text, "{indent}- Effect: {effect}");
        if let Some(services) = trusted(statement) {
            let services: Vec<String> = strings(Some(services)).map(quoted).collect();
            let _ = writeln!(text, "{indent}  Principal:\n{indent}    Service: [{}]", services.join(", "));
        }
        for element in ["Action", "Resource"].into_iter().filter(|element| statement.get(element).is_some()) {
            let _ = writeln!(text, "{indent}  {element}:");
            for value in strings(statement.get(element)) {
                let _ = writeln!(text, "{indent}    - {}", quoted(value));
            }
        }
        let mut last = None;
        for (operator, key, values) in conditions(statement) {
            if last.is_none() {
                let _ = writeln!(text, "{indent}  Condition:");
            }
            if last != Some(operator) {
                let _ = writeln!(text, "{indent}    {operator}:");
                last = Some(operator);
            }
            let values: Vec<String> = strings(Some(values)).map(quoted).collect();
            let _ = writeln!(text, "{indent}      {}: [{}]", quoted(key), values.join(", "));
        }
    }
}

fn statements(policy: &Value) -> &[Value] {
    policy.get("Statement").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns the services that a statement of a trust policy names.
fn trusted(statement: &Value) -> Option<&Value> {
    statement.get("Principal")?.get("Service")
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
