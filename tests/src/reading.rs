//! What a program that reads text finds in a picture: Tesseract, as Debian has it.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::picture::Picture;

/// Letters as small as those of a page are read better when each pixel is a few.
const ENLARGED: usize = 3;
/// Each line of text stands for itself: a page of one column (Tesseract's `--psm`).
const ONE_COLUMN: &str = "6";

/// The words in a picture, from top to bottom, in small letters: it takes some that begin a line
/// for large ones.
///
/// # Panics
/// When Tesseract is not there or does not understand the picture.
pub async fn words(picture: &Picture) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("page.png");
    write(picture, &file);
    let output = Command::new("tesseract")
        .arg(&file)
        .args(["stdout", "--psm", ONE_COLUMN])
        .env("OMP_THREAD_LIMIT", "1")
        .stderr(Stdio::null())
        .output()
        .await
        .unwrap_or_else(|error| panic!("{error}: `cargo xtask test` installs what is needed"));
    assert!(output.status.success(), "{:?}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let is_word = |word: &&str| word.contains(char::is_alphabetic);
    text.split_whitespace().filter(is_word).map(str::to_lowercase).collect()
}

/// Writes a picture that is as many times as large, its pixels blended into each other.
fn write(picture: &Picture, file: &Path) {
    let (width, height) = picture.size();
    let rgb = picture.rgb();
    let at = |x: usize, y: usize, colour: usize| {
        f64::from(rgb[3 * (y.min(height - 1) * width + x.min(width - 1)) + colour])
    };
    let share = |to: usize| {
        let place = (to as f64 + 0.5) / ENLARGED as f64 - 0.5;
        (place.max(0.0) as usize, place.max(0.0).fract())
    };
    let mut enlarged = Vec::with_capacity(rgb.len() * ENLARGED * ENLARGED);
    for (y, down) in (0..height * ENLARGED).map(share) {
        for (x, across) in (0..width * ENLARGED).map(share) {
            for colour in 0..3 {
                let row = |y| at(x, y, colour) * (1.0 - across) + at(x + 1, y, colour) * across;
                enlarged.push((row(y) * (1.0 - down) + row(y + 1) * down).round() as u8);
            }
        }
    }
    let out = std::fs::File::create(file).expect("a file");
    let size = |length: usize| u32::try_from(length * ENLARGED).expect("a small picture");
    let mut encoder = png::Encoder::new(out, size(width), size(height));
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fastest);
    let mut writer = encoder.write_header().expect("it can be written");
    writer.write_image_data(&enlarged).expect("it can be written");
}
