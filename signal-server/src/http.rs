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
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Body as HttpBody;
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Method, Request, Response, StatusCode};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
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
    /// Nobody can be let in before who owns which name can be read and written again.
    NoNames,
    /// Nobody can connect before there is a certificate.
    NoCertificate,
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
        Readiness::NoCertificate => plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "This server has no certificate yet: nobody can connect. Its log says why.",
        ),
        Readiness::NoNames => plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "This server can't read or write who owns which name: it accepts no logins. Its log says why.",
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
    if is_reading(request.method()) { page } else { Route::WrongMethod }
}

/// Whether a page may be asked for by this method.
pub(crate) fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// RFC 6455 §4.2.1. Whether the rest of the head is as it must be is judged when the upgrade is
/// made.
fn asks_for_web_socket(headers: &HeaderMap) -> bool {
    lists(headers, &UPGRADE, "websocket") && lists(headers, &CONNECTION, "upgrade")
}

/// The answer that grants a WebSocket, if the request is as RFC 6455 §4.2.1 wants it. Headers that
/// are lists may be written in any of the ways that HTTP allows.
pub(crate) fn grant_web_socket<B>(request: &Request<B>) -> Result<Answer, tungstenite::Error> {
    let asked = request.headers();
    let mut plain = Request::new(());
    (*plain.method_mut(), *plain.version_mut()) = (request.method().clone(), request.version());
    for (name, word) in [(UPGRADE, "websocket"), (CONNECTION, "upgrade")] {
        if lists(asked, &name, word) {
            plain.headers_mut().insert(name, HeaderValue::from_static(word));
        }
    }
    for name in [SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION] {
        if let Some(value) = asked.get(&name) {
            plain.headers_mut().insert(name, value.clone());
        }
    }
    let mut answer = create_response_with_body(&plain, || boxed(Empty::new()))?;
    if let Some(subprotocol) = subprotocol(asked) {
        answer.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    Ok(answer)
}

/// The subprotocol for one who asks for some. This server knows none, but a browser fails a
/// connection that gets none of those it asked for, so pages for older servers get the first.
fn subprotocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let mut items = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let first = items.find_map(|item| {
        let item = item.trim_ascii();
        let is_token = !item.is_empty() && item.iter().all(|byte| is_token_byte(*byte));
        is_token.then_some(item)
    })?;
    HeaderValue::from_bytes(first).ok()
}

/// RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
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

    fn granted(headers: &[(&str, &[u8])]) -> Result<Option<String>, String> {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = grant_web_socket(&request.body(()).unwrap()).map_err(|e| e.to_string())?;
        assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(answer.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let chosen = answer.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter().collect::<Vec<_>>();
        assert!(chosen.len() <= 1, "{chosen:?}");
        Ok(chosen.first().map(|chosen| chosen.to_str().unwrap().to_owned()))
    }

    #[test]
    fn of_the_subprotocols_that_are_asked_for_the_first_is_chosen() {
        for (asked, chosen) in [
            (&[][..], None),
            (&[&b"json"[..]], Some("json")),
            (&[b"a, b"], Some("a")),
            (&[b"a,b"], Some("a")),
            (&[b"b", b"a"], Some("b")),
            (&[b" , ,\tv2.json , x"], Some("v2.json")),
            (&[b"", b"chat"], Some("chat")),
            (&[b"a b, c/d, \xff, {}, e"], Some("e")),
            (&[b"!#$%&'*+-.^_`|~09azAZ"], Some("!#$%&'*+-.^_`|~09azAZ")),
            (&[b""], None),
            (&[b",,,"], None),
            (&[b"\xe4"], None),
        ] {
            let mut headers: Vec<(&str, &[u8])> = vec![
                ("Upgrade", b"websocket"),
                ("Connection", b"Upgrade"),
                ("Sec-WebSocket-Version", b"13"),
                ("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
            ];
            headers.extend(asked.iter().map(|asked| ("Sec-WebSocket-Protocol", *asked)));
            assert_eq!(granted(&headers).unwrap().as_deref(), chosen, "{asked:?}");
        }
    }

    #[test]
    fn a_handshake_may_write_its_lists_as_http_allows() {
        let key: (&str, &[u8]) = ("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ==");
        let version: (&str, &[u8]) = ("Sec-WebSocket-Version", b"13");
        for lists in [
            &[("Upgrade", &b"h2c, WebSocket"[..]), ("Connection", b"keep-alive,\tUpgrade")][..],
            &[("Upgrade", b"websocket"), ("Connection", b"keep-alive"), ("Connection", b"Upgrade")],
            &[("Upgrade", b"\xff"), ("Upgrade", b"websocket"), ("Connection", b"Upgrade, \t")],
        ] {
            assert_eq!(granted(&[lists, &[key, version]].concat()), Ok(None), "{lists:?}");
            assert!(granted(&[&lists[..1], &[key, version]].concat()).is_err(), "{lists:?}");
            assert!(granted(&[lists, &[key]].concat()).is_err(), "{lists:?}");
        }
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
