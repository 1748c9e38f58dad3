//! A real keyring on a bus of a test's own: `gnome-keyring-daemon`, which is Debian's Secret
//! Service.
//!
//! Out: what `DBUS_SESSION_BUS_ADDRESS` has to be, and how the keyring is locked, hangs, ends and
//! comes back with what it kept.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::process::Command;
use zbus::zvariant::{ObjectPath, OwnedObjectPath};
use zbus::{Connection, Proxy};

use crate::programs::Program;

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(20);
/// How often something that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const SECRETS: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
/// The collection that the password of a login opens.
const LOGIN: &str = "/org/freedesktop/secrets/collection/login";
const PASSWORD: &str = "test";

/// A keyring, and the bus that it is on.
pub struct KeyringDaemon {
    folder: TempDir,
    connection: Connection,
    daemon: Option<Program>,
    _bus: Program,
}

impl KeyringDaemon {
    /// Starts one that is unlocked and empty.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let address = format!("unix:path={}", folder.path().join("bus").display());
        // Without services that the bus starts by itself: who is gone stays gone.
        let config = folder.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>{address}</listen><auth>EXTERNAL</auth>\
             <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\
             <allow eavesdrop=\"true\"/><allow own=\"*\"/>\
             </policy></busconfig>"
        );
        std::fs::write(&config, text).expect("written");
        let config = format!("--config-file={}", config.display());
        let arguments = ["--nofork", "--nopidfile", &config];
        let bus = Program::start("dbus-daemon", "dbus-daemon".as_ref(), arguments)
            .expect("there is a dbus-daemon: `cargo xtask test` installs what is needed");
        let deadline = Instant::now() + SOON;
        let connection = loop {
            let builder = zbus::connection::Builder::address(address.as_str()).expect("an address");
            match builder.build().await {
                Ok(connection) => break connection,
                Err(error) => assert!(Instant::now() < deadline, "{error}; {}", bus.stderr()),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let mut keyring = Self { folder, connection, daemon: None, _bus: bus };
        keyring.starts_again().await;
        keyring
    }

    /// What `DBUS_SESSION_BUS_ADDRESS` has to be.
    #[must_use]
    pub fn bus(&self) -> String {
        format!("unix:path={}", self.folder.path().join("bus").display())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("gnome-keyring-daemon");
        let folder = |name: &str| -> PathBuf {
            let folder = self.folder.path().join(name);
            std::fs::create_dir_all(&folder).expect("a folder");
            folder
        };
        command.args(arguments).env("DBUS_SESSION_BUS_ADDRESS", self.bus());
        command.env("HOME", folder("home")).env("XDG_DATA_HOME", folder("data"));
        command.env("XDG_RUNTIME_DIR", folder("run")).env_remove("GNOME_KEYRING_CONTROL");
        command
    }

    /// Starts it with what it kept, unlocked.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn starts_again(&mut self) {
        let command = self.command(&["--foreground", "--unlock", "--components=secrets"]);
        let mut daemon = Program::spawn_commanded("gnome-keyring-daemon", command)
            .expect("there is a gnome-keyring-daemon: `cargo xtask test` installs what is needed");
        daemon.tell(PASSWORD).await.expect("it takes the password");
        daemon.hears_no_more();
        self.daemon = Some(daemon);
        self.until("it is unlocked", async |keyring: &Self| {
            keyring.is_locked().await == Some(false)
        })
        .await;
    }

    async fn until(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) {
        let deadline = Instant::now() + SOON;
        while !is_so(self).await {
            let said = self.daemon.as_ref().map(Program::stderr);
            assert!(Instant::now() < deadline, "{what}: {said:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn collection(&self) -> Option<Proxy<'_>> {
        let builder: zbus::proxy::Builder<'_, Proxy<'_>> =
            zbus::proxy::Builder::new(&self.connection);
        let builder =
            builder.destination(SECRETS).ok()?.path(LOGIN).ok()?.interface(COLLECTION).ok()?;
        builder.cache_properties(zbus::proxy::CacheProperties::No).build().await.ok()
    }

    async fn is_locked(&self) -> Option<bool> {
        self.collection().await?.get_property("Locked").await.ok()
    }

    /// How many secrets it keeps.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn secrets(&self) -> usize {
        let items = self.collection().await.expect("it answers").get_property("Items").await;
        let items: Vec<OwnedObjectPath> = items.expect("it answers");
        items.len()
    }

    /// Locks it.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn locks(&self) {
        let objects = [ObjectPath::try_from(LOGIN).expect("a path")];
        let service = Some(SERVICE);
        self.connection
            .call_method(Some(SECRETS), SERVICE_PATH, service, "Lock", &(&objects[..],))
            .await
            .expect("it answers");
        self.until("it is locked", async |keyring: &Self| keyring.is_locked().await == Some(true))
            .await;
    }

    /// Unlocks it, as somebody does with the password.
    ///
    /// # Panics
    /// When it can't be done.
    pub async fn unlocks(&mut self) {
        self.ends().await;
        self.starts_again().await;
    }

    /// It answers no more.
    ///
    /// # Panics
    /// When it has ended.
    pub async fn freezes(&self) {
        self.daemon.as_ref().expect("it runs").freeze().await.expect("it runs");
    }

    /// It answers again, also to what it was asked meanwhile.
    ///
    /// # Panics
    /// When it has ended.
    pub async fn thaws(&self) {
        self.daemon.as_ref().expect("it runs").thaw().await.expect("it runs");
    }

    /// It is gone, and what it kept is on the disk.
    ///
    /// # Panics
    /// When it can't be ended.
    pub async fn ends(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill().await.expect("it ends");
        }
        self.until("its name is free", async |keyring: &Self| {
            let reply = keyring
                .connection
                .call_method(
                    Some("org.freedesktop.DBus"),
                    "/org/freedesktop/DBus",
                    Some("org.freedesktop.DBus"),
                    "NameHasOwner",
                    &SECRETS,
                )
                .await;
            reply.is_ok_and(|reply| reply.body().deserialize::<bool>() == Ok(false))
        })
        .await;
    }
}
