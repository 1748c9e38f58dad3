//! What can go wrong, each in one line that says what to do.

use std::io;
use std::process::ExitStatus;

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A program could not be started.
    #[error("could not start {program}: {source}")]
    Start {
        /// The name of the program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program failed; its own words stand above on the terminal.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// What was run.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A program answered something other than what was requested.
    #[error("{program} gave no usable answer: {why}")]
    Answer {
        /// The name of the program.
        program: String,
        /// What was wrong with it.
        why: String,
    },
    /// A file could not be read or written.
    #[error("{what}: {source}")]
    File {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Something is missing on this machine that only its owner can install; the text says what and
    /// how.
    #[error("{0}")]
    Missing(String),
    /// The server, a window or a call ended or hung when it should not have.
    #[error("{0}")]
    Call(String),
    /// Comments are wider than code may be.
    #[error("comments of more than {1} columns:\n{0}")]
    WideComments(String, usize),
    /// A bench could not measure something.
    #[error("could not measure: {}", .0.join(", "))]
    NotMeasured(Vec<String>),
}

impl Error {
    /// Says which file operation failed; for `map_err`.
    pub(crate) fn file(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::File { what, source }
    }
}
