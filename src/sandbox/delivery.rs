//! Faulty delivery: an answer that ends early, drips byte by byte, or is not HTTP at all.
//!
//! A [`Connection`] is the TCP stream that the HTTP server writes to. The handler of a request shares its [`PendingFault`];
//! without a fault the bytes pass as they are. Only in builds with the feature `faults`.

use super::wire::{Delivery, Ending};
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// The pause between two bytes that drip.
const PAUSE: Duration = Duration::from_millis(100);

/// What answers where HTTP was expected.
const JUNK: &[u8] = b"SSH-2.0-OpenSSH_9.9\r\n";

/// What is to become of the answer that is written next.
#[derive(Clone, Debug, Default)]
pub(super) struct PendingFault(Arc<Mutex<Option<Trouble>>>);

/// How many bytes still pass, and what happens then.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    /// Whether the bytes are counted from the end of the head.
    behind_head: bool,
    /// How much of the head's end, an empty line, has passed.
    seen: usize,
    left: usize,
    ending: Ending,
}

impl PendingFault {
    /// Says how the answer to the request at hand is delivered.
    pub(super) fn give(&self, delivery: Delivery) {
        let trouble = |behind_head, left, ending| Some(Trouble { behind_head, seen: 0, left, ending });
        let trouble = match delivery {
            Delivery::Whole | Delivery::Never | Delivery::Padded(_) | Delivery::Endless => None,
            Delivery::Head(left, ending) => trouble(false, left, ending),
            Delivery::Body(left, ending) => trouble(true, left, ending),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Takes the bytes that may pass at once from those that wait, or says what happens instead.
    fn pass(&self, waiting: &[u8]) -> Result<usize, Ending> {
        let mut fault = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(trouble) = fault.as_mut() else { return Ok(waiting.len()) };
        let head = if trouble.behind_head { trouble.head(waiting) } else { 0 };
        let count = if trouble.behind_head { head } else { waiting.len().min(trouble.left) };
        if count == 0 { Err(trouble.ending) } else { Ok(count) }
    }

    /// Notes that bytes have passed.
    fn passed(&self, bytes: &[u8]) {
        let mut fault = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(trouble) = fault.as_mut() else { return };
        if !trouble.behind_head {
            trouble.left = trouble.left.saturating_sub(bytes.len());
            return;
        }
        trouble.seen = bytes.iter().fold(trouble.seen, |seen, byte| empty_line(seen, *byte));
        if trouble.seen == EMPTY_LINE.len() {
            trouble.behind_head = false;
        }
    }
}

/// What ends a head.
const EMPTY_LINE: &[u8] = b"\r\n\r\n";

/// Returns how much of the head's end is seen with one byte more.
fn empty_line(seen: usize, byte: u8) -> usize {
    match EMPTY_LINE.get(seen) {
        None => seen,
        Some(expected) if *expected == byte => seen + 1,
        _ => usize::from(byte == b'\r'),
    }
}

impl Trouble {
    /// Counts the bytes up to the end of the head.
    fn head(&self, waiting: &[u8]) -> usize {
        let mut seen = self.seen;
        for (at, byte) in waiting.iter().enumerate() {
            seen = empty_line(seen, *byte);
            if seen == EMPTY_LINE.len() {
                return at + 1;
            }
        }
        waiting.len()
    }
}

/// A connection that its pending fault disturbs.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    fault: PendingFault,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    /// Wraps a stream, and gives the fault that its handler sets.
    pub(super) fn new(stream: TcpStream) -> (Self, PendingFault) {
        let fault = PendingFault::default();
        (Self { stream, fault: fault.clone(), pause: None }, fault)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = match self.fault.pass(bytes) {
            Ok(count) => count,
            Err(Ending::Close) => return Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
            Err(Ending::Reset) => {
                self.stream.set_zero_linger()?;
                return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
            }
            Err(Ending::Junk) => {
                ready!(Pin::new(&mut self.stream).poll_write(context, JUNK))?;
                return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
            }
            Err(Ending::Drip) => {
                let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(PAUSE)));
                ready!(pause.as_mut().poll(context));
                self.pause = None;
                1
            }
        };
        let piece = bytes.get(..count).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, piece))?;
        self.fault.passed(piece.get(..written).unwrap_or(piece));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
