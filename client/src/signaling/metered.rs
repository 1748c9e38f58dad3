//! The stream under the WebSocket, which takes from a server no more than a server has to say.
//!
//! The library of the protocol tells of whole messages, so frames that complete none (RFC 6455
//! §5.4) are work that nobody above sees. In go bytes as they come from the network, and the news
//! that a message came ([`Metered::message_received`]); out come the bytes, late if there are too
//! many, or an error. What always holds:
//! - a message takes at most [`MAX_BYTES_OF_A_MESSAGE`] on the network, whatever it is cut into;
//! - bytes are taken at [`BYTES_PER_SECOND`], after silence [`BURST`] of that at once; a read and a
//!   message count for some bytes too, so that many small ones are no way round.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};
use visavis_shared::limits::MAX_RELAYED_BYTES;

/// What a message may take with the frames and the TLS records that carry it.
const MAX_BYTES_OF_A_MESSAGE: usize = 4 * MAX_RELAYED_BYTES;
/// In the long run. A call's beginning takes some dozens of kilobytes.
const BYTES_PER_SECOND: u32 = 1024 * 1024;
/// As much as comes in this time may come at once.
const BURST: Duration = Duration::from_secs(2);
/// What a read, and what a message, counts for beside its bytes.
const BYTES_OF_A_READ: usize = 256;

/// A stream, and what came over it.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    /// Since the last message.
    bytes: usize,
    /// When all that came would have come at the allowed rate.
    due: Instant,
    /// While nothing is read, because too much came.
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> Metered<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, bytes: 0, due: Instant::now(), pause: None }
    }

    /// A message came out of what was read.
    pub(super) fn message_received(&mut self) {
        self.bytes = 0;
        self.count(BYTES_OF_A_READ);
    }

    fn count(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.due =
            self.due.max(Instant::now()) + Duration::from_secs(bytes.into()) / BYTES_PER_SECOND;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.due > Instant::now() + BURST {
            let until = this.due - BURST;
            ready!(
                this.pause.get_or_insert_with(|| Box::pin(sleep_until(until))).as_mut().poll(cx)
            );
        }
        this.pause = None;
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let read = buf.filled().len() - before;
        this.bytes = this.bytes.saturating_add(read);
        this.count(read + BYTES_OF_A_READ);
        if this.bytes > MAX_BYTES_OF_A_MESSAGE {
            let words = "the server sends what completes no message";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, words)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
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
    use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::task::JoinHandle;
    use tokio_tungstenite::MaybeTlsStream;
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_tungstenite::tungstenite::{Error, Message};

    use super::super::socket::{Socket, next};
    use super::*;

    /// The client's end at a server that sends `first`, and `again` so many times; how many times
    /// it could.
    async fn served(
        first: &'static [u8],
        again: &'static [u8],
        times: usize,
    ) -> (Socket<MaybeTlsStream<Metered<DuplexStream>>>, JoinHandle<usize>) {
        let (ours, mut theirs) = duplex(16 * 1024);
        let ours = MaybeTlsStream::Plain(Metered::new(ours));
        let sending = tokio::spawn(async move {
            let _ = theirs.write_all(first).await;
            for sent in 0..times {
                if theirs.write_all(again).await.is_err() {
                    return sent;
                }
            }
            times
        });
        (Socket::from_raw_socket(ours, Role::Client, None).await, sending)
    }

    #[tokio::test(start_paused = true)]
    async fn frames_that_complete_no_message_end_the_connection_after_so_many_bytes() {
        /// Text that is not final and empty; a continuation likewise; a continuation of one byte.
        const BEGIN: &[u8] = &[0x01, 0];
        const MORE: &[u8] = &[0x00, 0];
        const TINY: &[u8] = &[0x00, 1, b' '];
        for again in [MORE, TINY] {
            let (mut socket, sending) = served(BEGIN, again, 100_000_000).await;
            let ended = next(&mut socket).await;
            assert!(matches!(ended, Some(Err(Error::Io(_)))), "{ended:?}");
            drop(socket);
            let bytes = sending.await.unwrap() * again.len();
            let most = MAX_BYTES_OF_A_MESSAGE + 2 * 16 * 1024;
            assert!((MAX_BYTES_OF_A_MESSAGE..most).contains(&(bytes + 16 * 1024)), "{bytes}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_in_many_pieces_is_one_message() {
        const PIECES: &[u8] = &[0x01, 1, b'a', 0x89, 0, 0x00, 0, 0x00, 1, b'b', 0x80, 1, b'c'];
        let (mut socket, _sending) = served(&[], PIECES, 100_000).await;
        for _ in 0..50_000 {
            assert!(matches!(next(&mut socket).await, Some(Ok(Message::Ping(_)))));
            assert_eq!(next(&mut socket).await.unwrap().unwrap(), Message::text("abc"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_sends_without_end_is_read_at_a_rate() {
        for (message, times) in [(&[0x81, 2, b'{', b'}'][..], 50_000), (&[0x89, 0], 50_000)] {
            let (mut socket, _sending) = served(&[], message, usize::MAX).await;
            let began = Instant::now();
            for _ in 0..times {
                assert!(next(&mut socket).await.is_some_and(|message| message.is_ok()));
            }
            let counted = times * (message.len() + BYTES_OF_A_READ);
            let least = counted as u64 / u64::from(BYTES_PER_SECOND) - BURST.as_secs() - 1;
            let took = began.elapsed().as_secs();
            assert!((least..least + 4).contains(&took), "{took} s and not {least}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_server_has_to_say_is_not_delayed() {
        let (mut socket, _sending) = served(&[], &[0x81, 2, b'{', b'}'], 1_000).await;
        let began = Instant::now();
        for _ in 0..1_000 {
            assert!(next(&mut socket).await.is_some_and(|message| message.is_ok()));
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
