//! Which calls the rules take for missed, by example, on a node that is alone and on one of two.

use std::time::Instant;

use visavis_shared::identity::PublicKey;
use visavis_shared::limits::RESUME_WINDOW;
use visavis_shared::{CallId, CallSignal, ClientMessage, CloseReason, Login, ServerMessage};
use visavis_signal_server::rules::registry::ConnectionId;
use visavis_signal_server::rules::router::{
    Envelope, Output, Question, RemoteEvent, Router, Rules, Undeliverable, Undelivered,
};
use visavis_signal_server::rules::sessions::ResumeToken;

use super::{ALICE, BOB, CAROL, from, login, name, payload, to};

/// A node with alice, who is a guest, and bob, who has a key and may come back.
fn two(alone: bool, now: Instant) -> Router {
    let mut router = Router::new(Rules { directory: true, alone });
    for (id, who, key, token) in [
        (ALICE, "alice", None, None),
        (BOB, "bob", Some(PublicKey([1; 32])), Some(ResumeToken::new([1; 32]))),
    ] {
        let resume = token.as_ref().map(|_| String::new());
        let login = Login { username: who.into(), resume, ..Login::default() };
        let asked = router.log_in(id, login, key, now);
        let [Output::Ask(_, Question::Claim(claim))] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        router.settle_claim(id, claim.clone(), Ok(token), now);
    }
    router
}

fn offer(whom: &str, call: &str) -> ClientMessage {
    to(whom, Some(call), CallSignal::Offer(payload()))
}

fn unread(call: &str) -> ServerMessage {
    from("alice", Some(call), CallSignal::Offer(payload()))
}

fn missed(outputs: &[Output]) -> Vec<(&str, &str)> {
    let missed = outputs.iter().filter_map(|output| match output {
        Output::Missed { callee, caller } => Some((callee.as_str(), caller.as_str())),
        _ => None,
    });
    missed.collect()
}

#[test]
fn an_offer_to_somebody_who_is_not_there_is_a_missed_call_and_is_refused_as_ever() {
    let now = Instant::now();
    let mut router = two(true, now);
    let outputs = router.handle(ALICE, offer("CAROL", "c1"), now);
    assert_eq!(missed(&outputs), [("carol", "alice")]);
    assert!(matches!(outputs.last(), Some(Output::Deliver(ALICE, ServerMessage::Error { .. }))));
    for signal in [
        CallSignal::Ringing(None),
        CallSignal::Answer(payload()),
        CallSignal::Candidate(payload()),
        CallSignal::Close(None),
    ] {
        let outputs = router.handle(ALICE, to("carol", Some("c1"), signal), now);
        assert_eq!(missed(&outputs), []);
    }
}

#[test]
fn whoever_is_there_misses_nothing() {
    let now = Instant::now();
    let mut router = two(true, now);
    assert_eq!(missed(&router.handle(ALICE, offer("bob", "c1"), now)), []);
    assert_eq!(missed(&router.handle(CAROL, offer("dave", "c1"), now)), [], "not logged in");
    assert_eq!(missed(&router.handle(ALICE, offer("alice", "c1"), now)), [], "to oneself");
}

#[test]
fn a_page_without_a_name_can_not_be_called_back() {
    let now = Instant::now();
    let mut router = two(true, now);
    for page in ["x7Fh2qQ", "page"] {
        let id = ConnectionId(40);
        let asked = router.enter_as_guest(id, name(page));
        let [Output::Ask(_, Question::Claim(claim))] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        router.settle_claim(id, claim.clone(), Ok(None), now);
        assert_eq!(missed(&router.handle(id, offer("carol", "c1"), now)), [], "{page}");
        router.give_up(id, now);
    }
}

#[test]
fn an_offer_that_no_node_could_deliver_is_a_missed_call_if_nobody_is_there() {
    let now = Instant::now();
    let mut router = two(false, now);
    let outputs = router.handle(ALICE, offer("carol", "c1"), now);
    let [Output::Forward(Envelope { to, .. })] = outputs.as_slice() else { panic!("{outputs:?}") };
    let back = |kind: &str, why| {
        let (from, call) = (name("alice"), CallId::parse("c1").ok());
        let undelivered = Undelivered { from, to: to.clone(), kind: kind.into(), call };
        RemoteEvent::Undeliverable(undelivered, why)
    };
    let mut missed_by = |event| {
        let outputs = router.receive_remote(event, now);
        missed(&outputs).len()
    };
    assert_eq!(missed_by(back("offer", Undeliverable::Nobody)), 1);
    assert_eq!(missed_by(back("offer", Undeliverable::Unreachable)), 0);
    assert_eq!(missed_by(back("candidate", Undeliverable::Nobody)), 0);
}

#[test]
fn what_waits_for_an_owner_who_does_not_come_back_is_a_missed_call() {
    let now = Instant::now();
    let mut router = two(true, now);
    router.disconnect(BOB, now);
    assert_eq!(missed(&router.handle(ALICE, offer("bob", "c1"), now)), [], "he may come back");
    let outputs = router.expire(now + RESUME_WINDOW);
    assert!(outputs.contains(&Output::Forget(BOB, Some(name("bob")))), "{outputs:?}");
    let waited = [
        unread("c1"),
        from("alice", Some("c1"), CallSignal::Close(None)),
        ServerMessage::Presence { username: name("alice"), online: true },
    ];
    assert_eq!(missed(&router.unread(&name("bob"), &waited)), [("bob", "alice")]);
    let outputs = router.give_up(ALICE, now);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Forget(_, Some(_)))));
}

#[test]
fn an_offer_to_a_connection_that_was_dead_is_a_missed_call() {
    let now = Instant::now();
    let mut router = two(true, now);
    router.handle(ALICE, offer("bob", "c1"), now);
    assert_eq!(missed(&router.disconnect(BOB, now)), [("bob", "alice")]);
    assert_eq!(missed(&router.expire(now + RESUME_WINDOW)), [], "only once");

    for sign in [CallSignal::Ringing(None), CallSignal::Answer(payload()), CallSignal::Close(None)]
    {
        let mut router = two(true, now);
        router.handle(ALICE, offer("bob", "c1"), now);
        router.handle(BOB, to("alice", Some("c1"), sign), now);
        assert_eq!(missed(&router.disconnect(BOB, now)), [], "his app got it");
    }
    let mut router = two(true, now);
    router.handle(BOB, offer("alice", "c1"), now);
    assert_eq!(missed(&router.disconnect(ALICE, now)), [], "a guest");
    assert_eq!(missed(&router.disconnect(BOB, now)), [], "his own call");

    let mut router = two(false, now);
    let message = from("dave", Some("c1"), CallSignal::Offer(payload()));
    let envelope = Envelope { to: name("bob"), message };
    router.receive_remote(RemoteEvent::Message(envelope), now);
    assert_eq!(missed(&router.disconnect(BOB, now)), [("bob", "dave")], "from another node");
}

#[test]
fn an_offer_that_renews_a_call_is_no_missed_call_when_the_other_is_lost() {
    let now = Instant::now();
    let mut router = two(true, now);
    router.handle(ALICE, offer("bob", "c1"), now);
    router.handle(BOB, to("alice", Some("c1"), CallSignal::Answer(payload())), now);
    router.disconnect(BOB, now);
    router.handle(ALICE, offer("bob", "c1"), now);
    router.expire(now + RESUME_WINDOW);
    assert_eq!(missed(&router.unread(&name("bob"), &[unread("c1")])), []);
    assert_eq!(missed(&router.handle(ALICE, offer("bob", "c1"), now)), []);
    assert_eq!(missed(&router.handle(ALICE, offer("bob", "c2"), now)), [("bob", "alice")]);
}

#[test]
fn a_call_that_another_node_lost_is_no_missed_call_when_it_is_renewed() {
    let now = Instant::now();
    let mut router = two(false, now);
    let receive = |router: &mut Router, signal| {
        let message = from("dave", Some("c1"), signal);
        let envelope = Envelope { to: name("alice"), message };
        router.receive_remote(RemoteEvent::Message(envelope), now);
    };
    router.handle(ALICE, offer("dave", "c1"), now);
    receive(&mut router, CallSignal::Answer(payload()));
    receive(&mut router, CallSignal::Close(Some(CloseReason::Disconnected)));
    for (call, count) in [("c1", 0), ("c2", 1)] {
        router.handle(ALICE, offer("dave", call), now);
        let undelivered = Undelivered {
            from: name("alice"),
            to: name("dave"),
            kind: "offer".into(),
            call: CallId::parse(call).ok(),
        };
        let event = RemoteEvent::Undeliverable(undelivered, Undeliverable::Nobody);
        assert_eq!(missed(&router.receive_remote(event, now)).len(), count, "{call}");
    }
    // And the node that lost the caller, whose session waits there.
    let mut router = two(false, now);
    let remote = |router: &mut Router, signal| {
        let envelope = Envelope { to: name("bob"), message: from("dave", Some("c1"), signal) };
        router.receive_remote(RemoteEvent::Message(envelope), now);
    };
    remote(&mut router, CallSignal::Offer(payload()));
    router.handle(BOB, to("dave", Some("c1"), CallSignal::Answer(payload())), now);
    router.disconnect(BOB, now);
    remote(&mut router, CallSignal::Offer(payload()));
    router.expire(now + RESUME_WINDOW);
    let renewed = from("dave", Some("c1"), CallSignal::Offer(payload()));
    assert_eq!(missed(&router.unread(&name("bob"), &[renewed])), []);
}

#[test]
fn a_login_alone_is_no_missed_call() {
    let now = Instant::now();
    let mut router = two(true, now);
    assert_eq!(missed(&router.handle(CAROL, login("carol"), now)), []);
}
