//! Lint's corrections, over policies that are made from an intent and one to three mistakes.
//!
//! All corrections are applied until none is left. Then nothing is allowed that neither the intent nor the mistaken policy
//! allows, nothing is lost that the mistaken policy granted, and every deny is at least as strict. The engine decides; the
//! requests that it is asked about vary conditions, Regions, accounts and actions.
//!
//! `LINT_POLICIES` sets the number of policies (2,000 without it).

use super::mistakes::{MISTAKES, Random, intent};
use super::probes;
use bedrock_access::iam::{Decision, RequestContext};
use bedrock_access::policy::{Document, Policies, Policy, Question, Severity, decide, lint};
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};

const CALLER: &str = "arn:aws:iam::111122223333:role/chat";

fn pretty(policy: &Value) -> String {
    format!("{policy:#}")
}

fn compiled(policy: &Value) -> Policies {
    let document = Document::from_value(policy).unwrap_or_else(|error| panic!("{error}\n{policy:#}"));
    Policies { identity: vec![Policy::unnamed(document)], ..Policies::default() }
}

fn decision(policies: &Policies, request: &RequestContext) -> Decision {
    decide(&Question::new(CALLER, request), policies).decision
}

/// Applies corrections, the first one found at a time, until none is left.
fn corrected(mistaken: &Value, context: &dyn Fn() -> String) -> (Value, usize) {
    let mut policy = mistaken.clone();
    let mut seen = vec![policy.clone()];
    loop {
        let findings = lint(&pretty(&policy));
        let Some(finding) = findings.iter().find(|finding| finding.corrected.is_some()) else {
            return (policy, seen.len() - 1);
        };
        assert!(finding.safety.is_some());
        policy = finding.correct(&policy).unwrap();
        assert!(!seen.contains(&policy), "{} goes in circles\n{}", finding.code, context());
        assert!(seen.len() < 40, "no end of corrections\n{}", context());
        seen.push(policy.clone());
    }
}

fn policies() -> usize {
    std::env::var("LINT_POLICIES").ok().and_then(|number| number.parse().ok()).unwrap_or(2_000)
}

/// Checks a share of the policies, so that the shares run side by side.
fn check(share: usize, shares: usize) {
    let (corrections, restored, made) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    for seed in (share..).step_by(shares) {
        if made.load(Ordering::Relaxed) >= policies() / shares {
            break;
        }
        let mut random = Random::new(seed as u64);
        let wanted = intent(&mut random);
        let wrong: Vec<_> =
            lint(&pretty(&wanted)).into_iter().filter(|finding| finding.severity != Severity::Note).collect();
        assert!(wrong.is_empty(), "seed {seed}: the intent is found wrong: {wrong:#?}\n{wanted:#}");
        let mut mistaken = wanted.clone();
        let mut names = Vec::new();
        for _ in 0..=random.below(3) {
            let (name, mistake) = MISTAKES[random.below(MISTAKES.len())];
            if mistake(&mut mistaken, &mut random) {
                names.push(name);
            }
        }
        if names.is_empty() {
            continue;
        }
        made.fetch_add(1, Ordering::Relaxed);
        let context = || format!("seed {seed}, {names:?}\nintent {wanted:#}\nmistaken {mistaken:#}");
        let (after, steps) = corrected(&mistaken, &context);
        corrections.fetch_add(steps, Ordering::Relaxed);
        let [wanted, mistaken_too, fixed] = [&wanted, &mistaken, &after].map(compiled);
        let mut same = true;
        for request in probes::for_policies(&mut random) {
            let [meant, was, is] = [&wanted, &mistaken_too, &fixed].map(|policies| decision(policies, &request));
            let report = |what: &str| format!("{what} {request:#?}\n{}\nafter {after:#}", context());
            same &= (meant == Decision::Allowed) == (is == Decision::Allowed);
            if is == Decision::Allowed {
                assert!(meant == Decision::Allowed || was == Decision::Allowed, "{}", report("granted"));
            }
            if was == Decision::Allowed {
                assert!(is == Decision::Allowed || meant == Decision::ExplicitDeny, "{}", report("lost"));
            }
            if was == Decision::ExplicitDeny {
                assert_eq!(is, Decision::ExplicitDeny, "{}", report("less strict"));
            }
        }
        restored.fetch_add(usize::from(same), Ordering::Relaxed);
    }
    let [made, corrections, restored] = [made, corrections, restored].map(AtomicUsize::into_inner);
    println!("{made} policies, {corrections} corrections, {restored} do what was meant");
    // Advice is enough for some mistakes; a linter that only advised would pass everything above.
    assert!(corrections * 2 > made, "{corrections} corrections of {made} policies");
    assert!(restored * 3 > made, "{restored} of {made} policies do what was meant");
}

#[test]
fn corrections_grant_nothing_new_and_lose_nothing_one() {
    check(0, 2);
}

#[test]
fn corrections_grant_nothing_new_and_lose_nothing_two() {
    check(1, 2);
}
