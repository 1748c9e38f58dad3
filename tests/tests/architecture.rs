//! Keeps the arrows of ARCHITECTURE.md: which part of the client may use which. Media and transport
//! are crates of their own, so the compiler keeps theirs.
#![expect(clippy::unwrap_used, reason = "a file that cannot be read fails the test, as it should")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each part, and the parts it may name as `crate::part`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("call", &[]),
    ("device", &["media"]),
    ("signaling", &["device_key"]),
    ("doctor", &["call", "cli", "device", "media", "session", "signaling", "transport"]),
    ("session", &["call", "cli", "device", "device_key", "media", "signaling", "transport"]),
    ("ui", &["call", "config", "device", "media", "session"]),
    ("config", &["device", "media", "private_file"]),
    ("device_key", &["private_file"]),
    ("private_file", &[]),
    ("cli", &["device", "media"]),
];

/// What the pure parts must not name: no runtime, socket, thread, device or clock.
const PURE: &[&str] = &[
    "call/",
    "session/device_keeper.rs",
    "media/audio_jitter_buffer.rs",
    "media/capture_clock.rs",
    "media/drift.rs",
    "media/speaker_pacing.rs",
    "media/voice_processing/reference.rs",
    "media/frame_buffer.rs",
    "transport/receiving/depacketizer.rs",
    "transport/sending/packetizer.rs",
    "transport/estimator",
    "transport/sending/pacer.rs",
    "transport/fec",
    "transport/receiving/key_frame_requests.rs",
    "transport/nack.rs",
    "transport/feedback/feedback_delay.rs",
    "transport/feedback/sent_packets.rs",
    "transport/sending/video_pause.rs",
    "transport/receiving/video_stream.rs",
    "transport/path/path_watch.rs",
    "transport/path/relay/framing.rs",
    "transport/path/socket/check_round_trip.rs",
    "transport/path/socket/dtls_record.rs",
    "transport/path/socket/flight_retransmission.rs",
    "transport/path/socket/packet.rs",
    "transport/path/socket/set_up.rs",
    "transport/path/socket/roaming.rs",
];
const IMPURE_WORDS: &[&str] = &[
    "tokio::",
    "std::thread",
    "std::net",
    "std::fs",
    "Instant::now",
    "SystemTime",
    "eframe",
    "egui",
    "cpal",
    "nokhwa",
];

/// The sources of the client and of its crates, each with its path as `part/file.rs`.
fn client_sources() -> Vec<(PathBuf, String)> {
    let client = Path::new("..").join("client");
    let roots = [("", "src"), ("media", "media/src"), ("transport", "transport/src")];
    let mut sources = Vec::new();
    for (part, root) in roots {
        let root = client.join(root);
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") && !is_unit_test(&path) {
                    let text = std::fs::read_to_string(&path).unwrap();
                    sources.push((Path::new(part).join(path.strip_prefix(&root).unwrap()), text));
                }
            }
        }
    }
    assert!(sources.len() > 20, "the client's sources were not found under {}", client.display());
    sources
}

/// Unit tests may use whatever they need; those with a file of their own say so in its name.
fn is_unit_test(path: &Path) -> bool {
    let names = path.iter().filter_map(|name| name.to_str());
    names
        .map(|name| name.trim_end_matches(".rs"))
        .any(|name| name == "tests" || name.ends_with("_tests"))
}

/// The code of a file: without comments, and without its unit tests, which may use whatever they
/// need.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .map(|line| line.split("//").next().unwrap_or(line))
}

#[test]
fn every_part_uses_only_what_the_arrows_allow() {
    for (path, text) in client_sources() {
        if path.starts_with("media") || path.starts_with("transport") {
            continue;
        }
        let part = path
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == part) else {
            assert!(
                matches!(part.as_str(), "lib" | "main"),
                "{} is in no part that has arrows",
                path.display()
            );
            continue;
        };
        let used: BTreeSet<String> = code(&text)
            .flat_map(|line| line.match_indices("crate::").map(move |(at, _)| &line[at + 7..]))
            .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
            .filter(|name: &String| !name.is_empty() && *name != part)
            .collect();
        for name in used {
            assert!(
                allowed.contains(&name.as_str()),
                "{} uses crate::{name}, which {part} may not",
                path.display()
            );
        }
    }
}

#[test]
fn pure_parts_name_no_runtime_socket_thread_device_or_clock() {
    let sources = client_sources();
    for pure in PURE {
        let mut found = false;
        for (path, text) in &sources {
            if !path.to_str().unwrap().starts_with(pure) {
                continue;
            }
            found = true;
            for line in code(text) {
                for word in IMPURE_WORDS {
                    assert!(
                        !line.contains(word),
                        "{} is pure, but names {word}: {line}",
                        path.display()
                    );
                }
            }
        }
        assert!(found, "{pure} is listed as pure, but is not there");
    }
}

/// Who makes a consent to open something towards the network: where intents come in, and the
/// program that somebody starts to have the network tried.
const MAY_CONSENT: &[&str] = &["session/driver/intents/consent.rs", "doctor/mod.rs"];

/// Where the types are that stand for consent.
const CONSENT: &[&str] = &["transport/consent.rs", "session/driver/intents/consent.rs"];

#[test]
fn consent_comes_from_an_intent_and_from_nowhere_else() {
    let sources = client_sources();
    let names_it = |word: &str| -> BTreeSet<String> {
        let files = sources.iter().filter(|(_, text)| code(text).any(|line| line.contains(word)));
        files.map(|(path, _)| path.to_str().unwrap().to_owned()).collect()
    };
    let set = |files: &[&str]| -> BTreeSet<String> {
        files.iter().map(|file| (*file).to_owned()).collect()
    };
    let makers = [MAY_CONSENT, &["transport/consent.rs"]].concat();
    assert_eq!(names_it("of_the_person"), set(&makers));
    // The compiler keeps this one: its constructor is private to where intents come in.
    assert_eq!(
        names_it("of_this_intent"),
        set(&["session/driver/intents.rs", "session/driver/intents/consent.rs"])
    );
    for file in CONSENT {
        let (_, text) = sources.iter().find(|(path, _)| path == Path::new(file)).expect(file);
        for word in ["Clone", "Copy", "Default", "unsafe"] {
            assert!(
                code(text).all(|line| !line.contains(word)),
                "{file} names {word}: consent is for one call"
            );
        }
    }
}
