//! One allocation: an address at the relay that stands for a client, and whom it talks to from
//! there.
//!
//! Permissions and channels are few (`MAX_PEERS` of each) and end by themselves: what is asked
//! about at a moment is answered for that moment, so nothing depends on when the dead are swept
//! out.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::limits::rates::Level;

/// RFC 8656 §9.
const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);
/// RFC 8656 §12.
const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);
/// RFC 8656 §3.2.
pub(crate) const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);
const MAX_LIFETIME: Duration = Duration::from_secs(3600);
/// Of a call's other side there are as many as it has networks; a call has one other side.
const MAX_PEERS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAdded {
    Full,
    /// The channel is another peer's, or the peer has another channel.
    Taken,
}

/// The lifetime for one that was asked for in seconds (RFC 8656 §7.2).
pub(crate) fn lifetime(asked: Option<u32>) -> Duration {
    let asked = asked.map_or(DEFAULT_LIFETIME, |seconds| Duration::from_secs(seconds.into()));
    asked.clamp(DEFAULT_LIFETIME, MAX_LIFETIME)
}

#[derive(Debug)]
pub(crate) struct Allocation<S> {
    pub(crate) socket: S,
    /// The address that stands for the client.
    pub(crate) relayed: SocketAddr,
    /// Whose credentials made it; others can't change it.
    pub(crate) username: String,
    /// Which request made it, to know it when it comes again.
    pub(crate) transaction: [u8; 12],
    expires: Instant,
    /// When something came in for the client the last time; at first, when this was made.
    heard: Instant,
    /// Who is let in, and until when.
    permissions: HashMap<IpAddr, Instant>,
    channels: Vec<Channel>,
    /// What has gone each way lately.
    pub(crate) to_peers: Level,
    pub(crate) to_client: Level,
}

#[derive(Debug)]
struct Channel {
    number: u16,
    peer: SocketAddr,
    expires: Instant,
}

impl<S> Allocation<S> {
    pub(crate) fn new(
        socket: S,
        relayed: SocketAddr,
        username: String,
        transaction: [u8; 12],
        lifetime: Duration,
        now: Instant,
    ) -> Self {
        Self {
            socket,
            relayed,
            username,
            transaction,
            expires: now + lifetime,
            heard: now,
            permissions: HashMap::new(),
            channels: Vec::new(),
            to_peers: Level::default(),
            to_client: Level::default(),
        }
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.expires <= now
    }

    pub(crate) fn time_left(&self, now: Instant) -> Duration {
        self.expires.saturating_duration_since(now)
    }

    pub(crate) fn extend(&mut self, lifetime: Duration, now: Instant) {
        self.expires = now + lifetime;
    }

    /// Something came in for the client.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Whether somebody talks to the client here. In a call something comes every few seconds, if
    /// only the checks of RFC 7675.
    pub(crate) fn is_in_use(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard) < DEFAULT_LIFETIME
    }

    /// Lets these peers in for a while: all, or none when there would be too many.
    pub(crate) fn permit(&mut self, peers: &[IpAddr], now: Instant) -> Result<(), NotAdded> {
        self.permissions.retain(|_, expires| *expires > now);
        let mut new: HashSet<_> = peers.iter().copied().collect();
        new.retain(|ip| !self.permissions.contains_key(ip));
        if self.permissions.len() + new.len() > MAX_PEERS {
            return Err(NotAdded::Full);
        }
        self.permissions.extend(peers.iter().map(|ip| (*ip, now + PERMISSION_LIFETIME)));
        Ok(())
    }

    pub(crate) fn is_permitted(&self, peer: IpAddr, now: Instant) -> bool {
        self.permissions.get(&peer).is_some_and(|expires| *expires > now)
    }

    /// Gives a peer a channel for a while, and lets it in.
    pub(crate) fn bind(
        &mut self,
        number: u16,
        peer: SocketAddr,
        now: Instant,
    ) -> Result<(), NotAdded> {
        self.channels.retain(|channel| channel.expires > now);
        if self.channels.iter().any(|channel| (channel.number == number) != (channel.peer == peer))
        {
            return Err(NotAdded::Taken);
        }
        let is_new = !self.channels.iter().any(|channel| channel.number == number);
        if is_new && self.channels.len() >= MAX_PEERS {
            return Err(NotAdded::Full);
        }
        self.permit(&[peer.ip()], now)?;
        self.channels.retain(|channel| channel.number != number);
        self.channels.push(Channel { number, peer, expires: now + CHANNEL_LIFETIME });
        Ok(())
    }

    pub(crate) fn peer_of(&self, number: u16, now: Instant) -> Option<SocketAddr> {
        let mut alive = self.channels.iter().filter(|channel| channel.expires > now);
        alive.find(|channel| channel.number == number).map(|channel| channel.peer)
    }

    pub(crate) fn channel_of(&self, peer: SocketAddr, now: Instant) -> Option<u16> {
        let mut alive = self.channels.iter().filter(|channel| channel.expires > now);
        alive.find(|channel| channel.peer == peer).map(|channel| channel.number)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn allocation(now: Instant) -> Allocation<()> {
        let relayed = "192.0.2.1:49160".parse().unwrap();
        Allocation::new((), relayed, "1:a".into(), [0; 12], DEFAULT_LIFETIME, now)
    }

    fn peer(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::new(198, 51, 100, host), port))
    }

    #[test]
    fn a_lifetime_is_between_ten_minutes_and_an_hour() {
        for (asked, given) in [
            (None, 600),
            (Some(0), 600),
            (Some(601), 601),
            (Some(3600), 3600),
            (Some(u32::MAX), 3600),
        ] {
            assert_eq!(lifetime(asked), Duration::from_secs(given), "{asked:?}");
        }
    }

    #[test]
    fn one_is_in_use_for_ten_minutes_after_something_came_in() {
        let start = Instant::now();
        let mut allocation = allocation(start);
        let minute = |minute| start + Duration::from_secs(60) * minute;
        assert!(allocation.is_in_use(minute(9)) && !allocation.is_in_use(minute(10)));
        allocation.hear(minute(9));
        assert!(allocation.is_in_use(minute(18)) && !allocation.is_in_use(minute(19)));
    }

    #[test]
    fn a_permission_is_for_an_address_and_five_minutes() {
        let start = Instant::now();
        let mut allocation = allocation(start);
        allocation.permit(&[peer(1, 0).ip(), peer(1, 0).ip()], start).unwrap();
        assert!(allocation.is_permitted(peer(1, 0).ip(), start + Duration::from_secs(299)));
        assert!(!allocation.is_permitted(peer(1, 0).ip(), start + Duration::from_secs(300)));
        assert!(!allocation.is_permitted(peer(2, 0).ip(), start));
        allocation.permit(&[peer(1, 0).ip()], start + Duration::from_secs(200)).unwrap();
        assert!(allocation.is_permitted(peer(1, 0).ip(), start + Duration::from_secs(499)));
    }

    #[test]
    fn a_channel_and_a_peer_belong_together_for_ten_minutes() {
        let start = Instant::now();
        let mut allocation = allocation(start);
        allocation.bind(0x4000, peer(1, 5), start).unwrap();
        assert_eq!(allocation.bind(0x4000, peer(1, 6), start), Err(NotAdded::Taken));
        assert_eq!(allocation.bind(0x4001, peer(1, 5), start), Err(NotAdded::Taken));
        allocation.bind(0x4001, peer(1, 6), start).unwrap();
        allocation.bind(0x4000, peer(1, 5), start + Duration::from_secs(60)).unwrap();
        let late = start + Duration::from_secs(659);
        assert_eq!(
            (allocation.peer_of(0x4000, late), allocation.channel_of(peer(1, 5), late)),
            (Some(peer(1, 5)), Some(0x4000))
        );
        assert_eq!(
            (allocation.peer_of(0x4001, late), allocation.channel_of(peer(1, 6), late)),
            (None, None)
        );
        assert!(!allocation.is_permitted(peer(1, 5).ip(), late), "the permission has ended before");
        allocation.bind(0x4001, peer(1, 7), late).unwrap();
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let start = Instant::now();
        let mut allocation = allocation(start);
        for host in 0..64 {
            allocation.bind(0x4000 + u16::from(host), peer(host, 1), start).unwrap();
        }
        assert_eq!(allocation.bind(0x5000, peer(0, 2), start), Err(NotAdded::Full));
        assert_eq!(allocation.permit(&[peer(99, 0).ip()], start), Err(NotAdded::Full));
        allocation.bind(0x4000, peer(0, 1), start).unwrap();
        allocation.permit(&[peer(99, 0).ip()], start + PERMISSION_LIFETIME).unwrap();
        let many: Vec<_> = (0..65).map(|host| peer(host, 0).ip()).collect();
        assert_eq!(allocation.permit(&many, start + PERMISSION_LIFETIME), Err(NotAdded::Full));
    }
}
