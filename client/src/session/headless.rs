//! The person who is not there: drives a session for `visavis call` and `visavis answer`.
//!
//! It sees the same snapshots as a window and sends the same intents. What it did is given in lines
//! for a person, and in the [`ExitReason`].

mod deeds;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use visavis_shared::{RoomId, Username};

use crate::call::event::{CallPhase, EndReason};
use crate::cli::ExitReason;
use crate::session::driver::SessionHandle;
use crate::session::ending::{ending, outcome};
use crate::session::report::Report;
use crate::session::snapshot::{
    CallTrust, CodeState, Intent, LoginPhase, RoomPhase, Snapshot, Standing,
};
use crate::words::Phrase;

use deeds::Deeds;
pub use deeds::Orders;

/// How long the report may take after the end of the call.
const REPORT_WITHIN: Duration = Duration::from_secs(5);
/// The same when the system wants the program to end: what is not measured by then is left out.
const HASTY_REPORT_WITHIN: Duration = Duration::from_millis(1500);

/// What to do.
#[derive(Debug, Clone)]
pub enum Task {
    /// Call somebody.
    Call(Username),
    /// Enter a room; call who is there, or accept the call of who comes. That holds for one call,
    /// also if the server was lost before it.
    Meet(RoomId),
    /// Accept the first call, from this person where one is named; others are declined.
    Answer {
        /// From whom; anyone when `None`.
        from: Option<Username>,
    },
}

/// Who does it, where, and how long.
#[derive(Debug, Clone)]
pub struct Script {
    /// The server as typed.
    pub server: String,
    /// The name to log in with.
    pub username: String,
    /// What to do.
    pub task: Task,
    /// How long it may take to be connected.
    pub timeout: Duration,
    /// When to close the call after it connected; `None` leaves that to the other.
    pub duration: Option<Duration>,
    /// What to do in the call besides talking.
    pub orders: Orders,
}

/// How it went.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The exit code's meaning.
    pub exit: ExitReason,
    /// One line for the person.
    pub words: String,
    /// What was measured.
    pub report: Report,
}

/// Carries the script out. `say` takes each step in words; `interrupted` ends the call early, as
/// hanging up does. The session goes on without a call, so that what was measured can be kept
/// before it is left.
pub async fn run(
    session: &mut SessionHandle,
    script: Script,
    mut say: impl FnMut(&str),
    interrupted: impl Future<Output = ()>,
) -> Outcome {
    let begun = Instant::now();
    let deadline = begun + script.timeout;
    let intent = Intent::LogIn { server: script.server.clone(), username: script.username.clone() };
    let mut person = Person::new(script, deadline);
    let _ = session.link.intents.send(intent).await;
    tokio::pin!(interrupted);
    let (exit, words) = loop {
        let snapshot = Arc::clone(&session.link.snapshots.borrow_and_update());
        let waits = match person.look(&snapshot, &mut say) {
            Step::Wait => true,
            Step::Do(intent) => {
                let _ = session.link.intents.send(intent).await;
                false
            }
            Step::Over(exit, words) => break (exit, words),
        };
        tokio::select! {
            changed = session.link.snapshots.changed() => {
                if changed.is_err() {
                    break (ExitReason::Device, "the session stopped unexpectedly".to_owned());
                }
            }
            // What was asked for shows in the next snapshot, and is not asked for again before.
            () = tokio::time::sleep_until(person.wake_at()), if waits => {}
            () = &mut interrupted, if !person.interrupted => person.interrupted = true,
        }
    };
    let phase = session.link.snapshots.borrow().call.clone();
    let (limit, peer) = match phase {
        CallPhase::Idle => (Duration::ZERO, None),
        CallPhase::Ended { peer, .. } if person.interrupted => (HASTY_REPORT_WITHIN, Some(peer)),
        CallPhase::Ended { peer, .. } => (REPORT_WITHIN, Some(peer)),
        _ => (REPORT_WITHIN, None),
    };
    let report = if limit.is_zero() {
        None
    } else {
        tokio::time::timeout(limit, session.reports.recv()).await.ok().flatten()
    };
    let mut report = report.unwrap_or_else(|| Report {
        outcome: exit_word(exit).to_owned(),
        peer: peer.map(String::from),
        ..Report::default()
    });
    if report.process.wall_s.is_none() {
        report.process = crate::session::process::measure(begun.into_std());
    }
    Outcome { exit, words, report }
}

fn exit_word(exit: ExitReason) -> &'static str {
    match exit {
        ExitReason::Completed | ExitReason::File => "completed",
        ExitReason::Usage => "usage",
        ExitReason::Server => "server",
        ExitReason::NotReached => "no-answer",
        ExitReason::Connection => "failed",
        ExitReason::Device => "device",
    }
}

/// Whether the call comes under another key than before.
fn has_another_key(snapshot: &Snapshot) -> bool {
    snapshot.trust.is_some_and(|trust| trust.standing.is_changed())
}

/// What vouches for the other, in a line.
fn vouched(snapshot: &Snapshot) -> String {
    let line = match snapshot.trust.map(|trust| trust.standing) {
        Some(Standing::Same { confirmed: true, .. }) => {
            "verified: it is the key under which the safety code was compared"
        }
        Some(Standing::Same { .. }) => "verified by earlier calls: it is the same key",
        Some(Standing::New(_)) if snapshot.keys_in_doubt => {
            "perhaps new: remembered keys are missing here, so compare the safety code"
        }
        Some(Standing::New(_)) => "new: the first call with this key, which is remembered now",
        Some(Standing::Unsigned | Standing::Changed { .. }) | None => {
            "not verified: nothing shows who is there"
        }
    };
    line.to_owned()
}

enum Step {
    Wait,
    Do(Intent),
    Over(ExitReason, String),
}

struct Person {
    script: Script,
    deeds: Deeds,
    deadline: Instant,
    hang_up_at: Option<Instant>,
    placed: bool,
    /// Whether whoever waits in the room was called.
    met: bool,
    was_ringing: bool,
    code_said: bool,
    noticed: Vec<Phrase>,
    interrupted: bool,
    gave_up: Option<(ExitReason, String)>,
}

impl Person {
    fn new(script: Script, deadline: Instant) -> Self {
        Self {
            deeds: Deeds::new(script.orders.clone()),
            script,
            deadline,
            hang_up_at: None,
            placed: false,
            met: false,
            was_ringing: false,
            code_said: false,
            noticed: Vec::new(),
            interrupted: false,
            gave_up: None,
        }
    }

    fn wake_at(&self) -> Instant {
        self.hang_up_at.unwrap_or(self.deadline)
    }

    fn look(&mut self, snapshot: &Snapshot, say: &mut impl FnMut(&str)) -> Step {
        for notice in &snapshot.notices {
            if !self.noticed.contains(&notice.text) {
                say(&notice.text.plain());
                self.noticed.push(notice.text.clone());
            }
        }
        let now = Instant::now();
        match &snapshot.call {
            CallPhase::Idle => self.look_at_login(snapshot, now, say),
            CallPhase::Calling { peer, ringing, .. } => {
                if *ringing && !self.was_ringing {
                    self.was_ringing = true;
                    say(&format!("ringing at {peer}'s"));
                }
                self.wait_or_give_up(now, ExitReason::NotReached, || {
                    format!("{peer} did not answer: try again later")
                })
            }
            CallPhase::Ringing { .. } if self.interrupted => Step::Do(Intent::Decline),
            // What there is to decide, a person decides.
            CallPhase::Ringing { peer, .. } if has_another_key(snapshot) => {
                say(&format!("{peer} calls with another key than before: declining"));
                Step::Do(Intent::Decline)
            }
            CallPhase::Ringing { peer, .. } => match &self.script.task {
                Task::Answer { from } if from.as_ref().is_none_or(|from| from == peer) => {
                    say(&format!("{peer} calls: accepting"));
                    Step::Do(Intent::Accept { from: peer.clone() })
                }
                Task::Meet(_) => {
                    say(&format!("{peer} came into the room: accepting"));
                    Step::Do(Intent::Accept { from: peer.clone() })
                }
                _ => {
                    say(&format!("{peer} calls: declining"));
                    Step::Do(Intent::Decline)
                }
            },
            CallPhase::Connecting { peer, .. } => {
                self.wait_or_give_up(now, ExitReason::Connection, || {
                    format!(
                        "couldn't connect to {peer} in time: check the network, or add a TURN \
                         server"
                    )
                })
            }
            CallPhase::InCall { peer, .. } | CallPhase::Reconnecting { peer, .. } => {
                if self.hang_up_at.is_none() {
                    say(&format!("connected to {peer}"));
                    say(&vouched(snapshot));
                    let for_ever = Duration::from_secs(60 * 60 * 24 * 365);
                    self.hang_up_at = Some(now + self.script.duration.unwrap_or(for_ever));
                }
                if let Some(CallTrust { code: CodeState::Here(code), .. }) = snapshot.trust
                    && !std::mem::replace(&mut self.code_said, true)
                {
                    say(&format!("safety code: {code}"));
                }
                if self.interrupted || self.hang_up_at.is_some_and(|at| now >= at) {
                    return Step::Do(Intent::HangUp);
                }
                self.deeds.next(snapshot, say).map_or(Step::Wait, Step::Do)
            }
            CallPhase::Ended { peer, reason, talked } => {
                if self.still_waits(peer, reason)
                    && talked.is_none()
                    && self.hang_up_at.is_none()
                    && !self.interrupted
                    && now < self.deadline
                {
                    return Step::Do(Intent::Dismiss);
                }
                if let Some((exit, words)) = self.gave_up.take() {
                    return Step::Over(exit, words);
                }
                let (_, exit) = outcome(reason, *talked);
                Step::Over(exit, ending(peer.as_str(), reason, *talked).to_string())
            }
        }
    }

    /// Whether the call that ended was not the one that is waited for: it was declined, or somebody
    /// else's.
    fn still_waits(&self, peer: &Username, reason: &EndReason) -> bool {
        match &self.script.task {
            Task::Answer { from } => {
                *reason == EndReason::DeclinedByUs || from.as_ref().is_some_and(|from| from != peer)
            }
            Task::Call(_) | Task::Meet(_) => false,
        }
    }

    /// Who waits in the room for our call, after we came back into it: to call them is what the
    /// command line asks for. When we first come in, that has been done by the time we are there.
    fn who_waits(&self, snapshot: &Snapshot) -> Option<Username> {
        let mate = snapshot.room_mate.as_ref().filter(|mate| mate.came_first)?;
        let logged_in = matches!(snapshot.login, LoginPhase::LoggedIn { .. });
        let meets = matches!(self.script.task, Task::Meet(_))
            && matches!(snapshot.room, RoomPhase::Inside(_));
        (logged_in && meets && !self.met).then(|| mate.username.clone())
    }

    fn look_at_login(
        &mut self,
        snapshot: &Snapshot,
        now: Instant,
        say: &mut impl FnMut(&str),
    ) -> Step {
        if self.interrupted {
            let words = "stopped before anyone was reached";
            return Step::Over(ExitReason::NotReached, words.to_owned());
        }
        if let RoomPhase::Refused(words) = &snapshot.room {
            return Step::Over(ExitReason::NotReached, words.plain());
        }
        if let Some(peer) = self.who_waits(snapshot).filter(|_| now < self.deadline) {
            self.met = true;
            say(&format!("{peer} is in the room: calling"));
            return Step::Do(Intent::Call { username: peer.to_string() });
        }
        match &snapshot.login {
            LoginPhase::Failed(words) => Step::Over(ExitReason::Server, words.plain()),
            LoginPhase::LoggedIn { username } if !self.placed => {
                self.placed = true;
                match &self.script.task {
                    Task::Call(peer) => {
                        say(&format!("logged in as {username}, calling {peer}"));
                        Step::Do(Intent::Call { username: peer.to_string() })
                    }
                    Task::Meet(room) => {
                        say(&format!("logged in as {username}, entering {room}"));
                        Step::Do(Intent::JoinRoom(room.clone()))
                    }
                    Task::Answer { .. } => {
                        say(&format!("logged in as {username}, waiting for a call"));
                        Step::Wait
                    }
                }
            }
            LoginPhase::LoggedOut | LoginPhase::LoggingIn if now >= self.deadline => Step::Over(
                ExitReason::Server,
                format!("{} did not answer in time: check the address", snapshot.server),
            ),
            _ if now >= self.deadline => {
                let what = match self.script.task {
                    Task::Meet(_) => "nobody came into the room in time",
                    Task::Call(_) | Task::Answer { .. } => "nobody called in time",
                };
                Step::Over(ExitReason::NotReached, format!("{what}: allow more with --timeout 5m"))
            }
            _ => Step::Wait,
        }
    }

    fn wait_or_give_up(
        &mut self,
        now: Instant,
        exit: ExitReason,
        words: impl FnOnce() -> String,
    ) -> Step {
        if self.interrupted {
            return Step::Do(Intent::HangUp);
        }
        if now < self.deadline {
            return Step::Wait;
        }
        self.gave_up.get_or_insert_with(|| (exit, words()));
        Step::Do(Intent::GiveUp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::driver::tests::session;

    fn person(task: Task) -> Person {
        let script = Script {
            server: "server".to_owned(),
            username: "alice".to_owned(),
            task,
            timeout: Duration::MAX,
            duration: None,
            orders: Orders::default(),
        };
        Person::new(script, Instant::now() + Duration::from_secs(60))
    }

    #[test]
    fn nobody_accepts_a_call_under_another_key_in_the_place_of_a_person() {
        let bob = Username::parse("bob").unwrap();
        let (before, now) = (visavis_shared::PublicKey([1; 32]), None);
        let trust = CallTrust {
            standing: Standing::Changed { before, now },
            code: CodeState::None,
            page: false,
        };
        let call = CallPhase::Ringing { peer: bob.clone(), since: std::time::Instant::now() };
        let snapshot = Snapshot { call, trust: Some(trust), ..Snapshot::default() };
        let mut said = Vec::new();
        let mut person = person(Task::Answer { from: Some(bob) });
        let step = person.look(&snapshot, &mut |line: &str| said.push(line.to_owned()));
        assert!(matches!(step, Step::Do(Intent::Decline)));
        assert_eq!(said, ["bob calls with another key than before: declining"]);
    }

    #[test]
    fn what_vouches_for_the_other_and_the_code_are_said_once() {
        let bob = Username::parse("bob").unwrap();
        let key = visavis_shared::PublicKey([1; 32]);
        let code = crate::trust::SafetyCode::of(b"a call");
        let call = CallPhase::InCall { peer: bob.clone(), since: std::time::Instant::now() };
        let mut person = person(Task::Call(bob));
        let mut said = Vec::new();
        for code in [CodeState::Awaited, CodeState::Here(code), CodeState::Here(code)] {
            let trust = Some(CallTrust { standing: Standing::New(key), code, page: false });
            let snapshot = Snapshot { call: call.clone(), trust, ..Snapshot::default() };
            let _ = person.look(&snapshot, &mut |line: &str| said.push(line.to_owned()));
        }
        let new = "new: the first call with this key, which is remembered now".to_owned();
        let words = format!("safety code: {code}");
        assert_eq!(said, ["connected to bob".to_owned(), new, words]);
        let unsigned = Snapshot { call, ..Snapshot::default() };
        assert_eq!(vouched(&unsigned), "not verified: nothing shows who is there");
    }

    #[tokio::test]
    async fn a_call_that_is_over_time_is_hung_up_once_however_long_that_takes() {
        let (mut session, mut intents, snapshots) = session();
        let bob = Username::parse("bob").unwrap();
        let since = std::time::Instant::now();
        let call = CallPhase::InCall { peer: bob.clone(), since };
        snapshots.send_replace(Arc::new(Snapshot { call, ..Snapshot::default() }));
        let script = Script {
            server: "server".to_owned(),
            username: "alice".to_owned(),
            task: Task::Call(bob),
            timeout: Duration::ZERO,
            duration: Some(Duration::ZERO),
            orders: Orders::default(),
        };
        let running =
            tokio::spawn(
                async move { run(&mut session, script, |_| {}, std::future::pending()).await },
            );
        // The session is slow to react.
        tokio::time::sleep(Duration::from_millis(200)).await;
        running.abort();
        let _ = running.await;
        let mut sent = Vec::new();
        while let Some(intent) = intents.recv().await {
            sent.push(intent);
        }
        assert!(matches!(sent[..], [Intent::LogIn { .. }, Intent::HangUp]), "{sent:?}");
    }
}
