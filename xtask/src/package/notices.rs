//! The licences of what is inside a program, as most of them ask.
//!
//! In: the crates that are linked into it, and the files that lie beside their sources. Out: one
//! text, in which each licence stands once, under the names of all crates that have it. What always
//! holds: it names every crate, also one that brings no file.

use std::collections::BTreeMap;
use std::path::Path;

use super::product::APP;
use super::read;
use crate::error::Error;
use crate::sbom::{self, Linked};

/// What files with licences and notices begin with.
const NAMES: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];
/// A longer file is something else.
const MOST_BYTES: u64 = 256 * 1024;

/// The text for a program.
pub(super) fn of(program: &str) -> Result<String, Error> {
    let crates = sbom::linked_into(program)?;
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for found in &crates {
        for text in found.folder.as_deref().map(texts_in).unwrap_or_default() {
            texts.entry(text).or_default().push(found.name.clone());
        }
    }
    if program == APP {
        let typeface = read("assets/fonts/OFL.txt")?;
        texts.entry(typeface).or_default().push("the typeface Inter".to_owned());
    }
    Ok(put_together(program, &crates, &texts))
}

fn put_together(program: &str, crates: &[Linked], texts: &BTreeMap<String, Vec<String>>) -> String {
    let mut all = format!("{program} is made of these works of others, under these licences.\n\n");
    for found in crates {
        all.push_str(&format!("{}: {}\n", found.name, found.license));
    }
    for (text, names) in texts {
        let mut names = names.clone();
        names.dedup();
        let rule = "-".repeat(72);
        all.push_str(&format!("\n{rule}\n{}\n{rule}\n\n{text}\n", names.join(", ")));
    }
    all
}

/// The texts in a folder and in the folders of code in other languages within it.
fn texts_in(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < 3 {
                folders.push((path, depth + 1));
            } else if kind.is_file()
                && is_license(&entry.file_name().to_string_lossy())
                && entry.metadata().is_ok_and(|data| data.len() <= MOST_BYTES)
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                texts.push(text.replace("\r\n", "\n").trim_end().to_owned());
            }
        }
    }
    texts.sort();
    texts
}

fn is_license(name: &str) -> bool {
    let name = name.to_lowercase();
    let is_code = [".rs", ".c", ".h", ".py", ".sh", ".json"].iter().any(|end| name.ends_with(end));
    !is_code
        && (NAMES.iter().any(|beginning| name.starts_with(beginning)) || name.ends_with("ofl.txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_stands_once_under_the_names_of_all_that_have_it() {
        let folder = |texts: &[(&str, &str)]| {
            let folder = tempfile::tempdir().expect("a folder");
            for (name, text) in texts {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
                std::fs::write(path, text).expect("it can be written");
            }
            folder
        };
        let one = folder(&[("LICENSE-MIT", "do what you like\r\n"), ("src/lib.rs", "code")]);
        let two = folder(&[("upstream/COPYING", "do what you like"), ("license.rs", "code")]);
        assert_eq!(texts_in(one.path()), ["do what you like"]);
        assert_eq!(texts_in(two.path()), texts_in(one.path()));
        let linked = |name: &str, folder: &Path| Linked {
            name: format!("{name} 1.0.0"),
            license: "MIT".into(),
            folder: Some(folder.to_owned()),
        };
        let crates = [linked("one", one.path()), linked("three", Path::new("/nowhere"))];
        let names = vec!["one 1.0.0".to_owned(), "two 1.0.0".to_owned()];
        let texts = BTreeMap::from([("do what you like".to_owned(), names)]);
        let all = put_together("example", &crates, &texts);
        assert!(all.contains("one 1.0.0: MIT\n") && all.contains("three 1.0.0: MIT\n"), "{all}");
        assert!(all.contains("one 1.0.0, two 1.0.0\n"), "{all}");
        assert_eq!(all.matches("do what you like").count(), 1);
    }
}
