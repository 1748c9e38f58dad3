//! What a request of Engine.IO asks for, and how its answers are dressed. Pure.
//!
//! Socket.IO stands on Engine.IO: a session is opened by a request without a `sid`, and goes on by
//! long polls and posts that carry one, or over a WebSocket.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY,
};
use hyper::{Method, Response, StatusCode};
use serde::Deserialize;

use crate::http::{Answer, boxed};

/// The version of Engine.IO that Socket.IO 3 and 4 speak.
const ENGINE_IO: &str = "4";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Polling,
    WebSocket,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct EngineRequest<'a> {
    pub(super) carrier: Carrier,
    /// The session, unless it is to be opened.
    pub(super) sid: Option<&'a str>,
}

/// Why a request can't be answered. Numbers and words are Engine.IO's: clients know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("Transport unknown")]
    UnknownTransport,
    #[error("Session ID unknown")]
    UnknownSession,
    #[error("Bad handshake method")]
    BadHandshakeMethod,
    #[error("Bad request")]
    BadRequest,
    #[error("Unsupported protocol version")]
    UnsupportedVersion,
}

impl Fault {
    fn code(self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSession => 1,
            Self::BadHandshakeMethod => 2,
            Self::BadRequest => 3,
            Self::UnsupportedVersion => 5,
        }
    }

    pub(super) fn answer(self) -> Answer {
        let text = format!(r#"{{"code":{},"message":"{self}"}}"#, self.code());
        let mut answer = Response::new(boxed(Full::new(Bytes::from(text))));
        *answer.status_mut() = StatusCode::BAD_REQUEST;
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer
    }
}

impl<'a> EngineRequest<'a> {
    /// Reads it from the method and the query.
    pub(super) fn parse(method: &Method, query: Option<&'a str>) -> Result<Self, Fault> {
        let value = |key: &str| {
            let pairs =
                query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value)
        };
        let carrier = match value("transport") {
            Some("polling") => Carrier::Polling,
            Some("websocket") => Carrier::WebSocket,
            _ => return Err(Fault::UnknownTransport),
        };
        if value("EIO") != Some(ENGINE_IO) {
            return Err(Fault::UnsupportedVersion);
        }
        let sid = value("sid");
        match (carrier, method, sid) {
            (_, &Method::GET, _) | (Carrier::Polling, &Method::POST, Some(_)) => {
                Ok(Self { carrier, sid })
            }
            (_, _, None) => Err(Fault::BadHandshakeMethod),
            _ => Err(Fault::BadRequest),
        }
    }
}

/// The same request as the library sees it, with its own name for the session.
pub(super) fn library_uri(carrier: Carrier, sid: Option<&str>) -> String {
    let transport = match carrier {
        Carrier::Polling => "polling",
        Carrier::WebSocket => "websocket",
    };
    let sid = sid.map_or(String::new(), |sid| format!("&sid={sid}"));
    format!("/socket.io/?EIO={ENGINE_IO}&transport={transport}{sid}")
}

/// Puts a key in the place of the session's id in the packet that opens a session; gives back the
/// id and the packet.
pub(super) fn put_key(packet: &str, key: &str) -> Option<(String, String)> {
    #[derive(Deserialize)]
    struct Open {
        sid: String,
    }
    let Open { sid } = serde_json::from_str(packet.strip_prefix('0')?).ok()?;
    let packet = packet.replacen(&sid, key, 1);
    Some((sid, packet))
}

/// Lets a page of another site read the answer; whose pages may ask at all was judged before. No
/// credentials are allowed along: there are none here, and a proxy in front may have some.
pub(super) fn share(answer: &mut Answer, origin: Option<HeaderValue>) {
    let headers = answer.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}

/// What a browser asks before it lets a page ask something unusual.
pub(super) fn preflight() -> Answer {
    let mut answer = Response::new(boxed(Full::new(Bytes::new())));
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, query: &str, expected: Result<(Carrier, Option<&str>), Fault>) {
        let asked =
            EngineRequest::parse(&method, Some(query)).map(|asked| (asked.carrier, asked.sid));
        assert_eq!(asked, expected, "{method} {query}");
    }

    #[test]
    fn sessions_are_opened_polled_posted_to_and_upgraded() {
        check(Method::GET, "EIO=4&transport=polling&t=x", Ok((Carrier::Polling, None)));
        check(
            Method::GET,
            "EIO=4&transport=polling&sid=a-_9",
            Ok((Carrier::Polling, Some("a-_9"))),
        );
        check(Method::POST, "transport=polling&EIO=4&sid=a", Ok((Carrier::Polling, Some("a"))));
        check(Method::GET, "EIO=4&transport=websocket", Ok((Carrier::WebSocket, None)));
        check(Method::GET, "EIO=4&transport=websocket&sid=a", Ok((Carrier::WebSocket, Some("a"))));
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_the_words_of_engine_io() {
        check(Method::GET, "", Err(Fault::UnknownTransport));
        check(Method::GET, "EIO=4&transport=webtransport", Err(Fault::UnknownTransport));
        check(Method::GET, "EIO=3&transport=polling", Err(Fault::UnsupportedVersion));
        check(Method::GET, "transport=polling", Err(Fault::UnsupportedVersion));
        check(Method::POST, "EIO=4&transport=polling", Err(Fault::BadHandshakeMethod));
        check(Method::POST, "EIO=4&transport=websocket&sid=a", Err(Fault::BadRequest));
        check(Method::PUT, "EIO=4&transport=polling&sid=a", Err(Fault::BadRequest));
        assert_eq!(EngineRequest::parse(&Method::GET, None), Err(Fault::UnknownTransport));
    }

    #[test]
    fn a_key_stands_in_for_the_id_of_a_session() {
        let packet = r#"0{"sid":"AbC","upgrades":["websocket"],"pingInterval":25000}"#;
        let (id, keyed) = put_key(packet, "secret").unwrap();
        assert_eq!(id, "AbC");
        assert_eq!(keyed, r#"0{"sid":"secret","upgrades":["websocket"],"pingInterval":25000}"#);
        for other in ["", "0", "2", "0{}", "0[]", "4{\"sid\":\"AbC\"}"] {
            assert_eq!(put_key(other, "secret"), None, "{other}");
        }
    }

    #[test]
    fn the_library_is_asked_by_its_own_id() {
        assert_eq!(library_uri(Carrier::Polling, None), "/socket.io/?EIO=4&transport=polling");
        assert_eq!(
            library_uri(Carrier::WebSocket, Some("AbC")),
            "/socket.io/?EIO=4&transport=websocket&sid=AbC"
        );
    }
}
