//! The agreement: a model that is sold through AWS Marketplace needs one, which its first call makes.

use super::availability_field;
use crate::bedrock::{Marketplace, provider_of};
use crate::cause::{Cause, Family};
use crate::diagnose::case::Case;
use crate::diagnose::finding::{Basis, EvaluatedBy};
use crate::diagnose::found::Found;
use crate::diagnose::unread::{GateName, Unchecked, Why};
use crate::evidence::{Availability, SimulationQuestion};
use crate::explain;

const FIELD: &str = "agreementAvailability";

pub(super) fn check(case: &Case<'_>, fields: &Availability, model: &str, found: &mut Found) {
    let what = Unchecked::Gate(GateName::Agreement);
    match fields.agreement.as_deref() {
        Some(value @ "AVAILABLE") => found.open(GateName::Agreement, vec![availability_field(FIELD, value)]),
        Some(value @ "PENDING") => {
            let basis = vec![availability_field(FIELD, value)];
            found.close(GateName::Agreement, Cause::MarketplaceAgreementPending, basis);
        }
        Some("ERROR") => {
            let message = fields.agreement_error.clone().unwrap_or_default();
            let reading = explain::classify(None, None, &message);
            // A passing fault of the service while the agreement was made is not a cause of its own.
            let is_conclusive = matches!(reading.cause.family(), Family::IamPermission | Family::ModelAccess);
            let cause = if is_conclusive { reading.cause } else { Cause::ModelAccessNotGranted };
            found.close(GateName::Agreement, cause, vec![availability_field(FIELD, &format!("ERROR {message}"))]);
        }
        Some(value @ "NOT_AVAILABLE") => match Marketplace::of(provider_of(model)) {
            Marketplace::Sold => missing(case, found),
            // A model that is not sold needs no agreement.
            Marketplace::NotSold => found.open(GateName::Agreement, vec![availability_field(FIELD, value)]),
            _ => found.unread(GateName::Agreement, what, Why::AgreementMayBeNeeded),
        },
        other => found.unread(GateName::Agreement, what, Why::UnknownWord(other.map(str::to_owned))),
    }
}

/// There is no agreement yet: the first call makes one, unless its caller may not subscribe.
fn missing(case: &Case<'_>, found: &mut Found) {
    let mut denied: Vec<Basis> = Vec::new();
    let mut may_not_subscribe = false;
    for requirement in case.principal.iter().flat_map(|principal| case.subscription_requirements(principal)) {
        let Some(principal) = &case.principal else { continue };
        let answer = case.evidence.answer(&SimulationQuestion::new(principal, &requirement));
        let Some(simulation) = answer.and_then(|answer| answer.seen()) else { continue };
        if !simulation.decision.is_denied() {
            continue;
        }
        may_not_subscribe |= requirement.action.ends_with(":Subscribe");
        denied.push(Basis::Evaluated {
            by: EvaluatedBy::Simulator { with_changes: false },
            action: requirement.action,
            resource: requirement.resource,
            decision: simulation.decision,
            policy_type: None,
            statements: Vec::new(),
        });
    }
    if may_not_subscribe {
        let mut basis = vec![availability_field(FIELD, "NOT_AVAILABLE")];
        basis.extend(denied);
        found.close(GateName::Agreement, Cause::MarketplacePermission, basis);
    } else {
        found.unread(GateName::Agreement, Unchecked::MarketplaceAgreement, Why::OpensAtFirstCall);
    }
}
