//! Mistakes in trust policies: services that do not exist, and the one that the role is not for.

use super::super::action::ActionPattern;
use super::view::{View, Word, ask};
use super::{LintCode, Raw};

/// Service principals that do not exist, or are others', beside the right one.
const MISTAKEN: [(&str, &str); 5] = [
    ("bedrock-runtime.amazonaws.com", "bedrock.amazonaws.com"),
    ("bedrock-agent.amazonaws.com", "bedrock.amazonaws.com"),
    ("bedrock-agent-runtime.amazonaws.com", "bedrock.amazonaws.com"),
    ("runtime.bedrock.amazonaws.com", "bedrock.amazonaws.com"),
    ("ecs.amazonaws.com", "ecs-tasks.amazonaws.com"),
];

/// Looks for mistakes in a statement that lets services assume a role.
pub(super) fn check(view: &View<'_>, found: &mut Vec<Raw>) {
    let assumes = |word: &Word<'_>| {
        ActionPattern::new(word.text).is_some_and(|pattern| ask("sts:AssumeRole", "*", |asked| pattern.matches(asked)))
    };
    if !view.allows() || !view.actions.iter().any(assumes) {
        return;
    }
    let names = |key: &str| view.conditions.iter().find(|condition| condition.key.text.eq_ignore_ascii_case(key));
    let source_arn = names("aws:SourceArn");
    for word in &view.services {
        let right = MISTAKEN.iter().find(|(mistaken, _)| mistaken.eq_ignore_ascii_case(word.text));
        if let Some((_, right)) = right {
            let message = format!("`{}` assumes no roles; it is `{right}`", word.text);
            let mut finding = view.finding(LintCode::WrongTrustedService, *word, message);
            finding.corrected = Some(trusting(view, word.text, right));
            found.push(finding);
        } else if word.text == "bedrock.amazonaws.com" && names("aws:SourceAccount").is_none() && source_arn.is_none() {
            let message =
                "Bedrock assumes roles for agents, knowledge bases and jobs, and then names its source; code \
                           in Lambda, EC2, ECS or EKS that calls Bedrock has a role that trusts that service"
                    .to_owned();
            let mut finding = view.finding(LintCode::WrongTrustedService, *word, message);
            finding.corrected = Some(trusting(view, word.text, "lambda.amazonaws.com"));
            found.push(finding);
        } else if word.text != "bedrock.amazonaws.com"
            && source_arn.is_some_and(|condition| condition.values.iter().any(|arn| arn.text.contains(":bedrock:")))
        {
            let message = format!("`{}` never calls for the Bedrock resource that the condition names", word.text);
            let mut finding = view.finding(LintCode::WrongTrustedService, *word, message);
            finding.corrected = Some(trusting(view, word.text, "bedrock.amazonaws.com"));
            found.push(finding);
        }
    }
}

fn trusting(view: &View<'_>, old: &str, new: &str) -> serde_json::Value {
    let mut value = view.value();
    if let Some(services) = value.get_mut("Principal").and_then(|principal| principal.get_mut("Service")) {
        super::view::replace_in(services, old, &[new.to_owned()]);
    }
    value
}
