//! Which of the STUN and TURN servers that a call is given are used. Pure.
//!
//! In: the servers of the log-in, of the command line and of the settings, in order of preference,
//! each with any number of URLs. Out: those that are used, and how many can't be. What always
//! holds: at most [`MAX_SERVERS`] URLs in as many entries, none twice, each readable, and none of a
//! relay without a user name and a password.

use visavis_shared::{IceScheme, IceServer, IceUrl};

use crate::path::relay::is_relay;

/// The most servers that a call asks. Each is asked from every address of ours.
pub(super) const MAX_SERVERS: usize = 8;
/// Of them, those that only tell our address, while there are relays that would have no place: one
/// is enough, and a second one in case that it does not answer.
const MAX_STUN_BESIDE_RELAYS: usize = 4;

/// The longest user name, and the longest password, in bytes (RFC 8489 §14.3).
const MAX_CREDENTIAL_BYTES: usize = 508;

/// What is used of the servers that were given, and how many URLs are left out because they can't
/// be used, and because there are too many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IceServers {
    pub(super) used: Vec<IceServer>,
    pub(super) unusable: usize,
    pub(super) too_many: usize,
}

impl IceServers {
    /// Says in the log what is left out. The servers stay unnamed: their URLs may hold a secret.
    pub(super) fn log_what_is_left_out(&self) {
        if self.unusable > 0 {
            tracing::warn!(
                "{} of the STUN and TURN URLs can't be used (misspelt, of a kind that this app does \
                 not speak, or a relay without user name or password) and are left out",
                self.unusable
            );
        }
        if self.too_many > 0 {
            tracing::warn!(
                "a call asks at most {MAX_SERVERS} STUN and TURN servers: {} more are left out",
                self.too_many
            );
        }
    }
}

/// Chooses.
pub(super) fn choose(given: &[IceServer]) -> IceServers {
    let mut unusable = given.iter().filter(|server| server.urls.is_empty()).count();
    let mut urls: Vec<(IceUrl, &IceServer)> = Vec::new();
    for (text, server) in
        given.iter().flat_map(|server| server.urls.iter().map(move |url| (url, server)))
    {
        match text.parse::<IceUrl>() {
            Ok(url) if is_usable(&url, server) => {
                if !urls.iter().any(|(known, of)| *known == url && same_user(of, server)) {
                    urls.push((url, server));
                }
            }
            _ => unusable += 1,
        }
    }
    let relays = urls.iter().filter(|(url, _)| url.is_turn()).count();
    let stun = MAX_SERVERS - relays.min(MAX_SERVERS - MAX_STUN_BESIDE_RELAYS);
    let found = urls.len();
    let mut stun_left = stun;
    urls.retain(|(url, _)| {
        let fits = url.is_turn() || stun_left > 0;
        stun_left = stun_left.saturating_sub(usize::from(!url.is_turn()));
        fits
    });
    urls.truncate(MAX_SERVERS);
    let too_many = found - urls.len();
    let entry = |(url, server): &(IceUrl, &IceServer)| IceServer {
        urls: vec![url.to_string()],
        username: server.username.clone(),
        credential: server.credential.clone(),
    };
    IceServers { used: urls.iter().map(entry).collect(), unusable, too_many }
}

/// Whether one of them is on this machine.
pub(super) fn any_is_here(servers: &[IceServer]) -> bool {
    let mut urls = servers.iter().flat_map(|server| &server.urls);
    urls.any(|url| url.parse::<IceUrl>().is_ok_and(|url| url.is_this_machine()))
}

/// STUN over UDP, and the relays that we have credentials for and can reach.
fn is_usable(url: &IceUrl, server: &IceServer) -> bool {
    let is_given = |text: &Option<String>| {
        text.as_ref()
            .is_some_and(|text| !text.trim().is_empty() && text.len() <= MAX_CREDENTIAL_BYTES)
    };
    url.scheme() == IceScheme::Stun
        || is_relay(url) && is_given(&server.username) && is_given(&server.credential)
}

fn same_user(one: &IceServer, other: &IceServer) -> bool {
    one.username == other.username && one.credential == other.credential
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn server(urls: &[&str], user: &str, password: &str) -> IceServer {
        IceServer {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            username: Some(user.to_owned()),
            credential: Some(password.to_owned()),
        }
    }

    fn urls(chosen: &IceServers) -> Vec<&str> {
        chosen.used.iter().flat_map(|server| &server.urls).map(String::as_str).collect()
    }

    #[test]
    fn eight_are_used_counted_by_their_urls() {
        let many: Vec<String> = (0..2000).map(|n| format!("stun:s{n}.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let one_entry = choose(&[server(&many, "", "")]);
        let entries: Vec<IceServer> = many.iter().map(|url| server(&[*url], "", "")).collect();
        for chosen in [one_entry, choose(&entries)] {
            assert_eq!(
                urls(&chosen),
                (0..8).map(|n| format!("stun:s{n}.example:3478")).collect::<Vec<_>>()
            );
            assert_eq!((chosen.unusable, chosen.too_many), (0, 1992));
        }
    }

    #[test]
    fn no_number_of_stun_servers_keeps_a_relay_out() {
        let stun: Vec<String> = (0..20).map(|n| format!("stun:s{n}.example")).collect();
        let mut given: Vec<IceServer> = stun.iter().map(|url| server(&[url], "", "")).collect();
        given.push(server(&["turn:t.example", "turns:t.example"], "u", "p"));
        let chosen = choose(&given);
        let chosen = urls(&chosen);
        assert_eq!(chosen.len(), 8);
        assert_eq!(
            chosen[6..],
            ["turn:t.example:3478?transport=udp", "turns:t.example:5349?transport=tcp"]
        );
    }

    #[test]
    fn what_cannot_be_used_is_left_out_and_the_rest_is_not() {
        let chosen = choose(&[
            server(&["turn:a.example", "stun:a.example"], "u", ""),
            server(&["turn:b.example"], " ", "p"),
            server(&["nonsense", "stuns:c.example", "turns:c.example?transport=udp"], "u", "p"),
            server(&["turn:d.example"], "u", "p"),
            IceServer { urls: vec!["turn:e.example".to_owned()], username: None, credential: None },
            IceServer { urls: Vec::new(), username: None, credential: None },
            server(&["turn:f.example"], "u", &"p".repeat(5000)),
        ]);
        assert_eq!(urls(&chosen), ["stun:a.example:3478", "turn:d.example:3478?transport=udp"]);
        assert_eq!((chosen.unusable, chosen.too_many), (8, 0));
    }

    #[test]
    fn a_server_that_is_named_twice_is_one() {
        let chosen = choose(&[
            server(&["stun:a.example", "stun:a.example:3478"], "", ""),
            server(&["turn:a.example"], "u", "p"),
            server(&["turn:a.example?transport=udp"], "u", "p"),
            server(&["turn:a.example"], "u", "other"),
        ]);
        assert_eq!(chosen.used.len(), 3);
        assert_eq!((chosen.unusable, chosen.too_many), (0, 0));
    }

    proptest! {
        #[test]
        fn never_more_than_eight(
            given in prop::collection::vec(
                (prop::collection::vec("(stun|turn|turns):[a-d]{1,3}", 0..20), "[u ]?", "[p ]?"), 0..30
            )
        ) {
            let given: Vec<IceServer> = given
                .iter()
                .map(|(urls, user, password)| {
                    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
                    server(&urls, user, password)
                })
                .collect();
            let chosen = choose(&given);
            prop_assert!(chosen.used.len() <= MAX_SERVERS);
            prop_assert!(chosen.used.iter().all(|server| server.urls.len() == 1));
            let relays = given.iter().filter(|server| {
                is_usable(&"turn:x".parse().expect("a URL"), server)
                    && server.urls.iter().any(|url| url.starts_with("turn"))
            });
            if relays.count() > 0 {
                prop_assert!(urls(&chosen).iter().any(|url| url.starts_with("turn")));
            }
            prop_assert_eq!(choose(&given), chosen);
        }
    }
}
