//! The socket: HTTP on loopback, bounded in time and memory, and closed to requests that name another host.
//!
//! Takes a world and gives an endpoint; runs on a thread of its own with a small runtime, so that a caller without one
//! can use it. Dropping the sandbox closes the socket and ends the thread.

#[cfg(feature = "faults")]
use super::delivery::{Connection, PendingFault};
use super::dispatch::Dispatcher;
#[cfg(feature = "faults")]
use super::wire::Delivery;
use super::wire::{Reply, WireRequest};
use super::world::World;
use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode, Uri, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

/// The largest request body in bytes; the largest that Bedrock's runtime takes is 25 MB.
const MAX_BODY: usize = 25_000_000;

/// How many bytes of request bodies are held at once; further bodies wait.
const MAX_BODIES: usize = 4 * MAX_BODY;

/// How many bytes the system may keep of a connection whose body waits. Left alone, it keeps tens of megabytes.
const RECEIVE_BUFFER: u32 = 256 * 1024;

/// How long a client may take to send the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long a client may take to send the body of a request.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The pause after a connection that could not be accepted, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running account on loopback; dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    dispatcher: Dispatcher,
    latency: Duration,
    port: u16,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    /// The bytes of request bodies that may still be held.
    bodies: Semaphore,
}

impl Sandbox {
    /// Runs the account of a world on 127.0.0.1, at a port (0 for any), and lets every answer wait for `latency`.
    ///
    /// # Errors
    ///
    /// When the port cannot be had, or the system gives no thread.
    pub fn start(world: World, latency: Duration, port: u16) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = {
            let _context = runtime.enter();
            listen(port)?
        };
        let address = listener.local_addr()?;
        let dispatcher = Dispatcher::new(world).map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            dispatcher,
            latency,
            port: address.port(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
            bodies: Semaphore::new(MAX_BODIES),
        });
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, serving) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the URL of the account, such as `http://127.0.0.1:8421`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns how often each operation was called so far, by names such as `iam:GetRole`.
    ///
    /// What names no operation of the sandbox, or is not signed at all, counts as `unknown`.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.shared.dispatcher.calls()
    }

    /// Returns the events of the account's trail that came after so many others, as CloudTrail records them, and how
    /// many there have been in all.
    ///
    /// The trail keeps the newest ten thousand.
    #[must_use]
    pub fn events_since(&self, seen: u64) -> (Vec<Value>, u64) {
        self.shared.dispatcher.events_since(seen)
    }

    /// Returns how many calls were under way at once at most.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.shared.most_in_flight.load(Ordering::Relaxed)
    }
}

/// Listens on loopback, within a runtime's context.
fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // On Windows, the option would let another program take the port over.
    socket.set_reuseaddr(cfg!(unix))?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(1024)
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Counts a call while it is under way.
struct InFlight<'s>(&'s Shared);

impl<'s> InFlight<'s> {
    fn new(shared: &'s Shared) -> Self {
        let now = shared.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        shared.most_in_flight.fetch_max(now, Ordering::Relaxed);
        Self(shared)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Accepts connections for as long as the sandbox runs.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Serves one connection, in HTTP/1.1 only.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    #[cfg(feature = "faults")]
    let (stream, fault) = Connection::new(stream);
    let handler = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        #[cfg(feature = "faults")]
        let fault = fault.clone();
        async move {
            let answered = answer(&shared, request).await;
            #[cfg(feature = "faults")]
            let answered = match answered {
                Answered::Account(reply) => deliver(&fault, reply).await,
                refused => refused,
            };
            Ok::<_, Infallible>(match answered {
                Answered::Account(reply) => http(reply),
                Answered::Front(response) => response,
            })
        }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    // A client that goes away is no error of the sandbox.
    let _ = server.serve_connection(TokioIo::new(stream), handler).await;
}

/// What a request gets.
enum Answered {
    /// A reply of the account.
    Account(Reply),
    /// A refusal before the account saw the request.
    Front(Response<Body>),
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Answered {
    let _in_flight = InFlight::new(shared);
    if !shared.latency.is_zero() {
        tokio::time::sleep(shared.latency).await;
    }
    let (parts, body) = request.into_parts();
    if !is_ours(&parts.uri, &parts.headers, shared.port) {
        let text = "the sandbox answers to 127.0.0.1 and localhost alone\n";
        return Answered::Front(plain(StatusCode::MISDIRECTED_REQUEST, text));
    }
    let (body, _held) = match tokio::time::timeout(BODY_TIME, read(body, &shared.bodies)).await {
        Ok(Ok(body)) => body,
        Ok(Err(())) => {
            let text = "the sandbox takes bodies of at most 25 MB\n";
            return Answered::Front(plain(StatusCode::PAYLOAD_TOO_LARGE, text));
        }
        Err(_) => {
            let text = "the sandbox waits for a body for at most 30 seconds\n";
            return Answered::Front(plain(StatusCode::REQUEST_TIMEOUT, text));
        }
    };
    let request = WireRequest {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    Answered::Account(shared.dispatcher.answer(&request))
}

/// Reads a body within the memory that all bodies share; an error where it is too large or its client goes away.
async fn read(body: Incoming, bodies: &Semaphore) -> Result<(Bytes, Option<SemaphorePermit<'_>>), ()> {
    let mut pieces = Body::new(body).into_data_stream();
    let (mut whole, mut held): (Vec<u8>, Option<SemaphorePermit<'_>>) = (Vec::new(), None);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| ())?;
        if whole.len() + piece.len() > MAX_BODY {
            return Err(());
        }
        let size = u32::try_from(piece.len()).map_err(|_| ())?;
        let permit = bodies.acquire_many(size).await.map_err(|_| ())?;
        match &mut held {
            Some(held) => held.merge(permit),
            None => held = Some(permit),
        }
        whole.extend_from_slice(&piece);
    }
    Ok((whole.into(), held))
}

/// Gives a reply the fault of its delivery, if it has one.
#[cfg(feature = "faults")]
async fn deliver(fault: &PendingFault, reply: Reply) -> Answered {
    fault.give(reply.delivery);
    match reply.delivery {
        Delivery::Never => std::future::pending().await,
        Delivery::Padded(length) => Answered::Front(padded(reply, length)),
        Delivery::Endless => Answered::Front(padded(reply, usize::MAX)),
        _ => Answered::Account(reply),
    }
}

/// Fills a body with white space, which neither JSON nor XML minds.
#[cfg(feature = "faults")]
fn padded(mut reply: Reply, length: usize) -> Response<Body> {
    /// The size of the pieces, in bytes.
    const PIECE: usize = 64 << 10;

    let beginning = std::mem::take(&mut reply.body);
    let piece = Bytes::from(vec![b' '; PIECE]);
    let pieces = length.saturating_sub(beginning.len()).div_ceil(PIECE);
    let pieces = std::iter::once(Bytes::from(beginning)).chain(std::iter::repeat_n(piece, pieces));
    let mut response = http(reply);
    *response.body_mut() = Body::from_stream(futures_util::stream::iter(pieces.map(io::Result::Ok)));
    response
}

/// Returns `true` if a request was addressed to this server: one from a page in a browser that rebinds its name was
/// not, nor one for a proxy.
fn is_ours(target: &Uri, headers: &HeaderMap, port: u16) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None, None) = (hosts.next(), hosts.next(), target.authority()) else { return false };
    let host = host.to_str().unwrap_or_default();
    ["127.0.0.1", "localhost"].iter().any(|name| host == format!("{name}:{port}") || (port == 80 && host == *name))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, hyper::header::HeaderValue::from_static("text/plain"));
    response
}

fn http(reply: Reply) -> Response<Body> {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        // A world's own text may hold what no header can.
        if let Ok(value) = hyper::header::HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
