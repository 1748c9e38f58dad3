//! A network to test calls on: slow, late, lossy, and the same every time.
//!
//! [`Link`] is one direction of it, pure: packets go in, and come out when they arrive, by a time
//! that is an argument and a seed. [`Timeline`] changes a link's [`Conditions`] as time goes by.
//! [`Emulator`] puts two links between two programs on real UDP sockets; a [`BlackHole`] is an
//! address that never answers.

mod black_hole;
mod conditions;
mod emulator;
mod link;
mod timeline;
mod trace;

pub use black_hole::BlackHole;
pub use conditions::{Conditions, Loss, Rate};
pub use emulator::{Emulator, Side, address_of};
pub use link::{Link, LinkCounts, SendOutcome};
pub use timeline::Timeline;
pub use trace::{Trace, TraceRow};
