//! The Region: whether AWS offers the model to the account there.

use super::availability_field;
use crate::cause::Cause;
use crate::diagnose::case::Case;
use crate::diagnose::found::Found;
use crate::diagnose::unread::{GateName, Unchecked, Why};
use crate::evidence::Availability;

pub(super) fn check(case: &Case<'_>, fields: &Availability, found: &mut Found) {
    let evidence = case.evidence;
    let offered_by_profile = evidence.request.is_through_profile() && evidence.profile.seen().is_some();
    let basis = || vec![availability_field("regionAvailability", fields.region.as_deref().unwrap_or_default())];
    match (fields.region.as_deref(), offered_by_profile) {
        // A profile leads to other Regions too; no page says whether the source Region must have the model itself.
        (Some("NOT_AVAILABLE"), true) => {
            found.unread(GateName::Region, Unchecked::ProfileReach, Why::ProfileWithoutModel);
        }
        (Some("NOT_AVAILABLE"), false) => found.close(GateName::Region, Cause::RegionUnavailable, basis()),
        (Some("AVAILABLE"), _) => found.open(GateName::Region, basis()),
        _ => {}
    }
}
