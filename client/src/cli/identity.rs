//! `visavis identity`: where the key is that names belong to, and its way to another computer.
//!
//! In: what is to be done with which [`KeyStore`], and the terminal or a file with the passphrase.
//! Out: lines for people or JSON, or one line that says why not, with the exit code. What always
//! holds: a passphrase comes from no argument and no variable, and is not shown as it is typed; a
//! key that is here is replaced only by somebody who says so.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;

use super::ExitReason;
use crate::device_key::passphrase::{FEWEST_CHARS, Passphrase, Strength};
use crate::device_key::store::{Imported, MoveError};
use crate::device_key::{DeviceKey, KeyError, KeyPlace, KeyStore};
use crate::signaling::ServerUrl;

/// A longer file holds no passphrase.
const MOST_PASSPHRASE_BYTES: u64 = 8 * 1024;
/// In the place of a file: standard input.
const STANDARD_INPUT: &str = "-";

/// What to do with the key.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum IdentityCommand {
    /// Say where the key is; with --server also by which public key that server knows it
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Seal the key with a passphrase into a new file, to import it on another computer
    Export {
        /// The file, which must not be there yet
        file: PathBuf,
        /// Read the passphrase from the first line of this file; - is standard input [default: ask
        /// in the terminal]
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// Use the key of an exported file here; the one that is here is kept aside
    Import {
        /// The file
        file: PathBuf,
        /// Read the passphrase from the first line of this file; - is standard input [default: ask
        /// in the terminal]
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// Do not ask before another key is replaced
        #[arg(long)]
        yes: bool,
    },
}

/// Why it was not done. Each text is one line for the person.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum IdentityError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Move(#[from] MoveError),
    #[error("--server: {0}")]
    Server(String),
    #[error("there is no terminal to ask in: give the passphrase with --passphrase-file")]
    NoTerminal,
    #[error("the passphrase can't be read: {0}")]
    Passphrase(io::Error),
    #[error("that passphrase is too short: use at least {FEWEST_CHARS} characters")]
    TooShort,
    #[error("the two passphrases differ; nothing was written")]
    Differ,
    #[error("another key is here: add --yes to replace it; it is kept aside")]
    NotAsked,
    #[error("the key that is here stays")]
    Refused,
    #[error("{0}")]
    Json(serde_json::Error),
}

impl IdentityError {
    /// How the program ends.
    #[must_use]
    pub fn exit(&self) -> ExitReason {
        match self {
            Self::Key(_) | Self::Move(MoveError::Key(_) | MoveError::Export(_)) => {
                ExitReason::Device
            }
            _ => ExitReason::Usage,
        }
    }
}

/// What `show` prints as JSON.
#[derive(Serialize)]
struct Shown<'a> {
    place: &'static str,
    file: Option<&'a Path>,
    server: Option<&'a str>,
    public_key: Option<String>,
}

/// Does it, and says it line by line.
///
/// # Errors
/// [`IdentityError`] says in one line why not.
pub fn run(
    command: &IdentityCommand,
    store: &KeyStore,
    server: Option<&str>,
    say: impl Fn(&str),
) -> Result<(), IdentityError> {
    match command {
        IdentityCommand::Show { json } => show(store, server, *json, say),
        IdentityCommand::Export { file, passphrase_file } => {
            let passphrase = chosen(passphrase_file.as_deref(), &say)?;
            store.export(file, &passphrase)?;
            say(&format!(
                "The key is in {}, sealed with the passphrase. Take both to the other computer, \
                 and run `visavis identity import` there.",
                file.display()
            ));
            Ok(())
        }
        IdentityCommand::Import { file, passphrase_file, yes } => {
            let passphrase = match passphrase_file {
                Some(from) => from_file(from)?,
                None => asked("Passphrase: ")?,
            };
            let key = KeyStore::open_export(file, &passphrase)?;
            may_replace(store, &key, *yes)?;
            say(&match store.import(&key)? {
                Imported::Same => "That is the key that is here already.".to_owned(),
                Imported::Replaced(None) => "The key is here now.".to_owned(),
                Imported::Replaced(Some(aside)) => {
                    format!("The key is here now. The one before is kept in {}.", aside.display())
                }
            });
            Ok(())
        }
    }
}

fn show(
    store: &KeyStore,
    server: Option<&str>,
    json: bool,
    say: impl Fn(&str),
) -> Result<(), IdentityError> {
    let origin = server.map(|server| {
        let url = ServerUrl::parse(server);
        url.map(|url| url.origin().to_owned())
            .map_err(|error| IdentityError::Server(error.to_string()))
    });
    let origin = origin.transpose()?;
    let place = store.place();
    // Read only where something needs it: that may ask somebody to unlock the keyring.
    let public_key = match (&origin, &place) {
        (Some(origin), Some(_)) => Some(store.load()?.0.login_key(origin).public().to_string()),
        _ => None,
    };
    let file = match &place {
        Some(KeyPlace::File(path)) => Some(path.as_path()),
        Some(KeyPlace::Keyring) | None => None,
    };
    if json {
        let place = match &place {
            Some(KeyPlace::Keyring) => "keyring",
            Some(KeyPlace::File(_)) => "file",
            None => "none",
        };
        let shown = Shown { place, file, server: origin.as_deref(), public_key };
        say(&serde_json::to_string_pretty(&shown).map_err(IdentityError::Json)?);
        return Ok(());
    }
    say(&match (&place, file) {
        (None, _) => "There is no key yet: the first log-in makes one.".to_owned(),
        (_, Some(path)) => format!("The key is in the file {}.", path.display()),
        _ => "The key is in the system's keyring.".to_owned(),
    });
    match (origin, public_key) {
        (Some(origin), Some(key)) => say(&format!("{origin} knows it as {key}.")),
        (None, _) if place.is_some() => {
            say("Each server knows another public key of it: add --server URL to see that.");
        }
        _ => {}
    }
    Ok(())
}

/// The passphrase that is to seal a key: asked for twice, because nobody sees it.
fn chosen(file: Option<&Path>, say: impl Fn(&str)) -> Result<Passphrase, IdentityError> {
    let first = match file {
        Some(from) => from_file(from)?,
        None => asked("A passphrase for the file: ")?,
    };
    match first.strength() {
        Strength::TooShort => return Err(IdentityError::TooShort),
        Strength::Weak => {
            say("Whoever finds the file can guess this passphrase: several words are better.")
        }
        Strength::Fair | Strength::Strong => {}
    }
    if file.is_none() && asked("The same again: ")? != first {
        return Err(IdentityError::Differ);
    }
    Ok(first)
}

fn asked(question: &str) -> Result<Passphrase, IdentityError> {
    let typed = rpassword::prompt_password(question).map_err(|_| IdentityError::NoTerminal)?;
    Ok(Passphrase::new(&typed))
}

fn from_file(path: &Path) -> Result<Passphrase, IdentityError> {
    let mut bytes = Vec::new();
    let read = if path == Path::new(STANDARD_INPUT) {
        io::stdin().lock().take(MOST_PASSPHRASE_BYTES).read_until(b'\n', &mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| {
            let mut file = io::BufReader::new(file.take(MOST_PASSPHRASE_BYTES));
            file.read_until(b'\n', &mut bytes)
        })
    };
    read.map_err(IdentityError::Passphrase)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        IdentityError::Passphrase(io::Error::new(io::ErrorKind::InvalidData, "it is no text"))
    })?;
    Ok(Passphrase::new(text.lines().next().unwrap_or_default()))
}

/// Asks before a key is replaced that somebody may still need.
fn may_replace(store: &KeyStore, key: &DeviceKey, yes: bool) -> Result<(), IdentityError> {
    if yes || !store.has_another(key) {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(IdentityError::NotAsked);
    }
    let mut error = io::stderr();
    // A terminal that shows nothing gets no answer either.
    let _ = write!(
        error,
        "Another key is here, and names belong to it. Replace it? It is kept aside. [y/N] "
    );
    let _ = error.flush();
    let mut answer = String::new();
    let read = io::stdin().lock().take(16).read_line(&mut answer);
    match read {
        Ok(_) if matches!(answer.trim(), "y" | "Y" | "yes") => Ok(()),
        _ => Err(IdentityError::Refused),
    }
}
