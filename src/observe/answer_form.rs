//! The form that each API documents for its answer, in one table, and how a body is held to it.
//!
//! A field in other letters than the documented ones, a value of another kind, a missing list, or more items than AWS's
//! quotas allow makes an answer unreadable: something between here and AWS wrote it. Fields that are not in the table may
//! be there, because AWS adds fields. Quotes nothing from the body.

use super::api::Api;
use super::body::Node;

/// More items than any list of the account may have; see "IAM and AWS STS quotas" and "Amazon Bedrock quotas", with
/// room for raised quotas. The work of a diagnosis is bounded by it.
const MANY: usize = 5_000;

/// The same for lists that belong to one principal, profile or Region.
const FEW: usize = 500;

/// The longest policy document, in bytes as it is sent; IAM's own limit is 10,240 characters for a role together.
const LONGEST_DOCUMENT: usize = 256 * 1024;

/// The form of a value.
#[derive(Debug)]
enum Form {
    /// Not looked at.
    Any,
    /// Text with something in it.
    Text,
    /// Text that may be empty.
    Blank,
    /// A policy document.
    Document,
    /// One word: letters, digits, `_` and `-`.
    Word,
    /// A boolean.
    Flag,
    /// A list of at most so many items; whether it may be empty.
    List(&'static Form, usize, May),
    /// An object with these fields, among others.
    Object(&'static [Field]),
}

/// Whether a list may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    BeEmpty,
    NotBeEmpty,
}

/// A field: its name, whether it has to be there, and its form.
#[derive(Debug)]
struct Field(&'static str, Need, &'static Form);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
}

use Form::{Any, Blank, Document, Flag, List, Object, Text, Word};
use May::{BeEmpty, NotBeEmpty};
use Need::{Optional, Required};

const BOUNDARY: Form =
    Object(&[Field("PermissionsBoundaryType", Optional, &Text), Field("PermissionsBoundaryArn", Required, &Text)]);

const TAGS: Form = List(&Object(&[Field("Key", Required, &Text), Field("Value", Required, &Blank)]), FEW, BeEmpty);

const IS_TRUNCATED: Field = Field("IsTruncated", Optional, &Flag);
const MARKER: Field = Field("Marker", Optional, &Text);

const ATTACHED: &[Field] = &[
    Field(
        "AttachedPolicies",
        Required,
        &List(&Object(&[Field("PolicyName", Optional, &Text), Field("PolicyArn", Required, &Text)]), FEW, BeEmpty),
    ),
    IS_TRUNCATED,
    MARKER,
];

const INLINE: &[Field] = &[Field("PolicyNames", Required, &List(&Text, FEW, BeEmpty)), IS_TRUNCATED, MARKER];

const MATCHED: Form = List(
    &Object(&[
        Field("SourcePolicyId", Optional, &Text),
        Field("SourcePolicyType", Optional, &Text),
        Field("StartPosition", Optional, &Any),
        Field("EndPosition", Optional, &Any),
    ]),
    FEW,
    BeEmpty,
);

const MISSING: Form = List(&Text, FEW, BeEmpty);

const BOUNDARY_DETAIL: Form = Object(&[Field("AllowedByPermissionsBoundary", Required, &Flag)]);

const SIMULATION: &[Field] = &[
    Field("EvalActionName", Required, &Text),
    Field("EvalResourceName", Optional, &Text),
    Field("EvalDecision", Required, &Word),
    Field("MatchedStatements", Optional, &MATCHED),
    Field("MissingContextValues", Optional, &MISSING),
    Field("OrganizationsDecisionDetail", Optional, &Object(&[Field("AllowedByOrganizations", Required, &Flag)])),
    Field("PermissionsBoundaryDecisionDetail", Optional, &BOUNDARY_DETAIL),
    Field("EvalDecisionDetails", Optional, &Any),
    Field(
        "ResourceSpecificResults",
        Optional,
        &List(
            &Object(&[
                Field("EvalResourceName", Required, &Text),
                Field("EvalResourceDecision", Required, &Word),
                Field("MatchedStatements", Optional, &MATCHED),
                Field("MissingContextValues", Optional, &MISSING),
                Field("PermissionsBoundaryDecisionDetail", Optional, &BOUNDARY_DETAIL),
                Field("EvalDecisionDetails", Optional, &Any),
            ]),
            MANY,
            BeEmpty,
        ),
    ),
];

const PROFILE: &[Field] = &[
    Field("inferenceProfileArn", Required, &Text),
    Field("inferenceProfileId", Required, &Text),
    Field("inferenceProfileName", Optional, &Any),
    Field("type", Required, &Word),
    Field("status", Optional, &Word),
    Field("models", Required, &List(&Object(&[Field("modelArn", Required, &Text)]), FEW, NotBeEmpty)),
];

const WORDS: Form = List(&Word, FEW, BeEmpty);

const MODEL: Form = Object(&[
    Field("modelId", Required, &Text),
    Field("modelArn", Optional, &Text),
    Field("modelName", Optional, &Any),
    Field("providerName", Optional, &Text),
    Field("inputModalities", Optional, &WORDS),
    Field("outputModalities", Optional, &WORDS),
    Field("inferenceTypesSupported", Optional, &WORDS),
    Field("responseStreamingSupported", Optional, &Flag),
    Field("modelLifecycle", Optional, &Object(&[Field("status", Required, &Word)])),
]);

const GUARDRAIL: Form = Object(&[
    Field("guardrailArn", Required, &Text),
    Field(
        "modelEnforcement",
        Optional,
        &Object(&[
            Field("includedModels", Optional, &List(&Text, FEW, BeEmpty)),
            Field("excludedModels", Optional, &List(&Text, FEW, BeEmpty)),
        ]),
    ),
]);

const CHECKS: Form = List(
    &Object(&[
        Field("checkType", Required, &Word),
        Field("evaluatedEffect", Required, &Word),
        Field("targetArn", Optional, &Text),
        Field("matchedPolicies", Optional, &Any),
    ]),
    FEW,
    BeEmpty,
);

/// Returns the fields of an API's answer; in the query protocol those of its result element.
fn fields(api: Api) -> &'static [Field] {
    match api {
        // Not operations of an SDK client: `events`, `programs` and `resource_policies` read the answers.
        Api::LookupEvents | Api::GetBucketPolicy | Api::GetKeyPolicy | Api::ListTrustedAccessPrograms => &[],
        Api::GetCallerIdentity => {
            &[Field("UserId", Optional, &Text), Field("Account", Required, &Text), Field("Arn", Required, &Text)]
        }
        Api::AssumeRole => &[Field(
            "Credentials",
            Required,
            &Object(&[
                Field("AccessKeyId", Required, &Text),
                Field("SecretAccessKey", Required, &Text),
                Field("SessionToken", Required, &Text),
                Field("Expiration", Required, &Text),
            ]),
        )],
        Api::GetRole => &[Field(
            "Role",
            Required,
            &Object(&[
                Field("RoleName", Required, &Text),
                Field("Arn", Required, &Text),
                Field("AssumeRolePolicyDocument", Optional, &Document),
                Field("PermissionsBoundary", Optional, &BOUNDARY),
                Field("Tags", Optional, &TAGS),
            ]),
        )],
        Api::GetUser => &[Field(
            "User",
            Required,
            &Object(&[
                Field("UserName", Required, &Text),
                Field("Arn", Required, &Text),
                Field("PermissionsBoundary", Optional, &BOUNDARY),
                Field("Tags", Optional, &TAGS),
            ]),
        )],
        Api::ListAttachedRolePolicies | Api::ListAttachedUserPolicies | Api::ListAttachedGroupPolicies => ATTACHED,
        Api::ListRolePolicies | Api::ListUserPolicies | Api::ListGroupPolicies => INLINE,
        Api::ListGroupsForUser => &[
            Field("Groups", Required, &List(&Object(&[Field("GroupName", Required, &Text)]), FEW, BeEmpty)),
            IS_TRUNCATED,
            MARKER,
        ],
        Api::GetPolicy => &[Field(
            "Policy",
            Required,
            &Object(&[Field("Arn", Optional, &Text), Field("DefaultVersionId", Required, &Word)]),
        )],
        Api::GetPolicyVersion => &[Field(
            "PolicyVersion",
            Required,
            &Object(&[
                Field("Document", Required, &Document),
                Field("VersionId", Optional, &Word),
                Field("IsDefaultVersion", Optional, &Flag),
            ]),
        )],
        Api::GetRolePolicy | Api::GetUserPolicy | Api::GetGroupPolicy => {
            &[Field("PolicyName", Optional, &Text), Field("PolicyDocument", Required, &Document)]
        }
        Api::SimulatePrincipalPolicy => {
            &[Field("EvaluationResults", Required, &List(&Object(SIMULATION), MANY, BeEmpty)), IS_TRUNCATED, MARKER]
        }
        Api::GetRequestAuthorizationDetails => &[
            Field(
                "evaluations",
                Required,
                &List(
                    &Object(&[
                        Field("action", Required, &Text),
                        Field("resource", Required, &Text),
                        Field("evaluatedEffect", Required, &Word),
                        Field("checks", Optional, &CHECKS),
                        Field("matchedPolicies", Optional, &Any),
                    ]),
                    FEW,
                    BeEmpty,
                ),
            ),
            Field("policies", Optional, &List(&Any, FEW, BeEmpty)),
            Field("nextToken", Optional, &Text),
        ],
        Api::GetInferenceProfile => PROFILE,
        Api::ListInferenceProfiles => &[
            Field("inferenceProfileSummaries", Required, &List(&Object(PROFILE), MANY, BeEmpty)),
            Field("nextToken", Optional, &Text),
        ],
        // Every Region with Bedrock lists models; an empty list is what something else answers.
        Api::ListFoundationModels => &[Field("modelSummaries", Required, &List(&MODEL, MANY, NotBeEmpty))],
        Api::GetFoundationModelAvailability => &[
            Field("modelId", Optional, &Text),
            Field(
                "agreementAvailability",
                Optional,
                &Object(&[Field("status", Required, &Word), Field("errorMessage", Optional, &Blank)]),
            ),
            Field("authorizationStatus", Optional, &Word),
            Field("entitlementAvailability", Optional, &Word),
            Field("regionAvailability", Optional, &Word),
        ],
        Api::GetUseCaseForModelAccess => &[Field("formData", Required, &Text)],
        Api::ListEnforcedGuardrailsConfiguration => {
            &[Field("guardrailsConfig", Required, &List(&GUARDRAIL, FEW, BeEmpty)), Field("nextToken", Optional, &Text)]
        }
        Api::GetAccountDataRetention => &[Field("mode", Required, &Word)],
        Api::Converse => &[
            Field(
                "output",
                Required,
                &Object(&[Field(
                    "message",
                    Required,
                    &Object(&[Field("role", Required, &Word), Field("content", Required, &List(&Any, FEW, BeEmpty))]),
                )]),
            ),
            Field("stopReason", Required, &Word),
            Field("usage", Required, &Any),
        ],
        // Native answers have a form by model family (see `test_call`), and streams are read frame by frame.
        Api::InvokeModel | Api::InvokeModelWithResponseStream | Api::ConverseStream => &[],
    }
}

/// Returns why an answer does not have its API's form; `operation` is the API's name without its prefix.
pub(super) fn check_json(api: Api, body: &Node) -> Result<(), String> {
    check_fields(fields(api), body, "the answer")
}

/// Returns why a document of the query protocol does not have its API's form.
pub(super) fn check_xml(api: Api, (root, document): &(String, Node)) -> Result<(), String> {
    let operation = api.name().split_once(':').map_or(api.name(), |(_, operation)| operation);
    let result = document.get(&format!("{operation}Result"));
    let Some(result) = result.filter(|_| *root == format!("{operation}Response")) else {
        return Err("the document is not the answer to the call".to_owned());
    };
    if matches!(result, Node::Empty) {
        return Err("the result is empty".to_owned());
    }
    check_fields(fields(api), result, "the result")?;
    let goes_on = result.get(IS_TRUNCATED.0).and_then(Node::text) == Some("true");
    if goes_on != result.get(MARKER.0).is_some() {
        return Err("the answer does not say whether it is complete".to_owned());
    }
    Ok(())
}

fn check_fields(fields: &[Field], node: &Node, place: &str) -> Result<(), String> {
    let parts: &[(String, Node)] = match node {
        Node::Object(parts) => parts,
        Node::Empty => &[],
        _ => return Err(format!("{place} is not an object")),
    };
    for (name, _) in parts {
        let meant = fields.iter().find(|field| field.0.eq_ignore_ascii_case(name));
        if let Some(field) = meant.filter(|field| field.0 != name) {
            return Err(format!("`{}` is written in other letters", field.0));
        }
    }
    for Field(name, need, form) in fields {
        match (node.get(name), need) {
            (None | Some(Node::Null), Required) => return Err(format!("{place} lacks `{name}`")),
            (None | Some(Node::Null), Optional) => {}
            (Some(value), _) => check(form, value, name)?,
        }
    }
    Ok(())
}

fn check(form: &Form, node: &Node, name: &str) -> Result<(), String> {
    let is_word = |text: &str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        !text.is_empty() && text.len() <= 64 && text.chars().all(is_part)
    };
    match (form, node) {
        (Form::Any, _) | (Form::Blank, Node::Text(_) | Node::Empty) | (Form::Flag, Node::Flag) => Ok(()),
        (Form::Text, Node::Text(text)) if !text.is_empty() => Ok(()),
        (Form::Document, Node::Text(text)) if text.len() <= LONGEST_DOCUMENT => Ok(()),
        (Form::Word, Node::Text(text)) if is_word(text) => Ok(()),
        (Form::Flag, Node::Text(text)) if text == "true" || text == "false" => Ok(()),
        (Form::List(_, _, BeEmpty), Node::Empty) => Ok(()),
        (Form::List(form, most, may), Node::List(items)) => {
            if items.len() > *most {
                return Err(format!("`{name}` has {} items, more than an account can have", items.len()));
            }
            if items.is_empty() && *may == NotBeEmpty {
                return Err(format!("`{name}` is empty"));
            }
            items.iter().try_for_each(|item| check(form, item, name))
        }
        (Form::Object(fields), node) => check_fields(fields, node, &format!("`{name}`")),
        _ => Err(format!("`{name}` does not have the documented form")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::body;
    use super::*;

    fn of_json(api: Api, text: &str) -> Result<(), String> {
        check_json(api, &body::json(text.as_bytes())?)
    }

    fn of_xml(api: Api, text: &str) -> Result<(), String> {
        check_xml(api, &body::xml(text.as_bytes())?)
    }

    #[test]
    fn an_empty_list_is_one_only_where_it_is_written() {
        let guardrails = Api::ListEnforcedGuardrailsConfiguration;
        assert_eq!(of_json(guardrails, r#"{"guardrailsConfig": []}"#), Ok(()));
        for other in [
            "{}",
            "[]",
            "null",
            r#"{"guardrailsConfig": null}"#,
            r#"{"GuardrailsConfig": []}"#,
            r#"{"guardrailsConfig": [], "guardrailsconfig": []}"#,
            r#"{"guardrailsConfig": [], "guardrailsConfig": [{"guardrailArn": "x"}]}"#,
            r#"{"guardrailsConfig": [{}]}"#,
            r#"{"guardrailsConfig": {}}"#,
        ] {
            assert!(of_json(guardrails, other).is_err(), "{other}");
        }
        assert!(of_json(Api::ListFoundationModels, r#"{"modelSummaries": []}"#).is_err());
        assert!(of_json(Api::ListFoundationModels, r#"{"modelSummaries": [{}]}"#).is_err());
    }

    #[test]
    fn fields_that_aws_may_add_are_no_reason() {
        let listed = r#"{"enableAccessToAllModelsByDefault": true, "modelSummaries": [{"modelId": "a.b", "description":
            {"maxContextWindow": "200k"}, "inputModalities": ["TEXT"]}]}"#;
        assert_eq!(of_json(Api::ListFoundationModels, listed), Ok(()));
        let availability = r#"{"agreementAvailability": {"errorMessage": null, "status": "AVAILABLE"}}"#;
        assert_eq!(of_json(Api::GetFoundationModelAvailability, availability), Ok(()));
    }

    #[test]
    fn a_simulation_says_everything_once() {
        let simulate = Api::SimulatePrincipalPolicy;
        let result =
            "<member><EvalActionName>bedrock:InvokeModel</EvalActionName><EvalDecision>allowed</EvalDecision></member>";
        let whole = |inner: &str| {
            format!(
                "<SimulatePrincipalPolicyResponse xmlns=\"x\"><SimulatePrincipalPolicyResult>{inner}</SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>"
            )
        };
        let list = format!("<EvaluationResults>{result}</EvaluationResults>");
        for good in [
            format!("<IsTruncated>false</IsTruncated>{list}"),
            format!("<IsTruncated>true</IsTruncated><Marker>m</Marker>{list}"),
            "<IsTruncated>false</IsTruncated><EvaluationResults/>".to_owned(),
        ] {
            assert_eq!(of_xml(simulate, &whole(&good)), Ok(()), "{good}");
        }
        for bad in [
            String::new(),
            format!("{list}{list}"),
            format!("<Marker>m</Marker>{list}"),
            format!("<IsTruncated>true</IsTruncated>{list}"),
            format!("<IsTruncated>perhaps</IsTruncated>{list}"),
            list.replace("<EvalDecision>", "<EvalDecision>allowed</EvalDecision><EvalDecision>"),
            list.replace("EvalDecision", "evalDecision"),
            list.replace("allowed", "al lowed"),
        ] {
            assert!(of_xml(simulate, &whole(&bad)).is_err(), "{bad}");
        }
        assert!(of_xml(simulate, &format!("{0}{0}", whole(&list))).is_err());
        assert!(of_xml(Api::GetRole, &whole(&list)).is_err());
    }
}
