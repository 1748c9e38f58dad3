//! Errors of the disk as problems of a transfer.

use std::io;

use crate::view::TransferProblem;

/// What the system says, without its number.
pub(super) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

/// Why something can't be read.
pub(super) fn unreadable(error: &io::Error) -> TransferProblem {
    TransferProblem::Unreadable(words(error))
}

/// Why something can't be written, with what is missing and what is free.
pub(super) fn unwritable(error: &io::Error, needs: u64, free: u64) -> TransferProblem {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            TransferProblem::NoRoom { needs, free }
        }
        _ => TransferProblem::Unwritable(words(error)),
    }
}
