//! The socket: what it answers to, its bounds, and nonsense.

use super::CALLER;
use crate::support::http::Client;
use bedrock_access::sandbox::{Sandbox, World};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn it_answers_to_its_own_name_alone() {
    let client = Client::named("healthy");
    let port = client.sandbox.endpoint().rsplit(':').next().unwrap().to_owned();
    for host in ["evil.example", "127.0.0.1", "169.254.169.254", "localhost.evil.example", ""] {
        let answer = client.raw("GET", "/foundation-models", &[("host", host)], b"");
        assert_eq!(answer.status, 421, "{host}");
    }
    let local = format!("localhost:{port}");
    assert_eq!(client.raw("GET", "/foundation-models", &[("host", &local)], b"").status, 403);
}

#[test]
fn targets_for_a_proxy_and_repeated_hosts_are_refused() {
    let client = Client::named("healthy");
    let address = client.sandbox.endpoint().strip_prefix("http://").unwrap().to_owned();
    let status = |head: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    let end = "Connection: close\r\n\r\n";
    assert_eq!(status(&format!("GET /foundation-models HTTP/1.1\r\nHost: {address}\r\n{end}")), "403");
    for head in [
        format!("GET http://{address}/foundation-models HTTP/1.1\r\nHost: {address}\r\n{end}"),
        format!("GET http://evil.example/foundation-models HTTP/1.1\r\nHost: {address}\r\n{end}"),
        format!("GET /foundation-models HTTP/1.1\r\nHost: {address}\r\nHost: evil.example\r\n{end}"),
        format!("GET /foundation-models HTTP/1.1\r\n{end}"),
    ] {
        assert_eq!(status(&head), "421", "{head}");
    }
}

#[test]
fn a_head_that_does_not_come_ends_the_connection() {
    let client = Client::named("healthy");
    let address = client.sandbox.endpoint().strip_prefix("http://").unwrap().to_owned();
    let start = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(b"GET /foundation-models HTTP/1.1\r\nHost: ").unwrap();
    let mut rest = Vec::new();
    // The server closes the connection, with or without an answer.
    let _ = stream.read_to_end(&mut rest);
    assert!((8..30).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[test]
fn half_bodies_share_a_bounded_memory_and_others_are_still_served() {
    let client = Client::named("healthy");
    let address = client.sandbox.endpoint().strip_prefix("http://").unwrap().to_owned();
    let half = vec![b'x'; 20_000_000];
    // Twelve halves are more than all bodies and the sockets between may take together: the server stops reading, and the
    // writes stop.
    let writers: Vec<_> = (0..12)
        .map(|_| {
            let (address, half) = (address.clone(), half.clone());
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(&address).unwrap();
                stream.set_write_timeout(Some(Duration::from_secs(3))).unwrap();
                let head = format!("POST / HTTP/1.1\r\nHost: {address}\r\nContent-Length: 24000000\r\n\r\n");
                stream.write_all(head.as_bytes()).unwrap();
                let sent = stream.write_all(&half).is_ok();
                (sent, stream)
            })
        })
        .collect();
    let streams: Vec<(bool, TcpStream)> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
    assert!(streams.iter().any(|(sent, _)| !sent), "the server held every half");
    // A request without a body needs none of that memory.
    assert_eq!(client.get("/foundation-models").status, 200);
    drop(streams);
    assert_eq!(client.converse(&client.model).status, 200);
}

#[test]
fn bodies_are_bounded() {
    let client = Client::named("healthy");
    let answer = client.raw("POST", "/", &[], &vec![b'x'; 25_000_001]);
    assert_eq!(answer.status, 413, "{}", answer.text());
}

#[test]
fn nonsense_is_survived() {
    let client = Client::named("healthy");
    let authorization = client.authorization("bedrock");
    let token = client.token.clone().unwrap();
    let signed = [("authorization", authorization.as_str()), ("x-amz-security-token", token.as_str())];
    let deep = "[".repeat(1_000_000);
    let many: String = (1..200_000).map(|n| format!("&ContextEntries.member.{n}.ContextKeyName=k{n}")).collect();
    for (method, path, body) in [
        ("POST", "/model/%FF%FE/converse", "{}"),
        ("POST", "/model/%/converse", "{}"),
        ("POST", "/model/../converse", "{}"),
        ("POST", "/model/a/converse", deep.as_str()),
        ("POST", "/model//converse", ""),
        ("GET", "/foundation-models/%00", ""),
        ("GET", "/inference-profiles?maxResults=-1", ""),
        ("GET", "/inference-profiles?nextToken=99999999999999999999999", ""),
        ("GET", "/inference-profiles?maxResults=18446744073709551615&nextToken=18446744073709551615", ""),
        ("DELETE", "/foundation-models", ""),
        ("BREW", "/coffee", ""),
    ] {
        let answer = client.raw(method, path, &signed, body.as_bytes());
        assert!((200..500).contains(&answer.status), "{method} {path}: {}", answer.text());
    }
    let start = std::time::Instant::now();
    let iam = client.authorization("iam");
    let form = format!(
        "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn={CALLER}&ActionNames.member.1=a:b{many}"
    );
    let answer = client.raw("POST", "/", &[("authorization", &iam), ("x-amz-security-token", &token)], form.as_bytes());
    assert_eq!(answer.code(), "InvalidInput", "{}", answer.text());
    // What grows with the square of the parameters would take minutes, also where the machine is idle.
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    // What is not HTTP at all ends the connection, not the server.
    for junk in [&b"\x16\x03\x01\x02\x00"[..], b"GET\r\n\r\n", &[0xff; 70_000]] {
        let address = client.sandbox.endpoint().strip_prefix("http://").unwrap().to_owned();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let _ = std::io::Write::write_all(&mut stream, junk);
    }
    assert_eq!(client.converse(&client.model).status, 200);
}

#[test]
fn it_stops_when_dropped_and_shares_nothing() {
    let first = Sandbox::start(World::embedded("healthy").unwrap(), Duration::ZERO, 0).unwrap();
    let second = Sandbox::start(World::embedded("healthy").unwrap(), Duration::ZERO, 0).unwrap();
    assert_ne!(first.endpoint(), second.endpoint());
    assert!(first.endpoint().starts_with("http://127.0.0.1:"));
    let port = first.endpoint().rsplit(':').next().unwrap().parse().unwrap();
    let taken = Sandbox::start(World::embedded("healthy").unwrap(), Duration::ZERO, port).unwrap_err();
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    let address = first.endpoint().strip_prefix("http://").unwrap().to_owned();
    drop(first);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn latency_is_added_to_every_answer() {
    let world = World::embedded("healthy").unwrap();
    let mut client = Client::new(world.clone());
    client.sandbox = Sandbox::start(world, Duration::from_millis(120), 0).unwrap();
    let start = std::time::Instant::now();
    assert_eq!(client.query("sts", &[("Action", "GetCallerIdentity")]).status, 200);
    assert!(start.elapsed() >= Duration::from_millis(120));
}
