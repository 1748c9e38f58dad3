//! `cargo xtask screenshots`: retakes the screenshots of the README with the end-to-end test of the
//! windows.

use crate::command;
use crate::error::Error;
use crate::packages::{self, Purpose};
use crate::tools;
use crate::workspace::{self, TEST_FEATURES};

/// Those that the README shows, by their names in `target/screenshots` and in `assets/screenshots`.
const SHOWN: [&str; 3] = ["people.png", "in-call.png", "statistics.png"];

/// Retakes them.
pub(crate) fn run() -> Result<(), Error> {
    packages::ensure(&[Purpose::Build, Purpose::Window, Purpose::Display, Purpose::Test])?;
    tools::ensure(tools::NEXTEST)?;
    let taken = workspace::target_dir()?.join("screenshots");
    for name in SHOWN {
        // One of an earlier run must not pass for a new one.
        match std::fs::remove_file(taken.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::file(format!("removing the old {name}"))(error));
            }
            _ => {}
        }
    }
    command::run(workspace::cargo().args([
        "build",
        "--workspace",
        "--all-targets",
        "--features",
        TEST_FEATURES,
    ]))?;
    let window_tests =
        ["nextest", "run", "--workspace", "--features", TEST_FEATURES, "-E", "binary(windows)"];
    command::run(workspace::cargo().args(window_tests))?;

    let kept = workspace::root().join("assets").join("screenshots");
    std::fs::create_dir_all(&kept).map_err(Error::file(format!("making {}", kept.display())))?;
    for name in SHOWN {
        std::fs::copy(taken.join(name), kept.join(name))
            .map_err(Error::file(format!("keeping {name}")))?;
        println!("{}", kept.join(name).display());
    }
    Ok(())
}
