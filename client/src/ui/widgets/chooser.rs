//! A list of which one thing is chosen, under its name.

use eframe::egui::{Color32, ComboBox, Key, Popup, Rect, Response, Ui, Vec2};

use super::{caption, focus};
use crate::ui::design::{Icon, TypeStyle, size, space};

/// Shows the list as wide as there is room. Returns what was chosen in the place of the current
/// one.
pub(crate) fn chooser<C: PartialEq + Clone>(
    ui: &mut Ui,
    label: &str,
    entries: &[(String, C)],
    current: &C,
) -> Option<C> {
    let caption = caption(ui, label);
    let width = ui.available_width();
    choice(ui, &caption, entries, current, width)
}

/// The list alone, so wide, beside what names it.
pub(crate) fn choice<C: PartialEq + Clone>(
    ui: &mut Ui,
    caption: &Response,
    entries: &[(String, C)],
    current: &C,
    width: f32,
) -> Option<C> {
    let selected = entries.iter().find(|(_, choice)| choice == current);
    let mut chosen = None;
    let response = ui
        .scope(|ui| {
            // What is chosen is cut where it is longer.
            ui.set_max_width(width);
            ComboBox::from_id_salt(caption.id)
                .selected_text(selected.map_or("", |(text, _)| text.as_str()))
                .width(width)
                .truncate()
                .icon(|ui, rect, visuals, _open| {
                    let place = Rect::from_center_size(rect.center(), Vec2::splat(size::ICON_SM));
                    Icon::ChevronDown.paint(ui.painter(), place, visuals.fg_stroke.color);
                })
                .show_ui(ui, |ui| {
                    ui.set_max_width(list_width(ui, entries, width));
                    for (text, choice) in entries {
                        if ui.selectable_label(choice == current, text.as_str()).clicked() {
                            chosen = Some(choice.clone());
                            // A click closes the list by itself, a key does not.
                            ui.close();
                        }
                    }
                })
                .response
        })
        .inner;
    focus::keep_in_view(&response);
    let open = Popup::is_id_open(ui.ctx(), response.id.with("popup"));
    let was_open = ui.data_mut(|data| {
        std::mem::replace(data.get_temp_mut_or_default::<bool>(response.id.with("was-open")), open)
    });
    // A list that is closed by a key gives the keyboard back to what opened it.
    let keys = [Key::Enter, Key::Space, Key::Escape];
    if was_open && !open && ui.input(|input| keys.iter().any(|key| input.key_pressed(*key))) {
        response.request_focus();
    }
    response.labelled_by(caption.id);
    chosen.filter(|choice| choice != current)
}

/// How wide the open list is: as its longest line, at least as the closed one, and within the
/// window.
fn list_width<C>(ui: &Ui, entries: &[(String, C)], closed: f32) -> f32 {
    let line = |text: &str| {
        let text = TypeStyle::Strong.layout(text, Color32::PLACEHOLDER, f32::INFINITY, false);
        ui.painter().layout_job(text).size().x
    };
    let longest = entries.iter().map(|(text, _)| line(text)).fold(0.0, f32::max);
    let ends = 2.0 * (ui.spacing().button_padding.x + space::S2);
    let window = ui.ctx().content_rect().width() - 2.0 * space::S6;
    (longest + ends).max(closed - 2.0 * space::S2).min(window)
}
