//! The thread of a stage: it has a name and one owner, and ends with it.
//!
//! In goes what the thread does and how it is asked to end: by a signal, or by closing its input.
//! What always holds: whoever drops a `StageThread` has waited for the end of the thread, and a
//! panic in it is logged once.

use std::thread::JoinHandle;

use crate::opus_codec::OpusError;

/// Why a stage could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Its codec could not be set up.
    #[error(transparent)]
    Codec(#[from] OpusError),
    /// The system gave no thread.
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// A running thread that gives back a `T` when it ends.
pub struct StageThread<T> {
    end: Box<dyn Fn() + Send + Sync>,
    thread: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> StageThread<T> {
    /// Starts the thread. `end` must make `run` return soon.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn spawn(
        name: &str,
        end: impl Fn() + Send + Sync + 'static,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> std::io::Result<Self> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(Self { end: Box::new(end), thread: Some(thread) })
    }
}

impl<T> StageThread<T> {
    /// Ends the thread and waits for it. `None` when it panicked, or had been stopped before.
    pub fn stop(&mut self) -> Option<T> {
        (self.end)();
        let thread = self.thread.take()?;
        let name = thread.thread().name().unwrap_or_default().to_owned();
        thread.join().inspect_err(|_| tracing::error!("the {name} thread panicked")).ok()
    }
}

impl<T> Drop for StageThread<T> {
    fn drop(&mut self) {
        self.stop();
    }
}
