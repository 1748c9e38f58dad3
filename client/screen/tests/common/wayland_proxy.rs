//! Stands between a Wayland program and its compositor, and adds one event for the program.
//!
//! xdg-desktop-portal-wlr 0.7.0 (Debian 12) shares a screen only where `wlr-screencopy` offers
//! buffers of a graphics card beside those in memory, also when it then takes the latter. A
//! compositor that paints on the processor has none to offer, so this offers them in its name.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// A colour's layout (XRGB8888) as the kernel's graphics cards name it: "XR24".
const XR24: u32 = 0x3432_5258;
/// The event `linux_dmabuf` of a frame (`zwlr_screencopy_frame_v1`).
const LINUX_DMABUF: u32 = 5;

/// Listens on one socket and connects each program to the compositor on another one. Its threads
/// end with the connections.
pub(crate) fn start(listen: &Path, compositor: &Path) {
    let listener = UnixListener::bind(listen).expect("a socket");
    let compositor: PathBuf = compositor.to_owned();
    let run = move || {
        for program in listener.incoming() {
            let Ok(program) = program else { return };
            let Ok(server) = UnixStream::connect(&compositor) else { return };
            let other = |stream: &UnixStream| stream.try_clone().expect("a descriptor");
            let (from, to) = (other(&program), other(&server));
            pump(from, to, std::mem::take);
            pump(server, program, add_offers);
        }
    };
    std::thread::Builder::new().name("wayland-proxy".into()).spawn(run).expect("a thread");
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

fn pump(
    from: UnixStream,
    to: UnixStream,
    change: impl Fn(&mut Vec<u8>) -> Vec<u8> + Send + 'static,
) {
    let run = move || {
        let mut read = Vec::new();
        while forward(&from, &to, &mut read, &change).is_some() {}
    };
    std::thread::Builder::new().name("wayland-pump".into()).spawn(run).expect("a thread");
}

/// Passes on what comes next, with its descriptors.
fn forward(
    from: &UnixStream,
    to: &UnixStream,
    read: &mut Vec<u8>,
    change: &impl Fn(&mut Vec<u8>) -> Vec<u8>,
) -> Option<()> {
    let mut bytes = vec![0; 64 * 1024];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(28))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let got = recvmsg(from, &mut [IoSliceMut::new(&mut bytes)], &mut ancillary, flags).ok()?;
    let rights = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(rights) => Some(rights),
        _ => None,
    });
    let descriptors: Vec<OwnedFd> = rights.flatten().collect();
    if got.bytes == 0 {
        let _ = to.shutdown(std::net::Shutdown::Both);
        return None;
    }
    read.extend_from_slice(&bytes[..got.bytes]);
    let passed = change(read);
    let borrowed: Vec<_> = descriptors.iter().map(|descriptor| descriptor.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(28))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !borrowed.is_empty() {
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&borrowed)), "so many fit");
    }
    let mut sent = 0;
    while sent < passed.len() {
        let slice = [IoSlice::new(&passed[sent..])];
        sent += sendmsg(to, &slice, &mut ancillary, SendFlags::NOSIGNAL).ok()?;
        ancillary.clear();
    }
    Some(())
}
