//! The sandbox's faults as they look on the wire: each does what its name says, to the calls that it names.

use crate::support::files;
use bedrock_access::sandbox::{Fault, FaultKind, Sandbox, World};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// What came back for one request: the bytes, and how the reading ended.
struct Heard {
    bytes: Vec<u8>,
    ended: Result<(), ErrorKind>,
    took: Duration,
}

impl Heard {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn status(&self) -> &str {
        std::str::from_utf8(self.bytes.get(9..12).unwrap_or_default()).unwrap_or_default()
    }

    fn body(&self) -> String {
        self.text().split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }
}

fn serve(fault: &str) -> Sandbox {
    let world = World::embedded("healthy").unwrap().with_fault(fault.parse::<Fault>().unwrap());
    Sandbox::start(world, Duration::ZERO, 0).unwrap()
}

/// Signs and sends one request, and reads until the end or for a while, at most 64 KiB.
fn ask(sandbox: &Sandbox, service: &str, head: &str, body: &str, more: &str) -> Heard {
    let world = World::embedded("healthy").unwrap();
    let (key, _, token) = world.caller_credentials();
    let address = sandbox.endpoint().strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential={key}/20260302/us-west-2/{service}/aws4_request, \
         SignedHeaders=host, Signature=00\r\nx-amz-security-token: {}\r\n{more}\r\n{body}",
        body.len(),
        token.unwrap()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let started = Instant::now();
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let ended = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => break Err(error.kind()),
        }
        if bytes.len() > 64 << 10 || started.elapsed() > Duration::from_secs(2) {
            break Err(ErrorKind::WouldBlock);
        }
    };
    Heard { bytes, ended, took: started.elapsed() }
}

fn identity(sandbox: &Sandbox) -> Heard {
    let now = "x-amz-date: 20260302T120000Z\r\n";
    ask(sandbox, "sts", "POST /", "Action=GetCallerIdentity&Version=2011-06-15", now)
}

fn models(sandbox: &Sandbox) -> Heard {
    ask(sandbox, "bedrock", "GET /foundation-models", "", "")
}

#[test]
fn each_kind_is_on_the_wire_what_it_says() {
    let whole = identity(&serve("iam:GetRole=reset"));
    assert_eq!((whole.status(), whole.ended), ("200", Ok(())));
    let whole_models = models(&serve("iam:GetRole=reset"));
    for kind in FaultKind::ALL {
        let sandbox = serve(&format!("*={}", kind.as_str()));
        let (heard, listed) = (identity(&sandbox), models(&sandbox));
        let body = heard.body();
        let name = kind.as_str();
        let says = |status: &str, part: &str| {
            assert_eq!(heard.status(), status, "{name}: {}", heard.text());
            assert!(heard.text().contains(part), "{name}: {}", heard.text());
        };
        match kind {
            FaultKind::Throttling => says("400", "<Code>Throttling</Code>"),
            FaultKind::ThrottlingRetryAfter => says("400", "retry-after: 3600"),
            FaultKind::InternalError => says("500", "<Code>InternalFailure</Code>"),
            FaultKind::AccessDenied => says("403", "not authorized to perform: sts:GetCallerIdentity"),
            FaultKind::ClockSkew => says("403", "Signature expired: 20260302T120000Z is now earlier than "),
            FaultKind::EmptyBody => assert_eq!((heard.status(), body.as_str()), ("200", "")),
            FaultKind::EmptyObject => {
                says("200", "<GetCallerIdentityResult></GetCallerIdentityResult>");
                assert_eq!(listed.body(), "{}");
            }
            FaultKind::Truncated => assert!(whole.body().starts_with(&body) && body.len() < whole.body().len()),
            FaultKind::Malformed => says("200", "%%%"),
            FaultKind::DeeplyNested => assert!(listed.text().contains("[[[[[[[["), "{name}"),
            FaultKind::InvalidUtf8 => assert!(std::str::from_utf8(&heard.bytes).is_err()),
            FaultKind::WrongTypes => says("200", "<Account>seven</Account>"),
            FaultKind::UnknownValues => assert!(listed.body().contains("SOMETHING_NEW"), "{}", listed.body()),
            FaultKind::UnknownFields => says("200", "<SomethingNew>"),
            FaultKind::WrongContentType => says("200", "content-type: text/plain"),
            FaultKind::ProxyLogin => says("200", "<h1>Please log in"),
            FaultKind::ProxyDenied => says("403", "<h1>Please log in"),
            FaultKind::ProxyAuthentication => says("407", "proxy-authenticate: Basic"),
            FaultKind::BadGateway => says("502", "<h1>Please log in"),
            FaultKind::Redirect => says("302", "location: http://localhost:"),
            FaultKind::RedirectSameMethod => says("307", "location: http://localhost:"),
            FaultKind::HugeBody => {
                assert!(heard.bytes.len() > 64 << 10 && heard.ended.is_err());
            }
            FaultKind::EndlessBody => assert!(heard.bytes.len() > 64 << 10 && heard.text().contains("chunked")),
            FaultKind::EmptyPages => {
                assert!(listed.body().contains("\"modelSummaries\":[]") && listed.body().contains("nextToken"));
                says("200", "<IsTruncated>true</IsTruncated>");
            }
            FaultKind::EndlessPages => {
                assert!(listed.body().contains("nextToken") && !listed.body().contains("\"modelSummaries\":[]"));
                says("200", "<Marker>");
            }
            FaultKind::Hang => assert_eq!((heard.bytes.len(), heard.ended.is_err()), (0, true)),
            FaultKind::SlowHead => assert!((1..64).contains(&heard.bytes.len()), "{}", heard.text()),
            FaultKind::SlowBody => {
                assert!(heard.status() == "200" && body.len() < 64 && heard.ended.is_err(), "{}", heard.text());
                assert!(heard.took > Duration::from_secs(1));
            }
            FaultKind::Closed => assert_eq!((heard.bytes.len(), heard.ended), (0, Ok(()))),
            FaultKind::Reset => assert_eq!((heard.bytes.len(), heard.ended), (0, Err(ErrorKind::ConnectionReset))),
            FaultKind::ResetInHead => {
                assert_eq!(heard.ended, Err(ErrorKind::ConnectionReset));
                assert!(heard.bytes.len() <= 12 && !heard.text().contains("\r\n\r\n"));
            }
            FaultKind::ClosedInBody => {
                assert_eq!(heard.ended, Ok(()));
                assert!(!body.is_empty() && body.len() < whole.body().len(), "{body}");
            }
            FaultKind::ResetInBody => {
                assert_eq!(heard.ended, Err(ErrorKind::ConnectionReset));
                assert!(body.len() < whole.body().len(), "{body}");
            }
            FaultKind::NotHttp => assert!(heard.text().starts_with("SSH-2.0"), "{}", heard.text()),
        }
        let untouched = identity(&serve(&format!("iam:GetRole={name}")));
        assert_eq!(untouched.text().lines().next(), whole.text().lines().next(), "{name}");
    }
    assert!(whole_models.body().contains("modelSummaries"));
}

#[test]
fn a_fault_meets_as_many_calls_as_it_says() {
    let statuses = |fault: &str| {
        let sandbox = serve(fault);
        (0..5).map(|_| identity(&sandbox).status().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(statuses("sts:GetCallerIdentity=internal-error:2"), "500 500 200 200 200");
    assert_eq!(statuses("*=internal-error/3"), "500 200 200 500 200");
}

#[test]
fn the_document_lists_every_kind() {
    let document = files::read("docs/sandbox.md");
    let rows = FaultKind::ALL.iter().map(|kind| format!("| `{}` | {} |\n", kind.as_str(), kind.what()));
    assert!(document.ends_with(&rows.collect::<String>()), "the table of faults stands at the end of docs/sandbox.md");
}
