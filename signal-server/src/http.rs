//! HTTP, as far as this server speaks it: who asks for what, and answers in a line of text.
//!
//! [`route`] decides by the head of a request alone; `front` carries that out. What is asked for
//! under `/socket.io/` goes to a [`Service`] that is plugged in from outside.
//!
//! What that service can rely on:
//! - The body was read whole before it is asked, at most [`MAX_BODY_BYTES`] of it and within the
//!   handshake's deadline, so that nobody can dribble it in. Answers may take as long as a long
//!   poll takes, but no connection is kept longer than [`Timing::http`](crate::Timing::http) twice
//!   over without an upgrade.
//! - `hyper::upgrade::on` works: answer 101 and take the stream. It holds the connection's place
//!   (see `admission`) until it is dropped.
//! - A [`Caller`] is in the request's extensions: whose address it is, and by which of ours they
//!   came. It holds the caller's place among those of their address, so keep the extensions (or a
//!   clone of the `Caller`) with the session.
//! - Origins were judged, and no session begins while the server drains. The service ends those
//!   that there are itself, when its clone of `Context::drain` says so; `Context` also has the
//!   limits, the login gate and the metrics (`Metrics::message_received` and
//!   `Metrics::message_sent` for every message), and
//!   [`MessageGate`](crate::limits::rates::MessageGate) is one connection's.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body as HttpBody;
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
    UPGRADE,
};
use hyper::{Method, Request, Response, StatusCode};
use visavis_shared::limits::MAX_MESSAGE_BYTES;

use crate::limits::permits::Permit;

/// The largest body of a request that is read. A poll of Socket.IO may carry several messages.
pub(crate) const MAX_BODY_BYTES: usize = 2 * MAX_MESSAGE_BYTES;

/// Where Socket.IO's clients ask.
const SOCKET_IO: &str = "/socket.io";

pub(crate) type BodyError = Box<dyn Error + Send + Sync>;
pub(crate) type Body = UnsyncBoxBody<Bytes, BodyError>;
pub(crate) type Answer = Response<Body>;
/// A request whose body was read.
pub(crate) type WholeRequest = Request<Full<Bytes>>;

/// Who asks. In the extensions of every request that a [`Service`] gets.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Whose address it is: that of the client also when a trusted proxy stands between.
    pub(crate) address: IpAddr,
    /// The address of ours by which they came; unknown when a proxy brought them to an address that
    /// is not public.
    pub(crate) reached: Option<IpAddr>,
    /// Their place among those of their address, when a proxy brought them. Otherwise the stream
    /// holds it.
    #[expect(dead_code, reason = "only there to be dropped")]
    pub(crate) place: Option<Arc<Permit>>,
}

/// Answers requests under a path that this server does not know itself.
#[derive(Clone)]
pub(crate) struct Service(Arc<dyn Fn(WholeRequest) -> Answering + Send + Sync>);

type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

impl Service {
    pub(crate) fn new<F, A>(call: F) -> Self
    where
        F: Fn(WholeRequest) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(call(request))))
    }

    pub(crate) async fn call(&self, request: WholeRequest) -> Answer {
        (self.0)(request).await
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service")
    }
}

/// Turns any body into an answer's.
pub(crate) fn boxed<B>(body: B) -> Body
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BodyError>,
{
    body.map_err(Into::into).boxed_unsync()
}

/// An answer of one line of text.
pub(crate) fn plain(status: StatusCode, words: impl Into<String>) -> Answer {
    let mut words = words.into();
    words.push('\n');
    let mut answer = Response::new(boxed(Full::new(Bytes::from(words))));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// The answer to `/healthz`: whoever can ask gets it.
pub(crate) fn health() -> Answer {
    plain(StatusCode::OK, "The server lives.")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    Ready,
    Restarting,
    /// Nobody can be let in before the nodes of the server reach each other again.
    CutOff,
}

/// The answer to `/readyz`.
pub(crate) fn readiness(readiness: Readiness) -> Answer {
    match readiness {
        Readiness::Ready => plain(StatusCode::OK, "The server accepts logins."),
        Readiness::Restarting => restarting(),
        Readiness::CutOff => plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "This server can't reach the others (Redis): it accepts no logins.",
        ),
    }
}

/// The answer to whatever would begin something while the server goes away.
pub(crate) fn restarting() -> Answer {
    let mut answer =
        plain(StatusCode::SERVICE_UNAVAILABLE, "The server restarts. Connect again in a moment.");
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    answer
}

/// The answer to a request for something that is not here.
pub(crate) fn not_found() -> Answer {
    plain(
        StatusCode::NOT_FOUND,
        "There is nothing here. This server speaks WebSocket, on any path.",
    )
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// A WebSocket of ours, whatever the path.
    WebSocket,
    SocketIo,
    Health,
    Readiness,
    /// The front page: somebody opened the server's URL in a browser.
    FrontPage,
    /// A known page, by a method that makes no sense for it.
    WrongMethod,
    Nothing,
}

/// Decides what a request asks for.
pub(crate) fn route<B>(request: &Request<B>) -> Route {
    let path = request.uri().path();
    if path.strip_prefix(SOCKET_IO).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Route::SocketIo;
    }
    if asks_for_web_socket(request.headers()) {
        return Route::WebSocket;
    }
    let page = match path {
        "/healthz" => Route::Health,
        "/readyz" => Route::Readiness,
        "/" => Route::FrontPage,
        _ => return Route::Nothing,
    };
    if matches!(*request.method(), Method::GET | Method::HEAD) { page } else { Route::WrongMethod }
}

/// RFC 6455 §4.2.1. Whether the rest of the head is as it must be is judged when the upgrade is
/// made.
fn asks_for_web_socket(headers: &HeaderMap) -> bool {
    lists(headers, &UPGRADE, "websocket") && lists(headers, &CONNECTION, "upgrade")
}

/// Whether a header that is a list holds a word.
fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, path: &str, headers: &[(&str, &str)], expected: Route) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        assert_eq!(route(&request.body(()).unwrap()), expected, "{method} {path} {headers:?}");
    }

    const UPGRADE: [(&str, &str); 2] =
        [("Upgrade", "WebSocket"), ("Connection", "keep-alive, Upgrade")];

    #[test]
    fn a_websocket_is_ours_on_any_path_but_that_of_socket_io() {
        for path in ["/", "/ws", "/healthz", "/socket.iota", "/a/socket.io/", "/?x=/socket.io/"] {
            check("GET", path, &UPGRADE, Route::WebSocket);
        }
        for path in [
            "/socket.io",
            "/socket.io/",
            "/socket.io/?EIO=4&transport=websocket",
            "/socket.io/other",
        ] {
            check("GET", path, &UPGRADE, Route::SocketIo);
            check("POST", path, &[], Route::SocketIo);
        }
    }

    #[test]
    fn half_an_upgrade_is_none() {
        check("GET", "/", &UPGRADE[..1], Route::FrontPage);
        check("GET", "/", &UPGRADE[1..], Route::FrontPage);
        check("GET", "/", &[("Upgrade", "h2c"), ("Connection", "Upgrade")], Route::FrontPage);
    }

    #[test]
    fn pages_are_told_apart_by_path_and_method() {
        check("GET", "/healthz", &[], Route::Health);
        check("HEAD", "/readyz?x", &[], Route::Readiness);
        check("POST", "/readyz", &[], Route::WrongMethod);
        check("GET", "/", &[], Route::FrontPage);
        check("DELETE", "/", &[], Route::WrongMethod);
        for path in ["/healthz/", "/metrics", "/../etc/passwd", "/favicon.ico"] {
            check("GET", path, &[], Route::Nothing);
        }
    }
}
