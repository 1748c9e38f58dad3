//! Keeps a link to Redis, and does over it all that goes on of its own accord.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use super::claims::milliseconds;
use super::link::{Connection, Link, in_words};
use super::wire::Note;
use super::{RedisCluster, lock};
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
                None => Link::connect(&self.url, self.times.patience()).await,
            };
            let ready = match link {
                Ok(link) => self.subscribe_to_all(&link).await.map(|()| link),
                Err(error) => Err(error),
            };
            let why = match ready {
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

    /// Hears what is said to this node and to all. Before that nothing is to reach it: its sender would not be told.
    async fn subscribe_to_all(&self, link: &Link) -> redis::RedisResult<()> {
        link.connection.subscribe(&[self.layout.node(&self.node)]).await?;
        link.connection.subscribe(&[self.layout.lobby()]).await
    }

    /// Does everything that there is to do over a link, until it can't be used any more: then says why.
    async fn serve(&self, Link { connection, pushes }: Link, hub: &Hub) -> String {
        lock(&self.watches).start_anew();
        lock(&self.connection).replace(connection.clone());
        tokio::select! {
            why = self.hear(pushes, hub) => why.to_owned(),
            why = self.beat(&connection) => why,
            () = self.renew(&connection, hub) => String::new(),
            () = self.give_back(&connection) => String::new(),
            () = self.sweep(&connection) => String::new(),
            () = self.watch(&connection, hub) => String::new(),
        }
    }

    /// Looks whether Redis can be written to and this node hears itself, until that is not so: then says why.
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
                return "this node does not hear what it says to itself".to_owned();
            }
        }
    }

    async fn try_beat(&self, connection: &Connection, count: u64) -> redis::RedisResult<()> {
        // A server that has become a replica refuses this, and so the one in its place is looked for.
        let mut command = redis::cmd("SET");
        command.arg(self.layout.alive(&self.node)).arg(count).arg("PX").arg(milliseconds(self.times.lease));
        command.query_async::<()>(&mut connection.clone()).await?;
        connection.publish(&self.layout.node(&self.node), &Note::Beat(count).to_bytes()).await?;
        Ok(())
    }
}
