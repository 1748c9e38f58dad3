//! Services that nobody offers, announced by multicast DNS (RFC 6762): thousands of them, with
//! names that no screen should show and addresses of other networks.
//!
//! In: on whose behalf. Out: packets. What always holds: each packet is a well-formed answer, so
//! that it is the content that a resolver and a list have to bear.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// The group and the port of multicast DNS.
const GROUP: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(224, 0, 0, 251), 5353);
/// So many packets follow each other without a pause: more would overrun any socket.
const BURST: u32 = 50;
const PAUSE: Duration = Duration::from_millis(5);
const PTR: u16 = 12;
const TXT: u16 = 16;
const A: u16 = 1;
const SRV: u16 = 33;
const INTERNET: u16 = 1;
/// The sender is the only one with this record (RFC 6762 §10.2).
const FLUSH: u16 = 0x8000;
const TTL: u32 = 120;

/// Announces so many services from this address of one's own.
///
/// # Errors
/// When the system does not let it send.
pub fn announce(from: Ipv4Addr, services: u32) -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, GROUP.port()).into())?;
    socket.set_multicast_if_v4(&from)?;
    socket.set_multicast_ttl_v4(255)?;
    let socket = UdpSocket::from(socket);
    for number in 0..services {
        socket.send_to(&answer(number, from), GROUP)?;
        if number % BURST == BURST - 1 {
            std::thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// The address of a service: elsewhere, or the sender's own, which is the most that can be taken
/// for real.
fn address(number: u32, from: Ipv4Addr) -> Ipv4Addr {
    match number % 4 {
        0 => Ipv4Addr::new(8, 8, 8, 8),
        1 => Ipv4Addr::new(192, 168, 9, (number % 250) as u8),
        2 => Ipv4Addr::LOCALHOST,
        _ => from,
    }
}

/// A name with all that moves a cursor, turns a text or hides in it.
fn name(number: u32) -> String {
    format!("\u{1b}[2J\u{202e}\u{200b}rubbish {number}\u{7}\n\u{0}")
}

fn answer(number: u32, from: Ipv4Addr) -> Vec<u8> {
    let service = [&b"_visavis"[..], b"_tcp", b"local"];
    let label = name(number);
    let instance = [&[label.as_bytes()][..], &service[..]].concat();
    let host_label = format!("rubbish-{number}");
    let host = [host_label.as_bytes(), b"local"];
    // An answer with four records and no question (RFC 1035 §4.1.1).
    let mut packet = vec![0, 0, 0x84, 0, 0, 0, 0, 4, 0, 0, 0, 0];
    record(&mut packet, &service, PTR, INTERNET, &domain(&instance));
    let port = 1024 + (number % 60_000) as u16;
    let mut location = vec![0, 0, 0, 0];
    location.extend(port.to_be_bytes());
    location.extend(domain(&host));
    record(&mut packet, &instance, SRV, INTERNET | FLUSH, &location);
    let strings = ["v=1".to_owned(), "tls=off".to_owned(), format!("id={number:016x}")];
    let strings: Vec<u8> = strings.iter().flat_map(|text| labelled(text.as_bytes())).collect();
    record(&mut packet, &instance, TXT, INTERNET | FLUSH, &strings);
    record(&mut packet, &host, A, INTERNET | FLUSH, &address(number, from).octets());
    packet
}

fn record(packet: &mut Vec<u8>, name: &[&[u8]], kind: u16, class: u16, data: &[u8]) {
    packet.extend(domain(name));
    packet.extend(kind.to_be_bytes());
    packet.extend(class.to_be_bytes());
    packet.extend(TTL.to_be_bytes());
    packet.extend((data.len() as u16).to_be_bytes());
    packet.extend(data);
}

/// A name without compression (RFC 1035 §3.1).
fn domain(labels: &[&[u8]]) -> Vec<u8> {
    let mut name: Vec<u8> = labels.iter().flat_map(|label| labelled(label)).collect();
    name.push(0);
    name
}

fn labelled(bytes: &[u8]) -> Vec<u8> {
    let mut labelled = vec![bytes.len() as u8];
    labelled.extend(bytes);
    labelled
}
