//! A bounded queue between two threads whose writer is never held up: when it is full, the oldest
//! value is dropped.
//!
//! This is the policy for raw media: a reader that was held up goes on with what is fresh, so a
//! hiccup costs a few frames and never adds delay. Video keeps the latest frame alone
//! ([`DropOldestQueue::latest`]), audio a few. The queue outlives the device that fills it, which
//! can therefore be exchanged in the middle of a call.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

struct State<T> {
    values: VecDeque<T>,
    dropped: u64,
    closed: bool,
    paused: bool,
}

type Wake = Box<dyn Fn() + Send + Sync>;

/// The queue. Shared behind an [`Arc`].
pub struct DropOldestQueue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    wake: Mutex<Option<Wake>>,
    capacity: usize,
}

/// What [`DropOldestQueue::wait`] came back with.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<T> {
    /// The oldest value that is left.
    Value(T),
    /// Nothing came in time.
    TimedOut,
    /// The writer is gone and nothing is left.
    Closed,
}

impl<T> DropOldestQueue<T> {
    /// An empty queue for so many values (at least one).
    #[must_use]
    pub fn new(capacity: usize) -> Arc<Self> {
        let capacity = capacity.max(1);
        let values = VecDeque::with_capacity(capacity);
        Arc::new(Self {
            state: Mutex::new(State { values, dropped: 0, closed: false, paused: false }),
            filled: Condvar::new(),
            wake: Mutex::new(None),
            capacity,
        })
    }

    /// A queue of one: the latest value replaces the one that was not taken.
    #[must_use]
    pub fn latest() -> Arc<Self> {
        Self::new(1)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what is called (on the writer's thread) after each value: a window asks for a repaint
    /// here.
    pub fn on_fill(&self, wake: impl Fn() + Send + Sync + 'static) {
        *self.wake.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(wake));
    }

    /// Puts a value in; drops the oldest when there is no room.
    pub fn put(&self, value: T) {
        {
            let mut state = self.lock();
            if state.closed || state.paused {
                return;
            }
            if state.values.len() >= self.capacity {
                state.values.pop_front();
                state.dropped += 1;
            }
            state.values.push_back(value);
        }
        self.filled.notify_one();
        if let Some(wake) = &*self.wake.lock().unwrap_or_else(PoisonError::into_inner) {
            wake();
        }
    }

    /// While it pauses, nobody wants values: those put in are dropped, and so is what waits.
    pub fn pause(&self, paused: bool) {
        let mut state = self.lock();
        state.paused = paused;
        if paused {
            state.values.clear();
        }
    }

    /// Whether a value that takes work is worth it.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.lock().paused
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
    fn the_newest_value_replaces_the_one_that_nobody_took() {
        let queue = DropOldestQueue::latest();
        queue.put(1);
        queue.put(2);
        assert_eq!(queue.take(), Some(2));
        assert_eq!(queue.take(), None);
        assert_eq!(queue.dropped(), 1);
    }

    #[test]
    fn a_full_queue_drops_its_oldest_value() {
        let queue = DropOldestQueue::new(2);
        (1..=3).for_each(|value| queue.put(value));
        assert_eq!((queue.take(), queue.take(), queue.take()), (Some(2), Some(3), None));
        assert_eq!(queue.dropped(), 1);
    }

    #[test]
    fn nothing_waits_in_a_queue_that_pauses() {
        let queue = DropOldestQueue::new(2);
        queue.put(1);
        queue.pause(true);
        queue.put(2);
        assert!(queue.is_paused());
        assert_eq!(queue.take(), None);
        queue.pause(false);
        queue.put(3);
        assert_eq!(queue.take(), Some(3));
    }

    #[test]
    fn a_closed_queue_gives_what_is_left_and_then_says_so() {
        let queue = DropOldestQueue::latest();
        queue.put(1);
        queue.close();
        queue.put(2);
        assert_eq!(queue.wait(Duration::from_secs(1)), Taken::Value(1));
        assert_eq!(queue.wait(Duration::from_secs(1)), Taken::Closed);
    }
}
