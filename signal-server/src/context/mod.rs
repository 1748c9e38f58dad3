//! What all connections of a server share, whatever protocol they speak: the hub, the limits, the
//! metrics, and the signal that the server shuts down.

pub(crate) mod drain;

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::watch;
use visavis_shared::{ClientMessage, ErrorCode, ServerMessage};

use self::drain::Drain;
use crate::http::Readiness;
use crate::hub::{Hindrance, Hub};
use crate::ice::IceOffer;
use crate::limits::Limits;
use crate::limits::rates::{AddressGate, JoinGate};
use crate::limits::timing::Timing;
use crate::observability::logging::NameLog;
use crate::observability::metrics::Metrics;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) hub: Arc<Hub>,
    pub(crate) ice: IceOffer,
    pub(crate) limits: Limits,
    pub(crate) timing: Timing,
    pub(crate) logins: AddressGate,
    pub(crate) joins: AddressGate,
    pub(crate) names: NameLog,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) drain: Drain,
    /// Where connections are encrypted, whether there is a certificate for it.
    pub(crate) certified: Option<watch::Receiver<bool>>,
}

impl Context {
    /// The error for a message that tries one room too many.
    pub(crate) fn refuse_join(
        &self,
        message: &ClientMessage,
        gate: &mut JoinGate,
        address: IpAddr,
    ) -> Option<ServerMessage> {
        const TOO_MANY_ROOMS: &str =
            "There were too many rooms from your address. Try again in a few seconds.";
        if !matches!(message, ClientMessage::Join { .. }) || gate.admits(&self.joins, address) {
            return None;
        }
        self.metrics.rate_limited("joins");
        Some(ServerMessage::Error {
            code: ErrorCode::RateLimited,
            message: TOO_MANY_ROOMS.into(),
            in_reply_to: Some(message.type_name().to_owned()),
            call: None,
        })
    }

    pub(crate) fn readiness(&self) -> Readiness {
        if self.drain.has_begun() {
            return Readiness::Restarting;
        }
        if self.certified.as_ref().is_some_and(|certified| !*certified.borrow()) {
            return Readiness::NoCertificate;
        }
        match self.hub.hindrance() {
            None => Readiness::Ready,
            Some(Hindrance::CutOff) => Readiness::CutOff,
            Some(Hindrance::NoNames) => Readiness::NoNames,
        }
    }
}
