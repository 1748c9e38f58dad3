//! Which libraries a program needs: those it is linked with, and those it loads while it runs.
//!
//! In: the program's file. Out: the names of Debian's packages, found by Debian's own tools on this
//! machine, and the names that rpm gives libraries. What always holds: a library that a program
//! loads and that [`LOADED`] does not know is an error, and so is one in the list that it no longer
//! loads; nobody finds out by a window that does not open.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::product::APP;
use super::write;
use crate::command;
use crate::error::Error;

/// How much a program needs a library that it loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Without it there is no window, or not all of it.
    Always,
    /// Without it something is missing that the window says.
    ForMore,
}

/// What the app loads while it runs.
const LOADED: &[(&str, Need)] = &[
    // The window on X11: winit over x11-dl and x11rb, and the keyboard over xkbcommon-dl.
    ("libX11.so.6", Need::Always),
    ("libX11-xcb.so.1", Need::Always),
    ("libxcb.so.1", Need::Always),
    ("libXcursor.so.1", Need::Always),
    ("libXi.so.6", Need::Always),
    ("libXrender.so.1", Need::Always),
    ("libxkbcommon.so.0", Need::Always),
    ("libxkbcommon-x11.so.0", Need::Always),
    // The window on Wayland: wayland-sys.
    ("libwayland-client.so.0", Need::Always),
    ("libwayland-egl.so.1", Need::Always),
    // What paints: glutin.
    ("libEGL.so.1", Need::Always),
    ("libGL.so.1", Need::Always),
    // Letters that the app's own typeface lacks: the system's, over fontconfig.
    ("libfontconfig.so.1", Need::Always),
    // The dialog in which files are chosen: rfd.
    ("libdbus-1.so.3", Need::Always),
    // Screens to share on Wayland, and windows of it.
    ("libpipewire-0.3.so.0", Need::ForMore),
];

/// What a program needs, by the names of Debian's packages.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DebianPackages {
    pub(super) depends: Vec<String>,
    pub(super) recommends: Vec<String>,
}

/// Asks Debian's tools which packages a program needs.
pub(super) fn debian_packages(
    name: &str,
    program: &Path,
    work: &Path,
) -> Result<DebianPackages, Error> {
    let mut depends = linked_packages(program, work)?;
    let mut recommends = Vec::new();
    for (library, need) in loaded(name, program)? {
        let package = package_with(library)?;
        let known = |packages: &[String]| packages.iter().any(|found| is_named(found, &package));
        match need {
            Need::Always if !known(&depends) => depends.push(package),
            Need::ForMore if !known(&depends) && !known(&recommends) => recommends.push(package),
            _ => {}
        }
    }
    depends.sort();
    Ok(DebianPackages { depends, recommends })
}

/// Whether a dependency such as `libc6 (>= 2.34)` is on this package.
fn is_named(dependency: &str, package: &str) -> bool {
    dependency.split_whitespace().next() == Some(package)
}

/// What dpkg-shlibdeps says, with the versions from which the symbols are there.
fn linked_packages(program: &Path, work: &Path) -> Result<Vec<String>, Error> {
    // It reads the name of the source package, and nothing else, of the folder it runs in.
    let folder = work.join("shlibdeps");
    super::tree::create_folder(&folder.join("debian"))?;
    write(
        &folder.join("debian/control"),
        "Source: visavis\n\nPackage: visavis\nArchitecture: any\n",
    )?;
    let mut command = Command::new("dpkg-shlibdeps");
    command.current_dir(&folder).arg("-O").arg(program);
    let answer = command::output_of(&mut command)?;
    depends_in(&answer).ok_or_else(|| Error::Answer {
        program: "dpkg-shlibdeps".into(),
        why: format!("{answer:?} names no packages"),
    })
}

fn depends_in(answer: &str) -> Option<Vec<String>> {
    let list = answer.lines().find_map(|line| line.strip_prefix("shlibs:Depends="))?;
    Some(list.split(", ").map(str::to_owned).collect())
}

/// The package that has a library on this machine.
fn package_with(library: &str) -> Result<String, Error> {
    let architecture = super::deb::architecture()?;
    let mut command = Command::new("dpkg-query");
    command.args(["--search", &format!("*/{library}")]);
    let answer = command::output_of(&mut command).unwrap_or_default();
    package_in(&answer, &architecture).ok_or_else(|| {
        Error::Missing(format!(
            "no package here has {library}, which the app loads: install the one that does"
        ))
    })
}

/// The package in lines such as `libx11-6:amd64: /usr/lib/x86_64-linux-gnu/libX11.so.6`.
fn package_in(answer: &str, architecture: &str) -> Option<String> {
    answer.lines().find_map(|line| {
        let (packages, _) = line.split_once(": ")?;
        packages.split(", ").find_map(|package| {
            let (name, of) = package.split_once(':').unwrap_or((package, architecture));
            // Lines about diversions are sentences.
            (of == architecture && !name.contains(' ')).then(|| name.to_owned())
        })
    })
}

/// What rpm calls what a program needs: libraries with their symbol versions, as `rpmbuild` itself
/// would find them; and libraries that only more needs.
pub(super) fn rpm_names(name: &str, program: &Path) -> Result<(Vec<String>, Vec<String>), Error> {
    let mut requires = linked_names(&headers_of(program)?);
    let mut recommends = Vec::new();
    for (library, need) in loaded(name, program)? {
        match need {
            Need::Always => requires.push(rpm_name(library, "")),
            Need::ForMore => recommends.push(rpm_name(library, "")),
        }
    }
    Ok((requires, recommends))
}

fn headers_of(program: &Path) -> Result<String, Error> {
    command::output_of(Command::new("objdump").arg("-p").arg(program))
}

/// The libraries in the `NEEDED` lines of `objdump -p`.
fn linked_with(headers: &str) -> Vec<String> {
    let needed = |line: &str| line.trim().strip_prefix("NEEDED").map(|name| name.trim().to_owned());
    headers.lines().filter_map(needed).collect()
}

fn rpm_name(library: &str, version: &str) -> String {
    format!("{library}({version})(64bit)")
}

/// Reads `objdump -p`: `NEEDED` lines, and the versions under `Version References`.
fn linked_names(headers: &str) -> Vec<String> {
    let mut names = BTreeSet::new();
    let mut library = "";
    for line in headers.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["NEEDED", name] => drop(names.insert(rpm_name(name, ""))),
            ["required", "from", name] => library = name.trim_end_matches(':'),
            [hash, _, _, version] if hash.starts_with("0x") && !library.is_empty() => {
                names.insert(rpm_name(library, version));
            }
            _ => {}
        }
    }
    names.into_iter().collect()
}

/// The libraries of the list that the program loads; those of the server are none.
fn loaded(name: &str, program: &Path) -> Result<Vec<(&'static str, Need)>, Error> {
    let bytes = std::fs::read(program)
        .map_err(Error::file(format!("{} can't be read", program.display())))?;
    let list = if name == APP { LOADED } else { &[] };
    let linked = linked_with(&headers_of(program)?);
    judge(name, &named_in(&bytes, &linked, list), list)?;
    Ok(list.to_vec())
}

fn judge(name: &str, named: &BTreeSet<String>, list: &[(&str, Need)]) -> Result<(), Error> {
    let unknown = named.iter().filter(|name| !list.iter().any(|(known, _)| known == name));
    let gone = list.iter().filter(|(known, _)| !named.contains(*known)).map(|(known, _)| *known);
    let unknown: Vec<&str> = unknown.map(String::as_str).collect();
    let gone: Vec<&str> = gone.collect();
    if unknown.is_empty() && gone.is_empty() {
        return Ok(());
    }
    Err(Error::Answer {
        program: name.to_owned(),
        why: format!(
            "it loads {unknown:?}, which packages do not know, and no longer {gone:?}: correct the \
             list in xtask/src/package/libraries.rs"
        ),
    })
}

/// The libraries with a version in the texts of a program: `libX11.so.6`. The compiler puts texts
/// one behind the other, so a name ends what went before it, and those of the list are known by
/// their ends. Those that it is linked with are no answer.
fn named_in(bytes: &[u8], linked: &[String], list: &[(&str, Need)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|rest| find(rest, b".so.")) {
        let dot = from + at;
        let end = end_of_version(bytes, dot + b".so".len());
        let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_+.".contains(byte);
        let start = bytes[from..dot].iter().rev().take_while(is_of_name).count();
        let text = String::from_utf8_lossy(&bytes[dot - start..end]).into_owned();
        from = end;
        if end == dot + b".so".len() {
            continue;
        }
        let known = list.iter().map(|(name, _)| *name).find(|name| text.ends_with(name));
        match known {
            Some(name) => drop(found.insert(name.to_owned())),
            None => {
                let name = text.rfind("lib").map(|at| text[at..].to_owned());
                found.extend(name.filter(|name| !linked.contains(name)));
            }
        }
    }
    found
}

/// Where the digits and dots behind `.so` end.
fn end_of_version(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 2;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
    }
    at
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_texts_stand_close_together() {
        let list = [("libX11.so.6", Need::Always), ("libXi.so.6", Need::Always)];
        let bytes = b"could not openlibX11.so.6libX11.so\0libXi.so.6.1 and list.sort, a.so.b; \
                      libother-2.0.so.12libXi.so.6 liblinked.so.1";
        let found = named_in(bytes, &["liblinked.so.1".to_owned()], &list);
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["libX11.so.6", "libXi.so.6", "libXi.so.6.1", "libother-2.0.so.12"]
        );
    }

    #[test]
    fn a_library_that_nobody_knows_and_one_that_is_gone_are_named() {
        let list = [("libX11.so.6", Need::Always)];
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert!(judge("visavis", &named(&["libX11.so.6"]), &list).is_ok());
        let error = judge("visavis", &named(&["libnew.so.1"]), &list).expect_err("it is new");
        let words = error.to_string();
        assert!(words.contains("libnew.so.1") && words.contains("libX11.so.6"), "{words}");
    }

    #[test]
    fn the_answers_of_debians_tools_are_read() {
        let answer = "shlibs:Depends=libasound2 (>= 1.0.16), libc6 (>= 2.34)\n";
        let expected = vec!["libasound2 (>= 1.0.16)".to_owned(), "libc6 (>= 2.34)".to_owned()];
        assert_eq!(depends_in(answer), Some(expected));
        assert_eq!(depends_in("shlibs:Recommends=x\n"), None);
        assert!(is_named("libc6 (>= 2.34)", "libc6") && !is_named("libc6-dev", "libc6"));

        let answer = "libx11-6:i386: /usr/lib/i386-linux-gnu/libX11.so.6\n\
                      libx11-6:amd64: /usr/lib/x86_64-linux-gnu/libX11.so.6\n";
        assert_eq!(package_in(answer, "amd64").as_deref(), Some("libx11-6"));
        assert_eq!(package_in("diversion by x from: /usr/lib/y\n", "amd64").as_deref(), None);
        assert_eq!(package_in("", "amd64"), None);
    }

    #[test]
    fn libraries_and_their_versions_are_called_as_rpm_calls_them() {
        let headers = "
Dynamic Section:
  NEEDED               libasound.so.2
  NEEDED               libc.so.6

Version References:
  required from libc.so.6:
    0x069691b4 0x00 12 GLIBC_2.34
    0x09691a75 0x00 03 GLIBC_2.2.5
  required from libasound.so.2:
    0x0aaaaaaa 0x00 05 ALSA_0.9
";
        assert_eq!(
            linked_names(headers),
            [
                "libasound.so.2()(64bit)",
                "libasound.so.2(ALSA_0.9)(64bit)",
                "libc.so.6()(64bit)",
                "libc.so.6(GLIBC_2.2.5)(64bit)",
                "libc.so.6(GLIBC_2.34)(64bit)",
            ]
        );
    }
}
