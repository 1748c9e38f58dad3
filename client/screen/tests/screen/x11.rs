//! Screens and windows of a real X server, compared pixel by pixel.

use std::time::Duration;

use crate::shown::{Shown, is, pixel};
use crate::xvfb::{Client, Xvfb};
use visavis_media::units::VideoSize;
use visavis_screen::{
    CaptureEvent, CaptureSettings, EndReason, ScreenError, Screens, Source, SourceId, SourceKind,
    find,
};
use x11rb::connection::Connection as _;
use x11rb::protocol::randr::{ConnectionExt as _, MonitorInfo};
use x11rb::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, ConnectionExt as _, PropMode, StackMode,
};
use x11rb::wrapper::ConnectionExt as _;

const RED: u32 = 0xFF_0000;
const GREEN: u32 = 0x00_C000;
const BLUE: u32 = 0x20_30E0;
const WHITE: u32 = 0xFF_FFFF;
const BLACK: u32 = 0;

fn size(width: u32, height: u32) -> VideoSize {
    VideoSize::new(width, height).expect("a size")
}

fn sources(x: &Xvfb) -> Vec<Source> {
    Screens::open(&x.desktop()).expect("the display").sources().expect("sources")
}

fn window_id(x: &Xvfb, title: &str) -> SourceId {
    find(&sources(x), &format!("window:{title}")).expect(title)
}

fn show(x: &Xvfb, what: &SourceId) -> Shown {
    Shown::start(&x.desktop(), what, CaptureSettings::default())
}

/// Two monitors side by side on a root window of 800x300.
fn two_monitors(client: &Client, left: &str, right: &str, right_width: u16) {
    let resources = client.x.randr_get_screen_resources(client.root).expect("sent");
    let outputs = resources.reply().expect("resources").outputs;
    // Nobody sees what is in between.
    client.x.grab_server().expect("the server is held");
    for (name, x, width) in [(left, 0, 400), (right, 400, right_width)] {
        let monitor = MonitorInfo {
            name: client.atom(name),
            primary: name == right,
            automatic: false,
            x,
            y: 0,
            width,
            height: 300,
            width_in_millimeters: 100,
            height_in_millimeters: 100,
            outputs: if name == right { outputs.clone() } else { Vec::new() },
        };
        let _ = client.x.randr_delete_monitor(client.root, monitor.name).expect("sent").check();
        client.x.randr_set_monitor(client.root, monitor).expect("sent").check().expect(name);
    }
    client.x.ungrab_server().expect("the server is let go");
    client.sync();
}

#[test]
fn screens_come_first_then_windows_from_the_top_without_our_own() {
    let x = Xvfb::start("800x300x24", &[]);
    let client = x.client();
    two_monitors(&client, "LEFT-1", "RIGHT-2", 400);
    client.window((0, 0, 100, 80), RED, "below");
    let own = client.window((0, 0, 100, 80), RED, "own");
    client.set32(own, "_NET_WM_PID", "CARDINAL", &[std::process::id()]);
    let hidden = client.window((0, 0, 100, 80), RED, "hidden");
    client.x.unmap_window(hidden).expect("it is unmapped");
    client.window((0, 0, 1, 1), RED, "tiny");
    client.window((50, 50, 301, 200), GREEN, "a\u{202e}bove\n all  ");
    let old = client.window((9, 9, 20, 20), BLUE, "");
    client
        .x
        .change_property8(PropMode::REPLACE, old, AtomEnum::WM_NAME, AtomEnum::STRING, b"M\xfcll")
        .expect("a title");
    client.sync();

    let found = sources(&x);
    let names: Vec<&str> = found.iter().map(|source| &*source.name).collect();
    assert_eq!(names, ["RIGHT-2", "LEFT-1", "Müll", "above all", "below"]);
    let kinds: Vec<SourceKind> = found.iter().map(|source| source.kind).collect();
    let (screen, window) = (SourceKind::Screen, SourceKind::Window);
    assert_eq!(kinds, [screen, screen, window, window, window]);
    let sizes: Vec<_> = found.iter().map(|source| source.size).collect();
    let want = [(400, 300), (400, 300), (20, 20), (300, 200), (100, 80)];
    assert_eq!(sizes, want.map(|(w, h)| Some(size(w, h))));
}

#[test]
fn the_list_of_a_window_manager_counts() {
    let x = Xvfb::start("400x300x24", &[]);
    let client = x.client();
    let [a, b, dock] = ["a", "b", "dock"].map(|name| client.window((0, 0, 50, 50), RED, name));
    client.window((0, 0, 50, 50), RED, "unmanaged");
    let kind = client.atom("_NET_WM_WINDOW_TYPE_DOCK");
    client.set32(dock, "_NET_WM_WINDOW_TYPE", "ATOM", &[kind]);
    // One of them is gone by now.
    client.set32(client.root, "_NET_CLIENT_LIST_STACKING", "WINDOW", &[b, dock, 0x7F_FFFF, a]);
    let found = sources(&x);
    let names: Vec<&str> = found.iter().skip(1).map(|source| &*source.name).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn a_screen_shows_just_what_is_on_it_and_each_change() {
    for screen_form in ["640x480x24", "640x480x16", "640x480x30"] {
        let x = Xvfb::start(screen_form, &[]);
        let client = x.client();
        client.root_colour(BLUE);
        let window = client.window((100, 50, 200, 100), GREEN, "w");
        let id = sources(&x)[0].id.clone();
        let mut shown = show(&x, &id);
        let frame = shown.until("the window", |frame| is(frame, (200, 100), GREEN));
        assert_eq!(shown.event(), CaptureEvent::Live, "{screen_form}");
        assert_eq!(frame.size, size(640, 480));
        for (y, row) in frame.rgba.chunks_exact(640 * 4).enumerate() {
            for x in 0_usize..640 {
                // The chroma of edges is mixed, and the pointer may stand in the middle.
                let edge = |at: usize, from, to| at.abs_diff(from) < 2 || at.abs_diff(to) < 2;
                let pointer = x.abs_diff(320) < 40 && y.abs_diff(240) < 40;
                if edge(x, 100, 300) || edge(y, 50, 150) || pointer {
                    continue;
                }
                let inside = (100..300).contains(&x) && (50..150).contains(&y);
                let want = if inside { GREEN } else { BLUE };
                assert!(
                    is(&frame, (x as u32, y as u32), want),
                    "{screen_form} at {x},{y}: {:?}",
                    &row[x * 4..x * 4 + 3]
                );
            }
        }
        client.fill(window, (0, 0, 50, 50), RED);
        shown.until("what was drawn", |frame| {
            is(frame, (120, 70), RED) && is(frame, (200, 100), GREEN)
        });
        client.configure(window, &ConfigureWindowAux::new().x(300).y(300));
        shown.until("that it was moved", |frame| {
            is(frame, (320, 320), RED) && is(frame, (120, 70), BLUE)
        });
        shown.no_event();
        shown.drop_within(Duration::from_millis(500));
    }
}

#[test]
fn a_still_screen_gives_no_frames_and_a_moving_one_no_more_than_wanted() {
    let x = Xvfb::start("640x480x24", &[]);
    let client = x.client();
    let window = client.window((0, 0, 300, 300), RED, "w");
    let shown = show(&x, &screen_of(&x));
    shown.until("the window", |frame| is(frame, (50, 50), RED));
    while shown.frames_in(Duration::from_millis(300)) > 0 {}
    assert_eq!(shown.frames_in(Duration::from_secs(2)), 0);
    // Drawn over with what is there already.
    client.fill(window, (0, 0, 100, 100), RED);
    assert_eq!(shown.frames_in(Duration::from_millis(500)), 0);
    let began = std::time::Instant::now();
    let mut frames = 0;
    for step in 0..200 {
        client.fill(window, (0, 0, 100, 100), 0x01_0101 * (step + 20));
        frames += shown.frames_in(Duration::from_millis(10));
    }
    let most = began.elapsed().as_secs_f64() * 15.0 + 2.0;
    assert!(frames >= 10 && frames as f64 <= most, "{frames} frames in {:?}", began.elapsed());
}

fn screen_of(x: &Xvfb) -> SourceId {
    find(&sources(x), "screen:first").expect("a screen")
}

#[test]
fn the_pointer_is_in_the_picture_and_its_movement_is_a_change() {
    let x = Xvfb::start("640x480x24", &[]);
    let client = x.client();
    let window = client.window((100, 100, 400, 300), WHITE, "w");
    set_black_pointer(&client);
    client.point(150, 150);
    for (id, at) in [(screen_of(&x), (0, 0)), (window_id(&x, "w"), (100, 100))] {
        let shown = show(&x, &id);
        // Its picture is 16 black pixels square with the hot spot in the middle.
        let pointer_at = |x: u32, y: u32| {
            move |frame: &visavis_media::frame::RgbaFrame| {
                is(frame, (x - 5, y - 5), BLACK)
                    && is(frame, (x + 5, y + 5), BLACK)
                    && is(frame, (x - 12, y), WHITE)
                    && is(frame, (x + 12, y), WHITE)
            }
        };
        client.point(150, 150);
        shown.until("the pointer", pointer_at(150 - at.0, 150 - at.1));
        client.point(300, 240);
        let frame = shown.until("that it moved", pointer_at(300 - at.0, 240 - at.1));
        assert!(is(&frame, (150 - at.0, 150 - at.1), WHITE), "it left nothing behind");
    }
    // Over another window it is not in the picture of this one.
    let shown = show(&x, &window_id(&x, "w"));
    shown.until("the pointer", |frame| is(frame, (200, 140), BLACK));
    client.window((290, 230, 50, 50), RED, "above");
    shown.until("no pointer", |frame| is(frame, (200, 140), WHITE));
    client.x.destroy_window(window).expect("it is closed");
    client.sync();
}

/// A black square of 16 pixels with its hot spot in the middle.
fn set_black_pointer(client: &Client) {
    let x = &client.x;
    let [pixmap, gc, cursor] = [(); 3].map(|()| x.generate_id().expect("an id"));
    x.create_pixmap(1, pixmap, client.root, 16, 16).expect("a pixmap");
    let aux = x11rb::protocol::xproto::CreateGCAux::new().foreground(1);
    x.create_gc(gc, pixmap, &aux).expect("a gc");
    let whole = x11rb::protocol::xproto::Rectangle { x: 0, y: 0, width: 16, height: 16 };
    x.poly_fill_rectangle(pixmap, gc, &[whole]).expect("it is filled");
    x.create_cursor(cursor, pixmap, pixmap, 0, 0, 0, 0, 0, 0, 8, 8).expect("a cursor");
    let aux = x11rb::protocol::xproto::ChangeWindowAttributesAux::new().cursor(cursor);
    x.change_window_attributes(client.root, &aux).expect("it is set");
    client.sync();
}

#[test]
fn a_window_is_seen_whole_also_when_it_is_covered() {
    let x = Xvfb::start("640x480x24", &[]);
    let client = x.client();
    client.point(639, 479);
    client.window((100, 100, 200, 150), GREEN, "shown");
    client.window((50, 50, 400, 400), RED, "cover");
    let mut shown = show(&x, &window_id(&x, "shown"));
    let frame = shown.until("the window", |_| true);
    assert_eq!(shown.event(), CaptureEvent::Live);
    assert_eq!(frame.size, size(200, 150));
    for y in 0..150 {
        for x in 0..200 {
            assert!(is(&frame, (x, y), GREEN), "{x},{y} is {:?}", pixel(&frame, x, y));
        }
    }
}

#[test]
fn a_window_may_be_moved_resized_hidden_and_closed() {
    let x = Xvfb::start("640x480x24", &[]);
    let client = x.client();
    client.point(639, 479);
    let window = client.window((100, 100, 200, 150), GREEN, "shown");
    let mut shown = show(&x, &window_id(&x, "shown"));
    shown.until("the window", |frame| is(frame, (10, 10), GREEN));
    assert_eq!(shown.event(), CaptureEvent::Live);

    client.configure(window, &ConfigureWindowAux::new().x(-50).y(300).stack_mode(StackMode::ABOVE));
    client.fill(window, (100, 10, 20, 20), RED);
    shown.until("what was drawn after the move", |frame| is(frame, (110, 20), RED));
    shown.no_event();

    client.configure(window, &ConfigureWindowAux::new().x(10).y(10).width(301).height(201));
    client.fill(window, (0, 0, 301, 201), BLUE);
    assert_eq!(shown.event(), CaptureEvent::Resized(size(300, 200)));
    let frame = shown.until("it at its new size", |frame| is(frame, (299, 199), BLUE));
    assert_eq!(frame.size, size(300, 200));

    client.x.unmap_window(window).expect("it is unmapped");
    client.sync();
    assert_eq!(shown.event(), CaptureEvent::Hidden);
    assert_eq!(shown.frames_in(Duration::from_millis(300)), 0, "the last frame stands");
    client.x.map_window(window).expect("it is mapped");
    client.fill(window, (0, 0, 301, 201), RED);
    assert_eq!(shown.event(), CaptureEvent::Visible);
    shown.until("it again", |frame| is(frame, (100, 100), RED));

    // What is too small to be seen is hidden, and what is huge is scaled.
    client.configure(window, &ConfigureWindowAux::new().width(1).height(1));
    assert_eq!(shown.event(), CaptureEvent::Hidden);
    client.configure(window, &ConfigureWindowAux::new().width(4000).height(500));
    client.fill(window, (0, 0, 4000, 500), GREEN);
    assert_eq!(shown.event(), CaptureEvent::Visible);
    assert_eq!(shown.event(), CaptureEvent::Resized(size(1920, 240)));
    shown.until("it scaled", |frame| is(frame, (1900, 230), GREEN));

    client.x.destroy_window(window).expect("it is closed");
    client.sync();
    assert_eq!(shown.event(), CaptureEvent::Ended(EndReason::WindowClosed));
    let gone = Shown::start(
        &x.desktop(),
        &SourceId(format!("window:{window}").into()),
        CaptureSettings::default(),
    )
    .event();
    assert_eq!(gone, CaptureEvent::Ended(EndReason::WindowClosed));
}

#[test]
fn a_window_inside_of_a_frame_is_hidden_with_it() {
    let x = Xvfb::start("640x480x24", &[]);
    let client = x.client();
    client.point(639, 479);
    let frame = client.window((50, 50, 220, 180), RED, "");
    let window = client.window((0, 0, 200, 150), GREEN, "framed");
    client.x.reparent_window(window, frame, 10, 20).expect("it gets a frame");
    client.x.map_window(window).expect("it is mapped");
    client.set32(window, "WM_STATE", "WM_STATE", &[1, 0]);
    let id = window_id(&x, "framed");
    assert_eq!(id, SourceId(format!("window:{window}").into()));
    let mut shown = show(&x, &id);
    let picture = shown.until("the window", |_| true);
    assert!(is(&picture, (0, 0), GREEN) && picture.size == size(200, 150));
    assert_eq!(shown.event(), CaptureEvent::Live);
    client.x.unmap_window(frame).expect("the frame is unmapped");
    client.sync();
    assert_eq!(shown.event(), CaptureEvent::Hidden);
    client.x.map_window(frame).expect("the frame is mapped");
    client.fill(window, (0, 0, 100, 100), BLUE);
    assert_eq!(shown.event(), CaptureEvent::Visible);
    shown.until("it again", |frame| is(frame, (50, 50), BLUE));
    // The pointer over it, inside of its frame.
    set_black_pointer(&client);
    client.point(50 + 10 + 150, 50 + 20 + 100);
    shown.until("the pointer", |frame| is(frame, (150, 100), BLACK));
}

#[test]
fn each_of_two_screens_is_seen_alone_until_it_is_unplugged() {
    let x = Xvfb::start("800x300x24", &[]);
    let client = x.client();
    two_monitors(&client, "LEFT-1", "RIGHT-2", 400);
    client.point(0, 299);
    client.fill(client.root, (0, 0, 400, 300), GREEN);
    client.fill(client.root, (400, 0, 400, 300), BLUE);
    let found = sources(&x);
    let mut left = show(&x, &find(&found, "screen:LEFT-1").expect("the left one"));
    let mut right = show(&x, &find(&found, "screen:RIGHT-2").expect("the right one"));
    for (shown, colour) in [(&mut left, GREEN), (&mut right, BLUE)] {
        let frame = shown.until("the screen", |_| true);
        assert_eq!(shown.event(), CaptureEvent::Live);
        assert_eq!(frame.size, size(400, 300));
        assert!([(0, 0), (399, 0), (399, 299)].iter().all(|at| is(&frame, *at, colour)));
    }
    // Another mode for the right one.
    two_monitors(&client, "LEFT-1", "RIGHT-2", 300);
    assert_eq!(right.event(), CaptureEvent::Resized(size(300, 300)));
    let name = client.atom("LEFT-1");
    client.x.randr_delete_monitor(client.root, name).expect("it is unplugged");
    client.sync();
    assert_eq!(left.event(), CaptureEvent::Ended(EndReason::ScreenGone));
    right.no_event();
}

#[test]
fn a_small_picture_shows_what_the_source_shows() {
    let x = Xvfb::start("1600x1200x24", &[]);
    let client = x.client();
    client.point(1599, 1199);
    client.fill(client.root, (0, 0, 1600, 600), RED);
    client.fill(client.root, (0, 600, 1600, 600), BLUE);
    let window = client.window((200, 700, 400, 200), GREEN, "a");
    client.window((150, 650, 800, 500), BLACK, "b");
    let mut screens = Screens::open(&x.desktop()).expect("the display");
    let found = screens.sources().expect("sources");
    client.fill(window, (200, 0, 200, 200), WHITE);
    let id = |words| find(&found, words).expect(words);
    let most = size(320, 180);
    let whole = screens.picture(&id("screen:first"), most).expect("the screen");
    assert_eq!(whole.size, size(240, 180));
    assert!(
        is(&whole, (120, 45), RED) && is(&whole, (10, 170), BLUE) && is(&whole, (60, 130), BLACK)
    );
    let a = screens.picture(&id("window:a"), most).expect("the window");
    assert_eq!(a.size, size(320, 160));
    assert!(is(&a, (80, 80), GREEN) && is(&a, (240, 80), WHITE), "it is seen though it is covered");

    client.x.unmap_window(window).expect("it is unmapped");
    client.sync();
    let hidden = screens.picture(&id("window:a"), most);
    assert!(matches!(hidden, Err(ScreenError::Hidden)), "{hidden:?}");
    client.x.destroy_window(window).expect("it is closed");
    client.sync();
    for gone in [id("window:a"), SourceId("screen:none".into()), SourceId("nonsense".into())] {
        let gone = screens.picture(&gone, most);
        assert!(matches!(gone, Err(ScreenError::Gone)), "{gone:?}");
    }
    assert_eq!(screens.sources().expect("sources").len(), 2);
}

#[test]
fn without_shared_memory_or_damage_the_same_is_seen() {
    for missing in [&["-extension", "MIT-SHM"][..], &["-extension", "DAMAGE"]] {
        let x = Xvfb::start("640x480x24", missing);
        let client = x.client();
        let window = client.window((10, 10, 200, 150), GREEN, "w");
        let shown = show(&x, &screen_of(&x));
        shown.until("the window", |frame| is(frame, (50, 50), GREEN));
        client.fill(window, (0, 0, 200, 150), RED);
        shown.until("the change", |frame| is(frame, (50, 50), RED));
        while shown.frames_in(Duration::from_millis(300)) > 0 {}
        assert_eq!(shown.frames_in(Duration::from_secs(1)), 0, "{missing:?}");
    }
}

#[test]
fn under_a_window_manager_and_a_compositor_the_same_is_seen() {
    let x = Xvfb::start("640x480x24", &[]);
    let _manager = x.run("openbox", &["--sm-disable"]);
    let _compositor = x.run("picom", &["--backend", "xrender", "--config", "/dev/null"]);
    let client = x.client();
    client.wait_for_owner("_NET_WM_CM_S0");
    client.root_colour(BLUE);
    client.point(639, 479);
    let window = client.window((100, 100, 200, 150), GREEN, "shown");
    client.wait_until_managed(window);
    let cover = client.window((50, 50, 500, 400), RED, "cover");
    client.wait_until_managed(cover);
    let mut screen = show(&x, &screen_of(&x));
    screen.until("the cover on the screen", |frame| is(frame, (300, 300), RED));
    assert_eq!(screen.event(), CaptureEvent::Live);
    let mut shown = show(&x, &window_id(&x, "shown"));
    let frame = shown.until("the window", |frame| is(frame, (100, 75), GREEN));
    assert_eq!(frame.size, size(200, 150));
    assert_eq!(shown.event(), CaptureEvent::Live);
    client.fill(window, (0, 0, 200, 150), WHITE);
    shown.until("what was drawn under the cover", |frame| is(frame, (100, 75), WHITE));
    client.fill(cover, (0, 0, 500, 400), BLACK);
    screen.until("what was drawn on the cover", |frame| is(frame, (300, 300), BLACK));
    assert_eq!(shown.frames_in(Duration::from_millis(500)), 0, "the cover is none of its");
    // Minimised, and back.
    client.change_state(window, 3);
    assert_eq!(shown.event(), CaptureEvent::Hidden);
    client.x.map_window(window).expect("it is mapped");
    client.fill(window, (0, 0, 200, 150), GREEN);
    assert_eq!(shown.event(), CaptureEvent::Visible);
    client.x.destroy_window(window).expect("it is closed");
    client.sync();
    assert_eq!(shown.event(), CaptureEvent::Ended(EndReason::WindowClosed));
    assert!(!sources(&x).iter().any(|source| &*source.name == "shown"));
}

#[test]
fn without_composite_no_single_windows_are_offered() {
    let x = Xvfb::start("640x480x24", &["-extension", "Composite"]);
    let window = x.client().window((10, 10, 200, 150), GREEN, "w");
    assert_eq!(sources(&x).len(), 1);
    let id = SourceId(format!("window:{window}").into());
    let event = Shown::start(&x.desktop(), &id, CaptureSettings::default()).event();
    let CaptureEvent::Ended(EndReason::Failed(why)) = event else { panic!("{event:?}") };
    assert!(why.contains("no single windows"), "{why}");
}
