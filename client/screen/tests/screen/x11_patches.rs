//! Small changes of a display, of which only what was drawn is looked at.

use std::time::Duration;

use visavis_media::units::VideoSize;
use visavis_screen::{CaptureSettings, Screens, find};
use x11rb::protocol::xproto::{ConfigureWindowAux, ConnectionExt as _};

use crate::shown::{Shown, is, pixel};
use crate::xvfb::Xvfb;

const GREEN: u32 = 0x00_C000;
const WHITE: u32 = 0xFF_FFFF;

#[test]
fn after_many_small_changes_the_picture_is_that_of_the_source() {
    let x = Xvfb::start("640x480x24", &[]);
    let client = x.client();
    client.point(639, 479);
    let window = client.window((100, 60, 301, 201), GREEN, "w");
    client
        .x
        .configure_window(window, &ConfigureWindowAux::new().border_width(7))
        .expect("a border");
    client.sync();
    let mut screens = Screens::open(&x.desktop()).expect("the display");
    let found = screens.sources().expect("sources");
    let ids = ["screen:first", "window:w"].map(|words| find(&found, words).expect(words));
    let shown = ids.each_ref().map(|id| Shown::start(&x.desktop(), id, CaptureSettings::default()));
    for shown in &shown {
        shown.until("anything", |_| true);
    }
    let most = VideoSize::new(640, 480).expect("a size");
    let mut seed = 7_u32;
    for _ in 0..60 {
        let mut random = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % below
        };
        let at = (random(330) as i16 - 20, random(230) as i16 - 20);
        let size = (random(60) as u16 + 1, random(60) as u16 + 1);
        let colour = random(0xFF_FFFF);
        client.fill(window, (at.0, at.1, size.0, size.1), colour);
        std::thread::sleep(Duration::from_millis(20));
    }
    client.fill(window, (290, 190, 5, 5), WHITE);
    for ((shown, id), corner) in shown.iter().zip(&ids).zip([(399, 259), (292, 192)]) {
        let frame = shown.until("the last change", |frame| is(frame, corner, WHITE));
        let whole = screens.picture(id, most).expect("a picture");
        assert_eq!(frame.size, whole.size);
        let (width, height) = (frame.size.width(), frame.size.height());
        let mut compared = 0;
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            // Chroma is mixed at edges.
            let xs = x.saturating_sub(2)..(x + 3).min(width);
            let mut around =
                xs.flat_map(|x| (y.saturating_sub(2)..(y + 3).min(height)).map(move |y| (x, y)));
            let want = pixel(&whole, x, y);
            if around.all(|(x, y)| pixel(&whole, x, y) == want) {
                // The pointer is in the frame alone.
                if x > 600 && y > 440 {
                    continue;
                }
                let [r, g, b] = want;
                let colour = u32::from_be_bytes([0, r, g, b]);
                assert!(is(&frame, (x, y), colour), "{id:?} at {x},{y}: not {want:?}");
                compared += 1;
            }
        }
        assert!(compared * 2 > width * height, "{compared} pixels were compared");
    }
}
