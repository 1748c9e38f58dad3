//! What there is to be shown of a display, and small pictures of it.
//!
//! What always holds: of a window only its own pixels are seen. A window that this redirects first
//! may hold what stood there before, so it is given a moment to paint itself.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use visavis_media::frame::RgbaFrame;
use visavis_media::stop_signal::StopSignal;
use visavis_media::units::VideoSize;
use x11rb::connection::Connection as _;
use x11rb::protocol::composite::{ConnectionExt as _, Redirect};
use x11rb::protocol::xproto::{ConnectionExt as _, Window};

use super::What;
use super::connection::{Connection, X11Error};
use super::grabber::{Area, Grabber};
use super::pixel_layout::PixelLayout;
use super::screens::monitors;
use super::windows::{Atoms, State, list, state};
use crate::backend::Backend;
use crate::desktop::ScreenError;
use crate::image::Image;
use crate::scaling::FrameMaker;
use crate::source::{Source, SourceId, SourceKind};

/// How long a window gets to paint itself into memory of its own.
pub(super) const PAINTS_WITHIN: Duration = Duration::from_millis(150);

/// See the module.
pub(crate) struct X11Screens {
    connection: Connection,
    atoms: Atoms,
    /// The windows that were redirected for this list, and when.
    redirected: HashMap<Window, Instant>,
    grabber: Grabber,
    image: Image,
    maker: FrameMaker,
}

impl X11Screens {
    /// Looks at a display.
    pub(crate) fn open(display: &str) -> Result<Self, ScreenError> {
        let connection = Connection::open(display, StopSignal::default())?;
        let atoms = Atoms::new(&connection.x)
            .map_err(X11Error::from)
            .and_then(|atoms| atoms.reply().map_err(X11Error::from))?;
        Ok(Self {
            connection,
            atoms,
            redirected: HashMap::new(),
            grabber: Grabber::default(),
            image: Image::default(),
            maker: FrameMaker::default(),
        })
    }

    fn list(&mut self) -> Result<Vec<Source>, X11Error> {
        // Errors of requests that nobody waited for, about windows that are gone.
        while self.connection.x.poll_for_event()?.is_some() {}
        let screens = monitors(&self.connection)?.into_iter().map(|monitor| Source {
            id: What::Screen(monitor.name.clone()).id(),
            kind: SourceKind::Screen,
            size: VideoSize::new(monitor.area.width.into(), monitor.area.height.into()),
            name: monitor.name.into(),
        });
        let mut sources: Vec<Source> = screens.collect();
        // Without Composite a window could only be shown together with what covers it.
        if self.connection.has.composite {
            let windows = list(&self.connection, &self.atoms)?;
            self.redirected.retain(|window, _| windows.iter().any(|it| it.window == *window));
            for found in windows {
                match self.redirect(found.window) {
                    Ok(_) => {}
                    // It was closed just now, or the display has no memory for it.
                    Err(X11Error::Refused) => continue,
                    Err(error) => return Err(error),
                }
                sources.push(Source {
                    id: What::Window(found.window).id(),
                    kind: SourceKind::Window,
                    name: found.title,
                    size: VideoSize::new(found.width.into(), found.height.into()),
                });
            }
        }
        Ok(sources)
    }

    /// Has a window paint into memory of its own, and says since when it does.
    fn redirect(&mut self, window: Window) -> Result<Instant, X11Error> {
        if let Some(since) = self.redirected.get(&window) {
            return Ok(*since);
        }
        redirect(&self.connection, window)?;
        let now = Instant::now();
        self.redirected.insert(window, now);
        Ok(now)
    }

    fn look(&mut self, what: &What) -> Result<(), ScreenError> {
        match what {
            What::Screen(name) => {
                let monitor = monitors(&self.connection)?.into_iter().find(|it| it.name == *name);
                let area = monitor.ok_or(ScreenError::Gone)?.area;
                let root = self.connection.root;
                let state = state(&self.connection, root)?.ok_or(ScreenError::Gone)?;
                let layout = layout(&self.connection, &state)?;
                let (grabber, image) = (&mut self.grabber, &mut self.image);
                Ok(grabber.grab(&self.connection, root, area, &layout, image)?)
            }
            What::Window(window) => {
                if !self.connection.has.composite {
                    return Err(ScreenError::Gone);
                }
                let found = state(&self.connection, *window)?.ok_or(ScreenError::Gone)?;
                if !found.viewable || found.is_huge() {
                    return Err(ScreenError::Hidden);
                }
                let painted = self.redirect(*window)? + PAINTS_WITHIN;
                self.connection.x.flush().map_err(X11Error::from)?;
                std::thread::sleep(painted.saturating_duration_since(Instant::now()));
                let (grabber, image) = (&mut self.grabber, &mut self.image);
                Ok(grab_window(&self.connection, *window, &found, found.area(), grabber, image)?)
            }
        }
    }
}

impl Backend for X11Screens {
    fn sources(&mut self) -> Result<Vec<Source>, ScreenError> {
        Ok(self.list()?)
    }

    fn picture(&mut self, source: &SourceId, max: VideoSize) -> Result<RgbaFrame, ScreenError> {
        let what = What::of(source).ok_or(ScreenError::Gone)?;
        self.look(&what)?;
        self.maker.picture(&self.image, max).map_err(|error| match error {
            crate::scaling::ScalingError::Size(..) => ScreenError::Hidden,
            failed => ScreenError::Display(failed.to_string()),
        })
    }
}

/// How the pixels of a window are.
pub(super) fn layout(connection: &Connection, state: &State) -> Result<PixelLayout, X11Error> {
    PixelLayout::of(connection.x.setup(), state.visual)
        .ok_or_else(|| X11Error::Odd("it shows fewer than 16 bits of colour".to_owned()))
}

/// Has a window paint into memory of its own for as long as this connection lives.
pub(super) fn redirect(connection: &Connection, window: Window) -> Result<(), X11Error> {
    let redirected = connection.x.composite_redirect_window(window, Redirect::AUTOMATIC)?;
    redirected.check().map_err(X11Error::from)
}

/// Grabs a part of a redirected window, in its pixels. They are named anew each time, as they are
/// others once the window was resized or mapped. [`X11Error::Refused`] when it can't be seen or is
/// just being resized.
pub(super) fn grab_window(
    connection: &Connection,
    window: Window,
    state: &State,
    part: Area,
    grabber: &mut Grabber,
    image: &mut Image,
) -> Result<(), X11Error> {
    let layout = layout(connection, state)?;
    let x = &connection.x;
    let pixmap = x.generate_id()?;
    x.composite_name_window_pixmap(window, pixmap)?.check()?;
    let mut grab = || -> Result<(), X11Error> {
        let whole = x.get_geometry(pixmap)?.reply()?;
        let border = i16::try_from(state.border).map_err(|_| X11Error::Refused)?;
        let whole = Area { x: 0, y: 0, width: whole.width, height: whole.height };
        // Its size is another one by now.
        let window = state.area().moved(border);
        if whole.intersection(window) != Some(window) {
            return Err(X11Error::Refused);
        }
        grabber.grab(connection, pixmap, part.moved(border), &layout, image)
    };
    let grabbed = grab();
    x.free_pixmap(pixmap)?;
    grabbed
}
