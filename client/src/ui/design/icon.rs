//! The icons: strokes on a grid of 24 by 24 units, sharp at any scale and without an icon font.
//!
//! Each is lines, arcs, circles and rounded rectangles with round ends, 1.75 units wide, and leaves
//! 2 units free at each edge. An icon of something off is the icon with a gap cut out of it and a
//! stroke from corner to corner beside the gap; the gap is real, so that it also works over a
//! video. What an icon is made of is in [`super::icon_shapes`]; here it is flattened once and
//! painted.

use std::f32::consts::SQRT_2;
use std::sync::OnceLock;

use eframe::egui::{Atom, Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2};
use kurbo::{Affine, BezPath, PathEl};

use super::icon_shapes::{Element, elements};

/// How wide a stroke is, in units.
pub(super) const STROKE: f32 = 1.75;
/// The side of the grid, in units.
const GRID: f32 = 24.0;
/// How far a flattened curve may be from the true one, in units: a tenth of a pixel at 96 pixels.
const TOLERANCE: f64 = 0.025;
/// How wide the gap of an icon of something off is, in units.
const GAP: f32 = 3.4;
/// The gap runs along the line x − y = 3, the stroke along x = y.
const GAP_OFFSET: f32 = 3.0;
const SLASH: [Pos2; 2] = [pos2(3.8, 3.8), pos2(20.2, 20.2)];

/// Every icon, by what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the set is drawn as a whole; some of it waits for its screen")
)]
pub(crate) enum Icon {
    Microphone,
    MicrophoneOff,
    Camera,
    CameraOff,
    Phone,
    HangUp,
    Share,
    ShareStop,
    Screen,
    Window,
    Text,
    Sliders,
    More,
    Fullscreen,
    Restore,
    Mini,
    Expand,
    Snapshot,
    Statistics,
    SignalWeak,
    Mirror,
    Eye,
    EyeOff,
    Grip,
    Shield,
    ShieldCheck,
    ShieldAlert,
    ShieldOff,
    Key,
    /// A connection that is encrypted.
    Lock,
    /// One that is not.
    LockOpen,
    Search,
    Plus,
    Minus,
    User,
    UserPlus,
    Room,
    Link,
    CallOut,
    CallIn,
    CallMissed,
    Block,
    Trash,
    Edit,
    Copy,
    Attach,
    Send,
    Smile,
    File,
    Folder,
    Image,
    Download,
    Pause,
    Play,
    Record,
    Check,
    CheckTwice,
    Settings,
    Bell,
    Moon,
    Contrast,
    Keyboard,
    Info,
    Globe,
    Server,
    Laptop,
    Nearby,
    Clock,
    LogOut,
    Speaker,
    Refresh,
    Close,
    ChevronDown,
    ChevronLeft,
    ChevronRight,
    Warning,
    /// The mark of the app: two faces, face to face.
    Mark,
}

impl Icon {
    /// As part of a button, in the colour of its text.
    pub(crate) fn atom(self, side: f32) -> Atom<'static> {
        Atom::paint(Vec2::splat(side), move |ui, args| {
            self.paint(ui.painter(), args.rect, args.fallback_text_color)
        })
    }

    /// Paints it into the largest square in the middle of `rect`.
    pub(crate) fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let unit = rect.size().min_elem() / GRID;
        let origin = rect.center() - Vec2::splat(GRID / 2.0 * unit);
        // On whole pixels, so that straight lines are as sharp as they can be.
        let origin = snapped(painter, origin);
        for part in flattened(self) {
            part.paint(painter, origin, unit, color);
        }
    }
}

/// The nearest corner of a pixel.
fn snapped(painter: &Painter, at: Pos2) -> Pos2 {
    let pixels = painter.pixels_per_point();
    (at.to_vec2() * pixels).round().to_pos2() / pixels
}

/// One line or outline of an icon, as points in units.
struct Part {
    points: Vec<Pos2>,
    closed: bool,
    filled: bool,
    /// In units; 0 for what is only filled.
    width: f32,
    /// Whether the first and the last point are round ends.
    round: [bool; 2],
    opacity: f32,
}

impl Part {
    fn paint(&self, painter: &Painter, origin: Pos2, unit: f32, color: Color32) {
        let color = color.gamma_multiply(self.opacity);
        let at = |p: &Pos2| origin + p.to_vec2() * unit;
        let points: Vec<Pos2> = self.points.iter().map(at).collect();
        if self.filled {
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
            return;
        }
        let stroke = Stroke::new(self.width * unit, color);
        let ends = [points.first().copied(), points.last().copied()];
        painter.add(if self.closed {
            Shape::closed_line(points, stroke)
        } else {
            Shape::line(points, stroke)
        });
        for (end, round) in ends.into_iter().zip(self.round) {
            if let Some(end) = end.filter(|_| round && !self.closed) {
                painter.circle_filled(end, self.width / 2.0 * unit, color);
            }
        }
    }

    /// What is left of it beside the gap of an icon of something off.
    fn cut(self) -> Vec<Self> {
        if self.filled {
            return vec![self];
        }
        let mut points = self.points.clone();
        if self.closed {
            points.extend(self.points.first().copied());
        }
        let mut parts: Vec<Vec<Pos2>> = vec![Vec::new()];
        for pair in points.windows(2) {
            let [from, to] = [pair[0], pair[1]];
            let pieces = beside_the_gap(from, to);
            for (index, [start, end]) in pieces.iter().copied().enumerate() {
                let continues = index == 0
                    && parts.last().and_then(|part| part.last()).is_some_and(|last| *last == start);
                match parts.last_mut() {
                    Some(part) if continues => part.push(end),
                    _ => parts.push(vec![start, end]),
                }
            }
        }
        let (first, last) = (points.first().copied(), points.last().copied());
        parts
            .into_iter()
            .filter(|points| points.len() > 1)
            .map(|points| {
                // Where the gap cut it, an end is straight.
                let round = [
                    self.round[0] && !self.closed && points.first().copied() == first,
                    self.round[1] && !self.closed && points.last().copied() == last,
                ];
                Self { points, closed: false, round, ..Self { points: Vec::new(), ..self } }
            })
            .collect()
    }
}

/// The parts of a segment that are not in the gap.
fn beside_the_gap(from: Pos2, to: Pos2) -> Vec<[Pos2; 2]> {
    // The distance to the middle of the gap is linear along a segment.
    let distance = |p: Pos2| (p.x - p.y - GAP_OFFSET) / SQRT_2;
    let (a, b) = (distance(from), distance(to));
    let half = GAP / 2.0;
    let at = |t: f32| from + (to - from) * t;
    let crossing = |edge: f32| (edge - a) / (b - a);
    let inside = |d: f32| d.abs() < half;
    match (inside(a), inside(b)) {
        (true, true) => Vec::new(),
        (true, false) => vec![[at(crossing(half * b.signum())), to]],
        (false, true) => vec![[from, at(crossing(half * a.signum()))]],
        (false, false) if a.signum() == b.signum() => vec![[from, to]],
        (false, false) => {
            vec![[from, at(crossing(half * a.signum()))], [at(crossing(half * b.signum())), to]]
        }
    }
}

/// The parts of an icon; made when it is first painted.
fn flattened(icon: Icon) -> &'static [Part] {
    static PARTS: [OnceLock<Vec<Part>>; Icon::Mark as usize + 1] =
        [const { OnceLock::new() }; Icon::Mark as usize + 1];
    PARTS[icon as usize].get_or_init(|| {
        let (shape, off) = elements(icon);
        let parts = shape.iter().flat_map(parts_of);
        if !off {
            return parts.collect();
        }
        let slash = Part {
            points: SLASH.to_vec(),
            closed: false,
            filled: false,
            width: STROKE,
            round: [true; 2],
            opacity: 1.0,
        };
        parts.flat_map(Part::cut).chain(std::iter::once(slash)).collect()
    })
}

fn parts_of(element: &Element) -> Vec<Part> {
    let mut path = element.path();
    if let Some((degrees, scale, down)) = element.turned {
        let middle = f64::from(GRID / 2.0);
        path.apply_affine(
            Affine::translate((middle, middle))
                * Affine::rotate(degrees.to_radians())
                * Affine::scale(scale)
                * Affine::translate((-middle, -middle - down)),
        );
    }
    let mut parts = polylines(&path);
    for part in &mut parts {
        part.filled = element.filled;
        part.width = element.width;
        part.round = [element.round; 2];
        part.opacity = element.opacity;
    }
    parts
}

/// A path as lines between points.
fn polylines(path: &BezPath) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let point = |p: kurbo::Point| pos2(p.x as f32, p.y as f32);
    kurbo::flatten(path, TOLERANCE, |element| match element {
        PathEl::MoveTo(p) => parts.push(Part {
            points: vec![point(p)],
            closed: false,
            filled: false,
            width: STROKE,
            round: [true; 2],
            opacity: 1.0,
        }),
        PathEl::LineTo(p) => {
            if let Some(part) = parts.last_mut() {
                part.points.push(point(p));
            }
        }
        PathEl::ClosePath => {
            if let Some(part) = parts.last_mut() {
                part.closed = true;
                // The last point is the first again; a zero-length side has no direction.
                if part.points.len() > 1 && part.points.first() == part.points.last() {
                    part.points.pop();
                }
            }
        }
        // Flattening leaves only lines.
        PathEl::QuadTo(..) | PathEl::CurveTo(..) => {}
    });
    parts
}

/// A ring round an avatar that opens as `phase` goes from 0 to 1.
pub(crate) fn ripple(painter: &Painter, center: Pos2, radius: f32, phase: f32, color: Color32) {
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

    fn all() -> impl Iterator<Item = (usize, &'static [Part])> {
        super::super::icon_shapes::ALL.iter().map(|icon| (*icon as usize, flattened(*icon)))
    }

    #[test]
    fn every_icon_has_a_shape_inside_its_grid() {
        let mut count = 0;
        for (icon, parts) in all() {
            count += 1;
            assert!(!parts.is_empty(), "{icon}");
            for part in parts {
                assert!(part.points.len() > 1, "{icon}");
                let edge = part.width / 2.0;
                for p in &part.points {
                    let inside = |v: f32| v - edge >= 0.5 && v + edge <= GRID - 0.5;
                    assert!(inside(p.x) && inside(p.y), "{icon}: {p:?}");
                }
            }
        }
        assert_eq!(count, Icon::Mark as usize + 1, "an icon is missing in the list of all");
    }

    #[test]
    fn an_icon_of_something_off_leaves_a_gap_beside_its_stroke() {
        for icon in [Icon::MicrophoneOff, Icon::CameraOff, Icon::ShieldOff, Icon::EyeOff] {
            let parts = flattened(icon);
            let (slash, rest) = parts.split_last().expect("parts");
            assert_eq!(slash.points, SLASH);
            let on = match icon {
                Icon::MicrophoneOff => Icon::Microphone,
                Icon::CameraOff => Icon::Camera,
                Icon::ShieldOff => Icon::Shield,
                _ => Icon::Eye,
            };
            assert!(rest.len() > flattened(on).len(), "{icon:?} is cut into pieces");
            for p in rest.iter().flat_map(|part| &part.points) {
                let distance = (p.x - p.y - GAP_OFFSET).abs() / SQRT_2;
                assert!(distance >= GAP / 2.0 - 1e-3, "{icon:?}: {p:?}");
            }
        }
    }

    #[test]
    fn a_segment_is_cut_where_it_crosses_the_gap() {
        let middle = pos2(GAP_OFFSET, 0.0);
        let out = |by: f32| middle + Vec2::new(by, -by) / SQRT_2;
        assert!(beside_the_gap(out(-1.0), out(1.0)).is_empty());
        assert_eq!(beside_the_gap(out(2.0), out(5.0)), [[out(2.0), out(5.0)]]);
        let both = beside_the_gap(out(-5.0), out(5.0));
        assert_eq!(both.len(), 2);
        assert!(both[0][1].distance(out(-GAP / 2.0)) < 1e-4);
        assert!(both[1][0].distance(out(GAP / 2.0)) < 1e-4);
        let from_inside = beside_the_gap(middle, out(5.0));
        assert!(from_inside.len() == 1 && from_inside[0][0].distance(out(GAP / 2.0)) < 1e-4);
    }
}
