//! `visavis-rpm DESCRIPTION.json PACKAGE.rpm`: writes a package for rpm, in its format 4.
//!
//! In: a description and the tree of files that it names. Out: the package, the same bytes for the
//! same input. It is a program of its own so that `cargo xtask` is built without the library.

#![expect(clippy::print_stderr, reason = "this program talks to `cargo xtask`")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rpm::{
    BuildConfig, CompressionWithLevel, Dependency, FileOptions, Package, PackageBuilder, Scriptlet,
};
use serde::Deserialize;

/// What the package is, and what it holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: String,
    version: String,
    release: String,
    architecture: String,
    license: String,
    summary: String,
    description: String,
    /// When it was made, in seconds since 1970.
    time: u32,
    /// How hard gzip tries, from 1 to 9.
    level: u32,
    /// Below this folder lie the files, as they will lie in the system.
    tree: PathBuf,
    entries: Vec<Entry>,
    requires: Vec<String>,
    recommends: Vec<String>,
    /// What the scripts run.
    scripts_require: Vec<String>,
    scripts: Scripts,
}

/// A file or a folder that belongs to the package.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Absolute.
    path: String,
    kind: Kind,
    /// Its permissions.
    mode: u16,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    File,
    /// Kept when it was changed.
    Config,
    Documentation,
    License,
    Folder,
}

/// What runs around installing and removing; empty where nothing does.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scripts {
    before_install: String,
    after_install: String,
    before_removal: String,
    after_removal: String,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{path} can't be read: {source}", path = .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the description makes no sense: {0}")]
    Description(#[from] serde_json::Error),
    #[error("the package can't be made: {0}")]
    Package(#[from] rpm::Error),
}

fn package(description: &Description) -> Result<Package, Error> {
    let Description { name, version, license, architecture, summary, .. } = description;
    let mut builder = PackageBuilder::new(name, version, license, architecture, summary);
    let config = BuildConfig::v4()
        .source_date(description.time)
        .compression(CompressionWithLevel::Gzip(description.level));
    builder.using_config(config).release(&description.release);
    builder.description(&description.description);
    // Neither the name of the machine nor anything else that differs from build to build.
    builder.build_host("localhost");
    for entry in &description.entries {
        let path = entry.path.as_str();
        if matches!(entry.kind, Kind::Folder) {
            builder.with_dir_entry(FileOptions::dir(path).permissions(entry.mode))?;
            continue;
        }
        let options = FileOptions::new(path).permissions(entry.mode);
        let options = match entry.kind {
            Kind::File | Kind::Folder => options,
            Kind::Config => options.config().noreplace(),
            Kind::Documentation => options.doc(),
            Kind::License => options.license(),
        };
        let source = description.tree.join(path.trim_start_matches('/'));
        let contents =
            std::fs::read(&source).map_err(|error| Error::Read { path: source, source: error })?;
        builder.with_file_contents(contents, options)?;
    }
    for name in &description.requires {
        builder.requires(Dependency::any(name));
    }
    for name in &description.recommends {
        builder.recommends(Dependency::any(name));
    }
    for name in &description.scripts_require {
        builder.requires(Dependency::script_pre(name));
    }
    let scripts = &description.scripts;
    let script = |text: &String| (!text.is_empty()).then(|| Scriptlet::new(text));
    script(&scripts.before_install).map(|script| builder.pre_install_script(script));
    script(&scripts.after_install).map(|script| builder.post_install_script(script));
    script(&scripts.before_removal).map(|script| builder.pre_uninstall_script(script));
    script(&scripts.after_removal).map(|script| builder.post_uninstall_script(script));
    Ok(builder.build()?)
}

fn run(description: &Path, to: &Path) -> Result<(), Error> {
    let text = std::fs::read_to_string(description)
        .map_err(|source| Error::Read { path: description.to_owned(), source })?;
    package(&serde_json::from_str(&text)?)?.write_file(to)?;
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [description, to] = arguments.as_slice() else {
        eprintln!("visavis-rpm: give the description and the file to write");
        return ExitCode::from(2);
    };
    match run(description, to) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("visavis-rpm: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(tree: &Path) -> Description {
        let text = serde_json::json!({
            "name": "example", "version": "1.2.3", "release": "1", "architecture": "x86_64",
            "license": "MIT", "summary": "An example", "description": "Shows what is written.",
            "time": 1_700_000_000, "level": 9, "tree": tree,
            "entries": [
                { "path": "/usr/bin/example", "kind": "file", "mode": 0o755 },
                { "path": "/etc/example.env", "kind": "config", "mode": 0o600 },
                { "path": "/etc/example", "kind": "folder", "mode": 0o750 },
            ],
            "requires": ["libc.so.6()(64bit)"], "recommends": ["pulse"], "scripts_require": ["sh"],
            "scripts": {
                "before_install": "true before", "after_install": "", "before_removal": "",
                "after_removal": "true after",
            },
        });
        serde_json::from_value(text).expect("a description")
    }

    fn tree() -> tempfile::TempDir {
        let tree = tempfile::tempdir().expect("a folder");
        for (path, text) in [("usr/bin/example", "a program"), ("etc/example.env", "A=b\n")] {
            let path = tree.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        tree
    }

    #[test]
    fn a_package_that_is_read_again_holds_what_was_described() {
        let tree = tree();
        let path = tree.path().join("example.rpm");
        let written = package(&description(tree.path())).expect("a package");
        written.write_file(&path).expect("it can be written");
        let read = Package::open(&path).expect("a package");
        let metadata = &read.metadata;
        assert_eq!(metadata.get_name().expect("a name"), "example");
        assert_eq!(metadata.get_version().expect("a version"), "1.2.3");
        let files = metadata.get_file_entries().expect("files");
        let told: Vec<(String, u16)> = files
            .iter()
            .map(|file| (file.path().display().to_string(), file.mode().permissions()))
            .collect();
        for (path, mode) in
            [("/usr/bin/example", 0o755), ("/etc/example.env", 0o600), ("/etc/example", 0o750)]
        {
            assert!(told.contains(&(path.to_owned(), mode)), "{told:?}");
        }
        let config = files.iter().find(|file| file.path().ends_with("example.env"));
        let flags = config.expect("it is there").flags();
        assert!(flags.contains(rpm::FileFlags::CONFIG | rpm::FileFlags::NOREPLACE), "{flags:?}");
        let requires = metadata.get_requires().expect("dependencies");
        assert!(requires.iter().any(|needed| needed.name == "libc.so.6()(64bit)"));
        let before = metadata.get_pre_install_script().expect("a script");
        assert_eq!(before.script, "true before");
        assert!(metadata.get_post_install_script().is_err(), "an empty script is none");
    }

    #[test]
    fn the_same_input_makes_the_same_bytes() {
        let tree = tree();
        let bytes = || {
            let mut bytes = Vec::new();
            let package = package(&description(tree.path())).expect("a package");
            package.write(&mut bytes).expect("memory takes it");
            bytes
        };
        assert_eq!(bytes(), bytes());
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let empty = tempfile::tempdir().expect("a folder");
        let error = package(&description(empty.path())).expect_err("nothing is there");
        assert!(error.to_string().contains("usr/bin/example"), "{error}");
    }
}
