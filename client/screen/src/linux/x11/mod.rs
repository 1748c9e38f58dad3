//! X11: screens by RandR, windows by Composite, so that what covers them is not seen, pixels
//! through shared memory where the server is on this machine, changes by Damage.
//!
//! What always holds: each request has a deadline (`connection`); what the server says is checked
//! before it is used; ids from elsewhere name nothing but a source of the display's list.

mod capture;
mod connection;
mod grabber;
mod list;
mod pixel_layout;
mod screens;
mod watch;
mod windows;

pub(super) use capture::run;
pub(super) use list::X11Screens;

use x11rb::protocol::xproto::Window;

use crate::source::SourceId;

/// What an id stands for here.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// A screen, by the name of its monitor.
    Screen(String),
    /// A window.
    Window(Window),
}

impl What {
    fn of(id: &SourceId) -> Option<Self> {
        match id.0.split_once(':')? {
            ("screen", name) => Some(Self::Screen(name.to_owned())),
            ("window", number) => number.parse().ok().map(Self::Window),
            _ => None,
        }
    }

    fn id(&self) -> SourceId {
        SourceId(match self {
            Self::Screen(name) => format!("screen:{name}").into(),
            Self::Window(window) => format!("window:{window}").into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_for_a_screen_or_a_window_and_anything_else_for_nothing() {
        for what in [What::Screen("DP-1".into()), What::Window(u32::MAX), What::Screen("".into())] {
            assert_eq!(What::of(&what.id()), Some(what));
        }
        for id in ["", "portal", "window:", "window:-1", "window:4294967296", "window:x", "DP-1"] {
            assert_eq!(What::of(&SourceId(id.into())), None, "{id}");
        }
    }
}
