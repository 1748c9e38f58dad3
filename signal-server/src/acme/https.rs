//! Requests to the authority, over TLS.
//!
//! What always holds: a request ends within half a minute, whatever the other end does; an answer
//! has at most 1 MiB; nothing is asked over an unencrypted connection.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{DATE, HOST, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, HttpClient};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use visavis_shared::Timestamp;

/// How long one request may take.
const WITHIN: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Why a request got no answer. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpsError {
    /// The file with the authority's certificate can't be used.
    #[error("{0} holds no certificate in PEM form that can be read: look at --acme-ca")]
    Ca(String),
    /// It does not answer at all.
    #[error("{0} can't be reached: {1}; does this machine reach the internet?")]
    Unreachable(String, #[source] io::Error),
    /// Its certificate is none, or not valid by this machine's clock.
    #[error("{0} is not whom it says, or this machine's clock is wrong: {1}")]
    Untrusted(String, #[source] io::Error),
    /// It speaks, but no HTTP.
    #[error("{0} gives no answer that can be read: {1}")]
    NoAnswer(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// It did not answer in time.
    #[error("{0} did not answer in time")]
    Slow(String),
    /// The directory names a place that is not encrypted.
    #[error("it names a URL that is none of HTTPS")]
    NotEncrypted,
}

/// What the last answer said beside its body.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said {
    /// The authority's clock (RFC 9110 §6.6.1).
    pub(crate) date: Option<Timestamp>,
    /// For how long it wants to be left alone (§10.2.3).
    pub(crate) retry_after: Option<Duration>,
}

/// Asks the authority; each request over a connection of its own.
#[derive(Debug, Clone)]
pub(crate) struct Https {
    tls: Arc<ClientConfig>,
    said: Arc<Mutex<Said>>,
}

impl Https {
    /// Trusts what the system does, and the certificate in a file if there is one.
    pub(crate) fn new(ca: Option<&Path>) -> Result<Self, HttpsError> {
        let mut roots = RootCertStore::empty();
        // The errors are about single files; without any root, no authority is trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = ca {
            let unusable = || HttpsError::Ca(path.display().to_string());
            let certificates = CertificateDer::pem_file_iter(path).map_err(|_| unusable())?;
            let certificates: Result<Vec<_>, _> = certificates.collect();
            let certificates = certificates.map_err(|_| unusable())?;
            if roots.add_parsable_certificates(certificates).0 == 0 {
                return Err(unusable());
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpsError::Ca(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: Arc::new(tls), said: Arc::default() })
    }

    /// What the last answer said beside its body.
    pub(crate) fn said(&self) -> Said {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a page.
    pub(crate) async fn get(&self, uri: &Uri) -> Result<Response<Full<Bytes>>, HttpsError> {
        let request = Request::builder().uri(uri).body(BodyWrapper::default());
        self.send(request.map_err(|_| HttpsError::NotEncrypted)?).await
    }

    async fn send(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, HttpsError> {
        let authority = request.uri().authority().map(|it| it.as_str().to_owned());
        let authority = authority.ok_or(HttpsError::NotEncrypted)?;
        let answer = timeout(WITHIN, self.exchange(request, &authority)).await;
        let answer = answer.map_err(|_| HttpsError::Slow(authority))??;
        let said = Said {
            date: date(answer.headers()),
            retry_after: retry_after(answer.headers(), SystemTime::now().into()),
        };
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = said;
        Ok(answer)
    }

    async fn exchange(
        &self,
        mut request: Request<BodyWrapper<Bytes>>,
        authority: &str,
    ) -> Result<Response<Full<Bytes>>, HttpsError> {
        let uri = request.uri();
        if uri.scheme_str() != Some("https") {
            return Err(HttpsError::NotEncrypted);
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(443);
        let name = ServerName::try_from(host.clone()).map_err(|_| HttpsError::NotEncrypted)?;
        let unreachable = |error| HttpsError::Unreachable(authority.to_owned(), error);
        let stream = TcpStream::connect((host.as_str(), port)).await.map_err(unreachable)?;
        let stream = TlsConnector::from(Arc::clone(&self.tls))
            .connect(name, stream)
            .await
            .map_err(|error| HttpsError::Untrusted(authority.to_owned(), error))?;
        // A server is asked for a path, and told its name beside it (RFC 9112 §3.2.1).
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).parse();
        let no_answer = |error: Box<dyn std::error::Error + Send + Sync>| {
            HttpsError::NoAnswer(authority.to_owned(), error)
        };
        let named = HeaderValue::from_str(authority).map_err(|error| no_answer(error.into()))?;
        request.headers_mut().insert(HOST, named);
        *request.uri_mut() = path.map_err(|_| HttpsError::NotEncrypted)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| no_answer(error.into()))?;
        let answered = async {
            let answer = sender.send_request(request).await.map_err(|error| error.into());
            let (head, body) = answer.map_err(no_answer)?.into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(no_answer)?;
            Ok(Response::from_parts(head, Full::new(body.to_bytes())))
        };
        tokio::pin!(answered);
        tokio::select! {
            answer = &mut answered => answer,
            // The connection may end with the answer.
            _ = connection => answered.await,
        }
    }
}

impl HttpClient for Https {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let https = self.clone();
        Box::pin(async move {
            let answer = https.send(request).await;
            answer
                .map(BytesResponse::from)
                .map_err(|error| instant_acme::Error::Other(error.into()))
        })
    }
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok().map(Timestamp::from)
}

fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = Timestamp::from(httpdate::parse_http_date(text).ok()?);
    Some(until.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: hyper::header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn an_authority_says_when_to_come_back_by_seconds_or_by_date() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let asked = |value: &str| retry_after(&headers(RETRY_AFTER, value), now);
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked("Mon, 30 Nov 2026 12:05:00 GMT"), Some(Duration::from_secs(300)));
        assert_eq!(asked("Mon, 30 Nov 2026 11:00:00 GMT"), Some(Duration::ZERO));
        for nothing in ["", "soon", "-1", "1.5"] {
            assert_eq!(asked(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn an_authority_says_what_time_it_is() {
        let said = date(&headers(DATE, "Mon, 30 Nov 2026 12:00:00 GMT")).map(|it| it.to_string());
        assert_eq!(said.as_deref(), Some("2026-11-30T12:00:00Z"));
        assert_eq!(date(&headers(DATE, "noon")), None);
    }

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        assert!(matches!(Https::new(Some(&path)), Err(HttpsError::Ca(_))));
        std::fs::write(&path, "nothing").unwrap();
        let error = Https::new(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("ca.pem") && error.contains("--acme-ca"), "{error}");
    }
}
