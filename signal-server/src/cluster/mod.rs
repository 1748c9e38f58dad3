//! What all nodes together know: who may have a name, who is online where, who is in which room.
//!
//! Two things are a [`Cluster`](crate::hub::Cluster) for the hub: [`Standalone`], where one node is
//! the whole server, and `RedisCluster`, where any number of nodes meet at a Redis. Both keep
//! what [`MissedCalls`] brings them. Events of other nodes go to
//! [`Hub::receive_remote`](crate::hub::Hub::receive_remote).

mod missed_calls;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(not(feature = "redis"))]
#[path = "without_redis.rs"]
pub(crate) mod redis;
mod standalone;

pub(crate) use self::missed_calls::MissedCalls;
pub(crate) use self::standalone::Standalone;
