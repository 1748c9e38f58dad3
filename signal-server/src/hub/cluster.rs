//! What the hub needs of the other nodes.
//!
//! A [`Cluster`] answers the [router](crate::rules::router)'s questions and carries its messages to
//! other nodes. Events of other nodes go to [`Hub::receive_remote`].

use std::fmt;

use async_trait::async_trait;
use visavis_shared::{MissedCall, PublicKey, RoomId, Username};

use super::Hub;
use crate::rules::router::{Announcement, Claim, ClaimRefusal, Entry, Envelope};
use crate::rules::sessions::TokenHash;

/// Why nobody new can be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// What only all nodes together know can't be found out.
    CutOff,
    /// Who owns which name can't be read or written.
    NoNames,
}

/// Keeps who called an owned name in vain, until its owner was told.
#[async_trait]
pub(crate) trait MissedCallKeeper: Send + Sync {
    /// Who called a name since its owner logged in the last time, while nobody was online under it.
    /// Nothing when that can't be known now.
    async fn read(&self, name: &Username, owner: &PublicKey) -> Vec<MissedCall>;

    /// Somebody called a name under which nobody is online. Never waits.
    fn called(&self, callee: Username, caller: Username);

    /// The owner of a name was told these, and need not be told them again. Never waits.
    fn told(&self, name: Username, owner: PublicKey, calls: Vec<MissedCall>);
}

/// The nodes of a server, seen from one of them. What has a default does, by default, what one node
/// does that is the whole server.
#[async_trait]
pub(crate) trait Cluster: fmt::Debug + Send + Sync {
    /// Whether this node is the whole server.
    fn is_alone(&self) -> bool {
        true
    }

    /// Why nobody new is let in now, if that is so.
    fn hindrance(&self) -> Option<Hindrance> {
        None
    }

    /// Claims a name for this node. `token` is what its session can be resumed by, on this node or
    /// another.
    ///
    /// When the future is dropped before it is ready, the claim has to come to nothing, now or by
    /// itself soon.
    async fn claim(&self, claim: &Claim, token: Option<TokenHash>) -> Result<(), ClaimRefusal>;

    /// Where missed calls are kept, if they are.
    fn missed_calls(&self) -> Option<Box<dyn MissedCallKeeper + '_>> {
        None
    }

    /// The first listed names, at most [`visavis_shared::limits::MAX_LISTED_USERS`] and one more,
    /// that begin with a prefix, and how many there are; `None` when that can't be known now.
    async fn users(&self, _prefix: &str) -> Option<(Vec<Username>, usize)> {
        None
    }

    /// Lets somebody into a room.
    async fn join(&self, _room: &RoomId, _name: &Username) -> Entry {
        Entry::Unavailable
    }

    /// Carries a message to another node. Never waits; what can't be delivered comes back as
    /// [`crate::rules::router::RemoteEvent::Undeliverable`].
    fn forward(&self, _envelope: Envelope) {}

    /// Notifies the other nodes. Never waits.
    fn announce(&self, _announcement: Announcement) {}

    /// Delivers events of other nodes to the hub, for as long as it is polled.
    async fn run(&self, _hub: &Hub) {
        std::future::pending().await
    }

    /// Ends what runs for it, and gives back everything that this node holds.
    async fn close(&self);
}
