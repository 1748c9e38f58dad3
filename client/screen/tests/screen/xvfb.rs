//! A display of a test's own and windows on it.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::shown::SOON;
use visavis_screen::Desktop;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConfigureWindowAux,
    ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, PropMode, Rectangle, Window,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// Xvfb, without a screen to look at. Ends with its owner.
pub(crate) struct Xvfb {
    child: Child,
    name: String,
}

impl Xvfb {
    /// Starts one with a screen such as `800x600x24` and more arguments.
    pub(crate) fn start(screen: &str, more: &[&str]) -> Self {
        let mut child = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", screen, "-noreset", "-nolisten", "tcp"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb can't be started: install it (apt-get install xvfb)");
        let mut number = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut number).expect("a display number");
        Self { child, name: format!(":{}", number.trim()) }
    }

    pub(crate) fn desktop(&self) -> Desktop {
        Desktop::X11(self.name.clone())
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        PathBuf::from(format!("/tmp/.X11-unix/X{}", self.name.trim_start_matches(':')))
    }

    /// Runs a program there, such as a window manager.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Running {
        let child = Command::new(program)
            .args(arguments)
            .env("DISPLAY", &self.name)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Running(child.unwrap_or_else(|error| panic!("{program} can't be started: {error}")))
    }

    pub(crate) fn client(&self) -> Client {
        let (x, screen) = RustConnection::connect(Some(&self.name)).expect("the display");
        let screen = &x.setup().roots[screen];
        let (root, depth) = (screen.root, screen.root_depth);
        Client { x, root, depth }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let kill = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(kill.expect("kill").success());
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that ends with its owner.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program on the display.
pub(crate) struct Client {
    pub(crate) x: RustConnection,
    pub(crate) root: Window,
    depth: u8,
}

impl Client {
    /// A colour (`0xRRGGBB`) as a pixel of this display.
    fn pixel(&self, colour: u32) -> u32 {
        let [_, r, g, b] = colour.to_be_bytes().map(u32::from);
        match self.depth {
            16 => r >> 3 << 11 | g >> 2 << 5 | b >> 3,
            30 => [r, g, b].iter().fold(0, |pixel, c| pixel << 10 | c << 2 | c >> 6),
            _ => colour,
        }
    }

    /// A window in one colour (`0xRRGGBB`) with this title.
    pub(crate) fn window(
        &self,
        (x, y, w, h): (i16, i16, u16, u16),
        colour: u32,
        title: &str,
    ) -> Window {
        let window = self.x.generate_id().expect("an id");
        let aux = CreateWindowAux::new()
            .background_pixel(self.pixel(colour))
            .event_mask(EventMask::EXPOSURE);
        let class = WindowClass::INPUT_OUTPUT;
        self.x
            .create_window(0, window, self.root, x, y, w, h, 0, class, 0, &aux)
            .expect("a window");
        self.name(window, title);
        self.x.map_window(window).expect("it is mapped");
        self.sync();
        window
    }

    pub(crate) fn atom(&self, name: &str) -> u32 {
        self.x.intern_atom(false, name.as_bytes()).expect("sent").reply().expect("an atom").atom
    }

    pub(crate) fn name(&self, window: Window, title: &str) {
        let (name, utf8) = (self.atom("_NET_WM_NAME"), self.atom("UTF8_STRING"));
        self.x
            .change_property8(PropMode::REPLACE, window, name, utf8, title.as_bytes())
            .expect("a title");
    }

    pub(crate) fn set32(&self, window: Window, name: &str, kind: &str, values: &[u32]) {
        let (name, kind) = (self.atom(name), self.atom(kind));
        self.x
            .change_property32(PropMode::REPLACE, window, name, kind, values)
            .expect("a property");
        self.sync();
    }

    /// Fills a part of a window.
    pub(crate) fn fill(&self, window: Window, (x, y, w, h): (i16, i16, u16, u16), colour: u32) {
        let gc = self.x.generate_id().expect("an id");
        self.x
            .create_gc(gc, window, &CreateGCAux::new().foreground(self.pixel(colour)))
            .expect("a gc");
        let part = Rectangle { x, y, width: w, height: h };
        self.x.poly_fill_rectangle(window, gc, &[part]).expect("it is filled");
        self.x.free_gc(gc).expect("the gc is freed");
        self.sync();
    }

    /// What the root window shows where nothing else is.
    pub(crate) fn root_colour(&self, colour: u32) {
        let aux = ChangeWindowAttributesAux::new().background_pixel(self.pixel(colour));
        self.x.change_window_attributes(self.root, &aux).expect("it is set");
        self.x.clear_area(false, self.root, 0, 0, 0, 0).expect("it is cleared");
        self.sync();
    }

    /// Waits until somebody manages this.
    pub(crate) fn wait_for_owner(&self, selection: &str) {
        let (selection, began) = (self.atom(selection), Instant::now());
        let owner = || self.x.get_selection_owner(selection).expect("sent").reply().expect("one");
        while owner().owner == x11rb::NONE {
            assert!(began.elapsed() < SOON, "nobody manages it");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a window manager manages a window. One that just starts may miss that it is
    /// mapped.
    pub(crate) fn wait_until_managed(&self, window: Window) {
        let (name, began) = (self.atom("WM_STATE"), Instant::now());
        let kind = || {
            let state = self.x.get_property(false, window, name, AtomEnum::ANY, 0, 0);
            state.expect("sent").reply().expect("a reply").type_
        };
        while kind() == x11rb::NONE {
            assert!(began.elapsed() < SOON, "no window manager comes");
            std::thread::sleep(Duration::from_millis(50));
            self.x.map_window(window).expect("it is mapped");
        }
    }

    /// Asks the window manager to minimise a window (3; ICCCM 4.1.4).
    pub(crate) fn change_state(&self, window: Window, state: u32) {
        let kind = self.atom("WM_CHANGE_STATE");
        let event = ClientMessageEvent::new(32, window, kind, [state, 0, 0, 0, 0]);
        let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.x.send_event(false, self.root, mask, event).expect("it is asked");
        self.sync();
    }

    pub(crate) fn configure(&self, window: Window, aux: &ConfigureWindowAux) {
        self.x.configure_window(window, aux).expect("it is configured");
        self.sync();
    }

    pub(crate) fn point(&self, x: i16, y: i16) {
        self.x.warp_pointer(x11rb::NONE, self.root, 0, 0, 0, 0, x, y).expect("it moves");
        self.sync();
    }

    pub(crate) fn sync(&self) {
        self.x.get_input_focus().expect("sent").reply().expect("the display answers");
    }
}
