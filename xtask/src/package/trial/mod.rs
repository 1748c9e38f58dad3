//! The packages in fresh systems: installed, called with, updated, removed.
//!
//! In: the `.deb`s, and the names of Debian's releases. Out: a line for each step, and an error at
//! the first that fails. Each system comes from `debootstrap` and holds nothing but what the
//! packages themselves bring along, so a library that nobody named is missing there. The display,
//! and whoever types and looks, stay outside. What always holds: nothing is started in the system
//! that this is run on, and traffic stays on its loopback interface. Without root or debootstrap
//! nothing is tried, and the output says so.

use std::path::{Path, PathBuf};

use super::deb;
use super::product::{APP, SERVER, VERSION};
use super::tree;
use crate::command;
use crate::error::Error;
use crate::packages::{self, Purpose};
use crate::programs;

mod call;
mod fresh;
mod person;
mod quarters;
mod rpm;
mod service;

use call::Caller;
use fresh::Fresh;
use service::Service;

/// Comes before every other version.
const OLDER: &str = "0.0.1-1";

/// Tries the packages of a folder in each release. They are of this commit, when it is known.
pub(super) fn run(folder: &Path, suites: &[String], commit: Option<&str>) -> Result<(), Error> {
    if let Some(missing) = what_is_missing()? {
        println!("Left out: the packages were not installed anywhere. {missing}");
        return Ok(());
    }
    rpm::run(&packages_in(folder, "rpm")?)?;
    let newer = packages_in(folder, "deb")?;
    if newer.is_empty() {
        let why = format!("there are no packages for Debian in {}", folder.display());
        return Err(Error::Missing(why));
    }
    let work = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
    let older = work.path().join("older");
    tree::create_folder(&older)?;
    for package in &newer {
        deb::under_version(package, OLDER, work.path(), &older)?;
    }
    let older = packages_in(&older, "deb")?;
    for (at, suite) in suites.iter().enumerate() {
        println!("{suite}: a fresh Debian from debootstrap.");
        let system = match Fresh::make(suite) {
            Ok(system) => system,
            // Newer releases are not to be had from everywhere.
            Err(error) if at > 0 => {
                println!("Left out: {suite}. {error}");
                continue;
            }
            Err(error) => return Err(error),
        };
        programs::runtime()?.block_on(try_out(&system, &older, &newer, commit))?;
        println!("{suite}: installed, called, updated, called again and removed.");
    }
    Ok(())
}

/// What is not here that it takes, in words. What can be installed is.
fn what_is_missing() -> Result<Option<&'static str>, Error> {
    if !cfg!(target_os = "linux") {
        return Ok(Some("That takes Linux."));
    }
    if !packages::is_root() {
        return Ok(Some("That takes root, for systems of its own (chroot)."));
    }
    packages::ensure(&[Purpose::Display, Purpose::Trial])?;
    Ok((!packages::is_on_path("debootstrap")).then_some("That takes debootstrap."))
}

async fn try_out(
    system: &Fresh,
    older: &[PathBuf],
    newer: &[PathBuf],
    commit: Option<&str>,
) -> Result<(), Error> {
    let (alice, bob) = (Caller::ALICE, Caller::BOB);
    system.install(older)?;
    for person in [&alice, &bob] {
        system.add_person(person.name)?;
    }
    let first = Service::start(system).await?;
    call::make(system, &first, &alice, &bob).await?;
    first.stop().await?;
    let before = Kept::of(system, &[&alice, &bob])?;
    println!("  They called each other, from {OLDER}.");

    system.install(newer)?;
    for program in [APP, SERVER] {
        let line = system.answer_as_root(&[program, "--version"])?;
        is_expected("its version", &line, &[program, VERSION, commit.unwrap_or_default()])?;
    }
    if Kept::of(system, &[&alice, &bob])? != before {
        return Err(Error::Call("the update changed settings, a key or names".into()));
    }
    // With their names, which the server gives to nobody without their keys.
    let second = Service::start(system).await?;
    call::make(system, &second, &alice, &bob).await?;
    second.stop().await?;
    println!("  Updated: settings, keys and names are as they were, and they called again.");

    system.purge(&[APP, SERVER])?;
    let left = system.files_left()?;
    if left.is_empty() {
        Ok(())
    } else {
        Err(Error::Call(format!("after the packages were purged there are still: {left}")))
    }
}

/// What an update must not touch.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    /// The operator's options.
    options: String,
    /// Who owns which name, as the server says it.
    names: String,
    /// The sums of everything that the app keeps of each person.
    people: Vec<String>,
}

impl Kept {
    fn of(system: &Fresh, people: &[&Caller]) -> Result<Self, Error> {
        let options = system.read("/etc/visavis/server.env")?;
        let names = service::names(system)?;
        for person in people {
            is_expected("the server's list of names", &names, &[person.name])?;
        }
        let people = people
            .iter()
            .map(|person| {
                let sums = system.sums_of_settings(person.name)?;
                is_expected("what the app keeps", &sums, &["device.key", "settings"])?;
                Ok(sums)
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self { options, names, people })
    }
}

fn is_expected(what: &str, text: &str, parts: &[&str]) -> Result<(), Error> {
    match parts.iter().find(|part| !text.contains(**part)) {
        None => Ok(()),
        Some(part) => Err(Error::Call(format!("{what} does not hold {part}: {}", text.trim()))),
    }
}

fn packages_in(folder: &Path, kind: &str) -> Result<Vec<PathBuf>, Error> {
    let what = || Error::file(format!("{} can't be listed", folder.display()));
    let mut packages = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(what())? {
        let path = entry.map_err(what())?.path();
        if path.extension().is_some_and(|extension| extension == kind) {
            packages.push(path);
        }
    }
    packages.sort();
    Ok(packages)
}

/// Runs it in silence; its own words are shown only when it fails.
fn quietly(command: &mut std::process::Command) -> Result<(), Error> {
    let output = command.output().map_err(|source| Error::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    })?;
    if output.status.success() {
        return Ok(());
    }
    print!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    Err(Error::Failed { command: command::in_words(command), status: output.status })
}
