//! What the pages of the settings are made of: groups of rows, each with its words and what is
//! chosen or done beside them, or below them where it is narrow.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align, Frame, Label, Layout, Margin, Rect, Response, Sense, Stroke, Ui, UiBuilder, Vec2,
    WidgetInfo, pos2, vec2,
};

use crate::ui::design::{Palette, TypeStyle, component, size, space};
use crate::ui::widgets;
use crate::words::{Phrase, text};

/// The heading of a page.
pub(super) fn heading(ui: &mut Ui, text: &str) {
    let title = ui.label(TypeStyle::Title.text(text));
    title.widget_info(|| WidgetInfo::labeled(Role::Heading, true, text));
    ui.add_space(space::S2);
}

/// Rows that belong together, with hairlines between them.
pub(super) fn group(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    widgets::card(ui).inner_margin(Margin::ZERO).show(ui, |ui| {
        ui.take_available_width();
        ui.spacing_mut().item_spacing.y = 0.0;
        add(ui);
    });
    ui.add_space(space::S1);
}

/// A row of whatever is put into it.
pub(super) fn row<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let top = ui.cursor().top();
    if top > ui.max_rect().top() + size::HAIRLINE {
        let line = Stroke::new(size::HAIRLINE, Palette::of(ui.visuals()).line);
        ui.painter().hline(ui.max_rect().x_range(), top, line);
    }
    let margin = Margin::symmetric(space::S4 as i8, space::S2 as i8);
    Frame::NONE
        .inner_margin(margin)
        .show(ui, |ui| {
            ui.take_available_width();
            add(ui)
        })
        .inner
}

/// A row with words and, beside or below them, something so wide, which the words name.
pub(super) fn worded<R>(
    ui: &mut Ui,
    title: &str,
    second: &str,
    width: f32,
    add: impl FnOnce(&mut Ui, &Response) -> R,
) -> R {
    worded_high(ui, title, second, vec2(width, size::CONTROL), add)
}

/// The same with something so wide and high.
pub(super) fn worded_high<R>(
    ui: &mut Ui,
    title: &str,
    second: &str,
    Vec2 { x: width, y: high }: Vec2,
    add: impl FnOnce(&mut Ui, &Response) -> R,
) -> R {
    row(ui, |ui| {
        let p = Palette::of(ui.visuals());
        let whole = ui.available_width();
        let beside = whole - width - space::S3 >= component::WORDS_BESIDE;
        let for_words = if beside { whole - width - space::S3 } else { whole };
        let first = TypeStyle::Body.layout(title, p.text, for_words, true);
        let first = ui.painter().layout_job(first);
        let below = (!second.is_empty()).then(|| {
            ui.painter().layout_job(TypeStyle::Small.layout(second, p.text_3, for_words, true))
        });
        let words = first.size().y + below.as_ref().map_or(0.0, |second| second.size().y);
        let (words_high, all) = if beside {
            let high = words.max(high);
            (high, high)
        } else {
            (words, words + space::S1 + high)
        };
        let (rect, _) = ui.allocate_exact_size(vec2(whole, all), Sense::hover());
        let place = Rect::from_min_size(rect.min, vec2(for_words, words_high));
        let top = pos2(place.left(), place.center().y - words / 2.0);
        let second_top = top + vec2(0.0, first.size().y);
        ui.painter().galley(top, first, p.text);
        if let Some(galley) = below {
            ui.painter().galley(second_top, galley, p.text_3);
        }
        let named = ui.interact(place, ui.make_persistent_id(title), Sense::hover());
        let parts = [title, second].into_iter().filter(|part| !part.is_empty());
        let label = parts.collect::<Vec<_>>().join(". ");
        named.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
        let control = if beside {
            Rect::from_min_max(pos2(rect.right() - width, rect.top()), rect.max)
        } else {
            Rect::from_min_max(pos2(rect.left(), place.bottom() + space::S1), rect.max)
        };
        let layout = if beside {
            Layout::right_to_left(Align::Center)
        } else {
            Layout::left_to_right(Align::Center)
        };
        let builder = UiBuilder::new().id_salt(title).max_rect(control).layout(layout);
        add(&mut ui.new_child(builder), &named)
    })
}

/// A row with a switch.
pub(super) fn switch(ui: &mut Ui, mut on: bool, title: &str, second: &str) -> Option<bool> {
    let turned = row(ui, |ui| widgets::described_switch(ui, &mut on, title, second).changed());
    turned.then_some(on)
}

/// A row with a list of which one thing is chosen. Returns what was chosen in the place of the
/// current one.
pub(super) fn choice<C: PartialEq + Clone>(
    ui: &mut Ui,
    title: &str,
    second: &str,
    entries: &[(String, C)],
    current: &C,
) -> Option<C> {
    worded(ui, title, second, component::CHOICE, |ui, named| {
        let width = ui.available_width();
        // Named by the title alone: the second line explains.
        named.widget_info(|| WidgetInfo::labeled(Role::Label, true, title));
        ui.ctx().accesskit_node_builder(named.id, |node| node.set_description(second));
        widgets::choice(ui, named, entries, current, width)
    })
}

/// A row with a button. Returns whether it was pressed.
pub(super) fn action(ui: &mut Ui, title: &str, second: &str, button: &str, enabled: bool) -> bool {
    let width = widgets::button_width(ui, None, button, 0.0);
    worded(ui, title, second, width, |ui, _| {
        ui.add_enabled_ui(enabled, |ui| {
            widgets::button(ui, widgets::Tone::Plain, None, button, 0.0).clicked()
        })
        .inner
    })
}

/// A row with several buttons. Returns which was pressed.
pub(super) fn actions<const N: usize>(
    ui: &mut Ui,
    title: &str,
    second: &str,
    buttons: [&str; N],
) -> Option<usize> {
    let widths = buttons.map(|button| widgets::button_width(ui, None, button, 0.0));
    let width = widths.iter().sum::<f32>() + space::S2 * N.saturating_sub(1) as f32;
    worded(ui, title, second, width, |ui, _| {
        let place = Rect::from_min_size(
            pos2(ui.max_rect().left(), ui.max_rect().center().y - size::CONTROL / 2.0),
            vec2(width, size::CONTROL),
        );
        let in_order = Layout::left_to_right(Align::Center);
        ui.scope_builder(UiBuilder::new().max_rect(place).layout(in_order), |ui| {
            ui.spacing_mut().item_spacing.x = space::S2;
            let pressed = buttons.map(|button| {
                widgets::button(ui, widgets::Tone::Plain, None, button, 0.0).clicked()
            });
            pressed.iter().position(|pressed| *pressed)
        })
        .inner
    })
}

/// A row that only says something.
pub(super) fn said(ui: &mut Ui, title: &str, second: &str) {
    worded(ui, title, second, 0.0, |_, _| {});
}

/// A line within a group in the quieter colour.
pub(super) fn note(ui: &mut Ui, text: &str) -> Response {
    let ink = Palette::of(ui.visuals()).text_2;
    ui.add(Label::new(TypeStyle::Small.text(text).color(ink)).wrap())
}

/// What is wrong with what was typed or tried, in a row of its own.
pub(super) fn problem(ui: &mut Ui, problem: Option<&Phrase>) {
    if let Some(problem) = problem {
        widgets::warning(ui, &problem.text(), Live::Polite);
    }
}

/// A row with a volume or the like in percent.
pub(super) fn percent(ui: &mut Ui, title: &str, current: u8, most: u8) -> Option<u8> {
    worded(ui, title, "", component::CHOICE, |ui, named| {
        // The value stands at the end of the row.
        let layout = Layout::left_to_right(Align::Center);
        ui.with_layout(layout, |ui| widgets::percent_slider(ui, named, current, most)).inner
    })
}

/// A row whose button asks once more before it acts.
pub(super) struct Confirmed<'a> {
    /// Whether it asks now.
    pub(super) asked: &'a mut bool,
    pub(super) title: &'a str,
    pub(super) second: &'a str,
    pub(super) button: &'a str,
    pub(super) question: &'a str,
    pub(super) enabled: bool,
}

impl Confirmed<'_> {
    /// Shows it. Returns whether it is to act.
    pub(super) fn show(self, ui: &mut Ui) -> bool {
        if !*self.asked {
            *self.asked = action(ui, self.title, self.second, self.button, self.enabled);
            return false;
        }
        row(ui, |ui| {
            let question = ui.add(Label::new(TypeStyle::Body.text(self.question)).wrap());
            widgets::announce(ui, &question, Live::Assertive);
            ui.add_space(space::S2);
            ui.horizontal_wrapped(|ui| {
                let plain = widgets::Tone::Plain;
                let cancel = widgets::button(ui, plain, None, &text!("cancel"), 0.0).clicked();
                let yes = widgets::button(ui, plain, None, self.button, 0.0).clicked();
                *self.asked = !(yes || cancel);
                yes
            })
            .inner
        })
    }
}
