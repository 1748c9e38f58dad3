//! How a Redis is set up, for who wants to know before the server starts.

use std::time::Duration;

use redis::RedisResult;
use visavis_shared::Timestamp;

use super::RedisUnusable;
use super::link::{Connection, Link};
use super::options::RedisConfig;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a Redis says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RedisFacts {
    /// The first number of its version; nothing of a Redis Cluster, whose nodes may differ.
    pub(crate) version: Option<u32>,
    pub(crate) is_replica: bool,
    /// It drops keys when its memory is full.
    pub(crate) evicts: bool,
    /// It keeps nothing on its disk as it goes.
    pub(crate) forgets: bool,
    /// What time it is there.
    pub(crate) time: Option<Timestamp>,
}

/// Asks a Redis how it is set up.
pub(crate) async fn inspect(config: &RedisConfig) -> Result<RedisFacts, RedisUnusable> {
    let unusable = |error| RedisUnusable::new(&config.url, &error);
    let link = Link::connect(&config.url, PATIENCE).await.map_err(unusable)?;
    ask(link.connection).await.map_err(unusable)
}

async fn ask(mut connection: Connection) -> RedisResult<RedisFacts> {
    if matches!(connection, Connection::Cluster(_)) {
        // What is sent to any node says nothing of the others.
        redis::cmd("PING").query_async::<()>(&mut connection).await?;
        return Ok(RedisFacts::default());
    }
    let mut said = String::new();
    for section in ["server", "memory", "persistence", "replication"] {
        said += &redis::cmd("INFO").arg(section).query_async::<String>(&mut connection).await?;
    }
    let (seconds, _): (u64, u64) = redis::cmd("TIME").query_async(&mut connection).await?;
    Ok(RedisFacts { time: Some(Timestamp::from_unix_seconds(seconds)), ..read(&said) })
}

/// Reads the lines of an `INFO`.
fn read(said: &str) -> RedisFacts {
    let value = |key: &str| {
        said.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
    };
    let version = value("redis_version").and_then(|version| version.split('.').next());
    RedisFacts {
        version: version.and_then(|number| number.parse().ok()),
        is_replica: value("role").is_some_and(|role| role != "master"),
        evicts: value("maxmemory_policy").is_some_and(|policy| policy != "noeviction"),
        forgets: value("aof_enabled") == Some("0"),
        time: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_says_of_itself_is_read() {
        let said = "# Server\r\nredis_version:7.0.15\r\n# Memory\r\nmaxmemory_policy:noeviction\r\n\
                    # Persistence\r\naof_enabled:1\r\n# Replication\r\nrole:master\r\n";
        let good = RedisFacts { version: Some(7), ..RedisFacts::default() };
        assert_eq!(read(said), good);
        for (from, to, facts) in [
            ("7.0.15", "6.2.1", RedisFacts { version: Some(6), ..good }),
            ("noeviction", "allkeys-lru", RedisFacts { evicts: true, ..good }),
            ("aof_enabled:1", "aof_enabled:0", RedisFacts { forgets: true, ..good }),
            ("master", "slave", RedisFacts { is_replica: true, ..good }),
            ("7.0.15", "new", RedisFacts { version: None, ..good }),
        ] {
            assert_eq!(read(&said.replace(from, to)), facts, "{to}");
        }
        assert_eq!(read(""), RedisFacts::default());
    }
}
