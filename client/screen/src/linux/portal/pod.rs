//! Pure: the few of SPA's plain old data (PODs) that a video stream needs (PipeWire's
//! documentation, "SPA POD").
//!
//! In: which formats and buffers are wanted, or the bytes of a format that was agreed on. Out: the
//! bytes of the parameters, or the format. What always holds: a POD is padded to 8 bytes; what is
//! read is checked.

use super::pixels::Format;

const ID: u32 = 3;
const INT: u32 = 4;
const RECTANGLE: u32 = 10;
const FRACTION: u32 = 11;
const OBJECT: u32 = 15;
const CHOICE: u32 = 19;

const CHOICE_RANGE: u32 = 1;
const CHOICE_ENUM: u32 = 3;
const CHOICE_FLAGS: u32 = 4;

const OBJECT_FORMAT: u32 = 0x4_0003;
const OBJECT_BUFFERS: u32 = 0x4_0004;
const OBJECT_META: u32 = 0x4_0005;

/// `SPA_PARAM_EnumFormat`.
const PARAM_ENUM_FORMAT: u32 = 3;
/// `SPA_PARAM_Format`.
pub(super) const PARAM_FORMAT: u32 = 4;
const PARAM_BUFFERS: u32 = 5;
const PARAM_META: u32 = 6;

const MEDIA_TYPE: u32 = 1;
const MEDIA_SUBTYPE: u32 = 2;
const VIDEO_FORMAT: u32 = 0x2_0001;
const VIDEO_SIZE: u32 = 0x2_0003;
const VIDEO_FRAMERATE: u32 = 0x2_0004;
const VIDEO_MAX_FRAMERATE: u32 = 0x2_0005;
const MEDIA_TYPE_VIDEO: u32 = 2;
const MEDIA_SUBTYPE_RAW: u32 = 1;

const BUFFERS_BUFFERS: u32 = 1;
const BUFFERS_BLOCKS: u32 = 2;
const BUFFERS_DATA_TYPE: u32 = 6;
/// A pointer (1) or a file in memory (2), and no memory of a graphics card.
const IN_MEMORY: u32 = 1 << 1 | 1 << 2;

const META_TYPE: u32 = 1;
const META_SIZE: u32 = 2;
/// `SPA_META_VideoCrop`: which part of a buffer counts.
pub(super) const META_VIDEO_CROP: u32 = 2;
/// `struct spa_meta_region`.
const META_REGION_BYTES: u32 = 16;

/// The largest side that is agreed to.
const MAX_SIDE: u32 = 16_384;

struct Writer(Vec<u8>);

impl Writer {
    fn words(&mut self, words: &[u32]) {
        self.0.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
    }

    /// A property with a POD of this type and content.
    fn property(&mut self, key: u32, kind: u32, content: &[u32]) {
        let bytes = content.len() as u32 * 4;
        self.words(&[key, 0, bytes, kind]);
        self.words(content);
        self.0.resize(self.0.len().next_multiple_of(8), 0);
    }

    /// A property with a choice: the default first, then what belongs to the kind of choice. Each
    /// value has as many words as its type.
    fn choice(&mut self, key: u32, choice: u32, kind: u32, values: &[&[u32]]) {
        let words = values.first().map_or(0, |value| value.len() as u32);
        let mut content = vec![choice, 0, words * 4, kind];
        content.extend(values.iter().flat_map(|value| value.iter().copied()));
        self.property(key, CHOICE, &content);
    }
}

fn object(kind: u32, id: u32, properties: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer(Vec::new());
    writer.words(&[0, OBJECT, kind, id]);
    properties(&mut writer);
    let mut bytes = writer.0;
    let size = bytes.len() as u32 - 8;
    bytes.splice(..4, size.to_ne_bytes());
    bytes
}

/// The formats that are understood, at any size, and no more frames than wanted.
pub(super) fn formats(fps: u32) -> Vec<u8> {
    object(OBJECT_FORMAT, PARAM_ENUM_FORMAT, |object| {
        object.property(MEDIA_TYPE, ID, &[MEDIA_TYPE_VIDEO]);
        object.property(MEDIA_SUBTYPE, ID, &[MEDIA_SUBTYPE_RAW]);
        let formats = Format::ALL.map(|format| [format as u32]);
        let preferred: &[u32] = &[Format::Bgrx as u32];
        let values: Vec<&[u32]> =
            std::iter::once(preferred).chain(formats.iter().map(|id| &id[..])).collect();
        object.choice(VIDEO_FORMAT, CHOICE_ENUM, ID, &values);
        let sizes: [&[u32]; 3] = [&[1920, 1080], &[1, 1], &[MAX_SIDE, MAX_SIDE]];
        object.choice(VIDEO_SIZE, CHOICE_RANGE, RECTANGLE, &sizes);
        // Frames come when something changes.
        let rates: [&[u32]; 3] = [&[0, 1], &[0, 1], &[1000, 1]];
        object.choice(VIDEO_FRAMERATE, CHOICE_RANGE, FRACTION, &rates);
        let most: [&[u32]; 3] = [&[fps, 1], &[1, 1], &[fps, 1]];
        object.choice(VIDEO_MAX_FRAMERATE, CHOICE_RANGE, FRACTION, &most);
    })
}

/// Which buffers are wanted.
pub(super) fn buffers() -> Vec<u8> {
    object(OBJECT_BUFFERS, PARAM_BUFFERS, |object| {
        object.choice(BUFFERS_BUFFERS, CHOICE_RANGE, INT, &[&[4], &[2], &[16]]);
        object.property(BUFFERS_BLOCKS, INT, &[1]);
        object.choice(BUFFERS_DATA_TYPE, CHOICE_FLAGS, INT, &[&[IN_MEMORY]]);
    })
}

/// That which part of a buffer counts is wanted with it.
pub(super) fn crop() -> Vec<u8> {
    object(OBJECT_META, PARAM_META, |object| {
        object.property(META_TYPE, ID, &[META_VIDEO_CROP]);
        object.property(META_SIZE, INT, &[META_REGION_BYTES]);
    })
}

/// The format and size that were agreed on; `None` where it is none of ours.
pub(super) fn read_format(pod: &[u8]) -> Option<(Format, u32, u32)> {
    let word =
        |at: usize| Some(u32::from_ne_bytes(pod.get(at..at.checked_add(4)?)?.try_into().ok()?));
    if word(4)? != OBJECT || word(8)? != OBJECT_FORMAT {
        return None;
    }
    let end = (word(0)? as usize).checked_add(8)?.min(pod.len());
    let (mut format, mut size, mut at) = (None, None, 16_usize);
    while at.checked_add(16)? <= end {
        let (key, bytes, kind) = (word(at)?, word(at + 8)? as usize, word(at + 12)?);
        // A choice of which one is left has a head of its own.
        let (kind, value) = match kind {
            CHOICE => (word(at + 28)?, at + 32),
            _ => (kind, at + 16),
        };
        match (key, kind) {
            (VIDEO_FORMAT, ID) => format = Format::of(word(value)?),
            (VIDEO_SIZE, RECTANGLE) => size = Some((word(value)?, word(value + 4)?)),
            _ => {}
        }
        at = at.checked_add(16)?.checked_add(bytes.checked_next_multiple_of(8)?)?;
    }
    let (width, height) = size?;
    let sides = 1..=MAX_SIDE;
    (sides.contains(&width) && sides.contains(&height)).then_some((format?, width, height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(pod: &[u8]) -> Vec<u32> {
        pod.as_chunks::<4>().0.iter().map(|word| u32::from_ne_bytes(*word)).collect()
    }

    #[test]
    fn parameters_are_laid_out_as_pipewire_reads_them() {
        let meta = [48, 15, 0x4_0005, 6, 1, 0, 4, 3, 2, 0, 2, 0, 4, 4, 16, 0];
        let mut want = meta.to_vec();
        want[0] = 56;
        assert_eq!(words(&crop()), want);
        let buffers = words(&buffers());
        assert_eq!(buffers[0] as usize, buffers.len() * 4 - 8);
        assert_eq!(buffers[1..4], [15, 0x4_0004, 5]);
        // A range of integers: default, least, most, padded.
        assert_eq!(buffers[4..16], [1, 0, 28, 19, 1, 0, 4, 4, 4, 2, 16, 0]);
        let formats = words(&formats(15));
        assert_eq!(formats[0] as usize, formats.len() * 4 - 8);
        assert_eq!(formats[4..16], [1, 0, 4, 3, 2, 0, 2, 0, 4, 3, 1, 0]);
        assert_eq!(formats[16..24], [0x2_0001, 0, 36, 19, 3, 0, 4, 3]);
        assert_eq!(formats[24..30], [8, 8, 12, 7, 11, 0]);
    }

    #[test]
    fn what_was_agreed_on_is_read_plain_or_as_the_one_choice_that_is_left() {
        let plain = object(OBJECT_FORMAT, PARAM_FORMAT, |object| {
            object.property(MEDIA_TYPE, ID, &[MEDIA_TYPE_VIDEO]);
            object.property(VIDEO_FORMAT, ID, &[11]);
            object.property(VIDEO_SIZE, RECTANGLE, &[800, 600]);
        });
        assert_eq!(read_format(&plain), Some((Format::Rgba, 800, 600)));
        assert_eq!(read_format(&formats(15)), Some((Format::Bgrx, 1920, 1080)));
        for other in [buffers(), crop(), Vec::new()] {
            assert_eq!(read_format(&other), None);
        }
        for cut in 0..plain.len() {
            assert_eq!(read_format(&plain[..cut]), None, "{cut}");
        }
        let nothing = object(OBJECT_FORMAT, PARAM_FORMAT, |object| {
            object.property(VIDEO_FORMAT, ID, &[11]);
            object.property(VIDEO_SIZE, RECTANGLE, &[0, u32::MAX]);
        });
        assert_eq!(read_format(&nothing), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_read_beyond_their_end(
            mut pod in prop::collection::vec(any::<u8>(), 0..200), framed: bool, at in 0_usize..60,
            word: u32,
        ) {
            if framed {
                pod = formats(15);
                let at = at % (pod.len() / 4) * 4;
                pod.splice(at..at + 4, word.to_ne_bytes());
            }
            if let Some((_, width, height)) = read_format(&pod) {
                prop_assert!((1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height));
            }
        }
    }
}
