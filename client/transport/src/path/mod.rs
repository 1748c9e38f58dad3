//! The network path beneath the library: sockets that outlive their addresses, relays over TCP and
//! TLS, names that are looked up ahead, DSCP marks, and the watch that notices a path that died.

pub(crate) mod dscp;
pub(crate) mod ice_restart_buffer;
pub mod interfaces;
pub mod network;
pub(crate) mod path_watch;
pub mod relay;
pub(crate) mod resolver;
pub(crate) mod socket;
pub mod wire_overhead;
