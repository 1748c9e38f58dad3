//! A connection that keeps the first bytes that came over it.
//!
//! When TLS or the upgrade fails, they tell what is there instead: one that wants TLS, one that has
//! none. At most [`KEPT`] bytes are kept.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A TLS record's head (RFC 8446 §5.1), or the beginning of a line of text.
const KEPT: usize = 5;

/// What came first; nothing before anything came.
#[derive(Debug, Clone, Default)]
pub(super) struct First(Arc<OnceLock<Vec<u8>>>);

impl First {
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.get().map_or(&[], |first| first)
    }
}

/// A stream whose first bytes are kept.
#[derive(Debug)]
pub(super) struct FirstBytes<S> {
    stream: S,
    first: First,
}

impl<S> FirstBytes<S> {
    pub(super) fn of(stream: S) -> (Self, First) {
        let first = First::default();
        (Self { stream, first: first.clone() }, first)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstBytes<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Some(read) = buffer.filled().get(before..).filter(|read| !read.is_empty()) {
            self.first.0.get_or_init(|| read.iter().take(KEPT).copied().collect());
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstBytes<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
