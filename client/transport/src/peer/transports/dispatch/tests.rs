//! One connection or two, whatever they say and in whatever order: the owner sees one.

use proptest::prelude::*;

use super::*;
use crate::peer::negotiator::WRONG_CERTIFICATE;

const FINGERPRINT: &str = "a=fingerprint:sha-256 0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:\
    0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B";

/// A description of sound and picture, each with the user fragment of its transport.
fn sdp(group: &str, audio: &str, video: &str) -> String {
    let of = |user: &str| format!("a=ice-ufrag:{user}\r\na=ice-pwd:p\r\n{FINGERPRINT}\r\n");
    format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{group}\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n{}\
         m=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:1\r\na=rtpmap:102 H264/90000\r\n\
         a=fmtp:102 packetization-mode=1\r\n{}",
        of(audio),
        of(video)
    )
}

fn bundled() -> String {
    sdp("a=group:BUNDLE 0 1\r\n", "t", "t")
}

fn apart() -> String {
    sdp("", "ta", "tv")
}

fn description(kind: DescriptionKind, sdp: String) -> SessionDescription {
    SessionDescription { kind, sdp }
}

fn candidate(mid: &str) -> CandidateInit {
    CandidateInit {
        candidate: format!("candidate:of {mid}"),
        sdp_mid: Some(mid.to_owned()),
        sdp_mline_index: mid.parse().ok(),
        username_fragment: None,
    }
}

fn accept_offer(sdp: String) -> PeerCommand {
    PeerCommand::AcceptOffer(description(DescriptionKind::Offer, sdp))
}

fn accept_answer(sdp: String) -> PeerCommand {
    PeerCommand::AcceptAnswer(description(DescriptionKind::Answer, sdp))
}

const OFFER: PeerCommand = PeerCommand::CreateOffer { ice_restart: false };

/// A dispatch with what came out of it.
struct Test {
    dispatch: Dispatch,
    outputs: Vec<Output>,
}

impl Test {
    fn new() -> Self {
        Self { dispatch: Dispatch::new(), outputs: Vec::new() }
    }

    fn handle(&mut self, input: Input) {
        self.dispatch.handle(input);
        self.outputs.extend(std::iter::from_fn(|| self.dispatch.poll_output()));
    }

    fn command(&mut self, command: PeerCommand) -> String {
        self.handle(Input::Command(command, Instant::now()));
        self.account()
    }

    fn event(&mut self, place: Place, event: PeerEvent) -> String {
        self.handle(Input::Event(place, event));
        self.account()
    }

    /// A connection describes itself and is done.
    fn describes(&mut self, place: Place, kind: DescriptionKind, sdp: String) -> String {
        self.handle(Input::Event(place, PeerEvent::LocalDescription(description(kind, sdp))));
        self.settles(place)
    }

    fn settles(&mut self, place: Place) -> String {
        self.handle(Input::Settled(place));
        self.account()
    }

    /// What came out since the last time, in short.
    fn account(&mut self) -> String {
        let words = self.outputs.drain(..).map(|output| match output {
            Output::Open { credentials } => {
                format!("open({})", credentials.map(|(user, _)| user).unwrap_or_default())
            }
            Output::To(place, command) => format!("{}:{}", letter(place), of_command(&command)),
            Output::HandOver { kind, to } => format!("{kind:?} to {}", letter(to)),
            Output::CloseSecond => "close".to_owned(),
            Output::Emit(event) => of_event(&event),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

fn letter(place: Place) -> char {
    match place {
        Place::First => '1',
        Place::Second => '2',
    }
}

fn users(sdp: &str) -> String {
    let mut users = Vec::new();
    for section in sdp.split("\nm=").skip(1) {
        let user =
            section.split("a=ice-ufrag:").nth(1).and_then(|rest| rest.split_whitespace().next());
        let is_rejected = section.split(' ').nth(1) == Some("0");
        users.push(if is_rejected { "-" } else { user.unwrap_or("?") });
    }
    users.join(" ")
}

fn of_command(command: &PeerCommand) -> String {
    match command {
        PeerCommand::CreateOffer { ice_restart: true } => "restart".to_owned(),
        PeerCommand::CreateOffer { .. } => "offer".to_owned(),
        PeerCommand::AcceptOffer(offer) => format!("answer({})", users(&offer.sdp)),
        PeerCommand::AcceptAnswer(answer) => format!("take({})", users(&answer.sdp)),
        PeerCommand::AddCandidate(candidate) => {
            format!("try({})", candidate.sdp_mid.as_deref().unwrap_or_default())
        }
        PeerCommand::RequestKeyFrame => "key".to_owned(),
    }
}

fn of_event(event: &PeerEvent) -> String {
    match event {
        PeerEvent::LocalDescription(SessionDescription { kind, sdp }) => {
            let kind = if *kind == DescriptionKind::Offer { "offers" } else { "answers" };
            format!("{kind}({})", users(sdp))
        }
        PeerEvent::LocalCandidate(candidate) => {
            format!("sends({})", candidate.sdp_mid.as_deref().unwrap_or_default())
        }
        other => format!("{other:?}"),
    }
}

use DescriptionKind::{Answer, Offer};
use Place::{First, Second};

/// Sound and picture are divided between two connections, which both are connected.
fn divided() -> Test {
    let mut test = Test::new();
    test.command(accept_offer(apart()));
    test.describes(First, Answer, sdp("", "a", "x"));
    test.describes(Second, Answer, sdp("", "x", "v"));
    test.event(Second, PeerEvent::Connected);
    assert_eq!(test.event(First, PeerEvent::Connected), "Connected");
    test
}

#[test]
fn with_a_bundle_everything_passes_as_it_is_and_at_once() {
    let mut test = Test::new();
    assert_eq!(test.command(OFFER), "1:offer");
    let offered = PeerEvent::LocalDescription(description(Offer, sdp("", "a", "a")));
    assert_eq!(test.event(First, offered), "offers(a a)");
    assert_eq!(test.event(First, PeerEvent::LocalCandidate(candidate("0"))), "sends(0)");
    assert_eq!(test.settles(First), "");
    assert_eq!(test.command(PeerCommand::AddCandidate(candidate("1"))), "");
    assert_eq!(test.command(accept_answer(bundled())), "1:take(t t), 1:try(1)");
    assert_eq!(test.settles(First), "");
    assert_eq!(test.command(PeerCommand::RequestKeyFrame), "1:key");
    for event in [
        PeerEvent::Connected,
        PeerEvent::PathDegraded,
        PeerEvent::PathRecovered,
        PeerEvent::Disconnected,
        PeerEvent::Failed("lost".to_owned()),
    ] {
        assert_eq!(test.event(First, event.clone()), format!("{event:?}"));
    }
    assert_eq!(test.command(accept_offer(bundled())), "1:answer(t t)");
    assert_eq!(test.event(First, PeerEvent::OfferRefused), "OfferRefused");
    assert_eq!(test.settles(First), "");
}

#[test]
fn an_offer_without_a_bundle_is_answered_by_two_in_one_before_their_candidates() {
    let mut test = Test::new();
    assert_eq!(test.command(PeerCommand::AddCandidate(candidate("1"))), "");
    assert_eq!(
        test.command(accept_offer(apart())),
        "open(), 1:answer(ta -), 2:answer(- tv), 2:try(1)"
    );
    assert_eq!(test.command(PeerCommand::AddCandidate(candidate("0"))), "1:try(0)");
    assert_eq!(test.describes(Second, Answer, sdp("", "x", "v")), "");
    assert_eq!(test.event(Second, PeerEvent::LocalCandidate(candidate("0"))), "");
    let answered = test.describes(First, Answer, sdp("", "a", "x"));
    assert_eq!(answered, "answers(a v), Video to 2, sends(1)");
    assert_eq!(test.event(First, PeerEvent::LocalCandidate(candidate("0"))), "sends(0)");
    assert_eq!(test.command(PeerCommand::RequestKeyFrame), "2:key");
}

#[test]
fn an_answer_that_takes_our_bundle_apart_is_taken_by_two_with_the_credentials_of_our_offer() {
    let mut test = Test::new();
    test.command(OFFER);
    test.describes(First, Offer, sdp("a=group:BUNDLE 0 1\r\n", "o", "o"));
    assert_eq!(
        test.command(accept_answer(apart())),
        "open(o), 2:offer, 1:take(ta -), 2:take(- tv)"
    );
    assert_eq!(test.describes(Second, Offer, sdp("", "o", "o")), "");
    assert_eq!(test.event(Second, PeerEvent::LocalCandidate(candidate("0"))), "sends(1)");
    assert_eq!(test.settles(First), "");
    assert_eq!(test.settles(Second), "Video to 2");
    // It can't change its credentials.
    let restart = PeerCommand::CreateOffer { ice_restart: true };
    assert_eq!(test.command(restart), "1:restart, 2:offer");
    test.describes(First, Offer, sdp("", "p", "x"));
    assert_eq!(test.describes(Second, Offer, sdp("", "x", "o")), "offers(p o)");
}

#[test]
fn both_are_asked_for_offers_and_one_refusal_refuses_both() {
    let mut test = divided();
    let restart = PeerCommand::CreateOffer { ice_restart: true };
    assert_eq!(test.command(restart), "1:restart, 2:restart");
    test.describes(First, Offer, sdp("", "a", "x"));
    test.event(First, PeerEvent::LocalCandidate(candidate("0")));
    assert_eq!(test.describes(Second, Offer, sdp("", "x", "v")), "offers(a v), sends(0)");
    for (refuses, asked, command, refused) in [
        (Second, Offer, OFFER, "NoOffer"),
        (First, Offer, OFFER, "NoOffer"),
        (Second, Answer, accept_offer(apart()), "OfferRefused"),
        (First, Answer, accept_offer(apart()), "OfferRefused"),
    ] {
        test.command(command);
        test.describes(refuses.other(), asked, sdp("", "a", "v"));
        test.event(refuses, PeerEvent::OfferRefused);
        assert_eq!(test.settles(refuses), refused);
    }
    assert_eq!(test.command(PeerCommand::RequestKeyFrame), "2:key");
}

#[test]
fn a_second_connection_that_cannot_be_had_costs_the_picture_alone() {
    let mut test = Test::new();
    test.handle(Input::Command(accept_offer(apart()), Instant::now()));
    test.handle(Input::NotOpened);
    test.account();
    assert_eq!(test.describes(First, Answer, sdp("", "a", "x")), "answers(a x)");
    assert_eq!(test.command(OFFER), "1:offer");

    let mut test = Test::new();
    test.command(accept_offer(apart()));
    assert_eq!(test.event(Second, PeerEvent::Failed("it can't".to_owned())), "");
    test.settles(Second);
    assert_eq!(test.describes(First, Answer, sdp("", "a", "x")), "answers(a x), close");
    assert_eq!(test.event(First, PeerEvent::Connected), "Connected");
}

#[test]
fn the_first_connection_stands_for_the_call_and_the_second_degrades_its_path() {
    let mut test = divided();
    assert_eq!(test.event(Second, PeerEvent::Disconnected), "");
    assert_eq!(test.event(Second, PeerEvent::PathDegraded), "PathDegraded");
    assert_eq!(test.event(First, PeerEvent::PathDegraded), "");
    assert_eq!(test.event(Second, PeerEvent::PathRecovered), "");
    assert_eq!(test.event(First, PeerEvent::PathRecovered), "PathRecovered");
    assert_eq!(test.event(First, PeerEvent::Disconnected), "Disconnected");
    assert_eq!(test.event(First, PeerEvent::Connected), "Connected");
    assert_eq!(test.event(Second, PeerEvent::PathDegraded), "PathDegraded");
    assert_eq!(test.event(Second, PeerEvent::Failed("lost".to_owned())), "PathRecovered");
    assert!(test.event(First, PeerEvent::Failed("lost".to_owned())).starts_with("Failed"));
    let wrong = PeerEvent::Failed(WRONG_CERTIFICATE.to_owned());
    assert!(divided().event(Second, wrong).starts_with("Failed"));
}

#[test]
fn what_is_bundled_later_or_taken_away_goes_back_to_the_first_connection() {
    for offer in
        [sdp("a=group:BUNDLE 0 1\r\n", "ta", "ta"), apart().replace("m=video 9", "m=video 0")]
    {
        let mut test = divided();
        let asked = test.command(accept_offer(offer));
        assert!(asked.starts_with("1:answer(ta ") && !asked.contains("2:"), "{asked}");
        let answered = test.describes(First, Answer, sdp("", "a", "a"));
        assert_eq!(answered, "answers(a a), Video to 1, close");
        assert_eq!(test.command(OFFER), "1:offer");
        test.describes(First, Offer, sdp("", "a", "a"));
        // And apart again.
        test.command(accept_offer(apart()));
        test.describes(First, Answer, sdp("", "a", "x"));
        assert_eq!(test.describes(Second, Answer, sdp("", "x", "v")), "answers(a v), Video to 2");
    }
    let mut test = divided();
    let moved = sdp("a=group:BUNDLE 1 0\r\n", "ta", "tv");
    assert_eq!(test.command(accept_offer(moved)), "OfferRefused");
    assert_eq!(test.command(accept_offer("nonsense".to_owned())), "OfferRefused");
    assert_eq!(test.command(PeerCommand::RequestKeyFrame), "2:key");
}

#[test]
fn offers_are_limited_for_the_call() {
    let (mut test, now) = (Test::new(), Instant::now());
    for n in 0..40 {
        let offer = if n % 2 == 0 { apart() } else { bundled() };
        test.handle(Input::Command(accept_offer(offer), now));
        for place in Place::BOTH {
            test.handle(Input::Settled(place));
        }
    }
    let account = test.account();
    assert_eq!(account.matches("1:answer").count() as u32, MAX_OFFERS);
}

#[test]
fn a_second_connection_is_not_opened_again_and_again() {
    let (mut test, start) = (Test::new(), Instant::now());
    let mut accounts = String::new();
    for n in 0..40 {
        let now = start + n * OFFERS_ONE_IN;
        for offer in [apart(), bundled().replace(":t\r", ":ta\r")] {
            test.handle(Input::Command(accept_offer(offer), now));
            test.describes(First, Answer, sdp("", "a", "x"));
            accounts += &test.describes(Second, Answer, sdp("", "x", "v"));
        }
    }
    let opened = accounts.matches("Video to 2").count();
    assert_eq!(opened as u32, MAX_OPENINGS, "{accounts}");
    assert!(accounts.contains("OfferRefused") || !accounts.is_empty());
}

/// What a connection does with what it is given.
#[derive(Debug, Clone, Copy)]
enum Does {
    Describes,
    Refuses,
    Fails,
}

#[derive(Debug, Clone)]
enum Step {
    Offer {
        restart: bool,
    },
    TheirOffer {
        apart: bool,
        picture: bool,
    },
    TheirAnswer {
        apart: bool,
    },
    /// A connection carries out what it was given next.
    Work(Place, Does),
    Candidate(Place),
    State(Place, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let place = prop_oneof![Just(First), Just(Second)];
    let does =
        prop_oneof![8 => Just(Does::Describes), 1 => Just(Does::Refuses), 1 => Just(Does::Fails)];
    prop_oneof![
        2 => any::<bool>().prop_map(|restart| Step::Offer { restart }),
        3 => any::<[bool; 2]>().prop_map(|[apart, picture]| Step::TheirOffer { apart, picture }),
        2 => any::<bool>().prop_map(|apart| Step::TheirAnswer { apart }),
        12 => (place.clone(), does).prop_map(|(place, does)| Step::Work(place, does)),
        3 => place.clone().prop_map(Step::Candidate),
        2 => (place, 0..5usize).prop_map(|(place, state)| Step::State(place, state)),
    ]
}

/// The two connections, and what the owner knows.
#[derive(Default)]
struct Model {
    /// What each was given and has not done, as what it makes.
    work: Both<VecDeque<Option<DescriptionKind>>>,
    is_open: bool,
    video_at_second: bool,
    asked: usize,
    told: usize,
    failed: bool,
}

impl Model {
    fn check(&mut self, outputs: &mut Vec<Output>) -> Result<(), TestCaseError> {
        for output in outputs.drain(..) {
            match output {
                Output::Open { .. } => {
                    prop_assert!(!self.is_open);
                    self.is_open = true;
                    self.work[Second].clear();
                }
                Output::CloseSecond => {
                    prop_assert!(self.is_open && !self.video_at_second, "what it carries is lost");
                    self.is_open = false;
                    self.work[Second].clear();
                }
                Output::HandOver { kind, to } => {
                    prop_assert!(self.is_open && kind == MediaKind::Video);
                    prop_assert_ne!(self.video_at_second, to == Second);
                    self.video_at_second = to == Second;
                }
                Output::To(place, command) => {
                    prop_assert!(place == First || self.is_open, "{:?}", command);
                    match command {
                        PeerCommand::CreateOffer { .. } => self.work[place].push_back(Some(Offer)),
                        PeerCommand::AcceptOffer(_) => self.work[place].push_back(Some(Answer)),
                        PeerCommand::AcceptAnswer(_) => self.work[place].push_back(None),
                        PeerCommand::AddCandidate(_) | PeerCommand::RequestKeyFrame => {}
                    }
                }
                Output::Emit(
                    PeerEvent::LocalDescription(_) | PeerEvent::NoOffer | PeerEvent::OfferRefused,
                ) => self.told += 1,
                Output::Emit(PeerEvent::Failed(_)) => self.failed = true,
                Output::Emit(_) => {}
            }
        }
        Ok(())
    }
}

fn work(test: &mut Test, model: &mut Model, place: Place, does: Does) -> Result<(), TestCaseError> {
    let Some(makes) = model.work[place].pop_front() else { return Ok(()) };
    let event = match (does, makes) {
        (Does::Describes, Some(kind)) => {
            Some(PeerEvent::LocalDescription(description(kind, sdp("", "a", "v"))))
        }
        (Does::Describes, None) | (Does::Refuses, None) => None,
        (Does::Refuses, Some(Offer)) => Some(PeerEvent::NoOffer),
        (Does::Refuses, Some(_)) => Some(PeerEvent::OfferRefused),
        (Does::Fails, _) => Some(PeerEvent::Failed("it can't".to_owned())),
    };
    for input in
        event.map(|event| Input::Event(place, event)).into_iter().chain([Input::Settled(place)])
    {
        test.handle(input);
        model.check(&mut test.outputs)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_connections_say_each_request_has_one_answer(steps in prop::collection::vec(step(), 0..60)) {
        let (mut test, mut model) = (Test::new(), Model::default());
        for step in steps {
            let states = [
                PeerEvent::Connected,
                PeerEvent::Disconnected,
                PeerEvent::PathDegraded,
                PeerEvent::PathRecovered,
                PeerEvent::Connected,
            ];
            let input = match step {
                Step::Offer { restart } => {
                    model.asked += 1;
                    Input::Command(PeerCommand::CreateOffer { ice_restart: restart }, Instant::now())
                }
                Step::TheirOffer { apart: is_apart, picture } => {
                    model.asked += 1;
                    let offer = if is_apart { apart() } else { sdp("a=group:BUNDLE 0 1\r\n", "ta", "ta") };
                    let offer = if picture { offer } else { offer.replace("m=video 9", "m=video 0") };
                    Input::Command(accept_offer(offer), Instant::now())
                }
                Step::TheirAnswer { apart: is_apart } => {
                    Input::Command(accept_answer(if is_apart { apart() } else { bundled() }), Instant::now())
                }
                Step::Work(place, does) => {
                    work(&mut test, &mut model, place, does)?;
                    continue;
                }
                Step::Candidate(place) if place == First || model.is_open => {
                    Input::Event(place, PeerEvent::LocalCandidate(candidate("0")))
                }
                Step::State(place, state) if place == First || model.is_open => {
                    Input::Event(place, states[state].clone())
                }
                Step::Candidate(_) | Step::State(..) => continue,
            };
            test.handle(input);
            model.check(&mut test.outputs)?;
        }
        while Place::BOTH.iter().any(|place| !model.work[*place].is_empty()) {
            for place in Place::BOTH {
                work(&mut test, &mut model, place, Does::Describes)?;
            }
        }
        prop_assert!(test.dispatch.requests.is_empty());
        prop_assert!(model.told <= model.asked);
        // Who has failed has said so, and the owner waits for nothing more.
        prop_assert!(model.told == model.asked || model.failed, "{} of {}", model.told, model.asked);
        prop_assert_eq!(model.is_open, test.dispatch.has_second);
    }
}
