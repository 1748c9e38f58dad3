//! A signaling server in front of the real one, in whose messages every media address is one of an
//! emulated network.
//!
//! Who logs in here is B of the emulated network, whomever they talk with is A; neither learns an
//! address of the other's.

use std::sync::Arc;

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{accept_async, connect_async_with_config};

use visavis_link::{Emulator, Side};

/// A server that ends with the runtime.
#[derive(Debug)]
pub struct Redirect {
    url: String,
}

impl Redirect {
    /// Starts one on a free port, in front of the server at `url`.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(server: &str, network: Arc<Emulator>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("ws://{}", listener.local_addr().expect("bound"));
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(join(stream, server.clone(), Arc::clone(&network)));
            }
        });
        Self { url }
    }

    /// Where clients find it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Passes everything on between a client and the server until either leaves.
async fn join(stream: TcpStream, server: String, network: Arc<Emulator>) {
    // Like the app and the server: a small message does not wait for the acknowledgement of the one
    // before it.
    let connecting = connect_async_with_config(server, None, true);
    let (Ok(()), Ok(client), Ok((server, _))) =
        (stream.set_nodelay(true), accept_async(stream).await, connecting.await)
    else {
        return;
    };
    let ((to_client, from_client), (to_server, from_server)) = (client.split(), server.split());
    tokio::select! {
        () = pass(from_client, to_server, &network, Side::B) => {}
        () = pass(from_server, to_client, &network, Side::A) => {}
    }
}

async fn pass(
    mut messages: impl Stream<Item = Result<Message, tungstenite::Error>> + Unpin,
    mut to: impl Sink<Message> + Unpin,
    network: &Emulator,
    side: Side,
) {
    while let Some(Ok(message)) = messages.next().await {
        let message = match message {
            Message::Text(text) => {
                Message::text(redirected(&text, |candidate| network.step_between(side, candidate)))
            }
            other => other,
        };
        if to.send(message).await.is_err() {
            return;
        }
    }
}

/// The message with every candidate changed, also those in a description.
fn redirected(text: &str, mut change: impl FnMut(&mut String)) -> String {
    let Ok(mut message) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    if let Some(Value::String(candidate)) = message.pointer_mut("/candidate/candidate") {
        change(candidate);
    }
    for place in ["/offer/sdp", "/answer/sdp"] {
        if let Some(Value::String(sdp)) = message.pointer_mut(place) {
            let lines = sdp.split_inclusive('\n').map(|line| {
                let mut line = line.to_owned();
                if line.starts_with("a=candidate:") {
                    change(&mut line);
                }
                line
            });
            *sdp = lines.collect();
        }
    }
    message.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_address_gets_past_and_nothing_else_is_changed() {
        let candidate = "candidate:1 1 udp 2130706431 10.0.0.1 5000 typ host";
        let sdp = format!("v=0\r\nc=IN IP4 0.0.0.0\r\na={candidate}\r\na=mid:0\r\n");
        let hide = |text: &mut String| *text = text.replace("10.0.0.1 5000", "127.0.0.1 6000");
        for (place, text) in [("candidate", candidate), ("sdp", &sdp)] {
            let message =
                |text: &str| json!({"type": "offer", "otherUsername": "a", "offer": {place: text}});
            let message = |text: &str| match place {
                "candidate" => {
                    json!({"type": "candidate", "candidate": {"candidate": text, "sdpMid": "0"}})
                }
                _ => message(text),
            };
            let passed: Value =
                serde_json::from_str(&redirected(&message(text).to_string(), hide)).expect("JSON");
            assert_eq!(passed, message(&text.replace("10.0.0.1 5000", "127.0.0.1 6000")));
        }
        assert_eq!(redirected("no JSON", hide), "no JSON");
    }
}
