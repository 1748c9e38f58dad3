//! Writes settings on a thread of its own, so that the window never waits for a disk.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::values::Settings;
use crate::media::drop_oldest_queue::{DropOldestQueue, Taken};
use crate::media::stage_thread::StageThread;
use crate::words::{Phrase, phrase};

/// Settings that could not be written are tried again so often.
const RETRY_EVERY: Duration = Duration::from_secs(30);

/// Keeps settings in one file. The latest win; what could not be written is tried again. Dropping
/// this waits until the last ones are written, or can't be.
pub struct SettingsWriter {
    latest: Arc<DropOldestQueue<Settings>>,
    problems: Arc<DropOldestQueue<Phrase>>,
    _thread: StageThread<()>,
}

impl SettingsWriter {
    /// Starts the thread `settings-writer`.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(path: PathBuf) -> io::Result<Self> {
        let latest = DropOldestQueue::<Settings>::latest();
        let problems = DropOldestQueue::latest();
        let (ending, kept, told) =
            (Arc::clone(&latest), Arc::clone(&latest), Arc::clone(&problems));
        let run = move || {
            let mut unsaved: Option<Settings> = None;
            let mut said = false;
            loop {
                match kept.wait(RETRY_EVERY) {
                    Taken::Value(settings) => unsaved = Some(settings),
                    Taken::TimedOut => {}
                    Taken::Closed => return,
                }
                let Some(settings) = &unsaved else { continue };
                match settings.save(&path) {
                    Ok(()) => (unsaved, said) = (None, false),
                    Err(error) => {
                        tracing::warn!(%error, "settings not kept");
                        if !std::mem::replace(&mut said, true) {
                            let plain = format!("Your choices won't be remembered: {error}.");
                            told.put(phrase!("settings-unsaved").or_plain(plain));
                        }
                    }
                }
            }
        };
        let _thread = StageThread::spawn("settings-writer", move || ending.close(), run)?;
        Ok(Self { latest, problems, _thread })
    }

    /// Has these settings written soon, instead of any that were not written yet.
    pub fn keep(&self, settings: Settings) {
        self.latest.put(settings);
    }

    /// Where a line for the person comes when settings can't be written.
    #[must_use]
    pub fn problems(&self) -> &Arc<DropOldestQueue<Phrase>> {
        &self.problems
    }
}
