//! The packages for rpm, in an empty folder: rpm itself reads, verifies, installs and removes them.
//!
//! A Debian has nothing that would fetch what they require, so that and their scripts are left out;
//! the programs run with the libraries of this system.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::product::{APP, VERSION};
use super::{is_expected, quietly};
use crate::command;
use crate::error::Error;

/// Tries each package.
pub(super) fn run(packages: &[PathBuf]) -> Result<(), Error> {
    for package in packages {
        let root = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
        try_out(package, root.path())?;
        let name = package.file_name().unwrap_or_default().to_string_lossy();
        println!(
            "{name}: rpm installed, verified and removed it; dependencies and scripts were left out."
        );
    }
    Ok(())
}

fn try_out(package: &Path, root: &Path) -> Result<(), Error> {
    let rpm = |words: &[&str]| {
        let mut command = Command::new("rpm");
        // Files belong to root, who is known by number where there is no list of users.
        command.arg("--root").arg(root).args(words);
        command
    };
    quietly(Command::new("rpm").args(["--checksig", "--nosignature"]).arg(package))?;
    let name = Command::new("rpm")
        .args(["--query", "--queryformat", "%{NAME}", "--package"])
        .arg(package)
        .output();
    let name = name.map_err(Error::file("asking rpm"))?;
    let name = String::from_utf8_lossy(&name.stdout).into_owned();
    // The folder is not there for whoever is inside of the root, so rpm gets the package's bytes.
    let inside = root.join("package.rpm");
    std::fs::copy(package, &inside).map_err(Error::file("copying a package"))?;
    let inside = inside.display().to_string();
    quietly(rpm(&["--install", "--nodeps", "--noscripts", "--nosignature"]).arg(&inside))?;
    quietly(&mut rpm(&["--verify", "--nodeps", "--noscripts", &name]))?;
    let program = root.join("usr/bin").join(&name);
    let line = command::output_of(Command::new(&program).arg("--version"))?;
    is_expected("its version", &line, &[&name, VERSION])?;
    if name == APP {
        let entry = root.join("usr/share/applications/visavis.desktop");
        quietly(Command::new("desktop-file-validate").arg(entry))?;
    }
    quietly(&mut rpm(&["--erase", "--nodeps", "--noscripts", &name]))?;
    if program.exists() {
        return Err(Error::Call(format!("rpm removed {name} and left its program")));
    }
    Ok(())
}
