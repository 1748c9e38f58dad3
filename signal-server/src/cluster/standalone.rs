//! One node that is the whole server: only who owns a name is asked, of a database on
//! threads that may wait for it.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;

use crate::hub::{Cluster, Hindrance, Hub};
use crate::names::{Guests, Owners, Refusal};
use crate::rules::router::{Claim, ClaimRefusal};
use crate::rules::sessions::TokenHash;
use crate::signals::Hangup;

/// How often it is made sure that the names can be used.
const LOOK_EVERY: Duration = Duration::from_secs(2);

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

    fn hindrance(&self) -> Option<Hindrance> {
        (!self.owners.are_usable()).then_some(Hindrance::NoNames)
    }

    /// Looks after the names, at once when the system hangs up.
    async fn run(&self, _hub: &Hub) {
        let mut hangup = Hangup::listen();
        loop {
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = hangup.received() => tracing::info!("SIGHUP: what was read from files is looked at again"),
            }
            self.owners.look_after().await;
        }
    }

    async fn close(&self) {
        self.owners.close().await;
    }
}
