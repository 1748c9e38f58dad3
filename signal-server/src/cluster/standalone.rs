//! One node that is the whole server: only who owns a name is asked, of a database on
//! threads that may wait for it.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;

use visavis_shared::{MissedCall, PublicKey, Timestamp, Username};

use super::missed_calls::{MissedCalls, MissedStore, MissedTrouble, keeper_of};
use crate::hub::{Cluster, Hindrance, Hub, MissedCallKeeper};
use crate::names::missed_calls::Kept;
use crate::names::{Guests, Owners, Refusal, StoreError};
use crate::rules::router::{Claim, ClaimRefusal};
use crate::rules::sessions::TokenHash;
use crate::signals::Hangup;

/// How often it is made sure that the names can be used.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A server of one node.
#[derive(Debug)]
pub(crate) struct Standalone {
    owners: Owners,
    missed: Option<MissedCalls>,
}

impl Standalone {
    /// A server that keeps missed calls, or doesn't.
    pub(crate) fn new(owners: Owners, missed: Option<MissedCalls>) -> Self {
        Self { owners, missed }
    }

    /// Looks after the names, at once when the system hangs up.
    async fn look_after_names(&self) {
        let mut hangup = Hangup::listen();
        loop {
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = hangup.received() => tracing::info!("SIGHUP: what was read from files is looked at again"),
            }
            self.owners.look_after().await;
        }
    }
}

#[async_trait]
impl MissedStore for Owners {
    async fn keep(
        &self,
        callee: &Username,
        caller: &Username,
        at: Timestamp,
    ) -> Result<Kept, MissedTrouble> {
        let (callee, caller) = (callee.clone(), caller.clone());
        Ok(self.with_store(move |store| store.keep_missed(&callee, &caller, at)).await?)
    }

    async fn read(
        &self,
        name: &Username,
        owner: &PublicKey,
        now: Timestamp,
    ) -> Result<Vec<MissedCall>, MissedTrouble> {
        let (name, owner) = (name.clone(), *owner);
        Ok(self.with_store(move |store| store.missed(&name, &owner, now)).await?)
    }

    async fn forget(
        &self,
        name: &Username,
        owner: &PublicKey,
        told: &[MissedCall],
    ) -> Result<(), MissedTrouble> {
        let (name, owner, told) = (name.clone(), *owner, told.to_vec());
        Ok(self.with_store(move |store| store.forget_told(&name, &owner, &told)).await?)
    }

    /// Others are let in between any two parts of it.
    async fn erase_old(&self, now: Timestamp) -> Result<(), MissedTrouble> {
        while self.with_store(move |store| store.erase_old_missed(now)).await? {}
        Ok(())
    }
}

impl From<StoreError> for MissedTrouble {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

#[async_trait]
impl Cluster for Standalone {
    async fn claim(&self, claim: &Claim, _token: Option<TokenHash>) -> Result<(), ClaimRefusal> {
        if !claim.listed {
            // The id of a socket, which nobody chose and nobody can own.
            return match self.owners.guests() {
                Guests::Allow => Ok(()),
                Guests::Deny => Err(ClaimRefusal::NotAllowed(Refusal::NoGuests)),
            };
        }
        let owners = self.owners.claim(claim.name.clone(), claim.key).await;
        owners.map_err(|_| ClaimRefusal::Unavailable)?.map_err(ClaimRefusal::NotAllowed)
    }

    fn hindrance(&self) -> Option<Hindrance> {
        (!self.owners.are_usable()).then_some(Hindrance::NoNames)
    }

    fn missed_calls(&self) -> Option<Box<dyn MissedCallKeeper + '_>> {
        keeper_of(self.missed.as_ref(), &self.owners)
    }

    async fn run(&self, _hub: &Hub) {
        let keep_missed = async {
            if let Some(missed) = &self.missed {
                missed.run(&self.owners).await;
            }
        };
        tokio::join!(self.look_after_names(), keep_missed);
    }

    async fn close(&self) {
        if let Some(missed) = &self.missed {
            missed.finish(&self.owners).await;
        }
        self.owners.close().await;
    }
}
