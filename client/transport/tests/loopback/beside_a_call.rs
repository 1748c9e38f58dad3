//! What a transfer costs the call that it runs beside: sound and picture with and without it.

use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::sleep;
use visavis_link::{Conditions, Emulator, Rate, Timeline};
use visavis_media::frame::EncodedAudio;
use visavis_transport::{ChannelEvent, DataEnds, KeyFrame, VideoControl};

use crate::data_channels::{connected, connected_across, send_file};
use crate::support::{End, access_unit, frame};

const MS: Duration = Duration::from_millis(1);
/// How long it is watched, after as long as the call takes to find its rate.
const WATCHED: Duration = Duration::from_secs(12);
const SETTLED: Duration = Duration::from_secs(8);

/// What the encoder makes until it is asked for something.
const START: u64 = 300_000;

/// What became of the sound of a call.
struct Sound {
    sent: usize,
    /// How long each packet took.
    delays: Vec<Duration>,
    video_kbps: f64,
    file_kbps: f64,
}

impl Sound {
    fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.delays.clone();
        sorted.sort_unstable();
        let at = ((sorted.len() - 1) as f64 * share) as usize;
        sorted[at].as_secs_f64() * 1e3
    }

    fn mean(&self) -> f64 {
        self.delays.iter().map(Duration::as_secs_f64).sum::<f64>() * 1e3 / self.delays.len() as f64
    }

    fn print(&self, name: &str) {
        println!(
            "{name}: sound after {:.1} ms (95% within {:.1}, longest {:.1}), {} of {} packets; \
             picture {:.0} kbit/s, files {:.0} kbit/s",
            self.mean(),
            self.quantile(0.95),
            self.quantile(1.0),
            self.delays.len(),
            self.sent,
            self.video_kbps,
            self.file_kbps,
        );
    }
}

/// A packet of sound that says which it is.
fn sound(number: u32) -> Bytes {
    let mut packet = BytesMut::zeroed(76);
    packet.put_u32(number);
    packet.freeze()
}

/// Sends a picture at the rate that the encoder is asked for.
async fn show(end: &End, bitrate: &mut u64, until: Instant) -> usize {
    let (mut rng, mut key) = (StdRng::seed_from_u64(8), true);
    let mut tick = tokio::time::interval(40 * MS);
    let mut bytes = 0;
    while Instant::now() < until {
        tick.tick().await;
        for control in end.control.try_iter() {
            match control {
                VideoControl::Target(target) => *bitrate = target.bps(),
                VideoControl::KeyFrame(KeyFrame::Fine | KeyFrame::Coarse) => key = true,
                VideoControl::Level(_) | VideoControl::Profile(_) | VideoControl::Wanted(_) => {}
            }
        }
        let data = access_unit(&mut rng, key, (*bitrate / 200) as usize);
        bytes += data.len();
        let _ = end.video_out.send(frame(data, std::mem::take(&mut key))).await;
        end.video_in.try_iter().count();
    }
    bytes
}

/// Speaks and listens for as long as is watched, after the call has found its rate.
async fn watch(
    (a, b): (&End, &End),
    bitrate: &mut u64,
    files: Option<(&DataEnds, &mut DataEnds)>,
) -> Sound {
    let start = Instant::now();
    let (begin, end) = (start + SETTLED, start + SETTLED + WATCHED);
    let mut sent: Vec<Instant> = Vec::new();
    let (mut first, mut delays) = (0, Vec::new());
    let speaking = async {
        let mut tick = tokio::time::interval(20 * MS);
        while Instant::now() < end {
            tick.tick().await;
            let now = Instant::now();
            if now < begin {
                first = sent.len();
            }
            let data = sound(u32::try_from(sent.len()).expect("few"));
            sent.push(now);
            let audio = EncodedAudio { data, samples: 960, captured_at: now };
            let _ = a.audio_out.send(audio).await;
            b.video_in.try_iter().count();
        }
    };
    let listening = async {
        let mut came = Vec::new();
        while Instant::now() < end {
            sleep(MS).await;
            for audio in b.audio_in.try_iter().filter(|audio| !audio.redundant) {
                let tail = audio.payload.last_chunk::<4>().copied().unwrap_or_default();
                came.push((u32::from_be_bytes(tail) as usize, audio.arrival));
            }
        }
        came
    };
    let mut arrived = 0;
    let transfer = async {
        sleep(SETTLED / 2).await;
        let Some((ours, theirs)) = files else { return };
        let sending = tokio::spawn(send_file(ours.files.outgoing.clone(), 1 << 20, 4096));
        while Instant::now() < end {
            let next = tokio::time::timeout(20 * MS, theirs.files.incoming.recv()).await;
            if let Ok(Some(ChannelEvent::Message(_))) = next
                && Instant::now() > begin
            {
                arrived += 4096;
            }
        }
        sending.abort();
    };
    let (bytes, (), came, ()) = tokio::join!(show(a, bitrate, end), speaking, listening, transfer);
    for (number, at) in came {
        if number >= first
            && let Some(left) = sent.get(number)
        {
            delays.push(at - *left);
        }
    }
    let video = (SETTLED + WATCHED).as_secs_f64();
    Sound {
        sent: sent.len() - first,
        delays,
        video_kbps: bytes as f64 * 8e-3 / video,
        file_kbps: f64::from(arrived) * 8e-3 / WATCHED.as_secs_f64(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_is_complete_beside_a_transfer_at_full_speed() {
    let ((a, a_data), (b, mut b_data)) = connected().await;
    let mut bitrate = START;
    let without = watch((&a, &b), &mut bitrate, None).await;
    without.print("loopback, no transfer");
    let with = watch((&a, &b), &mut bitrate, Some((&a_data, &mut b_data))).await;
    with.print("loopback, transfer");
    assert!(with.delays.len() * 100 >= with.sent * 99, "{} of {}", with.delays.len(), with.sent);
    assert!(with.file_kbps > 5_000.0, "{} kbit/s", with.file_kbps);
    assert!(with.video_kbps > 0.8 * without.video_kbps, "{} kbit/s", with.video_kbps);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_gives_way_to_sound_and_picture_on_a_narrow_link() {
    let narrow = Conditions::CLEAR.delay(20 * MS).rate(Rate::from_kbps(1000)).queue(300 * MS);
    let network = Emulator::start(Timeline::steady(narrow), 5).await.expect("ports");
    let ((a, a_data), (b, mut b_data)) = connected_across(&network).await;
    let mut bitrate = START;
    let without = watch((&a, &b), &mut bitrate, None).await;
    without.print("1 Mbit/s, no transfer");
    let with = watch((&a, &b), &mut bitrate, Some((&a_data, &mut b_data))).await;
    with.print("1 Mbit/s, transfer");
    assert!(with.delays.len() * 100 >= with.sent * 99, "{} of {}", with.delays.len(), with.sent);
    assert!(with.video_kbps > 0.8 * without.video_kbps, "{} kbit/s", with.video_kbps);
    assert!(with.file_kbps > 10.0, "it goes on: {} kbit/s", with.file_kbps);
}
