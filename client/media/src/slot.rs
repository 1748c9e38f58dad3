//! A place for the latest of something: a writer that is never held up, a reader that never sees
//! what is out of date.
//!
//! This is the queue policy for raw pictures: the newest replaces whatever was not taken yet.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

struct State<T> {
    value: Option<T>,
    replaced: u64,
    closed: bool,
}

type Wake = Box<dyn Fn() + Send + Sync>;

/// The slot. Shared behind an [`Arc`] by one writer and one reader.
pub struct LatestSlot<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    wake: Mutex<Option<Wake>>,
}

/// What [`LatestSlot::wait`] came back with.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<T> {
    /// The latest value.
    Value(T),
    /// Nothing came in time.
    TimedOut,
    /// The writer is gone and nothing is left.
    Closed,
}

impl<T> LatestSlot<T> {
    /// An empty slot.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { value: None, replaced: 0, closed: false }),
            filled: Condvar::new(),
            wake: Mutex::new(None),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what is called (on the writer's thread) after each value: a window asks for a repaint
    /// here.
    pub fn on_fill(&self, wake: impl Fn() + Send + Sync + 'static) {
        *self.wake.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(wake));
    }

    /// Puts a value in, over whatever was not taken.
    pub fn put(&self, value: T) {
        {
            let mut state = self.lock();
            if state.closed {
                return;
            }
            if state.value.replace(value).is_some() {
                state.replaced += 1;
            }
        }
        self.filled.notify_one();
        if let Some(wake) = &*self.wake.lock().unwrap_or_else(PoisonError::into_inner) {
            wake();
        }
    }

    /// Takes the value if there is one.
    #[must_use]
    pub fn take(&self) -> Option<T> {
        self.lock().value.take()
    }

    /// Waits for a value, for so long at most.
    pub fn wait(&self, timeout: Duration) -> Taken<T> {
        let state = self.lock();
        let (mut state, _) = self
            .filled
            .wait_timeout_while(state, timeout, |s| s.value.is_none() && !s.closed)
            .unwrap_or_else(PoisonError::into_inner);
        match state.value.take() {
            Some(value) => Taken::Value(value),
            None if state.closed => Taken::Closed,
            None => Taken::TimedOut,
        }
    }

    /// How many values were replaced before anyone took them.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.lock().replaced
    }

    /// Wakes the reader for good. Values put after this are dropped.
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
        let slot = LatestSlot::new();
        slot.put(1);
        slot.put(2);
        assert_eq!(slot.take(), Some(2));
        assert_eq!(slot.take(), None);
        assert_eq!(slot.replaced(), 1);
    }

    #[test]
    fn a_closed_slot_gives_its_last_value_and_then_says_so() {
        let slot = LatestSlot::new();
        slot.put(1);
        slot.close();
        slot.put(2);
        assert_eq!(slot.wait(Duration::from_secs(1)), Taken::Value(1));
        assert_eq!(slot.wait(Duration::from_secs(1)), Taken::Closed);
    }
}
