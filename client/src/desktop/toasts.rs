//! Notifications on macOS and Windows, by `notify-rust`.
//!
//! In: which notifications are to stand. Out: what a person does with them. What always holds: each
//! is shown once; what a person does with it is waited for on a thread of its own, of which there
//! are [`MOST_WAITING`] at most. `notify-rust` takes none back on these systems: one whose call is
//! over goes when the system puts it away, and a click on it means a call that is over, which
//! answers nobody.

use std::sync::Arc;

use notify_rust::{CloseReason, Notification, NotificationResponse};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::{DesktopEvent, Notifications, texts};
use crate::attention::{Incoming, MissedNotification};

/// So many notifications are waited for at once; further ones are not shown.
const MOST_WAITING: usize = 4;
/// Ids of actions.
const ANSWER: &str = "answer";
const DECLINE: &str = "decline";
const SHOW: &str = "show";

/// What a notification says, and what each answer means.
struct Toast {
    summary: String,
    body: String,
    /// An id, the words on the button, and what it means.
    actions: Vec<(&'static str, String, DesktopEvent)>,
    /// What putting it away means.
    dismissed: Option<DesktopEvent>,
}

/// Shows what is to stand.
pub(super) async fn notifications(
    mut wishes: watch::Receiver<Notifications>,
    events: mpsc::Sender<DesktopEvent>,
) {
    let waiting = Arc::new(Semaphore::new(MOST_WAITING));
    let mut shown = Notifications::default();
    loop {
        let wish = wishes.borrow_and_update().clone();
        if let Some(call) =
            wish.incoming.as_ref().filter(|call| shown.incoming.as_ref() != Some(call))
        {
            show(of_incoming(call), &waiting, &events);
        }
        if let Some(missed) =
            wish.missed.as_ref().filter(|calls| shown.missed.as_ref() != Some(calls))
        {
            show(of_missed(missed), &waiting, &events);
        }
        shown = wish;
        if wishes.changed().await.is_err() {
            return;
        }
    }
}

fn of_incoming(call: &Incoming) -> Toast {
    let first = if texts::can_be_answered(call) {
        (ANSWER, texts::answer(), DesktopEvent::Answer(call.clone()))
    } else {
        (SHOW, texts::show(), DesktopEvent::Show)
    };
    Toast {
        summary: texts::is_calling(&call.peer),
        body: texts::incoming_body(call),
        actions: vec![first, (DECLINE, texts::decline(), DesktopEvent::Decline(call.clone()))],
        dismissed: None,
    }
}

fn of_missed(missed: &MissedNotification) -> Toast {
    Toast {
        summary: texts::missed_title(missed),
        body: texts::missed_body(missed),
        actions: vec![(SHOW, texts::show(), DesktopEvent::Show)],
        dismissed: Some(DesktopEvent::MissedPutAway(missed.last)),
    }
}

fn show(toast: Toast, waiting: &Arc<Semaphore>, events: &mpsc::Sender<DesktopEvent>) {
    let Ok(permit) = Arc::clone(waiting).try_acquire_owned() else {
        tracing::debug!("too many notifications wait for an answer");
        return;
    };
    let events = events.clone();
    let thread = std::thread::Builder::new().name("notification".to_owned());
    if let Err(error) = thread.spawn(move || toast.stand(&events, permit)) {
        tracing::warn!(%error, "no thread for a notification");
    }
}

impl Toast {
    /// Stands until something is done with it, or the system has put it away.
    fn stand(self, events: &mpsc::Sender<DesktopEvent>, _permit: OwnedSemaphorePermit) {
        let mut notification = Notification::new();
        notification.appname(texts::APP).summary(&self.summary).body(&self.body);
        for (id, words, _) in &self.actions {
            notification.action(id, words);
        }
        let answered = |response: &NotificationResponse| {
            if let Some(event) = self.meaning(response)
                && events.try_send(event).is_err()
            {
                tracing::warn!("a click on a notification was lost");
            }
        };
        let stood = notification.show().and_then(|handle| handle.wait_for_response(answered));
        if let Err(error) = stood {
            tracing::debug!(%error, "no notification");
        }
    }

    fn meaning(&self, response: &NotificationResponse) -> Option<DesktopEvent> {
        match response {
            NotificationResponse::Default => Some(DesktopEvent::Show),
            // macOS tells the words of a button, Windows its id.
            NotificationResponse::Action(which) => {
                let found =
                    self.actions.iter().find(|(id, words, _)| which == id || which == words);
                found.map(|(_, _, event)| event.clone())
            }
            NotificationResponse::Closed(CloseReason::Dismissed) => self.dismissed.clone(),
            NotificationResponse::Closed(_) | NotificationResponse::Reply(_) => None,
        }
    }
}
