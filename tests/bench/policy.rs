//! How many decisions a second the policy engine makes, and how many case lines it answers.
//!
//! Run with `cargo bench --no-default-features --bench policy`. With `-- cases N` it writes N case lines of about
//! 1.5 kB to standard output instead, for `policy simulate --cases`.

use bedrock_access::iam::{ContextKeys, Decision, RequestContext};
use bedrock_access::policy::{Case, Document, Policies, Policy, Question, decide};
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

const MODELS: [&str; 5] = [
    "amazon.nova-lite-v1:0",
    "amazon.nova-pro-v1:0",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "meta.llama3-3-70b-instruct-v1:0",
];
const REGIONS: [&str; 4] = ["us-east-1", "us-east-2", "us-west-2", "eu-central-1"];
const ACTIONS: [&str; 3] =
    ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:GetInferenceProfile"];

/// Five policies with twenty statements, as an application's role has them.
fn role() -> Policies {
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
    Policies { identity: (0..5).map(policy).collect(), ..Policies::default() }
}

/// Distinct requests: no two have the same user, and action, Region, model and profile vary.
fn requests(count: usize) -> Vec<RequestContext> {
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

/// A case line of about 1.5 kB.
fn case_line(n: usize) -> String {
    let (model, region) = (MODELS[n % 5], REGIONS[n / 5 % 4]);
    format!(
        r#"{{"id":"case-{n}","principal":"arn:aws:sts::111122223333:assumed-role/chat/session-{n}","action":"{}","resource":"arn:aws:bedrock:{region}::foundation-model/{model}","context":{{"aws:RequestedRegion":"{region}","aws:PrincipalArn":"arn:aws:iam::111122223333:role/chat","aws:PrincipalTag/team":"team-{}","bedrock:InferenceProfileArn":"arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.{model}","aws:SourceVpce":"vpce-0abc{n}"}},"unknown":[],"policies":{{"identity":[{{"Version":"2012-10-17","Statement":[{{"Sid":"Models","Effect":"Allow","Action":["bedrock:InvokeModel","bedrock:InvokeModelWithResponseStream"],"Resource":["arn:aws:bedrock:*::foundation-model/amazon.*","arn:aws:bedrock:*::foundation-model/anthropic.*"]}},{{"Effect":"Allow","Action":"bedrock:Get*","Resource":"*"}}]}}],"permissions_boundary":null,"service_control":[[{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*"}}]}}],[{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*"}},{{"Sid":"Regions","Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{{"StringNotEquals":{{"aws:RequestedRegion":["us-east-1","us-west-2","unspecified"]}}}}}}]}}]],"resource_control":[],"session":null,"vpc_endpoint":{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"bedrock:*","Resource":"*","Condition":{{"StringEquals":{{"aws:PrincipalTag/team":["team-1","team-2"]}}}}}}]}},"resource":null}}}}"#,
        ACTIONS[n % 2],
        n % 3
    )
}

fn rate(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let [mode, count] = args.as_slice()
        && mode == "cases"
    {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        for n in 0..count.parse().expect("a number of lines") {
            writeln!(out, "{}", case_line(n)).expect("standard output takes the lines");
        }
        return;
    }
    let policies = role();
    let requests = requests(60_000);
    let principal = "arn:aws:iam::111122223333:role/chat";
    let mut best = 0.0_f64;
    let mut decided = [0_usize; 3];
    for _ in 0..9 {
        decided = [0; 3];
        let start = Instant::now();
        for request in &requests {
            let evaluation = decide(&Question::new(principal, request), &policies);
            match black_box(evaluation).decision {
                Decision::Allowed => decided[0] += 1,
                Decision::ExplicitDeny => decided[1] += 1,
                _ => decided[2] += 1,
            }
        }
        best = best.max(rate(requests.len(), start.elapsed()));
    }
    assert!(decided.iter().all(|count| *count > 1000), "the requests come to every decision: {decided:?}");
    println!(
        "decisions, 5 policies with 20 statements, one core: {best:.0}/s {decided:?} (allowed, explicit, implicit)"
    );

    let lines: Vec<String> = (0..20_000).map(case_line).collect();
    let bytes: usize = lines.iter().map(String::len).sum();
    let mut best = 0.0_f64;
    for _ in 0..5 {
        let start = Instant::now();
        let mut answer = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let case = Case::parse_line(line, index + 1).expect("the bench's cases parse");
            let evaluation = decide(&case.question(), &case.policies);
            answer.clear();
            serde_json::to_writer(&mut answer, &case.answer(&evaluation)).expect("memory takes the answer");
            black_box(&answer);
        }
        best = best.max(rate(lines.len(), start.elapsed()));
    }
    println!("case lines of {} bytes, one core: {best:.0}/s", bytes / lines.len());

    let hostile = "*a".repeat(65_000);
    let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{}", "a".repeat(2004));
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"arn:aws:bedrock:us-east-1::{hostile}b*"}}}}"#
    );
    let policies =
        Policies { identity: vec![Policy::unnamed(Document::parse(&text).expect("it parses"))], ..Policies::default() };
    let request =
        RequestContext { action: "bedrock:InvokeModel".to_owned(), resource: arn, context: ContextKeys::new() };
    let start = Instant::now();
    black_box(decide(&Question::new(principal, &request), &policies));
    println!("130 kB of `*a*a…` against an ARN of 2048 characters: {:?}", start.elapsed());
}
