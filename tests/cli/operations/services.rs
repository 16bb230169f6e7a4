//! Roles of workloads: whether the service may assume the role, by its trust policy.

use super::account::{ROLE, ask, role, service_role, world};
use serde_json::{Value, json};

const INVOKE: [&str; 2] = ["bedrock:InvokeModel", "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0"];

/// One statement that trusts a service.
fn trusts(service: &str, actions: Value, condition: Option<Value>) -> Value {
    let mut statement = json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": actions});
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn asked(service: &str, trust: &Value, may_invoke: bool) -> Value {
    let grants = if may_invoke { vec![INVOKE.map(str::to_owned)] } else { vec![] };
    let mut role = role(&grants);
    role["trust"] = trust.clone();
    let typed = ["--operation", "converse", "--model", "amazon.nova-lite-v1:0", "--region", "us-west-2"];
    let typed: Vec<&str> = typed.into_iter().chain(["--principal", ROLE, "--service", service]).collect();
    let answer = ask(&world(&role, &service_role(&[])), &typed);
    let report = answer.json();
    let status = match report["verdict"].as_str().unwrap() {
        "allowed" => 0,
        "denied" => 1,
        _ => 3,
    };
    assert_eq!(answer.status, status, "{report:#}");
    report
}

#[test]
fn trust_policies_are_judged_by_what_the_service_says_of_itself() {
    let assume = || json!("sts:AssumeRole");
    let account = |id: &str| Some(json!({"StringEquals": {"aws:SourceAccount": id}}));
    let source = |arn: &str| Some(json!({"ArnLike": {"aws:SourceArn": arn}}));
    for (service, trust, verdict) in [
        ("lambda", trusts("lambda.amazonaws.com", assume(), None), "allowed"),
        // The classic mistake: code in Lambda that calls Bedrock, with a role that trusts Bedrock.
        ("lambda", trusts("bedrock.amazonaws.com", assume(), None), "denied"),
        ("lambda", trusts("ec2.amazonaws.com", assume(), None), "denied"),
        // Whether Lambda names its source is not known here.
        ("lambda", trusts("lambda.amazonaws.com", assume(), account("111122223333")), "undetermined"),
        ("ec2", trusts("ec2.amazonaws.com", assume(), None), "allowed"),
        ("ecs", trusts("ecs-tasks.amazonaws.com", assume(), account("111122223333")), "allowed"),
        ("ecs", trusts("ecs-tasks.amazonaws.com", assume(), source("arn:aws:ecs:us-west-2:111122223333:*")), "allowed"),
        ("ecs", trusts("ecs-tasks.amazonaws.com", assume(), account("999988887777")), "denied"),
        // One cluster of the account: whether the task is of it is not known here.
        (
            "ecs",
            trusts("ecs-tasks.amazonaws.com", assume(), source("arn:aws:ecs:us-west-2:111122223333:cluster/blue")),
            "undetermined",
        ),
        ("ecs", trusts("ecs.amazonaws.com", assume(), None), "denied"),
        (
            "eks-pod-identity",
            trusts("pods.eks.amazonaws.com", json!(["sts:AssumeRole", "sts:TagSession"]), None),
            "allowed",
        ),
        ("eks-pod-identity", trusts("pods.eks.amazonaws.com", assume(), None), "denied"),
        ("bedrock", trusts("bedrock.amazonaws.com", assume(), account("111122223333")), "allowed"),
        ("bedrock", trusts("bedrock.amazonaws.com", assume(), account("999988887777")), "denied"),
        (
            "bedrock",
            trusts("bedrock.amazonaws.com", assume(), source("arn:aws:bedrock:us-west-2:111122223333:agent/*")),
            "allowed",
        ),
        (
            "bedrock",
            trusts("bedrock.amazonaws.com", assume(), source("arn:aws:bedrock:eu-west-1:111122223333:agent/*")),
            "undetermined",
        ),
        ("sagemaker", trusts("sagemaker.amazonaws.com", assume(), None), "allowed"),
        ("sagemaker", trusts("lambda.amazonaws.com", assume(), None), "denied"),
    ] {
        let report = asked(service, &trust, true);
        assert_eq!(report["verdict"], verdict, "{service} {trust}: {report:#}");
        if verdict == "denied" {
            assert_eq!(report["findings"][0]["cause"], "resource-policy");
            assert_eq!(report["findings"][0]["certainty"], "inferred");
            // What is proposed lets the service in.
            let mended = asked(service, &report["findings"][0]["remedy"]["policy"], true);
            assert_eq!(mended["verdict"], "allowed", "{service} {trust}: {mended:#}");
        }
    }
}

#[test]
fn the_report_says_which_half_is_wrong() {
    let right = trusts("lambda.amazonaws.com", json!("sts:AssumeRole"), None);
    let wrong = trusts("bedrock.amazonaws.com", json!("sts:AssumeRole"), None);
    let causes = |report: &Value, list: &str| -> Vec<String> {
        report[list].as_array().unwrap().iter().map(|item| item["cause"].as_str().unwrap().to_owned()).collect()
    };
    let may_not_be_assumed = asked("lambda", &wrong, true);
    assert_eq!(causes(&may_not_be_assumed, "findings"), ["resource-policy"]);
    assert!(causes(&may_not_be_assumed, "ruled_out").contains(&"identity-policy-missing-allow".to_owned()));

    let may_not_invoke = asked("lambda", &right, false);
    assert_eq!(causes(&may_not_invoke, "findings"), ["identity-policy-missing-allow"]);
    assert!(causes(&may_not_invoke, "ruled_out").contains(&"resource-policy".to_owned()));

    let neither = asked("lambda", &wrong, false);
    assert_eq!(causes(&neither, "findings").len(), 2);
}
