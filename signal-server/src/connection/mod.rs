//! One client's connection: read, judged, handed to the rules, and written to.
//!
//! [`handler`] is the task; it reads through [`web_socket`], and what is sent to the client waits
//! in its [`outbox`] until [`writer`] has written it.

pub(crate) mod handler;
pub(crate) mod liveness;
pub(crate) mod outbox;
pub(crate) mod read_ahead;
pub(crate) mod stream;
pub(crate) mod timing;
pub(crate) mod web_socket;
pub(crate) mod writer;
