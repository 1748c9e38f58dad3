//! The name that a certificate is asked for: where it leads, and whether the authority is reached.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;
use visavis_shared::Finding;

use super::clock::Clocks;
use super::ports::is_own;
use crate::acme::https::Https;
use crate::acme::{AcmeConfig, Domain};
use crate::config::Config;
use crate::ice::is_public;

/// How long a name may take to be resolved.
pub(super) const RESOLVE_WITHIN: Duration = Duration::from_secs(5);
/// The port at which an authority looks for a name (RFC 8737 §3).
const CHALLENGE_PORT: u16 = 443;

/// Where the name leads.
pub(super) async fn examine(config: &Config) -> Finding {
    const PART: &str = "DNS name";
    let Some(acme) = &config.acme else {
        return Finding::skipped(PART, "No certificate is asked for (no --acme).");
    };
    let host = (acme.domain.as_str(), CHALLENGE_PORT);
    let addresses = match timeout(RESOLVE_WITHIN, lookup_host(host)).await {
        Ok(Ok(addresses)) => addresses.map(|address| address.ip()).collect::<Vec<_>>(),
        Ok(Err(error)) => {
            return Finding::fails(
                PART,
                format!("{} leads nowhere: {error}.", acme.domain),
                RECORD,
            );
        }
        Err(_) => {
            return Finding::fails(
                PART,
                format!("Nobody says in time where {} leads.", acme.domain),
                "Look at this machine's resolver (/etc/resolv.conf).",
            );
        }
    };
    judge(PART, &acme.domain, &addresses, config.listen, is_own)
}

const RECORD: &str = "Make an A record (and an AAAA record, if clients come by IPv6) with this \
                      machine's public address where the name is administered.";

fn judge(
    part: &'static str,
    domain: &Domain,
    addresses: &[IpAddr],
    listen: SocketAddr,
    is_own: impl Fn(IpAddr) -> bool,
) -> Finding {
    let Some(first) = addresses.first() else {
        return Finding::fails(part, format!("{domain} leads nowhere."), RECORD);
    };
    if let Some(private) = addresses.iter().find(|ip| !is_public(ip.to_canonical())) {
        return Finding::weak(
            part,
            format!("{domain} leads to {private}, which the internet does not reach."),
            "The authority has to come by that name, unless it is one of your own network. Another \
             answer may stand in /etc/hosts here than everywhere else.",
        );
    }
    let only_ipv4 = listen.is_ipv4() && addresses.iter().any(IpAddr::is_ipv6);
    if only_ipv4 {
        return Finding::weak(
            part,
            format!("{domain} has an IPv6 address, and the server listens on IPv4 alone."),
            "Listen on both with --listen [::]:443, or remove the AAAA record: authorities and \
             clients come by IPv6 first.",
        );
    }
    if let Some(other) = addresses.iter().find(|ip| !is_own(**ip)) {
        return Finding::weak(
            part,
            format!("{domain} leads to {other}, which is not this machine's own address."),
            format!(
                "That is right if a router or a load balancer there passes TCP {CHALLENGE_PORT} on \
                 to port {} here. It can't be seen from here.",
                listen.port()
            ),
        );
    }
    if listen.port() != CHALLENGE_PORT {
        return Finding::weak(
            part,
            format!(
                "{domain} leads to this machine, and the server listens on port {}.",
                listen.port()
            ),
            format!("The authority comes to port {CHALLENGE_PORT}: something has to pass it on."),
        );
    }
    Finding::works(part, format!("{domain} leads to {first}, which is this machine."))
}

/// Whether the authority is reached, and what time it is there.
pub(super) async fn authority(config: &Config, clocks: &mut Clocks) -> Finding {
    const PART: &str = "authority";
    let Some(acme) = &config.acme else {
        return Finding::skipped(PART, "No certificate is asked for (no --acme).");
    };
    let AcmeConfig { directory, ca, .. } = acme;
    let https = match Https::new(ca.as_deref()) {
        Ok(https) => https,
        Err(error) => {
            return Finding::fails(PART, format!("{error}."), "Leave --acme-ca out, or mend it.");
        }
    };
    match https.get(directory.uri()).await {
        Ok(answer) if answer.status().is_success() => {
            if let Some(time) = https.said().date {
                clocks.met("the authority", time);
            }
            Finding::works(PART, format!("{} answers.", directory.authority()))
        }
        Ok(answer) => Finding::fails(
            PART,
            format!("{directory} is no directory: the answer is {}.", answer.status()),
            "Look at --acme-directory.",
        ),
        Err(error) => Finding::fails(
            PART,
            format!("{error}."),
            "The server has to reach the authority over TCP 443, and both need the right time.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use visavis_shared::Verdict;

    use super::*;

    #[test]
    fn where_a_name_leads_is_judged_by_what_can_be_seen_from_here() {
        let domain: Domain = "calls.example.org".parse().unwrap();
        let own = |ip: IpAddr| ip == "198.41.0.4".parse::<IpAddr>().unwrap();
        for (addresses, listen, expected, word) in [
            (&["198.41.0.4"][..], "0.0.0.0:443", Verdict::Works, "this machine"),
            (&[], "0.0.0.0:443", Verdict::Fails, "nowhere"),
            (&["10.0.0.5"], "0.0.0.0:443", Verdict::Weak, "internet does not reach"),
            (&["198.41.0.4", "2001:500:2::c"], "0.0.0.0:443", Verdict::Weak, "IPv4 alone"),
            (&["198.41.0.5"], "0.0.0.0:443", Verdict::Weak, "not this machine's own"),
            (&["198.41.0.4"], "0.0.0.0:9090", Verdict::Weak, "port 9090"),
        ] {
            let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
            let finding = judge("DNS name", &domain, &addresses, listen.parse().unwrap(), own);
            assert_eq!(finding.verdict, expected, "{addresses:?}");
            assert!(finding.words.contains(word), "{}", finding.words);
        }
    }
}
