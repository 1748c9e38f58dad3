//! Stands between a Wayland program and its compositor, and adds one event for the program.
//!
//! xdg-desktop-portal-wlr 0.7.0 (Debian 12) shares a screen only where `wlr-screencopy` offers
//! buffers of a graphics card beside those in memory, also when it then takes the latter. A
//! compositor that paints on the processor has none to offer, so this offers them in its name.

use std::path::Path;

use crate::proxy;

/// A colour's layout (XRGB8888) as the kernel's graphics cards name it: "XR24".
const XR24: u32 = 0x3432_5258;
/// The event `linux_dmabuf` of a frame (`zwlr_screencopy_frame_v1`).
const LINUX_DMABUF: u32 = 5;

/// Listens on one socket and connects each program to the compositor on another one.
pub(crate) fn start(listen: &Path, compositor: &Path) {
    proxy::start(listen, compositor, || add_offers);
}

/// Takes the whole messages out of what was read, and puts an offer of buffers of a graphics card
/// behind each one of buffers in memory: the event `buffer` with format, width, height, stride.
fn add_offers(read: &mut Vec<u8>) -> Vec<u8> {
    let mut passed = Vec::new();
    loop {
        let words: Vec<u32> =
            read.as_chunks::<4>().0.iter().take(6).map(|word| u32::from_ne_bytes(*word)).collect();
        let Some(size) = words.get(1).map(|word| (word >> 16) as usize) else { return passed };
        if read.len() < size {
            return passed;
        }
        passed.extend(read.drain(..size));
        if let [frame, head, 0 | 1, width, height, stride] = words[..]
            && head == 24 << 16
            && stride == width * 4
        {
            let offer = [frame, 20 << 16 | LINUX_DMABUF, XR24, width, height];
            passed.extend(offer.iter().flat_map(|word| word.to_ne_bytes()));
        }
    }
}
