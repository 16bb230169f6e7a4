//! A client for the wire: writes HTTP by hand, so that headers and bodies are seen as they are.

use bedrock_access::sandbox::{Sandbox, World, WorldRequest};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An answer, taken apart.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The error's code, from the header or the XML.
    pub fn code(&self) -> String {
        match self.header("x-amzn-errortype") {
            Some(kind) => kind.split(':').next().unwrap().to_owned(),
            None => self.element("Code").unwrap_or_default(),
        }
    }

    /// The error's message, however its key is spelt.
    pub fn message(&self) -> String {
        if self.header("content-type") == Some("text/xml") {
            return self.element("Message").unwrap_or_default();
        }
        let body = self.json();
        body.get("message").or(body.get("Message")).and_then(|text| text.as_str()).unwrap_or_default().to_owned()
    }

    /// The text of the first element of a name.
    pub fn element(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        Some(
            value
                .replace("&apos;", "'")
                .replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&"),
        )
    }

    /// The texts of all elements of a name.
    pub fn elements(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let text = self.text();
        text.split(&open).skip(1).filter_map(|rest| rest.split(&close).next()).map(str::to_owned).collect()
    }
}

/// A running world, and the credentials to call it with.
pub struct Client {
    pub sandbox: Sandbox,
    pub access_key: String,
    pub token: Option<String>,
    /// The API key in the caller's environment.
    pub bearer: Option<String>,
    pub region: String,
    pub model: String,
    request: WorldRequest,
}

impl Client {
    pub fn new(world: World) -> Self {
        let (access_key, _, token) = world.caller_credentials();
        let (access_key, token) = (access_key.to_owned(), token.map(str::to_owned));
        let bearer = world.caller_bearer_token().map(str::to_owned);
        let (region, model) = (
            world.request.region.to_string(),
            world.request.model.as_ref().map(ToString::to_string).unwrap_or_default(),
        );
        let request = world.request.clone();
        let sandbox = Sandbox::start(world, Duration::ZERO, 0).unwrap();
        Self { sandbox, access_key, token, bearer, region, model, request }
    }

    pub fn named(world: &str) -> Self {
        Self::new(World::embedded(world).unwrap())
    }

    /// Signs for a service, the signature itself is nothing; to Bedrock an API key goes instead.
    pub fn authorization(&self, service: &str) -> String {
        if let Some(key) = self.bearer.as_ref().filter(|_| service.starts_with("bedrock")) {
            return format!("Bearer {key}");
        }
        format!(
            "AWS4-HMAC-SHA256 Credential={}/20260302/{}/{service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=00",
            self.access_key, self.region
        )
    }

    /// Sends a request as it is.
    pub fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let address = self.sandbox.endpoint().strip_prefix("http://").unwrap().to_owned();
        raw_to(&address, method, path, headers, body)
    }

    /// Sends a JSON body to a path of a service.
    pub fn send_as(&self, service: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.signed(service, method, path, "application/json", body.to_string().as_bytes())
    }

    fn signed(&self, service: &str, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        let authorization = self.authorization(service);
        let mut headers = vec![("authorization", authorization.as_str()), ("content-type", kind)];
        if let Some(token) = &self.token {
            headers.push(("x-amz-security-token", token));
        }
        self.raw(method, path, &headers, body)
    }

    /// Calls STS or IAM.
    pub fn query(&self, service: &str, parameters: &[(&str, &str)]) -> Answer {
        let version = if service == "iam" { "2010-05-08" } else { "2011-06-15" };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Version", version).extend_pairs(parameters);
        self.signed(service, "POST", "/", "application/x-www-form-urlencoded", form.finish().as_bytes())
    }

    /// Calls Bedrock's control plane.
    pub fn get(&self, path: &str) -> Answer {
        self.signed("bedrock", "GET", path, "application/json", b"")
    }

    /// Looks an authorization id up in IAM Toolbox, in a Region.
    pub fn authorization_details(&self, id: &str, region: &str) -> Answer {
        let authorization = self.authorization("iam").replace(&format!("/{}/", self.region), &format!("/{region}/"));
        let mut headers = vec![("authorization", authorization.as_str())];
        if let Some(token) = &self.token {
            headers.push(("x-amz-security-token", token));
        }
        self.raw("GET", &format!("/authorization-details/{id}"), &headers, b"")
    }

    /// Calls the runtime.
    pub fn post(&self, model: &str, operation: &str, body: &str) -> Answer {
        let path = format!("/model/{}/{operation}", encode(model));
        self.signed("bedrock", "POST", &path, "application/json", body.as_bytes())
    }

    /// Sends a JSON body to a path of Bedrock's services.
    pub fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.signed("bedrock", method, path, "application/json", body.to_string().as_bytes())
    }

    /// Calls an operation of a service that speaks AWS's JSON protocol.
    pub fn json_rpc(&self, service: &str, target: &str, body: &Value) -> Answer {
        let authorization = self.authorization(service);
        let mut headers = vec![
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target),
        ];
        if let Some(token) = &self.token {
            headers.push(("x-amz-security-token", token));
        }
        self.raw("POST", "/", &headers, body.to_string().as_bytes())
    }

    /// Makes the call that the world is about.
    pub fn own_request(&self) -> Answer {
        let resource = |index: usize| self.request.resources[index].clone();
        let role = || self.request.service_role.as_ref().unwrap().to_string();
        match self.request.operation.as_str() {
            "invoke-agent" => {
                let alias = resource(0);
                let (agent, alias) = alias.resource_id().split_once('/').unwrap();
                let path = format!("/agents/{agent}/agentAliases/{alias}/sessions/session-1/text");
                self.send("POST", &path, &json!({"inputText": "hello there"}))
            }
            "retrieve-and-generate" => {
                let configuration = json!({"knowledgeBaseId": resource(0).resource_id(), "modelArn": self.model});
                let body = json!({
                    "input": {"text": "hello there"},
                    "retrieveAndGenerateConfiguration": {
                        "type": "KNOWLEDGE_BASE", "knowledgeBaseConfiguration": configuration,
                    },
                });
                self.send("POST", "/retrieveAndGenerate", &body)
            }
            "create-model-invocation-job" => {
                let body = json!({"jobName": "nightly", "roleArn": role(), "modelId": self.model});
                self.send("POST", "/model-invocation-job", &body)
            }
            "mantle-inference" => self.signed(
                "bedrock-mantle",
                "POST",
                "/v1/chat/completions",
                "application/json",
                br#"{"model": "openai.gpt-oss-120b", "messages": [{"role": "user", "content": "hello there"}]}"#,
            ),
            "converse-stream" => {
                let body = json!({"messages": [{"role": "user", "content": [{"text": "hello there"}]}]});
                self.post(&self.model, "converse-stream", &body.to_string())
            }
            _ if self.request.project.is_some() => {
                let messages = json!([{"role": "user", "content": [{"text": "hello there"}]}]);
                let body = json!({"messages": messages, "projectIdentifier": self.request.project});
                self.post(&self.model, "converse", &body.to_string())
            }
            _ if self.request.guardrail.is_some() => {
                let guardrail = self.request.guardrail.as_ref().unwrap();
                let messages = json!([{"role": "user", "content": [{"text": "hello there"}]}]);
                let named = json!({
                    "guardrailIdentifier": guardrail.identifier(), "guardrailVersion": guardrail.version(),
                });
                let body = json!({"messages": messages, "guardrailConfig": named});
                self.post(&self.model, "converse", &body.to_string())
            }
            _ => self.converse(&self.model),
        }
    }

    /// Converses with a model.
    pub fn converse(&self, model: &str) -> Answer {
        self.post(model, "converse", r#"{"messages": [{"role": "user", "content": [{"text": "hello there"}]}]}"#)
    }

    /// Simulates an action of a principal on a resource, with the Region in the context.
    pub fn simulate(&self, principal: &str, resource: &str, region: &str, more: &[(&str, &str)]) -> Answer {
        let mut parameters = vec![
            ("Action", "SimulatePrincipalPolicy"),
            ("PolicySourceArn", principal),
            ("ActionNames.member.1", "bedrock:InvokeModel"),
            ("ResourceArns.member.1", resource),
            ("ContextEntries.member.1.ContextKeyName", "aws:RequestedRegion"),
            ("ContextEntries.member.1.ContextKeyValues.member.1", region),
            ("ContextEntries.member.1.ContextKeyType", "string"),
        ];
        parameters.extend_from_slice(more);
        self.query("iam", &parameters)
    }
}

/// Sends a request as it is to a server.
pub fn raw_to(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "host") {
        head.push_str(&format!("host: {address}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    // A server that refuses early may close before it has read all.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    parse(&bytes)
}

/// Percent-encodes a label as SDKs do.
pub fn encode(label: &str) -> String {
    form_urlencoded::byte_serialize(label.as_bytes()).collect()
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: bytes[end + 4..].to_vec() }
}
