//! Operations: which one a request names, and the tables of all that the sandbox serves.
//!
//! Takes a request and its service; gives the operation's name, the resource in its path and its parameters, or what
//! is wrong with it. Refusals are worded elsewhere.

use super::wire::{Form, Service, WireRequest};
use hyper::Method;
use percent_encoding::percent_decode_str;

/// The operation of IAM Toolbox; its permission is one of IAM's, whose endpoint does not know it.
const TOOLBOX_OPERATION: &str = "iam:GetRequestAuthorizationDetails";

/// Every operation that the sandbox serves.
pub(super) const OPERATIONS: &[&str] = &[
    "sts:GetCallerIdentity",
    "sts:AssumeRole",
    "iam:GetRole",
    "iam:GetUser",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRolePolicy",
    "iam:GetUserPolicy",
    "iam:GetGroupPolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListAttachedGroupPolicies",
    "iam:ListGroupsForUser",
    "iam:ListRolePolicies",
    "iam:ListUserPolicies",
    "iam:ListGroupPolicies",
    "iam:ListPolicyVersions",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:PutGroupPolicy",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPolicy",
    "iam:DeleteGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:AttachGroupPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:DetachGroupPolicy",
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:SetDefaultPolicyVersion",
    "iam:DeletePolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutUserPermissionsBoundary",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:SimulatePrincipalPolicy",
    TOOLBOX_OPERATION,
    "bedrock:ListFoundationModels",
    "bedrock:GetFoundationModel",
    "bedrock:GetFoundationModelAvailability",
    "bedrock:GetInferenceProfile",
    "bedrock:ListInferenceProfiles",
    "bedrock:GetUseCaseForModelAccess",
    "bedrock:ListFoundationModelAgreementOffers",
    "bedrock:ListEnforcedGuardrailsConfiguration",
    "bedrock:GetAccountDataRetention",
    "bedrock:PutUseCaseForModelAccess",
    "bedrock:CreateFoundationModelAgreement",
    "bedrock:DeleteFoundationModelAgreement",
    "bedrock:PutAccountDataRetention",
    "bedrock:InvokeModel",
    "bedrock:InvokeModelWithResponseStream",
    "bedrock:Converse",
    "bedrock:ConverseStream",
    "bedrock:CountTokens",
    "bedrock:ApplyGuardrail",
    "bedrock:StartAsyncInvoke",
    "bedrock:CreateModelInvocationJob",
    "bedrock:CreateModelCustomizationJob",
    "bedrock:CreateProvisionedModelThroughput",
    "bedrock:CreateAgent",
    "bedrock:InvokeAgent",
    "bedrock:Retrieve",
    "bedrock:RetrieveAndGenerate",
    "bedrock:Rerank",
    "bedrock:ListTrustedAccessPrograms",
    "bedrock:GetTrustedAccessProgram",
    "bedrock:PutTrustedAccessProgramAccountEnrollment",
    "bedrock:ChatCompletions",
    "bedrock:Responses",
    "bedrock-mantle:CreateInference",
    "bedrock-mantle:ListModels",
    "bedrock-mantle:GetModel",
    "bedrock-agentcore:InvokeAgentRuntime",
    "bedrock-agentcore:CreateAgentRuntime",
    "bedrock-agentcore:InvokeGateway",
    "kms:GetKeyPolicy",
    "s3:GetBucketPolicy",
    "ecr:GetRepositoryPolicy",
    "organizations:DescribePolicy",
    "organizations:ListPolicies",
    "organizations:ListPoliciesForTarget",
    "organizations:UpdatePolicy",
    "sso:ListInstances",
    "sso:ListPermissionSets",
    "sso:DescribePermissionSet",
    "sso:GetInlinePolicyForPermissionSet",
    "sso:PutInlinePolicyToPermissionSet",
    "sso:DeleteInlinePolicyFromPermissionSet",
    "sso:ProvisionPermissionSet",
    "sso:DescribePermissionSetProvisioningStatus",
];

/// Method, path and operation of REST-JSON; `{}` stands for one percent-encoded segment. Of several segments the label
/// has a slash between.
const ROUTES: &[(Method, &str, &str)] = &[
    (Method::GET, "/authorization-details/{}", TOOLBOX_OPERATION),
    (Method::GET, "/foundation-models", "bedrock:ListFoundationModels"),
    (Method::GET, "/foundation-models/{}", "bedrock:GetFoundationModel"),
    (Method::GET, "/foundation-model-availability/{}", "bedrock:GetFoundationModelAvailability"),
    (Method::GET, "/inference-profiles", "bedrock:ListInferenceProfiles"),
    (Method::GET, "/inference-profiles/{}", "bedrock:GetInferenceProfile"),
    (Method::GET, "/use-case-for-model-access", "bedrock:GetUseCaseForModelAccess"),
    (Method::GET, "/list-foundation-model-agreement-offers/{}", "bedrock:ListFoundationModelAgreementOffers"),
    (Method::GET, "/enforcedGuardrailsConfiguration", "bedrock:ListEnforcedGuardrailsConfiguration"),
    (Method::GET, "/data-retention", "bedrock:GetAccountDataRetention"),
    (Method::POST, "/use-case-for-model-access", "bedrock:PutUseCaseForModelAccess"),
    (Method::POST, "/create-foundation-model-agreement", "bedrock:CreateFoundationModelAgreement"),
    (Method::POST, "/delete-foundation-model-agreement", "bedrock:DeleteFoundationModelAgreement"),
    (Method::PUT, "/data-retention", "bedrock:PutAccountDataRetention"),
    (Method::POST, "/model/{}/invoke", "bedrock:InvokeModel"),
    (Method::POST, "/model/{}/invoke-with-response-stream", "bedrock:InvokeModelWithResponseStream"),
    (Method::POST, "/model/{}/converse", "bedrock:Converse"),
    (Method::POST, "/model/{}/converse-stream", "bedrock:ConverseStream"),
    (Method::POST, "/model/{}/count-tokens", "bedrock:CountTokens"),
    (Method::POST, "/guardrail/{}/version/{}/apply", "bedrock:ApplyGuardrail"),
    (Method::POST, "/async-invoke", "bedrock:StartAsyncInvoke"),
    (Method::POST, "/model-invocation-job", "bedrock:CreateModelInvocationJob"),
    (Method::POST, "/model-customization-jobs", "bedrock:CreateModelCustomizationJob"),
    (Method::POST, "/provisioned-model-throughput", "bedrock:CreateProvisionedModelThroughput"),
    (Method::PUT, "/agents/", "bedrock:CreateAgent"),
    (Method::POST, "/agents/{}/agentAliases/{}/sessions/{}/text", "bedrock:InvokeAgent"),
    (Method::POST, "/knowledgebases/{}/retrieve", "bedrock:Retrieve"),
    (Method::POST, "/retrieveAndGenerate", "bedrock:RetrieveAndGenerate"),
    (Method::POST, "/openai/v1/chat/completions", "bedrock:ChatCompletions"),
    (Method::POST, "/openai/v1/responses", "bedrock:Responses"),
    (Method::POST, "/v1/chat/completions", "bedrock-mantle:CreateInference"),
    (Method::POST, "/v1/responses", "bedrock-mantle:CreateInference"),
    (Method::POST, "/anthropic/v1/messages", "bedrock-mantle:CreateInference"),
    (Method::GET, "/v1/models", "bedrock-mantle:ListModels"),
    (Method::GET, "/v1/models/{}", "bedrock-mantle:GetModel"),
    (Method::POST, "/rerank", "bedrock:Rerank"),
    (Method::GET, "/trusted-access-programs", "bedrock:ListTrustedAccessPrograms"),
    (Method::GET, "/trusted-access-programs/{}", "bedrock:GetTrustedAccessProgram"),
    (Method::PUT, "/trusted-access-programs/{}/account-enrollment", "bedrock:PutTrustedAccessProgramAccountEnrollment"),
    (Method::POST, "/runtimes/{}/invocations", "bedrock-agentcore:InvokeAgentRuntime"),
    (Method::PUT, "/runtimes/", "bedrock-agentcore:CreateAgentRuntime"),
    (Method::POST, "/gateways/{}/mcp", "bedrock-agentcore:InvokeGateway"),
    (Method::GET, "/{}", "s3:GetBucketPolicy"),
];

/// An operation that a request names, with what the name carries.
#[derive(Debug)]
pub(super) struct Operation {
    /// Service prefix and API name, such as `bedrock:Converse`.
    pub(super) name: &'static str,
    /// The resource in the path, decoded.
    pub(super) label: String,
    /// The parameters of the `query` protocol, or of the query string.
    pub(super) form: Form,
}

/// Why a request names no operation that is served.
#[derive(Debug)]
pub(super) enum NotServed {
    /// The `query` protocol's `Action` is missing.
    NoAction,
    /// A service of the `query` protocol has no such action.
    Action { name: String, version: &'static str, served: String },
    /// A service of the JSON protocol has no such operation.
    Target { name: String, served: String },
    /// The path belongs to an API of another base path.
    WrongBase,
    /// No route has this method and path.
    Route { method: Method, path: String, served: String },
}

impl Operation {
    /// Returns the operation that a request names.
    pub(super) fn from_request(service: Service, request: &WireRequest) -> Result<Self, NotServed> {
        if service.is_query() {
            Self::from_action(service, request)
        } else if service.is_json_rpc() {
            Self::from_target(service, request)
        } else {
            Self::from_route(service, request)
        }
    }

    fn from_action(service: Service, request: &WireRequest) -> Result<Self, NotServed> {
        let form = request.form();
        let (prefix, version) = if service == Service::Iam { ("iam", "2010-05-08") } else { ("sts", "2011-06-15") };
        let Some(action) = form.get("Action") else { return Err(NotServed::NoAction) };
        let mut names = OPERATIONS.iter().filter(|name| **name != TOOLBOX_OPERATION);
        let name = names.find(|name| name.split_once(':') == Some((prefix, action)));
        match name {
            Some(name) => Ok(Self { name, label: String::new(), form }),
            None => Err(NotServed::Action { name: action.to_owned(), version, served: served(prefix) }),
        }
    }

    /// Reads the operation from the target of AWS's JSON protocol, such as `AWSOrganizationsV20161128.UpdatePolicy`.
    fn from_target(service: Service, request: &WireRequest) -> Result<Self, NotServed> {
        let prefix = match service {
            Service::Organizations => "organizations",
            Service::Kms => "kms",
            Service::Ecr => "ecr",
            _ => "sso",
        };
        let target = request.header("x-amz-target").unwrap_or_default();
        let action = target.rsplit('.').next().unwrap_or_default();
        let name = OPERATIONS.iter().find(|name| name.split_once(':') == Some((prefix, action)));
        let missing = || NotServed::Target { name: action.to_owned(), served: served(prefix) };
        Ok(Self { name: name.ok_or_else(missing)?, label: String::new(), form: Form::default() })
    }

    fn from_route(service: Service, request: &WireRequest) -> Result<Self, NotServed> {
        for (method, template, name) in ROUTES {
            if *method != request.method || service_of(name) != service {
                continue;
            }
            if let Some(label) = match_path(template, &request.path) {
                return Ok(Self { name, label, form: Form::parse(request.query.as_bytes()) });
            }
        }
        // The runtime takes `/openai/v1` and `/anthropic/v1`; a path without their first part is answered with success.
        if service == Service::Bedrock && request.path.starts_with("/v1/") {
            return Err(NotServed::WrongBase);
        }
        let (method, path) = (request.method.clone(), request.path.clone());
        Err(NotServed::Route { method, path, served: served("bedrock") })
    }
}

/// Returns the service whose endpoint has a route to an operation.
fn service_of(operation: &str) -> Service {
    match operation.split(':').next() {
        Some("iam") => Service::Toolbox,
        Some("bedrock-mantle") => Service::Mantle,
        Some("bedrock-agentcore") => Service::AgentCore,
        Some("s3") => Service::S3,
        _ => Service::Bedrock,
    }
}

/// Returns the label in a path that a template matches; an empty one where the template has none.
fn match_path(template: &str, path: &str) -> Option<String> {
    let mut label = String::new();
    let mut segments = path.split('/');
    for part in template.split('/') {
        let segment = segments.next()?;
        if part == "{}" && !segment.is_empty() {
            if !label.is_empty() {
                label.push('/');
            }
            label.push_str(&percent_decode_str(segment).decode_utf8().ok()?);
        } else if part != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(label)
}

fn served(prefix: &str) -> String {
    let names: Vec<&str> = OPERATIONS
        .iter()
        .filter(|name| **name != TOOLBOX_OPERATION)
        .filter_map(|name| name.split_once(':'))
        .filter(|(p, _)| *p == prefix)
        .map(|(_, n)| n)
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_segment_however_many_slashes_it_holds() {
        let path = "/model/arn%3Aaws%3Abedrock%3Aus-west-2%3A111122223333%3Ainference-profile%2Fus.m/converse";
        assert_eq!(
            match_path("/model/{}/converse", path).as_deref(),
            Some("arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.m")
        );
        assert_eq!(match_path("/model/{}/converse", "/model//converse"), None);
        assert_eq!(match_path("/foundation-models", "/foundation-models/x"), None);
        assert_eq!(match_path("/foundation-models", "/foundation-models").as_deref(), Some(""));
    }

    #[test]
    fn every_route_leads_to_a_served_operation() {
        assert!(ROUTES.iter().all(|(_, _, name)| OPERATIONS.contains(name)));
    }
}
