//! The portal's side on the session's bus: `org.freedesktop.portal.ScreenCast`, with its dialog.
//!
//! In: a token of the last time, if any. Out: where PipeWire brings what the person chose, the next
//! token, and the end of the session. What always holds: what a program answers has a deadline;
//! what a person answers has none.

use std::collections::HashMap;
use std::future::Future;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use zbus::zvariant::{OwnedFd as BusFd, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Proxy, connection};

use crate::source::RestoreToken;

const SERVICE: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const SCREEN_CAST: &str = "org.freedesktop.portal.ScreenCast";
const REQUEST: &str = "org.freedesktop.portal.Request";
const SESSION: &str = "org.freedesktop.portal.Session";
/// How long the bus and the portal may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Screens and windows.
const SCREENS_AND_WINDOWS: u32 = 1 | 2;
/// The pointer is drawn into the frames.
const POINTER_EMBEDDED: u32 = 2;
/// The permission stays until it is taken back.
const UNTIL_REVOKED: u32 = 2;
/// Since this version there are tokens.
const TOKENS_SINCE: u32 = 4;

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialogError {
    /// There is no bus, no portal, or it failed.
    #[error("the desktop's portal for screens failed")]
    Bus(#[from] zbus::Error),
    /// It said something that is none of what it should say.
    #[error("the desktop's portal for screens is not understood")]
    Odd,
    /// There was no answer in time.
    #[error("the desktop's portal for screens does not answer")]
    Late,
    /// It went away in the middle.
    #[error("the desktop's portal for screens is gone")]
    Gone,
    /// The person said no, or the desktop did for them.
    #[error("it was not allowed")]
    Refused,
}

impl From<zbus::zvariant::Error> for DialogError {
    fn from(_: zbus::zvariant::Error) -> Self {
        Self::Odd
    }
}

/// What the person agreed to.
pub(super) struct Granted {
    /// The way to PipeWire.
    pub(super) pipewire: OwnedFd,
    /// Its node there.
    pub(super) node: u32,
    /// For the next time.
    pub(super) restore: Option<RestoreToken>,
}

/// How a session ended.
pub(super) enum SessionEnd {
    /// The desktop or the person closed it.
    Closed,
    /// The portal or the bus is gone.
    Lost,
}

type Options<'a> = HashMap<&'a str, Value<'a>>;
type Results = HashMap<String, OwnedValue>;

async fn within<T>(answer: impl Future<Output = zbus::Result<T>>) -> Result<T, DialogError> {
    match tokio::time::timeout(ANSWER_WITHIN, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(DialogError::Late),
    }
}

/// A connection to the portal.
pub(super) struct Dialog {
    bus: Connection,
    portal: Proxy<'static>,
    version: u32,
    session: Option<Proxy<'static>>,
}

impl Dialog {
    /// Connects to the bus, to that of the session unless another one is named, and finds the
    /// portal.
    pub(super) async fn reach(bus: Option<&str>) -> Result<Self, DialogError> {
        let builder = match bus {
            Some(address) => connection::Builder::address(address)?,
            None => connection::Builder::session()?,
        };
        let bus = within(builder.build()).await?;
        let portal = within(Proxy::new(&bus, SERVICE, PATH, SCREEN_CAST)).await?;
        let version = within(portal.get_property("version")).await?;
        Ok(Self { bus, portal, version, session: None })
    }

    /// Asks the person, unless the token makes that needless.
    pub(super) async fn ask(
        &mut self,
        restore: Option<&RestoreToken>,
    ) -> Result<Granted, DialogError> {
        let available = |name| within(self.portal.get_property::<u32>(name));
        let kinds = available("AvailableSourceTypes").await? & SCREENS_AND_WINDOWS;
        let pointers = available("AvailableCursorModes").await.unwrap_or(0);

        let name = token();
        let options = Options::from([("session_handle_token", name.as_str().into())]);
        let created = self.request("CreateSession", None, options);
        let created = tokio::time::timeout(ANSWER_WITHIN, created);
        let created = created.await.map_err(|_| DialogError::Late)??;
        let path: String = take(created, "session_handle")?;
        let path = OwnedObjectPath::try_from(path)?;
        self.session = Some(within(Proxy::new(&self.bus, SERVICE, path.clone(), SESSION)).await?);

        let mut options = Options::from([("types", kinds.into()), ("multiple", false.into())]);
        if pointers & POINTER_EMBEDDED != 0 {
            options.insert("cursor_mode", POINTER_EMBEDDED.into());
        }
        if self.version >= TOKENS_SINCE {
            options.insert("persist_mode", UNTIL_REVOKED.into());
            if let Some(RestoreToken(token)) = restore {
                options.insert("restore_token", (&**token).into());
            }
        }
        let selected = self.request("SelectSources", Some(&path), options);
        let selected = tokio::time::timeout(ANSWER_WITHIN, selected);
        selected.await.map_err(|_| DialogError::Late)??;

        // Here the person is asked.
        let mut started = self.request("Start", Some(&path), Options::new()).await?;
        let restore = started.remove("restore_token");
        let restore = restore.and_then(|token| String::try_from(token).ok());
        let restore = restore.map(|token| RestoreToken(token.into()));
        let streams = started.remove("streams").ok_or(DialogError::Odd)?;
        let streams = Vec::<(u32, Results)>::try_from(streams)?;
        let (node, _) = streams.first().ok_or(DialogError::Refused)?;

        let none = Options::new();
        let arguments = (&path, none);
        let opened = self.portal.call::<_, _, BusFd>("OpenPipeWireRemote", &arguments);
        let pipewire = OwnedFd::from(within(opened).await?);
        Ok(Granted { pipewire, node: *node, restore })
    }

    /// Makes a request of the portal and waits for its response, however long that takes.
    async fn request(
        &self,
        method: &str,
        session: Option<&OwnedObjectPath>,
        mut options: Options<'_>,
    ) -> Result<Results, DialogError> {
        let name = token();
        let own = self.bus.unique_name().ok_or(DialogError::Odd)?;
        let own = own.trim_start_matches(':').replace('.', "_");
        let path = format!("{PATH}/request/{own}/{name}");
        // Before the request, as the response may come at once.
        let request = within(Proxy::new(&self.bus, SERVICE, path, REQUEST)).await?;
        let mut responses = within(request.receive_signal("Response")).await?;
        options.insert("handle_token", name.as_str().into());
        let call = async {
            let portal = &self.portal;
            match (method, session) {
                ("Start", Some(session)) => {
                    portal.call::<_, _, OwnedObjectPath>(method, &(session, "", options)).await
                }
                (_, Some(session)) => portal.call(method, &(session, options)).await,
                (_, None) => portal.call(method, &(options,)).await,
            }
        };
        within(call).await?;
        let response = tokio::select! {
            response = responses.next() => response.ok_or(DialogError::Gone)?,
            () = self.gone() => return Err(DialogError::Gone),
        };
        let (code, results): (u32, Results) = response.body().deserialize()?;
        if code == 0 { Ok(results) } else { Err(DialogError::Refused) }
    }

    /// Waits for the end of the session.
    pub(super) async fn ended(&self) -> SessionEnd {
        let Some(session) = &self.session else { return SessionEnd::Lost };
        let Ok(mut closed) = session.receive_signal("Closed").await else {
            return SessionEnd::Lost;
        };
        tokio::select! {
            biased;
            closed = closed.next() => match closed {
                Some(_) => SessionEnd::Closed,
                None => SessionEnd::Lost,
            },
            () = self.gone() => SessionEnd::Lost,
        }
    }

    /// Waits until the portal or the bus goes away.
    async fn gone(&self) {
        let Ok(mut owners) = self.portal.receive_owner_changed().await else { return };
        while let Some(Some(_)) = owners.next().await {}
    }

    /// Ends the session and the connection.
    pub(super) async fn close(self, within: Duration) {
        let goodbye = async {
            if let Some(session) = &self.session {
                let _ = session.call::<_, _, ()>("Close", &()).await;
            }
            let _ = self.bus.close().await;
        };
        let _ = tokio::time::timeout(within, goodbye).await;
    }
}

/// A name for a request or a session that this program has not used yet.
fn token() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("visavis_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn take(mut results: Results, name: &str) -> Result<String, DialogError> {
    let value = results.remove(name).ok_or(DialogError::Odd)?;
    Ok(String::try_from(value)?)
}
