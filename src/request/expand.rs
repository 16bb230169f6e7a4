//! From a request to its requirements: each need of the operation, put on the resources that it is asked on.
//!
//! The rules for models are those of the Bedrock User Guide: "Geographic cross-Region inference", "Global
//! cross-Region inference", "Prerequisites for running model inference"; which needs there are, the operation's row
//! in the table says.

use super::{Request, Requirements, UNSPECIFIED_REGION};
use crate::bedrock::{InferenceProfile, Kind, ModelReference, Need, On, ProfileKind, When, Whose};
use crate::iam::{Arn, ContextKeys, RequestContext};

/// Something that is authorized, and what it is reached through.
struct Touched {
    resource: String,
    /// The Region in which it is evaluated, where the ARN's own is not the call's.
    region: Option<String>,
    via: Option<(&'static str, String)>,
}

impl Touched {
    fn new(arn: &Arn) -> Self {
        let region = match (arn.service.as_str(), arn.region.as_str()) {
            ("bedrock", "") => Some(UNSPECIFIED_REGION.to_owned()),
            (_, "") => None,
            (_, region) => Some(region.to_owned()),
        };
        Self { resource: arn.to_string(), region, via: None }
    }

    fn via(arn: &Arn, key: &'static str, through: &Arn) -> Self {
        Self { via: Some((key, through.to_string())), ..Self::new(arn) }
    }
}

impl Request {
    /// Lists every authorization of the call.
    ///
    /// `profile` is what `GetInferenceProfile` said, where the model is a profile and that could be read;
    /// `account` is the account of the principal, which a profile id's ARN needs. What cannot be told without
    /// them is named in [`Requirements::unlisted`].
    #[must_use]
    pub fn requirements(&self, profile: Option<&InferenceProfile>, account: Option<&str>) -> Requirements {
        let mut expansion = Expansion { request: self, profile, account, unlisted: Vec::new() };
        let mut requirements = Requirements::default();
        for need in self.operation.needs() {
            let asked = match need.when {
                When::Always => true,
                When::ThroughProfile => self.is_through_profile(),
                When::If(_) => false,
            };
            if !asked || need.whose == Whose::ServiceRole && self.service_role.is_none() {
                continue;
            }
            let list = match need.whose {
                Whose::Caller => &mut requirements.requirements,
                Whose::ServiceRole => &mut requirements.service_role,
            };
            for touched in expansion.touched(need.on) {
                let requirement = expansion.requirement(need, touched);
                if !list.contains(&requirement) {
                    list.push(requirement);
                }
            }
        }
        requirements.unlisted = expansion.unlisted;
        self.require_named_guardrail(&mut requirements, account);
        self.require_named_project(&mut requirements, account);
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
        match self.model.as_ref()? {
            ModelReference::InferenceProfile(id) => {
                Some(self.own_arn("bedrock", account?, &format!("inference-profile/{id}")))
            }
            ModelReference::Arn(arn) if self.is_through_profile() => Some(arn.arn().clone()),
            _ => None,
        }
    }

    /// Returns the ARN of an account's own resource in the source Region.
    fn own_arn(&self, service: &str, account: &str, resource: &str) -> Arn {
        Arn::new(self.region.partition().as_str(), service, self.region.as_str(), account, resource)
    }
}

struct Expansion<'r> {
    request: &'r Request,
    profile: Option<&'r InferenceProfile>,
    account: Option<&'r str>,
    unlisted: Vec<String>,
}

impl Expansion<'_> {
    fn touched(&mut self, on: On) -> Vec<Touched> {
        let request = self.request;
        match on {
            On::Model => self.model(),
            On::BaseModel => self.base_model(),
            On::Profile => self.profile_arn().iter().map(Touched::new).collect(),
            On::ModelsBehind => self.models_behind().iter().map(Touched::new).collect(),
            On::Prompt => self.model_of_type("bedrock", &["prompt"]),
            On::Endpoint => self.model_of_type("sagemaker", &["endpoint"]),
            On::Given(kind) => request.given(kind).map(|arn| Touched::new(&authorized(arn))).collect(),
            On::Project(kind) => {
                let given: Vec<Touched> = request.given(kind).map(Touched::new).collect();
                let service = if kind == Kind::MantleProject { "bedrock-mantle" } else { "bedrock" };
                if given.is_empty() { self.own(service, "project/default") } else { given }
            }
            On::Made(kind) => self.own("bedrock", &format!("{kind}/*")),
            On::InputBucket => request.given(Kind::S3).take(1).map(bucket).collect(),
            On::InputObjects => request.given(Kind::S3).take(1).map(input).collect(),
            On::OutputBucket => request.given(Kind::S3).last().map(bucket).into_iter().collect(),
            On::OutputObjects => request.given(Kind::S3).last().map(output).into_iter().collect(),
            // What a knowledge base stores its vectors in, a request here does not show.
            On::VectorStore => Vec::new(),
            On::ServiceRole => request.service_role.iter().map(Touched::new).collect(),
            // Which tools a model uses, a request here does not tell.
            On::SystemTool => Vec::new(),
            On::Everything => vec![Touched { resource: "*".to_owned(), region: None, via: None }],
        }
    }

    fn requirement(&self, need: &Need, touched: Touched) -> RequestContext {
        let request = self.request;
        let region = touched.region.as_deref().unwrap_or(request.region.as_str());
        let mut context = ContextKeys::new().with("aws:RequestedRegion", region);
        if let Some((key, through)) = touched.via {
            context.set(key, through);
        }
        if need.on == On::Model
            && need.whose == Whose::Caller
            && let Some(guardrail) = self.guardrail()
        {
            context.set("bedrock:GuardrailIdentifier", guardrail);
        }
        if let (On::InputBucket | On::InputObjects | On::OutputBucket | On::OutputObjects, Some(account)) =
            (need.on, self.account)
        {
            // The bucket's ARN does not tell whose it is; the service roles' sample policies ask for their own account's.
            context.set("aws:ResourceAccount", account);
        }
        match need.key {
            Some(("aws:CalledViaLast", service)) => {
                context.set("aws:CalledViaLast", service);
                context.set("aws:CalledVia", vec![service.to_owned()]);
            }
            Some((key, "MODEL")) => {
                if let Some(model) = &request.model {
                    context.set(key, model.to_string());
                }
            }
            Some((key, value)) => context.set(key, value.replace("REGION", request.region.as_str())),
            None => {}
        }
        for (key, value) in request.context.iter() {
            context.set(key, value.clone());
        }
        RequestContext { action: need.action.to_owned(), resource: touched.resource, context }
    }

    /// Returns the guardrail that calls to the model itself carry.
    fn guardrail(&self) -> Option<String> {
        let calls_the_model = self.request.operation.needs().first().is_some_and(|need| need.on == On::Model);
        let mut guardrails = self.request.given(Kind::Guardrail).filter(|arn| arn.resource_type() == "guardrail");
        guardrails.next().filter(|_| calls_the_model).map(ToString::to_string)
    }

    fn model(&mut self) -> Vec<Touched> {
        let request = self.request;
        match &request.model {
            None => {
                self.unlisted("which model the service role calls is not known; `--model` names it");
                Vec::new()
            }
            Some(ModelReference::FoundationModel(id)) => {
                vec![Touched::new(&request.model_arn(request.region.as_str(), id))]
            }
            Some(ModelReference::Arn(arn)) if !request.is_through_profile() => self.by_arn(arn.arn()),
            Some(ModelReference::InferenceProfile(_) | ModelReference::Arn(_)) => self.through_profile(),
        }
    }

    fn by_arn(&mut self, arn: &Arn) -> Vec<Touched> {
        let behind = |key| self.request.given(Kind::ModelBehind).map(move |model| Touched::via(model, key, arn));
        match (arn.service.as_str(), arn.resource_type()) {
            // A Marketplace model endpoint is authorized twice: by Bedrock, and by SageMaker on Bedrock's behalf.
            ("sagemaker", _) => {
                let resource = "marketplace/model-endpoint/all-access".to_owned();
                vec![Touched::new(&Arn { service: "bedrock".to_owned(), resource, ..arn.clone() })]
            }
            ("bedrock", "prompt") => {
                let models: Vec<Touched> = self.request.given(Kind::ModelBehind).map(Touched::new).collect();
                if models.is_empty() {
                    self.unlisted("the model that the prompt names is not known; `--resource` names it");
                }
                models
            }
            ("bedrock", "prompt-router" | "default-prompt-router") => {
                let mut touched = vec![Touched::new(arn)];
                touched.extend(behind("bedrock:PromptRouterArn"));
                if touched.len() == 1 {
                    self.unlisted("the models behind the prompt router are not known; `--resource` names them");
                }
                touched
            }
            _ => vec![Touched::new(arn)],
        }
    }

    fn through_profile(&mut self) -> Vec<Touched> {
        let Some(arn) = self.profile_arn() else { return Vec::new() };
        // The key is absent where the profile itself is evaluated, and present on every model behind it.
        let mut touched = vec![Touched::new(&arn)];
        let models = self.models_behind();
        touched.extend(models.iter().map(|model| Touched::via(model, "bedrock:InferenceProfileArn", &arn)));
        touched
    }

    /// Returns the profile's ARN as it counts for the principal.
    fn profile_arn(&mut self) -> Option<Arn> {
        if !self.request.is_through_profile() {
            return None;
        }
        // A system-defined profile has an ARN in every account, and the one that counts is the principal's.
        let seen = self.profile.map(|profile| match (profile.kind, self.account) {
            (ProfileKind::SystemDefined, Some(account)) => Arn { account: account.to_owned(), ..profile.arn.clone() },
            _ => profile.arn.clone(),
        });
        let arn = seen.or_else(|| self.request.profile_arn(self.account));
        if arn.is_none() {
            self.unlisted("the account is not known, and so the profile's ARN is not");
        }
        arn
    }

    fn models_behind(&mut self) -> Vec<Arn> {
        let request = self.request;
        let mut models: Vec<Arn> = Vec::new();
        match self.profile {
            Some(profile) => {
                if profile.kind == ProfileKind::SystemDefined
                    && let Some(base) = profile.base_model()
                {
                    models.push(request.model_arn(request.region.as_str(), base));
                }
                models.extend(profile.models.iter().cloned());
            }
            None => {
                let is_global = request
                    .profile_arn(Some(self.account.unwrap_or_default()))
                    .is_some_and(|arn| arn.resource_id().starts_with("global."));
                if let Some(base) = request.base_model() {
                    models.push(request.model_arn(request.region.as_str(), base));
                    if is_global {
                        models.push(request.model_arn("", base));
                    }
                }
                self.unlisted("the inference profile could not be read, and so its destination Regions are not known");
            }
        }
        let mut unique: Vec<Arn> = Vec::new();
        for model in models {
            if !unique.contains(&model) {
                unique.push(model);
            }
        }
        unique
    }

    fn base_model(&mut self) -> Vec<Touched> {
        let request = self.request;
        let custom: Vec<Touched> = request.given(Kind::CustomModel).map(Touched::new).collect();
        if !custom.is_empty() {
            return custom;
        }
        let base = self.profile.and_then(InferenceProfile::base_model).or_else(|| request.base_model());
        base.map(|base| Touched::new(&request.model_arn(request.region.as_str(), base))).into_iter().collect()
    }

    fn model_of_type(&self, service: &str, types: &[&str]) -> Vec<Touched> {
        match &self.request.model {
            Some(ModelReference::Arn(arn))
                if arn.arn().service == service && types.contains(&arn.arn().resource_type()) =>
            {
                vec![Touched::new(arn.arn())]
            }
            _ => Vec::new(),
        }
    }

    fn own(&mut self, service: &str, resource: &str) -> Vec<Touched> {
        match self.account {
            Some(account) => vec![Touched::new(&self.request.own_arn(service, account, resource))],
            None => {
                self.unlisted("the account is not known, and so the ARN of its own resource is not");
                Vec::new()
            }
        }
    }

    fn unlisted(&mut self, why: &str) {
        if !self.unlisted.iter().any(|known| known == why) {
            self.unlisted.push(why.to_owned());
        }
    }
}

/// Returns the bucket of an S3 ARN, which may name a prefix or an object in it.
fn bucket(arn: &Arn) -> Touched {
    let name = arn.resource.split('/').next().unwrap_or_default().to_owned();
    Touched::new(&Arn { resource: name, ..arn.clone() })
}

/// Returns the objects that are read: all of the bucket, all with the prefix, or the one.
///
/// What has no slash at its end and no dot in its last part is taken for a folder, as batch jobs take it.
fn input(arn: &Arn) -> Touched {
    let is_object = arn.resource.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match is_object && arn.resource.contains('/') {
        true => Touched::new(arn),
        false => output(arn),
    }
}

/// Returns the objects that are written: they get names of their own in the bucket or under the prefix, whether or not
/// that has a slash at its end.
fn output(arn: &Arn) -> Touched {
    let resource = format!("{}/*", arn.resource.trim_end_matches('/'));
    Touched::new(&Arn { resource, ..arn.clone() })
}

/// Returns the ARN under which a resource is authorized: a guardrail's version is not part of it (Service Authorization
/// Reference, "Resource types defined by Amazon Bedrock").
fn authorized(arn: &Arn) -> Arn {
    match arn.resource.split_once(':') {
        Some((guardrail, _)) if arn.service == "bedrock" && guardrail.starts_with("guardrail/") => {
            Arn { resource: guardrail.to_owned(), ..arn.clone() }
        }
        _ => arn.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::Operation;

    fn request(model: &str, operation: Operation) -> Request {
        Request::new(Some(model.parse().unwrap()), operation, "us-west-2".parse().unwrap())
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

    /// Renders the requirements as `resource @ requested Region [via profile]`, for whole comparisons.
    fn named(requirements: &Requirements) -> Vec<String> {
        requirements
            .requirements
            .iter()
            .map(|requirement| {
                let via =
                    if requirement.context.get("bedrock:InferenceProfileArn").is_some() { " via profile" } else { "" };
                format!(
                    "{} {} @ {}{via}",
                    requirement.action,
                    requirement.resource,
                    requirement.requested_region().unwrap()
                )
            })
            .collect()
    }

    #[test]
    fn a_foundation_model_is_one_requirement() {
        let requirements = request("amazon.nova-lite-v1:0", Operation::Converse).requirements(None, None);
        assert_eq!(
            named(&requirements),
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
            named(&requirements),
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
            named(&requirements).last().unwrap(),
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
            named(&requirements),
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
        assert_eq!(requirements.requirements.len(), 3);
        assert_eq!(requirements.unlisted.len(), 1);

        let requirements = request("us.amazon.nova-lite-v1:0", Operation::InvokeModel).requirements(None, None);
        assert_eq!((requirements.requirements.len(), requirements.unlisted.len()), (0, 1));
    }

    #[test]
    fn a_marketplace_endpoint_is_authorized_by_bedrock_and_by_sagemaker() {
        let requirements =
            request("arn:aws:sagemaker:us-west-2:111122223333:endpoint/my-model", Operation::ConverseStream)
                .requirements(None, None);
        assert_eq!(
            named(&requirements),
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
            request.requirements(None, None).requirements[0]
                .resource
                .starts_with("arn:aws-us-gov:bedrock:us-gov-west-1::")
        );
    }
}
