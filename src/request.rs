//! One Bedrock call, and every authorization that AWS makes for it.
//!
//! Takes what the user asked for in valid values, and what is known of the model's inference profile; gives the
//! request contexts ("legs") that must all be allowed. Decides nothing and calls nothing.

mod given;
mod guardrail;

pub use given::{GivenError, GivenPolicies, GivenPolicy};

use crate::bedrock::{GuardrailReference, InferenceProfile, ModelReference, Operation, ProfileKind, Region};
use crate::iam::{Arn, ContextKeys, RequestContext};
use serde::{Deserialize, Serialize};

/// What `aws:RequestedRegion` holds where a model is authorized without Region, as for a global profile
/// (Bedrock User Guide, "Global cross-Region inference").
pub const UNSPECIFIED_REGION: &str = "unspecified";

/// A call to a Bedrock model, as somebody makes it or would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What the call names as its model.
    pub model: ModelReference,
    /// The API operation.
    pub operation: Operation,
    /// The source Region: the one whose endpoint is called.
    pub region: Region,
    /// Further condition keys that the call would carry, from the user.
    #[serde(default)]
    pub context: ContextKeys,
    /// The principal that makes the call, where it is not the caller of this program.
    #[serde(default)]
    pub principal: Option<Arn>,
    /// The guardrail that the call names.
    #[serde(default)]
    pub guardrail: Option<GuardrailReference>,
    /// Policies that no API shows, from the user.
    #[serde(default)]
    pub policies: GivenPolicies,
    /// An error that such a call was answered with, from the user.
    #[serde(default)]
    pub error: Option<GivenError>,
    /// The test call that the user asked for.
    #[serde(default)]
    pub live: LiveCall,
}

/// A test call against the real model, made only when asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LiveCall {
    /// None.
    #[default]
    None,
    /// A call whose body no model accepts: authorized like a true one, and no token is processed.
    Probe,
    /// The operation's own call with at most one output token; billed.
    Invoke,
}

impl LiveCall {
    /// Returns the kebab-case name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Probe => "probe",
            Self::Invoke => "invoke",
        }
    }
}

/// The authorizations that one call needs, as far as they can be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Every (action, resource, context) that must be allowed.
    pub legs: Vec<RequestContext>,
    /// Why further legs may exist that could not be listed; one reason each.
    pub unlisted: Vec<String>,
}

impl Request {
    /// Asks for a model by an operation in a Region, and for nothing else.
    #[must_use]
    pub fn new(model: ModelReference, operation: Operation, region: Region) -> Self {
        Self {
            model,
            operation,
            region,
            context: ContextKeys::new(),
            principal: None,
            guardrail: None,
            policies: GivenPolicies::default(),
            error: None,
            live: LiveCall::None,
        }
    }

    /// Lists every authorization of the call.
    ///
    /// `profile` is what `GetInferenceProfile` said, where the model is a profile and that could be read;
    /// `account` is the account of the principal, which a profile id's ARN needs. What cannot be told without
    /// them is named in [`Requirements::unlisted`].
    ///
    /// The rules are those of the Bedrock User Guide: "Geographic cross-Region inference", "Global cross-Region
    /// inference", "Prerequisites for running model inference", and of the Service Authorization Reference.
    #[must_use]
    pub fn requirements(&self, profile: Option<&InferenceProfile>, account: Option<&str>) -> Requirements {
        let mut requirements = Requirements::default();
        match &self.model {
            ModelReference::FoundationModel(id) => {
                let arn = self.model_arn(self.region.as_str(), id);
                self.push(&mut requirements, self.operation.iam_action(), &arn, None);
            }
            ModelReference::Arn(arn) if !self.model.is_profile() => self.resource_legs(&mut requirements, arn.arn()),
            ModelReference::InferenceProfile(_) | ModelReference::Arn(_) => {
                self.profile_legs(&mut requirements, profile, account);
            }
        }
        self.require_named_guardrail(&mut requirements, account);
        requirements
    }

    /// Returns the ARN of a foundation model in a Region; the Region may be empty.
    #[must_use]
    pub fn model_arn(&self, region: &str, id: &str) -> Arn {
        Arn::new(self.region.partition().as_str(), "bedrock", region, "", &format!("foundation-model/{id}"))
    }

    /// Returns the profile's ARN in the source Region, where the account is known or the reference is an ARN.
    #[must_use]
    pub fn profile_arn(&self, account: Option<&str>) -> Option<Arn> {
        match &self.model {
            ModelReference::InferenceProfile(id) => Some(Arn::new(
                self.region.partition().as_str(),
                "bedrock",
                self.region.as_str(),
                account?,
                &format!("inference-profile/{id}"),
            )),
            ModelReference::Arn(arn) if self.model.is_profile() => Some(arn.arn().clone()),
            _ => None,
        }
    }

    fn profile_legs(&self, requirements: &mut Requirements, profile: Option<&InferenceProfile>, account: Option<&str>) {
        let action = self.operation.iam_action();
        // A system-defined profile has an ARN in every account, and the one that counts is the principal's.
        let seen = profile.map(|profile| match (profile.kind, account) {
            (ProfileKind::SystemDefined, Some(account)) => Arn { account: account.to_owned(), ..profile.arn.clone() },
            _ => profile.arn.clone(),
        });
        let Some(arn) = seen.or_else(|| self.profile_arn(account)) else {
            requirements.unlisted.push("the account is not known, and so the profile's ARN is not".to_owned());
            return;
        };
        // The key is absent where the profile itself is evaluated, and present on every model behind it.
        self.push(requirements, action, &arn, None);

        let mut models: Vec<Arn> = Vec::new();
        match profile {
            Some(profile) => {
                if profile.kind == ProfileKind::SystemDefined
                    && let Some(base) = profile.base_model()
                {
                    models.push(self.model_arn(self.region.as_str(), base));
                }
                models.extend(profile.models.iter().cloned());
            }
            None => {
                if let Some(base) = self.model.base_model() {
                    models.push(self.model_arn(self.region.as_str(), base));
                    if arn.resource_id().starts_with("global.") {
                        models.push(self.model_arn("", base));
                    }
                }
                requirements.unlisted.push(
                    "the inference profile could not be read, and so its destination Regions are not known".to_owned(),
                );
            }
        }
        let mut seen: Vec<Arn> = Vec::new();
        for model in models {
            if !seen.contains(&model) {
                self.push(requirements, action, &model, Some(&arn));
                seen.push(model);
            }
        }
    }

    fn resource_legs(&self, requirements: &mut Requirements, arn: &Arn) {
        let action = self.operation.iam_action();
        match (arn.service.as_str(), arn.resource_type()) {
            // A Marketplace model endpoint is authorized twice: by Bedrock, and by SageMaker on Bedrock's behalf.
            ("sagemaker", _) => {
                let all_access = Arn { service: "bedrock".to_owned(), ..arn.clone() };
                let all_access = Arn { resource: "marketplace/model-endpoint/all-access".to_owned(), ..all_access };
                self.push(requirements, action, &all_access, None);
                let invoke_endpoint = if self.operation.streams() {
                    "sagemaker:InvokeEndpointWithResponseStream"
                } else {
                    "sagemaker:InvokeEndpoint"
                };
                self.push(requirements, invoke_endpoint, arn, None);
                if let Some(leg) = requirements.legs.last_mut() {
                    leg.context.set("aws:CalledViaLast", "bedrock.amazonaws.com");
                    leg.context.set("aws:CalledVia", vec!["bedrock.amazonaws.com".to_owned()]);
                }
            }
            ("bedrock", "prompt") => {
                self.push(requirements, "bedrock:RenderPrompt", arn, None);
                requirements.unlisted.push("the model that the prompt names is not known".to_owned());
            }
            ("bedrock", "prompt-router" | "default-prompt-router") => {
                self.push(requirements, action, arn, None);
                requirements.unlisted.push("the models behind the prompt router are not known".to_owned());
            }
            _ => self.push(requirements, action, arn, None),
        }
    }

    fn push(&self, requirements: &mut Requirements, action: &str, resource: &Arn, profile: Option<&Arn>) {
        let region = if resource.region.is_empty() { UNSPECIFIED_REGION } else { &resource.region };
        let mut context = ContextKeys::new().with("aws:RequestedRegion", region);
        if let Some(profile) = profile {
            context.set("bedrock:InferenceProfileArn", profile.to_string());
        }
        for (key, value) in self.context.iter() {
            context.set(key, value.clone());
        }
        requirements.legs.push(RequestContext { action: action.to_owned(), resource: resource.to_string(), context });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(model: &str, operation: Operation) -> Request {
        Request::new(model.parse().unwrap(), operation, "us-west-2".parse().unwrap())
    }

    fn profile(id: &str, kind: ProfileKind, models: &[&str]) -> InferenceProfile {
        let resource = match kind {
            ProfileKind::SystemDefined => "inference-profile",
            ProfileKind::Application => "application-inference-profile",
        };
        InferenceProfile {
            arn: format!("arn:aws:bedrock:us-west-2:111122223333:{resource}/{id}").parse().unwrap(),
            id: id.to_owned(),
            kind,
            models: models.iter().map(|arn| arn.parse().unwrap()).collect(),
        }
    }

    /// Renders the legs as `resource @ requested Region [via profile]`, for whole comparisons.
    fn legs(requirements: &Requirements) -> Vec<String> {
        requirements
            .legs
            .iter()
            .map(|leg| {
                let via = if leg.context.get("bedrock:InferenceProfileArn").is_some() { " via profile" } else { "" };
                format!("{} {} @ {}{via}", leg.action, leg.resource, leg.requested_region().unwrap())
            })
            .collect()
    }

    #[test]
    fn a_foundation_model_is_one_leg() {
        let requirements = request("amazon.nova-lite-v1:0", Operation::Converse).requirements(None, None);
        assert_eq!(
            legs(&requirements),
            ["bedrock:InvokeModel arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0 @ us-west-2"]
        );
        assert!(requirements.unlisted.is_empty());
    }

    #[test]
    fn a_geographic_profile_needs_itself_the_source_model_and_every_destination() {
        let profile = profile(
            "us.amazon.nova-lite-v1:0",
            ProfileKind::SystemDefined,
            &[
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
                "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0",
            ],
        );
        let requirements =
            request("us.amazon.nova-lite-v1:0", Operation::ConverseStream).requirements(Some(&profile), None);
        let action = "bedrock:InvokeModelWithResponseStream";
        assert_eq!(
            legs(&requirements),
            [
                format!(
                    "{action} arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.amazon.nova-lite-v1:0 @ us-west-2"
                ),
                format!(
                    "{action} arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0 @ us-west-2 via profile"
                ),
                format!(
                    "{action} arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0 @ us-east-1 via profile"
                ),
            ]
        );
    }

    #[test]
    fn a_global_profile_also_needs_the_model_without_region() {
        let profile = profile(
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            ProfileKind::SystemDefined,
            &[
                "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
                "arn:aws:bedrock:::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
            ],
        );
        let requirements = request("global.anthropic.claude-sonnet-4-5-20250929-v1:0", Operation::InvokeModel)
            .requirements(Some(&profile), None);
        assert_eq!(
            legs(&requirements).last().unwrap(),
            "bedrock:InvokeModel arn:aws:bedrock:::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0 @ unspecified via profile"
        );
    }

    #[test]
    fn an_application_profile_needs_itself_and_its_models_only() {
        let profile = profile(
            "abcdefghijkl",
            ProfileKind::Application,
            &["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"],
        );
        let requirements = request(
            "arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/abcdefghijkl",
            Operation::InvokeModel,
        )
        .requirements(Some(&profile), None);
        assert_eq!(
            legs(&requirements),
            [
                "bedrock:InvokeModel arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/abcdefghijkl @ us-west-2",
                "bedrock:InvokeModel arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0 @ us-east-1 via profile",
            ]
        );
    }

    #[test]
    fn an_unread_profile_gives_what_its_form_tells_and_says_that_more_may_exist() {
        let requirements =
            request("global.amazon.nova-2-lite-v1:0", Operation::InvokeModel).requirements(None, Some("111122223333"));
        assert_eq!(requirements.legs.len(), 3);
        assert_eq!(requirements.unlisted.len(), 1);

        let requirements = request("us.amazon.nova-lite-v1:0", Operation::InvokeModel).requirements(None, None);
        assert_eq!((requirements.legs.len(), requirements.unlisted.len()), (0, 1));
    }

    #[test]
    fn a_marketplace_endpoint_is_authorized_by_bedrock_and_by_sagemaker() {
        let requirements =
            request("arn:aws:sagemaker:us-west-2:111122223333:endpoint/my-model", Operation::ConverseStream)
                .requirements(None, None);
        assert_eq!(
            legs(&requirements),
            [
                "bedrock:InvokeModelWithResponseStream arn:aws:bedrock:us-west-2:111122223333:marketplace/model-endpoint/all-access @ us-west-2",
                "sagemaker:InvokeEndpointWithResponseStream arn:aws:sagemaker:us-west-2:111122223333:endpoint/my-model @ us-west-2",
            ]
        );
    }

    #[test]
    fn partitions_follow_the_region() {
        let mut request = request("amazon.nova-lite-v1:0", Operation::InvokeModel);
        request.region = "us-gov-west-1".parse().unwrap();
        assert!(
            request.requirements(None, None).legs[0].resource.starts_with("arn:aws-us-gov:bedrock:us-gov-west-1::")
        );
    }
}
