//! A display without a screen (Xvfb), and what is to be seen on it.
//!
//! Xvfb keeps its picture in a file in the format of `xwd` (X11's `XWDFile.h`, version 7): a header
//! of big-endian words, the window's name, a colour map, and the pixels.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::error::Error;
use crate::programs::Running;

/// Its size in pixels, with their depth.
const SCREEN: &str = "1280x800x24";
/// Words of the header, as far as they are read.
const WORDS: usize = 20;
/// What each colour of the map takes.
const COLOUR_BYTES: usize = 12;

/// A display. Dropping it ends it.
pub(crate) struct Display {
    name: String,
    picture: PathBuf,
    _xvfb: Running,
    _folder: TempDir,
}

impl Display {
    /// Starts one under a number that is free.
    pub(crate) async fn start() -> Result<Self, Error> {
        let folder = tempfile::tempdir().map_err(Error::file("making a temporary folder"))?;
        let mut command = Command::new("Xvfb");
        command
            .args(["-displayfd", "1", "-screen", "0", SCREEN, "-noreset", "-nolisten", "tcp"])
            .arg("-fbdir")
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut xvfb = Running::spawn("Xvfb", &mut command)?;
        let mut line = String::new();
        if let Some(stdout) = xvfb.take_stdout() {
            let mut stdout = BufReader::new(stdout);
            // What remains unread is judged below.
            let _ = timeout(Duration::from_secs(10), stdout.read_line(&mut line)).await;
        }
        match line.trim().parse::<u32>() {
            Ok(number) => Ok(Self {
                name: format!(":{number}"),
                picture: folder.path().join("Xvfb_screen0"),
                _xvfb: xvfb,
                _folder: folder,
            }),
            Err(_) => Err(Error::Call("Xvfb did not open a display".into())),
        }
    }

    /// What it is called in the environment.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What is on it now.
    pub(crate) fn picture(&self) -> Result<Picture, Error> {
        let bytes = std::fs::read(&self.picture).map_err(Error::file("reading the display"))?;
        Picture::read(&bytes).ok_or_else(|| Error::Answer {
            program: "Xvfb".into(),
            why: "its picture is not in the format of xwd".into(),
        })
    }
}

/// What is to be seen, as red, green and blue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    width: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    fn read(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| {
            let bytes = bytes.get(at * 4..at * 4 + 4)?;
            Some(u32::from_be_bytes(bytes.try_into().ok()?) as usize)
        };
        let words: Vec<usize> = (0..WORDS).map(word).collect::<Option<_>>()?;
        let [header, version, _, _, width, height, _, order, _, _, _, bits, row, ..] = words[..]
        else {
            return None;
        };
        let colours = *words.get(WORDS - 1)?;
        // Four bytes for each pixel, least significant first: blue, green, red.
        if (version, order, bits) != (7, 0, 32) {
            return None;
        }
        let start = header.checked_add(colours.checked_mul(COLOUR_BYTES)?)?;
        let rows = bytes.get(start..)?.chunks_exact(row.max(1)).take(height);
        let pixels: Vec<[u8; 3]> = rows
            .flat_map(|row| row.chunks_exact(4).take(width))
            .filter_map(|pixel| Some([*pixel.get(2)?, *pixel.get(1)?, *pixel.first()?]))
            .collect();
        (pixels.len() == width.checked_mul(height)?).then_some(Self { width, pixels })
    }

    /// Where the first block of exactly this colour is, as wide and high as this: its middle.
    pub(crate) fn middle_of_block(
        &self,
        colour: [u8; 3],
        (width, height): (usize, usize),
    ) -> Option<(usize, usize)> {
        let rows: Vec<&[[u8; 3]]> = self.pixels.chunks_exact(self.width.max(1)).collect();
        let is_of_it = |row: &[[u8; 3]], left: usize| {
            row.get(left..left + width).is_some_and(|part| part.iter().all(|is| *is == colour))
        };
        rows.windows(height).enumerate().find_map(|(top, rows)| {
            let left = (0..self.width).find(|left| rows.iter().all(|row| is_of_it(row, *left)))?;
            Some((left + width / 2, top + height / 2))
        })
    }

    /// Which part of the picture is about of this colour, from 0 to 1.
    pub(crate) fn part_of(&self, colour: [u8; 3], tolerance: u8) -> f64 {
        let is_near = |pixel: &&[u8; 3]| {
            pixel.iter().zip(colour).all(|(is, wanted)| is.abs_diff(wanted) <= tolerance)
        };
        self.pixels.iter().filter(is_near).count() as f64 / self.pixels.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of two pixels beside each other, in rows that are longer than they need be.
    fn xwd(version: u32) -> Vec<u8> {
        let mut words = [0_u32; 25];
        for (at, word) in
            [(0, 104), (1, version), (4, 2), (5, 1), (11, 32), (12, 12), (WORDS - 1, 1)]
        {
            words[at] = word;
        }
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.extend([b'n', b'a', b'm', 0]);
        bytes.extend([0; COLOUR_BYTES]);
        bytes.extend([3, 2, 1, 0, 30, 20, 10, 0, 9, 9, 9, 9]);
        bytes
    }

    #[test]
    fn pixels_are_read_from_behind_name_and_colours() {
        let picture = Picture::read(&xwd(7)).expect("a picture");
        assert_eq!(picture.pixels, [[1, 2, 3], [10, 20, 30]]);
        assert!((picture.part_of([12, 18, 30], 2) - 0.5).abs() < 1e-9);
        assert!(picture.part_of([12, 17, 30], 2).abs() < 1e-9);
    }

    #[test]
    fn a_block_is_found_only_where_all_of_it_is_of_the_colour() {
        let mut picture = Picture { width: 6, pixels: vec![[0; 3]; 36] };
        for (x, y) in [(1, 1), (2, 1), (3, 1), (2, 3), (3, 3), (4, 3), (2, 4), (3, 4), (4, 4)] {
            picture.pixels[y * 6 + x] = [1, 2, 3];
        }
        assert_eq!(picture.middle_of_block([1, 2, 3], (3, 2)), Some((3, 4)));
        assert_eq!(picture.middle_of_block([1, 2, 3], (3, 1)), Some((2, 1)));
        assert_eq!(picture.middle_of_block([1, 2, 3], (4, 1)), None);
        assert_eq!(picture.middle_of_block([1, 2, 4], (1, 1)), None);
    }

    #[test]
    fn what_is_no_such_picture_is_none() {
        assert_eq!(Picture::read(&xwd(6)), None);
        let whole = xwd(7);
        for end in 0..whole.len() - 4 {
            assert_eq!(Picture::read(&whole[..end]), None, "{end}");
        }
        assert_eq!(Picture::read(&[0xff; 200]), None);
    }
}
