//! Lines over the people: who called in vain, and how the last call ended where that is not worth a
//! page.
//!
//! What always holds: a line has the one button that goes on from it, and goes by itself when it is
//! no longer true or has been read.

use std::time::Duration;

use eframe::egui::accesskit::Live;
use eframe::egui::{Align, CornerRadius, Frame, Label, Layout, Margin, Sense, Stroke, Ui, Vec2};
use visavis_shared::Username;

use super::index::ContactIndex;
use crate::call::event::{CallPhase, EndReason};
use crate::session::snapshot::{Intent, RecentCall, Snapshot};
use crate::ui::action::Actions;
use crate::ui::clock;
use crate::ui::design::{Icon, Palette, TypeStyle, motion, radius, size, space};
use crate::ui::widgets::{self, Tone};
use crate::ui::words;
use crate::words::text;

/// The end of a call, and when the window showed it first, in egui's time.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    end: CallPhase,
    since: f64,
}

#[derive(Default)]
pub(super) struct Lines {
    told: Option<Told>,
}

/// One line.
struct Line<'a> {
    icon: Icon,
    /// Whether it is to be noticed.
    stands_out: bool,
    text: &'a str,
    /// What its button says and whom it calls.
    call: (&'a str, &'a Username),
    enabled: bool,
}

/// What was done with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Called,
    PutAway,
}

impl Lines {
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        contacts: &ContactIndex,
        online: bool,
        actions: &mut Actions,
    ) {
        missed(ui, snapshot, contacts, online, actions);
        self.ended(ui, snapshot, contacts, online, actions);
    }

    /// How the last call ended, for a while.
    fn ended(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        contacts: &ContactIndex,
        online: bool,
        actions: &mut Actions,
    ) {
        let CallPhase::Ended { peer, reason, talked } = &snapshot.call else {
            self.told = None;
            return;
        };
        if matches!(reason, EndReason::KeyChanged(_)) {
            // That stands over everything until the person has decided.
            self.told = None;
            return;
        }
        let last = snapshot.recent_calls.first();
        if last.is_some_and(|call| call.with == *peer && call.is_missed()) {
            // That is told as a missed call.
            self.told = None;
            return;
        }
        let now = ui.input(|input| input.time);
        let told = match self.told.take() {
            Some(told) if told.end == snapshot.call => told,
            _ => Told { end: snapshot.call.clone(), since: now },
        };
        let since = told.since;
        self.told = Some(told);
        let ending = words::ending(contacts.shown_name(peer), reason, *talked);
        let mut sentence = ending.what.text();
        for more in [
            ending.advice.map(|advice| advice.text()),
            talked.map(|talked| text!("talked-for", time = words::spoken(talked))),
        ]
        .into_iter()
        .flatten()
        {
            sentence = text!("two-sentences", first = sentence, second = more);
        }
        let call = match reason {
            EndReason::DeclinedByUs => text!("call-back"),
            _ => text!("call-again"),
        };
        let line = Line {
            icon: Icon::Phone,
            stands_out: false,
            text: &sentence,
            call: (&call, peer),
            enabled: online,
        };
        let (done, hovered) = line.show(ui, actions);
        let left = motion::LINE.as_secs_f64() - (now - since);
        if done == Some(Done::PutAway) || left <= 0.0 && !hovered && done.is_none() {
            actions.send(Intent::Dismiss);
        } else if left > 0.0 {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
        }
    }
}

/// The missed calls that nobody has looked at.
fn missed(
    ui: &mut Ui,
    snapshot: &Snapshot,
    contacts: &ContactIndex,
    online: bool,
    actions: &mut Actions,
) {
    if snapshot.unseen_missed_calls == 0 {
        return;
    }
    let unseen = |call: &&RecentCall| call.is_missed() && !call.seen;
    let Some(last) = snapshot.recent_calls.iter().find(unseen) else { return };
    let name = contacts.shown_name(&last.with);
    let time = words::when(last.at.system(), clock::today());
    let words = match snapshot.unseen_missed_calls {
        1 => text!("missed-call-from", name = name, time = time),
        count => text!("missed-calls-last", count = count, name = name, time = time),
    };
    let line = Line {
        icon: Icon::CallMissed,
        stands_out: true,
        text: &words,
        call: (&text!("call-back"), &last.with),
        enabled: online,
    };
    // Whoever calls back or puts it away has seen them.
    if line.show(ui, actions).0.is_some() {
        actions.send(Intent::SeeMissedCalls);
    }
}

impl Line<'_> {
    /// Shows it. Returns what was done with it, and whether the pointer is on it.
    fn show(&self, ui: &mut Ui, actions: &mut Actions) -> (Option<Done>, bool) {
        let p = Palette::of(ui.visuals());
        let (ground, edge) = if self.stands_out {
            (p.warn_soft, Stroke::NONE)
        } else {
            (p.card, Stroke::new(size::HAIRLINE, p.line))
        };
        let mut done = None;
        let frame = Frame::new()
            .fill(ground)
            .stroke(edge)
            .corner_radius(CornerRadius::same(radius::MD))
            .inner_margin(Margin::symmetric(space::S3 as i8, space::S1 as i8));
        let shown = frame.show(ui, |ui| {
            ui.take_available_width();
            ui.horizontal(|ui| {
                ui.set_min_height(size::CONTROL);
                let ink = if self.stands_out { p.warn } else { p.text_2 };
                let (rect, _) = ui.allocate_exact_size(Vec2::splat(size::ICON), Sense::hover());
                self.icon.paint(ui.painter(), rect, ink);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = space::S2;
                    let close = widgets::icon_button(ui, Icon::Close, &text!("dismiss"));
                    let close = close.accessible_name(text!("dismiss-notice", notice = self.text));
                    if close.clicked() {
                        done = Some(Done::PutAway);
                    }
                    let (words, whom) = self.call;
                    let button = ui.add_enabled_ui(self.enabled, |ui| {
                        widgets::button(ui, Tone::Plain, Some(Icon::Camera), words, 0.0)
                    });
                    if button.inner.clicked() {
                        done = Some(Done::Called);
                        actions.send(Intent::Call { username: whom.as_str().to_owned() });
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        let line = TypeStyle::Body.text(self.text).color(p.text);
                        let line = ui.add(Label::new(line).wrap());
                        widgets::announce(ui, &line, Live::Polite);
                    });
                });
            });
        });
        ui.add_space(space::S2);
        (done, shown.response.contains_pointer())
    }
}
