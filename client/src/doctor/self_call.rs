//! This computer calls itself through the real server: two sessions, a test pattern and a test
//! tone.

use std::time::Duration;

use tokio::time::timeout;
use visavis_shared::Username;

use super::{Checkup, Finding};
use crate::call::event::CallPhase;
use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::session::driver::{self, SessionHandle};
use crate::session::options::{Identity, SessionOptions};
use crate::session::report::Report;
use crate::session::snapshot::{Intent, LoginPhase, Snapshot};

const PART: &str = "call to oneself";
/// How long each step may take.
const STEP_WITHIN: Duration = Duration::from_secs(20);
/// How long the two talk.
const TALK: Duration = Duration::from_secs(6);
/// Longer delays than these, in milliseconds, hinder a conversation even on one computer.
const GOOD_GLASS_MS: f64 = 60.0;
const GOOD_EAR_MS: f64 = 120.0;

/// A name that nobody has.
pub(super) fn guest_name(end: &str) -> String {
    format!("doctor-{:08x}-{end}", rand::random::<u32>())
}

/// Calls, and notes the delays that the test pattern and the tone tell.
pub(super) async fn examine(
    server: &str,
    options: &SessionOptions,
    checkup: &mut Checkup,
) -> Finding {
    match call(server, options).await {
        Ok(report) => judge(&report, checkup),
        Err(words) => {
            Finding::fails(PART, words, "Run this again with --log info to see where it stops.")
        }
    }
}

fn judge(report: &Report, checkup: &mut Checkup) -> Finding {
    let video = report.video.received.as_ref();
    let glass = video.and_then(|video| video.glass_to_glass_ms.as_ref()).map(|delay| delay.p50);
    let audio = report.audio.received.as_ref();
    let ear = audio.and_then(|audio| audio.mouth_to_ear_ms.as_ref()).map(|delay| delay.p50);
    checkup.glass_to_glass_ms = glass;
    checkup.mouth_to_ear_ms = ear;
    let (Some(glass), Some(ear)) = (glass, ear) else {
        let missing =
            if glass.is_none() { "No picture came through." } else { "No sound came through." };
        return Finding::fails(PART, missing, "Run this again with --log info to see why.");
    };
    let route = match (&report.network.local_candidate, &report.network.remote_candidate) {
        (Some(local), Some(remote)) => format!(" ({local} to {remote})"),
        _ => String::new(),
    };
    let words = format!("Connected{route}. The picture takes {glass:.0} ms, sound {ear:.0} ms.");
    if glass > GOOD_GLASS_MS || ear > GOOD_EAR_MS {
        Finding::weak(PART, words, "This computer is too busy. Close other programs during calls.")
    } else {
        Finding::works(PART, words)
    }
}

async fn call(server: &str, options: &SessionOptions) -> Result<Report, String> {
    let session = || {
        driver::start(SessionOptions {
            identity: Identity::Guest,
            camera: CameraChoice::Pattern,
            microphone: MicrophoneChoice::Tone(440.0),
            speaker: SpeakerChoice::None,
            record_video: None,
            snapshot: None,
            window: false,
            ..options.clone()
        })
    };
    let (mut one, mut other) = (session(), session());
    let report = match talk(&mut one, &mut other, server).await {
        Ok(()) => {
            let report = timeout(STEP_WITHIN, one.reports.recv()).await.ok().flatten();
            report.ok_or("The call produced no report.".to_owned())
        }
        Err(words) => Err(words),
    };
    tokio::join!(one.finish(), other.finish());
    report
}

async fn talk(
    one: &mut SessionHandle,
    other: &mut SessionHandle,
    server: &str,
) -> Result<(), String> {
    let names = [guest_name("a"), guest_name("b")];
    for (session, name) in [&mut *one, &mut *other].into_iter().zip(&names) {
        send(session, Intent::LogIn { server: server.to_owned(), username: name.clone() }).await?;
        until(session, "Logging in took too long.", |s| {
            matches!(s.login, LoginPhase::LoggedIn { .. })
        })
        .await?;
    }
    send(one, Intent::Call { username: names[1].clone() }).await?;
    until(other, "The call did not arrive.", |s| matches!(s.call, CallPhase::Ringing { .. }))
        .await?;
    let from = Username::parse(&names[0]).map_err(|error| error.to_string())?;
    send(other, Intent::Accept { from }).await?;
    for session in [&mut *one, &mut *other] {
        until(session, "No connection was made.", |s| matches!(s.call, CallPhase::InCall { .. }))
            .await?;
    }
    tokio::time::sleep(TALK).await;
    send(one, Intent::HangUp).await?;
    until(other, "The call did not end.", |s| {
        matches!(s.call, CallPhase::Ended { .. } | CallPhase::Idle)
    })
    .await
}

async fn send(session: &SessionHandle, intent: Intent) -> Result<(), String> {
    let sent = session.link.intents.send(intent).await;
    sent.map_err(|_| "The session stopped unexpectedly.".to_owned())
}

async fn until(
    session: &mut SessionHandle,
    words: &str,
    mut fits: impl FnMut(&Snapshot) -> bool,
) -> Result<(), String> {
    let snapshots = &mut session.link.snapshots;
    match timeout(STEP_WITHIN, snapshots.wait_for(|snapshot| fits(snapshot))).await {
        Ok(Ok(_)) => Ok(()),
        _ => Err(words.to_owned()),
    }
}
