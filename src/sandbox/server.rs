//! The socket: HTTP on loopback, bounded and deaf to other hosts' names.
//!
//! Takes a world and gives an endpoint; runs on a thread of its own with a small runtime, so that a caller
//! without one can use it. Dropping the sandbox closes the socket and ends the thread.

use super::account::Account;
use super::delivery::{Door, Order};
use super::protocol::{Delivery, Reply, WireRequest};
use super::world::World;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// The largest request body in bytes; the largest that Bedrock's runtime takes is 25 MB.
const MAX_BODY: usize = 25_000_000;

/// The pieces that a body is filled up with, in bytes.
const CHUNK: usize = 64 << 10;

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
    account: Account,
    latency: Duration,
    port: u16,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Sandbox {
    /// Runs the account of a world on 127.0.0.1, at a port (0 for any), and lets every answer wait for `latency`.
    ///
    /// # Errors
    ///
    /// When the port cannot be had, or the system gives no thread.
    pub fn start(world: World, latency: Duration, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let account = Account::new(world).map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            account,
            latency,
            port: address.port(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        });
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared))
            .into_make_service_with_connect_info::<Order>();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = axum::serve(Door(listener), app) => {}
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
        self.shared.account.calls()
    }

    /// Returns how many calls were under way at once at most.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.shared.most_in_flight.load(Ordering::Relaxed)
    }
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

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(order): ConnectInfo<Order>,
    request: Request,
) -> Response<Body> {
    let _in_flight = InFlight::new(&shared);
    if !shared.latency.is_zero() {
        tokio::time::sleep(shared.latency).await;
    }
    let (parts, body) = request.into_parts();
    if !is_ours(&parts.headers, shared.port) {
        return plain(StatusCode::MISDIRECTED_REQUEST, "the sandbox answers to 127.0.0.1 and localhost alone\n");
    }
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "the sandbox takes bodies of at most 25 MB\n");
    };
    let request = WireRequest {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let reply = shared.account.answer(&request);
    order.give(reply.delivery);
    if reply.delivery == Delivery::Never {
        std::future::pending::<()>().await;
    }
    http(reply)
}

/// Tells whether a request was addressed to this server: a page in a browser that rebinds its name was not.
fn is_ours(headers: &HeaderMap, port: u16) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    ["127.0.0.1", "localhost"].iter().any(|name| host == format!("{name}:{port}") || (port == 80 && host == *name))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Fills a body up with white space, which neither JSON nor XML minds.
fn body(beginning: Vec<u8>, delivery: Delivery) -> Body {
    let length = match delivery {
        Delivery::Padded(length) => length,
        Delivery::Endless => usize::MAX,
        _ => return Body::from(beginning),
    };
    let chunk = Bytes::from(vec![b' '; CHUNK]);
    let chunks = length.saturating_sub(beginning.len()).div_ceil(CHUNK);
    let pieces = std::iter::once(Bytes::from(beginning)).chain(std::iter::repeat_n(chunk, chunks));
    Body::from_stream(futures_util::stream::iter(pieces.map(io::Result::Ok)))
}

fn http(reply: Reply) -> Response<Body> {
    let mut response = Response::new(body(reply.body, reply.delivery));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        // A world's own text may hold what no header can.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
