//! An archive for a home folder: both programs, and `install.sh`, which needs no rights.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::product::{self, VERSION};
use super::read;
use super::source::Source;
use super::tree::{self, Content, Effort, Entry, Kind, Made, Packed, Role};
use crate::command;
use crate::error::Error;

/// The script within it.
const SCRIPT: &str = "install.sh";
/// Lists what the script installs and removes, one path on each line.
const LIST: &str = "files.txt";

/// Writes the archive and returns where it is.
pub(super) fn write(
    source: &Source,
    made: &Made,
    work: &Path,
    to: &Path,
) -> Result<PathBuf, Error> {
    let name = format!("visavis-{VERSION}-{}-linux", std::env::consts::ARCH);
    let mut entries = Vec::new();
    for product in product::ALL {
        entries.extend(tree::entries(product, Kind::Home, made)?);
    }
    let below = work.join("tarball");
    let top = below.join(&name);
    tree::lay_out(&with_script(entries)?, source, &top)?;
    let archive = to.join(format!("{name}.tar.gz"));
    // One order, one owner and one time, so that the same files are the same archive.
    let mut tar = Command::new("tar");
    tar.current_dir(&below).args(["--create", "--sort=name", "--format=gnu"]);
    tar.args(["--owner=0", "--group=0", "--numeric-owner"]);
    tar.arg(format!("--mtime=@{}", source.time));
    let packer = match made.effort {
        Effort::Best => "gzip --best --no-name",
        Effort::Least => "gzip --fast --no-name",
    };
    tar.args(["--use-compress-program", packer, "--file"]);
    command::output_of(tar.arg(&archive).arg(&name))?;
    Ok(archive)
}

/// The files, the list of them, and what installs them.
fn with_script(mut entries: Vec<Entry>) -> Result<Vec<Entry>, Error> {
    let list: String = entries.iter().map(|entry| format!("{}\n", &entry.path[1..])).collect();
    let file = |path: &str, mode, text| Entry {
        path: format!("/{path}"),
        mode,
        role: Role::Plain,
        content: Content::Text(text, Packed::No),
    };
    let script = file(SCRIPT, 0o755, read("packaging/tarball/install.sh")?);
    entries.extend([script, file(LIST, 0o644, list)]);
    Ok(entries)
}
