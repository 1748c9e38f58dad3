//! What waits to be written to one connection.
//!
//! Bounded by [`QueueLimits`], in messages and in bytes. Beyond that the queue is thrown away and the connection closed, because its peer does not read; nobody else waits for it. So that a burst does not look like that,
//! a sender who finds the queue half full lets its connection catch up first ([`Outbox::relief`]), for at most
//! [`PATIENCE`] and not again until something was written.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use visavis_shared::ServerMessage;

use crate::limits::QueueLimits;
use crate::router::Closing;

/// How long a sender waits for a reader to catch up.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// Why nothing more comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Over {
    /// The queue ran over: the peer does not read.
    #[error("the outgoing queue ran over")]
    Overflow,
    /// The connection has to end.
    #[error("the connection has to end: {0:?}")]
    Closed(Closing),
}

/// How full a queue is after a message was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressure {
    /// There is room.
    Low,
    /// It is half full, and its connection is at work on it: wait for [`Outbox::relief`] before sending more.
    High,
}

/// A queue with many writers and one reader.
#[derive(Debug)]
pub(crate) struct Outbox {
    limits: QueueLimits,
    queue: Mutex<Queue>,
    /// There is something to write, or the queue is over. One waiter: the connection.
    filled: Notify,
    /// Something was taken out. Any number of waiters.
    drained: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<ServerMessage>,
    /// Those in `messages` that count against [`QueueLimits::messages`].
    counted: usize,
    bytes: usize,
    over: Option<Over>,
    /// Nothing was taken out for as long as a sender waited.
    stalled: bool,
}

impl Queue {
    fn is_half_full(&self, limits: QueueLimits) -> bool {
        self.counted >= limits.messages / 2 || self.bytes >= limits.bytes / 2
    }
}

impl Outbox {
    /// An empty one.
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self { limits, queue: Mutex::default(), filled: Notify::new(), drained: Notify::new() }
    }

    /// Puts a message in.
    pub(crate) fn push(&self, message: ServerMessage) -> Pressure {
        let mut queue = self.lock();
        if queue.over.is_some() {
            return Pressure::Low;
        }
        let counted = queue.counted + usize::from(counts(&message));
        let bytes = queue.bytes + approximate_bytes(&message);
        if counted > self.limits.messages || bytes > self.limits.bytes {
            *queue = Queue { over: Some(Over::Overflow), ..Queue::default() };
        } else {
            queue.messages.push_back(message);
            queue.counted = counted;
            queue.bytes = bytes;
        }
        let waits = queue.is_half_full(self.limits) && !queue.stalled;
        drop(queue);
        self.filled.notify_one();
        if waits { Pressure::High } else { Pressure::Low }
    }

    /// Takes the next message out.
    pub(crate) fn pop(&self) -> Result<Option<ServerMessage>, Over> {
        let mut queue = self.lock();
        if let Some(over) = queue.over {
            return Err(over);
        }
        let message = queue.messages.pop_front();
        if let Some(message) = &message {
            queue.counted -= usize::from(counts(message));
            queue.bytes -= approximate_bytes(message);
            queue.stalled = false;
            if queue.messages.is_empty() {
                // An idle connection keeps no memory for its busy times.
                queue.messages = VecDeque::new();
            }
            drop(queue);
            self.drained.notify_waiters();
        }
        Ok(message)
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
        self.filled.notify_one();
        self.drained.notify_waiters();
    }

    /// Whether nothing more comes out.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().over.is_some()
    }

    /// Until there is something to take out, or nothing more comes out.
    pub(crate) async fn filled(&self) {
        loop {
            {
                let queue = self.lock();
                if queue.over.is_some() || !queue.messages.is_empty() {
                    return;
                }
            }
            self.filled.notified().await;
        }
    }

    /// Until nothing more comes out, and why.
    pub(crate) async fn over(&self) -> Over {
        loop {
            if let Some(over) = self.lock().over {
                return over;
            }
            self.filled.notified().await;
        }
    }

    /// Until there is room again, or there is no point in waiting.
    pub(crate) async fn relief(&self) {
        let relieved = async {
            loop {
                let drained = self.drained.notified();
                {
                    let queue = self.lock();
                    if !queue.is_half_full(self.limits) || queue.stalled {
                        return;
                    }
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
}

fn counts(message: &ServerMessage) -> bool {
    !matches!(message, ServerMessage::Presence { .. })
}

/// About what a message takes, in memory and on the wire.
fn approximate_bytes(message: &ServerMessage) -> usize {
    size_of::<ServerMessage>()
        + match message {
            ServerMessage::Call { signal, .. } => signal.payload().map_or(0, |payload| payload.as_str().len()),
            ServerMessage::Message { message, .. } | ServerMessage::Broadcast { message, .. } => message.as_str().len(),
            ServerMessage::Users { users, .. } => users.iter().map(|user| 32 + user.as_str().len()).sum(),
            ServerMessage::Error { message, .. } => message.len(),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use visavis_shared::{Payload, RoomId, Username};

    use super::*;

    const LIMITS: QueueLimits = QueueLimits { messages: 64, bytes: 256 * 1024 };

    fn presence() -> ServerMessage {
        ServerMessage::Presence { username: Username::parse("bob").unwrap(), online: true }
    }

    fn said(text: &str) -> ServerMessage {
        ServerMessage::Message {
            room: RoomId::parse("blue").unwrap(),
            username: Username::parse("bob").unwrap(),
            message: Payload::of(&text).unwrap(),
        }
    }

    #[test]
    fn messages_come_out_in_order() {
        let outbox = Outbox::new(LIMITS);
        outbox.push(said("one"));
        outbox.push(presence());
        outbox.push(said("two"));
        assert_eq!(outbox.pop(), Ok(Some(said("one"))));
        assert_eq!(outbox.pop(), Ok(Some(presence())));
        assert_eq!(outbox.pop(), Ok(Some(said("two"))));
        assert_eq!(outbox.pop(), Ok(None));
        let queue = outbox.lock();
        assert_eq!((queue.counted, queue.bytes), (0, 0));
    }

    #[test]
    fn too_many_messages_run_it_over_and_free_its_memory() {
        let outbox = Outbox::new(LIMITS);
        for _ in 0..LIMITS.messages {
            outbox.push(said("x"));
        }
        assert!(outbox.pop().is_ok());
        outbox.push(said("x"));
        outbox.push(said("x"));
        assert_eq!(outbox.pop(), Err(Over::Overflow));
        assert_eq!(outbox.lock().messages.capacity(), 0);
        assert_eq!(outbox.push(said("x")), Pressure::Low);
        assert_eq!(outbox.pop(), Err(Over::Overflow));
    }

    #[test]
    fn too_many_bytes_run_it_over() {
        let outbox = Outbox::new(LIMITS);
        let large = "x".repeat(60 * 1024);
        for _ in 0..4 {
            outbox.push(said(&large));
        }
        assert!(!outbox.is_over());
        outbox.push(said(&large));
        assert_eq!(outbox.pop(), Err(Over::Overflow));
    }

    #[test]
    fn presence_is_bounded_by_bytes_only() {
        let outbox = Outbox::new(LIMITS);
        for _ in 0..2 * LIMITS.messages {
            outbox.push(presence());
        }
        assert!(!outbox.is_over());
        for _ in 0..LIMITS.bytes / size_of::<ServerMessage>() {
            outbox.push(presence());
        }
        assert_eq!(outbox.pop(), Err(Over::Overflow));
    }

    #[test]
    fn another_connection_takes_what_waits_in_its_order() {
        let outbox = Outbox::new(LIMITS);
        outbox.push(said("one"));
        outbox.push(said("two"));
        assert_eq!(outbox.take_all(), [said("one"), said("two")]);
        assert_eq!(outbox.pop(), Ok(None));
        outbox.push(said("three"));
        outbox.close(Closing::Replaced);
        assert_eq!((outbox.pop(), outbox.is_over()), (Err(Over::Closed(Closing::Replaced)), true));
        assert_eq!(outbox.take_all(), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_waits_for_a_reader_at_work_but_only_once_for_one_that_is_not() {
        let outbox = Outbox::new(LIMITS);
        let mut pressure = Pressure::Low;
        for _ in 0..LIMITS.messages / 2 {
            assert_eq!(pressure, Pressure::Low);
            pressure = outbox.push(said("x"));
        }
        assert_eq!(pressure, Pressure::High);

        let began = tokio::time::Instant::now();
        let (_, popped) = tokio::join!(outbox.relief(), async { outbox.pop() });
        assert_eq!((popped, began.elapsed()), (Ok(Some(said("x"))), Duration::ZERO));

        assert_eq!(outbox.push(said("x")), Pressure::High);
        outbox.relief().await;
        assert_eq!(began.elapsed(), PATIENCE);
        assert_eq!(outbox.push(said("x")), Pressure::Low);
        outbox.relief().await;
        assert_eq!(began.elapsed(), PATIENCE);

        outbox.pop().unwrap();
        assert_eq!(outbox.push(said("x")), Pressure::High);
    }
}
