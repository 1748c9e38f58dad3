//! The statistics of the call over the video: what each direction carries, and the last minute as
//! small plots.

use std::time::Duration;

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Align2, Area, Color32, Context, Grid, Id, Order, Rect, Sense, Stroke, Ui, WidgetInfo, pos2,
    vec2,
};

use super::controls::HEAD_HEIGHT;
use super::design::{Elevation, Palette, TypeStyle, component, layout, radius, size, space};
use super::widgets;
use crate::media::units::Bitrate;
use crate::session::statistics::{REMEMBERED, Reading, Statistics, VideoReading};
use crate::words::{self, text};

/// What stands where nothing was measured.
const NOTHING: &str = "–";

/// Shows the card. Returns where, and whether it was closed.
pub(super) fn show(ctx: &Context, stage: Rect, statistics: Option<&Statistics>) -> (Rect, bool) {
    let width = component::STATISTICS.min(stage.width() - 2.0 * (layout::STAGE_MARGIN + space::S4));
    let area = Area::new(Id::unique("call-statistics"))
        .order(Order::Middle)
        .fixed_pos(stage.min + vec2(layout::STAGE_MARGIN, HEAD_HEIGHT + space::S3))
        .constrain_to(stage)
        .accessible_name(text!("statistics"));
    let shown = area.show(ctx, |ui| {
        let shadow = Elevation::Menu.shadow(ui.visuals().dark_mode);
        let card = widgets::card(ui).shadow(shadow);
        card.show(ui, |ui| {
            ui.set_width(width);
            let closed = widgets::card_head(ui, &text!("statistics"), &text!("close-statistics"));
            let room = (stage.height() - component::STATISTICS_REST).max(2.0 * space::S8);
            eframe::egui::ScrollArea::vertical().max_height(room).min_scrolled_height(room).show(
                ui,
                |ui| match statistics
                    .and_then(|statistics| Some((statistics, statistics.latest()?)))
                {
                    Some((statistics, latest)) => content(ui, statistics, latest),
                    None => {
                        widgets::caption(ui, &text!("statistics-soon"));
                    }
                },
            );
            closed
        })
        .inner
    });
    (shown.response.rect, shown.inner)
}

fn content(ui: &mut Ui, statistics: &Statistics, latest: &Reading) {
    ui.spacing_mut().interact_size.y = 0.0;
    Grid::new("statistics").num_columns(2).spacing([space::S4, space::S1]).show(ui, |ui| {
        for (name, value) in rows(latest) {
            widgets::hint(ui, &name);
            ui.label(TypeStyle::Caption.text(value));
            ui.end_row();
        }
    });
    for plot in PLOTS {
        ui.add_space(space::S2);
        plot.show(ui, statistics);
    }
}

fn rows(latest: &Reading) -> [(String, String); 11] {
    let both = |one: String, other: String| [one, other].join(", ");
    let (sent, received) = (&latest.video_sent, &latest.video_received);
    [
        (text!("statistics-you-send"), video(sent)),
        (text!("statistics-they-send"), video(received)),
        (text!("statistics-audio"), both(rate(latest.audio_sent), rate(latest.audio_received))),
        (text!("statistics-upload"), rate(latest.estimate)),
        (text!("statistics-round-trip"), time(latest.rtt)),
        (text!("statistics-lost"), both(share(latest.loss_out), share(latest.loss_in))),
        (text!("statistics-jitter-buffer"), both(time(latest.audio_wait), time(latest.video_wait))),
        (text!("statistics-concealed"), share(latest.concealed)),
        (text!("statistics-freezes"), time(latest.frozen)),
        (text!("statistics-codec"), both(time(sent.codec), time(received.codec))),
        (text!("statistics-delay"), both(time(latest.glass_to_glass), time(latest.mouth_to_ear))),
    ]
}

fn video(reading: &VideoReading) -> String {
    let Some((width, height)) = reading.size else { return NOTHING.to_owned() };
    let fps = reading.fps.map_or_else(|| NOTHING.to_owned(), |fps| words::number(fps, 0));
    text!(
        "statistics-video",
        width = width.to_string(),
        height = height.to_string(),
        rate = fps,
        bitrate = rate(reading.bitrate),
    )
}

fn rate(bitrate: Option<Bitrate>) -> String {
    bitrate.map_or_else(|| NOTHING.to_owned(), words::bitrate)
}

fn time(time: Option<Duration>) -> String {
    time.map_or_else(|| NOTHING.to_owned(), words::milliseconds)
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| NOTHING.to_owned(), |share| words::percent(share, 1))
}

/// A line over the last minute.
type Line = fn(&Reading) -> Option<f64>;

/// One or two measurements over the last minute.
struct Plot {
    name: fn() -> String,
    /// The first in the accent colour, the second in a weaker one.
    lines: &'static [Line],
    /// The scale reaches at least this far.
    least: f64,
    unit: fn(f64) -> String,
}

const PLOTS: [Plot; 4] = [
    Plot {
        name: || text!("plot-sent"),
        lines: &[|r| bits(r.video_sent.bitrate), |r| bits(r.estimate)],
        least: 100e3,
        unit: |bps| rate(Some(Bitrate::from_bps(bps as u64))),
    },
    Plot {
        name: || text!("plot-round-trip"),
        lines: &[|r| ms(r.rtt)],
        least: 20.0,
        unit: whole_ms,
    },
    Plot {
        name: || text!("plot-lost"),
        lines: &[|r| r.loss_in, |r| r.loss_out],
        least: 0.02,
        unit: |lost| words::percent(lost, 0),
    },
    Plot {
        name: || text!("plot-jitter-buffer"),
        lines: &[|r| ms(r.audio_wait), |r| ms(r.video_wait)],
        least: 20.0,
        unit: whole_ms,
    },
];

fn whole_ms(ms: f64) -> String {
    text!("milliseconds", value = words::number(ms, 0))
}

fn bits(bitrate: Option<Bitrate>) -> Option<f64> {
    bitrate.map(|bitrate| bitrate.bps() as f64)
}

fn ms(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64() * 1e3)
}

impl Plot {
    fn show(&self, ui: &mut Ui, statistics: &Statistics) {
        let (palette, name) = (Palette::of(ui.visuals()), (self.name)());
        let values = |line: &Line| statistics.readings().map(*line).collect::<Vec<_>>();
        let lines: Vec<Vec<Option<f64>>> = self.lines.iter().map(values).collect();
        let top = lines.iter().flatten().flatten().fold(self.least, |top, value| top.max(*value));
        let head = TypeStyle::Caption.line() + space::S1;
        let (rect, response) = ui.allocate_exact_size(
            vec2(ui.available_width(), component::PLOT + head),
            Sense::hover(),
        );
        let font = TypeStyle::Caption.font();
        ui.painter().text(rect.left_top(), Align2::LEFT_TOP, &name, font.clone(), palette.text_3);
        ui.painter().text(
            rect.right_top(),
            Align2::RIGHT_TOP,
            (self.unit)(top),
            font,
            palette.text_3,
        );
        let field = Rect::from_min_max(rect.min + vec2(0.0, head), rect.max);
        ui.painter().rect_filled(field, radius::XS, palette.raised);
        // The newest is at the right; a minute fills the width.
        let place = |index: usize, count: usize, value: f64| {
            let age = (count - 1 - index) as f32 / (REMEMBERED - 1) as f32;
            let height = (value / top).clamp(0.0, 1.0) as f32;
            pos2(
                field.right() - age * field.width(),
                field.bottom() - size::RING - height * (field.height() - 2.0 * size::RING),
            )
        };
        let colors: [Color32; 2] = [palette.accent, palette.text_3];
        for (line, color) in lines.iter().zip(colors).rev() {
            let count = line.len();
            for (index, pair) in line.windows(2).enumerate() {
                if let [Some(from), Some(to)] = pair {
                    let ends = [place(index, count, *from), place(index + 1, count, *to)];
                    ui.painter().line_segment(ends, Stroke::new(size::RING, color));
                }
            }
        }
        response.widget_info(|| {
            let latest =
                lines.iter().filter_map(|line| line.last().copied().flatten()).map(self.unit);
            let latest: Vec<String> = latest.collect();
            let label = if latest.is_empty() {
                text!("plot-not-measured", name = &name)
            } else {
                text!("plot-now", name = &name, values = latest.join(", "))
            };
            WidgetInfo::labeled(Role::Image, true, label)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_their_unit_and_never_as_zero_when_not_measured() {
        assert_eq!(rate(None), "–");
        assert_eq!(rate(Some(Bitrate::from_kbps(640))), "640 kbit/s");
        assert_eq!(rate(Some(Bitrate::from_kbps(2450))), "2.5 Mbit/s");
        assert_eq!(time(Some(Duration::from_micros(4200))), "4.2 ms");
        assert_eq!(time(Some(Duration::from_millis(42))), "42 ms");
        assert_eq!(share(Some(0.0214)), "2.1%");
        assert!(
            rows(&Reading::default())
                .iter()
                .all(|(_, value)| value.split(", ").all(|part| part == NOTHING))
        );
    }

    #[test]
    fn a_direction_in_one_line() {
        let reading = VideoReading {
            size: Some((1280, 720)),
            fps: Some(29.7),
            bitrate: Some(Bitrate::from_kbps(2400)),
            codec: None,
        };
        assert_eq!(video(&reading), "1280×720, 30/s, 2.4 Mbit/s");
    }
}
