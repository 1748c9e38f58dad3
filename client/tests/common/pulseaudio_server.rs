//! A sound server of a test's own. It is found through environment variables, which belong to the
//! process: one test in each file.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A sound server that ends with its owner.
pub(crate) struct PulseAudio {
    server: Child,
    _place: tempfile::TempDir,
}

impl PulseAudio {
    /// Starts one at a [`place`] where it will be looked for. It listens when it has run `script`.
    pub(crate) fn start(place: tempfile::TempDir, script: &str) -> Self {
        let socket = socket_in(place.path());
        let listen = format!(
            "load-module module-native-protocol-unix auth-anonymous=1 socket={}",
            socket.display()
        );
        let script_path = place.path().join("test.pa");
        std::fs::write(&script_path, format!("{listen}\n{script}")).expect("the server's script");
        let server = Command::new("pulseaudio")
            .args([
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--use-pid-file=no",
                "--disable-shm=yes",
                "-F",
            ])
            .arg(&script_path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pulseaudio can't be started: install it (apt-get install pulseaudio)");
        let this = Self { server, _place: place };
        let began = Instant::now();
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "pulseaudio does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        this
    }
}

impl Drop for PulseAudio {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A folder in which this process looks for a sound server from now on. There is none yet.
pub(crate) fn place() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(directory.path().join("pulse")).expect("a directory for the socket");
    set_environment(directory.path(), &socket_in(directory.path()));
    directory
}

/// Where a sound server listens there.
pub(crate) fn socket_in(place: &Path) -> PathBuf {
    place.join("pulse/native")
}

#[expect(
    unsafe_code,
    reason = "the sound server is found through the environment; no other thread runs yet"
)]
fn set_environment(runtime: &Path, socket: &Path) {
    // SAFETY: the only test of this process calls this before it starts a thread or uses a library
    // that reads these.
    unsafe {
        std::env::set_var("XDG_RUNTIME_DIR", runtime);
        std::env::set_var("PULSE_RUNTIME_PATH", runtime);
        std::env::set_var("PULSE_SERVER", format!("unix:{}", socket.display()));
    }
}
