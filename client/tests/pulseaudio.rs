//! Microphone and speaker on a real sound server: a PulseAudio of the test's own, with a null sink
//! for a speaker and what it plays for a microphone.
//!
//! This is one test in a file of its own because the sound server is found through environment
//! variables, which belong to the process.
#![cfg(target_os = "linux")]

#[path = "common/pulseaudio_server.rs"]
mod pulseaudio_server;

use std::time::{Duration, Instant};

use pulseaudio_server::{PulseAudio, place};
use tokio::sync::mpsc;
use visavis_client::device::audio_device::{AudioEvent, AudioKind};
use visavis_client::device::audio_host::{list_microphones, list_speakers};
use visavis_client::device::microphone::open_microphone;
use visavis_client::device::speaker::open_speaker;
use visavis_client::device::{DeviceInfo, MicrophoneChoice, SpeakerChoice};
use visavis_client::media::drop_oldest_queue::DropOldestQueue;
use visavis_client::media::drop_oldest_queue::Taken;
use visavis_client::media::frame::{AUDIO_FRAME_DURATION, AudioFrame};
use visavis_client::media::tone::{AMPLITUDE, ToneGenerator};
use visavis_client::media::tone_detector::{ToneDetector, measure_tone};
use visavis_client::media::units::WallTime;

const SPEAKER: &str = "Visavis-Test-Speaker";
const MICROPHONE: &str = "Visavis-Test-Microphone";

fn find<'a>(devices: &'a [DeviceInfo], name: &str) -> &'a DeviceInfo {
    devices
        .iter()
        .find(|device| device.name == name)
        .unwrap_or_else(|| panic!("no {name} in {devices:?}"))
}

#[test]
fn a_tone_that_is_played_is_recorded_with_its_frequency_level_and_time_marks() {
    let server = PulseAudio::start(
        place(),
        &format!(
            "load-module module-null-sink sink_name=speaker rate=48000 \
         sink_properties=device.description={SPEAKER}\n\
         load-module module-remap-source source_name=microphone master=speaker.monitor \
         source_properties=device.description={MICROPHONE}\n\
         set-default-sink speaker\nset-default-source microphone\n"
        ),
    );

    let (speakers, microphones) = (list_speakers(), list_microphones());
    assert!(find(&speakers, SPEAKER).default && find(&microphones, MICROPHONE).default);
    assert_eq!(find(&speakers, SPEAKER).formats, ["48000 Hz stereo"]);
    assert_eq!(
        microphones.len(),
        1,
        "what a speaker plays is not offered as a microphone: {microphones:?}"
    );

    let (events, mut happened) = mpsc::channel(8);
    let unknown = MicrophoneChoice::Named("Nothing".into());
    let error = open_microphone(&unknown, DropOldestQueue::new(1), events.clone())
        .err()
        .expect("an error")
        .to_string();
    assert!(error.contains("\"Nothing\"") && error.contains(MICROPHONE), "{error}");

    for (microphone, speaker) in [
        (MicrophoneChoice::Default, SpeakerChoice::Default),
        (MicrophoneChoice::Named(MICROPHONE.into()), SpeakerChoice::Named(SPEAKER.into())),
    ] {
        check_loop(&microphone, &speaker, &events);
        assert!(happened.try_recv().is_err(), "nothing went wrong");
    }

    // The server dies under open devices.
    let frames = DropOldestQueue::<AudioFrame>::new(8);
    let microphone =
        open_microphone(&MicrophoneChoice::Default, frames, events.clone()).expect("a microphone");
    let (speaker, mut sink) = open_speaker(&SpeakerChoice::Default, events).expect("a speaker");
    drop(server);
    let (mut lost, began) = (Vec::new(), Instant::now());
    while lost.len() < 2 && began.elapsed() < Duration::from_secs(10) {
        match happened.try_recv() {
            Ok(AudioEvent::Lost { kind, words }) => {
                assert!(!words.is_empty() && !words.contains('\n'), "{words:?}");
                lost.push(kind);
            }
            Err(_) => std::thread::sleep(AUDIO_FRAME_DURATION),
        }
        if sink.until_wanted(Instant::now()).is_zero() {
            sink.write(&[0.0; 480]);
        }
    }
    assert!(
        lost.contains(&AudioKind::Microphone) && lost.contains(&AudioKind::Speaker),
        "{lost:?}"
    );
    let closing = Instant::now();
    drop((microphone, speaker));
    assert!(closing.elapsed() < Duration::from_secs(2), "closing took {:?}", closing.elapsed());
}

/// Plays the tone into the speaker for 4 s and checks what the microphone hears.
fn check_loop(
    microphone: &MicrophoneChoice,
    speaker: &SpeakerChoice,
    events: &mpsc::Sender<AudioEvent>,
) {
    let frames = DropOldestQueue::<AudioFrame>::new(8);
    let _microphone =
        open_microphone(microphone, frames.clone(), events.clone()).expect("a microphone");
    let (_speaker, mut sink) = open_speaker(speaker, events.clone()).expect("a speaker");
    let (mut tone, mut detector, mut heard) =
        (ToneGenerator::new(440.0), ToneDetector::default(), Vec::new());

    // The tone's time is when it is heard by an imagined microphone: now, and then 10 ms later each
    // time.
    let mut wall = WallTime::now();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(4) {
        while sink.until_wanted(Instant::now()).is_zero() {
            sink.write(&tone.next_frame(wall));
            wall = WallTime(wall.0 + 10_000);
        }
        if let Taken::Value(frame) = frames.wait(Duration::from_millis(2)) {
            let age = Instant::now().saturating_duration_since(frame.captured_at);
            assert!(age < Duration::from_secs(1), "a frame is {age:?} old");
            heard.extend(frame.samples);
            detector.listen(&frame.samples, WallTime(WallTime::now().0 - age.as_micros() as u64));
        }
    }
    assert!(heard.len() > 3 * 48_000, "{} samples in 4 s", heard.len());
    let hz = detector.hz().expect("a tone");
    assert!((hz - 440.0).abs() < 2.0, "{hz} Hz");
    let pieces: Vec<f64> =
        heard.chunks_exact(4800).skip(10).filter_map(measure_tone).map(|t| t.amplitude).collect();
    assert!(pieces.len() > 10, "{} of {} pieces are a tone", pieces.len(), heard.len() / 4800);
    let off = pieces
        .iter()
        .filter(|amplitude| (**amplitude / f64::from(AMPLITUDE) - 1.0).abs() > 0.1)
        .count();
    assert!(off * 4 <= pieces.len(), "{pieces:?}");
    let delay = detector.mouth_to_ear();
    assert!(delay.count() >= 2, "{} marks", delay.count());
}
