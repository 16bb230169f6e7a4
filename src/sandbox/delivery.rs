//! The last step of an answer: bytes onto a socket, or fewer of them, later, or others.
//!
//! A [`Wire`] is the TCP stream that the HTTP server writes to. The handler of a request shares its [`Order`] and may
//! say that this answer ends early, drips, or is not HTTP at all; without an order the bytes pass as they are.

use super::protocol::{Delivery, Ending};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

/// The pause between two bytes that drip.
const PAUSE: Duration = Duration::from_millis(100);

/// What answers where HTTP was expected.
const JUNK: &[u8] = b"SSH-2.0-OpenSSH_9.9\r\n";

/// What is to become of the answer that is written next.
#[derive(Clone, Debug, Default)]
pub(super) struct Order(Arc<Mutex<Option<Trouble>>>);

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

impl Order {
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
        let mut order = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(trouble) = order.as_mut() else { return Ok(waiting.len()) };
        let head = if trouble.behind_head { trouble.head(waiting) } else { 0 };
        let count = if trouble.behind_head { head } else { waiting.len().min(trouble.left) };
        if count == 0 { Err(trouble.ending) } else { Ok(count) }
    }

    /// Notes that bytes have passed.
    fn passed(&self, bytes: &[u8]) {
        let mut order = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(trouble) = order.as_mut() else { return };
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

/// A connection that obeys an order.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    order: Order,
    pause: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = match self.order.pass(bytes) {
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
        self.order.passed(piece.get(..written).unwrap_or(piece));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Accepts connections, and gives each an order of its own.
#[derive(Debug)]
pub(super) struct Door(pub(super) TcpListener);

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Wire { stream, order: Order::default(), pause: None }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Door>> for Order {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().order.clone()
    }
}
