//! Whose address a request came from when a proxy stands in front. Pure.
//!
//! `X-Forwarded-For` is believed from the operator's proxies alone: anybody can write one. Each
//! proxy adds the address from which it was asked at the right end, so the client is the rightmost
//! one that is no proxy of ours.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// A network, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        address.or_else(|_| text.parse::<IpNet>()).map(Self).map_err(|_| {
            "it must be an address or a network, such as 127.0.0.1 or 10.0.0.0/8".into()
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedProxies(pub(crate) Vec<Network>);

impl TrustedProxies {
    /// Whether this is one of them.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.0.contains(&address))
    }

    /// The client's address, from the other end of the TCP connection and the values of
    /// `X-Forwarded-For` in their order; `None` stands for a value that is no text.
    ///
    /// An entry that is no address ends the search: whoever wrote it, the proxy before it is the
    /// last one known.
    pub(crate) fn client<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = Option<&'a str>>,
    ) -> IpAddr {
        let mut client = peer.to_canonical();
        for value in forwarded.rev() {
            let Some(value) = value else { return client };
            for entry in value.rsplit(',') {
                if !self.holds(client) {
                    return client;
                }
                let Some(address) = address_of(entry) else { return client };
                client = address;
            }
        }
        client
    }
}

/// The address in an entry, which some proxies write with a port or in brackets.
fn address_of(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = bare
        .parse::<IpAddr>()
        .or_else(|_| entry.parse::<std::net::SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(trusted: &str, peer: &str, forwarded: &[&str], expected: &str) {
        let trusted =
            trusted.split_terminator(',').map(|network| network.parse().unwrap()).collect();
        let client = TrustedProxies(trusted)
            .client(peer.parse().unwrap(), forwarded.iter().map(|value| Some(*value)));
        assert_eq!(client.to_string(), expected);
    }

    #[test]
    fn nobody_is_believed_unless_the_operator_says_so() {
        check("", "192.0.2.9", &["198.51.100.1"], "192.0.2.9");
        check("10.0.0.0/8", "192.0.2.9", &["198.51.100.1"], "192.0.2.9");
    }

    #[test]
    fn a_proxy_tells_its_client() {
        check("127.0.0.1", "127.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("127.0.0.1", "::ffff:127.0.0.1", &["2001:db8::7"], "2001:db8::7");
        check("::1", "::1", &["::ffff:198.51.100.1"], "198.51.100.1");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_believed() {
        check("127.0.0.1", "127.0.0.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1");
        check("127.0.0.1", "127.0.0.1", &["127.0.0.1", "198.51.100.1"], "198.51.100.1");
        check("127.0.0.1", "127.0.0.1", &["198.51.100.1, 203.0.113.5"], "203.0.113.5");
    }

    #[test]
    fn a_chain_of_proxies_is_followed_to_its_end() {
        check(
            "127.0.0.1,10.0.0.0/8",
            "127.0.0.1",
            &["198.51.100.1, 10.1.1.1,10.2.2.2"],
            "198.51.100.1",
        );
        check("127.0.0.1,10.0.0.0/8", "127.0.0.1", &["198.51.100.1", "10.1.1.1"], "198.51.100.1");
        check("10.0.0.0/8", "10.0.0.1", &["10.0.0.2, 10.0.0.3"], "10.0.0.2");
    }

    #[test]
    fn nonsense_ends_the_search() {
        check("127.0.0.1", "127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", "127.0.0.1", &["unknown"], "127.0.0.1");
        check("127.0.0.1", "127.0.0.1", &["198.51.100.1,"], "127.0.0.1");
        check("127.0.0.1,10.0.0.0/8", "127.0.0.1", &["198.51.100.1, _x, 10.0.0.4"], "10.0.0.4");
    }

    #[test]
    fn ports_and_brackets_are_understood() {
        check("127.0.0.1", "127.0.0.1", &["198.51.100.1:4711"], "198.51.100.1");
        check("127.0.0.1", "127.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7");
        check("127.0.0.1", "127.0.0.1", &["[2001:db8::7]"], "2001:db8::7");
    }

    #[test]
    fn what_is_no_network_is_refused_with_words() {
        for text in ["", "localhost", "10.0.0.0/33", "10.0.0.0/8/8"] {
            assert!(text.parse::<Network>().unwrap_err().contains("such as"), "{text}");
        }
        assert_eq!("10.0.0.0/8".parse::<Network>().unwrap().to_string(), "10.0.0.0/8");
    }
}
