//! Who plays through the one speaker: the ring tone, a sound by which the speaker is tried out, and
//! once the media of a call flows the call.
//!
//! A speaker has one sink, and whoever plays has it: it goes from hand to hand. So nobody has to
//! see to it that the ring tone ends before the call is heard, and both are one stream of the sound
//! system. What always holds: the ring tone writes nothing after the call got the sink; a call that
//! is heard is not interrupted by a ring tone.

use std::sync::Arc;

use crate::device::ring_player::{RingPlayer, Sound};
use crate::device::speaker::silent_sink;
use crate::media::audio_output::{AudioOutput, Volume, VolumeControl};
use crate::media::audio_receive::AudioSink;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::ringtone::{RingKind, RingTone};
use crate::media::voice_processing::PlayedFrame;

/// A call's side: plays through another sink from now on.
pub(super) trait Plays {
    fn set_sink(&self, sink: Box<dyn AudioSink>);
}

/// What is played between calls.
#[derive(Debug, Clone)]
pub(super) enum Tune {
    /// The tone of a call that is not taken yet.
    Ring(RingKind, RingTone),
    /// This once, as loud as calls are.
    Once(Arc<[f32]>),
    /// This once, as loud as the ring tone is.
    OnceAsRing(Arc<[f32]>),
}

impl PartialEq for Tune {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ring(one, tone), Self::Ring(other, others)) => (one, tone) == (other, others),
            (Self::Once(one), Self::Once(other))
            | (Self::OnceAsRing(one), Self::OnceAsRing(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

/// Who has the sink.
enum Holder {
    /// Nobody plays.
    Nobody(Option<Box<dyn AudioSink>>),
    Ring(RingPlayer),
    /// The call has it, or a silent one while no speaker is open.
    Call,
}

/// The speaker's sink, and whose turn it is.
pub(super) struct SpeakerTurn {
    holder: Holder,
    tune: Option<Tune>,
    /// Whether the sink comes back from a call, which has put the volume and the copy into it.
    from_call: bool,
    volume: Arc<VolumeControl>,
    ring_volume: Arc<VolumeControl>,
    played: Arc<DropOldestQueue<PlayedFrame>>,
}

impl SpeakerTurn {
    /// A call plays at `volume`, with a copy into `played`; the ring tone plays at `ring_volume`.
    pub(super) fn new(
        volume: Arc<VolumeControl>,
        ring_volume: Arc<VolumeControl>,
        played: Arc<DropOldestQueue<PlayedFrame>>,
    ) -> Self {
        let holder = Holder::Nobody(None);
        Self { holder, tune: None, from_call: false, volume, ring_volume, played }
    }

    /// Plays this, or nothing more. While a call plays it goes on playing.
    pub(super) fn play(&mut self, tune: Option<Tune>) {
        if self.tune == tune {
            return;
        }
        self.tune = tune;
        if let Holder::Nobody(_) | Holder::Ring(_) = self.holder {
            let sink = self.take();
            self.give(sink);
        }
    }

    /// Whether something is played now.
    pub(super) fn is_playing(&self) -> bool {
        matches!(self.holder, Holder::Ring(_))
    }

    /// Whether all of what is played once was played.
    pub(super) fn has_played(&self) -> bool {
        matches!(&self.holder, Holder::Ring(player) if player.has_ended())
    }

    /// The call plays from now on.
    pub(super) fn begin_call(&mut self, call: &impl Plays) {
        if matches!(self.holder, Holder::Call) {
            return;
        }
        let sink = self.take();
        self.holder = Holder::Call;
        if let Some(sink) = sink {
            call.set_sink(if self.from_call { sink } else { self.of_call(sink) });
        }
    }

    /// The call plays no longer, and gives back what it played through: for the next connection of
    /// the same call.
    pub(super) fn end_call(&mut self, sink: Option<Box<dyn AudioSink>>) {
        if matches!(self.holder, Holder::Call) {
            self.from_call = true;
            self.give(sink);
        }
    }

    /// Another speaker is open: whoever plays plays through it.
    pub(super) fn speaker_opened(&mut self, sink: Box<dyn AudioSink>, call: Option<&impl Plays>) {
        match (&self.holder, call) {
            (Holder::Call, Some(call)) => call.set_sink(self.of_call(sink)),
            _ => {
                drop(self.take());
                self.from_call = false;
                self.give(Some(sink));
            }
        }
    }

    /// No speaker is open any more.
    pub(super) fn speaker_closed(&mut self, call: Option<&impl Plays>) {
        match (&self.holder, call) {
            (Holder::Call, Some(call)) => call.set_sink(self.of_call(silent_sink())),
            _ => {
                drop(self.take());
                self.holder = Holder::Nobody(None);
            }
        }
    }

    /// Takes the sink from who has it; the ring tone has ended then.
    fn take(&mut self) -> Option<Box<dyn AudioSink>> {
        match std::mem::replace(&mut self.holder, Holder::Nobody(None)) {
            Holder::Nobody(sink) => sink,
            Holder::Ring(player) => player.stop(),
            Holder::Call => None,
        }
    }

    /// Gives it to the ring tone if there is one to be played, else keeps it.
    fn give(&mut self, sink: Option<Box<dyn AudioSink>>) {
        self.holder = match (&self.tune, sink) {
            (Some(tune), Some(sink)) => {
                let volume = match tune {
                    Tune::Ring(RingKind::Ring, _) | Tune::OnceAsRing(_) => &self.ring_volume,
                    // As quiet as it is made.
                    Tune::Ring(RingKind::Ringback, _) => &VolumeControl::new(Volume::FULL),
                    Tune::Once(_) => &self.volume,
                };
                let sound = match tune {
                    Tune::Ring(kind, tone) => Sound::tone(*kind, *tone),
                    Tune::Once(samples) | Tune::OnceAsRing(samples) => {
                        Sound::once(Arc::clone(samples))
                    }
                };
                match RingPlayer::start(sound, Arc::clone(volume), sink) {
                    Ok(player) => Holder::Ring(player),
                    Err(sink) => Holder::Nobody(Some(sink)),
                }
            }
            (_, sink) => Holder::Nobody(sink),
        };
    }

    fn of_call(&self, sink: Box<dyn AudioSink>) -> Box<dyn AudioSink> {
        Box::new(AudioOutput::new(sink, Arc::clone(&self.volume), Arc::clone(&self.played)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    use crate::media::frame::AUDIO_FRAME_SAMPLES;

    type Frame = [f32; AUDIO_FRAME_SAMPLES];

    /// What was written into the sinks, with the name of each. A sink wants a frame every
    /// millisecond.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<(&'static str, Frame)>>>);

    struct Sink(&'static str, Written, Instant);

    impl Written {
        fn sink(&self, name: &'static str) -> Box<dyn AudioSink> {
            Box::new(Sink(name, self.clone(), Instant::now()))
        }

        fn list(&self) -> Vec<(&'static str, Frame)> {
            self.0.lock().unwrap().clone()
        }

        /// Waits until something that is not silence has been written into the sink of this name
        /// after the first `from`.
        fn sounds(&self, name: &str, from: usize) {
            let deadline = Instant::now() + Duration::from_secs(10);
            while !self
                .list()
                .iter()
                .skip(from)
                .any(|(sink, frame)| *sink == name && frame.iter().any(|s| *s != 0.0))
            {
                assert!(Instant::now() < deadline, "{name} stays silent");
                std::thread::yield_now();
            }
        }
    }

    impl AudioSink for Sink {
        fn write(&mut self, frame: &Frame) {
            self.1.0.lock().unwrap().push((self.0, *frame));
            self.2 = Instant::now() + Duration::from_millis(1);
        }

        fn until_wanted(&mut self, now: Instant) -> Duration {
            self.2.saturating_duration_since(now)
        }

        fn until_missed(&mut self, _now: Instant) -> Duration {
            Duration::ZERO
        }

        fn latency(&self, _now: Instant) -> Duration {
            Duration::ZERO
        }
    }

    /// A call that plays what it is told to.
    #[derive(Default)]
    struct Call(Mutex<Option<Box<dyn AudioSink>>>);

    impl Plays for Call {
        fn set_sink(&self, sink: Box<dyn AudioSink>) {
            *self.0.lock().unwrap() = Some(sink);
        }
    }

    const VOICE: Frame = [0.5; AUDIO_FRAME_SAMPLES];

    impl Call {
        fn speaks(&self) {
            if let Some(sink) = &mut *self.0.lock().unwrap() {
                sink.write(&VOICE);
            }
        }

        fn gives_back(&self) -> Option<Box<dyn AudioSink>> {
            self.0.lock().unwrap().take()
        }
    }

    fn turn() -> (SpeakerTurn, Written) {
        let volume = || VolumeControl::new(Volume::FULL);
        let turn = SpeakerTurn::new(volume(), volume(), DropOldestQueue::new(4));
        (turn, Written::default())
    }

    #[test]
    fn a_ring_tone_that_nobody_stopped_ends_before_the_call_is_heard_through_the_same_sink() {
        let ((mut turn, written), call) = (turn(), Call::default());
        turn.play(Some(Tune::Ring(RingKind::Ring, RingTone::default())));
        turn.speaker_opened(written.sink("speaker"), None::<&Call>);
        written.sounds("speaker", 0);
        turn.begin_call(&call);
        let rung = written.list().len();
        (0..50).for_each(|_| call.speaks());
        // Whoever is late to stop the ring tone stops nothing.
        turn.play(None);
        (0..50).for_each(|_| call.speaks());
        let heard = written.list();
        assert_eq!(heard.len(), rung + 100);
        assert!(heard[rung..].iter().all(|(sink, frame)| *sink == "speaker" && *frame == VOICE));
    }

    #[test]
    fn who_calls_hears_the_ringback_though_the_calls_speaker_is_open_and_then_the_other() {
        let ((mut turn, written), call) = (turn(), Call::default());
        turn.speaker_opened(written.sink("speaker"), Some(&call));
        call.speaks();
        assert!(written.list().is_empty(), "nothing flows yet");
        turn.play(Some(Tune::Ring(RingKind::Ringback, RingTone::default())));
        written.sounds("speaker", 0);
        turn.play(None);
        let rung = written.list().len();
        turn.begin_call(&call);
        call.speaks();
        assert_eq!(written.list()[rung..], [("speaker", VOICE)]);
    }

    #[test]
    fn the_ring_tone_has_a_volume_of_its_own_and_the_ringback_stays_as_it_is() {
        for (kind, percent, gain) in
            [(RingKind::Ring, 50, 0.5), (RingKind::Ring, 0, 0.0), (RingKind::Ringback, 0, 1.0)]
        {
            let written = Written::default();
            let (volume, ring_volume) = (
                VolumeControl::new(Volume::from_percent(10)),
                VolumeControl::new(Volume::from_percent(percent)),
            );
            let mut turn = SpeakerTurn::new(volume, ring_volume, DropOldestQueue::new(4));
            turn.speaker_opened(written.sink("speaker"), None::<&Call>);
            turn.play(Some(Tune::Ring(kind, RingTone::default())));
            let deadline = Instant::now() + Duration::from_secs(10);
            while written.list().len() < 20 {
                assert!(Instant::now() < deadline, "nothing rings");
                std::thread::yield_now();
            }
            turn.play(None);
            let tone = crate::media::ringtone::cycle(kind, RingTone::default());
            for ((_, frame), tone) in written.list().iter().zip(tone.chunks(AUDIO_FRAME_SAMPLES)) {
                let wanted: Vec<f32> = tone.iter().map(|sample| sample * gain).collect();
                assert_eq!(frame.as_slice(), wanted, "{kind:?} at {percent}");
            }
        }
    }

    #[test]
    fn what_is_tried_out_is_as_loud_as_what_it_stands_for_and_ends_before_a_call_is_heard() {
        let sound: Arc<[f32]> = [0.5; 2 * AUDIO_FRAME_SAMPLES].into();
        for (tune, level) in
            [(Tune::Once(Arc::clone(&sound)), 0.25), (Tune::OnceAsRing(Arc::clone(&sound)), 0.05)]
        {
            let (written, call) = (Written::default(), Call::default());
            let volume = VolumeControl::new(Volume::from_percent(50));
            let ring_volume = VolumeControl::new(Volume::from_percent(10));
            let mut turn = SpeakerTurn::new(volume, ring_volume, DropOldestQueue::new(4));
            turn.play(Some(tune.clone()));
            assert!(!turn.is_playing());
            turn.speaker_opened(written.sink("speaker"), None::<&Call>);
            assert!(turn.is_playing());
            let deadline = Instant::now() + Duration::from_secs(10);
            while !turn.has_played() {
                assert!(Instant::now() < deadline, "it does not end");
                std::thread::yield_now();
            }
            let heard = written.list();
            let expected = [level; AUDIO_FRAME_SAMPLES];
            assert_eq!(heard.len(), 2);
            for (_, frame) in heard {
                for (heard, expected) in frame.iter().zip(expected) {
                    assert!((heard - expected).abs() < 1e-3, "{tune:?}: {heard}");
                }
            }
            turn.begin_call(&call);
            call.speaks();
            assert_eq!(written.list().len(), 3);
        }
    }

    #[test]
    fn another_speaker_goes_on_with_what_the_last_one_played() {
        let ((mut turn, written), call) = (turn(), Call::default());
        turn.speaker_opened(written.sink("first"), None::<&Call>);
        turn.play(Some(Tune::Ring(RingKind::Ring, RingTone::default())));
        written.sounds("first", 0);
        turn.speaker_opened(written.sink("second"), None::<&Call>);
        let changed = written.list().len();
        written.sounds("second", changed);
        assert!(written.list()[changed..].iter().all(|(sink, _)| *sink == "second"));
        turn.begin_call(&call);
        turn.speaker_opened(written.sink("third"), Some(&call));
        let changed = written.list().len();
        call.speaks();
        assert_eq!(written.list()[changed..], [("third", VOICE)]);
    }

    #[test]
    fn a_call_that_goes_on_with_another_connection_plays_through_the_same_sink_at_the_same_volume()
    {
        let written = Written::default();
        let volume = VolumeControl::new(Volume::from_percent(50));
        let ring_volume = VolumeControl::new(Volume::FULL);
        let mut turn = SpeakerTurn::new(volume, ring_volume, DropOldestQueue::new(4));
        turn.speaker_opened(written.sink("speaker"), None::<&Call>);
        let (first, second) = (Call::default(), Call::default());
        turn.begin_call(&first);
        first.speaks();
        turn.end_call(first.gives_back());
        turn.begin_call(&second);
        second.speaks();
        assert_eq!(written.list(), [("speaker", VOICE.map(|sample| sample * 0.5)); 2]);
    }

    #[test]
    fn without_a_speaker_nothing_is_played_and_a_ring_tone_begins_when_there_is_one_again() {
        let ((mut turn, written), call) = (turn(), Call::default());
        turn.play(Some(Tune::Ring(RingKind::Ring, RingTone::default())));
        turn.speaker_opened(written.sink("speaker"), None::<&Call>);
        written.sounds("speaker", 0);
        turn.speaker_closed(None::<&Call>);
        let closed = written.list().len();
        turn.speaker_opened(written.sink("again"), None::<&Call>);
        written.sounds("again", closed);
        assert!(written.list()[closed..].iter().all(|(sink, _)| *sink == "again"));
        turn.begin_call(&call);
        turn.speaker_closed(Some(&call));
        let closed = written.list().len();
        call.speaks();
        assert_eq!(written.list().len(), closed);
    }
}
