//! What the other wrote or offers while the panel is closed: for some seconds over the picture.

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{
    Align2, Area, Context, CornerRadius, Id, Order, PointerButton, Rect, Sense, Theme, WidgetInfo,
    pos2, vec2,
};
use std::sync::Arc;
use std::time::Duration;

use crate::ui::controls::BAR_HEIGHT;
use crate::ui::design::{
    Elevation, Icon, Palette, TypeStyle, layout, motion, radius, size, space, stage,
};
use crate::ui::widgets::{self, focus};
use crate::words::text;

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bubble {
    what: What,
    /// When it came, in seconds of the window's clock.
    since: f64,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Line(Arc<str>),
    Offer(Arc<str>),
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    /// It was pressed.
    Opens,
    Goes,
}

impl Bubble {
    pub(super) fn line(ctx: &Context, text: &Arc<str>) -> Self {
        Self { what: What::Line(Arc::clone(text)), since: ctx.input(|input| input.time) }
    }

    pub(super) fn offer(ctx: &Context, name: &Arc<str>) -> Self {
        Self { what: What::Offer(Arc::clone(name)), since: ctx.input(|input| input.time) }
    }

    /// Shows it at the lower left of the stage, above the bar.
    pub(super) fn show(&self, ctx: &Context, over: Rect, peer: &str) -> Fate {
        let (words, label) = match &self.what {
            What::Line(text) => {
                (text.to_string(), text!("bubble-line", peer = peer, text = &**text))
            }
            What::Offer(name) => {
                let words = text!("bubble-offer", peer = peer, name = &**name);
                (words.clone(), words)
            }
        };
        let left = motion::BUBBLE.as_secs_f64() - (ctx.input(|input| input.time) - self.since);
        let at = pos2(over.left() + layout::STAGE_MARGIN, over.bottom() - BAR_HEIGHT - space::S2);
        let width = (over.width() - 2.0 * layout::STAGE_MARGIN).min(layout::SIDE_BAR);
        let response = Area::new(Id::unique("message-bubble"))
            .order(Order::Middle)
            .pivot(Align2::LEFT_BOTTOM)
            .fixed_pos(at)
            .show(ctx, |ui| {
                ui.set_style(ctx.style_of(Theme::Dark));
                let p = Palette::of(ui.visuals());
                let inner = width - 2.0 * space::S3 - size::ICON_BUTTON - space::S2;
                let mut job = TypeStyle::Body.layout(&words, stage::TEXT, inner, true);
                job.wrap.max_rows = 2;
                let name = TypeStyle::SmallStrong.layout(peer, stage::TEXT_2, inner, false);
                let is_line = matches!(self.what, What::Line(_));
                let words = ui.painter().layout_job(job);
                let name = is_line.then(|| ui.painter().layout_job(name));
                let head = name.as_ref().map_or(0.0, |name| name.size().y);
                let high = words.size().y + head + 2.0 * space::S2;
                let longest = words.size().x.max(name.as_ref().map_or(0.0, |name| name.size().x));
                let wide = longest + width - inner;
                let (rect, response) = ui.allocate_exact_size(vec2(wide, high), Sense::click());
                response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
                widgets::announce(ui, &response, Live::Polite);
                let corners = CornerRadius::same(radius::LG);
                ui.painter().add(Elevation::Float.shadow(true).as_shape(rect, corners));
                ui.painter().rect_filled(rect, corners, stage::FLOAT);
                if response.hovered() || response.has_focus() {
                    ui.painter().rect_filled(rect, corners, stage::GLASS);
                }
                let icon = Rect::from_min_size(
                    rect.min + vec2(space::S3, space::S2),
                    vec2(size::ICON_BUTTON, TypeStyle::Small.line()),
                );
                let mark = if is_line { Icon::Text } else { Icon::File };
                mark.paint(ui.painter(), icon, p.accent);
                let mut corner = pos2(icon.right() + space::S2, icon.top());
                if let Some(name) = name {
                    ui.painter().galley(corner, name, stage::TEXT_2);
                    corner.y += head;
                }
                ui.painter().galley(corner, words, stage::TEXT);
                focus::ring(ui, &response, radius::LG);
                response
            })
            .inner;
        if response.clicked() || response.clicked_by(PointerButton::Primary) {
            return Fate::Opens;
        }
        if left <= 0.0 && !response.hovered() && !response.has_focus() {
            ctx.request_repaint();
            return Fate::Goes;
        }
        ctx.request_repaint_after(Duration::try_from_secs_f64(left.max(0.0)).unwrap_or_default());
        Fate::Stays
    }
}
