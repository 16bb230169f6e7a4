//! Data retention: a model that is documented to need a mode refuses calls under a lower one.

use crate::bedrock::required_retention;
use crate::cause::Cause;
use crate::diagnose::case::Case;
use crate::diagnose::finding::Basis;
use crate::diagnose::found::Found;
use crate::diagnose::unread::{GateName, Unchecked, Why};
use crate::evidence::{DataRetention, Observation};

pub(super) fn check(case: &Case<'_>, model: &str, found: &mut Found) {
    let Some(needed) = required_retention(model) else { return };
    let basis = |mode: &str| {
        vec![Basis::Field { api: "bedrock:GetAccountDataRetention", field: "mode", value: mode.to_owned() }]
    };
    match &case.evidence.data_retention {
        Observation::Seen(DataRetention { mode }) if mode == needed => found.open(GateName::DataRetention, basis(mode)),
        Observation::Seen(DataRetention { mode }) if matches!(mode.as_str(), "default" | "none") => {
            found.close(GateName::DataRetention, Cause::DataRetentionMode, basis(mode));
        }
        Observation::Seen(DataRetention { mode }) => {
            let why = Why::RetentionMode { mode: mode.clone(), needed };
            found.unread(GateName::DataRetention, Unchecked::RetentionFits, why);
        }
        unseen => {
            let what = Unchecked::Gate(GateName::DataRetention);
            found.unread(GateName::DataRetention, what, unseen.why_unseen());
        }
    }
}
