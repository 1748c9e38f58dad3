//! Whoever is muted in a real window is heard while they hold the space bar of a real keyboard,
//! and not a moment longer.
#![cfg(target_os = "linux")]

use std::time::Duration;

use egui::accesskit::Role;
use tempfile::TempDir;
use tokio::process::Command;
use visavis_tests::inspection::By;
use visavis_tests::programs::{self, Program};
use visavis_tests::real_keyboard::{RealKeyboard, SPACE};
use visavis_tests::server::TestServer;
use visavis_tests::sound_server::{Ears, Kind, Sound, SoundServer};
use visavis_tests::window::{Display, Window};
use visavis_tests::window_manager::WindowManager;

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(30);
const HEARD: &str = "You are heard while you hold Space";

/// Bob, who takes the call without a window.
fn bob_answers(sound: &SoundServer, server: &TestServer, data: &TempDir) -> Program {
    let mut command = Command::new(programs::visavis().expect("visavis is built"));
    sound.put_in_reach(&mut command);
    command.args(["answer", "--username", "bob", "--server", server.url()]);
    command.args(["--camera", "pattern", "--microphone", "none", "--speaker", "bob-speaker"]);
    command.args(["--ice-server", "none", "--duration", "120s"]);
    command.arg("--data-dir").arg(data.path());
    Program::spawn("bob", command).expect("it starts")
}

async fn hears(ears: &Ears, sound: Sound, alice: &Window) {
    if let Err(instead) = ears.wait_for(sound, SOON).await {
        panic!("{instead}; alice's window: {}", alice.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_muted_is_heard_while_they_hold_the_space_bar_and_their_window_has_the_focus() {
    let (server, display) = (TestServer::start().await, Display::start().await);
    let manager = WindowManager::start(&display).await;
    let sound = SoundServer::start(Kind::PulseAudio, &["alice", "bob"]).await;
    let (ears, _voice) = (sound.listen("bob"), sound.speak("alice"));
    let data = TempDir::new().expect("a temporary folder");
    let _bob = bob_answers(&sound, &server, &data);
    let mut alice = Window::open_with("alice", &display, |command| {
        sound.put_in_reach(command);
        command.args(["--microphone", "alice-microphone", "--speaker", "alice-speaker"]);
        // A steady tone is noise to whoever suppresses noise.
        command.args(["--noise-suppression", "off", "--echo-cancellation", "off"]);
        command.args(["--automatic-gain", "off"]);
    })
    .await;
    alice.logs_in(server.url());
    alice.waits_for(&By::name("Call bob").role(Role::Button));
    alice.clicks("Call bob");
    alice.waits_for(&By::name("Close call").role(Role::Button));
    hears(&ears, Sound::VoiceOf("alice"), &alice).await;
    alice.clicks("Mute");
    hears(&ears, Sound::NoVoice, &alice).await;

    manager.has_the_window_in_front().await;
    let keyboard = RealKeyboard::of(&display);
    keyboard.presses(SPACE);
    // For longer than it takes the key to repeat: nine tenths of a second are her voice.
    hears(&ears, Sound::VoiceOf("alice"), &alice).await;
    alice.waits_for(&By::name(HEARD));
    alice.keeps_screenshot("push-to-talk.png");
    keyboard.lets_go(SPACE);
    hears(&ears, Sound::NoVoice, &alice).await;
    alice.waits_until_gone(&By::name(HEARD));

    keyboard.presses(SPACE);
    hears(&ears, Sound::VoiceOf("alice"), &alice).await;
    manager.minimises_the_window().await;
    hears(&ears, Sound::NoVoice, &alice).await;
    keyboard.lets_go(SPACE);
}
