//! Somebody who uses Visavis in a test: a whole session, with the test pattern for a camera and a
//! tone for a voice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::conversation::{Command, Direction, Transfer, TransferState};
use visavis_client::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use visavis_client::device_key::DeviceKey;
use visavis_client::media::units::VideoSize;
use visavis_client::session::driver::{self, SessionHandle};
use visavis_client::session::options::{Identity, SessionOptions};
use visavis_client::session::report::Report;
use visavis_client::session::snapshot::{Intent, LoginPhase, Snapshot};

use crate::listen::Recording;

/// How long anything may take that is expected to happen. Generous: it only bounds how long a
/// failing test runs.
pub const SOON: Duration = Duration::from_secs(20);

/// A person with a session of their own, and a folder for what they see and hear.
pub struct Person {
    name: String,
    folder: TempDir,
    /// The device's key.
    pub key: DeviceKey,
    /// The session, for what the shorthands here do not cover.
    pub session: SessionHandle,
}

impl Person {
    /// Starts a session that records what is seen and heard; nobody is logged in yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::with(name, |_| {})
    }

    /// The same with other options.
    ///
    /// # Panics
    /// When no temporary folder, or no key in it, can be made.
    #[must_use]
    pub fn with(name: &str, change: impl FnOnce(&mut SessionOptions)) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let key = DeviceKey::load_or_create(folder.path()).expect("a key in a folder of one's own");
        let mut options = SessionOptions {
            identity: Identity::Device(key.clone()),
            bind: vec![([127, 0, 0, 1], 0).into()],
            camera: CameraChoice::Pattern,
            microphone: MicrophoneChoice::Tone(tone_of(name)),
            speaker: SpeakerChoice::File(folder.path().join("heard.wav")),
            video_size: VideoSize::new(640, 360).expect("a good size"),
            record_video: Some(folder.path().join("seen.y4m")),
            snapshot: Some(folder.path().join("last.png")),
            downloads: Some(folder.path().join("received")),
            ..SessionOptions::default()
        };
        change(&mut options);
        Self { name: name.to_owned(), folder, key, session: driver::start(options) }
    }

    /// Starts a session and logs in.
    pub async fn online(name: &str, server: &str) -> Self {
        let mut person = Self::new(name);
        person.log_in(server).await;
        person
    }

    /// Logs in and waits until that is done.
    pub async fn log_in(&mut self, server: &str) {
        self.send(Intent::LogIn { server: server.to_owned(), username: self.name.clone() }).await;
        self.until("is logged in", |s| matches!(s.login, LoginPhase::LoggedIn { .. })).await;
    }

    /// Sends an intent.
    ///
    /// # Panics
    /// When the session is gone.
    pub async fn send(&self, intent: Intent) {
        self.session.link.intents.send(intent).await.expect("the session runs");
    }

    /// Calls somebody.
    pub async fn call(&self, other: &str) {
        self.send(Intent::Call { username: other.to_owned() }).await;
    }

    /// Accepts whoever calls.
    ///
    /// # Panics
    /// When nobody does.
    pub async fn accept(&self) {
        match &self.sees().call {
            CallPhase::Ringing { peer, .. } => {
                self.send(Intent::Accept { from: peer.clone() }).await
            }
            other => panic!("nobody calls {}: {other:?}", self.name),
        }
    }

    /// The folder for what they see, hear and receive.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Takes the next file that the other offers.
    pub async fn takes_the_next_file(&mut self) {
        let offered = |one: &&Transfer| {
            one.direction == Direction::Incoming && one.state == TransferState::Offered
        };
        let first = |seen: &Snapshot| {
            let view = seen.conversation.as_ref()?;
            view.transfers.iter().find(offered).map(|transfer| transfer.id)
        };
        let seen = self.until("is offered a file", |seen| first(seen).is_some()).await;
        if let Some(id) = first(&seen) {
            self.send(Intent::Converse(Command::Accept(id))).await;
        }
    }

    /// What a window would show now.
    #[must_use]
    pub fn sees(&self) -> Arc<Snapshot> {
        Arc::clone(&self.session.link.snapshots.borrow())
    }

    /// Waits until what a window would show fits.
    ///
    /// # Panics
    /// When that takes longer than [`SOON`]; the message says who waited for what, and what is
    /// shown instead.
    pub async fn until(
        &mut self,
        what: &str,
        fits: impl FnMut(&Snapshot) -> bool,
    ) -> Arc<Snapshot> {
        self.within(SOON, what, fits).await
    }

    /// Waits so long at most.
    ///
    /// # Panics
    /// As [`Self::until`].
    pub async fn within(
        &mut self,
        time: Duration,
        what: &str,
        mut fits: impl FnMut(&Snapshot) -> bool,
    ) -> Arc<Snapshot> {
        let mut snapshots = self.session.link.snapshots.clone();
        let waited = tokio::time::timeout(time, snapshots.wait_for(|s| fits(s))).await;
        match waited {
            Ok(Ok(snapshot)) => Arc::clone(&snapshot),
            Ok(Err(_)) => {
                panic!("the session of {} ended while waiting until it {what}", self.name)
            }
            Err(_) => {
                panic!("{} waited {time:?} until it {what}; it shows {:#?}", self.name, self.sees())
            }
        }
    }

    /// Waits until somebody calls.
    pub async fn until_ringing(&mut self) {
        self.until("is being called", |s| matches!(s.call, CallPhase::Ringing { .. })).await;
    }

    /// Waits until media can flow.
    pub async fn until_in_call(&mut self) {
        self.until("is in a call", |s| matches!(s.call, CallPhase::InCall { .. })).await;
    }

    /// Waits until the call is over and returns the reason.
    pub async fn until_ended(&mut self) -> EndReason {
        let snapshot = self
            .until("has seen the call end", |s| matches!(s.call, CallPhase::Ended { .. }))
            .await;
        match &snapshot.call {
            CallPhase::Ended { reason, .. } => reason.clone(),
            other => unreachable!("{other:?}"),
        }
    }

    /// The report of the call that ended.
    ///
    /// # Panics
    /// When none comes.
    pub async fn report(&mut self) -> Report {
        match tokio::time::timeout(SOON, self.session.reports.recv()).await {
            Ok(Some(report)) => report,
            _ => panic!("{} got no report", self.name),
        }
    }

    /// The recording of what was seen.
    #[must_use]
    pub fn seen(&self) -> PathBuf {
        self.path("seen.y4m")
    }

    /// The recording of what was heard.
    #[must_use]
    pub fn heard(&self) -> PathBuf {
        self.path("heard.wav")
    }

    /// Checks that what was heard ends with so many seconds of somebody's voice.
    ///
    /// # Panics
    /// When it is another tone, or too quiet.
    pub fn assert_heard(&self, speaker: &str, seconds: f64) {
        let recording = Recording::read(&self.heard());
        let end = recording.last(seconds);
        let (hz, level) = (recording.strongest_hz(end), Recording::level_dbfs(end));
        let expected = f64::from(tone_of(speaker));
        assert!(
            (hz - expected).abs() <= 2.0 && level > -40.0,
            "{speaker}'s voice is at {expected} Hz; {} heard {hz} Hz at {level:.0} dBFS",
            self.name
        );
    }

    /// A file in this person's folder.
    #[must_use]
    pub fn path(&self, file: &str) -> PathBuf {
        Path::join(self.folder.path(), file)
    }
}

/// One calls, the other accepts, both are connected.
///
/// # Panics
/// When that takes too long.
pub async fn connect(caller: &mut Person, callee: &mut Person) {
    caller.call(&callee.name).await;
    callee.until_ringing().await;
    callee.accept().await;
    caller.until_in_call().await;
    callee.until_in_call().await;
}

/// Each name has a voice of its own, so that a test knows whom it hears.
#[must_use]
pub fn tone_of(name: &str) -> f32 {
    match name {
        "alice" => 440.0,
        "bob" => 620.0,
        _ => 800.0,
    }
}
