//! What a program that reads text finds in a picture: Tesseract, as Debian has it.

use std::process::Stdio;

use tokio::process::Command;

use crate::picture::Picture;

/// Letters as small as those of a page are read better when each pixel is a few.
const ENLARGED: usize = 3;
/// Each line of text stands for itself: a page of one column (Tesseract's `--psm`).
const ONE_COLUMN: &str = "6";

/// The words in a picture, from top to bottom.
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
    text.split_whitespace().map(str::to_owned).collect()
}

fn write(picture: &Picture, file: &std::path::Path) {
    let (width, height) = picture.size();
    let rows = picture.rgb().chunks_exact(3 * width);
    let enlarged: Vec<u8> = rows
        .flat_map(|row| {
            let wide = row.chunks_exact(3).flat_map(|pixel| pixel.repeat(ENLARGED));
            wide.collect::<Vec<u8>>().repeat(ENLARGED)
        })
        .collect();
    let out = std::fs::File::create(file).expect("a file");
    let size = |length: usize| u32::try_from(length * ENLARGED).expect("a small picture");
    let mut encoder = png::Encoder::new(out, size(width), size(height));
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("it can be written");
    writer.write_image_data(&enlarged).expect("it can be written");
}
