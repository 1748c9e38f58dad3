//! WAV files that are written as a speaker: 16-bit mono at 48 kHz.
//!
//! In: 10 ms frames. Out: a file that takes the place of what was there with its first frame, and
//! whose header is renewed twice a second, so that what a killed process leaves behind can be read.
//! A pipe gets the header of a file without an end. (`hound` writes only where it can go back.)
//! Multimedia Programming Interface and Data Specifications 1.0, "Waveform Audio File Format".

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};
use crate::output_file::{self, Output, OutputError};

/// The header is renewed after so many frames: 0.5 s.
const FRAMES_PER_HEADER: u32 = 50;
/// RIFF counts bytes in 32 bits; this leaves room for the headers.
const MOST_SAMPLES: u64 = (u32::MAX as u64 - 1024) / 2;
/// What stands for a length that nobody knows, as other programs write it.
const ENDLESS: u32 = u32::MAX;
/// Bytes of a sample.
const SAMPLE_BYTES: u32 = 2;
/// What of the header the length in its second field counts.
const HEADER_COUNTED: u32 = 36;

/// Why there is no file, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// It can't be made.
    #[error(transparent)]
    Create(#[from] OutputError),
    /// It can't be written any further.
    #[error("{0} can't be written: {1}")]
    Write(PathBuf, #[source] io::Error),
    /// It is as long as the lengths in it can count.
    #[error("{0} is full: a WAV file ends at 4 GiB")]
    Full(PathBuf),
}

/// A WAV file that is being written.
#[derive(Debug)]
pub struct WavFile {
    path: PathBuf,
    /// Open already, for what is no regular file.
    stream: Option<Output>,
    writer: Option<BufWriter<File>>,
    is_stream: bool,
    samples: u64,
    frames_since_header: u32,
}

impl WavFile {
    /// Sees to it that the file can be written. It is made with its first frame; what was there
    /// stays until then. Blocks for as long as nobody reads a pipe.
    ///
    /// # Errors
    /// Why it can't be written.
    pub fn create(path: &Path) -> Result<Self, WavError> {
        output_file::check(path)?;
        let is_stream = output_file::is_stream(path);
        let stream = if is_stream { Some(Output::open(path)?) } else { None };
        let path = path.to_path_buf();
        Ok(Self { path, stream, writer: None, is_stream, samples: 0, frames_since_header: 0 })
    }

    /// Appends 10 ms.
    ///
    /// # Errors
    /// Why it can't be written.
    pub fn write(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES]) -> Result<(), WavError> {
        self.begin()?;
        if !self.is_stream && self.samples + AUDIO_FRAME_SAMPLES as u64 > MOST_SAMPLES {
            return Err(WavError::Full(self.path.clone()));
        }
        self.samples += AUDIO_FRAME_SAMPLES as u64;
        self.frames_since_header += 1;
        let written = self.append(frame);
        written.map_err(|error| WavError::Write(self.path.clone(), error))
    }

    /// Completes the file. Without a frame there is none, and what was there stays.
    ///
    /// # Errors
    /// Why it can't be written.
    pub fn finish(mut self) -> Result<(), WavError> {
        if self.is_stream {
            self.begin()?;
        }
        let completed = self.renew_header();
        completed.map_err(|error| WavError::Write(self.path.clone(), error))
    }

    fn begin(&mut self) -> Result<(), WavError> {
        if self.writer.is_some() {
            return Ok(());
        }
        let mut output = match self.stream.take() {
            Some(output) => output,
            None => Output::open(&self.path)?,
        };
        let length = if self.is_stream { ENDLESS } else { 0 };
        let written = output.file().write_all(&header(length)).and_then(|()| output.into_file());
        let file = written.map_err(|error| WavError::Write(self.path.clone(), error))?;
        self.writer = Some(BufWriter::new(file));
        Ok(())
    }

    fn append(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES]) -> io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        for sample in frame {
            // A float that is no number becomes 0.
            let sample = (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
            writer.write_all(&sample.to_le_bytes())?;
        }
        if self.is_stream {
            return writer.flush();
        }
        if self.frames_since_header >= FRAMES_PER_HEADER {
            self.renew_header()?;
        }
        Ok(())
    }

    fn renew_header(&mut self) -> io::Result<()> {
        self.frames_since_header = 0;
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.flush()?;
        if !self.is_stream {
            let end = writer.stream_position()?;
            writer.seek(SeekFrom::Start(0))?;
            // No more than fit were written.
            writer.write_all(&header(self.samples as u32 * SAMPLE_BYTES))?;
            writer.seek(SeekFrom::Start(end))?;
        }
        Ok(())
    }
}

/// The header before so many bytes of samples.
fn header(length: u32) -> [u8; 44] {
    let mut header = [0; 44];
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &length.saturating_add(HEADER_COUNTED).to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16_u32.to_le_bytes(),
        // PCM, one channel.
        &1_u16.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &SAMPLE_RATE.to_le_bytes(),
        &(SAMPLE_RATE * SAMPLE_BYTES).to_le_bytes(),
        &(SAMPLE_BYTES as u16).to_le_bytes(),
        &(SAMPLE_BYTES as u16 * 8).to_le_bytes(),
        b"data",
        &length.to_le_bytes(),
    ];
    for (to, byte) in header.iter_mut().zip(fields.into_iter().flatten()) {
        *to = *byte;
    }
    header
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

    #[test]
    fn a_file_of_before_stays_until_the_first_frame_and_also_when_none_comes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.wav");
        std::fs::write(&path, "yesterday").unwrap();
        WavFile::create(&path).unwrap().finish().unwrap();
        let mut file = WavFile::create(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"yesterday");
        file.write(&[0.5; AUDIO_FRAME_SAMPLES]).unwrap();
        file.finish().unwrap();
        assert_eq!(hound::WavReader::open(&path).unwrap().duration(), 480);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_gets_a_header_without_an_end_and_every_frame_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe.wav");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let from = path.clone();
        let reading = std::thread::Builder::new().spawn(move || std::fs::read(from).unwrap());
        let mut file = WavFile::create(&path).unwrap();
        (0..3).for_each(|_| file.write(&[0.5; AUDIO_FRAME_SAMPLES]).unwrap());
        file.finish().unwrap();
        let read = reading.unwrap().join().unwrap();
        assert_eq!(read[..44], header(ENDLESS));
        assert_eq!(read.len(), 44 + 3 * 960);
        assert!(read[44..].chunks(2).all(|sample| sample == 16_384_i16.to_le_bytes()));
    }
}
