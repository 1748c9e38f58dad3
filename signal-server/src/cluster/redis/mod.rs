//! Any number of nodes that are one server, by way of Redis.
//!
//! A name is a lease: one node has it, until it gives it back or does not renew it in time
//! ([`leases`]). Whoever wants to reach somebody asks Redis for the node and publishes there
//! ([`publisher`]); who was called in vain finds that out later ([`missed_calls`]). Redis notifies
//! whoever watches somebody when they come or go ([`watch_list`]). Everything that has to be one
//! step is one script ([`scripts`]).
//!
//! What always holds, as long as Redis forgets nothing it has acknowledged:
//! - a name has at most one owner: a node lets its user go before Redis lets the lease end,
//!   whatever happens;
//! - a node does to a lease only what the claim may by which it holds it (compare and set by node
//!   and number);
//! - presence is notified in the order in which it changed;
//! - messages from one sender to one addressee keep their order, and one that reached nobody comes
//!   back as an error;
//! - while Redis is gone, who is here calls who is here; everything else is refused with words, at
//!   once, and begins again by itself when Redis is back.
//!
//! `docs/scaling.md` says what each failure does, and ADR 5 why it is so.

mod arrival_buffer;
mod claims;
mod inspection;
mod layout;
mod lease_keeper;
mod leases;
mod link;
mod link_supervisor;
mod missed_calls;
mod node_message;
mod options;
mod owners;
mod presence;
mod publish_queue;
mod publisher;
mod redis_file;
mod rooms;
mod scripts;
mod subscriber;
#[cfg(test)]
mod tests;
mod url;
mod watch_list;

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use tokio::sync::Notify;
use visavis_shared::limits::RESUME_WINDOW;
use visavis_shared::{RoomId, Username};

use self::claims::milliseconds;
pub(crate) use self::inspection::{RedisFacts, inspect};
use self::layout::{Layout, NodeId};
use self::leases::{Leases, Times};
use self::link::{Connection, Link, in_words};
pub(crate) use self::options::RedisOptions;
pub use self::options::{RedisConfig, RedisOptionError};
pub(crate) use self::owners::RedisNames;
use self::publish_queue::{Outgoing, PublishQueues};
use self::scripts::Scripts;
pub use self::url::{RedisUrl, UrlError};
use self::watch_list::WatchList;
use crate::cluster::missed_calls::{MissedCalls, keeper_of};
use crate::hub::{Cluster, Hindrance, Hub, MissedCallKeeper, now};
use crate::names::Guests;
use crate::rules::router::{
    Announcement, Claim, ClaimRefusal, Entry, Envelope, RemoteEvent, Undeliverable,
};
use crate::rules::sessions::TokenHash;

/// How many answers may wait for the hub; what comes when there are more is dropped.
const MAX_ANSWERS: usize = 4096;

/// Why Redis can't be used. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("Redis at {at} can't be used ({why}): start it, or check --redis")]
pub struct RedisUnusable {
    at: String,
    why: String,
}

impl RedisUnusable {
    pub(super) fn new(url: &RedisUrl, error: &redis::RedisError) -> Self {
        Self { at: url.to_string(), why: in_words(error) }
    }
}

/// Joins the other nodes.
pub(crate) async fn join(
    config: &RedisConfig,
    guests: Guests,
    missed: Option<MissedCalls>,
) -> Result<Arc<dyn Cluster>, RedisUnusable> {
    Ok(Arc::new(RedisCluster::start(config, guests, missed).await?))
}

/// One node of a server of many.
pub(crate) struct RedisCluster {
    node: NodeId,
    url: RedisUrl,
    times: Times,
    guests: Guests,
    missed: Option<MissedCalls>,
    layout: Layout,
    scripts: Scripts,
    /// The link while it stands; nothing while Redis is gone.
    connection: Mutex<Option<Connection>>,
    /// The link that [`RedisCluster::start`] made, until it is served.
    first: Mutex<Option<Link>>,
    leases: Mutex<Leases>,
    watch_list: Mutex<WatchList>,
    queues: PublishQueues,
    /// Events that the hub could not take at once.
    answers: Mutex<VecDeque<RemoteEvent>>,
    /// How far the clock of Redis, in milliseconds since 1970, is ahead of the time since
    /// `started`.
    ahead: AtomicU64,
    started: Instant,
    /// The last of our own beats that was received.
    heard: AtomicU64,
    answered: Notify,
    give_backs: Notify,
    watch_changes: Notify,
}

impl fmt::Debug for RedisCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisCluster({} at {})", self.node, self.url)
    }
}

/// None of what is behind these locks is ever left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RedisCluster {
    /// Joins the server whose nodes meet at a Redis.
    ///
    /// # Errors
    /// When Redis can't be reached. Later this is no error: then it is waited for.
    pub(crate) async fn start(
        config: &RedisConfig,
        guests: Guests,
        missed: Option<MissedCalls>,
    ) -> Result<Self, RedisUnusable> {
        let times = Times { lease: config.lease };
        let cluster = Self {
            node: NodeId::random(),
            url: config.url.clone(),
            times,
            guests,
            missed,
            layout: Layout::new(&config.prefix),
            scripts: Scripts::default(),
            connection: Mutex::default(),
            first: Mutex::default(),
            leases: Mutex::new(Leases::new(times)),
            watch_list: Mutex::default(),
            queues: PublishQueues::default(),
            answers: Mutex::default(),
            ahead: AtomicU64::new(0),
            started: now(),
            heard: AtomicU64::new(0),
            answered: Notify::new(),
            give_backs: Notify::new(),
            watch_changes: Notify::new(),
        };
        let unusable = |error| RedisUnusable::new(&config.url, &error);
        let link = cluster.connect().await.map_err(unusable)?;
        cluster.compare_clocks(&link.connection).await.map_err(unusable)?;
        lock(&cluster.connection).replace(link.connection.clone());
        lock(&cluster.first).replace(link);
        tracing::info!(node = %cluster.node, redis = %config.url, "joined the cluster");
        Ok(cluster)
    }

    /// The link, if there is one.
    fn connection(&self) -> Option<Connection> {
        lock(&self.connection).clone()
    }

    /// Who holds a lease, as rooms remember it.
    fn holder(&self, number: u64) -> String {
        format!("{} {number}", self.node)
    }

    /// Until when, by the clock of Redis, something that is asked of it now may be done: after that
    /// we have given up.
    fn latest(&self) -> u64 {
        let until =
            milliseconds(now().saturating_duration_since(self.started) + self.times.patience());
        until.saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    /// Puts something on its way, or hands it back.
    fn push(&self, outgoing: Outgoing) {
        if let Some(Outgoing::ToName(envelope)) = self.queues.push(outgoing)
            && let Some(undelivered) = envelope.undelivered()
        {
            self.answer(RemoteEvent::Undeliverable(undelivered, Undeliverable::Unreachable));
        }
    }

    /// Keeps an event for the hub, which is locked now.
    fn answer(&self, event: RemoteEvent) {
        let mut answers = lock(&self.answers);
        if answers.len() < MAX_ANSWERS {
            answers.push_back(event);
            self.answered.notify_one();
        }
    }

    /// Delivers the events that were kept, for as long as it is polled.
    async fn deliver_answers(&self, hub: &Hub) {
        loop {
            let event = lock(&self.answers).pop_front();
            match event {
                Some(event) => hub.receive_remote(event),
                None => self.answered.notified().await,
            }
        }
    }
}

#[async_trait]
impl Cluster for RedisCluster {
    fn is_alone(&self) -> bool {
        false
    }

    fn hindrance(&self) -> Option<Hindrance> {
        lock(&self.connection).is_none().then_some(Hindrance::CutOff)
    }

    async fn claim(&self, claim: &Claim, token: Option<TokenHash>) -> Result<(), ClaimRefusal> {
        self.claim_name(claim, token).await
    }

    fn missed_calls(&self) -> Option<Box<dyn MissedCallKeeper + '_>> {
        keeper_of(self.missed.as_ref(), self)
    }

    async fn users(&self, prefix: &str) -> Option<(Vec<Username>, usize)> {
        let connection = self.connection()?;
        self.listed_names(&connection, prefix)
            .await
            .inspect_err(|error| {
                tracing::warn!(why = %in_words(error), "Redis did not list the names");
            })
            .ok()
    }

    async fn join(&self, room: &RoomId, name: &Username) -> Entry {
        self.enter_room(room, name).await
    }

    fn forward(&self, envelope: Envelope) {
        self.push(Outgoing::ToName(envelope));
    }

    fn announce(&self, announcement: Announcement) {
        match announcement {
            Announcement::Released(name) => {
                lock(&self.leases).release(&name, now());
                self.give_backs.notify_one();
            }
            Announcement::Watching(name) => {
                lock(&self.watch_list).watch(name.clone());
                self.watch_changes.notify_one();
                if self.connection().is_none() {
                    // As far as anybody can tell; when Redis is back they are asked for.
                    self.answer(RemoteEvent::Presence(name, false));
                }
            }
            Announcement::NotWatching(name) => {
                lock(&self.watch_list).unwatch(&name);
                self.watch_changes.notify_one();
            }
            Announcement::LeftRoom(room, name) => {
                let number = lock(&self.leases).left(&name, &room);
                if let Some(number) = number {
                    self.push(Outgoing::Leave { room, name, number });
                }
            }
            Announcement::Lobby(message) => self.push(Outgoing::ToLobby(message)),
        }
    }

    async fn run(&self, hub: &Hub) {
        let keep_missed = async {
            if let Some(missed) = &self.missed {
                missed.run(self).await;
            }
        };
        tokio::join!(
            keep_missed,
            self.keep_link(hub),
            self.let_go(hub),
            self.send_all(hub),
            self.deliver_answers(hub)
        );
    }

    /// Those who can prove that a name is theirs find it reserved on other nodes, for as long as
    /// they would on this one after their connection was lost. All other names are free at once.
    async fn close(&self) {
        let Some(connection) = self.connection() else { return };
        if let Some(missed) = &self.missed {
            missed.finish(self).await;
        }
        self.send_rest(&connection).await;
        self.give_all_back(&connection, RESUME_WINDOW).await;
        lock(&self.connection).take();
    }
}
