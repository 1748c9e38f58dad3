//! Pages in Chromium, in both dialects: with each other, and with the app.

use std::time::Duration;

use visavis_tests::app::{APP_TONE_HZ, App};
use visavis_tests::browser::{Browsers, DRAWN_TONE_HZ, Dialect, Page, PageMedia, Status};
use visavis_tests::look;
use visavis_tests::presence;
use visavis_tests::programs::ServerProgram;

/// How long anything in a call may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(30);

/// More than two seconds of frames.
const FRAMES: u64 = 61;

async fn assert_sees_and_hears_what_is_drawn(page: &Page) {
    page.status_until("seeing and hearing", LIMIT, |status| status.sees_and_hears(FRAMES))
        .await
        .expect("it does");
    page.hears_tone(DRAWN_TONE_HZ, 2.0, LIMIT).await.expect("the tone is in tune");
    look::assert_is_drawn(
        &page.picture().await.expect("the page answers").expect("there is a picture"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_of_different_dialects_see_and_hear_each_other() {
    let server = ServerProgram::start().await.expect("the server starts");
    let browsers = Browsers::start().await.expect("chromedriver starts");
    let alice =
        browsers.open(Dialect::One, PageMedia::Drawn, server.url()).await.expect("the page opens");
    let bob =
        browsers.open(Dialect::Two, PageMedia::Drawn, server.url()).await.expect("the page opens");
    assert!(alice.login("alice").await.expect("the page answers"));
    assert!(bob.login("bob").await.expect("the page answers"));

    alice.call("bob").await.expect("the page calls");
    assert_sees_and_hears_what_is_drawn(&alice).await;
    assert_sees_and_hears_what_is_drawn(&bob).await;

    bob.close_call().await.expect("the page closes the call");
    let ended = alice
        .status_until("ended", LIMIT, |status| status.closed_by_other == 1)
        .await
        .expect("it ends");
    assert_eq!((ended.connection.as_str(), ended.errors), ("none", Vec::<String>::new()));

    // The other way round, on the same pages.
    bob.call("alice").await.expect("the page calls");
    assert_sees_and_hears_what_is_drawn(&bob).await;
    assert_sees_and_hears_what_is_drawn(&alice).await;
    alice.close_call().await.expect("the page closes the call");
    let ended = bob
        .status_until("ended", LIMIT, |status| status.closed_by_other == 1)
        .await
        .expect("it ends");
    assert_eq!(ended.errors, Vec::<String>::new());

    alice.quit().await.expect("the browser closes");
    bob.quit().await.expect("the browser closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_camera_of_a_page_takes_is_seen_and_heard() {
    let server = ServerProgram::start().await.expect("the server starts");
    let browsers = Browsers::start().await.expect("chromedriver starts");
    let alice =
        browsers.open(Dialect::Two, PageMedia::Camera, server.url()).await.expect("the page opens");
    let bob =
        browsers.open(Dialect::One, PageMedia::Drawn, server.url()).await.expect("the page opens");
    assert!(alice.login("alice").await.expect("the page answers"));
    assert!(bob.login("bob").await.expect("the page answers"));

    alice.call("bob").await.expect("the page calls");
    bob.status_until("seeing and hearing", LIMIT, |status| status.sees_and_hears(FRAMES))
        .await
        .expect("it does");
    // Chromium's fake camera: a disc and a clock on a green ground.
    let picture = bob.picture().await.expect("the page answers").expect("there is a picture");
    let [red, green, blue] = picture.mean(0.0..0.05, 0.9..1.0);
    assert!(green > red.max(blue).saturating_add(60), "{red} {green} {blue}");
}

/// Waits until a page sees and hears the app, and checks how.
async fn assert_sees_and_hears_the_app(page: &Page) {
    let status = page
        .status_until("seeing and hearing", LIMIT, |status| status.sees_and_hears(FRAMES))
        .await;
    let status = status.expect("it does");
    let codec = |get: fn(&Status) -> &Option<String>| {
        get(&status).clone().unwrap_or_default().to_lowercase()
    };
    assert_eq!(codec(|status| &status.video_in_codec), "video/h264");
    assert_eq!(codec(|status| &status.video_out_codec), "video/h264");
    assert_eq!(codec(|status| &status.audio_in_codec), "audio/opus");
    assert_eq!(codec(|status| &status.audio_out_codec), "audio/opus");
    page.hears_tone(APP_TONE_HZ, 2.0, LIMIT).await.expect("the tone is in tune");
    // The page itself reads the frames' numbers; what it shows is compared here.
    let first = page.shows_picture(0, LIMIT).await.expect("it reads the bar");
    page.shows_picture(first + 30, LIMIT).await.expect("the video goes on");
    let picture = page.picture().await.expect("the page answers").expect("there is a picture");
    let likeness = look::likeness_to_pattern(&picture).expect("the bar can be read");
    assert!(likeness >= 30.0, "{picture:?} is like the test pattern by {likeness:.1} dB only");
    // Enough to be seen and heard over there.
    let sent = |status: &Status| status.frames_sent.is_some_and(|sent| sent >= 2 * FRAMES);
    page.status_until("sending", LIMIT, sent).await.expect("it sends");
}

/// A page calls the app, which answers.
async fn page_calls_app(dialect: Dialect) {
    let server = ServerProgram::start().await.expect("the server starts");
    let browsers = Browsers::start().await.expect("chromedriver starts");
    let page =
        browsers.open(dialect, PageMedia::Drawn, server.url()).await.expect("the page opens");
    assert!(page.login("alice").await.expect("the page answers"));
    let app = App::start("bob", server.url(), &["answer", "--from", "alice"]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");

    page.call("bob").await.expect("the page calls");
    assert_sees_and_hears_the_app(&page).await;
    app.closes().await;
    app.assert_saw_and_heard_what_is_drawn("alice").await;
    let ended = page
        .status_until("ended", LIMIT, |status| status.closed_by_other == 1)
        .await
        .expect("it ends");
    assert_eq!(ended.errors, Vec::<String>::new());
    page.quit().await.expect("the browser closes");
}

/// The app calls a page, which answers.
async fn app_calls_page(dialect: Dialect) {
    let server = ServerProgram::start().await.expect("the server starts");
    let browsers = Browsers::start().await.expect("chromedriver starts");
    let page =
        browsers.open(dialect, PageMedia::Drawn, server.url()).await.expect("the page opens");
    assert!(page.login("alice").await.expect("the page answers"));

    let app = App::start("bob", server.url(), &["call", "alice"]);
    assert_sees_and_hears_the_app(&page).await;
    page.close_call().await.expect("the page closes the call");
    app.assert_saw_and_heard_what_is_drawn("alice").await;
    let ended = page.status().await.expect("the page answers");
    assert_eq!((ended.closed_by_other, ended.errors), (0, Vec::new()));
    page.quit().await.expect("the browser closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_dialect_1_calls_the_app() {
    page_calls_app(Dialect::One).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_dialect_2_calls_the_app() {
    page_calls_app(Dialect::Two).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_calls_a_page_of_dialect_1() {
    app_calls_page(Dialect::One).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_calls_a_page_of_dialect_2() {
    app_calls_page(Dialect::Two).await;
}

/// Opens a page on Socket.IO in the room "blue"; the page, and who it is to others.
async fn page_in_a_room(browsers: &Browsers, server: &ServerProgram) -> (Page, String) {
    let page = browsers
        .open(Dialect::Three, PageMedia::Drawn, server.url())
        .await
        .expect("the page opens");
    assert!(page.login("blue").await.expect("the page answers"));
    let id = page.status().await.expect("the page answers").id.expect("it is connected");
    (page, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_calls_a_page_on_socket_io_that_is_in_the_room_already() {
    let server = ServerProgram::start().await.expect("the server starts");
    let browsers = Browsers::start().await.expect("chromedriver starts");
    let (page, id) = page_in_a_room(&browsers, &server).await;

    let app = App::start("bob", server.url(), &["call", "--room", "blue"]);
    assert_sees_and_hears_the_app(&page).await;
    assert_eq!(page.status().await.expect("the page answers").with.as_deref(), Some("bob"));
    app.closes().await;
    app.assert_saw_and_heard_what_is_drawn(&id).await;
    // Once for the call, and once for the room.
    let ended = page
        .status_until("ended", LIMIT, |status| status.closed_by_other > 0)
        .await
        .expect("it ends");
    assert_eq!(ended.errors, Vec::<String>::new());
    page.quit().await.expect("the browser closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_on_socket_io_calls_the_app_that_waits_in_the_room() {
    let server = ServerProgram::start().await.expect("the server starts");
    let browsers = Browsers::start().await.expect("chromedriver starts");
    let app = App::start("bob", server.url(), &["call", "--room", "blue"]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");
    let (page, id) = page_in_a_room(&browsers, &server).await;

    assert_sees_and_hears_the_app(&page).await;
    page.close_call().await.expect("the page goes");
    app.assert_saw_and_heard_what_is_drawn(&id).await;
    page.quit().await.expect("the browser closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_calls_the_app_and_the_app_write_to_each_other() {
    let server = ServerProgram::start().await.expect("the server starts");
    let browsers = Browsers::start().await.expect("chromedriver starts");
    let page = browsers.open_writing(server.url()).await.expect("the page opens");
    assert!(page.login("alice").await.expect("the page answers"));
    let mut app = App::start("bob", server.url(), &["answer", "--say", "hello, page"]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");
    page.call("bob").await.expect("the page calls");
    write_to_each_other(&page, &mut app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_that_calls_a_page_and_the_page_write_to_each_other() {
    let server = ServerProgram::start().await.expect("the server starts");
    let browsers = Browsers::start().await.expect("chromedriver starts");
    let page = browsers.open_writing(server.url()).await.expect("the page opens");
    assert!(page.login("alice").await.expect("the page answers"));
    let mut app = App::start("bob", server.url(), &["call", "alice", "--say", "hello, page"]);
    write_to_each_other(&page, &mut app).await;
}

async fn write_to_each_other(page: &Page, app: &mut App) {
    let heard = page.texts_until(LIMIT, |texts| texts.heard == ["hello, page"]).await;
    heard.expect("the page reads what the app writes");
    page.writes("hello, app: 你好 👋").await.expect("the page writes");
    app.says("they write: hello, app: 你好 👋").await;
    page.texts_until(LIMIT, |texts| texts.received == 1).await.expect("the page is told");
    let errors = page.status().await.expect("the page answers").errors;
    assert_eq!(errors, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_writes_nothing_to_a_page_that_has_no_text_and_the_call_is_as_before() {
    let server = ServerProgram::start().await.expect("the server starts");
    let browsers = Browsers::start().await.expect("chromedriver starts");
    let page = browsers.open(Dialect::One, PageMedia::Drawn, server.url()).await;
    let page = page.expect("the page opens");
    assert!(page.login("alice").await.expect("the page answers"));
    let app = App::start("bob", server.url(), &["call", "alice", "--say", "is anybody there?"]);
    assert_sees_and_hears_the_app(&page).await;
    page.close_call().await.expect("the page closes the call");
    app.assert_saw_and_heard_what_is_drawn("alice").await;
}
