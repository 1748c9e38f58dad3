//! A video stream of PipeWire.
//!
//! In: the way to PipeWire and the node that the portal named. Out: the newest image, and that it
//! is over. What always holds: PipeWire's own thread (`screen-stream`) copies a buffer and goes on;
//! only the newest image is kept; dropping the stream ends that thread before anything it uses
//! goes.

#![expect(unsafe_code, reason = "PipeWire is a C library; what it calls back is in this file")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::{IntoRawFd as _, OwnedFd};
use std::ptr::{null, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::library::{Opaque, PipeWire, PwBuffer, SpaBuffer, SpaHook, StreamEvents, pipewire};
use super::pixels::{self, Format, Layout, Part};
use super::pod;
use crate::image::Image;

/// `PW_DIRECTION_INPUT`.
const INPUT: c_int = 0;
/// `PW_STREAM_FLAG_AUTOCONNECT`, `PW_STREAM_FLAG_MAP_BUFFERS`, and `PW_STREAM_FLAG_DONT_RECONNECT`:
/// when what was chosen is gone, nothing else is to come in its place.
const FLAGS: u32 = 1 << 0 | 1 << 2 | 1 << 7;
/// `PW_STREAM_STATE_ERROR`, `PW_STREAM_STATE_UNCONNECTED`.
const ERROR: c_int = -1;
const UNCONNECTED: c_int = 0;
/// `SPA_CHUNK_FLAG_CORRUPTED`.
const CORRUPTED: i32 = 1;
/// No parameter is longer.
const LONGEST_POD: usize = 64 * 1024;

/// What went wrong with a stream.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    /// There is no library.
    #[error("PipeWire (libpipewire-0.3) is not installed, which brings the picture here")]
    NoLibrary,
    /// PipeWire refused something; what.
    #[error("PipeWire failed: {0}")]
    Failed(String),
    /// It is over.
    #[error("the stream ended")]
    Ended,
}

/// What PipeWire's thread and the owner share.
struct Shared {
    library: &'static PipeWire,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    stream: Handle,
    format: Option<(Format, u32, u32)>,
    image: Image,
    fresh: bool,
    ended: Option<StreamError>,
}

/// The stream, for the callbacks.
#[derive(Clone, Copy)]
struct Handle(*mut Opaque);

impl Default for Handle {
    fn default() -> Self {
        Self(null_mut())
    }
}

// SAFETY: it is used on PipeWire's thread, or under its lock.
unsafe impl Send for Handle {}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, why: StreamError) {
        self.lock().ended.get_or_insert(why);
        self.changed.notify_one();
    }
}

/// See the module.
pub(super) struct Stream {
    shared: Box<Shared>,
    hook: Box<SpaHook>,
    thread: *mut Opaque,
    context: *mut Opaque,
    core: *mut Opaque,
    stream: *mut Opaque,
}

impl Stream {
    /// Connects to a node. Frames come from now on.
    pub(super) fn open(way: OwnedFd, node: u32, fps: u32) -> Result<Self, StreamError> {
        let library = pipewire().ok_or(StreamError::NoLibrary)?;
        let shared = Box::new(Shared { library, state: Mutex::default(), changed: Notify::new() });
        let mut this = Self {
            shared,
            hook: Box::new(SpaHook::EMPTY),
            thread: null_mut(),
            context: null_mut(),
            core: null_mut(),
            stream: null_mut(),
        };
        this.connect(way, node, fps)?;
        Ok(this)
    }

    fn connect(&mut self, way: OwnedFd, node: u32, fps: u32) -> Result<(), StreamError> {
        let pw = self.shared.library;
        let there = |pointer: *mut Opaque, what: &str| match pointer.is_null() {
            true => Err(StreamError::Failed(what.to_owned())),
            false => Ok(pointer),
        };
        // SAFETY: objects are made in the order in which the library asks for, and those that were
        // made are destroyed in `drop` in the opposite one, whatever fails. Once its thread runs,
        // they are used under its lock. The events, the hook and the shared state outlive the
        // stream: the first is static, the others are boxed and dropped after it.
        unsafe {
            let new = (pw.pw_thread_loop_new)(c"screen-stream".as_ptr(), null());
            self.thread = there(new, "no thread")?;
            let new = (pw.pw_context_new)((pw.pw_thread_loop_get_loop)(self.thread), null_mut(), 0);
            self.context = there(new, "no context")?;
            if (pw.pw_thread_loop_start)(self.thread) < 0 {
                return Err(StreamError::Failed("its thread does not start".to_owned()));
            }
            (pw.pw_thread_loop_lock)(self.thread);
            let connected = self.connect_locked(way, node, fps);
            (pw.pw_thread_loop_unlock)(self.thread);
            connected
        }
    }

    fn connect_locked(&mut self, way: OwnedFd, node: u32, fps: u32) -> Result<(), StreamError> {
        let pw = self.shared.library;
        let failed = |what: &str| StreamError::Failed(what.to_owned());
        // SAFETY: as in `connect`, whose lock is held. The library closes the descriptor, and takes
        // the properties. It copies the parameters.
        unsafe {
            self.core = (pw.pw_context_connect_fd)(self.context, way.into_raw_fd(), null_mut(), 0);
            if self.core.is_null() {
                return Err(failed("it can't be reached"));
            }
            let text = c"media.type=Video media.category=Capture media.role=Screen";
            let properties = (pw.pw_properties_new_string)(text.as_ptr());
            self.stream = (pw.pw_stream_new)(self.core, c"Visavis".as_ptr(), properties);
            if self.stream.is_null() {
                return Err(failed("no stream"));
            }
            self.shared.lock().stream = Handle(self.stream);
            let data = std::ptr::from_ref::<Shared>(&self.shared).cast_mut().cast();
            (pw.pw_stream_add_listener)(self.stream, &raw mut *self.hook, &EVENTS, data);
            let formats = pod::formats(fps);
            let mut parameters = [formats.as_ptr().cast::<c_void>()];
            let parameters = parameters.as_mut_ptr();
            if (pw.pw_stream_connect)(self.stream, INPUT, node, FLAGS, parameters, 1) < 0 {
                return Err(failed("the stream can't be joined"));
            }
        }
        Ok(())
    }

    /// Waits until there is something to take.
    pub(super) async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// Whether both sides have agreed on a format. Some desktops send the first image only when
    /// something is drawn.
    pub(super) fn is_agreed(&self) -> bool {
        self.shared.lock().format.is_some()
    }

    /// Takes the newest image. False when there is none that was not taken.
    pub(super) fn take(&mut self, into: &mut Image) -> Result<bool, StreamError> {
        let mut state = self.shared.lock();
        if std::mem::take(&mut state.fresh) {
            std::mem::swap(&mut state.image, into);
            if state.ended.is_some() {
                self.shared.changed.notify_one();
            }
            return Ok(true);
        }
        match state.ended.take() {
            Some(error) => Err(error),
            None => Ok(false),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let pw = self.shared.library;
        // SAFETY: once its thread has stopped, nobody else uses these, and each is destroyed once,
        // the later ones first.
        unsafe {
            if !self.thread.is_null() {
                (pw.pw_thread_loop_stop)(self.thread);
            }
            if !self.stream.is_null() {
                (pw.pw_stream_destroy)(self.stream);
            }
            if !self.core.is_null() {
                (pw.pw_core_disconnect)(self.core);
            }
            if !self.context.is_null() {
                (pw.pw_context_destroy)(self.context);
            }
            if !self.thread.is_null() {
                (pw.pw_thread_loop_destroy)(self.thread);
            }
        }
    }
}

static EVENTS: StreamEvents = StreamEvents {
    version: 0,
    destroy: None,
    state_changed: Some(state_changed),
    control_info: None,
    io_changed: None,
    param_changed: Some(param_changed),
    add_buffer: None,
    remove_buffer: None,
    process: Some(process),
    drained: None,
    later: [null_mut(); 4],
};

// SAFETY: nothing is behind its pointers but functions, and it is never written.
unsafe impl Sync for StreamEvents {}

/// # Safety
/// `data` is the shared state of a stream that lives.
unsafe fn shared<'a>(data: *mut c_void) -> &'a Shared {
    // SAFETY: `connect_locked` gave it to the library, and `drop` stops the library's thread before
    // the state goes.
    unsafe { &*data.cast::<Shared>() }
}

unsafe extern "C" fn state_changed(data: *mut c_void, _: c_int, now: c_int, why: *const c_char) {
    // SAFETY: the library gives back what it was given.
    let shared = unsafe { shared(data) };
    match now {
        ERROR if why.is_null() => shared.end(StreamError::Failed("an error".to_owned())),
        ERROR => {
            // SAFETY: the library gives a text.
            let why = unsafe { CStr::from_ptr(why) }.to_string_lossy();
            let words: Vec<&str> = why.split_whitespace().take(20).collect();
            shared.end(StreamError::Failed(words.join(" ")));
        }
        UNCONNECTED => shared.end(StreamError::Ended),
        _ => {}
    }
}

unsafe extern "C" fn param_changed(data: *mut c_void, id: u32, param: *const c_void) {
    if id != pod::PARAM_FORMAT || param.is_null() {
        return;
    }
    // SAFETY: the library gives back what it was given, and a POD, which begins with its length.
    let (shared, pod) = unsafe {
        let length = param.cast::<u32>().read_unaligned() as usize;
        let length = length.saturating_add(8).min(LONGEST_POD);
        (shared(data), std::slice::from_raw_parts(param.cast::<u8>(), length))
    };
    let Some(format) = pod::read_format(pod) else {
        shared.end(StreamError::Failed("it names a format that was not asked for".to_owned()));
        return;
    };
    let stream = {
        let mut state = shared.lock();
        state.format = Some(format);
        state.stream
    };
    let (buffers, crop) = (pod::buffers(), pod::crop());
    let mut parameters = [buffers.as_ptr().cast::<c_void>(), crop.as_ptr().cast::<c_void>()];
    // SAFETY: this is PipeWire's thread, the stream lives, and the parameters are copied.
    unsafe {
        (shared.library.pw_stream_update_params)(stream.0, parameters.as_mut_ptr(), 2);
    }
}

unsafe extern "C" fn process(data: *mut c_void) {
    // SAFETY: the library gives back what it was given.
    let shared = unsafe { shared(data) };
    let pw = shared.library;
    let mut state = shared.lock();
    let stream = state.stream.0;
    let mut newest: *mut PwBuffer = null_mut();
    // SAFETY: this is PipeWire's thread and the stream lives. Each buffer that is taken is given
    // back once, and not used after that.
    unsafe {
        loop {
            let next = (pw.pw_stream_dequeue_buffer)(stream);
            if next.is_null() {
                break;
            }
            if !newest.is_null() {
                (pw.pw_stream_queue_buffer)(stream, newest);
            }
            newest = next;
        }
        if newest.is_null() {
            return;
        }
        if let Some(format) = state.format
            && !(*newest).buffer.is_null()
            && copy(&*(*newest).buffer, format, &mut state.image)
        {
            state.fresh = true;
            shared.changed.notify_one();
        }
        (pw.pw_stream_queue_buffer)(stream, newest);
    }
}

/// Copies what a buffer shows. False where it shows nothing.
///
/// # Safety
/// The buffer is one that the library gave and was not given back yet.
unsafe fn copy(buffer: &SpaBuffer, format: (Format, u32, u32), into: &mut Image) -> bool {
    let (format, width, height) = format;
    if buffer.n_datas == 0 || buffer.datas.is_null() {
        return false;
    }
    // SAFETY: a buffer has as many of these as it says, and the library has mapped the first one's
    // memory of `max_size` bytes, or left it null. Its producer may write while it is read, which
    // costs a torn picture: any byte is a valid one.
    unsafe {
        let data = &*buffer.datas;
        if data.data.is_null() || data.chunk.is_null() {
            return false;
        }
        let chunk = &*data.chunk;
        let (offset, stride) = (chunk.offset as usize, u32::try_from(chunk.stride).unwrap_or(0));
        if chunk.size == 0 || chunk.flags & CORRUPTED != 0 || offset > data.max_size as usize {
            return false;
        }
        let length = (data.max_size as usize - offset).min(chunk.size as usize);
        let bytes = std::slice::from_raw_parts(data.data.cast::<u8>().add(offset), length);
        let stride = if stride == 0 { width.saturating_mul(4) } else { stride };
        pixels::read(bytes, Layout { format, width, height, stride }, crop_of(buffer), into)
    }
}

/// Which part of a buffer counts, where it says so.
///
/// # Safety
/// As [`copy`].
unsafe fn crop_of(buffer: &SpaBuffer) -> Option<Part> {
    if buffer.metas.is_null() {
        return None;
    }
    // SAFETY: a buffer has as many of these as it says, each with as many bytes as it says.
    unsafe {
        let metas = std::slice::from_raw_parts(buffer.metas, buffer.n_metas as usize);
        let crop = metas.iter().find(|meta| {
            meta.kind == pod::META_VIDEO_CROP && meta.size >= 16 && !meta.data.is_null()
        })?;
        let [x, y, width, height] = crop.data.cast::<[u32; 4]>().read_unaligned();
        Some(Part { x, y, width, height })
    }
}
