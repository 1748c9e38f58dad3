//! One example of every message with the text that stands for it, and strategies that make up any
//! message.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]
#![allow(dead_code, reason = "each test file uses its part")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use visavis_shared::identity::Nonce;
use visavis_shared::{
    CallId, CallSignal, ClientMessage, CloseReason, DeclineReason, ErrorCode, ForeignText,
    IceServer, Login, LoginRefusal, MissedCall, Payload, RoomId, ServerMessage, Timestamp,
    Username,
};

/// JSON that is not normalised, to see that it stays as it is.
pub(crate) const OFFER: &str =
    r#"{"type":"offer","sdp":"v=0\r\n",  "x-vendor" : [1.50, "\u00e9"]}"#;

pub(crate) fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

pub(crate) fn call(text: &str) -> CallId {
    CallId::parse(text).unwrap()
}

pub(crate) fn room(text: &str) -> RoomId {
    RoomId::parse(text).unwrap()
}

pub(crate) fn payload(json: &str) -> Payload {
    serde_json::from_str(json).unwrap()
}

fn missed(from: &str, seconds: u64, guest: bool) -> MissedCall {
    MissedCall { from: name(from), at: Timestamp::from_unix_seconds(seconds), guest }
}

/// Every message that a client can send, in the canonical dialect.
pub(crate) fn client_examples() -> Vec<(String, ClientMessage)> {
    let to_bob = |id: Option<&str>, signal| ClientMessage::Call {
        to: Some(name("bob")),
        call: id.map(call),
        signal,
    };
    let plain = Login { username: "alice".into(), public_key: None, signature: None, resume: None };
    [
        (r#"{"type":"login","username":"alice"}"#.into(), ClientMessage::Login(plain.clone())),
        (
            r#"{"type":"login","username":"alice","publicKey":"cHVi","signature":"c2ln","resume":""}"#.into(),
            ClientMessage::Login(Login {
                public_key: Some("cHVi".into()),
                signature: Some("c2ln".into()),
                resume: Some(String::new()),
                ..plain
            }),
        ),
        (r#"{"type":"users","prefix":"bo"}"#.into(), ClientMessage::Users { prefix: "bo".into() }),
        (
            r#"{"type":"watch","usernames":["bob","carol"]}"#.into(),
            ClientMessage::Watch { usernames: vec![name("bob"), name("carol")] },
        ),
        (
            format!(r#"{{"type":"offer","otherUsername":"bob","call":"c1","offer":{OFFER}}}"#),
            to_bob(Some("c1"), CallSignal::Offer(payload(OFFER))),
        ),
        (
            r#"{"type":"ringing","otherUsername":"bob","call":"c1","identity":{"key":"…"}}"#.into(),
            to_bob(Some("c1"), CallSignal::Ringing(Some(payload(r#"{"key":"…"}"#)))),
        ),
        (
            r#"{"type":"opening","otherUsername":"bob","call":"c1","nonce":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}"#.into(),
            to_bob(Some("c1"), CallSignal::Opening(Nonce([1; 32]))),
        ),
        (r#"{"type":"ringing","otherUsername":"bob","call":"c1"}"#.into(), to_bob(Some("c1"), CallSignal::Ringing(None))),
        (
            r#"{"type":"answer","otherUsername":"bob","answer":{"type":"answer","sdp":""}}"#.into(),
            to_bob(None, CallSignal::Answer(payload(r#"{"type":"answer","sdp":""}"#))),
        ),
        (
            r#"{"type":"candidate","otherUsername":"bob","call":"c1","candidate":{"candidate":"","sdpMid":"0"}}"#
                .into(),
            to_bob(Some("c1"), CallSignal::Candidate(payload(r#"{"candidate":"","sdpMid":"0"}"#))),
        ),
        (
            r#"{"type":"candidate","otherUsername":"bob","candidate":null}"#.into(),
            to_bob(None, CallSignal::Candidate(payload("null"))),
        ),
        (
            r#"{"type":"decline","otherUsername":"bob","call":"c1","reason":"busy"}"#.into(),
            to_bob(Some("c1"), CallSignal::Decline(DeclineReason::Busy)),
        ),
        (r#"{"type":"close","otherUsername":"bob","call":"c1"}"#.into(), to_bob(Some("c1"), CallSignal::Close(None))),
        (
            r#"{"type":"close","otherUsername":"bob","call":"c1","reason":"failed"}"#.into(),
            to_bob(Some("c1"), CallSignal::Close(Some(CloseReason::Failed))),
        ),
        (
            r#"{"type":"close","otherUsername":"bob","call":"c1","reason":"timeout"}"#.into(),
            to_bob(Some("c1"), CallSignal::Close(Some(CloseReason::Timeout))),
        ),
        (r#"{"type":"close"}"#.into(), ClientMessage::Call { to: None, call: None, signal: CallSignal::Close(None) }),
        (r#"{"type":"join","room":"blue"}"#.into(), ClientMessage::Join { room: room("blue") }),
        (
            r#"{"type":"leave-room","room":"blue"}"#.into(),
            ClientMessage::LeaveRoom { room: room("blue") },
        ),
        (
            r#"{"type":"message","room":"blue","message":{"any":["thing"]}}"#.into(),
            ClientMessage::Message { room: room("blue"), message: payload(r#"{"any":["thing"]}"#) },
        ),
    ]
    .into()
}

/// Every message that the server can send, in the canonical dialect.
pub(crate) fn server_examples() -> Vec<(String, ServerMessage)> {
    let from_alice = |id: Option<&str>, signal| ServerMessage::Call {
        from: name("alice"),
        call: id.map(call),
        signal,
    };
    [
        (
            r#"{"type":"hello","protocol":1,"server":"visavis-signal-server/0.1.0","challenge":"AAEC"}"#.into(),
            ServerMessage::Hello {
                protocol: 1,
                server: "visavis-signal-server/0.1.0".into(),
                challenge: "AAEC".into(),
            },
        ),
        (
            concat!(
                r#"{"type":"login","success":true,"username":"alice","iceServers":[{"urls":["stun:h:3478"]},"#,
                r#"{"urls":["turn:h:3478","turns:h"],"username":"u","credential":"c"}],"resume":"t"}"#
            )
            .into(),
            ServerMessage::LoggedIn {
                username: name("alice"),
                ice_servers: vec![
                    IceServer { urls: vec!["stun:h:3478".into()], username: None, credential: None },
                    IceServer {
                        urls: vec!["turn:h:3478".into(), "turns:h".into()],
                        username: Some("u".into()),
                        credential: Some("c".into()),
                    },
                ],
                resume: Some("t".into()),
            },
        ),
        (
            r#"{"type":"login","success":false,"reason":"taken","message":"Choose another."}"#.into(),
            ServerMessage::LoginRefused { reason: LoginRefusal::Taken, message: "Choose another.".into() },
        ),
        (
            concat!(
                r#"{"type":"missed-calls","calls":[{"from":"bob","at":"2026-11-29T10:02:00Z"},"#,
                r#"{"from":"carol","at":"2026-11-29T18:30:07Z","guest":true}]}"#
            )
            .into(),
            ServerMessage::MissedCalls {
                calls: vec![
                    missed("bob", 1_795_946_520, false),
                    missed("carol", 1_795_977_007, true),
                ],
            },
        ),
        (
            r#"{"type":"users","users":["bob"],"total":1}"#.into(),
            ServerMessage::Users { users: vec![name("bob")], total: 1 },
        ),
        (
            r#"{"type":"presence","username":"bob","online":true}"#.into(),
            ServerMessage::Presence { username: name("bob"), online: true },
        ),
        (
            format!(r#"{{"type":"offer","username":"alice","call":"c1","offer":{OFFER}}}"#),
            from_alice(Some("c1"), CallSignal::Offer(payload(OFFER))),
        ),
        (
            r#"{"type":"opening","username":"alice","call":"c1","nonce":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}"#.into(),
            from_alice(Some("c1"), CallSignal::Opening(Nonce([1; 32]))),
        ),
        (r#"{"type":"ringing","username":"alice","call":"c1"}"#.into(), from_alice(Some("c1"), CallSignal::Ringing(None))),
        (
            r#"{"type":"answer","username":"alice","answer":{"type":"answer","sdp":""}}"#.into(),
            from_alice(None, CallSignal::Answer(payload(r#"{"type":"answer","sdp":""}"#))),
        ),
        (
            r#"{"type":"candidate","username":"alice","call":"c1","candidate":{"candidate":""}}"#.into(),
            from_alice(Some("c1"), CallSignal::Candidate(payload(r#"{"candidate":""}"#))),
        ),
        (
            r#"{"type":"decline","username":"alice","call":"c1","reason":"declined"}"#.into(),
            from_alice(Some("c1"), CallSignal::Decline(DeclineReason::Declined)),
        ),
        (r#"{"type":"close","username":"alice","call":"c1"}"#.into(), from_alice(Some("c1"), CallSignal::Close(None))),
        (
            r#"{"type":"close","username":"alice","call":"c1","reason":"disconnected"}"#.into(),
            from_alice(Some("c1"), CallSignal::Close(Some(CloseReason::Disconnected))),
        ),
        (
            r#"{"type":"close","username":"alice","call":"c1","reason":"failed"}"#.into(),
            from_alice(Some("c1"), CallSignal::Close(Some(CloseReason::Failed))),
        ),
        (
            r#"{"type":"joined","room":"blue","users":["bob"]}"#.into(),
            ServerMessage::Joined { room: room("blue"), users: vec![name("bob")] },
        ),
        (
            r#"{"type":"user-joined","room":"blue","username":"bob"}"#.into(),
            ServerMessage::UserJoined { room: room("blue"), username: name("bob") },
        ),
        (
            r#"{"type":"user-left","room":"blue","username":"bob"}"#.into(),
            ServerMessage::UserLeft { room: room("blue"), username: name("bob") },
        ),
        (
            r#"{"type":"message","room":"blue","username":"bob","message":"hi"}"#.into(),
            ServerMessage::Message { room: room("blue"), username: name("bob"), message: payload(r#""hi""#) },
        ),
        (
            r#"{"type":"broadcast","username":"bob","message":["hi"]}"#.into(),
            ServerMessage::Broadcast { from: name("bob"), message: payload(r#"["hi"]"#) },
        ),
        (r#"{"type":"guest-left","username":"bob"}"#.into(), ServerMessage::GuestLeft { username: name("bob") }),
        (
            r#"{"type":"ice-servers","iceServers":[{"urls":["stun:192.0.2.1:3478"]}]}"#.into(),
            ServerMessage::IceServers {
                ice_servers: vec![IceServer {
                    urls: vec!["stun:192.0.2.1:3478".into()],
                    username: None,
                    credential: None,
                }],
            },
        ),
        (
            r#"{"type":"error","code":"unknown-user","message":"Nobody.","inReplyTo":"offer","call":"c1"}"#.into(),
            ServerMessage::Error {
                code: ErrorCode::UnknownUser,
                message: "Nobody.".into(),
                in_reply_to: Some("offer".into()),
                call: Some(call("c1")),
            },
        ),
    ]
    .into()
}

/// Any user name.
pub(crate) fn any_name() -> impl Strategy<Value = Username> {
    "\\PC{1,32}".prop_filter_map("a name", |text| Username::parse(&text).ok())
}

fn any_call() -> impl Strategy<Value = Option<CallId>> {
    option::of("\\PC{1,64}".prop_filter_map("a call id", |text| CallId::parse(&text).ok()))
}

fn any_room() -> impl Strategy<Value = RoomId> {
    "\\PC{1,64}".prop_filter_map("a room", |text| RoomId::parse(&text).ok())
}

fn any_payload() -> impl Strategy<Value = Payload> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        ".*".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[ {}]", items.join(", "))),
            vec((".*", inner), 0..4).prop_map(|members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(k, v)| format!("{} :{v}", serde_json::to_string(k).unwrap()))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
    .prop_map(|json| payload(&json))
}

fn any_signal() -> impl Strategy<Value = CallSignal> {
    prop_oneof![
        any_payload().prop_map(CallSignal::Offer),
        option::of(
            any_payload()
                .prop_filter("null is as good as nothing", |json| { json.as_str() != "null" })
        )
        .prop_map(CallSignal::Ringing),
        any::<[u8; 32]>().prop_map(|bytes| CallSignal::Opening(Nonce(bytes))),
        any_payload().prop_map(CallSignal::Answer),
        any_payload().prop_map(CallSignal::Candidate),
        prop::sample::select(vec![
            DeclineReason::Declined,
            DeclineReason::Busy,
            DeclineReason::Timeout,
            DeclineReason::Failed
        ])
        .prop_map(CallSignal::Decline),
        option::of(prop::sample::select(vec![
            CloseReason::Disconnected,
            CloseReason::Failed,
            CloseReason::Timeout
        ]))
        .prop_map(CallSignal::Close),
    ]
}

/// Any message of a client.
pub(crate) fn any_client_message() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        (".*", option::of(".*"), option::of(".*"), option::of(".*")).prop_map(
            |(username, public_key, signature, resume)| ClientMessage::Login(Login {
                username,
                public_key,
                signature,
                resume
            })
        ),
        ".*".prop_map(|prefix| ClientMessage::Users { prefix }),
        vec(any_name(), 0..20).prop_map(|usernames| ClientMessage::Watch { usernames }),
        (any_name(), any_call(), any_signal()).prop_map(|(to, call, signal)| ClientMessage::Call {
            to: Some(to),
            call,
            signal
        }),
        any_call().prop_map(|call| ClientMessage::Call {
            to: None,
            call,
            signal: CallSignal::Close(None)
        }),
        any_room().prop_map(|room| ClientMessage::Join { room }),
        (any_room(), any_payload())
            .prop_map(|(room, message)| ClientMessage::Message { room, message }),
    ]
}

/// Any text as it is once it was read.
pub(crate) fn any_foreign_text() -> impl Strategy<Value = ForeignText> {
    ".*".prop_map(ForeignText::from)
}

fn any_missed_call() -> impl Strategy<Value = MissedCall> {
    (any_name(), any::<u64>(), any::<bool>()).prop_map(|(from, seconds, guest)| MissedCall {
        from,
        at: Timestamp::from_unix_seconds(seconds),
        guest,
    })
}

/// Any message of the server.
pub(crate) fn any_server_message() -> impl Strategy<Value = ServerMessage> {
    let ice_server = (vec(".*", 0..3), option::of(".*"), option::of(".*"))
        .prop_map(|(urls, username, credential)| IceServer { urls, username, credential });
    prop_oneof![
        (any::<u32>(), any_foreign_text(), ".*").prop_map(|(protocol, server, challenge)| {
            ServerMessage::Hello { protocol, server, challenge }
        }),
        (any_name(), vec(ice_server, 0..3), option::of(".*")).prop_map(
            |(username, ice_servers, resume)| {
                ServerMessage::LoggedIn { username, ice_servers, resume }
            }
        ),
        (
            prop::sample::select(vec![
                LoginRefusal::Taken,
                LoginRefusal::InvalidName,
                LoginRefusal::AlreadyLoggedIn,
                LoginRefusal::NotAllowed,
                LoginRefusal::RateLimited,
                LoginRefusal::Unavailable,
                LoginRefusal::Other
            ]),
            any_foreign_text()
        )
            .prop_map(|(reason, message)| ServerMessage::LoginRefused { reason, message }),
        vec(any_missed_call(), 0..=50).prop_map(|calls| ServerMessage::MissedCalls { calls }),
        (vec(any_name(), 0..20), any::<u32>())
            .prop_map(|(users, total)| ServerMessage::Users { users, total: total as usize }),
        (any_name(), any::<bool>())
            .prop_map(|(username, online)| ServerMessage::Presence { username, online }),
        (any_name(), any_call(), any_signal())
            .prop_map(|(from, call, signal)| ServerMessage::Call { from, call, signal }),
        (any_room(), vec(any_name(), 0..2))
            .prop_map(|(room, users)| ServerMessage::Joined { room, users }),
        (any_room(), any_name())
            .prop_map(|(room, username)| ServerMessage::UserJoined { room, username }),
        (any_room(), any_name())
            .prop_map(|(room, username)| ServerMessage::UserLeft { room, username }),
        (any_room(), any_name(), any_payload()).prop_map(|(room, username, message)| {
            ServerMessage::Message { room, username, message }
        }),
        (any_name(), any_payload())
            .prop_map(|(from, message)| ServerMessage::Broadcast { from, message }),
        any_name().prop_map(|username| ServerMessage::GuestLeft { username }),
        (
            prop::sample::select(vec![
                ErrorCode::InvalidJson,
                ErrorCode::UnknownType,
                ErrorCode::NotLoggedIn,
                ErrorCode::UnknownUser,
                ErrorCode::NotAllowed,
                ErrorCode::TooLarge,
                ErrorCode::RateLimited,
                ErrorCode::RoomFull,
                ErrorCode::Unavailable,
                ErrorCode::Other
            ]),
            any_foreign_text(),
            option::of(any_foreign_text().prop_map(String::from)),
            any_call()
        )
            .prop_map(|(code, message, in_reply_to, call)| ServerMessage::Error {
                code,
                message,
                in_reply_to,
                call
            }),
    ]
}
