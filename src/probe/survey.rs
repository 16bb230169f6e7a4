//! Reads what a question about many models needs: listings, profiles, each model's availability, and simulations of
//! many resources at once.

use super::account::Clients;
use super::api::Api;
use super::call::Caller as Calls;
use super::{Probe, caller, model, simulate, skipped};
use crate::bedrock::{InferenceProfile, Region, provider_of};
use crate::evidence::{
    Answer, Call, Observation, RegionSeen, SharedAnswer, SharedQuestion, SimulationQuestion, Survey, SurveyQuestion,
    SurveyRequest,
};
use crate::request::Request;
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Pages of the list of profiles that are followed; 1,000 fit on one.
const MAX_PAGES: usize = 20;

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
        let nobody = || skipped("there are no credentials");
        let mut survey = Survey {
            observed_at: self.observed_at(),
            sandbox: self.sandbox(),
            credentials: skipped("no Region was asked about"),
            caller: skipped("there are no credentials"),
            principal: skipped("there are no credentials"),
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
            None => {
                let (models, profiles, use_case_form) = (nobody(), skipped("there are no credentials"), skipped(""));
                let availability = BTreeMap::new();
                (RegionSeen { region: region.clone(), models, profiles, availability, use_case_form }, Vec::new())
            }
        }));
        let identity = async {
            let (Some(clients), Some(region)) = (&first, survey.request.regions.first()) else { return None };
            let mut request = Request::new(None, survey.request.operation, region.clone());
            request.principal = survey.request.principal.clone();
            Some(caller::look(clients, &calls, &request).await)
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

/// Looks at one Region.
async fn look(clients: &Clients, calls: &Calls, region: &Region, request: &SurveyRequest) -> (RegionSeen, Vec<Call>) {
    let ((models, listing_call), (profiles, profile_calls)) =
        tokio::join!(model::offered(clients, calls), profiles(clients, calls));
    let mut made = vec![listing_call];
    made.extend(profile_calls);
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
            None => (skipped("only Anthropic's models need the form"), None),
        }
    };
    let availability = join_all(ids.iter().map(|id| model::availability(clients, calls, id)));
    let (availability, (use_case_form, form_call)) = tokio::join!(availability, form);
    let mut by_id = BTreeMap::new();
    for (id, (observed, call)) in ids.into_iter().zip(availability) {
        by_id.insert(id, observed);
        made.push(call);
    }
    made.extend(form_call);
    (RegionSeen { region: region.clone(), models, profiles, availability: by_id, use_case_form }, made)
}

/// Lists the Region's inference profiles, page by page.
async fn profiles(clients: &Clients, calls: &Calls) -> (Observation<Vec<InferenceProfile>>, Vec<Call>) {
    let endpoint = clients.endpoint("bedrock");
    let (mut seen, mut made, mut token) = (Vec::new(), Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let look = clients.bedrock.list_inference_profiles().max_results(1000).set_next_token(token.take()).send();
        let (answer, call) = calls.read(Api::ListInferenceProfiles, &endpoint, look).await;
        made.push(call);
        let page = match answer {
            Observation::Seen(page) => page,
            unseen => return (unseen.and_then(|_| Observation::default()), made),
        };
        let read: Option<Vec<_>> = page.inference_profile_summaries().iter().map(model::read_summary).collect();
        match read {
            Some(profiles) => seen.extend(profiles),
            None => return (super::call::unreadable(&endpoint, "a profile lacks what it should hold"), made),
        }
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return (Observation::Seen(seen), made);
        }
    }
    (super::call::unreadable(&endpoint, "the list of profiles goes on without an end"), made)
}
