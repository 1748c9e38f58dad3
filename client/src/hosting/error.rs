//! Why no server could be started here.

use std::path::PathBuf;

use crate::words::{Phrase, phrase};

/// Why no server could be started here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Other programs have all the ports.
    #[error("all ports from {0} to {1} are taken")]
    Ports(u16, u16),
    /// The system lets nobody listen.
    #[error("the system does not allow a server")]
    NotPermitted,
    /// The folder can't be written.
    #[error("{0} can't be written")]
    Folder(PathBuf),
    /// The disk is full.
    #[error("there is no room left on the disk")]
    Full,
    /// Another window has started one with the same folder.
    #[error("there is one already")]
    Already,
    /// What is kept of names is damaged.
    #[error("the names in {0} can't be read")]
    Names(PathBuf),
    /// Something else.
    #[error("it did not start")]
    Other,
}

impl HostError {
    /// What to say to people.
    #[must_use]
    pub fn words(&self) -> Phrase {
        let shown = |path: &PathBuf| path.display().to_string();
        match self {
            Self::Ports(first, last) => {
                phrase!("server-here-ports", first = first.to_string(), last = last.to_string())
            }
            Self::NotPermitted => phrase!("server-here-not-permitted"),
            Self::Folder(path) => phrase!("server-here-folder", folder = shown(path)),
            Self::Full => phrase!("server-here-full"),
            Self::Already => phrase!("server-here-already"),
            Self::Names(path) => phrase!("server-here-names", file = shown(path)),
            Self::Other => phrase!("server-here-failed"),
        }
    }
}
