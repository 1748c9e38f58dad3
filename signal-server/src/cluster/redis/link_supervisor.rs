//! Keeps a link to Redis, checks it by a heartbeat, and runs over it all that needs one.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use super::claims::milliseconds;
use super::link::{Connection, Link, in_words};
use super::node_message::NodeMessage;
use super::{RedisCluster, lock, now};
use crate::hub::Hub;

/// How soon a link that broke is made again, the first time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// How long it waits at most: no longer than that after Redis is back everything goes on.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl RedisCluster {
    /// Makes a link whenever there is none, for as long as it is polled.
    pub(super) async fn keep_link(&self, hub: &Hub) {
        let (mut pause, mut told) = (FIRST_PAUSE, false);
        loop {
            let first = lock(&self.first).take();
            let link = match first {
                Some(link) => Ok(link),
                None => self.connect().await,
            };
            let why = match link {
                Ok(link) => {
                    if told {
                        tracing::info!("Redis is back");
                    }
                    (pause, told) = (FIRST_PAUSE, false);
                    self.serve(link, hub).await
                }
                Err(error) => in_words(&error),
            };
            lock(&self.connection).take();
            if !told {
                tracing::warn!(%why, "Redis is gone: only those on this node can call each other until it is back");
                told = true;
            }
            // Not all nodes at once.
            sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Connects, and subscribes to what is for this node and for all. Before that nobody may be on
    /// it: what is for them would reach nobody.
    pub(super) async fn connect(&self) -> redis::RedisResult<Link> {
        let link = Link::connect(&self.url, self.times.patience()).await?;
        link.connection.subscribe(&[self.layout.node(&self.node)]).await?;
        link.connection.subscribe(&[self.layout.lobby()]).await?;
        Ok(link)
    }

    /// Asks how far the clock of Redis is ahead. It seems further ahead than it is by as long as
    /// the question takes, so what is in time is never taken to be late.
    pub(super) async fn compare_clocks(&self, connection: &Connection) -> redis::RedisResult<()> {
        let asked_at = now();
        let mut command = redis::cmd("EVAL");
        // With a key, so that a Redis Cluster knows which machine is asked.
        command.arg("return redis.call('TIME')").arg(1).arg(self.layout.alive(&self.node));
        let (seconds, micros): (u64, u64) = command.query_async(&mut connection.clone()).await?;
        let time = seconds.saturating_mul(1000).saturating_add(micros.div_ceil(1000));
        let ours = milliseconds(asked_at.saturating_duration_since(self.started));
        self.ahead.store(time.saturating_sub(ours), Ordering::Relaxed);
        Ok(())
    }

    /// Does everything that there is to do over a link, until it can't be used any more; returns
    /// why.
    async fn serve(&self, Link { connection, pushes }: Link, hub: &Hub) -> String {
        lock(&self.watch_list).start_anew();
        lock(&self.connection).replace(connection.clone());
        tokio::select! {
            why = self.receive_pushes(pushes, hub) => why.to_owned(),
            why = self.beat(&connection) => why,
            () = self.renew(&connection, hub) => String::new(),
            () = self.give_back(&connection) => String::new(),
            () = self.sweep(&connection) => String::new(),
            () = self.watch(&connection, hub) => String::new(),
        }
    }

    /// Checks that Redis can be written to and that this node receives its own messages, until that
    /// is not so; returns why.
    async fn beat(&self, connection: &Connection) -> String {
        // Beats of an earlier link may still come.
        let mut count = self.heard.load(Ordering::Acquire);
        loop {
            count += 1;
            if let Err(error) = self.try_beat(connection, count).await {
                return in_words(&error);
            }
            sleep(self.times.beat()).await;
            if self.heard.load(Ordering::Acquire) < count {
                return "this node does not receive its own messages".to_owned();
            }
        }
    }

    async fn try_beat(&self, connection: &Connection, count: u64) -> redis::RedisResult<()> {
        // A server that has become a replica refuses this, and so the one in its place is looked
        // for.
        let mut command = redis::cmd("SET");
        command
            .arg(self.layout.alive(&self.node))
            .arg(count)
            .arg("PX")
            .arg(milliseconds(self.times.lease));
        command.query_async::<()>(&mut connection.clone()).await?;
        connection
            .publish(&self.layout.node(&self.node), &NodeMessage::Beat(count).to_bytes())
            .await?;
        self.compare_clocks(connection).await
    }
}
