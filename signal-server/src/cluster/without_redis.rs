//! A build without Redis, as the one in the app: its server is always on its own.
//!
//! The types are those of [`redis`](super::redis) as far as the rest of the server names them; of
//! those that only a Redis makes there are no values.

use std::convert::Infallible;
use std::sync::Arc;

use clap::{ArgMatches, Args};
use visavis_shared::Username;

use super::MissedCalls;
use crate::hub::Cluster;
use crate::names::{Guests, OwnedName};

/// The options about other nodes: none.
#[derive(Debug, Clone, Copy, Args)]
pub struct RedisOptions {}

impl RedisOptions {
    /// The configuration that the options make: always none.
    ///
    /// # Errors
    /// Never.
    pub fn config(&self) -> Result<Option<RedisConfig>, RedisOptionError> {
        Ok(None)
    }

    /// Whether everyone on this machine can read the password: there is none.
    #[must_use]
    pub fn shows_password(&self, _: &ArgMatches) -> bool {
        false
    }
}

/// What a server needs to know about other nodes: it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedisConfig(Infallible);

/// Why the options about other nodes do not go together: they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct RedisOptionError(Infallible);

/// Why Redis can't be used: it is not.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RedisUnusable(Infallible);

/// The names that nodes share.
pub(crate) struct RedisNames(Infallible);

impl RedisNames {
    pub(crate) async fn open(config: &RedisConfig) -> Result<Self, RedisUnusable> {
        match config.0 {}
    }

    pub(crate) async fn list(&self) -> Result<Vec<OwnedName>, RedisUnusable> {
        match self.0 {}
    }

    pub(crate) async fn release(&self, _: &Username) -> Result<bool, RedisUnusable> {
        match self.0 {}
    }
}

/// Joins the other nodes.
pub(crate) async fn join(
    config: &RedisConfig,
    _: Guests,
    _: Option<MissedCalls>,
) -> Result<Arc<dyn Cluster>, RedisUnusable> {
    match config.0 {}
}
