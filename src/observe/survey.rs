//! Reads what a question about many models needs: listings, profiles, each model's availability, and simulations of
//! many resources at once.

use super::account::Clients;
use super::call::Caller as Calls;
use super::{Probe, caller, gates, model, simulate, skipped};
use crate::bedrock::{InferenceProfile, Region, provider_of, required_retention};
use crate::evidence::{
    Answer, Call, RegionSeen, SharedAnswer, SharedQuestion, SimulationQuestion, SkipReason, Survey, SurveyQuestion,
    SurveyRequest,
};
use crate::request::Request;
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A survey under way.
#[derive(Debug)]
pub struct SurveySession {
    clients: Option<Arc<Clients>>,
    calls: Calls,
}

impl Probe {
    /// Takes the first look at everything but the simulator.
    ///
    /// Never fails: whatever goes wrong is an observation.
    pub async fn survey(&self, request: SurveyRequest) -> (Survey, SurveySession) {
        let calls = self.calls(self.timeout);
        let mut survey = Survey {
            observed_at: self.observed_at(),
            sandbox: self.sandbox(),
            credentials: skipped(SkipReason::NoRegion),
            caller: skipped(SkipReason::NoCredentials),
            principal: skipped(SkipReason::NoCredentials),
            regions: Vec::new(),
            shared: Vec::new(),
            answers: Vec::new(),
            calls: Vec::new(),
            request,
        };
        let mut reached: Vec<(Region, Option<Arc<Clients>>)> = Vec::new();
        for region in &survey.request.regions {
            let reach = self.connection.clients(region, &calls).await;
            survey.credentials = reach.credentials;
            survey.calls.extend(reach.calls);
            reached.push((region.clone(), reach.clients));
        }
        let first = reached.first().and_then(|(_, clients)| clients.clone());
        let looks = join_all(reached.iter().map(async |(region, clients)| match clients {
            Some(clients) => look(clients, &calls, region, &survey.request).await,
            None => (nothing_of(region), Vec::new()),
        }));
        let identity = async {
            let (Some(clients), Some(region)) = (&first, survey.request.regions.first()) else { return None };
            let mut request = Request::new(None, survey.request.operation, region.clone());
            request.principal = survey.request.principal.clone();
            Some(caller::look(clients, &calls, &request, survey.credentials.seen()).await)
        };
        let (identity, looks) = tokio::join!(identity, looks);
        if let Some(identity) = identity {
            survey.caller = identity.caller;
            survey.principal = identity.principal;
            survey.calls.extend(identity.calls);
        }
        for (region, made) in looks {
            survey.regions.push(region);
            survey.calls.extend(made);
        }
        (survey, SurveySession { clients: first, calls })
    }
}

impl SurveySession {
    /// Puts the answers to questions into the survey, in the order in which they were asked.
    pub async fn ask(&self, survey: &mut Survey, questions: Vec<SurveyQuestion>) {
        let Some(clients) = &self.clients else { return };
        let (mut shared, mut alone): (Vec<SharedQuestion>, Vec<SimulationQuestion>) = (Vec::new(), Vec::new());
        for question in questions {
            match question {
                SurveyQuestion::Shared(question) => shared.push(question),
                SurveyQuestion::Alone(question) => alone.push(question),
            }
        }
        let many = join_all(shared.iter().map(|question| simulate::many(clients, &self.calls, question)));
        let (many, single) = tokio::join!(many, simulate::all(clients, &self.calls, &alone));
        for (question, (simulations, call)) in shared.into_iter().zip(many) {
            survey.shared.push(SharedAnswer { question, simulations });
            survey.calls.push(call);
        }
        for (question, (simulation, call)) in alone.into_iter().zip(single) {
            survey.answers.push(Answer { question, simulation });
            survey.calls.push(call);
        }
    }
}

/// A Region that nobody could ask about.
fn nothing_of(region: &Region) -> RegionSeen {
    let reason = SkipReason::NoCredentials;
    RegionSeen {
        region: region.clone(),
        models: skipped(reason.clone()),
        profiles: skipped(reason.clone()),
        availability: BTreeMap::new(),
        use_case_form: skipped(reason.clone()),
        guardrails: skipped(reason.clone()),
        data_retention: skipped(reason.clone()),
    }
}

/// Looks at one Region.
async fn look(clients: &Clients, calls: &Calls, region: &Region, request: &SurveyRequest) -> (RegionSeen, Vec<Call>) {
    let call = Request::new(None, request.operation, region.clone());
    let ((models, listing_call), (profiles, profiles_call), (guardrails, guardrails_call)) = tokio::join!(
        model::offered(clients, calls),
        gates::profiles(clients, calls),
        gates::guardrails(clients, calls, &call)
    );
    let mut made = vec![listing_call, profiles_call];
    made.extend(guardrails_call);
    let of_listing = models.seen().into_iter().flatten().filter(|model| request.takes(model));
    let of_listing = of_listing.map(|model| model.listed.id.clone());
    // A profile may be offered where its model is not listed for itself.
    let listed = |id: &str| models.seen().into_iter().flatten().any(|model| model.listed.id == id);
    let of_profiles = profiles.seen().into_iter().flatten().filter_map(InferenceProfile::base_model);
    let of_profiles = of_profiles.filter(|id| !listed(id) && request.modality.is_none() && request.takes_provider(id));
    let ids: BTreeSet<String> = of_listing.chain(of_profiles.map(str::to_owned)).collect();
    let form = async {
        match ids.iter().find(|id| provider_of(id) == "anthropic") {
            Some(id) => model::use_case_form(clients, calls, id).await,
            None => (skipped(SkipReason::FormNotNeeded), None),
        }
    };
    let retention = async {
        match ids.iter().find(|id| required_retention(id).is_some()) {
            Some(id) => gates::data_retention_for(clients, calls, id).await,
            None => (skipped(SkipReason::NoRetentionNeededByAny), None),
        }
    };
    let availability = join_all(ids.iter().map(|id| model::availability(clients, calls, id)));
    let (availability, (use_case_form, form_call), (data_retention, retention_call)) =
        tokio::join!(availability, form, retention);
    let mut by_id = BTreeMap::new();
    for (id, (observed, call)) in ids.into_iter().zip(availability) {
        by_id.insert(id, observed);
        made.push(call);
    }
    made.extend(form_call);
    made.extend(retention_call);
    let region = region.clone();
    (RegionSeen { region, models, profiles, availability: by_id, use_case_form, guardrails, data_retention }, made)
}
