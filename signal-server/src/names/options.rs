//! Where names are kept and who may do without a key: what the command line and the environment say
//! about it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::decision::Guests;
use super::error::NameStoreError;
use super::store::NameStore;

/// The file's name inside the data folder.
pub const NAMES_FILE: &str = "names.db";
/// The folder inside the system's place for what programs remember.
const FOLDER: &str = "visavis-signal-server";

/// The options about names.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Names")]
pub struct NamesOptions {
    /// The folder where the server remembers who owns which name. Unless set: the state directory
    /// that systemd gives, or visavis-signal-server in $XDG_STATE_HOME, ~/.local/state or /var/lib.
    #[arg(long, env = "VISAVIS_DATA_DIR", value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,

    /// Whether people without a device key (older browser pages, say) are let in. They may use
    /// names that nobody owns.
    #[arg(long, env = "VISAVIS_GUESTS", value_name = "POLICY", default_value = "allow")]
    pub guests: Guests,

    /// Whether the server remembers who called an owned name while nobody was online under it, to
    /// tell its owner at the next login: names and times of 50 calls at most, for 30 days at most,
    /// and nothing else.
    #[arg(long, env = "VISAVIS_MISSED_CALLS", value_name = "SWITCH", default_value = "on")]
    pub missed_calls: MissedCallsSwitch,
}

/// Whether missed calls are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MissedCallsSwitch {
    /// They are, and told.
    On,
    /// They are not, and those of before are erased.
    Off,
}

impl NamesOptions {
    /// The configuration that the options make.
    #[must_use]
    pub fn config(&self) -> NamesConfig {
        NamesConfig { file: Some(self.folder().join(NAMES_FILE)), guests: self.guests }
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let usual = || usual_folder(|variable| std::env::var_os(variable));
        self.data_dir.clone().unwrap_or_else(usual)
    }
}

/// What a server needs to know about names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamesConfig {
    /// The file that keeps them; without one they are forgotten when the server ends.
    pub file: Option<PathBuf>,
    /// Whether people without a key are let in.
    pub guests: Guests,
}

impl NamesConfig {
    /// Nothing is kept, and guests are let in.
    #[must_use]
    pub fn for_tests() -> Self {
        Self { file: None, guests: Guests::Allow }
    }

    /// Names are kept in this folder, and guests are let in.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { file: Some(folder.join(NAMES_FILE)), guests: Guests::Allow }
    }

    /// Opens the names.
    ///
    /// # Errors
    /// [`NameStoreError`] says in one line what is wrong and what to do.
    pub fn open(&self) -> Result<NameStore, NameStoreError> {
        match &self.file {
            None => NameStore::open_in_memory(),
            Some(path) => NameStore::open(path),
        }
    }
}

/// The folder when none was asked for.
fn usual_folder(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    // systemd may give several, the first of which is ours.
    let given = set("STATE_DIRECTORY").and_then(|folders| std::env::split_paths(&folders).next());
    let under = |name: &str, rest: &str| {
        let base = PathBuf::from(set(name)?);
        // The rules for XDG_STATE_HOME: what is relative is to be ignored.
        base.is_absolute().then(|| base.join(rest).join(FOLDER))
    };
    let in_profile =
        || if cfg!(windows) { under("LOCALAPPDATA", "") } else { under("HOME", ".local/state") };
    given
        .or_else(|| under("XDG_STATE_HOME", ""))
        .or_else(in_profile)
        .unwrap_or_else(|| Path::new("/var/lib").join(FOLDER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_folder_follows_systemd_then_xdg_then_the_home_folder() {
        let folder = |variables: &[(&str, &str)]| {
            let found = usual_folder(|name| {
                variables
                    .iter()
                    .find(|(variable, _)| *variable == name)
                    .map(|(_, value)| (*value).into())
            });
            found.to_str().unwrap().to_owned()
        };
        let (systemd, xdg, home) = (
            ("STATE_DIRECTORY", "/var/lib/v:/x"),
            ("XDG_STATE_HOME", "/state"),
            ("HOME", "/home/ann"),
        );
        assert_eq!(folder(&[systemd, xdg, home]), "/var/lib/v");
        assert_eq!(folder(&[xdg, home]), "/state/visavis-signal-server");
        assert_eq!(folder(&[home]), "/home/ann/.local/state/visavis-signal-server");
        assert_eq!(
            folder(&[("XDG_STATE_HOME", "state"), ("HOME", "")]),
            "/var/lib/visavis-signal-server"
        );
        assert_eq!(folder(&[]), "/var/lib/visavis-signal-server");
    }
}
