//! The authorizations that guardrails add to a call: `bedrock:ApplyGuardrail` on each
//! (Bedrock User Guide, "Set up permissions to use Amazon Bedrock Guardrails" and "Apply safeguards with enforcements").

use super::{Request, Requirements};
use crate::bedrock::EnforcedGuardrail;
use crate::iam::{Arn, ContextKeys};

const APPLY: &str = "bedrock:ApplyGuardrail";

impl Request {
    /// Adds what the guardrail that the call names needs: the permission for it, and its key on every model requirement.
    pub(super) fn require_named_guardrail(&self, requirements: &mut Requirements, account: Option<&str>) {
        let Some(reference) = self.guardrail.as_ref().filter(|_| self.operation.model().answers) else { return };
        let Some(arn) = reference.arn(&self.region, account) else {
            let why = "the account is not known, and so the guardrail's ARN is not";
            requirements.unlisted.push(why.to_owned());
            return;
        };
        let value = reference.condition_value(&arn);
        for requirement in &mut requirements.requirements {
            if requirement.context.get("bedrock:GuardrailIdentifier").is_none() {
                requirement.context.set("bedrock:GuardrailIdentifier", value.clone());
            }
        }
        self.apply(requirements, &arn);
    }

    /// Adds what the guardrails need that are enforced on everybody's calls in the Region.
    ///
    /// Where the model is not known and a guardrail holds for some models only, that is named in
    /// [`Requirements::unlisted`].
    pub fn require_enforced_guardrails(
        &self,
        requirements: &mut Requirements,
        enforced: &[EnforcedGuardrail],
        model: Option<&str>,
    ) {
        for guardrail in enforced.iter().filter(|_| self.operation.model().answers) {
            match model {
                Some(model) if !guardrail.is_enforced_on(model) => {}
                None if !guardrail.is_enforced_on_all() => requirements.unlisted.push(format!(
                    "the guardrail {} is enforced on some models only, and which model this is, is not known",
                    guardrail.arn
                )),
                _ => self.apply(requirements, &guardrail.arn),
            }
        }
    }

    /// Adds the permission to apply a guardrail, once.
    fn apply(&self, requirements: &mut Requirements, guardrail: &Arn) {
        let resource = guardrail.to_string();
        if requirements
            .requirements
            .iter()
            .any(|requirement| requirement.action == APPLY && requirement.resource == resource)
        {
            return;
        }
        requirements.requirements.push(self.beside_the_model(APPLY, resource, ContextKeys::new()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::Operation;
    use crate::iam::RequestContext;

    fn request() -> Request {
        Request::new(Some("amazon.nova-lite-v1:0".parse().unwrap()), Operation::Converse, "us-west-2".parse().unwrap())
    }

    fn enforced(included: &[&str]) -> EnforcedGuardrail {
        EnforcedGuardrail {
            arn: "arn:aws:bedrock:us-west-2:444455556666:guardrail/abc".parse().unwrap(),
            included: included.iter().map(|id| (*id).to_owned()).collect(),
            excluded: Vec::new(),
        }
    }

    fn applied(requirements: &[RequestContext]) -> Vec<&str> {
        requirements
            .iter()
            .filter(|requirement| requirement.action == APPLY)
            .map(|requirement| requirement.resource.as_str())
            .collect()
    }

    #[test]
    fn a_named_guardrail_needs_its_permission_and_shows_on_every_model_requirement() {
        let call = Request { guardrail: Some("abc:3".parse().unwrap()), ..request() };
        let requirements = call.requirements(None, Some("111122223333"));
        let arn = "arn:aws:bedrock:us-west-2:111122223333:guardrail/abc";
        assert_eq!(applied(&requirements.requirements), [arn]);
        let key = |requirement: &RequestContext| requirement.context.get("bedrock:GuardrailIdentifier").cloned();
        assert_eq!(key(&requirements.requirements[0]).unwrap().as_single(), Some(format!("{arn}:3").as_str()));
        assert_eq!(key(&requirements.requirements[1]), None);
        assert_eq!(call.requirements(None, None).unlisted.len(), 1);
    }

    #[test]
    fn an_enforced_guardrail_is_needed_on_the_models_that_it_holds_for() {
        let count = |guardrail: EnforcedGuardrail, model| {
            let mut requirements = request().requirements(None, None);
            request().require_enforced_guardrails(&mut requirements, &[guardrail.clone(), guardrail], model);
            (applied(&requirements.requirements).len(), requirements.unlisted.len())
        };
        let nova = Some("amazon.nova-lite-v1:0");
        assert_eq!(count(enforced(&[]), nova), (1, 0));
        assert_eq!(count(enforced(&["amazon.nova-lite-v1:0"]), nova), (1, 0));
        assert_eq!(count(enforced(&["amazon.nova-pro-v1:0"]), nova), (0, 0));
        assert_eq!(count(enforced(&[]), None), (1, 0));
        assert_eq!(count(enforced(&["amazon.nova-pro-v1:0"]), None), (0, 2));
    }
}
