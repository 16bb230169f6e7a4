//! The same infrastructure in every language that `check` reads: functions and tasks with their roles, among resources that
//! have nothing to do with models.

use serde_json::{Map, Value, json};
use std::fmt::Write as _;

pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "us-west-2";

/// Something that runs with a role of its own and calls one model.
#[derive(Clone, Debug)]
pub struct App {
    pub name: String,
    pub runs_on: RunsOn,
    pub model: &'static str,
    /// The statements of its role's policy, with the ARNs that will be.
    pub statements: Vec<Value>,
    /// The service that the role trusts.
    pub trusts: &'static str,
    pub boundary: Option<Value>,
    /// What is wrong with it, as `check` names it; `None` where nothing is.
    pub mistake: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunsOn {
    Function,
    Task,
}

impl RunsOn {
    fn service(self) -> &'static str {
        match self {
            Self::Function => "lambda.amazonaws.com",
            Self::Task => "ecs-tasks.amazonaws.com",
        }
    }
}

/// A source of choices: the same seed makes the same ones.
pub struct Choices(u64);

impl Choices {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    pub fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

const NOVA: &str = "amazon.nova-lite-v1:0";
const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const CLAUDE_MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const GLOBAL: &str = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn model_arn(region: &str, model: &str) -> String {
    format!("arn:aws:bedrock:{region}::foundation-model/{model}")
}

fn profile_arn(profile: &str) -> String {
    format!("arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/{profile}")
}

fn allow(actions: &[&str], resources: &[String]) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

const INVOKE: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

/// Makes an app without a mistake.
pub fn right(name: String, choices: &mut Choices) -> App {
    let runs_on = *choices.of(&[RunsOn::Function, RunsOn::Task]);
    let (model, mut statements) = match choices.below(6) {
        0 => (NOVA, vec![allow(&INVOKE, &[model_arn(REGION, NOVA)])]),
        1 => (NOVA, vec![allow(&["bedrock:InvokeModel*"], &[model_arn("*", "amazon.nova-*")])]),
        2 => {
            let models = ["us-east-1", "us-east-2", "us-west-2"].map(|region| model_arn(region, CLAUDE_MODEL));
            let all: Vec<String> = [profile_arn(CLAUDE)].into_iter().chain(models).collect();
            (CLAUDE, vec![allow(&INVOKE, &all)])
        }
        3 => {
            let mut models = allow(&INVOKE, &[model_arn("*", CLAUDE_MODEL)]);
            models["Condition"] = json!({"StringEquals": {"bedrock:InferenceProfileArn": profile_arn(CLAUDE)}});
            (CLAUDE, vec![allow(&INVOKE, &[profile_arn(CLAUDE)]), models])
        }
        4 => {
            let all = [profile_arn(GLOBAL), model_arn(REGION, CLAUDE_MODEL), model_arn("", CLAUDE_MODEL)];
            (GLOBAL, vec![allow(&INVOKE, &all)])
        }
        _ => (CLAUDE, vec![allow(&INVOKE, &[profile_arn("*"), model_arn("*", "anthropic.claude-*")])]),
    };
    if choices.below(3) == 0 {
        statements.push(json!({
            "Effect": "Deny", "Action": "bedrock:*", "Resource": model_arn("*", "meta.*"),
        }));
    }
    let boundary = (choices.below(4) == 0).then(|| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["logs:*", "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"], "Resource": "*"},
        ]})
    });
    App { name, runs_on, model, statements, trusts: runs_on.service(), boundary, mistake: None }
}

/// Makes an app with one mistake.
pub fn wrong(name: String, choices: &mut Choices) -> App {
    let mut app = right(name, choices);
    app.mistake = Some("call-denied");
    app.boundary = None;
    match choices.below(6) {
        0 => {
            app.model = CLAUDE;
            app.statements = vec![allow(&INVOKE, &[profile_arn(CLAUDE)])];
        }
        1 => {
            app.model = NOVA;
            app.statements = vec![allow(&INVOKE, &[model_arn("eu-central-1", NOVA)])];
        }
        2 => {
            app.model = GLOBAL;
            app.statements = vec![allow(&INVOKE, &[profile_arn(GLOBAL), model_arn(REGION, CLAUDE_MODEL)])];
        }
        3 => app.statements.push(json!({"Effect": "Deny", "Action": "bedrock:Invoke*", "Resource": "*"})),
        4 => {
            app.boundary = Some(json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
            ]}));
        }
        _ => {
            app.mistake = Some("trust-denied");
            app.trusts = "ec2.amazonaws.com";
        }
    }
    app
}

/// Returns the trust policy of an app's role.
pub fn trust(app: &App) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": app.trusts}, "Action": "sts:AssumeRole"},
    ]})
}

/// Returns the policy of an app's role.
pub fn document(app: &App) -> Value {
    json!({"Version": "2012-10-17", "Statement": app.statements})
}

/// Writes a Terraform plan; `others` resources have nothing to do with models.
pub fn terraform(apps: &[App], others: usize) -> Value {
    let mut changes = Vec::new();
    let mut configured = Vec::new();
    let mut add = |kind: &str, name: &str, after: Value, unknown: Value, expressions: Value| {
        let address = format!("{kind}.{name}");
        changes.push(json!({
            "address": address, "mode": "managed", "type": kind, "name": name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown,
                "before_sensitive": false, "after_sensitive": {}},
        }));
        configured.push(json!({
            "address": address, "mode": "managed", "type": kind, "name": name,
            "provider_config_key": "aws", "expressions": expressions, "schema_version": 0,
        }));
    };
    for app in apps {
        let name = app.name.as_str();
        let of_role = |attribute: &str| json!({"references": [format!("aws_iam_role.{name}.{attribute}"), format!("aws_iam_role.{name}")]});
        let mut role = json!({"name": name, "path": "/", "assume_role_policy": trust(app).to_string()});
        let mut unknown = json!({"arn": true, "id": true});
        let mut expressions = json!({"name": {"constant_value": name}, "assume_role_policy": {}});
        if let Some(boundary) = &app.boundary {
            add(
                "aws_iam_policy",
                &format!("{name}_boundary"),
                json!({"name": format!("{name}-boundary"), "path": "/", "policy": boundary.to_string()}),
                json!({"arn": true, "id": true}),
                json!({"name": {"constant_value": format!("{name}-boundary")}, "policy": {}}),
            );
            unknown["permissions_boundary"] = json!(true);
            expressions["permissions_boundary"] = json!({"references": [
                format!("aws_iam_policy.{name}_boundary.arn"), format!("aws_iam_policy.{name}_boundary"),
            ]});
        } else {
            role["permissions_boundary"] = Value::Null;
        }
        add("aws_iam_role", name, role, unknown, expressions);
        add(
            "aws_iam_role_policy",
            name,
            json!({"name": format!("{name}-models"), "policy": document(app).to_string()}),
            json!({"id": true, "role": true}),
            json!({"name": {"constant_value": format!("{name}-models")}, "policy": {}, "role": of_role("id")}),
        );
        match app.runs_on {
            RunsOn::Function => add(
                "aws_lambda_function",
                name,
                json!({"function_name": name, "environment": [{"variables": {"MODEL_ID": app.model}}]}),
                json!({"arn": true, "role": true, "environment": [{"variables": {}}]}),
                json!({"function_name": {"constant_value": name}, "role": of_role("arn"),
                    "environment": [{"variables": {"constant_value": {"MODEL_ID": app.model}}}]}),
            ),
            RunsOn::Task => {
                let containers = json!([{"name": "app", "image": "app", "environment": [
                    {"name": "MODEL_ID", "value": app.model},
                ]}]);
                add(
                    "aws_ecs_task_definition",
                    name,
                    json!({"family": name, "container_definitions": containers.to_string()}),
                    json!({"arn": true, "task_role_arn": true}),
                    json!({"family": {"constant_value": name}, "container_definitions": {}, "task_role_arn": of_role("arn")}),
                );
            }
        }
    }
    for index in 0..others {
        let name = format!("other_{index}");
        let kinds =
            ["aws_s3_bucket", "aws_sqs_queue", "aws_cloudwatch_log_group", "aws_security_group", "aws_sns_topic"];
        add(
            kinds[index % kinds.len()],
            &name,
            json!({"name": name, "tags": {"model": "not a model", "team": format!("team-{}", index % 17)}, "tags_all": {}}),
            json!({"arn": true, "id": true}),
            json!({"name": {"constant_value": name}}),
        );
    }
    json!({
        "format_version": "1.2", "terraform_version": "1.13.4", "variables": {}, "planned_values": {"root_module": {}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws",
                "expressions": {"region": {"constant_value": REGION}}}},
            "root_module": {"resources": configured},
        },
    })
}

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
        if app.trusts != app.runs_on.service() {
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
