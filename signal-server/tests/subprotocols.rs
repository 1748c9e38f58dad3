//! Pages that ask for a subprotocol, written for older servers, in Node.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::path::Path;
use std::process::Stdio;

use common::{LONG, server};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

#[tokio::test]
async fn pages_that_ask_for_subprotocols_are_connected_and_get_the_first() {
    let server = server().await;
    let folder = Path::new("tests/node");
    assert!(
        folder.join("node_modules/ws").is_dir(),
        "a WebSocket client is missing: run npm ci in {}, or cargo xtask test, which does",
        folder.display()
    );
    let mut node = Command::new("node")
        .args(["--no-warnings", "--experimental-websocket", "subprotocols.js", &server.url()])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node (Debian: apt-get install nodejs)");
    let cases = [
        (json!(null), ""),
        (json!([]), ""),
        (json!("json"), "json"),
        (json!(["a", "b"]), "a"),
        (json!(["b", "a"]), "b"),
        (json!(["v12.stomp", "v11.stomp", "v10.stomp"]), "v12.stomp"),
    ];
    let mut lists = node.stdin.take().unwrap();
    for (asked, _) in &cases {
        lists.write_all(format!("{asked}\n").as_bytes()).await.unwrap();
    }
    drop(lists);
    let output = timeout(LONG, node.wait_with_output()).await.expect("an end").unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let chosen: Vec<Value> =
        said.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let expected: Vec<_> = cases.iter().map(|(_, first)| json!([first, first])).collect();
    assert_eq!(chosen, expected, "{}", String::from_utf8_lossy(&output.stderr));
    server.shutdown().await;
}
