//! Finds out why a call to an Amazon Bedrock model is refused, and what makes it work.
//!
//! This is the library behind the program `bedrock-access`. Its core is pure: no AWS SDK, no network, no clock. It explains
//! error texts, evaluates IAM policies, and turns evidence, which is plain data, into a diagnosis.
//!
//! # Explain a text
//!
//! ```
//! use bedrock_access::{cause::Cause, explain::explain};
//!
//! let text = "User: arn:aws:iam::111122223333:user/ana is not authorized to perform: bedrock:InvokeModel on resource: \
//!             arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0 because no VPC endpoint policy allows \
//!             the bedrock:InvokeModel action";
//! let error = explain(text).error;
//! assert_eq!(error.cause, Cause::VpcEndpointPolicy);
//! assert_eq!(error.action.as_deref(), Some("bedrock:InvokeModel"));
//! ```
//!
//! # Evaluate a policy
//!
//! ```
//! use bedrock_access::iam::{ContextKeys, Decision, RequestContext};
//! use bedrock_access::policy::{Document, Policies, Policy, Question, evaluate};
//!
//! let allow = r#"{"Statement": [{"Effect": "Allow", "Action": "bedrock:InvokeModel*", "Resource": "*"}]}"#;
//! let policies = Policies { identity: vec![Policy::unnamed(Document::parse(allow)?)], ..Policies::default() };
//! let request = RequestContext {
//!     action: "bedrock:InvokeModel".to_owned(),
//!     resource: "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".to_owned(),
//!     context: ContextKeys::new(),
//! };
//! let evaluation = evaluate(&Question::new("arn:aws:iam::111122223333:user/ana", &request), &policies);
//! assert_eq!(evaluation.decision, Decision::Allowed);
//! # Ok::<(), bedrock_access::policy::ParseError>(())
//! ```
//!
//! # Diagnose saved evidence
//!
//! ```no_run
//! use bedrock_access::{diagnose::diagnose, evidence::Evidence, report};
//!
//! let saved = std::fs::read_to_string("case.json")?;
//! let diagnosis = diagnose(&Evidence::from_json(&saved)?);
//! println!("{}", report::json(&diagnosis));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/` holds each as a small program.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `cli` (default) | the program: the calls to AWS (`observe`), the command line (`cli`), the server for agents (`mcp`), and the four below |
//! | `report` | reports as pages of HTML |
//! | `iac` | Terraform plans and CloudFormation templates (`iac`) |
//! | `clients` | the configuration of AI clients (`clients`) |
//! | `sandbox` | an AWS account on loopback, without the AWS SDK |
//! | `faults` | for tests: faults of the sandbox that corrupt an answer or break a connection |
//!
//! With `default-features = false` there is neither SDK nor runtime nor terminal.
//!
//! # Modules
//!
//! | module | what it holds |
//! |---|---|
//! | [`iam`], [`bedrock`] | the nouns of IAM and of Bedrock |
//! | [`cause`] | the causes, and the catalogue of what is to be said of each |
//! | [`request`] | one Bedrock call, expanded to every authorization that AWS makes for it |
//! | [`policy`] | IAM policies: parse, evaluate, lint, write the smallest |
//! | [`explain`] | error texts to causes and facts |
//! | [`evidence`], [`redact`] | what was observed, as data; the same without names |
//! | [`diagnose`] | evidence to verdict, findings and remedies |
//! | [`matrix`] | many models judged at once |
//! | [`report`] | a diagnosis in words |
//! | [`escape`], [`secrets`] | untrusted text, made visible; text without credentials |
//!
//! What is public follows the program's needs and may change in any minor version before 1.0.

// The denials stand in `Cargo.toml`; a test may stop where it is wrong.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "tests"
    )
)]

pub mod bedrock;
pub mod cause;
#[cfg(feature = "clients")]
pub mod clients;
pub mod diagnose;
pub mod escape;
pub mod evidence;
pub mod explain;
#[cfg(feature = "iac")]
pub mod iac;
pub mod iam;
pub mod matrix;
pub mod policy;
pub mod redact;
pub mod report;
pub mod request;
pub mod secrets;
pub mod trail;

#[cfg(feature = "cli")]
mod answer;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod mcp;
#[cfg(feature = "cli")]
pub mod observe;
mod packed;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg(any(feature = "clients", feature = "iac"))]
mod yaml;

/// The README's examples are tested like those of any other document.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
