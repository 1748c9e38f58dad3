//! WAV files that are written as a speaker.
//!
//! [`WavFile`] writes 16-bit mono at 48 kHz and renews the header twice a second, so that what a
//! killed process leaves behind can be read.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use crate::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};

/// The header is renewed after so many frames: 0.5 s.
const FRAMES_PER_HEADER: u32 = 50;
/// RIFF counts bytes in 32 bits; this leaves room for the headers.
const MOST_SAMPLES: u64 = (u32::MAX as u64 - 1024) / 2;

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
    use crate::wav_reader::WavLoop;

    fn sine(i: usize, rate: u32) -> f32 {
        (i as f32 * 440.0 / rate as f32 * std::f32::consts::TAU).sin() * 0.5
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
        let mut wav = WavLoop::open(&path).unwrap();
        let samples: Vec<f32> = (0..70).flat_map(|_| wav.next_frame().unwrap()).collect();
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
}
