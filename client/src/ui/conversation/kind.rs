//! What a file is, by the end of its name, in words. Pure but for the language of the window.

use std::path::Path;

use crate::conversation::Transfer;
use crate::ui::design::Icon;
use crate::words::text;

/// What a file is by the end of its name, and its icon.
pub(super) fn kind(transfer: &Transfer) -> (String, Icon) {
    if let Some(count) = transfer.files {
        return (text!("kind-folder", count = count), Icon::Folder);
    }
    let end = Path::new(&*transfer.name).extension().and_then(|end| end.to_str());
    let end = end.unwrap_or_default().to_ascii_lowercase();
    match end.as_str() {
        _ if transfer.executable => (text!("kind-program"), Icon::Warning),
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "svg" | "heic" | "bmp" | "tif" | "tiff"
        | "avif" => (text!("kind-picture"), Icon::Image),
        "mp4" | "mkv" | "webm" | "mov" | "avi" | "m4v" => (text!("kind-video"), Icon::Camera),
        "mp3" | "ogg" | "opus" | "wav" | "flac" | "m4a" | "aac" => {
            (text!("kind-sound"), Icon::Speaker)
        }
        "txt" | "md" | "log" | "csv" => (text!("kind-text"), Icon::File),
        "pdf" => (text!("kind-pdf"), Icon::File),
        "doc" | "docx" | "odt" | "rtf" | "pages" => (text!("kind-document"), Icon::File),
        "xls" | "xlsx" | "ods" | "numbers" => (text!("kind-table"), Icon::File),
        "ppt" | "pptx" | "odp" | "key" => (text!("kind-slides"), Icon::File),
        "zip" | "tar" | "gz" | "xz" | "zst" | "bz2" | "7z" | "rar" | "tgz" => {
            (text!("kind-archive"), Icon::Folder)
        }
        _ => (text!("kind-file"), Icon::File),
    }
}
