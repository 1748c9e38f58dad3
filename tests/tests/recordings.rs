//! What `--record-video` and `--snapshot` keep of a call: all of it, at full size, and as long as
//! it took.
#![expect(clippy::print_stdout, reason = "what was measured, shown with --no-capture")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use visavis_client::call::event::EndReason;
use visavis_client::media::pattern::Pattern;
use visavis_client::media::pattern_bar::{Stamp, read_bar};
use visavis_client::media::psnr::psnr;
use visavis_client::media::units::VideoSize;
use visavis_client::session::options::SessionOptions;
use visavis_client::session::snapshot::Intent;
use visavis_link::{Conditions, Emulator, Timeline};
use visavis_tests::person::Person;
use visavis_tests::picture::Picture;
use visavis_tests::programs::{self, Finished, Program};
use visavis_tests::redirect::Redirect;
use visavis_tests::report::Report;
use visavis_tests::server::TestServer;
use visavis_tests::{look, presence};

/// Beyond this a program hangs.
const LIMIT: Duration = Duration::from_secs(40);
/// The frame rate of recordings.
const FPS: f64 = 30.0;

/// What a recording shows.
struct Recorded {
    size: VideoSize,
    /// Each different frame: what its bar says, and how like the pattern at full size it is, in
    /// decibels.
    frames: Vec<(Stamp, f64)>,
    /// How many times each stands in the file.
    times: Vec<u64>,
}

impl Recorded {
    fn read(path: &Path) -> Self {
        let mut frames = Vec::new();
        let mut pattern: Option<Pattern> = None;
        let times = look::frames_and_times(path, |frame| {
            let stamp = read_bar(frame)
                .unwrap_or_else(|| panic!("frame {} has no readable bar", frames.len()));
            let pattern = pattern.get_or_insert_with(|| Pattern::new(frame.size));
            frames.push((stamp, psnr(frame, &pattern.render(stamp, frame.captured_at))));
        });
        let size = pattern.expect("at least one frame").size();
        Self { size, frames, times }
    }

    /// How long it plays, in seconds.
    fn plays(&self) -> f64 {
        self.times.iter().sum::<u64>() as f64 / FPS
    }

    /// How like the pattern half of these frames are at least.
    fn median_db(frames: &[(Stamp, f64)]) -> f64 {
        let mut likeness: Vec<f64> = frames.iter().map(|(_, db)| *db).collect();
        likeness.sort_by(f64::total_cmp);
        likeness.get(likeness.len() / 2).copied().unwrap_or(0.0)
    }

    /// By how much the time at which a frame is played differs from that at which it was
    /// captured, in seconds, both counted from the first: of half the frames, of half those of
    /// the last second, and of the worst. A frame may come late, and is played late then, as it
    /// was shown.
    fn out_of_time(&self) -> [f64; 3] {
        let first = self.frames[0].0.captured_at.0;
        let mut place = 0;
        let mut differences = Vec::new();
        for ((stamp, _), times) in self.frames.iter().zip(&self.times) {
            let captured = (stamp.captured_at.0 as f64 - first as f64) / 1e6;
            differences.push((place as f64 / FPS - captured).abs());
            place += times;
        }
        let mut last = differences.split_off(differences.len() - 30);
        last.sort_by(f64::total_cmp);
        let of_last = last[15];
        differences.extend(last);
        differences.sort_by(f64::total_cmp);
        [differences[differences.len() / 2], of_last, differences[differences.len() - 1]]
    }

    /// The last second is as sharp as it was sent; the first frame is there too, scaled up.
    fn is_sharp_at_the_end(&self) {
        assert_eq!(self.size, VideoSize::new(1280, 720).expect("a size"));
        let (first, last) = (&self.frames[..5], &self.frames[self.frames.len() - 30..]);
        let [first, last] = [first, last].map(Self::median_db);
        println!("{first:.1} dB at the beginning, {last:.1} dB at the end");
        assert!(last >= SHARP_DB, "at the end only {last:.1} dB");
        assert!(first + 2.0 <= last, "{first:.1} dB at the beginning: it was not scaled up");
        assert!(self.frames[0].0.index < 90, "the beginning is missing");
    }
}

/// A frame of 1280x720 that was sent at that size is at least so like the pattern; one of 320x180
/// is not.
const SHARP_DB: f64 = 30.0;

/// Somebody who calls or answers without a window.
async fn run(
    name: &str,
    folder: &Path,
    server: &TestServer,
    arguments: &[&str],
) -> (Finished, Report) {
    let file = |suffix: &str| folder.join(format!("{name}{suffix}")).display().to_string();
    let (video, png, report, data) = (file(".y4m"), file(".png"), file(".json"), file(".data"));
    let usual = [
        ["--username", name],
        ["--server", server.url()],
        ["--camera", "pattern"],
        ["--microphone", "tone"],
        ["--speaker", "none"],
        ["--ice-server", "none"],
        ["--video-size", "1280x720"],
        ["--record-video", &video],
        ["--snapshot", &png],
        ["--report", &report],
        ["--data-dir", &data],
    ];
    let visavis = programs::visavis().expect("visavis is built");
    let missing = usual.iter().filter(|[option, _]| !arguments.contains(option)).flatten();
    let program =
        Program::start("visavis", &visavis, arguments.iter().chain(missing)).expect("it starts");
    let finished = program.finish(LIMIT).await.expect("it ends");
    (finished, Report::read(Path::new(&report)).expect("a report"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_at_720p_is_recorded_at_720p_at_both_ends_and_so_is_its_last_frame() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let answers = run("bob", folder.path(), &server, &["answer"]);
    let calls = async {
        presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob is online");
        run("alice", folder.path(), &server, &["call", "bob", "--duration", "8s"]).await
    };
    let (bob, alice) = tokio::join!(answers, calls);
    for (name, (finished, report)) in [("alice", alice), ("bob", bob)] {
        assert_eq!(finished.status.code(), Some(0), "{finished:?}");
        assert_eq!(
            report.number("video.received.width"),
            Some(1280.0),
            "{name} was sent 720p in the end: {report:?}"
        );
        let recorded = Recorded::read(&folder.path().join(format!("{name}.y4m")));
        let out_of_time = recorded.out_of_time();
        println!("{name}: {:.2} s, out of time by {out_of_time:.3?} s", recorded.plays());
        println!(
            "{:?}, {:?}",
            report.number("video.received.freeze_total_ms"),
            report.number("video.received.glass_to_glass_ms.p99")
        );
        recorded.is_sharp_at_the_end();
        // The call takes 8 s, of which the first frame misses a part.
        assert!(
            (6.5..8.2).contains(&recorded.plays()),
            "{name}'s recording plays for {:.2} s",
            recorded.plays()
        );
        let [half, at_the_end, _] = out_of_time;
        assert!(
            half <= 0.1 && at_the_end <= 0.1,
            "{name}'s recording is out of time by {out_of_time:.3?} s"
        );
        let png = std::fs::read(folder.path().join(format!("{name}.png"))).expect("a snapshot");
        assert_eq!(Picture::from_png(&png).expect("a readable PNG").size(), (1280, 720));
        assert!(look::is_png_of_pattern(&folder.path().join(format!("{name}.png"))));
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 8, "nothing is left beside the recordings: {left:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_the_call_nothing_and_is_reported_in_a_line_and_by_the_exit_code() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let answers = run("bob", folder.path(), &server, &["answer", "--video-size", "320x180"]);
    let calls = async {
        presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob is online");
        let full = [
            "call",
            "bob",
            "--duration",
            "3s",
            "--video-size",
            "320x180",
            "--record-video",
            "/dev/full",
        ];
        run("alice", folder.path(), &server, &full).await
    };
    let ((bob, _), (alice, report)) = tokio::join!(answers, calls);
    assert_eq!(bob.status.code(), Some(0), "{bob:?}");
    assert_eq!(alice.status.code(), Some(7), "{alice:?}");
    assert!(
        report.number("video.received.frames_decoded").is_some_and(|frames| frames >= 30.0),
        "{report:?}"
    );
    let words = "The recording is not whole: the file can't be written any more: No space left";
    assert_eq!(alice.stdout.lines().filter(|line| line.starts_with(words)).count(), 1, "{alice:?}");
    assert_eq!(alice.stderr.lines().filter(|line| line.contains(words)).count(), 1, "{alice:?}");
    assert!(!bob.stdout.contains("recording") && !bob.stderr.contains("recording"), "{bob:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_missing_for_a_second_leave_the_recording_as_long_as_the_call() {
    let usual = Conditions::CLEAR.delay(Duration::from_millis(30));
    let network = Arc::new(Emulator::start(Timeline::steady(usual), 21).await.expect("free ports"));
    let server = TestServer::start().await;
    let redirect = Redirect::start(server.url(), Arc::clone(&network)).await;
    let hd = |options: &mut SessionOptions| {
        options.video_size = VideoSize::new(1280, 720).expect("a size")
    };
    let (mut alice, mut bob) = (Person::with("alice", hd), Person::with("bob", hd));
    alice.log_in(server.url()).await;
    bob.log_in(redirect.url()).await;

    let placed = Instant::now();
    alice.call("bob").await;
    bob.until_ringing().await;
    bob.accept().await;
    alice.until_in_call().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    network.set(Timeline::steady(usual.closed())).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    network.set(Timeline::steady(usual)).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let hung_up = placed.elapsed();
    alice.send(Intent::HangUp).await;
    assert_eq!(bob.until_ended().await, EndReason::ClosedByPeer);

    let report = alice.report().await;
    let first = report.setup.call_to_first_video_ms.expect("a frame came") / 1e3;
    let recorded = Recorded::read(&alice.seen());
    let call = hung_up.as_secs_f64() - first;
    let longest = recorded.times.iter().max().copied().unwrap_or(0);
    println!("plays {:.3} s of {call:.3} s, holds one for {longest} frames", recorded.plays());
    recorded.is_sharp_at_the_end();
    assert!(
        (recorded.plays() - call).abs() <= 0.1,
        "{:.3} s of a call of {call:.3} s",
        recorded.plays()
    );
    assert!(longest >= 24, "the longest hold is of {longest} frames");
    let [half, at_the_end, _] = recorded.out_of_time();
    assert!(
        half <= 0.1 && at_the_end <= 0.1,
        "out of time by {half:.3} s, at the end by {at_the_end:.3} s"
    );
}
