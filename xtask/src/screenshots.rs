//! `cargo xtask screenshots`: retakes the screenshots of the README with the end-to-end test of the
//! windows, keeps the pictures of all screens anew, and remakes `docs/gallery.md`.
//!
//! `--renew` does only the last two, which takes no display and two minutes at most; `--compare`
//! puts drawings of the screens beside them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::Error;
use crate::gallery_page;
use crate::packages::{self, Purpose};
use crate::tools;
use crate::workspace::{self, TEST_FEATURES};

/// Those that the README shows, by their names in `target/screenshots` and in `assets/screenshots`.
const SHOWN: [&str; 5] =
    ["people.png", "in-call.png", "statistics.png", "nearby.png", "server-here.png"];

/// What makes the tests of the screens keep their pictures anew.
const RENEW: &str = "VISAVIS_RENEW_SCREENS";

/// What to make.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only keep the pictures of all screens anew, and remake the gallery.
    #[arg(long)]
    pub(crate) renew: bool,
    /// Only put the drawings of a folder beside the kept pictures, in `target/screenshots/compare`.
    #[arg(long, value_name = "FOLDER", conflicts_with = "renew")]
    pub(crate) compare: Option<PathBuf>,
}

/// Makes them.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    if let Some(drawings) = &options.compare {
        return compare(drawings);
    }
    if options.renew {
        packages::ensure(&[Purpose::Build, Purpose::Window])?;
    } else {
        retake()?;
    }
    renew()
}

/// Takes the screenshots of the README.
fn retake() -> Result<(), Error> {
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
    let window_tests = ["nextest", "run", "--workspace", "--features", TEST_FEATURES];
    let takers = "binary(windows) | (binary(nearby) & test(one_starts_a_server))";
    command::run(workspace::cargo().args(window_tests).args(["-E", takers]))?;

    let kept = workspace::root().join("assets").join("screenshots");
    std::fs::create_dir_all(&kept).map_err(Error::file(format!("making {}", kept.display())))?;
    for name in SHOWN {
        std::fs::copy(taken.join(name), kept.join(name))
            .map_err(Error::file(format!("keeping {name} (those of servers nearby take root)")))?;
        println!("{}", kept.join(name).display());
    }
    Ok(())
}

/// Keeps the pictures of all screens as the screens are now.
fn renew() -> Result<(), Error> {
    let tests = ["test", "--workspace", "--features", TEST_FEATURES, "--test", "window", "--"];
    command::run(workspace::cargo().args(tests).arg("every_screen_is_as_kept").env(RENEW, "1"))?;
    let page = workspace::root().join("docs").join("gallery.md");
    std::fs::write(&page, gallery_page::page())
        .map_err(Error::file(format!("writing {}", page.display())))?;
    println!("{}\n{}", snapshots().display(), page.display());
    Ok(())
}

fn snapshots() -> PathBuf {
    workspace::root().join("client/tests/window/snapshots")
}

/// Puts drawings beside the screens.
fn compare(drawings: &Path) -> Result<(), Error> {
    let out = workspace::target_dir()?.join("screenshots").join("compare");
    let program = "compare-screens";
    let build = ["build", "--workspace", "--features", TEST_FEATURES, "--bin", program];
    command::run(workspace::cargo().args(build))?;
    let program = workspace::target_dir()?.join("debug").join(program);
    command::run(Command::new(program).arg(drawings).arg(snapshots()).arg(out))
}
