//! The call that a `policy` command is about, as options name it.

use crate::answer::account_id;
use crate::answer::policy::NamedCall;
use crate::bedrock::{ModelReference, Operation, ProjectReference, Region};
use crate::cli::parse::model_value;
use crate::iam::Arn;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// The call.
#[derive(Debug, Default, Args)]
pub(super) struct CallArgs {
    /// The foundation model's id, the inference profile's id, or the ARN of anything that can be invoked
    #[arg(long, value_name = "ID|ARN", value_parser = model_value)]
    pub model: Option<ModelReference>,
    /// What else the call names, by ARN: agent alias, knowledge base, guardrail, project, bucket, key …
    #[arg(long, value_name = "ARN")]
    pub resource: Vec<Arn>,
    /// The role that Bedrock assumes to carry the operation out
    #[arg(long, value_name = "ARN")]
    pub service_role: Option<Arn>,
    /// The project that the call names, by its ID or ARN
    #[arg(long, value_name = "ID")]
    pub project: Option<ProjectReference>,
    /// The Region whose endpoint is called [default: that of the ARN]
    #[arg(long, value_name = "REGION")]
    pub region: Option<Region>,
    /// The account of the caller, which the ARN of an inference profile holds
    #[arg(long, value_name = "ID", value_parser = account_id)]
    pub account: Option<String>,
    /// A Region to which the inference profile may route; repeat for each [default: those that AWS documents]
    #[arg(long, value_name = "REGION")]
    pub destination_region: Vec<Region>,
    /// The foundation model behind an application inference profile, whose ARN does not tell
    #[arg(long, value_name = "ID")]
    pub underlying_model: Option<String>,
}

/// Reads an operation's name, and lets clap suggest the nearest for a misspelt one.
pub(super) fn operation() -> impl TypedValueParser<Value = Operation> {
    PossibleValuesParser::new(Operation::ALL.map(Operation::as_str)).try_map(|name| name.parse::<Operation>())
}

/// Reads `KEY=VALUE`.
pub(in crate::cli) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if key.contains(':') => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE with a condition key such as `aws:SourceVpce`".to_owned()),
    }
}

impl CallArgs {
    /// Returns the call as it was named.
    pub(super) fn named(&self) -> NamedCall {
        NamedCall {
            model: self.model.clone(),
            resource: self.resource.clone(),
            service_role: self.service_role.clone(),
            project: self.project.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
            destination_region: self.destination_region.clone(),
            underlying_model: self.underlying_model.clone(),
        }
    }
}
