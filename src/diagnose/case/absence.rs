//! Why the Region does not list the model of the request.

use crate::bedrock::{TrustedAccessProgram, has_provider, provider_of};
use crate::diagnose::suggest::{is_slip, nearest};
use crate::evidence::Evidence;

/// Why a model is not listed, as far as what was read tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::diagnose) enum Absence {
    /// Its id is one of the listed, misspelt.
    Misspelt,
    /// A trusted access program of its provider may have it, in which the account does not take part.
    Hidden(TrustedAccessProgram),
    /// The Region does not offer it to the account.
    NotOffered,
}

/// Returns why the model is not listed; `None` where it is, or where the lists were not read.
pub(super) fn find(evidence: &Evidence) -> Option<Absence> {
    let model = evidence.base_model()?;
    let listing = evidence.listing.seen()?;
    // A profile may be offered where its model is not listed for itself.
    let through_known_profile = evidence.request.is_through_profile() && evidence.profile.seen().is_some();
    if listing.model.is_some() || through_known_profile {
        return None;
    }
    let listed = || listing.ids.iter().map(String::as_str);
    let is_misspelt = nearest(model, listed()).first().is_some_and(|nearest| is_slip(model, nearest, listed()));
    if !has_provider(model) || is_misspelt {
        return Some(Absence::Misspelt);
    }
    let programs = evidence.programs.seen().into_iter().flatten();
    let mut hiding = programs.filter(|program| program.is_of(provider_of(model)) && !program.is_enabled());
    Some(hiding.next().cloned().map_or(Absence::NotOffered, Absence::Hidden))
}
