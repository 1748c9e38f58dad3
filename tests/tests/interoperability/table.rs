//! The server, the app and what a test expects of a call between the app and a peer.

use serde_json::{Value, json};
use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::media::units::VideoSize;
use visavis_client::session::report::Report;
use visavis_client::session::snapshot::{Intent, Snapshot};
use visavis_tests::look;
use visavis_tests::peers::{Ended, LIMIT, Peer};
use visavis_tests::person::{Person, tone_of};
use visavis_tests::picture::Picture;
use visavis_tests::server::TestServer;

/// The app's name.
pub(crate) const APP: &str = "bob";
/// The peer's name.
pub(crate) const PEER: &str = "peer";

/// What peers sound, in Hz.
const PEER_TONE_HZ: f64 = 440.0;
/// Two seconds of what peers send.
const FRAMES: u64 = 40;

/// A server and the app, logged in.
pub(crate) struct Table {
    pub(crate) server: TestServer,
    pub(crate) app: Person,
}

/// What of the media of both sides must flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Both,
    AudioOnly,
    VideoOnly,
}

impl Media {
    fn has_video(self) -> bool {
        self != Self::AudioOnly
    }

    fn has_audio(self) -> bool {
        self != Self::VideoOnly
    }
}

/// One audio and one video both ways.
pub(crate) fn usual() -> Value {
    json!({ "sections": [{ "kind": "audio" }, { "kind": "video" }] })
}

impl Table {
    pub(crate) async fn laid() -> Self {
        let server = TestServer::start().await;
        let app = Person::online(APP, server.url()).await;
        Self { server, app }
    }

    /// The peer calls as a plan says, and the app's person accepts.
    pub(crate) async fn peer_calls(&mut self, peer: &mut Peer, plan: &Value) {
        peer.call(APP, plan).await.expect("the peer calls");
        self.app.until_ringing().await;
        self.app.accept().await;
        self.app.until_in_call().await;
    }

    /// The app calls, and the peer answers as a plan says.
    pub(crate) async fn app_calls(&mut self, peer: &mut Peer, plan: &Value) {
        peer.expect(plan).await.expect("the peer is told");
        self.app.call(PEER).await;
        self.app.until_in_call().await;
    }

    /// Waits until the peer sees the app's test pattern and hears its tone, and the app as much.
    pub(crate) async fn media_flow(&mut self, peer: &mut Peer, media: Media) {
        if media.has_audio() {
            let heard = |state: &visavis_tests::peers::State| state.audio_seconds >= 2.0;
            peer.until("having heard two seconds", heard).await.expect("it hears");
            peer.hears(f64::from(tone_of(APP))).await.expect("the tone is in tune");
        }
        if media.has_video() {
            self.peer_sees_the_pattern(peer).await;
            self.app_shows_frames().await;
        }
        let errors = peer.state().await.expect("the peer answers").errors;
        assert_eq!(errors, Vec::<String>::new());
    }

    /// Waits until the peer has decoded frames and shows one that is the app's test pattern.
    async fn peer_sees_the_pattern(&mut self, peer: &mut Peer) {
        let seen = peer.until("having decoded frames", |state| state.frames >= FRAMES).await;
        seen.expect("it sees");
        let drawn = VideoSize::new(640, 360).expect("a size");
        // What comes first is coarse.
        let deadline = tokio::time::Instant::now() + LIMIT;
        loop {
            let picture = peer.picture().await.expect("it shows a picture");
            let (width, height) = picture.size();
            // Whole pairs of pixels of what 640x360 is scaled to.
            let is_in_shape = (width * 9).abs_diff(height * 16) <= 2 * 16;
            assert!(is_in_shape && (320..=640).contains(&width), "{width}x{height}");
            let likeness = look::likeness_to_scaled_pattern(&picture, drawn);
            if likeness.is_some_and(|likeness| likeness >= 30.0) {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{picture:?} is like the pattern by {likeness:?} dB only; {:?}",
                self.app
                    .sees()
                    .statistics
                    .as_ref()
                    .and_then(|statistics| statistics.latest().copied())
            );
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }

    async fn app_shows_frames(&mut self) {
        self.app.until("shows the peer", |s| s.remote_video_live).await;
        let deadline = tokio::time::Instant::now() + LIMIT;
        while look::frames(&self.app.seen()) < FRAMES {
            assert!(tokio::time::Instant::now() < deadline, "the app shows no new frames");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }

    /// Waits until the app shows these notices.
    pub(crate) async fn app_says(&mut self, words: &[&str]) {
        let says = |said: &Snapshot| {
            words
                .iter()
                .all(|words| said.notices.iter().any(|notice| notice.text.plain() == *words))
        };
        self.app.until(&format!("says {words:?}"), says).await;
    }

    /// The peer hangs up; the app's report of the call.
    pub(crate) async fn peer_hangs_up(&mut self, peer: &mut Peer) -> Report {
        peer.hang_up().await.expect("the peer hangs up");
        assert_eq!(self.app.until_ended().await, EndReason::ClosedByPeer);
        self.over().await
    }

    /// The app hangs up, which the peer learns; the app's report of the call.
    pub(crate) async fn app_hangs_up(&mut self, peer: &mut Peer) -> Report {
        self.app.send(Intent::HangUp).await;
        assert_eq!(self.app.until_ended().await, EndReason::HungUp);
        let ended = peer.until("told of the end", |state| state.ended.is_some()).await;
        let close = Ended { kind: "close".into(), reason: None };
        assert_eq!(ended.expect("it is told").ended, Some(close));
        self.over().await
    }

    async fn over(&mut self) -> Report {
        let report = self.app.report().await;
        self.app.send(Intent::Dismiss).await;
        self.app.until("is idle", |s| s.call == CallPhase::Idle).await;
        assert_eq!(report.outcome, "completed");
        assert_eq!(report.peer.as_deref(), Some(PEER));
        report
    }

    /// Checks what the app says that it received, and the last picture that it showed.
    pub(crate) fn assert_received(&self, report: &Report, media: Media) {
        if media.has_audio() {
            let audio = report.audio.received.as_ref().expect("audio was received");
            let tone = audio.tone_hz.expect("a tone was heard");
            assert!((tone - PEER_TONE_HZ).abs() <= 2.0, "{audio:?}");
            assert!(audio.level_dbfs > Some(-40.0), "{audio:?}");
        }
        if media.has_video() {
            let video = report.video.received.as_ref().expect("video was received");
            assert!(video.frames_decoded >= Some(FRAMES), "{video:?}");
            let png = std::fs::read(self.app.path("last.png")).expect("there is a snapshot");
            look::assert_is_drawn(&Picture::from_png(&png).expect("it is a PNG"));
        }
    }

    /// The peer calls and hangs up; then the app calls and hangs up. Both see and hear in both.
    pub(crate) async fn call_both_ways(&mut self, peer: &mut Peer, plan: &Value, media: Media) {
        self.peer_calls(peer, plan).await;
        self.media_flow(peer, media).await;
        let report = self.peer_hangs_up(peer).await;
        self.assert_received(&report, media);

        self.app_calls(peer, plan).await;
        self.media_flow(peer, media).await;
        let report = self.app_hangs_up(peer).await;
        self.assert_received(&report, media);
    }
}
