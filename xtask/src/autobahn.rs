//! Autobahn's WebSocket suite for the server's conformance test: installed where there is a Python
//! 2.7, without which it does not run. Where there is none, or it can't be installed, the test says
//! so itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::Error;
use crate::workspace;

const REQUIREMENTS: &str = "requirements.txt";
/// Tells the test with which Python to run the suite.
const NOTE: &str = "python.txt";

/// Sets it up, where that is possible and was not done before.
pub(crate) fn ensure() -> Result<(), Error> {
    // Where cargo lets tests keep files (CARGO_TARGET_TMPDIR).
    let site = workspace::target_dir()?.join("tmp").join("autobahn");
    let source =
        workspace::root().join("signal-server").join("tests").join("autobahn").join(REQUIREMENTS);
    let requirements = |path: &Path| fs::read(path).ok();
    if site.join(NOTE).is_file() && requirements(&site.join(REQUIREMENTS)) == requirements(&source)
    {
        return Ok(());
    }
    let Some(python) = candidates().into_iter().find(|python| is_python_2_7_with_pip(python))
    else {
        println!(
            "There is no Python 2.7 with pip here: Autobahn's WebSocket cases will not be run."
        );
        return Ok(());
    };
    if site.exists() {
        fs::remove_dir_all(&site).map_err(Error::file(format!("removing {}", site.display())))?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"])
        .arg(&site)
        .arg("--requirement")
        .arg(&source);
    if let Err(error) = command::run(&mut pip) {
        println!("{error}: Autobahn's WebSocket cases will not be run.");
        return Ok(());
    }
    fs::copy(&source, site.join(REQUIREMENTS))
        .map_err(Error::file(format!("copying {REQUIREMENTS}")))?;
    fs::write(site.join(NOTE), python.display().to_string())
        .map_err(Error::file(format!("writing {NOTE}")))
}

/// Where a Python 2.7 may be: where `VISAVIS_PYTHON2` points, on the path, or among pyenv's.
fn candidates() -> Vec<PathBuf> {
    let named = std::env::var_os("VISAVIS_PYTHON2").map(PathBuf::from);
    let on_path = ["python2.7", "python2"].map(PathBuf::from);
    let pyenv = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| Some(std::env::home_dir()?.join(".pyenv")));
    let versions = pyenv
        .and_then(|folder| fs::read_dir(folder.join("versions")).ok())
        .into_iter()
        .flatten()
        .flatten();
    let versions =
        versions.filter(|version| version.file_name().to_string_lossy().starts_with("2.7"));
    named
        .into_iter()
        .chain(on_path)
        .chain(versions.map(|version| version.path().join("bin").join("python2.7")))
        .collect()
}

fn is_python_2_7_with_pip(python: &Path) -> bool {
    let check = "import sys, pip; sys.exit(sys.version_info[:2] != (2, 7))";
    command::succeeds(Command::new(python).args(["-c", check]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_python_2_7_is_not_taken_for_one() {
        assert!(!is_python_2_7_with_pip(Path::new("no-such-python")));
        assert!(!is_python_2_7_with_pip(Path::new("false")));
    }
}
