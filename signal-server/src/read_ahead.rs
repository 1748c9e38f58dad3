//! Reading a stream in large pieces for a reader that asks for small ones.
//!
//! A reader keeps its buffer for as long as it lives, so that of an idle connection should be small; but a busy one
//! should not have to ask the system for every kilobyte. Here every thread has one large buffer to read into. What the
//! reader has no room for is kept for it, and nothing more is read before it has taken that; so at most
//! [`AHEAD_BYTES`] are kept, and nothing while there is nothing to read.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read at once.
const AHEAD_BYTES: usize = 16 * 1024;

thread_local! {
    /// Holds nothing between two reads.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; AHEAD_BYTES].into_boxed_slice());
}

/// A stream that is read ahead of its reader. Writing goes straight through.
#[derive(Debug)]
pub(crate) struct ReadAhead<S> {
    stream: S,
    kept: Bytes,
}

impl<S> ReadAhead<S> {
    /// Reads this stream ahead.
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, kept: Bytes::new() }
    }

    /// The stream itself.
    pub(crate) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Gives the reader what is kept for it, as far as there is room.
    fn hand_over(&mut self, room: &mut ReadBuf<'_>) {
        let bytes = self.kept.len().min(room.remaining());
        room.put_slice(&self.kept[..bytes]);
        self.kept.advance(bytes);
        if self.kept.is_empty() {
            // Gives the memory back.
            self.kept = Bytes::new();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.kept.is_empty() {
            this.hand_over(room);
            return Poll::Ready(Ok(()));
        }
        if room.remaining() >= AHEAD_BYTES {
            return Pin::new(&mut this.stream).poll_read(cx, room);
        }
        BUFFER.with_borrow_mut(|buffer| {
            let mut piece = ReadBuf::new(buffer);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut piece))?;
            let (now, later) = piece.filled().split_at(piece.filled().len().min(room.remaining()));
            room.put_slice(now);
            if !later.is_empty() {
                this.kept = Bytes::copy_from_slice(later);
            }
            Poll::Ready(Ok(()))
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn what_is_read_in_small_bites_is_what_was_sent() {
        let sent: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
        for bite in [1, 7, 1024, AHEAD_BYTES - 1, AHEAD_BYTES, 3 * AHEAD_BYTES] {
            let (mut far, near) = duplex(50_000);
            let (mut near, mut heard) = (ReadAhead::new(near), Vec::new());
            let say = async {
                far.write_all(&sent).await.unwrap();
                drop(far);
            };
            let hear = async {
                let mut room = vec![0; bite];
                loop {
                    match near.read(&mut room).await.unwrap() {
                        0 => break,
                        bytes => heard.extend_from_slice(&room[..bytes]),
                    }
                }
            };
            tokio::join!(say, hear);
            assert!(heard == sent, "in bites of {bite}: {} bytes", heard.len());
        }
    }

    #[tokio::test]
    async fn no_more_is_kept_than_was_read_at_once_and_nothing_once_it_was_taken() {
        let (mut far, near) = duplex(2 * AHEAD_BYTES);
        let mut near = ReadAhead::new(near);
        far.write_all(&vec![1; 2 * AHEAD_BYTES]).await.unwrap();
        near.read_exact(&mut [0; 1]).await.unwrap();
        assert_eq!(near.kept.len(), AHEAD_BYTES - 1);
        near.read_exact(&mut vec![0; AHEAD_BYTES - 1]).await.unwrap();
        assert!(near.kept.is_empty());
    }

    #[tokio::test]
    async fn what_is_said_goes_straight_through() {
        let (mut far, near) = duplex(64);
        let mut near = ReadAhead::new(near);
        near.write_all(b"hello").await.unwrap();
        near.shutdown().await.unwrap();
        let mut heard = String::new();
        far.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "hello");
    }
}
