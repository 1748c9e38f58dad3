//! What all connections of a server share, whatever protocol they speak: the hub, the limits, the
//! metrics, and the signal that the server shuts down.

pub(crate) mod drain;

use std::sync::Arc;

use self::drain::Drain;
use crate::http::Readiness;
use crate::hub::Hub;
use crate::ice::IceOffer;
use crate::limits::Limits;
use crate::limits::rates::LoginGate;
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
    pub(crate) logins: LoginGate,
    pub(crate) names: NameLog,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) drain: Drain,
}

impl Context {
    pub(crate) fn readiness(&self) -> Readiness {
        if self.drain.has_begun() {
            Readiness::Restarting
        } else if self.hub.can_grant() {
            Readiness::Ready
        } else {
            Readiness::CutOff
        }
    }
}
