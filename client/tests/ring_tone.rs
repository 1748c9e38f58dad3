//! The ring tone on a real sound server, and another speaker while it rings: the tone moves there,
//! and so does the call. A ring tone with a speaker and a volume of its own is heard there, as
//! loud, and the call where calls are heard.
//!
//! This is one test in a file of its own because the sound server is found through environment
//! variables, which belong to the process.
#![cfg(target_os = "linux")]

#[path = "common/pulseaudio_server.rs"]
mod pulseaudio_server;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pulseaudio_server::{PulseAudio, place};
use tokio::time::{sleep, timeout};
use visavis_client::call::event::CallPhase;
use visavis_client::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use visavis_client::media::audio_output::Volume;
use visavis_client::session::driver::{self, SessionHandle};
use visavis_client::session::options::{Ring, SessionOptions};
use visavis_client::session::snapshot::{Intent, LoginPhase, Snapshot, Trial};
use visavis_signal_server::Config;

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(20);
/// Sound is judged in pieces of 100 ms.
const PIECE: usize = 4_800;
/// Of the last second.
const PIECES: usize = 10;
const SPEAKERS: [&str; 3] = ["caller", "first", "second"];
/// What the caller says.
const VOICE_HZ: f32 = 440.0;

/// What comes out of a speaker: the last second of it.
struct Ears {
    speaker: &'static str,
    heard: Arc<Mutex<VecDeque<f32>>>,
    recorder: Child,
}

impl Drop for Ears {
    fn drop(&mut self) {
        let _ = self.recorder.kill();
        let _ = self.recorder.wait();
    }
}

impl Ears {
    fn at(speaker: &'static str) -> Self {
        let mut recorder = Command::new("parec")
            .args([
                "--raw",
                "--rate=48000",
                "--channels=1",
                "--format=s16le",
                "--latency-msec=20",
                "-d",
            ])
            .arg(format!("{speaker}.monitor"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("parec");
        let mut pipe = recorder.stdout.take().expect("a pipe");
        let heard = Arc::new(Mutex::new(VecDeque::new()));
        let shared = Arc::clone(&heard);
        // It ends with the recorder whose pipe it has.
        let listen = move || {
            let mut piece = [0; 960];
            while pipe.read_exact(&mut piece).is_ok() {
                let (samples, _) = piece.as_chunks::<2>();
                let mut heard = shared.lock().expect("what was heard");
                heard.extend(
                    samples.iter().map(|bytes| f32::from(i16::from_le_bytes(*bytes)) / 32_768.0),
                );
                let surplus = heard.len().saturating_sub(PIECE * PIECES);
                heard.drain(..surplus);
            }
        };
        std::thread::Builder::new().name("ears".into()).spawn(listen).expect("a thread");
        Self { speaker, heard, recorder }
    }

    /// How many pieces of the last second consist of this tone, mostly; and how many are silent.
    fn count(&self, hz: f64) -> (usize, usize) {
        let heard: Vec<f32> = self.heard.lock().expect("what was heard").iter().copied().collect();
        let energy =
            |piece: &&[f32]| piece.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
        let (loud, silent): (Vec<_>, Vec<_>) =
            heard.chunks_exact(PIECE).partition(|piece| energy(piece) > 1e-5 * PIECE as f64);
        let is_tone =
            |piece: &&&[f32]| 2.0 * power_at(piece, hz) / (energy(piece) * PIECE as f64) > 0.5;
        (loud.iter().filter(is_tone).count(), silent.len())
    }

    async fn until(&self, what: &str, hz: f64, fits: impl Fn(usize, usize) -> bool) {
        let begun = Instant::now();
        loop {
            let (pieces, silent) = self.count(hz);
            if fits(pieces, silent) {
                return;
            }
            assert!(
                begun.elapsed() < SOON,
                "{}: no {what}: {pieces} pieces, {silent} silent",
                self.speaker
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The ring tone or the ringback, by the pitch of its first stroke.
    async fn until_ringing(&self, hz: f64) {
        self.until("ringing", hz, |pieces, _| pieces > 0).await;
    }

    async fn until_silent(&self) {
        self.until("silence", VOICE_HZ.into(), |_, silent| silent == PIECES).await;
    }

    /// In some of the pieces are the marks of the test tone.
    async fn until_voice(&self) {
        self.until("voice", VOICE_HZ.into(), |pieces, _| pieces >= PIECES - 2).await;
    }
}

/// The power at one frequency (Goertzel 1958).
fn power_at(samples: &[f32], hz: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * hz / 48_000.0).cos();
    let (mut s1, mut s2) = (0.0, 0.0);
    for sample in samples {
        (s1, s2) = (f64::from(*sample) + coefficient * s1 - s2, s1);
    }
    s1 * s1 + s2 * s2 - coefficient * s1 * s2
}

async fn until(session: &mut SessionHandle, what: &str, fits: impl FnMut(&Arc<Snapshot>) -> bool) {
    let waited = timeout(SOON, session.link.snapshots.wait_for(fits)).await;
    waited.unwrap_or_else(|_| panic!("not {what}")).expect("a session");
}

async fn send_intent(session: &SessionHandle, intent: Intent) {
    session.link.intents.send(intent).await.expect("a session");
}

#[test]
fn the_ring_tone_and_the_call_are_each_heard_from_the_speaker_that_was_chosen_for_them() {
    let mut script = String::new();
    for sink in SPEAKERS {
        let properties = format!("sink_properties=device.description={sink}");
        let _ = writeln!(
            script,
            "load-module module-null-sink sink_name={sink} rate=48000 {properties}"
        );
    }
    let _server = PulseAudio::start(place(), &script);
    let ears = SPEAKERS.map(Ears::at);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(ring_and_answer(&ears));
    runtime.block_on(ring_elsewhere(&ears));
}

/// Somebody whose calls are heard from this speaker.
fn person(microphone: MicrophoneChoice, speaker: &str, ring: Ring) -> SessionHandle {
    driver::start(SessionOptions {
        // Only a window rings.
        window: true,
        camera: CameraChoice::None,
        microphone,
        speaker: SpeakerChoice::Named(speaker.to_owned()),
        ring,
        bind: vec!["127.0.0.1:0".parse().expect("an address")],
        ..SessionOptions::default()
    })
}

async fn log_in(session: &mut SessionHandle, server: &str, username: &str) {
    let (server, username) = (server.to_owned(), username.to_owned());
    send_intent(session, Intent::LogIn { server, username }).await;
    until(session, "logged in", |s| matches!(s.login, LoginPhase::LoggedIn { .. })).await;
}

async fn ring_elsewhere([_, first, second]: &[Ears; 3]) {
    let server = visavis_signal_server::start(Config::for_tests()).await.expect("a server");
    let elsewhere = |percent: u8| Ring {
        volume: Volume::from_percent(percent),
        speaker: Some(SpeakerChoice::Named("second".to_owned())),
        ..Ring::default()
    };
    let mut alice = person(MicrophoneChoice::Tone(VOICE_HZ), "caller", Ring::default());
    let mut bob = person(MicrophoneChoice::None, "first", elsewhere(100));
    log_in(&mut alice, &server.url(), "alice").await;
    log_in(&mut bob, &server.url(), "bob").await;
    first.until_silent().await;
    // Tried out, it rings once where a call rings; the tone of the speaker comes from the other.
    send_intent(&bob, Intent::TryDevice(Some(Trial::Ring))).await;
    second.until_ringing(523.25).await;
    assert_eq!(first.count(523.25), (0, PIECES), "it rings where calls are heard, too");
    send_intent(&bob, Intent::TryDevice(Some(Trial::Speaker))).await;
    first.until_ringing(554.37).await;
    second.until_silent().await;
    until(&mut bob, "at the end of the tone", |s| s.trial.is_none()).await;
    first.until_silent().await;
    // A call ends what is tried out.
    send_intent(&bob, Intent::TryDevice(Some(Trial::Speaker))).await;
    first.until_ringing(440.0).await;
    send_intent(&alice, Intent::Call { username: "bob".to_owned() }).await;
    second.until_ringing(523.25).await;
    until(&mut bob, "at the end of the trial", |s| s.trial.is_none()).await;
    first.until_silent().await;
    assert_eq!(first.count(523.25), (0, PIECES), "it rings where calls are heard, too");
    // What is plugged in meanwhile is among the devices to choose from.
    let plugged = ["load-module", "module-null-sink", "sink_name=plugged"];
    let named = "sink_properties=device.description=plugged";
    let pactl = Command::new("pactl").args(plugged).arg(named).output().expect("pactl");
    assert!(pactl.status.success(), "{pactl:?}");
    until(&mut bob, "listed", |s| s.devices.speakers.iter().any(|s| s.name == "plugged")).await;
    send_intent(&bob, Intent::SetRing(elsewhere(0))).await;
    second.until_silent().await;
    send_intent(&bob, Intent::SetRing(elsewhere(60))).await;
    second.until_ringing(523.25).await;
    send_intent(&bob, Intent::BeQuiet(true)).await;
    second.until_silent().await;
    send_intent(&bob, Intent::BeQuiet(false)).await;
    second.until_ringing(523.25).await;
    send_intent(&bob, Intent::SetRing(Ring::default())).await;
    first.until_ringing(523.25).await;
    second.until_silent().await;
    send_intent(&bob, Intent::SetRing(elsewhere(100))).await;
    second.until_ringing(523.25).await;

    let from = visavis_shared::Username::parse("alice").expect("a name");
    send_intent(&bob, Intent::Accept { from }).await;
    first.until_voice().await;
    second.until_silent().await;
    assert_eq!(bob.link.snapshots.borrow().notices, [], "nothing is missing");
    tokio::join!(alice.finish(), bob.finish());
    server.shutdown().await;
}

async fn ring_and_answer([caller, first, second]: &[Ears; 3]) {
    let server = visavis_signal_server::start(Config::for_tests()).await.expect("a server");
    let url = server.url();
    let mut alice = person(MicrophoneChoice::Tone(VOICE_HZ), "caller", Ring::default());
    let mut bob = person(MicrophoneChoice::None, "first", Ring::default());
    log_in(&mut alice, &url, "alice").await;
    log_in(&mut bob, &url, "bob").await;
    send_intent(&alice, Intent::Call { username: "bob".to_owned() }).await;
    until(&mut bob, "called", |s| matches!(s.call, CallPhase::Ringing { .. })).await;
    first.until_ringing(523.25).await;
    // The caller's speaker is open for the call already, and the ringback is heard all the same.
    caller.until_ringing(392.0).await;

    send_intent(&bob, Intent::ChooseSpeaker(SpeakerChoice::Named("second".to_owned()))).await;
    second.until_ringing(523.25).await;
    first.until_silent().await;

    let from = visavis_shared::Username::parse("alice").expect("a name");
    send_intent(&bob, Intent::Accept { from }).await;
    second.until_voice().await;
    caller.until_silent().await;
    assert_eq!(bob.link.snapshots.borrow().notices, [], "nothing is missing");

    // And back to the first one in the call.
    send_intent(&bob, Intent::ChooseSpeaker(SpeakerChoice::Named("first".to_owned()))).await;
    first.until_voice().await;
    second.until_silent().await;
    tokio::join!(alice.finish(), bob.finish());
    server.shutdown().await;
}
