//! Missed calls where all nodes find them: in Redis, which forgets them by itself after
//! [`MISSED_CALL_MEMORY`].
//!
//! The rules are those of [`CallList`]; a list is read, changed here and written back if it is
//! still what was read. It stands beside the key of the name's owner, and for another key there is
//! none.

use async_trait::async_trait;
use redis::RedisResult;
use visavis_shared::limits::MISSED_CALL_MEMORY;
use visavis_shared::{MissedCall, PublicKey, Timestamp, Username};

use super::RedisCluster;
use super::claims::milliseconds;
use super::layout::{Layout, PARTITIONS, Partition};
use super::link::{Connection, in_words};
use super::owners::Record;
use crate::cluster::missed_calls::{MissedStore, MissedTrouble};
use crate::names::call_list::CallList;
use crate::names::missed_calls::{Kept, MAX_LISTS};

/// How often a change is tried when others change the same list.
const TRIES: usize = 8;
/// How many lists of a part are looked through at a time.
const BATCH: usize = 128;

/// What is kept for a name: "key list".
#[derive(Debug, Clone, PartialEq, Eq)]
struct Missed {
    owner: PublicKey,
    list: CallList,
}

impl Missed {
    fn new(owner: PublicKey) -> Self {
        Self { owner, list: CallList::default() }
    }

    /// What can't be read is nothing.
    fn parse(text: &str) -> Option<Self> {
        let (owner, list) = text.split_once(' ')?;
        Some(Self { owner: owner.parse().ok()?, list: CallList::parse(list) })
    }

    fn of(self, owner: &PublicKey) -> Option<Self> {
        (self.owner == *owner).then_some(self)
    }
}

impl From<redis::RedisError> for MissedTrouble {
    fn from(error: redis::RedisError) -> Self {
        Self(format!("Redis does not keep them ({})", in_words(&error)))
    }
}

impl RedisCluster {
    fn for_missed(&self) -> Result<Connection, MissedTrouble> {
        self.connection().ok_or_else(|| MissedTrouble("Redis is gone".to_owned()))
    }

    /// Changes what is kept for a name. `change` says whether it did; what is left empty is erased.
    async fn change_missed(
        &self,
        connection: &Connection,
        name: &Username,
        change: impl Fn(Option<Missed>) -> Option<Missed>,
    ) -> Result<(), MissedTrouble> {
        let key = self.layout.missed(name);
        let mut connection = connection.clone();
        for _ in 0..TRIES {
            let before: Option<String> =
                redis::cmd("GET").arg(&key).query_async(&mut connection).await?;
            let after = change(before.as_deref().and_then(Missed::parse));
            let (text, oldest) = match &after {
                Some(Missed { owner, list }) if !list.calls().is_empty() => {
                    (format!("{owner} {}", list.to_text()), list.oldest())
                }
                _ => (String::new(), None),
            };
            let partition = Partition::of(name.as_str());
            let mut invocation = self.scripts.replace.prepare_invoke();
            invocation
                .key(&key)
                .key(self.layout.missed_since(partition))
                .arg(name.as_str())
                .arg(before.unwrap_or_default())
                .arg(text)
                .arg(oldest.map_or(0, Timestamp::unix_seconds))
                .arg(milliseconds(MISSED_CALL_MEMORY))
                .arg(MAX_LISTS / PARTITIONS as usize)
                .arg(self.layout.all_missed(partition));
            if invocation.invoke_async::<bool>(&mut connection).await? {
                return Ok(());
            }
        }
        Err(MissedTrouble("others changed them all the time".to_owned()))
    }

    /// Names with a call that is too old, or was noted by a clock that was far ahead.
    async fn overdue_missed(
        &self,
        connection: &Connection,
        partition: Partition,
        now: Timestamp,
    ) -> RedisResult<Vec<String>> {
        let (memory, now) = (MISSED_CALL_MEMORY.as_secs(), now.unix_seconds());
        let mut names = Vec::new();
        for (from, to) in [
            ("-inf".to_owned(), now.saturating_sub(memory).to_string()),
            (now.saturating_add(memory).to_string(), "+inf".to_owned()),
        ] {
            let mut range = redis::cmd("ZRANGEBYSCORE");
            range.arg(self.layout.missed_since(partition)).arg(from).arg(to);
            range.arg("LIMIT").arg(0).arg(BATCH);
            names.extend(range.query_async::<Vec<String>>(&mut connection.clone()).await?);
        }
        Ok(names)
    }
}

#[async_trait]
impl MissedStore for RedisCluster {
    async fn keep(
        &self,
        callee: &Username,
        caller: &Username,
        at: Timestamp,
    ) -> Result<Kept, MissedTrouble> {
        let connection = self.for_missed()?;
        let [owned, _] = self.layout.owned();
        let mut ask = redis::cmd("HMGET");
        ask.arg(owned).arg(callee.as_str()).arg(caller.as_str());
        let [callees, callers]: [Option<String>; 2] =
            ask.query_async(&mut connection.clone()).await?;
        let Some(record) = callees else { return Ok(Kept::NotOwned) };
        let owner = Record::parse(&record)?.key;
        // Only its owner can have been online under an owned name.
        let call = MissedCall { from: caller.clone(), at, guest: callers.is_none() };
        let kept = std::sync::Mutex::new(Kept::New);
        self.change_missed(&connection, callee, |before| {
            let mut after =
                before.and_then(|missed| missed.of(&owner)).unwrap_or_else(|| Missed::new(owner));
            let is_new = after.list.add(call.clone());
            *super::lock(&kept) = if is_new { Kept::New } else { Kept::Again };
            Some(after)
        })
        .await?;
        let kept = *super::lock(&kept);
        Ok(kept)
    }

    async fn read(
        &self,
        name: &Username,
        owner: &PublicKey,
        now: Timestamp,
    ) -> Result<Vec<MissedCall>, MissedTrouble> {
        let mut connection = self.for_missed()?;
        let mut ask = redis::cmd("GET");
        ask.arg(self.layout.missed(name));
        let text: Option<String> = ask.query_async(&mut connection).await?;
        let missed = text.as_deref().and_then(Missed::parse).and_then(|missed| missed.of(owner));
        let Some(Missed { mut list, .. }) = missed else { return Ok(Vec::new()) };
        list.forget_old(now);
        Ok(list.calls().to_vec())
    }

    async fn forget(
        &self,
        name: &Username,
        owner: &PublicKey,
        told: &[MissedCall],
    ) -> Result<(), MissedTrouble> {
        let connection = self.for_missed()?;
        self.change_missed(&connection, name, |before| {
            let mut after = before?;
            if after.owner == *owner {
                after.list.forget_told(told);
            }
            Some(after)
        })
        .await
    }

    async fn erase_old(&self, now: Timestamp) -> Result<(), MissedTrouble> {
        let connection = self.for_missed()?;
        for partition in Partition::all() {
            loop {
                let names = self.overdue_missed(&connection, partition, now).await?;
                for name in names.iter().filter_map(|name| Username::parse(name).ok()) {
                    self.change_missed(&connection, &name, |before| {
                        let mut after = before?;
                        after.list.forget_old(now);
                        Some(after)
                    })
                    .await?;
                }
                if names.len() < BATCH {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Erases what is kept for a name.
pub(super) async fn erase(
    connection: &Connection,
    layout: &Layout,
    name: &Username,
) -> RedisResult<()> {
    let mut connection = connection.clone();
    redis::cmd("DEL").arg(layout.missed(name)).query_async::<()>(&mut connection).await?;
    let since = layout.missed_since(Partition::of(name.as_str()));
    redis::cmd("ZREM").arg(since).arg(name.as_str()).query_async(&mut connection).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_for_one_owner() {
        let (ours, theirs) = (PublicKey([1; 32]), PublicKey([2; 32]));
        let text = format!(r#"{ours} [{{"from":"bob","at":"2026-11-29T10:02:00Z"}}]"#);
        let missed = Missed::parse(&text).unwrap();
        assert_eq!(missed.list.calls().len(), 1);
        assert_eq!(missed.clone().of(&theirs), None);
        assert_eq!(missed.clone().of(&ours), Some(missed));
        for text in ["", "x []", &format!("{ours}")] {
            assert_eq!(Missed::parse(text), None, "{text}");
        }
    }
}
