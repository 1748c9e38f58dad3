//! One node that is the whole server: only who owns a name is asked, of a database on
//! threads that may wait for it.

use async_trait::async_trait;
use visavis_shared::{RoomId, Username};

use crate::hub::{Cluster, Hub};
use crate::names::{Guests, Owners, Refusal};
use crate::rules::router::{Announcement, Claim, ClaimRefusal, Entry, Envelope};
use crate::rules::sessions::TokenHash;

/// A server of one node.
#[derive(Debug)]
pub(crate) struct Standalone {
    owners: Owners,
}

impl Standalone {
    pub(crate) fn new(owners: Owners) -> Self {
        Self { owners }
    }
}

#[async_trait]
impl Cluster for Standalone {
    fn is_alone(&self) -> bool {
        true
    }

    fn is_reachable(&self) -> bool {
        true
    }

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

    async fn users(&self, _prefix: &str) -> Option<(Vec<Username>, usize)> {
        None
    }

    async fn join(&self, _room: &RoomId, _name: &Username) -> Entry {
        Entry::Unavailable
    }

    fn forward(&self, _envelope: Envelope) {}

    fn announce(&self, _announcement: Announcement) {}

    async fn run(&self, _hub: &Hub) {
        std::future::pending().await
    }

    async fn close(&self) {
        self.owners.close().await;
    }
}
