//! The table's names against the names that AWS publishes, and what `actions` prints.

use crate::support::program::{run, schema};
use bedrock_access::bedrock::{Bundle, Operation, ServiceAuthorization};
use serde_json::Value;

fn actions(arguments: &[&str]) -> String {
    let answer = run(&[&["actions"], arguments].concat());
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    answer.stdout
}

#[test]
fn every_name_is_one_that_aws_publishes() {
    // Of these services the Service Authorization Reference is not carried; the names are from its pages for them.
    const ELSEWHERE: [(&str, &[&str]); 7] = [
        ("iam", &["iam:PassRole"]),
        ("s3", &["s3:GetObject", "s3:ListBucket", "s3:PutObject"]),
        ("kms", &["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]),
        ("sagemaker", &["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream"]),
        ("aoss", &["aoss:APIAccessAll"]),
        ("s3vectors", &["s3vectors:GetVectors", "s3vectors:QueryVectors"]),
        ("rds-data", &["rds-data:ExecuteStatement"]),
    ];
    for operation in Operation::ALL {
        for need in operation.needs() {
            let (prefix, name) = need.action.split_once(':').unwrap();
            let types = need.resource_types();
            let Some(service) = ServiceAuthorization::of(prefix) else {
                let known = ELSEWHERE.iter().find(|(known, _)| *known == prefix);
                assert!(
                    known.is_some_and(|(_, actions)| actions.contains(&need.action)),
                    "{operation}: {}",
                    need.action
                );
                continue;
            };
            let (published, action) = service.action(name).unwrap_or_else(|| panic!("{operation}: {}", need.action));
            assert_eq!(published, name, "{operation}");
            // An action without resource types is asked on `*`, and no other.
            assert_eq!(
                types.is_empty(),
                action.resource_types().count() == 0,
                "{operation}: {} {types:?}",
                need.action
            );
            for resource_type in types {
                assert!(action.resource_types().any(|known| known == resource_type), "{operation}: {resource_type}");
                assert!(service.resource_type(resource_type).is_some(), "{operation}: {resource_type}");
            }
            if let Some((key, _)) = need.key
                && key.starts_with("bedrock")
            {
                assert!(action.condition_keys.iter().any(|known| known == key), "{operation}: {key}");
            }
        }
    }
}

#[test]
fn actions_are_printed_as_text() {
    insta::assert_snapshot!("actions", actions(&[]));
}

#[test]
fn actions_as_json_are_as_the_schema_says() {
    let validator = schema("actions-1");
    let document: Value = serde_json::from_str(&actions(&["--format", "json"])).unwrap();
    let wrong: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(document["operations"].as_array().unwrap().len(), Operation::ALL.len());
    assert_eq!(document["bundles"].as_array().unwrap().len(), Bundle::ALL.len());
    let one: Value = serde_json::from_str(&actions(&["retrieve-and-generate", "--format", "json"])).unwrap();
    assert_eq!(one["operations"][0]["authorizations"][0]["action"], "bedrock:RetrieveAndGenerate");
}
