//! Whatever comes in whatever order: nothing withholds media for good, and the owner knows where
//! the connection is.

use proptest::prelude::*;

use super::*;

/// A description of two sections.
const SDP: &str = "v=0\r\nm=audio 9 X 111\r\na=mid:0\r\nm=video 9 X 102\r\na=mid:1\r\n";
/// One of another section.
const FOREIGN: &str = "v=0\r\nm=audio 9 X 111\r\na=mid:7\r\n";

/// What the library does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Takes,
    /// Before it changed anything.
    RefusesAtOnce,
    /// After it restarted ICE, if it was to, or took the description, if it was to.
    RefusesLate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LibrarySignaling {
    Stable,
    LocalOffer,
    RemoteOffer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ice {
    New,
    /// It looks for a pair. Without the other's credentials it never finds one.
    Checking {
        has_credentials: bool,
    },
    HasPair,
    Failed,
}

/// The library as far as negotiation goes, by its source (`rtc` 0.21).
#[derive(Debug)]
struct Library {
    signaling: LibrarySignaling,
    /// Credentials for a restart, which it applies with the next local description.
    pending: bool,
    ice: Ice,
}

impl Library {
    fn restart(&mut self, has_credentials: bool) {
        self.pending = false;
        if self.ice != Ice::New {
            self.ice = Ice::Checking { has_credentials };
        }
    }

    fn apply_pending(&mut self) {
        if self.pending {
            self.restart(false);
        }
    }

    fn create_offer(&mut self, ice_restart: bool, verdict: Verdict) -> Input {
        self.pending |= ice_restart;
        match verdict {
            Verdict::Takes => Input::Created(SDP.to_owned()),
            _ => refused(false),
        }
    }

    fn set_local(&mut self, kind: DescriptionKind, verdict: Verdict) -> Input {
        self.apply_pending();
        if verdict == Verdict::RefusesAtOnce {
            return refused(false);
        }
        self.signaling = match (kind, self.signaling) {
            (DescriptionKind::Offer, LibrarySignaling::RemoteOffer) => {
                panic!("an offer instead of an answer")
            }
            (DescriptionKind::Offer, _) => LibrarySignaling::LocalOffer,
            (_, LibrarySignaling::RemoteOffer) => LibrarySignaling::Stable,
            _ => panic!("an answer to nothing"),
        };
        if verdict == Verdict::Takes {
            Input::Accepted { restarted: false }
        } else {
            refused(false)
        }
    }

    fn set_remote(&mut self, kind: DescriptionKind, restarts: bool, verdict: Verdict) -> Input {
        if verdict == Verdict::RefusesAtOnce {
            return refused(false);
        }
        if kind != DescriptionKind::Offer {
            assert_eq!(self.signaling, LibrarySignaling::LocalOffer, "an answer to nothing");
            if kind == DescriptionKind::Answer {
                self.signaling = LibrarySignaling::Stable;
            }
            if verdict == Verdict::RefusesLate {
                return refused(false);
            }
            if self.ice == (Ice::Checking { has_credentials: false }) {
                self.ice = Ice::Checking { has_credentials: true };
            }
            return Input::Accepted { restarted: false };
        }
        assert_eq!(self.signaling, LibrarySignaling::Stable, "an offer in between");
        self.signaling = LibrarySignaling::RemoteOffer;
        let forgot = self.ice == Ice::Checking { has_credentials: false };
        let restarted = (restarts || forgot) && self.ice != Ice::New;
        if restarted {
            self.restart(verdict == Verdict::Takes);
        }
        if verdict == Verdict::Takes { Input::Accepted { restarted } } else { refused(restarted) }
    }
}

fn refused(restarted: bool) -> Input {
    Input::Refused { why: "for a reason".to_owned(), restarted }
}

/// What happens from outside.
#[derive(Debug, Clone)]
enum Event {
    Command(Input),
    TheirOffer {
        restarts: bool,
    },
    /// ICE finds a pair, loses its answers, or gives up.
    IceConnects,
    IceDisconnects,
    IceFails,
}

fn event() -> impl Strategy<Value = Event> {
    let text = |foreign: bool| if foreign { FOREIGN.to_owned() } else { SDP.to_owned() };
    let unread = || "it is not SDP".to_owned();
    let answer = move |(foreign, provisional, restarts)| {
        Event::Command(Input::RemoteAnswer(Ok(Answer {
            sdp: text(foreign),
            provisional,
            restarts,
        })))
    };
    let offer = |ice_restart| Event::Command(Input::CreateOffer { ice_restart });
    prop_oneof![
        6 => any::<bool>().prop_map(offer),
        4 => any::<bool>().prop_map(|restarts| Event::TheirOffer { restarts }),
        6 => (prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::bool::weighted(0.8))
            .prop_map(answer),
        1 => Just(Event::Command(Input::RemoteOffer(Err(unread())))),
        1 => Just(Event::Command(Input::RemoteAnswer(Err(unread())))),
        8 => Just(Event::IceConnects),
        1 => Just(Event::IceDisconnects),
        1 => Just(Event::IceFails),
        1 => any::<bool>().prop_map(|silent| Event::Command(Input::MediaSilent(silent))),
        1 => Just(Event::Command(Input::PathWorks)),
        1 => Just(Event::Command(Input::AllocationsLost)),
        1 => Just(Event::Command(Input::ServerResolved)),
        1 => Just(Event::Command(Input::Gathered)),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        6 => Just(Verdict::Takes),
        1 => Just(Verdict::RefusesAtOnce),
        1 => Just(Verdict::RefusesLate),
    ]
}

/// A negotiation with a library, a network path and an owner.
struct Bench {
    negotiation: Negotiation,
    library: Library,
    /// Another description was taken than ours.
    described: bool,
    buffers: bool,
    permitted: bool,
    told_connected: bool,
    events: Vec<PeerEvent>,
    counted: u32,
}

impl Bench {
    fn new() -> Self {
        Self {
            negotiation: Negotiation::new(),
            library: Library { signaling: LibrarySignaling::Stable, pending: false, ice: Ice::New },
            described: false,
            buffers: false,
            permitted: false,
            told_connected: false,
            events: Vec::new(),
            counted: 0,
        }
    }

    /// A call that runs.
    fn running() -> Self {
        let mut bench = Self::new();
        bench.happens(Event::TheirOffer { restarts: false }, &mut || Verdict::Takes);
        bench.happens(Event::IceConnects, &mut || Verdict::Takes);
        assert_eq!(bench.events.last(), Some(&PeerEvent::Connected));
        bench
    }

    fn happens(&mut self, event: Event, verdict: &mut dyn FnMut() -> Verdict) {
        self.events.clear();
        let had_pair = self.library.ice == Ice::HasPair && self.told_connected;
        let (input, restarts) = match event {
            Event::Command(Input::MediaSilent(_)) if !self.negotiation.has_pair() => return,
            Event::Command(input) => (input, false),
            Event::TheirOffer { restarts } => (Input::RemoteOffer(Ok(SDP.to_owned())), restarts),
            Event::IceConnects => {
                let finds = match self.library.ice {
                    Ice::New => self.described,
                    Ice::Checking { has_credentials } => has_credentials,
                    Ice::HasPair => !self.negotiation.has_pair(),
                    Ice::Failed => false,
                };
                if !finds {
                    return;
                }
                self.library.ice = Ice::HasPair;
                (Input::Connected, false)
            }
            Event::IceDisconnects if self.library.ice == Ice::HasPair => {
                (Input::Disconnected, false)
            }
            Event::IceFails if self.library.ice != Ice::New => {
                self.library.ice = Ice::Failed;
                (Input::Failed, false)
            }
            Event::IceDisconnects | Event::IceFails => return,
        };
        let says_so =
            matches!(input, Input::Disconnected | Input::Failed | Input::MediaSilent(true));
        self.negotiation.handle(input);
        let mut accepted = false;
        while let Some(action) = self.negotiation.poll_action() {
            let begins = action == Action::BeginRestart;
            assert!(!begins || accepted, "a restart begins first of all");
            accepted = false;
            if let Some(result) = self.perform(action, restarts, verdict) {
                assert!(self.negotiation.poll_action().is_none(), "the result comes first");
                accepted = matches!(result, Input::Accepted { .. });
                self.negotiation.handle(result);
            }
        }
        self.check();
        if had_pair && self.library.ice == Ice::HasPair && !says_so {
            assert!(self.told_connected && self.permitted, "a refusal costs nothing");
        }
    }

    fn perform(
        &mut self,
        action: Action,
        restarts: bool,
        verdict: &mut dyn FnMut() -> Verdict,
    ) -> Option<Input> {
        let library = &mut self.library;
        match action {
            Action::CreateOffer { ice_restart } => {
                return Some(library.create_offer(ice_restart, verdict()));
            }
            Action::CreateAnswer => {
                return Some(match verdict() {
                    Verdict::Takes => Input::Created(SDP.to_owned()),
                    _ => refused(false),
                });
            }
            Action::SetLocal(description) => {
                return Some(library.set_local(description.kind, verdict()));
            }
            Action::SetRemote(description) => {
                let result = library.set_remote(description.kind, restarts, verdict());
                self.described |= matches!(result, Input::Accepted { .. });
                return Some(result);
            }
            Action::RollBackLocal | Action::ApplyCredentials => {
                library.apply_pending();
                if library.signaling == LibrarySignaling::LocalOffer {
                    library.signaling = LibrarySignaling::Stable;
                }
            }
            Action::RollBackRemote if library.signaling == LibrarySignaling::RemoteOffer => {
                library.signaling = LibrarySignaling::Stable;
            }
            Action::RollBackRemote => {}
            Action::BeginRestart => {
                assert!(matches!(library.ice, Ice::Checking { .. }), "{:?}", library.ice);
                self.buffers = true;
            }
            Action::EndRestart => self.buffers = false,
            Action::CountRestart => self.counted += 1,
            Action::Permit { connected, .. } => self.permitted = connected,
            Action::Emit(event) => {
                match event {
                    PeerEvent::Connected => {
                        assert!(!self.told_connected, "connected twice");
                        self.told_connected = true;
                    }
                    PeerEvent::Disconnected => {
                        assert!(self.told_connected, "disconnected twice");
                        self.told_connected = false;
                    }
                    PeerEvent::Failed(_) => self.told_connected = false,
                    _ => {}
                }
                self.events.push(event);
            }
            _ => {}
        }
        None
    }

    fn check(&self) {
        let Self { negotiation, library, .. } = self;
        assert_eq!(negotiation.step, Step::Idle);
        let checks = library.ice == (Ice::Checking { has_credentials: true });
        assert!(!self.buffers || checks, "buffers while ICE is {:?}", library.ice);
        if library.ice == (Ice::Checking { has_credentials: false }) {
            assert_eq!(negotiation.connectivity, Connectivity::Failed, "nobody knows");
        }
        let offered = negotiation.signaling == Signaling::HaveLocalOffer;
        let expected =
            if offered { LibrarySignaling::LocalOffer } else { LibrarySignaling::Stable };
        assert_eq!(library.signaling, expected);
        let pending = matches!(
            negotiation.signaling,
            Signaling::RestartOffered(_) | Signaling::RestartAbandoned
        );
        assert_eq!(library.pending, pending, "{:?}", negotiation.signaling);
        assert_eq!(self.told_connected, negotiation.connectivity == Connectivity::Connected);
    }

    /// Whether this was emitted for the last event.
    fn failed(&self) -> bool {
        self.events.iter().any(|event| matches!(event, PeerEvent::Failed(_)))
    }
}

fn restart() -> Event {
    Event::Command(Input::CreateOffer { ice_restart: true })
}

fn answer() -> Event {
    let answer = Answer { sdp: SDP.to_owned(), provisional: false, restarts: true };
    Event::Command(Input::RemoteAnswer(Ok(answer)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_order_of_descriptions_restarts_and_refusals_withholds_nothing(
        runs in any::<bool>(),
        events in prop::collection::vec(event(), 1..40),
        verdicts in prop::collection::vec(verdict(), 400),
    ) {
        let mut verdicts = verdicts.into_iter();
        let mut verdict = || verdicts.next().unwrap_or(Verdict::Takes);
        let mut bench = if runs { Bench::running() } else { Bench::new() };
        for event in events {
            bench.happens(event, &mut verdict);
        }
    }

    #[test]
    fn whatever_was_before_a_restart_that_is_answered_brings_media_back(
        events in prop::collection::vec(event(), 1..40),
        verdicts in prop::collection::vec(verdict(), 400),
    ) {
        let mut verdicts = verdicts.into_iter();
        let mut verdict = || verdicts.next().unwrap_or(Verdict::Takes);
        let mut bench = Bench::running();
        for event in events {
            bench.happens(event, &mut verdict);
        }
        for event in [restart(), answer(), Event::IceConnects] {
            bench.happens(event, &mut || Verdict::Takes);
        }
        prop_assert!(bench.told_connected && bench.permitted && !bench.buffers);
        prop_assert_eq!(&bench.negotiation.signaling, &Signaling::Stable);
    }
}

#[test]
fn a_restart_costs_nothing_until_it_is_answered() {
    let mut bench = Bench::running();
    bench.happens(restart(), &mut || Verdict::Takes);
    assert_eq!(bench.library.ice, Ice::HasPair);
    bench.happens(restart(), &mut || Verdict::Takes);
    assert_eq!(bench.counted, 1, "it is the same offer again");
    bench.happens(answer(), &mut || Verdict::Takes);
    assert!(bench.buffers);
    bench.happens(Event::IceConnects, &mut || Verdict::Takes);
    assert!(!bench.buffers && bench.told_connected);
}

#[test]
fn an_offer_that_is_refused_costs_nothing_unless_ice_was_restarted_for_it() {
    let mut bench = Bench::running();
    bench.happens(Event::TheirOffer { restarts: true }, &mut || Verdict::RefusesAtOnce);
    assert!(!bench.buffers && bench.told_connected);
    bench.happens(Event::TheirOffer { restarts: true }, &mut || Verdict::RefusesLate);
    assert!(!bench.buffers && bench.failed());
}

#[test]
fn every_offer_is_answered_or_told_to_be_refused() {
    let settled = |bench: &Bench| {
        let ends = |event: &&PeerEvent| match event {
            PeerEvent::LocalDescription(description) => description.kind == DescriptionKind::Answer,
            PeerEvent::OfferRefused | PeerEvent::Failed(_) => true,
            _ => false,
        };
        bench.events.iter().filter(ends).count()
    };
    for (restarts, verdict) in [
        (false, Verdict::Takes),
        (true, Verdict::Takes),
        (false, Verdict::RefusesAtOnce),
        (true, Verdict::RefusesAtOnce),
        (true, Verdict::RefusesLate),
    ] {
        let mut bench = Bench::running();
        bench.happens(Event::TheirOffer { restarts }, &mut || verdict);
        assert_eq!(settled(&bench), 1, "{restarts} {verdict:?}: {:?}", bench.events);
    }
    let mut bench = Bench::running();
    let unread = Input::RemoteOffer(Err("it is not SDP".to_owned()));
    bench.happens(Event::Command(unread), &mut || Verdict::Takes);
    assert!(bench.events.contains(&PeerEvent::OfferRefused), "{:?}", bench.events);
}

#[test]
fn an_offer_of_ours_that_is_not_made_is_told() {
    let mut bench = Bench::running();
    let again = Input::CreateOffer { ice_restart: false };
    bench.happens(Event::Command(again), &mut || Verdict::RefusesAtOnce);
    assert!(bench.events.contains(&PeerEvent::NoOffer), "{:?}", bench.events);
    assert!(bench.told_connected && !bench.buffers);
}

#[test]
fn an_answer_that_does_not_fit_leaves_the_pair_alone() {
    for (sdp, restarts) in [(FOREIGN, true), (SDP, false)] {
        let mut bench = Bench::running();
        bench.happens(restart(), &mut || Verdict::Takes);
        let misfit = Answer { sdp: sdp.to_owned(), provisional: false, restarts };
        let misfit = Event::Command(Input::RemoteAnswer(Ok(misfit)));
        bench.happens(misfit, &mut || Verdict::Takes);
        assert_eq!(bench.negotiation.signaling, Signaling::RestartAbandoned);
        assert!(bench.library.ice == Ice::HasPair && bench.told_connected);
    }
}

#[test]
fn an_offer_without_a_restart_is_answered_while_ours_to_restart_stands() {
    let mut bench = Bench::running();
    bench.happens(restart(), &mut || Verdict::Takes);
    bench.happens(Event::TheirOffer { restarts: false }, &mut || Verdict::Takes);
    let answered = |event: &PeerEvent| {
        matches!(event, PeerEvent::LocalDescription(description)
            if description.kind == DescriptionKind::Answer)
    };
    assert!(bench.events.iter().any(answered) && bench.buffers);
    assert_eq!(bench.library.ice, Ice::Checking { has_credentials: true });
}

#[test]
fn servers_that_become_known_while_the_library_gathers_are_asked_afterwards() {
    let mut negotiation = Negotiation::new();
    let mut actions = |inputs: Vec<Input>| {
        inputs.into_iter().for_each(|input| negotiation.handle(input));
        std::iter::from_fn(|| negotiation.poll_action()).collect::<Vec<_>>()
    };
    actions(vec![
        Input::CreateOffer { ice_restart: false },
        Input::Created(SDP.to_owned()),
        Input::Accepted { restarted: false },
    ]);
    assert_eq!(actions(vec![Input::ServerResolved]), []);
    let late = Action::ConfigureLate { gather: true };
    assert_eq!(actions(vec![Input::Gathered]), std::slice::from_ref(&late));
    assert_eq!(actions(vec![Input::GatheringAgain, Input::Gathered]), []);
    assert_eq!(actions(vec![Input::ServerResolved]), [late]);
}
