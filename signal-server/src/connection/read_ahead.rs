//! Reading a stream in large pieces for a reader that asks for small ones.
//!
//! A reader keeps its buffer for as long as it lives, so that of an idle connection should be
//! small; but a busy one should not have to ask the system for every kilobyte. Here every thread
//! has one large buffer to read into. When the reader has no room for all of it the buffer stays
//! with the stream until the rest is taken, and nothing more is read before that; so at most
//! [`AHEAD_BYTES`] are kept, and nothing while there is nothing to read.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

/// How much is read at once.
const AHEAD_BYTES: usize = 16 * 1024;
const _: () = assert!(AHEAD_BYTES <= u16::MAX as usize, "places in a buffer are u16");

thread_local! {
    /// A buffer that nothing is kept in.
    static SPARE: Cell<Option<Buffer>> = const { Cell::new(None) };
}

type Buffer = Box<[u8; AHEAD_BYTES]>;

/// A stream that is read ahead of its reader.
#[derive(Debug)]
pub(crate) struct ReadAhead<S> {
    stream: S,
    kept: Option<Kept>,
}

/// What was read ahead and not handed over yet: never nothing.
#[derive(Debug)]
struct Kept {
    buffer: Buffer,
    from: u16,
    to: u16,
}

impl<S> ReadAhead<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, kept: None }
    }

    pub(crate) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Gives the reader what is in a buffer, as far as there is room; the rest is kept.
    fn hand_over(&mut self, kept: Kept, room: &mut ReadBuf<'_>) {
        let Kept { buffer, from, to } = kept;
        let there = &buffer[usize::from(from)..usize::from(to)];
        let now = there.len().min(room.remaining());
        room.put_slice(&there[..now]);
        // Fits, for it is at most what was there.
        let from = from + now as u16;
        if from < to {
            self.kept = Some(Kept { buffer, from, to });
        } else {
            SPARE.set(Some(buffer));
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(kept) = this.kept.take() {
            this.hand_over(kept, room);
            return Poll::Ready(Ok(()));
        }
        if room.remaining() >= AHEAD_BYTES {
            return Pin::new(&mut this.stream).poll_read(cx, room);
        }
        // The thread's buffer; another one while that keeps something.
        let mut buffer = SPARE.take().unwrap_or_else(|| Box::new([0; AHEAD_BYTES]));
        let mut piece = ReadBuf::new(&mut *buffer);
        let read = Pin::new(&mut this.stream).poll_read(cx, &mut piece);
        // Fits: see the constant.
        let to = piece.filled().len() as u16;
        match read {
            Poll::Ready(Ok(())) => this.hand_over(Kept { buffer, from: 0, to }, room),
            Poll::Ready(Err(_)) | Poll::Pending => SPARE.set(Some(buffer)),
        }
        read
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
            let (mut near, mut received) = (ReadAhead::new(near), Vec::new());
            let say = async {
                far.write_all(&sent).await.unwrap();
                drop(far);
            };
            let hear = async {
                let mut room = vec![0; bite];
                loop {
                    match near.read(&mut room).await.unwrap() {
                        0 => break,
                        bytes => received.extend_from_slice(&room[..bytes]),
                    }
                }
            };
            tokio::join!(say, hear);
            assert!(received == sent, "in bites of {bite}: {} bytes", received.len());
        }
    }

    #[tokio::test]
    async fn no_more_is_kept_than_was_read_at_once_and_nothing_once_it_was_taken() {
        let (mut far, near) = duplex(2 * AHEAD_BYTES);
        let mut near = ReadAhead::new(near);
        far.write_all(&vec![1; 2 * AHEAD_BYTES]).await.unwrap();
        near.read_exact(&mut [0; 1]).await.unwrap();
        assert_eq!(
            near.kept.as_ref().map(|kept| usize::from(kept.to - kept.from)),
            Some(AHEAD_BYTES - 1)
        );
        near.read_exact(&mut vec![0; AHEAD_BYTES - 1]).await.unwrap();
        assert!(near.kept.is_none());
    }
}
