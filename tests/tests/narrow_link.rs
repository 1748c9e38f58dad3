//! A whole call over a link that gives 600 kbit/s.

use std::sync::Arc;
use std::time::Duration;

use visavis_client::call::event::EndReason;
use visavis_client::session::snapshot::Intent;
use visavis_link::{Conditions, Emulator, Rate, Timeline};
use visavis_tests::look;
use visavis_tests::person::{Person, connect};
use visavis_tests::redirect::Redirect;
use visavis_tests::server::TestServer;

/// In this time the encoder finds out how narrow the link is; it begins with more than that, so the
/// picture may freeze once.
const START_UP: Duration = Duration::from_secs(5);

/// Then they talk on for so long.
const TALK: Duration = Duration::from_secs(15);

/// For how long a picture may stand still at most, in the beginning and later. Generous, for
/// machines that are slow or have other work to do.
const LONGEST_FREEZE: [Duration; 2] = [Duration::from_millis(2500), Duration::from_millis(1200)];

#[tokio::test(flavor = "multi_thread")]
async fn over_600_kbit_a_second_video_and_audio_go_on() {
    let narrow = Conditions::CLEAR.delay(Duration::from_millis(20)).rate(Rate::from_kbps(600));
    let narrow = Timeline::steady(narrow.queue(Duration::from_millis(500)));
    let network = Arc::new(Emulator::start(narrow, 21).await.expect("free ports"));
    let server = TestServer::start().await;
    let redirect = Redirect::start(server.url(), network).await;
    let mut alice = Person::online("alice", server.url()).await;
    let mut bob = Person::online("bob", redirect.url()).await;
    connect(&mut alice, &mut bob).await;

    let (hers, his) = (alice.seen(), bob.seen());
    let watch = |path| async move {
        [look::longest_freeze(path, START_UP).await, look::longest_freeze(path, TALK).await]
    };
    let frozen = tokio::join!(watch(&hers), watch(&his));
    alice.send(Intent::HangUp).await;
    assert_eq!(bob.until_ended().await, EndReason::ClosedByPeer);

    for (listener, speaker, frozen) in
        [(&mut alice, "bob", frozen.0), (&mut bob, "alice", frozen.1)]
    {
        let report = listener.report().await;
        let video = look::compare_with_pattern(&listener.seen());
        println!("{speaker}: frozen {frozen:?}, {video:?}");
        let fluent = frozen.iter().zip(LONGEST_FREEZE).all(|(frozen, longest)| *frozen <= longest);
        assert!(fluent, "{speaker}'s picture stood still for {frozen:?}");
        assert!(
            video.frames >= 10 * (START_UP + TALK).as_secs(),
            "only {} frames of {speaker}",
            video.frames
        );
        assert_eq!(video.out_of_order, 0);
        assert!(
            video.median_psnr_db >= 30.0,
            "{speaker}'s video has {:.1} dB",
            video.median_psnr_db
        );
        // A small frame that was made large; one that is torn or of another moment is far below.
        assert!(
            video.worst_psnr_db >= 22.0,
            "{speaker}'s worst frame has {:.1} dB",
            video.worst_psnr_db
        );

        listener.assert_heard(speaker, 2.0);
        let concealed = report
            .audio
            .received
            .and_then(|audio| audio.concealed_ratio)
            .expect("audio was received");
        assert!(concealed <= 0.15, "{:.0}% of {speaker}'s audio was concealed", 100.0 * concealed);

        // It is the link that limits, and the encoder knows.
        let target = report.video.sent.and_then(|video| video.target_bps).expect("video was sent");
        println!(
            "{speaker}: {:.1}% of the audio concealed; the other direction {target} bit/s",
            100.0 * concealed
        );
        assert!(target <= 620_000, "the encoder aims at {target} bit/s");
    }
}
