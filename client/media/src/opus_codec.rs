//! Opus (RFC 6716) as the program uses it: 48 kHz mono, packets of 10 or 20 ms, in-band forward
//! error correction, and next to nothing in silence (discontinuous transmission).
//!
//! In go 10 or 20 ms of samples, out comes a packet, and the other way round. A packet that is lost
//! is concealed, or rebuilt from the version of lower quality that the next packet carries (RFC
//! 6716 §2.1.7). Nothing that arrives can panic: a packet that does not decode is an error, and the
//! caller conceals it like a lost one.

use crate::audio_control::{AudioControl, PacketLength};
use crate::frame::SAMPLE_RATE;
use crate::units::Bitrate;

/// Samples in the longest packet that we send: 20 ms.
pub(crate) const PACKET_SAMPLES: usize = PacketLength::Long.samples();

/// The longest packet that Opus knows: 120 ms.
pub(crate) const MAX_PACKET_SAMPLES: usize = 5760;

/// Far more than a packet of 20 ms needs at our rate.
const MAX_PACKET_BYTES: usize = 1000;

/// Why there is no packet, or no audio from one.
#[derive(Debug, thiserror::Error)]
pub enum OpusError {
    /// The library could not set the encoder up.
    #[error("the Opus encoder could not be set up: {0}")]
    Encoder(#[source] opus::Error),
    /// The library could not set the decoder up.
    #[error("the Opus decoder could not be set up: {0}")]
    Decoder(#[source] opus::Error),
    /// The samples did not become a packet.
    #[error("sound could not be encoded: {0}")]
    Encode(#[source] opus::Error),
    /// The packet has no bytes; the library would take it for a lost one.
    #[error("a packet was empty")]
    Empty,
    /// The packet is malformed.
    #[error("a packet could not be decoded: {0}")]
    Decode(#[source] opus::Error),
}

/// Turns 10 or 20 ms of audio into a packet.
pub(crate) struct OpusEncoder {
    encoder: opus::Encoder,
    buffer: [u8; MAX_PACKET_BYTES],
    control: AudioControl,
    music: bool,
}

impl OpusEncoder {
    /// An encoder for speech. In silence its packets carry nothing ([`is_dtx`]), but for one every
    /// 400 ms that describes the background noise.
    pub(crate) fn new() -> Result<Self, OpusError> {
        let mut this = Self {
            encoder: encoder_for(opus::Application::Voip)?,
            buffer: [0; MAX_PACKET_BYTES],
            control: AudioControl::START,
            music: false,
        };
        this.set(AudioControl::START)?;
        Ok(this)
    }

    /// Encodes music and whatever else a computer plays from the next packet on, or speech again.
    /// The two are encoders of their own, as Opus can't change what it is meant for; the decoder
    /// goes on.
    pub(crate) fn carry_music(&mut self, music: bool) -> Result<(), OpusError> {
        if music == self.music {
            return Ok(());
        }
        let meant_for = if music { opus::Application::Audio } else { opus::Application::Voip };
        self.encoder = encoder_for(meant_for)?;
        self.music = music;
        self.set(self.control)
    }

    /// Encodes to these targets from the next packet on.
    pub(crate) fn set(&mut self, control: AudioControl) -> Result<(), OpusError> {
        self.control = control;
        let wanted = if self.music { for_music(control) } else { control.bitrate };
        let bitrate = i32::try_from(wanted.bps()).unwrap_or(i32::MAX).clamp(6000, 128_000);
        let loss = i32::from(control.expected_loss_percent.min(100));
        self.encoder.set_bitrate(opus::Bitrate::Bits(bitrate)).map_err(OpusError::Encoder)?;
        self.encoder.set_packet_loss_perc(loss).map_err(OpusError::Encoder)?;
        // With it Opus would choose a mode for speech, which alone has it.
        self.encoder.set_inband_fec(loss > 0 && !self.music).map_err(OpusError::Encoder)
    }

    /// Encodes as many samples as one [`PacketLength`] has. The packet stays valid until the next
    /// call.
    pub(crate) fn encode(&mut self, samples: &[f32]) -> Result<&[u8], OpusError> {
        let length =
            self.encoder.encode_float(samples, &mut self.buffer).map_err(OpusError::Encode)?;
        Ok(self.buffer.get(..length).unwrap_or_default())
    }

    /// How much later audio comes out of a decoder than it went in here, apart from the packet's
    /// own length.
    #[cfg(test)]
    pub(crate) fn lookahead(&mut self) -> std::time::Duration {
        let samples = self.encoder.get_lookahead().unwrap_or(0);
        std::time::Duration::from_secs_f64(f64::from(samples) / f64::from(SAMPLE_RATE))
    }
}

fn encoder_for(application: opus::Application) -> Result<opus::Encoder, OpusError> {
    let mut encoder = opus::Encoder::new(SAMPLE_RATE, opus::Channels::Mono, application)
        .map_err(OpusError::Encoder)?;
    encoder.set_dtx(true).map_err(OpusError::Encoder)?;
    if application == opus::Application::Audio {
        encoder.set_signal(opus::Signal::Music).map_err(OpusError::Encoder)?;
    }
    Ok(encoder)
}

/// What music takes where speech takes so much. Short packets mean that the network is wide
/// ([`crate::audio_adaptation`]).
fn for_music(control: AudioControl) -> Bitrate {
    let factor = if control.packet == PacketLength::Short { 8.0 / 3.0 } else { 4.0 / 3.0 };
    control.bitrate.scaled(factor)
}

/// Turns packets, or the lack of them, into audio.
pub(crate) struct OpusDecoder {
    decoder: opus::Decoder,
    buffer: Box<[f32; MAX_PACKET_SAMPLES]>,
}

impl OpusDecoder {
    /// A decoder; it mixes what a peer sends in stereo down to mono.
    pub(crate) fn new() -> Result<Self, OpusError> {
        let decoder =
            opus::Decoder::new(SAMPLE_RATE, opus::Channels::Mono).map_err(OpusError::Decoder)?;
        Ok(Self { decoder, buffer: Box::new([0.0; MAX_PACKET_SAMPLES]) })
    }

    /// Decodes a packet of any length up to 120 ms.
    pub(crate) fn decode(&mut self, packet: &[u8]) -> Result<&[f32], OpusError> {
        if packet.is_empty() {
            return Err(OpusError::Empty);
        }
        self.run(packet, MAX_PACKET_SAMPLES, false)
    }

    /// Conceals `samples` of audio that continue what was decoded before; they fade to silence when
    /// nothing follows.
    pub(crate) fn conceal(&mut self, samples: usize) -> Result<&[f32], OpusError> {
        self.run(&[], conceal_length(samples), false)
    }

    /// Rebuilds the `samples` before `next` from the FEC it carries, or conceals them where it
    /// carries none.
    pub(crate) fn decode_fec(&mut self, next: &[u8], samples: usize) -> Result<&[f32], OpusError> {
        self.run(next, conceal_length(samples), true)
    }

    fn run(&mut self, packet: &[u8], samples: usize, fec: bool) -> Result<&[f32], OpusError> {
        let output = self.buffer.get_mut(..samples).unwrap_or_default();
        let length = self.decoder.decode_float(packet, output, fec).map_err(OpusError::Decode)?;
        let decoded = self.buffer.get_mut(..length).unwrap_or_default();
        for sample in decoded.iter_mut() {
            // A malformed packet may decode to anything; the stages behind rely on −1 to 1.
            *sample = if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        }
        Ok(decoded)
    }
}

/// Concealment comes in steps of 2.5 ms.
fn conceal_length(samples: usize) -> usize {
    (samples / 120 * 120).clamp(120, MAX_PACKET_SAMPLES)
}

/// How many samples at 48 kHz a packet covers, from its first bytes (RFC 6716 §3.1); `None` when it
/// is malformed.
pub(crate) fn packet_samples(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let per_frame: u32 = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let samples = per_frame * frames;
    (1..=MAX_PACKET_SAMPLES as u32).contains(&samples).then_some(samples)
}

/// Whether a packet says that there is nothing to hear until the next one (discontinuous
/// transmission, RFC 6716 §2.1.9): it has no data, or a byte that counts its frames.
pub(crate) fn is_dtx(packet: &[u8]) -> bool {
    packet.len() <= 2
}

/// Whether a packet of one 10 or 20 ms mono frame in a speech mode carries the frame before it as
/// FEC: the LBRR flag follows the VAD flag as the second bit of the SILK data (RFC 6716 §4.2.3,
/// §4.2.4). Others count as carrying none.
pub(crate) fn has_fec(packet: &[u8]) -> bool {
    let (Some(&toc), Some(&first)) = (packet.first(), packet.get(1)) else { return false };
    let config = toc >> 3;
    let speech = config < 16;
    let single = toc & 3 == 0;
    let mono = toc & 4 == 0;
    let short = config >= 12 || config & 3 < 2;
    speech && single && mono && short && first & 0x40 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(start: usize) -> [f32; PACKET_SAMPLES] {
        std::array::from_fn(|i| {
            ((start + i) as f32 * 440.0 * std::f32::consts::TAU / SAMPLE_RATE as f32).sin() * 0.3
        })
    }

    fn power(samples: &[f32]) -> f32 {
        samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32
    }

    fn packets(count: usize) -> Vec<Vec<u8>> {
        let mut encoder = OpusEncoder::new().unwrap();
        (0..count).map(|i| encoder.encode(&tone(i * PACKET_SAMPLES)).unwrap().to_vec()).collect()
    }

    #[test]
    fn a_tone_keeps_its_level_through_encoder_and_decoder() {
        let mut decoder = OpusDecoder::new().unwrap();
        for (i, packet) in packets(20).iter().enumerate() {
            assert_eq!(packet_samples(packet), Some(PACKET_SAMPLES as u32));
            let decoded = decoder.decode(packet).unwrap();
            assert_eq!(decoded.len(), PACKET_SAMPLES);
            if i > 2 {
                assert!(
                    (power(decoded) / 0.045 - 1.0).abs() < 0.2,
                    "packet {i} has power {}",
                    power(decoded)
                );
            }
        }
    }

    #[test]
    fn the_bitrate_is_what_was_asked_for() {
        let bytes: usize = packets(50).iter().map(Vec::len).sum();
        assert!((3000..6000).contains(&bytes), "{bytes} bytes in one second");
    }

    #[test]
    fn a_lost_packet_is_rebuilt_from_the_next() {
        let packets = packets(20);
        let mut decoder = OpusDecoder::new().unwrap();
        for packet in &packets[..10] {
            decoder.decode(packet).unwrap();
        }
        assert!(has_fec(&packets[11]));
        let rebuilt = decoder.decode_fec(&packets[11], PACKET_SAMPLES).unwrap();
        assert_eq!(rebuilt.len(), PACKET_SAMPLES);
        assert!((power(rebuilt) / 0.045 - 1.0).abs() < 0.5, "power {}", power(rebuilt));
    }

    #[test]
    fn concealment_continues_the_audio_and_then_fades() {
        let mut decoder = OpusDecoder::new().unwrap();
        for packet in &packets(10) {
            decoder.decode(packet).unwrap();
        }
        assert!(power(decoder.conceal(PACKET_SAMPLES).unwrap()) > 0.01);
        for _ in 0..50 {
            decoder.conceal(PACKET_SAMPLES).unwrap();
        }
        assert!(power(decoder.conceal(PACKET_SAMPLES).unwrap()) < 0.0001);
    }

    #[test]
    fn packets_of_other_lengths_are_measured() {
        let celt_2_5 = [16 << 3, 0];
        let silk_60_twice = [3 << 3 | 1, 0, 0];
        let silk_60_three_times = [3 << 3 | 3, 3, 0];
        let no_frames = [3 << 3 | 3, 0];
        assert_eq!(packet_samples(&celt_2_5), Some(120));
        assert_eq!(packet_samples(&silk_60_twice), Some(5760));
        assert_eq!(packet_samples(&silk_60_three_times), None);
        assert_eq!(packet_samples(&no_frames), None);
        assert_eq!(packet_samples(&[3]), None);
        assert_eq!(packet_samples(&[]), None);
    }

    #[test]
    fn noise_from_the_network_is_an_error_or_audio_within_bounds_but_never_a_panic() {
        use rand::{RngExt, SeedableRng};
        let mut random = rand::rngs::StdRng::seed_from_u64(6716);
        let mut decoder = OpusDecoder::new().unwrap();
        for _ in 0..2000 {
            let packet: Vec<u8> =
                (0..random.random_range(0..200)).map(|_| random.random()).collect();
            let _ = (packet_samples(&packet), has_fec(&packet));
            if let Ok(samples) = decoder.decode(&packet) {
                assert!(samples.iter().all(|s| (-1.0..=1.0).contains(s)));
            }
            if let Ok(samples) = decoder.decode_fec(&packet, PACKET_SAMPLES) {
                assert_eq!(samples.len(), PACKET_SAMPLES);
            }
        }
    }
}
