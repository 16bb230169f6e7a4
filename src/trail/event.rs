//! One event of CloudTrail: what of it tells who was refused what, and nothing else.
//!
//! Read fast where it has the form that CloudTrail writes, borrowing from the record. Whatever else it looks like,
//! `loose` makes the same of it. Prompts, source addresses and tags are not read at all.

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A text that may be absent, borrowed where it stands unescaped in the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl<'a> Text<'a> {
    /// Returns the text, if there is one that says something.
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }

    pub(super) fn owned(text: Option<String>) -> Self {
        Self(text.map(Cow::Owned))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfAny;
        impl<'de> Visitor<'de> for OfAny {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Text(None))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(if value { "true" } else { "false" }))))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(value.to_string()))))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(value.to_string()))))
            }
        }
        deserializer.deserialize_any(OfAny)
    }
}

/// An event as CloudTrail writes it (AWS CloudTrail User Guide, "CloudTrail record contents").
///
/// Names in lower case are those of Athena's table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Event<'a> {
    #[serde(borrow, alias = "eventtime")]
    pub(super) event_time: Text<'a>,
    #[serde(borrow, alias = "eventsource")]
    pub(super) event_source: Text<'a>,
    #[serde(borrow, alias = "eventname")]
    pub(super) event_name: Text<'a>,
    #[serde(borrow, alias = "eventtype")]
    pub(super) event_type: Text<'a>,
    #[serde(borrow, rename = "eventID", alias = "eventid")]
    pub(super) event_id: Text<'a>,
    #[serde(borrow, rename = "requestID", alias = "requestid")]
    pub(super) request_id: Text<'a>,
    #[serde(borrow, alias = "awsregion")]
    pub(super) aws_region: Text<'a>,
    #[serde(borrow, alias = "errorcode")]
    pub(super) error_code: Text<'a>,
    #[serde(borrow, alias = "errormessage")]
    pub(super) error_message: Text<'a>,
    #[serde(borrow, alias = "useragent")]
    pub(super) user_agent: Text<'a>,
    #[serde(borrow, alias = "recipientaccountid")]
    pub(super) recipient_account_id: Text<'a>,
    #[serde(borrow, alias = "vpcendpointid")]
    pub(super) vpc_endpoint_id: Text<'a>,
    #[serde(borrow, alias = "useridentity", deserialize_with = "or_default")]
    pub(super) user_identity: Identity<'a>,
    #[serde(borrow, alias = "requestparameters", deserialize_with = "or_default")]
    pub(super) request_parameters: Parameters<'a>,
    #[serde(borrow, alias = "responseelements", deserialize_with = "or_default")]
    pub(super) response_elements: Response<'a>,
    #[serde(borrow, alias = "additionaleventdata", deserialize_with = "or_default")]
    pub(super) additional_event_data: Additional<'a>,
}

/// Who called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Identity<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) arn: Text<'a>,
    #[serde(borrow, alias = "accountid")]
    pub(super) account_id: Text<'a>,
    #[serde(borrow, alias = "accesskeyid")]
    pub(super) access_key_id: Text<'a>,
    #[serde(borrow, alias = "invokedby")]
    pub(super) invoked_by: Text<'a>,
    #[serde(borrow, alias = "sessioncontext", deserialize_with = "or_default")]
    pub(super) session_context: SessionContext<'a>,
}

/// The session that called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SessionContext<'a> {
    #[serde(borrow, alias = "sessionissuer", deserialize_with = "or_default")]
    pub(super) session_issuer: Issuer<'a>,
}

/// Whose session it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Issuer<'a> {
    #[serde(borrow)]
    pub(super) arn: Text<'a>,
}

/// What was asked for, as far as it names a model, a principal or a session's policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Parameters<'a> {
    #[serde(borrow, alias = "modelid", alias = "model")]
    pub(super) model_id: Text<'a>,
    #[serde(borrow, alias = "callwithbearertoken")]
    pub(super) call_with_bearer_token: Text<'a>,
    #[serde(borrow, alias = "rolename")]
    pub(super) role_name: Text<'a>,
    #[serde(borrow, alias = "username")]
    pub(super) user_name: Text<'a>,
    #[serde(borrow, alias = "rolearn")]
    pub(super) role_arn: Text<'a>,
    #[serde(borrow, alias = "rolesessionname")]
    pub(super) role_session_name: Text<'a>,
    /// The name of a federated user.
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) policy: Text<'a>,
    /// Managed policies that limit a session.
    #[serde(alias = "policyarns")]
    pub(super) policy_arns: PolicyArns,
    #[serde(borrow, alias = "guardrailidentifier", alias = "guardrailId")]
    pub(super) guardrail_identifier: Text<'a>,
    #[serde(borrow, alias = "knowledgebaseid")]
    pub(super) knowledge_base_id: Text<'a>,
    #[serde(borrow, alias = "agentid")]
    pub(super) agent_id: Text<'a>,
    #[serde(borrow, alias = "agentaliasid")]
    pub(super) agent_alias_id: Text<'a>,
}

impl Parameters<'_> {
    /// Lists what a call names besides its model: ARNs, or the type and id that end one.
    pub(super) fn resources(&self) -> Vec<String> {
        let of_type = |kind: &str, id: Option<&str>| {
            id.map(|id| if id.starts_with("arn:") { id.to_owned() } else { format!("{kind}/{id}") })
        };
        let alias = self.agent_id.get().zip(self.agent_alias_id.get()).map(|(agent, alias)| format!("{agent}/{alias}"));
        [
            of_type("guardrail", self.guardrail_identifier.get()),
            of_type("knowledge-base", self.knowledge_base_id.get()),
            of_type("agent-alias", alias.as_deref()),
        ]
        .into_iter()
        .flatten()
        .filter(|resource| resource.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/_-".contains(&byte)))
        .collect()
    }
}

/// The ARNs of managed policies, in a list of objects as STS takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "serde_json::Value")]
pub(super) struct PolicyArns(Vec<String>);

impl PolicyArns {
    /// Returns the ARNs.
    pub(super) fn list(&self) -> Vec<String> {
        self.0.clone()
    }
}

impl From<serde_json::Value> for PolicyArns {
    fn from(value: serde_json::Value) -> Self {
        let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let arn = |element: &serde_json::Value| {
            let arn = element.get("arn").unwrap_or(element).as_str()?;
            arn.starts_with("arn:").then(|| arn.to_owned())
        };
        // STS takes ten at most.
        Self(list.iter().filter_map(arn).take(10).collect())
    }
}

/// What was answered, as far as it refuses or names a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Response<'a> {
    #[serde(borrow, alias = "statuscode")]
    pub(super) status_code: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) body: Body<'a>,
    #[serde(borrow, alias = "assumedroleuser", deserialize_with = "or_default")]
    pub(super) assumed_role_user: Issuer<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) credentials: Keys<'a>,
}

/// The body of a gateway's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) error: BodyError<'a>,
}

/// The error in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct BodyError<'a> {
    #[serde(borrow)]
    pub(super) message: Text<'a>,
}

/// The id of the key that a session was given: kept as a hash alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Keys<'a> {
    #[serde(borrow, alias = "accesskeyid")]
    pub(super) access_key_id: Text<'a>,
}

/// What CloudTrail adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Additional<'a> {
    #[serde(borrow, alias = "inferenceregion")]
    pub(super) inference_region: Text<'a>,
    #[serde(borrow, alias = "callwithbearertoken")]
    pub(super) call_with_bearer_token: Text<'a>,
}

/// Takes `null` for nothing.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl<'a> Event<'a> {
    /// Reads a record of the form that CloudTrail writes; none where it has another form, or is damaged.
    pub(super) fn parse(record: &'a [u8]) -> Option<Self> {
        let event: Self = serde_json::from_slice(record).ok()?;
        event.is_one().then_some(event)
    }

    /// Returns `true` if there is what every event has: a name, and a source or an error.
    ///
    /// What S3, queues and streams hand to a function has a source such as `aws:s3`, and is a delivery.
    pub(super) fn is_one(&self) -> bool {
        !self.event_source.get().is_some_and(|source| source.starts_with("aws:"))
            && self.event_name.get().is_some()
            && (self.event_source.get().is_some() || self.error_code.get().is_some())
    }

    /// Returns `true` if it records an error.
    pub(super) fn has_error(&self) -> bool {
        self.error_code.get().is_some() || self.error_message.get().is_some()
    }

    /// Returns `true` if a gateway refused the call, whose record then has no error code; AWS prints some without the status.
    pub(super) fn is_refused_by_gateway(&self) -> bool {
        let Response { status_code, body, .. } = &self.response_elements;
        match status_code.get() {
            Some(status) => matches!(status, "401" | "403"),
            None => body.error.message.get().is_some(),
        }
    }

    /// Returns `true` if the call bore a Bedrock API key.
    pub(super) fn bears_api_key(&self) -> bool {
        let marks =
            [&self.additional_event_data.call_with_bearer_token, &self.request_parameters.call_with_bearer_token];
        marks.into_iter().any(|mark| mark.get().is_some_and(|mark| mark.eq_ignore_ascii_case("true")))
    }

    /// Returns `true` if Amazon Bedrock was called, or called on somebody's behalf.
    pub(super) fn concerns_bedrock(&self) -> bool {
        let names = |text: &Text<'_>| text.get().is_some_and(|text| text.contains("bedrock"));
        match self.event_source.get() {
            Some(source) => source.starts_with("bedrock") || names(&self.user_identity.invoked_by),
            // A part of an event that somebody passed on.
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_unescaped_is_borrowed() {
        let record = br#"{"eventName":"InvokeModel","eventSource":"bedrock.amazonaws.com","errorMessage":"a \"b\"","userIdentity":null}"#;
        let event = Event::parse(record).unwrap();
        assert!(matches!(event.event_name.0, Some(Cow::Borrowed(_))));
        assert!(matches!(event.error_message.0, Some(Cow::Owned(_))));
        assert_eq!(event.error_message.get(), Some("a \"b\""));
        assert_eq!(Event::parse(b"{\"eventName\":\"x\"}"), None);
    }
}
