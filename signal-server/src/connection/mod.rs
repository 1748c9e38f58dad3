//! One client's connection: read, judged, handed to the rules, and written to.
//!
//! [`handler`] is the task; it reads through [`web_socket`]. What is sent to the client waits in
//! its [outbox](crate::outbox).

mod end;
pub(crate) mod handler;
mod liveness;
mod read_ahead;
mod web_socket;
