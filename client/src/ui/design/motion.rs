//! How long changes take, and how they run. Nothing moves but what is named here.

use std::time::Duration;

use eframe::egui::{Context, Id};

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
/// How long what was written stands over the picture while the panel is closed.
pub(crate) const BUBBLE: Duration = Duration::from_secs(6);
/// How long a dialog that shares something takes no answer after it came: a click that was on its
/// way to something else does nothing.
pub(crate) const SETTLED: Duration = Duration::from_millis(400);
/// How long one waits before one is told that something is being looked for.
pub(crate) const LOOKING: Duration = Duration::from_millis(300);
/// How long it takes until most of what is nearby was found: then one reads what else to do.
pub(crate) const LOOKS: Duration = Duration::from_secs(10);
/// Lines of one person that follow each other this closely share one time.
pub(crate) const ONE_TIME: Duration = Duration::from_secs(60);
/// How long a window keeps its size before it counts as resized.
pub(crate) const RESIZED: Duration = Duration::from_millis(300);

/// Whether nothing slides or fades from now on.
pub(crate) fn lessen(ctx: &Context, less: bool) {
    ctx.data_mut(|data| data.insert_temp(less_id(), less));
}

/// How long something slides or fades that takes so long by the tokens: no time, where the person
/// wants less motion.
pub(crate) fn seconds(ctx: &Context, token: Duration) -> f32 {
    let less = ctx.data(|data| data.get_temp(less_id())).unwrap_or(false);
    if less { 0.0 } else { token.as_secs_f32() }
}

fn less_id() -> Id {
    Id::unique("less-motion")
}
