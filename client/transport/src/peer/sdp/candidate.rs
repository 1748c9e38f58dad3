//! Which candidates of a description can be tried (RFC 8839 §5.1). Pure.

use std::net::IpAddr;

/// The fewest words of a candidate: foundation, component, transport, priority, address, port,
/// `typ`, type.
const FEWEST_WORDS: usize = 8;

/// A candidate as it is tried, without the attribute's name; `None` where it can't be: another
/// transport than UDP, a host name other than one of mDNS, an address with a zone, no port, a type
/// that nobody knows, or the component of RTCP, which goes with RTP.
pub(super) fn usable(value: &str) -> Option<String> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let &[foundation, component, transport, priority, address, port, typ, kind, ..] =
        words.as_slice()
    else {
        return None;
    };
    debug_assert!(words.len() >= FEWEST_WORDS);
    let is_usable = !foundation.is_empty()
        && component == "1"
        && transport.eq_ignore_ascii_case("udp")
        && priority.parse::<u32>().is_ok()
        && (address.parse::<IpAddr>().is_ok() || is_mdns_name(address))
        && port.parse::<u16>().is_ok_and(|port| port != 0)
        && typ.eq_ignore_ascii_case("typ");
    let kind = kind.to_ascii_lowercase();
    let known = ["host", "srflx", "prflx", "relay"].contains(&kind.as_str());
    (is_usable && known).then(|| {
        let related = related(&words);
        format!("{foundation} 1 udp {priority} {address} {port} typ {kind}{related}")
    })
}

/// The address that a candidate was derived from, where it is one.
fn related(words: &[&str]) -> String {
    match words.get(FEWEST_WORDS..) {
        Some(&["raddr", address, "rport", port, ..])
            if address.parse::<IpAddr>().is_ok() && port.parse::<u16>().is_ok() =>
        {
            format!(" raddr {address} rport {port}")
        }
        _ => String::new(),
    }
}

/// A name that a browser gives out in the place of its address (draft-ietf-mmusic-mdns-ice-
/// candidates).
fn is_mdns_name(address: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let label = address.strip_suffix(".local");
    label.is_some_and(|label| !label.is_empty() && label.bytes().all(is_allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_that_can_be_tried_are_kept() {
        for (given, kept) in [
            ("1 1 udp 2130706431 192.0.2.10 50000 typ host", None),
            (
                "a/+ 1 UDP 1 2001:db8::1 9 typ HOST generation 0 network-id 1",
                Some("a/+ 1 udp 1 2001:db8::1 9 typ host"),
            ),
            ("1 1 udp 1 0a1b-c.local 9 typ host", None),
            ("1 1 udp 1 192.0.2.1 9 typ srflx raddr 10.0.0.1 rport 7", None),
            (
                "1 1 udp 1 192.0.2.1 9 typ relay raddr x rport 7",
                Some("1 1 udp 1 192.0.2.1 9 typ relay"),
            ),
            ("1  1\tudp 1 192.0.2.1 9 typ prflx", Some("1 1 udp 1 192.0.2.1 9 typ prflx")),
        ] {
            assert_eq!(usable(given).as_deref(), Some(kept.unwrap_or(given)), "{given}");
        }
    }

    #[test]
    fn candidates_that_cannot_be_tried_are_left_out() {
        for given in [
            "",
            "1 1 udp",
            "1 1 udp 1 peer.example.com 9 typ host",
            "1 1 udp 1 .local 9 typ host",
            "1 1 udp 1 fe80::1%eth0 9 typ host",
            "1 1 tcp 1 192.0.2.1 9 typ host tcptype passive",
            "1 1 dccp 1 192.0.2.1 9 typ host",
            "1 2 udp 1 192.0.2.1 9 typ host",
            "1 x udp 1 192.0.2.1 9 typ host",
            "1 1 udp -1 192.0.2.1 9 typ host",
            "1 1 udp 1 192.0.2.1 70000 typ host",
            "1 1 udp 1 192.0.2.1 0 typ host",
            "1 1 udp 1 192.0.2.1 9 typ funny",
            "1 1 udp 1 192.0.2.1 9 host typ",
        ] {
            assert_eq!(usable(given), None, "{given}");
        }
    }
}
