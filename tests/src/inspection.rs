//! Drives a real window from outside: finds widgets as a screen reader does, presses, types, takes
//! screenshots.
//!
//! The program must be built with its `inspection` feature and started with
//! `EGUI_INSPECTION=127.0.0.1:PORT`; then it serves the `egui_inspection` protocol there: on
//! connecting it sends `eins` and a version, after which each `MessagePack` request, led by its
//! length, gets one reply. In: that address, and what a person would look for ([`By`]). Out:
//! [`Widget`]s, screenshots, or an error that lists what was on the screen instead. What always
//! holds: nothing waits longer than its limit, and a press is made only on a widget that is there.
//!
//! ```no_run
//! # use std::time::Duration;
//! # use visavis_tests::inspection::{By, InspectionError, Inspector};
//! # fn main() -> Result<(), InspectionError> {
//! let mut alice = Inspector::connect("127.0.0.1:5719", Duration::from_secs(10))?;
//! alice.fill(&By::name("Username"), "alice")?;
//! alice.click(&By::name("Log in"))?;
//! alice.wait_for(&By::containing("online"), Duration::from_secs(5))?;
//! alice.screenshot()?.save("target/screenshots/people.png")?;
//! # Ok(())
//! # }
//! ```

mod screenshot;
mod widget;

use std::io::{self, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, PointerButton, Pos2};
use egui_inspection::protocol::read_handshake;
use egui_inspection::{PROTOCOL_VERSION, Request, Response, read_message, write_message};

use self::widget::named_widgets;

pub use self::screenshot::{Pixels, Screenshot};
pub use self::widget::{By, Widget};

/// How often something that is waited for is looked for.
const LOOK_INTERVAL: Duration = Duration::from_millis(40);
/// How long a press or a text looks for its widget.
const ACT_TIMEOUT: Duration = Duration::from_secs(5);
/// The window gives up on a request after 20 s and replies so; this comes after that.
const REPLY_TIMEOUT: Duration = Duration::from_secs(30);

/// What went wrong with a window.
#[derive(Debug, thiserror::Error)]
pub enum InspectionError {
    /// Nothing listens there.
    #[error(
        "no window answers at {address} ({source}); is the program built with its inspection feature?"
    )]
    Connect {
        /// The address of its inspection feature.
        address: String,
        /// Why, at the last attempt.
        source: io::Error,
    },
    /// The connection broke: most likely the program ended.
    #[error("the connection to the window broke ({0})")]
    Lost(#[from] io::Error),
    /// It speaks another version of the protocol.
    #[error("the window speaks version {0} of the inspection protocol, not {PROTOCOL_VERSION}")]
    Version(u32),
    /// The window could not do what was requested.
    #[error("the window refused: {0}")]
    Refused(String),
    /// The reply does not go with the request.
    #[error("the window gave a reply of the wrong kind")]
    WrongReply,
    /// What was looked for did not come (or did not go) in time.
    #[error("{wanted} after {waited:?}; on the screen: {seen:?}")]
    NotSeen {
        /// What was waited for.
        wanted: String,
        /// How long.
        waited: Duration,
        /// The names of everything that was there instead.
        seen: Vec<String>,
    },
    /// The screenshot can't be read.
    #[error("the screenshot can't be read ({0})")]
    Picture(#[from] png::DecodingError),
    /// The screenshot can't be saved.
    #[error("the screenshot can't be saved as {path} ({source})")]
    Save {
        /// Where it was to be saved.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A connection to one window.
pub struct Inspector {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Inspector {
    /// Connects, trying again until the window is there or the time is up.
    ///
    /// # Errors
    /// [`InspectionError::Connect`] or [`InspectionError::Version`].
    pub fn connect(address: &str, timeout: Duration) -> Result<Self, InspectionError> {
        let deadline = Instant::now() + timeout;
        loop {
            match Self::connect_once(address) {
                Ok((version, _)) if version != PROTOCOL_VERSION => {
                    return Err(InspectionError::Version(version));
                }
                Ok((_, inspector)) => return Ok(inspector),
                Err(_) if Instant::now() < deadline => std::thread::sleep(LOOK_INTERVAL),
                Err(source) => {
                    return Err(InspectionError::Connect { address: address.to_owned(), source });
                }
            }
        }
    }

    fn connect_once(address: &str) -> io::Result<(u32, Self)> {
        let writer = TcpStream::connect(address)?;
        writer.set_nodelay(true)?;
        writer.set_read_timeout(Some(REPLY_TIMEOUT))?;
        let mut reader = BufReader::new(writer.try_clone()?);
        let version = read_handshake(&mut reader)?;
        Ok((version, Self { reader, writer }))
    }

    fn request(&mut self, request: &Request) -> Result<Response, InspectionError> {
        write_message(&mut self.writer, request)?;
        self.writer.flush()?;
        match read_message(&mut self.reader)? {
            Response::Error { message } => Err(InspectionError::Refused(message)),
            response => Ok(response),
        }
    }

    /// Everything on the screen that has a name.
    ///
    /// # Errors
    /// The window is gone or refused.
    pub fn widgets(&mut self) -> Result<Vec<Widget>, InspectionError> {
        match self.request(&Request::GetTree)? {
            Response::Tree { accesskit, .. } => {
                Ok(accesskit.as_ref().map(named_widgets).unwrap_or_default())
            }
            _ => Err(InspectionError::WrongReply),
        }
    }

    /// Looks once.
    ///
    /// # Errors
    /// The window is gone or refused.
    pub fn find(&mut self, by: &By) -> Result<Option<Widget>, InspectionError> {
        Ok(self.widgets()?.into_iter().find(|widget| by.fits(widget)))
    }

    /// Looks once for all that fit.
    ///
    /// # Errors
    /// The window is gone or refused.
    pub fn find_all(&mut self, by: &By) -> Result<Vec<Widget>, InspectionError> {
        Ok(self.widgets()?.into_iter().filter(|widget| by.fits(widget)).collect())
    }

    /// Waits until a widget is there.
    ///
    /// # Errors
    /// [`InspectionError::NotSeen`] when it did not come in time, or the window is gone or refused.
    pub fn wait_for(&mut self, by: &By, timeout: Duration) -> Result<Widget, InspectionError> {
        let wanted = |by: &By| format!("{:?} did not appear", by.text);
        self.wait(timeout, || wanted(by), |widgets| widgets.iter().find(|w| by.fits(w)).cloned())
    }

    /// Waits until no such widget is there any more.
    ///
    /// # Errors
    /// [`InspectionError::NotSeen`] when it stayed, or the window is gone or refused.
    pub fn wait_until_gone(&mut self, by: &By, timeout: Duration) -> Result<(), InspectionError> {
        let wanted = || format!("{:?} did not go away", by.text);
        self.wait(timeout, wanted, |widgets| (!widgets.iter().any(|w| by.fits(w))).then_some(()))
    }

    /// Waits until a widget is there and can be used.
    fn wait_until_usable(&mut self, by: &By) -> Result<Widget, InspectionError> {
        let wanted = || format!("{:?} can't be used", by.text);
        self.wait(ACT_TIMEOUT, wanted, |widgets| {
            widgets.iter().find(|w| by.fits(w) && !w.disabled).cloned()
        })
    }

    fn wait<T>(
        &mut self,
        timeout: Duration,
        wanted: impl Fn() -> String,
        look: impl Fn(&[Widget]) -> Option<T>,
    ) -> Result<T, InspectionError> {
        let started = Instant::now();
        loop {
            let widgets = self.widgets()?;
            if let Some(found) = look(&widgets) {
                return Ok(found);
            }
            let waited = started.elapsed();
            if waited >= timeout {
                let seen = widgets.into_iter().map(|widget| widget.name).collect();
                return Err(InspectionError::NotSeen { wanted: wanted(), waited, seen });
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Gives the window input as if from mouse and keyboard; returns when it has been handled.
    ///
    /// # Errors
    /// The window is gone or refused.
    pub fn input(&mut self, events: Vec<Event>) -> Result<(), InspectionError> {
        match self.request(&Request::ApplyEvents { events })? {
            Response::Done => Ok(()),
            _ => Err(InspectionError::WrongReply),
        }
    }

    /// Moves the mouse.
    ///
    /// # Errors
    /// The window is gone or refused.
    pub fn hover(&mut self, place: Pos2) -> Result<(), InspectionError> {
        self.input(vec![Event::PointerMoved(place)])
    }

    /// Waits for a widget that can be used and presses it with the mouse.
    ///
    /// # Errors
    /// [`InspectionError::NotSeen`], or the window is gone or refused.
    pub fn click(&mut self, by: &By) -> Result<(), InspectionError> {
        let pos = self.wait_until_usable(by)?.center();
        // In a pass of its own: controls that have faded come back for the mouse before they can be
        // pressed.
        self.hover(pos)?;
        for pressed in [true, false] {
            let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
            self.input(vec![Event::PointerButton { pos, button, pressed, modifiers }])?;
        }
        Ok(())
    }

    /// Waits for a field and replaces what stands in it.
    ///
    /// # Errors
    /// [`InspectionError::NotSeen`], or the window is gone or refused.
    pub fn fill(&mut self, by: &By, text: &str) -> Result<(), InspectionError> {
        self.click(&by.clone().role(Role::TextInput))?;
        self.press(Modifiers::COMMAND, Key::A)?;
        self.input(vec![Event::Text(text.to_owned())])
    }

    /// Presses a key, with modifiers.
    ///
    /// # Errors
    /// The window is gone or refused.
    pub fn press(&mut self, modifiers: Modifiers, key: Key) -> Result<(), InspectionError> {
        let event =
            |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
        self.input(vec![Event::ModifiersChanged(modifiers), event(true)])?;
        self.input(vec![event(false), Event::ModifiersChanged(Modifiers::NONE)])
    }

    /// Gives the window another size, in points.
    ///
    /// # Errors
    /// The window is gone or refused.
    pub fn resize(&mut self, width: u32, height: u32) -> Result<(), InspectionError> {
        match self.request(&Request::Resize { width, height })? {
            Response::Done => Ok(()),
            _ => Err(InspectionError::WrongReply),
        }
    }

    /// Takes a screenshot at one pixel per point, so that its places are those of [`Widget`]s.
    ///
    /// # Errors
    /// The window is gone or refused.
    pub fn screenshot(&mut self) -> Result<Screenshot, InspectionError> {
        match self.request(&Request::GetScreenshot { pixels_per_point: Some(1.0) })? {
            Response::Screenshot(file) => Ok(Screenshot { png: file.bytes }),
            _ => Err(InspectionError::WrongReply),
        }
    }
}

#[cfg(test)]
mod tests;
