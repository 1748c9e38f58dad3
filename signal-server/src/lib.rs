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
//! [`registry`], [`sessions`], [`calls`], [`rooms`] and [`router`] are pure: they hold the rules and know nothing of
//! sockets, clocks, databases or dialects. Round them stand one lock (`hub`), one bounded queue per connection (`outbox`),
//! one task per connection (`connection`), and what all nodes together know (`cluster`, [`names`]).

mod admission;
pub mod calls;
mod cluster;
pub mod config;
mod connection;
mod front;
mod http;
mod hub;
mod ice;
mod listener;
mod liveness;
pub mod names;
mod outbox;
pub mod registry;
pub mod rooms;
pub mod router;
mod server;
pub mod sessions;
pub mod signals;
mod transport;

pub use admission::Limits;
pub use cluster::redis::{RedisConfig, RedisOptions, RedisUnusable, RedisUrl, UrlError};
pub use config::{Config, Options};
pub use liveness::Timing;
pub use server::{Server, StartError, start, start_on};
