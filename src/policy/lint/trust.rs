//! Mistakes in trust policies: services that do not exist, and services that the role is not for.

use super::super::action::ActionPattern;
use super::correction::{Correction, replace_in};
use super::view::{View, Word, ask};
use super::{LintCode, Raw, published};

/// The service principal under which Bedrock assumes roles.
const BEDROCK: &str = "bedrock.amazonaws.com";

/// Looks for mistakes in a statement that lets services assume a role.
pub(super) fn check(view: &View<'_>, found: &mut Vec<Raw>) {
    let assumes = |word: &Word<'_>| {
        ActionPattern::new(word.text).is_some_and(|pattern| ask("sts:AssumeRole", "*", |asked| pattern.matches(asked)))
    };
    if !view.allows() || !view.actions.iter().any(assumes) {
        return;
    }
    let source_arn = view.conditions_on("aws:SourceArn").next();
    let names_bedrock =
        source_arn.is_some_and(|condition| condition.values.iter().any(|arn| arn.text.contains(":bedrock:")));
    for word in &view.services {
        if published::is_endpoint(word.text) {
            endpoint(view, *word, names_bedrock, found);
        } else if word.text == "ecs.amazonaws.com" && names_nothing_of_ecs(view) {
            let message = "`ecs.amazonaws.com` is the ECS service itself: tasks assume roles as \
                           `ecs-tasks.amazonaws.com`";
            let mut finding = view.finding(LintCode::WrongTrustedService, *word, message.to_owned());
            finding.advice = Some("trust `ecs-tasks.amazonaws.com` if the role is for the code in tasks".to_owned());
            found.push(finding);
        } else if word.text == BEDROCK {
            without_source(view, *word, found);
        } else if names_bedrock {
            let message = format!("`{}` never calls for the Bedrock resource that the condition names", word.text);
            let mut finding = view.finding(LintCode::WrongTrustedService, *word, message);
            finding.advice = Some(format!("trust `{BEDROCK}` in a statement of its own, with this condition"));
            found.push(finding);
        }
    }
}

/// Reports the name of an endpoint as a service principal.
fn endpoint(view: &View<'_>, word: Word<'_>, names_bedrock: bool, found: &mut Vec<Raw>) {
    let message = format!("`{}` is the name of an endpoint: it assumes no roles", word.text);
    let mut finding = view.finding(LintCode::WrongTrustedService, word, message);
    finding.advice = Some(format!(
        "trust `{BEDROCK}` for an agent, knowledge base or job; code that calls Bedrock runs with a role that trusts where \
         it runs, such as `lambda.amazonaws.com`"
    ));
    // Which of the two is meant, only a condition on the source shows.
    let is_listed = view.services.iter().any(|service| service.text == BEDROCK);
    if names_bedrock || is_listed {
        let mut statement = view.value();
        let services = statement.get_mut("Principal").and_then(|principal| principal.get_mut("Service"));
        if services.is_some_and(|services| replace_in(services, word.text, &[BEDROCK.to_owned()])) {
            finding.correction = Some(Correction::safe(statement));
        }
    }
    found.push(finding);
}

/// Notes a role that Bedrock may assume on behalf of any account's resources.
fn without_source(view: &View<'_>, word: Word<'_>, found: &mut Vec<Raw>) {
    let limits = ["aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths"];
    if limits.iter().any(|key| view.conditions_on(key).next().is_some()) {
        return;
    }
    let message = "Bedrock may assume this role for whichever resource names it".to_owned();
    let mut finding = view.finding(LintCode::TrustWithoutSource, word, message);
    finding.advice = Some(
        "add `aws:SourceAccount` and `aws:SourceArn`; if the role is for code in Lambda, EC2, ECS or EKS that calls \
         Bedrock, trust that service instead"
            .to_owned(),
    );
    found.push(finding);
}

/// Returns `true` if nothing in the statement shows that the ECS service itself is meant.
fn names_nothing_of_ecs(view: &View<'_>) -> bool {
    let of_ecs = |text: &str| text.to_ascii_lowercase().contains("ecs") || text.contains("nfrastructure");
    !view.statement.sid().is_some_and(of_ecs)
        && !view.conditions.iter().flat_map(|condition| &condition.values).any(|value| of_ecs(value.text))
}
