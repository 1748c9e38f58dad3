//! What keeps video from being seen is told while it is true, and reported.

use super::*;
use crate::transport::{VideoAgreement, VideoFlow};
use crate::words::Phrase;

/// A call with bob in which media flows.
fn in_call() -> App {
    let mut app = App::new();
    app.step(Event::Person(Intent::Call { username: "bob".to_owned() }));
    let call = app.driver.call.call_id().cloned().unwrap();
    let offered = SessionDescription { kind: DescriptionKind::Offer, sdp: "v=0\r\n".to_owned() };
    app.step(Event::Peer(PeerEvent::LocalDescription(offered)));
    let answer = CallSignal::Answer(description(DescriptionKind::Answer));
    app.step(call_signal("bob", &call, answer));
    app.step(Event::Peer(PeerEvent::Connected));
    app
}

fn agreed(ours: VideoFlow, theirs: VideoFlow) -> PeerStats {
    PeerStats { video: Some(VideoAgreement { ours, theirs }), ..PeerStats::default() }
}

impl App {
    fn notices(&mut self) -> Vec<String> {
        self.driver.publish_snapshot();
        self.driver.snapshot.notices.iter().map(|notice| notice.text.plain()).collect()
    }
}

#[test]
fn both_people_s_pictures_are_spoken_of_until_they_can_be_seen() {
    let mut app = in_call();
    app.driver.on_statistics(&agreed(VideoFlow::Agreed, VideoFlow::Agreed));
    assert_eq!(app.notices(), [] as [&str; 0]);

    let refused = agreed(VideoFlow::Refused, VideoFlow::Refused);
    app.driver.on_statistics(&refused);
    let told = app.notices();
    assert!(told[0].starts_with("bob's picture can't be shown: "), "{told:?}");
    assert!(told[1].starts_with("bob can't see you: "), "{told:?}");
    assert_eq!(
        app.driver.snapshot.remote_video_words.as_ref().map(Phrase::plain),
        Some(told[0].clone())
    );
    assert_eq!(
        app.driver.snapshot.own_video_words.as_ref().map(Phrase::plain),
        Some(told[1].clone())
    );

    // What was put away stays away, as nothing else is wrong.
    let id = app.driver.snapshot.notices[0].id;
    app.step(Event::Person(Intent::DismissNotice(id)));
    app.driver.on_statistics(&refused);
    assert_eq!(app.notices(), [told[1].clone()]);

    app.driver.on_statistics(&agreed(VideoFlow::Agreed, VideoFlow::Agreed));
    assert_eq!(app.notices(), [] as [&str; 0]);
    assert_eq!(app.driver.snapshot.own_video_words, None);
}

#[test]
fn without_a_camera_nobody_misses_our_picture() {
    let mut app = in_call();
    app.driver.snapshot.camera = crate::device::CameraChoice::None;
    app.driver.on_statistics(&agreed(VideoFlow::Refused, VideoFlow::Agreed));
    assert_eq!(app.notices(), [] as [&str; 0]);
}

#[test]
fn the_end_of_the_call_takes_the_words_along_and_leaves_them_in_the_report() {
    let mut app = in_call();
    app.driver.on_statistics(&agreed(VideoFlow::NoCommonFormat, VideoFlow::NoCommonFormat));
    app.step(Event::Person(Intent::HangUp));
    assert_eq!(app.notices(), [] as [&str; 0]);
    let report = app.runtime.block_on(app.reports.recv()).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["video"]["sent"]["problem"], "no-common-format");
    assert_eq!(json["video"]["received"]["problem"], "no-common-format");
}
