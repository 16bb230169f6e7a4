//! The authorization that a named project adds to a call (Bedrock API Reference, "InvokeModel", `projectIdentifier`).

use super::{Request, Requirements};
use crate::bedrock::Operation;
use crate::iam::{Arn, ContextKeys, RequestContext};

impl Operation {
    /// Returns `true` if calls of the operation can name a project on bedrock-runtime.
    pub(super) fn takes_project(self) -> bool {
        matches!(self, Self::InvokeModel | Self::InvokeModelWithResponseStream | Self::Converse | Self::ConverseStream)
    }
}

impl Request {
    /// Returns what a call that names no other project may need on the default one; nothing for an operation without projects, and
    /// where the account is not known.
    #[must_use]
    pub fn on_default_project(&self, account: Option<&str>) -> Option<RequestContext> {
        if !self.operation.takes_project() || self.named_project().is_some() {
            return None;
        }
        let partition = self.region.partition();
        let arn =
            Arn::new(partition.as_str(), "bedrock", self.region.as_str(), account?, "project/default").to_string();
        let keys = ContextKeys::new().with("bedrock:ProjectArn", arn.as_str());
        Some(self.beside_the_model("bedrock:InvokeModel", arn, keys))
    }

    /// Adds what the project that the call names needs: `bedrock:InvokeModel` on it, whichever way the answer is sent
    /// (`InvokeModelWithResponseStream` has no projects among its resource types in the Service Authorization Reference), and
    /// its key on every requirement.
    ///
    /// The default project adds nothing: whether a call that names none is authorized on it, reports contradict each other.
    pub(super) fn require_named_project(&self, requirements: &mut Requirements, account: Option<&str>) {
        let Some(project) = self.named_project() else { return };
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
        requirements.requirements.push(self.beside_the_model("bedrock:InvokeModel", arn, keys));
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
        let streamed = Request { operation: Operation::ConverseStream, ..call };
        let requirements = streamed.requirements(None, Some("111122223333")).requirements;
        let actions: Vec<&str> = requirements.iter().map(|requirement| requirement.action.as_str()).collect();
        assert_eq!(actions, ["bedrock:InvokeModelWithResponseStream", "bedrock:InvokeModel"]);
    }

    #[test]
    fn the_default_project_adds_nothing() {
        assert_eq!(request("default").requirements(None, Some("111122223333")).requirements.len(), 1);
    }
}
