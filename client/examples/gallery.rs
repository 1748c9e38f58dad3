//! Shows each screen of the window with made-up snapshots, to look at them:
//! `cargo run --example gallery -- SCREEN [THEME [WIDTH HEIGHT [LANGUAGE]]]`.
//!
//! A development tool: there is no server, no call and no device behind it, and what is pressed is
//! only logged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::config::{Settings, Theme};
use visavis_client::desktop::{WindowLink, WindowRequest};
use visavis_client::device::{DeviceInfo, DeviceList};
use visavis_client::invitation::Invitation;
use visavis_client::media::drop_oldest_queue::DropOldestQueue;
use visavis_client::media::frame::RgbaFrame;
use visavis_client::media::units::VideoSize;
use visavis_client::session::snapshot::{
    CallEnd, ContactRow, Direction, DisplayName, LoginPhase, Notice, NoticeId, Person, Presence,
    RecentCall, RoomPhase, SessionLink, Snapshot, UnixTime,
};
use visavis_client::ui::{self, WindowOptions};
use visavis_client::words::{self, Language, phrase};
use visavis_shared::{RoomId, Username};

const SCREENS: &str = "login first failed taken invited logging-in people contacts missed hung-up room alone offline ringing calling connecting \
                       call call-off reconnecting ended talked notices";

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

/// Contacts, some calls with them, and somebody who is blocked.
fn with_contacts(s: &mut Snapshot) {
    let contact = |username: &str, shown: &str, presence| ContactRow {
        username: name(username),
        display_name: DisplayName::parse(shown).ok().flatten(),
        added: UnixTime(0),
        presence,
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
        at: UnixTime(UnixTime::now().0.saturating_sub(hours * 3600)),
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

/// The snapshot that goes with the name of a screen.
fn snapshot(screen: &str) -> Snapshot {
    let now = Instant::now();
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
    let in_call = CallPhase::InCall { peer: bob.clone(), since: ago(187) };
    match screen {
        "contacts" => with_contacts(&mut s),
        "login" | "invited" => s.login = LoginPhase::LoggedOut,
        "first" => {
            s.login = LoginPhase::LoggedOut;
            (s.server, s.username) = (String::new(), String::new());
        }
        "taken" => s.login = LoginPhase::Failed(phrase!("log-in-taken", name = "alice")),
        "missed" => {
            with_contacts(&mut s);
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
        "ringing" => s.call = CallPhase::Ringing { peer: bob, since: ago(4) },
        "calling" => s.call = CallPhase::Calling { peer: bob, ringing: true, since: ago(7) },
        "connecting" => s.call = CallPhase::Connecting { peer: bob, since: ago(1) },
        "call" => {
            s.call = in_call;
            (s.remote_video_live, s.camera_live) = (true, true);
        }
        "call-off" => {
            s.call = in_call;
            (s.microphone_muted, s.camera_off) = (true, true);
            s.connection_words = Some(phrase!("their-connection-weak", percent = 12_u32));
        }
        "reconnecting" => {
            s.call = CallPhase::Reconnecting { peer: bob, since: ago(187), lost_at: ago(8) };
            (s.remote_video_live, s.camera_live) = (true, true);
        }
        "ended" => {
            s.call = CallPhase::Ended { peer: bob, reason: EndReason::Unknown, talked: None }
        }
        "talked" => {
            let talked = Some(Duration::from_secs(201));
            s.call = CallPhase::Ended { peer: bob, reason: EndReason::ClosedByPeer, talked };
        }
        "notices" => {
            let busy = phrase!("camera-busy", device = "Integrated Camera");
            let texts =
                [phrase!("call-without-picture", trouble = busy), phrase!("microphone-none")];
            s.notices =
                (0u64..).zip(texts).map(|(id, text)| Notice { id: NoticeId(id), text }).collect();
        }
        _ => {
            (s.preview, s.camera_live) = (true, true);
        }
    }
    s
}

/// A made-up picture: a person in front of a window, more or less.
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

fn main() {
    tracing_subscriber::fmt().with_env_filter("info").init();
    let mut arguments = std::env::args().skip(1);
    let screen = arguments.next().unwrap_or_else(|| "people".to_owned());
    let theme = match arguments.next().as_deref() {
        Some("light") => Theme::Light,
        _ => Theme::Dark,
    };
    let size = match (
        arguments.next().and_then(|w| w.parse().ok()),
        arguments.next().and_then(|h| h.parse().ok()),
    ) {
        (Some(width), Some(height)) => Some([width, height]),
        _ => None,
    };
    if !SCREENS.split_whitespace().any(|s| s == screen) {
        tracing::error!("there is no screen {screen}; there are: {SCREENS}");
        std::process::exit(2);
    }
    words::speak(
        arguments.next().as_deref().and_then(Language::of_tag).or(Some(Language::English)),
    );
    let (intents, mut received) = mpsc::channel(64);
    let (keep, snapshots) = watch::channel(Arc::new(snapshot(&screen)));
    let link = SessionLink {
        intents,
        snapshots,
        remote_video: DropOldestQueue::latest(),
        self_video: DropOldestQueue::latest(),
    };
    link.remote_video.put(picture(1280, 720, 1.0));
    link.self_video.put(picture(640, 360, 0.0));
    let printer = std::thread::Builder::new().name("printer".to_owned()).spawn(move || {
        while let Some(intent) = received.blocking_recv() {
            tracing::info!(?intent);
        }
    });
    let recent_servers = if screen == "first" {
        Vec::new()
    } else {
        ["wss://meet.example.org", "ws://192.168.1.20:9090"].map(str::to_owned).to_vec()
    };
    let settings = Settings { theme, recent_servers, ..Settings::default() };
    let desktop = WindowLink::default();
    if screen == "invited" {
        let invitation = Invitation::parse("visavis://meet.example.org/olga");
        desktop.ask(WindowRequest::Open(invitation.expect("an invitation")));
    }
    let shown = ui::run(
        link,
        WindowOptions {
            settings,
            size,
            position: Some([0.0, 0.0]),
            desktop,
            ..WindowOptions::default()
        },
    );
    drop(keep);
    if let Ok(printer) = printer {
        let _ = printer.join();
    }
    if let Err(error) = shown {
        tracing::error!(%error);
        std::process::exit(1);
    }
}
