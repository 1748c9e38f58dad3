//! The echo canceller: does the other person hear themselves?
//!
//! With a microphone and a speaker of this computer it is tried in the room as it is: a voice that
//! says nothing is played, and what the microphone hears of it is compared with what is left of it.
//! Without them, in a simulated room.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Finding;
use crate::device::microphone::open_microphone;
use crate::device::speaker::open_speaker;
use crate::device::{MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::{AudioOutput, Volume, VolumeControl};
use crate::media::audio_receive::AudioSink;
use crate::media::audio_send::MICROPHONE_QUEUE_FRAMES;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::{AUDIO_FRAME_DURATION, AUDIO_FRAME_SAMPLES, AudioFrame};
use crate::media::speech::Voice;
use crate::media::voice_processing::{PlayedFrame, VoiceInput, VoiceProcessor, VoiceSettings};
use crate::session::options::SessionOptions;

const PART: &str = "echo canceller";
/// Before anything is played the room is listened to for so long.
const QUIET: Duration = Duration::from_secs(1);
/// The canceller learns the room for so long, and is then measured for so long.
const LEARNING: Duration = Duration::from_millis(2500);
const MEASURED: Duration = Duration::from_millis(2500);
/// The voice is played with this share of its loudness: no louder than a person across the table.
const LOUDNESS: f32 = 0.6;
/// What is less above the noise of the room is no echo, in decibels.
const AUDIBLE_DB: f64 = 6.0;
/// With less than this left of an echo nobody is disturbed by it.
const GOOD_DB: f64 = 25.0;
const POOR_DB: f64 = 10.0;
/// From the simulated speaker to the simulated microphone, in frames of 10 ms.
const SIMULATED_DELAY: usize = 6;

/// Tries it.
pub(super) fn examine(options: &SessionOptions) -> Finding {
    if options.microphone.hears_a_room() && options.speaker.is_heard() {
        return match in_this_room(&options.microphone, &options.speaker) {
            Ok(powers) => judge(&powers),
            Err(words) => Finding::skipped(PART, words),
        };
    }
    let lowered = simulated().lowered_db();
    if lowered < GOOD_DB {
        let words = format!("In a simulated room it lowers an echo by only {lowered:.0} dB.");
        Finding::fails(PART, words, "Use headphones, and please report this as a bug.")
    } else {
        let words = format!(
            "In a simulated room it lowers an echo by {lowered:.0} dB. Your room was not tried: \
             that takes a real microphone and speaker."
        );
        Finding::works(PART, words)
    }
}

/// The mean power of what was heard, and of what is left of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Powers {
    /// Before anything was played.
    noise: f64,
    /// While the voice was played.
    heard: f64,
    /// And after the canceller.
    left: f64,
}

fn decibels(power: f64) -> f64 {
    10.0 * power.max(1e-12).log10()
}

impl Powers {
    /// By how much the echo was lowered.
    fn lowered_db(&self) -> f64 {
        decibels(self.heard) - decibels(self.left)
    }

    fn echo_above_noise_db(&self) -> f64 {
        decibels(self.heard) - decibels(self.noise)
    }
}

fn judge(powers: &Powers) -> Finding {
    let (above, lowered) = (powers.echo_above_noise_db(), powers.lowered_db());
    if above < AUDIBLE_DB {
        return Finding::works(
            PART,
            "The microphone doesn't pick up the speaker: there is no echo to cancel.",
        );
    }
    let words = format!(
        "The microphone picks up the speaker {above:.0} dB above the room's noise; \
         {lowered:.0} dB of that is removed."
    );
    // What is at the level of the noise can't be lowered further, nor need it be.
    if lowered >= GOOD_DB.min(above - AUDIBLE_DB / 2.0) {
        Finding::works(PART, words)
    } else if lowered >= POOR_DB {
        Finding::weak(
            PART,
            words,
            "Turn the speaker down or move it away from the microphone. Headphones are best.",
        )
    } else {
        Finding::fails(PART, words, "Others hear themselves: use headphones.")
    }
}

/// Sums of squares over the frames that were measured.
#[derive(Default)]
struct Mean {
    sum: f64,
    frames: u32,
}

impl Mean {
    fn add(&mut self, samples: &[f32; AUDIO_FRAME_SAMPLES]) {
        self.sum += samples.iter().map(|sample| f64::from(sample * sample)).sum::<f64>()
            / AUDIO_FRAME_SAMPLES as f64;
        self.frames += 1;
    }

    fn power(&self) -> f64 {
        self.sum / f64::from(self.frames.max(1))
    }
}

const ECHO_ONLY: VoiceSettings = VoiceSettings { echo_cancellation: true, ..VoiceSettings::NONE };

/// Plays and listens. An error says in words why that could not be done.
fn in_this_room(microphone: &MicrophoneChoice, speaker: &SpeakerChoice) -> Result<Powers, String> {
    let not_tried = |what: &str| format!("Not tried: the {what} does not work.");
    let frames = DropOldestQueue::<AudioFrame>::new(MICROPHONE_QUEUE_FRAMES);
    let (events, _reported) = mpsc::channel(8);
    let (_speaker, sink) =
        open_speaker(speaker, events.clone()).map_err(|_| not_tried("speaker"))?;
    let _microphone = open_microphone(microphone, Arc::clone(&frames), events)
        .map_err(|_| not_tried("microphone"))?;
    let input = VoiceInput::new(ECHO_ONLY);
    let mut output =
        AudioOutput::new(sink, VolumeControl::new(Volume::FULL), Arc::clone(&input.played));
    let (mut processor, mut voice) = (VoiceProcessor::new(input), Voice::new(1));
    let (mut noise, mut heard, mut left) = (Mean::default(), Mean::default(), Mean::default());
    let begun = Instant::now();
    loop {
        let now = Instant::now();
        let since = now.saturating_duration_since(begun);
        if since > QUIET + LEARNING + MEASURED {
            break;
        }
        let wait = output.until_wanted(now);
        if wait.is_zero() {
            let played = if since < QUIET {
                [0.0; AUDIO_FRAME_SAMPLES]
            } else {
                voice.next_frame().map(|sample| sample * LOUDNESS)
            };
            output.write(&played);
        }
        while let Some(mut frame) = frames.take() {
            let before = frame.samples;
            processor.process(&mut frame);
            if since < QUIET {
                noise.add(&before);
            } else if since > QUIET + LEARNING {
                heard.add(&before);
                left.add(&frame.samples);
            }
        }
        std::thread::sleep(wait.min(AUDIO_FRAME_DURATION / 2));
    }
    if heard.frames == 0 {
        return Err(not_tried("microphone"));
    }
    Ok(Powers { noise: noise.power(), heard: heard.power(), left: left.power() })
}

/// The same in virtual time: what is played comes back at half its loudness, with one reflection.
fn simulated() -> Powers {
    let input = VoiceInput::new(ECHO_ONLY);
    let (mut processor, mut voice) = (VoiceProcessor::new(input.clone()), Voice::new(1));
    let (mut heard, mut left) = (Mean::default(), Mean::default());
    let frames = (LEARNING + MEASURED).as_millis() as usize / 10;
    let played: Vec<[f32; AUDIO_FRAME_SAMPLES]> = (0..frames).map(|_| voice.next_frame()).collect();
    let (start, silence) = (Instant::now() + Duration::from_secs(1), [0.0; AUDIO_FRAME_SAMPLES]);
    for (number, samples) in played.iter().enumerate() {
        let played_at = start + AUDIO_FRAME_DURATION * number as u32;
        input.played.put(PlayedFrame { samples: *samples, played_at });
        let earlier = |frames: usize| {
            number.checked_sub(frames).and_then(|n| played.get(n)).unwrap_or(&silence)
        };
        let (direct, reflected) = (earlier(SIMULATED_DELAY), earlier(SIMULATED_DELAY + 2));
        let captured = std::array::from_fn(|i| 0.5 * direct[i] + 0.15 * reflected[i]);
        let mut frame = AudioFrame { samples: captured, captured_at: played_at };
        processor.process(&mut frame);
        if number * 10 > LEARNING.as_millis() as usize {
            heard.add(&captured);
            left.add(&frame.samples);
        }
    }
    Powers { noise: 0.0, heard: heard.power(), left: left.power() }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn in_a_simulated_room_the_echo_goes() {
        let lowered = simulated().lowered_db();
        println!("lowered by {lowered:.0} dB");
        assert!(lowered > GOOD_DB, "{lowered}");
    }

    #[test]
    fn an_echo_that_stays_is_told_from_one_that_goes_and_from_none() {
        let verdict =
            |noise: f64, heard: f64, left: f64| judge(&Powers { noise, heard, left }).verdict;
        assert_eq!(verdict(1e-6, 1.2e-6, 1.2e-6), Verdict::Works, "no echo");
        assert_eq!(verdict(1e-8, 1e-3, 1e-6), Verdict::Works, "30 dB");
        assert_eq!(verdict(1e-8, 1e-3, 3e-5), Verdict::Weak, "15 dB");
        assert_eq!(verdict(1e-8, 1e-3, 5e-4), Verdict::Fails, "3 dB");
        assert_eq!(verdict(1e-5, 1e-4, 1e-5), Verdict::Works, "all that is above the noise");
    }
}
