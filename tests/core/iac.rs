//! `check`: every mistake of the fixtures is found, every fixed version is clean, and no answer depends on a guess.

mod generated;
mod templates;

use bedrock_access::iac::{Assembly, Checked, Code, Form, Input, Level, Settings};
use bedrock_access::iam::Decision;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/iac")
}

fn settings() -> Settings {
    Settings { region: None, account: Some("111122223333".to_owned()), parameters: BTreeMap::new() }
}

fn checked(name: &str) -> (Input, Checked) {
    let text = fs::read(folder().join(name)).unwrap();
    // Templates do not say where they are deployed to.
    let region = name.ends_with(".yaml").then(|| "us-east-1".to_owned());
    let settings = Settings { region, ..settings() };
    let input = Input::read(name, text.as_slice(), &settings).unwrap_or_else(|error| panic!("{name}: {error}"));
    let checked = input.check(&[]);
    (input, checked)
}

/// What each broken file must say: the code, the address, and whether a change is offered.
const BROKEN: [(&str, &str, &str, bool); 23] = [
    ("flow-prompt.broken.yaml", "call-denied", "Role", true),
    ("guardrail-passed.broken.yaml", "call-denied", "Role", true),
    ("tf-agent-guardrail.broken.json", "call-denied", "aws_iam_role.app", true),
    ("profile-as-foundation-model.broken.yaml", "call-denied", "Role", true),
    ("profile-without-models.broken.yaml", "call-denied", "Role", true),
    ("application-profile.broken.yaml", "call-denied", "Role", true),
    ("action-that-does-not-exist.broken.yaml", "call-denied", "Role", true),
    ("other-region.broken.yaml", "call-denied", "Role", true),
    ("role-of-another-service.broken.yaml", "trust-denied", "Role", true),
    ("agent-model.broken.yaml", "call-denied", "Role", true),
    ("knowledge-base-embedding.broken.yaml", "call-denied", "Role", true),
    ("boundary.broken.yaml", "call-denied", "Role", true),
    ("model-by-stage.broken.yaml", "call-denied", "Role", true),
    ("serverless.broken.yaml", "call-denied", "FunctionRole", true),
    ("denied-on-purpose.broken.yaml", "call-denied", "Role", false),
    ("tf-data-document.broken.json", "call-denied", "aws_iam_role.app", true),
    ("tf-modules.broken.json", "call-denied", "module.iam.aws_iam_role.app", true),
    ("tf-for-each.broken.json", "call-denied", "aws_iam_role.app[\"b\"]", true),
    ("tf-global-profile.broken.json", "call-denied", "aws_iam_role.app", true),
    ("tf-state-ecs.broken.json", "call-denied", "aws_iam_role.app", true),
    ("tf-agent-trust.broken.json", "trust-denied", "aws_iam_role.app", true),
    ("tf-vpc-endpoint.broken.json", "call-denied", "aws_iam_role.app", true),
    ("tf-step-functions.broken.json", "call-denied", "aws_iam_role.app", true),
];

#[test]
fn each_mistake_is_found_where_it_is() {
    for (name, code, address, has_change) in BROKEN {
        let (_, checked) = checked(name);
        let found: Vec<_> = checked.findings.iter().filter(|finding| finding.code.as_str() == code).collect();
        assert_eq!(found.len(), 1, "{name}: {:#?} {:#?}", checked.findings, checked.unknown);
        assert_eq!(found[0].address, address, "{name}");
        assert_eq!(found[0].change.is_some(), has_change, "{name}: {:?}", found[0]);
        assert_eq!(found[0].level, Level::Error, "{name}");
    }
}

#[test]
fn each_fixed_version_is_clean() {
    for (name, ..) in BROKEN {
        let name = name.replace(".broken.", ".fixed.");
        let (_, checked) = checked(&name);
        let findings: Vec<_> = checked.findings.iter().filter(|finding| finding.level != Level::Note).collect();
        assert!(findings.is_empty(), "{name}: {findings:#?}");
        let calls: Vec<Decision> =
            checked.roles.iter().flat_map(|role| role.calls.iter().map(|call| call.verdict)).collect();
        assert!(!calls.is_empty(), "{name}: no call was found");
        assert!(
            calls.iter().all(|verdict| *verdict == Decision::Allowed),
            "{name}: {calls:?} {:#?} {:#?}",
            checked.unknown,
            checked.roles
        );
        assert!(
            checked.roles.iter().all(|role| role.trust.iter().all(|(_, answer)| *answer == Decision::Allowed)),
            "{name}"
        );
    }
}

#[test]
fn all_fixtures_are_used() {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let broken: Vec<String> = files.filter(|name| name.contains(".broken.")).collect();
    assert_eq!(broken.len(), BROKEN.len());
}

#[test]
fn files_are_recognized_by_content() {
    for (name, form) in [
        ("serverless.fixed.yaml", Form::Sam),
        ("boundary.fixed.yaml", Form::CloudFormation),
        ("tf-modules.fixed.json", Form::TerraformPlan),
        ("tf-state-ecs.fixed.json", Form::TerraformState),
    ] {
        assert_eq!(checked(name).0.form, form, "{name}");
    }
    let policy = br#"{"Version": "2012-10-17", "Statement": []}"#;
    assert_eq!(Input::read("p.json", policy.as_slice(), &settings()).unwrap().form, Form::Policy);
}

#[test]
fn what_cannot_be_checked_says_what_it_is() {
    for (text, says) in [
        ("", "empty"),
        ("{", "line 1"),
        ("a: [1, 2", "line"),
        ("hello", "neither"),
        ("[]", "neither"),
        ("{\"a\": 1}", "neither"),
        ("resource \"aws_iam_role\" \"app\" {\n}\n", "Terraform source"),
        ("PK\u{3}\u{4}rest", "binary form"),
        ("{\"terraform_version\": \"1\", \"resource_changes\": [{\"address\": 1}]}", "line 1"),
        ("{\"terraform_version\": \"1\", \"resource_changes\": [", "EOF"),
    ] {
        let error = Input::read("x", text.as_bytes(), &settings()).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(says), "{text:?}: {error}");
    }
    assert!(Input::read("x", [0xff, 0xfe, 0x00].as_slice(), &settings()).is_err());
}

#[test]
fn a_cut_file_is_an_error_or_checks_less_and_never_panics() {
    for (name, ..) in BROKEN {
        let whole = fs::read(folder().join(name)).unwrap();
        for end in (0..whole.len()).step_by(whole.len() / 60 + 1) {
            if let Ok(input) = Input::read(name, &whole[..end], &settings()) {
                let _ = input.check(&[]);
            }
        }
    }
}

#[test]
fn an_unknown_policy_is_named_and_never_a_finding() {
    let template = r#"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]}
      ManagedPolicyArns: [!ImportValue SharedPolicy]
  Function:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn, Environment: {Variables: {MODEL_ID: "amazon.nova-lite-v1:0"}}}
"#;
    let input = Input::read("t.yaml", template.as_bytes(), &settings()).unwrap();
    let checked = input.check(&[]);
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
    assert_eq!(checked.roles[0].calls[0].verdict, Decision::Undetermined);
    assert!(checked.unknown.iter().any(|unknown| unknown.what.contains("SharedPolicy")), "{:#?}", checked.unknown);
}

/// A prompt stands for its models; one that names a prompt, which could be itself, is not followed.
#[test]
fn a_prompt_that_names_a_prompt_is_not_followed() {
    let text = fs::read_to_string(folder().join("flow-prompt.fixed.yaml")).unwrap();
    for named in ["!Sub \"arn:aws:bedrock:us-east-1:111122223333:prompt/${Prompt.Id}\"", "!GetAtt Version.Arn"] {
        let changed = text.replace("ModelId: amazon.nova-lite-v1:0", &format!("ModelId: {named}"));
        let changed = changed.replace("PromptArn: !GetAtt Version.Arn", "PromptArn: !GetAtt Prompt.Arn");
        let settings = Settings { region: Some("us-east-1".to_owned()), ..settings() };
        let checked = Input::read("template.yaml", changed.as_bytes(), &settings).unwrap().check(&[]);
        assert_ne!(checked.roles[0].calls[0].verdict, Decision::Allowed, "{named}");
    }
}

/// Resources that refer to themselves or to each other, and texts that double with each step: no deployment takes them,
/// and reading them ends.
#[test]
fn circles_and_doublings_in_a_template_end() {
    let role = |name: &str, role_name: &str| {
        format!(
            "  {name}:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: {role_name}\n      \
             AssumeRolePolicyDocument: {{Version: '2012-10-17', Statement: [{{Effect: Allow, \
             Principal: {{Service: lambda.amazonaws.com}}, Action: 'sts:AssumeRole'}}]}}\n"
        )
    };
    let doubling: String =
        (0..60).map(|at| role(&format!("R{at}"), &format!("!Sub '${{R{0}}}${{R{0}}}'", at + 1))).collect();
    let conditions: String = (0..60)
        .map(|at| format!("  C{at}: !And [{{Condition: C{0}}}, {{Condition: C{0}}}]\n", at + 1))
        .chain(["  C60: !Equals [!Ref 'AWS::Region', eu-west-1]\n".to_owned()])
        .collect();
    let chain: String = (0..5_000).map(|at| role(&format!("R{at}"), &format!("!Sub 'x-${{R{}}}'", at + 1))).collect();
    let own = [
        role("Role", "!Sub 'x-${Role}'"),
        role("Role", "!GetAtt Role.Arn"),
        format!("{}{}", role("One", "!Ref Two"), role("Two", "!Join ['-', [x, !Ref One]]")),
        doubling.clone() + &role("R60", "leaf"),
        chain,
        role("Role", "own")
            + "  Version:\n    Type: AWS::Bedrock::PromptVersion\n    Properties: {PromptArn: !GetAtt Version.Arn}\n",
    ];
    let mut texts: Vec<String> = own.iter().map(|resources| format!("Resources:\n{resources}")).collect();
    texts.push(format!("Conditions:\n{conditions}Resources:\n{}", role("Role", "!If [C0, a, b]")));
    texts.push(format!(
        "Parameters:\n  P: {{Type: String, Default: [!Ref P, !Ref P]}}\nMappings:\n  M: {{a: {{b: [!FindInMap [M, a, b], \
         !FindInMap [M, a, b]]}}}}\nResources:\n{}{}",
        role("Role", "!Ref P"),
        role("Other", "!FindInMap [M, a, b]")
    ));
    for text in &texts {
        let function = |named: &str| {
            format!(
                "  Function:\n    Type: AWS::Lambda::Function\n    Properties:\n      Role: !GetAtt {named}.Arn\n      \
                 Environment: {{Variables: {{MODEL_ID: amazon.nova-lite-v1:0, PROMPT_ARN: !GetAtt Version.Arn}}}}\n"
            )
        };
        let named = ["Role", "One", "R0"].into_iter().find(|name| text.contains(&format!("  {name}:"))).unwrap();
        let text = format!("{text}{}", function(named));
        let input = Input::read("template.yaml", text.as_bytes(), &settings()).unwrap();
        let checked = input.check(&[]);
        // The function's role is read, or is said not to be there: its name is another each time it is asked.
        assert!(checked.roles.len() == 1 || !checked.unknown.is_empty(), "{text:.200}");
    }
}

/// Whether a call passes a guardrail is its code's to say: what allows calls with one alone is neither held to be missing
/// nor to be replaced by what allows all.
#[test]
fn a_guardrail_that_no_variable_names_leaves_the_answer_open() {
    let text = fs::read_to_string(folder().join("guardrail-passed.fixed.yaml")).unwrap();
    let without = text.replace("GUARDRAIL_ID: !GetAtt Guardrail.GuardrailId", "OTHER: nothing");
    let imported = text.replace("!GetAtt Guardrail.GuardrailId", "!ImportValue shared-guardrail");
    let unversioned = text.replace("GUARDRAIL_VERSION: \"1\"", "GUARDRAIL_VERSION: !Ref Latest");
    let settings = Settings { region: Some("us-east-1".to_owned()), ..settings() };
    let switched_off = text.replace("!GetAtt Guardrail.GuardrailId", "disabled");
    for changed in [without, imported, unversioned, switched_off] {
        assert_ne!(changed, text);
        let checked = Input::read("template.yaml", changed.as_bytes(), &settings).unwrap().check(&[]);
        let verdicts: Vec<Decision> = checked.roles[0].calls.iter().map(|call| call.verdict).collect();
        assert_eq!(verdicts, [Decision::Undetermined], "{:#?}", checked.findings);
        assert!(checked.findings.iter().all(|finding| finding.code.as_str() != "call-denied"));
        let key = |unknown: &bedrock_access::iac::Unknown| unknown.what.contains("bedrock:GuardrailIdentifier");
        assert!(checked.unknown.iter().any(key), "{:#?}", checked.unknown);
    }
    // Another version than the one that the policy allows is denied, and the condition is met elsewhere than by a new allow.
    let other = text.replace("GUARDRAIL_VERSION: \"1\"", "GUARDRAIL_VERSION: \"2\"");
    let checked = Input::read("template.yaml", other.as_bytes(), &settings).unwrap().check(&[]);
    assert_eq!(checked.roles[0].calls[0].verdict, Decision::ImplicitDeny);
    let finding = checked.findings.iter().find(|finding| finding.code.as_str() == "call-denied").unwrap();
    let without_condition = finding.change.as_ref().filter(|change| !change.policy.to_string().contains("Condition"));
    assert!(without_condition.is_none(), "{finding:#?}");
}

#[test]
fn a_parameter_without_a_value_leaves_the_answer_open_and_its_value_settles_it() {
    let template = |parameters: &[(&str, &str)]| {
        let text = r#"
Parameters: {Model: {Type: String}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]}
      Policies: [{PolicyName: p, PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "bedrock:InvokeModel", Resource: !Sub "arn:aws:bedrock:us-east-1::foundation-model/${Model}"}]}}]
  Function:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn, Environment: {Variables: {MODEL_ID: "amazon.nova-lite-v1:0"}}}
"#;
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let settings = Settings { parameters, region: Some("us-east-1".to_owned()), ..settings() };
        Input::read("t.yaml", text.as_bytes(), &settings).unwrap().check(&[])
    };
    let verdict = |checked: &Checked| checked.roles[0].calls[0].verdict;
    assert_eq!(verdict(&template(&[])), Decision::Undetermined);
    assert_eq!(verdict(&template(&[("Model", "amazon.nova-lite-v1:0")])), Decision::Allowed);
    let other = template(&[("Model", "amazon.nova-pro-v1:0")]);
    assert_eq!(verdict(&other), Decision::ImplicitDeny);
    assert_eq!(other.findings.iter().filter(|finding| finding.code == Code::CallDenied).count(), 1);
}

/// A template whose policy names a Region and an account, and nothing says where it is deployed to.
const ELSEWHERE: &str = r#"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]}
      Policies: [{PolicyName: p, PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "bedrock:InvokeModel", Resource: [
        "arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0"]}]}}]
  Function:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn, Environment: {Variables: {MODEL_ID: "us.amazon.nova-lite-v1:0"}}}
"#;

#[test]
fn what_holds_only_where_the_deployment_is_assumed_to_go_is_open() {
    let verdict = |region: Option<&str>, account: Option<&str>| {
        let settings = Settings {
            region: region.map(str::to_owned),
            account: account.map(str::to_owned),
            parameters: BTreeMap::new(),
        };
        let checked = Input::read("t.yaml", ELSEWHERE.as_bytes(), &settings).unwrap().check(&[]);
        let denied = checked.findings.iter().any(|finding| finding.code == Code::CallDenied);
        let verdict = checked.roles[0].calls[0].verdict;
        assert_eq!(denied, verdict == Decision::ImplicitDeny, "{region:?} {account:?}");
        let is_named = checked.unknown.iter().any(|unknown| unknown.what.contains("us-west-2 of 111122223333"));
        assert_eq!(is_named, verdict == Decision::Undetermined, "{:?}", checked.unknown);
        verdict
    };
    assert_eq!(verdict(None, None), Decision::Undetermined);
    assert_eq!(verdict(Some("us-west-2"), None), Decision::Undetermined);
    assert_eq!(verdict(None, Some("111122223333")), Decision::Undetermined);
    assert_eq!(verdict(Some("us-west-2"), Some("111122223333")), Decision::Allowed);
    assert_eq!(verdict(Some("us-west-2"), Some("222233334444")), Decision::ImplicitDeny);
    assert_eq!(verdict(Some("us-east-1"), None), Decision::ImplicitDeny);
}

#[test]
fn an_assembly_tells_where_its_stacks_go_and_which_file_an_asset_is() {
    let mut assembly = Assembly::default();
    assembly.add_manifest(
        r#"{"version": "48.0.0", "artifacts": {
            "App": {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/eu-west-1",
                "properties": {"templateFile": "App.template.json"}},
            "Any": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
                "properties": {"templateFile": "Any.template.json"}},
            "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}}}"#,
    );
    assembly.add_assets(
        r#"{"version": "48.0.0", "files": {
            "abc": {"source": {"path": "AppNested.nested.template.json", "packaging": "file"}},
            "out": {"source": {"path": "../../secrets.json", "packaging": "file"}}}}"#,
    );
    for nothing in ["", "[]", "{\"artifacts\": 1}", "{\"files\": [1]}"] {
        assembly.add_manifest(nothing);
        assembly.add_assets(nothing);
    }
    let none = Settings::default();
    let app = assembly.settings("App.template.json", &none);
    assert_eq!((app.account.as_deref(), app.region.as_deref()), (Some("111122223333"), Some("eu-west-1")));
    let given = Settings { region: Some("us-east-1".to_owned()), ..Settings::default() };
    assert_eq!(assembly.settings("App.template.json", &given).region.as_deref(), Some("us-east-1"));
    assert_eq!(assembly.settings("Any.template.json", &none).region, None);
    assert_eq!(assembly.settings("Other.template.json", &none).account, None);
    assert_eq!(assembly.asset("abc"), Some("AppNested.nested.template.json"));
    assert_eq!(assembly.asset("out"), None, "nothing outside of the folder is read");
}
