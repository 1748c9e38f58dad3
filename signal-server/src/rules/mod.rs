//! The rules: who is online under which name, who is in a call or a room with whom, and what each
//! message brings about. Pure: no socket, clock, database or dialect.

pub mod calls;
pub mod registry;
pub mod rooms;
pub mod router;
pub mod sessions;
