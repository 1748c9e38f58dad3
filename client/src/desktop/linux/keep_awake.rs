//! Keeps the screen awake: the screen saver's service (`org.freedesktop.ScreenSaver`), or the
//! desktop portal where there is none (`org.freedesktop.portal.Inhibit`).
//!
//! What always holds: both let go when the connection to the bus ends, so a program that dies
//! leaves no screen awake.

use std::collections::HashMap;

use tokio::sync::watch;
use zbus::Connection;
use zbus::zvariant::{OwnedObjectPath, Value};

use super::bus::{self, BusError, within};
use crate::desktop::texts;

const SAVER: &str = "org.freedesktop.ScreenSaver";
const SAVER_PATH: &str = "/org/freedesktop/ScreenSaver";
const PORTAL: &str = "org.freedesktop.portal.Desktop";
const PORTAL_PATH: &str = "/org/freedesktop/portal/desktop";
const PORTAL_INHIBIT: &str = "org.freedesktop.portal.Inhibit";
const PORTAL_REQUEST: &str = "org.freedesktop.portal.Request";
/// Of the portal: the session is not to be taken for idle.
const IDLE: u32 = 8;

/// What keeps the screen awake.
enum Held {
    Saver(Connection, u32),
    Portal(Connection, OwnedObjectPath),
}

/// Keeps the screen awake while that is wanted.
pub(in crate::desktop) async fn keep_awake(mut wishes: watch::Receiver<bool>) {
    let mut held: Option<Held> = None;
    loop {
        let wanted = *wishes.borrow_and_update();
        if !wanted && let Some(held) = held.take() {
            held.let_go().await;
        } else if wanted && held.is_none() {
            held = match hold().await {
                Ok(held) => Some(held),
                Err(error) => {
                    tracing::debug!(%error, "the screen can't be kept awake");
                    None
                }
            };
        }
        if wishes.changed().await.is_err() {
            break;
        }
    }
    if let Some(held) = held {
        held.let_go().await;
    }
}

async fn hold() -> Result<Held, BusError> {
    let bus = bus::connect().await?;
    let reason = texts::in_a_call();
    let words = (texts::APP, reason.as_str());
    let call = bus.call_method(Some(SAVER), SAVER_PATH, Some(SAVER), "Inhibit", &words);
    match within(call).await.and_then(|reply| Ok(reply.body().deserialize::<u32>()?)) {
        Ok(cookie) => return Ok(Held::Saver(bus, cookie)),
        Err(error) => tracing::debug!(%error, "no screen saver's service; trying the portal"),
    }
    let options = HashMap::from([("reason", Value::from(reason.as_str()))]);
    let body = ("", IDLE, options);
    let call = bus.call_method(Some(PORTAL), PORTAL_PATH, Some(PORTAL_INHIBIT), "Inhibit", &body);
    let request = within(call).await?.body().deserialize::<OwnedObjectPath>()?;
    Ok(Held::Portal(bus, request))
}

impl Held {
    async fn let_go(self) {
        let let_go = match &self {
            Self::Saver(bus, cookie) => {
                within(bus.call_method(Some(SAVER), SAVER_PATH, Some(SAVER), "UnInhibit", cookie))
                    .await
            }
            Self::Portal(bus, request) => {
                within(bus.call_method(Some(PORTAL), request, Some(PORTAL_REQUEST), "Close", &()))
                    .await
            }
        };
        // The connection ends here, and with it what was held.
        if let Err(error) = let_go {
            tracing::debug!(%error, "the screen is let go with the connection");
        }
    }
}
