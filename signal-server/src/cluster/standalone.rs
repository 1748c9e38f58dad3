//! One node that is the whole server: only who owns a name is asked, of a database on
//! threads that may wait for it.

use async_trait::async_trait;

use crate::hub::Cluster;
use crate::names::{Guests, Owners, Refusal};
use crate::rules::router::{Claim, ClaimRefusal};
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

    async fn close(&self) {
        self.owners.close().await;
    }
}
