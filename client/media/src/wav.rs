//! WAV files: read in a loop as a microphone, written as a speaker.
//!
//! [`WavLoop`] takes mono or more channels, 8 to 32 bits, integers or floats, 8 to 192 kHz, and
//! gives 10 ms frames at 48 kHz; a file that is malformed, empty or cut short is an error of one
//! line, never a panic. [`WavFile`] writes 16-bit mono at 48 kHz and renews the header twice a
//! second, so that what a killed process leaves behind can be read.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use crate::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};
use crate::resample::{MonoResampler, ResampleFailure, mix_down};

/// The header is renewed after so many frames: 0.5 s.
const FRAMES_PER_HEADER: u32 = 50;
/// RIFF counts bytes in 32 bits; this leaves room for the headers.
const MOST_SAMPLES: u64 = (u32::MAX as u64 - 1024) / 2;
/// How much is read at once, in samples per channel.
const READ_FRAMES: usize = 1024;
/// More channels than any file has that a person would choose.
const MOST_CHANNELS: u16 = 32;

/// What is wrong with which WAV file.
#[derive(Debug, thiserror::Error)]
#[error("{path}{fault}", path = path.display())]
pub struct WavError {
    path: PathBuf,
    #[source]
    fault: WavFault,
}

#[derive(Debug, thiserror::Error)]
enum WavFault {
    #[error(": {0}")]
    Open(std::io::Error),
    /// It is no WAV file, or one that is cut short.
    #[error(" can't be read as a WAV file: {0}")]
    Malformed(hound::Error),
    #[error(": {0}; use 8 to 32 bits, 8000 to 192000 samples per second")]
    Unsupported(String),
    #[error(" holds no sound")]
    Empty,
    #[error(" can't be written: {0}")]
    Write(hound::Error),
    #[error(" is full: a WAV file ends at 4 GiB")]
    Full,
}

impl WavFault {
    fn of(self, path: &Path) -> WavError {
        WavError { path: path.to_path_buf(), fault: self }
    }
}

/// A WAV file as endless audio.
pub struct WavLoop {
    path: PathBuf,
    reader: hound::WavReader<BufReader<File>>,
    spec: hound::WavSpec,
    resampler: MonoResampler,
    interleaved: Vec<f32>,
    mono: Vec<f32>,
    ready: Vec<f32>,
    /// Samples were read since the file was begun.
    any: bool,
}

impl WavLoop {
    /// Opens a file and checks that it can be played.
    pub fn open(path: &Path) -> Result<Self, WavError> {
        let file = File::open(path).map_err(|error| WavFault::Open(error).of(path))?;
        let reader = hound::WavReader::new(BufReader::new(file))
            .map_err(|error| WavFault::Malformed(error).of(path))?;
        let spec = reader.spec();
        let unsupported = |words: String| WavFault::Unsupported(words).of(path);
        if !(1..=MOST_CHANNELS).contains(&spec.channels) {
            return Err(unsupported(format!("it has {} channels", spec.channels)));
        }
        let bits = spec.bits_per_sample;
        let known = match spec.sample_format {
            hound::SampleFormat::Int => (8..=32).contains(&bits),
            hound::SampleFormat::Float => bits == 32,
        };
        if !known {
            return Err(unsupported(format!("it has {bits} bits per sample")));
        }
        if reader.duration() == 0 {
            return Err(WavFault::Empty.of(path));
        }
        let resampler = MonoResampler::new(spec.sample_rate, SAMPLE_RATE)
            .map_err(|failure: ResampleFailure| unsupported(failure.to_string()))?;
        let (path, empty) = (path.to_path_buf(), Vec::new);
        Ok(Self {
            path,
            reader,
            spec,
            resampler,
            interleaved: empty(),
            mono: empty(),
            ready: empty(),
            any: false,
        })
    }

    /// The next 10 ms.
    pub fn next_frame(&mut self) -> Result<[f32; AUDIO_FRAME_SAMPLES], WavError> {
        while self.ready.len() < AUDIO_FRAME_SAMPLES {
            self.read_some()?;
        }
        let mut frame = [0.0; AUDIO_FRAME_SAMPLES];
        for (sample, read) in frame.iter_mut().zip(self.ready.drain(..AUDIO_FRAME_SAMPLES)) {
            *sample = if read.is_finite() { read.clamp(-1.0, 1.0) } else { 0.0 };
        }
        Ok(frame)
    }

    fn read_some(&mut self) -> Result<(), WavError> {
        let wanted = READ_FRAMES * usize::from(self.spec.channels);
        self.interleaved.clear();
        let scale = 1.0 / (1_u64 << (self.spec.bits_per_sample - 1)) as f32;
        for _ in 0..wanted {
            let sample = match self.spec.sample_format {
                hound::SampleFormat::Float => self.reader.samples::<f32>().next(),
                hound::SampleFormat::Int => {
                    self.reader.samples::<i32>().next().map(|s| s.map(|s| s as f32 * scale))
                }
            };
            let Some(sample) = sample else { break };
            self.interleaved
                .push(sample.map_err(|error| WavFault::Malformed(error).of(&self.path))?);
        }
        if self.interleaved.is_empty() {
            if !self.any {
                return Err(WavFault::Empty.of(&self.path));
            }
            self.any = false;
            let again = self.reader.seek(0);
            return again.map_err(|error| WavFault::Malformed(error.into()).of(&self.path));
        }
        self.any = true;
        self.mono.clear();
        mix_down(&self.interleaved, self.spec.channels.into(), &mut self.mono);
        self.resampler
            .process(&self.mono, &mut self.ready)
            .map_err(|failure| WavFault::Unsupported(failure.to_string()).of(&self.path))
    }
}

/// A WAV file that is being written.
pub struct WavFile {
    path: PathBuf,
    writer: hound::WavWriter<BufWriter<File>>,
    samples: u64,
    frames_since_header: u32,
}

impl WavFile {
    /// Creates the file, over what was there.
    pub fn create(path: &Path) -> Result<Self, WavError> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let file = File::create(path).map_err(|error| WavFault::Open(error).of(path))?;
        let mut writer = hound::WavWriter::new(BufWriter::new(file), spec)
            .map_err(|error| WavFault::Write(error).of(path))?;
        writer.flush().map_err(|error| WavFault::Write(error).of(path))?;
        Ok(Self { path: path.into(), writer, samples: 0, frames_since_header: 0 })
    }

    /// Appends 10 ms.
    pub fn write(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES]) -> Result<(), WavError> {
        if self.samples + AUDIO_FRAME_SAMPLES as u64 > MOST_SAMPLES {
            return Err(WavFault::Full.of(&self.path));
        }
        self.samples += AUDIO_FRAME_SAMPLES as u64;
        let written = frame.iter().try_for_each(|&sample| {
            // A float that is no number becomes 0.
            self.writer.write_sample((sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16)
        });
        self.frames_since_header += 1;
        let flushed = if self.frames_since_header >= FRAMES_PER_HEADER {
            self.frames_since_header = 0;
            self.writer.flush()
        } else {
            Ok(())
        };
        written.and(flushed).map_err(|error| WavFault::Write(error).of(&self.path))
    }

    /// Completes the file.
    pub fn finish(self) -> Result<(), WavError> {
        self.writer.finalize().map_err(|error| WavFault::Write(error).of(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone_detector::measure_tone;
    use rand::{Rng, SeedableRng};

    fn sine(i: usize, rate: u32) -> f32 {
        (i as f32 * 440.0 / rate as f32 * std::f32::consts::TAU).sin() * 0.5
    }

    /// One second of 440 Hz in the form of `spec`.
    fn file(directory: &Path, spec: hound::WavSpec) -> PathBuf {
        let path = directory.join(format!("{}-{}.wav", spec.sample_rate, spec.bits_per_sample));
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for i in 0..spec.sample_rate as usize {
            for _ in 0..spec.channels {
                let sample = sine(i, spec.sample_rate);
                match spec.sample_format {
                    hound::SampleFormat::Float => writer.write_sample(sample).unwrap(),
                    hound::SampleFormat::Int => {
                        let scale = ((1_i64 << (spec.bits_per_sample - 1)) - 1) as f32;
                        writer.write_sample((sample * scale) as i32).unwrap();
                    }
                }
            }
        }
        writer.finalize().unwrap();
        path
    }

    fn read(wav: &mut WavLoop, frames: usize) -> Vec<f32> {
        (0..frames).flat_map(|_| wav.next_frame().unwrap()).collect()
    }

    #[test]
    fn every_form_is_read_as_the_same_audio() {
        let directory = tempfile::tempdir().unwrap();
        let int = hound::SampleFormat::Int;
        for (channels, sample_rate, bits_per_sample, sample_format) in [
            (1, 48_000, 16, int),
            (2, 44_100, 16, int),
            (2, 8_000, 8, int),
            (1, 96_000, 24, int),
            (6, 192_000, 32, int),
            (2, 22_050, 32, hound::SampleFormat::Float),
        ] {
            let spec = hound::WavSpec { channels, sample_rate, bits_per_sample, sample_format };
            let mut wav = WavLoop::open(&file(directory.path(), spec)).unwrap();
            let tone = measure_tone(&read(&mut wav, 90)[4800..]).unwrap();
            assert!((tone.hz - 440.0).abs() < 0.5, "{tone:?} from {spec:?}");
            assert!((tone.amplitude - 0.5).abs() < 0.02, "{tone:?} from {spec:?}");
        }
    }

    #[test]
    fn a_file_goes_on_from_its_beginning() {
        let directory = tempfile::tempdir().unwrap();
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 48_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = WavLoop::open(&file(directory.path(), spec)).unwrap();
        let samples = read(&mut wav, 250);
        assert_eq!(samples[..48_000], samples[48_000..96_000]);
    }

    #[test]
    fn what_was_written_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.wav");
        let mut file = WavFile::create(&path).unwrap();
        for frame in 0..70 {
            file.write(&std::array::from_fn(|i| sine(frame * 480 + i, 48_000))).unwrap();
        }
        // As a killed process would leave it: the last header is half a second old.
        let early = hound::WavReader::open(&path).unwrap();
        assert_eq!(early.duration(), 50 * 480);
        file.finish().unwrap();
        let samples = read(&mut WavLoop::open(&path).unwrap(), 70);
        assert!(samples.iter().enumerate().all(|(i, s)| (s - sine(i, 48_000)).abs() < 1e-4));
    }

    #[test]
    fn samples_that_are_no_numbers_are_written_as_silence_and_loud_ones_are_cut() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("odd.wav");
        let mut file = WavFile::create(&path).unwrap();
        let mut frame = [0.0; AUDIO_FRAME_SAMPLES];
        (frame[0], frame[1], frame[2]) = (f32::NAN, f32::INFINITY, -7.0);
        file.write(&frame).unwrap();
        file.finish().unwrap();
        let samples: Vec<i16> =
            hound::WavReader::open(&path).unwrap().samples().map(Result::unwrap).collect();
        assert_eq!(samples[..4], [0, i16::MAX, -i16::MAX, 0]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_and_no_panic() {
        let mut failed = false;
        match WavFile::create(Path::new("/dev/full")) {
            Err(_) => failed = true,
            Ok(mut file) => {
                for _ in 0..200 {
                    failed |= file.write(&[0.1; AUDIO_FRAME_SAMPLES]).is_err();
                }
            }
        }
        assert!(failed);
    }

    #[test]
    fn missing_empty_and_foreign_files_are_errors_of_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.wav");
        let check = |content: Option<&[u8]>| {
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            let words = WavLoop::open(&path).err().expect("an error").to_string();
            assert!(words.contains("x.wav") && !words.contains('\n'), "{words}");
        };
        check(None);
        check(Some(b""));
        check(Some(b"RIFF"));
        check(Some(b"this is not audio"));
        check(Some(&[0xff; 4096]));
    }

    #[test]
    fn a_damaged_file_never_panics_and_never_hangs() {
        let directory = tempfile::tempdir().unwrap();
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let whole = std::fs::read(file(directory.path(), spec)).unwrap();
        let path = directory.path().join("damaged.wav");
        let mut random = rand::rngs::StdRng::seed_from_u64(8);
        for round in 0..400 {
            let mut bytes = whole[..random.random_range(0..2000)].to_vec();
            for _ in 0..random.random_range(0..6) {
                let range = if round % 2 == 0 { bytes.len().min(48) } else { bytes.len() };
                if range > 0 {
                    let at = random.random_range(0..range);
                    bytes[at] = random.random();
                }
            }
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(mut wav) = WavLoop::open(&path) {
                let _ = (0..20).try_for_each(|_| wav.next_frame().map(|_| ()));
            }
        }
    }
}
