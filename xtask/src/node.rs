//! The Socket.IO client that the server's tests use, from the npm registry: set up with `npm ci`,
//! so that the tests themselves need no network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::Error;
use crate::packages;
use crate::workspace;

const LOCK: &str = "package-lock.json";

fn folder() -> PathBuf {
    ["signal-server", "tests", "node"]
        .iter()
        .fold(workspace::root().to_owned(), |folder, name| folder.join(name))
}

/// Whether there is a Node to run it. One that does not come from the system's packages will do.
pub(crate) fn is_there() -> bool {
    packages::is_on_path("node") && packages::is_on_path("npm")
}

/// Installs it, unless it was done before and nothing has changed since.
pub(crate) fn ensure() -> Result<(), Error> {
    let folder = folder();
    let (lock, installed) = (folder.join(LOCK), folder.join("node_modules").join(LOCK));
    if is_same(&lock, &installed) {
        return Ok(());
    }
    // Nothing of what is installed has to be built, so nothing of it may run.
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    command::run(Command::new("npm").args(arguments).current_dir(&folder))?;
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
    fn the_lock_file_names_no_place_to_download_from() {
        let lock = fs::read_to_string(folder().join(LOCK)).expect("it is there");
        assert!(
            lock.contains("\"integrity\"")
                && !lock.contains("\"resolved\"")
                && !lock.contains("://"),
            "{lock}"
        );
    }
}
