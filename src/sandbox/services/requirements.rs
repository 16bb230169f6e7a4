//! From a `modelId` to everything that the call touches.
//!
//! Follows the Bedrock User Guide ("Geographic cross-Region inference", "Global cross-Region inference") on the
//! world's own facts. Deliberately written apart from the doctor's expansion, so that the two can disagree.

use crate::iam::{Arn, ContextKeys};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::world::{Model, Profile, World};

/// One resource that must be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    /// The resource.
    pub(super) resource: Arn,
    /// The profile that the model is called through.
    profile: Option<Arn>,
    /// The Region that the call came in.
    source: String,
}

impl Requirement {
    /// Returns the condition keys that this resource is evaluated with.
    pub(super) fn context(&self) -> ContextKeys {
        let is_model = self.resource.resource_type() == "foundation-model";
        let region = match (self.resource.region.as_str(), is_model) {
            ("", true) => "unspecified",
            ("", false) => &self.source,
            (region, _) => region,
        };
        let context = ContextKeys::new().with("aws:RequestedRegion", region);
        match &self.profile {
            Some(profile) => context.with("bedrock:InferenceProfileArn", profile.to_string()),
            None => context,
        }
    }
}

/// What a `modelId` stands for.
#[derive(Debug)]
pub(super) struct Target<'a> {
    /// The `modelId` as given.
    pub(super) id: &'a str,
    /// The profile, when the call goes through one.
    pub(super) profile: Option<&'a Profile>,
    /// The foundation model, when the world has it.
    pub(super) model: Option<&'a Model>,
    /// Everything that must be allowed, in the order in which it is checked.
    pub(super) requirements: Vec<Requirement>,
}

/// Finds out what a `modelId` stands for in a Region.
pub(super) fn expand<'a>(world: &'a World, region: &str, id: &'a str) -> Result<Target<'a>, Refusal> {
    if let Some(profile) = find_profile(world, region, id) {
        return Ok(through_profile(world, region, id, profile));
    }
    let model_arn =
        |model: &str| Arn::new(world.partition(), "bedrock", region, "", &format!("foundation-model/{model}"));
    let requirement = |resource: Arn| Requirement { resource, profile: None, source: region.to_owned() };
    if !id.starts_with("arn:") {
        return Ok(Target {
            id,
            profile: None,
            model: find_model(world, id),
            requirements: vec![requirement(model_arn(id))],
        });
    }
    let arn: Arn = id.parse().map_err(|_| invalid_identifier())?;
    match arn.resource_type() {
        "inference-profile" | "application-inference-profile" => Err(invalid_identifier()),
        "foundation-model" if arn != model_arn(arn.resource_id()) => Err(invalid_identifier()),
        "foundation-model" => Ok(Target {
            id,
            profile: None,
            model: find_model(world, arn.resource_id()),
            requirements: vec![requirement(arn)],
        }),
        _ if arn.service != "bedrock" || arn.partition != world.partition() => Err(invalid_identifier()),
        _ => Ok(Target { id, profile: None, model: None, requirements: vec![requirement(arn)] }),
    }
}

fn through_profile<'a>(world: &'a World, region: &str, id: &'a str, profile: &'a Profile) -> Target<'a> {
    let profile_arn = profile.arn(world.partition(), &world.account);
    let model = profile.base_model();
    let source = Arn::new(world.partition(), "bedrock", region, "", &format!("foundation-model/{model}"));
    let mut resources = vec![source];
    for destination in &profile.models {
        if !resources.contains(destination) {
            resources.push(destination.clone());
        }
    }
    let mut requirements =
        vec![Requirement { resource: profile_arn.clone(), profile: None, source: region.to_owned() }];
    requirements.extend(resources.into_iter().map(|resource| Requirement {
        resource,
        profile: Some(profile_arn.clone()),
        source: region.to_owned(),
    }));
    Target { id, profile: Some(profile), model: find_model(world, model), requirements }
}

/// Finds a profile of a Region by its ARN, or by its id as `modelId` takes it.
fn find_profile<'a>(world: &'a World, region: &str, id: &str) -> Option<&'a Profile> {
    world.profiles.iter().find(|profile| {
        profile.region.as_str() == region
            && (profile.arn(world.partition(), &world.account).to_string() == id
                || (profile.id == id && profile.kind == crate::sandbox::world::ProfileType::SystemDefined))
    })
}

/// Finds a foundation model by its id.
pub(super) fn find_model<'a>(world: &'a World, id: &str) -> Option<&'a Model> {
    world.models.iter().find(|model| model.id == id)
}

/// What Bedrock says to an identifier that it does not know.
pub(super) fn invalid_identifier() -> Refusal {
    Refusal::service(400, "ValidationException", "The provided model identifier is invalid.")
}

/// Returns the ARN of the model that a job names: a custom model's own, else the foundation model's in the Region.
pub(super) fn model_arn(world: &World, region: &str, id: &str) -> Arn {
    id.parse().unwrap_or_else(|_| {
        let profile = world.profiles.iter().find(|profile| profile.id == id);
        let model = profile.map_or(id, |profile| profile.base_model());
        Arn::new(world.partition(), "bedrock", region, "", &format!("foundation-model/{model}"))
    })
}
