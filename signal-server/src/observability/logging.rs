//! What is written to the log, and how names stand in it.
//!
//! Neither what people send nor their addresses are ever logged. Names only as the operator wants
//! them, as `LoggedName`s.

use std::fmt;
use std::io::{self, IsTerminal as _};

use clap::{Args, ValueEnum};
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// The log on the command line.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct LogOptions {
    /// What is logged to standard error: error, warn, info, debug or trace. Neither addresses nor
    /// what people send are ever logged.
    #[arg(long, env = "VISAVIS_LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,

    /// How a line of the log is written: for people, or as one JSON object for programs.
    #[arg(long, env = "VISAVIS_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// How names stand in the log. Hashed, a name is the same eight digits until the server is
    /// started again, and nobody can tell the name from them.
    #[arg(long, env = "VISAVIS_LOG_NAMES", value_name = "HOW", default_value = "hashed")]
    pub log_names: LogNames,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How names stand in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogNames {
    /// As they are.
    Plain,
    /// As eight digits that nobody can turn back.
    Hashed,
    /// Not at all.
    Off,
}

impl LogOptions {
    /// Begins to log.
    pub fn begin(&self) -> Result<(), ParseError> {
        let filter = EnvFilter::builder().parse(&self.log)?;
        // no-color.org
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colours = io::stderr().is_terminal() && !plain;
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
        match self.log_format {
            LogFormat::Text => log.with_ansi(colours).init(),
            LogFormat::Json => log.json().flatten_event(true).with_ansi(false).init(),
        }
        Ok(())
    }
}

/// Why a port that is not needed could not be had, in words for the log.
pub(crate) fn why_not_bound(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::AddrInUse {
        "the port is in use by another program".to_owned()
    } else {
        error.to_string()
    }
}

/// Makes names fit for the log.
pub(crate) struct NameLog {
    names: LogNames,
    /// Another one whenever the server is started.
    key: [u8; 32],
}

/// A name as it may stand in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoggedName(String);

impl NameLog {
    pub(crate) fn new(names: LogNames) -> Self {
        Self { names, key: rand::random() }
    }

    /// The name as it may be logged.
    pub(crate) fn show(&self, name: &str) -> LoggedName {
        LoggedName(match self.names {
            LogNames::Plain => name.to_owned(),
            LogNames::Hashed => self.digits(name),
            LogNames::Off => "-".to_owned(),
        })
    }

    fn digits(&self, name: &str) -> String {
        // A key of any length will do, so this never fails.
        let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return "-".to_owned() };
        hmac.update(name.as_bytes());
        hmac.finalize().into_bytes().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for NameLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameLog").field("names", &self.names).finish_non_exhaustive()
    }
}

impl fmt::Display for LoggedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_name_is_eight_digits_that_stay_the_same_in_one_process() {
        let log = NameLog::new(LogNames::Hashed);
        let alice = log.show("alice").to_string();
        assert!(alice.len() == 8 && alice.bytes().all(|b| b.is_ascii_hexdigit()), "{alice}");
        assert_eq!(log.show("alice").to_string(), alice);
        assert_ne!(log.show("bob").to_string(), alice);
        assert_ne!(NameLog::new(LogNames::Hashed).show("alice").to_string(), alice);
    }

    #[test]
    fn names_stand_in_the_log_as_the_operator_wants() {
        assert_eq!(NameLog::new(LogNames::Plain).show("alice").to_string(), "alice");
        assert_eq!(NameLog::new(LogNames::Off).show("alice").to_string(), "-");
    }

    #[test]
    fn the_key_is_not_shown() {
        let log = NameLog { names: LogNames::Hashed, key: [0xab; 32] };
        assert_eq!(format!("{log:?}"), "NameLog { names: Hashed, .. }");
    }
}
