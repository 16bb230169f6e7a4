//! HTTP connections: one pool for every client of the process, and a limit to what an answer may hold.
//!
//! A redirect is an answer like any other: nothing here follows one to another host.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;
use std::sync::OnceLock;
use std::time::Duration;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

/// The largest answer that is read, in bytes; the list of all models has some hundred thousand.
const LARGEST: usize = 8 << 20;

/// Returns the client for AWS: TLS, and the proxy that the environment names.
///
/// The trust store is read on first use, once.
pub(super) fn shared() -> SharedHttpClient {
    client(|builder| {
        builder.proxy_config(ProxyConfig::from_env()).tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build()
    })
}

/// Returns the client for an embedded account: plain HTTP, and no proxy whatever the environment says.
pub(super) fn loopback() -> SharedHttpClient {
    client(|builder| builder.proxy_config(ProxyConfig::disabled()).build_http())
}

/// Returns a client whose one connector is made on first use.
fn client(connect: fn(ConnectorBuilder) -> Connector) -> SharedHttpClient {
    let connector: OnceLock<SharedHttpConnector> = OnceLock::new();
    http_client_fn(move |_, _| {
        let make = || {
            let sleep = aws_smithy_async::rt::sleep::TokioSleep::new();
            SharedHttpConnector::new(Bounded(connect(
                Connector::builder().connector_settings(settings()).sleep_impl(sleep),
            )))
        };
        connector.get_or_init(make).clone()
    })
}

/// Cuts off answers beyond [`LARGEST`].
#[derive(Debug)]
struct Bounded(Connector);

impl HttpConnector for Bounded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            answer.await.map(|response| response.map(|body| SdkBody::from_body_1_x(Limited::new(body, LARGEST))))
        })
    }
}

fn settings() -> HttpConnectorSettings {
    HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build()
}
