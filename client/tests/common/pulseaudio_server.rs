//! A sound server of a test's own. It is found through environment variables, which belong to the process: one test in each
//! file.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A sound server that ends with its owner.
pub(crate) struct PulseAudio {
    server: Child,
    _directory: tempfile::TempDir,
}

impl PulseAudio {
    /// Starts one that runs `script` after it listens.
    pub(crate) fn start(script: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let socket = directory.path().join("pulse/native");
        std::fs::create_dir(directory.path().join("pulse")).expect("a directory for the socket");
        let listen = format!("load-module module-native-protocol-unix auth-anonymous=1 socket={}", socket.display());
        let script_path = directory.path().join("test.pa");
        std::fs::write(&script_path, format!("{listen}\n{script}")).expect("the server's script");
        set_environment(directory.path(), &socket);
        let server = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes", "-F"])
            .arg(&script_path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pulseaudio can't be started: install it (apt-get install pulseaudio)");
        let this = Self { server, _directory: directory };
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

#[expect(unsafe_code, reason = "the sound server is found through the environment; no other thread runs yet")]
fn set_environment(runtime: &Path, socket: &Path) {
    // SAFETY: the only test of this process calls this before it starts a thread or uses a library that reads these.
    unsafe {
        std::env::set_var("XDG_RUNTIME_DIR", runtime);
        std::env::set_var("PULSE_RUNTIME_PATH", runtime);
        std::env::set_var("PULSE_SERVER", format!("unix:{}", socket.display()));
    }
}
