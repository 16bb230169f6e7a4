//! The rules from evidence to verdict, on evidence made by hand: no account, no network, no clock.
//!
//! Every test starts from a case in which everything was seen and is good, and changes what it is about.

mod policies;

use bedrock_access::bedrock::{InferenceProfile, ProfileKind};
use bedrock_access::cause::{Cause, DocumentedCause};
use bedrock_access::diagnose::{Certainty, Diagnosis, Note, Unchecked, Verdict, Why, diagnose, open_questions};
use bedrock_access::evidence::{
    Answer, AuthorizationRecord, Availability, BedrockApiKey, Caller, Credentials, Evidence, Failure, FailureKind,
    FoundBy, IdentityPolicies, ListedModel, Listing, LiveSuccess, MatchedStatement, Observation, PolicySource,
    Question, ServiceError, Simulation, SimulationQuestion, SkipReason, Unseen, UseCaseForm,
};
use bedrock_access::iam::{Arn, Decision, Principal};
use bedrock_access::policy;
use bedrock_access::request::{LiveCall, Request};

const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA: &str = "amazon.nova-lite-v1:0";
const ROLE: &str = "arn:aws:iam::111122223333:role/apps/chat-api";

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

/// A case in which everything was seen and is good, but for the simulations, which are still to be asked.
fn unasked(model: &str) -> Evidence {
    let reference: bedrock_access::bedrock::ModelReference = model.parse().unwrap();
    let base = reference.base_model().unwrap().to_owned();
    let profile = InferenceProfile {
        arn: arn(&format!("arn:aws:bedrock:us-west-2:111122223333:inference-profile/{model}")),
        id: model.to_owned(),
        kind: ProfileKind::SystemDefined,
        models: ["us-east-1", "us-west-2"]
            .map(|region| arn(&format!("arn:aws:bedrock:{region}::foundation-model/{base}")))
            .to_vec(),
    };
    let is_profile = reference.is_profile();
    let operation = bedrock_access::bedrock::Operation::Converse;
    let request = Request::new(Some(reference), operation, "us-west-2".parse().unwrap());
    Evidence {
        credentials: Observation::Seen(Credentials {
            api_key: None,
            source: "environment".to_owned(),
            expires_at: None,
        }),
        caller: Observation::Seen(Caller {
            account: "111122223333".to_owned(),
            principal: Principal::new(arn("arn:aws:sts::111122223333:assumed-role/chat-api/session")),
        }),
        principal: Observation::Seen(PolicySource { candidates: vec![arn(ROLE)], found_by: FoundBy::GetRole }),
        service_role: skipped(),
        profile: if is_profile { Observation::Seen(profile) } else { skipped() },
        listing: Observation::Seen(Listing {
            model: Some(ListedModel {
                id: base.clone(),
                provider: None,
                lifecycle: Some("ACTIVE".to_owned()),
                end_of_life: None,
                inference_types: vec!["ON_DEMAND".to_owned(), "INFERENCE_PROFILE".to_owned()],
                streaming: Some(true),
            }),
            ids: vec![base.clone()],
            callable: vec![base.clone()],
        }),
        availability: Observation::Seen(Availability {
            agreement: Some("AVAILABLE".to_owned()),
            agreement_error: None,
            authorization: Some("AUTHORIZED".to_owned()),
            entitlement: Some("AVAILABLE".to_owned()),
            region: Some("AVAILABLE".to_owned()),
        }),
        policies: IdentityPolicies::default(),
        use_case_form: if base.starts_with("anthropic") { Observation::Seen(UseCaseForm {}) } else { skipped() },
        guardrails: Observation::Seen(Vec::new()),
        ..Evidence::new(request, "2026-11-22T12:00:00Z".to_owned(), None)
    }
}

/// The simulations that are still to be asked.
fn simulations(evidence: &Evidence) -> Vec<SimulationQuestion> {
    let simulation = |question| match question {
        Question::Simulate(question) => Some(*question),
        _ => None,
    };
    open_questions(evidence).into_iter().filter_map(simulation).collect()
}

/// The same with every question answered alike.
fn answered(mut evidence: Evidence, simulation: &Observation<Simulation>) -> Evidence {
    for _ in 0..4 {
        for question in open_questions(&evidence) {
            match question {
                Question::Simulate(question) => {
                    // The control of what is put down to an SCP: a read that has just succeeded.
                    let is_control = question.requirement.action == "bedrock:ListFoundationModels";
                    let answer = if is_control {
                        Observation::Seen(self::simulation(Decision::Allowed))
                    } else {
                        simulation.clone()
                    };
                    evidence.answers.push(Answer { question: *question, simulation: answer });
                }
                Question::ReadPolicy(_) => {}
                Question::Profiles => evidence.profiles = failed(FailureKind::TimedOut),
                Question::DataRetention => evidence.data_retention = failed(FailureKind::TimedOut),
                Question::TrustedAccessPrograms => evidence.programs = failed(FailureKind::TimedOut),
                Question::Authorization(question) => {
                    let details = failed(FailureKind::TimedOut);
                    evidence.authorizations.push(AuthorizationRecord { question, details });
                }
            }
        }
    }
    assert_eq!(open_questions(&evidence), [], "every answer closes its question");
    evidence
}

fn good(model: &str) -> Evidence {
    answered(unasked(model), &Observation::Seen(simulation(Decision::Allowed)))
}

fn simulation(decision: Decision) -> Simulation {
    Simulation {
        decision,
        matched: Vec::new(),
        missing_context: Vec::new(),
        allowed_by_organizations: Some(true),
        allowed_by_boundary: None,
    }
}

fn skipped<T>() -> Observation<T> {
    Observation::Skipped(SkipReason::NotAsked)
}

fn refused<T>(code: &str, status: u16, message: &str) -> Observation<T> {
    Observation::Refused(ServiceError {
        code: Some(code.to_owned()),
        message: Some(message.to_owned()),
        status: Some(status),
        request_id: Some("7c4b1f0e-2d6a-4f7e-9a55-0f3a9c1f8b21".to_owned()),
        error_type: None,
    })
}

fn failed<T>(kind: FailureKind) -> Observation<T> {
    Observation::Failed(Failure { kind, endpoint: Some("bedrock.us-west-2".to_owned()), detail: String::new() })
}

/// Ways in which a check can come back without an answer that settles it.
fn unseen<T>() -> Vec<Observation<T>> {
    vec![
        refused(
            "AccessDeniedException",
            403,
            "User: arn:aws:sts::111122223333:assumed-role/chat-api/session is not authorized to perform: bedrock:GetFoundationModelAvailability because no identity-based policy allows the bedrock:GetFoundationModelAvailability action",
        ),
        refused("ThrottlingException", 429, "Rate exceeded"),
        refused("InternalServerException", 500, "An internal server error has occurred"),
        failed(FailureKind::TimedOut),
        failed(FailureKind::Unreadable),
        failed(FailureKind::NotAskedAgain),
        failed(FailureKind::OutOfTime),
        skipped(),
    ]
}

fn causes(diagnosis: &Diagnosis) -> Vec<&'static str> {
    diagnosis.findings.iter().map(|finding| finding.cause.code()).collect()
}

fn documented(diagnosis: &Diagnosis) -> Option<String> {
    diagnosis.documented_cause.map(|cause| serde_json::to_value(cause).unwrap().as_str().unwrap().to_owned())
}

#[test]
fn everything_seen_and_good_is_allowed_as_a_prediction() {
    for model in ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-lite-v1:0", CLAUDE, NOVA] {
        let diagnosis = diagnose(&good(model));
        assert_eq!((diagnosis.verdict, diagnosis.certainty), (Verdict::Allowed, Some(Certainty::Simulated)), "{model}");
        assert_eq!(documented(&diagnosis).as_deref(), Some("none"));
        assert!(!diagnosis.not_checked.is_empty(), "a prediction says what it could not see");
    }
}

#[test]
fn a_check_that_was_not_seen_is_never_a_cause_and_never_an_allow() {
    let models = ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", CLAUDE];
    for model in models {
        let mut cases: Vec<(&str, Evidence)> = Vec::new();
        for way in unseen() {
            cases.push(("listing", Evidence { listing: way, ..good(model) }));
        }
        for way in unseen() {
            cases.push(("availability", Evidence { availability: way, ..good(model) }));
        }
        for way in unseen() {
            cases.push(("use case form", Evidence { use_case_form: way, ..good(model) }));
        }
        for way in unseen() {
            cases.push(("principal", Evidence { principal: way, ..good(model) }));
        }
        for way in unseen() {
            cases.push(("simulator", answered(unasked(model), &way)));
        }
        if model.starts_with("us.") {
            for way in unseen() {
                let evidence = Evidence { profile: way, ..unasked(model) };
                cases.push(("profile", answered(evidence, &Observation::Seen(simulation(Decision::Allowed)))));
            }
        }
        for (what, evidence) in cases {
            let diagnosis = diagnose(&evidence);
            assert_eq!(diagnosis.verdict, Verdict::Undetermined, "{what} of {model}: {:?}", causes(&diagnosis));
            assert_eq!(causes(&diagnosis), [""; 0], "{what} of {model}");
            assert_eq!((diagnosis.certainty, documented(&diagnosis)), (None, None), "{what}");
            assert!(!diagnosis.not_checked.is_empty(), "{what}");
        }
    }
}

#[test]
fn one_requirement_that_was_not_simulated_keeps_from_allowed() {
    let whole = good("us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    for hidden in 0..whole.answers.len() {
        let mut evidence = whole.clone();
        evidence.answers[hidden].simulation = refused("Throttling", 400, "Rate exceeded");
        assert_eq!(diagnose(&evidence).verdict, Verdict::Undetermined, "requirement {hidden}");
    }
}

#[test]
fn one_requirement_that_is_denied_denies_the_call_whatever_else_is_unread() {
    let whole = good("us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    for denied in 0..whole.answers.len() {
        let mut evidence = whole.clone();
        evidence.answers[denied].simulation = Observation::Seen(simulation(Decision::ImplicitDeny));
        evidence.listing = failed(FailureKind::TimedOut);
        evidence.availability = failed(FailureKind::NotAskedAgain);
        let diagnosis = diagnose(&evidence);
        assert_eq!((diagnosis.verdict, causes(&diagnosis)), (Verdict::Denied, vec!["identity-policy-missing-allow"]));
        let requirement = &evidence.answers[denied].question.requirement;
        assert_eq!(diagnosis.findings[0].resources, std::slice::from_ref(&requirement.resource));
        assert_eq!(diagnosis.certainty, Some(Certainty::Simulated));
    }
}

#[test]
fn what_the_availability_says_of_each_gate() {
    let fields = |change: fn(&mut Availability)| {
        move |evidence: &mut Evidence| {
            let Observation::Seen(fields) = &mut evidence.availability else { panic!("seen") };
            change(fields);
        }
    };
    type Change = Box<dyn Fn(&mut Evidence)>;
    let cases: Vec<(&str, &str, Change, Verdict, Option<&str>)> = vec![
        (
            CLAUDE,
            "not authorized",
            Box::new(fields(|f| f.authorization = Some("NOT_AUTHORIZED".into()))),
            Verdict::Undetermined,
            Some("model-access-not-granted"),
        ),
        (
            CLAUDE,
            "no entitlement",
            Box::new(fields(|f| f.entitlement = Some("NOT_AVAILABLE".into()))),
            Verdict::Undetermined,
            Some("model-access-not-granted"),
        ),
        // Seen on models of Amazon's that work.
        (
            NOVA,
            "Amazon's not authorized",
            Box::new(fields(|f| f.authorization = Some("NOT_AUTHORIZED".into()))),
            Verdict::Undetermined,
            None,
        ),
        (
            CLAUDE,
            "not in the Region",
            Box::new(fields(|f| f.region = Some("NOT_AVAILABLE".into()))),
            Verdict::Denied,
            Some("region-unavailable"),
        ),
        (
            CLAUDE,
            "agreement pending",
            Box::new(fields(|f| f.agreement = Some("PENDING".into()))),
            Verdict::Undetermined,
            Some("marketplace-agreement-pending"),
        ),
        (
            CLAUDE,
            "agreement failed for payment",
            Box::new(fields(|f| {
                f.agreement = Some("ERROR".into());
                f.agreement_error =
                    Some("INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided.".into());
            })),
            Verdict::Denied,
            Some("payment-instrument"),
        ),
        (
            CLAUDE,
            "agreement failed",
            Box::new(fields(|f| {
                f.agreement = Some("ERROR".into());
                f.agreement_error = Some("something new".into());
            })),
            Verdict::Denied,
            Some("model-access-not-granted"),
        ),
        // The first call makes it, where the caller may subscribe; without a call it stays open.
        (
            CLAUDE,
            "no agreement yet",
            Box::new(fields(|f| f.agreement = Some("NOT_AVAILABLE".into()))),
            Verdict::Undetermined,
            None,
        ),
        (
            "meta.llama3-3-70b-instruct-v1:0",
            "none needed",
            Box::new(fields(|f| f.agreement = Some("NOT_AVAILABLE".into()))),
            Verdict::Allowed,
            None,
        ),
        (
            "openai.gpt-oss-120b-1:0",
            "documented both ways",
            Box::new(fields(|f| f.agreement = Some("NOT_AVAILABLE".into()))),
            Verdict::Undetermined,
            None,
        ),
        (
            CLAUDE,
            "a word that AWS did not have before",
            Box::new(fields(|f| f.authorization = Some("PARTLY".into()))),
            Verdict::Undetermined,
            None,
        ),
        (CLAUDE, "a field that is not there", Box::new(fields(|f| f.agreement = None)), Verdict::Undetermined, None),
    ];
    for (model, what, change, verdict, cause) in cases {
        let mut evidence = unasked(model);
        change(&mut evidence);
        let diagnosis = diagnose(&answered(evidence, &Observation::Seen(simulation(Decision::Allowed))));
        assert_eq!((diagnosis.verdict, causes(&diagnosis).first().copied()), (verdict, cause), "{what}");
    }
}

#[test]
fn a_missing_agreement_is_a_cause_where_the_caller_may_not_subscribe() {
    let mut evidence = unasked(CLAUDE);
    let Observation::Seen(fields) = &mut evidence.availability else { panic!("seen") };
    fields.agreement = Some("NOT_AVAILABLE".to_owned());
    let asked = open_questions(&evidence);
    for question in asked {
        let Question::Simulate(question) = question else { continue };
        let requirement = &question.requirement;
        let decision =
            if requirement.action.starts_with("aws-marketplace:") { Decision::ImplicitDeny } else { Decision::Allowed };
        if requirement.action.starts_with("aws-marketplace:") {
            assert_eq!(
                requirement.context.get("aws:CalledViaLast").unwrap().as_single(),
                Some("bedrock.amazonaws.com")
            );
        }
        evidence.answers.push(Answer { question: *question, simulation: Observation::Seen(simulation(decision)) });
    }
    let diagnosis = diagnose(&evidence);
    assert_eq!((diagnosis.verdict, causes(&diagnosis)), (Verdict::Denied, vec!["marketplace-permission"]));
    assert_eq!(documented(&diagnosis).as_deref(), Some("model-access"));
}

#[test]
fn what_the_listing_says() {
    let listed = |change: fn(&mut Listing)| {
        let mut evidence = good(CLAUDE);
        let Observation::Seen(listing) = &mut evidence.listing else { panic!("seen") };
        change(listing);
        diagnose(&evidence)
    };
    let gone = listed(|listing| {
        listing.model = None;
        listing.ids = vec!["amazon.nova-lite-v1:0".to_owned()];
    });
    assert_eq!(causes(&gone), ["region-unavailable"]);
    let slip = listed(|listing| {
        listing.model = None;
        listing.ids = vec![format!("{CLAUDE}:200k")];
    });
    assert_eq!((causes(&slip), documented(&slip).as_deref()), (vec!["invalid-model-id"], Some("neither")));
    let model = |change: fn(&mut ListedModel)| {
        let mut evidence = good(CLAUDE);
        let Observation::Seen(listing) = &mut evidence.listing else { panic!("seen") };
        change(listing.model.as_mut().unwrap());
        diagnose(&evidence)
    };
    let ended = model(|model| {
        model.lifecycle = Some("LEGACY".to_owned());
        model.end_of_life = Some("2026-11-22T11:59:59Z".to_owned());
    });
    assert_eq!(causes(&ended), ["legacy-model"]);
    let ending = model(|model| {
        model.lifecycle = Some("LEGACY".to_owned());
        model.end_of_life = Some("2026-11-22T12:00:01Z".to_owned());
    });
    assert_eq!((ending.verdict, ending.advice.len()), (Verdict::Allowed, 1));
    for odd in [None, Some("SUNSET".to_owned())] {
        let mut evidence = good(CLAUDE);
        let Observation::Seen(listing) = &mut evidence.listing else { panic!("seen") };
        listing.model.as_mut().unwrap().lifecycle = odd;
        assert_eq!(diagnose(&evidence).verdict, Verdict::Undetermined);
    }
    let profile_only = model(|model| model.inference_types = vec!["INFERENCE_PROFILE".to_owned()]);
    assert_eq!(
        (causes(&profile_only), documented(&profile_only).as_deref()),
        (vec!["inference-profile-required"], Some("neither"))
    );
    let provisioned_only = model(|model| model.inference_types = vec!["PROVISIONED".to_owned()]);
    assert_eq!((provisioned_only.verdict, causes(&provisioned_only)), (Verdict::Undetermined, vec![]));
}

#[test]
fn a_form_that_is_not_found_is_missing_and_only_for_anthropic() {
    let form = |model: &str| Evidence {
        use_case_form: refused("ResourceNotFoundException", 404, "You have not filled out the request form."),
        ..good(model)
    };
    let diagnosis = diagnose(&form(CLAUDE));
    // A form of the management account may hide behind the 404: likely, and not denied.
    assert_eq!((diagnosis.verdict, causes(&diagnosis)), (Verdict::Undetermined, vec!["use-case-form-missing"]));
    assert!(diagnosis.findings[0].is_likely);
    assert_eq!(diagnosis.likely_cause, Some(DocumentedCause::ModelAccess));
    assert_eq!(diagnose(&form(NOVA)).verdict, Verdict::Allowed);
}

#[test]
fn both_causes_are_shown_the_permission_first() {
    let mut evidence = answered(unasked(CLAUDE), &Observation::Seen(simulation(Decision::ImplicitDeny)));
    evidence.use_case_form = refused("ResourceNotFoundException", 404, "You have not filled out the request form.");
    let diagnosis = diagnose(&evidence);
    assert_eq!(causes(&diagnosis), ["identity-policy-missing-allow", "use-case-form-missing"]);
    assert_eq!(documented(&diagnosis).as_deref(), Some("both"));
}

fn with_live(mut evidence: Evidence, answer: Observation<LiveSuccess>) -> Diagnosis {
    evidence.request.live = LiveCall::Probe;
    evidence.invocation = answer;
    diagnose(&evidence)
}

#[test]
fn the_live_answer_outranks_everything() {
    let everything_else_bad = || {
        let mut evidence = answered(unasked(CLAUDE), &Observation::Seen(simulation(Decision::ExplicitDeny)));
        evidence.use_case_form = refused("ResourceNotFoundException", 404, "no form");
        evidence.listing = failed(FailureKind::TimedOut);
        evidence
    };
    for (kind, answer, outcome) in [
        (
            LiveCall::Invoke,
            Observation::Seen(LiveSuccess {
                request_id: None,
                status: Some(200),
                content_type: Some("application/json".to_owned()),
                fields: vec!["output".to_owned()],
            }),
            "succeeded",
        ),
        (
            LiveCall::Probe,
            refused(
                "ValidationException",
                400,
                "Malformed input request: #: required key [messages] not found, please reformat your input and try again.",
            ),
            "body-rejected",
        ),
    ] {
        let mut evidence = everything_else_bad();
        evidence.request.live = kind;
        evidence.invocation = answer;
        let diagnosis = diagnose(&evidence);
        assert_eq!(
            (diagnosis.verdict, diagnosis.certainty),
            (Verdict::Allowed, Some(Certainty::Reported)),
            "{outcome}"
        );
        assert_eq!(diagnosis.invocation.outcome.as_str(), outcome);
        assert_eq!(causes(&diagnosis), [""; 0]);
        assert!(!diagnosis.contradictions.is_empty(), "the simulator said otherwise, and that is said");
    }
    for (code, status, message, cause) in [
        (
            "AccessDeniedException",
            403,
            "User: arn:aws:sts::111122223333:assumed-role/chat-api/session is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0 because no session policy allows the bedrock:InvokeModel action",
            "session-policy",
        ),
        (
            "AccessDeniedException",
            403,
            "You don't have access to the model with the specified model ID.",
            "model-access-not-granted",
        ),
        (
            "ResourceNotFoundException",
            404,
            "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model.",
            "use-case-form-missing",
        ),
        ("ValidationException", 400, "Operation not allowed", "account-restricted"),
        ("ValidationException", 400, "The provided model identifier is invalid.", "invalid-model-id"),
        ("ThrottlingException", 429, "Too many tokens per day, please wait before trying again.", "quota-exceeded"),
        ("ResourceNotFoundException", 404, "This model version has reached the end of its life.", "legacy-model"),
        ("ExpiredTokenException", 403, "The security token included in the request is expired", "credentials-expired"),
    ] {
        let diagnosis = with_live(good(CLAUDE), refused(code, status, message));
        assert_eq!((diagnosis.verdict, causes(&diagnosis)), (Verdict::Denied, vec![cause]), "{message}");
        assert_eq!(diagnosis.certainty, Some(Certainty::Reported), "{message}");
    }
}

#[test]
fn a_live_answer_that_settles_nothing_settles_nothing() {
    for answer in [
        refused("FutureException", 418, "a text that nobody has seen"),
        refused(
            "InternalServerException",
            500,
            "The system encountered an unexpected error during processing. Try your request again.",
        ),
        refused("ServiceUnavailableException", 503, "Bedrock is unable to process your request."),
        // What answers the probe like a model is not one, and a body that is called wrong in unknown words may be a gate.
        Observation::Seen(LiveSuccess {
            request_id: Some("r".to_owned()),
            status: Some(200),
            content_type: Some("application/json".to_owned()),
            fields: Vec::new(),
        }),
        refused("ValidationException", 400, "Unexpected field"),
        refused("ValidationException", 422, "Malformed input request: x, please reformat your input and try again."),
        failed(FailureKind::TimedOut),
        failed(FailureKind::Unreadable),
    ] {
        let diagnosis = with_live(good(CLAUDE), answer.clone());
        // Proof was asked for and did not come: a prediction would not do.
        assert_eq!(diagnosis.verdict, Verdict::Undetermined, "{answer:?}: {:?}", causes(&diagnosis));
        let told = diagnosis
            .not_checked
            .iter()
            .any(|unseen| matches!(unseen.what, Unchecked::TestCall | Unchecked::TestCallAnswer));
        assert!(told, "{answer:?}: {:?}", diagnosis.not_checked);
    }
}

#[test]
fn a_429_proves_nothing_and_leaves_the_rest_to_decide() {
    let throttled = || refused("ThrottlingException", 429, "Too many requests, please wait before trying again.");
    let predicted = with_live(good(CLAUDE), throttled());
    assert_eq!((predicted.verdict, predicted.certainty), (Verdict::Allowed, Some(Certainty::Simulated)));
    assert!(predicted.not_checked.iter().any(|unseen| unseen.what == Unchecked::TestCallAnswer));
    let denied = answered(unasked(CLAUDE), &Observation::Seen(simulation(Decision::ImplicitDeny)));
    assert_eq!(with_live(denied, throttled()).verdict, Verdict::Denied);
    let unread = Evidence { listing: failed(FailureKind::TimedOut), ..good(CLAUDE) };
    assert_eq!(with_live(unread, throttled()).verdict, Verdict::Undetermined);
}

#[test]
fn an_scp_that_also_denies_what_has_just_succeeded_is_not_believed() {
    let by_scp = Simulation { allowed_by_organizations: Some(false), ..simulation(Decision::ExplicitDeny) };
    let denied = answered(unasked(NOVA), &Observation::Seen(by_scp.clone()));
    assert_eq!(causes(&diagnose(&denied)), ["service-control-policy"]);
    let mut doubted = denied;
    let is_control = |answer: &&mut Answer| answer.question.requirement.action == "bedrock:ListFoundationModels";
    let control = doubted.answers.iter_mut().find(is_control).expect("the control was asked");
    control.simulation = Observation::Seen(by_scp);
    let diagnosis = diagnose(&doubted);
    assert_eq!((diagnosis.verdict, causes(&diagnosis)), (Verdict::Undetermined, vec![]));
    assert!(diagnosis.not_checked.iter().any(|unseen| unseen.why == Why::ScpControlDenied));
}

#[test]
fn the_simulators_allow_does_not_hide_a_live_refusal() {
    let text = "User: arn:aws:sts::111122223333:assumed-role/chat-api/session is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0 because no identity-based policy allows the bedrock:InvokeModel action";
    let diagnosis = with_live(good(CLAUDE), refused("AccessDeniedException", 403, text));
    assert_eq!(causes(&diagnosis), ["identity-policy-missing-allow"]);
    assert!(diagnosis.findings[0].alternatives.iter().any(|other| other.cause == Cause::SessionPolicy));
    assert_eq!(diagnosis.contradictions.len(), 1, "{:?}", diagnosis.contradictions);
}

#[test]
fn credentials_and_network_prevent_everything() {
    let none = || Evidence {
        caller: skipped(),
        principal: skipped(),
        profile: skipped(),
        listing: skipped(),
        availability: skipped(),
        use_case_form: skipped(),
        ..unasked(CLAUDE)
    };
    let credentials = |kind: FailureKind, detail: &str| Evidence {
        credentials: Observation::Failed(Failure { kind, endpoint: None, detail: detail.to_owned() }),
        ..none()
    };
    for (evidence, cause) in [
        (credentials(FailureKind::NoCredentials, ""), "credentials-missing"),
        (credentials(FailureKind::CredentialsProvider, "the SSO session has expired"), "credentials-expired"),
        (credentials(FailureKind::CredentialsProvider, "exit status 1"), "credentials-missing"),
        (
            Evidence {
                caller: refused("ExpiredToken", 403, "The security token included in the request is expired"),
                ..none()
            },
            "credentials-expired",
        ),
        (
            Evidence {
                caller: refused("InvalidClientTokenId", 403, "The security token included in the request is invalid."),
                ..none()
            },
            "credentials-invalid",
        ),
        (
            Evidence {
                caller: refused(
                    "SignatureDoesNotMatch",
                    403,
                    "The request signature we calculated does not match the signature you provided.",
                ),
                ..none()
            },
            "signature-mismatch",
        ),
        (
            Evidence { caller: failed(FailureKind::TimedOut), listing: failed(FailureKind::TimedOut), ..none() },
            "network-unreachable",
        ),
        (
            Evidence { caller: failed(FailureKind::Unreadable), listing: failed(FailureKind::Unreadable), ..none() },
            "network-unreachable",
        ),
    ] {
        let diagnosis = diagnose(&evidence);
        assert_eq!((diagnosis.verdict, causes(&diagnosis)), (Verdict::Denied, vec![cause]));
        assert_eq!(documented(&diagnosis).as_deref(), Some("neither"));
    }
    // STS accepts the keys, and Bedrock sees an API key that it rejects.
    let text = "Authentication failed: Please make sure your API Key is valid.";
    let bad_key = Evidence {
        listing: refused("AccessDeniedException", 403, text),
        availability: refused("AccessDeniedException", 403, text),
        ..good(NOVA)
    };
    assert_eq!(causes(&diagnose(&Evidence { principal: skipped(), ..bad_key })), ["api-key-rejected"]);
    // STS answers, and Bedrock's name does not resolve: the Region has no Bedrock.
    let no_bedrock = Evidence {
        listing: failed(FailureKind::Unreachable),
        availability: failed(FailureKind::Unreachable),
        ..good(NOVA)
    };
    assert_eq!(causes(&diagnose(&no_bedrock)), ["network-unreachable"]);
    // STS answers, and the control plane is silent: the runtime may be reachable all the same.
    let silent = Evidence {
        listing: failed(FailureKind::TimedOut),
        availability: failed(FailureKind::NotAskedAgain),
        ..good(NOVA)
    };
    assert_eq!(diagnose(&silent).verdict, Verdict::Undetermined);
}

#[test]
fn a_role_whose_path_is_not_known_is_looked_for_in_turn() {
    let role = "AWSReservedSSO_Developer_0123456789abcdef";
    let candidates: Vec<Arn> = ["aws-reserved/sso.amazonaws.com/", "aws-reserved/sso.amazonaws.com/us-west-2/", ""]
        .map(|path| arn(&format!("arn:aws:iam::111122223333:role/{path}{role}")))
        .to_vec();
    let mut evidence = unasked(NOVA);
    evidence.principal =
        Observation::Seen(PolicySource { candidates: candidates.clone(), found_by: FoundBy::IdentityCenterForms });
    let mut asked = Vec::new();
    loop {
        let questions = open_questions(&evidence);
        if questions.is_empty() {
            break;
        }
        for question in questions {
            let Question::Simulate(question) = question else { continue };
            let principal = &question.principal;
            asked.push(principal.clone());
            let simulation = if *principal == candidates[1] {
                Observation::Seen(simulation(Decision::Allowed))
            } else {
                refused("NoSuchEntity", 404, "The role cannot be found.")
            };
            evidence.answers.push(Answer { question: *question, simulation });
        }
    }
    assert_eq!(asked, candidates[..2], "the third was not needed");
    let diagnosis = diagnose(&evidence);
    assert_eq!((diagnosis.verdict, diagnosis.caller.principal_arn), (Verdict::Allowed, Some(candidates[1].clone())));
}

#[test]
fn who_cannot_be_simulated_is_said_to_be_that() {
    for reason in [SkipReason::RootUser, SkipReason::FederatedUser] {
        let evidence = Evidence { principal: Observation::Skipped(reason.clone()), ..good(NOVA) };
        let why = Why::Unseen(Unseen::Skipped(reason));
        let diagnosis = diagnose(&evidence);
        assert_eq!(diagnosis.verdict, Verdict::Undetermined);
        assert!(diagnosis.not_checked.iter().any(|unseen| unseen.why == why));
        assert_eq!(diagnosis.requirements.len(), 1, "the requirement is still listed");
        assert_eq!(diagnosis.model_access.listed, Some(true), "and the rest still looked at");
    }
}

#[test]
fn the_statement_that_denies_is_named_with_its_place() {
    let mut denied = simulation(Decision::ExplicitDeny);
    denied.matched = vec![MatchedStatement {
        policy: Some("DenyBedrock".to_owned()),
        source: Some("user-managed".to_owned()),
        line: Some(7),
        column: Some(5),
        end: None,
    }];
    let diagnosis = diagnose(&answered(unasked(NOVA), &Observation::Seen(denied)));
    assert_eq!(causes(&diagnosis), ["identity-policy-explicit-deny"]);
    let decided = &diagnosis.requirements[0].decided_by[0];
    assert_eq!((decided.policy.as_deref(), decided.line, decided.column), (Some("DenyBedrock"), Some(7), Some(5)));
    assert_eq!(diagnosis.findings[0].remedy.changes[0].policy.as_deref(), Some("DenyBedrock"));
}

#[test]
fn the_remedys_policy_allows_every_requirement_and_nothing_else() {
    for model in ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", NOVA] {
        let evidence = answered(unasked(model), &Observation::Seen(simulation(Decision::ImplicitDeny)));
        let diagnosis = diagnose(&evidence);
        let document = diagnosis.findings[0].remedy.policy.clone().unwrap();
        let policies = policy::Policies {
            identity: vec![policy::Policy::unnamed(policy::Document::from_value(&document).unwrap())],
            ..policy::Policies::default()
        };
        let decide = |request: &bedrock_access::iam::RequestContext| {
            policy::evaluate(&policy::Question::new(ROLE, request), &policies).decision
        };
        for requirement in &diagnosis.requirements {
            assert_eq!(decide(&requirement.request), Decision::Allowed, "{:?}", requirement.request);
            let mut neighbour = requirement.request.clone();
            neighbour.resource = neighbour.resource.replace("-v1:0", "-v2:0");
            assert_eq!(decide(&neighbour), Decision::ImplicitDeny, "{neighbour:?}");
            let mut elsewhere = requirement.request.clone();
            elsewhere.resource = elsewhere.resource.replace("us-", "eu-");
            assert_eq!(decide(&elsewhere), Decision::ImplicitDeny, "{elsewhere:?}");
            let mut other_action = requirement.request.clone();
            other_action.action = "bedrock:InvokeModelWithResponseStream".to_owned();
            assert_eq!(decide(&other_action), Decision::ImplicitDeny);
        }
    }
}

#[test]
fn saved_evidence_gives_the_same_diagnosis() {
    let evidence = answered(
        unasked("us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        &Observation::Seen(simulation(Decision::ImplicitDeny)),
    );
    let saved = serde_json::to_string(&evidence).unwrap();
    let read: Evidence = serde_json::from_str(&saved).unwrap();
    assert_eq!(read, evidence);
    assert_eq!(diagnose(&read), diagnose(&evidence));
    assert_eq!(open_questions(&read), []);
}

#[test]
fn hiding_what_was_seen_never_turns_a_denial_into_an_allow() {
    let denied = || {
        let mut evidence = answered(unasked(CLAUDE), &Observation::Seen(simulation(Decision::ImplicitDeny)));
        evidence.use_case_form = refused("ResourceNotFoundException", 404, "no form");
        let Observation::Seen(fields) = &mut evidence.availability else { panic!("seen") };
        fields.authorization = Some("NOT_AUTHORIZED".to_owned());
        evidence
    };
    for hidden in 0..64_u32 {
        let mut evidence = denied();
        let is_hidden = |bit: u32| hidden & (1 << bit) != 0;
        if is_hidden(0) {
            evidence.principal = failed(FailureKind::TimedOut);
        }
        if is_hidden(1) {
            evidence.listing = failed(FailureKind::TimedOut);
        }
        if is_hidden(2) {
            evidence.availability = skipped();
        }
        if is_hidden(3) {
            evidence.use_case_form = failed(FailureKind::OutOfTime);
        }
        if is_hidden(4) {
            evidence.answers.clear();
        }
        if is_hidden(5) {
            evidence.caller = failed(FailureKind::TimedOut);
        }
        assert_ne!(diagnose(&evidence).verdict, Verdict::Allowed, "{hidden:06b}");
    }
}

/// Answers every question as an account would in which these hold.
fn account(evidence: &mut Evidence, decide: impl Fn(&str, &bedrock_access::evidence::Trial) -> Simulation) -> usize {
    let mut asked = 0;
    loop {
        let questions = open_questions(evidence);
        if questions.is_empty() {
            return asked;
        }
        for question in questions {
            asked += 1;
            let Question::Simulate(question) = question else { continue };
            let (requirement, trial) = (&question.requirement, &question.trial);
            let is_control = requirement.action == "bedrock:ListFoundationModels";
            let decided = if is_control { simulation(Decision::Allowed) } else { decide(&requirement.resource, trial) };
            let simulation = Observation::Seen(decided);
            evidence.answers.push(Answer { question: *question, simulation });
        }
    }
}

#[test]
fn a_remedy_is_verified_by_its_trial_and_by_nothing_else() {
    use bedrock_access::diagnose::Verified;
    use bedrock_access::evidence::Exclusion;
    let model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

    let mut evidence = unasked(model);
    account(&mut evidence, |_, trial| {
        simulation(if trial.with.is_some() { Decision::Allowed } else { Decision::ImplicitDeny })
    });
    assert_eq!(diagnose(&evidence).findings[0].remedy.verified, Some(Verified::Allowed));

    let mut evidence = unasked(model);
    account(&mut evidence, |resource, trial| Simulation {
        allowed_by_organizations: Some(
            !resource.contains("us-east-1") || trial.without.contains(&Exclusion::ServiceControlPolicies),
        ),
        ..simulation(if resource.contains("us-east-1") && trial.is_empty() {
            Decision::ExplicitDeny
        } else {
            Decision::Allowed
        })
    });
    let diagnosis = diagnose(&evidence);
    assert_eq!(causes(&diagnosis), ["service-control-policy"]);
    assert_eq!(diagnosis.findings[0].remedy.verified, Some(Verified::AllowedWithout));

    // A simulator that ignores what is tried proves nothing.
    let mut evidence = unasked(model);
    account(&mut evidence, |_, _| simulation(Decision::ImplicitDeny));
    let diagnosis = diagnose(&evidence);
    assert_eq!(
        (causes(&diagnosis), diagnosis.findings[0].remedy.verified),
        (vec!["identity-policy-missing-allow"], None)
    );

    // One that does not answer proves nothing either.
    let mut evidence = unasked(model);
    account(&mut evidence, |_, _| simulation(Decision::ImplicitDeny));
    for answer in &mut evidence.answers {
        let trial = &answer.question.trial;
        if !trial.is_empty() {
            answer.simulation = refused("Throttling", 400, "Rate exceeded");
        }
    }
    assert_eq!(diagnose(&evidence).findings[0].remedy.verified, None);
}

#[test]
fn a_policy_behind_another_is_named_in_the_first_report() {
    use bedrock_access::evidence::Exclusion;
    let model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let mut evidence = unasked(model);
    let asked = account(&mut evidence, |resource, trial| {
        let organization =
            !resource.contains("us-east-1") || trial.without.contains(&Exclusion::ServiceControlPolicies);
        let decision = match (trial.with.is_some(), organization) {
            (true, true) => Decision::Allowed,
            (true, false) => Decision::ExplicitDeny,
            (false, _) => Decision::ImplicitDeny,
        };
        // As AWS does: where nothing allows, the organization's refusal does not show.
        Simulation { allowed_by_organizations: trial.with.is_some().then_some(organization), ..simulation(decision) }
    });
    let diagnosis = diagnose(&evidence);
    assert_eq!(causes(&diagnosis), ["identity-policy-missing-allow", "service-control-policy"]);
    assert_eq!(
        diagnosis.findings[1].resources,
        ["arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"]
    );
    for finding in &diagnosis.findings {
        assert_eq!(finding.remedy.verified, None, "neither change is enough alone");
        assert!(finding.remedy.notes.contains(&Note::NotEnoughAlone), "{:?}", finding.remedy.notes);
    }
    assert!(asked <= 14, "{asked} simulator calls");
}

#[test]
fn the_simulator_is_asked_within_a_budget() {
    let mut evidence = unasked("us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    // Each change brings another policy to light, without end.
    let asked = account(&mut evidence, |_, trial| Simulation {
        matched: vec![MatchedStatement {
            policy: Some(format!("Deny{}", trial.without.len())),
            source: Some("user-managed".to_owned()),
            line: Some(1),
            column: Some(1),
            end: None,
        }],
        ..simulation(Decision::ExplicitDeny)
    });
    assert!(asked <= 14, "{asked} simulator calls");
    let diagnosis = diagnose(&evidence);
    assert_eq!((diagnosis.verdict, diagnosis.findings[0].remedy.verified), (Verdict::Denied, None));
    let changed: Vec<_> =
        diagnosis.findings[0].remedy.changes.iter().filter_map(|change| change.policy.clone()).collect();
    assert!(changed.len() >= 2 && changed.contains(&"Deny0".to_owned()), "{changed:?}");
}

#[test]
fn a_probe_whose_body_is_called_wrong_in_unknown_words_settles_nothing() {
    let unknown = with_live(good(CLAUDE), refused("ValidationException", 400, "blah"));
    assert_eq!(unknown.verdict, Verdict::Undetermined, "{:?}", causes(&unknown));
    for text in [
        "The model returned the following errors: Failed to deserialize the JSON body into the target type: \
         reasoning_effort: invalid type: map, expected a string at line 1 column 187",
        "max_tokens_to_sample: Extra inputs are not permitted",
    ] {
        let diagnosis = with_live(good(CLAUDE), refused("ValidationException", 400, text));
        assert_eq!(
            (diagnosis.verdict, diagnosis.invocation.outcome.as_str()),
            (Verdict::Allowed, "body-rejected"),
            "{text}"
        );
    }
}

#[test]
fn a_simulator_that_contradicts_itself_settles_nothing() {
    for (organizations, boundary) in [(Some(false), None), (Some(true), Some(false)), (None, Some(false))] {
        let contradiction = Simulation {
            allowed_by_organizations: organizations,
            allowed_by_boundary: boundary,
            ..simulation(Decision::Allowed)
        };
        let diagnosis = diagnose(&answered(unasked(NOVA), &Observation::Seen(contradiction)));
        assert_eq!(diagnosis.verdict, Verdict::Undetermined);
    }
}

#[test]
fn what_is_read_of_one_account_says_nothing_of_another() {
    let mut evidence = unasked("us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    evidence.request.principal = Some(arn("arn:aws:iam::444455556666:role/x"));
    evidence.principal = skipped();
    let Observation::Seen(fields) = &mut evidence.availability else { panic!("seen") };
    fields.authorization = Some("NOT_AUTHORIZED".to_owned());
    let diagnosis = diagnose(&evidence);
    assert_eq!((diagnosis.verdict, causes(&diagnosis)), (Verdict::Undetermined, vec![]));
    assert!(
        diagnosis.requirements[0].request.resource.contains(":444455556666:inference-profile/"),
        "{:?}",
        diagnosis.requirements[0]
    );
}

#[test]
fn a_wrong_id_is_told_alone() {
    let mut evidence = unasked("eu.anthropic.claude-sonnet-4-5-20250929-v1:0");
    evidence.profile = refused("ResourceNotFoundException", 404, "The inference profile does not exist.");
    let diagnosis = diagnose(&answered(evidence, &Observation::Seen(simulation(Decision::ImplicitDeny))));
    assert_eq!(causes(&diagnosis), ["invalid-model-id"]);
    for typed in ["sonnet", "-", "claude-sonnet-4.5"] {
        let mut evidence = unasked(typed);
        let Observation::Seen(listing) = &mut evidence.listing else { panic!("seen") };
        listing.model = None;
        let diagnosis = diagnose(&answered(evidence, &Observation::Seen(simulation(Decision::ImplicitDeny))));
        assert_eq!(causes(&diagnosis), ["invalid-model-id"], "{typed}");
    }
}

#[test]
fn no_allow_is_offered_against_an_explicit_deny() {
    let boundary = || Simulation { allowed_by_boundary: Some(false), ..simulation(Decision::ExplicitDeny) };
    let diagnosis = diagnose(&answered(unasked(NOVA), &Observation::Seen(boundary())));
    assert_eq!(causes(&diagnosis), ["permissions-boundary"]);
    let remedy = &diagnosis.findings[0].remedy;
    assert_eq!((remedy.changes[0].kind.as_str(), &remedy.policy), ("remove-statement", &None));

    let text = "User: arn:aws:sts::111122223333:assumed-role/chat-api/session is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0 with an explicit deny in a VPC endpoint policy";
    let diagnosis = with_live(good(NOVA), refused("AccessDeniedException", 403, text));
    assert_eq!(causes(&diagnosis), ["vpc-endpoint-policy"]);
    assert_eq!(diagnosis.findings[0].remedy.changes[0].kind.as_str(), "remove-statement");
}

#[test]
fn a_boundary_behind_an_identity_policys_deny_is_found_too() {
    let deny = |trial: &bedrock_access::evidence::Trial| Simulation {
        matched: if trial.without.is_empty() {
            vec![MatchedStatement {
                policy: Some("DenyBedrockAccess".to_owned()),
                source: Some("role".to_owned()),
                line: Some(4),
                column: Some(8),
                end: None,
            }]
        } else {
            Vec::new()
        },
        allowed_by_boundary: Some(false),
        ..simulation(if trial.without.is_empty() { Decision::ExplicitDeny } else { Decision::ImplicitDeny })
    };
    let mut evidence = unasked(NOVA);
    account(&mut evidence, |_, trial| deny(trial));
    assert_eq!(causes(&diagnose(&evidence)), ["identity-policy-explicit-deny", "permissions-boundary"]);
}

#[test]
fn a_policy_whose_text_was_not_read_may_hold_the_allow_that_goes_with_it() {
    let by = |policy: &str, source: &str| MatchedStatement {
        policy: Some(policy.to_owned()),
        source: Some(source.to_owned()),
        line: Some(4),
        column: Some(8),
        end: None,
    };
    let of = |denier: MatchedStatement, behind: Simulation| {
        let mut evidence = unasked(NOVA);
        account(&mut evidence, |_, trial| match (trial.without.is_empty(), trial.with.is_some()) {
            (true, _) => Simulation { matched: vec![denier.clone()], ..simulation(Decision::ExplicitDeny) },
            (false, false) => simulation(Decision::ImplicitDeny),
            (false, true) => behind.clone(),
        });
        let diagnosis = diagnose(&evidence);
        let causes = causes(&diagnosis).join(" ");
        (causes, diagnosis.findings[0].remedy.verified, diagnosis.findings[0].remedy.notes.len())
    };
    let allowed = || simulation(Decision::Allowed);
    // The role's own policy is left out of the trial, and what else is in it is not known.
    assert_eq!(of(by("mixed", "role"), allowed()), ("identity-policy-explicit-deny".to_owned(), None, 0));
    let bounded = Simulation { allowed_by_boundary: Some(false), ..simulation(Decision::ImplicitDeny) };
    let behind = of(by("mixed", "user-managed"), bounded);
    assert_eq!(behind.0, "identity-policy-explicit-deny permissions-boundary");
    // A policy of AWS is not changed but taken off, with all that it allows.
    let whole = of(by("AWSCompromisedKeyQuarantineV3", "aws-managed"), allowed());
    assert_eq!(whole.0, "identity-policy-explicit-deny identity-policy-missing-allow", "the leaked key comes first");
}

#[test]
fn an_api_key_outranks_what_sts_says_of_other_credentials() {
    let mut evidence = good(NOVA);
    evidence.caller = refused("ExpiredToken", 403, "The security token included in the request is expired");
    evidence.principal = skipped();
    let key = BedrockApiKey::LongTerm { user: "BedrockAPIKey-ab12".to_owned(), account: "111122223333".to_owned() };
    evidence.credentials =
        Observation::Seen(Credentials { api_key: Some(key), source: "environment".to_owned(), expires_at: None });
    let diagnosis = diagnose(&evidence);
    assert_eq!(diagnosis.verdict, Verdict::Undetermined);
    assert_eq!(diagnosis.principal.chosen_by.as_str(), "api-key");
    assert_eq!(diagnosis.principal.arn, Some(arn("arn:aws:iam::111122223333:user/BedrockAPIKey-ab12")));
    assert!(
        diagnosis.requirements.iter().any(|requirement| requirement.request.action == "bedrock:CallWithBearerToken")
    );
}
