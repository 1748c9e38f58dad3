//! Audio from a synthetic microphone through encoder, jitter buffer and decoder to a sink, on
//! threads and in real time.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use visavis_client::device::microphone::open_microphone;
use visavis_client::device::speaker::open_speaker;
use visavis_client::device::{MicrophoneChoice, SpeakerChoice};
use visavis_client::media::audio_receive::AudioReceiver;
use visavis_client::media::audio_send::{AudioSender, MICROPHONE_QUEUE_FRAMES};
use visavis_client::media::drop_oldest_queue::DropOldestQueue;
use visavis_client::media::frame::{EncodedAudio, ReceivedAudio};
use visavis_client::media::voice_processing::{VoiceInput, VoiceSettings};

#[test]
fn a_tone_is_heard_soon_whole_and_at_its_frequency_until_it_is_muted() {
    let (events, _happened) = mpsc::channel(8);
    let frames = DropOldestQueue::new(MICROPHONE_QUEUE_FRAMES);
    let (encoded_in, mut encoded) = mpsc::channel::<EncodedAudio>(16);
    let (received_in, received) = sync_channel(64);
    let (_targets, control) = sync_channel(8);
    let network = std::thread::Builder::new()
        .name("network".into())
        .spawn(move || {
            let (mut sequence, mut rtp_timestamp) = (60_000_u16, u32::MAX - 48_000);
            while let Some(packet) = encoded.blocking_recv() {
                let arrival = Instant::now();
                let payload = packet.data;
                // In a silence nothing is sent, but time goes on.
                if !payload.is_empty() {
                    let _ = received_in.try_send(ReceivedAudio {
                        sequence,
                        rtp_timestamp,
                        payload,
                        arrival,
                        redundant: false,
                    });
                    sequence = sequence.wrapping_add(1);
                }
                rtp_timestamp = rtp_timestamp.wrapping_add(packet.samples);
            }
        })
        .expect("a thread");

    let (speaker, sink) = open_speaker(&SpeakerChoice::None, events.clone()).expect("a speaker");
    let receiver = AudioReceiver::spawn(received, sink, Arc::default()).expect("a receiver");
    let voice = VoiceInput::new(VoiceSettings::NONE);
    let sender =
        AudioSender::spawn(frames.clone(), encoded_in, control, false, voice).expect("a sender");
    let microphone =
        open_microphone(&MicrophoneChoice::Tone(440.0), frames, events).expect("a microphone");

    let began = Instant::now();
    let enough = |stats: &visavis_client::media::audio_receive::AudioReceiveStats| {
        stats.mouth_to_ear.is_some_and(|delay| delay.n >= 6)
    };
    while !enough(&receiver.stats()) && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let stats = receiver.stats();
    println!("{stats:?}");
    let hz = stats.tone_hz.expect("a tone");
    assert!((hz - 440.0).abs() < 2.0, "{hz} Hz");
    let level = stats.level_dbfs.expect("a level");
    assert!((-17.0..-13.0).contains(&level), "{level} dBFS");
    assert_eq!(stats.lost, 0);
    let delay = stats.mouth_to_ear.expect("marks");
    assert!(delay.p50 > 25.0 && delay.p50 < 150.0, "{delay:?}");

    sender.set_muted(true);
    std::thread::sleep(Duration::from_millis(400));
    let before = receiver.stats().packets;
    std::thread::sleep(Duration::from_millis(900));
    assert_eq!(sender.level(), 0.0);
    let after = receiver.stats();
    assert!(after.packets > before + 2, "packets go on while muted: {before} to {}", after.packets);
    assert!(after.level < 0.3, "{} is heard of a muted microphone", after.level);

    // Without a microphone packets go on, too.
    drop(microphone);
    std::thread::sleep(Duration::from_millis(900));
    assert!(receiver.stats().packets > after.packets + 2);

    let closing = Instant::now();
    drop((sender, receiver, speaker));
    assert!(closing.elapsed() < Duration::from_secs(1));
    network.join().expect("the network ends with the sender");
}
