//! What a person chose and what the program remembers between starts: one JSON file in the
//! configuration folder.
//!
//! `values` says what there is, `shortcuts` which keys do what, `quiet_hours` when nothing rings,
//! `reading` takes what can be used of a file (all pure), `file` finds, reads and writes it,
//! `writer` writes on a thread of its own, `at_start` puts the command line over it. What always
//! holds: a reader sees the old file or the new one, never half of
//! either; only its owner can read it; a file that can't be read, or not wholly, is set aside with
//! a word and never stops the program; one value that makes no sense costs that value.

mod at_start;
mod file;
mod quiet_hours;
mod reading;
mod shortcuts;
mod values;
mod writer;

pub use file::{Opened, SETTINGS_FILE, SettingsError};
pub use quiet_hours::{QuietHours, TimeError, TimeOfDay};
pub use reading::VERSION;
pub use shortcuts::{Command, Keys, Refusal, Shortcuts};
pub use values::{
    Appearance, CallSettings, Callers, Corner, Language, NetworkSettings, NotificationSettings,
    PictureFit, RingSettings, SelfView, Settings, Theme, TraySettings, VideoLimits,
};
pub use writer::SettingsWriter;

#[cfg(test)]
mod tests;
