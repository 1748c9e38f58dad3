//! The name store, asked on threads that may wait for a disk: nothing else waits for that.
//!
//! Before each question, and every few seconds ([`Owners::look_after`]), it is made sure that the
//! store's file is still in its place. While names can't be read or written, claims fail, and
//! [`Owners::are_usable`] says so.

use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Mutex, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use visavis_shared::{PublicKey, Username};

use super::decision::{self, Guests, Refusal};
use super::error::NameStoreError;
use super::store::{Found, NameStore};

/// How many questions may wait. More than that many people do not log in while a disk writes; those
/// beyond are told to try again.
const MAX_WAITING: usize = 1024;

/// How long a look at the names may take: longer than another program's lock is waited for.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

/// Something could not be read from the store, or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Too much waits for it already, or it is closed.
    #[error("the names are asked too much at the moment")]
    Unavailable,
    /// What the store says.
    #[error(transparent)]
    Names(#[from] NameStoreError),
}

/// The owners can't be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the names can't be read or written at the moment")]
pub(crate) struct Unavailable;

#[derive(Debug)]
pub(crate) struct Owners {
    /// Gone when closed. The lock is given to those who wait in their order.
    store: Arc<Mutex<Option<NameStore>>>,
    places: Semaphore,
    guests: Guests,
    /// Why names can't be used, in words, since this is so.
    trouble: Arc<Lock<Option<String>>>,
}

impl Owners {
    pub(crate) fn new(store: NameStore, guests: Guests) -> Self {
        let store = Arc::new(Mutex::new(Some(store)));
        let trouble = Arc::default();
        Self { store, places: Semaphore::new(MAX_WAITING), guests, trouble }
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
        let _place = self.places.try_acquire().map_err(|_| Unavailable)?;
        let mut store = Arc::clone(&self.store).lock_owned().await;
        let (guests, trouble) = (self.guests, Arc::clone(&self.trouble));
        let decided = spawn_blocking(move || {
            let store = store.as_mut().ok_or(Unavailable)?;
            let decided =
                find_file(store).and_then(|()| decide(store, guests, &name, key.as_ref()));
            decided.map_err(|error| {
                note(&trouble, Some(error.to_string()));
                Unavailable
            })
        });
        // A panic there was a defect, and has been reported as such.
        decided.await.unwrap_or(Err(Unavailable))
    }

    /// Does something with the store that is not about whose a name is: when it fails, everybody
    /// can log in all the same.
    pub(crate) async fn with_store<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut NameStore) -> Result<T, NameStoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _place = self.places.try_acquire().map_err(|_| StoreError::Unavailable)?;
        let mut store = Arc::clone(&self.store).lock_owned().await;
        let done = spawn_blocking(move || {
            let store = store.as_mut().ok_or(StoreError::Unavailable)?;
            find_file(store)?;
            Ok(act(store)?)
        });
        done.await.unwrap_or(Err(StoreError::Unavailable))
    }

    /// Whether names can be read and written, as far as is known.
    pub(crate) fn are_usable(&self) -> bool {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Finds out whether names can be read, and once they could not be used, written. A disk that
    /// does not answer is as bad as one that takes nothing.
    pub(crate) async fn look_after(&self) {
        let (trouble, were_usable) = (Arc::clone(&self.trouble), self.are_usable());
        let look = async {
            let mut store = Arc::clone(&self.store).lock_owned().await;
            let looked = spawn_blocking(move || {
                let Some(store) = store.as_mut() else { return };
                let found = find_file(store).and_then(|()| {
                    if were_usable { store.try_reading() } else { store.try_writing() }
                });
                note(&trouble, found.err().map(|error| error.to_string()));
            });
            let _ = looked.await;
        };
        if timeout(LOOK_WITHIN, look).await.is_err() {
            note(&self.trouble, Some("the disk with the names does not answer".to_owned()));
        }
    }

    /// Closes the store once it has answered what was asked.
    pub(crate) async fn close(&self) {
        if let Some(store) = self.store.lock().await.take() {
            let _ = spawn_blocking(move || drop(store)).await;
        }
    }
}

/// Notes whether names can be used; a change is logged.
fn note(trouble: &Lock<Option<String>>, words: Option<String>) {
    let mut trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner);
    match &words {
        Some(words) if trouble.as_ref() != Some(words) => {
            tracing::error!("nobody can log in: {words}");
        }
        None if trouble.is_some() => tracing::info!("the names can be used again"),
        _ => {}
    }
    *trouble = words;
}

fn find_file(store: &mut NameStore) -> Result<(), NameStoreError> {
    match store.find_file()? {
        Found::InPlace => {}
        Found::WrittenAgain => {
            tracing::warn!("the file of the names was gone: it was written again, with all names");
        }
        Found::Replaced => {
            tracing::warn!(
                "another file was put in the place of the names: it is used from now on"
            );
        }
    }
    Ok(())
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
    if outcome.is_ok()
        && let Err(error) = store.seen(name, now)
    {
        // Only the list of names is older for it.
        tracing::warn!("when an owner logged in is not remembered: {error}");
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
        let owners = Owners::new(NameStore::open_in_memory().unwrap(), Guests::Allow);
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

    fn on_disk() -> (tempfile::TempDir, std::path::PathBuf, Owners) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("names.db");
        let owners = Owners::new(NameStore::open(&path).unwrap(), Guests::Allow);
        (folder, path, owners)
    }

    const ALICES: PublicKey = PublicKey([1; 32]);
    const MALLORYS: PublicKey = PublicKey([2; 32]);

    #[cfg(unix)]
    #[tokio::test]
    async fn a_data_folder_that_is_deleted_loses_no_name() {
        for look in [true, false] {
            let (_folder, path, owners) = on_disk();
            assert_eq!(owners.claim(name("alice"), Some(ALICES)).await, Ok(Ok(())));
            std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
            if look {
                owners.look_after().await;
            }
            assert_eq!(owners.claim(name("bob"), Some(MALLORYS)).await, Ok(Ok(())));
            assert!(owners.are_usable());
            owners.close().await;
            let store = NameStore::open(&path).unwrap();
            assert_eq!(store.owner(&name("alice")).unwrap(), Some(ALICES));
            assert_eq!(store.owner(&name("bob")).unwrap(), Some(MALLORYS));
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_is_deleted_alone_is_written_again_and_its_log_is_not_mixed_with_it() {
        let (_folder, path, owners) = on_disk();
        let named = |n: u8| name(&format!("person-{n}x"));
        for round in 0..4_u8 {
            for n in 0..20 {
                let n = round * 20 + n;
                assert_eq!(owners.claim(named(n), Some(PublicKey([n; 32]))).await, Ok(Ok(())));
            }
            std::fs::remove_file(&path).unwrap();
        }
        owners.look_after().await;
        owners.close().await;
        let files = std::fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(files.count(), 1, "nothing is left beside it");
        let store = NameStore::open(&path).unwrap();
        for n in 0..80 {
            assert_eq!(store.owner(&named(n)).unwrap(), Some(PublicKey([n; 32])), "{n}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_emptied_frees_no_name() {
        let (_folder, path, owners) = on_disk();
        assert_eq!(owners.claim(name("alice"), Some(ALICES)).await, Ok(Ok(())));
        std::fs::File::create(&path).unwrap();
        assert_eq!(owners.claim(name("alice"), Some(MALLORYS)).await, Err(Unavailable));
        assert_eq!(owners.claim(name("bob"), Some(MALLORYS)).await, Err(Unavailable));
        owners.look_after().await;
        assert!(!owners.are_usable());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn while_the_folder_can_not_be_there_nobody_gets_a_name_and_this_is_known() {
        let (_folder, path, owners) = on_disk();
        assert_eq!(owners.claim(name("alice"), Some(ALICES)).await, Ok(Ok(())));
        let data = path.parent().unwrap();
        std::fs::remove_dir_all(data).unwrap();
        std::fs::write(data, "in its place").unwrap();
        owners.look_after().await;
        assert!(!owners.are_usable());
        for (text, key) in [("bob", Some(MALLORYS)), ("alice", Some(ALICES)), ("guest", None)] {
            assert_eq!(owners.claim(name(text), key).await, Err(Unavailable), "{text}");
        }
        std::fs::remove_file(data).unwrap();
        owners.look_after().await;
        assert!(owners.are_usable(), "there is room again");
        let refused = owners.claim(name("alice"), Some(MALLORYS)).await;
        assert_eq!(refused, Ok(Err(Refusal::OwnedByAnother)));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_in_the_place_of_the_names_is_used_if_it_can_be() {
        let (folder, path, owners) = on_disk();
        assert_eq!(owners.claim(name("alice"), Some(ALICES)).await, Ok(Ok(())));
        let other = folder.path().join("other.db");
        let mut backup = NameStore::open(&other).unwrap();
        backup.claim(&name("bob"), &ALICES, std::time::UNIX_EPOCH).unwrap();
        drop(backup);
        let empty = folder.path().join("empty.db");
        std::fs::write(&empty, "").unwrap();
        std::fs::rename(&empty, &path).unwrap();
        assert_eq!(owners.claim(name("alice"), Some(ALICES)).await, Err(Unavailable));
        assert!(!owners.are_usable());
        // The log of the file before is still there, and is not taken for that of the new one.
        assert!(path.with_file_name("names.db-wal").exists());
        std::fs::rename(&other, &path).unwrap();
        owners.look_after().await;
        assert!(owners.are_usable());
        let refused = owners.claim(name("bob"), Some(MALLORYS)).await;
        assert_eq!(refused, Ok(Err(Refusal::OwnedByAnother)));
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_nobody_answers_for_are_not_usable() {
        let owners = Owners::new(NameStore::open_in_memory().unwrap(), Guests::Allow);
        let stuck = Arc::clone(&owners.store).lock_owned().await;
        owners.look_after().await;
        assert!(!owners.are_usable());
        drop(stuck);
        owners.look_after().await;
        assert!(owners.are_usable());
    }
}
