//! What the page does with injected scripts and a hostile server.

use super::*;

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
