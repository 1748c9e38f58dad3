//! What Debian's own checks say of a package. An error of theirs is one of ours; what they warn of
//! is printed.

use std::path::Path;
use std::process::Command;

use crate::command;
use crate::error::Error;
use crate::workspace;

/// Holds a `.deb` against Debian's policy.
pub(super) fn of_deb(package: &Path) -> Result<(), Error> {
    let mut command = Command::new("lintian");
    // It warns of being root, which it need not know here.
    command.args(["--fail-on", "error", "--allow-root", "--tag-display-limit", "0"]);
    command::run(command.arg(package))
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
