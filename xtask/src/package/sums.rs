//! The SHA-256 of each package, beside it, as `sha256sum --check` reads it.

use std::path::Path;
use std::process::Command;

use crate::command;
use crate::error::Error;

/// What such a file is called beyond the name of what it is about.
const EXTENSION: &str = "sha256";

/// Writes one for each file of the folder.
pub(super) fn write(folder: &Path) -> Result<(), Error> {
    for name in names(folder)? {
        let sum = sum_of(folder, &name)?;
        super::write(&folder.join(format!("{name}.{EXTENSION}")), format!("{sum}  {name}\n"))?;
    }
    Ok(())
}

/// The files of the folder, but for sums, in order.
fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let what = || Error::file(format!("{} can't be listed", folder.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(what())? {
        let entry = entry.map_err(what())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && !name.ends_with(&format!(".{EXTENSION}")) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn sum_of(folder: &Path, name: &str) -> Result<String, Error> {
    let mut command = if cfg!(target_os = "macos") {
        let mut command = Command::new("shasum");
        command.args(["--algorithm", "256"]);
        command
    } else {
        // Also what the shell of Git on Windows has.
        Command::new("sha256sum")
    };
    let answer = command::output_of(command.current_dir(folder).arg(name))?;
    read_sum(&answer).ok_or_else(|| Error::Answer {
        program: "sha256sum".into(),
        why: format!("{answer:?} holds no SHA-256"),
    })
}

/// The sum in an answer; a backslash stands before it when the name has unusual characters.
fn read_sum(answer: &str) -> Option<String> {
    let sum = answer.split_whitespace().next()?.trim_start_matches('\\');
    let is_hex = sum.bytes().all(|byte| byte.is_ascii_hexdigit());
    (sum.len() == 64 && is_hex).then(|| sum.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn each_file_gets_its_sum_and_a_sum_gets_none() {
        let folder = tempfile::tempdir().expect("a folder");
        super::super::write(&folder.path().join("a.deb"), "abc").expect("it can be written");
        for _ in 0..2 {
            write(folder.path()).expect("the sums are written");
        }
        // The first example of FIPS 180-2.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.deb\n";
        let sum = std::fs::read_to_string(folder.path().join("a.deb.sha256")).expect("it is there");
        assert_eq!(sum, expected);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }

    #[test]
    fn an_answer_without_a_sum_is_none() {
        for answer in ["", "sha256sum: no such file", "abc  a.deb", &"g".repeat(64)] {
            assert_eq!(read_sum(answer), None, "{answer}");
        }
    }
}
