//! What the peers in Python stand on, aiortc among it, from the Python package index: set up in a
//! virtual environment of their own, so that the tests themselves need no network.
//!
//! The environment also sees the system's packages, as GStreamer's bindings come from there; so it
//! belongs to the system's own Python, where there is one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::Error;
use crate::workspace;

const REQUIREMENTS: &str = "requirements.txt";
/// The one that the system's packages belong to.
const SYSTEM_PYTHON: &str = "/usr/bin/python3";

/// Sets it up, unless it was done before and nothing has changed since.
pub(crate) fn ensure() -> Result<(), Error> {
    // Where the tests look for it (the folder of CARGO_TARGET_TMPDIR): a new clone finds what an
    // earlier one has set up.
    let environment = workspace::target_dir()?.join("tmp").join("peers-python");
    let source = workspace::root().join("tests").join("peers").join("python").join(REQUIREMENTS);
    let noted = environment.join(REQUIREMENTS);
    if is_same(&source, &noted) && works(&environment) {
        return Ok(());
    }
    let python = python();
    if !command::succeeds(Command::new(python).arg("--version")) {
        println!("There is no Python 3 here: the tests that call aiortc and webrtcbin will fail.");
        return Ok(());
    }
    if environment.exists() {
        fs::remove_dir_all(&environment)
            .map_err(Error::file(format!("removing {}", environment.display())))?;
    }
    let mut venv = Command::new(python);
    command::run(venv.args(["-m", "venv", "--system-site-packages"]).arg(&environment))?;
    // All that is needed is named, so nothing else may come with it.
    let mut pip = Command::new(program_in(&environment));
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]);
    pip.args(["--disable-pip-version-check", "--ignore-installed", "--requirement"]).arg(&source);
    command::run(&mut pip)?;
    fs::copy(&source, noted).map_err(Error::file(format!("copying {REQUIREMENTS}")))?;
    Ok(())
}

fn python() -> &'static str {
    if Path::new(SYSTEM_PYTHON).is_file() { SYSTEM_PYTHON } else { "python3" }
}

fn program_in(environment: &Path) -> PathBuf {
    environment.join("bin").join("python")
}

/// Whether what is in it can be loaded: it can't after the system's Python was replaced.
fn works(environment: &Path) -> bool {
    let load = ["-c", "import aiortc, websockets"];
    command::succeeds(Command::new(program_in(environment)).args(load))
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_has_one_version_and_no_place_to_download_from() {
        let path = workspace::root().join("tests/peers/python").join(REQUIREMENTS);
        let text = fs::read_to_string(path).expect("it is there");
        let requirements: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(requirements.iter().any(|line| line.starts_with("aiortc==")), "{text}");
        for line in requirements {
            assert!(
                line.split_once("==").is_some_and(|(_, version)| !version.is_empty()),
                "{line}"
            );
            assert!(!line.contains("://") && !line.starts_with('-'), "{line}");
        }
    }

    #[test]
    fn what_is_no_environment_does_not_work() {
        assert!(!works(Path::new("no such folder")));
    }
}
