//! The file: where it is, reading it, and writing it.

use std::io;
use std::path::{Path, PathBuf};

use super::reading::{self, VERSION};
use super::values::Settings;
use crate::private_file;
use crate::words::{Phrase, phrase};

/// The file's name inside its folder.
pub const SETTINGS_FILE: &str = "settings.json";
/// A settings file larger than this is not ours.
const MAX_SETTINGS_BYTES: u64 = 256 * 1024;

/// Why settings can't be read or kept.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum SettingsError {
    #[error("the settings in {0} can't be read ({1})")]
    Read(PathBuf, #[source] io::Error),
    #[error("the settings in {0} are damaged")]
    Damaged(PathBuf),
    #[error("the settings can't be saved in {0} ({1})")]
    Write(PathBuf, #[source] io::Error),
}

/// What is to be said when settings are opened. All of it is here.
enum Words<'a> {
    SetAside(&'a Path),
    Stuck(&'a Path, &'a io::Error),
    Unreadable(&'a SettingsError),
    Ignored(&'a [String], &'a Path),
    Later(&'a Path),
}

impl Words<'_> {
    fn phrase(&self) -> Phrase {
        let file = |path: &Path| path.display().to_string();
        match self {
            Self::SetAside(aside) => phrase!("settings-damaged", file = file(aside)),
            Self::Stuck(path, error) => {
                let plain = format!(
                    "Starting with default settings: yours are damaged, and new ones won't be \
                     kept. Move {} away ({error}).",
                    path.display()
                );
                phrase!("settings-stuck", file = file(path)).or_plain(plain)
            }
            Self::Unreadable(error) => {
                let plain =
                    format!("Starting with default settings: {error}. New ones won't be kept.");
                phrase!("settings-unread").or_plain(plain)
            }
            Self::Ignored(names, copy) => {
                phrase!("settings-ignored", names = names.join(", "), file = file(copy))
            }
            Self::Later(copy) => phrase!("settings-later", file = file(copy)),
        }
    }
}

/// Settings as they were found.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// What can be used.
    pub settings: Settings,
    /// Where new ones are kept; `None` where they can't be without losing the old.
    pub path: Option<PathBuf>,
    /// A line for the person where something is wrong.
    pub words: Option<Phrase>,
}

impl Settings {
    /// Opens the file in `folder`. Where there is none yet, the one in `older`, where earlier
    /// versions kept it, is read instead; it stays there.
    #[must_use]
    pub fn open(folder: &Path, older: &Path) -> Opened {
        let path = folder.join(SETTINGS_FILE);
        let former = older.join(SETTINGS_FILE);
        let is_missing = std::fs::symlink_metadata(&path)
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        if is_missing && former != path {
            return Opened { path: Some(path), ..Self::open_file(former) };
        }
        Self::open_file(path)
    }

    fn open_file(path: PathBuf) -> Opened {
        let text = match private_file::read(&path, MAX_SETTINGS_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Opened { settings: Self::default(), path: Some(path), words: None };
            }
            // What can't be a settings file is damaged.
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Vec::new(),
            Err(error) => {
                let error = SettingsError::Read(path, error);
                tracing::warn!(%error, "starting with default settings");
                let words = Some(Words::Unreadable(&error).phrase());
                return Opened { settings: Self::default(), path: None, words };
            }
        };
        let Ok(read) = reading::read(&text) else {
            tracing::warn!("the settings are damaged: starting with default ones");
            return match private_file::set_aside(&path) {
                Ok(aside) => {
                    let words = Some(Words::SetAside(&aside).phrase());
                    Opened { settings: Self::default(), path: Some(path), words }
                }
                Err(error) => {
                    let words = Some(Words::Stuck(&path, &error).phrase());
                    Opened { settings: Self::default(), path: None, words }
                }
            };
        };
        let later = read.version > VERSION;
        if !later && read.ignored.is_empty() {
            return Opened { settings: read.settings, path: Some(path), words: None };
        }
        // The next save would lose what is not understood.
        let copy = private_file::beside(
            &path,
            &if later { format!("version-{}", read.version) } else { "before".to_owned() },
        );
        let words = if later {
            Words::Later(&copy).phrase()
        } else {
            Words::Ignored(&read.ignored, &copy).phrase()
        };
        match private_file::replace(&copy, &text) {
            Ok(()) => Opened { settings: read.settings, path: Some(path), words: Some(words) },
            Err(error) => {
                let error = SettingsError::Write(copy, error);
                let words = Some(Words::Unreadable(&error).phrase());
                Opened { settings: read.settings, path: None, words }
            }
        }
    }

    /// Reads the file; one that isn't there yet means the defaults. Nothing is set aside.
    ///
    /// # Errors
    /// [`SettingsError::Read`] or [`SettingsError::Damaged`].
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        match private_file::read(path, MAX_SETTINGS_BYTES) {
            Ok(text) => reading::read(&text)
                .map(|read| read.settings)
                .map_err(|_| SettingsError::Damaged(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                Err(SettingsError::Damaged(path.to_owned()))
            }
            Err(error) => Err(SettingsError::Read(path.to_owned(), error)),
        }
    }

    /// Writes the file: beside its place first, then renamed into it, readable by its owner only.
    ///
    /// # Errors
    /// [`SettingsError::Write`]; the old file, if any, is then as it was.
    pub fn save(&self, path: &Path) -> Result<(), SettingsError> {
        reading::write(self)
            .map_err(io::Error::from)
            .and_then(|text| private_file::replace(path, &text))
            .map_err(|source| SettingsError::Write(path.to_owned(), source))
    }
}
