//! The gates behind IAM: whether the account has access to the model, as far as AWS's read APIs tell.
//!
//! `ListFoundationModels` tells of existence, not of access; `GetFoundationModelAvailability` tells of known
//! obstacles, and four good fields are no proof (Bedrock User Guide, "Access Amazon Bedrock foundation models").
//! A gate that could not be read is named as unread, never taken as open or closed.

use super::finding::{Basis, Certainty, Finding};
use super::nearest::{is_slip, nearest};
use super::{NotChecked, form_submitted, questions, remedy};
use crate::bedrock::{EnforcedGuardrail, Marketplace, ModelReference, provider_of, required_retention};
use crate::cause::{Cause, Family};
use crate::evidence::{Availability, DataRetention, Evidence, ListedModel, Observation, SimulationQuestion};
use crate::explain;
use crate::iam::Decision;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What the gates say.
#[derive(Debug, Default)]
pub(super) struct Gates {
    /// Closed gates.
    pub(super) findings: Vec<Finding>,
    /// Gates that could be closed and were not read as open.
    pub(super) unread: Vec<NotChecked>,
    /// What is no obstacle yet, or no cause.
    pub(super) advice: Vec<String>,
}

/// Reads every gate that could be closed for the model of the request.
pub(super) fn read(evidence: &Evidence) -> Gates {
    let mut reader = Reader { evidence, gates: Gates::default() };
    let request = &evidence.request;
    if request.model.is_none() || !request.operation.model().gated {
        return reader.gates;
    }
    if evidence.is_about_another_account() {
        reader.unread("the other account's access to the model", "what was read is about the caller's account");
        return reader.gates;
    }
    reader.profile();
    reader.guardrails();
    match evidence.base_model() {
        Some(model) => {
            reader.listing(model);
            reader.availability(model);
            reader.data_retention(model);
            if provider_of(model) == "anthropic" {
                reader.use_case_form();
            }
        }
        None => reader.unread("access to the model behind the ARN", "which foundation model it is could not be read"),
    }
    reader.gates
}

struct Reader<'e> {
    evidence: &'e Evidence,
    gates: Gates,
}

impl Reader<'_> {
    /// A profile id that the Region does not know is a wrong id there.
    fn profile(&mut self) {
        if !self.evidence.request.is_through_profile() {
            return;
        }
        if let Observation::Refused(error) = &self.evidence.profile
            && matches!(error.code.as_deref(), Some("ResourceNotFoundException" | "ValidationException"))
        {
            self.close(
                Cause::InvalidModelId,
                vec![Basis::Refused { api: "bedrock:GetInferenceProfile", error: error.clone() }],
            );
        }
    }

    /// An enforced guardrail is one more authorization: that it could not be asked for leaves one unknown.
    fn guardrails(&mut self) {
        if !self.evidence.request.operation.model().answers {
            return;
        }
        match &self.evidence.guardrails {
            Observation::Seen(enforced) => {
                let holds = |guardrail: &&EnforcedGuardrail| {
                    self.evidence.base_model().is_none_or(|model| guardrail.is_enforced_on(model))
                };
                for guardrail in enforced.iter().filter(holds) {
                    self.gates.advice.push(format!(
                        "the account enforces the guardrail {} on this model: every caller needs bedrock:ApplyGuardrail on it, though the call names none",
                        guardrail.arn
                    ));
                }
            }
            unseen => self.unread("enforced guardrails", unseen.why_unseen().unwrap_or_default()),
        }
    }

    /// A model that is documented to need a data-retention mode refuses calls under a lower one.
    fn data_retention(&mut self, model: &str) {
        let Some(needed) = required_retention(model) else { return };
        match &self.evidence.data_retention {
            Observation::Seen(retention) if retention.mode == needed => {}
            Observation::Seen(DataRetention { mode }) if matches!(mode.as_str(), "default" | "none") => {
                let basis = Basis::Field { api: "bedrock:GetAccountDataRetention", field: "mode", value: mode.clone() };
                self.close(Cause::DataRetentionMode, vec![basis]);
            }
            Observation::Seen(DataRetention { mode }) => self.unread(
                "whether the account's data-retention mode suits the model",
                format!("AWS says `{mode}`, and the model is documented to need `{needed}`"),
            ),
            unseen => {
                self.unread("the account's data-retention mode", unseen.why_unseen().unwrap_or_default());
            }
        }
    }

    fn listing(&mut self, model: &str) {
        let direct = !self.evidence.request.is_through_profile();
        match &self.evidence.listing {
            Observation::Seen(listing) => match &listing.model {
                // A profile may be offered where its model is not listed for itself.
                None if !direct && self.evidence.profile.seen().is_some() => {}
                None => {
                    let listed = || listing.ids.iter().map(String::as_str);
                    let nearest = nearest(model, listed());
                    // A slip of the pen is not a matter of the Region; another model's id may be.
                    let slips = nearest.first().is_some_and(|nearest| is_slip(model, nearest, listed()));
                    let cause = if slips { Cause::InvalidModelId } else { Cause::RegionUnavailable };
                    let nearest = nearest.into_iter().map(str::to_owned).collect();
                    self.close(cause, vec![Basis::NotListed { model: model.to_owned(), nearest }]);
                }
                Some(listed) => {
                    if self.evidence.request.operation.streams() && listed.streaming == Some(false) {
                        self.gates.advice.push(format!("AWS lists `{model}` as one that does not stream its answers"));
                    }
                    self.lifecycle(listed);
                    self.on_demand(listed);
                }
            },
            unseen => self.unread(
                "whether the Region offers the model, and its lifecycle",
                unseen.why_unseen().unwrap_or_default(),
            ),
        }
    }

    fn lifecycle(&mut self, listed: &ListedModel) {
        let ended = listed.end_of_life.as_deref().and_then(instant).zip(instant(&self.evidence.observed_at));
        match (ended, listed.lifecycle.as_deref()) {
            (Some((end, now)), _) if end <= now => self.close(
                Cause::LegacyModel,
                vec![Basis::Field {
                    api: "bedrock:ListFoundationModels",
                    field: "modelLifecycle.endOfLifeTime",
                    value: listed.end_of_life.clone().unwrap_or_default(),
                }],
            ),
            (_, Some("LEGACY")) => self.gates.advice.push(match &listed.end_of_life {
                Some(end) => format!("the model is LEGACY and reaches its end of life on {end}: plan its replacement"),
                None => "the model is LEGACY: accounts that have not used it lately are refused; plan its replacement"
                    .to_owned(),
            }),
            (_, Some("ACTIVE")) => {}
            (_, other) => self.unread(
                "the model's lifecycle",
                format!("AWS answered {}, whose meaning is not known", other.unwrap_or("nothing")),
            ),
        }
    }

    /// A model that is offered through profiles only refuses its bare id.
    fn on_demand(&mut self, listed: &ListedModel) {
        let by_bare_id = match &self.evidence.request.model {
            Some(ModelReference::FoundationModel(_)) => true,
            Some(ModelReference::Arn(arn)) => arn.arn().resource_type() == "foundation-model",
            Some(ModelReference::InferenceProfile(_)) | None => false,
        };
        let offered = |kind: &str| listed.inference_types.iter().any(|offered| offered == kind);
        let answers = self.evidence.request.operation.model().answers;
        if !answers || !by_bare_id || listed.inference_types.is_empty() || offered("ON_DEMAND") {
            return;
        }
        if offered("INFERENCE_PROFILE") && self.is_behind_a_profile() {
            self.unread(
                "the inference profile that the refused call went through",
                "the given error names one of the models behind it, and the model is offered through profiles only: `--model` names the profile",
            );
        } else if offered("INFERENCE_PROFILE") {
            self.close(
                Cause::InferenceProfileRequired,
                vec![Basis::Field {
                    api: "bedrock:ListFoundationModels",
                    field: "inferenceTypesSupported",
                    value: listed.inference_types.join(", "),
                }],
            );
        } else {
            self.unread(
                "how the model may be called",
                format!("it is offered as {} only", listed.inference_types.join(", ")),
            );
        }
    }

    /// Tells whether the request was made of an error in which IAM refuses a model: whatever the call named, AWS names
    /// the resource that it refused.
    fn is_behind_a_profile(&self) -> bool {
        let Some(given) = &self.evidence.request.error else { return false };
        let said = explain::classify(None, None, &given.text).facts.resource;
        let said = said.and_then(|arn| arn.parse::<ModelReference>().ok());
        said.as_ref().and_then(ModelReference::base_model) == self.evidence.base_model()
    }

    fn availability(&mut self, model: &str) {
        let Some(fields) = self.evidence.availability.seen() else {
            self.unread(
                "the account's access to the model (authorization, entitlement, agreement)",
                self.evidence.availability.why_unseen().unwrap_or_default(),
            );
            return;
        };
        let offered_by_profile = self.evidence.request.is_through_profile() && self.evidence.profile.seen().is_some();
        match (fields.region.as_deref(), offered_by_profile) {
            // A profile leads to other Regions too; no page says whether the source Region must have the model itself.
            (Some("NOT_AVAILABLE"), true) => self.unread(
                "whether the profile reaches the model from this Region",
                "AWS offers the profile here and says `regionAvailability` = NOT_AVAILABLE of its model",
            ),
            (Some("NOT_AVAILABLE"), false) => {
                self.close_by_field(Cause::RegionUnavailable, "regionAvailability", fields.region.as_ref());
            }
            _ => {}
        }
        self.authorization(fields, model);
        self.agreement(fields, model);
        for (field, value, good) in [
            ("authorizationStatus", &fields.authorization, "AUTHORIZED"),
            ("entitlementAvailability", &fields.entitlement, "AVAILABLE"),
            ("regionAvailability", &fields.region, "AVAILABLE"),
        ] {
            let known = value.as_deref().is_some_and(|value| value == good || value == format!("NOT_{good}"));
            if !known {
                let value = value.as_deref().unwrap_or("nothing");
                self.unread(
                    format!("`{field}` of the model"),
                    format!("AWS answered {value}, whose meaning is not known"),
                );
            }
        }
    }

    fn authorization(&mut self, fields: &Availability, model: &str) {
        let closed: Vec<Basis> = [
            ("authorizationStatus", &fields.authorization, "NOT_AUTHORIZED"),
            ("entitlementAvailability", &fields.entitlement, "NOT_AVAILABLE"),
        ]
        .into_iter()
        .filter(|(_, value, bad)| value.as_deref() == Some(*bad))
        .map(|(field, _, bad)| availability_field(field, bad))
        .collect();
        if closed.is_empty() {
            return;
        }
        if provider_of(model) == "amazon" {
            self.unread(
                "the account's authorization for the model",
                "AWS reports it as closed, and Amazon's own models have been seen to work all the same",
            );
        } else {
            self.close(Cause::ModelAccessNotGranted, closed);
        }
    }

    fn agreement(&mut self, fields: &Availability, model: &str) {
        let marketplace = Marketplace::of(provider_of(model));
        match fields.agreement.as_deref() {
            Some("AVAILABLE") => {}
            Some("PENDING") => {
                self.close_by_field(
                    Cause::MarketplaceAgreementPending,
                    "agreementAvailability",
                    fields.agreement.as_ref(),
                );
            }
            Some("ERROR") => {
                let message = fields.agreement_error.clone().unwrap_or_default();
                let reading = explain::classify(None, None, &message);
                // A passing fault of the service while the agreement was made is no cause of its own.
                let telling = matches!(reading.cause.family(), Family::IamPermission | Family::ModelAccess);
                let cause = if telling { reading.cause } else { Cause::ModelAccessNotGranted };
                self.close(cause, vec![availability_field("agreementAvailability", &format!("ERROR {message}"))]);
            }
            Some("NOT_AVAILABLE") if marketplace == Marketplace::Sold => self.missing_agreement(),
            Some("NOT_AVAILABLE") if marketplace == Marketplace::NotSold => {}
            Some("NOT_AVAILABLE") => self.unread(
                "the model's agreement",
                "there is none, and whether the provider's models need one is documented both ways",
            ),
            other => self.unread(
                "the model's agreement",
                format!("AWS answered {}, whose meaning is not known", other.unwrap_or("nothing")),
            ),
        }
    }

    /// No agreement yet: the first call makes one, unless its caller may not subscribe.
    fn missing_agreement(&mut self) {
        let Some(principal) = questions::current_candidate(self.evidence) else {
            self.no_agreement_yet();
            return;
        };
        let denied: Vec<Basis> = questions::subscription_requirements(self.evidence, &principal)
            .into_iter()
            .filter_map(|requirement| {
                let question = SimulationQuestion::new(&principal, &requirement);
                let simulation = self.evidence.answer(&question)?.seen()?;
                simulation.decision.is_denied().then(|| Basis::Simulation {
                    action: requirement.action,
                    resource: requirement.resource,
                    decision: simulation.decision,
                    policy_type: None,
                    statements: Vec::new(),
                    mended: false,
                })
            })
            .collect();
        let may_not_subscribe = denied.iter().any(
            |basis| matches!(basis, Basis::Simulation { action, decision, .. } if action.ends_with(":Subscribe") && *decision != Decision::Allowed),
        );
        if may_not_subscribe {
            let mut basis = vec![availability_field("agreementAvailability", "NOT_AVAILABLE")];
            basis.extend(denied);
            self.close(Cause::MarketplacePermission, basis);
        } else {
            self.no_agreement_yet();
        }
    }

    fn no_agreement_yet(&mut self) {
        self.unread(
            "the model's AWS Marketplace agreement",
            "there is none yet: the first invocation opens it, and thereby accepts the model's licence",
        );
    }

    fn use_case_form(&mut self) {
        match form_submitted(&self.evidence.use_case_form) {
            Some(true) => {}
            Some(false) => {
                let error = self.evidence.use_case_form.refused().cloned().unwrap_or_default();
                self.close(
                    Cause::UseCaseFormMissing,
                    vec![Basis::Refused { api: "bedrock:GetUseCaseForModelAccess", error }],
                );
            }
            None => {
                self.unread("Anthropic's use case form", self.evidence.use_case_form.why_unseen().unwrap_or_default())
            }
        }
    }

    fn unread(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.gates.unread.push(NotChecked::new(what, why));
    }

    fn close_by_field(&mut self, cause: Cause, field: &'static str, value: Option<&String>) {
        let value = value.map(String::as_str).unwrap_or_default();
        self.close(cause, vec![availability_field(field, value)]);
    }

    fn close(&mut self, cause: Cause, basis: Vec<Basis>) {
        self.gates.findings.push(Finding {
            cause,
            certainty: Certainty::Inferred,
            action: None,
            resources: Vec::new(),
            basis,
            remedy: remedy::of_gate(cause, self.evidence),
            alternatives: Vec::new(),
        });
    }
}

fn availability_field(field: &'static str, value: &str) -> Basis {
    Basis::Field { api: "bedrock:GetFoundationModelAvailability", field, value: value.to_owned() }
}

fn instant(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}
