//! The recordings of one session, for whoever has to know that all is written or that something
//! went wrong: each is open until its thread has written it, whatever became of it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::RecordError;

/// More failures than these are not kept: nobody reads them.
const AT_MOST: usize = 8;

/// The recordings of one session: which are still being written, and what went wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Recordings(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    begun: u64,
    open: Vec<Open>,
    failures: Vec<String>,
}

/// A recording that is not written yet.
#[derive(Debug)]
struct Open {
    number: u64,
    /// No further frame comes; what is left takes its time.
    ending: bool,
}

impl Recordings {
    /// Why recordings are not whole, each in a line, as far as nobody has taken them before.
    #[must_use]
    pub fn take_failures(&self) -> Vec<String> {
        std::mem::take(&mut self.state().failures)
    }

    /// Whether everything is written of the recordings that have ended.
    #[must_use]
    pub fn are_written(&self) -> bool {
        !self.state().open.iter().any(|open| open.ending)
    }

    /// Waits for that. Not for a recording that nobody has ended: it may hang on a device.
    pub fn wait(&self) {
        let mut state = self.state();
        while state.open.iter().any(|open| open.ending) {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether any is under way, ended or not.
    pub(super) fn are_open(&self) -> bool {
        !self.state().open.is_empty()
    }

    /// One begins. The first half is for whoever records, the second for whoever writes.
    pub(super) fn begin(&self) -> (Ending, Writing) {
        let mut state = self.state();
        state.begun += 1;
        let number = state.begun;
        state.open.push(Open { number, ending: false });
        drop(state);
        (Ending { recordings: self.clone(), number }, Writing { recordings: self.clone(), number })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that no further frame comes.
#[derive(Debug)]
pub(super) struct Ending {
    recordings: Recordings,
    number: u64,
}

impl Ending {
    /// No further frame comes.
    pub(super) fn end(&self) {
        for open in
            self.recordings.state().open.iter_mut().filter(|open| open.number == self.number)
        {
            open.ending = true;
        }
    }
}

/// Says that all is written, when it is dropped.
pub(super) struct Writing {
    recordings: Recordings,
    number: u64,
}

impl Writing {
    /// It could not be written.
    pub(super) fn failed(&self, error: &RecordError) {
        let mut state = self.recordings.state();
        if state.failures.len() < AT_MOST {
            state.failures.push(format!("The recording is not whole: {error}."));
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.recordings.state().open.retain(|open| open.number != self.number);
        self.recordings.0.changed.notify_all();
    }
}
