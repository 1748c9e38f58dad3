//! Firefox, as far as it goes: see docs/interoperability.md.

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
    let seen = bob.page.status_until("seeing and hearing", LIMIT, |it| it.sees_and_hears(FRAMES));
    seen.await.expect("it does");
    fox.sees().await;
    let code = bob.safety_code().await.expect("there is a code");
    fox.until("document.querySelectorAll('#code li').length === 4").await;
    let words = "[...document.querySelectorAll('#code li')].map((it) => it.textContent).join(' ')";
    assert_eq!(fox.does(words).await, code);
    bob.presses("#close").await.expect("it can be closed");
    fox.until("document.getElementById('ended-word').textContent === 'bob ended the call.'").await;
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
