//! What is shared, put together on the thread `share-compose`: the screen, with the camera small in
//! its lower right corner if that is wanted.
//!
//! In go the newest frame of a screen and the newest of a camera, each from its queue; out goes one
//! frame, to each of several queues (the encoder's, our own window's). Without the camera a frame
//! goes out when the screen changes; with it at most `MAX_FPS` a second. What always holds: the
//! screen is never held up by the camera, and a camera that gives nothing any more is not shown.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::drop_oldest_queue::{DropOldestQueue, Taken};
use crate::frame::VideoFrame;
use crate::scale::{ScaleError, Scaler};
use crate::stage_thread::{StageError, StageThread};
use crate::stop_signal::StopSignal;
use crate::units::VideoSize;

/// At most so many frames a second while the camera is in them.
const MAX_FPS: u32 = 15;
/// How often the thread looks up while nothing comes.
const LOOK_UP: Duration = Duration::from_millis(50);
/// A camera's frame that is older than this is of a camera that is off.
const STALE: Duration = Duration::from_secs(2);
/// The corner is this share of the screen's width, and at least so wide.
const SHARE_OF_WIDTH: u32 = 5;
const LEAST_WIDTH: u32 = 96;
/// It covers no more than this share of either side; a smaller screen is shown without.
const MOST_OF_A_SIDE: u32 = 3;
/// From the edge it is this share of the screen's width.
const MARGIN: u32 = 64;
/// Its corners are rounded by this share of its width.
const ROUNDING: u32 = 14;

/// A running stage. Dropping it ends its thread; so does closing the screen's queue.
pub struct ShareComposer {
    camera_in_corner: Arc<AtomicBool>,
    outputs: Arc<Mutex<Outputs>>,
    _thread: StageThread<()>,
}

/// Who gets what is put together.
struct Outputs {
    queues: Vec<Arc<DropOldestQueue<VideoFrame>>>,
    /// What they got last.
    latest: Option<VideoFrame>,
}

impl ShareComposer {
    /// Starts it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn spawn(
        screen: Arc<DropOldestQueue<VideoFrame>>,
        camera: Arc<DropOldestQueue<VideoFrame>>,
        outputs: Vec<Arc<DropOldestQueue<VideoFrame>>>,
        camera_in_corner: bool,
    ) -> Result<Self, StageError> {
        let camera_in_corner = Arc::new(AtomicBool::new(camera_in_corner));
        let outputs = Arc::new(Mutex::new(Outputs { queues: outputs, latest: None }));
        let (stop, wanted) = (StopSignal::default(), Arc::clone(&camera_in_corner));
        let (stopped, takers) = (stop.clone(), Arc::clone(&outputs));
        let end = move || stop.set();
        let thread = StageThread::spawn("share-compose", end, move || {
            run((&screen, &camera), &takers, &wanted, &stopped);
            // Whoever has the handle still holds nobody up.
            takers.lock().unwrap_or_else(PoisonError::into_inner).queues.clear();
        })?;
        Ok(Self { camera_in_corner, outputs, _thread: thread })
    }

    /// Gives it to these from now on. Who is new among them gets the last frame at once: a screen
    /// that stands still has no other.
    pub fn set_outputs(&self, queues: Vec<Arc<DropOldestQueue<VideoFrame>>>) {
        let mut outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |queue: &&Arc<DropOldestQueue<VideoFrame>>| {
            !outputs.queues.iter().any(|before| Arc::ptr_eq(before, queue))
        };
        if let Some(latest) = &outputs.latest {
            for queue in queues.iter().filter(is_new) {
                queue.put(latest.clone());
            }
        }
        outputs.queues = queues;
    }

    /// Shows the camera in the corner from now on, or no more.
    pub fn set_camera(&self, in_corner: bool) {
        self.camera_in_corner.store(in_corner, Ordering::Relaxed);
    }
}

fn run(
    (screen, camera): (&DropOldestQueue<VideoFrame>, &DropOldestQueue<VideoFrame>),
    outputs: &Mutex<Outputs>,
    wanted: &AtomicBool,
    stop: &StopSignal,
) {
    let mut composing = Composing::default();
    let mut rest = Duration::ZERO;
    while !stop.is_set() {
        match screen.wait(rest) {
            Taken::Value(frame) => composing.take_screen(frame),
            Taken::TimedOut => {}
            Taken::Closed => return,
        }
        if let Some(frame) = camera.take() {
            composing.take_camera(frame);
        }
        let now = Instant::now();
        match composing.next(wanted.load(Ordering::Relaxed), now) {
            Ok(Some(frame)) => {
                let mut outputs = outputs.lock().unwrap_or_else(PoisonError::into_inner);
                outputs.queues.iter().for_each(|output| output.put(frame.clone()));
                outputs.latest = Some(frame);
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a shared frame was not put together"),
        }
        rest = composing.rest(now);
    }
}

/// Everything but the thread, with time as an argument.
#[derive(Default)]
struct Composing {
    screen: Option<VideoFrame>,
    camera: Option<VideoFrame>,
    scaler: Scaler,
    mask: Option<Mask>,
    /// Something came that was not shown yet.
    screen_is_new: bool,
    camera_is_new: bool,
    with_camera: bool,
    sent_at: Option<Instant>,
}

impl Composing {
    fn take_screen(&mut self, frame: VideoFrame) {
        self.screen = Some(frame);
        self.screen_is_new = true;
    }

    fn take_camera(&mut self, frame: VideoFrame) {
        self.camera = Some(frame);
        self.camera_is_new = true;
    }

    /// How long to wait for the screen at most.
    fn rest(&self, now: Instant) -> Duration {
        let due = self.sent_at.map(|at| at + Duration::from_secs(1) / MAX_FPS);
        let waits = self.with_camera && (self.screen_is_new || self.camera_is_new);
        due.filter(|_| waits).map_or(LOOK_UP, |due| due.saturating_duration_since(now).min(LOOK_UP))
    }

    /// The frame to show now, if there is a new one.
    fn next(&mut self, wanted: bool, now: Instant) -> Result<Option<VideoFrame>, ScaleError> {
        let Some(screen) = self.screen.clone() else { return Ok(None) };
        let alive = |frame: &&VideoFrame| now.saturating_duration_since(frame.captured_at) < STALE;
        let camera = self.camera.as_ref().filter(|_| wanted).filter(alive).cloned();
        let changed = camera.is_some() != self.with_camera;
        let new = self.screen_is_new || changed || (camera.is_some() && self.camera_is_new);
        let interval = Duration::from_secs(1) / MAX_FPS;
        let early = camera.is_some()
            && self.sent_at.is_some_and(|at| now.saturating_duration_since(at) < interval);
        if !new || early {
            return Ok(None);
        }
        (self.screen_is_new, self.camera_is_new) = (false, false);
        self.with_camera = camera.is_some();
        self.sent_at = Some(now);
        let Some(camera) = camera else {
            // What is shown again without the camera is a picture of this moment.
            let captured_at = if changed { now } else { screen.captured_at };
            return Ok(Some(VideoFrame { captured_at, ..screen.of_screen() }));
        };
        self.composed(&screen, &camera).map(Some)
    }

    /// The screen with the camera in its corner; without where it is too small.
    fn composed(
        &mut self,
        screen: &VideoFrame,
        camera: &VideoFrame,
    ) -> Result<VideoFrame, ScaleError> {
        let screen = screen.clone().of_screen();
        for frame in [&screen, camera] {
            let length = VideoFrame::len_of(frame.size);
            if frame.data.len() != length {
                return Err(ScaleError::WrongLength(frame.size, frame.data.len(), length));
            }
        }
        let captured_at = screen.captured_at.max(camera.captured_at);
        let Some((corner, left, top)) = corner(screen.size) else {
            return Ok(VideoFrame { captured_at, ..screen });
        };
        let small = self.scaler.scale(&cropped(camera), corner)?;
        let mask = match &mut self.mask {
            Some(mask) if mask.size == corner => mask,
            other => other.insert(Mask::new(corner)),
        };
        let mut data: Arc<[u8]> = Arc::from(&*screen.data);
        let (y, u, v) = VideoFrame::planes_mut(screen.size, Arc::make_mut(&mut data));
        let (small_y, small_u, small_v) = small.planes();
        let (width, across) = (screen.size.width() as usize, corner.width() as usize);
        let (left, top) = (left as usize, top as usize);
        blend(y, width, (left, top), small_y, across, &mask.luma);
        for (plane, small) in [(u, small_u), (v, small_v)] {
            blend(plane, width / 2, (left / 2, top / 2), small, across / 2, &mask.chroma);
        }
        Ok(VideoFrame { data, captured_at, ..screen })
    }
}

/// The size of the camera on a screen and where it begins, all even; `None` where the screen is too
/// small.
fn corner(screen: VideoSize) -> Option<(VideoSize, u32, u32)> {
    let width = (screen.width() / SHARE_OF_WIDTH).max(LEAST_WIDTH);
    let size = VideoSize::new(width, width * 9 / 16)?;
    let margin = (screen.width() / MARGIN).max(4) & !1;
    if size.width() > screen.width() / MOST_OF_A_SIDE
        || size.height() > screen.height() / MOST_OF_A_SIDE
    {
        return None;
    }
    let left = screen.width().checked_sub(size.width() + margin)? & !1;
    let top = screen.height().checked_sub(size.height() + margin)? & !1;
    Some((size, left, top))
}

/// The middle of a frame, in the shape of 16 to 9.
fn cropped(frame: &VideoFrame) -> VideoFrame {
    let (width, height) = (frame.size.width(), frame.size.height());
    let wide = width * 9 > height * 16;
    let size = if wide {
        VideoSize::new(height * 16 / 9, height)
    } else {
        VideoSize::new(width, width * 9 / 16)
    };
    let Some(size) = size.filter(|size| *size != frame.size) else { return frame.clone() };
    let (left, top) = (((width - size.width()) / 2) & !1, ((height - size.height()) / 2) & !1);
    let mut data = Vec::with_capacity(VideoFrame::len_of(size));
    let (y, u, v) = frame.planes();
    for (plane, by) in [(y, 1), (u, 2), (v, 2)] {
        let (left, top) = ((left / by) as usize, (top / by) as usize);
        let (across, down) = ((size.width() / by) as usize, (size.height() / by) as usize);
        for row in plane.chunks((width / by) as usize).skip(top).take(down) {
            data.extend_from_slice(row.get(left..left + across).unwrap_or_default());
        }
    }
    VideoFrame { size, data: data.into(), ..frame.clone() }
}

/// How much of the camera is seen at each pixel, 0 to 255: all, but at the rounded corners.
struct Mask {
    size: VideoSize,
    luma: Vec<u8>,
    chroma: Vec<u8>,
}

impl Mask {
    fn new(size: VideoSize) -> Self {
        Self { size, luma: mask(size, 1), chroma: mask(size, 2) }
    }
}

/// For a plane of which one pixel is so many of the frame's across and down.
fn mask(size: VideoSize, pixel: u32) -> Vec<u8> {
    let (width, height) = (size.width() as f32, size.height() as f32);
    let radius = (size.width() / ROUNDING) as f32;
    let at = |x: u32, y: u32| {
        let middle = |index: u32| (index as f32 + 0.5) * pixel as f32;
        // How far beyond the centre of the nearest corner's circle, if at all.
        let beyond = |at: f32, side: f32| (radius - at).max(at - (side - radius)).max(0.0);
        let distance = beyond(middle(x), width).hypot(beyond(middle(y), height));
        ((radius - distance + 0.5).clamp(0.0, 1.0) * 255.0) as u8
    };
    let (across, down) = (size.width() / pixel, size.height() / pixel);
    (0..down).flat_map(|y| (0..across).map(move |x| at(x, y))).collect()
}

/// Lays a small plane over a large one.
fn blend(
    onto: &mut [u8],
    width: usize,
    (left, top): (usize, usize),
    small: &[u8],
    across: usize,
    mask: &[u8],
) {
    let rows = onto.chunks_exact_mut(width.max(1)).skip(top);
    let small = small.chunks_exact(across.max(1)).zip(mask.chunks_exact(across.max(1)));
    for (row, (over, mask)) in rows.zip(small) {
        let Some(row) = row.get_mut(left..left + across) else { return };
        for ((under, over), opacity) in row.iter_mut().zip(over).zip(mask) {
            let opacity = u16::from(*opacity);
            *under = ((u16::from(*under) * (255 - opacity) + u16::from(*over) * opacity + 127)
                / 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests;
