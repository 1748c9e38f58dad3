//! The set-up of calls over an emulated network, in virtual time: two real peer connections, from
//! the accepted call to the first video frame at either end, hundreds of times in a minute.

mod memory_network;
mod renegotiation;
mod scenario;
mod set_up;

pub use memory_network::MemoryNetwork;
pub use renegotiation::{Account, Change, Step, renegotiate};
pub use scenario::{Bar, Measured, Named, Outcome, scenarios};
pub use set_up::{Scenario, SetUp, simulate};
