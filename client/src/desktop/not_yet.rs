//! What a desktop shows where nothing is written for it yet: no notifications, and no icon. Calls
//! ring in the window.

use tokio::sync::{mpsc, watch};

use super::{DesktopEvent, Notifications, WindowLink};
use crate::attention::Tray;

/// Shows no notifications yet.
pub(super) async fn notifications(
    wishes: watch::Receiver<Notifications>,
    events: mpsc::Sender<DesktopEvent>,
) {
    until_the_end(wishes).await;
    drop(events);
}

/// Shows no icon yet.
pub(super) async fn tray(
    wishes: watch::Receiver<Tray>,
    events: mpsc::Sender<DesktopEvent>,
    window: WindowLink,
) {
    until_the_end(wishes).await;
    drop((events, window));
}

async fn until_the_end<T>(mut wishes: watch::Receiver<T>) {
    while wishes.changed().await.is_ok() {}
}
