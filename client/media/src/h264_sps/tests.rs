use proptest::prelude::*;

use super::*;

/// Writes the bits of a parameter set, so that each test says what it holds.
#[derive(Default)]
struct Writer(Vec<bool>);

impl Writer {
    fn bits(mut self, value: u32, count: u32) -> Self {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn unsigned(self, value: u32) -> Self {
        let bits = (value + 1).ilog2();
        self.bits(0, bits).bits(value + 1, bits + 1)
    }

    /// As a NAL unit of type 7, with emulation prevention.
    fn nal(self) -> Vec<u8> {
        let body = self.bits(1, 1).0;
        let mut nal = vec![0x67];
        let mut zeros = 0;
        for chunk in body.chunks(8) {
            let byte = chunk.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
            let byte = byte << (8 - chunk.len());
            if zeros >= 2 && byte <= 3 {
                nal.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            nal.push(byte);
        }
        nal
    }
}

/// What the tests vary.
#[derive(Clone, Copy)]
struct Stream {
    profile: u32,
    chroma: u32,
    depth: u32,
    references: u32,
    macroblocks: (u32, u32),
    frames_only: bool,
    cropped_bottom: u32,
}

const PLAIN: Stream = Stream {
    profile: 66,
    chroma: 1,
    depth: 8,
    references: 1,
    macroblocks: (80, 45),
    frames_only: true,
    cropped_bottom: 0,
};

fn sps(stream: Stream) -> Vec<u8> {
    let mut writer = Writer::default().bits(stream.profile, 8).bits(0, 8).bits(40, 8).unsigned(3);
    if stream.profile >= 100 {
        writer = writer.unsigned(stream.chroma);
        if stream.chroma == 3 {
            writer = writer.bits(0, 1);
        }
        writer = writer.unsigned(stream.depth - 8).unsigned(stream.depth - 8).bits(0, 1);
        // A scaling matrix whose first list is the flat one, written out, and no other.
        writer = writer.bits(1, 1).bits(1, 1);
        writer = (0..15).fold(writer.unsigned(15), |writer, _| writer.unsigned(0));
        writer = writer.bits(0, if stream.chroma == 3 { 11 } else { 7 });
    }
    let map_units = stream.macroblocks.1 / if stream.frames_only { 1 } else { 2 };
    writer = writer.unsigned(0).unsigned(2).unsigned(stream.references).bits(0, 1);
    writer = writer.unsigned(stream.macroblocks.0 - 1).unsigned(map_units - 1);
    writer = writer.bits(u32::from(stream.frames_only), 1);
    if !stream.frames_only {
        writer = writer.bits(0, 1);
    }
    writer = writer.bits(1, 1).bits(1, 1).unsigned(0).unsigned(0).unsigned(0);
    writer.unsigned(stream.cropped_bottom).bits(0, 1).nal()
}

fn read(stream: Stream) -> Sps {
    Sps::read(&sps(stream)).expect("it can be read")
}

fn verdict(stream: Stream) -> Option<Unsupported> {
    read(stream).unsupported(H264Level::OURS)
}

#[test]
fn a_parameter_set_says_what_its_stream_is_like() {
    let read = read(Stream { macroblocks: (120, 68), cropped_bottom: 4, ..PLAIN });
    assert_eq!((read.id, read.profile, read.reference_frames), (3, 66, 1));
    assert_eq!((read.macroblocks, read.shown), ((120, 68), (1920, 1080)));
    assert!(read.frames_only && read.color == ColorSpace::default());
}

#[test]
fn those_of_real_encoders_are_read() {
    let x264 = [
        0x67, 0x42, 0xc0, 0x0a, 0xda, 0x11, 0xec, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00,
        0x00, 0x07, 0x83, 0xc4, 0x89, 0xa8,
    ];
    let sps = Sps::read(&x264).expect("it can be read");
    assert_eq!((sps.profile, sps.shown, sps.reference_frames), (66, (64, 48), 1));
    assert_eq!(sps.unsupported(H264Level::OURS), None);
}

#[test]
fn what_openh264_can_not_decode_is_named() {
    let high = Stream { profile: 100, ..PLAIN };
    assert_eq!(verdict(PLAIN), None);
    assert_eq!(verdict(high), None);
    assert_eq!(
        verdict(Stream { frames_only: false, macroblocks: (80, 46), ..PLAIN }),
        Some(Unsupported::Interlaced)
    );
    assert_eq!(
        verdict(Stream { profile: 110, depth: 10, ..PLAIN }),
        Some(Unsupported::BitDepth(10))
    );
    assert_eq!(verdict(Stream { profile: 122, chroma: 2, ..PLAIN }), Some(Unsupported::Chroma(2)));
    assert_eq!(verdict(Stream { profile: 244, chroma: 3, ..PLAIN }), Some(Unsupported::Chroma(3)));
    assert_eq!(Unsupported::Chroma(2).to_string(), "with colours in 4:2:2");
}

#[test]
fn no_more_is_taken_than_the_level_that_was_offered_holds() {
    let full_hd = Stream { macroblocks: (120, 68), references: 4, ..PLAIN };
    assert_eq!(verdict(full_hd), None);
    assert_eq!(verdict(Stream { references: 5, ..full_hd }), Some(Unsupported::References(5)));
    assert_eq!(
        verdict(Stream { macroblocks: (256, 144), references: 16, ..PLAIN }),
        Some(Unsupported::Size(4096, 2304))
    );
    // As many macroblocks as are allowed, but in a row.
    assert_eq!(
        verdict(Stream { macroblocks: (400, 4), ..PLAIN }),
        Some(Unsupported::Size(6400, 64))
    );
    assert_eq!(verdict(Stream { macroblocks: (20, 15), references: 16, ..PLAIN }), None);
    assert_eq!(
        verdict(Stream { macroblocks: (20, 15), references: 17, ..PLAIN }),
        Some(Unsupported::References(17))
    );
}

#[test]
fn a_set_that_breaks_off_or_is_of_another_kind_is_an_error() {
    let whole = sps(PLAIN);
    for cut in 1..8 {
        assert_eq!(Sps::read(&whole[..cut]), Err(SpsError::Malformed), "{cut} bytes");
    }
    assert_eq!(Sps::read(&[]), Err(SpsError::Unknown));
    assert_eq!(Sps::read(&[0x68, 66, 0, 40]), Err(SpsError::Unknown));
    assert_eq!(Sps::read(&[0x67, 118, 0, 40, 0xff]), Err(SpsError::Unknown));
}

#[test]
fn each_set_of_an_access_unit_is_judged_wherever_it_stands() {
    let slice = [0, 0, 1, 0x65, 0x88, 0x84];
    let large = sps(Stream { macroblocks: (256, 144), references: 16, ..PLAIN });
    let unit = |sets: &[&[u8]]| {
        let mut unit = slice.to_vec();
        for set in sets {
            unit.extend([0, 0, 1]);
            unit.extend(*set);
        }
        unit.extend(slice);
        judge(&unit, H264Level::OURS)
    };
    assert_eq!(unit(&[]), Ok(None));
    assert_eq!(unit(&[&sps(PLAIN)]), Ok(None));
    assert_eq!(unit(&[&sps(PLAIN), &large]), Ok(Some(Unsupported::Size(4096, 2304))));
    let subset = [&[0x6f][..], &sps(PLAIN)[1..]].concat();
    assert_eq!(unit(&[&subset]), Ok(Some(Unsupported::Profile)));
    assert_eq!(unit(&[&sps(PLAIN)[..6]]), Err(SpsError::Malformed));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_bytes_are_reading_ends(mut bytes in prop::collection::vec(any::<u8>(), 0..80), profile: u8) {
        if let Some(first) = bytes.first_mut() {
            *first = 0x67;
        }
        if let Some(second) = bytes.get_mut(1) {
            *second = [66, 77, 100, 110, 122, 244, profile][usize::from(profile % 7)];
        }
        if let Ok(sps) = Sps::read(&bytes) {
            prop_assert!(sps.macroblocks.0 <= MAX_SIDE_IN_MBS && sps.macroblocks.1 <= 2 * MAX_SIDE_IN_MBS);
            prop_assert!(sps.shown.0 <= sps.macroblocks.0 * 16 && sps.shown.1 <= sps.macroblocks.1 * 16);
        }
        let unit = [&[0, 0, 1][..], &bytes].concat();
        let _ = judge(&unit, H264Level::OURS);
    }
}
