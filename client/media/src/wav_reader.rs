//! A WAV file as a microphone: its sound from beginning to end, again and again.
//!
//! In: a path. Out: 10 ms frames at 48 kHz, mono. `container` finds the sound in the file,
//! [`format`] reads how it is stored, `samples` makes it numbers, `down_mix` one channel. What
//! always holds: a header that lies about sizes costs nothing that is in the file; what can't be
//! played is refused with the reason, in one line; no sample is beyond full scale or no number; no
//! more is held than a piece of a few KiB; whatever the bytes are, nothing panics and every call
//! ends. A pipe is played once, as it comes.

mod container;
mod down_mix;
mod format;
mod samples;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use self::container::{Sound, find_sound};
use self::down_mix::DownMix;
use crate::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};
use crate::resample::{MonoResampler, ResampleFailure};

/// How much is read at once, in samples per channel.
const READ_FRAMES: usize = 1024;

/// What is wrong with which WAV file; one line that follows on the name of an option.
#[derive(Debug, thiserror::Error)]
#[error("{path}{fault}", path = path.display())]
pub struct WavReadError {
    path: PathBuf,
    #[source]
    fault: WavFault,
}

/// What is wrong with a WAV file.
#[derive(Debug, thiserror::Error)]
enum WavFault {
    #[error(": {0}")]
    Open(io::Error),
    #[error(" is a folder: name a WAV file in it")]
    Folder,
    #[error(" is empty: choose a file with sound in it")]
    EmptyFile,
    /// It is something else, and what.
    #[error(" is no WAV file but {0}: convert it with ffmpeg -i FILE sound.wav")]
    SomethingElse(&'static str),
    #[error(" is no WAV file: it does not begin as one; choose another")]
    NotWav,
    #[error(" is a damaged WAV file: {0}; choose another")]
    Damaged(String),
    /// It is stored in a way that is not read.
    #[error(" can't be played: {0}; convert it with ffmpeg -i FILE -c:a pcm_s16le sound.wav")]
    Unsupported(String),
    #[error(" can't be played: {0}")]
    Resample(#[from] ResampleFailure),
    #[error(" holds no sound")]
    NoSound,
    #[error(" has ended, and what came through a pipe can't be played again")]
    PipeEnded,
    #[error(" can't be read: {0}")]
    Read(#[from] io::Error),
}

/// A WAV file as endless audio.
pub struct WavLoop {
    path: PathBuf,
    player: Player<File>,
}

impl WavLoop {
    /// Opens a file and checks that it can be played. A pipe is waited for.
    ///
    /// # Errors
    /// When it can't be.
    pub fn open(path: &Path) -> Result<Self, WavReadError> {
        let player = open(path).map_err(|fault| WavReadError { path: path.into(), fault })?;
        Ok(Self { path: path.into(), player })
    }

    /// The next 10 ms.
    ///
    /// # Errors
    /// When the file can't be read any further.
    pub fn next_frame(&mut self) -> Result<[f32; AUDIO_FRAME_SAMPLES], WavReadError> {
        self.player.next_frame().map_err(|fault| WavReadError { path: self.path.clone(), fault })
    }
}

fn open(path: &Path) -> Result<Player<File>, WavFault> {
    // Windows opens no folder.
    if path.is_dir() {
        return Err(WavFault::Folder);
    }
    let file = File::open(path).map_err(WavFault::Open)?;
    let is_file = file.metadata().map_err(WavFault::Open)?.is_file();
    Player::new(file, is_file)
}

/// Plays what is in a WAV file, or in anything that reads like one.
struct Player<R> {
    sound: Sound<R>,
    down_mix: DownMix,
    resampler: MonoResampler,
    bytes: Vec<u8>,
    interleaved: Vec<f32>,
    mono: Vec<f32>,
    ready: Vec<f32>,
    /// Samples were read since the file was begun.
    any: bool,
}

impl<R: Read + Seek> Player<R> {
    /// `seekable` says whether one can go back in `source`.
    fn new(source: R, seekable: bool) -> Result<Self, WavFault> {
        let sound = find_sound(source, seekable)?;
        let down_mix = DownMix::new(sound.format.channels, sound.format.channel_mask);
        let resampler = MonoResampler::new(sound.format.rate, SAMPLE_RATE)?;
        let empty = Vec::new;
        Ok(Self {
            sound,
            down_mix,
            resampler,
            bytes: Vec::new(),
            interleaved: empty(),
            mono: empty(),
            ready: empty(),
            any: false,
        })
    }

    fn next_frame(&mut self) -> Result<[f32; AUDIO_FRAME_SAMPLES], WavFault> {
        while self.ready.len() < AUDIO_FRAME_SAMPLES {
            self.read_some()?;
        }
        let mut frame = [0.0; AUDIO_FRAME_SAMPLES];
        for (sample, read) in frame.iter_mut().zip(self.ready.drain(..AUDIO_FRAME_SAMPLES)) {
            // The resampler's filter overshoots.
            *sample = read.clamp(-1.0, 1.0);
        }
        Ok(frame)
    }

    fn read_some(&mut self) -> Result<(), WavFault> {
        let format = self.sound.format;
        self.sound.read(READ_FRAMES * format.frame_bytes(), &mut self.bytes)?;
        let whole = self.bytes.len() - self.bytes.len() % format.frame_bytes();
        if whole == 0 {
            if !self.any {
                return Err(WavFault::NoSound);
            }
            self.any = false;
            return self.sound.begin_again();
        }
        self.any = true;
        self.interleaved.clear();
        let read = self.bytes.get(..whole).unwrap_or_default();
        format.encoding.decode(read, &mut self.interleaved);
        self.mono.clear();
        self.down_mix.mix(&self.interleaved, &mut self.mono);
        Ok(self.resampler.process(&self.mono, &mut self.ready)?)
    }
}
