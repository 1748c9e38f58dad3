//! The item in the tray (StatusNotifierItem). It appears where and when there is a tray.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use eframe::icon_data::from_png_bytes;
use ksni::menu::{CheckmarkItem, MenuItem, StandardItem};
use ksni::{Category, Icon, OfflineReason, Status, ToolTip, TrayMethods as _};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::bus::ANSWER_WITHIN;
use crate::attention::{Tray, TrayCall};
use crate::desktop::{DesktopEvent, WindowLink, texts};

static ICON: LazyLock<Vec<Icon>> = LazyLock::new(|| {
    let icon = from_png_bytes(include_bytes!("../../../../assets/visavis-128.png"));
    let Ok(mut icon) = icon else { return Vec::new() };
    for pixel in icon.rgba.as_chunks_mut::<4>().0 {
        // ARGB is what goes over the bus.
        pixel.rotate_right(1);
    }
    let side = |pixels: u32| i32::try_from(pixels).unwrap_or_default();
    vec![Icon { width: side(icon.width), height: side(icon.height), data: icon.rgba }]
});

/// Shows the item, and keeps it as it is to be.
pub(in crate::desktop) async fn tray(
    mut wishes: watch::Receiver<Tray>,
    events: mpsc::Sender<DesktopEvent>,
    window: WindowLink,
) {
    let tray = wishes.borrow_and_update().clone();
    let item = Item { tray, events, window: window.clone(), went_away: AtomicBool::new(false) };
    let spawning = item.assume_sni_available(true).spawn();
    let handle = match timeout(ANSWER_WITHIN, spawning).await {
        Ok(Ok(handle)) => handle,
        Ok(Err(error)) => {
            tracing::debug!(%error, "no tray");
            return;
        }
        Err(_) => {
            tracing::debug!("no tray: the desktop does not answer");
            return;
        }
    };
    let there = |item: &mut Item| !item.went_away.load(Ordering::Relaxed);
    if let Ok(Some(there)) = timeout(ANSWER_WITHIN, handle.update(there)).await {
        window.tray_is_there(there);
    }
    while wishes.changed().await.is_ok() {
        let tray = wishes.borrow_and_update().clone();
        if timeout(ANSWER_WITHIN, handle.update(move |item| item.tray = tray)).await.is_err() {
            tracing::debug!("the tray does not answer");
        }
    }
    let _ = timeout(ANSWER_WITHIN, handle.shutdown()).await;
}

/// The item as the tray asks for it.
struct Item {
    tray: Tray,
    events: mpsc::Sender<DesktopEvent>,
    window: WindowLink,
    /// Whether there is no tray.
    went_away: AtomicBool,
}

impl Item {
    fn happens(&self, event: DesktopEvent) {
        if self.events.try_send(event).is_err() {
            tracing::warn!("a click in the tray was lost");
        }
    }

    fn entry(label: impl Into<String>, event: DesktopEvent) -> MenuItem<Self> {
        let activate = Box::new(move |item: &mut Self| item.happens(event.clone()));
        StandardItem { label: without_keys(&label.into()), activate, ..StandardItem::default() }
            .into()
    }

    fn words(&self) -> String {
        match &self.tray.call {
            TrayCall::Ringing(peer) => texts::is_calling(peer),
            TrayCall::With(peer) => texts::in_call_with(peer),
            TrayCall::None if self.tray.missed > 0 => texts::missed_calls(self.tray.missed),
            TrayCall::None => String::new(),
        }
    }
}

/// An underscore marks a key; two are one.
fn without_keys(label: &str) -> String {
    label.replace('_', "__")
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        texts::APP_ID.to_owned()
    }

    fn title(&self) -> String {
        texts::APP.to_owned()
    }

    fn category(&self) -> Category {
        Category::Communications
    }

    fn status(&self) -> Status {
        let calls = matches!(self.tray.call, TrayCall::Ringing(_)) || self.tray.missed > 0;
        if calls { Status::NeedsAttention } else { Status::Active }
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        ICON.clone()
    }

    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        ICON.clone()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip { title: texts::APP.to_owned(), description: self.words(), ..ToolTip::default() }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.happens(DesktopEvent::Show);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let mut menu = Vec::new();
        let words = self.words();
        if !words.is_empty() {
            menu.push(Self::entry(words, DesktopEvent::Show));
            menu.push(MenuItem::Separator);
        }
        menu.push(Self::entry(texts::show(), DesktopEvent::Show));
        if self.tray.call != TrayCall::None {
            let mute = CheckmarkItem {
                label: texts::mute(),
                checked: self.tray.muted,
                activate: Box::new(|item: &mut Self| item.happens(DesktopEvent::ToggleMute)),
                ..CheckmarkItem::default()
            };
            menu.push(mute.into());
            let ringing = matches!(self.tray.call, TrayCall::Ringing(_));
            let label = if ringing { texts::decline() } else { texts::close_call() };
            menu.push(Self::entry(label, DesktopEvent::HangUp));
        }
        menu.push(MenuItem::Separator);
        menu.push(Self::entry(texts::quit(), DesktopEvent::Quit));
        menu
    }

    fn watcher_online(&self) {
        self.went_away.store(false, Ordering::Relaxed);
        self.window.tray_is_there(true);
    }

    fn watcher_offline(&self, _reason: OfflineReason) -> bool {
        self.went_away.store(true, Ordering::Relaxed);
        self.window.tray_is_there(false);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_menu_keeps_its_underscores_and_the_icon_is_there() {
        assert_eq!(without_keys("a_b is calling"), "a__b is calling");
        let icon = ICON.first().expect("an icon");
        assert_eq!((icon.width, icon.height, icon.data.len()), (128, 128, 128 * 128 * 4));
        assert_eq!(icon.data[0], 0, "its corner is transparent, and alpha comes first");
    }
}
