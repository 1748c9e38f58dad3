//! Other speakers and microphones in the middle of a call, on a real sound server: how long nothing
//! is heard.
//!
//! This is one test in a file of its own because the sound server is found through environment
//! variables, which belong to the process.
#![cfg(target_os = "linux")]

#[path = "common/pulseaudio_server.rs"]
mod pulseaudio_server;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pulseaudio_server::{PulseAudio, place};
use tokio::time::{sleep, timeout};
use visavis_client::call::event::CallPhase;
use visavis_client::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use visavis_client::media::voice_processing::VoiceSetting;
use visavis_client::session::driver::{self, SessionHandle};
use visavis_client::session::options::SessionOptions;
use visavis_client::session::snapshot::{Intent, LoginPhase, Snapshot};
use visavis_shared::Username;
use visavis_signal_server::Config;

/// The longest that nothing may be heard.
const LONGEST_GAP: Duration = Duration::from_millis(300);
const SPEAKERS: [&str; 3] = ["speaker_a", "speaker_b", "speaker_c"];
const ROOMS: [&str; 2] = ["room_1", "room_2"];

/// A program that ends with its owner.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// It ends with the program whose pipe it has.
fn thread(name: &str, body: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().name(name.to_owned()).spawn(body).expect("a thread");
}

/// Plays a tone into a sink.
fn play_into(sink: &str) -> Program {
    let mut player = Command::new("pacat")
        .args([
            "--playback",
            "--raw",
            "--rate=48000",
            "--channels=1",
            "--format=s16le",
            "--latency-msec=50",
            "-d",
            sink,
        ])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("pacat");
    let mut pipe = player.stdin.take().expect("a pipe");
    let sample =
        |i: i32| ((f64::from(i) * 440.0 / 48_000.0 * std::f64::consts::TAU).sin() * 8000.0) as i16;
    let tone: Vec<u8> = (0..48_000).flat_map(|i| sample(i).to_le_bytes()).collect();
    thread("tone", move || while pipe.write_all(&tone).is_ok() {});
    Program(player)
}

/// Notes when a sink sounds, every 10 ms.
fn watch(sink: &str, sounding: Arc<Mutex<Vec<Instant>>>) -> Program {
    let mut recorder = Command::new("parec")
        .args([
            "--raw",
            "--rate=48000",
            "--channels=1",
            "--format=s16le",
            "--latency-msec=10",
            "-d",
        ])
        .arg(format!("{sink}.monitor"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("parec");
    let mut pipe = recorder.stdout.take().expect("a pipe");
    thread("watch", move || {
        let mut piece = [0; 960];
        while pipe.read_exact(&mut piece).is_ok() {
            let (samples, _) = piece.as_chunks::<2>();
            let loudest =
                samples.iter().map(|bytes| i16::from_le_bytes(*bytes).unsigned_abs()).max();
            if loudest > Some(1500) {
                sounding.lock().expect("the list").push(Instant::now());
            }
        }
    });
    Program(recorder)
}

fn pactl(arguments: &[&str]) -> String {
    let output = Command::new("pactl").args(arguments).output().expect("pactl");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

async fn until(session: &mut SessionHandle, what: &str, fits: impl FnMut(&Arc<Snapshot>) -> bool) {
    let waited = timeout(Duration::from_secs(20), session.link.snapshots.wait_for(fits)).await;
    waited.unwrap_or_else(|_| panic!("not {what}")).expect("a session");
}

async fn send_intent(session: &SessionHandle, intent: Intent) {
    session.link.intents.send(intent).await.expect("a session");
}

fn script() -> String {
    let mut script = String::new();
    for sink in SPEAKERS.iter().chain(&ROOMS) {
        let _ = writeln!(
            script,
            "load-module module-null-sink sink_name={sink} rate=48000 \
             sink_properties=device.description={sink}"
        );
    }
    for room in ROOMS {
        let _ = writeln!(
            script,
            "load-module module-remap-source source_name=in_{room} master={room}.monitor \
             source_properties=device.description=in_{room}"
        );
    }
    script + "set-default-sink speaker_a\nset-default-source in_room_1\n"
}

#[test]
fn another_speaker_or_microphone_in_the_middle_of_a_call_leaves_no_gap_worth_hearing() {
    let _server = PulseAudio::start(place(), &script());
    let _tones = ROOMS.map(play_into);
    let sounding = Arc::new(Mutex::new(Vec::new()));
    let _recorders = SPEAKERS.map(|sink| watch(sink, Arc::clone(&sounding)));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let gaps = runtime.block_on(change_devices(&sounding));
    for (what, gap) in &gaps {
        println!("{what}: nothing heard for {} ms at most", gap.as_millis());
    }
    assert!(gaps.iter().all(|(_, gap)| *gap < LONGEST_GAP), "{gaps:?}");
}

/// What was changed, and how long nothing was heard then.
async fn change_devices(sounding: &Mutex<Vec<Instant>>) -> Vec<(String, Duration)> {
    let server = visavis_signal_server::start(Config::for_tests()).await.expect("a server");
    let url = server.url();
    // A steady tone is noise to whoever suppresses noise.
    let voice = VoiceSetting {
        echo_cancellation: Some(false),
        noise_suppression: Some(false),
        automatic_gain: Some(false),
    };
    let options = SessionOptions {
        camera: CameraChoice::None,
        bind: vec!["127.0.0.1:0".parse().expect("an address")],
        voice,
        ..SessionOptions::default()
    };
    let named = |name: &str| SpeakerChoice::Named(name.to_owned());
    let mut alice = driver::start(SessionOptions {
        microphone: MicrophoneChoice::Named("in_room_1".to_owned()),
        speaker: SpeakerChoice::None,
        ..options.clone()
    });
    let mut bob = driver::start(SessionOptions {
        microphone: MicrophoneChoice::Tone(440.0),
        speaker: named("speaker_a"),
        ..options
    });
    for (session, username) in [(&mut alice, "alice"), (&mut bob, "bob")] {
        send_intent(session, Intent::LogIn { server: url.clone(), username: username.to_owned() })
            .await;
        until(session, "logged in", |s| matches!(s.login, LoginPhase::LoggedIn { .. })).await;
    }
    send_intent(&alice, Intent::Call { username: "bob".to_owned() }).await;
    until(&mut bob, "called", |s| matches!(s.call, CallPhase::Ringing { .. })).await;
    send_intent(&bob, Intent::Accept { from: Username::parse("alice").expect("a name") }).await;
    for session in [&mut alice, &mut bob] {
        until(session, "in a call", |s| matches!(s.call, CallPhase::InCall { .. })).await;
    }
    // The sound has come in and its delay has settled.
    sleep(Duration::from_secs(5)).await;

    let mut gaps = Vec::new();
    let mut measure = async |what: &str, seconds: u64| {
        let begun = Instant::now() - Duration::from_secs(1);
        sleep(Duration::from_secs(seconds)).await;
        let times = sounding.lock().expect("the list").clone();
        let mut times: Vec<Instant> = times.into_iter().filter(|time| *time >= begun).collect();
        times.push(Instant::now());
        times.sort();
        let gap = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(Duration::MAX);
        gaps.push((what.to_owned(), gap));
    };
    measure("nothing changes", 4).await;
    send_intent(&bob, Intent::ChooseSpeaker(named("speaker_b"))).await;
    measure("another speaker is chosen", 4).await;
    send_intent(&alice, Intent::ChooseMicrophone(MicrophoneChoice::Named("in_room_2".to_owned())))
        .await;
    measure("another microphone is chosen", 4).await;
    let modules = pactl(&["list", "short", "modules"]);
    let unplugged =
        modules.lines().find(|line| line.contains("sink_name=speaker_b")).expect("the module");
    pactl(&["unload-module", unplugged.split_whitespace().next().expect("its number")]);
    measure("the speaker is unplugged", 5).await;
    pactl(&[
        "load-module",
        "module-null-sink",
        "sink_name=speaker_b",
        "sink_properties=device.description=speaker_b",
    ]);
    let again = Arc::new(Mutex::new(Vec::new()));
    let _recorder = watch("speaker_b", Arc::clone(&again));
    sleep(Duration::from_secs(5)).await;
    let comes_back = !again.lock().expect("the list").is_empty();
    assert!(comes_back, "the speaker that was chosen is plugged in again, and used");
    send_intent(&bob, Intent::ChooseSpeaker(SpeakerChoice::Default)).await;
    sleep(Duration::from_secs(3)).await;
    pactl(&["set-default-sink", "speaker_c"]);
    measure("the default speaker is another one", 5).await;
    tokio::join!(alice.finish(), bob.finish());
    server.shutdown().await;
    gaps
}
