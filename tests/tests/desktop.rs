//! The desktop round a real window: a call is answered, declined and missed through notifications,
//! the screen stays awake in it, the tray shows and ends it, and a desktop that hangs or is not
//! there costs nothing but itself.
#![cfg(target_os = "linux")]

use std::time::Duration;

use egui::accesskit::Role;
use tempfile::TempDir;
use visavis_tests::desktop_bus::{DesktopBus, Service};
use visavis_tests::inspection::By;
use visavis_tests::programs::{self, Program};
use visavis_tests::server::TestServer;
use visavis_tests::window::{Display, Window};
use visavis_tests::window_manager::WindowManager;

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(60);
const ACTIONS: [&str; 6] = ["answer", "Answer", "decline", "Decline", "default", "Show Visavis"];

/// A server, and bob's window on a desktop.
struct House {
    server: TestServer,
    display: Display,
    bus: DesktopBus,
    bob: Window,
    data: TempDir,
}

impl House {
    async fn build(service: Service) -> Self {
        let (server, display) = (TestServer::start().await, Display::start().await);
        let bus = DesktopBus::start(service).await;
        let address = bus.address();
        let mut bob = Window::open_with("bob", &display, |command| {
            command.args(["--microphone", "tone", "--speaker", "none"]);
            command.args(["--log", "visavis_client::desktop=debug"]);
            command.env("DBUS_SESSION_BUS_ADDRESS", address);
        })
        .await;
        bob.logs_in(server.url());
        let data = TempDir::new().expect("a temporary folder");
        Self { server, display, bus, bob, data }
    }

    fn alice_calls(&self) -> Program {
        calls(&self.data, &self.server, "alice")
    }
}

/// Somebody calls bob, without a window.
fn calls(data: &TempDir, server: &TestServer, who: &str) -> Program {
    let data = data.path().join(who).display().to_string();
    let visavis = programs::visavis().expect("visavis is built");
    let who = ["call", "bob", "--username", who, "--server", server.url()];
    let how = ["--camera", "pattern", "--microphone", "tone", "--speaker", "none"];
    let rest = ["--ice-server", "none", "--duration", "60s", "--data-dir", &data];
    let all = who.iter().chain(&how).chain(&rest);
    Program::start("who calls", &visavis, all).expect("it starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_answered_by_a_click_on_its_notification_and_closed_in_the_tray() {
    let mut house = House::build(Service::Well).await;
    let alice = house.alice_calls();
    let (id, shown) = house.bus.shows("alice is calling").await;
    assert_eq!(
        (shown.actions.as_slice(), shown.urgency),
        (ACTIONS.map(String::from).as_slice(), 2)
    );
    assert_eq!(shown.body, "Video call");
    house.bus.clicks(id, "answer").await;
    house.bob.waits_for(&By::name("Close call").role(Role::Button));
    house.bus.waits_for("asleep", |state| (state.awake.len() == 1).then_some(())).await;
    house.bus.shows_nothing().await;
    let labels: Vec<String> = house.bus.menu().await.into_iter().map(|(_, label)| label).collect();
    let wanted = ["In a call with alice", "Show Visavis", "Mute microphone", "Close call", "Quit"];
    assert_eq!(labels, wanted);
    house.bus.clicks_in_tray("Mute microphone").await;
    house.bob.waits_for(&By::name("Mute").pressed(true));
    house.bus.clicks_in_tray("Close call").await;
    house.bus.waits_for("still awake", |state| state.awake.is_empty().then_some(())).await;
    let finished = alice.finish(LIMIT).await.expect("it ends");
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    // Nothing was missed.
    house.bus.shows_nothing().await;
    house.bus.clicks_in_tray("Quit").await;
    assert!(house.bob.finishes(LIMIT).await.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_declined_by_a_click_and_one_that_is_given_up_becomes_a_missed_one() {
    let house = House::build(Service::Well).await;
    let alice = house.alice_calls();
    let (id, _) = house.bus.shows("alice is calling").await;
    house.bus.clicks(id, "decline").await;
    let finished = alice.finish(LIMIT).await.expect("it ends");
    assert_eq!(finished.status.code(), Some(4), "{finished:?}");
    assert!(finished.stderr.contains("declined"), "{finished:?}");
    house.bus.shows_nothing().await;

    let alice = house.alice_calls();
    house.bus.shows("alice is calling").await;
    alice.interrupt().await.expect("it runs");
    let (id, shown) = house.bus.shows("Missed call from alice").await;
    assert_eq!((shown.body.as_str(), shown.urgency), ("", 1));
    house.bus.waits_for("it still rings", |state| (state.standing.len() == 1).then_some(())).await;
    let labels = house.bus.menu().await;
    assert!(labels.iter().any(|(_, label)| label == "1 missed call"), "{labels:?}");
    // Put away, it does not come back.
    house.bus.clicks(id, "default").await;
    house.bus.shows_nothing().await;
    assert!(alice.finish(LIMIT).await.expect("it ends").status.code().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_closed_waits_in_the_tray_hears_calls_and_comes_back_from_there() {
    let mut house = House::build(Service::Well).await;
    // The tray is there.
    house.bus.menu().await;
    house.bob.is_closed(&house.display).await;
    house.bob.waits_for(&By::name("Keep Visavis running?"));
    house.bob.clicks("Keep in the tray");
    let alice = house.alice_calls();
    let (id, _) = house.bus.shows("alice is calling").await;
    house.bus.clicks(id, "decline").await;
    let finished = alice.finish(LIMIT).await.expect("it ends");
    assert!(finished.stderr.contains("declined"), "{finished:?}");
    house.bus.clicks_in_tray("Show Visavis").await;
    house.bob.waits_for(&By::name("Username to call").role(Role::TextInput));
    // It is asked once.
    house.bob.is_closed(&house.display).await;
    house.bus.clicks_in_tray("Show Visavis").await;
    house.bob.waits_for(&By::name("Username to call").role(Role::TextInput));
    house.bus.clicks_in_tray("Quit").await;
    assert!(house.bob.finishes(LIMIT).await.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_during_a_call_is_told_that_bob_is_busy_and_bob_who_called() {
    let mut house = House::build(Service::Well).await;
    let alice = house.alice_calls();
    let (id, _) = house.bus.shows("alice is calling").await;
    house.bus.clicks(id, "answer").await;
    house.bob.waits_for(&By::name("Close call").role(Role::Button));
    let carol = calls(&house.data, &house.server, "carol");
    let finished = carol.finish(LIMIT).await.expect("it ends");
    assert_eq!(finished.status.code(), Some(4), "{finished:?}");
    house.bus.shows("Missed call from carol").await;
    house.bus.clicks_in_tray("Close call").await;
    let finished = alice.finish(LIMIT).await.expect("it ends");
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_minimised_comes_to_the_front_when_somebody_calls() {
    let (server, display) = (TestServer::start().await, Display::start().await);
    let manager = WindowManager::start(&display).await;
    let bus = DesktopBus::start(Service::Well).await;
    let address = bus.address();
    let mut bob = Window::open_with("bob", &display, |command| {
        command.args(["--microphone", "tone", "--speaker", "none"]);
        command.env("DBUS_SESSION_BUS_ADDRESS", address);
    })
    .await;
    bob.logs_in(server.url());
    manager.minimises_the_window().await;
    let data = TempDir::new().expect("a temporary folder");
    let alice = calls(&data, &server, "alice");
    manager.has_the_window_in_front().await;
    // Who sees the window needs no notification, of this call or of its end.
    bus.shows_nothing().await;
    alice.interrupt().await.expect("it runs");
    bob.waits_for(&By::containing("alice"));
    assert!(alice.finish(LIMIT).await.is_ok());
    bus.shows_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_without_notifications_or_with_hanging_ones_costs_nothing_but_them() {
    for service in [Service::Missing, Service::Hanging] {
        let mut house = House::build(service).await;
        let alice = house.alice_calls();
        house.bob.clicks("Accept");
        house.bob.waits_for(&By::name("Close call").role(Role::Button));
        house.bus.waits_for("asleep", |state| (state.awake.len() == 1).then_some(())).await;
        house.bob.clicks("Close call");
        let finished = alice.finish(LIMIT).await.expect("it ends");
        assert_eq!(finished.status.code(), Some(0), "{service:?}: {finished:?}");
        house.bus.recovers();
        if service == Service::Hanging {
            // What it shows too late goes again.
            house.bus.waits_for("nothing shown", |state| (state.shown == 1).then_some(())).await;
        }
        house.bus.shows_nothing().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bus_everything_but_the_desktop_works() {
    let (server, display) = (TestServer::start().await, Display::start().await);
    let mut bob = Window::open_with("bob", &display, |command| {
        command.args(["--microphone", "tone", "--speaker", "none"]);
        command.args(["--log", "visavis_client::desktop=debug"]);
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all");
    })
    .await;
    bob.logs_in(server.url());
    let mut alice = Window::open("alice", &display).await;
    alice.logs_in(server.url());
    alice.fills("Username to call", "bob");
    alice.clicks("Call");
    bob.clicks("Accept");
    bob.waits_for(&By::name("Close call").role(Role::Button));
    bob.clicks("Close call");
    alice.waits_for(&By::containing("bob ended the call"));
    for what in ["no tray", "no notifications", "the screen can't be kept awake"] {
        assert_eq!(bob.log().matches(what).count(), 1, "{what}: {}", bob.log());
    }
}
