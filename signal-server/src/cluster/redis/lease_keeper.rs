//! Renews the leases that this node holds, gives back what it no longer wants, and sweeps out what
//! other nodes lost.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use redis::RedisResult;
use tokio::time::sleep;
use visavis_shared::Username;

use super::claims::{milliseconds, or_none};
use super::layout::{MAX_BATCH, Partition, batches};
use super::leases::Held;
use super::link::{Connection, in_words};
use super::{RedisCluster, lock, now};
use crate::hub::Hub;
use crate::rules::router::RemoteEvent;
use crate::rules::sessions::TokenHash;

/// How many scripts are on their way at a time.
const AT_A_TIME: usize = 8;

impl RedisCluster {
    /// Lets those go whose leases are about to end, for as long as it is polled. By this machine's
    /// clock alone: the less Redis answers, the more it matters.
    pub(super) async fn let_go(&self, hub: &Hub) {
        loop {
            sleep(self.times.tick()).await;
            let overdue = lock(&self.leases).take_overdue(now());
            if overdue.is_empty() {
                continue;
            }
            tracing::warn!(
                users = overdue.len(),
                "leases ended without Redis: their users are disconnected"
            );
            for name in overdue {
                hub.receive_remote(RemoteEvent::LeaseLost(name));
            }
        }
    }

    /// Renews what is due, and everything at first: Redis may be another one, which knows of
    /// nothing.
    pub(super) async fn renew(&self, connection: &Connection, hub: &Hub) {
        let mut due: Vec<_> = lock(&self.leases).all().map(|(name, _)| name.clone()).collect();
        loop {
            self.renew_these(connection, hub, due).await;
            sleep(self.times.tick()).await;
            due = lock(&self.leases).due(now());
        }
    }

    async fn renew_these(&self, connection: &Connection, hub: &Hub, names: Vec<Username>) {
        let held: Vec<_> = {
            let leases = lock(&self.leases);
            names
                .into_iter()
                .filter_map(|name| leases.held(&name).cloned().map(|held| (name, held)))
                .collect()
        };
        let renewals =
            batches(held, |(name, _)| name).into_iter().map(|(partition, batch)| async move {
                if let Err(error) = self.renew_batch(connection, hub, partition, &batch).await {
                    // They are due until it succeeds, or until it is too late.
                    tracing::debug!(why = %in_words(&error), "leases could not be renewed");
                }
            });
        stream::iter(renewals).buffer_unordered(AT_A_TIME).collect::<()>().await;
    }

    async fn renew_batch(
        &self,
        connection: &Connection,
        hub: &Hub,
        partition: Partition,
        batch: &[(Username, Held)],
    ) -> RedisResult<()> {
        let mut invocation = self.scripts.renew.prepare_invoke();
        invocation
            .key(self.layout.epoch(partition))
            .key(self.layout.listed(partition))
            .key(self.layout.ends(partition))
            .arg(self.node.as_str())
            .arg(milliseconds(self.times.lease))
            .arg(connection.publish_command())
            .arg(self.layout.presences(partition));
        for (name, held) in batch {
            invocation
                .key(self.layout.lease(name))
                .arg(held.number)
                .arg(name.as_str())
                .arg(u8::from(held.listed))
                .arg(or_none(held.key))
                .arg(or_none(held.token.map(TokenHash::to_text)))
                .arg(held.ends_at);
        }
        let asked_at = now();
        let reply: Vec<String> = invocation.invoke_async(&mut connection.clone()).await?;
        let mut reply = reply.iter().map(|number| number.parse::<u64>().unwrap_or(0));
        let ends_at = reply.next().unwrap_or(0);
        for ((name, held), epoch) in batch.iter().zip(reply) {
            if epoch > 0 {
                lock(&self.leases).renewed(name, held.number, epoch, asked_at, ends_at);
                // Unless they left it meanwhile.
                let room = lock(&self.leases).held(name).and_then(|held| held.room.clone());
                if let Some(room) = room.filter(|room| held.room.as_ref() == Some(room)) {
                    self.enter(connection, &room, name, held.number, &[]).await?;
                }
            } else {
                let lost = lock(&self.leases).lost(name, held.number);
                if lost {
                    hub.receive_remote(RemoteEvent::LeaseLost(name.clone()));
                }
            }
        }
        Ok(())
    }

    /// Gives back what is not wanted any more, for as long as it is polled.
    pub(super) async fn give_back(&self, connection: &Connection) {
        loop {
            if let Err(error) = self.give_these_back(connection, Duration::ZERO).await {
                tracing::debug!(why = %in_words(&error), "leases could not be given back");
                sleep(self.times.beat()).await;
                continue;
            }
            self.give_backs.notified().await;
        }
    }

    /// Gives everything back, because this node ends. Those who can prove who they are find their
    /// names reserved for so long.
    pub(super) async fn give_all_back(&self, connection: &Connection, reserved: Duration) {
        let mut failed = self.give_these_back(connection, Duration::ZERO).await.err();
        {
            let mut leases = lock(&self.leases);
            let names: Vec<_> = leases.all().map(|(name, _)| name.clone()).collect();
            for name in names {
                leases.release(&name, now());
            }
        }
        failed = self.give_these_back(connection, reserved).await.err().or(failed);
        if let Some(error) = failed {
            tracing::warn!(why = %in_words(&error), "some names stay reserved until their leases end");
        }
    }

    async fn give_these_back(
        &self,
        connection: &Connection,
        reserved: Duration,
    ) -> RedisResult<()> {
        let unwanted = lock(&self.leases).unwanted(now());
        for (partition, batch) in batches(unwanted, |(name, _)| name) {
            let mut invocation = self.scripts.release.prepare_invoke();
            invocation
                .key(self.layout.epoch(partition))
                .key(self.layout.listed(partition))
                .key(self.layout.ends(partition))
                .arg(self.node.as_str())
                .arg(connection.publish_command())
                .arg(self.layout.presences(partition))
                .arg(milliseconds(reserved));
            for (name, number) in &batch {
                invocation.key(self.layout.lease(name)).arg(*number).arg(name.as_str());
            }
            let _: usize = invocation.invoke_async(&mut connection.clone()).await?;
            let mut leases = lock(&self.leases);
            for (_, number) in &batch {
                leases.given_back(*number);
            }
        }
        Ok(())
    }

    /// Takes those off the list whose nodes are gone, for as long as it is polled.
    pub(super) async fn sweep(&self, connection: &Connection) {
        loop {
            // All nodes do this; not all at once.
            sleep(self.times.sweep().mul_f64(rand::random_range(0.5..1.5))).await;
            for partition in Partition::all() {
                if let Err(error) = self.sweep_part(connection, partition).await {
                    tracing::debug!(why = %in_words(&error), "names that ended could not be looked for");
                }
            }
        }
    }

    async fn sweep_part(&self, connection: &Connection, partition: Partition) -> RedisResult<()> {
        let mut connection = connection.clone();
        loop {
            let mut invocation = self.scripts.ended.prepare_invoke();
            invocation.key(self.layout.ends(partition)).arg(MAX_BATCH);
            let ended: Vec<String> = invocation.invoke_async(&mut connection).await?;
            if ended.is_empty() {
                return Ok(());
            }
            let names: Vec<_> =
                ended.iter().filter_map(|name| Username::parse(name).ok()).collect();
            let mut invocation = self.scripts.sweep.prepare_invoke();
            invocation
                .key(self.layout.epoch(partition))
                .key(self.layout.listed(partition))
                .key(self.layout.ends(partition))
                .arg(connection.publish_command())
                .arg(self.layout.presences(partition));
            for name in &names {
                invocation.key(self.layout.lease(name)).arg(name.as_str());
            }
            let swept: usize = invocation.invoke_async(&mut connection).await?;
            if swept < MAX_BATCH {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_of_one_part_and_not_too_large() {
        let names: Vec<_> =
            (0..5000).map(|n| Username::parse(&format!("user{n}")).unwrap()).collect();
        let batches = batches(names.clone(), |name| name);
        for (partition, batch) in &batches {
            assert!((1..=MAX_BATCH).contains(&batch.len()));
            assert!(batch.iter().all(|name| Partition::of(name.as_str()) == *partition));
        }
        let mut all: Vec<_> = batches.into_iter().flat_map(|(_, batch)| batch).collect();
        all.sort_unstable();
        let mut names = names;
        names.sort_unstable();
        assert_eq!(all, names);
    }
}
