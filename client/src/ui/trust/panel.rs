//! What the shield of a call means, and the four words to compare aloud.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align2, Context, CornerRadius, Id, Rect, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::{Mark, Side, answers, compared, day_of, heading, small_line};
use crate::session::snapshot::{CodeState, Intent, SafetyCode, Snapshot};
use crate::ui::action::Actions;
use crate::ui::design::{Icon, Palette, TypeStyle, component, layout, radius, size, space};
use crate::ui::widgets::{self, Tone};
use crate::words::text;

/// The dialog while it is open.
#[derive(Debug, Default)]
pub(in crate::ui) struct SafetyPanel {
    /// Whether the words are asked for where there is no need to compare them, or again.
    compares: bool,
}

/// What the dialog offers.
#[derive(Debug, Clone, Copy)]
enum Offer {
    /// To compare these words.
    Compare(SafetyCode),
    /// To see them all the same.
    ShowCode,
    /// To close the call, or to compare again.
    Differ,
    /// Nothing.
    Nothing,
}

impl SafetyPanel {
    /// Shows it. Returns whether it is to be put away.
    pub(in crate::ui) fn show(
        &mut self,
        ctx: &Context,
        peer: &str,
        snapshot: &Snapshot,
        actions: &mut Actions,
    ) -> bool {
        let mark = Mark::of(snapshot, peer);
        let code = snapshot.trust.map(|trust| trust.code).unwrap_or_default();
        let offer = match (mark, code) {
            (_, CodeState::Here(code)) if self.compares => Offer::Compare(code),
            (Mark::CodesDiffer, _) => Offer::Differ,
            (Mark::Verified, CodeState::Here(_)) => Offer::ShowCode,
            (_, CodeState::Here(code)) => Offer::Compare(code),
            _ => Offer::Nothing,
        };
        let title = if mark == Mark::CodesDiffer && !self.compares {
            text!("safety-differ-title")
        } else {
            text!("safety-code")
        };
        let close = text!("close-safety-code");
        let id = Id::unique("safety-code");
        let (put_away, closed) = widgets::closable(ctx, id, &title, &close, |ui| {
            let low = ui.ctx().content_rect().height() < layout::ROOMY_HEIGHT;
            // The title, the ends of the dialog, and two answers one over the other.
            let rest = 3.0 * size::CONTROL_LG + 2.0 * space::S6 + space::S4;
            let rest = rest + if low { 0.0 } else { space::S10 };
            let room = (ui.ctx().content_rect().height() - rest).max(size::ROW);
            ScrollArea::vertical()
                .auto_shrink([false, true])
                .max_height(room)
                .min_scrolled_height(room)
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = space::S1;
                    self.state(ui, (mark, offer, low), peer, snapshot);
                    if code == CodeState::Awaited {
                        ui.add_space(space::S2);
                        let soon = widgets::quiet_line(ui, &text!("safety-awaited"));
                        widgets::announce(ui, &soon, Live::Polite);
                    }
                    if let Offer::Compare(code) = offer {
                        compare(ui, peer, code, low);
                    }
                });
            self.buttons(ui, offer, actions)
        });
        put_away || closed
    }

    /// What the shield means.
    fn state(
        &self,
        ui: &mut Ui,
        (mark, offer, low): (Mark, Offer, bool),
        peer: &str,
        snapshot: &Snapshot,
    ) {
        // Whoever compares again knows what they said before; in a low window the words come first.
        let compares = matches!(offer, Offer::Compare(_));
        if compares && (self.compares || low && !mark.stands_out()) {
            return;
        }
        let p = Palette::of(ui.visuals());
        if mark != Mark::CodesDiffer {
            heading(ui, mark.icon(), mark.ink(p, p.text_2), &mark.word());
        }
        let withheld = snapshot.trust.is_some_and(|trust| trust.code == CodeState::Withheld);
        let page = snapshot.trust.is_some_and(|trust| trust.page);
        let line = match (mark, compared(snapshot, peer)) {
            (Mark::Verified, Some(at)) => {
                text!("safety-verified-line", name = peer, day = day_of(at))
            }
            (Mark::Verified | Mark::Known, _) => text!("safety-known-line", name = peer),
            (Mark::New, _) => text!("safety-new-line", name = peer),
            (Mark::PerhapsNew, _) => text!("safety-perhaps-new-line", name = peer),
            (Mark::NotVerified, _) if withheld => text!("safety-withheld-line", name = peer),
            (Mark::NotVerified, _) if page => text!("safety-page-line", name = peer),
            (Mark::NotVerified, _) => text!("safety-unsigned-line", name = peer),
            (Mark::CodesDiffer, _) => text!("safety-differ-line", name = peer),
            (Mark::KeyChanged, _) => text!("person-changed"),
        };
        let line = widgets::quiet_line(ui, &line);
        widgets::announce(ui, &line, Live::Polite);
    }

    /// Returns whether the dialog is to be put away.
    fn buttons(&mut self, ui: &mut Ui, offer: Offer, actions: &mut Actions) -> bool {
        ui.add_space(space::S4);
        match offer {
            Offer::Compare(_) => {
                let same = text!("codes-same");
                let differ = text!("codes-differ");
                let both = [(Tone::Accent, None, &*same), (Tone::Plain, None, &*differ)];
                match answers(ui, both, Side::Right, true) {
                    Some(0) => {
                        actions.send(Intent::ConfirmCode);
                        true
                    }
                    Some(_) => {
                        actions.send(Intent::CodesDiffer);
                        self.compares = false;
                        false
                    }
                    None => false,
                }
            }
            Offer::ShowCode => {
                if widgets::button(ui, Tone::Plain, None, &text!("show-code"), 0.0).clicked() {
                    self.compares = true;
                }
                false
            }
            Offer::Differ => {
                let (close, again) = (text!("close-call"), text!("compare-again"));
                // Closing a call never has the keyboard by itself.
                let close = (Tone::Danger, Some(Icon::HangUp), &*close);
                match answers(ui, [(Tone::Plain, None, &*again), close], Side::Right, true) {
                    Some(0) => self.compares = true,
                    Some(_) => actions.send(Intent::HangUp),
                    None => {}
                }
                false
            }
            Offer::Nothing => {
                let width = ui.available_width();
                widgets::button(ui, Tone::Plain, None, &text!("done"), width).clicked()
            }
        }
    }
}

/// The words, and how they are compared.
fn compare(ui: &mut Ui, peer: &str, code: SafetyCode, low: bool) {
    ui.add_space(space::S2);
    widgets::quiet_line(ui, &text!("compare-aloud", name = peer));
    let gap = if low { space::S2 } else { space::S4 };
    ui.add_space(gap);
    let width = (ui.available_width() - space::S2) / 2.0;
    let height = if low { size::FIELD } else { component::CODE_WORD };
    ui.spacing_mut().item_spacing = Vec2::splat(space::S2);
    let all: Vec<(usize, &str)> = code.words().into_iter().enumerate().collect();
    for row in all.chunks(2) {
        ui.horizontal(|ui| {
            for (number, word) in row {
                code_word(ui, vec2(width, height), number + 1, word);
            }
        });
    }
    if !low {
        ui.add_space(gap - space::S2);
        small_line(ui, &text!("compare-means"));
    }
}

/// One word in its place.
fn code_word(ui: &mut Ui, extent: Vec2, number: usize, word: &str) {
    let p = Palette::of(ui.visuals());
    let (place, response) = ui.allocate_exact_size(extent, Sense::hover());
    ui.painter().rect_filled(place, CornerRadius::same(radius::MD), p.raised);
    let left = pos2(place.left() + space::S4, place.center().y);
    let caption = TypeStyle::CaptionStrong.font();
    ui.painter().text(left, Align2::LEFT_CENTER, number.to_string(), caption, p.text_3);
    let from = left.x + space::S5;
    let job = TypeStyle::Title.layout(word, p.text, place.right() - from, false);
    let galley = ui.painter().layout_job(job);
    let at = Rect::from_center_size(pos2(from, place.center().y), Vec2::ZERO).center();
    ui.painter().galley(at - vec2(0.0, galley.size().y / 2.0), galley, p.text);
    let label = text!("code-word", number = number, word = word);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
}
