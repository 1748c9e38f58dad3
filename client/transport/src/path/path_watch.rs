//! Decides when ICE should look for another network path, before the call is without media.
//!
//! In, a few times a second: the time, when a packet and an answer last came from the other, and
//! now and then the addresses of this machine. Out: that the path is degraded, once, and that it
//! has recovered, once. Pure: time is an argument.
//!
//! Each end checks the path four times a second whatever the people do (RFC 7675), so a call in
//! which nobody speaks and no camera is on is not silent here.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::socket::Liveness;

/// Silence this long is more than a loss of packets.
pub(crate) const SILENCE: Duration = Duration::from_millis(1200);
/// How long no RTCP feedback may say that our packets arrive, from an endpoint that sends feedback
/// many times a second.
const UNREPORTED: Duration = Duration::from_millis(1500);
/// The same, for an endpoint that only answers checks: with a third of all packets lost, half of
/// the checks go unanswered.
const UNANSWERED: Duration = Duration::from_secs(4);
/// Media sent longer ago than this is no reason to expect feedback.
const SENDING: Duration = Duration::from_millis(500);
/// After a longer pause between two observations this process did not run, and what came meanwhile
/// is not known.
const STALL: Duration = Duration::from_millis(900);
/// When the wall clock advances by so much more than ours, the machine has slept.
const SLEPT: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation<'a> {
    pub(crate) now: Instant,
    /// The wall clock, which goes on while the machine sleeps.
    pub(crate) wall: Duration,
    pub(crate) liveness: Liveness,
    /// The addresses of this machine, when they were looked up.
    pub(crate) addresses: Option<&'a [IpAddr]>,
    pub(crate) relay_broke: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Degradation {
    /// Nothing comes.
    Silence,
    /// Packets come, but none shows that ours arrive.
    Unanswered,
    /// The address that media leaves from is not this machine's any more.
    AddressGone,
    /// The stream to the relay that media goes through broke.
    RelayGone,
    Slept,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathChange {
    /// ICE should look for another path.
    Degraded(Degradation),
    /// The path works again, or after all.
    Recovered,
}

/// Watches the network path to the other.
#[derive(Debug, Default)]
pub(crate) struct PathWatch {
    last: Option<(Instant, Duration)>,
    /// Silence counts from here at the earliest.
    since: Option<Instant>,
    /// Since when media has been sent without a pause.
    sending_since: Option<Instant>,
    degraded_since: Option<Instant>,
    /// The address whose loss was reported.
    gone: Option<IpAddr>,
}

impl PathWatch {
    pub(crate) fn observe(&mut self, seen: Observation<'_>) -> Option<PathChange> {
        let Observation { now, wall, liveness, .. } = seen;
        let slept = self.note_time(now, wall);
        let since = *self.since.get_or_insert(now);
        let sending =
            liveness.sent_media.is_some_and(|at| now.saturating_duration_since(at) < SENDING);
        let sending_since = if sending { Some(self.sending_since.unwrap_or(now)) } else { None };
        self.sending_since = sending_since;

        let gone = seen.addresses.and_then(|present| {
            liveness.from.filter(|from| {
                !from.is_unspecified() && !from.is_loopback() && !present.contains(from)
            })
        });
        if gone.is_some() && self.gone != gone {
            self.gone = gone;
            return Some(self.degraded(Degradation::AddressGone, now));
        }
        if slept {
            return Some(self.degraded(Degradation::Slept, now));
        }
        if seen.relay_broke && sending && liveness.from.is_none() {
            return Some(self.degraded(Degradation::RelayGone, now));
        }
        if let Some(degraded_since) = self.degraded_since {
            let works = [liveness.received, liveness.answered]
                .iter()
                .all(|sign| sign.is_some_and(|at| at > degraded_since));
            if works {
                self.degraded_since = None;
                self.gone = None;
                return Some(PathChange::Recovered);
            }
            return None;
        }
        let quiet = |sign: Option<Instant>, since: Instant| {
            now.saturating_duration_since(sign.max(Some(since)).unwrap_or(now))
        };
        if quiet(liveness.received, since) >= SILENCE {
            return Some(self.degraded(Degradation::Silence, now));
        }
        let patience = if liveness.reports { UNREPORTED } else { UNANSWERED };
        if let Some(sending_since) = sending_since
            && quiet(liveness.answered, since.max(sending_since)) >= patience
        {
            return Some(self.degraded(Degradation::Unanswered, now));
        }
        None
    }

    /// Whether the machine has slept since the last observation.
    fn note_time(&mut self, now: Instant, wall: Duration) -> bool {
        let Some((last, last_wall)) = self.last.replace((now, wall)) else { return false };
        let ours = now.saturating_duration_since(last);
        if ours >= STALL {
            self.since = Some(now);
        }
        let slept = wall.saturating_sub(last_wall) >= ours + SLEPT;
        if slept {
            self.since = Some(now);
        }
        slept
    }

    fn degraded(&mut self, why: Degradation, now: Instant) -> PathChange {
        self.degraded_since = Some(now);
        PathChange::Degraded(why)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TICK: Duration = Duration::from_millis(100);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A path that is watched, and what is known of it.
    struct World {
        watch: PathWatch,
        now: Instant,
        wall: Duration,
        liveness: Liveness,
        addresses: Option<Vec<IpAddr>>,
        relay_broke: bool,
    }

    impl World {
        fn new() -> Self {
            let liveness = Liveness { reports: true, ..Liveness::default() };
            let wall = Duration::from_secs(1_700_000_000);
            let mut world = Self {
                watch: PathWatch::default(),
                now: Instant::now(),
                wall,
                liveness,
                addresses: None,
                relay_broke: false,
            };
            assert_eq!(world.run(ms(2000), |world| world.all_well()), []);
            world
        }

        fn all_well(&mut self) {
            self.liveness.received = Some(self.now);
            self.liveness.answered = Some(self.now);
            self.liveness.sent_media = Some(self.now);
        }

        fn observe(&mut self) -> Option<PathChange> {
            let addresses = self.addresses.as_deref();
            let relay_broke = std::mem::take(&mut self.relay_broke);
            self.watch.observe(Observation {
                now: self.now,
                wall: self.wall,
                liveness: self.liveness,
                addresses,
                relay_broke,
            })
        }

        fn sleep(&mut self, ours: Duration, wall: Duration) {
            self.now += ours;
            self.wall += wall;
        }

        /// Runs this long, with this happening before each observation. Gives the changes.
        fn run(
            &mut self,
            length: Duration,
            mut each: impl FnMut(&mut Self),
        ) -> Vec<(u128, PathChange)> {
            let start = self.now;
            let mut changes = Vec::new();
            while self.now < start + length {
                self.sleep(TICK, TICK);
                each(self);
                changes
                    .extend(self.observe().map(|change| ((self.now - start).as_millis(), change)));
            }
            changes
        }
    }

    #[test]
    fn silence_is_reported_once_and_so_is_its_end() {
        let mut world = World::new();
        let changes = world.run(ms(10_000), |world| world.liveness.sent_media = Some(world.now));
        assert_eq!(changes, [(1200, PathChange::Degraded(Degradation::Silence))]);
        assert_eq!(world.run(ms(1000), World::all_well), [(100, PathChange::Recovered)]);
        assert_eq!(world.run(ms(60_000), World::all_well), []);
    }

    #[test]
    fn a_path_that_carries_only_their_packets_is_degraded_too() {
        let mut world = World::new();
        let deaf = |world: &mut World| {
            world.liveness.received = Some(world.now);
            world.liveness.sent_media = Some(world.now);
        };
        assert_eq!(
            world.run(ms(10_000), deaf),
            [(1500, PathChange::Degraded(Degradation::Unanswered))]
        );
        assert_eq!(world.run(ms(1000), World::all_well), [(100, PathChange::Recovered)]);
    }

    #[test]
    fn an_endpoint_without_feedback_is_given_longer_to_answer() {
        let mut world = World::new();
        world.liveness.reports = false;
        let deaf = |world: &mut World| {
            world.liveness.received = Some(world.now);
            world.liveness.sent_media = Some(world.now);
        };
        assert_eq!(
            world.run(ms(10_000), deaf),
            [(4000, PathChange::Degraded(Degradation::Unanswered))]
        );
    }

    #[test]
    fn a_call_in_which_nothing_is_sent_is_not_degraded_for_lack_of_reports() {
        let mut world = World::new();
        let checks_only = |world: &mut World| {
            world.liveness.received = Some(world.now);
        };
        assert_eq!(world.run(ms(60_000), checks_only), []);
        // Nor right after media is sent again.
        let sending = |world: &mut World| {
            world.liveness.received = Some(world.now);
            world.liveness.sent_media = Some(world.now);
        };
        assert_eq!(world.run(ms(1400), sending), []);
    }

    #[test]
    fn an_address_that_is_gone_is_reported_at_once_and_once() {
        let mut world = World::new();
        let (ours, other): (IpAddr, IpAddr) = ([192, 0, 2, 7].into(), [198, 51, 100, 7].into());
        world.liveness.from = Some(ours);
        world.addresses = Some(vec![other, ours]);
        assert_eq!(world.run(ms(1000), World::all_well), []);
        world.addresses = Some(vec![other]);
        assert_eq!(
            world.run(ms(100), |_| {}),
            [(100, PathChange::Degraded(Degradation::AddressGone))]
        );
        assert_eq!(world.run(ms(5000), |_| {}), []);
        world.liveness.from = Some([0, 0, 0, 0].into());
        assert_eq!(world.run(ms(5000), World::all_well), [(100, PathChange::Recovered)]);
    }

    #[test]
    fn a_relay_that_is_gone_matters_only_to_what_goes_through_it() {
        let mut world = World::new();
        world.liveness.from = Some([192, 0, 2, 7].into());
        world.relay_broke = true;
        assert_eq!(world.run(ms(1000), World::all_well), []);
        world.liveness.from = None;
        world.relay_broke = true;
        assert_eq!(
            world.run(ms(100), |_| {}),
            [(100, PathChange::Degraded(Degradation::RelayGone))]
        );
    }

    #[test]
    fn after_sleep_another_path_is_looked_for_at_once() {
        let mut world = World::new();
        // Our clock may stand still meanwhile, or not.
        for ours in [ms(10), ms(20_000)] {
            world.sleep(ours, ours + ms(20_000));
            assert_eq!(world.observe(), Some(PathChange::Degraded(Degradation::Slept)));
            assert_eq!(world.run(ms(1000), World::all_well), [(100, PathChange::Recovered)]);
        }
    }

    #[test]
    fn a_pause_of_this_process_is_not_taken_for_silence() {
        let mut world = World::new();
        world.sleep(ms(3000), ms(3000));
        assert_eq!(world.observe(), None);
        assert_eq!(world.run(ms(1000), World::all_well), []);
        world.sleep(ms(3000), ms(3000));
        assert_eq!(world.observe(), None);
        assert_eq!(
            world.run(ms(1300), |_| {}),
            [(1200, PathChange::Degraded(Degradation::Silence))]
        );
    }

    proptest! {
        #[test]
        fn degraded_and_recovered_take_turns_and_a_path_that_works_is_never_degraded(
            steps in prop::collection::vec(
                (1u64..1500, any::<bool>(), any::<bool>(), any::<bool>()), 1..200,
            )
        ) {
            let mut world = World::new();
            let mut degraded = false;
            for (wait, received, answered, sending) in steps {
                world.sleep(ms(wait), ms(wait));
                let now = Some(world.now);
                if received { world.liveness.received = now; }
                if answered { world.liveness.answered = now; }
                if sending { world.liveness.sent_media = now; }
                match world.observe() {
                    Some(PathChange::Degraded(_)) => {
                        prop_assert!(!degraded, "reported twice");
                        prop_assert!(!received || !answered, "it works");
                        degraded = true;
                    }
                    Some(PathChange::Recovered) => {
                        prop_assert!(degraded);
                        degraded = false;
                    }
                    None => {}
                }
            }
        }
    }
}
