//! Who has which problem in a call, in words: decided from the readings, with patience, so that
//! words do not flicker.
//!
//! What always holds: nothing is judged in the start-up phase, in which the estimate says what was
//! tried and not what the path carries; a computer that is too busy is blamed before the network,
//! which looks bad from there; and the upload is called slow only where it holds video back.

use std::time::Duration;

use crate::media::units::Bitrate;
use crate::session::statistics::Reading;
use crate::words::{Phrase, phrase};

/// Loss below this is repaired without anyone noticing.
const NOTICEABLE_LOSS: f64 = 0.05;
/// Round trips above this make people talk at once (ITU-T G.114: 400 ms one way is the limit).
const NOTICEABLE_RTT: Duration = Duration::from_millis(500);
/// With less than this the video is small and coarse.
const SLOW_UPLOAD: Bitrate = Bitrate::from_kbps(350);
/// When encoding takes more of the time between two frames than this, there is none left for
/// anything else.
const BUSY_SHARE: f64 = 0.7;
/// An upload holds back what takes at least this share of it.
const USED_SHARE: f64 = 0.6;
/// For so long after the first reading, or after an interruption, nothing is judged: the estimate
/// climbs, devices open, decoders begin.
const START_UP: Duration = Duration::from_secs(6);
/// So many readings in a row have a problem before it is shown.
const SHOWN_AFTER: u32 = 3;
/// So many in a row do not have it before the words go.
const GONE_AFTER: u32 = 5;

/// What a call suffers from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Problem {
    /// This computer can't keep up: it takes so long to encode or to decode one frame.
    ComputerBusy { picture: Duration },
    /// What they send gets lost: so much of it, 0 to 1.
    TheirConnectionWeak { lost: f64 },
    /// What we send gets lost: so much of it, 0 to 1.
    YourConnectionWeak { lost: f64 },
    /// Little of what we could send gets through: no more than this.
    YourUploadSlow { carries: Bitrate },
    /// What a person says arrives so late.
    Late { by: Duration },
}

impl Problem {
    /// The worst that a reading shows.
    fn of(reading: &Reading) -> Option<Self> {
        let (sent, received) = (&reading.video_sent, &reading.video_received);
        // Frames that the encoder leaves out because it is late would have taken their time, too.
        let share = |codec: Option<Duration>, fps: Option<f64>| {
            codec.zip(fps).map(|(codec, fps)| (codec, codec.as_secs_f64() * fps))
        };
        let encoding = share(sent.codec, reading.offered_fps.or(sent.fps));
        let decoding = share(received.codec, received.fps);
        let busiest = [encoding, decoding].into_iter().flatten().max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((picture, _)) = busiest.filter(|(_, share)| *share > BUSY_SHARE) {
            return Some(Self::ComputerBusy { picture });
        }
        if let Some(lost) = reading.loss_in.filter(|lost| *lost >= NOTICEABLE_LOSS) {
            return Some(Self::TheirConnectionWeak { lost });
        }
        if let Some(lost) = reading.loss_out.filter(|lost| *lost >= NOTICEABLE_LOSS) {
            return Some(Self::YourConnectionWeak { lost });
        }
        // What is sent below the estimate says nothing about what more would get through.
        let sends = [sent.bitrate, reading.audio_sent].into_iter().flatten().map(Bitrate::bps);
        let sends = sends.sum::<u64>() as f64;
        let is_slow = |estimate: &Bitrate| {
            *estimate < SLOW_UPLOAD && sends >= USED_SHARE * estimate.bps() as f64
        };
        if let Some(carries) = reading.estimate.filter(is_slow) {
            return Some(Self::YourUploadSlow { carries });
        }
        reading.rtt.filter(|rtt| *rtt >= NOTICEABLE_RTT).map(|rtt| Self::Late { by: rtt / 2 })
    }

    /// For the person: one line.
    pub(super) fn words(&self) -> Phrase {
        let percent = |share: f64| (share * 100.0).round() as u64;
        let ms = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        match self {
            Self::ComputerBusy { picture } => phrase!("computer-busy", time = ms(picture)),
            Self::TheirConnectionWeak { lost } => {
                phrase!("their-connection-weak", percent = percent(*lost))
            }
            Self::YourConnectionWeak { lost } => {
                phrase!("your-connection-weak", percent = percent(*lost))
            }
            Self::YourUploadSlow { carries } => {
                phrase!("your-upload-slow", kilobits = carries.bps() / 1000)
            }
            Self::Late { by } => phrase!("connection-late", time = ms(by)),
        }
    }

    fn same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Follows the readings of a call.
#[derive(Debug, Default)]
pub(super) struct Diagnosis {
    /// When the start-up phase ends, by the time of the readings.
    judges_from: Option<Duration>,
    shown: Option<Problem>,
    /// What the last readings show, and how many of them in a row.
    seen: Option<(Problem, u32)>,
    well_for: u32,
}

impl Diagnosis {
    /// Media flows again after an interruption: what was measured across it says nothing.
    pub(super) fn start_again(&mut self) {
        *self = Self::default();
    }

    /// Takes a reading, and returns what to show the person from now on.
    pub(super) fn note(&mut self, reading: &Reading) -> Option<Problem> {
        if reading.at < *self.judges_from.get_or_insert(reading.at + START_UP) {
            return None;
        }
        let problem = Problem::of(reading);
        self.seen = match (problem, self.seen) {
            (Some(problem), Some((before, times))) if problem.same_kind(&before) => {
                Some((problem, times + 1))
            }
            (Some(problem), _) => Some((problem, 1)),
            (None, _) => None,
        };
        let goes_on =
            self.shown.zip(problem).is_some_and(|(shown, problem)| shown.same_kind(&problem));
        self.well_for = if goes_on { 0 } else { self.well_for + 1 };
        if goes_on {
            self.shown = problem;
        } else if let Some((problem, _)) = self.seen.filter(|(_, times)| *times >= SHOWN_AFTER) {
            self.shown = Some(problem);
            self.well_for = 0;
        } else if self.well_for >= GONE_AFTER {
            self.shown = None;
        }
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::statistics::VideoReading;

    fn lossy(lost: f64) -> Reading {
        Reading { loss_in: Some(lost), ..Reading::default() }
    }

    /// The words after each of so many of each reading, one a second, behind the start-up phase.
    fn words(readings: &[(u32, Reading)]) -> Vec<String> {
        let mut diagnosis = Diagnosis::default();
        assert_eq!(diagnosis.note(&Reading::default()), None);
        words_of(&mut diagnosis, START_UP, readings)
    }

    fn words_of(
        diagnosis: &mut Diagnosis,
        from: Duration,
        readings: &[(u32, Reading)],
    ) -> Vec<String> {
        let each = readings.iter().flat_map(|(times, reading)| (0..*times).map(move |_| reading));
        each.zip(0..)
            .map(|(reading, second)| {
                let reading = Reading { at: from + Duration::from_secs(second), ..*reading };
                let problem = diagnosis.note(&reading);
                problem.map_or_else(String::new, |problem| problem.words().plain())
            })
            .collect()
    }

    fn narrow(estimate: u64, sends: u64) -> Reading {
        let bitrate = Some(Bitrate::from_kbps(sends));
        Reading {
            estimate: Some(Bitrate::from_kbps(estimate)),
            video_sent: VideoReading { bitrate, ..VideoReading::default() },
            ..Reading::default()
        }
    }

    /// A camera of 30 a second, of which so many are sent.
    fn encoding(took_ms: u64, fps: f64) -> Reading {
        let codec = Some(Duration::from_millis(took_ms));
        Reading {
            offered_fps: Some(30.0),
            video_sent: VideoReading { fps: Some(fps), codec, ..narrow(0, 250).video_sent },
            ..narrow(300, 250)
        }
    }

    #[test]
    fn the_start_up_phase_is_not_judged_at_first_and_after_an_interruption() {
        let mut diagnosis = Diagnosis::default();
        let slow = [(20, narrow(300, 280))];
        for start in [Duration::ZERO, Duration::from_secs(500)] {
            diagnosis.start_again();
            let shown = words_of(&mut diagnosis, start, &slow);
            let quiet = START_UP.as_secs() as usize + SHOWN_AFTER as usize - 1;
            assert!(shown[..quiet].iter().all(String::is_empty), "{shown:?}");
            assert_eq!(shown[quiet], "Your upload is slow: it carries 300 kbit/s");
        }
    }

    #[test]
    fn a_computer_that_is_too_busy_is_blamed_and_not_the_network() {
        let busy = "This computer is too busy: each picture takes 38 ms";
        assert_eq!(words(&[(3, encoding(38, 9.0))])[2], busy);
        let received = VideoReading {
            fps: Some(25.0),
            codec: Some(Duration::from_millis(38)),
            ..VideoReading::default()
        };
        let decoding = Reading { video_received: received, loss_in: Some(0.2), ..narrow(300, 280) };
        assert_eq!(words(&[(3, decoding)])[2], busy);
        // One that is slow and keeps up is none.
        let dark = Reading { offered_fps: Some(15.0), ..encoding(38, 15.0) };
        assert_eq!(words(&[(3, dark)])[2], "Your upload is slow: it carries 300 kbit/s");
    }

    #[test]
    fn an_upload_that_holds_nothing_back_is_not_called_slow() {
        assert!(words(&[(10, narrow(300, 40))]).iter().all(String::is_empty));
    }

    #[test]
    fn each_problem_has_its_words() {
        let busy = VideoReading {
            fps: Some(30.0),
            codec: Some(Duration::from_millis(25)),
            ..VideoReading::default()
        };
        let cases = [
            (lossy(0.12), "Their connection is weak: 12% of their packets are lost"),
            (
                Reading { loss_out: Some(0.08), ..Reading::default() },
                "Your connection is weak: 8% of your packets are lost",
            ),
            (narrow(210, 200), "Your upload is slow: it carries 210 kbit/s"),
            (
                Reading { video_sent: busy, ..Reading::default() },
                "This computer is too busy: each picture takes 25 ms",
            ),
            (
                Reading { rtt: Some(Duration::from_millis(640)), ..Reading::default() },
                "The connection is slow: what you say arrives 320 ms late",
            ),
        ];
        for (reading, expected) in cases {
            assert_eq!(words(&[(3, reading)]).last().map(String::as_str), Some(expected));
        }
    }

    #[test]
    fn what_passes_soon_is_not_shown() {
        let shown = words(&[
            (2, lossy(0.2)),
            (1, Reading::default()),
            (2, lossy(0.2)),
            (5, Reading::default()),
        ]);
        assert!(shown.iter().all(String::is_empty), "{shown:?}");
    }

    #[test]
    fn words_stay_until_it_is_well_for_a_while_and_their_number_follows() {
        let shown = words(&[
            (3, lossy(0.1)),
            (1, lossy(0.2)),
            (4, Reading::default()),
            (1, Reading::default()),
        ]);
        assert!(shown[2].contains("10%") && shown[3].contains("20%"));
        assert!(shown[7].contains("20%"), "four seconds of calm are not enough");
        assert!(shown[8].is_empty());
    }

    #[test]
    fn another_problem_takes_over_when_it_lasts() {
        let late = Reading { rtt: Some(Duration::from_secs(1)), ..Reading::default() };
        let shown = words(&[(3, lossy(0.1)), (3, late)]);
        assert!(
            shown[4].starts_with("Their connection")
                && shown[5].starts_with("The connection is slow")
        );
    }

    #[test]
    fn a_good_call_shows_nothing() {
        let good = Reading {
            estimate: Some(Bitrate::from_kbps(2500)),
            rtt: Some(Duration::from_millis(40)),
            loss_in: Some(0.01),
            loss_out: Some(0.0),
            ..Reading::default()
        };
        assert!(words(&[(20, good)]).iter().all(String::is_empty));
    }
}
