//! What a connection goes through before it is a WebSocket: HTTP, under a deadline.
//!
//! Who may not come is turned away here: addresses with too many connections before anything is
//! read, pages of sites that are not wanted and everyone else while the server drains with an
//! answer in words.
//!
//! A silent or dribbling peer is gone within [`Timing::handshake`], counted from the TCP connection
//! over TLS to the end of the upgrade. Who asks for a page or for Socket.IO may go on asking for a
//! while, but each head and each body has the same deadline, and the connection an age that it
//! can't pass ([`Timing::http`]).

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{ALLOW, CONNECTION, HeaderValue, ORIGIN, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::admission::origin::AllowedOrigins;
use crate::admission::proxy::TrustedProxies;
use crate::admission::tls::{CHALLENGE_PROTOCOL, CurrentTls};
use crate::admission::web_page;
use crate::context::Context;
use crate::http::{self, Answer, Caller, MAX_BODY_BYTES, Route, Service, plain, route};
use crate::ice::is_public;
use crate::limits::permits::{Admission, Permit, Refused};
use crate::transport::Transport;

#[cfg(doc)]
use crate::limits::timing::Timing;

/// The header in which proxies name the client.
const FORWARDED_FOR: &str = "x-forwarded-for";
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// What every TCP connection passes before it is served.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) context: Arc<Context>,
    /// Who answers under `/socket.io/`.
    pub(crate) socket_io: Option<Service>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) origins: AllowedOrigins,
    /// Every connection is encrypted when there is a certificate.
    pub(crate) tls: Option<CurrentTls>,
    /// Whether the guest page is served.
    pub(crate) web: bool,
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
    /// A place for a connection, before anything is read from it. One from a trusted proxy counts
    /// in all only: whose it is will be known when the head of its request was read.
    pub(crate) fn admit(&self, from: IpAddr) -> Option<Permit> {
        let place = if self.proxies.holds(from) {
            self.admission.admit_proxy()
        } else {
            self.admission.admit(from)
        };
        place.inspect_err(|reason| self.refused(*reason)).ok()
    }

    /// Sees a connection through to its upgrade; `None` when it ended without one.
    ///
    /// The future is large, and over before the connection's life begins: box it.
    pub(crate) async fn open(
        self: Arc<Self>,
        stream: TcpStream,
        from: IpAddr,
        place: Permit,
    ) -> Option<Upgraded> {
        let deadline = Instant::now() + self.context.timing.handshake;
        let reached = stream.local_addr().ok()?.ip();
        // Only costs latency when it fails.
        let _ = stream.set_nodelay(true);
        let transport = self.encrypt(stream, place, deadline).await?;
        let visit = Arc::new(Visit { front: self, from, reached, stage: Mutex::default() });
        visit.serve(transport, deadline).await
    }

    async fn encrypt(
        &self,
        stream: TcpStream,
        place: Permit,
        deadline: Instant,
    ) -> Option<Transport> {
        let metrics = Arc::clone(&self.context.metrics);
        let Some(tls) = &self.tls else { return Some(Transport::plain(stream, place, metrics)) };
        let tls = Arc::clone(&tls.borrow());
        match timeout_at(deadline, TlsAcceptor::from(tls).accept(stream)).await {
            // The handshake was all that an authority wanted (RFC 8737 §3).
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(CHALLENGE_PROTOCOL) => {
                None
            }
            Ok(Ok(stream)) => Some(Transport::tls(Box::new(stream), place, metrics)),
            Ok(Err(error)) => {
                metrics.refused("tls");
                tracing::debug!(%error, "no TLS handshake");
                None
            }
            Err(_) => {
                metrics.refused("too-slow");
                tracing::debug!("no TLS handshake in time");
                None
            }
        }
    }

    fn refused(&self, reason: Refused) {
        self.context.metrics.refused(reason.label());
        tracing::debug!(%reason, "a connection was refused");
    }
}

/// One TCP connection until its upgrade or its end.
#[derive(Debug)]
struct Visit {
    front: Arc<Front>,
    /// The other end of the TCP connection.
    from: IpAddr,
    reached: IpAddr,
    stage: Mutex<Stage>,
}

/// What was requested on a connection so far.
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

/// What the deadline of a visit is for.
#[derive(Debug, Clone, Copy)]
enum WaitsFor {
    FirstRequest,
    FurtherRequests,
    LastAnswer,
}

impl Visit {
    async fn serve(self: Arc<Self>, transport: Transport, deadline: Instant) -> Option<Upgraded> {
        let timing = self.front.context.timing;
        let mut drain = self.front.context.drain.clone();
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
        let mut waits_for = WaitsFor::FirstRequest;
        let mut draining = false;
        let served = loop {
            tokio::select! {
                served = http.as_mut() => break served,
                () = timer.as_mut() => waits_for = match waits_for {
                    WaitsFor::FirstRequest if matches!(*self.stage(), Stage::Pages) => {
                        timer.as_mut().reset(deadline + timing.http);
                        WaitsFor::FurtherRequests
                    }
                    WaitsFor::FirstRequest => return self.give_up("no request in time"),
                    WaitsFor::FurtherRequests => {
                        http.as_mut().graceful_shutdown();
                        timer.as_mut().reset(Instant::now() + timing.http);
                        WaitsFor::LastAnswer
                    }
                    WaitsFor::LastAnswer => return self.give_up("an answer was not read in time"),
                },
                _ = drain.begun(), if !draining => {
                    draining = true;
                    http.as_mut().graceful_shutdown();
                }
            }
        };
        if let Err(error) = served {
            if error.is_timeout() && matches!(*self.stage(), Stage::New) {
                return self.give_up("no request in time");
            }
            tracing::debug!(%error, "HTTP ended");
            return None;
        }
        let Stage::Upgrading(upgrade, caller) = std::mem::take(&mut *self.stage()) else {
            return None;
        };
        let parts = upgrade.await.ok()?.downcast::<TokioIo<Transport>>().ok()?;
        Some(Upgraded { transport: parts.io.into_inner(), early: parts.read_buf, caller })
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        if matches!(*self.stage(), Stage::New) {
            *self.stage() = Stage::Pages;
        }
        let draining = self.front.context.drain.has_begun();
        match route(&request) {
            Route::WebSocket => match self.let_in(&request, draining) {
                Ok(caller) => self.upgrade(request, caller),
                Err(turned_away) => *turned_away,
            },
            Route::SocketIo => {
                let Some(service) = &self.front.socket_io else { return http::not_found() };
                match self.let_in(&request, draining && begins_session(&request)) {
                    Ok(caller) => self.pass_on(service, request, caller).await,
                    Err(turned_away) => *turned_away,
                }
            }
            Route::Health => http::health(),
            Route::Readiness => http::readiness(self.front.context.readiness()),
            route @ (Route::FrontPage | Route::Nothing) => {
                let path = request.uri().path();
                match web_page::file(path).filter(|_| self.front.web) {
                    Some(_) if !http::is_reading(request.method()) => wrong_method(),
                    Some(file) => file.answer(request.headers()),
                    None if route == Route::FrontPage => upgrade_required(),
                    None => http::not_found(),
                }
            }
            Route::WrongMethod => wrong_method(),
        }
    }

    /// Who asks, or what they are told when they may not go on.
    fn let_in(&self, request: &Request<Incoming>, restarting: bool) -> Result<Caller, Box<Answer>> {
        let front = &self.front;
        if restarting {
            front.context.metrics.refused("restarting");
            return Err(Box::new(http::restarting()));
        }
        if !front.origins.allow(request.headers().get(ORIGIN).map(HeaderValue::as_bytes)) {
            front.context.metrics.refused("origin");
            let words = "Pages of that site may not connect to this server. Its operator can allow it \
                         (--allow-origin).";
            return Err(Box::new(plain(StatusCode::FORBIDDEN, words)));
        }
        let caller = Caller { address: self.from, reached: Some(self.reached), place: None };
        if !front.proxies.holds(self.from) {
            return Ok(caller);
        }
        let forwarded =
            request.headers().get_all(FORWARDED_FOR).iter().map(|value| value.to_str().ok());
        let address = front.proxies.client(self.from, forwarded);
        let place = front.admission.admit_by_proxy(address).map_err(|reason| {
            front.refused(reason);
            let words = "There are too many connections from your address.";
            Box::new(plain(StatusCode::TOO_MANY_REQUESTS, words))
        })?;
        // The proxy came by it: clients can only if everyone can.
        let reached = Some(self.reached).filter(|ip| is_public(ip.to_canonical()));
        Ok(Caller { address, reached, place: Some(Arc::new(place)) })
    }

    /// Grants a WebSocket, if the request is as RFC 6455 wants it.
    fn upgrade(&self, mut request: Request<Incoming>, caller: Caller) -> Answer {
        let upgrade = hyper::upgrade::on(&mut request);
        match http::grant_web_socket(&request) {
            Ok(answer) => {
                *self.stage() = Stage::Upgrading(upgrade, caller);
                answer
            }
            Err(error) => {
                let mut answer = plain(
                    StatusCode::BAD_REQUEST,
                    format!("This is no WebSocket handshake: {error}."),
                );
                answer.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
                answer
            }
        }
    }

    /// Reads the body, and lets a service answer.
    async fn pass_on(
        &self,
        service: &Service,
        request: Request<Incoming>,
        caller: Caller,
    ) -> Answer {
        let (mut head, body) = request.into_parts();
        if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
            return too_large();
        }
        let body = Limited::new(body, MAX_BODY_BYTES).collect();
        let body = match timeout(self.front.context.timing.handshake, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => return too_large(),
            Ok(Err(_)) => {
                return last(plain(StatusCode::BAD_REQUEST, "The request's body can't be read."));
            }
            Err(_) => {
                let words = "The request's body did not come in time.";
                return last(plain(StatusCode::REQUEST_TIMEOUT, words));
            }
        };
        head.extensions.insert(caller);
        service.call(Request::from_parts(head, Full::new(body))).await
    }

    fn give_up(&self, reason: &'static str) -> Option<Upgraded> {
        self.front.context.metrics.refused("too-slow");
        tracing::debug!(reason, "a connection without an upgrade is closed");
        None
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

fn too_large() -> Answer {
    last(plain(StatusCode::PAYLOAD_TOO_LARGE, "The request's body is too large."))
}

fn wrong_method() -> Answer {
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "This page can only be read (GET).");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    answer
}

/// What a browser's user sees where there is no guest page.
fn upgrade_required() -> Answer {
    let words = "This is a Visavis signaling server. Log in to it with the app; it speaks WebSocket, on any path.";
    let mut answer = plain(StatusCode::UPGRADE_REQUIRED, words);
    answer.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
    answer
}

/// Whether a request of Socket.IO is the first of its session: the others name it.
fn begins_session<B>(request: &Request<B>) -> bool {
    !request.uri().query().unwrap_or_default().split('&').any(|pair| pair.starts_with("sid="))
}

#[cfg(test)]
mod tests;
