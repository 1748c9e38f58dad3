//! What Debian's own checks say of a package. An error of theirs is one of ours; what they warn of
//! is printed.

use std::path::Path;
use std::process::Command;

use super::tree::create_folder;
use super::write;
use crate::command;
use crate::error::Error;
use crate::workspace;

/// The most that the server may be exposed, in tenths of systemd's measure, which goes to 10.0.
const MOST_EXPOSED: &str = "--threshold=20";

/// Holds a `.deb` against Debian's policy.
pub(super) fn of_deb(package: &Path) -> Result<(), Error> {
    let mut command = Command::new("lintian");
    // It warns of being root, which it need not know here.
    command.args(["--fail-on", "error", "--allow-root", "--tag-display-limit", "0"]);
    command::run(command.arg(package))?;
    let list = command::output_of(Command::new("dpkg-deb").arg("--contents").arg(package))?;
    match list.lines().find(|line| !may_be_installed(line)) {
        None => Ok(()),
        Some(line) => Err(Error::Answer { program: "dpkg-deb".into(), why: line.to_owned() }),
    }
}

/// Holds the server's unit against systemd's own reading, and its sandbox against a bound.
pub(super) fn of_unit(unit: &str, work: &Path) -> Result<(), Error> {
    let folder = work.join("unit");
    create_folder(&folder)?;
    let path = folder.join("visavis-signal-server.service");
    // systemd would miss the program, which is installed nowhere here.
    write(&path, unit.replace("ExecStart=/usr/bin/visavis-signal-server", "ExecStart=/bin/true"))?;
    let mut read = Command::new("systemd-analyze");
    command::run(read.args(["verify", "--man=no"]).arg(&path))?;
    let mut sandbox = Command::new("systemd-analyze");
    sandbox.args(["security", "--offline=true", "--no-pager", MOST_EXPOSED]).arg(&path);
    command::output_of(&mut sandbox).map(drop)
}

/// Whether a line of `dpkg-deb --contents` is of something that root owns and nobody else can
/// write, and, where secrets may stand in it, read.
fn may_be_installed(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (Some(mode), Some("root/root")) = (words.next(), words.next()) else { return false };
    let for_others = |at: usize| mode.as_bytes().get(at).copied();
    let is_safe = for_others(5) == Some(b'-') && for_others(8) == Some(b'-');
    is_safe && (!line.ends_with(".env") || mode == "-rw-------")
}

/// Holds what the desktop reads against its specifications.
pub(super) fn of_desktop_files() -> Result<(), Error> {
    let assets = workspace::root().join("assets");
    let mut entry = Command::new("desktop-file-validate");
    command::run(entry.arg(assets.join("visavis.desktop")))?;
    // Nobody owns a domain for the program, so its name stands alone.
    let mut metadata = Command::new("appstreamcli");
    metadata.args(["validate", "--no-net", "--override=cid-desktopapp-is-not-rdns=info"]);
    command::run(metadata.arg(assets.join("visavis.metainfo.xml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_could_write_or_read_that_should_not_is_noticed() {
        let line = |mode: &str, owner: &str, path: &str| {
            may_be_installed(&format!("{mode} {owner}   342 2026-11-30 10:38 ./{path}"))
        };
        assert!(line("-rwxr-xr-x", "root/root", "usr/bin/visavis"));
        assert!(line("drwxr-xr-x", "root/root", "usr/bin/"));
        assert!(line("-rw-------", "root/root", "etc/visavis/server.env"));
        assert!(!line("-rw-r--r--", "root/root", "etc/visavis/server.env"));
        assert!(!line("-rwxr-xr-x", "me/me", "usr/bin/visavis"));
        assert!(!line("-rwxrwxr-x", "root/root", "usr/bin/visavis"));
        assert!(!line("-rw-r--rw-", "root/root", "usr/share/a"));
        assert!(!may_be_installed(""));
    }
}
