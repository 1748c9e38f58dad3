//! Where in a WAV file the sound is: chunks of RIFF, and of RF64 and BW64 (EBU Tech 3306, ITU-R
//! BS.2088).
//!
//! In: anything that can be read, and gone back in or not. Out: the [`Sound`], which gives the
//! bytes of the chunk `data`. The size of the whole file that stands in its head is not looked at,
//! and the size of `data` only where it is possible: programs that write into a pipe, or that were
//! interrupted, leave 0 or a number that is far too large. Then the sound goes to the end of the
//! file. After an odd chunk there is a byte of padding, which many programs leave out: what follows
//! decides.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use super::WavFault;
use super::format::{FORMAT_BYTES, Format, u32_at};
use crate::file_kind::{HEAD_BYTES, kind_of};

/// No honest file has as many.
const MOST_CHUNKS: usize = 4096;
/// How much is read over in a pipe before its sound begins.
const MOST_READ_OVER: u64 = 64 << 20;
/// The size of a chunk that was not known when it was begun.
const UNKNOWN: u64 = u32::MAX as u64;
/// What is stored the other way round.
const BIG_ENDIAN: &str = "its big-endian kin (RIFX)";
/// How much is read over at once.
const PIECE: usize = 16 * 1024;
/// Chunks that may follow `data`: where these come after a `data` of size 0, it is really empty.
const KNOWN: [&[u8; 4]; 12] = [
    b"fmt ", b"data", b"LIST", b"JUNK", b"fact", b"bext", b"cue ", b"smpl", b"id3 ", b"ID3 ",
    b"PEAK", b"iXML",
];

/// The sound of a file, from where it is being read.
pub(super) struct Sound<R> {
    input: Input<R>,
    pub(super) format: Format,
    /// Where it begins.
    start: u64,
    /// How many bytes it has; `None` where it goes to the end of the file.
    length: Option<u64>,
    /// How many of them were read.
    read: u64,
}

impl<R: Read + Seek> Sound<R> {
    /// Reads the next `wanted` bytes into `to`; less at the end of the sound.
    pub(super) fn read(&mut self, wanted: usize, to: &mut Vec<u8>) -> Result<(), WavFault> {
        let left = self.length.map_or(u64::MAX, |length| length.saturating_sub(self.read));
        self.input.read_up_to(wanted.min(usize::try_from(left).unwrap_or(usize::MAX)), to)?;
        self.read += to.len() as u64;
        Ok(())
    }

    /// Goes back to its beginning.
    pub(super) fn begin_again(&mut self) -> Result<(), WavFault> {
        if !self.input.seekable {
            return Err(WavFault::PipeEnded);
        }
        self.read = 0;
        self.input.go_to(self.start)
    }
}

/// Finds the sound of a WAV file, and its format.
pub(super) fn find_sound<R: Read + Seek>(source: R, seekable: bool) -> Result<Sound<R>, WavFault> {
    let mut input = Input::new(source, seekable)?;
    let (mut taken, mut format, mut large, mut data) = (Vec::new(), None, None, None);
    input.read_up_to(HEAD_BYTES, &mut taken)?;
    check_head(&taken)?;
    for _ in 0..MOST_CHUNKS {
        let mut header = Vec::new();
        input.read_up_to(8, &mut header)?;
        let Some(size) = u32_at(&header, 4).map(u64::from) else {
            // What is left is no chunk.
            return Err(if data.is_some() { no_format() } else { WavFault::NoSound });
        };
        let start = input.position;
        match header.get(..4).unwrap_or_default() {
            b"fmt " => {
                input.read_up_to(FORMAT_BYTES.min(size as usize), &mut taken)?;
                format = Some(Format::parse(&taken)?);
            }
            b"ds64" => {
                input.read_up_to(16.min(size as usize), &mut taken)?;
                large = taken.get(8..).and_then(|bytes| bytes.try_into().ok());
            }
            b"data" if data.is_none() && (size > 0 || !input.at_known_chunk()?) => {
                let size = match large.map(u64::from_le_bytes) {
                    Some(large) if size == UNKNOWN => large,
                    Some(_) | None => size,
                };
                let honest = size > 0
                    && (size != UNKNOWN || large.is_some())
                    && input.left().is_none_or(|left| size <= left);
                if format.is_none() && !(honest && seekable) {
                    return Err(no_format());
                }
                data = Some((start, honest.then_some(size)));
            }
            _ => {}
        }
        if let (Some(format), Some((start, length))) = (format, data) {
            input.go_to(start)?;
            return Ok(Sound { input, format, start, length, read: 0 });
        }
        if input.length.is_some_and(|length| start.saturating_add(size) > length) {
            let name = header.get(..4).unwrap_or_default().escape_ascii();
            return Err(WavFault::Damaged(format!("its part \"{name}\" goes beyond its end")));
        }
        input.skip_to(start.saturating_add(size))?;
        if size % 2 == 1 {
            input.skip_padding()?;
        }
    }
    Err(WavFault::Damaged("it has thousands of parts before its sound".to_owned()))
}

fn no_format() -> WavFault {
    WavFault::Damaged("it does not say how its sound is stored".to_owned())
}

/// Whether a file begins as a WAV file does.
fn check_head(head: &[u8]) -> Result<(), WavFault> {
    if head.is_empty() {
        return Err(WavFault::EmptyFile);
    }
    match head.split_at_checked(8) {
        Some((b, b"WAVE")) if b.starts_with(b"RIFF") => Ok(()),
        Some((b, b"WAVE")) if b.starts_with(b"RF64") || b.starts_with(b"BW64") => Ok(()),
        Some((b, b"WAVE")) if b.starts_with(b"RIFX") => Err(WavFault::SomethingElse(BIG_ENDIAN)),
        _ => Err(kind_of(head).map_or(WavFault::NotWav, WavFault::SomethingElse)),
    }
}

/// What is read, with a little that was looked at ahead.
struct Input<R> {
    source: R,
    /// Whether one can go back in it.
    seekable: bool,
    /// How many bytes it has, where that is known.
    length: Option<u64>,
    /// How many bytes were taken from it.
    position: u64,
    /// What was read and not yet taken.
    ahead: Vec<u8>,
}

impl<R: Read + Seek> Input<R> {
    fn new(mut source: R, seekable: bool) -> Result<Self, WavFault> {
        let length = if seekable { Some(source.seek(SeekFrom::End(0))?) } else { None };
        if seekable {
            source.rewind()?;
        }
        Ok(Self { source, seekable, length, position: 0, ahead: Vec::new() })
    }

    /// How many bytes there are from here to the end, where that is known.
    fn left(&self) -> Option<u64> {
        self.length.map(|length| length.saturating_sub(self.position))
    }

    /// Takes so many bytes, or as many as there are.
    fn read_up_to(&mut self, wanted: usize, to: &mut Vec<u8>) -> Result<(), WavFault> {
        to.clear();
        to.extend(self.ahead.drain(..wanted.min(self.ahead.len())));
        fill(&mut self.source, wanted, to)?;
        self.position += to.len() as u64;
        Ok(())
    }

    /// What comes next, so many bytes of it or as many as there are.
    fn look_ahead(&mut self, wanted: usize) -> Result<&[u8], WavFault> {
        fill(&mut self.source, wanted, &mut self.ahead)?;
        Ok(self.ahead.get(..wanted).unwrap_or(&self.ahead))
    }

    fn at_known_chunk(&mut self) -> Result<bool, WavFault> {
        let next = self.look_ahead(4)?;
        Ok(next.is_empty() || KNOWN.iter().any(|known| known.as_slice() == next))
    }

    /// Passes over the byte after an odd chunk, unless the next chunk begins there.
    fn skip_padding(&mut self) -> Result<(), WavFault> {
        let is_name =
            |name: &[u8]| name.len() == 4 && name.iter().all(|b| (b' '..=b'~').contains(b));
        let next = self.look_ahead(5)?;
        let (here, behind) = (next.get(..4).unwrap_or_default(), next.get(1..).unwrap_or_default());
        let known = |name: &[u8]| KNOWN.iter().any(|known| known.as_slice() == name);
        if known(here) || (is_name(here) && !known(behind)) {
            return Ok(());
        }
        self.skip_to(self.position + 1)
    }

    /// Passes over what lies before `position`.
    fn skip_to(&mut self, position: u64) -> Result<(), WavFault> {
        if self.seekable {
            return self.go_to(position);
        }
        let mut left = position.saturating_sub(self.position);
        if position > MOST_READ_OVER {
            return Err(WavFault::Damaged("its sound does not begin".to_owned()));
        }
        let mut passed = Vec::new();
        while left > 0 {
            self.read_up_to(PIECE.min(usize::try_from(left).unwrap_or(PIECE)), &mut passed)?;
            if passed.is_empty() {
                break;
            }
            left -= passed.len() as u64;
        }
        Ok(())
    }

    fn go_to(&mut self, position: u64) -> Result<(), WavFault> {
        if position != self.position {
            self.source.seek(SeekFrom::Start(position))?;
            self.ahead.clear();
            self.position = position;
        }
        Ok(())
    }
}

/// Reads until there are so many bytes, or no more.
fn fill(source: &mut impl Read, wanted: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut have = bytes.len();
    if have >= wanted {
        return Ok(());
    }
    bytes.resize(wanted, 0);
    let read = loop {
        let Some(room) = bytes.get_mut(have..).filter(|room| !room.is_empty()) else {
            break Ok(());
        };
        match source.read(room) {
            Ok(0) => break Ok(()),
            Ok(read) => have += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    bytes.truncate(have);
    read
}
