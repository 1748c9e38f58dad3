//! The virtual environments of Python that `cargo xtask` sets up, in the target folder.

use std::path::PathBuf;

/// The Python of the environment with this name, if it is there. Programs lie in a profile's
/// folder, tests in `deps` of it, and that in the target folder.
#[must_use]
pub fn of_environment(name: &str) -> Option<PathBuf> {
    let us = std::env::current_exe().ok()?;
    us.ancestors()
        .skip(2)
        .take(2)
        .map(|target| target.join("tmp").join(name).join("bin").join("python"))
        .find(|python| python.is_file())
}
