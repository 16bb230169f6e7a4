//! Every policy type, absent, allowing, denying or silent, in every combination, against the rules put plainly.

use bedrock_access::iam::{ContextKeys, Decision, PolicyType, RequestContext};
use bedrock_access::policy::{Document, Policies, Policy, Question, decide};

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Absent,
    Allow,
    Deny,
    Silent,
}

const STATES: [State; 4] = [State::Absent, State::Allow, State::Deny, State::Silent];

struct Texts {
    allow: Policy,
    deny: Policy,
    silent: Policy,
}

impl Texts {
    /// Policies that name everybody where the type has principals.
    fn new(principal: Option<&str>) -> Self {
        let principal = principal.map_or(String::new(), |who| format!(r#""Principal": {who},"#));
        let policy = |effect: &str, action: &str| {
            let text = format!(
                r#"{{"Statement": {{"Effect": "{effect}", {principal} "Action": "{action}", "Resource": "*"}}}}"#
            );
            Policy::unnamed(Document::parse(&text).unwrap())
        };
        Self {
            allow: policy("Allow", "sqs:*"),
            deny: policy("Deny", "sqs:SendMessage"),
            silent: policy("Allow", "s3:*"),
        }
    }

    fn list(&self, state: State) -> Vec<Policy> {
        match state {
            State::Absent => vec![],
            State::Allow => vec![self.allow.clone()],
            // What denies also allows, so that only the deny can be the reason.
            State::Deny => vec![self.allow.clone(), self.deny.clone()],
            State::Silent => vec![self.silent.clone()],
        }
    }

    fn one(&self, state: State) -> Option<Policy> {
        match state {
            State::Absent => None,
            State::Allow => Some(self.allow.clone()),
            State::Deny => Some(self.deny.clone()),
            State::Silent => Some(self.silent.clone()),
        }
    }
}

/// The rules, as the documentation puts them, for a resource's policy that names the caller in a given way.
fn expected(states: [State; 7], cross: bool, named: Named) -> (Decision, Option<PolicyType>) {
    let [rcp, scp, endpoint, boundary, session, identity, resource] = states;
    for (state, policy_type) in states.into_iter().zip(PolicyType::ALL) {
        if state == State::Deny {
            return (Decision::ExplicitDeny, Some(policy_type));
        }
    }
    let restricts = |state: State| state == State::Silent;
    let granted = resource == State::Allow;
    let direct = granted && !cross && named == Named::Itself;
    let through_role = granted && !cross && named == Named::Role;
    let refusals = [
        restricts(rcp),
        restricts(scp),
        restricts(endpoint),
        restricts(boundary) && !direct,
        restricts(session) && !direct,
        identity != State::Allow && !direct && !through_role,
        cross && !granted,
    ];
    match refusals.into_iter().zip(PolicyType::ALL).find(|(refuses, _)| *refuses) {
        Some((_, policy_type)) => (Decision::ImplicitDeny, Some(policy_type)),
        None => (Decision::Allowed, None),
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Named {
    Itself,
    Role,
    Account,
}

#[test]
fn every_combination_of_policy_types_is_decided_by_the_rules() {
    let session_arn = "arn:aws:sts::111122223333:assumed-role/chat/s1";
    let plain = Texts::new(None);
    let everybody = Texts::new(Some(r#""*""#));
    let ways = [
        (Named::Itself, Texts::new(Some(&format!(r#"{{"AWS": "{session_arn}"}}"#)))),
        (Named::Role, Texts::new(Some(r#"{"AWS": "arn:aws:iam::111122223333:role/chat"}"#))),
        (Named::Account, Texts::new(Some(r#"{"AWS": "111122223333"}"#))),
    ];
    let mut decided = [0_usize; 3];
    for cross in [false, true] {
        let owner = if cross { "444455556666" } else { "111122223333" };
        // A service to which resource control policies apply.
        let request = RequestContext {
            action: "sqs:SendMessage".to_owned(),
            resource: format!("arn:aws:sqs:us-east-1:{owner}:jobs"),
            context: ContextKeys::new(),
        };
        for (named, resource_texts) in &ways {
            for index in 0..4_usize.pow(7) {
                let states: [State; 7] = std::array::from_fn(|place| STATES[index / 4_usize.pow(place as u32) % 4]);
                let [rcp, scp, endpoint, boundary, session, identity, resource] = states;
                let levels = |texts: &Texts, state: State| match state {
                    State::Absent => vec![],
                    state => vec![vec![texts.allow.clone()], texts.list(state)],
                };
                let policies = Policies {
                    identity: plain.list(identity),
                    permissions_boundary: plain.one(boundary),
                    service_control: levels(&plain, scp),
                    resource_control: levels(&everybody, rcp),
                    session: (session != State::Absent).then(|| plain.list(session)),
                    vpc_endpoint: everybody.one(endpoint),
                    resource: (resource != State::Absent).then(|| resource_texts.list(resource)),
                };
                let evaluation = decide(&Question::new(session_arn, &request), &policies);
                let expected = expected(states, cross, *named);
                assert_eq!(
                    (evaluation.decision, evaluation.policy_type),
                    expected,
                    "{states:?}, named by {named:?}, cross-account: {cross}"
                );
                decided[match evaluation.decision {
                    Decision::Allowed => 0,
                    Decision::ExplicitDeny => 1,
                    _ => 2,
                }] += 1;
            }
        }
    }
    assert!(decided.iter().all(|count| *count > 50), "{decided:?}");
}
