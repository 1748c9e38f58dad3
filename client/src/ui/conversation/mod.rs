//! What is written and sent in a call: a panel beside the picture, or over it where there is no
//! room; a bubble while it is closed.
//!
//! In: the conversation as the session sees it. Out: what the person says and sends, as intents.
//! What always holds: what was typed stays until it is sent or the call is over; a link opens only
//! after a question that says where it leads; nothing that comes from the other opens by itself or
//! takes the keyboard.

mod bubble;
mod dialogs;
mod dropping;
mod kind;
mod lines;
mod transfers;
mod words;
mod writing;

use std::collections::BTreeSet;

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::scroll_area::ScrollBarVisibility;
use eframe::egui::{
    Align, Context, Id, Label, Layout, Margin, Rect, ScrollArea, Stroke, Ui, UiBuilder, WidgetInfo,
    lerp, pos2, vec2,
};

use self::bubble::Bubble;
use self::dialogs::Dialog;
use self::lines::Lines;
use super::action::Actions;
use super::design::{Icon, Palette, TypeStyle, layout, motion, size, space};
use super::thumbnails::Thumbnails;
use super::widgets;
use crate::conversation::{
    Availability, Command, Direction, LineId, Party, TransferId, TransferState, View,
};
use crate::session::snapshot::Intent;
use crate::words::text;

/// How high the head and the line to write in are.
const HEAD: f32 = size::ROW + space::S1;

/// What the panel remembers from pass to pass, for one call.
#[derive(Default)]
pub(super) struct ConversationPanel {
    open: bool,
    /// Whether it has just been opened and takes the keyboard.
    takes_keyboard: bool,
    draft: String,
    lines: Lines,
    thumbnails: Thumbnails<TransferId>,
    /// The newest line and the offers that a bubble was made of, or that were seen.
    seen: (Option<LineId>, BTreeSet<TransferId>),
    bubble: Option<Bubble>,
    dialog: Option<Dialog>,
    /// How high what is in the panel was in the last pass, once there was one.
    content: Option<f32>,
}

impl ConversationPanel {
    /// Whether it is open.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn toggle(&mut self) {
        self.open = !self.open;
        self.takes_keyboard = self.open;
    }

    pub(super) fn open(&mut self) {
        if !self.open {
            self.toggle();
        }
    }

    /// Puts it away; returns whether it was open.
    pub(super) fn close(&mut self) -> bool {
        std::mem::take(&mut self.open)
    }

    /// Whether one of its dialogs stands over everything.
    pub(super) fn shows_dialog(&self) -> bool {
        self.dialog.is_some()
    }

    /// Divides the window between the picture and the panel, which slides in. Where it is narrow
    /// the panel covers the picture.
    pub(super) fn divide(&self, ctx: &Context, whole: Rect) -> (Rect, Option<Rect>) {
        let seconds = motion::seconds(ctx, motion::SLOW);
        let id = Id::unique("conversation-panel");
        let share = ctx.animate_bool_with_time(id, self.open, seconds);
        if whole.width() < layout::TWO_COLUMNS {
            return (whole, self.open.then_some(whole));
        }
        let left = lerp(whole.right()..=whole.right() - layout::TEXT_PANEL, share);
        let stage = whole.with_max_x(left);
        let panel =
            Rect::from_min_size(pos2(left, whole.top()), vec2(layout::TEXT_PANEL, whole.height()));
        (stage, self.open.then_some(panel))
    }

    /// Shows the panel.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        place: Rect,
        peer: &str,
        view: &View,
        actions: &mut Actions,
    ) {
        let p = Palette::of(ui.visuals());
        let group = UiBuilder::new().max_rect(place).accessibility_role(Role::Group);
        ui.scope_builder(group, |ui| {
            ui.set_clip_rect(place.intersect(ui.clip_rect()));
            ui.painter().rect_filled(place, 0.0, p.panel);
            let line = Stroke::new(size::HAIRLINE, p.line);
            ui.painter().vline(place.left(), place.y_range(), line);
            // In the order in which the keyboard goes from one to the next.
            let low = self.write(ui, place, peer, view, actions);
            ui.painter().hline(place.x_range(), low, line);
            let top = place.top() + HEAD;
            ui.painter().hline(place.x_range(), top, line);
            let middle = Rect::from_min_max(pos2(place.left(), top), pos2(place.right(), low));
            self.middle(ui, middle, peer, view, actions);
            self.head(ui, place, peer, view);
        });
    }

    fn head(&mut self, ui: &mut Ui, place: Rect, peer: &str, view: &View) {
        let head = Rect::from_min_size(place.min, vec2(place.width(), HEAD));
        let inner = head.shrink2(vec2(space::S4, 0.0));
        let title = text!("text-and-files");
        let across = Layout::left_to_right(Align::Center);
        ui.scope_builder(UiBuilder::new().max_rect(inner).layout(across), |ui| {
            let heading = ui.add(Label::new(TypeStyle::Heading.text(&title)).truncate());
            heading.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &title));
        });
        let step = size::CONTROL + space::S1;
        let right = place.right() - space::S2;
        let at = |number: f32| {
            let corner = pos2(right - step * number, head.center().y - size::CONTROL / 2.0);
            Rect::from_min_size(corner, vec2(size::CONTROL, size::CONTROL))
        };
        let mut button = |place: Rect, icon, label: &str| {
            let builder = UiBuilder::new().max_rect(place);
            ui.scope_builder(builder, |ui| widgets::icon_button(ui, icon, label).clicked()).inner
        };
        let can_save = !view.lines.is_empty();
        if can_save && button(at(2.0), Icon::Download, &text!("save-text")) {
            self.dialog = Some(Dialog::save(peer));
        }
        if button(at(1.0), Icon::Close, &text!("close-text")) {
            self.open = false;
        }
    }

    /// What was said and sent.
    fn middle(&mut self, ui: &mut Ui, place: Rect, peer: &str, view: &View, actions: &mut Actions) {
        ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
            let room = place.height() - 2.0 * space::S3;
            // A bar that comes for a moment would make lines shorter for that moment.
            let fits = self.content.is_none_or(|content| content <= room);
            let bar = if fits {
                ScrollBarVisibility::AlwaysHidden
            } else {
                ScrollBarVisibility::VisibleWhenNeeded
            };
            let area = ScrollArea::vertical()
                .id_salt("conversation")
                .auto_shrink([false, false])
                .scroll_bar_visibility(bar)
                .stick_to_bottom(true);
            area.show(ui, |ui| {
                let margin = Margin::symmetric(space::S4 as i8, space::S3 as i8);
                eframe::egui::Frame::NONE.inner_margin(margin).show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = space::S2;
                    // What is little stands below.
                    ui.add_space(self.content.map_or(0.0, |content| (room - content).max(0.0)));
                    let top = ui.cursor().top();
                    self.content(ui, peer, view, actions);
                    let content = ui.min_rect().bottom() - top;
                    let before = self.content.replace(content);
                    let moved = before.is_none_or(|before| (content - before).abs() > 1.0);
                    if moved && content.min(before.unwrap_or(content)) < room {
                        // Nothing is seen where it does not stay.
                        ui.ctx().request_discard("what is little stands below");
                    }
                });
            });
        });
        self.thumbnails.forget_others();
    }

    fn content(&mut self, ui: &mut Ui, peer: &str, view: &View, actions: &mut Actions) {
        if view.availability == Availability::None {
            note(ui, &text!("text-none", peer = peer), Live::Polite);
        } else {
            note(ui, &text!("text-goes-straight", peer = peer), Live::Off);
        }
        if let Some(asked) = self.lines.show(ui, peer, &view.lines) {
            self.dialog = Some(Dialog::Link(asked));
        }
        for transfer in view.transfers.iter() {
            transfers::card(ui, &mut self.thumbnails, transfer, peer, actions);
        }
        match view.availability {
            Availability::Waiting => note(ui, &text!("text-waiting"), Live::Polite),
            Availability::TextOnly => {
                note(ui, &text!("text-no-files", peer = peer), Live::Off);
            }
            Availability::Ready | Availability::None => {}
        }
        if let Some(saved) = &view.saved {
            let file = saved.file_name().unwrap_or_default().to_string_lossy();
            let file = crate::words::foreign(&file).unwrap_or_default();
            note(ui, &text!("text-saved", file = file), Live::Polite);
        }
        if let Some(problem) = &view.problem {
            let line = words::problem(problem, peer);
            ui.horizontal_top(|ui| {
                let width = ui.available_width() - size::CONTROL - space::S2;
                ui.allocate_ui(vec2(width, 0.0), |ui| {
                    ui.set_width(width);
                    widgets::warning(ui, &line, Live::Polite);
                });
                let dismiss = text!("dismiss-notice", notice = &line);
                if widgets::icon_button(ui, Icon::Close, &dismiss).clicked() {
                    actions.send(Intent::Converse(Command::DismissProblem));
                }
            });
        }
    }

    /// What stands over everything else: the bubble, the question about a link, where something is
    /// dropped.
    pub(super) fn show_over(
        &mut self,
        ctx: &Context,
        stage: Rect,
        peer: &str,
        view: &View,
        actions: &mut Actions,
    ) {
        self.follow(ctx, view);
        if let Some(bubble) = self.bubble.take_if(|_| !self.open) {
            match bubble.show(ctx, stage, peer) {
                bubble::Fate::Stays => self.bubble = Some(bubble),
                bubble::Fate::Opens => self.open(),
                bubble::Fate::Goes => {}
            }
        }
        if let Some(dialog) = &mut self.dialog
            && dialog.show(ctx, actions)
        {
            self.dialog = None;
        }
        if dropping::show(ctx, peer, view, actions) {
            self.open();
        }
    }

    /// Makes a bubble of what came while the panel is closed.
    fn follow(&mut self, ctx: &Context, view: &View) {
        let newest = view.lines.iter().rev().find(|line| line.author == Party::Them);
        let (line, offers) = &mut self.seen;
        let new_line = newest.filter(|newest| line.is_none_or(|line| newest.id > line));
        let offered = view.transfers.iter().filter(|transfer| {
            transfer.direction == Direction::Incoming && transfer.state == TransferState::Offered
        });
        let offered: Vec<_> = offered.collect();
        let new_offer = offered.iter().rev().find(|offer| !offers.contains(&offer.id));
        if self.open {
            self.bubble = None;
        } else if let Some(offer) = new_offer {
            self.bubble = Some(Bubble::offer(ctx, &offer.name));
        } else if let Some(new) = new_line.filter(|_| view.unread > 0) {
            self.bubble = Some(Bubble::line(ctx, &new.text));
        }
        *line = newest.map(|newest| newest.id).max(*line);
        *offers = offered.iter().map(|offer| offer.id).collect();
    }

    /// Whether something waits behind the button that opens the panel, and how many messages.
    pub(super) fn unread(&self, view: &View) -> (bool, usize) {
        let offered = view.transfers.iter().any(|transfer| {
            transfer.direction == Direction::Incoming && transfer.state == TransferState::Offered
        });
        (!self.open && (offered || view.unread > 0), view.unread)
    }

    /// A file that was chosen in the system's dialog, to save into.
    pub(super) fn save_into(&mut self, path: std::path::PathBuf) {
        if let Some(dialog) = &mut self.dialog {
            dialog.take_path(path);
        }
    }
}

/// A line in the middle, in the quietest colour.
fn note(ui: &mut Ui, line: &str, live: Live) {
    let ink = Palette::of(ui.visuals()).text_3;
    let mut job = TypeStyle::Caption.layout(line, ink, ui.available_width(), true);
    job.halign = Align::Center;
    let width = ui.available_width();
    ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Center), |ui| {
        let said = ui.add(Label::new(TypeStyle::Caption.text(line).color(ink)).wrap());
        if live != Live::Off {
            widgets::announce(ui, &said, live);
        }
    });
}
