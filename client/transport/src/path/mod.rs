//! The network path beneath the library: sockets that outlive their addresses, relays over TCP and
//! TLS, names that are looked up ahead, DSCP marks, and the watch that notices a degraded path.

pub(crate) mod budget;
pub(crate) mod destination;
pub(crate) mod dscp;
pub mod happy_eyeballs;
pub(crate) mod ice_restart_buffer;
pub mod interfaces;
pub mod network;
pub(crate) mod network_cards;
pub(crate) mod path_watch;
pub(crate) mod relay;
pub(crate) mod resolver;
pub(crate) mod socket;
pub mod wire_overhead;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks data that stays valid when another thread panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
