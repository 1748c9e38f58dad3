//! Whether what has to be kept can be.

use std::fs;
use std::path::{Path, PathBuf};

use visavis_shared::Finding;

use crate::config::Config;

const PART: &str = "data folder";

pub(super) fn examine(config: &Config) -> Finding {
    let names = config.names.file.as_deref().and_then(Path::parent).map(Path::to_owned);
    let acme = config.acme.as_ref().map(|acme| acme.folder.clone());
    let folder = match (acme, names) {
        (Some(folder), _) => folder,
        (None, Some(_)) if config.redis.is_some() => {
            return Finding::skipped(PART, "It is not used: names are in Redis.");
        }
        (None, Some(folder)) => folder,
        (None, None) => return Finding::skipped(PART, "Nothing is kept."),
    };
    let words = format!("{}", folder.display());
    let Some(there) = existing(&folder) else {
        return Finding::fails(PART, format!("{words} has no folder above it."), ADVICE);
    };
    let trial = there.join(format!(".visavis-check-{:016x}", rand::random::<u64>()));
    match fs::write(&trial, b"").and_then(|()| fs::remove_file(&trial)) {
        Ok(()) if there == folder => Finding::works(PART, format!("{words} can be written.")),
        Ok(()) => Finding::works(PART, format!("{words} is not there yet, and can be made.")),
        Err(error) => {
            Finding::fails(PART, format!("{} can't be written: {error}.", there.display()), ADVICE)
        }
    }
}

const ADVICE: &str = "Make it, give it to the user that the server runs as, or name another with \
                      --data-dir. Run this check as that user.";

/// The folder, or the nearest above it that is there.
fn existing(folder: &Path) -> Option<PathBuf> {
    let mut folder = folder;
    while fs::symlink_metadata(folder).is_err() {
        folder = folder.parent()?;
    }
    Some(if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() })
}
