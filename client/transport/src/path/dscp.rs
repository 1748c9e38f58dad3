//! A UDP socket that marks what it sends, so that networks which read marks forward audio first
//! (DSCP, RFC 8837: EF for audio, AF41 for interactive video and what belongs to it), and
//! data channels as they forward everything else.
//!
//! The library's socket writes the whole field with each packet, and so removes a mark that was set
//! on the socket. This socket sends by itself, packet by packet, and leaves everything else to the
//! library's. Where a mark can't be set, the packet leaves without one.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::task::{Context, Poll};

use socket2::SockRef;
use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Runtime, TokioRuntime, Transmit};

/// Expedited forwarding (RFC 3246), as the six high bits of the field.
const EF: u32 = 46 << 2;
/// Assured forwarding 41 (RFC 2597).
const AF41: u32 = 34 << 2;
/// What everything else has (RFC 2474).
const DEFAULT: u32 = 0;
/// The content type of application data (RFC 6347 §4.1), which is that of data channels.
const APPLICATION_DATA: u8 = 23;
/// No mark was set yet.
const NO_MARK: u32 = u32::MAX;
/// No payload type: they have seven bits.
const NO_TYPE: u8 = u8::MAX;

/// The payload types that audio, and redundant audio, are sent with. Written by the negotiation,
/// read with every packet.
#[derive(Debug)]
pub(crate) struct AudioPayloadTypes([AtomicU8; 2]);

impl AudioPayloadTypes {
    /// None yet: all packets are marked alike.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self([AtomicU8::new(NO_TYPE), AtomicU8::new(NO_TYPE)]))
    }

    pub(crate) fn set(&self, payload_types: [Option<u8>; 2]) {
        for (place, payload_type) in self.0.iter().zip(payload_types) {
            place.store(payload_type.unwrap_or(NO_TYPE), Ordering::Relaxed);
        }
    }

    fn contains(&self, payload_type: u8) -> bool {
        self.0.iter().any(|place| place.load(Ordering::Relaxed) == payload_type)
    }
}

#[derive(Debug)]
struct MarkedSocket {
    inner: Arc<dyn AsyncUdpSocket>,
    /// Sends: the same socket of the system.
    sending: tokio::net::UdpSocket,
    audio: Arc<AudioPayloadTypes>,
    /// The mark that the socket has.
    mark: AtomicU32,
}

/// Takes the place of [`TokioRuntime::wrap_udp_socket`].
pub(crate) fn wrap(
    socket: UdpSocket,
    audio: Arc<AudioPayloadTypes>,
) -> io::Result<Arc<dyn AsyncUdpSocket>> {
    socket.set_nonblocking(true)?;
    let sending = tokio::net::UdpSocket::from_std(socket.try_clone()?)?;
    let inner = TokioRuntime.wrap_udp_socket(socket)?;
    Ok(Arc::new(MarkedSocket { inner, sending, audio, mark: AtomicU32::new(NO_MARK) }))
}

/// The mark of a packet: one for RTP (RFC 7983 §7) with a payload type of audio, one for data
/// channels, one for all else.
fn mark_of(packet: &[u8], audio: &AudioPayloadTypes) -> u32 {
    match packet {
        [128..=191, kind, ..] if audio.contains(kind & 0x7f) => EF,
        [APPLICATION_DATA, ..] => DEFAULT,
        _ => AF41,
    }
}

impl MarkedSocket {
    fn set_mark(&self, mark: u32, destination: SocketAddr) {
        if self.mark.swap(mark, Ordering::Relaxed) == mark {
            return;
        }
        let socket = SockRef::from(&self.sending);
        // A socket for IPv6 sends IPv4 too, where it does.
        let v4 = socket.set_tos_v4(mark);
        #[cfg(unix)]
        let v6 = socket.set_tclass_v6(mark);
        #[cfg(not(unix))]
        let v6: io::Result<()> = Ok(());
        let set = if destination.is_ipv4() { v4 } else { v6 };
        if let Err(error) = set {
            tracing::trace!("packets can't be marked: {error}");
        }
    }
}

impl AsyncUdpSocket for MarkedSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        if transmit.src_ip.is_some() || transmit.ecn.is_some() {
            return self.inner.poll_send(cx, transmit);
        }
        self.set_mark(mark_of(transmit.contents, &self.audio), transmit.destination);
        self.sending.poll_send_to(cx, transmit.contents, transmit.destination)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_recv(cx, bufs, meta)
    }

    fn max_gro_segments(&self) -> usize {
        self.inner.max_gro_segments()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_marked_before_video() {
        let audio = AudioPayloadTypes::new();
        assert_eq!(mark_of(&[0x80, 111, 0], &audio), AF41);
        assert_eq!(mark_of(&[0x80, 0xff, 0], &audio), AF41);
        audio.set([Some(111), Some(63)]);
        assert_eq!(mark_of(&[0x80, 111, 0], &audio), EF);
        assert_eq!(mark_of(&[0x90, 0x80 | 63, 0], &audio), EF);
        assert_eq!(mark_of(&[0x80, 102, 0], &audio), AF41);
        assert_eq!(mark_of(&[0, 111, 0], &audio), AF41);
        assert_eq!(mark_of(&[23, 0xfe, 0xfd], &audio), DEFAULT);
        assert_eq!(mark_of(&[], &audio), AF41);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn packets_leave_with_their_mark_and_arrive() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // Not every machine has IPv6.
            let Ok(socket) = UdpSocket::bind(address) else { continue };
            let other = tokio::net::UdpSocket::bind(address).await.expect("a socket");
            let watched = socket.try_clone().expect("a handle");
            let audio = AudioPayloadTypes::new();
            audio.set([Some(111), None]);
            let marked = wrap(socket, audio).expect("a marked socket");
            for (packet, mark) in [([0x80, 111], EF), ([0x80, 102], AF41), ([0x80, 111], EF)] {
                marked
                    .send_to(&packet, other.local_addr().expect("an address"))
                    .await
                    .expect("it is sent");
                let mut buffer = [0; 16];
                let (length, from) = other.recv_from(&mut buffer).await.expect("it arrives");
                assert_eq!(
                    (&buffer[..length], from),
                    (&packet[..], marked.local_addr().expect("an address"))
                );
                let set = SockRef::from(&watched);
                let set = if from.is_ipv4() { set.tos_v4() } else { set.tclass_v6() };
                assert_eq!(set.expect("a mark"), mark);
            }
        }
    }
}
