//! Where the workspace and what it builds are, and `cargo` in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use crate::build_progress::BuildProgress;
use crate::command;
use crate::error::Error;

/// What lint and tests are built with, the same for both, so that neither builds the dependencies
/// again: widgets can be found and screenshots taken of windows.
pub(crate) const TEST_FEATURES: &str = "visavis-client/inspection";

/// What the demo is built with: the app as people get it, a server that needs no other.
const DEMO_FEATURES: &str = "visavis-client/gui,visavis-client/hosting";

/// The same, and the tests that need a virtual machine.
pub(crate) const CAMERA_VM_FEATURES: &str = "visavis-client/inspection,visavis-tests/camera-vm";

/// The root of the workspace that we are run in. Where checkouts share a target folder, we may have
/// been built in another one, so what cargo reports now counts before what it reported then.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let manifest = PathBuf::from(manifest);
        manifest.parent().map_or(manifest.clone(), Path::to_path_buf)
    })
}

/// `cargo` in the root of the workspace, the one that runs us where there is one.
pub(crate) fn cargo() -> Command {
    let mut command =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root());
    // What the cargo that runs us sets about us is not true of what this one builds, and build
    // scripts that watch it would run again.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_about_this_crate) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether cargo sets this variable to describe the package that it runs.
fn is_about_this_crate(variable: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
        .iter()
        .any(|prefix| variable.starts_with(prefix))
}

/// Where cargo puts what it builds, whatever the environment and the configuration are.
pub(crate) fn target_dir() -> Result<PathBuf, Error> {
    let json =
        command::output_of(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    target_in(&json).ok_or_else(|| Error::Answer {
        program: "cargo metadata".into(),
        why: "it does not say where the target folder is".into(),
    })
}

fn target_in(metadata: &str) -> Option<PathBuf> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    Some(PathBuf::from(metadata.get("target_directory")?.as_str()?))
}

/// The packages of the two programs.
const PROGRAMS: [&str; 2] = ["visavis-client", "visavis-signal-server"];

/// The two programs, as cargo has built them.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    /// The app.
    pub(crate) visavis: PathBuf,
    /// The signaling server.
    pub(crate) server: PathBuf,
}

/// How the programs are built.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Profile {
    /// Soon built; of what they stand on, what needs it is optimised all the same.
    Dev,
    /// As people get them.
    Release,
}

/// Builds the app and the server for somebody who sees them for the first time, and says how far it
/// is.
pub(crate) fn build_for_demo() -> Result<Built, Error> {
    let start = Instant::now();
    let mut progress = BuildProgress::default();
    let mut cargo = cargo();
    cargo.args(demo_arguments());
    cargo.envs([
        ("CARGO_TERM_COLOR", "never"),
        ("CARGO_TERM_PROGRESS_WHEN", "always"),
        ("CARGO_TERM_PROGRESS_WIDTH", "80"),
    ]);
    command::run_reading(&mut cargo, |line| progress.read(line, start.elapsed()))?;
    if let Some(words) = progress.end(start.elapsed()) {
        println!("{words}");
    }
    built(Profile::Dev)
}

/// Builds the app and the server as people get them.
pub(crate) fn build_release() -> Result<Built, Error> {
    build_release_with(&[])
}

/// The same with further variables for the build.
pub(crate) fn build_release_with(variables: &[(&str, String)]) -> Result<Built, Error> {
    for package in PROGRAMS {
        // Each on its own: of what both are built from, cargo builds one variant for both, and the
        // app would hold what only the server needs.
        let variables = variables.iter().map(|(name, value)| (name, value));
        command::run(cargo().args(release_arguments(package)).envs(variables))?;
    }
    built(Profile::Release)
}

/// Where a build leaves the two.
pub(crate) fn built(profile: Profile) -> Result<Built, Error> {
    let folder = target_dir()?.join(match profile {
        Profile::Dev => "debug",
        Profile::Release => "release",
    });
    let program = |name: &str| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Ok(Built { visavis: program("visavis"), server: program("visavis-signal-server") })
}

/// What builds the demo's programs: nothing that is there for tests, or for commands that nobody
/// gave. A demo has one server, so it is built without what joins several.
fn demo_arguments() -> Vec<&'static str> {
    let mut arguments =
        vec!["build", "--bins", "--no-default-features", "--features", DEMO_FEATURES];
    arguments.extend(PROGRAMS.iter().flat_map(|package| ["--package", package]));
    arguments
}

/// What builds a program as people get it.
fn release_arguments(package: &str) -> [&str; 5] {
    ["build", "--bins", "--release", "--package", package]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_lock_file() {
        assert!(root().join("Cargo.lock").is_file());
    }

    #[test]
    fn only_what_describes_this_crate_is_kept_from_another_cargo() {
        assert!(
            is_about_this_crate("CARGO_PKG_VERSION") && is_about_this_crate("CARGO_MANIFEST_DIR")
        );
        assert!(!is_about_this_crate("CARGO_TARGET_DIR") && !is_about_this_crate("CARGO_HOME"));
    }

    #[test]
    fn what_tests_need_is_never_in_what_people_get() {
        let release = PROGRAMS.iter().flat_map(|package| release_arguments(package));
        for word in demo_arguments().into_iter().chain(release) {
            assert!(!word.contains("inspection"), "{word}");
            assert!(!["--workspace", "--examples", "--all-features"].contains(&word), "{word}");
        }
    }

    #[test]
    fn the_target_folder_is_read_from_cargos_own_answer() {
        let json = r#"{"packages":[],"target_directory":"/somewhere/else","version":1}"#;
        assert_eq!(target_in(json), Some(PathBuf::from("/somewhere/else")));
        assert_eq!(target_in(r#"{"version":1}"#), None);
        assert_eq!(target_in("not json"), None);
    }
}
