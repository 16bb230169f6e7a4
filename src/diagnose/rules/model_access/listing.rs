//! The listing: whether the Region lists the model, and what else the list says of it.

use super::{invocation_type, lifecycle};
use crate::cause::Cause;
use crate::diagnose::case::{Absence, Case};
use crate::diagnose::finding::Basis;
use crate::diagnose::found::Found;
use crate::diagnose::remark::Advice;
use crate::diagnose::suggest::nearest;
use crate::diagnose::unread::{GateName, NotChecked, Unchecked};
use crate::evidence::Observation;

pub(super) fn check(case: &Case<'_>, model: &str, found: &mut Found) {
    let evidence = case.evidence;
    let is_direct = !evidence.request.is_through_profile();
    let listing = match &evidence.listing {
        Observation::Seen(listing) => listing,
        unseen => {
            found.unread(GateName::Listing, Unchecked::Gate(GateName::Listing), unseen.why_unseen());
            return;
        }
    };
    match &listing.model {
        // A profile may be offered where its model is not listed for itself.
        None if !is_direct && evidence.profile.seen().is_some() => {}
        None => {
            let nearest = nearest(model, listing.ids.iter().map(String::as_str));
            let nearest = nearest.into_iter().map(str::to_owned).collect();
            let not_listed = Basis::NotListed { model: model.to_owned(), nearest };
            match &case.absence {
                // A slip of the pen is not a matter of the Region; another model's id may be.
                Some(Absence::Misspelt) => found.close(GateName::Listing, Cause::InvalidModelId, vec![not_listed]),
                Some(Absence::Hidden(program)) => {
                    let basis = vec![Basis::HiddenByProgram(program.clone()), not_listed];
                    found.likely_close(GateName::Listing, Cause::ModelAccessNotGranted, basis);
                }
                _ => {
                    found.close(GateName::Listing, Cause::RegionUnavailable, vec![not_listed]);
                    if let Some(why) = evidence.programs.why_unseen().filter(|_| !evidence.programs.is_skipped()) {
                        found.not_checked.push(NotChecked::new(Unchecked::TrustedAccessPrograms, why));
                    }
                }
            }
        }
        Some(listed) => {
            found.open(GateName::Listing, Vec::new());
            if evidence.request.operation.streams() && listed.streaming == Some(false) {
                found.advice.push(Advice::DoesNotStream(model.to_owned()));
            }
            lifecycle::check(case, listed, found);
            invocation_type::check(case, listed, found);
        }
    }
}
