//! What the user gives beside the call itself: policies that no API shows, and an error that the call once got.

use crate::iam::Arn;
use serde::{Deserialize, Serialize};

/// Policies that no API shows; each restricts the call further where it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenPolicies {
    /// The policy handed over when the role was assumed.
    pub session: Option<GivenPolicy>,
    /// The policy of the VPC endpoint that the call passes.
    pub vpc_endpoint: Option<GivenPolicy>,
}

/// A policy document from a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenPolicy {
    /// What reports call it: the file's name.
    pub name: String,
    /// The document, as the file has it.
    pub document: String,
}

/// The text of an error that a call like this one was answered with, some time before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenError {
    /// The text as it was given, without secrets.
    pub text: String,
    /// The principal that it names, as AWS printed it.
    pub principal: Option<Arn>,
}
