//! The name store, asked on threads that may wait for a disk: nothing else waits for that.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::{Mutex, Semaphore};
use tokio::task::spawn_blocking;
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

#[derive(Debug)]
pub(crate) struct Owners {
    /// Gone when closed. The lock is given to those who wait in their order.
    store: Arc<Mutex<Option<NameStore>>>,
    places: Semaphore,
    guests: Guests,
}

impl Owners {
    pub(crate) fn new(store: NameStore, guests: Guests) -> Self {
        let store = Arc::new(Mutex::new(Some(store)));
        Self { store, places: Semaphore::new(MAX_WAITING), guests }
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
        let guests = self.guests;
        let decided = spawn_blocking(move || {
            let store = store.as_mut().ok_or(Unavailable)?;
            decide(store, guests, &name, key.as_ref()).map_err(|error| {
                tracing::error!(%error, "the names can't be used");
                Unavailable
            })
        });
        // A panic there was a defect, and has been reported as such.
        decided.await.unwrap_or(Err(Unavailable))
    }

    /// Closes the store once it has answered what was asked.
    pub(crate) async fn close(&self) {
        if let Some(store) = self.store.lock().await.take() {
            let _ = spawn_blocking(move || drop(store)).await;
        }
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
}
