//! Who gets a name.
//!
//! Three questions in a row, each of which Redis answers in one step: who owns it, whether it can
//! be had, and, where that matters, once more who owns it. The lease is the lock under which the
//! last is asked:
//!
//! - a name is given to its first owner only while that owner holds its lease. Whoever finds, under
//!   the lease, that nobody owns a name can therefore be sure that nobody will for as long as they
//!   hold it; what was found before the lease only spares others from seeing somebody come who will
//!   be refused;
//! - of two names that look alike, two may be leased at once, but only one is ever owned: that is
//!   decided in the one step that gives a name its owner;
//! - nobody owns a name that they could not have, for example since a guest is online under it.
//!
//! An owner who is found before needs no second look: only the operator takes a name from its
//! owner, and that lets whoever is online stay so.

use visavis_shared::Username;

use super::layout::{NodeId, Partition};
use super::leases::Held;
use super::link::{Connection, in_words};
use super::node_message::NodeMessage;
use super::owners::Record;
use super::publish_queue::Outgoing;
use super::{RedisCluster, lock, now};
use crate::names::{Guests, Refusal, decision};
use crate::rules::router::{Claim, ClaimRefusal};
use crate::rules::sessions::TokenHash;

/// What stands for nothing in a lease.
pub(super) const NONE: &str = "-";

/// A claim on its way. Dropped before it is settled, it has come to nothing, and what Redis may
/// have granted is given back.
struct Attempt<'a> {
    cluster: &'a RedisCluster,
    name: &'a Username,
    number: u64,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        lock(&self.cluster.leases).abandon(self.name, self.number, now());
        self.cluster.give_backs.notify_one();
    }
}

struct Granted {
    epoch: u64,
    ends_at: u64,
    /// Who had the name until now.
    before: Option<(NodeId, u64)>,
}

enum NotClaimed {
    Refused(ClaimRefusal),
    /// Redis did not answer; why, for the log.
    Unanswered(String),
}

impl From<redis::RedisError> for NotClaimed {
    fn from(error: redis::RedisError) -> Self {
        Self::Unanswered(in_words(&error))
    }
}

impl From<Refusal> for NotClaimed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl RedisCluster {
    pub(super) async fn claim_name(
        &self,
        claim: &Claim,
        token: Option<TokenHash>,
    ) -> Result<(), ClaimRefusal> {
        let Some(connection) = self.connection() else { return Err(ClaimRefusal::Unavailable) };
        self.try_claim(&connection, claim, token).await.map_err(|error| match error {
            NotClaimed::Refused(refusal) => refusal,
            NotClaimed::Unanswered(why) => {
                tracing::warn!(%why, "Redis did not answer a claim");
                ClaimRefusal::Unavailable
            }
        })
    }

    async fn try_claim(
        &self,
        connection: &Connection,
        claim: &Claim,
        token: Option<TokenHash>,
    ) -> Result<(), NotClaimed> {
        let taken = || NotClaimed::Refused(ClaimRefusal::Taken(claim.name.clone()));
        let record = self.look_at_owner(connection, claim).await?;
        let (number, leftovers) = lock(&self.leases).begin(&claim.name);
        let attempt = Attempt { cluster: self, name: &claim.name, number };
        let asked_at = now();
        let leased = self.lease(connection, claim, number, &leftovers, token).await?;
        let Some(Granted { epoch, ends_at, before }) = leased else {
            lock(&self.leases).refused(number);
            return Err(taken());
        };
        if let Some((node, number)) = before.filter(|(node, _)| *node != self.node) {
            // Should this be lost, the other node finds out when it renews.
            let lost = NodeMessage::Lost { name: claim.name.clone(), number };
            self.push(Outgoing::ToNode(node, lost));
        }
        self.confirm_owner(connection, claim, record.as_ref()).await?;
        let (listed, key) = (claim.listed, claim.key);
        let held = Held { number, epoch, listed, key, token, asked_at, ends_at, room: None };
        let kept = lock(&self.leases).granted(&claim.name, held, now());
        drop(attempt);
        if kept { Ok(()) } else { Err(taken()) }
    }

    /// Who owns the name, before it is leased: what is there of an owner who may have it.
    async fn look_at_owner(
        &self,
        connection: &Connection,
        claim: &Claim,
    ) -> Result<Option<Record>, NotClaimed> {
        if !claim.listed {
            // The id of a socket, which nobody chose and nobody can own.
            return match self.guests {
                Guests::Allow => Ok(None),
                Guests::Deny => Err(Refusal::NoGuests.into()),
            };
        }
        let (standing, record) = self.look_up_owner(connection, &claim.name, None).await?;
        match &claim.key {
            Some(key) => decision::claim(&standing, key).outcome()?,
            None => decision::guest(&standing, self.guests)?,
        }
        Ok(record)
    }

    /// Who owns the name, now that it is leased. Whoever shows a key owns a free name from then on.
    async fn confirm_owner(
        &self,
        connection: &Connection,
        claim: &Claim,
        before: Option<&Record>,
    ) -> Result<(), NotClaimed> {
        match (&claim.key, before) {
            _ if !claim.listed => {}
            (Some(key), Some(record)) => {
                self.see_owner(connection, &claim.name, key, record).await?;
            }
            (Some(key), None) => {
                let (standing, _) = self.look_up_owner(connection, &claim.name, Some(key)).await?;
                decision::claim(&standing, key).outcome()?;
            }
            (None, _) => {
                let (standing, _) = self.look_up_owner(connection, &claim.name, None).await?;
                decision::guest(&standing, self.guests)?;
            }
        }
        Ok(())
    }

    /// Asks for the lease; nothing when somebody else has it.
    async fn lease(
        &self,
        connection: &Connection,
        claim: &Claim,
        number: u64,
        leftovers: &[u64],
        token: Option<TokenHash>,
    ) -> Result<Option<Granted>, NotClaimed> {
        let partition = Partition::of(claim.name.as_str());
        let mut invocation = self.scripts.claim.prepare_invoke();
        invocation
            .key(self.layout.lease(&claim.name))
            .key(self.layout.epoch(partition))
            .key(self.layout.listed(partition))
            .key(self.layout.ends(partition))
            .arg(self.node.as_str())
            .arg(number)
            .arg(milliseconds(self.times.lease))
            .arg(claim.name.as_str())
            .arg(u8::from(claim.listed))
            .arg(or_none(claim.key))
            .arg(or_none(token.map(TokenHash::to_text)))
            .arg(or_none(claim.resume.map(TokenHash::to_text)))
            .arg(connection.publish_command())
            .arg(self.layout.presence(&claim.name))
            .arg(self.latest())
            .arg(leftovers);
        let reply: Vec<String> = invocation.invoke_async(&mut connection.clone()).await?;
        match reply.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["0", ..] => Ok(None),
            ["1", epoch, ends_at, node, before, ..] => {
                let (Ok(epoch), Ok(ends_at)) = (epoch.parse(), ends_at.parse()) else {
                    return Err(unreadable());
                };
                let before = NodeId::parse(node).zip(before.parse().ok());
                Ok(Some(Granted { epoch, ends_at, before }))
            }
            ["late", ..] => {
                let why = "it took the claim up when we had given up";
                Err(NotClaimed::Unanswered(why.to_owned()))
            }
            _ => Err(unreadable()),
        }
    }
}

fn unreadable() -> NotClaimed {
    NotClaimed::Unanswered("its answer can't be read".to_owned())
}

pub(super) fn or_none(text: Option<impl ToString>) -> String {
    text.map_or_else(|| NONE.to_owned(), |text| text.to_string())
}

pub(super) fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
