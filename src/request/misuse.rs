//! What keeps a request from being one: an operation without its resource, or with what it has no use for.
//!
//! Says what is wrong in a fragment, and which option mends it. Whether a thing exists or may be used is not
//! looked at here.

use super::{LiveCall, Request};
use crate::bedrock::{Given, Kind, ModelForms, ModelReference, Operation};
use crate::iam::Arn;
use std::fmt;

/// Why a request makes no sense as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// The operation needs a model.
    NoModel(Operation),
    /// The operation takes no model.
    ModelTaken(Operation),
    /// The model is named in a form that the operation does not take.
    ModelForm(Operation, ModelReference),
    /// A resource of the kind has to be named.
    NoResource(Operation, Kind),
    /// The resource is none that the operation takes.
    ResourceTaken(Operation, Arn),
    /// The operation is carried out with a service role, and none is named.
    NoServiceRole(Operation),
    /// The operation has no service role.
    ServiceRoleTaken(Operation),
    /// What is named as the service role is no role.
    NotARole(Arn),
    /// The operation takes no project.
    ProjectTaken(Operation),
    /// A project is named together with an application inference profile, which the API rejects.
    ProjectWithApplicationProfile,
    /// There is no test call of the operation.
    NoTestCall(Operation),
}

impl Request {
    /// Finds what keeps the request from being one.
    #[must_use]
    pub fn misuse(&self) -> Option<Misuse> {
        let operation = self.operation;
        let rule = operation.model();
        let custom = self.given(Kind::CustomModel).next().is_some();
        match (&self.model, rule.given) {
            (None, Given::Always) => return Some(Misuse::NoModel(operation)),
            (None, Given::UnlessCustom) if !custom => return Some(Misuse::NoModel(operation)),
            (Some(_), Given::Never) => return Some(Misuse::ModelTaken(operation)),
            (Some(model), _) if !rule.forms.take(model) => {
                return Some(Misuse::ModelForm(operation, model.clone()));
            }
            _ => {}
        }
        if let Some(stranger) =
            self.resources.iter().find(|arn| !Kind::of(arn).is_some_and(|kind| operation.takes(kind)))
        {
            return Some(Misuse::ResourceTaken(operation, stranger.clone()));
        }
        if let Some(kind) = operation.requires().iter().find(|kind| self.given(**kind).next().is_none()) {
            return Some(Misuse::NoResource(operation, *kind));
        }
        match (&self.service_role, operation.service_role()) {
            (None, Given::Always) => return Some(Misuse::NoServiceRole(operation)),
            (Some(_), Given::Never) => return Some(Misuse::ServiceRoleTaken(operation)),
            (Some(role), _) if role.service != "iam" || role.resource_type() != "role" => {
                return Some(Misuse::NotARole(role.clone()));
            }
            _ => {}
        }
        if self.project.is_some() && !operation.takes_project() {
            return Some(Misuse::ProjectTaken(operation));
        }
        let is_application_profile = |model: &ModelReference| matches!(model, ModelReference::Arn(arn) if arn.arn().resource_type() == "application-inference-profile");
        if self.project.as_ref().is_some_and(|project| !project.is_default())
            && self.model.as_ref().is_some_and(is_application_profile)
        {
            return Some(Misuse::ProjectWithApplicationProfile);
        }
        (self.live != LiveCall::None && !operation.has_test_call()).then_some(Misuse::NoTestCall(operation))
    }
}

impl ModelForms {
    /// Returns `true` if a model may be named so.
    fn take(self, model: &ModelReference) -> bool {
        let arn_type = match model {
            ModelReference::Arn(arn) => Some(arn.arn().resource_type()),
            ModelReference::FoundationModel(_) | ModelReference::InferenceProfile(_) => None,
        };
        match self {
            Self::Invocable => true,
            Self::NoApplicationProfile => arn_type != Some("application-inference-profile"),
            Self::FoundationOrProfile => model.is_profile() || model.base_model().is_some(),
            Self::Foundation => !model.is_profile() && model.base_model().is_some(),
        }
    }
}

impl Misuse {
    /// Returns what to do instead.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoModel(operation) if operation.model().given == Given::UnlessCustom => {
                format!("add `--model ID`, or `--resource {}`", Kind::CustomModel.form())
            }
            Self::NoModel(_) => "name one with `--model`".to_owned(),
            Self::ModelTaken(_) => "leave `--model` out".to_owned(),
            Self::ModelForm(operation, _) => match operation.model().forms {
                ModelForms::Foundation => "name the foundation model's id".to_owned(),
                _ => "name the foundation model or the system-defined inference profile".to_owned(),
            },
            Self::NoResource(_, kind) => format!("add `--resource {}`", kind.form()),
            Self::ResourceTaken(operation, _) => {
                let kinds: Vec<&str> =
                    Kind::ALL.into_iter().filter(|kind| operation.takes(*kind)).map(Kind::form).collect();
                match kinds.as_slice() {
                    [] => format!("`{operation}` takes no `--resource`"),
                    kinds => format!("it takes {}", kinds.join(", ")),
                }
            }
            Self::NoServiceRole(_) => "add `--service-role arn:aws:iam::ACCOUNT:role/NAME`".to_owned(),
            Self::ServiceRoleTaken(_) => "leave `--service-role` out".to_owned(),
            Self::NotARole(_) => "such as arn:aws:iam::111122223333:role/service-role/batch".to_owned(),
            Self::ProjectTaken(_) => {
                "leave `--project` out; the project of another endpoint is named with `--resource`".to_owned()
            }
            Self::ProjectWithApplicationProfile => {
                "leave `--project` out, or name the model or the system-defined profile".to_owned()
            }
            Self::NoTestCall(_) => {
                "leave out `--probe` and `--invoke`: the policies are simulated all the same".to_owned()
            }
        }
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModel(operation) => write!(f, "`{operation}` needs a model, and none was given"),
            Self::ModelTaken(operation) => write!(f, "`{operation}` takes no model"),
            Self::ModelForm(operation, model) => write!(f, "`{operation}` cannot be given `{model}` as its model"),
            Self::NoResource(operation, kind) => {
                write!(f, "`{operation}` is about a resource, and no {} was given", kind.words())
            }
            Self::ResourceTaken(operation, arn) => write!(f, "`{arn}` is not a resource of `{operation}`"),
            Self::NoServiceRole(operation) => {
                write!(f, "`{operation}` is carried out with a service role, and none was given")
            }
            Self::ServiceRoleTaken(operation) => write!(f, "`{operation}` is carried out without a service role"),
            Self::NotARole(arn) => write!(f, "`{arn}` is not the ARN of an IAM role"),
            Self::ProjectTaken(operation) => write!(f, "`{operation}` takes no `--project`"),
            Self::ProjectWithApplicationProfile => {
                f.write_str("a project cannot be combined with an application inference profile")
            }
            Self::NoTestCall(operation) => write!(
                f,
                "there is no test call of `{operation}`: it would start or make something, or tell nothing of access"
            ),
        }
    }
}

impl std::error::Error for Misuse {}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(operation: &str, model: Option<&str>, resources: &[&str], role: Option<&str>) -> Request {
        let mut request = Request::new(
            model.map(|model| model.parse().unwrap()),
            operation.parse().unwrap(),
            "us-west-2".parse().unwrap(),
        );
        request.resources = resources.iter().map(|arn| arn.parse().unwrap()).collect();
        request.service_role = role.map(|arn| arn.parse().unwrap());
        request
    }

    #[test]
    fn what_an_operation_lacks_or_cannot_use_is_said() {
        const NOVA: Option<&str> = Some("amazon.nova-lite-v1:0");
        const ROLE: Option<&str> = Some("arn:aws:iam::111122223333:role/batch");
        const ALIAS: &str = "arn:aws:bedrock:us-west-2:111122223333:agent-alias/AGENT12345/ALIAS12345";
        const PROFILE: Option<&str> =
            Some("arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/abcdefghijkl");
        for (request, said) in [
            (request("converse", None, &[], None), Some("needs a model")),
            (request("converse", NOVA, &[], None), None),
            (request("converse", NOVA, &[], ROLE), Some("without a service role")),
            (request("converse", NOVA, &[ALIAS], None), Some("is not a resource of `converse`")),
            (request("converse", NOVA, &["arn:aws:sns:us-west-2:111122223333:topic"], None), Some("not a resource")),
            (request("list-foundation-models", None, &[], None), None),
            (request("list-foundation-models", NOVA, &[], None), Some("takes no model")),
            (request("invoke-agent", None, &[], None), Some("no agent alias was given")),
            (request("invoke-agent", None, &[ALIAS], None), None),
            (request("invoke-agent", NOVA, &[ALIAS], ROLE), None),
            (request("create-agent", NOVA, &[], None), Some("carried out with a service role")),
            (request("create-agent", NOVA, &[], Some("arn:aws:iam::111122223333:user/ana")), Some("IAM role")),
            (request("create-model-invocation-job", NOVA, &[], ROLE), Some("no S3 bucket")),
            (request("create-model-invocation-job", None, &["arn:aws:s3:::data"], ROLE), Some("needs a model")),
            (
                request(
                    "create-provisioned-model-throughput",
                    None,
                    &["arn:aws:bedrock:us-west-2:111122223333:custom-model/amazon.nova-lite-v1:0/abcdefghijkl"],
                    None,
                ),
                None,
            ),
            (request("count-tokens", Some("us.amazon.nova-lite-v1:0"), &[], None), Some("cannot be given")),
            (request("responses", PROFILE, &[], None), Some("cannot be given")),
            (request("chat-completions", Some("us.amazon.nova-lite-v1:0"), &[], None), None),
        ] {
            match (request.misuse(), said) {
                (None, None) => {}
                (Some(misuse), Some(said)) => {
                    assert!(misuse.to_string().contains(said), "{misuse}");
                    assert!(!misuse.hint().is_empty());
                }
                (misuse, said) => panic!("{misuse:?} instead of {said:?} for {request:?}"),
            }
        }
    }

    #[test]
    fn test_calls_exist_for_calls_to_models_alone() {
        for operation in Operation::ALL {
            let mut request = request("converse", Some("amazon.nova-lite-v1:0"), &[], None);
            request.live = LiveCall::Probe;
            request.operation = operation;
            let tested = ["invoke-model", "invoke-model-with-response-stream", "converse", "converse-stream"];
            assert_eq!(request.misuse().is_none(), tested.contains(&operation.as_str()), "{operation}");
        }
    }
}
