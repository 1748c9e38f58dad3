//! Publishes for other nodes.
//!
//! One Redis takes a batch at a time, looks up the node of each name and publishes there, in one
//! step each and in order. In a Redis Cluster the name and the channel of its node are on two
//! machines, so it is two steps, one message after the other; should somebody move from node to
//! node between the two, the node that they left answers that they are gone.

use futures_util::future::join_all;
use redis::{Cmd, RedisResult};

use super::RedisCluster;
use super::link::{Connection, in_words};
use super::node_message::NodeMessage;
use super::publish_queue::{Outgoing, PublishQueue};
use super::scripts::{LEAVE, PUBLISH, ROUTE};
use crate::hub::Hub;
use crate::rules::router::{Envelope, RemoteEvent, Undeliverable};

/// What a script says of a name that nobody has.
const NOBODY: i64 = -1;

impl RedisCluster {
    /// Sends what there is to send, for as long as it is polled.
    pub(super) async fn send_all(&self, hub: &Hub) {
        join_all(self.queues.iter().map(|queue| self.send_queue(queue, hub))).await;
    }

    async fn send_queue(&self, queue: &PublishQueue, hub: &Hub) {
        loop {
            let batch = queue.take().await;
            match self.connection() {
                Some(connection) => {
                    let reached = self.send(&connection, &batch).await;
                    for (outgoing, reached) in batch.iter().zip(reached) {
                        report(outgoing, &reached, hub);
                    }
                }
                None => batch
                    .iter()
                    .for_each(|outgoing| notify_sender(outgoing, Undeliverable::Unreachable, hub)),
            }
        }
    }

    /// Sends what is left, when no sender is there any more to be notified of a failure.
    pub(super) async fn send_rest(&self, connection: &Connection) {
        for queue in self.queues.iter() {
            loop {
                let batch = queue.try_take();
                if batch.is_empty() {
                    break;
                }
                self.send(connection, &batch).await;
            }
        }
    }

    /// Sends a batch: for each how many subscribers received it, or [`NOBODY`].
    async fn send(&self, connection: &Connection, batch: &[Outgoing]) -> Vec<RedisResult<i64>> {
        if connection.is_sharded() {
            let mut reached = Vec::with_capacity(batch.len());
            for outgoing in batch {
                reached.push(self.send_to_shard(connection, outgoing).await);
            }
            return reached;
        }
        let mut pipeline = redis::Pipeline::with_capacity(batch.len());
        pipeline.ignore_errors();
        for outgoing in batch {
            pipeline.add_command(self.command(connection, outgoing));
        }
        match pipeline.query_async::<Vec<RedisResult<i64>>>(&mut connection.clone()).await {
            Ok(reached) => reached,
            Err(error) => batch.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn send_to_shard(
        &self,
        connection: &Connection,
        outgoing: &Outgoing,
    ) -> RedisResult<i64> {
        let mut connection = connection.clone();
        let command = match outgoing {
            Outgoing::ToName(envelope) => {
                let lease: Option<String> = redis::cmd("GET")
                    .arg(self.layout.lease(&envelope.to))
                    .query_async(&mut connection)
                    .await?;
                let Some(lease) = lease else { return Ok(NOBODY) };
                let node = lease.split(' ').next().unwrap_or_default();
                let (before, after) = self.layout.nodes();
                let mut command = redis::cmd("EVAL");
                command.arg(PUBLISH).arg(1).arg(format!("{before}{node}{after}"));
                command.arg(self.latest()).arg(self.message(envelope).to_bytes());
                command
            }
            outgoing => self.command(&connection, outgoing),
        };
        command.query_async(&mut connection).await
    }

    /// What is sent in one step in any Redis.
    fn command(&self, connection: &Connection, outgoing: &Outgoing) -> Cmd {
        let publish = |channel: String, message: &NodeMessage| {
            let mut command = redis::cmd(connection.publish_command());
            command.arg(channel).arg(message.to_bytes());
            command
        };
        match outgoing {
            Outgoing::ToName(envelope) => {
                let (before, after) = self.layout.nodes();
                let mut command = redis::cmd("EVAL");
                command.arg(ROUTE).arg(1).arg(self.layout.lease(&envelope.to));
                command.arg(self.latest()).arg(before).arg(after);
                command.arg(self.message(envelope).to_bytes());
                command
            }
            Outgoing::ToNode(node, message) => publish(self.layout.node(node), message),
            Outgoing::ToLobby(message) => {
                let (from, message) = (self.node.clone(), message.clone());
                publish(self.layout.lobby(), &NodeMessage::Lobby { from, message })
            }
            Outgoing::Leave { room, name, number } => {
                let mut command = redis::cmd("EVAL");
                command.arg(LEAVE).arg(1).arg(self.layout.room(room));
                command.arg(name.as_str()).arg(self.holder(*number));
                command
            }
        }
    }

    fn message(&self, envelope: &Envelope) -> NodeMessage {
        NodeMessage::Message {
            from: self.node.clone(),
            to: envelope.to.clone(),
            message: envelope.message.clone(),
        }
    }
}

/// Notifies the sender of a message that reached nobody.
fn report(outgoing: &Outgoing, reached: &RedisResult<i64>, hub: &Hub) {
    match reached {
        Ok(NOBODY) => notify_sender(outgoing, Undeliverable::Nobody, hub),
        // Somebody has the name, on a node that does not listen: it has ended, or has lost its own
        // link to Redis. Or Redis took the message up so late that its sender has been told so.
        Ok(..=0) => notify_sender(outgoing, Undeliverable::Unreachable, hub),
        Ok(_) => {}
        Err(error) => {
            tracing::debug!(why = %in_words(error), "Redis did not accept a message");
            notify_sender(outgoing, Undeliverable::Unreachable, hub);
        }
    }
}

fn notify_sender(outgoing: &Outgoing, why: Undeliverable, hub: &Hub) {
    if let Outgoing::ToName(envelope) = outgoing
        && let Some(undelivered) = envelope.undelivered()
    {
        hub.receive_remote(RemoteEvent::Undeliverable(undelivered, why));
    }
}
