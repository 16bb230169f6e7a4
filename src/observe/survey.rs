//! Reads what a survey of many models needs: listings, profiles, each model's availability, and simulations of many
//! resources at once.

use super::account::Clients;
use super::call_runner::CallRunner;
use super::{Observer, account_settings, caller, model, policies, profiles, simulate, skipped};
use crate::bedrock::{InferenceProfile, Region, provider_of, required_retention};
use crate::evidence::{
    Answer, IdentityPolicies, PolicyQuestion, PolicyText, RegionSeen, SharedAnswer, SharedQuestion, SimulationQuestion,
    SkipReason, Survey, SurveyQuestion, SurveyRequest,
};
use crate::request::Request;
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// A survey under way.
#[derive(Debug)]
pub struct SurveySession {
    clients: Option<Arc<Clients>>,
    calls: CallRunner,
}

impl Observer {
    /// Reads everything except simulations.
    ///
    /// Never fails: a failure is an observation, too.
    pub async fn survey(&self, request: SurveyRequest) -> (Survey, SurveySession) {
        let calls = self.calls(self.timeout);
        let mut survey = Survey {
            observed_at: self.observed_at(),
            sandbox: self.sandbox(),
            credentials: skipped(SkipReason::NoRegion),
            caller: skipped(SkipReason::NoCredentials),
            principal: skipped(SkipReason::NoCredentials),
            policies: IdentityPolicies::default(),
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
            reached.push((region.clone(), reach.clients));
        }
        let first = reached.first().and_then(|(_, clients)| clients.clone());
        let identity_calls = calls.branch();
        let branches: Vec<_> = reached.iter().map(|reached| (reached, calls.branch())).collect();
        let regions = join_all(branches.iter().map(async |((region, clients), calls)| match clients {
            Some(clients) => observe(clients, calls, region, &survey.request).await,
            None => nothing_of(region),
        }));
        let identity = async {
            let (Some(clients), Some(region)) = (&first, survey.request.regions.first()) else { return None };
            let mut request = Request::new(None, survey.request.operation, region.clone());
            request.principal = survey.request.principal.clone();
            Some(caller::observe(clients, &identity_calls, &request, survey.credentials.seen()).await)
        };
        let (identity, regions) = tokio::join!(identity, regions);
        if let Some(identity) = identity {
            survey.caller = identity.caller;
            survey.principal = identity.principal;
            survey.policies = identity.policies;
        }
        survey.regions = regions;
        survey.calls = calls.take_records();
        (survey, SurveySession { clients: first, calls })
    }
}

impl SurveySession {
    /// Puts the answers to questions into the survey, in the order in which they were asked.
    pub async fn ask(&self, survey: &mut Survey, questions: Vec<SurveyQuestion>) {
        let Some(clients) = &self.clients else { return };
        let (mut shared, mut alone): (Vec<SharedQuestion>, Vec<SimulationQuestion>) = (Vec::new(), Vec::new());
        let mut unread: Vec<PolicyQuestion> = Vec::new();
        for question in questions {
            match question {
                SurveyQuestion::Shared(question) => shared.push(question),
                SurveyQuestion::Alone(question) => alone.push(question),
                SurveyQuestion::ReadPolicy(question) => unread.push(question),
            }
        }
        let (many_calls, single_calls) = (self.calls.branch(), self.calls.branch());
        let branches: Vec<_> = shared.iter().map(|question| (question, many_calls.branch())).collect();
        let many = join_all(branches.iter().map(|(question, calls)| simulate::many(clients, calls, question)));
        let (many, single) = tokio::join!(many, simulate::all(clients, &single_calls, &alone));
        for (question, simulations) in shared.into_iter().zip(many) {
            survey.shared.push(SharedAnswer { question, simulations });
        }
        for (question, simulation) in alone.into_iter().zip(single) {
            survey.answers.push(Answer { question, simulation });
        }
        let texts = policies::read_all(clients, &self.calls, &unread).await;
        for (PolicyQuestion { policy, .. }, content) in unread.into_iter().zip(texts) {
            survey.policies.texts.push(PolicyText { policy, content });
        }
        survey.calls.extend(self.calls.take_records());
    }
}

/// A Region about which nothing could be read.
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

/// Reads about one Region.
async fn observe(clients: &Clients, calls: &CallRunner, region: &Region, request: &SurveyRequest) -> RegionSeen {
    let call = Request::new(None, request.operation, region.clone());
    let (models, profiles, guardrails) = tokio::join!(
        model::offered(clients, calls),
        profiles::profiles(clients, calls),
        account_settings::guardrails(clients, calls, &call)
    );
    let of_listing = models.seen().into_iter().flatten().filter(|model| request.takes(model));
    let of_listing = of_listing.map(|model| model.listed.id.clone());
    let listed: HashSet<&str> = models.seen().into_iter().flatten().map(|model| model.listed.id.as_str()).collect();
    // A profile may be offered although its model is not listed itself.
    let of_profiles = profiles.seen().into_iter().flatten().filter_map(InferenceProfile::base_model);
    let of_profiles =
        of_profiles.filter(|id| !listed.contains(id) && request.modality.is_none() && request.takes_provider(id));
    let ids: BTreeSet<String> = of_listing.chain(of_profiles.map(str::to_owned)).collect();
    let branches: Vec<_> = ids.iter().map(|id| (id, calls.branch())).collect();
    let form = async {
        match ids.iter().find(|id| provider_of(id) == "anthropic") {
            Some(id) => model::use_case_form(clients, calls, id).await,
            None => skipped(SkipReason::FormNotNeeded),
        }
    };
    let retention = async {
        match ids.iter().find(|id| required_retention(id).is_some()) {
            Some(id) => account_settings::data_retention_for(clients, calls, id).await,
            None => skipped(SkipReason::NoRetentionNeededByAny),
        }
    };
    let availability = join_all(branches.iter().map(|(id, calls)| model::availability(clients, calls, id)));
    let (availability, use_case_form, data_retention) = tokio::join!(availability, form, retention);
    let availability = ids.iter().cloned().zip(availability).collect();
    let region = region.clone();
    RegionSeen { region, models, profiles, availability, use_case_form, guardrails, data_retention }
}
