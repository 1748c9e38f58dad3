//! Servers nearby, and one on this computer.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use crate::session::snapshot::{Hosted, LoginPhase, NearbyRow, Snapshot};

/// Makes it the state of one of these screens; none of the others changes.
pub(super) fn prepare(s: &mut Snapshot, screen: &str, now: Instant) {
    s.can_host = true;
    "nicos-laptop".clone_into(&mut s.machine);
    let ago = |seconds| now.checked_sub(Duration::from_secs(seconds)).unwrap_or(now);
    match screen {
        "first" => s.looking_since = Some(ago(2)),
        "nearby" | "nearby-none" | "start-here" => {
            s.login = LoginPhase::LoggedOut;
            (s.server, s.username) = (String::new(), "nico".to_owned());
            s.looking_since = Some(ago(20));
            if screen == "nearby" {
                s.nearby = rows();
            }
        }
        "server-here" => {
            s.server = "ws://127.0.0.1:9090".to_owned();
            let address = Some(Ipv4Addr::new(192, 168, 1, 20));
            s.hosting = Some(Hosted { port: 9090, address, online: 4 });
        }
        _ => {}
    }
}

fn rows() -> Vec<NearbyRow> {
    let row = |name: &str, host: u8, online| NearbyRow {
        name: name.to_owned(),
        url: format!("ws://192.168.1.{host}:9090"),
        online,
    };
    vec![
        row("Ольга’s laptop", 21, Some(4)),
        row("studio-nas", 7, Some(0)),
        row("A machine whose name is as long as a name can be on a network", 8, Some(1)),
        row("studio-nas", 9, None),
    ]
}
