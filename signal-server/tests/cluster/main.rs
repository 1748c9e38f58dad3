//! Several servers that are one, over a real Redis.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

#[path = "../common/mod.rs"]
mod common;
mod failures;
mod kinds;
mod missed_calls;
mod nodes;
mod owners;
#[path = "../common/redis.rs"]
mod redis;
mod together;
