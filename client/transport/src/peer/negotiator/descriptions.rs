//! Descriptions on their way between the other and the library.
//!
//! In: what the other described, and what the library made. Out: what the library is given, and the
//! event with what the other is given, both by [`Exchange`](crate::peer::sdp::Exchange), which
//! keeps what lies between the two.

use visavis_shared::{DescriptionKind, SessionDescription};
use webrtc::error::Result as LibraryResult;
use webrtc::peer_connection::RTCSessionDescription;

use super::event::Answer;
use super::{NegotiationError, Negotiator};
use crate::PeerEvent;
use crate::formats::MediaKind;
use crate::peer::sdp::{self, RemoteDescription};
use crate::peer::video_agreement::VideoAgreement;

impl Negotiator {
    /// Gives the owner a description that the library made, in the form that the other is given.
    pub(super) async fn send(&mut self, SessionDescription { kind, sdp }: SessionDescription) {
        let written = self.exchange.write(kind, &sdp);
        self.exchange.sent(kind, &sdp);
        self.candidates_section = written.candidates_section;
        let description = SessionDescription { kind, sdp: written.sdp };
        self.emit(PeerEvent::LocalDescription(description)).await;
    }

    /// Reads an offer of the other's, and returns what the library is given of it.
    pub(super) fn read_offer(
        &mut self,
        offer: &SessionDescription,
    ) -> Result<String, NegotiationError> {
        if offer.kind != DescriptionKind::Offer {
            return Err(NegotiationError::WrongKind);
        }
        let read = self.exchange.read_offer(&offer.sdp)?;
        self.read(offer, read)
    }

    /// Reads an answer of the other's; likewise.
    pub(super) async fn read_answer(
        &mut self,
        answer: &SessionDescription,
    ) -> Result<Answer, NegotiationError> {
        let provisional = match answer.kind {
            DescriptionKind::Answer => false,
            DescriptionKind::Pranswer => true,
            DescriptionKind::Offer | DescriptionKind::Rollback => {
                return Err(NegotiationError::WrongKind);
            }
        };
        let read = self.exchange.read_answer(&answer.sdp, provisional)?;
        let sdp = self.read(answer, read)?;
        let so_far = self.connection.pc.remote_description().await;
        let so_far = so_far.as_ref().and_then(|theirs| sdp::ice_credentials(&theirs.sdp));
        let credentials = sdp::ice_credentials(&sdp);
        let restarts = credentials.is_some() && credentials != so_far;
        Ok(Answer { sdp, provisional, restarts })
    }

    /// Keeps what was read until the library has taken it, and returns what the library is given.
    fn read(
        &mut self,
        theirs: &SessionDescription,
        read: RemoteDescription,
    ) -> Result<String, NegotiationError> {
        let sdp = read.for_library.clone();
        for_library(SessionDescription { kind: theirs.kind, sdp: sdp.clone() })
            .map_err(NegotiationError::Unusable)?;
        for kind in &read.without_format {
            tracing::debug!(?kind, "the other has no format in common with us");
        }
        self.connection.certificates.accept(read.fingerprints.clone());
        let has_format = !read.without_format.contains(&MediaKind::Video);
        self.about_video = Some(VideoAgreement::read(&theirs.sdp, has_format));
        self.described = Some(read);
        Ok(sdp)
    }
}

/// A description in the library's form; it fails where the library can't read it.
pub(super) fn for_library(description: SessionDescription) -> LibraryResult<RTCSessionDescription> {
    match description.kind {
        DescriptionKind::Offer => RTCSessionDescription::offer(description.sdp),
        DescriptionKind::Answer => RTCSessionDescription::answer(description.sdp),
        DescriptionKind::Pranswer => RTCSessionDescription::pranswer(description.sdp),
        DescriptionKind::Rollback => RTCSessionDescription::rollback(None),
    }
}
