//! Cameras of the system, through nokhwa.
//!
//! Two threads: `camera-capture` owns the device and does nothing but take buffers from it, as that
//! call can block for as long as the driver likes; `camera` converts them and watches. When the
//! watch ends (a stop, or silence for too long) and the device does not let go, its thread is left
//! behind rather than waited for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nokhwa::Buffer;
use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType,
    frame_formats,
};
use tokio::sync::mpsc;

use super::choice::{distinct, explain, find, rank};
use super::{CameraError, CameraEvent, CameraOutput, CameraWant, send};
use crate::device::DeviceInfo;
use crate::device::hanging::HangingThreads;
use crate::media::convert::{PixelFormat, to_i420};
use crate::media::drop_oldest_queue::{DropOldestQueue, Taken};
use crate::media::frame::VideoFrame;
use crate::media::stop_signal::StopSignal;
use crate::media::units::WallTime;

/// A driver that does not open its device in this time is given up.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// A person needs time to answer the system's question whether the camera may be used.
const PERMISSION_TIMEOUT: Duration = Duration::from_secs(60);
/// A camera that delivers nothing for this long is lost.
const SILENCE: Duration = Duration::from_secs(5);
/// How long a stop waits for the device to let go.
const LET_GO: Duration = Duration::from_millis(400);
/// All cameras together are listed in this time; those that take longer are left out.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);
/// So many failures without a frame in between mean that the device is gone.
const FAILURES: u32 = 5;
/// How many formats are tried before the one that is set is taken.
const TRIES: usize = 5;
/// A driver's time stamp is believed up to this age.
const MAX_AGE: Duration = Duration::from_secs(1);

/// What is said where a driver would have said something, had nokhwa not panicked.
const LIBRARY_FAILED: &str = "the camera library failed";

/// Cameras that we have open, and what there is to say about them: opening one again to list it
/// would disturb it.
static OPEN: Mutex<Vec<(CameraIndex, DeviceInfo)>> = Mutex::new(Vec::new());

/// Capture threads whose driver does not come back.
static HANGING: HangingThreads = HangingThreads::new();

/// A running camera. Dropping this closes it.
struct Running {
    stop: StopSignal,
    raw: Arc<DropOldestQueue<Raw>>,
    /// Disconnected once the device is closed.
    closed: Receiver<()>,
    capture: Option<JoinHandle<()>>,
    convert: Option<JoinHandle<()>>,
}

/// What the capture thread hands over.
enum Raw {
    /// A frame, and when it was taken.
    Frame(Buffer, Instant),
    /// The device is gone; the driver's words.
    Gone(String),
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.set();
        self.raw.close();
        if let Some(convert) = self.convert.take() {
            let _ = convert.join();
        }
        let Some(capture) = self.capture.take() else { return };
        if self.closed.recv_timeout(LET_GO) == Err(RecvTimeoutError::Disconnected) {
            let _ = capture.join();
        } else {
            tracing::warn!("a camera's driver does not let go; its thread is left behind");
            HANGING.left_behind(capture, Instant::now());
        }
    }
}

/// Opens the camera of this name, or the first that opens.
pub(super) fn open(
    wanted: Option<&str>,
    want: CameraWant,
    output: CameraOutput,
    events: mpsc::Sender<CameraEvent>,
) -> Result<(String, Box<dyn Send>), CameraError> {
    if HANGING.is_full(Instant::now()) {
        return Err(CameraError::Silent(wanted.unwrap_or("default").to_owned()));
    }
    let timeout = if nokhwa::nokhwa_check() { OPEN_TIMEOUT } else { PERMISSION_TIMEOUT };
    let (stop, raw) = (StopSignal::default(), DropOldestQueue::latest());
    let (opened, result) = sync_channel(1);
    let (close, closed) = sync_channel(1);
    let capture = {
        let (stop, raw, wanted) = (stop.clone(), Arc::clone(&raw), wanted.map(str::to_owned));
        std::thread::Builder::new()
            .name("camera-capture".to_owned())
            .spawn(move || {
                // Dropped when the device is closed, whichever way this ends.
                let _close: SyncSender<()> = close;
                // nokhwa panics in places: on steps of zero in a format list, when a stream does
                // not stop.
                let ended = catch_unwind(AssertUnwindSafe(|| {
                    capture(wanted.as_deref(), want, &opened, &raw, &stop)
                }));
                if ended.is_err() {
                    raw.put(Raw::Gone(LIBRARY_FAILED.to_owned()));
                }
                raw.close();
            })
            .map_err(CameraError::Thread)?
    };
    let name = match result.recv_timeout(timeout) {
        Ok(Ok(name)) => name,
        Ok(Err(error)) => return Err(error),
        Err(why) => {
            // Should the driver wake up again, its thread closes the device.
            stop.set();
            HANGING.left_behind(capture, Instant::now());
            let name = wanted.unwrap_or("default").to_owned();
            return Err(match why {
                RecvTimeoutError::Timeout => CameraError::Silent(name),
                RecvTimeoutError::Disconnected => {
                    CameraError::Failed(name, LIBRARY_FAILED.to_owned())
                }
            });
        }
    };
    let (stopped, frames, camera) = (stop.clone(), Arc::clone(&raw), name.clone());
    let mut running = Running { stop, raw, closed, capture: Some(capture), convert: None };
    let convert = std::thread::Builder::new()
        .name("camera".to_owned())
        .spawn(move || convert(&camera, &frames, &output, &events, &stopped));
    running.convert = Some(convert.map_err(CameraError::Thread)?);
    Ok((name, Box::new(running)))
}

/// The thread `camera`: converts what comes, and watches that something comes.
fn convert(
    name: &str,
    raw: &DropOldestQueue<Raw>,
    output: &CameraOutput,
    events: &mpsc::Sender<CameraEvent>,
    stop: &StopSignal,
) {
    let lost = |why: &str| {
        send(
            events,
            CameraEvent::Lost(format!(
                "camera \"{name}\" {why}: connect it again or choose another camera"
            )),
            stop,
        );
    };
    let (mut live, mut damaged) = (false, 0_u64);
    loop {
        let (buffer, captured_at) = match raw.wait(SILENCE) {
            Taken::Value(Raw::Frame(buffer, captured_at)) => (buffer, captured_at),
            Taken::Value(Raw::Gone(reason)) => {
                tracing::warn!(reason, "the camera is gone");
                return lost("was unplugged or failed");
            }
            Taken::Closed => return,
            Taken::TimedOut => {
                lost("has stopped delivering pictures");
                // Should the driver wake up again, its thread closes the device.
                return stop.set();
            }
        };
        let size = buffer.resolution();
        let format = pixel_format(buffer.source_frame_format());
        match to_i420(format, size.width(), size.height(), buffer.buffer()) {
            Ok((size, data)) => {
                output.put(&VideoFrame::new(size, data, captured_at));
                if !live {
                    live = true;
                    send(events, CameraEvent::Live, stop);
                }
            }
            Err(error) => {
                if damaged == 0 {
                    tracing::warn!(%error, "a camera's frame was left out");
                }
                damaged += 1;
            }
        }
    }
}

/// The thread `camera-capture`: opens the device, says so, and takes frames until it is to stop.
fn capture(
    wanted: Option<&str>,
    want: CameraWant,
    opened: &SyncSender<Result<String, CameraError>>,
    raw: &DropOldestQueue<Raw>,
    stop: &StopSignal,
) {
    let result = find_and_open(wanted, want);
    let mut device = match result {
        Ok(device) if !stop.is_set() => device,
        Ok(_) => return,
        Err(error) => {
            let _ = opened.try_send(Err(error));
            return;
        }
    };
    if opened.try_send(Ok(device.name.clone())).is_err() {
        return;
    }
    let mut failures = 0;
    while !stop.is_set() {
        match device.camera.frame() {
            Ok(buffer) => {
                failures = 0;
                let captured_at = capture_time(&buffer);
                raw.put(Raw::Frame(buffer, captured_at));
            }
            Err(error) => {
                failures += 1;
                if failures == FAILURES {
                    raw.put(Raw::Gone(error.to_string()));
                    return;
                }
                if stop.wait_until(Instant::now() + Duration::from_millis(20)) {
                    return;
                }
            }
        }
    }
}

/// The driver's time where it is plausible, else now.
fn capture_time(buffer: &Buffer) -> Instant {
    let now = Instant::now();
    let age = buffer.capture_timestamp().and_then(|since_1970| {
        let taken = WallTime(u64::try_from(since_1970.as_micros()).ok()?);
        taken.until(WallTime::now())
    });
    age.filter(|age| *age <= MAX_AGE).and_then(|age| now.checked_sub(age)).unwrap_or(now)
}

/// A device that is open, and noted in [`OPEN`] for as long as it is.
struct Device {
    camera: nokhwa::Camera,
    name: String,
    index: CameraIndex,
}

impl Drop for Device {
    fn drop(&mut self) {
        OPEN.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(index, _)| *index != self.index);
    }
}

/// A camera that the system knows of.
struct Known {
    name: String,
    path: Option<String>,
    index: CameraIndex,
}

fn known() -> Vec<Known> {
    // It panics when something in /dev is called `video` without a number.
    let mut infos = catch_unwind(|| nokhwa::query(ApiBackend::Auto))
        .unwrap_or(Ok(Vec::new()))
        .unwrap_or_default();
    infos.sort_by_key(|info| info.index().clone());
    // Links such as /dev/video-dec0 would show a camera twice.
    infos.dedup_by_key(|info| info.index().clone());
    let names = distinct(infos.iter().map(nokhwa::utils::CameraInfo::human_name));
    let path =
        |index: &CameraIndex| cfg!(target_os = "linux").then(|| format!("/dev/video{index}"));
    infos
        .iter()
        .zip(names)
        .map(|(info, name)| Known { name, path: path(info.index()), index: info.index().clone() })
        .collect()
}

fn find_and_open(wanted: Option<&str>, want: CameraWant) -> Result<Device, CameraError> {
    let cameras = known();
    if let Some(wanted) = wanted {
        let names: Vec<_> =
            cameras.iter().map(|camera| (camera.name.clone(), camera.path.clone())).collect();
        let found = find(wanted, &names).and_then(|at| cameras.get(at));
        return open_one(found.ok_or_else(|| CameraError::Unknown(wanted.to_owned()))?, want);
    }
    let mut first_error = None;
    for camera in &cameras {
        match open_one(camera, want) {
            Ok(device) => return Ok(device),
            // Nodes without frames (metadata, outputs) say nothing about why there is no camera.
            Err(error @ (CameraError::Busy(_) | CameraError::NotAllowed(_)))
                if first_error.is_none() =>
            {
                first_error = Some(error);
            }
            Err(error) => tracing::debug!(%error, "passed over"),
        }
    }
    Err(first_error.unwrap_or(CameraError::NoCamera))
}

fn open_one(known: &Known, want: CameraWant) -> Result<Device, CameraError> {
    let failed = |error: &nokhwa::NokhwaError| explain(&known.name, &error.to_string());
    ask_permission(&known.name)?;
    let any = RequestedFormat::with_formats(RequestedFormatType::None, frame_formats());
    let mut camera =
        nokhwa::Camera::new(known.index.clone(), any).map_err(|error| failed(&error))?;
    let formats = camera.compatible_camera_formats().map_err(|error| failed(&error))?;
    let offers = rank(formats.clone(), want);
    if offers.is_empty() {
        return Err(CameraError::NoFormat(known.name.clone()));
    }
    // Drivers refuse formats that they offered; what is set then is still a format that can be
    // used.
    for format in offers.into_iter().take(TRIES) {
        let exact = [format.format()];
        match camera.set_camera_requset(RequestedFormat::with_formats(
            RequestedFormatType::Exact(format),
            &exact,
        )) {
            Ok(_) => break,
            Err(error) => tracing::debug!(%error, %format, "the camera refused a format"),
        }
    }
    camera.open_stream().map_err(|error| failed(&error))?;
    tracing::info!(camera = known.name, format = %camera.camera_format(), "opened");
    let info = DeviceInfo { name: known.name.clone(), default: false, formats: in_words(&formats) };
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).push((known.index.clone(), info));
    Ok(Device { camera, name: known.name.clone(), index: known.index.clone() })
}

/// macOS asks the person the first time; elsewhere this is granted at once.
fn ask_permission(name: &str) -> Result<(), CameraError> {
    if nokhwa::nokhwa_check() {
        return Ok(());
    }
    let (answer, answered) = sync_channel(1);
    nokhwa::nokhwa_initialize(move |granted| {
        let _ = answer.try_send(granted);
    });
    match answered.recv_timeout(PERMISSION_TIMEOUT) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(CameraError::NotAllowed(name.to_owned())),
    }
}

/// The names of the cameras there are. None is opened for it, so that it can be asked again and
/// again.
pub(in crate::device) fn names() -> Vec<String> {
    known().into_iter().map(|camera| camera.name).collect()
}

/// The cameras that open, with their formats. One that we have open is listed without being opened
/// again. Takes up to a few seconds: call it where blocking is allowed.
#[must_use]
pub fn list() -> Vec<DeviceInfo> {
    let (found, cameras) = sync_channel(16);
    let looking = std::thread::Builder::new().name("camera-list".to_owned()).spawn(move || {
        for known in known() {
            let described = catch_unwind(AssertUnwindSafe(|| describe(&known))).unwrap_or(None);
            if let Some(info) = described
                && found.send(info).is_err()
            {
                return;
            }
        }
    });
    if let Err(error) = looking {
        tracing::warn!(%error, "cameras could not be listed");
        return Vec::new();
    }
    let deadline = Instant::now() + LIST_TIMEOUT;
    let next = || cameras.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok();
    let mut list: Vec<_> = std::iter::from_fn(next).collect();
    if let Some(first) = list.first_mut() {
        first.default = true;
    }
    list
}

fn describe(known: &Known) -> Option<DeviceInfo> {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, info)) = open.iter().find(|(index, _)| *index == known.index) {
        return Some(info.clone());
    }
    drop(open);
    let any = RequestedFormat::with_formats(RequestedFormatType::None, frame_formats());
    let formats = nokhwa::Camera::new(known.index.clone(), any)
        .and_then(|mut camera| camera.compatible_camera_formats())
        .inspect_err(|error| tracing::debug!(%error, camera = known.name, "does not open"))
        .ok()?;
    Some(DeviceInfo { name: known.name.clone(), default: false, formats: in_words(&formats) })
}

fn in_words(formats: &[CameraFormat]) -> Vec<String> {
    let mut formats = formats.to_vec();
    formats.sort_by_key(|format| {
        let pixels = u64::from(format.width()) * u64::from(format.height());
        (std::cmp::Reverse((pixels, format.frame_rate())), format.format())
    });
    formats.dedup();
    let words = |f: &CameraFormat| {
        format!("{}x{} {} fps {}", f.width(), f.height(), f.frame_rate(), f.format())
    };
    formats.iter().map(words).collect()
}

fn pixel_format(format: FrameFormat) -> PixelFormat {
    match format {
        FrameFormat::MJPEG => PixelFormat::Mjpeg,
        FrameFormat::YUYV => PixelFormat::Yuyv,
        FrameFormat::NV12 => PixelFormat::Nv12,
        FrameFormat::GRAY => PixelFormat::Gray,
        FrameFormat::RAWRGB => PixelFormat::Rgb,
        FrameFormat::RAWBGR => PixelFormat::Bgr,
    }
}
