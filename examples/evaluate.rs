//! Evaluates a policy: `cargo run --no-default-features --example evaluate -- policy.json ACTION RESOURCE`.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use bedrock_access::iam::{ContextKeys, RequestContext};
use bedrock_access::policy::{Document, Policies, Policy, Question, evaluate};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |name: &str| arguments.next().ok_or_else(|| format!("give a {name}"));
    let (file, action, resource) = (next("policy")?, next("action")?, next("resource")?);
    let document = Document::parse(&std::fs::read_to_string(&file)?)?;
    let policies = Policies { identity: vec![Policy::new(file, document)], ..Policies::default() };
    let request = RequestContext { action, resource, context: ContextKeys::new() };
    let evaluation = evaluate(&Question::new("arn:aws:iam::111122223333:role/app", &request), &policies);
    println!("{}", serde_json::to_string_pretty(&evaluation)?);
    Ok(())
}
