//! The same infrastructure as templates: CloudFormation in JSON and YAML, SAM, and what the CDK writes.

use crate::support::infrastructure::{ACCOUNT, App, REGION, RunsOn, document, trust};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The name that a template gives a resource: letters and digits alone.
fn logical(name: &str) -> String {
    name.split('-').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..])).collect()
}

/// Writes ARNs as templates do.
fn with_pseudo_parameters(value: &Value, write: &impl Fn(&str) -> Value) -> Value {
    match value {
        Value::String(text) if text.contains(REGION) || text.contains(ACCOUNT) => write(text),
        Value::Array(items) => items.iter().map(|item| with_pseudo_parameters(item, write)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), with_pseudo_parameters(value, write))).collect()
        }
        other => other.clone(),
    }
}

fn as_sub(text: &str) -> Value {
    let text = text.replacen("arn:aws:", "arn:${AWS::Partition}:", 1);
    json!({"Fn::Sub": text.replace(REGION, "${AWS::Region}").replace(ACCOUNT, "${AWS::AccountId}")})
}

fn as_join(text: &str) -> Value {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let known = [("arn:aws:", "AWS::Partition"), (REGION, "AWS::Region"), (ACCOUNT, "AWS::AccountId")];
        let next = known.iter().filter_map(|(part, name)| rest.find(part).map(|at| (at, *part, *name))).min();
        let Some((at, part, name)) = next else { break };
        if part == "arn:aws:" {
            parts.extend([json!(format!("{}arn:", &rest[..at])), json!({"Ref": name}), json!(":")]);
        } else {
            parts.extend([json!(rest[..at]), json!({"Ref": name})]);
        }
        rest = &rest[at + part.len()..];
    }
    parts.push(json!(rest));
    json!({"Fn::Join": ["", parts]})
}

fn workload(app: &App, role: &str) -> (&'static str, Value) {
    let role = json!({"Fn::GetAtt": [role, "Arn"]});
    match app.runs_on {
        RunsOn::Function => {
            ("AWS::Lambda::Function", json!({"Role": role, "Environment": {"Variables": {"MODEL_ID": app.model}}}))
        }
        RunsOn::Task => (
            "AWS::ECS::TaskDefinition",
            json!({"TaskRoleArn": role, "ContainerDefinitions": [
                {"Name": "app", "Image": "app", "Environment": [{"Name": "MODEL_ID", "Value": app.model}]},
            ]}),
        ),
    }
}

fn add_others(resources: &mut Map<String, Value>, others: usize) {
    let kinds =
        ["AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Logs::LogGroup", "AWS::EC2::SecurityGroup", "AWS::SNS::Topic"];
    for index in 0..others {
        let tags = json!([{"Key": "model", "Value": "not a model"}]);
        resources
            .insert(format!("Other{index}"), json!({"Type": kinds[index % kinds.len()], "Properties": {"Tags": tags}}));
    }
}

/// Writes a CloudFormation template.
pub fn cloudformation(apps: &[App], others: usize) -> Value {
    let mut resources = Map::new();
    for app in apps {
        let name = logical(&app.name);
        let role = format!("{name}Role");
        let mut properties = json!({
            "RoleName": app.name,
            "AssumeRolePolicyDocument": trust(app),
            "Policies": [{"PolicyName": format!("{}-models", app.name), "PolicyDocument": with_pseudo_parameters(&document(app), &as_sub)}],
        });
        if let Some(boundary) = &app.boundary {
            let policy = format!("{name}Boundary");
            properties["PermissionsBoundary"] = json!({"Ref": policy});
            resources
                .insert(policy, json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": boundary}}));
        }
        resources.insert(role.clone(), json!({"Type": "AWS::IAM::Role", "Properties": properties}));
        let (kind, properties) = workload(app, &role);
        resources.insert(name, json!({"Type": kind, "Properties": properties}));
    }
    add_others(&mut resources, others);
    json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
}

/// Writes a template as the CDK does: policies of their own, `Fn::Join`, metadata and the bootstrap's parameter.
pub fn cdk(apps: &[App], others: usize) -> Value {
    let mut template = cloudformation(apps, others);
    let resources = template["Resources"].as_object_mut().unwrap();
    for app in apps {
        let name = logical(&app.name);
        let role = format!("{name}Role");
        resources[&role]["Properties"].as_object_mut().unwrap().remove("Policies");
        resources[&role]["Metadata"] = json!({"aws:cdk:path": format!("App/{name}/Role/Resource")});
        resources.insert(
            format!("{role}DefaultPolicy"),
            json!({"Type": "AWS::IAM::Policy", "Properties": {
                "PolicyName": format!("{}-models", app.name),
                "PolicyDocument": with_pseudo_parameters(&document(app), &as_join),
                "Roles": [{"Ref": role}],
            }}),
        );
    }
    resources
        .insert("CDKMetadata".to_owned(), json!({"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2"}}));
    template["Parameters"] = json!({"BootstrapVersion": {
        "Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version",
    }});
    template
}

/// Writes a SAM template: the functions' roles are SAM's, where SAM's role is what is declared.
pub fn sam(apps: &[App], others: usize) -> Value {
    let mut template = cloudformation(apps, others);
    template["Transform"] = json!("AWS::Serverless-2016-10-31");
    template["Globals"] = json!({"Function": {"Runtime": "python3.13", "Handler": "app.handler"}});
    let resources = template["Resources"].as_object_mut().unwrap();
    for app in apps.iter().filter(|app| app.runs_on == RunsOn::Function) {
        let name = logical(&app.name);
        resources[&name]["Type"] = json!("AWS::Serverless::Function");
        if app.trusts != "lambda.amazonaws.com" {
            continue;
        }
        resources.remove(&format!("{name}Role"));
        let properties = resources[&name]["Properties"].as_object_mut().unwrap();
        properties.remove("Role");
        properties.insert("Policies".to_owned(), json!([with_pseudo_parameters(&document(app), &as_sub)]));
        if app.boundary.is_some() {
            properties.insert("PermissionsBoundary".to_owned(), json!({"Ref": format!("{name}Boundary")}));
        }
    }
    template
}

/// Writes a template in YAML, with the short forms of functions.
pub fn yaml(template: &Value) -> String {
    let mut text = String::new();
    block(template, 0, &mut text);
    text
}

fn block(value: &Value, indent: usize, text: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(members) if members.len() == 1 && short(members).is_some() => {
            writeln!(text, "{pad}{}", short(members).unwrap()).unwrap();
        }
        Value::Object(members) => {
            for (key, value) in members {
                let key = serde_json::to_string(key).unwrap();
                match value {
                    Value::Object(inner) if inner.len() == 1 && short(inner).is_some() => {
                        writeln!(text, "{pad}{key}: {}", short(inner).unwrap()).unwrap();
                    }
                    Value::Object(inner) if !inner.is_empty() => {
                        writeln!(text, "{pad}{key}:").unwrap();
                        block(value, indent + 2, text);
                    }
                    Value::Array(items) if !items.is_empty() => {
                        writeln!(text, "{pad}{key}:").unwrap();
                        block(value, indent + 2, text);
                    }
                    other => writeln!(text, "{pad}{key}: {other}").unwrap(),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut inner = String::new();
                block(item, indent + 2, &mut inner);
                write!(text, "{pad}- {}", inner.trim_start()).unwrap();
            }
        }
        other => writeln!(text, "{pad}{other}").unwrap(),
    }
}

/// `!Sub`, `!Ref` and `!GetAtt`.
fn short(members: &Map<String, Value>) -> Option<String> {
    let (name, value) = members.iter().next()?;
    match (name.as_str(), value) {
        ("Fn::Sub", Value::String(_)) => Some(format!("!Sub {value}")),
        ("Ref", Value::String(name)) => Some(format!("!Ref {name}")),
        ("Fn::GetAtt", Value::Array(path)) => {
            let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
            Some(format!("!GetAtt {}", path.join(".")))
        }
        _ => None,
    }
}
