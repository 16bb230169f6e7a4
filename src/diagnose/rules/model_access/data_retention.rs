//! Data retention: a model that is documented to need a mode refuses calls under a lower one.

use crate::bedrock::{required_retention, retention_is_enough};
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
    // The mode of a project comes before the account's, and no API that is called here shows it.
    if case.evidence.request.named_project().is_some() {
        found.unread(GateName::DataRetention, Unchecked::RetentionFits, Why::RetentionOfProject);
        return;
    }
    match &case.evidence.data_retention {
        Observation::Seen(DataRetention { mode }) => match retention_is_enough(mode, needed) {
            Some(true) => found.open(GateName::DataRetention, basis(mode)),
            Some(false) => found.close(GateName::DataRetention, Cause::DataRetentionMode, basis(mode)),
            None => {
                let why = Why::RetentionMode { mode: mode.clone(), needed };
                found.unread(GateName::DataRetention, Unchecked::RetentionFits, why);
            }
        },
        unseen => {
            let what = Unchecked::Gate(GateName::DataRetention);
            found.unread(GateName::DataRetention, what, unseen.why_unseen());
        }
    }
}
