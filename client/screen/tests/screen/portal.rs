//! The portal of Wayland desktops: a real one before a real compositor without a screen, and one
//! that a test plays, which says no, hangs or goes away.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::fake_portal::{Answer, fake, text};
use crate::session::{Session, wait_for_name};
use crate::shown::{SOON, Shown, is};
use visavis_media::units::VideoSize;
use visavis_screen::{
    CaptureEvent, CaptureSettings, Desktop, EndReason, RestoreToken, ScreenError, Screens,
    SourceId, SourceKind,
};

const RED: u32 = 0xE0_2010;
const BLUE: u32 = 0x20_30E0;

/// Where a program is that is in no path.
fn helper(name: &str) -> String {
    let places = ["/usr/libexec", "/usr/lib"].map(|place| format!("{place}/{name}"));
    let found = places.into_iter().find(|path| Path::new(path).exists());
    found
        .unwrap_or_else(|| panic!("there is no {name}: `cargo xtask test` installs what is needed"))
}

/// A compositor without a screen, PipeWire, and the portal, which agrees at once.
struct Sway(Session);

impl Sway {
    fn start() -> Self {
        let mut session = Session::start();
        let write = |name: &str, text: &str| {
            let path = session.path(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a configuration");
        };
        write(
            "config/sway/config",
            "output HEADLESS-1 resolution 800x600 bg #2030e0 solid_color\n",
        );
        write(
            "config/xdg-desktop-portal-wlr/config",
            "[screencast]\noutput_name=HEADLESS-1\nchooser_type=none\n",
        );
        session.run("pipewire", "pipewire", &[]);
        session.wait_for(&session.path("pipewire-0"));
        session.run("wireplumber", "wireplumber", &[]);
        // Sway refuses to be root, as tests in a container are.
        let open = Command::new("chmod").args(["-R", "a+rwX"]).arg(session.folder.path()).status();
        assert!(open.expect("chmod").success());
        let root = std::fs::metadata("/proc/self")
            .is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
        let mut sway = if root {
            let mut command = session.command("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sway"]);
            command
        } else {
            session.command("sway")
        };
        sway.env("WLR_BACKENDS", "headless")
            .env("WLR_RENDERER", "pixman")
            .env("WLR_LIBINPUT_NO_DEVICES", "1")
            .env("LIBSEAT_BACKEND", "noop")
            .env("SWAYSOCK", session.path("sway"))
            .env_remove("WAYLAND_DISPLAY");
        session.spawn("sway", sway);
        session.wait_for(&session.path("wayland-1"));
        session.wait_for(&session.path("sway"));
        let proxy = session.path("wayland-proxy");
        crate::wayland_proxy::start(&proxy, &session.path("wayland-1"));
        let mut portal = session.command(&helper("xdg-desktop-portal-wlr"));
        portal.env("WAYLAND_DISPLAY", proxy);
        session.spawn("portal-wlr", portal);
        let name = "org.freedesktop.impl.portal.desktop.wlr";
        wait_for_name(&session, name);
        // It keeps the tokens.
        session.run("permissions", &helper("xdg-permission-store"), &[]);
        wait_for_name(&session, "org.freedesktop.impl.portal.PermissionStore");
        session.run("portal", &helper("xdg-desktop-portal"), &[]);
        wait_for_name(&session, "org.freedesktop.portal.Desktop");
        Self(session)
    }

    /// The next event. This portal sends an image only when something is drawn after it was asked
    /// for one, so things are drawn until it comes.
    fn event_while_drawing(&self, shown: &mut Shown) -> CaptureEvent {
        let began = Instant::now();
        while began.elapsed() < SOON {
            for colour in ["808080", "909090"] {
                self.order(&format!("output HEADLESS-1 bg #{colour} solid_color"));
                std::thread::sleep(Duration::from_millis(100));
                if let Some(event) = shown.try_event() {
                    return event;
                }
            }
        }
        panic!("no event came");
    }

    /// Has the compositor do something.
    fn order(&self, words: &str) {
        let mut command = self.0.command("swaymsg");
        command.args(["--socket"]).arg(self.0.path("sway")).args(words.split(' '));
        assert!(command.status().expect("swaymsg").success(), "{words}");
    }
}

fn portal() -> SourceId {
    SourceId("portal".into())
}

fn settings(restore: Option<&str>) -> CaptureSettings {
    let restore = restore.map(|token| RestoreToken(token.into()));
    CaptureSettings { restore, ..CaptureSettings::default() }
}

#[test]
fn a_wayland_screen_is_seen_as_it_is_also_with_the_token_of_the_last_time() {
    let sway = Sway::start();
    let desktop = sway.0.desktop();
    let mut screens = Screens::open(&desktop).expect("a portal");
    let sources = screens.sources().expect("a source");
    assert_eq!(sources.len(), 1);
    assert_eq!((sources[0].kind, &sources[0].id), (SourceKind::Portal, &portal()));
    let most = VideoSize::new(320, 180).expect("a size");
    assert!(matches!(screens.picture(&portal(), most), Err(ScreenError::Hidden)));

    let mut shown = Shown::start(&desktop, &portal(), settings(None));
    let event = shown.event();
    let CaptureEvent::Restorable(token) = event else { panic!("{event:?}") };
    assert_eq!(sway.event_while_drawing(&mut shown), CaptureEvent::Live);
    sway.order("output HEADLESS-1 bg #2030e0 solid_color");
    let frame = shown.until("the screen", |frame| is(frame, (400, 300), BLUE));
    assert_eq!(Some(frame.size), VideoSize::new(800, 600));
    for (i, pixel) in frame.rgba.as_chunks::<4>().0.iter().enumerate() {
        let at = (i as u32 % 800, i as u32 / 800);
        assert!(is(&frame, at, BLUE), "{at:?} is {pixel:?}");
    }
    while shown.frames_in(Duration::from_millis(500)) > 0 {}
    assert_eq!(shown.frames_in(Duration::from_secs(1)), 0, "a still screen gives no frames");
    sway.order("output HEADLESS-1 bg #e02010 solid_color");
    shown.until("the new colour", |frame| is(frame, (5, 5), RED) && is(frame, (795, 595), RED));
    sway.order("output HEADLESS-1 resolution 640x400");
    let resized = CaptureEvent::Resized(VideoSize::new(640, 400).expect("a size"));
    assert_eq!(sway.event_while_drawing(&mut shown), resized);
    sway.order("output HEADLESS-1 bg #2030e0 solid_color");
    shown.until("it at its new size", |frame| is(frame, (635, 395), BLUE));
    shown.drop_within(Duration::from_millis(500));

    let mut again = Shown::start(&desktop, &portal(), settings(Some(&token.0)));
    assert!(matches!(again.event(), CaptureEvent::Restorable(_)));
    assert_eq!(sway.event_while_drawing(&mut again), CaptureEvent::Live);
    sway.order("output HEADLESS-1 bg #e02010 solid_color");
    let frame = again.until("the screen", |frame| is(frame, (5, 5), RED));
    assert_eq!(Some(frame.size), VideoSize::new(640, 400));
}

#[test]
fn a_wayland_session_that_ends_ends_the_capture() {
    for program in ["sway", "portal", "pipewire"] {
        let mut sway = Sway::start();
        let mut shown = Shown::start(&sway.0.desktop(), &portal(), settings(None));
        assert!(matches!(shown.event(), CaptureEvent::Restorable(_)), "{program}");
        assert_eq!(sway.event_while_drawing(&mut shown), CaptureEvent::Live, "{program}");
        sway.0.kill(program);
        let CaptureEvent::Ended(why) = shown.event() else { panic!("{program}: it goes on") };
        match program {
            "portal" => {
                let lost = EndReason::Failed("the desktop's portal for screens is gone".to_owned());
                assert_eq!(why, lost);
            }
            _ => assert!(
                matches!(why, EndReason::StoppedByDesktop | EndReason::Failed(_)),
                "{program}: {why:?}"
            ),
        }
        shown.drop_within(Duration::from_millis(500));
    }
}

#[test]
fn a_no_is_reported_and_what_was_asked_for_is_right() {
    let (session, _bus, asked) = fake(Answer::No);
    let mut shown = Shown::start(&session.desktop(), &portal(), settings(Some("the last token")));
    assert_eq!(shown.event(), CaptureEvent::Ended(EndReason::NotAllowed));
    let asked = asked.lock().expect("a lock");
    let number = |name: &str| u32::try_from(&asked[name]).expect("a number");
    assert_eq!((number("types"), number("cursor_mode"), number("persist_mode")), (3, 2, 2));
    assert_eq!(bool::try_from(&asked["multiple"]), Ok(false));
    assert_eq!(text(&asked, "restore_token"), "the last token");
}

#[test]
fn a_person_may_think_about_it_and_the_sharer_may_give_up() {
    let (session, bus, _) = fake(Answer::Waits);
    let mut shown = Shown::start(&session.desktop(), &portal(), settings(None));
    assert_eq!(shown.frames_in(Duration::from_secs(1)), 0);
    shown.no_event();
    shown.drop_within(Duration::from_millis(500));
    // The portal goes away while it waits.
    let mut shown = Shown::start(&session.desktop(), &portal(), settings(None));
    assert_eq!(shown.frames_in(Duration::from_millis(500)), 0);
    drop(bus);
    let event = shown.event();
    assert!(matches!(event, CaptureEvent::Ended(EndReason::Failed(_))), "{event:?}");
}

#[test]
fn a_yes_hands_back_the_next_token_and_pipewire_that_is_gone_ends_it() {
    let (session, _bus, asked) = fake(Answer::YesWithoutPipeWire);
    let mut shown = Shown::start(&session.desktop(), &portal(), settings(None));
    let token = RestoreToken("the next token".into());
    assert_eq!(shown.event(), CaptureEvent::Restorable(token));
    let event = shown.event();
    let ended =
        matches!(event, CaptureEvent::Ended(EndReason::Failed(_) | EndReason::StoppedByDesktop));
    assert!(ended, "{event:?}");
    assert!(!asked.lock().expect("a lock").contains_key("restore_token"));
}

#[test]
fn the_desktop_may_stop_it() {
    let (session, _bus, _) = fake(Answer::YesThenStops);
    let mut shown = Shown::start(&session.desktop(), &portal(), settings(None));
    assert!(matches!(shown.event(), CaptureEvent::Restorable(_)));
    assert_eq!(shown.event(), CaptureEvent::Ended(EndReason::StoppedByDesktop));
}

#[test]
fn nonsense_and_no_portal_at_all_are_told() {
    let (session, bus, _) = fake(Answer::Nonsense);
    let event = Shown::start(&session.desktop(), &portal(), settings(None)).event();
    let CaptureEvent::Ended(EndReason::Failed(why)) = event else { panic!("{event:?}") };
    assert!(why.contains("not understood"), "{why}");
    assert!(Screens::open(&session.desktop()).is_ok());
    drop(bus);
    let none = Session::start();
    assert!(matches!(Screens::open(&none.desktop()), Err(ScreenError::NoPortal)));
    let event = Shown::start(&none.desktop(), &portal(), settings(None)).event();
    assert!(matches!(event, CaptureEvent::Ended(EndReason::Failed(_))), "{event:?}");
    let nowhere = Desktop::Portal(Some("unix:path=/nowhere".into()));
    assert!(matches!(Screens::open(&nowhere), Err(ScreenError::NoPortal)));
}
