//! Messages between nodes, as bytes and back.
//!
//! The first line is JSON, and after it comes the canonical text of a client's message where there
//! is one. Who reads Redis reads what goes from node to node, as it does on the nodes themselves;
//! what can't be read is dropped.

use serde::{Deserialize, Serialize};
use visavis_shared::codec::{decode_server, encode_server};
use visavis_shared::{ServerMessage, Username};

use super::layout::NodeId;
use crate::rules::router::Undelivered;

/// A message between nodes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NodeMessage {
    /// A message for somebody on the node that reads this.
    Message { from: NodeId, to: Username, message: ServerMessage },
    /// A message of somebody on the node that reads this reached nobody: they were gone when it
    /// came.
    Undelivered(Undelivered),
    /// Another node has taken over the lease that this claim had.
    Lost { name: Username, number: u64 },
    /// A node sends this to itself, to see that it still receives.
    Beat(u64),
    /// For everybody in the lobby of every other node.
    Lobby { from: NodeId, message: ServerMessage },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Head {
    Message { from: String, to: Username },
    Undelivered(Undelivered),
    Lost { name: Username, number: u64 },
    Beat(u64),
    Lobby { from: String },
}

impl NodeMessage {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let head = match self {
            Self::Message { from, to, .. } => {
                Head::Message { from: from.to_string(), to: to.clone() }
            }
            Self::Undelivered(undelivered) => Head::Undelivered(undelivered.clone()),
            Self::Lost { name, number } => Head::Lost { name: name.clone(), number: *number },
            Self::Beat(count) => Head::Beat(*count),
            Self::Lobby { from, .. } => Head::Lobby { from: from.to_string() },
        };
        // Nothing in a head can fail to be JSON; if it did, the reader would drop an empty line.
        let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
        if let Self::Message { message, .. } | Self::Lobby { message, .. } = self {
            bytes.push(b'\n');
            bytes.extend_from_slice(encode_server(message).as_bytes());
        }
        bytes
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, message) = text.split_once('\n').unwrap_or((text, ""));
        let message = || decode_server(message).ok();
        Some(match serde_json::from_str(head).ok()? {
            Head::Message { from, to } => {
                Self::Message { from: NodeId::parse(&from)?, to, message: message()? }
            }
            Head::Undelivered(undelivered) => Self::Undelivered(undelivered),
            Head::Lost { name, number } => Self::Lost { name, number },
            Head::Beat(count) => Self::Beat(count),
            Head::Lobby { from } => {
                Self::Lobby { from: NodeId::parse(&from)?, message: message()? }
            }
        })
    }
}

/// What a script publishes when somebody comes or goes: "node epoch 1" or "node epoch 0".
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PresenceChange {
    /// Where; nobody knows when a lease has ended by itself.
    pub(super) node: Option<NodeId>,
    pub(super) epoch: u64,
    pub(super) online: bool,
}

impl PresenceChange {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = std::str::from_utf8(bytes).ok()?.split(' ');
        let (node, epoch, online) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() || !matches!(online, "0" | "1") {
            return None;
        }
        Some(Self { node: NodeId::parse(node), epoch: epoch.parse().ok()?, online: online == "1" })
    }
}

#[cfg(test)]
mod tests {
    use visavis_shared::{CallId, CallSignal, Payload};

    use super::*;

    #[test]
    fn every_note_is_read_as_it_was_written() {
        let (node, alice) = (NodeId::random(), Username::parse("alice").unwrap());
        let call = CallId::parse("c1").ok();
        // A page may well send line breaks within its JSON.
        let payload: Payload =
            serde_json::from_str("{\"sdp\":\"v=0\\r\\n\",\n  \"more\": [1.50]}").unwrap();
        let signal = CallSignal::Offer(payload);
        let message = ServerMessage::Call { from: alice.clone(), call: call.clone(), signal };
        for message in [
            NodeMessage::Message {
                from: node.clone(),
                to: alice.clone(),
                message: message.clone(),
            },
            NodeMessage::Undelivered(Undelivered {
                from: alice.clone(),
                to: alice.clone(),
                kind: "offer".into(),
                call,
            }),
            NodeMessage::Lost { name: alice.clone(), number: u64::MAX },
            NodeMessage::Beat(7),
            NodeMessage::Lobby {
                from: node,
                message: ServerMessage::GuestLeft { username: alice },
            },
        ] {
            assert_eq!(NodeMessage::parse(&message.to_bytes()), Some(message));
        }
    }

    #[test]
    fn what_can_not_be_read_is_no_note() {
        for bytes in [
            &b""[..],
            b"\n",
            b"\xff",
            b"{}",
            b"{\"beat\":-1}",
            b"{\"message\":{\"from\":\"0123456789abcdef\",\"to\":\"\"}}\n{}",
            b"{\"message\":{\"from\":\"0123456789abcdef\",\"to\":\"bob\"}}\n{\"type\":\"what\"}",
            b"{\"lobby\":{\"from\":\"nobody\"}}\n{\"type\":\"guest-left\",\"username\":\"bob\"}",
        ] {
            assert_eq!(NodeMessage::parse(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_change_of_presence_says_where_when_and_what() {
        let change = |node, epoch, online| Some(PresenceChange { node, epoch, online });
        let node = NodeId::parse("0123456789abcdef");
        assert_eq!(PresenceChange::parse(b"0123456789abcdef 17 1"), change(node, 17, true));
        assert_eq!(PresenceChange::parse(b"- 18 0"), change(None, 18, false));
        for bytes in [&b""[..], b"- 18", b"- x 0", b"- 18 2", b"- 18 0 0", b"\xff 1 1"] {
            assert_eq!(PresenceChange::parse(bytes), None);
        }
    }
}
