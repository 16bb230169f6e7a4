//! The targets: each takes any bytes, gives them to one reader of foreign text, and holds what comes out to what must
//! be true of it whatever came in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_access::bedrock::{ApiKey, GuardrailReference, ModelReference, Region};
use bedrock_access::clients::{Client, Variables, read as read_client, recognize};
use bedrock_access::diagnose::{Verdict, diagnose, open_questions};
use bedrock_access::escape::{escape, is_unsafe};
use bedrock_access::evidence::Evidence;
use bedrock_access::explain::{ExplainedError, explain_bytes};
use bedrock_access::iac::{Input, Settings};
use bedrock_access::iam::{Arn, ContextKeys, Decision, RequestContext};
use bedrock_access::policy::{AuthorizationCase, Document, Effect, Policies, Policy, Question, decide, evaluate, lint};
use bedrock_access::redact::{Redactor, redact};
use bedrock_access::report::{self, Detail, explanation_text, write_explanation_json};
use bedrock_access::sandbox::{Fault, World};
use bedrock_access::secrets::{holds_secret, without_secrets};
use bedrock_access::trail::{Collector, Denials, Wanted, read};
use serde_json::Value;

/// A target's name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const ALL: [Target; 12] = [
    ("api-key", api_key),
    ("arn", arn),
    ("clients", clients),
    ("evidence", evidence),
    ("explain", explain),
    ("iac", infrastructure),
    ("lint", policy_lint),
    ("policy", policy),
    ("redact", redaction),
    ("secrets", secrets),
    ("trail", trail),
    ("world", world),
];

fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}

/// Checks that a printed text steers nothing; line feeds are its layout.
fn assert_shown(shown: &str) {
    assert!(!shown.chars().any(|c| c != '\n' && is_unsafe(c)), "{shown:?}");
}

/// A configuration is read as each client's, whatever it is; what is said of it steers nothing.
fn clients(input: &[u8]) {
    let variable = |name: &str| (name == "CLAUDE_CODE_USE_BEDROCK").then(|| "1".to_owned());
    // Whatever a configuration names is there, and is the configuration itself.
    let file = |_: usize, name: &str| name.is_ascii().then(|| input.to_vec());
    if let Some(text) = text(input) {
        let _ = recognize(text);
    }
    for client in Client::ALL {
        match read_client(client, &[input], Variables::new(&variable).with_files(&file)) {
            Ok(config) => {
                assert!(
                    config.calls.iter().all(|call| call.model.is_some() || !call.operation.as_str().contains("invoke"))
                );
                let shown = report::client_preface(&config, &[], None, 80).plain();
                assert_shown(&shown);
            }
            Err((_, error)) => assert_shown(&report::config_error(Some(client), "file", &error).0),
        }
    }
}

/// A plan or template is read and checked, and the report of it is well-formed and steers nothing.
fn infrastructure(input: &[u8]) {
    let Ok(read) = Input::read("input", input, &Settings::default()) else { return };
    let checked = read.check(&[]);
    assert_eq!(format!("{checked:?}"), format!("{:?}", read.check(&[])));
    let mut report = report::CheckReport::default();
    report.add(report::CheckedFile {
        file: read.file.clone(),
        form: read.form,
        is_json: read.is_json,
        resources: read.resources,
        checked,
    });
    assert_shown(&report.text().plain());
    assert!(serde_json::from_str::<Value>(&report.json(false)).is_ok());
    assert!(serde_json::from_str::<Value>(&report.sarif()).is_ok());
    assert_shown(&report.markdown());
}

/// Events and logs are read, grouped and shown; the result reads back as it was.
fn trail(input: &[u8]) {
    let mut collector = Collector::default();
    let source = read("fuzz", input, &Wanted::Denials, &mut |entry| {
        collector.add("fuzz", entry);
        true
    });
    assert!(source.unreadable <= source.events + 8, "{source:?}");
    collector.end_source(source);
    let denials = collector.finish();
    assert_eq!(denials.denials, denials.groups.iter().map(|group| group.count).sum::<u64>() + denials.groups_more);
    assert_shown(&report::denials_text(&denials, true).plain());
    assert_shown(&report::denials_markdown(&denials));
    let _ = report::denials_html(&denials);
    let again = Denials::from_json(&report::denials_json(&denials)).expect("what was written reads back");
    assert_eq!(again, denials);
}

/// A policy, or a case with the policies in it, is read and evaluated.
fn policy(input: &[u8]) {
    let Some(text) = text(input) else { return };
    if let Ok(case) = AuthorizationCase::parse_line(text, 1) {
        let evaluation = evaluate(&case.question(), &case.policies);
        assert_eq!(evaluation, evaluate(&case.question(), &case.policies));
        assert_eq!(evaluation.decision, decide(&case.question(), &case.policies).decision);
        // Without a policy that allows, nobody may do anything but the root user, whose requests need none.
        let nothing = Policies { identity: Vec::new(), resource: None, ..case.policies.clone() };
        if !case.principal.ends_with(":root") {
            assert_ne!(decide(&case.question(), &nothing).decision, Decision::Allowed);
        }
    }
    let Ok(document) = Document::parse(text) else { return };
    let request = RequestContext {
        action: "bedrock:InvokeModel".to_owned(),
        resource: "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".to_owned(),
        context: ContextKeys::new()
            .with("aws:RequestedRegion", "us-east-1")
            .with("aws:SourceIp", "192.0.2.7")
            .with("aws:CurrentTime", "2026-11-22T12:00:00Z")
            .with("aws:PrincipalArn", "arn:aws:iam::111122223333:role/chat")
            .with("aws:TagKeys", vec!["team".to_owned(), "stage".to_owned()]),
    };
    let known = Question::new("arn:aws:iam::111122223333:role/chat", &request);
    let unknown = [document.condition_keys(), vec!["aws:SourceVpce"]].concat().into_iter().map(str::to_owned);
    let unknown: Vec<String> = unknown.collect();
    let alone =
        |document: &Document| Policies { identity: vec![Policy::unnamed(document.clone())], ..Policies::default() };
    for question in [known, Question { unknown: &unknown, ..known }] {
        let evaluation = evaluate(&question, &alone(&document));
        assert_eq!(evaluation, evaluate(&question, &alone(&document)));
        let denies = document.statements().iter().any(|statement| statement.effect() == Effect::Deny);
        assert!(denies || evaluation.decision != Decision::ExplicitDeny, "no statement denies");
        // Whatever else is allowed: a policy in another place never makes a denial into an allow.
        let also = Policies { permissions_boundary: Some(Policy::unnamed(document.clone())), ..alone(&document) };
        let narrowed = decide(&question, &also).decision;
        assert!(evaluation.decision == Decision::Allowed || narrowed != Decision::Allowed);
    }
}

/// A policy's mistakes are looked for, and stand where they are said to stand.
fn policy_lint(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let findings = lint(text);
    let lines: Vec<&str> = text.split('\n').collect();
    for finding in &findings {
        assert!((finding.line, finding.column) <= (finding.end_line, finding.end_column), "{finding:?}");
        for (line, column) in [(finding.line, finding.column), (finding.end_line, finding.end_column)] {
            assert!((1..=lines.len()).contains(&line), "{finding:?}");
            let length = lines[line - 1].chars().count();
            // The place behind the end of a text is one column behind its last character, and ends behind that.
            assert!((1..=length + 2).contains(&column), "{finding:?}");
        }
    }
    assert_eq!(format!("{findings:?}"), format!("{:?}", lint(text)));
}

/// A text is explained: the places are in it, the words steer nothing, the JSON is JSON.
fn explain(input: &[u8]) {
    let explanation = explain_bytes(input);
    let placed = |error: &ExplainedError| {
        let [start, end] = error.span;
        assert!(start <= end && end <= input.len(), "{:?}", error.span);
        if let Some(text) = text(input) {
            assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{:?}", error.span);
        }
    };
    placed(&explanation.error);
    explanation.others.iter().for_each(placed);
    assert_shown(&explanation_text(&explanation, None, 80));
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    write_explanation_json(&mut once, &explanation);
    write_explanation_json(&mut twice, &explain_bytes(input));
    assert!(once == twice, "not the same twice");
    let line = std::str::from_utf8(&once).expect("JSON is UTF-8");
    assert!(!line.contains('\n'));
    assert_shown(line);
    serde_json::from_str::<Value>(line).expect("it is JSON");
}

/// A message is redacted: what is planted in it is gone, and the same thing has the same alias.
fn redaction(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let mut redactor = Redactor::default();
    let once = redactor.message(text);
    assert_eq!(once, redactor.message(text), "an alias changes");
    for planted in ["203.0.113.77", "1111-2222-3333", "ana.mueller@acmecorp.com"] {
        let redacted = redactor.message(&format!("{text} \n{planted}\n {text}"));
        assert!(text.contains(planted) || !redacted.contains(planted), "{planted} in {redacted:?}");
    }
}

/// A text is stripped of its secrets: what is planted in it is gone, whatever stands around it.
fn secrets(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let stripped = without_secrets(text);
    assert!(holds_secret(text) || stripped == text);
    // No seed holds it: what a mutated text does with its own secrets is not what is asked.
    let planted = "x9QfT2vLr8ZpWm4Kd7NsBc3HyJg6UeAo1RtXiYq5";
    if text.contains(planted) {
        return;
    }
    for spelled in [format!("SecretAccessKey=\"{planted}\""), format!("('AKIAIOSFODNN7EXAMPLE', '{planted}')")] {
        for whole in [format!("{spelled}\n{text}"), format!("{text}\n\n{spelled}\n")] {
            assert!(!without_secrets(&whole).contains(planted), "{whole:?}");
        }
    }
}

/// Evidence is read, saved, diagnosed, redacted and reported in every format of the core.
fn evidence(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let evidence = match Evidence::from_json(text) {
        Ok(evidence) => evidence,
        Err(error) => return assert_shown(&escape(&error.to_string())),
    };
    let saved = evidence.to_json();
    assert_shown(&saved);
    let again = Evidence::from_json(&saved).expect("what was saved is read");
    assert!(again == evidence && again.to_json() == saved, "it is not what was saved");
    let diagnosis = diagnose(&evidence);
    assert!(diagnosis == diagnose(&again), "the same evidence leads to another answer");
    assert!(diagnosis.verdict != Verdict::Allowed || diagnosis.findings.is_empty(), "allowed, with a cause");
    let _ = open_questions(&evidence);
    for detail in [Detail::Quiet, Detail::Normal, Detail::Verbose] {
        assert_shown(&report::text(&diagnosis, &detail.into()).plain());
    }
    assert_shown(&report::timeline(&diagnosis).plain());
    assert_shown(&report::markdown(&diagnosis));
    assert_shown(&report::html(&diagnosis));
    let json = report::json(&diagnosis);
    assert_shown(&json);
    serde_json::from_str::<Value>(&json).expect("it is JSON");
    if let Ok(redacted) = redact(&evidence) {
        let saved = redacted.to_json();
        assert!(Evidence::from_json(&saved).is_ok_and(|again| again == redacted), "redacted, it is not what was saved");
        let _ = report::json(&diagnose(&redacted));
    }
}

/// Names are read as an ARN, a model, a guardrail, a Region, and printed as they were.
fn arn(input: &[u8]) {
    let Some(text) = text(input) else { return };
    if let Ok(arn) = text.parse::<Arn>() {
        assert_eq!(arn.to_string(), text);
        assert!(arn.resource.starts_with(arn.resource_type()) && arn.resource.ends_with(arn.resource_id()));
    }
    if let Ok(model) = text.parse::<ModelReference>() {
        let shown = model.to_string();
        assert_eq!(shown.parse::<ModelReference>().as_ref(), Ok(&model));
    }
    if let Ok(region) = text.parse::<Region>() {
        assert_eq!(region.to_string(), text);
    }
    if let Ok(guardrail) = text.parse::<GuardrailReference>() {
        assert_eq!(guardrail.to_string().parse::<GuardrailReference>().as_ref(), Ok(&guardrail));
    }
}

/// A Bedrock API key is read, and nothing of its secret is kept.
fn api_key(input: &[u8]) {
    const SECRET: &str = "canarySECRET";
    let Some(text) = text(input) else { return };
    let _ = ApiKey::decode(text);
    for (prefix, plain) in [
        ("ABSK", format!("{text}:{SECRET}")),
        ("bedrock-api-key-", format!("{text}&X-Amz-Signature={SECRET}&X-Amz-Security-Token={SECRET}")),
    ] {
        match ApiKey::decode(&format!("{prefix}{}", STANDARD.encode(&plain))) {
            Ok(ApiKey::LongTerm { user, account }) => {
                assert!(!user.contains(SECRET) || text.contains(SECRET));
                assert!(account.len() == 12);
            }
            Ok(ApiKey::ShortTerm { access_key_id, region, issued_at, expires_at }) => {
                let kept = [access_key_id, region, issued_at, expires_at].concat();
                assert!(!kept.contains(SECRET) || text.contains(SECRET));
            }
            Err(error) => assert!(!error.to_string().contains(SECRET)),
        }
    }
}

/// A world's file is read, or refused with a reason.
fn world(input: &[u8]) {
    let Some(text) = text(input) else { return };
    match World::parse(text) {
        Ok(world) => {
            let _ = (world.caller_credentials(), world.caller_bearer_token(), world.runtime_host());
            assert_eq!(World::parse(text).map(|again| format!("{again:?}")).ok(), Some(format!("{world:?}")));
        }
        Err(error) => assert_shown(&escape(&error.to_string())),
    }
    if let Ok(fault) = text.parse::<Fault>() {
        let _ = format!("{fault:?}");
    }
}
