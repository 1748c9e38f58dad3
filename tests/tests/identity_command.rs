//! `visavis identity`, as somebody uses it at a terminal, and the key in a real keyring: moved
//! there by a window, found there by everything else, and never lost.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use visavis_tests::programs::{self, Finished, Program};
use visavis_tests::server::TestServer;

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(60);
const PASSPHRASE: &str = "correct horse battery";

/// Somebody's computer, or another one.
struct Computer {
    _folder: tempfile::TempDir,
    root: PathBuf,
    /// Whether everything is in a folder that is named; else it is in the usual one.
    named: bool,
    bus: Option<String>,
}

impl Computer {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().to_owned();
        Self { _folder: folder, root, named: true, bus: None }
    }

    fn data(&self) -> PathBuf {
        if self.named {
            self.root.join("data")
        } else {
            self.root.join("home/.local/share/visavis")
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs::visavis().expect("visavis is built"));
        self.prepare(&mut command);
        command.args(arguments);
        if self.named {
            command.arg("--data-dir").arg(self.data());
        }
        command
    }

    fn prepare(&self, command: &mut Command) {
        for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "VISAVIS_DATA_DIR", "VISAVIS_SERVER"] {
            command.env_remove(name);
        }
        command.env("HOME", self.root.join("home"));
        // No other bus than that of the test.
        command.env("XDG_RUNTIME_DIR", self.root.join("run"));
        command.env_remove("DBUS_SESSION_BUS_ADDRESS");
        if let Some(bus) = &self.bus {
            command.env("DBUS_SESSION_BUS_ADDRESS", bus);
        }
    }

    async fn run(&self, arguments: &[&str]) -> Finished {
        let program = Program::spawn("visavis", self.command(arguments)).expect("it starts");
        program.finish(LIMIT).await.expect("it ends")
    }

    /// Runs it and wants it to end well. Returns what it printed.
    async fn does(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments).await;
        assert_eq!(finished.status.code(), Some(0), "{arguments:?}: {finished:?}");
        finished.stdout
    }

    /// Runs it and wants it to fail with one line.
    async fn fails(&self, arguments: &[&str], code: i32, words: &str) {
        let finished = self.run(arguments).await;
        assert_eq!(finished.status.code(), Some(code), "{arguments:?}: {finished:?}");
        assert!(finished.stderr.contains(words), "{words}: {finished:?}");
        assert_eq!(finished.stderr.trim_end().lines().count(), 1, "{finished:?}");
    }

    /// A file with the passphrase.
    fn passphrase(&self, text: &str) -> String {
        let path = self.root.join("passphrase");
        std::fs::write(&path, format!("{text}\n")).expect("written");
        path.display().to_string()
    }

    async fn logs_in(&self, server: &TestServer) -> Finished {
        let who = ["call", "nobody", "--username", "alice", "--server", server.url()];
        let how = ["--camera", "none", "--microphone", "none", "--speaker", "none"];
        self.run(&[who.as_slice(), &how, &["--ice-server", "none"]].concat()).await
    }

    fn files(&self) -> Vec<String> {
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.expect("listed").file_name().into_string().expect("a name")
        };
        let mut names: Vec<_> = std::fs::read_dir(self.data()).expect("listed").map(name).collect();
        names.retain(|name| name.starts_with("device."));
        names.sort();
        names
    }
}

/// The login worked: only whom it calls is not there.
fn is_let_in(finished: &Finished) {
    assert_eq!(finished.status.code(), Some(4), "{finished:?}");
}

async fn public_key(computer: &Computer, server: &TestServer) -> String {
    let shown = computer.does(&["identity", "show", "--json", "--server", server.url()]).await;
    let shown: Value = serde_json::from_str(&shown).expect("JSON and nothing else");
    shown["public_key"].as_str().expect("a key").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_exported_here_and_imported_there_owns_the_name_on_both_computers() {
    let server = TestServer::start().await;
    let (here, there) = (Computer::new(), Computer::new());
    is_let_in(&here.logs_in(&server).await);
    let refused = there.logs_in(&server).await;
    assert!(refused.stderr.contains("This name belongs to somebody else"), "{refused:?}");

    let export = here.root.join("key").display().to_string();
    let passphrase = here.passphrase(PASSPHRASE);
    let said = here.does(&["identity", "export", &export, "--passphrase-file", &passphrase]).await;
    assert!(said.contains(&export), "{said}");
    let import = ["identity", "import", &export, "--passphrase-file", &passphrase];
    there.fails(&import, 2, "add --yes").await;
    let said = there.does(&[import.as_slice(), &["--yes"]].concat()).await;
    assert!(said.contains("device.key.before-1"), "{said}");
    assert_eq!(there.files(), ["device.key", "device.key.before-1", "device.lock"]);
    assert!(there.does(&import).await.contains("here already"), "a second time changes nothing");

    let keys = [public_key(&here, &server).await, public_key(&there, &server).await];
    assert_eq!(keys[0], keys[1]);
    is_let_in(&there.logs_in(&server).await);
    is_let_in(&here.logs_in(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn show_says_where_the_key_is_and_what_a_server_knows_of_it() {
    let computer = Computer::new();
    assert_eq!(
        computer.does(&["identity", "show"]).await,
        "There is no key yet: the first log-in makes one.\n"
    );
    assert!(!computer.data().exists(), "looking makes nothing");
    let server = TestServer::start().await;
    is_let_in(&computer.logs_in(&server).await);
    let file = computer.data().join("device.key");
    let said = computer.does(&["identity", "show", "--server", server.url()]).await;
    let key = public_key(&computer, &server).await;
    let origin = server.url().trim_end_matches('/');
    assert_eq!(
        said,
        format!("The key is in the file {}.\n{origin} knows it as {key}.\n", file.display())
    );
    assert_eq!(key.len(), 44);
    let other = computer.does(&["identity", "show", "--server", "wss://calls.example"]).await;
    assert!(!other.contains(&key), "each server knows another key");
    let seed = std::fs::read(&file).expect("a key");
    let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!said.contains(&hex));
    computer.fails(&["identity", "show", "--server", "ftp://x"], 2, "--server").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_exported_or_imported_is_one_line_and_changes_nothing() {
    let computer = Computer::new();
    let at = |name: &str| computer.root.join(name).display().to_string();
    let passphrase = computer.passphrase(PASSPHRASE);
    let export =
        |to: &str| ["identity", "export", to, "--passphrase-file", &passphrase].map(str::to_owned);
    let import = |from: &str| {
        ["identity", "import", from, "--passphrase-file", &passphrase].map(str::to_owned)
    };
    let fails = async |arguments: [String; 5], code: i32, words: &str| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        computer.fails(&arguments, code, words).await;
    };
    fails(export(&at("early")), 2, "no key here yet").await;
    is_let_in(&computer.logs_in(&TestServer::start().await).await);
    let before = std::fs::read(computer.data().join("device.key")).expect("a key");
    let arguments = export(&at("key"));
    computer.does(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
    fails(export(&at("key")), 2, "is there already").await;
    fails(export("/nowhere/at/all"), 2, "can't be written").await;

    let good = std::fs::read(at("key")).expect("an export");
    let put = |name: &str, bytes: &[u8]| std::fs::write(at(name), bytes).expect("written");
    put("cut", &good[..60]);
    put("flipped", &[&good[..70], &[good[70] ^ 1], &good[71..]].concat());
    put("other", b"-----BEGIN PRIVATE KEY-----");
    std::fs::File::create(at("large")).and_then(|file| file.set_len(1 << 30)).expect("made");
    fails(import(&at("cut")), 6, "damaged").await;
    fails(import(&at("flipped")), 6, "damaged").await;
    fails(import(&at("other")), 6, "no file that Visavis has exported").await;
    fails(import(&at("large")), 6, "no file that Visavis has exported").await;
    fails(import(&at("none")), 2, "can't be read").await;
    // Written in the place of the right one.
    computer.passphrase("another passphrase");
    fails(import(&at("key")), 6, "not the passphrase").await;
    computer.passphrase("short");
    fails(export(&at("new")), 2, "too short").await;
    assert!(!Path::new(&at("new")).exists());
    // Nobody is at a terminal.
    let key = at("key");
    let finished = computer.run(&["identity", "import", &key]).await;
    assert_ne!(finished.status.code(), Some(0), "{finished:?}");
    assert_eq!(std::fs::read(computer.data().join("device.key")).expect("a key"), before);
    assert_eq!(computer.files(), ["device.key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_comes_from_standard_input_for_scripts() {
    let computer = Computer::new();
    is_let_in(&computer.logs_in(&TestServer::start().await).await);
    let export = computer.root.join("key").display().to_string();
    for what in ["export", "import"] {
        let command = computer.command(&["identity", what, &export, "--passphrase-file", "-"]);
        let mut program = Program::spawn_commanded("visavis", command).expect("it starts");
        program.tell(PASSPHRASE).await.expect("it listens");
        let finished = program.finish(LIMIT).await.expect("it ends");
        assert_eq!(finished.status.code(), Some(0), "{what}: {finished:?}");
    }
}

#[cfg(target_os = "linux")]
mod in_a_keyring {
    use visavis_tests::keyring_daemon::KeyringDaemon;
    use visavis_tests::window::{Display, Window};

    use super::*;

    /// A computer with a desktop and a keyring on it, on which things are where they usually are.
    async fn desktop() -> (Computer, KeyringDaemon) {
        let mut computer = Computer::new();
        let keyring = KeyringDaemon::start().await;
        (computer.named, computer.bus) = (false, Some(keyring.bus()));
        (computer, keyring)
    }

    /// A window of this computer logs in as alice.
    async fn window(computer: &Computer, display: &Display, server: &TestServer) -> Window {
        let data = computer.data();
        let mut window = Window::open_in_usual_folder("alice", display, |command| {
            computer.prepare(command);
            command.args(["--microphone", "tone", "--speaker", "none"]);
            command.args(["--server", server.url(), "--username", "alice"]);
        })
        .await;
        window.waits_for(&visavis_tests::inspection::By::name("Settings"));
        assert!(data.exists(), "it keeps things in the usual folder");
        window
    }

    /// Waits until the key's files are these.
    async fn has_files(computer: &Computer, names: &[&str]) {
        let deadline = std::time::Instant::now() + LIMIT;
        while !computer.data().exists() || computer.files() != names {
            assert!(std::time::Instant::now() < deadline, "{:?}", computer.files());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_window_moves_the_key_to_the_keyring_and_everything_finds_it_there() {
        let (computer, mut keyring) = desktop().await;
        let (server, display) = (TestServer::start().await, Display::start().await);
        is_let_in(&computer.logs_in(&server).await);
        assert_eq!(computer.files(), ["device.key"], "a script moves nothing");
        let before = public_key(&computer, &server).await;
        let open = window(&computer, &display, &server).await;
        has_files(&computer, &["device.keyring", "device.lock"]).await;
        assert_eq!(keyring.secrets().await, 1);
        open.is_closed(&display).await;
        open.finishes(LIMIT).await;

        assert_eq!(
            computer.does(&["identity", "show"]).await.lines().next(),
            Some("The key is in the system's keyring.")
        );
        assert_eq!(public_key(&computer, &server).await, before);
        is_let_in(&computer.logs_in(&server).await);

        // Locked, hanging and gone: no login, no new key, one line; and then again as before.
        let call = ["call", "nobody", "--username", "alice", "--server", server.url()];
        keyring.locks().await;
        computer.fails(&call, 6, "which is locked").await;
        keyring.unlocks().await;
        is_let_in(&computer.logs_in(&server).await);
        keyring.freezes().await;
        computer.fails(&call, 6, "does not answer").await;
        keyring.thaws().await;
        is_let_in(&computer.logs_in(&server).await);
        keyring.ends().await;
        computer.fails(&call, 6, "can't be reached from here").await;
        keyring.starts_again().await;
        is_let_in(&computer.logs_in(&server).await);
        assert_eq!(computer.files(), ["device.keyring", "device.lock"]);
        assert_eq!(public_key(&computer, &server).await, before);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_window_without_a_keyring_keeps_the_key_in_its_file() {
        let mut computer = Computer::new();
        computer.named = false;
        let (server, display) = (TestServer::start().await, Display::start().await);
        let open = window(&computer, &display, &server).await;
        has_files(&computer, &["device.key"]).await;
        is_let_in(&computer.logs_in(&server).await);
        drop(open);
        assert_eq!(computer.files(), ["device.key"]);
    }
}
