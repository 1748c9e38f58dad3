//! A display of a test's own, windows on it, and what a capture of it gives.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use visavis_media::convert::to_rgba;
use visavis_media::drop_oldest_queue::{DropOldestQueue, Taken};
use visavis_media::frame::{RgbaFrame, VideoFrame};
use visavis_screen::{Capture, CaptureEvent, CaptureSettings, Desktop, SourceId};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, CreateGCAux,
    CreateWindowAux, EventMask, PropMode, Rectangle, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// How long anything may take that is expected to happen.
pub(crate) const SOON: Duration = Duration::from_secs(10);

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

/// A capture and what comes of it.
pub(crate) struct Shown {
    pub(crate) capture: Option<Capture>,
    pub(crate) frames: Arc<DropOldestQueue<VideoFrame>>,
    events: mpsc::Receiver<CaptureEvent>,
}

impl Shown {
    pub(crate) fn start(desktop: &Desktop, what: &SourceId, settings: CaptureSettings) -> Self {
        let frames = DropOldestQueue::latest();
        let (sender, events) = mpsc::channel(16);
        let capture = Capture::start(desktop, what, settings, Arc::clone(&frames), sender);
        Self { capture: Some(capture.expect("a thread")), frames, events }
    }

    /// The next event.
    pub(crate) fn event(&mut self) -> CaptureEvent {
        let until = Instant::now() + SOON;
        loop {
            match self.events.try_recv() {
                Ok(event) => return event,
                Err(error) => assert!(Instant::now() < until, "no event came: {error}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What was reported and not asked for yet.
    pub(crate) fn no_event(&mut self) {
        assert_eq!(self.events.try_recv().ok(), None);
    }

    /// Waits for a frame of which this is true.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&RgbaFrame) -> bool) -> RgbaFrame {
        let until = Instant::now() + SOON;
        let mut last = None;
        while Instant::now() < until {
            if let Taken::Value(frame) = self.frames.wait(Duration::from_millis(100)) {
                let picture = to_rgba(&frame).expect("it converts");
                if is_so(&picture) {
                    return picture;
                }
                last = Some(picture);
            }
        }
        let corner = last.as_ref().map(|picture| (picture.size, pixel(picture, 0, 0)));
        panic!("no frame shows {what}; the last one: {corner:?}");
    }

    /// How many frames come in this time.
    pub(crate) fn frames_in(&self, time: Duration) -> usize {
        let until = Instant::now() + time;
        let mut count = 0;
        while Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            count += usize::from(matches!(self.frames.wait(left), Taken::Value(_)));
        }
        count
    }

    /// How long dropping it takes.
    pub(crate) fn drop_within(&mut self, time: Duration) {
        let began = Instant::now();
        self.capture = None;
        assert!(began.elapsed() < time, "it took {:?}", began.elapsed());
    }
}

/// A pixel as `[red, green, blue]`.
pub(crate) fn pixel(picture: &RgbaFrame, x: u32, y: u32) -> [u8; 3] {
    let at = (y * picture.size.width() + x) as usize * 4;
    [picture.rgba[at], picture.rgba[at + 1], picture.rgba[at + 2]]
}

/// Whether a pixel has a colour (`0xRRGGBB`), but for what conversion loses.
pub(crate) fn is(picture: &RgbaFrame, (x, y): (u32, u32), colour: u32) -> bool {
    let [_, r, g, b] = colour.to_be_bytes();
    pixel(picture, x, y).iter().zip([r, g, b]).all(|(got, want)| got.abs_diff(want) <= 7)
}
