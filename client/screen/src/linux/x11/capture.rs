//! One source of a display on its way to the encoder.
//!
//! In: what the [`Watch`] reports, and a look at the pointer and the window 15 times a second or
//! as often as frames are wanted. Out: frames, when pixels or the pointer are different from the
//! frame before, and events. What always holds: while nothing changes, no pixels are asked for.

use std::time::{Duration, Instant};

use x11rb::protocol::xproto::Window;

use super::What;
use super::connection::{Connection, X11Error};
use super::grabber::{Area, Grabber};
use super::list::{PAINTS_WITHIN, grab_window, layout, redirect};
use super::screens::monitors;
use super::watch::{Drawn, Watch, pointer_place};
use super::windows::{State, state, top_of};
use crate::image::Image;
use crate::pointer;
use crate::source::{CaptureEvent, EndReason};
use crate::task::CaptureTask;

/// How often the list of screens is looked at, also when nothing is reported of it.
const LOOK_AT_SCREENS_EVERY: Duration = Duration::from_millis(500);

/// How long a display may refuse to give pixels that should be there.
const REFUSES_FOR: Duration = Duration::from_secs(5);

/// Why it is over, inside.
enum End {
    /// For a reason that is reported.
    Reason(EndReason),
    /// For what the server said.
    Display(X11Error),
}

impl From<X11Error> for End {
    fn from(error: X11Error) -> Self {
        Self::Display(error)
    }
}

impl From<EndReason> for End {
    fn from(reason: EndReason) -> Self {
        Self::Reason(reason)
    }
}

/// Shows a source until it is over or nobody wants it any more.
pub(crate) fn run(display: &str, task: &mut CaptureTask) -> Option<EndReason> {
    let end = show(display, task).err();
    if task.stop.is_set() {
        return None;
    }
    Some(match end? {
        End::Reason(reason) => reason,
        End::Display(error) => EndReason::Failed(error.to_string()),
    })
}

fn show(display: &str, task: &mut CaptureTask) -> Result<(), End> {
    let connection = Connection::open(display, task.stop.clone())?;
    let what = What::of(&task.what)
        .ok_or_else(|| EndReason::Failed("it is no source of this display".to_owned()))?;
    match what {
        What::Screen(name) => {
            let target = ScreenTarget { name, area: Area::default(), looked: None };
            Shower::new(&connection, task, connection.root, target)?.run()
        }
        What::Window(window) => {
            if !connection.has.composite {
                let why = "the display shows no single windows (it lacks Composite)";
                return Err(EndReason::Failed(why.to_owned()).into());
            }
            if state(&connection, window)?.ok_or(EndReason::WindowClosed)?.is_huge() {
                let why = "the window is too large to be shown";
                return Err(EndReason::Failed(why.to_owned()).into());
            }
            redirect(&connection, window)?;
            let target = WindowTarget {
                window,
                top: None,
                painted: Instant::now() + PAINTS_WITHIN,
                hidden: false,
                state: None,
            };
            Shower::new(&connection, task, window, target)?.run()
        }
    }
}

/// Whether a source can be grabbed.
enum Look {
    /// It can, and is as it was.
    Same,
    /// It can, and may look different whatever is reported.
    Different,
    /// Not now.
    NotNow,
}

/// What is different between a screen and a window.
trait Target {
    /// Looks where and how it is now.
    fn look(&mut self, connection: &Connection, task: &mut CaptureTask) -> Result<Look, End>;

    /// Where it is in the pixels of what is watched.
    fn area(&self) -> Area;

    /// Grabs a part of it, in the same pixels. [`X11Error::Refused`] when it has just changed.
    fn grab(
        &mut self,
        connection: &Connection,
        part: Area,
        grabber: &mut Grabber,
        image: &mut Image,
    ) -> Result<(), X11Error>;

    /// Where in its pixels the pointer is, when it is to be seen there.
    fn pointer(&mut self, connection: &Connection) -> Result<Option<(i32, i32)>, X11Error>;
}

struct ScreenTarget {
    name: String,
    area: Area,
    looked: Option<Instant>,
}

impl Target for ScreenTarget {
    fn look(&mut self, connection: &Connection, _: &mut CaptureTask) -> Result<Look, End> {
        let now = Instant::now();
        if self.looked.is_some_and(|looked| now < looked + LOOK_AT_SCREENS_EVERY) {
            return Ok(Look::Same);
        }
        self.looked = Some(now);
        let monitor = monitors(connection)?.into_iter().find(|it| it.name == self.name);
        let area = monitor.ok_or(EndReason::ScreenGone)?.area;
        let same = area == self.area;
        self.area = area;
        Ok(if same { Look::Same } else { Look::Different })
    }

    fn area(&self) -> Area {
        self.area
    }

    fn grab(
        &mut self,
        connection: &Connection,
        part: Area,
        grabber: &mut Grabber,
        image: &mut Image,
    ) -> Result<(), X11Error> {
        let state = state(connection, connection.root)?.ok_or(X11Error::Refused)?;
        let layout = layout(connection, &state)?;
        grabber.grab(connection, connection.root, part, &layout, image).inspect_err(|_| {
            // It was unplugged or has another mode.
            self.looked = None;
        })
    }

    fn pointer(&mut self, connection: &Connection) -> Result<Option<(i32, i32)>, X11Error> {
        let place = pointer_place(connection, connection.root)?;
        Ok(place.map(|place| {
            let (x, y) = place.inside;
            (x - i32::from(self.area.x), y - i32::from(self.area.y))
        }))
    }
}

struct WindowTarget {
    window: Window,
    /// The window under the root that it is in, as long as it is mapped.
    top: Option<Window>,
    /// When it has painted itself into memory of its own.
    painted: Instant,
    hidden: bool,
    state: Option<State>,
}

impl Target for WindowTarget {
    fn look(&mut self, connection: &Connection, task: &mut CaptureTask) -> Result<Look, End> {
        let state = state(connection, self.window)?.ok_or(EndReason::WindowClosed)?;
        let (width, height) = state.size;
        let hidden = !state.viewable || width < 2 || height < 2;
        if hidden != self.hidden {
            self.hidden = hidden;
            self.top = None;
            if !hidden {
                self.painted = Instant::now() + PAINTS_WITHIN;
            }
            task.tell(if hidden { CaptureEvent::Hidden } else { CaptureEvent::Visible });
        }
        let same = self.state.replace(state) == Some(state);
        if hidden || Instant::now() < self.painted {
            // What comes after this is looked at whatever is reported.
            self.state = None;
            return Ok(Look::NotNow);
        }
        Ok(if same { Look::Same } else { Look::Different })
    }

    fn area(&self) -> Area {
        self.state.as_ref().map(State::area).unwrap_or_default()
    }

    fn grab(
        &mut self,
        connection: &Connection,
        part: Area,
        grabber: &mut Grabber,
        image: &mut Image,
    ) -> Result<(), X11Error> {
        let state = self.state.ok_or(X11Error::Refused)?;
        grab_window(connection, self.window, &state, part, grabber, image)
    }

    fn pointer(&mut self, connection: &Connection) -> Result<Option<(i32, i32)>, X11Error> {
        let top = match self.top {
            Some(top) => top,
            None => *self.top.insert(top_of(connection, self.window)?),
        };
        // Over a window that covers this one it points at something else.
        let place = pointer_place(connection, self.window)?.filter(|place| place.over == top);
        Ok(place.map(|place| place.inside))
    }
}

/// Shows one source.
struct Shower<'a, T> {
    connection: &'a Connection,
    task: &'a mut CaptureTask,
    target: T,
    watch: Watch,
    grabber: Grabber,
    /// What was grabbed last, without the pointer, and what is being grabbed.
    image: Image,
    next: Image,
    /// Where the pointer was in the last frame.
    pointer: Option<(i32, i32)>,
    /// Since when the display gives no pixels.
    refused: Option<Instant>,
}

impl<'a, T: Target> Shower<'a, T> {
    fn new(
        connection: &'a Connection,
        task: &'a mut CaptureTask,
        watched: Window,
        target: T,
    ) -> Result<Self, X11Error> {
        Ok(Self {
            connection,
            task,
            target,
            watch: Watch::new(connection, watched)?,
            grabber: Grabber::default(),
            image: Image::default(),
            next: Image::default(),
            pointer: None,
            refused: None,
        })
    }

    fn run(mut self) -> Result<(), End> {
        loop {
            let began = Instant::now();
            let worked = self.turn()?;
            self.task.flush();
            let next = began + self.task.interval;
            if worked {
                if self.task.stop.wait_until(next) {
                    return Ok(());
                }
                self.watch.drain(self.connection)?;
            } else {
                self.watch.wait(self.connection, next)?;
            }
        }
    }

    /// Looks once, and sends a frame if there is anything new. Says whether that took work.
    fn turn(&mut self) -> Result<bool, End> {
        let look = self.target.look(self.connection, self.task)?;
        if matches!(look, Look::NotNow) {
            return Ok(true);
        }
        let drawn = self.watch.take_drawn(self.connection)?;
        let drawn = if matches!(look, Look::Different) { Drawn::Anything } else { drawn };
        let looked = drawn != Drawn::Nothing;
        let changed = self.grab(drawn)?;
        let pointer = match self.target.pointer(self.connection) {
            // It is closed or reparented just now, which the next look finds out.
            Err(X11Error::Refused) => None,
            other => other?,
        };
        let (picture, new_picture) = self.watch.pointer(self.connection)?;
        let visible =
            pointer.filter(|place| covers(picture, *place, (self.image.width, self.image.height)));
        let pointed = visible != self.pointer || (new_picture && visible.is_some());
        if !changed && !pointed || self.image.bgrx.is_empty() {
            return Ok(looked);
        }
        let shown = match visible {
            None => self.task.show(&self.image),
            Some(place) => {
                pointer::with(picture, place, &mut self.image, |image| self.task.show(image))
            }
        };
        shown.map_err(|error| EndReason::Failed(error.to_string()))?;
        self.pointer = visible;
        Ok(true)
    }

    /// Grabs what was drawn of the source. Says whether it looks different.
    fn grab(&mut self, drawn: Drawn) -> Result<bool, End> {
        let all = self.target.area().bounded();
        let known = (self.image.width, self.image.height) == (all.width.into(), all.height.into());
        let part = match drawn {
            Drawn::Nothing => None,
            Drawn::Within(area) if known => all.intersection(area),
            Drawn::Within(_) | Drawn::Anything => Some(all),
        };
        let Some(part) = part else { return Ok(false) };
        match self.target.grab(self.connection, part, &mut self.grabber, &mut self.next) {
            Ok(()) => self.refused = None,
            Err(X11Error::Refused) => {
                // Mostly it is just being resized or closed, which the next look finds out.
                let since = *self.refused.get_or_insert_with(Instant::now);
                if since.elapsed() > REFUSES_FOR {
                    return Err(X11Error::Refused.into());
                }
                self.watch.look_again();
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
        if part != all {
            return Ok(self.image.patch(&self.next, part.offset_in(all)));
        }
        if self.next == self.image {
            return Ok(false);
        }
        std::mem::swap(&mut self.next, &mut self.image);
        Ok(true)
    }
}

/// Whether a pointer at this place covers anything of an image of this size.
fn covers(
    picture: &pointer::PointerPicture,
    (x, y): (i32, i32),
    (width, height): (u32, u32),
) -> bool {
    let one = |at: i32, hot: i32, long: u32, all: u32| {
        let from = i64::from(at) - i64::from(hot);
        from < i64::from(all) && from + i64::from(long) > 0
    };
    one(x, picture.hot.0, picture.width, width) && one(y, picture.hot.1, picture.height, height)
}
