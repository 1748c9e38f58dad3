//! One connection to Redis, for commands and for what others publish.
//!
//! Both go over the same stream (RESP3), so that they are in one order: what is asked after a
//! subscription is answered after it. A link that broke, or that could not keep up, is thrown away
//! and a new one is made: whoever made it has to subscribe anew and to ask for what it may have
//! missed.

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{Sentinel, SentinelNodeConnectionInfo};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, ProtocolVersion, PushInfo, PushKind,
    RedisError, RedisFuture, RedisResult, TlsMode, Value,
};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::url::{Address, RedisUrl};

/// How much of what others published may wait to be taken up. When it is full the link is given up:
/// what would be dropped could be anything, and a new link begins with asking for everything.
const MAX_PUSHES: usize = 4096;
/// How many commands may be on their way into the stream; more of them wait.
const MAX_COMMANDS: usize = 1024;

/// Something that came of its own accord.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Push {
    Message {
        channel: String,
        payload: Vec<u8>,
    },
    /// Redis ended a subscription: the part of the cluster has moved.
    Unsubscribed(String),
    Disconnected,
}

/// A connection to whatever Redis it is. Cheap to clone: all clones share one stream.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// A connection, and what comes over it.
pub(super) struct Link {
    pub(super) connection: Connection,
    /// Ends when the link fell behind.
    pub(super) pushes: mpsc::Receiver<Push>,
}

impl Link {
    /// Connects. No command on it takes longer than `patience`, and connecting no longer than a few
    /// times that.
    pub(super) async fn connect(url: &RedisUrl, patience: Duration) -> RedisResult<Self> {
        let (send, pushes) = mpsc::channel(MAX_PUSHES);
        let connection = match timeout(patience * 5, connect(url.address(), patience, send)).await {
            Ok(connected) => connected?,
            Err(_) => return Err((ErrorKind::Io, "it does not answer").into()),
        };
        Ok(Self { connection, pushes })
    }
}

async fn connect(
    address: &Address,
    patience: Duration,
    send: mpsc::Sender<Push>,
) -> RedisResult<Connection> {
    let client = match address {
        Address::Single(info) => Client::open(info.clone())?,
        Address::Sentinel { sentinels, service, redis, tls } => {
            let mut node =
                SentinelNodeConnectionInfo::default().set_redis_connection_info(redis.clone());
            if *tls {
                node = node.set_tls_mode(TlsMode::Secure);
            }
            // Made anew each time, so that no connection to a sentinel is remembered that broke.
            let mut asked = Sentinel::build(sentinels.clone())?;
            asked.async_master_for(service.as_str(), Some(&node)).await?
        }
        Address::Cluster(infos) => {
            let client = ClusterClientBuilder::new(infos.clone())
                .connection_timeout(patience)
                .response_timeout(patience)
                .use_protocol(ProtocolVersion::RESP3)
                .push_sender(forward_to(send))
                .build()?;
            return client.get_async_connection().await.map(Connection::Cluster);
        }
    };
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(patience))
        .set_response_timeout(Some(patience))
        .set_pipeline_buffer_size(MAX_COMMANDS)
        .set_push_sender(forward_to(send));
    client.get_multiplexed_async_connection_with_config(&config).await.map(Connection::Single)
}

/// What takes the pushes of a connection. It drops its end of the channel when the channel is full:
/// the reader finds the end after all that came before.
fn forward_to(
    send: mpsc::Sender<Push>,
) -> impl Fn(PushInfo) -> Result<(), redis::aio::SendError> + Send + Sync {
    let open = std::sync::Mutex::new(Some(send));
    move |info| {
        let Some(push) = read(info) else { return Ok(()) };
        let mut open = open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match open.as_ref().map(|send| send.try_send(push)) {
            Some(Ok(())) => Ok(()),
            _ => {
                open.take();
                Err(redis::aio::SendError)
            }
        }
    }
}

fn read(PushInfo { kind, data }: PushInfo) -> Option<Push> {
    let mut data = data.into_iter();
    let mut text = || match data.next() {
        Some(Value::BulkString(bytes)) => Some(bytes),
        Some(Value::SimpleString(text)) => Some(text.into_bytes()),
        _ => None,
    };
    match kind {
        PushKind::Message | PushKind::SMessage => {
            let (channel, payload) = (text()?, text()?);
            Some(Push::Message { channel: String::from_utf8(channel).ok()?, payload })
        }
        PushKind::SUnsubscribe | PushKind::Unsubscribe => {
            Some(Push::Unsubscribed(String::from_utf8(text()?).ok()?))
        }
        PushKind::Disconnection => Some(Push::Disconnected),
        _ => None,
    }
}

impl Connection {
    /// Whether what is published has to be addressed to a part of a cluster.
    pub(super) fn is_sharded(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    pub(super) fn publish_command(&self) -> &'static str {
        if self.is_sharded() { "SPUBLISH" } else { "PUBLISH" }
    }

    /// Publishes, and says to how many.
    pub(super) async fn publish(&self, channel: &str, payload: &[u8]) -> RedisResult<usize> {
        let mut connection = self.clone();
        redis::cmd(self.publish_command())
            .arg(channel)
            .arg(payload)
            .query_async(&mut connection)
            .await
    }

    /// Subscribes to channels, which have to be of one part of a cluster.
    pub(super) async fn subscribe(&self, channels: &[String]) -> RedisResult<()> {
        match self.clone() {
            Self::Single(mut connection) => connection.subscribe(channels).await,
            Self::Cluster(mut connection) => connection.ssubscribe(channels).await,
        }
    }

    pub(super) async fn unsubscribe(&self, channels: &[String]) -> RedisResult<()> {
        match self.clone() {
            Self::Single(mut connection) => connection.unsubscribe(channels).await,
            Self::Cluster(mut connection) => connection.sunsubscribe(channels).await,
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(cmd),
            Self::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

/// What an error of Redis says, for a log: a word of the server's or of the library's, and nothing
/// of what was sent.
pub(super) fn in_words(error: &RedisError) -> String {
    match (error.kind(), error.code()) {
        (ErrorKind::Server(_) | ErrorKind::Extension, Some(code)) => code.to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(n: usize) -> PushInfo {
        let text = |text: String| Value::BulkString(text.into_bytes());
        PushInfo {
            kind: PushKind::Message,
            data: vec![text("channel".into()), text(n.to_string())],
        }
    }

    #[test]
    fn a_reader_that_falls_behind_finds_the_end_after_all_that_came_before() {
        let (send, mut pushes) = mpsc::channel(2);
        let sender = forward_to(send);
        assert!(sender(message(0)).is_ok() && sender(message(1)).is_ok());
        assert!(sender(message(2)).is_err());
        for n in 0..2 {
            let payload = n.to_string().into_bytes();
            assert_eq!(pushes.try_recv(), Ok(Push::Message { channel: "channel".into(), payload }));
        }
        assert_eq!(pushes.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
        assert!(sender(message(3)).is_err(), "and nothing comes after it");
    }

    #[test]
    fn what_is_no_message_of_ours_is_nothing() {
        let push = |kind, data| read(PushInfo { kind, data });
        assert_eq!(push(PushKind::Message, vec![]), None);
        assert_eq!(push(PushKind::Message, vec![Value::Int(1), Value::Nil]), None);
        assert_eq!(push(PushKind::Invalidate, vec![]), None);
        assert_eq!(push(PushKind::Disconnection, vec![]), Some(Push::Disconnected));
    }
}
