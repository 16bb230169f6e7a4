//! What a text says about one refused call.
//!
//! One table lists the facts; everything that is done with all of them (merge, compare, clean, write) goes through it.

use super::grammar;
use crate::bedrock::ModelReference;
use crate::secrets::{REDACTED, without_secrets};
use serde::Serialize;

/// Declares the facts: a public one is part of the answer, `hidden` ones are not.
macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident,)* ; hidden $($(#[$hidden_doc:meta])* $hidden:ident,)*) => {
        /// What a text says about one refused call.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct Facts {
            $($(#[$doc])* pub $name: Option<String>,)*
            $($(#[$hidden_doc])* #[serde(skip)] pub $hidden: Option<String>,)*
        }

        impl Facts {
            /// The names of the facts, in the order in which they are answered.
            pub const NAMES: &[&'static str] = &[$(stringify!($name),)*];

            /// Returns the facts in the order of [`Facts::NAMES`].
            #[must_use]
            pub fn values(&self) -> Vec<Option<&str>> {
                vec![$(self.$name.as_deref(),)*]
            }

            /// Takes over what another reading of the same error holds beyond this one.
            pub(super) fn complete_from(&mut self, other: Self) {
                $(self.$name = self.$name.take().or(other.$name);)*
                $(self.$hidden = self.$hidden.take().or(other.$hidden);)*
            }

            /// Returns the facts without secrets.
            ///
            /// Facts are ARNs, ids and names, and yet a session or a model may be called like an access key.
            pub(super) fn without_secrets(self) -> Self {
                let clean = |value: Option<String>| value.map(|value| without_digests(without_secrets(&value).into_owned()));
                Self { $($name: clean(self.$name),)* $($hidden: clean(self.$hidden),)* }
            }
        }
    };
}

facts! {
    /// AWS's error code, such as `AccessDeniedException`.
    error_code,
    /// The API operation, as the text has it, such as `Converse`.
    operation,
    /// The ARN of the refused principal.
    principal,
    /// The refused IAM action.
    action,
    /// The refused resource.
    resource,
    /// The ARN of the policy that denies explicitly.
    policy_arn,
    /// The model's or inference profile's id or ARN.
    model,
    /// The Region.
    region,
    /// AWS's id of the request.
    request_id,
    /// The id under which IAM keeps the full evaluation.
    authorization_id,
    ;
    hidden
    /// The Region that keeps the evaluation, as the console's address names it.
    authorization_region,
}

/// Cuts a run of hexadecimal digits that no id of AWS has: a signature of a request.
fn without_digests(value: String) -> String {
    const LONGEST_ID: usize = 48;
    let mut runs = value.split(|c: char| !matches!(c, '0'..='9' | 'a'..='f'));
    let digest =
        runs.find(|run| run.len() > LONGEST_ID && run.bytes().any(|byte| byte.is_ascii_digit())).map(str::to_owned);
    match digest {
        Some(digest) => value.replace(&digest, REDACTED),
        None => value,
    }
}

impl Facts {
    /// The facts that tell one call from another.
    pub(super) fn identity(&self) -> [Option<&str>; 6] {
        [&self.principal, &self.action, &self.resource, &self.policy_arn, &self.model, &self.operation]
            .map(Option::as_deref)
    }

    /// Returns `true` if two readings can be of the same error: no fact contradicts.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let mut pairs = self.identity().into_iter().zip(other.identity());
        pairs.all(|(a, b)| a.is_none() || b.is_none() || a == b)
    }
}

/// Returns the model or profile that the ARN of one names; for others whose call names them by ARN, the ARN.
pub(crate) fn model_of(arn: &str) -> Option<&str> {
    let is_whole = |text: &str| !text.is_empty() && !text.contains(['*', '<', '{', '…']) && !text.ends_with('.');
    // An ARN whose beginning was left out still ends in its resource.
    let Some(resource) = arn.strip_prefix("arn:").and_then(|parts| parts.splitn(5, ':').nth(4)) else {
        let (before, id) = arn.rsplit_once('/')?;
        let is_named = before.ends_with("foundation-model") || before.ends_with("inference-profile");
        return (is_named && is_whole(id)).then_some(id);
    };
    // The Region or account may be masked; the id must not be.
    let named = |kind| resource.strip_prefix(kind).filter(|id| is_whole(id));
    named("foundation-model/")
        .or_else(|| named("inference-profile/"))
        .or_else(|| (is_whole(arn) && arn.parse::<ModelReference>().is_ok()).then_some(arn))
}

/// Returns the Region of the refused resource.
pub(super) fn region_of(facts: &Facts) -> Option<String> {
    let named = facts.model.as_deref().filter(|model| model.starts_with("arn:"));
    let region = facts.resource.as_deref().or(named)?.split(':').nth(3)?;
    grammar::read_region(region, 0)
}
