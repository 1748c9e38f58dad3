//! Somebody at a window: a display with one window on it, a keyboard, and eyes.

use std::process::Stdio;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::product::APP;
use super::call::Caller;
use super::fresh::Fresh;
use super::quarters::{Quarters, TOLERANCE};
use crate::command;
use crate::display::Display;
use crate::error::Error;
use crate::programs::Running;

/// Beyond this it hangs. Everything is painted by the processor here.
const SOON: Duration = Duration::from_secs(60);
/// How often something that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The colour of such a button in the dark theme (`client/src/ui/design/color.rs`), and what of it
/// is free of words: more than any other mark of that colour has.
const ACCENT: [u8; 3] = [0x4f, 0xc9, 0xae];
const BUTTON: (usize, usize) = (60, 6);
/// How much of the display each colour of the other's picture fills at least; a quarter of the
/// window is twice as much, and no mark or button of the window is so large.
const PART: f64 = 0.08;

/// See the module.
pub(super) struct Person {
    name: &'static str,
    display: Display,
    window: Running,
    home: std::path::PathBuf,
}

impl Person {
    /// Opens a window as somebody who has logged in, perhaps by an invitation.
    pub(super) async fn open(
        system: &Fresh,
        caller: &Caller,
        server: &str,
        invitation: Option<&str>,
    ) -> Result<Self, Error> {
        let display = Display::start().await?;
        let home = format!("/home/{}", caller.name);
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = [
            variable("HOME", &home),
            variable("XDG_RUNTIME_DIR", &format!("/run/user-{}", caller.name)),
            variable("DISPLAY", display.name()),
        ];
        let (film, report) = (caller.film(), caller.report());
        let (camera, microphone) = (format!("file:{film}"), format!("tone:{}", caller.tone_hz));
        let server = format!("ws://{server}");
        let mut words = vec![APP, "--server", &server, "--username", caller.name];
        words.extend(["--camera", &camera, "--microphone", &microphone, "--speaker", "none"]);
        words.extend(["--report", &report]);
        words.extend(invitation);
        let command = system.command(caller.name, &environment, words);
        let mut command = tokio::process::Command::from(command);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let window = Running::spawn(caller.name, &mut command)?;
        Ok(Self { name: caller.name, display, window, home: system.path(&home) })
    }

    /// Presses keys, as xdotool calls them, in the window.
    pub(super) fn presses(&self, keys: &str) -> Result<(), Error> {
        let mut command = std::process::Command::new("xdotool");
        command.env("DISPLAY", self.display.name());
        command.args(["search", "--onlyvisible", "--name", "Visavis", "windowfocus", "--sync"]);
        command::output_of(command.args(["key", keys])).map(drop)
    }

    /// Clicks on the one button that stands out, which is the next step.
    pub(super) async fn clicks_what_stands_out(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + SOON;
        let (x, y) = loop {
            if let Some(middle) = self.display.picture()?.middle_of_block(ACCENT, BUTTON) {
                break middle;
            }
            self.still_runs(deadline, "no button stands out in its window")?;
            sleep(LOOK_EVERY).await;
        };
        let mut command = std::process::Command::new("xdotool");
        command.env("DISPLAY", self.display.name());
        command.args(["mousemove", "--sync", &x.to_string(), &y.to_string(), "click", "1"]);
        command::output_of(&mut command).map(drop)
    }

    /// Whether the window has been painted: before, the display is of one colour.
    pub(super) async fn is_there(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + SOON;
        while self.display.picture()?.part_of([0, 0, 0], 0) > 0.5 {
            self.still_runs(deadline, "its window was not painted")?;
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Whether the other's picture is on the display now.
    pub(super) fn sees(&self, colours: &Quarters) -> Result<bool, Error> {
        let picture = self.display.picture()?;
        Ok(colours.iter().all(|colour| picture.part_of(colour.rgb, TOLERANCE) > PART))
    }

    /// Waits until something is so; fails when the window ends or it is never so.
    pub(super) fn still_runs(&mut self, deadline: Instant, what: &str) -> Result<(), Error> {
        if let Some(status) = self.window.has_ended() {
            return Err(Error::Call(format!("{}'s window ended ({status})", self.name)));
        }
        if Instant::now() > deadline {
            return Err(Error::Call(format!("{}: {what}", self.name)));
        }
        Ok(())
    }

    /// Closes the window as the system does, once the report of the call is there.
    pub(super) async fn leaves(mut self) -> Result<(), Error> {
        let report = self.home.join(super::call::REPORT);
        let deadline = Instant::now() + SOON;
        while !report.is_file() {
            self.still_runs(deadline, "no report of the call was written")?;
            sleep(LOOK_EVERY).await;
        }
        terminate(&self.window)?;
        let status = self.window.ended_within(SOON).await?;
        if status.success() {
            Ok(())
        } else {
            Err(Error::Call(format!("{}'s window did not end as it should ({status})", self.name)))
        }
    }
}

/// Asks a program to end.
pub(super) fn terminate(program: &Running) -> Result<(), Error> {
    let Some(id) = program.id() else { return Ok(()) };
    command::output_of(std::process::Command::new("kill").arg(id.to_string())).map(drop)
}
