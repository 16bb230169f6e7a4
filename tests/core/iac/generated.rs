//! Infrastructure that a generator makes: the same answer in every language, each mistake found, and nothing else.

use super::templates::{cdk, cloudformation, sam, yaml};
use crate::support::infrastructure::{ACCOUNT, App, Choices, REGION, right, terraform, wrong};
use bedrock_access::iac::{Checked, DeniedRequirement, Form, Input, Level, Problem, Settings};
use std::collections::{BTreeMap, BTreeSet};

fn settings() -> Settings {
    Settings { region: Some(REGION.to_owned()), account: Some(ACCOUNT.to_owned()), parameters: BTreeMap::new() }
}

/// Writes apps in every language.
fn files(apps: &[App], others: usize) -> [(&'static str, String, Form); 5] {
    let template = cloudformation(apps, others);
    [
        ("plan.json", terraform(apps, others).to_string(), Form::TerraformPlan),
        ("template.json", template.to_string(), Form::CloudFormation),
        ("template.yaml", yaml(&template), Form::CloudFormation),
        ("sam.yaml", yaml(&sam(apps, others)), Form::Sam),
        ("App.template.json", cdk(apps, others).to_string(), Form::CdkOut),
    ]
}

/// Checks a file.
fn checked((name, text, form): (&str, String, Form)) -> (Form, usize, Checked) {
    let input = Input::read(name, text.as_bytes(), &settings()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(input.form, form, "{name}");
    let checked = input.check(&[]);
    (form, input.resources, checked)
}

/// A role's address without what the language adds to it: the app that it is of.
fn app_of(address: &str, apps: &[App]) -> usize {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', '.'], "");
    let address = plain(address);
    let is_of = |app: &&App| address.contains(&plain(&app.name));
    let found: Vec<usize> = apps.iter().enumerate().filter(|(_, app)| is_of(app)).map(|(index, _)| index).collect();
    assert_eq!(found.len(), 1, "{address}");
    found[0]
}

/// What is said of each app, in no language: code, what is denied, the change, the decisions.
fn said(checked: &Checked, apps: &[App]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for finding in &checked.findings {
        let app = app_of(&finding.address, apps);
        let what = match &finding.problem {
            Problem::Call { model, denied, .. } => {
                // Each language has its own name for a policy.
                let statement = |denied: &DeniedRequirement| denied.denied_by.as_ref().map(|by| by.statement);
                let denied: Vec<_> = denied
                    .iter()
                    .map(|denied| (&denied.action, &denied.resource, denied.policy_type, statement(denied)))
                    .collect();
                format!("{model} {denied:?}")
            }
            Problem::Trust { service, .. } => service.clone(),
            other => format!("{other:?}"),
        };
        let change = finding.change.as_ref().map(|change| change.policy.to_string());
        all.insert(format!("{app} {} {:?} {what} {change:?}", finding.code.as_str(), finding.level));
    }
    for role in &checked.roles {
        let app = app_of(&role.address, apps);
        for call in &role.calls {
            let decisions: Vec<_> = call
                .requirements
                .iter()
                .map(|requirement| (&requirement.action, &requirement.resource, requirement.decision))
                .collect();
            all.insert(format!("{app} {} {:?} {decisions:?}", call.model, call.verdict));
        }
        all.insert(format!("{app} {:?}", role.trust));
    }
    all
}

fn named(index: usize) -> String {
    const WORDS: [&str; 8] = ["orders", "search", "mail", "notes", "claims", "chat", "triage", "index"];
    // A letter at the end: no name is the beginning of another.
    format!("{}-{}x", WORDS[index % WORDS.len()], index)
}

#[test]
fn the_same_infrastructure_gives_the_same_answer_in_every_language() {
    for seed in 1..=15 {
        let mut choices = Choices::new(seed);
        let apps: Vec<App> = (0..6)
            .map(|index| match choices.below(2) {
                0 => right(named(index), &mut choices),
                _ => wrong(named(index), &mut choices),
            })
            .collect();
        let all = files(&apps, 3).map(checked);
        let first = said(&all[0].2, &apps);
        assert!(first.len() >= 2 * apps.len(), "seed {seed}: {first:#?}");
        for (form, _, checked) in &all[1..] {
            assert_eq!(said(checked, &apps), first, "seed {seed}: {form:?}");
        }
    }
}

#[test]
fn each_mistake_is_found_and_nothing_else() {
    for seed in 1..=15 {
        let mut choices = Choices::new(1000 + seed);
        let apps: Vec<App> = (0..8)
            .map(|index| match choices.below(2) {
                0 => right(named(index), &mut choices),
                _ => wrong(named(index), &mut choices),
            })
            .collect();
        for (form, _, checked) in files(&apps, 0).map(checked) {
            let found: BTreeMap<usize, BTreeSet<&str>> = checked
                .findings
                .iter()
                .filter(|finding| finding.level == Level::Error)
                .fold(BTreeMap::new(), |mut all, finding| {
                    all.entry(app_of(&finding.address, &apps)).or_default().insert(finding.code.as_str());
                    all
                });
            for (index, app) in apps.iter().enumerate() {
                let codes = found.get(&index).cloned().unwrap_or_default();
                match app.mistake {
                    None => assert!(codes.is_empty(), "seed {seed}, {form:?}: {codes:?} in {app:#?}"),
                    Some(mistake) => {
                        assert!(codes.contains(mistake), "seed {seed}, {form:?}: {codes:?} in {app:#?}");
                    }
                }
            }
        }
    }
}

#[test]
fn large_correct_infrastructure_has_no_error_and_nothing_unknown() {
    for seed in 1..=10 {
        let mut choices = Choices::new(2000 + seed);
        let apps: Vec<App> = (0..40).map(|index| right(named(index), &mut choices)).collect();
        // Two languages in turn, each seed another pair.
        let chosen = usize::try_from(seed).unwrap() % 5;
        let all = files(&apps, 150).into_iter().enumerate();
        let all = all.filter(|(index, _)| *index == chosen || *index == (chosen + 2) % 5);
        for (form, resources, checked) in all.map(|(_, file)| checked(file)) {
            assert!(resources > 200, "{form:?}: {resources}");
            let bad: Vec<_> = checked.findings.iter().filter(|finding| finding.level != Level::Note).collect();
            assert!(bad.is_empty(), "seed {seed}, {form:?}: {bad:#?}");
            assert_eq!(checked.unknown, [], "seed {seed}, {form:?}");
            assert_eq!(checked.roles.len(), apps.len(), "seed {seed}, {form:?}");
        }
    }
}
