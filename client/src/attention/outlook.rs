//! How the desktop is to be. Pure.

use std::time::Instant;

use visavis_shared::Username;

use super::missed::{Missed, MissedCalls};
use super::rules::Rules;
use crate::call::event::CallPhase;
use crate::settings::TimeOfDay;
use crate::trust::CallTrust;

/// What is known at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Where the call is.
    pub call: &'a CallPhase,
    /// Who is at its other end, as far as that is known.
    pub trust: Option<CallTrust>,
    /// Who was missed.
    pub missed: &'a MissedCalls,
    /// Whether the microphone is muted.
    pub muted: bool,
    /// What the person has decided.
    pub rules: &'a Rules,
    /// What time it is where the person is.
    pub now: TimeOfDay,
    /// Whether the window is in front of the person: it has the focus and is not minimised.
    pub window_is_seen: bool,
}

/// What vouches for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouched {
    /// A key, which is no other than before.
    ByKey,
    /// Nothing.
    ByNothing,
    /// Another key than before, or none where there was one: only the window can take the call.
    ByAnotherKey,
}

impl Vouched {
    fn of(trust: Option<CallTrust>) -> Self {
        match trust {
            Some(trust) if trust.standing.is_changed() => Self::ByAnotherKey,
            Some(trust) if !trust.is_not_verified() => Self::ByKey,
            _ => Self::ByNothing,
        }
    }
}

/// A notification of a call that rings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Who calls.
    pub peer: Username,
    /// What vouches for that.
    pub vouched: Vouched,
    /// Since when; tells one call from the next.
    pub since: Instant,
}

/// A notification of calls that were missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedNotification {
    /// Who called, each once, the last caller first.
    pub names: Vec<Username>,
    /// How many calls there were.
    pub calls: u64,
    /// Which call is the last of them; tells one such notification from the next.
    pub last: u64,
}

/// The call as the tray shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TrayCall {
    /// There is none.
    #[default]
    None,
    /// Somebody calls.
    Ringing(Username),
    /// One is placed or taken.
    With(Username),
}

/// What the tray shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tray {
    /// The call.
    pub call: TrayCall,
    /// Whether the microphone is muted.
    pub muted: bool,
    /// How many calls were missed since the window was last seen.
    pub missed: u64,
}

/// How the desktop is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outlook {
    /// The notification of the call that rings; `None` withdraws it.
    pub incoming: Option<Incoming>,
    /// The notification of missed calls; `None` withdraws it.
    pub missed: Option<MissedNotification>,
    /// Whether nothing may be heard, now and when a call comes in.
    pub quiet: bool,
    /// Whether the call that rings is heard.
    pub rings: bool,
    /// Whether the window is to come to the front, and asks for attention where it may not. It
    /// comes once for each call.
    pub raise: Option<Instant>,
    /// Whether the screen stays awake.
    pub keep_awake: bool,
    /// What the tray shows.
    pub tray: Tray,
}

/// What has to be remembered between two moments: which missed calls the person has seen.
#[derive(Debug, Clone, Default)]
pub struct Attention {
    seen: u64,
    /// Up to which of them the notification was put away.
    put_away: u64,
}

impl Attention {
    /// How the desktop is to be now.
    pub fn outlook(&mut self, facts: &Facts<'_>) -> Outlook {
        let total = facts.missed.total();
        // After a log-out the count begins anew.
        self.seen = if facts.window_is_seen { total } else { self.seen.min(total) };
        self.put_away = self.put_away.min(total);
        let ringing = match facts.call {
            CallPhase::Ringing { peer, since } => Some((peer, *since)),
            _ => None,
        };
        let disturbing = ringing.filter(|_| facts.rules.allow_disturbing(facts.now));
        let quiet = !facts.rules.allow_ringing(facts.now);
        Outlook {
            incoming: disturbing
                .filter(|_| facts.rules.notifications && !facts.window_is_seen)
                .map(|(peer, since)| Incoming {
                    peer: peer.clone(),
                    vouched: Vouched::of(facts.trust),
                    since,
                }),
            missed: self.missed(facts),
            quiet,
            rings: ringing.is_some() && !quiet,
            raise: disturbing.map(|(_, since)| since),
            keep_awake: matches!(
                facts.call,
                CallPhase::Connecting { .. }
                    | CallPhase::InCall { .. }
                    | CallPhase::Reconnecting { .. }
            ),
            tray: Tray {
                call: tray_call(facts.call),
                muted: facts.muted,
                missed: total.saturating_sub(self.seen),
            },
        }
    }

    /// The person has put the notification of missed calls away.
    pub fn missed_was_put_away(&mut self, last: u64) {
        self.put_away = self.put_away.max(last);
    }

    fn missed(&self, facts: &Facts<'_>) -> Option<MissedNotification> {
        if !facts.rules.notifications || facts.rules.do_not_disturb {
            return None;
        }
        let known = self.seen.max(self.put_away);
        let loud = || facts.missed.after(known).filter(|missed| !missed.silently);
        let calls = loud().count() as u64;
        let mut names: Vec<Username> = Vec::new();
        for Missed { peer, .. } in loud() {
            names.retain(|name| name != peer);
            names.insert(0, peer.clone());
        }
        (calls > 0).then(|| MissedNotification { names, calls, last: facts.missed.total() })
    }
}

fn tray_call(call: &CallPhase) -> TrayCall {
    match call {
        CallPhase::Idle | CallPhase::Ended { .. } => TrayCall::None,
        CallPhase::Ringing { peer, .. } => TrayCall::Ringing(peer.clone()),
        CallPhase::Calling { peer, .. }
        | CallPhase::Connecting { peer, .. }
        | CallPhase::InCall { peer, .. }
        | CallPhase::Reconnecting { peer, .. } => TrayCall::With(peer.clone()),
    }
}
