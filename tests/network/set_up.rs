//! How calls come about on bad networks: in virtual time, where hundreds take seconds, and between
//! two whole apps in real time. A call that does not connect is a result like any other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use visavis_client::call::event::CallPhase;
use visavis_client::session::snapshot::Intent;
use visavis_link::{Emulator, Timeline};
use visavis_simulation::{Named, Outcome, SetUp};
use visavis_tests::person::Person;
use visavis_tests::redirect::Redirect;
use visavis_tests::server::TestServer;
use visavis_tests::sight;

/// Calls in virtual time.
const SIMULATED: u64 = 500;
/// Calls in real time.
const REAL: u64 = 40;
/// A call has 15 s to connect, and as long again for its first frames.
const LONGEST: Duration = Duration::from_secs(30);

/// How calls are set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    Virtual,
    Real,
}

/// Calls, one for each seed.
pub(crate) async fn run(
    scenario: &Named,
    clock: Clock,
) -> Result<Outcome, Box<dyn std::error::Error>> {
    match clock {
        Clock::Virtual => {
            let scenario = scenario.clone();
            // It runs runtimes of its own.
            Ok(tokio::task::spawn_blocking(move || scenario.measure(0..SIMULATED)).await?)
        }
        Clock::Real => {
            let mut outcome = Outcome::default();
            for seed in 0..REAL {
                outcome.add(seed, &call(scenario, seed).await?);
            }
            Ok(outcome)
        }
    }
}

/// One call between two apps without windows.
async fn call(scenario: &Named, seed: u64) -> Result<SetUp, Box<dyn std::error::Error>> {
    let server = TestServer::start().await;
    let timeline = Timeline::steady(scenario.scenario.conditions);
    let network = Arc::new(Emulator::start_at_once(timeline, seed).await?);
    let redirect = Redirect::start(server.url(), network).await;
    let mut people = ["alice", "bob"].map(person);
    people[0].log_in(server.url()).await;
    people[1].log_in(redirect.url()).await;
    people[0].call("bob").await;
    people[1].until_ringing().await;
    let latest = Instant::now() + LONGEST;
    let watches = people
        .each_ref()
        .map(|person| sight::watch(Arc::clone(&person.session.link.remote_video), latest));
    let accepted = Instant::now();
    people[1].accept().await;
    let mut set_up = SetUp::default();
    let mut over = false;
    while !over && Instant::now() < latest {
        tokio::time::sleep(Duration::from_millis(2)).await;
        for (index, person) in people.iter().enumerate() {
            match &person.sees().call {
                CallPhase::InCall { .. } => {
                    set_up.connected[index].get_or_insert_with(|| accepted.elapsed());
                }
                CallPhase::Ended { reason, .. } => {
                    set_up.failure.get_or_insert_with(|| format!("{reason:?}"));
                }
                _ => {}
            }
        }
        let both_see = people.iter().all(|person| person.sees().remote_video_live);
        over = set_up.failure.is_some() || (both_see && set_up.connects());
    }
    people[0].send(Intent::HangUp).await;
    for (index, (person, watch)) in people.into_iter().zip(watches).enumerate() {
        person.session.link.remote_video.close();
        let shown = tokio::task::spawn_blocking(move || watch.join().unwrap_or_default()).await?;
        set_up.first_frame[index] = shown.first().map(|shown| shown.at.duration_since(accepted));
        drop(person);
    }
    Ok(set_up)
}

fn person(name: &str) -> Person {
    Person::with(name, |options| {
        options.record_video = None;
        options.snapshot = None;
        options.window = true;
    })
}
