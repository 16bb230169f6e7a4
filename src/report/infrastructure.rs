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
#[cfg(feature = "iac")]
pub fn hcl_statements(policy: &Value) -> String {
    let mut text = String::new();
    write_hcl(&mut text, policy);
    text
}

/// Renders the statements of a policy as items of a template's `Statement` in YAML.
#[must_use]
#[cfg(feature = "iac")]
pub fn yaml_statements(policy: &Value) -> String {
    let mut text = String::new();
    write_yaml(&mut text, policy, "");
    text
}

fn write_hcl(text: &mut String, policy: &Value) {
    for (index, statement) in statements(policy).iter().enumerate() {
        let gap = if index > 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}  statement {{");
        let member = |name: &str| statement.get(name).and_then(Value::as_str);
        let mut arguments: Vec<(&str, String)> = Vec::new();
        arguments.extend(member("Sid").map(|sid| ("sid", hcl(sid))));
        arguments.push(("effect", hcl(member("Effect").unwrap_or("Allow"))));
        for (name, element) in [
            ("actions", "Action"),
            ("not_actions", "NotAction"),
            ("resources", "Resource"),
            ("not_resources", "NotResource"),
        ] {
            let values: Vec<String> = strings(statement.get(element)).map(hcl).collect();
            match values.as_slice() {
                [] => {}
                [only] => arguments.push((name, format!("[{only}]"))),
                many => arguments.push((name, format!("[\n      {},\n    ]", many.join(",\n      ")))),
            }
        }
        let width = arguments.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, value) in arguments {
            let _ = writeln!(text, "    {name:width$} = {value}");
        }
        for (block, element) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
            for (kind, values) in principals(statement, element) {
                let values: Vec<String> = values.into_iter().map(hcl).collect();
                let _ = write!(
                    text,
                    "\n    {block} {{\n      type        = {}\n      identifiers = [{}]\n    }}\n",
                    hcl(kind),
                    values.join(", ")
                );
            }
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
        let member = |name: &str| statement.get(name).and_then(Value::as_str);
        let effect = member("Effect").unwrap_or("Allow");
        match member("Sid") {
            Some(sid) => {
                let _ = writeln!(text, "{indent}- Sid: {}\n{indent}  Effect: {effect}", quoted(sid));
            }
            None => {
                let _ = writeln!(text, "{indent}- Effect: {effect}");
            }
        }
        for element in ["Principal", "NotPrincipal"] {
            let kinds = principals(statement, element);
            if let [("*", _)] = kinds.as_slice() {
                let _ = writeln!(text, "{indent}  {element}: \"*\"");
                continue;
            }
            if !kinds.is_empty() {
                let _ = writeln!(text, "{indent}  {element}:");
            }
            for (kind, values) in kinds {
                let values: Vec<String> = values.into_iter().map(quoted).collect();
                let _ = writeln!(text, "{indent}    {kind}: [{}]", values.join(", "));
            }
        }
        let elements = ["Action", "NotAction", "Resource", "NotResource"];
        for element in elements.into_iter().filter(|element| statement.get(element).is_some()) {
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

/// Lists whom a statement names, by kind; `*` is a kind of its own, as Terraform has it.
fn principals<'s>(statement: &'s Value, element: &str) -> Vec<(&'s str, Vec<&'s str>)> {
    match statement.get(element) {
        Some(Value::String(everybody)) => vec![("*", vec![everybody])],
        Some(Value::Object(kinds)) => {
            kinds.iter().map(|(kind, values)| (kind.as_str(), strings(Some(values)).collect())).collect()
        }
        _ => Vec::new(),
    }
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
