//! Real windows on a display of their own, and the hands and eyes on them. Pictures go to
//! `target/screenshots`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use tempfile::TempDir;
use tokio::process::Command;

#[cfg(target_os = "linux")]
use crate::bridge::Machine;
use crate::inspection::{By, InspectionError, Inspector, Widget};
use crate::programs::{self, Finished, Program};
use crate::stop_signal::StopSignal;

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(30);
/// How often something that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(40);
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

/// A display without a screen.
pub struct Display {
    name: String,
    xvfb: Program,
}

impl Display {
    /// Starts one.
    ///
    /// # Panics
    /// When Xvfb does not start.
    pub async fn start() -> Self {
        Self::of_size(1280, 800).await
    }

    /// Starts one of this size, in pixels.
    ///
    /// # Panics
    /// When Xvfb does not start.
    pub async fn of_size(width: u32, height: u32) -> Self {
        let screen = format!("{width}x{height}x24");
        let arguments =
            ["-displayfd", "1", "-screen", "0", &screen, "-noreset", "-nolisten", "tcp"];
        let mut xvfb = Program::start("Xvfb", "Xvfb".as_ref(), arguments).expect("Xvfb starts");
        // What it prints about numbers that are taken goes to its other output.
        let number = |output: &str| output.strip_suffix('\n')?.parse::<u32>().ok();
        let number = xvfb.prints(SOON, number).await.expect("a display number");
        Self { name: format!(":{number}"), xvfb }
    }
}

impl Display {
    /// What it is called in the environment.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Answers no more.
    ///
    /// # Panics
    /// When it has ended already.
    pub async fn freezes(&self) {
        self.xvfb.freeze().await.expect("it runs");
    }

    /// Ends it, as a log-out does.
    ///
    /// # Panics
    /// When it has ended already.
    pub async fn ends(self) {
        self.xvfb.kill().await.expect("it runs");
    }
}

/// A window, and the hands and eyes on it.
pub struct Window {
    person: &'static str,
    inspector: Inspector,
    folder: TempDir,
    program: Program,
}

impl Window {
    /// Opens one in which the test pattern is seen, the tone is heard, and whose speaker is none.
    ///
    /// # Panics
    /// As [`Self::open_with`].
    pub async fn open(person: &'static str, display: &Display) -> Self {
        Self::open_with(person, display, |command| {
            command.args(["--microphone", "tone", "--speaker", "none"]);
        })
        .await
    }

    /// Opens one in which the test pattern is seen, with what else it is to be started with. It
    /// keeps things in a folder of its own, unless `VISAVIS_DATA_DIR` names one.
    ///
    /// # Panics
    /// When the program is not built, can't be started or can't be inspected.
    pub async fn open_with(
        person: &'static str,
        display: &Display,
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        Self::open_where(person, display, prepare, true, |command| command, connect).await
    }

    /// The same on a machine of another network.
    ///
    /// # Panics
    /// As [`Self::open_with`].
    #[cfg(target_os = "linux")]
    pub async fn open_at(
        person: &'static str,
        display: &Display,
        machine: &Machine,
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let moved = |command: Command| {
            let [program, words @ ..] = machine.inside();
            let mut moved = Command::new(program);
            moved.args(words).arg(command.as_std().get_program());
            moved
        };
        let connect = |address: &str| machine.enter(|| connect(address));
        Self::open_where(person, display, prepare, true, moved, connect).await
    }

    /// The same in the folder where things usually are, which the test sets.
    ///
    /// # Panics
    /// As [`Self::open_with`].
    pub async fn open_in_usual_folder(
        person: &'static str,
        display: &Display,
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        Self::open_where(person, display, prepare, false, |command| command, connect).await
    }

    async fn open_where(
        person: &'static str,
        display: &Display,
        prepare: impl FnOnce(&mut Command),
        named: bool,
        moved: impl FnOnce(Command) -> Command,
        connect: impl FnOnce(&str) -> Result<Inspector, InspectionError>,
    ) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        // Asked of the system, and free again at once: the window takes it a moment later.
        let free = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port");
        let mut command = moved(Command::new(programs::visavis().expect("visavis is built")));
        // What the test prepares comes later, and so counts.
        command.env("DISPLAY", &display.name).env_remove("WAYLAND_DISPLAY").env("LC_ALL", "C");
        prepare(&mut command);
        command.args(["--camera", "pattern", "--ice-server", "none"]);
        let is_set = command.as_std().get_envs().any(|(name, _)| name == "VISAVIS_DATA_DIR");
        if named && !is_set {
            command.arg("--data-dir").arg(folder.path());
        }
        command.env("EGUI_INSPECTION", free.to_string());
        let program = Program::spawn(person, command).expect("the window starts");
        let inspector = tokio::task::block_in_place(|| connect(&free.to_string()));
        let inspector = inspector
            .unwrap_or_else(|error| panic!("{person}'s window: {error}; {}", program.stderr()));
        Self { person, inspector, folder, program }
    }

    /// The folder of its profile.
    #[must_use]
    pub fn data_folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until this stands in a field.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn holds(&mut self, field: &str, text: &str) {
        let deadline = std::time::Instant::now() + SOON;
        let by = By::name(field).role(Role::TextInput);
        loop {
            let value = self.waits_for(&by).value;
            if value.as_deref() == Some(text) {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "in {field} stands {value:?}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// What the program has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.program.stderr()
    }

    /// Asks the program to end.
    ///
    /// # Panics
    /// When it has ended already.
    pub async fn is_asked_to_end(&self, signal: StopSignal) {
        self.program.ask_to_end(signal).await.expect("the window is open");
    }

    /// Closes it, as the cross in its corner does. It is the only one on its display.
    ///
    /// # Panics
    /// When the display has no window to be closed.
    pub async fn is_closed(&self, display: &Display) {
        let name = display.name.clone();
        let closing = tokio::task::spawn_blocking(move || close_all_windows(&name));
        closing.await.expect("it does not panic").expect("the display answers");
    }

    /// How the program ends.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn finishes(self, limit: Duration) -> Finished {
        self.program.finish(limit).await.expect("it ends")
    }

    /// Whether a widget is there now.
    ///
    /// # Panics
    /// When the window is gone.
    pub fn shows(&mut self, by: &By) -> bool {
        self.do_with(&format!("looking for {by:?}"), |inspector| inspector.find(by)).is_some()
    }

    fn do_with<T, E: std::fmt::Display>(
        &mut self,
        what: &str,
        act: impl FnOnce(&mut Inspector) -> Result<T, E>,
    ) -> T {
        let done = tokio::task::block_in_place(|| act(&mut self.inspector));
        done.unwrap_or_else(|error| {
            panic!("{}: {what}: {error}; {}", self.person, self.program.stderr())
        })
    }

    /// Waits until a widget is there.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn waits_for(&mut self, by: &By) -> Widget {
        self.do_with(&format!("waiting for {by:?}"), |inspector| inspector.wait_for(by, SOON))
    }

    /// Waits for a button and presses it.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn clicks(&mut self, name: &str) {
        let button = By::name(name).role(Role::Button);
        self.waits_for(&button);
        self.do_with(&format!("clicking {name}"), |inspector| inspector.click(&button));
    }

    /// Waits for a field and replaces what stands in it.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn fills(&mut self, field: &str, text: &str) {
        self.waits_for(&By::name(field).role(Role::TextInput));
        self.do_with(&format!("filling {field}"), |inspector| {
            inspector.fill(&By::name(field).role(Role::TextInput), text)
        });
    }

    /// Writes several lines' worth into a field, and sends it with Enter.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn writes(&mut self, field: &str, text: &str) {
        let by = By::name(field).role(Role::MultilineTextInput);
        self.waits_for(&by);
        self.do_with(&format!("writing into {field}"), |inspector| inspector.click(&by));
        self.do_with(&format!("writing into {field}"), |inspector| {
            inspector.input(vec![egui::Event::Text(text.to_owned())])
        });
        self.presses(Key::Enter);
    }

    /// Waits for one of several that can be chosen and chooses it, by a part of its name.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn chooses(&mut self, part: &str) {
        let choice = By::containing(part).role(Role::RadioButton);
        self.waits_for(&choice);
        self.do_with(&format!("choosing {part}"), |inspector| inspector.click(&choice));
    }

    /// Waits for a tab and shows what is behind it.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn opens(&mut self, tab: &str) {
        let tab = By::name(tab).role(Role::Tab);
        self.waits_for(&tab);
        self.do_with(&format!("opening {tab:?}"), |inspector| inspector.click(&tab));
    }

    /// Chooses a row that is there.
    ///
    /// # Panics
    /// When it is not there any more.
    pub fn chooses_row(&mut self, row: &By) {
        self.do_with(&format!("choosing {row:?}"), |inspector| inspector.click(row));
    }

    /// All widgets of a kind that are there now.
    ///
    /// # Panics
    /// When the window is gone.
    pub fn all(&mut self, by: &By) -> Vec<Widget> {
        self.do_with(&format!("looking for all {by:?}"), |inspector| inspector.find_all(by))
    }

    /// Logs in under the window's own name.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn logs_in(&mut self, server: &str) {
        self.fills("Username", self.person);
        self.opens("By address");
        self.fills("Server", server);
        self.clicks("Log in");
        self.waits_for(&By::name("Username to call").role(Role::TextInput));
    }

    /// Presses a key.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn presses(&mut self, key: Key) {
        self.do_with(&format!("pressing {key:?}"), |inspector| {
            inspector.press(Modifiers::NONE, key)
        });
    }

    /// Presses a key together with Ctrl.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn presses_with_control(&mut self, key: Key) {
        self.do_with(&format!("pressing Ctrl and {key:?}"), |inspector| {
            inspector.press(Modifiers::COMMAND, key)
        });
    }

    /// Waits until no such widget is there any more.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn waits_until_gone(&mut self, by: &By) {
        self.do_with(&format!("waiting until {by:?} is gone"), |inspector| {
            inspector.wait_until_gone(by, SOON)
        });
    }

    /// Keeps a screenshot of the window under this name.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn keeps_screenshot(&mut self, name: &str) {
        let screenshot = self.do_with("taking a screenshot", Inspector::screenshot);
        screenshot.save(screenshots().join(name)).expect("the screenshot is kept");
    }

    /// Whether the test pattern fills the widget, cropped around its middle: what is left of its
    /// mark is read from the screen.
    fn shows_pattern_in(&mut self, widget: &Widget) -> bool {
        let screenshot = self.do_with("taking a screenshot", Inspector::screenshot);
        let pixels = screenshot.pixels().expect("a readable screenshot");
        let (left, top) = (widget.min.x, widget.min.y);
        let (width, height) = (widget.max.x - left, widget.max.y - top);
        let scale = (width / 16.0).max(height / 9.0);
        let (shown_width, shown_height) = (16.0 * scale, 9.0 * scale);
        let (x0, y0) = (left + (width - shown_width) / 2.0, top + (height - shown_height) / 2.0);
        let cell = shown_width / 40.0;
        let place = |column: usize| x0 + (column as f32 + 0.5) * cell;
        let mut seen =
            MARK.iter().enumerate().filter(|(column, _)| place(*column) > left).peekable();
        seen.peek().is_some()
            && seen.all(|(column, white)| {
                let x = place(column);
                // Near its upper edge, as the name and the clock float over the rest.
                let y = y0.max(top) + 0.25 * cell;
                pixels.at(x as u32, y as u32).is_some_and(|[red, green, blue]| {
                    let bright = red > 128 && green > 128 && blue > 128;
                    let dark = red < 128 && green < 128 && blue < 128;
                    if *white { bright } else { dark }
                })
            })
    }

    /// Waits until the other's video is seen: the test pattern.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub fn sees(&mut self, other: &str) {
        let picture = By::name(&format!("Picture of {other}"));
        let deadline = std::time::Instant::now() + SOON;
        loop {
            // It grows and shrinks as what stands beside it comes and goes.
            let remote = self.waits_for(&picture);
            if self.shows_pattern_in(&remote) {
                return;
            }
            if std::time::Instant::now() > deadline {
                self.keeps_screenshot("failed.png");
                panic!("{} does not see {other}'s video; see failed.png", self.person);
            }
        }
    }
}

/// Connects to a window that opens.
fn connect(address: &str) -> Result<Inspector, InspectionError> {
    Inspector::connect(address, SOON)
}

/// Asks every top-level window of a display to close (ICCCM 4.2.8.1, `WM_DELETE_WINDOW`).
#[cfg(target_os = "linux")]
fn close_all_windows(display: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    use x11rb::connection::Connection as _;
    use x11rb::protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask};

    let (connection, screen) = x11rb::connect(Some(display))?;
    let root = connection.setup().roots[screen].root;
    let atom = |name: &str| connection.intern_atom(false, name.as_bytes());
    let protocols = atom("WM_PROTOCOLS")?.reply()?.atom;
    let delete = atom("WM_DELETE_WINDOW")?.reply()?.atom;
    let mut asked = 0;
    for window in connection.query_tree(root)?.reply()?.children {
        let understands = connection
            .get_property(false, window, protocols, AtomEnum::ATOM, 0, 32)?
            .reply()?
            .value32()
            .is_some_and(|mut atoms| atoms.any(|atom| atom == delete));
        if understands {
            let message = ClientMessageEvent::new(
                32,
                window,
                protocols,
                [delete, x11rb::CURRENT_TIME, 0, 0, 0],
            );
            connection.send_event(false, window, EventMask::NO_EVENT, message)?.check()?;
            asked += 1;
        }
    }
    if asked == 0 { Err("there is no window".into()) } else { Ok(()) }
}

#[cfg(not(target_os = "linux"))]
fn close_all_windows(_: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Err("only X11 windows can be closed".into())
}

fn screenshots() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    test.ancestors().nth(3).expect("the target folder").join("screenshots")
}
