//! The policies that the user supplies because no API shows them: the session policy and the VPC endpoint policy.

use crate::iam::PolicyType;
use crate::policy::{Document, Policies, Policy};
use crate::request::{GivenPolicies, GivenPolicy};

/// What stands in for everything else: the supplied policy alone is to be judged.
const EVERYTHING: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// A supplied policy, parsed or not.
#[derive(Debug)]
pub(in crate::diagnose) struct Supplied<'e> {
    pub(in crate::diagnose) policy_type: PolicyType,
    pub(in crate::diagnose) given: &'e GivenPolicy,
    /// The policy, or why it is not one.
    pub(in crate::diagnose) parsed: Result<SuppliedPolicy, String>,
}

/// A supplied policy that was parsed.
#[derive(Debug)]
pub(in crate::diagnose) struct SuppliedPolicy {
    /// The policy together with one that allows everything.
    pub(in crate::diagnose) policies: Policies,
}

impl SuppliedPolicy {
    /// Returns the policy's document.
    pub(in crate::diagnose) fn document(&self) -> Option<&Document> {
        let session = self.policies.session.as_ref().and_then(|policies| policies.first());
        session.or(self.policies.vpc_endpoint.as_ref()).map(|policy| &policy.document)
    }
}

/// Parses what was supplied.
pub(super) fn parse(given: &GivenPolicies) -> Vec<Supplied<'_>> {
    let session = given.session.as_ref().map(|policy| (PolicyType::SessionPolicy, policy));
    let endpoint = given.vpc_endpoint.as_ref().map(|policy| (PolicyType::VpcEndpointPolicy, policy));
    let supplied = |(policy_type, given)| Supplied { policy_type, given, parsed: parsed(policy_type, given) };
    session.into_iter().chain(endpoint).map(supplied).collect()
}

fn parsed(policy_type: PolicyType, given: &GivenPolicy) -> Result<SuppliedPolicy, String> {
    let document = Document::parse(&given.document).map_err(|error| error.to_string())?;
    let everything = Document::parse(EVERYTHING).map_err(|error| error.to_string())?;
    let mut policies = Policies { identity: vec![Policy::unnamed(everything)], ..Policies::default() };
    let policy = Policy::new(given.name.clone(), document);
    match policy_type {
        PolicyType::SessionPolicy => policies.session = Some(vec![policy]),
        _ => policies.vpc_endpoint = Some(policy),
    }
    Ok(SuppliedPolicy { policies })
}
