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
                && let Some(area) = within(whole, root.width, root.height)
            {
                monitors.push(Monitor { name, area });
            }
        }
    }
    if monitors.is_empty() {
        let area = Area { x: 0, y: 0, width: root.width, height: root.height };
        monitors.push(Monitor { name: "screen".to_owned(), area });
    }
    Ok(monitors)
}

/// The part of an area that lies on a root window of this size; `None` where none does.
fn within(area: Area, width: u16, height: u16) -> Option<Area> {
    let part = |at: i16, long: u16, all: u16| {
        let (from, to) = (i32::from(at).max(0), i32::from(at) + i32::from(long));
        let long = u16::try_from(to.min(i32::from(all)) - from).ok().filter(|long| *long > 0)?;
        i16::try_from(from).ok().map(|from| (from, long))
    };
    let ((x, width), (y, height)) =
        (part(area.x, area.width, width)?, part(area.y, area.height, height)?);
    Some(Area { x, y, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_ends_where_the_root_window_does() {
        let area = |x, y, width, height| Area { x, y, width, height };
        assert_eq!(within(area(10, 0, 50, 50), 100, 100), Some(area(10, 0, 50, 50)));
        assert_eq!(within(area(80, -10, 50, 50), 100, 100), Some(area(80, 0, 20, 40)));
        assert_eq!(within(area(100, 0, 50, 50), 100, 100), None);
        assert_eq!(within(area(i16::MIN, 0, 9, 9), 100, 100), None);
        let huge = area(0, 0, u16::MAX, u16::MAX);
        assert_eq!(within(huge, u16::MAX, u16::MAX), Some(huge));
    }
}
