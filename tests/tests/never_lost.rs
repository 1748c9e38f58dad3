//! A call goes on: over a relay only, without IPv4, from another address, and after the network was
//! away.
#![expect(clippy::print_stdout, reason = "what was measured, shown with --no-capture")]

use std::sync::Arc;
use std::time::Duration;

use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::session::options::SessionOptions;
use visavis_client::session::report::Report;
use visavis_client::session::snapshot::Intent;
use visavis_link::{Conditions, Emulator, Side, Timeline};
use visavis_signal_server::{Config, RelayConfig};
use visavis_tests::look;
use visavis_tests::person::{Person, connect};
use visavis_tests::redirect::Redirect;
use visavis_tests::server::TestServer;

/// 30 ms in each direction.
const USUAL: Conditions = Conditions::CLEAR.delay(Duration::from_millis(30));

async fn online(name: &str, server: &str, change: impl FnOnce(&mut SessionOptions)) -> Person {
    let mut person = Person::with(name, change);
    person.log_in(server).await;
    person
}

/// Ends the call; whoever listened has the other's video and voice on record, up to the end.
async fn hang_up(alice: &mut Person, bob: &mut Person) -> [Report; 2] {
    alice.send(Intent::HangUp).await;
    assert_eq!(bob.until_ended().await, EndReason::ClosedByPeer);
    let reports = [alice.report().await, bob.report().await];
    for (listener, speaker) in [(&*alice, "bob"), (&*bob, "alice")] {
        let video = look::compare_with_pattern(&listener.seen());
        assert!(video.frames >= 30, "only {} frames of {speaker}", video.frames);
        assert!(
            video.median_psnr_db >= 30.0,
            "{speaker}'s video has {:.1} dB",
            video.median_psnr_db
        );
        listener.assert_heard(speaker, 1.0);
    }
    reports
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_use_nothing_but_the_servers_relay_see_and_hear_each_other() {
    let relay = RelayConfig { addresses: vec![([127, 0, 0, 1]).into()], ..RelayConfig::default() };
    let server = TestServer::with(Config { relay, ..Config::for_tests() }).await;
    let relayed = |options: &mut SessionOptions| options.relay_only = true;
    let mut alice = online("alice", server.url(), relayed).await;
    let mut bob = online("bob", server.url(), relayed).await;
    connect(&mut alice, &mut bob).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    for report in hang_up(&mut alice, &mut bob).await {
        let network = report.network;
        println!("{network:?}, {:?}", report.setup);
        assert_eq!(network.local_candidate.as_deref(), Some("relay"));
        assert_ne!(network.remote_candidate.as_deref(), Some("host"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_have_no_ipv4_see_and_hear_each_other() {
    let server = TestServer::start().await;
    let six =
        |options: &mut SessionOptions| options.bind = vec!["[::1]:0".parse().expect("an address")];
    let (mut alice, mut bob) =
        (online("alice", server.url(), six).await, online("bob", server.url(), six).await);
    connect(&mut alice, &mut bob).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    hang_up(&mut alice, &mut bob).await;
}

/// Alice and bob across a network, and that network.
async fn across_a_network() -> (TestServer, Person, Person, Arc<Emulator>) {
    let network = Arc::new(Emulator::start(Timeline::steady(USUAL), 21).await.expect("free ports"));
    let server = TestServer::start().await;
    let redirect = Redirect::start(server.url(), Arc::clone(&network)).await;
    let mut alice = Person::online("alice", server.url()).await;
    let mut bob = Person::online("bob", redirect.url()).await;
    connect(&mut alice, &mut bob).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    (server, alice, bob, network)
}

/// For how long at most either's video of the other stands still in this time.
async fn longest_freeze(alice: &Person, bob: &Person, during: Duration) -> Duration {
    let (hers, his) = (alice.seen(), bob.seen());
    let (hers, his) =
        tokio::join!(look::longest_freeze(&hers, during), look::longest_freeze(&his, during));
    println!("frozen for {hers:?} and {his:?}");
    hers.max(his)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gets_another_address_is_seen_and_heard_again_within_two_seconds() {
    let (_server, mut alice, mut bob, network) = across_a_network().await;
    for side in [Side::A, Side::B] {
        network.move_address(side).await;
        let frozen = longest_freeze(&alice, &bob, Duration::from_secs(4)).await;
        assert!(frozen < Duration::from_secs(2), "{side:?} moved: frozen for {frozen:?}");
        for person in [&alice, &bob] {
            assert!(
                matches!(person.sees().call, CallPhase::InCall { .. }),
                "for the person nothing has happened"
            );
        }
    }
    hang_up(&mut alice, &mut bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn video_comes_back_after_the_network_was_away_for_a_while() {
    let (_server, mut alice, mut bob, network) = across_a_network().await;
    for away in [3, 10] {
        network.set(Timeline::steady(USUAL.closed())).await;
        tokio::time::sleep(Duration::from_secs(away)).await;
        network.set(Timeline::steady(USUAL)).await;
        let until_back = longest_freeze(&alice, &bob, Duration::from_secs(3)).await;
        println!("{away} s away: video again after {until_back:?}");
        assert!(until_back < Duration::from_millis(1500), "{away} s away: {until_back:?}");
        alice.until_in_call().await;
        bob.until_in_call().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    for report in hang_up(&mut alice, &mut bob).await {
        println!("{:?}", report.network);
    }
}
