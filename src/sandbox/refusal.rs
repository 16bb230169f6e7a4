//! Refusals, in AWS's words.
//!
//! Each text is one that callers really got (the grammar of denials is in the IAM User Guide, "Troubleshoot
//! access denied error messages"). Which layer speaks shows in the header and in the spelling of the message's
//! key, and clients are known to depend on both.

use super::operation::NotServed;
use super::wire::{Form, Reply, Service};
use super::xml::Xml;
use crate::iam::{Decision, PolicyType};

/// A call that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    layer: Layer,
}

/// Who refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    /// IAM's evaluation: `Message`, and coral.service in the error type.
    Authorization,
    /// The front end that authenticates and routes: `message`, and coral.service.
    Front,
    /// Bedrock itself: `message`, and com.amazon.bedrock.
    Service,
    /// The `bedrock-mantle` endpoint, in the form of the OpenAI API.
    Mantle,
    /// Bedrock itself, in the form of Anthropic's API.
    Anthropic,
}

/// Where IAM keeps the evaluation of a refused call.
#[derive(Debug)]
pub(super) struct Pointer {
    pub(super) id: String,
    pub(super) region: String,
}

/// A decision of IAM against a call, with the policy type that it is put down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Denial {
    pub(super) decision: Decision,
    pub(super) policy_type: PolicyType,
    /// The ARN of the policy that denies explicitly, where it has one.
    pub(super) policy_arn: Option<String>,
}

impl Refusal {
    fn new(layer: Layer, status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), layer }
    }

    /// Bedrock itself refuses.
    pub(super) fn service(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self::new(Layer::Service, status, code, message)
    }

    /// IAM's API finds no such entity.
    pub(super) fn no_such_entity(message: String) -> Self {
        Self::new(Layer::Service, 404, "NoSuchEntity", message)
    }

    /// IAM's API cannot do it in the present state.
    pub(super) fn conflict(code: &str, message: String) -> Self {
        Self::new(Layer::Service, 409, code, message)
    }

    /// A parameter cannot be taken.
    pub(super) fn invalid_input(code: &str, message: String) -> Self {
        Self::new(Layer::Service, 400, code, message)
    }

    /// A policy document cannot be read.
    pub(super) fn malformed_policy() -> Self {
        Self::invalid_input("MalformedPolicyDocument", "Syntax errors in policy.".to_owned())
    }

    /// The request names no operation.
    pub(super) fn unknown_operation(message: String) -> Self {
        Self::new(Layer::Front, 404, "UnknownOperationException", message)
    }

    /// The request is not signed.
    pub(super) fn missing_token(service: Service) -> Self {
        if service.is_query() {
            let text = "Request is missing Authentication Token";
            return Self::new(Layer::Front, 403, "MissingAuthenticationToken", text);
        }
        Self::new(Layer::Front, 403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    }

    /// The signature lacks a part.
    pub(super) fn incomplete_signature(service: Service, part: &str) -> Self {
        let code = if service.is_query() { "IncompleteSignature" } else { "IncompleteSignatureException" };
        Self::new(Layer::Front, 400, code, format!("Authorization header requires '{part}' parameter."))
    }

    /// The signature is for a service that the sandbox does not have.
    pub(super) fn foreign_service(name: &str) -> Self {
        Self::unknown_operation(format!("the sandbox serves sts, iam, bedrock, organizations and sso, and no `{name}`"))
    }

    /// The access key id or the session token is not known.
    pub(super) fn invalid_token(service: Service) -> Self {
        let code = if service.is_query() { "InvalidClientTokenId" } else { "UnrecognizedClientException" };
        Self::new(Layer::Front, 403, code, "The security token included in the request is invalid.")
    }

    /// The session has ended.
    pub(super) fn expired_token(service: Service) -> Self {
        let code = if service.is_query() { "ExpiredToken" } else { "ExpiredTokenException" };
        Self::new(Layer::Front, 403, code, "The security token included in the request is expired")
    }

    /// The signature is older than the service's clock allows.
    #[cfg(feature = "faults")]
    pub(super) fn signature_expired(service: Service, message: String) -> Self {
        let code = if service.is_query() { "SignatureDoesNotMatch" } else { "InvalidSignatureException" };
        Self::new(Layer::Front, 403, code, message)
    }

    /// The signature is for another service of Bedrock than the endpoint's.
    pub(super) fn wrong_scope(service: Service) -> Self {
        let (layer, status, name) = match service {
            Service::Mantle => (Layer::Mantle, 401, "bedrock-mantle"),
            _ => (Layer::Front, 403, "bedrock"),
        };
        let message = format!("Credential should be scoped to correct service: '{name}'.");
        Self::new(layer, status, "InvalidSignatureException", message)
    }

    /// The `bedrock-mantle` endpoint does not know the bearer token.
    pub(super) fn mantle_api_key() -> Self {
        Self::new(Layer::Mantle, 401, "invalid_api_key", "Invalid bearer token")
    }

    /// A path of another API's base, which AWS answers with status 200.
    fn wrong_base() -> Self {
        Self::new(Layer::Front, 200, "UnknownOperationException", "")
    }

    /// The bearer token is none that the account takes.
    pub(super) fn api_key(message: &str) -> Self {
        Self::new(Layer::Authorization, 403, "AccessDeniedException", message)
    }

    /// The service refuses for its rate limit.
    pub(super) fn throttled(service: Service) -> Self {
        if service.is_query() {
            return Self::new(Layer::Service, 400, "Throttling", "Rate exceeded");
        }
        Self::service(429, "ThrottlingException", "Too many requests, please wait before trying again.")
    }

    /// The service fails inside.
    pub(super) fn internal(service: Service) -> Self {
        if service.is_query() {
            let text = "The request processing has failed because of an unknown error, exception or failure.";
            return Self::new(Layer::Service, 500, "InternalFailure", text);
        }
        Self::service(
            500,
            "InternalServerException",
            "The system encountered an unexpected error during processing. Try your request again.",
        )
    }

    /// IAM denies an action; `resource` is as the service words it, and is left out for `*`.
    pub(super) fn denied(
        service: Service,
        principal: &str,
        action: &str,
        resource: Option<&str>,
        denial: &Denial,
    ) -> Self {
        let message = denial_text(principal, action, resource, denial);
        if service == Service::Mantle {
            // Listing is refused with another status than inference.
            let status = if action == "bedrock-mantle:ListModels" { 403 } else { 401 };
            return Self::new(Layer::Mantle, status, "access_denied", message);
        }
        let code = if service.is_query() || service == Service::S3 { "AccessDenied" } else { "AccessDeniedException" };
        Self::new(Layer::Authorization, 403, code, message)
    }

    /// Adds where IAM keeps the whole evaluation (IAM User Guide, "Troubleshoot access denied error messages").
    pub(super) fn recorded(mut self, record: &Pointer) -> Self {
        let Pointer { id, region } = record;
        self.message.push_str(&format!(
            ". Go to https://{region}.console.aws.amazon.com/iam/home?region={region}#/authorization-details/{id} for \
             complete details, or call the GetRequestAuthorizationDetails API with the following authorization id: {id}"
        ));
        self
    }

    /// Puts a refusal of Bedrock itself in the form of Anthropic's API.
    pub(super) fn in_anthropic_shape(self) -> Self {
        if self.layer == Layer::Service { Self { layer: Layer::Anthropic, ..self } } else { self }
    }

    /// STS refuses to hand out a role, and does not say why.
    pub(super) fn not_assumable(principal: &str, role: &str) -> Self {
        let message = format!("User: {principal} is not authorized to perform: sts:AssumeRole on resource: {role}");
        Self::new(Layer::Authorization, 403, "AccessDenied", message)
    }

    /// Puts the refusal in the form of a service's protocol.
    pub(super) fn reply(&self, service: Service, request_id: &str) -> Reply {
        if service.is_query() && self.code != "UnknownOperationException" {
            return self.query_reply(service, request_id);
        }
        if service.is_json_rpc() {
            let key = if self.layer == Layer::Authorization { "Message" } else { "message" };
            let body = serde_json::json!({ "__type": self.code, key: self.message });
            return Reply::new(self.status, "application/x-amz-json-1.1", body.to_string().into_bytes());
        }
        if service == Service::S3 {
            return self.s3_reply(request_id);
        }
        if self.status == 200 {
            let kind = format!("com.amazon.coral.service#{}", self.code);
            return Reply::json(&serde_json::json!({ "Output": { "__type": kind }, "Version": "1.0" }));
        }
        let (package, key) = match self.layer {
            Layer::Authorization => ("com.amazon.coral.service", "Message"),
            Layer::Front => ("com.amazon.coral.service", "message"),
            Layer::Service if service == Service::Toolbox => ("com.amazon.coral.service", "message"),
            Layer::Service => ("com.amazon.bedrock", "message"),
            Layer::Mantle => {
                let kind =
                    if self.code == "access_denied" { "permission_denied_error" } else { "authentication_error" };
                let error = serde_json::json!({
                    "code": self.code, "message": self.message, "param": null, "type": kind,
                });
                return Reply::json_with_status(self.status, &serde_json::json!({ "error": error }));
            }
            Layer::Anthropic => {
                let error = serde_json::json!({ "type": self.anthropic_type(), "message": self.message });
                let id = format!("req_{}", request_id.replace('-', ""));
                let body = serde_json::json!({ "type": "error", "request_id": id, "error": error });
                return Reply::json_with_status(self.status, &body);
            }
        };
        let body = serde_json::json!({ key: self.message });
        Reply::new(self.status, "application/json", body.to_string().into_bytes())
            .header("x-amzn-errortype", format!("{}:http://internal.amazon.com/coral/{package}/", self.code))
    }

    /// Returns the type of an error of Anthropic's API for the status.
    fn anthropic_type(&self) -> &'static str {
        match self.status {
            400 => "invalid_request_error",
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            _ => "api_error",
        }
    }

    /// Puts the refusal in the form of Amazon S3 (API Reference, "REST error responses"), which has no namespace.
    fn s3_reply(&self, request_id: &str) -> Reply {
        let error = Xml::document("Error", "", |xml| {
            xml.leaf("Code", &self.code).leaf("Message", &self.message).leaf("RequestId", request_id);
        });
        let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", error.replacen(" xmlns=\"\"", "", 1));
        Reply::new(self.status, "application/xml", body.into_bytes())
    }

    fn query_reply(&self, service: Service, request_id: &str) -> Reply {
        let body = Xml::document("ErrorResponse", service.namespace(), |xml| {
            xml.element("Error", |xml| {
                let kind = if self.status >= 500 { "Receiver" } else { "Sender" };
                xml.leaf("Type", kind).leaf("Code", &self.code).leaf("Message", &self.message);
            })
            .leaf("RequestId", request_id);
        });
        Reply::new(self.status, "text/xml", body.into_bytes())
    }
}

impl From<NotServed> for Refusal {
    fn from(error: NotServed) -> Self {
        match error {
            NotServed::NoAction => Self::invalid_input("MissingAction", "Missing Action".to_owned()),
            NotServed::Action { name, version, served } => Self::invalid_input(
                "InvalidAction",
                format!("Could not find operation {name} for version {version}; the sandbox serves {served}"),
            ),
            NotServed::Target { name, served } => {
                Self::unknown_operation(format!("the sandbox knows no operation {name}; it serves {served}"))
            }
            NotServed::WrongBase => Self::wrong_base(),
            NotServed::Route { method, path, served } => {
                Self::unknown_operation(format!("the sandbox knows no operation {method} {path}; it serves {served}"))
            }
        }
    }
}

/// Returns a parameter's value, or the refusal that names the parameter.
pub(super) fn required<'f>(form: &'f Form, name: &str) -> Result<&'f str, Refusal> {
    form.get(name).filter(|value| !value.is_empty()).ok_or_else(|| {
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

/// Words a denial: who, what, on what, and why.
pub(super) fn denial_text(principal: &str, action: &str, resource: Option<&str>, denial: &Denial) -> String {
    let on = resource.map(|resource| format!(" on resource: {resource}")).unwrap_or_default();
    let clause = if denial.decision == Decision::ExplicitDeny {
        let arn = denial.policy_arn.as_ref().map(|arn| format!(": {arn}")).unwrap_or_default();
        format!("with an explicit deny in {}{arn}", indefinite(denial.policy_type))
    } else {
        format!("because no {} allows the {action} action", bare(denial.policy_type))
    };
    format!("User: {principal} is not authorized to perform: {action}{on} {clause}")
}

fn bare(policy_type: PolicyType) -> &'static str {
    match policy_type {
        PolicyType::ResourceControlPolicy => "resource control policy",
        PolicyType::ServiceControlPolicy => "service control policy",
        PolicyType::VpcEndpointPolicy => "VPC endpoint policy",
        PolicyType::PermissionsBoundary => "permissions boundary",
        PolicyType::SessionPolicy => "session policy",
        PolicyType::IdentityPolicy => "identity-based policy",
        PolicyType::ResourcePolicy => "resource-based policy",
    }
}

fn indefinite(policy_type: PolicyType) -> String {
    let article = if policy_type == PolicyType::IdentityPolicy { "an" } else { "a" };
    format!("{article} {}", bare(policy_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_are_worded_as_aws_words_them() {
        let denial = |decision, policy_type, arn: Option<&str>| Denial {
            decision,
            policy_type,
            policy_arn: arn.map(str::to_owned),
        };
        for (denial, resource, text) in [
            (
                denial(Decision::ImplicitDeny, PolicyType::IdentityPolicy, None),
                Some("arn:aws:bedrock:us-west-2::foundation-model/m"),
                "User: P is not authorized to perform: bedrock:InvokeModel on resource: \
                 arn:aws:bedrock:us-west-2::foundation-model/m because no identity-based policy allows the \
                 bedrock:InvokeModel action",
            ),
            (
                denial(Decision::ExplicitDeny, PolicyType::IdentityPolicy, None),
                None,
                "User: P is not authorized to perform: bedrock:InvokeModel with an explicit deny in an \
                 identity-based policy",
            ),
            (
                denial(Decision::ExplicitDeny, PolicyType::ServiceControlPolicy, Some("arn:aws:organizations::1:p")),
                Some("r"),
                "User: P is not authorized to perform: bedrock:InvokeModel on resource: r with an explicit deny in \
                 a service control policy: arn:aws:organizations::1:p",
            ),
            (
                denial(Decision::ImplicitDeny, PolicyType::VpcEndpointPolicy, None),
                Some("r"),
                "User: P is not authorized to perform: bedrock:InvokeModel on resource: r because no VPC endpoint \
                 policy allows the bedrock:InvokeModel action",
            ),
        ] {
            assert_eq!(denial_text("P", "bedrock:InvokeModel", resource, &denial), text);
        }
    }
}
