//! `cargo xtask package`: what people install, in `target/package`.
//!
//! In: the two programs as a release builds them, and what lies in `packaging/` and `assets/`. Out:
//! on Linux a `.deb` and an `.rpm` of each and a `.tar.gz` of both; on macOS a disk image; on
//! Windows an installer; beside each its SHA-256, and for each program a bill of materials. What
//! always holds: the same commit gives the same bytes, as nothing here asks the clock or takes a
//! name of this machine; and a package that Debian's own checks object to is an error.
//!
//! `--test` then installs them in fresh systems (`trial/`). Why all of this is as it is says ADR
//! 43.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::command;
use crate::error::Error;
use crate::packages::{self, Purpose};
use crate::sbom;
use crate::workspace::{self, Built};

mod apple;
mod checks;
mod deb;
mod icons;
mod libraries;
mod notices;
mod product;
mod rpm;
mod source;
mod sums;
mod tarball;
mod tree;
mod trial;
mod windows;

use product::Product;
use source::Source;
use tree::Effort;

/// What to make, and whether to try it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder for the packages.
    #[arg(long, value_name = "DIR", default_value = "target/package")]
    to: PathBuf,
    /// Take the two programs from this folder rather than building a release.
    #[arg(long, value_name = "DIR")]
    built: Option<PathBuf>,
    /// Pack them quickly and not small, to look at.
    #[arg(long, requires = "built")]
    quick: bool,
    /// Install the packages in fresh Debians, call from window to window there, and update and
    /// remove them (Linux, as root; some minutes).
    #[arg(long)]
    test: bool,
    /// Make nothing, and try the packages that lie in the folder already.
    #[arg(long, conflicts_with = "built")]
    try_only: bool,
    /// In which releases of Debian to test, by their code names.
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "bookworm,trixie")]
    suites: Vec<String>,
}

/// Makes the packages.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let to = workspace::root().join(&options.to);
    let mut commit = None;
    if !options.try_only {
        commit = make(options, &to)?;
    }
    if options.test || options.try_only {
        trial::run(&to, &options.suites, commit.as_deref())?;
    }
    Ok(())
}

/// Makes the packages; says of which commit the programs are, when they were built for that.
fn make(options: &Options, to: &Path) -> Result<Option<String>, Error> {
    packages::ensure(&[Purpose::Build, Purpose::Window, Purpose::Metadata, Purpose::Package])?;
    let source = Source::of_this_folder()?;
    let built = match &options.built {
        Some(folder) => programs_in(folder)?,
        None => workspace::build_release_with(&source.build_variables())?,
    };
    let effort = if options.quick { Effort::Least } else { Effort::Best };
    make_empty(to)?;
    sbom::write_all(to, None)?;
    for package in packages_of_this_system(&source, &built, effort, to)? {
        println!("{}", package.display());
    }
    sums::write(to)?;
    Ok(options.built.is_none().then_some(source.commit))
}

/// Makes the packages of programs that were built for tests, and throws them away: what Debian's
/// checks object to is an error, and so is a library that packages do not know.
pub(crate) fn try_making(built: &Built) -> Result<(), Error> {
    let source = Source::of_this_folder()?;
    let to = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
    packages_for_linux(&source, built, Effort::Least, to.path()).map(drop)
}

fn packages_of_this_system(
    source: &Source,
    built: &Built,
    effort: Effort,
    to: &Path,
) -> Result<Vec<PathBuf>, Error> {
    if cfg!(target_os = "macos") {
        return Ok(vec![apple::disk_image(source, built, to)?]);
    }
    if cfg!(windows) {
        return Ok(vec![windows::installer(source, built, to)?]);
    }
    packages_for_linux(source, built, effort, to)
}

fn packages_for_linux(
    source: &Source,
    built: &Built,
    effort: Effort,
    to: &Path,
) -> Result<Vec<PathBuf>, Error> {
    let work = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
    let made = tree::Made::by(built, effort, work.path())?;
    let mut packages = Vec::new();
    for product in product::ALL {
        let package = deb::write(product, source, &made, work.path(), to)?;
        checks::of_deb(&package)?;
        packages.push(package);
        packages.push(rpm::write(product, source, &made, work.path(), to)?);
    }
    packages.push(tarball::write(source, &made, work.path(), to)?);
    checks::of_unit(&tree::unit()?, work.path())?;
    checks::of_desktop_files()?;
    Ok(packages)
}

/// The program of a product.
fn program_of(built: &Built, product: &Product) -> PathBuf {
    match product.program {
        product::APP => built.visavis.clone(),
        _ => built.server.clone(),
    }
}

/// Programs that somebody has built before.
fn programs_in(folder: &Path) -> Result<Built, Error> {
    let program = |name: &str| {
        let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if path.is_file() {
            Ok(path)
        } else {
            Err(Error::Missing(format!("{} is not there: build it first", path.display())))
        }
    };
    Ok(Built { visavis: program(product::APP)?, server: program(product::SERVER)? })
}

/// A folder that holds nothing of an earlier run.
fn make_empty(folder: &Path) -> Result<(), Error> {
    let what = || Error::file(format!("{} can't be made anew", folder.display()));
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(what())?;
    }
    std::fs::create_dir_all(folder).map_err(what())
}

/// Reads a file of the workspace.
fn read(path: &str) -> Result<String, Error> {
    let path = workspace::root().join(path);
    std::fs::read_to_string(&path).map_err(Error::file(format!("{} can't be read", path.display())))
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(Error::file(format!("{} can't be written", path.display())))
}

/// What a program answers, without the end of its line.
fn line_of(command: &mut std::process::Command) -> Result<String, Error> {
    Ok(command::output_of(command)?.trim().to_owned())
}

#[cfg(test)]
mod tests;
