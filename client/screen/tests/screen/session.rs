//! A session of programs with a bus of their own, which ends with its owner.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use visavis_screen::Desktop;
use zbus::Connection;

use crate::shown::SOON;

/// Programs that share a folder for their sockets, with a bus of their own.
pub(crate) struct Session {
    pub(crate) folder: tempfile::TempDir,
    programs: Vec<(&'static str, Child)>,
}

impl Session {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut session = Self { folder, programs: Vec::new() };
        // Nothing is started by the bus itself, which would start half a desktop.
        let bus = session.path("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>{}</listen><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>\
             <allow own=\"*\"/></policy></busconfig>",
            session.bus()
        );
        std::fs::write(&bus, text).expect("the bus's configuration");
        let configuration = format!("--config-file={}", bus.display());
        let arguments = ["--nofork", "--nopidfile", &configuration];
        session.run("dbus-daemon", "dbus-daemon", &arguments);
        session.wait_for(&session.path("bus"));
        session
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn bus(&self) -> String {
        format!("unix:path={}", self.path("bus").display())
    }

    pub(crate) fn desktop(&self) -> Desktop {
        Desktop::Portal(Some(self.bus()))
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_remove("DISPLAY")
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("PIPEWIRE_RUNTIME_DIR", self.folder.path())
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus())
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("XDG_CURRENT_DESKTOP", "sway")
            .env("WAYLAND_DISPLAY", "wayland-1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    pub(crate) fn run(&mut self, name: &'static str, program: &str, arguments: &[&str]) {
        let mut command = self.command(program);
        command.args(arguments);
        self.spawn(name, command);
    }

    pub(crate) fn spawn(&mut self, name: &'static str, mut command: Command) {
        let child = command.spawn();
        let child = child.unwrap_or_else(|error| panic!("{name} can't be started: {error}"));
        self.programs.push((name, child));
    }

    pub(crate) fn wait_for(&self, socket: &Path) {
        let began = Instant::now();
        while std::os::unix::net::UnixStream::connect(socket).is_err() {
            assert!(began.elapsed() < SOON, "nothing listens at {}", socket.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn kill(&mut self, name: &str) {
        for (_, program) in self.programs.iter_mut().filter(|(it, _)| *it == name) {
            program.kill().expect("it runs");
            program.wait().expect("it ends");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for (_, program) in self.programs.iter_mut().rev() {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(future)
}

pub(crate) fn wait_for_name(session: &Session, name: &str) {
    block_on(async {
        let bus = connect(session).await;
        let dbus = zbus::fdo::DBusProxy::new(&bus).await.expect("the bus");
        let began = Instant::now();
        let name = zbus::names::BusName::try_from(name).expect("a name");
        while !dbus.name_has_owner(name.clone()).await.expect("an answer") {
            assert!(began.elapsed() < SOON, "{name} does not come");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

async fn connect(session: &Session) -> Connection {
    let builder = zbus::connection::Builder::address(session.bus().as_str()).expect("an address");
    builder.build().await.expect("the bus")
}
