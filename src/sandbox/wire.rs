//! The wire: services, requests as they arrive, replies as they leave, and the parameters of forms.
//!
//! Knows the protocols and no operation, refusal or world.

use hyper::body::Bytes;
use hyper::{HeaderMap, Method};
use std::collections::BTreeMap;
use std::ops::Bound;

/// The prefix of IAM Toolbox's paths.
const TOOLBOX: &str = "/authorization-details/";

/// A service, as the credential scope of a signature or the form of a request tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Sts,
    Iam,
    /// IAM Toolbox, which is signed for as IAM.
    Toolbox,
    Bedrock,
    /// The `bedrock-mantle` endpoint, which the sandbox tells by its paths.
    Mantle,
    AgentCore,
    Kms,
    S3,
    Ecr,
    Organizations,
    /// IAM Identity Center's administration, which is signed for as `sso`.
    SsoAdmin,
}

impl Service {
    /// Returns the service of a name in a credential scope, and of a path.
    ///
    /// The runtime takes the name `bedrock` only, the `bedrock-mantle` endpoint either of the two.
    pub(super) fn for_scope(name: &str, path: &str) -> Option<Self> {
        match name {
            "sts" => Some(Self::Sts),
            "iam" if path.starts_with(TOOLBOX) => Some(Self::Toolbox),
            "iam" => Some(Self::Iam),
            "bedrock" | "bedrock-mantle" if is_mantle_path(path) => Some(Self::Mantle),
            "bedrock" => Some(Self::Bedrock),
            "bedrock-agentcore" => Some(Self::AgentCore),
            "kms" => Some(Self::Kms),
            "ecr" => Some(Self::Ecr),
            "s3" => Some(Self::S3),
            "organizations" => Some(Self::Organizations),
            "sso" => Some(Self::SsoAdmin),
            _ => None,
        }
    }

    /// Returns the service of a request whose signature does not name one, by its form.
    pub(super) fn for_form(request: &WireRequest) -> Self {
        if request.path.starts_with(TOOLBOX) {
            return Self::Toolbox;
        }
        if is_mantle_path(&request.path) {
            return Self::Mantle;
        }
        if request.path != "/" {
            return Self::Bedrock;
        }
        match request.form().get("Version") {
            Some("2010-05-08") => Self::Iam,
            _ => Self::Sts,
        }
    }

    /// Returns `true` if the service speaks the `query` protocol.
    pub(super) fn is_query(self) -> bool {
        matches!(self, Self::Sts | Self::Iam)
    }

    /// Returns `true` if the service speaks AWS's JSON protocol: a target in a header, JSON in and out.
    pub(super) fn is_json_rpc(self) -> bool {
        matches!(self, Self::Organizations | Self::SsoAdmin | Self::Kms | Self::Ecr)
    }

    /// Returns the namespace of the service's XML.
    pub(super) fn namespace(self) -> &'static str {
        match self {
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            _ => "https://sts.amazonaws.com/doc/2011-06-15/",
        }
    }
}

/// Returns `true` if a path is one of the `bedrock-mantle` endpoint.
pub(super) fn is_mantle_path(path: &str) -> bool {
    let known = ["/v1/chat/completions", "/v1/responses", "/v1/models", "/anthropic/v1/messages"];
    known.contains(&path) || path.strip_prefix("/v1/models/").is_some_and(|id| !id.is_empty())
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
    #[cfg(feature = "faults")]
    pub(super) delivery: Delivery,
}

/// How an answer travels.
#[cfg(feature = "faults")]
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
#[cfg(feature = "faults")]
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

    /// An answer in JSON with a status of its own.
    pub(super) fn json_with_status(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status, "application/json", value.to_string().into_bytes())
    }

    /// An answer of AWS's JSON protocol.
    pub(super) fn json_rpc(value: &serde_json::Value) -> Self {
        Self::new(200, "application/x-amz-json-1.1", value.to_string().into_bytes())
    }

    /// An answer with a body of a type.
    pub(super) fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body,
            #[cfg(feature = "faults")]
            delivery: Delivery::Whole,
        }
    }

    /// Sets how the answer travels.
    #[cfg(feature = "faults")]
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

#[cfg(test)]
mod tests {
    use super::*;

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
