//! Everyone hears: two real windows, a real sound server, the ring tone on, and the call answered
//! by its button. What each speaks into their microphone comes out of the other's speaker, whatever
//! rang or broke before.
#![cfg(target_os = "linux")]

use std::time::Duration;

use egui::Key;
use egui::accesskit::Role;
use visavis_tests::inspection::By;
use visavis_tests::server::TestServer;
use visavis_tests::sound_server::{Ears, Kind, Sound, SoundServer, Voice};
use visavis_tests::window::{Display, Window};

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(30);
/// What every notice about a device that is missing in a call says.
const MISSING: [&str; 2] = ["You will not hear the other", "The call goes on without your voice"];

/// Who is who of the two.
const ALICE: usize = 0;
const BOB: usize = 1;

/// Two people at their windows, each with a microphone and a speaker of their own.
struct Two {
    sound: SoundServer,
    people: [Person; 2],
    _server: TestServer,
    _display: Display,
}

struct Person {
    window: Window,
    ears: Ears,
    _voice: Voice,
}

impl Two {
    async fn log_in(kind: Kind) -> Self {
        Self::log_in_with(kind, &["alice", "bob"], |person| format!("{person}-speaker")).await
    }

    /// The same with other people's devices at hand, and other speakers chosen.
    async fn log_in_with(
        kind: Kind,
        devices_of: &[&str],
        speaker_of: impl Fn(&str) -> String,
    ) -> Self {
        let (server, display) = (TestServer::start().await, Display::start().await);
        let sound = SoundServer::start(kind, devices_of).await;
        let mut people = Vec::new();
        for person in ["alice", "bob"] {
            // A steady tone is noise to whoever suppresses noise.
            let (ears, voice) = (sound.listen(person), sound.speak(person));
            let mut window = Window::open_with(person, &display, |command| {
                sound.put_in_reach(command);
                for (option, value) in [
                    ("--microphone", format!("{person}-microphone").as_str()),
                    ("--speaker", &speaker_of(person)),
                    ("--noise-suppression", "off"),
                    ("--echo-cancellation", "off"),
                    ("--automatic-gain", "off"),
                    ("--log", "warn,visavis_client::device=debug,visavis_client::session=debug"),
                ] {
                    command.args([option, value]);
                }
            })
            .await;
            window.logs_in(server.url());
            people.push(Person { window, ears, _voice: voice });
        }
        let people = <[Person; 2]>::try_from(people).ok().expect("two");
        Self { sound, people, _server: server, _display: display }
    }

    /// Alice calls, and both hear that it rings.
    async fn ring(&mut self) {
        let [alice, bob] = &mut self.people;
        alice.window.fills("Username to call", "bob");
        alice.window.clicks("Call");
        bob.window.waits_for(&By::name("Accept").role(Role::Button));
        self.hears(BOB, Sound::Ring).await;
        self.hears(ALICE, Sound::Ringback).await;
    }

    /// Bob takes the call that rings.
    async fn answer(&mut self) {
        self.people[BOB].window.clicks("Accept");
        self.both_hear_each_other().await;
    }

    /// A call from the first ring on, until both hear each other.
    async fn call(&mut self) {
        self.ring().await;
        self.answer().await;
    }

    /// Alice closes the call, both go back to their lists, and call again.
    async fn close_and_call_again(&mut self) {
        self.people[ALICE].window.clicks("Close call");
        // Whoever closed it has a line over the people.
        self.people[BOB].window.clicks("Back");
        self.call().await;
    }

    /// One of them hears that within a while.
    async fn hears(&self, who: usize, sound: Sound) {
        let Err(instead) = self.people[who].ears.wait_for(sound, SOON).await else { return };
        let streams = self.sound.streams().await;
        let [alice, bob] = self.people.each_ref().map(|person| person.window.log());
        panic!(
            "{instead}\n--- streams: {streams}\n--- alice's window: {alice}\n--- bob's window: {bob}"
        );
    }

    async fn both_hear_each_other(&mut self) {
        self.hears(ALICE, Sound::VoiceOf("bob")).await;
        self.hears(BOB, Sound::VoiceOf("alice")).await;
        for person in &mut self.people {
            for missing in MISSING {
                person.window.waits_until_gone(&By::containing(missing));
            }
            assert!(person.ears.hear(Sound::NoRing), "it still rings");
        }
    }

    /// Another server of the same devices: voices and ears are new.
    async fn restart_sound_server(&mut self) {
        self.sound.restart().await;
        for (person, name) in self.people.iter_mut().zip(["alice", "bob"]) {
            (person.ears, person._voice) = (self.sound.listen(name), self.sound.speak(name));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_rings_and_is_answered_in_the_window_is_heard_by_both() {
    let mut two = Two::log_in(Kind::PulseAudio).await;
    two.call().await;
    for person in &two.people {
        let log = person.window.log();
        let warned = log.lines().any(|line| line.contains("WARN") && line.contains("visavis"));
        assert!(!warned, "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_declined_and_made_again_is_heard_by_both() {
    let mut two = Two::log_in(Kind::PulseAudio).await;
    two.ring().await;
    two.people[BOB].window.clicks("Decline");
    for who in [ALICE, BOB] {
        two.hears(who, Sound::NoRing).await;
    }
    // Whoever declined it has a line over the people.
    two.people[ALICE].window.clicks("Back");
    two.call().await;
    // And once more, with the roles of the speakers as they were.
    two.close_and_call_again().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_default_speaker_takes_the_ring_tone_and_the_call_over() {
    let speaker = |person: &str| {
        if person == "bob" { "default".to_owned() } else { format!("{person}-speaker") }
    };
    let mut two = Two::log_in_with(Kind::PulseAudio, &["alice", "headset", "bob"], speaker).await;
    two.ring().await;
    let headset = two.sound.listen("headset");
    two.sound.make_default("headset").await;
    headset.wait_for(Sound::Ring, SOON).await.expect("the ring tone");
    let bobs = std::mem::replace(&mut two.people[BOB].ears, headset);
    bobs.wait_for(Sound::NoRing, SOON).await.expect("it rings there no longer");
    two.answer().await;
    // And back in the call.
    two.people[BOB].ears = bobs;
    two.sound.make_default("bob").await;
    two.both_hear_each_other().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_server_that_is_restarted_while_it_rings_rings_on_and_both_hear_each_other() {
    let mut two = Two::log_in(Kind::PulseAudio).await;
    two.ring().await;
    two.restart_sound_server().await;
    two.hears(BOB, Sound::Ring).await;
    two.hears(ALICE, Sound::Ringback).await;
    two.answer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_server_that_is_restarted_in_the_call_leaves_nobody_deaf_or_mute() {
    let mut two = Two::log_in(Kind::PulseAudio).await;
    two.call().await;
    two.restart_sound_server().await;
    two.both_hear_each_other().await;
    // One that is away for longer causes a notice, and is used as soon as it is back.
    two.sound.kill().await;
    for person in &mut two.people {
        for missing in MISSING {
            person.window.waits_for(&By::containing(missing));
        }
    }
    two.restart_sound_server().await;
    two.both_hear_each_other().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_server_that_hangs_in_the_call_causes_a_notice_and_is_used_again_when_it_goes_on() {
    let mut two = Two::log_in(Kind::PulseAudio).await;
    two.call().await;
    two.sound.freeze().await;
    for person in &mut two.people {
        person.window.waits_for(&By::containing(MISSING[1]));
        // The window does not hang with it. (By key: the buttons fade, and a notice may move over
        // one.)
        for on in [false, true] {
            person.window.presses_with_control(Key::E);
            person.window.waits_for(&By::name("Camera").role(Role::Button).pressed(on));
        }
    }
    two.sound.thaw().await;
    two.both_hear_each_other().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_talks_while_muted_or_has_a_silent_microphone_is_told_so_and_helped() {
    const TALKING: &str = "You are muted, and you are talking";
    const SILENT: &str = "They can't hear you: your microphone is silent";
    let mut two = Two::log_in(Kind::PulseAudio).await;
    two.call().await;
    let alice = &mut two.people[ALICE];
    assert!(!alice.window.shows(&By::name(SILENT)), "she is heard");
    alice.window.presses_with_control(Key::D);
    alice.window.waits_for(&By::name(TALKING));
    alice.window.clicks("Unmute");
    alice.window.waits_until_gone(&By::name(TALKING));
    // Her voice ends, and her microphone with it.
    alice._voice = two.sound.speak("bob");
    alice.window.waits_for(&By::name(SILENT));
    alice.window.clicks("Choose another microphone");
    alice.window.waits_for(&By::name("Microphone").role(Role::ComboBox));
    alice._voice = two.sound.speak("alice");
    alice.window.waits_until_gone(&By::name(SILENT));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_pipewire_a_call_that_rings_and_is_answered_in_the_window_is_heard_by_both() {
    let mut two = Two::log_in(Kind::PipeWire).await;
    two.call().await;
    two.close_and_call_again().await;
}
