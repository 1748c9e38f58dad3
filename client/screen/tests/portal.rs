//! The portal of Wayland desktops: a real one before a real compositor without a screen, and one
//! that a test plays, which says no, hangs or goes away.
#![cfg(target_os = "linux")]

#[path = "common/shown.rs"]
mod shown;
#[path = "common/wayland_proxy.rs"]
mod wayland_proxy;

use std::collections::HashMap;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use shown::{SOON, Shown, is};
use visavis_media::units::VideoSize;
use visavis_screen::{
    CaptureEvent, CaptureSettings, Desktop, EndReason, RestoreToken, ScreenError, Screens,
    SourceId, SourceKind,
};
use zbus::zvariant::{ObjectPath, OwnedFd, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, interface};

const RED: u32 = 0xE0_2010;
const BLUE: u32 = 0x20_30E0;

/// Programs that share a folder for their sockets, with a bus of their own.
struct Session {
    folder: tempfile::TempDir,
    programs: Vec<(&'static str, Child)>,
}

impl Session {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut session = Self { folder, programs: Vec::new() };
        // Nothing is started by the bus itself, which would start half a desktop.
        let bus = session.path("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>{}</listen><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>\
             <allow own=\"*\"/></policy></busconfig>",
            session.bus()
        );
        std::fs::write(&bus, text).expect("the bus's configuration");
        let configuration = format!("--config-file={}", bus.display());
        let arguments = ["--nofork", "--nopidfile", &configuration];
        session.run("dbus-daemon", "dbus-daemon", &arguments);
        session.wait_for(&session.path("bus"));
        session
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bus(&self) -> String {
        format!("unix:path={}", self.path("bus").display())
    }

    fn desktop(&self) -> Desktop {
        Desktop::Portal(Some(self.bus()))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_remove("DISPLAY")
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("PIPEWIRE_RUNTIME_DIR", self.folder.path())
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus())
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("XDG_CURRENT_DESKTOP", "sway")
            .env("WAYLAND_DISPLAY", "wayland-1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn run(&mut self, name: &'static str, program: &str, arguments: &[&str]) {
        let mut command = self.command(program);
        command.args(arguments);
        self.spawn(name, command);
    }

    fn spawn(&mut self, name: &'static str, mut command: Command) {
        let child = command.spawn();
        let child = child.unwrap_or_else(|error| panic!("{name} can't be started: {error}"));
        self.programs.push((name, child));
    }

    fn wait_for(&self, socket: &Path) {
        let began = Instant::now();
        while std::os::unix::net::UnixStream::connect(socket).is_err() {
            assert!(began.elapsed() < SOON, "nothing listens at {}", socket.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn kill(&mut self, name: &str) {
        for (_, program) in self.programs.iter_mut().filter(|(it, _)| *it == name) {
            program.kill().expect("it runs");
            program.wait().expect("it ends");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for (_, program) in self.programs.iter_mut().rev() {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

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
        wayland_proxy::start(&proxy, &session.path("wayland-1"));
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

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(future)
}

fn wait_for_name(session: &Session, name: &str) {
    block_on(async {
        let bus = connect(session).await;
        let dbus = zbus::fdo::DBusProxy::new(&bus).await.expect("the bus");
        let began = Instant::now();
        let name = zbus::names::BusName::try_from(name).expect("a name");
        while !dbus.name_has_owner(name.clone()).await.expect("an answer") {
            assert!(began.elapsed() < SOON, "{name} does not come");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

async fn connect(session: &Session) -> Connection {
    let builder = zbus::connection::Builder::address(session.bus().as_str()).expect("an address");
    builder.build().await.expect("the bus")
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

/// What the portal of a test answers.
#[derive(Clone, Copy, PartialEq)]
enum Answer {
    /// The person said no.
    No,
    /// Nothing: the person thinks about it.
    Waits,
    /// The person said yes, and PipeWire is not there.
    YesWithoutPipeWire,
    /// The person said yes; then the desktop stops it.
    YesThenStops,
    /// Something that is no response of a portal.
    Nonsense,
}

/// What it was asked for.
type Asked = Arc<Mutex<HashMap<String, OwnedValue>>>;

struct Portal {
    answer: Answer,
    asked: Asked,
}

type Options = HashMap<String, OwnedValue>;

fn text(options: &Options, name: &str) -> String {
    String::try_from(options[name].try_clone().expect("a value")).expect("a text")
}

async fn respond(
    bus: &Connection,
    header: &zbus::message::Header<'_>,
    options: &Options,
    code: u32,
    results: HashMap<&str, Value<'_>>,
) -> OwnedObjectPath {
    let sender = header.sender().expect("a sender").trim_start_matches(':').replace('.', "_");
    let token = text(options, "handle_token");
    let path = format!("/org/freedesktop/portal/desktop/request/{sender}/{token}");
    let path = ObjectPath::try_from(path).expect("a path");
    let interface = "org.freedesktop.portal.Request";
    let to = header.sender().map(|name| name.to_owned());
    bus.emit_signal(to, &path, interface, "Response", &(code, results)).await.expect("it is sent");
    path.into()
}

#[interface(name = "org.freedesktop.portal.ScreenCast")]
impl Portal {
    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        4
    }

    #[zbus(property)]
    fn available_source_types(&self) -> u32 {
        7
    }

    #[zbus(property)]
    fn available_cursor_modes(&self) -> u32 {
        7
    }

    async fn create_session(
        &self,
        #[zbus(connection)] bus: &Connection,
        #[zbus(header)] header: zbus::message::Header<'_>,
        options: Options,
    ) -> OwnedObjectPath {
        let handle = "/org/freedesktop/portal/desktop/session/test";
        let results = match self.answer {
            Answer::Nonsense => HashMap::from([("session_handle", Value::from(7_u32))]),
            _ => HashMap::from([("session_handle", Value::from(handle))]),
        };
        respond(bus, &header, &options, 0, results).await
    }

    async fn select_sources(
        &self,
        #[zbus(connection)] bus: &Connection,
        #[zbus(header)] header: zbus::message::Header<'_>,
        _session: OwnedObjectPath,
        options: Options,
    ) -> OwnedObjectPath {
        let path = respond(bus, &header, &options, 0, HashMap::new()).await;
        self.asked.lock().expect("a lock").extend(options);
        path
    }

    async fn start(
        &self,
        #[zbus(connection)] bus: &Connection,
        #[zbus(header)] header: zbus::message::Header<'_>,
        session: OwnedObjectPath,
        _window: String,
        options: Options,
    ) -> OwnedObjectPath {
        let stream: (u32, HashMap<&str, Value<'_>>) = (42, HashMap::new());
        let granted = HashMap::from([
            ("streams", Value::from(vec![stream])),
            ("restore_token", Value::from("the next token")),
        ]);
        match self.answer {
            Answer::No => respond(bus, &header, &options, 1, HashMap::new()).await,
            Answer::YesWithoutPipeWire | Answer::Nonsense => {
                respond(bus, &header, &options, 0, granted).await
            }
            Answer::YesThenStops => {
                let path = respond(bus, &header, &options, 0, granted).await;
                let (bus, to) = (bus.clone(), header.sender().map(|name| name.to_owned()));
                a_moment_later(move || async move {
                    let interface = "org.freedesktop.portal.Session";
                    let none: HashMap<&str, Value<'_>> = HashMap::new();
                    let _ = bus.emit_signal(to, &session, interface, "Closed", &(none,)).await;
                });
                path
            }
            Answer::Waits => OwnedObjectPath::try_from("/waits").expect("a path"),
        }
    }

    fn open_pipe_wire_remote(&self, _session: OwnedObjectPath, _options: Options) -> OwnedFd {
        let (one, other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        if self.answer == Answer::YesThenStops {
            // Nobody answers there.
            std::mem::forget(other);
        }
        one.as_fd().try_clone_to_owned().expect("a descriptor").into()
    }
}

/// Does something a moment later, on a thread of its own.
fn a_moment_later<F: Future<Output = ()>>(later: impl FnOnce() -> F + Send + 'static) {
    let run = move || {
        std::thread::sleep(Duration::from_millis(300));
        block_on(later());
    };
    std::thread::Builder::new().spawn(run).expect("a thread");
}

/// A bus with a portal that answers like this.
fn fake(answer: Answer) -> (Session, Connection, Asked) {
    let session = Session::start();
    let asked = Asked::default();
    let portal = Portal { answer, asked: Arc::clone(&asked) };
    let bus = block_on(async {
        let builder = zbus::connection::Builder::address(session.bus().as_str());
        let builder = builder.expect("an address");
        let builder = builder.serve_at("/org/freedesktop/portal/desktop", portal);
        let builder = builder.expect("a path").name("org.freedesktop.portal.Desktop");
        builder.expect("a name").build().await.expect("the bus")
    });
    (session, bus, asked)
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
