//! Throws rubbish at the decoders of both channels.
//!
//! Nothing may panic; what is read is within its limits and has one meaning; what is not known is
//! ignored.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use visavis_conversation::TransferId;
use visavis_conversation::protocol::binary::{BinaryMessage, MAX_CHUNK, MAX_THUMBNAIL};
use visavis_conversation::protocol::files::{
    FileMessage, MAX_CONTROL, MAX_FILES, MAX_NAME_BYTES, Offer, Why,
};
use visavis_conversation::protocol::ids::{FileHash, SessionId};
use visavis_conversation::protocol::text::{MAX_MESSAGE, TextMessage, fits};
use visavis_conversation::protocol::{Hello, MAX_NUMBER, Malformed, VERSION};
use visavis_fuzzing::{Changes, changed, changed_bytes};

const CASES: u32 = 20_000;
const CASES_A_SECOND: u32 = 10_000;
const ID: TransferId = TransferId(0x0123_4567_89ab_cdef_0011_2233_4455_6677);

fn runner(seed: u8) -> TestRunner {
    visavis_fuzzing::runner(CASES, CASES_A_SECOND, seed)
}

fn changes() -> impl Strategy<Value = Changes> {
    visavis_fuzzing::changes(prop_oneof![
        "[a-z0-9\":{},\\[\\]-]{0,6}",
        prop::sample::select(vec![
            "-1",
            "9223372036854775808",
            "18446744073709551616",
            "1e400",
            "0.5",
            "\"type\":",
            "\"size\":",
            "\"offer\"",
            "\u{0}",
            "\\u0000",
            "\\ud800",
            "{\"type\":\"hello\"}",
        ])
        .prop_map(str::to_owned),
    ])
}

fn hello() -> Hello {
    Hello { version: VERSION, session: SessionId(7), files: true }
}

fn file_messages() -> Vec<FileMessage> {
    let id = ID;
    let offer = |files| Offer { id, name: "a \"b\".txt".into(), size: 5, files, executable: true };
    vec![
        FileMessage::Hello(hello()),
        FileMessage::Offer(offer(None)),
        FileMessage::Offer(offer(Some(3))),
        FileMessage::Accept { id, file: 2, offset: 1 << 40 },
        FileMessage::Refuse { id },
        FileMessage::Pause { id },
        FileMessage::Resume { id },
        FileMessage::Cancel { id },
        FileMessage::File { id, file: 1, path: "a/b.txt".into(), size: MAX_NUMBER },
        FileMessage::End { id, file: 1, hash: FileHash([0xa5; 32]) },
        FileMessage::Taken { id, bytes: 12 },
        FileMessage::Done { id },
        FileMessage::Failed { id, why: Why::NoRoom },
    ]
}

fn text_messages() -> Vec<TextMessage> {
    vec![
        TextMessage::Hello(hello()),
        TextMessage::Text { id: 1, text: "Grüße\n\"👋\"".into() },
        TextMessage::Received { id: 2 },
        TextMessage::Read { id: 3 },
    ]
}

#[test]
fn what_is_written_is_read_as_the_same() {
    for message in file_messages() {
        assert_eq!(FileMessage::decode(&message.encode()), Ok(Some(message)));
    }
    for message in text_messages() {
        assert_eq!(TextMessage::decode(&message.encode()), Ok(Some(message)));
    }
    let chunk = BinaryMessage::Chunk { id: ID, file: 3, offset: 9, data: Bytes::from_static(b"x") };
    let thumbnail = BinaryMessage::Thumbnail { id: ID, png: Bytes::from_static(b"png") };
    for message in [chunk, thumbnail] {
        assert_eq!(BinaryMessage::decode(&message.encode()), Ok(Some(message)));
    }
    assert_eq!(
        FileMessage::Accept { id: ID, file: 2, offset: 5 }.encode(),
        r#"{"type":"accept","id":"0123456789abcdef0011223344556677","file":2,"offset":5}"#
    );
    assert_eq!(
        TextMessage::Hello(hello()).encode(),
        r#"{"type":"hello","version":1,"session":"0000000000000007","files":true}"#
    );
}

#[test]
fn what_is_not_known_is_ignored_and_what_is_out_of_range_is_not_read() {
    for unknown in [r#"{"type":"dance","id":7}"#, r#"{"type":"","x":[1,2,{"y":null}]}"#] {
        assert_eq!(FileMessage::decode(unknown), Ok(None));
        assert_eq!(TextMessage::decode(unknown), Ok(None));
    }
    let known = r#"{"type":"read","id":7,"mood":{"deep":[1]}}"#;
    assert_eq!(TextMessage::decode(known), Ok(Some(TextMessage::Read { id: 7 })));
    let failed = format!(r#"{{"type":"failed","id":"{ID}","why":"tired"}}"#);
    let failed = FileMessage::decode(&failed);
    assert_eq!(failed, Ok(Some(FileMessage::Failed { id: ID, why: Why::Other })));
    for size in ["-1", "9223372036854775808", "9007199254740992", "1.5", "1e3", "\"5\"", "null"] {
        let offer = format!(r#"{{"type":"offer","id":"{ID}","name":"x","size":{size}}}"#);
        assert!(FileMessage::decode(&offer).is_err(), "{size}");
    }
    for offer in [
        format!(r#"{{"type":"offer","id":"{ID}","name":"{}","size":1}}"#, "n".repeat(256)),
        format!(r#"{{"type":"offer","id":"{ID}","name":"x","size":1,"files":10001}}"#),
        format!(r#"{{"type":"offer","id":"{}","name":"x","size":1}}"#, "g".repeat(32)),
        format!(r#"{{"type":"file","id":"{ID}","file":10000,"path":"x","size":1}}"#),
    ] {
        assert!(FileMessage::decode(&offer).is_err(), "{offer}");
    }
    let long = " ".repeat(MAX_CONTROL + 1);
    assert_eq!(FileMessage::decode(&long), Err(Malformed::TooLong(MAX_CONTROL + 1)));
    let ten_megabytes = "[".repeat(10 << 20);
    assert_eq!(TextMessage::decode(&ten_megabytes), Err(Malformed::TooLong(10 << 20)));
    let deep = "[".repeat(MAX_CONTROL);
    assert_eq!(FileMessage::decode(&deep), Err(Malformed::Unreadable));
    assert_eq!(BinaryMessage::decode(&Bytes::new()), Err(Malformed::Unreadable));
    assert_eq!(BinaryMessage::decode(&Bytes::from_static(&[9, 1, 2])), Ok(None));
    let huge = Bytes::from(vec![1; 10 << 20]);
    assert_eq!(BinaryMessage::decode(&huge), Err(Malformed::TooLong(10 << 20)));
}

#[test]
fn whatever_comes_as_text_is_read_within_its_limits_or_not_at_all() {
    let (files, texts) = (file_messages(), text_messages());
    let (mut read, mut refused) = (0_u32, 0_u32);
    let mut runner = runner(0xf1);
    let counts = std::cell::RefCell::new((&mut read, &mut refused));
    let outcome = runner.run(&(any::<usize>(), changes()), |(which, changes)| {
        let text = changed(&files[which % files.len()].encode(), &changes);
        match FileMessage::decode(&text) {
            Ok(Some(message)) => {
                *counts.borrow_mut().0 += 1;
                prop_assert_eq!(FileMessage::decode(&message.encode()), Ok(Some(message.clone())));
                match message {
                    FileMessage::Offer(offer) => {
                        prop_assert!(offer.size <= MAX_NUMBER && offer.count() <= MAX_FILES);
                        prop_assert!(offer.name.len() <= MAX_NAME_BYTES);
                    }
                    FileMessage::File { file, size, .. } => {
                        prop_assert!(file < MAX_FILES && size <= MAX_NUMBER);
                    }
                    _ => {}
                }
            }
            Ok(None) => {}
            Err(_) => *counts.borrow_mut().1 += 1,
        }
        let text = changed(&texts[which % texts.len()].encode(), &changes);
        if let Ok(Some(message)) = TextMessage::decode(&text) {
            prop_assert!(text.len() <= MAX_MESSAGE);
            if let TextMessage::Text { text, .. } = &message {
                prop_assert!(fits(text));
            }
            prop_assert_eq!(TextMessage::decode(&message.encode()), Ok(Some(message)));
        }
        Ok(())
    });
    outcome.expect("no case fails");
    assert!(read > CASES / 20 && refused > CASES / 20, "{read} were read, {refused} were not");
}

#[test]
fn whatever_comes_as_bytes_is_read_within_its_limits_or_not_at_all() {
    let chunk =
        BinaryMessage::Chunk { id: ID, file: 3, offset: 9, data: Bytes::from_static(b"xy") };
    let thumbnail = BinaryMessage::Thumbnail { id: ID, png: Bytes::from(vec![7; 100]) };
    let good = [chunk.encode(), thumbnail.encode()];
    let outcome = runner(0xf2).run(&(any::<bool>(), changes()), |(which, changes)| {
        let bytes = Bytes::from(changed_bytes(&good[usize::from(which)], &changes));
        match BinaryMessage::decode(&bytes) {
            Ok(Some(message)) => {
                match &message {
                    BinaryMessage::Chunk { data, .. } => {
                        prop_assert!((1..=MAX_CHUNK).contains(&data.len()));
                    }
                    BinaryMessage::Thumbnail { png, .. } => {
                        prop_assert!(png.len() <= MAX_THUMBNAIL);
                    }
                }
                prop_assert_eq!(message.encode(), bytes);
            }
            Ok(None) => prop_assert!(!matches!(bytes.first(), Some(1 | 2))),
            Err(_) => {}
        }
        Ok(())
    });
    outcome.expect("no case fails");
}
