//! A package for rpm: the description that `visavis-rpm` (`xtask/rpm`) writes it from.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::libraries;
use super::product::{LICENSE, Product, SERVER, VERSION};
use super::source::Source;
use super::tree::{self, Effort, Entry, Kind, Made, Role};
use super::{program_of, read, write as write_file};
use crate::command;
use crate::error::Error;
use crate::workspace;

/// Of the package: of one version of the program there may be several.
const RELEASE: &str = "1";

/// Writes the package of a product and returns where it is.
pub(super) fn write(
    product: &Product,
    source: &Source,
    made: &Made,
    work: &Path,
    to: &Path,
) -> Result<PathBuf, Error> {
    let architecture = std::env::consts::ARCH;
    let name = format!("{}-{VERSION}-{RELEASE}.{architecture}.rpm", product.program);
    let below = work.join(&name);
    let entries = tree::entries(product, Kind::Rpm, made)?;
    tree::lay_out(&entries, source, &below)?;
    let program = program_of(&made.programs, product);
    let needs = libraries::rpm_names(product.program, &program)?;
    let scripts = if product.program == SERVER { scripts()? } else { no_scripts() };
    let mut description = description(product, source, &below, &entries, needs, scripts);
    description["level"] = match made.effort {
        Effort::Best => json!(9),
        Effort::Least => json!(1),
    };
    let description_file = work.join(format!("{}.json", product.program));
    write_file(&description_file, description.to_string())?;
    let package = to.join(name);
    let mut writer = match &made.rpm_writer {
        Some(program) => Command::new(program),
        None => {
            let mut cargo = workspace::cargo();
            cargo.args(["run", "--quiet", "--package", tree::RPM_WRITER, "--"]);
            cargo
        }
    };
    command::run(writer.arg(&description_file).arg(&package))?;
    Ok(package)
}

fn description(
    product: &Product,
    source: &Source,
    below: &Path,
    entries: &[Entry],
    (requires, mut recommends): (Vec<String>, Vec<String>),
    scripts: Value,
) -> Value {
    let mut listed: Vec<Value> = entries
        .iter()
        .map(|entry| json!({ "path": entry.path, "kind": kind_of(entry), "mode": entry.mode }))
        .collect();
    listed.extend(
        own_folders(entries)
            .into_iter()
            .map(|path| json!({ "path": path, "kind": "folder", "mode": 0o755 })),
    );
    recommends.push("ca-certificates".to_owned());
    // systemd's name for what makes the user.
    let scripts_require: &[&str] = if product.program == SERVER { &["shadow-utils"] } else { &[] };
    json!({
        "name": product.program,
        "version": VERSION,
        "release": RELEASE,
        "architecture": std::env::consts::ARCH,
        "license": LICENSE,
        "summary": capitalized(product.summary),
        "description": product.description.join("\n\n"),
        "time": source.time,
        "tree": below,
        "entries": listed,
        "requires": requires,
        "recommends": recommends,
        "scripts_require": scripts_require,
        "scripts": scripts,
    })
}

fn kind_of(entry: &Entry) -> &'static str {
    match entry.role {
        Role::Plain => "file",
        Role::Config => "config",
        Role::Documentation => "documentation",
        Role::License => "license",
    }
}

/// Folders that no other package has, so that they go with this one.
fn own_folders(entries: &[Entry]) -> Vec<String> {
    let places = ["/usr/share/doc/", "/usr/share/licenses/", "/etc/visavis/"];
    let mut folders: Vec<String> = entries
        .iter()
        .filter(|entry| places.iter().any(|place| entry.path.starts_with(place)))
        .filter_map(|entry| Some(entry.path.rsplit_once('/')?.0.to_owned()))
        .collect();
    folders.dedup();
    folders
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn scripts() -> Result<Value, Error> {
    let script = |name: &str| read(&format!("packaging/rpm/{SERVER}.{name}"));
    Ok(json!({
        "before_install": script("pre")?,
        "after_install": script("post")?,
        "before_removal": script("preun")?,
        "after_removal": script("postun")?,
    }))
}

fn no_scripts() -> Value {
    json!({ "before_install": "", "after_install": "", "before_removal": "", "after_removal": "" })
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Content, Packed};
    use super::*;

    #[test]
    fn folders_that_only_this_package_has_go_with_it() {
        let entry = |path: &str| Entry {
            path: path.to_owned(),
            mode: 0o644,
            role: Role::Plain,
            content: Content::Text(String::new(), Packed::No),
        };
        let entries = [
            entry("/etc/visavis/server.env"),
            entry("/usr/bin/visavis"),
            entry("/usr/share/doc/visavis/a"),
            entry("/usr/share/doc/visavis/b"),
        ];
        assert_eq!(own_folders(&entries), ["/etc/visavis", "/usr/share/doc/visavis"]);
        assert_eq!(capitalized("private calls"), "Private calls");
    }
}
