//! X servers that go away, hang or talk nonsense, and sources that are none.

use std::time::Duration;

use visavis_screen::{
    CaptureEvent, CaptureSettings, Desktop, EndReason, ScreenError, Screens, SourceId,
};

use crate::proxy;
use crate::shown::Shown;
use crate::xvfb::Xvfb;

const GREEN: u32 = 0x00_C000;

fn screen() -> SourceId {
    SourceId("screen:screen".into())
}

fn show(x: &Xvfb, what: &SourceId) -> Shown {
    Shown::start(&x.desktop(), what, CaptureSettings::default())
}

#[test]
fn a_server_that_goes_away_ends_the_capture_with_a_word() {
    let mut x = Xvfb::start("640x480x24", &[]);
    let mut shown = show(&x, &screen());
    assert_eq!(shown.event(), CaptureEvent::Live);
    let mut screens = Screens::open(&x.desktop()).expect("the display");
    x.kill();
    let why = "the display is gone".to_owned();
    assert_eq!(shown.event(), CaptureEvent::Ended(EndReason::Failed(why)));
    assert!(matches!(screens.sources(), Err(ScreenError::Display(_))));
    let mut late = show(&x, &screen());
    let why = "the display can't be reached".to_owned();
    assert_eq!(late.event(), CaptureEvent::Ended(EndReason::Failed(why)));
}

#[test]
fn a_server_that_hangs_ends_the_capture_and_never_holds_up_its_owner() {
    let x = Xvfb::start("640x480x24", &[]);
    let id = screen();
    let (mut waits, mut dropped) = (show(&x, &id), show(&x, &id));
    assert_eq!((waits.event(), dropped.event()), (CaptureEvent::Live, CaptureEvent::Live));
    x.signal("-STOP");
    dropped.drop_within(Duration::from_millis(500));
    let why = "the display does not answer".to_owned();
    assert_eq!(waits.event(), CaptureEvent::Ended(EndReason::Failed(why)));
    x.signal("-CONT");
}

#[test]
fn an_id_of_another_kind_is_no_source() {
    let x = Xvfb::start("640x480x24", &[]);
    for (id, want) in [
        ("screen:none", EndReason::ScreenGone),
        ("nonsense", EndReason::Failed("it is no source of this display".into())),
    ] {
        let event = show(&x, &SourceId(id.into())).event();
        assert_eq!(event, CaptureEvent::Ended(want), "{id}");
    }
}

#[test]
fn a_window_that_is_too_large_to_be_kept_is_not_offered_and_spoils_nothing() {
    let x = Xvfb::start("640x480x24", &[]);
    let client = x.client();
    let huge = client.window((0, 0, 32_767, 32_767), GREEN, "huge");
    client.window((0, 0, 100, 100), GREEN, "usual");
    let sources = Screens::open(&x.desktop()).expect("the display").sources().expect("sources");
    let names: Vec<&str> = sources.iter().map(|source| &*source.name).collect();
    assert_eq!(names, ["screen", "usual"]);
    let event = show(&x, &SourceId(format!("window:{huge}").into())).event();
    let why = "the window is too large to be shown".to_owned();
    assert_eq!(event, CaptureEvent::Ended(EndReason::Failed(why)));
}

/// Passes on a server's messages, and once it spoke for a while, bytes in them that are not its
/// own. Lengths stay right: with wrong ones there would only be silence.
fn odd_replies(seed: u64) -> impl FnMut(&mut Vec<u8>) -> Vec<u8> + Send + 'static {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let (mut set_up, mut messages) = (false, 0_u64);
    let spoke = 12 + seed * 3;
    move |read| {
        let mut passed = Vec::new();
        loop {
            let word = |at: usize| {
                let bytes: [u8; 4] = read.get(at..at + 4)?.try_into().ok()?;
                Some(u32::from_ne_bytes(bytes) as usize)
            };
            let length = match (set_up, read.first()) {
                (_, None) => None,
                // The answer to the first message has a head of 8 bytes.
                (false, Some(_)) => word(4).map(|word| 8 + (word >> 16) * 4),
                // A reply, or an event of any length, which this display does not send.
                (true, Some(1 | 35)) => word(4).map(|word| 32 + word * 4),
                (true, Some(_)) => Some(32),
            };
            let Some(length) = length.filter(|length| read.len() >= *length) else {
                return passed;
            };
            let mut message: Vec<u8> = read.drain(..length).collect();
            messages += u64::from(set_up);
            if set_up && messages > spoke && message[0] == 1 {
                for _ in 0..4 {
                    let at = 8 + (random() as usize) % 24.min(message.len() - 8);
                    message[at] = random() as u8;
                }
                message[1] = random() as u8;
            }
            set_up = true;
            passed.extend(message);
        }
    }
}

#[test]
fn a_server_that_talks_nonsense_ends_the_capture_or_is_shown_as_it_is() {
    let x = Xvfb::start("320x240x24", &[]);
    let client = x.client();
    let window = client.window((10, 10, 200, 150), GREEN, "w");
    let folder = tempfile::tempdir().expect("a folder");
    for seed in 0..24 {
        let socket = folder.path().join(format!("{seed}"));
        proxy::start(&socket, &x.socket(), move || odd_replies(seed));
        let desktop = Desktop::X11(socket.to_str().expect("a path").to_owned());
        let _ = Screens::open(&desktop).and_then(|mut screens| screens.sources());
        for id in [screen(), SourceId(format!("window:{window}").into())] {
            let mut shown = Shown::start(&desktop, &id, CaptureSettings::default());
            for step in 0..5 {
                client.fill(window, (0, 0, 100, 100), 0x10_1010 * step);
                shown.frames_in(Duration::from_millis(40));
            }
            shown.drop_within(Duration::from_millis(500));
            while let Some(event) = shown.try_event() {
                if let CaptureEvent::Ended(EndReason::Failed(why)) = event {
                    assert!(!why.contains("fault of this program"), "seed {seed}, {id:?}: {why}");
                }
            }
        }
    }
}
