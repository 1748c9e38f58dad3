//! A bounded queue between two threads whose writer is never held up: when it is full, the oldest
//! value goes.
//!
//! This is the queue policy for raw sound from a microphone: a reader that was held up goes on with
//! what is fresh, so a hiccup costs a few frames and never adds to the delay. The queue outlives
//! the microphone, which can therefore be exchanged in the middle of a call.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::slot::Taken;

struct State<T> {
    values: VecDeque<T>,
    dropped: u64,
    closed: bool,
}

/// The queue. Shared behind an [`Arc`].
pub struct FrameQueue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    capacity: usize,
}

impl<T> FrameQueue<T> {
    /// An empty queue for so many values (at least one).
    #[must_use]
    pub fn new(capacity: usize) -> Arc<Self> {
        let capacity = capacity.max(1);
        Arc::new(Self {
            state: Mutex::new(State {
                values: VecDeque::with_capacity(capacity),
                dropped: 0,
                closed: false,
            }),
            filled: Condvar::new(),
            capacity,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a value in; drops the oldest when there is no room.
    pub fn push(&self, value: T) {
        {
            let mut state = self.lock();
            if state.closed {
                return;
            }
            if state.values.len() >= self.capacity {
                state.values.pop_front();
                state.dropped += 1;
            }
            state.values.push_back(value);
        }
        self.filled.notify_one();
    }

    /// Takes the oldest value if there is one.
    #[must_use]
    pub fn take(&self) -> Option<T> {
        self.lock().values.pop_front()
    }

    /// Waits for a value, for so long at most.
    pub fn wait(&self, timeout: Duration) -> Taken<T> {
        let state = self.lock();
        let (mut state, _) = self
            .filled
            .wait_timeout_while(state, timeout, |s| s.values.is_empty() && !s.closed)
            .unwrap_or_else(PoisonError::into_inner);
        match state.values.pop_front() {
            Some(value) => Taken::Value(value),
            None if state.closed => Taken::Closed,
            None => Taken::TimedOut,
        }
    }

    /// How many values were dropped because nobody took them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Wakes the reader for good. Values put in after this are dropped.
    pub fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_drops_its_oldest_value() {
        let queue = FrameQueue::new(2);
        (1..=3).for_each(|value| queue.push(value));
        assert_eq!((queue.take(), queue.take(), queue.take()), (Some(2), Some(3), None));
        assert_eq!(queue.dropped(), 1);
    }

    #[test]
    fn a_closed_queue_gives_what_is_left_and_then_says_so() {
        let queue = FrameQueue::new(2);
        queue.push(1);
        queue.close();
        queue.push(2);
        assert_eq!(queue.wait(Duration::from_secs(1)), Taken::Value(1));
        assert_eq!(queue.wait(Duration::from_secs(1)), Taken::Closed);
    }
}
