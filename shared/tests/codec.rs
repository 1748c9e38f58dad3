//! The canonical dialect on the wire: golden texts, round trips, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use common::{
    OFFER, any_client_message, any_server_message, call, client_examples, name, payload,
    server_examples,
};
use proptest::prelude::*;
use visavis_shared::codec::{Problem, decode_client, decode_server, encode_client, encode_server};
use visavis_shared::limits::{MAX_MISSED_CALLS, MAX_USERNAME_CHARS};
use visavis_shared::{
    CallSignal, ClientMessage, CloseReason, DeclineReason, ErrorCode, LoginRefusal, MissedCall,
    ServerMessage, Timestamp, Username,
};

#[test]
fn every_message_of_a_client_has_its_text() {
    for (text, message) in client_examples() {
        assert_eq!(encode_client(&message), text);
        assert_eq!(decode_client(&text).unwrap(), message, "{text}");
    }
}

#[test]
fn every_message_of_the_server_has_its_text() {
    for (text, message) in server_examples() {
        assert_eq!(encode_server(&message), text);
        assert_eq!(decode_server(&text).unwrap(), message, "{text}");
    }
}

#[test]
fn every_message_in_the_reference_is_one() {
    let reference = include_str!("../../docs/protocol.md");
    let messages: Vec<&str> = reference.lines().filter(|line| line.starts_with('{')).collect();
    for text in &messages {
        assert!(decode_client(text).is_ok() || decode_server(text).is_ok(), "{text}");
    }
    assert!(messages.len() > 15, "{messages:?}");
}

#[test]
fn every_word_on_the_wire_is_read_as_what_it_was_written_for() {
    let quoted = |word: &str| format!("\"{word}\"");
    for code in [
        ErrorCode::InvalidJson,
        ErrorCode::UnknownType,
        ErrorCode::NotLoggedIn,
        ErrorCode::UnknownUser,
        ErrorCode::NotAllowed,
        ErrorCode::TooLarge,
        ErrorCode::RateLimited,
        ErrorCode::RoomFull,
        ErrorCode::Other,
    ] {
        assert_eq!(serde_json::from_str::<ErrorCode>(&quoted(code.as_str())).unwrap(), code);
    }
    for reason in [
        LoginRefusal::Taken,
        LoginRefusal::InvalidName,
        LoginRefusal::AlreadyLoggedIn,
        LoginRefusal::NotAllowed,
        LoginRefusal::Other,
    ] {
        assert_eq!(serde_json::from_str::<LoginRefusal>(&quoted(reason.as_str())).unwrap(), reason);
    }
    for reason in [
        DeclineReason::Declined,
        DeclineReason::Busy,
        DeclineReason::Timeout,
        DeclineReason::Failed,
    ] {
        assert_eq!(
            serde_json::from_str::<DeclineReason>(&quoted(reason.as_str())).unwrap(),
            reason
        );
    }
    for reason in [CloseReason::Disconnected, CloseReason::Failed, CloseReason::Timeout] {
        assert_eq!(serde_json::from_str::<CloseReason>(&quoted(reason.as_str())).unwrap(), reason);
    }
}

#[test]
fn unknown_members_and_words_do_no_harm() {
    let text = r#"{"type":"close","otherUsername":"bob","reason":"bored","call":null,"colour":{"deep":[1,2]}}"#;
    let close =
        ClientMessage::Call { to: Some(name("bob")), call: None, signal: CallSignal::Close(None) };
    assert_eq!(decode_client(text).unwrap(), close);

    let text = r#"{"type":"error","code":"brand-new","message":"m"}"#;
    let error = ServerMessage::Error {
        code: ErrorCode::Other,
        message: "m".into(),
        in_reply_to: None,
        call: None,
    };
    assert_eq!(decode_server(text).unwrap(), error);

    let text = r#"{"type":"decline","username":"bob","reason":"washing-hair"}"#;
    let decline = CallSignal::Decline(DeclineReason::Declined);
    assert_eq!(
        decode_server(text).unwrap(),
        ServerMessage::Call { from: name("bob"), call: None, signal: decline }
    );
}

fn missed_calls(calls: &str) -> Vec<(String, u64, bool)> {
    let text = format!(r#"{{"type":"missed-calls","calls":{calls}}}"#);
    let Ok(ServerMessage::MissedCalls { calls }) = decode_server(&text) else { panic!("{text}") };
    let seen = |call: &MissedCall| (call.from.to_string(), call.at.unix_seconds(), call.guest);
    calls.iter().map(seen).collect()
}

#[test]
fn a_missed_call_that_can_not_be_read_costs_nothing_but_itself() {
    let bob = r#"{"from":"bob","at":"1970-01-01T00:01:40+00:00","call":{"x":[1]},"guest":null}"#;
    for wrong in [
        "null",
        "7",
        "[]",
        "{}",
        r#""bob""#,
        r#"{"from":"bob"}"#,
        r#"{"at":"1970-01-01T00:01:40Z"}"#,
        r#"{"from":"","at":"1970-01-01T00:01:40Z"}"#,
        r#"{"from":7,"at":"1970-01-01T00:01:40Z"}"#,
        r#"{"from":"b\u001b[2J","at":"1970-01-01T00:01:40Z"}"#,
        r#"{"from":"bob","at":"yesterday"}"#,
        r#"{"from":"bob","at":100}"#,
        r#"{"from":"bob","at":"1969-01-01T00:00:00Z"}"#,
    ] {
        assert_eq!(
            missed_calls(&format!("[{wrong},{bob},{wrong}]")),
            [("bob".to_owned(), 100, false)],
            "{wrong}"
        );
    }
    for guest in ["1", r#""yes""#, "false", "null", "{}"] {
        let call = format!(r#"[{{"from":"bob","at":"1970-01-01T00:01:40Z","guest":{guest}}}]"#);
        assert_eq!(missed_calls(&call), [("bob".to_owned(), 100, false)], "{guest}");
    }
    for nothing in ["null", "7", "{}", "[]", r#""bob""#] {
        assert_eq!(missed_calls(nothing), [], "{nothing}");
    }
    let Ok(ServerMessage::MissedCalls { calls }) = decode_server(r#"{"type":"missed-calls"}"#)
    else {
        panic!("a list");
    };
    assert_eq!(calls, []);
}

#[test]
fn of_too_many_missed_calls_the_latest_are_taken() {
    let call = |n: usize| format!(r#"{{"from":"p{n}","at":"2026-11-29T10:02:00Z"}}"#);
    let calls: Vec<_> = (0..200).map(call).collect();
    let taken = missed_calls(&format!("[{}]", calls.join(",")));
    assert_eq!(taken.len(), MAX_MISSED_CALLS);
    assert_eq!((taken[0].0.as_str(), taken[49].0.as_str()), ("p150", "p199"));
}

#[test]
fn the_longest_list_of_missed_calls_is_no_larger_than_a_client_reads() {
    let from = "\u{10ffff}".repeat(MAX_USERNAME_CHARS);
    let Ok(from) = Username::parse(&from) else { panic!("a name") };
    let at = Timestamp::from_unix_seconds(u64::MAX);
    let calls = vec![MissedCall { from, at, guest: true }; MAX_MISSED_CALLS];
    let text = encode_server(&ServerMessage::MissedCalls { calls });
    assert!(text.len() < 16 * 1024, "{} bytes", text.len());
}

#[test]
fn a_payload_is_relayed_to_the_letter() {
    let text =
        format!("{{ \"offer\" : {OFFER} ,\n\"otherUsername\":\" bob \",\"type\":\"offer\"}}");
    let Ok(ClientMessage::Call { to, call, signal: CallSignal::Offer(offer) }) =
        decode_client(&text)
    else {
        panic!("an offer");
    };
    assert_eq!((to, call), (Some(name("bob")), None));
    assert_eq!(offer, payload(OFFER));
    let relayed = encode_server(&ServerMessage::Call {
        from: name("alice"),
        call: None,
        signal: CallSignal::Offer(offer),
    });
    assert_eq!(relayed, format!(r#"{{"type":"offer","username":"alice","offer":{OFFER}}}"#));
}

/// What is wrong with a text, what programs are told, and to which message and call it answers.
#[track_caller]
fn check_refused(text: &str, code: ErrorCode, in_reply_to: Option<&str>, of_call: Option<&str>) {
    let error = decode_client(text).unwrap_err();
    assert_eq!(error.code(), code, "{text}: {error}");
    assert_eq!(error.in_reply_to.as_deref(), in_reply_to, "{text}: {error}");
    assert_eq!(error.call, of_call.map(call), "{text}: {error}");
}

#[test]
fn what_is_no_message_is_refused_and_named() {
    check_refused("", ErrorCode::InvalidJson, None, None);
    check_refused("hello", ErrorCode::InvalidJson, None, None);
    check_refused("[]", ErrorCode::InvalidJson, None, None);
    check_refused(r#"{"type":"login""#, ErrorCode::InvalidJson, None, None);
    check_refused("{}", ErrorCode::InvalidJson, None, None);
    check_refused(r#"{"type":7}"#, ErrorCode::InvalidJson, None, None);
    check_refused(r#"{"type":"foo","call":"c1"}"#, ErrorCode::UnknownType, Some("foo"), Some("c1"));
    check_refused(r#"{"type":"hello"}"#, ErrorCode::UnknownType, Some("hello"), None);
    check_refused(r#"{"type":"login"}"#, ErrorCode::InvalidJson, Some("login"), None);
    check_refused(
        r#"{"type":"login","username":["a"]}"#,
        ErrorCode::InvalidJson,
        Some("login"),
        None,
    );
    check_refused(r#"{"type":"users","prefix":1}"#, ErrorCode::InvalidJson, Some("users"), None);
    check_refused(
        r#"{"type":"watch","usernames":[""]}"#,
        ErrorCode::InvalidJson,
        Some("watch"),
        None,
    );
    check_refused(r#"{"type":"join","room":""}"#, ErrorCode::InvalidJson, Some("join"), None);
    check_refused(
        r#"{"type":"message","room":"r"}"#,
        ErrorCode::InvalidJson,
        Some("message"),
        None,
    );
    check_refused(
        r#"{"type":"offer","offer":{},"call":"c1"}"#,
        ErrorCode::InvalidJson,
        Some("offer"),
        Some("c1"),
    );
    check_refused(
        r#"{"type":"offer","otherUsername":"bob","offer":null}"#,
        ErrorCode::InvalidJson,
        Some("offer"),
        None,
    );
    check_refused(
        r#"{"type":"offer","otherUsername":"  ","offer":{},"call":"c1"}"#,
        ErrorCode::UnknownUser,
        Some("offer"),
        Some("c1"),
    );
    check_refused(
        r#"{"type":"ringing","otherUsername":"bob","call":{}}"#,
        ErrorCode::InvalidJson,
        Some("ringing"),
        None,
    );
}

#[test]
fn the_reply_to_a_refused_message_says_what_was_wrong_with_which() {
    let reply = decode_client(r#"{"type":"offer","otherUsername":"bob","call":"c1"}"#)
        .unwrap_err()
        .into_reply();
    assert_eq!(
        encode_server(&reply),
        r#"{"type":"error","code":"invalid-json","message":"\"offer\" is missing.","inReplyTo":"offer","call":"c1"}"#
    );
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    let large = format!(r#"{{"type":"users","prefix":"{}"}}"#, "x".repeat(64 * 1024));
    check_refused(&large, ErrorCode::TooLarge, None, None);
    let deep = format!(
        r#"{{"type":"offer","otherUsername":"bob","offer":{}{}}}"#,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    check_refused(&deep, ErrorCode::InvalidJson, None, None);
    assert_eq!(decode_client(&deep).unwrap_err().problem, Problem::TooDeep);
    let names: Vec<String> = (0..101).map(|n| format!("\"n{n}\"")).collect();
    let many = format!(r#"{{"type":"watch","usernames":[{}]}}"#, names.join(","));
    check_refused(&many, ErrorCode::TooLarge, Some("watch"), None);
}

#[test]
fn an_absurdly_long_type_is_not_given_back_whole() {
    let error = decode_client(&format!(r#"{{"type":"{}"}}"#, "é".repeat(30_000))).unwrap_err();
    assert_eq!(error.in_reply_to.unwrap(), "é".repeat(64));
}

proptest! {
    #[test]
    fn whatever_a_client_writes_is_read_as_the_same(message in any_client_message()) {
        prop_assert_eq!(decode_client(&encode_client(&message)), Ok(message));
    }

    #[test]
    fn whatever_the_server_writes_is_read_as_the_same(message in any_server_message()) {
        prop_assert_eq!(decode_server(&encode_server(&message)), Ok(message));
    }
}
