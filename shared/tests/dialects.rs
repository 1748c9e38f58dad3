//! Dialect 2 on the wire, and how a connection's dialect is decided.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use common::{OFFER, any_server_message, client_examples, name, payload, server_examples};
use proptest::prelude::*;
use visavis_shared::codec::encode_server;
use visavis_shared::dialect::{Dialect, Interpreter};
use visavis_shared::{
    CallSignal, ClientMessage, CloseReason, DeclineReason, ErrorCode, Login, LoginRefusal,
};
use visavis_shared::{ServerMessage, message};

/// An interpreter whose client has logged in as the pages of dialect 2 do.
fn named() -> Interpreter {
    let mut interpreter = Interpreter::default();
    let login = Login { username: "alice".into(), public_key: None, signature: None, resume: None };
    assert_eq!(
        interpreter.decode(r#"{"type":"login","name":"alice"}"#),
        Ok(ClientMessage::Login(login))
    );
    assert_eq!(interpreter.dialect(), Some(Dialect::Named));
    interpreter
}

fn to_bob(signal: CallSignal) -> ClientMessage {
    ClientMessage::Call { to: Some(name("bob")), call: None, signal }
}

fn from_alice(signal: CallSignal) -> ServerMessage {
    ServerMessage::Call { from: name("alice"), call: Some(common::call("c1")), signal }
}

#[test]
fn dialect_2_is_read() {
    let mut page = named();
    for (text, message) in [
        (
            format!(r#"{{"type":"offer","offer":{OFFER},"name":"bob"}}"#),
            to_bob(CallSignal::Offer(payload(OFFER))),
        ),
        (
            r#"{"type":"answer","answer":{"a":1},"name":"bob"}"#.into(),
            to_bob(CallSignal::Answer(payload(r#"{"a":1}"#))),
        ),
        (
            r#"{"type":"candidate","candidate":{"c":1},"name":"bob"}"#.into(),
            to_bob(CallSignal::Candidate(payload(r#"{"c":1}"#))),
        ),
        (r#"{"type":"leave","name":"bob"}"#.into(), to_bob(CallSignal::Close(None))),
        (
            r#"{"type":"leave"}"#.into(),
            ClientMessage::Call { to: None, call: None, signal: CallSignal::Close(None) },
        ),
        (
            r#"{"type":"leave","name":null}"#.into(),
            ClientMessage::Call { to: None, call: None, signal: CallSignal::Close(None) },
        ),
    ] {
        assert_eq!(page.decode(&text), Ok(message), "{text}");
    }
}

#[test]
fn dialect_2_is_written() {
    let page = named();
    let logged_in =
        ServerMessage::LoggedIn { username: name("alice"), ice_servers: vec![], resume: None };
    let refused =
        ServerMessage::LoginRefused { reason: LoginRefusal::Taken, message: "Taken.".into() };
    let answer = CallSignal::Answer(payload(r#"{"type":"answer"}"#));
    let error = ServerMessage::Error {
        code: ErrorCode::UnknownUser,
        message: "Nobody.".into(),
        in_reply_to: None,
        call: None,
    };
    for (message, text) in [
        (logged_in, r#"{"type":"login","success":true}"#.to_owned()),
        (refused, r#"{"type":"login","success":false}"#.into()),
        (
            from_alice(CallSignal::Offer(payload(OFFER))),
            format!(r#"{{"type":"offer","offer":{OFFER},"name":"alice"}}"#),
        ),
        (from_alice(answer), r#"{"type":"answer","answer":{"type":"answer"}}"#.into()),
        (
            from_alice(CallSignal::Candidate(payload(r#"{"c":1}"#))),
            r#"{"type":"candidate","candidate":{"c":1}}"#.into(),
        ),
        (from_alice(CallSignal::Decline(DeclineReason::Busy)), r#"{"type":"leave"}"#.into()),
        (from_alice(CallSignal::Close(None)), r#"{"type":"leave"}"#.into()),
        (
            from_alice(CallSignal::Close(Some(CloseReason::Disconnected))),
            r#"{"type":"leave"}"#.into(),
        ),
        (from_alice(CallSignal::Close(Some(CloseReason::Failed))), r#"{"type":"leave"}"#.into()),
        (error, r#"{"type":"error","message":"Nobody."}"#.into()),
    ] {
        assert_eq!(page.encode(&message).unwrap(), text);
    }
    assert_eq!(page.encode(&from_alice(CallSignal::Ringing(None))), None);
}

#[test]
fn an_unknown_command_is_answered_as_the_old_servers_did() {
    let mut page = named();
    for kind in ["foo", "users", "close", "ringing"] {
        let error = page.decode(&format!(r#"{{"type":"{kind}","name":"bob"}}"#)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnknownType);
        let expected = format!(r#"{{"type":"error","message":"Command not found: {kind}"}}"#);
        assert_eq!(page.encode(&error.into_reply()), Some(expected));
    }
}

#[track_caller]
fn check_decided(text: &str, dialect: Option<Dialect>) {
    let mut interpreter = Interpreter::default();
    let _ = interpreter.decode(text);
    assert_eq!(interpreter.dialect(), dialect, "{text}");
}

#[test]
fn the_first_message_whose_spelling_tells_decides() {
    check_decided(r#"{"type":"login","username":"a"}"#, Some(Dialect::Canonical));
    check_decided(r#"{"type":"login","username":"a","name":"Alice"}"#, Some(Dialect::Canonical));
    check_decided(r#"{"type":"login","name":""}"#, Some(Dialect::Named));
    check_decided(r#"{"type":"leave"}"#, Some(Dialect::Named));
    check_decided(r#"{"type":"users"}"#, Some(Dialect::Canonical));
    check_decided(r#"{"type":"login"}"#, None);
    check_decided(r#"{"type":"foo","name":"a"}"#, None);
    check_decided("rubbish", None);
}

#[test]
fn rubbish_before_the_login_does_not_decide() {
    let mut interpreter = Interpreter::default();
    assert!(interpreter.decode("rubbish").is_err());
    assert!(interpreter.decode(r#"{"type":"login","name":"alice"}"#).is_ok());
    assert_eq!(interpreter.dialect(), Some(Dialect::Named));
}

#[test]
fn a_dialect_once_decided_stays() {
    let mut page = named();
    assert!(page.decode(r#"{"type":"login","username":"alice"}"#).is_err());
    assert_eq!(page.dialect(), Some(Dialect::Named));
    let mut native = Interpreter::default();
    for (text, message) in client_examples() {
        assert_eq!(native.decode(&text), Ok(message));
    }
    assert!(native.decode(r#"{"type":"leave","name":"bob"}"#).is_err());
    assert_eq!(native.dialect(), Some(Dialect::Canonical));
}

#[test]
fn before_the_login_and_in_dialect_1_the_canonical_text_is_sent() {
    let mut native = Interpreter::default();
    for (text, message) in server_examples() {
        assert_eq!(native.encode(&message), Some(text));
    }
    native.decode(r#"{"type":"login","username":"alice"}"#).unwrap();
    for (text, message) in server_examples() {
        assert_eq!(native.encode(&message), Some(text));
    }
}

proptest! {
    #[test]
    fn whatever_a_page_of_dialect_2_gets_is_json_with_a_type_it_knows(message in any_server_message()) {
        if let Some(text) = named().encode(&message) {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let kind = value["type"].as_str().unwrap();
            prop_assert!(["login", "offer", "answer", "candidate", "leave", "error"].contains(&kind), "{}", kind);
        }
    }

    #[test]
    fn a_call_from_dialect_2_says_in_dialect_1_what_it_said(sdp in ".*") {
        let offer = message::Payload::of(&serde_json::json!({"type": "offer", "sdp": sdp})).unwrap();
        let text = format!(r#"{{"type":"offer","offer":{},"name":"bob"}}"#, offer.as_str());
        let Ok(ClientMessage::Call { to, call, signal }) = named().decode(&text) else { panic!("an offer") };
        prop_assert_eq!(to, Some(name("bob")));
        let relayed = encode_server(&ServerMessage::Call { from: name("alice"), call, signal });
        prop_assert_eq!(relayed, format!(r#"{{"type":"offer","username":"alice","offer":{}}}"#, offer.as_str()));
    }
}
