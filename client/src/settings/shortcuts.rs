//! Keyboard shortcuts that can be changed: what they do, and the keys of each. Pure.
//!
//! In: names and keys as text, as a settings file has them, or new keys for a command. Out: the
//! keys of each command, or why some can't be taken. What always holds: no two commands have the
//! same keys; none has keys that typing or moving about needs; a command that acts on every screen
//! needs a modifier or a function key, so that no letter does anything by accident. What a file
//! holds and this version does not understand stays in the file.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a shortcut does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Accepts the call that rings.
    Accept,
    /// Declines, cancels or closes the call, whichever there is.
    HangUp,
    /// Mutes the microphone, or not, in a call.
    Mute,
    /// Unmutes the microphone of a call for as long as the key is held.
    Talk,
    /// Turns the camera off or on, in a call.
    Camera,
    /// Shows the call in a small window over all others, or in the whole one again.
    MiniWindow,
    /// Keeps the other's picture as a file.
    Snapshot,
    /// Fills the screen with the call, or not.
    FullScreen,
    /// Shows the other's whole picture or fills the window with it.
    WholePicture,
    /// Shows the statistics of the call, or puts them away.
    Statistics,
    /// Shows who is at the other end of a call, and the safety code.
    SafetyCode,
    /// Shows what is written and sent in a call, or puts it away.
    Text,
    /// Chooses a screen or a window to share in a call; while one is shared, stops that.
    Share,
    /// Opens the settings.
    Settings,
    /// Lists the shortcuts.
    Help,
}

/// Where a command acts; this decides which keys it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Also while somebody types, or as a call comes in.
    Everywhere,
    /// In a call, while nothing that takes keys has them.
    Call,
}

impl Command {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 15] = [
        Self::Accept,
        Self::HangUp,
        Self::Mute,
        Self::Talk,
        Self::Camera,
        Self::Share,
        Self::Text,
        Self::MiniWindow,
        Self::Snapshot,
        Self::FullScreen,
        Self::WholePicture,
        Self::Statistics,
        Self::SafetyCode,
        Self::Settings,
        Self::Help,
    ];

    /// What it is called in the settings file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.traits().0
    }

    /// Its keys until a person changes them.
    #[must_use]
    pub const fn usual_keys(self) -> Keys {
        self.traits().1
    }

    const fn traits(self) -> (&'static str, Keys, Scope) {
        use Scope::{Call, Everywhere};
        match self {
            Self::Accept => ("accept", Keys::of("A").ctrl().shift(), Everywhere),
            Self::HangUp => ("hangUp", Keys::of("W").ctrl(), Everywhere),
            Self::Mute => ("mute", Keys::of("D").ctrl(), Call),
            Self::Talk => ("talk", Keys::of("Space"), Call),
            Self::Camera => ("camera", Keys::of("E").ctrl(), Call),
            Self::MiniWindow => ("miniWindow", Keys::of("M").ctrl(), Call),
            Self::Snapshot => ("snapshot", Keys::of("S").ctrl(), Call),
            Self::FullScreen => ("fullScreen", Keys::of("F11"), Call),
            Self::WholePicture => ("wholePicture", Keys::of("0"), Call),
            Self::Statistics => ("statistics", Keys::of("I").ctrl(), Call),
            Self::SafetyCode => ("safetyCode", Keys::of("K").ctrl(), Call),
            Self::Text => ("text", Keys::of("T").ctrl(), Call),
            Self::Share => ("share", Keys::of("S").ctrl().shift(), Call),
            Self::Settings => ("settings", Keys::of("Comma").ctrl(), Everywhere),
            Self::Help => ("help", Keys::of("F1"), Everywhere),
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.name() == name)
    }
}

/// Keys that are pressed together: modifiers, and one key by its name (as egui calls it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// Ctrl; on macOS the command key.
    pub ctrl: bool,
    /// Shift.
    pub shift: bool,
    /// Alt.
    pub alt: bool,
    key: &'static str,
}

/// Keys that type something, or stand for themselves, beside the letters and digits.
const SIGNS: &[&str] = &[
    "Space",
    "Comma",
    "Minus",
    "Period",
    "Plus",
    "Equals",
    "Semicolon",
    "Quote",
    "Colon",
    "Slash",
    "Backslash",
    "Pipe",
    "Questionmark",
    "Exclamationmark",
    "OpenBracket",
    "CloseBracket",
    "OpenCurlyBracket",
    "CloseCurlyBracket",
    "Backtick",
];
/// Letters and digits.
const CHARACTERS: &[&str] = &[
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S",
    "T", "U", "V", "W", "X", "Y", "Z", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
];
/// Keys that type nothing and that nobody presses by accident.
const FUNCTIONS: &[&str] = &[
    "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12", "F13", "F14", "F15",
    "F16", "F17", "F18", "F19", "F20", "F21", "F22", "F23", "F24", "Pause", "Insert", "PageUp",
    "PageDown",
];
/// Keys that edit: with a modifier they are free.
const EDITING: &[&str] = &["Backspace", "Delete", "Enter"];
/// Keys with which people move about, with whatever modifier.
const MOVING: &[&str] = &["Tab", "Escape", "Up", "Down", "Left", "Right", "Home", "End"];
/// What every text field understands with Ctrl.
const OF_TEXT: &[&str] = &["A", "C", "V", "X", "Y", "Z"];
/// What changes the size of everything with Ctrl.
const OF_ZOOM: &[&str] = &["Plus", "Minus", "Equals", "0"];

/// Why keys can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another command has them.
    #[error("another command has these keys")]
    Taken(Command),
    /// Typing, moving about or the system needs them.
    #[error("typing and moving about need these keys")]
    Reserved,
    /// The command acts on every screen.
    #[error("keys that act on every screen need Ctrl or Alt, or a function key")]
    NeedsModifier,
    /// There is no such key.
    #[error("there is no such key")]
    Unknown,
}

impl Keys {
    /// One key with no modifier. It has to be one of those above; a test holds all to that.
    const fn of(key: &'static str) -> Self {
        Self { ctrl: false, shift: false, alt: false, key }
    }

    const fn ctrl(self) -> Self {
        Self { ctrl: true, ..self }
    }

    const fn shift(self) -> Self {
        Self { shift: true, ..self }
    }

    /// Keys by the name of the one that is no modifier.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] for a key that can't be used.
    pub fn new(ctrl: bool, shift: bool, alt: bool, key: &str) -> Result<Self, Refusal> {
        let all = [CHARACTERS, SIGNS, FUNCTIONS, EDITING, MOVING].into_iter().flatten();
        let key = all.copied().find(|name| *name == key).ok_or(Refusal::Unknown)?;
        Ok(Self { ctrl, shift, alt, key })
    }

    /// The name of the key that is no modifier.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        self.key
    }

    /// Whether they put something into a text field.
    #[must_use]
    pub fn type_text(&self) -> bool {
        let editing = EDITING.contains(&self.key);
        !self.ctrl && !self.alt && !FUNCTIONS.contains(&self.key) || editing && !self.alt
    }

    /// Whether other keys are these: the Shift that a sign needs on some keyboards does not count.
    #[must_use]
    pub fn are(&self, other: &Self) -> bool {
        let shift = SIGNS.contains(&self.key) && self.key != "Space" || self.shift == other.shift;
        self.key == other.key && self.ctrl == other.ctrl && self.alt == other.alt && shift
    }

    fn allowed_for(&self, command: Command) -> Result<(), Refusal> {
        let with_modifier = self.ctrl || self.alt;
        let of_text = self.ctrl && !self.alt && OF_TEXT.contains(&self.key);
        // Ctrl+Shift+A and the like belong to no text field, but for the one that does again.
        let of_text = of_text && (!self.shift || matches!(self.key, "Z" | "V"));
        let of_zoom = self.ctrl && !self.alt && OF_ZOOM.contains(&self.key);
        let closes_windows = self.alt && self.key == "F4";
        let edits = EDITING.contains(&self.key) && !with_modifier;
        if MOVING.contains(&self.key) || of_text || of_zoom || closes_windows || edits {
            return Err(Refusal::Reserved);
        }
        if command.traits().2 == Scope::Everywhere
            && !with_modifier
            && !FUNCTIONS.contains(&self.key)
        {
            return Err(Refusal::NeedsModifier);
        }
        Ok(())
    }
}

impl fmt::Display for Keys {
    /// As in the settings file: `Ctrl+Shift+A`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.ctrl, "Ctrl"), (self.alt, "Alt"), (self.shift, "Shift")] {
            if held {
                write!(f, "{name}+")?;
            }
        }
        f.write_str(self.key)
    }
}

impl FromStr for Keys {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let (mut ctrl, mut shift, mut alt, mut key) = (false, false, false, None);
        for part in text.split('+') {
            let held = match part.trim() {
                "Ctrl" => &mut ctrl,
                "Shift" => &mut shift,
                "Alt" => &mut alt,
                other if key.is_none() => {
                    key = Some(other);
                    continue;
                }
                _ => return Err(Refusal::Unknown),
            };
            if std::mem::replace(held, true) || key.is_some() {
                return Err(Refusal::Unknown);
            }
        }
        Self::new(ctrl, shift, alt, key.ok_or(Refusal::Unknown)?)
    }
}

/// The keys of all commands. In the settings file only those that were changed: names of commands,
/// and keys or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, Value>", into = "BTreeMap<String, Value>")]
pub struct Shortcuts {
    /// `None`: a person wants no keys for it.
    changed: BTreeMap<Command, Option<Keys>>,
    /// What this version does not understand.
    further: BTreeMap<String, Value>,
}

impl Shortcuts {
    /// The keys of a command. Keys that a person chose are nobody else's usual ones any more.
    #[must_use]
    pub fn keys(&self, command: Command) -> Option<Keys> {
        if let Some(chosen) = self.changed.get(&command) {
            return *chosen;
        }
        let usual = command.usual_keys();
        let mut chosen = self.changed.values().flatten();
        (!chosen.any(|keys| keys.are(&usual) || usual.are(keys))).then_some(usual)
    }

    /// The command that has these keys.
    #[must_use]
    pub fn command(&self, keys: &Keys) -> Option<Command> {
        Command::ALL
            .into_iter()
            .find(|command| self.keys(*command).is_some_and(|its| its.are(keys) || keys.are(&its)))
    }

    /// Gives a command other keys.
    ///
    /// # Errors
    /// [`Refusal`] when it can't have them; then nothing changes.
    pub fn set(&mut self, command: Command, keys: Keys) -> Result<(), Refusal> {
        keys.allowed_for(command)?;
        match self.command(&keys) {
            Some(other) if other != command => return Err(Refusal::Taken(other)),
            _ => {}
        }
        self.further.remove(command.name());
        if keys == command.usual_keys() {
            self.changed.remove(&command);
        } else {
            self.changed.insert(command, Some(keys));
        }
        Ok(())
    }

    /// Takes a command its keys.
    pub fn clear(&mut self, command: Command) {
        self.further.remove(command.name());
        self.changed.insert(command, None);
    }

    /// Gives all commands their usual keys.
    pub fn reset(&mut self) {
        self.changed.clear();
        self.further.retain(|name, _| Command::of_name(name).is_none());
    }

    /// Whether any command has other keys than usual.
    #[must_use]
    pub fn are_changed(&self) -> bool {
        !self.changed.is_empty()
    }
}

impl From<BTreeMap<String, Value>> for Shortcuts {
    fn from(written: BTreeMap<String, Value>) -> Self {
        let mut all = Self::default();
        for (name, value) in written {
            let understood = Command::of_name(&name)
                .zip(value.as_str())
                .is_some_and(|(command, keys)| all.understands(command, keys));
            if !understood {
                all.further.insert(name, value);
            }
        }
        all
    }
}

impl Shortcuts {
    /// Takes what a file says of a command; returns whether it made sense.
    fn understands(&mut self, command: Command, written: &str) -> bool {
        let chosen = match written.parse::<Keys>() {
            _ if written.is_empty() => None,
            Ok(keys) => {
                let mut chosen = self.changed.values().flatten();
                let taken = chosen.any(|other| other.are(&keys) || keys.are(other));
                if taken || keys.allowed_for(command).is_err() {
                    return false;
                }
                Some(keys)
            }
            Err(_) => return false,
        };
        self.changed.insert(command, chosen);
        true
    }
}

impl From<Shortcuts> for BTreeMap<String, Value> {
    fn from(shortcuts: Shortcuts) -> Self {
        let keys = |keys: Option<Keys>| keys.map_or_else(String::new, |keys| keys.to_string());
        let changed = shortcuts.changed.into_iter();
        let mut written: Self = changed
            .map(|(command, chosen)| (command.name().to_owned(), keys(chosen).into()))
            .collect();
        for (name, value) in shortcuts.further {
            written.entry(name).or_insert(value);
        }
        written
    }
}

#[cfg(test)]
mod tests;
