//! A signaling server that puts itself between two people: whatever it tries is refused, or shows
//! in the safety code. The table is in docs/security.md.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::device_key::DeviceKey;
use visavis_client::session::snapshot::{
    CallTrust, CodeState, Intent, LoginPhase, SafetyCode, Snapshot, Standing,
};
use visavis_client::trust::{Callee, Caller, Names};
use visavis_shared::identity::Nonce;
use visavis_shared::message::{CallIdentity, IdentityMember};
use visavis_shared::{CallId, Payload, Username};
use visavis_tests::meddling_server::MeddlingServer;
use visavis_tests::person::Person;

/// A certificate that is nobody's.
const OTHER: &str = "EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE:EE";

async fn alice_and_bob() -> (MeddlingServer, Person, Person) {
    let server = MeddlingServer::start().await;
    let alice = Person::online("alice", server.url()).await;
    let bob = Person::online("bob", server.url()).await;
    (server, alice, bob)
}

fn ended(snapshot: &Snapshot) -> bool {
    matches!(snapshot.call, CallPhase::Ended { .. })
}

fn in_call(snapshot: &Snapshot) -> bool {
    matches!(snapshot.call, CallPhase::InCall { .. })
}

fn rings(snapshot: &Snapshot) -> bool {
    matches!(snapshot.call, CallPhase::Ringing { .. })
}

fn end_of(snapshot: &Snapshot) -> EndReason {
    match &snapshot.call {
        CallPhase::Ended { reason, .. } => reason.clone(),
        other => panic!("not ended: {other:?}"),
    }
}

fn code_of(snapshot: &Snapshot) -> Option<SafetyCode> {
    match snapshot.trust {
        Some(CallTrust { code: CodeState::Here(code), .. }) => Some(code),
        _ => None,
    }
}

fn has_code(snapshot: &Snapshot) -> bool {
    code_of(snapshot).is_some()
}

/// The certificates of a description are others from now on.
fn with_other_certificates(mut message: Value, part: &str) -> Value {
    let sdp = message[part]["sdp"].as_str().expect("a description").to_owned();
    let lines = sdp.split("\r\n").map(|line| match line.strip_prefix("a=fingerprint:") {
        Some(_) => format!("a=fingerprint:sha-256 {OTHER}"),
        None => line.to_owned(),
    });
    message[part]["sdp"] = json!(lines.collect::<Vec<_>>().join("\r\n"));
    message
}

fn without_identity(mut message: Value) -> Value {
    if let Some(members) = message.as_object_mut() {
        members.remove("identity");
        for part in ["offer", "answer"] {
            if let Some(description) = members.get_mut(part).and_then(Value::as_object_mut) {
                description.remove("identity");
            }
        }
    }
    message
}

/// A call that nobody meddles with, until both know each other.
async fn get_to_know(server: &MeddlingServer, alice: &mut Person, bob: &mut Person) {
    server.be_honest();
    alice.call("bob").await;
    bob.until("rings", rings).await;
    bob.accept().await;
    let both_here = |s: &Snapshot| in_call(s) && has_code(s);
    let alices = alice.until("is in the call", both_here).await;
    let bobs = bob.until("is in the call", both_here).await;
    assert_eq!(code_of(&alices), code_of(&bobs), "both read the same words");
    assert!(
        matches!(alices.trust, Some(CallTrust { standing: Standing::New(_), .. })),
        "{:?}",
        alices.trust
    );
    alice.send(Intent::HangUp).await;
    for person in [alice, bob] {
        person.until("has ended", ended).await;
        assert_eq!(person.report().await.security.peer_identity.as_deref(), Some("new"));
        person.send(Intent::Dismiss).await;
        person.until("is idle", |s| s.call == CallPhase::Idle && !s.camera_live).await;
    }
}

/// Relays everything from now on, and keeps the last offer.
fn keeping_offers(server: &MeddlingServer) -> Arc<Mutex<Option<Value>>> {
    let kept = Arc::new(Mutex::new(None));
    let keeps = Arc::clone(&kept);
    server.meddle(move |_, message| {
        if message["type"] == "offer" {
            *keeps.lock().expect("no panic") = Some(message.clone());
        }
        vec![message]
    });
    kept
}

/// What somebody has sent of one kind since `before` messages.
fn sent_since(server: &MeddlingServer, name: &str, before: usize, kind: &str) -> usize {
    server.sent_by(name)[before..].iter().filter(|message| message["type"] == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_talked_to_before_is_known_again() {
    let (server, mut alice, mut bob) = alice_and_bob().await;
    get_to_know(&server, &mut alice, &mut bob).await;
    alice.call("bob").await;
    let same = |s: &Snapshot| {
        rings(s) && matches!(s.trust, Some(CallTrust { standing: Standing::Same { .. }, .. }))
    };
    bob.until("rings with the same key", same).await;
    bob.accept().await;
    let alices = alice.until("is in the call", |s| in_call(s) && has_code(s)).await;
    assert!(matches!(alices.trust, Some(CallTrust { standing: Standing::Same { .. }, .. })));
    bob.until("is in the call with the code", |s| in_call(s) && has_code(s)).await;
    bob.send(Intent::ConfirmCode).await;
    let confirmed = |s: &Snapshot| {
        matches!(s.trust, Some(CallTrust { standing: Standing::Same { confirmed: true, .. }, .. }))
    };
    bob.until("is confirmed", confirmed).await;
    alice.send(Intent::HangUp).await;
    let report = bob.report().await;
    assert_eq!(report.security.peer_identity.as_deref(), Some("verified"));
    assert_eq!(report.security.safety_code, code_of(&alices).map(|code| code.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_certificates_in_an_offer_are_declined_before_anybody_is_asked() {
    let (server, mut alice, mut bob) = alice_and_bob().await;
    server.meddle(|_, message| match message["type"].as_str() {
        Some("offer") => vec![with_other_certificates(message, "offer")],
        _ => vec![message],
    });
    alice.call("bob").await;
    let alices = alice.until("has ended", ended).await;
    assert!(matches!(end_of(&alices), EndReason::ConnectFailed(_)), "{:?}", alices.call);
    let bobs = bob.until("is told", |s| !s.notices.is_empty()).await;
    assert_eq!(bobs.call, CallPhase::Idle);
    assert!(bobs.notices[0].text.plain().contains("alice"), "{:?}", bobs.notices);
    assert_eq!(sent_since(&server, "bob", 0, "ringing"), 0);
    assert!(!bobs.camera_live);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_certificates_in_an_answer_end_the_call_before_anything_is_sent_to_them() {
    let (server, mut alice, mut bob) = alice_and_bob().await;
    server.meddle(|_, message| match message["type"].as_str() {
        Some("answer") => vec![with_other_certificates(message, "answer")],
        _ => vec![message],
    });
    alice.call("bob").await;
    bob.until("rings", rings).await;
    bob.accept().await;
    let alices = alice.until("has ended", ended).await;
    assert!(matches!(end_of(&alices), EndReason::Untrusted(_)), "{:?}", alices.call);
    assert_eq!(sent_since(&server, "alice", 0, "opening"), 0);
    let report = alice.report().await;
    assert_eq!(report.outcome, "untrusted");
    bob.until("has ended", ended).await;
}

/// Somebody between the two at their first contact, with a key and nonces of their own.
struct Eve {
    key: DeviceKey,
    to_bob: Option<Caller>,
    to_alice: Option<Callee>,
}

impl Eve {
    fn names(call: &Value, own: &str, other: &str) -> Names {
        let name = |text| Username::parse(text).expect("a name");
        let call = CallId::parse(call.as_str().expect("a call")).expect("a call");
        Names { call, own: name(own), other: name(other) }
    }

    /// Their own signature in the place of the right one.
    fn sign(&mut self, mut message: Value) -> Value {
        let key = self.key.login_key("ws://anywhere:1");
        let call = message["call"].clone();
        let part = message["type"].as_str().unwrap_or_default().to_owned();
        let identity: CallIdentity = match part.as_str() {
            "offer" => {
                let description = message["offer"].clone();
                let sdp = description["sdp"].as_str().expect("a description").to_owned();
                let member = IdentityMember::of(&Payload::of(&description).expect("JSON"));
                let alices = Callee::offered(Self::names(&call, "bob", "alice"), &sdp, member);
                self.to_alice = alices.expect("rightly signed");
                message = with_other_certificates(message, "offer");
                let sdp = message["offer"]["sdp"].as_str().expect("a description");
                let names = Self::names(&call, "alice", "bob");
                let (caller, identity) =
                    Caller::offer(&key, names, Nonce([1; 32]), sdp).expect("signed");
                self.to_bob = Some(caller);
                identity
            }
            "answer" => {
                message = with_other_certificates(message, "answer");
                let sdp = message["answer"]["sdp"].as_str().expect("a description");
                let callee = self.to_alice.as_mut().expect("an offer came");
                callee.answer(&key, Nonce([2; 32]), sdp).expect("signed")
            }
            "ringing" => return without_identity(message),
            "opening" => {
                message["nonce"] = json!(Nonce([1; 32]).to_string());
                return message;
            }
            _ => return message,
        };
        message[&part]["identity"] = serde_json::to_value(identity).expect("JSON");
        message
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_replaced_at_the_first_contact_show_in_the_code() {
    let (server, mut alice, mut bob) = alice_and_bob().await;
    let mut eve = Eve { key: DeviceKey::from_seed([66; 32]), to_bob: None, to_alice: None };
    server.meddle(move |_, message| vec![eve.sign(message)]);
    alice.call("bob").await;
    bob.until("rings", rings).await;
    bob.accept().await;
    let alices = code_of(&*alice.until("has a code", has_code).await);
    let bobs = code_of(&*bob.until("has a code", has_code).await);
    assert_ne!(alices, bobs);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_was_signed_before_rings_no_second_time() {
    let (server, mut alice, mut bob) = alice_and_bob().await;
    get_to_know(&server, &mut alice, &mut bob).await;
    let kept = keeping_offers(&server);
    alice.call("bob").await;
    bob.until("rings", rings).await;
    alice.send(Intent::HangUp).await;
    bob.until("has ended", ended).await;
    bob.send(Intent::Dismiss).await;
    bob.until("is idle", |s| s.call == CallPhase::Idle).await;
    let before = server.sent_by("bob").len();
    let offer = kept.lock().expect("no panic").clone().expect("an offer");
    // In its own call, and in another one.
    server.send("bob", offer.clone());
    let mut other = offer;
    other["call"] = json!("another-call");
    server.send("bob", other);
    bob.until("is told of the second", |s| !s.notices.is_empty()).await;
    assert_eq!(sent_since(&server, "bob", before, "ringing"), 0);
    assert_eq!(bob.sees().call, CallPhase::Idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_contact_whose_identity_is_taken_away_is_not_called() {
    let (server, mut alice, mut bob) = alice_and_bob().await;
    get_to_know(&server, &mut alice, &mut bob).await;
    server.meddle(|from, message| {
        vec![if from == "bob" { without_identity(message) } else { message }]
    });
    let before = server.sent_by("alice").len();
    let opened = Arc::new(Mutex::new(false));
    let (sees, mut snapshots) = (Arc::clone(&opened), alice.session.link.snapshots.clone());
    let watcher = tokio::spawn(async move {
        while snapshots.changed().await.is_ok() {
            let live = snapshots.borrow().camera_live;
            *sees.lock().expect("no panic") |= live;
        }
    });
    alice.call("bob").await;
    bob.until("rings", rings).await;
    bob.accept().await;
    let alices = alice.until("has ended", ended).await;
    match end_of(&alices) {
        EndReason::KeyChanged(change) => assert_eq!(change.now, None),
        other => panic!("{other:?}"),
    }
    assert!(!*opened.lock().expect("no panic"), "no device opens");
    assert_eq!(sent_since(&server, "alice", before, "candidate"), 0, "no candidate leaves");
    watcher.abort();

    // The person allows it for one call.
    bob.until("has ended", ended).await;
    bob.send(Intent::Dismiss).await;
    let EndReason::KeyChanged(change) = end_of(&alices) else { unreachable!() };
    alice.send(Intent::AllowKey(change)).await;
    alice.call("bob").await;
    bob.until("rings", rings).await;
    bob.accept().await;
    let alices = alice.until("is in the call", in_call).await;
    assert!(alices.trust.is_some_and(|trust| trust.is_not_verified()), "{:?}", alices.trust);
    alice.send(Intent::HangUp).await;
    alice.until("has ended", ended).await;
    bob.until("has ended", ended).await;
    bob.send(Intent::Dismiss).await;
    // And for that one alone.
    alice.call("bob").await;
    bob.until("rings", rings).await;
    bob.accept().await;
    let alices = alice.until("has ended again", |s| {
        matches!(s.call, CallPhase::Ended { reason: EndReason::KeyChanged(_), .. })
    });
    alices.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_caller_without_identity_rings_and_can_not_be_accepted() {
    let (server, mut alice, mut bob) = alice_and_bob().await;
    get_to_know(&server, &mut alice, &mut bob).await;
    server.meddle(|_, message| vec![without_identity(message)]);
    let before = server.sent_by("bob").len();
    alice.call("bob").await;
    let bobs = bob.until("rings", rings).await;
    assert!(bobs.trust.is_some_and(|trust| trust.standing.is_changed()), "{:?}", bobs.trust);
    bob.accept().await;
    // The next intent is carried out after that one.
    bob.send(Intent::MuteMicrophone(true)).await;
    let bobs = bob.until("is muted", |s| s.microphone_muted).await;
    assert!(rings(&bobs) && !bobs.camera_live, "{:?}", bobs.call);
    for kind in ["answer", "candidate"] {
        assert_eq!(sent_since(&server, "bob", before, kind), 0, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_is_told_to_the_person_who_decides_and_is_known_from_then_on() {
    let (server, mut alice, mut bob) = alice_and_bob().await;
    get_to_know(&server, &mut alice, &mut bob).await;
    drop(bob);
    // Bob has a new computer.
    let mut bob = Person::online("bob", server.url()).await;
    alice.call("bob").await;
    let alices = alice.until("has ended", ended).await;
    let EndReason::KeyChanged(change) = end_of(&alices) else { panic!("{:?}", alices.call) };
    assert!(change.now.is_some());
    let report = alice.report().await;
    assert_eq!(report.outcome, "key-changed");
    assert_eq!(report.security.peer_identity.as_deref(), Some("changed"));
    bob.until("has ended", ended).await;
    bob.send(Intent::Dismiss).await;
    alice.send(Intent::AllowKey(change)).await;
    alice.call("bob").await;
    bob.until("rings", rings).await;
    bob.accept().await;
    let alices = alice.until("is in the call", |s| in_call(s) && has_code(s)).await;
    assert!(
        matches!(
            alices.trust,
            Some(CallTrust { standing: Standing::Same { confirmed: false, .. }, .. })
        ),
        "{:?}",
        alices.trust
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commitment_that_is_opened_to_another_nonce_ends_the_call() {
    let (server, alice, mut bob) = alice_and_bob().await;
    server.meddle(|_, mut message| {
        if message["type"] == "opening" {
            message["nonce"] = json!(Nonce([9; 32]).to_string());
        }
        vec![message]
    });
    alice.call("bob").await;
    bob.until("rings", rings).await;
    bob.accept().await;
    let bobs = bob.until("has ended", ended).await;
    assert!(matches!(end_of(&bobs), EndReason::Untrusted(_)), "{:?}", bobs.call);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_that_is_withheld_leaves_the_call_not_verified() {
    let (server, alice, mut bob) = alice_and_bob().await;
    server.meddle(|_, message| match message["type"].as_str() {
        Some("opening") => Vec::new(),
        _ => vec![message],
    });
    alice.call("bob").await;
    bob.until("rings", rings).await;
    bob.accept().await;
    let bobs = bob
        .until("is told that it is missing", |s| {
            s.trust.is_some_and(|trust| trust.code == CodeState::Withheld)
        })
        .await;
    assert!(in_call(&bobs), "{:?}", bobs.call);
    assert!(bobs.trust.is_some_and(|trust| trust.is_not_verified()));
    alice.send(Intent::HangUp).await;
    assert_eq!(bob.report().await.security.peer_identity.as_deref(), Some("none"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_certificates_in_the_middle_of_a_call_end_it() {
    let (server, mut alice, mut bob) = alice_and_bob().await;
    let kept = keeping_offers(&server);
    alice.call("bob").await;
    bob.until("rings", rings).await;
    bob.accept().await;
    bob.until("is in the call", in_call).await;
    let offer = kept.lock().expect("no panic").clone().expect("an offer");
    server.send("bob", with_other_certificates(offer, "offer"));
    let bobs = bob.until("has ended", ended).await;
    assert!(matches!(end_of(&bobs), EndReason::Untrusted(_)), "{:?}", bobs.call);
    alice.until("has ended", ended).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_for_another_name_or_role_rings_nowhere() {
    let (server, mut alice, mut bob) = alice_and_bob().await;
    let mut carol = Person::online("carol", server.url()).await;
    let kept = keeping_offers(&server);
    // Alice calls bob, and the server gives her offer to carol.
    alice.call("bob").await;
    bob.until("rings", rings).await;
    let offer = kept.lock().expect("no panic").clone().expect("an offer");
    server.send("carol", offer.clone());
    carol.until("is told", |s| !s.notices.is_empty()).await;
    assert_eq!(sent_since(&server, "carol", 0, "ringing"), 0);
    // And to alice herself as bob's answer.
    let mut answer = json!({"type": "answer", "username": "bob", "call": offer["call"]});
    answer["answer"] = offer["offer"].clone();
    answer["answer"]["type"] = json!("answer");
    server.send("alice", answer);
    let alices = alice.until("has ended", ended).await;
    assert!(matches!(end_of(&alices), EndReason::Untrusted(_)), "{:?}", alices.call);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_no_key_gets_no_login() {
    for greeting in [
        Some(json!({"type": "hello", "protocol": 1})),
        Some(json!({"type": "hello", "protocol": 1, "challenge": "two words"})),
    ] {
        let server = MeddlingServer::start_with_greeting(greeting).await;
        let mut alice = Person::new("alice");
        let log_in = Intent::LogIn { server: server.url().to_owned(), username: "alice".into() };
        alice.send(log_in).await;
        let failed = alice.until("has failed", |s| matches!(s.login, LoginPhase::Failed(_))).await;
        let LoginPhase::Failed(words) = &failed.login else { unreachable!() };
        assert!(words.plain().contains("key"), "{}", words.plain());
        assert!(server.sent_by("").is_empty(), "{:?}", server.sent_by(""));
    }
}
