//! `cargo xtask test`: sets the machine up, then runs every test. The last words are the test
//! runner's own summary.

use crate::autobahn;
use crate::command;
use crate::error::Error;
use crate::node;
use crate::package;
use crate::packages::{self, Purpose};
use crate::peers;
use crate::system::System;
use crate::tools;
use crate::workspace::{self, CAMERA_VM_FEATURES, Profile, TEST_FEATURES};

/// Which tests, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Also run the tests of a real camera driver, in a small virtual machine.
    #[arg(long)]
    pub(crate) camera_vm: bool,
    /// How long the soak of the server lasts, as in 90s, 10m or 1h, instead of two minutes. With
    /// `-E 'binary(soak)'` nothing else runs.
    #[arg(long, value_name = "DURATION")]
    pub(crate) soak: Option<String>,
    /// Passed on to cargo-nextest: a test's name, `-E 'package(visavis-tests)'`, `--no-capture`, …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "NEXTEST ARGUMENTS")]
    pub(crate) nextest: Vec<String>,
}

/// Runs them.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let mut purposes = vec![
        Purpose::Build,
        Purpose::Window,
        Purpose::Display,
        Purpose::Test,
        Purpose::Metadata,
        Purpose::Browser,
        Purpose::Redis,
        Purpose::Peers,
        Purpose::Ffmpeg,
        Purpose::Python,
        Purpose::Firefox,
    ];
    if !node::is_there() {
        purposes.push(Purpose::Node);
    }
    if options.camera_vm {
        purposes.push(Purpose::CameraVm);
    }
    let is_debian = matches!(System::here(), System::Debian | System::Ubuntu);
    if options.nextest.is_empty() {
        purposes.push(Purpose::Package);
    }
    packages::ensure(&purposes)?;
    tools::ensure(tools::NEXTEST)?;
    autobahn::ensure()?;
    node::ensure()?;
    peers::ensure()?;

    let features = if options.camera_vm { CAMERA_VM_FEATURES } else { TEST_FEATURES };
    // The end-to-end tests run the programs, which a test build alone does not make.
    command::run(workspace::cargo().args([
        "build",
        "--workspace",
        "--all-targets",
        "--features",
        features,
    ]))?;
    if options.nextest.is_empty() {
        if is_debian {
            package::try_making(&workspace::built(Profile::Dev)?)?;
            println!(
                "Left out: installing them in fresh systems (cargo xtask package --test, as root)."
            );
        } else {
            println!("Left out: packages for Linux are made on Debian and Ubuntu only.");
        }
        command::run(workspace::cargo().args([
            "test",
            "--quiet",
            "--doc",
            "--workspace",
            "--features",
            features,
        ]))?;
    }
    let mut nextest = workspace::cargo();
    nextest.args(nextest_arguments(features, &options.nextest));
    if let Some(soak) = &options.soak {
        // The test reads it, and says so when it can't.
        nextest.env("VISAVIS_SOAK", soak);
    }
    command::run(&mut nextest)
}

fn nextest_arguments<'a>(features: &'a str, more: &'a [String]) -> impl Iterator<Item = &'a str> {
    ["nextest", "run", "--workspace", "--features", features]
        .into_iter()
        .chain(more.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_runner_gets_the_features_and_what_the_person_added() {
        let more = ["--no-capture".to_owned(), "glare".to_owned()];
        let arguments: Vec<_> = nextest_arguments(TEST_FEATURES, &more).collect();
        assert_eq!(
            arguments,
            ["nextest", "run", "--workspace", "--features", TEST_FEATURES, "--no-capture", "glare"]
        );
    }
}
