//! What other programs play, by PulseAudio's protocol, which PipeWire speaks too.
//!
//! Each playback stream of another program is recorded by itself (a record stream that is
//! `direct_on_input`), and they are mixed here. The monitor of a sink would hold this program's own
//! playback too, and the other side would hear themselves. Streams are this program's by
//! `application.process.id`.
//!
//! What always holds: a server that hangs, restarts or is not there holds nobody up and is tried
//! again every second.

mod connection;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    ChannelMap, Command, CreateRecordStreamReply, GetSinkInfo, Prop, Props, RecordStreamParams,
    SampleFormat, SampleSpec, ServerInfo, SinkInfo, SinkInputInfo, SubscriptionMask,
};
use visavis_media::drop_oldest_queue::DropOldestQueue;
use visavis_media::frame::{AUDIO_FRAME_SAMPLES, AudioFrame, SAMPLE_RATE};
use visavis_media::stop_signal::StopSignal;

use self::connection::{Connection, Message, PulseError};
use crate::mixer::Mixer;

/// How long nothing is waited for before the stop signal is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The least time between two looks at the list of streams.
const LIST_EVERY: Duration = Duration::from_millis(100);
/// How long a server that is gone is left alone.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Programs that are listened to at once.
const MOST_STREAMS: usize = 32;
/// Left and right. Servers differ in how loud they make mono of them, so that is done here.
const CHANNELS: u8 = 2;
const SAMPLE_BYTES: usize = size_of::<f32>() * CHANNELS as usize;
/// A server sends as much at once: 10 ms.
const FRAGMENT: u32 = (AUDIO_FRAME_SAMPLES * SAMPLE_BYTES) as u32;

/// Where the sound server of this session listens.
pub(crate) fn usual_place() -> Option<PathBuf> {
    pulseaudio::socket_path_from_env()
}

/// Whether there is a server with something to play on.
pub(crate) fn available(socket: &Path) -> bool {
    let ask = || -> Result<bool, PulseError> {
        let mut server = Connection::open(socket, &StopSignal::default())?;
        let info: ServerInfo = server.ask(&Command::GetServerInfo)?;
        Ok(info.default_sink_name.is_some_and(|name| !name.is_empty()))
    };
    ask().unwrap_or(false)
}

/// Listens until it is told to stop.
pub(crate) fn run(socket: &Path, output: &DropOldestQueue<AudioFrame>, stop: &StopSignal) {
    let mut told = false;
    while !stop.is_set() {
        let ended = Connection::open(socket, stop)
            .and_then(|server| Listener::new(server, output).run(stop));
        match ended {
            Ok(()) => return,
            Err(error) if !told => {
                told = true;
                tracing::warn!(%error, "the sound of the computer is not heard for now");
            }
            Err(_) => {}
        }
        let _ = stop.wait_until(Instant::now() + TRY_AGAIN);
    }
}

struct Listener<'a> {
    server: Connection,
    /// Which stream of another program each channel carries.
    channels: BTreeMap<u32, u32>,
    mixer: Mixer,
    output: &'a DropOldestQueue<AudioFrame>,
}

impl<'a> Listener<'a> {
    fn new(server: Connection, output: &'a DropOldestQueue<AudioFrame>) -> Self {
        Self { server, channels: BTreeMap::new(), mixer: Mixer::default(), output }
    }

    fn run(mut self, stop: &StopSignal) -> Result<(), PulseError> {
        self.server.order(&Command::Subscribe(SubscriptionMask::SINK_INPUT))?;
        let mut list_at = Some(Instant::now());
        while !stop.is_set() {
            let now = Instant::now();
            if list_at.is_some_and(|at| at <= now) {
                list_at = None;
                self.list()?;
            }
            match self.server.next(LOOK_EVERY)? {
                Some(Message::Samples(channel, bytes)) if self.channels.contains_key(&channel) => {
                    let samples = bytes.as_chunks::<SAMPLE_BYTES>().0.iter();
                    let samples = samples.map(mono);
                    self.mixer.add(channel, samples, Instant::now());
                }
                Some(Message::Killed(channel)) => {
                    self.channels.remove(&channel);
                    self.mixer.remove(channel);
                    list_at = list_at.or(Some(now + LIST_EVERY));
                }
                Some(Message::StreamsChanged) => {
                    list_at = list_at.or(Some(now + LIST_EVERY));
                }
                Some(Message::Samples(..)) | None => {}
            }
            let now = Instant::now();
            while let Some((samples, age)) = self.mixer.next(now) {
                let captured_at = now.checked_sub(age).unwrap_or(now);
                self.output.put(AudioFrame { samples, captured_at });
            }
        }
        Ok(())
    }

    /// Listens to what is new, and no longer to what is gone.
    fn list(&mut self) -> Result<(), PulseError> {
        let inputs: Vec<SinkInputInfo> = self.server.ask_list(&Command::GetSinkInputInfoList)?;
        let gone = |input: &u32| inputs.iter().all(|it| it.index != *input);
        let gone: Vec<u32> =
            self.channels.iter().filter(|(_, input)| gone(input)).map(|(it, _)| *it).collect();
        for channel in gone {
            self.channels.remove(&channel);
            self.mixer.remove(channel);
            self.expect_refusal(&Command::DeleteRecordStream(channel))?;
        }
        for input in &inputs {
            let heard = self.channels.values().any(|it| *it == input.index);
            if !heard && !is_own(&input.props) && self.channels.len() < MOST_STREAMS {
                match self.listen_to(input) {
                    Ok(channel) => {
                        self.channels.insert(channel, input.index);
                    }
                    // It ended just now, or is none that can be listened to.
                    Err(PulseError::Refused) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn listen_to(&mut self, input: &SinkInputInfo) -> Result<u32, PulseError> {
        let sink = GetSinkInfo { index: Some(input.sink_index), name: None };
        let sink: SinkInfo = self.server.ask(&Command::GetSinkInfo(sink))?;
        let mut props = Props::new();
        props.set(Prop::MediaName, c"Sound to share");
        let params = RecordStreamParams {
            sample_spec: SampleSpec {
                format: SampleFormat::Float32Le,
                channels: CHANNELS,
                sample_rate: SAMPLE_RATE,
            },
            channel_map: ChannelMap::stereo(),
            source_index: sink.monitor_source_index,
            buffer_attr: BufferAttr { fragment_size: FRAGMENT, ..BufferAttr::default() },
            flags: StreamFlags {
                adjust_latency: true,
                no_move: true,
                no_inhibit_auto_suspend: true,
                ..StreamFlags::default()
            },
            direct_on_input_index: Some(input.index),
            props,
            ..RecordStreamParams::default()
        };
        let reply: CreateRecordStreamReply =
            self.server.ask(&Command::CreateRecordStream(params))?;
        Ok(reply.channel)
    }

    /// Orders something that may be done already.
    fn expect_refusal(&mut self, command: &Command) -> Result<(), PulseError> {
        match self.server.order(command) {
            Err(PulseError::Refused) => Ok(()),
            other => other,
        }
    }
}

/// The mean of left and right.
fn mono(bytes: &[u8; SAMPLE_BYTES]) -> f32 {
    let [a, b, c, d, e, f, g, h] = *bytes;
    f32::midpoint(f32::from_le_bytes([a, b, c, d]), f32::from_le_bytes([e, f, g, h]))
}

/// Whether a stream is this program's own.
fn is_own(props: &Props) -> bool {
    let pid = props.get(Prop::ApplicationProcessId);
    let pid = pid.and_then(|bytes| std::str::from_utf8(bytes).ok());
    pid.is_some_and(|pid| pid.trim_end_matches('\0').parse() == Ok(std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_our_own_by_its_process() {
        let of = |pid: &str| {
            let mut props = Props::new();
            props.set(Prop::ApplicationProcessId, std::ffi::CString::new(pid).expect("a text"));
            is_own(&props)
        };
        let own = std::process::id();
        assert!(of(&own.to_string()));
        assert!(!of(&(own + 1).to_string()) && !of("") && !of("x") && !is_own(&Props::new()));
    }
}
