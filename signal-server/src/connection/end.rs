//! How a connection ends, and which close frame (RFC 6455 §7.4) its peer gets.

use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::web_socket::{Flood, WebSocket};
use crate::limits::timing::Timing;
use crate::outbox::Over;
use crate::rules::router::Closing;

/// A client that gets this should not connect again by itself: it did so already.
const CLOSE_REPLACED: u16 = 4001;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The peer is done: its session is over, too.
    Left,
    /// The peer sent a close frame, and may come back.
    ClosedByPeer,
    /// The TCP connection broke.
    Gone,
    /// The peer does not read what it is sent.
    NotReading,
    /// The server closes, and says why.
    Closing(CloseCode, &'static str),
}

/// The server shuts down; another one, or the same one, will be there in a moment (1012).
pub(super) const RESTART: End =
    End::Closing(CloseCode::Restart, "the server restarts, connect again");

impl End {
    /// A peer that closes in order, or gives no code, is done; a page that goes away (1001), or an
    /// app in trouble, may come back with its token.
    pub(super) fn by_close_frame(frame: Option<&CloseFrame>) -> Self {
        match frame.map(|frame| frame.code) {
            None | Some(CloseCode::Normal) => Self::Left,
            Some(_) => Self::ClosedByPeer,
        }
    }

    /// Far more came than a connection may send.
    pub(super) const FLOOD: Self = Self::Closing(CloseCode::Policy, "far too many messages");

    pub(super) fn by_policy(reason: &'static str) -> Self {
        Self::Closing(CloseCode::Policy, reason)
    }

    /// Closes the socket as politely as the end allows.
    pub(super) async fn close(self, socket: WebSocket, timing: &Timing) {
        let reason = match self {
            Self::Gone => return,
            Self::NotReading => {
                // Whether the system does makes no difference any more.
                let _ = socket.reset();
                return;
            }
            Self::Left | Self::ClosedByPeer => None,
            Self::Closing(code, reason) => Some(CloseFrame { code, reason: reason.into() }),
        };
        // Nor does whether it arrived.
        let _ = timeout(timing.close, socket.close(reason)).await;
    }
}

impl From<&WsError> for End {
    fn from(error: &WsError) -> Self {
        match error {
            WsError::Io(error) if error.get_ref().is_some_and(|error| error.is::<Flood>()) => {
                Self::FLOOD
            }
            WsError::Capacity(_) => Self::Closing(CloseCode::Size, "the message is too large"),
            WsError::Utf8(_) => Self::Closing(CloseCode::Invalid, "the text is not UTF-8"),
            WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            WsError::Protocol(_) => {
                Self::Closing(CloseCode::Protocol, "the frames can't be understood")
            }
            _ => Self::Gone,
        }
    }
}

impl From<Over> for End {
    fn from(over: Over) -> Self {
        match over {
            Over::Overflow => Self::NotReading,
            Over::Closed(Closing::Replaced) => Self::Closing(
                CloseCode::Library(CLOSE_REPLACED),
                "the session goes on on another connection",
            ),
            Over::Closed(Closing::LeaseLost) => RESTART,
            Over::Broken => Self::Gone,
        }
    }
}
