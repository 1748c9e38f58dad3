//! Descriptions, addresses, servers, beginnings and ends.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use visavis_link::address_of;
use visavis_shared::{CandidateInit, DescriptionKind, IceServer, SessionDescription};
use visavis_transport::{
    Consent, MediaPorts, Peer, PeerCommand, PeerConfig, PeerEvent, TransportError, VideoControl,
    VideoFlow,
};

use crate::support::{
    End, PATIENCE, config, connect, connected_pair, pass, received, received_all, send_frames,
};

/// The media sections of an offer as browsers write them, as far as it matters here.
fn section(kind: &str, mid: &str) -> String {
    match kind {
        "audio" => format!(
            "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=mid:{mid}\r\n\
             a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\na=msid:s a\r\na=rtcp-mux\r\n\
             a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
             a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n\
             a=ssrc:1001 cname:x\r\n"
        ),
        "video" => format!(
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 105 106\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\n\
             a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\na=sendrecv\r\n\
             a=msid:s v\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n\
             a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:102 H264/90000\r\n\
             a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f\r\n\
             a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\na=rtpmap:104 H264/90000\r\n\
             a=rtcp-fb:104 transport-cc\r\na=rtcp-fb:104 nack\r\na=rtcp-fb:104 nack pli\r\n\
             a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
             a=rtpmap:105 rtx/90000\r\na=fmtp:105 apt=104\r\na=rtpmap:106 ulpfec/90000\r\n\
             a=ssrc-group:FID 2001 2002\r\na=ssrc:2001 cname:x\r\na=ssrc:2002 cname:x\r\n"
        ),
        _ => format!(
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na=sctp-port:5000\r\n\
             a=max-message-size:262144\r\n"
        ),
    }
}

fn browser_offer(kinds: &[&str]) -> String {
    let mids: Vec<String> = (0..kinds.len()).map(|index| index.to_string()).collect();
    let fingerprint = ["AB"; 32].join(":");
    let mut sdp = format!(
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n\
         a=extmap-allow-mixed\r\na=msid-semantic: WMS s\r\n",
        mids.join(" ")
    );
    for (kind, mid) in kinds.iter().zip(&mids) {
        sdp += &section(kind, mid);
        sdp += &format!(
            "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=ice-options:trickle\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\n"
        );
    }
    sdp
}

async fn answer_to(sdp: String) -> (String, Vec<CandidateInit>) {
    let mut end = End::open(config()).await;
    end.command(PeerCommand::AcceptOffer(SessionDescription { kind: DescriptionKind::Offer, sdp }));
    let (mut answer, mut candidates) = (None, Vec::new());
    while let Ok(Some(event)) = timeout(Duration::from_millis(300), end.events.recv()).await {
        match event {
            PeerEvent::LocalDescription(description) => answer = Some(description.sdp),
            PeerEvent::LocalCandidate(candidate) => candidates.push(candidate),
            other => panic!("{other:?}"),
        }
    }
    (answer.expect("an answer"), candidates)
}

/// The `m=` lines, and in which direction each section goes.
fn sections_of(sdp: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in sdp.lines() {
        if let Some(section) = line.strip_prefix("m=") {
            sections.push((section.to_owned(), String::new()));
        } else if let (
            Some((_, direction)),
            "a=sendrecv" | "a=sendonly" | "a=recvonly" | "a=inactive",
        ) = (sections.last_mut(), line)
        {
            line[2..].clone_into(direction);
        }
    }
    sections
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_come_before_the_description_are_kept() {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    let offer = a.description().await;
    // The first of a's addresses overtakes its offer.
    loop {
        if let PeerEvent::LocalCandidate(candidate) = a.event().await {
            b.command(PeerCommand::AddCandidate(candidate));
            break;
        }
    }
    sleep(Duration::from_millis(50)).await;
    b.command(PeerCommand::AcceptOffer(offer));
    let answer = b.description().await;
    // None of b's addresses is passed on: it has to reach a with what it was given.
    a.command(PeerCommand::AcceptAnswer(answer));
    for end in [&mut a, &mut b] {
        while end.event().await != PeerEvent::Connected {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_for_a_description_is_one_clear_line() {
    let valid = {
        let mut end = End::open(config()).await;
        end.command(PeerCommand::CreateOffer { ice_restart: false });
        end.description().await.sdp
    };
    let without = |attribute: &str| {
        valid
            .lines()
            .filter(|line| !line.starts_with(attribute))
            .flat_map(|line| [line, "\r\n"])
            .collect::<String>()
    };
    let garbage = [
        String::new(),
        "hello".to_owned(),
        "v=0\r\n".to_owned(),
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio".to_owned(),
        valid.replace("a=mid:", "a=dim:"),
        without("a=ice-"),
        without("a=fingerprint"),
        valid.replace("UDP/TLS/RTP/SAVPF", ""),
        valid.chars().take(valid.len() / 2).collect(),
        valid.replace("\r\n", "\r\na=\r\n"),
        "v=0\r\n".repeat(20_000),
    ];
    for sdp in garbage {
        let mut end = End::open(config()).await;
        let start: String = sdp.chars().take(60).collect();
        end.command(PeerCommand::AcceptOffer(SessionDescription {
            kind: DescriptionKind::Offer,
            sdp,
        }));
        let event = end.event().await;
        // What can still be answered may be; what matters is that it ends in an event and not in
        // silence or a panic.
        match event {
            PeerEvent::Failed(why) => assert!(!why.is_empty() && !why.contains('\n'), "{why:?}"),
            PeerEvent::LocalDescription(_) => println!("answered: {start:?}"),
            other => panic!("{other:?} after {start:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutilated_descriptions_never_end_in_silence() {
    let valid = {
        let mut end = End::open(config()).await;
        end.command(PeerCommand::CreateOffer { ice_restart: false });
        end.description().await.sdp
    };
    let mut rng = StdRng::seed_from_u64(11);
    for round in 0..60 {
        let mut bytes = valid.clone().into_bytes();
        for _ in 0..rng.random_range(1..8) {
            let at = rng.random_range(4..bytes.len());
            match rng.random_range(0..4) {
                0 => bytes[at] = rng.random_range(32..127),
                1 => {
                    bytes.remove(at);
                }
                2 => bytes.insert(at, b"\r\n=: 9/"[rng.random_range(0..7)]),
                _ => bytes.truncate(at.max(64)),
            }
        }
        let sdp = String::from_utf8_lossy(&bytes).into_owned();
        let mut end = End::open(config()).await;
        end.command(PeerCommand::AcceptOffer(SessionDescription {
            kind: DescriptionKind::Offer,
            sdp: sdp.clone(),
        }));
        let event = timeout(PATIENCE, end.events.recv()).await;
        assert!(
            matches!(event, Ok(Some(PeerEvent::Failed(_) | PeerEvent::LocalDescription(_)))),
            "{event:?} in round {round} after:\n{sdp}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_takes_no_longer_than_a_tenth_of_a_second() {
    let (a, b) = connected_pair().await;
    let start = Instant::now();
    a.peer.close();
    a.peer.closed().await;
    let took = start.elapsed();
    println!("closed in {took:?}");
    assert!(took < Duration::from_millis(100), "{took:?}");
    assert!(a.video_out.is_closed() && a.audio_out.is_closed());
    assert!(a.peer.command(PeerCommand::RequestKeyFrame).is_err());
    let End { peer, video_out, .. } = b;
    drop(peer);
    timeout(Duration::from_millis(500), video_out.closed())
        .await
        .expect("a dropped peer lets go of its ports");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stun_server_whose_name_nobody_knows_does_not_hold_the_call_up() {
    let servers = [
        "stun:no.such.name.invalid:3478",
        "stun:127.0.0.1:9",
        "turn:no.such.name.invalid",
        "stuns:x",
        "?",
    ];
    let server = |url: &&str| IceServer {
        urls: vec![(*url).to_owned()],
        username: Some("user".to_owned()),
        credential: Some("secret".to_owned()),
    };
    let with_servers = PeerConfig { ice_servers: servers.iter().map(server).collect(), ..config() };
    let (mut a, mut b) = (End::open(with_servers).await, End::open(config()).await);
    let took = connect(&mut a, &mut b).await;
    println!("connected in {took:?} with dead servers");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ice_restarts_and_media_goes_on() {
    let (mut a, mut b) = connected_pair().await;
    send_frames(&a, 5, 3, 2_000).await;
    let start = Instant::now();
    a.command(PeerCommand::CreateOffer { ice_restart: true });
    let offer = a.description().await;
    b.command(PeerCommand::AcceptOffer(offer));
    let answer = b.description().await;
    a.command(PeerCommand::AcceptAnswer(answer));
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        tokio::select! {
            Some(event) = a.events.recv() => { pass(event, true, &b, &mut |_, _| {}); }
            Some(event) = b.events.recv() => { pass(event, false, &a, &mut |_, _| {}); }
            () = sleep(Duration::from_millis(50)) => {}
        }
    }
    println!("restarted within {:?}", start.elapsed());
    let _ = received(&b);
    let sent = send_frames(&a, 6, 10, 2_000).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(received_all(&b).await, sent);
    assert_eq!(a.stats().await.ice_restarts, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_offers_the_one_that_is_accepted_counts() {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    b.command(PeerCommand::CreateOffer { ice_restart: false });
    let (_dropped, offer) = (a.description().await, b.description().await);
    a.command(PeerCommand::AcceptOffer(offer));
    let answer = a.description().await;
    assert_eq!(answer.kind, DescriptionKind::Answer);
    b.command(PeerCommand::AcceptAnswer(answer));
    let (mut a_up, mut b_up) = (false, false);
    let until = Instant::now() + PATIENCE;
    while !(a_up && b_up) {
        assert!(Instant::now() < until, "not connected in time");
        tokio::select! {
            Some(event) = a.events.recv() => a_up |= pass(event, true, &b, &mut |_, _| {}),
            Some(event) = b.events.recv() => b_up |= pass(event, false, &a, &mut |_, _| {}),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_relays_only_no_address_of_ours_is_disclosed() {
    // Nobody answers there.
    let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let url = format!("turn:{}", silent.local_addr().expect("an address"));
    let (username, credential) = (Some("user".to_owned()), Some("secret".to_owned()));
    let relay = IceServer { urls: vec![url], username, credential };
    let mut end =
        End::open(PeerConfig { relay_only: true, ice_servers: vec![relay], ..config() }).await;
    end.command(PeerCommand::CreateOffer { ice_restart: false });
    let offer = end.description().await;
    assert!(
        !offer.sdp.contains("127.0.0.1") && !offer.sdp.contains("a=candidate"),
        "{}",
        offer.sdp
    );
    let more = timeout(Duration::from_millis(500), end.events.recv()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_are_answered_in_their_order_with_h264_in_packetization_mode_1() {
    for kinds in [
        &["audio", "video"][..],
        &["video", "audio"],
        &["audio"],
        &["video"],
        &["application", "audio", "video"],
    ] {
        let (answer, candidates) = answer_to(browser_offer(kinds)).await;
        let sections = sections_of(&answer);
        assert_eq!(sections.len(), kinds.len(), "{answer}");
        for (kind, (section, direction)) in kinds.iter().zip(&sections) {
            match *kind {
                "audio" => {
                    assert_eq!(
                        (section.as_str(), direction.as_str()),
                        ("audio 9 UDP/TLS/RTP/SAVPF 111 63", "sendrecv")
                    )
                }
                "video" => {
                    assert_eq!(
                        (section.as_str(), direction.as_str()),
                        ("video 9 UDP/TLS/RTP/SAVPF 104", "sendrecv")
                    )
                }
                _ => assert!(section.starts_with("application "), "{section}"),
            }
        }
        assert!(!answer.contains("packetization-mode=0") && !answer.contains("rtx"), "{answer}");
        assert!(!candidates.is_empty());
        assert!(
            candidates.iter().all(|candidate| candidate.sdp_mid.as_deref() == Some("0")),
            "{candidates:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn video_that_only_comes_in_packetization_mode_0_is_refused_and_audio_is_not() {
    let offer =
        browser_offer(&["audio", "video"]).replace("packetization-mode=1", "packetization-mode=0");
    let (answer, _) = answer_to(offer).await;
    let sections = sections_of(&answer);
    assert_eq!(sections[0].1, "sendrecv", "{answer}");
    assert!(sections[1].0.starts_with("video 0 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_media_than_we_can_send_is_answered_all_the_same() {
    let offer = browser_offer(&["audio", "video", "video", "application", "audio"])
        .replace("a=ssrc", "a=x-ssrc");
    let (answer, _) = answer_to(offer).await;
    let sections = sections_of(&answer);
    assert_eq!(sections.len(), 5, "{answer}");
    let both_directions = |(section, direction): &&(String, String)| {
        !section.starts_with("app") && direction == "sendrecv"
    };
    assert_eq!(sections.iter().filter(both_directions).count(), 2, "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_no_description_names_are_received_all_the_same() {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    let nameless = |description: SessionDescription| SessionDescription {
        sdp: description
            .sdp
            .lines()
            .filter(|line| !line.starts_with("a=ssrc") && !line.starts_with("a=msid:"))
            .flat_map(|line| [line, "\r\n"])
            .collect(),
        ..description
    };
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    let (mut a_up, mut b_up) = (false, false);
    let until = Instant::now() + PATIENCE;
    let change = &mut |_, _: &mut CandidateInit| {};
    while !(a_up && b_up) {
        assert!(Instant::now() < until, "not connected in time");
        let strip = |event| match event {
            PeerEvent::LocalDescription(description) => {
                PeerEvent::LocalDescription(nameless(description))
            }
            other => other,
        };
        tokio::select! {
            Some(event) = a.events.recv() => a_up |= pass(strip(event), true, &b, change),
            Some(event) = b.events.recv() => b_up |= pass(strip(event), false, &a, change),
        }
    }
    assert!(a.key_frame_request().await);
    let sent = send_frames(&a, 17, 10, 2_000).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(received_all(&b).await, sent);
    b.command(PeerCommand::RequestKeyFrame);
    assert!(a.key_frame_request().await);
}

#[tokio::test]
async fn relays_only_without_a_relay_is_refused_at_once() {
    let (ports, _ends) = MediaPorts::pair(1);
    let (events_in, mut events) = mpsc::channel(1);
    let config = PeerConfig { relay_only: true, ..config() };
    let _peer = Peer::open(&Consent::of_the_person(), config, ports, events_in);
    let event = timeout(PATIENCE, events.recv()).await.expect("it is reported");
    assert_eq!(event, Some(PeerEvent::Failed(TransportError::NoRelay.to_string())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stun_server_whose_name_is_known_late_is_asked_all_the_same() {
    let server = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let port = server.local_addr().expect("bound").port();
    let servers = vec![IceServer {
        urls: vec![format!("stun:localhost:{port}")],
        username: None,
        credential: None,
    }];
    let end = End::open(PeerConfig { ice_servers: servers, ..config() }).await;
    end.command(PeerCommand::CreateOffer { ice_restart: false });
    let mut request = [0; 64];
    let received = timeout(PATIENCE, server.recv_from(&mut request))
        .await
        .expect("it is asked")
        .expect("a request");
    // A binding request with the magic cookie (RFC 8489 §5).
    assert!(received.0 >= 20);
    assert_eq!((&request[..2], &request[4..8]), (&[0, 1][..], &[0x21, 0x12, 0xa4, 0x42][..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_on_one_machine_connect_in_a_fraction_of_a_second() {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    let took = connect(&mut a, &mut b).await;
    println!("connected in {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_no_address_given_every_interface_is_offered_and_none_that_nobody_can_reach() {
    let everywhere = PeerConfig { bind: Vec::new(), ..config() };
    let mut end = End::open(everywhere).await;
    end.command(PeerCommand::CreateOffer { ice_restart: false });
    let mut addresses = Vec::new();
    while let Ok(Some(event)) = timeout(Duration::from_millis(500), end.events.recv()).await {
        if let PeerEvent::LocalCandidate(candidate) = event {
            addresses.extend(address_of(&candidate.candidate));
        }
    }
    assert!(!addresses.is_empty());
    assert!(addresses.iter().all(|address| !address.ip().is_unspecified()), "{addresses:?}");
}

/// Two ends whose descriptions are changed on the way, until both are connected.
async fn connect_changed(a: &mut End, b: &mut End, change: impl Fn(bool, String) -> String) {
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    let (mut a_up, mut b_up) = (false, false);
    let until = Instant::now() + PATIENCE;
    while !(a_up && b_up) {
        assert!(Instant::now() < until, "not connected in time");
        let changed = |event, from_a| match event {
            PeerEvent::LocalDescription(SessionDescription { kind, sdp }) => {
                PeerEvent::LocalDescription(SessionDescription { kind, sdp: change(from_a, sdp) })
            }
            other => other,
        };
        tokio::select! {
            Some(event) = a.events.recv() => {
                a_up |= pass(changed(event, true), true, b, &mut |_, _| {});
            }
            Some(event) = b.events.recv() => {
                b_up |= pass(changed(event, false), false, a, &mut |_, _| {});
            }
            () = sleep(Duration::from_millis(100)) => {}
        }
    }
}

/// What the video encoder was told last about being wanted.
fn last_wanted(end: &End) -> Option<bool> {
    let targets = end.control.try_iter();
    let wanted = targets.filter_map(|target| match target {
        VideoControl::Wanted(wanted) => Some(wanted),
        _ => None,
    });
    wanted.last()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_h264_gets_audio_and_nothing_is_encoded_for_them() {
    // As Firefox without its plug-in: as one who answers, and as one who offers.
    let renamed = |sdp: &str| sdp.replace("H264/90000", "VP8/90000");
    for theirs_offers in [false, true] {
        let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
        connect_changed(
            &mut a,
            &mut b,
            |from_a, sdp| {
                if from_a == theirs_offers { renamed(&sdp) } else { sdp }
            },
        )
        .await;
        let ours = if theirs_offers { &b } else { &a };
        let stats = ours.stats().await;
        let agreement = stats.video.expect("it is negotiated");
        assert_eq!(agreement.ours, VideoFlow::NoCommonFormat, "{theirs_offers}");
        assert_eq!(agreement.theirs, VideoFlow::NoCommonFormat, "{theirs_offers}");
        assert_eq!(last_wanted(ours), Some(false), "{theirs_offers}");
        send_frames(ours, 1, 10, 500).await;
        assert_eq!(ours.stats().await.video_bytes_sent, 0, "{theirs_offers}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_encoder_works_while_the_other_takes_video_and_not_when_it_only_sends() {
    for (theirs, wanted, flow) in
        [("sendrecv", true, VideoFlow::Agreed), ("sendonly", false, VideoFlow::Unwanted)]
    {
        let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
        connect_changed(&mut a, &mut b, |from_a, sdp| match sdp.rfind("m=video") {
            Some(video) if !from_a => {
                let (before, video) = sdp.split_at(video);
                format!("{before}{}", video.replace("a=sendrecv", &format!("a={theirs}")))
            }
            _ => sdp,
        })
        .await;
        let agreement = a.stats().await.video.expect("it is negotiated");
        assert_eq!((agreement.ours, agreement.theirs), (flow, VideoFlow::Agreed));
        assert_eq!(last_wanted(&a), Some(wanted));
    }
}
