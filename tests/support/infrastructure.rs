//! Infrastructure that a generator makes: functions and tasks with their roles, among resources that have nothing to do with
//! models; here as a plan of Terraform.

use serde_json::{Value, json};

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
