//! What each icon is made of, in units of a grid of 24 by 24.

use kurbo::{BezPath, Circle, Ellipse, RoundedRect, Shape};

use super::icon::{Icon, STROKE};

/// Beyond this error a curve of a primitive is split, in units.
const ACCURACY: f64 = 0.01;

#[derive(Debug, Clone, Copy)]
enum Outline {
    /// The data of an SVG path (SVG 2, chapter 9).
    Path(&'static str),
    /// Centre and the two radii.
    Ellipse(f64, f64, f64, f64),
    /// Left, top, width, height and the corners' radius.
    Rect(f64, f64, f64, f64, f64),
}

/// One line or filled shape of an icon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    outline: Outline,
    pub(super) filled: bool,
    pub(super) width: f32,
    /// Whether open ends are round.
    pub(super) round: bool,
    pub(super) opacity: f32,
    /// Turned by so many degrees round the middle of the grid, grown by a factor, after it was
    /// moved up by so many units.
    pub(super) turned: Option<(f64, f64, f64)>,
}

impl Element {
    pub(super) fn path(&self) -> BezPath {
        match self.outline {
            // The data are constants, and a test flattens each: nothing is left out unseen.
            Outline::Path(data) => BezPath::from_svg(data).unwrap_or_default(),
            Outline::Ellipse(x, y, rx, ry) if rx == ry => Circle::new((x, y), rx).to_path(ACCURACY),
            Outline::Ellipse(x, y, rx, ry) => Ellipse::new((x, y), (rx, ry), 0.0).to_path(ACCURACY),
            Outline::Rect(x, y, width, height, radius) => {
                RoundedRect::new(x, y, x + width, y + height, radius).to_path(ACCURACY)
            }
        }
    }

    const fn new(outline: Outline) -> Self {
        Self { outline, filled: false, width: STROKE, round: true, opacity: 1.0, turned: None }
    }

    const fn filled(self) -> Self {
        Self { filled: true, width: 0.0, ..self }
    }

    const fn wide(self, width: f32) -> Self {
        Self { width, ..self }
    }

    const fn straight(self) -> Self {
        Self { round: false, ..self }
    }

    const fn faint(self, opacity: f32) -> Self {
        Self { opacity, ..self }
    }

    const fn turned(self, degrees: f64) -> Self {
        Self { turned: Some((degrees, 1.08, 0.6)), ..self }
    }
}

const fn path(data: &'static str) -> Element {
    Element::new(Outline::Path(data))
}

const fn circle(x: f64, y: f64, radius: f64) -> Element {
    Element::new(Outline::Ellipse(x, y, radius, radius))
}

const fn dot(x: f64, y: f64, radius: f64) -> Element {
    circle(x, y, radius).filled()
}

const fn rect(x: f64, y: f64, width: f64, height: f64, radius: f64) -> Element {
    Element::new(Outline::Rect(x, y, width, height, radius))
}

const MICROPHONE: &[Element] = &[
    rect(9.0, 2.8, 6.0, 11.0, 3.0),
    path("M5.3 11.2 a6.7 6.7 0 0 0 13.4 0"),
    path("M12 17.9 v3.3"),
];
const CAMERA: &[Element] = &[rect(2.5, 6.0, 13.0, 12.0, 3.0), path("M15.5 11 l6 -3.5 v9 l-6 -3.5")];
const EYE: &[Element] = &[
    path(
        "M2.8 12 C2.8 12 6.2 5.6 12 5.6 C17.8 5.6 21.2 12 21.2 12 C21.2 12 17.8 18.4 12 18.4 \
         C6.2 18.4 2.8 12 2.8 12 z",
    ),
    circle(12.0, 12.0, 2.8),
];
const SHIELD_OUTLINE: Element =
    path("M12 3 l7.5 2.8 v5.4 c0 4.7 -3.1 8.2 -7.5 9.8 c-4.4 -1.6 -7.5 -5.1 -7.5 -9.8 v-5.4 z");
const SHIELD: &[Element] = &[SHIELD_OUTLINE];
const SCREEN_OUTLINE: Element = rect(2.5, 4.0, 19.0, 13.0, 2.5);
const SCREEN_FOOT: Element = path("M8.5 20.5 h7");
/// A telephone handset, lying on its back; turned, it is picked up.
const HANDSET_GRIP: Element = path("M3.9 14.1 a11.4 11.4 0 0 1 16.2 0").wide(3.1);
const HANDSET_EAR: Element = path("M4 13.6 l0.5 2.1").wide(4.6);
const HANDSET_MOUTH: Element = path("M20 13.6 l-0.5 2.1").wide(4.6);

/// The teeth of a cogwheel: eight short lines outwards.
const TEETH: &str = "M18.4 12 L21.4 12 M16.53 16.53 L18.65 18.65 M12 18.4 L12 21.4 \
    M7.47 16.53 L5.35 18.65 M5.6 12 L2.6 12 M7.47 7.47 L5.35 5.35 M12 5.6 L12 2.6 \
    M16.53 7.47 L18.65 5.35";

/// Every icon, so that tests and the gallery miss none.
#[cfg(test)]
pub(super) const ALL: &[Icon] = &[
    Icon::Microphone,
    Icon::MicrophoneOff,
    Icon::Camera,
    Icon::CameraOff,
    Icon::Phone,
    Icon::HangUp,
    Icon::Share,
    Icon::ShareStop,
    Icon::Screen,
    Icon::Window,
    Icon::Text,
    Icon::Sliders,
    Icon::More,
    Icon::Fullscreen,
    Icon::Restore,
    Icon::Mini,
    Icon::Expand,
    Icon::Snapshot,
    Icon::Statistics,
    Icon::SignalWeak,
    Icon::Mirror,
    Icon::Eye,
    Icon::EyeOff,
    Icon::Grip,
    Icon::Shield,
    Icon::ShieldCheck,
    Icon::ShieldAlert,
    Icon::ShieldOff,
    Icon::Key,
    Icon::Lock,
    Icon::LockOpen,
    Icon::Search,
    Icon::Plus,
    Icon::Minus,
    Icon::User,
    Icon::UserPlus,
    Icon::Room,
    Icon::Link,
    Icon::CallOut,
    Icon::CallIn,
    Icon::CallMissed,
    Icon::Block,
    Icon::Trash,
    Icon::Edit,
    Icon::Copy,
    Icon::Attach,
    Icon::Send,
    Icon::Smile,
    Icon::File,
    Icon::Folder,
    Icon::Image,
    Icon::Download,
    Icon::Pause,
    Icon::Play,
    Icon::Record,
    Icon::Check,
    Icon::CheckTwice,
    Icon::Settings,
    Icon::Bell,
    Icon::Moon,
    Icon::Contrast,
    Icon::Keyboard,
    Icon::Info,
    Icon::Globe,
    Icon::Server,
    Icon::Laptop,
    Icon::Nearby,
    Icon::Clock,
    Icon::LogOut,
    Icon::Speaker,
    Icon::Refresh,
    Icon::Close,
    Icon::ChevronDown,
    Icon::ChevronLeft,
    Icon::ChevronRight,
    Icon::Warning,
    Icon::Mark,
];

/// The elements of an icon, and whether it is crossed out.
pub(super) fn elements(icon: Icon) -> (Vec<Element>, bool) {
    let off =
        matches!(icon, Icon::MicrophoneOff | Icon::CameraOff | Icon::ShieldOff | Icon::EyeOff);
    (shape(icon), off)
}

fn shape(icon: Icon) -> Vec<Element> {
    match icon {
        Icon::Microphone | Icon::MicrophoneOff => MICROPHONE.to_vec(),
        Icon::Camera | Icon::CameraOff => CAMERA.to_vec(),
        Icon::Eye | Icon::EyeOff => EYE.to_vec(),
        Icon::Shield | Icon::ShieldOff => SHIELD.to_vec(),
        Icon::Phone => {
            vec![
                HANDSET_GRIP.turned(-135.0),
                HANDSET_EAR.turned(-135.0),
                HANDSET_MOUTH.turned(-135.0),
            ]
        }
        Icon::HangUp => {
            vec![HANDSET_GRIP.turned(0.0), HANDSET_EAR.turned(0.0), HANDSET_MOUTH.turned(0.0)]
        }
        Icon::Share => {
            vec![SCREEN_OUTLINE, SCREEN_FOOT, path("M12 13.5 V8 M9.3 10.4 L12 7.7 l2.7 2.7")]
        }
        Icon::ShareStop => {
            vec![SCREEN_OUTLINE, SCREEN_FOOT, path("M9.6 8.1 l4.8 4.8 M14.4 8.1 l-4.8 4.8")]
        }
        Icon::Screen => vec![SCREEN_OUTLINE, SCREEN_FOOT],
        Icon::Window => vec![rect(2.5, 4.5, 19.0, 15.0, 2.5), path("M2.5 9 h19").straight()],
        Icon::Text => vec![path(
            "M6.5 4 h11 A3.5 3.5 0 0 1 21 7.5 v5.8 a3.5 3.5 0 0 1 -3.5 3.5 H12 l-4.6 3.7 v-3.7 \
             h-0.9 A3.5 3.5 0 0 1 3 13.3 V7.5 A3.5 3.5 0 0 1 6.5 4 z",
        )],
        Icon::Sliders => vec![
            path("M3 7.5 h9 M18 7.5 h3 M3 16.5 h3 M12 16.5 h9"),
            circle(15.0, 7.5, 2.8),
            circle(9.0, 16.5, 2.8),
        ],
        Icon::More => vec![dot(5.5, 12.0, 1.6), dot(12.0, 12.0, 1.6), dot(18.5, 12.0, 1.6)],
        Icon::Fullscreen => vec![path(
            "M4 9 V6 a2 2 0 0 1 2 -2 h3 M15 4 h3 a2 2 0 0 1 2 2 v3 \
             M20 15 v3 a2 2 0 0 1 -2 2 h-3 M9 20 H6 a2 2 0 0 1 -2 -2 v-3",
        )],
        Icon::Restore => vec![path(
            "M9 4 v3 a2 2 0 0 1 -2 2 H4 M20 9 h-3 a2 2 0 0 1 -2 -2 V4 \
             M15 20 v-3 a2 2 0 0 1 2 -2 h3 M4 15 h3 a2 2 0 0 1 2 2 v3",
        )],
        Icon::Mini => {
            vec![rect(2.5, 4.5, 19.0, 15.0, 2.5), rect(12.0, 11.5, 6.5, 5.0, 1.2).filled()]
        }
        Icon::Expand => vec![path("M14 4 h6 v6 M20 4 l-7 7 M10 20 H4 v-6 M4 20 l7 -7")],
        Icon::Snapshot => vec![
            path(
                "M8.2 7 l1.4 -2.6 h4.8 L15.8 7 H18 a3 3 0 0 1 3 3 v7 a3 3 0 0 1 -3 3 H6 \
                 a3 3 0 0 1 -3 -3 v-7 a3 3 0 0 1 3 -3 z",
            ),
            circle(12.0, 13.2, 3.4),
        ],
        Icon::Statistics => vec![path("M5 19.5 v-6 M12 19.5 v-15 M19 19.5 v-10")],
        Icon::SignalWeak => {
            vec![path("M5 20 v-4.5").wide(3.0), path("M12 20 V9.5 M19 20 V4").wide(3.0).faint(0.4)]
        }
        Icon::Mirror => vec![
            path("M12 3.5 v1.5 M12 8.2 v1.5 M12 12.9 v1.5 M12 17.6 v1.5"),
            path("M8.8 7.5 L3 17 h5.8 z"),
            path("M15.2 7.5 L21 17 h-5.8 z"),
        ],
        Icon::Grip => vec![path("M5 13 L13 5 M5 19 L19 5")],
        Icon::ShieldCheck => vec![SHIELD_OUTLINE, path("M8.6 12 l2.5 2.4 l4.4 -4.7")],
        Icon::ShieldAlert => vec![SHIELD_OUTLINE, path("M12 8 v4.6"), dot(12.0, 15.8, 1.25)],
        Icon::Key => vec![circle(8.0, 15.5, 4.2), path("M11 12.5 l8.5 -8.5 M16 7.5 l3 3")],
        Icon::Search => vec![circle(10.8, 10.8, 6.6), path("M15.8 15.8 l4.7 4.7")],
        Icon::Plus => vec![path("M12 5 v14 M5 12 h14")],
        Icon::Minus => vec![path("M5 12 h14")],
        Icon::User => vec![circle(12.0, 8.0, 4.0), path("M4.8 20.3 a7.2 7.2 0 0 1 14.4 0")],
        Icon::UserPlus => {
            vec![circle(10.0, 8.0, 4.0), path("M3 20.3 a7 7 0 0 1 14 0 M19 5 v6 M16 8 h6")]
        }
        Icon::Room => vec![
            path("M5.5 20.5 V5.5 a2 2 0 0 1 2 -2 h9 a2 2 0 0 1 2 2 v15 M3 20.5 h18"),
            dot(15.0, 12.2, 1.25),
        ],
        Icon::Lock => {
            vec![rect(5.0, 10.8, 14.0, 9.8, 2.5), path("M8.2 10.8 V7.6 a3.8 3.8 0 0 1 7.6 0 v3.2")]
        }
        Icon::LockOpen => {
            vec![rect(5.0, 10.8, 14.0, 9.8, 2.5), path("M8.2 10.8 V7.6 a3.8 3.8 0 0 1 7.4 -1.2")]
        }
        Icon::Link => vec![
            path("M10.2 13.8 a4.2 4.2 0 0 0 5.9 0 l3.2 -3.2 a4.2 4.2 0 0 0 -5.9 -5.9 l-1.2 1.2"),
            path("M13.8 10.2 a4.2 4.2 0 0 0 -5.9 0 l-3.2 3.2 a4.2 4.2 0 0 0 5.9 5.9 l1.2 -1.2"),
        ],
        Icon::CallOut => vec![path("M6.5 17.5 l11 -11 M8.5 6.5 h9 v9")],
        Icon::CallIn => vec![path("M17.5 6.5 l-11 11 M15.5 17.5 h-9 v-9")],
        Icon::CallMissed => vec![path("M20.5 7.5 L13 15 L4.5 6.5 M4.5 12.8 V6.5 h6.3")],
        Icon::Block => vec![circle(12.0, 12.0, 8.8), path("M5.8 5.8 l12.4 12.4")],
        Icon::Trash => vec![path("M4 7 h16 M9.3 7 V4.3 h5.4 V7 M6.3 7 l1 13 h9.4 l1 -13")],
        Icon::Edit => vec![path(
            "M4 20 l0.9 -4.4 L15.7 4.8 a1.9 1.9 0 0 1 2.7 0 l0.8 0.8 a1.9 1.9 0 0 1 0 2.7 \
             L8.4 19.1 z",
        )],
        Icon::Copy => vec![
            rect(9.0, 9.0, 11.5, 11.5, 2.5),
            path(
                "M5.3 15 h-0.8 a1.5 1.5 0 0 1 -1.5 -1.5 v-9 A1.5 1.5 0 0 1 4.5 3 h9 \
                 A1.5 1.5 0 0 1 15 4.5 v0.8",
            ),
        ],
        Icon::Attach => vec![path(
            "M20 11.4 l-8.1 8.1 a5 5 0 0 1 -7.1 -7.1 l8.6 -8.5 a3.35 3.35 0 0 1 4.7 4.7 l-8.5 8.5 \
             a1.65 1.65 0 0 1 -2.35 -2.35 l7.6 -7.5",
        )],
        Icon::Send => vec![path("M12 19.5 V4.8 M5.6 11.2 L12 4.8 l6.4 6.4")],
        Icon::Smile => vec![
            circle(12.0, 12.0, 8.8),
            path("M8 14.3 a4.6 4.6 0 0 0 8 0"),
            dot(9.0, 9.8, 1.1),
            dot(15.0, 9.8, 1.1),
        ],
        Icon::File => vec![
            path(
                "M6.5 3 h7.2 l5.3 5.3 v10.2 a2.5 2.5 0 0 1 -2.5 2.5 h-10 A2.5 2.5 0 0 1 4 18.5 \
                 v-13 A2.5 2.5 0 0 1 6.5 3 z",
            ),
            path("M13.5 3.3 v5.2 h5.2"),
        ],
        Icon::Folder => vec![path(
            "M3 7 a2 2 0 0 1 2 -2 h4.2 l2 2.5 H19 a2 2 0 0 1 2 2 V17 a2 2 0 0 1 -2 2 H5 \
             a2 2 0 0 1 -2 -2 z",
        )],
        Icon::Image => vec![
            rect(3.0, 4.0, 18.0, 16.0, 2.5),
            circle(8.5, 9.5, 1.7),
            path("M3.5 17.5 l5 -4.5 l3.5 3 l4 -4.5 l5 5"),
        ],
        Icon::Download => vec![path("M12 4 v11 M7 10.3 l5 5 l5 -5 M4.5 20 h15")],
        Icon::Pause => vec![path("M8.5 5 v14 M15.5 5 v14")],
        Icon::Play => vec![path("M7.5 4.8 v14.4 L19 12 z")],
        Icon::Record => vec![circle(12.0, 12.0, 8.8), dot(12.0, 12.0, 4.2)],
        Icon::Check => vec![path("M4.8 12.6 l4.8 4.7 L19.2 7")],
        Icon::CheckTwice => vec![path("M2.5 12.6 l4.6 4.7 L16 7.6 M11.4 16.1 l1.2 1.2 L21.5 7.6")],
        Icon::Settings => {
            vec![circle(12.0, 12.0, 6.4), path(TEETH).wide(3.6).straight(), circle(12.0, 12.0, 2.4)]
        }
        Icon::Bell => {
            vec![path("M6.2 16.4 v-5.2 a5.8 5.8 0 0 1 11.6 0 v5.2 l1.7 1.8 H4.5 z M10.2 21 h3.6")]
        }
        Icon::Moon => vec![path("M20 14.3 A8.3 8.3 0 1 1 9.7 4 a6.7 6.7 0 0 0 10.3 10.3 z")],
        Icon::Contrast => {
            vec![circle(12.0, 12.0, 8.5), path("M12 3.5 a8.5 8.5 0 0 1 0 17 z").filled()]
        }
        Icon::Keyboard => vec![
            rect(2.5, 6.0, 19.0, 12.0, 2.5),
            path("M8.5 14.5 h7"),
            dot(6.5, 10.2, 1.0),
            dot(10.2, 10.2, 1.0),
            dot(13.9, 10.2, 1.0),
            dot(17.5, 10.2, 1.0),
        ],
        Icon::Info => vec![circle(12.0, 12.0, 8.8), path("M12 11.2 v5"), dot(12.0, 7.9, 1.25)],
        Icon::Globe => vec![
            circle(12.0, 12.0, 8.8),
            path("M3.2 12 h17.6").straight(),
            Element::new(Outline::Ellipse(12.0, 12.0, 4.0, 8.8)),
        ],
        Icon::Server => vec![
            rect(3.0, 4.0, 18.0, 7.0, 2.0),
            rect(3.0, 13.5, 18.0, 7.0, 2.0),
            dot(7.0, 7.5, 1.1),
            dot(7.0, 17.0, 1.1),
        ],
        Icon::Laptop => vec![rect(4.5, 4.5, 15.0, 10.5, 2.0), path("M2.5 19 h19")],
        Icon::Nearby => vec![
            path("M3.5 9.8 a12.3 12.3 0 0 1 17 0 M7 13.4 a7.3 7.3 0 0 1 10 0"),
            dot(12.0, 17.4, 1.6),
        ],
        Icon::Clock => vec![circle(12.0, 12.0, 8.8), path("M12 7 v5.2 l3.4 2")],
        Icon::LogOut => vec![path(
            "M10 4 H6.5 A2.5 2.5 0 0 0 4 6.5 v11 A2.5 2.5 0 0 0 6.5 20 H10 M10.5 12 H20 \
             M16 8 l4 4 l-4 4",
        )],
        Icon::Speaker => vec![
            path("M4 9.3 h3.2 L12 5 v14 l-4.8 -4.3 H4 z"),
            path("M15.6 8.9 a4.4 4.4 0 0 1 0 6.2 M18.4 6.1 a8.3 8.3 0 0 1 0 11.8"),
        ],
        Icon::Refresh => vec![path("M19.5 12 a7.5 7.5 0 1 1 -2.3 -5.4 M19.7 3.6 v4.2 h-4.2")],
        Icon::Close => vec![path("M6 6 l12 12 M18 6 L6 18")],
        Icon::ChevronDown => vec![path("M6 9.3 l6 6 l6 -6")],
        Icon::ChevronLeft => vec![path("M14.7 6 l-6 6 l6 6")],
        Icon::ChevronRight => vec![path("M9.3 6 l6 6 l-6 6")],
        Icon::Warning => {
            vec![path("M12 4.2 l8.8 15.3 H3.2 z"), path("M12 10 v4.3"), dot(12.0, 16.9, 1.15)]
        }
        Icon::Mark => vec![
            path("M3.6 4.6 a7.4 7.4 0 0 1 0 14.8 z").filled(),
            path("M20.4 4.6 a7.4 7.4 0 0 0 0 14.8 z").filled(),
        ],
    }
}
