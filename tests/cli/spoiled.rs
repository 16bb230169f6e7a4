//! A fake AWS that spoils every answer of every API: never `allowed` where the account denies, never a wrong cause where it
//! allows.
//!
//! A proxy stands between the observer and an embedded account. It first records which calls a diagnosis makes, then
//! spoils the answer of one of them, in every way of [`SPOILINGS`]. `SPOILED=all` runs each way at each call in every
//! world, which takes long; otherwise a sample that changes with nothing but the code is run.

use crate::support::account::at_once;
use bedrock_access::diagnose::{Diagnosis, diagnose, open_questions};
use bedrock_access::evidence::RuntimeEndpoint;
use bedrock_access::observe::{Account, EmbeddedAccount, Observer};
use bedrock_access::request::{LiveCall, Request};
use bedrock_access::sandbox::{Live, Sandbox, World};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An answer on its way.
#[derive(Clone, Debug)]
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn map(self, change: impl Fn(&str) -> String) -> Self {
        let text = change(&self.text());
        self.with_body(text)
    }

    fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    fn without_headers(mut self) -> Self {
        self.headers.clear();
        self
    }

    fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another server's answer in place of AWS's.
    fn gateway(self, status: u16, kind: &str, body: &str) -> Self {
        self.without_headers().with_header("content-type", kind).with_status(status).with_body(body)
    }

    fn is_xml(&self) -> bool {
        self.text().trim_start().starts_with('<')
    }
}

/// What spoils an answer.
type Spoil = fn(Reply) -> Reply;

/// Says every name twice: in JSON each key, in XML each leaf element.
fn doubled(text: &str, second: &str) -> String {
    if text.trim_start().starts_with('<') {
        let Some(at) = text.find("<EvalDecision>").or_else(|| text.find("<Arn>")) else {
            return format!("{text}{text}");
        };
        let end = text[at..].find("</").and_then(|end| text[at + end..].find('>').map(|close| at + end + close + 1));
        let Some(end) = end else { return text.to_owned() };
        let name = &text[at + 1..at + text[at..].find('>').unwrap_or(1)];
        return format!("{}<{name}>{second}</{name}>{}", &text[..end], &text[end..]);
    }
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let Some(object) = value.as_object_mut() else { return text.to_owned() };
    let Some((key, _)) = object.iter().next().map(|(key, value)| (key.clone(), value.clone())) else {
        return text.to_owned();
    };
    let rest = text.trim_end().strip_suffix('}').unwrap_or(text);
    format!("{rest}, \"{key}\": {second}}}")
}

/// Changes the names in a body, and nothing else.
fn renamed(text: &str, change: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    if text.trim_start().starts_with('<') {
        for part in text.split_inclusive('>') {
            match part.rsplit_once('<') {
                Some((before, name)) if !name.starts_with('?') => {
                    let (name, attributes) = name.split_once(' ').map_or((name, ""), |(name, rest)| (name, rest));
                    let gap = if attributes.is_empty() { "" } else { " " };
                    out.push_str(&format!("{before}<{}{gap}{attributes}", change(name)));
                }
                _ => out.push_str(part),
            }
        }
        return out;
    }
    fn walk(value: &serde_json::Value, change: &dyn Fn(&str) -> String) -> serde_json::Value {
        match value {
            serde_json::Value::Object(fields) => {
                fields.iter().map(|(key, value)| (change(key), walk(value, change))).collect()
            }
            serde_json::Value::Array(items) => items.iter().map(|item| walk(item, change)).collect(),
            other => other.clone(),
        }
    }
    serde_json::from_str(text).map_or_else(|_| text.to_owned(), |value| walk(&value, &change).to_string())
}

/// Changes every value in a body.
fn valued(text: &str, change: fn(&serde_json::Value) -> serde_json::Value) -> String {
    fn walk(value: &serde_json::Value, change: fn(&serde_json::Value) -> serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(fields) => {
                change(&fields.iter().map(|(key, value)| (key.clone(), walk(value, change))).collect())
            }
            serde_json::Value::Array(items) => change(&items.iter().map(|item| walk(item, change)).collect()),
            other => change(other),
        }
    }
    if let Ok(value) = serde_json::from_str(text) {
        return walk(&value, change).to_string();
    }
    // In XML every text is emptied.
    let mut out = String::new();
    for part in text.split('<') {
        match part.split_once('>') {
            Some((tag, _)) => out.push_str(&format!("<{tag}>")),
            None => out.push_str(part),
        }
    }
    out
}

const ECHO: &str = r#"{"message": "User: arn:aws:sts::111122223333:assumed-role/chat-api/s is not authorized to perform: bedrock:InvokeModel with an explicit deny in a service control policy; body {\"max_tokens_to_sample\": -1}"}"#;

const LOGIN: &str = "<html><body><form action=\"/login\">Please log in</form></body></html>";

/// The ways to spoil an answer; those that `refuse` are what AWS could have answered, and so are no reason to disbelieve.
const SPOILINGS: &[(&str, bool, Spoil)] = &[
    ("empty body", false, |reply| reply.with_body("")),
    ("empty object", false, |reply| reply.with_body("{}")),
    ("null", false, |reply| reply.with_body("null")),
    ("empty list", false, |reply| reply.with_body("[]")),
    ("a number", false, |reply| reply.with_body("1")),
    ("a string", false, |reply| reply.with_body("\"login required\"")),
    ("true", false, |reply| reply.with_body("true")),
    ("a message", false, |reply| reply.with_body(r#"{"message":"Forbidden"}"#)),
    ("an error object", false, |reply| reply.with_body(r#"{"error":{"type":"permission_error"}}"#)),
    ("a type", false, |reply| reply.with_body(r#"{"__type":"AccessDeniedException"}"#)),
    ("an unknown path", false, |reply| {
        reply.with_body(r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#)
    }),
    ("a login page", false, |reply| reply.gateway(200, "text/html", LOGIN)),
    ("a login page as JSON", false, |reply| reply.gateway(200, "application/json", LOGIN)),
    ("white space", false, |reply| reply.with_body(" \n\t ")),
    ("half", false, |reply| {
        let half = reply.body.len() / 2;
        let body = reply.body[..half].to_vec();
        reply.with_body(body)
    }),
    ("without its last character", false, |reply| {
        let body = reply.text().trim_end().to_owned();
        let end = body.len().saturating_sub(1);
        reply.with_body(&body.as_bytes()[..end])
    }),
    ("without its first character", false, |reply| {
        let body = reply.body.get(1..).unwrap_or_default().to_vec();
        reply.with_body(body)
    }),
    ("twice", false, |reply| reply.map(|text| format!("{text}{text}"))),
    ("with something behind", false, |reply| reply.map(|text| format!("{text} garbage"))),
    ("with something before", false, |reply| reply.map(|text| format!("garbage {text}"))),
    ("with a second empty document", false, |reply| {
        let empty = if reply.is_xml() { "<Response/>" } else { "{}" };
        reply.map(|text| format!("{text}{empty}"))
    }),
    ("names in capitals", false, |reply| reply.map(|text| renamed(text, str::to_uppercase))),
    ("names in small letters", false, |reply| reply.map(|text| renamed(text, str::to_lowercase))),
    ("names with another first letter", false, |reply| {
        reply.map(|text| {
            renamed(text, |name| {
                let (slash, name) = name.strip_prefix('/').map_or(("", name), |name| ("/", name));
                let mut letters = name.chars();
                let first = letters.next().map(|first| {
                    if first.is_lowercase() {
                        first.to_uppercase().to_string()
                    } else {
                        first.to_lowercase().to_string()
                    }
                });
                format!("{slash}{}{}", first.unwrap_or_default(), letters.as_str())
            })
        })
    }),
    ("other names", false, |reply| reply.map(|text| renamed(text, |name| name.replace(['e', 'E'], "x")))),
    ("a name twice, then null", false, |reply| reply.map(|text| doubled(text, "null"))),
    ("a name twice, then an empty list", false, |reply| reply.map(|text| doubled(text, "[]"))),
    ("a name twice, then allowed", false, |reply| {
        let second = if reply.is_xml() { "allowed" } else { "\"ALLOWED\"" };
        reply.map(|text| doubled(text, second))
    }),
    ("a name twice, then an object", false, |reply| reply.map(|text| doubled(text, "{}"))),
    ("values as numbers", false, |reply| {
        reply.map(|text| valued(text, |value| if value.is_string() { 7.into() } else { value.clone() }))
    }),
    ("values as null", false, |reply| {
        reply.map(|text| valued(text, |value| if value.is_string() { serde_json::Value::Null } else { value.clone() }))
    }),
    ("values as lists", false, |reply| {
        reply.map(|text| {
            valued(text, |value| if value.is_string() { vec![value.clone()].into() } else { value.clone() })
        })
    }),
    ("values empty", false, |reply| {
        reply.map(|text| valued(text, |value| if value.is_string() { "".into() } else { value.clone() }))
    }),
    ("values with two words", false, |reply| {
        reply.map(|text| {
            valued(text, |value| value.as_str().map_or_else(|| value.clone(), |text| format!("{text} {text}").into()))
        })
    }),
    ("lists empty", false, |reply| {
        let lists = ["EvaluationResults", "AttachedPolicies", "PolicyNames", "Groups"];
        if reply.is_xml() {
            return reply.map(|text| {
                lists.iter().fold(text.to_owned(), |text, name| {
                    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
                    match (text.find(&open), text.find(&close)) {
                        (Some(from), Some(to)) => format!("{}{open}{}", &text[..from], &text[to..]),
                        _ => text,
                    }
                })
            });
        }
        reply.map(|text| {
            valued(text, |value| if value.is_array() { serde_json::Value::Array(Vec::new()) } else { value.clone() })
        })
    }),
    ("lists of empty objects", false, |reply| {
        reply.map(|text| valued(text, |value| if value.is_array() { serde_json::json!([{}]) } else { value.clone() }))
    }),
    ("lists as objects", false, |reply| {
        reply.map(|text| valued(text, |value| if value.is_array() { serde_json::json!({}) } else { value.clone() }))
    }),
    ("inside of a list", false, |reply| reply.map(|text| format!("[{text}]"))),
    ("inside of an object", false, |reply| reply.map(|text| format!("{{\"data\": {text}}}"))),
    ("as a string", false, |reply| reply.map(|text| serde_json::to_string(text).unwrap())),
    ("with a byte order mark and garbage", false, |reply| reply.map(|text| format!("\u{feff}\u{feff}{text}x"))),
    ("in UTF-16", false, |reply| {
        let body: Vec<u8> = reply.text().encode_utf16().flat_map(u16::to_le_bytes).collect();
        reply.with_body(body)
    }),
    ("with NUL", false, |reply| reply.map(|text| text.replace(['{', '>'], "\0"))),
    ("not UTF-8", false, |reply| {
        let mut body = reply.body.clone();
        let middle = body.len() / 2;
        body.splice(middle..middle, [0xff, 0xfe, 0xff]);
        reply.with_body(body)
    }),
    ("said to be gzipped", false, |reply| reply.with_body([0x1f, 0x8b, 8, 0]).with_header("content-encoding", "gzip")),
    ("status 201", false, |reply| reply.with_status(201)),
    ("status 202", false, |reply| reply.with_status(202)),
    ("status 204", false, |reply| reply.with_status(204).with_body("")),
    ("status 206", false, |reply| reply.with_status(206)),
    ("status 299", false, |reply| reply.with_status(299)),
    ("status 301", false, |reply| reply.gateway(301, "text/html", "").with_header("location", "http://127.0.0.1:1/")),
    ("status 304", false, |reply| reply.gateway(304, "text/html", "")),
    ("status 400 of a gateway", false, |reply| reply.gateway(400, "text/html", "<h1>Bad Request</h1>")),
    ("status 401 of a gateway", false, |reply| reply.gateway(401, "text/html", LOGIN)),
    ("status 403 of a gateway", false, |reply| reply.gateway(403, "text/html", "<h1>Forbidden</h1>")),
    ("status 404 of a gateway", false, |reply| reply.gateway(404, "text/plain", "not found")),
    ("status 407 of a proxy", false, |reply| reply.gateway(407, "text/html", "proxy")),
    ("status 413 of a gateway", false, |reply| reply.gateway(413, "text/html", "too large")),
    ("status 418", false, |reply| reply.gateway(418, "text/plain", "teapot")),
    ("status 500 of a gateway", false, |reply| reply.gateway(500, "text/html", "<h1>Oops</h1>")),
    ("status 502 of a gateway", false, |reply| reply.gateway(502, "text/html", "<h1>Bad Gateway</h1>")),
    ("status 503 of a gateway", false, |reply| reply.gateway(503, "text/plain", "")),
    ("status 504 of a gateway", false, |reply| reply.gateway(504, "text/html", "<h1>Timeout</h1>")),
    ("status 500 with its body", false, |reply| reply.with_status(500)),
    ("an echo with status 200", false, |reply| reply.with_body(ECHO)),
    ("an echo in a refusal", true, |reply| {
        reply.with_status(403).with_body(ECHO).with_header("x-amzn-errortype", "AccessDeniedException")
    }),
    ("an echo in an error of the server", true, |reply| {
        reply.with_status(500).with_body(ECHO).with_header("x-amzn-errortype", "InternalServerException")
    }),
    ("an echo for nobody", true, |reply| {
        reply.with_status(401).with_body(ECHO).with_header("x-amzn-errortype", "UnrecognizedClientException")
    }),
    ("an error that contradicts itself", true, |reply| {
        reply
            .with_status(400)
            .with_body(r#"{"__type": "ThrottlingException", "__type": "ValidationException", "message": "a"}"#)
    }),
    ("a result for another resource", false, |reply| {
        reply.map(|text| {
            let mut text = text.to_owned();
            while let Some(from) = text.find("<EvalResourceName>arn") {
                let to = from + text[from..].find("</EvalResourceName>").unwrap_or_default();
                text.replace_range(from..to, "<EvalResourceName>*:999999999999:x");
            }
            text
        })
    }),
    ("a page that is said to go on", false, |reply| {
        reply.map(|text| text.replace("<IsTruncated>false", "<IsTruncated>true"))
    }),
    ("a marker without a page", false, |reply| {
        reply.map(|text| text.replace("<IsTruncated>false</IsTruncated>", "<Marker>more</Marker>"))
    }),
    ("a document type", false, |reply| reply.map(|text| format!("<!DOCTYPE x [<!ENTITY a 'allowed'>]>{text}"))),
];

/// What is spoiled: the label of a call and the way, or nothing.
type Order = Arc<Mutex<Option<(String, Spoil)>>>;

/// A proxy before an embedded account.
struct Proxy {
    endpoint: String,
    order: Order,
    seen: Arc<Mutex<BTreeSet<String>>>,
}

impl Proxy {
    fn start(sandbox: &Sandbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (order, seen) = (Order::default(), Arc::new(Mutex::new(BTreeSet::new())));
        let target = sandbox.endpoint().trim_start_matches("http://").to_owned();
        let (orders, seens) = (order.clone(), seen.clone());
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (order, seen, target) = (orders.clone(), seens.clone(), target.clone());
                std::thread::spawn(move || pass(connection, &target, &order, &seen));
            }
        });
        Self { endpoint, order, seen }
    }
}

/// Passes one request on, and the answer back, spoiled if that is ordered.
fn pass(mut client: TcpStream, target: &str, order: &Order, seen: &Mutex<BTreeSet<String>>) -> Option<()> {
    let (head, body) = read_message(&mut client)?;
    let label = label(&head, &body);
    seen.lock().unwrap().insert(label.clone());
    let mut server = TcpStream::connect(target).ok()?;
    server.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    server.write_all(head.as_bytes()).ok()?;
    server.write_all(&body).ok()?;
    let mut answer = Vec::new();
    let _ = server.read_to_end(&mut answer);
    let mut reply = parse(&answer)?;
    let ordered = order.lock().unwrap().clone();
    if let Some((_, spoil)) = ordered.filter(|(at, _)| *at == label) {
        reply = spoil(reply);
    }
    let mut out =
        format!("HTTP/1.1 {} x\r\ncontent-length: {}\r\nconnection: close\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    client.write_all(format!("{out}\r\n").as_bytes()).ok()?;
    client.write_all(&reply.body).ok()
}

fn read_message(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end + 4]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let whole = end + 4 + length.unwrap_or_default();
            if bytes.len() >= whole {
                return Some((head, bytes[end + 4..whole].to_vec()));
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn parse(answer: &[u8]) -> Option<Reply> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let mut headers: Vec<(String, String)> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let is_chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value.contains("chunked"));
    headers.retain(|(name, _)| !["content-length", "connection", "transfer-encoding", "date"].contains(&name.as_str()));
    let mut rest = &answer[end + 4..];
    let mut body = Vec::new();
    if !is_chunked {
        body.extend_from_slice(rest);
        return Some(Reply { status, headers, body });
    }
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(String::from_utf8_lossy(&rest[..line]).trim(), 16).ok()?;
        if size == 0 {
            break;
        }
        body.extend_from_slice(rest.get(line + 2..line + 2 + size)?);
        rest = rest.get(line + 4 + size..)?;
    }
    Some(Reply { status, headers, body })
}

/// Names a call by its action, or by its method and the fixed parts of its path.
fn label(head: &str, body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    if let Some(action) = body.split('&').find_map(|field| field.strip_prefix("Action=")) {
        return action.to_owned();
    }
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> =
        path.split('/').filter(|part| part.chars().all(|c| c.is_ascii_alphabetic() || c == '-')).collect();
    format!("{method} {}", parts.join("/"))
}

/// A world with the call that is diagnosed in it.
struct Scene {
    name: String,
    world: World,
    request: Request,
}

fn scene(name: &str, live: LiveCall) -> Scene {
    let world = World::embedded(name).unwrap();
    let asked = &world.request;
    let mut request = Request::new(asked.model.clone(), asked.operation, asked.region.clone());
    request.resources.clone_from(&asked.resources);
    request.service_role.clone_from(&asked.service_role);
    request.service = asked.service;
    request.live = match (live, asked.live) {
        (LiveCall::None, Some(Live::Probe)) => LiveCall::Probe,
        (LiveCall::None, Some(Live::Invoke)) => LiveCall::Invoke,
        (live, _) if asked.operation.has_test_call() => live,
        _ => LiveCall::None,
    };
    Scene { name: format!("{name} ({})", request.live.as_str()), world, request }
}

fn ask(scene: &Scene, proxy: &Proxy) -> Diagnosis {
    let (id, secret, token) = scene.world.caller_credentials();
    let account = EmbeddedAccount {
        world: scene.world.name.clone(),
        endpoint: proxy.endpoint.clone(),
        access_key_id: id.to_owned(),
        secret_access_key: secret.to_owned(),
        session_token: token.map(str::to_owned),
        bearer_token: scene.world.caller_bearer_token().map(str::to_owned),
        runtime: RuntimeEndpoint { host: scene.world.runtime_host(), addresses: vec![scene.world.runtime_address()] },
        observed_at: "2026-11-22T12:00:00Z".to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let evidence = runtime.block_on(async {
        let observer = Observer::new(Account::Embedded(account), Duration::from_secs(3));
        let (mut evidence, session) = observer.gather(scene.request.clone()).await;
        for _ in 0..8 {
            let questions = open_questions(&evidence);
            if questions.is_empty() {
                break;
            }
            session.ask(&mut evidence, questions).await;
        }
        evidence
    });
    runtime.shutdown_background();
    diagnose(&evidence)
}

/// What a spoiled answer must not lead to, in words, if it did.
fn offence(clean: &Diagnosis, spoiled: &Diagnosis, refuses: bool) -> Option<String> {
    let verdict = |diagnosis: &Diagnosis| diagnosis.verdict.as_str().to_owned();
    if verdict(clean) != "allowed" && verdict(spoiled) == "allowed" {
        return Some("allowed where the account denies".to_owned());
    }
    if verdict(clean) == "allowed" && verdict(spoiled) == "denied" && !refuses {
        let families = ["credentials", "network", "capacity"];
        let wrong = spoiled.findings.iter().find(|finding| !families.contains(&finding.cause.family().as_str()));
        return wrong.map(|finding| format!("{} where the account allows", finding.cause));
    }
    None
}

fn offences(scene: &Scene, sampled: impl Fn(usize) -> bool + Sync) -> Vec<String> {
    let sandbox = Sandbox::start(scene.world.clone(), Duration::ZERO, 0).unwrap();
    let proxy = Proxy::start(&sandbox);
    let clean = ask(scene, &proxy);
    let labels: Vec<String> = proxy.seen.lock().unwrap().iter().cloned().collect();
    assert!(labels.len() > 3, "{}: {labels:?}", scene.name);
    let mut found = Vec::new();
    let mut number = 0;
    for label in &labels {
        for (way, refuses, spoil) in SPOILINGS {
            number += 1;
            if !sampled(number) {
                continue;
            }
            *proxy.order.lock().unwrap() = Some((label.clone(), *spoil));
            let spoiled = ask(scene, &proxy);
            // STS says who calls: a refusal of it is one of the credentials.
            let refuses = *refuses || label == "GetCallerIdentity";
            if let Some(offence) = offence(&clean, &spoiled, refuses) {
                found.push(format!("{}: `{label}` with {way}: {offence}", scene.name));
            }
        }
    }
    found
}

#[test]
fn there_are_at_least_sixty_ways() {
    assert!(SPOILINGS.len() >= 60, "{}", SPOILINGS.len());
    let names: BTreeSet<&str> = SPOILINGS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names.len(), SPOILINGS.len());
}

#[test]
fn a_spoiled_answer_is_never_a_yes_and_never_a_wrong_cause() {
    let everywhere = std::env::var("SPOILED").is_ok_and(|extent| extent == "all");
    let scenes: Vec<Scene> = if everywhere {
        let plain = World::names().map(|name| scene(name, LiveCall::None));
        let tested = ["healthy", "iam-missing", "model-access-missing", "iam-explicit-deny"]
            .into_iter()
            .flat_map(|name| [LiveCall::Probe, LiveCall::Invoke].map(|live| scene(name, live)));
        plain.chain(tested).collect()
    } else {
        let plain = ["healthy", "iam-missing", "legacy-model", "scp-region-deny", "enforced-guardrail"];
        let plain = plain.into_iter().map(|name| scene(name, LiveCall::None));
        plain.chain([scene("iam-missing", LiveCall::Probe), scene("iam-missing", LiveCall::Invoke)]).collect()
    };
    // A prime, so that all ways and all calls are met.
    let found = at_once(2, &scenes, |scene| offences(scene, |number| everywhere || number % 41 == 0));
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{found:#?}");
}
