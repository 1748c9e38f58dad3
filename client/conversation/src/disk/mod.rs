//! Files: a thread of its own that reads what is sent, writes what comes, and remembers both.
//!
//! In: [`Job`]s in order, over a bounded queue. Out: [`DiskReport`]s. What always holds: nothing
//! that was there is written over or removed; what comes is written under a name that ends in
//! `.part` until it is whole and its hash is right; nothing outside the downloads folder is
//! written, but the journal and what the person saves.

mod journal;
mod place;
mod reason;
mod save;
mod sink;
mod source;
#[cfg(test)]
mod tests;
mod thread;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;
use std::path::PathBuf;
use std::thread::JoinHandle;

use tokio::sync::mpsc;
#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

use crate::transfer::{DiskCommand, DiskReport};

/// Jobs and reports that wait.
const QUEUE: usize = 64;

/// Something for the thread to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// For a transfer.
    Transfer(DiskCommand),
    /// Write a text into a new file.
    Save(PathBuf, String),
}

/// Where files go.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// What comes goes here.
    pub(crate) downloads: PathBuf,
    /// The journal, where there is one.
    pub(crate) state: Option<PathBuf>,
    /// Whom the transfers of this conversation are with.
    pub(crate) peer: String,
}

/// The thread, and the queues to it and from it. It ends once its jobs are closed.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) jobs: mpsc::Sender<Job>,
    pub(crate) reports: mpsc::Receiver<DiskReport>,
    pub(crate) thread: JoinHandle<()>,
}

impl Disk {
    /// Starts the thread; its first report is what it remembers.
    pub(crate) fn start(places: Places) -> io::Result<Self> {
        let (jobs, to_do) = mpsc::channel(QUEUE);
        let (done, reports) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("files".to_owned())
            .spawn(move || thread::run(places, to_do, &done))?;
        Ok(Self { jobs, reports, thread })
    }
}
