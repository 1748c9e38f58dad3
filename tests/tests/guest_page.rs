//! The guest page in real Chromium: with itself, with the app, and with a server that is hostile.

use std::time::Duration;

use serde_json::{Value, json};
use visavis_signal_server::Config;
use visavis_tests::app::{APP_TONE_HZ, App};
use visavis_tests::browser::guest::{Devices, Guest, GuestPage, LIMIT};
use visavis_tests::browser::{Browsers, DRAWN_TONE_HZ};
use visavis_tests::look;
use visavis_tests::presence;
use visavis_tests::report::Report;
use visavis_tests::server::TestServer;

/// More than two seconds of frames.
const FRAMES: u64 = 61;

/// By how much the colours of a camera differ in Chromium; the quarters differ by far more.
const CAMERA_COLOURS: u8 = 32;

/// A page that is logged in.
async fn person(browsers: &Browsers, server: &TestServer, name: &str) -> GuestPage {
    person_with(browsers, server, name, Guest::default()).await
}

async fn person_with(
    browsers: &Browsers,
    server: &TestServer,
    name: &str,
    guest: Guest<'_>,
) -> GuestPage {
    let page = browsers.open_guest(server.url(), guest).await.expect("the page opens");
    page.logs_in(name).await.expect("the page logs in");
    page
}

async fn assert_sees_and_hears_what_is_drawn(page: &GuestPage) {
    let seen = page.page.status_until("seeing and hearing", LIMIT, |it| it.sees_and_hears(FRAMES));
    let status = seen.await.expect("it does");
    assert_eq!(status.video_in_codec.as_deref(), Some("video/H264"));
    assert_eq!(status.video_out_codec.as_deref(), Some("video/H264"));
    page.page.hears_tone(DRAWN_TONE_HZ, 2.0, LIMIT).await.expect("the tone is in tune");
    let picture = page.page.picture().await.expect("the page answers");
    look::assert_is_drawn_within(&picture.expect("there is a picture"), CAMERA_COLOURS);
}

async fn assert_sees_and_hears_the_app(page: &GuestPage) {
    let seen = page.page.status_until("seeing and hearing", LIMIT, |it| it.sees_and_hears(FRAMES));
    let status = seen.await.expect("it does");
    assert_eq!(status.video_in_codec.as_deref(), Some("video/H264"));
    assert_eq!(status.video_out_codec.as_deref(), Some("video/H264"));
    page.page.hears_tone(APP_TONE_HZ, 2.0, LIMIT).await.expect("the tone is in tune");
    let first = page.page.shows_picture(0, LIMIT).await.expect("it reads the bar");
    page.page.shows_picture(first + 30, LIMIT).await.expect("the video goes on");
    let picture = page.page.picture().await.expect("the page answers").expect("a picture");
    let likeness = look::likeness_to_pattern(&picture).expect("the bar can be read");
    assert!(likeness >= 30.0, "{picture:?} is like the test pattern by {likeness:.1} dB only");
    let sent = page.page.status_until("sending", LIMIT, |status| {
        status.frames_sent.is_some_and(|sent| sent >= 2 * FRAMES)
    });
    sent.await.expect("it sends");
}

/// The app saw the page's key for the first time, and the same code.
fn assert_knows(report: &Report, code: &str) {
    // It is as honest as the server that it comes from.
    assert_eq!(report.word("security.peer_identity"), Some("none"));
    assert_eq!(report.word("security.safety_code"), Some(code));
}

/// Nothing went wrong in the page, and its policy was kept.
async fn assert_no_trouble(page: GuestPage) {
    let status = page.page.status().await.expect("the page answers");
    assert_eq!(status.errors, Vec::<String>::new());
    page.page.quit().await.expect("the browser closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_see_and_hear_each_other_and_know_each_other_again() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let (alice, bob) =
        (person(&browsers, &server, "alice").await, person(&browsers, &server, "bob").await);

    alice.calls(" Bob ").await.expect("the page calls");
    bob.reaches("rings").await.expect("it rings");
    bob.says("caller", "alice is calling").await.expect("it says who calls");
    bob.says("caller-trust", "First call with this key").await.expect("the key is new");
    bob.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears_what_is_drawn(&alice).await;
    assert_sees_and_hears_what_is_drawn(&bob).await;
    let code = alice.safety_code().await.expect("there is a code");
    assert_eq!(bob.safety_code().await.expect("there is a code"), code);
    bob.presses("#trust").await.expect("it can be pressed");
    bob.presses("#same").await.expect("it can be pressed");
    bob.says("trust", "Verified").await.expect("it says so");
    bob.presses("#close").await.expect("it can be closed");
    alice.says("ended-word", "bob ended the call.").await.expect("it ends");
    bob.says("ended-word", "You ended the call with alice.").await.expect("it ends");

    // The other way round; each knows the other's key by now.
    bob.presses("#again").await.expect("one can call again");
    bob.says("trust", "Verified").await.expect("that is remembered");
    alice.says("caller-trust", "The same key as in earlier calls").await.expect("it is known");
    alice.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears_what_is_drawn(&bob).await;
    assert_sees_and_hears_what_is_drawn(&alice).await;
    bob.presses("#close").await.expect("it can be closed");
    alice.says("ended-word", "bob ended the call.").await.expect("it ends");

    assert_no_trouble(alice).await;
    assert_no_trouble(bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_calls_the_app() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let alice = person(&browsers, &server, "alice").await;
    let app = App::start("bob", server.url(), &["answer", "--from", "alice"]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");

    alice.calls("bob").await.expect("the page calls");
    assert_sees_and_hears_the_app(&alice).await;
    let code = alice.safety_code().await.expect("there is a code");
    app.closes().await;
    assert_knows(&app.assert_saw_and_heard_what_is_drawn("alice").await, &code);
    alice.says("ended-word", "bob ended the call.").await.expect("it ends");
    assert_no_trouble(alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_calls_the_page() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let alice = person(&browsers, &server, "alice").await;

    let app = App::start("bob", server.url(), &["call", "alice"]);
    alice.says("caller", "bob is calling").await.expect("it rings");
    alice.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears_the_app(&alice).await;
    let code = alice.safety_code().await.expect("there is a code");
    alice.presses("#close").await.expect("it can be closed");
    assert_knows(&app.assert_saw_and_heard_what_is_drawn("alice").await, &code);
    alice.says("ended-word", "You ended the call with bob.").await.expect("it ends");
    assert_no_trouble(alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_open_the_link_of_a_room_meet_there() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let alice = person(&browsers, &server, "alice").await;
    alice.types("room", "blue & green").await.expect("a room can be typed");
    alice.presses("#room-form button").await.expect("it can be joined");
    alice.says("in-room-line", "You are in blue & green.").await.expect("it is joined");
    let link: String = alice
        .page
        .evaluate("return document.getElementById('link').value", Vec::new())
        .await
        .expect("there is a link");
    assert!(link.starts_with("http://127.0.0.1:") && link.ends_with("/#room=blue%20%26%20green"));

    let guest = Guest { link: "#room=blue%20%26%20green", ..Guest::default() };
    let bob = browsers.open_guest(server.url(), guest).await.expect("the page opens");
    bob.says("invited", "You are invited to the room blue & green.").await.expect("it says so");
    bob.logs_in("bob").await.expect("the page logs in");
    alice.says("caller", "bob is calling").await.expect("who comes second calls");
    alice.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears_what_is_drawn(&alice).await;
    assert_sees_and_hears_what_is_drawn(&bob).await;
    assert_no_trouble(alice).await;
    assert_no_trouble(bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_can_be_declined_cancelled_and_in_vain() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let (alice, bob) =
        (person(&browsers, &server, "alice").await, person(&browsers, &server, "bob").await);
    alice.calls("bob").await.expect("the page calls");
    bob.reaches("rings").await.expect("it rings");
    alice.says("phase", "Ringing…").await.expect("it says so");
    bob.presses("#decline").await.expect("it can be declined");
    alice.says("ended-word", "bob declined the call.").await.expect("it ends");

    alice.presses("#again").await.expect("one can call again");
    bob.reaches("rings").await.expect("it rings");
    alice.presses("#close").await.expect("it can be cancelled");
    bob.says("ended-word", "alice cancelled the call.").await.expect("it ends");

    alice.presses("#back").await.expect("one can go back");
    alice.calls("carol").await.expect("the page calls");
    alice.says("ended-word", "carol is not online.").await.expect("it says so");
    alice.presses("#back").await.expect("one can go back");
    alice.calls("ALICE").await.expect("the page calls");
    alice.says("ended-word", "That is your own name.").await.expect("it says so");
    assert_no_trouble(alice).await;
    assert_no_trouble(bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_camera_or_does_not_allow_it_is_told_and_sees_and_hears_all_the_same() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let bob = person(&browsers, &server, "bob").await;
    for (name, devices, host, words) in [
        ("alice", Devices::Refused, None, "the browser was not allowed to use it"),
        ("carol", Devices::Missing, None, "none was found, or it is in use"),
        // Not this machine by its number, so no safe place without encryption.
        ("dave", Devices::Drawn, Some("guest.test"), "This page came without encryption"),
    ] {
        let guest = Guest { devices, host, ..Guest::default() };
        let page = person_with(&browsers, &server, name, guest).await;
        page.calls("bob").await.expect("the page calls");
        page.says("alert", words).await.expect("it says why");
        bob.says("caller", name).await.expect("it rings");
        bob.presses("#accept").await.expect("it can be accepted");
        let heard =
            page.page.status_until("seeing and hearing", LIMIT, |it| it.sees_and_hears(FRAMES));
        heard.await.expect("it does");
        let picture = page.page.picture().await.expect("the page answers");
        look::assert_is_drawn_within(&picture.expect("there is a picture"), CAMERA_COLOURS);
        page.presses("#close").await.expect("it can be closed");
        bob.reaches("ended").await.expect("it ends");
        bob.presses("#back").await.expect("one can go back");
        assert_no_trouble(page).await;
    }
    assert_no_trouble(bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_than_before_is_asked_about_before_anything_is_sent() {
    let mut server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let (alice, bob) =
        (person(&browsers, &server, "alice").await, person(&browsers, &server, "bob").await);
    alice.calls("bob").await.expect("the page calls");
    bob.reaches("rings").await.expect("it rings");
    bob.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears_what_is_drawn(&alice).await;
    alice.presses("#close").await.expect("it can be closed");
    alice.presses("#back").await.expect("one can go back");
    bob.page.quit().await.expect("the browser closes");

    // The server forgets who owns which name, and somebody else is bob.
    server.kill().await;
    server.restart().await;
    let other = person(&browsers, &server, "bob").await;
    presence::logged_in(server.url(), "alice", LIMIT).await.expect("alice comes back");
    alice.calls("bob").await.expect("the page calls");
    // Whose key it is, comes with the ringing: nothing waits for anybody to accept.
    alice.says("key-title", "bob's key has changed.").await.expect("it asks");
    alice.reaches("key").await.expect("nothing goes on");
    other.says("ended-word", "alice cancelled the call.").await.expect("it ends");
    let status = other.page.status().await.expect("the page answers");
    assert_eq!((status.connection.as_str(), status.frames_decoded), ("none", None));

    // They call: nothing can be accepted before the person has decided.
    alice.presses("#key-no").await.expect("one can leave it");
    other.presses("#again").await.expect("one can call again");
    alice.reaches("key").await.expect("it asks");
    alice.presses("#key-yes").await.expect("the person decides");
    alice.says("caller", "bob is calling").await.expect("it rings");
    alice.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears_what_is_drawn(&other).await;
    assert_sees_and_hears_what_is_drawn(&alice).await;
    assert_no_trouble(alice).await;
    assert_no_trouble(other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_keeps_nothing_is_a_guest_and_says_so() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let guest = Guest { forgets: true, ..Guest::default() };
    let alice = person_with(&browsers, &server, "alice", guest).await;
    let limits = alice.text("limits").await.expect("the page answers");
    assert!(limits.contains("This browser can't keep a key (Ed25519)"), "{limits}");
    let bob = person(&browsers, &server, "bob").await;
    alice.calls("bob").await.expect("the page calls");
    bob.says("caller-trust", "Nothing says who is there").await.expect("it is in plain sight");
    bob.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears_what_is_drawn(&bob).await;
    alice.says("trust", "Not verified").await.expect("it is in plain sight");
    bob.says("trust", "Not verified").await.expect("it is in plain sight");
    assert_no_trouble(alice).await;
    assert_no_trouble(bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_while_the_server_is_gone_and_the_page_comes_back_to_it() {
    let mut server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let (alice, bob) =
        (person(&browsers, &server, "alice").await, person(&browsers, &server, "bob").await);
    alice.calls("bob").await.expect("the page calls");
    bob.reaches("rings").await.expect("it rings");
    bob.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears_what_is_drawn(&alice).await;
    server.kill().await;
    alice.says("alert", "The server can't be reached.").await.expect("it says so");
    let frames = alice.page.status().await.expect("the page answers").frames_decoded;
    let more = alice.page.status_until("seeing on", LIMIT, |status| {
        status.frames_decoded.zip(frames).is_some_and(|(now, then)| now > then + FRAMES)
    });
    more.await.expect("the call goes on");
    server.restart().await;
    presence::logged_in(server.url(), "alice", LIMIT).await.expect("alice comes back");
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob comes back");
    alice.presses("#close").await.expect("it can be closed");
    bob.says("ended-word", "alice ended the call.").await.expect("it ends");
    assert_no_trouble(alice).await;
    assert_no_trouble(bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn muted_and_without_camera_nothing_is_heard_or_seen() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let (alice, bob) =
        (person(&browsers, &server, "alice").await, person(&browsers, &server, "bob").await);
    alice.calls("bob").await.expect("the page calls");
    bob.reaches("rings").await.expect("it rings");
    bob.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears_what_is_drawn(&bob).await;
    alice.presses("#mute").await.expect("it can be muted");
    alice.presses("#camera").await.expect("it can be turned off");
    let label = "return document.getElementById('camera').ariaLabel";
    let off = async || alice.page.evaluate::<String>(label, Vec::new()).await.expect("a label");
    for _ in 0..100 {
        if off().await == "Turn the camera on" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(off().await, "Turn the camera on");
    let devices = "return document.getElementById('own').srcObject.getVideoTracks().length";
    assert_eq!(alice.page.evaluate::<u32>(devices, Vec::new()).await.expect("a number"), 0);
    let black = bob.page.picture().await.expect("the page answers").expect("a picture");
    let [red, green, blue] = black.mean(0.1..0.9, 0.1..0.9);
    assert!(red.max(green).max(blue) < 32, "{red} {green} {blue}");
    let silent = "return new Promise((done) => setTimeout(() => done(window.remoteTone()), 1500))";
    let tone: Option<f64> = bob.page.evaluate(silent, Vec::new()).await.expect("the page answers");
    assert!(tone.is_none_or(|tone| (tone - DRAWN_TONE_HZ).abs() > 2.0), "{tone:?}");

    alice.presses("#camera").await.expect("it can be turned on");
    alice.presses("#mute").await.expect("it can be unmuted");
    bob.page.hears_tone(DRAWN_TONE_HZ, 2.0, LIMIT).await.expect("the tone is in tune");
    let frames = bob.page.status().await.expect("the page answers").frames_decoded;
    let more = bob.page.status_until("seeing again", LIMIT, |status| {
        status.frames_decoded.zip(frames).is_some_and(|(now, then)| now > then + FRAMES)
    });
    more.await.expect("it sees again");
    let picture = bob.page.picture().await.expect("the page answers").expect("a picture");
    look::assert_is_drawn_within(&picture, CAMERA_COLOURS);
    assert_no_trouble(alice).await;
    assert_no_trouble(bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_holds_and_an_injected_script_does_not_run() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let page = person(&browsers, &server, "alice").await;
    let before = page.page.status().await.expect("the page answers");
    assert_eq!(before.errors, Vec::<String>::new(), "the page itself keeps its policy");
    let inject = "const script = document.createElement('script'); \
        let refused = false; \
        try { script.textContent = 'window.injected = 1'; } catch { refused = true; } \
        document.body.append(script); \
        const button = document.createElement('button'); \
        try { button.setAttribute('onclick', 'window.injected = 1'); } catch {} \
        document.body.append(button); button.click(); \
        let markup = false; \
        try { document.body.insertAdjacentHTML('beforeend', '<b>x</b>'); markup = true; } catch {} \
        return fetch('http://127.0.0.1:9/').then(() => true, () => false) \
            .then((loaded) => [refused, markup, loaded, window.injected === undefined])";
    let found: Vec<bool> = page.page.evaluate(inject, Vec::new()).await.expect("a list");
    assert_eq!(found, [true, false, false, true]);
    page.page.quit().await.expect("the browser closes");
}

/// What a hostile server sends to a page that is logged in.
const HOSTILE_SERVER: &str = r#"
    window.sent = [];
    window.WebSocket = class extends EventTarget {
        static OPEN = 1;
        readyState = 1;
        constructor() {
            super();
            window.fake = this;
            setTimeout(() => this.say({ type: "hello", challenge: btoa("c".repeat(32)) }), 0);
        }
        say(message) {
            const data = typeof message === "string" ? message : JSON.stringify(message);
            this.onmessage({ data });
        }
        send(text) {
            const message = JSON.parse(text);
            window.sent.push(message);
            if (message.type !== "login") return;
            this.say({ type: "login", success: true, username: arguments.callee.name || "x", resume: "t" });
        }
        close() {}
    };
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hostile_server_sends_is_shown_as_text_or_not_at_all() {
    const NAME: &str = "<img src=x onerror=window.injected=1>";
    const OTHER: &str = "<script>window.injected=1</script>";
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let guest =
        Guest { link: "#room=%3Cimg%20src=x%20onerror=window.injected=1%3E", ..Guest::default() };
    let page = browsers.open_guest(server.url(), guest).await.expect("the page opens");
    let invited = page.text("invited").await.expect("the page answers");
    assert_eq!(invited, format!("You are invited to the room {NAME}."));
    let script = HOSTILE_SERVER.replace("arguments.callee.name || \"x\"", &json!(NAME).to_string());
    page.page.evaluate::<Value>(&script, Vec::new()).await.expect("the script runs");
    page.types("name", "Alice").await.expect("a name can be typed");
    page.presses("#log-in button").await.expect("it can be pressed");
    page.says("who", NAME).await.expect("the name is shown as text");

    let say = async |message: Value| {
        let script = "window.fake.say(arguments[0])";
        page.page.evaluate::<Value>(script, vec![message]).await.expect("it is received");
    };
    for message in [
        json!(""),
        json!("{"),
        json!("null"),
        json!("[1]"),
        json!("7"),
        json!({}),
        json!({ "type": ["offer"] }),
        json!({ "type": "joined", "room": NAME, "users": { "length": 1 } }),
        json!({ "type": "ice-servers", "iceServers": [7, null, { "urls": "http://x" }, { "urls": "stun:[" }] }),
        json!({ "type": "offer" }),
        json!({ "type": "offer", "username": 7, "offer": { "type": "offer", "sdp": "v=0" } }),
        json!({ "type": "answer", "username": "bob", "answer": null }),
        json!({ "type": "candidate", "username": "bob", "candidate": { "candidate": 7 } }),
        json!({ "type": "error", "inReplyTo": { "a": 1 }, "code": NAME, "message": NAME }),
        json!({ "type": "opening", "username": "bob", "call": "c", "nonce": "x".repeat(60_000) }),
        json!({ "type": "users", "users": [NAME] }),
    ] {
        say(message).await;
    }
    // An offer without a description is declined, one that is signed wrongly as well.
    let sent = async || {
        let script = "return window.sent.splice(0).filter((it) => it.type !== 'join' && it.type !== 'login')";
        page.page.evaluate::<Vec<Value>>(script, Vec::new()).await.expect("a list")
    };
    sent().await;
    say(json!({ "type": "offer", "username": OTHER, "call": "c1", "offer": { "type": "answer" } }))
        .await;
    page.says("alert", &format!("The call with {OTHER} was not safe")).await.expect("it says so");
    let declined = sent().await;
    assert_eq!(
        (&declined[0]["type"], &declined[0]["reason"]),
        (&json!("decline"), &json!("failed"))
    );
    let key = "A".repeat(42) + "E=";
    let identity = json!({ "key": key, "signature": "A".repeat(85) + "g==", "commitment": key });
    for (call, identity) in
        [("c2", json!({})), ("c3", json!("A".repeat(1_000_000))), ("c4", identity)]
    {
        let sdp = "v=0\r\na=fingerprint:sha-256 AA:BB\r\n";
        let offer = json!({ "type": "offer", "sdp": sdp, "identity": identity });
        say(json!({ "type": "offer", "username": OTHER, "call": call, "offer": offer })).await;
        let declines = "return new Promise((done) => { const look = () => { \
            const found = window.sent.splice(0).find((it) => it.type === 'decline'); \
            found ? done(found.call) : setTimeout(look, 20) }; look() })";
        let declined: String = page.page.evaluate(declines, Vec::new()).await.expect("a call");
        assert_eq!(declined, call, "nobody is asked");
        page.reaches("people").await.expect("nothing has rung");
    }
    // One that is not signed rings, under the name as it stands.
    let offer = json!({ "type": "offer", "sdp": "v=0" });
    say(json!({ "type": "offer", "username": OTHER, "call": "c5", "offer": offer })).await;
    page.says("caller", &format!("{OTHER} is calling")).await.expect("it rings");
    let count =
        "return document.querySelectorAll('img').length + ' ' + (window.injected ?? 'none')";
    let images: String = page.page.evaluate(count, Vec::new()).await.expect("a text");
    assert_eq!(images, "1 none", "the page's own sign, and nothing ran");
    let status = page.page.status().await.expect("the page answers");
    assert_eq!(status.errors, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_speaks_the_languages_that_its_person_reads() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    for (languages, lang, words) in [
        ("de-AT,en", "de", "Benutzername"),
        ("pt,fr-CA", "fr", "Nom d’utilisateur"),
        ("es-419", "es", "Nombre de usuario"),
        ("zh-TW", "zh-Hans", "用户名"),
        ("pt", "en", "Username"),
    ] {
        let guest = Guest { languages: Some(languages), ..Guest::default() };
        let page = browsers.open_guest(server.url(), guest).await.expect("the page opens");
        let script = "return [document.documentElement.lang, \
                      document.querySelector('label[for=name]').textContent]";
        let found: [String; 2] = page.page.evaluate(script, Vec::new()).await.expect("two texts");
        assert_eq!(found, [lang, words]);
        if lang == "en" {
            let choose = "const it = document.getElementById('language'); it.value = 'de'; \
                          it.dispatchEvent(new Event('change'))";
            page.page.evaluate::<Value>(choose, Vec::new()).await.expect("it can be chosen");
            page.says("log-in", "Anmelden").await.expect("it speaks German");
        }
        assert_no_trouble(page).await;
    }
}

/// The vectors of docs/protocol.md, "Signed calls", and what must not pass for an identity.
const VECTORS: &str = r#"
    return import("/trust.js").then(async (trust) => {
        const key = async (byte) => {
            const head = Uint8Array.from([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32]);
            const pkcs8 = new Uint8Array([...head, ...new Array(32).fill(byte)]);
            const secret = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
            const { x } = await crypto.subtle.exportKey("jwk", secret);
            const raw = Uint8Array.from(atob(x.replaceAll("-", "+").replaceAll("_", "/")), (it) => it.charCodeAt(0));
            return { key: raw, sign: async (bytes) => new Uint8Array(await crypto.subtle.sign("Ed25519", secret, bytes)) };
        };
        const [alice, bob] = [await key(1), await key(2)];
        const [one, two] = [new Uint8Array(32).fill(16), new Uint8Array(32).fill(32)];
        const commitment = await trust.commitmentTo(one);
        const print = (pair) => "sha-256 " + new Array(32).fill(pair).join(":");
        const sdp = (pair) => "v=0\r\na=fingerprint:" + print(pair) + "\r\n";
        const call = "c-7f3a";
        const offered = trust.statement("offer", { call, from: "alice", to: "bob", share: [commitment], prints: [print("AA")] });
        const answered = trust.statement("answer", { call, from: "bob", to: "alice", share: [two, commitment], prints: [print("BB")] });
        const base64 = trust.toBase64;
        const signatures = [await alice.sign(offered), await bob.sign(answered)].map(base64);
        const ringing = trust.statement("ringing", { call, from: "bob", to: "alice", share: [commitment], prints: [] });
        const rings = { key: base64(bob.key), signature: base64(await bob.sign(ringing)), commitment: base64(commitment) };
        // The exchange of the page, with the nonces of the vectors.
        const caller = new trust.Exchange(alice, call, "alice", "bob");
        Object.assign(caller, { nonce: one, commitment, ours: { key: alice.key, prints: [print("AA")], nonce: one } });
        const answer = { sdp: sdp("bb"), identity: { key: base64(bob.key), signature: signatures[1], nonce: base64(two) } };
        const answerer = await caller.answered(answer);
        const ringer = await caller.rang({ identity: rings });
        const callee = new trust.Exchange(bob, call, "bob", "alice");
        const offer = { sdp: sdp("aa"), identity: { key: base64(alice.key), signature: signatures[0], commitment: base64(commitment) } };
        const offerer = await callee.offered(offer);
        callee.nonce = two;
        callee.ours = { key: bob.key, prints: [print("BB")], nonce: two };
        const opened = await callee.opened(base64(one));
        const refused = async (act) => act().then(() => "accepted", (error) => error.word);
        const bad = (change) => new trust.Exchange(bob, change.id ?? call, change.own ?? "bob", change.other ?? "alice")
            .offered({ sdp: change.sdp ?? sdp("aa"), identity: { ...offer.identity, ...change.identity } });
        const badRing = (change) => caller.rang({ identity: { ...rings, ...change } });
        const small = base64(Uint8Array.from([1, ...new Array(31).fill(0)]));
        const refusals = [
            await refused(() => callee.opened(base64(two))),
            await refused(() => bad({ id: "c-7f3b" })),
            await refused(() => bad({ other: "mallory" })),
            await refused(() => bad({ own: "carol" })),
            await refused(() => bad({ sdp: sdp("ab") })),
            await refused(() => bad({ identity: { key: base64(bob.key) } })),
            await refused(() => bad({ identity: { key: small, signature: base64(Uint8Array.from([1, ...new Array(63).fill(0)])) } })),
            await refused(() => bad({ identity: { commitment: base64(two) } })),
            await refused(() => bad({ identity: { nonce: base64(two) } })),
            await refused(() => bad({ identity: { key: base64(alice.key) + " " } })),
            await refused(() => bad({ identity: { key: base64(alice.key).replace("1w=", "1x=") } })),
            await refused(() => bad({ sdp: sdp("aa") + "a=fingerprint:sha-256 zz\r\n" })),
            await refused(() => bad({ sdp: sdp("aa") + "A = Fingerprint:sha-256 AA\r\n" })),
            await refused(() => bad({ sdp: "v=0" })),
            await refused(() => badRing({ signature: signatures[1] })),
            await refused(() => badRing({ commitment: base64(two) })),
        ];
        return {
            keys: [alice, bob].map((it) => base64(it.key)),
            commitment: base64(commitment), signatures, refusals,
            codes: [caller.code, opened].map((code) => code.join(" ")),
            rings: rings.signature,
            found: [answerer, offerer, ringer, await caller.rang({})], opening: caller.opening,
            names: [" Alice ", "ＡＬＩＣＥ", "JÜRGEN", "ΣΊΣΥΦΟΣ", "İpek"].map(trust.canonical),
            order: [trust.comesBefore("a", "b"), trust.comesBefore("a", "aa"), trust.comesBefore("b", "a"),
                trust.comesBefore("a", "a"), trust.comesBefore("\uff21", "\u{10000}")],
        };
    });
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_signs_and_verifies_by_the_bytes_of_the_protocol() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let page = browsers.open_guest(server.url(), Guest::default()).await.expect("the page opens");
    let found: Value = page.page.evaluate(VECTORS, Vec::new()).await.expect("an object");
    let [alice, bob] = [
        "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=",
        "gTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q=",
    ];
    assert_eq!(found["keys"], json!([alice, bob]));
    assert_eq!(found["commitment"], "fE+0wgoO/0+853iLmgeZ5CfRJhWeVEdqicksRS6k2m8=");
    assert_eq!(
        found["signatures"],
        json!([
            "vSAgCnFRVVVuBgSdmLZq7pg3ZGTrWYMptoaF3xC0VxyDrGqhoabEEgBS+zMxU4JfTpeKmMwsVxkPckOVNRktBw==",
            "V/LMCZCIrg4wZFXDxp3IWhKj3cA4EZCDHJ30oWHMfbctD0yc2hl5T6NRkwDH/E8F8q+ELlNhIuO/F/gsd2zaBw==",
        ])
    );
    assert_eq!(
        found["rings"],
        "JPZCqNvUWQTkb5SUYnMSVHPeMVOwwH21wVTR2RGMUGlNm31IBuZ8F35TYcyzAPGO+gTp7dZ49efQCofUyoAZCw=="
    );
    assert_eq!(found["found"], json!([bob, alice, bob, null]));
    assert_eq!(found["opening"], "EBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBA=");
    assert_eq!(
        found["codes"],
        json!(["pencil outfield bonus arena", "pencil outfield bonus arena"])
    );
    let (signature, unreadable) = ("untrusted-signature", "untrusted-unreadable");
    assert_eq!(
        found["refusals"],
        json!([
            "untrusted-opening",
            signature,
            signature,
            signature,
            signature,
            signature,
            signature,
            signature,
            unreadable,
            unreadable,
            unreadable,
            unreadable,
            unreadable,
            unreadable,
            signature,
            signature,
        ])
    );
    assert_eq!(found["names"], json!(["alice", "alice", "jürgen", "σίσυφος", "ipek"]));
    assert_eq!(found["order"], json!([true, true, false, false, true]));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_operator_wants_no_page_there_is_none() {
    let server = TestServer::with(Config { web: false, ..Config::for_tests() }).await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let guest = Guest::default();
    // What it never reaches is the first screen.
    let error = browsers.open_guest(server.url(), guest).await.expect_err("there is no page");
    assert!(error.to_string().contains("at welcome"), "{error}");
}

/// Names by which a screen reader tells what can be pressed or filled in.
#[tokio::test(flavor = "multi_thread")]
async fn everything_that_can_be_used_has_a_name_and_fits_a_narrow_window() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    // The narrowest window of Chromium is wider than 360: the page is put into a frame of that
    // width.
    let guest = Guest { size: Some((500, 640)), ..Guest::default() };
    let alice = person_with(&browsers, &server, "alice", guest).await;
    let bob = person(&browsers, &server, "bob").await;
    let check = "document.body.style.width = '360px'; \
        const seen = (it) => it.checkVisibility() && !it.closest('dialog:not([open])'); \
        const used = [...document.querySelectorAll('button, input, select, video')].filter(seen); \
        const nameless = used.filter((it) => !(it.ariaLabel || it.textContent.trim() || \
            (it.labels && it.labels[0]?.textContent.trim()) )).map((it) => it.id); \
        const wide = used.filter((it) => it.id !== 'remote' && !it.closest('#stage, dialog') && \
            it.getBoundingClientRect().right > 360).map((it) => it.id || it.textContent); \
        const dialogs = [...document.querySelectorAll('dialog[open]')].filter((it) => \
            it.getBoundingClientRect().width > innerWidth - 24); \
        wide.push(...dialogs.map((it) => it.id)); \
        const focus = document.activeElement; \
        return [nameless.join(), wide.join(), String(focus !== document.body && seen(focus))]";
    let assert_usable = async |where_: &str| {
        let found: [String; 3] = alice.page.evaluate(check, Vec::new()).await.expect("three texts");
        assert_eq!(found, ["", "", "true"], "{where_}");
    };
    assert_usable("people").await;
    bob.calls("alice").await.expect("the page calls");
    alice.reaches("rings").await.expect("it rings");
    assert_usable("rings").await;
    alice.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears_what_is_drawn(&alice).await;
    assert_usable("in a call").await;
    alice.presses("#devices").await.expect("it can be pressed");
    assert_usable("devices").await;
    let live: String = alice.text("status").await.expect("the page answers");
    assert!(live.contains("bob"), "{live}");
}

/// Firefox, as far as it goes: see docs/interoperability.md.
#[cfg(target_os = "linux")]
mod firefox {
    use visavis_tests::peers::Firefox;

    use super::*;

    struct Fox(Firefox);

    impl Fox {
        async fn does(&mut self, script: &str) -> Value {
            self.0.evaluate(script).await.expect("Firefox answers")
        }

        /// Waits until an expression is true.
        async fn until(&mut self, expression: &str) {
            let look = format!(
                "new Promise((done, failed) => {{ const end = Date.now() + 25000; \
                 const look = () => ({expression}) ? done(true) : Date.now() > end \
                 ? failed(document.body.innerText) : setTimeout(look, 50); look(); }})"
            );
            assert_eq!(self.does(&look).await, true, "{expression}");
        }

        async fn logs_in(&mut self, name: &str) {
            self.until("!document.body.hidden").await;
            let log_in = format!(
                "(document.getElementById('name').value = '{name}', \
                 document.getElementById('log-in').requestSubmit(), null)"
            );
            self.does(&log_in).await;
            self.until("!document.getElementById('people').hidden").await;
        }

        /// Sees a picture that moves.
        async fn sees(&mut self) {
            let video = "document.getElementById('remote')";
            self.until(&format!("{video}.videoWidth > 0 && {video}.currentTime > 2")).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_guest_in_firefox_and_one_in_chromium_see_and_hear_each_other() {
        let server = TestServer::start().await;
        let browsers = Browsers::for_guests().await.expect("chromedriver starts");
        let mut fox = Fox(Firefox::open_guest(server.url()).await.expect("Firefox opens the page"));
        fox.logs_in("fox").await;
        let bob = person(&browsers, &server, "bob").await;
        bob.calls("fox").await.expect("the page calls");
        fox.until("!document.getElementById('rings').hidden").await;
        let said = fox.does("document.getElementById('caller-trust').textContent").await;
        assert_eq!(said, "First call with this key. It is remembered from now on.");
        fox.does("(document.getElementById('accept').click(), null)").await;
        let seen =
            bob.page.status_until("seeing and hearing", LIMIT, |it| it.sees_and_hears(FRAMES));
        seen.await.expect("it does");
        fox.sees().await;
        let code = bob.safety_code().await.expect("there is a code");
        fox.until("document.querySelectorAll('#code li').length === 4").await;
        let words =
            "[...document.querySelectorAll('#code li')].map((it) => it.textContent).join(' ')";
        assert_eq!(fox.does(words).await, code);
        bob.presses("#close").await.expect("it can be closed");
        fox.until("document.getElementById('ended-word').textContent === 'bob ended the call.'")
            .await;
        assert_no_trouble(bob).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_guest_in_a_firefox_without_h264_hears_the_app_and_is_told_why_there_is_no_picture() {
        let server = TestServer::start().await;
        let mut fox = Fox(Firefox::open_guest(server.url()).await.expect("Firefox opens the page"));
        fox.logs_in("fox").await;
        let limits = fox.does("document.getElementById('limits').textContent").await;
        let words = limits.as_str().unwrap_or_default();
        assert!(words.contains("This browser has no H.264"), "{words}");
        let app = App::start("bob", server.url(), &["call", "fox"]);
        fox.until("!document.getElementById('rings').hidden").await;
        fox.does("(document.getElementById('accept').click(), null)").await;
        fox.until("document.getElementById('time').textContent >= '0:03'").await;
        let seen = "document.getElementById('remote').videoWidth";
        assert_eq!(fox.does(seen).await, 0);
        fox.does("(document.getElementById('close').click(), null)").await;
        app.assert_heard("fox").await;
    }
}
