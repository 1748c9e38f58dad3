//! The windows of a display, as their owners see them: without frames, and without what is none.
//!
//! In: the window manager's list (EWMH `_NET_CLIENT_LIST_STACKING`), or the tree where there is
//! none. Out: windows with titles, the topmost first. What always holds: this program's own
//! windows, those that can't be seen now, docks and desktops are left out; a title is one line.

use std::sync::Arc;

use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, MapState, Visualid, Window, WindowClass,
};

use super::connection::{Connection, X11Error};
use super::grabber::Area;
use crate::image::MAX_PIXELS;
use crate::source::shown_name;

/// More than anybody chooses from.
const MOST: usize = 200;
/// How deep under a frame the window is looked for.
const DEEPEST: u32 = 3;
/// How much of a title is asked for, in units of four bytes.
const TITLE_UNITS: u32 = 256;

x11rb::atom_manager! {
    /// The names that are used here.
    pub(super) Atoms: AtomsCookie {
        _NET_CLIENT_LIST_STACKING,
        _NET_WM_NAME,
        _NET_WM_PID,
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_DESKTOP,
        _NET_WM_WINDOW_TYPE_DOCK,
        UTF8_STRING,
        WM_STATE,
    }
}

/// A window that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) window: Window,
    pub(super) title: Arc<str>,
    pub(super) width: u16,
    pub(super) height: u16,
}

/// What there is to know of a window to show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// Whether it and all round it are mapped.
    pub(super) viewable: bool,
    /// How its pixels are.
    pub(super) visual: Visualid,
    /// Its size, without its border.
    pub(super) size: (u16, u16),
    /// How wide its border is.
    pub(super) border: u16,
}

impl State {
    /// All of it, in its pixels.
    pub(super) fn area(&self) -> Area {
        Area { x: 0, y: 0, width: self.size.0, height: self.size.1 }
    }

    /// Whether memory of its own for it is more than may be asked of a display.
    pub(super) fn is_huge(&self) -> bool {
        usize::from(self.size.0) * usize::from(self.size.1) > MAX_PIXELS
    }
}

/// The state of a window; `None` when it is gone.
pub(super) fn state(connection: &Connection, window: Window) -> Result<Option<State>, X11Error> {
    let x = &connection.x;
    let (attributes, geometry) = (x.get_window_attributes(window)?, x.get_geometry(window)?);
    let (attributes, geometry) = match (
        attributes.reply().map_err(X11Error::from),
        geometry.reply().map_err(X11Error::from),
    ) {
        (Ok(attributes), Ok(geometry)) => (attributes, geometry),
        (Err(X11Error::Refused), _) | (_, Err(X11Error::Refused)) => return Ok(None),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    Ok(Some(State {
        viewable: attributes.map_state == MapState::VIEWABLE
            && attributes.class == WindowClass::INPUT_OUTPUT,
        visual: attributes.visual,
        size: (geometry.width, geometry.height),
        border: geometry.border_width,
    }))
}

/// All windows that can be shown, the topmost first.
pub(super) fn list(connection: &Connection, atoms: &Atoms) -> Result<Vec<Found>, X11Error> {
    let mut stacked = managed(connection, atoms)?;
    if stacked.is_empty() {
        stacked = unmanaged(connection, atoms)?;
    }
    let mut found = Vec::new();
    for window in stacked.into_iter().rev().take(MOST) {
        match look(connection, atoms, window) {
            Ok(window) => found.extend(window),
            // Closed in the meantime.
            Err(X11Error::Refused) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// What the window manager lists, from the bottom.
fn managed(connection: &Connection, atoms: &Atoms) -> Result<Vec<Window>, X11Error> {
    let (name, kind) = (atoms._NET_CLIENT_LIST_STACKING, Atom::from(AtomEnum::WINDOW));
    let units = MOST as u32 * 4;
    let list = connection.x.get_property(false, connection.root, name, kind, 0, units)?.reply()?;
    Ok(list.value32().map(Iterator::collect).unwrap_or_default())
}

/// The windows on the root, or inside of their frames, from the bottom.
fn unmanaged(connection: &Connection, atoms: &Atoms) -> Result<Vec<Window>, X11Error> {
    let x = &connection.x;
    let mut windows = Vec::new();
    let children = x.query_tree(connection.root)?.reply()?.children;
    for top in children.into_iter().rev().take(MOST) {
        match inside(connection, atoms, top, DEEPEST) {
            Ok(Some(window)) => windows.push(window),
            Ok(None) => {
                // No window manager has touched it; menus and tooltips want none.
                let attributes = x.get_window_attributes(top)?.reply().map_err(X11Error::from);
                if attributes.is_ok_and(|attributes| !attributes.override_redirect) {
                    windows.push(top);
                }
            }
            Err(X11Error::Refused) => {}
            Err(error) => return Err(error),
        }
    }
    windows.reverse();
    Ok(windows)
}

/// The first window at or under this one that a window manager has marked as one (ICCCM 4.1.3.1).
fn inside(
    connection: &Connection,
    atoms: &Atoms,
    window: Window,
    deeper: u32,
) -> Result<Option<Window>, X11Error> {
    let x = &connection.x;
    let any = Atom::from(AtomEnum::ANY);
    if x.get_property(false, window, atoms.WM_STATE, any, 0, 0)?.reply()?.type_ != 0 {
        return Ok(Some(window));
    }
    if deeper > 0 {
        for child in x.query_tree(window)?.reply()?.children.into_iter().take(MOST) {
            if let Some(found) = inside(connection, atoms, child, deeper - 1)? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// What is shown of a window in a list; `None` where it does not belong there.
fn look(connection: &Connection, atoms: &Atoms, window: Window) -> Result<Option<Found>, X11Error> {
    let x = &connection.x;
    let any = Atom::from(AtomEnum::ANY);
    let get = |name: Atom, units| x.get_property(false, window, name, any, 0, units);
    let pid = get(atoms._NET_WM_PID, 1)?;
    let kinds = get(atoms._NET_WM_WINDOW_TYPE, 8)?;
    let new_name = get(atoms._NET_WM_NAME, TITLE_UNITS)?;
    let old_name = get(AtomEnum::WM_NAME.into(), TITLE_UNITS)?;
    let Some(state) = state(connection, window)? else { return Ok(None) };
    let (pid, kinds) = (pid.reply()?, kinds.reply()?);
    let (new_name, old_name) = (new_name.reply()?, old_name.reply()?);

    let own = pid.value32().is_some_and(|mut pid| pid.next() == Some(std::process::id()));
    let furniture = [atoms._NET_WM_WINDOW_TYPE_DESKTOP, atoms._NET_WM_WINDOW_TYPE_DOCK];
    let furniture =
        kinds.value32().is_some_and(|mut kinds| kinds.any(|it| furniture.contains(&it)));
    let (width, height) = state.size;
    if own || furniture || !state.viewable || state.is_huge() || width < 2 || height < 2 {
        return Ok(None);
    }
    let latin1 = old_name.type_ == Atom::from(AtomEnum::STRING);
    let title = match (&*new_name.value, &*old_name.value) {
        ([], old) if latin1 => old.iter().copied().map(char::from).collect(),
        ([], old) => String::from_utf8_lossy(old).into_owned(),
        (new, _) => String::from_utf8_lossy(new).into_owned(),
    };
    Ok(Some(Found { window, title: shown_name(&title), width, height }))
}

/// The window under the root that this one is in, or itself.
pub(super) fn top_of(connection: &Connection, window: Window) -> Result<Window, X11Error> {
    let mut top = window;
    // Deeper trees than any window manager builds; what is not found counts as found.
    for _ in 0..64 {
        let tree = connection.x.query_tree(top)?.reply()?;
        if tree.parent == tree.root || tree.parent == x11rb::NONE {
            break;
        }
        top = tree.parent;
    }
    Ok(top)
}
