//! What the server reports without being asked: that something was drawn, that the pointer has
//! another picture, that screens were plugged in or out.

use std::time::Instant;

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, Damage, ReportLevel};
use x11rb::protocol::randr::{ConnectionExt as _, NotifyMask};
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask};
use x11rb::protocol::xproto::{ConnectionExt as _, Rectangle, Window};

use super::connection::{Connection, X11Error};
use super::grabber::Area;
use crate::pointer::PointerPicture;

/// What was drawn, in the pixels of what is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawn {
    Nothing,
    Within(Area),
    /// Perhaps everything.
    Anything,
}

impl Drawn {
    fn and(self, area: Area) -> Self {
        match self {
            Self::Nothing => Self::Within(area),
            Self::Within(before) => Self::Within(before.union(area)),
            Self::Anything => Self::Anything,
        }
    }
}

/// Watches a window, or the root for a screen.
pub(super) struct Watch {
    damage: Option<Damage>,
    /// What was drawn since it was last taken.
    drawn: Drawn,
    /// The pointer looks different since it was last taken.
    new_picture: bool,
    picture: PointerPicture,
}

impl Watch {
    pub(super) fn new(connection: &Connection, window: Window) -> Result<Self, X11Error> {
        let x = &connection.x;
        let mut damage = None;
        if connection.has.damage {
            let id = x.generate_id()?;
            x.damage_create(id, window, ReportLevel::BOUNDING_BOX)?.check()?;
            damage = Some(id);
        }
        if connection.has.xfixes {
            let mask = CursorNotifyMask::DISPLAY_CURSOR;
            x.xfixes_select_cursor_input(connection.root, mask)?;
        }
        if connection.has.randr {
            let mask = NotifyMask::SCREEN_CHANGE | NotifyMask::CRTC_CHANGE;
            x.randr_select_input(connection.root, mask)?;
        }
        x.flush()?;
        let new_picture = connection.has.xfixes;
        Ok(Self { damage, drawn: Drawn::Anything, new_picture, picture: PointerPicture::default() })
    }

    /// Takes in what was reported.
    pub(super) fn drain(&mut self, connection: &Connection) -> Result<(), X11Error> {
        while let Some(event) = connection.x.poll_for_event()? {
            match event {
                Event::DamageNotify(event) => {
                    let Rectangle { x, y, width, height } = event.area;
                    self.drawn = self.drawn.and(Area { x, y, width, height });
                }
                Event::XfixesCursorNotify(_) => self.new_picture = true,
                Event::RandrNotify(_) | Event::RandrScreenChangeNotify(_) => self.look_again(),
                // Also errors about windows that are gone, which the next look finds out.
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits until something is reported, until a moment at most.
    pub(super) fn wait(&mut self, connection: &Connection, until: Instant) -> Result<(), X11Error> {
        self.drain(connection)?;
        if self.drawn == Drawn::Nothing && !self.new_picture {
            connection.wait_until(until)?;
            self.drain(connection)?;
        }
        Ok(())
    }

    /// What may have been drawn since this was asked last. What is drawn from now on is reported
    /// again.
    pub(super) fn take_drawn(&mut self, connection: &Connection) -> Result<Drawn, X11Error> {
        let Some(damage) = self.damage else { return Ok(Drawn::Anything) };
        if self.drawn != Drawn::Nothing {
            connection.x.damage_subtract(damage, x11rb::NONE, x11rb::NONE)?;
        }
        Ok(std::mem::replace(&mut self.drawn, Drawn::Nothing))
    }

    /// Looks again the next time, whatever is reported.
    pub(super) fn look_again(&mut self) {
        self.drawn = Drawn::Anything;
    }

    /// What the pointer looks like, and whether that is new.
    pub(super) fn pointer(
        &mut self,
        connection: &Connection,
    ) -> Result<(&PointerPicture, bool), X11Error> {
        let mut changed = false;
        if std::mem::take(&mut self.new_picture) {
            let picture =
                match connection.x.xfixes_get_cursor_image()?.reply().map_err(X11Error::from) {
                    Ok(image) => PointerPicture {
                        width: image.width.into(),
                        height: image.height.into(),
                        hot: (image.xhot.into(), image.yhot.into()),
                        argb: image.cursor_image,
                    },
                    // There is none now.
                    Err(X11Error::Refused) => PointerPicture::default(),
                    Err(error) => return Err(error),
                };
            changed = picture != self.picture;
            self.picture = picture;
        }
        Ok((&self.picture, changed))
    }
}

/// Where the pointer is.
pub(super) struct PointerPlace {
    /// In the pixels of a window.
    pub(super) inside: (i32, i32),
    /// Over which window under the root.
    pub(super) over: Window,
}

/// Where the pointer is, as seen from a window; `None` where it is on another screen.
pub(super) fn pointer_place(
    connection: &Connection,
    window: Window,
) -> Result<Option<PointerPlace>, X11Error> {
    let x = &connection.x;
    let (inside, on_root) = (x.query_pointer(window)?, x.query_pointer(connection.root)?);
    let (inside, on_root) = (inside.reply()?, on_root.reply()?);
    let place = (i32::from(inside.win_x), i32::from(inside.win_y));
    Ok(inside.same_screen.then_some(PointerPlace { inside: place, over: on_root.child }))
}
