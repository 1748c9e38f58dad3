//! Lines of a conversation: the other's on the left, one's own on the right, with the time and how
//! far they got.
//!
//! What always holds: text can be selected and copied; each link is a stop of the keyboard; of very
//! many lines only those near what is seen cost anything.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::text::{CCursor, LayoutJob};
use eframe::egui::{
    Align, Align2, CursorIcon, Frame, Galley, Label, Layout, Margin, Pos2, Rect, Response, Sense,
    Stroke, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::words;
use crate::conversation::{Line, LineId, LineState, LinkTarget, Party, link_target, links};
use crate::ui::design::{Icon, Palette, TypeStyle, component, motion, radius, size, space};
use crate::ui::widgets::focus;
use crate::words::{clock_time, text};

/// What is remembered of lines that are out of view.
#[derive(Default)]
pub(super) struct Lines {
    /// How high each was at this width.
    heights: HashMap<LineId, f32>,
    width: f32,
}

impl Lines {
    /// Shows them. Returns the link that was pressed.
    pub(super) fn show(&mut self, ui: &mut Ui, peer: &str, lines: &[Line]) -> Option<LinkTarget> {
        let width = ui.available_width();
        if self.width != width {
            self.width = width;
            self.heights.clear();
        }
        if self.heights.len() > 2 * lines.len() {
            self.heights.retain(|id, _| lines.iter().any(|line| line.id == *id));
        }
        let seen = ui.clip_rect();
        let near = seen.expand2(vec2(0.0, seen.height()));
        let mut pressed = None;
        for (number, line) in lines.iter().enumerate() {
            let next = lines.get(number + 1);
            let timed = is_timed(line, next);
            let known = self.heights.get(&line.id).copied();
            let top = ui.cursor().top();
            if let Some(height) = known
                && !near.y_range().contains(top)
                && !near.y_range().contains(top + height)
            {
                ui.allocate_space(vec2(width, height));
                continue;
            }
            let shown = ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = space::S1;
                let asked = one(ui, line, peer);
                if timed {
                    meta(ui, line);
                }
                asked
            });
            // The last one may yet lose its time.
            if next.is_some() {
                self.heights.insert(line.id, shown.response.rect.height());
            }
            pressed = shown.inner.or(pressed);
        }
        pressed
    }
}

/// Whether the time of a line stands under it: not where the next one is of the same person, soon
/// after, and got as far.
fn is_timed(line: &Line, next: Option<&Line>) -> bool {
    next.is_none_or(|next| {
        let between = next.at.duration_since(line.at).unwrap_or_default();
        next.author != line.author || next.state != line.state || between > motion::ONE_TIME
    })
}

/// One line in its bubble. Returns the link that was pressed.
fn one(ui: &mut Ui, line: &Line, peer: &str) -> Option<LinkTarget> {
    let p = Palette::of(ui.visuals());
    let own = line.author == Party::Us;
    let fill = if own { p.accent_soft } else { p.raised };
    let side = if own { Align::Max } else { Align::Min };
    let width = ui.available_width();
    let most = width - component::BESIDE_LINE - 2.0 * space::S3;
    let found = links(&line.text);
    let job = laid(&line.text, &found, p, most);
    ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(side), |ui| {
        let margin = Margin::symmetric(space::S3 as i8, space::S2 as i8);
        let frame = Frame::new().fill(fill).corner_radius(radius::LG).inner_margin(margin);
        frame
            .show(ui, |ui| {
                let galley = ui.painter().layout_job(job);
                let said = ui.add(Label::new(Arc::clone(&galley)).selectable(true));
                let who = if own { text!("you") } else { peer.to_owned() };
                ui.ctx().accesskit_node_builder(said.id, |node| {
                    node.set_description([who, clock_time(line.at)].join(", "));
                });
                link_buttons(ui, line, &found, &galley, said.rect.min)
            })
            .inner
    })
    .inner
}

/// The text with its links underlined.
fn laid(text: &str, links: &[Range<usize>], p: &Palette, width: f32) -> LayoutJob {
    let mut job = TypeStyle::Body.layout("", p.text, width, true);
    let Some(plain) = job.sections.pop().map(|section| section.format) else { return job };
    let mut link = plain.clone();
    link.color = p.accent;
    link.underline = Stroke::new(size::HAIRLINE, p.accent);
    let mut from = 0;
    for range in links {
        job.append(&text[from..range.start], 0.0, plain.clone());
        job.append(&text[range.clone()], 0.0, link.clone());
        from = range.end;
    }
    job.append(&text[from..], 0.0, plain);
    job
}

/// Makes the links of a line ones that can be pressed.
fn link_buttons(
    ui: &mut Ui,
    line: &Line,
    links: &[Range<usize>],
    galley: &Galley,
    origin: Pos2,
) -> Option<LinkTarget> {
    let mut pressed = None;
    for (number, range) in links.iter().enumerate() {
        let link = &line.text[range.clone()];
        let Some(target) = link_target(link) else { continue };
        let begin = line.text[..range.start].chars().count();
        let rows = rows(galley, begin..begin + link.chars().count());
        let id = ui.make_persistent_id((line.id, number));
        // The first row is the one that the keyboard goes to; a press on any of them counts.
        let mut touched: Option<Response> = None;
        let mut clicked = false;
        for (row, place) in rows.into_iter().enumerate() {
            let sense = if row == 0 { Sense::click() } else { Sense::CLICK };
            let response = ui.interact(place.translate(origin.to_vec2()), id.with(row), sense);
            clicked |= response.clicked();
            let response = response.on_hover_cursor(CursorIcon::PointingHand);
            if row == 0 {
                let label = text!("link-to", host = &target.host);
                response.widget_info(|| WidgetInfo::labeled(Role::Link, true, &label));
                focus::ring(ui, &response, radius::XS);
            }
            touched.get_or_insert(response);
        }
        if let Some(response) = touched {
            response.on_hover_text(&target.host);
        }
        if clicked {
            pressed = Some(target);
        }
    }
    pressed
}

/// The places of some characters, one for each row that they are on.
fn rows(galley: &Galley, characters: Range<usize>) -> Vec<Rect> {
    let mut rows: Vec<Rect> = Vec::new();
    for index in characters {
        // At the end of a row a place is also the beginning of the next one.
        let at = |index, prefer_next_row| {
            galley.pos_from_cursor(CCursor { prefer_next_row, ..CCursor::new(index) })
        };
        let (left, right) = (at(index, true), at(index + 1, false));
        if right.right() <= left.left() || right.top() != left.top() {
            continue;
        }
        let place = left.with_max_x(right.right());
        match rows.last_mut().filter(|row| row.top() == place.top()) {
            Some(row) => *row = row.union(place),
            None => rows.push(place),
        }
    }
    rows
}

/// When it was, and how far one's own got.
fn meta(ui: &mut Ui, line: &Line) {
    let p = Palette::of(ui.visuals());
    let own = line.author == Party::Us;
    let mut words = clock_time(line.at);
    let lost = own && line.state == LineState::Lost;
    let state = own.then(|| words::line_state(line.state));
    let ink = if lost { p.warn } else { p.text_3 };
    let (rect, response) = ui
        .allocate_exact_size(vec2(ui.available_width(), TypeStyle::Caption.line()), Sense::hover());
    let middle = rect.center().y;
    let font = TypeStyle::Caption.font();
    if let Some(state) = state {
        let right = rect.right() - space::S1;
        let placed =
            ui.painter().text(pos2(right, middle), Align2::RIGHT_CENTER, &state, font.clone(), ink);
        let icon = match line.state {
            LineState::Sending => Icon::Clock,
            LineState::Sent => Icon::Check,
            LineState::Read => Icon::CheckTwice,
            LineState::Lost => Icon::Warning,
        };
        let tint = if line.state == LineState::Read { p.accent } else { ink };
        let left = placed.left() - space::S1 - size::ICON_SM;
        let corner = pos2(left, middle - size::ICON_SM / 2.0);
        icon.paint(ui.painter(), Rect::from_min_size(corner, Vec2::splat(size::ICON_SM)), tint);
        let at = pos2(left - space::S1, middle);
        ui.painter().text(at, Align2::RIGHT_CENTER, &words, font, p.text_3);
        words = [words, state].join(", ");
    } else {
        let at = pos2(rect.left() + space::S1, middle);
        ui.painter().text(at, Align2::LEFT_CENTER, &words, font, p.text_3);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
}
