//! The other's shared screen: whole, larger, smaller, moved; never lost.

use eframe::egui::accesskit::Role;
use eframe::egui::epaint::{RectShape, Shape};
use eframe::egui::{
    Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, Rect, TouchPhase, Vec2, pos2, vec2,
};
use egui_kittest::kittest::Queryable;
use visavis_client::media::frame::RgbaFrame;
use visavis_client::media::units::VideoSize;
use visavis_client::session::snapshot::Snapshot;
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, same_call};

/// Half as wide and as high as the picture.
const SIZE: Vec2 = vec2(960.0, 540.0);

fn desktop() -> RgbaFrame {
    let size = VideoSize::new(1920, 1080).expect("a size");
    RgbaFrame { size, rgba: vec![200; size.pixels() * 4].into() }
}

fn shares() -> Snapshot {
    Snapshot { remote_video_live: true, remote_shares: true, ..same_call() }
}

fn open(size: Vec2) -> Window {
    let mut window = Window::open_with(shares(), size, WindowOptions::default());
    window.remote_video.put(desktop());
    window.settle();
    window
}

/// Where the picture is painted.
fn place(window: &Window) -> Rect {
    let textured = |shape: &Shape| match shape {
        Shape::Rect(RectShape { rect, brush: Some(_), .. }) => Some(*rect),
        _ => None,
    };
    let mut all = window.harness.output().shapes.iter().filter_map(|shape| textured(&shape.shape));
    all.next().expect("a picture")
}

fn zoom(window: &Window) -> String {
    let all = window.texts();
    let percent = all.iter().find(|text| text.ends_with('%'));
    percent.cloned().unwrap_or_else(|| panic!("{all:?}"))
}

/// Events of one pass.
fn at_once(window: &mut Window, events: Vec<Event>) {
    window.harness.input_mut().events.extend(events);
    window.settle();
}

fn button(pos: Pos2, pressed: bool) -> Event {
    let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
    Event::PointerButton { pos, button, pressed, modifiers }
}

fn double_click(window: &mut Window, at: Pos2) {
    window.harness.hover_at(at);
    window.settle();
    let events = [true, false, true, false].map(|pressed| button(at, pressed));
    at_once(window, events.to_vec());
}

fn scroll(window: &mut Window, at: Pos2, lines: f32) {
    window.harness.hover_at(at);
    window.settle();
    let wheel = Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, lines),
        phase: TouchPhase::Move,
        source: eframe::egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    };
    window.harness.event(wheel);
    window.harness.run_steps(12);
}

#[test]
fn a_shared_screen_is_shown_whole_although_cameras_fill_the_window() {
    let mut window = open(vec2(960.0, 720.0));
    assert!(window.shows("Screen of bob"));
    assert_eq!(place(&window), Rect::from_min_size(pos2(0.0, 90.0), SIZE));
    assert_eq!(zoom(&window), "50%");
    window.set(Snapshot { remote_shares: false, ..shares() });
    assert!(window.shows("Picture of bob") && !window.shows("Zoom: "));
    assert_eq!(place(&window), Rect::from_min_size(Pos2::ZERO, vec2(960.0, 720.0)));
}

#[test]
fn keys_and_buttons_make_it_larger_and_smaller_and_fit_it_again() {
    let mut window = open(SIZE);
    window.press(Modifiers::NONE, Key::Num1);
    assert_eq!(zoom(&window), "100%");
    assert_eq!(place(&window).size(), vec2(1920.0, 1080.0));
    window.press(Modifiers::NONE, Key::Minus);
    assert_eq!(zoom(&window), "80%");
    window.press(Modifiers::SHIFT, Key::Plus);
    assert_eq!(zoom(&window), "100%");
    window.press(Modifiers::NONE, Key::Num0);
    assert_eq!(place(&window), Rect::from_min_size(Pos2::ZERO, SIZE));
    window.harness.hover_at(pos2(100.0, 100.0));
    window.settle();
    window.click("Larger");
    assert_eq!(zoom(&window), "62%");
    window.click("Fit");
    assert_eq!(zoom(&window), "50%");
    window.click("Original size");
    assert_eq!(zoom(&window), "100%");
    window.click("Smaller");
    assert_eq!(zoom(&window), "80%");
    assert_eq!(window.asked(), []);
}

#[test]
fn a_double_click_toggles_between_all_of_it_and_its_original_size_about_the_pointer() {
    let mut window = open(SIZE);
    double_click(&mut window, pos2(240.0, 200.0));
    assert_eq!(place(&window), Rect::from_min_size(pos2(-240.0, -200.0), vec2(1920.0, 1080.0)));
    double_click(&mut window, pos2(500.0, 300.0));
    assert_eq!(place(&window), Rect::from_min_size(Pos2::ZERO, SIZE));
    let commands = format!("{:?}", window.commands());
    assert!(!commands.contains("Fullscreen"), "{commands}");
}

#[test]
fn scrolling_keeps_what_is_under_the_pointer_and_dragging_moves_the_picture() {
    let mut window = open(SIZE);
    let at = pos2(480.0, 270.0);
    let under = |window: &Window| {
        let place = place(window);
        (at - place.min) / place.size()
    };
    let before = under(&window);
    scroll(&mut window, at, 200.0);
    let after = under(&window);
    assert!((after - before).abs().max_elem() < 0.01, "{before} {after}");
    let large = place(&window);
    assert!(large.width() > 1.3 * SIZE.x, "{large}");
    window.harness.drag_at(at);
    window.settle();
    window.harness.hover_at(at + vec2(60.0, -30.0));
    window.settle();
    window.harness.drop_at(at + vec2(60.0, -30.0));
    window.settle();
    assert_eq!(place(&window).min, large.min + vec2(60.0, -30.0));
    // No further than its edge.
    window.harness.drag_at(at);
    window.settle();
    window.harness.hover_at(at + vec2(5000.0, 5000.0));
    window.settle();
    window.harness.drop_at(at + vec2(5000.0, 5000.0));
    window.settle();
    assert_eq!(place(&window).min, Pos2::ZERO);
}

#[test]
fn the_zoom_begins_anew_with_the_next_screen_and_keys_do_nothing_to_a_camera() {
    let mut window = open(SIZE);
    window.press(Modifiers::NONE, Key::Num1);
    window.set(Snapshot { remote_shares: false, ..shares() });
    window.press(Modifiers::NONE, Key::Plus);
    window.set(shares());
    assert_eq!(zoom(&window), "50%");
}

#[test]
fn what_is_typed_into_a_field_is_no_zoom() {
    let mut window = open(SIZE);
    window.press(Modifiers::COMMAND, Key::T);
    let before = zoom(&window);
    window.press(Modifiers::NONE, Key::Num1);
    window.press(Modifiers::NONE, Key::Plus);
    assert_eq!(zoom(&window), before);
}

#[test]
fn the_control_of_the_zoom_lies_over_nothing_else() {
    for size in [vec2(480.0, 360.0), vec2(760.0, 480.0), vec2(1040.0, 680.0)] {
        let mut window = open(size);
        window.set(Snapshot { camera_live: true, ..shares() });
        window.self_video.put(desktop());
        window.settle();
        let place = window.harness.get_by_label("Larger").rect();
        for other in ["Mute", "Close call", "Mini window"] {
            let there = window.harness.get_by_label(other).rect();
            assert!(!place.intersects(there), "{other} in {size}");
        }
        let own = window.harness.get_by_role_and_label(Role::Image, "Your picture, mirrored");
        assert!(!place.intersects(own.rect()), "{size}");
    }
}
