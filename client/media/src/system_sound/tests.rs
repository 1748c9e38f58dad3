use super::*;

use std::f64::consts::TAU;
use std::time::Instant;

use proptest::prelude::*;

use crate::audio_control::AudioControl;
use crate::audio_send::Packetizer;
use crate::frame::EncodedAudio;
use crate::opus_codec::OpusDecoder;
use crate::speech::Voice;
use crate::tone_detector::ToneDetector;
use crate::units::{Bitrate, WallTime};

/// A sine by a clock that is off by so many parts in a million.
struct Sine {
    hz: f64,
    amplitude: f64,
    next: usize,
}

impl Sine {
    fn new(hz: f64, amplitude: f64) -> Self {
        Self { hz, amplitude, next: 0 }
    }

    fn frame(&mut self, at: Instant) -> AudioFrame {
        let samples = std::array::from_fn(|i| {
            let phase = (self.next + i) as f64 * self.hz / f64::from(SAMPLE_RATE);
            (self.amplitude * (phase * TAU).sin()) as f32
        });
        self.next += AUDIO_FRAME_SAMPLES;
        AudioFrame { samples, captured_at: at }
    }
}

fn source() -> (Arc<DropOldestQueue<AudioFrame>>, SystemSound) {
    let queue = DropOldestQueue::new(8);
    (Arc::clone(&queue), SystemSound::new(queue).expect("it starts"))
}

#[test]
fn clocks_that_drift_by_200_ppm_for_ten_minutes_cost_no_sample_and_no_click() {
    for ppm in [200.0, -200.0] {
        let (queue, mut sound) = source();
        let mut sine = Sine::new(440.0, 0.5);
        let (start, mut given) = (Instant::now(), 0.0);
        let mut last = [0.0_f32; 2];
        // A steady sine obeys this, and nothing with a click in it does.
        let factor = 2.0 * (TAU * 440.0 / f64::from(SAMPLE_RATE)).cos() as f32;
        let mut worst = 0.0_f32;
        for tick in 0..60_000_u32 {
            // Frames come two at a time.
            while given <= f64::from(tick) * (1.0 + ppm * 1e-6) {
                queue.put(sine.frame(start));
                queue.put(sine.frame(start));
                given += 2.0;
            }
            let mut samples = [0.0; AUDIO_FRAME_SAMPLES];
            sound.add_to(&mut samples);
            for sample in samples {
                if tick > 20 {
                    worst = worst.max((sample - factor * last[1] + last[0]).abs());
                }
                last = [last[1], sample];
            }
            assert!(tick < 20 || sound.flowing, "{ppm} ppm, after {tick} frames");
        }
        println!("{ppm} ppm: {worst:.5}, {} samples wait", sound.waiting.len());
        assert!(worst < 0.002, "{ppm} ppm: a jump of {worst}");
        assert!(samples_in(MOST) > sound.waiting.len());
        assert_eq!(queue.dropped(), 0);
    }
}

/// Sends so many frames and gives the packets, with the tone that the other hears at the end.
fn sent(
    frames: u32,
    muted: bool,
    control: AudioControl,
    mut microphone: impl FnMut(u32) -> [f32; AUDIO_FRAME_SAMPLES],
    mut system: impl FnMut(u32) -> Option<AudioFrame>,
) -> (Vec<EncodedAudio>, ToneDetector, Vec<f32>) {
    let (queue, mut sound) = source();
    let mut packets = Packetizer::new(muted).expect("an encoder");
    packets.set(control);
    let (mut decoder, mut heard) = (OpusDecoder::new().expect("a decoder"), Vec::new());
    let (start, mut sent) = (Instant::now(), Vec::new());
    for number in 0..frames {
        if let Some(frame) = system(number) {
            queue.put(frame);
        }
        let captured_at = start + number * AUDIO_FRAME_DURATION;
        let frame = AudioFrame { samples: microphone(number), captured_at };
        let Some(packet) = packets.push_with(&frame, muted, Some(&mut sound)) else { continue };
        if !packet.data.is_empty() {
            heard.extend_from_slice(decoder.decode(&packet.data).expect("it decodes"));
        }
        sent.push(packet);
    }
    let mut detector = ToneDetector::default();
    for frame in heard.as_chunks::<AUDIO_FRAME_SAMPLES>().0 {
        detector.listen(frame, WallTime(0));
    }
    (sent, detector, heard)
}

#[test]
fn the_computers_sound_is_heard_through_a_muted_microphone_and_nothing_else_is() {
    let (mut music, mut voice) = (Sine::new(523.0, 0.4), Voice::new(3));
    let now = Instant::now();
    let (_, tone, heard) =
        sent(300, true, AudioControl::START, |_| voice.next_frame(), |_| Some(music.frame(now)));
    let hz = tone.hz().expect("a tone alone");
    assert!((hz - 523.0).abs() < 1.0, "{hz} Hz");
    let loud = heard[96_000..].iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!((0.34..0.46).contains(&loud), "as loud as it is: {loud}");
}

#[test]
fn music_is_carried_whole_and_speech_alone_as_before() {
    let control = AudioControl { bitrate: Bitrate::from_kbps(36), ..AudioControl::START };
    // High and low enough to be lost where speech is meant.
    for hz in [50.0, 7_900.0] {
        let (mut music, now) = (Sine::new(hz, 0.4), Instant::now());
        let (packets, tone, _) =
            sent(300, false, control, |_| [0.0; AUDIO_FRAME_SAMPLES], |_| Some(music.frame(now)));
        let heard = tone.hz().expect("a tone");
        assert!((f64::from(heard) - hz).abs() < hz * 0.01, "{hz} Hz became {heard}");
        // Bit 7 of the first byte: not one of the speech modes (RFC 6716 §3.1).
        assert!(packets[50..].iter().all(|packet| packet.data[0] & 0x80 != 0));
    }
    let silent = |number: u32| (number < 100).then(|| Sine::new(440.0, 0.4).frame(Instant::now()));
    let (packets, ..) = sent(1000, true, control, |_| [0.0; AUDIO_FRAME_SAMPLES], silent);
    let carried = packets[300..].iter().filter(|packet| !packet.data.is_empty()).count();
    assert!(carried < 80, "silence costs nothing again: {carried} packets");
}

#[test]
fn a_source_that_stalls_holds_nobody_up_and_comes_back() {
    let (mut music, mut voice) = (Sine::new(440.0, 0.3), Voice::new(5));
    let now = Instant::now();
    let (packets, ..) = sent(
        600,
        false,
        AudioControl::START,
        |_| voice.next_frame(),
        |number| (!(200..400).contains(&number)).then(|| music.frame(now)),
    );
    assert_eq!(packets.len(), 300, "each 20 ms has its packet");
    let (queue, mut sound) = source();
    let mut loud = Vec::new();
    for number in 0..60 {
        if !(20..40).contains(&number) {
            queue.put(Sine::new(440.0, 0.3).frame(now));
        }
        let mut samples = [0.0; AUDIO_FRAME_SAMPLES];
        sound.add_to(&mut samples);
        loud.push(samples.iter().any(|sample| sample.abs() > 0.1));
    }
    assert!(loud[8..20].iter().all(|loud| *loud) && loud[50..].iter().all(|loud| *loud));
    assert!(loud[30..40].iter().all(|loud| !*loud), "{loud:?}");
}

#[test]
fn two_loud_sources_are_turned_down_and_do_not_clip() {
    let (queue, mut sound) = source();
    let (mut music, mut voice) = (Sine::new(440.0, 0.9), Sine::new(300.0, 0.9));
    let now = Instant::now();
    let (mut peak, mut at_the_ceiling) = (0.0_f32, 0);
    for number in 0..200 {
        queue.put(music.frame(now));
        let mut samples = voice.frame(now).samples;
        sound.add_to(&mut samples);
        if number > 20 {
            peak = samples.iter().fold(peak, |peak, sample| peak.max(sample.abs()));
            at_the_ceiling += samples.iter().filter(|sample| sample.abs() >= CEILING).count();
        }
    }
    assert!((0.9..=CEILING).contains(&peak), "{peak}");
    assert!(at_the_ceiling < 180 * AUDIO_FRAME_SAMPLES / 50, "{at_the_ceiling} samples are flat");
}

proptest! {
    #[test]
    fn whatever_comes_and_whenever_the_result_is_within_bounds_and_little_waits(
        bursts in prop::collection::vec((0_usize..40, prop_oneof![Just(f32::NAN), Just(f32::INFINITY), -3.0..3.0_f32]), 1..60),
    ) {
        let (queue, mut sound) = source();
        let now = Instant::now();
        for (count, level) in bursts {
            for _ in 0..count {
                queue.put(AudioFrame { samples: [level; AUDIO_FRAME_SAMPLES], captured_at: now });
            }
            let mut samples = [0.5; AUDIO_FRAME_SAMPLES];
            sound.add_to(&mut samples);
            prop_assert!(samples.iter().all(|sample| sample.abs() <= CEILING));
            prop_assert!(sound.waiting.len() <= samples_in(MOST));
        }
    }
}
