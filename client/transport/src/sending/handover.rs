//! Media that one sending task hands to another, when it moves to another transport of a call.
//!
//! In goes a request to give or to take, out comes what the encoder is reached by. What always
//! holds: an encoder is served by one task at a time, and who takes it over begins as with a new
//! one.

use std::sync::mpsc::{SyncSender, sync_channel};

use tokio::sync::{mpsc, oneshot};
use visavis_media::frame::{EncodedAudio, EncodedVideo};

use crate::formats::MediaKind;
use crate::{AudioControl, VideoControl};

/// What a task gives or takes.
#[derive(Debug)]
pub(crate) enum Handover {
    /// Give up a kind of media.
    Give(MediaKind, oneshot::Sender<Outlet>),
    /// Take it over.
    Take(Outlet),
}

/// An encoder's end: what it makes, and what it is told.
#[derive(Debug)]
pub(crate) enum Outlet {
    Audio(mpsc::Receiver<EncodedAudio>, SyncSender<AudioControl>),
    Video(mpsc::Receiver<EncodedVideo>, SyncSender<VideoControl>),
}

/// A queue that nothing comes from.
pub(crate) fn nothing<T>() -> mpsc::Receiver<T> {
    mpsc::channel(1).1
}

/// A queue that nobody reads.
pub(crate) fn nobody<T>() -> SyncSender<T> {
    sync_channel(1).0
}
