//! A day of two people: real windows with a window manager, a bus, a service for notifications
//! that answers, and a sound server; driven by labels. Each step leaves a picture in
//! `target/screenshots/day`.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::Duration;

use egui::Key;
use egui::accesskit::Role;
use tempfile::TempDir;
use tokio::process::Command;
use visavis_tests::desktop_bus::{DesktopBus, Service};
use visavis_tests::inspection::By;
use visavis_tests::programs::{self, Program};
use visavis_tests::server::TestServer;
use visavis_tests::sound_server::{Kind, SoundServer};
use visavis_tests::window::{Display, Window};
use visavis_tests::window_manager::WindowManager;

/// Beyond this something hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// After so long out of sight pictures are no longer decoded.
const OUT_OF_SIGHT: Duration = Duration::from_secs(4);

/// Where the day takes place.
struct Town {
    server: TestServer,
    bus: DesktopBus,
    sound: SoundServer,
    /// Bob's and alice's.
    displays: [Display; 2],
    /// Bob's profile, which outlives his windows.
    profile: TempDir,
}

impl Town {
    async fn build() -> Self {
        Self {
            server: TestServer::start().await,
            bus: DesktopBus::start(Service::Well).await,
            // The speaker of the last one is the system's default.
            sound: SoundServer::start(Kind::PulseAudio, &["bob", "spare"]).await,
            displays: [Display::start().await, Display::start().await],
            profile: TempDir::new().expect("a temporary folder"),
        }
    }

    /// What a program of bob's finds round it.
    fn surround_bob(&self, command: &mut Command) {
        self.sound.put_in_reach(command);
        command.env("DBUS_SESSION_BUS_ADDRESS", self.bus.address());
        command.env("VISAVIS_DATA_DIR", self.profile.path());
        command.args(["--microphone", "bob-microphone", "--speaker", "bob-speaker"]);
    }

    async fn bob(&self) -> Window {
        Window::open_with("bob", &self.displays[0], |command| self.surround_bob(command)).await
    }

    async fn alice(&self) -> Window {
        Window::open_with("alice", &self.displays[1], |command| {
            command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all");
            command.args(["--microphone", "tone", "--speaker", "none"]);
        })
        .await
    }

    /// Starts the app once more with bob's profile.
    fn bob_again(&self) -> Program {
        let mut command = Command::new(programs::visavis().expect("visavis is built"));
        command.env("DISPLAY", self.displays[0].name()).env_remove("WAYLAND_DISPLAY");
        self.surround_bob(&mut command);
        Program::spawn("bob's second start", command).expect("it starts")
    }

    /// Pulls bob's speaker out.
    async fn unplug_bobs_speaker(&self) {
        let modules = self.sound.pactl(&["list", "short", "modules"]).await;
        let its = modules.lines().find(|line| line.contains("sink_name=bob-ears"));
        let number = its.and_then(|line| line.split_whitespace().next()).expect("its number");
        self.sound.pactl(&["unload-module", number]).await;
    }
}

fn keeps(window: &mut Window, step: &str) {
    window.keeps_screenshot(&Path::new("day").join(format!("{step}.png")).display().to_string());
}

fn calls(window: &mut Window, whom: &str) {
    window.fills("Username to call", whom);
    window.clicks("Call");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_spend_a_day_with_it() {
    let town = Town::build().await;

    // The first start: bob logs in, finds alice and keeps her.
    let mut bob = town.bob().await;
    keeps(&mut bob, "01-first-start");
    bob.logs_in(town.server.url());
    let mut alice = town.alice().await;
    alice.logs_in(town.server.url());
    bob.fills("Search", "alice");
    bob.presses(Key::Enter);
    bob.clicks("Add to contacts");
    bob.waits_for(&By::name("Remove from contacts").role(Role::Button));
    keeps(&mut bob, "02-contact");

    // He leaves, and she calls in vain.
    town.bus.clicks_in_tray("Quit").await;
    assert!(bob.finishes(LIMIT).await.status.success());
    calls(&mut alice, "bob");
    alice.waits_for(&By::containing("bob is not online"));
    keeps(&mut alice, "03-nobody-there");
    alice.presses(Key::Escape);

    // The second start: he is logged in, knows her, learns what he missed, and calls back.
    let mut bob = town.bob().await;
    bob.waits_for(&By::containing("Missed call from alice"));
    bob.waits_for(&By::name("alice, Online"));
    keeps(&mut bob, "04-missed-while-away");
    bob.clicks("Call back");
    alice.waits_for(&By::name("Accept").role(Role::Button));
    keeps(&mut alice, "05-called-back");
    alice.clicks("Decline");
    bob.waits_for(&By::containing("alice declined the call"));
    keeps(&mut bob, "06-declined");
    bob.presses(Key::Escape);

    // She calls, and he answers in the notification.
    calls(&mut alice, "bob");
    let (id, _) = town.bus.shows("alice is calling").await;
    keeps(&mut bob, "07-ringing");
    town.bus.clicks(id, "answer").await;
    bob.waits_for(&By::name("Close call").role(Role::Button));
    bob.sees("alice");
    alice.sees("bob");
    keeps(&mut bob, "08-in-call");

    // He is muted for a while, and loses his speaker: the call goes on with another.
    bob.clicks("Mute");
    bob.waits_for(&By::name("Mute").pressed(true));
    keeps(&mut bob, "09-muted");
    bob.clicks("Mute");
    bob.waits_for(&By::name("Mute").pressed(false));
    town.unplug_bobs_speaker().await;
    bob.waits_for(&By::containing("The speaker was disconnected"));
    keeps(&mut bob, "10-speaker-unplugged");
    bob.sees("alice");

    // He has her in the mini window while he looks at something else, and mutes himself there.
    let manager = WindowManager::start(&town.displays[0]).await;
    bob.clicks("Mini window");
    manager.keeps_the_window_on_top(true).await;
    manager.has_the_window_sized(320, 180).await;
    bob.sees("alice");
    bob.clicks("Mute");
    alice.waits_for(&By::name("bob is muted"));
    keeps(&mut bob, "11-mini-window");
    keeps(&mut alice, "12-the-other-is-muted");
    bob.clicks("Mute");
    alice.waits_until_gone(&By::name("bob is muted"));
    bob.clicks("Mini window");
    manager.keeps_the_window_on_top(false).await;
    manager.has_the_window_sized(1040, 680).await;
    bob.sees("alice");

    // Out of sight nothing is decoded; she is there again as soon as he looks.
    manager.minimises_the_window().await;
    tokio::time::sleep(OUT_OF_SIGHT).await;
    manager.restores_the_window().await;
    bob.sees("alice");

    // They say goodbye.
    bob.clicks("Close call");
    alice.waits_for(&By::containing("bob ended the call"));
    keeps(&mut alice, "13-ended");
    bob.waits_until_gone(&By::name("Close call"));
    keeps(&mut bob, "14-after-the-call");

    // A second start brings the first to the front.
    manager.minimises_the_window().await;
    let second = town.bob_again().finish(LIMIT).await.expect("it ends");
    assert!(second.stdout.contains("comes to the front"), "{second:?}");
    manager.has_the_window_in_front().await;

    // Closed, it waits in the tray until it is wanted again.
    manager.closes_the_window().await;
    bob.waits_for(&By::containing("Keep Visavis running?"));
    keeps(&mut bob, "15-closing");
    bob.clicks("Keep in the tray");
    manager.has_no_window().await;
    town.bus.clicks_in_tray("Show Visavis").await;
    manager.has_the_window_in_front().await;
    town.bus.clicks_in_tray("Quit").await;
    assert!(bob.finishes(LIMIT).await.status.success());
}
