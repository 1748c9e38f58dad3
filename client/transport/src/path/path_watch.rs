//! Decides when the way to the other is to be looked for anew, before the call is without media.
//!
//! What goes in, a few times a second: the time, when the other was last heard of and when they
//! last answered, and now and then the addresses of this machine. What comes out: that the way is
//! suspect, once, and that it works again, once. Pure: time is an argument.
//!
//! Each end checks the way four times a second whatever the people do (RFC 7675), so a call in
//! which nobody speaks and no camera is on is not silent here.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::socket::SignsOfLife;

/// Nothing from the other for so long is no loss of packets any more.
pub(crate) const SILENCE: Duration = Duration::from_millis(1200);
/// So long no word that what we send arrives, from somebody who usually says so many times a second
/// (RTCP feedback).
const UNREPORTED: Duration = Duration::from_millis(1500);
/// The same, from somebody who only answers checks: with a third of all packets lost, half of those
/// go unanswered.
const UNANSWERED: Duration = Duration::from_secs(4);
/// Media that was sent longer ago than this is no reason to expect reports.
const SENDING: Duration = Duration::from_millis(500);
/// Who was not asked for so long did not run, and has nothing to say about what came meanwhile.
const STALL: Duration = Duration::from_millis(900);
/// When the wall clock advances by so much more than ours, the machine has slept.
const SLEPT: Duration = Duration::from_secs(2);

/// What is known at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation<'a> {
    /// The moment.
    pub(crate) now: Instant,
    /// What the clock on the wall shows, which goes on while the machine sleeps.
    pub(crate) wall: Duration,
    /// When the way was last seen to work.
    pub(crate) signs: SignsOfLife,
    /// The addresses of this machine, when they were looked up.
    pub(crate) addresses: Option<&'a [IpAddr]>,
    /// A stream to a relay broke.
    pub(crate) relay_broke: bool,
}

/// Why the way is suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// Nothing comes.
    Silence,
    /// Something comes, but nothing that says that ours arrives.
    Unanswered,
    /// The address that media leaves from is not this machine's any more.
    AddressGone,
    /// The stream to the relay that media goes through broke.
    RelayGone,
    /// The machine has slept.
    Slept,
}

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathNews {
    /// The way should be looked for anew.
    Suspect(Suspicion),
    /// It works again, or after all.
    Works,
}

/// Watches over the way to the other.
#[derive(Debug, Default)]
pub(crate) struct PathWatch {
    last: Option<(Instant, Duration)>,
    /// Silence counts from here at the earliest.
    since: Option<Instant>,
    /// Since when media is sent without a pause.
    sending_since: Option<Instant>,
    /// Since when the way is suspect.
    suspect_since: Option<Instant>,
    /// The address whose loss was told.
    gone: Option<IpAddr>,
}

impl PathWatch {
    /// Takes in what is known now.
    pub(crate) fn observe(&mut self, seen: Observation<'_>) -> Option<PathNews> {
        let Observation { now, wall, signs, .. } = seen;
        let slept = self.note_time(now, wall);
        let since = *self.since.get_or_insert(now);
        let sending =
            signs.sent_media.is_some_and(|at| now.saturating_duration_since(at) < SENDING);
        let sending_since = if sending { Some(self.sending_since.unwrap_or(now)) } else { None };
        self.sending_since = sending_since;

        let gone = seen.addresses.and_then(|present| {
            signs.from.filter(|from| {
                !from.is_unspecified() && !from.is_loopback() && !present.contains(from)
            })
        });
        if gone.is_some() && self.gone != gone {
            self.gone = gone;
            return Some(self.suspect(Suspicion::AddressGone, now));
        }
        if slept {
            return Some(self.suspect(Suspicion::Slept, now));
        }
        if seen.relay_broke && sending && signs.from.is_none() {
            return Some(self.suspect(Suspicion::RelayGone, now));
        }
        if let Some(suspect_since) = self.suspect_since {
            let works = [signs.heard, signs.answered]
                .iter()
                .all(|sign| sign.is_some_and(|at| at > suspect_since));
            if works {
                self.suspect_since = None;
                self.gone = None;
                return Some(PathNews::Works);
            }
            return None;
        }
        let quiet = |sign: Option<Instant>, since: Instant| {
            now.saturating_duration_since(sign.max(Some(since)).unwrap_or(now))
        };
        if quiet(signs.heard, since) >= SILENCE {
            return Some(self.suspect(Suspicion::Silence, now));
        }
        let patience = if signs.reports { UNREPORTED } else { UNANSWERED };
        if let Some(sending_since) = sending_since
            && quiet(signs.answered, since.max(sending_since)) >= patience
        {
            return Some(self.suspect(Suspicion::Unanswered, now));
        }
        None
    }

    /// Says whether the machine has slept since the last time.
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

    fn suspect(&mut self, suspicion: Suspicion, now: Instant) -> PathNews {
        self.suspect_since = Some(now);
        PathNews::Suspect(suspicion)
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

    /// A way that is watched, and what is known of it.
    struct World {
        watch: PathWatch,
        now: Instant,
        wall: Duration,
        signs: SignsOfLife,
        addresses: Option<Vec<IpAddr>>,
        relay_broke: bool,
    }

    impl World {
        fn new() -> Self {
            let signs = SignsOfLife { reports: true, ..SignsOfLife::default() };
            let wall = Duration::from_secs(1_700_000_000);
            let mut world = Self {
                watch: PathWatch::default(),
                now: Instant::now(),
                wall,
                signs,
                addresses: None,
                relay_broke: false,
            };
            assert_eq!(world.run(ms(2000), |world| world.all_well()), []);
            world
        }

        fn all_well(&mut self) {
            self.signs.heard = Some(self.now);
            self.signs.answered = Some(self.now);
            self.signs.sent_media = Some(self.now);
        }

        fn observe(&mut self) -> Option<PathNews> {
            let addresses = self.addresses.as_deref();
            let relay_broke = std::mem::take(&mut self.relay_broke);
            self.watch.observe(Observation {
                now: self.now,
                wall: self.wall,
                signs: self.signs,
                addresses,
                relay_broke,
            })
        }

        fn sleep(&mut self, ours: Duration, wall: Duration) {
            self.now += ours;
            self.wall += wall;
        }

        /// So long, with this happening at every look; and what is told meanwhile.
        fn run(
            &mut self,
            length: Duration,
            mut each: impl FnMut(&mut Self),
        ) -> Vec<(u128, PathNews)> {
            let start = self.now;
            let mut news = Vec::new();
            while self.now < start + length {
                self.sleep(TICK, TICK);
                each(self);
                news.extend(self.observe().map(|told| ((self.now - start).as_millis(), told)));
            }
            news
        }
    }

    #[test]
    fn silence_is_told_once_and_so_is_its_end() {
        let mut world = World::new();
        let news = world.run(ms(10_000), |world| world.signs.sent_media = Some(world.now));
        assert_eq!(news, [(1200, PathNews::Suspect(Suspicion::Silence))]);
        assert_eq!(world.run(ms(1000), World::all_well), [(100, PathNews::Works)]);
        assert_eq!(world.run(ms(60_000), World::all_well), []);
    }

    #[test]
    fn a_way_that_carries_only_theirs_is_suspect_too() {
        let mut world = World::new();
        let deaf = |world: &mut World| {
            world.signs.heard = Some(world.now);
            world.signs.sent_media = Some(world.now);
        };
        assert_eq!(world.run(ms(10_000), deaf), [(1500, PathNews::Suspect(Suspicion::Unanswered))]);
        assert_eq!(world.run(ms(1000), World::all_well), [(100, PathNews::Works)]);
    }

    #[test]
    fn who_reports_nothing_is_given_longer_to_answer() {
        let mut world = World::new();
        world.signs.reports = false;
        let deaf = |world: &mut World| {
            world.signs.heard = Some(world.now);
            world.signs.sent_media = Some(world.now);
        };
        assert_eq!(world.run(ms(10_000), deaf), [(4000, PathNews::Suspect(Suspicion::Unanswered))]);
    }

    #[test]
    fn a_call_in_which_nothing_is_sent_is_not_suspect_for_want_of_reports() {
        let mut world = World::new();
        let checks_only = |world: &mut World| {
            world.signs.heard = Some(world.now);
        };
        assert_eq!(world.run(ms(60_000), checks_only), []);
        // Nor right after media is sent again.
        let sending = |world: &mut World| {
            world.signs.heard = Some(world.now);
            world.signs.sent_media = Some(world.now);
        };
        assert_eq!(world.run(ms(1400), sending), []);
    }

    #[test]
    fn an_address_that_is_gone_is_told_at_once_and_once() {
        let mut world = World::new();
        let (ours, other): (IpAddr, IpAddr) = ([192, 0, 2, 7].into(), [198, 51, 100, 7].into());
        world.signs.from = Some(ours);
        world.addresses = Some(vec![other, ours]);
        assert_eq!(world.run(ms(1000), World::all_well), []);
        world.addresses = Some(vec![other]);
        assert_eq!(world.run(ms(100), |_| {}), [(100, PathNews::Suspect(Suspicion::AddressGone))]);
        assert_eq!(world.run(ms(5000), |_| {}), []);
        world.signs.from = Some([0, 0, 0, 0].into());
        assert_eq!(world.run(ms(5000), World::all_well), [(100, PathNews::Works)]);
    }

    #[test]
    fn a_relay_that_is_gone_matters_only_to_what_goes_through_it() {
        let mut world = World::new();
        world.signs.from = Some([192, 0, 2, 7].into());
        world.relay_broke = true;
        assert_eq!(world.run(ms(1000), World::all_well), []);
        world.signs.from = None;
        world.relay_broke = true;
        assert_eq!(world.run(ms(100), |_| {}), [(100, PathNews::Suspect(Suspicion::RelayGone))]);
    }

    #[test]
    fn who_wakes_looks_at_once() {
        let mut world = World::new();
        // Our clock may stand still meanwhile, or not.
        for ours in [ms(10), ms(20_000)] {
            world.sleep(ours, ours + ms(20_000));
            assert_eq!(world.observe(), Some(PathNews::Suspect(Suspicion::Slept)));
            assert_eq!(world.run(ms(1000), World::all_well), [(100, PathNews::Works)]);
        }
    }

    #[test]
    fn who_did_not_run_for_a_while_has_heard_nothing_and_knows_it() {
        let mut world = World::new();
        world.sleep(ms(3000), ms(3000));
        assert_eq!(world.observe(), None);
        assert_eq!(world.run(ms(1000), World::all_well), []);
        world.sleep(ms(3000), ms(3000));
        assert_eq!(world.observe(), None);
        assert_eq!(world.run(ms(1300), |_| {}), [(1200, PathNews::Suspect(Suspicion::Silence))]);
    }

    proptest! {
        #[test]
        fn suspicion_and_relief_take_turns_and_a_way_that_works_is_never_suspect(
            steps in prop::collection::vec((1u64..1500, any::<bool>(), any::<bool>(), any::<bool>()), 1..200)
        ) {
            let mut world = World::new();
            let mut suspect = false;
            for (wait, heard, answered, sending) in steps {
                world.sleep(ms(wait), ms(wait));
                let now = Some(world.now);
                if heard { world.signs.heard = now; }
                if answered { world.signs.answered = now; }
                if sending { world.signs.sent_media = now; }
                match world.observe() {
                    Some(PathNews::Suspect(_)) => {
                        prop_assert!(!suspect, "told twice");
                        prop_assert!(!heard || !answered, "it works");
                        suspect = true;
                    }
                    Some(PathNews::Works) => {
                        prop_assert!(suspect);
                        suspect = false;
                    }
                    None => {}
                }
            }
        }
    }
}
