//! Faults as data: which calls go wrong, and how.
//!
//! A world or `sandbox serve --fault` names the operation and the kind, or leaves the kind to a seed. What a kind does
//! to an answer is decided in `inject`. The kinds that a service refuses with exist in every build; those that corrupt
//! an answer or break a connection need the feature `faults`.

use crate::sandbox::ids;
use crate::sandbox::operation::OPERATIONS;
use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// The name that stands for every operation.
const EVERY_OPERATION: &str = "*";

/// What a service does wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a fault (an object)")]
pub struct Fault {
    /// The operation, such as `iam:SimulatePrincipalPolicy`; `*` is every one.
    operation: String,
    /// What happens to it.
    kind: Choice,
    /// How many calls it happens to, counted from the first; without it, to all.
    #[serde(default)]
    calls: Option<u32>,
    /// The share of calls that it happens to: every so many, the first of them included; at random, one of so many.
    #[serde(default)]
    every: Option<u32>,
    /// What chance begins with; another seed meets other calls with other faults.
    #[serde(default)]
    seed: u64,
}

/// What a fault does to the calls that it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Choice {
    Always(FaultKind),
    /// Any kind: which calls are met, and with what, follows from the seed, what is asked and how often it was asked
    /// before, and from nothing else, so that neither the time nor the order of calls changes it.
    Random,
}

/// The name of [`Choice::Random`].
const RANDOM: &str = "random";

/// Makes the enum of kinds from one table.
macro_rules! kinds {
    ($($variant:ident $name:literal $what:literal;)*) => {
        /// The kinds of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FaultKind {
            $(#[doc = $what] $variant,)*
        }

        impl FaultKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name that worlds and `--fault` use.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Says what happens.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self { $(Self::$variant => $what,)* }
            }
        }
    };
}

kinds! {
    Throttling "throttling" "the service refuses for its rate limit";
    ThrottlingRetryAfter "throttling-retry-after" "the same, with the advice to come back in an hour";
    InternalError "internal-error" "the service fails inside";
    AccessDenied "access-denied" "no policy allows the call";
    ClockSkew "clock-skew" "the service's clock is an hour ahead, so the signature has expired";
    EmptyBody "empty-body" "status 200 without a body";
    EmptyObject "empty-object" "status 200 with an answer that holds nothing";
    Truncated "truncated" "the first half of the body, and a length that fits it";
    Malformed "malformed" "a body that is neither JSON nor XML";
    DeeplyNested "deeply-nested" "a body nested a hundred thousand levels deep";
    InvalidUtf8 "invalid-utf8" "a body that is not UTF-8";
    WrongTypes "wrong-types" "numbers where texts belong, and the reverse";
    UnknownValues "unknown-values" "values that no enumeration lists";
    UnknownFields "unknown-fields" "fields that no model of the API lists";
    WrongContentType "wrong-content-type" "the right body, declared as plain text";
    ProxyLogin "proxy-login" "a proxy's page with status 200";
    ProxyDenied "proxy-denied" "a proxy's page with status 403";
    ProxyAuthentication "proxy-authentication" "a proxy's page with status 407";
    BadGateway "bad-gateway" "a gateway's page with status 502";
    Redirect "redirect" "status 302 to another host";
    RedirectSameMethod "redirect-same-method" "status 307 to another host";
    HugeBody "huge-body" "a body of 100 MB";
    EndlessBody "endless-body" "a body without an end";
    EmptyPages "empty-pages" "an empty page with a marker for the next";
    EndlessPages "endless-pages" "a marker for the next page on every page";
    Hang "hang" "no answer at all";
    SlowHead "slow-head" "the answer byte by byte, ten in a second";
    SlowBody "slow-body" "the body byte by byte, ten in a second";
    Closed "closed" "the connection ends before the answer";
    ClosedInBody "closed-in-body" "the connection ends within the body";
    Reset "reset" "the connection is reset before the answer";
    ResetInHead "reset-in-head" "the connection is reset within the head";
    ResetInBody "reset-in-body" "the connection is reset within the body";
    NotHttp "not-http" "an answer that is not HTTP";
}

impl FaultKind {
    /// Returns `true` if this build can do it: the service's own refusals always, the rest with the feature `faults`.
    pub(in crate::sandbox) fn is_available(self) -> bool {
        cfg!(feature = "faults") || matches!(self, Self::Throttling | Self::InternalError | Self::AccessDenied)
    }
}

impl Fault {
    /// Returns `true` if the fault is about an operation.
    pub(in crate::sandbox) fn is_about(&self, operation: &str) -> bool {
        self.operation == EVERY_OPERATION || self.operation == operation
    }

    /// Returns what happens to a call that comes after so many others of its operation; nothing where the fault does
    /// not meet it.
    pub(in crate::sandbox) fn meets(&self, earlier: u32, request_id: &str) -> Option<FaultKind> {
        if self.calls.is_some_and(|limit| earlier >= limit) {
            return None;
        }
        let share = self.every.unwrap_or(1);
        match self.kind {
            Choice::Always(kind) => (earlier.checked_rem(share) == Some(0)).then_some(kind),
            Choice::Random => {
                let chance = ids::chance(self.seed, request_id);
                let among = u64::try_from(FaultKind::ALL.len()).unwrap_or(1);
                let which = usize::try_from(chance.checked_div(share.into())? % among).ok()?;
                chance.is_multiple_of(share.into()).then(|| FaultKind::ALL.get(which).copied()).flatten()
            }
        }
    }

    /// Says what is wrong with the fault itself, if anything is.
    pub(in crate::sandbox) fn mistake(&self) -> Option<(&'static str, String)> {
        let name = &self.operation;
        if name != EVERY_OPERATION && !OPERATIONS.contains(&name.as_str()) {
            return Some(("operation", format!("the sandbox serves no operation `{}`", name.escape_debug())));
        }
        if self.every == Some(0) {
            return Some(("every", "every 0 calls is never".to_owned()));
        }
        let missing = match self.kind {
            Choice::Always(kind) if kind.is_available() => return None,
            Choice::Random if cfg!(feature = "faults") => return None,
            Choice::Always(kind) => kind.as_str(),
            Choice::Random => RANDOM,
        };
        Some(("kind", format!("this build has no fault `{missing}`: it needs the feature `faults`")))
    }
}

/// Why a text is not a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError(String);

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FaultError {}

impl TryFrom<String> for Choice {
    type Error = FaultError;

    fn try_from(name: String) -> Result<Self, FaultError> {
        name.parse()
    }
}

impl FromStr for Choice {
    type Err = FaultError;

    fn from_str(name: &str) -> Result<Self, FaultError> {
        if name == RANDOM {
            return Ok(Self::Random);
        }
        let kind = FaultKind::ALL.iter().copied().find(|kind| kind.as_str() == name);
        kind.map(Self::Always).ok_or_else(|| {
            let names: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.as_str()).chain([RANDOM]).collect();
            FaultError(format!("there is no fault `{}`; there are {}", name.escape_debug(), names.join(", ")))
        })
    }
}

/// Reads `API=KIND`, with `:N` behind it for the first N calls or `/N` for every Nth; `random@SEED` is a kind too.
impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let number = |text: &str| {
            text.parse::<u32>().map_err(|_| FaultError(format!("`{}` is not a number of calls", text.escape_debug())))
        };
        let (operation, rest) =
            text.split_once('=').ok_or_else(|| FaultError("expected API=KIND, such as `iam:GetRole=reset`".into()))?;
        let (name, calls, every) = if let Some((name, calls)) = rest.split_once(':') {
            (name, Some(number(calls)?), None)
        } else if let Some((name, every)) = rest.split_once('/') {
            (name, None, Some(number(every)?))
        } else {
            (rest, None, None)
        };
        let (name, seed) = match name.split_once('@') {
            Some((name, seed)) if name == RANDOM => {
                let seed = seed.parse().map_err(|_| FaultError(format!("`{}` is not a seed", seed.escape_debug())))?;
                (name, seed)
            }
            _ => (name, 0),
        };
        let fault = Self { operation: operation.to_owned(), kind: name.parse()?, calls, every, seed };
        match fault.mistake() {
            Some((_, mistake)) => Err(FaultError(mistake)),
            None => Ok(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_from_the_command_line() {
        let fault: Fault = "iam:GetRole=reset:2".parse().unwrap();
        assert!(fault.is_about("iam:GetRole") && !fault.is_about("iam:GetUser"));
        assert_eq!([0, 1, 2].map(|earlier| fault.meets(earlier, "").is_some()), [true, true, false]);
        let share: Fault = "*=throttling/3".parse().unwrap();
        assert!(share.is_about("bedrock:Converse"));
        assert_eq!([0, 1, 2, 3].map(|earlier| share.meets(earlier, "").is_some()), [true, false, false, true]);
        for (text, said) in [
            ("reset", "expected API=KIND"),
            ("s3:GetObject=reset", "serves no operation `s3:GetObject`"),
            ("iam:GetRole=gremlins", "there is no fault `gremlins`; there are throttling, "),
            ("iam:GetRole=reset:many", "`many` is not a number of calls"),
            ("iam:GetRole=reset/0", "every 0 calls is never"),
            ("iam:GetRole=random@dice", "`dice` is not a seed"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn chance_is_the_same_each_time_and_meets_the_share_that_it_says() {
        let ids: Vec<String> = (0..20_000).map(|n| ids::request_id(ids::of(&[b"call"]), n)).collect();
        let met = |text: &str| -> Vec<Option<FaultKind>> {
            let fault: Fault = text.parse().unwrap();
            ids.iter().map(|id| fault.meets(7, id)).collect()
        };
        let (first, other) = (met("*=random@1/10"), met("*=random@2/10"));
        assert_eq!(first, met("*=random@1/10"));
        assert_ne!(first, other);
        let of = |kind: FaultKind| first.iter().flatten().filter(|met| **met == kind).count();
        let counts: Vec<usize> = FaultKind::ALL.iter().map(|kind| of(*kind)).collect();
        let all: usize = counts.iter().sum();
        assert!((1_800..2_200).contains(&all), "{all}");
        let even = 2_000 / FaultKind::ALL.len();
        assert!(counts.iter().all(|count| (even / 2..even * 2).contains(count)), "{counts:?}");
    }
}
