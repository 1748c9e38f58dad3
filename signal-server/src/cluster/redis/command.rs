//! `names list` and `names release NAME` where the names are in Redis.

use std::io::{self, Write};

use visavis_shared::canonical_name;

use super::options::RedisConfig;
use super::owners::RedisNames;
use crate::names::command::{CommandError, NamesAction, write_names};

impl NamesAction {
    /// Does it with the names that all nodes share, and writes what a person wants to know.
    ///
    /// # Errors
    /// [`CommandError`] says in one line what to do.
    pub async fn run_at(
        &self,
        config: &RedisConfig,
        out: &mut impl Write,
    ) -> Result<(), CommandError> {
        match self {
            Self::List => {
                let names = RedisNames::open(config).await?.list().await?;
                match write_names(&names, out) {
                    // Whoever reads has seen enough.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                    other => Ok(other?),
                }
            }
            Self::Release { name: typed } => {
                let name = canonical_name(typed)
                    .map_err(|error| CommandError::Name(typed.clone(), error))?;
                if !RedisNames::open(config).await?.release(&name).await? {
                    return Err(CommandError::NotOwned(name));
                }
                writeln!(out, "{name} is free: the next device that logs in with it owns it.")?;
                Ok(())
            }
        }
    }
}
