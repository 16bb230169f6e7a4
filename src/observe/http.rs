//! HTTP connections: one pool for every client of the process, and a limit to what an answer may hold.
//!
//! A redirect is an answer like any other: nothing here follows one to another host.

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
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

/// The variables that name a proxy for plain HTTP.
const PLAIN_PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

/// Returns the client for AWS: TLS, and the proxy that the environment names.
pub(super) fn shared() -> SharedHttpClient {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|proxy| !proxy.is_empty());
    client(ProxyConfig::from_env(), PLAIN_PROXIES.iter().any(is_set))
}

/// Returns the client for an embedded account: plain HTTP, and no proxy whatever the environment says.
pub(super) fn loopback() -> SharedHttpClient {
    client(ProxyConfig::disabled(), false)
}

/// Returns the connections to AWS for a call that no client of the SDK makes.
pub(super) fn connector() -> SharedHttpConnector {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|proxy| !proxy.is_empty());
    ways(ProxyConfig::from_env(), PLAIN_PROXIES.iter().any(is_set))
}

/// Returns the connections to an embedded account, likewise.
pub(super) fn loopback_connector() -> SharedHttpConnector {
    ways(ProxyConfig::disabled(), false)
}

fn ways(proxy: ProxyConfig, plain_has_proxy: bool) -> SharedHttpConnector {
    SharedHttpConnector::new(Ways { proxy, plain_has_proxy, plain: OnceLock::new(), tls: OnceLock::new() })
}

fn client(proxy: ProxyConfig, plain_has_proxy: bool) -> SharedHttpClient {
    let connector = ways(proxy, plain_has_proxy);
    http_client_fn(move |_, _| connector.clone())
}

/// The ways to a host, each made on first use, so that the trust store is read once, and only where TLS is used.
#[derive(Debug)]
struct Ways {
    proxy: ProxyConfig,
    /// There is a proxy for plain HTTP, which may itself ask for TLS.
    plain_has_proxy: bool,
    plain: OnceLock<Connector>,
    tls: OnceLock<Connector>,
}

impl Ways {
    fn to(&self, uri: &str) -> &Connector {
        let builder = || {
            Connector::builder()
                .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build())
                .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
                .proxy_config(self.proxy.clone())
        };
        if uri.starts_with("http://") && !self.plain_has_proxy {
            self.plain.get_or_init(|| builder().build_http())
        } else {
            self.tls.get_or_init(|| builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build())
        }
    }
}

impl HttpConnector for Ways {
    /// Makes a call, and cuts off an answer beyond [`LARGEST`].
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.to(request.uri()).call(request);
        HttpConnectorFuture::new(async move {
            answer.await.map(|response| response.map(|body| SdkBody::from_body_1_x(Limited::new(body, LARGEST))))
        })
    }
}
