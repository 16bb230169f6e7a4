//! The least-privilege policy allows the call that it was made for, and no neighbour.

use bedrock_access::bedrock::{InferenceProfile, Operation, ProfileKind};
use bedrock_access::iam::{Decision, RequestContext};
use bedrock_access::policy::{Document, Policies, Policy, Question, decide, least_privilege, lint};
use bedrock_access::request::Request;

fn requirements(model: &str, destinations: &[&str], operation: Operation) -> Vec<RequestContext> {
    let request = Request::new(Some(model.parse().unwrap()), operation, "us-east-1".parse().unwrap());
    let profile = request.is_through_profile().then(|| InferenceProfile {
        arn: request.profile_arn(Some("111122223333")).unwrap(),
        id: model.to_owned(),
        kind: ProfileKind::SystemDefined,
        models: destinations.iter().map(|region| request.model_arn(region, request.base_model().unwrap())).collect(),
    });
    request.requirements(profile.as_ref(), Some("111122223333")).requirements
}

fn allowed(policies: &Policies, requirements: &[RequestContext]) -> bool {
    let caller = "arn:aws:iam::111122223333:role/chat";
    requirements
        .iter()
        .all(|requirement| decide(&Question::new(caller, requirement), policies).decision == Decision::Allowed)
}

#[test]
fn the_call_is_allowed_and_its_neighbours_are_not() {
    let both = [Operation::InvokeModel, Operation::InvokeModelWithResponseStream];
    for (model, destinations, neighbours) in [
        (
            "amazon.nova-lite-v1:0",
            &[][..],
            [
                ("amazon.nova-lite-v1:1", &[][..]),
                ("amazon.nova-pro-v1:0", &[]),
                ("us.amazon.nova-lite-v1:0", &["us-east-1"]),
            ],
        ),
        (
            "us.amazon.nova-lite-v1:0",
            &["us-east-1", "us-west-2"],
            [
                ("us.amazon.nova-pro-v1:0", &["us-east-1"]),
                ("us.amazon.nova-lite-v1:0", &["us-east-2"]),
                ("amazon.nova-lite-v1:0", &[]),
            ],
        ),
        (
            "global.amazon.nova-2-lite-v1:0",
            &["us-east-1", ""],
            [
                ("global.amazon.nova-2-pro-v1:0", &[""]),
                ("us.amazon.nova-2-lite-v1:0", &["us-east-1"]),
                ("amazon.nova-2-lite-v1:0", &[]),
            ],
        ),
    ] {
        for operations in [&both[..], &both[..1], &both[1..]] {
            let wanted: Vec<RequestContext> =
                operations.iter().flat_map(|operation| requirements(model, destinations, *operation)).collect();
            let text = format!("{:#}", least_privilege(&wanted));
            let policies =
                Policies { identity: vec![Policy::unnamed(Document::parse(&text).unwrap())], ..Policies::default() };
            assert!(allowed(&policies, &wanted), "{model}:\n{text}");
            for (neighbour, destinations) in neighbours {
                assert!(
                    !allowed(&policies, &requirements(neighbour, destinations, operations[0])),
                    "{neighbour}:\n{text}"
                );
            }
            for other in both.iter().filter(|operation| !operations.contains(operation)) {
                assert!(!allowed(&policies, &requirements(model, destinations, *other)), "{other}:\n{text}");
            }
            let found: Vec<&str> = lint(&text).iter().map(|finding| finding.code.as_str()).collect();
            let only_one = operations == &both[..1];
            assert_eq!(found, if only_one { vec!["streaming-forgotten"; found.len()] } else { vec![] }, "{text}");
        }
    }
}
