//! TLS that fails: what answers is no TLS, breaks it off, or shows a certificate that nobody should trust.
//!
//! The certificates are fixtures, signed by an authority of the tests. The snapshot holds what is said of each case.

use crate::support::account::{Account, at_once};
use crate::support::files;
use crate::support::program::Doctor;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The deadline that the doctor is given, in seconds.
const TIMEOUT: u64 = 10;

/// How much later it may end, to start and print unoptimized on a busy machine.
const GRACE: Duration = Duration::from_secs(1);

/// What a server does with a connection.
type Serve = Box<dyn Fn(TcpStream) + Send + Sync>;

fn fixture(name: &str) -> PathBuf {
    files::path("tests/fixtures/tls").join(name)
}

/// Serves every connection on a thread of its own, until the test ends.
fn server(serve: Serve) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Reads what comes first, and answers with bytes.
fn answering(bytes: &'static [u8]) -> Serve {
    Box::new(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(bytes);
    })
}

/// Speaks TLS with a certificate of the fixtures, and answers every request as a proxy does that is not AWS.
fn showing(certificate: &str) -> Serve {
    let chain = vec![CertificateDer::from_pem_file(fixture(&format!("{certificate}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(fixture("key.pem")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let config = Arc::new(config);
    Box::new(move |mut stream| {
        let mut connection = ServerConnection::new(config.clone()).unwrap();
        let mut tls = Stream::new(&mut connection, &mut stream);
        if tls.read(&mut [0; 4096]).is_ok() {
            let _ = tls.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = tls.flush();
        }
    })
}

/// Each case with whether the tests' authority is trusted in it.
fn cases() -> Vec<(&'static str, Serve, bool)> {
    vec![
        ("plain HTTP where TLS is spoken", answering(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"), false),
        ("closed before the handshake", Box::new(drop), false),
        ("closed in the handshake", answering(b"\x16\x03\x03\x00\x7a"), false),
        ("rubbish for a handshake", answering(&[0xa5; 512]), false),
        ("an alert for a handshake", answering(b"\x15\x03\x03\x00\x02\x02\x28"), false),
        (
            "silence for a handshake",
            Box::new(|mut stream: TcpStream| {
                let _ = stream.read_to_end(&mut Vec::new());
            }),
            false,
        ),
        ("a certificate of an authority that is not trusted", showing("server"), false),
        ("a certificate that has expired", showing("expired"), true),
        ("a certificate of another name", showing("other-name"), true),
        ("a certificate of an authority that `SSL_CERT_FILE` names", showing("server"), true),
    ]
}

#[test]
fn tls_that_fails_is_said_clearly_and_in_time() {
    let served: Vec<(&str, String, bool)> =
        cases().into_iter().map(|(name, serve, trusted)| (name, server(serve), trusted)).collect();
    let authority = fixture("authority.pem");
    let told = at_once(4, &served, |(name, address, trusted)| {
        let endpoint = format!("https://{address}");
        let timeout = TIMEOUT.to_string();
        let mut doctor = Doctor::new([
            "--model",
            "us.amazon.nova-lite-v1:0",
            "--region",
            "us-west-2",
            "--format",
            "json",
            "--probe",
            "--timeout",
            &timeout,
        ])
        .environment([
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ]);
        if *trusted {
            doctor = doctor.environment([("SSL_CERT_FILE", authority.to_str().unwrap())]);
        }
        let started = Instant::now();
        let answer = doctor.run();
        assert!(started.elapsed() < Duration::from_secs(TIMEOUT) + GRACE, "{name}: {:?}", started.elapsed());
        assert!(!answer.stderr.contains("panicked"), "{name}: {}", answer.stderr);
        assert!(!answer.stdout.contains("canary"), "{name}: {}", answer.stdout);
        let report = answer.json();
        assert_eq!(report["verdict"], "denied", "{name}");
        let mut told = format!("{name}\n");
        for finding in report["findings"].as_array().unwrap() {
            let _ = writeln!(told, "  {}", finding["cause"].as_str().unwrap());
            for basis in finding["basis"].as_array().unwrap() {
                // When it was hangs on the clock.
                let basis = basis.as_str().unwrap().split("verification time ").next().unwrap();
                let _ = writeln!(told, "  because {basis}");
            }
            let _ = writeln!(told, "  do {}", finding["remedy"]["steps"][0].as_str().unwrap());
        }
        told.replace(address.as_str(), "ADDRESS")
    });
    insta::assert_snapshot!(told.join("\n"));
}

/// A trust store that tells how often it is read: a pipe, which whoever opens it waits for.
fn trust_store_that_counts(folder: &Path) -> (PathBuf, Arc<AtomicUsize>) {
    let pipe = folder.join("authorities.pem");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let read = Arc::new(AtomicUsize::new(0));
    let (counted, path) = (read.clone(), pipe.clone());
    let authority = fs::read(fixture("authority.pem")).unwrap();
    std::thread::spawn(move || {
        // Opening waits for a reader.
        while let Ok(mut pipe) = fs::OpenOptions::new().write(true).open(&path) {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = pipe.write_all(&authority);
            drop(pipe);
            // The reader takes what there is as one file, and sees its end only where nobody writes.
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    (pipe, read)
}

#[test]
fn the_trust_store_is_read_once_and_only_where_tls_is_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, read) = trust_store_that_counts(folder.path());
    let trusted = [("SSL_CERT_FILE", pipe.to_str().unwrap())];
    let account = Account::named("healthy");
    let answer = account.doctor(&["--probe"]).environment(trusted).run();
    assert_eq!(answer.status, 0, "{}{}", answer.stdout, answer.stderr);
    assert_eq!(read.load(Ordering::SeqCst), 0, "a plain endpoint needs no trust");

    let endpoint = format!("https://{}", server(showing("server")));
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "canary-secret")];
    let doctor = Doctor::new(["--model", "us.amazon.nova-lite-v1:0", "--region", "us-west-2", "--probe"]);
    let doctor = doctor.environment(keys).environment(trusted).environment([("AWS_ENDPOINT_URL", endpoint.as_str())]);
    let answer = doctor.run();
    // All the clients of the run trust what was read.
    assert!(!answer.stdout.contains("certificate") && answer.stdout.contains("503"), "{}", answer.stdout);
    assert_eq!(read.load(Ordering::SeqCst), 1);
}
