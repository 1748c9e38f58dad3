//! Made-up screens and windows.

use std::sync::Arc;

use crate::media::frame::RgbaFrame;
use crate::media::units::VideoSize;
use crate::screen::{EndReason, Source, SourceId, SourceKind};
use crate::session::snapshot::{ShareChoice, ShareChoices, ShareWith, Shared, Sharing};
use crate::words::phrase;

/// What can be shared on a screen of the gallery.
pub(super) fn choices(screen: &str) -> Option<ShareChoices> {
    let some = |sources: Vec<ShareChoice>| ShareChoices {
        sources: Arc::new(sources),
        looked: true,
        has_sound: true,
        problem: None,
    };
    match screen {
        "call-share" => Some(some(vec![
            choice("s1", SourceKind::Screen, "DP-1", Some((2560, 1440)), 0),
            choice("s2", SourceKind::Screen, "HDMI-1", Some((1920, 1080)), 1),
            choice(
                "w1",
                SourceKind::Window,
                "Ground floor plan, page 2 – Document Viewer",
                None,
                2,
            ),
            choice("w2", SourceKind::Window, "notes.rs – Editor", None, 3),
            choice("w3", SourceKind::Window, "House 417 – Web browser", None, 4),
        ])),
        "call-share-portal" => {
            let portal = choice("portal", SourceKind::Portal, "", None, 0);
            Some(some(vec![ShareChoice { picture: None, ..portal }]))
        }
        "call-share-none" => Some(ShareChoices {
            has_sound: false,
            problem: Some(phrase!("share-nothing")),
            ..some(Vec::new())
        }),
        _ => None,
    }
}

/// What is shared on a screen of the gallery.
pub(super) fn sharing(screen: &str) -> Sharing {
    let source = source("w1", SourceKind::Window, "Ground floor plan", Some((1600, 900)));
    match screen {
        "call-shares" => Sharing::On(Shared {
            source: self::source("s1", SourceKind::Screen, "DP-1", Some((2560, 1440))),
            with: ShareWith::default(),
            live: true,
            hidden: false,
        }),
        "call-shares-hidden" => {
            Sharing::On(Shared { source, with: ShareWith::default(), live: true, hidden: true })
        }
        "call-share-ended" => Sharing::Ended { source, why: EndReason::WindowClosed },
        _ => Sharing::Off,
    }
}

fn source(id: &str, kind: SourceKind, name: &str, size: Option<(u32, u32)>) -> Source {
    let size = size.and_then(|(width, height)| VideoSize::new(width, height));
    Source { id: SourceId(id.into()), kind, name: name.into(), size }
}

fn choice(
    id: &str,
    kind: SourceKind,
    name: &str,
    size: Option<(u32, u32)>,
    look: u32,
) -> ShareChoice {
    let picture = Some(desktop(256, 144, look));
    ShareChoice { source: source(id, kind, name, size), picture }
}

/// A made-up screen with a page of lines on it.
pub(super) fn desktop(width: u32, height: u32, look: u32) -> RgbaFrame {
    const GROUNDS: [[u8; 3]; 5] =
        [[70, 92, 124], [94, 82, 76], [244, 246, 247], [28, 31, 38], [210, 216, 220]];
    let ground = GROUNDS[look as usize % GROUNDS.len()];
    let mut rgba = Vec::with_capacity((width * height * 4) as usize);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x * 100 / width, y * 100 / height);
            let page = (12..60).contains(&u) && (10..84).contains(&v);
            let (row, end) =
                ((v.saturating_sub(10)) / 7, 20 + (v.saturating_sub(10) / 7 * 37) % 36);
            let written = page && row > 0 && v % 7 < 3 && u > 15 && u < 15 + end;
            let [r, g, b] = match (written, page, v > 92) {
                (true, ..) => [110, 120, 130],
                (_, true, _) => [250, 250, 250],
                (_, _, true) => [20, 24, 28],
                _ => ground,
            };
            rgba.extend([r, g, b, 255]);
        }
    }
    RgbaFrame { size: VideoSize::new(width, height).expect("a size"), rgba: rgba.into() }
}
