//! What closing the window does.
//!
//! In: that the window is to be closed, and how things are. Out: whether it closes, hides in the
//! tray, or asks first.
//!
//! In a call it asks: closing by mistake must not hang up on anybody. While a call rings it
//! declines that call and does what it does without one: whoever closes the window that says
//! "bob is calling" means no. Without a call it hides in the tray, where there is one and the
//! person wants that; the first time it asks whether they do. Else it closes, and the program ends.
//!
//! What always holds: whoever asks twice means it, the second time closes; the program's own end (a
//! session that is over, the tray's *Quit*, a signal of the system) is never asked about, so the
//! end of a desktop session does not wait for an answer; a window is hidden only as long as there
//! is a tray to bring it back.

use eframe::egui::{Context, Id, ViewportCommand};
use visavis_shared::Username;

use super::widgets::{self, Answer, Tone};
use crate::call::event::CallPhase;
use crate::settings::TraySettings;
use crate::words::text;

/// What is asked before the window closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    /// Whether to close the call.
    Call,
    /// Whether to stay in the tray.
    Tray,
}

/// What comes of closing the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Close,
    Hide,
    Ask(Question),
}

/// What the window has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Decline the call that rings.
    Decline,
    /// Remember whether the person wants to stay in the tray.
    StayInTray(bool),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// Closing is final.
    quitting: bool,
    hidden: bool,
    question: Option<Question>,
}

/// What closing the window comes to.
fn outcome(call: &CallPhase, asked: Option<Question>, tray: TraySettings, there: bool) -> Outcome {
    match asked {
        _ if with_whom(call).is_some() && asked != Some(Question::Call) => {
            Outcome::Ask(Question::Call)
        }
        Some(_) => Outcome::Close,
        None if there && tray.close_to_tray => Outcome::Hide,
        None if there && !tray.asked => Outcome::Ask(Question::Tray),
        None => Outcome::Close,
    }
}

/// With whom a call is that closing the window would end.
fn with_whom(call: &CallPhase) -> Option<&Username> {
    match call {
        CallPhase::Calling { peer, .. }
        | CallPhase::Connecting { peer, .. }
        | CallPhase::InCall { peer, .. }
        | CallPhase::Reconnecting { peer, .. } => Some(peer),
        CallPhase::Idle | CallPhase::Ringing { .. } | CallPhase::Ended { .. } => None,
    }
}

impl Closing {
    /// Ends the program, without a question.
    pub(super) fn quit(&mut self, ctx: &Context) {
        self.quitting = true;
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }

    /// The window is brought to the front.
    pub(super) fn raised(&mut self) {
        self.hidden = false;
    }

    /// Whether a question stands.
    pub(super) fn asks(&self) -> bool {
        self.question.is_some()
    }

    /// Whether the window is put away in the tray.
    pub(super) fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// Looks whether the window is to be closed, and whether it can stay hidden.
    pub(super) fn follow(
        &mut self,
        ctx: &Context,
        call: &CallPhase,
        tray: TraySettings,
        has_tray: bool,
    ) -> Option<Deed> {
        if self.hidden && !has_tray {
            self.hidden = false;
            ctx.send_viewport_cmd(ViewportCommand::Visible(true));
            ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
        }
        if self.question == Some(Question::Call) && with_whom(call).is_none() {
            // There is no call any more that could be closed.
            self.question = None;
        }
        let asked = ctx.input(|input| input.viewport().close_requested());
        if !asked || self.quitting {
            return None;
        }
        let rings = matches!(call, CallPhase::Ringing { .. });
        match outcome(call, self.question, tray, has_tray) {
            Outcome::Close => {
                self.quitting = true;
                return rings.then_some(Deed::Decline);
            }
            Outcome::Hide => self.hide(ctx),
            Outcome::Ask(question) => self.question = Some(question),
        }
        ctx.send_viewport_cmd(ViewportCommand::CancelClose);
        rings.then_some(Deed::Decline)
    }

    fn hide(&mut self, ctx: &Context) {
        self.hidden = true;
        // Wayland hides no window.
        if ctx.input(|input| input.viewport().visible().is_none()) {
            ctx.send_viewport_cmd(ViewportCommand::Minimized(true));
        }
        ctx.send_viewport_cmd(ViewportCommand::Visible(false));
    }

    /// Asks what there is to ask.
    pub(super) fn show(&mut self, ctx: &Context, call: &CallPhase) -> Option<Deed> {
        let answer = match self.question? {
            Question::Call => {
                let name = with_whom(call).map(Username::as_str).unwrap_or_default();
                let line = text!("closing-in-call-line", name = name);
                let words = (&*text!("closing-in-call"), &*line);
                let (close, keep) = (text!("close-call-and-quit"), text!("keep-calling"));
                let id = Id::unique("closing-in-call");
                widgets::question(ctx, id, words, (Tone::Danger, &close), (Tone::Plain, &keep))?
            }
            Question::Tray => {
                let line = text!("closing-to-tray-line");
                let words = (&*text!("closing-to-tray"), &*line);
                let (quit, keep) = (text!("desktop-quit"), text!("keep-in-tray"));
                let id = Id::unique("closing-to-tray");
                widgets::question(ctx, id, words, (Tone::Plain, &quit), (Tone::Accent, &keep))?
            }
        };
        let question = self.question.take()?;
        match (question, answer) {
            (_, Answer::Neither) | (Question::Call, Answer::Second) => None,
            (Question::Call, Answer::First) => {
                self.quit(ctx);
                None
            }
            (Question::Tray, Answer::First) => {
                self.quit(ctx);
                Some(Deed::StayInTray(false))
            }
            (Question::Tray, Answer::Second) => {
                self.hide(ctx);
                Some(Deed::StayInTray(true))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn closing_asks_in_a_call_hides_where_that_is_wanted_and_else_closes() {
        let peer = Username::parse("bob").expect("a name");
        let since = Instant::now();
        let in_call = CallPhase::InCall { peer: peer.clone(), since };
        let rings = CallPhase::Ringing { peer, since };
        let unasked = TraySettings::default();
        let refused = TraySettings { asked: true, ..unasked };
        let wanted = TraySettings { asked: true, close_to_tray: true, ..unasked };
        let (call, tray) = (Question::Call, Question::Tray);
        for (phase, asked, settings, there, expected) in [
            (&in_call, None, wanted, true, Outcome::Ask(call)),
            (&in_call, None, unasked, false, Outcome::Ask(call)),
            // A call that began while the other question stood.
            (&in_call, Some(tray), unasked, true, Outcome::Ask(call)),
            (&in_call, Some(call), wanted, true, Outcome::Close),
            (&CallPhase::Idle, None, wanted, true, Outcome::Hide),
            (&CallPhase::Idle, None, wanted, false, Outcome::Close),
            (&CallPhase::Idle, None, unasked, true, Outcome::Ask(tray)),
            (&CallPhase::Idle, Some(tray), unasked, true, Outcome::Close),
            (&CallPhase::Idle, None, refused, true, Outcome::Close),
            (&rings, None, wanted, true, Outcome::Hide),
            (&rings, None, refused, true, Outcome::Close),
        ] {
            assert_eq!(outcome(phase, asked, settings, there), expected, "{phase:?} {settings:?}");
        }
    }
}
