//! A one-way signal that ends a thread, also in the middle of a wait: its owner sets it, the thread
//! looks at it or waits with it. Once set it stays set.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Shared by a thread and its owner. Once set it stays set.
#[derive(Debug, Clone, Default)]
pub struct StopSignal {
    shared: Arc<(Mutex<bool>, Condvar)>,
}

impl StopSignal {
    /// Sets it and wakes whoever waits.
    pub fn set(&self) {
        *self.shared.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.1.notify_all();
    }

    /// Whether it is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a moment, or less when it is set before. Says whether it is set.
    #[must_use]
    pub fn wait_until(&self, deadline: Instant) -> bool {
        let timeout = deadline.saturating_duration_since(Instant::now());
        let set = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (set, _) = self
            .shared
            .1
            .wait_timeout_while(set, timeout, |set| !*set)
            .unwrap_or_else(PoisonError::into_inner);
        *set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_wait_ends_at_once_when_the_signal_is_set() {
        let signal = StopSignal::default();
        assert!(!signal.wait_until(Instant::now()));
        let there = signal.clone();
        let waiting = std::thread::Builder::new()
            .spawn(move || there.wait_until(Instant::now() + Duration::from_secs(60)))
            .expect("a thread");
        signal.set();
        assert!(waiting.join().expect("it ends"));
        assert!(signal.is_set());
    }
}
