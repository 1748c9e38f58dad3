//! What macOS and Windows have in common: screens and windows by `xcap`, which takes one image at a
//! time. Never run by us.
//!
//! In: a task. Out: frames, when an image is different from the one before. What is not there: the
//! pointer in the picture, and the computer's audio. What always holds: what stands still for a
//! second is looked at less often.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use visavis_media::drop_oldest_queue::DropOldestQueue;
use visavis_media::frame::{AudioFrame, RgbaFrame};
use visavis_media::stop_signal::StopSignal;
use visavis_media::units::VideoSize;
use xcap::image::RgbaImage;
use xcap::{Monitor, Window, XCapError};

use crate::backend::Backend;
use crate::desktop::{Desktop, ScreenError};
use crate::image::{Image, MAX_PIXELS};
use crate::platform::is_allowed;
use crate::scaling::{FrameMaker, ScalingError};
use crate::source::{CaptureEvent, EndReason, Source, SourceId, SourceKind, shown_name};
use crate::task::CaptureTask;

/// How long something stands still before it is looked at less often.
const STANDS_STILL: Duration = Duration::from_secs(1);
/// How often it is looked at then.
const LOOK_AT_STILL_EVERY: Duration = Duration::from_millis(200);

fn failed(error: &XCapError) -> ScreenError {
    ScreenError::Display(error.to_string())
}

/// A source that was found.
enum Found {
    Screen(Monitor),
    Window(Window),
}

impl Found {
    fn of(id: &SourceId) -> Result<Self, ScreenError> {
        let (kind, number) = id.0.split_once(':').ok_or(ScreenError::Gone)?;
        let number: u32 = number.parse().map_err(|_| ScreenError::Gone)?;
        let found = match kind {
            "screen" => {
                let all = Monitor::all().map_err(|error| failed(&error))?;
                all.into_iter().find(|it| it.id().ok() == Some(number)).map(Self::Screen)
            }
            "window" => {
                let all = Window::all().map_err(|error| failed(&error))?;
                let of_another = |it: &Window| it.pid().ok() != Some(std::process::id());
                let found = all.into_iter().find(|it| it.id().ok() == Some(number));
                found.filter(of_another).map(Self::Window)
            }
            _ => None,
        };
        found.ok_or(ScreenError::Gone)
    }

    /// Whether it is there; `Hidden` for a window that is minimised.
    fn look(&self) -> Result<(), ScreenError> {
        match self {
            Self::Screen(monitor) => {
                let id = monitor.id().map_err(|_| ScreenError::Gone)?;
                let all = Monitor::all().map_err(|error| failed(&error))?;
                let there = all.iter().any(|it| it.id().ok() == Some(id));
                if there { Ok(()) } else { Err(ScreenError::Gone) }
            }
            Self::Window(window) => match window.is_minimized() {
                Ok(false) => Ok(()),
                Ok(true) => Err(ScreenError::Hidden),
                Err(_) => Err(ScreenError::Gone),
            },
        }
    }

    fn grab(&self, into: &mut Image) -> Result<(), ScreenError> {
        let image = match self {
            Self::Screen(monitor) => monitor.capture_image(),
            Self::Window(window) => window.capture_image(),
        };
        read(&image.map_err(|error| failed(&error))?, into)
    }
}

fn read(image: &RgbaImage, into: &mut Image) -> Result<(), ScreenError> {
    let (width, height) = image.dimensions();
    if (width as usize).saturating_mul(height as usize) > MAX_PIXELS {
        return Err(ScreenError::Display("it is too large".to_owned()));
    }
    into.resize(width, height);
    let row_bytes = (width as usize * 4).max(4);
    for (to, from) in into.rows_mut().zip(image.as_raw().chunks_exact(row_bytes)) {
        let pixels = to.as_chunks_mut::<4>().0.iter_mut().zip(from.as_chunks::<4>().0);
        for (to, [r, g, b, a]) in pixels {
            *to = [*b, *g, *r, *a];
        }
    }
    Ok(())
}

struct Screens(FrameMaker);

pub(crate) fn open(desktop: &Desktop) -> Result<Box<dyn Backend>, ScreenError> {
    if *desktop != Desktop::Native {
        return Err(ScreenError::NoDesktop);
    }
    if !is_allowed() {
        return Err(ScreenError::Forbidden);
    }
    Ok(Box::new(Screens(FrameMaker::default())))
}

impl Backend for Screens {
    fn sources(&mut self) -> Result<Vec<Source>, ScreenError> {
        let mut monitors = Monitor::all().map_err(|error| failed(&error))?;
        monitors.sort_by_key(|monitor| !monitor.is_primary().unwrap_or(false));
        let screens = monitors.iter().filter_map(|monitor| {
            let name = monitor.friendly_name().or_else(|_| monitor.name()).unwrap_or_default();
            let size = (monitor.width().ok()?, monitor.height().ok()?);
            Some(source(SourceKind::Screen, "screen", monitor.id().ok()?, &name, size))
        });
        let windows = Window::all().map_err(|error| failed(&error))?;
        let windows = windows.iter().filter_map(|window| {
            let size = (window.width().ok()?, window.height().ok()?);
            let own = window.pid().ok()? == std::process::id();
            let title = window.title().unwrap_or_default();
            let nothing = title.is_empty() || size.0 < 2 || size.1 < 2;
            if own || nothing || window.is_minimized().ok()? {
                return None;
            }
            Some(source(SourceKind::Window, "window", window.id().ok()?, &title, size))
        });
        Ok(screens.chain(windows).collect())
    }

    fn picture(&mut self, source: &SourceId, max: VideoSize) -> Result<RgbaFrame, ScreenError> {
        let found = Found::of(source)?;
        found.look()?;
        let mut image = Image::default();
        found.grab(&mut image)?;
        self.0.picture(&image, max).map_err(|error| match error {
            ScalingError::Size(..) => ScreenError::Hidden,
            failed @ ScalingError::Failed(_) => ScreenError::Display(failed.to_string()),
        })
    }
}

fn source(kind: SourceKind, word: &str, id: u32, name: &str, size: (u32, u32)) -> Source {
    Source {
        id: SourceId(format!("{word}:{id}").into()),
        kind,
        name: shown_name(name),
        size: VideoSize::new(size.0, size.1),
    }
}

pub(crate) fn run(desktop: &Desktop, task: &mut CaptureTask) -> Option<EndReason> {
    if *desktop != Desktop::Native {
        return Some(EndReason::Failed(ScreenError::NoDesktop.to_string()));
    }
    if !is_allowed() {
        return Some(EndReason::NotAllowed);
    }
    let gone = match task.what.0.starts_with("window:") {
        true => EndReason::WindowClosed,
        false => EndReason::ScreenGone,
    };
    let reason = |error: ScreenError| match error {
        ScreenError::Gone => gone.clone(),
        other => EndReason::Failed(other.to_string()),
    };
    let found = match Found::of(&task.what) {
        Ok(found) => found,
        Err(error) => return Some(reason(error)),
    };
    let (mut shown, mut next, mut hidden) = (Image::default(), Image::default(), false);
    let mut changed = Instant::now();
    loop {
        let began = Instant::now();
        match found.look() {
            Err(ScreenError::Hidden) => {
                if !std::mem::replace(&mut hidden, true) {
                    task.tell(CaptureEvent::Hidden);
                }
            }
            Err(error) => return Some(reason(error)),
            Ok(()) => {
                if std::mem::take(&mut hidden) {
                    task.tell(CaptureEvent::Visible);
                }
                // It may have gone in the meantime, which the next look says.
                if found.grab(&mut next).is_ok() && next != shown {
                    std::mem::swap(&mut next, &mut shown);
                    changed = began;
                    if let Err(error) = task.show(&shown) {
                        return Some(EndReason::Failed(error.to_string()));
                    }
                }
            }
        }
        task.flush();
        let still = began.duration_since(changed) > STANDS_STILL;
        let interval = if still { LOOK_AT_STILL_EVERY.max(task.interval) } else { task.interval };
        if task.stop.wait_until(began + interval) {
            return None;
        }
    }
}

/// The computer's audio, which is not to be had here.
pub(crate) mod sound {
    use super::{AudioFrame, DropOldestQueue, Path, PathBuf, StopSignal};

    /// There is no sound server.
    pub(crate) fn usual_place() -> Option<PathBuf> {
        None
    }

    /// There is no sound server.
    pub(crate) fn available(_: &Path) -> bool {
        false
    }

    /// There is nothing to hear.
    pub(crate) fn run(_: &Path, _: &DropOldestQueue<AudioFrame>, _: &StopSignal) {}
}
