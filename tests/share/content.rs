//! What is to be seen on the display that is shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use visavis_client::media::convert::to_rgba;
use visavis_client::media::pattern::Pattern;
use visavis_client::media::pattern_bar::Stamp;
use visavis_client::media::units::{VideoSize, WallTime};
use visavis_tests::text_page::{PageWindow, TextPage};
use visavis_tests::window::Display;

pub(crate) const WIDTH: u32 = 1920;
pub(crate) const HEIGHT: u32 = 1080;
/// How high the bar with the time is, of a picture so wide (docs/protocol.md).
const BAR: u32 = 3 * WIDTH / 40;
/// How often a page scrolls.
const SCROLLS: Duration = Duration::from_millis(50);
/// By how many lines of pixels.
const STEP: u32 = 12;
/// How often a film has another picture.
const PLAYS: Duration = Duration::from_millis(40);

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Still,
    Scrolling,
    Film,
}

impl Content {
    pub(crate) const ALL: [Self; 3] = [Self::Still, Self::Scrolling, Self::Film];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Still => "still",
            Self::Scrolling => "scrolling",
            Self::Film => "film",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Still => "a page of small text that stands still, 1920x1080",
            Self::Scrolling => "the same, scrolling by 12 lines 20 times a second",
            Self::Film => "a picture that is another one 25 times a second",
        }
    }
}

/// A display that shows something. Dropping it ends that.
pub(crate) struct Showing {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Showing {
    pub(crate) fn start(what: Content, display: &Display) -> Self {
        let page = TextPage::new(WIDTH, 3 * HEIGHT, 9);
        let window = PageWindow::open(display, "A page", &page, HEIGHT, (0, 0));
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let every = if what == Content::Film { PLAYS } else { SCROLLS };
        let run = move || {
            let pattern = Pattern::new(VideoSize::new(WIDTH, HEIGHT).expect("a size"));
            let (mut index, mut due) = (0, Instant::now());
            while !stopped.load(Ordering::Relaxed) {
                if what != Content::Still {
                    let rows = if what == Content::Film { HEIGHT } else { BAR };
                    if what == Content::Scrolling {
                        window.shows(&page, index * STEP % (2 * HEIGHT));
                    }
                    window.draws(&stamped(&pattern, index, rows), WIDTH, rows);
                    index += 1;
                }
                due += every;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
        };
        let thread = std::thread::Builder::new().name("content".into()).spawn(run);
        Self { stop, thread: Some(thread.expect("the system gives a thread")) }
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // One that has panicked has said so.
            let _ = thread.join();
        }
    }
}

/// The upper rows of the test pattern with the time now, as a display has them.
fn stamped(pattern: &Pattern, index: u32, rows: u32) -> Vec<u8> {
    let stamp = Stamp { index, captured_at: WallTime::now() };
    let frame = pattern.render(stamp, Instant::now());
    let rgba = to_rgba(&frame).expect("a whole frame").rgba;
    let upper = &rgba[..(4 * WIDTH * rows) as usize];
    upper.chunks_exact(4).flat_map(|pixel| [pixel[2], pixel[1], pixel[0], 0]).collect()
}
