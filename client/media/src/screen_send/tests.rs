use super::*;

use crate::h264_decoder::H264Decoder;
use crate::h264_profile::H264Profile;
use crate::psnr::psnr;
use crate::screen_page::ScreenPage;
use crate::ssim::ssim;

const TICK: Duration = Duration::from_millis(5);
const FULL: (u32, u32) = (1920, 1080);

fn size((width, height): (u32, u32)) -> VideoSize {
    VideoSize::new(width, height).expect("a size")
}

/// One encoded frame.
#[derive(Debug, Clone, Copy)]
struct Sent {
    /// Since the start.
    at: Duration,
    bytes: usize,
    key: bool,
}

/// What a network takes beyond the payload of each packet of so many bytes.
const PACKET: usize = 1164;
const OVERHEAD: usize = 78;

/// A screen that is sent in virtual time, and what the other sees of it.
struct Share {
    send: ScreenSend,
    start: Instant,
    now: Instant,
    target: Bitrate,
    key: Option<KeyFrame>,
    decoder: H264Decoder,
    shown: Option<VideoFrame>,
    sent: Vec<Sent>,
}

impl Share {
    fn new(kbps: u64) -> Self {
        let start = Instant::now();
        Self {
            send: ScreenSend::new(H264Level::OURS, H264Profile::Main),
            start,
            now: start,
            target: Bitrate::from_kbps(kbps),
            key: None,
            decoder: H264Decoder::new().expect("a decoder"),
            shown: None,
            sent: Vec::new(),
        }
    }

    fn take(&mut self, frame: VideoFrame) {
        self.send.take(frame, self.now).expect("it takes the frame");
    }

    /// Lets time pass.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            let next = self.send.next(self.target, self.key, self.now).expect("it encodes");
            if let ScreenStep::Encoded(encoded, _) = next {
                let decoded = self.decoder.decode(&encoded.data, self.now).expect("it decodes");
                self.shown = Some(decoded.expect("a frame"));
                if encoded.key {
                    self.key = None;
                }
                let (at, bytes) = (self.now - self.start, encoded.data.len());
                self.sent.push(Sent { at, bytes, key: encoded.key });
            }
            self.now += TICK;
        }
    }

    fn seconds(&mut self, seconds: f64) {
        self.pass(Duration::from_secs_f64(seconds));
    }

    /// Takes frames 15 times a second for so long, made from their numbers.
    fn play(&mut self, frames: u32, frame: impl Fn(u32, Instant) -> VideoFrame) {
        for index in 0..frames {
            self.take(frame(index, self.now));
            self.pass(Duration::from_micros(66_667));
        }
    }

    fn likeness(&self, frame: &VideoFrame) -> (f64, f64) {
        let shown = self.shown.as_ref().expect("something is shown");
        (ssim(frame, shown), psnr(frame, shown))
    }

    fn since(&self, at: f64) -> Vec<Sent> {
        let at = Duration::from_secs_f64(at);
        self.sent.iter().filter(|sent| sent.at >= at).copied().collect()
    }

    /// For how long at most anything waited that left at the target.
    fn longest_wait(&self) -> Duration {
        let (mut free, mut longest) = (Duration::ZERO, Duration::ZERO);
        for sent in &self.sent {
            free = free.max(sent.at) + self.target.time_for(sent.bytes);
            longest = longest.max(free - sent.at);
        }
        longest
    }
}

/// What frames take on the wire, in kbit/s.
fn kbps(frames: &[Sent], seconds: f64) -> f64 {
    let bytes = frames.iter().map(|sent| sent.bytes + sent.bytes.div_ceil(PACKET) * OVERHEAD);
    bytes.sum::<usize>() as f64 * 8.0 / seconds / 1e3
}

fn page(seed: u32) -> ScreenPage {
    ScreenPage::new(size(FULL), seed)
}

#[test]
fn small_text_is_readable_soon_and_visually_lossless_after_three_seconds_of_stillness() {
    // At 1 Mbit/s there is time for a structural similarity, at 2.5 for no visible difference.
    for (target, after_3_s, after_8_s) in
        [(1000, (0.98, 33.0), (0.995, 45.0)), (2500, (0.995, 45.0), (0.995, 45.0))]
    {
        let mut share = Share::new(target);
        let first = page(1).render(0, share.now);
        share.take(first.clone());
        share.seconds(1.4);
        let soon = share.likeness(&first);
        share.seconds(1.6);
        let (ssim, psnr) = share.likeness(&first);
        println!("{target} kbit/s: {soon:?} after 1.4 s, {ssim:.4}, {psnr:.1} dB after 3 s");
        assert!(soon.0 >= 0.95, "{soon:?}");
        assert!(ssim >= after_3_s.0 && psnr >= after_3_s.1, "{target}: {ssim:.4}, {psnr:.1} dB");
        share.seconds(5.0);
        let (ssim, psnr) = share.likeness(&first);
        assert!(ssim >= after_8_s.0 && psnr >= after_8_s.1, "{target}: {ssim:.4}, {psnr:.1} dB");
        assert_eq!(share.sent.iter().filter(|sent| sent.key).count(), 1);
        let longest = share.longest_wait();
        assert!(longest < Duration::from_millis(1500), "{target}: {longest:?}");
    }
}

#[test]
fn a_still_screen_costs_next_to_nothing_gives_a_sign_of_life_and_is_no_freeze() {
    let mut share = Share::new(2500);
    let scrolled = page(1);
    share.play(30, |index, at| scrolled.render(index * 20, at));
    share.seconds(58.0);
    let still = share.since(10.0);
    let rate = kbps(&still, 50.0);
    println!("still: {rate:.1} kbit/s, {} frames a minute", still.len());
    assert!(rate < 5.0, "{rate:.1} kbit/s");
    let early = kbps(&share.since(5.0), 55.0);
    assert!(early < 30.0, "{early:.1} kbit/s");
    let gaps = share.sent.windows(2).map(|pair| pair[1].at - pair[0].at);
    let longest = gaps.max().expect("frames");
    assert!(longest <= Duration::from_secs(1), "{longest:?}");
    let mut freezes = crate::freeze::FreezeMeter::default();
    for sent in &share.sent {
        freezes.shown(share.start + sent.at);
    }
    assert_eq!(freezes.count(), 0);
}

#[test]
fn a_scrolling_page_comes_ten_times_a_second_or_more_and_is_readable() {
    for target in [1000, 2500] {
        let mut share = Share::new(target);
        let page = page(1);
        share.take(page.render(0, share.now));
        share.seconds(5.0);
        share.play(45, |index, at| page.render(index * 20, at));
        let fps = share.since(5.0).len() as f64 / 3.0;
        let (ssim, psnr) = share.likeness(&page.render(44 * 20, share.now));
        println!("{target} kbit/s: {fps:.1} frames a second, {ssim:.4}, {psnr:.1} dB");
        assert!(fps >= 10.0, "{target}: {fps:.1}");
        assert!(ssim >= 0.98, "{target}: {ssim:.4}");
        assert!(share.since(5.0).iter().all(|sent| !sent.key), "scrolling needs no key frame");
    }
}

#[test]
fn a_new_page_arrives_within_seconds_whatever_came_before_and_so_does_a_key_frame() {
    let mut share = Share::new(1000);
    share.take(page(1).render(0, share.now));
    share.seconds(6.0);
    let second = page(2).render(0, share.now);
    share.take(second.clone());
    share.seconds(3.0);
    assert!(share.likeness(&second).0 >= 0.98, "{:?}", share.likeness(&second));
    share.key = Some(KeyFrame::Fine);
    share.seconds(0.5);
    assert_eq!(share.key, None, "it came");
    share.seconds(2.5);
    assert!(share.likeness(&second).0 >= 0.98, "{:?}", share.likeness(&second));
    share.key = Some(KeyFrame::Coarse);
    let before = share.sent.len();
    share.seconds(1.0);
    let coarse = share.sent[before..].iter().find(|sent| sent.key).expect("a key frame");
    assert!(share.target.time_for(coarse.bytes) < Duration::from_millis(1300), "{coarse:?}");
    let longest = share.longest_wait();
    assert!(longest < Duration::from_millis(1500), "{longest:?}");
}

#[test]
fn when_the_network_narrows_frames_come_less_often_before_they_get_smaller() {
    let page = page(1);
    let mut share = Share::new(4000);
    let mut rates = Vec::new();
    for target in [4000, 1000, 400, 250] {
        share.target = Bitrate::from_kbps(target);
        share.play(20, |index, at| page.render(index * 150, at));
        let from = share.sent.len();
        share.play(45, |index, at| page.render(3000 + index * 150, at));
        let fps = (share.sent.len() - from) as f64 / 3.0;
        rates.push((fps, share.shown.as_ref().expect("a frame").size));
    }
    println!("{rates:?}");
    let sizes = [FULL, FULL, FULL, (1440, 810)].map(size);
    assert_eq!(rates.iter().map(|(_, size)| *size).collect::<Vec<_>>(), sizes);
    let [wide, narrow, narrower, ..] = rates[..] else { panic!("four rates") };
    assert!(wide.0 > 10.0 && narrow.0 < wide.0 && narrower.0 < narrow.0, "{rates:?}");
}

#[test]
fn a_screen_has_its_own_size_up_to_full_hd_and_the_level() {
    for (source, level, sent) in [
        (FULL, H264Level::OURS, FULL),
        ((3840, 2160), H264Level::OURS, FULL),
        ((1000, 1900), H264Level::OURS, (1000, 1900)),
        ((640, 360), H264Level::OURS, (640, 360)),
        (FULL, H264Level::BASIC, (1280, 720)),
    ] {
        assert_eq!(full_size(size(source), level), size(sent), "{source:?} at {level:?}");
    }
}

#[test]
fn a_window_that_is_being_resized_changes_its_size_once() {
    let mut share = Share::new(2500);
    let frame = |width: u32, at| VideoFrame::black(size((width, 360)), at).of_screen();
    share.play(10, |_, at| frame(640, at));
    share.play(10, |index, at| frame(640 - index * 10, at));
    assert_eq!(share.sent.iter().filter(|sent| sent.key).count(), 1);
    share.seconds(1.0);
    assert_eq!(share.sent.iter().filter(|sent| sent.key).count(), 2);
    assert_eq!(share.shown.as_ref().map(|shown| shown.size), Some(size((550, 360))));
}

#[test]
fn a_frame_without_its_data_is_an_error_and_the_one_before_goes_on() {
    let mut share = Share::new(2500);
    let frame = VideoFrame::black(size((640, 360)), share.now).of_screen();
    share.take(frame.clone());
    share.seconds(1.0);
    let short = VideoFrame { data: Arc::from([0; 10]), ..frame };
    assert!(share.send.take(short, share.now).is_err());
    let before = share.sent.len();
    share.seconds(2.0);
    assert!(share.sent.len() >= before + 2);
}
