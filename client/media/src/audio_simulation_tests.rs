//! A voice from a microphone to an ear over bad networks, in virtual time: what is concealed, how
//! late it is heard, and how far it is from what was said.
//!
//! Encoder, redundancy, adaptation, jitter buffer and playout are the real ones. The other end
//! reports every 50 ms which packets came, over a network as bad as the one there.

mod call;
mod spectrum;

use std::time::Duration;

use visavis_link::{Conditions, Loss};

use call::{Heard, Setup, call};

const SECONDS: u64 = 30;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Calls over a network with different luck, prints the statistics, and gives the means.
#[track_caller]
fn check(name: &str, setup: Setup, most_concealed: f64) -> Heard {
    check_with(4, name, setup, most_concealed)
}

#[track_caller]
fn check_with(calls: u64, name: &str, setup: Setup, most_concealed: f64) -> Heard {
    let calls: Vec<Heard> = (1..=calls)
        .map(|seed| call(Setup { compare: seed == 1, ..setup }, seed, SECONDS))
        .collect();
    for heard in &calls {
        println!("{name}: {heard}");
    }
    let mean = Heard::mean(&calls);
    println!("{name}: mean {mean}");
    assert!(mean.concealed <= most_concealed, "{name}: {mean}");
    mean
}

#[test]
fn on_a_clean_network_everything_is_heard_and_soon() {
    let heard = check("clean, 20 ms RTT", Setup::over(Conditions::CLEAR.delay(ms(10))), 0.0);
    assert_eq!((heard.lost, heard.recovered), (0.0, 0.0));
    assert!(heard.added_ms < 45.0, "{heard}");
    assert!(heard.target_ms < 6.0, "{heard}");
}

#[test]
fn little_loss_is_hardly_heard() {
    let conditions = Conditions::CLEAR.delay(ms(30)).loss(Loss::Random(0.02));
    let heard = check("2% loss, 60 ms RTT", Setup::over(conditions), 0.005);
    assert!(heard.target_ms < 30.0, "{heard}");
    check("2% loss, 60 ms RTT, no RED", Setup { red: false, ..Setup::over(conditions) }, 0.008);
}

#[test]
fn with_a_tenth_lost_little_is_concealed() {
    let conditions = Conditions::CLEAR.delay(ms(50)).loss(Loss::Random(0.10));
    check("10% loss, 100 ms RTT", Setup::over(conditions), 0.02);
    check("10% loss, 100 ms RTT, no RED", Setup { red: false, ..Setup::over(conditions) }, 0.04);
}

#[test]
fn bursts_are_bridged() {
    let conditions = Conditions::CLEAR.delay(ms(30)).loss(Loss::Bursts { mean: 0.05, length: 5.0 });
    check_with(24, "bursts of 5, 60 ms RTT", Setup::over(conditions), 0.03);
}

#[test]
fn jitter_costs_delay_and_no_audio() {
    let conditions = Conditions::CLEAR.delay(ms(40)).jitter(ms(30));
    let heard = check("jitter 30 ms on 40 ms", Setup::over(conditions), 0.005);
    assert!((50.0..66.0).contains(&heard.target_ms), "{heard}");
    let ordered = Conditions { in_order: true, ..conditions };
    check("jitter 30 ms on 40 ms, in order", Setup::over(ordered), 0.005);
}

#[test]
fn with_a_third_lost_a_voice_is_still_a_voice() {
    let conditions = Conditions::CLEAR.delay(ms(50)).loss(Loss::Random(0.30));
    let heard = check("30% loss, 100 ms RTT", Setup::over(conditions), 0.10);
    let clean = call(Setup::over(Conditions::CLEAR.delay(ms(50))), 1, SECONDS);
    println!(
        "30% loss: {:.2} dB from the original, {:.2} dB by the codec alone",
        heard.distance_db, clean.distance_db
    );
    assert!(
        heard.distance_db < clean.distance_db + 1.0,
        "{} and {} dB",
        heard.distance_db,
        clean.distance_db
    );
}
