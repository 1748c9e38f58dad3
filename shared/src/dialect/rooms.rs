//! Dialect 3: Socket.IO events of the pages that meet in a room of two.
//!
//! A socket's id is its user name. Who joins second gets `other user` and calls; the first gets
//! `user joined`. Descriptions travel as `{target, caller, sdp}`, where `sdp` is the whole
//! description; the `caller` that a page sends is not believed, because the server knows who
//! speaks.

use super::events::{Argument, Description, Emission, Event, Refusal};
use crate::error::{DecodeError, Problem};
use crate::ids::{RoomId, Username};
use crate::message::{CallSignal, ClientMessage, ErrorCode, Payload, ServerMessage};

/// The members of an object by which pages name a room.
const ROOM_KEYS: [&str; 4] = ["room", "roomId", "roomID", "room_id"];

/// Reads an event; `None` when its name is not of this dialect.
pub(super) fn client_message(event: &Event<'_>) -> Option<Result<ClientMessage, DecodeError>> {
    Some(match event.name() {
        "join room" | "join-room" | "joinRoom" | "join" => {
            room(event).map(|room| ClientMessage::Join { room })
        }
        "offer" => call(event, "sdp", CallSignal::Offer),
        "answer" => call(event, "sdp", CallSignal::Answer),
        "ice-candidate" => call(event, "candidate", CallSignal::Candidate),
        _ => return None,
    })
}

/// The room of `join room`: a text, a number, or an object that holds one.
fn room(event: &Event<'_>) -> Result<RoomId, DecodeError> {
    let missing = || event.refuse(Problem::Missing("room"));
    let first = event.first().ok_or_else(missing)?;
    let value = if first.get().starts_with('{') {
        event.fields()?.first_of(&ROOM_KEYS).ok_or_else(missing)?
    } else {
        first
    };
    let malformed = |why: String| event.refuse(Problem::Malformed("room", why));
    let text = match serde_json::from_str(value.get()) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Number(number)) => number.to_string(),
        _ => return Err(malformed("wrong kind".into())),
    };
    RoomId::parse(&text).map_err(|error| malformed(error.to_string()))
}

/// A message for `target` with one thing in it.
fn call(
    event: &Event<'_>,
    key: &'static str,
    signal: impl FnOnce(Payload) -> CallSignal,
) -> Result<ClientMessage, DecodeError> {
    let fields = event.fields()?;
    let to = Some(fields.addressee("target")?);
    // Browsers end their candidates with null, and some pages pass that on.
    let payload =
        if key == "candidate" { fields.payload_or_null(key)? } else { fields.payload(key)? };
    Ok(ClientMessage::Call { to, call: None, signal: signal(payload) })
}

/// Writes a message to the socket `me`. Pages of this dialect pass over events that they don't
/// know, so what else happens in a room or a call is sent as events of our own; that it rings is of
/// no use to them.
pub(super) fn emission<'a>(message: &'a ServerMessage, me: &'a Username) -> Option<Emission<'a>> {
    let description = |caller, sdp| Argument::Description(Description { target: me, caller, sdp });
    let (name, argument) = match message {
        ServerMessage::Joined { users, .. } => ("other user", Argument::User(users.first()?)),
        ServerMessage::UserJoined { username, .. } => ("user joined", Argument::User(username)),
        ServerMessage::UserLeft { username, .. } => ("user left", Argument::User(username)),
        ServerMessage::Call { from, signal, .. } => match signal {
            CallSignal::Offer(sdp) => ("offer", description(from, sdp)),
            CallSignal::Answer(sdp) => ("answer", description(from, sdp)),
            // The end of the candidates. These pages make a candidate of whatever comes, and
            // stumble over it.
            CallSignal::Candidate(candidate) if candidate.as_str() == "null" => return None,
            CallSignal::Candidate(candidate) => ("ice-candidate", Argument::Payload(candidate)),
            CallSignal::Decline(_) | CallSignal::Close(_) => ("user left", Argument::User(from)),
            CallSignal::Ringing(_) | CallSignal::Opening(_) => return None,
        },
        ServerMessage::Message { message, .. } => ("message", Argument::Payload(message)),
        ServerMessage::Error { code: ErrorCode::RoomFull, message, .. } => {
            ("room full", Argument::Text(message))
        }
        ServerMessage::Error { code, message, in_reply_to, .. } => {
            ("error", Argument::Refusal(Refusal::new(*code, message, in_reply_to.as_deref())))
        }
        _ => return None,
    };
    Some(Emission { name, argument })
}

/// The event that stands for a message type of dialect 1.
pub(super) fn event_of_type(kind: &str) -> &str {
    match kind {
        "join" => "join room",
        "candidate" => "ice-candidate",
        kind => kind,
    }
}
