//! A list of which one thing is chosen, under its name.

use eframe::egui::{ComboBox, Key, Popup, Rect, Response, Ui, Vec2};

use super::{caption, focus};
use crate::ui::design::{Icon, layout, size};

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
    let response = ComboBox::from_id_salt(caption.id)
        .selected_text(selected.map_or("", |(text, _)| text.as_str()))
        .width(width)
        .truncate()
        .icon(|ui, rect, visuals, _open| {
            let place = Rect::from_center_size(rect.center(), Vec2::splat(size::ICON_SM));
            Icon::ChevronDown.paint(ui.painter(), place, visuals.fg_stroke.color);
        })
        .show_ui(ui, |ui| {
            ui.set_max_width(layout::CONTENT);
            for (text, choice) in entries {
                if ui.selectable_label(choice == current, text.as_str()).clicked() {
                    chosen = Some(choice.clone());
                    // A click closes the list by itself, a key does not.
                    ui.close();
                }
            }
        })
        .response;
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
