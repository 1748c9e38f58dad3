//! Messages as JSON text and back, in the canonical dialect.
//!
//! In goes one text or one message, out comes the other or a [`DecodeError`]; nothing is kept in
//! between. Members that are not known are ignored. Texts larger than 64 KiB or nested deeper than
//! 32 levels are refused before they are parsed. What [`encode_client`] and [`encode_server`]
//! write, [`decode_client`] and [`decode_server`] read as the same. `docs/protocol.md` is the
//! reference.

pub use crate::error::{DecodeError, Problem};
pub use crate::json::nests_deeper_than;

use crate::fields::Fields;
use crate::foreign_text::ForeignText;
use crate::ids::Username;
use crate::json::Writer;
use crate::limits::{MAX_LISTED_USERS, MAX_MESSAGE_BYTES, MAX_RELAYED_BYTES};
use crate::message::{
    CallSignal, ClientMessage, DeclineReason, ErrorCode, IceServer, Login, LoginRefusal,
    MissedCall, Payload, ServerMessage,
};

/// Reads what a client sent.
///
/// # Errors
/// [`DecodeError`] says what is wrong, and makes the reply to its sender.
pub fn decode_client(text: &str) -> Result<ClientMessage, DecodeError> {
    client_message(&Fields::parse(text, MAX_MESSAGE_BYTES)?)
}

/// Reads what the server sent.
///
/// # Errors
/// [`DecodeError`] says what is wrong. A client ignores such a message: it may come from a later
/// server.
pub fn decode_server(text: &str) -> Result<ServerMessage, DecodeError> {
    server_message(&Fields::parse(text, MAX_RELAYED_BYTES)?)
}

/// Writes what a client sends.
#[must_use]
pub fn encode_client(message: &ClientMessage) -> String {
    let out = Writer::message(message.type_name());
    match message {
        ClientMessage::Login(login) => out
            .text("username", &login.username)
            .text_if("publicKey", login.public_key.as_deref())
            .text_if("signature", login.signature.as_deref())
            .text_if("resume", login.resume.as_deref()),
        ClientMessage::Users { prefix } => out.text("prefix", prefix),
        ClientMessage::Watch { usernames } => out.value("usernames", usernames),
        ClientMessage::Call { to, call, signal } => {
            let out = out
                .text_if("otherUsername", to.as_ref().map(Username::as_str))
                .text_if("call", call.as_ref().map(|call| call.as_str()));
            write_signal(out, signal)
        }
        ClientMessage::Join { room } | ClientMessage::LeaveRoom { room } => {
            out.text("room", room.as_str())
        }
        ClientMessage::Message { room, message } => {
            out.text("room", room.as_str()).raw("message", message.as_str())
        }
    }
    .finish()
}

/// Writes what the server sends.
#[must_use]
pub fn encode_server(message: &ServerMessage) -> String {
    match message {
        ServerMessage::Hello { protocol, server, challenge } => Writer::message("hello")
            .value("protocol", protocol)
            .text("server", server)
            .text("challenge", challenge),
        ServerMessage::LoggedIn { username, ice_servers, resume } => Writer::message("login")
            .value("success", &true)
            .text("username", username.as_str())
            .value("iceServers", ice_servers)
            .text_if("resume", resume.as_deref()),
        ServerMessage::IceServers { ice_servers } => {
            Writer::message("ice-servers").value("iceServers", ice_servers)
        }
        ServerMessage::LoginRefused { reason, message } => Writer::message("login")
            .value("success", &false)
            .text("reason", reason.as_str())
            .text("message", message),
        ServerMessage::MissedCalls { calls } => {
            Writer::message("missed-calls").value("calls", calls)
        }
        ServerMessage::Users { users, total } => {
            Writer::message("users").value("users", users).value("total", total)
        }
        ServerMessage::Presence { username, online } => {
            Writer::message("presence").text("username", username.as_str()).value("online", online)
        }
        ServerMessage::Call { from, call, signal } => {
            let bytes = signal.payload().map_or(0, |payload| payload.as_str().len());
            let out = Writer::large_message(signal.type_name(), bytes)
                .text("username", from.as_str())
                .text_if("call", call.as_ref().map(|call| call.as_str()));
            write_signal(out, signal)
        }
        ServerMessage::Joined { room, users } => {
            Writer::message("joined").text("room", room.as_str()).value("users", users)
        }
        ServerMessage::UserJoined { room, username } => Writer::message("user-joined")
            .text("room", room.as_str())
            .text("username", username.as_str()),
        ServerMessage::UserLeft { room, username } => Writer::message("user-left")
            .text("room", room.as_str())
            .text("username", username.as_str()),
        ServerMessage::Message { room, username, message } => Writer::message("message")
            .text("room", room.as_str())
            .text("username", username.as_str())
            .raw("message", message.as_str()),
        ServerMessage::Broadcast { from, message } => Writer::message("broadcast")
            .text("username", from.as_str())
            .raw("message", message.as_str()),
        ServerMessage::GuestLeft { username } => {
            Writer::message("guest-left").text("username", username.as_str())
        }
        ServerMessage::Error { code, message, in_reply_to, call } => Writer::message("error")
            .text("code", code.as_str())
            .text("message", message)
            .text_if("inReplyTo", in_reply_to.as_deref())
            .text_if("call", call.as_ref().map(|call| call.as_str())),
    }
    .finish()
}

/// What stands in a call's message besides the addresses.
fn write_signal(out: Writer, signal: &CallSignal) -> Writer {
    match signal {
        CallSignal::Offer(payload)
        | CallSignal::Answer(payload)
        | CallSignal::Candidate(payload) => out.raw(signal.type_name(), payload.as_str()),
        CallSignal::Ringing(identity) => {
            out.raw_if("identity", identity.as_ref().map(Payload::as_str))
        }
        CallSignal::Opening(nonce) => out.text("nonce", &nonce.to_string()),
        CallSignal::Decline(reason) => out.text("reason", reason.as_str()),
        CallSignal::Close(reason) => out.text_if("reason", reason.map(|reason| reason.as_str())),
    }
}

/// Reads a client's message by its members.
pub(crate) fn client_message(fields: &Fields<'_>) -> Result<ClientMessage, DecodeError> {
    Ok(match fields.kind() {
        "login" => ClientMessage::Login(Login {
            username: fields.value("username")?,
            public_key: fields.value_if("publicKey")?,
            signature: fields.value_if("signature")?,
            resume: fields.value_if("resume")?,
        }),
        "users" => ClientMessage::Users { prefix: fields.value_if("prefix")?.unwrap_or_default() },
        "watch" => {
            let usernames: Vec<Username> = fields.value("usernames")?;
            if usernames.len() > MAX_LISTED_USERS {
                return Err(fields.refuse(Problem::TooMany("usernames")));
            }
            ClientMessage::Watch { usernames }
        }
        "join" => ClientMessage::Join { room: fields.id("room")? },
        "leave-room" => ClientMessage::LeaveRoom { room: fields.id("room")? },
        "message" => ClientMessage::Message {
            room: fields.id("room")?,
            message: fields.payload_or_null("message")?,
        },
        _ => {
            let signal = read_signal(fields)?;
            let to = match signal {
                CallSignal::Close(_) => fields.addressee_if("otherUsername")?,
                _ => Some(fields.addressee("otherUsername")?),
            };
            ClientMessage::Call { to, call: fields.call()?, signal }
        }
    })
}

/// Reads the server's message by its members.
fn server_message(fields: &Fields<'_>) -> Result<ServerMessage, DecodeError> {
    Ok(match fields.kind() {
        "hello" => ServerMessage::Hello {
            protocol: fields.value("protocol")?,
            server: fields.value_if("server")?.unwrap_or_default(),
            challenge: fields.value_if("challenge")?.unwrap_or_default(),
        },
        "login" if fields.value("success")? => ServerMessage::LoggedIn {
            username: fields.id("username")?,
            ice_servers: ice_servers(fields),
            resume: fields.value_if("resume")?,
        },
        "login" => ServerMessage::LoginRefused {
            reason: fields.word("reason").unwrap_or(LoginRefusal::Other),
            message: fields.value_if("message")?.unwrap_or_default(),
        },
        "ice-servers" => ServerMessage::IceServers { ice_servers: ice_servers(fields) },
        "missed-calls" => ServerMessage::MissedCalls { calls: missed_calls(fields) },
        "users" => {
            let users: Vec<Username> = fields.value("users")?;
            let total = fields.value_if("total")?.unwrap_or(users.len());
            ServerMessage::Users { users, total }
        }
        "presence" => ServerMessage::Presence {
            username: fields.id("username")?,
            online: fields.value("online")?,
        },
        "joined" => ServerMessage::Joined {
            room: fields.id("room")?,
            users: fields.value_if("users")?.unwrap_or_default(),
        },
        "user-joined" => {
            ServerMessage::UserJoined { room: fields.id("room")?, username: fields.id("username")? }
        }
        "user-left" => {
            ServerMessage::UserLeft { room: fields.id("room")?, username: fields.id("username")? }
        }
        "message" => ServerMessage::Message {
            room: fields.id("room")?,
            username: fields.id("username")?,
            message: fields.payload_or_null("message")?,
        },
        "broadcast" => ServerMessage::Broadcast {
            from: fields.id("username")?,
            message: fields.payload_or_null("message")?,
        },
        "guest-left" => ServerMessage::GuestLeft { username: fields.id("username")? },
        "error" => ServerMessage::Error {
            code: fields.word("code").unwrap_or(ErrorCode::Other),
            message: fields.value_if("message")?.unwrap_or_default(),
            in_reply_to: fields.value_if::<ForeignText>("inReplyTo")?.map(String::from),
            call: fields.call()?,
        },
        _ => {
            let signal = read_signal(fields)?;
            ServerMessage::Call { from: fields.id("username")?, call: fields.call()?, signal }
        }
    })
}

/// The servers that a message lists. Whatever is wrong with them, the message itself counts.
fn ice_servers(fields: &Fields<'_>) -> Vec<IceServer> {
    fields.first_of(&["iceServers"]).map(IceServer::read_list).unwrap_or_default()
}

/// The calls that a message lists.
fn missed_calls(fields: &Fields<'_>) -> Vec<MissedCall> {
    fields.first_of(&["calls"]).map(MissedCall::read_list).unwrap_or_default()
}

/// Reads what stands in a call's message besides the addresses; the same in both directions and
/// both dialects.
pub(crate) fn read_signal(fields: &Fields<'_>) -> Result<CallSignal, DecodeError> {
    Ok(match fields.kind() {
        "offer" => CallSignal::Offer(fields.payload("offer")?),
        "answer" => CallSignal::Answer(fields.payload("answer")?),
        // Browsers end their candidates with null, and some pages pass that on.
        "candidate" => CallSignal::Candidate(fields.payload_or_null("candidate")?),
        "ringing" => CallSignal::Ringing(fields.payload_if("identity")),
        "opening" => CallSignal::Opening(fields.id("nonce")?),
        "decline" => CallSignal::Decline(fields.word("reason").unwrap_or(DeclineReason::Declined)),
        "close" => CallSignal::Close(fields.word("reason")),
        _ => return Err(fields.refuse_type()),
    })
}
