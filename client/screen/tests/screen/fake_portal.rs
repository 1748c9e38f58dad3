//! A portal that a test plays: it says yes or no, hangs, stops, or talks nonsense.

use std::collections::HashMap;
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zbus::zvariant::{ObjectPath, OwnedFd, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, interface};

use crate::session::{Session, block_on};

/// What the portal of a test answers.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Answer {
    /// The person said no.
    No,
    /// Nothing: the person thinks about it.
    Waits,
    /// The person said yes, and PipeWire is not there.
    YesWithoutPipeWire,
    /// The person said yes; then the desktop stops it.
    YesThenStops,
    /// Something that is no response of a portal.
    Nonsense,
}

/// What it was asked for.
pub(crate) type Asked = Arc<Mutex<HashMap<String, OwnedValue>>>;

struct Portal {
    answer: Answer,
    asked: Asked,
}

type Options = HashMap<String, OwnedValue>;

pub(crate) fn text(options: &Options, name: &str) -> String {
    String::try_from(options[name].try_clone().expect("a value")).expect("a text")
}

async fn respond(
    bus: &Connection,
    header: &zbus::message::Header<'_>,
    options: &Options,
    code: u32,
    results: HashMap<&str, Value<'_>>,
) -> OwnedObjectPath {
    let sender = header.sender().expect("a sender").trim_start_matches(':').replace('.', "_");
    let token = text(options, "handle_token");
    let path = format!("/org/freedesktop/portal/desktop/request/{sender}/{token}");
    let path = ObjectPath::try_from(path).expect("a path");
    let interface = "org.freedesktop.portal.Request";
    let to = header.sender().map(|name| name.to_owned());
    bus.emit_signal(to, &path, interface, "Response", &(code, results)).await.expect("it is sent");
    path.into()
}

#[interface(name = "org.freedesktop.portal.ScreenCast")]
impl Portal {
    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        4
    }

    #[zbus(property)]
    fn available_source_types(&self) -> u32 {
        7
    }

    #[zbus(property)]
    fn available_cursor_modes(&self) -> u32 {
        7
    }

    async fn create_session(
        &self,
        #[zbus(connection)] bus: &Connection,
        #[zbus(header)] header: zbus::message::Header<'_>,
        options: Options,
    ) -> OwnedObjectPath {
        let handle = "/org/freedesktop/portal/desktop/session/test";
        let results = match self.answer {
            Answer::Nonsense => HashMap::from([("session_handle", Value::from(7_u32))]),
            _ => HashMap::from([("session_handle", Value::from(handle))]),
        };
        respond(bus, &header, &options, 0, results).await
    }

    async fn select_sources(
        &self,
        #[zbus(connection)] bus: &Connection,
        #[zbus(header)] header: zbus::message::Header<'_>,
        _session: OwnedObjectPath,
        options: Options,
    ) -> OwnedObjectPath {
        let path = respond(bus, &header, &options, 0, HashMap::new()).await;
        self.asked.lock().expect("a lock").extend(options);
        path
    }

    async fn start(
        &self,
        #[zbus(connection)] bus: &Connection,
        #[zbus(header)] header: zbus::message::Header<'_>,
        session: OwnedObjectPath,
        _window: String,
        options: Options,
    ) -> OwnedObjectPath {
        let stream: (u32, HashMap<&str, Value<'_>>) = (42, HashMap::new());
        let granted = HashMap::from([
            ("streams", Value::from(vec![stream])),
            ("restore_token", Value::from("the next token")),
        ]);
        match self.answer {
            Answer::No => respond(bus, &header, &options, 1, HashMap::new()).await,
            Answer::YesWithoutPipeWire | Answer::Nonsense => {
                respond(bus, &header, &options, 0, granted).await
            }
            Answer::YesThenStops => {
                let path = respond(bus, &header, &options, 0, granted).await;
                let (bus, to) = (bus.clone(), header.sender().map(|name| name.to_owned()));
                a_moment_later(move || async move {
                    let interface = "org.freedesktop.portal.Session";
                    let none: HashMap<&str, Value<'_>> = HashMap::new();
                    let _ = bus.emit_signal(to, &session, interface, "Closed", &(none,)).await;
                });
                path
            }
            Answer::Waits => OwnedObjectPath::try_from("/waits").expect("a path"),
        }
    }

    fn open_pipe_wire_remote(&self, _session: OwnedObjectPath, _options: Options) -> OwnedFd {
        let (one, other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        if self.answer == Answer::YesThenStops {
            // Nobody answers there.
            std::mem::forget(other);
        }
        one.as_fd().try_clone_to_owned().expect("a descriptor").into()
    }
}

/// Does something a moment later, on a thread of its own.
fn a_moment_later<F: Future<Output = ()>>(later: impl FnOnce() -> F + Send + 'static) {
    let run = move || {
        std::thread::sleep(Duration::from_millis(300));
        block_on(later());
    };
    std::thread::Builder::new().spawn(run).expect("a thread");
}

/// A bus with a portal that answers like this.
pub(crate) fn fake(answer: Answer) -> (Session, Connection, Asked) {
    let session = Session::start();
    let asked = Asked::default();
    let portal = Portal { answer, asked: Arc::clone(&asked) };
    let bus = block_on(async {
        let builder = zbus::connection::Builder::address(session.bus().as_str());
        let builder = builder.expect("an address");
        let builder = builder.serve_at("/org/freedesktop/portal/desktop", portal);
        let builder = builder.expect("a path").name("org.freedesktop.portal.Desktop");
        builder.expect("a name").build().await.expect("the bus")
    });
    (session, bus, asked)
}
