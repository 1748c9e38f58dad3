//! Notifications by the desktop's service (`org.freedesktop.Notifications`, Desktop Notifications
//! Specification 1.3).
//!
//! In: which notifications are to stand. Out: what a person does with them. What always holds: a
//! notification that comes to stand after its time is withdrawn; text of others is escaped where
//! the service reads markup; without a service there is one line in the debug log for each time
//! that one would be shown.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::{mpsc, watch};
use zbus::Proxy;
use zbus::proxy::SignalStream;
use zbus::zvariant::Value;

use super::bus::{self, ANSWER_WITHIN, BusError, within};
use crate::attention::{Incoming, MissedNotification};
use crate::desktop::{DesktopEvent, Notifications, texts};

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// Ids of actions; `default` is a click on the notification itself.
const ANSWER: &str = "answer";
const DECLINE: &str = "decline";
const DEFAULT: &str = "default";
/// The person has put it away (`NotificationClosed`).
const DISMISSED: u32 = 2;
/// Stays until it is withdrawn (`expire_timeout`).
const STAYS: i32 = 0;
/// Stays as long as the service likes.
const AS_USUAL: i32 = -1;
const NORMAL: u8 = 1;
const CRITICAL: u8 = 2;
/// How long a service that hangs is waited for, to withdraw what it shows then.
const LATE_WITHIN: Duration = Duration::from_secs(60);

/// What a notification holds.
struct Content {
    summary: String,
    body: String,
    actions: Vec<(&'static str, String)>,
    urgency: u8,
    category: &'static str,
    expires: i32,
}

/// Shows what is to stand, and withdraws what is not.
pub(in crate::desktop) async fn notifications(
    mut wishes: watch::Receiver<Notifications>,
    events: mpsc::Sender<DesktopEvent>,
) {
    let mut service: Option<Service> = None;
    let (mut incoming, mut missed) = (Card::default(), Card::default());
    loop {
        let wish = wishes.borrow_and_update().clone();
        if service.is_none() && wish != Notifications::default() {
            service = match Service::reach().await {
                Ok(service) => Some(service),
                Err(error) => {
                    tracing::debug!(%error, "no notifications: the desktop has no service");
                    None
                }
            };
        }
        if let Some(service) = &service {
            incoming.follow(service, wish.incoming, of_incoming).await;
            missed.follow(service, wish.missed, of_missed).await;
        }
        // Something else may be wanted by now.
        if wishes.has_changed().unwrap_or_default() {
            continue;
        }
        tokio::select! {
            changed = wishes.changed() => {
                if changed.is_err() {
                    break;
                }
            }
            signal = next_signal(&mut service) => match signal {
                Some(signal) => {
                    if let Some(event) = signal.event(&mut incoming, &mut missed)
                        && events.try_send(event).is_err()
                    {
                        tracing::warn!("a click on a notification was lost");
                    }
                }
                // The bus is gone, and all that stood with it.
                None => {
                    service = None;
                    (incoming, missed) = (Card::default(), Card::default());
                }
            },
        }
    }
    if let Some(service) = &service {
        incoming.follow(service, None, of_incoming).await;
        missed.follow(service, None, of_missed).await;
    }
}

fn of_incoming(call: &Incoming) -> Content {
    let answer = texts::can_be_answered(call).then(|| (ANSWER, texts::answer()));
    let others = [(DECLINE, texts::decline()), (DEFAULT, texts::show())];
    Content {
        summary: texts::is_calling(&call.peer),
        body: texts::incoming_body(call),
        actions: answer.into_iter().chain(others).collect(),
        urgency: CRITICAL,
        category: "call.incoming",
        expires: STAYS,
    }
}

fn of_missed(missed: &MissedNotification) -> Content {
    Content {
        summary: texts::missed_title(missed),
        body: texts::missed_body(missed),
        actions: vec![(DEFAULT, texts::show())],
        urgency: NORMAL,
        category: "call.unanswered",
        expires: AS_USUAL,
    }
}

/// One notification: what it was shown for, and its id while it stands.
struct Card<T>(Option<(T, Option<u32>)>);

impl<T> Default for Card<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: PartialEq + Clone> Card<T> {
    /// Shows it, shows another in its place, or withdraws it. What a person has put away is not
    /// shown again.
    async fn follow(&mut self, service: &Service, wish: Option<T>, content: fn(&T) -> Content) {
        if self.0.as_ref().map(|(shown, _)| shown) == wish.as_ref() {
            return;
        }
        let stood = self.0.take().and_then(|(_, id)| id);
        match wish {
            Some(wish) => {
                let id = service.show(stood.unwrap_or_default(), content(&wish)).await;
                self.0 = Some((wish, id));
            }
            None => {
                if let Some(id) = stood {
                    service.withdraw(id).await;
                }
            }
        }
    }

    /// What the notification of this id was shown for.
    fn of(&self, id: u32) -> Option<T> {
        self.0.as_ref().filter(|(_, stands)| *stands == Some(id)).map(|(shown, _)| shown.clone())
    }

    fn is_gone(&mut self) {
        if let Some((_, id)) = &mut self.0 {
            *id = None;
        }
    }
}

/// What the service says.
enum Signal {
    Action(u32, String),
    Closed(u32, u32),
    Other,
}

impl Signal {
    fn read(message: &zbus::Message) -> Self {
        let header = message.header();
        let body = message.body();
        match header.member().map(|member| member.as_str()) {
            Some("ActionInvoked") => {
                body.deserialize().map_or(Self::Other, |(id, action)| Self::Action(id, action))
            }
            Some("NotificationClosed") => {
                body.deserialize().map_or(Self::Other, |(id, reason)| Self::Closed(id, reason))
            }
            _ => Self::Other,
        }
    }

    fn event(
        self,
        incoming: &mut Card<Incoming>,
        missed: &mut Card<MissedNotification>,
    ) -> Option<DesktopEvent> {
        match self {
            Self::Action(id, action) => match (incoming.of(id), action.as_str()) {
                (Some(call), ANSWER) => Some(DesktopEvent::Answer(call)),
                (Some(call), DECLINE) => Some(DesktopEvent::Decline(call)),
                (Some(_), _) => Some(DesktopEvent::Show),
                (None, _) => missed.of(id).map(|_| DesktopEvent::Show),
            },
            Self::Closed(id, reason) => {
                if incoming.of(id).is_some() {
                    incoming.is_gone();
                    return None;
                }
                let last = missed.of(id)?.last;
                missed.is_gone();
                (reason == DISMISSED).then_some(DesktopEvent::MissedPutAway(last))
            }
            Self::Other => None,
        }
    }
}

/// The next thing that the service says; `None` when the bus is gone.
async fn next_signal(service: &mut Option<Service>) -> Option<Signal> {
    match service {
        Some(service) => service.signals.next().await.map(|message| Signal::read(&message)),
        None => std::future::pending().await,
    }
}

/// The desktop's service.
struct Service {
    proxy: Proxy<'static>,
    signals: SignalStream<'static>,
    /// Whether it reads markup in bodies.
    markup: bool,
}

impl Service {
    async fn reach() -> Result<Self, BusError> {
        let bus = bus::connect().await?;
        let proxy = within(Proxy::new_owned(bus, SERVICE, PATH, SERVICE)).await?;
        let signals = within(proxy.receive_all_signals()).await?;
        let can: Vec<String> = within(proxy.call("GetCapabilities", &())).await?;
        let markup = can.iter().any(|what| what == "body-markup");
        Ok(Self { proxy, signals, markup })
    }

    /// Shows a notification, in the place of that with the id `replaced` unless it is 0. `None`
    /// where the service did not.
    async fn show(&self, replaced: u32, content: Content) -> Option<u32> {
        let proxy = self.proxy.clone();
        let body = if self.markup { escaped(&content.body) } else { content.body };
        let mut showing = tokio::spawn(async move {
            let hints = HashMap::from([
                ("urgency", Value::from(content.urgency)),
                ("category", Value::from(content.category)),
                ("desktop-entry", Value::from(texts::APP_ID)),
                // It rings by itself.
                ("suppress-sound", Value::from(true)),
            ]);
            // Each action is its name and its words, one behind the other.
            let actions: Vec<&str> =
                content.actions.iter().flat_map(|(name, words)| [*name, words.as_str()]).collect();
            let message = (
                texts::APP,
                replaced,
                texts::APP_ID,
                content.summary.as_str(),
                body.as_str(),
                actions.as_slice(),
                hints,
                content.expires,
            );
            proxy.call::<_, _, u32>("Notify", &message).await
        });
        match tokio::time::timeout(ANSWER_WITHIN, &mut showing).await {
            Ok(Ok(Ok(id))) => Some(id),
            Ok(Ok(Err(error))) => {
                tracing::debug!(%error, "a notification was not shown");
                None
            }
            Ok(Err(_)) => None,
            Err(_) => {
                tracing::debug!("the desktop's service for notifications does not answer");
                let proxy = self.proxy.clone();
                tokio::spawn(async move {
                    if let Ok(Ok(Ok(id))) = tokio::time::timeout(LATE_WITHIN, showing).await {
                        let _ = within(proxy.call::<_, _, ()>("CloseNotification", &id)).await;
                    }
                });
                None
            }
        }
    }

    async fn withdraw(&self, id: u32) {
        // One that is gone already is an error of the service.
        if let Err(error) = within(self.proxy.call::<_, _, ()>("CloseNotification", &id)).await {
            tracing::debug!(%error, "a notification was not withdrawn");
        }
    }
}

/// Text as it stands in markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::Vouched;

    #[test]
    fn a_call_under_another_key_is_not_answered_outside_the_window() {
        let peer = visavis_shared::Username::parse("bob").expect("a name");
        let since = std::time::Instant::now();
        let shown = |vouched| of_incoming(&Incoming { peer: peer.clone(), vouched, since });
        let actions =
            |content: &Content| content.actions.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let usual = shown(Vouched::ByKey);
        assert_eq!((actions(&usual), &*usual.body), (vec![ANSWER, DECLINE, DEFAULT], "Video call"));
        let unsigned = shown(Vouched::ByNothing);
        assert_eq!(actions(&unsigned), [ANSWER, DECLINE, DEFAULT]);
        assert_eq!(unsigned.body, "Video call, not verified");
        let changed = shown(Vouched::ByAnotherKey);
        assert_eq!(actions(&changed), [DECLINE, DEFAULT]);
        assert_eq!(changed.body, "bob’s key has changed. Open Visavis to decide.");
    }

    #[test]
    fn what_others_write_is_no_markup() {
        assert_eq!(escaped("<b>a&b</b> \"x\""), "&lt;b&gt;a&amp;b&lt;/b&gt; \"x\"");
    }

    #[test]
    fn a_click_means_the_notification_that_stands() {
        let since = std::time::Instant::now();
        let peer = visavis_shared::Username::parse("bob").expect("a name");
        let call = Incoming { peer, vouched: Vouched::ByKey, since };
        let mut incoming = Card(Some((call.clone(), Some(7))));
        let missed = MissedNotification { names: vec![call.peer.clone()], calls: 1, last: 4 };
        let mut missed = Card(Some((missed, Some(8))));
        let mut on = |signal: Signal| signal.event(&mut incoming, &mut missed);
        let action = |id, action: &str| Signal::Action(id, action.to_owned());
        assert_eq!(on(action(7, ANSWER)), Some(DesktopEvent::Answer(call.clone())));
        assert_eq!(on(action(7, DECLINE)), Some(DesktopEvent::Decline(call)));
        assert_eq!(on(action(7, DEFAULT)), Some(DesktopEvent::Show));
        assert_eq!(on(action(8, DEFAULT)), Some(DesktopEvent::Show));
        assert_eq!(on(action(9, ANSWER)), None);
        assert_eq!(on(Signal::Closed(8, DISMISSED)), Some(DesktopEvent::MissedPutAway(4)));
        assert_eq!(on(Signal::Closed(8, DISMISSED)), None);
        assert_eq!(on(Signal::Closed(7, DISMISSED)), None);
        assert_eq!(on(action(7, ANSWER)), None);
    }
}
