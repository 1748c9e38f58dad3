//! Video and audio over the connection.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::net::UdpSocket;
use tokio::time::sleep;
use visavis_link::{Conditions, Loss, Rate, Timeline, address_of};
use visavis_media::frame::{EncodedAudio, ReceivedAudio};
use visavis_media::h264_level::H264Level;
use visavis_media::units::Bitrate;
use visavis_transport::{PeerCommand, PeerConfig, PeerEvent, VideoControl};

use crate::support::{
    End, PATIENCE, access_unit, config, connect, connect_through, connected_pair, emulator, frame,
    pair_across, pass, received, received_all, send_frames, status,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn video_and_audio_arrive_as_they_were_sent_and_in_order() {
    let (a, b) = connected_pair().await;
    assert!(a.key_frame_request().await, "a connection begins with a key frame");
    let audio = async {
        let mut sent = Vec::new();
        let start = Instant::now();
        for n in 0..100u32 {
            let data = Bytes::from(format!("packet {n}"));
            let captured_at = start + n * Duration::from_millis(10);
            let packet = EncodedAudio { data: data.clone(), samples: 480, captured_at };
            a.audio_out.send(packet).await.expect("the peer takes audio");
            sent.push(data);
            sleep(Duration::from_millis(10)).await;
        }
        sent
    };
    let (frames, audio) = tokio::join!(send_frames(&a, 1, 30, 9_000), audio);
    sleep(Duration::from_millis(300)).await;
    assert_eq!(received_all(&b).await, frames);
    let packets: Vec<ReceivedAudio> = b.audio_in.try_iter().collect();
    assert_eq!(packets.iter().map(|packet| packet.payload.clone()).collect::<Vec<_>>(), audio);
    assert!(
        packets
            .windows(2)
            .all(|pair| pair[1].rtp_timestamp.wrapping_sub(pair[0].rtp_timestamp) == 480)
    );
    assert!(packets.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    let stats = a.stats().await;
    assert_eq!((stats.audio_packets_sent, stats.retransmitted), (100, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_for_a_key_frame_reaches_the_encoder_of_the_other() {
    let (a, b) = connected_pair().await;
    assert!(a.key_frame_request().await);
    send_frames(&a, 2, 5, 2_000).await;
    b.command(PeerCommand::RequestKeyFrame);
    assert!(a.key_frame_request().await);
    assert!(a.stats().await.plis_received >= 1);
    assert!(b.stats().await.plis_sent >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_learns_whether_the_other_is_muted_and_has_the_camera_off_also_after_a_restart() {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    // From before the call on, and one that says nothing.
    a.peer.set_media_status(status(true, false));
    connect(&mut a, &mut b).await;
    b.is_told(status(true, false)).await;
    assert_eq!(*a.peer.their_media_status().borrow(), None);
    b.peer.set_media_status(status(false, true));
    a.is_told(status(false, true)).await;
    a.command(PeerCommand::CreateOffer { ice_restart: true });
    let (mut restarted, until) = (false, Instant::now() + PATIENCE);
    while !restarted {
        assert!(Instant::now() < until, "it restarts");
        tokio::select! {
            Some(event) = a.events.recv() => restarted |= pass(event, true, &b, &mut |_, _| {}),
            Some(event) = b.events.recv() => drop(pass(event, false, &a, &mut |_, _| {})),
            () = sleep(Duration::from_millis(100)) => {
                restarted = a.stats().await.ice_restarts > 0 && b.events.is_empty();
            }
        }
    }
    a.peer.set_media_status(status(false, false));
    b.is_told(status(false, false)).await;
    b.peer.set_media_status(status(true, true));
    a.is_told(status(true, true)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_while_nothing_gets_through_is_told_afterwards() {
    let network = emulator(Conditions::CLEAR).await;
    let (a, b) = pair_across(&network).await;
    send_frames(&a, 9, 5, 500).await;
    network.set(Timeline::steady(Conditions::CLEAR.closed())).await;
    a.peer.set_media_status(status(true, false));
    sleep(Duration::from_millis(200)).await;
    assert_eq!(*b.peer.their_media_status().borrow(), None);
    network.set(Timeline::steady(Conditions::CLEAR)).await;
    // It goes along with the reports on media.
    tokio::select! {
        () = b.is_told(status(true, false)) => {}
        _ = send_frames(&a, 10, 450, 500) => panic!("it is not told"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statistics_name_the_path_and_how_it_is_protected() {
    let (a, b) = connected_pair().await;
    tokio::join!(send_frames(&a, 3, 60, 2_000), send_frames(&b, 4, 60, 2_000));
    let stats = a.stats().await;
    println!("{stats:?}");
    assert_eq!(stats.local_candidate.as_deref(), Some("host"));
    assert!(stats.remote_candidate.is_some());
    assert_eq!(stats.protocol.as_deref(), Some("udp"));
    assert!(stats.rtt_ms.is_some_and(|rtt| rtt < 100.0));
    assert!(stats.srtp.is_some() && stats.dtls.is_some());
    assert!(stats.video_bytes_sent > 100_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn junk_at_the_socket_does_no_harm() {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    let mut sockets = Vec::new();
    connect_through(&mut a, &mut b, |_, candidate| {
        sockets.extend(address_of(&candidate.candidate))
    })
    .await;
    send_frames(&a, 7, 2, 2_000).await;
    let attacker = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let mut rng = StdRng::seed_from_u64(12);
    for _ in 0..3_000 {
        let mut junk: Vec<u8> = (0..rng.random_range(0..200)).map(|_| rng.random()).collect();
        if let Some(first) = junk.first_mut() {
            // What a demultiplexer takes for STUN, DTLS, RTP or RTCP (RFC 7983).
            *first = [0x00, 0x01, 22, 23, 0x80, 0x81, 0x90, 0xbf, 0xff][rng.random_range(0..9)];
        }
        for socket in &sockets {
            let _ = attacker.send_to(&junk, socket).await;
        }
    }
    let _ = received(&b);
    let sent = send_frames(&a, 8, 10, 2_000).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(received_all(&b).await, sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_packets_are_retransmitted_without_a_storm() {
    let network =
        emulator(Conditions::CLEAR.delay(Duration::from_millis(10)).loss(Loss::Random(0.05))).await;
    let (a, b) = pair_across(&network).await;
    let sent = send_frames(&a, 9, 150, 6_000).await;
    let got = received_all(&b).await;
    let (stats, theirs) = (a.stats().await, b.stats().await);
    let packets = sent.iter().map(|(data, _)| data.len().div_ceil(1162) as u64).sum::<u64>();
    println!(
        "{} of {} frames, {packets} packets, {} resent, {} nacks, {} plis, {} given up",
        got.len(),
        sent.len(),
        stats.retransmitted,
        theirs.nacks_sent,
        theirs.plis_sent,
        theirs.frames_dropped
    );
    // Video pauses for up to a second while feedback is late (ADR 14), which a busy machine makes
    // it too: what never left was not lost.
    let bytes = got.iter().map(|(data, _)| data.len() as u64).sum::<u64>();
    let left = stats.video_bytes_sent;
    assert!(bytes as f64 >= 0.9 * left as f64, "{bytes} of {left} bytes");
    assert!(got.len() as f64 >= 0.7 * sent.len() as f64, "{} of {}", got.len(), sent.len());
    assert!(got.iter().all(|frame| sent.contains(frame)), "a frame that nobody sent");
    assert!(stats.retransmitted > 0 && (stats.retransmitted as f64) < 0.15 * packets as f64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_told_and_so_is_its_end() {
    let network = emulator(Conditions::CLEAR).await;
    let (a, mut b) = pair_across(&network).await;
    send_frames(&a, 10, 5, 2_000).await;
    network.set(Timeline::steady(Conditions::CLEAR.closed())).await;
    let start = Instant::now();
    assert_eq!(
        b.event().await,
        PeerEvent::PathDegraded,
        "that another path is looked for comes first"
    );
    assert_eq!(b.event().await, PeerEvent::Disconnected);
    println!("silence told after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    network.set(Timeline::steady(Conditions::CLEAR)).await;
    send_frames(&a, 10, 5, 2_000).await;
    let mut news = [b.event().await, b.event().await];
    news.sort_by_key(|event| *event != PeerEvent::Connected);
    assert_eq!(news, [PeerEvent::Connected, PeerEvent::PathRecovered]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_encoder_is_told_to_fit_a_narrow_link() {
    let narrow = Conditions::CLEAR.delay(Duration::from_millis(10)).rate(Rate::from_kbps(600));
    let network = emulator(narrow.queue(Duration::from_millis(500))).await;
    let (a, b) = pair_across(&network).await;
    let target = follow_target(&a, Duration::from_secs(8)).await;
    println!("target {target} behind 600 kbit/s, estimated {:?}", a.stats().await.estimated);
    assert!((Bitrate::from_kbps(250)..=Bitrate::from_kbps(620)).contains(&target), "{target}");
    assert!(received(&b).len() > 150);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_encoder_is_told_up_to_which_level_the_other_takes_video() {
    for (theirs, expected) in [("0028", H264Level::OURS), ("001f", H264Level::BASIC)] {
        let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
        a.command(PeerCommand::CreateOffer { ice_restart: false });
        let offer = a.description().await;
        b.command(PeerCommand::AcceptOffer(offer));
        let mut answer = b.description().await;
        assert!(answer.sdp.contains("profile-level-id=42e028"), "{}", answer.sdp);
        answer.sdp = answer.sdp.replace("4d0028", &format!("4d{theirs}"));
        a.command(PeerCommand::AcceptAnswer(answer));
        let mut told = None;
        let until = Instant::now() + PATIENCE;
        while told.is_none() && Instant::now() < until {
            tokio::select! {
                Some(event) = a.events.recv() => { pass(event, true, &b, &mut |_, _| {}); }
                Some(event) = b.events.recv() => { pass(event, false, &a, &mut |_, _| {}); }
                () = sleep(Duration::from_millis(10)) => {}
            }
            told = a.control.try_iter().find_map(|target| match target {
                VideoControl::Level(level) => Some(level),
                _ => None,
            });
        }
        assert_eq!(told, Some(expected));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_loopback_the_encoder_soon_gets_all_it_may_use() {
    let (a, _b) = connected_pair().await;
    let start = Instant::now();
    let target = follow_target(&a, Duration::from_secs(3)).await;
    println!("target {target} after {:?}", start.elapsed());
    assert!(target > Bitrate::from_kbps(2300), "{target}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decoder_that_falls_behind_goes_on_with_a_key_frame() {
    let (mut a, mut b) = (End::open(config()).await, End::open_with_video_queue(config(), 4).await);
    connect(&mut a, &mut b).await;
    assert!(a.key_frame_request().await);
    let first = send_frames(&a, 14, 8, 1_000).await;
    assert_eq!(received(&b), first[..4]);
    let rest = send_frames(&a, 15, 25, 1_000).await;
    let got = received(&b);
    let key = rest.iter().position(|(_, key)| *key).expect("a key frame");
    assert!(got.first().is_some_and(|(_, key)| *key), "the first frame after a gap is a key frame");
    assert!(key > 0 || got[0] == rest[key], "{}", key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_nothing_still_receives() {
    let mut silent = PeerConfig { send_video: false, send_audio: false, ..config() };
    for silent_offers in [false, true] {
        let (mut a, mut b) = (End::open(config()).await, End::open(silent.clone()).await);
        if silent_offers {
            connect(&mut b, &mut a).await;
        } else {
            connect(&mut a, &mut b).await;
        }
        assert!(a.key_frame_request().await);
        let sent = send_frames(&a, 16, 10, 2_000).await;
        sleep(Duration::from_millis(300)).await;
        assert_eq!(received_all(&b).await, sent, "silent offers: {silent_offers}");
        silent.send_audio = true;
    }
}

/// Sends frames at the rate that is asked for, and returns the last that was.
async fn follow_target(end: &End, time: Duration) -> Bitrate {
    let mut rng = StdRng::seed_from_u64(13);
    let mut target = Bitrate::from_kbps(500);
    let start = Instant::now();
    let mut key = true;
    while start.elapsed() < time {
        for control in end.control.try_iter() {
            match control {
                VideoControl::Target(wanted) => target = wanted,
                VideoControl::KeyFrame(_) => key = true,
                VideoControl::Level(_) | VideoControl::Profile(_) | VideoControl::Wanted(_) => {}
            }
        }
        let bytes = target.bytes_in(Duration::from_millis(33)) as usize;
        let data = access_unit(&mut rng, key, if key { 2 * bytes } else { bytes });
        end.video_out.send(frame(data, key)).await.expect("the peer takes frames");
        key = false;
        sleep(Duration::from_millis(33)).await;
    }
    target
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_packets_are_rebuilt_by_fec_where_the_path_is_long() {
    let network =
        emulator(Conditions::CLEAR.delay(Duration::from_millis(40)).loss(Loss::Random(0.08))).await;
    let (a, b) = pair_across(&network).await;
    let sent = send_frames(&a, 21, 240, 6_000).await;
    let got = received_all(&b).await;
    let (stats, theirs) = (a.stats().await, b.stats().await);
    println!(
        "{} of {} frames, {} FEC packets, {} rebuilt, {} resent, loss {:?}",
        got.len(),
        sent.len(),
        stats.fec_packets_sent,
        theirs.packets_recovered,
        stats.retransmitted,
        stats.loss_out
    );
    assert!(stats.fec_packets_sent > 50 && theirs.packets_recovered > 10);
    assert!(got.iter().all(|frame| sent.contains(frame)), "a frame that nobody sent");
    // How much FEC it takes is known once two seconds of feedback have told of the loss. From
    // then on hardly any frame is missing.
    let (_, known) = sent.split_at(60);
    let seen = known.iter().filter(|frame| got.contains(frame)).count();
    assert!(seen as f64 >= 0.98 * known.len() as f64, "{seen} of {}", known.len());
}
