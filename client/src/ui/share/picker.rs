//! The dialog in which one chooses what to share.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align, Context, EventFilter, Id, Key, Label, Layout, Modifiers, ScrollArea, Stroke, Ui,
    UiBuilder, Vec2, vec2,
};

use super::card;
use crate::screen::{SourceId, SourceKind};
use crate::session::snapshot::{
    Intent, ShareChoice, ShareChoices, ShareIntent, ShareWith, Shared, Sharing, Snapshot,
};
use crate::ui::action::Actions;
use crate::ui::design::{Palette, TypeStyle, component, layout, motion, size, space};
use crate::ui::thumbnails::Thumbnails;
use crate::ui::widgets::{self, Tone};
use crate::words::text;

/// The dialog while it is open.
pub(in crate::ui) struct Picker {
    chosen: Option<SourceId>,
    with: ShareWith,
    thumbnails: Thumbnails<SourceId>,
    /// When it came, in seconds of the window's clock.
    since: Option<f64>,
}

impl Picker {
    /// Opens it: nothing is chosen, unless something is shared already.
    pub(in crate::ui) fn open(snapshot: &Snapshot, actions: &mut Actions) -> Self {
        actions.send(Intent::Share(ShareIntent::Choose(true)));
        let shared = match &snapshot.sharing {
            Sharing::On(shared) => Some(shared),
            Sharing::Off | Sharing::Ended { .. } => None,
        };
        Self {
            chosen: shared.map(|shared| shared.source.id.clone()),
            with: shared.map_or_else(ShareWith::default, |shared| shared.with),
            thumbnails: Thumbnails::default(),
            since: None,
        }
    }

    /// Shows it. Returns whether it is to be put away.
    pub(in crate::ui) fn show(
        &mut self,
        ctx: &Context,
        peer: &str,
        snapshot: &Snapshot,
        actions: &mut Actions,
    ) -> bool {
        let now = ctx.input(|input| input.time);
        let came = *self.since.get_or_insert(now);
        let nothing = ShareChoices::default();
        let choices = snapshot.share_choices.as_ref().unwrap_or(&nothing);
        // What is no longer there is chosen no longer.
        if choices.looked && !choices.sources.iter().any(|choice| self.is_chosen(choice)) {
            self.chosen = None;
        }
        let settled = now - came >= motion::SETTLED.as_secs_f64();
        let title = text!("share-title");
        let id = Id::unique("share-picker");
        let (done, closed) = widgets::wide_closable(ctx, id, &title, &text!("close-share"), |ui| {
            ui.spacing_mut().item_spacing = Vec2::splat(space::S2);
            let low = ui.ctx().content_rect().height() < layout::ROOMY_HEIGHT;
            if !low {
                let ink = Palette::of(ui.visuals()).text_2;
                let line = text!("share-line", peer = peer);
                ui.add(Label::new(TypeStyle::Small.text(line).color(ink)).wrap());
            }
            // The title, the buttons, and what is round them.
            let rest = 2.0 * (size::CONTROL + 2.0 * space::S6 + space::S3);
            let rest = rest + if low { 0.0 } else { size::CONTROL_LG };
            let room = (ui.ctx().content_rect().height() - rest).max(size::ROW);
            let beside = fits_beside(ui, choices);
            ScrollArea::vertical().auto_shrink([false, true]).max_height(room).show(ui, |ui| {
                self.choices(ui, choices, now - came);
                if !beside {
                    ui.add_space(space::S2);
                    ui.spacing_mut().item_spacing.y = 0.0;
                    self.switches(ui, choices);
                }
            });
            self.thumbnails.forget_others();
            self.foot(ui, (choices, beside), settled, &snapshot.sharing, actions)
        });
        if done || closed {
            actions.send(Intent::Share(ShareIntent::Choose(false)));
        }
        done || closed
    }

    fn is_chosen(&self, choice: &ShareChoice) -> bool {
        self.chosen.as_ref() == Some(&choice.source.id)
    }

    fn choices(&mut self, ui: &mut Ui, choices: &ShareChoices, waited: f64) {
        // Rings reach beyond what they are round.
        ui.add_space(space::S1);
        if let Some(problem) = &choices.problem {
            widgets::warning(ui, &problem.text(), Live::Polite);
            return;
        }
        if !choices.looked && choices.sources.is_empty() {
            if waited >= motion::LOOKING.as_secs_f64() {
                let line = widgets::quiet_line(ui, &text!("share-looking"));
                widgets::announce(ui, &line, Live::Polite);
            } else {
                ui.ctx().request_repaint_after(motion::LOOKING);
                ui.add_space(TypeStyle::Body.line());
            }
            return;
        }
        if choices.sources.is_empty() {
            let line = widgets::quiet_line(ui, &text!("share-nothing"));
            widgets::announce(ui, &line, Live::Polite);
            return;
        }
        let group = UiBuilder::new().accessibility_role(Role::RadioGroup);
        ui.scope_builder(group, |ui| {
            let of = |kind: SourceKind| {
                choices.sources.iter().filter(move |choice| choice.source.kind == kind)
            };
            let mut number = 0;
            for (kind, heading) in [
                (SourceKind::Portal, None),
                (SourceKind::Screen, Some(text!("share-screens"))),
                (SourceKind::Window, Some(text!("share-windows"))),
            ] {
                let cards: Vec<&ShareChoice> = of(kind).collect();
                if cards.is_empty() {
                    continue;
                }
                if let Some(heading) = heading {
                    if number > 0 {
                        ui.add_space(space::S2);
                    }
                    widgets::caption(ui, &heading);
                }
                self.cards(ui, &cards, number);
                number += cards.len();
            }
            self.arrows(ui, choices);
        });
    }

    /// Cards of one kind, in rows; `first` is the number of the first one among all.
    fn cards(&mut self, ui: &mut Ui, cards: &[&ShareChoice], first: usize) {
        let whole = ui.available_width() - 2.0 * space::S1;
        let gap = space::S4;
        let columns = ((whole + gap) / (component::LEAST_SHARE_CARD + gap)).floor().clamp(1.0, 3.0);
        let width = (whole - gap * (columns - 1.0)) / columns;
        let one_stop = self.chosen.is_none();
        for (row, chunk) in cards.chunks(columns as usize).enumerate() {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = gap;
                ui.add_space(space::S1);
                for (column, choice) in chunk.iter().enumerate() {
                    let number = row * columns as usize + column;
                    let chosen = self.is_chosen(choice);
                    // They are one stop of the keyboard.
                    let stop = chosen || one_stop && first + number == 0;
                    let look = card::Look { number: number + 1, width, chosen, stop };
                    if card::show(ui, &mut self.thumbnails, choice, look) {
                        self.chosen = Some(choice.source.id.clone());
                    }
                }
            });
        }
    }

    /// Arrow keys go from one card to the next and choose it.
    fn arrows(&mut self, ui: &Ui, choices: &ShareChoices) {
        let order: Vec<&ShareChoice> = [SourceKind::Portal, SourceKind::Screen, SourceKind::Window]
            .into_iter()
            .flat_map(|kind| choices.sources.iter().filter(move |one| one.source.kind == kind))
            .collect();
        let focused = ui.memory(|memory| memory.focused());
        let Some(at) = order.iter().position(|one| Some(card::id(&one.source.id)) == focused)
        else {
            return;
        };
        let arrows = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| {
            memory.set_focus_lock_filter(card::id(&order[at].source.id), arrows);
        });
        let pressed = |keys: [Key; 2]| {
            ui.input_mut(|input| keys.iter().any(|key| input.consume_key(Modifiers::NONE, *key)))
        };
        let next = if pressed([Key::ArrowRight, Key::ArrowDown]) {
            at + 1
        } else if pressed([Key::ArrowLeft, Key::ArrowUp]) {
            at.wrapping_sub(1)
        } else {
            return;
        };
        if let Some(next) = order.get(next) {
            self.chosen = Some(next.source.id.clone());
            ui.memory_mut(|memory| memory.request_focus(card::id(&next.source.id)));
        }
    }

    /// What goes along, and the buttons. Returns whether the dialog is done.
    fn foot(
        &mut self,
        ui: &mut Ui,
        (choices, beside): (&ShareChoices, bool),
        settled: bool,
        sharing: &Sharing,
        actions: &mut Actions,
    ) -> bool {
        if beside {
            ui.add_space(space::S2);
        }
        let line = Stroke::new(size::HAIRLINE, Palette::of(ui.visuals()).line);
        let across = ui.max_rect().expand2(vec2(space::S6, 0.0)).x_range();
        ui.painter().hline(across, ui.cursor().top(), line);
        ui.add_space(space::S2);
        let width = ui.available_width();
        let in_reverse = Layout::right_to_left(Align::Center);
        if !beside {
            let height = vec2(width, size::CONTROL);
            let buttons = |ui: &mut Ui| self.buttons(ui, choices, settled, sharing, actions);
            return ui.allocate_ui_with_layout(height, in_reverse, buttons).inner;
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S4;
            self.switches(ui, choices);
            ui.spacing_mut().item_spacing.x = space::S2;
            ui.with_layout(in_reverse, |ui| self.buttons(ui, choices, settled, sharing, actions))
                .inner
        })
        .inner
    }

    fn switches(&mut self, ui: &mut Ui, choices: &ShareChoices) {
        if choices.sources.is_empty() {
            return;
        }
        widgets::leading_switch(ui, &mut self.with.camera, &text!("share-camera"));
        if choices.has_sound {
            widgets::leading_switch(ui, &mut self.with.sound, &text!("share-sound"));
        }
    }

    /// From right to left, but for the keyboard Cancel comes first.
    fn buttons(
        &self,
        ui: &mut Ui,
        choices: &ShareChoices,
        settled: bool,
        sharing: &Sharing,
        actions: &mut Actions,
    ) -> bool {
        let chosen = choices.sources.iter().find(|choice| self.is_chosen(choice));
        let label = match chosen.map(|choice| choice.source.kind) {
            Some(SourceKind::Screen) => text!("share-this-screen"),
            Some(SourceKind::Window) => text!("share-this-window"),
            Some(SourceKind::Portal) | None => text!("share"),
        };
        let wide = widgets::button_width(ui, None, &label, 0.0);
        let cancel = text!("cancel");
        let both = wide + space::S2 + widgets::button_width(ui, None, &cancel, 0.0);
        let in_order = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(vec2(both, size::CONTROL), in_order, |ui| {
            let cancelled = widgets::button(ui, Tone::Plain, None, &cancel, 0.0).clicked();
            let can = chosen.is_some() && choices.problem.is_none();
            let shares = ui.add_enabled_ui(can, |ui| {
                widgets::button(ui, Tone::Accent, None, &label, wide).clicked()
            });
            match chosen.filter(|_| shares.inner && settled) {
                Some(choice) => {
                    if let Some(intent) = self.intent(choice, sharing) {
                        actions.send(Intent::Share(intent));
                    }
                    true
                }
                None => cancelled,
            }
        })
        .inner
    }

    /// What has to be asked for so that this is shared.
    fn intent(&self, choice: &ShareChoice, sharing: &Sharing) -> Option<ShareIntent> {
        match sharing {
            // The desktop asks again which screen is meant.
            Sharing::On(Shared { source, with, .. })
                if source.id == choice.source.id && source.kind != SourceKind::Portal =>
            {
                (*with != self.with).then_some(ShareIntent::Change(self.with))
            }
            _ => Some(ShareIntent::Start { source: choice.source.id.clone(), with: self.with }),
        }
    }
}

/// Whether what goes along has room beside the buttons, whatever is chosen.
fn fits_beside(ui: &Ui, choices: &ShareChoices) -> bool {
    let sound = choices.has_sound.then(|| text!("share-sound"));
    let switches = [Some(text!("share-camera")), sound].into_iter().flatten();
    let switches = switches.map(|words| widgets::leading_switch_width(ui, &words) + space::S4);
    let button = |words: &str| widgets::button_width(ui, None, words, 0.0);
    let shares = [text!("share"), text!("share-this-screen"), text!("share-this-window")];
    let widest = shares.iter().map(|words| button(words)).fold(0.0, f32::max);
    let buttons = widest + space::S2 + button(&text!("cancel"));
    switches.sum::<f32>() - space::S4 + space::S2 + buttons <= ui.available_width()
}
