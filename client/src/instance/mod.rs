//! One window for each profile: a second start raises the first and hands over what it was started
//! with.
//!
//! A profile is a data folder. Whoever has its lock is first and listens at an endpoint that only
//! the same user reaches; whoever comes later sends one [`Request`] there and ends. In: the folder,
//! and the request. Out: a [`Claim`]. What always holds: the system lets go of the lock when a
//! program dies, so what a dead one left behind stops nobody; where there is no lock, no endpoint
//! or no reply in time, the window opens as if this did not exist; a request is short, has a
//! deadline, and few are read at once.

mod request;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub use request::{Reply, Request};
#[cfg(unix)]
use unix as imp;
#[cfg(windows)]
use windows as imp;

use crate::private_file;

/// The file in the data folder whose lock makes a program the first.
const LOCK_FILE: &str = "window.lock";
/// How long a second start waits for the first, which may be about to start.
const REACH_WITHIN: Duration = Duration::from_secs(3);
/// How often it tries.
const TRY_EVERY: Duration = Duration::from_millis(50);
/// How long the first gives somebody to say what they want.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// How many are listened to at once; others are turned away.
const AT_ONCE: usize = 4;
/// After a fault of the endpoint.
const REST: Duration = Duration::from_millis(200);

/// What a start comes to.
pub enum Claim {
    /// This is the first window of its profile.
    First(First),
    /// The first one has taken the request over: this program has nothing left to do.
    HandedOver,
    /// Neither, for this reason: the window opens and is found by no other.
    Alone(&'static str),
}

/// The first window of a profile. Others find it until this is dropped.
pub struct First {
    /// Held, not read.
    _lock: File,
    listener: Option<imp::Listener>,
}

/// Becomes the first of the profile in `folder`, or hands `request` over to it.
pub async fn claim(folder: &Path, request: &Request) -> Claim {
    let lock = match lock(folder) {
        Ok(lock) => lock,
        Err(error) => {
            tracing::debug!(%error, "no lock for the window");
            return Claim::Alone("the data folder has no lock");
        }
    };
    let Some(place) = imp::Place::of(folder, &key(folder)) else {
        return Claim::Alone("there is no place for an endpoint");
    };
    match lock {
        Some(lock) => {
            let listener = imp::Listener::bind(&place);
            let listener = listener.inspect_err(|error| {
                tracing::debug!(%error, "other starts will not find this window");
            });
            Claim::First(First { _lock: lock, listener: listener.ok() })
        }
        None => match timeout(REACH_WITHIN, hand_over(&place, request)).await {
            Ok(Reply::Taken) => Claim::HandedOver,
            Ok(Reply::NotMine) => Claim::Alone("the first window is somebody else's"),
            Err(_) => Claim::Alone("the first window does not answer"),
        },
    }
}

impl First {
    /// Answers to whoever is started later, until the returned future is dropped.
    pub async fn serve(mut self, answer: impl Fn(Request) -> Reply + Send + Sync + 'static) {
        let Some(listener) = &mut self.listener else { return std::future::pending().await };
        let (answer, places) = (Arc::new(answer), Arc::new(Semaphore::new(AT_ONCE)));
        loop {
            let stream = match listener.accept().await {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::debug!(%error, "somebody who was started later was not heard");
                    tokio::time::sleep(REST).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                if timeout(READ_WITHIN, reply(stream, &*answer)).await.is_err() {
                    tracing::debug!("somebody connected and said nothing");
                }
                drop(place);
            });
        }
    }
}

/// The lock of a profile; `None` where somebody has it.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    private_file::create_dir(folder)?;
    let file = private_file::create(&folder.join(LOCK_FILE))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// What tells the endpoint of one profile from that of another.
fn key(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let hash = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Sends the request, as often as it takes until there is a reply.
async fn hand_over(place: &imp::Place, request: &Request) -> Reply {
    let mut said = false;
    loop {
        match ask(place, request).await {
            Ok(reply) => return reply,
            Err(error) if !said => {
                tracing::debug!(%error, "the first window was not reached yet");
                said = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
}

async fn ask(place: &imp::Place, request: &Request) -> io::Result<Reply> {
    let mut stream = imp::connect(place).await?;
    stream.write_all(request.to_line().as_bytes()).await?;
    let mut line = Vec::new();
    stream.take(request::MOST_BYTES as u64).read_to_end(&mut line).await?;
    Reply::parse(&line).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

async fn reply(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &(impl Fn(Request) -> Reply + Sync),
) {
    let (mut line, mut piece) = (Vec::new(), [0; 512]);
    while !line.contains(&b'\n') {
        match stream.read(&mut piece).await {
            Ok(count @ 1..) if line.len() + count <= request::MOST_BYTES => {
                line.extend_from_slice(&piece[..count]);
            }
            _ => return,
        }
    }
    if let Some(request) = Request::parse(&line) {
        // Whoever asked may have stopped waiting.
        let _ = stream.write_all(answer(request).to_line().as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
