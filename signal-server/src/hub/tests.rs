//! What the hub does about missed calls, with a cluster that remembers what it was asked.

use std::time::Duration;

use async_trait::async_trait;
use ed25519_dalek::{Signer as _, SigningKey};
use visavis_shared::{
    CallSignal, ClientMessage, Login, MissedCall, Payload, PublicKey, Signature, Timestamp,
    login_statement,
};

use super::*;
use crate::rules::router::ClaimRefusal;
use crate::rules::sessions::TokenHash;

/// A cluster in which everybody may have every name, and bob missed a call of alice.
#[derive(Debug, Default)]
struct Recorder {
    missed: Mutex<Vec<(Username, Username)>>,
    told: Mutex<Vec<(Username, PublicKey, Vec<MissedCall>)>>,
}

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn calls_of_bob() -> Vec<MissedCall> {
    let at = Timestamp::from_unix_seconds(1_000);
    vec![MissedCall { from: name("alice"), at, guest: false }]
}

#[async_trait]
impl Cluster for Recorder {
    async fn claim(&self, _claim: &Claim, _token: Option<TokenHash>) -> Result<(), ClaimRefusal> {
        Ok(())
    }

    fn missed_calls(&self) -> Option<Box<dyn MissedCallKeeper + '_>> {
        Some(Box::new(self))
    }

    async fn close(&self) {}
}

#[async_trait]
impl MissedCallKeeper for &Recorder {
    async fn read(&self, name: &Username, _owner: &PublicKey) -> Vec<MissedCall> {
        if name.as_str() == "bob" { calls_of_bob() } else { Vec::new() }
    }

    fn called(&self, callee: Username, caller: Username) {
        self.missed.lock().unwrap().push((callee, caller));
    }

    fn told(&self, name: Username, owner: PublicKey, calls: Vec<MissedCall>) {
        self.told.lock().unwrap().push((name, owner, calls));
    }
}

fn hub() -> (Arc<Hub>, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let cluster = Arc::clone(&recorder) as Arc<dyn Cluster>;
    (Arc::new(Hub::new(true, QueueLimits::default(), cluster)), recorder)
}

/// Logs in; with a key for a session that can be resumed, or as a guest.
async fn log_in(hub: &Arc<Hub>, who: &str, key: Option<&SigningKey>) -> ConnectionHandle {
    let mut handle = hub.connect("127.0.0.1".parse().unwrap());
    let statement = login_statement(handle.challenge(), who);
    let login = Login {
        username: who.into(),
        public_key: key.map(|key| PublicKey(key.verifying_key().to_bytes()).to_string()),
        signature: key.map(|key| Signature(key.sign(&statement).to_bytes()).to_string()),
        resume: key.map(|_| String::new()),
    };
    if let Some(pending) = handle.receive(ClientMessage::Login(login), now()) {
        pending.await;
    }
    let reply = handle.outbox().pop().unwrap();
    assert!(matches!(reply, Some(ServerMessage::LoggedIn { .. })), "{reply:?}");
    handle
}

fn offer(whom: &str) -> ClientMessage {
    let signal = CallSignal::Offer(Payload::of(&1).unwrap());
    ClientMessage::Call { to: Some(name(whom)), call: None, signal }
}

#[tokio::test]
async fn an_owner_is_told_after_the_login_and_a_guest_of_the_name_is_not() {
    let (hub, recorder) = hub();
    let key = SigningKey::from_bytes(&[1; 32]);
    let bob = log_in(&hub, "bob", Some(&key)).await;
    let told = ServerMessage::MissedCalls { calls: calls_of_bob() };
    assert_eq!(bob.outbox().pop(), Ok(Some(told)));
    assert!(recorder.told.lock().unwrap().is_empty(), "it is not written yet");
    bob.told_missed(calls_of_bob());
    let owner = PublicKey(key.verifying_key().to_bytes());
    assert_eq!(*recorder.told.lock().unwrap(), [(name("bob"), owner, calls_of_bob())]);
    bob.leave();
    let guest = log_in(&hub, "bob", None).await;
    assert_eq!(guest.outbox().pop(), Ok(None));
    guest.told_missed(calls_of_bob());
    assert_eq!(recorder.told.lock().unwrap().len(), 1);
    guest.leave();
    let carol = log_in(&hub, "carol", Some(&key)).await;
    assert_eq!(carol.outbox().pop(), Ok(None), "who missed nothing is told nothing");
}

#[tokio::test(start_paused = true)]
async fn a_call_to_an_owner_who_does_not_come_back_is_missed() {
    let (hub, recorder) = hub();
    let mut alice = log_in(&hub, "alice", None).await;
    let key = SigningKey::from_bytes(&[1; 32]);
    drop(log_in(&hub, "dora", Some(&key)).await);
    assert!(alice.receive(offer("dora"), now()).is_none());
    assert!(recorder.missed.lock().unwrap().is_empty(), "she may come back");
    let expiry = tokio::time::timeout(Duration::from_secs(16), hub.expire_sessions());
    assert!(expiry.await.is_err(), "it goes on");
    assert_eq!(*recorder.missed.lock().unwrap(), [(name("dora"), name("alice"))]);
    assert!(alice.receive(offer("dora"), now()).is_none());
    assert_eq!(recorder.missed.lock().unwrap().len(), 2, "and now nobody is there");
}
