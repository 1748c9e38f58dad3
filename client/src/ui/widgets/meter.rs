//! The level meter: 24 bars, amber from the 22nd on.

use eframe::egui::accesskit::Role;
use eframe::egui::{Rect, Response, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::ui::design::{Palette, component, space};
use crate::words::text;

const BARS: usize = 24;
/// From this bar on, the microphone is too loud.
const HOT_FROM: usize = 21;
const CORNER: f32 = 2.0;

/// How many bars a level lights: a square root shows quiet speech (about 0.02) as clearly as the
/// ear hears it.
fn lit(level: f32) -> usize {
    let level = if level.is_finite() { level.clamp(0.0, 1.0) } else { 0.0 };
    (level.sqrt() * BARS as f32).round() as usize
}

/// How loud the microphone is, 0 to 1.
pub(crate) fn level_meter(ui: &mut Ui, level: f32, width: f32) -> Response {
    let lit = lit(level);
    let p = Palette::of(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(vec2(width, component::METER), Sense::hover());
    let step = (rect.width() + space::S1) / BARS as f32;
    for bar in 0..BARS {
        let left = rect.left() + step * bar as f32;
        let place = Rect::from_min_max(
            pos2(left, rect.top()),
            pos2((left + step - space::S1).max(left + 1.0), rect.bottom()),
        );
        let color = match bar {
            bar if bar >= lit => p.raised_hover,
            bar if bar >= HOT_FROM => p.warn,
            _ => p.accent,
        };
        ui.painter().rect_filled(place, CORNER, color);
    }
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Meter, true, text!("microphone-level"));
        info.value = Some((lit * 100 / BARS) as f64);
        info
    });
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_speech_lights_some_bars_and_the_loudest_all() {
        assert_eq!([0.0, 1.0, 2.0, -1.0, f32::NAN].map(lit), [0, BARS, BARS, 0, 0]);
        assert!((3..6).contains(&lit(0.02)), "{}", lit(0.02));
        assert!(lit(0.5) < HOT_FROM);
    }
}
