//! The nonces of the relay: words that only this server can have made, for one client, not long
//! ago.
//!
//! RFC 8489 §9.2 lets a server remember what it gave out; this one remembers nothing, since whoever
//! asks gets one. A nonce is the time it was made and a code over that time and the client's
//! address.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;

/// After that a client gets a new one, in passing (RFC 8656 §5 asks for at least an hour).
const LIFETIME: Duration = Duration::from_secs(3600);
/// The time, in hexadecimal digits.
const TIME_DIGITS: usize = 8;
const CODE_BYTES: usize = 12;

pub(crate) struct Nonces {
    key: [u8; 32],
    start: Instant,
}

impl Nonces {
    pub(crate) fn new(now: Instant) -> Self {
        Self { key: rand::random(), start: now }
    }

    pub(crate) fn make(&self, client: SocketAddr, now: Instant) -> String {
        self.made_at(client, self.seconds(now))
    }

    /// Whether one is ours, this client's, and young enough.
    pub(crate) fn is_good(&self, nonce: &[u8], client: SocketAddr, now: Instant) -> bool {
        let time = nonce.get(..TIME_DIGITS).and_then(|digits| std::str::from_utf8(digits).ok());
        let Some(made) = time.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return false;
        };
        let Some(age) = self.seconds(now).checked_sub(made) else { return false };
        // That it takes longer the more of it is right tells nothing worth knowing: anyone gets a
        // nonce by asking.
        Duration::from_secs(age.into()) < LIFETIME && self.made_at(client, made).as_bytes() == nonce
    }

    fn seconds(&self, now: Instant) -> u32 {
        u32::try_from(now.saturating_duration_since(self.start).as_secs()).unwrap_or(u32::MAX)
    }

    fn made_at(&self, client: SocketAddr, seconds: u32) -> String {
        let mut nonce = format!("{seconds:0TIME_DIGITS$x}");
        // Any length of key will do, so this does not fail.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) {
            mac.update(&seconds.to_be_bytes());
            mac.update(client.to_string().as_bytes());
            for byte in mac.finalize().into_bytes().iter().take(CODE_BYTES) {
                // Writing to a String does not fail.
                let _ = write!(nonce, "{byte:02x}");
            }
        }
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_nonce_is_good_for_its_client_and_for_an_hour() {
        let start = Instant::now();
        let nonces = Nonces::new(start);
        let (alice, at) = (client("192.0.2.1:1"), start + Duration::from_secs(100));
        let nonce = nonces.make(alice, at);
        assert!(nonces.is_good(nonce.as_bytes(), alice, at));
        assert!(nonces.is_good(nonce.as_bytes(), alice, at + Duration::from_secs(3599)));
        assert!(!nonces.is_good(nonce.as_bytes(), alice, at + Duration::from_secs(3600)));
        assert!(!nonces.is_good(nonce.as_bytes(), alice, start), "from the future");
        assert!(!nonces.is_good(nonce.as_bytes(), client("192.0.2.1:2"), at));
        assert!(!Nonces::new(start).is_good(nonce.as_bytes(), alice, at), "another server's");
    }

    #[test]
    fn a_changed_nonce_is_not_ours() {
        let start = Instant::now();
        let nonces = Nonces::new(start);
        let alice = client("[2001:db8::1]:1");
        let nonce = nonces.make(alice, start).into_bytes();
        for at in 0..nonce.len() {
            let mut changed = nonce.clone();
            changed[at] ^= 1;
            assert!(!nonces.is_good(&changed, alice, start), "{at}");
        }
        for rubbish in [
            &b""[..],
            b"0",
            b"00000000",
            b"+0000000",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            &nonce[1..],
        ] {
            assert!(!nonces.is_good(rubbish, alice, start));
        }
    }
}
