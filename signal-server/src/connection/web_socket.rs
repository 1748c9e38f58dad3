//! One WebSocket of the server (RFC 6455).
//!
//! The protocol is tungstenite's, without IO of its own. The connection's task reads ahead and
//! takes the messages, and judges what it reads before the protocol does ([`FrameMeter`]). Every
//! frame that goes out (pongs and the close frame too, so that no frame ends up within another)
//! goes through the [`FrameWriter`] of the connection's outbox, where others write as well. When
//! this is dropped the stream is closed, whoever still holds the outbox.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::{
    CloseFrame, Role, WebSocketConfig, WebSocketContext,
};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::connection::read_ahead::ReadAhead;
use crate::hub::now;
use crate::limits::Limits;
use crate::limits::frame_meter::FrameMeter;
use crate::observability::metrics::Metrics;
use crate::outbox::FrameWriter;
use crate::outbox::Outbox;
use crate::transport::{SharedTransport, Transport};

/// Allocated for every connection at once, so it is what an idle one costs. Busy ones are read
/// ahead.
const READ_BUFFER_BYTES: usize = 1024;
/// Only a peer that pings without end and never reads gets there.
const MAX_CONTROL_BYTES: usize = 64 * 1024;
/// How much of what a closing connection still sends is read, so that the close frame is not lost
/// to a reset.
const MAX_DRAINED_BYTES: usize = 1024 * 1024;

/// Far more came than a connection may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("far too much was received")]
pub(super) struct Flood;

#[derive(Debug)]
pub(crate) struct WebSocket {
    protocol: WebSocketContext,
    stream: ReadAhead<SharedTransport>,
    meter: FrameMeter,
    /// Far too much came right behind the request.
    flooded: bool,
    outbox: Arc<Outbox>,
}

impl WebSocket {
    /// Takes a stream over, with the bytes already read from it, and attaches its writer to the
    /// outbox.
    pub(crate) fn new(
        transport: Transport,
        early: &[u8],
        limits: &Limits,
        outbox: Arc<Outbox>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            // Control frames go to the writer at once.
            .write_buffer_size(0)
            .max_write_buffer_size(MAX_CONTROL_BYTES)
            .max_message_size(Some(limits.message_bytes))
            .max_frame_size(Some(limits.message_bytes));
        let stream = SharedTransport::new(transport);
        outbox.attach_writer(FrameWriter::new(stream.clone(), metrics));
        let mut meter = FrameMeter::new(limits.messages, now());
        let flooded = !meter.admits(early, now());
        // Copied, because the bytes (none, as a rule) lie in the larger buffer of HTTP, which would
        // be kept.
        let protocol =
            WebSocketContext::from_partially_read(early.to_vec(), Role::Server, Some(config));
        Self { protocol, stream: ReadAhead::new(stream), meter, flooded, outbox }
    }

    /// Receives the next message. Nothing follows an error.
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Error>> {
        if self.flooded {
            return Poll::Ready(Err(io::Error::other(Flood).into()));
        }
        self.poll_protocol(cx, |protocol, io| protocol.read(io))
    }

    pub(crate) async fn ping(&mut self) -> Result<(), Error> {
        self.send(Some(Message::Ping(Bytes::new()))).await
    }

    /// Sends a message, and writes whatever waits.
    async fn send(&mut self, mut message: Option<Message>) -> Result<(), Error> {
        poll_fn(|cx| {
            self.poll_protocol(cx, |protocol, io| match message.take() {
                Some(message) => protocol.write(io, message).and_then(|()| protocol.flush(io)),
                None => protocol.flush(io),
            })
        })
        .await
    }

    /// Sends the close frame, and reads until the peer is done.
    pub(crate) async fn close(mut self, reason: Option<CloseFrame>) -> Result<(), Error> {
        // Without a reason, the peer has closed, and the reply to that waits. With that the
        // protocol is at its end, and does not see to it that it is written.
        match self.send(reason.map(|reason| Message::Close(Some(reason)))).await {
            Ok(()) | Err(Error::ConnectionClosed) => {}
            Err(error) => return Err(error),
        }
        poll_fn(|cx| {
            self.outbox.with_writer(|writer| writer.poll_write(cx)).unwrap_or(Poll::Ready(Ok(())))
        })
        .await?;
        self.stream.get_ref().shutdown().await?;
        let mut drained = 0;
        let mut rest = vec![0; READ_BUFFER_BYTES];
        while drained < MAX_DRAINED_BYTES {
            match self.stream.read(&mut rest).await? {
                0 => break,
                bytes => drained += bytes,
            }
        }
        Ok(())
    }

    /// Ends at once, and has the system forget what it still holds for a peer that does not read,
    /// which would be kept for minutes.
    pub(crate) fn reset(self) -> io::Result<()> {
        self.stream.get_ref().set_zero_linger()
    }

    fn poll_protocol<T>(
        &mut self,
        cx: &mut Context<'_>,
        act: impl FnOnce(&mut WebSocketContext, &mut Io<'_, '_>) -> Result<T, Error>,
    ) -> Poll<Result<T, Error>> {
        let mut io =
            Io { stream: &mut self.stream, meter: &mut self.meter, outbox: &self.outbox, cx };
        match act(&mut self.protocol, &mut io) {
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
            done => Poll::Ready(done),
        }
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        self.outbox.detach_writer();
    }
}

/// The stream as the protocol wants it: one that says when it would have to wait.
struct Io<'a, 'c> {
    stream: &'a mut ReadAhead<SharedTransport>,
    meter: &'a mut FrameMeter,
    outbox: &'a Outbox,
    cx: &'a mut Context<'c>,
}

impl Read for Io<'_, '_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut room = ReadBuf::new(bytes);
        at_once(Pin::new(&mut *self.stream).poll_read(self.cx, &mut room))?;
        if !self.meter.admits(room.filled(), now()) {
            return Err(io::Error::other(Flood));
        }
        Ok(room.filled().len())
    }
}

impl Write for Io<'_, '_> {
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        let put = |writer: &mut FrameWriter| {
            if writer.is_full() {
                at_once(writer.poll_write(self.cx))?;
            }
            writer.put(frame);
            Ok(frame.len())
        };
        self.outbox.with_writer(put).unwrap_or_else(|| Err(ErrorKind::BrokenPipe.into()))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.outbox
            .with_writer(|writer| at_once(writer.poll_write(self.cx)))
            .unwrap_or_else(|| Err(ErrorKind::BrokenPipe.into()))
    }
}

fn at_once<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}
