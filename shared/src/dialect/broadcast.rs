//! Dialect 4: whatever a page sends as `message` goes to every other page that is in no room.

use serde_json::value::RawValue;

use super::events::{Argument, Emission, Event};
use crate::message::{Payload, ServerMessage};

/// What is to be passed on, `null` too; `None` when the event is not of this dialect. Only the
/// first argument counts, as with the servers for which such pages were written.
pub(super) fn payload(event: &Event<'_>) -> Option<Payload> {
    (event.name() == "message").then(|| Payload::from(event.first().unwrap_or(RawValue::NULL)))
}

/// Writes a message, if it is of this dialect.
pub(super) fn emission(message: &ServerMessage) -> Option<Emission<'_>> {
    match message {
        ServerMessage::Broadcast { message, .. } => {
            Some(Emission { name: "message", argument: Argument::Payload(message) })
        }
        ServerMessage::GuestLeft { username } => {
            Some(Emission { name: "user disconnected", argument: Argument::User(username) })
        }
        _ => None,
    }
}
