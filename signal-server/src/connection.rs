//! One WebSocket connection, from the TCP stream to the last goodbye.
//!
//! Text frames come in and go to the hub through the connection's dialect; what the hub puts in the outbox goes out.
//! Everything has a deadline and a bound: the upgrade, the login, silence, a write, the size of a message, the outbox.
//! Nothing that arrives can do more than end this one connection, and when it ends, its name is free before anything
//! else happens. Nothing that was said is logged.

use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};
use visavis_shared::codec::Problem;
use visavis_shared::dialect::Interpreter;
use visavis_shared::limits::{MAX_MESSAGE_BYTES, PROTOCOL_VERSION};
use visavis_shared::{DecodeError, ErrorCode, ServerMessage};

use crate::hub::{Hub, Seat};
use crate::ice::IceOffer;
use crate::liveness::{Due, Liveness, Timing};
use crate::outbox::{Outbox, Overflow};

/// What `hello` says about the server.
const PRODUCT: &str = concat!("visavis-signal-server/", env!("CARGO_PKG_VERSION"));
/// Allocated for every connection at once, so it is what an idle one costs.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Written to the socket when this much has come together, or when there is no more.
const WRITE_BUFFER_BYTES: usize = 8 * 1024;
/// Only a peer that pings without end and never reads gets there.
const MAX_WRITE_BUFFER_BYTES: usize = 256 * 1024;
/// How much of what a closing connection still sends is read, so that the close frame is not lost to a reset.
const MAX_DRAINED_BYTES: usize = 1024 * 1024;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) hub: Arc<Hub>,
    pub(crate) ice: IceOffer,
    pub(crate) timing: Timing,
}

/// How a connection came to its end.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The peer said goodbye.
    ClosedByPeer,
    /// The TCP connection broke.
    Gone,
    /// The peer does not read what it is sent.
    NotReading,
    /// We close, and say why.
    Closing(CloseCode, &'static str),
}

impl From<Overflow> for End {
    fn from(_: Overflow) -> Self {
        Self::NotReading
    }
}

/// Serves one connection until it ends, or until `stop` says so.
pub(crate) async fn serve(stream: TcpStream, context: Arc<Context>, mut stop: watch::Receiver<bool>) {
    let Ok(reached) = stream.local_addr() else { return };
    // Only costs latency when it fails.
    let _ = stream.set_nodelay(true);
    // Boxed, because a task is as large as its largest branch for as long as it lives.
    let upgrade = Box::pin(timeout(context.timing.handshake, accept_async_with_config(stream, Some(web_socket()))));
    let upgraded = tokio::select! {
        upgraded = upgrade => upgraded,
        () = stopped(&mut stop) => return,
    };
    let socket = match upgraded {
        Ok(Ok(socket)) => socket,
        Ok(Err(error)) => return tracing::debug!(%error, "no WebSocket upgrade"),
        Err(_) => return tracing::debug!("no WebSocket upgrade in time"),
    };
    let seat = context.hub.seat();
    let id = seat.id();
    tracing::debug!(connection = %id, "connected");
    let mut connection = Connection {
        socket,
        seat,
        interpreter: Interpreter::default(),
        liveness: Liveness::new(&context.timing, Instant::now()),
        reached: reached.ip(),
        context,
    };
    let end = connection.run(&mut stop).await;
    tracing::debug!(connection = %id, ?end, "ended");
    let Connection { socket, seat, context, .. } = connection;
    drop(seat);
    Box::pin(say_goodbye(socket, end, &context.timing)).await;
}

/// Until all connections are to end.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that whoever says so is gone, and then it is time as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn web_socket() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
}

/// Waits until those who got a lot have caught up.
type Relief = Pin<Box<dyn Future<Output = ()> + Send>>;

fn relief_of(pressed: Vec<Arc<Outbox>>) -> Option<Relief> {
    if pressed.is_empty() {
        return None;
    }
    Some(Box::pin(async move {
        for outbox in pressed {
            outbox.relief().await;
        }
    }))
}

async fn relieved(relief: &mut Option<Relief>) {
    if let Some(relief) = relief {
        relief.await;
    }
    *relief = None;
}

/// A connection after the upgrade.
struct Connection {
    socket: WebSocketStream<TcpStream>,
    seat: Seat,
    interpreter: Interpreter,
    liveness: Liveness,
    /// The address of ours by which the client came.
    reached: IpAddr,
    context: Arc<Context>,
}

impl Connection {
    async fn run(&mut self, stop: &mut watch::Receiver<bool>) -> End {
        self.seat.reply(hello());
        let mut relief = None;
        let mut timer = pin!(sleep_until(Instant::now().into()));
        loop {
            if let Err(end) = self.write_out().await {
                return end;
            }
            tokio::select! {
                () = self.seat.outbox().filled() => {}
                () = relieved(&mut relief), if relief.is_some() => {}
                heard = self.socket.next(), if relief.is_none() => match self.hear(heard) {
                    Ok(wait) => relief = wait,
                    Err(end) => {
                        // What led to the end was perhaps answered.
                        let _ = self.write_out().await;
                        return end;
                    }
                },
                () = timer.as_mut() => match self.liveness.poll(Instant::now()) {
                    Due::Nothing(until) => timer.as_mut().reset(until.into()),
                    Due::Ping => if let Err(end) = self.ping().await {
                        return end;
                    },
                    Due::NoLogin => return End::Closing(CloseCode::Policy, "nobody logged in in time"),
                    Due::Silent => return End::Closing(CloseCode::Policy, "nothing was heard for too long"),
                },
                () = stopped(stop) => return End::Closing(CloseCode::Away, "the server is going away"),
            }
        }
    }

    /// Takes what came. What comes back has to be waited for before more is heard.
    fn hear(&mut self, heard: Option<Result<Message, WsError>>) -> Result<Option<Relief>, End> {
        let message = match heard {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(self.end_by(&error)),
            None => return Err(End::Gone),
        };
        self.liveness.heard(Instant::now());
        match message {
            Message::Text(text) => match self.interpreter.decode(&text) {
                Ok(message) => Ok(relief_of(self.seat.handle(message))),
                Err(error) => {
                    self.seat.reply(error.into_reply());
                    Ok(None)
                }
            },
            Message::Binary(_) => {
                self.seat.reply(ServerMessage::Error {
                    code: ErrorCode::InvalidJson,
                    message: "Messages are JSON in text frames; binary frames are not read.".into(),
                    in_reply_to: None,
                    call: None,
                });
                Ok(None)
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
            Message::Close(_) => Err(End::ClosedByPeer),
        }
    }

    fn end_by(&self, error: &WsError) -> End {
        match error {
            WsError::Capacity(_) => {
                self.seat.reply(DecodeError::from(Problem::TooLarge).into_reply());
                End::Closing(CloseCode::Size, "the message is too large")
            }
            WsError::Utf8(_) => End::Closing(CloseCode::Invalid, "the text is not UTF-8"),
            WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
            WsError::Protocol(_) => End::Closing(CloseCode::Protocol, "the frames can't be understood"),
            _ => End::Gone,
        }
    }

    /// Writes everything that waits.
    async fn write_out(&mut self) -> Result<(), End> {
        let Some(first) = self.seat.outbox().pop()? else { return Ok(()) };
        let Self { socket, seat, interpreter, liveness, reached, context } = self;
        let write = async {
            let mut next = Some(first);
            while let Some(mut message) = next {
                if let ServerMessage::LoggedIn { username, ice_servers, .. } = &mut message {
                    *ice_servers = context.ice.servers_for(*reached, Some(username.as_str()));
                    liveness.logged_in();
                }
                if let Some(text) = interpreter.encode(&message) {
                    socket.feed(Message::text(text)).await.map_err(|_| End::Gone)?;
                }
                next = seat.outbox().pop()?;
            }
            socket.flush().await.map_err(|_| End::Gone)
        };
        tokio::select! {
            biased;
            written = timeout(context.timing.write, write) => written.unwrap_or(Err(End::NotReading)),
            () = seat.outbox().overflowed() => Err(End::NotReading),
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        match timeout(self.context.timing.write, self.socket.send(Message::Ping(Bytes::new()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::NotReading),
        }
    }
}

fn hello() -> ServerMessage {
    ServerMessage::Hello {
        protocol: PROTOCOL_VERSION,
        server: PRODUCT.to_owned(),
        challenge: BASE64_STANDARD.encode(rand::random::<[u8; 32]>()),
    }
}

/// Closes as politely as the end allows.
async fn say_goodbye(mut socket: WebSocketStream<TcpStream>, end: End, timing: &Timing) {
    let reason = match end {
        End::Gone => return,
        End::NotReading => {
            // What the system still holds for the peer would be kept for minutes.
            let _ = socket.get_ref().set_zero_linger();
            return;
        }
        End::ClosedByPeer => None,
        End::Closing(code, reason) => Some(CloseFrame { code, reason: reason.into() }),
    };
    let goodbye = async {
        // The reply to the peer's close is written by flushing.
        match reason {
            Some(reason) => socket.send(Message::Close(Some(reason))).await?,
            None => socket.flush().await?,
        }
        let stream = socket.get_mut();
        stream.shutdown().await?;
        let mut drained = 0;
        let mut rest = vec![0; READ_BUFFER_BYTES];
        while drained < MAX_DRAINED_BYTES {
            match stream.read(&mut rest).await? {
                0 => break,
                bytes => drained += bytes,
            }
        }
        Ok::<(), WsError>(())
    };
    // Whether it arrived makes no difference any more.
    let _ = timeout(timing.goodbye, goodbye).await;
}
