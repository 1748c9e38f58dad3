//! What goes where: the tree of files that a package holds.
//!
//! In: what was built, and what the built programs wrote of themselves ([`Made`]). Out: a list of
//! [`Entry`]s for a product and a kind of package, and that list laid out below a folder. Paths are
//! those of the Filesystem Hierarchy Standard; where Debian, Fedora and a home folder differ,
//! [`Kind`] says so in one place.

use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::product::{self, APP, Product, SERVER};
use super::source::Source;
use super::{notices, program_of, read, write};
use crate::command;
use crate::error::Error;
use crate::workspace::{self, Built};

/// The sizes of the icon in pixels, as files beside its drawing.
pub(super) const ICON_SIZES: [u32; 9] = [16, 22, 24, 32, 48, 64, 128, 256, 512];

/// A kind of package for Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// For dpkg.
    Deb,
    /// For rpm.
    Rpm,
    /// For a home folder, below `~/.local`.
    Home,
}

/// What a file is to a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Part of what works.
    Plain,
    /// The operator's once it is installed.
    Config,
    /// To be read.
    Documentation,
    /// Must come along.
    License,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it goes, absolute; for a home folder below that.
    pub(super) path: String,
    /// Its permissions.
    pub(super) mode: u32,
    /// What it is to the package.
    pub(super) role: Role,
    /// What is in it.
    pub(super) content: Content,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// The same as in this one.
    Copy(PathBuf),
    /// This, gzipped if so.
    Text(String, Packed),
}

/// Whether a text is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packed {
    No,
    Gzip,
}

/// What the built programs gave for the packages.
#[derive(Debug)]
pub(super) struct Made {
    /// The programs without what only a debugger reads.
    pub(super) programs: Built,
    /// How packages are packed.
    pub(super) effort: Effort,
    /// What writes packages for rpm, where it was built with the programs.
    pub(super) rpm_writer: Option<PathBuf>,
    /// The pages of each program's manual, by file name.
    manuals: Vec<(&'static str, Vec<(String, String)>)>,
    /// The app's completions, for the shells in [`SHELLS`].
    completions: Vec<String>,
    /// The licences of everything inside, for each program.
    notices: Vec<(&'static str, String)>,
}

/// How much work goes into making packages small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// As much as there is: they are packed once, and unpacked by many.
    Best,
    /// Little: they are only looked at.
    Least,
}

/// The program of `xtask/rpm`.
pub(super) const RPM_WRITER: &str = "visavis-rpm";

/// The shells that packages bring completions for.
const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

impl Made {
    /// Has the programs write what they can say of themselves, in a folder for it.
    pub(super) fn by(built: &Built, effort: Effort, work: &Path) -> Result<Self, Error> {
        let programs = stripped(built, &work.join("programs"))?;
        let mut manuals = Vec::new();
        let mut licences = Vec::new();
        for product in product::ALL {
            let program = program_of(&programs, product);
            let folder = work.join("manual").join(product.program);
            create_folder(&folder)?;
            command::output_of(Command::new(&program).arg("manual").arg(&folder))?;
            manuals.push((product.program, files_of(&folder)?));
            licences.push((product.program, notices::of(product.program)?));
        }
        let completions = SHELLS
            .iter()
            .map(|shell| {
                command::output_of(Command::new(&programs.visavis).args(["completions", shell]))
            })
            .collect::<Result<_, _>>()?;
        // A full build for tests has just made it; another one may be old.
        let beside = built.visavis.with_file_name(RPM_WRITER);
        let rpm_writer = (effort == Effort::Least && beside.is_file()).then_some(beside);
        Ok(Self { programs, effort, rpm_writer, manuals, completions, notices: licences })
    }
}

#[cfg(test)]
impl Made {
    /// What programs might have written, for tests.
    pub(super) fn example(programs: Built) -> Self {
        let page = |program: &'static str| {
            (program, vec![(format!("{program}.1"), "a page\n".to_owned())])
        };
        Self {
            programs,
            effort: Effort::Least,
            rpm_writer: None,
            manuals: product::ALL.map(|product| page(product.program)).to_vec(),
            completions: SHELLS.map(|shell| format!("# for {shell}\n")).to_vec(),
            notices: product::ALL.map(|product| (product.program, "MIT\n".to_owned())).to_vec(),
        }
    }
}

/// Copies of the programs without symbols: they are most of their size, and Debian wants none.
fn stripped(built: &Built, folder: &Path) -> Result<Built, Error> {
    create_folder(folder)?;
    let strip = |from: &Path| {
        let to = folder.join(from.file_name().unwrap_or_default());
        let mut command = Command::new("strip");
        command.args(["--strip-unneeded", "--remove-section=.comment", "--remove-section=.note"]);
        command::output_of(command.arg("-o").arg(&to).arg(from))?;
        Ok::<_, Error>(to)
    };
    Ok(Built { visavis: strip(&built.visavis)?, server: strip(&built.server)? })
}

fn files_of(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let what = || Error::file(format!("{} can't be read", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(what())? {
        let entry = entry.map_err(what())?;
        let text = std::fs::read_to_string(entry.path()).map_err(what())?;
        files.push((entry.file_name().to_string_lossy().into_owned(), text));
    }
    files.sort();
    Ok(files)
}

/// Every file of a product's package but for those that belong to the packaging system itself.
pub(super) fn entries(product: &Product, kind: Kind, made: &Made) -> Result<Vec<Entry>, Error> {
    let mut entries = vec![Entry {
        path: in_prefix(kind, &format!("bin/{}", product.program)),
        mode: 0o755,
        role: Role::Plain,
        content: Content::Copy(program_of(&made.programs, product)),
    }];
    let of_this = |(name, _): &&(&str, _)| *name == product.program;
    let manual = made.manuals.iter().find(of_this).map_or(&[][..], |(_, pages)| pages.as_slice());
    for (name, text) in manual {
        let path = in_prefix(kind, &format!("share/man/man1/{name}.gz"));
        let page = text_entry(path, Role::Documentation, text.clone(), Packed::Gzip);
        entries.push(page);
    }
    match product.program {
        APP => entries.extend(desktop(kind, made)?),
        SERVER if kind != Kind::Home => entries.extend(service()?),
        _ => {}
    }
    entries.extend(documents(product, kind, made)?);
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// Where the system looks for something of a package.
fn in_prefix(kind: Kind, path: &str) -> String {
    match kind {
        Kind::Deb | Kind::Rpm => format!("/usr/{path}"),
        Kind::Home => format!("/{path}"),
    }
}

fn text_entry(path: String, role: Role, text: String, packed: Packed) -> Entry {
    Entry { path, mode: 0o644, role, content: Content::Text(text, packed) }
}

fn copy_entry(path: String, from: &str) -> Entry {
    let content = Content::Copy(workspace::root().join(from));
    Entry { path, mode: 0o644, role: Role::Plain, content }
}

/// What the desktop and the shells need to know of the app.
fn desktop(kind: Kind, made: &Made) -> Result<Vec<Entry>, Error> {
    let share = |path: &str| in_prefix(kind, &format!("share/{path}"));
    let mut entries = vec![
        copy_entry(share("applications/visavis.desktop"), "assets/visavis.desktop"),
        copy_entry(share("metainfo/visavis.metainfo.xml"), "assets/visavis.metainfo.xml"),
        copy_entry(share("icons/hicolor/scalable/apps/visavis.svg"), "assets/visavis.svg"),
    ];
    for size in ICON_SIZES {
        let to = share(&format!("icons/hicolor/{size}x{size}/apps/visavis.png"));
        entries.push(copy_entry(to, &format!("assets/visavis-{size}.png")));
    }
    // Debian's zsh looks for what packages bring elsewhere than everybody's.
    let zsh = if kind == Kind::Deb { "vendor-completions" } else { "site-functions" };
    let places = [
        "bash-completion/completions/visavis".to_owned(),
        format!("zsh/{zsh}/_visavis"),
        "fish/vendor_completions.d/visavis.fish".to_owned(),
    ];
    for (place, script) in places.iter().zip(&made.completions) {
        entries.push(text_entry(share(place), Role::Plain, script.clone(), Packed::No));
    }
    Ok(entries)
}

/// What systemd and the operator need of the server.
fn service() -> Result<Vec<Entry>, Error> {
    let unit = unit()?;
    let path = "/usr/lib/systemd/system/visavis-signal-server.service".to_owned();
    let options = Entry {
        path: "/etc/visavis/server.env".to_owned(),
        // Passwords may stand in it, and systemd reads it before it becomes the server's user.
        mode: 0o600,
        role: Role::Config,
        content: Content::Text(read("packaging/server.env")?, Packed::No),
    };
    Ok(vec![text_entry(path, Role::Plain, unit, Packed::No), options])
}

/// The unit as a package brings it.
pub(super) fn unit() -> Result<String, Error> {
    unit_of_package(&read("packaging/visavis-signal-server.service")?)
}

/// The unit of `packaging/`, for a server that lies in `/usr/bin` and has a user of its own: that
/// user owns files which the operator prepares, such as a certificate's.
fn unit_of_package(unit: &str) -> Result<String, Error> {
    let mut text = unit.to_owned();
    for (from, to) in [
        ("/usr/local/bin/visavis-signal-server", "/usr/bin/visavis-signal-server"),
        (
            "# A user that exists only while the server runs, and nothing",
            "# A user of its own, and nothing",
        ),
        ("DynamicUser=yes", "User=visavis\nGroup=visavis"),
    ] {
        if text.matches(from).count() != 1 {
            let why = format!("{from:?} does not stand in it once");
            return Err(Error::Answer { program: "the unit in packaging/".into(), why });
        }
        text = text.replace(from, to);
    }
    Ok(text)
}

/// What is to be read, and the licences.
fn documents(product: &Product, kind: Kind, made: &Made) -> Result<Vec<Entry>, Error> {
    let folder = in_prefix(kind, &format!("share/doc/{}", product.program));
    let document = |name: &str, text, packed| {
        text_entry(format!("{folder}/{name}"), Role::Documentation, text, packed)
    };
    let notices = made.notices.iter().find(|(name, _)| *name == product.program);
    let notices = notices.map(|(_, text)| text.clone()).unwrap_or_default();
    let mut entries = vec![document("third-party.txt.gz", notices, Packed::Gzip)];
    match kind {
        // Its own files of that kind are written with the package.
        Kind::Deb => {}
        Kind::Rpm | Kind::Home => {
            entries.push(document("CHANGELOG.md", read("CHANGELOG.md")?, Packed::No));
            for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
                let folder = match kind {
                    Kind::Rpm => format!("/usr/share/licenses/{}", product.program),
                    _ => folder.clone(),
                };
                let path = format!("{folder}/{name}");
                entries.push(text_entry(path, Role::License, read(name)?, Packed::No));
            }
        }
    }
    if product.program == SERVER {
        entries.push(document("operating.md", read("docs/operating.md")?, Packed::No));
    }
    Ok(entries)
}

/// Lays the files below a folder, with the time of the source.
pub(super) fn lay_out(entries: &[Entry], source: &Source, below: &Path) -> Result<(), Error> {
    for entry in entries {
        let to = below.join(entry.path.trim_start_matches('/'));
        if let Some(parent) = to.parent() {
            create_folder(parent)?;
        }
        match &entry.content {
            Content::Copy(from) => {
                let what = format!("{} can't be copied", from.display());
                std::fs::copy(from, &to).map_err(Error::file(what))?;
            }
            Content::Text(text, Packed::No) => write(&to, text)?,
            Content::Text(text, Packed::Gzip) => write(&to, gzip(text.as_bytes())?)?,
        }
        set_mode(&to, entry.mode)?;
    }
    // Folders too, the deepest first, as a change within one is a change of it.
    let mut touch = Command::new("find");
    touch.arg(below).args(["-depth", "-exec", "touch", "--no-dereference", "--date"]);
    command::output_of(touch.arg(format!("@{}", source.time)).args(["{}", "+"]))?;
    Ok(())
}

pub(super) fn create_folder(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder)
        .map_err(Error::file(format!("{} can't be made", folder.display())))?;
    set_mode(folder, 0o755)
}

#[cfg(unix)]
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(Error::file(format!("{} can't be given its mode", path.display())))
}

#[cfg(not(unix))]
pub(super) fn set_mode(_: &Path, _: u32) -> Result<(), Error> {
    Ok(())
}

/// As small as gzip makes it, without a name and a time.
pub(super) fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    // A file rather than a pipe: gzip writes before it has read everything.
    let what = || Error::file("making a temporary file");
    let mut input = tempfile::tempfile().map_err(what())?;
    input.write_all(bytes).and_then(|()| input.rewind()).map_err(what())?;
    let mut command = Command::new("gzip");
    command.args(["--best", "--no-name", "--stdout"]).stdin(input);
    let start = |source| Error::Start { program: "gzip".into(), source };
    let output = command.output().map_err(start)?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(Error::Failed { command: "gzip".into(), status: output.status })
    }
}
