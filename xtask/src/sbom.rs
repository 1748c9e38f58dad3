//! `cargo xtask sbom`: what the programs that people get are made of, as CycloneDX 1.6 in JSON, one
//! file for each program.
//!
//! In: what `cargo tree` says is linked into a program on this target, and what `cargo metadata`
//! and `Cargo.lock` say about each of these crates. Out: a bill of materials. What always holds:
//! it holds neither what only builds or tests the program nor a time or a path, so that the same
//! sources give the same bytes. Code in C comes inside the crates that build it (OpenH264, Opus,
//! SQLite, ring) and is covered by their hashes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::command;
use crate::error::Error;
use crate::workspace;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder for the files.
    #[arg(long, value_name = "DIR", default_value = "target/sbom")]
    to: PathBuf,
    /// For which system, as rustc names it [default: this one].
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
}

/// A program that people get: its package, and the name of its binary.
const PROGRAMS: [(&str, &str); 2] =
    [("visavis-client", "visavis"), ("visavis-signal-server", "visavis-signal-server")];

pub(crate) fn run(options: &Options) -> Result<(), Error> {
    write_all(&workspace::root().join(&options.to), options.target.as_deref())
}

/// Writes the bill of each program into a folder, for this system unless another is named.
pub(crate) fn write_all(folder: &Path, target: Option<&str>) -> Result<(), Error> {
    let target = target.map_or_else(host, |target| Ok(target.to_owned()))?;
    std::fs::create_dir_all(folder)
        .map_err(Error::file(format!("{} can't be made", folder.display())))?;
    for (package, program) in PROGRAMS {
        let bom = bill_of(package, program, &target)?;
        let mut text = serde_json::to_string_pretty(&bom)
            .map_err(|error| answer("serde_json", error.to_string()))?;
        text.push('\n');
        let path = folder.join(format!("{program}.cdx.json"));
        std::fs::write(&path, text)
            .map_err(Error::file(format!("{} can't be written", path.display())))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// A crate that is part of a program, and where its sources are.
#[derive(Debug)]
pub(crate) struct Linked {
    /// Name and version.
    pub(crate) name: String,
    /// As its author says it.
    pub(crate) license: String,
    /// The folder with its sources; `None` for a crate of this workspace.
    pub(crate) folder: Option<PathBuf>,
}

/// Everything that is linked into a program on this system, in order.
pub(crate) fn linked_into(program: &str) -> Result<Vec<Linked>, Error> {
    let (package, _) = PROGRAMS
        .into_iter()
        .find(|(_, name)| *name == program)
        .ok_or_else(|| answer("cargo tree", format!("{program} is no program of ours")))?;
    let (tree, metadata) = asked_of_cargo(package, &host()?)?;
    let linked = linked(&tree);
    let described = |found: &Value| {
        let id = (found["name"].as_str()?.to_owned(), found["version"].as_str()?.to_owned());
        let folder = Path::new(found["manifest_path"].as_str()?).parent()?.to_owned();
        let folder = (!found["source"].is_null()).then_some(folder);
        let license = found["license"].as_str().unwrap_or("see its own file").to_owned();
        linked.contains(&id).then(|| Linked { name: format!("{} {}", id.0, id.1), license, folder })
    };
    let packages = metadata["packages"].as_array();
    let mut crates: Vec<Linked> = packages.into_iter().flatten().filter_map(described).collect();
    crates.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(crates)
}

fn answer(program: &str, why: impl Into<String>) -> Error {
    Error::Answer { program: program.to_owned(), why: why.into() }
}

fn host() -> Result<String, Error> {
    let text = command::output_of(std::process::Command::new("rustc").arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| answer("rustc -vV", "it names no host"))
}

/// What cargo says: the tree of what is linked, and what it knows of everything.
fn asked_of_cargo(package: &str, target: &str) -> Result<(String, Value), Error> {
    // Only `tree` resolves features as a build of this package does.
    let tree = command::output_of(workspace::cargo().args([
        "tree",
        "--locked",
        "--package",
        package,
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--target",
        target,
    ]))?;
    let metadata = command::output_of(workspace::cargo().args([
        "metadata",
        "--locked",
        "--format-version",
        "1",
        "--filter-platform",
        target,
    ]))?;
    let metadata = serde_json::from_str(&metadata)
        .map_err(|error| answer("cargo metadata", error.to_string()))?;
    Ok((tree, metadata))
}

fn bill_of(package: &str, program: &str, target: &str) -> Result<Value, Error> {
    let (tree, metadata) = asked_of_cargo(package, target)?;
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock"))
        .map_err(Error::file("Cargo.lock can't be read"))?;
    bill(program, package, &linked(&tree), &metadata, &checksums(&lock))
        .ok_or_else(|| answer("cargo metadata", "a crate of the program is not in it"))
}

/// Name and version of a crate.
type Id = (String, String);

/// The crates of a tree, each once. A line is `name v1.2.3 (where)`, perhaps with `(*)`.
fn linked(tree: &str) -> BTreeSet<Id> {
    let crate_of = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some((name.to_owned(), version.to_owned()))
    };
    tree.lines().filter_map(crate_of).collect()
}

/// The SHA-256 of each crate of a registry.
fn checksums(lock: &str) -> BTreeMap<Id, String> {
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""))?;
        line.strip_suffix('"').map(str::to_owned)
    };
    let entry = |block: &str| {
        let id = (value(block, "name")?, value(block, "version")?);
        Some((id, value(block, "checksum")?))
    };
    lock.split("[[package]]").filter_map(entry).collect()
}

/// Puts the bill together; `None` when cargo does not know a crate of it.
fn bill(
    program: &str,
    package: &str,
    linked: &BTreeSet<Id>,
    metadata: &Value,
    checksums: &BTreeMap<Id, String>,
) -> Option<Value> {
    let packages = metadata["packages"].as_array()?;
    let mut known: BTreeMap<Id, &Value> = BTreeMap::new();
    let mut by_id: BTreeMap<&str, Id> = BTreeMap::new();
    for found in packages {
        let id = (found["name"].as_str()?.to_owned(), found["version"].as_str()?.to_owned());
        by_id.insert(found["id"].as_str()?, id.clone());
        known.insert(id, found);
    }
    let root = linked.iter().find(|(name, _)| name == package)?;
    let mut components = Vec::new();
    for id in linked.iter().filter(|id| *id != root) {
        components.push(component(id, known.get(id)?, checksums.get(id)));
    }
    let mut edges: BTreeMap<&Id, BTreeSet<String>> =
        linked.iter().map(|id| (id, BTreeSet::new())).collect();
    for node in metadata["resolve"]["nodes"].as_array()? {
        let from = by_id.get(node["id"].as_str()?)?;
        let Some(depends_on) = edges.get_mut(from) else { continue };
        for dependency in node["deps"].as_array()? {
            let to = by_id.get(dependency["pkg"].as_str()?)?;
            let kinds = dependency["dep_kinds"].as_array()?;
            if linked.contains(to) && kinds.iter().any(|kind| kind["kind"].is_null()) {
                depends_on.insert(reference(to));
            }
        }
    }
    let dependencies: Vec<Value> = edges
        .into_iter()
        .map(|(id, depends_on)| json!({ "ref": reference(id), "dependsOn": depends_on }))
        .collect();
    let mut itself = component(root, known.get(root)?, None);
    itself["type"] = json!("application");
    itself["name"] = json!(program);
    Some(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": itself },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// A package URL, which also is what the bill refers to the crate by.
fn reference((name, version): &Id) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

fn component(id: &Id, package: &Value, checksum: Option<&String>) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(id),
        "name": id.0,
        "version": id.1,
        "scope": "required",
        "purl": reference(id),
    });
    if let Some(license) = package["license"].as_str() {
        // How it was written before expressions were.
        let expression = license.replace('/', " OR ");
        component["licenses"] = json!([{ "expression": expression }]);
    }
    if let Some(checksum) = checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(url) = package["repository"].as_str() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": url }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'a>(values: &'a Value, key: &str) -> Vec<&'a str> {
        let values = values.as_array().expect("a list");
        values.iter().map(|value| value[key].as_str().expect("a text")).collect()
    }

    fn holds_a_component(component: &Value, kind: &str) {
        assert_eq!(component["type"], kind, "{component}");
        for key in ["name", "version", "bom-ref", "purl"] {
            assert!(component[key].as_str().is_some_and(|text| !text.is_empty()), "{component}");
        }
        let licenses = component["licenses"].as_array().expect("a licence of each crate");
        assert_eq!(licenses.len(), 1, "one expression and nothing else: {component}");
        let expression = licenses[0]["expression"].as_str().expect("an expression");
        for word in expression.split([' ', '(', ')']).filter(|word| !word.is_empty()) {
            let is_id = word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
            assert!(is_id, "{expression} is an expression of SPDX");
        }
        for hash in component["hashes"].as_array().into_iter().flatten() {
            let content = hash["content"].as_str().expect("a hash");
            assert_eq!((&hash["alg"], content.len()), (&json!("SHA-256"), 64), "{component}");
            assert!(content.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        }
    }

    /// The rules of the schema, as far as what is written here can break them.
    fn holds_the_schema(bom: &Value) {
        assert_eq!(
            (&bom["bomFormat"], &bom["specVersion"], &bom["version"]),
            (&json!("CycloneDX"), &json!("1.6"), &json!(1))
        );
        holds_a_component(&bom["metadata"]["component"], "application");
        for component in bom["components"].as_array().expect("a list") {
            holds_a_component(component, "library");
        }
        let mut references = texts(&bom["components"], "bom-ref");
        references.push(bom["metadata"]["component"]["bom-ref"].as_str().expect("a reference"));
        let unique: BTreeSet<&str> = references.iter().copied().collect();
        assert_eq!(unique.len(), references.len(), "each reference stands for one component");
        assert_eq!(texts(&bom["dependencies"], "ref").into_iter().collect::<BTreeSet<_>>(), unique);
        for dependency in bom["dependencies"].as_array().expect("a list") {
            let on = dependency["dependsOn"].as_array().expect("a list");
            let on: Vec<&str> = on.iter().filter_map(Value::as_str).collect();
            let distinct: BTreeSet<&str> = on.iter().copied().collect();
            assert!(distinct.len() == on.len() && distinct.is_subset(&unique), "{dependency}");
        }
    }

    fn bill_on(package: &str, program: &str, target: &str) -> Value {
        bill_of(package, program, target).expect("cargo answers")
    }

    /// Where everybody's build runs.
    const LINUX: &str = "x86_64-unknown-linux-gnu";

    #[test]
    fn the_bill_of_each_program_holds_the_schema_and_names_what_is_linked_and_nothing_else() {
        for (package, program, has, has_not) in [
            (
                "visavis-client",
                "visavis",
                ["rtc", "openh264-sys2", "ed25519-dalek", "eframe"],
                ["fantoccini", "egui_kittest", "proptest", "serde_derive"],
            ),
            (
                "visavis-signal-server",
                "visavis-signal-server",
                ["rusqlite", "libsqlite3-sys", "rustls", "redis"],
                ["eframe", "openh264-sys2", "proptest", "tempfile"],
            ),
        ] {
            let bom = bill_on(package, program, LINUX);
            holds_the_schema(&bom);
            let names = texts(&bom["components"], "name");
            for name in has {
                assert!(names.contains(&name), "{program} holds {name}");
            }
            for name in has_not {
                assert!(!names.contains(&name), "{program} does not hold {name}");
            }
            assert_eq!(bom["metadata"]["component"]["name"], program);
            let text = bom.to_string();
            assert!(!text.contains("path+file") && !text.contains(env!("CARGO_MANIFEST_DIR")));
            assert_eq!(
                bill_on(package, program, LINUX),
                bom,
                "the same sources give the same bill"
            );
        }
    }

    #[test]
    fn every_crate_of_a_registry_has_its_hash_and_our_own_have_none() {
        let bom = bill_on("visavis-client", "visavis", LINUX);
        for component in bom["components"].as_array().expect("a list") {
            let ours = component["name"].as_str().is_some_and(|name| name.starts_with("visavis-"));
            assert_eq!(component["hashes"].is_null(), ours, "{component}");
        }
    }

    #[test]
    fn a_tree_and_a_lock_file_are_read_as_cargo_writes_them() {
        let tree = "visavis-client v0.1.0 (/somewhere/client)\nbytes v1.2.3\nnum v0.4.3+x (*)\n\n";
        let id = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        let expected = [id("bytes", "1.2.3"), id("num", "0.4.3+x"), id("visavis-client", "0.1.0")];
        assert_eq!(linked(tree), expected.clone().into());
        let lock = "version = 4\n\n[[package]]\nname = \"bytes\"\nversion = \"1.2.3\"\nchecksum = \"ab\"\n\n[[package]]\nname = \"visavis-client\"\nversion = \"0.1.0\"\n";
        assert_eq!(checksums(lock), [(expected[0].clone(), "ab".to_owned())].into());
        assert_eq!(reference(&expected[1]), "pkg:cargo/num@0.4.3%2Bx");
    }
}
