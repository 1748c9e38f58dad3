//! Rooms of two, whose members may be on two nodes.
//!
//! A room remembers of each member by which lease they entered. Whoever's lease has ended, or has
//! gone to another claim, is not there any more, and makes room: that is looked at before anybody
//! enters, and is true for good once it is true. Each node renews the rooms of its users with their
//! leases, so that a room that nobody is in is forgotten.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use redis::RedisResult;
use visavis_shared::{RoomId, Username};

use super::claims::milliseconds;
use super::link::{Connection, in_words};
use super::{RedisCluster, lock};
use crate::rules::rooms::ROOM_SIZE;
use crate::rules::router::Entry;

impl RedisCluster {
    pub(super) async fn enter_room(&self, room: &RoomId, name: &Username) -> Entry {
        let number = lock(&self.leases).held(name).map(|held| held.number);
        let (Some(connection), Some(number)) = (self.connection(), number) else {
            return Entry::Unavailable;
        };
        match self.try_enter(&connection, room, name, number).await {
            Ok(Some(others)) => {
                lock(&self.leases).entered(name, number, room.clone());
                Entry::Entered(others)
            }
            Ok(None) => Entry::Full,
            Err(error) => {
                tracing::warn!(why = %in_words(&error), "Redis did not answer who is in a room");
                Entry::Unavailable
            }
        }
    }

    async fn try_enter(
        &self,
        connection: &Connection,
        room: &RoomId,
        name: &Username,
        number: u64,
    ) -> RedisResult<Option<Vec<Username>>> {
        let members: Vec<(String, String)> = redis::cmd("HGETALL")
            .arg(self.layout.room(room))
            .query_async(&mut connection.clone())
            .await?;
        let others = members.into_iter().filter(|(member, _)| member != name.as_str());
        let looked = others.map(|(member, holder)| async move {
            let is_there = match Username::parse(&member) {
                Ok(member) => self.holder_of(connection, &member).await?.as_ref() == Some(&holder),
                Err(_) => false,
            };
            RedisResult::Ok((!is_there).then_some((member, holder)))
        });
        let gone: Vec<_> = try_join_all(looked).await?.into_iter().flatten().collect();
        self.enter(connection, room, name, number, &gone).await
    }

    /// By which claim somebody has their name now.
    async fn holder_of(
        &self,
        connection: &Connection,
        name: &Username,
    ) -> RedisResult<Option<String>> {
        let lease: Option<String> = redis::cmd("GET")
            .arg(self.layout.lease(name))
            .query_async(&mut connection.clone())
            .await?;
        Ok(lease.and_then(|lease| {
            let mut fields = lease.split(' ');
            Some(format!("{} {}", fields.next()?, fields.next()?))
        }))
    }

    /// Enters without looking at anybody but those who are known to be gone; or stays in, so that
    /// the room is not forgotten. Says who else is there, unless it is full.
    pub(super) async fn enter(
        &self,
        connection: &Connection,
        room: &RoomId,
        name: &Username,
        number: u64,
        gone: &[(String, String)],
    ) -> RedisResult<Option<Vec<Username>>> {
        let mut invocation = self.scripts.join.prepare_invoke();
        invocation
            .key(self.layout.room(room))
            .arg(name.as_str())
            .arg(self.holder(number))
            .arg(ROOM_SIZE);
        // Longer than a lease, so that it is renewed in time like one.
        invocation.arg(milliseconds(self.times.lease * 2));
        for (member, holder) in gone {
            invocation.arg(member).arg(holder);
        }
        let reply: Vec<String> = invocation.invoke_async(&mut connection.clone()).await?;
        if reply.first().is_none_or(|first| first != "1") {
            return Ok(None);
        }
        let others: BTreeSet<_> =
            reply.iter().skip(1).filter_map(|other| Username::parse(other).ok()).collect();
        Ok(Some(others.into_iter().collect()))
    }
}
