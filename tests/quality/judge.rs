//! The bars of `bench quality`, and how the measured values stand to them: pure.

use visavis_tests::bars::Line;

use crate::call::Sender;
use crate::case::Case;
use crate::speech::Network;
use crate::summary::Summary;

/// How much better than Chromium's the picture is in the mean, in dB.
const GAIN: f64 = 1.0;
/// At least so much of a link is used, in percent.
const USED: f64 = 85.0;
/// And packets wait so long at most, in ms (p95).
const QUEUE: f64 = 60.0;

/// A picture that was measured.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) case: Case,
    pub(crate) sender: Sender,
    /// None when the call did not come about.
    pub(crate) summary: Option<Summary>,
}

/// The bars of the link for our sender.
pub(crate) fn of_link(picture: &Picture) -> Vec<Line> {
    if picture.sender != Sender::Ours {
        return Vec::new();
    }
    let of = |value: fn(&Summary) -> Option<f64>| picture.summary.as_ref().and_then(value);
    let name = picture.case.name();
    vec![
        Line::at_least(
            &format!("{name}: link used from 10 s"),
            of(|summary| summary.used.map(|share| share * 100.0)),
            USED,
            "%",
        ),
        Line::at_most(&format!("{name}: queue, p95"), of(|s| s.queue_p95_ms), QUEUE, "ms"),
        Line::at_most(&format!("{name}: freezes"), of(|summary| summary.freezes), 0.0, "times"),
    ]
}

/// How much better ours is than Chromium's, in dB, for each case that both were measured in;
/// nothing where one did not come about.
pub(crate) fn gains(pictures: &[Picture]) -> Vec<(Case, Option<f64>)> {
    let of =
        |case: &Case, sender| pictures.iter().find(|one| one.case == *case && one.sender == sender);
    let mean = |one: &Picture| one.summary.as_ref()?.psnr.map(|psnr| psnr.mean);
    let ours = pictures.iter().filter(|one| one.sender == Sender::Ours);
    ours.filter_map(|ours| {
        let theirs = of(&ours.case, Sender::Chromium)?;
        Some((ours.case, mean(ours).zip(mean(theirs)).map(|(ours, theirs)| ours - theirs)))
    })
    .collect()
}

/// The bars beside Chromium.
pub(crate) fn beside_chromium(pictures: &[Picture]) -> Vec<Line> {
    let gains = gains(pictures);
    if gains.is_empty() {
        return Vec::new();
    }
    let each = gains.iter().map(|(case, gain)| {
        Line::at_least(&format!("{}: above Chromium", case.name()), *gain, 0.0, "dB")
    });
    // One that is missing makes the mean unknown.
    let all: Option<Vec<f64>> = gains.iter().map(|(_, gain)| *gain).collect();
    let mean = all.map(|all| all.iter().sum::<f64>() / all.len() as f64);
    each.chain([Line::at_least("above Chromium in the mean", mean, GAIN, "dB")]).collect()
}

/// The bar of our speech over a network, if it has one.
pub(crate) fn of_speech(network: Network, sender: Sender, score: Option<f64>) -> Option<Line> {
    let bar = network.bar().filter(|_| sender == Sender::Ours)?;
    Some(Line::at_least(&format!("speech, {}", network.name()), score, bar, "PESQ"))
}

#[cfg(test)]
mod tests {
    use visavis_link::Rate;

    use super::*;
    use crate::clip::Clip;
    use crate::summary::Spread;

    fn picture(kbps: u64, sender: Sender, psnr: Option<f64>) -> Picture {
        let case = Case { clip: Clip::Bikes, rate: Rate::from_kbps(kbps), lossy: false };
        let summary = psnr.map(|psnr| Summary {
            psnr: Some(Spread { mean: psnr, p10: psnr - 1.0 }),
            used: Some(0.9),
            queue_p95_ms: Some(59.0),
            freezes: Some(0.0),
            ..Summary::default()
        });
        Picture { case, sender, summary }
    }

    fn met(lines: &[Line]) -> Vec<bool> {
        lines.iter().map(Line::met).collect()
    }

    #[test]
    fn ours_must_be_above_everywhere_and_by_a_decibel_in_the_mean() {
        let pictures = [
            picture(300, Sender::Ours, Some(33.0)),
            picture(300, Sender::Chromium, Some(31.0)),
            picture(600, Sender::Ours, Some(35.5)),
            picture(600, Sender::Chromium, Some(35.0)),
        ];
        assert_eq!(met(&beside_chromium(&pictures)), [true, true, true]);
        assert_eq!(met(&beside_chromium(&pictures[2..])), [true, false]);
        assert!(beside_chromium(&pictures[..1]).is_empty(), "with nobody beside there is no bar");
    }

    #[test]
    fn a_call_that_did_not_come_about_is_no_success() {
        let pictures = [
            picture(300, Sender::Ours, Some(33.0)),
            picture(300, Sender::Chromium, None),
            picture(600, Sender::Ours, None),
            picture(600, Sender::Chromium, Some(31.0)),
        ];
        assert_eq!(met(&beside_chromium(&pictures)), [false, false, false]);
        assert_eq!(met(&of_link(&pictures[0])), [true, true, true]);
        assert_eq!(met(&of_link(&pictures[2])), [false, false, false]);
        assert!(of_link(&pictures[1]).is_empty());
    }

    #[test]
    fn speech_has_bars_for_our_sender_on_some_networks() {
        let line = |network, sender| of_speech(network, sender, Some(3.75));
        assert_eq!(line(Network::Clean, Sender::Ours).map(|line| line.met()), Some(false));
        assert_eq!(line(Network::Loss10, Sender::Ours).map(|line| line.met()), Some(true));
        assert!(line(Network::Jitter, Sender::Ours).is_none());
        assert!(line(Network::Clean, Sender::Chromium).is_none());
    }
}
