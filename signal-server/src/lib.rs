//! The signaling server of Visavis: introduces two people, then stays out of the way.
//!
//! [`start`] runs one; a test does so on a port of its own:
//!
//! ```no_run
//! # async fn example() -> Result<(), visavis_signal_server::StartError> {
//! let server = visavis_signal_server::start(visavis_signal_server::Config::for_tests()).await?;
//! println!("{}", server.url());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! [`registry`], [`calls`], [`rooms`] and [`router`] are pure: they hold the rules and know nothing of sockets, clocks
//! or dialects. Round them stand one lock (`hub`), one bounded queue per connection (`outbox`) and one task per
//! connection (`connection`).

mod admission;
pub mod calls;
pub mod config;
mod connection;
mod hub;
mod ice;
mod listener;
mod liveness;
mod outbox;
pub mod registry;
pub mod rooms;
pub mod router;
mod server;
pub mod signals;

pub use admission::Limits;
pub use config::{Config, Options};
pub use ice::{
    Quotas, RelayConfig, RelayError, RelayFigures, RelayOptions, RelayPorts, Secret, SecretTooShort, TurnUrl,
};
pub use liveness::Timing;
pub use server::{Server, StartError, start, start_on};
