//! What is measured: which clips over which links, and which of it is wanted.

use std::time::Duration;

use visavis_link::{Conditions, Loss, Rate};

use crate::call::Sender;
use crate::clip::Clip;
use crate::speech::Network;

/// The links, in kbit/s.
const LINKS: [u64; 5] = [150, 300, 600, 1200, 2500];
/// One way.
const DELAY: Duration = Duration::from_millis(20);
/// What waits longer is dropped, as in the scenarios of `bench network`.
const QUEUE: Duration = Duration::from_millis(300);
/// The share that links lose which lose.
const LOST: f64 = 0.02;
/// How long a call is.
const DURATION: Duration = Duration::from_secs(22);

/// A clip over a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Case {
    pub(crate) clip: Clip,
    pub(crate) rate: Rate,
    pub(crate) lossy: bool,
}

impl Case {
    pub(crate) fn name(&self) -> String {
        let lossy = if self.lossy { "-loss" } else { "" };
        format!("{}-{}{lossy}", self.clip.name(), self.kbps())
    }

    pub(crate) fn title(&self) -> String {
        let lossy = if self.lossy { ", 2% lost" } else { "" };
        format!("{} over {} kbit/s{lossy}", self.clip.title(), self.kbps())
    }

    pub(crate) const fn kbps(&self) -> u64 {
        self.rate.bps() / 1000
    }

    pub(crate) const fn conditions(&self) -> Conditions {
        let loss = if self.lossy { Loss::Random(LOST) } else { Loss::None };
        Conditions::CLEAR.delay(DELAY).rate(self.rate).queue(QUEUE).loss(loss)
    }
}

/// What the words after the folder ask for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) cases: Vec<Case>,
    pub(crate) speech: Vec<Network>,
    pub(crate) senders: Vec<Sender>,
    pub(crate) duration: Duration,
    /// Whether the recordings of what was shown and heard are kept, to be looked at.
    pub(crate) keep: bool,
}

impl Wanted {
    /// Each word narrows down what it is about: a clip, a link, `clean` or `loss`, a sender,
    /// `picture` or `speech`, a network for speech, how long a call is (`12s`), or
    /// `keep` for the recordings.
    ///
    /// # Errors
    /// The word that is none.
    pub(crate) fn of(words: &[String]) -> Result<Self, String> {
        let mut left: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut take = |known: &dyn Fn(&str) -> bool| {
            let (taken, rest): (Vec<&str>, Vec<&str>) =
                left.iter().copied().partition(|word| known(word));
            left = rest;
            taken
        };
        let kinds = take(&|word| ["picture", "speech"].contains(&word));
        let is_speech = kinds.contains(&"speech");
        let networks =
            if is_speech { take(&|word| Network::named(word).is_some()) } else { Vec::new() };
        let clips = take(&|word| Clip::ALL.iter().any(|clip| clip.name() == word));
        let links = take(&|word| word.parse().is_ok_and(|kbps: u64| kbps > 0));
        let losses = take(&|word| ["clean", "loss"].contains(&word));
        let senders = take(&|word| Sender::BOTH.iter().any(|sender| sender.name() == word));
        let keep = take(&|word| word == "keep");
        let seconds = take(&|word| seconds(word).is_some());
        if let Some(unknown) = left.first() {
            return Err(format!(
                "{unknown} is nothing to measure: write picture or speech, clips ({}), links in kbit/s ({}), \
                 clean or loss, ours or chromium, with speech networks ({}), and how long a call is, as in 12s, or \
                 keep for the recordings",
                Clip::ALL.map(Clip::name).join(", "),
                LINKS.map(|kbps| kbps.to_string()).join(", "),
                Network::ALL.map(Network::name).join(", "),
            ));
        }
        let rates: Vec<u64> = if links.is_empty() {
            LINKS.to_vec()
        } else {
            links.iter().filter_map(|word| word.parse().ok()).collect()
        };
        let is_wanted = |words: &[&str], name: &str| words.is_empty() || words.contains(&name);
        let mut cases = Vec::new();
        if kinds.is_empty() || kinds.contains(&"picture") {
            for clip in Clip::ALL.into_iter().filter(|clip| is_wanted(&clips, clip.name())) {
                for lossy in [false, true] {
                    if is_wanted(&losses, if lossy { "loss" } else { "clean" }) {
                        let case = |kbps: &u64| Case { clip, rate: Rate::from_kbps(*kbps), lossy };
                        cases.extend(rates.iter().map(case));
                    }
                }
            }
        }
        let only_pictures = !(clips.is_empty() && links.is_empty() && losses.is_empty());
        let speaks = is_speech || (kinds.is_empty() && !only_pictures);
        let mut speech = Network::ALL.to_vec();
        speech.retain(|network| speaks && is_wanted(&networks, network.name()));
        Ok(Self {
            cases,
            speech,
            senders: Sender::BOTH
                .into_iter()
                .filter(|one| is_wanted(&senders, one.name()))
                .collect(),
            keep: !keep.is_empty(),
            duration: seconds_of(&seconds).unwrap_or(DURATION),
        })
    }
}

fn seconds(word: &str) -> Option<u64> {
    word.strip_suffix('s')?.parse().ok()
}

fn seconds_of(words: &[&str]) -> Option<Duration> {
    words.last().and_then(|word| seconds(word)).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(words: &str) -> Result<Wanted, String> {
        Wanted::of(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_words_everything_is_measured() {
        let all = wanted("").expect("no word is wrong");
        assert_eq!((all.cases.len(), all.speech.len(), all.senders.len()), (30, 6, 2));
        assert_eq!(wanted("picture").expect("a word").speech, []);
        assert_eq!(wanted("600").expect("a word").speech, []);
        assert_eq!(wanted("ours").expect("a word").speech.len(), 6);
        let speech = wanted("speech").expect("a word");
        assert_eq!((speech.cases.len(), speech.speech.len()), (0, 6));
    }

    #[test]
    fn words_narrow_down_what_they_are_about() {
        let one = wanted("carphone 600 clean ours 12s").expect("words");
        let names: Vec<_> = one.cases.iter().map(Case::name).collect();
        assert_eq!(names, ["carphone-600"]);
        assert_eq!((one.senders, one.duration), (vec![Sender::Ours], Duration::from_secs(12)));
        assert_eq!(one.speech, []);
        let two = wanted("bunny bikes loss 450").expect("words");
        let names: Vec<_> = two.cases.iter().map(Case::name).collect();
        assert_eq!(names, ["bikes-450-loss", "bunny-450-loss"]);
        let heard = wanted("speech bursts clean chromium").expect("words");
        assert_eq!(
            heard.speech.iter().map(|one| one.name()).collect::<Vec<_>>(),
            ["clean", "bursts"]
        );
        assert_eq!(heard.senders, [Sender::Chromium]);
    }

    #[test]
    fn a_word_that_means_nothing_is_named() {
        for word in ["carfone", "0", "bursts", "12x"] {
            assert!(wanted(word).expect_err("it is refused").starts_with(word), "{word}");
        }
    }
}
