//! What the program does instead of serving.
//!
//! `visavis-signal-server names list` and `names release NAME`: shows and releases owned names in
//! the file of one server or in the Redis of several, also while the server runs.

use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use visavis_shared::{NameError, Username, canonical_name};

use crate::cluster::redis::{RedisConfig, RedisNames, RedisUnusable};
use crate::names::{NameStoreError, NamesConfig, OwnedName};

/// How many names are read at a time.
const PAGE: usize = 1_000;

/// What the program can do besides serving.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Show or release the names that people own. Works while the server runs.
    Names {
        /// What to do.
        #[command(subcommand)]
        action: NamesAction,
    },
    /// Examine what a server with the same options needs: ports, certificate, clock, DNS name,
    /// STUN, relay and Redis. Says what is as it must be, what is not, and what to do. Ends with 1
    /// if something does not work. Changes nothing, and works while the server runs.
    Check,
}

/// What can be done with names.
#[derive(Debug, Clone, Subcommand)]
pub enum NamesAction {
    /// List every owned name with its key, since when it is owned, and when its owner last logged
    /// in.
    List,
    /// Take a name from its owner: the next device that logs in with it owns it. Whoever is online
    /// stays so.
    Release {
        /// The name.
        name: String,
    },
}

/// Why a command failed. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// What was typed is no name.
    #[error("\"{typed}\" can't be a name: {error}", typed = .0.escape_debug(), error = .1)]
    Name(String, NameError),
    /// Nobody owns the name.
    #[error("nobody owns {0}: `names list` shows the names that are owned")]
    NotOwned(Username),
    /// The names can't be read or written.
    #[error(transparent)]
    Store(#[from] NameStoreError),
    /// The names are in a Redis that is not there.
    #[error(transparent)]
    Redis(#[from] RedisUnusable),
    /// What was found can't be shown.
    #[error("the answer can't be written ({0})")]
    Output(#[from] io::Error),
}

impl NamesAction {
    /// Lists or releases names in the file of one server, and writes the result for a person.
    pub fn run(&self, config: &NamesConfig, out: &mut impl Write) -> Result<(), CommandError> {
        match self {
            Self::List => until_reader_stops(list(config, PAGE, out)),
            Self::Release { name } => {
                let name = parse(name)?;
                let released = is_there(config) && config.open()?.release(&name)?;
                write_released(name, released, out)
            }
        }
    }

    /// Lists or releases names in the Redis that all nodes share.
    pub async fn run_at(
        &self,
        config: &RedisConfig,
        out: &mut impl Write,
    ) -> Result<(), CommandError> {
        match self {
            Self::List => {
                let names = RedisNames::open(config).await?.list().await?;
                until_reader_stops(write_names(&names, out).map_err(CommandError::from))
            }
            Self::Release { name } => {
                let name = parse(name)?;
                let released = RedisNames::open(config).await?.release(&name).await?;
                write_released(name, released, out)
            }
        }
    }
}

fn parse(typed: &str) -> Result<Username, CommandError> {
    canonical_name(typed).map_err(|error| CommandError::Name(typed.to_owned(), error))
}

/// A reader that closes the pipe has seen enough: that is no error.
fn until_reader_stops(listed: Result<(), CommandError>) -> Result<(), CommandError> {
    match listed {
        Err(CommandError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn write_released(
    name: Username,
    released: bool,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    if !released {
        return Err(CommandError::NotOwned(name));
    }
    writeln!(out, "{name} is free: the next device that logs in with it owns it.")?;
    Ok(())
}

fn list(config: &NamesConfig, page_size: usize, out: &mut impl Write) -> Result<(), CommandError> {
    if !is_there(config) {
        writeln!(out, "Nobody owns a name yet.")?;
        return Ok(());
    }
    let store = config.open()?;
    let mut page = store.list(None, page_size)?;
    write_names(&page, out)?;
    while let Some(last) = page.last() {
        page = store.list(Some(&last.name), page_size)?;
        write_rows(&page, out)?;
    }
    out.flush()?;
    Ok(())
}

/// Writes a list, or that there is none.
fn write_names(names: &[OwnedName], out: &mut impl Write) -> io::Result<()> {
    if names.is_empty() {
        return writeln!(out, "Nobody owns a name yet.");
    }
    writeln!(out, "{:<32}  {:<10}  {:<10}  key", "name", "owned", "last seen")?;
    write_rows(names, out)?;
    out.flush()
}

fn write_rows(names: &[OwnedName], out: &mut impl Write) -> io::Result<()> {
    for OwnedName { name, key, claimed_at, last_seen } in names {
        writeln!(out, "{:<32}  {}  {}  {key}", name.as_str(), date(*claimed_at), date(*last_seen))?;
    }
    Ok(())
}

/// Looking must not make a file: it would belong to whoever looked, and the server could not write
/// it.
fn is_there(config: &NamesConfig) -> bool {
    // What can't be looked at is there: opening it says what is wrong.
    config.file.as_ref().is_none_or(|file| file.try_exists().unwrap_or(true))
}

/// The day in UTC, as ISO 8601 writes it (the algorithm is Howard Hinnant's `civil_from_days`).
fn date(time: SystemTime) -> String {
    let days = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use visavis_shared::PublicKey;

    use super::*;
    use crate::names::{Guests, NameStore};

    fn said(action: &NamesAction, config: &NamesConfig) -> Result<String, String> {
        let mut out = Vec::new();
        action.run(config, &mut out).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn somewhere() -> (tempfile::TempDir, NamesConfig) {
        let folder = tempfile::tempdir().unwrap();
        let file = Some(folder.path().join("data").join("names.db"));
        (folder, NamesConfig { file, guests: Guests::Allow })
    }

    fn release(name: &str) -> NamesAction {
        NamesAction::Release { name: name.to_owned() }
    }

    #[test]
    fn days_are_written_as_people_read_them() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_709_164_799, "2024-02-28"),
            (1_709_164_800, "2024-02-29"),
            (1_735_689_599, "2024-12-31"),
            (1_795_132_800, "2026-11-20"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(UNIX_EPOCH + Duration::from_secs(seconds)), day);
        }
        assert_eq!(date(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01");
    }

    #[test]
    fn names_are_listed_and_released() {
        let (_folder, config) = somewhere();
        let mut store = config.open().unwrap();
        for text in ["bob", "Alice"] {
            store.claim(&canonical_name(text).unwrap(), &PublicKey([9; 32]), UNIX_EPOCH).unwrap();
        }
        let key = PublicKey([9; 32]);
        let row = |name: &str| format!("{name:<32}  1970-01-01  1970-01-01  {key}\n");
        let listed = said(&NamesAction::List, &config).unwrap();
        let (heading, rows) = listed.split_once('\n').unwrap();
        assert!(heading.starts_with("name ") && heading.ends_with("key"), "{heading}");
        assert_eq!(rows, row("alice") + &row("bob"));
        assert!(said(&release("ALICE"), &config).unwrap().starts_with("alice is free"));
        assert_eq!(
            store.owner(&canonical_name("alice").unwrap()).unwrap(),
            None,
            "a running server sees it"
        );
        assert!(said(&release("alice"), &config).unwrap_err().contains("nobody owns alice"));
        assert!(
            said(&release("../x"), &config)
                .unwrap_err()
                .contains("can't be a name: it can't hold '/'")
        );
    }

    #[test]
    fn looking_makes_no_file() {
        let (folder, config) = somewhere();
        assert_eq!(said(&NamesAction::List, &config).unwrap(), "Nobody owns a name yet.\n");
        assert!(said(&release("alice"), &config).unwrap_err().contains("nobody owns alice"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let Some(path) = &config.file else { return };
        drop(NameStore::open(path).unwrap());
        assert_eq!(said(&NamesAction::List, &config).unwrap(), "Nobody owns a name yet.\n");
    }

    #[test]
    fn every_page_is_listed() {
        let (_folder, config) = somewhere();
        let mut store = config.open().unwrap();
        for i in 0..7 {
            store
                .claim(
                    &canonical_name(&format!("user-{i}x")).unwrap(),
                    &PublicKey([i; 32]),
                    UNIX_EPOCH,
                )
                .unwrap();
        }
        for page in [1, 2, 7, 8] {
            let mut out = Vec::new();
            list(&config, page, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap().lines().count(), 1 + 7);
        }
    }

    #[test]
    fn a_reader_who_has_seen_enough_is_no_error() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(NamesAction::List.run(&NamesConfig::for_tests(), &mut Gone).is_ok());
    }
}
