//! The wire: requests as they come in, answers as they go out, and which operation a request names.
//!
//! STS and IAM speak the `query` protocol (a form in, XML out), Bedrock and its runtime REST-JSON. The tables
//! here are the whole of what the sandbox serves.

use super::refusal::Refusal;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use std::ops::Bound;

/// What the paths of IAM Toolbox begin with.
const TOOLBOX: &str = "/authorization-details/";

/// The operation of IAM Toolbox; its permission is one of IAM's, whose endpoint does not know it.
const TOOLBOX_OPERATION: &str = "iam:GetRequestAuthorizationDetails";

/// A service, as the credential scope of a signature or the form of a request tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Sts,
    Iam,
    /// IAM Toolbox, which is signed for as IAM.
    Toolbox,
    Bedrock,
}

impl Service {
    /// Returns the service of a name in a credential scope, and of a path.
    pub(super) fn of_scope(name: &str, path: &str) -> Option<Self> {
        match name {
            "sts" => Some(Self::Sts),
            "iam" if path.starts_with(TOOLBOX) => Some(Self::Toolbox),
            "iam" => Some(Self::Iam),
            // The two endpoints differ in their paths and in the actions that they ask for.
            "bedrock" | "bedrock-mantle" => Some(Self::Bedrock),
            _ => None,
        }
    }

    /// Tells the service of a request that is not signed from its form.
    pub(super) fn of_form(request: &WireRequest) -> Self {
        if request.path.starts_with(TOOLBOX) {
            return Self::Toolbox;
        }
        if request.path != "/" {
            return Self::Bedrock;
        }
        match request.form().get("Version") {
            Some("2010-05-08") => Self::Iam,
            _ => Self::Sts,
        }
    }

    /// Tells whether the service speaks the `query` protocol.
    pub(super) fn is_query(self) -> bool {
        matches!(self, Self::Sts | Self::Iam)
    }

    /// Returns the namespace of the service's XML.
    pub(super) fn namespace(self) -> &'static str {
        match self {
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Sts | Self::Toolbox | Self::Bedrock => "https://sts.amazonaws.com/doc/2011-06-15/",
        }
    }
}

/// A request as it came in.
#[derive(Debug)]
pub(super) struct WireRequest {
    pub(super) method: Method,
    /// The path, still percent-encoded: a model's ARN holds slashes.
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl WireRequest {
    /// Returns a header's value, where it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Reads the parameters of the `query` protocol, from the body or the query string.
    pub(super) fn form(&self) -> Form {
        let source = if self.body.is_empty() { self.query.as_bytes() } else { &self.body };
        Form::parse(source)
    }
}

/// An answer as it goes out.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) delivery: Delivery,
}

/// How an answer travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Delivery {
    /// As it is.
    #[default]
    Whole,
    /// It never sets out.
    Never,
    /// With a body filled up to so many bytes.
    Padded(usize),
    /// With a body that goes on for ever.
    Endless,
    /// So many bytes from the beginning of the head, then the ending.
    Head(usize, Ending),
    /// The head and so many bytes of the body, then the ending.
    Body(usize, Ending),
}

/// What becomes of an answer that stops being delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
    /// The rest goes byte by byte.
    Drip,
    /// Something that is not HTTP goes instead.
    Junk,
}

impl Reply {
    /// An answer in JSON.
    pub(super) fn json(value: &serde_json::Value) -> Self {
        Self::new(200, "application/json", value.to_string().into_bytes())
    }

    /// An answer with a body of a type.
    pub(super) fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body, delivery: Delivery::Whole }
    }

    /// Says how the answer travels.
    pub(super) fn delivered(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The parameters of a form or query string.
#[derive(Debug, Default)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`; of a parameter that is given twice the first counts.
    pub(super) fn parse(source: &[u8]) -> Self {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(source).into_owned() {
            parameters.entry(name).or_insert(value);
        }
        Self(parameters)
    }

    /// Returns a parameter's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns a parameter's value, or the refusal that names it.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            let field = name.chars().enumerate().map(|(i, c)| if i == 0 { c.to_ascii_lowercase() } else { c });
            Refusal::invalid_input(
                "ValidationError",
                format!(
                    "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must not be null",
                    field.collect::<String>()
                ),
            )
        })
    }

    /// Returns the items of a list: `NAME.member.1`, `NAME.member.2`, …
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|index| self.get(&format!("{name}.member.{index}"))).collect()
    }

    /// Returns the structures of a list, each as the parameters below it.
    pub(super) fn structures(&self, name: &str) -> Vec<Form> {
        let member = |index: usize| {
            let prefix = format!("{name}.member.{index}.");
            let from_prefix = self.0.range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded));
            let fields = from_prefix.map_while(|(key, value)| Some((key.strip_prefix(&prefix)?, value)));
            Form(fields.map(|(key, value)| (key.to_owned(), value.clone())).collect())
        };
        (1..).map(member).take_while(|form| !form.0.is_empty()).collect()
    }
}

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
    "bedrock:ChatCompletions",
    "bedrock:Responses",
    "bedrock-mantle:CreateInference",
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

impl Operation {
    /// Tells which operation a request names.
    pub(super) fn of(service: Service, request: &WireRequest) -> Result<Self, Refusal> {
        if service.is_query() { Self::of_action(service, request) } else { Self::of_route(service, request) }
    }

    fn of_action(service: Service, request: &WireRequest) -> Result<Self, Refusal> {
        let form = request.form();
        let (prefix, version) = if service == Service::Iam { ("iam", "2010-05-08") } else { ("sts", "2011-06-15") };
        let Some(action) = form.get("Action") else {
            return Err(Refusal::invalid_input("MissingAction", "Missing Action".to_owned()));
        };
        let mut names = OPERATIONS.iter().filter(|name| **name != TOOLBOX_OPERATION);
        let name = names.find(|name| name.split_once(':') == Some((prefix, action)));
        match name {
            Some(name) => Ok(Self { name, label: String::new(), form }),
            None => Err(Refusal::invalid_input(
                "InvalidAction",
                format!(
                    "Could not find operation {action} for version {version}; the sandbox serves {}",
                    served(prefix)
                ),
            )),
        }
    }

    fn of_route(service: Service, request: &WireRequest) -> Result<Self, Refusal> {
        for (method, template, name) in ROUTES {
            if *method != request.method || (*name == TOOLBOX_OPERATION) != (service == Service::Toolbox) {
                continue;
            }
            if let Some(label) = match_path(template, &request.path) {
                return Ok(Self { name, label, form: Form::parse(request.query.as_bytes()) });
            }
        }
        Err(Refusal::unknown_operation(format!(
            "the sandbox knows no operation {} {}; it serves {}",
            request.method,
            request.path,
            served("bedrock")
        )))
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

    #[test]
    fn forms_hold_lists_and_structures() {
        let form = Form::parse(
            b"A.member.1=x&A.member.2=y%20z&C.member.1.Name=k&C.member.1.Values.member.1=v&C.member.2.Name=l",
        );
        assert_eq!(form.list("A"), ["x", "y z"]);
        let structures = form.structures("C");
        assert_eq!(structures.len(), 2);
        assert_eq!(structures[0].list("Values"), ["v"]);
        assert_eq!(structures[1].get("Name"), Some("l"));
    }
}
