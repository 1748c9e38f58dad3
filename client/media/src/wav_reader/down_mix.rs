//! Many channels of a recording as one.
//!
//! A file's channels are the loudspeakers of a room, in an order that its mask tells or that is
//! usual (`WAVEFORMATEXTENSIBLE`, `dwChannelMask`). Front, centre and surround count as ITU-R
//! BS.775 weighs them, and the low-frequency effects not at all. The weights add up to 1: what all
//! channels say keeps its level, and nothing goes beyond full scale.

/// ITU-R BS.775-3, annex 4: centre and surround against left and right.
const MINUS_3_DB: f32 = std::f32::consts::FRAC_1_SQRT_2;
const FRONT_CENTRE: u32 = 0x4;
const LOW_FREQUENCY: u32 = 0x8;
/// Left, right, and those left and right of the centre.
const FRONT: u32 = 0x1 | 0x2 | 0x40 | 0x80;
/// The loudspeakers that are usual for so many channels, from one on.
const USUAL: [u32; 8] = [0x4, 0x3, 0x7, 0x33, 0x37, 0x3F, 0x70F, 0x63F];

/// Mixes the channels of one file.
#[derive(Debug)]
pub(super) struct DownMix {
    /// One for each channel.
    weights: Vec<f32>,
}

impl DownMix {
    /// For so many channels; a mask that does not fit them is not looked at.
    pub(super) fn new(channels: u16, mask: u32) -> Self {
        let usual = USUAL.get(usize::from(channels).wrapping_sub(1)).copied().unwrap_or_default();
        let mask = if mask.count_ones() == u32::from(channels) { mask } else { usual };
        let loudspeakers = (0..u32::BITS).map(|bit| mask & (1 << bit)).filter(|bit| *bit != 0);
        let mut weights: Vec<f32> = loudspeakers.map(weight).collect();
        weights.resize(channels.into(), 1.0);
        let sum: f32 = weights.iter().sum();
        if sum > 0.0 {
            weights.iter_mut().for_each(|weight| *weight /= sum);
        } else {
            // Low frequencies are all there is.
            weights.fill(1.0 / f32::from(channels.max(1)));
        }
        Self { weights }
    }

    /// Appends one sample for each that all channels have.
    pub(super) fn mix(&self, interleaved: &[f32], mono: &mut Vec<f32>) {
        let frames = interleaved.chunks_exact(self.weights.len().max(1));
        mono.extend(
            frames.map(|frame| frame.iter().zip(&self.weights).map(|(s, w)| s * w).sum::<f32>()),
        );
    }
}

fn weight(loudspeaker: u32) -> f32 {
    match loudspeaker {
        LOW_FREQUENCY => 0.0,
        FRONT_CENTRE => MINUS_3_DB,
        front if front & FRONT != 0 => 0.5,
        _ => 0.5 * MINUS_3_DB,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(channels: u16, mask: u32, frame: &[f32]) -> f32 {
        let mut mono = Vec::new();
        DownMix::new(channels, mask).mix(frame, &mut mono);
        assert_eq!(mono.len(), 1);
        mono[0]
    }

    #[test]
    fn what_all_channels_say_keeps_its_level() {
        for channels in 1..=32 {
            for mask in [0, u32::MAX, 0x8, 0x3F, (1 << (channels % 32)) - 1] {
                let mono = mixed(channels, mask, &vec![1.0; channels.into()]);
                assert!((mono - 1.0).abs() < 1e-5, "{mono} from {channels} channels, {mask:x}");
            }
        }
    }

    #[test]
    fn stereo_is_the_mean_and_a_voice_in_the_centre_is_heard() {
        assert_eq!(mixed(2, 0, &[1.0, 0.5]), 0.75);
        assert_eq!(mixed(2, 0x3, &[0.0, 0.5]), 0.25);
        let centre = mixed(6, 0x3F, &[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        assert!((centre - 0.293).abs() < 1e-3, "{centre}");
        assert_eq!(mixed(6, 0, &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]), 0.0);
    }
}
