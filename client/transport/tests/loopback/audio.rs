//! Audio over a network that loses packets.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::sleep;
use visavis_link::{Conditions, Loss};
use visavis_media::frame::EncodedAudio;
use visavis_shared::SessionDescription;
use visavis_transport::PeerCommand;

use crate::support::{End, config, emulator, pair_across};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_fifth_is_lost_redundancy_goes_along_and_nearly_all_is_received() {
    let network =
        emulator(Conditions::CLEAR.delay(Duration::from_millis(10)).loss(Loss::Random(0.2))).await;
    let (a, b) = pair_across(&network).await;
    let start = Instant::now();
    let data = |n: u32| Bytes::from(format!("packet {n}"));
    let mut packets = Vec::new();
    for n in 0..350 {
        let captured_at = start + n * Duration::from_millis(20);
        let packet = EncodedAudio { data: data(n), samples: 960, captured_at };
        a.audio_out.send(packet).await.expect("the peer takes audio");
        sleep((captured_at + Duration::from_millis(20)).saturating_duration_since(Instant::now()))
            .await;
        packets.extend(b.audio_in.try_iter());
    }
    sleep(Duration::from_millis(300)).await;
    packets.extend(b.audio_in.try_iter());
    let (mut received, mut came, mut copies) = (HashSet::new(), HashSet::new(), 0);
    for packet in packets {
        received.insert(packet.payload.clone());
        if packet.redundant {
            copies += 1;
        } else {
            came.insert(packet.payload);
        }
    }
    let share =
        |of: &HashSet<Bytes>| (150..345).filter(|&n| of.contains(&data(n))).count() as f64 / 195.0;
    println!("{:.2} came, {:.2} were received, {copies} redundant", share(&came), share(&received));
    assert!(share(&came) < 0.95, "the network lost {:.2}", 1.0 - share(&came));
    assert!(
        copies > 50 && share(&received) > 0.9,
        "{:.2} were received, of {copies} redundant",
        share(&received)
    );
    let stats = b.stats().await;
    assert!(
        stats.audio_packets_lost > 20,
        "{} lost: redundancy does not hide it",
        stats.audio_packets_lost
    );
    let targets: Vec<_> = a.audio_control.try_iter().collect();
    assert!(targets.iter().any(|target| target.expected_loss_percent != 10), "{targets:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redundant_audio_is_offered_and_answered_after_plain_opus() {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    let offer = a.description().await;
    // As Chromium numbers it, so that an answer that keeps the offer's numbers shows.
    let offer = SessionDescription {
        sdp: offer.sdp.replace(":63 ", ":121 ").replace("111 63\r\n", "111 121\r\n"),
        ..offer
    };
    b.command(PeerCommand::AcceptOffer(offer.clone()));
    let answer = b.description().await;
    for sdp in [offer.sdp, answer.sdp] {
        let formats =
            sdp.lines().find_map(|line| line.strip_prefix("m=audio 9 UDP/TLS/RTP/SAVPF "));
        assert_eq!(formats, Some("111 121"), "{sdp}");
        assert!(sdp.contains("a=rtpmap:121 red/48000/2\r\na=fmtp:121 111/111\r\n"), "{sdp}");
    }
}
