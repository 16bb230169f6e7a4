//! Requests and policies for the benchmarks of the policy engine.

use bedrock_access::iam::{ContextKeys, RequestContext};
use bedrock_access::policy::{Document, Policies, Policy};

pub const MODELS: [&str; 5] = [
    "amazon.nova-lite-v1:0",
    "amazon.nova-pro-v1:0",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "meta.llama3-3-70b-instruct-v1:0",
];
pub const REGIONS: [&str; 4] = ["us-east-1", "us-east-2", "us-west-2", "eu-central-1"];
pub const ACTIONS: [&str; 3] =
    ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:GetInferenceProfile"];

/// Policies of four statements each, as an application's role has them.
pub fn role(policies: usize) -> Policies {
    let statement = |index: usize| {
        let model = MODELS[index % MODELS.len()];
        let region = REGIONS[index % REGIONS.len()];
        match index % 5 {
            0 => format!(
                r#"{{"Sid":"Model{index}","Effect":"Allow","Action":["bedrock:InvokeModel","bedrock:InvokeModelWithResponseStream"],"Resource":["arn:aws:bedrock:{region}::foundation-model/{model}","arn:aws:bedrock:{region}:111122223333:inference-profile/us.{model}"]}}"#
            ),
            1 => format!(
                r#"{{"Sid":"Profile{index}","Effect":"Allow","Action":"bedrock:Invoke*","Resource":"arn:aws:bedrock:*::foundation-model/{model}","Condition":{{"ArnLike":{{"bedrock:InferenceProfileArn":"arn:aws:bedrock:*:111122223333:inference-profile/us.*"}}}}}}"#
            ),
            2 => format!(
                r#"{{"Sid":"Data{index}","Effect":"Allow","Action":["s3:GetObject","s3:ListBucket","dynamodb:GetItem","dynamodb:Query"],"Resource":["arn:aws:s3:::team-{index}-data/*","arn:aws:dynamodb:{region}:111122223333:table/chat-{index}"]}}"#
            ),
            3 => format!(
                r#"{{"Sid":"Logs{index}","Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*","Condition":{{"StringEquals":{{"aws:RequestedRegion":["{region}","us-east-1"]}}}}}}"#
            ),
            _ => format!(
                r#"{{"Sid":"Guard{index}","Effect":"Deny","Action":"bedrock:*","Resource":"*","Condition":{{"StringNotEquals":{{"aws:RequestedRegion":["us-east-1","us-east-2","us-west-2","unspecified"]}},"StringNotLike":{{"aws:PrincipalArn":"arn:aws:iam::*:role/admin-{index}"}}}}}}"#
            ),
        }
    };
    let policy = |number: usize| {
        let statements: Vec<String> = (0..4).map(|n| statement(number * 4 + n)).collect();
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        Policy::new(format!("policy-{number}"), Document::parse(&text).expect("the policies of the bench parse"))
    };
    Policies { identity: (0..policies).map(policy).collect(), ..Policies::default() }
}

/// Distinct requests: no two have the same user, and action, Region, model and profile vary.
pub fn requests(count: usize) -> Vec<RequestContext> {
    (0..count)
        .map(|n| {
            let (model, region) = (MODELS[n % 5], REGIONS[n / 5 % 4]);
            let mut context = ContextKeys::new()
                .with("aws:RequestedRegion", region)
                .with("aws:PrincipalArn", format!("arn:aws:iam::111122223333:role/chat-{n}"))
                .with("aws:SourceIp", format!("203.0.113.{}", n % 250))
                .with("aws:userid", format!("AROAEXAMPLE:{n}"));
            if n % 3 == 0 {
                let profile = format!("arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.{model}");
                context.set("bedrock:InferenceProfileArn", profile);
            }
            RequestContext {
                action: ACTIONS[n / 20 % 3].to_owned(),
                resource: format!("arn:aws:bedrock:{region}::foundation-model/{model}"),
                context,
            }
        })
        .collect()
}
