//! What floats over the picture of a call besides its controls: who it is and for how long, that
//! the other is muted, how the connection is doing, and what one does not notice about one's own
//! microphone.
//!
//! What always holds: but for the name and the clock they stay while they are true, whatever fades,
//! and name and clock stay, too, while nobody vouches for who is there;
//! each has its own place, so that none lies over another, over the bar or over the self-view.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    CornerRadius, Galley, Label, PointerButton, Rect, Sense, Stroke, Ui, UiBuilder, Vec2,
    WidgetInfo, pos2, vec2,
};
use std::sync::Arc;
use std::time::Duration;

use super::call_screen::CallView;
use super::controls::{self, BAR_HEIGHT, HEAD_HEIGHT};
use super::design::{
    Icon, Palette, TypeStyle, clock_width, component, layout, motion, paint_clock, radius, size,
    space, stage,
};
use super::trust::Mark;
use super::widgets::focus;
use super::{keyboard, wake, widgets, words};
use crate::session::snapshot::{CallHint, Snapshot};
use crate::words::text;

/// A shorter gap needs no number.
const LOST_FOR_LONG: Duration = motion::REST;
/// How many tools stand at the upper right.
const TOOLS: usize = 4;
/// On both sides of a chip's content, and above and below.
const PADDING: Vec2 = vec2(space::S3 + size::RING, space::S2);

/// The name, the shield and the clock, and what was done with them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) place: Rect,
    /// Whether the person wants to know what the shield means.
    pub(super) pressed: bool,
    /// Whether the pointer is on it or it has the keyboard.
    pub(super) busy: bool,
}

/// Who it is, what vouches for that, and how long it has been, in the upper left; fades with the
/// bar, but for what has to be seen. A button: it tells what the shield means.
pub(super) fn head(ui: &mut Ui, over: Rect, call: CallView<'_>, mark: Mark, opacity: f32) -> Head {
    let at = over.min + Vec2::splat(layout::STAGE_MARGIN);
    let usual = (over.width() / 2.0).min(layout::SIDE_BAR);
    let free = over.width() - 2.0 * layout::STAGE_MARGIN - tools_width() - space::S2;
    let most = if mark.stands_out() { free.min(size::DIALOG) } else { usual };
    let room = Rect::from_min_size(at, vec2(most, size::CONTROL));
    let opacity = if mark.stands_out() { 1.0 } else { opacity };
    let parts = Parts::of(ui, room, call, mark);
    // But for the clock, which tells something of its own.
    let (place, acts) = (parts.place, parts.acts);
    let response = ui.interact(acts, ui.make_persistent_id("safety"), Sense::click());
    let label = text!("name-and-state", name = call.peer, state = mark.word());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    let keys = keyboard::named(ui.ctx(), &keyboard::SAFETY_CODE);
    let hint = text!("safety-code-hint", state = mark.word(), keys = keys);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(&*hint));
    let touched = response.hovered() || response.has_focus();
    parts.show(ui, call, mark, opacity, touched);
    if response.has_focus() && focus::by_keyboard(ui.ctx()) {
        focus::paint_ring(ui.painter(), place, radius::FULL, Palette::of(ui.visuals()));
    }
    // What the pointer presses must have been seen.
    let pressed =
        response.clicked() && (opacity > 0.0 || !response.clicked_by(PointerButton::Primary));
    response.on_hover_text(hint);
    Head { place, pressed, busy: touched }
}

/// The same in the mini window, where it only tells.
pub(super) fn small_head(ui: &mut Ui, over: Rect, call: CallView<'_>, mark: Mark, opacity: f32) {
    let at = over.min + Vec2::splat(space::S2);
    let most = over.width() - space::S8 - component::TOOL;
    let room = Rect::from_min_size(at, vec2(most, component::TOOL));
    let opacity = if mark.stands_out() { 1.0 } else { opacity };
    let parts = Parts::of(ui, room, call, mark);
    let response = ui.interact(parts.acts, ui.make_persistent_id("safety"), Sense::hover());
    let label = text!("name-and-state", name = call.peer, state = mark.word());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
    parts.show(ui, call, mark, opacity, false);
}

/// What stands in the head, as far as it has room: the words of the shield come before the name,
/// the name before the clock.
struct Parts {
    place: Rect,
    /// All of it before the clock.
    acts: Rect,
    name: Option<Arc<Galley>>,
    word: Option<Arc<Galley>>,
    clock: Option<String>,
}

/// A name of which less is seen tells nobody.
const LEAST_NAME: f32 = size::FIELD;
/// The ends of the head.
const HEAD_END: f32 = space::S3 + size::RING;
/// Between its parts.
const HEAD_GAP: f32 = space::S2;

impl Parts {
    /// In the upper left of `room`, as wide as it has to be.
    fn of(ui: &Ui, room: Rect, call: CallView<'_>, mark: Mark) -> Self {
        let painter = ui.painter();
        let lay = |style: TypeStyle, text: &str, ink, most: f32| {
            painter.layout_job(style.layout(text, ink, most, false))
        };
        let fixed = 2.0 * HEAD_END + size::ICON_SM;
        let word = mark.stands_out().then(|| {
            let most = room.width() - fixed - HEAD_GAP;
            lay(TypeStyle::Body, &mark.word(), stage::TEXT_2, most)
        });
        let word_width = word.as_ref().map_or(0.0, |word| word.size().x + HEAD_GAP);
        let talked = words::clock(call.now.saturating_duration_since(call.since));
        let clock_width =
            clock_width(painter, &talked, TypeStyle::Body) + 2.0 * HEAD_GAP + size::HAIRLINE;
        let left = room.width() - fixed - word_width - HEAD_GAP;
        let clock = (left - clock_width >= LEAST_NAME).then_some(talked);
        let clock_width = clock.as_ref().map_or(0.0, |_| clock_width);
        let most = left - clock_width;
        let name =
            (most >= LEAST_NAME).then(|| lay(TypeStyle::Strong, call.peer, stage::TEXT, most));
        let name_width = name.as_ref().map_or(0.0, |name| name.size().x + HEAD_GAP);
        let width = fixed + name_width + word_width + clock_width;
        let place = Rect::from_min_size(room.min, vec2(width, room.height()));
        let acts = match clock_width {
            0.0 => place,
            clock => place.with_max_x(place.right() - HEAD_END - clock + HEAD_GAP),
        };
        Self { place, acts, name, word, clock }
    }

    fn show(self, ui: &mut Ui, call: CallView<'_>, mark: Mark, opacity: f32, touched: bool) {
        let Self { place, name, word, clock, .. } = self;
        ui.ctx().request_repaint_after(wake::until_next_second(call.since, call.now));
        ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
            ui.set_opacity(opacity);
            controls::float(ui, place);
            if touched {
                let corners = CornerRadius::same((place.height() / 2.0) as u8);
                ui.painter().rect_filled(place, corners, stage::GLASS);
            }
            let mut left = place.left() + HEAD_END;
            let middle = place.center().y;
            let text = |ui: &Ui, left: f32, galley: Arc<Galley>, ink| {
                let at = pos2(left, middle - galley.size().y / 2.0);
                let right = at.x + galley.size().x;
                ui.painter().galley(at, galley, ink);
                right + HEAD_GAP
            };
            if let Some(name) = name {
                left = text(ui, left, name, stage::TEXT);
            }
            let corner = pos2(left, middle - size::ICON_SM / 2.0);
            let shield = Rect::from_min_size(corner, Vec2::splat(size::ICON_SM));
            let ink = mark.ink(Palette::of(ui.visuals()), stage::TEXT);
            mark.icon().paint(ui.painter(), shield, ink);
            left = shield.right() + HEAD_GAP;
            if let Some(word) = word {
                left = text(ui, left, word, stage::TEXT_2);
            }
            let Some(clock) = clock else { return };
            ui.painter().vline(
                left,
                middle - space::S2..=middle + space::S2,
                Stroke::new(size::HAIRLINE, stage::DIVIDER),
            );
            let at = pos2(left + size::HAIRLINE + HEAD_GAP, middle);
            let place = paint_clock(ui.painter(), at, &clock, TypeStyle::Body, stage::TEXT_2);
            let time = ui.interact(place, ui.make_persistent_id("clock"), Sense::hover());
            time.widget_info(|| WidgetInfo::labeled(Role::Label, true, &clock));
            let talked = call.now.saturating_duration_since(call.since);
            ui.ctx().accesskit_node_builder(time.id, |node| {
                node.set_description(text!("time-in-call", time = words::spoken(talked)));
            });
        });
    }
}

/// Says that the other can't be heard because they want it so: beside the head where there is room,
/// else under it. Returns where.
pub(super) fn muted(ui: &mut Ui, over: Rect, head: Rect, peer: &str) -> Rect {
    let line = text!("their-microphone-muted", peer = peer);
    let most = (over.width() - 2.0 * layout::STAGE_MARGIN).min(layout::SIDE_BAR);
    let words = words_of(ui, &line, most, false);
    let extent = extent_of(&words);
    let beside = pos2(head.right() + space::S2, head.top());
    let tools = over.right() - layout::STAGE_MARGIN - tools_width();
    let at = if beside.x + extent.x + space::S2 <= tools {
        beside
    } else {
        pos2(head.left(), head.bottom() + space::S2)
    };
    let rect = Rect::from_min_size(at, vec2(extent.x, size::CONTROL));
    chip(ui, rect, Icon::MicrophoneOff, words, Live::Polite);
    rect
}

/// How the connection is doing, when it is not well. Returns where it stands.
pub(super) fn condition(
    ui: &mut Ui,
    over: Rect,
    top: f32,
    call: CallView<'_>,
    snapshot: &Snapshot,
) -> Option<Rect> {
    let text = match call.lost_at {
        Some(lost_at) => {
            let lost = call.now.saturating_duration_since(lost_at);
            ui.ctx().request_repaint_after(wake::until_next_second(lost_at, call.now));
            if lost < LOST_FOR_LONG {
                text!("interrupted", peer = call.peer)
            } else {
                text!("interrupted-for", peer = call.peer, time = words::clock(lost))
            }
        }
        None => snapshot.connection_words.as_ref()?.text(),
    };
    let most = (over.width() - 2.0 * layout::STAGE_MARGIN).min(size::DIALOG);
    let words = words_of(ui, &text, most, true);
    // Measured first, so that it stands in the middle however long it is.
    let extent = extent_of(&words);
    let rect = Rect::from_min_size(pos2(over.center().x - extent.x / 2.0, top), extent);
    let (icon, live) = match call.lost_at {
        Some(_) => (Icon::Warning, Live::Assertive),
        None => (Icon::SignalWeak, Live::Polite),
    };
    chip(ui, rect, icon, words, live);
    Some(rect)
}

/// Where a hint has room.
#[derive(Debug, Clone, Copy)]
pub(super) enum HintPlace {
    /// Above the bar, beside the self-view.
    AboveBar { own: Option<Rect> },
    /// From here downwards.
    Below(f32),
}

/// What the person does not notice, and the button that helps. Returns where it is, and whether the
/// button was pressed.
pub(super) fn hint(
    ui: &mut Ui,
    over: Rect,
    place: HintPlace,
    hint: CallHint,
    keys: Option<String>,
) -> (Rect, bool) {
    let (icon, line, act) = match hint {
        CallHint::TalkingWhileMuted => {
            (Icon::MicrophoneOff, text!("talking-while-muted"), text!("unmute"))
        }
        CallHint::SilentMicrophone => {
            (Icon::Warning, text!("silent-microphone"), text!("choose-microphone"))
        }
    };
    let mut free = over.shrink2(vec2(layout::STAGE_MARGIN, 0.0)).x_range();
    if let HintPlace::AboveBar { own: Some(own) } = place
        && own.bottom() > over.center().y
    {
        if own.center().x > over.center().x {
            free.max = free.max.min(own.left() - space::S2);
        } else {
            free.min = free.min.max(own.right() + space::S2);
        }
    }
    let keys = keys.filter(|_| over.width() >= layout::CLOSE_IS_AN_ICON);
    let button = Act::new(ui, &act, keys.as_deref());
    let most = free.span().min(size::DIALOG + layout::SIDE_BAR / 2.0);
    // The button stands beside the words, or under them where they would be a column.
    let words = words_of(ui, &line, most - space::S2 - button.extent.x, true);
    let beside = words.size().y <= 2.0 * TypeStyle::Strong.line();
    let words = if beside { words } else { words_of(ui, &line, most, true) };
    let mut extent = extent_of(&words);
    if beside {
        extent.x += space::S2 + button.extent.x;
        extent.y = extent.y.max(button.extent.y + space::S2);
    } else {
        extent.x = extent.x.max(button.extent.x + 2.0 * PADDING.x);
        extent.y += space::S2 + button.extent.y;
    }
    let wish = over.center().x - extent.x / 2.0;
    let left = wish.min(free.max - extent.x).max(free.min);
    let top = match place {
        HintPlace::AboveBar { .. } => over.bottom() - BAR_HEIGHT - space::S4 - extent.y,
        HintPlace::Below(top) => top,
    };
    let rect = Rect::from_min_size(pos2(left, top), extent);
    let lines = if beside { rect } else { rect.with_max_y(rect.bottom() - button.extent.y) };
    controls::float(ui, rect);
    chip_content(ui, lines, icon, words, Live::Polite);
    let corner = rect.max - vec2(space::S1, space::S1) - button.extent;
    let place = Rect::from_min_size(corner, button.extent);
    (rect, button.show(ui, place))
}

/// A button in a chip.
struct Act {
    name: String,
    words: Arc<Galley>,
    keys: Option<Arc<Galley>>,
    extent: Vec2,
}

impl Act {
    fn new(ui: &Ui, name: &str, keys: Option<&str>) -> Self {
        let lay = |style: TypeStyle, text: &str| {
            let job = style.layout(text, stage::ON_SWITCHED, f32::INFINITY, false);
            ui.painter().layout_job(job)
        };
        let words = lay(TypeStyle::Strong, name);
        let keys = keys.map(|keys| lay(TypeStyle::Caption, keys));
        let beside = keys.as_ref().map_or(0.0, |keys| keys.size().x + space::S2);
        let extent = vec2(words.size().x + beside + 2.0 * space::S3, size::CONTROL_SM);
        Self { name: name.to_owned(), words, keys, extent }
    }

    /// Returns whether it was pressed.
    fn show(self, ui: &mut Ui, rect: Rect) -> bool {
        let response = ui.allocate_rect(rect, Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &self.name));
        let touched = response.hovered() || response.has_focus();
        let fill = if touched { stage::SWITCHED_HOVER } else { stage::SWITCHED };
        let corners = CornerRadius::same((rect.height() / 2.0) as u8);
        ui.painter().rect_filled(rect, corners, fill);
        if response.has_focus() && focus::by_keyboard(ui.ctx()) {
            focus::paint_ring(ui.painter(), rect, radius::FULL, Palette::of(ui.visuals()));
        }
        let middle = |galley: &Galley| rect.center().y - galley.size().y / 2.0;
        let at = pos2(rect.left() + space::S3, middle(&self.words));
        let keys_at = at.x + self.words.size().x + space::S2;
        ui.painter().galley(at, self.words, stage::ON_SWITCHED);
        if let Some(keys) = self.keys {
            let at = pos2(keys_at, middle(&keys));
            ui.painter().galley(at, keys, stage::ON_SWITCHED);
        }
        response.clicked()
    }
}

/// Lays the words of a chip out that is no wider than this.
fn words_of(ui: &Ui, text: &str, most: f32, wrap: bool) -> Arc<Galley> {
    let room = most - 2.0 * PADDING.x - size::ICON_BUTTON - space::S2;
    ui.painter().layout_job(TypeStyle::Strong.layout(text, stage::TEXT, room, wrap))
}

/// How large a chip with an icon and these words is.
fn extent_of(words: &Galley) -> Vec2 {
    words.size() + 2.0 * PADDING + vec2(size::ICON_BUTTON + space::S2, 0.0)
}

fn chip(ui: &mut Ui, rect: Rect, icon: Icon, words: Arc<Galley>, live: Live) {
    controls::float(ui, rect);
    chip_content(ui, rect, icon, words, live);
}

fn chip_content(ui: &mut Ui, rect: Rect, icon: Icon, words: Arc<Galley>, live: Live) {
    let top = rect.center().y - words.size().y / 2.0;
    let mark = Rect::from_min_size(
        pos2(rect.left() + PADDING.x, top + (TypeStyle::Strong.line() - size::ICON_BUTTON) / 2.0),
        Vec2::splat(size::ICON_BUTTON),
    );
    icon.paint(ui.painter(), mark, stage::WARN);
    let place = Rect::from_min_size(pos2(mark.right() + space::S2, top), words.size());
    let line = ui.put(place, Label::new(words));
    widgets::announce(ui, &line, live);
}

/// The top of what stands under the head, and under a chip that stands there.
pub(super) fn under_head(over: Rect, chip: Option<Rect>) -> f32 {
    let head = over.top() + HEAD_HEIGHT;
    match chip {
        Some(chip) if chip.bottom() > head => chip.bottom() + space::S2,
        _ => head + space::S3,
    }
}

/// How wide the tools at the upper right are, at most.
pub(super) fn tools_width() -> f32 {
    TOOLS as f32 * (component::TOOL + space::S1) + space::S1
}
