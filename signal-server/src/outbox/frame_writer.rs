//! The outgoing half of a WebSocket: messages as text frames (RFC 6455 §5), written to a stream.
//!
//! In go messages and whole frames, in order; what the stream does not take at once is kept for the
//! next time. It knows the connection's dialect, and counts the messages. Its user bounds it: when
//! [`FrameWriter::is_full`], it is time to write before more is put in.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use visavis_shared::ServerMessage;
use visavis_shared::dialect::Interpreter;

use crate::observability::metrics::Metrics;
use crate::transport::SharedTransport;

/// Written when this much has come together, or when there is no more.
const FULL_BYTES: usize = 8 * 1024;

#[derive(Debug)]
pub(crate) struct FrameWriter {
    stream: SharedTransport,
    interpreter: Interpreter,
    metrics: Arc<Metrics>,
    /// What was not written yet; of that, the stream may have taken some.
    frames: Vec<u8>,
    taken: usize,
}

impl FrameWriter {
    pub(crate) fn new(stream: SharedTransport, metrics: Arc<Metrics>) -> Self {
        let interpreter = Interpreter::default();
        Self { stream, interpreter, metrics, frames: Vec::new(), taken: 0 }
    }

    /// Writes in this dialect from now on.
    pub(crate) fn set_interpreter(&mut self, interpreter: Interpreter) {
        self.interpreter = interpreter;
    }

    /// Writes a message as a text frame, if the dialect has a word for it.
    pub(crate) fn write_message(&mut self, message: &ServerMessage) {
        self.metrics.message_sent(message);
        if let Some(text) = self.interpreter.encode(message) {
            let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
            self.frames.reserve(header.len(text.len() as u64) + text.len());
            // Writing to memory does not fail.
            let _ = header.format(text.len() as u64, &mut self.frames);
            self.frames.extend_from_slice(text.as_bytes());
        }
    }

    pub(crate) fn put(&mut self, frame: &[u8]) {
        self.frames.extend_from_slice(frame);
    }

    /// Whether it is time to write.
    pub(crate) fn is_full(&self) -> bool {
        self.frames.len() - self.taken >= FULL_BYTES
    }

    pub(crate) fn has_leftover(&self) -> bool {
        !self.frames.is_empty()
    }

    /// Writes everything; ready when the stream holds nothing back.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream.poll_write_all(cx, &self.frames, &mut self.taken))?;
        // An idle connection keeps no memory for its busy times.
        self.frames = Vec::new();
        self.taken = 0;
        Poll::Ready(Ok(()))
    }
}
