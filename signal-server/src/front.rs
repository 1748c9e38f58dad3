//! What a connection goes through before it is a WebSocket: HTTP, under a deadline.
//!
//! A silent or dribbling peer is gone within [`Timing::handshake`], counted from the TCP connection to the end of the
//! upgrade. Who asks for a page or for Socket.IO may go on asking for a while, but each head and each body has the same
//! deadline, and the connection an age that it can't pass ([`Timing::http`]).

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONNECTION, HeaderValue, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use crate::admission::Permit;
use crate::connection::{Context, stopped};
use crate::http::{self, Answer, Caller, MAX_BODY_BYTES, Route, Service, plain, route};
use crate::transport::Transport;

#[cfg(doc)]
use crate::liveness::Timing;

/// The largest head of a request.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// What stands at the door.
#[derive(Debug)]
pub(crate) struct Front {
    /// What all connections share.
    pub(crate) context: Arc<Context>,
    /// Who answers under `/socket.io/`.
    pub(crate) socket_io: Option<Service>,
}

/// A stream on which the WebSocket handshake is done.
#[derive(Debug)]
pub(crate) struct Upgraded {
    pub(crate) transport: Transport,
    /// What the client sent right behind its request.
    pub(crate) early: Bytes,
    pub(crate) caller: Caller,
}

impl Front {
    /// Sees a connection through to its upgrade; `None` when it ended without one.
    ///
    /// The future is large, and over before the connection's life begins: box it.
    pub(crate) async fn open(
        self: Arc<Self>,
        stream: TcpStream,
        from: SocketAddr,
        place: Permit,
        stop: watch::Receiver<bool>,
    ) -> Option<Upgraded> {
        let deadline = Instant::now() + self.context.timing.handshake;
        let reached = stream.local_addr().ok()?.ip();
        // Only costs latency when it fails.
        let _ = stream.set_nodelay(true);
        let transport = Transport::plain(stream, place);
        let visit = Arc::new(Visit { front: self, from: from.ip(), reached, stage: Mutex::default() });
        visit.serve(transport, deadline, stop).await
    }
}

/// One connection at the door.
#[derive(Debug)]
struct Visit {
    front: Arc<Front>,
    /// The other end of the TCP connection.
    from: IpAddr,
    reached: IpAddr,
    stage: Mutex<Stage>,
}

/// How far a visit is.
#[derive(Debug, Default)]
enum Stage {
    /// Nothing was asked for yet.
    #[default]
    New,
    /// Pages are asked for.
    Pages,
    /// A WebSocket was granted.
    Upgrading(OnUpgrade, Caller),
}

/// What the clock of a visit runs for.
#[derive(Debug, Clone, Copy)]
enum Patience {
    ForTheFirstRequest,
    ForFurtherRequests,
    ForTheLastAnswer,
}

impl Visit {
    async fn serve(
        self: Arc<Self>,
        transport: Transport,
        deadline: Instant,
        mut stop: watch::Receiver<bool>,
    ) -> Option<Upgraded> {
        let timing = self.front.context.timing;
        let visit = Arc::clone(&self);
        let service = service_fn(move |request| {
            let visit = Arc::clone(&visit);
            async move { Ok::<_, Infallible>(visit.answer(request).await) }
        });
        let http = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(timing.handshake)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(transport), service)
            .with_upgrades();
        let mut http = pin!(http);
        let mut timer = pin!(sleep_until(deadline));
        let mut patience = Patience::ForTheFirstRequest;
        let mut stopping = false;
        let served = loop {
            tokio::select! {
                served = http.as_mut() => break served,
                () = timer.as_mut() => patience = match patience {
                    Patience::ForTheFirstRequest if matches!(*self.stage(), Stage::Pages) => {
                        timer.as_mut().reset(deadline + timing.http);
                        Patience::ForFurtherRequests
                    }
                    Patience::ForTheFirstRequest => return quietly("no request in time"),
                    Patience::ForFurtherRequests => {
                        http.as_mut().graceful_shutdown();
                        timer.as_mut().reset(Instant::now() + timing.http);
                        Patience::ForTheLastAnswer
                    }
                    Patience::ForTheLastAnswer => return quietly("an answer was not read in time"),
                },
                () = stopped(&mut stop), if !stopping => {
                    stopping = true;
                    http.as_mut().graceful_shutdown();
                }
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "HTTP ended");
            return None;
        }
        let Stage::Upgrading(upgrade, caller) = std::mem::take(&mut *self.stage()) else { return None };
        let parts = upgrade.await.ok()?.downcast::<TokioIo<Transport>>().ok()?;
        Some(Upgraded { transport: parts.io.into_inner(), early: parts.read_buf, caller })
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        if matches!(*self.stage(), Stage::New) {
            *self.stage() = Stage::Pages;
        }
        let caller = Caller { address: self.from, reached: self.reached };
        match route(&request) {
            Route::WebSocket => self.upgrade(request, caller),
            Route::SocketIo => match &self.front.socket_io {
                Some(service) => self.pass_on(service, request, caller).await,
                None => http::not_found(),
            },
            Route::Health => plain(StatusCode::OK, "alive"),
            Route::Readiness => plain(StatusCode::OK, "ready"),
            Route::FrontPage => upgrade_required(),
            Route::WrongMethod => {
                let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "This page can only be read (GET).");
                answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                answer
            }
            Route::Nothing => http::not_found(),
        }
    }

    /// Grants a WebSocket, if the request is as RFC 6455 wants it.
    fn upgrade(&self, mut request: Request<Incoming>, caller: Caller) -> Answer {
        let upgrade = hyper::upgrade::on(&mut request);
        match create_response_with_body(&request, || http::boxed(http_body_util::Empty::new())) {
            Ok(answer) => {
                *self.stage() = Stage::Upgrading(upgrade, caller);
                answer
            }
            Err(error) => {
                let mut answer = plain(StatusCode::BAD_REQUEST, format!("This is no WebSocket handshake: {error}."));
                answer.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
                answer
            }
        }
    }

    /// Reads the body, and lets a service answer.
    async fn pass_on(&self, service: &Service, request: Request<Incoming>, caller: Caller) -> Answer {
        let (mut head, body) = request.into_parts();
        let body =
            match timeout(self.front.context.timing.handshake, Limited::new(body, MAX_BODY_BYTES).collect()).await {
                Ok(Ok(body)) => body.to_bytes(),
                Ok(Err(error)) if error.is::<LengthLimitError>() => {
                    return last(plain(StatusCode::PAYLOAD_TOO_LARGE, "The request's body is too large."));
                }
                Ok(Err(_)) => return last(plain(StatusCode::BAD_REQUEST, "The request's body can't be read.")),
                Err(_) => return last(plain(StatusCode::REQUEST_TIMEOUT, "The request's body did not come in time.")),
            };
        head.extensions.insert(caller);
        service.call(Request::from_parts(head, Full::new(body))).await
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer after which the connection is closed.
fn last(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// What a browser's user sees.
fn upgrade_required() -> Answer {
    let words = "This is a Visavis signaling server. Log in to it with the app; it speaks WebSocket, on any path.";
    let mut answer = plain(StatusCode::UPGRADE_REQUIRED, words);
    answer.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
    answer
}

fn quietly(reason: &'static str) -> Option<Upgraded> {
    tracing::debug!(reason, "a connection without an upgrade is closed");
    None
}
