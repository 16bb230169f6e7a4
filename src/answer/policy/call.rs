//! The call that policies are asked about: a model, a Region and an account become the requirements to be allowed.

use crate::answer::Failure;
use crate::bedrock::{
    Given, InferenceProfile, ModelReference, Operation, ProfileKind, ProjectReference, Region, destinations,
    source_of_destinations,
};
use crate::iam::{Arn, ContextKeys, RequestContext};
use crate::request::{Request, Requirements};

/// The call, as it was named.
#[derive(Clone, Debug, Default)]
pub struct NamedCall {
    pub model: Option<ModelReference>,
    /// What else the call names.
    pub resource: Vec<Arn>,
    pub service_role: Option<Arn>,
    pub project: Option<ProjectReference>,
    /// The Region whose endpoint is called; that of an ARN where it is left out.
    pub region: Option<Region>,
    /// The account of the caller, which the ARN of an inference profile holds.
    pub account: Option<String>,
    /// The Regions to which the inference profile may route; those that AWS documents where they are left out.
    pub destination_region: Vec<Region>,
    /// The foundation model behind an application inference profile, whose ARN does not tell.
    pub underlying_model: Option<String>,
}

/// What stands for every Region in the ARN of a resource, none included.
const ANY_REGION: &str = "*";

/// The authorizations of a call.
#[derive(Debug)]
pub struct Call {
    /// What the caller must be allowed.
    pub requirements: Vec<RequestContext>,
    /// What the service role must be allowed.
    pub service_role: Vec<RequestContext>,
    /// Why there may be more.
    pub unlisted: Vec<String>,
    /// Where the destinations of the profile are from, if nobody gave them.
    pub routes: Option<String>,
    /// The request itself.
    pub request: Request,
    /// The account of the caller, where it is known.
    pub account: Option<String>,
}

impl NamedCall {
    /// Expands the call under an operation.
    ///
    /// # Errors
    /// Wrong usage: no model, no Region anywhere, no account where an ARN needs one.
    pub fn expand(&self, operation: Operation, context: ContextKeys) -> Result<Call, Failure> {
        let given: Vec<&str> = self.destination_region.iter().map(Region::as_str).collect();
        self.expand_to(operation, context, &given)
    }

    /// Expands the call under an operation, and lets a profile route to whichever Region.
    ///
    /// # Errors
    /// Wrong usage as of [`NamedCall::expand`]; a model that is no profile, or whose ARN does not tell what is behind it.
    pub fn expand_to_any_region(&self, operation: Operation) -> Result<Call, Failure> {
        let mut call = self.expand_to(operation, ContextKeys::new(), &[ANY_REGION])?;
        let request = &call.request;
        let target = || request.target().unwrap_or_default();
        if !request.is_through_profile() {
            return Err(Failure::usage(format!("`{}` is no inference profile, and goes to no other Region", target()))
                .hint("leave `--any-destination` out"));
        }
        if self.underlying_model.is_none() && request.base_model().is_none() {
            return Err(Failure::usage(format!("the ARN `{}` does not tell the model behind it", target()))
                .hint("add `--underlying-model` and the foundation model's id"));
        }
        for requirements in [&mut call.requirements, &mut call.service_role] {
            let any = requirements.clone();
            // The source Region is one of all.
            requirements
                .retain(|requirement| !any.iter().any(|other| other != requirement && covers(other, requirement)));
        }
        Ok(call)
    }

    fn expand_to(&self, operation: Operation, context: ContextKeys, destinations: &[&str]) -> Result<Call, Failure> {
        if self.model.is_none() && operation.model().given == Given::Always {
            return Err(
                Failure::usage("no model is given").hint("name it: `--model amazon.nova-lite-v1:0 --region us-east-1`")
            );
        }
        let arns = || self.model.iter().filter_map(ModelReference::arn).chain(&self.resource);
        let region = match (&self.region, arns().map(|arn| &arn.region).find(|region| !region.is_empty())) {
            (Some(region), _) => region.clone(),
            (None, Some(region)) => region.parse().map_err(|error| Failure::usage(format!("{error}")))?,
            (None, None) => {
                let subject = self.model.as_ref().map_or_else(|| operation.to_string(), ToString::to_string);
                return Err(
                    Failure::usage(format!("no Region is given for `{subject}`")).hint("add `--region us-east-1`")
                );
            }
        };
        let account = self.account.clone().or_else(|| {
            arns().chain(&self.service_role).map(|arn| arn.account.clone()).find(|account| !account.is_empty())
        });
        let request = Request {
            context,
            resources: self.resource.clone(),
            service_role: self.service_role.clone(),
            project: self.project.clone(),
            ..Request::new(self.model.clone(), operation, region)
        };
        if let Some(misuse) = request.misuse() {
            return Err(Failure::usage(misuse.to_string()).hint(misuse.hint()));
        }
        if request.is_through_profile() && request.profile_arn(account.as_deref()).is_none() {
            return Err(Failure::usage(format!(
                "the ARN of `{}` holds an account, and none is given",
                request.target().unwrap_or_default()
            ))
            .hint("add `--account` and the caller's account id"));
        }
        let known = if destinations.is_empty() { known_destinations(&request) } else { None };
        let routes = known.as_ref().map(|regions| {
            let id = request.target().unwrap_or_default();
            format!(
                "`{id}` routes from {} to {} ({}); `--destination-region` overrides this",
                request.region,
                regions.join(", "),
                source_of_destinations()
            )
        });
        let destinations = known.as_deref().unwrap_or(destinations);
        let profile = self.profile(&request, account.as_deref(), destinations);
        let requirements = request.requirements(profile.as_ref(), account.as_deref());
        let is_global = request.is_through_profile()
            && profile.is_none()
            && requirements
                .requirements
                .iter()
                .any(|requirement| requirement.resource.contains(":bedrock:::foundation-model/"));
        // The documented requirements of a global profile are three, and its form tells all of them.
        let unlisted = if is_global { Vec::new() } else { requirements.unlisted };
        let Requirements { requirements, service_role, .. } = requirements;
        Ok(Call { requirements, service_role, unlisted, routes, request, account })
    }

    /// Puts the profile together from the destinations that were given.
    fn profile(&self, request: &Request, account: Option<&str>, destinations: &[&str]) -> Option<InferenceProfile> {
        if destinations.is_empty() || !request.is_through_profile() {
            return None;
        }
        let arn = request.profile_arn(account)?;
        let base = self.underlying_model.as_deref().or_else(|| request.base_model())?;
        let kind = match arn.resource_type() {
            "application-inference-profile" => ProfileKind::Application,
            _ => ProfileKind::SystemDefined,
        };
        let id = arn.resource_id().to_owned();
        let mut models: Vec<Arn> = destinations.iter().map(|region| request.model_arn(region, base)).collect();
        if id.starts_with("global.") {
            models.push(request.model_arn("", base));
        }
        Some(InferenceProfile { arn, id, kind, models })
    }
}

/// Returns the Regions to which AWS documents that a system-defined profile routes from the request's Region.
fn known_destinations(request: &Request) -> Option<Vec<&'static str>> {
    let arn = request.profile_arn(Some("")).filter(|arn| arn.resource_type() == "inference-profile")?;
    destinations(arn.resource_id(), request.region.as_str())
}

/// Returns `true` if a requirement is the same in every Region as another in one.
fn covers(any: &RequestContext, one: &RequestContext) -> bool {
    let of = |requirement: &RequestContext| requirement.resource.parse::<Arn>().ok();
    let (Some(wide), Some(narrow)) = (of(any), of(one)) else { return false };
    let key = "bedrock:InferenceProfileArn";
    any.action == one.action
        && any.context.get(key) == one.context.get(key)
        && wide.region == ANY_REGION
        && Arn { region: narrow.region.clone(), ..wide } == narrow
}
