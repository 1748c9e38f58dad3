//! What the server relays without reading it, and the forms that clients give it (W3C WebRTC).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A piece of JSON that is relayed to the letter.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Payload(Box<RawValue>);

impl Payload {
    /// Writes a value as JSON.
    ///
    /// # Errors
    /// When the value has no JSON form (a map with keys that are no strings, say).
    pub fn of<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// Reads it as a session description or a candidate.
    ///
    /// # Errors
    /// When it has another shape.
    pub fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

/// Keeps descriptions and candidates out of logs.
impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payload({} bytes)", self.as_str().len())
    }
}

impl From<&RawValue> for Payload {
    fn from(json: &RawValue) -> Self {
        Self(json.to_owned())
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Payload {}

/// What an `RTCSessionDescription` is in JSON: `{"type":"offer","sdp":"v=0…"}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDescription {
    /// Whether it offers or answers.
    #[serde(rename = "type")]
    pub kind: DescriptionKind,
    /// The SDP text (RFC 8866).
    pub sdp: String,
}

/// Keeps SDP, which holds addresses and fingerprints, out of logs.
impl std::fmt::Debug for SessionDescription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionDescription({:?}, {} bytes)", self.kind, self.sdp.len())
    }
}

/// The `type` of a session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DescriptionKind {
    /// A proposal.
    Offer,
    /// A provisional answer.
    Pranswer,
    /// The final answer.
    Answer,
    /// Takes the last offer back.
    Rollback,
}

/// What an `RTCIceCandidateInit` is in JSON. An empty `candidate` ends the candidates.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateInit {
    /// The candidate attribute (RFC 8839 §5.1).
    #[serde(default)]
    pub candidate: String,
    /// The media section's identification tag.
    #[serde(default, deserialize_with = "tag", skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// The media section's index.
    #[serde(
        default,
        rename = "sdpMLineIndex",
        deserialize_with = "index",
        skip_serializing_if = "Option::is_none"
    )]
    pub sdp_mline_index: Option<u16>,
    /// Which ICE generation it belongs to.
    #[serde(default, deserialize_with = "tag", skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<String>,
}

/// A short text that some programs write as a number. What is neither is as good as nothing.
fn tag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// An index that some programs write as a text or with a fraction. What is none (-1 is written for
/// "unknown") is as good as nothing: the tag says where the candidate belongs.
fn index<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    let index = number.filter(|number| number.fract() == 0.0);
    Ok(index.filter(|index| (0.0..=f64::from(u16::MAX)).contains(index)).map(|index| index as u16))
}

/// Keeps addresses out of logs.
impl std::fmt::Debug for CandidateInit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CandidateInit({} bytes, mid {:?})", self.candidate.len(), self.sdp_mid)
    }
}

/// One entry of `iceServers`, as `RTCIceServer` has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// `stun:` and `turn:` URLs.
    #[serde(deserialize_with = "one_or_many")]
    pub urls: Vec<String>,
    /// The TURN user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The TURN password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl IceServer {
    /// Reads `iceServers`. One entry that can't be read costs nothing but itself: what is of the
    /// wrong type in it is left out, and what is left may be an entry without URLs, which nobody
    /// can use. A single object counts as a list of one.
    pub(crate) fn read_list(json: &RawValue) -> Vec<Self> {
        match serde_json::from_str(json.get()) {
            Ok(Value::Array(entries)) => entries.iter().map(Self::read).collect(),
            Ok(entry @ Value::Object(_)) => vec![Self::read(&entry)],
            _ => Vec::new(),
        }
    }

    fn read(entry: &Value) -> Self {
        // `url` is what `urls` was called first.
        let urls = match entry.get("urls").or_else(|| entry.get("url")) {
            Some(Value::Array(urls)) => urls.iter().filter_map(text).collect(),
            Some(url) => text(url).into_iter().collect(),
            None => Vec::new(),
        };
        let member = |key| entry.get(key).and_then(text);
        Self { urls, username: member("username"), credential: member("credential") }
    }
}

/// A text, or a number as text, which some servers send for a password.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Keeps credentials out of logs.
impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IceServer({} urls, credential: {})", self.urls.len(), self.credential.is_some())
    }
}

/// `urls` may be one string or a list (W3C WebRTC §4.2.4).
fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(url) => vec![url],
        OneOrMany::Many(urls) => urls,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(members: &str) -> CandidateInit {
        let json =
            format!(r#"{{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host"{members}}}"#);
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
    }

    #[test]
    fn an_index_is_read_however_it_is_written() {
        for (written, index) in [
            ("0", Some(0)),
            ("1", Some(1)),
            ("\"0\"", Some(0)),
            ("\" 2 \"", Some(2)),
            ("0.0", Some(0)),
            ("1e0", Some(1)),
            ("65535", Some(u16::MAX)),
            ("-1", None),
            ("\"-1\"", None),
            ("65536", None),
            ("1e300", None),
            ("0.5", None),
            ("null", None),
            ("\"\"", None),
            ("\"audio\"", None),
            ("\"NaN\"", None),
            ("true", None),
            ("[0]", None),
            ("{}", None),
        ] {
            let candidate = read(&format!(r#","sdpMLineIndex":{written},"sdpMid":"a""#));
            assert_eq!(candidate.sdp_mline_index, index, "{written}");
            assert_eq!(candidate.sdp_mid.as_deref(), Some("a"));
        }
        assert_eq!(read("").sdp_mline_index, None);
    }

    #[test]
    fn a_tag_is_read_however_it_is_written() {
        for (written, tag) in [
            ("\"0\"", Some("0")),
            ("0", Some("0")),
            ("1", Some("1")),
            ("\"video\"", Some("video")),
            ("\"\"", Some("")),
            ("null", None),
            ("false", None),
            ("[]", None),
        ] {
            let candidate = read(&format!(r#","sdpMid":{written},"usernameFragment":{written}"#));
            assert_eq!(candidate.sdp_mid.as_deref(), tag, "{written}");
            assert_eq!(candidate.username_fragment.as_deref(), tag, "{written}");
        }
    }

    proptest! {
        #[test]
        fn what_we_write_is_read_as_the_same(
            candidate in ".*", mid in prop::option::of(".*"), index in any::<Option<u16>>(), ufrag in prop::option::of(".*"),
        ) {
            let init = CandidateInit { candidate, sdp_mid: mid, sdp_mline_index: index, username_fragment: ufrag };
            let payload = Payload::of(&init).expect("it has a JSON form");
            prop_assert_eq!(payload.read::<CandidateInit>().expect("it is read"), init);
        }
    }

    fn read_servers(json: &str) -> Vec<IceServer> {
        IceServer::read_list(serde_json::from_str(json).expect("JSON"))
    }

    fn server(urls: &[&str], username: Option<&str>, credential: Option<&str>) -> IceServer {
        IceServer {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            username: username.map(str::to_owned),
            credential: credential.map(str::to_owned),
        }
    }

    #[test]
    fn an_entry_of_a_wrong_type_costs_only_itself() {
        let good = r#"{"urls":"stun:a"}"#;
        let known = server(&["stun:a"], None, None);
        for wrong in
            ["7", "null", "\"stun:b\"", "[]", "{}", r#"{"urls":7.5e300}"#, r#"{"urls":{}}"#]
        {
            let list = read_servers(&format!("[{good},{wrong},{good}]"));
            assert_eq!(list.len(), 3, "{wrong}");
            assert_eq!((&list[0], &list[2]), (&known, &known), "{wrong}");
            let usable = |url: &String| url.parse::<crate::IceUrl>().is_ok();
            assert!(!list[1].urls.iter().any(usable), "{wrong}");
        }
    }

    #[test]
    fn members_of_a_wrong_type_cost_only_themselves() {
        assert_eq!(
            read_servers(
                r#"[{"urls":["stun:a",null,3,["stun:b"],"turn:c"],"username":["u"],"credential":12345}]"#
            ),
            [server(&["stun:a", "3", "turn:c"], None, Some("12345"))]
        );
        assert_eq!(
            read_servers(
                r#"[{"url":"turn:a","username":"u","credential":"p","credentialType":"password"}]"#
            ),
            [server(&["turn:a"], Some("u"), Some("p"))]
        );
    }

    #[test]
    fn a_list_of_another_form_is_one_entry_or_none() {
        assert_eq!(read_servers(r#"{"urls":"stun:a"}"#), [server(&["stun:a"], None, None)]);
        for other in ["7", "\"stun:a\"", "true", "[]"] {
            assert_eq!(read_servers(other), [], "{other}");
        }
    }
}
