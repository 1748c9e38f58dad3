//! Names of files that came from the other side, so that they can be written and shown.
//!
//! In: any text. Out: one name of one file, that every system can write and that names no other
//! place. What always holds for it: no separator, no drive, no name that Windows keeps for devices,
//! nothing invisible, no dot in front, no dot or space at the end, at most 255 bytes, and not
//! empty. What was cleaned stays as it is. Pure.

#[cfg(test)]
mod tests;

use unicode_normalization::UnicodeNormalization as _;
use visavis_shared::foreign_text::is_hidden;

use crate::protocol::files::MAX_NAME_BYTES;

/// How deep folders go in one another.
pub(crate) const MAX_DEPTH: usize = 32;
/// What a file is called whose name has nothing that can be kept.
const NAMELESS: &str = "file";
/// The longest ending that is kept when a name is cut, in bytes, with its dot.
const LONGEST_ENDING: usize = 32;

/// Names of devices on Windows, in any spelling and with any ending.
const RESERVED: &[&str] = &["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
/// The same with a digit behind it.
const RESERVED_NUMBERED: &[&str] = &["COM", "LPT"];

/// Endings of what runs when it is opened, on some system.
const EXECUTABLE: &[&str] = &[
    "action",
    "apk",
    "app",
    "appimage",
    "application",
    "appref-ms",
    "bash",
    "bat",
    "bin",
    "cmd",
    "com",
    "command",
    "cpl",
    "csh",
    "deb",
    "desktop",
    "dll",
    "dmg",
    "docm",
    "elf",
    "exe",
    "fish",
    "gadget",
    "hta",
    "inf",
    "iso",
    "jar",
    "js",
    "jse",
    "jnlp",
    "ksh",
    "lnk",
    "mjs",
    "msc",
    "msi",
    "msix",
    "msp",
    "mst",
    "out",
    "pif",
    "pkg",
    "pl",
    "ps1",
    "psm1",
    "py",
    "pyw",
    "rb",
    "reg",
    "rpm",
    "run",
    "scf",
    "scpt",
    "scr",
    "sct",
    "service",
    "sh",
    "shb",
    "so",
    "sys",
    "terminal",
    "tool",
    "url",
    "vb",
    "vbe",
    "vbs",
    "webloc",
    "workflow",
    "ws",
    "wsc",
    "wsf",
    "wsh",
    "xlsm",
    "zsh",
];

/// Cleans a name.
#[must_use]
pub(crate) fn clean_name(name: &str) -> String {
    cleaned(name, MAX_NAME_BYTES)
}

/// The same name for the `number`th file that wants it: `name (2).ext`.
#[must_use]
pub(crate) fn numbered(name: &str, number: u32, folder: bool) -> String {
    let (stem, ending) = if folder { (name, "") } else { split(name) };
    let tail = format!(" ({number}){ending}");
    let stem = cut(stem, MAX_NAME_BYTES.saturating_sub(tail.len()));
    format!("{}{tail}", stem.trim_end())
}

/// The name with something behind it, for a file that has not its last name yet.
#[must_use]
pub(crate) fn with_tail(name: &str, tail: &str) -> String {
    format!("{}{tail}", cut(name, MAX_NAME_BYTES.saturating_sub(tail.len())))
}

/// The parts of a path within a folder, clean; `None` for one that leads elsewhere.
#[must_use]
pub(crate) fn parts(path: &str) -> Option<Vec<String>> {
    let parts: Vec<&str> = path.split('/').take(MAX_DEPTH + 1).collect();
    let leads_elsewhere = |part: &&str| matches!(*part, "" | "." | "..");
    if parts.len() > MAX_DEPTH || parts.iter().any(leads_elsewhere) {
        return None;
    }
    Some(parts.into_iter().map(clean_name).collect())
}

/// Whether opening a file of this name would run it, on some system.
#[must_use]
pub(crate) fn is_executable(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| EXECUTABLE.contains(&ending.as_str()))
}

fn cleaned(name: &str, limit: usize) -> String {
    let kept = name.chars().filter_map(|c| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => Some('_'),
        // Marks that turn the direction, and what asks for another form of a character.
        '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' => None,
        '\u{e0020}'..='\u{e007f}' => None,
        c if is_hidden(c) => None,
        c if c.is_whitespace() => Some(' '),
        c => Some(c),
    });
    let name: String = kept.nfc().collect();
    let name = tidy(&name);
    let (stem, ending) = split(&name);
    let mut name = match limit.checked_sub(ending.len()) {
        Some(room) if name.len() > limit => {
            format!("{}{ending}", cut(stem, room).trim_end_matches(['.', ' ']))
        }
        _ => cut(&name, limit).to_owned(),
    };
    name.truncate(name.trim_end_matches(['.', ' ']).len());
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

/// Without dots and spaces where they deceive, and no device.
fn tidy(name: &str) -> String {
    let name = name.trim_start_matches(' ').trim_end_matches(['.', ' ']);
    let hidden = name.strip_prefix('.');
    let mut name = hidden.map_or_else(|| name.to_owned(), |rest| format!("_{rest}"));
    if is_reserved(&name) {
        name.insert(0, '_');
    }
    name
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let stem = stem.to_uppercase();
    let numbered = RESERVED_NUMBERED.iter().any(|device| {
        let mut rest = stem.strip_prefix(device).unwrap_or("").chars();
        let digit = rest.next().is_some_and(|c| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'));
        digit && rest.next().is_none()
    });
    numbered || RESERVED.contains(&stem.as_str())
}

/// The name before its ending, and the ending with its dot; `.tar.gz` is one ending.
fn split(name: &str) -> (&str, &str) {
    let is_ending = |at: &usize| {
        let ending = &name[*at..];
        *at > 0 && ending.len() <= LONGEST_ENDING && !ending.contains(' ')
    };
    let Some(at) = name.rfind('.').filter(is_ending) else { return (name, "") };
    let stem = &name[..at];
    let at = if stem.len() > 4 && stem.ends_with(".tar") { at - 4 } else { at };
    name.split_at(at)
}

/// The first `limit` bytes, or one character's less.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
