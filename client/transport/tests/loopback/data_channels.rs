//! Data channels between two peers: what one says on a channel is what the other hears on it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use visavis_link::{Conditions, Emulator, Loss, Rate, Side, Timeline};
use visavis_media::frame::EncodedAudio;
use visavis_shared::{DescriptionKind, SessionDescription};
use visavis_transport::{
    ChannelEnds, ChannelEvent, Consent, DataEnds, DataMessage, DataPorts, MAX_MESSAGE_BYTES,
    MediaPorts, Peer, PeerCommand, PeerConfig, PeerEvent,
};
use webrtc::data_channel::{DataChannelEvent, RTCDataChannelInit};

use crate::plain_peer::{PlainPeer, hear, poll};
use crate::support::{
    End, PATIENCE, config, connect, connect_through, emulator, pass, received_all, send_frames,
};

const MS: Duration = Duration::from_millis(1);

/// A peer with data channels.
async fn open(config: PeerConfig) -> (End, DataEnds) {
    let (data, ends) = DataPorts::pair();
    let (ports, media) = MediaPorts::pair(1024);
    let (events_in, events) = mpsc::channel(256);
    let peer = Peer::open(&Consent::of_the_person(), config, ports.with_data(data), events_in);
    let opened = timeout(PATIENCE, peer.statistics().changed()).await;
    assert!(matches!(opened, Ok(Ok(()))), "the peer opens");
    let end = End {
        peer,
        events,
        video_out: media.video_out,
        audio_out: media.audio_out,
        video_in: media.video_in,
        audio_in: media.audio_in,
        control: media.video_control,
        audio_control: media.audio_control,
    };
    (end, ends)
}

async fn next(channel: &mut ChannelEnds) -> ChannelEvent {
    let event = timeout(3 * PATIENCE, channel.incoming.recv()).await.expect("something in time");
    event.expect("the peer lives")
}

async fn both_are(ends: &mut DataEnds, event: ChannelEvent) {
    assert_eq!(next(&mut ends.text).await, event);
    assert_eq!(next(&mut ends.files).await, event);
}

fn text(words: &str) -> DataMessage {
    DataMessage::Text(words.to_owned())
}

fn random_bytes(seed: u64, length: usize) -> Bytes {
    let mut bytes = vec![0; length];
    StdRng::seed_from_u64(seed).fill(bytes.as_mut_slice());
    bytes.into()
}

async fn say(channel: &ChannelEnds, message: DataMessage) {
    let said = timeout(PATIENCE, channel.outgoing.send(message)).await;
    assert!(matches!(said, Ok(Ok(()))), "it is taken");
}

async fn is_heard(channel: &mut ChannelEnds, message: DataMessage) {
    assert_eq!(next(channel).await, ChannelEvent::Message(message));
}

/// Text goes both ways.
async fn they_talk(a: &mut DataEnds, b: &mut DataEnds) {
    say(&a.text, text("is anybody there?")).await;
    is_heard(&mut b.text, text("is anybody there?")).await;
    say(&b.text, text("yes")).await;
    is_heard(&mut a.text, text("yes")).await;
}

/// Two that are connected with open channels.
pub(crate) async fn connected() -> ((End, DataEnds), (End, DataEnds)) {
    let ((mut a, mut a_data), (mut b, mut b_data)) = (open(config()).await, open(config()).await);
    connect(&mut a, &mut b).await;
    both_are(&mut a_data, ChannelEvent::Open).await;
    both_are(&mut b_data, ChannelEvent::Open).await;
    ((a, a_data), (b, b_data))
}

/// Two that are connected across an emulated network.
pub(crate) async fn connected_across(network: &Emulator) -> ((End, DataEnds), (End, DataEnds)) {
    let ((mut a, mut a_data), (mut b, mut b_data)) = (open(config()).await, open(config()).await);
    connect_through(&mut a, &mut b, |from_a, candidate| {
        network.step_between(if from_a { Side::A } else { Side::B }, &mut candidate.candidate);
    })
    .await;
    both_are(&mut a_data, ChannelEvent::Open).await;
    both_are(&mut b_data, ChannelEvent::Open).await;
    ((a, a_data), (b, b_data))
}

/// Sends audio without end.
async fn speak(audio_out: mpsc::Sender<EncodedAudio>) {
    let mut tick = tokio::time::interval(20 * MS);
    loop {
        tick.tick().await;
        let data = random_bytes(6, 80);
        let audio = EncodedAudio { data, samples: 960, captured_at: std::time::Instant::now() };
        audio_out.send(audio).await.expect("the peer lives");
    }
}

/// Message number `n` of a file: no two are alike.
fn chunk(n: usize, length: usize) -> Bytes {
    let mut bytes = BytesMut::with_capacity(length);
    let mut word = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while bytes.len() < length {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.freeze()
}

pub(crate) async fn send_file(outgoing: mpsc::Sender<DataMessage>, chunks: usize, length: usize) {
    for n in 0..chunks {
        outgoing.send(DataMessage::Binary(chunk(n, length))).await.expect("it is taken");
    }
}

async fn receive_file(files: &mut ChannelEnds, chunks: usize, length: usize) {
    for n in 0..chunks {
        match next(files).await {
            ChannelEvent::Message(DataMessage::Binary(came)) => {
                assert!(came == chunk(n, length), "chunk {n} is the one that was sent");
            }
            other => panic!("{other:?} in the place of chunk {n}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_either_says_on_a_channel_is_heard_on_it_in_order() {
    let ((mut a, mut a_data), (mut b, mut b_data)) = (open(config()).await, open(config()).await);
    // What is said before it is open waits.
    say(&a_data.text, text("early")).await;
    connect(&mut a, &mut b).await;
    both_are(&mut a_data, ChannelEvent::Open).await;
    both_are(&mut b_data, ChannelEvent::Open).await;
    is_heard(&mut b_data.text, text("early")).await;
    for _ in 0..2 {
        for n in 0..20u64 {
            // From nothing up to the most.
            let length = MAX_MESSAGE_BYTES * n as usize / 19;
            let (words, file) = (text(&format!("{n} – ¿qué tal?")), random_bytes(n, length));
            say(&a_data.text, words.clone()).await;
            say(&a_data.files, DataMessage::Binary(file.clone())).await;
            is_heard(&mut b_data.text, words).await;
            is_heard(&mut b_data.files, DataMessage::Binary(file)).await;
        }
        std::mem::swap(&mut a_data, &mut b_data);
    }
}

/// The last section of a description, and whether it is in the group.
fn last_section(sdp: &str) -> (Vec<&str>, bool) {
    let lines: Vec<&str> = sdp.lines().collect();
    let at = lines.iter().rposition(|line| line.starts_with("m=")).expect("a section");
    let mid = lines[at..].iter().find_map(|line| line.strip_prefix("a=mid:")).expect("a name");
    let group = lines.iter().find_map(|line| line.strip_prefix("a=group:BUNDLE ")).expect("it");
    (lines[at..].to_vec(), group.split(' ').any(|name| name == mid))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_description_has_a_section_for_data_channels_last_and_in_the_group() {
    let ((mut a, _a_data), (mut b, _b_data)) = (open(config()).await, open(config()).await);
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    let offer = a.description().await;
    b.command(PeerCommand::AcceptOffer(offer.clone()));
    let answer = b.description().await;
    a.command(PeerCommand::AcceptAnswer(answer.clone()));
    b.command(PeerCommand::CreateOffer { ice_restart: false });
    let later = b.description().await;
    for description in [&offer, &answer, &later] {
        let (section, is_grouped) = last_section(&description.sdp);
        assert_eq!(section[0], "m=application 9 UDP/DTLS/SCTP webrtc-datachannel");
        for line in ["a=sctp-port:5000", "a=max-message-size:65536"] {
            assert!(section.contains(&line), "{line} in {section:#?}");
        }
        assert!(is_grouped, "{}", description.sdp);
        assert_eq!(description.sdp.matches("m=").count(), 3);
    }
    let mut old = End::open(config()).await;
    old.command(PeerCommand::CreateOffer { ice_restart: false });
    assert!(!old.description().await.sdp.contains("m=application"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabytes_arrive_as_they_were_sent() {
    const LENGTH: usize = 32 * 1024;
    const CHUNKS: usize = 100 * 1024 * 1024 / LENGTH;
    let ((_a, a_data), (_b, mut b_data)) = connected().await;
    let begun = std::time::Instant::now();
    let sending = tokio::spawn(send_file(a_data.files.outgoing.clone(), CHUNKS, LENGTH));
    receive_file(&mut b_data.files, CHUNKS, LENGTH).await;
    sending.await.expect("all is sent");
    let took = begun.elapsed();
    let rate = (CHUNKS * LENGTH) as f64 * 8e-6 / took.as_secs_f64();
    println!("100 MiB in {:.1} s: {rate:.0} Mbit/s", took.as_secs_f64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_call_each_other_at_once_have_channels() {
    let ((mut a, mut a_data), (mut b, mut b_data)) = (open(config()).await, open(config()).await);
    b.command(PeerCommand::CreateOffer { ice_restart: false });
    // Theirs loses.
    b.description().await;
    connect(&mut a, &mut b).await;
    both_are(&mut a_data, ChannelEvent::Open).await;
    both_are(&mut b_data, ChannelEvent::Open).await;
    they_talk(&mut a_data, &mut b_data).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_called_by_an_app_that_offers_no_data_channels_learns_that_there_are_none() {
    let ((mut new, mut data), mut old) = (open(config()).await, End::open(config()).await);
    connect(&mut old, &mut new).await;
    both_are(&mut data, ChannelEvent::NotAgreed).await;
    let sent = send_frames(&new, 3, 5, 2000).await;
    assert_eq!(received_all(&old).await, sent, "the call is as it was");
}

/// The answer with its data section rejected.
fn without_data(answer: &str) -> String {
    answer.replace("m=application 9", "m=application 0")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_rejects_the_section_has_no_channels_and_the_call_goes_on() {
    let ((mut a, mut a_data), (mut b, _b_data)) = (open(config()).await, open(config()).await);
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    let (mut a_up, mut b_up) = (false, false);
    while !(a_up && b_up) {
        tokio::select! {
            Some(event) = a.events.recv() => a_up |= pass(event, true, &b, &mut |_, _| {}),
            Some(event) = b.events.recv() => {
                let event = match event {
                    PeerEvent::LocalDescription(SessionDescription { kind, sdp }) => {
                        assert_eq!(kind, DescriptionKind::Answer);
                        let sdp = without_data(&sdp);
                        PeerEvent::LocalDescription(SessionDescription { kind, sdp })
                    }
                    event => event,
                };
                b_up |= pass(event, false, &a, &mut |_, _| {});
            }
        }
    }
    both_are(&mut a_data, ChannelEvent::NotAgreed).await;
    let sent = send_frames(&a, 3, 5, 2000).await;
    assert_eq!(received_all(&b).await, sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_closes_one_channel_keeps_the_other_and_the_call() {
    let ((a, mut a_data), (b, mut b_data)) = connected().await;
    // What was said before is heard before it is closed.
    let DataEnds { text: a_text, mut files, .. } = a_data;
    for n in 0..50 {
        say(&files, DataMessage::Binary(chunk(n, 10_000))).await;
    }
    let (outgoing, _) = mpsc::channel(1);
    drop(std::mem::replace(&mut files.outgoing, outgoing));
    assert_eq!(next(&mut files).await, ChannelEvent::Closed);
    receive_file(&mut b_data.files, 50, 10_000).await;
    assert_eq!(next(&mut b_data.files).await, ChannelEvent::Closed);
    let rate = a_data.file_rate.clone();
    a_data = DataEnds { text: a_text, files, file_rate: rate };
    they_talk(&mut a_data, &mut b_data).await;
    let sent = send_frames(&a, 3, 5, 2000).await;
    assert_eq!(received_all(&b).await, sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_takes_holds_the_sender_up_and_is_all_there_later() {
    const LENGTH: usize = 64 * 1024;
    let ((_a, a_data), (_b, mut b_data)) = connected().await;
    let mut sent = 0;
    // Until nothing more is taken.
    let message = |n| DataMessage::Binary(chunk(n, LENGTH));
    while let Ok(taken) = timeout(5000 * MS, a_data.files.outgoing.send(message(sent))).await {
        taken.expect("the peer lives");
        sent += 1;
        assert!(sent * LENGTH < 64 * 1024 * 1024, "{sent} messages that nobody took");
    }
    receive_file(&mut b_data.files, sent, LENGTH).await;
    say(&a_data.text, text("on we go")).await;
    is_heard(&mut b_data.text, text("on we go")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_does_not_wait_behind_files() {
    let conditions = Conditions::CLEAR.delay(10 * MS).rate(Rate::from_kbps(2000)).queue(100 * MS);
    let network = Emulator::start(Timeline::steady(conditions), 4).await.expect("ports");
    let ((a, a_data), (b, mut b_data)) = connected_across(&network).await;
    let speaking = [&a, &b].map(|end| tokio::spawn(speak(end.audio_out.clone())));
    let sending = tokio::spawn(send_file(a_data.files.outgoing.clone(), 4000, 4096));
    let mut files = 0;
    for n in 0..20 {
        // A second's worth of files in between.
        for _ in 0..10 {
            assert!(matches!(next(&mut b_data.files).await, ChannelEvent::Message(_)));
            files += 1;
        }
        say(&a_data.text, text(&n.to_string())).await;
        let (mut overtaken, heard) = (0, text(&n.to_string()));
        loop {
            tokio::select! {
                event = b_data.text.incoming.recv() => {
                    assert_eq!(event, Some(ChannelEvent::Message(heard)));
                    break;
                }
                Some(_) = b_data.files.incoming.recv() => overtaken += 1,
            }
        }
        // What was in flight, by the rate of the link and what is sent ahead.
        assert!(overtaken <= 40, "{overtaken} chunks of 4 KiB came before a word");
        files += overtaken;
    }
    assert!(files > 200);
    sending.abort();
    speaking.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_arrives_over_a_lossy_network_that_is_gone_for_five_seconds() {
    let lossy = Conditions::CLEAR.delay(15 * MS).loss(Loss::Random(0.02));
    let gone = lossy.loss(Loss::Random(1.0));
    let timeline = Timeline::steady(lossy).then(4000 * MS, gone).then(9000 * MS, lossy);
    let network = Emulator::start(timeline, 9).await.expect("ports");
    let ((_a, mut a_data), (_b, mut b_data)) = connected_across(&network).await;
    let sending = tokio::spawn(send_file(a_data.files.outgoing.clone(), 400, 16 * 1024));
    receive_file(&mut b_data.files, 400, 16 * 1024).await;
    sending.await.expect("all is sent");
    sleep(Duration::ZERO).await;
    they_talk(&mut a_data, &mut b_data).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_live_on_when_either_gets_another_address() {
    let network = emulator(Conditions::CLEAR.delay(10 * MS)).await;
    let ((a, mut a_data), (b, mut b_data)) = connected_across(&network).await;
    let speaking = [&a, &b].map(|end| tokio::spawn(speak(end.audio_out.clone())));
    for side in [Side::A, Side::B] {
        let sending = tokio::spawn(send_file(a_data.files.outgoing.clone(), 300, 16 * 1024));
        receive_file(&mut b_data.files, 50, 16 * 1024).await;
        network.move_address(side).await;
        for n in 50..300 {
            is_heard(&mut b_data.files, DataMessage::Binary(chunk(n, 16 * 1024))).await;
        }
        sending.await.expect("all is sent");
        they_talk(&mut a_data, &mut b_data).await;
    }
    speaking.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_live_on_when_ice_is_restarted() {
    let ((mut a, mut a_data), (mut b, mut b_data)) = connected().await;
    let sending = tokio::spawn(send_file(a_data.files.outgoing.clone(), 1500, 16 * 1024));
    let receiving = tokio::spawn(async move {
        receive_file(&mut b_data.files, 1500, 16 * 1024).await;
        b_data
    });
    for _ in 0..2 {
        a.command(PeerCommand::CreateOffer { ice_restart: true });
        let mut described = 0;
        while described < 2 {
            let (from_a, event) = tokio::select! {
                Some(event) = a.events.recv() => (true, event),
                Some(event) = b.events.recv() => (false, event),
            };
            described += u32::from(matches!(event, PeerEvent::LocalDescription(_)));
            pass(event, from_a, if from_a { &b } else { &a }, &mut |_, _| {});
        }
        sleep(300 * MS).await;
    }
    sending.await.expect("all is sent");
    let mut b_data = receiving.await.expect("all has come");
    they_talk(&mut a_data, &mut b_data).await;
    assert!(a.stats().await.ice_restarts >= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_offers_opens_the_channels_by_their_labels() {
    for they_call in [true, false] {
        let (mut app, mut data) = open(config()).await;
        let mut plain = PlainPeer::open().await;
        let theirs = if they_call {
            let theirs = plain.create("visavis-text").await;
            plain.call(&mut app, str::to_owned).await;
            theirs
        } else {
            plain.be_called(&mut app, str::to_owned).await;
            let (first, second) = (plain.accept().await, plain.accept().await);
            let is_text = first.label().await.expect("a label") == "visavis-text";
            let (theirs, other) = if is_text { (first, second) } else { (second, first) };
            assert_eq!(other.label().await.expect("a label"), "visavis-files");
            assert!(theirs.ordered().await.expect("it lives"));
            theirs
        };
        assert_eq!(next(&mut data.text).await, ChannelEvent::Open);
        say(&data.text, text("hello")).await;
        assert_eq!(hear(&theirs).await, (true, b"hello".to_vec()));
        theirs.send_text("good day").await.expect("it is sent");
        is_heard(&mut data.text, text("good day")).await;
        theirs.send(BytesMut::from(&b"\xff\0"[..])).await.expect("it is sent");
        is_heard(&mut data.text, DataMessage::Binary(Bytes::from_static(b"\xff\0"))).await;
        if they_call {
            // They have opened no other.
            assert_eq!(next(&mut data.files).await, ChannelEvent::NotAgreed);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_that_are_not_ours_are_closed_and_ours_go_on() {
    let (mut app, mut data) = open(config()).await;
    let mut plain = PlainPeer::open().await;
    let ours = plain.create("visavis-text").await;
    plain.call(&mut app, str::to_owned).await;
    assert_eq!(next(&mut data.text).await, ChannelEvent::Open);
    let unordered = RTCDataChannelInit { ordered: false, ..RTCDataChannelInit::default() };
    let lost = plain.pc.create_data_channel("visavis-files", Some(unordered)).await;
    let others = [
        plain.create("visavis-text").await,
        plain.create("chat").await,
        lost.expect("a channel"),
        plain.create("visavis-files").await,
    ];
    for other in &others[..3] {
        while !matches!(poll(other).await, DataChannelEvent::OnClose) {}
    }
    assert_eq!(next(&mut data.files).await, ChannelEvent::Open);
    ours.send_text("still here").await.expect("it is sent");
    is_heard(&mut data.text, text("still here")).await;
    others[3].send_text("a file").await.expect("it is sent");
    is_heard(&mut data.files, text("a file")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_long_is_left_out_and_what_follows_is_heard() {
    let (mut app, mut data) = open(config()).await;
    let mut plain = PlainPeer::open().await;
    let theirs = plain.create("visavis-text").await;
    let more = |sdp: &str| sdp.replace("max-message-size:65536", "max-message-size:262144");
    plain.call(&mut app, more).await;
    assert_eq!(next(&mut data.text).await, ChannelEvent::Open);
    for _ in 0..20 {
        let long = BytesMut::from(&random_bytes(1, 200_000)[..]);
        theirs.send(long).await.expect("it is sent");
    }
    // The library looks at what follows a message that is too long when more has come.
    let event = loop {
        theirs.send_text("short").await.expect("it is sent");
        if let Ok(event) = timeout(50 * MS, data.text.incoming.recv()).await {
            break event;
        }
    };
    assert_eq!(event, Some(ChannelEvent::Message(text("short"))));
    // Nor do we send one.
    say(&data.text, DataMessage::Binary(random_bytes(2, MAX_MESSAGE_BYTES + 1))).await;
    say(&data.text, text("short")).await;
    assert_eq!(hear(&theirs).await, (true, b"short".to_vec()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_opens_ten_thousand_channels_has_none_and_the_call_goes_on() {
    let (mut app, mut data) = open(config()).await;
    let mut plain = PlainPeer::open().await;
    let _theirs = plain.create("visavis-text").await;
    plain.call(&mut app, str::to_owned).await;
    assert_eq!(next(&mut data.text).await, ChannelEvent::Open);
    let mut channels = Vec::new();
    for n in 0..10_000 {
        channels.push(plain.create(&format!("channel {n}")).await);
    }
    assert_eq!(next(&mut data.text).await, ChannelEvent::Closed);
    assert_eq!(next(&mut data.files).await, ChannelEvent::Closed);
    sleep(500 * MS).await;
    let before = std::time::Instant::now();
    app.command(PeerCommand::CreateOffer { ice_restart: false });
    app.description().await;
    assert!(before.elapsed() < PATIENCE, "the library answers");
}
