//! People who log in with a key and so own their names, and calls that they miss.

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use visavis_shared::{PublicKey, Signature, login_statement};

use super::Client;

/// One of a few keys.
pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub(crate) fn public(key: &SigningKey) -> PublicKey {
    PublicKey(key.verifying_key().to_bytes())
}

/// A login that answers a challenge.
pub(crate) fn signed_login(challenge: &str, name: &str, key: &SigningKey) -> Value {
    let signature = Signature(key.sign(&login_statement(challenge, name)).to_bytes()).to_string();
    json!({
        "type": "login", "username": name, "publicKey": public(key).to_string(),
        "signature": signature,
    })
}

/// Connects and logs in with a device's key, for a session that can be resumed where a token is
/// given, be it empty: the reply.
pub(crate) async fn log_in_with_key(
    url: &str,
    name: &str,
    key: &SigningKey,
    resume: Option<&str>,
) -> (Client, Value) {
    let (mut client, challenge) = Client::connect_for_challenge(url).await;
    let mut login = signed_login(&challenge, name, key);
    if let Some(token) = resume {
        login["resume"] = token.into();
    }
    client.say(&login.to_string()).await;
    let reply = serde_json::from_str(&client.hear().await).unwrap();
    (client, reply)
}

/// Logs in with a key, for a session that can be resumed.
pub(crate) async fn with_key(url: &str, name: &str, key: &SigningKey) -> Client {
    let (client, reply) = log_in_with_key(url, name, key, Some("")).await;
    assert!(reply["type"] == "login" && reply["success"] == true, "{reply}");
    client
}

/// Closes in order, so that the name is free.
pub(crate) async fn leave(mut client: Client) {
    client.send(Message::Close(None)).await;
    client.expect_close().await;
}

/// Makes a name belong to a key.
pub(crate) async fn own(url: &str, name: &str, key: &SigningKey) {
    leave(with_key(url, name, key).await).await;
}

/// Sends the offer of a call.
pub(crate) async fn call(caller: &mut Client, whom: &str, call: &str) {
    let offer = json!({"type": "offer", "otherUsername": whom, "call": call, "offer": {}});
    caller.say(&offer.to_string()).await;
}

/// Calls somebody who is not online.
pub(crate) async fn call_in_vain(caller: &mut Client, whom: &str, call_id: &str) {
    call(caller, whom, call_id).await;
    caller.expect_error("unknown-user").await;
}

/// Who called by a list of missed calls, and whether each was a guest.
pub(crate) fn callers(message: &Value) -> Vec<(&str, bool)> {
    assert_eq!(message["type"], "missed-calls", "{message}");
    let calls = message["calls"].as_array().expect("a list");
    calls.iter().map(|call| (call["from"].as_str().unwrap(), call["guest"] == true)).collect()
}
