//! Calls with a program that bundles nothing, so that sound and picture have a transport each.
//!
//! That program is two peers of ours, of which one has the sound and the other the picture; what
//! they describe is joined to one description without a BUNDLE group, and what they are told is
//! divided, by rules of this file's own.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::sleep;
use visavis_media::frame::EncodedAudio;
use visavis_shared::{CandidateInit, DescriptionKind, SessionDescription};
use visavis_transport::{PeerCommand, PeerEvent, VideoFlow};

use crate::descriptions::{BOTH, outline, plain_fixture};
use crate::offer_answer_rules::broken;
use crate::support::{End, PATIENCE, config, received, send_frames, status};

/// The session and the media sections of a description.
fn sections(sdp: &str) -> (&str, Vec<&str>) {
    let mut starts: Vec<usize> = sdp.match_indices("\nm=").map(|(at, _)| at + 1).collect();
    let session = &sdp[..starts[0]];
    starts.push(sdp.len());
    (session, starts.windows(2).map(|ends| &sdp[ends[0]..ends[1]]).collect())
}

fn without_group(session: &str) -> String {
    session.split_inclusive("\r\n").filter(|line| !line.starts_with("a=group:")).collect()
}

fn rejected(section: &str) -> String {
    let (line, rest) = section.split_once("\r\n").expect("lines");
    let words: Vec<&str> = line.split(' ').collect();
    format!("{} 0 {}\r\n{rest}", words[0], words[2..].join(" "))
}

/// A program that bundles nothing: who has the sound, and who has the picture.
struct Unbundled {
    parts: [End; 2],
    /// Which section each has.
    places: [usize; 2],
    /// There is no picture yet.
    audio_only: bool,
    /// It states another certificate than the picture's.
    lies: bool,
    /// Nothing that the picture's transport is sent arrives, nor what it sends.
    picture_is_cut_off: bool,
    /// What each has described that is not sent yet.
    described: [Option<SessionDescription>; 2],
    connected: [bool; 2],
}

impl Unbundled {
    /// `places`: the sections of the sound and of the picture.
    async fn open(places: [usize; 2]) -> Self {
        let parts = [End::open(config()).await, End::open(config()).await];
        let (described, connected) = ([None, None], [false; 2]);
        let (audio_only, lies, picture_is_cut_off) = (false, false, false);
        Self { parts, places, audio_only, lies, picture_is_cut_off, described, connected }
    }

    fn audio(&self) -> &End {
        &self.parts[0]
    }

    fn video(&self) -> &End {
        &self.parts[1]
    }

    /// Gives each what is its own of a description, at the place where each knows it.
    fn told(&self, SessionDescription { kind, sdp }: &SessionDescription) {
        let (session, all) = sections(sdp);
        if self.audio_only {
            // What is missing is rejected.
            let own = SessionDescription { kind: *kind, sdp: sdp.clone() };
            return self.audio().command(PeerCommand::AcceptAnswer(own));
        }
        for (part, (end, own)) in self.parts.iter().zip(self.places).enumerate() {
            // They have the sound first.
            let mut own_sections = [rejected(all[self.places[0]]), rejected(all[self.places[1]])];
            own_sections[part] = all[own].to_owned();
            let sdp = without_group(session) + &own_sections.concat();
            let description = SessionDescription { kind: *kind, sdp };
            end.command(match kind {
                DescriptionKind::Offer => PeerCommand::AcceptOffer(description),
                _ => PeerCommand::AcceptAnswer(description),
            });
        }
    }

    /// Joins what both have described, once they have.
    fn joined(&mut self) -> Option<SessionDescription> {
        if self.audio_only {
            let SessionDescription { kind, sdp } = self.described[0].take()?;
            let (session, all) = sections(&sdp);
            return Some(SessionDescription { kind, sdp: without_group(session) + all[0] });
        }
        let [Some(audio), Some(video)] = &self.described else { return None };
        let (session, audio_sections) = sections(&audio.sdp);
        let (_, video_sections) = sections(&video.sdp);
        let mut all = [""; 2];
        all[self.places[0]] = audio_sections[0];
        all[self.places[1]] = video_sections[1];
        // Their certificates differ.
        let (theirs, session): (Vec<&str>, Vec<&str>) =
            session.split_inclusive("\r\n").partition(|line| line.starts_with("a=fingerprint:"));
        let fingerprint = |sdp: &str| {
            let line = sdp.split_inclusive("\r\n").find(|line| line.starts_with("a=fingerprint:"));
            line.expect("a fingerprint").to_owned()
        };
        assert!(!theirs.is_empty());
        let mut sdp = without_group(&session.concat());
        for (place, section) in all.iter().enumerate() {
            let of = if place == self.places[0] { audio } else { video };
            sdp += section;
            if !section.contains("a=fingerprint:") {
                let another = format!("a=fingerprint:sha-256 {}\r\n", ["AB"; 32].join(":"));
                let lies = self.lies && place == self.places[1];
                sdp += &if lies { another } else { fingerprint(&of.sdp) };
            }
        }
        let kind = audio.kind;
        self.described = [None, None];
        Some(SessionDescription { kind, sdp })
    }

    /// A candidate of one of them, for its section by name or by place.
    fn candidate(&self, part: usize, candidate: CandidateInit, by_name: bool) -> CandidateInit {
        let place = self.places[part];
        let mid = Some(part.to_string()).filter(|_| by_name);
        let index = (!by_name).then(|| u16::try_from(place).expect("a place"));
        CandidateInit { sdp_mid: mid, sdp_mline_index: index, ..candidate }
    }
}

/// What passed between the two.
#[derive(Debug, Default)]
struct Passed {
    offers: Vec<String>,
    answers: Vec<String>,
    /// The sections of our candidates, by name and place.
    of_candidates: Vec<(Option<String>, Option<u16>)>,
    ours: Vec<PeerEvent>,
}

/// Passes on what the two say until something is so, and then what is under way.
async fn talk(
    b: &mut End,
    other: &mut Unbundled,
    passed: &mut Passed,
    by_name: bool,
    is_so: impl Fn(&Passed, &Unbundled) -> bool,
) {
    let until = Instant::now() + PATIENCE;
    let mut settled = None;
    while settled.is_none_or(|at: Instant| Instant::now() < at) {
        assert!(Instant::now() < until, "not in time: {passed:?}");
        let [first, second] = &mut other.parts;
        let (part, event) = tokio::select! {
            Some(event) = b.events.recv() => (None, event),
            Some(event) = first.events.recv() => (Some(0), event),
            Some(event) = second.events.recv() => (Some(1), event),
            () = sleep(Duration::from_millis(20)) => {
                if settled.is_none() && is_so(passed, other) {
                    settled = Some(Instant::now() + Duration::from_millis(300));
                }
                continue;
            }
        };
        match (part, event) {
            (None, PeerEvent::LocalDescription(description)) => {
                match description.kind {
                    DescriptionKind::Offer => passed.offers.push(description.sdp.clone()),
                    _ => passed.answers.push(description.sdp.clone()),
                }
                other.told(&description);
            }
            (None, PeerEvent::LocalCandidate(candidate)) => {
                passed.of_candidates.push((candidate.sdp_mid.clone(), candidate.sdp_mline_index));
                let place = candidate.sdp_mline_index.map(usize::from);
                let part = usize::from(place == Some(other.places[1]) && !other.audio_only);
                if part == 1 && other.picture_is_cut_off {
                    continue;
                }
                let own = CandidateInit {
                    sdp_mid: Some(part.to_string()),
                    sdp_mline_index: Some(part as u16),
                    ..candidate
                };
                other.parts[part].command(PeerCommand::AddCandidate(own));
            }
            (None, event) => passed.ours.push(event),
            (Some(part), PeerEvent::LocalDescription(description)) => {
                other.described[part] = Some(description);
                if let Some(description) = other.joined() {
                    b.command(match description.kind {
                        DescriptionKind::Offer => {
                            passed.offers.push(description.sdp.clone());
                            PeerCommand::AcceptOffer(description)
                        }
                        _ => {
                            passed.answers.push(description.sdp.clone());
                            PeerCommand::AcceptAnswer(description)
                        }
                    });
                }
            }
            (Some(1), PeerEvent::LocalCandidate(_)) if other.picture_is_cut_off => {}
            (Some(part), PeerEvent::LocalCandidate(candidate)) => {
                let candidate = other.candidate(part, candidate, by_name);
                b.command(PeerCommand::AddCandidate(candidate));
            }
            (Some(part), PeerEvent::Connected) => other.connected[part] = true,
            (Some(_), PeerEvent::Failed(why)) => panic!("failed: {why}"),
            (Some(_), _) => {}
        }
    }
}

fn both_connected(passed: &Passed, other: &Unbundled) -> bool {
    passed.ours.contains(&PeerEvent::Connected) && other.connected == [true; 2]
}

/// Packets of audio, each with its words, 20 ms apart.
async fn send_audio(end: &End, words: &str) -> Vec<Bytes> {
    let mut sent = Vec::new();
    for n in 0..10 {
        let data = Bytes::from(format!("{words} {n}"));
        let packet = EncodedAudio { data: data.clone(), samples: 960, captured_at: Instant::now() };
        end.audio_out.send(packet).await.expect("the peer takes audio");
        sent.push(data);
        sleep(Duration::from_millis(20)).await;
    }
    sent
}

fn heard(end: &End) -> Vec<Bytes> {
    end.audio_in.try_iter().filter(|one| !one.redundant).map(|one| one.payload).collect()
}

/// What each sends arrives at the other, and in no other place.
async fn media_flows(b: &End, other: &Unbundled, seed: u64) {
    let ends = [b, other.audio(), other.video()];
    for end in ends {
        let _before = (received(end), heard(end));
    }
    let (ours, theirs) = (format!("ours {seed}"), format!("theirs {seed}"));
    let (our_frames, their_frames, our_audio, their_audio) = tokio::join!(
        send_frames(b, seed, 8, 2_000),
        send_frames(other.video(), seed + 1, 8, 2_000),
        send_audio(b, &ours),
        send_audio(other.audio(), &theirs),
    );
    sleep(Duration::from_millis(400)).await;
    assert_eq!(received(other.video()), our_frames);
    assert_eq!(received(b), their_frames);
    assert_eq!(heard(other.audio()), our_audio);
    assert_eq!(heard(b), their_audio);
    assert!(heard(other.video()).is_empty() && received(other.audio()).is_empty());
    for muted in [true, false] {
        let (ours, theirs) = (status(muted, !muted), status(!muted, muted));
        b.peer.set_media_status(ours);
        other.audio().peer.set_media_status(theirs);
        other.video().peer.set_media_status(theirs);
        let told = [(other.audio(), ours), (other.video(), ours), (b, theirs)];
        for (end, status) in told {
            end.is_told(status).await;
        }
    }
}

/// The lines of an attribute, in the order of the sections.
fn values<'a>(sdp: &'a str, attribute: &str) -> Vec<&'a str> {
    sdp.lines().filter_map(|line| line.strip_prefix(attribute)).collect()
}

fn offer(ice_restart: bool) -> PeerCommand {
    PeerCommand::CreateOffer { ice_restart }
}

/// Both transports are closed, and what both have counted is known.
async fn closes(b: &End) {
    let before = b.stats().await;
    b.peer.close();
    let last = tokio::time::timeout(PATIENCE, b.peer.closed()).await.expect("it closes");
    assert!(last.video_bytes_sent >= before.video_bytes_sent && before.video_bytes_sent > 0);
    assert!(last.audio_bytes_sent >= before.audio_bytes_sent && before.audio_bytes_sent > 0);
    assert!(b.video_in.recv().is_err() && b.audio_in.recv().is_err());
}

/// They offer, and `b` answers.
async fn called_by(places: [usize; 2], by_name: bool) -> (End, Unbundled, Passed) {
    let (mut b, mut other) = (End::open(config()).await, Unbundled::open(places).await);
    let mut passed = Passed::default();
    other.parts.iter().for_each(|end| end.command(offer(false)));
    talk(&mut b, &mut other, &mut passed, by_name, both_connected).await;
    (b, other, passed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_offers_without_a_bundle_is_heard_and_seen_and_hears_and_sees() {
    for (places, by_name) in [([0, 1], true), ([1, 0], false)] {
        let (b, other, passed) = called_by(places, by_name).await;
        let (offer, answer) = (&passed.offers[0], &passed.answers[0]);
        assert_eq!(broken(offer, answer), Vec::<String>::new(), "{offer}\n{answer}");
        assert!(!answer.contains("BUNDLE") && !answer.contains("inactive"), "{answer}");
        let users = values(answer, "a=ice-ufrag:");
        assert_eq!(users.len(), 2, "{answer}");
        assert_ne!(users[0], users[1], "each section has a transport: {answer}");
        for place in [0, 1] {
            let section = passed.of_candidates.iter().any(|(_, index)| *index == Some(place));
            assert!(section, "each transport has candidates: {:?}", passed.of_candidates);
        }
        media_flows(&b, &other, 3).await;
        let stats = b.stats().await;
        assert!(stats.video_bytes_received > 16_000 && stats.video_bytes_sent > 16_000);
        assert!(stats.audio_packets_received >= 10 && stats.audio_packets_sent >= 10);
        let agreed = stats.video.expect("there are descriptions");
        assert_eq!((agreed.ours, agreed.theirs), (VideoFlow::Agreed, VideoFlow::Agreed));
        assert_eq!(stats.local_candidate.as_deref(), Some("host"));
        closes(&b).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_our_bundle_apart_is_heard_and_seen_and_hears_and_sees() {
    let (mut b, mut other) = (End::open(config()).await, Unbundled::open([0, 1]).await);
    let mut passed = Passed::default();
    b.command(offer(false));
    talk(&mut b, &mut other, &mut passed, true, both_connected).await;
    assert!(passed.offers[0].contains("BUNDLE") && !passed.answers[0].contains("BUNDLE"));
    let names: std::collections::HashSet<_> =
        passed.of_candidates.iter().map(|(mid, _)| mid.clone().expect("a name")).collect();
    assert_eq!(names.len(), 2, "each transport has candidates: {names:?}");
    media_flows(&b, &other, 5).await;
    assert_eq!(passed.ours, [PeerEvent::Connected]);

    // Later offers of ours have both, and no group; the second transport keeps its credentials.
    b.command(offer(true));
    let is_answered = |passed: &Passed, _: &Unbundled| passed.answers.len() == 2;
    talk(&mut b, &mut other, &mut passed, true, is_answered).await;
    let users = [&passed.offers[0], &passed.offers[1]].map(|sdp| values(sdp, "a=ice-ufrag:"));
    assert!(!passed.offers[1].contains("BUNDLE"), "{}", passed.offers[1]);
    assert_ne!(users[0][0], users[1][0]);
    assert_eq!(users[0][1], users[1][1]);
    media_flows(&b, &other, 7).await;

    // So it can't answer a restart of theirs, and media flows on.
    other.parts.iter().for_each(|end| end.command(offer(true)));
    let is_refused =
        |passed: &Passed, _: &Unbundled| passed.ours.contains(&PeerEvent::OfferRefused);
    talk(&mut b, &mut other, &mut passed, true, is_refused).await;
    media_flows(&b, &other, 9).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_side_restarts_ice_on_both_transports_and_media_flows_on() {
    let (mut b, mut other, mut passed) = called_by([0, 1], true).await;
    media_flows(&b, &other, 11).await;
    let answers = passed.answers.len();
    b.command(offer(true));
    let is_answered = |passed: &Passed, _: &Unbundled| passed.answers.len() > answers;
    talk(&mut b, &mut other, &mut passed, true, is_answered).await;
    let (before, ours) = (&passed.answers[0], passed.offers.last().expect("an offer"));
    let users = [before, ours].map(|sdp| values(sdp, "a=ice-ufrag:"));
    assert!(users[0].iter().all(|user| !users[1].contains(user)), "{users:?}");
    assert_eq!(sections(ours).1.len(), 2, "{ours}");
    media_flows(&b, &other, 13).await;
    assert_eq!(b.stats().await.ice_restarts, 1);

    let answers = passed.answers.len();
    other.parts.iter().for_each(|end| end.command(offer(true)));
    let is_answered = |passed: &Passed, _: &Unbundled| passed.answers.len() > answers;
    talk(&mut b, &mut other, &mut passed, false, is_answered).await;
    let (theirs, answer) =
        (passed.offers.last().expect("one"), passed.answers.last().expect("one"));
    assert_eq!(broken(theirs, answer), Vec::<String>::new(), "{answer}");
    media_flows(&b, &other, 17).await;
    let events = passed.ours.iter().filter(|event| **event != PeerEvent::Connected);
    assert_eq!(events.count(), 0, "{:?}", passed.ours);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_without_a_bundle_may_win_over_ours() {
    let (mut b, mut other) = (End::open(config()).await, Unbundled::open([0, 1]).await);
    b.command(offer(false));
    b.description().await;
    let mut passed = Passed::default();
    other.parts.iter().for_each(|end| end.command(offer(false)));
    talk(&mut b, &mut other, &mut passed, true, both_connected).await;
    media_flows(&b, &other, 19).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_with_a_transport_of_its_own_is_added_to_a_call_with_sound() {
    let (mut b, mut other) = (End::open(config()).await, Unbundled::open([0, 1]).await);
    let mut passed = Passed::default();
    other.audio_only = true;
    other.audio().command(offer(false));
    let is_connected = |passed: &Passed, other: &Unbundled| {
        passed.ours.contains(&PeerEvent::Connected) && other.connected[0]
    };
    talk(&mut b, &mut other, &mut passed, true, is_connected).await;
    assert_eq!(sections(&passed.answers[0]).1.len(), 1);
    let sent = send_audio(&b, "before").await;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(heard(other.audio()), sent);

    other.audio_only = false;
    other.parts.iter().for_each(|end| end.command(offer(false)));
    talk(&mut b, &mut other, &mut passed, true, both_connected).await;
    let users = [&passed.answers[0], &passed.answers[1]].map(|sdp| values(sdp, "a=ice-ufrag:"));
    assert_eq!((users[0].len(), users[1].len()), (1, 2));
    assert_eq!(users[0][0], users[1][0], "the sound's transport stays");
    media_flows(&b, &other, 23).await;
    assert_eq!(passed.ours, [PeerEvent::Connected]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_certificate_on_the_second_transport_ends_the_call_too() {
    let (mut b, mut other) = (End::open(config()).await, Unbundled::open([0, 1]).await);
    other.lies = true;
    let mut passed = Passed::default();
    other.parts.iter().for_each(|end| end.command(offer(false)));
    let has_failed = |passed: &Passed, _: &Unbundled| {
        passed.ours.iter().any(|event| matches!(event, PeerEvent::Failed(_)))
    };
    talk(&mut b, &mut other, &mut passed, true, has_failed).await;
    let why = passed.ours.iter().find_map(|event| match event {
        PeerEvent::Failed(why) => Some(why.as_str()),
        _ => None,
    });
    assert!(why.is_some_and(|why| why.contains("another certificate")), "{why:?}");
    assert!(!other.connected[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_path_for_the_picture_the_call_has_sound() {
    let (mut b, mut other) = (End::open(config()).await, Unbundled::open([0, 1]).await);
    other.picture_is_cut_off = true;
    let mut passed = Passed::default();
    other.parts.iter().for_each(|end| end.command(offer(false)));
    let is_connected = |passed: &Passed, other: &Unbundled| {
        passed.ours.contains(&PeerEvent::Connected) && other.connected[0]
    };
    talk(&mut b, &mut other, &mut passed, true, is_connected).await;
    let (ours, theirs) = tokio::join!(send_audio(&b, "ours"), send_audio(other.audio(), "theirs"));
    sleep(Duration::from_millis(200)).await;
    assert_eq!((heard(other.audio()), heard(&b)), (ours, theirs));
    assert!(!other.connected[1]);
    assert_eq!(passed.ours, [PeerEvent::Connected]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_bundled_later_and_taken_apart_again_is_answered_so() {
    let bundled = plain_fixture("offers", "chrome");
    let (audio, video) = bundled.split_at(bundled.find("m=video").expect("video"));
    let apart = audio.replace("a=group:BUNDLE 0 1\n", "") + &video.replace("uf01", "uf02");
    let on_second = bundled.replace("BUNDLE 0 1", "BUNDLE 1 0");
    let each = "audio 9 * 111 sendrecv, video 9 * 102 sendrecv";
    let without = apart.replace("m=video 9", "m=video 0");
    let mut end = End::open(config()).await;
    let mut users = Vec::new();
    for (sdp, wanted) in [
        (&apart, each),
        (&bundled, BOTH),
        (&apart, each),
        (&without, "audio 9 * 111 sendrecv, video 0 * 102 96 inactive"),
        (&apart, each),
    ] {
        let kind = DescriptionKind::Offer;
        end.command(PeerCommand::AcceptOffer(SessionDescription { kind, sdp: sdp.clone() }));
        let answer = end.description().await.sdp;
        assert_eq!(outline(&answer), wanted, "{answer}");
        assert_eq!(broken(sdp, &answer), Vec::<String>::new(), "{answer}");
        users.push(values(&answer, "a=ice-ufrag:")[0].to_owned());
    }
    assert!(users.iter().all(|user| *user == users[0]), "the sound's transport stays");
    // The picture's transport can't become that of the sound.
    let sdp = on_second.replace("uf01", "uf02");
    let offer = SessionDescription { kind: DescriptionKind::Offer, sdp };
    end.command(PeerCommand::AcceptOffer(offer));
    loop {
        match end.event().await {
            PeerEvent::OfferRefused => break,
            PeerEvent::LocalCandidate(_) => {}
            other => panic!("{other:?}"),
        }
    }
}
