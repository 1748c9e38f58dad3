//! What two looks at the devices there are mean for one of them.

use std::time::Instant;

use crate::session::device_keeper::{Change, Choice, DeviceKeeper};

/// What one look found of one kind of device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The system's own name of the one that it would pick.
    pub(super) default: Option<String>,
    /// The names of those there are, where they were asked for.
    pub(super) names: Option<Vec<String>>,
}

/// Tells a device's keeper what has changed. `by_default`: whatever the system picks was chosen;
/// `name`: the device of this name was.
pub(super) fn tell<C: Choice>(
    keeper: &mut DeviceKeeper<C>,
    (by_default, name): (bool, Option<&str>),
    (before, now): (&Seen, &Seen),
    at: Instant,
) {
    let lists = |seen: &Seen| {
        seen.names.as_ref().zip(name).map(|(names, wanted)| names.iter().any(|one| one == wanted))
    };
    let (was_there, is_there) = (lists(before), lists(now));
    if was_there == Some(true) && is_there == Some(false) {
        keeper.moved_on();
    }
    let change = Change {
        list: now.names.is_some() && now.names != before.names,
        default: now.default.is_some() && now.default != before.default,
        chosen_is_there: is_there == Some(true),
        chosen_is_back: is_there == Some(true) && was_there == Some(false),
    };
    keeper.devices_changed(change, by_default, at);
}
