//! The events of a session that its task has not taken yet.
//!
//! The library hands events over as fast as they come, while some of them take time. Beyond a
//! handful ([`EventQueue::is_crowded`]) nothing more is read from the session's WebSocket, and its
//! posts are not answered; a client that goes on all the same runs it over.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;
use visavis_shared::ErrorCode;
use visavis_shared::limits::MAX_MESSAGE_BYTES;

/// So many events wait before nothing more is read.
const CROWD: usize = 16;
/// The most events that wait. One post can hold more than a crowd.
const MAX_EVENTS: usize = 1024;
/// The most bytes that wait: what is read at once, and the largest message.
const MAX_BYTES: usize = 4 * MAX_MESSAGE_BYTES;

/// One event of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QueuedEvent {
    /// An event, as text.
    Event(String),
    /// Something that is answered with an error, when its turn comes.
    Refused(ErrorCode, String),
}

impl QueuedEvent {
    fn bytes(&self) -> usize {
        match self {
            Self::Event(text) | Self::Refused(_, text) => text.len(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the events that wait are too many")]
pub(super) struct Full;

/// The events of one session, in order.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    queue: Mutex<Queue>,
    /// There is something. One waiter: the session.
    filled: Notify,
    /// There is room. Any number of waiters: posts.
    eased: Notify,
    /// The same for the WebSocket.
    reader: AtomicWaker,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<QueuedEvent>,
    bytes: usize,
    /// Nobody will look at it any more.
    closed: bool,
}

impl EventQueue {
    pub(super) fn push(&self, event: QueuedEvent) -> Result<(), Full> {
        let mut queue = self.lock();
        if queue.closed
            || queue.events.len() >= MAX_EVENTS
            || queue.bytes + event.bytes() > MAX_BYTES
        {
            return Err(Full);
        }
        queue.bytes += event.bytes();
        queue.events.push_back(event);
        drop(queue);
        self.filled.notify_one();
        Ok(())
    }

    pub(super) async fn next(&self) -> QueuedEvent {
        loop {
            if let Some(event) = self.pop() {
                return event;
            }
            self.filled.notified().await;
        }
    }

    fn pop(&self) -> Option<QueuedEvent> {
        let mut queue = self.lock();
        let event = queue.events.pop_front()?;
        queue.bytes -= event.bytes();
        if queue.events.is_empty() {
            // A quiet session keeps no memory for its busy times.
            queue.events = VecDeque::new();
        }
        drop(queue);
        if !self.is_crowded() {
            self.eased.notify_waiters();
            self.reader.wake();
        }
        Some(event)
    }

    /// Throws everything away and takes nothing more; nobody waits for it any longer.
    pub(super) fn close(&self) {
        *self.lock() = Queue { closed: true, ..Queue::default() };
        self.eased.notify_waiters();
        self.reader.wake();
    }

    fn is_crowded(&self) -> bool {
        self.lock().events.len() >= CROWD
    }

    /// Whether a reader has to wait; if so it is woken when there is room.
    pub(super) fn has_to_wait(&self, reader: &Waker) -> bool {
        self.reader.register(reader);
        self.is_crowded()
    }

    /// Until there is room.
    pub(super) async fn eased(&self) {
        loop {
            let eased = self.eased.notified();
            if !self.is_crowded() {
                return;
            }
            eased.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::*;

    fn event(text: &str) -> QueuedEvent {
        QueuedEvent::Event(text.to_owned())
    }

    #[tokio::test]
    async fn events_come_out_in_order() {
        let events = EventQueue::default();
        let refused = QueuedEvent::Refused(ErrorCode::RateLimited, "Too many.".to_owned());
        for queued in [event("one"), refused.clone(), event("three")] {
            events.push(queued).unwrap();
        }
        assert_eq!((events.next().await, events.next().await), (event("one"), refused));
        events.push(event("four")).unwrap();
        assert_eq!((events.next().await, events.next().await), (event("three"), event("four")));
        assert!(events.next().now_or_never().is_none());
        assert_eq!(events.lock().bytes, 0);
    }

    #[test]
    fn it_is_bounded_in_events_and_in_bytes() {
        let events = EventQueue::default();
        for _ in 0..MAX_EVENTS {
            events.push(event("x")).unwrap();
        }
        assert_eq!(events.push(event("x")), Err(Full));
        let events = EventQueue::default();
        for _ in 0..4 {
            events.push(event(&"x".repeat(MAX_MESSAGE_BYTES))).unwrap();
        }
        assert_eq!(events.push(event("x")), Err(Full));
    }

    #[tokio::test]
    async fn a_crowd_holds_readers_and_posts_back_until_there_is_room() {
        let events = EventQueue::default();
        let waker = Waker::noop();
        for _ in 0..CROWD {
            assert!(!events.has_to_wait(waker));
            events.push(event("x")).unwrap();
        }
        assert!(events.has_to_wait(waker));
        let mut eased = pin!(events.eased());
        assert!(eased.as_mut().now_or_never().is_none());
        events.next().await;
        assert!(eased.now_or_never().is_some());
        assert!(!events.has_to_wait(waker));
    }

    #[tokio::test]
    async fn nobody_waits_for_one_that_is_closed() {
        let events = EventQueue::default();
        for _ in 0..CROWD {
            events.push(event("x")).unwrap();
        }
        let mut eased = pin!(events.eased());
        assert!(eased.as_mut().now_or_never().is_none());
        events.close();
        assert!(eased.now_or_never().is_some());
        assert!(!events.has_to_wait(Waker::noop()));
        assert_eq!(events.push(event("x")), Err(Full));
        assert!(events.next().now_or_never().is_none());
    }
}
