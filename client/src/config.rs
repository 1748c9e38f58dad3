//! Where the program keeps things: the folders for data and for settings.

use std::path::{Path, PathBuf};

pub use crate::settings::{SETTINGS_FILE, Settings, SettingsWriter, Theme};

/// There is no folder to keep things in.
#[derive(Debug, thiserror::Error)]
#[error("there is no home directory for the settings; choose a folder with --data-dir")]
pub struct NoFolder;

fn folders() -> Result<directories::ProjectDirs, NoFolder> {
    directories::ProjectDirs::from("", "", "visavis").ok_or(NoFolder)
}

/// The folder for this program's data: the one that was requested, or the system's usual place.
///
/// # Errors
/// [`NoFolder`] when none was requested and the system has no usual place.
pub fn data_dir(requested: Option<&Path>) -> Result<PathBuf, NoFolder> {
    match requested {
        Some(dir) => Ok(dir.to_owned()),
        None => Ok(folders()?.data_dir().to_owned()),
    }
}

/// The folder for settings: the one that was requested for everything, or the system's usual place.
///
/// # Errors
/// As [`data_dir`].
pub fn config_dir(requested: Option<&Path>) -> Result<PathBuf, NoFolder> {
    match requested {
        Some(dir) => Ok(dir.to_owned()),
        None => Ok(folders()?.config_dir().to_owned()),
    }
}
