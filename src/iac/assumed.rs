//! What is answered where nothing tells the Region or the account: only what holds in each that the file itself names.

use super::check::{Checked, Code, Problem};
use super::facts::{Facts, Unknown};
use super::settings::Settings;
use crate::iam::Decision;

/// The Region that is assumed where neither the file nor the user names one.
const ASSUMED_REGION: &str = "us-east-1";
/// An account that stands for the deployment's own where nothing tells which that is.
const ASSUMED_ACCOUNT: &str = "000000000000";
/// How many other places are tried.
const MAX_PLACES: usize = 6;

/// Which of the two is assumed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Assumed {
    pub region: bool,
    pub account: bool,
}

impl Assumed {
    /// Fills in what nothing tells.
    pub fn fill_in(settings: &mut Settings) -> Self {
        let assumed = Self { region: settings.region.is_none(), account: settings.account.is_none() };
        settings.region.get_or_insert_with(|| ASSUMED_REGION.to_owned());
        settings.account.get_or_insert_with(|| ASSUMED_ACCOUNT.to_owned());
        assumed
    }

    /// Returns what is assumed, for the report.
    pub fn unknown(self) -> Vec<Unknown> {
        if !self.region {
            return Vec::new();
        }
        let what = format!("the Region: {ASSUMED_REGION} is assumed; `--region` names another");
        vec![Unknown { address: "AWS::Region".to_owned(), what }]
    }

    /// Lists where the deployment may go instead, by the ARNs that its policies name.
    pub fn other_places(self, settings: &Settings, facts: &Facts) -> Vec<Settings> {
        let mut places: Vec<(Option<String>, Option<String>)> = Vec::new();
        let documents = facts.documents.iter().filter_map(|source| source.document.as_ref());
        for text in documents.map(|document| document.to_json().to_string()) {
            for arn in text.split("\"arn:").skip(1) {
                let mut parts = arn.split('"').next().unwrap_or_default().split(':').skip(1);
                if parts.next() != Some("bedrock") {
                    continue;
                }
                let plain = |part: Option<&str>, assumed: bool, known: &Option<String>| match part {
                    Some(part) if assumed && is_plain(part) => Some(part.to_owned()),
                    _ => known.clone(),
                };
                let region = plain(parts.next(), self.region, &settings.region);
                let account = plain(parts.next(), self.account, &settings.account);
                let place = (region, account);
                let is_new = place != (settings.region.clone(), settings.account.clone()) && !places.contains(&place);
                if is_new && places.len() < MAX_PLACES {
                    places.push(place);
                }
            }
        }
        let at = |(region, account)| Settings { region, account, ..settings.clone() };
        places.into_iter().map(at).collect()
    }
}

fn is_plain(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Leaves open what is denied where the deployment is assumed to go, and not where it may go instead.
pub(super) fn leave_open(checked: &mut Checked, elsewhere: &Checked, place: &Settings) {
    let in_region = place.region.as_deref().unwrap_or_default();
    let is_denied = |role: &str, model: &str, named_by: &str| {
        elsewhere.findings.iter().any(|finding| {
            let Problem::Call { model: other, named_by: by, .. } = &finding.problem else { return false };
            finding.address == role && other == model && by == named_by
        })
    };
    let mut open: Vec<(String, String, String)> = Vec::new();
    checked.findings.retain(|finding| {
        let Problem::Call { model, named_by, .. } = &finding.problem else { return true };
        let stays = finding.code != Code::CallDenied || is_denied(&finding.address, model, named_by);
        if !stays {
            open.push((finding.address.clone(), model.clone(), named_by.clone()));
        }
        stays
    });
    for (address, model, named_by) in open {
        let role = checked.roles.iter_mut().find(|role| role.address == address);
        let calls = role.into_iter().flat_map(|role| role.calls.iter_mut());
        for call in calls.filter(|call| call.model == model && call.named_by == named_by) {
            call.verdict = Decision::Undetermined;
            for requirement in call.requirements.iter_mut().filter(|known| known.decision != Decision::Allowed) {
                requirement.decision = Decision::Undetermined;
            }
        }
        let account = place.account.as_deref().unwrap_or_default();
        let what = format!(
            "where it is deployed: `{address}` may call `{model}` in {in_region} of {account}, and not where the \
             deployment is assumed to go; `--region` and `--account` tell"
        );
        checked.unknown.push(Unknown { address: named_by, what });
    }
}
