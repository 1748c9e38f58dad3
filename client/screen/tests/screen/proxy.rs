//! Stands between a program and its server, on sockets over which descriptors are passed, and
//! changes what the server says.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Listens on one socket and connects each program to the server on another one. `change` takes
/// what it can out of what the server said, and gives what the program is to read. The threads end
/// with the connections.
pub(crate) fn start<C: FnMut(&mut Vec<u8>) -> Vec<u8> + Send + 'static>(
    listen: &Path,
    server: &Path,
    change: impl Fn() -> C + Send + 'static,
) {
    let listener = UnixListener::bind(listen).expect("a socket");
    let server: PathBuf = server.to_owned();
    let run = move || {
        for program in listener.incoming() {
            let Ok(program) = program else { return };
            let Ok(server) = UnixStream::connect(&server) else { return };
            let other = |stream: &UnixStream| stream.try_clone().expect("a descriptor");
            pump(other(&program), other(&server), std::mem::take);
            pump(server, program, change());
        }
    };
    std::thread::Builder::new().name("proxy".into()).spawn(run).expect("a thread");
}

fn pump(
    from: UnixStream,
    to: UnixStream,
    mut change: impl FnMut(&mut Vec<u8>) -> Vec<u8> + Send + 'static,
) {
    let run = move || {
        let mut read = Vec::new();
        while forward(&from, &to, &mut read, &mut change).is_some() {}
    };
    std::thread::Builder::new().name("pump".into()).spawn(run).expect("a thread");
}

/// Passes on what comes next, with its descriptors.
fn forward(
    from: &UnixStream,
    to: &UnixStream,
    read: &mut Vec<u8>,
    change: &mut impl FnMut(&mut Vec<u8>) -> Vec<u8>,
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
