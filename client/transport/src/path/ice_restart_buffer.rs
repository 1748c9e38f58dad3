//! An outbound interceptor that buffers media while ICE is restarted.
//!
//! Meanwhile the library has no pair to send on, and would drop all media. Packets go in, and come
//! out when ICE has a pair again, the oldest dropped. The interceptor sits next to the application:
//! buffered packets get their transport-wide numbers and send times when they leave, so that the
//! wait is not taken for a slow network.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

use super::socket::SocketLayer;

/// Its slot: behind everything else, next to the application.
pub(crate) const ICE_RESTART_BUFFER_SLOT: usize = 14_500;
/// Older packets are dropped: the other has long concealed them. A restart on a path that works
/// takes less.
const MAX_AGE: Duration = Duration::from_millis(400);
/// The most packets that are buffered. The oldest is dropped first.
const MAX_BUFFERED: usize = 256;

pub(crate) struct IceRestartBuffer {
    socket_layer: Arc<SocketLayer>,
    buffered: VecDeque<TaggedPacket>,
    read: VecDeque<TaggedPacket>,
    write: VecDeque<TaggedPacket>,
}

impl IceRestartBuffer {
    pub(crate) fn new(socket_layer: Arc<SocketLayer>) -> Self {
        Self {
            socket_layer,
            buffered: VecDeque::new(),
            read: VecDeque::new(),
            write: VecDeque::new(),
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for IceRestartBuffer {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, msg: TaggedPacket) -> Result<(), Error> {
        self.read.push_back(msg);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, msg: TaggedPacket) -> Result<(), Error> {
        let now = msg.now;
        let restarting = self.socket_layer.is_restarting();
        if restarting && matches!(msg.message.packet, Packet::Rtp(_)) {
            let outdated =
                |packet: &TaggedPacket| now.saturating_duration_since(packet.now) > MAX_AGE;
            while self.buffered.len() >= MAX_BUFFERED || self.buffered.front().is_some_and(outdated)
            {
                self.buffered.pop_front();
            }
            self.buffered.push_back(msg);
            return Ok(());
        }
        if !restarting {
            // Media flows all the time, so the next packet comes soon enough to release the buffer.
            for mut packet in self.buffered.drain(..) {
                if now.saturating_duration_since(packet.now) <= MAX_AGE {
                    packet.now = now;
                    self.write.push_back(packet);
                }
            }
        }
        self.write.push_back(msg);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.write.pop_front()
    }
}

impl Interceptor for IceRestartBuffer {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}

    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}

    fn bind_remote_stream(&mut self, _info: &StreamInfo) {}

    fn unbind_remote_stream(&mut self, _info: &StreamInfo) {}
}
