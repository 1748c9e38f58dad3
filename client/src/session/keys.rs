//! The device's key as a session needs it: read anew for each log-in, taken to another computer,
//! moved to the keyring.
//!
//! In: a [`KeyStore`], and what is to be done. Out: [`KeyEvent`]s. What always holds: the session
//! never waits for a disk or a keyring, because that is done on threads of the runtime that may
//! block; at most one log-in waits for the key, and one other thing is done with it at a time.

use std::future::pending;
use std::path::PathBuf;

use tokio::task::{JoinHandle, spawn_blocking};

use crate::device_key::passphrase::Passphrase;
use crate::device_key::store::Imported;
use crate::device_key::{DeviceKey, KeyPlace, KeyStore};
use crate::session::snapshot::{KeyWork, LogInAs};
use crate::words::{Phrase, phrase};

/// What has become of something.
#[derive(Debug)]
pub(crate) enum KeyEvent {
    /// The key was read for a log-in, or why not.
    Read(LogInAs, Result<(DeviceKey, KeyPlace), Phrase>),
    /// It is here now, after it was to go to the keyring.
    Moved(Option<KeyPlace>),
    /// It was exported or imported, or why not; and where it is.
    Worked(KeyWork, Option<KeyPlace>),
}

type Read = Result<(DeviceKey, KeyPlace), Phrase>;

/// The key, and what is being done with it.
#[derive(Debug)]
pub(crate) struct Keys {
    store: Option<KeyStore>,
    reading: Option<(LogInAs, JoinHandle<Read>)>,
    working: Option<JoinHandle<KeyEvent>>,
}

impl Keys {
    /// The key of a store; `None` where the options say what proves who one is.
    pub(crate) const fn new(store: Option<KeyStore>) -> Self {
        Self { store, reading: None, working: None }
    }

    /// Where the key is, as far as that is seen without a keyring.
    pub(crate) fn place(&self) -> Option<KeyPlace> {
        self.store.as_ref().and_then(KeyStore::place)
    }

    /// Begins to read the key for a log-in, in the place of one that waited. `false` where there is
    /// nothing to read.
    pub(crate) fn read_for(&mut self, login: LogInAs) -> bool {
        let Some(store) = self.store.clone() else { return false };
        let read = move || store.load().map_err(|error| error.words());
        self.reading = Some((login, spawn_blocking(read)));
        true
    }

    /// Nobody wants to log in any more.
    pub(crate) fn forget_reading(&mut self) {
        self.reading = None;
    }

    /// Moves the key to the keyring, where it may and can go there.
    pub(crate) fn move_to_keyring(&mut self) {
        self.work(|store| {
            if let Err(error) = store.move_to_keyring() {
                tracing::info!(
                    "the device's key stays in its file: {}",
                    error.words().id().unwrap_or_default()
                );
            }
            KeyEvent::Moved(store.place())
        });
    }

    /// Seals the key into a file. `false` when something else is being done with it.
    pub(crate) fn export(&mut self, to: PathBuf, passphrase: Passphrase) -> bool {
        self.work(move |store| {
            let work = match store.export(&to, &passphrase) {
                Ok(()) => KeyWork::Done(phrase!("key-exported", file = to.display().to_string())),
                Err(error) => KeyWork::Failed(error.words()),
            };
            KeyEvent::Worked(work, store.place())
        })
    }

    /// Takes the key out of such a file, in the place of the one that is here.
    pub(crate) fn import(&mut self, from: PathBuf, passphrase: Passphrase) -> bool {
        self.work(move |store| {
            let imported =
                KeyStore::open_export(&from, &passphrase).and_then(|key| store.import(&key));
            let work = match imported {
                Ok(Imported::Same) => KeyWork::Done(phrase!("key-imported-same")),
                Ok(Imported::Replaced(None)) => KeyWork::Done(phrase!("key-imported")),
                Ok(Imported::Replaced(Some(aside))) => {
                    KeyWork::Done(phrase!("key-imported-aside", file = aside.display().to_string()))
                }
                Err(error) => KeyWork::Failed(error.words()),
            };
            KeyEvent::Worked(work, store.place())
        })
    }

    fn work(&mut self, job: impl FnOnce(&KeyStore) -> KeyEvent + Send + 'static) -> bool {
        let Some(store) = self.store.clone().filter(|_| self.working.is_none()) else {
            return false;
        };
        self.working = Some(spawn_blocking(move || job(&store)));
        true
    }

    /// The next that comes of it.
    pub(crate) async fn next_event(&mut self) -> KeyEvent {
        let Self { store, reading, working } = self;
        let read = async {
            match reading {
                Some((_, task)) => task.await,
                None => pending().await,
            }
        };
        let worked = async {
            match working {
                Some(task) => task.await,
                None => pending().await,
            }
        };
        tokio::select! {
            read = read => match self.reading.take() {
                // A task that panicked is as good as a keyring that does not answer.
                Some((login, _)) => {
                    let read = read.unwrap_or_else(|_| Err(phrase!("key-keyring-silent")));
                    KeyEvent::Read(login, read)
                }
                None => pending().await,
            },
            worked = worked => {
                self.working = None;
                worked.unwrap_or_else(|_| {
                    let failed = KeyWork::Failed(phrase!("key-keyring-silent"));
                    KeyEvent::Worked(failed, store.as_ref().and_then(KeyStore::place))
                })
            }
        }
    }
}
