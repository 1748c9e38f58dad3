//! `visavis doctor`: tries every part that a call needs, and says in words what works, what does
//! not, and what to do.
//!
//! Devices are opened as a call opens them; the encoder encodes; the server is logged in to; the
//! STUN and TURN servers are asked; and at the end this computer calls itself, with a test pattern
//! and a test tone in which time is marked.

mod codecs;
mod devices;
mod echo;
mod finding;
mod nat_probe;
mod network;
mod self_call;

use visavis_shared::IceServer;

use crate::session::options::SessionOptions;
use crate::transport::Consent;

pub use finding::Checkup;
pub use visavis_shared::finding::{Finding, Verdict};

/// What is tried on this computer alone, in this order.
const LOCAL_CHECKS: [fn(&SessionOptions) -> Finding; 5] =
    [devices::camera, devices::microphone, devices::speaker, echo::examine, codecs::examine];

/// Examines everything: the server as typed; devices, sizes and ICE servers as a call would use
/// them. `notify` is given each finding as it is made.
pub async fn examine(
    server: &str,
    options: &SessionOptions,
    mut notify: impl FnMut(&Finding),
) -> Checkup {
    let mut checkup = Checkup::default();
    let mut note = |checkup: &mut Checkup, finding: Finding| {
        notify(&finding);
        checkup.findings.push(finding);
    };
    for check in LOCAL_CHECKS {
        note(&mut checkup, blocking(options.clone(), check).await);
    }
    let (finding, offered) = network::signaling(server).await;
    let reachable = finding.verdict == Verdict::Works;
    note(&mut checkup, finding);
    let servers: Vec<IceServer> = options.ice_servers.iter().cloned().chain(offered).collect();
    // Whoever starts the doctor asks for it to try these servers.
    let consent = Consent::of_the_person();
    let (finding, nat) = network::stun(&consent, &servers).await;
    checkup.nat = nat;
    note(&mut checkup, finding);
    note(&mut checkup, network::turn(&consent, &servers).await);
    let finding = if reachable {
        self_call::examine(server, options, &mut checkup).await
    } else {
        Finding::skipped("call to oneself", "Not tried: this needs the signaling server.")
    };
    note(&mut checkup, finding);
    checkup
}

/// Runs what may block on a thread for that. A check that panics is a finding too, not the end of
/// the examination.
async fn blocking(session: SessionOptions, check: fn(&SessionOptions) -> Finding) -> Finding {
    tokio::task::spawn_blocking(move || check(&session)).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a check broke");
        Finding::fails(
            "this program",
            "A check crashed.",
            "Please report this as a bug, with the output of --log info.",
        )
    })
}
