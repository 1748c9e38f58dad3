//! Devices are tried out before a call, through a real session: what the speaker gets is what the
//! microphone heard, or the tone, and nothing else. The devices are files.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use visavis_client::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use visavis_client::media::frame::AUDIO_FRAME_SAMPLES;
use visavis_client::media::ringtone;
use visavis_client::media::wav::WavFile;
use visavis_client::session::driver::{self, SessionHandle};
use visavis_client::session::options::SessionOptions;
use visavis_client::session::snapshot::{Intent, Snapshot, Trial, TrialPhase, TrialState};
use visavis_client::words::phrase;

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(30);
/// The voice lasts four seconds and begins anew then.
const VOICE_FRAMES: usize = 400;
/// Bytes before the samples of a file that this program wrote.
const WAV_HEADER: usize = 44;

type Frame = [f32; AUDIO_FRAME_SAMPLES];

/// Noise that never repeats within the voice, by a fixed seed.
fn voice() -> Vec<Frame> {
    let mut state = 7_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as f32 / 65_536.0 - 0.5
    };
    (0..VOICE_FRAMES).map(|_| std::array::from_fn(|_| noise())).collect()
}

fn write_wav(path: &Path, frames: &[Frame]) {
    let mut file = WavFile::create(path).expect("a file");
    frames.iter().for_each(|frame| file.write(frame).expect("written"));
    file.finish().expect("finished");
}

/// The samples of a file as it holds them, in frames. Silence before, between and behind what was
/// played is not in it: a computer that is busy leaves some.
fn sounding_frames(path: &Path) -> Vec<Vec<i16>> {
    let bytes = std::fs::read(path).expect("a recording");
    let (samples, _) = bytes[WAV_HEADER..].as_chunks::<2>();
    let samples: Vec<i16> = samples.iter().map(|sample| i16::from_le_bytes(*sample)).collect();
    let frames = samples.chunks_exact(AUDIO_FRAME_SAMPLES).map(<[i16]>::to_vec);
    frames.filter(|frame| frame.iter().any(|sample| *sample != 0)).collect()
}

async fn try_out(session: &SessionHandle, trial: Option<Trial>) {
    session.link.intents.send(Intent::TryDevice(trial)).await.expect("a session");
}

async fn until(session: &mut SessionHandle, what: &str, fits: impl FnMut(&Arc<Snapshot>) -> bool) {
    let waited = timeout(SOON, session.link.snapshots.wait_for(fits)).await;
    waited.unwrap_or_else(|_| panic!("not {what}")).expect("a session");
}

async fn until_phase(session: &mut SessionHandle, trial: Trial, phase: TrialPhase) {
    let state = Some(TrialState { trial, phase });
    until(session, &format!("{state:?}"), |s| s.trial == state).await;
}

fn person(microphone: MicrophoneChoice, speaker: SpeakerChoice) -> SessionHandle {
    let camera = CameraChoice::None;
    driver::start(SessionOptions {
        window: true,
        camera,
        microphone,
        speaker,
        ..SessionOptions::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn three_seconds_of_the_microphone_are_played_back_as_they_were_heard() {
    let folder = tempfile::tempdir().expect("a folder");
    let (said, heard) = (folder.path().join("said.wav"), folder.path().join("heard.wav"));
    write_wav(&said, &voice());
    let file = |path: &Path| path.to_owned();
    let mut session =
        person(MicrophoneChoice::File(file(&said)), SpeakerChoice::File(file(&heard)));
    try_out(&session, Some(Trial::Microphone)).await;
    until_phase(&mut session, Trial::Microphone, TrialPhase::Recording).await;
    until(&mut session, "level", |s| s.microphone_level > 0.5).await;
    until_phase(&mut session, Trial::Microphone, TrialPhase::Playing).await;
    assert!(!session.link.snapshots.borrow().preview, "the camera is not looked at");
    until(&mut session, "the end", |s| s.trial.is_none()).await;
    session.finish().await;

    let (said, heard) = (sounding_frames(&said), sounding_frames(&heard));
    assert_eq!((said.len(), heard.len()), (VOICE_FRAMES, 300));
    let first = said.iter().position(|frame| *frame == heard[0]).expect("the voice");
    for (n, frame) in heard.iter().enumerate() {
        assert!(*frame == said[(first + n) % VOICE_FRAMES], "frame {n} is not the next one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_speaker_plays_the_tone_once_and_is_closed_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (expected, heard) = (folder.path().join("tone.wav"), folder.path().join("heard.wav"));
    let tone = ringtone::chime();
    let (frames, _) = tone.as_chunks::<AUDIO_FRAME_SAMPLES>();
    write_wav(&expected, frames);
    let mut session = person(MicrophoneChoice::None, SpeakerChoice::File(heard.clone()));
    try_out(&session, Some(Trial::Speaker)).await;
    until_phase(&mut session, Trial::Speaker, TrialPhase::Playing).await;
    until(&mut session, "the end", |s| s.trial.is_none()).await;
    session.finish().await;
    assert_eq!(sounding_frames(&heard), sounding_frames(&expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_that_is_stopped_ends_at_once_and_one_that_cannot_be_made_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = folder.path().join("silence.wav");
    write_wav(&said, &[[0.0; AUDIO_FRAME_SAMPLES]; 100]);
    let heard = folder.path().join("heard.wav");
    let mut session = person(MicrophoneChoice::File(said), SpeakerChoice::File(heard.clone()));
    try_out(&session, Some(Trial::Microphone)).await;
    until_phase(&mut session, Trial::Microphone, TrialPhase::Recording).await;
    try_out(&session, None).await;
    until(&mut session, "stopped", |s| s.trial.is_none()).await;
    try_out(&session, Some(Trial::Microphone)).await;
    let silent = TrialPhase::Failed(phrase!("trial-microphone-silent"));
    until_phase(&mut session, Trial::Microphone, silent).await;
    assert!(!heard.exists(), "nothing was played");
    // A ring tone is never written into a file.
    try_out(&session, Some(Trial::Ring)).await;
    let nowhere = TrialPhase::Failed(phrase!("trial-no-speaker"));
    until_phase(&mut session, Trial::Ring, nowhere).await;
    let missing = folder.path().join("missing.wav");
    let choose = Intent::ChooseMicrophone(MicrophoneChoice::File(missing));
    session.link.intents.send(choose).await.expect("a session");
    try_out(&session, Some(Trial::Microphone)).await;
    let failed = |s: &Arc<Snapshot>| {
        s.trial.as_ref().is_some_and(|state| {
            matches!(&state.phase, TrialPhase::Failed(words) if words.plain().contains("missing"))
        })
    };
    until(&mut session, "failed", failed).await;
    session.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_at_themselves_is_seen_though_calls_begin_without_the_camera() {
    let mut session = driver::start(SessionOptions {
        window: true,
        camera: CameraChoice::Pattern,
        microphone: MicrophoneChoice::None,
        speaker: SpeakerChoice::None,
        camera_off: true,
        ..SessionOptions::default()
    });
    session.link.intents.send(Intent::Preview(true)).await.expect("a session");
    until(&mut session, "seen", |s| s.preview && s.camera_live && s.camera_off).await;
    session.link.intents.send(Intent::Preview(false)).await.expect("a session");
    until(&mut session, "closed", |s| !s.camera_live).await;
    session.finish().await;
}
