//! The recordings of one session, for whoever has to know that all is written or that something went wrong.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::RecordError;

/// More failures than these are not kept: nobody reads them.
const AT_MOST: usize = 8;

/// The recordings of one session: whether any is still being written, and what went wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Recordings(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    writing: usize,
    failures: Vec<String>,
}

impl Recordings {
    /// Why recordings are not whole, each in a line, in the order in which they failed.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        self.state().failures.clone()
    }

    /// Waits until everything is written.
    pub fn wait(&self) {
        let mut state = self.state();
        while state.writing > 0 {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether nothing is being written.
    #[must_use]
    pub fn are_written(&self) -> bool {
        self.state().writing == 0
    }

    pub(super) fn begin(&self) -> Writing {
        self.state().writing += 1;
        Writing(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that is being written, until this is dropped.
pub(super) struct Writing(Recordings);

impl Writing {
    /// It is written, or failed.
    pub(super) fn end(self, failure: Option<&RecordError>) {
        let mut state = self.0.state();
        if let Some(error) = failure
            && state.failures.len() < AT_MOST
        {
            state.failures.push(format!("The recording is not whole: {error}."));
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.state().writing -= 1;
        self.0.0.changed.notify_all();
    }
}
