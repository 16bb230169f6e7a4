//! The engine beside the simulator: what the policies that were read prove, and what happens where the two differ.

use super::*;
use bedrock_access::diagnose::{Advice, Contradiction, StatementName, Why};
use bedrock_access::evidence::{
    Entity, Holder, HolderKind, IdentityPolicies, PolicyContent, PolicyQuestion, PolicyRef, PolicyText,
};
use bedrock_access::iam::PolicyType;
use bedrock_access::policy::ManagedPolicy;

const ALLOW_NOVA: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "Nova", "Effect": "Allow",
    "Action": "bedrock:InvokeModel", "Resource": "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0"}}"#;
const ALLOW_ANOTHER: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Micro", "Effect": "Allow",
    "Action": "bedrock:InvokeModel", "Resource": "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-micro-v1:0"}]}"#;

fn inline(name: &str) -> PolicyRef {
    PolicyRef::Inline { holder: HolderKind::Role, entity: "chat-api".to_owned(), policy: name.to_owned() }
}

fn text(policy: PolicyRef, document: &str) -> PolicyText {
    let content = PolicyContent { version: None, document: Some(document.to_owned()) };
    PolicyText { policy, content: Observation::Seen(content) }
}

/// A role whose inline policies, all of them, were read.
fn read(documents: &[(&str, &str)]) -> IdentityPolicies {
    IdentityPolicies {
        entity: Observation::Seen(Entity::default()),
        holders: vec![Holder {
            kind: HolderKind::Role,
            name: "chat-api".to_owned(),
            managed: Observation::Seen(Vec::new()),
            inline: Observation::Seen(documents.iter().map(|(name, _)| (*name).to_owned()).collect()),
        }],
        groups: Observation::Seen(Vec::new()),
        texts: documents.iter().map(|(name, document)| text(inline(name), document)).collect(),
    }
}

fn no_simulator() -> Observation<Simulation> {
    refused("AccessDenied", 403, "User: x is not authorized to perform: iam:SimulatePrincipalPolicy")
}

/// A call to Nova Lite by a role with these policies, and the simulator's answer.
fn case(policies: IdentityPolicies, simulation: &Observation<Simulation>) -> Evidence {
    answered(Evidence { policies, ..unasked(NOVA) }, simulation)
}

fn reads(evidence: &Evidence) -> Vec<PolicyQuestion> {
    let read = |question| match question {
        Question::ReadPolicy(question) => Some(question),
        _ => None,
    };
    open_questions(evidence).into_iter().filter_map(read).collect()
}

#[test]
fn a_complete_reading_proves_a_denial_and_never_an_allow() {
    let denied = diagnose(&case(read(&[("other", ALLOW_ANOTHER)]), &no_simulator()));
    assert_eq!((denied.verdict, denied.certainty), (Verdict::Denied, Some(Certainty::Inferred)));
    assert_eq!(denied.findings[0].cause, Cause::IdentityPolicyMissingAllow);
    let near = &denied.requirements[0].near_misses[0];
    assert_eq!((near.statement.policy.as_deref(), near.statement.sid.as_deref()), (Some("other"), Some("Micro")));
    assert!(near.statement.quote.as_ref().unwrap().contains("nova-micro"));
    assert_eq!(denied.findings[0].remedy.verified, None, "nothing was simulated");

    let allowed = diagnose(&case(read(&[("own", ALLOW_NOVA)]), &no_simulator()));
    assert_eq!(allowed.verdict, Verdict::Undetermined);
    assert!(
        matches!(allowed.requirements[0].unread, Some(Why::OnlyPoliciesAllow(_))),
        "{:?}",
        allowed.requirements[0].unread
    );
}

#[test]
fn an_incomplete_reading_proves_no_missing_allow() {
    let complete = read(&[("other", ALLOW_ANOTHER)]);
    let mut one_unread = complete.clone();
    one_unread.texts[0].content = refused("AccessDenied", 403, "no");
    let mut unlisted = complete.clone();
    unlisted.holders[0].managed = refused("AccessDenied", 403, "no");
    let mut malformed = complete.clone();
    malformed.texts[0] = text(inline("other"), "{}");
    for policies in [one_unread, unlisted, malformed] {
        let diagnosis = diagnose(&case(policies, &no_simulator()));
        assert_eq!((diagnosis.verdict, diagnosis.findings.len()), (Verdict::Undetermined, 0));
    }
}

#[test]
fn an_explicit_deny_is_proven_by_any_policy() {
    let deny = r#"{"Statement": [{"Sid": "Frozen", "Effect": "Deny", "Action": "bedrock:Inv*", "Resource": "*"}]}"#;
    let mut policies = read(&[("own", ALLOW_NOVA), ("freeze", deny)]);
    policies.holders[0].managed = refused("AccessDenied", 403, "no");
    let diagnosis = diagnose(&case(policies, &no_simulator()));
    assert_eq!(diagnosis.findings[0].cause, Cause::IdentityPolicyExplicitDeny);
    let decided = &diagnosis.requirements[0].decided_by[0];
    assert_eq!((decided.policy.as_deref(), decided.sid.as_deref()), (Some("freeze"), Some("Frozen")));
    assert_eq!((decided.statement, decided.line, decided.column), (Some(0), Some(1), Some(16)));
    let change = &diagnosis.findings[0].remedy.changes[0];
    assert_eq!((change.kind.document(), change.attached_to.as_deref()), (None, Some("role/chat-api")));
    // One that denies all of Bedrock is not taken away for one call.
    let all = deny.replace("bedrock:Inv*", "bedrock:*");
    let guarded = diagnose(&case(read(&[("own", ALLOW_NOVA), ("freeze", &all)]), &no_simulator()));
    assert_eq!(guarded.findings[0].cause, Cause::IdentityPolicyExplicitDeny);
    assert!(guarded.findings[0].remedy.changes.is_empty(), "{:?}", guarded.findings[0].remedy.changes);
}

#[test]
fn where_simulator_and_policies_differ_both_are_told_and_nothing_is_predicted() {
    let allowed = Observation::Seen(simulation(Decision::Allowed));
    let denied = Observation::Seen(simulation(Decision::ImplicitDeny));
    for (policies, simulation) in
        [(read(&[("other", ALLOW_ANOTHER)]), &allowed), (read(&[("own", ALLOW_NOVA)]), &denied)]
    {
        let mut evidence = case(policies, simulation);
        let diagnosis = diagnose(&evidence);
        assert_eq!((diagnosis.verdict, diagnosis.findings.len()), (Verdict::Undetermined, 0));
        assert_eq!(diagnosis.contradictions.len(), 1, "{:?}", diagnosis.contradictions);
        assert!(matches!(
            diagnosis.contradictions[0],
            Contradiction::SimulatorAndPolicies {
                simulated: Decision::Allowed | Decision::ImplicitDeny,
                read: Decision::Allowed | Decision::ImplicitDeny,
                more: 0,
                ..
            }
        ));
        evidence.request.live = LiveCall::Invoke;
        evidence.invocation = Observation::Seen(LiveSuccess {
            request_id: None,
            status: Some(200),
            content_type: Some("application/json".to_owned()),
            fields: vec!["output".to_owned()],
        });
        assert_eq!(diagnose(&evidence).verdict, Verdict::Allowed, "the live answer decides");
    }
}

#[test]
fn what_the_organization_refuses_is_no_contradiction() {
    let by_scp = Simulation { allowed_by_organizations: Some(false), ..simulation(Decision::ExplicitDeny) };
    let diagnosis = diagnose(&case(read(&[("own", ALLOW_NOVA)]), &Observation::Seen(by_scp)));
    assert_eq!(diagnosis.findings[0].cause, Cause::ServiceControlPolicy);
    assert_eq!(diagnosis.contradictions, []);
}

#[test]
fn a_key_that_nobody_knows_leaves_the_requirement_open_and_its_value_settles_it() {
    let document = r#"{"Statement": [{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}}}]}"#;
    let unasked_key =
        Simulation { missing_context: vec!["aws:SourceVpce".to_owned()], ..simulation(Decision::ImplicitDeny) };
    let diagnosis = diagnose(&case(read(&[("own", document)]), &Observation::Seen(unasked_key)));
    assert_eq!(diagnosis.verdict, Verdict::Undetermined);
    assert_eq!(diagnosis.requirements[0].unread, Some(Why::KeyNotSimulated("aws:SourceVpce".to_owned())));
    assert_eq!(diagnosis.contradictions, []);

    // An undetermined engine is no disagreement with a simulator that was told.
    let allowed = diagnose(&case(read(&[("own", document)]), &Observation::Seen(simulation(Decision::Allowed))));
    assert_eq!(allowed.verdict, Verdict::Allowed);

    let mut given = Evidence { policies: read(&[("own", document)]), ..unasked(NOVA) };
    given.request.context.set("aws:SourceVpce", "vpce-another");
    let diagnosis = diagnose(&answered(given, &Observation::Seen(simulation(Decision::ImplicitDeny))));
    assert_eq!(diagnosis.verdict, Verdict::Denied);
    let misses = &diagnosis.requirements[0].near_misses[0].misses;
    assert!(
        matches!(&misses[0], policy::Miss::Condition { key, actual: Some(actual), .. }
            if key == "aws:SourceVpce" && actual.values() == ["vpce-another"]),
        "{misses:?}"
    );
}

#[test]
fn a_roles_tags_are_part_of_every_question() {
    let mut policies = read(&[]);
    policies.entity =
        Observation::Seen(Entity { tags: vec![("team".to_owned(), "chat".to_owned())], ..Entity::default() });
    let mut evidence = Evidence { policies, ..unasked(NOVA) };
    let tag = |evidence: &Evidence| {
        let asked = simulations(evidence);
        asked[0].requirement.context.get("aws:PrincipalTag/team").unwrap().as_single().unwrap().to_owned()
    };
    assert_eq!(tag(&evidence), "chat");
    evidence.request.context.set("aws:PrincipalTag/team", "ml");
    assert_eq!(tag(&evidence), "ml", "the user's word counts");
}

#[test]
fn carried_policies_are_read_only_where_an_answer_rests_on_them_alone() {
    let arn = "arn:aws:iam::aws:policy/AmazonBedrockReadOnly";
    let carried = ManagedPolicy::find(arn).unwrap();
    let mut policies = read(&[]);
    policies.holders[0].managed = Observation::Seen(vec![arn.to_owned()]);
    let unread = |simulation: &Observation<Simulation>| {
        let mut evidence = Evidence { policies: policies.clone(), ..unasked(NOVA) };
        assert_eq!(reads(&evidence), [], "not before anything is known");
        for question in simulations(&evidence) {
            evidence.answers.push(Answer { question, simulation: simulation.clone() });
        }
        evidence
    };
    let agreed = unread(&Observation::Seen(simulation(Decision::ImplicitDeny)));
    assert_eq!(reads(&agreed), [], "the simulator says the same");

    let mut alone = unread(&no_simulator());
    let questions = reads(&alone);
    assert_eq!(questions.len(), 1);
    assert_eq!(questions[0].known_version.as_ref(), Some(&carried.version));
    let policy = questions[0].policy.clone();
    let same = PolicyContent { version: Some(carried.version.clone()), document: None };
    alone.policies.texts = vec![PolicyText { policy: policy.clone(), content: Observation::Seen(same) }];
    assert_eq!(open_questions(&alone), []);
    assert_eq!(diagnose(&alone).verdict, Verdict::Denied);

    let newer = PolicyContent { version: Some("v99".to_owned()), document: Some(ALLOW_NOVA.to_owned()) };
    alone.policies.texts = vec![PolicyText { policy, content: Observation::Seen(newer) }];
    assert_eq!(diagnose(&alone).verdict, Verdict::Undetermined, "the version in force counts");
}

#[test]
fn every_attached_policy_is_asked_for_once() {
    let boundary = "arn:aws:iam::111122223333:policy/shared";
    let mut policies = read(&[("a", ALLOW_NOVA), ("b", ALLOW_NOVA)]);
    policies.texts.clear();
    policies.holders[0].managed = Observation::Seen(vec![boundary.to_owned()]);
    policies.entity = Observation::Seen(Entity { boundary: Some(boundary.to_owned()), ..Entity::default() });
    let asked: Vec<PolicyRef> =
        reads(&Evidence { policies, ..unasked(NOVA) }).into_iter().map(|question| question.policy).collect();
    assert_eq!(asked, [PolicyRef::Managed(boundary.to_owned()), inline("a"), inline("b")]);
}

#[test]
fn a_wide_allow_is_advice_and_no_cause() {
    let wide = r#"{"Statement": [{"Sid": "All", "Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}]}"#;
    let statement = MatchedStatement {
        policy: Some("wide".to_owned()),
        source: Some("role".to_owned()),
        line: Some(1),
        column: Some(16),
        end: None,
    };
    let allowed = Simulation { matched: vec![statement], ..simulation(Decision::Allowed) };
    let diagnosis = diagnose(&case(read(&[("wide", wide)]), &Observation::Seen(allowed)));
    assert_eq!((diagnosis.verdict, diagnosis.findings.len()), (Verdict::Allowed, 0));
    assert!(
        diagnosis.advice.iter().any(|advice| matches!(
            advice,
            Advice::WideStatements { statements, enough }
                if *statements == [(StatementName::Sid("All".to_owned()), "wide".to_owned())]
                    && enough.to_string().contains(NOVA)
        )),
        "{:?}",
        diagnosis.advice
    );
}

#[test]
fn a_policy_that_allows_and_denies_keeps_its_allow_when_the_deny_is_tried_away() {
    let both = r#"{"Version": "2012-10-17", "Statement": [
        {"Sid": "May", "Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*"},
        {"Sid": "MayNot", "Effect": "Deny", "Action": "bedrock:InvokeModel", "Resource": "*"}]}"#;
    let mut evidence = Evidence { policies: read(&[("both", both)]), ..unasked(NOVA) };
    let statement = MatchedStatement {
        policy: Some("both".to_owned()),
        source: Some("role".to_owned()),
        line: Some(3),
        column: Some(9),
        end: None,
    };
    let denied = Simulation { matched: vec![statement], ..simulation(Decision::ExplicitDeny) };
    for question in simulations(&evidence) {
        evidence.answers.push(Answer { question, simulation: Observation::Seen(denied.clone()) });
    }
    let tried = simulations(&evidence);
    let with: serde_json::Value = serde_json::from_str(tried[0].trial.with.as_ref().unwrap()).unwrap();
    assert_eq!(with["Statement"].as_array().unwrap().len(), 1);
    assert_eq!(with["Statement"][0]["Sid"], "May");
    let diagnosis = diagnose(&answered(evidence, &Observation::Seen(simulation(Decision::Allowed))));
    assert_eq!(diagnosis.requirements[0].policy_type, Some(PolicyType::IdentityPolicy));
    let change = &diagnosis.findings[0].remedy.changes[0];
    assert_eq!(change.statements[0].sid.as_deref(), Some("MayNot"));
    assert_eq!(change.kind.document().unwrap()["Statement"].as_array().unwrap().len(), 1);
}
