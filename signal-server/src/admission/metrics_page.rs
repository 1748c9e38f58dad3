//! The page with the metrics, on an address of its own: it is the operator's, not the clients'.
//!
//! Health and readiness are there too, so that they can be asked for while the main port takes
//! nobody any more.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::context::Context;
use crate::http::{Answer, health, plain, readiness};
use crate::observability::logging::why_not_bound;

const MAX_CONNECTIONS: usize = 32;
/// The deadline of a request, from the TCP connection to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Page {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Page {
    /// Binds the port. A port that is taken is only a warning.
    pub(crate) async fn open(address: Option<SocketAddr>) -> Option<Self> {
        let address = address?;
        let opened = async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        match opened.await {
            Ok(page) => Some(page),
            Err(error) => {
                tracing::warn!(
                    "no metrics on {address}: {}. The server goes on without them; choose another port with \
                     --metrics-listen, or turn them off with --metrics-listen off",
                    why_not_bound(&error)
                );
                None
            }
        }
    }

    /// Serves it, for ever.
    pub(crate) async fn serve(self, context: Arc<Context>) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut looks = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = looks.join_next() => continue,
            };
            match accepted {
                Ok((stream, _)) => {
                    let look = look(stream, Arc::clone(&context));
                    looks.spawn(async move {
                        // Whoever does not read in time has to come again.
                        let _ = timeout(PATIENCE, look).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a request for metrics could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn look(stream: TcpStream, context: Arc<Context>) {
    let service = service_fn(|request| {
        let answer = answer(&request, &context);
        async { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a request for metrics failed");
    }
}

fn answer(request: &Request<Incoming>, context: &Context) -> Answer {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "This page can only be read (GET).");
    }
    match request.uri().path() {
        "/metrics" => {
            let mut answer = plain(StatusCode::OK, context.metrics.text().trim_end());
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            answer
        }
        "/healthz" => health(),
        "/readyz" => readiness(context.readiness()),
        _ => plain(StatusCode::NOT_FOUND, "The metrics are at /metrics."),
    }
}
