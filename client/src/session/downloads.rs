//! Where files go that the other sends.

use std::path::{Path, PathBuf};

use directories::UserDirs;

/// The folder that was chosen, or else the system's for downloads. Who has none has a home; who has
/// no home either gets them where the program was started.
pub(super) fn folder(chosen: Option<&Path>) -> PathBuf {
    if let Some(chosen) = chosen {
        return chosen.to_path_buf();
    }
    let user = UserDirs::new();
    let downloads = user.as_ref().and_then(UserDirs::download_dir);
    let home = || user.as_ref().map(UserDirs::home_dir);
    downloads.or_else(home).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
