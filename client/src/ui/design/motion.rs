//! How long changes take, and how they run. Nothing moves but what is named here.

use std::time::Duration;

/// Hover, press, focus.
pub(crate) const QUICK: Duration = Duration::from_millis(90);
/// Menus, toasts, dialogs, controls that come back.
pub(crate) const BASE: Duration = Duration::from_millis(160);
/// The self-view gliding to its corner, controls fading.
pub(crate) const SLOW: Duration = Duration::from_millis(240);
/// How long the pointer rests before the controls of a call fade.
pub(crate) const REST: Duration = Duration::from_secs(3);
/// How long the pointer rests on something before its tooltip comes.
pub(crate) const TOOLTIP: Duration = Duration::from_millis(350);
/// How long the other's first picture may take before it counts as missing.
pub(crate) const FIRST_PICTURE: Duration = Duration::from_secs(5);
/// How long the microphone stays on after the key was let go that one holds to talk: the last sound
/// of a word is longer than the thought of it.
pub(crate) const TALK_TAIL: Duration = Duration::from_millis(150);
/// How long a line stands that tells how a call ended.
pub(crate) const LINE: Duration = Duration::from_secs(10);
/// How long a button says that it has copied something.
pub(crate) const SAID: Duration = Duration::from_secs(3);
