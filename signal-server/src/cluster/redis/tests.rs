//! The lobby over a real Redis: its guests come by Socket.IO, so here they connect without
//! it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use visavis_shared::{Payload, ServerMessage, Username};

use super::{RedisCluster, RedisConfig};
use crate::hub::Cluster;
use crate::hub::{ConnectionHandle, Hub};
use crate::limits::QueueLimits;
use crate::names::Guests;
use real::Redis;

#[path = "../../../tests/common/redis.rs"]
#[allow(dead_code, reason = "each test uses its part")]
mod real;

/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(20);

async fn node(redis: &Redis, tasks: &mut JoinSet<()>) -> (Arc<Hub>, Arc<RedisCluster>) {
    let (url, prefix) = (redis.url().parse().unwrap(), "test:".to_owned());
    let config = RedisConfig { url, prefix, lease: Duration::from_secs(30) };
    let cluster = Arc::new(RedisCluster::start(&config, Guests::Allow, None).await.unwrap());
    let hub =
        Arc::new(Hub::new(true, QueueLimits::default(), Arc::clone(&cluster) as Arc<dyn Cluster>));
    let (running, theirs) = (Arc::clone(&cluster), Arc::clone(&hub));
    tasks.spawn(async move { running.run(&theirs).await });
    (hub, cluster)
}

async fn enter(hub: &Arc<Hub>, name: &str) -> ConnectionHandle {
    let mut handle = hub.connect("127.0.0.1".parse().unwrap());
    if let Some(pending) = handle.enter_as_guest(Username::parse(name).unwrap()) {
        pending.await;
    }
    assert!(matches!(receive(&handle).await, ServerMessage::LoggedIn { .. }));
    handle
}

async fn receive(handle: &ConnectionHandle) -> ServerMessage {
    let next = async {
        loop {
            match handle.outbox().pop().expect("an open handle") {
                Some(message) => return message,
                None => handle.outbox().filled().await,
            }
        }
    };
    timeout(LONG, next).await.expect("a message")
}

#[tokio::test]
async fn the_lobby_is_one_on_all_nodes_and_its_guests_are_on_no_list() {
    let (redis, mut tasks) = (Redis::start(), JoinSet::new());
    let (one, cluster) = node(&redis, &mut tasks).await;
    let (two, _) = node(&redis, &mut tasks).await;
    let (mut ann, ben, cleo) =
        (enter(&one, "ann-1").await, enter(&one, "ben-2").await, enter(&two, "cleo-3").await);
    let said: Payload = serde_json::from_str(r#"{"hi": [1.50]}"#).unwrap();
    drop(ann.broadcast(said.clone()));
    ann.deliver();
    let expected =
        ServerMessage::Broadcast { from: Username::parse("ann-1").unwrap(), message: said };
    assert_eq!((receive(&ben).await, receive(&cleo).await), (expected.clone(), expected));
    assert_eq!(cluster.users("").await, Some((vec![], 0)), "guests are on no list");
    drop(cleo);
    let expected = ServerMessage::GuestLeft { username: Username::parse("cleo-3").unwrap() };
    assert_eq!(
        (receive(&ann).await, receive(&ben).await),
        (expected.clone(), expected),
        "and nobody heard themselves"
    );
}
