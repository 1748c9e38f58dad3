//! One session of Engine.IO: what its requests, its WebSocket and its task share.
//!
//! The library keeps a session for as long as it knows it. The session's place is free, and its key
//! forgotten, as soon as it is over.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, Weak};

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

use super::SocketIo;
use super::event_queue::EventQueue;
use super::socket_task::Start;
use crate::http::Caller;
use crate::limits::permits::Permit;

/// So many bytes are given to the library before what was written of them is waited for.
const WINDOW_BYTES: usize = 64 * 1024;

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// What waits may still be written.
    Politely,
    /// The peer does not read, or does not listen: nothing more is written.
    AtOnce,
}

/// One session of Engine.IO.
#[derive(Debug)]
pub(super) struct Session {
    /// What its requests name it by. The library's own id won't do: it is what other people call
    /// the socket by, and whoever knows the key can speak for the session.
    pub(super) key: String,
    pub(super) owner: Weak<SocketIo>,
    /// Whose session it is. It may hold their place among those whom a proxy brings.
    pub(super) caller: Caller,
    /// The place of a session without a connection of its own; one with a WebSocket has the
    /// connection's.
    place: Mutex<Option<Permit>>,
    library_id: OnceLock<String>,
    /// The socket was let in, once and for all.
    entered: AtomicBool,
    /// The task that speaks for it, before it begins.
    pub(super) start: Mutex<Option<Start>>,
    pub(super) events: EventQueue,
    /// What was given to the library and not written yet, at most.
    unwritten: AtomicUsize,
    written: Notify,
    /// The peer disconnected in order, rather than being lost.
    pub(super) left_in_order: AtomicBool,
    /// 0 while the session stands, then 1 or 2 as an [`End`].
    ended: AtomicU8,
    end: Notify,
    /// Woken when the session ends: the reader and the writer of the WebSocket.
    pub(super) reader: AtomicWaker,
    pub(super) writer: AtomicWaker,
}

impl Session {
    pub(super) fn new(
        key: String,
        owner: Weak<SocketIo>,
        caller: Caller,
        place: Option<Permit>,
    ) -> Self {
        Self {
            key,
            owner,
            caller,
            place: Mutex::new(place),
            library_id: OnceLock::new(),
            entered: AtomicBool::new(false),
            start: Mutex::new(None),
            events: EventQueue::default(),
            unwritten: AtomicUsize::new(0),
            written: Notify::new(),
            left_in_order: AtomicBool::new(false),
            ended: AtomicU8::new(0),
            end: Notify::new(),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
        }
    }

    /// What the library calls the session.
    pub(super) fn library_id(&self) -> Option<&str> {
        self.library_id.get().map(String::as_str)
    }

    pub(super) fn set_library_id(&self, id: &str) {
        // The first to know it is right.
        let _ = self.library_id.set(id.to_owned());
    }

    /// Gives the session's own place back: it has a WebSocket now.
    pub(super) fn leave_place(&self) {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn leave_register(&self) {
        if let Some(owner) = self.owner.upgrade() {
            owner.sessions().remove(&self.key);
        }
    }

    /// Whether a socket may come in: one does, and no second one.
    pub(super) fn enter(&self) -> bool {
        !self.is_over() && !self.entered.swap(true, Ordering::AcqRel)
    }

    /// Ends the session. An end at once follows a polite one, but not the other way round.
    pub(super) fn hang_up(&self, end: End) {
        let end = match end {
            End::Politely => 1,
            End::AtOnce => 2,
        };
        if self.ended.fetch_max(end, Ordering::AcqRel) == 0 {
            // The library may keep what it has for a while.
            self.leave_place();
            self.leave_register();
            self.events.close();
        }
        self.end.notify_one();
        self.reader.wake();
        self.writer.wake();
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended.load(Ordering::Acquire) > 0
    }

    /// Whether nothing more is to be written.
    pub(super) fn is_dead(&self) -> bool {
        self.ended.load(Ordering::Acquire) > 1
    }

    /// Until the session is over. One waiter: the task that speaks for it.
    pub(super) async fn over(&self) {
        while !self.is_over() {
            self.end.notified().await;
        }
    }

    /// So many bytes are given to the library. A number that is too small does no harm, one that is
    /// too large does.
    pub(super) fn give(&self, bytes: usize) {
        self.unwritten.fetch_add(bytes, Ordering::AcqRel);
    }

    /// So many bytes were written, be they what was given or not.
    pub(super) fn wrote(&self, bytes: usize) {
        // The closure never says no.
        let _ = self.unwritten.fetch_update(Ordering::AcqRel, Ordering::Acquire, |unwritten| {
            Some(unwritten.saturating_sub(bytes))
        });
        self.written.notify_one();
    }

    /// Whether more may be given to the library.
    pub(super) fn has_room(&self) -> bool {
        self.unwritten.load(Ordering::Acquire) < WINDOW_BYTES
    }

    /// Until something was written. One waiter: the task that speaks for it.
    pub(super) async fn wrote_some(&self) {
        self.written.notified().await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.leave_register();
    }
}
