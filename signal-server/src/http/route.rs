//! What a request asks for, by its head alone. Pure.

use hyper::header::{CONNECTION, HeaderMap, HeaderName, UPGRADE};
use hyper::{Method, Request};

/// Where Socket.IO's clients ask.
const SOCKET_IO: &str = "/socket.io";

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
