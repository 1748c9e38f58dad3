//! The network path between the two changes, breaks, and comes back.

use std::net::SocketAddr;
use std::time::Duration;

use visavis_link::{Conditions, Side, address_of};
use visavis_transport::{PeerConfig, PeerEvent};

use crate::conversation::{Conversation, NetworkEvent, first_after, longest_gap};
use crate::support::{End, config, connect, connect_through, emulator, pair_across};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// 30 ms each way.
const USUAL: Conditions = Conditions::CLEAR.delay(Duration::from_millis(30));

async fn conversation() -> Conversation {
    let network = emulator(USUAL).await;
    let ends = pair_across(&network).await;
    Conversation::new(ends, Some(network), USUAL)
}

/// The longest gap in what each side receives in this time, and a line about it.
fn gaps(talk: &Conversation, from: Duration, to: Duration) -> Duration {
    let mut longest = Duration::ZERO;
    for (side, account) in talk.accounts.iter().enumerate() {
        let (frames, audio) =
            (longest_gap(&account.frames, from, to), longest_gap(&account.audio, from, to));
        println!("longest gap at {side}: frames {frames:?}, audio {audio:?}");
        longest = longest.max(frames).max(audio);
    }
    longest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gets_another_address_is_followed_without_the_server() {
    for side in [Side::A, Side::B] {
        let mut talk = conversation().await.without_mending();
        talk.run(ms(7000), &[(ms(2000), NetworkEvent::Move(side))]).await;
        let gap = gaps(&talk, ms(1000), ms(6900));
        assert!(gap < ms(1500), "{side:?} moved, and for {gap:?} there was nothing");
        for account in &talk.accounts {
            assert_eq!(
                account.count(&PeerEvent::PathDegraded),
                0,
                "{side:?} moved, and nobody needs to do anything"
            );
        }
        for of in [0, 1] {
            assert_eq!(talk.missing(of, ms(4000), ms(6500)), (0, 0), "of what {of} sent later");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_may_get_another_address_again_and_again() {
    let mut talk = conversation().await.without_mending();
    let moves = [
        (ms(1500), NetworkEvent::Move(Side::A)),
        (ms(3500), NetworkEvent::Move(Side::B)),
        (ms(5500), NetworkEvent::Move(Side::A)),
        (ms(7500), NetworkEvent::Move(Side::B)),
    ];
    talk.run(ms(9500), &moves).await;
    let gap = gaps(&talk, ms(1000), ms(9400));
    assert!(gap < ms(1500), "{gap:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ice_restart_on_a_path_that_works_loses_nothing() {
    for side in [Side::A, Side::B] {
        let mut talk = conversation().await;
        talk.run(
            ms(6000),
            &[(ms(2000), NetworkEvent::Restart(side)), (ms(4000), NetworkEvent::Restart(side))],
        )
        .await;
        let gap = gaps(&talk, ms(1000), ms(5900));
        for of in [0, 1] {
            let missing = talk.missing(of, ms(1000), ms(5500));
            println!("of what {of} sent, frames and audio that did not come: {missing:?}");
            assert_eq!(missing.0, 0, "no frame is lost");
            assert!(missing.1 <= 2, "{missing:?}");
        }
        assert!(gap < ms(400), "{gap:?}");
        for account in &talk.accounts {
            assert_eq!(account.count(&PeerEvent::Disconnected), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_both_restart_ice_at_once_nothing_is_lost_either() {
    let mut talk = conversation().await;
    let both = |at| [(at, NetworkEvent::Restart(Side::A)), (at, NetworkEvent::Restart(Side::B))];
    talk.run(ms(7000), &[both(ms(2000)), both(ms(4000))].concat()).await;
    gaps(&talk, ms(1000), ms(6900));
    for of in [0, 1] {
        let missing = talk.missing(of, ms(1000), ms(6500));
        assert_eq!(missing.0, 0, "no frame is lost");
        assert!(missing.1 <= 2, "{missing:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_to_restart_ice_that_nobody_answers_costs_nothing() {
    let mut talk = conversation().await;
    talk.run(
        ms(6000),
        &[(ms(1500), NetworkEvent::ServerGone), (ms(2000), NetworkEvent::Restart(Side::A))],
    )
    .await;
    for of in [0, 1] {
        assert_eq!(talk.missing(of, ms(1000), ms(5500)), (0, 0), "of what {of} sent");
    }
}

/// Both directions are closed for so long. Says how long after the end everything is back.
async fn blackout(length: Duration, server_too: bool, mends: bool) -> Duration {
    let mut talk = conversation().await;
    if !mends {
        talk = talk.without_mending();
    }
    let (begin, end) = (ms(2000), ms(2000) + length);
    let mut events = vec![(begin, NetworkEvent::Close), (end, NetworkEvent::Open)];
    if server_too {
        events.insert(1, (begin, NetworkEvent::ServerGone));
        // What is sent over TCP into a blackout comes long after its end.
        events.push((end + ms(1500), NetworkEvent::ServerBack));
    }
    let until = end + ms(6000);
    talk.run(until, &events).await;
    let mut back = Duration::ZERO;
    for (side, account) in talk.accounts.iter().enumerate() {
        let frames = first_after(&account.frames, end).expect("frames again") - end;
        let audio = first_after(&account.audio, end).expect("audio again") - end;
        println!("{length:?}: {side} has frames after {frames:?} and audio after {audio:?}");
        back = back.max(frames).max(audio);
    }
    let gap = gaps(&talk, end + ms(1000), until - ms(100));
    assert!(gap < ms(500), "afterwards it flows: {gap:?}");
    for account in &talk.accounts {
        let failed = account.events.iter().any(|(_, event)| matches!(event, PeerEvent::Failed(_)));
        assert!(!failed, "{:?}", account.events);
    }
    back
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_seconds_without_a_network_are_over_half_a_second_after_their_end() {
    for (server_too, mends) in [(false, true), (true, true), (false, false)] {
        let back = blackout(ms(3000), server_too, mends).await;
        println!("server gone as well: {server_too}, mended: {mends}: back after {back:?}");
        assert!(back < ms(500), "server gone as well: {server_too}, mended: {mends}: {back:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_seconds_without_a_network_end_in_media_again() {
    for server_too in [false, true] {
        let back = blackout(ms(10_000), server_too, true).await;
        println!("server gone as well: {server_too}: back after {back:?}");
        assert!(back < ms(1500), "server gone as well: {server_too}: {back:?}");
    }
}

/// An address of this machine's that can be taken away. Needs the right to change addresses, as
/// root has it.
struct Address(&'static str);

impl Address {
    fn add(address: &'static str) -> Self {
        let added = Self::ip(&["address", "add", address, "dev", "lo"]);
        assert!(added, "no address can be added: run the tests as root, with the package iproute2");
        Self(address)
    }

    fn ip(arguments: &[&str]) -> bool {
        std::process::Command::new("ip")
            .args(arguments)
            .status()
            .is_ok_and(|status| status.success())
    }

    fn remove(&self) -> bool {
        Self::ip(&["address", "delete", self.0, "dev", "lo"])
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        // Again, should the test have ended before.
        let _ = std::process::Command::new("ip")
            .args(["address", "delete", self.0, "dev", "lo"])
            .stderr(std::process::Stdio::null())
            .status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_our_own_that_is_gone_is_replaced_with_and_without_the_server() {
    let at = |address: &str| {
        let ip: std::net::IpAddr = address.trim_end_matches("/32").parse().expect("an address");
        PeerConfig { bind: vec![SocketAddr::new(ip, 0)], ..config() }
    };
    // Only the loopback reaches the loopback.
    let other = "198.18.71.9/32";
    let _theirs = Address::add(other);
    for (address, mends) in [("198.18.71.1/32", false), ("198.18.71.2/32", true)] {
        let ours = Address::add(address);
        let (mut a, mut b) = (End::open(at(address)).await, End::open(at(other)).await);
        connect(&mut a, &mut b).await;
        let mut talk = Conversation::new((a, b), None, Conditions::CLEAR);
        if !mends {
            talk = talk.without_mending();
        }
        let taking = async {
            tokio::time::sleep(ms(2000)).await;
            assert!(ours.remove(), "the address was there");
        };
        tokio::join!(talk.run(ms(8000), &[]), taking);
        let gap = gaps(&talk, ms(1000), ms(7900));
        assert!(gap < ms(2500), "mended: {mends}: {gap:?}");
        assert!(talk.accounts[0].count(&PeerEvent::PathDegraded) >= 1);
        assert_eq!(gaps(&talk, ms(5000), ms(7900)).max(ms(400)), ms(400), "afterwards it flows");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_needs_no_ipv4() {
    let six = PeerConfig { bind: vec!["[::1]:0".parse().expect("an address")], ..config() };
    let (mut a, mut b) = (End::open(six.clone()).await, End::open(six).await);
    connect_through(&mut a, &mut b, |_, candidate| {
        let address = address_of(&candidate.candidate).expect("an address");
        assert!(address.is_ipv6(), "{address}");
    })
    .await;
    let mut talk = Conversation::new((a, b), None, Conditions::CLEAR);
    talk.run(ms(4000), &[(ms(2000), NetworkEvent::Restart(Side::A))]).await;
    for of in [0, 1] {
        assert_eq!(talk.missing(of, ms(500), ms(3500)), (0, 0));
    }
}
