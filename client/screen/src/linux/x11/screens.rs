//! The screens of a display: RandR's monitors, or the whole of it where there is no RandR.

use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::xproto::ConnectionExt as _;

use super::connection::{Connection, X11Error};
use super::grabber::Area;
use crate::source::shown_name;

/// More than any desk has.
const MOST: usize = 32;

/// A screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Monitor {
    /// What RandR calls it, mostly after its output: `eDP-1`.
    pub(super) name: String,
    /// Where it is on the root window.
    pub(super) area: Area,
}

/// The screens, the primary one first.
pub(super) fn monitors(connection: &Connection) -> Result<Vec<Monitor>, X11Error> {
    let x = &connection.x;
    let root = x.get_geometry(connection.root)?.reply()?;
    let root_area = Area { x: 0, y: 0, width: root.width, height: root.height };
    let mut monitors = Vec::new();
    if connection.has.randr {
        let mut found = x.randr_get_monitors(connection.root, true)?.reply()?.monitors;
        found.truncate(MOST);
        found.sort_by_key(|monitor| !monitor.primary);
        let names: Vec<_> =
            found.iter().map(|it| x.get_atom_name(it.name)).collect::<Result<_, _>>()?;
        for (monitor, name) in found.iter().zip(names) {
            let name = shown_name(&String::from_utf8_lossy(&name.reply()?.name)).to_string();
            let whole =
                Area { x: monitor.x, y: monitor.y, width: monitor.width, height: monitor.height };
            // Two of the same name are one screen that shows the same twice.
            if monitors.iter().all(|it: &Monitor| it.name != name)
                && let Some(area) = root_area.intersection(whole)
            {
                monitors.push(Monitor { name, area });
            }
        }
    }
    if monitors.is_empty() {
        monitors.push(Monitor { name: "screen".to_owned(), area: root_area });
    }
    Ok(monitors)
}
