//! Where one writes, and what one attaches.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Event, Frame, Key, KeyboardShortcut, Margin, Modifiers, Popup, Rect, RectAlign, ScrollArea,
    Sense, Stroke, StrokeKind, TextEdit, Ui, UiBuilder, Vec2, WidgetInfo, pos2,
};

use super::ConversationPanel;
use super::dialogs::Dialog;
use crate::conversation::protocol::text::MAX_TEXT_CHARS;
use crate::conversation::{Availability, Command, View};
use crate::session::snapshot::Intent;
use crate::ui::action::{Action, Actions};
use crate::ui::design::{Icon, Palette, TypeStyle, component, radius, size, space};
use crate::ui::outside::Question;
use crate::ui::widgets::{self, focus};
use crate::words::text;

impl ConversationPanel {
    /// The field, the paper clip and the button that sends, at the lower edge. Returns where that
    /// begins.
    pub(super) fn write(
        &mut self,
        ui: &mut Ui,
        place: Rect,
        peer: &str,
        view: &View,
        actions: &mut Actions,
    ) -> f32 {
        let can_write = view.availability != Availability::None;
        let takes_files = matches!(view.availability, Availability::Ready | Availability::Waiting);
        let pad = space::S3;
        let left = place.left() + space::S2 + size::CONTROL + space::S2;
        let right = place.right() - pad - size::CONTROL - space::S2;
        let lines = self.rows(ui, right - left - 2.0 * space::S3);
        let high = size::FIELD + TypeStyle::Body.line() * (lines - 1.0);
        let top = place.bottom() - high - 2.0 * pad;
        let field = Rect::from_min_max(pos2(left, top + pad), pos2(right, top + pad + high));
        let low = field.bottom() - size::FIELD / 2.0;
        let said = ui.add_enabled_ui(can_write, |ui| self.field(ui, field, peer)).inner;
        let clip = Rect::from_center_size(
            pos2(place.left() + space::S2 + size::CONTROL / 2.0, low),
            Vec2::splat(size::CONTROL),
        );
        ui.add_enabled_ui(takes_files, |ui| self.attach(ui, clip, actions));
        let button = Rect::from_center_size(
            pos2(place.right() - pad - size::CONTROL / 2.0, low),
            Vec2::splat(size::CONTROL),
        );
        let has_text = !self.draft.trim().is_empty();
        let pressed = ui.add_enabled_ui(can_write && has_text, |ui| send_button(ui, button)).inner;
        if (said || pressed) && can_write && has_text {
            let said = std::mem::take(&mut self.draft);
            actions.send(Intent::Converse(Command::Say(said.trim().to_owned())));
            self.takes_keyboard = true;
        }
        top
    }

    /// How many lines what is being written has, as far as the field grows.
    fn rows(&self, ui: &Ui, width: f32) -> f32 {
        let ink = Palette::of(ui.visuals()).text;
        let job = TypeStyle::Body.layout(&self.draft, ink, width, true);
        let rows = ui.painter().layout_job(job).rows.len();
        rows.clamp(1, component::WRITING_LINES) as f32
    }

    /// Returns whether Enter was pressed in it.
    fn field(&mut self, ui: &mut Ui, place: Rect, peer: &str) -> bool {
        let p = Palette::of(ui.visuals());
        let id = ui.make_persistent_id("message");
        // Enter sends, unless a language is being put together with it.
        let has_keyboard = ui.memory(|memory| memory.has_focus(id));
        let composes =
            ui.ctx().input(|input| input.events.iter().any(|event| matches!(event, Event::Ime(_))));
        let sends = has_keyboard && !composes && enter(ui);
        let outline = ui.painter().add(eframe::egui::Shape::Noop);
        let pad = ((size::FIELD - TypeStyle::Body.line()) / 2.0) as i8;
        let hint = TypeStyle::Body.text(text!("write-message")).color(p.text_3);
        let response = ui
            .scope_builder(UiBuilder::new().max_rect(place), |ui| {
                ScrollArea::vertical()
                    .id_salt("message-scroll")
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        let field = TextEdit::multiline(&mut self.draft)
                            .id(id)
                            .hint_text(hint)
                            .font(TypeStyle::Body.font())
                            .text_color(p.text)
                            .char_limit(MAX_TEXT_CHARS)
                            .desired_rows(1)
                            .return_key(KeyboardShortcut::new(Modifiers::SHIFT, Key::Enter))
                            .frame(
                                Frame::NONE.inner_margin(Margin::symmetric(space::S3 as i8, pad)),
                            )
                            .desired_width(place.width());
                        ui.add(field)
                    })
                    .inner
            })
            .inner;
        let name = text!("write-to", peer = peer);
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
        if std::mem::take(&mut self.takes_keyboard) {
            response.request_focus();
        }
        let stroke = if response.has_focus() {
            Stroke::new(size::RING, p.accent)
        } else if ui.rect_contains_pointer(place) {
            Stroke::new(size::HAIRLINE, p.text_3)
        } else {
            Stroke::new(size::HAIRLINE, p.edge)
        };
        let frame = eframe::egui::epaint::RectShape::new(
            place,
            radius::MD,
            p.field_fill,
            stroke,
            StrokeKind::Inside,
        );
        ui.painter().set(outline, frame);
        sends
    }

    /// The paper clip, and what is behind it.
    fn attach(&mut self, ui: &mut Ui, place: Rect, actions: &mut Actions) {
        let button = ui
            .scope_builder(UiBuilder::new().max_rect(place), |ui| {
                widgets::icon_button(ui, Icon::Attach, &text!("attach"))
            })
            .inner;
        let popup = Popup::menu(&button)
            .align(RectAlign::TOP_START)
            .gap(space::S1)
            .accessible_name(text!("attach"));
        let chosen = popup.show(|ui| {
            let items = [
                (Icon::File, text!("attach-files")),
                (Icon::Folder, text!("attach-folder")),
                (Icon::Edit, text!("attach-path")),
            ]
            .map(|(icon, words)| widgets::MenuItem { icon, words, keys: None });
            let widths = items.iter().map(|item| item.width(ui));
            ui.set_width(widths.fold(0.0, f32::max));
            ui.spacing_mut().item_spacing.y = 0.0;
            let menu = eframe::egui::Id::unique("attach-menu");
            let pressed = items.iter().position(|item| item.show(ui, menu).clicked());
            if pressed.is_some() {
                ui.close();
            }
            pressed
        });
        match chosen.and_then(|chosen| chosen.inner) {
            Some(0) => actions.push(Action::ChooseFiles(Question::Files)),
            Some(1) => actions.push(Action::ChooseFiles(Question::Folder)),
            Some(_) => self.dialog = Some(Dialog::path()),
            None => {}
        }
    }
}

/// Whether Enter was pressed, and nothing with it. Takes it out of the input.
fn enter(ui: &Ui) -> bool {
    ui.input_mut(|input| {
        let before = input.events.len();
        input.events.retain(|event| {
            let Event::Key { key: Key::Enter, pressed: true, modifiers, .. } = event else {
                return true;
            };
            !modifiers.is_none()
        });
        input.events.len() < before
    })
}

/// The round button that sends.
fn send_button(ui: &mut Ui, place: Rect) -> bool {
    let p = Palette::of(ui.visuals());
    let response = ui.allocate_rect(place, Sense::click());
    let enabled = ui.is_enabled();
    let label = text!("send-message");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &label));
    let fill = match (response.is_pointer_button_down_on(), response.hovered()) {
        (true, _) => p.accent_press,
        (false, true) => p.accent_hover,
        (false, false) => p.accent,
    };
    ui.painter().circle_filled(place.center(), place.width() / 2.0, fill);
    let icon = Rect::from_center_size(place.center(), Vec2::splat(size::ICON));
    Icon::Send.paint(ui.painter(), icon, p.on_accent);
    if response.has_focus() && focus::by_keyboard(ui.ctx()) {
        focus::paint_ring(ui.painter(), place, radius::FULL, p);
    }
    response.on_hover_text(label).clicked()
}
