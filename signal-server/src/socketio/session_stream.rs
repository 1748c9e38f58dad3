//! The stream under a session's WebSocket, as the library gets it.
//!
//! The library neither gives up on a peer that does not read nor lets us end a session whose queue
//! is full, and it reads without end. So all that is done here: a write that waits for too long
//! ends the session, as does far too much that comes in; an ended session reads the end of the
//! stream, and nothing is read while its event queue is crowded.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

use super::session::{End, Session};
use crate::context::Context as Shared;
use crate::hub::now;
use crate::limits::frame_meter::FrameMeter;
use crate::transport::Transport;

/// A stream that obeys its session.
#[derive(Debug)]
pub(super) struct SessionStream {
    transport: Transport,
    /// What the client sent right behind its request.
    early: Bytes,
    session: Arc<Session>,
    patience: Duration,
    meter: FrameMeter,
    shared: Arc<Shared>,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
    /// Only there to be dropped.
    _cut: oneshot::Sender<()>,
}

impl SessionStream {
    /// A stream, and what becomes ready when it is dropped.
    pub(super) fn new(
        transport: Transport,
        early: Bytes,
        session: Arc<Session>,
        shared: Arc<Shared>,
    ) -> (Self, oneshot::Receiver<()>) {
        let (cut, done) = oneshot::channel();
        let (patience, messages) = (shared.timing.write, shared.limits.messages);
        let meter = FrameMeter::new(messages, now());
        (
            Self { transport, early, session, patience, meter, shared, waiting: None, _cut: cut },
            done,
        )
    }

    /// Fails if nothing may be written any more.
    fn check(&self, cx: &Context<'_>) -> io::Result<()> {
        self.session.writer.register(cx.waker());
        if self.session.is_dead() {
            // What the system still holds for the peer would be kept for minutes.
            let _ = self.transport.set_zero_linger();
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    /// Takes back what was just read if it is far too much, which reads as the end, and ends the
    /// session.
    fn judge(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        if !self.meter.admits(&buf.filled()[before..], now()) {
            buf.set_filled(before);
            self.shared.metrics.rate_limited("flood");
            self.session.hang_up(End::Politely);
        }
    }

    /// Looks after a write that may have to wait.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        if waiting.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.session.hang_up(End::AtOnce);
        Poll::Ready(Err(self.check(cx).err().unwrap_or_else(|| io::ErrorKind::TimedOut.into())))
    }
}

impl AsyncRead for SessionStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.session.reader.register(cx.waker());
        if self.session.is_over() {
            return Poll::Ready(Ok(()));
        }
        if self.session.events.has_to_wait(cx.waker()) {
            return Poll::Pending;
        }
        if self.early.has_remaining() {
            let (before, bytes) = (buf.filled().len(), self.early.len().min(buf.remaining()));
            buf.put_slice(&self.early[..bytes]);
            self.early.advance(bytes);
            self.judge(buf, before);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.transport).poll_read(cx, buf))?;
        self.judge(buf, before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SessionStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        let written = Pin::new(&mut self.transport).poll_write(cx, buf);
        if let Poll::Ready(Ok(bytes)) = written {
            self.session.wrote(bytes);
        }
        self.watch(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let flushed = Pin::new(&mut self.transport).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let shut = Pin::new(&mut self.transport).poll_shutdown(cx);
        self.watch(cx, shut)
    }
}
