//! Who is at the other end, as a person sees it: marks, the safety code, a key that has changed.

use std::sync::Arc;

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::session::snapshot::{
    CallTrust, CodeState, ContactRow, Intent, KeyChange, PinnedKey, Presence, SafetyCode, Snapshot,
    Standing, UnixTime,
};
use visavis_client::ui::WindowOptions;
use visavis_shared::PublicKey;

use crate::always::assert_fits;
use crate::harness::{Window, ago, call_bob, in_call, logged_in, name, picture, with_call};

const KEY: PublicKey = PublicKey([1; 32]);
const OTHER: PublicKey = PublicKey([2; 32]);

fn trusting(standing: Standing, code: CodeState, snapshot: Snapshot) -> Snapshot {
    Snapshot { trust: Some(CallTrust { standing, code, page: false }), ..snapshot }
}

fn ringing(standing: Standing) -> Snapshot {
    let call = CallPhase::Ringing { peer: name("bob"), since: ago(2) };
    trusting(standing, CodeState::None, with_call(call))
}

fn code() -> SafetyCode {
    SafetyCode::of(b"a call")
}

fn first_call() -> Snapshot {
    with_code(CodeState::Here(code()), &in_call())
}

/// The first call under a key, with the code so far.
fn with_code(code: CodeState, call: &Snapshot) -> Snapshot {
    trusting(Standing::New(KEY), code, call.clone())
}

fn unsigned() -> Snapshot {
    trusting(Standing::Unsigned, CodeState::None, in_call())
}

/// Bob's key, which was compared long ago.
fn compared(snapshot: Snapshot) -> Snapshot {
    let confirmed = Some(UnixTime(1_700_000_000));
    let pinned = PinnedKey { confirmed, ..PinnedKey::new(KEY, UnixTime(1)) };
    Snapshot { keys: Arc::new([(name("bob"), pinned)].into()), ..snapshot }
}

fn changed(now: Option<PublicKey>) -> KeyChange {
    KeyChange { peer: name("bob"), now }
}

fn accept() -> Intent {
    Intent::Accept { from: name("bob") }
}

fn has(window: &Window, button: &str) -> bool {
    window.harness.query_by_role_and_label(Role::Button, button).is_some()
}

#[test]
fn who_is_called_under_another_key_can_not_accept_before_they_have_decided() {
    for now in [Some(OTHER), None] {
        let mut window = Window::open(ringing(Standing::Changed { before: KEY, now }));
        assert!(!window.shows("Accept without video") && !has(&window, "Accept"));
        let title =
            if now.is_some() { "bob’s key has changed" } else { "bob has no key any more" };
        assert!(window.shows(title) && window.shows("your camera and microphone are off"));
        let first = if now.is_some() { "bob has a new computer" } else { "an older app" };
        assert!(window.shows(first) && window.shows("Somebody else uses this name"));
        window.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::A);
        for key in [Key::Enter, Key::Space, Key::Escape] {
            window.press(Modifiers::NONE, key);
        }
        assert_eq!(window.asked(), []);
        window.press(Modifiers::COMMAND, Key::W);
        assert_eq!(window.asked(), [Intent::Decline]);
        window.click("Decline");
        assert_eq!(window.asked(), [Intent::Decline]);
        window.click("Allow and accept");
        assert_eq!(window.asked(), [Intent::AllowKey(changed(now)), accept()]);
    }
}

#[test]
fn a_call_that_was_placed_to_another_key_asks_and_goes_on_only_by_its_own_button() {
    for (now, on) in [(Some(OTHER), "Call and compare"), (None, "Call all the same")] {
        let reason = EndReason::KeyChanged(changed(now));
        let ended = || {
            with_call(CallPhase::Ended { peer: name("bob"), reason: reason.clone(), talked: None })
        };
        let mut window = Window::open(ended());
        window.settle();
        let focused = window.harness.get_by_role_and_label(Role::Button, "Do not call");
        assert!(focused.is_focused(), "{now:?}");
        window.press(Modifiers::NONE, Key::Enter);
        assert_eq!(window.asked(), [Intent::Dismiss]);
        window.press(Modifiers::NONE, Key::Escape);
        assert_eq!(window.asked(), [Intent::Dismiss]);
        window.press(Modifiers::NONE, Key::Tab);
        assert!(window.harness.get_by_label(on).is_focused());
        window.press(Modifiers::NONE, Key::Enter);
        assert_eq!(window.asked(), [Intent::AllowKey(changed(now)), call_bob()]);
        // It goes by nothing else: no time puts it away.
        let mut window = Window::open(ended());
        window.harness.run_steps(200);
        assert_eq!(window.asked(), []);
        assert!(has(&window, on));
    }
}

#[test]
fn after_another_key_was_allowed_the_code_comes_by_itself_in_that_call() {
    let reason = EndReason::KeyChanged(changed(Some(OTHER)));
    let mut window =
        Window::open(with_call(CallPhase::Ended { peer: name("bob"), reason, talked: None }));
    window.click("Call and compare");
    window.set(with_call(CallPhase::Connecting { peer: name("bob"), since: ago(1) }));
    window.set(first_call());
    assert!(window.shows("Compare them aloud"));
    // And in no later one.
    window.set(logged_in());
    window.set(first_call());
    assert!(!window.shows("Compare them aloud"));
}

#[test]
fn the_four_words_are_there_to_compare_and_each_answer_is_told() {
    let call = first_call();
    let mut window = Window::open(call.clone());
    window.click("bob · New");
    assert!(window.harness.query_by_role_and_label(Role::Dialog, "Safety code").is_some());
    for (number, word) in code().words().iter().enumerate() {
        assert!(window.shows(&format!("Word {}: {word}", number + 1)), "{word}");
    }
    assert!(window.harness.get_by_label("They are the same").is_focused());
    window.click("They are the same");
    assert_eq!(window.asked(), [Intent::ConfirmCode]);
    assert!(!window.shows("Compare them aloud"));

    window.press(Modifiers::COMMAND, Key::K);
    window.click("They differ");
    assert_eq!(window.asked(), [Intent::CodesDiffer]);
    window.set(Snapshot { codes_differ: true, ..call });
    assert!(window.shows("The codes differ") && window.shows("Somebody may sit between you"));
    let mut closes = window.harness.query_all_by_role_and_label(Role::Button, "Close call");
    assert!(closes.all(|button| !button.is_focused()));
    drop(closes);
    window.click("Compare again");
    assert!(window.shows("Compare them aloud"));
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.shows("Compare them aloud"));
    window.click("bob · Codes differ");
    let all = window.harness.query_all_by_role_and_label(Role::Button, "Close call");
    all.last().expect("in the dialog").click();
    window.settle();
    assert_eq!(window.asked(), [Intent::HangUp]);
}

#[test]
fn the_keyboard_goes_through_the_code_in_its_order() {
    let mut window = Window::open(first_call());
    window.press(Modifiers::COMMAND, Key::K);
    window.settle();
    for label in ["They are the same", "They differ", "Close the safety code"] {
        assert!(window.harness.get_by_label(label).is_focused(), "{label}");
        window.press(Modifiers::NONE, Key::Tab);
    }
    assert!(window.harness.get_by_label("They are the same").is_focused(), "and stays inside");
}

#[test]
fn what_was_compared_says_when_and_shows_the_words_on_demand() {
    let same = Standing::Same { key: KEY, confirmed: true };
    let mut window = Window::open(compared(trusting(same, CodeState::Here(code()), in_call())));
    window.click("bob · Verified");
    assert!(window.shows("You compared the code with bob on 14 November 2023"));
    assert!(!window.shows("Compare them aloud"));
    window.click("Show today’s code");
    assert!(window.shows("Compare them aloud") && has(&window, "They differ"));
}

#[test]
fn a_call_that_nobody_vouches_for_says_so_all_the_time_and_why_on_demand() {
    for (snapshot, why) in [
        (unsigned(), "a web page or an older app"),
        (Snapshot { trust: None, ..in_call() }, "a web page or an older app"),
        (trusting(Standing::New(KEY), CodeState::Withheld, in_call()), "did not send its part"),
    ] {
        for size in [vec2(1040.0, 680.0), vec2(480.0, 360.0), vec2(360.0, 640.0)] {
            let shown = Snapshot { remote_video_live: true, ..snapshot.clone() };
            let mut window = Window::open_with(shown, size, WindowOptions::default());
            window.remote_video.put(picture());
            // Everything else has faded.
            window.harness.run_steps(40);
            assert!(window.texts().iter().any(|text| text == "Not verified"), "{size:?}");
            window.click("bob · Not verified");
            assert!(window.shows(why), "{why} in {size:?}");
            assert!(!window.shows("They are the same"));
        }
        let mut window = Window::open(snapshot);
        window.click("Mini window");
        window.harness.run_steps(40);
        assert!(window.shows("bob · Not verified"));
        assert!(window.texts().iter().any(|text| text == "Not verified"));
    }
}

#[test]
fn a_code_that_is_to_come_is_waited_for_in_words() {
    let call = in_call();
    let mut window = Window::open(with_code(CodeState::Awaited, &call));
    window.click("bob · New");
    assert!(window.shows("The code comes in a moment…") && window.shows("your first call"));
    window.set(with_code(CodeState::Here(code()), &call));
    assert!(window.shows("Compare them aloud"));
}

#[test]
fn each_caller_is_told_by_what_vouches_for_them() {
    for (snapshot, line) in [
        (ringing(Standing::Unsigned), "Not verified: nothing shows who is calling"),
        (Snapshot { trust: None, ..ringing(Standing::Unsigned) }, "Not verified"),
        (ringing(Standing::New(KEY)), "New: you have never talked to this name before"),
        (
            ringing(Standing::Same { key: KEY, confirmed: false }),
            "Verified by earlier calls: the key is the same",
        ),
        (
            compared(ringing(Standing::Same { key: KEY, confirmed: true })),
            "Verified: you compared the code on 14 November 2023",
        ),
        (
            Snapshot { keys_in_doubt: true, ..ringing(Standing::New(KEY)) },
            "Perhaps new: remembered keys are missing here",
        ),
    ] {
        let window = Window::open(snapshot);
        let mut tag = window.harness.query_all_by_label_contains(line);
        let tag = tag.next().unwrap_or_else(|| panic!("{line}"));
        assert_eq!(tag.accesskit_node().live(), Live::Assertive, "{line}");
        assert!(has(&window, "Accept"), "{line}");
    }
}

#[test]
fn a_new_call_while_keys_are_missing_is_not_merely_new() {
    let mut window = Window::open(Snapshot { keys_in_doubt: true, ..first_call() });
    window.click("bob · Perhaps new");
    assert!(window.shows("Remembered keys are missing on this computer"));
    assert!(has(&window, "They are the same"));
}

/// Bob as a contact whose key is like this.
fn contact(pinned: PinnedKey) -> Snapshot {
    let row = ContactRow {
        username: name("bob"),
        display_name: None,
        added: UnixTime(0),
        presence: Presence::Online,
        key: Some(pinned),
    };
    Snapshot {
        contacts: Arc::new(vec![row]),
        keys: Arc::new([(name("bob"), pinned)].into()),
        ..logged_in()
    }
}

#[test]
fn lists_and_pages_tell_whose_key_was_compared_and_whose_has_changed() {
    let at = Some(UnixTime(1_700_000_000));
    let kept = PinnedKey::new(KEY, UnixTime(1_700_000_000));
    for (pinned, row, lines) in [
        (
            PinnedKey { confirmed: at, ..kept },
            "bob, Verified, Online",
            ["Verified", "You compared the safety code with bob aloud on 14 November 2023."],
        ),
        (
            kept,
            "bob, Online",
            ["Verified by earlier calls", "The key is the same since 14 November 2023."],
        ),
        (
            PinnedKey { confirmed: at, other_seen: at, ..kept },
            "bob, Their key has changed",
            ["Their key has changed", "A call on 14 November 2023 had another key than before"],
        ),
    ] {
        let mut window = Window::open(contact(pinned));
        window.harness.get_by_role_and_label(Role::ListItem, row).click();
        window.settle();
        for line in lines {
            assert!(window.shows(line), "{line}");
        }
    }
}

#[test]
fn a_key_is_forgotten_only_after_a_question() {
    let mut window = Window::open(contact(PinnedKey::new(KEY, UnixTime(1))));
    window.harness.get_by_role_and_label(Role::ListItem, "bob, Online").click();
    window.settle();
    window.click("Forget this key");
    assert!(window.shows("nobody would notice another key"));
    window.click("Cancel");
    assert_eq!(window.asked(), []);
    window.click("Forget this key");
    window.click("Forget");
    assert_eq!(window.asked(), [Intent::ForgetKey(name("bob"))]);
    assert!(!window.shows("nobody would notice another key"));
}

/// Every state in which something is decided, of a call with this name: in a call, and round it.
fn every_decision(peer: &str) -> (Vec<Snapshot>, Vec<Snapshot>) {
    let (mut seconds, peer) = (3_700_000, name(peer));
    let mut call = |standing, code| {
        // Another call each time.
        seconds += 1;
        let call = CallPhase::InCall { peer: peer.clone(), since: ago(seconds) };
        trusting(standing, code, with_call(call))
    };
    let here = CodeState::Here(code());
    let in_calls = vec![
        call(Standing::New(KEY), here),
        Snapshot { codes_differ: true, ..call(Standing::New(KEY), here) },
        call(Standing::Unsigned, CodeState::None),
        call(Standing::New(KEY), CodeState::Withheld),
    ];
    let round = [Some(OTHER), None].into_iter().flat_map(|now| {
        let rings = CallPhase::Ringing { peer: peer.clone(), since: ago(2) };
        let standing = Standing::Changed { before: KEY, now };
        let reason = EndReason::KeyChanged(KeyChange { peer: peer.clone(), now });
        let ended = CallPhase::Ended { peer: peer.clone(), reason, talked: None };
        [trusting(standing, CodeState::None, with_call(rings)), with_call(ended)]
    });
    (in_calls, round.collect())
}

#[test]
fn everything_about_trust_fits_into_small_windows_in_every_language() {
    use visavis_client::words::{Language, speak_on_this_thread};
    for language in Language::ALL {
        speak_on_this_thread(Some(language));
        for size in [vec2(480.0, 360.0), vec2(360.0, 640.0)] {
            let mut window = Window::open_with(logged_in(), size, WindowOptions::default());
            for peer in ["bob", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"] {
                let (in_calls, round) = every_decision(peer);
                for snapshot in in_calls {
                    window.set(snapshot);
                    assert_fits(&window, size);
                    window.press(Modifiers::COMMAND, Key::K);
                    assert!(window.harness.query_by_role(Role::Dialog).is_some());
                    assert_fits(&window, size);
                    assert_eq!(window.harness.unnamed_widgets(), Vec::<String>::new());
                    assert_buttons_in_view(&window, size);
                }
                for snapshot in round {
                    window.set(snapshot);
                    assert_fits(&window, size);
                    assert_buttons_in_view(&window, size);
                }
            }
        }
    }
    speak_on_this_thread(None);
}

/// What there is to decide can be pressed without scrolling.
fn assert_buttons_in_view(window: &Window, size: eframe::egui::Vec2) {
    let said = |id| visavis_client::words::Phrase::new(id, Vec::new()).text();
    let ids = [
        "codes-same",
        "codes-differ",
        "compare-again",
        "do-not-call",
        "call-and-compare",
        "call-all-the-same",
        "allow-and-accept",
        "decline",
    ];
    for id in ids {
        if let Some(button) = window.harness.query_by_role_and_label(Role::Button, &said(id)) {
            let rect = button.rect();
            assert!(rect.bottom() <= size.y && rect.top() >= 0.0, "{id} at {rect:?} in {size:?}");
        }
    }
}
