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
//! [`registry`], [`sessions`], [`calls`], [`rooms`] and [`router`] are pure: they hold the rules
//! and know nothing of sockets, clocks, databases or dialects. Round them stand one lock (`hub`),
//! one bounded queue per connection (`outbox`, written out by `frame_writer`), one task per
//! connection (`connection`, which hears through `web_socket`), and what all nodes together know
//! (`cluster`, [`names`]). In front of those stands the door: who is let in at all (`admission`,
//! `proxy`, `origin`), encryption (`tls`), and HTTP (`front`, `http`).

#![warn(clippy::expect_used, clippy::panic)]

mod admission;
mod cluster;
pub mod config;
mod connection;
mod http;
mod hub;
mod ice;
pub mod limits;
pub mod names;
mod observability;
pub mod rules;
mod server;
pub mod signals;
mod socketio;

pub use admission::origin::{Origin, OriginOptions};
pub use admission::proxy::{Network, ProxyOptions};
pub use admission::tls::{TlsError, TlsFiles, TlsOptions};
pub use cluster::redis::{RedisConfig, RedisOptions, RedisUnusable, RedisUrl, UrlError};
pub use config::{Config, Options};
pub use connection::timing::{Timing, TimingOptions};
pub use ice::{
    Quotas, RelayConfig, RelayError, RelayFigures, RelayOptions, RelayPorts, Secret,
    SecretTooShort, StunUrl, TurnUrl,
};
pub use limits::{Limits, QueueLimits, Rate};
pub use observability::logging::LogNames;
pub use observability::metrics::{MetricsListen, MetricsOptions};
pub use server::{Server, StartError, start, start_on};
