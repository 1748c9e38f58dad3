//! Keeps the arrows of ARCHITECTURE.md: which part of the client may use which, which room of the
//! transport and of the signaling server, and which files are pure. Media and transport are crates
//! of their own, so the compiler keeps the arrows between them.
#![expect(clippy::unwrap_used, reason = "a file that cannot be read fails the test, as it should")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Each part, and the parts it may name as `crate::part`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("attention", &["call", "settings", "trust"]),
    ("call", &["device_key", "trust", "words"]),
    ("device", &["media"]),
    ("signaling", &["device_key", "transport", "words"]),
    ("doctor", &["call", "cli", "device", "media", "session", "signaling", "transport"]),
    (
        "gallery",
        &[
            "call",
            "config",
            "conversation",
            "desktop",
            "device",
            "invitation",
            "media",
            "screen",
            "session",
            "ui",
            "words",
        ],
    ),
    ("hosting", &["private_file", "signaling", "transport", "words"]),
    ("nearby", &["transport"]),
    ("people", &["private_file", "words"]),
    (
        "session",
        &[
            "call",
            "cli",
            "conversation",
            "device",
            "device_key",
            "hosting",
            "media",
            "nearby",
            "people",
            "private_file",
            "screen",
            "signaling",
            "transport",
            "trust",
            "words",
        ],
    ),
    ("settings", &["cli", "device", "media", "private_file", "words"]),
    (
        "ui",
        &[
            "call",
            "config",
            "conversation",
            "desktop",
            "device",
            "invitation",
            "media",
            "screen",
            "session",
            "settings",
            "words",
        ],
    ),
    ("desktop", &["attention", "call", "invitation", "media", "session", "settings", "words"]),
    ("instance", &["invitation", "private_file"]),
    ("invitation", &["signaling", "words"]),
    ("config", &["settings"]),
    ("device_key", &["private_file", "words"]),
    ("private_file", &[]),
    ("trust", &["device_key"]),
    ("words", &["media"]),
    ("stop", &[]),
    ("cli", &["device", "device_key", "invitation", "media", "signaling"]),
];

/// The rooms of a crate, floor by floor: a room may name only rooms of the floors below its own,
/// so that there are no circles.
struct Floors {
    /// The crate, as its sources are named here.
    part: &'static str,
    floors: &'static [&'static [&'static str]],
}

const FLOORS: &[Floors] = &[
    Floors {
        part: "transport",
        floors: &[
            &["peer"],
            &["receiving"],
            &["sending"],
            &["data", "feedback"],
            &["path"],
            &["estimator", "fec", "formats"],
            &["clock", "consent"],
        ],
    },
    Floors {
        part: "server",
        floors: &[
            &["main"],
            &["checkup", "server"],
            &["config", "connection", "encryption"],
            &["acme"],
            &["admission", "names_command", "socketio"],
            &["cluster", "context"],
            &["hub"],
            &["outbox"],
            &["announce", "http", "ice", "rules", "transport"],
            &["limits", "names", "observability", "secret_option", "signals"],
        ],
    },
];

/// The pure rooms: each file in them is pure, but for those (files or folders) that do what the
/// room has to do with the system. The first room that fits a file counts. A file whose header
/// says "Pure" is pure wherever it lies.
const PURE: &[(&str, &[&str])] = &[
    ("attention/", &[]),
    ("call/", &[]),
    ("conversation/", &["disk/", "task/", "view.rs"]),
    ("desktop/missed.rs", &[]),
    ("desktop/proposal.rs", &[]),
    ("hosting/hosted.rs", &[]),
    ("invitation.rs", &[]),
    ("nearby/list.rs", &[]),
    ("people/", &["store.rs", "store/", "unix_time.rs"]),
    ("session/device_keeper.rs", &[]),
    ("session/device_trial.rs", &[]),
    ("session/device_words.rs", &[]),
    ("session/log_in_form.rs", &[]),
    ("session/pace.rs", &[]),
    ("trust/", &[]),
    (
        "media/",
        &[
            "audio_output.rs",
            "audio_priority.rs",
            "audio_receive.rs",
            "audio_send.rs",
            "output_file.rs",
            "share_compose.rs",
            "stage_thread.rs",
            "stop_signal.rs",
            "units.rs",
            "video_receive.rs",
            "video_record.rs",
            "video_record/growing_file.rs",
            "video_send.rs",
            "wav.rs",
        ],
    ),
    // It turns times of the system into text, and asks no clock.
    ("shared/", &["timestamp.rs"]),
    ("transport/peer/negotiator/event.rs", &[]),
    ("transport/peer/negotiator/negotiation.rs", &[]),
    ("transport/peer/sdp/", &[]),
    ("transport/peer/transports/dispatch.rs", &[]),
    (
        "transport/",
        &[
            "clock.rs",
            "data/",
            "feedback/media_path.rs",
            "path/dscp.rs",
            "path/happy_eyeballs.rs",
            "path/interfaces.rs",
            "path/network.rs",
            "path/relay/stream.rs",
            "path/resolver.rs",
            "path/socket/data_pacing.rs",
            "path/socket/layered_socket.rs",
            "path/wire_overhead.rs",
            "peer/",
            "receiving/receive_task.rs",
            "sending/file_share.rs",
            "sending/handover.rs",
            "sending/outgoing_stream.rs",
            "sending/send_task.rs",
        ],
    ),
    ("server/acme/certificate.rs", &[]),
    ("server/acme/renewal.rs", &[]),
    ("server/ice/", &["mod.rs", "offer.rs", "socket.rs"]),
    ("server/names/call_list.rs", &[]),
    ("server/names/decision.rs", &[]),
    ("server/rules/", &[]),
];

/// Files that are compiled for other systems than Linux alone: ARCHITECTURE.md, "Platforms".
const FOREIGN_FILES: &[&str] = &[
    "conversation/disk/windows.rs",
    "desktop/awake_thread.rs",
    "desktop/macos.rs",
    "desktop/toasts.rs",
    "desktop/window_tray.rs",
    "desktop/windows.rs",
    "device_key/keyring/native.rs",
    "instance/windows.rs",
    "screen/macos.rs",
    "screen/macos_windows.rs",
    "screen/windows.rs",
];

/// Files with some lines for other systems among those for all: a choice of files, or little more.
const FOREIGN_LINES: &[&str] = &[
    "conversation/disk/mod.rs",
    "conversation/disk/unix.rs",
    "desktop/file_manager.rs",
    "desktop/mod.rs",
    "desktop/window.rs",
    "device_key/keyring.rs",
    "instance/mod.rs",
    "screen/desktop.rs",
    "screen/lib.rs",
    "server/names/options.rs",
    "stop.rs",
    "ui/words.rs",
    "words/language.rs",
];

/// What pure parts must not name: runtimes, sockets (addresses are fine), threads, files,
/// databases, devices and clocks.
const IMPURE_WORDS: &[&str] = &[
    "tokio::",
    "webrtc::",
    "std::thread",
    "std::fs",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "ifaces",
    "Instant::now",
    "SystemTime",
    "WallTime::now",
    "crate::clock",
    "rusqlite",
    "eframe",
    "egui",
    "cpal",
    "nokhwa",
];

/// A source, with its path as `part/file.rs`; the client's own begin with no part.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The code: without comments, and without the unit tests, which may use whatever they need.
    fn code(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
        lines.map(|line| line.split("//").next().unwrap_or(line))
    }

    /// The impure line and what it names.
    fn impurity(&self) -> Option<(&str, &str)> {
        self.code().find_map(|line| {
            IMPURE_WORDS.iter().find(|word| line.contains(**word)).map(|word| (line, *word))
        })
    }

    fn says_pure(&self) -> bool {
        let header = self.text.lines().take_while(|line| line.starts_with("//!"));
        header
            .flat_map(|line| line.split(|c: char| !c.is_alphanumeric()))
            .any(|word| word == "Pure")
    }

    /// What it names of its crate: the modules behind each `crate::`.
    fn uses(&self) -> BTreeSet<String> {
        let code: Vec<&str> = self.code().collect();
        let code = code.join("\n");
        let mut used = BTreeSet::new();
        for (at, found) in code.match_indices("crate::") {
            let rest = &code[at + found.len()..];
            match rest.strip_prefix('{') {
                None => used.insert(first_name(rest)),
                Some(list) => {
                    let mut depth = 0;
                    let inside = list.split_inclusive(['{', '}', ',']).take_while(|piece| {
                        let own = depth;
                        depth += piece.matches('{').count() as i32;
                        depth -= piece.matches('}').count() as i32;
                        own >= 0
                    });
                    inside.for_each(|piece| {
                        used.insert(first_name(piece.trim_start()));
                    });
                    true
                }
            };
        }
        // Types and macros at the crate's root are nobody's room.
        used.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
        used
    }
}

fn first_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The sources of one crate: `part` and its folder.
fn sources_of(part: &str, root: &str) -> Vec<Source> {
    let root = Path::new("..").join(root);
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !is_unit_test(&path) {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = Path::new(part).join(path.strip_prefix(&root).unwrap());
                sources.push(Source { path: path.to_str().unwrap().to_owned(), text });
            }
        }
    }
    assert!(sources.len() > 5, "the sources were not found under {}", root.display());
    sources
}

/// The client's own sources.
fn client() -> Vec<Source> {
    sources_of("", "client/src")
}

/// The sources of the client and of its crates.
fn client_sources() -> Vec<Source> {
    let (media, transport) =
        (sources_of("media", "client/media/src"), sources_of("transport", "client/transport/src"));
    let screen = sources_of("screen", "client/screen/src");
    let conversation = sources_of("conversation", "client/conversation/src");
    let crates = [media, transport, screen, conversation].into_iter().flatten();
    client().into_iter().chain(crates).collect()
}

fn server() -> Vec<Source> {
    sources_of("server", "signal-server/src")
}

/// Unit tests may use whatever they need; those with a file of their own say so in its name.
fn is_unit_test(path: &Path) -> bool {
    let names = path.iter().filter_map(|name| name.to_str());
    names
        .map(|name| name.trim_end_matches(".rs"))
        .any(|name| name == "tests" || name.ends_with("_tests"))
}

/// The arrows between the rooms of a crate, each with a file that draws it.
fn arrows(part: &str, sources: &[Source]) -> BTreeMap<(String, String), String> {
    let mut arrows = BTreeMap::new();
    for source in sources {
        let inside = source.path.strip_prefix(part).unwrap().trim_start_matches('/');
        let room = first_name(inside);
        if room == "lib" {
            continue;
        }
        for used in source.uses() {
            if used != room {
                arrows.insert((room.clone(), used), source.path.clone());
            }
        }
    }
    arrows
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_part_uses_only_what_the_arrows_allow() {
    let mut faults = Vec::new();
    for ((part, used), path) in arrows("", &client()) {
        if part == "main" {
            continue;
        }
        match MAY_USE.iter().find(|(name, _)| *name == part) {
            None => faults.push(format!("{path} is in no part that has arrows")),
            Some((_, allowed)) if allowed.contains(&used.as_str()) => {}
            Some(_) => faults.push(format!("{path} uses crate::{used}, which {part} may not")),
        }
    }
    none(&faults);
}

#[test]
fn every_room_uses_only_rooms_of_the_floors_below() {
    let mut faults = Vec::new();
    let transport = sources_of("transport", "client/transport/src");
    for (house, sources) in FLOORS.iter().zip([transport, server()]) {
        let floor = |room: &str| house.floors.iter().position(|rooms| rooms.contains(&room));
        for ((room, used), path) in arrows(house.part, &sources) {
            match (floor(&room), floor(&used)) {
                (Some(from), Some(to)) if from < to => {}
                (Some(_), Some(_)) => faults.push(format!("{path} uses crate::{used}")),
                _ => faults.push(format!("{path}: {room} or {used} is on no floor")),
            }
        }
    }
    none(&faults);
}

#[test]
fn no_modules_go_in_circles() {
    let crates = [
        ("", "client/src"),
        ("conversation", "client/conversation/src"),
        ("media", "client/media/src"),
        ("screen", "client/screen/src"),
        ("shared", "shared/src"),
    ];
    for (part, root) in crates {
        let mut arrows: BTreeSet<_> = arrows(part, &sources_of(part, root)).into_keys().collect();
        // Whoever uses nobody that is left is in no circle.
        loop {
            let users: BTreeSet<String> = arrows.iter().map(|(from, _)| from.clone()).collect();
            let before = arrows.len();
            arrows.retain(|(_, to)| users.contains(to));
            if arrows.len() == before {
                break;
            }
        }
        assert!(arrows.is_empty(), "{root} goes in circles: {arrows:?}");
    }
}

#[test]
fn pure_parts_name_no_runtime_socket_thread_device_or_clock() {
    let mut sources = client_sources();
    sources.extend(server());
    sources.extend(sources_of("shared", "shared/src"));
    let mut faults = Vec::new();
    for source in &sources {
        let in_room = |(room, but): &(&str, &[&str])| {
            let inside = source.path.strip_prefix(room)?;
            Some(!but.iter().any(|but| inside.starts_with(but)))
        };
        if !source.says_pure() && PURE.iter().find_map(in_room) != Some(true) {
            continue;
        }
        if let Some((line, word)) = source.impurity() {
            faults.push(format!("{} is pure, but names {word}: {line}", source.path));
        }
    }
    for (room, but) in PURE {
        if !sources.iter().any(|source| source.path.starts_with(room)) {
            faults.push(format!("{room} is listed as pure, but is not there"));
        }
        for but in *but {
            let path = format!("{room}{but}");
            let mut excepted = sources.iter().filter(|source| source.path.starts_with(&path));
            if excepted.all(|source| source.impurity().is_none()) {
                faults.push(format!("{path} names nothing impure, strike it out"));
            }
        }
    }
    none(&faults);
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
        let files = sources.iter().filter(|source| source.code().any(|line| line.contains(word)));
        files.map(|source| source.path.clone()).collect()
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
        let source = sources.iter().find(|source| source.path == *file).expect(file);
        for word in ["Clone", "Copy", "Default", "unsafe"] {
            assert!(
                source.code().all(|line| !line.contains(word)),
                "{file} names {word}: consent is for one call"
            );
        }
    }
}

#[test]
fn lines_that_are_never_compiled_here_stand_where_the_list_says() {
    let mut sources = client_sources();
    sources.extend(server());
    sources.extend(sources_of("shared", "shared/src"));
    let is_foreign = |line: &str| {
        line.contains("cfg") && ["macos", "windows"].iter().any(|system| line.contains(system))
    };
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| source.code().any(is_foreign)) {
        let path = source.path.as_str();
        if !FOREIGN_FILES.contains(&path) && !FOREIGN_LINES.contains(&path) {
            faults.push(format!("{path} has lines for another system, and is in no list"));
        }
    }
    let all: BTreeSet<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    let listed = FOREIGN_FILES.iter().chain(FOREIGN_LINES);
    faults.extend(listed.filter(|path| !all.contains(**path)).map(|path| format!("no {path}")));
    let page = std::fs::read_to_string("../ARCHITECTURE.md").unwrap();
    for path in FOREIGN_FILES {
        let name = path.rsplit('/').next().unwrap();
        if !page.contains(name) {
            faults.push(format!("ARCHITECTURE.md does not say that {path} was never run"));
        }
    }
    none(&faults);
}
