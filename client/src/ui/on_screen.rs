//! Whether the window is on the screen at all, on X11: a window on another desktop is unmapped
//! together with its frame, of which neither winit nor egui hears anything.
//!
//! In: whether somebody wants to know. Out: the map state that the server has of the window (X
//! Window System Protocol, `GetWindowAttributes`), on the thread `window-watch`. What always holds:
//! what can't be found out counts as seen; while nobody wants to know, nothing is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eframe::egui::{Context, ViewportId};
use winit::raw_window_handle::{HasWindowHandle, RawWindowHandle};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, MapState, Window};

use crate::media::drop_oldest_queue::{DropOldestQueue, Taken};

/// How often the server is asked.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How long the thread sleeps while nobody wants to know.
const SLEEP: Duration = Duration::from_secs(3600);

/// See the module. Dropping it ends the thread.
pub(super) struct OnScreen {
    wanted: Arc<DropOldestQueue<bool>>,
    told: bool,
    seen: Arc<AtomicBool>,
}

impl OnScreen {
    /// Watches a window; `None` where it is none of X11.
    pub(super) fn watch(ctx: &Context, window: &impl HasWindowHandle) -> Option<Self> {
        let window: Window = match window.window_handle().ok()?.as_raw() {
            RawWindowHandle::Xlib(handle) => handle.window.try_into().ok()?,
            RawWindowHandle::Xcb(handle) => handle.window.get(),
            _ => return None,
        };
        let (wanted, seen) = (DropOldestQueue::latest(), Arc::new(AtomicBool::new(true)));
        let (asked, state, ctx) = (Arc::clone(&wanted), Arc::clone(&seen), ctx.clone());
        let run = move || {
            let changed = |seen| {
                if state.swap(seen, Ordering::Relaxed) != seen {
                    ctx.request_repaint_of(ViewportId::ROOT);
                }
            };
            if let Err(error) = look(&asked, window, changed) {
                tracing::debug!(%error, "whether the window is on the screen is not known");
            }
            changed(true);
        };
        // A server that hangs may hold it up; nobody waits for it.
        std::thread::Builder::new().name("window-watch".into()).spawn(run).ok()?;
        Some(Self { wanted, told: false, seen })
    }

    /// Whether it is on the screen, for whoever wants to know it now.
    pub(super) fn is_seen(&mut self, wanted: bool) -> bool {
        if self.told != wanted {
            self.told = wanted;
            self.wanted.put(wanted);
        }
        !wanted || self.seen.load(Ordering::Relaxed)
    }
}

impl Drop for OnScreen {
    fn drop(&mut self) {
        self.wanted.close();
    }
}

fn look(
    wanted: &DropOldestQueue<bool>,
    window: Window,
    changed: impl Fn(bool),
) -> Result<(), Box<dyn std::error::Error>> {
    let mut connection = None;
    loop {
        match wanted.wait(if connection.is_some() { LOOK_EVERY } else { SLEEP }) {
            Taken::Value(true) => connection = Some(x11rb::connect(None)?.0),
            Taken::Value(false) => {
                connection = None;
                changed(true);
            }
            Taken::TimedOut => {}
            Taken::Closed => return Ok(()),
        }
        if let Some(connection) = &connection {
            let attributes = connection.get_window_attributes(window)?;
            connection.flush()?;
            changed(attributes.reply()?.map_state == MapState::VIEWABLE);
        }
    }
}
