//! What waits to be published for other nodes.
//!
//! In several queues, so that one that waits for Redis holds up only its own; whatever is for the
//! same addressee is in the same queue, so its order is kept. A queue holds at most
//! [`MAX_WAITING`]; what comes when it is full is handed back, and its sender gets an error.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use visavis_shared::{RoomId, ServerMessage, Username};

use super::layout::{NodeId, PARTITIONS, Partition};
use super::node_message::NodeMessage;
use crate::rules::router::Envelope;

/// How much may wait in one queue; at 1 KiB each all queues together hold 16 MiB.
const MAX_WAITING: usize = 1024;
/// How much goes to Redis at a time.
const MAX_BATCH: usize = 128;

#[derive(Debug)]
pub(super) enum Outgoing {
    ToName(Envelope),
    ToNode(NodeId, NodeMessage),
    ToLobby(ServerMessage),
    /// Somebody left a room that they entered by this claim.
    Leave {
        room: RoomId,
        name: Username,
        number: u64,
    },
}

impl Outgoing {
    fn addressee(&self) -> &str {
        match self {
            Self::ToName(envelope) => envelope.to.as_str(),
            Self::ToNode(node, _) => node.as_str(),
            Self::ToLobby(_) => "",
            Self::Leave { room, .. } => room.as_str(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct PublishQueue {
    waiting: Mutex<VecDeque<Outgoing>>,
    arrived: Notify,
}

impl PublishQueue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Outgoing>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next that can go together, at once; nothing when nothing waits.
    pub(super) fn try_take(&self) -> Vec<Outgoing> {
        let mut waiting = self.lock();
        let count = waiting.len().min(MAX_BATCH);
        waiting.drain(..count).collect()
    }

    /// The next that can go together, as soon as there is something.
    pub(super) async fn take(&self) -> Vec<Outgoing> {
        loop {
            let batch = self.try_take();
            if !batch.is_empty() {
                return batch;
            }
            self.arrived.notified().await;
        }
    }
}

#[derive(Debug)]
pub(super) struct PublishQueues(Vec<PublishQueue>);

impl Default for PublishQueues {
    fn default() -> Self {
        Self((0..PARTITIONS).map(|_| PublishQueue::default()).collect())
    }
}

impl PublishQueues {
    pub(super) fn iter(&self) -> impl Iterator<Item = &PublishQueue> {
        self.0.iter()
    }

    /// Puts something in its queue. Gives it back when the queue is full.
    #[must_use]
    pub(super) fn push(&self, outgoing: Outgoing) -> Option<Outgoing> {
        let index = Partition::of(outgoing.addressee()).index() as usize;
        let Some(queue) = self.0.get(index) else { return Some(outgoing) };
        let mut waiting = queue.lock();
        if waiting.len() >= MAX_WAITING {
            return Some(outgoing);
        }
        waiting.push_back(outgoing);
        drop(waiting);
        queue.arrived.notify_one();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(to: &str, n: usize) -> Outgoing {
        let message =
            ServerMessage::GuestLeft { username: Username::parse(&n.to_string()).unwrap() };
        Outgoing::ToName(Envelope { to: Username::parse(to).unwrap(), message })
    }

    fn number(outgoing: &Outgoing) -> usize {
        match outgoing {
            Outgoing::ToName(Envelope {
                message: ServerMessage::GuestLeft { username }, ..
            }) => username.as_str().parse().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn the_order_for_one_addressee_is_kept_and_a_full_lane_gives_back() {
        let queues = PublishQueues::default();
        for n in 0..MAX_WAITING {
            assert!(queues.push(envelope("bob", n)).is_none());
        }
        assert_eq!(number(&queues.push(envelope("bob", 7)).unwrap()), 7);
        assert!(queues.push(envelope("carol", 1)).is_none());
        let queue = &queues.0[Partition::of("bob").index() as usize];
        let mut taken = Vec::new();
        while taken.len() < MAX_WAITING {
            let batch = queue.take().await;
            assert!(batch.len() <= MAX_BATCH);
            taken.extend(batch.iter().map(number));
        }
        assert!(taken.is_sorted() && queue.try_take().is_empty());
    }

    #[tokio::test]
    async fn what_arrives_while_somebody_waits_is_taken() {
        let queues = PublishQueues::default();
        let queue = &queues.0[Partition::of("bob").index() as usize];
        let (batch, ()) = tokio::join!(queue.take(), async {
            assert!(queues.push(envelope("bob", 1)).is_none())
        });
        assert_eq!(batch.len(), 1);
    }
}
