//! `cargo xtask`: the commands of a working day on Visavis, for a person at a terminal and for the
//! continuous build.
//!
//! Each command stands in a module of its own. The parts that decide (which packages, which
//! arguments, which words) are pure and tested; the parts that run programs are thin.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program talks to a person at a terminal"
)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod autobahn;
mod bars;
mod bench;
mod build_progress;
mod command;
mod demo;
mod devices;
mod display;
mod error;
mod gallery_page;
mod lint;
mod node;
mod package;
mod packages;
mod peers;
mod programs;
mod python;
mod quality;
mod report;
mod sbom;
mod screenshots;
mod server_bench;
mod system;
mod table;
mod test;
mod tools;
mod window_start;
mod workspace;

use error::Error;

/// Development commands of Visavis.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Xtask {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// See it work: a server and two windows, alice and bob, on this machine.
    Demo(demo::Options),
    /// Run every test.
    Test(test::Options),
    /// Check format, lints, documentation and dependencies.
    Lint,
    /// Measure, and hold the results against their bars.
    Bench {
        #[command(subcommand)]
        what: bench::What,
    },
    /// Remake the screenshots of the README, the pictures of all screens, and the gallery.
    Screenshots(screenshots::Options),
    /// Make what people install, and try it in fresh systems.
    Package(package::Options),
    /// Write what the programs are made of: a bill of materials (CycloneDX) for each.
    Sbom(sbom::Options),
}

fn run(task: Task) -> Result<(), Error> {
    match task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Lint => lint::run(),
        Task::Bench { what } => bench::run(&what),
        Task::Screenshots(options) => screenshots::run(&options),
        Task::Package(options) => package::run(&options),
        Task::Sbom(options) => sbom::run(&options),
    }
}

fn main() -> ExitCode {
    match run(Xtask::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Xtask::command().debug_assert();
    }

    #[test]
    fn whatever_follows_test_goes_to_the_test_runner() {
        let line = [
            "cargo xtask",
            "test",
            "--camera-vm",
            "--soak",
            "1h",
            "--no-fail-fast",
            "-E",
            "package(xtask)",
        ];
        let Ok(Xtask { task: Task::Test(options) }) = Xtask::try_parse_from(line) else {
            panic!("it is a test command")
        };
        assert!(options.camera_vm);
        assert_eq!(options.soak.as_deref(), Some("1h"));
        assert_eq!(options.nextest, ["--no-fail-fast", "-E", "package(xtask)"]);
    }
}
