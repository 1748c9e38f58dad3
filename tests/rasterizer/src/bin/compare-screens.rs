//! Puts drawings of screens beside the screens: `compare-screens DRAWINGS SNAPSHOTS OUT`.
//!
//! In: a folder of drawings (`NAME[-light][-WIDTHxHEIGHT].png`), and the folder of the kept
//! pictures of screens (`LANGUAGE-THEME-WIDTHxHEIGHT@SCALE/SCREEN.png`). Out: for each drawing a
//! picture with the screen on its right, and a line for each drawing of which there is no screen.

#![expect(clippy::print_stdout, reason = "this program talks to a person at a terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use visavis_rasterizer::{Picture, PictureError};

/// Between the two, and the colour of the sheet.
const GAP: u32 = 16;
const SHEET: [u8; 3] = [255, 0, 255];

/// The screens that may go with a drawing, best first, by how its name begins.
const SCREENS: &[(&str, &[&str])] = &[
    ("01b-", &["taken"]),
    ("01c-", &["first"]),
    ("01-", &["login"]),
    ("02b-", &["calls"]),
    ("02c-", &["search"]),
    ("02d-", &["alone"]),
    ("02e-", &["room"]),
    ("02-", &["person", "contacts"]),
    ("03-", &["settings-devices"]),
    ("04a-", &["ringing-stranger", "ringing-new", "ringing"]),
    ("04b-", &[]),
    ("04-", &["ringing"]),
    ("05-", &["calling"]),
    ("06a-", &["call-weak"]),
    ("06b-", &["call-resting"]),
    ("06c-", &["call-muted"]),
    ("06d-", &["call-devices"]),
    ("06e-", &["call-off"]),
    ("06-in-call-light", &["call-menu"]),
    ("06-", &["call"]),
    ("10-", &["reconnecting"]),
    ("11b-", &["lost"]),
    ("11-", &["talked"]),
    ("12b-", &["settings-notifications"]),
    ("12-", &["settings-devices", "settings"]),
    ("13-", &["call-statistics"]),
    ("14b-", &["mini-resting"]),
    ("14-", &["mini"]),
    ("15-", &["notices"]),
];

/// The kept picture that goes with a drawing.
fn screen_of(drawing: &str, size: [u32; 2], snapshots: &Path) -> Option<PathBuf> {
    let (_, names) = SCREENS.iter().find(|(begin, _)| drawing.starts_with(begin))?;
    let theme = if drawing.contains("-light") { "light" } else { "dark" };
    // The mini window is kept with the window that it came from.
    let [width, height] = if names.contains(&"mini") { [1040, 680] } else { size };
    let folder = snapshots.join(format!("en-{theme}-{width}x{height}@1"));
    names.iter().map(|name| folder.join(format!("{name}.png"))).find(|path| path.exists())
}

fn beside(drawing: &Picture, screen: &Picture) -> Picture {
    let ([dw, dh], [sw, sh]) = (drawing.size(), screen.size());
    let mut sheet = Picture::filled([dw + GAP + sw, dh.max(sh)], SHEET);
    sheet.place(0, 0, drawing);
    sheet.place(dw + GAP, 0, screen);
    sheet
}

fn run(drawings: &Path, snapshots: &Path, out: &Path) -> Result<(), PictureError> {
    let folder = |source| PictureError::File { path: drawings.to_owned(), source };
    let entries = std::fs::read_dir(drawings).map_err(folder)?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "png")) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let drawing = Picture::load(file)?;
        let Some(screen) = screen_of(&name, drawing.size(), snapshots) else {
            println!("{name}: no screen of this name and size");
            continue;
        };
        let pair = out.join(format!("{name}.png"));
        beside(&drawing, &Picture::load(&screen)?).save(&pair)?;
        println!("{}", pair.display());
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [drawings, snapshots, out] = &*arguments else {
        println!("compare-screens DRAWINGS SNAPSHOTS OUT");
        return ExitCode::from(2);
    };
    match run(drawings, snapshots, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
