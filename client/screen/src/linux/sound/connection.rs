//! A connection to a sound server on which nothing waits for ever. The messages themselves are
//! those of the crate `pulseaudio`, whose own client has neither lists of streams nor deadlines.
//!
//! In: commands. Out: replies, and messages that nobody asked for. What always holds: a message
//! that is longer than the protocol allows, or unreadable, ends the connection or is skipped; what
//! waits to be taken is bounded.

use std::collections::VecDeque;
use std::ffi::CString;
use std::io::{Cursor, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use pulseaudio::protocol::{
    AuthParams, AuthReply, Command, CommandReply, DESCRIPTOR_SIZE, MAX_MEMBLOCKQ_LENGTH,
    MAX_VERSION, Prop, Props, ProtocolError, SetClientNameReply, SubscriptionEventType,
    TagStructRead, TagStructReader, read_descriptor, write_command_message,
};
use visavis_media::stop_signal::StopSignal;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often somebody who waits looks whether they still should.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Messages that wait to be taken; the oldest go first.
const MOST_WAITING: usize = 256;
/// The channel of messages that are no samples.
const CONTROL: u32 = u32::MAX;

/// What went wrong with a sound server.
#[derive(Debug, thiserror::Error)]
pub(super) enum PulseError {
    /// The connection is gone, or can't be made.
    #[error("the sound server is gone: {0}")]
    Io(#[from] std::io::Error),
    /// It did not answer in time.
    #[error("the sound server does not answer")]
    Silent,
    /// It said something that can't be read.
    #[error("the sound server is not understood: {0}")]
    Protocol(#[from] ProtocolError),
    /// It does not do what it was asked for.
    #[error("the sound server refused a request")]
    Refused,
    /// Nobody wants the answer any more.
    #[error("it was stopped")]
    Stopped,
}

/// What comes without being asked for.
pub(super) enum Message {
    /// Samples of a channel.
    Samples(u32, Vec<u8>),
    /// A record stream ended.
    Killed(u32),
    /// A program began or ceased to play.
    StreamsChanged,
}

/// See the module.
pub(super) struct Connection {
    socket: UnixStream,
    stop: StopSignal,
    version: u16,
    sequence: u32,
    /// What was read and is no whole message yet.
    read: Vec<u8>,
    waiting: VecDeque<Message>,
}

impl Connection {
    /// Connects and introduces itself.
    pub(super) fn open(path: &Path, stop: &StopSignal) -> Result<Self, PulseError> {
        let socket = UnixStream::connect(path)?;
        socket.set_read_timeout(Some(LOOK_EVERY))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let mut this = Self {
            socket,
            stop: stop.clone(),
            version: MAX_VERSION,
            sequence: 0,
            read: Vec::new(),
            waiting: VecDeque::new(),
        };
        let cookie = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
        let auth = AuthParams {
            version: MAX_VERSION,
            supports_shm: false,
            supports_memfd: false,
            cookie: cookie.unwrap_or_default(),
        };
        let reply: AuthReply = this.ask(&Command::Auth(auth))?;
        this.version = reply.version.min(MAX_VERSION);
        let mut props = Props::new();
        props.set(Prop::ApplicationName, c"Visavis");
        if let Ok(pid) = CString::new(std::process::id().to_string()) {
            props.set(Prop::ApplicationProcessId, pid);
        }
        let _: SetClientNameReply = this.ask(&Command::SetClientName(props))?;
        Ok(this)
    }

    /// Asks for something.
    pub(super) fn ask<T: CommandReply>(&mut self, command: &Command) -> Result<T, PulseError> {
        self.round_trip(command, |reply| reply.read())
    }

    /// Asks for a list.
    pub(super) fn ask_list<T: TagStructRead>(
        &mut self,
        command: &Command,
    ) -> Result<Vec<T>, PulseError> {
        self.round_trip(command, |reply| {
            let mut list = Vec::new();
            while reply.has_data_left()? {
                list.push(reply.read()?);
            }
            Ok(list)
        })
    }

    /// Has something done.
    pub(super) fn order(&mut self, command: &Command) -> Result<(), PulseError> {
        self.round_trip(command, |_| Ok(()))
    }

    fn round_trip<T>(
        &mut self,
        command: &Command,
        read: impl Fn(&mut TagStructReader<'_>) -> Result<T, ProtocolError>,
    ) -> Result<T, PulseError> {
        let sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        let mut message = Vec::new();
        write_command_message(&mut message, sequence, command, self.version)?;
        self.socket.write_all(&message)?;
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let Some((channel, payload)) = self.read_message(until)? else { continue };
            if channel != CONTROL {
                self.keep(Message::Samples(channel, payload));
                continue;
            }
            let mut payload = Cursor::new(payload);
            match Command::read_tag_prefixed(&mut payload, self.version) {
                Ok((of, Command::Reply)) if of == sequence => {
                    let mut reader = TagStructReader::new(&mut payload, self.version);
                    return Ok(read(&mut reader)?);
                }
                Ok((of, Command::Error(_))) if of == sequence => return Err(PulseError::Refused),
                Ok((_, command)) => self.take_in(&command),
                // A message of a later version of the protocol.
                Err(_) => {}
            }
        }
        Err(PulseError::Silent)
    }

    /// The next message that nobody asked for; `None` when none comes in this time.
    pub(super) fn next(&mut self, within: Duration) -> Result<Option<Message>, PulseError> {
        if let Some(message) = self.waiting.pop_front() {
            return Ok(Some(message));
        }
        match self.read_message(Instant::now() + within)? {
            None => Ok(None),
            Some((CONTROL, payload)) => {
                let mut payload = Cursor::new(payload);
                if let Ok((_, command)) = Command::read_tag_prefixed(&mut payload, self.version) {
                    self.take_in(&command);
                }
                Ok(self.waiting.pop_front())
            }
            Some((channel, samples)) => Ok(Some(Message::Samples(channel, samples))),
        }
    }

    fn take_in(&mut self, command: &Command) {
        match command {
            Command::RecordStreamKilled(channel) => self.keep(Message::Killed(*channel)),
            Command::SubscribeEvent(event)
                if event.event_type != SubscriptionEventType::Changed =>
            {
                self.keep(Message::StreamsChanged);
            }
            _ => {}
        }
    }

    fn keep(&mut self, message: Message) {
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(message);
    }

    /// Reads one message: its channel and what is in it. `None` when none comes until then.
    fn read_message(&mut self, until: Instant) -> Result<Option<(u32, Vec<u8>)>, PulseError> {
        loop {
            if let Some(message) = self.whole_message()? {
                return Ok(Some(message));
            }
            if self.stop.is_set() {
                return Err(PulseError::Stopped);
            }
            let mut buffer = [0; 16 * 1024];
            match self.socket.read(&mut buffer) {
                Ok(0) => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
                Ok(len) => self.read.extend_from_slice(buffer.split_at(len).0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if Instant::now() >= until {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn whole_message(&mut self) -> Result<Option<(u32, Vec<u8>)>, PulseError> {
        let Some(mut head) = self.read.get(..DESCRIPTOR_SIZE) else { return Ok(None) };
        let descriptor = read_descriptor(&mut head)?;
        let length = descriptor.length as usize;
        if length > MAX_MEMBLOCKQ_LENGTH {
            let why = format!("a message of {length} bytes");
            return Err(ProtocolError::Invalid(why).into());
        }
        let end = DESCRIPTOR_SIZE + length;
        let Some(payload) = self.read.get(DESCRIPTOR_SIZE..end) else { return Ok(None) };
        let payload = payload.to_vec();
        self.read.drain(..end);
        Ok(Some((descriptor.channel, payload)))
    }
}
