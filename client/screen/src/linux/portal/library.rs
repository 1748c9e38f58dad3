//! PipeWire's library, found when it is needed: a desktop without it runs this program as well, and
//! nothing of it is needed to build (ADR 40).
//!
//! Out: its functions, with the layout of the few structures that go in and out of them, as its
//! headers of 0.3 have them; they are the same since (its soname is that of 0.3 to this day).

#![expect(unsafe_code, reason = "functions of a C library are looked up by their names")]

use std::ffi::{c_char, c_int, c_void};
use std::sync::OnceLock;

use libloading::Library;

/// What is behind a pointer to one of PipeWire's own objects.
pub(super) type Opaque = c_void;

/// `struct spa_chunk`.
#[repr(C)]
pub(super) struct SpaChunk {
    pub(super) offset: u32,
    pub(super) size: u32,
    pub(super) stride: i32,
    pub(super) flags: i32,
}

/// `struct spa_data`.
#[repr(C)]
pub(super) struct SpaData {
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) fd: i64,
    pub(super) map_offset: u32,
    pub(super) max_size: u32,
    pub(super) data: *mut c_void,
    pub(super) chunk: *mut SpaChunk,
}

/// `struct spa_meta`.
#[repr(C)]
pub(super) struct SpaMeta {
    pub(super) kind: u32,
    pub(super) size: u32,
    pub(super) data: *mut c_void,
}

/// `struct spa_buffer`.
#[repr(C)]
pub(super) struct SpaBuffer {
    pub(super) n_metas: u32,
    pub(super) n_datas: u32,
    pub(super) metas: *mut SpaMeta,
    pub(super) datas: *mut SpaData,
}

/// The beginning of `struct pw_buffer`.
#[repr(C)]
pub(super) struct PwBuffer {
    pub(super) buffer: *mut SpaBuffer,
}

/// `struct spa_hook`, which the library fills in.
#[repr(C)]
pub(super) struct SpaHook {
    words: [*mut c_void; 6],
}

impl SpaHook {
    pub(super) const EMPTY: Self = Self { words: [std::ptr::null_mut(); 6] };
}

/// `struct pw_stream_events` of version 0, with room for what came later.
#[repr(C)]
pub(super) struct StreamEvents {
    pub(super) version: u32,
    pub(super) destroy: Option<unsafe extern "C" fn(*mut c_void)>,
    pub(super) state_changed:
        Option<unsafe extern "C" fn(*mut c_void, c_int, c_int, *const c_char)>,
    pub(super) control_info: Option<unsafe extern "C" fn(*mut c_void, u32, *const c_void)>,
    pub(super) io_changed: Option<unsafe extern "C" fn(*mut c_void, u32, *mut c_void, u32)>,
    pub(super) param_changed: Option<unsafe extern "C" fn(*mut c_void, u32, *const c_void)>,
    pub(super) add_buffer: Option<unsafe extern "C" fn(*mut c_void, *mut PwBuffer)>,
    pub(super) remove_buffer: Option<unsafe extern "C" fn(*mut c_void, *mut PwBuffer)>,
    pub(super) process: Option<unsafe extern "C" fn(*mut c_void)>,
    pub(super) drained: Option<unsafe extern "C" fn(*mut c_void)>,
    pub(super) later: [*mut c_void; 4],
}

/// Declares the functions once, for the table and for the look-up.
macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions that are used here, by their names.
        pub(super) struct PipeWire {
            $(pub(super) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
            _library: Library,
        }

        impl PipeWire {
            fn load() -> Result<Self, libloading::Error> {
                // SAFETY: the library is PipeWire's by its soname, whose initialisers do nothing
                // but set up the library; the functions have the types of its headers.
                unsafe {
                    let library = Library::new("libpipewire-0.3.so.0")?;
                    let this = Self {
                        $($name: *library.get(concat!(stringify!($name), "\0").as_bytes())?,)*
                        _library: library,
                    };
                    (this.pw_init)(std::ptr::null_mut(), std::ptr::null_mut());
                    Ok(this)
                }
            }
        }
    };
}

functions! {
    pw_init: fn(*mut c_int, *mut c_void);
    pw_thread_loop_new: fn(*const c_char, *const c_void) -> *mut Opaque;
    pw_thread_loop_destroy: fn(*mut Opaque);
    pw_thread_loop_get_loop: fn(*mut Opaque) -> *mut Opaque;
    pw_thread_loop_start: fn(*mut Opaque) -> c_int;
    pw_thread_loop_stop: fn(*mut Opaque);
    pw_thread_loop_lock: fn(*mut Opaque);
    pw_thread_loop_unlock: fn(*mut Opaque);
    pw_context_new: fn(*mut Opaque, *mut Opaque, usize) -> *mut Opaque;
    pw_context_destroy: fn(*mut Opaque);
    pw_context_connect_fd: fn(*mut Opaque, c_int, *mut Opaque, usize) -> *mut Opaque;
    pw_core_disconnect: fn(*mut Opaque) -> c_int;
    pw_properties_new_string: fn(*const c_char) -> *mut Opaque;
    pw_stream_new: fn(*mut Opaque, *const c_char, *mut Opaque) -> *mut Opaque;
    pw_stream_destroy: fn(*mut Opaque);
    pw_stream_add_listener: fn(*mut Opaque, *mut SpaHook, *const StreamEvents, *mut c_void);
    pw_stream_connect: fn(*mut Opaque, c_int, u32, u32, *mut *const c_void, u32) -> c_int;
    pw_stream_update_params: fn(*mut Opaque, *mut *const c_void, u32) -> c_int;
    pw_stream_dequeue_buffer: fn(*mut Opaque) -> *mut PwBuffer;
    pw_stream_queue_buffer: fn(*mut Opaque, *mut PwBuffer) -> c_int;
}

/// The library; `None` where there is none, or one that lacks something.
pub(super) fn pipewire() -> Option<&'static PipeWire> {
    static LOADED: OnceLock<Option<PipeWire>> = OnceLock::new();
    let load = || {
        let loaded = PipeWire::load();
        loaded.inspect_err(|error| tracing::warn!(%error, "PipeWire can't be used")).ok()
    };
    LOADED.get_or_init(load).as_ref()
}
