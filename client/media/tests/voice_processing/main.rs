//! What the processing of a voice does, measured in a simulated room.
//! `cargo test -p visavis-media --test voice_processing -- --nocapture` prints the measurements.

mod room;
mod speech;

use std::time::Duration;

use room::Room;
use speech::{dbfs, median, noise, speech, speech_dbfs};
use visavis_media::frame::AUDIO_FRAME_SAMPLES;
use visavis_media::voice_processing::VoiceSettings;

const SECOND: usize = 48_000;
const ECHO: VoiceSettings = VoiceSettings { echo_cancellation: true, ..VoiceSettings::NONE };
const NOISE: VoiceSettings = VoiceSettings { noise_suppression: true, ..VoiceSettings::NONE };
const GAIN: VoiceSettings = VoiceSettings { automatic_gain: true, ..VoiceSettings::NONE };
/// What a microphone hears of itself.
const SELF_NOISE_DBFS: f32 = -75.0;

fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn silence(seconds: f32) -> Vec<f32> {
    vec![0.0; (seconds * SECOND as f32) as usize]
}

/// The echo return loss enhancement in decibels of each second in which there was an echo.
fn erle(captured: &[f32], sent: &[f32]) -> Vec<f32> {
    let seconds = captured.chunks_exact(SECOND).zip(sent.chunks_exact(SECOND));
    seconds
        .filter(|(echo, _)| dbfs(echo) > -45.0)
        .map(|(echo, sent)| dbfs(echo) - dbfs(sent))
        .collect()
}

fn echo_in_single_talk(room: &Room, seed: u64, seconds: f32) -> (Vec<f32>, (Duration, Duration)) {
    let far = speech(seed, seconds, 120.0, -20.0);
    let heard = room.process(&far, &noise(seed + 1, seconds, SELF_NOISE_DBFS), |_| ECHO);
    (erle(&heard.captured, &heard.sent), heard.cost)
}

#[test]
fn an_echo_is_lowered_by_35_db_within_two_seconds() {
    for (seed, echo_db) in [(11, -6.0), (12, -6.0), (13, 0.0), (14, -15.0), (15, -6.0)] {
        let (erle, (longest, mean)) =
            echo_in_single_talk(&Room { seed, echo_db, ..Room::default() }, seed, 30.0);
        let settled = &erle[2..];
        let least = settled.iter().copied().fold(f32::MAX, f32::min);
        println!(
            "room {seed}, echo {echo_db} dB: lowered by {:.0} and {:.0} dB in the first two seconds, then by {:.0} dB \
             (least {least:.0}); {mean:?} a frame, {longest:?} the longest",
            erle[0],
            erle[1],
            median(settled)
        );
        // An echo that is itself quieter can be lowered by less until it is below what the
        // microphone hears of itself.
        assert!(least >= if echo_db < -10.0 { 30.0 } else { 35.0 }, "{erle:?}");
        assert!(erle[0] > 20.0, "{erle:?}");
    }
}

#[test]
fn the_devices_latency_does_not_matter_nor_does_a_wrong_report_of_it() {
    let ms = Duration::from_millis;
    for (speaker_ms, microphone_ms) in [(15, 5), (35, 12), (120, 40), (300, 60)] {
        for reported_late_by_ms in [-25, 0, 25] {
            let room = Room {
                speaker_latency: ms(speaker_ms),
                microphone_latency: ms(microphone_ms),
                reported_late_by_ms,
                ..Room::default()
            };
            let (erle, _) = echo_in_single_talk(&room, 21, 10.0);
            println!(
                "speaker {speaker_ms} ms, microphone {microphone_ms} ms, off by {reported_late_by_ms:+} ms: lowered \
                 by {:.0} dB after 3 s (median)",
                median(&erle[3..])
            );
            assert!(median(&erle[3..]) >= 35.0, "{erle:?}");
        }
    }
}

/// How much of `alone` is in `both`, in decibels, by least squares: an echo that remains does not
/// count.
fn kept_db(alone: &[f32], both: &[f32]) -> f32 {
    let product: f64 = alone.iter().zip(both).map(|(a, b)| f64::from(a * b)).sum();
    let power: f64 = alone.iter().map(|a| f64::from(a * a)).sum();
    (20.0 * (product / power).max(1e-6).log10()) as f32
}

#[test]
fn whoever_speaks_at_the_same_time_is_heard() {
    for (seed, echo_db) in [(31, -6.0), (32, -6.0), (33, -12.0), (34, -12.0), (35, -18.0)] {
        let room = Room { seed, echo_db, ..Room::default() };
        let far = speech(seed, 40.0, 120.0, -20.0);
        // First the far end alone, then both.
        let talk = [silence(10.0), speech(seed + 100, 30.0, 210.0, -26.0)].concat();
        let near = sum(&talk, &noise(seed, 40.0, SELF_NOISE_DBFS));
        let (both, alone) =
            (room.process(&far, &near, |_| ECHO), room.process(&silence(40.0), &near, |_| ECHO));
        let range = 10 * SECOND..39 * SECOND;
        let kept = kept_db(&alone.sent[range.clone()], &both.sent[range.clone()]);
        let near_dbfs = speech_dbfs(&near[range.clone()]);
        let level = speech_dbfs(&both.sent[range.clone()]) - near_dbfs;
        println!(
            "room {seed}, near voice {:.0} dB above the echo: {:.1} dB of it are lost against speaking alone, and its level \
             is {level:.1} dB of what was spoken",
            near_dbfs - speech_dbfs(&room.echo(&far)[range]),
            -kept
        );
        // Where the echo is as loud as the voice, some of the voice is under it.
        let least = if echo_db > -10.0 { -4.0 } else { -3.0 };
        assert!(level > -3.0 && kept > least, "{level} dB, {kept} dB");
    }
}

#[test]
fn steady_noise_is_lowered_and_speech_keeps_its_level() {
    for (seed, noise_dbfs) in [(41, -50.0), (42, -40.0)] {
        let talk = speech(seed, 20.0, 150.0, -24.0);
        let near = sum(&[silence(5.0), talk].concat(), &noise(seed, 25.0, noise_dbfs));
        let sent = Room::default().process(&silence(25.0), &near, |_| NOISE).sent;
        let pause = 2 * SECOND..5 * SECOND;
        let lowered = dbfs(&near[pause.clone()]) - dbfs(&sent[pause]);
        let speech = 6 * SECOND..25 * SECOND;
        let change = speech_dbfs(&sent[speech.clone()]) - speech_dbfs(&near[speech]);
        println!(
            "noise of {noise_dbfs} dBFS: lowered by {lowered:.1} dB, speech changed by {change:.1} dB"
        );
        assert!(lowered > 12.0 && change.abs() < 2.0);
    }
}

#[test]
fn quiet_speech_is_brought_to_a_usual_level_and_loud_speech_is_left_alone() {
    for (level, seconds, range) in [
        (-50.0, 12, -28.0..-17.0),
        (-40.0, 8, -28.0..-15.0),
        (-30.0, 6, -28.0..-15.0),
        (-20.0, 4, -26.0..-14.0),
        (-10.0, 4, -13.0..-8.0),
    ] {
        let talk = speech(51, 30.0, 150.0, level);
        let sent = Room::default().process(&silence(30.0), &talk, |_| GAIN).sent;
        let settled = speech_dbfs(&sent[seconds * SECOND..]);
        let peak = sent.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        println!("speech of {level} dBFS: {settled:.1} dBFS from {seconds} s on, peak {peak:.2}");
        assert!(range.contains(&settled) && peak <= 1.0, "{level}: {settled}, {peak}");
    }
}

/// Something is switched every second, in every combination.
fn switching(frame: usize) -> VoiceSettings {
    let step = frame / 100;
    VoiceSettings {
        echo_cancellation: step % 2 == 1,
        noise_suppression: step / 3 % 2 == 1,
        automatic_gain: step / 2 % 2 == 1,
    }
}

#[test]
fn switching_while_talking_does_not_click() {
    let tone: Vec<f32> = (0..20 * SECOND)
        .map(|i| (i as f32 * 300.0 / 48_000.0 * std::f32::consts::TAU).sin() * 0.2)
        .collect();
    let sent = Room::default().process(&silence(20.0), &tone, switching).sent;
    // The second difference of a tone is small; that of a step is as large as the step.
    let click = sent.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0, f32::max);
    let of_the_tone = 0.2 * (300.0 / 48_000.0 * std::f32::consts::TAU).powi(2);
    println!("largest second difference {click:.4}, of the tone itself {of_the_tone:.4}");
    assert!(click < 0.005, "{click}");
}

#[test]
fn switching_while_talking_leaves_no_gap() {
    let talk = speech(61, 30.0, 150.0, -24.0);
    let sent = Room::default().process(&silence(30.0), &talk, switching).sent;
    assert_eq!(sent.len(), talk.len());
    let (mut spoken, mut gone) = (0, 0);
    for begin in (0..talk.len() - 3 * AUDIO_FRAME_SAMPLES).step_by(2 * AUDIO_FRAME_SAMPLES) {
        let talk = dbfs(&talk[begin..begin + 2 * AUDIO_FRAME_SAMPLES]);
        // What begins at the end of a piece comes out a few milliseconds after it.
        let sent = dbfs(&sent[begin..begin + 3 * AUDIO_FRAME_SAMPLES]);
        if talk > -35.0 {
            spoken += 1;
            gone += u32::from(sent < talk - 20.0);
        }
    }
    println!("{gone} of {spoken} pieces of 20 ms are more than 20 dB too quiet");
    assert_eq!(gone, 0);
}

#[test]
fn everything_together_costs_little() {
    let far = speech(71, 20.0, 120.0, -20.0);
    let near = noise(71, 20.0, SELF_NOISE_DBFS);
    let (longest, mean) = Room::default().process(&far, &near, |_| VoiceSettings::ALL).cost;
    println!("all three: {mean:?} for 10 ms, {longest:?} the longest (the first makes the tables)");
}
