use std::io::{Cursor, Write};

use proptest::prelude::*;

use super::*;
use crate::tone_detector::measure_tone;

/// What a small WAV file is made of.
#[derive(Debug, Clone)]
struct Wav {
    magic: &'static [u8; 4],
    /// `None` is the right one.
    riff_size: Option<u32>,
    before: Vec<u8>,
    format: Vec<u8>,
    between: Vec<u8>,
    data_size: Option<u32>,
    data: Vec<u8>,
    after: Vec<u8>,
}

impl Wav {
    fn new(format: Vec<u8>, data: Vec<u8>) -> Self {
        let none = Vec::new;
        let (before, between, after) = (none(), none(), none());
        Self {
            magic: b"RIFF",
            riff_size: None,
            before,
            format,
            between,
            data_size: None,
            data,
            after,
        }
    }

    fn plain() -> Self {
        Self::new(format(1, 1, 48_000, 16), sine().flat_map(of_16_bits).collect())
    }

    fn bytes(&self) -> Vec<u8> {
        let mut body = b"WAVE".to_vec();
        body.extend(&self.before);
        body.extend(chunk(b"fmt ", &self.format));
        body.extend(&self.between);
        body.extend(b"data");
        body.extend(self.data_size.unwrap_or(self.data.len() as u32).to_le_bytes());
        body.extend(&self.data);
        body.extend(&self.after);
        let size = self.riff_size.unwrap_or(body.len() as u32).to_le_bytes();
        [self.magic.as_slice(), &size, &body].concat()
    }
}

/// A chunk with its padding.
fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = name.to_vec();
    chunk.extend((content.len() as u32).to_le_bytes());
    chunk.extend(content);
    chunk.extend(vec![0; content.len() % 2]);
    chunk
}

fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let frame = channels * bits.div_ceil(8);
    let mut format = Vec::new();
    format.extend(tag.to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(rate.to_le_bytes());
    format.extend((rate * u32::from(frame)).to_le_bytes());
    format.extend(frame.to_le_bytes());
    format.extend(bits.to_le_bytes());
    format
}

fn extensible(tag: u8, channels: u16, bits: u16, valid: u16, mask: u32) -> Vec<u8> {
    let mut format = format(0xFFFE, channels, 48_000, bits);
    format.extend([22, 0]);
    format.extend(valid.to_le_bytes());
    format.extend(mask.to_le_bytes());
    format.extend([tag, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    format
}

/// A tenth of a second of 440 Hz at half of full scale.
fn sine() -> impl Iterator<Item = f64> {
    (0..4800).map(|i| (f64::from(i) * 440.0 / 48_000.0 * std::f64::consts::TAU).sin() * 0.5)
}

fn of_16_bits(sample: f64) -> [u8; 2] {
    ((sample * 32_768.0) as i16).to_le_bytes()
}

/// A sample in so many bytes, the low ones zero where fewer bits are valid.
fn signed(sample: f64, bytes: usize, valid: u32) -> Vec<u8> {
    let value = (sample * 2_f64.powi(31)) as i64 as i32;
    let value = value >> (32 - valid) << (32 - valid);
    value.to_le_bytes()[4 - bytes..].to_vec()
}

/// One pass over the sound, before it is resampled.
fn decoded(bytes: &[u8], seekable: bool) -> Result<(u32, Vec<f32>), WavFault> {
    let mut player = Player::new(Cursor::new(bytes), seekable)?;
    let mut heard = Vec::new();
    loop {
        player.mono.clear();
        match player.read_some() {
            Ok(()) if player.mono.is_empty() => break,
            Ok(()) => heard.append(&mut player.mono),
            Err(WavFault::PipeEnded) => break,
            Err(error) => return Err(error),
        }
    }
    Ok((player.sound.format.rate, heard))
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/wav").join(name)
}

fn refusal(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    std::fs::write(&path, content).unwrap();
    let mut wav = match WavLoop::open(&path) {
        Ok(wav) => wav,
        Err(error) => return error.to_string(),
    };
    wav.next_frame().expect_err("a refusal").to_string()
}

/// Rates, lengths and levels are what sox 14.4.2 and ffmpeg 5.1 measure.
#[test]
fn each_recorded_file_is_played_with_its_tone_at_its_level() {
    for (name, rate, samples, amplitude) in [
        ("cut_half.wav", 48_000, 24_000, 0.5),
        ("ext_24in32_msb.wav", 48_000, 96_000, 0.5),
        ("ff_pipe.wav", 44_100, 44_100, 0.125),
        ("junk_odd_first.wav", 48_000, 48_000, 0.5),
        ("list_odd_between.wav", 48_000, 48_000, 0.5),
        ("pipe_7fff.wav", 48_000, 48_000, 0.5),
        ("pipe_ffffffff.wav", 48_000, 48_000, 0.5),
        ("rf64.wav", 48_000, 48_000, 0.5),
        ("sox_float.wav", 44_100, 44_100, 0.705),
        ("wrong_byterate.wav", 48_000, 48_000, 0.5),
    ] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let (read_rate, heard) = decoded(&bytes, true).unwrap();
        assert_eq!((read_rate, heard.len()), (rate, samples), "{name}");
        assert_eq!(decoded(&bytes, false).unwrap().1, heard, "{name} through a pipe");
        // Played for longer than it is, at 48 kHz.
        let mut wav = WavLoop::open(&fixture(name)).unwrap();
        let played: Vec<f32> = (0..250).flat_map(|_| wav.next_frame().unwrap()).collect();
        for piece in [&played[2400..21_600], &played[98_400..117_600]] {
            let tone = measure_tone(piece).unwrap();
            let hz = if name == "sox_float.wav" { 439.9 } else { 440.0 };
            assert!((tone.hz - hz).abs() < 0.5, "{name}: {tone:?}");
            assert!((tone.amplitude - amplitude).abs() < 0.01, "{name}: {tone:?}");
        }
    }
}

#[test]
fn every_way_to_store_a_sample_gives_the_same_sound() {
    let plain: Vec<f32> = sine().map(|sample| sample as f32).collect();
    let check = |format: Vec<u8>, data: Vec<u8>, exact: f32| {
        let wav = Wav::new(format, data);
        let (_, heard) =
            decoded(&wav.bytes(), true).unwrap_or_else(|error| panic!("{wav:?}: {error}"));
        assert_eq!(heard.len(), plain.len());
        let off = heard.iter().zip(&plain).map(|(h, p)| (h - p).abs()).fold(0.0, f32::max);
        assert!(off <= exact, "{off} off, stored as {:?}", wav.format);
    };
    // A float keeps 24 bits.
    let bits = |bits: i32| 2.0_f32.powi(1 - bits.min(24));
    let whole = |bytes: usize, valid: u32| {
        sine().flat_map(|sample| signed(sample, bytes, valid)).collect::<Vec<u8>>()
    };
    check(format(1, 1, 48_000, 8), sine().map(|s| (s * 128.0 + 128.0) as u8).collect(), bits(8));
    check(format(1, 1, 48_000, 12), whole(2, 12), bits(12));
    check(format(1, 1, 48_000, 20), whole(3, 20), bits(20));
    for bytes in [2, 3, 4] {
        let of_bits = 8 * bytes as u16;
        check(format(1, 1, 48_000, of_bits), whole(bytes, of_bits.into()), bits(of_bits.into()));
        for valid in [of_bits, of_bits - 4, of_bits - 8] {
            let exact = bits(valid.into());
            check(extensible(1, 1, of_bits, valid, 4), whole(bytes, valid.into()), exact);
        }
    }
    // 24 bits in 4 bytes without saying so in the form that is meant for it.
    let mut loose = format(1, 1, 48_000, 24);
    loose[8..14].copy_from_slice(&[0x00, 0xEE, 0x02, 0x00, 4, 0]);
    check(loose, whole(4, 24), bits(24));
    let single: Vec<u8> = sine().flat_map(|s| (s as f32).to_le_bytes()).collect();
    check(format(3, 1, 48_000, 32), single.clone(), 0.0);
    check(extensible(3, 1, 32, 32, 4), single, 0.0);
    let double: Vec<u8> = sine().flat_map(f64::to_le_bytes).collect();
    check(format(3, 1, 48_000, 64), double.clone(), 0.0);
    check(extensible(3, 1, 64, 64, 0), double, 0.0);
    // The forms of the chunk: with an extension of any length.
    for extension in [&[0, 0][..], &[2, 0, 1, 1], &[0; 24]] {
        let mut format = format(1, 1, 48_000, 16);
        format.extend(extension);
        check(format, whole(2, 16), bits(16));
    }
    // Fields that contradict the others.
    for (at, wrong) in [(8, 0_u32), (8, 1), (8, u32::MAX)] {
        let mut format = format(1, 1, 48_000, 16);
        format[at..at + 4].copy_from_slice(&wrong.to_le_bytes());
        check(format, whole(2, 16), bits(16));
    }
    for wrong in [0_u16, 1, 4, 7, u16::MAX] {
        let mut format = format(1, 1, 48_000, 16);
        format[12..14].copy_from_slice(&wrong.to_le_bytes());
        check(format, whole(2, 16), bits(16));
    }
}

/// Every byte of both laws is nearest to what it stands for: encoded by their definition (G.711,
/// logarithms of base 256 and 87.6) and read by the tables.
#[test]
fn the_laws_of_g_711_keep_a_tone() {
    let mu = |x: f64| {
        let curved = (1.0 + 255.0 * x.abs()).ln() / 256.0_f64.ln();
        !(((curved * 127.0).round() as u8) | if x < 0.0 { 0x80 } else { 0 })
    };
    let a = |x: f64| {
        let top = 1.0 + 87.6_f64.ln();
        let curved = if x.abs() < 1.0 / 87.6 {
            87.6 * x.abs() / top
        } else {
            (1.0 + (87.6 * x.abs()).ln()) / top
        };
        (((curved * 127.0).round() as u8) | if x < 0.0 { 0 } else { 0x80 }) ^ 0x55
    };
    for (tag, data) in
        [(7, sine().map(mu).collect::<Vec<u8>>()), (6, sine().map(a).collect::<Vec<u8>>())]
    {
        let (_, heard) = decoded(&Wav::new(format(tag, 1, 48_000, 8), data).bytes(), true).unwrap();
        let tone = measure_tone(&heard).unwrap();
        assert!((tone.hz - 440.0).abs() < 0.5 && (tone.amplitude - 0.5).abs() < 0.01, "{tone:?}");
    }
}

#[test]
fn channels_are_mixed_and_rates_brought_to_48_khz() {
    for (channels, rate) in [
        (1, 8_000),
        (2, 11_025),
        (3, 16_000),
        (4, 22_050),
        (5, 32_000),
        (6, 44_100),
        (7, 96_000),
        (8, 192_000),
        (18, 48_000),
    ] {
        let samples = (0..rate)
            .map(|i| (f64::from(i) * 440.0 / f64::from(rate) * std::f64::consts::TAU).sin() * 0.5);
        let data = samples.flat_map(|s| of_16_bits(s).repeat(channels.into())).collect();
        let bytes = Wav::new(format(1, channels, rate, 16), data).bytes();
        let mut player = Player::new(Cursor::new(bytes), true).unwrap();
        let heard: Vec<f32> = (0..150).flat_map(|_| player.next_frame().unwrap()).collect();
        let tone = measure_tone(&heard[4800..40_000]).unwrap();
        assert!((tone.hz - 440.0).abs() < 0.5, "{tone:?} from {channels} at {rate}");
        assert!((tone.amplitude - 0.5).abs() < 0.02, "{tone:?} from {channels} at {rate}");
    }
}

#[test]
fn a_file_goes_on_from_its_beginning() {
    let bytes = Wav::plain().bytes();
    let mut player = Player::new(Cursor::new(bytes), true).unwrap();
    let heard: Vec<f32> = (0..25).flat_map(|_| player.next_frame().unwrap()).collect();
    assert_eq!(heard[..4800], heard[4800..9600]);
}

#[test]
fn nothing_that_a_file_holds_is_beyond_full_scale() {
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -3.0, 1.0].repeat(4000);
    let data = odd.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let bytes = Wav::new(format(3, 1, 44_100, 32), data).bytes();
    let mut player = Player::new(Cursor::new(bytes), true).unwrap();
    for _ in 0..40 {
        assert!(player.next_frame().unwrap().iter().all(|sample| sample.abs() <= 1.0));
    }
}

#[test]
fn a_pipe_is_played_once_and_says_that_it_ended() {
    let mut wav = Wav::plain();
    (wav.riff_size, wav.data_size) = (Some(u32::MAX), Some(0));
    let mut player = Player::new(Cursor::new(wav.bytes()), false).unwrap();
    for _ in 0..10 {
        assert!(player.next_frame().is_ok());
    }
    assert!(matches!(player.next_frame(), Err(WavFault::PipeEnded)));
}

#[test]
fn what_is_no_wav_file_is_refused_with_what_it_is() {
    for (content, what) in [
        (&b""[..], "is empty"),
        (b"RIFF", "does not begin as one"),
        (b"this is not audio", "does not begin as one"),
        (&[0; 4096], "does not begin as one"),
        (b"ID3\x03\0\0\0\0\0\0", "an MP3 file"),
        (b"\xFF\xFB\x90\x64\0\0", "an MP3 file"),
        (b"OggS\0\x02", "an Ogg file"),
        (b"fLaC\0\0\0\x22", "a FLAC file"),
        (b"\0\0\0\x20ftypM4A ", "an MP4 or QuickTime file"),
        (b"FORM\0\0\0\x20AIFF", "an AIFF file"),
        (b"RIFF\x20\0\0\0AVI LIST", "an AVI file"),
        (b"RIFX\0\0\0\x20WAVE", "big-endian"),
        (b"YUV4MPEG2 W2 H2\n", "a Y4M file"),
    ] {
        let words = refusal(content);
        assert!(words.contains(what) && words.contains("x.wav"), "{words}");
        assert!(!words.contains('\n'), "{words}");
    }
    let folder = tempfile::tempdir().unwrap();
    let words = WavLoop::open(folder.path()).err().unwrap().to_string();
    assert!(words.contains("is a folder"), "{words}");
    let words = WavLoop::open(&folder.path().join("missing.wav")).err().unwrap().to_string();
    assert!(words.contains("missing.wav: "), "{words}");
    #[cfg(unix)]
    {
        let words = WavLoop::open(Path::new("/dev/zero")).err().unwrap().to_string();
        assert!(words.contains("does not begin as one"), "{words}");
    }
}

#[test]
fn a_wav_file_that_can_not_be_played_says_why() {
    let with = |format: Vec<u8>| Wav::new(format, vec![0; 64]).bytes();
    let mut no_format = b"RIFF\x10\0\0\0WAVE".to_vec();
    no_format.extend(chunk(b"data", &[1, 2, 3, 4]));
    let mut far = Wav::plain();
    far.before = [&b"JUNK"[..], &(1_u32 << 31).to_le_bytes()].concat();
    for (content, why) in [
        (Wav::new(format(1, 1, 48_000, 16), Vec::new()).bytes(), "holds no sound"),
        (Wav::new(format(1, 1, 48_000, 16), vec![1]).bytes(), "holds no sound"),
        (Wav::plain().bytes()[..40].to_vec(), "holds no sound"),
        (no_format, "does not say how its sound is stored"),
        (far.bytes(), "\"JUNK\" goes beyond its end"),
        (with(vec![1, 0, 1, 0]), "its format is cut short"),
        (with(format(1, 0, 48_000, 16)), "it has 0 channels"),
        (with(format(1, 33, 48_000, 16)), "it has 33 channels"),
        (with(format(1, 1, 4_000, 16)), "4000 samples per second"),
        (with(format(1, 1, 0, 16)), "0 samples per second"),
        (with(format(1, 1, 384_000, 16)), "384000 samples per second"),
        (with(format(1, 1, 48_000, 0)), "whole numbers of 0 bits"),
        (with(extensible(1, 1, 0, 0, 0)), "whole numbers of 0 bits"),
        (with(format(3, 1, 48_000, 16)), "floating-point numbers of 16 bits"),
        (with(format(2, 1, 48_000, 4)), "Microsoft ADPCM"),
        (with(format(0x11, 1, 48_000, 4)), "IMA ADPCM"),
        (with(format(0x55, 2, 48_000, 0)), "MP3"),
        (with(format(0x1234, 2, 48_000, 0)), "format 0x1234"),
    ] {
        let words = refusal(&content);
        assert!(words.contains(why), "{words} instead of {why}");
        assert!(!words.contains('\n'), "{words}");
    }
}

#[test]
fn a_file_of_gigabytes_is_played_piece_by_piece() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    let mut wav = Wav::plain();
    wav.data_size = Some(u32::MAX - 100);
    let mut file = File::create(&path).unwrap();
    file.write_all(&wav.bytes()).unwrap();
    file.set_len(3 << 30).unwrap();
    let mut wav = WavLoop::open(&path).unwrap();
    for _ in 0..200 {
        wav.next_frame().unwrap();
    }
    let held = wav.player.bytes.capacity() + 4 * wav.player.interleaved.capacity();
    assert!(held < 64 * 1024, "{held} bytes");
}

fn chunks() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![Just(*b"JUNK"), Just(*b"LIST"), Just(*b"xyz "), Just(*b"bext")];
    let one = (name, prop::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(name, content)| chunk(&name, &content));
    prop::collection::vec(one, 0..3).prop_map(|chunks| chunks.concat())
}

proptest! {
    /// Whatever the sizes say and whatever lies round it, the sound is the same.
    #[test]
    fn no_lie_of_a_header_changes_the_sound(
        rf64 in any::<bool>(),
        riff_size in prop::option::of(any::<u32>()),
        before in chunks(),
        between in chunks(),
        lie in 0..6,
        seekable in any::<bool>(),
    ) {
        let mut wav = Wav { riff_size, before, between, ..Wav::plain() };
        wav.data_size = match lie {
            0 => None,
            1 => Some(0),
            2 => Some(u32::MAX),
            3 => Some(0x7FFF_FFFF),
            4 => Some(wav.data.len() as u32 + 1),
            _ => Some(0x7FFF_F000),
        };
        if rf64 {
            wav.magic = b"RF64";
            let mut sizes = vec![0; 28];
            sizes[8..16].copy_from_slice(&(wav.data.len() as u64).to_le_bytes());
            wav.before = [chunk(b"ds64", &sizes), wav.before].concat();
        }
        if lie == 0 || (rf64 && lie == 2) {
            wav.after = chunk(b"LIST", b"INFOIART\x05\0\0\0alice");
        }
        let (_, plain) = decoded(&Wav::plain().bytes(), true).unwrap();
        let (_, heard) = decoded(&wav.bytes(), seekable).unwrap();
        prop_assert_eq!(heard, plain);
    }

    /// What is there of a file is played, wherever it is cut.
    #[test]
    fn a_cut_file_is_played_as_far_as_it_goes(at in 44_usize..9_644, seekable in any::<bool>()) {
        let whole = Wav::plain().bytes();
        let (_, plain) = decoded(&whole, true).unwrap();
        let heard = match decoded(&whole[..at], seekable) {
            Ok((_, heard)) => heard,
            Err(WavFault::NoSound) => Vec::new(),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert_eq!(&heard, &plain[..(at - 44) / 2]);
    }

    /// Padding may be there or not.
    #[test]
    fn an_odd_chunk_is_passed_over_with_and_without_padding(
        content in prop::collection::vec(any::<u8>(), 0..30), padded in any::<bool>(), first in any::<bool>(),
    ) {
        let mut odd = chunk(b"LIST", &[content.as_slice(), &vec![7; 1 + content.len() % 2]].concat());
        if !padded {
            odd.pop();
        }
        let mut wav = Wav::plain();
        if first { wav.before = odd } else { wav.between = odd }
        let (_, heard) = decoded(&wav.bytes(), true).unwrap();
        let (_, piped) = decoded(&wav.bytes(), false).unwrap();
        let (_, plain) = decoded(&Wav::plain().bytes(), true).unwrap();
        prop_assert_eq!(&heard, &plain);
        prop_assert_eq!(&piped, &plain);
    }

    /// Any bytes: an answer, at full scale at most, and no more memory than a piece.
    #[test]
    fn no_bytes_make_it_panic_or_hang(
        mut bytes in prop::collection::vec(any::<u8>(), 0..600),
        like_wav in 0..4,
        bent in prop::collection::vec((0_usize..120, any::<u8>()), 0..6),
        seekable in any::<bool>(),
    ) {
        match like_wav {
            0 => {}
            1 => bytes.splice(..bytes.len().min(12), *b"RIFF\0\0\0\0WAVE").for_each(drop),
            _ => {
                let mut wav = Wav::plain();
                wav.format = extensible(1, 2, 24, 20, 3);
                bytes = wav.bytes()[..bytes.len() + 68].to_vec();
            }
        }
        for (at, value) in bent {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        if let Ok(mut player) = Player::new(Cursor::new(bytes), seekable) {
            for _ in 0..20 {
                match player.next_frame() {
                    Ok(frame) => prop_assert!(frame.iter().all(|sample| sample.abs() <= 1.0)),
                    Err(_) => break,
                }
            }
            prop_assert!(player.bytes.capacity() <= READ_FRAMES * 32 * 8);
        }
    }
}
