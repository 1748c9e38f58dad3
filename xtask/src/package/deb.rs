//! A package for dpkg.
//!
//! The archive itself is written by `dpkg-deb`, which is wherever a package for Debian can be made:
//! its dependencies are computed by Debian's tools too. Written here are the texts within it: the
//! control file, the changelog, who holds the rights, and the sums of the files.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::libraries::{self, DebianPackages};
use super::product::{Product, SERVER, VERSION};
use super::source::Source;
use super::tree::{self, Content, Effort, Entry, Kind, Made, Packed, Role};
use super::{line_of, program_of, read, write as write_file};
use crate::command;
use crate::error::Error;

/// Of Debian's package: of one version of the program there may be several.
const REVISION: &str = "1";

/// Scripts of the server's package; `dpkg` runs them.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// Writes the package of a product and returns where it is.
pub(super) fn write(
    product: &Product,
    source: &Source,
    made: &Made,
    work: &Path,
    to: &Path,
) -> Result<PathBuf, Error> {
    let version = format!("{VERSION}-{REVISION}");
    let architecture = architecture()?;
    let name = format!("{}_{version}_{architecture}.deb", product.program);
    let below = work.join(&name);
    let mut entries = tree::entries(product, Kind::Deb, made)?;
    entries.extend(documents(product, &version, source)?);
    tree::lay_out(&entries, source, &below)?;
    let program = program_of(&made.programs, product);
    let needs = libraries::debian_packages(product.program, &program, work)?;
    let size = size_in_kib(&entries)?;
    let control = control(product, &version, &architecture, &source.maintainer, &needs, size);
    let mut of_dpkg = vec![("control".to_owned(), 0o644, control)];
    of_dpkg.push(("md5sums".to_owned(), 0o644, sums(&entries, &below)?));
    let configs = config_files(&entries);
    if !configs.is_empty() {
        of_dpkg.push(("conffiles".to_owned(), 0o644, configs));
    }
    if product.program == SERVER {
        for script in SCRIPTS {
            let text = read(&format!("packaging/deb/{SERVER}.{script}"))?;
            of_dpkg.push((script.to_owned(), 0o755, text));
        }
    }
    let of_dpkg: Vec<Entry> = of_dpkg
        .into_iter()
        .map(|(name, mode, text)| Entry {
            path: format!("/DEBIAN/{name}"),
            mode,
            role: Role::Plain,
            content: Content::Text(text, Packed::No),
        })
        .collect();
    tree::lay_out(&of_dpkg, source, &below)?;
    let package = to.join(name);
    let mut build = Command::new("dpkg-deb");
    // xz, as Debian's archive has it: older dpkgs know no zstd.
    let packed = match made.effort {
        Effort::Best => ["-Zxz", "-z6"],
        Effort::Least => ["-Zgzip", "-z1"],
    };
    build.args(["--build", "--root-owner-group"]).args(packed).arg(&below).arg(&package);
    command::output_of(build.env("SOURCE_DATE_EPOCH", source.time.to_string()))?;
    Ok(package)
}

/// The same package under another version, so that an update to it can be tried.
pub(super) fn under_version(
    package: &Path,
    version: &str,
    work: &Path,
    to: &Path,
) -> Result<(), Error> {
    let name = package.file_name().unwrap_or_default();
    let below = work.join(name);
    let mut unpack = Command::new("dpkg-deb");
    command::output_of(unpack.arg("--raw-extract").arg(package).arg(&below))?;
    let control = below.join("DEBIAN/control");
    let text = std::fs::read_to_string(&control).map_err(Error::file("reading a control file"))?;
    let lines = text.lines().map(|line| match line.strip_prefix("Version: ") {
        Some(_) => format!("Version: {version}\n"),
        None => format!("{line}\n"),
    });
    write_file(&control, lines.collect::<String>())?;
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--build", "--root-owner-group", "-Znone"]);
    command::output_of(pack.arg(&below).arg(to.join(name))).map(drop)
}

/// What Debian calls the processor.
pub(super) fn architecture() -> Result<String, Error> {
    line_of(Command::new("dpkg").arg("--print-architecture"))
}

fn control(
    product: &Product,
    version: &str,
    architecture: &str,
    maintainer: &str,
    needs: &DebianPackages,
    size: u64,
) -> String {
    let Product { program, summary, section, .. } = product;
    let with = |own: &[&str], found: &[String]| {
        let mut all: Vec<String> = own.iter().map(|name| (*name).to_owned()).collect();
        all.extend_from_slice(found);
        all.join(", ")
    };
    let mut text = format!(
        "Package: {program}\nVersion: {version}\nArchitecture: {architecture}\n\
         Maintainer: {maintainer}\nInstalled-Size: {size}\nSection: {section}\n\
         Priority: optional\n"
    );
    for (field, value) in [
        ("Depends", with(product.depends, &needs.depends)),
        ("Recommends", with(product.recommends, &needs.recommends)),
        ("Suggests", with(product.suggests, &[])),
    ] {
        if !value.is_empty() {
            text.push_str(&format!("{field}: {value}\n"));
        }
    }
    let paragraphs: Vec<String> =
        product.description.iter().map(|paragraph| wrapped(paragraph, " ")).collect();
    text.push_str(&format!("Description: {summary}\n{}\n", paragraphs.join("\n .\n")));
    text
}

/// A text in lines of at most 78 columns, each behind a beginning.
fn wrapped(text: &str, beginning: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, String::len);
        if line > 0 && beginning.len() + line + 1 + word.len() > 78 {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("{beginning}{line}")).collect();
    lines.join("\n")
}

/// What Debian's policy wants to read beside what all packages bring.
fn documents(product: &Product, version: &str, source: &Source) -> Result<Vec<Entry>, Error> {
    let folder = format!("/usr/share/doc/{}", product.program);
    let day = line_of(Command::new("date").args([
        "--utc",
        "--rfc-email",
        "--date",
        &format!("@{}", source.time),
    ]))?;
    let entry = |name: &str, text: String, packed| Entry {
        path: format!("{folder}/{name}"),
        mode: 0o644,
        role: Role::Documentation,
        content: Content::Text(text, packed),
    };
    let changelog = changelog(product.program, version, &source.maintainer, &day);
    let overrides = Entry {
        path: format!("/usr/share/lintian/overrides/{}", product.program),
        ..entry("", read(&format!("packaging/deb/{}.overrides", product.program))?, Packed::No)
    };
    Ok(vec![
        entry("copyright", copyright(&read("LICENSE-MIT")?), Packed::No),
        entry("changelog.Debian.gz", changelog, Packed::Gzip),
        entry("changelog.gz", read("CHANGELOG.md")?, Packed::Gzip),
        overrides,
    ])
}

fn changelog(program: &str, version: &str, maintainer: &str, day: &str) -> String {
    format!(
        "{program} ({version}) unstable; urgency=medium\n\n  * What is new stands in \
         /usr/share/doc/{program}/changelog.gz.\n\n -- {maintainer}  {day}\n"
    )
}

/// In the form that machines read
/// (<https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>).
fn copyright(mit: &str) -> String {
    // Without its own heading and the line about who holds the rights, which are fields here.
    let text = mit.lines().skip_while(|line| !line.starts_with("Permission is hereby"));
    let mut license = String::new();
    for line in text {
        license.push_str(&if line.trim().is_empty() {
            " .\n".into()
        } else {
            format!(" {line}\n")
        });
    }
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: Visavis\n\
         Comment: The works of others in the program are under the licences in third-party.txt.gz.\n\
         \n\
         Files: *\n\
         Copyright: 2026 The Visavis authors\n\
         License: Expat or Apache-2.0\n\
         \n\
         License: Expat\n{license}\
         \n\
         License: Apache-2.0\n \
         On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n"
    )
}

/// As dpkg counts: each file in whole KiB.
fn size_in_kib(entries: &[Entry]) -> Result<u64, Error> {
    let size = |entry: &Entry| match &entry.content {
        Content::Text(text, _) => Ok(text.len() as u64),
        Content::Copy(path) => std::fs::metadata(path)
            .map(|data| data.len())
            .map_err(Error::file(format!("{} can't be read", path.display()))),
    };
    entries.iter().map(|entry| Ok(size(entry)?.div_ceil(1024))).sum()
}

/// What dpkg keeps as the operator wrote it.
fn config_files(entries: &[Entry]) -> String {
    let configs = entries.iter().filter(|entry| entry.role == Role::Config);
    configs.map(|entry| format!("{}\n", entry.path)).collect()
}

/// By these dpkg sees later whether a file was changed.
fn sums(entries: &[Entry], below: &Path) -> Result<String, Error> {
    let files = entries.iter().filter(|entry| entry.role != Role::Config);
    let paths = files.map(|entry| entry.path.trim_start_matches('/'));
    command::output_of(Command::new("md5sum").current_dir(below).args(paths))
}

#[cfg(test)]
mod tests {
    use super::super::product;
    use super::*;

    #[test]
    fn the_control_file_holds_what_was_computed_and_no_line_is_too_long() {
        let needs = DebianPackages {
            depends: vec!["libc6 (>= 2.34)".into()],
            recommends: vec!["libpipewire-0.3-0".into()],
        };
        for product in product::ALL {
            let text = control(product, "1.2.3-1", "amd64", "N <a@b.c>", &needs, 7);
            assert!(text.starts_with(&format!("Package: {}\nVersion: 1.2.3-1\n", product.program)));
            assert!(text.contains("libc6 (>= 2.34)\n") && text.contains("Installed-Size: 7\n"));
            assert!(text.contains("libpipewire-0.3-0\n"), "{text}");
            let (_, description) = text.split_once("Description: ").expect("a description");
            for line in description.lines().skip(1) {
                assert!(line.starts_with(' ') && line.len() <= 79, "{line:?}");
            }
            assert!(!text.contains("\n\n"), "an empty line would begin another package: {text}");
        }
    }

    #[test]
    fn words_are_wrapped_and_none_is_lost() {
        let text = "word ".repeat(60);
        let lines = wrapped(&text, " ");
        assert!(lines.lines().all(|line| line.len() <= 78 && line.starts_with(" word")));
        assert_eq!(lines.split_whitespace().count(), 60);
        assert_eq!(wrapped("one", " "), " one");
    }

    #[test]
    fn the_rights_are_told_in_fields_whose_lines_are_indented() {
        let text = copyright("MIT License\n\nCopyright (c) x\n\nPermission is hereby\n\ngranted\n");
        assert!(text.contains("License: Expat\n Permission is hereby\n .\n granted\n"), "{text}");
        assert!(!text.contains("MIT License"));
    }
}
