//! Icons as strokes on a grid of 24 by 24 units, so that they are sharp at any scale and need no
//! icon font.

use std::f32::consts::PI;

use eframe::egui::{
    Atom, Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Icon {
    Microphone,
    MicrophoneOff,
    Camera,
    CameraOff,
    Call,
    HangUp,
    Fullscreen,
    Restore,
    Sliders,
    Close,
    Contrast,
    Keyboard,
    Refresh,
    Warning,
    Mark,
}

impl Icon {
    /// As part of a button, in the colour of its text.
    pub(super) fn atom(self, side: f32) -> Atom<'static> {
        Atom::paint(Vec2::splat(side), move |ui, args| {
            self.paint(ui.painter(), args.rect, args.fallback_text_color)
        })
    }

    /// Paints it into a square, crossed out with a gap in the colour of the ground if it is an icon
    /// of something off.
    pub(super) fn paint_on(self, painter: &Painter, rect: Rect, color: Color32, ground: Color32) {
        self.paint(painter, rect, color);
        if matches!(self, Self::MicrophoneOff | Self::CameraOff) {
            Pen::new(painter, rect, ground).slash(5.2);
            Pen::new(painter, rect, color).slash(1.9);
        }
    }

    pub(super) fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let pen = Pen::new(painter, rect, color);
        match self {
            Self::Microphone | Self::MicrophoneOff => pen.microphone(),
            Self::Camera | Self::CameraOff => pen.camera(),
            Self::Call => pen.handset(-0.75 * PI),
            Self::HangUp => pen.handset(0.0),
            Self::Fullscreen => pen.corners(4.5, 9.5),
            Self::Restore => pen.corners(9.5, 4.5),
            Self::Sliders => pen.sliders(),
            Self::Close => {
                pen.line(&[pos2(6.5, 6.5), pos2(17.5, 17.5)]);
                pen.line(&[pos2(17.5, 6.5), pos2(6.5, 17.5)]);
            }
            Self::Contrast => {
                pen.circle_outline(pos2(12.0, 12.0), 7.5);
                pen.fill(&arc(pos2(12.0, 12.0), 7.5, -PI / 2.0, PI / 2.0));
            }
            Self::Keyboard => pen.keyboard(),
            Self::Refresh => {
                pen.line(&arc(pos2(12.0, 12.0), 7.0, -0.35 * PI, 1.35 * PI));
                pen.fill(&[pos2(12.4, 2.6), pos2(17.9, 6.0), pos2(12.6, 9.4)]);
            }
            Self::Warning => {
                pen.closed(&[pos2(12.0, 4.0), pos2(21.0, 19.5), pos2(3.0, 19.5)]);
                pen.line(&[pos2(12.0, 10.0), pos2(12.0, 14.2)]);
                pen.dot(pos2(12.0, 16.8), 1.1);
            }
            Self::Mark => {
                // Two faces, face to face.
                pen.fill(&arc(pos2(3.6, 12.0), 7.4, -PI / 2.0, PI / 2.0));
                pen.fill(&arc(pos2(20.4, 12.0), 7.4, PI / 2.0, 1.5 * PI));
            }
        }
    }
}

/// Points on a circle, clockwise on the screen.
fn arc(center: Pos2, radius: f32, from: f32, to: f32) -> Vec<Pos2> {
    const STEPS: u8 = 24;
    (0..=STEPS)
        .map(|i| {
            center + radius * Vec2::angled(from + (to - from) * f32::from(i) / f32::from(STEPS))
        })
        .collect()
}

struct Pen<'a> {
    painter: &'a Painter,
    origin: Pos2,
    unit: f32,
    color: Color32,
}

impl<'a> Pen<'a> {
    fn new(painter: &'a Painter, rect: Rect, color: Color32) -> Self {
        let unit = rect.size().min_elem() / 24.0;
        Self { painter, origin: rect.center() - Vec2::splat(12.0 * unit), unit, color }
    }

    fn at(&self, p: Pos2) -> Pos2 {
        self.origin + p.to_vec2() * self.unit
    }

    fn all(&self, points: &[Pos2]) -> Vec<Pos2> {
        points.iter().map(|p| self.at(*p)).collect()
    }

    fn stroke(&self) -> Stroke {
        Stroke::new(1.9 * self.unit, self.color)
    }

    /// A line with round ends.
    fn line(&self, points: &[Pos2]) {
        self.thick_line(points, 1.9);
    }

    fn thick_line(&self, points: &[Pos2], width: f32) {
        self.painter.add(Shape::line(self.all(points), Stroke::new(width * self.unit, self.color)));
        for end in [points.first(), points.last()].into_iter().flatten() {
            self.dot(*end, width / 2.0);
        }
    }

    fn closed(&self, points: &[Pos2]) {
        self.painter.add(Shape::closed_line(self.all(points), self.stroke()));
    }

    fn fill(&self, points: &[Pos2]) {
        self.painter.add(Shape::convex_polygon(self.all(points), self.color, Stroke::NONE));
    }

    fn dot(&self, center: Pos2, radius: f32) {
        self.painter.circle_filled(self.at(center), radius * self.unit, self.color);
    }

    fn circle_outline(&self, center: Pos2, radius: f32) {
        self.painter.circle_stroke(self.at(center), radius * self.unit, self.stroke());
    }

    fn rounded(&self, min: Pos2, max: Pos2, radius: f32, filled: bool) {
        let rect = Rect::from_min_max(self.at(min), self.at(max));
        let radius = CornerRadius::same((radius * self.unit).round().clamp(0.0, 255.0) as u8);
        if filled {
            self.painter.rect_filled(rect, radius, self.color);
        } else {
            self.painter.rect_stroke(rect, radius, self.stroke(), StrokeKind::Middle);
        }
    }

    fn microphone(&self) {
        self.rounded(pos2(9.0, 3.0), pos2(15.0, 14.0), 3.0, true);
        self.line(&arc(pos2(12.0, 11.0), 6.2, PI, 0.0));
        self.line(&[pos2(12.0, 17.2), pos2(12.0, 20.6)]);
        self.line(&[pos2(8.8, 20.6), pos2(15.2, 20.6)]);
    }

    fn camera(&self) {
        self.rounded(pos2(2.5, 6.5), pos2(15.5, 17.5), 2.6, true);
        self.fill(&[pos2(17.0, 10.6), pos2(21.8, 7.4), pos2(21.8, 16.6), pos2(17.0, 13.4)]);
    }

    fn slash(&self, width: f32) {
        self.thick_line(&[pos2(4.0, 3.4), pos2(20.0, 20.6)], width);
    }

    /// A telephone handset, lying on its back at a turn of zero.
    fn handset(&self, turn: f32) {
        let middle = pos2(12.0, 12.0);
        let (sin, cos) = turn.sin_cos();
        let turned = |p: Pos2| {
            let d = p - middle;
            middle + vec2(d.x * cos - d.y * sin, d.x * sin + d.y * cos)
        };
        let grip: Vec<Pos2> =
            arc(pos2(12.0, 20.2), 10.4, -0.83 * PI, -0.17 * PI).into_iter().map(turned).collect();
        self.thick_line(&grip, 3.4);
        for side in [-1.0, 1.0] {
            let end = [pos2(12.0 + side * 8.2, 13.6), pos2(12.0 + side * 7.2, 16.4)].map(turned);
            self.thick_line(&end, 4.6);
        }
    }

    /// Four corners: legs as far out as `tip`, elbows at `elbow`.
    fn corners(&self, elbow: f32, tip: f32) {
        for (sx, sy) in [(1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)] {
            let at = |x: f32, y: f32| pos2(12.0 + sx * (x - 12.0), 12.0 + sy * (y - 12.0));
            self.line(&[at(elbow, tip), at(elbow, elbow), at(tip, elbow)]);
        }
    }

    fn sliders(&self) {
        for (y, knob) in [(6.5, 15.5), (12.0, 8.5), (17.5, 13.5)] {
            self.line(&[pos2(4.0, y), pos2(20.0, y)]);
            self.dot(pos2(knob, y), 2.5);
        }
    }

    fn keyboard(&self) {
        self.rounded(pos2(2.5, 6.0), pos2(21.5, 18.0), 2.4, false);
        for x in [6.5, 10.2, 13.8, 17.5] {
            self.dot(pos2(x, 10.0), 1.05);
        }
        self.line(&[pos2(8.0, 14.4), pos2(16.0, 14.4)]);
    }
}

/// A ring round an avatar that opens as `phase` goes from 0 to 1.
pub(super) fn ripple(painter: &Painter, center: Pos2, radius: f32, phase: f32, color: Color32) {
    let width = 2.0 * (1.0 - phase) + 0.5;
    painter.circle_stroke(
        center,
        radius * (1.0 + 0.35 * phase),
        Stroke::new(width, color.gamma_multiply(1.0 - phase)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arc_begins_and_ends_where_it_should() {
        let points = arc(pos2(0.0, 0.0), 2.0, 0.0, PI / 2.0);
        let (first, last) = (points[0], points[points.len() - 1]);
        assert!(first.distance(pos2(2.0, 0.0)) < 1e-5 && last.distance(pos2(0.0, 2.0)) < 1e-5);
    }
}
