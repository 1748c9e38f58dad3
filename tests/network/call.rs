//! One call over one network.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use visavis_client::conversation::{Command, Direction};
use visavis_client::device::MicrophoneChoice;
use visavis_client::media::units::VideoSize;
use visavis_client::session::report::Report;
use visavis_client::session::snapshot::{Intent, Snapshot};
use visavis_client::session::statistics::Reading;
use visavis_link::{Emulator, Side, Trace};
use visavis_tests::listen::Recording;
use visavis_tests::person::{Person, tone_of};
use visavis_tests::redirect::Redirect;
use visavis_tests::server::TestServer;
use visavis_tests::sight::{Shown, Watch};

use crate::scenario::Scenario;

/// The networks' seed: the same losses for every build that is measured.
const SEED: u64 = 4;
/// How long two who are in a call may take until media flows.
const MEDIA_WITHIN: Duration = Duration::from_secs(10);
/// More than goes through the network in a call; a hole, so that it costs no disk.
const LARGE: u64 = 1 << 30;

/// What one side saw and heard.
#[derive(Debug)]
pub(crate) struct SideOutcome {
    pub(crate) report: Report,
    pub(crate) shown: Vec<Shown>,
    pub(crate) readings: Vec<(Instant, Reading)>,
    pub(crate) heard: Heard,
    /// What this side sent into the network.
    pub(crate) sent: Trace,
    /// How many bytes of files it received.
    pub(crate) received: u64,
}

/// What was heard, and when it ended.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) samples: Vec<f32>,
    pub(crate) rate: u32,
    pub(crate) ended: Instant,
    /// The tone in it; none where somebody spoke.
    pub(crate) tone: Option<f32>,
}

/// What became of a call. Alice speaks; bob hums a tone with marks in it, so that its delay can be
/// read.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// When the network's timeline began.
    pub(crate) begun: Instant,
    pub(crate) alice: SideOutcome,
    pub(crate) bob: SideOutcome,
}

impl Outcome {
    pub(crate) fn sides(&self) -> [&SideOutcome; 2] {
        [&self.alice, &self.bob]
    }
}

/// Runs one call on the emulated network and measures it.
pub(crate) async fn run(
    scenario: &Scenario,
    voice: &Path,
) -> Result<Outcome, Box<dyn std::error::Error>> {
    let server = TestServer::start().await;
    let network = Arc::new(Emulator::start(scenario.timeline.clone(), SEED).await?);
    let redirect = Redirect::start(server.url(), Arc::clone(&network)).await;
    let mut alice = person("alice", MicrophoneChoice::File(voice.to_owned()));
    let mut bob = person("bob", MicrophoneChoice::Tone(tone_of("bob")));
    alice.log_in(server.url()).await;
    bob.log_in(redirect.url()).await;
    let latest_end = Instant::now() + MEDIA_WITHIN * 3 + scenario.duration;
    let watches = [&alice, &bob].map(|person| Watch::start(&person.session.link, latest_end));
    alice.call("bob").await;
    bob.until_ringing().await;
    bob.accept().await;
    alice.until_in_call().await;
    bob.until_in_call().await;

    let begun = network.until_begun(MEDIA_WITHIN).await.ok_or("no media flowed")?;
    if scenario.files {
        for person in [&mut alice, &mut bob] {
            let file = person.folder().join("large.bin");
            std::fs::File::create(&file)?.set_len(LARGE)?;
            person.send(Intent::Converse(Command::Offer(vec![file]))).await;
        }
        for person in [&mut alice, &mut bob] {
            person.takes_the_next_file().await;
        }
    }
    if let Some((at, side)) = scenario.moves {
        tokio::time::sleep_until((begun + at).into()).await;
        network.move_address(side).await;
    }
    tokio::time::sleep_until((begun + scenario.duration).into()).await;
    let ended = Instant::now();
    let sent = [network.trace(Side::A), network.trace(Side::B)];
    let received = [&alice, &bob].map(|person| received_by(&person.sees()));
    alice.send(Intent::HangUp).await;
    alice.until_ended().await;
    bob.until_ended().await;

    let ([alice_sent, bob_sent], [to_alice, to_bob]) = (sent, received);
    let [alice_watch, bob_watch] = watches;
    let alice =
        outcome(alice, alice_watch, ended, Some(tone_of("bob")), (alice_sent, to_alice)).await;
    let bob = outcome(bob, bob_watch, ended, None, (bob_sent, to_bob)).await;
    Ok(Outcome { begun, alice, bob })
}

fn received_by(seen: &Snapshot) -> u64 {
    let view = seen.conversation.iter().flat_map(|view| &*view.transfers);
    view.filter(|one| one.direction == Direction::Incoming).map(|one| one.done).sum()
}

fn person(name: &str, microphone: MicrophoneChoice) -> Person {
    Person::with(name, |options| {
        options.microphone = microphone;
        options.video_size = VideoSize::new(1280, 720).unwrap_or(options.video_size);
        options.record_video = None;
        options.snapshot = None;
        options.window = true;
    })
}

async fn outcome(
    mut person: Person,
    mut watch: Watch,
    ended: Instant,
    tone: Option<f32>,
    (sent, received): (Trace, u64),
) -> SideOutcome {
    let report = person.report().await;
    let file = person.heard();
    person.session.link.remote_video.close();
    let shown = watch.shown().await;
    let recording = Recording::read(&file);
    let heard = Heard { samples: recording.samples, rate: recording.rate, ended, tone };
    drop(person);
    let readings = watch.readings().await;
    SideOutcome { report, shown, readings, heard, sent, received }
}
