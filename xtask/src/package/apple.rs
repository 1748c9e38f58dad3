//! A disk image for macOS with the app's bundle. **Never run by us**: written from Apple's
//! documentation, and tried first where the workflows run it.
//!
//! In: the program, `packaging/macos/` and the icon. Out: `Visavis.app` in a disk image, signed for
//! this machine only ("ad hoc"); `docs/releasing.md` says how it is signed for everybody.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::product::{APP, SERVER, VERSION};
use super::source::Source;
use super::tree::{create_folder, set_mode};
use super::{icons, read, write};
use crate::command;
use crate::error::Error;
use crate::workspace::{self, Built};

/// What stands for the version in `Info.plist`.
pub(super) const VERSION_MARK: &str = "@VERSION@";

/// Makes the image and returns where it is.
pub(super) fn disk_image(_: &Source, built: &Built, to: &Path) -> Result<PathBuf, Error> {
    let work = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
    let bundle = work.path().join("Visavis.app");
    let contents = bundle.join("Contents");
    for folder in ["MacOS", "Resources"] {
        create_folder(&contents.join(folder))?;
    }
    write(&contents.join("Info.plist"), info_plist()?)?;
    write(&contents.join("Resources/Visavis.icns"), icons::icns(&pictures()?))?;
    for (from, name) in [(&built.visavis, APP), (&built.server, SERVER)] {
        let program = contents.join("MacOS").join(name);
        std::fs::copy(from, &program)
            .map_err(Error::file(format!("{} can't be copied", from.display())))?;
        set_mode(&program, 0o755)?;
    }
    let entitlements = workspace::root().join("packaging/macos/entitlements.plist");
    let mut sign = Command::new("codesign");
    sign.args(["--force", "--deep", "--options", "runtime", "--sign", "-", "--entitlements"]);
    command::run(sign.arg(entitlements).arg(&bundle))?;
    let image = to.join(format!("Visavis-{VERSION}-{}.dmg", std::env::consts::ARCH));
    let mut make = Command::new("hdiutil");
    make.args(["create", "-volname", "Visavis", "-format", "UDZO", "-srcfolder"]);
    command::run(make.arg(&bundle).arg(&image))?;
    Ok(image)
}

fn info_plist() -> Result<String, Error> {
    Ok(read("packaging/macos/Info.plist")?.replace(VERSION_MARK, VERSION))
}

/// The icon in every size.
pub(super) fn pictures() -> Result<Vec<(u32, Vec<u8>)>, Error> {
    let picture = |size: u32| {
        let path = workspace::root().join(format!("assets/visavis-{size}.png"));
        let bytes = std::fs::read(&path)
            .map_err(Error::file(format!("{} can't be read", path.display())))?;
        Ok((size, bytes))
    };
    super::tree::ICON_SIZES.into_iter().map(picture).collect()
}
