//! A window manager on a display, and what it knows of the one window there (ICCCM 4.1.3, EWMH).

use std::time::{Duration, Instant};

use tokio::process::Command;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask, Window,
};
use x11rb::rust_connection::RustConnection;

use crate::programs::Program;
use crate::window::Display;

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(20);
/// How often something that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Of `WM_STATE` and `WM_CHANGE_STATE`.
const ICONIC: u32 = 3;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// A window manager. Dropping it ends it.
pub struct WindowManager {
    connection: RustConnection,
    root: Window,
    _program: Program,
}

impl WindowManager {
    /// Starts one.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn start(display: &Display) -> Self {
        let mut command = Command::new("openbox");
        command.arg("--sm-disable").env("DISPLAY", display.name());
        let program = Program::spawn("openbox", command)
            .unwrap_or_else(|error| panic!("{error}: `cargo xtask test` installs what is needed"));
        let (connection, screen) = x11rb::connect(Some(display.name())).expect("the display");
        let root = connection.setup().roots[screen].root;
        let manager = Self { connection, root, _program: program };
        manager
            .waits_until("no window manager", |manager| {
                Ok(manager.property(manager.root, "_NET_SUPPORTING_WM_CHECK")?.is_some())
            })
            .await;
        manager
    }

    /// Minimises the one window, as its button does.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn minimises_the_window(&self) {
        self.waits_until("no window", |manager| Ok(manager.window()?.is_some())).await;
        self.tell_root("WM_CHANGE_STATE", [ICONIC, 0, 0, 0, 0]).expect("the display answers");
        self.waits_until("not minimised", |manager| {
            Ok(manager.state()? == Some(ICONIC) && manager.active()? != manager.window()?)
        })
        .await;
    }

    /// Waits until the one window is there for all to see, and has the focus.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn has_the_window_in_front(&self) {
        self.waits_until("not in front", |manager| {
            // One that was hidden is no window of the manager's until it is shown again.
            Ok(manager.window()?.is_some()
                && manager.state()? != Some(ICONIC)
                && manager.active()? == manager.window()?)
        })
        .await;
    }

    /// Brings the one window back to the front, as a click on its button in a task bar does.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn restores_the_window(&self) {
        // From a pager (2): nobody's focus is guarded against it.
        let content = [2, x11rb::CURRENT_TIME, 0, 0, 0];
        self.tell_root("_NET_ACTIVE_WINDOW", content).expect("the display answers");
        self.has_the_window_in_front().await;
    }

    /// Closes the one window, as the cross in its corner does.
    ///
    /// # Panics
    /// When there is none.
    pub async fn closes_the_window(&self) {
        self.waits_until("no window", |manager| Ok(manager.window()?.is_some())).await;
        // From a pager (2).
        let content = [x11rb::CURRENT_TIME, 2, 0, 0, 0];
        self.tell_root("_NET_CLOSE_WINDOW", content).expect("the display answers");
    }

    /// Waits until no window is to be seen.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn has_no_window(&self) {
        self.waits_until("a window is left", |manager| Ok(manager.window()?.is_none())).await;
    }

    /// Gives the one window another size, in pixels.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn resizes_the_window(&self, width: u32, height: u32) {
        self.waits_until("no window", |manager| Ok(manager.window()?.is_some())).await;
        let wanted = ConfigureWindowAux::new().width(width).height(height);
        let window = self.window_id().expect("a window");
        self.connection.configure_window(window, &wanted).expect("sent").check().expect("done");
        self.waits_until("another size", |manager| {
            let is = manager.connection.get_geometry(window)?.reply()?;
            Ok((u32::from(is.width), u32::from(is.height)) == (width, height))
        })
        .await;
    }

    /// Waits until the one window is kept above all others, and has no frame; or neither.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn keeps_the_window_on_top(&self, on_top: bool) {
        self.waits_until("not above all others", |manager| {
            let above = manager.atom("_NET_WM_STATE_ABOVE")?;
            let window = manager.window()?.ok_or("there is no window")?;
            let states = manager.properties(window, "_NET_WM_STATE")?;
            let frame = manager.properties(window, "_NET_FRAME_EXTENTS")?;
            let framed = frame.iter().any(|side| *side > 1);
            Ok(states.contains(&above) == on_top && framed != on_top)
        })
        .await;
    }

    /// Waits until the one window has about this size, in pixels.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn has_the_window_sized(&self, width: u16, height: u16) {
        self.waits_until("of another size", |manager| {
            let window = manager.window()?.ok_or("there is no window")?;
            let is = manager.connection.get_geometry(window)?.reply()?;
            Ok(is.width.abs_diff(width) <= 2 && is.height.abs_diff(height) <= 2)
        })
        .await;
    }

    /// The number of the one window on its display, when there is one.
    #[must_use]
    pub fn window_id(&self) -> Option<u32> {
        self.window().ok().flatten()
    }

    /// Asks the manager something about the one window.
    fn tell_root(&self, kind: &str, content: [u32; 5]) -> Result<(), Fault> {
        let window = self.window()?.ok_or("there is no window")?;
        let message = ClientMessageEvent::new(32, window, self.atom(kind)?, content);
        let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.connection.send_event(false, self.root, mask, message)?.check()?;
        Ok(())
    }

    /// The one window that the manager manages.
    fn window(&self) -> Result<Option<Window>, Fault> {
        self.property(self.root, "_NET_CLIENT_LIST")
    }

    fn active(&self) -> Result<Option<Window>, Fault> {
        self.property(self.root, "_NET_ACTIVE_WINDOW")
    }

    fn state(&self) -> Result<Option<u32>, Fault> {
        let window = self.window()?.ok_or("there is no window")?;
        self.property(window, "WM_STATE")
    }

    fn atom(&self, name: &str) -> Result<u32, Fault> {
        Ok(self.connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }

    /// The first number of a property.
    fn property(&self, window: Window, name: &str) -> Result<Option<u32>, Fault> {
        let atom = self.atom(name)?;
        let property = self.connection.get_property(false, window, atom, AtomEnum::ANY, 0, 1)?;
        Ok(property.reply()?.value32().and_then(|mut values| values.next()))
    }

    /// The numbers of a property; none when it is not there.
    fn properties(&self, window: Window, name: &str) -> Result<Vec<u32>, Fault> {
        let atom = self.atom(name)?;
        let property = self.connection.get_property(false, window, atom, AtomEnum::ANY, 0, 64)?;
        Ok(property.reply()?.value32().map(Iterator::collect).unwrap_or_default())
    }

    async fn waits_until(&self, what: &str, look: impl Fn(&Self) -> Result<bool, Fault>) {
        let deadline = Instant::now() + SOON;
        while !look(self).expect("the display answers") {
            assert!(Instant::now() < deadline, "{what}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
