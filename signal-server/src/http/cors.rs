//! What lets a page of another site read the answers of Socket.IO's polling (the Fetch standard, "CORS protocol").
//!
//! Whether a site may connect at all was decided before (`--allow-origin`); here the browser is told so. No credentials
//! are involved: the server knows no cookies.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, VARY,
};
use hyper::{HeaderMap, Method, StatusCode};

use super::Answer;

/// Whether a browser asks what it may do, before it does it.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to that.
pub(crate) fn preflight() -> Answer {
    let mut answer = Answer::new(super::boxed(http_body_util::Empty::new()));
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    answer
}

/// Lets a page of the site `origin` read an answer.
pub(crate) fn let_read(origin: Option<HeaderValue>, answer: &mut Answer) {
    if let Some(origin) = origin {
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        // Lest a cache give one site's answer to another.
        answer.headers_mut().append(VARY, HeaderValue::from_static("origin"));
    }
}
