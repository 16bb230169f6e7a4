//! The listing: whether the Region lists the model, and what else the list says of it.

use super::{invocation_type, lifecycle};
use crate::cause::Cause;
use crate::diagnose::case::Case;
use crate::diagnose::finding::Basis;
use crate::diagnose::found::Found;
use crate::diagnose::remark::Advice;
use crate::diagnose::suggest::{is_slip, nearest};
use crate::diagnose::unread::{GateName, Unchecked};
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
            let listed = || listing.ids.iter().map(String::as_str);
            let nearest = nearest(model, listed());
            // A slip of the pen is not a matter of the Region; another model's id may be.
            let slips = nearest.first().is_some_and(|nearest| is_slip(model, nearest, listed()));
            let cause = if slips { Cause::InvalidModelId } else { Cause::RegionUnavailable };
            let nearest = nearest.into_iter().map(str::to_owned).collect();
            found.close(GateName::Listing, cause, vec![Basis::NotListed { model: model.to_owned(), nearest }]);
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
