//! Threads that a driver or a sound server holds up: few enough that trying again costs nothing.
//!
//! A call into a driver can't be interrupted, so a thread that does not come back in time is left
//! behind. A device that does not open is tried again and again; without a limit each attempt at a
//! driver that hangs would leave another thread behind. What always holds: while [`MOST`] threads
//! of a registry hang that were left behind within the last [`GIVEN_UP_AFTER`], no further one is
//! to be started. (What hangs for longer may hang for ever, and another attempt may not.)

use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One may be closing while the next one opens.
const MOST: usize = 2;
/// So that at most two threads a minute are left behind.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(60);

/// The threads of one kind of device that were left behind.
pub(super) struct HangingThreads(Mutex<Vec<(JoinHandle<()>, Instant)>>);

impl HangingThreads {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(super) fn left_behind(&self, thread: JoinHandle<()>, now: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((thread, now));
    }

    /// Whether so many hang that no other is to be started.
    pub(super) fn is_full(&self, now: Instant) -> bool {
        let mut threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hangs = |since: Instant| now.saturating_duration_since(since) < GIVEN_UP_AFTER;
        threads.retain(|(thread, since)| !thread.is_finished() && hangs(*since));
        threads.len() >= MOST
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{SyncSender, sync_channel};

    use super::*;

    /// They come back when their senders are dropped.
    fn two_that_hang(now: Instant) -> (HangingThreads, [SyncSender<()>; MOST]) {
        let hanging = HangingThreads::new();
        let senders = std::array::from_fn(|_| {
            assert!(!hanging.is_full(now));
            let (sender, held) = sync_channel(1);
            let hang = move || assert!(held.recv().is_err());
            let thread = std::thread::Builder::new().spawn(hang).expect("a thread");
            hanging.left_behind(thread, now);
            sender
        });
        (hanging, senders)
    }

    #[test]
    fn no_thread_is_started_while_two_hang_and_one_is_again_when_they_come_back() {
        let now = Instant::now();
        let (hanging, threads) = two_that_hang(now);
        assert!(hanging.is_full(now));
        drop(threads);
        let deadline = now + Duration::from_secs(10);
        while hanging.is_full(now) {
            assert!(Instant::now() < deadline, "they came back");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_hangs_for_ever_keeps_nothing_from_being_tried_again_for_ever() {
        let now = Instant::now();
        let (hanging, _threads) = two_that_hang(now);
        assert!(hanging.is_full(now + GIVEN_UP_AFTER / 2));
        assert!(!hanging.is_full(now + GIVEN_UP_AFTER));
    }
}
