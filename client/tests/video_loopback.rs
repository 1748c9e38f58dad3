//! Frames from the test pattern's camera through encoder and decoder, with nothing but a channel
//! in between.

use std::sync::Arc;
use std::time::Instant;

use visavis_client::device::CameraChoice;
use visavis_client::device::camera::{CameraWant, open_camera};
use visavis_client::media::drop_oldest_queue::DropOldestQueue;
use visavis_client::media::frame::{ReceivedVideo, VideoFrame};
use visavis_client::media::pattern::Pattern;
use visavis_client::media::pattern_bar::read_bar;
use visavis_client::media::psnr::psnr;
use visavis_client::media::units::{Bitrate, VideoSize};
use visavis_client::media::video_control::{KeyFrame, VideoControl};
use visavis_client::media::video_receive::{VideoReceiveSettings, VideoReceiver};
use visavis_client::media::video_send::{VideoSendSettings, VideoSender};

#[test]
fn the_pattern_goes_through_all_stages_and_follows_a_lower_target() {
    let slot = DropOldestQueue::latest();
    let size = VideoSize::new(640, 360).expect("a size");
    let (events, _told) = tokio::sync::mpsc::channel(4);
    let camera = open_camera(
        &CameraChoice::Pattern,
        CameraWant { size, fps: 30 },
        Arc::clone(&slot),
        events,
    );
    let camera = camera.expect("it opens");
    let start_bitrate = Bitrate::from_kbps(800);
    let settings =
        VideoSendSettings { max_size: size, fps: 30, max_bitrate: start_bitrate, start_bitrate };
    let (output, mut encoded) = tokio::sync::mpsc::channel(4);
    let (control, requests) = std::sync::mpsc::sync_channel(4);
    let sender = VideoSender::spawn(slot, settings, output, requests).expect("it starts");
    let (input, received) = std::sync::mpsc::sync_channel(4);
    let key_frame = control.clone();
    let receiver = VideoReceiver::spawn(received, VideoReceiveSettings::default(), move || {
        let _ = key_frame.try_send(VideoControl::KeyFrame(KeyFrame::Fine));
    });
    let receiver = receiver.expect("it starts");

    let mut sent = 0;
    let mut carry = |until: &dyn Fn(&VideoReceiver) -> bool| {
        while !until(&receiver) {
            let picture = encoded.blocking_recv().expect("a frame");
            sent += 1;
            assert!(sent < 600, "it never came");
            // The first is lost: the receiver has to ask.
            if sent > 1 {
                let (data, key, arrival) = (picture.data, picture.key, Instant::now());
                let (rtp_timestamp, first_arrival) = (sent * 3000, arrival);
                let received = ReceivedVideo {
                    data,
                    key,
                    rtp_timestamp,
                    first_arrival,
                    last_arrival: arrival,
                };
                input.send(received).expect("it runs");
            }
        }
    };
    let shows = |receiver: &VideoReceiver, fits: &dyn Fn(u32) -> bool| {
        receiver.last_frame().is_some_and(|frame| fits(frame.size.width()))
    };
    carry(&|receiver| shows(receiver, &|width| width == 640));
    let alike = |frame: &VideoFrame| {
        let stamp = read_bar(frame).expect("a bar");
        psnr(frame, &Pattern::new(frame.size).render(stamp, frame.captured_at))
    };
    let first = receiver.last_frame().expect("a frame");
    assert!(alike(&first) > 30.0, "{:.1} dB", alike(&first));
    // Which of the smaller sizes it is, the content says.
    control.send(VideoControl::Target(Bitrate::from_kbps(40))).expect("it runs");
    carry(&|receiver| shows(receiver, &|width| width < 640));
    drop(camera);
    let sent = sender.stop();
    let shown = receiver.stop();
    assert!(
        sent.key_frames >= 3,
        "at the start, on request, and at the new size: {}",
        sent.key_frames
    );
    assert!(shown.stats.frames_dropped >= 1 && shown.stats.key_frames_asked >= 1);
    assert_eq!(shown.stats.glass_to_glass.map(|delay| delay.n), Some(shown.stats.frames_decoded));
    let last = shown.last.expect("a frame");
    assert_eq!(sent.size, Some(last.size));
    assert!(alike(&last) > 24.0, "{:.1} dB at 40 kbit/s", alike(&last));
}
