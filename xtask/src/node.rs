//! What tests on Node stand on, from the npm registry: the Socket.IO client of the server's tests
//! and werift for the end-to-end tests. Set up with `npm ci`, so that the tests themselves need no
//! network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::Error;
use crate::packages;
use crate::workspace;

const LOCK: &str = "package-lock.json";

/// The folders that have a package of their own.
fn folders() -> [PathBuf; 2] {
    [["signal-server", "tests", "node"], ["tests", "peers", "node"]].map(|path| {
        path.iter().fold(workspace::root().to_owned(), |folder, name| folder.join(name))
    })
}

/// Whether there is a Node to run it. One that does not come from the system's packages will do.
pub(crate) fn is_there() -> bool {
    packages::is_on_path("node") && packages::is_on_path("npm")
}

/// Installs it, unless it was done before and nothing has changed since.
pub(crate) fn ensure() -> Result<(), Error> {
    folders().iter().try_for_each(|folder| ensure_in(folder))
}

fn ensure_in(folder: &Path) -> Result<(), Error> {
    let (lock, installed) = (folder.join(LOCK), folder.join("node_modules").join(LOCK));
    if is_same(&lock, &installed) {
        return Ok(());
    }
    // Nothing of what is installed has to be built, so nothing of it may run.
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    command::run(Command::new("npm").args(arguments).current_dir(folder))?;
    fs::copy(&lock, &installed).map_err(Error::file(format!("copying {LOCK}")))?;
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_files_name_no_place_to_download_from() {
        for folder in folders() {
            let lock = fs::read_to_string(folder.join(LOCK)).expect("it is there");
            assert!(
                lock.contains("\"integrity\"")
                    && !lock.contains("\"resolved\"")
                    && !lock.contains("://"),
                "{lock}"
            );
        }
    }
}
