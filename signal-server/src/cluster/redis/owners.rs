//! Who owns which name, where all nodes find it: in Redis, which has to keep it on a disk (its
//! append-only file).
//!
//! The rules are those of [`decision`](crate::names::decision); here is what they are applied to.
//! What is looked at and what is written is one step of Redis, so two keys never own one name, nor
//! two names that look alike.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::try_join_all;
use redis::{ErrorKind, RedisResult};
use visavis_shared::limits::MAX_LISTED_USERS;
use visavis_shared::{PublicKey, Username, skeleton};

use super::claims::or_none;
use super::layout::{Layout, Partition};
use super::link::{Connection, Link};
use super::options::RedisConfig;
use super::scripts::Scripts;
use super::{RedisCluster, RedisUnusable, missed_calls};
use crate::names::{OwnedName, Standing};

/// How exactly it is remembered when an owner was last there. Coarse, so that most logins write
/// nothing.
const SEEN_GRAIN: Duration = Duration::from_secs(3600);
/// How long Redis may take for a question of the operator's.
const PATIENCE: Duration = Duration::from_secs(5);
const PAGE: usize = 1000;

/// What is written about an owned name: "key since seen skeleton", times in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) key: PublicKey,
    since: u64,
    seen: u64,
}

impl Record {
    pub(super) fn parse(text: &str) -> RedisResult<Self> {
        let mut fields = text.split(' ');
        let record = (|| {
            let (key, since, seen) = (fields.next()?, fields.next()?, fields.next()?);
            Some(Self {
                key: key.parse().ok()?,
                since: since.parse().ok()?,
                seen: seen.parse().ok()?,
            })
        })();
        record.ok_or_else(|| unreadable("a name's owner"))
    }
}

fn unreadable(what: &'static str) -> redis::RedisError {
    (ErrorKind::UnexpectedReturnType, "it holds what can't be read", what.to_owned()).into()
}

impl RedisCluster {
    /// What is known about a name, and the record if somebody owns it. If nobody owns it, nor one
    /// that looks like it, it is then given to the key, where there is one.
    pub(super) async fn look_up_owner(
        &self,
        connection: &Connection,
        name: &Username,
        key: Option<&PublicKey>,
    ) -> RedisResult<(Standing, Option<Record>)> {
        let [owned, skeletons] = self.layout.owned();
        let mut invocation = self.scripts.own.prepare_invoke();
        invocation.key(owned).key(skeletons);
        invocation
            .arg(name.as_str())
            .arg(skeleton(name))
            .arg(or_none(key))
            .arg(seconds(SystemTime::now()));
        let reply: Vec<String> = invocation.invoke_async(&mut connection.clone()).await?;
        match reply.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["free"] => Ok((Standing::Free, None)),
            ["owned", record] => {
                let record = Record::parse(record)?;
                Ok((Standing::Owned(record.key), Some(record)))
            }
            ["like", other] => {
                let other = Username::parse(other).map_err(|_| unreadable("a name"))?;
                Ok((Standing::LooksLike(other), None))
            }
            _ => Err(unreadable("a name's standing")),
        }
    }

    /// Remembers that an owner was there, if that was not noted within the hour.
    pub(super) async fn see_owner(
        &self,
        connection: &Connection,
        name: &Username,
        key: &PublicKey,
        record: &Record,
    ) -> RedisResult<()> {
        let now = seconds(SystemTime::now());
        if now < record.seen.saturating_add(SEEN_GRAIN.as_secs()) {
            return Ok(());
        }
        let [owned, _] = self.layout.owned();
        let mut invocation = self.scripts.seen.prepare_invoke();
        invocation.key(owned).arg(name.as_str()).arg(key.to_string()).arg(now);
        invocation.invoke_async(&mut connection.clone()).await
    }

    /// The first listed names of all parts that begin so, one more than may be shown, and how many
    /// there are.
    pub(super) async fn listed_names(
        &self,
        connection: &Connection,
        prefix: &str,
    ) -> RedisResult<(Vec<Username>, usize)> {
        // Redis orders by bytes, as Rust does, and no text has a byte of 255.
        let (from, to) = match prefix {
            "" => (b"-".to_vec(), b"+".to_vec()),
            prefix => {
                let from = [b"[", prefix.as_bytes()].concat();
                let to = [b"(", prefix.as_bytes(), b"\xff"].concat();
                (from, to)
            }
        };
        let asked = Partition::all().map(|partition| {
            let (from, to, mut connection) = (&from, &to, connection.clone());
            async move {
                let mut invocation = self.scripts.list.prepare_invoke();
                invocation
                    .key(self.layout.listed(partition))
                    .arg(from)
                    .arg(to)
                    .arg(MAX_LISTED_USERS + 1);
                invocation.invoke_async::<(usize, Vec<String>)>(&mut connection).await
            }
        });
        let (mut names, mut total) = (Vec::new(), 0);
        for (count, part) in try_join_all(asked).await? {
            total += count;
            names.extend(part.iter().filter_map(|name| Username::parse(name).ok()));
        }
        names.sort_unstable();
        names.truncate(MAX_LISTED_USERS + 1);
        Ok((names, total))
    }
}

/// The owned names, for the operator.
pub(crate) struct RedisNames {
    link: Link,
    layout: Layout,
    scripts: Scripts,
    config: RedisConfig,
}

impl RedisNames {
    pub(crate) async fn open(config: &RedisConfig) -> Result<Self, RedisUnusable> {
        let link = Link::connect(&config.url, PATIENCE).await;
        let link = link.map_err(|error| RedisUnusable::new(&config.url, &error))?;
        let layout = Layout::new(&config.prefix);
        Ok(Self { link, layout, scripts: Scripts::default(), config: config.clone() })
    }

    /// All owned names, in order.
    pub(crate) async fn list(&self) -> Result<Vec<OwnedName>, RedisUnusable> {
        self.try_list().await.map_err(|error| RedisUnusable::new(&self.config.url, &error))
    }

    /// Takes a name from its owner, and erases the calls that were missed under it. Says whether it
    /// had one.
    pub(crate) async fn release(&self, name: &Username) -> Result<bool, RedisUnusable> {
        self.try_release(name).await.map_err(|error| RedisUnusable::new(&self.config.url, &error))
    }

    async fn try_release(&self, name: &Username) -> RedisResult<bool> {
        let [owned, skeletons] = self.layout.owned();
        let mut invocation = self.scripts.disown.prepare_invoke();
        invocation.key(owned).key(skeletons).arg(name.as_str());
        let released: usize = invocation.invoke_async(&mut self.link.connection.clone()).await?;
        missed_calls::erase(&self.link.connection, &self.layout, name).await?;
        Ok(released > 0)
    }

    async fn try_list(&self) -> RedisResult<Vec<OwnedName>> {
        let [owned, _] = self.layout.owned();
        let (mut connection, mut names, mut cursor) =
            (self.link.connection.clone(), Vec::new(), 0_u64);
        loop {
            let mut scan = redis::cmd("HSCAN");
            scan.arg(&owned).arg(cursor).arg("COUNT").arg(PAGE);
            let (next, page): (u64, Vec<(String, String)>) =
                scan.query_async(&mut connection).await?;
            for (name, record) in page {
                let name = Username::parse(&name).map_err(|_| unreadable("a name"))?;
                let Record { key, since, seen } = Record::parse(&record)?;
                names.push(OwnedName { name, key, claimed_at: time(since), last_seen: time(seen) });
            }
            if next == 0 {
                break;
            }
            cursor = next;
        }
        names.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        // A scan may show a name twice.
        names.dedup_by(|one, other| one.name == other.name);
        Ok(names)
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_whatever_the_name_looks_like() {
        let key = PublicKey([7; 32]);
        let record = Record::parse(&format!("{key} 5 6 a skeleton")).unwrap();
        assert_eq!(record, Record { key, since: 5, seen: 6 });
        for text in ["", "x 5 6 s", &format!("{key} 5"), &format!("{key} -5 6 s")] {
            assert!(Record::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_number_in_redis_is_too_large_for_a_time() {
        assert_eq!(time(u64::MAX), UNIX_EPOCH);
        assert_eq!(seconds(time(9)), 9);
    }
}
