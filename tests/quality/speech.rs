//! How good the speech is that gets through bad networks: PESQ wide band (ITU-T P.862.2).
//!
//! In: the words that Debian's alsa-utils ships, one after the other and over and over. Out: the
//! score of what the app received, the mean of several rounds of them. `score_speech.py` lines each
//! round up with what was said and scores it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use visavis_link::{Conditions, Loss};
use visavis_tests::python;

use crate::Fault;
use crate::call::{self, Sender, Setting};
use crate::clip::ENVIRONMENT;

/// Where alsa-utils puts its words; one file there is noise.
const WORDS: &str = "/usr/share/sounds/alsa";
const NOISE: &str = "Noise.wav";
/// What they are recorded at, and the rate of calls.
const RATE: u32 = 48_000;
/// The quiet between two of them.
const PAUSE: Duration = Duration::from_millis(200);
/// A call is long enough for three whole rounds after its beginning.
const DURATION: Duration = Duration::from_secs(64);
/// What PESQ wide band listens to.
const HEARD_RATE: &str = "16000";

/// A network to speak over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    Clean,
    Loss2,
    Loss10,
    Loss30,
    Bursts,
    Jitter,
}

impl Network {
    pub(crate) const ALL: [Self; 6] =
        [Self::Clean, Self::Loss2, Self::Loss10, Self::Loss30, Self::Bursts, Self::Jitter];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Loss2 => "loss-2",
            Self::Loss10 => "loss-10",
            Self::Loss30 => "loss-30",
            Self::Bursts => "bursts",
            Self::Jitter => "jitter",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|network| network.name() == name)
    }

    /// What our speech has to reach there at least.
    pub(crate) const fn bar(self) -> Option<f64> {
        match self {
            Self::Clean => Some(4.3),
            Self::Loss10 => Some(3.7),
            Self::Bursts => Some(3.8),
            Self::Loss30 => Some(3.0),
            Self::Loss2 | Self::Jitter => None,
        }
    }

    /// As in the scenarios of `bench network`.
    fn conditions(self) -> Conditions {
        let ms = Duration::from_millis;
        match self {
            Self::Clean => Conditions::CLEAR.delay(ms(10)),
            Self::Loss2 => Conditions::CLEAR.delay(ms(30)).loss(Loss::Random(0.02)),
            Self::Loss10 => Conditions::CLEAR.delay(ms(50)).loss(Loss::Random(0.1)),
            Self::Loss30 => Conditions::CLEAR.delay(ms(50)).loss(Loss::Random(0.3)),
            Self::Bursts => {
                Conditions::CLEAR.delay(ms(30)).loss(Loss::Bursts { mean: 0.05, length: 5.0 })
            }
            Self::Jitter => Conditions::CLEAR.delay(ms(40)).jitter(ms(30)),
        }
    }
}

/// What a call's speech scored.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Score {
    /// Of each round.
    pub(crate) rounds: Vec<f64>,
}

impl Score {
    pub(crate) fn mean(&self) -> Option<f64> {
        let sum: f64 = self.rounds.iter().sum();
        (!self.rounds.is_empty()).then(|| sum / self.rounds.len() as f64)
    }
}

/// Writes all words with a pause after each, as a WAV file that is played over and over.
pub(crate) fn record(path: &Path) -> Result<(), Fault> {
    let listing = std::fs::read_dir(WORDS)
        .map_err(|error| format!("{WORDS} can't be read ({error}): install alsa-utils"))?;
    let mut words: Vec<PathBuf> =
        listing.map(|entry| Ok(entry?.path())).collect::<Result<_, Fault>>()?;
    words.retain(|path| path.extension().is_some_and(|ending| ending == "wav"));
    words.retain(|path| path.file_name().is_some_and(|name| name != NOISE));
    words.sort();
    if words.is_empty() {
        return Err(format!("{WORDS} holds no words: install alsa-utils").into());
    }
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for word in words {
        let mut reader = hound::WavReader::open(&word)?;
        if reader.spec() != spec {
            return Err(format!("{} is not 16 bits at {RATE} Hz", word.display()).into());
        }
        for sample in reader.samples::<i16>() {
            file.write_sample(sample?)?;
        }
        let quiet = PAUSE.as_millis() as u32 * RATE / 1000;
        for _ in 0..quiet {
            file.write_sample(0_i16)?;
        }
    }
    Ok(file.finalize()?)
}

/// Speaks over a network and scores what is heard. Keeps it in a folder if one is given.
pub(crate) async fn measure(
    network: Network,
    sender: Sender,
    voice: &Path,
    keep: Option<&Path>,
) -> Result<Score, Fault> {
    let setting = Setting {
        sender,
        conditions: network.conditions(),
        duration: DURATION,
        film: None,
        voice: voice.to_owned(),
    };
    let outcome = call::run(&setting).await?;
    let scratch = tempfile::tempdir()?;
    let (said, heard) = (scratch.path().join("said.wav"), scratch.path().join("heard.wav"));
    resample(voice, &said)?;
    resample(&outcome.heard(), &heard)?;
    if let Some(folder) = keep {
        let kept = format!("quality-speech-{}-{}.wav", network.name(), sender.name());
        std::fs::copy(&heard, folder.join(kept))?;
    }
    score(&said, &heard)
}

fn resample(from: &Path, to: &Path) -> Result<(), Fault> {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-y", "-i"]).arg(from);
    ffmpeg.args(["-ac", "1", "-ar", HEARD_RATE, "-sample_fmt", "s16"]).arg(to);
    if ffmpeg.stdin(Stdio::null()).status()?.success() {
        Ok(())
    } else {
        Err(format!("ffmpeg can't read {}", from.display()).into())
    }
}

fn score(said: &Path, heard: &Path) -> Result<Score, Fault> {
    let python = python::of_environment(ENVIRONMENT)
        .ok_or("pesq is missing: run `cargo xtask bench quality`, which installs it")?;
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let output = Command::new(python)
        .arg(package.join("quality").join("score_speech.py"))
        .args([said, heard])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("score_speech.py: {}", words.lines().last().unwrap_or_default()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
