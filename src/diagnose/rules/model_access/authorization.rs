//! Authorization and entitlement: AWS reports both as closed for models that work, so that neither proves anything.

use super::availability_field;
use crate::bedrock::provider_of;
use crate::cause::Cause;
use crate::diagnose::diagnosis::{Gate, GateState};
use crate::diagnose::finding::{Basis, Certainty};
use crate::diagnose::found::Found;
use crate::diagnose::unread::{GateName, NotChecked, Unchecked, Why};
use crate::evidence::Availability;

pub(super) fn check(fields: &Availability, model: &str, found: &mut Found) {
    let read = [
        (GateName::Authorization, "authorizationStatus", &fields.authorization, "AUTHORIZED", "NOT_AUTHORIZED"),
        (GateName::Entitlement, "entitlementAvailability", &fields.entitlement, "AVAILABLE", "NOT_AVAILABLE"),
    ];
    let mut closed: Vec<(GateName, Basis)> = Vec::new();
    for (name, field, value, good, bad) in read {
        let Some(value) = value.as_deref() else { continue };
        if value == good {
            found.open(name, vec![availability_field(field, value)]);
        } else if value == bad {
            closed.push((name, availability_field(field, value)));
        }
    }
    let Some((first, _)) = closed.first() else { return };
    if provider_of(model) == "amazon" {
        let unread = |(name, basis)| Gate { name, state: GateState::Unread, certainty: None, basis: vec![basis] };
        found.gates.extend(closed.into_iter().map(unread));
        found.not_checked.push(NotChecked::new(Unchecked::Gate(GateName::Authorization), Why::AmazonModelsWork));
        return;
    }
    let first = *first;
    let bases: Vec<Basis> = closed.iter().map(|(_, basis)| basis.clone()).collect();
    found.close(first, Cause::ModelAccessNotGranted, bases);
    for (name, basis) in closed.into_iter().skip(1) {
        let certainty = Some(Certainty::Inferred);
        found.gates.push(Gate { name, state: GateState::Closed, certainty, basis: vec![basis] });
    }
}
