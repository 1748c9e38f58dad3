//! Subscribes to the presence of everyone who is watched here: first how it is, then each change.

use std::time::Duration;

use redis::RedisResult;
use tokio::time::{Instant, sleep, sleep_until};
use visavis_shared::Username;

use super::layout::{Partition, batches};
use super::link::{Connection, in_words};
use super::{RedisCluster, lock};
use crate::hub::Hub;
use crate::rules::router::RemoteEvent;

/// How long after a new link those are asked for of whom something is known. A Redis that has
/// forgotten everything hears of who is where when each node has made its link anew, and until then
/// would have everybody gone. Twice as long as nodes wait at most before they try again.
const SETTLE: Duration = Duration::from_secs(2);

impl RedisCluster {
    /// Keeps the subscriptions as they should be, for as long as it is polled.
    pub(super) async fn watch(&self, connection: &Connection, hub: &Hub) {
        let (mut again, mut settled) = (Vec::new(), None);
        loop {
            let change = lock(&self.watch_list).take_changes();
            let mut failed = false;
            for (partition, names) in batches(change.end, |name| name) {
                if let Err(error) = connection.unsubscribe(&self.channels(&names)).await {
                    self.not_done(partition, names, &error);
                    failed = true;
                }
            }
            for (partition, names) in batches(change.begin, |name| name) {
                match self.subscribe(connection, hub, partition, &names).await {
                    Ok(known) if known.is_empty() => {}
                    Ok(mut known) => {
                        again.append(&mut known);
                        settled = Some(Instant::now() + SETTLE);
                    }
                    Err(error) => {
                        // As far as anybody can tell, until they can be asked for.
                        let unknown = lock(&self.watch_list).unknown(&names);
                        unknown.into_iter().for_each(|name| {
                            hub.receive_remote(RemoteEvent::Presence(name, false))
                        });
                        self.not_done(partition, names, &error);
                        failed = true;
                    }
                }
            }
            let settling = async move {
                match settled {
                    Some(settled) => sleep_until(settled).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.watch_changes.notified(), if !failed => {}
                () = sleep(self.times.beat()), if failed => {}
                () = settling => {
                    settled = None;
                    self.ask_again(connection, hub, std::mem::take(&mut again)).await;
                }
            }
        }
    }

    fn not_done(&self, partition: Partition, names: Vec<Username>, error: &redis::RedisError) {
        tracing::debug!(partition = partition.index(), why = %in_words(error), "a subscription failed");
        lock(&self.watch_list).failed(names);
    }

    fn channels(&self, names: &[Username]) -> Vec<String> {
        names.iter().map(|name| self.layout.presence(name)).collect()
    }

    /// Subscribes first and asks then, so that no change is missed between the two. Gives back
    /// those of whom something is known, who have not been asked for.
    async fn subscribe(
        &self,
        connection: &Connection,
        hub: &Hub,
        partition: Partition,
        names: &[Username],
    ) -> RedisResult<Vec<Username>> {
        connection.subscribe(&self.channels(names)).await?;
        let unknown = lock(&self.watch_list).unknown(names);
        if !unknown.is_empty() {
            self.ask(connection, hub, partition, &unknown).await?;
        }
        Ok(names.iter().filter(|name| !unknown.contains(name)).cloned().collect())
    }

    async fn ask_again(&self, connection: &Connection, hub: &Hub, names: Vec<Username>) {
        for (partition, names) in batches(names, |name| name) {
            if let Err(error) = self.ask(connection, hub, partition, &names).await {
                self.not_done(partition, names, &error);
                self.watch_changes.notify_one();
            }
        }
    }

    async fn ask(
        &self,
        connection: &Connection,
        hub: &Hub,
        partition: Partition,
        names: &[Username],
    ) -> RedisResult<()> {
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

    /// Tells of somebody who came or went elsewhere. What was told before, the router does not tell
    /// again.
    pub(super) fn saw(&self, hub: &Hub, name: &Username, epoch: u64, online: bool) {
        let is_news = lock(&self.watch_list).is_news(name, epoch);
        if is_news {
            hub.receive_remote(RemoteEvent::Presence(name.clone(), online));
        }
    }
}
