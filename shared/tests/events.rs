//! Dialects 3 and 4, which Socket.IO carries.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use common::{OFFER, any_server_message, name, payload, room};
use proptest::prelude::*;
use visavis_shared::dialect::events::{SocketRequest, decode, encode};
use visavis_shared::limits::MAX_MESSAGE_BYTES;
use visavis_shared::{
    CallSignal, ClientMessage, CloseReason, DeclineReason, ErrorCode, LoginRefusal, Payload,
    ServerMessage,
};

/// Every event that is sent, and nothing else.
const SENT: [&str; 10] = [
    "other user",
    "user joined",
    "user left",
    "offer",
    "answer",
    "ice-candidate",
    "room full",
    "message",
    "user disconnected",
    "error",
];

/// What the socket `me` would see on the wire.
fn written(message: &ServerMessage) -> Option<String> {
    let me = name("me");
    let emission = encode(message, &me)?;
    let arguments = serde_json::to_string(&emission).unwrap();
    Some(format!("[\"{}\",{}", emission.name(), arguments.strip_prefix('[').unwrap()))
}

fn to_bob(signal: CallSignal) -> SocketRequest {
    SocketRequest::Message(ClientMessage::Call { to: Some(name("bob")), call: None, signal })
}

fn from_bob(signal: CallSignal) -> ServerMessage {
    ServerMessage::Call { from: name("bob"), call: Some(common::call("c1")), signal }
}

#[test]
fn a_room_is_joined_in_every_spelling_of_the_pages() {
    for text in [
        r#"["join room","blue"]"#,
        r#"["join-room","blue","their own id"]"#,
        r#"["joinRoom",{"roomId":"blue"}]"#,
        r#"["join",{"room":"blue","username":"x"}]"#,
        r#"["join room"," blue "]"#,
    ] {
        assert_eq!(
            decode(text),
            Ok(SocketRequest::Message(ClientMessage::Join { room: room("blue") })),
            "{text}"
        );
    }
    let numbered = SocketRequest::Message(ClientMessage::Join { room: room("17") });
    assert_eq!(decode(r#"["join room",17]"#), Ok(numbered));
}

#[test]
fn calls_of_dialect_3_are_read_and_the_caller_is_not_believed() {
    for (text, asked) in [
        (
            format!(r#"["offer",{{"target":"bob","caller":"mallory","sdp":{OFFER}}}]"#),
            to_bob(CallSignal::Offer(payload(OFFER))),
        ),
        (
            r#"["answer",{"target":"bob","sdp":{"a":1}}]"#.into(),
            to_bob(CallSignal::Answer(payload(r#"{"a":1}"#))),
        ),
        (
            r#"["ice-candidate",{"target":"bob","candidate":{"c":1}}]"#.into(),
            to_bob(CallSignal::Candidate(payload(r#"{"c":1}"#))),
        ),
        (
            r#"["ice-candidate",{"target":"bob","candidate":null}]"#.into(),
            to_bob(CallSignal::Candidate(payload("null"))),
        ),
    ] {
        assert_eq!(decode(&text), Ok(asked), "{text}");
    }
}

#[test]
fn anything_can_be_broadcast() {
    for (text, said) in [
        (r#"["message","got user media"]"#, r#""got user media""#),
        (r#"["message",{"type":"offer",  "sdp":"v=0"}]"#, r#"{"type":"offer",  "sdp":"v=0"}"#),
        (r#"["message","bye","room"]"#, r#""bye""#),
        (r#"["message",[1,2]]"#, "[1,2]"),
        (r#"["message",null]"#, "null"),
        (r#"["message"]"#, "null"),
    ] {
        assert_eq!(decode(text), Ok(SocketRequest::Broadcast(payload(said))), "{text}");
    }
}

#[test]
fn dialects_3_and_4_are_written() {
    let (joined, alone) = (vec![name("bob")], vec![]);
    let refused = |code, kind: &str| ServerMessage::Error {
        code,
        message: "In words.".into(),
        in_reply_to: Some(kind.into()),
        call: None,
    };
    for (message, text) in [
        (ServerMessage::Joined { room: room("blue"), users: joined }, Some(r#"["other user","bob"]"#.to_owned())),
        (ServerMessage::Joined { room: room("blue"), users: alone }, None),
        (
            ServerMessage::UserJoined { room: room("blue"), username: name("bob") },
            Some(r#"["user joined","bob"]"#.into()),
        ),
        (ServerMessage::UserLeft { room: room("blue"), username: name("bob") }, Some(r#"["user left","bob"]"#.into())),
        (
            from_bob(CallSignal::Offer(payload(OFFER))),
            Some(format!(r#"["offer",{{"target":"me","caller":"bob","sdp":{OFFER}}}]"#)),
        ),
        (
            from_bob(CallSignal::Answer(payload("{}"))),
            Some(r#"["answer",{"target":"me","caller":"bob","sdp":{}}]"#.into()),
        ),
        (from_bob(CallSignal::Candidate(payload(r#"{"c": 1}"#))), Some(r#"["ice-candidate",{"c": 1}]"#.into())),
        (from_bob(CallSignal::Candidate(payload("null"))), None),
        (from_bob(CallSignal::Ringing(None)), None),
        (from_bob(CallSignal::Decline(DeclineReason::Busy)), Some(r#"["user left","bob"]"#.into())),
        (from_bob(CallSignal::Close(Some(CloseReason::Disconnected))), Some(r#"["user left","bob"]"#.into())),
        (from_bob(CallSignal::Close(Some(CloseReason::Failed))), Some(r#"["user left","bob"]"#.into())),
        (
            ServerMessage::Message { room: room("blue"), username: name("bob"), message: payload("[1]") },
            Some(r#"["message",[1]]"#.into()),
        ),
        (ServerMessage::Broadcast { from: name("bob"), message: payload("[1]") }, Some(r#"["message",[1]]"#.into())),
        (ServerMessage::GuestLeft { username: name("bob") }, Some(r#"["user disconnected","bob"]"#.into())),
        (refused(ErrorCode::RoomFull, "join"), Some(r#"["room full","In words."]"#.into())),
        (
            refused(ErrorCode::UnknownUser, "candidate"),
            Some(r#"["error",{"code":"unknown-user","message":"In words.","inReplyTo":"ice-candidate"}]"#.into()),
        ),
        (ServerMessage::LoginRefused { reason: LoginRefusal::Taken, message: "Taken.".into() }, None),
    ] {
        assert_eq!(written(&message), text);
    }
}

#[track_caller]
fn check_refused(text: &str, code: ErrorCode, in_reply_to: Option<&str>) {
    let error = decode(text).unwrap_err();
    assert_eq!((error.code(), error.in_reply_to.as_deref()), (code, in_reply_to), "{text}");
    assert!(written(&error.into_reply()).is_some(), "{text}");
}

#[test]
fn what_is_no_event_is_refused_with_words() {
    for text in
        ["", "{}", "[]", "[1]", "[null]", "rubbish", r#"["offer""#, r#"["a"]["b"]"#, r#""message""#]
    {
        check_refused(text, ErrorCode::InvalidJson, None);
    }
    check_refused(r#"["shout","hello"]"#, ErrorCode::UnknownType, Some("shout"));
    check_refused(
        &format!("[\"{}\"]", "x".repeat(1000)),
        ErrorCode::UnknownType,
        Some(&"x".repeat(64)),
    );
    for argument in
        ["", ",null", ",1", ",\"blue\"", ",[]", ",{}", ",{\"target\":7}", ",{\"target\":\"bob\"}"]
    {
        check_refused(&format!("[\"offer\"{argument}]"), ErrorCode::InvalidJson, Some("offer"));
    }
    check_refused(r#"["offer",{"target":"","sdp":{}}]"#, ErrorCode::UnknownUser, Some("offer"));
    for argument in ["", ",null", ",[]", ",true", ",{}", ",\"\"", ",{\"room\":{}}"] {
        check_refused(
            &format!("[\"join room\"{argument}]"),
            ErrorCode::InvalidJson,
            Some("join room"),
        );
    }
}

#[test]
fn size_and_depth_are_limited_as_in_every_dialect() {
    let sized = |bytes: usize| format!(r#"["message","{}"]"#, "x".repeat(bytes - 14));
    assert!(decode(&sized(MAX_MESSAGE_BYTES)).is_ok());
    check_refused(&sized(MAX_MESSAGE_BYTES + 1), ErrorCode::TooLarge, None);
    let nested =
        |depth: usize| format!(r#"["message",{}{}]"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert!(decode(&nested(32)).is_ok());
    check_refused(&nested(33), ErrorCode::InvalidJson, None);
    check_refused(&nested(30_000), ErrorCode::InvalidJson, None);
}

proptest! {
    #[test]
    fn whatever_a_socket_gets_is_an_event_that_its_pages_know(message in any_server_message()) {
        if let Some(text) = written(&message) {
            let event: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(event.len(), 2);
            prop_assert!(SENT.contains(&event[0].as_str().unwrap()), "{}", text);
        }
    }

    #[test]
    fn what_one_page_broadcasts_is_what_the_others_hear(said in ".*") {
        let said = Payload::of(&said).unwrap();
        let text = format!(r#"["message",{}]"#, said.as_str());
        let Ok(SocketRequest::Broadcast(message)) = decode(&text) else { panic!("a broadcast") };
        prop_assert_eq!(written(&ServerMessage::Broadcast { from: name("bob"), message }), Some(text));
    }

    #[test]
    fn a_call_from_a_page_reaches_a_page_as_it_was(sdp in ".*") {
        let sdp = Payload::of(&serde_json::json!({"type": "offer", "sdp": sdp})).unwrap();
        let text = format!(r#"["offer",{{"target":"me","caller":"bob","sdp":{}}}]"#, sdp.as_str());
        let Ok(SocketRequest::Message(ClientMessage::Call { call, signal, .. })) = decode(&text) else { panic!("an offer") };
        prop_assert_eq!(written(&ServerMessage::Call { from: name("bob"), call, signal }), Some(text));
    }
}
