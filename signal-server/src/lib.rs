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
//! The rooms, from the ground up:
//!
//! - [`rules`] decides what a message does. It is pure: no socket, clock, database or dialect.
//!   [`names`] says who owns which name, [`limits`] how much of everything there may be.
//! - `hub` holds the rules and one bounded `outbox` per connection behind one lock, and carries out
//!   what the rules say. `cluster` is what it knows of other nodes.
//! - `connection` is a task per WebSocket, `socketio` one per socket of the older pages; both share
//!   a `context`. `ice` answers STUN and relays (TURN).
//! - `admission` stands before them: TLS, proxies, origins, and `http` up to the upgrade. `acme`
//!   gets a certificate and renews it, `encryption` is that or the operator's own.
//! - `announce` makes the server known on the local network.
//! - [`checkup`] examines what all this needs.
//! - `server` starts all this, accepts connections and shuts everything down.

#![warn(clippy::expect_used, clippy::panic)]
#![cfg_attr(
    not(feature = "redis"),
    allow(dead_code, reason = "what only several nodes do with each other")
)]

mod acme;
mod admission;
mod announce;
pub mod checkup;
mod cluster;
pub mod config;
mod connection;
mod context;
mod encryption;
mod http;
mod hub;
mod ice;
pub mod limits;
pub mod names;
pub mod names_command;
mod observability;
mod outbox;
pub mod rules;
mod secret_option;
mod server;
pub mod signals;
mod socketio;
mod transport;

pub use acme::{AcmeConfig, AcmeUnusable, DirectoryUrl, Domain};
pub use admission::origin::Origin;
pub use admission::proxy::Network;
pub use admission::tls::{TlsError, TlsFiles};
pub use admission::web_page::WebSwitch;
pub use announce::{AnnounceConfig, AnnounceSwitch};
pub use cluster::redis::{RedisConfig, RedisOptionError, RedisUnusable};
#[cfg(feature = "redis")]
pub use cluster::redis::{RedisUrl, UrlError};
pub use config::{Config, Options};
pub use ice::{Quotas, RelayConfig, RelayError, RelayMetrics, RelayPorts, Secret};
pub use limits::timing::Timing;
pub use limits::{Limits, QueueLimits, Rate};
pub use observability::logging::LogNames;
pub use server::{Server, StartError, start, start_on};
