//! A client of `bedrock-access mcp`: writes lines, reads lines, and nothing more.

use super::program::bedrock_access;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server with its client.
pub struct Client {
    pub child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
    next: u64,
    /// Answers to other requests than the one that is waited for.
    early: HashMap<String, Value>,
    /// What the server sent that is no answer.
    pub notifications: Vec<Value>,
}

impl Client {
    /// Starts a server without any environment.
    pub fn raw(arguments: &[&str]) -> Self {
        Self::raw_with(arguments, &[])
    }

    /// Starts a server with an environment.
    pub fn raw_with(arguments: &[&str], environment: &[(String, String)]) -> Self {
        let mut command = bedrock_access([&["mcp"], arguments].concat());
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut stderr = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let input = child.stdin.take();
        let (early, notifications) = (HashMap::new(), Vec::new());
        Self { child, input, lines, stderr: Some(stderr), next: 0, early, notifications }
    }

    /// Starts a server, and begins a session of the revision with a handshake.
    pub fn new(arguments: &[&str]) -> Self {
        Self::with(arguments, &[])
    }

    /// Likewise, with an environment.
    pub fn with(arguments: &[&str], environment: &[(String, String)]) -> Self {
        let mut client = Self::raw_with(arguments, environment);
        let answer = client.initialize("2025-11-25");
        assert_eq!(answer["result"]["protocolVersion"], "2025-11-25", "{answer}");
        client.notify("notifications/initialized", json!({}));
        client
    }

    /// Asks for a session.
    pub fn initialize(&mut self, version: &str) -> Value {
        let client = json!({"name": "test", "version": "1"});
        self.ask("initialize", json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client}))
    }

    /// Writes bytes as they are; a server that is gone reads none of them.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(input) = &mut self.input {
            let _ = input.write_all(bytes).and_then(|()| input.flush());
        }
    }

    /// Sends a message.
    pub fn send(&mut self, message: &Value) {
        self.write(format!("{message}\n").as_bytes());
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends a request, and returns its id.
    pub fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}));
        self.next
    }

    /// Reads a line, which must be a message; nothing once there is none in time.
    pub fn line_within(&mut self, patience: Duration) -> Option<Value> {
        let line = self.lines.recv_timeout(patience).ok()?;
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        assert_eq!(message["jsonrpc"], "2.0", "standard output holds messages only: {line}");
        Some(message)
    }

    /// Waits for the answer to a request.
    pub fn answer(&mut self, id: u64) -> Value {
        if let Some(answer) = self.early.remove(&id.to_string()) {
            return answer;
        }
        loop {
            let message = self.line_within(PATIENCE).unwrap_or_else(|| panic!("no answer to request {id}"));
            match &message["id"] {
                Value::Null => self.notifications.push(message),
                other if *other == json!(id) => return message,
                other => {
                    self.early.insert(other.to_string(), message);
                }
            }
        }
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// Calls a tool, and returns its result.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }

    /// Ends the input, and returns the exit status with what is on standard error.
    pub fn end(mut self) -> (Option<i32>, String) {
        drop(self.input.take());
        let status = self.child.wait().unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        // What is left must be messages, too.
        while self.line_within(Duration::from_millis(200)).is_some() {}
        (status.code(), stderr)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the text of a result.
pub fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}"))
}

/// Returns the report that the text quotes.
pub fn report(result: &Value) -> String {
    text(result)
        .lines()
        .filter_map(|line| line.strip_prefix("| ").or((line == "|").then_some("")))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Returns the server's own words.
pub fn own_words(result: &Value) -> String {
    text(result).lines().filter(|line| !line.starts_with("| ")).map(|line| format!("{line}\n")).collect()
}
