//! A Redis of a test's own: on a port that nothing else has, forgotten when the test ends.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than Redis takes to start on a machine that is busy.
const START: Duration = Duration::from_secs(20);

/// A `redis-server` that runs.
pub(crate) struct Redis {
    process: Child,
    pub(crate) port: u16,
    /// Where it speaks TLS, if it does.
    pub(crate) tls_port: Option<u16>,
    folder: tempfile::TempDir,
    arguments: Vec<String>,
}

impl Redis {
    /// One server that keeps nothing.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// One server with further settings.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        for _ in 0..10 {
            let port = free_port();
            let folder = tempfile::tempdir().expect("a folder");
            let mut process = spawn(port, folder.path(), &arguments);
            if answers(port, &mut process) {
                return Self { process, port, tls_port: None, folder, arguments };
            }
            // Another program was faster to take the port.
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("redis-server does not start");
    }

    /// One server that speaks TLS as well, on another port, and asks nobody for a certificate.
    pub(crate) fn start_with_tls(certificate: &Path, key: &Path) -> Self {
        let [certificate, key] = [certificate, key].map(|path| path.display().to_string());
        let port = free_port();
        let files = [
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &certificate,
        ];
        let settings =
            ["--tls-port", &port.to_string(), "--tls-auth-clients", "no"].map(str::to_owned);
        let settings: Vec<_> = settings.iter().map(String::as_str).chain(files).collect();
        let mut redis = Self::start_with(&settings);
        redis.tls_port = Some(port);
        redis
    }

    /// A copy of this server, up to date.
    pub(crate) fn start_replica(&self) -> Self {
        let replica = Self::start_with(&["--replicaof", "127.0.0.1", &self.port.to_string()]);
        wait_until("the replica is up to date", || {
            replica.command(&["INFO", "replication"]).contains("master_link_status:up")
        });
        replica
    }

    /// Three servers that are one Redis Cluster.
    pub(crate) fn start_cluster_of_three() -> [Self; 3] {
        let nodes = [(); 3].map(|()| Self::start_with(&["--cluster-enabled", "yes"]));
        let places = nodes.each_ref().map(|node| format!("127.0.0.1:{}", node.port));
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&places)
            .arg("--cluster-yes")
            .output();
        let made = made.expect("redis-cli");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        wait_until("the cluster comes up", || {
            nodes.iter().all(|node| node.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok"))
        });
        nodes
    }

    /// The one node of a Redis Cluster.
    pub(crate) fn start_cluster() -> Self {
        let redis = Self::start_with(&["--cluster-enabled", "yes"]);
        redis.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
        wait_until("the cluster comes up", || {
            redis.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
        });
        redis
    }

    /// A sentinel that watches this server as `main`.
    pub(crate) fn start_sentinel(&self) -> Self {
        for _ in 0..10 {
            let (port, folder) = (free_port(), tempfile::tempdir().expect("a folder"));
            let file = folder.path().join("sentinel.conf");
            let settings = format!(
                "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor main 127.0.0.1 {} 1\n\
                 sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 4000\n",
                folder.path().display(),
                self.port
            );
            std::fs::write(&file, settings).expect("settings");
            let mut process = quiet(Command::new("redis-server").arg(&file).arg("--sentinel"));
            if answers(port, &mut process) {
                return Self { process, port, tls_port: None, folder, arguments: Vec::new() };
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("the sentinel does not start");
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Asks it something, as its own client does.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let output =
            Command::new("redis-cli").arg("-p").arg(self.port.to_string()).args(arguments).output();
        String::from_utf8(output.expect("redis-cli").stdout).expect("text")
    }

    /// Has it stand still, as a machine does that is out of memory.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// Has it go on.
    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .arg(signal)
            .arg(self.process.id().to_string())
            .status()
            .expect("kill");
        assert!(status.success());
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again on the same port. Whatever it held is gone.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.port, self.folder.path(), &self.arguments);
        assert!(answers(self.port, &mut self.process), "redis-server does not start again");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for something that takes no longer than a start.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < START, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn free_port() -> u16 {
    // A Redis Cluster needs the port that is 10000 above, too.
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        if port < 55_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}

fn spawn(port: u16, folder: &Path, arguments: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port"]).arg(port.to_string()).arg("--dir").arg(folder);
    command.args(["--save", "", "--appendonly", "no"]).args(arguments);
    quiet(&mut command)
}

fn quiet(command: &mut Command) -> Child {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("redis-server: `cargo xtask test` installs it")
}

/// Whether it answers before it ends.
fn answers(port: u16, process: &mut Child) -> bool {
    let since = Instant::now();
    while since.elapsed() < START {
        if !matches!(process.try_wait(), Ok(None)) {
            return false;
        }
        let output = Command::new("redis-cli")
            .args(["-p", &port.to_string(), "PING"])
            .output()
            .expect("redis-cli");
        if output.stdout.starts_with(b"PONG") {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}
