//! The policies that the policy simulator does not evaluate: those that the user supplies because no API shows them (the
//! session policy and the VPC endpoint policy), and those of the buckets and keys that the call names.

use crate::evidence::Evidence;
use crate::iam::{Arn, PolicyType, RequestContext};
use crate::policy::{Document, Policies, Policy};

/// What stands in for everything else: the one policy alone is to be judged.
const EVERYTHING: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// A policy that the simulator does not evaluate, parsed or not.
#[derive(Debug)]
pub(in crate::diagnose) struct Unsimulated<'e> {
    pub(in crate::diagnose) policy_type: PolicyType,
    /// The resource whose policy it is.
    resource: Option<&'e Arn>,
    /// The file's name, or the ARN of the resource.
    pub(in crate::diagnose) name: String,
    /// The policy's text.
    pub(in crate::diagnose) text: &'e str,
    /// The policy, or why it is not one.
    pub(in crate::diagnose) parsed: Result<UnsimulatedPolicy, String>,
}

/// A policy that was parsed.
#[derive(Debug)]
pub(in crate::diagnose) struct UnsimulatedPolicy {
    /// The policy together with one that allows everything.
    pub(in crate::diagnose) policies: Policies,
}

impl Unsimulated<'_> {
    /// Returns `true` if the policy has a say in a requirement: a resource's policy only in those on the resource, or on
    /// what it holds.
    pub(in crate::diagnose) fn applies_to(&self, requirement: &RequestContext) -> bool {
        self.resource.is_none_or(|resource| is_within(resource, requirement))
    }
}

/// Returns `true` if a requirement is on a resource or on what it holds.
pub(in crate::diagnose) fn is_within(resource: &Arn, requirement: &RequestContext) -> bool {
    let rest = requirement.resource.strip_prefix(&resource.to_string());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl UnsimulatedPolicy {
    /// Returns the policy's document.
    pub(in crate::diagnose) fn document(&self) -> Option<&Document> {
        let of_list = self.policies.session.as_ref().or(self.policies.resource.as_ref());
        let first = of_list.and_then(|policies| policies.first());
        first.or(self.policies.vpc_endpoint.as_ref()).map(|policy| &policy.document)
    }
}

/// Parses what was supplied, and the policies of resources that were read.
pub(super) fn parse(evidence: &Evidence) -> Vec<Unsimulated<'_>> {
    let given = &evidence.request.policies;
    let session = given.session.as_ref().map(|policy| (PolicyType::SessionPolicy, policy));
    let endpoint = given.vpc_endpoint.as_ref().map(|policy| (PolicyType::VpcEndpointPolicy, policy));
    let supplied = session.into_iter().chain(endpoint);
    let supplied = supplied.map(|(policy_type, given)| (policy_type, None, given.name.clone(), &given.document));
    let of_resources = evidence.resource_policies.iter().filter_map(|read| {
        let text = read.document.seen()?.as_ref()?;
        Some((PolicyType::ResourcePolicy, Some(&read.resource), read.resource.to_string(), text))
    });
    let all = supplied.chain(of_resources);
    all.map(|(policy_type, resource, name, text)| {
        let parsed = parsed(policy_type, &name, text);
        Unsimulated { policy_type, resource, name, text, parsed }
    })
    .collect()
}

fn parsed(policy_type: PolicyType, name: &str, text: &str) -> Result<UnsimulatedPolicy, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let everything = Document::parse(EVERYTHING).map_err(|error| error.to_string())?;
    let mut policies = Policies { identity: vec![Policy::unnamed(everything)], ..Policies::default() };
    let policy = Policy::new(name.to_owned(), document);
    match policy_type {
        PolicyType::SessionPolicy => policies.session = Some(vec![policy]),
        PolicyType::ResourcePolicy => policies.resource = Some(vec![policy]),
        _ => policies.vpc_endpoint = Some(policy),
    }
    Ok(UnsimulatedPolicy { policies })
}
