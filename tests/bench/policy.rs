//! How many decisions a second the policy engine makes, and how many case lines it answers.
//!
//! Run with `cargo bench --bench policy`; `--no-default-features` leaves the whole program out. With `-- cases N` it
//! writes N case lines of about 1.5 kB to standard output instead, for `policy simulate --cases`.

#[path = "requests.rs"]
mod requests;
#[path = "table.rs"]
mod table;

use bedrock_access::iam::{ContextKeys, Decision, RequestContext};
use bedrock_access::policy::{AuthorizationCase, Document, Policies, Policy, Question, decide};
use requests::{ACTIONS, MODELS, REGIONS, requests, role};
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;
use table::{growth, row};

/// A case line of about 1.5 kB.
fn case_line(n: usize) -> String {
    let (model, region) = (MODELS[n % 5], REGIONS[n / 5 % 4]);
    format!(
        r#"{{"id":"case-{n}","principal":"arn:aws:sts::111122223333:assumed-role/chat/session-{n}","action":"{}","resource":"arn:aws:bedrock:{region}::foundation-model/{model}","context":{{"aws:RequestedRegion":"{region}","aws:PrincipalArn":"arn:aws:iam::111122223333:role/chat","aws:PrincipalTag/team":"team-{}","bedrock:InferenceProfileArn":"arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.{model}","aws:SourceVpce":"vpce-0abc{n}"}},"unknown":[],"policies":{{"identity":[{{"Version":"2012-10-17","Statement":[{{"Sid":"Models","Effect":"Allow","Action":["bedrock:InvokeModel","bedrock:InvokeModelWithResponseStream"],"Resource":["arn:aws:bedrock:*::foundation-model/amazon.*","arn:aws:bedrock:*::foundation-model/anthropic.*"]}},{{"Effect":"Allow","Action":"bedrock:Get*","Resource":"*"}}]}}],"permissions_boundary":null,"service_control":[[{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*"}}]}}],[{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*"}},{{"Sid":"Regions","Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{{"StringNotEquals":{{"aws:RequestedRegion":["us-east-1","us-west-2","unspecified"]}}}}}}]}}]],"resource_control":[],"session":null,"vpc_endpoint":{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"bedrock:*","Resource":"*","Condition":{{"StringEquals":{{"aws:PrincipalTag/team":["team-1","team-2"]}}}}}}]}},"resource":null}}}}"#,
        ACTIONS[n % 2],
        n % 3
    )
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let [mode, count] = args.as_slice()
        && mode == "cases"
    {
        write_cases(&mut std::io::stdout().lock(), count.parse().expect("a number of lines"));
        return;
    }
    table::open("policy");
    decisions();
    lines();
    whole_program();
    hostile();
}

/// The seconds of the fastest of so many runs.
fn best(runs: usize, mut run: impl FnMut()) -> f64 {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::MAX, f64::min)
}

fn decisions() {
    let requests = requests(60_000);
    let principal = "arn:aws:iam::111122223333:role/chat";
    let points = [5, 10, 20].map(|policies| {
        let role = role(policies);
        let mut decided = [0_usize; 3];
        let seconds = best(9, || {
            decided = [0; 3];
            for request in &requests {
                let evaluation = decide(&Question::new(principal, request), &role);
                match black_box(evaluation).decision {
                    Decision::Allowed => decided[0] += 1,
                    Decision::ExplicitDeny => decided[1] += 1,
                    _ => decided[2] += 1,
                }
            }
        });
        assert!(decided.iter().all(|count| *count > 1000), "the requests come to every decision: {decided:?}");
        if policies == 5 {
            let [allowed, explicit, implicit] = decided.map(|count| 100 * count / requests.len());
            row(
                &format!(
                    "decisions on one core, distinct requests, 5 policies with 20 statements ({allowed} % allowed, \
                     {explicit} % explicitly, {implicit} % implicitly denied)"
                ),
                500_000.0..,
                requests.len() as f64 / seconds,
                "a second",
            );
        }
        (4.0 * policies as f64, seconds / requests.len() as f64 * 1e6)
    });
    growth("a decision", "statements", "µs", &points);
}

fn lines() {
    let points = [5_000, 10_000, 20_000].map(|count| {
        let lines: Vec<String> = (0..count).map(case_line).collect();
        let mut answer = Vec::new();
        let seconds = best(5, || {
            for (index, line) in lines.iter().enumerate() {
                let case = AuthorizationCase::parse_line(line, index + 1).expect("the bench's cases parse");
                let evaluation = decide(&case.question(), &case.policies);
                answer.clear();
                serde_json::to_writer(&mut answer, &case.answer(&evaluation)).expect("memory takes the answer");
                black_box(&answer);
            }
        });
        (count as f64, seconds)
    });
    let (count, seconds) = points[2];
    row("case lines on one core: parsed, decided, answered", .., count / seconds, "a second");
    growth("case lines on one core", "lines", "s", &points);
}

/// The whole program on lines of a file, on as many cores as there are.
fn whole_program() {
    let Some(program) = option_env!("CARGO_BIN_EXE_bedrock-access") else { return };
    let points = [50_000, 100_000, 200_000].map(|count| {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        write_cases(file.as_file_mut(), count);
        let seconds = best(3, || {
            let mut command = std::process::Command::new(program);
            command.args(["policy", "simulate", "--cases"]).arg(file.path());
            let status = command.stdout(std::process::Stdio::null()).status().expect("the program runs");
            // Denied cases are what some of them are.
            assert!(status.code().is_some_and(|code| code <= 3), "{status}");
        });
        (count as f64, seconds)
    });
    let (count, seconds) = points[2];
    row(
        "`policy simulate --cases`: lines of 1.5 kB on two cores, in order, the whole program",
        50_000.0..,
        count / seconds,
        "a second",
    );
    growth("`policy simulate --cases`", "lines", "s", &points);
}

fn write_cases(out: &mut impl Write, count: usize) {
    let mut out = std::io::BufWriter::new(out);
    for n in 0..count {
        writeln!(out, "{}", case_line(n)).expect("the lines are taken");
    }
}

/// A pattern that a naive matcher would go back in, again and again.
fn hostile() {
    let points = [16_000, 32_000, 65_000].map(|times| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"arn:aws:bedrock:us-east-1::{}b*"}}}}"#,
            "*a".repeat(times)
        );
        let identity = vec![Policy::unnamed(Document::parse(&text).expect("it parses"))];
        let policies = Policies { identity, ..Policies::default() };
        let resource = format!("arn:aws:bedrock:us-east-1::foundation-model/{}", "a".repeat(2004));
        let request =
            RequestContext { action: "bedrock:InvokeModel".to_owned(), resource, context: ContextKeys::new() };
        let question = Question::new("arn:aws:iam::111122223333:role/chat", &request);
        let seconds = best(5, || {
            black_box(decide(&question, &policies));
        });
        (times as f64 * 2e-3, seconds * 1e3)
    });
    row("130 kB of `*a*a…` against an ARN of 2,048 characters", ..=20.0, points[2].1, "ms");
    growth("the same", "kB of pattern", "ms", &points);
}
