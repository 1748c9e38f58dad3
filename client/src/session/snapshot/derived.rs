//! What follows from a snapshot.

use super::{Hosted, LoginPhase, Snapshot};
use crate::call::event::{CallPhase, EndReason};
use crate::device::CameraChoice;

impl Snapshot {
    /// Whether there is no camera to be seen through, whether or not it was turned off.
    #[must_use]
    pub fn has_no_camera(&self) -> bool {
        self.camera == CameraChoice::None || (self.camera_missing && !self.camera_live)
    }

    /// The server that runs here, if that is the one that we are logged in to or are to be.
    #[must_use]
    pub fn hosted_here(&self) -> Option<&Hosted> {
        self.hosting.as_ref().filter(|hosted| hosted.is_at(&self.server))
    }

    /// How many others would lose their server with the one that runs here.
    #[must_use]
    pub fn guests(&self) -> usize {
        let Some(hosted) = &self.hosting else { return 0 };
        let us = matches!(self.login, LoginPhase::LoggedIn { .. }) && hosted.is_at(&self.server);
        hosted.online.saturating_sub(usize::from(us))
    }

    /// The server as others reach it, who are not on this computer.
    #[must_use]
    pub fn server_for_others(&self) -> String {
        self.hosted_here().map_or_else(|| self.server.clone(), Hosted::url)
    }

    /// Whether the end of the call is worth a page of its own. One that the person ended, missed,
    /// or mistyped the name for is worth a line over the people.
    #[must_use]
    pub fn end_takes_a_page(&self) -> bool {
        let CallPhase::Ended { peer, reason, .. } = &self.call else { return false };
        let last = self.recent_calls.first();
        let missed = last.is_some_and(|call| call.with == *peer && call.is_missed());
        let own = [EndReason::HungUp, EndReason::DeclinedByUs, EndReason::Unknown];
        !missed && !own.contains(reason)
    }
}
