//! Threads that a driver or a sound server holds up: few enough that trying again costs nothing.
//!
//! A call into a driver can't be interrupted, so a thread that does not come back in time is left behind. A device that
//! does not open is tried again and again; without a limit each attempt at a driver that hangs would leave another thread
//! behind. What always holds: while [`MOST`] threads of a registry hang, no further one is to be started.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// One may be closing while the next one opens.
const MOST: usize = 2;

/// A thread's sign of life: held by the thread until it ends.
pub(super) type Alive = Arc<()>;

/// The threads of one kind of device that were left behind.
pub(super) struct HangingThreads(Mutex<Vec<Weak<()>>>);

impl HangingThreads {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// A thread was left behind.
    pub(super) fn left_behind(&self, thread: &Weak<()>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Weak::clone(thread));
    }

    /// Whether so many hang that no other is to be started.
    pub(super) fn is_full(&self) -> bool {
        let mut threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| thread.strong_count() > 0);
        threads.len() >= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_thread_is_started_while_two_hang_and_one_is_again_when_they_come_back() {
        let hanging = HangingThreads::new();
        let threads: [Alive; MOST] = std::array::from_fn(|_| Arc::new(()));
        for thread in &threads {
            assert!(!hanging.is_full());
            hanging.left_behind(&Arc::downgrade(thread));
        }
        assert!(hanging.is_full());
        drop(threads);
        assert!(!hanging.is_full());
    }
}
