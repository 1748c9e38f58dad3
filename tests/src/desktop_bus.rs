//! A desktop of a test's own on a bus of its own (D-Bus): a service for notifications, a screen
//! saver and a tray, whose hands and eyes the test is.
//!
//! In: how the service for notifications behaves. Out: what stands there, who keeps the screen
//! awake, what is in the tray.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::watch;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, interface};

use crate::programs::Program;

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(20);
/// How often something that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
const NOTIFICATIONS_PATH: &str = "/org/freedesktop/Notifications";
const SAVER: &str = "org.freedesktop.ScreenSaver";
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";
/// Withdrawn by whoever showed it (`NotificationClosed`).
const WITHDRAWN: u32 = 3;

/// How the service for notifications behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// As one that reads markup and shows actions.
    Well,
    /// It does not answer until [`DesktopBus::recovers`].
    Hanging,
    /// There is none.
    Missing,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its title.
    pub summary: String,
    /// Its text, with markup.
    pub body: String,
    /// Ids and labels by turns.
    pub actions: Vec<String>,
    /// 0 low, 1 normal, 2 critical.
    pub urgency: u8,
}

/// What is there.
#[derive(Debug, Default)]
pub struct State {
    /// The notifications that stand, by id.
    pub standing: BTreeMap<u32, Shown>,
    /// How many were ever shown or changed.
    pub shown: u32,
    /// Who keeps the screen awake, by cookie.
    pub awake: BTreeSet<u32>,
    /// How often somebody wanted that.
    pub kept_awake: u32,
    /// The items in the tray, by their names on the bus, the newest last.
    pub tray: Vec<String>,
}

type Shared = Arc<Mutex<State>>;

/// A bus, and the desktop on it.
pub struct DesktopBus {
    folder: TempDir,
    state: Shared,
    hangs: watch::Sender<bool>,
    connection: Connection,
    _daemon: Program,
}

fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DesktopBus {
    /// Starts one.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn start(service: Service) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let address = format!("unix:path={}", folder.path().join("bus").display());
        let arguments = ["--session", "--nofork", "--nopidfile", &format!("--address={address}")];
        let daemon = Program::start("dbus-daemon", "dbus-daemon".as_ref(), arguments)
            .expect("there is a dbus-daemon: `cargo xtask test` installs what is needed");
        let deadline = Instant::now() + SOON;
        let connection = loop {
            let builder = zbus::connection::Builder::address(address.as_str()).expect("an address");
            match builder.build().await {
                Ok(connection) => break connection,
                Err(error) => assert!(Instant::now() < deadline, "{error}; {}", daemon.stderr()),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let state = Shared::default();
        let objects = connection.object_server();
        let own = || Arc::clone(&state);
        let (hangs, hanging) = watch::channel(service == Service::Hanging);
        if service != Service::Missing {
            let service = NotificationService { state: own(), hanging };
            objects.at(NOTIFICATIONS_PATH, service).await.expect("served");
            connection.request_name(NOTIFICATIONS).await.expect("the name");
        }
        objects.at("/org/freedesktop/ScreenSaver", Saver(own())).await.expect("served");
        connection.request_name(SAVER).await.expect("the name");
        objects.at("/StatusNotifierWatcher", Watcher(own())).await.expect("served");
        connection.request_name(WATCHER).await.expect("the name");
        Self { folder, state, hangs, connection, _daemon: daemon }
    }

    /// The service for notifications answers, also to what it was asked before.
    pub fn recovers(&self) {
        self.hangs.send_replace(false);
    }

    /// What `DBUS_SESSION_BUS_ADDRESS` has to be.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix:path={}", self.folder.path().join("bus").display())
    }

    /// Looks until it finds what it looks for.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn waits_for<T>(&self, what: &str, look: impl Fn(&State) -> Option<T>) -> T {
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(found) = look(&lock(&self.state)) {
                return found;
            }
            assert!(Instant::now() < deadline, "{what}: {:?}", lock(&self.state));
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits for a notification of this title.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn shows(&self, summary: &str) -> (u32, Shown) {
        self.waits_for(&format!("nothing says {summary:?}"), |state| {
            let mut standing = state.standing.iter();
            let found = standing.find(|(_, shown)| shown.summary == summary);
            found.map(|(id, shown)| (*id, shown.clone()))
        })
        .await
    }

    /// Waits until no notification stands.
    ///
    /// # Panics
    /// When that does not come to pass.
    pub async fn shows_nothing(&self) {
        self.waits_for("something stands", |state| state.standing.is_empty().then_some(())).await;
    }

    /// Clicks on a notification: an action, and then it goes.
    ///
    /// # Panics
    /// When the bus is gone.
    pub async fn clicks(&self, id: u32, action: &str) {
        lock(&self.state).standing.remove(&id);
        self.emits("ActionInvoked", &(id, action)).await;
        self.emits("NotificationClosed", &(id, 2_u32)).await;
    }

    async fn emits(&self, signal: &str, body: &(impl serde::Serialize + zbus::zvariant::Type)) {
        let emitted = self.connection.emit_signal(
            None::<&str>,
            NOTIFICATIONS_PATH,
            NOTIFICATIONS,
            signal,
            body,
        );
        emitted.await.expect("the bus takes it");
    }

    /// The labels in the menu of the newest item in the tray, with their ids.
    ///
    /// # Panics
    /// When there is none, or it does not answer.
    pub async fn menu(&self) -> Vec<(i32, String)> {
        let item = self.waits_for("no tray item", |state| state.tray.last().cloned()).await;
        let of: OwnedObjectPath = self
            .connection
            .call_method(
                Some(item.as_str()),
                "/StatusNotifierItem",
                Some("org.freedesktop.DBus.Properties"),
                "Get",
                &(ITEM, "Menu"),
            )
            .await
            .expect("the item answers")
            .body()
            .deserialize::<Value<'_>>()
            .expect("a value")
            .try_into()
            .expect("a path");
        type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
        let reply = self
            .connection
            .call_method(
                Some(item.as_str()),
                of.as_str(),
                Some(MENU),
                "GetLayout",
                &(0_i32, -1_i32, Vec::<String>::new()),
            )
            .await
            .expect("the menu answers");
        let (_, (_, _, children)): (u32, Layout) = reply.body().deserialize().expect("a layout");
        let entry = |child: OwnedValue| {
            let structure = zbus::zvariant::Structure::try_from(child).expect("an entry");
            let (id, properties, _): Layout = structure.try_into().expect("an entry");
            let label = properties.get("label")?;
            Some((id, <&str>::try_from(label).expect("a text").to_owned()))
        };
        children.into_iter().filter_map(entry).collect()
    }

    /// Clicks on an entry of that menu.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn clicks_in_tray(&self, label: &str) {
        let menu = self.menu().await;
        let entry = menu.iter().find(|(_, other)| other == label);
        let (id, _) = entry.unwrap_or_else(|| panic!("no {label} in {menu:?}"));
        let item = self.waits_for("no tray item", |state| state.tray.last().cloned()).await;
        self.connection
            .call_method(
                Some(item.as_str()),
                "/MenuBar",
                Some(MENU),
                "Event",
                &(*id, "clicked", Value::from(0_i32), 0_u32),
            )
            .await
            .expect("the menu answers");
    }
}

struct NotificationService {
    state: Shared,
    hanging: watch::Receiver<bool>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl NotificationService {
    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body", "body-markup"].map(str::to_owned).to_vec()
    }

    #[expect(clippy::too_many_arguments, reason = "the specification has so many")]
    async fn notify(
        &self,
        _app_name: String,
        replaces_id: u32,
        _app_icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _expire_timeout: i32,
    ) -> u32 {
        let mut hanging = self.hanging.clone();
        // It goes on hanging when nobody is left to wake it.
        if hanging.wait_for(|hangs| !hangs).await.is_err() {
            std::future::pending::<()>().await;
        }
        let urgency = hints.get("urgency").and_then(|hint| u8::try_from(hint).ok());
        let mut state = lock(&self.state);
        state.shown += 1;
        let id = if replaces_id == 0 { state.shown } else { replaces_id };
        let urgency = urgency.unwrap_or_default();
        state.standing.insert(id, Shown { summary, body, actions, urgency });
        id
    }

    async fn close_notification(&self, id: u32, #[zbus(connection)] connection: &Connection) {
        let stood = lock(&self.state).standing.remove(&id).is_some();
        if stood {
            let signal = "NotificationClosed";
            let (path, interface) = (NOTIFICATIONS_PATH, NOTIFICATIONS);
            let body = (id, WITHDRAWN);
            // A bus that is gone ends the test.
            let _ = connection.emit_signal(None::<&str>, path, interface, signal, &body).await;
        }
    }
}

struct Saver(Shared);

#[interface(name = "org.freedesktop.ScreenSaver")]
impl Saver {
    fn inhibit(&self, _application: String, _reason: String) -> u32 {
        let mut state = lock(&self.0);
        state.kept_awake += 1;
        let cookie = state.kept_awake;
        state.awake.insert(cookie);
        cookie
    }

    fn un_inhibit(&self, cookie: u32) {
        lock(&self.0).awake.remove(&cookie);
    }
}

struct Watcher(Shared);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: String) {
        lock(&self.0).tray.push(service);
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}
