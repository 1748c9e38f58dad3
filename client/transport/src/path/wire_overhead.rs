//! What a media packet costs on the wire beyond its RTP packet, by the path that it takes.
//!
//! In goes a datagram as it is handed to a socket; a number of bytes comes out. Counted is what our
//! own link carries:
//! - SRTP's authentication tag, of AES128_CM_HMAC_SHA1_80, the only profile that we offer (RFC 5764
//!   §4.1.2): 10 bytes;
//! - to a relay, TURN's framing: the header of ChannelData of 4 bytes (RFC 8656 §12.4), or all of a
//!   Send indication;
//! - UDP's header of 8 bytes (RFC 768), or TCP's of 20 to a relay that is reached over a stream
//!   (RFC 9293 §3.1; neither its options nor TLS records);
//! - IP's header: 20 bytes (RFC 791), or 40 for IPv6 (RFC 8200 §3).

use webrtc::runtime::Transmit;

use super::socket::packet::carried;

const SRTP_TAG: usize = 10;
const UDP_HEADER: usize = 8;
const TCP_HEADER: usize = 20;
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;

/// Of a packet that goes straight to the other over IPv4; assumed until one has left.
pub const DIRECT_IPV4: usize = SRTP_TAG + UDP_HEADER + IPV4_HEADER;

/// Of the media datagram that is handed to a socket. The address that stands for a relay behind a
/// stream does not tell the stream's family: IPv4 is assumed.
pub(super) fn wire_overhead(transmit: &Transmit<'_>, over_stream: bool) -> usize {
    // Several of one size may be handed over together.
    let first = transmit.segment_size.and_then(|size| transmit.contents.get(..size));
    let datagram = first.unwrap_or(transmit.contents);
    let turn = datagram.len() - carried(datagram).map_or(0, <[u8]>::len);
    let is_ipv6 = !over_stream && transmit.destination.ip().to_canonical().is_ipv6();
    let ip = if is_ipv6 { IPV6_HEADER } else { IPV4_HEADER };
    SRTP_TAG + turn + if over_stream { TCP_HEADER } else { UDP_HEADER } + ip
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

    use super::*;

    /// The overhead of one or more RTP packets of 1000 bytes.
    fn overhead(to: impl Into<IpAddr>, contents: &[u8], over_stream: bool) -> usize {
        let transmit = Transmit {
            destination: SocketAddr::new(to.into(), 5000),
            ecn: None,
            contents,
            segment_size: (contents.len() > 1500).then_some(contents.len() / 2),
            src_ip: None,
        };
        wire_overhead(&transmit, over_stream)
    }

    #[test]
    fn what_the_path_adds_is_counted_by_its_family_and_its_relay() {
        let (v4, v6) = (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
        let direct = [0x80; 1000];
        // On channel 0x4000.
        let relayed = [&[0x40, 0, 0x03, 0xe8], direct.as_slice()].concat();
        assert_eq!(overhead(v4, &direct, false), 10 + 8 + 20);
        assert_eq!(overhead(v4.to_ipv6_mapped(), &direct, false), 10 + 8 + 20);
        assert_eq!(overhead(v6, &direct, false), 10 + 8 + 40);
        assert_eq!(overhead(v4, &relayed, false), 10 + 4 + 8 + 20);
        assert_eq!(overhead(v6, &relayed, false), 10 + 4 + 8 + 40);
        assert_eq!(overhead(v6, &relayed.repeat(2), false), 10 + 4 + 8 + 40);
        assert_eq!(overhead(v4, &relayed, true), 10 + 4 + 20 + 20);
    }
}
