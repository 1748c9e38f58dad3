//! The call as a sans-IO state machine: no socket, no thread, no clock, no device.
//!
//! [`Call::handle_input`] takes whatever happened and when; [`Call::poll_output`] says what to do about it, until it
//! says nothing more; [`Call::poll_timeout`] says when to come back with [`Input::Timeout`] at the latest.
//! The rules are those of ARCHITECTURE.md, "The call".

pub mod event;
