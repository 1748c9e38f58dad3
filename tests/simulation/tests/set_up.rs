//! Calls connect, and soon, whatever the network loses: hundreds of seeds, in virtual time.
//!
//! `cargo xtask bench network` measures the same, with the bars in a table.
#![expect(clippy::print_stdout, reason = "what was measured, shown with --no-capture")]

use std::time::Duration;

use visavis_link::{Conditions, Loss};
use visavis_simulation::{Scenario, SetUp, scenarios, simulate};

const MS: Duration = Duration::from_millis(1);

/// Sets calls up, one for each seed, and holds them against the bars of their scenario.
fn check(name: &str, seeds: u64) {
    let scenario =
        scenarios().into_iter().find(|scenario| scenario.name == name).expect("a known scenario");
    let outcome = scenario.measure(0..seeds);
    println!("{name}: {outcome:?}");
    for (bar, measured) in scenario.judge(&outcome) {
        assert!(bar.is_met(measured), "{name}: {measured:?} misses {bar:?} in {outcome:?}");
    }
}

#[test]
fn on_a_clear_network_both_see_each_other_after_hardly_more_than_four_round_trips() {
    check("set-up-clean", 100);
}

#[test]
fn every_call_connects_although_a_tenth_of_the_packets_is_lost() {
    check("set-up-loss-10", 500);
}

#[test]
fn every_call_connects_although_losses_come_in_bursts() {
    check("set-up-bursts", 500);
}

#[test]
fn calls_connect_although_three_of_ten_packets_are_lost() {
    check("set-up-loss-30", 500);
}

#[test]
fn packets_that_overtake_each_other_hold_nobody_up() {
    check("set-up-jitter", 500);
}

#[test]
fn an_ice_restart_on_a_lossy_network_is_hardly_heard() {
    check("restart-loss-10", 100);
}

#[test]
fn candidates_that_come_seconds_after_the_descriptions_are_taken_up_at_once() {
    let conditions = Conditions::CLEAR.delay(50 * MS).loss(Loss::Random(0.1));
    // The caller's left a second before the call was accepted.
    let (late, earlier) = (3000 * MS, 1000 * MS);
    let scenario =
        Scenario { candidates_late: late, signaling: 40 * MS, ..Scenario::over(conditions) };
    for seed in 0..100 {
        let call: SetUp = simulate(scenario, seed);
        let seen = call.both_see().unwrap_or_else(|| panic!("seed {seed}: {call:?}"));
        assert!(seen >= late - earlier && seen < late + 1000 * MS, "seed {seed}: {seen:?}");
    }
}

#[test]
fn a_candidate_that_comes_right_after_the_description_is_tried_at_once() {
    let scenario =
        Scenario { candidates_late: 3 * MS, ..Scenario::over(Conditions::CLEAR.delay(10 * MS)) };
    for seed in 0..20 {
        let call = simulate(scenario, seed);
        let seen = call.both_see().unwrap_or_else(|| panic!("seed {seed}: {call:?}"));
        assert!(
            seen < 130 * MS,
            "seed {seed}: {seen:?}, as if it had waited for the next round of checks"
        );
    }
}

#[test]
fn a_slow_signaling_server_costs_its_own_delay_and_no_more() {
    let conditions = Conditions::CLEAR.delay(50 * MS).loss(Loss::Random(0.1));
    let scenario = Scenario { signaling: 400 * MS, ..Scenario::over(conditions) };
    for seed in 0..100 {
        let call = simulate(scenario, seed);
        let seen = call.both_see().unwrap_or_else(|| panic!("seed {seed}: {call:?}"));
        assert!(seen < 2000 * MS, "seed {seed}: {seen:?}");
    }
}

#[test]
fn two_who_can_not_reach_each_other_are_never_told_that_they_are_connected() {
    let call = simulate(Scenario::over(Conditions::CLEAR.closed()), 1);
    assert_eq!((call.connected, call.first_frame, call.both_see()), ([None; 2], [None; 2], None));
}
