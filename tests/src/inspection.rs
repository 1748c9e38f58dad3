//! Drives a real window from outside: finds widgets as a screen reader does, presses, types, takes
//! pictures.
//!
//! The program must be built with its `inspection` feature and started with
//! `EGUI_INSPECTION=127.0.0.1:PORT`; then it serves the `egui_inspection` protocol there: on
//! connecting it sends `eins` and a version, after which each `MessagePack` request, led by its
//! length, gets one reply. In: that address, and what a person would look for ([`By`]). Out:
//! [`Widget`]s, pictures, or an error that lists what was on the screen instead. What always holds:
//! nothing waits longer than it was told to, and a press is made only on a widget that is there.
//!
//! ```no_run
//! # use std::time::Duration;
//! # use visavis_tests::inspection::{By, InspectionError, Inspector};
//! # fn main() -> Result<(), InspectionError> {
//! let mut alice = Inspector::connect("127.0.0.1:5719", Duration::from_secs(10))?;
//! alice.fill(&By::name("Your name"), "alice")?;
//! alice.click(&By::name("Log in"))?;
//! alice.wait_for(&By::containing("online"), Duration::from_secs(5))?;
//! alice.screenshot()?.save("target/screenshots/people.png")?;
//! # Ok(())
//! # }
//! ```

use std::io::{self, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::accesskit::{Node, NodeId, Role, TreeUpdate};
use egui::{Event, Key, Modifiers, PointerButton, Pos2, pos2};
use egui_inspection::protocol::read_handshake;
use egui_inspection::{PROTOCOL_VERSION, Request, Response, read_message, write_message};

/// How often something that is waited for is looked for.
const LOOK_INTERVAL: Duration = Duration::from_millis(40);
/// How long a press or a text looks for its widget.
const ACT_TIMEOUT: Duration = Duration::from_secs(5);
/// The window gives up on a request after 20 s and says so; this comes after that.
const REPLY_TIMEOUT: Duration = Duration::from_secs(30);

/// What went wrong with a window.
#[derive(Debug, thiserror::Error)]
pub enum InspectionError {
    /// Nothing listens there.
    #[error(
        "no window answers at {address} ({source}); is the program built with its inspection feature?"
    )]
    Connect {
        /// Where.
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
    /// The window could not do what it was asked.
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
    /// The picture can't be read.
    #[error("the picture can't be read ({0})")]
    Picture(#[from] png::DecodingError),
    /// The picture can't be saved.
    #[error("the picture can't be saved as {path} ({source})")]
    Save {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    role: Option<Role>,
    text: String,
    part: bool,
}

impl By {
    /// A widget of exactly this name: the text on a button, the caption of a field, a line of text.
    #[must_use]
    pub fn name(text: &str) -> Self {
        Self { role: None, text: text.to_owned(), part: false }
    }

    /// A widget whose name holds this text.
    #[must_use]
    pub fn containing(text: &str) -> Self {
        Self { role: None, text: text.to_owned(), part: true }
    }

    /// The same, but only of this kind.
    #[must_use]
    pub fn role(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    fn fits(&self, widget: &Widget) -> bool {
        self.role.is_none_or(|role| role == widget.role)
            && if self.part { widget.name.contains(&self.text) } else { widget.name == self.text }
    }
}

/// A widget as a screen reader sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Widget {
    /// What kind it is.
    pub role: Role,
    /// What it is called.
    pub name: String,
    /// What stands in it, for a field or a list.
    pub value: Option<String>,
    /// Its upper left corner, in points.
    pub min: Pos2,
    /// Its lower right corner, in points.
    pub max: Pos2,
    /// Whether it can't be used now.
    pub disabled: bool,
    /// Whether it has the keyboard.
    pub focused: bool,
}

impl Widget {
    /// Its middle, in points.
    #[must_use]
    pub fn center(&self) -> Pos2 {
        self.min + (self.max - self.min) / 2.0
    }
}

/// A picture of the window.
#[derive(Debug, Clone)]
pub struct Screenshot {
    /// The PNG file.
    pub png: Vec<u8>,
}

impl Screenshot {
    /// Writes the PNG file, with the folders it needs.
    ///
    /// # Errors
    /// [`InspectionError::Save`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), InspectionError> {
        let path = path.as_ref();
        let folders = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        folders
            .and_then(|()| std::fs::write(path, &self.png))
            .map_err(|source| InspectionError::Save { path: path.to_owned(), source })
    }

    /// The pixels.
    ///
    /// # Errors
    /// [`InspectionError::Picture`] when it is no PNG of 8-bit RGBA, which is what windows send.
    pub fn pixels(&self) -> Result<Pixels, InspectionError> {
        let mut reader = png::Decoder::new(io::Cursor::new(&self.png)).read_info()?;
        let mut rgba = vec![0; reader.output_buffer_size().unwrap_or(0)];
        let info = reader.next_frame(&mut rgba)?;
        if info.color_type != png::ColorType::Rgba || info.bit_depth != png::BitDepth::Eight {
            return Err(InspectionError::WrongReply);
        }
        rgba.truncate(info.buffer_size());
        Ok(Pixels { width: info.width, height: info.height, rgba })
    }
}

/// The pixels of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Row by row, four bytes each.
    pub rgba: Vec<u8>,
}

impl Pixels {
    /// Red, green, blue at a place; `None` outside.
    #[must_use]
    pub fn at(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let start = (y as usize * self.width as usize + x as usize) * 4;
        let pixel = self.rgba.get(start..start + 3)?;
        <[u8; 3]>::try_from(pixel).ok()
    }
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

    fn ask(&mut self, request: &Request) -> Result<Response, InspectionError> {
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
        match self.ask(&Request::GetTree)? {
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
        match self.ask(&Request::ApplyEvents { events })? {
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
        match self.ask(&Request::Resize { width, height })? {
            Response::Done => Ok(()),
            _ => Err(InspectionError::WrongReply),
        }
    }

    /// Takes a picture at one pixel per point, so that its places are those of [`Widget`]s.
    ///
    /// # Errors
    /// The window is gone or refused.
    pub fn screenshot(&mut self) -> Result<Screenshot, InspectionError> {
        match self.ask(&Request::GetScreenshot { pixels_per_point: Some(1.0) })? {
            Response::Screenshot(picture) => Ok(Screenshot { png: picture.bytes }),
            _ => Err(InspectionError::WrongReply),
        }
    }
}

/// The widgets of a tree that have a name and a place.
fn named_widgets(tree: &TreeUpdate) -> Vec<Widget> {
    tree.nodes
        .iter()
        .filter(|(_, node)| !node.is_hidden())
        .filter_map(|(id, node)| {
            let name = name_of(tree, node).filter(|name| !name.trim().is_empty())?;
            let bounds = node.bounds()?;
            Some(Widget {
                role: node.role(),
                value: node.value().filter(|_| node.role() != Role::Label).map(str::to_owned),
                min: pos2(bounds.x0 as f32, bounds.y0 as f32),
                max: pos2(bounds.x1 as f32, bounds.y1 as f32),
                disabled: node.is_disabled(),
                focused: tree.focus == *id,
                name,
            })
        })
        .collect()
}

/// What a node is called: by itself, or by the nodes that label it.
fn name_of(tree: &TreeUpdate, node: &Node) -> Option<String> {
    let own = |node: &Node| match node.role() {
        Role::Label => node.value().or(node.label()).map(str::to_owned),
        _ => node.label().map(str::to_owned),
    };
    own(node).or_else(|| {
        let by_id =
            |id: &NodeId| tree.nodes.iter().find(|(other, _)| other == id).map(|(_, node)| node);
        let names: Vec<String> =
            node.labelled_by().iter().filter_map(by_id).filter_map(own).collect();
        (!names.is_empty()).then(|| names.join(" "))
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use egui_inspection::protocol::write_handshake;

    use super::*;

    /// A window that answers these replies, one after the other, and returns what it was asked.
    fn window(replies: Vec<Response>) -> (String, JoinHandle<Vec<Request>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let thread = std::thread::Builder::new()
            .name("window".to_owned())
            .spawn(move || {
                let (mut stream, _) = listener.accept().expect("a client");
                write_handshake(&mut stream).expect("greeted");
                replies
                    .into_iter()
                    .map(|reply| {
                        let request = read_message(&mut stream).expect("a request");
                        write_message(&mut stream, &reply).expect("replied");
                        request
                    })
                    .collect()
            })
            .expect("a thread");
        (address, thread)
    }

    /// A tree as egui makes it: a labelled field, a line of text, a button.
    fn tree(button_disabled: bool) -> Response {
        let mut ctx_nodes = Vec::new();
        let mut add = |id: u64, role: Role, edit: &dyn Fn(&mut Node)| {
            let mut node = Node::new(role);
            node.set_bounds(egui::accesskit::Rect { x0: 10.0, y0: 20.0, x1: 30.0, y1: 60.0 });
            edit(&mut node);
            ctx_nodes.push((NodeId(id), node));
        };
        add(1, Role::Window, &|_| {});
        add(2, Role::Label, &|node| node.set_value("Your name"));
        add(3, Role::TextInput, &|node| {
            node.push_labelled_by(NodeId(2));
            node.set_value("alice");
        });
        add(4, Role::Button, &|node| {
            node.set_label("Log in");
            if button_disabled {
                node.set_disabled();
            }
        });
        let update = TreeUpdate {
            nodes: ctx_nodes,
            tree: None,
            tree_id: egui::accesskit::TreeId::ROOT,
            focus: NodeId(3),
        };
        Response::Tree { step: 1, pixels_per_point: 1.0, accesskit: Some(update) }
    }

    fn connect(address: &str) -> Inspector {
        Inspector::connect(address, Duration::from_secs(5)).expect("connected")
    }

    #[test]
    fn a_field_is_found_by_the_caption_that_labels_it() {
        let (address, thread) = window(vec![tree(false)]);
        let by = By::name("Your name").role(Role::TextInput);
        let field = connect(&address).find(&by).expect("a reply").expect("the field");
        assert_eq!(
            (field.value.as_deref(), field.focused, field.center()),
            (Some("alice"), true, pos2(20.0, 40.0))
        );
        thread.join().expect("served");
    }

    #[test]
    fn a_press_waits_until_the_button_can_be_used_and_then_goes_to_its_middle() {
        let done = || Response::Done;
        let (address, thread) = window(vec![tree(true), tree(false), done(), done(), done()]);
        connect(&address).click(&By::name("Log in")).expect("pressed");
        let asked = thread.join().expect("served");
        let places: Vec<Pos2> = asked
            .iter()
            .filter_map(|request| match request {
                Request::ApplyEvents { events } => events.first(),
                _ => None,
            })
            .filter_map(|event| match event {
                Event::PointerMoved(pos) | Event::PointerButton { pos, .. } => Some(*pos),
                _ => None,
            })
            .collect();
        assert_eq!(places, [pos2(20.0, 40.0); 3]);
    }

    #[test]
    fn what_does_not_come_is_an_error_that_lists_what_was_there() {
        let (address, thread) = window(vec![tree(false)]);
        let error = connect(&address)
            .wait_for(&By::containing("online"), Duration::ZERO)
            .expect_err("not there");
        assert!(
            matches!(&error, InspectionError::NotSeen { seen, .. }
            if seen == &["Your name", "Your name", "Log in"]),
            "{error}"
        );
        thread.join().expect("served");
    }

    #[test]
    fn a_window_that_is_not_there_is_an_error_in_time() {
        let free = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port");
        let outcome = Inspector::connect(&free.to_string(), Duration::from_millis(50));
        assert!(matches!(outcome, Err(InspectionError::Connect { .. })));
    }

    #[test]
    fn pixels_of_a_picture_are_where_they_were() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 2, 1);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&[1, 2, 3, 255, 4, 5, 6, 255]).expect("data");
        writer.finish().expect("finished");
        let pixels = Screenshot { png: file }.pixels().expect("pixels");
        assert_eq!(
            (pixels.at(0, 0), pixels.at(1, 0), pixels.at(2, 0)),
            (Some([1, 2, 3]), Some([4, 5, 6]), None)
        );
        assert!(Screenshot { png: vec![1, 2, 3] }.pixels().is_err());
    }
}
