//! Has those who watch somebody hear how it is now, and from then on how it changes.

use std::collections::BTreeMap;

use redis::RedisResult;
use tokio::time::sleep;
use visavis_shared::Username;

use super::layout::Partition;
use super::link::{Connection, in_words};
use super::{RedisCluster, lock};
use crate::hub::Hub;
use crate::router::News;

/// How many subscriptions go in one command.
const MAX_BATCH: usize = 128;

fn batches(names: Vec<Username>) -> Vec<(Partition, Vec<Username>)> {
    let mut parts: BTreeMap<Partition, Vec<Username>> = BTreeMap::new();
    for name in names {
        parts.entry(Partition::of(name.as_str())).or_default().push(name);
    }
    let split = |(part, names): (Partition, Vec<Username>)| {
        names.chunks(MAX_BATCH).map(|names| (part, names.to_vec())).collect::<Vec<_>>()
    };
    parts.into_iter().flat_map(split).collect()
}

impl RedisCluster {
    /// Keeps the subscriptions as they should be, for as long as it is polled.
    pub(super) async fn watch(&self, connection: &Connection, hub: &Hub) {
        loop {
            let change = lock(&self.watches).take_changes();
            let mut failed = false;
            for (partition, names) in batches(change.end) {
                if let Err(error) = self.unsubscribe(connection, &names).await {
                    self.not_done(partition, names, &error);
                    failed = true;
                }
            }
            for (partition, names) in batches(change.begin) {
                if let Err(error) = self.subscribe(connection, hub, partition, &names).await {
                    // As far as anybody can tell, until they can be asked for.
                    let unknown = lock(&self.watches).unknown(&names);
                    unknown.into_iter().for_each(|name| hub.receive(News::Presence(name, false)));
                    self.not_done(partition, names, &error);
                    failed = true;
                }
            }
            if failed {
                sleep(self.times.beat()).await;
            } else {
                self.watch_changes.notified().await;
            }
        }
    }

    fn not_done(&self, partition: Partition, names: Vec<Username>, error: &redis::RedisError) {
        tracing::debug!(partition = partition.index(), why = %in_words(error), "a subscription failed");
        lock(&self.watches).failed(names);
    }

    async fn unsubscribe(&self, connection: &Connection, names: &[Username]) -> RedisResult<()> {
        let channels: Vec<_> = names.iter().map(|name| self.layout.presence(name)).collect();
        connection.unsubscribe(&channels).await
    }

    /// Subscribes first and asks then, so that no change is missed between the two.
    async fn subscribe(
        &self,
        connection: &Connection,
        hub: &Hub,
        partition: Partition,
        names: &[Username],
    ) -> RedisResult<()> {
        let channels: Vec<_> = names.iter().map(|name| self.layout.presence(name)).collect();
        connection.subscribe(&channels).await?;
        let mut invocation = self.scripts.state.prepare_invoke();
        invocation.key(self.layout.epoch(partition));
        for name in names {
            invocation.key(self.layout.lease(name));
        }
        let states: Vec<String> = invocation.invoke_async(&mut connection.clone()).await?;
        let mut states = states.iter();
        let epoch = states.next().and_then(|epoch| epoch.parse().ok()).unwrap_or(0);
        for (name, node) in names.iter().zip(states) {
            // Whoever is on this node is known here without Redis.
            let online = !node.is_empty() && node != self.node.as_str();
            self.saw(hub, name, epoch, online);
        }
        Ok(())
    }

    /// Tells of somebody who came or went elsewhere. What was told before, the router does not tell again.
    pub(super) fn saw(&self, hub: &Hub, name: &Username, epoch: u64, online: bool) {
        let is_news = lock(&self.watches).is_news(name, epoch);
        if is_news {
            hub.receive(News::Presence(name.clone(), online));
        }
    }
}
