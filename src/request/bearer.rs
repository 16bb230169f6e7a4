//! The authorization that an API key adds to a call: `CallWithBearerToken`
//! (Bedrock User Guide, "Control permissions for Amazon Bedrock API keys").

use super::{Request, Requirements};
use crate::bedrock::Need;
use crate::iam::ContextKeys;

impl Request {
    /// Returns `true` if the operation can be called with a Bedrock API key.
    #[must_use]
    pub fn takes_api_key(&self) -> bool {
        self.bearer_need().is_some()
    }

    /// Adds what a call with an API key needs; `token_type` is `LONG_TERM` or `SHORT_TERM`.
    pub fn require_bearer_token(&self, requirements: &mut Requirements, token_type: &str) {
        let Some(need) = self.bearer_need() else { return };
        let service = need.action.split(':').next().unwrap_or("bedrock");
        let keys = ContextKeys::new().with(&format!("{service}:BearerTokenType"), token_type);
        requirements.requirements.push(self.beside_the_model(need.action, "*".to_owned(), keys));
    }

    fn bearer_need(&self) -> Option<&'static Need> {
        self.operation.needs().iter().find(|need| need.action.ends_with(":CallWithBearerToken"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::Operation;

    #[test]
    fn a_key_adds_its_own_permission_where_the_operation_takes_keys() {
        for (operation, action) in [
            (Operation::Converse, Some("bedrock:CallWithBearerToken")),
            (Operation::InvokeAgent, None),
            (Operation::InvokeModelWithBidirectionalStream, None),
        ] {
            let model = Some("amazon.nova-lite-v1:0".parse().unwrap());
            let request = Request::new(model, operation, "us-west-2".parse().unwrap());
            let mut requirements = Requirements::default();
            request.require_bearer_token(&mut requirements, "LONG_TERM");
            assert_eq!(
                requirements.requirements.first().map(|requirement| requirement.action.as_str()),
                action,
                "{operation}"
            );
            assert_eq!(request.takes_api_key(), action.is_some(), "{operation}");
        }
    }
}
