//! The task of a conversation: joins the pure machines to the channels, the disk and the clock.
//!
//! In: requests of the session over a bounded queue, and the channels of each peer connection of
//! the call. Out: the view. What always holds: the task waits for nobody in particular, so text
//! never waits for files, and a peer that never reads holds up only what goes to it; nothing more
//! is taken from a channel while what came from it waits for the disk.

mod ends;
mod shell;
mod viewing;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use visavis_transport::DataEnds;

use self::shell::Shell;
use crate::command::Command;
use crate::disk::{Disk, Places};
use crate::view::View;

/// Requests that wait; a task that runs takes them at once.
const REQUESTS: usize = 256;

/// What a conversation has to know from the start.
#[derive(Debug, Clone)]
pub struct ConversationConfig {
    /// Whom it is with: the same text for the same person, key and server, and no other. Transfers
    /// of an earlier run go on only with the same.
    pub peer: String,
    /// Where files go that are accepted.
    pub downloads: PathBuf,
    /// Where it is remembered what was going on; `None` remembers nothing.
    pub state: Option<PathBuf>,
    /// What the person here is called in what is saved.
    pub our_name: String,
    /// What the other is called in what is saved.
    pub their_name: String,
}

/// The task has so many requests already, or has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the conversation does not answer")]
pub struct Unsent;

pub(crate) enum Request {
    Command(Command),
    Attach(DataEnds),
    Detach,
    Finish,
}

/// Whoever has it owns the conversation: without it the task ends, as after
/// [`ConversationHandle::finish`].
#[derive(Debug)]
pub struct ConversationHandle {
    requests: mpsc::Sender<Request>,
    task: JoinHandle<()>,
}

/// See the module.
#[derive(Debug)]
pub struct Conversation;

impl Conversation {
    /// Starts a conversation, within a tokio runtime. The error is that of starting a thread.
    pub fn start(
        config: ConversationConfig,
    ) -> io::Result<(ConversationHandle, watch::Receiver<Arc<View>>)> {
        let ConversationConfig { peer, downloads, state, our_name, their_name } = config;
        let disk = Disk::start(Places { downloads, state, peer })?;
        let (requests, to_do) = mpsc::channel(REQUESTS);
        let (view, shown) = watch::channel(Arc::new(View::default()));
        let shell = Shell::new(disk, view, [our_name, their_name]);
        let task = tokio::spawn(shell.run(to_do));
        Ok((ConversationHandle { requests, task }, shown))
    }
}

impl ConversationHandle {
    /// Does what the person asks; never waits.
    pub fn command(&self, command: Command) -> Result<(), Unsent> {
        self.request(Request::Command(command))
    }

    /// The channels of a new peer connection of the call take the place of those before.
    pub fn attach(&self, ends: DataEnds) -> Result<(), Unsent> {
        self.request(Request::Attach(ends))
    }

    /// The peer connection is gone; another may come.
    pub fn detach(&self) -> Result<(), Unsent> {
        self.request(Request::Detach)
    }

    /// The call is over. What is there can still be shown and saved.
    pub fn finish(&self) -> Result<(), Unsent> {
        self.request(Request::Finish)
    }

    /// Finishes, and waits until everything is closed and remembered.
    pub async fn closed(self) {
        drop(self.requests);
        // A task that has panicked has nothing more to close.
        let _ = self.task.await;
    }

    fn request(&self, request: Request) -> Result<(), Unsent> {
        self.requests.try_send(request).map_err(|_| Unsent)
    }
}
