//! The classic server to compare with: `xtask/bench/node/`, set up with `npm ci` where nothing of
//! the repository changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::Error;
use crate::workspace;

const LOCK: &str = "package-lock.json";
const FILES: [&str; 3] = [LOCK, "package.json", "server.js"];

/// Copies it to a folder, and installs what it needs there unless that was done before.
pub(super) fn set_up(folder: &Path) -> Result<PathBuf, Error> {
    let source = workspace::root().join("xtask").join("bench").join("node");
    fs::create_dir_all(folder).map_err(Error::file(format!("making {}", folder.display())))?;
    let lock = |folder: &Path| fs::read(folder.join(LOCK)).ok();
    let is_installed =
        folder.join("node_modules").join("ws").is_dir() && lock(folder) == lock(&source);
    for file in FILES {
        fs::copy(source.join(file), folder.join(file))
            .map_err(Error::file(format!("copying {file}")))?;
    }
    if !is_installed {
        command::run(
            Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder),
        )?;
    }
    Ok(folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_no_place_to_download_from() {
        let lock = workspace::root().join("xtask").join("bench").join("node").join(LOCK);
        let lock = fs::read_to_string(lock).expect("it is there");
        assert!(
            lock.contains("\"integrity\"")
                && !lock.contains("\"resolved\"")
                && !lock.contains("://"),
            "{lock}"
        );
    }
}
