use super::*;

use proptest::prelude::*;

/// Content of which a frame takes so many bits at quantizer 0, and a key frame so many times more.
#[derive(Debug, Clone, Copy)]
struct Content {
    cost: f64,
    key: f64,
    /// How many steps of the quantizer halve what a frame takes.
    halved_by: f64,
}

impl Content {
    fn bytes(self, qp: u8, key: bool) -> usize {
        let more = if key { self.key } else { 0.0 };
        ((self.cost + more - f64::from(qp) / self.halved_by).exp2() / 8.0) as usize
    }
}

/// A frame of 640x360 that takes 20 kbit at quantizer 30.
const HEAD: Content = Content { cost: 19.3, key: 3.0, halved_by: 6.0 };

fn kbps(kbps: u64) -> Bitrate {
    Bitrate::from_kbps(kbps)
}

/// Encodes so many frames; returns the quantizer and size of each.
fn encode(rate: &mut RateControl, content: Content, frames: usize) -> Vec<(u8, usize)> {
    let mut encoded = Vec::new();
    for _ in 0..frames {
        rate.differs(3.0);
        let qp = rate.next_qp(false);
        let bytes = content.bytes(qp, false);
        rate.encoded(qp, false, bytes);
        encoded.push((qp, bytes));
    }
    encoded
}

/// Starts with a key frame, as the encoder does; returns how many bytes it took.
fn start(rate: &mut RateControl, content: Content) -> usize {
    let first = content.bytes(26, true);
    let qp = rate.key_frame_again(26, first).unwrap_or(26);
    let bytes = content.bytes(qp, true);
    rate.encoded(qp, true, bytes);
    bytes
}

fn rate_of(frames: &[(u8, usize)], fps: f64) -> f64 {
    frames.iter().map(|(_, bytes)| bytes * 8).sum::<usize>() as f64 * fps / frames.len() as f64
}

proptest! {
    #[test]
    fn what_comes_out_takes_the_target_whatever_the_content(
        target in 100_u64..3000,
        cost in 17.0..22.0_f64,
        key in 1.0..4.0_f64,
        halved_by in 4.5..8.0_f64,
        fps in 10.0_f32..31.0,
    ) {
        let content = Content { cost, key, halved_by };
        let mut rate = RateControl::new(kbps(target), fps, 26);
        start(&mut rate, content);
        encode(&mut rate, content, 90);
        let frames = encode(&mut rate, content, 120);
        let taken = rate_of(&frames, f64::from(fps)) / (target as f64 * 1e3);
        let worst = frames.iter().map(|(qp, _)| *qp).max().unwrap_or(0);
        let best = frames.iter().map(|(qp, _)| *qp).min().unwrap_or(0);
        // Unless no quantizer takes it.
        prop_assert!(worst == 51 || taken < 1.05, "{taken}");
        prop_assert!(best == 16 || taken > 0.95, "{taken}");
        prop_assert!(worst - best <= 2, "even content has even quality: {best} to {worst}");
    }

    #[test]
    fn a_key_frame_takes_no_more_than_six_frames_whatever_the_content(
        target in 200_u64..3000,
        cost in 17.0..22.0_f64,
        key in 1.0..4.0_f64,
    ) {
        let content = Content { cost, key, halved_by: 6.0 };
        let mut rate = RateControl::new(kbps(target), 30.0, 26);
        let bytes = start(&mut rate, content);
        let frames = bytes as f64 * 8.0 * 30.0 / (target as f64 * 1e3);
        prop_assert!(frames < 6.1 || bytes == content.bytes(51, true), "{frames} frames");
    }
}

#[test]
fn a_lower_target_is_kept_from_the_next_frame_on() {
    let mut rate = RateControl::new(kbps(2500), 30.0, 26);
    start(&mut rate, HEAD);
    encode(&mut rate, HEAD, 60);
    rate.set_target(kbps(500));
    let frames = encode(&mut rate, HEAD, 5);
    assert!(rate_of(&frames, 30.0) < 600e3, "{frames:?}");
}

#[test]
fn a_higher_target_is_used_within_half_a_second() {
    let mut rate = RateControl::new(kbps(300), 30.0, 26);
    start(&mut rate, HEAD);
    encode(&mut rate, HEAD, 60);
    rate.set_target(kbps(1200));
    let frames = encode(&mut rate, HEAD, 20);
    assert!(rate_of(&frames[15..], 30.0) > 1100e3, "{frames:?}");
}

#[test]
fn stillness_saves_up_for_no_burst() {
    let mut rate = RateControl::new(kbps(600), 30.0, 26);
    start(&mut rate, HEAD);
    let still = Content { cost: 15.0, ..HEAD };
    encode(&mut rate, still, 300);
    // Then it moves, and that shows before it is encoded.
    rate.differs(20.0);
    let qp = rate.next_qp(false);
    let bytes = HEAD.bytes(qp, false);
    rate.encoded(qp, false, bytes);
    let first = bytes as f64 * 8.0 * 30.0 / 600e3;
    let soon = rate_of(&encode(&mut rate, HEAD, 15), 30.0) / 600e3;
    let later = rate_of(&encode(&mut rate, HEAD, 30), 30.0) / 600e3;
    assert!(first < 6.0 && soon < 2.0 && (0.5..1.1).contains(&later), "{first} {soon} {later}");
}

#[test]
fn after_a_coarse_key_frame_the_picture_gets_finer_by_and_by() {
    let mut rate = RateControl::new(kbps(600), 30.0, 26);
    start(&mut rate, HEAD);
    let before = encode(&mut rate, HEAD, 60)[59].0;
    rate.set_target(kbps(200));
    let qp = rate.next_qp(true);
    rate.encoded(qp, true, HEAD.bytes(qp, true));
    rate.set_target(kbps(600));
    let after: Vec<u8> = encode(&mut rate, HEAD, 30).iter().map(|(qp, _)| *qp).collect();
    assert!(qp > before + 6 && after[0] >= qp - 3, "{before} {qp} {after:?}");
    assert!(after.windows(2).all(|pair| pair[1] + 3 >= pair[0]), "{after:?}");
    assert!(after[29].abs_diff(before) <= 1, "{before} {after:?}");
}
