//! The sizes of single components in points, where they are no step of a scale.

use eframe::egui::{Vec2, vec2};

/// The window when it first opens, and the smallest in which everything still fits.
pub(crate) const FIRST_WINDOW: [f32; 2] = [1040.0, 680.0];
pub(crate) const LEAST_WINDOW: [f32; 2] = [480.0, 360.0];

/// How high one of the four words is that are compared, and what there is to read of a changed key.
pub(crate) const CODE_WORD: f32 = 56.0;
pub(crate) const KEY_CHANGED: f32 = 380.0;

/// How wide the mini window first is, and the least in which its buttons fit.
pub(crate) const MINI_WIDTH: f32 = 320.0;
pub(crate) const LEAST_MINI: [f32; 2] = [200.0, 150.0];

/// The shape of a camera's video while there is none.
pub(crate) const CAMERA_ASPECT: f32 = 16.0 / 9.0;

/// The two buttons of a moment (being called, ended), side by side.
pub(crate) const MOMENT_BUTTON: f32 = 136.0;
/// How high a moment is, about: it stands in the middle by it.
pub(crate) const MOMENT: f32 = 340.0;
/// In less height than this, whoever calls is a name and no picture.
pub(crate) const ROOM_FOR_AVATAR: f32 = 400.0;
/// The room that the rings round an avatar need, by its diameter.
pub(crate) const RIPPLE: f32 = 1.4;
/// How high the page to log in is, about, before it was shown.
pub(crate) const LOG_IN: f32 = 540.0;
/// What stands in the middle is a little above it: so much of what is left is over it.
pub(crate) const OPTICAL_MIDDLE: f32 = 0.42;

/// From here on one's own picture and the devices stand side by side in their card.
pub(crate) const CHECK_COLUMNS: f32 = 420.0;

/// The least height in which a notice has room.
pub(crate) const LEAST_TOAST: f32 = 52.0;
/// And in which most do.
pub(crate) const ROOMY_TOAST: f32 = 96.0;

/// What turns beside a hint.
pub(crate) const SMALL_SPINNER: f32 = 12.0;
/// A QR code with its quiet zone, about: its modules are whole pixels.
pub(crate) const QR_CODE: f32 = 192.0;

/// The button beside a field.
pub(crate) const FIELD_BUTTON: f32 = 96.0;

/// What a slider's percents take behind it, and the knob of such a slider.
pub(crate) const PERCENT: f32 = 56.0;
pub(crate) const KNOB: f32 = 16.0;

/// A round button of the tools at the upper right of a call.
pub(crate) const TOOL: f32 = 28.0;
/// The ends of *Close call*, before its icon and behind its words.
pub(crate) const PILL_BEFORE: f32 = 14.0;
pub(crate) const PILL_BEHIND: f32 = 18.0;

/// The card of statistics inside, and a plot in it.
pub(crate) const STATISTICS: f32 = 320.0;
pub(crate) const PLOT: f32 = 36.0;
/// What the card of statistics leaves of the stage above and below its content: the bar, too.
pub(crate) const STATISTICS_REST: f32 = 252.0;

/// The sections of the settings beside their page.
pub(crate) const SETTINGS_BAR: f32 = 224.0;
/// A choice at the right of its words, and the least that those words need beside it.
pub(crate) const CHOICE: f32 = 232.0;
pub(crate) const WORDS_BESIDE: f32 = 132.0;
/// One's own picture in the settings.
pub(crate) const SMALL_PICTURE: f32 = 228.0;
/// A time of the day that is typed.
pub(crate) const TIME_FIELD: f32 = 72.0;
/// The picture of a theme.
pub(crate) const THEME: f32 = 64.0;

/// The frame round the window while something of it is shown to the other.
pub(crate) const SHARE_FRAME: f32 = 3.0;
/// The least width of a picture of what can be shared.
pub(crate) const LEAST_SHARE_CARD: f32 = 132.0;
/// The mark on a card that is chosen.
pub(crate) const CHOSEN: f32 = 24.0;
/// What a line of a conversation leaves free beside it.
pub(crate) const BESIDE_LINE: f32 = 48.0;
/// How high what one is writing grows, in lines.
pub(crate) const WRITING_LINES: usize = 5;
/// The largest size of the other's screen, in originals, and so much scrolling doubles it.
pub(crate) const ZOOM_LARGEST: f32 = 8.0;
pub(crate) const ZOOM_DOUBLES: f32 = 200.0;
/// Below this size of the other's screen, in originals, more than the nearest pixels are looked at.
pub(crate) const SHRINKS_BELOW: f32 = 0.5;
/// The mark on a button behind which something waits.
pub(crate) const UNREAD: f32 = 5.0;

/// A switch's track, how far its knob's middle is from the track's ends, and the knob's radius.
pub(crate) const SWITCH: Vec2 = vec2(36.0, 20.0);
pub(crate) const SWITCH_INSET: f32 = 10.0;
pub(crate) const SWITCH_OFF: f32 = 5.0;
pub(crate) const SWITCH_ON: f32 = 7.0;

/// How high a key's cap is, and how narrow at most.
pub(crate) const KEY_CAP: f32 = 24.0;

/// How high the bars of a level meter are.
pub(crate) const METER: f32 = 12.0;

/// The app's mark: round corners and what it holds, by its side, as in `assets/visavis.svg`.
pub(crate) const MARK_CORNER: f32 = 0.26;
pub(crate) const MARK_INSIDE: f32 = 0.64;

/// The flattest and the tallest self-view, width over height.
pub(crate) const SELF_VIEW_FLATTEST: f32 = 2.5;
pub(crate) const SELF_VIEW_TALLEST: f32 = 0.4;

/// The least longer side of the self-view that somebody can choose.
pub(crate) const SELF_VIEW_LEAST: f32 = 96.0;

/// The longer side of the self-view over a stage of this width.
pub(crate) fn self_view(stage: f32) -> f32 {
    match stage {
        width if width < 400.0 => 96.0,
        width if width < 640.0 => 128.0,
        width if width < 1000.0 => 176.0,
        width if width < 1600.0 => 240.0,
        _ => 320.0,
    }
}

/// The diameter of the dot of presence on an avatar: 10 on one of 36, 14 on one of 72.
pub(crate) fn presence(avatar: f32) -> f32 {
    6.0 + avatar / 9.0
}
