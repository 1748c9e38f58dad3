//! The icon in the containers of macOS and Windows, which both take PNG files as they are. Pure.

/// The types of an icon in a `.icns` file by its size in pixels (Apple's Icon Composer format).
const APPLE_TYPES: [(u32, &[u8; 4]); 6] =
    [(16, b"icp4"), (32, b"icp5"), (64, b"icp6"), (128, b"ic07"), (256, b"ic08"), (512, b"ic09")];
/// The sizes in a `.ico` file: those that Windows shows, and from which it makes others.
const WINDOWS_SIZES: [u32; 6] = [16, 24, 32, 48, 64, 256];

/// A `.icns` file of these pictures, each with its size.
pub(super) fn icns(pictures: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (size, kind) in APPLE_TYPES {
        let Some((_, png)) = pictures.iter().find(|(found, _)| *found == size) else { continue };
        body.extend_from_slice(kind);
        body.extend_from_slice(&length(8 + png.len()).to_be_bytes());
        body.extend_from_slice(png);
    }
    let mut file = b"icns".to_vec();
    file.extend_from_slice(&length(8 + body.len()).to_be_bytes());
    file.append(&mut body);
    file
}

/// A `.ico` file of these pictures.
pub(super) fn ico(pictures: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let wanted = pictures.iter().filter(|(size, _)| WINDOWS_SIZES.contains(size));
    let pictures: Vec<&(u32, Vec<u8>)> = wanted.collect();
    let count = u16::try_from(pictures.len()).unwrap_or(u16::MAX);
    let mut file: Vec<u8> = [0_u16, 1, count].iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut offset = file.len() + 16 * pictures.len();
    for (size, png) in &pictures {
        // 256 is written as 0.
        let side = u8::try_from(*size).unwrap_or(0);
        file.extend_from_slice(&[side, side, 0, 0]);
        file.extend([1_u16, 32].iter().flat_map(|word| word.to_le_bytes()));
        file.extend_from_slice(&length(png.len()).to_le_bytes());
        file.extend_from_slice(&length(offset).to_le_bytes());
        offset += png.len();
    }
    for (_, png) in pictures {
        file.extend_from_slice(png);
    }
    file
}

/// Icons are far below 4 GiB.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pictures() -> Vec<(u32, Vec<u8>)> {
        vec![(16, b"sixteen".to_vec()), (22, b"no place".to_vec()), (256, b"large".to_vec())]
    }

    #[test]
    fn each_picture_stands_in_the_file_of_macos_under_its_type() {
        let file = icns(&pictures());
        let whole = u32::from_be_bytes(file[4..8].try_into().expect("four bytes"));
        assert_eq!((&file[..4], whole as usize), (&b"icns"[..], file.len()));
        let mut at = 8;
        let mut found = Vec::new();
        while at < file.len() {
            let length = u32::from_be_bytes(file[at + 4..at + 8].try_into().expect("four"));
            found.push((file[at..at + 4].to_vec(), file[at + 8..at + length as usize].to_vec()));
            at += length as usize;
        }
        let expected =
            [(b"icp4".to_vec(), b"sixteen".to_vec()), (b"ic08".to_vec(), b"large".to_vec())];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_file_of_windows_says_where_each_picture_lies() {
        let file = ico(&pictures());
        assert_eq!(file[..6], [0, 0, 1, 0, 2, 0]);
        for (entry, (side, png)) in
            [(16_u8, &b"sixteen"[..]), (0, &b"large"[..])].iter().enumerate()
        {
            let entry = &file[6 + 16 * entry..22 + 16 * entry];
            assert_eq!(entry[0], *side);
            let word = |at: usize| {
                u32::from_le_bytes(entry[at..at + 4].try_into().expect("four bytes")) as usize
            };
            assert_eq!(&file[word(12)..word(12) + word(8)], *png);
        }
    }
}
