//! Which pictures somebody sees. The session makes none for the window of those that nobody does:
//! their slots pause.

use eframe::egui::Context;

use crate::session::snapshot::SessionLink;

/// Says whether the window is on the screen; the argument is whether that matters now.
type OnScreen = Box<dyn FnMut(bool) -> bool>;

/// See the module.
#[derive(Default)]
pub(super) struct Looks {
    /// Knows better than the system's events tell, where there is such a thing.
    on_screen: Option<OnScreen>,
}

impl Looks {
    #[cfg(target_os = "linux")]
    pub(super) fn ask(&mut self, on_screen: impl FnMut(bool) -> bool + 'static) {
        self.on_screen = Some(Box::new(on_screen));
    }

    /// Looks again. `own` says whether one's own picture is shown in the window.
    pub(super) fn follow(&mut self, ctx: &Context, link: &SessionLink, in_call: bool, own: bool) {
        let on_screen = self.on_screen.as_mut().is_none_or(|is_seen| is_seen(in_call));
        let seen = on_screen
            && ctx.input(|input| {
                let viewport = input.viewport();
                viewport.minimized != Some(true) && viewport.occluded != Some(true)
            });
        for (slot, seen) in [(&link.remote_video, seen), (&link.self_video, seen && own)] {
            if slot.is_paused() == seen {
                slot.pause(!seen);
            }
        }
    }
}
