//! A picture of a call that the person keeps: a PNG in their folder for pictures.
//!
//! In: a frame, and of whom it is. Out: where the file is, or one line that says why there is none.
//! What always holds: no file that is there is written over; what has the name of a picture is
//! whole.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::media::frame::VideoFrame;
use crate::media::snapshot_png::{SnapshotError, write_png};
use crate::words::{Phrase, phrase};

/// So many pictures may have the same second in their name.
const MOST_ALIKE: u32 = 1000;
/// So much of a name goes into a file's.
const NAME_CHARS: usize = 48;

/// Writes a frame into the person's folder for pictures.
///
/// # Errors
/// Why not, in words.
pub(super) fn keep(frame: &VideoFrame, of: &str) -> Result<PathBuf, Phrase> {
    let folder = folder().ok_or_else(|| phrase!("snapshot-no-folder"))?;
    let time = jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H.%M.%S").to_string();
    keep_in(&folder, frame, of, &time).map_err(|error| {
        tracing::warn!(%error, "a picture was not kept");
        phrase!("snapshot-failed", folder = shown(&folder))
    })
}

/// A folder as people call it.
fn shown(folder: &Path) -> String {
    folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
}

/// What is said of a picture that was kept there.
pub(super) fn words(place: &Path) -> Phrase {
    let folder = place.parent().map(shown).unwrap_or_default();
    let file = place.file_name().unwrap_or_default().to_string_lossy();
    phrase!("snapshot-kept", file = file.as_ref(), folder = folder)
        .or_plain(format!("The picture is kept as {}.", place.display()))
}

/// Where the system keeps pictures, or else where it usually does.
fn folder() -> Option<PathBuf> {
    let user = directories::UserDirs::new()?;
    Some(user.picture_dir().map_or_else(|| user.home_dir().join("Pictures"), Path::to_path_buf))
}

#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Png(#[from] SnapshotError),
}

fn keep_in(folder: &Path, frame: &VideoFrame, of: &str, time: &str) -> Result<PathBuf, KeepError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    fs::create_dir_all(folder)?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let draft = folder.join(format!(".visavis-{}-{number}.png", std::process::id()));
    let kept = write_png(&draft, frame).map_err(KeepError::from).and_then(|()| {
        for attempt in 0..MOST_ALIKE {
            let place = folder.join(file_name(of, time, attempt));
            match take_place(&draft, &place) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                taken => return Ok(taken.map(|()| place)?),
            }
        }
        Err(io::Error::from(ErrorKind::AlreadyExists).into())
    });
    // It has another name by now, or is of no use.
    let _ = fs::remove_file(&draft);
    kept
}

/// Gives a file another name, unless there is a file of that name.
fn take_place(draft: &Path, place: &Path) -> io::Result<()> {
    match fs::hard_link(draft, place) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        Ok(()) => Ok(()),
        // A file system without links: the name is taken first.
        Err(_) => {
            OpenOptions::new().write(true).create_new(true).open(place)?;
            fs::rename(draft, place).inspect_err(|_| {
                let _ = fs::remove_file(place);
            })
        }
    }
}

/// `Visavis bob 2026-11-30 10.02.33.png`, and with a number when that is taken.
fn file_name(of: &str, time: &str, attempt: u32) -> String {
    let fits = |c: char| {
        let special = matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
        if special || c.is_control() { '_' } else { c }
    };
    let of: String = of.chars().map(fits).take(NAME_CHARS).collect();
    let again = if attempt == 0 { String::new() } else { format!(" ({})", attempt + 1) };
    format!("Visavis {} {time}{again}.png", of.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    use crate::media::units::VideoSize;

    const TIME: &str = "2026-11-30 10.02.33";

    fn frame() -> VideoFrame {
        VideoFrame::black(VideoSize::new(64, 36).expect("a size"), Instant::now())
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let name = |entry: io::Result<fs::DirEntry>| {
            entry.expect("an entry").file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn pictures_of_one_second_stand_beside_each_other_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let pictures = folder.path().join("not yet there");
        let first = keep_in(&pictures, &frame(), "bob", TIME).expect("it is kept");
        fs::write(&first, "drawn over").expect("it can be written");
        let second = keep_in(&pictures, &frame(), "bob", TIME).expect("it is kept");
        assert_eq!(fs::read(&first).expect("it is there"), b"drawn over");
        assert!(fs::read(second).expect("it is there").starts_with(b"\x89PNG"));
        let expected = [format!("Visavis bob {TIME} (2).png"), format!("Visavis bob {TIME}.png")];
        assert_eq!(names(&pictures), expected);
    }

    #[test]
    fn whatever_somebody_is_called_the_file_stays_in_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        for of in ["../../etc/x", "a\\b\u{7}", &"宽".repeat(500), ".", ""] {
            let kept = keep_in(folder.path(), &frame(), of, TIME).expect("it is kept");
            assert_eq!(kept.parent(), Some(folder.path()), "{of:?}");
        }
        assert_eq!(names(folder.path()).len(), 5);
    }

    #[test]
    fn where_nothing_can_be_written_nothing_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "x").expect("it can be written");
        assert!(keep_in(&file, &frame(), "bob", TIME).is_err());
        assert_eq!(names(folder.path()), ["file"]);
    }
}
