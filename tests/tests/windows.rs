//! Two real windows on a display of their own: log in, call, accept, see each other, close. Leaves screenshots in
//! `target/screenshots`.

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use tempfile::TempDir;
use tokio::process::Command;
use visavis_tests::inspection::{By, Inspector, Widget};
use visavis_tests::programs::{self, Program};
use visavis_tests::server::TestServer;

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(30);
/// The first bits of the bar over the test pattern: its mark, "Vv".
const MARK: [bool; 16] = {
    let mut bits = [false; 16];
    let mut n = 0;
    while n < 16 {
        bits[n] = 0x5676_u16 >> (15 - n) & 1 == 1;
        n += 1;
    }
    bits
};

/// How long figures are gathered before a picture is taken of their plots.
const PLOTTED: Duration = Duration::from_secs(8);

/// A display without a screen.
struct Display {
    name: String,
    _xvfb: Program,
}

impl Display {
    async fn start() -> Self {
        let arguments = ["-displayfd", "1", "-screen", "0", "1280x800x24", "-noreset", "-nolisten", "tcp"];
        let mut xvfb = Program::start("Xvfb", "Xvfb".as_ref(), arguments).expect("Xvfb starts");
        let number =
            xvfb.says(SOON, |said| said.strip_suffix('\n').map(str::to_owned)).await.expect("a display number");
        Self { name: format!(":{number}"), _xvfb: xvfb }
    }
}

/// A window, and the hands and eyes on it.
struct Window {
    person: &'static str,
    inspector: Inspector,
    _folder: TempDir,
    _program: Program,
}

impl Window {
    async fn open(person: &'static str, display: &Display) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        // Asked of the system, and free again at once: the window takes it a moment later.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let mut command = Command::new(programs::visavis().expect("visavis is built"));
        command
            .args(["--camera", "pattern", "--microphone", "tone", "--speaker", "none", "--ice-server", "none"])
            .arg("--data-dir")
            .arg(folder.path())
            .env("DISPLAY", &display.name)
            .env("EGUI_INSPECTION", free.to_string())
            .env_remove("WAYLAND_DISPLAY");
        let program = Program::spawn(person, command).expect("the window starts");
        let inspector = tokio::task::block_in_place(|| Inspector::connect(&free.to_string(), SOON));
        let inspector = inspector.unwrap_or_else(|error| panic!("{person}'s window: {error}; {}", program.stderr()));
        Self { person, inspector, _folder: folder, _program: program }
    }

    fn do_with<T, E: std::fmt::Display>(&mut self, what: &str, act: impl FnOnce(&mut Inspector) -> Result<T, E>) -> T {
        let done = tokio::task::block_in_place(|| act(&mut self.inspector));
        done.unwrap_or_else(|error| panic!("{}: {what}: {error}; {}", self.person, self._program.stderr()))
    }

    fn waits_for(&mut self, by: &By) -> Widget {
        self.do_with(&format!("waiting for {by:?}"), |inspector| inspector.wait_for(by, SOON))
    }

    fn clicks(&mut self, name: &str) {
        let button = By::name(name).role(Role::Button);
        self.waits_for(&button);
        self.do_with(&format!("clicking {name}"), |inspector| inspector.click(&button));
    }

    fn fills(&mut self, field: &str, text: &str) {
        self.waits_for(&By::name(field).role(Role::TextInput));
        self.do_with(&format!("filling {field}"), |inspector| {
            inspector.fill(&By::name(field).role(Role::TextInput), text)
        });
    }

    fn logs_in(&mut self, server: &str) {
        self.fills("Your name", self.person);
        self.fills("Server", server);
        self.clicks("Log in");
        self.waits_for(&By::name("Username to call").role(Role::TextInput));
    }

    fn presses_with_control(&mut self, key: Key) {
        self.do_with(&format!("pressing Ctrl and {key:?}"), |inspector| inspector.press(Modifiers::COMMAND, key));
    }

    fn waits_until_gone(&mut self, by: &By) {
        self.do_with(&format!("waiting until {by:?} is gone"), |inspector| inspector.wait_until_gone(by, SOON));
    }

    fn keeps_picture(&mut self, name: &str) {
        let picture = self.do_with("taking a picture", Inspector::screenshot);
        picture.save(screenshots().join(name)).expect("the picture is kept");
    }

    /// Whether the test pattern fills the widget at its own shape: its mark is read from the screen.
    fn shows_pattern_in(&mut self, widget: &Widget) -> bool {
        let picture = self.do_with("taking a picture", Inspector::screenshot);
        let pixels = picture.pixels().expect("a readable picture");
        let (left, top) = (widget.min.x, widget.min.y);
        let (width, height) = (widget.max.x - left, widget.max.y - top);
        let scale = (width / 16.0).min(height / 9.0);
        let (shown_width, shown_height) = (16.0 * scale, 9.0 * scale);
        let (x0, y0) = (left + (width - shown_width) / 2.0, top + (height - shown_height) / 2.0);
        let cell = shown_width / 40.0;
        MARK.iter().enumerate().all(|(column, white)| {
            let x = x0 + (column as f32 + 0.5) * cell;
            let y = y0 + 0.5 * cell;
            pixels.at(x as u32, y as u32).is_some_and(|[red, green, blue]| {
                let bright = red > 128 && green > 128 && blue > 128;
                let dark = red < 128 && green < 128 && blue < 128;
                if *white { bright } else { dark }
            })
        })
    }

    fn sees(&mut self, other: &str) {
        let remote = self.waits_for(&By::name(&format!("Picture of {other}")));
        let deadline = std::time::Instant::now() + SOON;
        while !self.shows_pattern_in(&remote) {
            if std::time::Instant::now() > deadline {
                self.keeps_picture("failed.png");
                panic!("{} does not see {other}'s picture; see failed.png", self.person);
            }
        }
    }
}

fn screenshots() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    test.ancestors().nth(3).expect("the target folder").join("screenshots")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_windows_log_in_call_see_each_other_and_close() {
    let server = TestServer::start().await;
    let display = Display::start().await;
    let mut alice = Window::open("alice", &display).await;
    let mut bob = Window::open("bob", &display).await;

    alice.keeps_picture("log-in.png");
    alice.logs_in(server.url());
    bob.logs_in(server.url());
    alice.waits_for(&By::name("Call bob").role(Role::Button));
    alice.keeps_picture("people.png");

    alice.fills("Username to call", "bob");
    alice.clicks("Call");
    bob.waits_for(&By::name("Accept").role(Role::Button));
    bob.keeps_picture("being-called.png");
    alice.waits_for(&By::name("Cancel").role(Role::Button));
    alice.keeps_picture("calling.png");
    bob.clicks("Accept");

    alice.sees("bob");
    bob.sees("alice");
    alice.keeps_picture("in-call.png");

    alice.presses_with_control(Key::I);
    alice.waits_for(&By::name("Upload carries"));
    // So that there is something in the plots.
    tokio::time::sleep(PLOTTED).await;
    alice.keeps_picture("statistics.png");
    alice.presses_with_control(Key::I);
    alice.waits_until_gone(&By::name("Upload carries"));

    alice.clicks("Mute");
    alice.clicks("Unmute");
    alice.clicks("Close call");
    alice.waits_for(&By::name("Call again").role(Role::Button));
    bob.waits_for(&By::containing("alice closed the call"));
    bob.keeps_picture("ended.png");
    bob.clicks("Back");
    bob.waits_for(&By::name("Username to call").role(Role::TextInput));
}
