//! Throws rubbish at the codec in every dialect: random bytes, and valid messages that were cut,
//! spliced and bent.
//!
//! Nothing may panic, and whatever is read must be written as a text that is read as the same. The
//! seed is fixed, so a failure repeats; `VISAVIS_FUZZ_SECONDS=30` goes on for that long with fresh
//! seeds instead of a fixed count.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::time::{Duration, Instant};

use common::{client_examples, server_examples};
use visavis_shared::codec::{decode_client, decode_server, encode_client, encode_server};
use visavis_shared::dialect::Interpreter;
use visavis_shared::dialect::events::{self, SocketRequest};
use visavis_shared::limits::{MAX_MESSAGE_BYTES, MAX_RELAYED_BYTES};

/// How many texts are tried without the environment variable.
const TEXTS: u64 = 40_000;

/// Texts of dialect 2 to start from; those of dialect 1 are in `common`.
const NAMED: [&str; 6] = [
    r#"{"type":"login","name":"alice"}"#,
    r#"{"type":"offer","offer":{"type":"offer","sdp":"v=0\r\n"},"name":"bob"}"#,
    r#"{"type":"answer","answer":{"type":"answer","sdp":"v=0\r\n"},"name":"bob"}"#,
    r#"{"type":"candidate","candidate":{"candidate":"","sdpMLineIndex":0},"name":"bob"}"#,
    r#"{"type":"leave","name":"bob"}"#,
    r#"{"type":"leave"}"#,
];

/// Texts of dialects 3 and 4 to start from.
const EVENTS: [&str; 7] = [
    r#"["join room","blue"]"#,
    r#"["join",{"roomId":17}]"#,
    r#"["offer",{"target":"bob","caller":"alice","sdp":{"type":"offer","sdp":"v=0\r\n"}}]"#,
    r#"["answer",{"target":"bob","caller":"alice","sdp":{"type":"answer","sdp":"v=0\r\n"}}]"#,
    r#"["ice-candidate",{"target":"bob","candidate":{"candidate":"","sdpMLineIndex":0}}]"#,
    r#"["message",{"type":"candidate","label":0}]"#,
    r#"["message","bye",1]"#,
];

/// Pieces that parsers trip over.
const PIECES: [&str; 20] = [
    "null",
    "true",
    "-0",
    "1e999",
    "\"\"",
    "{}",
    "[]",
    "\\",
    "\\u0000",
    "\\ud800",
    "\"type\":",
    "\u{feff}",
    "\u{202e}",
    "\u{0}",
    "{\"\":",
    "[[[[[[[[[[[[[[[[",
    "9223372036854775808",
    "\"username\":null,",
    ",",
    "\"call\":\"x\",",
];

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// One text to try.
fn make_up(random: &mut Random, seeds: &[String]) -> String {
    if random.below(20) == 0 {
        let bytes: Vec<u8> = (0..random.below(200)).map(|_| random.next() as u8).collect();
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut bytes = seeds[random.below(seeds.len())].clone().into_bytes();
    for _ in 0..random.below(6) {
        let at = random.below(bytes.len() + 1);
        let end = at + random.below(bytes.len() - at + 1);
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(at..end.min(at + 4), piece.bytes());
            }
            3 => {
                let other = seeds[random.below(seeds.len())].as_bytes();
                let from = random.below(other.len());
                bytes.splice(at..at, other[from..].iter().copied());
            }
            4 if at < bytes.len() => bytes[at] = random.next() as u8,
            _ => {
                let copy = bytes[at..end].to_vec();
                for _ in 0..random.below(40) {
                    bytes.splice(at..at, copy.iter().copied());
                    if bytes.len() > 100_000 {
                        break;
                    }
                }
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a socket sees of a message, if anything.
fn as_event(message: &visavis_shared::ServerMessage) -> Option<String> {
    let me = visavis_shared::Username::parse("me").unwrap();
    let emission = events::encode(message, &me)?;
    let arguments = serde_json::to_string(&emission).unwrap();
    Some(format!("[\"{}\",{}", emission.name(), &arguments[1..]))
}

/// Tries one text as an event.
fn check_event(text: &str) -> u64 {
    use visavis_shared::{ClientMessage, ServerMessage, Username};
    let from = || Username::parse("alice").unwrap();
    let relayed = match events::decode(text) {
        Ok(SocketRequest::Broadcast(message)) => ServerMessage::Broadcast { from: from(), message },
        Ok(SocketRequest::Message(ClientMessage::Call { call, signal, .. })) => {
            ServerMessage::Call { from: from(), call, signal }
        }
        Ok(SocketRequest::Message(message)) => {
            assert_eq!(decode_client(&encode_client(&message)), Ok(message), "{text}");
            return 1;
        }
        Err(error) => {
            let event = as_event(&error.into_reply()).unwrap();
            assert!(serde_json::from_str::<Vec<serde_json::Value>>(&event).is_ok(), "{text}");
            return 0;
        }
    };
    // What one page says, another hears; and read again it says the same.
    if let Some(event) = as_event(&relayed).filter(|event| event.len() <= MAX_MESSAGE_BYTES) {
        let again = match (events::decode(&event), &relayed) {
            (Ok(SocketRequest::Broadcast(message)), ServerMessage::Broadcast { .. }) => {
                ServerMessage::Broadcast { from: from(), message }
            }
            (Ok(SocketRequest::Message(ClientMessage::Call { call, signal, .. })), _) => {
                ServerMessage::Call { from: from(), call, signal }
            }
            // A candidate goes out without its target, and can't be read as if it came in.
            (Err(_), ServerMessage::Call { .. }) if event.starts_with("[\"ice-candidate\"") => {
                return 1;
            }
            (other, _) => panic!("{text}: {event}: {other:?}"),
        };
        assert_eq!(again, relayed, "{text}");
    }
    1
}

/// Tries one text in every reading; says in how many it was a message.
fn check(text: &str) -> u64 {
    let mut read = check_event(text);
    // A text at the very limit of size may be longer in canonical form, and is then none of the
    // codec's business.
    let read_again = |message: visavis_shared::ClientMessage| {
        let canonical = encode_client(&message);
        assert!(
            canonical.len() > MAX_MESSAGE_BYTES || decode_client(&canonical) == Ok(message),
            "{text}"
        );
    };
    if let Ok(message) = decode_client(text) {
        read_again(message);
        read += 1;
    }
    if let Ok(message) = decode_server(text) {
        let canonical = encode_server(&message);
        assert!(
            canonical.len() > MAX_RELAYED_BYTES || decode_server(&canonical) == Ok(message),
            "{text}"
        );
        read += 1;
    }
    for first in [None, Some(NAMED[0])] {
        let mut interpreter = Interpreter::default();
        if let Some(login) = first {
            interpreter.decode(login).unwrap();
        }
        match interpreter.decode(text) {
            Ok(message) => {
                read_again(message);
                read += 1;
            }
            Err(error) => {
                let reply = error.into_reply();
                assert_eq!(decode_server(&encode_server(&reply)), Ok(reply.clone()), "{text}");
                assert!(interpreter.encode(&reply).is_some(), "{text}");
            }
        }
    }
    read
}

#[test]
fn no_text_panics_and_what_is_read_is_written_as_the_same() {
    let mut seeds: Vec<String> = NAMED.iter().map(ToString::to_string).collect();
    seeds.extend(EVENTS.iter().map(ToString::to_string));
    seeds.extend(client_examples().into_iter().map(|(text, _)| text));
    seeds.extend(server_examples().into_iter().map(|(text, _)| text));

    let seconds = std::env::var("VISAVIS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let (mut tried, mut read) = (0, 0);
    let mut random = Random(0x5eed);
    while until.map_or(tried < TEXTS, |until| Instant::now() < until) {
        read += check(&make_up(&mut random, &seeds));
        tried += 1;
    }
    println!("{tried} texts, read as a message {read} times");
    assert!(read > tried / 20, "hardly anything that was tried was a message: {read} of {tried}");
}
