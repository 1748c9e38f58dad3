//! Made-up states of the window, one for each screen: for `examples/gallery.rs`, which shows one,
//! and for tests that look at all of them. Only with the feature `inspection`.
//!
//! In: the name of a screen, and what time it is. Out: the snapshot that goes with it, the pictures
//! of a call, and the session's end of the link. What always holds: the same name and time make the
//! same state; there is no server, no call and no device behind it.

mod conversation;
mod hosting;
mod sharing;
mod statistics;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use visavis_shared::{PublicKey, RoomId, Username};

use crate::call::event::{CallPhase, EndReason};
use crate::config::{Settings, Theme};
use crate::desktop::{WindowLink, WindowRequest};
use crate::device::{DeviceInfo, DeviceList};
use crate::invitation::Invitation;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::RgbaFrame;
use crate::media::units::VideoSize;
use crate::session::snapshot::{
    CallEnd, CallHint, CallTrust, CodeState, ContactRow, DeviceKind, Direction, DisplayName,
    Intent, KeyChange, LoginPhase, Notice, NoticeId, Person, PinnedKey, Presence, RecentCall,
    RoomPhase, SafetyCode, SessionLink, Sharing, Snapshot, Standing, UnixTime,
};
use crate::ui::WindowOptions;
use crate::words::{Phrase, phrase, text};

/// Every screen that there is a state of.
pub const SCREENS: &[&str] = &[
    "login",
    "first",
    "nearby",
    "nearby-none",
    "start-here",
    "server-here",
    "failed",
    "taken",
    "invited",
    "logging-in",
    "people",
    "contacts",
    "person",
    "calls",
    "missed",
    "hung-up",
    "room",
    "alone",
    "offline",
    "settings",
    "help",
    "ringing",
    "ringing-new",
    "ringing-unverified",
    "ringing-changed",
    "key-changed",
    "key-missing",
    "calling",
    "connecting",
    "call",
    "call-waiting",
    "call-weak",
    "call-off",
    "call-muted",
    "call-silent",
    "call-notices",
    "call-devices",
    "call-statistics",
    "call-new",
    "call-unverified",
    "call-perhaps-new",
    "call-text",
    "call-files",
    "call-text-none",
    "call-text-waiting",
    "call-bubble",
    "call-share",
    "call-share-portal",
    "call-share-none",
    "call-shares",
    "call-shares-hidden",
    "call-share-ended",
    "call-screen",
    "code",
    "code-verified",
    "code-unverified",
    "codes-differ",
    "reconnecting",
    "ended",
    "talked",
    "lost",
    "notices",
];

/// What time it is: by the clock that runs and by the one on the wall.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For how long something has been going on.
    pub now: Instant,
    /// For days and times of day.
    pub wall: UnixTime,
}

impl Moment {
    /// This moment.
    #[must_use]
    pub fn now() -> Self {
        Self { now: Instant::now(), wall: UnixTime::now() }
    }
}

/// A session that is not there: the window's end of the link, and what it talks to.
pub struct Stage {
    /// For the window.
    pub link: SessionLink,
    /// Puts another state before the window.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// What the window asks for.
    pub intents: mpsc::Receiver<Intent>,
}

impl Stage {
    /// Sets a state up, without pictures.
    #[must_use]
    pub fn empty(snapshot: Snapshot) -> Self {
        let (sender, intents) = mpsc::channel(64);
        let (snapshots, receiver) = watch::channel(Arc::new(snapshot));
        let link = SessionLink {
            intents: sender,
            snapshots: receiver,
            remote_video: DropOldestQueue::latest(),
            self_video: DropOldestQueue::latest(),
        };
        Self { link, snapshots, intents }
    }
}

/// Sets a state up, with pictures of two people.
#[must_use]
pub fn stage(snapshot: Snapshot) -> Stage {
    let stage = Stage::empty(snapshot);
    // Painted once: whoever looks at all screens would wait for it.
    static PICTURES: OnceLock<[RgbaFrame; 2]> = OnceLock::new();
    let [theirs, own] = PICTURES.get_or_init(|| [picture(1280, 720, 1.0), picture(640, 360, 0.0)]);
    let snapshot = stage.snapshots.borrow().clone();
    let remote = if snapshot.remote_shares { &sharing::desktop(1920, 1080, 0) } else { theirs };
    let shares = matches!(snapshot.sharing, Sharing::On(_));
    let own = if shares { &sharing::desktop(640, 360, 0) } else { own };
    stage.link.remote_video.put(remote.clone());
    stage.link.self_video.put(own.clone());
    stage
}

/// What the window is started with on this screen.
#[must_use]
pub fn options(screen: &str, theme: Theme) -> WindowOptions {
    let recent_servers = if ["first", "nearby", "nearby-none", "start-here"].contains(&screen) {
        Vec::new()
    } else {
        ["wss://meet.example.org", "ws://192.168.1.20:9090"].map(str::to_owned).to_vec()
    };
    let hosts_server = screen == "start-here";
    let settings = Settings { theme, recent_servers, hosts_server, ..Settings::default() };
    let desktop = WindowLink::default();
    if screen == "invited" {
        let invitation = Invitation::parse("visavis://meet.example.org/olga");
        desktop.ask(WindowRequest::Open(invitation.expect("an invitation")));
    }
    WindowOptions { settings, desktop, ..WindowOptions::default() }
}

/// What is pressed, one after the other and by its label in the window's language, to get from the
/// state to the screen.
#[must_use]
pub fn presses(screen: &str) -> Vec<String> {
    match screen {
        "person" => vec![["bob".to_owned(), text!("trust-verified"), text!("online")].join(", ")],
        "calls" => vec![text!("tab-calls-missed", count = 2_u32)],
        "nearby" => {
            vec![["Ольга’s laptop".to_owned(), text!("nearby-online", count = 4_u32)].join(", ")]
        }
        "server-here" => vec![text!("invite")],
        "settings" => vec![text!("settings")],
        "help" => vec![text!("keyboard-shortcuts")],
        "call-devices" => vec![text!("devices")],
        "call-text" | "call-files" | "call-text-none" | "call-text-waiting" => {
            vec![text!("text-and-files")]
        }
        "call-share" | "call-share-portal" | "call-share-none" => vec![text!("share")],
        "code" => vec![shield(&text!("trust-new"))],
        "code-verified" => vec![shield(&text!("trust-verified"))],
        "code-unverified" => vec![shield(&text!("trust-not-verified"))],
        "codes-differ" => vec![shield(&text!("trust-codes-differ"))],
        "call-statistics" => vec![text!("more"), text!("statistics")],
        _ => Vec::new(),
    }
}

/// What the shield of the call with bob is called.
fn shield(state: &str) -> String {
    text!("name-and-state", name = "bob", state = state)
}

fn name(text: &str) -> Username {
    Username::parse(text).expect("a name")
}

fn devices() -> DeviceList {
    let device = |name: &str, default| DeviceInfo {
        name: name.to_owned(),
        default,
        formats: vec!["1280x720 30 fps".to_owned()],
    };
    DeviceList {
        cameras: vec![device("Integrated Camera", true), device("Logitech StreamCam", false)],
        microphones: vec![device("Built-in Audio Analog Stereo", true), device("Headset", false)],
        speakers: vec![device("Built-in Audio Analog Stereo", true)],
    }
}

/// The key that each of these names had in earlier calls, by how that is.
const KEYS: [(&str, KeyState); 5] = [
    ("bob", KeyState::Compared),
    ("olga", KeyState::Compared),
    ("maryam", KeyState::Kept),
    ("wide", KeyState::Compared),
    ("shalom", KeyState::Contradicted),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyState {
    Kept,
    Compared,
    Contradicted,
}

const DAY: u64 = 24 * 60 * 60;
const BOBS_KEY: PublicKey = PublicKey([1; 32]);

fn keys(wall: UnixTime) -> BTreeMap<Username, PinnedKey> {
    let ago = |days: u64| UnixTime(wall.0.saturating_sub(days * DAY));
    let pinned = |state| PinnedKey {
        key: BOBS_KEY,
        since: ago(40),
        confirmed: (state != KeyState::Kept).then(|| ago(15)),
        other_seen: (state == KeyState::Contradicted).then(|| ago(1)),
    };
    KEYS.map(|(who, state)| (name(who), pinned(state))).into()
}

/// What bob's key comes to in this state.
fn trust(screen: &str) -> CallTrust {
    let (before, now) = (BOBS_KEY, Some(PublicKey([2; 32])));
    let (standing, code) = match screen {
        "ringing-new" | "call-new" | "call-perhaps-new" | "code" | "codes-differ" => {
            (Standing::New(before), CodeState::Here(SafetyCode::of(b"gallery")))
        }
        "ringing-unverified" | "call-unverified" | "code-unverified" => {
            (Standing::Unsigned, CodeState::None)
        }
        "ringing-changed" => (Standing::Changed { before, now }, CodeState::None),
        _ => {
            let code = CodeState::Here(SafetyCode::of(b"gallery"));
            (Standing::Same { key: before, confirmed: true }, code)
        }
    };
    CallTrust { standing, code, page: false }
}

/// Contacts, some calls with them, and somebody who is blocked.
fn with_contacts(s: &mut Snapshot, wall: UnixTime) {
    let contact = |username: &str, shown: &str, presence| ContactRow {
        username: name(username),
        display_name: DisplayName::parse(shown).ok().flatten(),
        added: UnixTime(0),
        presence,
        key: s.keys.get(&name(username)).copied(),
    };
    s.contacts = Arc::new(vec![
        contact("bob", "", Presence::Online),
        contact("olga", "Ольга", Presence::Online),
        contact("maryam", "مريم العبدالله", Presence::Online),
        contact("shalom", "שלום Ben עולם", Presence::Online),
        contact(
            "wide",
            "界界界界界界界界界界界界界界界界界界界界界界界界界界界界界界界界",
            Presence::Online,
        ),
        contact("grace.hopper", "Aunt Grace, who has the longest of all names", Presence::Offline),
    ]);
    let call = |number, with: &str, hours: u64, direction, end, talked: Option<u64>| RecentCall {
        number,
        with: name(with),
        at: UnixTime(wall.0.saturating_sub(hours * 3600)),
        direction,
        end,
        talked: talked.map(Duration::from_secs),
        seen: false,
        while_away: false,
    };
    s.recent_calls = Arc::new(vec![
        call(5, "olga", 1, Direction::Incoming, CallEnd::NoAnswer, None),
        call(4, "bob", 2, Direction::Outgoing, CallEnd::Completed, Some(724)),
        call(3, "bob", 26, Direction::Incoming, CallEnd::NoAnswer, None),
        call(2, "bob", 50, Direction::Incoming, CallEnd::Completed, Some(2880)),
        call(1, "grace.hopper", 200, Direction::Outgoing, CallEnd::NoAnswer, None),
    ]);
    s.unseen_missed_calls = 2;
    s.blocked = Arc::new(vec![name("mallory")]);
}

fn notices<const N: usize>(texts: [Phrase; N]) -> Vec<Notice> {
    (0u64..).zip(texts).map(|(id, text)| Notice { id: NoticeId(id), text }).collect()
}

/// The state that goes with the name of a screen; that of people for a name that is none.
#[must_use]
pub fn snapshot(screen: &str, at: Moment) -> Snapshot {
    let now = at.now;
    let ago = |seconds| now.checked_sub(Duration::from_secs(seconds)).unwrap_or(now);
    let bob = name("bob");
    let mut s = Snapshot {
        login: LoginPhase::LoggedIn { username: name("alice") },
        server: "ws://192.168.1.20:9090".to_owned(),
        username: "alice".to_owned(),
        people: [
            "bob",
            "Dr. Ada Lovelace",
            "grace.hopper",
            "李雷",
            "a_name_as_long_as_a_name_may_be_",
        ]
        .iter()
        .map(|n| Person { username: name(n), online: true })
        .collect(),
        people_total: 5,
        devices: devices(),
        microphone_level: 0.12,
        ..Snapshot::default()
    };
    let new = ["ringing-new", "call-new", "call-perhaps-new", "code", "codes-differ"];
    if !new.contains(&screen) {
        s.keys = Arc::new(keys(at.wall));
    }
    let in_call = CallPhase::InCall { peer: bob.clone(), since: ago(187) };
    match screen {
        "contacts" | "person" | "calls" => with_contacts(&mut s, at.wall),
        "login" | "invited" => s.login = LoginPhase::LoggedOut,
        "first" => {
            s.login = LoginPhase::LoggedOut;
            (s.server, s.username) = (String::new(), String::new());
        }
        "taken" => s.login = LoginPhase::Failed(phrase!("log-in-taken", name = "alice")),
        "missed" => {
            with_contacts(&mut s, at.wall);
            s.unseen_missed_calls = 1;
        }
        "hung-up" => {
            let talked = Some(Duration::from_secs(201));
            s.call = CallPhase::Ended { peer: bob, reason: EndReason::HungUp, talked };
        }
        "room" => {
            let room = RoomId::parse("kingfisher").expect("a room");
            s.room = RoomPhase::Inside(room);
        }
        "logging-in" => s.login = LoginPhase::LoggingIn,
        "failed" => {
            let server = "192.168.1.20:9090";
            s.login = LoginPhase::Failed(phrase!("server-not-running", server = server));
        }
        "alone" => (s.people, s.people_total) = (Vec::new(), 0),
        "offline" => s.login = LoginPhase::Reconnecting { username: name("alice") },
        "ringing" | "ringing-new" | "ringing-unverified" | "ringing-changed" => {
            s.call = CallPhase::Ringing { peer: bob, since: ago(4) }
        }
        "calling" => s.call = CallPhase::Calling { peer: bob, ringing: true, since: ago(7) },
        "connecting" => s.call = CallPhase::Connecting { peer: bob, since: ago(1) },
        "key-changed" | "key-missing" => {
            with_contacts(&mut s, at.wall);
            let now = (screen == "key-changed").then_some(PublicKey([2; 32]));
            let reason = EndReason::KeyChanged(KeyChange { peer: bob.clone(), now });
            s.call = CallPhase::Ended { peer: bob, reason, talked: None };
        }
        "call" | "call-devices" | "call-statistics" | "call-weak" | "call-new"
        | "call-unverified" | "call-perhaps-new" | "call-text" | "call-files"
        | "call-text-none" | "call-text-waiting" | "call-bubble" | "call-share"
        | "call-share-portal" | "call-share-none" | "call-shares" | "call-shares-hidden"
        | "call-share-ended" | "call-screen" | "code" | "code-verified" | "code-unverified"
        | "codes-differ" => {
            s.call = in_call;
            (s.remote_video_live, s.camera_live) = (true, true);
            s.keys_in_doubt = screen == "call-perhaps-new";
            s.codes_differ = screen == "codes-differ";
            s.remote_shares = screen == "call-screen";
            s.statistics = (screen == "call-statistics").then(|| Arc::new(statistics::minute()));
            if screen == "call-weak" {
                s.connection_words = Some(phrase!("their-connection-weak", percent = 12_u32));
            }
        }
        "call-waiting" => {
            s.call = CallPhase::InCall { peer: bob, since: ago(2) };
            s.camera_live = true;
        }
        "call-off" => {
            s.call = in_call;
            (s.microphone_muted, s.camera_off) = (true, true);
            s.connection_words = Some(phrase!("their-connection-weak", percent = 12_u32));
            s.remote_camera_off = true;
        }
        "call-muted" | "call-silent" | "call-notices" => {
            s.call = in_call;
            (s.remote_video_live, s.camera_live, s.remote_muted) = (true, true, true);
            s.microphone_muted = screen == "call-muted";
            s.hint = Some(if s.microphone_muted {
                CallHint::TalkingWhileMuted
            } else {
                CallHint::SilentMicrophone
            });
            if screen == "call-notices" {
                s.hint = None;
                s.connection_words = Some(phrase!("their-connection-weak", percent = 12_u32));
                let kept = phrase!(
                    "snapshot-kept",
                    file = "Visavis bob 2026-11-30 10.02.33.png",
                    folder = "Pictures"
                );
                s.notices = notices([phrase!("microphone-none"), kept]);
                s.device_notices = vec![(NoticeId(0), DeviceKind::Microphone)];
                s.kept_picture = Some((NoticeId(1), "/tmp/Visavis bob.png".into()));
            }
        }
        "reconnecting" => {
            s.call = CallPhase::Reconnecting { peer: bob, since: ago(187), lost_at: ago(8) };
            (s.remote_video_live, s.camera_live) = (true, true);
        }
        "ended" => {
            s.call = CallPhase::Ended { peer: bob, reason: EndReason::Unknown, talked: None }
        }
        "lost" => {
            let talked = Some(Duration::from_secs(724));
            s.call = CallPhase::Ended { peer: bob, reason: EndReason::MediaLost, talked };
        }
        "talked" => {
            let talked = Some(Duration::from_secs(201));
            s.call = CallPhase::Ended { peer: bob, reason: EndReason::ClosedByPeer, talked };
        }
        "notices" => {
            let busy = phrase!("camera-busy", device = "Integrated Camera");
            s.notices = notices([
                phrase!("call-without-picture", trouble = busy),
                phrase!("microphone-none"),
            ]);
            s.device_notices =
                vec![(NoticeId(0), DeviceKind::Camera), (NoticeId(1), DeviceKind::Microphone)];
        }
        _ => {
            (s.preview, s.camera_live) = (true, true);
        }
    }
    hosting::prepare(&mut s, screen, now);
    if !s.call.is_between_calls() {
        s.conversation = Some(Arc::new(conversation::view(screen, at.wall.system())));
        (s.sharing, s.share_choices) = (sharing::sharing(screen), sharing::choices(screen));
    }
    s.trust = (!s.call.is_between_calls()).then(|| trust(screen));
    s
}

/// A made-up picture: a person in front of a window, more or less. `hue`, 0 to 1, tells two people
/// apart.
fn picture(width: u32, height: u32, hue: f32) -> RgbaFrame {
    let mut rgba = Vec::with_capacity((width * height * 4) as usize);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            let aspect = width as f32 / height as f32;
            let head = ((u - 0.5) * aspect).hypot(v - 0.42) < 0.17;
            let body = ((u - 0.5) * aspect / 1.5).hypot(v - 1.0) < 0.33;
            let stripe = u < 0.06;
            let (r, g, b) = match (head || body, stripe) {
                (true, _) => (0.85 - 0.25 * v, 0.66 - 0.2 * v, 0.55 - 0.2 * v),
                (false, true) => (0.95, 0.9, 0.4),
                (false, false) => {
                    (0.25 + 0.3 * u * hue, 0.32 + 0.25 * v, 0.45 + 0.25 * (1.0 - v) * (1.0 - hue))
                }
            };
            rgba.extend([r, g, b, 1.0].map(|c: f32| (c * 255.0) as u8));
        }
    }
    RgbaFrame { size: VideoSize::new(width, height).expect("a size"), rgba: rgba.into() }
}
