//! Packets, silence and mute as the sending stage makes them.

use super::*;
use crate::opus_codec::OpusDecoder;
use crate::units::Bitrate;
use crate::voice_processing::VoiceSettings;

fn frame(number: u32, start: Instant) -> AudioFrame {
    let samples =
        std::array::from_fn(|i| ((number as usize * 480 + i) as f32 * 0.0576).sin() * 0.3);
    AudioFrame { samples, captured_at: start + number * AUDIO_FRAME_DURATION }
}

#[test]
fn two_frames_make_a_packet_with_the_time_of_the_first() {
    let (mut packets, start) = (Packetizer::new(false).unwrap(), Instant::now());
    assert!(packets.push(&frame(0, start), false).is_none());
    let packet = packets.push(&frame(1, start), false).unwrap();
    assert_eq!((packet.samples, packet.captured_at), (960, start));
    assert!(!packet.data.is_empty());
    assert!(packets.level() > 0.7);
}

#[test]
fn a_muted_microphone_sends_packets_in_which_nothing_is_heard() {
    let (mut packets, mut decoder) = (Packetizer::new(true).unwrap(), OpusDecoder::new().unwrap());
    let start = Instant::now();
    let mut sizes = 0;
    for number in 0..100 {
        let Some(packet) = packets.push(&frame(number, start), true) else { continue };
        if !packet.data.is_empty() {
            sizes += packet.data.len();
            assert!(decoder.decode(&packet.data).unwrap().iter().all(|s| s.abs() < 1e-4));
        }
    }
    assert!((5..500).contains(&sizes), "{sizes} bytes a second");
    assert!(packets.level() > 0.7, "whoever talks is to be told that they are muted");
}

#[test]
fn in_silence_a_few_packets_tell_enough_and_a_voice_is_sent_at_once() {
    let (mut packets, start) = (Packetizer::new(false).unwrap(), Instant::now());
    let mut voice = crate::speech::Voice::new(2);
    // Two seconds of a voice, ten of silence, and the voice again.
    let mut sent = Vec::new();
    for number in 0..1400 {
        let samples = if (200..1200).contains(&number) {
            [0.0; AUDIO_FRAME_SAMPLES]
        } else {
            voice.next_frame()
        };
        let frame = AudioFrame { samples, captured_at: start + number * AUDIO_FRAME_DURATION };
        sent.extend(packets.push(&frame, false));
    }
    assert!(sent.iter().all(|packet| packet.samples == 960), "the clock goes on");
    let packets_in = |range: std::ops::Range<usize>| {
        sent[range].iter().filter(|packet| !packet.data.is_empty()).count()
    };
    assert!(
        (60..160).contains(&packets_in(140..590)),
        "{} packets in 9 s of silence",
        packets_in(140..590)
    );
    let longest =
        sent[140..590].split(|packet| !packet.data.is_empty()).map(<[_]>::len).max().unwrap();
    assert!(longest < 20, "nothing for {longest} packets");
    assert!(!sent[605].data.is_empty() && !is_dtx(&sent[605].data));
}

#[test]
fn where_the_network_is_wide_each_frame_is_a_packet_and_time_goes_on_through_the_change() {
    let (mut packets, start) = (Packetizer::new(false).unwrap(), Instant::now());
    let (long, short) =
        (AudioControl::START, AudioControl { packet: PacketLength::Short, ..AudioControl::START });
    let mut decoder = OpusDecoder::new().unwrap();
    let mut sent = Vec::new();
    for number in 0..400 {
        // The change comes in the middle of a packet, too.
        packets.set(if number % 100 < 51 { long } else { short });
        let Some(packet) = packets.push(&frame(number, start), false) else { continue };
        assert_eq!(decoder.decode(&packet.data).unwrap().len(), packet.samples as usize);
        sent.push((packet.samples, packet.captured_at.duration_since(start)));
    }
    let mut expected = Duration::ZERO;
    for (samples, at) in &sent {
        assert_eq!(*at, expected);
        expected += Duration::from_millis(u64::from(*samples) / 48);
    }
    assert_eq!(expected, Duration::from_secs(4));
    let of =
        |length: PacketLength| sent.iter().filter(|(s, _)| *s as usize == length.samples()).count();
    assert!(of(PacketLength::Short) > 190 && of(PacketLength::Long) > 95);
}

#[test]
fn a_steady_tone_is_no_silence() {
    let (mut packets, start) = (Packetizer::new(false).unwrap(), Instant::now());
    let sent: Vec<EncodedAudio> =
        (0..3000).filter_map(|n| packets.push(&frame(n, start), false)).collect();
    let silent = sent.iter().filter(|packet| is_dtx(&packet.data)).count();
    assert_eq!(silent, 0, "of {} packets", sent.len());
}

#[test]
fn the_encoder_does_what_the_network_asks() {
    let (mut packets, start) = (Packetizer::new(false).unwrap(), Instant::now());
    let mut voice = crate::speech::Voice::new(3);
    let mut second = |packets: &mut Packetizer, number: u32| {
        let frames = (0..200).map(|n| (number * 200 + n, voice.next_frame()));
        let frames = frames.map(|(n, samples)| AudioFrame {
            samples,
            captured_at: start + n * AUDIO_FRAME_DURATION,
        });
        let sent: Vec<EncodedAudio> =
            frames.filter_map(|frame| packets.push(&frame, false)).collect();
        let rebuilds =
            sent.iter().filter(|packet| crate::opus_codec::has_fec(&packet.data)).count();
        (sent.iter().map(|packet| packet.data.len()).sum::<usize>() * 8 / 2, rebuilds)
    };
    packets.set(AudioControl { expected_loss_percent: 0, ..AudioControl::START });
    let (wide, none) = second(&mut packets, 0);
    packets.set(AudioControl {
        bitrate: Bitrate::from_kbps(18),
        expected_loss_percent: 0,
        ..AudioControl::START
    });
    let (narrow, _) = second(&mut packets, 1);
    packets.set(AudioControl::START);
    let (_, some) = second(&mut packets, 2);
    assert!(narrow < wide * 7 / 10 && wide < 40_000, "{narrow} and {wide} bit/s");
    assert!(none <= 2 && some > 30, "{none} and {some} of 100 packets rebuild the one before");
}

#[test]
fn muting_in_the_middle_of_audio_does_not_click() {
    let (mut packets, start) = (Packetizer::new(false).unwrap(), Instant::now());
    let loud = AudioFrame { samples: [0.5; AUDIO_FRAME_SAMPLES], captured_at: start };
    packets.push(&loud, false);
    packets.push(&loud, true);
    assert!(packets.samples.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.002));
    packets.push(&loud, true);
    assert!(packets.samples[..AUDIO_FRAME_SAMPLES].iter().all(|&s| s == 0.0));
}

#[test]
fn silence_takes_the_place_of_a_microphone_that_stops() {
    let start = Instant::now();
    let mut filler = SilenceFiller::new(start);
    // A microphone whose frames come 200 ms after they were captured.
    filler.captured(&frame(0, start), start + Duration::from_millis(210));
    assert!(filler.fill(start + Duration::from_millis(265)).is_none());
    let ticks = (27..47).filter_map(|tick| filler.fill(start + tick * AUDIO_FRAME_DURATION));
    let filled: Vec<Instant> = ticks.map(|frame| frame.captured_at).collect();
    let expected: Vec<Instant> = (1..21).map(|n| start + n * AUDIO_FRAME_DURATION).collect();
    assert_eq!(filled, expected);
}

#[test]
fn another_microphone_takes_over_without_a_packet_missing() {
    let (out, mut network) = mpsc::channel(100);
    let (first, second) = (DropOldestQueue::new(100), DropOldestQueue::new(100));
    let start = Instant::now();
    (0..20).for_each(|number| first.put(frame(number, start)));
    let voice = VoiceInput::new(VoiceSettings::NONE);
    let (_targets, control) = std::sync::mpsc::sync_channel(1);
    let sender = AudioSender::spawn(Arc::clone(&first), out, control, false, voice).unwrap();
    for number in 0..10 {
        assert_eq!(
            network.blocking_recv().unwrap().captured_at,
            start + number * 2 * AUDIO_FRAME_DURATION
        );
    }
    sender.set_frames(Arc::clone(&second));
    (20..40).for_each(|number| second.put(frame(number, start)));
    for number in 10..20 {
        assert_eq!(
            network.blocking_recv().unwrap().captured_at,
            start + number * 2 * AUDIO_FRAME_DURATION
        );
    }
}

#[test]
fn a_microphone_that_gives_nothing_is_known_as_silent_and_its_level_also_while_muted() {
    let (out, mut network) = mpsc::channel(100);
    let (_targets, control) = std::sync::mpsc::sync_channel(1);
    let frames = DropOldestQueue::new(100);
    let voice = VoiceInput::new(VoiceSettings::NONE);
    let sender = AudioSender::spawn(Arc::clone(&frames), out, control, false, voice).unwrap();
    let (start, mut next) = (Instant::now(), 0);
    let mut gives = |level: f32, muted: bool| {
        sender.set_muted(muted);
        for _ in 0..40 {
            let captured_at = start + next * AUDIO_FRAME_DURATION;
            frames.put(AudioFrame { samples: [level; AUDIO_FRAME_SAMPLES], captured_at });
            next += 1;
        }
        for _ in 0..20 {
            network.blocking_recv().unwrap();
        }
        (sender.silent_for(), sender.level() > 0.5, sender.captured_level() > 0.5)
    };
    let (none, all) = (Duration::ZERO, AUDIO_FRAME_DURATION * 40);
    assert_eq!(gives(0.3, false), (none, true, true));
    assert_eq!(gives(0.0, false), (all, false, false));
    assert_eq!(gives(1e-5, false), (2 * all, false, false));
    assert_eq!(gives(0.3, true), (none, false, true));
    assert_eq!(gives(1e-4, true).0, none, "a quiet room");
}

#[test]
fn a_network_without_room_costs_packets_and_no_time() {
    let (out, mut network) = mpsc::channel(2);
    let (_targets, control) = std::sync::mpsc::sync_channel(1);
    let frames = DropOldestQueue::new(100);
    let start = Instant::now();
    (0..40).for_each(|number| frames.put(frame(number, start)));
    frames.close();
    let voice = VoiceInput::new(VoiceSettings::NONE);
    let sender = AudioSender::spawn(Arc::clone(&frames), out, control, false, voice).unwrap();
    let mut stats = sender.stats();
    while stats.packets + stats.dropped < 20 {
        std::thread::yield_now();
        stats = sender.stats();
    }
    assert_eq!((stats.packets, stats.dropped), (2, 18));
    assert_eq!(network.try_recv().unwrap().captured_at, start);
}

#[test]
fn the_sound_of_the_computer_is_sent_as_long_as_it_is_set() {
    let (out, mut network) = mpsc::channel(100);
    let (_targets, control) = std::sync::mpsc::sync_channel(1);
    let (microphone, system) = (DropOldestQueue::new(8), DropOldestQueue::new(8));
    let voice = VoiceInput::new(VoiceSettings::NONE);
    let sender = AudioSender::spawn(Arc::clone(&microphone), out, control, true, voice).unwrap();
    let (start, mut decoder) = (Instant::now(), OpusDecoder::new().unwrap());
    let mut number = 0;
    let mut loudest = |packets: u32| {
        let mut peak = 0.0_f32;
        for _ in 0..packets {
            for _ in 0..2 {
                system.put(frame(number, start));
                microphone.put(AudioFrame {
                    samples: [0.0; AUDIO_FRAME_SAMPLES],
                    captured_at: start + number * AUDIO_FRAME_DURATION,
                });
                number += 1;
            }
            let packet = network.blocking_recv().unwrap();
            if !packet.data.is_empty() {
                let samples = decoder.decode(&packet.data).unwrap();
                peak = samples.iter().fold(peak, |peak, sample| peak.max(sample.abs()));
            }
        }
        peak
    };
    assert!(loudest(20) < 0.01);
    sender.set_system_sound(Some(Arc::clone(&system)));
    let sounding = loudest(50);
    assert!((0.2..0.5).contains(&sounding), "{sounding}");
    sender.set_system_sound(None);
    loudest(10);
    assert!(loudest(20) < 0.01);
}
