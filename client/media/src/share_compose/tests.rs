use super::*;

use crate::frame::Content;

fn size(width: u32, height: u32) -> VideoSize {
    VideoSize::new(width, height).expect("a size")
}

fn flat(size: VideoSize, (y, u, v): (u8, u8, u8), at: Instant) -> VideoFrame {
    let (luma, chroma) = (size.pixels(), size.pixels() / 4);
    let data: Vec<u8> = [vec![y; luma], vec![u; chroma], vec![v; chroma]].concat();
    VideoFrame::new(size, data.into(), at)
}

const SCREEN: (u8, u8, u8) = (200, 100, 110);
const CAMERA: (u8, u8, u8) = (50, 160, 170);

#[test]
fn the_camera_is_small_in_the_lower_right_corner_pixel_by_pixel() {
    let now = Instant::now();
    for (screen, camera) in [
        (size(1920, 1080), size(1280, 720)),
        (size(1366, 768), size(640, 480)),
        (size(642, 1002), size(3840, 2160)),
        (size(500, 400), size(180, 320)),
    ] {
        let composed = Composing::default()
            .composed(&flat(screen, SCREEN, now), &flat(camera, CAMERA, now))
            .expect("it composes");
        assert_eq!((composed.size, composed.content), (screen, Content::Screen));
        let (corner, left, top) = corner(screen).expect("there is room");
        let near = screen.width().abs_diff(corner.width() * 5);
        assert!(near < 12 || corner.width() == LEAST_WIDTH, "{screen}: {corner}");
        assert!(left + corner.width() < screen.width() && top + corner.height() < screen.height());
        let (y, u, v) = composed.planes();
        let inside = |x: u32, y: u32, by: u32| {
            let of = |at: u32, from: u32, side: u32| (from / by..(from + side) / by).contains(&at);
            of(x, left, corner.width()) && of(y, top, corner.height())
        };
        let round = corner.width() / ROUNDING + 2;
        let near_corner = |x: u32, y: u32, by: u32| {
            let of = |at: u32, from: u32, side: u32| {
                let at = at * by;
                at < from + round || at + by > from + side - round
            };
            of(x, left, corner.width()) && of(y, top, corner.height())
        };
        for (plane, by, under, over) in
            [(y, 1, SCREEN.0, CAMERA.0), (u, 2, SCREEN.1, CAMERA.1), (v, 2, SCREEN.2, CAMERA.2)]
        {
            let width = screen.width() / by;
            for (index, pixel) in plane.iter().enumerate() {
                let (x, y) = (index as u32 % width, index as u32 / width);
                let (expected, mixed) = match inside(x, y, by) {
                    true => (over, near_corner(x, y, by)),
                    false => (under, false),
                };
                let range = under.min(over)..=under.max(over);
                let right = if mixed { range.contains(pixel) } else { *pixel == expected };
                assert!(right, "{screen}: {pixel} at {x}, {y} of a plane 1/{by}");
            }
        }
        // Its own corner is round: there the screen is seen.
        assert_eq!(y[(top * screen.width() + left) as usize], SCREEN.0);
    }
}

#[test]
fn a_camera_of_another_shape_is_cropped_in_its_middle() {
    let (now, from) = (Instant::now(), size(640, 480));
    let mut data = vec![128; VideoFrame::len_of(from)];
    for (index, luma) in data.iter_mut().take(from.pixels()).enumerate() {
        // 60 rows at the top and at the bottom are not within 16 to 9.
        *luma = if (60..420).contains(&(index / 640)) { 90 } else { 220 };
    }
    let cropped = cropped(&VideoFrame::new(from, data.into(), now));
    assert_eq!(cropped.size, size(640, 360));
    assert_eq!(cropped.data.len(), VideoFrame::len_of(cropped.size));
    assert!(cropped.planes().0.iter().all(|luma| *luma == 90));
    let tall = super::cropped(&flat(size(360, 640), CAMERA, now));
    assert_eq!((tall.size, tall.data.len()), (size(360, 202), 360 * 202 * 3 / 2));
    let wide = super::cropped(&flat(size(1000, 100), CAMERA, now));
    assert_eq!(wide.size, size(176, 100));
}

#[test]
fn a_tiny_screen_is_shown_without_the_camera_and_short_data_is_an_error() {
    let now = Instant::now();
    let mut composing = Composing::default();
    for small in [size(2, 2), size(160, 90), size(280, 2000), size(4000, 100)] {
        let screen = flat(small, SCREEN, now);
        let composed =
            composing.composed(&screen, &flat(size(640, 480), CAMERA, now)).expect("it composes");
        assert_eq!((composed.size, &composed.data), (small, &screen.data));
    }
    let short = VideoFrame { data: Arc::from([1, 2, 3]), ..flat(size(640, 480), CAMERA, now) };
    let whole = flat(size(640, 480), SCREEN, now);
    assert!(composing.composed(&short, &whole).is_err());
    assert!(composing.composed(&whole, &short).is_err());
}

#[test]
fn without_the_camera_a_frame_comes_when_the_screen_changes_and_with_it_fifteen_times_a_second() {
    let (start, mut composing) = (Instant::now(), Composing::default());
    let at = |ms: u64| start + Duration::from_millis(ms);
    let mut counts = [0; 3];
    for ms in (0..9000).step_by(5) {
        let now = at(ms);
        // The screen changes twice a second at first, and the camera takes 30 frames a second.
        if ms < 6000 && ms % 500 == 0 {
            composing.take_screen(flat(size(640, 360), SCREEN, now));
        }
        if ms % 35 == 0 && ms < 6000 {
            composing.take_camera(flat(size(320, 180), CAMERA, now));
        }
        let wanted = ms >= 3000;
        if let Some(frame) = composing.next(wanted, now).expect("it composes") {
            counts[(ms / 3000) as usize] += 1;
            let with = frame.planes().0.contains(&CAMERA.0);
            // Two seconds after its last frame the camera is gone.
            assert_eq!(with, (3000..7985).contains(&ms), "after {ms} ms");
        }
    }
    assert_eq!(counts[0], 6);
    assert!((40..=45).contains(&counts[1]), "{counts:?}");
    // The last frames of both, and the screen alone again.
    assert!((1..=2).contains(&counts[2]), "{counts:?}");
}

#[test]
fn the_thread_composes_for_all_its_outputs_and_ends_with_the_screen_or_its_owner() {
    let (screen, camera) = (DropOldestQueue::latest(), DropOldestQueue::latest());
    let outputs = vec![DropOldestQueue::new(8), DropOldestQueue::new(8)];
    let composer =
        ShareComposer::spawn(Arc::clone(&screen), Arc::clone(&camera), outputs.clone(), false)
            .expect("it starts");
    let now = Instant::now();
    screen.put(flat(size(640, 360), SCREEN, now));
    for output in &outputs {
        let Taken::Value(frame) = output.wait(Duration::from_secs(20)) else { panic!("no frame") };
        assert!(frame.planes().0.iter().all(|luma| *luma == SCREEN.0));
    }
    composer.set_camera(true);
    camera.put(flat(size(320, 180), CAMERA, Instant::now()));
    let Taken::Value(frame) = outputs[0].wait(Duration::from_secs(20)) else { panic!("no frame") };
    assert!(frame.planes().0.contains(&CAMERA.0));
    drop(composer);
    assert_eq!(Arc::strong_count(&outputs[0]), 1);
    let composer = ShareComposer::spawn(Arc::clone(&screen), camera, outputs.clone(), false)
        .expect("it starts");
    screen.close();
    while Arc::strong_count(&outputs[0]) > 1 {
        std::thread::yield_now();
    }
    drop(composer);
}

#[test]
fn who_looks_later_sees_the_screen_that_stands_still() {
    let latest = DropOldestQueue::<VideoFrame>::latest;
    let (screen, camera, first, later) = (latest(), latest(), latest(), latest());
    let composer =
        ShareComposer::spawn(Arc::clone(&screen), camera, vec![Arc::clone(&first)], false)
            .expect("it starts");
    screen.put(flat(size(640, 360), SCREEN, Instant::now()));
    assert!(matches!(first.wait(Duration::from_secs(10)), Taken::Value(_)));
    composer.set_outputs(vec![Arc::clone(&first), Arc::clone(&later)]);
    let Taken::Value(seen) = later.wait(Duration::from_secs(10)) else { panic!("no frame") };
    assert_eq!((seen.size, seen.content), (size(640, 360), Content::Screen));
    assert_eq!(first.take().map(|frame| frame.size), None, "it was seen there before");
}
