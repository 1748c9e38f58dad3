//! Takes what can be used of a settings file. Pure.
//!
//! In: its text. Out: the settings, and which values made no sense; those have their defaults. A
//! file of an earlier version (which had no number) holds the same values and fewer.

use serde::Serialize;
use serde_json::{Map, Value};

use super::values::Settings;

/// The version of the file that is written.
pub const VERSION: u64 = 1;
/// The field that holds it.
const VERSION_FIELD: &str = "version";
/// So many values that made no sense are named.
const MOST_NAMED: usize = 5;

/// What a file held.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub(super) settings: Settings,
    /// The values that made no sense, such as `video.fps`.
    pub(super) ignored: Vec<String>,
    /// The version that wrote it; 0 for those before the first number.
    pub(super) version: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    version: u64,
    #[serde(flatten)]
    settings: &'a Settings,
}

/// Settings as they are written.
pub(super) fn write(settings: &Settings) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(&Written { version: VERSION, settings })?;
    text.push(b'\n');
    Ok(text)
}

/// Reads a file's text.
///
/// # Errors
/// It is no JSON object.
pub(super) fn read(text: &[u8]) -> serde_json::Result<Read> {
    let mut fields: Map<String, Value> = serde_json::from_slice(text)?;
    let version = fields.remove(VERSION_FIELD).and_then(|version| version.as_u64()).unwrap_or(0);
    let (mut settings, ignored) = match serde_json::from_value(Value::Object(fields.clone())) {
        Ok(settings) => (settings, Vec::new()),
        Err(_) => one_by_one(fields)?,
    };
    settings.clamp();
    Ok(Read { settings, ignored, version })
}

/// Takes the values that make sense, each for itself.
fn one_by_one(fields: Map<String, Value>) -> serde_json::Result<(Settings, Vec<String>)> {
    let Value::Object(mut taken) = serde_json::to_value(Settings::default())? else {
        return Ok((Settings::default(), Vec::new()));
    };
    let mut ignored = Vec::new();
    for (name, value) in fields {
        let Some(default) = taken.get(&name).cloned() else {
            // Whatever another version keeps.
            taken.insert(name, value);
            continue;
        };
        let mut fits = |value: &Value| {
            let only = Map::from_iter([(name.clone(), value.clone())]);
            serde_json::from_value::<Settings>(Value::Object(only)).is_ok()
        };
        let value = take(default, value, &name, &mut fits, &mut ignored);
        taken.insert(name, value);
    }
    Ok((serde_json::from_value(Value::Object(taken))?, ignored))
}

/// A value as far as it makes sense: whole, or the parts of it that do.
fn take(
    default: Value,
    value: Value,
    name: &str,
    fits: &mut dyn FnMut(&Value) -> bool,
    ignored: &mut Vec<String>,
) -> Value {
    if fits(&value) {
        return value;
    }
    match (default, value) {
        (Value::Object(mut parts), Value::Object(values)) => {
            for (part, value) in values {
                let Some(default) = parts.get(&part).cloned() else { continue };
                let mut fits = |value: &Value| {
                    fits(&Value::Object(Map::from_iter([(part.clone(), value.clone())])))
                };
                let value = take(default, value, &format!("{name}.{part}"), &mut fits, ignored);
                parts.insert(part, value);
            }
            Value::Object(parts)
        }
        (default, _) => {
            if ignored.len() < MOST_NAMED {
                ignored.push(name.to_owned());
            }
            default
        }
    }
}
