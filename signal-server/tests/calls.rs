//! People who log in and call each other over real WebSockets, in both dialects and across.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use common::{Client, LONG, server};
use tokio::time::timeout;

const OFFER: &str = r#"{"type":"offer","sdp":"v=0\r\n","extra": [1.50]}"#;
const ANSWER: &str = r#"{"type":"answer","sdp":"v=0\r\n"}"#;
const CANDIDATE: &str = r#"{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0"}"#;

#[tokio::test]
async fn a_name_is_taken_until_its_owner_is_gone() {
    let server = server().await;
    let alice = Client::log_in(&server.url(), "alice").await;
    let mut other = Client::connect(&server.url()).await;
    other.say(r#"{"type":"login","username":"alice"}"#).await;
    other
        .expect(concat!(
            r#"{"type":"login","success":false,"reason":"taken","#,
            r#""message":"Somebody is logged in as \"alice\" already. Choose another name."}"#
        ))
        .await;
    drop(alice);
    let again = async {
        loop {
            other.say(r#"{"type":"login","username":"alice"}"#).await;
            if other.hear().await.contains(r#""success":true"#) {
                return;
            }
        }
    };
    timeout(LONG, again).await.expect("the name to be free");
    server.shutdown().await;
}

#[tokio::test]
async fn a_whole_call_in_dialect_1() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    alice
        .say(&format!(r#"{{"type":"offer","otherUsername":"bob","call":"c1","offer":{OFFER}}}"#))
        .await;
    bob.expect(&format!(r#"{{"type":"offer","username":"alice","call":"c1","offer":{OFFER}}}"#))
        .await;
    bob.say(r#"{"type":"ringing","otherUsername":"alice","call":"c1"}"#).await;
    alice.expect(r#"{"type":"ringing","username":"bob","call":"c1"}"#).await;
    bob.say(&format!(
        r#"{{"type":"answer","otherUsername":"alice","call":"c1","answer":{ANSWER}}}"#
    ))
    .await;
    alice
        .expect(&format!(r#"{{"type":"answer","username":"bob","call":"c1","answer":{ANSWER}}}"#))
        .await;
    alice
        .say(&format!(
            r#"{{"type":"candidate","otherUsername":"bob","call":"c1","candidate":{CANDIDATE}}}"#
        ))
        .await;
    bob.expect(&format!(
        r#"{{"type":"candidate","username":"alice","call":"c1","candidate":{CANDIDATE}}}"#
    ))
    .await;
    bob.say(r#"{"type":"close","otherUsername":"alice","call":"c1"}"#).await;
    alice.expect(r#"{"type":"close","username":"bob","call":"c1"}"#).await;
    // The call is over, so that this loss is nobody's business.
    drop(bob);
    alice.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_whole_call_in_dialect_2() {
    let server = server().await;
    let mut alice = Client::log_in_named(&server.url(), "alice").await;
    let mut bob = Client::log_in_named(&server.url(), "bob").await;
    alice.say(&format!(r#"{{"type":"offer","offer":{OFFER},"name":"bob"}}"#)).await;
    bob.expect(&format!(r#"{{"type":"offer","offer":{OFFER},"name":"alice"}}"#)).await;
    bob.say(&format!(r#"{{"type":"answer","answer":{ANSWER},"name":"alice"}}"#)).await;
    alice.expect(&format!(r#"{{"type":"answer","answer":{ANSWER}}}"#)).await;
    bob.say(&format!(r#"{{"type":"candidate","candidate":{CANDIDATE},"name":"alice"}}"#)).await;
    alice.expect(&format!(r#"{{"type":"candidate","candidate":{CANDIDATE}}}"#)).await;
    alice.say(r#"{"type":"leave"}"#).await;
    bob.expect(r#"{"type":"leave"}"#).await;
    bob.say(r#"{"type":"dance","name":"alice"}"#).await;
    bob.expect(r#"{"type":"error","message":"Command not found: dance"}"#).await;

    let mut late = Client::connect(&server.url()).await;
    late.say(r#"{"type":"login","name":"bob"}"#).await;
    late.expect(r#"{"type":"login","success":false}"#).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_page_of_dialect_2_and_an_app_of_dialect_1_call_each_other() {
    let server = server().await;
    let mut page = Client::log_in_named(&server.url(), "page").await;
    let mut app = Client::log_in(&server.url(), "app").await;

    app.say(&format!(r#"{{"type":"offer","otherUsername":"page","call":"c1","offer":{OFFER}}}"#))
        .await;
    page.expect(&format!(r#"{{"type":"offer","offer":{OFFER},"name":"app"}}"#)).await;
    page.say(&format!(r#"{{"type":"answer","answer":{ANSWER},"name":"app"}}"#)).await;
    app.expect(&format!(r#"{{"type":"answer","username":"page","answer":{ANSWER}}}"#)).await;
    page.say(r#"{"type":"leave","name":"app"}"#).await;
    app.expect(r#"{"type":"close","username":"page"}"#).await;

    page.say(&format!(r#"{{"type":"offer","offer":{OFFER},"name":"app"}}"#)).await;
    app.expect(&format!(r#"{{"type":"offer","username":"page","offer":{OFFER}}}"#)).await;
    // The page has no word for ringing, and takes a decline as the other's leaving.
    app.say(r#"{"type":"ringing","otherUsername":"page"}"#).await;
    app.say(r#"{"type":"decline","otherUsername":"page","reason":"busy"}"#).await;
    page.expect(r#"{"type":"leave"}"#).await;
    page.say(r#"{"type":"leave"}"#).await;
    page.expect(r#"{"type":"error","message":"You are not in a call."}"#).await;
    server.shutdown().await;
}

#[tokio::test]
async fn those_in_a_call_with_a_lost_connection_are_told() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let mut page = Client::log_in_named(&server.url(), "page").await;
    let mut bystander = Client::log_in(&server.url(), "bystander").await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    bob.say(&format!(r#"{{"type":"offer","otherUsername":"alice","call":"c1","offer":{OFFER}}}"#))
        .await;
    bob.say(&format!(r#"{{"type":"offer","otherUsername":"page","call":"c2","offer":{OFFER}}}"#))
        .await;
    assert!(alice.hear().await.contains("offer"));
    assert!(page.hear().await.contains("offer"));
    drop(bob);
    alice.expect(r#"{"type":"close","username":"bob","call":"c1","reason":"disconnected"}"#).await;
    page.expect(r#"{"type":"leave"}"#).await;
    bystander.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn who_is_called_in_vain_is_named_with_the_call() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    alice.say(r#"{"type":"offer","otherUsername":"bob","call":"c1","offer":{}}"#).await;
    alice
        .expect(concat!(
            r#"{"type":"error","code":"unknown-user","message":"Nobody is online as \"bob\".","#,
            r#""inReplyTo":"offer","call":"c1"}"#
        ))
        .await;
    server.shutdown().await;
}

#[tokio::test]
async fn people_rooms_and_presence() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    alice.say(r#"{"type":"watch","usernames":["bob"]}"#).await;
    alice.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    alice.expect(r#"{"type":"presence","username":"bob","online":true}"#).await;
    alice.say(r#"{"type":"users","prefix":""}"#).await;
    alice.expect(r#"{"type":"users","users":["bob"],"total":1}"#).await;
    alice.say(r#"{"type":"join","room":"blue"}"#).await;
    alice.expect(r#"{"type":"joined","room":"blue","users":[]}"#).await;
    bob.say(r#"{"type":"join","room":"blue"}"#).await;
    bob.expect(r#"{"type":"joined","room":"blue","users":["alice"]}"#).await;
    alice.expect(r#"{"type":"user-joined","room":"blue","username":"bob"}"#).await;
    bob.say(r#"{"type":"message","room":"blue","message":{"hi": 1}}"#).await;
    alice.expect(r#"{"type":"message","room":"blue","username":"bob","message":{"hi": 1}}"#).await;
    bob.say(r#"{"type":"leave-room","room":"red"}"#).await;
    bob.say(r#"{"type":"leave-room","room":"blue"}"#).await;
    alice.expect(r#"{"type":"user-left","room":"blue","username":"bob"}"#).await;
    bob.say(r#"{"type":"leave-room","room":"blue"}"#).await;
    bob.say(r#"{"type":"join","room":"blue"}"#).await;
    bob.expect(r#"{"type":"joined","room":"blue","users":["alice"]}"#).await;
    alice.expect(r#"{"type":"user-joined","room":"blue","username":"bob"}"#).await;
    drop(bob);
    alice.expect(r#"{"type":"user-left","room":"blue","username":"bob"}"#).await;
    alice.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_whole_watch_list_is_answered_at_once() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let names: Vec<String> = (0..100).map(|n| format!("\"n{n:03}\"")).collect();
    alice.say(&format!(r#"{{"type":"watch","usernames":[{}]}}"#, names.join(","))).await;
    for n in 0..100 {
        alice
            .expect(&format!(r#"{{"type":"presence","username":"n{n:03}","online":false}}"#))
            .await;
    }
    server.shutdown().await;
}
