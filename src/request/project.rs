//! The authorization that a named project adds to a call (Bedrock API Reference, "InvokeModel", `projectIdentifier`).

use super::{Request, Requirements};
use crate::bedrock::Operation;
use crate::iam::ContextKeys;

impl Operation {
    /// Returns `true` if calls of the operation can name a project on bedrock-runtime.
    pub(super) fn takes_project(self) -> bool {
        matches!(self, Self::InvokeModel | Self::InvokeModelWithResponseStream | Self::Converse | Self::ConverseStream)
    }
}

impl Request {
    /// Adds what the project that the call names needs: the call's own action on it, and its key on every requirement.
    ///
    /// The default project adds nothing: whether a call that names none is authorized on it, reports contradict each other.
    pub(super) fn require_named_project(&self, requirements: &mut Requirements, account: Option<&str>) {
        let Some(project) = self.project.as_ref().filter(|project| !project.is_default()) else { return };
        let Some(action) = self.operation.needs().first().map(|need| need.action) else { return };
        let Some(arn) = project.arn(&self.region, account) else {
            requirements.unlisted.push("the account is not known, and so the project's ARN is not".to_owned());
            return;
        };
        let arn = arn.to_string();
        for requirement in &mut requirements.requirements {
            if requirement.context.get("bedrock:ProjectArn").is_none() {
                requirement.context.set("bedrock:ProjectArn", arn.as_str());
            }
        }
        let keys = ContextKeys::new().with("bedrock:ProjectArn", arn.as_str());
        requirements.requirements.push(self.beside_the_model(action, arn, keys));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(project: &str) -> Request {
        let model = "amazon.nova-lite-v1:0".parse().unwrap();
        let call = Request::new(Some(model), Operation::Converse, "us-west-2".parse().unwrap());
        Request { project: Some(project.parse().unwrap()), ..call }
    }

    #[test]
    fn a_named_project_is_authorized_besides_the_model() {
        let call = request("proj_abcdefghijkl234567mn");
        let requirements = call.requirements(None, Some("111122223333"));
        let arn = "arn:aws:bedrock:us-west-2:111122223333:project/proj_abcdefghijkl234567mn";
        let last = requirements.requirements.last().unwrap();
        assert_eq!((last.action.as_str(), last.resource.as_str()), ("bedrock:InvokeModel", arn));
        for requirement in &requirements.requirements {
            assert_eq!(requirement.context.get("bedrock:ProjectArn").unwrap().as_single(), Some(arn));
        }
        assert_eq!(call.requirements(None, None).unlisted.len(), 1);
    }

    #[test]
    fn the_default_project_adds_nothing() {
        assert_eq!(request("default").requirements(None, Some("111122223333")).requirements.len(), 1);
    }
}
