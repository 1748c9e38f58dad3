//! The sizes that both ends agree on. Whatever is larger is refused with `too-large` or an
//! [`crate::ids::IdError`].

use std::time::Duration;

/// The longest user name, in characters.
pub const MAX_USERNAME_CHARS: usize = 32;
/// The longest call id, in characters.
pub const MAX_CALL_ID_BYTES: usize = 64;
/// The longest room name, in characters.
pub const MAX_ROOM_CHARS: usize = 64;
/// The largest WebSocket message that the server reads, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// The largest that a client reads: a relayed message may grow by the names it gets.
pub const MAX_RELAYED_BYTES: usize = MAX_MESSAGE_BYTES + 1024;
/// How deep JSON may nest.
pub const MAX_JSON_DEPTH: usize = 32;
/// The most names that one `users` answer lists or one `watch` names.
pub const MAX_LISTED_USERS: usize = 100;
/// The most missed calls that a login is told of.
pub const MAX_MISSED_CALLS: usize = 50;
/// How long a missed call is kept for whoever was called.
pub const MISSED_CALL_MEMORY: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The port that the server listens on and that a client adds to a URL that names none.
pub const DEFAULT_PORT: u16 = 9090;
/// The version of the protocol that `hello` announces.
pub const PROTOCOL_VERSION: u32 = 1;
/// How long a lost connection's name stays reserved for whoever holds its resume token.
pub const RESUME_WINDOW: Duration = Duration::from_secs(15);
