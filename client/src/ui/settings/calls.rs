//! How calls begin, whose come through, and the most that is sent in them.

use eframe::egui::Ui;

use super::{Page, from_next_call, rows};
use crate::media::units::{Bitrate, VideoSize};
use crate::settings::{Callers, Settings};
use crate::words::{self, text};

/// The sizes that are offered, by their height: all are 16 to 9.
const HEIGHTS: [u32; 5] = [360, 540, 720, 900, 1080];
const FRAME_RATES: [u32; 5] = [10, 15, 24, 30, 60];
const KBPS: [u32; 8] = [300, 600, 1_000, 1_500, 2_500, 4_000, 6_000, 10_000];

pub(super) fn show(ui: &mut Ui, page: &Page<'_>, kept: &mut Settings) {
    from_next_call(ui, page);
    rows::group(ui, |ui| {
        let calls = &mut kept.calls;
        for (on, title) in [
            (&mut calls.camera_on, text!("begin-with-camera")),
            (&mut calls.microphone_on, text!("begin-with-microphone")),
        ] {
            if let Some(turned) = rows::switch(ui, *on, &title, "") {
                *on = turned;
            }
        }
        let callers = [
            (text!("callers-everybody"), Callers::Everybody),
            (text!("callers-contacts"), Callers::Contacts),
        ];
        let second = text!("callers-hint");
        if let Some(from) = rows::choice(ui, &text!("callers"), &second, &callers, &calls.from) {
            calls.from = from;
        }
    });
    rows::group(ui, |ui| {
        let video = &mut kept.video;
        let size = video.size();
        let offered = HEIGHTS.iter().filter_map(|rows| VideoSize::new(rows * 16 / 9, *rows));
        let sizes = list(offered, size, |size| format!("{}×{}", size.width(), size.height()));
        if let Some(size) = rows::choice(ui, &text!("largest-picture"), "", &sizes, &size) {
            (video.width, video.height) = (size.width(), size.height());
        }
        let rates = list(FRAME_RATES, video.fps, |fps| words::number(f64::from(fps), 0));
        if let Some(fps) = rows::choice(ui, &text!("frame-rate"), "", &rates, &video.fps) {
            video.fps = fps;
        }
        let bitrates =
            list(KBPS, video.max_kbps, |kbps| words::bitrate(Bitrate::from_kbps(kbps.into())));
        let second = text!("largest-bitrate-hint");
        let title = text!("largest-bitrate");
        if let Some(kbps) = rows::choice(ui, &title, &second, &bitrates, &video.max_kbps) {
            video.max_kbps = kbps;
        }
    });
}

/// What is offered, and the current one among it where it is another.
fn list<C: PartialEq + Copy>(
    offered: impl IntoIterator<Item = C>,
    current: C,
    named: impl Fn(C) -> String,
) -> Vec<(String, C)> {
    let mut all: Vec<(String, C)> =
        offered.into_iter().map(|choice| (named(choice), choice)).collect();
    if !all.iter().any(|(_, choice)| *choice == current) {
        all.push((named(current), current));
    }
    all
}
