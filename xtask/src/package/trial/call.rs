//! A call from window to window: alice follows an invitation to bob, he accepts, both see and hear
//! each other, she closes the call.
//!
//! Windows that people get can be inspected by nobody, so they are used as by a person: keys are
//! pressed, and the display is looked at. Sound is told by the reports that the windows write.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::fresh::Fresh;
use super::person::Person;
use super::quarters::{self, Quarters};
use super::service::Service;
use crate::error::Error;
use crate::report::Report;

/// The report of a window, in a person's home.
pub(super) const REPORT: &str = "report.json";
/// From following the invitation to seeing each other. Everything is painted by the processor here.
const CONNECTED_WITHIN: Duration = Duration::from_secs(60);
/// How long they look at each other, so that there is something to report.
const TALK: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// What is heard may be off by this much.
const HZ: f64 = 3.0;
/// Frames that are received at least, of some hundred.
const FRAMES: f64 = 30.0;

/// Somebody in a trial.
#[derive(Debug)]
pub(super) struct Caller {
    /// Whom the system, the server and the other know.
    pub(super) name: &'static str,
    /// What they show.
    pub(super) shows: Quarters,
    /// What they sound.
    pub(super) tone_hz: u32,
}

impl Caller {
    pub(super) const ALICE: Self = Self { name: "alice", shows: quarters::ALICES, tone_hz: 440 };
    pub(super) const BOB: Self = Self { name: "bob", shows: quarters::BOBS, tone_hz: 660 };

    /// Where their film lies in the system.
    pub(super) fn film(&self) -> String {
        format!("/tmp/{}.y4m", self.name)
    }

    /// Where their report will lie.
    pub(super) fn report(&self) -> String {
        format!("/home/{}/{REPORT}", self.name)
    }
}

/// Makes a call and holds what came of it against what was shown and sounded.
pub(super) async fn make(
    system: &Fresh,
    service: &Service,
    alice: &Caller,
    bob: &Caller,
) -> Result<(), Error> {
    for caller in [alice, bob] {
        system.write(&caller.film(), quarters::film(&caller.shows))?;
        let report = system.path(&caller.report());
        if report.exists() {
            std::fs::remove_file(&report).map_err(Error::file("removing an old report"))?;
        }
    }
    let mut called = Person::open(system, bob, &service.address, None).await?;
    called.is_there().await?;
    until_online(service, 1, &mut called).await?;
    let invitation = format!("visavis://{}/{}?tls=off", service.address, bob.name);
    let mut caller = Person::open(system, alice, &service.address, Some(&invitation)).await?;
    caller.is_there().await?;
    until_online(service, 2, &mut caller).await?;

    let deadline = Instant::now() + CONNECTED_WITHIN;
    // The invitation has filled in whom to call, and proposes it: the button calls.
    caller.clicks_what_stands_out().await?;
    while !(caller.sees(&bob.shows)? && called.sees(&alice.shows)?) {
        caller.still_runs(deadline, "they do not see each other")?;
        called.still_runs(deadline, "they do not see each other")?;
        // Accepts what rings, and does nothing otherwise.
        called.presses("ctrl+shift+a")?;
        sleep(LOOK_EVERY).await;
    }
    for person in [&caller, &called] {
        // The whole picture, or filled again: a setting, so that there is one to keep.
        person.presses("0")?;
    }
    sleep(TALK).await;
    let both_still_see = caller.sees(&bob.shows)? && called.sees(&alice.shows)?;
    caller.presses("ctrl+w")?;
    caller.leaves().await?;
    called.leaves().await?;
    if !both_still_see {
        return Err(Error::Call("they saw each other, and then no longer".into()));
    }
    for (reporter, other) in [(alice, bob), (bob, alice)] {
        judge(&Report::read(&system.path(&reporter.report()))?, reporter, other)?;
    }
    Ok(())
}

/// Waits until this many are logged in.
async fn until_online(service: &Service, users: u32, last: &mut Person) -> Result<(), Error> {
    let deadline = Instant::now() + CONNECTED_WITHIN;
    while service.users_online().await? < users {
        last.still_runs(deadline, "the log-in takes too long")?;
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Whether the one who reports has heard and seen the other.
fn judge(report: &Report, reporter: &Caller, other: &Caller) -> Result<(), Error> {
    let number = |place: &str| report.number(place).unwrap_or(f64::NAN);
    let (frames, hz) = (number("video.received.frames_decoded"), number("audio.received.tone_hz"));
    // Written so that a number that is missing fails.
    let sees = frames >= FRAMES;
    let hears = (hz - f64::from(other.tone_hz)).abs() <= HZ;
    let is_with = report.word("peer") == Some(other.name);
    if sees && hears && is_with && report.word("outcome") == Some("completed") {
        return Ok(());
    }
    Err(Error::Call(format!(
        "{} received {frames} frames and heard {hz} Hz of {:?}, who sounded {} Hz: {}",
        reporter.name,
        report.word("peer"),
        other.tone_hz,
        report.json()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(peer: &str, frames: &str, hz: &str) -> Report {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(REPORT);
        let text = format!(
            r#"{{"outcome":"completed","peer":"{peer}","video":{{"received":{{{frames}}}}},
                "audio":{{"received":{{{hz}}}}}}}"#
        );
        std::fs::write(&path, text).expect("it can be written");
        Report::read(&path).expect("a report")
    }

    #[test]
    fn only_whoever_saw_and_heard_the_other_passes() {
        let judged = |peer: &str, frames: &str, hz: &str| {
            judge(&report(peer, frames, hz), &Caller::ALICE, &Caller::BOB).is_ok()
        };
        let (frames, hz) = ("\"frames_decoded\":150", "\"tone_hz\":660.4");
        assert!(judged("bob", frames, hz));
        assert!(!judged("eve", frames, hz));
        assert!(!judged("bob", "", hz) && !judged("bob", "\"frames_decoded\":2", hz));
        assert!(!judged("bob", frames, "") && !judged("bob", frames, "\"tone_hz\":440.0"));
    }
}
