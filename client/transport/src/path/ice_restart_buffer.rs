//! An interceptor that holds media back while ICE is started anew.
//!
//! In between the library has no pair to send on, and would drop whatever it is given. It sits next
//! to the application: what it lets go late is numbered and timed late as well, so that nobody
//! takes the wait for a slow network.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

use super::socket::Wire;

/// Its position: behind everything else, next to the application.
pub(crate) const HOLD_SLOT: usize = 14_500;
/// What is older is dropped: the other has long concealed it. A restart on a way that works takes
/// less.
const HELD_FOR: Duration = Duration::from_millis(400);
/// The most packets that are held. Older ones give way.
const MAX_HELD: usize = 256;

/// Holds media back.
pub(crate) struct Hold {
    wire: Arc<Wire>,
    held: VecDeque<TaggedPacket>,
    read: VecDeque<TaggedPacket>,
    write: VecDeque<TaggedPacket>,
}

impl Hold {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, held: VecDeque::new(), read: VecDeque::new(), write: VecDeque::new() }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Hold {
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
        if self.wire.is_restarting() {
            if !matches!(msg.message.packet, Packet::Rtp(_)) {
                self.write.push_back(msg);
                return Ok(());
            }
            let outdated = |held: &TaggedPacket| now.saturating_duration_since(held.now) > HELD_FOR;
            while self.held.len() >= MAX_HELD || self.held.front().is_some_and(outdated) {
                self.held.pop_front();
            }
            self.held.push_back(msg);
            return Ok(());
        }
        // Media flows all the time, so the next packet is soon enough to let go of what was held.
        for mut held in self.held.drain(..) {
            if now.saturating_duration_since(held.now) <= HELD_FOR {
                held.now = now;
                self.write.push_back(held);
            }
        }
        self.write.push_back(msg);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.write.pop_front()
    }
}

impl Interceptor for Hold {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}

    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}

    fn bind_remote_stream(&mut self, _info: &StreamInfo) {}

    fn unbind_remote_stream(&mut self, _info: &StreamInfo) {}
}
