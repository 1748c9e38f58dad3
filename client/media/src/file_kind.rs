//! What a file is that is not what it was taken for, by its first bytes; for words to a person.

/// How many bytes of a file tell what it is.
pub(crate) const HEAD_BYTES: usize = 12;

/// What files begin with: at which byte, with what, and what they are.
const KINDS: [(usize, &[u8], &str); 20] = [
    (0, b"ID3", "an MP3 file"),
    (0, b"\xFF\xFB", "an MP3 file"),
    (0, b"\xFF\xF3", "an MP3 file"),
    (0, b"fLaC", "a FLAC file"),
    (0, b"OggS", "an Ogg file"),
    (4, b"ftyp", "an MP4 or QuickTime file"),
    (0, b"\x1A\x45\xDF\xA3", "a Matroska or WebM file"),
    (0, b"FORM", "an AIFF file"),
    (0, b".snd", "an AU file"),
    (8, b"AVI ", "an AVI file"),
    (8, b"WAVE", "a WAV file, which has sound and no pictures"),
    (0, b"YUV4MPEG2", "a Y4M file, which has pictures and no sound"),
    (0, b"riff\x2E\x91", "a 64-bit Wave file (Wave64)"),
    (0, b"\0\0\x01\xBA", "an MPEG file"),
    (0, b"GIF8", "a GIF file"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xFF\xD8\xFF", "a JPEG picture"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1F\x8B", "a gzip archive"),
    (0, b"%PDF", "a PDF document"),
];

/// What a file is that begins so, with an article; `None` for what is not known.
pub(crate) fn kind_of(head: &[u8]) -> Option<&'static str> {
    let begins =
        |at: usize, bytes: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(bytes));
    KINDS.iter().find(|(at, bytes, _)| begins(*at, bytes)).map(|(.., kind)| *kind)
}
