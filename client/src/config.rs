//! What is remembered between starts: one small JSON file in the data directory.
//!
//! In: the path, and changes as the person makes them. Out: [`Settings`], or the defaults and a
//! line for the person when the file can't be read. What always holds: a reader sees the old file
//! or the new one, never half of either (written beside it, then renamed); only its owner can read
//! it; a damaged file never stops the program.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::Volume;
use crate::media::drop_oldest_queue::{DropOldestQueue, Taken};
use crate::media::stage_thread::StageThread;
use crate::media::voice_processing::VoiceSetting;
use crate::private_file;
use crate::words::{Language, Phrase, language, phrase};

/// The file's name inside the data directory.
pub const SETTINGS_FILE: &str = "settings.json";
/// A settings file larger than this is not ours.
const MAX_SETTINGS_BYTES: u64 = 64 * 1024;

/// Light, dark, or whatever the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Follow the system.
    #[default]
    System,
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
}

/// Everything that is remembered. Fields that a file lacks have their defaults; fields that it has
/// besides are ignored.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    /// The server of the last login; `None` before the first.
    pub server: Option<String>,
    /// The name of the last login.
    pub username: Option<String>,
    /// The camera that was chosen.
    pub camera: CameraChoice,
    /// The microphone that was chosen.
    pub microphone: MicrophoneChoice,
    /// The speaker that was chosen.
    pub speaker: SpeakerChoice,
    /// What is done to the voice.
    pub voice: VoiceSetting,
    /// How loud the other is, in percent.
    pub volume: Volume,
    /// The language that was chosen; `None` speaks the system's.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "language::chosen")]
    pub language: Option<Language>,
    /// How the window looks.
    pub theme: Theme,
}

/// Why settings can't be read or kept.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum SettingsError {
    #[error("there is no home directory for the settings; choose a folder with --data-dir")]
    NoDataDir,
    #[error("the settings in {0} can't be read ({1})")]
    Read(PathBuf, #[source] io::Error),
    #[error("the settings in {0} are damaged ({1})")]
    Damaged(PathBuf, String),
    #[error("the settings can't be saved in {0} ({1})")]
    Write(PathBuf, #[source] io::Error),
}

impl SettingsError {
    /// What to tell the person; on the command line it is the error's own text.
    #[must_use]
    pub fn words(&self) -> Phrase {
        match self {
            Self::NoDataDir | Self::Write(..) => phrase!("settings-unsaved"),
            Self::Read(..) => phrase!("settings-unread"),
            Self::Damaged(..) => phrase!("settings-damaged"),
        }
    }
}

/// The directory for this program's data: the one that was requested, or the system's usual place.
///
/// # Errors
/// [`SettingsError::NoDataDir`] when none was requested and the system has no usual place.
pub fn data_dir(requested: Option<&Path>) -> Result<PathBuf, SettingsError> {
    match requested {
        Some(dir) => Ok(dir.to_owned()),
        None => directories::ProjectDirs::from("", "", "visavis")
            .map(|dirs| dirs.data_dir().to_owned())
            .ok_or(SettingsError::NoDataDir),
    }
}

impl Settings {
    /// Reads the file; a file that isn't there yet means the defaults.
    ///
    /// # Errors
    /// [`SettingsError::Read`] or [`SettingsError::Damaged`]; [`Self::load_or_default`] turns them
    /// into a line.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let damaged = |reason: &str| SettingsError::Damaged(path.to_owned(), reason.to_owned());
        let mut text = String::new();
        let read = fs::File::open(path)
            .and_then(|file| file.take(MAX_SETTINGS_BYTES + 1).read_to_string(&mut text));
        match read {
            Ok(_) if text.len() as u64 > MAX_SETTINGS_BYTES => Err(damaged("too large")),
            Ok(_) => serde_json::from_str(&text).map_err(|error| damaged(&error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(damaged("not text")),
            Err(error) => Err(SettingsError::Read(path.to_owned(), error)),
        }
    }

    /// Reads the file, or takes the defaults and says so in a line for the person.
    #[must_use]
    pub fn load_or_default(path: &Path) -> (Self, Option<Phrase>) {
        match Self::load(path) {
            Ok(settings) => (settings, None),
            Err(error) => {
                tracing::warn!(%error, "starting with default settings");
                (Self::default(), Some(error.words()))
            }
        }
    }

    /// Writes the file: beside its place first, then renamed into it, readable by its owner only.
    ///
    /// # Errors
    /// [`SettingsError::Write`]; the old file, if any, is then as it was.
    pub fn save(&self, path: &Path) -> Result<(), SettingsError> {
        self.write(path).map_err(|source| SettingsError::Write(path.to_owned(), source))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        if let Some(dir) = path.parent() {
            private_file::create_dir(dir)?;
        }
        // The process id keeps two running programs from writing into each other's draft.
        let draft = path.with_extension(format!("json.{}", std::process::id()));
        let written = private_file::create(&draft)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&draft, path));
        if written.is_err() {
            // Nothing more can be done about a draft that can't be removed: the failure above is
            // what counts.
            let _ = fs::remove_file(&draft);
        }
        written
    }
}

/// Writes settings on a thread of its own, so that the window never waits for a disk. The latest
/// settings win. Dropping this waits until the last ones are written.
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
            loop {
                match kept.wait(Duration::from_secs(3600)) {
                    Taken::Value(settings) => {
                        if let Err(error) = settings.save(&path) {
                            tracing::warn!(%error, "settings not kept");
                            told.put(error.words());
                        }
                    }
                    Taken::TimedOut => {}
                    Taken::Closed => return,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn somewhere() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("deeper").join(SETTINGS_FILE);
        (dir, path)
    }

    fn unusual() -> Settings {
        Settings {
            server: Some("wss://calls.example:443".to_owned()),
            username: Some("Ålice \"the\" 1st".to_owned()),
            camera: CameraChoice::File("/tmp/a b.y4m".into()),
            microphone: MicrophoneChoice::Tone(440.0),
            speaker: SpeakerChoice::Named("Kopfhörer".to_owned()),
            language: Some(Language::Chinese),
            voice: VoiceSetting { noise_suppression: Some(false), ..VoiceSetting::default() },
            volume: Volume::from_percent(130),
            theme: Theme::Light,
        }
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let (_dir, path) = somewhere();
        unusual().save(&path).expect("saved");
        assert_eq!(Settings::load(&path).expect("loaded"), unusual());
    }

    /// Files of earlier versions are read, and theirs read ours.
    #[test]
    fn the_file_keeps_its_form() {
        let (_dir, path) = somewhere();
        unusual().save(&path).expect("saved");
        let text = r#"{
  "server": "wss://calls.example:443",
  "username": "Ålice \"the\" 1st",
  "camera": {
    "file": "/tmp/a b.y4m"
  },
  "microphone": {
    "tone": 440.0
  },
  "speaker": {
    "named": "Kopfhörer"
  },
  "voice": {
    "noiseSuppression": false
  },
  "volume": 130,
  "language": "zh-Hans",
  "theme": "light"
}
"#;
        assert_eq!(fs::read_to_string(&path).expect("read"), text);
        Settings::default().save(&path).expect("saved");
        let text = r#"{
  "server": null,
  "username": null,
  "camera": "default",
  "microphone": "default",
  "speaker": "default",
  "voice": {},
  "volume": 100,
  "theme": "system"
}
"#;
        assert_eq!(fs::read_to_string(&path).expect("read"), text);
        for (choice, form) in
            [(CameraChoice::Pattern, "\"pattern\""), (CameraChoice::None, "\"none\"")]
        {
            assert_eq!(serde_json::to_string(&choice).expect("JSON"), form);
        }
        fs::write(&path, r#"{"volume":200,"voice":{"echoCancellation":true}}"#).expect("written");
        let loaded = Settings::load(&path).expect("loaded");
        assert_eq!((loaded.volume, loaded.voice.echo_cancellation), (Volume::MAX, Some(true)));
    }

    #[test]
    fn a_volume_that_is_none_spoils_neither_the_ears_nor_the_other_settings() {
        let (_dir, path) = somewhere();
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        for (written, percent) in [
            ("130", 130),
            ("70.6", 71),
            ("-5", 0),
            ("300", 150),
            ("1e300", 150),
            ("99999999999999999999", 150),
            ("\"loud\"", 100),
            ("null", 100),
            ("[1]", 100),
        ] {
            let text = format!(r#"{{"volume":{written},"theme":"dark"}}"#);
            fs::write(&path, text).expect("written");
            let loaded = Settings::load(&path).unwrap_or_else(|error| panic!("{written}: {error}"));
            assert_eq!((loaded.volume, loaded.theme), (Volume::from_percent(percent), Theme::Dark));
        }
    }

    #[test]
    fn a_file_that_is_not_there_yet_means_the_defaults_without_a_word() {
        let (_dir, path) = somewhere();
        assert_eq!(Settings::load_or_default(&path), (Settings::default(), None));
    }

    #[test]
    fn a_damaged_file_means_the_defaults_and_a_line_for_the_person() {
        let too_large = " ".repeat(100_000);
        let too_deep = "[".repeat(50_000);
        for bytes in [
            &b""[..],
            b"{",
            b"[1]",
            b"{\"theme\":7}",
            b"\xff\xfe",
            too_large.as_bytes(),
            too_deep.as_bytes(),
        ] {
            let (_dir, path) = somewhere();
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(&path, bytes).expect("written");
            let (settings, line) = Settings::load_or_default(&path);
            assert_eq!(settings, Settings::default());
            assert!(line.expect("a line").text().starts_with("Your settings are damaged."));
        }
    }

    #[test]
    fn a_field_of_a_later_version_is_ignored_and_a_missing_one_has_its_default() {
        let (_dir, path) = somewhere();
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(&path, r#"{"username":"alice","colourOfTheMoon":"blue"}"#).expect("written");
        let expected = Settings { username: Some("alice".to_owned()), ..Settings::default() };
        assert_eq!(Settings::load(&path).expect("loaded"), expected);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it_and_no_draft_stays_behind() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, path) = somewhere();
        Settings::default().save(&path).expect("saved");
        unusual().save(&path).expect("saved again");
        let mode = |p: &Path| fs::metadata(p).expect("there").permissions().mode() & 0o777;
        let dir = path.parent().expect("a parent");
        assert_eq!((mode(&path), mode(dir)), (0o600, 0o700));
        assert_eq!(fs::read_dir(dir).expect("listed").count(), 1);
    }

    #[test]
    fn the_writer_has_written_the_latest_settings_when_it_is_dropped() {
        let (_dir, path) = somewhere();
        let writer = SettingsWriter::start(path.clone()).expect("started");
        writer.keep(Settings::default());
        writer.keep(unusual());
        drop(writer);
        assert_eq!(Settings::load(&path).expect("loaded"), unusual());
    }

    #[test]
    fn a_place_that_cannot_be_written_becomes_a_line_for_the_person() {
        let (dir, _) = somewhere();
        let file = dir.path().join("file");
        fs::write(&file, "").expect("written");
        let writer =
            SettingsWriter::start(file.join("inside").join(SETTINGS_FILE)).expect("started");
        let problems = Arc::clone(writer.problems());
        writer.keep(unusual());
        drop(writer);
        let line = problems.take().expect("a line");
        assert!(line.text().starts_with("Your choices won't be remembered"), "{line:?}");
    }
}
