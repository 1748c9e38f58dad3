//! Pages on sockets of the unmodified Socket.IO client, in a Node process of their own.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;
use visavis_signal_server::Server;

use crate::common::LONG;

/// How a page's socket is carried.
pub(crate) const WEBSOCKET: &[&str] = &["websocket"];
pub(crate) const POLLING: &[&str] = &["polling"];
/// What the client does when it is told nothing: it polls, and goes over to a WebSocket.
pub(crate) const UPGRADED: &[&str] = &["polling", "websocket"];

/// Any number of pages.
#[derive(Debug)]
pub(crate) struct Pages {
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    heard: HashMap<String, VecDeque<Value>>,
    url: String,
    /// What a proxy would say about each page.
    headers: Value,
    _node: Child,
}

impl Pages {
    /// A Node without pages yet; those that come are on this server.
    pub(crate) fn of(server: &Server) -> Self {
        Self::at(format!("http://{}", server.address()), None)
    }

    /// The same for any URL; the certificates in a file are trusted.
    pub(crate) fn at(url: String, trusted: Option<&Path>) -> Self {
        let folder = Path::new("tests/node");
        assert!(
            folder.join("node_modules/socket.io-client").is_dir(),
            "the Socket.IO client is missing: run npm ci in {}, or cargo xtask test, which does",
            folder.display()
        );
        let mut node = Command::new("node");
        if let Some(trusted) = trusted {
            node.env("NODE_EXTRA_CA_CERTS", trusted);
        }
        let mut node = node
            .arg("pages.js")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node (Debian: apt-get install nodejs)");
        let (stdin, stdout) = (node.stdin.take().unwrap(), node.stdout.take().unwrap());
        Self {
            stdin,
            stdout: BufReader::new(stdout).lines(),
            heard: HashMap::new(),
            url,
            headers: json!({}),
            _node: node,
        }
    }

    async fn command(&mut self, command: Value) {
        self.stdin.write_all(format!("{command}\n").as_bytes()).await.unwrap();
    }

    /// Pages that are opened from now on are on this server.
    pub(crate) fn go_to(&mut self, server: &Server) {
        self.url = format!("http://{}", server.address());
    }

    /// Pages that are opened from now on are brought by a proxy, from this address.
    pub(crate) fn come_from(&mut self, address: &str) {
        self.headers = json!({"X-Forwarded-For": address});
    }

    /// Begins to open a page.
    pub(crate) async fn begin(&mut self, page: &str, transports: &[&str]) {
        self.command(json!({"page": page, "open": self.url, "transports": transports, "headers": self.headers})).await;
    }

    /// Opens a page; the id of its socket.
    pub(crate) async fn open(&mut self, page: &str, transports: &[&str]) -> String {
        self.begin(page, transports).await;
        let mut first = self.hear(page).await;
        if transports == UPGRADED {
            // The socket is there before, or just after, it is carried by a WebSocket.
            let second = self.hear(page).await;
            let (connect, upgrade) =
                if first[0] == "connect" { (first, second) } else { (second, first) };
            assert_eq!(upgrade, json!(["upgrade", "websocket"]));
            first = connect;
        }
        assert_eq!(first[0], "connect", "{first}");
        first[1].as_str().unwrap().to_owned()
    }

    /// Has a page emit an event with its arguments.
    pub(crate) async fn emit(&mut self, page: &str, event: Value) {
        self.command(json!({"page": page, "emit": event})).await;
    }

    /// Closes a page.
    pub(crate) async fn close(&mut self, page: &str) {
        self.command(json!({"page": page, "close": true})).await;
        assert_eq!(self.hear(page).await, json!(["disconnect", "io client disconnect"]));
    }

    /// The next thing that a page hears: an event and its arguments.
    pub(crate) async fn hear(&mut self, page: &str) -> Value {
        loop {
            if let Some(heard) = self.heard.get_mut(page).and_then(VecDeque::pop_front) {
                return heard;
            }
            let line = timeout(LONG, self.stdout.next_line())
                .await
                .unwrap_or_else(|_| panic!("{page} hears nothing"));
            let mut line: Value =
                serde_json::from_str(&line.unwrap().expect("Node lives")).unwrap();
            let page = line["page"].as_str().unwrap().to_owned();
            self.heard.entry(page).or_default().push_back(line["heard"].take());
        }
    }
}
