//! The app without a window in a call with a page, and what it leaves behind.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::browser::DRAWN_TONE_HZ;
use crate::look;
use crate::picture::Picture;
use crate::programs::{self, Program};
use crate::report::Report;

/// How long anything in a call may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(30);

/// More than two seconds of frames.
const FRAMES: f64 = 61.0;

/// What it sounds: far from Chromium's own tones, and not a multiple of one.
pub const APP_TONE_HZ: f64 = 1000.0;

/// A running app.
#[derive(Debug)]
pub struct App {
    program: Program,
    folder: TempDir,
}

impl App {
    /// `command` is `call` or `answer` with what belongs to it.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(username: &str, server_url: &str, command: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (data, report, snapshot) = (path("data"), path("report.json"), path("last.png"));
        let tone = format!("tone:{APP_TONE_HZ}");
        let options = [
            ["--server", server_url],
            ["--username", username],
            ["--camera", "pattern"],
            ["--microphone", &tone],
            ["--speaker", "none"],
            ["--video-size", "640x360"],
            ["--timeout", "30s"],
            ["--data-dir", &data],
            ["--report", &report],
            ["--snapshot", &snapshot],
        ];
        let arguments = command.iter().copied().chain(options.concat());
        let visavis = programs::visavis().expect("the app is built");
        Self {
            program: Program::start("visavis", &visavis, arguments).expect("the app starts"),
            folder,
        }
    }

    fn file(folder: &TempDir, name: &str) -> PathBuf {
        folder.path().join(name)
    }

    /// Closes the call.
    ///
    /// # Panics
    /// When the app has ended.
    pub async fn closes(&self) {
        self.program.interrupt().await.expect("the app runs");
    }

    /// Waits until it says this.
    ///
    /// # Panics
    /// When it does not.
    pub async fn says(&mut self, words: &str) {
        let found = self.program.prints(LIMIT, |output| output.contains(words).then_some(()));
        found.await.unwrap_or_else(|error| panic!("{words}: {error}"));
    }

    /// Waits for the end of the call and checks that the app heard, and saw nothing.
    ///
    /// # Panics
    /// When it did not, or saw something.
    pub async fn assert_heard(self, peer: &str) {
        let finished = self.program.finish(LIMIT).await.expect("the app ends by itself");
        assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
        let report =
            Report::read(&Self::file(&self.folder, "report.json")).expect("there is a report");
        assert_eq!((report.word("outcome"), report.word("peer")), (Some("completed"), Some(peer)));
        let level = report.number("audio.received.level_dbfs");
        assert!(level.is_some_and(|level| level > -40.0), "{}", report.0);
        assert_eq!(report.number("video.received.frames_decoded").unwrap_or(0.0), 0.0);
    }

    /// Waits for the end of the call and checks what the app saw and heard of a page with drawn
    /// media. Gives its report.
    ///
    /// # Panics
    /// When it saw or heard something else.
    pub async fn assert_saw_and_heard_what_is_drawn(self, peer: &str) -> Report {
        let finished = self.program.finish(LIMIT).await.expect("the app ends by itself");
        assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);

        let report =
            Report::read(&Self::file(&self.folder, "report.json")).expect("there is a report");
        assert_eq!((report.word("outcome"), report.word("peer")), (Some("completed"), Some(peer)));
        let number = |place: &str| {
            report.number(place).unwrap_or_else(|| panic!("{place} is in {}", report.0))
        };
        assert!(number("video.received.frames_decoded") >= FRAMES, "{}", report.0);
        assert!(number("video.sent.frames") >= FRAMES, "{}", report.0);
        assert!((number("audio.received.tone_hz") - DRAWN_TONE_HZ).abs() <= 2.0, "{}", report.0);
        assert!(number("audio.received.level_dbfs") > -40.0, "{}", report.0);

        look::assert_is_drawn(&read_png(&Self::file(&self.folder, "last.png")));
        report
    }
}

fn read_png(path: &Path) -> Picture {
    Picture::from_png(&std::fs::read(path).expect("there is a snapshot"))
        .expect("the snapshot is a PNG")
}
