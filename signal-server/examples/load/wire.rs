//! WebSocket frames (RFC 6455 section 5) as bytes, without a library: what is sent again and again
//! is made once, and what comes is only counted, so that the load costs less than what it measures.

/// Any but zero: some servers skip unmasking then.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A text.
pub(crate) const TEXT: u8 = 1;
/// The peer closes.
pub(crate) const CLOSE: u8 = 8;
/// The peer asks whether we are there.
pub(crate) const PING: u8 = 9;
/// We are.
pub(crate) const PONG: u8 = 10;

/// One whole frame from a client.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Takes what arrives apart into frames.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    bytes: Vec<u8>,
    taken: usize,
}

impl FrameReader {
    /// More came.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        if self.taken == self.bytes.len() {
            self.bytes.clear();
            self.taken = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame of a server: its opcode and payload. Servers send no fragments here.
    pub(crate) fn take(&mut self) -> Option<(u8, &[u8])> {
        let rest = &self.bytes[self.taken..];
        let (head, length) = match *rest.get(1)? & 0x7f {
            126 => (4, usize::from(u16::from_be_bytes(rest.get(2..4)?.try_into().ok()?))),
            127 => {
                (10, usize::try_from(u64::from_be_bytes(rest.get(2..10)?.try_into().ok()?)).ok()?)
            }
            length => (2, usize::from(length)),
        };
        let opcode = rest[0] & 0x0f;
        let start = self.taken + head;
        let payload = self.bytes.get(start..start.checked_add(length)?)?;
        self.taken = start + length;
        Some((opcode, payload))
    }

    /// Gives back the memory that was needed once.
    pub(crate) fn shrink(&mut self) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.shrink_to_fit();
    }
}
