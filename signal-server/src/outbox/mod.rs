//! What waits to be written to one connection, and the way by which it goes out.
//!
//! Bounded by [`QueueLimits`], in messages and in bytes. Beyond that the queue is thrown away and
//! the connection closed, because its peer does not read; nobody else waits for it. So that a burst
//! does not look like that, a sender who finds the queue half full lets its connection catch up
//! first ([`Outbox::relief`]), for at most [`PATIENCE`] and not again until something was written.
//! A queue that is far from empty ([`BEHIND_BYTES`]) takes a place in the [`Backlog`], which bounds
//! what waits in all and at one address; without one it is over as well.
//!
//! Whoever puts messages in writes them as well ([`Outbox::deliver`]), which spares the
//! connection's task being woken for each. The task is woken where only it can go on: when the
//! stream takes no more, for a message that it has to complete, or because there is no
//! [`FrameWriter`] here. While something is left in the writer nobody but the task writes, so
//! messages go out in the order in which they were put in.

mod frame_writer;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;
use visavis_shared::{MissedCall, ServerMessage};

pub(crate) use self::frame_writer::FrameWriter;
use crate::limits::QueueLimits;
use crate::limits::permits::{Backlog, Permit};
use crate::rules::router::Closing;

/// How long a sender waits for a reader to catch up.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// A reader for whom more waits is behind.
const BEHIND_BYTES: usize = 64 * 1024;

/// Why nothing more is written to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Over {
    /// The queue ran over: the peer does not read.
    #[error("the outgoing queue ran over")]
    Overflow,
    #[error("the connection has to end: {0:?}")]
    Closed(Closing),
    /// The stream takes nothing any more.
    #[error("the stream is broken")]
    Broken,
}

/// How full a queue is after a message was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressure {
    Low,
    /// It is half full, and its connection is at work on it: wait for [`Outbox::relief`] before
    /// sending more.
    High,
}

/// A queue with many writers and one reader.
#[derive(Debug)]
pub(crate) struct Outbox {
    limits: QueueLimits,
    backlog: Option<Backlog>,
    queue: Mutex<Queue>,
    /// The connection's task, when it waits for something to write or for the end of the queue.
    task: AtomicWaker,
    /// Something was taken out that was waited for. Any number of waiters.
    drained: Notify,
    /// Locked before the queue is.
    slot: Mutex<Option<WriterSlot>>,
}

#[derive(Debug)]
struct WriterSlot {
    writer: FrameWriter,
    /// Whether others than the connection's task may write.
    shared: bool,
}

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<ServerMessage>,
    /// Those in `messages` that count against [`QueueLimits::messages`].
    counted: usize,
    bytes: usize,
    over: Option<Over>,
    /// While more waits than [`BEHIND_BYTES`], and until nothing does.
    place: Option<Permit>,
    /// A sender waits for something to be taken out.
    waited_for: bool,
    /// Nothing was taken out for as long as a sender waited.
    stalled: bool,
}

impl Queue {
    fn is_half_full(&self, limits: QueueLimits) -> bool {
        self.counted >= limits.messages / 2 || self.bytes >= limits.bytes / 2
    }
}

impl Outbox {
    pub(crate) fn new(limits: QueueLimits, backlog: Option<Backlog>) -> Self {
        Self {
            limits,
            backlog,
            queue: Mutex::default(),
            task: AtomicWaker::new(),
            drained: Notify::new(),
            slot: Mutex::default(),
        }
    }

    /// Puts a message in. It stays there until [`Outbox::deliver`] or [`Outbox::wake`].
    pub(crate) fn push(&self, message: ServerMessage) -> Pressure {
        let mut queue = self.lock();
        if queue.over.is_some() {
            return Pressure::Low;
        }
        let counted = queue.counted + usize::from(counts(&message));
        let bytes = queue.bytes + approximate_bytes(&message);
        if bytes > BEHIND_BYTES
            && queue.place.is_none()
            && let Some(backlog) = &self.backlog
        {
            queue.place = backlog.enter();
        }
        let is_placed = bytes <= BEHIND_BYTES || queue.place.is_some() || self.backlog.is_none();
        if counted > self.limits.messages || bytes > self.limits.bytes || !is_placed {
            *queue = Queue { over: Some(Over::Overflow), ..Queue::default() };
        } else {
            queue.messages.push_back(message);
            queue.counted = counted;
            queue.bytes = bytes;
        }
        let waits = queue.is_half_full(self.limits) && !queue.stalled;
        if waits { Pressure::High } else { Pressure::Low }
    }

    /// Takes the next message out.
    pub(crate) fn pop(&self) -> Result<Option<ServerMessage>, Over> {
        self.pop_if(|_| true)
    }

    /// Takes the next message out if it is wanted.
    fn pop_if(
        &self,
        is_wanted: impl FnOnce(&ServerMessage) -> bool,
    ) -> Result<Option<ServerMessage>, Over> {
        let mut queue = self.lock();
        if let Some(over) = queue.over {
            return Err(over);
        }
        if !queue.messages.front().is_some_and(is_wanted) {
            return Ok(None);
        }
        let Some(message) = queue.messages.pop_front() else { return Ok(None) };
        queue.counted -= usize::from(counts(&message));
        queue.bytes -= approximate_bytes(&message);
        queue.stalled = false;
        if queue.messages.is_empty() {
            // An idle connection keeps no memory for its busy times.
            queue.messages = VecDeque::new();
            queue.place = None;
        }
        let relieves = std::mem::take(&mut queue.waited_for);
        drop(queue);
        if relieves {
            self.drained.notify_waiters();
        }
        Ok(Some(message))
    }

    /// Takes everything out, for another connection.
    pub(crate) fn take_all(&self) -> VecDeque<ServerMessage> {
        let mut queue = self.lock();
        let over = queue.over;
        std::mem::replace(&mut *queue, Queue { over, ..Queue::default() }).messages
    }

    /// Ends the connection; what waits is thrown away.
    pub(crate) fn close(&self, closing: Closing) {
        *self.lock() = Queue { over: Some(Over::Closed(closing)), ..Queue::default() };
        self.wake();
        self.drained.notify_waiters();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.lock().over.is_some()
    }

    /// Until there is something to take out, or nothing more comes out. Only for the connection's
    /// task.
    pub(crate) async fn filled(&self) {
        poll_fn(|cx| self.poll_filled(cx)).await;
    }

    /// Like [`Outbox::filled`], within another future.
    pub(crate) fn poll_filled(&self, cx: &Context<'_>) -> Poll<()> {
        self.task.register(cx.waker());
        let queue = self.lock();
        if queue.over.is_some() || !queue.messages.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Until nothing more comes out, and why. Only for the connection's task.
    pub(crate) async fn over(&self) -> Over {
        poll_fn(|cx| {
            self.task.register(cx.waker());
            self.lock().over.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Has the connection's task look at what waits.
    pub(crate) fn wake(&self) {
        self.task.wake();
    }

    /// From now on, senders can write their messages themselves.
    pub(crate) fn attach_writer(&self, writer: FrameWriter) {
        *self.writer_slot() = Some(WriterSlot { writer, shared: true });
    }

    /// From now on only the connection's task writes.
    pub(crate) fn reserve_writer(&self) {
        if let Some(slot) = &mut *self.writer_slot() {
            slot.shared = false;
        }
    }

    /// Nothing is written any more, nor is what was begun.
    pub(crate) fn detach_writer(&self) {
        *self.writer_slot() = None;
    }

    /// Writes what waits, as far as that is possible at once; otherwise the connection's task is
    /// woken to do it.
    pub(crate) fn deliver(&self) {
        if !self.is_delivered() {
            self.wake();
        }
    }

    fn is_delivered(&self) -> bool {
        let mut slot = self.writer_slot();
        let Some(WriterSlot { writer, shared: true }) = &mut *slot else { return false };
        // Else the task waits for the stream, and would not be woken by it any more.
        if writer.has_leftover() {
            return false;
        }
        let cx = &mut Context::from_waker(Waker::noop());
        let next = || self.pop_if(|message| !needs_its_task(message));
        poll_write_all(writer, cx, next) == Poll::Ready(Ok(())) && self.lock().messages.is_empty()
    }

    /// Writes all that waits. Only for the connection's task, which completes each message first.
    pub(crate) fn poll_write_out(
        &self,
        cx: &mut Context<'_>,
        mut complete: impl FnMut(&mut ServerMessage),
    ) -> Poll<Result<(), Over>> {
        let mut slot = self.writer_slot();
        let Some(WriterSlot { writer, .. }) = &mut *slot else {
            return Poll::Ready(Err(Over::Broken));
        };
        poll_write_all(writer, cx, || {
            let mut message = self.pop()?;
            message.iter_mut().for_each(&mut complete);
            Ok(message)
        })
    }

    /// Lends the writer, if there is one. Only for the connection's task.
    pub(crate) fn with_writer<T>(&self, act: impl FnOnce(&mut FrameWriter) -> T) -> Option<T> {
        self.writer_slot().as_mut().map(|slot| act(&mut slot.writer))
    }

    /// Until there is room again, or there is no point in waiting.
    pub(crate) async fn relief(&self) {
        let relieved = async {
            loop {
                let drained = self.drained.notified();
                {
                    let mut queue = self.lock();
                    if !queue.is_half_full(self.limits) || queue.stalled {
                        return;
                    }
                    queue.waited_for = true;
                }
                drained.await;
            }
        };
        if tokio::time::timeout(PATIENCE, relieved).await.is_err() {
            self.lock().stalled = true;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer_slot(&self) -> MutexGuard<'_, Option<WriterSlot>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes everything that `next` brings; ready when the stream holds nothing back.
fn poll_write_all(
    writer: &mut FrameWriter,
    cx: &mut Context<'_>,
    mut next: impl FnMut() -> Result<Option<ServerMessage>, Over>,
) -> Poll<Result<(), Over>> {
    loop {
        while !writer.is_full()
            && let Some(message) = next()?
        {
            writer.write_message(&message);
        }
        if !writer.has_leftover() {
            return Poll::Ready(Ok(()));
        }
        ready!(writer.poll_write(cx)).map_err(|_| Over::Broken)?;
    }
}

/// Whether the connection's task has to see or complete a message.
fn needs_its_task(message: &ServerMessage) -> bool {
    matches!(
        message,
        ServerMessage::LoggedIn { .. }
            | ServerMessage::IceServers { .. }
            | ServerMessage::MissedCalls { .. }
    )
}

fn counts(message: &ServerMessage) -> bool {
    !matches!(message, ServerMessage::Presence { .. })
}

/// About what a message takes, in memory and on the wire.
fn approximate_bytes(message: &ServerMessage) -> usize {
    size_of::<ServerMessage>()
        + match message {
            ServerMessage::Call { signal, .. } => {
                signal.payload().map_or(0, |payload| payload.as_str().len())
            }
            ServerMessage::Message { message, .. } | ServerMessage::Broadcast { message, .. } => {
                message.as_str().len()
            }
            ServerMessage::Users { users, .. } => {
                users.iter().map(|user| 32 + user.as_str().len()).sum()
            }
            ServerMessage::MissedCalls { calls } => {
                calls.iter().map(|call| size_of::<MissedCall>() + call.from.as_str().len()).sum()
            }
            ServerMessage::Error { message, .. } => message.len(),
            _ => 0,
        }
}

#[cfg(test)]
mod tests;
