//! Messages on standard input and output: one line each, of bounded length, and no more at once than can be worked on.
//!
//! A thread reads and a thread writes, so that a client that sends slowly, or does not read, holds nothing up. What is no
//! message is answered as the protocol says, and never ends the connection. Only this file writes to standard output.

use crate::escape::escape_json;
use rmcp::RoleServer;
use rmcp::model::{ClientNotification, ErrorData, JsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde_json::Value;
use std::collections::HashSet;
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};

/// The longest message that is taken, in bytes.
const LONGEST_LINE: usize = 2 << 20;

/// How many requests are worked on, or wait, before no more are taken.
const MOST_REQUESTS: usize = 64;

/// How many lines wait for the server, and for the writer.
const WAITING: usize = 4;

/// What a line holds.
#[derive(Debug)]
enum Line {
    Message(Box<RxJsonRpcMessage<RoleServer>>),
    /// Nothing that can be answered as a message; the id is there where it can be read.
    Wrong(ErrorData, Option<RequestId>),
    /// An empty line, or an answer to nothing.
    Nothing,
}

/// The two standard streams, shared by the sessions of this process, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    lines: Arc<tokio::sync::Mutex<mpsc::Receiver<Line>>>,
    answers: Arc<Mutex<Option<mpsc::Sender<ServerJsonRpcMessage>>>>,
    /// Whether the writer has ended.
    ended: watch::Receiver<bool>,
    requests: Arc<Requests>,
    /// The answer to what was no message, until there is room for it.
    refusal: Arc<Mutex<Option<ServerJsonRpcMessage>>>,
}

/// The requests that have no answer yet.
#[derive(Debug, Default)]
struct Requests {
    open: Mutex<HashSet<RequestId>>,
    answered: Notify,
}

impl Requests {
    fn begin(&self, id: RequestId) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    fn end(&self, id: &RequestId) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.answered.notify_one();
    }

    fn are_too_many(&self) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).len() >= MOST_REQUESTS
    }
}

impl Wire {
    /// Starts to read standard input and to write standard output.
    pub(super) fn of_standard_streams() -> Self {
        let (to_server, lines) = mpsc::channel(WAITING);
        let (answers, to_write) = mpsc::channel(WAITING);
        let (end, ended) = watch::channel(false);
        thread::spawn(move || read(io::stdin().lock(), |line| to_server.blocking_send(line).is_ok()));
        thread::spawn(move || {
            write(to_write, io::stdout());
            end.send_replace(true);
        });
        Self {
            lines: Arc::new(tokio::sync::Mutex::new(lines)),
            answers: Arc::new(Mutex::new(Some(answers))),
            ended,
            requests: Arc::default(),
            refusal: Arc::default(),
        }
    }

    fn sender(&self) -> Option<mpsc::Sender<ServerJsonRpcMessage>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets the writer end, and waits until it has written what there is.
    pub(super) async fn finish(&self, patience: Duration) {
        drop(self.answers.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut ended = self.ended.clone();
        let _ = tokio::time::timeout(patience, ended.wait_for(|ended| *ended)).await;
    }

    /// Writes the answer to what was no message, if one waits; nothing once the writer has ended.
    ///
    /// May be dropped where it waits, and loses nothing by that.
    async fn refuse(&self) -> Option<()> {
        let refusal = || self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        if refusal().is_none() {
            return Some(());
        }
        let room = self.sender()?.reserve_owned().await.ok()?;
        let waiting = refusal().take();
        if let Some(waiting) = waiting {
            room.send(waiting);
        }
        Some(())
    }

    /// Returns the next line; nothing once either stream has ended. May be dropped where it waits, like [`Self::refuse`].
    async fn next(&self) -> Option<Line> {
        loop {
            let answered = self.requests.answered.notified();
            if !self.requests.are_too_many() {
                break;
            }
            answered.await;
        }
        let mut ended = self.ended.clone();
        let mut lines = self.lines.lock().await;
        tokio::select! {
            line = lines.recv() => line,
            _ = ended.wait_for(|ended| *ended) => None,
        }
    }
}

impl Transport<RoleServer> for Wire {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        let sender = self.sender();
        let requests = self.requests.clone();
        async move {
            let answered = match &message {
                JsonRpcMessage::Response(response) => Some(response.id.clone()),
                JsonRpcMessage::Error(error) => error.id.clone(),
                _ => None,
            };
            let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
            let sent = match sender {
                Some(sender) => sender.send(message).await.map_err(|_| gone()),
                None => Err(gone()),
            };
            if let Some(id) = answered {
                requests.end(&id);
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        // The session drops this where it waits, as soon as it has something else to do.
        loop {
            self.refuse().await?;
            match self.next().await? {
                Line::Nothing => {}
                Line::Wrong(error, id) => {
                    let refusal = ServerJsonRpcMessage::error(error, id);
                    *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
                }
                Line::Message(message) => {
                    match &*message {
                        JsonRpcMessage::Request(request) => self.requests.begin(request.id.clone()),
                        JsonRpcMessage::Notification(notification) => {
                            if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                                && let Some(id) = &cancelled.params.request_id
                            {
                                // It gets no answer.
                                self.requests.end(id);
                            }
                        }
                        _ => {}
                    }
                    return Some(*message);
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        Ok(())
    }
}

/// Reads lines until the input ends or nobody takes them; a line that is too long is passed over.
fn read(mut input: impl BufRead, mut take: impl FnMut(Line) -> bool) {
    let mut line = Vec::new();
    let mut is_too_long = false;
    loop {
        let (used, is_end) = match input.fill_buf() {
            Ok([]) => break,
            Ok(bytes) => {
                let end = memchr::memchr(b'\n', bytes);
                let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
                is_too_long |= line.len() + part.len() > LONGEST_LINE;
                if is_too_long {
                    // The memory is given back at once.
                    line = Vec::new();
                } else {
                    line.extend_from_slice(part);
                }
                (end.map_or(bytes.len(), |end| end + 1), end.is_some())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        input.consume(used);
        if !is_end {
            continue;
        }
        let read = if is_too_long {
            Line::Wrong(ErrorData::invalid_request(format!("a message has at most {LONGEST_LINE} bytes"), None), None)
        } else {
            parse(&line)
        };
        line.clear();
        is_too_long = false;
        if !take(read) {
            return;
        }
    }
    // A line without its end was cut off with the client.
}

/// Reads a line.
fn parse(line: &[u8]) -> Line {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    if line.trim_ascii().is_empty() {
        return Line::Nothing;
    }
    let value: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(_) => return Line::Wrong(ErrorData::parse_error("the line is not valid JSON", None), None),
    };
    let id = match value.get("id") {
        Some(Value::String(id)) => Some(RequestId::String(id.as_str().into())),
        Some(Value::Number(id)) => id.as_i64().map(RequestId::Number),
        _ => None,
    };
    if id.is_none() && value.get("id").is_some() {
        return Line::Wrong(ErrorData::invalid_request("an id is a text or a whole number", None), None);
    }
    let is_notification = id.is_none() && value.get("method").is_some();
    match serde_json::from_value::<RxJsonRpcMessage<RoleServer>>(value) {
        Ok(message) => Line::Message(Box::new(message)),
        // Nobody waits for an answer to a notification.
        Err(_) if is_notification => Line::Nothing,
        Err(_) => Line::Wrong(ErrorData::invalid_request("the line is not a message of JSON-RPC 2.0", None), id),
    }
}

/// Writes answers until there are no more, or nobody reads them.
fn write(mut answers: mpsc::Receiver<ServerJsonRpcMessage>, mut output: impl Write) {
    while let Some(answer) = answers.blocking_recv() {
        // Strings, numbers, lists and maps with string keys alone: serialization has no case to fail in.
        let Ok(line) = serde_json::to_string(&answer) else { continue };
        let line = escape_json(line);
        if output
            .write_all(line.as_bytes())
            .and_then(|()| output.write_all(b"\n"))
            .and_then(|()| output.flush())
            .is_err()
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        read(input, |line| {
            lines.push(line);
            true
        });
        lines
    }

    #[test]
    fn a_line_is_a_message_or_said_to_be_none() {
        let input = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r\n\n{]\n[]\n{\"jsonrpc\":\"2.0\",\"id\":\"a\"}\n{\"half";
        let lines = lines(input);
        assert!(matches!(lines[0], Line::Message(_)), "{lines:?}");
        assert!(matches!(lines[1], Line::Nothing));
        assert!(matches!(&lines[2], Line::Wrong(error, None) if error.code.0 == -32700));
        assert!(matches!(&lines[3], Line::Wrong(error, None) if error.code.0 == -32600));
        assert!(matches!(&lines[4], Line::Wrong(_, Some(RequestId::String(id))) if &**id == "a"), "{lines:?}");
        assert_eq!(lines.len(), 5);
    }

    #[tokio::test]
    async fn a_session_that_stops_listening_for_a_moment_loses_no_answer() {
        let (to_server, lines) = mpsc::channel(64);
        let (answers, mut to_write) = mpsc::channel(1);
        let (_end, ended) = watch::channel(false);
        let mut wire = Wire {
            lines: Arc::new(tokio::sync::Mutex::new(lines)),
            answers: Arc::new(Mutex::new(Some(answers))),
            ended,
            requests: Arc::default(),
            refusal: Arc::default(),
        };
        for id in 0..20 {
            let wrong = ErrorData::invalid_request("no message", None);
            to_server.send(Line::Wrong(wrong, Some(RequestId::Number(id)))).await.unwrap();
        }
        let mut answered = Vec::new();
        for _ in 0..200 {
            // Dropped where it waits for room, as a session does that has an answer of its own to write.
            let listening = tokio::time::timeout(Duration::from_millis(1), wire.receive());
            assert!(listening.await.is_err(), "no line is a message");
            while let Ok(ServerJsonRpcMessage::Error(error)) = to_write.try_recv() {
                answered.push(error.id.unwrap());
            }
        }
        assert_eq!(answered, (0..20).map(RequestId::Number).collect::<Vec<_>>());
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut input = vec![b'x'; LONGEST_LINE + 1];
        input.extend_from_slice(b"\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n");
        let lines = lines(&input);
        assert!(matches!(&lines[0], Line::Wrong(error, None) if error.code.0 == -32600));
        assert!(matches!(lines[1], Line::Message(_)));
        let deep = [b"[".repeat(100_000), b"\n".to_vec()].concat();
        assert!(matches!(&super::tests::lines(&deep)[0], Line::Wrong(..)));
    }
}
