//! Socket.IO, for the pages of dialects 3 and 4: everything under `/socket.io/`.
//!
//! `socketioxide` does the protocol. What it leaves open to a hostile network is done here: a
//! session takes one place among the connections however it is carried, has a deadline for every
//! write, can be ended at any time, is slowed down while its events take time, and is named in
//! requests by a key that nobody else learns. (The library uses the id by which others call a
//! socket for that as well, and whoever knew it could read and write over long polls in another's
//! name.) A [`session::Session`] is one of Engine.IO; a socket on it is a guest at the hub, in the
//! lobby until it joins a room.

mod event_queue;
mod namespace;
mod request;
mod session;
mod session_stream;
mod socket_task;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, ORIGIN};
use hyper::service::Service as _;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use socketioxide::ParserConfig;
use socketioxide::service::SocketIoService;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use visavis_shared::limits::{MAX_MESSAGE_BYTES, MAX_RELAYED_BYTES};

use self::namespace::Namespace;
use self::request::{Carrier, EngineRequest, Fault, library_uri, preflight, put_key, share};
use self::session::{End, Session};
use self::session_stream::SessionStream;
use crate::context::Context;
use crate::http::{self, Answer, Caller, WholeRequest, boxed, plain};
use crate::limits::permits::{Admission, Permit};
use crate::transport::Transport;

/// How long a client may take to answer a ping, in fifths of the time between two: 20 of 25
/// seconds.
const PING_TIMEOUT_FIFTHS: u32 = 4;
/// What the library keeps for a session to be written, in packets. Its pings need room beside what
/// we give it.
const MAX_PACKETS: usize = 128;
/// Allocated for every WebSocket at once.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Events with attachments are refused, and the session goes on; more than that ends it.
const MAX_ATTACHMENTS: usize = 16;

const TOO_MANY_SESSIONS: &str = "There are too many connections. Try again later.";
const TOO_MANY_LOGINS: &str =
    "There were too many logins from your address. Try again in a few seconds.";

/// The front of `/socket.io/`.
pub(crate) struct SocketIo {
    myself: Weak<Self>,
    context: Arc<Context>,
    admission: Arc<Admission>,
    library: SocketIoService<Nothing>,
    /// The sessions that requests may name, by their keys.
    sessions: Mutex<HashMap<String, Weak<Session>>>,
    /// Held by whoever carries a WebSocket.
    carried: watch::Sender<()>,
}

impl SocketIo {
    pub(crate) fn new(context: Arc<Context>, admission: Arc<Admission>) -> Arc<Self> {
        let parser = ParserConfig::common()
            .max_incoming_binaries(MAX_ATTACHMENTS)
            .max_incoming_binary_buf_size(MAX_MESSAGE_BYTES)
            .packet_completion_timeout(context.timing.handshake);
        let (library, io) = socketioxide::SocketIo::builder()
            .with_parser(parser)
            .ping_interval(context.timing.ping)
            .ping_timeout(context.timing.ping / 5 * PING_TIMEOUT_FIFTHS)
            .upgrade_timeout(context.timing.handshake)
            .connect_timeout(context.timing.login)
            .max_buffer_size(MAX_PACKETS)
            .max_payload(MAX_RELAYED_BYTES as u64)
            .ws_read_buffer_size(READ_BUFFER_BYTES)
            .ws_max_message_size(MAX_RELAYED_BYTES)
            .ws_max_frame_size(MAX_RELAYED_BYTES)
            .build_with_inner_svc(Nothing);
        io.ns("/", Namespace { context: Arc::clone(&context) });
        Arc::new_cyclic(|myself| Self {
            myself: Weak::clone(myself),
            context,
            admission,
            library,
            sessions: Mutex::default(),
            carried: watch::Sender::new(()),
        })
    }

    /// The service that answers requests.
    pub(crate) fn service(self: &Arc<Self>) -> http::Service {
        let front = Arc::clone(self);
        http::Service::new(move |request| {
            let front = Arc::clone(&front);
            async move { front.answer(request).await }
        })
    }

    /// Ends all sessions, evenly over some time, and is done when their WebSockets are closed.
    pub(crate) async fn leave(&self, spread: Duration) {
        let sessions: Vec<_> = self.sessions().values().cloned().collect();
        let pause = spread / u32::try_from(sessions.len()).unwrap_or(u32::MAX).max(1);
        let mut next = Instant::now();
        for session in sessions {
            if let Some(session) = session.upgrade() {
                self.close(&session).await;
            }
            next += pause;
            sleep_until(next).await;
        }
        self.carried.closed().await;
    }

    /// Ends a session, also at the library.
    async fn close(&self, session: &Session) {
        session.hang_up(End::Politely);
        // A WebSocket ends by its stream. A session without one ends by the packet that a client
        // would post.
        if let Some(id) = session.library_id() {
            let _ = self
                .ask(Method::POST, Carrier::Polling, Some(id), Bytes::from_static(b"1"), None)
                .await;
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Weak<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: WholeRequest) -> Answer {
        let origin = request.headers().get(ORIGIN).cloned();
        let mut answer = self.dispatch(request).await.unwrap_or_else(Fault::answer);
        share(&mut answer, origin);
        answer
    }

    async fn dispatch(&self, request: WholeRequest) -> Result<Answer, Fault> {
        if request.method() == Method::OPTIONS {
            return Ok(preflight());
        }
        let asked = EngineRequest::parse(request.method(), request.uri().query())?;
        let caller = request.extensions().get::<Caller>().cloned().ok_or(Fault::BadRequest)?;
        let Some(key) = asked.sid else {
            // A socket needs no further login.
            if !self.context.logins.admits(caller.address) {
                self.context.metrics.rate_limited("logins");
                return Ok(plain(StatusCode::TOO_MANY_REQUESTS, TOO_MANY_LOGINS));
            }
            return match asked.carrier {
                Carrier::Polling => self.open(caller).await,
                Carrier::WebSocket => self.upgrade(request, self.new_session(caller, None), None),
            };
        };
        let session =
            self.sessions().get(key).and_then(Weak::upgrade).ok_or(Fault::UnknownSession)?;
        let id = session.library_id().ok_or(Fault::UnknownSession)?.to_owned();
        match asked.carrier {
            Carrier::Polling => Ok(self.pass_on(request, &session, &id).await),
            Carrier::WebSocket => self.upgrade(request, session, Some(&id)),
        }
    }

    fn new_session(&self, caller: Caller, place: Option<Permit>) -> Arc<Session> {
        let key = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>());
        let session = Arc::new(Session::new(key.clone(), Weak::clone(&self.myself), caller, place));
        self.sessions().insert(key, Arc::downgrade(&session));
        session
    }

    /// Opens a session that is polled.
    async fn open(&self, caller: Caller) -> Result<Answer, Fault> {
        let place = match self.admission.admit(caller.address) {
            Ok(place) => place,
            Err(reason) => {
                self.context.metrics.refused(reason.label());
                tracing::debug!(%reason, "a session was refused");
                return Ok(plain(StatusCode::TOO_MANY_REQUESTS, TOO_MANY_SESSIONS));
            }
        };
        // The place of the request, which a proxy brought, is not the session's.
        let session = self.new_session(Caller { place: None, ..caller }, Some(place));
        let answer =
            self.ask(Method::GET, Carrier::Polling, None, Bytes::new(), Some(&session)).await;
        let packet = std::str::from_utf8(answer.body()).ok();
        let (id, packet) =
            packet.and_then(|packet| put_key(packet, &session.key)).ok_or(Fault::BadRequest)?;
        session.set_library_id(&id);
        Ok(answer.map(|_| boxed(Full::new(Bytes::from(packet)))))
    }

    /// Carries a poll or a post to the library and back.
    async fn pass_on(&self, request: WholeRequest, session: &Arc<Session>, id: &str) -> Answer {
        let (head, body) = request.into_parts();
        let is_post = head.method == Method::POST;
        let Ok(body) = body.collect().await;
        let answer = self.ask(head.method, Carrier::Polling, Some(id), body.to_bytes(), None).await;
        if is_post {
            session.events.eased().await;
        } else {
            session.wrote(answer.body().len());
        }
        answer.map(|body| boxed(Full::new(body)))
    }

    /// Asks the library as a client would.
    async fn ask(
        &self,
        method: Method,
        carrier: Carrier,
        id: Option<&str>,
        body: Bytes,
        session: Option<&Arc<Session>>,
    ) -> Response<Bytes> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        // An id of the library's is made of letters, digits, - and _.
        *request.uri_mut() = library_uri(carrier, id).parse().unwrap_or_default();
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
        if let Some(session) = session {
            request.extensions_mut().insert(Arc::clone(session));
        }
        let Ok(answer) = self.library.call(request).await;
        let (mut head, body) = answer.into_parts();
        let Ok(body) = body.collect().await;
        // It may be another one in the end.
        head.headers.remove(CONTENT_LENGTH);
        Response::from_parts(head, body.to_bytes())
    }

    /// Grants a WebSocket to a session that has one from the beginning, or goes on with one.
    fn upgrade(
        &self,
        mut request: WholeRequest,
        session: Arc<Session>,
        id: Option<&str>,
    ) -> Result<Answer, Fault> {
        let upgrade = hyper::upgrade::on(&mut request);
        let answer = http::grant_web_socket(&request).map_err(|_| Fault::BadRequest)?;
        let mut asked = Request::new(());
        *asked.uri_mut() = library_uri(Carrier::WebSocket, id).parse().unwrap_or_default();
        asked.extensions_mut().insert(Arc::clone(&session));
        let carried = self.carried.subscribe();
        let carry = carry(upgrade, asked, session, self.library.clone(), Arc::clone(&self.context));
        tokio::spawn(async move {
            carry.await;
            drop(carried);
        });
        Ok(answer)
    }
}

/// Dropped before its sessions, it takes them along without a word.
impl Drop for SocketIo {
    fn drop(&mut self) {
        let sessions = std::mem::take(&mut *self.sessions());
        for session in sessions.into_values().filter_map(|session| session.upgrade()) {
            session.hang_up(End::AtOnce);
        }
    }
}

impl fmt::Debug for SocketIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketIo").field("sessions", &self.sessions().len()).finish_non_exhaustive()
    }
}

/// Gives a session its WebSocket, and sees it to its end.
async fn carry(
    upgrade: OnUpgrade,
    asked: Request<()>,
    session: Arc<Session>,
    library: SocketIoService<Nothing>,
    context: Arc<Context>,
) {
    let Ok(Ok(upgraded)) = timeout(context.timing.handshake, upgrade).await else {
        return session.hang_up(End::AtOnce);
    };
    let Ok(parts) = upgraded.downcast::<TokioIo<Transport>>() else {
        return session.hang_up(End::AtOnce);
    };
    session.leave_place();
    let (stream, cut) = SessionStream::new(
        parts.io.into_inner(),
        parts.read_buf,
        Arc::clone(&session),
        Arc::clone(&context),
    );
    if library.call((stream, asked)).await.is_err() {
        tracing::debug!("the library refused a WebSocket");
    }
    // Nothing is ever sent; it is dropped with the stream.
    let _ = cut.await;
    // Of a session whose upgrade failed the library would keep what it has for ever.
    if let Some(owner) = session.owner.upgrade() {
        owner.close(&session).await;
    }
}

/// What is under other paths: nothing. The front of the front sees to that.
#[derive(Debug, Clone)]
struct Nothing;

impl hyper::service::Service<WholeRequest> for Nothing {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn call(&self, _request: WholeRequest) -> Self::Future {
        ready(Ok(Response::new(Full::default())))
    }
}
