//! Virtual environments of Python with packages from the Python package index, so that what runs in
//! them needs no network later.
//!
//! What always holds: all that an environment needs is named with its version, and nothing else
//! comes with it; one that was set up before is left alone unless what it needs has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::Error;
use crate::workspace;

const REQUIREMENTS: &str = "requirements.txt";
/// The one that the system's packages belong to.
const SYSTEM_PYTHON: &str = "/usr/bin/python3";

/// An environment.
pub(crate) struct Environment {
    /// Its name, by which those who use it find it.
    pub(crate) name: &'static str,
    /// The folder with its list of packages that need no compiler.
    pub(crate) folder: PathBuf,
    /// Packages that are compiled here once those are there, each with its version.
    pub(crate) compiled: &'static [&'static str],
    /// Whether it sees the system's packages too.
    pub(crate) sees_system: bool,
    /// What can be imported in it.
    pub(crate) imports: &'static str,
}

impl Environment {
    /// Sets it up, unless it was done before and nothing has changed since. Without a Python 3
    /// nothing happens, and the answer is no.
    pub(crate) fn ensure(&self) -> Result<bool, Error> {
        // In the folder of CARGO_TARGET_TMPDIR: a new clone finds what an earlier one has set up.
        let place = workspace::target_dir()?.join("tmp").join(self.name);
        let noted = place.join(REQUIREMENTS);
        let wanted = self.requirements()?;
        if fs::read_to_string(&noted).is_ok_and(|noted| noted == wanted) && self.works(&place) {
            return Ok(true);
        }
        let python = python();
        if !command::succeeds(Command::new(python).arg("--version")) {
            return Ok(false);
        }
        if place.exists() {
            fs::remove_dir_all(&place)
                .map_err(Error::file(format!("removing {}", place.display())))?;
        }
        let mut venv = Command::new(python);
        venv.args(["-m", "venv"]);
        venv.args(self.sees_system.then_some("--system-site-packages")).arg(&place);
        command::run(&mut venv)?;
        let mut pip = pip_in(&place);
        pip.args(["--only-binary", ":all:", "--requirement"]).arg(self.folder.join(REQUIREMENTS));
        command::run(&mut pip)?;
        if !self.compiled.is_empty() {
            let mut pip = pip_in(&place);
            command::run(pip.arg("--no-build-isolation").args(self.compiled))?;
        }
        fs::write(noted, wanted).map_err(Error::file(format!("writing {REQUIREMENTS}")))?;
        Ok(true)
    }

    /// All that it needs.
    fn requirements(&self) -> Result<String, Error> {
        let path = self.folder.join(REQUIREMENTS);
        let list = fs::read_to_string(&path)
            .map_err(Error::file(format!("reading {}", path.display())))?;
        Ok(list + &self.compiled.join("\n"))
    }

    /// Whether what is in it can be loaded: it can't after the system's Python was replaced.
    fn works(&self, place: &Path) -> bool {
        let load = format!("import {}", self.imports);
        command::succeeds(Command::new(program_in(place)).args(["-c", &load]))
    }
}

fn python() -> &'static str {
    if Path::new(SYSTEM_PYTHON).is_file() { SYSTEM_PYTHON } else { "python3" }
}

fn program_in(environment: &Path) -> PathBuf {
    environment.join("bin").join("python")
}

fn pip_in(environment: &Path) -> Command {
    let mut pip = Command::new(program_in(environment));
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]);
    pip.arg("--ignore-installed");
    pip
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_has_one_version_and_no_place_to_download_from() {
        for (environment, first) in
            [(crate::peers::environment(), "aiortc=="), (crate::quality::environment(), "pesq==")]
        {
            let text = environment.requirements().expect("it is there");
            let requirements: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(requirements.iter().any(|line| line.starts_with(first)), "{text}");
            for line in requirements {
                assert!(
                    line.split_once("==").is_some_and(|(_, version)| !version.is_empty()),
                    "{line}"
                );
                assert!(!line.contains("://") && !line.starts_with('-'), "{line}");
            }
        }
    }

    #[test]
    fn what_is_no_environment_does_not_work() {
        assert!(!crate::peers::environment().works(Path::new("no such folder")));
    }
}
