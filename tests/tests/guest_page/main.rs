//! The guest page in real Chromium: with itself, with the app, and with a server that is hostile.

#[cfg(target_os = "linux")]
mod firefox;
mod hostile;
mod signing;

use std::time::Duration;

use serde_json::{Value, json};
use visavis_signal_server::Config;
use visavis_tests::app::{APP_TONE_HZ, App};
use visavis_tests::browser::guest::{Devices, Guest, GuestPage, LIMIT, Voice};
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
    person_with(browsers, server, name, Guest { voice: voice_of(name), ..Guest::default() }).await
}

/// Bob's voice differs from that of everybody else.
fn voice_of(name: &str) -> Voice {
    if name == "bob" { Voice::High } else { Voice::Low }
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

async fn assert_sees_and_hears(page: &GuestPage, other: &GuestPage) {
    let seen = page.page.status_until("seeing and hearing", LIMIT, |it| it.sees_and_hears(FRAMES));
    let status = seen.await.expect("it does");
    assert_eq!(status.video_in_codec.as_deref(), Some("video/H264"));
    assert_eq!(status.video_out_codec.as_deref(), Some("video/H264"));
    page.page.hears_tone(other.voice.hertz(), 2.0, LIMIT).await.expect("the tone is in tune");
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
    assert_sees_and_hears(&alice, &bob).await;
    assert_sees_and_hears(&bob, &alice).await;
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
    assert_sees_and_hears(&bob, &alice).await;
    assert_sees_and_hears(&alice, &bob).await;
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

    let guest =
        Guest { voice: voice_of("bob"), link: "#room=blue%20%26%20green", ..Guest::default() };
    let bob = browsers.open_guest(server.url(), guest).await.expect("the page opens");
    bob.says("invited", "You are invited to the room blue & green.").await.expect("it says so");
    bob.logs_in("bob").await.expect("the page logs in");
    alice.says("caller", "bob is calling").await.expect("who comes second calls");
    alice.presses("#accept").await.expect("it can be accepted");
    assert_sees_and_hears(&alice, &bob).await;
    assert_sees_and_hears(&bob, &alice).await;
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
    assert_sees_and_hears(&alice, &bob).await;
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
    assert_sees_and_hears(&other, &alice).await;
    assert_sees_and_hears(&alice, &other).await;
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
    assert_sees_and_hears(&bob, &alice).await;
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
    assert_sees_and_hears(&alice, &bob).await;
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
    assert_sees_and_hears(&bob, &alice).await;
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
    assert_sees_and_hears(&alice, &bob).await;
    assert_usable("in a call").await;
    alice.presses("#devices").await.expect("it can be pressed");
    assert_usable("devices").await;
    let live: String = alice.text("status").await.expect("the page answers");
    assert!(live.contains("bob"), "{live}");
}
