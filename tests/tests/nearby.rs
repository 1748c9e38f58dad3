//! No server to look for: of two machines on one local network one starts a server, and the other
//! finds it, logs in, calls, sees and hears, with nothing typed but names. A third floods the
//! network with rubbish meanwhile.
//!
//! The machines are network namespaces, which take root: without it the tests say that they were
//! left out.
#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use visavis_tests::bridge::{Bridge, BridgeError, Machine};
use visavis_tests::inspection::By;
use visavis_tests::listen::Recording;
use visavis_tests::person::tone_of;
use visavis_tests::rubbish_services;
use visavis_tests::stop_signal::StopSignal;
use visavis_tests::window::{Display, Window};

/// How long they talk.
const TALK: Duration = Duration::from_secs(6);
/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(30);
/// How many services nobody offers.
const RUBBISH: u32 = 10_000;
/// The most rows that a list has.
const MOST_ROWS: usize = 20;

/// Builds the network, or says that the test was left out.
fn network(machines: u8) -> Option<Bridge> {
    match Bridge::build(machines) {
        Ok(bridge) => Some(bridge),
        Err(error @ BridgeError::NotRoot) => {
            let _ = writeln!(std::io::stderr(), "LEFT OUT: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

async fn opens(person: &'static str, display: &Display, machine: &Machine, heard: &Path) -> Window {
    let (tone, speaker) = (tone_of(person), heard.join(format!("{person}.wav")));
    Window::open_at(person, display, machine, |command| {
        command.args(["--microphone", &format!("tone:{tone}")]);
        command.arg("--speaker").arg(format!("file:{}", speaker.display()));
    })
    .await
}

/// What the row of alice's server begins with: the name of this machine, which both share.
fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    name.trim().split('.').next().unwrap_or_default().to_owned()
}

/// Alice starts a server here and logs in to it.
fn starts_a_server(alice: &mut Window) {
    alice.fills("Username", "alice");
    alice.opens("Start one here");
    alice.waits_for(&By::containing("This computer becomes the server"));
    alice.clicks("Start and log in");
    alice.waits_for(&By::name("QR code of the link"));
    alice.keeps_screenshot("server-here.png");
    alice.clicks("Done");
    alice.waits_for(&By::name("Username to call").role(Role::TextInput));
}

/// Bob finds it and logs in.
fn finds_it(bob: &mut Window) {
    bob.fills("Username", "bob");
    let row = By::containing(&machine_name()).role(Role::ListItem);
    bob.waits_for(&row);
    bob.chooses_row(&row);
    bob.keeps_screenshot("nearby.png");
    bob.clicks("Log in");
    bob.waits_for(&By::name("Username to call").role(Role::TextInput));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_starts_a_server_here_and_the_other_finds_it_calls_sees_and_hears() {
    let Some(network) = network(2) else { return };
    let heard = tempfile::tempdir().expect("a folder");
    let [hers, his] = network.machines() else { panic!("two machines") };
    let (her_display, his_display) = (Display::start().await, Display::start().await);
    let mut bob = opens("bob", &his_display, his, heard.path()).await;
    bob.waits_for(&By::containing("Looking on your network"));
    let mut alice = opens("alice", &her_display, hers, heard.path()).await;
    starts_a_server(&mut alice);
    finds_it(&mut bob);
    bob.clicks("Call alice");
    alice.clicks("Accept");
    bob.sees("alice");
    alice.sees("bob");
    tokio::time::sleep(TALK).await;
    // She would end his server with her window.
    alice.clicks("Close call");
    alice.waits_for(&By::name("Username to call").role(Role::TextInput));
    alice.is_closed(&her_display).await;
    alice.waits_for(&By::containing("1 other person uses the server on this computer."));
    alice.clicks("Keep it running");
    for window in [bob, alice] {
        window.is_asked_to_end(StopSignal::Terminate).await;
        window.finishes(SOON).await;
    }
    for (listener, speaker) in [("alice", "bob"), ("bob", "alice")] {
        let recording = Recording::read(&heard.path().join(format!("{listener}.wav")));
        let second = recording.rate as usize;
        let loudest = recording.samples.chunks(second).max_by(|one, other| {
            Recording::level_dbfs(one).total_cmp(&Recording::level_dbfs(other))
        });
        let hz = recording.strongest_hz(loudest.expect("a second of sound"));
        let expected = f64::from(tone_of(speaker));
        assert!((hz - expected).abs() <= 2.0, "{listener} hears {hz} Hz and not {expected} Hz");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_rubbish_shows_few_clean_rows_and_stalls_nothing() {
    let Some(network) = network(3) else { return };
    let heard = tempfile::tempdir().expect("a folder");
    let [hers, his, mallorys] = network.machines() else { panic!("three machines") };
    let display = Display::start().await;
    let mut alice = opens("alice", &display, hers, heard.path()).await;
    starts_a_server(&mut alice);
    let his_display = Display::start().await;
    let mut bob = opens("bob", &his_display, his, heard.path()).await;
    let real = By::containing(&machine_name()).role(Role::ListItem);
    bob.waits_for(&real);
    let from = mallorys.address();
    let flood = {
        let mallory = mallorys.clone();
        tokio::task::spawn_blocking(move || {
            mallory.enter(move || rubbish_services::announce(from, RUBBISH))
        })
    };
    let mut slowest = Duration::ZERO;
    let mut rubbish_seen = 0;
    let deadline = Instant::now() + Duration::from_secs(8);
    while Instant::now() < deadline {
        let before = Instant::now();
        let rows = bob.all(&By::containing("").role(Role::ListItem));
        slowest = slowest.max(before.elapsed());
        assert!(rows.len() <= MOST_ROWS, "{} rows", rows.len());
        for row in &rows {
            let unclean = |c: char| c.is_control() || ['\u{202e}', '\u{200b}'].contains(&c);
            assert!(!row.name.contains(unclean), "{:?}", row.name);
            assert!(!row.name.contains("8.8.8.8") && !row.name.contains("192.168"), "{row:?}");
        }
        rubbish_seen =
            rubbish_seen.max(rows.iter().filter(|row| row.name.contains("rubbish")).count());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    flood.await.expect("it does not panic").expect("it could be sent");
    assert!(rubbish_seen > 0, "the flood was not received at all");
    assert!(slowest < Duration::from_secs(2), "the window took {slowest:?} to answer");
    finds_it(&mut bob);
}
