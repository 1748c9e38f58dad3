//! The cargo subcommands that lint and tests run with: installed when they are missing.

use crate::command;
use crate::error::Error;
use crate::workspace;

/// A cargo subcommand from crates.io.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    /// What comes after `cargo`.
    subcommand: &'static str,
    /// The package that holds it.
    package: &'static str,
    /// The version that is installed where there is none; any that is there already will do.
    version: &'static str,
}

/// Runs the tests.
pub(crate) const NEXTEST: Tool =
    Tool { subcommand: "nextest", package: "cargo-nextest", version: "0.9.143" };

/// Judges the dependencies.
pub(crate) const DENY: Tool = Tool { subcommand: "deny", package: "cargo-deny", version: "0.20.2" };

/// Installs the tool when it is missing.
pub(crate) fn ensure(tool: Tool) -> Result<(), Error> {
    if command::succeeds(workspace::cargo().args([tool.subcommand, "--version"])) {
        return Ok(());
    }
    println!("{} is missing and will be installed (some minutes, once).", tool.package);
    let mut install = workspace::cargo();
    install.args(["install", tool.package, "--locked", "--version", tool.version]);
    // Soon built counts here, not fast: these tools spend their time waiting for others.
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    install.env("CARGO_PROFILE_RELEASE_LTO", "off");
    install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    // Its own folder, which cargo removes: nothing of it is of use to the workspace.
    install.env_remove("CARGO_TARGET_DIR");
    command::run(&mut install)
}
