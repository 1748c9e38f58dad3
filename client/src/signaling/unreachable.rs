//! Why a server can't be reached: what happened, and what to do about it.
//!
//! In: how opening a connection failed, and the first bytes that came over it. Out: an
//! [`Unreachable`], whose words name no address and may go to a log. What always holds: each cause
//! that a person can do something about has words of its own.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage};
use tokio_tungstenite::tungstenite::error::TlsError as WebSocketTlsError;
use tokio_tungstenite::tungstenite::http::{Response, StatusCode, header::LOCATION};
use tokio_tungstenite::tungstenite::{self, Error};

use super::server_url::ServerUrl;
use crate::words::{Phrase, phrase};

/// Why there is no connection to the server, or none that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreachable {
    #[error("its name is not known")]
    UnknownName,
    #[error("nothing listens there")]
    NothingListens,
    #[error("no answer")]
    NoAnswer,
    #[error("no route leads to it from this network")]
    NoRoute,
    #[error("it takes the connection and says nothing")]
    Silent { tls: bool },
    #[error("it hung up")]
    HungUp { tls: bool },
    /// `wss://`, and it answers in plain text.
    #[error("it does not speak TLS there")]
    NoTls,
    /// `ws://`, and it answers in TLS or says that it wants it.
    #[error("it wants TLS there")]
    WantsTls,
    #[error("this computer trusts nobody who vouches for its certificate")]
    Untrusted,
    #[error("its certificate has expired")]
    Expired,
    #[error("its certificate is not valid yet")]
    NotYetValid,
    #[error("its certificate is for another name")]
    OtherName,
    #[error("its certificate was withdrawn")]
    Revoked,
    #[error("its certificate can't be used")]
    BadCertificate,
    #[error("TLS with it fails")]
    TlsFails,
    #[error("it refuses log-ins from here for now: HTTP 429")]
    TooMany,
    #[error("the proxy before it does not reach it: HTTP {0}")]
    BehindProxy(u16),
    #[error("it is overloaded or being restarted: HTTP 503")]
    Busy,
    #[error("it does not let this computer in: HTTP {0}")]
    NotAdmitted(u16),
    #[error("it has no signaling server under this path: HTTP {0}")]
    NotThere(u16),
    #[error("it has moved: HTTP {0}")]
    Moved(u16),
    #[error("it is a web server and no signaling server: HTTP {0}")]
    NoSignaling(u16),
    #[error("it failed: HTTP {0}")]
    Failed(u16),
    #[error("it speaks no protocol that we know")]
    OtherProtocol,
    #[error("it sent more than is allowed")]
    TooMuch,
    /// Whoever has a key needs to be asked for it.
    #[error("it did not ask for this device's key")]
    NotGreeted,
    #[error("the connection failed")]
    Io,
}

impl Unreachable {
    /// What happened and what to do. The command line also says what the server or the system said.
    pub(super) fn words(self, url: &ServerUrl) -> Phrase {
        let server = url.authority();
        let words = match self {
            Self::UnknownName => phrase!("server-unknown-name", server = server),
            Self::NothingListens => phrase!("server-not-running", server = server),
            Self::NoAnswer => phrase!("server-no-answer", server = server),
            Self::NoRoute => phrase!("server-no-route", server = server),
            Self::Silent { tls: true } | Self::HungUp { tls: true } => {
                phrase!("server-silent-tls", server = server)
            }
            Self::Silent { tls: false } | Self::HungUp { tls: false } => {
                phrase!("server-silent", server = server)
            }
            Self::NoTls => phrase!("server-not-encrypted", server = server),
            Self::WantsTls => phrase!("server-encrypted", server = server),
            Self::Untrusted => phrase!("server-untrusted", server = server),
            Self::Expired => phrase!("server-expired", server = server),
            Self::NotYetValid => phrase!("server-not-yet-valid", server = server),
            Self::OtherName => phrase!("server-other-name", server = server),
            Self::Revoked | Self::BadCertificate => {
                phrase!("server-bad-certificate", server = server)
            }
            Self::TlsFails => phrase!("server-encryption-fails", server = server),
            Self::TooMany => phrase!("server-too-many", server = server),
            Self::BehindProxy(_) => phrase!("server-behind-proxy", server = server),
            Self::Busy => phrase!("server-busy", server = server),
            Self::NotAdmitted(_) => phrase!("server-not-admitted", server = server),
            Self::Moved(_) => phrase!("server-moved", server = server),
            Self::NotThere(_) | Self::NoSignaling(_) | Self::OtherProtocol | Self::TooMuch => {
                phrase!("server-none-there", server = server)
            }
            Self::NotGreeted => phrase!("server-asks-for-no-key", server = server),
            Self::Failed(_) => phrase!("server-failed", server = server),
            Self::Io => phrase!("server-connection-failed", server = server),
        };
        let advice = self.advice();
        words.or_plain(format!("The server at {url} can't be reached ({self}): {advice}."))
    }

    /// What to do, as half a sentence.
    fn advice(self) -> &'static str {
        match self {
            Self::UnknownName => "check how it is spelt, and that this computer is online",
            Self::NothingListens => {
                "check the address and its port, and that the server is running"
            }
            Self::NoAnswer => "check the address, and that no firewall is in the way",
            Self::NoRoute => "check that this computer is online",
            Self::NoTls => "write ws:// instead of wss://, or the port on which it has TLS",
            Self::WantsTls => "write wss:// instead of ws://",
            Self::Silent { tls: true } | Self::HungUp { tls: true } => {
                "check the address, and write ws:// instead of wss:// if it has no TLS"
            }
            Self::Silent { tls: false } | Self::HungUp { tls: false } => {
                "check the address, and write wss:// instead of ws:// if it wants TLS"
            }
            Self::Untrusted => {
                "check the address; if the server is yours, give it a certificate of a known \
                 authority, or add yours to this computer's"
            }
            Self::Expired => "have it renewed, and check this computer's clock",
            Self::NotYetValid => "check this computer's clock",
            Self::OtherName => "write the name that the certificate is for",
            Self::Revoked | Self::BadCertificate | Self::TlsFails | Self::Failed(_) => {
                "tell whoever runs it"
            }
            Self::TooMany => "wait a minute and try again",
            Self::BehindProxy(_) => "try again later, or tell whoever runs it",
            Self::Busy => "try again in a moment",
            Self::NotAdmitted(_) => "ask whoever runs it to let you in",
            Self::Moved(_) => "ask whoever runs it for the new address",
            Self::NotThere(_) | Self::NoSignaling(_) => "check the address and its path",
            Self::NotGreeted => "ask whoever runs it to update it; nobody was logged in",
            Self::OtherProtocol | Self::TooMuch => {
                "check the address, and that a signaling server runs there"
            }
            Self::Io => "try again",
        }
    }

    /// Why opening failed, or why a connection broke. `first` came over it before anything else.
    pub(super) fn of(error: &Error, tls: bool, first: &[u8]) -> Self {
        let is_record = matches!(first, [0x14..=0x17, 0x03, ..]);
        if !tls && is_record {
            return Self::WantsTls;
        }
        if tls && !first.is_empty() && !is_record {
            return Self::NoTls;
        }
        match error {
            Error::Io(error) => of_tls_within(error).unwrap_or_else(|| Self::of_io(error, tls)),
            Error::Tls(WebSocketTlsError::Rustls(error)) => of_tls(error),
            Error::Tls(_) => Self::TlsFails,
            Error::Http(response) => of_response(response, tls),
            Error::Capacity(_) => Self::TooMuch,
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(
                tungstenite::error::ProtocolError::HandshakeIncomplete
                | tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            ) => Self::HungUp { tls },
            _ => Self::OtherProtocol,
        }
    }

    /// Why the network refuses.
    pub(super) fn of_io(error: &io::Error, tls: bool) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::NothingListens,
            io::ErrorKind::TimedOut => Self::NoAnswer,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Self::HungUp { tls },
            io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::AddrNotAvailable => Self::NoRoute,
            io::ErrorKind::NotFound => Self::UnknownName,
            // What the stream itself says when too much came.
            io::ErrorKind::InvalidData => Self::TooMuch,
            _ => Self::Io,
        }
    }
}

/// What TLS says, where it is what failed.
fn of_tls_within(error: &io::Error) -> Option<Unreachable> {
    error.get_ref()?.downcast_ref::<TlsError>().map(of_tls)
}

fn of_tls(error: &TlsError) -> Unreachable {
    match error {
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => Unreachable::NoTls,
        TlsError::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Unreachable::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Unreachable::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Unreachable::OtherName
            }
            CertificateError::Revoked => Unreachable::Revoked,
            // A self-signed certificate that is no authority's own is one that nobody vouches for.
            CertificateError::UnknownIssuer | CertificateError::Other(_) => Unreachable::Untrusted,
            _ => Unreachable::BadCertificate,
        },
        TlsError::AlertReceived(AlertDescription::AccessDenied) => Unreachable::NotAdmitted(403),
        _ => Unreachable::TlsFails,
    }
}

/// What an answer means that is no upgrade to a WebSocket.
fn of_response(response: &Response<Option<Vec<u8>>>, tls: bool) -> Unreachable {
    let status = response.status();
    let code = status.as_u16();
    if !tls && wants_tls(response) {
        return Unreachable::WantsTls;
    }
    match status {
        StatusCode::TOO_MANY_REQUESTS => Unreachable::TooMany,
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => Unreachable::BehindProxy(code),
        StatusCode::SERVICE_UNAVAILABLE => Unreachable::Busy,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Unreachable::NotAdmitted(code),
        StatusCode::NOT_FOUND | StatusCode::GONE => Unreachable::NotThere(code),
        status if status.is_redirection() => Unreachable::Moved(code),
        status if status.is_server_error() => Unreachable::Failed(code),
        _ => Unreachable::NoSignaling(code),
    }
}

/// Whether a server says that it wants TLS: by sending on to `https://`, or in the words of those
/// that most web servers are.
fn wants_tls(response: &Response<Option<Vec<u8>>>) -> bool {
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let sent_on = location.map(str::to_ascii_lowercase).is_some_and(|location| {
        response.status().is_redirection()
            && (location.starts_with("https:") || location.starts_with("wss:"))
    });
    let body = response.body().as_deref().unwrap_or_default();
    let body = String::from_utf8_lossy(body.get(..body.len().min(2048)).unwrap_or_default());
    let body = body.to_ascii_lowercase();
    let told = response.status() == StatusCode::BAD_REQUEST
        && ["https port", "https server", "ssl-enabled server"]
            .iter()
            .any(|words| body.contains(words));
    sent_on || told || response.status() == StatusCode::UPGRADE_REQUIRED && body.contains("tls")
}
