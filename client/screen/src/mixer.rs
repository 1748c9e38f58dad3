//! Pure: the audio of several programs mixed into one, without a clock of its own.
//!
//! In: samples of each stream as they come, mono at 48 kHz. Out: frames of 10 ms. What always
//! holds: a frame waits for each stream that still delivers, and for none that has stopped; no
//! stream holds more than [`MOST`].

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use visavis_media::frame::{AUDIO_FRAME_DURATION, AUDIO_FRAME_SAMPLES};

/// A stream that has delivered nothing for so long has stopped.
const STOPPED_AFTER: Duration = Duration::from_millis(60);
/// What a stream may hold before others are waited for no longer: 60 ms.
const WAITS: usize = 6 * AUDIO_FRAME_SAMPLES;
/// What a stream may hold at all: 200 ms.
const MOST: usize = 20 * AUDIO_FRAME_SAMPLES;

struct Stream {
    samples: VecDeque<f32>,
    heard: Instant,
}

/// See the module. Streams are told apart by numbers.
#[derive(Default)]
pub(crate) struct Mixer {
    streams: BTreeMap<u32, Stream>,
}

/// A mixed frame.
pub(crate) type Frame = [f32; AUDIO_FRAME_SAMPLES];

impl Mixer {
    /// Takes in samples of a stream.
    pub(crate) fn add(&mut self, stream: u32, samples: impl Iterator<Item = f32>, now: Instant) {
        let stream = self
            .streams
            .entry(stream)
            .or_insert_with(|| Stream { samples: VecDeque::new(), heard: now });
        stream.heard = now;
        stream.samples.extend(samples.map(|sample| if sample.is_finite() { sample } else { 0.0 }));
        let over = stream.samples.len().saturating_sub(MOST);
        stream.samples.drain(..over);
    }

    /// Forgets a stream.
    pub(crate) fn remove(&mut self, stream: u32) {
        self.streams.remove(&stream);
    }

    /// The next frame and how old its first sample is; `None` while there is none.
    pub(crate) fn next(&mut self, now: Instant) -> Option<(Frame, Duration)> {
        let full = |stream: &Stream| stream.samples.len() >= AUDIO_FRAME_SAMPLES;
        let waits = |stream: &Stream| !full(stream) && now < stream.heard + STOPPED_AFTER;
        let longest = self.streams.values().map(|stream| stream.samples.len()).max()?;
        let any = self.streams.values().any(full);
        if !any || longest < WAITS && self.streams.values().any(waits) {
            return None;
        }
        let mut frame = [0.0; AUDIO_FRAME_SAMPLES];
        for stream in self.streams.values_mut() {
            let len = stream.samples.len().min(AUDIO_FRAME_SAMPLES);
            for (sum, sample) in frame.iter_mut().zip(stream.samples.drain(..len)) {
                *sum += sample;
            }
        }
        for sample in &mut frame {
            *sample = sample.clamp(-1.0, 1.0);
        }
        let frames = longest.div_ceil(AUDIO_FRAME_SAMPLES);
        let age = AUDIO_FRAME_DURATION * u32::try_from(frames).unwrap_or(u32::MAX);
        Some((frame, age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::iter::repeat_n;

    const MS: Duration = Duration::from_millis(1);

    fn all(mixer: &mut Mixer, now: Instant) -> Vec<f32> {
        std::iter::from_fn(|| mixer.next(now)).flat_map(|(frame, _)| frame).collect()
    }

    #[test]
    fn one_stream_goes_through_as_it_is() {
        let (mut mixer, now) = (Mixer::default(), Instant::now());
        assert!(mixer.next(now).is_none());
        mixer.add(1, (0..1000).map(|i| i as f32 / 1000.0), now);
        let got = all(&mut mixer, now);
        assert_eq!(got, (0..960).map(|i| i as f32 / 1000.0).collect::<Vec<_>>());
        mixer.add(1, (1000..1440).map(|i| i as f32 / 2000.0), now);
        assert_eq!(
            all(&mut mixer, now)[..40],
            (960..1000).map(|i| i as f32 / 1000.0).collect::<Vec<_>>()
        );
    }

    #[test]
    fn streams_are_added_up_and_never_too_loud() {
        let (mut mixer, now) = (Mixer::default(), Instant::now());
        mixer.add(1, repeat_n(0.25, 480), now);
        mixer.add(2, repeat_n(0.5, 240), now);
        assert!(mixer.next(now).is_none(), "it waits for the second one");
        mixer.add(2, repeat_n(0.5, 240), now);
        assert_eq!(all(&mut mixer, now), vec![0.75; 480]);
        mixer.add(1, repeat_n(0.8, 480), now);
        mixer.add(2, repeat_n(f32::NAN, 480), now);
        assert_eq!(all(&mut mixer, now), vec![0.8; 480]);
        mixer.add(1, repeat_n(0.8, 480), now);
        mixer.add(2, repeat_n(0.8, 480), now);
        assert_eq!(all(&mut mixer, now), vec![1.0; 480]);
    }

    #[test]
    fn a_stream_that_stopped_is_not_waited_for_and_its_rest_is_heard() {
        let (mut mixer, now) = (Mixer::default(), Instant::now());
        mixer.add(1, repeat_n(0.25, 100), now);
        mixer.add(2, repeat_n(0.5, 480), now + 50 * MS);
        assert!(mixer.next(now + 59 * MS).is_none());
        let got = all(&mut mixer, now + 60 * MS);
        assert_eq!((got.len(), got[99], got[100]), (480, 0.75, 0.5));
        mixer.add(2, repeat_n(0.5, 100), now + 60 * MS);
        mixer.remove(2);
        assert!(mixer.next(now + 500 * MS).is_none());
    }

    proptest! {
        #[test]
        fn nothing_piles_up(steps in prop::collection::vec((0_u32..4, 0_usize..4000, 0_u64..50), 0..60)) {
            let (mut mixer, mut now) = (Mixer::default(), Instant::now());
            let (mut given, mut got) = (0, 0);
            for (stream, len, later) in steps {
                now += MS * later as u32;
                mixer.add(stream, repeat_n(0.1, len), now);
                given += len;
                got += all(&mut mixer, now).len();
                prop_assert!(mixer.streams.values().all(|stream| stream.samples.len() <= MOST));
            }
            prop_assert!(got <= given);
        }
    }
}
