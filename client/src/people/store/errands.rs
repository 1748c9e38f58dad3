//! What waits to be done by the store's thread.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::people::book::{Account, Book};

/// The most exports that wait.
const MOST_EXPORTS: usize = 4;

/// Something to do.
#[derive(Debug)]
pub(super) enum Errand {
    Open(Account),
    Save { book: Arc<Book>, forget: bool },
    Export { book: Arc<Book>, to: PathBuf },
}

/// What [`Errands::wait`] came back with.
pub(super) enum Next {
    Errand(Errand),
    TimedOut,
    /// Nothing more comes, and nothing is left.
    Closed,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Errands {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Errand>,
    closed: bool,
}

impl Errands {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts one in. A newer book of an account takes the place of the one that waits; only the last
    /// account that is opened counts. Whether it was taken.
    pub(super) fn put(&self, mut errand: Errand) -> bool {
        let mut state = self.lock();
        match &mut errand {
            Errand::Open(_) => state.waiting.retain(|other| !matches!(other, Errand::Open(_))),
            Errand::Save { book, forget } => state.waiting.retain(|other| match other {
                Errand::Save { book: older, forget: forgets }
                    if older.account() == book.account() =>
                {
                    *forget |= forgets;
                    false
                }
                _ => true,
            }),
            Errand::Export { .. } => {
                let is_export = |errand: &&Errand| matches!(errand, Errand::Export { .. });
                if state.waiting.iter().filter(is_export).count() >= MOST_EXPORTS {
                    return false;
                }
            }
        }
        state.waiting.push_back(errand);
        drop(state);
        self.changed.notify_one();
        true
    }

    /// Nothing more comes.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Waits for the next.
    pub(super) fn wait(&self, until: Option<Instant>) -> Next {
        let mut state = self.lock();
        loop {
            if let Some(errand) = state.waiting.pop_front() {
                return Next::Errand(errand);
            }
            if state.closed {
                return Next::Closed;
            }
            let Some(until) = until else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::TimedOut;
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
