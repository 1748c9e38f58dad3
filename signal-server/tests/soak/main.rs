//! A soak: for two minutes, honest people call each other through a server that others flood,
//! stall, feed rubbish and leave in the middle of everything. Every honest call gets through with
//! what was said unchanged, no connection is left behind, and the server's memory comes back to
//! within a tenth of what it was.
//!
//! The server is a process of its own, so that its memory is its own. What an allocator keeps after
//! its busiest moment it keeps for good, so memory is compared between two quiet moments that each
//! follow the same kind of unrest: one after a warm-up, one at the end. Quiet means that the server
//! has no connection left.
//!
//! `VISAVIS_SOAK=1h` makes it last longer (`cargo xtask test --soak 1h`), `VISAVIS_SOAK_SEED`
//! repeats a run as far as the system's scheduling lets it.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

#[path = "../common/mod.rs"]
mod common;
mod honest;
mod program;
mod rude;

use std::time::{Duration, Instant};

use program::Program;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rude::Manner;
use tokio::task::JoinSet;

/// How long it lasts when nobody says otherwise.
const TWO_MINUTES: Duration = Duration::from_secs(120);
/// As much unrest before memory is looked at for the first time.
const WARM_UP: Duration = Duration::from_secs(20);
/// Pairs of honest people at a time.
const PAIRS: usize = 6;
/// How far memory may be from what it was.
const TOLERANCE: f64 = 0.10;

/// What came of one stretch of unrest.
#[derive(Debug, Default)]
struct Tally {
    calls: u64,
    rude: u64,
}

/// Honest and rude people, until the time is over.
async fn unrest(address: std::net::SocketAddr, seed: u64, time: Duration) -> Tally {
    let ends = Instant::now() + time;
    let mut seeds = StdRng::seed_from_u64(seed);
    let mut honest = JoinSet::new();
    for pair in 0..PAIRS {
        honest.spawn(honest::call_after_call(address, pair, seeds.random(), ends));
    }
    let mut rude = JoinSet::new();
    for (index, manner) in Manner::ALL.into_iter().cycle().take(3 * Manner::ALL.len()).enumerate() {
        rude.spawn(rude::visit_after_visit(address, manner, index, seeds.random(), ends));
    }
    // A call that fails panics in its task, and that ends the test with its words.
    let calls = honest.join_all().await.into_iter().sum();
    let rude = rude.join_all().await.into_iter().sum();
    Tally { calls, rude }
}

/// What `VISAVIS_SOAK` says, or two minutes: a number with s, m or h.
fn duration() -> Duration {
    let Ok(text) = std::env::var("VISAVIS_SOAK") else { return TWO_MINUTES };
    parse(&text).unwrap_or_else(|| {
        panic!("VISAVIS_SOAK={text}: it must be a duration, such as 90s, 10m or 1h")
    })
}

fn parse(text: &str) -> Option<Duration> {
    let (number, unit) = text.trim().split_at_checked(text.trim().len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
}

fn seed() -> u64 {
    let set = std::env::var("VISAVIS_SOAK_SEED").ok();
    set.map_or_else(
        || rand::rng().random(),
        |text| text.parse().expect("VISAVIS_SOAK_SEED is a number"),
    )
}

#[test]
fn a_soak_lasts_as_long_as_it_is_told() {
    assert_eq!(parse("90s"), Some(Duration::from_secs(90)));
    assert_eq!(parse(" 1h "), Some(Duration::from_secs(3600)));
    for wrong in ["", "h", "1", "-1s", "1d", "1é", "99999999999999999999h"] {
        assert_eq!(parse(wrong), None, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_calls_get_through_and_memory_comes_back_whatever_others_do() {
    let (time, seed) = (duration(), seed());
    println!("seed {seed}, {} s", time.as_secs());
    let mut program = Program::start().await;

    let warm_up = unrest(program.address(), seed, WARM_UP).await;
    let before = program.memory_at_rest().await;
    let tally = unrest(program.address(), seed.wrapping_add(1), time).await;
    let after = program.memory_at_rest().await;

    println!(
        "{} honest calls, {} rude visits (and {} and {} to warm up)",
        tally.calls, tally.rude, warm_up.calls, warm_up.rude
    );
    assert!(tally.calls > 0 && tally.rude > 0);
    match before.zip(after) {
        Some((before, after)) => {
            println!(
                "memory: {} KiB after the warm-up, {} KiB at the end",
                before / 1024,
                after / 1024
            );
            let growth = after as f64 / before as f64 - 1.0;
            assert!(growth <= TOLERANCE, "memory grew by {:.1} % (seed {seed})", growth * 100.0);
        }
        None => println!("NOT MEASURED: memory, which only Linux tells"),
    }
    program.stop().await;
}
