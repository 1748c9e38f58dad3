//! The name store on a thread of its own: asking it takes as long as a disk takes, and nothing else
//! waits for that.

use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::SystemTime;

use tokio::sync::oneshot;
use visavis_shared::{PublicKey, Username};

use super::decision::{self, Guests, Refusal};
use super::error::NameStoreError;
use super::store::NameStore;

/// How many questions may wait. More than that many people do not log in while a disk writes; those
/// beyond are told to try again.
const MAX_WAITING: usize = 1024;

/// The owners can't be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the names can't be read or written at the moment")]
pub(crate) struct Unavailable;

struct Question {
    name: Username,
    key: Option<PublicKey>,
    answer: oneshot::Sender<Result<Result<(), Refusal>, Unavailable>>,
}

pub(crate) struct Owners {
    /// Gone when closed.
    questions: Mutex<Option<SyncSender<Question>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    guests: Guests,
}

impl fmt::Debug for Owners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owners")
    }
}

impl Owners {
    /// Starts the thread.
    pub(crate) fn start(store: NameStore, guests: Guests) -> io::Result<Self> {
        let (questions, asked) = sync_channel(MAX_WAITING);
        let thread =
            Builder::new().name("names".into()).spawn(move || answer_all(store, guests, &asked))?;
        Ok(Self {
            questions: Mutex::new(Some(questions)),
            thread: Mutex::new(Some(thread)),
            guests,
        })
    }

    /// Whether people without a key are let in.
    pub(crate) fn guests(&self) -> Guests {
        self.guests
    }

    /// Whether somebody may log in under a name. Whoever shows a key owns a free name from then on.
    pub(crate) async fn claim(
        &self,
        name: Username,
        key: Option<PublicKey>,
    ) -> Result<Result<(), Refusal>, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let sent = match &*self.questions.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(questions) => questions.try_send(Question { name, key, answer }),
            None => return Err(Unavailable),
        };
        match sent {
            Ok(()) => answered.await.unwrap_or(Err(Unavailable)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Unavailable),
        }
    }

    /// Ends the thread once it has answered what was asked.
    pub(crate) async fn close(&self) {
        drop(self.questions.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic there was a defect, and has been reported as such.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

fn answer_all(mut store: NameStore, guests: Guests, questions: &Receiver<Question>) {
    while let Ok(Question { name, key, answer }) = questions.recv() {
        let answered = decide(&mut store, guests, &name, key.as_ref()).map_err(|error| {
            tracing::error!(%error, "the names can't be used");
            Unavailable
        });
        // Whoever asked may be gone.
        let _ = answer.send(answered);
    }
}

fn decide(
    store: &mut NameStore,
    guests: Guests,
    name: &Username,
    key: Option<&PublicKey>,
) -> Result<Result<(), Refusal>, NameStoreError> {
    let Some(key) = key else { return Ok(decision::guest(&store.standing(name)?, guests)) };
    let now = SystemTime::now();
    let outcome = store.claim(name, key, now)?.outcome();
    if outcome.is_ok() {
        store.seen(name, now)?;
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Username {
        Username::parse(text).unwrap()
    }

    #[tokio::test]
    async fn the_first_key_to_log_in_owns_the_name() {
        let owners = Owners::start(NameStore::open_in_memory().unwrap(), Guests::Allow).unwrap();
        let (alice, mallory) = (PublicKey([1; 32]), PublicKey([2; 32]));
        assert_eq!(
            owners.claim(name("alice"), None).await,
            Ok(Ok(())),
            "a guest may use what nobody owns"
        );
        assert_eq!(owners.claim(name("alice"), Some(alice)).await, Ok(Ok(())));
        assert_eq!(
            owners.claim(name("alice"), Some(mallory)).await,
            Ok(Err(Refusal::OwnedByAnother))
        );
        assert_eq!(owners.claim(name("alice"), None).await, Ok(Err(Refusal::KeyNeeded)));
        assert_eq!(owners.claim(name("alice"), Some(alice)).await, Ok(Ok(())));
        owners.close().await;
        assert_eq!(owners.claim(name("alice"), Some(alice)).await, Err(Unavailable));
    }
}
