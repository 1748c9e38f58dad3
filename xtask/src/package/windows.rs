//! An installer for Windows (MSI), made by WiX. **Never run by us**: written from the
//! documentation, and tried first where the workflows run it.
//!
//! In: the programs, `packaging/windows/visavis.wxs` and the icon. Out: the installer.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::product::VERSION;
use super::source::Source;
use super::{apple, icons, write};
use crate::command;
use crate::error::Error;
use crate::workspace::{self, Built};

/// Makes the installer and returns where it is.
pub(super) fn installer(_: &Source, built: &Built, to: &Path) -> Result<PathBuf, Error> {
    let work = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
    let icon = work.path().join("visavis.ico");
    write(&icon, icons::ico(&apple::pictures()?))?;
    let installer = to.join(format!("Visavis-{VERSION}-{}.msi", std::env::consts::ARCH));
    let mut wix = Command::new("wix");
    wix.current_dir(workspace::root()).args(["build", "packaging/windows/visavis.wxs"]);
    wix.args(["-arch", "x64"]);
    for (name, value) in [
        ("Version", VERSION.to_owned()),
        ("App", built.visavis.display().to_string()),
        ("Server", built.server.display().to_string()),
        ("Icon", icon.display().to_string()),
    ] {
        wix.arg("-d").arg(format!("{name}={value}"));
    }
    command::run(wix.arg("-out").arg(&installer))?;
    Ok(installer)
}
