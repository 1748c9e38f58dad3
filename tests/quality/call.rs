//! One call: somebody sends over an emulated link, and the app receives.
//!
//! The sender is the app or a page in Chromium; it logs in behind the [`Redirect`], so that all of
//! its packets, and all that come back, go through the same emulated link. The receiver is always a
//! session of the app, which speaks and shows no camera: what comes back is audio and feedback.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use visavis_client::device::{CameraChoice, MicrophoneChoice};
use visavis_client::media::video_record::Recordings;
use visavis_client::session::report::Report;
use visavis_client::session::snapshot::Intent;
use visavis_client::session::statistics::Reading;
use visavis_link::{Conditions, Emulator, Side, Timeline, Trace};
use visavis_tests::browser::{Browsers, Dialect, Page, PageMedia};
use visavis_tests::person::Person;
use visavis_tests::redirect::Redirect;
use visavis_tests::server::TestServer;
use visavis_tests::sight::{Shown, Watch};

use crate::Fault;
use crate::mark::SIZE;

/// The link's seed: the same losses for every sender and every build.
const SEED: u64 = 19;
/// How long two who are in a call may take until media flows.
const MEDIA_WITHIN: Duration = Duration::from_secs(10);

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Ours,
    Chromium,
}

impl Sender {
    pub(crate) const BOTH: [Self; 2] = [Self::Ours, Self::Chromium];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Chromium => "chromium",
        }
    }
}

/// What a call is like.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) sender: Sender,
    pub(crate) conditions: Conditions,
    pub(crate) duration: Duration,
    /// What the sender's camera sees; it has none without.
    pub(crate) film: Option<PathBuf>,
    /// What both microphones hear.
    pub(crate) voice: PathBuf,
}

/// What became of it.
pub(crate) struct Outcome {
    /// When the link's timeline began.
    pub(crate) begun: Instant,
    /// What the sender sent into the link.
    pub(crate) sent: Trace,
    /// The receiver's report.
    pub(crate) report: Report,
    /// The sender's: a report of ours, or `getStats` of the page.
    pub(crate) of_sender: Value,
    /// What the receiver showed, and when.
    pub(crate) shown: Vec<Shown>,
    /// What our sender measured.
    pub(crate) readings: Vec<(Instant, Reading)>,
    /// What the receiver recorded, in a folder that ends with it.
    receiver: Person,
}

impl Outcome {
    /// The recording of what was shown.
    pub(crate) fn seen(&self) -> PathBuf {
        self.receiver.seen()
    }

    /// The recording of what was heard.
    pub(crate) fn heard(&self) -> PathBuf {
        self.receiver.heard()
    }
}

/// Runs it. A call that does not come about is an error, and a result.
pub(crate) async fn run(setting: &Setting) -> Result<Outcome, Fault> {
    // People of tests give up by a panic, whose words stand on standard error.
    match AssertUnwindSafe(call(setting)).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(_) => Err("the call did not come about".into()),
    }
}

async fn call(setting: &Setting) -> Result<Outcome, Fault> {
    let server = TestServer::start().await;
    let timeline = Timeline::steady(setting.conditions);
    let network = Arc::new(Emulator::start(timeline, SEED).await?);
    let redirect = Redirect::start(server.url(), Arc::clone(&network)).await;
    let (recordings, has_film) = (Recordings::default(), setting.film.is_some());
    let mut receiver = person("alice", CameraChoice::None, &setting.voice, |folder, options| {
        options.recordings = recordings.clone();
        options.record_video = has_film.then(|| folder.join("seen.y4m"));
        options.window = has_film;
    });
    receiver.log_in(server.url()).await;
    let latest = Instant::now() + MEDIA_WITHIN * 6 + setting.duration;
    let mut watch = Watch::start(&receiver.session.link, latest);
    let sends = Sends::start(setting, redirect.url()).await?;
    sends.call("alice").await?;
    receiver.until_ringing().await;
    receiver.accept().await;
    receiver.until_in_call().await;
    let begun = network.until_begun(MEDIA_WITHIN).await.ok_or("no media flowed")?;
    tokio::time::sleep_until((begun + setting.duration).into()).await;
    let sent = network.trace(Side::B);
    let statistics = sends.statistics().await;
    receiver.send(Intent::HangUp).await;
    receiver.until_ended().await;
    let report = receiver.report().await;
    receiver.session.link.remote_video.close();
    let shown = watch.shown().await;
    let (of_sender, readings) = sends.end(statistics).await?;
    // A large recording is written for longer than a call takes to end.
    tokio::task::spawn_blocking(move || recordings.wait()).await?;
    Ok(Outcome { begun, sent, report, of_sender, shown, readings, receiver })
}

/// Somebody who sends.
enum Sends {
    Ours { person: Person, watch: Watch },
    Chromium { page: Box<Page>, _browsers: Box<Browsers> },
}

impl Sends {
    async fn start(setting: &Setting, server: &str) -> Result<Self, Fault> {
        match setting.sender {
            Sender::Ours => {
                let camera = setting.film.clone().map_or(CameraChoice::None, CameraChoice::File);
                let mut person = person("bob", camera, &setting.voice, |_, options| {
                    options.video_size = SIZE;
                });
                person.log_in(server).await;
                let watch = Watch::start(&person.session.link, Instant::now());
                Ok(Self::Ours { person, watch })
            }
            Sender::Chromium => {
                let mut browsers = Browsers::start().await?.hearing(&setting.voice);
                let mut media = PageMedia::Voice;
                if let Some(film) = &setting.film {
                    browsers = browsers.seeing(film);
                    media = PageMedia::Unprocessed;
                }
                let page = browsers.open(Dialect::One, media, server).await?;
                if !page.login("bob").await? {
                    return Err("the server did not let the page in".into());
                }
                Ok(Self::Chromium { page: Box::new(page), _browsers: Box::new(browsers) })
            }
        }
    }

    async fn call(&self, other: &str) -> Result<(), Fault> {
        match self {
            Self::Ours { person, .. } => person.call(other).await,
            Self::Chromium { page, .. } => page.call(other).await?,
        }
        Ok(())
    }

    /// What it counts while the call goes on.
    async fn statistics(&self) -> Value {
        match self {
            Self::Ours { .. } => Value::Null,
            Self::Chromium { page, .. } => {
                page.statistics().await.unwrap_or_else(|error| json!(error.to_string()))
            }
        }
    }

    async fn end(self, statistics: Value) -> Result<(Value, Vec<(Instant, Reading)>), Fault> {
        match self {
            Self::Ours { mut person, watch } => {
                person.until_ended().await;
                let report = serde_json::to_value(person.report().await)?;
                drop(person);
                Ok((report, watch.readings().await))
            }
            Self::Chromium { page, .. } => {
                page.quit().await?;
                Ok((statistics, Vec::new()))
            }
        }
    }
}

fn person(
    name: &str,
    camera: CameraChoice,
    voice: &Path,
    change: impl FnOnce(&Path, &mut visavis_client::session::options::SessionOptions),
) -> Person {
    Person::with(name, |options| {
        let folder = options.snapshot.take().and_then(|path| Some(path.parent()?.to_owned()));
        options.camera = camera;
        options.microphone = MicrophoneChoice::File(voice.to_owned());
        options.record_video = None;
        change(&folder.unwrap_or_default(), options);
    })
}
